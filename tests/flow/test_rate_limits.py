"""Limits of requests and tokens per minute and of parallel requests."""

import math
import threading

from fakes import replies as r
from harness.daemon import config_of, deployment, in_parallel
from harness.waiting import wait_until

ENFORCED = {"optional_pre_call_checks": ["enforce_model_rate_limits"]}


def statuses(replies):
    return sorted(reply.status for reply in replies)


def test_requests_at_once_get_exactly_the_limit_on_two_shards(workshop, upstream):
    daemon = workshop.serve(deployment("m", upstream.base), rate_limits={"models": {"m": {"rpm": 7}}})
    replies = in_parallel(40, lambda _: daemon.client.chat("m"))
    assert statuses(replies) == [200] * 7 + [429] * 33
    assert len(upstream.requests) == 7
    assert len(daemon.ledger) == 40


def test_a_refusal_says_to_the_second_when_the_request_will_be_admitted(workshop, upstream):
    daemon = workshop.serve(deployment("m", upstream.base), rate_limits={"models": {"m": {"rpm": 2}}})
    assert statuses(in_parallel(2, lambda _: daemon.client.chat("m"))) == [200, 200]
    refused = daemon.client.chat("m")
    assert refused.status == 429
    assert refused.error["type"] == "rate_limit_error"
    assert refused.error["code"] == "rate_limit_exceeded"
    assert "Rate limit exceeded for model: m. Limit type: requests. Current limit: 2" in refused.error["message"]
    # One of two a minute comes back after thirty seconds; the test itself took some of them.
    milliseconds = int(refused.header("retry-after-ms"))
    assert 20_000 < milliseconds <= 30_000
    assert int(refused.header("retry-after")) == math.ceil(milliseconds / 1000)
    assert refused.header("x-should-retry") == "true"
    assert refused.header("x-ratelimit-remaining-requests") == "0"
    record = daemon.ledger.record(refused.header("x-spillway-call-id"))
    assert (record.outcome, record.status, record.error) == ("refused", 429, "rate_limit_exceeded")


def test_a_request_is_admitted_when_its_time_has_come(workshop, upstream):
    daemon = workshop.serve(deployment("m", upstream.base), rate_limits={"models": {"m": {"rpm": 60}}})
    assert statuses(in_parallel(60, lambda _: daemon.client.chat("m")))[:60].count(200) >= 59
    wait_until(lambda: daemon.client.chat("m").status == 429, what="a refusal")
    wait_until(lambda: daemon.client.chat("m").status == 200, 5, "the refill of a second")


def test_tokens_are_set_aside_and_corrected_by_what_was_used(workshop, upstream):
    daemon = workshop.serve(deployment("m", upstream.base), rate_limits={"tpm": 1000})
    first = daemon.client.chat("m", max_tokens=600)
    left = int(first.header("x-ratelimit-remaining-tokens"))
    assert 390 <= left <= 400
    # The scripted answer reports 16 tokens: nearly all came back.
    second = daemon.client.chat("m", max_tokens=600)
    assert second.status == 200
    assert int(second.header("x-ratelimit-remaining-tokens")) >= 370


def test_a_stream_is_told_of_its_limits_and_corrected_too(workshop, upstream):
    daemon = workshop.serve(deployment("m", upstream.base), rate_limits={"tpm": 1000, "rpm": 100})
    for _ in range(5):
        reply = daemon.client.chat("m", stream=True, max_tokens=900)
        assert reply.status == 200 and reply.done
        assert reply.header("x-ratelimit-limit-tokens") == "1000"
        assert reply.header("x-ratelimit-limit-requests") == "100"


def test_a_request_larger_than_the_limit_is_refused_for_good(workshop, upstream):
    daemon = workshop.serve(deployment("m", upstream.base), rate_limits={"tpm": 500})
    refused = daemon.client.chat("m", max_tokens=600)
    assert refused.status == 429
    assert "Request too large for proxy" in refused.error["message"]
    assert refused.header("retry-after") is None
    assert refused.header("x-should-retry") == "false"
    assert upstream.requests == []


def test_parallel_requests_are_counted_to_the_last_byte(workshop, upstream):
    daemon = workshop.serve(deployment("m", upstream.base), general_settings={"global_max_parallel_requests": 2})
    gate = threading.Event()
    upstream.default = r.stream(r.ROLE, r.sse(r.delta({"content": "x"})), r.hold(gate), r.FINISH, r.DONE)
    running = [daemon.client.open_chat("m") for _ in range(2)]
    starts = [connection.read_start() for connection in running]
    refused = daemon.client.chat("m", stream=True)
    assert refused.status == 429
    assert "max_parallel_requests" in refused.error["message"]
    gate.set()
    for connection, reply in zip(running, starts):
        connection.read_body(reply)
        connection.close()
    wait_until(lambda: daemon.client.chat("m", stream=True).status == 200, what="a free place")


def test_a_client_that_leaves_gives_its_place_back(workshop, upstream):
    daemon = workshop.serve(deployment("m", upstream.base), general_settings={"global_max_parallel_requests": 1})
    upstream.next(r.stream(r.ROLE, r.sse(r.delta({"content": "x"})), r.STALL))
    leaving = daemon.client.open_chat("m")
    leaving.read_start()
    assert daemon.client.chat("m").status == 429
    leaving.reset()
    wait_until(lambda: daemon.client.chat("m").status == 200, what="a free place")


def test_a_deployment_at_its_limit_is_passed_over_before_a_429_is_met(workshop):
    small, large = workshop.upstream("small"), workshop.upstream("large")
    daemon = workshop.serve(deployment("m", small.base, rpm=3, order=1), deployment("m", large.base, order=2),
                            router_settings=ENFORCED)
    replies = in_parallel(20, lambda _: daemon.client.chat("m"))
    assert statuses(replies) == [200] * 20
    assert (len(small.requests), len(large.requests)) == (3, 17)


def test_a_deployment_at_its_limit_leads_to_the_fallback(workshop):
    small, large = workshop.upstream("small"), workshop.upstream("large")
    daemon = workshop.serve(deployment("m", small.base, rpm=1), deployment("other", large.base),
                            router_settings={**ENFORCED, "fallbacks": [{"m": ["other"]}]})
    replies = in_parallel(6, lambda _: daemon.client.chat("m"))
    assert statuses(replies) == [200] * 6
    assert (len(small.requests), len(large.requests)) == (1, 5)


def test_deployments_that_are_all_at_their_limits_answer_with_the_time(workshop, upstream):
    daemon = workshop.serve(deployment("m", upstream.base, rpm=2), router_settings=ENFORCED)
    replies = in_parallel(10, lambda _: daemon.client.chat("m"))
    assert statuses(replies) == [200] * 2 + [429] * 8
    refused = daemon.client.chat("m")
    assert refused.error["code"] == "rate_limit_exceeded"
    assert 20_000 < int(refused.header("retry-after-ms")) <= 30_000
    assert len(upstream.requests) == 2


def test_rpm_and_tpm_of_deployments_are_weights_until_something_enforces_them(workshop, upstream):
    daemon = workshop.serve(deployment("m", upstream.base, rpm=1, tpm=1))
    assert statuses(in_parallel(5, lambda _: daemon.client.chat("m"))) == [200] * 5


def test_the_upstreams_own_limits_are_not_taken_for_ours(workshop, upstream):
    upstream.default = r.whole(r.chat("hi"), headers=[("x-ratelimit-remaining-requests", "4711")])
    daemon = workshop.serve(deployment("m", upstream.base), deployment("free", upstream.base),
                            rate_limits={"models": {"m": {"rpm": 5}}})
    limited = daemon.client.chat("m")
    assert limited.all("x-ratelimit-remaining-requests") == ["4"]
    assert limited.header("llm_provider-x-ratelimit-remaining-requests") == "4711"
    assert daemon.client.chat("free").all("x-ratelimit-remaining-requests") == ["4711"]


def test_a_reload_neither_forgets_what_was_taken_nor_keeps_the_old_limit(workshop, upstream):
    def limited_to(rpm):
        return config_of(deployment("m", upstream.base), rate_limits={"models": {"m": {"rpm": rpm}}})

    daemon = workshop.daemon(limited_to(2)).start()
    assert statuses(in_parallel(2, lambda _: daemon.client.chat("m"))) == [200, 200]
    daemon.write_config(limited_to(30))
    wait_until(lambda: daemon.client.chat("m").header("x-ratelimit-limit-requests") == "30", what="the reload")
    # No second burst of thirty; a request every two seconds from now on.
    assert statuses(in_parallel(10, lambda _: daemon.client.chat("m"))).count(200) <= 2
    wait_until(lambda: daemon.client.chat("m").status == 200, 10, "the new rate")


def test_refusals_are_counted_by_whose_limit_it_was(workshop, upstream):
    daemon = workshop.serve(deployment("m", upstream.base), rate_limits={"models": {"m": {"rpm": 1}}})
    in_parallel(3, lambda _: daemon.client.chat("m"))
    assert 'spillway_rate_limited_total{scope="model"} 2' in daemon.client.get("/metrics").body.decode()
