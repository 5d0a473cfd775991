"""What a request cost: one record each, the truth about tokens, prices, and LiteLLM's spend pages."""

import datetime
import json
import math

import pytest

from fakes import replies as r
from harness.daemon import config_of, deployment
from harness.waiting import wait_until

PRICED = {"input_cost_per_token": 0.000002, "output_cost_per_token": 0.00001}
COST = 11 * 0.000002 + 5 * 0.00001  # of r.USAGE


@pytest.fixture(scope="module")
def world(module_workshop):
    upstream = module_workshop.upstream()
    daemon = module_workshop.daemon(config_of(
        deployment("priced", upstream.base, **PRICED),
        deployment("free", upstream.base, input_cost_per_token=0, output_cost_per_token=0),
        deployment("cached", upstream.base, cache_read_input_token_cost=0.0000002, **PRICED),
        deployment("known", upstream.base, model_info={"base_model": "gpt-4o-mini"}),
        deployment("local", upstream.base, model="openai/gpt-4o-mini"),
    )).start()
    daemon.upstream = upstream
    return daemon


@pytest.fixture(autouse=True)
def fresh(world):
    world.upstream.forget()


def last(world):
    return world.ledger.records()[-1]


@pytest.mark.parametrize("stream", (False, True), ids=("whole", "stream"))
def test_the_cost_is_that_of_the_tokens(world, stream):
    reply = world.client.chat("priced", stream=stream)
    record = last(world)
    assert record.cost_nano_usd == round(COST * 1e9)
    assert record.at_least == 0 and record.usage_source == "exact"
    assert record.streamed == int(stream)
    if not stream:
        assert float(reply.header("x-litellm-response-cost")) == pytest.approx(COST)
        assert reply.header("x-spillway-response-cost") == reply.header("x-litellm-response-cost")


def test_cached_tokens_have_their_own_price(world):
    usage = {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110,
             "prompt_tokens_details": {"cached_tokens": 60}, "completion_tokens_details": {"reasoning_tokens": 4}}
    world.upstream.next(r.whole(r.chat("x", usage=usage)))
    world.client.chat("cached")
    record = last(world)
    assert (record.prompt_tokens, record.cached_tokens, record.completion_tokens, record.reasoning_tokens) == (100, 60, 10, 4)
    assert record.cost_nano_usd == round((40 * 2e-6 + 60 * 2e-7 + 10 * 1e-5) * 1e9)


def test_the_built_in_table_prices_known_models(world):
    world.client.chat("known")
    assert last(world).cost_nano_usd == math.ceil((11 * 0.15 + 5 * 0.6) * 1000)


def test_an_explicit_price_of_zero_is_a_fact(world):
    world.client.chat("free")
    assert last(world).cost_nano_usd == 0


def test_a_local_engine_costs_nothing_unless_priced(world):
    reply = world.client.chat("local")
    assert last(world).cost_nano_usd == 0
    assert float(reply.header("x-litellm-response-cost")) == 0


LIES = {
    "negative": {"prompt_tokens": -5, "completion_tokens": -7, "total_tokens": -12},
    "two_to_the_63": {"prompt_tokens": 2**63, "completion_tokens": 5, "total_tokens": 2**63 + 5},
    "two_to_the_64": {"prompt_tokens": 2**64 + 3, "completion_tokens": 2**80, "total_tokens": 1},
    "strings": {"prompt_tokens": "11", "completion_tokens": "many", "total_tokens": None},
    "floats": {"prompt_tokens": 1e308, "completion_tokens": 5.5, "total_tokens": 1},
    "objects": {"prompt_tokens": {}, "completion_tokens": [], "total_tokens": True},
    "cached_more_than_prompt": {"prompt_tokens": 5, "completion_tokens": 5, "total_tokens": 10,
                                "prompt_tokens_details": {"cached_tokens": 10**12}},
    "usage_is_a_list": [1, 2],
    "usage_is_a_string": "lots",
    "empty": {},
}


@pytest.mark.parametrize("stream", (False, True), ids=("whole", "stream"))
@pytest.mark.parametrize("lie", LIES)
def test_lies_about_usage_never_become_negative_or_absurd_spend(world, lie, stream):
    """Promise 41."""
    usage = LIES[lie]
    if stream:
        world.upstream.next(r.stream(r.ROLE, *r.text_events("one two three"), r.FINISH,
                                     r.sse({"choices": [], "usage": usage}), r.DONE))
    else:
        world.upstream.next(r.whole(r.chat("one two three", usage=usage)))
    reply = world.client.chat("priced", stream=stream)
    assert reply.status == 200 and reply.text == "one two three"
    record = last(world)
    for column in ("prompt_tokens", "completion_tokens", "cached_tokens", "cache_write_tokens", "reasoning_tokens"):
        assert 0 <= record[column] < 10**9, column
    assert record.cached_tokens <= record.prompt_tokens
    assert record.cost_nano_usd is None or 0 <= record.cost_nano_usd < 10**12
    if lie != "cached_more_than_prompt":
        assert record.usage_source in ("estimated", "unknown")


def test_nan_in_usage_is_survived(world):
    body = json.dumps(r.chat("x")).replace('"prompt_tokens": 11', '"prompt_tokens": NaN').encode()
    world.upstream.next(r.whole(body))
    reply = world.client.chat("priced")
    assert reply.status in (200, 502)
    assert last(world).prompt_tokens >= 0


def test_a_stream_without_usage_is_estimated_and_says_so(world):
    world.upstream.next(r.stream(r.ROLE, *r.text_events("one two three four five six seven eight"), r.FINISH, r.DONE))
    world.client.chat("priced", stream=True)
    record = last(world)
    assert record.usage_source == "estimated"
    assert record.completion_tokens > 0 and record.prompt_tokens > 0
    assert record.at_least == 1


def test_a_cut_stream_is_recorded_as_at_least(world):
    world.upstream.next(r.stream(r.ROLE, *r.text_events("one two three four"), r.CUT))
    world.client.chat("priced", stream=True)
    record = last(world)
    assert record.outcome == "broken" and record.at_least == 1
    assert record.usage_source == "estimated"
    assert record.cost_nano_usd > 0


def test_the_record_has_the_tags_of_the_header(world):
    reply = world.client.chat("priced", headers=[("x-litellm-tags", "green,blue")], metadata={"tags": ["blue"]})
    record = world.ledger.record(reply.header("x-spillway-call-id"))
    assert json.loads(record.tags) == ["blue", "green"]


def test_the_record_says_who_what_and_why(world):
    world.upstream.next(r.status(500, "boom"))
    reply = world.client.chat("priced", num_retries=1, user="alice", metadata={"tags": ["blue", "team:x"]})
    record = world.ledger.record(reply.header("x-spillway-call-id"))
    assert record.call_type == "acompletion"
    assert record.end_user == "alice"
    assert json.loads(record.tags) == ["blue", "team:x"]
    assert record.asked_model == "priced" and record.model_group == "priced"
    assert record.provider == "openai" and record.upstream_model == "priced"
    assert record.deployment == reply.header("x-litellm-model-id")
    assert record.api_base == world.upstream.base
    assert (record.attempts, record.retries, record.fallbacks, record.status) == (2, 1, 0, 200)
    assert "500" in record.why
    assert len(record.key_hash) == 64
    assert record.total_ms >= 0 and record.queue_ms >= 0
    assert "metadata" not in world.upstream.requests[0].json
    assert world.upstream.requests[0].json["user"] == "alice"


def test_the_record_is_there_before_the_last_byte(world):
    """Acknowledged means recorded: whoever has the whole answer finds its record at once."""
    for number in range(50):
        reply = world.client.chat("priced", stream=bool(number % 2))
        assert world.ledger.record(reply.header("x-spillway-call-id")).outcome == "served"


def test_first_token_is_measured_for_streams(world):
    world.upstream.next(r.stream(r.ROLE, r.pause(0.2), *r.text_events("one"), r.FINISH, r.DONE))
    world.client.chat("priced", stream=True)
    record = last(world)
    assert 150 <= record.first_token_ms <= record.total_ms


# --- the pages


def test_spend_logs_has_litellms_columns(world):
    reply = world.client.chat("priced", user="bob")
    rows = world.client.get("/spend/logs?request_id=" + reply.header("x-litellm-call-id")).json
    assert len(rows) == 1
    row = rows[0]
    assert set(row) >= {"request_id", "call_type", "api_key", "spend", "total_tokens", "prompt_tokens",
                        "completion_tokens", "startTime", "endTime", "model", "model_id", "model_group",
                        "custom_llm_provider", "api_base", "user", "metadata", "cache_hit", "request_tags", "status"}
    assert row["request_id"] == reply.header("x-litellm-call-id")
    assert row["spend"] == pytest.approx(COST)
    assert (row["prompt_tokens"], row["completion_tokens"], row["total_tokens"]) == (11, 5, 16)
    assert row["model_group"] == "priced" and row["api_base"] == world.upstream.base
    assert row["status"] == "success"
    assert len(row["api_key"]) == 64
    datetime.datetime.fromisoformat(row["startTime"].replace("Z", "+00:00"))


def test_spend_logs_filters_and_sums_by_day(world):
    world.client.chat("priced", user="carol")
    rows = world.client.get("/spend/logs?user_id=carol").json
    assert rows and all("carol" in (row.get("user"), row.get("end_user")) for row in rows)
    today = datetime.datetime.now(datetime.timezone.utc).date()
    span = f"start_date={today}&end_date={today + datetime.timedelta(days=1)}"
    whole = world.client.get(f"/spend/logs?{span}&summarize=false").json
    assert len(whole) >= len(rows)
    days = world.client.get(f"/spend/logs?{span}").json
    assert days and "spend" in days[0]
    assert world.client.get("/spend/logs?request_id=nobody").json == []
    assert world.client.get("/spend/logs?request_id='%20OR%201=1%20--").json == []
    assert world.client.get("/spend/logs?start_date=yesterday&end_date=x").status in (200, 400)


def test_global_spend_is_the_sum(world):
    world.client.chat("priced")
    total = sum(record.cost_nano_usd or 0 for record in world.ledger.records()) / 1e9
    page = world.client.get("/global/spend").json
    assert page["spend"] == pytest.approx(total) and "max_budget" in page
    days = world.client.get("/global/spend/logs").json
    assert sum(day["spend"] for day in days) == pytest.approx(total)
    assert all(set(day) >= {"date", "spend"} for day in days)
    one = world.client.get("/global/spend/logs?model=priced").json
    assert 0 < sum(day["spend"] for day in one) < total + 1e-9
    assert sum(day["spend"] for day in world.client.get("/global/spend/logs?model=nothing").json) == 0


def test_records_survive_a_kill(workshop, upstream):
    daemon = workshop.serve(deployment("m", upstream.base))
    ids = [daemon.client.chat("m").header("x-spillway-call-id") for _ in range(20)]
    daemon.kill()
    assert [record.call_id for record in daemon.ledger.records()] == ids
    daemon.restart()
    rows = daemon.client.get("/spend/logs").json
    assert {row["request_id"] for row in rows} == set(ids)


def test_a_second_daemon_on_the_same_ledger_is_refused(workshop, upstream):
    first = workshop.serve(deployment("m", upstream.base))
    config = config_of(deployment("m", upstream.base), ledger={"path": str(first.ledger_path)})
    second = workshop.daemon(config)
    second.launch()
    assert second.wait() != 0
    assert "in use" in second.log


@pytest.mark.parametrize("durability", ("process", "power"))
def test_both_durabilities_record_everything(workshop, upstream, durability):
    daemon = workshop.serve(deployment("m", upstream.base), ledger={"durability": durability})
    for stream in (False, True):
        assert daemon.client.chat("m", stream=stream).status == 200
    assert len(daemon.ledger) == 2


def test_a_torn_ledger_starts_again_and_loses_only_what_was_torn(workshop, upstream):
    """Promise 36, a few cuts of it."""
    daemon = workshop.serve(deployment("m", upstream.base))
    for _ in range(5):
        daemon.client.chat("m")
    daemon.kill()
    log = daemon.ledger_path.with_name(daemon.ledger_path.name + "-wal")
    if log.exists() and log.stat().st_size:
        with open(log, "r+b") as file:
            file.truncate(log.stat().st_size - 1000)
    daemon.restart()
    assert daemon.client.chat("m").status == 200
    wait_until(lambda: daemon.ledger.records()[-1].outcome == "served", 5)
