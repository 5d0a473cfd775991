"""The official openai SDK for Node against the running binary: node/client.mjs talks, this judges."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from fakes import replies as r
from harness.waiting import wait_until


@pytest.fixture(scope="module")
def seen(gateway):
    script = Path(__file__).parent / "node" / "client.mjs"
    done = subprocess.run([shutil.which("node") or "node", script, gateway.base, gateway.key], capture_output=True,
                          text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_chat(seen):
    assert seen["chat"] == "Hello from engine." and seen["usage"] == 16


def test_streams(seen):
    assert seen["stream"] == {"text": "Hello from engine.", "usage": None, "finish": "stop"}
    assert seen["streamWithUsage"]["usage"]["prompt_tokens"] == 11


def test_tools(seen):
    assert seen["tools"] == {"name": "get_weather", "arguments": '{"city":"Bern"}'}
    assert seen["streamedTools"] == '{"city":"Bern"}'


@pytest.mark.parametrize("model", ("emb", "floats"))
def test_embeddings(seen, model):
    assert seen[model] == [pytest.approx(r.VECTOR)] * 2
    assert seen[model + "AsFloats"] == pytest.approx(r.VECTOR)


def test_models_and_completions(seen):
    assert "m" in seen["models"] and seen["model"] == "ollama/llama3:8b"
    assert seen["completion"] == "Hello from engine."


def test_errors_become_the_sdks_exceptions(seen):
    assert seen["missing"] == {"name": "NotFoundError", "api": True, "status": 404, "code": "model_not_found"}
    assert seen["context"]["name"] == "BadRequestError" and seen["context"]["code"] == "context_length_exceeded"
    assert seen["rateLimited"]["name"] == "RateLimitError"
    assert seen["broken"]["name"] == "InternalServerError"
    assert seen["stranger"]["name"] == "AuthenticationError"


def test_a_cut_stream_is_an_error(seen):
    assert seen["cut"]["api"], seen["cut"]


def test_the_sdk_does_not_multiply_our_retries(seen, gateway):
    for model in ("rate-limited", "broken"):
        assert len([request for request in gateway.upstream.requests if request.model == model]) == 1


def test_leaving_the_loop_cancels_the_upstream(seen, gateway):
    assert gateway.upstream.wait_for(lambda upstream: not upstream.running(), 5)
    wait_until(lambda: any(record.outcome == "abandoned" for record in gateway.ledger.records()), 5)
