"""Why a request went where it went, and where another configuration would have sent it."""

import json
import subprocess

import pytest

from fakes import replies as r
from harness.daemon import binary, config_of, deployment
from harness.waiting import wait_until

CARD = "my card is 4111 1111 1111 1111, please remember it"
PROMPT = "please look at the moon"

RULES = [
    {"name": "private", "when": {"sensitive": ["payment_card"]}, "use": ["strong"], "boundary": "local"},
    {"name": "long", "when": {"prompt_tokens": ">2000"}, "use": ["cloud", "strong"]},
    {"name": "asked", "when": {"words": ["urgent"]}, "use": ["cloud"]},
]


class Town:
    """Two engines, a cloud, and a daemon with one route over them. All fakes listen on loopback."""

    def __init__(self, workshop, rules=RULES, otherwise=("fast", "cloud"), **sections):
        self.fast, self.strong, self.cloud = (workshop.upstream(name) for name in ("fast", "strong", "cloud"))
        self.rows = [
            deployment("fast", self.fast.base, model_info={"id": "id-fast", "max_input_tokens": 4096}),
            deployment("strong", self.strong.base, model_info={"id": "id-strong", "max_input_tokens": 32768}),
            deployment("cloud", self.cloud.base, input_cost_per_token=0.000001, output_cost_per_token=0.000002,
                       model_info={"id": "id-cloud", "local": False, "max_output_tokens": 1000})]
        self.daemon = workshop.serve(*self.rows, routes=self.routes(rules, otherwise), **sections)

    @staticmethod
    def routes(rules, otherwise):
        return {"auto": {"rules": list(rules), "otherwise": list(otherwise)}}

    def ask(self, text=PROMPT, model="auto", headers=(), **more):
        return self.daemon.client.chat(model, headers=headers, messages=[{"role": "user", "content": text}], **more)

    def explain(self, text=PROMPT, headers=(), **more):
        body = {"model": "auto", "messages": [{"role": "user", "content": text}], **more}
        return self.daemon.client.post("/route/explain", body, headers)

    def run(self, *arguments, stdin="", code=0):
        """A command of the binary, in the daemon's folder."""
        done = subprocess.run([binary(), *map(str, arguments)], input=stdin.encode(), capture_output=True,
                              cwd=self.daemon.folder, env=self.daemon.env, timeout=60)
        assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
        return done.stdout.decode() if code == 0 or done.stdout else done.stderr.decode()

    def replay(self, rules=RULES, otherwise=("fast", "cloud"), more=(), code=0, **sections):
        """What another file would have done with what the daemon recorded."""
        config = config_of(*self.rows, routes=self.routes(rules, otherwise), **sections)
        path = self.daemon.folder / "new.json"
        path.write_text(json.dumps(config))
        return self.run("replay", "--config", path, "--ledger", self.daemon.ledger_path, *more, code=code)

    def logs(self, reply):
        return self.daemon.client.get("/spend/logs?request_id=" + reply.header("x-litellm-call-id")).json[0]


@pytest.fixture
def town(workshop):
    return Town(workshop)


def nobody_was_called(town):
    return not (town.fast.requests or town.strong.requests or town.cloud.requests)


# --- explain


def test_explain_says_where_a_request_would_go_and_calls_nobody(town):
    said = town.explain("word " * 3000).json
    assert (said["route"], said["rule"], said["chain"]) == ("auto", "long", ["cloud", "strong"])
    assert [rule["name"] for rule in said["rules"]] == ["private", "long"]
    assert said["rules"][-1]["held"] is True and "prompt_tokens" in said["rules"][-1]["because"]
    assert {each["group"]: each["verdict"] for each in said["candidates"]} == {"cloud": "kept", "strong": "kept"}
    assert said["features"]["prompt"] >= 2000
    assert said["decided_in_us"] > 0
    assert nobody_was_called(town)
    assert len(town.daemon.ledger) == 0


def test_explain_shows_what_a_refusal_came_from(town):
    assert town.explain(CARD).json["boundary"] == "local"
    narrow = town.explain("urgent", headers=[("x-spillway-boundary", "local")]).json
    assert narrow["error"]["code"] == "no_local_deployment"
    assert (narrow["route"], narrow["rule"]) == ("auto", "asked")
    assert [each["verdict"] for each in narrow["candidates"]] == ["not local"]
    assert nobody_was_called(town)


def test_explain_holds_nothing_of_the_prompt(town):
    for text in (PROMPT, CARD, "urgent moonlight"):
        body = town.explain(text).body.decode()
        assert "moon" not in body and "4111" not in body


def test_explain_needs_the_key_and_a_request(town):
    body = {"model": "auto", "messages": [{"role": "user", "content": "hi"}]}
    assert town.daemon.anonymous.post("/route/explain", body).status == 401
    assert town.daemon.client.post("/route/explain", {**body, "model": "nobody"}).status == 404
    assert town.daemon.client.post("/route/explain", b"{").status == 400


def test_the_answers_headers_say_what_was_decided(town):
    reply = town.ask(CARD)
    assert reply.text == "Hello from strong."
    assert (reply.header("x-spillway-route"), reply.header("x-spillway-rule")) == ("auto", "private")
    assert "boundary=local" in reply.header("x-spillway-reason")
    assert "payment_card" in reply.header("x-spillway-privacy")


def test_a_refusal_says_in_its_headers_which_rule_it_was(town):
    reply = town.ask("urgent", headers=[("x-spillway-boundary", "local")])
    assert reply.status == 503 and reply.error["code"]
    assert reply.header("x-spillway-rule") == "asked"
    assert "local" in reply.header("x-spillway-privacy")
    logged = town.logs(reply)["metadata"]
    assert (logged["route"], logged["rule"], logged["kept_local"]) == ("auto", "asked", True)
    assert logged["why"] == "refused by routing: no_local_deployment"
    assert not town.cloud.requests


def test_the_record_says_which_rule_it_was_and_why(town):
    reply = town.ask("urgent")
    logged = town.logs(reply)["metadata"]
    assert (logged["route"], logged["rule"], logged["kept_local"]) == ("auto", "asked", False)
    assert logged["reason"] == reply.header("x-spillway-reason")
    assert "features" not in logged
    plain = town.logs(town.ask(model="fast"))["metadata"]
    assert (plain["route"], plain["rule"], plain["reason"]) == (None, None, None)


def test_an_answer_carries_the_explanation_that_was_asked_for(town):
    said = town.ask("urgent", metadata={"explain": True}).json
    assert said["choices"][0]["message"]["content"] == "Hello from cloud."
    assert said["routing"]["rule"] == "asked" and said["routing"]["chain"] == ["cloud"]
    assert "routing" not in town.ask("urgent").json


def test_a_refusal_carries_the_explanation_that_was_asked_for(town):
    refused = town.ask("urgent", metadata={"explain": True}, headers=[("x-spillway-boundary", "local")])
    assert (refused.status, refused.error["code"]) == (503, "no_local_deployment")
    said = refused.json["routing"]
    assert (said["rule"], said["boundary_by"], said["chain"]) == ("asked", "header", [])
    assert [each["verdict"] for each in said["candidates"]] == ["not local"]
    assert "routing" not in town.ask("urgent", headers=[("x-spillway-boundary", "local")]).json
    dear = town.ask("hello", model="cloud", metadata={"explain": True},
                    headers=[("x-spillway-max-cost", "0.0000001")])
    assert (dear.status, dear.json["routing"]["candidates"][0]["verdict"]) == (400, "too dear")


def test_the_reason_names_the_preference_and_who_sets_the_boundary(town):
    reply = town.ask("hello", headers=[("x-spillway-prefer", "cloud"), ("x-spillway-boundary", "local")])
    assert "boundary=local (header); prefer=cloud" in reply.header("x-spillway-reason")
    reply = town.ask("hello", metadata={"no_fallback": True})
    assert "boundary=local (metadata)" in reply.header("x-spillway-reason")


def test_a_stream_carries_the_explanation_before_its_end(town):
    reply = town.ask("urgent", stream=True, metadata={"explain": True})
    assert reply.text == "Hello from cloud." and reply.done
    last = reply.json_events()[-1]
    assert last["choices"] == [] and last["object"] == "chat.completion.chunk"
    assert last["routing"]["rule"] == "asked"


def test_a_stream_of_responses_carries_the_explanation_in_its_last_event(town):
    completed = {"type": "response.completed", "sequence_number": 2, "response": {
        "id": "resp_1", "object": "response", "status": "completed", "output": [],
        "usage": {"input_tokens": 21, "output_tokens": 8, "total_tokens": 29}}}
    delta = {"type": "response.output_text.delta", "sequence_number": 1, "delta": "hi"}
    town.cloud.next(r.stream(r.sse(delta), r.sse(completed)))
    reply = town.daemon.client.post("/v1/responses", {"model": "auto", "input": "urgent", "stream": True,
                                                      "metadata": {"explain": True, "user": "u"}})
    first, last = (json.loads(line[len("data: "):]) for line in reply.body.decode().split("\n\n") if line)
    assert first == delta
    assert last["response"].pop("routing")["rule"] == "asked" and last == completed
    # OpenAI's takes nothing but texts there, and the wish was for us.
    assert town.cloud.requests[-1].json["metadata"] == {"user": "u"}


def test_the_command_explains_as_the_daemon_does(town):
    body = {"model": "auto", "messages": [{"role": "user", "content": "word " * 3000}]}
    said = json.loads(town.run("explain", "--config", town.daemon.config_path, "--json", stdin=json.dumps(body)))
    daemon = town.explain("word " * 3000).json
    for key in ("route", "rule", "reason", "chain", "worst_cost_usd", "candidates"):
        assert said[key] == daemon[key], key
    text = town.run("explain", "--config", town.daemon.config_path, stdin=json.dumps(body))
    assert "chain       cloud -> strong\n" in text and "decided in" in text
    assert nobody_was_called(town)


def test_the_command_takes_headers_and_says_what_is_wrong(town):
    body = json.dumps({"model": "auto", "messages": [{"role": "user", "content": "urgent"}]})
    config = town.daemon.config_path
    refused = town.run("explain", "--config", config, "--header", "x-spillway-boundary=local", stdin=body, code=1)
    assert "refused     no_local_deployment" in refused
    assert "no header" in town.run("explain", "--config", config, "--header", "nonsense", stdin=body, code=1)
    assert "spillway: " in town.run("explain", "--config", config, stdin="{", code=1)
    assert "nobody" in town.run("explain", "--config", config, stdin=body.replace("auto", "nobody"), code=1)


# --- replay


def test_replay_by_the_file_of_then_moves_nothing(town):
    for text in (PROMPT, "urgent", CARD, "word " * 3000):
        assert town.ask(text).status == 200
    town.ask(model="fast")
    said = json.loads(town.replay(more=["--json"]))
    assert (said["requests"], said["decided"], said["explicit_model"]) == (5, 4, 1)
    assert (said["moved"], said["moves"], said["privacy_violations"]) == (0, [], 0)
    assert said["cost_nano_usd"]["before"] == said["cost_nano_usd"]["after"] > 0
    assert said["not_known"] == {"questions": 0, "sensitive": 0, "score": 0, "code": 0, "speed": 0}


def test_replay_shows_what_another_file_would_change_and_the_same_twice(town):
    for text in (PROMPT, PROMPT, "urgent", "word " * 3000):
        assert town.ask(text).status == 200
    new = dict(rules=RULES[:2], otherwise=["strong"])
    said = json.loads(town.replay(**new, more=["--json", "--since", "7d"]))
    assert said["moves"] == [{"from": "fast", "to": "strong", "requests": 2},
                             {"from": "cloud", "to": "strong", "requests": 1}]
    assert (said["local"]["before"], said["local"]["after"]) == (2, 3)
    assert said["cost_nano_usd"]["after"] < said["cost_nano_usd"]["before"]
    text = town.replay(**new)
    assert "  2  fast -> strong\n" in text and "idle" in text
    town.daemon.stop()
    assert town.replay(**new) == text


def test_replay_finds_what_would_no_longer_stay_local(town):
    kept = town.ask(CARD)
    town.ask(PROMPT)
    said = json.loads(town.replay(rules=[], otherwise=["cloud"], more=["--json"], code=1))
    assert said["privacy_violations"] == 1
    assert said["violating_requests"] == [kept.header("x-spillway-call-id")]


def test_replay_finds_classes_that_the_new_file_lets_go(workshop):
    town = Town(workshop, otherwise=["cloud", "strong"], rules=[], privacy={"local_only": ["financial"]})
    kept = town.ask(CARD)
    assert kept.status == 200 and not town.cloud.requests
    assert town.ask(PROMPT, headers=[("x-spillway-boundary", "local")]).status == 200
    same = dict(rules=[], otherwise=["cloud", "strong"], more=["--json"])
    said = json.loads(town.replay(**same, privacy={"local_only": ["financial"]}))
    assert (said["moved"], said["privacy_violations"]) == (0, 0)
    said = json.loads(town.replay(**same, code=1))
    assert said["moves"] == [{"from": "strong", "to": "cloud", "requests": 1}]
    assert said["violating_requests"] == [kept.header("x-spillway-call-id")]


def test_replay_leaves_out_what_names_no_model(town):
    town.daemon.client.post("/v1/chat/completions", b"{", [("Content-Type", "application/json")])
    town.ask(PROMPT)
    said = json.loads(town.replay(more=["--json"]))
    assert (said["requests"], said["no_longer_served"]) == (1, 0)


def test_replay_says_what_it_cannot_know(town):
    town.ask(PROMPT)
    rules = [{"name": "moon", "when": {"words": ["moon"]}, "use": ["cloud"]}]
    said = json.loads(town.replay(rules=rules, more=["--json"]))
    assert said["not_known"]["questions"] == 1
    assert said["moved"] == 0


def test_replay_says_what_is_wrong(town):
    path = town.daemon.config_path
    assert "neither a duration" in town.run("replay", "--config", path, "--since", "soon", code=1)
    assert "no ledger at" in town.run("replay", "--config", path, "--ledger", "none.db", code=1)
    assert "none.yaml" in town.run("replay", "--config", "none.yaml", code=1)


# --- the budget that rules may ask for


SHORT = {"max_tokens": 5}  # What an answer may cost is reserved before it is asked for.


def test_a_route_turns_to_local_engines_when_the_budget_is_nearly_spent(workshop):
    rules = [{"name": "rich", "when": {"budget_left": ">50%"}, "use": ["cloud"]}]
    town = Town(workshop, rules=rules, otherwise=["fast"],
                litellm_settings={"max_budget": 0.0005, "budget_duration": "30d"})
    assert town.ask(**SHORT).text == "Hello from cloud."
    wait_until(lambda: town.ask(**SHORT).text == "Hello from fast.", 20, "the turn")
    spent = sum(record.cost_nano_usd for record in town.daemon.ledger.records() if record.model_group == "cloud")
    assert spent >= 250_000
    assert town.ask(**SHORT).header("x-spillway-rule") == "otherwise"


def test_a_budget_that_was_spent_before_a_restart_is_spent_after_it(workshop):
    rules = [{"name": "rich", "when": {"budget_left": ">90%"}, "use": ["cloud"]}]
    town = Town(workshop, rules=rules, otherwise=["fast"], general_settings={"max_budget": 0.0002})
    assert town.ask(**SHORT).text == "Hello from cloud."
    town.daemon.stop()
    town.daemon.restart()
    assert town.ask(**SHORT).text == "Hello from fast."


def test_a_budget_can_be_set_while_the_daemon_runs(workshop):
    rules = [{"name": "rich", "when": {"budget_left": ">90%"}, "use": ["cloud"]}]
    town = Town(workshop, rules=rules, otherwise=["fast"])
    assert town.ask(**SHORT).text == "Hello from cloud."
    town.daemon.write_config(config_of(*town.rows, routes=town.routes(rules, ["fast"]),
                                       litellm_settings={"max_budget": 0.0002}))
    wait_until(lambda: town.ask(**SHORT).text == "Hello from fast.", 20, "the turn")
    town.daemon.write_config(config_of(*town.rows, routes=town.routes(rules, ["fast"])))
    wait_until(lambda: town.ask(**SHORT).text == "Hello from cloud.", 20, "the turn back")
