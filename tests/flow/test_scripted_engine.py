"""The scripted engine itself: that it queues, loads, evicts and refuses as the engines do it stands for."""

import json
import threading

from fakes.engine import LLAMA_CPP, VLLM, Model
from harness.http import Client, Connection
from harness.waiting import stays

WORDS = "one two three four five"


def ask(engine, model, path="/api/chat", **more):
    body = {"model": model, "messages": [{"role": "user", "content": "hi"}], "stream": False, **more}
    return Client(engine.port).post(path, body)


def send(engine, model, path="/api/chat", **more):
    """A request whose answer is left to the caller."""
    connection = Connection(engine.port)
    body = {"model": model, "messages": [{"role": "user", "content": "hi"}], **more}
    connection.send_request("POST", path, [], json.dumps(body).encode())
    return connection


def in_turn(engine, models):
    """One request after another: each has reached the engine's queue before the next is sent."""
    connections = []
    for model in models:
        before = len(engine.requests)
        connections.append(send(engine, model, stream=False))
        engine.wait_for_requests(before + 1)
    return connections


def test_the_first_request_loads_the_model_and_says_how_long_it_took(workshop):
    engine = workshop.engine(Model("a", load=2.0, prefill=100.0, decode=50.0))
    first, second = ask(engine, "a").json, ask(engine, "a").json
    assert first["message"]["content"] == WORDS and first["done_reason"] == "stop"
    assert first["load_duration"] == 2_000_000_000 and "load_duration" not in second
    assert first["prompt_eval_duration"] == 10_000_000 and first["eval_duration"] == 100_000_000
    assert engine.loads["a"] == 1
    assert [row["name"] for row in Client(engine.port).get("/api/ps").json["models"]] == ["a:latest"]


def test_requests_beyond_the_slots_wait(workshop):
    engine = workshop.engine(Model("a", slots=2))
    engine.hold("token")
    connections = in_turn(engine, ["a"] * 5)
    assert engine.wait_for(lambda one: one.working("a") == 2 and one.waiting("a") == 3)
    connections[4].close()
    assert engine.wait_for(lambda one: one.waiting("a") == 2 and one.cancelled == 1)
    engine.release("token")
    assert all(one.read_reply().status == 200 for one in connections[:4])
    assert engine.wait_for(lambda one: one.working() == 0)


def test_a_full_queue_is_refused_in_ollamas_words(workshop):
    engine = workshop.engine(Model("a"), queue_limit=2)
    engine.hold("token")
    held = in_turn(engine, ["a", "a", "a"])
    assert engine.wait_for(lambda one: one.working() == 1 and one.waiting() == 2)
    reply = ask(engine, "a")
    assert reply.status == 503
    assert reply.json == {"error": "server busy, please try again.  maximum pending requests exceeded"}
    assert engine.refused == 1
    engine.release("token")
    assert [one.read_reply().status for one in held] == [200, 200, 200]


def test_two_models_that_do_not_fit_together_take_turns(workshop):
    engine = workshop.engine(Model("a", memory=6), Model("b", memory=6), memory=10)
    engine.hold("token")
    connections = in_turn(engine, "abab")
    engine.release("token")
    assert all(one.read_reply().status == 200 for one in connections)
    assert engine.started == ["a", "b", "a", "b"]
    assert engine.loads == {"a": 2, "b": 2} and sum(engine.evictions.values()) == 3
    assert engine.most_memory == 6


def test_a_model_at_work_is_not_put_away(workshop):
    engine = workshop.engine(Model("a", memory=6), Model("b", memory=6), memory=10)
    engine.hold("token", "a")
    held = in_turn(engine, "ab")
    assert engine.wait_for(lambda one: one.working("a") == 1 and one.waiting("b") == 1)
    stays(lambda: engine.loaded() == ["a"], 0.1)
    engine.release("token", "a")
    assert engine.wait_for(lambda one: one.loaded() == ["b"])
    assert held[1].read_reply().status == 200


def test_a_load_is_held_until_the_test_ends_it(workshop):
    engine = workshop.engine(Model("a"))
    engine.hold("load")
    (connection,) = in_turn(engine, "a")
    assert engine.wait_for(lambda one: one.loading() == ["a"])
    assert Client(engine.port).get("/api/ps").json == {"models": []}
    engine.finish_load()
    assert connection.read_reply().status == 200


def test_another_window_is_another_load(workshop):
    engine = workshop.engine(Model("a"))
    for window in (2048, 2048, 8192):
        assert ask(engine, "a", options={"num_ctx": window}).status == 200
    assert engine.loads["a"] == 2


def test_tokens_are_let_out_one_by_one(workshop):
    engine = workshop.engine(Model("a"))
    engine.hold("token")
    with send(engine, "a") as connection:
        engine.release("token", count=2)
        reply = connection.read_head()
        lines = [json.loads(connection.read_chunk()) for _ in range(2)]
        assert [line["message"]["content"] for line in lines] == ["one", " two"]
        engine.release("token")
        rest = connection.read_body(reply).body.splitlines()
        assert json.loads(rest[-1])["eval_count"] == 5


def test_long_prompts_are_cut_unless_that_is_forbidden(workshop):
    engine = workshop.engine(Model("a", window=8))
    long = [{"role": "user", "content": "word " * 100}]
    assert ask(engine, "a", messages=long).json["prompt_eval_count"] == 8
    reply = ask(engine, "a", messages=long, truncate=False)
    assert reply.status == 400 and "longer than the context length" in reply.json["error"]


def test_a_prefix_that_a_slot_holds_is_not_read_again(workshop):
    engine = workshop.engine(Model("a"), prefix_cache=True)
    first = [{"role": "user", "content": "x" * 400}]
    assert ask(engine, "a", messages=first).json["prompt_eval_count"] == 100
    assert ask(engine, "a", messages=[{"role": "user", "content": "x" * 400 + "yyyy"}]).json["prompt_eval_count"] == 1


def test_llama_cpp_says_that_it_loads_and_which_slots_are_busy(workshop):
    engine = workshop.engine(Model("m", slots=2, window=64), flavour=LLAMA_CPP, loading=True)
    client = Client(engine.port)
    loading = {"error": {"code": 503, "message": "Loading model", "type": "unavailable_error"}}
    assert client.get("/health").json == loading
    assert ask(engine, "m", path="/v1/chat/completions").json == loading
    engine.finish_load()
    assert client.get("/health").json == {"status": "ok"}
    engine.hold("token")
    with send(engine, "m", path="/v1/chat/completions"):
        assert engine.wait_for(lambda one: one.working() == 1)
        assert [slot["is_processing"] for slot in client.get("/slots").json] == [True, False]
        assert b"\nllamacpp:requests_processing 1\n" in client.get("/metrics").body
    assert engine.wait_for(lambda one: one.working() == 0)
    over = ask(engine, "m", path="/v1/chat/completions", messages=[{"role": "user", "content": "x" * 400}])
    assert over.status == 400 and over.json["error"]["n_prompt_tokens"] == 100
    assert len(client.post("/tokenize", {"content": "x" * 40}).json["tokens"]) == 10


def test_vllm_counts_who_waits_and_what_a_prompt_has(workshop):
    engine = workshop.engine(Model("m", window=64), flavour=VLLM)
    client = Client(engine.port)
    assert client.get("/v1/models").json["data"][0]["max_model_len"] == 64
    engine.hold("token")
    threads = [threading.Thread(target=ask, args=(engine, "m", "/v1/chat/completions")) for _ in range(3)]
    for thread in threads:
        thread.start()
    assert engine.wait_for(lambda one: one.waiting() == 2)
    assert b'vllm:num_requests_waiting{engine="0",model_name="m"} 2.0\n' in client.get("/metrics").body
    engine.release("token")
    for thread in threads:
        thread.join()
    assert client.post("/tokenize", {"model": "m", "prompt": "x" * 40}).json["count"] == 10
    over = ask(engine, "m", path="/v1/chat/completions", messages=[{"role": "user", "content": "x" * 400}])
    assert over.status == 400 and "maximum context length is 64 tokens" in over.json["error"]["message"]
