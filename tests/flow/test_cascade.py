"""The verified cascade end to end: a local answer is checked, and another place asked once when it fails."""

import threading

import pytest

from fakes import replies as r
from harness.daemon import deployment
from harness.waiting import wait_until

CARD = "my card is 4111 1111 1111 1111, please remember it"
PRICED = {"input_cost_per_token": 0.000001, "output_cost_per_token": 0.000002}
CLOUD_COST = 11 * 1000 + 5 * 2000
REFUSAL = "I'm sorry, but I can't help with that."
LOOP = "and so on and on " * 60
SCHEMA = {"type": "json_schema", "json_schema": {"name": "city", "schema": {
    "type": "object", "required": ["city"], "properties": {"city": {"type": "string"}}}}}
TOOLS = [{"type": "function", "function": {"name": "get_weather", "parameters": {
    "type": "object", "required": ["city"], "properties": {"city": {"type": "string"}}}}}]


class Cascade:
    """A small local model in front of a cloud, behind a route that verifies."""

    def __init__(self, workshop, verify=None, use=("small", "cloud"), rules=(), small=None, cloud=None, **sections):
        self.small, self.cloud, self.third = (workshop.upstream(name) for name in ("small", "cloud", "third"))
        self.small.default = r.well_behaved("A small answer.")
        self.cloud.default = r.well_behaved("A cloud answer.")
        self.daemon = workshop.serve(
            deployment("small", self.small.base, **(small or {}), model_info={"id": "small-1", "local": True}),
            deployment("cloud", self.cloud.base, **{**PRICED, **(cloud or {})},
                       model_info={"id": "cloud-1", "local": False, "max_output_tokens": 100}),
            deployment("third", self.third.base, **PRICED, model_info={"local": False, "max_output_tokens": 100}),
            routes={"auto": {"rules": list(rules), "otherwise": {"use": list(use), "verify": verify or {}}}}, **sections)

    def ask(self, stream=False, text="hi", **more):
        return self.daemon.client.chat("auto", stream=stream, messages=[{"role": "user", "content": text}], **more)

    @property
    def record(self):
        (record,) = self.daemon.ledger.records()
        return record

    def counted(self, outcome, check):
        metrics = self.daemon.client.get("/metrics").body.decode()
        for line in metrics.splitlines():
            if line.startswith("spillway_cascades_total") and f'"{outcome}"' in line and f'"{check}"' in line:
                return float(line.rsplit(" ", 1)[1])
        raise AssertionError(f"no such series: {outcome} {check}")


@pytest.fixture
def cascade(workshop):
    return Cascade(workshop)


def answers(text, finish="stop", **message):
    """One answer, streamed or whole as it was asked for."""

    async def script(turn):
        if turn.request.json.get("stream"):
            events = r.text_events(text) if text else []
            await r.stream(r.ROLE, *events, r.sse(r.delta({}, finish=finish)), r.USAGE_EVENT, r.DONE)(turn)
        else:
            await r.whole(r.chat(text, finish=finish, message=message))(turn)

    return script


def calls(arguments, name="get_weather"):
    call = {"id": "c", "type": "function", "function": {"name": name, "arguments": arguments}}

    async def script(turn):
        if turn.request.json.get("stream"):
            first = {"index": 0, **call}
            await r.stream(r.sse(r.delta({"role": "assistant", "tool_calls": [first]})),
                           r.sse(r.delta({}, finish="tool_calls")), r.USAGE_EVENT, r.DONE)(turn)
        else:
            await r.whole(r.chat(None, finish="tool_calls", message={"tool_calls": [call]}))(turn)

    return script


def without_usage_asked(reply):
    """Chunks that only the gateway had asked for must not reach the client."""
    return all(event.get("usage") is None for event in reply.json_events())


# --- what passes, and what fails


@pytest.mark.parametrize("stream", [False, True])
def test_an_answer_that_passes_is_given_and_says_so(cascade, stream):
    reply = cascade.ask(stream)
    assert (reply.status, reply.text) == (200, "A small answer.")
    assert reply.header("x-spillway-cascade") == "verified"
    assert reply.header("x-spillway-reason").endswith("cascade=verified")
    assert not cascade.cloud.requests
    assert "verified" in cascade.record.why
    assert cascade.counted("verified", "none") == 1
    if stream:
        assert reply.done and without_usage_asked(reply)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("script, asked, check", [
    (answers(""), {}, "empty"),
    (answers(REFUSAL), {}, "refused"),
    (answers("It begins", finish="length"), {}, "cut"),
    (answers(LOOP), {}, "looping"),
    (answers("no json"), {"response_format": {"type": "json_object"}}, "not_json"),
    (answers('{"town": "Bern"}'), {"response_format": SCHEMA}, "off_schema"),
    (answers("It rains."), {"tools": TOOLS, "tool_choice": "required"}, "no_call"),
    (calls('{"city": "Bern"}', "stocks"), {"tools": TOOLS}, "unknown_tool"),
    (calls('{"town": "Bern"}'), {"tools": TOOLS}, "bad_arguments"),
])
def test_an_answer_that_fails_a_check_is_asked_for_at_the_next_target(cascade, stream, script, asked, check):
    cascade.small.default = script
    cascade.cloud.default = answers("A cloud answer.")
    reply = cascade.ask(stream, **asked)
    assert (reply.status, reply.text) == (200, "A cloud answer.")
    assert reply.header("x-spillway-cascade") == f"escalated:{check}"
    assert reply.header("x-spillway-model-id") == "cloud-1"
    assert f"cascade=escalated:{check}" in reply.header("x-spillway-reason")
    assert len(cascade.small.requests) == len(cascade.cloud.requests) == 1
    record = cascade.record
    assert record.why == f"small/small-1: doubted, {check}; cloud/cloud-1: served, escalated:{check}"
    assert (record.attempts, record.model_group, record.outcome) == (2, "cloud", "served")
    assert cascade.counted("escalated", check) == 1


def test_sound_json_and_sound_calls_pass(cascade):
    cascade.small.default = answers('{"city": "Bern"}')
    assert cascade.ask(response_format=SCHEMA).header("x-spillway-cascade") == "verified"
    cascade.small.default = calls('{"city": "Bern"}')
    assert cascade.ask(tools=TOOLS).header("x-spillway-cascade") == "verified"


@pytest.mark.parametrize("mean, word", [(-0.5, "verified"), (-2.5, "escalated:unsure")])
def test_a_low_mean_of_log_probabilities_fails_where_the_engine_tells_it(workshop, mean, word):
    cascade = Cascade(workshop, {"min_logprob": -1.5}, small={"logprobs": True})

    async def script(turn):
        answer = r.chat("Perhaps.")
        answer["choices"][0]["logprobs"] = {"content": [{"token": "x", "logprob": mean}] * 30}
        await r.whole(answer)(turn)

    cascade.small.default = script
    assert cascade.ask().header("x-spillway-cascade") == word
    assert cascade.small.requests[0].json["logprobs"] is True
    assert all("logprobs" not in request.json for request in cascade.cloud.requests)


def test_only_the_checks_that_are_listed_count(workshop):
    cascade = Cascade(workshop, {"checks": ["looping"]})
    cascade.small.default = answers(REFUSAL)
    assert cascade.ask().header("x-spillway-cascade") == "verified"
    cascade.small.default = answers(LOOP)
    assert cascade.ask().header("x-spillway-cascade") == "escalated:looping"


def test_routes_without_it_and_plain_models_are_not_verified(workshop):
    cascade = Cascade(workshop, rules=[{"name": "plain", "when": {"words": ["plain"]}, "use": ["small", "cloud"]}])
    cascade.small.default = answers(REFUSAL)
    for reply in (cascade.ask(text="plain"), cascade.daemon.client.chat("small")):
        assert (reply.text, reply.header("x-spillway-cascade")) == (REFUSAL, None)
    assert not cascade.cloud.requests


# --- what it costs


@pytest.mark.parametrize("stream", [False, True])
def test_both_answers_are_paid_for_in_one_record(workshop, stream):
    cascade = Cascade(workshop, small=PRICED, general_settings={"max_budget": 1})
    cascade.small.default = answers(REFUSAL)
    cascade.cloud.default = answers("A cloud answer.")
    assert cascade.ask(stream).header("x-spillway-cascade") == "escalated:refused"
    assert cascade.record.cost_nano_usd == 2 * CLOUD_COST
    assert cascade.daemon.client.get("/global/spend").json["spend"] == pytest.approx(2 * CLOUD_COST * 1e-9)


@pytest.mark.parametrize("stream", [False, True])
def test_an_escalation_that_nobody_can_pay_leaves_the_first_answer(workshop, stream):
    cascade = Cascade(workshop, general_settings={"max_budget": 0.0000001})
    cascade.small.default = answers(REFUSAL)
    reply = cascade.ask(stream)
    assert (reply.status, reply.text) == (200, REFUSAL)
    assert reply.header("x-spillway-cascade") == "kept:refused"
    assert not cascade.cloud.requests
    assert cascade.record.cost_nano_usd == 0


# --- where it may go


@pytest.mark.parametrize("stream", [False, True])
def test_a_request_that_must_stay_local_does_not_escalate_beyond(workshop, stream):
    cascade = Cascade(workshop, privacy={"local_only": ["payment_card"]})
    cascade.small.default = answers(REFUSAL)
    reply = cascade.ask(stream, text=CARD)
    assert (reply.text, reply.header("x-spillway-cascade")) == (REFUSAL, "kept:refused")
    assert not cascade.cloud.requests


def test_it_escalates_once_and_what_comes_then_is_given(workshop):
    cascade = Cascade(workshop, use=["small", "cloud", "third"])
    cascade.small.default = cascade.cloud.default = answers(REFUSAL)
    reply = cascade.ask()
    assert (reply.text, reply.header("x-spillway-cascade")) == (REFUSAL, "escalated:refused")
    assert len(cascade.cloud.requests) == 1 and not cascade.third.requests


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("failure", [r.status(500, "no"), r.status(400, "no"), r.steps(r.RESET)])
def test_when_the_next_target_fails_the_first_answer_is_given(workshop, stream, failure):
    cascade = Cascade(workshop, use=["small", "cloud", "third"])
    cascade.small.default = answers(REFUSAL)
    cascade.cloud.default = failure
    reply = cascade.ask(stream)
    assert (reply.status, reply.text) == (200, REFUSAL)
    assert reply.header("x-spillway-cascade") == "kept:refused"
    assert reply.header("x-spillway-model-id") == "small-1"
    assert not cascade.third.requests
    record = cascade.record
    assert (record.model_group, record.outcome) == ("small", "served")
    assert record.why.endswith("small/small-1: served, kept:refused")
    if stream:
        assert reply.done and reply.complete
    assert cascade.counted("kept", "refused") == 1


@pytest.mark.parametrize("stream", [False, True])
def test_a_failure_of_the_first_target_is_an_ordinary_fallback(workshop, stream):
    cascade = Cascade(workshop)
    cascade.small.default = r.status(503, "loading")
    reply = cascade.ask(stream)
    assert (reply.text, reply.header("x-spillway-cascade")) == ("A cloud answer.", "verified")


# --- streams


def test_a_stream_is_held_until_its_bound_and_then_let_go(workshop):
    cascade = Cascade(workshop, {"hold_tokens": 3, "hold_time": 60})
    gates = [threading.Event() for _ in range(2)]
    words = r.text_events("one two three four")
    cascade.small.default = r.stream(r.ROLE, *words[:2], r.hold(gates[0]), words[2], r.hold(gates[1]), words[3], r.FINISH, r.DONE)
    with cascade.daemon.client.open_chat("auto") as connection:
        cascade.small.wait_for_requests(1)
        gates[0].set()
        reply = connection.read_start()
        assert not gates[1].is_set() and reply.text == "one two three"
        gates[1].set()
        connection.read_body(reply)
    assert reply.text == "one two three four" and reply.done
    assert reply.header("x-spillway-cascade") == "released"
    assert cascade.counted("released", "none") == 1


def test_a_slow_stream_is_let_go_when_its_time_is_over_without_another_token(workshop):
    cascade = Cascade(workshop, {"hold_tokens": 1000, "hold_time": 0.2})
    gate = threading.Event()
    cascade.small.default = r.stream(r.ROLE, *r.text_events("one two"), r.hold(gate), r.FINISH, r.DONE)
    try:
        with cascade.daemon.client.open_chat("auto") as connection:
            reply = connection.read_start()
            assert reply.text == "one two" and not gate.is_set()
            gate.set()
            connection.read_body(reply)
    finally:
        gate.set()
    assert reply.done and reply.header("x-spillway-cascade") == "released"


def test_what_was_released_is_not_taken_back_and_the_record_is_marked(workshop):
    cascade = Cascade(workshop, {"hold_tokens": 2})
    gate = threading.Event()
    cascade.small.default = r.stream(r.ROLE, *r.text_events("It begins"), r.hold(gate), *r.text_events(" and goes on"),
                                     r.sse(r.delta({}, finish="length")), r.DONE)
    with cascade.daemon.client.open_chat("auto") as connection:
        reply = connection.read_start()
        gate.set()
        connection.read_body(reply)
    assert reply.text == "It begins and goes on"
    assert reply.header("x-spillway-cascade") == "released"
    assert not cascade.cloud.requests
    assert cascade.record.why.endswith("late:cut")
    assert cascade.counted("late", "cut") == 1


def test_a_loop_is_left_at_the_bound_and_the_engine_let_go(workshop):
    cascade = Cascade(workshop, {"hold_tokens": 120})
    words = r.text_events(LOOP)
    cascade.small.default = r.stream(r.ROLE, *words, r.STALL)
    cascade.cloud.default = answers("A cloud answer.")
    reply = cascade.ask(stream=True)
    assert (reply.text, reply.header("x-spillway-cascade")) == ("A cloud answer.", "escalated:looping")
    assert cascade.small.wait_for(lambda seen: seen.requests[0].gone), "the looping stream was not closed"


def test_a_held_stream_goes_on_where_it_stopped_when_nobody_answers_better(workshop):
    cascade = Cascade(workshop, {"hold_tokens": 120})
    gate = threading.Event()
    cascade.small.default = r.stream(r.ROLE, *r.text_events(LOOP + "until here"), r.hold(gate),
                                     *r.text_events("And the end."), r.FINISH, r.DONE)

    async def fails(turn):
        gate.set()
        await r.status(500, "no")(turn)

    cascade.cloud.default = fails
    reply = cascade.ask(stream=True)
    assert reply.text == LOOP + "until here" + "And the end." and reply.done
    assert reply.header("x-spillway-cascade") == "kept:looping"
    assert len(cascade.small.requests) == 1
    assert cascade.record.why.endswith("small/small-1: served, kept:looping")


def test_a_stream_that_breaks_while_it_is_held_is_an_ordinary_failure(workshop):
    cascade = Cascade(workshop)
    cascade.small.default = r.stream(r.ROLE, *r.text_events("one two"), r.RESET)
    reply = cascade.ask(stream=True)
    assert (reply.text, reply.header("x-spillway-cascade")) == ("A cloud answer.", "verified")
    assert reply.done and not reply.error_events


def test_without_a_hold_a_stream_is_let_go_at_once(workshop):
    cascade = Cascade(workshop, {"hold_tokens": 0})
    cascade.small.default = answers(REFUSAL)
    reply = cascade.ask(stream=True)
    assert (reply.text, reply.header("x-spillway-cascade")) == (REFUSAL, "released")
    assert not cascade.cloud.requests
    assert cascade.record.why.endswith("late:refused")


@pytest.mark.parametrize("stream", [False, True])
def test_a_client_that_leaves_during_the_escalation_ends_both_calls(workshop, stream):
    cascade = Cascade(workshop)
    cascade.small.default = answers(REFUSAL)
    cascade.cloud.default = r.steps(r.STALL)
    with cascade.daemon.client.open_chat("auto", stream=stream) as connection:
        cascade.cloud.wait_for_requests(1)
        connection.reset()
    assert cascade.cloud.wait_for(lambda seen: seen.requests[0].gone)
    wait_until(lambda: len(cascade.daemon.ledger) == 1, what="the record")
    assert (cascade.record.outcome, cascade.record.attempts) == ("abandoned", 2)


def test_nothing_of_the_answers_is_kept(cascade):
    cascade.small.default = answers("moonlight " + REFUSAL, finish="length")
    cascade.ask()
    cascade.daemon.stop()
    for file in cascade.daemon.folder.iterdir():
        assert b"moonlight" not in file.read_bytes(), file

