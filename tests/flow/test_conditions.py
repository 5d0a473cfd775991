"""Every condition of a rule on real requests: one that it takes, and one next to it that it does not."""

import hashlib
import threading
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from fakes import replies as r
from harness.daemon import MASTER_KEY, deployment
from harness.waiting import wait_until

KEY_HASH = hashlib.sha256(MASTER_KEY.encode()).hexdigest()
TITLE = ("### Task:\nGenerate a concise title.\n### Output:\nJSON format: { \"title\": \"your title\" }\n"
         "### Chat History:\n<chat_history>\nUSER: hello\n</chat_history>")
TAGS = TITLE.replace("\"title\"", "\"tags\"")
TOOL = {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}
PICTURE = {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}
SOUND = {"type": "input_audio", "input_audio": {"data": "UklGRiQAAABXQVZF", "format": "wav"}}
DOCUMENT = {"type": "file", "file": {"file_id": "file-1"}}
CODE = "Why does this fail?\n```python\nprint(j)\n```"
CLAUDE = [("user-agent", "claude-cli/2.0.1 (external, cli)")]
CODEX = [("originator", "codex_cli_rs")]
ZONE = "Pacific/Kiritimati"  # fourteen hours before UTC, so neither is taken for the other


def said(text, **more):
    return {"messages": [{"role": "user", "content": text}], **more}


def parts(*content):
    return said([{"type": "text", "text": "look"}, *content])


def around_now(hours):
    """A window of three hours around the time in ZONE, moved by so many hours."""
    hour = datetime.now(ZoneInfo(ZONE)).hour + hours
    return f"{(hour - 1) % 24:02}:00-{(hour + 2) % 24:02}:00"


HELLO = said("hello")
# name, condition, (body, headers) that it takes, (body, headers) that it does not
CASES = [
    ("has_images", {"has": "images"}, (parts(PICTURE), []), (parts(SOUND), [])),
    ("has_audio", {"has": "audio"}, (parts(SOUND), []), (parts(PICTURE), [])),
    ("has_files", {"has": "files"}, (parts(DOCUMENT), []), (parts(PICTURE), [])),
    ("has_one_of_two", {"has": ["files", "audio"]}, (parts(SOUND), []), (parts(PICTURE), [])),
    ("has_tools", {"has": "tools"}, (said("hello", tools=[TOOL]), []), (HELLO, [])),
    ("has_json_schema", {"has": "json_schema"},
     (said("hello", response_format={"type": "json_schema", "json_schema": {"name": "a", "schema": {}}}), []),
     (said("hello", response_format={"type": "json_object"}), [])),
    ("has_code", {"has": "code"}, (said(CODE), []), (said("Why does my code fail?"), [])),
    ("task", {"task": "chat"}, (HELLO, []), None),
    ("header", {"header": {"x-app": "billing-*"}}, (HELLO, [("X-App", "billing-eu")]), (HELLO, [("x-app", "bill")])),
    ("header_that_is_there", {"header": {"x-app": None}}, (HELLO, [("x-app", "any")]), (HELLO, [])),
    ("metadata", {"metadata": {"tier": "free"}},
     (said("hello", metadata={"tier": "free"}), []), (said("hello", metadata={"tier": "paid"}), [])),
    ("metadata_within", {"metadata": {"app.plan.tier": "free"}},
     (said("hello", metadata={"app": {"plan": {"tier": "free"}}}), []),
     (said("hello", metadata={"app": {"tier": "free"}, "app.plan.tier": "free"}), [])),
    ("metadata_in_a_text", {"metadata": {"tier": "free"}},
     (said("hello", metadata='{"tier": "free"}'), []), (said("hello", metadata="tier: free"), [])),
    ("tag_in_a_text", {"tag": "red-*"},
     (said("hello", metadata='{"tags": ["red-one"]}'), []), (said("hello", metadata="red-one"), [])),
    ("tag", {"tag": "red-*"},
     (said("hello", metadata={"tags": ["blue", "red-one"]}), []), (said("hello", metadata={"tags": ["blue"]}), [])),
    ("end_user", {"end_user": "ann"}, (said("hello", user="ann"), []), (said("hello", user="anna"), [])),
    ("key", {"key": KEY_HASH}, (HELLO, []), None),
    ("another_key", {"key": KEY_HASH[::-1]}, None, (HELLO, [])),
    ("time", {"time": around_now(0)}, (HELLO, []), None),
    ("another_time", {"time": around_now(8)}, None, (HELLO, [])),
    ("client_coding_agent", {"client": "coding_agent"},
     (said("hello", tools=[TOOL]), CLAUDE), (said("hello", tools=[TOOL]), [("user-agent", "curl/8")])),
    ("client_codex", {"client": "coding_agent"}, (said("hello", tools=[TOOL]), CODEX), (HELLO, CODEX)),
    ("client_coding_agent_background", {"client": "coding_agent_background"},
     (HELLO, CLAUDE), (said("hello", tools=[TOOL]), CLAUDE)),
    ("client_open_webui_title", {"client": "open_webui_title"}, (said(TITLE), []), (said(TAGS), [])),
    ("tag_of_the_header", {"tag": "red-*"},
     (said("hello"), [("x-litellm-tags", "blue, red-one")]), (said("hello"), [("x-litellm-tags", "blue")])),
    ("client_open_webui_tags", {"client": "open_webui_tags"}, (said(TAGS), []), (said(TITLE), [])),
    ("client_background", {"client": "background"}, (HELLO, CLAUDE), (HELLO, [])),
    ("client_unknown", {"client": "unknown"}, (HELLO, []), (said(TITLE), [])),
    ("words", {"words": ["nda"]}, (said("the NDA, please"), []), (said("agenda"), [])),
    ("words_of_the_system", {"words": {"any_of": ["nda"], "in": "system"}},
     ({"messages": [{"role": "system", "content": "nda"}, {"role": "user", "content": "hello"}]}, []),
     (said("nda"), [])),
    ("matches", {"matches": "TICKET-[0-9]+"}, (said("see TICKET-12"), []), (said("see TICKET-x"), [])),
    ("sensitive", {"sensitive": "payment_card"},
     (said("4111 1111 1111 1111"), []), (said("4111 1111 1111 1112"), [])),
    ("turns", {"turns": ">1"},
     ({"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"},
                    {"role": "user", "content": "c"}]}, []), (HELLO, [])),
    ("prompt_tokens", {"prompt_tokens": ">500"}, (said("word " * 600), []), (said("word " * 300), [])),
    ("total_tokens", {"total_tokens": ">1000"},
     (said("hello", max_tokens=1000), []), (said("hello", max_tokens=900), [])),
    ("cost", {"cost": ">0.01 USD"}, (said("hello", max_tokens=20_000), []), (said("hello", max_tokens=100), [])),
    ("not", {"not": {"has": "tools"}}, (HELLO, []), (said("hello", tools=[TOOL]), [])),
    ("any", {"any": [{"has": "tools"}, {"end_user": "ann"}]}, (said("hello", user="ann"), []), (HELLO, [])),
    ("all", {"all": [{"has": "tools"}, {"end_user": "ann"}]},
     (said("hello", user="ann", tools=[TOOL]), []), (said("hello", user="ann"), [])),
]


def route_of(when, use=("cloud",)):
    return {"rules": [{"name": "one", "when": when, "use": list(use)}], "otherwise": ["fast"]}


@pytest.fixture(scope="module")
def table(module_workshop):
    fast, cloud = module_workshop.upstream("fast"), module_workshop.upstream("cloud")
    return module_workshop.serve(
        deployment("fast", fast.base),
        deployment("cloud", cloud.base, input_cost_per_token=0.000001, output_cost_per_token=0.000001),
        routes={f"r-{name}": route_of(when) for name, when, _, _ in CASES},
        server={"time_zone": ZONE})


@pytest.mark.parametrize("name, when, hit, miss", CASES, ids=[case[0] for case in CASES])
def test_a_condition_decides_both_ways(table, name, when, hit, miss):
    for asked, rule in ((hit, "one"), (miss, "otherwise")):
        if asked is None:
            continue
        body, headers = asked
        explained = table.client.post("/route/explain", {"model": f"r-{name}", **body}, headers).json
        assert explained["rule"] == rule, explained


# --- what is wanted


@pytest.mark.parametrize("task, path, body", [
    ("chat", "/v1/chat/completions", HELLO),
    ("completion", "/v1/completions", {"prompt": "hello"}),
    ("embedding", "/v1/embeddings", {"input": "hello"}),
    ("other", "/v1/responses", {"input": "hello"}),
])
def test_a_task_is_known_by_its_page(workshop, task, path, body):
    engine = workshop.upstream("engine")
    others = [each for each in ("chat", "completion", "embedding", "other") if each != task]
    daemon = workshop.serve(
        deployment("wanted", engine.base), deployment("fast", engine.base),
        deployment("vectors", engine.base, model_info={"mode": "embedding"}),
        routes={"auto": {"rules": [{"name": "one", "when": {"task": task}, "use": ["wanted"]}],
                         "otherwise": ["fast"]},
                "others": {"rules": [{"name": "one", "when": {"task": others}, "use": ["fast", "vectors"]}],
                           "otherwise": ["wanted"]}})
    assert daemon.client.post(path, {"model": "auto", **body}).header("x-spillway-rule") == "one"
    assert daemon.client.post(path, {"model": "others", **body}).header("x-spillway-rule") == "otherwise"


# --- how a group fares


class Pair:
    """A group of two engines that take one request each, and routes that ask how it fares."""

    def __init__(self, workshop):
        self.engines = [workshop.upstream("first"), workshop.upstream("second")]
        self.other = workshop.upstream("other")
        self.daemon = workshop.serve(
            *(deployment("pair", engine.base, max_parallel_requests=1, model_info={"id": f"id-{number}"})
              for number, engine in enumerate(self.engines)),
            deployment("other", self.other.base),
            routes={state: {"rules": [{"name": "one", "when": {"group": {"pair": state}}, "use": ["other"]}],
                            "otherwise": ["other"]} for state in ("healthy", "saturated", "warm")},
            router_settings={"disable_cooldowns": False, "cooldown_time": 600})

    def holds(self, state):
        return self.daemon.client.post("/route/explain", {"model": state, **HELLO}).json["rule"] == "one"


def test_a_group_is_saturated_when_all_of_it_is(workshop):
    pair = Pair(workshop)
    gate = threading.Event()
    held = []
    try:
        for number, engine in enumerate(pair.engines):
            assert not pair.holds("saturated")
            engine.default = r.steps(r.hold(gate), r.whole(r.chat("done")))
            held.append(pair.daemon.client.open_chat(f"id-{number}", stream=False))
            wait_until(lambda at=engine: at.requests)
        assert pair.holds("saturated")
        assert pair.holds("healthy"), "who is busy is well"
    finally:
        gate.set()
        for each in held:
            each.read_reply()
            each.close()
    assert not pair.holds("saturated")
    assert pair.holds("warm")


def test_a_group_is_healthy_while_one_of_it_is(workshop):
    pair = Pair(workshop)
    assert pair.holds("healthy") and not pair.holds("warm")
    for number, engine in enumerate(pair.engines):
        assert pair.holds("healthy")
        engine.default = r.status(429, "slow down", headers=[("Retry-After", "600")])
        pair.daemon.client.chat(f"id-{number}")
    assert not pair.holds("healthy")
    assert pair.holds("saturated"), "nobody in it can take a request"
