"""A real llama.cpp server behind the running binary: true tokens, a true window, true work to cancel."""

import os
import subprocess
import sys
from pathlib import Path

import openai
import pytest
import tiny_gguf
from openai import OpenAI

from harness.daemon import config_of, deployment, free_port
from harness.http import Client
from harness.waiting import wait_until

HERE = Path(__file__).resolve().parent
WINDOW = 32_768
SLOTS = 2
SUN = [{"role": "user", "content": "the sun"}]


class LlamaCpp:
    """One llama.cpp server in a process of its own."""

    def __init__(self, model, log, *arguments, window=WINDOW):
        self.port = free_port()
        self.origin = f"http://127.0.0.1:{self.port}"
        self.base = f"{self.origin}/v1"
        self.client = Client(self.port)
        with open(log, "wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, HERE / "llama_server.py", model, str(self.port), str(window), str(SLOTS), *arguments],
                stdout=output, stderr=output, env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"})
        wait_until(self._answers, 30, "llama.cpp")

    def _answers(self):
        assert self.process.poll() is None, f"llama.cpp ended with {self.process.returncode}"
        try:
            return self.client.get("/health").status == 200
        except OSError:
            return False

    def busy(self):
        return sum(slot["is_processing"] for slot in self.client.get("/slots").json)

    def generated(self):
        """Tokens that it has written since it began."""
        lines = self.client.get("/metrics").body.decode().splitlines()
        return int(next(line.split()[1] for line in lines if line.startswith("llamacpp:tokens_predicted_total ")))

    def close(self):
        self.process.terminate()
        self.process.wait(10)


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "tiny.gguf"
    tiny_gguf.write(path)
    return path


@pytest.fixture(scope="module")
def engine(model, tmp_path_factory):
    made = LlamaCpp(model, tmp_path_factory.mktemp("engine") / "log")
    yield made
    made.close()


@pytest.fixture(scope="module")
def embedder(model, tmp_path_factory):
    made = LlamaCpp(model, tmp_path_factory.mktemp("embedder") / "log", "--embeddings", window=512)
    yield made
    made.close()


@pytest.fixture(scope="module")
def gateway(module_workshop, engine, embedder):
    cloud = module_workshop.upstream("cloud")
    daemon = module_workshop.daemon(config_of(
        deployment("tiny", engine.base, model="llama_cpp/tiny"),
        deployment("vectors", embedder.base, model="llama_cpp/tiny", model_info={"mode": "embedding"}),
        deployment("large", cloud.base),
        router_settings={"context_window_fallbacks": [{"tiny": ["large"]}]}, health={"interval": 0.2})).start()
    daemon.cloud = cloud
    return daemon


@pytest.fixture
def client(gateway):
    with OpenAI(base_url=gateway.base, api_key=gateway.key, max_retries=0, timeout=20) as made:
        yield made


def row_of(daemon, group):
    page = daemon.client.get("/health").json
    rows = page["healthy_endpoints"] + page["unhealthy_endpoints"]
    return next(row for row in rows if row["model_name"] == group)


def test_chat(gateway, client):
    answer = client.chat.completions.create(model="tiny", messages=SUN, max_tokens=12)
    assert answer.choices[0].message.content.strip()
    assert answer.choices[0].finish_reason == "length"
    assert answer.usage.completion_tokens == 12
    record = gateway.ledger.records()[-1]
    assert record.completion_tokens == 12 and record.prompt_tokens == answer.usage.prompt_tokens


def test_stream(gateway, client):
    chunks = list(client.chat.completions.create(model="tiny", messages=SUN, max_tokens=12, stream=True,
                                                 stream_options={"include_usage": True}))
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices).strip()
    assert [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices][-1] == "length"
    assert chunks[-1].usage.completion_tokens == 12


def test_a_stream_is_metered_when_nobody_asked_for_usage(gateway, client):
    chunks = list(client.chat.completions.create(model="tiny", messages=SUN, max_tokens=7, stream=True))
    assert all(chunk.usage is None for chunk in chunks)
    assert gateway.ledger.records()[-1].completion_tokens == 7


def test_embeddings(gateway, client):
    answer = client.embeddings.create(model="vectors", input=["the sun", "the rain"])
    first, second = (row.embedding for row in answer.data)
    assert len(first) == len(second) == tiny_gguf.WIDTH and first != second
    assert abs(sum(value * value for value in first) - 1) < 1e-3
    asked_as_floats = client.embeddings.create(model="vectors", input=["the sun"], encoding_format="float")
    assert asked_as_floats.data[0].embedding == pytest.approx(first, abs=1e-6)


def test_the_window_is_what_the_engine_says(gateway, engine):
    wait_until(lambda: (row_of(gateway, "tiny")["engine"] or {}).get("running") == 0, what="the report")
    row = row_of(gateway, "tiny")
    assert (row["window"], row["warm"]) == (WINDOW, True)
    assert row["engine"]["slots"] == SLOTS and row["engine"]["loading"] is False
    assert row["engine"]["waiting"] == 0


def test_a_prompt_that_does_not_fit_goes_to_the_context_fallback(gateway, client):
    gateway.cloud.forget()
    long = [{"role": "user", "content": "word " * (WINDOW + 100)}]
    answer = client.chat.completions.with_raw_response.create(model="tiny", messages=long, max_tokens=4)
    assert answer.parse().choices[0].message.content == "Hello from cloud."
    assert len([request for request in gateway.cloud.requests if request.method == "POST"]) == 1
    record = gateway.ledger.records()[-1]
    assert record.attempts == 2, "the engine itself said that it is too long"


def test_without_a_fallback_the_client_learns_that_it_does_not_fit(workshop, engine):
    daemon = workshop.serve(deployment("tiny", engine.base, model="llama_cpp/tiny"))
    long = [{"role": "user", "content": "word " * (WINDOW + 100)}]
    with OpenAI(base_url=daemon.base, api_key=daemon.key, max_retries=0) as client:
        with pytest.raises(openai.BadRequestError) as refused:
            client.chat.completions.create(model="tiny", messages=long)
    assert refused.value.code == "context_length_exceeded"


@pytest.mark.parametrize("words, served", [(1_900, "tiny"), (2_080, "large")])
def test_a_prompt_near_the_window_is_counted_by_the_engine(workshop, model, tmp_path, words, served):
    """One token a word, which the estimate takes for 0.98 to 1.43."""
    engine = LlamaCpp(model, tmp_path / "log", window=2_048)
    cloud = workshop.upstream("cloud")
    daemon = workshop.serve(deployment("tiny", engine.base, model="llama_cpp/tiny"), deployment("large", cloud.base),
                            routes={"auto": {"otherwise": ["tiny", "large"]}}, health={"interval": 0.2})
    wait_until(lambda: row_of(daemon, "tiny")["window"], what="the report")
    reply = daemon.client.chat("auto", messages=[{"role": "user", "content": "word " * words}], max_tokens=4)
    engine.close()
    assert reply.status == 200
    record = daemon.ledger.records()[-1]
    assert (record.model_group, record.attempts) == (served, 1)


def test_a_client_that_leaves_frees_its_slot(gateway, engine, client):
    before = engine.generated()
    stream = client.chat.completions.create(model="tiny", messages=SUN, max_tokens=WINDOW - 100, stream=True)
    next(stream)
    assert engine.busy() == 1
    wait_until(lambda: row_of(gateway, "tiny")["engine"]["running"] == 1, what="the report")
    stream.close()
    wait_until(lambda: engine.busy() == 0, 5, "the slot")
    assert engine.generated() - before < WINDOW - 200
    record = wait_until(lambda: gateway.ledger.records()[-1], what="the record")
    assert record.outcome == "abandoned"

