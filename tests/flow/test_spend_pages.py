"""LiteLLM's reports of spend, over the wire: every path, its shape, and who may see it."""

import datetime

import pytest

from harness.daemon import config_of, deployment
from harness.waiting import wait_until

PRICED = {"input_cost_per_token": 0.000002, "output_cost_per_token": 0.00001}
COST = 11 * 0.000002 + 5 * 0.00001  # of the upstream's usual answer
TODAY = datetime.datetime.now(datetime.timezone.utc).date()
DATES = f"start_date={TODAY - datetime.timedelta(days=1)}&end_date={TODAY + datetime.timedelta(days=1)}"


@pytest.fixture(scope="module")
def world(module_workshop):
    upstream = module_workshop.upstream()
    daemon = module_workshop.daemon(config_of(
        deployment("priced", upstream.base, **PRICED), deployment("free", upstream.base),
        litellm_settings={"max_budget": 25})).start()
    for _ in range(3):
        assert daemon.client.chat("priced", user="alice", metadata={"tags": ["blue"]}).status == 200
    assert daemon.client.chat("free").status == 200
    return daemon


def near(value):
    return pytest.approx(value)


PAGES = {
    "/spend/keys": lambda page: page[0]["spend"] == near(3 * COST) and len(page[0]["token"]) == 64,
    "/spend/users": lambda page: page == [],
    "/spend/tags": lambda page: page == [
        {"individual_request_tag": "blue", "log_count": 3, "total_spend": near(3 * COST)}],
    "/global/spend": lambda page: page == {"spend": near(3 * COST), "max_budget": 25},
    "/global/spend/logs": lambda page: page == [{"date": str(TODAY), "spend": near(3 * COST)}],
    "/global/spend/keys?limit=5": lambda page: page[0]["total_spend"] == near(3 * COST),
    "/global/spend/models": lambda page: page[0] == {"model": "priced", "total_spend": near(3 * COST)},
    "/global/spend/teams": lambda page: page["teams"] == ["Unassigned"],
    "/global/spend/tags": lambda page: page["spend_per_tag"][0]["name"] == "blue",
    "/global/spend/provider": lambda page: page[0] == {"provider": "openai", "spend": near(3 * COST)},
    f"/global/spend/report?{DATES}&group_by=team":
        lambda page: sum(team["total_spend"] for team in page[0]["teams"]) == near(3 * COST),
    f"/global/spend/report?{DATES}&group_by=customer":
        lambda page: {one["customer"] for one in page[0]["customers"]} == {"alice"},
    f"/global/spend/report?{DATES}&group_by=api_key":
        lambda page: {one["model"] for one in page[0]["model_details"]} == {"priced", "free"},
    f"/global/activity?{DATES}": lambda page: page["sum_api_requests"] == 4,
    f"/global/activity/model?{DATES}":
        lambda page: {one["model"]: one["sum_api_requests"] for one in page} == {"priced": 3, "free": 1},
    f"/user/daily/activity?{DATES}":
        lambda page: page["results"][0]["breakdown"]["models"]["priced"]["metrics"]["spend"] == near(3 * COST),
    f"/team/daily/activity?{DATES}": lambda page: page["metadata"]["total_api_requests"] == 4,
    f"/tag/daily/activity?{DATES}&tags=blue": lambda page: page["metadata"]["total_api_requests"] == 3,
    f"/spend/logs/ui?{DATES}&page=1&page_size=2": lambda page: (len(page["data"]), page["total"]) == (2, 4),
    f"/spend/logs/v2?{DATES}": lambda page: page["total_pages"] == 1,
}


@pytest.mark.parametrize("path", PAGES)
def test_the_page_has_litellms_shape(world, path):
    reply = world.client.get(path)
    assert reply.status == 200, reply
    assert PAGES[path](reply.json), reply.json


def test_end_users_are_asked_for_as_litellm_does(world):
    alice = [{"end_user": "alice", "total_count": 3, "total_spend": near(3 * COST)}]
    for body in ({}, {"startTime": f"{TODAY}T00:00:00Z", "endTime": f"{TODAY}T23:59:59Z"}, {"api_key": world.key}):
        reply = world.client.post("/global/spend/end_users", body)
        assert reply.status == 200 and reply.json == alice, reply
    assert world.client.post("/global/spend/end_users", {"endTime": "2020-01-01"}).json == []
    assert world.client.post("/global/spend/end_users", {"startTime": "today"}).status == 400
    assert world.anonymous.post("/global/spend/end_users", {}).status == 401


@pytest.mark.parametrize("path", PAGES)
def test_a_stranger_sees_nothing(world, path):
    assert world.anonymous.get(path).status == 401


@pytest.mark.parametrize("path", ("/global/activity", "/global/spend/report", "/user/daily/activity"))
def test_a_report_without_dates_says_what_is_missing(world, path):
    reply = world.client.get(path)
    assert reply.status == 400 and "start_date" in reply.error["message"]


def test_calculate_prices_a_request(world):
    answer = {"model": "priced", "usage": {"prompt_tokens": 11, "completion_tokens": 5}}
    reply = world.client.post("/spend/calculate", {"completion_response": answer})
    assert reply.json == {"cost": near(COST)}
    reply = world.client.post("/spend/calculate", {"model": "priced", "messages": [{"role": "user", "content": "Hi"}]})
    assert 0 < reply.json["cost"] < COST
    assert world.client.post("/spend/calculate", {"model": "nobody"}).status == 400


def test_a_reset_is_refused_with_a_reason(world):
    reply = world.client.post("/global/spend/reset", {})
    assert reply.status == 501 and reply.error["code"] == "not_implemented"
    assert world.client.get("/global/spend").json["spend"] == near(3 * COST)


def test_the_pages_agree_with_the_records_when_all_is_rolled_up(workshop, upstream):
    daemon = workshop.serve(deployment("m", upstream.base, **PRICED))
    for _ in range(5):
        daemon.client.chat("m")
    wait_until(lambda: daemon.ledger.number("SELECT through_seq FROM rollup_mark") == 5, 10, "the roll-up")
    daemon.client.chat("m")
    assert daemon.client.get("/global/spend").json["spend"] == near(6 * COST)
    assert daemon.client.get(f"/global/activity?{DATES}").json["sum_api_requests"] == 6


def test_records_that_are_too_old_go_and_their_sums_stay(workshop, upstream):
    daemon = workshop.serve(deployment("m", upstream.base, **PRICED))
    for _ in range(5):
        daemon.client.chat("m")
    daemon.stop()
    daemon.ledger.execute("UPDATE records SET started = started - 864000000000")  # ten days
    config = config_of(deployment("m", upstream.base, **PRICED), ledger={"retention": "7d"})
    daemon.write_config(config)
    daemon.restart()
    wait_until(lambda: len(daemon.ledger) == 0, 10, "the retention")
    assert daemon.client.get("/global/spend").json["spend"] == near(5 * COST)
    assert daemon.client.get("/spend/logs").json == []
