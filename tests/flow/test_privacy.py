"""What keeps a request local, how its end is told, and what of its text is looked through."""

import hashlib
import json
import threading

import pytest

from fakes import replies as r
from harness.daemon import MASTER_KEY, config_of, deployment
from harness.faults import Faults
from harness.http import Client
from harness.waiting import wait_until

CARD = "4111 1111 1111 1111"
LOCAL = [("x-spillway-boundary", "local")]
KEEPS_FINANCIAL = {"privacy": {"local_only": ["financial"]}}


class Home:
    """Two engines at home and a cloud that every fallback leads to."""

    def __init__(self, workshop, rows=(), **sections):
        self.near, self.other, self.cloud = (workshop.upstream(name) for name in ("near", "other", "cloud"))
        lists = ("fallbacks", "context_window_fallbacks", "content_policy_fallbacks")
        router = {**{each: [{"near": ["cloud"]}, {"home": ["cloud"]}] for each in lists},
                  **sections.pop("router_settings", {})}
        home = {"local": True}
        self.config = config_of(
            deployment("near", self.near.base, model_info={**home, "id": "n1"}),
            deployment("home", self.near.base, model_info={**home, "id": "h1"}, **dict(rows)),
            deployment("home", self.other.base, model_info={**home, "id": "h2"}, **dict(rows)),
            deployment("cloud", self.cloud.base, model_info={"local": False}),
            router_settings=router, **sections)
        self.daemon = workshop.daemon(self.config).start()

    def chat(self, model, text="hello", headers=(), **more):
        return self.daemon.client.chat(model, headers=headers, messages=[{"role": "user", "content": text}], **more)

    def break_engines(self, script):
        self.near.default = self.other.default = script


def expect_kept(reply, *words):
    """The honest end of a request that had to stay and was not answered."""
    assert (reply.status, reply.error["code"]) == (503, "no_local_deployment"), reply
    assert "must stay local" in reply.error["message"]
    for word in words:
        assert word in reply.error["message"], reply


# --- how the end is told


@pytest.mark.parametrize("script, words", [
    (r.status(500, "broken"), "HTTP 500"),
    (r.status(503, "loading"), "HTTP 503"),
    (r.status(429, "slow down"), "HTTP 429"),
    (r.OPENAI_QUOTA, "HTTP 429"),
    (r.status(401, "who are you"), "HTTP 401"),
    (r.VLLM_MISSING, "HTTP 404"),
    (r.steps(r.RESET), "closed before"),
])
@pytest.mark.parametrize("stream", [False, True])
def test_whatever_fails_at_home_the_end_is_a_503_that_says_so(workshop, script, words, stream):
    home = Home(workshop)
    home.break_engines(script)
    reply = home.chat("home", headers=LOCAL, stream=stream)
    expect_kept(reply, "Tried: home/", words)
    assert not home.cloud.requests
    assert home.daemon.ledger.record(reply.header("x-spillway-call-id")).error == "no_local_deployment"


def test_nobody_there_is_a_503(workshop):
    home = Home(workshop)
    home.near.close()
    home.other.close()
    expect_kept(home.chat("home", headers=LOCAL), "Tried: home/")
    assert home.chat("home").text == "Hello from cloud."


def test_what_is_kept_from_a_place_does_not_put_it_to_rest(workshop, tmp_path):
    """Its name promises a machine nearby, but leads to an address for documentation."""
    near = workshop.upstream("near")
    rows = [deployment("m", "http://engine:9/v1", model_info={"id": "far"}, order=1),
            deployment("m", near.base, model_info={"id": "near"}, order=2)]
    daemon = workshop.serve(*rows, env=Faults(tmp_path).resolving("engine", "198.51.100.7"),
                            router_settings={"disable_cooldowns": False, "allowed_fails": 0})
    for _ in range(5):
        reply = daemon.client.chat("m", headers=LOCAL)
        assert reply.text == "Hello from near.", reply
        record = daemon.ledger.record(reply.header("x-spillway-call-id"))
        # Had it been put to rest, it would not have been asked again.
        assert record.attempts == 2 and "m/far: not_local; " in record.why, record.why
    page = daemon.client.get("/health").json
    rows = page["healthy_endpoints"] + page["unhealthy_endpoints"]  # by what /health itself finds at the address
    assert {row["model_id"]: row["state"] for row in rows} == {"far": "healthy", "near": "healthy"}


def test_a_stall_is_a_503_with_what_was_tried(workshop):
    home = Home(workshop)
    home.break_engines(r.steps(r.STALL))
    expect_kept(home.chat("near", headers=LOCAL, timeout=0.3), "Tried: near/n1")
    assert not home.cloud.requests


def test_a_request_at_fault_is_told_its_fault(workshop):
    home = Home(workshop)
    for script, status in ((r.OPENAI_CONTEXT, 400), (r.CONTENT_POLICY, 400), (r.status(422, "no such role"), 422)):
        home.break_engines(script)
        assert home.chat("home", headers=LOCAL).status == status
    assert not home.cloud.requests


def test_engines_that_rest_are_a_503_with_the_time_to_wait(workshop):
    home = Home(workshop, router_settings={"disable_cooldowns": False, "allowed_fails": 0, "cooldown_time": 60})
    home.break_engines(r.status(500, "broken"))
    for _ in range(2):  # one attempt each: both rest then
        expect_kept(home.chat("home", headers=LOCAL), "Tried: home/")
    home.near.forget()
    home.other.forget()
    reply = home.chat("home", headers=LOCAL)
    expect_kept(reply, "Try again in")
    assert 0 < int(reply.header("retry-after")) <= 60
    assert not (home.near.requests or home.other.requests or home.cloud.requests)


def test_a_model_that_is_not_local_is_a_503_at_once(workshop):
    home = Home(workshop)
    reply = home.chat("cloud", headers=LOCAL)
    expect_kept(reply)
    assert reply.header("retry-after") is None
    assert not home.cloud.requests


# --- keys that keep their requests local


def test_the_requests_of_a_local_key_stay_local(workshop):
    key = hashlib.sha256(MASTER_KEY.encode()).hexdigest()
    home = Home(workshop, privacy={"local_keys": [key]},
                routes={"auto": {"otherwise": ["cloud", "near"]}})
    expect_kept(home.chat("cloud"))
    assert home.chat("auto").text == "Hello from near."
    reply = home.chat("auto", headers=[("x-spillway-boundary", "any")])
    assert reply.text == "Hello from near."
    assert reply.header("x-spillway-privacy").startswith("local")
    home.break_engines(r.status(500, "broken"))
    expect_kept(home.chat("auto", fallbacks=["cloud"]), "Tried: near/n1")
    assert not home.cloud.requests


def test_a_key_that_is_not_listed_is_free(workshop):
    home = Home(workshop, privacy={"local_keys": ["0" * 64]})
    assert home.chat("cloud").text == "Hello from cloud."


def test_keys_and_teams_go_by_their_aliases_as_well(workshop):
    home = Home(workshop, privacy={"local_keys": ["hr"]},
                routes={"auto": {"rules": [{"name": "reds", "when": {"team": "Reds"}, "use": ["near"]},
                                           {"name": "app", "when": {"key": "app"}, "use": ["home"]}],
                                 "otherwise": ["cloud"]}})

    def made(path, **fields):
        return home.daemon.client.post(path, fields).json

    team = made("/team/new", team_alias="Reds")["team_id"]
    chat = {alias: Client(home.daemon.port, made("/key/generate", key_alias=alias, **fields)["key"]).chat
            for alias, fields in {"hr": {}, "app": {}, "red": {"team_id": team}, "other": {}}.items()}
    expect_kept(chat["hr"]("cloud"))
    assert not home.cloud.requests
    for alias, rule in {"red": "reds", "app": "app", "other": "otherwise"}.items():
        reply = chat[alias]("auto")
        assert reply.status == 200 and f"rule={rule}" in reply.header("x-spillway-reason"), reply


def test_a_client_takes_nothing_back_that_its_key_or_team_says(workshop):
    rule = {"name": "secret", "when": {"metadata": {"secrecy": "high"}}, "use": ["near"], "boundary": "local"}
    home = Home(workshop, routes={"auto": {"rules": [rule], "otherwise": ["cloud"]}})

    def made(path, **fields):
        return home.daemon.client.post(path, fields).json

    high, low = {"secrecy": "high"}, {"secrecy": "low"}
    team = made("/team/new", team_alias="Reds", metadata=high)["team_id"]
    for fields in ({"metadata": high}, {"team_id": team}):
        chat = Client(home.daemon.port, made("/key/generate", **fields)["key"]).chat
        assert chat("auto", metadata=low).text == "Hello from near."
    assert home.chat("auto", metadata=low, litellm_metadata=high).text == "Hello from near."
    assert home.chat("auto", metadata=low).text == "Hello from cloud."


def test_a_boundary_of_a_key_is_told_as_the_keys(workshop):
    home = Home(workshop, routes={"auto": {"otherwise": ["near"]}})
    made = home.daemon.client.post("/key/generate", {"metadata": {"boundary": "local"}}).json
    reply = Client(home.daemon.port, made["key"]).chat("auto")
    assert "boundary=local (key)" in reply.header("x-spillway-reason"), reply


# --- requests that are the same


def test_what_must_stay_local_gets_no_kept_answer_of_a_cloud(workshop):
    home = Home(workshop)
    key = [("Idempotency-Key", "order-1")]
    assert home.chat("cloud", headers=key).text == "Hello from cloud."
    assert home.chat("cloud", headers=key).header("x-spillway-idempotent-replay") == "true"
    for wish in (LOCAL, [("x-spillway-prefer", "local")], [("x-spillway-max-cost", "0.01")]):
        other = home.chat("cloud", headers=[*key, *wish])
        assert (other.status, other.error["code"]) == (422, "idempotency_conflict")


def test_a_local_key_set_since_then_gets_no_kept_answer_of_a_cloud(workshop):
    home = Home(workshop)
    key = [("Idempotency-Key", "order-1")]
    assert home.chat("cloud", headers=key).text == "Hello from cloud."
    hashed = hashlib.sha256(MASTER_KEY.encode()).hexdigest()
    home.daemon.write_config({**home.config, "privacy": {"local_keys": [hashed]}})
    wait_until(lambda: home.chat("cloud").status == 503, what="the reload")
    assert home.chat("cloud", headers=key).status == 422


def test_what_must_stay_local_does_not_wait_for_a_clouds_answer(workshop):
    """Two requests with one body run at once; only one of them may leave."""
    home = Home(workshop, coalescing={"enabled": True},
                routes={"auto": {"rules": [{"name": "legal", "when": {"header": {"x-team": "legal"}}, "use": ["near"],
                                            "boundary": "local"}], "otherwise": ["cloud"]}})
    gate = threading.Event()
    home.cloud.default = r.steps(r.hold(gate), r.whole(r.chat("Hello from cloud.")))
    held = home.daemon.client.open_chat("auto", stream=False, temperature=0)
    with held:
        try:
            home.cloud.wait_for_requests(1)
            for headers in (LOCAL, [("x-team", "legal")]):
                reply = home.daemon.client.chat("auto", headers=headers, temperature=0)
                if headers is LOCAL:
                    expect_kept(reply)
                else:
                    assert reply.text == "Hello from near."
                assert reply.header("x-spillway-coalesced") is None
        finally:
            gate.set()
        assert held.read_reply().text == "Hello from cloud."
    assert len(home.cloud.requests) == 1


def test_a_key_that_keeps_local_is_not_coalesced_with_one_that_does_not(workshop):
    home = Home(workshop, coalescing={"enabled": True, "across_keys": True},
                routes={"auto": {"otherwise": ["cloud", "near"]}})
    made = home.daemon.client.post("/key/generate", {"metadata": {"boundary": "local"}})
    gate = threading.Event()
    home.cloud.default = r.steps(r.hold(gate), r.whole(r.chat("Hello from cloud.")))
    held = home.daemon.client.open_chat("auto", stream=False, temperature=0)
    with held:
        try:
            home.cloud.wait_for_requests(1)
            own = [("Authorization", f"Bearer {made.json['key']}")]
            assert home.daemon.client.chat("auto", headers=own, temperature=0).text == "Hello from near."
        finally:
            gate.set()
        assert held.read_reply().text == "Hello from cloud."
    assert len(home.cloud.requests) == 1


# --- what is looked through


def chat_body(content):
    return {"model": "cloud", "messages": [{"role": "user", "content": content}]}


def tool_use(value):
    return {"model": "cloud", "max_tokens": 9, "messages": [
        {"role": "user", "content": "pay"},
        {"role": "assistant", "content": [{"type": "tool_use", "id": "t1", "name": "pay", "input": value}]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t1", "content": "done"}]}]}


def document(data, kind="text"):
    return {"model": "cloud", "max_tokens": 9, "messages": [{"role": "user", "content": [
        {"type": "document", "source": {"type": kind, "media_type": "text/plain", "data": data}}]}]}


CHINESE = "\u6211\u7684\u4fe1\u7528\u5361" * 400  # long, and without a blank
NUMBER = int(CARD.replace(" ", ""))

PRIVATE = {
    "chat": ("/v1/chat/completions", chat_body(f"my card is {CARD}")),
    "chat parts": ("/v1/chat/completions", chat_body([{"type": "text", "text": "4111 1111"},
                                                      {"type": "text", "text": " 1111 1111"}])),
    "chat, a part behind a word": ("/v1/chat/completions", chat_body([{"type": "text", "text": "my card"},
                                                                     {"type": "text", "text": CARD}])),
    "chat, a key": ("/v1/chat/completions", chat_body([{"type": "text", "text": "x", str(NUMBER): True}])),
    "tool schema": ("/v1/chat/completions", {**chat_body("x"), "tools": [{"type": "function", "function": {
        "name": "f", "parameters": {"type": "object", "properties": {"card": {"const": NUMBER}}}}}]}),
    "completion": ("/v1/completions", {"model": "cloud", "prompt": ["a", f"card {CARD}"]}),
    "embedding": ("/v1/embeddings", {"model": "cloud", "input": ["a", f"card {CARD}"]}),
    "messages": ("/v1/messages", {**tool_use({}), "system": [{"type": "text", "text": f"card {CARD}"}]}),
    "messages, a number": ("/v1/messages", tool_use({"card": NUMBER})),
    "messages, numbers in a list": ("/v1/messages", tool_use({"cards": [1, NUMBER]})),
    "messages, a key": ("/v1/messages", tool_use({f"card {CARD}": 1})),
    "messages, a document": ("/v1/messages", document(f"card {CARD}")),
    "messages, a long document": ("/v1/messages", document(CHINESE + CARD.replace(" ", "") + CHINESE)),
    "messages, data:": ("/v1/messages", document(f"data: card {CARD}")),
    "responses": ("/v1/responses", {"model": "cloud", "input": f"card {CARD}"}),
    "responses, instructions": ("/v1/responses", {"model": "cloud", "input": "x", "instructions": f"card {CARD}"}),
    "responses, a result": ("/v1/responses", {"model": "cloud", "input": [
        {"type": "function_call_output", "call_id": "c", "output": json.dumps({"card": NUMBER})}]}),
    "responses, arguments": ("/v1/responses", {"model": "cloud", "input": [
        {"type": "function_call", "call_id": "c", "name": "f", "arguments": json.dumps({"card": NUMBER})}]}),
    "a query": ("/v1/responses?note=card%204111111111111111", {"model": "cloud", "input": "x"}),
    "metadata": ("/v1/responses", {"model": "cloud", "input": "x", "metadata": {"card": NUMBER}}),
}


def test_a_card_is_found_in_a_path_and_in_headers_that_go_on(watchful):
    watchful.cloud.forget()
    client = watchful.daemon.client
    expect_kept(client.get(f"/v1/files/{CARD.replace(' ', '')}?model=cloud"))
    for name in ("Idempotency-Key", "X-Idempotency-Key", "anthropic-beta"):
        expect_kept(watchful.chat("cloud", headers=[(name, f"card {CARD}")]))
    assert not watchful.cloud.requests
    assert watchful.chat("cloud", headers=[("Idempotency-Key", "3f2b8c1e-9d4a-4f6b-8a7c-5e1d2c3b4a59")]).status == 200


@pytest.mark.parametrize("before", ["any", ""])
def test_no_line_of_a_wish_takes_another_back(watchful, before):
    watchful.cloud.forget()
    expect_kept(watchful.chat("cloud", headers=[("x-spillway-boundary", before), *LOCAL]))
    assert not watchful.cloud.requests


@pytest.fixture(scope="module")
def watchful(module_workshop):
    return Home(module_workshop, **KEEPS_FINANCIAL)


@pytest.mark.parametrize("path, body", PRIVATE.values(), ids=PRIVATE.keys())
def test_a_card_is_found_wherever_a_request_may_hold_one(watchful, path, body):
    watchful.cloud.forget()
    reply = watchful.daemon.client.post(path, body)
    expect_kept(reply)
    assert reply.header("x-spillway-privacy").startswith("local; classes=payment_card")
    assert not watchful.cloud.requests
    # The same without the card goes out.
    harmless = json.loads(json.dumps(body).replace(CARD, "0").replace(str(NUMBER), "7").replace("4111 1111", "0"))
    assert watchful.daemon.client.post(path.split("?")[0], harmless).status == 200
    assert len(watchful.cloud.requests) == 1


def form(**fields):
    parts = b"".join(b'--b0undary\r\nContent-Disposition: form-data; name="%s"%s\r\n\r\n%s\r\n' % (
        name.encode(), b'; filename="a.txt"' if name == "file" else b"", value.encode())
        for name, value in fields.items())
    return parts + b"--b0undary--\r\n"


@pytest.mark.parametrize("fields", [{"prompt": f"card {CARD}", "file": "x"}, {"file": f"card,{CARD}\n"}])
def test_a_card_is_found_in_a_form(watchful, fields):
    watchful.cloud.forget()
    headers = [("Content-Type", "multipart/form-data; boundary=b0undary")]
    path = "/v1/audio/transcriptions"
    expect_kept(watchful.daemon.client.post(path, form(model="cloud", **fields), headers))
    assert not watchful.cloud.requests
    assert watchful.daemon.client.post(path, form(model="cloud", file="x"), headers).status == 200


def test_images_are_no_text(watchful):
    payload = "iVBORw0KGgo4111111111111111" + "AAAANSUhEUgAAAAUA" * 400
    for url in (f"data:image/png;base64,{payload}", "https://pictures.example/4.png"):
        content = [{"type": "text", "text": "what is it"}, {"type": "image_url", "image_url": {"url": url}}]
        assert watchful.daemon.client.post("/v1/chat/completions", chat_body(content)).status == 200


# --- what is written down


def test_the_log_tells_the_reason_and_nothing_of_the_text(workshop):
    home = Home(workshop, server={"access_log": True}, routes={"auto": {
        "rules": [{"name": "p", "when": {"sensitive": "any"}, "use": ["near"], "boundary": "local"}],
        "otherwise": ["cloud"]}})
    assert home.chat("auto", f"moonlight {CARD}").text == "Hello from near."
    assert home.chat("auto", "moonlight sonata").text == "Hello from cloud."
    home.near.default = r.status(500, "moonlight again")
    expect_kept(home.chat("auto", f"moonlight {CARD}", stream=True))
    lines = wait_until(lambda: len(found := [line for line in home.daemon.log.splitlines() if 'model="auto"' in line])
                       == 3 and found, what="three lines")
    for line, rule in zip(lines, ("p", "otherwise", "p"), strict=True):
        assert 'reason="' in line and f"rule={rule}" in line, line
    assert "moonlight" not in home.daemon.log and "4111" not in home.daemon.log


@pytest.mark.parametrize("stream", [False, True])
def test_an_explicit_model_is_explained_to_who_asks(workshop, stream):
    home = Home(workshop)
    reply = home.chat("cloud", stream=stream, metadata={"explain": True})
    assert reply.text == "Hello from cloud."
    said = reply.json_events()[-1] if stream else reply.json
    routing = said["routing"]
    assert (routing["route"], routing["chain"], routing["boundary"]) == ("", ["cloud"], "any")
    assert [each["deployment"] for each in routing["candidates"]]
    assert reply.header("x-spillway-reason")
    plain = home.chat("cloud", stream=stream)
    assert plain.header("x-spillway-reason") is None and b"routing" not in plain.body
