"""What a prompt comes to in tokens, where it decides something: windows, ceilings, the cache of an engine."""

import base64
import struct

import pytest

from fakes import replies as r
from harness.daemon import deployment

DIGITS = "".join(str(number) for number in range(100_000, 101_200))  # 7,200 of them
GERMAN = "Donaudampfschifffahrtsgesellschaft " * 300
CHINESE = "春眠不觉晓处处闻啼鸟夜来风雨声花落知多少" * 50  # 1,000 characters in 3,000 bytes


def png(width, height):
    head = b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sIIBBBBB", 13, b"IHDR", width, height, 8, 2, 0, 0, 0)
    return "data:image/png;base64," + base64.b64encode(head + bytes(2_000)).decode()


def wav(seconds):
    rate = 32_000
    data = bytes(rate * seconds)
    head = b"RIFF" + struct.pack("<I", 36 + len(data)) + b"WAVEfmt " + struct.pack(
        "<IHHIIHH", 16, 1, 1, rate // 2, rate, 2, 16) + b"data" + struct.pack("<I", len(data))
    return base64.b64encode(head + data).decode()


class Chain:
    """A route from a cloud to an engine at home that counts otherwise; no vocabulary is at hand."""

    def __init__(self, workshop, folder, window=4096, **sections):
        self.cloud, self.home = workshop.upstream("cloud"), workshop.upstream("home")
        self.daemon = workshop.serve(
            deployment("cloud", self.cloud.base, model="openai/gpt-4o", input_cost_per_token=0.000001,
                       output_cost_per_token=0, model_info={"local": False}),
            deployment("home", self.home.base, model="openai/qwen3", model_info={"max_input_tokens": window}),
            routes={"auto": {"otherwise": ["cloud", "home"]}}, shards=1,
            tokens={"vocabularies": str(folder)}, **sections)

    def explain(self, content, model="auto", headers=(), **more):
        body = {"model": model, "messages": [{"role": "user", "content": content}], **more}
        return self.daemon.client.post("/route/explain", body, headers).json

    def verdicts(self, content):
        return {each["group"]: each["verdict"] for each in self.explain(content)["candidates"]}

    def prompt(self, *parts):
        return self.explain([{"type": "text", "text": "look"}, *parts])["features"]


@pytest.fixture
def chain(workshop, tmp_path):
    return Chain(workshop, tmp_path)


@pytest.mark.parametrize("text", [DIGITS, GERMAN], ids=["digits", "german"])
def test_a_window_holds_the_tokens_of_its_own_model(chain, text):
    features = chain.explain(text)["features"]
    assert features["prompt_upper"] < 4096 < features["uppers"]["qwen"]
    assert chain.verdicts(text) == {"cloud": "kept", "home": "window too small"}
    assert chain.verdicts("word " * 1500) == {"cloud": "kept", "home": "kept"}
    chain.cloud.default = r.status(503, "loading")
    assert chain.daemon.client.chat("auto", messages=[{"role": "user", "content": text}]).status >= 500
    assert not chain.home.requests


def test_usage_teaches_about_the_model_that_served(chain):
    text = "word " * 200
    before = chain.explain(text)["features"]
    reported = 2 * before["uppers"]["qwen"]
    usage = {"prompt_tokens": reported, "completion_tokens": 5, "total_tokens": reported + 5}
    chain.cloud.default = r.status(503, "loading")
    chain.home.default = r.whole(r.chat("hi", usage=usage))
    for _ in range(60):
        assert chain.daemon.client.chat("auto", messages=[{"role": "user", "content": text}]).text == "hi"
    after = chain.explain(text)["features"]
    assert (after["prompt"], after["prompt_upper"]) == (before["prompt"], before["prompt_upper"])
    assert after["uppers"]["qwen"] > 1.5 * before["uppers"]["qwen"]


def test_pictures_count_by_their_size_and_detail(chain):
    nothing = chain.prompt()["prompt"]

    def tokens(size, **more):
        return chain.prompt({"type": "image_url", "image_url": {"url": png(*size), **more}})["prompt"] - nothing

    # A few tokens more are the words of the protocol around the picture.
    assert 255 <= tokens((512, 512)) <= 275
    assert 1105 <= tokens((2048, 4096)) <= 1125
    assert 85 <= tokens((2048, 4096), detail="low") <= 105


def test_sounds_and_files_count_at_all(chain):
    nothing = chain.prompt()["prompt_upper"]

    def upper(**part):
        return chain.prompt(part)["prompt_upper"] - nothing

    assert 20 <= upper(type="input_audio", input_audio={"data": wav(2), "format": "wav"}) <= 50
    assert upper(type="file", file={"file_id": "file-1"}) >= 100_000


def test_a_ceiling_holds_for_a_named_model_whatever_its_language(chain):
    """A quarter of the bytes, 750 tokens, would be under it; what a model makes of the text is not."""
    def costs(ceiling):
        return chain.explain(CHINESE, model="cloud", headers=[("x-spillway-max-cost", ceiling)], max_tokens=1)

    assert costs("0.00076").get("error", {}).get("code") == "cost_ceiling"
    assert "error" not in costs("0.01")
    body = {"model": "cloud", "messages": [{"role": "user", "content": CHINESE}]}
    refused = chain.daemon.client.post("/v1/chat/completions", body, [("x-spillway-max-cost", "0.00076")])
    assert (refused.status, refused.error["code"]) == (400, "cost_ceiling")
    assert not chain.cloud.requests


def test_turns_of_one_conversation_meet_one_engine(workshop):
    engines = [workshop.upstream(name) for name in ("first", "second")]
    daemon = workshop.serve(*(deployment("pair", engine.base) for engine in engines),
                            routes={"auto": {"otherwise": ["pair"]}}, shards=1)

    def turns(topic):
        messages = []
        for turn in range(10):
            messages.append({"role": "user", "content": f"{topic}, question {turn}"})
            answer = daemon.client.chat("auto", messages=messages).text
            messages.append({"role": "assistant", "content": answer})
            yield answer

    servers = [set(turns(topic)) for topic in ("stars", "moons", "seas", "trees", "birds", "stones", "rain", "snow")]
    assert all(len(each) == 1 for each in servers), servers
    assert len(set.union(*servers)) == 2, "conversations are shared among both"
