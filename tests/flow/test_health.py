"""Health checks, quotas and what /health tells of them."""

import time

from fakes import replies as r
from harness.daemon import deployment
from harness.waiting import wait_until


def row_of(daemon, group):
    page = daemon.client.get("/health").json
    rows = page["healthy_endpoints"] + page["unhealthy_endpoints"]
    return next(row for row in rows if row["model_name"] == group)


def checks(upstream, path):
    return [request for request in upstream.requests if request.path == path]


def test_an_engine_that_is_not_there_is_passed_over_until_it_is_back(workshop):
    engine = workshop.upstream("home")
    cloud = workshop.upstream("cloud")
    daemon = workshop.serve(
        deployment("m", engine.base, model="ollama/served-model", model_info={"local": True}),
        deployment("c", cloud.base, model_info={"local": False}),
        router_settings={"fallbacks": [{"m": ["c"]}]}, health={"interval": 0.2})
    engine.wait_for(lambda _: checks(engine, "/api/version"))
    port = engine.port
    engine.close()
    wait_until(lambda: row_of(daemon, "m")["state"] == "unreachable")
    assert row_of(daemon, "m")["last_check"]["error"]

    reply = daemon.client.chat("m")
    assert reply.text == "Hello from cloud."
    assert daemon.ledger.records()[-1].attempts == 1
    assert not [request for request in cloud.requests if request.method == "GET" and "models" not in request.path]

    workshop.upstream("home again", port=port)
    wait_until(lambda: row_of(daemon, "m")["state"] == "healthy")
    assert daemon.client.chat("m").text == "Hello from home again."


def test_an_engine_that_is_not_there_is_asked_when_nobody_else_is(workshop):
    port = workshop.closed_port().port
    daemon = workshop.serve(deployment("m", f"http://127.0.0.1:{port}/v1"), health={"interval": 0.2})
    wait_until(lambda: row_of(daemon, "m")["state"] == "unreachable")
    assert daemon.client.chat("m").status == 502


def test_a_check_asks_no_model_and_stops_while_requests_are_served(workshop, upstream):
    daemon = workshop.serve(deployment("m", upstream.base), health={"interval": 0.5})
    upstream.wait_for(lambda _: checks(upstream, "/v1/models"))
    assert {(request.method, request.body) for request in upstream.requests} == {("GET", b"")}
    daemon.client.chat("m")
    before = len(checks(upstream, "/v1/models"))
    until = time.monotonic() + 1.5
    while time.monotonic() < until:
        daemon.client.chat("m")
    assert len(checks(upstream, "/v1/models")) == before


def test_a_spent_quota_is_not_run_into(workshop):
    spent, fresh = workshop.upstream("spent"), workshop.upstream("fresh")
    spent.default = r.whole(r.chat("Hello from spent.", "m"), headers=[
        ("x-ratelimit-remaining-requests", "0"), ("x-ratelimit-reset-requests", "60s")])
    daemon = workshop.serve(deployment("m", spent.base, order=1), deployment("m", fresh.base, order=2))
    assert daemon.client.chat("m").text == "Hello from spent."
    for _ in range(5):
        assert daemon.client.chat("m").text == "Hello from fresh."
    rows = daemon.client.get("/health").json["healthy_endpoints"]
    assert sorted(row["state"] for row in rows) == ["healthy", "quota_spent"]
    assert next(row for row in rows if row["state"] == "quota_spent")["quota"]["requests_left"] == 0


def test_health_tells_pace_load_and_warmth(workshop, upstream):
    daemon = workshop.serve(deployment("m", upstream.base, max_parallel_requests=4))
    assert row_of(daemon, "m")["first_token_ms"] is None
    assert row_of(daemon, "m")["warm"] is False
    daemon.client.chat("m", stream=True)
    row = row_of(daemon, "m")
    assert row["warm"] is True
    assert row["first_token_ms"] > 0
    assert row["in_flight"] == 0
    assert row["max_parallel_requests"] == 4
    assert row["last_answer"]


def test_an_engine_tells_what_is_loaded_and_how_much_it_holds(workshop):
    engine = workshop.upstream("home")
    cloud = workshop.upstream("cloud")
    engine.paths["/api/ps"] = r.whole({"models": [
        {"name": "small:latest", "model": "small:latest", "size": 10, "size_vram": 8, "context_length": 64}]})
    route = {"rules": [{"name": "warm-home", "when": {"group": {"home": "warm"}}, "use": ["home", "cloud"]}],
             "otherwise": ["cloud"]}
    daemon = workshop.serve(
        deployment("home", engine.base, model="ollama/small", model_info={"local": True}),
        deployment("other", engine.base, model="ollama/other", model_info={"local": True}),
        deployment("cloud", cloud.base, model_info={"local": False}), routes={"auto": route},
        health={"interval": 0.2})
    wait_until(lambda: row_of(daemon, "home")["engine"])
    row = row_of(daemon, "home")
    assert (row["warm"], row["window"]) == (True, 64)
    assert row["engine"]["loaded"] is True and row["engine"]["memory_gpu_bytes"] == 8
    assert row_of(daemon, "other")["warm"] is False and row_of(daemon, "other")["window"] is None

    short = daemon.client.chat("auto", max_tokens=8)
    assert short.text == "Hello from home."
    # Nobody wrote down its window: the engine itself said that this is too much.
    long = daemon.client.chat("auto", messages=[{"role": "user", "content": "many words " * 60}], max_tokens=8)
    assert long.text == "Hello from cloud."
    assert "window too small" in long.header("x-spillway-reason")
