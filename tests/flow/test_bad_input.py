"""What bad input gets: a clear 4xx in OpenAI's shape or a closed connection, and nothing upstream.

Promises 1 to 8, 19, 20 and 23 of the reliability facts, from outside.
"""

import gzip
import json
import re
import time
import zlib

import pytest
import zstandard

from fakes import replies as r
from harness.daemon import config_of, deployment
from harness.http import Closed, Connection
from harness.waiting import wait_until

GOOD = b'{"model":"m","messages":[{"role":"user","content":"hi"}]}'
MAX_BODY = 1_000_000


@pytest.fixture(scope="module")
def world(module_workshop):
    upstream = module_workshop.upstream()
    daemon = module_workshop.daemon(config_of(
        deployment("m", upstream.base),
        server={"max_body": MAX_BODY, "head_timeout": 1, "body_timeout": 1, "idle_timeout": 3},
    )).start()
    daemon.upstream = upstream
    return daemon


@pytest.fixture(autouse=True)
def nothing_left_behind(world):
    world.upstream.forget()
    yield
    reply = world.client.chat("m")
    assert reply.status == 200, "the daemon serves on"
    assert all(not connection.dirty for connection in world.upstream.connections)


def exchange(world, raw, patience=8):
    """Sends raw bytes and reads until the server closes or is done; all that came back."""
    with Connection(world.port, timeout=patience) as connection:
        try:
            connection.send(raw)
            return connection.read_to_end()
        except (BrokenPipeError, ConnectionResetError):
            return connection.buffer


def statuses(received):
    return [int(code) for code in re.findall(rb"HTTP/1\.1 (\d{3}) [^\n]*\r\n", received)]


def head(*lines, start=b"POST /v1/chat/completions HTTP/1.1", host=b"Host: localhost", auth=True):
    fields = [start]
    if host is not None:
        fields.append(host)
    if auth:
        fields.append(b"Authorization: Bearer sk-flow-master-key-0123456789")
    fields.append(b"Content-Type: application/json")
    return b"\r\n".join([*fields, *lines]) + b"\r\n\r\n"


LENGTH = b"Content-Length: %d" % len(GOOD)
CHUNKS = b"%x\r\n%s\r\n0\r\n\r\n" % (len(GOOD), GOOD)
CHUNKED = b"Transfer-Encoding: chunked"
SMUGGLED = b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"

REFUSED = {
    # two framings
    "length_and_chunked": head(LENGTH, CHUNKED) + CHUNKS,
    "chunked_and_length": head(CHUNKED, LENGTH) + CHUNKS,
    "length_zero_and_chunked": head(b"Content-Length: 0", CHUNKED) + CHUNKS + SMUGGLED,
    "two_lengths": head(LENGTH, b"Content-Length: 5") + GOOD,
    "two_equal_lengths": head(LENGTH, LENGTH) + GOOD,
    "length_list": head(b"Content-Length: %d, %d" % (len(GOOD), len(GOOD))) + GOOD,
    "two_transfer_encodings": head(CHUNKED, CHUNKED) + CHUNKS,
    "chunked_twice": head(b"Transfer-Encoding: chunked, chunked") + CHUNKS,
    "gzip_chunked": head(b"Transfer-Encoding: gzip, chunked") + CHUNKS,
    "identity": head(b"Transfer-Encoding: identity", LENGTH) + GOOD,
    "xchunked": head(b"Transfer-Encoding: xchunked") + CHUNKS,
    "quoted_chunked": head(b'Transfer-Encoding: "chunked"') + CHUNKS,
    "empty_transfer_encoding": head(b"Transfer-Encoding:") + CHUNKS,
    "vertical_tab_chunked": head(b"Transfer-Encoding: \x0bchunked") + CHUNKS,
    "nbsp_chunked": head(b"Transfer-Encoding: \xa0chunked") + CHUNKS,
    "chunked_semicolon": head(b"Transfer-Encoding: chunked;q=1") + CHUNKS,
    "space_before_colon": head(b"Transfer-Encoding : chunked") + CHUNKS,
    "space_before_colon_length": head(b"Content-Length : %d" % len(GOOD)) + GOOD,
    "folded_transfer_encoding": head(b"Transfer-Encoding:\r\n chunked") + CHUNKS,
    "folded_header": head(b"X-A: 1\r\n b", LENGTH) + GOOD,
    "leading_space_header": head(b" X-A: 1", LENGTH) + GOOD,
    "chunked_in_http_1_0": head(CHUNKED, start=b"POST /v1/chat/completions HTTP/1.0") + CHUNKS,
    # lengths
    "negative_length": head(b"Content-Length: -1") + GOOD,
    "plus_length": head(b"Content-Length: +%d" % len(GOOD)) + GOOD,
    "hex_length": head(b"Content-Length: 0x39") + GOOD,
    "empty_length": head(b"Content-Length:") + GOOD,
    "length_with_space": head(b"Content-Length: 5 7") + GOOD,
    "length_with_letters": head(b"Content-Length: 57abc") + GOOD,
    "decimal_length": head(b"Content-Length: 57.0") + GOOD,
    "overflowing_length": head(b"Content-Length: 18446744073709551673") + GOOD,
    "very_long_length": head(b"Content-Length: " + b"9" * 400) + GOOD,
    # chunks
    "chunk_size_not_hex": head(CHUNKED) + b"zz\r\n" + GOOD,
    "chunk_size_empty": head(CHUNKED) + b"\r\n" + GOOD,
    "chunk_size_negative": head(CHUNKED) + b"-5\r\n" + GOOD,
    "chunk_size_with_0x": head(CHUNKED) + b"0x39\r\n" + GOOD + b"\r\n0\r\n\r\n",
    "chunk_size_overflow": head(CHUNKED) + b"ffffffffffffffff1\r\n" + GOOD,
    "chunk_size_then_space": head(CHUNKED) + b"39 \r\n" + GOOD + b"\r\n0\r\n\r\n",
    "chunk_with_bare_lf": head(CHUNKED) + b"39\n" + GOOD + b"\n0\n\n",
    "chunk_data_longer": head(CHUNKED) + b"2\r\n" + GOOD + b"\r\n0\r\n\r\n",
    "chunk_extension_huge": head(CHUNKED) + b"39;" + b"a" * 5000 + b"\r\n" + GOOD + b"\r\n0\r\n\r\n",
    "chunk_extension_lf": head(CHUNKED) + b"39;a\nb\r\n" + GOOD + b"\r\n0\r\n\r\n",
    "trailers_huge": head(CHUNKED) + CHUNKS[:-2] + b"X-T: " + b"a" * 40_000 + b"\r\n\r\n",
    # line ends and control bytes
    "bare_lf": head(LENGTH).replace(b"\r\n", b"\n") + GOOD,
    "bare_lf_in_head": head(b"X-A: 1\nX-B: 2", LENGTH) + GOOD,
    "bare_cr_in_value": head(b"X-A: 1\rX-B: 2", LENGTH) + GOOD,
    "nul_in_value": head(b"X-A: a\x00b", LENGTH) + GOOD,
    "nul_in_name": head(b"X-\x00A: b", LENGTH) + GOOD,
    "control_in_value": head(b"X-A: a\x08b", LENGTH) + GOOD,
    "empty_name": head(b": x", LENGTH) + GOOD,
    "no_colon": head(b"X-A", LENGTH) + GOOD,
    "space_in_name": head(b"X A: b", LENGTH) + GOOD,
    "bracket_in_name": head(b"X[A]: b", LENGTH) + GOOD,
    # request line and host
    "no_host": head(LENGTH, host=None) + GOOD,
    "two_hosts": head(b"Host: other", LENGTH) + GOOD,
    "target_without_slash": head(LENGTH, start=b"POST v1/chat/completions HTTP/1.1") + GOOD,
    "target_absolute": head(LENGTH, start=b"POST http://evil/v1/chat/completions HTTP/1.1") + GOOD,
    "target_star": head(LENGTH, start=b"POST * HTTP/1.1") + GOOD,
    "target_with_space": head(LENGTH, start=b"POST /v1/chat /completions HTTP/1.1") + GOOD,
    "target_with_control": head(LENGTH, start=b"POST /v1/chat\x01 HTTP/1.1") + GOOD,
    "connect": head(start=b"CONNECT localhost:443 HTTP/1.1"),
    "trace": head(start=b"TRACE / HTTP/1.1"),
    "unknown_method": head(LENGTH, start=b"GETT /v1/chat/completions HTTP/1.1") + GOOD,
    "lower_case_method": head(LENGTH, start=b"post /v1/chat/completions HTTP/1.1") + GOOD,
    "version_2_0": head(LENGTH, start=b"POST /v1/chat/completions HTTP/2.0") + GOOD,
    "version_1_2": head(LENGTH, start=b"POST /v1/chat/completions HTTP/1.2") + GOOD,
    "version_lower": head(LENGTH, start=b"POST /v1/chat/completions http/1.1") + GOOD,
    "no_version": b"POST /v1/chat/completions\r\nHost: x\r\n\r\n",
    "double_space": head(LENGTH, start=b"POST  /v1/chat/completions HTTP/1.1") + GOOD,
    # not HTTP
    "tls_hello": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 300 + b"\r\n\r\n",
    "ssh": b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
    "http2_preface": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "random": bytes((n * 7919 + 13) % 256 for n in range(500)) + b"\r\n\r\n",
    # sizes
    "long_request_line": b"GET /" + b"a" * 40_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    "long_header": head(b"X-A: " + b"a" * 40_000, LENGTH) + GOOD,
    "many_headers": head(*[b"X-%d: 1" % n for n in range(200)], LENGTH) + GOOD,
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_request_that_a_proxy_must_refuse_reaches_nobody(world, name):
    received = exchange(world, REFUSED[name])
    got = statuses(received)
    assert len(got) <= 1, f"two answers to one request: {received[:400]!r}"
    assert all(400 <= status < 500 or status in (501, 505) for status in got), received[:400]
    assert not world.upstream.requests, "something was forwarded"
    if got and b"\r\n\r\n" in received:
        body = received.split(b"\r\n\r\n", 1)[1]
        assert set(json.loads(body)["error"]) == {"message", "type", "param", "code"}


ACCEPTED = {
    "chunked": head(CHUNKED, b"Connection: close") + CHUNKS,
    "chunked_upper_case": head(b"transfer-encoding: Chunked", b"Connection: close") + CHUNKS,
    "chunk_extension": head(CHUNKED, b"Connection: close") + b"39;a=b\r\n" + GOOD + b"\r\n0\r\n\r\n",
    "trailers_dropped": head(CHUNKED, b"Connection: close") + CHUNKS[:-2] + b"X-T: a\r\n\r\n",
    "many_chunks": head(CHUNKED, b"Connection: close")
    + b"".join(b"1\r\n%c\r\n" % byte for byte in GOOD) + b"0\r\n\r\n",
    "http_1_0": head(LENGTH, start=b"POST /v1/chat/completions HTTP/1.0") + GOOD,
    "expect_continue": head(LENGTH, b"Expect: 100-continue", b"Connection: close") + GOOD,
    "upgrade_ignored": head(LENGTH, b"Upgrade: h2c", b"Connection: Upgrade, close") + GOOD,
}


@pytest.mark.parametrize("name", ACCEPTED)
def test_lawful_framings_are_served_and_rebuilt(world, name):
    received = exchange(world, ACCEPTED[name])
    assert [status for status in statuses(received) if status >= 200] == [200], received[:300]
    assert len(world.upstream.requests) == 1
    request = world.upstream.requests[0]
    assert request.body == GOOD
    assert request.header("transfer-encoding") is None and request.header("content-length") == str(len(GOOD))
    assert request.header("upgrade") is None and request.header("x-t") is None


def test_pipelined_requests_are_answered_in_order(world):
    request = head(LENGTH) + GOOD
    last = head(LENGTH, b"Connection: close") + GOOD
    received = exchange(world, request + request + last)
    assert statuses(received) == [200, 200, 200]
    assert len(world.upstream.requests) == 3


def test_a_connection_is_kept_for_the_next_request(world):
    with world.client.connect() as connection:
        for _ in range(3):
            connection.send(head(LENGTH) + GOOD)
            assert connection.read_reply().status == 200
    assert len(world.upstream.requests) == 3


# --- sizes


def test_a_declared_body_over_the_limit_is_refused_before_it_is_read(world):
    with world.client.connect() as connection:
        began = time.monotonic()
        connection.send(head(b"Content-Length: %d" % (MAX_BODY + 1)))
        reply = connection.read_reply()
        assert reply.status == 413
        assert time.monotonic() - began < 1
        assert reply.error
        assert connection.is_closed_by_server()
    assert not world.upstream.requests


def test_an_endless_chunked_body_is_refused_at_the_limit(world):
    with world.client.connect() as connection:
        piece = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
        sent = 0
        try:
            connection.send(head(CHUNKED))
            while sent < 4 * MAX_BODY:
                connection.send(piece)
                sent += 0x10000
        except (BrokenPipeError, ConnectionResetError):
            pass
        try:
            assert connection.read_reply().status == 413
        except Closed:
            pass  # a reset may overtake the answer when we were still sending
    assert not world.upstream.requests


def test_a_body_at_the_limit_is_served(world):
    body = GOOD + b" " * (MAX_BODY - len(GOOD))
    assert world.client.post("/v1/chat/completions", body).status == 200


@pytest.mark.parametrize("alignment", range(4))
def test_many_tiny_header_lines_are_cut_off_whatever_the_packets(world, alignment):
    """Promise 4: Beast's own limit fails here (finding 1)."""
    with Connection(world.port, timeout=8) as connection:
        line = b"A:\r\n"
        try:
            connection.send(b"GET /v1/models HTTP/1.1\r\nHost: x\r\n" + line[:alignment])
            for _ in range(300):
                connection.send((line * 250)[alignment:] + line[:alignment])
        except (BrokenPipeError, ConnectionResetError):
            pass
        assert statuses(connection.read_to_end()) in ([], [431], [400])


# --- slow senders


def test_a_head_that_does_not_arrive_in_time_is_cut_off(world):
    with Connection(world.port, timeout=8) as connection:
        began = time.monotonic()
        connection.socket.settimeout(0.2)
        dripped = 0
        try:
            connection.send(b"POST /v1/chat/completions HTTP/1.1\r\n")
            while time.monotonic() - began < 6:
                try:
                    if not connection.receive():
                        break
                except TimeoutError:
                    connection.send(b"X")  # a byte now and then must not keep the clock from running
                    dripped += 1
        except (BrokenPipeError, ConnectionResetError):
            pass
        assert time.monotonic() - began < 5
        assert statuses(connection.buffer) in ([], [408])
        assert dripped > 1


def test_a_body_that_drips_is_cut_off(world):
    with Connection(world.port, timeout=15) as connection:
        began = time.monotonic()
        connection.socket.settimeout(0.2)
        try:
            connection.send(head(b"Content-Length: 500"))
            while time.monotonic() - began < 12:
                try:
                    if not connection.receive():
                        break
                except TimeoutError:
                    connection.send(b" ")
        except (BrokenPipeError, ConnectionResetError):
            pass
        assert time.monotonic() - began < 11
        assert statuses(connection.buffer) in ([], [408])
    assert not world.upstream.requests


def test_an_idle_connection_is_closed_in_silence(world):
    with Connection(world.port, timeout=8) as connection:
        assert connection.is_closed_by_server()


def test_slow_heads_do_not_slow_others_down(world):
    slow = [Connection(world.port, timeout=10) for _ in range(200)]
    for connection in slow:
        connection.send(b"GET /v1/models HTTP/1.1\r\nHost:")
    for _ in range(20):
        assert world.client.chat("m").seconds < 1
    for connection in slow:
        connection.read_to_end()
        connection.close()


# --- JSON


def invalid(body, status=400):
    return body if isinstance(body, bytes) else json.dumps(body).encode(), status


MESSAGES = b'"messages":[{"role":"user","content":"hi"}]'
BAD_JSON = {
    "empty": b"",
    "blank": b"   ",
    "not_json": b"hello",
    "cut": b'{"model":"m","messages":[',
    "trailing": GOOD + b"x",
    "two_documents": GOOD + GOOD,
    "array": b"[" + GOOD + b"]",
    "string": b'"m"',
    "number": b"1",
    "null": b"null",
    "single_quotes": b"{'model':'m'}",
    "comment": b'{"model":"m",/*x*/' + MESSAGES + b"}",
    "trailing_comma": b'{"model":"m",' + MESSAGES + b",}",
    "unquoted_key": b'{model:"m",' + MESSAGES + b"}",
    "nan": b'{"model":"m","temperature":NaN,' + MESSAGES + b"}",
    "leading_zero": b'{"model":"m","seed":012,' + MESSAGES + b"}",
    "bad_utf8": b'{"model":"m","user":"\xff\xfe",' + MESSAGES + b"}",
    "bad_utf8_overlong": b'{"model":"m","user":"\xc0\xaf",' + MESSAGES + b"}",
    "surrogate_in_utf8": b'{"model":"m","user":"\xed\xa0\x80",' + MESSAGES + b"}",
    "bad_escape": b'{"model":"m","user":"\\x41",' + MESSAGES + b"}",
    "raw_newline_in_string": b'{"model":"m","user":"a\nb",' + MESSAGES + b"}",
    "raw_nul": b'{"model":"m","user":"a\x00b",' + MESSAGES + b"}",
    "utf16": GOOD.decode().encode("utf-16"),
    "depth_bomb": b'{"model":"m","x":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "depth_65": b'{"model":"m","x":' + b"[" * 65 + b"]" * 65 + b"}",
    "depth_objects": b'{"model":"m","x":' + b'{"a":' * 1000 + b"1" + b"}" * 1000 + b"}",
    "unclosed_depth": b"[" * 500_000,
    "duplicate_model": b'{"model":"m","model":"other",' + MESSAGES + b"}",
    "duplicate_model_escaped": b'{"model":"m","mod\\u0065l":"other",' + MESSAGES + b"}",
    "duplicate_messages": b'{"model":"m",' + MESSAGES + b"," + MESSAGES + b"}",
    "duplicate_stream": b'{"model":"m","stream":false,"stream":true,' + MESSAGES + b"}",
    "duplicate_role": b'{"model":"m","messages":[{"role":"user","role":"system","content":"hi"}]}',
    "duplicate_content": b'{"model":"m","messages":[{"role":"user","content":"a","content":"b"}]}',
    "no_model": b"{" + MESSAGES + b"}",
    "model_null": b'{"model":null,' + MESSAGES + b"}",
    "model_number": b'{"model":5,' + MESSAGES + b"}",
    "model_list": b'{"model":["m"],' + MESSAGES + b"}",
    "model_empty": b'{"model":"",' + MESSAGES + b"}",
    "stream_string": b'{"model":"m","stream":"yes",' + MESSAGES + b"}",
    "stream_number": b'{"model":"m","stream":1,' + MESSAGES + b"}",
    "messages_string": b'{"model":"m","messages":"hi"}',
    "messages_object": b'{"model":"m","messages":{"role":"user"}}',
    "stream_options_list": b'{"model":"m","stream":true,"stream_options":[],' + MESSAGES + b"}",
    "fallbacks_number": b'{"model":"m","fallbacks":7,' + MESSAGES + b"}",
    "num_retries_string": b'{"model":"m","num_retries":"many",' + MESSAGES + b"}",
    "timeout_string": b'{"model":"m","timeout":"soon",' + MESSAGES + b"}",
}


@pytest.mark.parametrize("name", BAD_JSON)
def test_a_body_that_is_not_a_sound_request_is_refused(world, name):
    before = len(world.ledger)
    reply = world.client.post("/v1/chat/completions", BAD_JSON[name])
    assert reply.status == 400, reply
    assert reply.error["type"] == "invalid_request_error"
    assert not world.upstream.requests
    assert len(world.ledger) == before + 1, "a refused request leaves its record too"
    assert world.ledger.records()[-1].outcome == "refused"


def test_depth_64_is_accepted(world):
    body = b'{"model":"m","messages":[{"role":"user","content":"x"}],"x":' + b"[" * 60 + b"]" * 60 + b"}"
    assert world.client.post("/v1/chat/completions", body).status == 200


def test_an_unknown_model_is_a_404_that_names_those_there_are(world):
    reply = world.client.chat("gpt-9")
    assert reply.status == 404
    assert reply.error["code"] == "model_not_found"
    assert "gpt-9" in reply.error["message"] and "m" in reply.error["message"]
    assert reply.error["param"] == "model"


def test_a_hostile_model_name_does_no_harm(world):
    for name in ("../../etc/passwd", "m\r\nX-Injected: 1", "m\x00", "'; DROP TABLE records; --", "%00", "ü" * 5000):
        reply = world.client.chat(name)
        assert reply.status in (400, 404), name
        assert reply.error["param"] == "model"
        assert reply.header("x-injected") is None
    assert not world.upstream.requests
    assert "X-Injected" not in "\n".join(line for line in world.log.splitlines() if line.startswith("X-"))


def test_a_megabyte_of_bad_json_is_refused_quickly(world):
    body = b'{"model":"m","messages":[{"role":"user","content":"' + b"\\u00e9" * 160_000 + b'"}],}'
    reply = world.client.post("/v1/chat/completions", body)
    assert reply.status == 400
    assert reply.seconds < 2


# --- encodings


def test_gzip_and_zstd_bodies_are_decoded(world):
    packed = {"gzip": gzip.compress(GOOD), "zstd": zstandard.compress(GOOD)}
    for encoding, body in packed.items():
        reply = world.client.post("/v1/chat/completions", body, [("Content-Encoding", encoding)])
        assert reply.status == 200, encoding
    for request in world.upstream.requests:
        assert request.body == GOOD
        assert request.header("content-encoding") is None


@pytest.mark.parametrize("encoding", ("br", "compress", "gzip, gzip", "x-unknown", "deflate"))
def test_other_encodings_get_415(world, encoding):
    body = zlib.compress(GOOD) if encoding == "deflate" else GOOD
    reply = world.client.post("/v1/chat/completions", body, [("Content-Encoding", encoding)])
    assert reply.status == 415
    assert reply.error
    assert not world.upstream.requests


@pytest.mark.parametrize("encoding", ("gzip", "zstd"))
def test_a_compressed_bomb_is_stopped_at_the_limit(world, encoding):
    plain = b" " * 200_000_000
    bomb = gzip.compress(plain, 9) if encoding == "gzip" else zstandard.compress(plain, 9)
    before = world.resident_bytes()
    reply = world.client.post("/v1/chat/completions", bomb, [("Content-Encoding", encoding)])
    assert reply.status == 413
    assert world.resident_bytes() - before < 64_000_000
    assert not world.upstream.requests


@pytest.mark.parametrize("encoding", ("gzip", "zstd"))
def test_a_broken_compressed_body_is_a_400(world, encoding):
    whole = gzip.compress(GOOD) if encoding == "gzip" else zstandard.compress(GOOD)
    for body in (whole[:-6], b"nonsense" * 5, whole[:12] + b"\xff\xff\xff" + whole[15:], b""):
        reply = world.client.post("/v1/chat/completions", body, [("Content-Encoding", encoding)])
        assert reply.status == 400, body
        assert reply.error
    assert not world.upstream.requests


# --- multipart


def test_a_multipart_body_without_a_model_or_with_two_is_refused(world):
    part = b'--b\r\nContent-Disposition: form-data; name="model"\r\n\r\nm\r\n'
    kind = [("Content-Type", "multipart/form-data; boundary=b")]
    for body in (part.replace(b'"model"', b'"file"') + b"--b--\r\n", part + part + b"--b--\r\n", part, b"--b--\r\n", b"junk"):
        reply = world.client.request("POST", "/v1/audio/transcriptions", kind, body)
        assert reply.status == 400, body
    for boundary in ("", "; boundary=", "; boundary=" + "b" * 5000):
        reply = world.client.request("POST", "/v1/audio/transcriptions",
                                     [("Content-Type", "multipart/form-data" + boundary)], part + b"--b--\r\n")
        assert 400 <= reply.status < 500
    assert not world.upstream.requests


def test_a_caller_can_name_a_model_but_never_a_host(world):
    """Promise 21."""
    evil = {"api_base": "http://127.0.0.1:1/v1", "base_url": "http://127.0.0.1:1/v1", "api_key": "sk-mine",
            "custom_llm_provider": "ollama", "extra_headers": {"X": "1"}}
    world.client.chat("m", **evil)
    request = wait_until(lambda: world.upstream.requests, 5)[0]
    assert request.header("authorization") == "Bearer sk-upstream-secret"
    assert request.header("host") == f"127.0.0.1:{world.upstream.port}"


def test_a_redirect_is_never_followed(world, workshop):
    evil = workshop.upstream("evil")
    world.upstream.next(r.steps(r.head(307, [("Location", evil.base + "/chat/completions"), ("Content-Length", "0")])))
    assert world.client.chat("m").status >= 500
    assert not evil.connections
