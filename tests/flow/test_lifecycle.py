"""Starting, reloading, draining, and running out of things. Promises 30 and 35 to 39."""

import contextlib
import json
import signal
import socket
import subprocess
import threading
from pathlib import Path

import pytest

from fakes import replies as r
from harness.daemon import MASTER_KEY, binary, config_of, deployment, free_port, in_parallel
from harness.http import Client
from harness.waiting import stays, wait_until

# --- starting


def test_what_is_wrong_with_the_file_is_said_at_once_and_with_its_place(workshop):
    daemon = workshop.daemon("model_list:\n  - model_name: m\n    litellm_params:\n      model: openai/x\n"
                             "      api_base: ftp://x\nserver:\n  max_bodi: 5\n  port: none\n")
    daemon.launch()
    assert daemon.wait() != 0
    assert "config.yaml:8:" in daemon.log, daemon.log
    assert "config.yaml:7:" in daemon.log and "max_body" in daemon.log


def test_a_missing_file_is_said(workshop):
    daemon = workshop.daemon(None)
    daemon.launch()
    assert daemon.wait() != 0
    assert "config.yaml" in daemon.log


def test_a_port_in_use_is_said(workshop, upstream):
    first = workshop.serve(deployment("m", upstream.base))
    second = workshop.daemon(config_of(deployment("m", upstream.base)), port=first.port)
    second.launch()
    assert second.wait() != 0
    assert str(first.port) in second.log


@pytest.mark.parametrize("name", ("litellm-hybrid.yaml", "hybrid-relay.yaml"))
def test_the_examples_of_today_load_unmodified(workshop, name):
    text = (Path(__file__).parents[2] / "config" / "examples" / name).read_text()
    daemon = workshop.daemon(text, env={"RELAY_API_KEY": "sk-relay", "MASTER_KEY": MASTER_KEY, "OPENAI_API_KEY": "sk-o",
                                        "ANTHROPIC_API_KEY": "sk-a"}).start()
    key = MASTER_KEY if "os.environ/MASTER_KEY" in text else "sk-your-proxy-master-key"
    listed = [row["id"] for row in Client(daemon.port, key).get("/v1/models").json["data"]]
    names = [line.split('"')[1] for line in text.splitlines() if "- model_name:" in line]
    assert listed == list(dict.fromkeys(names))


def test_the_first_answer_comes_soon_after_the_start(workshop, upstream):
    daemon = workshop.daemon(config_of(deployment("m", upstream.base))).launch()
    wait_until(daemon._answers, 5, "the first answer")


def test_an_included_file_adds_its_models(workshop, upstream):
    daemon = workshop.daemon(None)
    extra = {"model_list": [deployment("extra", upstream.base)]}
    (daemon.folder / "extra.yaml").write_text(json.dumps(extra))
    daemon.write_config({**config_of(deployment("m", upstream.base)), "include": ["extra.yaml"]})
    daemon.start()
    assert daemon.client.chat("extra").status == 200
    assert daemon.client.chat("m").status == 200


@pytest.mark.parametrize("bomb", ("aliases", "depth", "size"))
def test_yaml_bombs_are_refused_quickly(workshop, bomb):
    text = {
        "aliases": "a0: &a0 [x,x,x,x,x,x,x,x,x]\n" + "".join(
            f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 10)) + "model_list: []\n",
        "depth": "a: " + "[" * 5000 + "]" * 5000 + "\nmodel_list: []\n",
        "size": "a: " + "x" * 3_000_000 + "\nmodel_list: []\n",
    }[bomb]
    daemon = workshop.daemon(text).launch()
    assert daemon.wait(10) != 0
    assert daemon.log


# --- without a configuration


def discovering(workshop, engines, **env):
    off = {name: "off" for name in ("ollama", "llama_cpp", "vllm", "lm_studio")}
    off.update(engines)
    daemon = workshop.daemon(None, env={"SPILLWAY_DISCOVER": ",".join(f"{k}={v}" for k, v in off.items()), **env})
    daemon.env["XDG_STATE_HOME"] = str(daemon.folder)  # where the ledger goes when no file says where
    for name in list(daemon.env):
        if name.endswith("_API_KEY") and name not in env:
            del daemon.env[name]
    return daemon, [binary(), "serve", "--port", str(daemon.port)]


def test_without_a_configuration_it_serves_the_engines_it_finds(workshop, upstream):
    daemon, command = discovering(workshop, {"ollama": f"127.0.0.1:{upstream.port}"})
    daemon.start(command)
    wait_until(lambda: daemon.anonymous.get("/v1/models").json["data"], 10, "the engine's models")
    listed = [row["id"] for row in daemon.anonymous.get("/v1/models").json["data"]]
    name = next(model for model in listed if "served-model" in model)
    assert daemon.anonymous.chat(name).text == "Hello from alpha."
    assert "served-model" in daemon.log or "ollama" in daemon.log.lower()


def test_without_anything_it_starts_says_so_and_finds_engines_that_come_up_later(workshop):
    port = free_port()
    daemon, command = discovering(workshop, {"vllm": f"127.0.0.1:{port}"})
    daemon.start(command)
    assert daemon.anonymous.get("/v1/models").json["data"] == []
    assert daemon.log.strip(), "it says what to do"
    reply = daemon.anonymous.chat("anything")
    assert reply.status == 404 and reply.error
    upstream = workshop.upstream("late", port=port)
    upstream.paths["/v1/models"] = r.whole({"object": "list", "data": [
        {"id": "served-model", "object": "model", "created": 1, "owned_by": "vllm", "max_model_len": 4096}]})
    wait_until(lambda: daemon.anonymous.get("/v1/models").json["data"], 15, "the engine")
    name = daemon.anonymous.get("/v1/models").json["data"][0]["id"]
    assert daemon.anonymous.chat(name).text == "Hello from late."
    assert upstream.requests


# --- reloading (promise 38)


def test_sighup_reloads_and_running_streams_keep_what_they_began_with(workshop):
    old, new = workshop.upstream("old"), workshop.upstream("new")
    daemon = workshop.serve(deployment("m", old.base))
    gate = threading.Event()
    old.next(r.stream(r.ROLE, *r.text_events("one"), r.hold(gate), *r.text_events("two"), r.FINISH, r.DONE))
    with daemon.client.open_chat("m") as running:
        reply = running.read_start()
        daemon.write_config(config_of(deployment("m", new.base), deployment("n", new.base)))
        daemon.signal(signal.SIGHUP)
        wait_until(lambda: daemon.client.chat("m").text == "Hello from new.", 10, "the new configuration")
        assert daemon.client.chat("n").status == 200
        gate.set()
        running.read_body(reply)
    assert reply.text == "onetwo" and reply.done


def test_a_change_of_the_file_is_noticed(workshop):
    old, new = workshop.upstream("old"), workshop.upstream("new")
    daemon = workshop.serve(deployment("m", old.base))
    daemon.write_config(config_of(deployment("m", new.base)))
    wait_until(lambda: daemon.client.chat("m").text == "Hello from new.", 15, "the new configuration")


def test_a_bad_file_changes_nothing_and_is_explained(workshop, upstream):
    daemon = workshop.serve(deployment("m", upstream.base))
    config = config_of(deployment("m", upstream.base))
    config["server"] = {"max_body": "a lot"}
    daemon.write_config(config)
    daemon.signal(signal.SIGHUP)
    wait_until(lambda: "config.yaml:" in daemon.log, 10, "the complaint")
    assert daemon.client.chat("m").status == 200
    daemon.config_path.write_text("model_list: [\n")
    daemon.signal(signal.SIGHUP)
    assert daemon.client.chat("m").status == 200
    daemon.config_path.unlink()
    daemon.signal(signal.SIGHUP)
    assert daemon.client.chat("m").status == 200


def test_a_hundred_reloads_under_load_fail_nobody(workshop, upstream):
    daemon = workshop.serve(deployment("m", upstream.base))
    configs = [config_of(deployment("m", upstream.base), *[deployment(f"extra{n}", upstream.base)]) for n in range(2)]
    over = threading.Event()
    failures = []

    def load(number):
        while not over.is_set():
            reply = daemon.client.chat("m", stream=bool(number % 2))
            if reply.status != 200 or not reply.complete or reply.text != "Hello from alpha.":
                failures.append(reply)

    threads = [threading.Thread(target=load, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    number = lambda: daemon.anonymous.get("/health/readiness").json["config_number"]  # noqa: E731
    for turn in range(100):
        before = number()
        daemon.write_config(configs[turn % 2])
        daemon.signal(signal.SIGHUP)
        wait_until(lambda: number() > before, 10, "the reload")
    over.set()
    for thread in threads:
        thread.join()
    assert not failures, failures[:3]


def test_the_master_key_changes_with_a_reload(workshop, upstream):
    daemon = workshop.serve(deployment("m", upstream.base))
    daemon.write_config(config_of(deployment("m", upstream.base), general_settings={"master_key": "sk-new-key"}))
    daemon.signal(signal.SIGHUP)
    wait_until(lambda: Client(daemon.port, "sk-new-key").chat("m").status == 200, 10, "the new key")
    assert Client(daemon.port, MASTER_KEY).chat("m").status == 401


# --- draining (promise 39)


def test_sigterm_lets_streams_finish_and_takes_no_new_ones(workshop, upstream):
    daemon = workshop.serve(deployment("m", upstream.base))
    gate = threading.Event()
    upstream.next(r.stream(r.ROLE, *r.text_events("one"), r.hold(gate), *r.text_events("two"), r.FINISH, r.DONE))
    idle = daemon.client.connect()
    with daemon.client.open_chat("m") as running:
        reply = running.read_start()
        daemon.signal(signal.SIGTERM)
        assert idle.is_closed_by_server(), "idle connections close at once"

        def refused():
            try:
                return daemon.client.chat("m").status == 503
            except OSError:
                return True

        wait_until(refused, 5, "the closed door")
        assert daemon.process.poll() is None
        gate.set()
        running.read_body(reply)
    assert reply.text == "onetwo" and reply.done
    assert daemon.wait(10) == 0
    assert [record.outcome for record in daemon.ledger.records()] == ["served"]


def test_readiness_turns_before_the_door_closes_on_open_connections(workshop, upstream):
    daemon = workshop.serve(deployment("m", upstream.base))
    gate = threading.Event()
    upstream.next(r.stream(r.ROLE, *r.text_events("one"), r.hold(gate), r.FINISH, r.DONE))
    with daemon.client.open_chat("m") as running, daemon.client.connect() as other:
        running.read_head()
        other.send(b"GET /health/readiness HTTP/1.1\r\n")  # half a head: not idle
        daemon.signal(signal.SIGTERM)
        wait_until(lambda: "stopping" in daemon.log, 5, "the word")
        try:
            other.send(b"Host: x\r\n\r\n")
            assert other.read_reply().status == 503
        except (OSError, AssertionError) as error:
            if isinstance(error, AssertionError):
                raise
        except Exception:
            pass  # closed: as good
        gate.set()
        running.read_to_end()
    assert daemon.wait(10) == 0


def test_a_stream_that_outlasts_the_drain_ends_with_an_error_event(workshop, upstream):
    daemon = workshop.serve(deployment("m", upstream.base), server={"drain_timeout": 1})
    upstream.next(r.stream(r.ROLE, *r.text_events("one"), r.STALL))
    with daemon.client.open_chat("m") as running:
        reply = running.read_start()
        daemon.signal(signal.SIGTERM)
        running.read_body(reply)
    assert reply.text == "one" and not reply.done and not reply.finish_reasons
    assert daemon.wait(10) == 0
    assert len(reply.error_events) == 1 and reply.complete, reply
    assert [record.outcome for record in daemon.ledger.records()] == ["broken"]


def test_a_second_signal_ends_at_once(workshop, upstream):
    daemon = workshop.serve(deployment("m", upstream.base), server={"drain_timeout": 60})
    upstream.next(r.stream(r.ROLE, *r.text_events("one"), r.STALL))
    with daemon.client.open_chat("m") as running:
        running.read_head()
        daemon.signal(signal.SIGTERM)
        wait_until(lambda: "stopping" in daemon.log, 5)
        # Those of the first's breath count as one with it.
        wait_until(lambda: daemon.signal(signal.SIGTERM) or "second signal" in daemon.log, 5)
        daemon.wait(5)
        running.read_to_end()
    assert [record.outcome for record in daemon.ledger.records()] in ([], ["broken"], ["abandoned"])


def test_signals_of_one_breath_are_one(workshop, upstream):
    daemon = workshop.serve(deployment("m", upstream.base), server={"drain_timeout": 60})
    gate = threading.Event()
    upstream.next(r.stream(r.ROLE, *r.text_events("one"), r.hold(gate), r.FINISH, r.DONE))
    with daemon.client.open_chat("m") as running:
        reply = running.read_start()
        daemon.signal(signal.SIGTERM)
        daemon.signal(signal.SIGINT)
        wait_until(lambda: "stopping" in daemon.log, 5)
        gate.set()
        running.read_body(reply)
    assert reply.done
    assert daemon.wait(10) == 0
    assert "second signal" not in daemon.log


@pytest.mark.parametrize("number", (signal.SIGINT, signal.SIGTERM))
def test_an_idle_daemon_ends_at_once_and_cleanly(gateway, number):
    assert gateway.client.chat("m").status == 200
    gateway.signal(number)
    assert gateway.wait(5) == 0


def test_load_at_the_moment_of_the_signal_loses_no_record(workshop, upstream):
    daemon = workshop.serve(deployment("m", upstream.base))
    acknowledged, failures = [], []

    def load(number):
        while True:
            try:
                reply = daemon.client.chat("m", stream=bool(number % 2))
            except Exception:
                return
            if reply.status == 200 and reply.complete:
                acknowledged.append(reply.header("x-spillway-call-id"))
            elif reply.status != 503:
                failures.append(reply)

    threads = [threading.Thread(target=load, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    wait_until(lambda: len(acknowledged) > 50, 20)
    daemon.signal(signal.SIGTERM)
    assert daemon.wait(20) == 0
    for thread in threads:
        thread.join()
    recorded = [record.call_id for record in daemon.ledger.records()]
    assert set(acknowledged) <= set(recorded)
    assert len(recorded) == len(set(recorded))
    assert not failures


# --- running out of things


def test_it_survives_running_out_of_descriptors(workshop, upstream):
    """Promise 37: accepting fails, nobody dies, and service comes back by itself."""
    daemon = workshop.serve(deployment("m", upstream.base))
    assert daemon.client.chat("m").status == 200
    baseline = daemon.descriptors()
    subprocess.run(["prlimit", "--pid", str(daemon.pid), f"--nofile={baseline + 6}:{baseline + 6}"], check=True)
    crowd = [socket.create_connection(("127.0.0.1", daemon.port), timeout=5) for _ in range(100)]
    wait_until(lambda: daemon.descriptors() >= baseline + 5, 10, "exhaustion")
    stays(lambda: daemon.process.poll() is None, 0.3, "life")
    for connection in crowd:
        connection.close()

    def served():
        try:
            return daemon.client.chat("m").status == 200
        except OSError:
            return False

    wait_until(served, 10, "service")
    for _ in range(10):
        assert daemon.client.chat("m").status == 200
    wait_until(lambda: daemon.descriptors() <= baseline + 6, 10, "descriptors back to the baseline")


def test_more_connections_than_descriptors_allow_wait_their_turn(workshop, upstream):
    daemon = workshop.serve(deployment("m", upstream.base), prefix=["prlimit", "--nofile=200:200"],
                            server={"head_timeout": 1})
    crowd = [socket.create_connection(("127.0.0.1", daemon.port), timeout=5) for _ in range(300)]
    stays(lambda: daemon.process.poll() is None and daemon.descriptors() < 200, 0.3, "life")
    reply = daemon.client.chat("m")
    assert reply.status in (200, 503), "it waits its turn or is told to come back"
    for connection in crowd:
        connection.close()


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 8 MB, when we may make one."""
    folder = tmp_path / "small"
    folder.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(folder)], capture_output=True)
    if made.returncode:
        pytest.skip("no right to mount a tmpfs")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_full_disk_stops_billable_work_before_the_answer_and_recovers_alone(workshop, upstream, small_disk):
    """Promise 35."""
    daemon = workshop.serve(deployment("m", upstream.base, input_cost_per_token=0.000002, output_cost_per_token=0.00001),
                            ledger={"path": str(small_disk / "ledger.db")})
    daemon.ledger.path = str(small_disk / "ledger.db")
    acknowledged = [daemon.client.chat("m").header("x-spillway-call-id")]
    filler = small_disk / "filler"
    with open(filler, "wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(b"x" * 4096)

    def refused():
        reply = daemon.client.chat("m")
        if reply.status == 200:
            acknowledged.append(reply.header("x-spillway-call-id"))
            return False
        assert reply.status == 503, reply
        assert reply.error
        return True

    wait_until(refused, 20, "the refusal")
    stream = daemon.client.chat("m", stream=True)
    assert stream.status == 503 or stream.error_events
    assert daemon.anonymous.get("/health/liveliness").status == 200
    assert daemon.client.get("/v1/models").status == 200
    filler.unlink()

    def back():
        reply = daemon.client.chat("m")
        if reply.status == 200:
            acknowledged.append(reply.header("x-spillway-call-id"))
        return reply.status == 200

    wait_until(back, 5, "the recovery")
    recorded = [record.call_id for record in daemon.ledger.records()]
    assert set(acknowledged) <= set(recorded), "acknowledged without a record"
    daemon.stop()


def test_a_dead_database_at_the_start_keeps_nobody_from_being_served(workshop, upstream):
    daemon = workshop.serve(deployment("m", upstream.base), general_settings={
        "database_url": f"postgresql://u:p4ssw0rd@127.0.0.1:{workshop.closed_port().port}/x"})
    assert daemon.client.chat("m").status == 200
    assert daemon.anonymous.get("/health/readiness").status == 200
    assert daemon.anonymous.get("/health/readiness").json["db"] == "Not connected"
    wait_until(lambda: "database" in daemon.log.lower() or "postgres" in daemon.log.lower(), 10, "a word about it")
    assert "p4ssw0rd" not in daemon.log
    daemon.stop()


def test_disabled_spend_logs_are_not_shipped_and_still_kept(workshop, upstream):
    daemon = workshop.serve(deployment("m", upstream.base), general_settings={
        "database_url": f"postgresql://u:p@127.0.0.1:{workshop.closed_port().port}/x", "disable_spend_logs": True})
    call = daemon.client.chat("m").header("x-spillway-call-id")
    assert [record.call_id for record in daemon.ledger.records()] == [call]
    assert daemon.anonymous.get("/health/readiness").json["db"] == "not configured"
    assert "shipped to PostgreSQL" not in daemon.log
    daemon.stop()


def test_too_many_in_flight_are_shed_with_503(workshop, upstream):
    daemon = workshop.serve(deployment("m", upstream.base), server={"max_in_flight": 3})
    gate = threading.Event()
    upstream.default = r.steps(r.hold(gate), r.whole(r.chat("late")))
    connections = [daemon.client.open_chat("m", stream=False) for _ in range(3)]
    upstream.wait_for_requests(3)
    reply = daemon.client.chat("m")
    assert reply.status == 503 and reply.header("retry-after")
    assert daemon.anonymous.get("/health/liveliness").status == 200
    gate.set()
    for connection in connections:
        assert connection.read_reply().status == 200
        connection.close()
    assert daemon.client.chat("m").status == 200


@pytest.mark.memory
def test_memory_and_descriptors_stay_flat(workshop, upstream):
    """Promise 43, in small."""
    daemon = workshop.serve(deployment("m", upstream.base), shards=1)

    def round_of_requests():
        in_parallel(4, lambda n: [daemon.client.chat("m", stream=bool(n % 2)) for _ in range(60)])

    round_of_requests()
    memory, descriptors = daemon.resident_bytes(), daemon.descriptors()
    for _ in range(3):
        round_of_requests()
    assert daemon.descriptors() <= descriptors + 8
    assert daemon.resident_bytes() - memory < 24 << 20
