"""Routes end to end: scripted engines and clouds, and where each kind of request ends up.

Every fake listens on loopback, which is local by its address: `model_info.local` says who plays the cloud.
"""

import json
import random
import threading

import pytest

from fakes import replies as r
from harness.daemon import deployment, in_parallel
from harness.waiting import wait_until

CARD = "my card is 4111 1111 1111 1111, please remember it"
HARD = ("Prove that the Galois group of the splitting field of an irreducible polynomial acts transitively on its "
        "roots, and derive from it the degree of the extension, step by step, stating every lemma that you use.")
CODE = "Why does this fail?\n```python\nfor i in range(3):\n    print(j)\n```"

RULES = [
    {"name": "private", "when": {"sensitive": ["payment_card", "secret"]}, "use": ["strong", "fast"],
     "boundary": "local"},
    {"name": "background", "when": {"client": "background"}, "use": ["fast"]},
    {"name": "long", "when": {"prompt_tokens": ">2000"}, "use": ["cloud", "strong"]},
    {"name": "asked", "when": {"words": ["urgent"]}, "use": ["cloud"], "params": {"temperature": 0.25}},
    {"name": "code", "when": {"has": "code"}, "use": ["coder", "cloud"]},
]


class Town:
    """Four engines and a daemon with one route over them."""

    def __init__(self, workshop, rules=RULES, otherwise=("fast", "strong", "cloud"), route=None, **sections):
        self.fast, self.strong, self.coder, self.cloud = (
            workshop.upstream(name) for name in ("fast", "strong", "coder", "cloud"))
        self.daemon = workshop.serve(
            deployment("fast", self.fast.base, model_info={"max_input_tokens": 4096, "local": True}),
            deployment("strong", self.strong.base, model_info={"max_input_tokens": 32768}),
            deployment("coder", self.coder.base, model_info={"local": True}),
            deployment("cloud", self.cloud.base, input_cost_per_token=0.000001, output_cost_per_token=0.000002,
                       model_info={"local": False, "max_output_tokens": 1000}),
            routes={"auto": {"rules": list(rules), "otherwise": list(otherwise), **(route or {})}}, **sections)
        self.engines = [self.fast, self.strong, self.coder, self.cloud]

    def ask(self, text="hello", model="auto", headers=(), **more):
        return self.daemon.client.chat(model, headers=headers, messages=[{"role": "user", "content": text}], **more)

    def served(self, *args, **more):
        """Who answered, in the upstream's own words."""
        reply = self.ask(*args, **more)
        assert reply.status == 200, reply
        return reply.text.removeprefix("Hello from ").rstrip(".")


@pytest.fixture
def town(workshop):
    return Town(workshop)


@pytest.mark.parametrize("text, expected, rule", [
    ("hello", "fast", "otherwise"),
    (CODE, "coder", "code"),
    ("word " * 3000, "cloud", "long"),
    ("this is URGENT!", "cloud", "asked"),
    (CARD, "strong", "private"),
])
def test_each_kind_of_request_goes_where_its_rule_says(town, text, expected, rule):
    reply = town.ask(text)
    assert reply.text == f"Hello from {expected}."
    assert reply.header("x-spillway-route") == "auto"
    assert reply.header("x-spillway-rule") == rule
    assert f"rule={rule}" in reply.header("x-spillway-reason")


def test_background_calls_of_open_webui_stay_with_the_small_model(town):
    title = ("### Task:\nGenerate a concise title.\n### Output:\nJSON format: { \"title\": \"your title\" }\n"
             "### Chat History:\n<chat_history>\nUSER: urgent\n</chat_history>")
    reply = town.ask(title)
    assert (reply.text, reply.header("x-spillway-rule")) == ("Hello from fast.", "background")


def test_routes_are_models_and_a_model_is_still_a_model(town):
    listed = [each["id"] for each in town.daemon.client.get("/v1/models").json["data"]]
    assert listed[0] == "auto" and {"fast", "strong", "coder", "cloud"} <= set(listed)
    assert town.daemon.client.get("/v1/models/auto").json["id"] == "auto"
    assert town.served(CODE, model="fast") == "fast"


def test_a_rule_sets_parameters_over_the_clients_own(town):
    town.ask("urgent", temperature=0.9, top_p=0.5)
    sent = town.cloud.requests[-1].json
    assert (sent["temperature"], sent["top_p"], sent["model"]) == (0.25, 0.5, "cloud")


@pytest.mark.parametrize("path, body, length", [
    ("/v1/responses", {"input": "urgent", "max_output_tokens": 5000}, "max_output_tokens"),
    ("/v1/messages?beta=true", {"messages": [{"role": "user", "content": "urgent"}], "max_tokens": 5000},
     "max_tokens"),
])
def test_a_rule_sets_parameters_in_the_words_of_the_page(workshop, path, body, length):
    rule = {"name": "asked", "when": {"words": ["urgent"]}, "use": ["cloud"], "max_cost": 0.001,
            "params": {"max_tokens": 50, "temperature": 0.25, "seed": 7}}
    town = Town(workshop, rules=[rule])
    town.daemon.client.post(path, {"model": "auto", **body})
    sent = town.cloud.requests[-1].json
    assert (sent[length], sent["temperature"]) == (50, 0.25)
    assert sorted(sent) == sorted([*body, "model", "temperature"])


def test_a_ceiling_counts_no_parameters_that_are_not_sent(workshop):
    action = {"use": ["cloud"], "params": {"max_tokens": 50}, "max_cost": 0.001}
    town = Town(workshop, rules=[], route={"otherwise": action})
    reply = town.daemon.client.post("/v1/images/generations", {"model": "auto", "prompt": "a cat"})
    assert reply.error["code"] == "cost_ceiling"
    assert not town.cloud.requests


def test_the_chain_goes_on_when_its_first_hop_is_down_and_the_answer_says_so(town):
    town.fast.default = r.status(503, "loading")
    reply = town.ask("hello")
    assert reply.text == "Hello from strong."
    assert reply.header("x-spillway-attempted-fallbacks") == "1"
    assert town.daemon.ledger.records()[-1].fallbacks == 1


def test_nothing_beyond_the_chain_is_tried(workshop):
    town = Town(workshop, otherwise=["fast"], router_settings={"fallbacks": [{"fast": ["cloud"]}], "num_retries": 0})
    town.fast.default = r.status(503, "loading")
    assert town.ask("hello").status >= 500
    assert not town.cloud.requests
    assert town.served("hello", model="fast") == "cloud"


@pytest.mark.parametrize("failure", [
    r.status(503, "loading"),
    r.status(400, "maximum context length is 10 tokens"),
    r.status(400, "content_filter"),
])
@pytest.mark.parametrize("more", [{}, {
    "fallbacks": ["cloud"], "context_window_fallbacks": ["cloud"], "content_policy_fallbacks": ["cloud"]}])
def test_no_list_leads_out_of_the_chain(workshop, failure, more):
    lists = [{"fast": ["cloud"]}, {"strong": ["cloud"]}]
    town = Town(workshop, rules=[], otherwise=["fast", "strong"], router_settings={
        "fallbacks": lists, "context_window_fallbacks": lists, "content_policy_fallbacks": lists})
    town.fast.default = town.strong.default = failure
    assert town.ask("hello", **more).status >= 400
    assert town.fast.requests and not town.cloud.requests
    assert town.served("hello", model="fast", **more) == "cloud"


def test_a_saturated_engine_overflows_to_the_next_hop(workshop):
    fast, cloud = workshop.upstream("fast"), workshop.upstream("cloud")
    gate = threading.Event()
    fast.default = r.steps(r.hold(gate), r.whole(r.chat("Hello from fast.")))
    daemon = workshop.serve(
        deployment("fast", fast.base, max_parallel_requests=1),
        deployment("cloud", cloud.base, model_info={"local": False}),
        routes={"auto": {"otherwise": ["fast", "cloud"]}}, upstream={"slot_patience": 0.05})
    held = daemon.client.open_chat("auto", stream=False)
    wait_until(lambda: fast.requests)
    with held:
        try:
            assert daemon.client.chat("auto").text == "Hello from cloud."
        finally:
            gate.set()
        assert held.read_reply().text == "Hello from fast."


def test_what_does_not_fit_a_window_is_not_sent_there(workshop):
    town = Town(workshop, rules=[], otherwise=["fast", "strong"])
    assert town.served("hello", max_tokens=100) == "fast"
    assert town.served("hello", max_tokens=5000) == "strong"
    reply = town.ask("word " * 60_000)
    assert (reply.status, reply.error["code"]) == (400, "context_length_exceeded")
    assert len(town.strong.requests) == 1


def test_an_answer_is_shortened_only_where_the_rule_allows_it(workshop):
    town = Town(workshop, rules=[], route={"otherwise": {"use": ["fast"], "clamp_max_tokens": True}})
    assert town.served("hello", max_tokens=50_000) == "fast"
    assert 3000 < town.fast.requests[-1].json["max_tokens"] < 4096
    # Under the client's own name: there are models that refuse the other.
    assert town.served("hello", max_completion_tokens=50_000) == "fast"
    sent = town.fast.requests[-1].json
    assert 3000 < sent["max_completion_tokens"] < 4096 and "max_tokens" not in sent


# --- privacy


def bodies(upstream):
    return [request.body for request in upstream.requests]


def test_a_private_request_stays_home_though_every_engine_fails(town):
    for engine in (town.fast, town.strong, town.coder):
        engine.default = r.status(500, "broken")
    reply = town.ask(CARD, fallbacks=["cloud"])
    assert (reply.status, reply.error["code"]) == (503, "no_local_deployment")
    assert "must stay local" in reply.error["message"] and "Tried: strong/" in reply.error["message"]
    assert not town.cloud.requests
    assert reply.header("x-spillway-privacy").startswith("local; classes=payment_card")


def test_a_private_request_without_a_local_engine_gets_an_honest_503(workshop):
    town = Town(workshop, rules=[{"name": "p", "when": {"sensitive": "any"}, "use": ["strong"], "boundary": "local"}])
    reply = town.ask(CARD + " word" * 40_000)
    assert (reply.status, reply.error["code"]) == (503, "no_local_deployment")
    assert reply.header("x-should-retry") == "false"
    assert not town.cloud.requests


@pytest.mark.parametrize("headers, more", [
    ([("x-spillway-boundary", "local")], {}),
    ([], {"metadata": {"no_fallback": True}}),
    ([], {"metadata": {"no_fallback": "true"}}),
    ([], {"metadata": {"no_fallback": "True"}}),
    ([], {"metadata": {"no_fallback": 1}}),
    ([], {"litellm_metadata": {"no_fallback": True}}),
    ([], {"litellm_metadata": {"no_fallback": "1"}}),
    ([], {"metadata": json.dumps({"no_fallback": True})}),
    ([], {"litellm_metadata": json.dumps({"no_fallback": "true"})}),
])
def test_a_client_can_keep_its_request_local_whatever_it_names(town, headers, more):
    assert town.ask("hello", model="cloud", headers=headers, **more).status == 503
    assert town.served("urgent", model="strong", headers=headers, **more) == "strong"
    assert not town.cloud.requests


@pytest.mark.parametrize("place", ["metadata", "litellm_metadata"])
def test_a_response_is_kept_local_as_typed_clients_say_it(town, place):
    body = {"model": "cloud", "input": "hello", place: {"no_fallback": "true"}}
    assert town.daemon.client.post("/v1/responses", body).status == 503
    assert not town.cloud.requests


@pytest.mark.parametrize("path, body", [
    ("/v1/chat/completions", {"messages": [{"role": "user", "content": "hello"}]}),
    ("/v1/responses", {"input": "hello"}),
])
@pytest.mark.parametrize("place", ["metadata", "litellm_metadata"])
def test_a_wish_that_is_neither_yes_nor_no_is_refused_by_its_name(town, path, body, place):
    reply = town.daemon.client.post(path, {"model": "cloud", **body, place: {"no_fallback": "perhaps"}})
    assert reply.status == 400
    assert f"{place}.no_fallback" in reply.error["message"]
    assert not town.cloud.requests


def test_a_text_of_metadata_that_nobody_can_read_is_refused_where_it_may_mean_that_the_request_stays(town):
    reply = town.ask("hello", model="cloud", metadata=str({"no_fallback": True}))
    assert reply.status == 400 and "no_fallback" in reply.error["message"]
    assert not town.cloud.requests
    assert town.served("hello", model="cloud", metadata="a note") == "cloud"


def form(*fields):
    parts = "".join(f'--b0undary\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
                    for name, value in [*fields, ("file", "sound")])
    return parts.encode() + b"--b0undary--\r\n"


def transcribe(town, *fields):
    kind = [("Content-Type", "multipart/form-data; boundary=b0undary")]
    return town.daemon.client.post("/v1/audio/transcriptions", form(("model", "cloud"), *fields), kind)


@pytest.mark.parametrize("field", [
    ("metadata", json.dumps({"no_fallback": True})),
    ("litellm_metadata", json.dumps({"no_fallback": "1"})),
    ("metadata[no_fallback]", "true"),
])
def test_a_form_is_kept_local_by_its_metadata(town, field):
    reply = transcribe(town, field)
    assert (reply.status, reply.error["code"]) == (503, "no_local_deployment")
    assert not town.cloud.requests


@pytest.mark.parametrize("field", [("metadata", "{'no_fallback': True}"), ("metadata[no_fallback]", "perhaps")])
def test_a_form_whose_wish_nobody_can_read_is_refused(town, field):
    assert transcribe(town, field).status == 400
    assert not town.cloud.requests


def test_a_form_with_other_metadata_goes_where_it_is_sent(town):
    assert transcribe(town, ("metadata", json.dumps({"no_fallback": False, "note": "x"}))).status == 200
    assert len(town.cloud.requests) == 1


def test_classes_that_are_local_only_hold_for_explicit_models_too(workshop):
    town = Town(workshop, privacy={"local_only": ["financial"]})
    assert town.ask(CARD, model="cloud").status == 503
    assert town.served("no card here", model="cloud") == "cloud"
    assert len(town.cloud.requests) == 1


def test_sensitive_text_is_found_in_tool_results_and_in_escapes(town):
    messages = [{"role": "user", "content": "urgent: use the tool"},
                {"role": "assistant", "tool_calls": [{"id": "1", "type": "function", "function": {
                    "name": "f", "arguments": "{\"q\":\"x\"}"}}]},
                {"role": "tool", "tool_call_id": "1", "content": CARD}]
    assert town.daemon.client.chat("auto", messages=messages).text == "Hello from strong."
    escaped = json.dumps({"model": "auto", "messages": [{"role": "user", "content": "urgent"}]}).replace(
        "urgent", "urgent \\u0034111 1111 1111 1111")
    assert town.daemon.client.post("/v1/chat/completions", escaped.encode()).text == "Hello from strong."
    assert not town.cloud.requests


def test_no_byte_of_a_private_request_reaches_the_cloud_under_faults(town):
    """Two hundred requests, half of them private, under faults by chance (seeded)."""
    chance = random.Random(20261121)
    faults = [r.status(500, "no"), r.status(429, "no"), r.status(400, "maximum context length is 10 tokens"),
              r.status(400, "content_filter"), r.steps(r.RESET)]
    asked = []
    for number in range(200):
        private = chance.random() < 0.5
        marker = f"marker-{number}-{'private' if private else 'plain'}"
        text = f"{marker} {CARD if private else 'urgent hello'} {'word ' * chance.choice([0, 0, 3000])}"
        more = {}
        if chance.random() < 0.3:
            more["fallbacks"] = ["cloud"]
        if chance.random() < 0.3:
            more["stream"] = True
        headers = [("x-spillway-prefer", "cloud")] if chance.random() < 0.3 else []
        asked.append((text, headers, more, [chance.choice(faults) for _ in range(2)]))
    for text, headers, more, trouble in asked:
        town.fast.next(trouble[0])
        town.strong.next(trouble[1])
        reply = town.ask(text, headers=headers, **more)
        if "-private" in text:
            assert reply.header("x-spillway-privacy").startswith("local")
    everything = b"".join(bodies(town.cloud))
    assert b"-plain" in everything
    assert b"-private" not in everything


# --- wishes


def test_a_preference_holds_inside_a_group_of_both_kinds(workshop):
    home, away = workshop.upstream("home"), workshop.upstream("away")
    daemon = workshop.serve(
        deployment("mixed", home.base, model_info={"local": True}),
        deployment("mixed", away.base, input_cost_per_token=0.000001, output_cost_per_token=0.000002,
                   model_info={"local": False}),
        routes={"auto": {"otherwise": ["mixed"]}})
    for model in ("auto", "mixed"):
        for wish, upstream in (("local", home), ("cloud", away), ("cheap", home), ("best", away)):
            before = len(upstream.requests)
            for _ in range(8):
                headers = [("x-spillway-prefer", wish)]
                assert daemon.client.chat(model, headers=headers).status == 200
            assert len(upstream.requests) == before + 8, (model, wish)


def test_a_client_may_reorder_but_not_widen(workshop):
    town = Town(workshop, rules=[], otherwise=["fast", "cloud"])
    assert town.served("hello", headers=[("x-spillway-prefer", "cloud")]) == "cloud"
    assert town.served("hello", headers=[("x-spillway-prefer", "local")]) == "fast"
    assert town.served("hello", headers=[("x-spillway-prefer", "cloud"), ("x-spillway-max-cost", "0.0001")]) == "fast"
    assert town.ask("hello", headers=[("x-spillway-prefer", "nearest")]).status == 400
    assert town.ask("hello", headers=[("x-spillway-max-cost", "free")]).status == 400


def test_a_ceiling_counts_every_answer_that_is_asked_for(town):
    """Explained and refused alike: what one answer may cost, a hundred may not."""
    headers = [("x-spillway-max-cost", "0.005")]
    assert town.ask("hello", model="cloud", headers=headers, max_tokens=50).status == 200
    reply = town.ask("hello", model="cloud", headers=headers, max_tokens=50, n=100)
    assert (reply.status, reply.error["code"]) == (400, "cost_ceiling")


def test_a_ceiling_that_nothing_keeps_is_told(town):
    reply = town.ask("hello", model="cloud", headers=[("x-spillway-max-cost", "0.0000001")])
    assert (reply.status, reply.error["code"]) == (400, "cost_ceiling")


# --- the score


def test_a_share_of_the_traffic_is_held(workshop):
    town = Town(workshop, rules=[{"name": "hard", "when": {"complexity": ">=complex"}, "use": ["cloud"]}],
                otherwise=["fast"], route={"complexity": {"cloud_share": "20%"}}, shards=1)
    topics = ["What is the capital of France?", HARD, "Sum 2 and 3.", "Translate 'good morning'.",
              "Explain how a B-tree splits its nodes when it is full."]
    for number in range(500):
        town.ask(f"{topics[number % len(topics)]} ({number})")
    share = len(town.cloud.requests) / 500
    assert 0.15 <= share <= 0.25


def test_captured_models_are_decided_by_the_route(workshop):
    town = Town(workshop, rules=[], otherwise=["fast"], route={"captures": ["gpt-*"]})
    assert town.served("hello", model="gpt-4o") == "fast"


@pytest.mark.parametrize("asked", ["cloud", "al4", "id-cloud"])
def test_a_captured_group_is_captured_by_all_of_its_names(workshop, asked):
    home, cloud = workshop.upstream("home"), workshop.upstream("cloud")
    daemon = workshop.serve(
        deployment("home", home.base, model_info={"local": True}),
        deployment("cloud", cloud.base, model_info={"local": False, "id": "id-cloud"}),
        router_settings={"model_group_alias": {"al4": "cloud"}},
        routes={"auto": {"rules": [{"name": "private", "when": {"sensitive": "any"}, "use": ["home"],
                                    "boundary": "local"}],
                         "otherwise": ["cloud"], "captures": ["cloud"]}})
    ask = lambda text: daemon.client.chat(asked, messages=[{"role": "user", "content": text}])
    private, open_one = ask(CARD), ask("hello")
    assert private.text == "Hello from home." and private.header("x-spillway-rule") == "private"
    assert open_one.text == "Hello from cloud." and open_one.header("x-spillway-route") == "auto"
    assert len(cloud.requests) == 1


def test_an_alias_leads_to_a_route(workshop):
    town = Town(workshop, router_settings={"model_group_alias": {"al": "auto"}})
    reply = town.ask(CARD, model="al")
    assert reply.text == "Hello from strong." and reply.header("x-spillway-route") == "auto"
    assert "al" in [model["id"] for model in town.daemon.client.get("/v1/models").json["data"]]


def test_a_wrong_rule_stops_a_reload_and_the_old_file_serves_on(town):
    path = town.daemon.config_path
    text = path.read_text()
    path.write_text(text.replace("payment_card", "payment_cart"))
    wait_until(lambda: "payment_cart" in town.daemon.log)
    assert town.served(CARD) == "strong"


def test_parallel_requests_are_planned_alike(town):
    replies = in_parallel(20, lambda number: town.ask(CODE))
    assert {reply.header("x-spillway-reason") for reply in replies} == {replies[0].header("x-spillway-reason")}
