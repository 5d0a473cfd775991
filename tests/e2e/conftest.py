"""Fixtures of the end-to-end tests: the release binary, a fake engine, the official clients."""

import importlib.util
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(TESTS), str(TESTS / "flow")]

_spec = importlib.util.spec_from_file_location("flow_fixtures", TESTS / "flow" / "conftest.py")
_fixtures = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_fixtures)
workshop, module_workshop = _fixtures.workshop, _fixtures.module_workshop

from fakes import replies as r  # noqa: E402
from harness.daemon import config_of, deployment  # noqa: E402

RATE_LIMITED = r.status(429, "Rate limit reached", kind="requests", error_code="rate_limit_exceeded")


@pytest.fixture(scope="module")
def gateway(module_workshop):
    """A daemon with a model of every sort; `upstream` hangs on it."""
    upstream = module_workshop.upstream("engine")
    upstream.models.update({
        "rate-limited": RATE_LIMITED,
        "broken": r.status(500, "boom"),
        "cut": r.stream(r.ROLE, *r.text_events("one two"), r.CUT),
        "context": r.OPENAI_CONTEXT,
        "slow": r.stream(r.ROLE, *r.text_events("one"), r.STALL),
        "floats": r.embeddings_only("float"),
    })
    daemon = module_workshop.daemon(config_of(
        deployment("m", upstream.base),
        deployment("ollama/llama3:8b", upstream.base, model="openai/llama3:8b"),
        deployment("emb", upstream.base, model_info={"mode": "embedding"}),
        deployment("floats", upstream.base, model_info={"mode": "embedding"}),
        *[deployment(name, upstream.base) for name in ("rate-limited", "broken", "cut", "context", "slow")],
    )).start()
    daemon.upstream = upstream
    return daemon


@pytest.fixture
def upstream(gateway):
    gateway.upstream.forget()
    return gateway.upstream
