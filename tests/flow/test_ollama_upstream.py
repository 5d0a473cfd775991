"""An Ollama behind spillway: its own API upstream, OpenAI's to the client."""

import base64
import json
import struct
import threading

import pytest

from fakes import ollama as o
from fakes import replies as r
from harness.daemon import deployment
from harness.http import Client
from harness.waiting import wait_until

LONG = [{"role": "user", "content": "many words " * 4_000}]
TOOLS = [{"type": "function", "function": {"name": "get_weather", "parameters": {
    "type": "object", "properties": {"zulu": {"type": "string"}, "alpha": {"type": "number"}}}}}]


def home(upstream, group="m", model="ollama_chat/served-model", **params):
    return deployment(group, upstream.origin, model=model, **params)


@pytest.fixture
def engine(workshop):
    upstream = workshop.upstream("home")
    upstream.engine = upstream.default = o.Engine(
        {"served-model": {}, "plain": {"tools": False, "thinking": False}, "old": {"always_cuts": True}})
    return upstream


@pytest.fixture
def daemon(workshop, engine):
    return workshop.serve(home(engine), home(engine, "wide", num_ctx=16_384, keep_alive="30m", temperature=0.25),
                          home(engine, "old", "ollama/old", num_ctx=4_096))


# --- requests


def test_a_chat_goes_to_the_native_api(daemon, engine):
    reply = daemon.client.chat("m", temperature=0.5, max_completion_tokens=64, stop="\n", seed=7, user="u")
    assert reply.status == 200 and reply.text == "Hello from home."
    sent = engine.requests[-1]
    assert (sent.method, sent.target) == ("POST", "/api/chat")
    assert sent.json == {
        "model": "served-model", "messages": [{"role": "user", "content": "hi"}], "stream": False, "truncate": False,
        "shift": False, "options": {"num_predict": 64, "temperature": 0.5, "seed": 7, "stop": ["\n"], "num_ctx": 16_384}}
    assert sent.header("authorization") == "Bearer sk-upstream-secret"


@pytest.mark.parametrize("tail", ("", "/", "/v1", "/v1/", "/api", "/api/chat"))
def test_the_base_may_end_as_people_write_it(workshop, engine, tail):
    daemon = workshop.serve(deployment("m", engine.origin + tail, model="ollama/served-model"))
    assert daemon.client.chat("m").text == "Hello from home."
    assert engine.requests[-1].target == "/api/chat"


def test_tools_images_and_schemas_go_over_to_the_letter(daemon, engine):
    schema = {"type": "object", "properties": {"zz": {"type": "integer"}, "aa": {"type": "string"}}}
    body = {"model": "m", "tools": TOOLS, "response_format": {
        "type": "json_schema", "json_schema": {"name": "n", "schema": schema}}, "messages": [
        {"role": "user", "content": [
            {"type": "text", "text": "what?"},
            {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}]},
        {"role": "assistant", "content": None, "tool_calls": [
            {"id": "c1", "type": "function", "function": {"name": "get_weather",
                                                          "arguments": '{"zulu": "\\u00e9", "alpha": 1.50}'}}]},
        {"role": "tool", "tool_call_id": "c1", "content": "4 °C"}]}
    assert daemon.client.post("/v1/chat/completions", body).status == 200
    raw = engine.requests[-1].body.decode()
    sent = json.loads(raw)
    assert sent["messages"][0] == {"role": "user", "content": "what?", "images": ["iVBORw0KGgo="]}
    assert sent["messages"][2] == {"role": "tool", "content": "4 °C", "tool_name": "get_weather", "tool_call_id": "c1"}
    assert '"arguments":{"zulu": "\\u00e9", "alpha": 1.50}' in raw
    assert list(sent["format"]["properties"]) == ["zz", "aa"]
    assert list(sent["tools"][0]["function"]["parameters"]["properties"]) == ["zulu", "alpha"]


def test_an_image_at_a_web_address_goes_to_who_can_fetch_it(workshop, engine):
    cloud = workshop.upstream("cloud")
    daemon = workshop.serve(home(engine), home(engine, "alone"), deployment("c", cloud.base),
                            router_settings={"fallbacks": [{"m": ["c"]}]})
    messages = [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "https://x.example/a.png"}}]}]
    assert daemon.client.chat("m").text == "Hello from home."  # which is warm from here on
    engine.forget()
    assert daemon.client.chat("m", messages=messages).text == "Hello from cloud."
    refused = daemon.client.chat("alone", messages=messages)
    assert refused.status == 400 and "base64" in refused.error["message"]
    assert not [request for request in engine.requests if request.path == "/api/chat"]
    # Nobody was asked, so nobody is to blame.
    assert daemon.client.chat("m").text == "Hello from home."


def test_what_a_model_cannot_do_goes_elsewhere(workshop, engine):
    cloud = workshop.upstream("cloud")
    daemon = workshop.serve(home(engine, model="ollama/plain"), deployment("c", cloud.base),
                            router_settings={"fallbacks": [{"m": ["c"]}]})
    assert daemon.client.chat("m").text == "Hello from home."
    reply = daemon.client.chat("m", tools=TOOLS)
    assert reply.json["choices"][0]["finish_reason"] == "tool_calls"
    assert cloud.requests and daemon.client.chat("m").text == "Hello from home."


# --- one window per model


def test_clients_do_not_change_the_window(daemon, engine):
    for more in ({}, {"num_ctx": 1_024}, {"options": {"num_ctx": 2_048, "num_gpu": 1}}, {"keep_alive": 5}):
        assert daemon.client.chat("wide", **more).status == 200
        assert daemon.client.chat("m", stream=True, **more).status == 200
    # Both rows lead to one model of one engine: they agree on the larger window.
    assert engine.engine.loads == [("served-model", 16_384)]
    options = [request.json["options"] for request in engine.requests]
    assert all("num_gpu" not in each for each in options)
    assert engine.requests[0].json["keep_alive"] == "30m" and options[0]["temperature"] == 0.25


def test_only_the_master_key_gives_a_model_up_or_pins_it(workshop, engine):
    daemon = workshop.serve(home(engine, keep_alive="30m"), home(engine, "open", model_info={"client_keep_alive": True}))
    key = Client(daemon.port, daemon.client.post("/key/generate", {}).json["key"])

    def held(client, asked, group="m"):
        assert client.chat(group, keep_alive=asked).status == 200
        return engine.requests[-1].json["keep_alive"]

    assert [held(key, asked) for asked in (0, -1, "1ns", "20m", "100h")] == ["30m", "30m", "1m", "20m", "1h"]
    assert [held(daemon.client, asked) for asked in (0, -1)] == [0, -1]
    assert [held(key, asked, "open") for asked in (0, -1)] == [0, -1]


def test_a_client_changes_the_window_where_the_file_lets_it(workshop, engine):
    daemon = workshop.serve(home(engine, num_ctx=8_192, model_info={"client_num_ctx": True}))
    daemon.client.chat("m")
    daemon.client.chat("m", num_ctx=1_024)
    assert engine.engine.loads == [("served-model", 8_192), ("served-model", 1_024)]


def test_without_a_word_in_the_file_the_window_is_the_one_it_is_loaded_with(workshop, engine):
    daemon = workshop.serve(home(engine), health={"interval": 0.2})
    daemon.client.chat("m")
    assert "num_ctx" not in engine.requests[-1].json.get("options", {})
    chats = []

    def window_sent():
        daemon.client.chat("m")
        chats[:] = [request for request in engine.requests if request.path == "/api/chat"]
        return chats[-1].json.get("options", {}).get("num_ctx")

    assert wait_until(window_sent) == 4_096
    # From now on it stays, whatever another client has the engine do.
    engine.engine.loaded["served-model"] = 8_192
    before = len([request for request in engine.requests if request.path == "/api/ps"])
    wait_until(lambda: len([request for request in engine.requests if request.path == "/api/ps"]) > before + 1)
    assert window_sent() == 4_096


def test_more_than_a_model_can_hold_is_not_asked_for(workshop, engine):
    engine.engine.models["served-model"]["trained"] = 8_192
    daemon = workshop.serve(home(engine, num_ctx=100_000), health={"interval": 0.2})
    engine.wait_for(lambda seen: [request for request in seen.requests if request.path == "/api/show"])

    def window_sent():
        daemon.client.chat("m")
        return [request for request in engine.requests if request.path == "/api/chat"][-1].json["options"]["num_ctx"]

    wait_until(lambda: window_sent() == 8_192)
    assert len([request for request in engine.requests if request.path == "/api/show"]) == 1


def test_a_prompt_that_does_not_fit_goes_to_the_context_fallback(workshop, engine):
    cloud = workshop.upstream("cloud")
    daemon = workshop.serve(home(engine, num_ctx=2_048), deployment("c", cloud.base),
                            router_settings={"context_window_fallbacks": [{"m": ["c"]}]})
    for script in (None, o.TOO_LONG_NESTED):
        if script:
            engine.next(script)
        assert daemon.client.chat("m", messages=LONG).text == "Hello from cloud."
        assert daemon.client.chat("m", messages=LONG, stream=True).text == "Hello from cloud."
    assert daemon.client.chat("m").text == "Hello from home."


# --- answers


def test_a_whole_answer_is_openais(daemon, engine):
    engine.next(o.whole(o.done("served-model", content="4", prompt=26, answer=9, reason="length",
                               logprobs=[{"token": "4", "logprob": -0.5, "bytes": [52]}])))
    reply = daemon.client.chat("m")
    answer = reply.json
    assert reply.header("content-type").startswith("application/json")
    assert answer["id"].startswith("chatcmpl-") and answer["object"] == "chat.completion"
    assert answer["model"] == "served-model"
    assert answer["choices"] == [{
        "index": 0, "message": {"role": "assistant", "content": "4", "refusal": None}, "finish_reason": "length",
        "logprobs": {"content": [{"token": "4", "logprob": -0.5, "bytes": [52], "top_logprobs": []}],
                     "refusal": None}}]
    assert answer["usage"] == {"prompt_tokens": 26, "completion_tokens": 9, "total_tokens": 35, **o.DURATIONS}
    record = daemon.ledger.records()[-1]
    assert (record.prompt_tokens, record.completion_tokens, record.usage_source) == (26, 9, "exact")
    assert record.outcome == "served" and record.provider == "ollama_chat"


def test_thinking_and_tools_come_back_under_openais_names(daemon, engine):
    reply = daemon.client.chat("m", reasoning_effort="high")
    assert engine.requests[-1].json["think"] == "high"
    assert reply.json["choices"][0]["message"]["reasoning_content"] == "let me think"
    called = daemon.client.chat("m", tools=TOOLS).json["choices"][0]
    assert called["finish_reason"] == "tool_calls" and called["message"]["content"] is None
    tool = called["message"]["tool_calls"][0]
    assert tool["type"] == "function" and tool["id"].startswith("call_")
    assert tool["function"] == {"name": "get_weather", "arguments": '{"city":"Bern"}'}


@pytest.mark.parametrize("asked", (True, False))
def test_a_stream_is_openais(daemon, engine, asked):
    more = {"stream_options": {"include_usage": True}} if asked else {}
    reply = daemon.client.chat("m", stream=True, **more)
    assert reply.header("content-type") == "text/event-stream; charset=utf-8"
    assert reply.text == "Hello from home." and reply.finish_reasons == ["stop"] and reply.done
    events = reply.json_events()
    assert events[0]["choices"][0]["delta"] == {"role": "assistant", "content": ""}
    assert len({(event["id"], event["created"], event["model"]) for event in events}) == 1
    usages = [event["usage"] for event in events if "usage" in event]
    assert usages == ([{"prompt_tokens": 1, "completion_tokens": 5, "total_tokens": 6, **o.DURATIONS}] if asked else [])
    record = daemon.ledger.records()[-1]
    assert (record.prompt_tokens, record.completion_tokens, record.usage_source) == (1, 5, "exact")
    assert engine.requests[-1].json["stream"] is True


def test_a_stream_comes_event_by_event(daemon, engine):
    go_on = threading.Event()
    engine.next(o.ndjson(o.line("one"), r.hold(go_on), o.line(" two"), o.done()))
    with daemon.client.open_chat("m") as connection:
        reply = connection.read_start()
        assert b"one" in reply.body and b"two" not in reply.body
        go_on.set()
        assert connection.read_body(reply).text == "one two"


def test_lines_may_be_cut_anywhere(daemon, engine):
    text = json.dumps(o.line("Gr\u00fc\u00dfe \U0001f600"), ensure_ascii=False).encode() + b"\n" + \
        json.dumps(o.done()).encode()
    engine.next(o.ndjson(*[text[at:at + 1] for at in range(len(text))]))
    reply = daemon.client.chat("m", stream=True)
    assert reply.text == "Gr\u00fc\u00dfe \U0001f600" and reply.done


def test_tools_in_a_stream(daemon, engine):
    engine.next(o.ndjson(
        o.line("I look"), o.line(message={"tool_calls": [o.call("a", {"z": 1, "b": [1.5]})]}),
        o.line(message={"tool_calls": [o.call("b", {}, id="own")]}), o.done()))
    reply = daemon.client.chat("m", stream=True)
    calls = [call for event in reply.json_events() for choice in event["choices"]
             for call in choice["delta"].get("tool_calls", [])]
    assert [(call["index"], call["function"]["name"], call["function"]["arguments"]) for call in calls] == [
        (0, "a", '{"z":1,"b":[1.5]}'), (1, "b", "{}")]
    assert calls[1]["id"] == "own" and reply.finish_reasons == ["tool_calls"]


def test_a_count_that_is_missing_is_ours_and_marked(daemon, engine):
    for stream in (False, True):
        last = o.done(prompt=0, content="ok")
        engine.next(o.ndjson(last) if stream else o.whole(last))
        assert daemon.client.chat("m", stream=stream).text == "ok"
        record = daemon.ledger.records()[-1]
        assert record.usage_source == "estimated" and record.prompt_tokens > 0 and record.completion_tokens == 5


# --- failures


BREAKS = {"error_line": (o.ndjson(o.line("half"), {"error": o.DIED}, o.done())),
          "no_done": o.ndjson(o.line("half"), o.line(" way")),
          "cut_line": o.ndjson(o.line("half"), b'{"model":"m","mess'),
          "reset": o.ndjson(o.line("half"), r.pause(0.05), r.RESET)}


@pytest.mark.parametrize("how", BREAKS)
def test_a_stream_that_breaks_is_a_failure_and_no_end(daemon, engine, how):
    engine.next(BREAKS[how])
    reply = daemon.client.chat("m", stream=True)
    assert reply.text.startswith("half") and not reply.done and not reply.finish_reasons
    assert reply.error_events[0]["code"] == "upstream_disconnected"
    assert daemon.ledger.records()[-1].outcome == "broken"


SILENT = {"error_line": o.ndjson({"error": o.DIED}), "error_whole": o.whole({"error": o.DIED}),
          "no_line": o.ndjson(), "busy": o.BUSY, "gone": r.RESET,
          "html": r.whole(b"<html>proxy</html>", content_type="text/html"),
          "missing": o.refusal(404, "model 'x' not found")}


@pytest.mark.parametrize("stream", (False, True))
@pytest.mark.parametrize("how", SILENT)
def test_what_breaks_before_the_first_token_goes_elsewhere(workshop, engine, how, stream):
    cloud = workshop.upstream("cloud")
    daemon = workshop.serve(home(engine), deployment("c", cloud.base),
                            router_settings={"fallbacks": [{"m": ["c"]}]})
    engine.next(SILENT[how])
    reply = daemon.client.chat("m", stream=stream)
    assert reply.status == 200 and reply.text == "Hello from cloud."
    if stream:
        assert reply.done and len({event["id"] for event in reply.json_events()}) == 1


@pytest.mark.parametrize("stream", (False, True))
def test_an_error_in_the_place_of_an_answer_came_from_somebody(daemon, engine, stream):
    engine.next(o.ndjson({"error": o.DIED}) if stream else o.whole({"error": o.DIED}))
    reply = daemon.client.chat("m", stream=stream)
    assert reply.status == 502 and reply.error["code"] == "upstream_bad_reply" and o.DIED[:20] in reply.error["message"]


def test_a_client_that_leaves_ends_the_call(daemon, engine):
    engine.next(o.ndjson(o.line("one"), r.STALL))
    with daemon.client.open_chat("m") as connection:
        connection.read_start()
    assert engine.wait_for(lambda seen: seen.requests[-1].gone)


def test_a_shadow_speaks_ollama_too(workshop, engine):
    cloud = workshop.upstream("cloud")
    daemon = workshop.serve(
        home(engine, num_ctx=2_048), deployment("c", cloud.base), routes={"auto": {
            "otherwise": ["c"], "shadow": {"group": "m", "share": "100%"}}})
    assert daemon.client.chat("auto", stream=True).text == "Hello from cloud."
    engine.wait_for_requests(1)
    assert engine.requests[0].target == "/api/chat" and engine.requests[0].json["stream"] is False
    assert engine.requests[0].json["options"]["num_ctx"] == 2_048
    record = wait_until(lambda: next((r for r in daemon.ledger.records() if r.call_type == "shadow"), None))
    assert (record.outcome, record.completion_tokens) == ("served", 5)


# --- cut all the same


def test_an_engine_that_cuts_all_the_same_is_told_on(daemon, engine):
    whole = daemon.client.chat("old", messages=LONG)
    assert whole.status == 200 and whole.header("x-spillway-truncated") == "true"
    streamed = daemon.client.chat("old", messages=LONG, stream=True)
    assert b": the engine cut the prompt\n\n" in streamed.body and streamed.done
    assert streamed.header("x-spillway-truncated") == "true"
    front = {"model": "old", "messages": LONG}
    for stream in (True, False):
        told = daemon.client.post("/api/chat", {**front, "stream": stream})
        assert json.loads(told.body.splitlines()[-1])["truncated"] is True
    for fits in (daemon.client.chat("old"), daemon.client.chat("old", stream=True)):
        assert fits.header("x-spillway-truncated") is None and b"cut the prompt" not in fits.body


# --- embeddings, and what stays OpenAI's


@pytest.mark.parametrize("encoding", ("float", "base64"))
def test_embeddings(workshop, engine, encoding):
    daemon = workshop.serve(home(engine, num_ctx=2_048, model_info={"mode": "embedding"}))
    reply = daemon.client.post("/v1/embeddings", {"model": "m", "input": ["a", "b"], "encoding_format": encoding,
                                                  "dimensions": 4})
    assert reply.status == 200, reply
    sent = engine.requests[-1]
    assert sent.target == "/api/embed"
    assert sent.json == {"model": "served-model", "input": ["a", "b"], "dimensions": 4, "truncate": False,
                         "options": {"num_ctx": 2_048}}
    rows = reply.json["data"]
    assert [(row["object"], row["index"]) for row in rows] == [("embedding", 0), ("embedding", 1)]
    vector = rows[1]["embedding"]
    if encoding == "base64":
        vector = list(struct.unpack("<4f", base64.b64decode(vector)))
    assert vector == pytest.approx(r.VECTOR)
    assert reply.json["usage"]["prompt_tokens"] == 4
    assert daemon.ledger.records()[-1].prompt_tokens == 4


def test_embeddings_take_text_only(daemon, engine):
    reply = daemon.client.post("/v1/embeddings", {"model": "m", "input": [1, 2, 3]})
    assert reply.status == 400 and "text" in reply.error["message"]


def test_an_engine_that_cuts_to_a_window_that_nobody_knows(workshop, engine):
    daemon = workshop.serve(home(engine, model="ollama/old"))  # which is never asked for its window
    assert daemon.client.chat("m", messages=LONG).header("x-spillway-truncated") == "true"
    streamed = daemon.client.chat("m", messages=LONG, stream=True)
    assert b": the engine cut the prompt\n\n" in streamed.body
    assert daemon.client.chat("m").header("x-spillway-truncated") is None


# --- old completions


@pytest.mark.parametrize("stream", (False, True))
def test_old_completions_are_generated(daemon, engine, stream):
    reply = daemon.client.post("/v1/completions", {
        "model": "wide", "prompt": "def f(", "suffix": "return 1", "max_tokens": 9, "stream": stream,
        "options": {"num_ctx": 1_024}})
    assert reply.status == 200 and reply.text == "Hello from home."
    sent = engine.requests[-1]
    assert sent.target == "/api/generate"
    assert sent.json == {
        "model": "served-model", "prompt": "def f(", "suffix": "return 1", "keep_alive": "30m", "stream": stream,
        "truncate": False, "shift": False, "options": {"num_ctx": 16_384, "num_predict": 9, "temperature": 0.25}}
    if stream:
        assert reply.done and reply.finish_reasons == ["stop"]
        assert {event["object"] for event in reply.json_events()} == {"text_completion"}
    else:
        answer = reply.json
        assert answer["id"].startswith("cmpl-") and answer["object"] == "text_completion"
        assert answer["choices"] == [
            {"index": 0, "text": "Hello from home.", "logprobs": None, "finish_reason": "stop"}]
        assert answer["usage"] == {"prompt_tokens": 2, "completion_tokens": 5, "total_tokens": 7, **o.DURATIONS}
    record = daemon.ledger.records()[-1]
    assert (record.call_type, record.prompt_tokens, record.completion_tokens) == ("atext_completion", 2, 5)


def test_chats_and_old_completions_agree_on_the_window(daemon, engine):
    daemon.client.chat("wide")
    daemon.client.post("/v1/completions", {"model": "m", "prompt": "x"})
    daemon.client.chat("m", stream=True)
    assert engine.engine.loads == [("served-model", 16_384)]


def test_a_long_old_prompt_is_not_cut(workshop, engine):
    cloud = workshop.upstream("cloud")
    daemon = workshop.serve(home(engine, num_ctx=2_048), home(engine, "old", "ollama/old", num_ctx=4_096),
                            deployment("c", cloud.base),
                            router_settings={"context_window_fallbacks": [{"m": ["c"]}]})
    prompt = LONG[0]["content"]
    assert daemon.client.post("/v1/completions", {"model": "m", "prompt": prompt}).text == "Hello from cloud."
    cut = daemon.client.post("/v1/completions", {"model": "old", "prompt": prompt})
    assert cut.status == 200 and cut.header("x-spillway-truncated") == "true"


@pytest.mark.parametrize("more", ({"n": 2}, {"best_of": 2}, {"echo": True}, {"logprobs": 1}, {"prompt": ["a", "b"]},
                                  {"prompt": [1, 2]}), ids=str)
def test_what_generate_cannot_give_goes_elsewhere(workshop, engine, more):
    cloud = workshop.upstream("cloud")
    daemon = workshop.serve(home(engine), home(engine, "alone"), deployment("c", cloud.base),
                            router_settings={"fallbacks": [{"m": ["c"]}]})
    assert daemon.client.post("/v1/completions", {"model": "m", "prompt": "x", **more}).status == 200
    assert len(cloud.requests) == 1
    refused = daemon.client.post("/v1/completions", {"model": "alone", "prompt": "x", **more})
    assert refused.status == 400 and refused.error["message"]
    assert not [request for request in engine.requests if request.path == "/api/generate"]


def test_openais_surface_of_an_ollama_stays_openais(workshop):
    upstream = workshop.upstream("home")
    daemon = workshop.serve(deployment("o", upstream.base, model="openai/served-model"))
    assert daemon.client.post("/v1/completions", {"model": "o", "prompt": "x"}).text == "Hello from home."
    assert upstream.requests[-1].target == "/v1/completions"
    assert daemon.client.chat("o").text == "Hello from home."
    assert upstream.requests[-1].target == "/v1/chat/completions"
