"""Embeddings end to end: batches in parts, dimensions, lengths, encodings, and one model per index."""

import json
import math
import struct
import base64
import subprocess

import pytest

from fakes import replies as r
from harness.daemon import binary, deployment

PRICED = {"input_cost_per_token": 0.000001, "output_cost_per_token": 0}


def vector_of(text, dimensions=3):
    """A vector that tells which text it is of."""
    return [float(text), 0.5, 2.0, 1.0][:dimensions]


def embedder(dimensions=3, usage=True, shuffled=False, limit=None):
    """Answers each text with a vector of its own; refuses more than `limit` of them."""

    async def script(turn):
        asked = turn.request.json
        texts = asked["input"] if isinstance(asked["input"], list) else [asked["input"]]
        if limit and len(texts) > limit:
            return await r.status(400, f"at most {limit} requests can be in one batch")(turn)
        rows = [{"object": "embedding", "index": index, "embedding": vector_of(text, dimensions)}
                for index, text in enumerate(texts)]
        answer = {"object": "list", "data": rows[::-1] if shuffled else rows, "model": "emb"}
        if usage:
            answer["usage"] = {"prompt_tokens": len(texts), "total_tokens": len(texts)}
        await r.whole(answer)(turn)

    return script


def texts(count):
    return [str(number) for number in range(count)]


def ask(daemon, model="m", count=1, **more):
    body = {"model": model, "input": texts(count), "encoding_format": "float", **more}
    return daemon.client.post("/v1/embeddings", body)


def firsts(reply):
    """The first number of each vector in the answer's order, after a look at its indexes."""
    rows = reply.json["data"]
    assert [row["index"] for row in rows] == list(range(len(rows)))
    return [row["embedding"][0] for row in rows]


def serve(workshop, upstream, info=None, **params):
    return workshop.serve(deployment("m", upstream.base, **params, model_info={"mode": "embedding", **(info or {})}))


# --- batches


@pytest.mark.parametrize("count", [1, 4, 5, 10])
@pytest.mark.parametrize("shuffled", [False, True])
def test_a_long_list_is_asked_for_in_parts_and_comes_back_in_order(workshop, upstream, count, shuffled):
    upstream.default = embedder(limit=4, shuffled=shuffled)
    daemon = serve(workshop, upstream, {"max_batch_size": 4}, **PRICED)
    reply = ask(daemon, count=count, user="u")
    assert reply.status == 200, reply
    assert [len(request.json["input"]) for request in upstream.requests] == [4] * (count // 4) + ([count % 4] if count % 4 else [])
    assert all(request.json["user"] == "u" for request in upstream.requests)
    if count > 4:
        assert firsts(reply) == [float(number) for number in range(count)]
    assert reply.json["usage"] == {"prompt_tokens": count, "total_tokens": count}
    (record,) = daemon.ledger.records()
    assert (record.prompt_tokens, record.cost_nano_usd, record.attempts) == (count, 1000 * count, 1)


def test_a_ceiling_counts_no_answer_where_vectors_are_asked_for(workshop, upstream):
    """The vendor's price has no answers in it, and a model may be allowed long ones elsewhere."""
    upstream.default = embedder()
    dear = {**PRICED, "output_cost_per_token": 0.01}
    daemon = serve(workshop, upstream, model="openai/house-vectors", **dear)
    body = {"model": "m", "input": texts(3)}
    assert daemon.client.post("/v1/embeddings", body, headers=[("x-spillway-max-cost", "0.001")]).status == 200
    refused = daemon.client.post("/v1/embeddings", body, headers=[("x-spillway-max-cost", "0.000001")])
    assert refused.status >= 400 and len(upstream.requests) == 1


def test_lists_of_tokens_are_split_between_the_inputs(workshop, upstream):
    async def count(turn):
        rows = [{"index": index, "embedding": [float(sum(tokens))]} for index, tokens in enumerate(turn.request.json["input"])]
        await r.whole({"object": "list", "data": rows, "usage": r.USAGE})(turn)

    upstream.default = count
    daemon = serve(workshop, upstream, {"max_batch_size": 2})
    reply = daemon.client.post("/v1/embeddings", {"model": "m", "input": [[1, 2], [3], [4, 5, 6]], "encoding_format": "float"})
    assert firsts(reply) == [3.0, 3.0, 15.0]
    assert [request.json["input"] for request in upstream.requests] == [[[1, 2], [3]], [[4, 5, 6]]]


def test_one_list_of_tokens_is_one_input(workshop, upstream):
    daemon = serve(workshop, upstream, {"max_batch_size": 2})
    assert daemon.client.post("/v1/embeddings", {"model": "m", "input": [1, 2, 3, 4, 5]}).status == 200
    assert [request.json["input"] for request in upstream.requests] == [[1, 2, 3, 4, 5]]


# --- what they count as


async def one_vector_each(turn):
    asked = turn.request.json["input"]
    count = 1 if isinstance(asked[0], int) else len(asked)
    rows = [{"object": "embedding", "index": index, "embedding": [1.0]} for index in range(count)]
    await r.whole({"object": "list", "data": rows, "model": "emb", "usage": {"prompt_tokens": 1, "total_tokens": 1}})(turn)


@pytest.mark.parametrize("ids", [list(range(5000)), [list(range(2500))] * 2], ids=["one", "two"])
def test_tokens_are_counted_one_by_one_against_a_ceiling(workshop, upstream, ids):
    upstream.default = one_vector_each
    daemon = serve(workshop, upstream, input_cost_per_token=0.001, output_cost_per_token=0)
    asked = {"model": "m", "input": ids, "encoding_format": "float"}
    refused = daemon.client.post("/v1/embeddings", asked, [("x-spillway-max-cost", "4.9")])
    assert (refused.status, refused.error["code"]) == (400, "cost_ceiling")
    assert not upstream.requests
    assert daemon.client.post("/v1/embeddings", asked, [("x-spillway-max-cost", "5.1")]).status == 200


def test_a_window_holds_one_input_of_a_list_and_no_more(workshop, upstream):
    upstream.default = one_vector_each
    daemon = workshop.serve(deployment("m", upstream.base, model_info={"mode": "embedding", "max_input_tokens": 1000}),
                            routes={"auto": {"otherwise": {"use": ["m"], "params": {"max_tokens": 5000}}}})

    def status(*inputs):
        asked = {"model": "auto", "input": inputs, "encoding_format": "float"}
        return daemon.client.post("/v1/embeddings", asked).status

    words = "word " * 300
    assert status(*[words] * 10) == 200
    assert status(words * 10) == 400
    assert status("x", words * 10) == 400
    assert status("x") == 200, "the answer is no text, whatever the rule sets"


def test_a_part_that_fails_fails_the_whole_and_the_next_place_gets_all_of_it(workshop):
    first, second = workshop.upstream("first"), workshop.upstream("second")
    first.next(embedder(), r.status(500, "no"))
    second.default = embedder()
    info = {"mode": "embedding", "vectors": "v"}
    daemon = workshop.serve(deployment("m", first.base, **PRICED, model_info={**info, "max_batch_size": 2}),
                            deployment("n", second.base, **PRICED, model_info=info),
                            router_settings={"fallbacks": [{"m": ["n"]}]}, general_settings={"max_budget": 1})
    reply = ask(daemon, count=3)
    assert firsts(reply) == [0.0, 1.0, 2.0]
    assert [len(request.json["input"]) for request in first.requests] == [2, 1]
    assert [len(request.json["input"]) for request in second.requests] == [3]
    (record,) = daemon.ledger.records()
    assert record.cost_nano_usd == 3000
    assert record.charged_nano_usd > record.cost_nano_usd, "the part that was answered may have been billed"


def test_an_answer_to_another_number_of_inputs_is_none(workshop, upstream):
    async def short(turn):
        await r.whole({"object": "list", "data": [{"index": 0, "embedding": [1.0]}], "usage": r.USAGE})(turn)

    upstream.default = short
    daemon = serve(workshop, upstream, {"max_batch_size": 2})
    assert ask(daemon, count=3).status == 502


# --- dimensions and lengths


def test_dimensions_go_to_the_engine_and_are_checked_in_its_answer(workshop, upstream):
    upstream.default = embedder(dimensions=3)
    daemon = serve(workshop, upstream)
    assert len(ask(daemon, dimensions=3).json["data"][0]["embedding"]) == 3
    assert upstream.requests[-1].json["dimensions"] == 3
    wrong = ask(daemon, dimensions=2)
    assert wrong.status == 502 and "dimensions" in wrong.error["message"]


def test_dimensions_of_the_row_are_checked_like_the_clients(workshop, upstream):
    upstream.default = embedder(dimensions=3)
    daemon = serve(workshop, upstream, dimensions=2)
    assert ask(daemon).status == 502
    assert upstream.requests[-1].json["dimensions"] == 2


def test_vectors_are_cut_only_where_the_row_says_so(workshop, upstream):
    upstream.default = embedder(dimensions=4)
    daemon = serve(workshop, upstream, {"cut_dimensions": True})
    vector = ask(daemon, count=3, dimensions=2).json["data"][2]["embedding"]
    assert "dimensions" not in upstream.requests[-1].json
    assert vector == pytest.approx([2 / math.hypot(2, 0.5), 0.5 / math.hypot(2, 0.5)], rel=1e-6)
    assert ask(daemon, dimensions=5).status == 502
    assert ask(daemon, count=2).json["data"][1]["embedding"] == vector_of("1", 4)


@pytest.mark.parametrize("encoding", ["float", "base64"])
def test_vectors_are_normalised_where_the_row_says_so(workshop, upstream, encoding):
    upstream.default = embedder()
    daemon = serve(workshop, upstream, {"normalize_embeddings": True, "max_batch_size": 2})
    for row in ask(daemon, count=5, encoding_format=encoding).json["data"]:
        vector = row["embedding"]
        if encoding == "base64":
            vector = struct.unpack("<3f", base64.b64decode(vector))
        assert math.hypot(*vector) == pytest.approx(1, abs=1e-6)


# --- one model per index


def rows_of(workshop, first="openai/nomic-embed-text", second="openai/text-embedding-3-small", **info):
    one, two = workshop.upstream("one"), workshop.upstream("two")
    one.default, two.default = r.status(503, "away"), embedder()
    return one, two, [deployment("m", one.base, first, model_info={"mode": "embedding", **info}),
                      deployment("n", two.base, second, model_info={"mode": "embedding", "local": False, **info})]


def test_a_fallback_to_another_model_is_not_taken(workshop):
    _, two, rows = rows_of(workshop)
    daemon = workshop.serve(*rows, router_settings={"fallbacks": [{"m": ["n"]}]})
    assert ask(daemon).status == 502
    assert not two.requests


@pytest.mark.parametrize("second, info", [
    ("openai/nomic-ai/Nomic-Embed-Text", {}),
    ("openai/text-embedding-3-small", {"vectors": "ours"}),
    ("openai/text-embedding-3-small", {"base_model": "nomic-embed-text"}),
])
def test_a_fallback_to_the_same_model_by_name_or_by_declaration_is(workshop, second, info):
    _, two, rows = rows_of(workshop, second=second, **info)
    daemon = workshop.serve(*rows, router_settings={"fallbacks": [{"m": ["n"]}]})
    assert ask(daemon).status == 200
    assert len(two.requests) == 1


def test_a_route_says_why_it_leaves_a_target_out(workshop):
    _, two, rows = rows_of(workshop)
    daemon = workshop.serve(*rows, routes={"auto": {"otherwise": ["m", "n"]}})
    reply = ask(daemon, "auto")
    assert reply.status == 502 and not two.requests
    assert "n (other embedding model)" in reply.header("x-spillway-reason")


def test_chats_are_not_held_to_one_model(workshop):
    one, two = workshop.upstream("one"), workshop.upstream("two")
    one.default = r.status(503, "away")
    daemon = workshop.serve(deployment("m", one.base), deployment("n", two.base),
                            router_settings={"fallbacks": [{"m": ["n"]}]})
    assert daemon.client.chat("m").status == 200


def test_check_warns_of_chains_that_mix_models(workshop, tmp_path):
    _, _, rows = rows_of(workshop)
    file = tmp_path / "mixed.yaml"
    file.write_text(json.dumps({"model_list": rows, "routes": {"auto": {"otherwise": ["m", "n"]}}}))
    done = subprocess.run([binary(), "check", "--config", str(file)], capture_output=True, text=True, timeout=30)
    assert "routes.auto: embeddings of different models" in done.stdout + done.stderr
