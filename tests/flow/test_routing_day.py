"""A day of one route: each kind of request where it belongs, and each kind of trouble, as the answer's headers,
the spend record and /health tell it."""

import sqlite3
import threading

import pytest

from fakes import ollama as o
from fakes import replies as r
from harness.daemon import deployment
from harness.waiting import wait_until

CARD = "my card is 4111 1111 1111 1111, please remember it"
EASY = "What is the capital of France?"
HARD = ("Prove that the Galois group of the splitting field of an irreducible polynomial acts transitively on its "
        "roots, and derive from it the degree of the extension, step by step, stating every lemma that you use.")
CODE = "Why does this fail?\n```python\nfor i in range(3):\n    print(j)\n```"
LONG = "Summarise this. " + "word " * 6000

RULES = [
    {"name": "private", "when": {"sensitive": "any"}, "use": ["local", "reserve"], "boundary": "local"},
    {"name": "long", "when": {"prompt_tokens": ">4000"}, "use": ["long"]},
    {"name": "code", "when": {"has": "code"}, "use": ["coder", "cloud"]},
    {"name": "hard", "when": {"complexity": ">=complex", "budget_left": ">10%"}, "use": ["cloud", "local"]},
]


class Day:
    """Three engines at home, two clouds."""

    GROUPS = ("local", "reserve", "coder", "cloud", "long")

    def __init__(self, workshop, local=None, otherwise=None, **sections):
        self.upstreams = {name: workshop.upstream(name) for name in self.GROUPS}
        priced = {"input_cost_per_token": 0.000001, "output_cost_per_token": 0.000002}
        rows = [deployment("local", self["local"].base, model="ollama/served-model",
                           model_info={"local": True, "max_input_tokens": 8192}, **(local or {})),
                deployment("reserve", self["reserve"].base, model_info={"local": True, "max_input_tokens": 8192}),
                deployment("coder", self["coder"].base, model_info={"local": True}),
                deployment("cloud", self["cloud"].base, **priced,
                           model_info={"local": False, "max_input_tokens": 8192}),
                deployment("long", self["long"].base, **priced,
                           model_info={"local": False, "max_input_tokens": 200_000})]
        # The cuts are the test's own: what it is about is where the tiers go, not the built-in weights.
        route = {"rules": RULES, "otherwise": otherwise or ["local", "reserve", "cloud"],
                 "complexity": {"cuts": [0.2, 0.5, 0.95]}}
        self.daemon = workshop.serve(*rows, routes={"auto": route}, **sections)

    def __getitem__(self, name):
        return self.upstreams[name]

    def ask(self, text, **more):
        return self.daemon.client.chat("auto", messages=[{"role": "user", "content": text}], **more)

    def asked(self):
        """The groups that any request was sent to; /health looks at all of them."""
        return [name for name in self.GROUPS if any(request.method == "POST" for request in self[name].requests)]

    def state(self, group):
        page = self.daemon.client.get("/health").json
        rows = page["healthy_endpoints"] + page["unhealthy_endpoints"]
        return next(row for row in rows if row["model_name"] == group)["state"]

    def told(self, reply):
        """What headers and record say of an answer: they must agree."""
        record = self.daemon.ledger.record(reply.header("x-spillway-call-id"))
        assert reply.header("x-litellm-model-group") == record.model_group
        assert reply.text == f"Hello from {record.model_group}."
        database = sqlite3.connect(f"file:{self.daemon.ledger_path}?mode=ro", uri=True, timeout=5)
        reason = database.execute("SELECT reason FROM routings WHERE record = ?", (record.seq,)).fetchone()[0]
        database.close()
        assert reason == reply.header("x-spillway-reason")
        return reply.header("x-spillway-rule"), record


@pytest.mark.parametrize("text, group, rule, privacy", [
    (EASY, "local", "otherwise", "any; classes=none"),
    (HARD, "cloud", "hard", "any; classes=none"),
    (CODE, "coder", "code", "any; classes=none"),
    (LONG, "long", "long", "any; classes=none"),
    (CARD, "local", "private", "local; classes=payment_card"),
])
def test_each_kind_of_request_is_served_where_it_belongs(workshop, text, group, rule, privacy):
    day = Day(workshop)
    reply = day.ask(text)
    said, record = day.told(reply)
    assert (said, record.model_group, record.attempts) == (rule, group, 1)
    assert reply.header("x-spillway-privacy").startswith(privacy)
    assert all(day.state(name) == "healthy" for name in day.GROUPS)
    assert day.asked() == [group]


def test_when_the_local_engine_is_down_the_next_one_serves_and_private_requests_stay_home(workshop):
    day = Day(workshop, health={"interval": 0.2})
    day["local"].close()
    wait_until(lambda: day.state("local") == "unreachable", what="the check")
    said, record = day.told(day.ask(EASY))
    assert (said, record.model_group, record.attempts) == ("otherwise", "reserve", 1)
    said, record = day.told(day.ask(CARD))
    assert (said, record.model_group) == ("private", "reserve")
    day["reserve"].close()
    wait_until(lambda: day.state("reserve") == "unreachable", what="the check")
    reply = day.ask(CARD)
    assert (reply.status, reply.error["code"]) == (503, "no_local_deployment")
    assert "must stay local" in reply.error["message"]
    assert not [request for request in day["cloud"].requests if b"4111" in request.body]
    said, record = day.told(day.ask(EASY))
    assert record.model_group == "cloud"


def test_when_the_local_engine_is_full_the_next_one_serves(workshop):
    day = Day(workshop, local={"max_parallel_requests": 1}, upstream={"slot_patience": 0.05})
    gate = threading.Event()
    day["local"].default = r.steps(r.hold(gate), o.whole(o.done(content="Hello from local.")))
    held = day.daemon.client.open_chat("auto", stream=False, messages=[{"role": "user", "content": EASY}])
    with held:
        try:
            wait_until(lambda: day["local"].requests)
            assert day.state("local") == "saturated"
            said, record = day.told(day.ask(EASY))
            assert (said, record.model_group, record.fallbacks) == ("otherwise", "reserve", 1)
        finally:
            gate.set()
        assert held.read_reply().text == "Hello from local."
    wait_until(lambda: day.state("local") == "healthy")


def test_when_the_local_engine_is_slow_the_next_one_serves_and_the_slow_one_rests(workshop):
    day = Day(workshop, router_settings={"disable_cooldowns": False, "allowed_fails": 0, "cooldown_time": 60},
              otherwise={"use": ["local", "reserve"], "first_token_timeout": 0.4})
    day["local"].default = r.steps(r.STALL)
    said, record = day.told(day.ask(EASY, stream=True))
    assert (said, record.model_group, record.attempts, record.fallbacks) == ("otherwise", "reserve", 2, 1)
    assert "local/" in record.why and "stalled" in record.why
    assert day.state("local") == "resting"
    said, record = day.told(day.ask(EASY, stream=True))
    assert (record.model_group, record.attempts) == ("reserve", 1)


def test_when_the_budget_is_nearly_spent_hard_requests_stay_at_home(workshop):
    # An answer costs about 0.002 USD. A tenth of the cap is more than the worst case, so it is the
    # rule that turns, and not the cap that refuses.
    day = Day(workshop, litellm_settings={"max_budget": 0.05, "budget_duration": "30d"})
    usage = {"prompt_tokens": 11, "completion_tokens": 1000, "total_tokens": 1011}
    day["cloud"].default = r.whole(r.chat("Hello from cloud.", usage=usage))
    said, record = day.told(day.ask(HARD, max_tokens=1000))
    assert (said, record.model_group) == ("hard", "cloud")
    wait_until(lambda: day.ask(HARD, max_tokens=1000).header("x-spillway-rule") == "otherwise", 20, "the turn")
    said, record = day.told(day.ask(HARD, max_tokens=1000))
    assert (said, record.model_group) == ("otherwise", "local")
