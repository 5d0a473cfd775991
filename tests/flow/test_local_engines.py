"""llama.cpp and vLLM as they are: they load, they are busy with others, they say what does not fit."""

import json

import pytest

from fakes import replies as r
from fakes.engine import LLAMA_CPP, VLLM, Model
from harness.daemon import deployment, in_parallel
from harness.http import Connection
from harness.waiting import wait_until

WINDOW = 256
DOUBTFUL = 75  # so often said that the estimate fits the window, and its upper end does not
PROVIDERS = {LLAMA_CPP: "llama_cpp", VLLM: "hosted_vllm"}


def row_of(daemon, group):
    page = daemon.client.get("/health").json
    rows = page["healthy_endpoints"] + page["unhealthy_endpoints"]
    return next(row for row in rows if row["model_name"] == group)


def engine_row(daemon):
    return row_of(daemon, "m")["engine"] or {}


def serve(workshop, engine, *others, **sections):
    home = deployment("m", engine.base, model=f"{PROVIDERS[engine.flavour]}/m")
    return workshop.serve(home, *others, health={"interval": 0.2}, **sections)


def chats(engine):
    return [request for request in engine.requests if request.path.endswith("/chat/completions")]


def test_a_model_that_loads_is_waited_for(workshop):
    engine = workshop.engine(Model("m", slots=4), flavour=LLAMA_CPP, loading=True)
    daemon = serve(workshop, engine)
    wait_until(lambda: row_of(daemon, "m")["state"] == "loading")
    wait_until(lambda: row_of(daemon, "m")["last_check"], what="the check")
    assert row_of(daemon, "m")["last_check"]["error"] is None, "it is there"

    def ask(number):
        if number == 3:
            engine.wait_for(lambda one: len(chats(one)) >= 3)
            engine.finish_load()
            return None
        return daemon.client.chat("m")

    replies = in_parallel(4, ask)[:3]
    assert [reply.status for reply in replies] == [200] * 3
    assert all(reply.header("x-litellm-attempted-retries") in (None, "0") for reply in replies)
    assert row_of(daemon, "m")["state"] == "healthy"


@pytest.mark.parametrize("stream", (False, True))
def test_a_llama_cpp_tells_how_long_it_took(workshop, stream):
    engine = workshop.engine(Model("m", prefill=100_000.0, decode=100_000.0), flavour=LLAMA_CPP)
    daemon = serve(workshop, engine)
    asked = [{"role": "user", "content": "x" * 400}]
    assert daemon.client.chat("m", stream=stream, messages=asked).status == 200
    told = json.loads(daemon.ledger.records()[-1].engine)
    assert told["evaluated_tokens"] == 100 and told["prefill_ns"] == 1_000_000 and told["decode_ns"] > 0


def test_while_a_model_loads_requests_go_elsewhere_and_come_back(workshop):
    engine = workshop.engine(Model("m", answer="from home"), flavour=LLAMA_CPP, loading=True)
    cloud = workshop.upstream("cloud")
    daemon = serve(workshop, engine, deployment("c", cloud.base),
                   router_settings={"fallbacks": [{"m": ["c"]}], "disable_cooldowns": False, "allowed_fails": 0})
    assert daemon.client.chat("m").text == "Hello from cloud."
    wait_until(lambda: row_of(daemon, "m")["state"] == "loading")
    before = len(chats(engine))
    for _ in range(8):
        assert daemon.client.chat("m").text == "Hello from cloud."
    assert len(chats(engine)) == before, "who said that it loads is not asked again and again"
    engine.finish_load()
    wait_until(lambda: row_of(daemon, "m")["state"] == "healthy", what="no rest is held against it")
    assert daemon.client.chat("m").text == "from home"


@pytest.mark.parametrize("flavour, more, waiting", [
    (LLAMA_CPP, {}, 2), (LLAMA_CPP, {"shows_metrics": False}, None), (VLLM, {}, 2)])
def test_what_others_ask_of_an_engine_is_seen(workshop, flavour, more, waiting):
    engine = workshop.engine(Model("m", slots=2), flavour=flavour, **more)
    engine.hold("token")
    daemon = serve(workshop, engine)
    wait_until(lambda: engine_row(daemon).get("running") == 0)
    body = json.dumps({"model": "m", "messages": [{"role": "user", "content": "hi"}]}).encode()
    others = [Connection(engine.port) for _ in range(4)]
    for connection in others:
        connection.send_request("POST", "/v1/chat/completions", [], body)
    wait_until(lambda: engine_row(daemon).get("running") == 2)
    wait_until(lambda: engine_row(daemon).get("waiting") == waiting)
    engine.release("token")
    assert [connection.read_reply().status for connection in others] == [200] * 4
    wait_until(lambda: engine_row(daemon).get("running") == 0)


@pytest.mark.parametrize("flavour", [LLAMA_CPP, VLLM])
def test_what_others_ask_of_an_engine_counts_for_the_wait(workshop, flavour):
    engine = workshop.engine(Model("m", slots=2, answer="from home"), flavour=flavour)
    cloud = workshop.upstream("cloud")
    home = deployment("m", engine.base, model=f"{PROVIDERS[flavour]}/m", max_parallel_requests=2)
    daemon = workshop.serve(home, deployment("c", cloud.base), health={"interval": 0.2}, queue={"patience": 1},
                            router_settings={"fallbacks": [{"m": ["c"]}]})
    wait_until(lambda: engine_row(daemon).get("running") == 0)
    engine.hold("token")
    body = json.dumps({"model": "m", "messages": [{"role": "user", "content": "hi"}]}).encode()
    others = [Connection(engine.port) for _ in range(6)]
    for connection in others:
        connection.send_request("POST", "/v1/chat/completions", [], body)
    wait_until(lambda: engine_row(daemon).get("waiting") == 4)
    reply = daemon.client.chat("m")
    assert reply.text == "Hello from cloud." and "over_patience" in reply.header("x-spillway-reason")
    engine.release("token")
    assert [connection.read_reply().status for connection in others] == [200] * 6
    wait_until(lambda: (engine_row(daemon).get("running"), engine_row(daemon).get("waiting")) == (0, 0))
    assert daemon.client.chat("m").text == "from home"


def test_an_engine_that_tells_no_load_still_tells_its_window(workshop):
    engine = workshop.engine(Model("m", window=64), flavour=LLAMA_CPP, shows_metrics=False, shows_slots=False)
    daemon = serve(workshop, engine)
    wait_until(lambda: engine_row(daemon).get("loaded"))
    row = row_of(daemon, "m")
    assert (row["window"], row["state"]) == (64, "healthy")
    assert row["engine"]["running"] is None and row["engine"]["waiting"] is None


def counted(engine):
    return [request for request in engine.requests if request.path == "/tokenize"]


def routed(workshop, engine, *, cloud=None, **sections):
    """A daemon with a route to the engine's model, then to a cloud's; the engine has told its window."""
    cloud = cloud or workshop.upstream("cloud")
    daemon = serve(workshop, engine, deployment("c", cloud.base, model_info={"local": False}),
                   routes={"auto": {"otherwise": ["m", "c"]}}, **sections)
    wait_until(lambda: row_of(daemon, "m")["window"])
    return daemon


def said(words):
    return [{"role": "user", "content": "some plain words " * words}]


@pytest.mark.parametrize("flavour", [LLAMA_CPP, VLLM])
@pytest.mark.parametrize("token_bytes, served", [(7, "from home"), (4, "Hello from cloud.")])
def test_a_prompt_in_doubt_is_counted_by_the_engine(workshop, flavour, token_bytes, served):
    engine = workshop.engine(Model("m", window=WINDOW, answer="from home", token_bytes=token_bytes), flavour=flavour)
    daemon = routed(workshop, engine)
    assert daemon.client.chat("auto", messages=said(DOUBTFUL), max_tokens=2).text == served
    (question,) = counted(engine)
    text = question.json.get("content", question.json.get("prompt"))
    assert text == said(DOUBTFUL)[0]["content"]
    assert daemon.ledger.records()[-1].attempts == 1


def test_a_prompt_without_a_doubt_is_not_counted(workshop):
    engine = workshop.engine(Model("m", window=WINDOW, answer="from home", token_bytes=7), flavour=LLAMA_CPP)
    daemon = routed(workshop, engine)
    assert daemon.client.chat("auto", messages=said(1)).text == "from home"
    assert daemon.client.chat("auto", messages=said(20 * DOUBTFUL)).text == "Hello from cloud."
    assert daemon.client.chat("m", messages=said(DOUBTFUL)).text == "from home", "it names a model"
    assert not counted(engine)


def test_without_an_answer_the_estimate_holds(workshop):
    engine = workshop.engine(Model("m", window=WINDOW, answer="from home", token_bytes=7), flavour=LLAMA_CPP)
    daemon = routed(workshop, engine)
    engine.paths["/tokenize"] = r.STALL
    assert daemon.client.chat("auto", messages=said(DOUBTFUL)).text == "Hello from cloud."
    engine.paths["/tokenize"] = r.status(500, "no")
    assert daemon.client.chat("auto", messages=said(DOUBTFUL)).text == "Hello from cloud."
    assert len(counted(engine)) == 2


def test_clouds_are_not_asked_to_count(workshop):
    engine = workshop.engine(Model("m", window=WINDOW, answer="from afar", token_bytes=7), flavour=VLLM)
    cloud = workshop.upstream("cloud")
    away = deployment("m", engine.base, model="hosted_vllm/m", model_info={"local": False})
    daemon = workshop.serve(away, deployment("c", cloud.base), health={"interval": 0.2, "clouds": True},
                            routes={"auto": {"otherwise": ["m", "c"]}})
    wait_until(lambda: row_of(daemon, "m")["window"])
    assert daemon.client.chat("auto", messages=said(DOUBTFUL)).text == "Hello from cloud."
    assert not counted(engine)


@pytest.mark.parametrize("flavour", [LLAMA_CPP, VLLM])
def test_what_an_engine_finds_too_long_goes_to_the_context_fallback(workshop, flavour):
    engine = workshop.engine(Model("m", window=64), flavour=flavour)
    large = workshop.upstream("large")
    daemon = workshop.serve(deployment("m", engine.base, model=f"{PROVIDERS[flavour]}/m"),
                            deployment("c", large.base), router_settings={"context_window_fallbacks": [{"m": ["c"]}]})
    long = [{"role": "user", "content": "many words " * 60}]
    assert daemon.client.chat("m", messages=long).text == "Hello from large."
    assert daemon.client.chat("m", max_tokens=4).status == 200
    assert daemon.ledger.records()[0].attempts == 2
