"""Several instances on one PostgreSQL: caps are held over all of them, whatever happens to one or to the database."""

import contextlib
import itertools
import random
import socket
import tempfile
import threading
import time
from collections import Counter

import psycopg2
import pytest

from fakes import replies as r
from harness.daemon import config_of, deployment, in_parallel
from harness.faults import Faults
from harness.http import Client, Closed
from harness.postgres import Postgres
from harness.waiting import wait_until

PRICED = {"input_cost_per_token": 0.000002, "output_cost_per_token": 0.00001}
COST = 72_000  # nano-dollars of r.USAGE: 11 * 2e-6 + 5 * 1e-5
SHORT = {"max_tokens": 5}

names = (f"shared{number}" for number in itertools.count())


@pytest.fixture(scope="module")
def cluster():
    # Not below pytest's own folder: the owner of the cluster is somebody else (test_postgres.py).
    with tempfile.TemporaryDirectory(prefix="spillway-postgres-", ignore_cleanup_errors=True) as folder:
        made = Postgres(folder)
        yield made
        made.stop()


class Fleet:
    """Daemons with one configuration on one fresh database."""

    def __init__(self, workshop, cluster):
        self.workshop = workshop
        self.cluster = cluster
        self.name = next(names)
        self.url = cluster.database(self.name)
        self.upstream = workshop.upstream()
        self.daemons = []

    def start(self, count=2, env=({}, {}), rows=None, **sections):
        general = {"database_url": self.url, **sections.pop("general_settings", {})}
        config = config_of(*(rows or [deployment("m", self.upstream.base, **PRICED)]), general_settings=general,
                           **sections)
        self.daemons = [self.workshop.daemon(config, env=env[number]).start() for number in range(count)]
        return self.daemons

    def ask(self, statement):
        return self.cluster.execute(statement, database=self.name)

    def number(self, statement):
        return int(self.ask(statement)[0][0])

    def records(self):
        return [record for daemon in self.daemons for record in daemon.ledger.records()]

    def wait_for_all_rows(self, timeout=60):
        expected = sorted(record.call_id for record in self.records())

        def shipped():
            try:
                return sorted(row[0] for row in self.ask("SELECT request_id FROM spillway_spend_logs"))
            except psycopg2.Error:
                return []

        wait_until(lambda: len(shipped()) >= len(expected), timeout, f"{len(expected)} rows")
        assert shipped() == expected
        assert len(set(expected)) == len(expected)

    def leased(self):
        """Of each window: its cap, and the sums of what is granted, used and spent."""
        return self.ask("SELECT kept.cap, sum(granted), sum(used), sum(spent), "
                        "kept.began, kept.scope FROM spillway_windows kept JOIN spillway_leases held "
                        "ON held.window_id = kept.id GROUP BY kept.id ORDER BY kept.began")

    def spent(self):
        """The recomputation, from the rows in PostgreSQL."""
        return self.number("SELECT coalesce(sum(coalesce(charged_nano_usd, cost_nano_usd, 0)), 0) "
                           "FROM spillway_spend_logs")

    def spent_by_window(self, seconds):
        return dict(self.ask(
            "SELECT floor(extract(epoch FROM coalesce(charged_at, started_at)) / %d)::bigint, "
            "sum(coalesce(charged_nano_usd, cost_nano_usd, 0)) FROM spillway_spend_logs GROUP BY 1" % seconds))

    def freeze(self, frozen):
        self.cluster.freeze(frozen)


@pytest.fixture
def fleet(workshop, cluster):
    return Fleet(workshop, cluster)


def charged(record):
    return record.charged_nano_usd if record.charged_nano_usd is not None else record.cost_nano_usd or 0


def caps(fleet, scope="proxy"):
    return [row for row in fleet.leased() if row[5] == scope]


def served(daemon, count, **more):
    return [daemon.client.chat("m", **SHORT, **more).status for _ in range(count)]


# --- budgets


def test_two_instances_spend_one_cap(fleet):
    one, two = fleet.start(general_settings={"max_budget": 10 * COST / 1e9, "budget_duration": "30d"})
    statuses = [daemon.client.chat("m", **SHORT).status for _ in range(15) for daemon in (one, two)]
    assert set(statuses) == {200, 429}
    fleet.wait_for_all_rows()
    assert 6 * COST <= fleet.spent() <= 10 * COST
    refused = one.client.chat("m", **SHORT)
    assert refused.status == 429 and refused.error["code"] == "budget_exceeded"
    assert "Max budget: 0.00072" in refused.error["message"]


def test_what_one_does_not_use_the_other_gets(fleet):
    one, two = fleet.start(general_settings={"max_budget": 40 * COST / 1e9})
    assert served(one, 1) == [200]
    assert served(two, 30) == [200] * 30
    fleet.wait_for_all_rows()
    (cap, granted, _, _, _, _), = caps(fleet)
    assert granted <= cap


def test_without_sharing_each_has_the_whole_cap(fleet):
    daemons = fleet.start(general_settings={"max_budget": 3 * COST / 1e9}, instances={"share": False})
    for daemon in daemons:
        assert 200 in served(daemon, 3)
    assert fleet.number("SELECT count(*) FROM pg_tables WHERE tablename = 'spillway_leases'") == 0


def test_an_orderly_end_gives_back_what_is_not_spent(fleet):
    one, two = fleet.start(general_settings={"max_budget": 40 * COST / 1e9})
    assert served(two, 2) == [200, 200]
    two.stop()
    assert fleet.number("SELECT count(*) FROM spillway_instances") == 1
    assert served(one, 36) == [200] * 36


def test_a_killed_instance_costs_no_more_than_its_lease_and_finds_it_again(fleet):
    one, two = fleet.start(general_settings={"max_budget": 40 * COST / 1e9})
    assert served(two, 3) == [200] * 3
    two.kill()
    who = two.ledger.number("SELECT id FROM instance")
    held = fleet.number(f"SELECT granted FROM spillway_leases WHERE instance = '{who}'")
    statuses = [one.client.chat("m", **SHORT).status for _ in range(45)]
    assert statuses[-1] == 429 and statuses.count(200) * COST <= 40 * COST - held
    two.restart()
    assert served(two, 1) == [200], "its own lease"
    wait_until(lambda: served(one, 1) + served(two, 1) == [429, 429], 20, "the end of the cap")
    fleet.wait_for_all_rows()
    assert 35 * COST <= fleet.spent() <= 40 * COST, "nothing is lost but what one call might have cost"


def number_of(row, window):
    return row[4] // 1_000_000 // window


def storm(fleet, number, seed):
    """One client of many at one of the instances: some stream, some leave early."""
    dice = random.Random(seed + number)
    daemon = dice.choice(fleet.daemons)
    try:
        if dice.random() < 0.1:
            with daemon.client.open_chat("m", **SHORT) as running:
                if running.read_head().status == 200:
                    running.read_chunk()
            return "left"
        return daemon.client.chat("m", stream=dice.random() < 0.5, user=f"user-{number % 7}", **SHORT).status
    except (Closed, OSError):
        return "closed"


def test_a_thousand_at_once_over_two_instances_never_pass_a_cap_that_pays_for_a_hundred(fleet):
    cap, window = 100 * COST, 60
    fleet.start(rows=[deployment("m", fleet.upstream.base, num_retries=1, timeout=5, **PRICED)],
                budgets={"proxy": {"max_budget": cap / 1e9, "budget_duration": f"{window}s"},
                         "end_users": {"max_budget": 1, "budget_duration": "1d"}})
    dice = random.Random(1)

    async def moody(turn):
        await turn.pause(dice.random() * 0.1)
        fate = dice.random()
        if fate < 0.05:
            await r.status(503, "busy")(turn)
        elif fate < 0.08:
            await turn.reset()
        else:
            await r.well_behaved()(turn)

    fleet.upstream.default = moody
    now = f"SELECT mod(extract(epoch FROM clock_timestamp())::bigint, {window})"
    wait_until(lambda: fleet.number(now) < 3, window + 10, "the window's beginning")
    results = []
    for burst in range(10):
        if burst == 5:
            killed = fleet.daemons[1]
            running = [killed.client.open_chat("m", **SHORT) for _ in range(3)]
            killed.kill()
            for one in running:
                one.close()
        results += in_parallel(100, lambda number, burst=burst: storm(fleet, 100 * burst + number, 7))
    fleet.daemons[1].restart()
    counts = Counter(results)
    assert counts[200] > 20 and counts[429] > 300, counts
    fleet.upstream.default = r.well_behaved()

    # Until all that was spent is written down, in the ledgers, as rows and as leases.
    wait_until(lambda: all(daemon.client.get("/health/readiness").json["outbox_waiting"] == 0
                           for daemon in fleet.daemons), 30, "the outboxes")
    fleet.wait_for_all_rows()
    by_window = fleet.spent_by_window(window)
    assert max(by_window.values()) <= cap, by_window
    for row in caps(fleet):
        assert by_window.get(number_of(row, window), 0) <= row[1] <= row[0] == cap, (row, by_window)

    def counted():
        """What the instances say was spent is what the rows say, for as long as it is this window."""
        now = fleet.number("SELECT floor(extract(epoch FROM clock_timestamp()) / %d)" % window)
        return all(row[3] == by_window.get(number_of(row, window), 0)
                   for row in caps(fleet) if number_of(row, window) == now)

    wait_until(counted, 20, "the counters")
    wait_until(lambda: all(daemon.client.chat("m", **SHORT).status == 200 for daemon in fleet.daemons), window + 10,
               "the next window")


@pytest.mark.parametrize("offset", (3600, -3600), ids=("forward", "back"))
def test_a_clock_that_is_stepped_changes_nothing(fleet, tmp_path, offset):
    faults = Faults(tmp_path)
    one, two = fleet.start(env=(faults.env, {}), budgets={"proxy": {"max_budget": 10 * COST / 1e9,
                                                                    "budget_duration": "1d"}})
    assert served(one, 1) == [200]
    faults.set_clock(offset)
    statuses = [daemon.client.chat("m", **SHORT).status for _ in range(12) for daemon in (one, two)]
    assert 5 <= statuses.count(200) <= 9 and statuses[-1] == 429
    fleet.wait_for_all_rows()
    assert fleet.spent() <= 10 * COST
    assert len(caps(fleet)) == 1, "one window, whatever the machine's clock says"


# --- rates


def test_requests_a_minute_are_no_more_over_two_instances_than_over_one(fleet):
    daemons = fleet.start(rate_limits={"rpm": 30})
    began = time.monotonic()
    statuses = in_parallel(80, lambda number: daemons[number % 2].client.chat("m").status)
    refilled = (time.monotonic() - began) * 30 / 60
    assert set(statuses) == {200, 429}
    assert 25 <= statuses.count(200) <= 30 + refilled + 1


def test_requests_at_once_are_no_more_over_two_instances_than_over_one(fleet):
    one, two = fleet.start(general_settings={"global_max_parallel_requests": 6})
    gate = threading.Event()
    fleet.upstream.default = r.steps(r.hold(gate), r.well_behaved())
    with contextlib.ExitStack() as running:
        for number in range(6):
            running.enter_context((one, two)[number % 3 == 0].client.open_chat("m"))
            fleet.upstream.wait_for_requests(number + 1)
        refused = [daemon.client.chat("m").status for daemon in (one, two)]
        gate.set()
    assert refused == [429, 429]
    fleet.upstream.default = r.well_behaved()
    wait_until(lambda: [daemon.client.chat("m").status for daemon in (one, two)] == [200, 200], 10, "places")


def test_a_dead_instance_leaves_its_places(fleet):
    one, two = fleet.start(general_settings={"global_max_parallel_requests": 2})
    gate = threading.Event()
    fleet.upstream.next(r.steps(r.hold(gate), r.well_behaved()), r.steps(r.hold(gate), r.well_behaved()))
    with two.client.open_chat("m"), two.client.open_chat("m"):
        fleet.upstream.wait_for_requests(2)
        assert one.client.chat("m").status == 429
        two.kill()
        gate.set()
    wait_until(lambda: one.client.chat("m").status == 200, 30, "its life to be over")


ENFORCED = {"router_settings": {"optional_pre_call_checks": ["enforce_model_rate_limits"]}}
# The fakes are on this machine and stand for a provider that is not.
FAR = {"model_info": {"local": False}}


def test_a_deployments_requests_a_minute_are_no_more_over_two_instances_than_over_one(fleet):
    daemons = fleet.start(rows=[deployment("m", fleet.upstream.base, rpm=30, **FAR)], **ENFORCED)
    began = time.monotonic()
    statuses = in_parallel(80, lambda number: daemons[number % 2].client.chat("m").status)
    refilled = (time.monotonic() - began) * 30 / 60
    assert set(statuses) == {200, 429}
    assert 25 <= statuses.count(200) <= 30 + refilled + 1
    assert len(fleet.upstream.requests) == statuses.count(200)


def test_a_deployments_places_are_no_more_over_two_instances_than_over_one(fleet):
    one, two = fleet.start(rows=[deployment("m", fleet.upstream.base, max_parallel_requests=2, **FAR)])
    gate = threading.Event()
    fleet.upstream.default = r.steps(r.hold(gate), r.well_behaved())
    with one.client.open_chat("m"), two.client.open_chat("m"):
        fleet.upstream.wait_for_requests(2)
        refused = [daemon.client.chat("m").status for daemon in (one, two)]
        gate.set()
    assert 200 not in refused and len(fleet.upstream.requests) == 2
    fleet.upstream.default = r.well_behaved()
    wait_until(lambda: [daemon.client.chat("m").status for daemon in (one, two)] == [200, 200], 10, "places")


def test_a_limited_deployment_comes_first_also_when_its_lease_has_to_be_asked_for(fleet):
    second = fleet.workshop.upstream("second")
    daemons = fleet.start(rows=[deployment("m", fleet.upstream.base, rpm=30, order=1, **FAR),
                                deployment("m", second.base, order=2)], **ENFORCED)
    assert [daemon.client.chat("m").status for daemon in daemons] == [200, 200]
    assert (len(fleet.upstream.requests), len(second.requests)) == (2, 0)


def test_a_start_without_the_database_takes_its_part_of_a_limit(fleet):
    one, two = fleet.start(rows=[deployment("m", fleet.upstream.base, rpm=10, **FAR)], **ENFORCED)
    wait_until(lambda: [daemon.ledger.number("SELECT coalesce(max(usual), 0) FROM instances") for daemon in (one, two)] == [2, 2], 20,
               "both to be known to each other")
    two.stop()
    one.stop()
    fleet.cluster.stop()
    try:
        for daemon in (one, two):
            daemon.restart()
        statuses = in_parallel(20, lambda number: (one, two)[number % 2].client.chat("m").status)
        # A tenth is refilled in six seconds; what is asked for meanwhile takes much less.
        assert 8 <= statuses.count(200) <= 12, statuses
        stranger, = fleet.start(count=1, rows=[deployment("m", fleet.upstream.base, rpm=10, **FAR)],
                                instances={"expected": 5}, **ENFORCED)
        assert [stranger.client.chat("m").status for _ in range(3)].count(200) == 2
    finally:
        fleet.cluster.start()


def test_an_engine_of_this_machine_is_each_instances_own(fleet):
    daemons = fleet.start(rows=[deployment("m", fleet.upstream.base, rpm=5)], **ENFORCED)
    statuses = in_parallel(20, lambda number: daemons[number % 2].client.chat("m").status)
    assert statuses.count(200) >= 10
    assert fleet.number("SELECT count(*) FROM spillway_windows") == 0


# --- telling


def test_news_of_a_budget_are_told_once_over_instances_and_restarts(fleet):
    hook = fleet.workshop.upstream("hook", default=r.whole({}))
    cap = {"max_budget": 0.001, "budget_duration": "30d", "soft_budget": 0.0001}
    daemons = fleet.start(general_settings={"alert_to_webhook_url": hook.origin + "/alerts"}, budgets={"proxy": cap})

    def spend(most):
        for _ in range(most):
            for daemon in daemons:
                daemon.client.chat("m", **SHORT)

    def wait_until_noted(news):
        # What is told is noted behind it: who is killed in between leaves it to be told again.
        noted = "SELECT count(*) FROM spillway_told WHERE message IS NULL"
        wait_until(lambda: fleet.number(noted) == news, 20, "the note that it was told")

    spend(3)
    hook.wait_for_requests(1)
    wait_until_noted(1)
    for daemon in daemons:
        daemon.kill()
        daemon.restart()
    spend(10)
    hook.wait_for_requests(2)
    wait_until_noted(2)
    for daemon in daemons:
        daemon.stop()
    told = [request.json["event"] for request in hook.requests]
    assert told == ["soft_budget_crossed", "threshold_crossed"]
    lines = sum(daemon.log.count("Soft Budget Crossed") for daemon in daemons)
    assert lines == 1 and fleet.number("SELECT count(*) FROM spillway_told") == 2


def test_news_that_an_instance_did_not_come_to_tell_are_told_by_another(fleet):
    hook = fleet.workshop.upstream("hook", default=r.whole({}))
    cap = {"max_budget": 0.001, "budget_duration": "30d", "soft_budget": 0.0001}
    one, two = fleet.start(general_settings={"alert_to_webhook_url": hook.origin + "/alerts"}, budgets={"proxy": cap})
    hook.next(r.STALL)
    for _ in range(2):
        assert one.client.chat("m", **SHORT).status == 200
    hook.wait_for_requests(1)
    two.stop()
    one.kill()
    two.restart()
    # Others leave it alone for minutes, then they look at once when they start, else every minute.
    assert fleet.number("SELECT count(*) FROM spillway_told WHERE message IS NOT NULL") == 1
    two.stop()
    fleet.ask("UPDATE spillway_told SET claimed_at = now() - interval '6 minutes'")
    two.restart()
    hook.wait_for_requests(2)
    assert hook.requests[1].json == hook.requests[0].json
    wait_until(lambda: fleet.number("SELECT count(*) FROM spillway_told WHERE message IS NOT NULL") == 0, 20,
               "the note that it was told")
    one.restart()
    assert one.client.get("/health/readiness").status == 200
    assert len(hook.requests) == 2, "and never again"


# --- keys


def make_key(daemon, **wishes):
    reply = daemon.client.post("/key/generate", wishes)
    assert reply.status == 200, reply.body
    return reply.json["key"]


def status_of(daemon, key, **more):
    return Client(daemon.port, key).chat("m", **SHORT, **more).status


def test_a_key_is_good_at_the_other_instance_and_blocked_there_too(fleet):
    one, two = fleet.start()
    key = make_key(one)
    wait_until(lambda: status_of(two, key) == 200, 10, "the key")
    assert two.client.post("/key/block", {"key": key}).status == 200
    wait_until(lambda: status_of(one, key) in (401, 403), 10, "the block")
    assert one.client.post("/key/unblock", {"key": key}).status == 200
    wait_until(lambda: status_of(two, key) == 200, 10, "the end of the block")
    assert two.client.post("/key/delete", {"keys": [key]}).status == 200
    wait_until(lambda: status_of(one, key) == 401, 10, "the removal")
    assert fleet.number("SELECT count(*) FROM spillway_keys_record WHERE NOT removed") == 0


def test_a_keys_budget_is_one_over_two_instances(fleet):
    one, two = fleet.start()
    key = make_key(one, max_budget=10 * COST / 1e9)
    wait_until(lambda: status_of(two, key) == 200, 10, "the key")
    statuses = [status_of(daemon, key) for _ in range(12) for daemon in (one, two)]
    assert statuses[0] == 200 and statuses[-1] == 429
    fleet.wait_for_all_rows()
    assert 6 * COST <= fleet.spent() <= 10 * COST


def test_keys_of_an_instance_that_was_alone_are_everybodys(fleet):
    config = config_of(deployment("m", fleet.upstream.base, **PRICED))
    one = fleet.workshop.daemon(config).start()
    key = make_key(one)
    one.stop()
    one.write_config(config_of(deployment("m", fleet.upstream.base, **PRICED),
                               general_settings={"database_url": fleet.url}))
    one.restart()
    two, = fleet.start(count=1)
    assert [status_of(daemon, key) for daemon in (one, two)] == [200, 200]


def test_without_the_database_known_keys_are_served_and_others_get_503(fleet):
    one, two = fleet.start(instances={"key_memory": 2})
    key = make_key(one)
    wait_until(lambda: status_of(two, key) == 200, 10, "the key")
    fleet.cluster.stop()
    try:
        wait_until(lambda: status_of(two, "sk-nobody-knows-it-0123456789") == 503, 10, "doubt")
        stranger = Client(two.port, "sk-nobody-knows-it-0123456789").chat("m", **SHORT)
        assert stranger.status == 503 and stranger.error["code"] == "no_db_connection"
        assert two.client.chat("m", **SHORT).status == 200, "the master key is in the file"
        assert two.client.post("/key/generate", {}).status == 503
        wait_until(lambda: status_of(two, key) == 503, 10, "the end of its memory")
        two.kill()
        two.restart()
        assert status_of(two, key) == 503
    finally:
        fleet.cluster.start()
    wait_until(lambda: [status_of(daemon, key) for daemon in (one, two)] == [200, 200], 20, "the keys")
    assert status_of(two, "sk-nobody-knows-it-0123456789") == 401


def test_a_restart_without_the_database_serves_keys_that_were_verified_lately(fleet):
    one, two = fleet.start(rows=[deployment("m", fleet.upstream.base, **PRICED),
                                 deployment("free", fleet.upstream.base)], general_settings={"max_budget": 1})
    key, doomed = make_key(one), make_key(one)
    admin = one.client.post("/user/new", {"user_id": "root", "user_role": "proxy_admin"}).json["key"]

    def ask(key, model="free"):
        return Client(two.port, key).chat(model, **SHORT)

    wait_until(lambda: [ask(each).status for each in (key, doomed, admin)] == [200] * 3, 10, "the keys")
    fleet.cluster.stop()
    try:
        two.kill()
        two.restart()
        assert ask(key).status == 200 and ask(doomed).status == 200
        unknown = ask("sk-nobody-knows-it-0123456789")
        assert unknown.status == 503 and unknown.error["code"] == "no_db_connection"
        seen = Client(two.port, admin).get("/key/list").json
        assert seen["total_count"] == 1, "its own: it is no administrator now"
        assert Client(two.port, admin).post("/key/generate", {}).status in (403, 503)
        assert ask(key, "m").status == 503, "money needs a lease"
        two.kill()
    finally:
        fleet.cluster.start()
    wait_until(lambda: one.client.post("/key/delete", {"keys": [doomed]}).status == 200, 20, "the database")
    two.restart()
    wait_until(lambda: ask(doomed).status == 401, 20, "what happened meanwhile")
    assert ask(key).status == 200 and ask(key, "m").status == 200


# --- the database stops, is slow, takes nothing, begins anew


class SlowRoad:
    """A way to PostgreSQL on which every piece waits in both directions."""

    def __init__(self, port):
        self.to = port
        self.delay = 0.0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.over = threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                near, _ = self.listener.accept()
                far = socket.create_connection(("127.0.0.1", self.to))
            except OSError:
                if self.over.is_set():
                    return
                continue
            for ends in ((near, far), (far, near)):
                threading.Thread(target=self._carry, args=ends, daemon=True).start()

    def _carry(self, source, sink):
        with contextlib.suppress(OSError):
            while piece := source.recv(65536):
                self.over.wait(self.delay)
                sink.sendall(piece)
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def close(self):
        self.over.set()
        self.listener.close()


@pytest.fixture
def road(cluster):
    made = SlowRoad(cluster.port)
    yield made
    made.close()


def kick(fleet):
    fleet.cluster.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{fleet.name}'")


@contextlib.contextmanager
def stopped(fleet, road):
    fleet.cluster.stop()
    try:
        yield
    finally:
        fleet.cluster.start()


@contextlib.contextmanager
def frozen(fleet, road):
    fleet.cluster.freeze(True)
    try:
        yield
    finally:
        fleet.cluster.freeze(False)


@contextlib.contextmanager
def read_only(fleet, road):
    fleet.cluster.execute(f"ALTER DATABASE {fleet.name} SET default_transaction_read_only = on")
    kick(fleet)
    try:
        yield
    finally:
        fleet.cluster.execute(f"ALTER DATABASE {fleet.name} RESET default_transaction_read_only")
        kick(fleet)


@contextlib.contextmanager
def slow(fleet, road):
    road.delay = 0.4
    try:
        yield
    finally:
        road.delay = 0.0


@contextlib.contextmanager
def restarted(fleet, road):
    fleet.cluster.stop("fast")
    fleet.cluster.start()
    yield


@pytest.mark.parametrize("trouble", (stopped, frozen, read_only, slow, restarted))
def test_whatever_the_database_does_caps_hold_and_what_can_be_served_is_served(fleet, road, trouble):
    fleet.url = fleet.url.replace(f":{fleet.cluster.port}/", f":{road.port}/")
    cap = 400 * COST
    one, two = fleet.start(rows=[deployment("m", fleet.upstream.base, **PRICED),
                                 deployment("free", fleet.upstream.base)],
                           general_settings={"max_budget": cap / 1e9, "budget_duration": "30d"})
    statuses, free, ready, over = Counter(), Counter(), Counter(), threading.Event()

    def load(number):
        daemon = fleet.daemons[number % 2]
        while not over.is_set():
            statuses[daemon.client.chat("m", **SHORT).status] += 1
            free[daemon.client.chat("free", **SHORT).status] += 1
            ready[daemon.anonymous.get("/health/readiness").status] += 1

    def sharing():
        return [daemon.anonymous.get("/health/readiness").json["instances"]["sharing"] for daemon in (one, two)]

    threads = [threading.Thread(target=load, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    try:
        wait_until(lambda: statuses[200] > 20, 30, "load")
        with trouble(fleet, road):
            if trouble in (stopped, frozen, read_only):
                wait_until(lambda: sharing() == ["from what is held"] * 2, 20, "the trouble to be noticed")
            served_before = free[200]
            wait_until(lambda: free[200] > served_before + 20, 30, "free answers meanwhile")
        wait_until(lambda: sharing() == ["connected"] * 2, 30, "the end of the trouble")
        wait_until(lambda: sum(map(charged, fleet.records())) >= 0.9 * cap, 90, "the cap to be nearly spent")
        refused = statuses[429]
        wait_until(lambda: statuses[429] > refused + 4, 60, "the cap")
    finally:
        over.set()
        for thread in threads:
            thread.join()
    assert set(statuses) <= {200, 429, 503} and set(free) == {200} and set(ready) == {200}
    fleet.wait_for_all_rows()
    assert fleet.spent() <= cap
    (row_cap, granted, _, _, _, _), = caps(fleet)
    assert granted <= row_cap == cap


def test_a_start_without_the_database_serves_what_costs_nothing(fleet):
    one, = fleet.start(count=1, rows=[deployment("m", fleet.upstream.base, **PRICED),
                                      deployment("free", fleet.upstream.base)],
                       general_settings={"max_budget": 1})
    assert served(one, 1) == [200]
    one.stop()
    fleet.cluster.stop()
    try:
        one.restart()
        refused = one.client.chat("m", **SHORT)
        assert refused.status == 503 and refused.error["code"] == "no_db_connection"
        assert one.client.chat("free").status == 200
    finally:
        fleet.cluster.start()
    wait_until(lambda: one.client.chat("m", **SHORT).status == 200, 20, "the lease")
