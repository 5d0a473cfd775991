"""The official Ollama clients for Python and Node, which speak nothing but Ollama's own API, against the
running binary in front of an upstream that speaks nothing but OpenAI's."""

import asyncio
import json
import shutil
import subprocess
from pathlib import Path

import ollama
import pytest

from fakes import replies as r
from harness.waiting import wait_until

HI = [{"role": "user", "content": "hi"}]


def get_weather(city: str) -> str:
    """The weather of a city."""
    return city


@pytest.fixture
def client(gateway):
    return ollama.Client(gateway.base[:-len("/v1")], headers={"Authorization": f"Bearer {gateway.key}"})


def test_chat(client):
    answer = client.chat("m", HI)
    assert answer.message.content == "Hello from engine." and answer.done and answer.done_reason == "stop"
    assert answer.prompt_eval_count == 11 and answer.eval_count == 5 and answer.eval_duration > 0


def test_chat_in_pieces(client):
    parts = list(client.chat("m", HI, stream=True, options={"temperature": 0}))
    assert "".join(part.message.content for part in parts) == "Hello from engine."
    assert [part.done for part in parts] == [False] * (len(parts) - 1) + [True]
    assert len(parts) > 3 and parts[-1].eval_count == 5


@pytest.mark.parametrize("stream", (True, False))
def test_tools(client, stream):
    answer = client.chat("m", HI, tools=[get_weather], stream=stream)
    (call,) = [call for part in (answer if stream else [answer]) for call in part.message.tool_calls or ()]
    assert call.function.name == "get_weather" and call.function.arguments == {"city": "Bern"}
    followed = [*HI, {"role": "assistant", "tool_calls": [call.model_dump()]},
                {"role": "tool", "tool_name": "get_weather", "content": get_weather(**call.function.arguments)}]
    assert client.chat("m", followed).message.content == "Hello from engine."


def test_structured_output_and_images(client, upstream):
    schema = {"type": "object", "properties": {"name": {"type": "string"}}}
    png = b"\x89PNG\r\n\x1a\n" + bytes(16)
    client.chat("m", [{**HI[0], "images": [png]}], format=schema)
    sent = upstream.requests[-1].json
    assert sent["response_format"]["json_schema"]["schema"] == schema
    assert sent["messages"][0]["content"][1]["image_url"]["url"].startswith("data:image/png;base64,iVBOR")


def test_generate(client):
    assert client.generate("m", "hi", system="Be brief.").response == "Hello from engine."
    parts = list(client.generate("m", "hi", stream=True))
    assert "".join(part.response for part in parts) == "Hello from engine." and parts[-1].done
    assert client.generate("m", "def f(", suffix="return").response == "Hello from engine."


def test_embeddings(client):
    assert client.embed("emb", ["a", "b"]).embeddings == [pytest.approx(r.VECTOR)] * 2
    assert client.embed("floats", "a").embeddings == [pytest.approx(r.VECTOR)]
    assert client.embeddings("emb", "a").embedding == pytest.approx(r.VECTOR)


def test_models(client):
    models = {model.model: model for model in client.list().models}
    assert "m:latest" in models and "ollama/llama3:8b" in models
    assert models["m:latest"].modified_at and len(models["m:latest"].digest) == 64
    shown = client.show("m:latest")
    assert "completion" in shown.capabilities and shown.modelinfo["general.architecture"] == "spillway"
    assert client.show("emb").capabilities == ["embedding"]
    assert client.ps().models == []
    assert client.chat("m:latest", HI).model == "m:latest"


def test_errors_are_the_clients_own(client, gateway):
    with pytest.raises(ollama.ResponseError) as missing:
        client.chat("nobody", HI)
    assert missing.value.status_code == 404 and missing.value.error == "model 'nobody' not found"
    with pytest.raises(ollama.ResponseError) as limited:
        list(client.chat("rate-limited", HI, stream=True))
    assert limited.value.status_code == 429
    with pytest.raises(ollama.ResponseError) as stranger:
        ollama.Client(gateway.base[:-len("/v1")], headers={"Authorization": "Bearer sk-wrong"}).list()
    assert stranger.value.status_code == 401
    with pytest.raises(ollama.ResponseError) as engine:
        client.pull("tiny")
    assert engine.value.status_code == 400 and "No Ollama engine" in engine.value.error


def test_a_cut_stream_is_an_error(client):
    said = []
    with pytest.raises(ollama.ResponseError) as broken:
        for part in client.chat("cut", HI, stream=True):
            said.append(part.message.content)
    assert "".join(said) == "one two" and "broke off" in broken.value.error


def test_the_asynchronous_client(gateway):
    async def talk():
        client = ollama.AsyncClient(gateway.base[:-len("/v1")], headers={"Authorization": f"Bearer {gateway.key}"})
        return [part async for part in await client.chat("m", HI, stream=True)]

    parts = asyncio.run(talk())
    assert "".join(part.message.content for part in parts) == "Hello from engine." and parts[-1].done


# --- Node: node/ollama_client.mjs talks, this judges


@pytest.fixture(scope="module")
def seen(gateway):
    script = Path(__file__).parent / "node" / "ollama_client.mjs"
    done = subprocess.run([shutil.which("node") or "node", script, gateway.base[:-len("/v1")], gateway.key],
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_node_chat(seen):
    assert seen["chat"] == {"text": "Hello from engine.", "reason": "stop", "counts": [11, 5]}
    assert seen["stream"] == {"text": "Hello from engine.", "done": True}
    assert seen["streamedTools"] == [{"name": "get_weather", "arguments": {"city": "Bern"}}]


def test_node_generate_and_embed(seen):
    assert seen["generate"] == "Hello from engine."
    assert seen["embed"] == [pytest.approx(r.VECTOR)] * 2
    assert seen["embeddings"] == pytest.approx(r.VECTOR)


def test_node_models(seen):
    assert "m:latest" in seen["models"] and "completion" in seen["show"]
    assert seen["ps"] == [] and seen["version"].count(".") == 2


def test_node_errors_are_words_and_not_objects(seen):
    assert seen["missing"] == {"message": "model 'nobody' not found", "status": 404}
    assert "broke off" in seen["cut"]["message"]


def test_node_aborting_cancels_the_upstream(seen, gateway):
    assert seen["aborted"] == "AbortError"
    assert gateway.upstream.wait_for(lambda upstream: not upstream.running(), 5)
    wait_until(lambda: any(record.outcome == "abandoned" for record in gateway.ledger.records()), 5)
