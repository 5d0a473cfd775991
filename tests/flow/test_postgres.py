"""Shipping to a real PostgreSQL: shipped rows equal served requests, whatever dies. Promises 33 and 34."""

import itertools
import random
import sqlite3
import tempfile
import threading

import psycopg2
import pytest

from harness.daemon import config_of, deployment
from harness.postgres import Postgres
from harness.waiting import wait_until

names = (f"flow{number}" for number in itertools.count())


@pytest.fixture(scope="module")
def cluster():
    # Not below pytest's own folder: its next session closes that to everybody else, and the owner of
    # the cluster is somebody else.
    with tempfile.TemporaryDirectory(prefix="spillway-postgres-", ignore_cleanup_errors=True) as folder:
        made = Postgres(folder)
        yield made
        made.stop()


class Books:
    """One daemon that ships to one fresh database."""

    def __init__(self, workshop, cluster):
        self.cluster = cluster
        self.name = next(names)
        self.url = cluster.database(self.name)
        self.upstream = workshop.upstream()
        self.daemon = workshop.daemon(config_of(
            deployment("m", self.upstream.base, input_cost_per_token=1e-6, output_cost_per_token=2e-6),
            general_settings={"database_url": self.url})).start()

    def rows(self, columns="request_id"):
        try:
            return self.cluster.execute(f"SELECT {columns} FROM spillway_spend_logs", database=self.name)
        except psycopg2.Error:
            return []

    def ids(self):
        return [row[0] for row in self.rows()]

    def wait_for_all(self, timeout=60):
        """Until every record of the ledger is a row."""
        expected = sorted(record.call_id for record in self.daemon.ledger.records())
        wait_until(lambda: len(self.ids()) >= len(expected), timeout, f"{len(expected)} rows")
        assert sorted(self.ids()) == expected

    def serve(self, count, **more):
        return [self.daemon.client.chat("m", **more).header("x-spillway-call-id") for _ in range(count)]


@pytest.fixture
def books(workshop, cluster):
    return Books(workshop, cluster)


def test_records_arrive_with_all_they_say(books):
    reply = books.daemon.client.chat("m", user="alice", metadata={"tags": ["blue"]})
    refused = books.daemon.client.chat("nobody")
    books.wait_for_all()
    rows = {row[0]: row[1:] for row in books.rows(
        "request_id, outcome, status, end_user, tags, model_group, prompt_tokens, completion_tokens, cost_nano_usd, "
        "usage_source")}
    assert rows[reply.header("x-spillway-call-id")] == ("served", 200, "alice", ["blue"], "m", 11, 5, 21_000, "exact")
    assert rows[refused.header("x-spillway-call-id")][:2] == ("refused", 404)
    assert books.daemon.anonymous.get("/health/readiness").json["db"] == "connected"
    view = books.cluster.execute(
        'SELECT request_id, spend::float, "startTime" IS NOT NULL, status FROM spillway_spend_logs_litellm',
        database=books.name)
    assert (reply.header("x-spillway-call-id"), pytest.approx(0.000021), True, "success") in [tuple(row) for row in view]


def test_the_same_record_twice_is_one_row(books):
    books.serve(20)
    books.wait_for_all()
    books.daemon.stop()
    ledger = sqlite3.connect(books.daemon.ledger_path)
    ledger.execute("UPDATE shipped SET through_seq = 0")
    ledger.commit()
    ledger.close()
    books.daemon.restart()
    books.serve(1)
    books.wait_for_all()
    assert len(books.ids()) == 21


def test_the_server_may_be_away_at_the_start_and_for_a_while(books):
    books.serve(5)
    books.cluster.stop()
    try:
        books.serve(50)
        assert books.daemon.anonymous.get("/health/readiness").status == 200
        books.daemon.kill()
        books.daemon.restart()
        books.serve(50)
    finally:
        books.cluster.start()
    books.wait_for_all()
    assert len(books.ids()) == 105


def test_a_frozen_server_slows_no_request(books):
    books.serve(5)
    books.wait_for_all()
    books.cluster.freeze(True)
    try:
        replies = [books.daemon.client.chat("m") for _ in range(100)]
    finally:
        books.cluster.freeze(False)
    assert all(reply.status == 200 for reply in replies)
    assert sorted(reply.seconds for reply in replies)[98] < 0.5
    books.wait_for_all()


def test_a_read_only_server_gets_its_rows_later(books):
    books.serve(3)
    books.wait_for_all()
    kick = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{books.name}'"
    books.cluster.execute(f"ALTER DATABASE {books.name} SET default_transaction_read_only = on")
    books.cluster.execute(kick)
    books.serve(10)
    books.cluster.execute(f"ALTER DATABASE {books.name} RESET default_transaction_read_only")
    books.cluster.execute(kick)
    books.wait_for_all()
    assert len(books.ids()) == 13


def test_a_row_that_the_server_refuses_is_set_aside_and_blocks_nobody(books):
    books.serve(2)
    books.wait_for_all()
    books.cluster.execute("ALTER TABLE spillway_spend_logs ADD CHECK (end_user <> 'poison')", database=books.name)
    good = books.serve(3)
    poison = books.serve(2, user="poison")
    good += books.serve(3)
    wait_until(lambda: set(good) <= set(books.ids()), 30, "the good rows")
    assert not set(poison) & set(books.ids())
    assert len(books.daemon.ledger.records()) == 10
    database = sqlite3.connect(f"file:{books.daemon.ledger_path}?mode=ro", uri=True)
    wait_until(lambda: database.execute("SELECT count(*) FROM quarantine").fetchone()[0] == 2, 10, "the quarantine")
    database.close()


def test_text_that_postgres_cannot_store_does_not_block(books):
    ids = books.serve(1, user="a\x00b") + books.serve(1, user="\ud83d".encode("utf-16", "surrogatepass").decode("utf-16", "replace"))
    ids += books.serve(1, user="x" * 10_000) + books.serve(1)
    wait_until(lambda: ids[-1] in books.ids(), 30, "the last row")
    books.wait_for_all()


def test_sigterm_ships_what_is_left(books):
    books.serve(30)
    books.daemon.stop()
    assert len(books.ids()) == 30


@pytest.mark.parametrize("seed", (1, 2, 3))
def test_nothing_is_lost_and_nothing_doubled_when_daemon_and_server_die_under_load(books, seed):
    """Acknowledged answers against rows: LOST 0, DUP 0, GHOST 0."""
    dice = random.Random(seed)
    acknowledged, over = [], threading.Event()

    def load(number):
        while not over.is_set():
            try:
                reply = books.daemon.client.chat("m", stream=dice.random() < 0.5, user=f"user{number}")
            except Exception:
                over.wait(0.01)  # the daemon is dead at the moment
                continue
            if reply.status == 200 and reply.complete and (reply.done or "usage" in reply.body.decode()):
                acknowledged.append(reply.header("x-spillway-call-id"))
            else:
                assert not reply.complete or reply.status in (200, 503), reply

    threads = [threading.Thread(target=load, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    server_up = True
    try:
        events = ["kill", "server", "kill", "server", "kill"]
        dice.shuffle(events)
        for event in events:
            goal = len(acknowledged) + dice.randint(30, 120)
            wait_until(lambda: len(acknowledged) >= goal, 60, "load")
            if event == "kill":
                books.daemon.kill()
                books.daemon.restart()
            elif server_up:
                books.cluster.stop()
                server_up = False
            else:
                books.cluster.start()
                server_up = True
        goal = len(acknowledged) + 50
        wait_until(lambda: len(acknowledged) >= goal, 60, "load")
    finally:
        over.set()
        for thread in threads:
            thread.join()
        if not server_up:
            books.cluster.start()

    records = [record.call_id for record in books.daemon.ledger.records()]
    assert len(records) == len(set(records)), "doubled in the ledger"
    assert len(acknowledged) == len(set(acknowledged))
    assert set(acknowledged) <= set(records), f"lost: {set(acknowledged) - set(records)}"
    books.wait_for_all(30)
    shipped = books.ids()
    assert len(shipped) == len(set(shipped)) == len(records)
    assert set(acknowledged) <= set(shipped)
