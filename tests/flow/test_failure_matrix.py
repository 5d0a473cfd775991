"""The failure matrix: every way an upstream can fail x {stream, whole} x {with fallback, without}.

In each cell: exactly one reply, exactly one record, no upstream connection left hanging; and the
healthy deployment's words whenever the client had not seen a byte of the failed one.
"""

import threading
from types import SimpleNamespace

import pytest

from fakes import replies as r
from harness.daemon import config_of, deployment
from harness.waiting import wait_until

BOUND = 1  # seconds: connect, first token, idle
TOTAL = 1.5  # seconds: a whole answer gives its first byte with its last token, so only this can judge it

HTML = b"<html><h1>502 Bad Gateway</h1></html>"
CHAT = b'{"id":"x","object":"chat.completion","choices":[{"index":0,"message":{"role":"assistant","content":"bad"},"finish_reason":"stop"}]}'


def head_with(*lines, status=b"200 OK"):
    return b"HTTP/1.1 " + status + b"\r\n" + b"".join(line + b"\r\n" for line in lines) + b"\r\n"


JSON = b"Content-Type: application/json"

# Before the client can have seen a byte, whether it asked for a stream or not.
EARLY = {
    "stall_before_head": r.steps(r.STALL),
    "reset_before_head": r.steps(r.RESET),
    "close_before_head": r.steps(r.CUT),
    "cut_in_head": r.steps(b"HTTP/1.1 200 OK\r\nContent-Ty", r.CUT),
    "reset_in_head": r.steps(b"HTTP/1.1 200 OK\r\nContent-Ty", r.RESET),
    "stall_in_head": r.steps(b"HTTP/1.1 200 OK\r\nContent-Ty", r.STALL),
    "status_500": r.status(500, "boom"),
    "status_502_html": r.whole(HTML, status=502, content_type="text/html"),
    "status_503_loading": r.LLAMACPP_LOADING,
    "status_503_busy": r.OLLAMA_BUSY,
    "status_529": r.ANTHROPIC_OVERLOADED,
    "status_429": r.status(429, "slow down", kind="requests", error_code="rate_limit_exceeded"),
    "status_429_gemini": r.GEMINI_EXHAUSTED,
    "status_429_quota": r.OPENAI_QUOTA,
    "status_401": r.status(401, "Incorrect API key", kind="invalid_request_error", error_code="invalid_api_key"),
    "status_401_vllm": r.whole({"error": "Unauthorized"}, status=401),
    "status_404": r.VLLM_MISSING,
    "status_404_ollama": r.whole({"error": "model 'x' not found"}, status=404),
    "error_in_200": r.OPENROUTER_ERROR_IN_200,
    "redirect": r.steps(r.head(307, [("Location", "/v1/elsewhere"), ("Content-Length", "0")])),
    "not_http": r.steps(b"SSH-2.0-OpenSSH_9.2\r\n\r\n", r.STALL),
    "status_four_digits": r.steps(head_with(JSON, b"Content-Length: 2", status=b"2000 OK") + b"{}"),
    "status_negative": r.steps(head_with(JSON, b"Content-Length: 2", status=b"-200 OK") + b"{}"),
    "length_and_chunked": r.steps(
        head_with(JSON, b"Content-Length: %d" % len(CHAT), b"Transfer-Encoding: chunked") + r.chunk(CHAT) + r.LAST_CHUNK),
    "two_lengths": r.steps(head_with(JSON, b"Content-Length: %d" % len(CHAT), b"Content-Length: 5") + CHAT),
    "negative_length": r.steps(head_with(JSON, b"Content-Length: -1") + CHAT, r.CUT),
    "length_not_a_number": r.steps(head_with(JSON, b"Content-Length: abc") + CHAT, r.CUT),
    "unknown_transfer_encoding": r.steps(head_with(JSON, b"Transfer-Encoding: gzip, chunked") + r.chunk(CHAT) + r.LAST_CHUNK),
    "huge_head": r.steps(head_with(*[b"X-Fill: " + b"a" * 1000 for _ in range(80)], JSON, b"Content-Length: 2") + b"{}"),
    "many_fields": r.steps(head_with(*[b"X-%d: 1" % n for n in range(500)], JSON, b"Content-Length: 2") + b"{}"),
    "interim_flood": r.steps(*[b"HTTP/1.1 102 Processing\r\n\r\n"] * 40, head_with(JSON, b"Content-Length: 2") + b"{}"),
    "folded_header": r.steps(b"HTTP/1.1 200 OK\r\nX-A: 1\r\n b\r\nContent-Length: 2\r\n\r\n{}"),
    "http_0_9": r.steps(CHAT, r.CUT),
    "http_2_version": r.steps(b"HTTP/2.0 200 OK\r\nContent-Length: 2\r\n\r\n{}"),
    "status_letters": r.steps(head_with(JSON, b"Content-Length: 2", status=b"2xx OK") + b"{}"),
    "status_missing": r.steps(b"HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}"),
    "plus_length": r.steps(head_with(JSON, b"Content-Length: +2") + b"{}", r.CUT),
    "length_list": r.steps(head_with(JSON, b"Content-Length: 2, 2") + b"{}", r.CUT),
    "length_overflow": r.steps(head_with(JSON, b"Content-Length: 18446744073709551618") + b"{}", r.CUT),
    "chunked_twice": r.steps(head_with(JSON, b"Transfer-Encoding: chunked, chunked") + r.chunk(CHAT) + r.LAST_CHUNK),
    "xchunked": r.steps(head_with(JSON, b"Transfer-Encoding: xchunked") + r.chunk(CHAT) + r.LAST_CHUNK, r.CUT),
    "space_before_colon": r.steps(head_with(JSON, b"Content-Length : 2") + b"{}", r.CUT),
    "empty_header_name": r.steps(head_with(b": x", JSON, b"Content-Length: 2") + b"{}"),
    "header_without_colon": r.steps(head_with(b"X-A", JSON, b"Content-Length: 2") + b"{}"),
    "bare_lf_head": r.steps(b"HTTP/1.1 200 OK\nContent-Length: 2\n\n{}", r.CUT),
    "endless_head_line": r.steps(b"HTTP/1.1 200 OK\r\nX-A: " + b"a" * 100_000, r.STALL),
    "switching_protocols": r.steps(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n", r.STALL),
    "no_content": r.steps(b"HTTP/1.1 204 No Content\r\n\r\n"),
    "nul_in_header": r.steps(b"HTTP/1.1 200 OK\r\nX-A: a\x00b\r\nContent-Length: 2\r\n\r\n{}"),
}

# Answers to a request without `stream`.
WHOLE = {
    "length_too_long": r.steps(head_with(JSON, b"Content-Length: %d" % (len(CHAT) + 50)) + CHAT, r.CUT),
    "stall_in_body": r.steps(head_with(JSON, b"Content-Length: %d" % (len(CHAT) + 50)) + CHAT, r.STALL),
    "reset_in_body": r.steps(head_with(JSON, b"Content-Length: %d" % (len(CHAT) + 50)) + CHAT, r.RESET),
    "chunked_cut": r.steps(head_with(JSON, b"Transfer-Encoding: chunked") + r.chunk(CHAT[:20]), r.CUT),
    "chunked_without_end": r.steps(head_with(JSON, b"Transfer-Encoding: chunked") + r.chunk(CHAT), r.CUT),
    "chunk_size_not_hex": r.steps(head_with(JSON, b"Transfer-Encoding: chunked") + b"zz\r\n" + CHAT, r.STALL),
    "chunk_size_overflow": r.steps(head_with(JSON, b"Transfer-Encoding: chunked") + b"fffffffffffffffff\r\n" + CHAT, r.STALL),
    "chunk_without_crlf": r.steps(head_with(JSON, b"Transfer-Encoding: chunked") + b"2\r\n{}XX" + r.LAST_CHUNK, r.STALL),
    "empty_body": r.steps(head_with(JSON, b"Content-Length: 0")),
}

# Answers to a request with `stream`, before the first meaningful event.
HELD = {
    "error_event_first": r.stream(r.ERROR_EVENT, r.DONE),
    "named_error_event_first": r.stream(r.NAMED_ERROR_EVENT),
    "old_vllm_error_event_first": r.stream(r.VLLM_OLD_ERROR_EVENT, r.DONE),
    "openrouter_error_event_first": r.stream(b": OPENROUTER PROCESSING\n\n", r.OPENROUTER_ERROR_EVENT),
    "error_event_after_role": r.stream(r.ROLE, r.ERROR_EVENT, r.DONE),
    "role_then_stall": r.stream(r.ROLE, r.STALL),
    "role_then_cut": r.stream(r.ROLE, r.CUT),
    "role_then_reset": r.stream(r.ROLE, r.RESET),
    "comment_then_stall": r.stream(b": loading\n\n", r.STALL),
    "head_then_stall": r.stream(r.STALL),
    "head_then_cut": r.stream(r.CUT),
    "head_then_clean_end": r.stream(),
    "role_then_clean_end": r.stream(r.ROLE),
    "half_event_then_cut": r.stream(r.ROLE, r.text_events("bad")[0][:25], r.CUT),
    "chunk_size_not_hex_first": r.steps(r.SSE_HEAD + b"zz\r\n" + r.ROLE, r.STALL),
}

# After the client has seen text. Each is called with an event that the test sets at that moment.
LATE = {
    "cut": lambda seen: r.stream(r.ROLE, *r.text_events("one two"), r.hold(seen), r.CUT),
    "reset": lambda seen: r.stream(r.ROLE, *r.text_events("one two"), r.hold(seen), r.RESET),
    "stall": lambda seen: r.stream(r.ROLE, *r.text_events("one two"), r.STALL),
    "error_event": lambda seen: r.stream(r.ROLE, *r.text_events("one two"), r.hold(seen), r.ERROR_EVENT, r.DONE),
    "openrouter_error_event": lambda seen: r.stream(
        r.ROLE, *r.text_events("one two"), r.hold(seen), r.OPENROUTER_ERROR_EVENT, r.DONE),
    "clean_end": lambda seen: r.stream(r.ROLE, *r.text_events("one two"), r.hold(seen)),
    "ollama_end": lambda seen: r.stream(r.ROLE, *r.text_events("one two"), r.hold(seen), r.sse(r.delta({"content": ""}))),
    "bad_chunk_size": lambda seen: r.stream(
        r.ROLE, *r.text_events("one two"), r.hold(seen), tail=(b"xyz\r\n", r.STALL)),
    "half_event": lambda seen: r.stream(
        r.ROLE, *r.text_events("one two"), r.hold(seen), b'data: {"choices":[{"delta":{"content":"hal', r.CUT),
    "length_cut": lambda seen: r.steps(
        r.head(200, [("Content-Type", "text/event-stream"), ("Content-Length", "5000")]),
        r.ROLE, *r.text_events("one two"), r.hold(seen), r.CUT),
}

PORTS = ("refused", "connect_timeout", "accept_and_stall")


@pytest.fixture(scope="module")
def world(module_workshop):
    """One daemon, a group per fault with and without a fallback, and a healthy deployment."""
    bad = module_workshop.upstream("bad")
    good = module_workshop.upstream("good")
    bases = {
        "refused": module_workshop.closed_port().base,
        "connect_timeout": module_workshop.black_hole().base,
        "accept_and_stall": module_workshop.silent_port().base,
    }
    late = {f"late_{name}" for name in LATE}
    faults = [*EARLY, *WHOLE, *HELD, *late, *PORTS]
    for name, script in {**EARLY, **WHOLE, **HELD}.items():
        bad.models[name] = script
    rows = [deployment("healthy", good.base)]
    for fault in faults:
        base = bases.get(fault, bad.base)
        rows.append(deployment(fault, base, model=f"openai/{fault}", timeout=TOTAL))
        rows.append(deployment(f"{fault}.fb", base, model=f"openai/{fault}", timeout=TOTAL))
    daemon = module_workshop.daemon(config_of(
        *rows,
        router_settings={"fallbacks": [{f"{fault}.fb": ["healthy"]} for fault in faults]},
        upstream={"connect_timeout": BOUND, "first_token_timeout": BOUND,
                  "local_first_token_timeout": BOUND, "idle_timeout": BOUND},
    )).start()
    return SimpleNamespace(daemon=daemon, bad=bad, good=good, client=daemon.client, ledger=daemon.ledger)


def begin(world):
    """Call it after the exchange: checks that it left one record and nothing running upstream."""
    before = len(world.ledger)
    asked_before = len(world.good.requests)

    def check(reply, outcome):
        wait_until(lambda: len(world.ledger) >= before + 1, 5, "the record")
        record = world.ledger.records()[-1]
        assert len(world.ledger) == before + 1
        assert record.call_id == reply.header("x-spillway-call-id")
        assert record.outcome == outcome, record
        assert world.bad.wait_for(lambda bad: not bad.running(), 5), "the failed request still runs upstream"
        assert world.good.wait_for(lambda good: not good.running(), 5), "the served request still runs upstream"
        return record, len(world.good.requests) - asked_before

    return check


def check_rescued(world, reply, check, stream):
    assert reply.status == 200, reply
    assert reply.complete
    assert reply.text == "Hello from good.", reply
    if stream:
        assert reply.done
        assert reply.finish_reasons == ["stop"]
        assert not reply.error_events
    assert reply.header("x-litellm-attempted-fallbacks") == "1"
    assert reply.header("x-spillway-model-group") == "healthy"
    record, asked = check(reply, "served")
    assert asked == 1
    assert record.model_group == "healthy"
    assert record.attempts == 2
    assert record.fallbacks == 1


def check_refused(world, reply, check):
    assert reply.status >= 400, reply
    assert reply.complete
    assert reply.header("x-should-retry") == "false"
    assert reply.header("content-type").startswith("application/json")
    assert reply.error
    assert "sk-upstream-secret" not in repr(reply.headers) + reply.body.decode()
    record, asked = check(reply, "refused")
    assert asked == 0
    assert record.status == reply.status
    assert record.cost_nano_usd in (None, 0)


BEFORE_COMMIT = [(fault, stream) for fault in [*EARLY, *PORTS] for stream in (False, True)]
BEFORE_COMMIT += [(fault, False) for fault in WHOLE] + [(fault, True) for fault in HELD]
MODES = ["stream" if stream else "whole" for _, stream in BEFORE_COMMIT]
IDS = [f"{fault}-{mode}" for (fault, _), mode in zip(BEFORE_COMMIT, MODES)]


@pytest.mark.parametrize("fault, stream", BEFORE_COMMIT, ids=IDS)
def test_a_failure_before_the_first_byte_is_hidden_by_the_fallback(world, fault, stream):
    check = begin(world)
    reply = world.client.chat(f"{fault}.fb", stream=stream)
    check_rescued(world, reply, check, stream)


@pytest.mark.parametrize("fault, stream", BEFORE_COMMIT, ids=IDS)
def test_a_failure_without_fallback_is_one_honest_error(world, fault, stream):
    check = begin(world)
    reply = world.client.chat(fault, stream=stream)
    check_refused(world, reply, check)


@pytest.mark.parametrize("with_fallback", (False, True), ids=("alone", "fallback"))
@pytest.mark.parametrize("fault", LATE)
def test_a_stream_cut_after_text_ends_with_an_error_event_and_nothing_made_up(world, fault, with_fallback):
    check = begin(world)
    seen = threading.Event()
    world.bad.models[f"late_{fault}"] = LATE[fault](seen)
    with world.client.open_chat(f"late_{fault}" + (".fb" if with_fallback else "")) as connection:
        reply = connection.read_head()
        assert reply.status == 200
        while b" two" not in reply.body:
            reply.body += connection.read_chunk()
        seen.set()
        connection.read_body(reply)
    assert reply.complete, "the chunked body must end cleanly"
    assert reply.text == "one two"
    assert not reply.done
    assert reply.finish_reasons in ([], ["error"]), "no finish_reason may be made up"
    assert len(reply.error_events) == 1, reply
    assert isinstance(reply.error_events[0], dict) and reply.error_events[0]["message"]
    record, asked = check(reply, "broken")
    assert asked == 0, "nothing may be tried again once the client has seen text"
    assert record.status == 200
    assert record.at_least == 1


def test_a_malformed_line_is_skipped_and_the_stream_goes_on(world):
    check = begin(world)
    world.bad.next(r.stream(r.ROLE, *r.text_events("one"), b'data: {"choices":[{\n\n',
                            *[r.sse(r.delta({"content": " two"}))], r.FINISH, r.DONE))
    reply = world.client.chat("status_500", stream=True)
    assert reply.text == "one two"
    assert reply.done
    assert reply.finish_reasons == ["stop"]
    check(reply, "served")


def test_a_malformed_first_line_is_skipped_too(world):
    check = begin(world)
    world.bad.next(r.stream(b"data: {oops\n\n", r.ROLE, *r.text_events("one two"), r.FINISH, r.DONE))
    reply = world.client.chat("status_500", stream=True)
    assert reply.text == "one two"
    assert reply.done
    check(reply, "served")


def test_a_finished_stream_without_done_is_whole_and_gets_no_invented_one(world):
    check = begin(world)
    world.bad.next(r.stream(r.ROLE, *r.text_events("one two"), r.FINISH))
    reply = world.client.chat("status_500", stream=True)
    assert reply.complete
    assert reply.text == "one two"
    assert reply.finish_reasons == ["stop"]
    assert not reply.error_events
    check(reply, "served")


def test_a_few_interim_answers_are_passed_over(world):
    check = begin(world)
    interim = [b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"] * 3
    body = r.whole(r.chat("fine"))
    world.bad.next(lambda turn: _after(turn, interim, body))
    reply = world.client.chat("status_500")
    assert reply.text == "fine"
    check(reply, "served")


async def _after(turn, interim, script):
    for head in interim:
        await turn.send(head)
    await script(turn)


def test_each_failure_stands_once_in_the_metrics_and_nothing_is_in_flight(world):
    text = world.client.get("/metrics").body.decode()
    in_flight = [line for line in text.splitlines() if "in_flight" in line and not line.startswith("#")]
    assert in_flight
    assert all(float(line.rsplit(" ", 1)[1]) == 0 for line in in_flight), in_flight
