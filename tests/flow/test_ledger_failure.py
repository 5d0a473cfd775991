"""`ledger.on_failure`: what goes on while the ledger cannot be written, and what becomes of its records."""

import sqlite3

import pytest

from harness.daemon import deployment
from harness.faults import FULL, WRITES, Faults
from harness.waiting import wait_until

PRICED = {"input_cost_per_token": 0.000002, "output_cost_per_token": 0.00001}


@pytest.fixture
def faults(tmp_path):
    made = Faults(tmp_path)
    yield made
    made.mend_disk()


def readiness(daemon):
    reply = daemon.anonymous.get("/health/readiness")
    assert reply.status == 200, "a failing ledger does not turn away what can be served"
    return reply.json


BROKEN = pytest.mark.parametrize("operations", (WRITES, FULL), ids=("error", "full"))


@BROKEN
@pytest.mark.parametrize("durability", ("process", "power"))
def test_free_work_goes_on_and_its_records_are_written_later(workshop, upstream, faults, operations, durability):
    daemon = workshop.serve(deployment("free", upstream.base), deployment("dear", upstream.base, **PRICED),
                            ledger={"durability": durability}, env=faults.env)
    assert daemon.client.chat("free").status == 200
    faults.break_disk(daemon.ledger_path, operations)
    ids = [daemon.client.chat("free", stream=stream).header("x-spillway-call-id") for stream in (False, True, False)]
    assert all(ids)
    page = readiness(daemon)
    assert page["ledger"] == "failing" and page["ledger_waiting"] == 3 and page["ledger_lost"] == 0
    asked = len(upstream.requests)
    refused = daemon.client.chat("dear")
    assert refused.status == 503 and refused.error["code"] == "ledger_unavailable"
    assert refused.header("retry-after") and len(upstream.requests) == asked
    assert "spillway_ledger_waiting 4" in daemon.client.get("/metrics").body.decode(), "the refusal waits, too"

    faults.mend_disk()
    wait_until(lambda: readiness(daemon)["ledger_waiting"] == 0, 10, "the records to be written")
    assert set(ids) <= {record.call_id for record in daemon.ledger.records()}
    assert len(daemon.ledger) == 5
    assert daemon.client.chat("dear").status == 200


@BROKEN
def test_a_fallback_that_costs_nothing_is_taken_instead(workshop, upstream, faults, operations):
    daemon = workshop.serve(deployment("dear", upstream.base, **PRICED), deployment("free", upstream.base),
                            router_settings={"fallbacks": [{"dear": ["free"]}]}, env=faults.env)
    assert daemon.client.chat("free").status == 200
    faults.break_disk(daemon.ledger_path, operations)
    assert daemon.client.chat("free").status == 200
    assert daemon.client.chat("dear").status == 200
    assert upstream.requests[-1].json["model"] == "free"


def test_without_a_free_fallback_the_ledger_is_named_as_the_reason(workshop, upstream, faults):
    daemon = workshop.serve(deployment("dear", upstream.base, **PRICED), deployment("dearer", upstream.base, **PRICED),
                            router_settings={"fallbacks": [{"dear": ["dearer"]}]}, env=faults.env)
    assert daemon.client.chat("dear").status == 200
    faults.break_disk(daemon.ledger_path, FULL)
    for _ in range(2):  # the first finds out
        reply = daemon.client.chat("dear")
    assert reply.status == 503 and reply.error["code"] == "ledger_unavailable"


@BROKEN
def test_serve_serves_everything(workshop, upstream, faults, operations):
    daemon = workshop.serve(deployment("dear", upstream.base, **PRICED), ledger={"on_failure": "serve"}, env=faults.env)
    assert daemon.client.chat("dear").status == 200
    faults.break_disk(daemon.ledger_path, operations)
    for stream in (False, True, False):
        reply = daemon.client.chat("dear", stream=stream)
        assert reply.status == 200 and not (stream and reply.error_events)
    assert readiness(daemon)["ledger_waiting"] == 3
    faults.mend_disk()
    wait_until(lambda: readiness(daemon)["ledger_waiting"] == 0, 10, "the records to be written")
    assert len(daemon.ledger) == 4
    assert all(record.outcome == "served" for record in daemon.ledger.records())


def test_what_was_spent_is_recorded_although_its_answer_was_not_given(workshop, upstream, faults):
    daemon = workshop.serve(deployment("dear", upstream.base, **PRICED), env=faults.env)
    assert daemon.client.chat("dear").status == 200
    faults.break_disk(daemon.ledger_path, WRITES)
    reply = daemon.client.chat("dear")
    assert reply.status == 503 and reply.error["code"] == "ledger_unavailable"
    faults.mend_disk()
    wait_until(lambda: len(daemon.ledger) == 2, 10, "the record")
    record = daemon.ledger.records()[-1]
    assert record.outcome == "refused" and record.error == "ledger_unavailable" and record.status == 503
    assert record.cost_nano_usd == 72_000


def test_records_wait_until_the_end_and_are_written_then(workshop, upstream, faults):
    daemon = workshop.serve(deployment("free", upstream.base), env=faults.env)
    faults.break_disk(daemon.ledger_path, FULL)
    for _ in range(3):
        assert daemon.client.chat("free").status == 200
    faults.mend_disk()
    daemon.stop()
    assert len(daemon.ledger) == 3


def test_records_that_no_disk_took_to_the_end_are_said_to_be_lost(workshop, upstream, faults):
    daemon = workshop.serve(deployment("free", upstream.base), env=faults.env)
    assert daemon.client.chat("free").status == 200
    faults.break_disk(daemon.ledger_path, FULL)
    for _ in range(3):
        assert daemon.client.chat("free").status == 200
    daemon.stop()
    assert "3 records waited for the disk to the end and are lost" in daemon.log


def test_a_locked_file_stops_nobody_who_need_not_pay(workshop, upstream):
    daemon = workshop.serve(deployment("free", upstream.base), deployment("dear", upstream.base, **PRICED))
    assert daemon.client.chat("free").status == 200
    other = sqlite3.connect(daemon.ledger_path, timeout=5, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        assert daemon.client.chat("free").status == 200, "waits for the lock once"
        for _ in range(3):
            assert daemon.client.chat("free").status == 200
        assert daemon.client.chat("dear").error["code"] == "ledger_unavailable"
        assert readiness(daemon)["ledger"] == "failing"
    finally:
        other.execute("ROLLBACK")
        other.close()
    wait_until(lambda: readiness(daemon)["ledger_waiting"] == 0, 10, "the records to be written")
    assert len(daemon.ledger) == 6
