"""LangChain's OpenAI classes against the running binary."""

import pytest
from langchain_openai import ChatOpenAI, OpenAIEmbeddings

from fakes import replies as r


@pytest.fixture
def chat(gateway):
    return ChatOpenAI(model="m", base_url=gateway.base, api_key=gateway.key, max_retries=0)


def test_invoke(chat, upstream):
    answer = chat.invoke("hi")
    assert answer.content == "Hello from engine."
    assert answer.usage_metadata["total_tokens"] == 16


def test_stream(chat, upstream):
    assert "".join(chunk.content for chunk in chat.stream("hi")) == "Hello from engine."


def test_batch(chat, upstream):
    assert [answer.content for answer in chat.batch(["a", "b", "c"])] == ["Hello from engine."] * 3


def test_tools(chat, upstream):
    def get_weather(city: str) -> str:
        """Weather of a city."""
        return city

    answer = chat.bind_tools([get_weather]).invoke("hi")
    assert answer.tool_calls[0]["name"] == "get_weather"
    assert answer.tool_calls[0]["args"] == {"city": "Bern"}


@pytest.mark.parametrize("model", ("emb", "floats"))
def test_embeddings(gateway, upstream, model):
    embeddings = OpenAIEmbeddings(model=model, base_url=gateway.base, api_key=gateway.key,
                                  check_embedding_ctx_length=False)
    assert embeddings.embed_query("a") == pytest.approx(r.VECTOR)
    assert len(embeddings.embed_documents(["a", "b"])) == 2
