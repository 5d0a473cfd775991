"""Ready-made scripts for `Upstream`: how OpenAI-compatible servers answer, well and badly.

A script is a coroutine function of a `Turn`. Small actions (`STALL`, `RESET`, `CUT`, `pause`) can be
strung together with bytes by `steps`.
"""

import base64
import json
import struct

CREATED = 1_700_000_000
USAGE = {"prompt_tokens": 11, "completion_tokens": 5, "total_tokens": 16}
REASONS = {200: "OK", 400: "Bad Request", 401: "Unauthorized", 404: "Not Found", 429: "Too Many Requests",
           500: "Internal Server Error", 503: "Service Unavailable"}


# --- actions


async def STALL(turn):
    await turn.stall()


async def RESET(turn):
    await turn.reset()


async def CUT(turn):
    await turn.cut()


def pause(seconds):
    async def action(turn):
        await turn.pause(seconds)

    return action


def hold(event):
    """Waits for the test to set `event`."""

    async def action(turn):
        await turn.until(event)

    return action


def chunk(data):
    """One chunk of a chunked body."""
    return b"%x\r\n%s\r\n" % (len(data), data)


LAST_CHUNK = b"0\r\n\r\n"


def steps(*actions):
    """Sends bytes and performs actions, in order."""

    async def script(turn):
        for action in actions:
            if isinstance(action, bytes):
                await turn.send(action)
            else:
                await action(turn)

    return script


# --- heads


def head(status=200, headers=(), reason=None):
    text = f"HTTP/1.1 {status} {reason or REASONS.get(status, 'Status')}\r\n"
    for name, value in headers:
        text += f"{name}: {value}\r\n"
    return text.encode("latin-1") + b"\r\n"


SSE_HEADERS = (("Content-Type", "text/event-stream; charset=utf-8"), ("Transfer-Encoding", "chunked"))
SSE_HEAD = head(200, SSE_HEADERS)


def whole(body, status=200, headers=(), content_type="application/json"):
    """A complete answer with Content-Length."""
    if not isinstance(body, bytes):
        body = json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()
    fields = [("Content-Type", content_type), ("Content-Length", str(len(body))), *headers]
    return steps(head(status, fields) + body)


def status(code, message="no", headers=(), kind="server_error", error_code=None, param=None):
    """An error in OpenAI's shape."""
    error = {"message": message, "type": kind, "param": param, "code": error_code}
    return whole({"error": error}, status=code, headers=headers)


# --- chat, whole and streamed


def chat(text, model="m", usage=USAGE, finish="stop", **more):
    message = {"role": "assistant", "content": text, "refusal": None, **more.pop("message", {})}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": finish}
    answer = {"id": "chatcmpl-fake", "object": "chat.completion", "created": CREATED, "model": model,
              "choices": [choice]}
    if usage is not None:
        answer["usage"] = usage
    return {**answer, **more}


def delta(content, model="m", finish=None, **more):
    choice = {"index": 0, "delta": content, "logprobs": None, "finish_reason": finish}
    return {"id": "chatcmpl-fake", "object": "chat.completion.chunk", "created": CREATED, "model": model,
            "choices": [choice], **more}


def sse(payload):
    """One event, as OpenAI writes it."""
    if isinstance(payload, bytes):
        return b"data: " + payload + b"\n\n"
    return b"data: " + json.dumps(payload, separators=(",", ":"), ensure_ascii=False).encode() + b"\n\n"


DONE = b"data: [DONE]\n\n"
ROLE = sse(delta({"role": "assistant", "content": "", "refusal": None}))
FINISH = sse(delta({}, finish="stop"))
USAGE_EVENT = sse({"id": "chatcmpl-fake", "object": "chat.completion.chunk", "created": CREATED,
                   "model": "m", "choices": [], "usage": USAGE})


def words(text):
    """The text cut in pieces as a model would: each word with its blank."""
    pieces = text.split(" ")
    return [piece if number == 0 else " " + piece for number, piece in enumerate(pieces)]


def text_events(text):
    return [sse(delta({"content": piece})) for piece in words(text)]


def stream(*pieces, tail=(LAST_CHUNK,)):
    """A chunked event stream: bytes become one chunk each, actions are performed."""
    actions = [SSE_HEAD]
    for piece in pieces:
        actions.append(chunk(piece) if isinstance(piece, bytes) else piece)
    return steps(*actions, *tail)


def streamed(text, with_usage=True, usage=USAGE_EVENT):
    """A whole, well-formed stream."""
    end = [FINISH] + ([usage] if with_usage else []) + [DONE]
    return stream(ROLE, *text_events(text), *end)


TOOL_CALL = {"id": "call_1", "type": "function",
             "function": {"name": "get_weather", "arguments": '{"city":"Bern"}'}}


def tool_events():
    first = {"index": 0, "id": "call_1", "type": "function",
             "function": {"name": "get_weather", "arguments": ""}}
    return [
        sse(delta({"role": "assistant", "content": None, "tool_calls": [first]})),
        sse(delta({"tool_calls": [{"index": 0, "function": {"arguments": '{"city"'}}]})),
        sse(delta({"tool_calls": [{"index": 0, "function": {"arguments": ':"Bern"}'}}]})),
        sse(delta({}, finish="tool_calls")),
    ]


# --- embeddings

VECTOR = [0.5, -0.25, 1.0, 3.0e-5]


def base64_of(vector):
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()


def embeddings(request, encoding=None):
    """`encoding` overrides what was asked for, as servers do that know only one."""
    asked = request.json
    encoding = encoding or asked.get("encoding_format", "float")
    count = len(asked["input"]) if isinstance(asked["input"], list) else 1
    vector = base64_of(VECTOR) if encoding == "base64" else VECTOR
    rows = [{"object": "embedding", "index": index, "embedding": vector} for index in range(count)]
    return {"object": "list", "data": rows, "model": asked["model"],
            "usage": {"prompt_tokens": 4, "total_tokens": 4}}


def embeddings_only(encoding):
    async def script(turn):
        await whole(embeddings(turn.request, encoding))(turn)

    return script


# --- the model citizen


class _AnyModel(dict):
    """Models of every name."""

    def __contains__(self, _name):
        return True


def well_behaved(text=None):
    """Answers every OpenAI endpoint as OpenAI does, streamed when asked to, and Ollama's beside them."""
    from . import ollama

    engine = ollama.Engine(_AnyModel({"served-model": {}}), text=text)

    async def script(turn):
        request = turn.request
        if request.path in ("/api/chat", "/api/embed", "/api/show"):
            return await engine(turn)
        words_of_mine = text or f"Hello from {turn.upstream.name}."
        asked = request.json if request.body.startswith(b"{") else {}
        model = asked.get("model", "m")
        reply = None
        if request.path.endswith("/chat/completions"):
            reply = _chat_reply(asked, words_of_mine, model)
        elif request.path.endswith("/completions"):
            reply = _completions_reply(asked, words_of_mine, model)
        elif request.path.endswith("/embeddings"):
            reply = whole(embeddings(request))
        elif request.path.endswith("/models"):
            reply = whole({"object": "list", "data": [
                {"id": "served-model", "object": "model", "created": CREATED, "owned_by": "fake"}]})
        elif request.path in ("/api/tags", "/api/ps"):
            reply = whole({"models": [{"name": "served-model", "model": "served-model"}]})
        elif request.path == "/api/version":
            reply = whole({"version": "0.33.0"})
        else:
            reply = whole({"object": "echo", "path": request.path, "model": model})
        await reply(turn)

    return script


def _chat_reply(asked, text, model):
    with_usage = (asked.get("stream_options") or {}).get("include_usage", False)
    if asked.get("tools"):
        if asked.get("stream"):
            return stream(*tool_events(), *([USAGE_EVENT] if with_usage else []), DONE)
        return whole(chat(None, model, finish="tool_calls", message={"tool_calls": [TOOL_CALL]}))
    if asked.get("stream"):
        return streamed(text, with_usage=with_usage)
    return whole(chat(text, model))


def _completions_reply(asked, text, model):
    base = {"id": "cmpl-fake", "object": "text_completion", "created": CREATED, "model": model}
    if not asked.get("stream"):
        choice = {"text": text, "index": 0, "logprobs": None, "finish_reason": "stop"}
        return whole({**base, "choices": [choice], "usage": USAGE})
    with_usage = (asked.get("stream_options") or {}).get("include_usage", False)
    events = [sse({**base, "choices": [
        {"text": piece, "index": 0, "logprobs": None, "finish_reason": None}]}) for piece in words(text)]
    events.append(sse({**base, "choices": [
        {"text": "", "index": 0, "logprobs": None, "finish_reason": "stop"}]}))
    if with_usage:
        events.append(sse({**base, "choices": [], "usage": USAGE}))
    return stream(*events, DONE)


# --- how real servers say no (wire.md 1.5, 2.1, 3.5, 4, 5)

OPENAI_CONTEXT = status(
    400, "This model's maximum context length is 8192 tokens. However, your messages resulted in 9001 "
    "tokens. Please reduce the length of the messages.", kind="invalid_request_error",
    error_code="context_length_exceeded", param="messages")
OPENAI_QUOTA = status(429, "You exceeded your current quota.", kind="insufficient_quota",
                      error_code="insufficient_quota")
VLLM_CONTEXT = whole({"error": {
    "message": "This model's maximum context length is 4096 tokens. However, you requested 512 output "
    "tokens and your prompt contains at least 3585 input tokens, for a total of at least 4097 tokens. "
    "Please reduce the length of the input prompt or the number of requested output tokens.",
    "type": "BadRequestError", "param": None, "code": 400}}, status=400)
VLLM_MISSING = whole({"error": {"message": "The model `x` does not exist.", "type": "NotFoundError",
                                "param": None, "code": 404}}, status=404)
LLAMACPP_CONTEXT = whole({"error": {
    "code": 400, "message": "request (13392 tokens) exceeds the available context size (8192 tokens), "
    "try increasing it", "type": "exceed_context_size_error", "n_prompt_tokens": 13392, "n_ctx": 8192}},
    status=400)
LLAMACPP_LOADING = whole({"error": {"code": 503, "message": "Loading model", "type": "unavailable_error"}},
                         status=503)
OLLAMA_CONTEXT = whole({"error": {
    "message": "the prompt is longer than the context length currently available to the model; shorten "
    "the prompt", "type": "invalid_request_error", "param": None, "code": None}}, status=400)
OLLAMA_BUSY = whole({"error": {
    "message": "server busy, please try again.  maximum pending requests exceeded", "type": "api_error",
    "param": None, "code": None}}, status=503)
ANTHROPIC_CONTEXT = whole({"type": "error", "error": {
    "type": "invalid_request_error", "message": "prompt is too long: 213462 tokens > 200000 maximum"},
    "request_id": "req_1"}, status=400)
ANTHROPIC_OVERLOADED = whole({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"},
                              "request_id": "req_2"}, status=529)
GEMINI_CONTEXT = whole([{"error": {
    "code": 400, "message": "The input token count (1200000) exceeds the maximum number of tokens allowed "
    "(1048576).", "status": "INVALID_ARGUMENT"}}], status=400)
GEMINI_EXHAUSTED = whole([{"error": {"code": 429, "message": "Quota exceeded.", "status": "RESOURCE_EXHAUSTED",
                                     "details": []}}], status=429)
OPENROUTER_ERROR_IN_200 = whole({"error": {"code": 502, "message": "Provider returned error",
                                           "metadata": {"provider_name": "x"}}})
CONTENT_POLICY = status(400, "The response was filtered due to the prompt triggering our content management "
                        "policy.", kind="invalid_request_error", error_code="content_filter")

ERROR_EVENT = sse({"error": {"message": "engine exploded", "type": "server_error", "param": None, "code": None}})
VLLM_OLD_ERROR_EVENT = sse({"object": "error", "message": "engine exploded", "type": "internal", "code": 500})
OPENROUTER_ERROR_EVENT = sse({**delta({"content": ""}, finish="error"),
                              "error": {"code": 502, "message": "Provider disconnected"}})
NAMED_ERROR_EVENT = b"event: error\n" + ERROR_EVENT
