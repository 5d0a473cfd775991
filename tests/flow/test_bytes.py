"""Bytes first: what the client wrote goes upstream to the letter, and the answer comes back so."""

import base64
import json
import struct

import pytest

from fakes import replies as r
from harness.daemon import config_of, deployment


@pytest.fixture(scope="module")
def world(module_workshop):
    upstream = module_workshop.upstream("alpha")
    daemon = module_workshop.daemon(config_of(
        deployment("m", upstream.base, model="openai/the-upstream-name"),
        deployment("defaults", upstream.base, model="openai/d", temperature=0.25, max_tokens=77),
        deployment("ollama", upstream.origin, model="ollama_chat/llama3:8b"),
        deployment("emb", upstream.base, model="openai/emb", model_info={"mode": "embedding"}),
        deployment("headed", upstream.base, extra_headers={"X-Team": "blue"}),
        deployment("dropping", upstream.base, additional_drop_params=["seed"]),
    )).start()
    daemon.upstream = upstream
    return daemon


@pytest.fixture
def upstream(world):
    world.upstream.forget()
    return world.upstream


BODIES = [
    b'{"model":"m","messages":[{"role":"user","content":"h\xc3\xa9"}]}',
    b'{ "model" : "m" ,\n\t"messages" : [ {"role":"user","content":"x"} ] }',
    b'{"messages":[{"role":"user","content":"\\u0041\\ud83d\\ude00 \\/ \\" \\\\"}],"model":"m"}',
    b'{"model":"m","messages":[{"role":"user","content":"x"}],"seed":12345678901234567890123,"temperature":1.0,"top_p":1e-7}',
    b'{"model":"m","messages":[{"role":"user","content":"x"}],"zzz":{"model":"m","stream":true,"num_retries":7},"unknown":[1,{"a":null}]}',
    b'{"model":"m","messages":[{"role":"assistant","content":null,"tool_calls":[{"id":"1","type":"function",'
    b'"function":{"name":"f","arguments":"{not json"}}]}]}',
    b'{"model":"m","messages":[{"role":"user","content":"x"}],"temperature":-0.0,"a":1E400,"b":0.1000000000000000055511151231257827}',
    b'{"model":"m","messages":[{"role":"user","content":"x"}],"":"empty key","\xf0\x9f\x98\x80":"emoji key"}',
    b'{"messages":[{"role":"user","content":"x"}],"model":"m"}\n\n',
]


@pytest.mark.parametrize("body", BODIES, ids=range(len(BODIES)))
def test_the_body_is_forwarded_to_the_letter_but_for_the_model(world, upstream, body):
    assert world.client.post("/v1/chat/completions", body).status == 200
    model = b'"model":"m"' if b'"model":"m"' in body else b'"model" : "m"'
    wanted = body.replace(model, model.replace(b'"m"', b'"the-upstream-name"'), 1)
    if b'"zzz"' in body:
        wanted = body.replace(b'"m"', b'"the-upstream-name"', 1)
    assert upstream.requests[0].body.strip() == wanted.strip()


def test_an_escaped_model_name_is_understood(world, upstream):
    assert world.client.post("/v1/chat/completions", b'{"\\u006dodel":"\\u006d","messages":[{"role":"user","content":"x"}]}').status == 200
    assert upstream.requests[0].json["model"] == "the-upstream-name"


def test_a_large_image_is_forwarded_to_the_letter(world, upstream):
    image = base64.b64encode(bytes(range(256)) * 40_000).decode()
    body = json.dumps({"model": "m", "messages": [{"role": "user", "content": [
        {"type": "text", "text": "what is this?"},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64," + image}}]}]}).encode()
    assert world.client.post("/v1/chat/completions", body).status == 200
    assert upstream.requests[0].body == body.replace(b'"model": "m"', b'"model": "the-upstream-name"')
    assert world.ledger.records()[-1].prompt_tokens == r.USAGE["prompt_tokens"]


def test_only_fields_from_the_allow_list_go_upstream(world, upstream):
    noise = [("Cookie", "a=b"), ("X-Forwarded-For", "1.2.3.4"), ("X-Conversation-Id", "c"), ("TE", "trailers"),
             ("Proxy-Authorization", "Basic x"), ("X-Stainless-Lang", "js"), ("OpenAI-Organization", "mine"),
             ("Accept-Encoding", "gzip, br"), ("User-Agent", "curl/8"), ("x-litellm-tags", "t")]
    assert world.client.chat("m", headers=noise).status == 200
    received = upstream.requests[0]
    names = {name.lower() for name, _ in received.headers}
    assert names <= {"host", "authorization", "content-type", "content-length", "accept", "accept-encoding",
                     "user-agent", "connection"}
    assert received.header("authorization") == "Bearer sk-upstream-secret"
    assert received.header("accept-encoding") == "identity"
    assert received.header("host") == f"127.0.0.1:{world.upstream.port}"
    assert received.target == "/v1/chat/completions"


def test_an_idempotency_key_goes_through(world, upstream):
    world.client.chat("m", headers=[("Idempotency-Key", "abc-1")])
    assert upstream.requests[0].header("idempotency-key") == "abc-1"


def test_extra_headers_of_the_deployment_are_sent(world, upstream):
    world.client.chat("headed")
    assert upstream.requests[0].header("x-team") == "blue"


def test_defaults_are_merged_only_where_the_client_is_silent(world, upstream):
    world.client.chat("defaults", temperature=0.9)
    world.client.chat("defaults")
    first, second = (request.json for request in upstream.requests)
    assert (first["temperature"], first["max_tokens"]) == (0.9, 77)
    assert (second["temperature"], second["max_tokens"]) == (0.25, 77)


def test_dropped_parameters_are_dropped(world, upstream):
    world.client.chat("dropping", seed=1, top_p=0.5)
    assert "seed" not in upstream.requests[0].json and upstream.requests[0].json["top_p"] == 0.5


def test_ollama_gets_its_own_word_for_max_completion_tokens(world, upstream):
    assert world.client.chat("ollama", max_completion_tokens=64).status == 200
    received = upstream.requests[0]
    assert received.target == "/api/chat"
    assert received.json["options"] == {"num_predict": 64} and "max_completion_tokens" not in received.json
    assert received.json["model"] == "llama3:8b"


# --- the way back


def test_a_whole_answer_comes_back_to_the_letter(world, upstream):
    body = (b'{ "id":"x", "object":"chat.completion","created":1,"model":"whatever", "extra": {"k":[1,2.50,1e3]},\n'
            b'"choices":[{"index":0,"message":{"role":"assistant","content":"\\u00e9\xc3\xa9"},"finish_reason":"stop"}]}')
    upstream.next(r.whole(body, headers=[("x-request-id", "req-7"), ("openai-processing-ms", "12"),
                                         ("x-ratelimit-remaining-requests", "5"), ("Set-Cookie", "a=b"),
                                         ("Clear-Site-Data", "*"), ("Server", "x")]))
    reply = world.client.chat("m")
    assert reply.body == body
    assert reply.header("x-request-id") == "req-7"
    assert reply.header("openai-processing-ms") == "12"
    assert reply.header("x-ratelimit-remaining-requests") == "5"
    for name in ("set-cookie", "clear-site-data", "server"):
        assert reply.header(name) is None


USAGE_ASKED = {"stream_options": {"include_usage": True}}


@pytest.mark.parametrize("shape", ("lf", "crlf", "cr", "bom", "no_space", "multi_line", "ids", "comments"))
def test_the_stream_is_relayed_to_the_letter(world, upstream, shape):
    events = [r.ROLE, *r.text_events("one two"), r.FINISH, r.USAGE_EVENT, r.DONE]
    sent = b"".join(events)
    if shape == "crlf":
        sent = sent.replace(b"\n", b"\r\n")
    elif shape == "cr":
        sent = sent.replace(b"\n", b"\r")
    elif shape == "bom":
        sent = b"\xef\xbb\xbf" + sent
    elif shape == "no_space":
        sent = sent.replace(b"data: ", b"data:")
    elif shape == "multi_line":
        sent = sent.replace(b',"choices"', b',\ndata: "choices"')
    elif shape == "ids":
        sent = b"id: 7\nretry: 1000\n" + sent
    elif shape == "comments":
        sent = b"".join(b": ping\n\n" + event for event in events)
    upstream.next(r.stream(sent))
    reply = world.client.chat("m", stream=True, **USAGE_ASKED)
    assert reply.complete
    assert reply.body.replace(b": ping\n\n", b"") == sent.replace(b": ping\n\n", b"")
    assert reply.header("content-type").startswith("text/event-stream")
    assert reply.header("content-length") is None


@pytest.mark.parametrize("size", (1, 2, 7, 64))
def test_events_cut_anywhere_come_out_whole(world, upstream, size):
    sent = b"".join([r.ROLE, r.sse(r.delta({"content": "\U0001f600 \u00e9"})), r.FINISH, r.USAGE_EVENT, r.DONE])
    sent = sent.replace(b"\n", b"\r\n")
    upstream.next(r.stream(*[sent[at:at + size] for at in range(0, len(sent), size)]))
    reply = world.client.chat("m", stream=True, **USAGE_ASKED)
    assert reply.body == sent
    assert all(chunk.endswith(b"\r\n\r\n") for chunk in reply.chunks), "each write ends with an event"


def test_each_event_is_sent_on_at_once(world, upstream):
    import threading

    gates = [threading.Event() for _ in range(3)]
    pieces = r.text_events("one two three")
    upstream.next(r.stream(r.ROLE, pieces[0], r.hold(gates[0]), pieces[1], r.hold(gates[1]), pieces[2],
                           r.hold(gates[2]), r.FINISH, r.DONE))
    with world.client.open_chat("m") as connection:
        reply = connection.read_head()
        for gate, word in zip(gates, (b"one", b"two", b"three")):
            seen = b""
            while word not in seen:
                seen += connection.read_chunk()
            gate.set()
        connection.read_body(reply)
    assert reply.complete


def test_an_http_1_0_client_gets_the_stream_without_chunks(world, upstream):
    body = json.dumps({"model": "m", "messages": [{"role": "user", "content": "x"}], "stream": True}).encode()
    with world.client.connect() as connection:
        connection.send(b"POST /v1/chat/completions HTTP/1.0\r\nHost: x\r\nAuthorization: Bearer "
                        + world.key.encode() + b"\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        reply = connection.read_reply()
    assert reply.header("transfer-encoding") is None and reply.header("content-length") is None
    assert reply.text == "Hello from alpha." and reply.done


def test_bodies_up_to_32_mib_pass_by_default(world, upstream):
    frame = '{"model":"m","messages":[{"role":"user","content":"%s"}]}'
    fits = frame % ("x" * ((32 << 20) - len(frame)))
    assert world.client.post("/v1/chat/completions", fits.encode()).status == 200
    assert len(upstream.requests[0].body) > 31 << 20
    over = frame % ("x" * (32 << 20))
    with world.client.connect() as connection:
        connection.send_request("POST", "/v1/chat/completions",
                                world.client.headers([("Content-Length", str(len(over)))]))
        reply = connection.read_reply()
    assert reply.status == 413


def test_unknown_fields_of_events_survive(world, upstream):
    event = r.sse(r.delta({"reasoning_content": "hm", "x": {"y": 1}}, obfuscation="Qup1", z=[1]))
    upstream.next(r.stream(event, r.FINISH, r.DONE))
    reply = world.client.chat("m", stream=True)
    assert event in reply.body


def test_a_huge_event_is_relayed(world, upstream):
    event = r.sse(r.delta({"content": "x" * 3_000_000}))
    upstream.next(r.stream(event, r.FINISH, r.DONE))
    reply = world.client.chat("m", stream=True)
    assert event in reply.body and reply.done


# --- usage that only we asked for


def test_usage_is_asked_for_upstream_and_removed_from_the_stream(world, upstream):
    upstream.next(r.stream(r.sse(r.delta({"role": "assistant", "content": ""}, usage=None)),
                           r.sse(r.delta({"content": "hi"}, usage=None)),
                           r.sse(r.delta({}, finish="stop", usage=None)), r.USAGE_EVENT, r.DONE))
    reply = world.client.chat("m", stream=True)
    assert upstream.requests[0].json["stream_options"] == {"include_usage": True}
    assert reply.text == "hi" and reply.done
    assert all("usage" not in event for event in reply.json_events())
    assert all(event["choices"] for event in reply.json_events())
    record = world.ledger.records()[-1]
    assert (record.prompt_tokens, record.completion_tokens, record.usage_source) == (11, 5, "exact")


def test_usage_that_the_client_asked_for_stays(world, upstream):
    reply = world.client.chat("m", stream=True, **USAGE_ASKED)
    assert reply.json_events()[-1]["usage"] == r.USAGE
    assert upstream.requests[0].json["stream_options"] == {"include_usage": True}


def test_other_stream_options_survive(world, upstream):
    world.client.chat("m", stream=True, stream_options={"include_obfuscation": False})
    assert upstream.requests[0].json["stream_options"] == {"include_obfuscation": False, "include_usage": True}


def test_usage_in_the_finish_chunk_counts(world, upstream):
    upstream.next(r.stream(*r.text_events("hi"), r.sse(r.delta({}, finish="stop", usage=r.USAGE)), r.DONE))
    reply = world.client.chat("m", stream=True)
    assert reply.finish_reasons == ["stop"]
    record = world.ledger.records()[-1]
    assert (record.prompt_tokens, record.completion_tokens) == (11, 5)


def test_no_stream_options_go_with_a_request_that_does_not_stream(world, upstream):
    world.client.chat("m")
    assert "stream_options" not in upstream.requests[0].json


# --- embeddings


def floats_of(text):
    raw = base64.b64decode(text)
    return list(struct.unpack(f"<{len(raw) // 4}f", raw))


@pytest.mark.parametrize("asked", (None, "float", "base64"))
@pytest.mark.parametrize("answered", ("float", "base64"))
def test_embeddings_come_back_in_the_encoding_that_was_asked_for(world, upstream, asked, answered):
    upstream.next(r.embeddings_only(answered))
    body = {"model": "emb", "input": ["a", "b"]}
    if asked:
        body["encoding_format"] = asked
    reply = world.client.post("/v1/embeddings", body)
    assert reply.status == 200
    rows = reply.json["data"]
    assert [row["index"] for row in rows] == [0, 1]
    for row in rows:
        if asked == "base64":
            assert floats_of(row["embedding"]) == pytest.approx(r.VECTOR)
        else:
            assert row["embedding"] == pytest.approx(r.VECTOR)
    assert reply.json["usage"] == {"prompt_tokens": 4, "total_tokens": 4}
    assert world.ledger.records()[-1].call_type == "aembedding"
    assert world.ledger.records()[-1].prompt_tokens == 4


def test_embeddings_in_the_right_encoding_come_back_to_the_letter(world, upstream):
    body = b'{"object":"list", "data":[{"object":"embedding","index":0,"embedding":[0.10, -2e-3]}],"model":"x","usage":{"prompt_tokens":1,"total_tokens":1}}'
    upstream.next(r.whole(body))
    assert world.client.post("/v1/embeddings", {"model": "emb", "input": "a", "encoding_format": "float"}).body == body


# --- everything else that names a model


def multipart(model, payload, boundary=b"b0undary"):
    return (b"--" + boundary + b'\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n'
            b"Content-Type: audio/wav\r\n\r\n" + payload + b"\r\n--" + boundary +
            b'\r\nContent-Disposition: form-data; name="model"\r\n\r\n' + model + b"\r\n--" + boundary +
            b'\r\nContent-Disposition: form-data; name="language"\r\n\r\nen\r\n--' + boundary + b"--\r\n")


def test_multipart_passes_through_with_the_deployments_model(world, upstream):
    payload = bytes(range(256)) * 300
    kind = "multipart/form-data; boundary=b0undary"
    reply = world.client.request("POST", "/v1/audio/transcriptions", [("Content-Type", kind)], multipart(b"m", payload))
    assert reply.status == 200, reply
    received = upstream.requests[0]
    assert received.target == "/v1/audio/transcriptions"
    assert received.header("content-type") == kind
    assert received.body == multipart(b"the-upstream-name", payload)


def test_an_audio_answer_comes_back_as_bytes(world, upstream):
    audio = bytes(range(256)) * 1000
    upstream.next(r.whole(audio, content_type="audio/mpeg"))
    reply = world.client.post("/v1/audio/speech", {"model": "m", "input": "hi", "voice": "v"})
    assert reply.header("content-type") == "audio/mpeg"
    assert reply.body == audio


@pytest.mark.parametrize("path", ("/v1/responses", "/v1/images/generations", "/v1/rerank", "/v1/moderations",
                                  "/responses", "/v1/anything/new"))
def test_other_posts_pass_through_unchanged_but_for_the_model(world, upstream, path):
    reply = world.client.post(path, b'{"model":"m","input":"x", "fallback_field":[1]}')
    assert reply.status == 200, reply
    received = upstream.requests[0]
    assert received.target == "/v1" + path.removeprefix("/v1")
    assert received.body == b'{"model":"the-upstream-name","input":"x", "fallback_field":[1]}'


def test_a_get_that_names_a_model_passes_through(world, upstream):
    reply = world.client.get("/v1/audio/voices?limit=3&model=m")
    assert reply.status == 200
    received = upstream.requests[0]
    assert received.method == "GET" and received.path == "/v1/audio/voices"
    assert sorted(received.target.partition("?")[2].split("&")) == ["limit=3", "model=the-upstream-name"]


def test_a_responses_stream_is_relayed_and_metered(world, upstream):
    completed = {"type": "response.completed", "sequence_number": 2, "response": {
        "id": "resp_1", "object": "response", "status": "completed", "output": [],
        "usage": {"input_tokens": 21, "output_tokens": 8, "total_tokens": 29}}}
    delta = {"type": "response.output_text.delta", "sequence_number": 1, "delta": "hi"}
    events = [b"event: response.output_text.delta\n" + r.sse(delta), b"event: response.completed\n" + r.sse(completed)]
    upstream.next(r.stream(*events))
    reply = world.client.post("/v1/responses", {"model": "m", "input": "x", "stream": True})
    assert reply.body == b"".join(events)
    record = world.ledger.records()[-1]
    assert record.outcome == "served"
    assert (record.prompt_tokens, record.completion_tokens) == (21, 8)


def test_the_prefix_v1_is_optional(world, upstream):
    body = {"model": "m", "messages": [{"role": "user", "content": "x"}]}
    assert world.client.post("/chat/completions", body).status == 200
    assert world.client.post("/completions", {"model": "m", "prompt": "x"}).text == "Hello from alpha."
    assert world.client.post("/embeddings", {"model": "emb", "input": "a"}).status == 200
    assert world.client.get("/models").status == 200
    assert [request.target for request in upstream.requests] == ["/v1/chat/completions", "/v1/completions", "/v1/embeddings"]


def test_a_streamed_completion_is_relayed_and_metered(world, upstream):
    reply = world.client.post("/v1/completions", {"model": "m", "prompt": "x", "stream": True})
    assert reply.text == "Hello from alpha." and reply.done
    record = world.ledger.records()[-1]
    assert record.call_type == "atext_completion"
    assert (record.prompt_tokens, record.completion_tokens) == (11, 5)
