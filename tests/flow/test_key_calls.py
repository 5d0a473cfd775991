"""LiteLLM's calls about keys, over HTTP: made, used, changed, blocked, regenerated, deleted; who may ask."""

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from harness.daemon import config_of, deployment
from harness.http import Client
from harness.waiting import wait_until

PRICES = {"input_cost_per_token": 1e-6, "output_cost_per_token": 2e-6}


@pytest.fixture
def gateway(workshop, upstream):
    return workshop.serve(
        deployment("m", upstream.base, **PRICES), deployment("other", upstream.base, **PRICES),
        router_settings={"provider_budget_config": {"openai": {"budget_limit": 50, "time_period": "1d"}}})


def call(gateway, path, body=None, key=None, status=200):
    client = Client(gateway.port, key or gateway.key)
    reply = client.get(path) if body is None else client.post(path, body)
    assert reply.status == status, (path, reply)
    return reply.json if status == 200 else reply.error


def make(gateway, path="/key/generate", **body):
    return call(gateway, path, body)


def chat(gateway, key, model="m"):
    return Client(gateway.port, key).chat(model)


def hashed(key):
    return hashlib.sha256(key.encode()).hexdigest()


def test_a_key_is_made_used_and_says_what_it_spent(gateway, upstream):
    made = make(gateway, key_alias="app", models=["m"], max_budget=1, budget_duration="1d",
                metadata={"team": "x"}, tags=["batch"])
    key = made["key"]
    assert key.startswith("sk-") and made["token"] == hashed(key)
    assert chat(gateway, key).status == 200
    denied = chat(gateway, key, "other")
    assert denied.status == 401 and denied.error["type"] == "key_model_access_denied"
    info = call(gateway, "/key/info", key=key)["info"]
    assert info["spend"] == pytest.approx(11e-6 + 2 * 5e-6)
    assert info["max_budget"] == 1 and info["budget_reset_at"] > info["created_at"]
    assert info["metadata"] == {"team": "x", "tags": ["batch"]}
    # A key without a budget: by the ledger's sums.
    free = make(gateway)["key"]
    chat(gateway, free)
    chat(gateway, free)
    row = call(gateway, f"/key/info?key={free}")["info"]
    assert row["spend"] == pytest.approx(2 * 21e-6) and row["budget_reset_at"] is None
    assert key not in gateway.log


def test_a_change_holds_for_the_next_request(gateway, upstream):
    key = make(gateway)["key"]
    assert chat(gateway, key).status == 200
    call(gateway, "/key/update", {"key": key, "models": ["other"]})
    assert chat(gateway, key).status == 401
    call(gateway, "/key/update", {"key": key, "models": []})
    call(gateway, "/key/block", {"key": key})
    assert chat(gateway, key).status in (401, 403)
    call(gateway, "/key/unblock", {"key": hashed(key)})
    assert chat(gateway, key).status == 200
    assert call(gateway, "/key/delete", {"keys": [key]}) == {"deleted_keys": [key]}
    assert chat(gateway, key).status == 401


def test_a_regenerated_key_keeps_its_spend_and_the_old_one_has_time(gateway, upstream):
    old = make(gateway, max_budget=5)["key"]
    chat(gateway, old)
    made = call(gateway, f"/key/{old}/regenerate", {"grace_period": "1h"})
    new = made["key"]
    assert new != old and made["spend"] == pytest.approx(21e-6)
    assert chat(gateway, new).status == chat(gateway, old).status == 200
    assert call(gateway, "/key/info", key=new)["info"]["spend"] == pytest.approx(3 * 21e-6)
    last = call(gateway, "/key/regenerate", {"key": new})["key"]
    assert chat(gateway, new).status == 401 and chat(gateway, last).status == 200


def test_a_reset_begins_anew(gateway, upstream):
    key = make(gateway)["key"]
    chat(gateway, key)
    answer = call(gateway, f"/key/{key}/reset_spend", {"reset_to": 0})
    assert answer["previous_spend"] == pytest.approx(21e-6) and answer["spend"] == 0
    assert call(gateway, "/key/info", key=key)["info"]["spend"] == 0
    chat(gateway, key)
    assert call(gateway, "/key/info", key=key)["info"]["spend"] == pytest.approx(21e-6)


def test_teams_users_customers_budgets_and_tags(gateway, upstream):
    make(gateway, "/budget/new", budget_id="free", max_budget=0.5, budget_duration="30d")
    make(gateway, "/team/new", team_id="red", team_alias="Red", models=["m"], max_budget=10)
    user = make(gateway, "/user/new", user_id="ann", teams=["red"], team_id="red")
    make(gateway, "/customer/new", user_id="acme", budget_id="free")
    make(gateway, "/tag/new", name="batch", max_budget=3)
    key = user["key"]
    assert chat(gateway, key).status == 200
    assert chat(gateway, key, "other").error["type"] == "team_model_access_denied"
    body = {"model": "m", "messages": [{"role": "user", "content": "hi"}], "user": "acme",
            "metadata": {"tags": ["batch"]}}
    assert Client(gateway.port, key).post("/v1/chat/completions", body).status == 200
    team = call(gateway, "/team/info?team_id=red")
    assert team["team_info"]["spend"] == pytest.approx(42e-6)
    assert team["keys"][0]["spend"] == pytest.approx(42e-6)
    assert team["team_memberships"][0]["spend"] == pytest.approx(42e-6)
    assert call(gateway, "/user/info?user_id=ann")["user_info"]["spend"] == pytest.approx(42e-6)
    assert call(gateway, "/customer/info?end_user_id=acme")["spend"] == pytest.approx(21e-6)
    assert call(gateway, "/tag/list")[0]["spend"] == pytest.approx(21e-6)
    assert call(gateway, "/end_user/list")[0]["user_id"] == "acme"
    call(gateway, "/customer/block", {"user_ids": ["acme"]})
    assert Client(gateway.port, key).post("/v1/chat/completions", body).status in (400, 401, 403)
    call(gateway, "/team/block", {"team_id": "red"})
    assert chat(gateway, key).status in (401, 403)
    call(gateway, "/team/unblock", {"team_id": "red"})
    assert chat(gateway, key).status == 200
    call(gateway, "/team/delete", {"team_ids": ["red"]})
    assert chat(gateway, key).status == 401


def test_provider_budgets(gateway, upstream):
    chat(gateway, gateway.key)
    page = call(gateway, "/provider/budgets")["providers"]["openai"]
    assert page["budget_limit"] == 50 and page["time_period"] == "1d"
    assert page["spend"] == pytest.approx(21e-6) and page["budget_reset_at"]


def test_reports_name_keys_teams_and_users(gateway, upstream):
    make(gateway, "/team/new", team_id="red", team_alias="Red")
    key = make(gateway, key_alias="app", team_id="red")["key"]
    chat(gateway, key)
    row = next(row for row in call(gateway, "/spend/keys") if row["token"] == hashed(key))
    assert row["key_alias"] == "app" and row["key_name"] == "sk-..." + key[-4:]
    row = next(row for row in call(gateway, "/global/spend/keys") if row["api_key"] == hashed(key))
    assert row["key_alias"] == "app"
    assert call(gateway, "/global/spend/teams")["teams"] == ["Red"]
    activity = call(gateway, "/user/daily/activity?start_date=2020-01-01&end_date=2099-01-01")
    entry = activity["results"][0]["breakdown"]["api_keys"][hashed(key)]
    assert entry["metadata"] == {"key_alias": "app", "team_id": "red"}
    report = call(gateway, "/global/spend/report?start_date=2020-01-01&end_date=2099-01-01")
    assert report[0]["teams"][0]["team_name"] == "Red"


BAD = [
    ("/key/generate", {"max_budget": -1}, 400, "max_budget"),
    ("/key/generate", {"models": ["no-such-model"]}, 400, "models"),
    ("/key/generate", {"duration": "soon"}, 400, "duration"),
    ("/key/generate", {"team_id": "none"}, 400, "team_id"),
    ("/key/generate", {"key": "sk-1"}, 400, "key"),
    ("/key/update", {"key": "sk-not-there-at-all"}, 404, "key"),
    ("/key/delete", {}, 400, "keys"),
    ("/team/update", {"team_id": "none"}, 404, "team_id"),
    ("/user/delete", {"user_ids": ["none"]}, 404, "user_ids"),
    ("/customer/update", {"user_id": "none"}, 404, "user_id"),
    ("/budget/delete", {"id": "none"}, 404, "id"),
]


def test_bad_input_gets_a_clear_error(gateway):
    for path, body, status, param in BAD:
        error = call(gateway, path, body, status=status)
        assert error["param"] == param, (path, body, error)
    for body in (b"{", b"[1]", b'{"max_budget": 1e999}', b'{"max_budget": NaN}', b'{"a": 1, "a": 2}'):
        reply = gateway.client.post("/key/generate", body)
        assert reply.status == 400 and reply.error["message"], body
    assert gateway.client.get("/key/generate").status == 405
    assert call(gateway, "/key/list")["total_count"] == 0


def test_defaults_and_bounds_of_the_configuration(workshop, upstream):
    gateway = workshop.serve(deployment("m", upstream.base), litellm_settings={
        "default_key_generate_params": {"max_budget": 7, "metadata": {"by": "default"}},
        "upperbound_key_generate_params": {"max_budget": 10, "duration": "30d"},
        "default_team_params": {"max_budget": 3}, "default_internal_user_params": {"max_budget": 4}})
    made = make(gateway)
    assert (made["max_budget"], made["metadata"]) == (7, {"by": "default"}) and made["expires"]
    assert make(gateway, "/team/new")["max_budget"] == 3
    assert make(gateway, "/user/new")["max_budget"] == 4
    for body in ({"max_budget": 11}, {"duration": "31d"}, {"duration": "-1"}):
        assert "upperbound" in call(gateway, "/key/generate", body, status=400)["message"]


def test_a_plain_key_may_ask_about_itself_only(gateway):
    own, foreign = make(gateway)["key"], make(gateway)["key"]
    assert call(gateway, "/key/info", key=own)["key"] == hashed(own)
    call(gateway, f"/key/info?key={foreign}", key=own, status=403)
    for path in ("/key/generate", "/key/delete", "/team/new", "/user/new", "/budget/new"):
        call(gateway, path, {}, key=own, status=403)
    for path in ("/team/list", "/user/list", "/budget/list", "/provider/budgets"):
        call(gateway, path, key=own, status=403)
    assert call(gateway, "/key/info", key="sk-not-there-at-all", status=401)


def test_admins_and_viewers(gateway):
    admin = make(gateway, "/user/new", user_role="proxy_admin")["key"]
    viewer = make(gateway, "/user/new", user_role="proxy_admin_viewer")["key"]
    made = call(gateway, "/key/generate", {"key_alias": "by-admin"}, key=admin)
    assert made["created_by"] == call(gateway, "/key/info", key=admin)["info"]["user_id"]
    assert call(gateway, f"/key/info?key={made['key']}", key=viewer)["info"]["key_alias"] == "by-admin"
    assert call(gateway, "/user/list", key=viewer)["total"] == 2
    call(gateway, "/key/generate", {}, key=viewer, status=403)


def test_many_changes_at_once_lose_nothing(gateway):
    key = make(gateway)["key"]
    with ThreadPoolExecutor(16) as pool:
        made = list(pool.map(lambda n: make(gateway, key_alias=f"k{n}"), range(32)))
        replies = list(pool.map(lambda n: gateway.client.post(
            "/key/update", {"key": key, "metadata": {"n": n}}).status, range(32)))
        same = list(pool.map(lambda _: gateway.client.post(
            "/key/generate", {"key_alias": "the-one"}).status, range(8)))
    assert set(replies) == {200} and len({one["key"] for one in made}) == 32
    assert sorted(same) == [200] + 7 * [400]
    assert call(gateway, "/key/list")["total_count"] == 34


def test_keys_outlive_a_restart(gateway, upstream):
    key = make(gateway, key_alias="stays", max_budget=2)["key"]
    chat(gateway, key)
    gateway.stop()
    gateway.start()
    assert chat(gateway, key).status == 200
    info = call(gateway, "/key/info", key=key)["info"]
    assert info["key_alias"] == "stays" and info["spend"] == pytest.approx(42e-6)
    for file in gateway.folder.iterdir():
        if file.is_file() and file.name != "config.yaml":
            assert key.encode() not in file.read_bytes(), file


def test_a_script_of_litellms_documentation(gateway):
    """Fields that LiteLLM's examples send, in their spelling."""
    made = call(gateway, "/key/generate", {
        "models": ["m"], "aliases": {"best": "m"}, "config": {}, "spend": 0, "duration": "30d",
        "metadata": {"user": "ishaan@example.com"}, "team_id": None, "max_parallel_requests": None,
        "permissions": {}, "model_max_budget": {"m": {"budget_limit": "0.5", "time_period": "1d"}},
        "guardrails": [], "key_type": "default"})
    assert made["aliases"] == {"best": "m"} and "ignored_fields" not in made
    assert chat(gateway, made["key"], "best").status == 200
    assert json.dumps(made)
