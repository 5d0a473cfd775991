"""Connections to upstreams: reuse, poison, races, floods; and clients that leave.

Promises 11 to 18.
"""

import json
import socket
import threading
import time

import pytest

from fakes import replies as r
from harness.daemon import ASAN_OPTIONS, config_of, deployment, in_parallel
from harness.waiting import stays, wait_until


def one_shard(workshop, *deployments, **sections):
    return workshop.serve(*deployments, shards=1, **sections)


# --- reuse


def test_connections_are_kept_and_used_again(workshop, upstream):
    daemon = one_shard(workshop, deployment("m", upstream.base))
    for number in range(10):
        assert daemon.client.chat("m", stream=bool(number % 2)).status == 200
    assert len(upstream.connections) == 1


def test_a_connection_is_used_again_after_an_error_answer(workshop, upstream):
    daemon = one_shard(workshop, deployment("m", upstream.base))
    upstream.next(r.status(400, "no", kind="invalid_request_error"), r.status(500, "boom"))
    for status in (400, 502, 200):
        assert daemon.client.chat("m").status in (status, 500)
    assert len(upstream.connections) == 1


def test_a_connection_that_announces_its_end_is_not_used_again(workshop, upstream):
    daemon = one_shard(workshop, deployment("m", upstream.base))
    upstream.default = r.whole(r.chat("x"), headers=[("Connection", "close")])
    for _ in range(3):
        assert daemon.client.chat("m").text == "x"
    assert len(upstream.connections) == 3


def test_a_close_delimited_answer_is_taken_to_its_end(workshop, upstream):
    daemon = one_shard(workshop, deployment("m", upstream.base))
    body = b'{"choices":[{"index":0,"message":{"role":"assistant","content":"to the end"},"finish_reason":"stop"}]}'
    upstream.next(r.steps(b"HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n" + body, r.CUT))
    assert daemon.client.chat("m").text == "to the end"
    assert daemon.client.chat("m").text == "Hello from alpha."


def test_an_unread_byte_on_an_idle_connection_kills_it(workshop, upstream):
    """Promise 13: an answer nobody asked for must not become the answer of the next request."""
    daemon = one_shard(workshop, deployment("m", upstream.base))
    body = b'{"choices":[{"index":0,"message":{"role":"assistant","content":"POISON"},"finish_reason":"stop"}]}'
    poison = r.head(200, [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]) + body
    for _ in range(10):
        assert daemon.client.chat("m").text == "Hello from alpha."
        upstream.write_to_idle(poison)
        assert daemon.client.chat("m").text == "Hello from alpha."
    assert len(upstream.connections) > 1


def test_bytes_behind_an_answer_are_never_read_as_the_next_one(workshop, upstream):
    daemon = one_shard(workshop, deployment("m", upstream.base))

    def answer(text):
        body = json.dumps(r.chat(text)).encode()
        return r.head(200, [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]) + body

    for _ in range(10):
        upstream.next(r.steps(answer("first") + answer("POISON")))
        assert daemon.client.chat("m").text == "first"
        assert daemon.client.chat("m").text == "Hello from alpha."


def test_bytes_behind_the_last_chunk_are_not_read_either(workshop, upstream):
    daemon = one_shard(workshop, deployment("m", upstream.base))
    for _ in range(5):
        upstream.next(r.stream(r.ROLE, *r.text_events("first"), r.FINISH, r.DONE,
                               tail=(r.LAST_CHUNK + b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",)))
        assert daemon.client.chat("m", stream=True).text == "first"
        assert daemon.client.chat("m", stream=True).text == "Hello from alpha."


def test_connections_that_the_server_closed_meanwhile_cost_no_request(workshop, upstream):
    """Promise 14: the keep-alive race is invisible, and nothing goes upstream twice."""
    daemon = one_shard(workshop, deployment("m", upstream.base))
    for number in range(40):
        reply = daemon.client.chat("m", user=str(number))
        assert reply.status == 200, number
        assert reply.header("x-litellm-attempted-retries") == "0"
        upstream.close_idle()
    users = [request.json["user"] for request in upstream.requests]
    assert users == [str(number) for number in range(40)]


def test_a_server_that_closes_while_the_next_request_is_on_its_way_costs_nothing(workshop, upstream):
    """The same race without a pause: the end of file crosses the request."""
    daemon = one_shard(workshop, deployment("m", upstream.base))

    async def answer_then_close(turn):
        await r.whole(r.chat("x"))(turn)
        await turn.cut()

    upstream.default = answer_then_close
    replies = [daemon.client.chat("m", user=str(number)) for number in range(300)]
    assert sum(reply.status == 200 for reply in replies) >= 297
    users = [request.json["user"] for request in upstream.requests]
    assert len(users) == len(set(users)), "sent twice"


def test_a_request_whose_answer_began_is_never_sent_twice(workshop, upstream):
    daemon = one_shard(workshop, deployment("m", upstream.base))
    assert daemon.client.chat("m").status == 200
    upstream.next(r.steps(b"HTTP/1.1 200", r.RESET))
    assert daemon.client.chat("m").status >= 500
    assert len(upstream.requests) == 2


def test_a_fresh_connection_that_is_closed_without_an_answer_is_a_failure(workshop, upstream):
    daemon = one_shard(workshop, deployment("m", upstream.base))
    upstream.default = r.steps(r.CUT)
    assert daemon.client.chat("m").status >= 500
    assert len(upstream.requests) == 1


# --- floods (promise 16)


def test_an_enormous_answer_passes_in_bounded_memory(workshop, upstream):
    daemon = one_shard(workshop, deployment("m", upstream.base))
    size, piece = 256 << 20, b" " * (1 << 20)

    async def flood(turn):
        await turn.send(r.head(200, [("Content-Type", "application/json"), ("Content-Length", str(size))]))
        for _ in range(size // len(piece)):
            await turn.send(piece)

    daemon.client.chat("m")
    before, most = daemon.resident_bytes(), 0
    upstream.next(flood)
    with daemon.client.open_chat("m", stream=False, headers=[("Connection", "close")]) as connection:
        connection.socket.settimeout(60)
        received = 0
        while received < size and connection.receive():
            received += len(connection.buffer)
            connection.buffer = b""
            most = max(most, daemon.resident_bytes())
    assert most - before < 64 << 20


def test_an_endless_error_body_is_not_collected(workshop, upstream):
    daemon = one_shard(workshop, deployment("m", upstream.base))

    async def flood(turn):
        await turn.send(r.head(500, [("Content-Type", "application/json"), ("Transfer-Encoding", "chunked")]))
        while True:
            await turn.chunk(b"a" * 65536)

    upstream.next(flood)
    before = daemon.resident_bytes()
    reply = daemon.client.chat("m")
    assert reply.status >= 500 and len(reply.body) < 100_000
    assert daemon.resident_bytes() - before < 32 << 20
    assert upstream.wait_for(lambda seen: not seen.running(), 5)


def test_a_compressed_answer_is_never_inflated(workshop, upstream):
    """We ask for identity; what comes compressed all the same is not ours to unpack."""
    import gzip

    daemon = one_shard(workshop, deployment("m", upstream.base))
    bomb = gzip.compress(b"0" * (200 << 20), 9)
    upstream.next(r.whole(bomb, headers=[("Content-Encoding", "gzip")]))
    before = daemon.resident_bytes()
    reply = daemon.client.chat("m")
    assert reply.status >= 500 or reply.body == bomb
    assert daemon.resident_bytes() - before < 64 << 20


def test_a_line_without_end_in_a_stream_is_bounded(workshop, upstream):
    daemon = one_shard(workshop, deployment("m", upstream.base))

    async def endless(turn):
        await turn.send(r.SSE_HEAD)
        await turn.chunk(b"data: " + b"a" * 1000)
        while True:
            await turn.chunk(b"a" * 65536)

    upstream.next(endless)
    before = daemon.resident_bytes()
    reply = daemon.client.chat("m", stream=True)
    assert reply.status >= 500 or reply.error_events
    assert daemon.resident_bytes() - before < 128 << 20
    assert upstream.wait_for(lambda seen: not seen.running(), 5)


# --- clients that leave (promise 18)


def abandoned_record(daemon, before):
    wait_until(lambda: len(daemon.ledger) > before, 5, "the record")
    records = daemon.ledger.records()
    assert len(records) == before + 1
    assert records[-1].outcome == "abandoned", records[-1]
    return records[-1]


@pytest.mark.parametrize("how", ("close", "reset", "half_close"))
@pytest.mark.parametrize("when", ("waiting_for_head", "in_stream", "in_whole_body"))
def test_a_client_that_leaves_cancels_the_upstream_at_once(workshop, upstream, how, when):
    spare = workshop.upstream("spare")
    daemon = one_shard(workshop, deployment("m", upstream.base), deployment("spare", spare.base),
                       router_settings={"num_retries": 2, "fallbacks": [{"m": ["spare"]}], "disable_cooldowns": False,
                                        "allowed_fails": 0})
    scripts = {"waiting_for_head": r.steps(r.STALL), "in_stream": r.stream(r.ROLE, *r.text_events("one"), r.STALL),
               "in_whole_body": r.steps(r.head(200, [("Content-Type", "application/json"), ("Content-Length", "999")]),
                                        b'{"choices":', r.STALL)}
    upstream.next(scripts[when])
    before = len(daemon.ledger)
    connection = daemon.client.open_chat("m", stream=when == "in_stream")
    request = upstream.wait_for_requests(1)[0]
    if when == "in_stream":
        connection.read_head()
        connection.read_chunk()
    left = time.monotonic()
    if how == "close":
        connection.close()
    elif how == "reset":
        connection.reset()
    else:
        connection.socket.shutdown(socket.SHUT_WR)
    assert upstream.wait_for(lambda _: request.gone, 5), "the upstream request goes on"
    assert request.gone - left < 1
    record = abandoned_record(daemon, before)
    assert record.retries == 0 and record.fallbacks == 0
    assert len(upstream.requests) == 1, "nothing is tried again for a client that left"
    assert daemon.client.chat("m").text == "Hello from alpha.", "and it counts against nobody"
    connection.close()


def test_a_client_that_resets_right_behind_its_request_is_noticed(workshop, upstream):
    upstream.default = r.steps(r.STALL)
    daemon = one_shard(workshop, deployment("m", upstream.base))
    for _ in range(20):
        daemon.client.open_chat("m").reset()
    assert daemon.client.get("/v1/models").status == 200
    assert upstream.wait_for(lambda seen: not seen.running(), 2), "a client that reset went unnoticed"
    wait_until(lambda: {record.outcome for record in daemon.ledger.records()} <= {"abandoned"}, 2)


def test_a_client_that_leaves_while_we_wait_to_retry_ends_the_waiting(workshop, upstream):
    upstream.default = r.status(429, "slow", [("Retry-After", "3")])
    daemon = one_shard(workshop, deployment("m", upstream.base), router_settings={"num_retries": 3})
    before = len(daemon.ledger)
    connection = daemon.client.open_chat("m", stream=False)
    upstream.wait_for_requests(1)
    connection.close()
    wait_until(lambda: len(daemon.ledger) > before, 2, "the record")
    assert daemon.ledger.records()[-1].outcome == "abandoned"
    assert len(upstream.requests) == 1


def test_a_hundred_clients_leave_and_nothing_is_left(workshop, upstream):
    daemon = workshop.serve(deployment("m", upstream.base))
    upstream.default = r.stream(r.ROLE, *r.text_events("one"), r.STALL)
    descriptors = daemon.descriptors()
    connections = [daemon.client.open_chat("m") for _ in range(100)]
    for connection in connections:
        connection.read_head()
        connection.read_chunk()
    left = time.monotonic()
    for connection in connections:
        connection.reset()
    assert upstream.wait_for(lambda seen: len(seen.requests) == 100 and not seen.running(), 5)
    gone = sorted(request.gone - left for request in upstream.requests)
    assert gone[50] < 0.5 and gone[-1] < 1, gone[-1]
    wait_until(lambda: len(daemon.ledger) == 100, 5)
    assert {record.outcome for record in daemon.ledger.records()} == {"abandoned"}
    wait_until(lambda: daemon.descriptors() <= descriptors + 8, 5, "descriptors back to the baseline")


# --- slow readers (promise 11)


def test_a_client_that_does_not_read_pauses_the_upstream(workshop, upstream):
    # What AddressSanitizer keeps of freed memory is not what the daemon holds.
    daemon = one_shard(workshop, deployment("m", upstream.base), server={"write_stall_timeout": 2},
                       env={"ASAN_OPTIONS": ASAN_OPTIONS + ":quarantine_size_mb=1"})
    sent = []

    async def flood(turn):
        await turn.send(r.SSE_HEAD)
        event = r.sse(r.delta({"content": "x" * 30_000}))
        while True:
            await turn.chunk(event)
            sent.append(len(event))

    upstream.next(flood)
    before = daemon.resident_bytes()
    with daemon.client.open_chat("m") as connection:
        connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
        connection.read_head()
        request = upstream.wait_for_requests(1)[0]
        assert upstream.wait_for(lambda _: request.gone, 10), "a write that stalls must end the request"
    assert sum(sent) < 64 << 20, "the upstream was paused"
    assert daemon.resident_bytes() - before < 16 << 20
    wait_until(lambda: len(daemon.ledger) == 1, 5)
    assert daemon.ledger.records()[0].outcome == "abandoned"


@pytest.mark.memory
def test_many_slow_readers_cost_little_memory(workshop, upstream):
    daemon = one_shard(workshop, deployment("m", upstream.base), server={"write_stall_timeout": 60})

    async def flood(turn):
        await turn.send(r.SSE_HEAD)
        event = r.sse(r.delta({"content": "x" * 8_000}))
        while True:
            await turn.chunk(event)

    upstream.default = flood
    before = daemon.resident_bytes()
    connections = [daemon.client.open_chat("m") for _ in range(50)]
    for connection in connections:
        connection.read_head()
    stays(lambda: daemon.resident_bytes() - before < 50 * 512 * 1024, 1.5, "bounded memory")
    for connection in connections:
        connection.reset()
    assert upstream.wait_for(lambda seen: not seen.running(), 5)


# --- crowds


def test_many_at_once_are_all_served_and_each_is_recorded_once(workshop, upstream):
    daemon = workshop.serve(deployment("m", upstream.base))

    def work(number):
        ids = []
        for turn in range(10):
            reply = daemon.client.chat("m", stream=(number + turn) % 2 == 0, user=f"{number}-{turn}")
            assert reply.status == 200 and reply.text == "Hello from alpha."
            ids.append(reply.header("x-spillway-call-id"))
        return ids

    ids = sum(in_parallel(16, work), [])
    assert len(set(ids)) == 160
    records = daemon.ledger.records()
    assert sorted(record.call_id for record in records) == sorted(ids)
    assert all(record.outcome == "served" for record in records)


def test_a_committed_stream_that_pauses_gets_comments(workshop, upstream):
    """wire.md 7, rule 5: `: keep-alive` every 10 to 15 s, only after the commit point."""
    daemon = one_shard(workshop, deployment("m", upstream.base),
                       upstream={"idle_timeout": 40, "local_first_token_timeout": 40})
    enough = threading.Event()
    upstream.next(r.stream(r.ROLE, *r.text_events("one"), r.hold(enough), *r.text_events("two"), r.FINISH, r.DONE))
    with daemon.client.open_chat("m") as connection:
        reply = connection.read_head()
        began = time.monotonic()
        while not (comment := connection.read_chunk()).startswith(b":"):
            reply.body += comment
        assert comment.endswith(b"\n\n")
        assert time.monotonic() - began < 18
        enough.set()
        connection.read_body(reply)
    assert reply.text == "onetwo" and reply.done
