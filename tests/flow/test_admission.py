"""The queue in front of local engines: order, fairness, overflow, what is told and recorded."""

import json

from fakes import replies
from fakes.engine import Model
from harness.daemon import config_of, deployment
from harness.http import Client, Connection
from harness.waiting import stays, wait_until

PATIENT = {"patience": 600}
QUICK = Model("a", load=0.001, prefill=1e6, decode=1e5)
CLOUD_WORDS = "from the cloud"


def local(engine, group="m", model="a", **params):
    return deployment(group, f"http://127.0.0.1:{engine.port}", f"ollama/{model}", **params)


def body(model="m", words="hi", **more):
    return {"model": model, "messages": [{"role": "user", "content": words}], **more}


def send(daemon, model="m", headers=(), key=None, **more):
    """A request whose answer is left to the caller."""
    connection = Connection(daemon.port)
    fields = [("Authorization", f"Bearer {key or daemon.key}"), ("Content-Type", "application/json"), *headers]
    connection.send_request("POST", "/v1/chat/completions", fields, json.dumps(body(model, **more)).encode())
    return connection


def engine_row(daemon):
    rows = daemon.client.get("/health").json["engines"]
    assert len(rows) == 1
    return rows[0]


def waits(daemon, count):
    wait_until(lambda: engine_row(daemon)["waiting"] == count, what=f"{count} waiting")


def in_turn(daemon, count, **more):
    """One request after another, each known to the queue before the next; the engine's token is held."""
    made = []
    for number in range(count):
        made.append(send(daemon, words=f"u{number}", **more))
        wait_until(lambda n=number: engine_row(daemon)["running"] + engine_row(daemon)["waiting"] == n + 1)
    return made


def asked(upstream):
    """The requests for tokens; health pages look at /v1/models."""
    return [request for request in upstream.requests if request.method == "POST"]


def said(request):
    return request.json["messages"][0]["content"]


def teach(daemon):
    """Quick answers, so that a short wait is foreseen."""
    for _ in range(12):
        assert daemon.client.chat("m", stream=True).done


def facts(record):
    return json.loads(record.engine) if record.engine else {}


def cloud_of(workshop):
    cloud = workshop.upstream("cloud")
    cloud.default = replies.whole(replies.chat(CLOUD_WORDS, "gpt"))
    return cloud


def test_a_burst_goes_to_the_engine_slot_by_slot_in_its_order(workshop):
    engine = workshop.engine(Model("a", slots=2))
    engine.hold("token")
    daemon = workshop.serve(local(engine, max_parallel_requests=2), queue=PATIENT)
    made = in_turn(daemon, 6)
    assert engine.working("a") == 2 and engine.waiting("a") == 0
    row = engine_row(daemon)
    assert (row["running"], row["waiting"]) == (2, 4)
    assert row["models"][0]["slots"] == 2
    engine.release("token")
    replies = [one.read_reply() for one in made]
    assert all(reply.status == 200 for reply in replies)
    positions = [reply.header("x-spillway-queue-position") for reply in replies]
    assert positions == [None, None, "0", "1", "2", "3"]
    assert all(int(reply.header("x-spillway-queue-ms")) >= 0 for reply in replies[2:])
    for reply, position in zip(replies, positions):
        known = facts(daemon.ledger.record(reply.header("x-spillway-call-id")))
        assert known.get("queue_position") == (None if position is None else int(position))
        assert known["queued_ms"] >= 0 and known["predicted_first_token_ms"] >= 0
    row = engine_row(daemon)
    assert (row["running"], row["waiting"]) == (0, 0)


def test_interactive_requests_go_before_batch_ones(workshop):
    engine = workshop.engine(Model("a"))
    engine.hold("token")
    daemon = workshop.serve(local(engine), queue=PATIENT)
    first = in_turn(daemon, 1)[0]
    batch = send(daemon, headers=[("x-spillway-priority", "batch")], words="batch")
    waits(daemon, 1)
    quick = send(daemon, words="quick")
    waits(daemon, 2)
    low = send(daemon, words="low", priority=5)
    waits(daemon, 3)
    seen = len(asked(engine))
    engine.release("token")
    replies = [one.read_reply() for one in (first, batch, quick, low)]
    assert [reply.status for reply in replies] == [200] * 4
    users = [said(request) for request in asked(engine)[seen:]]
    assert users == ["quick", "batch", "low"]
    assert [reply.header("x-spillway-queue-position") for reply in replies[1:]] == ["0", "0", "2"]
    wrong = daemon.client.chat("m", headers=[("x-spillway-priority", "urgent")])
    assert wrong.status == 400 and "x-spillway-priority" in wrong.error["message"]


def test_a_key_for_batch_work_lets_others_go_first(workshop):
    engine = workshop.engine(Model("a"))
    engine.hold("token")
    daemon = workshop.serve(local(engine), queue=PATIENT)
    made = [daemon.client.post("/key/generate", {"metadata": {"priority": word}}).json["key"]
            for word in ("batch", "interactive")]
    first = in_turn(daemon, 1)[0]
    night = send(daemon, words="night", key=made[0])
    waits(daemon, 1)
    # Its own header does not lift it above what its key is for.
    eager = send(daemon, words="eager", key=made[0], headers=[("x-spillway-priority", "interactive")])
    waits(daemon, 2)
    day = send(daemon, words="day", key=made[1])
    waits(daemon, 3)
    seen = len(asked(engine))
    engine.release("token")
    replies = [one.read_reply() for one in (first, night, eager, day)]
    assert [reply.status for reply in replies] == [200] * 4
    assert [said(request) for request in asked(engine)[seen:]] == ["day", "night", "eager"]


def test_turns_are_fair_between_keys(workshop):
    engine = workshop.engine(Model("a"))
    engine.hold("token")
    daemon = workshop.serve(local(engine), queue=PATIENT)
    keys = [daemon.client.post("/key/generate", {}).json["key"] for _ in range(2)]
    first = in_turn(daemon, 1)[0]
    made = []
    for number, key in enumerate([keys[0]] * 4 + [keys[1]] * 2):
        made.append(send(daemon, key=key, words=f"{keys.index(key)}-{number}"))
        waits(daemon, number + 1)
    seen = len(asked(engine))
    engine.release("token")
    assert all(one.read_reply().status == 200 for one in [first, *made])
    users = [said(request) for request in asked(engine)[seen:]]
    assert sorted(users) == ["0-0", "0-1", "0-2", "0-3", "1-4", "1-5"]
    assert set(users[:4]) == {"0-0", "0-1", "1-4", "1-5"}


def test_who_would_wait_too_long_goes_to_the_cloud(workshop):
    engine = workshop.engine(Model("a"))
    cloud = cloud_of(workshop)
    engine.hold("token")
    daemon = workshop.serve(local(engine), deployment("c", cloud.base, "openai/gpt"),
                            router_settings={"fallbacks": [{"m": ["c"]}]}, queue={"patience": 0.2})
    held = in_turn(daemon, 1)[0]
    reply = daemon.client.chat("m")
    assert reply.status == 200 and reply.text == CLOUD_WORDS
    assert "not waited for" in reply.header("x-spillway-reason")
    assert "over_patience" in reply.header("x-spillway-reason")
    assert reply.header("x-spillway-attempted-fallbacks") == "1"
    record = daemon.ledger.record(reply.header("x-spillway-call-id"))
    assert "not waited for, over_patience" in record.why and record.attempts == 1
    assert "predicted_first_token_ms" not in facts(record)
    assert len(asked(engine)) == 1 and engine.waiting() == 0
    row = engine_row(daemon)
    assert row["went_elsewhere"] == 1 and row["waiting"] == 0
    metrics = daemon.client.get("/metrics").body.decode()
    address = f'127.0.0.1:{engine.port}'
    assert f'spillway_engine_spills_total{{engine="{address}",reason="over_patience"}} 1' in metrics
    assert f'spillway_engine_running{{engine="{address}"}} 1' in metrics
    engine.release("token")
    assert held.read_reply().status == 200
    # No failure was counted against the engine that nobody waited for.
    assert daemon.client.chat("m").text == "one two three four five"


def test_a_route_has_its_own_patience_and_says_why_it_went_on(workshop):
    engine = workshop.engine(Model("a"))
    cloud = cloud_of(workshop)
    engine.hold("token")
    routes = {"quick": {"otherwise": {"use": ["m", "c"], "patience": 0.2}},
              "slow": {"otherwise": {"use": ["m", "c"], "overflow": "never"}},
              "full": {"otherwise": {"use": ["m", "c"], "overflow": "in_flight", "patience": 600}}}
    daemon = workshop.serve(local(engine), deployment("c", cloud.base, "openai/gpt"), routes=routes)
    held = in_turn(daemon, 1, model="m")[0]
    for route, why in (("quick", "over_patience"), ("full", "in_flight")):
        reply = daemon.client.chat(route)
        assert reply.text == CLOUD_WORDS
        assert reply.header("x-spillway-reason").count("not waited for") == 1
        assert why in reply.header("x-spillway-reason") and f"route={route}" in reply.header("x-spillway-reason")
    slow = send(daemon, "slow")
    waits(daemon, 1)
    assert len(asked(cloud)) == 2
    engine.release("token")
    assert held.read_reply().status == 200 and slow.read_reply().status == 200
    assert len(asked(cloud)) == 2


def test_what_must_stay_local_waits_however_long(workshop):
    engine = workshop.engine(Model("a"))
    cloud = cloud_of(workshop)
    engine.hold("token")
    row = local(engine, model_info={"id": "engine-a"})
    away = deployment("c", cloud.base, "openai/gpt", model_info={"local": False})
    daemon = workshop.serve(row, away,
                            router_settings={"fallbacks": [{"m": ["c"]}]}, queue={"patience": 0.05})
    held = in_turn(daemon, 1)[0]
    private = send(daemon, headers=[("x-spillway-boundary", "local")])
    waits(daemon, 1)
    pinned = send(daemon, "engine-a")
    waits(daemon, 2)
    alone = send(daemon, disable_fallbacks=True)
    waits(daemon, 3)
    stays(lambda: not asked(cloud), 0.3)
    engine.release("token")
    replies = [one.read_reply() for one in (held, private, pinned, alone)]
    assert [reply.status for reply in replies] == [200] * 4 and not asked(cloud)


def test_a_cloud_that_fails_leads_back_to_the_queue(workshop):
    engine = workshop.engine(Model("a"))
    gone = workshop.closed_port()
    engine.hold("token")
    daemon = workshop.serve(local(engine), deployment("c", f"http://127.0.0.1:{gone.port}/v1", "openai/gpt"),
                            router_settings={"fallbacks": [{"m": ["c"]}]}, queue={"patience": 0.05})
    held = in_turn(daemon, 1)[0]
    late = send(daemon)
    waits(daemon, 1)
    engine.release("token")
    assert held.read_reply().status == 200
    reply = late.read_reply()
    assert reply.status == 200 and reply.text == "one two three four five"


def test_a_full_queue_is_an_honest_503(workshop):
    engine = workshop.engine(Model("a"))
    engine.hold("token")
    daemon = workshop.serve(local(engine), queue={**PATIENT, "size": 1})
    held = in_turn(daemon, 2)
    reply = daemon.client.chat("m")
    assert reply.status == 503 and int(reply.header("retry-after")) >= 1
    assert "1 requests run there and 1 wait" in reply.error["message"]
    assert daemon.ledger.record(reply.header("x-spillway-call-id")).outcome == "refused"
    engine.release("token")
    assert [one.read_reply().status for one in held] == [200, 200]


def test_a_wait_ends_with_the_requests_own_deadline(workshop):
    engine = workshop.engine(QUICK)
    daemon = workshop.serve(local(engine), queue=PATIENT)
    teach(daemon)
    engine.hold("token")
    before = len(asked(engine))
    held = in_turn(daemon, 1)[0]
    reply = daemon.client.chat("m", timeout=0.5)
    assert reply.status in (503, 504) and len(asked(engine)) == before + 1
    assert facts(daemon.ledger.record(reply.header("x-spillway-call-id")))["queued_ms"] >= 400
    assert engine_row(daemon)["waiting"] == 0
    engine.release("token")
    assert held.read_reply().status == 200


def test_a_wait_that_would_end_too_late_is_refused_at_once(workshop):
    engine = workshop.engine(Model("a", decode=0.01))
    engine.hold("token")
    daemon = workshop.serve(local(engine), queue=PATIENT)
    held = in_turn(daemon, 1)[0]
    reply = daemon.client.chat("m", timeout=1)
    assert reply.status == 503 and "it would begin after" in reply.error["message"]
    assert reply.seconds < 1 and int(reply.header("retry-after")) >= 1
    engine.release("token")
    assert held.read_reply().status == 200


def test_a_client_that_leaves_gives_its_place_up_at_once(workshop):
    engine = workshop.engine(Model("a"))
    engine.hold("token")
    daemon = workshop.serve(local(engine), queue=PATIENT)
    first, second, third = in_turn(daemon, 3)
    second.close()
    waits(daemon, 1)
    first.close()
    assert engine.wait_for(lambda one: one.cancelled == 1)
    assert engine.wait_for(lambda one: len(asked(one)) == 2)
    engine.release("token")
    assert third.read_reply().status == 200
    assert len(asked(engine)) == 2
    wait_until(lambda: len(daemon.ledger) == 3)
    assert [record.outcome for record in daemon.ledger.records()].count("abandoned") == 2


def test_streams_wait_like_others_and_get_nothing_before_their_answer(workshop):
    engine = workshop.engine(Model("a"))
    engine.hold("token")
    daemon = workshop.serve(local(engine), queue=PATIENT)
    first, second = in_turn(daemon, 2, stream=True)
    engine.release("token")
    assert first.read_reply().done
    reply = second.read_reply()
    assert reply.done and reply.text == "one two three four five"
    assert reply.header("x-spillway-queue-position") == "0"


def test_the_cloud_is_the_bridge_while_a_cold_model_loads(workshop):
    engine = workshop.engine(Model("a", load=20.0))
    cloud = cloud_of(workshop)
    engine.hold("load")
    daemon = workshop.serve(local(engine), deployment("c", cloud.base, "openai/gpt"),
                            router_settings={"fallbacks": [{"m": ["c"]}]}, queue={"patience": 0.5},
                            health={"interval": 0.2})
    wait_until(lambda: any(request.path == "/api/ps" for request in engine.requests))
    wait_until(lambda: engine_row(daemon)["models"], what="the engine's report")
    reply = daemon.client.chat("m")
    assert reply.text == CLOUD_WORDS and "bridge" in reply.header("x-spillway-reason")
    # The engine loads it meanwhile, though no request waits for that, and once only.
    assert engine.wait_for(lambda one: one.loading() == ["a"])
    assert daemon.client.chat("m").text == CLOUD_WORDS
    assert engine_row(daemon)["models"][0]["state"] == "loading"
    engine.finish_load()
    wait_until(lambda: engine_row(daemon)["models"][0]["state"] == "loaded")
    assert daemon.client.chat("m").text == "one two three four five"
    assert engine.loads["a"] == 1 and len(asked(cloud)) == 2


def with_cloud(workshop, *rows, **sections):
    """A daemon whose local groups all fall back to a cloud; and the cloud."""
    cloud = cloud_of(workshop)
    fallbacks = [{row["model_name"]: ["c"]} for row in rows]
    daemon = workshop.serve(*rows, deployment("c", cloud.base, "openai/gpt"),
                            router_settings={"fallbacks": fallbacks}, **sections)
    return daemon, cloud


def states(daemon):
    return {row["model"]: row["state"] for row in engine_row(daemon)["models"]}


def quick_loader(name, memory):
    return Model(name, memory=memory, load=0.8, prefill=1e5, decode=1e4)


def test_models_that_alternate_are_not_loaded_in_turn_for_what_the_cloud_serves(workshop):
    engine = workshop.engine(quick_loader("a", 6), quick_loader("b", 6), memory=10, pace=1.0)
    daemon, cloud = with_cloud(workshop, local(engine, "a", "a"), local(engine, "b", "b"),
                               queue={"patience": 0.3}, health={"interval": 0.2})
    wait_until(lambda: states(daemon) == {"a": "cold", "b": "cold"}, what="the engine's report")
    # Both are loaded once, the second because nobody knows yet whether it fits beside the first.
    assert daemon.client.chat("a").text == CLOUD_WORDS
    wait_until(lambda: states(daemon)["a"] == "loaded")
    assert daemon.client.chat("b").text == CLOUD_WORDS
    wait_until(lambda: states(daemon) == {"a": "cold", "b": "loaded"})
    before = len(asked(cloud))
    for _ in range(6):
        assert daemon.client.chat("a").text == CLOUD_WORDS
        assert daemon.client.chat("b").text == "one two three four five", "it has its turn"
    assert engine.loads == {"a": 1, "b": 1} and len(asked(cloud)) == before + 6
    assert engine_row(daemon)["loads"] == 2


def test_models_that_fit_side_by_side_are_served_at_home(workshop):
    engine = workshop.engine(quick_loader("a", 6), quick_loader("b", 6), memory=64, pace=1.0)
    # It is asked as soon as there is news, long before the interval is over.
    daemon, cloud = with_cloud(workshop, local(engine, "a", "a"), local(engine, "b", "b"),
                               queue={"patience": 0.3}, health={"interval": 30})
    for count, model in enumerate("ab", 1):
        assert daemon.client.chat(model).status == 200
        wait_until(lambda n=count: engine_row(daemon)["memory_bytes"] == 6 * n, what="a report after the load")
    assert states(daemon) == {"a": "loaded", "b": "loaded"}
    before = len(asked(cloud))
    for _ in range(4):
        for model in "ab":
            reply = daemon.client.chat(model)
            assert reply.text == "one two three four five"
            assert reply.header("x-spillway-queue-position") is None
    assert len(asked(cloud)) == before
    assert engine.loads == {"a": 1, "b": 1} and engine_row(daemon)["loads"] == 2


def test_a_group_prefers_the_engine_that_has_the_model(workshop):
    warm = workshop.engine(Model("a"), name="warm")
    cold = workshop.engine(Model("a", load=30.0), name="cold")
    daemon = workshop.serve(local(warm), local(cold), queue=PATIENT, health={"interval": 0.2})
    Client(warm.port).post("/api/chat", {"model": "a", "messages": []})
    wait_until(lambda: {row["models"][0]["state"] for row in daemon.client.get("/health").json["engines"]
                        if row["models"]} == {"loaded", "cold"}, what="both reports")
    for _ in range(6):
        assert daemon.client.chat("m").status == 200
    assert cold.loads["a"] == 0


def test_an_engine_that_vanishes_is_left_at_once_and_comes_back_after_a_probe(workshop):
    one = workshop.engine(Model("a"), name="one")
    gone = workshop.closed_port()
    daemon = workshop.serve(local(one, weight=1),
                            deployment("m", f"http://127.0.0.1:{gone.port}", "ollama/a", weight=1000),
                            router_settings={"disable_cooldowns": False, "num_retries": 1})
    for _ in range(5):
        assert daemon.client.chat("m").status == 200
    metrics = daemon.client.get("/metrics").body.decode()
    failed = [line for line in metrics.splitlines() if line.startswith("spillway_deployment_failed_total{")]
    assert sum(float(line.rsplit(" ", 1)[1]) for line in failed) <= 1


def test_a_reload_keeps_who_runs_and_who_waits(workshop):
    engine = workshop.engine(Model("a"))
    engine.hold("token")
    daemon = workshop.serve(local(engine), queue=PATIENT)
    made = in_turn(daemon, 2)
    daemon.write_config(config_of(local(engine), queue={**PATIENT, "size": 7}))
    wait_until(lambda: engine_row(daemon)["most_waiting"] == 7, what="the new configuration")
    row = engine_row(daemon)
    assert (row["running"], row["waiting"]) == (1, 1)
    late = send(daemon)
    waits(daemon, 2)
    engine.release("token")
    assert [one.read_reply().status for one in [*made, late]] == [200] * 3
    assert engine_row(daemon)["running"] == 0


def test_predictions_are_held_against_the_truth(workshop):
    engine = workshop.engine(Model("a"))
    daemon = workshop.serve(local(engine))
    for _ in range(3):
        assert daemon.client.chat("m", stream=True).done
    row = engine_row(daemon)
    assert row["predictions"]["count"] == 3
    metrics = daemon.client.get("/metrics").body.decode()
    counted = [line for line in metrics.splitlines()
               if line.startswith("spillway_engine_prediction_error_seconds_count")]
    assert sum(float(line.rsplit(" ", 1)[1]) for line in counted) == 3


def test_clouds_have_no_queue(workshop):
    cloud = cloud_of(workshop)
    daemon = workshop.serve(deployment("c", cloud.base, "openai/gpt"))
    reply = daemon.client.chat("c")
    assert reply.status == 200 and reply.header("x-spillway-queue-position") is None
    assert "engines" not in daemon.client.get("/health").json
    assert daemon.ledger.record(reply.header("x-spillway-call-id")).engine is None


def comments(reply):
    return [line for line in reply.body.split(b"\n") if line.startswith(b":")]


def test_a_stream_may_be_told_where_it_stands_while_it_waits(workshop):
    engine = workshop.engine(Model("a"))
    engine.hold("token")
    daemon = workshop.serve(local(engine), queue={**PATIENT, "comment_after": 0.2})
    first = in_turn(daemon, 1)[0]
    told = send(daemon, stream=True)
    waits(daemon, 1)
    whole = send(daemon)
    waits(daemon, 2)
    wait_until(lambda: told.receive() and b"waiting, 0 before this one" in told.buffer)
    engine.release("token")
    reply = told.read_reply()
    assert reply.status == 200 and reply.done and reply.text == "one two three four five"
    assert comments(reply) and reply.header("x-spillway-queue-position") == "0"
    assert first.read_reply().status == 200 and whole.read_reply().json["choices"]


def test_a_stream_that_was_told_of_its_wait_may_still_go_elsewhere(workshop):
    engine = workshop.engine(QUICK)
    cloud = workshop.upstream("cloud")
    daemon = workshop.serve(local(engine), deployment("c", cloud.base, "openai/gpt"),
                            router_settings={"fallbacks": [{"m": ["c"]}]},
                            queue={"patience": 1, "comment_after": 0.2})
    teach(daemon)
    engine.hold("token")
    first = in_turn(daemon, 1, stream=True)[0]
    # Its turn is promised at any moment, until that is not believed any more.
    reply = daemon.client.chat("m", stream=True)
    assert reply.status == 200 and reply.done and comments(reply)
    assert reply.text == "Hello from cloud."
    record = daemon.ledger.record(reply.header("x-spillway-call-id"))
    assert record.outcome == "served" and "not waited for" in record.why
    engine.release("token")
    assert first.read_reply().done


def test_a_stream_that_was_told_of_its_wait_ends_as_a_stream_when_the_wait_was_in_vain(workshop):
    engine = workshop.engine(QUICK)
    daemon = workshop.serve(local(engine), queue={**PATIENT, "comment_after": 0.1})
    teach(daemon)
    engine.hold("token")
    first = in_turn(daemon, 1)[0]
    reply = daemon.client.chat("m", stream=True, timeout=0.5)
    assert reply.status == 200 and reply.complete and comments(reply)
    assert len(reply.error_events) == 1 and not reply.done
    assert daemon.ledger.record(reply.header("x-spillway-call-id")).outcome == "broken"
    engine.release("token")
    assert first.read_reply().status == 200
