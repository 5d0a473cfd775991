"""Retries, fallbacks, cooldowns and what the client may say about them."""

import json
import math
import threading
import time

import pytest

from fakes import replies as r
from harness.daemon import deployment, in_parallel
from harness.waiting import wait_until


def overloaded(**more):
    return r.status(503, "try later", **more)


def tags(reply):
    return {name: reply.header(f"x-litellm-{name}") for name in ("attempted-retries", "attempted-fallbacks", "model-group")}


# --- retries inside the group


def test_a_failed_attempt_is_retried_on_another_deployment_of_the_group(workshop):
    sick, well = workshop.upstream("sick"), workshop.upstream("well")
    sick.default = overloaded()
    daemon = workshop.serve(deployment("m", sick.base, order=1), deployment("m", well.base, order=1),
                            router_settings={"num_retries": 2})
    for _ in range(30):
        reply = daemon.client.chat("m")
        assert reply.text == "Hello from well."
        if reply.header("x-litellm-attempted-retries") == "1":
            break
    assert reply.header("x-litellm-attempted-retries") == "1"
    assert len(sick.requests) == 1


def test_a_lone_deployment_is_tried_again_as_often_as_configured(workshop, upstream):
    daemon = workshop.serve(deployment("m", upstream.base), router_settings={"num_retries": 2})
    upstream.next(overloaded(), overloaded())
    reply = daemon.client.chat("m")
    assert reply.text == "Hello from alpha."
    assert tags(reply)["attempted-retries"] == "2"
    assert len(upstream.requests) == 3
    assert daemon.ledger.records()[-1].attempts == 3


def test_the_number_of_attempts_is_bounded(workshop, upstream):
    upstream.default = overloaded()
    daemon = workshop.serve(deployment("m", upstream.base), router_settings={"num_retries": 2})
    reply = daemon.client.chat("m")
    assert reply.status >= 500
    assert len(upstream.requests) == 3
    assert reply.header("x-litellm-attempted-retries") == "2"


def test_a_clients_mistake_is_not_retried_and_comes_back_with_its_status(workshop, upstream):
    daemon = workshop.serve(deployment("m", upstream.base), deployment("other", upstream.base),
                            router_settings={"num_retries": 3})
    upstream.default = r.status(422, "temperature must be below 2", kind="invalid_request_error", param="temperature")
    reply = daemon.client.chat("m", temperature=9)
    assert reply.status == 422
    assert "temperature must be below 2" in reply.error["message"]
    assert len(upstream.requests) == 1


@pytest.mark.parametrize("headers, least", [
    ([("Retry-After", "1")], 0.95),
    ([("Retry-After-Ms", "400")], 0.38),
])
def test_retry_after_is_obeyed_when_it_is_short(workshop, upstream, headers, least):
    daemon = workshop.serve(deployment("m", upstream.base), router_settings={"num_retries": 1})
    upstream.next(r.status(429, "slow down", headers))
    reply = daemon.client.chat("m")
    assert reply.text == "Hello from alpha."
    first, second = upstream.requests
    assert second.arrived - first.arrived >= least


def test_a_long_retry_after_is_not_waited_for_but_told_to_the_client(workshop, upstream):
    upstream.default = r.status(429, "slow down", [("Retry-After", "77")])
    daemon = workshop.serve(deployment("m", upstream.base), router_settings={"num_retries": 3})
    reply = daemon.client.chat("m")
    assert reply.status == 429
    assert reply.header("retry-after") == "77"
    assert reply.seconds < 5
    assert len(upstream.requests) == 1


def test_no_money_is_not_waited_for(workshop, upstream):
    good = workshop.upstream("good")
    upstream.default = r.OPENAI_QUOTA
    daemon = workshop.serve(deployment("m", upstream.base), deployment("spare", good.base),
                            router_settings={"num_retries": 3, "fallbacks": [{"m": ["spare"]}]})
    assert daemon.client.chat("m").text == "Hello from good."
    assert len(upstream.requests) == 1


def test_orders_are_spent_one_after_the_other(workshop):
    first, second = workshop.upstream("first"), workshop.upstream("second")
    daemon = workshop.serve(deployment("m", second.base, order=2), deployment("m", first.base, order=1))
    assert {daemon.client.chat("m").text for _ in range(6)} == {"Hello from first."}
    first.default = overloaded()
    assert {daemon.client.chat("m").text for _ in range(3)} == {"Hello from second."}


def test_weights_share_the_load(workshop):
    heavy, light = workshop.upstream("heavy"), workshop.upstream("light")
    daemon = workshop.serve(deployment("m", heavy.base, weight=9), deployment("m", light.base, weight=1))
    for _ in range(60):
        assert daemon.client.chat("m").status == 200
    assert len(heavy.requests) > 40 and len(heavy.requests) + len(light.requests) == 60


def test_a_storm_of_failures_keeps_to_the_retry_budget(workshop, upstream):
    upstream.default = overloaded()
    daemon = workshop.serve(deployment("m", upstream.base), router_settings={"num_retries": 5})
    began = time.monotonic()
    requests = 60
    in_parallel(6, lambda _: [daemon.client.chat("m") for _ in range(requests // 6)])
    # Three for each second of the clock that the storm touched: one more than it lasted, rounded up.
    seconds = math.ceil(time.monotonic() - began) + 1
    assert len(upstream.requests) <= requests * 1.1 + 3 * seconds, "promise 40"


# --- cooldown


def test_a_rate_limited_deployment_rests_and_the_other_serves(workshop):
    limited, other = workshop.upstream("limited"), workshop.upstream("other")
    limited.default = r.status(429, "slow down", [("Retry-After", "60")])
    daemon = workshop.serve(deployment("m", limited.base), deployment("m", other.base),
                            router_settings={"num_retries": 1, "disable_cooldowns": False})
    for _ in range(20):
        assert daemon.client.chat("m").text == "Hello from other."
    assert len(limited.requests) <= 1


def test_when_all_rest_the_answer_is_429_with_the_time_to_come_back(workshop):
    one, two = workshop.upstream("one"), workshop.upstream("two")
    for upstream in (one, two):
        upstream.default = r.status(429, "slow down", [("Retry-After", "60")])
    daemon = workshop.serve(deployment("m", one.base), deployment("m", two.base),
                            router_settings={"num_retries": 1, "disable_cooldowns": False})
    wait_until(lambda: daemon.client.chat("m").status == 429 and len(one.requests) + len(two.requests) >= 2, 10)
    asked = len(one.requests) + len(two.requests)
    reply = daemon.client.chat("m")
    assert reply.status == 429
    assert "No deployments available for selected model" in reply.error["message"]
    assert 1 <= int(reply.header("retry-after")) <= 60
    assert len(one.requests) + len(two.requests) == asked


def test_a_resting_deployment_comes_back(workshop):
    sick, spare = workshop.upstream("sick"), workshop.upstream("spare")
    sick.next(r.status(429, "slow down"))
    daemon = workshop.serve(deployment("m", sick.base, order=1), deployment("m", spare.base, order=2),
                            router_settings={"cooldown_time": 1, "disable_cooldowns": False})
    assert daemon.client.chat("m").text == "Hello from spare."
    assert daemon.client.chat("m").text == "Hello from spare.", "it rests now"
    wait_until(lambda: daemon.client.chat("m").text == "Hello from sick.", 10, "the return")


# --- fallbacks


def test_fallback_lists_are_walked_in_order_and_the_error_names_what_was_tried(workshop, upstream):
    upstream.default = r.status(500, "boom")
    daemon = workshop.serve(*[deployment(name, upstream.base) for name in ("a", "b", "c")],
                            router_settings={"fallbacks": [{"a": ["b", "c"]}]})
    reply = daemon.client.chat("a")
    assert reply.status in (500, 502, 503)
    assert [request.model for request in upstream.requests] == ["a", "b", "c"]
    message = reply.error["message"]
    assert all(name in message for name in ("a/", "b/", "c/")), message
    assert reply.header("x-should-retry") == "false"
    assert reply.header("x-litellm-attempted-fallbacks") == "2"
    assert "sk-upstream-secret" not in message


def test_each_hop_has_its_own_fallbacks_but_five_deep_at_most(workshop, upstream):
    names = ["g0", "g1", "g2", "g3", "g4", "g5", "g6", "g7"]
    upstream.default = r.status(500, "boom")
    daemon = workshop.serve(*[deployment(name, upstream.base) for name in names],
                            router_settings={"fallbacks": [{a: [b]} for a, b in zip(names, names[1:])]})
    assert daemon.client.chat("g0").status >= 500
    assert [request.model for request in upstream.requests] == names[:6]


def test_a_circle_of_fallbacks_ends(workshop, upstream):
    upstream.default = r.status(500, "boom")
    daemon = workshop.serve(deployment("a", upstream.base), deployment("b", upstream.base),
                            router_settings={"fallbacks": [{"a": ["b"]}, {"b": ["a"]}]})
    assert daemon.client.chat("a").status >= 500
    assert len(upstream.requests) <= 6
    assert [request.model for request in upstream.requests[:2]] == ["a", "b"]


def test_default_fallbacks_serve_every_group_without_a_list_of_its_own(workshop, upstream):
    good = workshop.upstream("good")
    upstream.default = r.status(500, "boom")
    daemon = workshop.serve(deployment("a", upstream.base), deployment("spare", good.base),
                            litellm_settings={"default_fallbacks": ["spare"]})
    assert daemon.client.chat("a").text == "Hello from good."


CONTEXT_ERRORS = {"openai": r.OPENAI_CONTEXT, "vllm": r.VLLM_CONTEXT, "llamacpp": r.LLAMACPP_CONTEXT,
                  "ollama": r.OLLAMA_CONTEXT, "anthropic": r.ANTHROPIC_CONTEXT, "gemini": r.GEMINI_CONTEXT,
                  "status_413": r.whole({"error": {"message": "too big", "type": "request_too_large",
                                                   "param": None, "code": None}}, status=413)}


@pytest.fixture(scope="module")
def lists(module_workshop):
    """Groups with one list per class of failure."""
    bad, good = module_workshop.upstream("bad"), module_workshop.upstream("good")
    for name, script in CONTEXT_ERRORS.items():
        bad.models[name] = script
    bad.models["policy"] = r.CONTENT_POLICY
    bad.models["boom"] = r.status(500, "boom")
    groups = [*CONTEXT_ERRORS, "policy", "boom"]
    daemon = module_workshop.serve(
        *[deployment(name, bad.base) for name in groups],
        *[deployment(name, good.base) for name in ("larger", "milder", "general")],
        router_settings={
            "context_window_fallbacks": [{name: ["larger"]} for name in groups],
            "content_policy_fallbacks": [{name: ["milder"]} for name in groups],
            "fallbacks": [{name: ["general"]} for name in groups],
        })
    daemon.bad, daemon.good = bad, good
    return daemon


@pytest.mark.parametrize("stream", (False, True), ids=("whole", "stream"))
@pytest.mark.parametrize("engine", CONTEXT_ERRORS)
def test_a_prompt_that_does_not_fit_goes_to_the_context_window_list(lists, engine, stream):
    lists.good.forget()
    reply = lists.client.chat(engine, stream=stream)
    assert reply.text == "Hello from good.", reply
    assert [request.model for request in lists.good.requests] == ["larger"]


def test_a_context_error_inside_the_stream_goes_there_too(lists):
    lists.good.forget()
    event = r.sse({"error": {"message": "This model's maximum context length is 4096 tokens. However, you requested 5000.",
                             "type": "invalid_request_error", "param": None, "code": "context_length_exceeded"}})
    lists.bad.next(r.stream(r.ROLE, event, r.DONE))
    assert lists.client.chat("boom", stream=True).text == "Hello from good."
    assert [request.model for request in lists.good.requests] == ["larger"]


def test_a_content_filter_goes_to_the_content_policy_list(lists):
    lists.good.forget()
    assert lists.client.chat("policy").text == "Hello from good."
    assert [request.model for request in lists.good.requests] == ["milder"]


def test_everything_else_goes_to_the_general_list(lists):
    lists.good.forget()
    assert lists.client.chat("boom").text == "Hello from good."
    assert [request.model for request in lists.good.requests] == ["general"]


def test_a_context_error_without_any_list_is_a_400_that_clients_recognise(workshop, upstream):
    upstream.default = r.LLAMACPP_CONTEXT
    daemon = workshop.serve(deployment("m", upstream.base), router_settings={"num_retries": 3})
    reply = daemon.client.chat("m")
    assert reply.status == 400
    assert reply.error["code"] == "context_length_exceeded"
    assert "context window" in reply.error["message"].lower()
    assert len(upstream.requests) == 1


# --- what the request itself may say


def test_client_controls_are_honoured_and_stripped(workshop, upstream):
    good = workshop.upstream("good")
    upstream.default = r.status(500, "boom")
    daemon = workshop.serve(deployment("a", upstream.base), deployment("b", good.base))
    reply = daemon.client.chat("a", fallbacks=["b"], num_retries=0, timeout=30, temperature=0.5)
    assert reply.text == "Hello from good."
    for received in (*upstream.requests, *good.requests):
        assert set(received.json) == {"model", "messages", "temperature"}


def test_disable_fallbacks_is_obeyed(workshop, upstream):
    good = workshop.upstream("good")
    upstream.default = r.status(500, "boom")
    daemon = workshop.serve(deployment("a", upstream.base), deployment("b", good.base),
                            router_settings={"fallbacks": [{"a": ["b"]}]})
    reply = daemon.client.chat("a", disable_fallbacks=True)
    assert reply.status >= 500
    assert not good.requests
    assert "disable_fallbacks" not in upstream.requests[0].json


def test_the_requests_num_retries_wins(workshop, upstream):
    upstream.default = r.status(500, "boom")
    daemon = workshop.serve(deployment("m", upstream.base), router_settings={"num_retries": 0})
    daemon.client.chat("m", num_retries=2)
    assert len(upstream.requests) == 3


def test_the_requests_timeout_bounds_everything(workshop, upstream):
    good = workshop.upstream("good")
    upstream.default = r.steps(r.STALL)
    good.default = r.steps(r.STALL)
    daemon = workshop.serve(deployment("a", upstream.base), deployment("b", good.base),
                            router_settings={"fallbacks": [{"a": ["b"]}]})
    reply = daemon.client.chat("a", timeout=1)
    assert reply.status == 504
    assert reply.seconds < 4
    upstream.wait_for(lambda seen: not seen.running(), 5)
    assert not upstream.running()


def test_mock_testing_fallbacks_fails_the_first_group_without_asking_it(workshop, upstream):
    good = workshop.upstream("good")
    daemon = workshop.serve(deployment("a", upstream.base), deployment("b", good.base),
                            router_settings={"fallbacks": [{"a": ["b"]}]})
    reply = daemon.client.chat("a", mock_testing_fallbacks=True)
    assert reply.text == "Hello from good."
    assert "mock_testing_fallbacks" not in good.requests[0].json


def test_mock_testing_rate_limit_error_is_got_over_by_a_retry(workshop, upstream):
    daemon = workshop.serve(deployment("a", upstream.base), router_settings={"num_retries": 1})
    reply = daemon.client.chat("a", mock_testing_rate_limit_error=True)
    assert reply.status == 200
    assert reply.header("x-litellm-attempted-retries") == "1"
    assert len(upstream.requests) == 1
    assert "mock_testing_rate_limit_error" not in upstream.requests[0].json
    refused = daemon.client.chat("a", mock_testing_rate_limit_error=True, num_retries=0)
    assert refused.status == 429
    assert len(upstream.requests) == 1


def test_a_lone_deployment_that_is_not_there_is_not_waited_for(workshop, upstream):
    nobody = f"http://127.0.0.1:{workshop.closed_port().port}/v1"
    daemon = workshop.serve(deployment("a", nobody), deployment("b", upstream.base),
                            router_settings={"num_retries": 2, "fallbacks": [{"a": ["b"]}]})
    reply = daemon.client.chat("a")
    assert reply.status == 200
    assert reply.header("x-litellm-attempted-retries") == "0"
    assert reply.header("x-litellm-attempted-fallbacks") == "1"


def test_a_deployment_may_be_asked_for_by_its_id(workshop):
    one, two = workshop.upstream("one"), workshop.upstream("two")
    daemon = workshop.serve(deployment("m", one.base, model_info={"id": "dep-one"}),
                            deployment("m", two.base, model_info={"id": "dep-two"}))
    replies = [daemon.client.chat("dep-two") for _ in range(5)]
    assert {reply.text for reply in replies} == {"Hello from two."}
    assert {reply.header("x-litellm-model-id") for reply in replies} == {"dep-two"}


def test_wildcard_groups_pass_the_rest_of_the_name_on(workshop, upstream):
    daemon = workshop.serve(deployment("local/*", upstream.base, model="openai/*"),
                            deployment("local/exact", upstream.base, model="openai/other"))
    assert daemon.client.chat("local/llama3:8b").status == 200
    assert daemon.client.chat("local/exact").status == 200
    assert [request.model for request in upstream.requests] == ["llama3:8b", "other"]


def test_an_alias_serves_and_a_hidden_one_is_not_listed(workshop, upstream):
    daemon = workshop.serve(
        deployment("m", upstream.base),
        router_settings={"model_group_alias": {"gpt-4": "m", "secret": {"model": "m", "hidden": True}}})
    assert daemon.client.chat("gpt-4").status == 200
    assert daemon.client.chat("secret").status == 200
    listed = [row["id"] for row in daemon.client.get("/v1/models").json["data"]]
    assert "gpt-4" in listed and "secret" not in listed


def test_a_backend_that_refuses_stream_options_is_asked_again_without(workshop, upstream):
    daemon = workshop.serve(deployment("m", upstream.base))
    upstream.next(r.status(400, "Unrecognized request argument supplied: stream_options", kind="invalid_request_error"))
    reply = daemon.client.chat("m", stream=True)
    assert reply.text == "Hello from alpha." and reply.done
    assert "stream_options" in upstream.requests[0].json
    assert "stream_options" not in upstream.requests[1].json


def test_while_an_engine_loads_the_client_gets_comments_once_committed(workshop, upstream):
    """wire.md 7, rules 5 and 6: comments only after the commit point, first token as patient as an engine."""
    daemon = workshop.serve(deployment("m", upstream.base),
                            upstream={"first_token_timeout": 1, "local_first_token_timeout": 20, "idle_timeout": 20})
    loaded = threading.Event()
    upstream.next(r.steps(r.hold(loaded), r.streamed("warm now")))
    with daemon.client.open_chat("m") as connection:
        connection.socket.settimeout(2.5)
        with pytest.raises(TimeoutError):
            connection.read_head()
        loaded.set()
        connection.socket.settimeout(20)
        reply = connection.read_reply()
    assert reply.text == "warm now"


def test_a_deployments_own_timeouts_hold(workshop, upstream):
    upstream.default = r.steps(r.STALL)
    daemon = workshop.serve(deployment("m", upstream.base, timeout=1),
                            deployment("s", upstream.base, stream_timeout=1))
    for model, stream in (("m", False), ("m", True), ("s", True)):
        reply = daemon.client.chat(model, stream=stream)
        assert reply.status == 504, (model, stream)
        assert reply.seconds < 4


def test_least_busy_avoids_the_busy_one(workshop):
    busy, free = workshop.upstream("busy"), workshop.upstream("free")
    release = threading.Event()
    busy.default = r.steps(r.hold(release), r.whole(r.chat("late")))
    daemon = workshop.serve(deployment("m", busy.base), deployment("m", free.base), shards=1,
                            router_settings={"routing_strategy": "least-busy"})
    connections = []
    while not busy.requests:
        connections.append(daemon.client.open_chat("m", stream=False))
        wait_until(lambda: len(busy.requests) + len(free.requests) >= len(connections), 5)
    for _ in range(10):
        assert daemon.client.chat("m").text == "Hello from free."
    release.set()
    for connection in connections:
        connection.read_reply()
        connection.close()


def test_the_request_body_of_each_attempt_names_that_deployments_model(workshop, upstream):
    upstream.next(r.status(500, "boom"))
    daemon = workshop.serve(deployment("a", upstream.base, model="openai/first"),
                            deployment("b", upstream.base, model="openai/second-one"),
                            router_settings={"fallbacks": [{"a": ["b"]}]})
    daemon.client.chat("a")
    assert [json.loads(request.body)["model"] for request in upstream.requests] == ["first", "second-one"]


# --- one engine for all endpoints

ENDPOINTS = {
    "completions": ("/v1/completions", {"prompt": "x"}),
    "embeddings": ("/v1/embeddings", {"input": "x"}),
    "responses": ("/v1/responses", {"input": "x"}),
    "rerank": ("/v1/rerank", {"query": "x", "documents": ["a"]}),
}


@pytest.mark.parametrize("failure", ("refused", "status", "reset", "cut"))
@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_every_endpoint_fails_over(workshop, endpoint, failure):
    bad, good = workshop.upstream("bad"), workshop.upstream("good")
    bad.default = {"status": r.status(500, "boom"), "reset": r.steps(r.RESET), "refused": r.steps(r.CUT),
                   "cut": r.steps(r.head(200, [("Content-Type", "application/json"), ("Content-Length", "50")]), b"{", r.CUT)}[failure]
    base = workshop.closed_port().base if failure == "refused" else bad.base
    # Embeddings fall back within one model only.
    same = {"vectors": "one"}
    daemon = workshop.serve(deployment("a", base, model_info=same), deployment("b", good.base, model_info=same),
                            router_settings={"fallbacks": [{"a": ["b"]}]})
    path, body = ENDPOINTS[endpoint]
    reply = daemon.client.post(path, {"model": "a", **body})
    assert reply.status == 200, reply
    assert reply.header("x-spillway-model-group") == "b"
    assert [request.model for request in good.requests] == ["b"]
    assert [record.outcome for record in daemon.ledger.records()] == ["served"]


def test_a_broken_responses_stream_says_so_in_its_own_words(workshop, upstream):
    daemon = workshop.serve(deployment("m", upstream.base))
    created = {"type": "response.created", "sequence_number": 0, "response": {"id": "resp_1", "status": "in_progress"}}
    delta = {"type": "response.output_text.delta", "sequence_number": 1, "delta": "hi"}
    seen = threading.Event()
    upstream.next(r.stream(b"event: response.created\n" + r.sse(created),
                           b"event: response.output_text.delta\n" + r.sse(delta), r.hold(seen), r.CUT))
    with daemon.client.connect() as connection:
        daemon.client.send(connection, "/v1/responses", {"model": "m", "input": "x", "stream": True})
        reply = connection.read_head()
        while b"hi" not in reply.body:
            reply.body += connection.read_chunk()
        seen.set()
        connection.read_body(reply)
    assert reply.complete
    kinds = [event["type"] for event in reply.json_events()]
    assert kinds[:2] == ["response.created", "response.output_text.delta"]
    assert kinds[2:] == ["error", "response.failed"]
    assert b"event: error\n" in reply.body and b"event: response.failed\n" in reply.body
    assert not reply.done and "response.completed" not in kinds
    assert daemon.ledger.records()[-1].outcome == "broken"


def test_a_streamed_completion_fails_over_before_its_first_text(workshop):
    bad, good = workshop.upstream("bad"), workshop.upstream("good")
    bad.default = r.stream(r.ERROR_EVENT, r.DONE)
    daemon = workshop.serve(deployment("a", bad.base), deployment("b", good.base),
                            router_settings={"fallbacks": [{"a": ["b"]}]})
    reply = daemon.client.post("/v1/completions", {"model": "a", "prompt": "x", "stream": True})
    assert reply.text == "Hello from good." and reply.done
