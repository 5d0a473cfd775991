"""The official openai SDK for Python against the running binary."""

import asyncio

import openai
import pytest
from openai import AsyncOpenAI, OpenAI

from fakes import replies as r
from harness.daemon import deployment, in_parallel
from harness.waiting import wait_until

HELLO = [{"role": "user", "content": "hi"}]
WEATHER = [{"type": "function", "function": {
    "name": "get_weather", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}}}]


@pytest.fixture
def client(gateway):
    with OpenAI(base_url=gateway.base, api_key=gateway.key, max_retries=0, timeout=20) as made:
        yield made


def test_chat(client, upstream):
    answer = client.chat.completions.create(model="m", messages=HELLO)
    assert answer.choices[0].message.content == "Hello from engine."
    assert answer.choices[0].finish_reason == "stop"
    assert answer.usage.total_tokens == 16


def test_chat_without_the_v1_prefix(gateway, upstream):
    client = OpenAI(base_url=gateway.base.removesuffix("/v1"), api_key=gateway.key)
    assert client.chat.completions.create(model="m", messages=HELLO).choices


def test_stream_without_usage(client, upstream):
    chunks = list(client.chat.completions.create(model="m", messages=HELLO, stream=True))
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == "Hello from engine."
    assert chunks[-1].choices[0].finish_reason == "stop"
    assert all(chunk.usage is None for chunk in chunks)


def test_stream_with_usage(client, upstream):
    chunks = list(client.chat.completions.create(model="m", messages=HELLO, stream=True,
                                                 stream_options={"include_usage": True}))
    assert chunks[-1].choices == [] and chunks[-1].usage.prompt_tokens == 11


def test_tools(client, upstream):
    answer = client.chat.completions.create(model="m", messages=HELLO, tools=WEATHER)
    call = answer.choices[0].message.tool_calls[0]
    assert (call.function.name, call.function.arguments) == ("get_weather", '{"city":"Bern"}')
    assert upstream.requests[0].json["tools"] == WEATHER


def test_streamed_tools(client, upstream):
    with client.chat.completions.stream(model="m", messages=HELLO, tools=WEATHER) as stream:
        final = stream.get_final_completion()
    assert final.choices[0].message.tool_calls[0].function.arguments == '{"city":"Bern"}'
    assert final.choices[0].finish_reason == "tool_calls"


@pytest.mark.parametrize("model", ("emb", "floats"))
def test_embeddings_as_the_sdk_asks_by_default(client, upstream, model):
    answer = client.embeddings.create(model=model, input=["a", "b"])
    assert upstream.requests[0].json["encoding_format"] == "base64"
    assert [row.embedding for row in answer.data] == [pytest.approx(r.VECTOR)] * 2


@pytest.mark.parametrize("model", ("emb", "floats"))
def test_embeddings_as_floats(client, upstream, model):
    answer = client.embeddings.create(model=model, input="a", encoding_format="float")
    assert answer.data[0].embedding == pytest.approx(r.VECTOR)


def test_completions(client, upstream):
    assert client.completions.create(model="m", prompt="x").choices[0].text == "Hello from engine."


def test_models(client, upstream):
    assert "ollama/llama3:8b" in [model.id for model in client.models.list()]
    assert client.models.retrieve("ollama/llama3:8b").id == "ollama/llama3:8b"
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("nobody")


def test_responses_pass_through(client, upstream):
    upstream.next(r.whole({"id": "resp_1", "object": "response", "status": "completed", "output": [], "model": "m",
                           "created_at": 1, "parallel_tool_calls": True, "tool_choice": "auto", "tools": [],
                           "usage": {"input_tokens": 3, "output_tokens": 2, "total_tokens": 5,
                                     "input_tokens_details": {"cached_tokens": 0},
                                     "output_tokens_details": {"reasoning_tokens": 0}}}))
    assert client.responses.create(model="m", input="x").id == "resp_1"


def test_errors_become_the_sdks_exceptions(client, gateway, upstream):
    with pytest.raises(openai.NotFoundError) as missing:
        client.chat.completions.create(model="nobody", messages=HELLO)
    assert missing.value.code == "model_not_found"
    with pytest.raises(openai.BadRequestError) as context:
        client.chat.completions.create(model="context", messages=HELLO)
    assert context.value.code == "context_length_exceeded"
    with pytest.raises(openai.RateLimitError):
        client.chat.completions.create(model="rate-limited", messages=HELLO)
    with pytest.raises(openai.InternalServerError):
        client.chat.completions.create(model="broken", messages=HELLO)
    with pytest.raises(openai.AuthenticationError):
        OpenAI(base_url=gateway.base, api_key="sk-wrong").chat.completions.create(model="m", messages=HELLO)


def test_the_sdk_does_not_multiply_our_retries(gateway, upstream):
    client = OpenAI(base_url=gateway.base, api_key=gateway.key, max_retries=2)
    for model in ("broken", "rate-limited"):
        upstream.forget()
        with pytest.raises(openai.APIStatusError) as failed:
            client.chat.completions.create(model=model, messages=HELLO)
        assert failed.value.response.headers["x-should-retry"] == "false"
        assert len(upstream.requests) == 1


def test_a_cut_stream_is_an_error_to_the_sdk(client, upstream):
    text = ""
    with pytest.raises(openai.APIError):
        for chunk in client.chat.completions.create(model="cut", messages=HELLO, stream=True):
            text += chunk.choices[0].delta.content or ""
    assert text == "one two"


def test_cancelling_a_stream_cancels_the_upstream(client, gateway, upstream):
    before = len(gateway.ledger)
    stream = client.chat.completions.create(model="slow", messages=HELLO, stream=True)
    for chunk in stream:
        if chunk.choices[0].delta.content:
            break
    stream.close()
    assert upstream.wait_for(lambda seen: seen.requests and not seen.running(), 3)
    wait_until(lambda: len(gateway.ledger) == before + 1, 5)
    assert gateway.ledger.records()[-1].outcome == "abandoned"


def test_the_async_client(gateway, upstream):
    async def talk():
        async with AsyncOpenAI(base_url=gateway.base, api_key=gateway.key) as client:
            answers = await asyncio.gather(*[
                client.chat.completions.create(model="m", messages=HELLO) for _ in range(20)])
            stream = await client.chat.completions.create(model="m", messages=HELLO, stream=True)
            text = "".join([chunk.choices[0].delta.content or "" async for chunk in stream])
            return answers, text

    answers, text = asyncio.run(talk())
    assert len(answers) == 20 and text == "Hello from engine."


def test_audio_transcription_is_multipart(client, upstream):
    upstream.next(r.whole({"text": "spoken"}))
    answer = client.audio.transcriptions.create(model="m", file=("a.wav", b"RIFF" + bytes(5000)))
    assert answer.text == "spoken"
    assert b'name="model"\r\n\r\nm\r\n' in upstream.requests[0].body


def test_extra_body_and_raw_headers(client, upstream):
    raw = client.chat.completions.with_raw_response.create(model="m", messages=HELLO, extra_body={"top_k": 7})
    assert raw.headers["x-litellm-call-id"]
    assert upstream.requests[0].json["top_k"] == 7


def test_an_answer_and_a_stream_with_their_explanation(workshop):
    daemon = workshop.serve(deployment("m", workshop.upstream("engine").base), routes={"auto": {"otherwise": ["m"]}})
    asked = {"model": "auto", "messages": HELLO, "metadata": {"explain": True}}
    with OpenAI(base_url=daemon.base, api_key=daemon.key, max_retries=0, timeout=20) as client:
        answer = client.chat.completions.create(**asked)
        assert answer.choices[0].message.content == "Hello from engine."
        assert answer.routing["chain"] == ["m"]
        chunks = list(client.chat.completions.create(**asked, stream=True))
        text = "".join(choice.delta.content or "" for chunk in chunks for choice in chunk.choices)
        assert text == "Hello from engine."
        assert chunks[-1].routing["route"] == "auto"
        with client.chat.completions.stream(model="auto", messages=HELLO, metadata={"explain": True}) as stream:
            assert stream.get_final_completion().choices[0].message.content == "Hello from engine."


def test_a_retry_with_its_idempotency_key_runs_and_a_later_one_gets_its_answer(workshop):
    upstream = workshop.upstream("engine")
    daemon = workshop.serve(deployment("m", upstream.base))
    upstream.next(r.steps(r.STALL))
    asked = {"model": "m", "messages": HELLO, "extra_headers": {"Idempotency-Key": "order-4711"}}
    with OpenAI(base_url=daemon.base, api_key=daemon.key, max_retries=1, timeout=2) as client:
        assert client.chat.completions.create(**asked).choices[0].message.content == "Hello from engine."
        again = client.chat.completions.with_raw_response.create(**asked)
        assert again.headers["x-spillway-idempotent-replay"] == "true"
        assert again.parse().choices[0].message.content == "Hello from engine."
    assert len(upstream.requests) == 2


def test_a_limit_of_ours_is_waited_for_by_the_sdk(workshop):
    upstream = workshop.upstream("engine")
    daemon = workshop.serve(deployment("m", upstream.base), rate_limits={"models": {"m": {"rpm": 60}}})
    in_parallel(70, lambda _: daemon.client.chat("m"))
    with OpenAI(base_url=daemon.base, api_key=daemon.key, max_retries=0, timeout=20) as hasty:
        def refused():
            try:
                hasty.chat.completions.create(model="m", messages=HELLO)
            except openai.RateLimitError as error:
                return error
        error = wait_until(refused, what="a refusal")
        assert error.code == "rate_limit_exceeded" and error.type == "rate_limit_error"
    with OpenAI(base_url=daemon.base, api_key=daemon.key, max_retries=4, timeout=20) as patient:
        assert patient.chat.completions.create(model="m", messages=HELLO).choices
