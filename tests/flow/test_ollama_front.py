"""Ollama's own API in front of the gateway: its words in, its words out, the gateway's rules in between."""

import json
import threading

import pytest

from fakes import ollama as o
from fakes import replies as r
from harness.daemon import deployment
from harness.http import Client
from harness.waiting import wait_until

PRICED = {"input_cost_per_token": 0.000002, "output_cost_per_token": 0.00001}
CLOUD = {"local": False}
HI = [{"role": "user", "content": "hi"}]


def lines_of(reply):
    """The lines of a stream, after checking that it is one of JSON and nothing else."""
    assert reply.status == 200, reply
    assert reply.header("content-type") == "application/x-ndjson" and reply.complete
    assert reply.body.endswith(b"\n")
    return [json.loads(line) for line in reply.body.splitlines()]


def refusal(reply, status):
    """The words of an error, after checking that it has Ollama's shape."""
    assert reply.status == status, reply
    assert set(reply.json) == {"error"} and isinstance(reply.json["error"], str) and reply.json["error"]
    return reply.json["error"]


def chat(client, model="m", headers=(), **more):
    return client.post("/api/chat", {"model": model, "messages": HI, **more}, headers)


def text_of(lines):
    return "".join(line["message"]["content"] for line in lines)


def make_key(daemon, **fields):
    made = daemon.client.post("/key/generate", fields)
    assert made.status == 200, made
    return Client(daemon.port, made.json["key"])


# --- chat


def test_a_chat_streams_lines_unless_told_otherwise(gateway, upstream):
    lines = lines_of(chat(gateway.client))
    assert text_of(lines) == "Hello from alpha."
    assert all(line["model"] == "m" and line["created_at"].endswith("Z") for line in lines)
    assert [line["done"] for line in lines] == [False] * (len(lines) - 1) + [True]
    last = lines[-1]
    assert last["done_reason"] == "stop" and last["message"] == {"role": "assistant", "content": ""}
    assert last["prompt_eval_count"] == 11 and last["eval_count"] == 5
    assert last["total_duration"] >= last["eval_duration"] > 0
    asked = upstream.requests[0]
    assert asked.path == "/v1/chat/completions" and asked.json["stream"] is True
    assert asked.json["stream_options"] == {"include_usage": True}


def test_a_whole_chat_is_one_object(gateway):
    reply = chat(gateway.client, stream=False)
    assert reply.status == 200 and reply.header("content-type") == "application/json"
    assert reply.json["message"] == {"role": "assistant", "content": "Hello from alpha."}
    assert reply.json["done"] is True and reply.json["eval_count"] == 5


def test_every_request_leaves_a_record(gateway):
    for more in ({}, {"stream": False}):
        reply = chat(gateway.client, metadata={"tags": ["blue"]}, user="alice", **more)
        record = gateway.ledger.record(reply.header("x-spillway-call-id"))
        assert record.outcome == "served" and record.call_type == "acompletion" and record.asked_model == "m"
        assert record.prompt_tokens == 11 and record.completion_tokens == 5
        assert record.end_user == "alice" and "blue" in record.tags
        assert bool(record.streamed) == (more == {})


def test_options_reach_the_upstream_in_its_own_words_and_no_others_do(gateway, upstream):
    options = {"temperature": 0.25, "seed": 7, "num_predict": 32, "stop": ["###"], "top_k": 20, "num_ctx": 8192}
    chat(gateway.client, options=options, keep_alive="10m", think="low", format="json")
    sent = upstream.requests[0].json
    assert sent["temperature"] == 0.25 and sent["seed"] == 7 and sent["max_tokens"] == 32 and sent["stop"] == ["###"]
    assert sent["reasoning_effort"] == "low" and sent["response_format"] == {"type": "json_object"}
    assert not {"options", "keep_alive", "think", "format", "top_k", "num_ctx"} & set(sent)


@pytest.mark.parametrize("stream", (True, False))
def test_tool_calls_come_complete_with_arguments_as_an_object(gateway, stream):
    tools = [{"type": "function", "function": {"name": "get_weather", "parameters": {"type": "object"}}}]
    reply = chat(gateway.client, tools=tools, stream=stream)
    lines = lines_of(reply) if stream else [reply.json]
    calls = [call for line in lines for call in line["message"].get("tool_calls", [])]
    assert len(calls) == 1 and calls[0]["function"]["name"] == "get_weather"
    assert calls[0]["function"]["arguments"] == {"city": "Bern"}
    assert lines[-1]["done_reason"] == "stop"


def test_a_tool_result_goes_back_to_its_call(gateway, upstream):
    call = {"function": {"name": "get_weather", "arguments": {"city": "Bern"}}}
    messages = [*HI, {"role": "assistant", "content": "", "tool_calls": [call]},
                {"role": "tool", "tool_name": "get_weather", "content": "11 degrees"}]
    assert gateway.client.post("/api/chat", {"model": "m", "messages": messages, "stream": False}).status == 200
    _, asked, answered = upstream.requests[0].json["messages"]
    assert json.loads(asked["tool_calls"][0]["function"]["arguments"]) == {"city": "Bern"}
    assert answered["tool_call_id"] == asked["tool_calls"][0]["id"]


def test_an_upstream_that_does_not_stream_makes_one_line(gateway, upstream):
    upstream.next(r.whole(r.chat("all at once")))
    lines = lines_of(chat(gateway.client))
    assert [line["done"] for line in lines] == [True] and text_of(lines) == "all at once"


def test_a_large_whole_answer_is_translated_too(gateway, upstream):
    upstream.next(r.whole(r.chat("x" * 3_000_000)))
    assert len(chat(gateway.client, stream=False).json["message"]["content"]) == 3_000_000


def test_a_thinking_model(gateway, upstream):
    think = r.sse(r.delta({"reasoning_content": "hm"}))
    upstream.next(*[r.stream(r.ROLE, think, *r.text_events("yes"), r.FINISH, r.DONE)] * 2)
    thought = "".join(line["message"].get("thinking", "") for line in lines_of(chat(gateway.client)))
    assert thought == "hm"
    lines = lines_of(chat(gateway.client, think=False))
    assert text_of(lines) == "yes" and not any("thinking" in line["message"] for line in lines)


# --- generate and embeddings


def test_generate(gateway, upstream):
    body = {"model": "m", "prompt": "hi", "system": "Be brief."}
    lines = lines_of(gateway.client.post("/api/generate", body))
    assert "".join(line["response"] for line in lines) == "Hello from alpha." and lines[-1]["done"] is True
    assert upstream.requests[0].json["messages"] == [{"role": "system", "content": "Be brief."},
                                                     {"role": "user", "content": "hi"}]
    whole = gateway.client.post("/api/generate", {**body, "stream": False})
    assert whole.json["response"] == "Hello from alpha." and "message" not in whole.json


@pytest.mark.parametrize("stream", (True, False))
def test_generate_without_a_template_is_a_completion(gateway, upstream, stream):
    body = {"model": "m", "prompt": "def f(", "suffix": "return 1", "stream": stream}
    reply = gateway.client.post("/api/generate", body)
    lines = lines_of(reply) if stream else [reply.json]
    assert "".join(line["response"] for line in lines) == "Hello from alpha."
    assert upstream.requests[0].path == "/v1/completions" and upstream.requests[0].json["suffix"] == "return 1"
    assert gateway.ledger.records()[-1].call_type == "atext_completion"


def test_what_cannot_be_done_is_said(gateway, upstream):
    for extra in ({"template": "{{ .Prompt }}"}, {"context": [1, 2]}, {"think": "very"}, {"format": 7}):
        words = refusal(gateway.client.post("/api/generate", {"model": "m", "prompt": "hi", **extra}), 400)
        assert next(iter(extra)) in words
    assert not upstream.requests


def test_embed(workshop, upstream):
    daemon = workshop.serve(deployment("emb", upstream.base, model_info={"mode": "embedding"}))
    many = daemon.client.post("/api/embed", {"model": "emb", "input": ["a", "b"]}).json
    assert many["embeddings"] == [r.VECTOR, r.VECTOR] and many["model"] == "emb" and many["prompt_eval_count"] == 4
    assert daemon.client.post("/api/embed", {"model": "emb", "input": "a"}).json["embeddings"] == [r.VECTOR]
    assert daemon.client.post("/api/embeddings", {"model": "emb", "prompt": "a"}).json == {"embedding": r.VECTOR}
    assert [record.call_type for record in daemon.ledger.records()] == ["aembedding"] * 3


def test_nothing_to_answer_calls_nobody(gateway, upstream):
    for path, body, reason in (("/api/chat", {"messages": []}, "load"), ("/api/generate", {"prompt": ""}, "load"),
                               ("/api/generate", {"keep_alive": 0}, "unload")):
        reply = gateway.client.post(path, {"model": "m", **body})
        assert reply.status == 200 and reply.json["done"] is True and reply.json["done_reason"] == reason
    assert not upstream.requests and not len(gateway.ledger)
    assert refusal(gateway.client.post("/api/chat", {"model": "x", "messages": []}), 404) == "model 'x' not found"


# --- what clients ask first


@pytest.mark.parametrize("method", ("GET", "HEAD"))
def test_somebody_is_here(gateway, method):
    reply = gateway.anonymous.request(method, "/")
    assert reply.status == 200 and reply.header("content-type").startswith("text/plain")
    assert reply.body == (b"Ollama is running" if method == "GET" else b"")
    assert reply.header("content-length") == "17"


def test_version_is_one_that_clients_can_compare(gateway):
    version = gateway.anonymous.get("/api/version").json["version"]
    assert tuple(map(int, version.split("."))) >= (0, 6, 4)


def test_tags_and_show(workshop, upstream):
    daemon = workshop.serve(
        deployment("m", upstream.base, model_info={"max_input_tokens": 8192, "supports_vision": True}),
        deployment("llama3:8b", upstream.base, model_info={"supports_function_calling": False}),
        deployment("emb", upstream.base, model_info={"mode": "embedding"}),
        routes={"auto": {"otherwise": ["m"]}})
    tags = daemon.client.get("/api/tags").json["models"]
    assert [model["name"] for model in tags] == ["auto:latest", "m:latest", "llama3:8b", "emb:latest"]
    for model in tags:
        shown = daemon.client.post("/api/show", {"model": model["model"]})
        assert shown.status == 200 and shown.json["details"]["family"]
    shown = daemon.client.post("/api/show", {"name": "auto:latest"}).json
    assert shown["capabilities"] == ["completion", "vision", "tools"]
    assert shown["model_info"][shown["model_info"]["general.architecture"] + ".context_length"] == 8192
    assert daemon.client.post("/api/show", {"model": "llama3:8b"}).json["capabilities"] == ["completion"]
    assert daemon.client.post("/api/show", {"model": "emb"}).json["capabilities"] == ["embedding"]
    assert refusal(daemon.client.post("/api/show", {"model": "x"}), 404) == "model 'x' not found"


def test_a_name_from_the_list_is_a_name_to_ask_for(gateway, upstream):
    lines = lines_of(chat(gateway.client, model="m:latest"))
    assert lines[0]["model"] == "m:latest" and upstream.requests[0].model == "m"
    assert gateway.ledger.records()[-1].asked_model == "m"


def test_ps_tells_what_an_engine_holds_loaded(workshop):
    engine = workshop.upstream("engine")
    engine.paths["/api/ps"] = r.whole({"models": [
        {"name": "small:latest", "model": "small:latest", "size": 10, "size_vram": 8, "context_length": 4096}]})
    daemon = workshop.serve(
        deployment("home", engine.origin, model="ollama/small", model_info={"local": True}),
        deployment("other", engine.origin, model="ollama/other", model_info={"local": True}),
        health={"interval": 1})
    wait_until(lambda: daemon.client.get("/api/ps").json["models"], 10, "a report of the engine")
    (model,) = daemon.client.get("/api/ps").json["models"]
    assert model["name"] == "home:latest" and model["size"] == 10 and model["size_vram"] == 8
    assert model["context_length"] == 4096


# --- errors, failures, money


def test_errors_are_strings(gateway, upstream):
    assert refusal(chat(gateway.client, model="nobody"), 404) == "model 'nobody' not found"
    assert refusal(gateway.anonymous.post("/api/chat", {"model": "m", "messages": HI}), 401)
    assert refusal(gateway.anonymous.get("/api/tags"), 401)
    assert refusal(gateway.client.post("/api/chat", b"{"), 400)
    unknown = refusal(gateway.client.get("/api/nothing"), 404)
    assert "/api/chat" in unknown and "/v1" not in unknown
    wrong = gateway.client.get("/api/chat")
    assert refusal(wrong, 405) and wrong.header("allow") == "POST, OPTIONS"
    upstream.next(r.OPENAI_CONTEXT)
    assert "maximum context length" in refusal(chat(gateway.client), 400)


@pytest.mark.parametrize("stream", (True, False))
def test_a_full_engine_spills_to_the_cloud(workshop, stream):
    near, far = workshop.upstream("near", default=r.OLLAMA_BUSY), workshop.upstream("far")
    daemon = workshop.serve(deployment("near", near.base), deployment("far", far.base, model_info=CLOUD, **PRICED),
                            router_settings={"fallbacks": [{"near": ["far"]}]})
    reply = chat(daemon.client, model="near", stream=stream, options={"top_k": 5}, keep_alive="1h")
    lines = lines_of(reply) if stream else [reply.json]
    assert text_of(lines) == "Hello from far." and lines[-1]["done"] is True
    assert reply.header("x-spillway-attempted-fallbacks") == "1"
    assert not {"options", "keep_alive"} & set(far.requests[0].json)
    record = daemon.ledger.records()[-1]
    assert record.model_group == "far" and record.cost_nano_usd == 72_000


def test_a_budget_is_held(workshop, upstream):
    daemon = workshop.serve(deployment("m", upstream.base, model_info=CLOUD, **PRICED),
                            general_settings={"max_budget": 0.0005, "budget_duration": "30d"})
    replies = [chat(daemon.client, stream=False, options={"num_predict": 5}) for _ in range(8)]
    assert replies[0].status == 200
    assert refusal(replies[-1], 429).startswith("Budget has been exceeded!")
    assert sum(record.cost_nano_usd or 0 for record in daemon.ledger.records()) <= 500_000


@pytest.mark.parametrize("ending", ([r.CUT], [r.ERROR_EVENT]), ids=("cut", "error event"))
def test_a_stream_that_breaks_ends_with_an_error_and_no_end(gateway, upstream, ending):
    upstream.next(r.stream(r.ROLE, *r.text_events("one two"), *ending, tail=()))
    lines = lines_of(chat(gateway.client))
    assert text_of(lines[:-1]) == "one two" and set(lines[-1]) == {"error"}
    assert not any(line.get("done") for line in lines)
    assert gateway.ledger.records()[-1].outcome == "broken"


def test_lines_come_as_they_are_said(gateway, upstream):
    go_on = threading.Event()
    upstream.next(r.stream(r.ROLE, *r.text_events("one"), r.hold(go_on), *r.text_events("two"), r.FINISH, r.DONE))
    with gateway.client.connect() as connection:
        gateway.client.send(connection, "/api/chat", {"model": "m", "messages": HI})
        reply = connection.read_start()
        assert json.loads(reply.body)["message"]["content"] == "one"
        go_on.set()
        connection.read_body(reply)
    assert text_of(lines_of(reply)) == "onetwo"


def test_leaving_cancels_the_upstream(gateway, upstream):
    upstream.next(r.stream(r.ROLE, *r.text_events("one"), r.STALL))
    with gateway.client.connect() as connection:
        gateway.client.send(connection, "/api/chat", {"model": "m", "messages": HI})
        connection.read_start()
    assert upstream.wait_for(lambda seen: not seen.running(), 5)
    wait_until(lambda: [record.outcome for record in gateway.ledger.records()] == ["abandoned"], 5)


@pytest.mark.parametrize("stream", (True, False))
def test_a_repeated_request_gets_its_answer_again(gateway, upstream, stream):
    key = [("Idempotency-Key", f"order-{stream}")]
    first, again = (chat(gateway.client, headers=key, stream=stream) for _ in range(2))
    assert again.header("x-spillway-idempotent-replay") == "true" and len(upstream.requests) == 1
    assert again.header("content-type") == first.header("content-type")
    if stream:
        assert text_of(lines_of(again)) == text_of(lines_of(first))
        assert lines_of(again)[-1]["eval_count"] == 5
    else:
        assert again.json["message"] == first.json["message"]


# --- Ollama on both sides


@pytest.fixture
def native(workshop):
    """An engine of Ollama's behind the front door."""
    engine = workshop.upstream("home")
    engine.default = o.Engine({"served-model": {}})
    daemon = workshop.serve(deployment("m", engine.origin, model="ollama_chat/served-model"))
    daemon.engine = engine
    return daemon


def test_an_ollama_gets_what_only_it_understands(native):
    wishes = {"options": {"top_k": 7, "mirostat": 1, "temperature": 0.5}, "keep_alive": "10m", "think": "low"}
    assert chat(native.client, stream=False, **wishes).status == 200
    sent = native.engine.requests[-1]
    assert sent.path == "/api/chat" and sent.json["model"] == "served-model"
    assert sent.json["think"] == "low" and sent.json["keep_alive"] == "10m"
    options = sent.json["options"]
    assert options["top_k"] == 7 and options["mirostat"] == 1 and options["temperature"] == 0.5
    chat(native.client, stream=False, think=False)
    assert native.engine.requests[-1].json["think"] is False


def test_show_tells_what_the_engine_tells(workshop):
    engine = workshop.upstream("home")
    engine.default = o.Engine({"served-model": {}})
    daemon = workshop.serve(deployment("m", engine.origin, model="ollama_chat/served-model"), health={"interval": 0.2})
    daemon.client.chat("m")

    def shown():
        card = daemon.client.post("/api/show", {"model": "m"}).json
        return card if "thinking" in card["capabilities"] else None

    card = wait_until(shown)
    assert card["capabilities"] == ["completion", "tools", "thinking"]
    assert card["details"] == {"family": "llama"} and card["model_info"]["general.architecture"] == "llama"


def test_an_ollama_is_told_what_it_thought_before(native):
    history = [*HI, {"role": "assistant", "content": "4", "thinking": "2+2"}, {"role": "user", "content": "sure?"}]
    reply = native.client.post("/api/chat", {"model": "m", "messages": history, "stream": False})
    assert reply.status == 200 and native.engine.requests[-1].json["messages"] == history


@pytest.mark.parametrize("stream", (True, False))
def test_an_ollamas_own_measures_come_through(native, stream):
    reply = chat(native.client, stream=stream)
    last = lines_of(reply)[-1] if stream else reply.json
    assert {name: last[name] for name in o.DURATIONS} == o.DURATIONS
    assert last["prompt_eval_count"] == 1 and last["eval_count"] > 0
    assert native.engine.requests[-1].json["stream"] is stream


@pytest.mark.parametrize("stream", (True, False))
def test_a_raw_prompt_and_a_context_reach_an_ollama(native, stream):
    body = {"model": "m", "prompt": "hi", "system": "s", "context": [1, 2], "stream": stream}
    reply = native.client.post("/api/generate", body)
    lines = lines_of(reply) if stream else [reply.json]
    assert "".join(line["response"] for line in lines) == "Hello from home." and lines[-1]["context"] == [1, 2, 7]
    sent = native.engine.requests[-1]
    assert sent.path == "/api/generate" and sent.json["context"] == [1, 2] and sent.json["system"] == "s"
    raw = native.client.post("/api/generate", {"model": "m", "prompt": "[INST]", "raw": True, "stream": False})
    assert raw.json["response"] == "Hello from home."
    assert native.engine.requests[-1].json["raw"] is True and native.engine.requests[-1].json["truncate"] is False


def test_a_long_text_is_cut_for_who_asks_for_it(workshop):
    engine = workshop.upstream("home")
    engine.default = o.Engine({"embedder": {}})
    daemon = workshop.serve(deployment("emb", engine.origin, model="ollama/embedder", model_info={"mode": "embedding"}))
    body = {"model": "emb", "input": "many words " * 4_000}
    assert daemon.client.post("/api/embed", {**body, "truncate": True}).json["embeddings"] == [r.VECTOR]
    assert engine.requests[-1].json["truncate"] is True
    assert refusal(daemon.client.post("/api/embed", body), 400)


# --- keys


def test_a_key_is_held_to_its_models_and_paths(workshop, upstream):
    daemon = workshop.serve(deployment("m", upstream.base), deployment("other", upstream.base))
    one = make_key(daemon, models=["m"])
    assert lines_of(chat(one))
    assert [model["name"] for model in one.get("/api/tags").json["models"]] == ["m:latest"]
    assert "not allowed to access model" in refusal(chat(one, model="other"), 401)
    assert refusal(one.post("/api/show", {"model": "other"}), 404)
    by_path = make_key(daemon, allowed_routes=["/v1/chat/completions"])
    assert lines_of(chat(by_path))
    assert refusal(by_path.post("/api/embed", {"model": "m", "input": "a"}), 403)
    assert lines_of(chat(make_key(daemon, allowed_routes=["llm_api_routes"])))
    assert lines_of(chat(make_key(daemon, allowed_routes=["/api/chat"])))


# --- engines


PROGRESS = [b'{"status":"pulling manifest"}\n', b'{"status":"success"}\n']


def pull(client, headers=(), query="", **more):
    return client.post("/api/pull" + query, {"model": "tiny", **more}, headers)


def ndjson(*pieces):
    head = r.head(200, (("Content-Type", "application/x-ndjson"), ("Transfer-Encoding", "chunked")))
    return r.steps(head, *[r.chunk(piece) if isinstance(piece, bytes) else piece for piece in pieces], r.LAST_CHUNK)


@pytest.fixture
def engines(workshop):
    """Two engines of Ollama's, and something that is none."""
    made = [workshop.upstream(name) for name in ("east", "west")]
    for engine in made:
        engine.paths["/api/pull"] = ndjson(*PROGRESS)
    daemon = workshop.serve(deployment("a", made[0].origin, model="ollama/a", model_info={"id": "east-a"}),
                            deployment("b", made[1].origin, model="ollama/b", model_info={"id": "west-b"}),
                            deployment("c", made[0].base))
    daemon.east, daemon.west = made
    return daemon


def test_a_pull_goes_to_the_engine_that_is_named(engines):
    reply = pull(engines.client, [("x-spillway-engine", "west-b")])
    assert [line["status"] for line in lines_of(reply)] == ["pulling manifest", "success"]
    asked = engines.west.requests[-1]
    assert asked.path == "/api/pull" and asked.json == {"model": "tiny"}
    assert engines.key not in str(asked.headers)
    by_address = f"?engine=127.0.0.1%3A{engines.east.port}"
    assert lines_of(pull(engines.client, query=by_address))
    assert engines.east.requests[-1].target == "/api/pull"


def test_an_engine_must_be_named_where_there_are_several(engines):
    words = refusal(pull(engines.client), 400)
    assert str(engines.east.port) in words and str(engines.west.port) in words
    assert not engines.east.requests and not engines.west.requests


def test_only_the_master_key_changes_an_engine(engines):
    key = make_key(engines)
    for method, path in (("POST", "/api/pull"), ("POST", "/api/create"), ("POST", "/api/copy"), ("POST", "/api/push"),
                         ("DELETE", "/api/delete")):
        for client, status in ((key, 403), (engines.anonymous, 401)):
            refusal(client.request(method, path, [("x-spillway-engine", "west-b")], b'{"model":"a"}'), status)
    assert not engines.west.requests


def test_the_only_engine_needs_no_name(workshop, upstream):
    daemon = workshop.serve(deployment("a", upstream.origin, model="ollama/a"), deployment("b", upstream.base))
    upstream.paths["/api/delete"] = r.whole(b"", status=200)
    deleted = daemon.client.request("DELETE", "/api/delete", (), b'{"model":"a"}')
    assert deleted.status == 200 and deleted.complete
    asked = upstream.requests[-1]
    assert asked.method == "DELETE" and asked.json == {"model": "a"}
    upstream.paths["/api/copy"] = r.whole({"error": "model 'a' not found"}, status=404)
    assert refusal(daemon.client.post("/api/copy", {"source": "a", "destination": "b"}), 404)


def test_files_of_models_pass_to_the_engine(engines):
    path, named = "/api/blobs/sha256:" + "ab" * 32, [("x-spillway-engine", "west-b")]
    engines.west.paths[path] = r.whole(b"", status=404)
    asked = engines.client.request("HEAD", path, named)
    assert asked.status == 404 and asked.body == b"" and engines.west.requests[-1].method == "HEAD"
    engines.west.paths[path] = r.whole(b"", status=201)
    stored = engines.client.request("POST", path, named, b"GGUF\x00\xff")
    assert stored.status == 201 and engines.west.requests[-1].body == b"GGUF\x00\xff"
    refusal(engines.client.request("POST", "/api/blobs/sha256:..", named, b"x"), 404)
    refusal(make_key(engines).request("POST", path, named, b"x"), 403)


def test_a_pull_that_breaks_says_so(engines):
    engines.west.paths["/api/pull"] = ndjson(PROGRESS[0], r.CUT)
    lines = lines_of(pull(engines.client, [("x-spillway-engine", "west-b")]))
    assert lines[0]["status"] == "pulling manifest" and set(lines[-1]) == {"error"}


def test_leaving_a_pull_ends_it(engines):
    engines.west.paths["/api/pull"] = ndjson(PROGRESS[0], r.STALL)
    with engines.client.connect() as connection:
        engines.client.send(connection, "/api/pull", {"model": "tiny"}, [("x-spillway-engine", "west-b")])
        connection.read_start()
    assert engines.west.wait_for(lambda seen: not seen.running(), 5)


def test_an_engine_elsewhere_is_not_asked(workshop, upstream):
    """Nobody knows what the body of such a call holds, so it stays within the local boundary."""
    daemon = workshop.serve(deployment("a", upstream.origin, model="ollama/a", model_info=CLOUD))
    assert refusal(pull(daemon.client), 502)
    assert not upstream.connections
