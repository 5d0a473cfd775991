"""A wall clock that jumps by an hour, and a disk that answers EIO, under a running daemon."""

import datetime
import threading

import pytest

from fakes import replies as r
from harness.daemon import deployment
from harness.faults import READS, SYNCS, WRITES, Faults
from harness.waiting import wait_until

HOUR = 3600


@pytest.fixture
def faults(tmp_path):
    made = Faults(tmp_path)
    yield made
    made.mend_disk()


# --- the clock

JUMPS = pytest.mark.parametrize("offset", (HOUR, -HOUR), ids=("forward", "back"))


def hours_ahead(record):
    """How far in the future, by our clock, a record says it began; rounded to hours."""
    now = datetime.datetime.now(datetime.timezone.utc).timestamp()
    return round((record.started / 1e6 - now) / HOUR)


@JUMPS
def test_a_stream_goes_on_and_its_record_tells_how_long_it_really_took(workshop, upstream, faults, offset):
    daemon = workshop.serve(deployment("m", upstream.base), env=faults.env)
    gate = threading.Event()
    upstream.next(r.stream(r.ROLE, *r.text_events("one"), r.hold(gate), *r.text_events("two"), r.FINISH,
                           r.USAGE_EVENT, r.DONE))
    with daemon.client.open_chat("m") as running:
        reply = running.read_start()
        faults.set_clock(offset)
        assert daemon.client.chat("m").status == 200, "the daemon is busy with requests of after the jump"
        gate.set()
        running.read_body(reply)
    assert reply.text == "onetwo" and reply.done and reply.complete
    after, during = daemon.ledger.records()
    assert hours_ahead(after) == offset / HOUR and hours_ahead(during) == 0
    for record in (after, during):
        assert record.outcome == "served"
        assert 0 <= record.queue_ms <= record.total_ms < 20_000
        assert 0 <= record.first_token_ms <= record.total_ms


@JUMPS
def test_a_stall_ends_when_its_bound_is_over_and_not_when_the_clock_says_so(workshop, upstream, faults, offset):
    daemon = workshop.serve(deployment("m", upstream.base), upstream={"idle_timeout": 2}, env=faults.env)
    upstream.next(r.stream(r.ROLE, *r.text_events("one"), r.STALL))
    with daemon.client.open_chat("m") as running:
        reply = running.read_start()
        faults.set_clock(offset)
        running.read_body(reply)
    assert len(reply.error_events) == 1 and not reply.done
    record, = daemon.ledger.records()
    assert record.outcome == "broken"
    assert 1_500 <= record.total_ms < 20_000


@JUMPS
def test_a_resting_deployment_rests_no_longer_than_it_should(workshop, faults, offset):
    sick, spare = workshop.upstream("sick"), workshop.upstream("spare")
    sick.next(r.status(429, "slow down"))
    daemon = workshop.serve(deployment("m", sick.base, order=1), deployment("m", spare.base, order=2), env=faults.env,
                            router_settings={"cooldown_time": 1, "disable_cooldowns": False})
    assert daemon.client.chat("m").text == "Hello from spare."
    faults.set_clock(offset)
    wait_until(lambda: daemon.client.chat("m").text == "Hello from sick.", 10, "the return")


def test_an_hour_forward_does_not_end_a_rest(workshop, faults):
    sick, spare = workshop.upstream("sick"), workshop.upstream("spare")
    sick.default = r.status(429, "slow down", [("Retry-After", "600")])
    daemon = workshop.serve(deployment("m", sick.base, order=1), deployment("m", spare.base, order=2), env=faults.env,
                            router_settings={"disable_cooldowns": False})
    assert daemon.client.chat("m").text == "Hello from spare."
    faults.set_clock(HOUR)
    for _ in range(5):
        assert daemon.client.chat("m").text == "Hello from spare."
    assert len(sick.requests) == 1


def test_there_and_back_leaves_one_record_each_and_the_sums_have_them_all(workshop, upstream, faults):
    daemon = workshop.serve(deployment("m", upstream.base, input_cost_per_token=0.000002, output_cost_per_token=0),
                            env=faults.env)
    answered = []
    for offset in (0, HOUR, -HOUR, 48 * HOUR, 0):
        faults.set_clock(offset)
        reply = daemon.client.chat("m")
        assert reply.status == 200
        answered.append(reply.header("x-spillway-call-id"))
    assert len(set(answered)) == 5
    assert [record.call_id for record in daemon.ledger.records()] == answered
    spent = daemon.client.get("/global/spend").json["spend"]
    assert spent == pytest.approx(5 * 11 * 0.000002)
    assert len(daemon.client.get("/spend/logs").json) == 5


@JUMPS
def test_it_drains_within_its_bound(workshop, upstream, faults, offset):
    daemon = workshop.serve(deployment("m", upstream.base), server={"drain_timeout": 1}, env=faults.env)
    upstream.next(r.stream(r.ROLE, *r.text_events("one"), r.STALL))
    with daemon.client.open_chat("m") as running:
        reply = running.read_start()
        faults.set_clock(offset)
        daemon.stop(timeout=20)
        running.read_body(reply)
    assert len(reply.error_events) == 1


# --- the disk: what costs money needs it (free work: test_ledger_failure.py)

PRICED = {"input_cost_per_token": 0.000002, "output_cost_per_token": 0.00001}

FAILURES = pytest.mark.parametrize(("operations", "durability"), ((WRITES, "process"), (WRITES, "power"), (SYNCS, "power")),
                                   ids=("write", "write_power", "sync_power"))


def page(daemon):
    return daemon.anonymous.get("/health/readiness").json["ledger"]


@FAILURES
def test_without_a_disk_nothing_is_answered_as_if_recorded_and_all_is_well_when_it_returns(
        workshop, upstream, faults, operations, durability):
    daemon = workshop.serve(deployment("m", upstream.base, **PRICED), ledger={"durability": durability}, env=faults.env)
    acknowledged = [daemon.client.chat("m").header("x-spillway-call-id")]
    assert page(daemon) == "ok"

    faults.break_disk(daemon.ledger_path, operations)
    for stream in (False, True, False):
        reply = daemon.client.chat("m", stream=stream)
        error = reply.error if reply.status == 503 else reply.error_events[0]
        assert error["code"] == "ledger_unavailable", reply
        assert not stream or reply.status == 503 or not reply.done
    assert faults.hits
    assert page(daemon) == "failing"
    assert "spillway_ledger_healthy 0" in daemon.client.get("/metrics").body.decode()
    assert daemon.anonymous.get("/health/liveliness").status == 200
    assert [row["id"] for row in daemon.client.get("/v1/models").json["data"]] == ["m"]
    assert daemon.log.count("ledger: cannot record") == 1, "said once, not for each request"
    asked = len(upstream.requests)
    refused = daemon.client.chat("m")
    assert refused.status == 503 and refused.header("retry-after")
    assert len(upstream.requests) == asked, "nothing is spent that could not be written down"

    faults.mend_disk()
    wait_until(lambda: page(daemon) == "ok", 10, "the recovery, without a request")
    acknowledged += [daemon.client.chat("m", stream=stream).header("x-spillway-call-id") for stream in (False, True)]
    assert "ledger: takes records again" in daemon.log
    recorded = [record.call_id for record in daemon.ledger.records()]
    assert set(acknowledged) <= set(recorded) and len(recorded) == len(set(recorded))
    assert not list(daemon.folder.glob("*.corrupt-*")), "nothing was wrong with the file"
    daemon.stop()


@FAILURES
def test_what_was_acknowledged_before_the_disk_failed_survives_a_kill(workshop, upstream, faults, operations, durability):
    daemon = workshop.serve(deployment("m", upstream.base, **PRICED), ledger={"durability": durability}, env=faults.env)
    acknowledged = {daemon.client.chat("m").header("x-spillway-call-id") for _ in range(5)}
    faults.break_disk(daemon.ledger_path, operations)
    assert daemon.client.chat("m").status == 503
    daemon.kill()
    faults.mend_disk()
    daemon.restart()
    assert acknowledged <= {record.call_id for record in daemon.ledger.records()}
    assert daemon.client.chat("m").status == 200
    assert not list(daemon.folder.glob("*.corrupt-*"))


@FAILURES
def test_it_stops_cleanly_while_the_disk_fails(workshop, upstream, faults, operations, durability):
    daemon = workshop.serve(deployment("m", upstream.base, **PRICED), ledger={"durability": durability}, env=faults.env)
    call_id = daemon.client.chat("m").header("x-spillway-call-id")
    faults.break_disk(daemon.ledger_path, operations)
    assert daemon.client.chat("m").status == 503
    daemon.stop()
    assert call_id in [record.call_id for record in daemon.ledger.records()]


def test_a_ledger_that_cannot_be_read_silences_the_spend_pages_and_nothing_else(workshop, upstream, faults):
    daemon = workshop.serve(deployment("m", upstream.base), env=faults.env)
    assert daemon.client.chat("m").status == 200
    faults.break_disk(daemon.ledger_path, READS)
    for path in ("/spend/logs", "/global/spend", "/global/spend/logs"):
        reply = daemon.client.get(path)
        assert reply.status == 503 and reply.error["code"] == "ledger_unavailable", path
    assert daemon.client.chat("m").status == 200
    faults.mend_disk()
    assert len(daemon.client.get("/spend/logs").json) == 2


@pytest.mark.parametrize("operations", (WRITES, READS), ids=("write", "read"))
def test_a_disk_that_fails_at_the_start_is_named_and_the_ledger_is_left_alone(workshop, upstream, faults, operations):
    daemon = workshop.serve(deployment("m", upstream.base), env=faults.env)
    call_id = daemon.client.chat("m").header("x-spillway-call-id")
    daemon.kill()
    faults.break_disk(daemon.ledger_path, operations)
    daemon.launch()
    assert daemon.wait() != 0
    assert "ledger: the disk reports an error" in daemon.log
    faults.mend_disk()
    daemon.restart()
    assert [record.call_id for record in daemon.ledger.records()] == [call_id]
    assert not list(daemon.folder.glob("*.corrupt-*"))
