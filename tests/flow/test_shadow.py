"""Shadow comparisons end to end: a second answer after the client's, its label, its cost, its bounds."""

import random
import sqlite3
import threading

import pytest

from fakes import replies as r
from harness.daemon import deployment
from harness.waiting import stays, wait_until

CARD = "my card is 4111 1111 1111 1111, please remember it"
PRICED = {"input_cost_per_token": 0.000001, "output_cost_per_token": 0.000002}


class Pair:
    """A local and a cloud group behind one route that compares every request."""

    def __init__(self, workshop, shadow=None, rules=(), otherwise=("local", "cloud"), privacy=None, route=None, **more):
        self.local, self.cloud, self.judge = (workshop.upstream(name) for name in ("local", "cloud", "judge"))
        self.local.default = self.cloud.default = r.well_behaved("Paris is the capital of France.")
        self.rows = [deployment("local", self.local.base, **more.pop("local", {})),
                     deployment("cloud", self.cloud.base, **PRICED,
                                model_info={"local": False, "max_output_tokens": 100}),
                     deployment("referee", self.judge.base, **PRICED, model_info={"local": False})]
        self.shadow = {"group": "cloud", "share": "100%", **(shadow or {})}
        self.route = {"rules": list(rules), "otherwise": list(otherwise), **(route or {})}
        self.sections = {**({"privacy": privacy} if privacy else {}), **more}
        self.daemon = workshop.serve(*self.rows, **self.config())

    def config(self, **shadow):
        return {"routes": {"auto": {**self.route, "shadow": {**self.shadow, **shadow}}}, **self.sections}

    def ask(self, text="What is the capital of France?", model="auto", headers=(), **more):
        return self.daemon.client.chat(model, headers=headers, messages=[{"role": "user", "content": text}], **more)

    def rows_of(self, sql):
        database = sqlite3.connect(f"file:{self.daemon.ledger_path}?mode=ro", uri=True, timeout=5)
        try:
            database.row_factory = sqlite3.Row
            return [dict(row) for row in database.execute(sql)]
        finally:
            database.close()

    def labels(self):
        return self.rows_of("SELECT c.*, l.judge, l.weak, l.strong, l.certainty FROM comparisons c "
                            "JOIN comparison_labels l ON l.comparison = c.number ORDER BY c.number")

    def label(self, number=1):
        """The label of the request that was compared as the `number`th."""
        return wait_until(lambda: len(rows := self.labels()) >= number and rows, 20, "the label")[number - 1]

    def shadows(self, kind="shadow"):
        return [record for record in self.daemon.ledger.records() if record.call_type == kind]

    def counted(self, outcome):
        text = self.daemon.client.get("/metrics").body.decode()
        line = f'spillway_shadows_total{{outcome="{outcome}"}} '
        return int(float(text.split(line)[1].split("\n")[0]))


@pytest.fixture
def pair(workshop):
    return Pair(workshop)


# --- what is sent, and what is kept


@pytest.mark.parametrize("stream", [False, True])
def test_a_sampled_request_is_answered_twice_and_the_client_sees_one(pair, stream):
    reply = pair.ask(stream=stream, temperature=0.5)
    assert reply.text == "Paris is the capital of France."
    label = pair.label()
    assert (label["route"], label["weak_group"], label["strong_group"]) == ("auto", "local", "cloud")
    assert (label["weak"], label["strong"], label["served"]) == (1, 1, 0)
    sent = pair.cloud.requests[0].json
    assert (sent["model"], sent["temperature"], sent.get("stream", False)) == ("cloud", 0.5, False)
    assert "stream_options" not in sent
    assert len(pair.local.requests) == 1


def test_a_shadow_leaves_a_record_of_its_own_that_counts_into_the_spend(pair):
    pair.ask()
    pair.label()
    (client,) = [record for record in pair.daemon.ledger.records() if record.call_type == "acompletion"]
    (shadow,) = pair.shadows()
    assert (shadow.asked_model, shadow.model_group, shadow.outcome, shadow.key_hash) == ("auto", "cloud", "served", "")
    assert shadow.cost_nano_usd == 11 * 1000 + 5 * 2000
    assert client.call_id in shadow.why
    assert client.model_group == "local"
    assert pair.daemon.client.get("/global/spend").json["spend"] == pytest.approx(0.000021)


def test_nothing_of_what_was_said_is_kept_unless_asked(pair):
    pair.ask("moonlight sonata")
    pair.label()
    pair.daemon.stop()
    for file in pair.daemon.folder.iterdir():
        assert b"moonlight" not in file.read_bytes() and b"capital of France" not in file.read_bytes(), file


def test_texts_are_kept_where_the_route_says_so(workshop):
    pair = Pair(workshop, {"keep_text": True})
    pair.ask("moonlight sonata")
    pair.label()
    (texts,) = pair.rows_of("SELECT * FROM comparison_texts")
    assert texts["prompt"] == "user: moonlight sonata"
    assert texts["weak"] == texts["strong"] == "Paris is the capital of France."
    assert texts["expires"] > 0


def test_a_request_that_the_shadows_group_served_goes_to_the_other_one(workshop):
    pair = Pair(workshop, otherwise=["cloud", "local"])
    pair.ask()
    label = pair.label()
    assert (label["weak_group"], label["strong_group"], label["served"]) == ("local", "cloud", 1)
    assert len(pair.local.requests) == len(pair.cloud.requests) == 1


def test_the_role_of_the_shadow_can_be_set(workshop):
    pair = Pair(workshop, {"role": "weak"})
    pair.ask()
    assert pair.label()["weak_group"] == "cloud"


# --- the client does not notice


def test_the_answer_does_not_wait_for_the_shadow_and_comes_before_it(pair):
    gate = threading.Event()
    pair.cloud.default = r.steps(r.hold(gate), r.whole(r.chat("late")))
    try:
        assert pair.ask().status == 200
        assert pair.ask().status == 200
        wait_until(lambda: pair.cloud.requests)
        assert pair.cloud.requests[0].arrived >= pair.local.requests[0].answered
        assert not pair.labels()
    finally:
        gate.set()
    pair.label(2)


def test_more_than_may_wait_are_dropped_and_counted(workshop):
    pair = Pair(workshop)
    gate = threading.Event()
    pair.cloud.default = r.steps(r.hold(gate), r.whole(r.chat("late")))
    try:
        for _ in range(40):
            assert pair.ask().status == 200
        # Two lanes, each with two running and eight waiting.
        wait_until(lambda: pair.counted("dropped") >= 40 - 2 * 10)
        assert len(pair.cloud.requests) <= 4
    finally:
        gate.set()
    wait_until(lambda: pair.counted("compared") + pair.counted("dropped") == 40, 20, "the rest")


def test_a_shadow_that_fails_costs_the_deployment_nothing_of_its_name(workshop):
    pair = Pair(workshop, router_settings={"disable_cooldowns": False, "allowed_fails": 0})
    pair.cloud.default = r.status(500, "broken")
    for number in range(1, 4):
        assert pair.ask().status == 200
        wait_until(lambda: pair.counted("failed") == number, what="the failed shadow")
    pair.cloud.default = r.well_behaved("cloud again")
    assert pair.ask(model="cloud").text == "cloud again"
    assert [record.outcome for record in pair.shadows()] == ["refused"] * 3
    assert not pair.labels()


def test_a_drain_ends_shadows_at_once(pair):
    gate = threading.Event()
    pair.cloud.default = r.steps(r.hold(gate), r.whole(r.chat("late")))
    try:
        pair.ask()
        wait_until(lambda: pair.cloud.requests)
        pair.daemon.stop(timeout=10)
    finally:
        gate.set()
    (shadow,) = pair.shadows()
    assert shadow.outcome == "abandoned"
    assert shadow.charged_nano_usd > 0, "it may be billed, so the day's allowance is charged the worst case"


# --- private requests


@pytest.mark.parametrize("text, headers, more", [
    (CARD, [], {}),
    ("hello", [("x-spillway-boundary", "local")], {}),
    ("hello", [], {"metadata": {"no_fallback": True}}),
])
def test_a_private_request_is_never_compared(workshop, text, headers, more):
    pair = Pair(workshop, {"keep_text": True})
    assert pair.ask(text, headers=headers, **more).status == 200
    assert pair.ask("a plain one").status == 200
    pair.label()
    assert len(pair.cloud.requests) == 1 and b"a plain one" in pair.cloud.requests[0].body
    assert len(pair.labels()) == 1


def test_a_rule_that_keeps_local_keeps_its_requests_from_shadows(workshop):
    pair = Pair(workshop, rules=[{"name": "home", "when": {"words": ["diary"]}, "use": ["local"], "boundary": "local"}])
    assert pair.ask("dear diary").status == 200
    pair.ask("plain")
    pair.label()
    assert len(pair.cloud.requests) == 1


def test_answers_with_sensitive_text_are_shown_to_no_judge_and_not_kept(workshop):
    pair = Pair(workshop, {"judge": "referee", "keep_text": True})
    pair.local.default = r.well_behaved(CARD)
    pair.ask()
    assert pair.label()["judge"] == 1
    assert not pair.judge.requests
    assert not pair.rows_of("SELECT * FROM comparison_texts")


def test_no_byte_of_a_private_request_reaches_the_cloud_by_shadow_or_judge(workshop):
    """One hundred and twenty requests, half of them private, under faults by chance (seeded)."""
    pair = Pair(workshop, {"judge": "referee"}, otherwise=["local"])
    pair.judge.default = r.well_behaved('{"better": "A"}')
    chance = random.Random(20261130)
    for number in range(120):
        private = chance.random() < 0.5
        text = f"marker-{number}-{'private' if private else 'plain'} {CARD if private else 'hello'}"
        pair.local.next(r.whole(r.chat(f"echo {text if private else number}")))
        pair.cloud.next(chance.choice([r.status(500, "no"), r.steps(r.RESET), r.whole(r.chat("other words"))]))
        pair.ask(text, stream=False)
    wait_until(lambda: sum(pair.counted(each) for each in ("compared", "failed", "dropped", "unavailable")) > 20)
    everything = b"".join(request.body for upstream in (pair.cloud, pair.judge) for request in upstream.requests)
    assert b"-plain" in everything
    assert b"-private" not in everything and b"4111" not in everything


# --- its budget


def test_the_days_cap_stops_shadows_and_holds_over_a_restart(workshop):
    # The worst case of one: a hundred tokens of answer and a short prompt.
    pair = Pair(workshop, {"max_cost_per_day": 0.0003})
    for _ in range(20):
        pair.ask(max_tokens=100)
        done = pair.counted("compared") + pair.counted("over_budget")
        wait_until(lambda: pair.counted("compared") + pair.counted("over_budget") >= done)
    wait_until(lambda: pair.counted("over_budget") > 0)
    sent = len(pair.cloud.requests)
    assert 1 <= sent < 20
    pair.daemon.stop()
    pair.daemon.restart()
    pair.ask(max_tokens=100)
    wait_until(lambda: pair.counted("over_budget") == 1)
    assert len(pair.cloud.requests) == sent
    assert sum(record.cost_nano_usd for record in pair.shadows()) <= 300_000


# --- grades


def test_a_fault_on_one_side_decides_without_a_judge(workshop):
    pair = Pair(workshop, {"judge": "referee"})
    pair.local.default = r.whole(r.chat(""))
    pair.ask()
    label = pair.label()
    assert (label["judge"], label["weak"], label["strong"]) == (0, 0, 1)
    assert not pair.judge.requests


def test_a_judge_settles_what_checks_leave_open(workshop):
    pair = Pair(workshop, {"judge": "referee"})
    pair.local.default = r.well_behaved("It is a lovely city on the river Seine.")
    seen = set()
    for number in range(1, 13):
        pair.judge.default = r.well_behaved('{"better": "A"}')
        pair.ask(f"Question {number}")
        label = pair.label(number)
        assert label["judge"] == 2
        asked = pair.judge.requests[-1].json
        weak_first = asked["messages"][1]["content"].index("lovely") < asked["messages"][1]["content"].index("capital")
        assert (label["weak"], label["strong"]) == ((1, 0) if weak_first else (0, 1))
        seen.add(weak_first)
    assert seen == {True, False}, "the order is drawn"
    assert len(pair.shadows("shadow_judge")) == 12


def test_a_judge_that_chats_has_not_judged(workshop):
    pair = Pair(workshop, {"judge": "referee"})
    pair.local.default = r.well_behaved("It is a lovely city on the river Seine.")
    pair.judge.default = r.well_behaved("Answer A is better.")
    pair.ask()
    assert pair.label()["judge"] == 1


def test_a_share_of_nothing_compares_nothing(workshop):
    pair = Pair(workshop, {"share": "0%"})
    for _ in range(5):
        pair.ask()
    stays(lambda: not pair.cloud.requests, 0.3)
