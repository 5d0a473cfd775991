"""Keys of a LiteLLM, taken over from its PostgreSQL, used by the official openai SDK."""

import tempfile

import openai
import pytest
from openai import OpenAI

from harness.daemon import config_of, deployment
from harness.litellm import Litellm, bring
from harness.postgres import Postgres
from harness.waiting import wait_until

HELLO = [{"role": "user", "content": "hi"}]
KEY = "sk-litellm-client-0123456789"


@pytest.fixture(scope="module")
def litellm():
    with tempfile.TemporaryDirectory(prefix="spillway-postgres-", ignore_cleanup_errors=True) as folder:
        cluster = Postgres(folder)
        made = Litellm(cluster, "tables.sql")
        made.insert("TeamTable", team_id="red", team_alias="Red", models=["m"])
        made.key(KEY, key_alias="app", team_id="red", models=[], max_budget=1, spend=0.25)
        made.key("sk-litellm-spent-0123456789", models=[], max_budget=1, spend=1)
        yield made
        cluster.stop()


@pytest.mark.parametrize("stream", [False, True])
def test_a_client_goes_on_with_its_key(workshop, litellm, stream):
    upstream = workshop.upstream("engine")
    prices = {"input_cost_per_token": 1e-6, "output_cost_per_token": 2e-6}
    daemon = workshop.daemon(config_of(deployment("m", upstream.base, **prices),
                                       deployment("n", upstream.base, **prices))).start()
    with OpenAI(base_url=daemon.base, api_key=KEY, max_retries=0, timeout=20) as client:
        with pytest.raises(openai.AuthenticationError):
            client.chat.completions.create(model="m", messages=HELLO)
        bring(daemon, litellm)
        wait_until(lambda: daemon.client.get("/key/list").json["total_count"] == 2, 10, "the keys")
        assert [model.id for model in client.models.list()] == ["m"]
        answer = client.chat.completions.create(model="m", messages=HELLO, stream=stream)
        text = "".join(chunk.choices[0].delta.content or "" for chunk in answer if chunk.choices) \
            if stream else answer.choices[0].message.content
        assert text == "Hello from engine."
        with pytest.raises(openai.AuthenticationError, match="team can only access models"):
            client.chat.completions.create(model="n", messages=HELLO)
    with OpenAI(base_url=daemon.base, api_key="sk-litellm-spent-0123456789", max_retries=0) as spent:
        with pytest.raises(openai.RateLimitError, match="Budget has been exceeded"):
            spent.chat.completions.create(model="m", messages=HELLO)
