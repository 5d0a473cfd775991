"""Requests that are the same: idempotency keys, and coalescing."""

import sqlite3
import stat
import threading

from fakes import replies as r
from harness.daemon import config_of, deployment, in_parallel
from harness.waiting import wait_until

KEY = [("Idempotency-Key", "order-4711")]


def replayed(reply):
    return reply.header("x-spillway-idempotent-replay") == "true"


def kept(daemon):
    """Answers in the file; waits for the first."""
    path = daemon.folder / "ledger.answers.db"
    if not path.exists():
        return 0
    database = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=5)
    try:
        return database.execute("SELECT count(*) FROM answers").fetchone()[0]
    except sqlite3.OperationalError:  # not made yet
        return 0
    finally:
        database.close()


def waiting(daemon, count):
    """Waits until so many requests are in flight."""
    wait_until(lambda: f"spillway_requests_in_flight {count}\n" in daemon.client.get("/metrics").body.decode(),
               what=f"{count} requests in flight")


def test_the_same_key_and_body_get_the_same_answer_and_pay_once(workshop, upstream):
    daemon = workshop.serve(deployment("m", upstream.base, input_cost_per_token=1e-6, output_cost_per_token=1e-6))
    first = daemon.client.chat("m", headers=KEY)
    again = daemon.client.chat("m", headers=[("X-Idempotency-Key", "order-4711")])
    assert (first.status, again.status) == (200, 200)
    assert not replayed(first) and replayed(again)
    assert again.body == first.body
    assert again.header("x-spillway-original-call-id") == first.header("x-spillway-call-id")
    assert again.header("x-spillway-call-id") != first.header("x-spillway-call-id")
    assert again.header("x-litellm-model-id") == first.header("x-litellm-model-id")
    assert again.header("x-spillway-response-cost") == "0"
    assert len(upstream.requests) == 1
    paid, free = daemon.ledger.records()
    assert paid.cost_nano_usd > 0 and not paid.replayed
    assert (free.cost_nano_usd, free.replayed, free.outcome) == (0, 1, "served")
    assert free.prompt_tokens == free.completion_tokens == 0


def test_a_stream_is_replayed_as_the_same_stream(workshop, upstream):
    daemon = workshop.serve(deployment("m", upstream.base))
    first = daemon.client.chat("m", stream=True, headers=KEY)
    again = daemon.client.chat("m", stream=True, headers=KEY)
    assert first.done and again.done and again.complete
    assert again.body == first.body
    assert again.header("content-type") == first.header("content-type")
    assert replayed(again)
    assert len(upstream.requests) == 1


def test_twenty_at_once_make_one_call_and_one_charge(workshop, upstream):
    daemon = workshop.serve(deployment("m", upstream.base, input_cost_per_token=1e-6, output_cost_per_token=1e-6))
    gate = threading.Event()
    upstream.default = r.stream(r.ROLE, r.sse(r.delta({"content": "once"})), r.hold(gate), r.FINISH, r.USAGE_EVENT, r.DONE)

    def ask(number):
        if number == 20:  # lets the others gather before the answer ends
            upstream.wait_for_requests(1)
            waiting(daemon, 20)
            gate.set()
            return None
        return daemon.client.chat("m", stream=True, headers=KEY)

    replies = in_parallel(21, ask)[:20]
    assert [reply.text for reply in replies] == ["once"] * 20
    assert sum(replayed(reply) for reply in replies) == 19
    assert len(upstream.requests) == 1
    records = daemon.ledger.records()
    assert len(records) == 20
    assert sum(1 for record in records if record.cost_nano_usd) == 1


def test_another_body_under_the_same_key_is_a_conflict(workshop, upstream):
    daemon = workshop.serve(deployment("m", upstream.base))
    daemon.client.chat("m", headers=KEY)
    other = daemon.client.chat("m", headers=KEY, max_tokens=5)
    assert other.status == 422
    assert other.error["code"] == "idempotency_conflict"
    assert len(upstream.requests) == 1
    record = daemon.ledger.record(other.header("x-spillway-call-id"))
    assert (record.outcome, record.status, record.error) == ("refused", 422, "idempotency_conflict")


def test_a_key_that_is_none_is_refused(workshop, upstream):
    daemon = workshop.serve(deployment("m", upstream.base))
    for bad in ["x" * 256, "tab\tin it"]:
        reply = daemon.client.chat("m", headers=[("Idempotency-Key", bad)])
        assert reply.status == 400
        assert reply.error["param"] == "Idempotency-Key"
    reply = daemon.client.chat("m", headers=[("Idempotency-Key", "a"), ("X-Idempotency-Key", "b")])
    assert reply.status == 400
    assert upstream.requests == []


def test_an_answer_is_there_again_after_a_restart(workshop, upstream):
    daemon = workshop.serve(deployment("m", upstream.base))
    first = daemon.client.chat("m", stream=True, headers=KEY)
    wait_until(lambda: kept(daemon) == 1, what="the answer on disk")
    daemon.kill()
    daemon.restart()
    again = daemon.client.chat("m", stream=True, headers=KEY)
    assert replayed(again)
    assert again.body == first.body
    assert daemon.client.chat("m", headers=KEY).status == 422
    assert len(upstream.requests) == 1
    mode = (daemon.folder / "ledger.answers.db").stat().st_mode
    assert stat.S_IMODE(mode) == 0o600


def test_an_answer_is_read_from_disk_when_memory_let_it_go(workshop, upstream):
    daemon = workshop.serve(deployment("m", upstream.base))
    first = daemon.client.chat("m", headers=KEY)
    wait_until(lambda: kept(daemon) == 1, what="the answer on disk")
    again = daemon.client.chat("m", headers=KEY)
    assert replayed(again) and again.body == first.body


def test_a_failure_is_not_kept_and_the_retry_runs(workshop, upstream):
    daemon = workshop.serve(deployment("m", upstream.base))
    upstream.next(r.status(500, "no"))
    assert daemon.client.chat("m", headers=KEY).status >= 500
    again = daemon.client.chat("m", headers=KEY)
    assert again.status == 200 and not replayed(again)
    assert len(upstream.requests) == 2


def test_a_broken_stream_is_not_kept(workshop, upstream):
    daemon = workshop.serve(deployment("m", upstream.base))
    upstream.next(r.stream(r.ROLE, r.sse(r.delta({"content": "x"})), r.CUT))
    assert daemon.client.chat("m", stream=True, headers=KEY).error_events
    again = daemon.client.chat("m", stream=True, headers=KEY)
    assert again.done and not replayed(again)


def test_a_follower_runs_itself_when_the_first_fails(workshop, upstream):
    daemon = workshop.serve(deployment("m", upstream.base))
    gate = threading.Event()
    upstream.next(r.steps(r.hold(gate), r.RESET))

    def ask(number):
        if number == 3:
            upstream.wait_for_requests(1)
            waiting(daemon, 3)
            gate.set()
            return None
        return daemon.client.chat("m", headers=KEY)

    replies = in_parallel(4, ask)[:3]
    assert sorted(reply.status // 100 for reply in replies) == [2, 2, 5]
    assert sum(replayed(reply) for reply in replies) == 1
    assert len(upstream.requests) == 2


def test_the_next_one_runs_when_the_first_client_leaves(workshop, upstream):
    daemon = workshop.serve(deployment("m", upstream.base))
    upstream.next(r.stream(r.ROLE, r.sse(r.delta({"content": "x"})), r.STALL))
    leaving = daemon.client.open_chat("m", headers=KEY)
    leaving.read_start()
    follower = daemon.client.open_chat("m", headers=KEY)
    waiting(daemon, 2)
    leaving.reset()
    reply = follower.read_reply()
    follower.close()
    assert reply.done and not replayed(reply)
    assert len(upstream.requests) == 2


def test_a_follower_that_leaves_disturbs_nobody(workshop, upstream):
    daemon = workshop.serve(deployment("m", upstream.base))
    gate = threading.Event()
    upstream.default = r.stream(r.ROLE, r.sse(r.delta({"content": "x"})), r.hold(gate), r.FINISH, r.DONE)
    leader = daemon.client.open_chat("m", headers=KEY)
    start = leader.read_start()
    follower = daemon.client.open_chat("m", headers=KEY)
    waiting(daemon, 2)
    follower.reset()
    waiting(daemon, 1)
    gate.set()
    assert leader.read_body(start).done
    leader.close()
    assert replayed(daemon.client.chat("m", stream=True, headers=KEY))
    assert [record.outcome for record in daemon.ledger.records()].count("abandoned") == 1


def test_two_callers_do_not_share_a_key(workshop, upstream):
    daemon = workshop.serve(deployment("m", upstream.base))
    assert daemon.client.chat("m", headers=KEY).status == 200
    # Without a key of ours nobody gets that far; a stranger learns nothing of what is kept.
    assert daemon.anonymous.chat("m", headers=KEY).status == 401


def test_the_key_goes_upstream_and_is_the_same_on_a_fallback(workshop):
    sick, well = workshop.upstream("sick"), workshop.upstream("well")
    sick.default = r.status(500, "no")
    daemon = workshop.serve(deployment("m", sick.base), deployment("other", well.base),
                            router_settings={"num_retries": 1, "fallbacks": [{"m": ["other"]}]})
    assert daemon.client.chat("m", headers=[("X-Idempotency-Key", "k-1")]).status == 200
    seen = [request.header("idempotency-key") for request in [*sick.requests, *well.requests]]
    assert len(seen) == 3 and set(seen) == {"k-1"}


def test_what_is_too_large_is_not_kept_and_says_so(workshop, upstream):
    daemon = workshop.serve(deployment("m", upstream.base), idempotency={"max_answer": 100})
    first = daemon.client.chat("m", headers=KEY)
    assert first.header("x-spillway-idempotent-stored") == "false"
    assert not replayed(daemon.client.chat("m", headers=KEY))
    assert len(upstream.requests) == 2


def test_the_oldest_answers_go_when_there_are_too_many(workshop, upstream):
    daemon = workshop.serve(deployment("m", upstream.base), idempotency={"max_answers": 2})
    for number in range(3):
        daemon.client.chat("m", headers=[("Idempotency-Key", f"k{number}")])
    assert not replayed(daemon.client.chat("m", headers=[("Idempotency-Key", "k0")]))
    assert replayed(daemon.client.chat("m", headers=[("Idempotency-Key", "k2")]))
    wait_until(lambda: kept(daemon) == 2, what="two answers on disk")


def test_it_can_be_turned_off(workshop, upstream):
    daemon = workshop.serve(deployment("m", upstream.base), idempotency={"enabled": False})
    for _ in range(2):
        assert not replayed(daemon.client.chat("m", headers=KEY))
    assert [request.header("idempotency-key") for request in upstream.requests] == ["order-4711"] * 2
    assert not (daemon.folder / "ledger.answers.db").exists()


def test_a_replay_takes_no_rate_limit(workshop, upstream):
    daemon = workshop.serve(deployment("m", upstream.base), rate_limits={"models": {"m": {"rpm": 1}}})
    assert daemon.client.chat("m", headers=KEY).status == 200
    assert daemon.client.chat("m").status == 429
    assert replayed(daemon.client.chat("m", headers=KEY))


def test_without_a_key_nothing_is_kept(workshop, upstream):
    daemon = workshop.serve(deployment("m", upstream.base))
    in_parallel(3, lambda _: daemon.client.chat("m", temperature=0))
    assert len(upstream.requests) == 3
    assert not (daemon.folder / "ledger.answers.db").exists()


def test_identical_cold_requests_at_once_share_a_call_where_the_file_says_so(workshop, upstream):
    daemon = workshop.serve(deployment("m", upstream.base), coalescing={"enabled": True})
    gate = threading.Event()
    upstream.default = r.stream(r.ROLE, r.sse(r.delta({"content": "one"})), r.hold(gate), r.FINISH, r.DONE)

    def ask(number):
        if number == 8:
            upstream.wait_for_requests(2)
            waiting(daemon, 8)
            gate.set()
            return None
        # One of them is not cold, and runs by itself.
        return daemon.client.chat("m", stream=True, temperature=1 if number == 0 else 0)

    replies = in_parallel(9, ask)[:8]
    assert [reply.text for reply in replies] == ["one"] * 8
    assert sum(reply.header("x-spillway-coalesced") == "true" for reply in replies) == 6
    assert len(upstream.requests) == 2
    records = daemon.ledger.records()
    assert len(records) == 8 and sum(record.replayed for record in records) == 6
    # Nothing is kept: the next one runs.
    assert daemon.client.chat("m", stream=True, temperature=0).header("x-spillway-coalesced") is None
    assert 'spillway_replays_total{kind="coalesced"} 6' in daemon.client.get("/metrics").body.decode()


def test_a_reload_keeps_the_answers(workshop, upstream):
    config = config_of(deployment("m", upstream.base))
    daemon = workshop.daemon(config).start()
    assert daemon.client.chat("m", headers=KEY).status == 200
    daemon.write_config(config_of(deployment("m", upstream.base), rate_limits={"rpm": 1000}))
    wait_until(lambda: daemon.client.chat("m").header("x-ratelimit-limit-requests") == "1000", what="the reload")
    assert replayed(daemon.client.chat("m", headers=KEY))
