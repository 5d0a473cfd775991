"""Hard caps: what is reserved, what is charged, what a crash leaves, and who is asked when money is short."""

import datetime
import random
import subprocess
from collections import Counter

import pytest

from fakes import replies as r
from harness.daemon import binary, config_of, deployment, in_parallel
from harness.faults import Faults
from harness.http import Client, Closed
from harness.waiting import wait_until

PRICED = {"input_cost_per_token": 0.000002, "output_cost_per_token": 0.00001}
CLOUD = {"local": False}
COST = 72_000  # nano-dollars of r.USAGE: 11 * 2e-6 + 5 * 1e-5
SHORT = {"max_tokens": 5}


def nano(usd):
    return round(float(usd) * 1e9)


def charged(record):
    return record.charged_nano_usd if record.charged_nano_usd is not None else record.cost_nano_usd or 0


def spent(daemon, **columns):
    """The recomputation: what the records say, for those with these columns."""
    return sum(charged(record) for record in daemon.ledger.records()
               if all(record[name] == value for name, value in columns.items()))


def gauge(daemon, metric, **labels):
    wanted = "{" + ",".join(f'{key}="{value}"' for key, value in labels.items())
    for line in daemon.client.get("/metrics").body.decode().splitlines():
        if line.startswith(metric + wanted):
            return nano(line.rsplit(" ", 1)[1])
    return None


def proxy_spent(daemon, period=""):
    return gauge(daemon, "spillway_budget_spent_usd", name="", period=period, scope="proxy")


def test_a_cap_is_held_and_the_client_is_told_in_litellms_words(workshop, upstream):
    daemon = workshop.serve(deployment("m", upstream.base, **PRICED),
                            general_settings={"max_budget": 0.0005, "budget_duration": "30d"})
    replies = [daemon.client.chat("m", **SHORT) for _ in range(8)]
    statuses = [reply.status for reply in replies]
    assert statuses[0] == 200 and statuses[-1] == 429
    refused = replies[-1]
    assert refused.error["type"] == "budget_exceeded" and refused.error["code"] == "budget_exceeded"
    assert refused.error["message"].startswith("Budget has been exceeded! Current cost: 0.000")
    assert "Max budget: 0.0005" in refused.error["message"]
    now = datetime.datetime.now(datetime.timezone.utc)
    first = (now.replace(day=1) + datetime.timedelta(days=32)).strftime("%Y-%m-01T00:00:00Z")
    assert f"resets at {first}" in refused.error["message"]
    assert int(refused.header("retry-after")) <= 86_400
    assert spent(daemon) == statuses.count(200) * COST <= 500_000
    assert proxy_spent(daemon, "30d") == spent(daemon)


def test_answers_say_what_is_left(workshop, upstream):
    daemon = workshop.serve(deployment("m", upstream.base, **PRICED, max_budget=1, budget_duration="1d"),
                            general_settings={"max_budget": 2})
    whole = daemon.client.chat("m", **SHORT)
    assert nano(whole.header("x-spillway-budget-remaining-proxy")) == 2_000_000_000 - COST
    assert nano(whole.header("x-spillway-budget-remaining-deployment")) == 1_000_000_000 - COST
    stream = daemon.client.chat("m", stream=True, **SHORT)
    assert nano(stream.header("x-spillway-budget-remaining-proxy")) < 2_000_000_000 - COST


def left(reply):
    """What an answer says is left, in nano-dollars by scope."""
    start = "x-spillway-budget-remaining-"
    return {name[len(start):]: nano(value) for name, value in reply.headers if name.startswith(start)}


def test_answers_say_what_is_left_of_every_scope(workshop, upstream):
    daemon = workshop.serve(
        deployment("m", upstream.base, **PRICED, model_info=CLOUD),
        router_settings={"provider_budget_config": {"openai": {"budget_limit": 3, "time_period": "1d"}}},
        budgets={"groups": {"m": {"max_budget": 4, "budget_duration": "1d"}},
                 "tags": {"batch": [{"max_budget": 5}, {"max_budget": 0.5, "budget_duration": "1d"}]},
                 "end_users": {"max_budget": 6, "budget_duration": "1d"}})

    def make(path, **fields):
        reply = daemon.client.post(path, fields)
        assert reply.status == 200, reply
        return reply.json

    make("/user/new", user_id="u-7", max_budget=7, auto_create_key=False)
    make("/team/new", team_id="red", max_budget=8)
    make("/team/member_add", team_id="red", member={"role": "user", "user_id": "u-7"}, max_budget_in_team=9)
    of_team = Client(daemon.port, make("/key/generate", team_id="red", user_id="u-7", max_budget=10)["key"])
    own = Client(daemon.port, make("/key/generate", user_id="u-7", max_budget=11)["key"])

    asked = {"user": "ann", "metadata": {"tags": ["batch"]}, **SHORT}
    caps = {"provider": 3, "group": 4, "tag": 0.5, "end-user": 6, "team": 8, "team-member": 9, "key": 10}
    reply = of_team.chat("m", **asked)
    assert reply.status == 200
    assert left(reply) == {scope: nano(cap) - COST for scope, cap in caps.items()}, \
        "of two windows the tighter; a team's key is not held by its user's own budget"
    reply = own.chat("m", user="bob", **SHORT)
    assert left(reply) == {"provider": nano(3) - 2 * COST, "group": nano(4) - 2 * COST, "end-user": nano(6) - COST,
                           "user": nano(7) - 2 * COST, "key": nano(11) - COST}
    stream = of_team.chat("m", stream=True, **asked)
    while_set_aside = left(stream)
    assert set(while_set_aside) == set(caps)
    assert all(while_set_aside[scope] < nano(cap) - COST for scope, cap in caps.items()), while_set_aside


def test_no_cap_no_line_about_one(workshop, upstream):
    daemon = workshop.serve(deployment("m", upstream.base, **PRICED))
    assert daemon.client.chat("m").header("x-spillway-budget-remaining-proxy") is None


def test_the_answer_asked_for_is_what_is_reserved(workshop, upstream):
    daemon = workshop.serve(deployment("m", upstream.base, **PRICED, max_tokens=50),
                            general_settings={"max_budget": 0.001})
    assert daemon.client.chat("m", max_tokens=100).status == 429
    assert daemon.client.chat("m", max_tokens=5, n=20).status == 429
    assert daemon.client.chat("m").status == 200, "the deployment's own default bounds it"
    assert len(upstream.requests) == 1


# --- who is asked instead


def test_the_next_deployment_of_a_group_serves_when_one_is_spent(workshop, upstream):
    other = workshop.upstream("beta")
    daemon = workshop.serve(
        deployment("m", upstream.base, order=1, **PRICED, model_info={"id": "dear", "max_budget": 0.0002, "budget_duration": "1d"}),
        deployment("m", other.base, order=2, **PRICED, model_info={"id": "next"}))
    served = [daemon.client.chat("m", **SHORT).header("x-litellm-model-id") for _ in range(3)]
    assert served == ["dear", "next", "next"]
    assert spent(daemon, deployment="dear") <= 200_000


def test_the_chain_goes_on_to_a_local_engine(workshop, upstream):
    engine = workshop.upstream("engine")
    daemon = workshop.serve(
        deployment("cloud", upstream.base, **PRICED, model_info=CLOUD), deployment("fast", engine.base),
        router_settings={"fallbacks": [{"cloud": ["fast"]}]}, general_settings={"max_budget": 0.0002})
    assert daemon.client.chat("cloud", **SHORT).text == "Hello from alpha."
    reply = daemon.client.chat("cloud", **SHORT)
    assert reply.text == "Hello from engine."
    assert reply.header("x-litellm-attempted-fallbacks") == "1"
    assert reply.header("x-litellm-attempted-retries") == "0"
    record = daemon.ledger.records()[-1]
    assert record.attempts == 1 and record.cost_nano_usd == 0 and record.charged_nano_usd is None


def test_a_budget_that_is_short_sends_nobody_to_rest(workshop, upstream):
    daemon = workshop.serve(
        deployment("m", upstream.base, **PRICED, model_info={"id": "one"}),
        router_settings={"disable_cooldowns": False, "allowed_fails": 1, "num_retries": 2},
        general_settings={"max_budget": 0.0005})
    for _ in range(4):
        assert daemon.client.chat("m", max_tokens=1000).status == 429
    assert daemon.client.chat("m", **SHORT).status == 200
    assert gauge(daemon, "spillway_deployment_failed_total", deployment="one") in (0, None)


def test_a_provider_has_a_cap_of_its_own(workshop, upstream):
    daemon = workshop.serve(
        deployment("m", upstream.base, **PRICED),
        router_settings={"provider_budget_config": {"openai": {"budget_limit": 0.0002, "time_period": "1d"}}})
    assert daemon.client.chat("m", **SHORT).status == 200
    refused = daemon.client.chat("m", **SHORT)
    assert refused.status == 429
    assert refused.error["message"].startswith("No deployments available - crossed budget for provider: openai")
    assert gauge(daemon, "litellm_provider_remaining_budget_metric", api_provider="openai") == 200_000 - COST


def test_tags_and_end_users_have_caps_of_their_own(workshop, upstream):
    daemon = workshop.serve(
        deployment("m", upstream.base, **PRICED),
        litellm_settings={"tag_budget_config": {"blue": {"max_budget": 0.0002, "budget_duration": "1d"}}},
        budgets={"end_users": {"max_budget": 0.0002, "budget_duration": "1d"}})
    blue = {"metadata": {"tags": ["blue"]}}
    assert daemon.client.chat("m", **SHORT, **blue).status == 200
    assert daemon.client.chat("m", **SHORT, **blue).status == 429
    assert daemon.client.chat("m", **SHORT, user="ann").status == 200
    refused = daemon.client.chat("m", **SHORT, user="ann")
    assert refused.status == 429 and "EndUser=ann over budget" in refused.error["message"]
    assert daemon.client.chat("m", **SHORT, user="bob").status == 200
    assert daemon.client.chat("m", **SHORT).status == 200


def test_tags_of_the_header_are_charged_like_those_of_the_body(workshop, upstream):
    daemon = workshop.serve(
        deployment("m", upstream.base, **PRICED),
        litellm_settings={"tag_budget_config": {"blue": {"max_budget": 0.0002, "budget_duration": "1d"}}})
    blue = [("x-litellm-tags", "green, blue")]
    assert daemon.client.chat("m", headers=blue, **SHORT).status == 200
    assert daemon.client.chat("m", headers=blue, **SHORT).status == 429
    assert daemon.client.chat("m", metadata={"tags": ["blue"]}, **SHORT).status == 429
    assert daemon.client.chat("m", **SHORT).status == 200


def test_several_windows_hold_at_once(workshop, upstream):
    daemon = workshop.serve(
        deployment("m", upstream.base, **PRICED),
        budgets={"proxy": [{"max_budget": 1, "budget_duration": "1mo"},
                           {"max_budget": 0.0002, "budget_duration": "1d"}]})
    assert daemon.client.chat("m", **SHORT).status == 200
    refused = daemon.client.chat("m", **SHORT)
    assert refused.status == 429 and "proxy budget per 1d" in refused.error["message"]
    assert proxy_spent(daemon, "1mo") == proxy_spent(daemon, "1d") == COST


def test_an_unknown_price_is_not_used_where_a_cap_pays(workshop, upstream):
    rows = [deployment("m", upstream.base, model="openai/nobody-knows-it", model_info=CLOUD)]
    daemon = workshop.serve(*rows, general_settings={"max_budget": 10})
    refused = daemon.client.chat("m")
    assert refused.status == 429 and "the price of model nobody-knows-it is not known" in refused.error["message"]
    daemon.write_config(config_of(*rows, general_settings={"max_budget": 10}, budgets={"unknown_prices": "allow"}))
    wait_until(lambda: daemon.client.chat("m").status == 200, 20, "the setting")


def test_routes_turn_to_local_engines_as_the_budget_goes(workshop, upstream):
    engine = workshop.upstream("engine")
    daemon = workshop.serve(
        deployment("cloud", upstream.base, **PRICED, model_info=CLOUD), deployment("fast", engine.base),
        routes={"auto": {"otherwise": ["cloud", "fast"], "on_budget": {"50%": "local-first"}},
                "dear": {"otherwise": ["cloud"], "on_budget": {"50%": "local-only"}}},
        general_settings={"max_budget": 0.0006})
    texts = [daemon.client.chat("auto", **SHORT).text for _ in range(8)]
    assert texts[0] == "Hello from alpha." and texts[-1] == "Hello from engine."
    assert spent(daemon) >= 300_000
    reply = daemon.client.chat("auto", **SHORT)
    assert "budget=local-first" in reply.header("x-spillway-reason")
    refused = daemon.client.chat("dear", **SHORT)
    assert refused.status == 429 and refused.error["code"] == "budget_exceeded"


# --- what is charged


def test_a_stream_that_breaks_is_charged_what_was_reserved(workshop, upstream):
    daemon = workshop.serve(deployment("m", upstream.base, **PRICED), general_settings={"max_budget": 1})
    upstream.next(r.stream(r.ROLE, *r.text_events("one two"), r.CUT))
    daemon.client.chat("m", stream=True, **SHORT)
    record = daemon.ledger.records()[-1]
    assert record.outcome == "broken" and record.at_least == 1
    assert record.charged_nano_usd > record.cost_nano_usd
    assert proxy_spent(daemon) == record.charged_nano_usd


def test_an_error_status_costs_nothing(workshop, upstream):
    daemon = workshop.serve(deployment("m", upstream.base, **PRICED), general_settings={"max_budget": 1})
    upstream.next(r.status(500, "boom"))
    assert daemon.client.chat("m", **SHORT).status >= 500
    assert spent(daemon) == 0 == proxy_spent(daemon)


def test_nobody_there_costs_nothing(workshop):
    daemon = workshop.serve(deployment("m", workshop.closed_port().base, **PRICED), general_settings={"max_budget": 1})
    assert daemon.client.chat("m", **SHORT).status >= 500
    assert spent(daemon) == 0 == proxy_spent(daemon)


def test_an_attempt_that_was_sent_and_not_answered_is_charged_beside_the_one_that_served(workshop, upstream):
    other = workshop.upstream("beta")
    daemon = workshop.serve(
        deployment("m", upstream.base, order=1, timeout=1, **PRICED, model_info={"id": "slow"}),
        deployment("m", other.base, order=2, **PRICED, model_info={"id": "next"}),
        general_settings={"max_budget": 1})
    upstream.next(r.STALL)
    reply = daemon.client.chat("m", **SHORT)
    assert reply.header("x-litellm-model-id") == "next"
    record = daemon.ledger.records()[-1]
    assert record.cost_nano_usd == COST and record.deployment == "next"
    assert record.charged_nano_usd > COST and record.at_least == 1
    assert proxy_spent(daemon) == record.charged_nano_usd
    assert gauge(daemon, "spillway_budget_reserved_usd", name="", period="", scope="proxy") == 0


def test_a_client_that_leaves_is_charged_what_was_reserved(workshop, upstream):
    daemon = workshop.serve(deployment("m", upstream.base, **PRICED), general_settings={"max_budget": 1})
    upstream.next(r.stream(r.ROLE, *r.text_events("one"), r.STALL))
    with daemon.client.open_chat("m", **SHORT) as running:
        running.read_start()
    wait_until(lambda: len(daemon.ledger) == 1)
    record = daemon.ledger.records()[-1]
    assert record.outcome == "abandoned"
    assert proxy_spent(daemon) == charged(record) >= COST


# --- concurrency


def storm(daemon, number, seed):
    """One client of many: some stream, some leave early."""
    dice = random.Random(seed + number)
    if dice.random() < 0.1:
        with daemon.client.open_chat("m", **SHORT) as running:
            try:
                if running.read_head().status == 200:
                    running.read_chunk()
            except (Closed, OSError):
                pass
        return "left"
    try:
        return daemon.client.chat("m", stream=dice.random() < 0.5, user=f"user-{number % 7}", **SHORT).status
    except (Closed, OSError):
        return "closed"


def test_a_thousand_at_once_never_pass_a_cap_that_pays_for_a_hundred(workshop, upstream):
    cap = 100 * COST
    window = 40
    rows = [deployment("m", upstream.base, num_retries=1, timeout=5, **PRICED)]
    daemon = workshop.serve(*rows, budgets={"proxy": {"max_budget": cap / 1e9, "budget_duration": f"{window}s"},
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

    upstream.default = moody
    # A whole window lies ahead.
    def fresh_window():
        now = datetime.datetime.now(datetime.timezone.utc)
        seconds = (now - now.replace(hour=0, minute=0, second=0, microsecond=0)).total_seconds()
        return seconds % window < 3

    wait_until(fresh_window, window + 5, "the window's beginning")
    results = []
    for burst in range(10):
        results += in_parallel(100, lambda number, burst=burst: storm(daemon, 100 * burst + number, 7))
    counts = Counter(results)
    assert counts[200] > 20 and counts[429] > 300, counts
    wait_until(lambda: len(daemon.ledger) == len(results), 20, "one record each")
    records = daemon.ledger.records()
    assert len({record.call_id for record in records}) == len(results)
    by_window = Counter()
    for record in records:
        at = record.charged_at if record.charged_at is not None else record.started
        by_window[at // 1_000_000 % 86_400 // window] += charged(record)
    assert max(by_window.values()) <= cap, by_window
    assert len(by_window) == 1, "the test was too slow to stay within one window"
    assert proxy_spent(daemon, f"{window}s") in (sum(by_window.values()), 0)

    upstream.default = r.well_behaved()
    wait_until(lambda: daemon.client.chat("m", **SHORT).status == 200, window + 5, "the next window")


# --- restarts and crashes


def test_a_call_in_flight_when_the_process_is_killed_leaves_one_record(workshop, upstream):
    rows = [deployment("m", upstream.base, **PRICED, model_info={"id": "one"})]
    daemon = workshop.serve(*rows, general_settings={"max_budget": 1}, budgets={"tags": {"blue": {"max_budget": 1}}})
    assert daemon.client.chat("m", **SHORT).status == 200
    upstream.next(r.stream(r.ROLE, *r.text_events("one"), r.STALL), r.STALL)
    with daemon.client.open_chat("m", user="ann", metadata={"tags": ["blue"]}, **SHORT) as midway:
        midway.read_start()
        with daemon.client.open_chat("m", stream=False, **SHORT):
            upstream.wait_for_requests(3)
            daemon.kill()
    daemon.restart()
    records = daemon.ledger.records()
    assert [record.outcome for record in records] == ["served", "broken", "broken"]
    lost = records[1]
    assert lost.error == "interrupted" and lost.at_least == 1 and lost.cost_nano_usd is None
    assert lost.charged_nano_usd >= COST and lost.deployment == "one" and lost.model_group == "m"
    assert "charged what was reserved" in lost.why
    assert {record.end_user for record in records[1:]} == {"ann", ""}
    assert proxy_spent(daemon) == spent(daemon) == COST + sum(record.charged_nano_usd for record in records[1:])
    blue = next(record for record in records if record.end_user == "ann")
    assert gauge(daemon, "spillway_budget_spent_usd", name="blue", period="", scope="tag") == blue.charged_nano_usd
    daemon.kill()
    daemon.restart()
    assert len(daemon.ledger) == 3, "they are recorded once"


def test_what_was_spent_before_a_restart_is_spent_after_it(workshop, upstream):
    daemon = workshop.serve(deployment("m", upstream.base, **PRICED), general_settings={"max_budget": 0.0002})
    assert daemon.client.chat("m", **SHORT).status == 200
    daemon.stop()
    daemon.restart()
    assert daemon.client.chat("m", **SHORT).status == 429


@pytest.mark.parametrize("offset", (3600, -3600), ids=("forward", "back"))
def test_a_clock_that_jumps_an_hour_opens_no_window_twice(workshop, upstream, tmp_path, offset):
    faults = Faults(tmp_path)
    daemon = workshop.serve(deployment("m", upstream.base, **PRICED), env=faults.env,
                            budgets={"proxy": {"max_budget": 0.0002, "budget_duration": "1h"}})
    assert daemon.client.chat("m", **SHORT).status == 200
    assert daemon.client.chat("m", **SHORT).status == 429
    faults.set_clock(offset)
    ahead = daemon.client.chat("m", **SHORT).status
    assert ahead == (200 if offset > 0 else 429)
    faults.set_clock(0)
    assert daemon.client.chat("m", **SHORT).status == 429, "the later window is the one that counts"
    daemon.stop()
    daemon.restart()
    assert daemon.client.chat("m", **SHORT).status == 429, "also after a restart"


# --- telling


def untold(daemon):
    return daemon.ledger.number("SELECT count(*) FROM told WHERE message IS NOT NULL")


def test_the_webhook_is_told_once_per_window(workshop, upstream):
    hook = workshop.upstream("hook", default=r.whole({}))
    daemon = workshop.serve(
        deployment("m", upstream.base, **PRICED),
        general_settings={"alerting": ["webhook"], "alert_to_webhook_url": hook.origin + "/alerts"},
        budgets={"proxy": {"max_budget": 1, "budget_duration": "1d", "soft_budget": 0.0001}})
    hook.next(r.status(500, "not now"))
    for _ in range(5):
        assert daemon.client.chat("m", **SHORT).status == 200
    hook.wait_for_requests(2)
    told = hook.requests[-1]
    assert told.method == "POST" and told.path == "/alerts"
    assert told.json["event"] == "soft_budget_crossed" and told.json["event_group"] == "proxy"
    assert told.json["max_budget"] == 1 and told.json["soft_budget"] == 0.0001
    assert told.json["spend"] == pytest.approx(2 * COST / 1e9)
    assert hook.requests[0].json == told.json, "the same message again, after a failure"
    assert daemon.log.count("Soft Budget Crossed") == 1
    wait_until(lambda: untold(daemon) == 0, 20, "the note that it was told")
    daemon.stop()
    daemon.restart()
    assert daemon.client.chat("m", **SHORT).status == 200
    assert len(hook.requests) == 2 and daemon.log.count("Soft Budget Crossed") == 1


def test_news_that_a_crash_cut_off_are_told_after_it(workshop, upstream):
    hook = workshop.upstream("hook", default=r.whole({}))
    daemon = workshop.serve(
        deployment("m", upstream.base, **PRICED),
        general_settings={"alert_to_webhook_url": hook.origin + "/alerts"},
        budgets={"proxy": {"max_budget": 1, "budget_duration": "1d", "soft_budget": 0.0001}})
    hook.next(r.STALL)
    for _ in range(2):
        assert daemon.client.chat("m", **SHORT).status == 200
    hook.wait_for_requests(1)
    assert untold(daemon) == 1
    daemon.kill()
    daemon.restart()
    hook.wait_for_requests(2)
    assert hook.requests[1].json == hook.requests[0].json, "the same message, with what was spent then"
    wait_until(lambda: untold(daemon) == 0, 20, "the note that it was told")
    daemon.kill()
    daemon.restart()
    assert daemon.client.chat("m", **SHORT).status == 200
    assert len(hook.requests) == 2, "and never again"


# --- what local answers cost, and what they would have cost elsewhere


def test_watts_and_the_price_of_power_make_a_local_answer_cost_its_seconds(workshop, upstream):
    daemon = workshop.serve(deployment("m", upstream.base, watts=360_000, price_per_kwh=0.1))
    upstream.next(r.steps(r.pause(0.5), r.whole(r.chat("x"))))
    assert daemon.client.chat("m").status == 200
    record = daemon.ledger.records()[-1]
    assert 0.5 * 10_000_000 <= record.cost_nano_usd < 5 * 10_000_000, "0.01 USD a second"


def test_each_record_says_what_the_reference_model_would_have_cost(workshop, upstream):
    daemon = workshop.serve(deployment("m", upstream.base), ledger={"reference_model": "gpt-4o-mini"})
    assert daemon.client.chat("m").status == 200
    record = daemon.ledger.records()[-1]
    assert record.cost_nano_usd == 0
    assert record.reference_nano_usd == 11 * 150 + 5 * 600


# --- the file


@pytest.mark.parametrize("section, complaint", (
    ({"general_settings": {"max_budget": -1}}, "general_settings.max_budget"),
    ({"general_settings": {"max_budget": 2e9}}, "general_settings.max_budget"),
    ({"general_settings": {"max_budget": 1, "budget_duration": "fortnight"}}, "general_settings.budget_duration"),
    ({"budgets": {"proxy": [{"max_budget": 1, "budget_duration": "1x"}]}}, "budgets.proxy.budget_duration"),
    ({"budgets": {"on_budget": {"80%": "local-sometimes"}}}, "budgets.on_budget"),
    ({"general_settings": {"alert_to_webhook_url": "ftp://x"}}, "general_settings.alert_to_webhook_url"),
), ids=("negative", "absurd", "duration", "window", "turn", "webhook"))
def test_a_bad_budget_is_refused_with_its_place(workshop, upstream, section, complaint):
    daemon = workshop.daemon(config_of(deployment("m", upstream.base), **section))
    done = subprocess.run([binary(), "check", "--config", str(daemon.config_path)], capture_output=True, text=True,
                          env=daemon.env, timeout=60)
    assert done.returncode == 1
    line = next(line for line in done.stdout.splitlines() if complaint in line)
    place, kind = line.split(": ")[:2]
    assert kind == "error" and place.count(":") == 2
