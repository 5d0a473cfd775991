"""Virtual keys from the client's side: who is let in, what for, and who pays."""

import hashlib
import threading
import time

import pytest

from fakes import replies as r
from harness.daemon import config_of, deployment, in_parallel
from harness.http import Client
from harness.waiting import wait_until

PRICED = {"input_cost_per_token": 0.000002, "output_cost_per_token": 0.00001}
CLOUD = {"local": False}
COST = 72_000  # nano-dollars of r.USAGE: 11 * 2e-6 + 5 * 1e-5
SHORT = {"max_tokens": 5}


def call(daemon, path, body, key=None):
    reply = Client(daemon.port, key or daemon.key).post(path, body)
    assert reply.status == 200, reply
    return reply.json


def make_key(daemon, **fields):
    """A client with a new key."""
    return Client(daemon.port, call(daemon, "/key/generate", fields)["key"])


def make_user(daemon, user_id, **fields):
    call(daemon, "/user/new", {"user_id": user_id, "auto_create_key": False, **fields})


def hashed(key):
    return hashlib.sha256(key.encode()).hexdigest()


def charged(record):
    return record.charged_nano_usd if record.charged_nano_usd is not None else record.cost_nano_usd or 0


def spent(daemon, **columns):
    return sum(charged(record) for record in daemon.ledger.records()
               if all(record[name] == value for name, value in columns.items()))


def models_of(client):
    return [model["id"] for model in client.get("/v1/models").json["data"]]


@pytest.fixture
def town(workshop):
    """A local and a priced cloud group, a route over both, a fallback from one to the other."""
    near, far = workshop.upstream("near"), workshop.upstream("far")
    daemon = workshop.serve(
        deployment("near", near.base), deployment("far", far.base, **PRICED, model_info=CLOUD),
        deployment("openai/*", far.base, model="openai/*", **PRICED, model_info=CLOUD),
        router_settings={"fallbacks": [{"near": ["far"]}], "model_group_alias": {"best": "far"}},
        routes={"auto": {"otherwise": ["near", "far"]},
                "by-team": {"rules": [{"name": "red", "when": {"team": "red"}, "use": ["near"]},
                                      {"name": "gold", "when": {"metadata": {"tier": "gold"}}, "use": ["near"]},
                                      {"name": "night", "when": {"tag": "batch"}, "use": ["near"]}],
                            "otherwise": ["far"]}})
    daemon.near, daemon.far = near, far
    return daemon


# --- who is let in


def test_a_key_is_let_in_and_its_record_says_whose_it_is(town):
    make_user(town, "u-7")
    call(town, "/team/new", {"team_id": "red"})
    client = make_key(town, team_id="red", user_id="u-7", key_alias="server")
    assert client.chat("near").status == 200
    record = town.ledger.records()[-1]
    assert record.key_hash == hashed(client.key)
    assert record.team_id == "red" and record.user_id == "u-7"
    assert client.key not in town.log and client.key.encode() not in (town.folder / "ledger.keys.db").read_bytes()


def test_a_key_is_kept_in_a_file_that_only_the_owner_reads(town):
    make_key(town)
    assert (town.folder / "ledger.keys.db").stat().st_mode & 0o777 == 0o600


def test_strangers_learn_nothing_and_leave_no_record(town):
    before = len(town.ledger)
    for key in ("sk-nobody", hashed("sk-nobody")):
        refused = Client(town.port, key).chat("near")
        assert refused.status == 401 and refused.error["code"] == "invalid_api_key"
    client = make_key(town)
    assert Client(town.port, hashed(client.key)).chat("near").status == 401, "the hash is not the key"
    assert len(town.ledger) == before


def test_a_key_is_blocked_between_two_requests_at_once_and_on_every_shard(town):
    client = make_key(town)
    for _ in range(3):
        call(town, "/key/block", {"key": client.key})
        statuses = in_parallel(8, lambda _: client.chat("near"))
        assert {reply.status for reply in statuses} == {401}
        assert "Key is blocked" in statuses[0].error["message"]
        call(town, "/key/unblock", {"key": client.key})
        assert {reply.status for reply in in_parallel(8, lambda _: client.chat("near"))} == {200}


def test_a_blocked_team_closes_all_its_keys(town):
    call(town, "/team/new", {"team_id": "red"})
    client = make_key(town, team_id="red")
    assert client.chat("near").status == 200
    call(town, "/team/block", {"team_id": "red"})
    refused = client.chat("near")
    assert refused.status == 401 and "Team=red is blocked" in refused.error["message"]


def test_a_key_expires(town):
    assert make_key(town, duration="30d").chat("near").status == 200
    client = make_key(town, duration="1s")
    wait_until(lambda: client.chat("near").status == 401, 10, "the expiry")
    assert client.chat("near").error["type"] == "expired_key"


def test_a_deleted_key_finishes_what_it_began_and_pays_for_it(town):
    client = make_key(town, max_budget=1)
    gate = threading.Event()
    town.far.next(r.stream(r.ROLE, *r.text_events("one"), r.hold(gate), *r.text_events("two"), r.FINISH,
                           r.USAGE_EVENT, r.DONE))
    with client.connect() as connection:
        client.send(connection, "/v1/chat/completions",
                    {"model": "far", "stream": True, "messages": [{"role": "user", "content": "hi"}], **SHORT})
        reply = connection.read_start()
        call(town, "/key/delete", {"keys": [client.key]})
        assert client.chat("far").status == 401
        gate.set()
        connection.read_body(reply)
    assert reply.complete and reply.done
    assert spent(town, key_hash=hashed(client.key)) == COST


def test_keys_are_there_again_after_a_restart(town):
    client = make_key(town, models=["near"])
    town.stop()
    town.restart()
    assert client.chat("near").status == 200
    assert client.chat("far").status == 401


# --- what for


def test_a_model_that_is_not_on_the_list_is_refused_in_litellms_words(town):
    client = make_key(town, models=["near"])
    refused = client.chat("far")
    assert refused.status == 401 and refused.error["type"] == refused.error["code"] == "key_model_access_denied"
    assert refused.error["message"] == ("key not allowed to access model. This key can only access "
                                        "models=['near']. Tried to access far")
    assert client.chat("best").status == 401, "an alias is no way around"
    assert not town.far.requests
    assert town.ledger.records()[-1].outcome == "refused"


def test_models_are_listed_as_the_key_may_use_them(town):
    assert models_of(make_key(town, models=["near", "auto"])) == ["auto", "near"]
    assert models_of(make_key(town)) == models_of(town.client)
    client = make_key(town, models=["near"])
    assert client.get("/v1/models/far").status == 404
    assert "far" not in client.get("/v1/models/nope").error["message"].split("Available models")[1]


def test_each_list_of_models_must_allow(town):
    call(town, "/team/new", {"team_id": "red", "models": ["near"]})
    assert make_key(town, team_id="red", models=["all-team-models"]).chat("near").status == 200
    client = make_key(town, team_id="red")
    assert client.chat("far").error["code"] == "team_model_access_denied"
    wild = make_key(town, models=["openai/*"])
    assert wild.chat("openai/gpt-9", **SHORT).status == 200
    assert wild.chat("near").status == 401


def test_a_key_renames_models(town):
    client = make_key(town, models=["near"], aliases={"gpt-4": "near"})
    assert client.chat("gpt-4").text == "Hello from near."


def test_a_fallback_goes_nowhere_that_the_key_may_not_use(town):
    town.near.default = r.status(500)
    assert make_key(town).chat("near", **SHORT).text == "Hello from far."
    town.far.forget()
    client = make_key(town, models=["near"])
    assert client.chat("near", **SHORT).status >= 500
    assert client.chat("near", fallbacks=["far"], **SHORT).status >= 500
    assert make_key(town, metadata={"disable_fallbacks": True}).chat("near", **SHORT).status >= 500
    assert not town.far.requests


def test_a_route_leads_where_the_key_may_go(town):
    town.near.default = r.status(500)
    assert make_key(town, models=["auto"]).chat("auto", **SHORT).text == "Hello from far."
    town.far.forget()
    client = make_key(town, models=["auto", "near"])
    assert client.chat("auto", **SHORT).status >= 500
    assert not town.far.requests
    question = {"messages": [{"role": "user", "content": "hi"}]}
    explained = client.post("/route/explain", {"model": "auto", **question})
    assert explained.status == 200 and "far" not in explained.body.decode()
    assert {"verdict": "not allowed for this key"} in explained.json["candidates"]
    assert client.post("/route/explain", {"model": "far", **question}).status == 401


def test_a_key_that_stays_local_never_reaches_the_cloud(town):
    town.near.default = r.status(500)
    client = make_key(town, metadata={"boundary": "local"})
    assert client.chat("far").status == 503
    assert client.chat("near").status >= 500 and client.chat("auto").status >= 500
    assert not town.far.requests


def test_routes_ask_about_the_keys_team_metadata_and_tags(town):
    call(town, "/team/new", {"team_id": "red"})
    assert make_key(town).chat("by-team", **SHORT).text == "Hello from far."
    for fields in ({"team_id": "red"}, {"metadata": {"tier": "gold"}}, {"tags": ["batch"]}):
        assert make_key(town, **fields).chat("by-team", **SHORT).text == "Hello from near.", fields


def test_a_keys_type_and_paths_bound_what_it_calls(town):
    calls = make_key(town, key_type="llm_api")
    assert calls.chat("near").status == 200 and calls.get("/v1/models").status == 200
    refused = calls.get("/key/info")
    assert refused.status == 403 and "Only allowed to call routes: ['llm_api_routes']" in refused.error["message"]
    assert make_key(town, key_type="read_only").chat("near").status == 403
    one = make_key(town, allowed_routes=["/v1/embeddings"])
    assert one.chat("near").status == 403 and one.get("/v1/models").status == 403


def test_a_plain_key_administers_nothing_and_sees_its_own(town):
    one, other = make_key(town), make_key(town)
    assert one.chat("near").status == 200 and other.chat("near").status == 200
    assert one.post("/key/generate", {}).status in (401, 403)
    assert [row["api_key"] for row in one.get("/spend/logs?summarize=false").json] == [hashed(one.key)]


def test_an_admins_key_administers_and_a_viewers_looks(town):
    make_user(town, "boss", user_role="proxy_admin")
    make_user(town, "eye", user_role="proxy_admin_viewer")
    boss, eye = make_key(town, user_id="boss"), make_key(town, user_id="eye", rpm_limit=1)
    assert boss.post("/key/generate", {}).status == 200
    assert eye.get("/key/list").status == 200
    assert eye.post("/key/generate", {}).status in (401, 403)
    assert eye.chat("near").status == 200
    assert eye.chat("near").status == 429, "limits hold for whoever administers"


def test_a_blocked_customer_is_refused_whoever_asks_for_it(town):
    call(town, "/customer/new", {"user_id": "visitor", "blocked": True})
    for client in (town.client, make_key(town)):
        assert client.chat("near", user="visitor").status == 403
        assert client.chat("near", user="another").status == 200


# --- who pays


def test_a_keys_cap_is_exact_under_fifty_at_once(town):
    client = make_key(town, max_budget=10 * COST / 1e9)
    replies = in_parallel(50, lambda _: client.chat("far", **SHORT))
    served = [reply for reply in replies if reply.status == 200]
    refused = [reply for reply in replies if reply.status == 429]
    assert len(served) + len(refused) == 50 and served and refused
    assert all(reply.error["type"] == "budget_exceeded" for reply in refused)
    while (reply := client.chat("far", **SHORT)).status == 200:
        served.append(reply)
    assert len(served) <= 10
    assert spent(town, key_hash=hashed(client.key)) == len(served) * COST


def key_spend(daemon, client):
    return round(float(client.chat("far", **SHORT).header("x-litellm-key-spend")) * 1e9)


def test_what_a_key_spent_is_known_after_a_restart(town):
    client = make_key(town, max_budget=1, budget_limits=[{"max_budget": 0.5, "budget_duration": "1d"}])
    for expected in (1, 2, 3):
        assert key_spend(town, client) == expected * COST
    town.stop()
    town.restart()
    assert key_spend(town, client) == 4 * COST
    call(town, f"/key/{client.key}/reset_spend", {"reset_to": 0.25})
    assert key_spend(town, client) == 250_000_000 + COST
    town.stop()
    town.restart()
    assert key_spend(town, client) == 250_000_000 + 2 * COST


def test_a_regenerated_key_keeps_what_it_spent(town):
    client = make_key(town, max_budget=1)
    assert key_spend(town, client) == COST
    new = Client(town.port, call(town, f"/key/{client.key}/regenerate", {})["key"])
    assert new.key != client.key
    assert client.chat("far").status == 401
    assert key_spend(town, new) == 2 * COST
    rows = town.client.get(f"/spend/logs?api_key={new.key}&summarize=false").json
    assert len(rows) == 2 and {row["api_key"] for row in rows} == {hashed(client.key)}


def test_a_teams_key_is_paid_by_its_team_and_not_by_its_user(town):
    make_user(town, "u-7", max_budget=0.0001)
    call(town, "/team/new", {"team_id": "red", "max_budget": 3.2 * COST / 1e9,
                             "members_with_roles": [{"role": "user", "user_id": "u-7"}]})
    ours = make_key(town, team_id="red", user_id="u-7")
    statuses = [ours.chat("far", **SHORT).status for _ in range(4)]
    assert statuses[0] == 200 and statuses[-1] == 429
    assert "ExceededBudget: Team=red" in ours.chat("far", **SHORT).error["message"]
    own = make_key(town, user_id="u-7")
    assert "ExceededBudget: User=u-7" in own.chat("far", **SHORT).error["message"]


def test_a_member_has_a_cap_within_its_team(town):
    call(town, "/team/new", {"team_id": "red"})
    call(town, "/team/member_add", {"team_id": "red", "member": {"role": "user", "user_id": "u-7"},
                                    "max_budget_in_team": 0.0002})
    make_user(town, "u-8")
    one, other = make_key(town, team_id="red", user_id="u-7"), make_key(town, team_id="red", user_id="u-8")
    assert one.chat("far", **SHORT).status == 200
    refused = one.chat("far", **SHORT)
    assert refused.status == 429 and "TeamMember=red/u-7" in refused.error["message"]
    assert other.chat("far", **SHORT).status == 200


def test_users_without_a_cap_have_the_default_one(workshop, upstream):
    sections = {"litellm_settings": {"max_internal_user_budget": 0.0002, "internal_user_budget_duration": "1d"}}
    daemon = workshop.serve(deployment("m", upstream.base, **PRICED), **sections)
    make_user(daemon, "u-7")
    client = make_key(daemon, user_id="u-7")
    assert client.chat("m", **SHORT).status == 200
    assert "ExceededBudget: User=u-7" in client.chat("m", **SHORT).error["message"]
    stranger = make_key(daemon, user_id="whom-nobody-made")
    assert [stranger.chat("m", **SHORT).status for _ in range(2)] == [200, 429]
    assert make_key(daemon).chat("m", **SHORT).status == 200
    daemon.write_config(config_of(deployment("m", upstream.base, **PRICED),
                                  litellm_settings={"max_internal_user_budget": 1}))
    wait_until(lambda: client.chat("m", **SHORT).status == 200, 20, "the other default")


def test_a_customer_has_caps_and_limits_of_its_own(town):
    call(town, "/customer/new", {"user_id": "ann", "max_budget": 0.0002})
    client = make_key(town)
    assert client.chat("far", user="ann", **SHORT).status == 200
    refused = client.chat("far", user="ann", **SHORT)
    assert refused.status == 429 and "EndUser=ann over budget" in refused.error["message"]
    call(town, "/budget/new", {"budget_id": "slow", "rpm_limit": 1})
    call(town, "/customer/new", {"user_id": "bob", "budget_id": "slow"})
    assert [client.chat("near", user="bob").status for _ in range(2)] == [200, 429]
    assert client.chat("near", user="carol").status == 200


def test_customers_without_a_budget_have_the_default_one(workshop, upstream):
    daemon = workshop.serve(deployment("m", upstream.base, **PRICED),
                            litellm_settings={"max_end_user_budget_id": "visitors"})
    client = make_key(daemon)
    assert [client.chat("m", user="ann", **SHORT).status for _ in range(2)] == [200, 200], "no such budget yet"
    assert "there is no budget 'visitors'" in daemon.log
    call(daemon, "/budget/new", {"budget_id": "visitors", "max_budget": 0.0002, "budget_duration": "30d"})
    refused = client.chat("m", user="ann", **SHORT)
    assert refused.status == 429 and "EndUser=ann over budget" in refused.error["message"], "what was spent counts"
    assert [client.chat("m", user="bob", **SHORT).status for _ in range(2)] == [200, 429]
    call(daemon, "/customer/new", {"user_id": "carol", "max_budget": 1})
    assert [client.chat("m", user="carol", **SHORT).status for _ in range(2)] == [200, 200]
    assert daemon.client.post("/budget/delete", {"id": "visitors"}).status == 400, "end users would have no cap"
    call(daemon, "/budget/update", {"budget_id": "visitors", "max_budget": 1, "rpm_limit": 1})
    assert [client.chat("m", user="dave", **SHORT).status for _ in range(2)] == [200, 429]
    daemon.stop()
    daemon.restart()
    assert client.chat("m", user="bob", **SHORT).status == 200, "the cap was raised"


def test_a_keys_model_has_a_cap_of_its_own(town):
    client = make_key(town, model_max_budget={"far": {"budget_limit": 0.0002, "time_period": "1d"}})
    assert client.chat("far", **SHORT).status == 200
    refused = client.chat("far", **SHORT)
    assert refused.status == 429 and "exceeded budget for model=far" in refused.error["message"]
    assert client.chat("openai/other", **SHORT).status == 200
    town.stop()
    town.restart()
    assert client.chat("far", **SHORT).status == 429
    assert client.chat("best", **SHORT).status == 429, "by whatever name"


def test_a_raised_cap_falls_again(town):
    until = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 10))
    client = make_key(town, max_budget=0.0002)
    call(town, "/key/update", {"key": client.key, "temp_budget_increase": 1, "temp_budget_expiry": until})
    assert [client.chat("far", **SHORT).status for _ in range(4)] == [200] * 4
    wait_until(lambda: client.chat("far", **SHORT).status == 429, 20, "the end of the raise")


def test_limits_of_key_and_team_hold(town):
    call(town, "/team/new", {"team_id": "red", "rpm_limit": 3})
    one, other = make_key(town, team_id="red", rpm_limit=2), make_key(town, team_id="red")
    assert [one.chat("near").status for _ in range(3)] == [200, 200, 429]
    assert [other.chat("near").status for _ in range(2)] == [200, 429]
    refused = other.chat("near")
    assert refused.error["message"].startswith("Rate limit exceeded for team: red") and refused.header("retry-after")


def test_a_keys_model_has_a_limit_of_its_own(town):
    client = make_key(town, model_rpm_limit={"near": 1})
    assert [client.chat("near").status for _ in range(2)] == [200, 429]
    assert client.chat("far", **SHORT).status == 200
