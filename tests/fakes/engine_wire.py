"""What the scripted engine says on the wire, as Ollama, llama.cpp or vLLM (wire.md 2, 5)."""

import json

from . import replies as r

CREATED_AT = "2026-11-21T12:00:00.000000000Z"
NDJSON_HEAD = r.head(200, (("Content-Type", "application/x-ndjson"), ("Transfer-Encoding", "chunked")))
BUSY = "server busy, please try again.  maximum pending requests exceeded"
TOO_LONG = ("the prompt is longer than the context length currently available to the model; shorten the prompt, "
            "increase the context length, or enable truncation")


async def answer(engine, turn):
    """The answer to one request, whatever it is."""
    request = turn.request
    handler = ROUTES[engine.flavour].get(request.path)
    if engine.flavour != "ollama" and engine.loading() and request.path != "/v1/models":
        await _llama_error(503, "Loading model", "unavailable_error")(turn)
    elif handler is None:
        await r.whole(b"404 page not found", 404, content_type="text/plain")(turn)
    else:
        await handler(engine, turn, request.json if request.body.startswith(b"{") else {})


# --- errors


def _ollama_error(status, message):
    return r.whole({"error": message}, status)


def _llama_error(status, message, kind, **more):
    return r.whole({"error": {"code": status, "message": message, "type": kind, **more}}, status)


def _vllm_error(status, message, kind):
    return r.whole({"error": {"message": message, "type": kind, "param": None, "code": status}}, status)


def _too_long(engine, native, tokens, window, wanted):
    if engine.flavour == "ollama":
        return _ollama_error(400, TOO_LONG) if native else r.status(400, TOO_LONG, kind="invalid_request_error")
    if engine.flavour == "llama_cpp":
        return _llama_error(400, f"request ({tokens} tokens) exceeds the available context size ({window} tokens), "
                            "try increasing it", "exceed_context_size_error", n_prompt_tokens=tokens, n_ctx=window)
    return _vllm_error(400, f"This model's maximum context length is {window} tokens. However, you requested "
                       f"{wanted or 0} output tokens and your prompt contains at least {tokens} input tokens, for a "
                       f"total of at least {tokens + (wanted or 0)} tokens. Please reduce the length of the input "
                       "prompt or the number of requested output tokens.", "BadRequestError")


def _busy(native):
    return _ollama_error(503, BUSY) if native else r.status(503, BUSY, kind="api_error")


def _missing(engine, native, name):
    if engine.flavour == "vllm":
        return _vllm_error(404, f"The model `{name}` does not exist.", "NotFoundError")
    message = f"model '{name}' not found"
    return _ollama_error(404, message) if native else r.status(404, message, kind="not_found_error")


# --- one request for tokens


def _text(content):
    if isinstance(content, list):
        return "".join(part.get("text", "") for part in content)
    return content or ""


def _prompt(asked):
    if "messages" in asked:
        return "\n".join(_text(message.get("content")) for message in asked["messages"])
    held = asked.get("prompt", asked.get("input", ""))
    return "\n".join(map(str, held)) if isinstance(held, list) else held


def _model(engine, name):
    if engine.flavour == "llama_cpp":  # has one, whatever it is called
        return next(iter(engine.known.values()))
    return engine.known.get(name) or engine.known.get(name.removesuffix(":latest"))


async def _job(engine, turn, asked, native):
    """The job for a request, or None when it was refused at once."""
    from .engine import Job

    model = _model(engine, asked.get("model", ""))
    if model is None:
        await _missing(engine, native, asked.get("model"))(turn)
        return None
    options = asked.get("options") or {}
    most = options.get("num_predict") if native else asked.get("max_completion_tokens", asked.get("max_tokens"))
    window = options.get("num_ctx", model.window) if native else model.window
    job = Job(model, _prompt(asked), window, most if most is None or most >= 0 else None)
    cuts = engine.flavour == "ollama" and asked.get("truncate", True)
    if cuts:
        job.prompt_tokens = min(job.prompt_tokens, window)
    over = job.prompt_tokens + (job.most or 0 if engine.flavour == "vllm" else 0) > window
    if over:
        await _too_long(engine, native, job.prompt_tokens, window, job.most)(turn)
        return None
    return job


async def _work(engine, turn, job, native, answered):
    """Runs `answered` with a slot; refuses when the queue is full."""
    from .engine import Busy

    try:
        async with engine.work(turn, job):
            await answered()
    except Busy:
        await _busy(native)(turn)


async def _tokens(engine, turn, job):
    for piece in job.pieces():
        await engine.spend(turn, "token", job.model, 1 / job.model.decode)
        yield piece


def _finish(job):
    words = len(job.model.answer.split(" "))
    return "length" if job.most is not None and job.most < words else "stop"


# --- Ollama's own


def _nanoseconds(seconds):
    return round(seconds * 1_000_000_000)


def _measures(job, generated):
    found = {"load_duration": _nanoseconds(job.load_seconds), "prompt_eval_count": job.evaluated,
             "prompt_eval_duration": _nanoseconds(job.prefill_seconds), "eval_count": generated,
             "eval_duration": _nanoseconds(generated / job.model.decode)}
    found["total_duration"] = sum(value for name, value in found.items() if name.endswith("_duration"))
    return {name: value for name, value in found.items() if value}  # as Go does, zeros are left out


def _speaks(generate):
    """A handler of /api/chat or /api/generate."""

    def line(job, piece, done, **more):
        said = {"response": piece} if generate else {"message": {"role": "assistant", "content": piece}}
        return {"model": job.model.name, "created_at": CREATED_AT, **said, "done": done, **more}

    async def handler(engine, turn, asked):
        if not generate and not asked.get("messages") or generate and not asked.get("prompt"):
            await _load_only(engine, turn, asked, line)
            return
        job = await _job(engine, turn, asked, native=True)
        if job is None:
            return

        async def answered():
            said = []
            begun = False
            async for piece in _tokens(engine, turn, job):
                said.append(piece)
                if asked.get("stream", True):
                    if not begun:  # the head comes with the first token
                        await turn.send(NDJSON_HEAD)
                        begun = True
                    await turn.chunk(_line(line(job, piece, False)))
            end = {"done_reason": _finish(job), **_measures(job, len(said))}
            if asked.get("stream", True):
                await turn.send(b"" if begun else NDJSON_HEAD)
                await turn.chunk(_line(line(job, "", True, **end)))
                await turn.end_chunks()
            else:
                await r.whole(line(job, "".join(said), True, **end))(turn)

        await _work(engine, turn, job, True, answered)

    return handler


def _line(value):
    return json.dumps(value, separators=(",", ":")).encode() + b"\n"


async def _load_only(engine, turn, asked, line):
    """Without a prompt Ollama loads the model, or with keep_alive 0 puts it away."""
    job = await _job(engine, turn, {**asked, "messages": []}, native=True)
    if job is None:
        return
    if asked.get("keep_alive") == 0:
        engine.unload(job.model.name)
        await r.whole(line(job, "", True, done_reason="unload"))(turn)
        return

    async def answered():
        await r.whole(line(job, "", True, done_reason="load"))(turn)

    await _work(engine, turn, job, True, answered)


async def _embed(engine, turn, asked):
    held = asked.get("input", asked.get("prompt", ""))
    texts = held if isinstance(held, list) else [held]
    job = await _job(engine, turn, asked, native=True)
    if job is None:
        return

    async def answered():
        vectors = [vector(text, asked.get("dimensions") or job.model.dimensions) for text in texts]
        if turn.request.path == "/api/embeddings":
            await r.whole({"embedding": vectors[0]})(turn)
        else:
            await r.whole({"model": job.model.name, "embeddings": vectors, **{
                name: value for name, value in _measures(job, 0).items() if name != "prompt_eval_duration"}})(turn)

    await _work(engine, turn, job, True, answered)


def vector(text, dimensions):
    """One that depends on the text, so that an order of vectors can be told from another."""
    seed = sum((place + 1) * byte for place, byte in enumerate(text.encode()))
    return [((seed * (axis + 1)) % 101) / 101 for axis in range(dimensions)]


def _details(model):
    return {"parent_model": "", "format": "gguf", "family": "llama", "families": ["llama"], "parameter_size": "8.0B",
            "quantization_level": "Q4_K_M"}


def _row(model, **more):
    return {"name": _tagged(model.name), "model": _tagged(model.name), "size": model.memory, "digest": "0" * 64,
            "details": _details(model), **more}


def _tagged(name):
    return name if ":" in name else name + ":latest"


async def _tags(engine, turn, _asked):
    await r.whole({"models": [_row(model, modified_at=CREATED_AT, capabilities=_capabilities(model))
                              for model in engine.known.values()]})(turn)


def _capabilities(model):
    return ["embedding"] if model.embeds else ["completion", "tools"]


async def _ps(engine, turn, _asked):
    rows = [_row(runner.model, size_vram=runner.model.memory, expires_at=CREATED_AT, context_length=runner.window)
            for runner in list(engine.runners) if not runner.loading]
    await r.whole({"models": rows})(turn)


async def _show(engine, turn, asked):
    model = _model(engine, asked.get("model", asked.get("name", "")))
    if model is None:
        await _missing(engine, True, asked.get("model"))(turn)
        return
    await r.whole({"parameters": "", "template": "{{ .Prompt }}", "details": _details(model),
                   "model_info": {"general.architecture": "llama", "llama.context_length": 131072},
                   "capabilities": _capabilities(model)})(turn)


# --- OpenAI's, as all three have it


async def _chat(engine, turn, asked):
    job = await _job(engine, turn, asked, native=False)
    if job is None:
        return
    named = job.model.name if engine.flavour != "llama_cpp" else "gpt-3.5-turbo"
    with_usage = (asked.get("stream_options") or {}).get("include_usage", False)

    async def answered():
        said = []
        begun = False
        async for piece in _tokens(engine, turn, job):
            said.append(piece)
            if asked.get("stream"):
                if not begun:
                    await turn.send(r.SSE_HEAD)
                    await turn.chunk(r.sse(r.delta({"role": "assistant", "content": None}, named)))
                    begun = True
                await turn.chunk(r.sse(r.delta({"content": piece}, named)))
        usage = {"prompt_tokens": job.prompt_tokens, "completion_tokens": len(said),
                 "total_tokens": job.prompt_tokens + len(said)}
        timings = {"timings": _timings(job, len(said))} if engine.flavour == "llama_cpp" else {}
        if not asked.get("stream"):
            await r.whole(r.chat("".join(said), named, usage=usage, finish=_finish(job), **timings))(turn)
            return
        await turn.send(b"" if begun else r.SSE_HEAD)
        await turn.chunk(r.sse(r.delta({}, named, finish=_finish(job))))
        if with_usage:
            await turn.chunk(r.sse({**r.delta({}, named), "choices": [], "usage": usage, **timings}))
        await turn.chunk(r.DONE)
        await turn.end_chunks()

    await _work(engine, turn, job, False, answered)


def _timings(job, generated):
    decode_ms = 1000 * generated / job.model.decode
    return {"cache_n": job.cached_tokens, "prompt_n": job.evaluated, "prompt_ms": 1000 * job.prefill_seconds,
            "predicted_n": generated, "predicted_ms": decode_ms, "predicted_per_second": job.model.decode}


async def _embeddings(engine, turn, asked):
    job = await _job(engine, turn, asked, native=False)
    if job is None:
        return
    texts = asked["input"] if isinstance(asked["input"], list) else [asked["input"]]

    async def answered():
        rows = []
        for index, text in enumerate(texts):
            found = vector(text, asked.get("dimensions") or job.model.dimensions)
            encoded = r.base64_of(found) if asked.get("encoding_format") == "base64" else found
            rows.append({"object": "embedding", "index": index, "embedding": encoded})
        await r.whole({"object": "list", "data": rows, "model": job.model.name,
                       "usage": {"prompt_tokens": job.prompt_tokens, "total_tokens": job.prompt_tokens}})(turn)

    await _work(engine, turn, job, False, answered)


async def _models(engine, turn, _asked):
    owner = {"ollama": "library", "llama_cpp": "llamacpp", "vllm": "vllm"}[engine.flavour]
    rows = []
    for model in engine.known.values():
        row = {"id": model.name, "object": "model", "created": r.CREATED, "owned_by": owner}
        if engine.flavour == "vllm":
            row |= {"root": model.name, "parent": None, "max_model_len": model.window, "permission": []}
        if engine.flavour == "llama_cpp":
            row |= {"meta": {"n_ctx_train": 131072, "n_vocab": 32000}}
        rows.append(row)
    await r.whole({"object": "list", "data": rows})(turn)


# --- how the engine is


def _fixed(body, **more):
    async def handler(_engine, turn, _asked):
        await r.whole(body, **more)(turn)

    return handler


async def _props(engine, turn, _asked):
    runner = engine.runners[0]
    await r.whole({"default_generation_settings": {"id": 0, "n_ctx": runner.window},
                   "total_slots": runner.model.slots, "model_path": runner.model.name, "chat_template": "",
                   "build_info": "b11434-0000000"})(turn)


async def _slots(engine, turn, _asked):
    if not engine.shows_slots:
        await _llama_error(501, "This server does not support slots endpoint. Start it with `--slots`",
                           "not_supported_error")(turn)
        return
    runner = engine.runners[0]
    await r.whole([{"id": number, "id_task": -1 if job is None else number, "n_ctx": runner.window,
                    "speculative": False, "is_processing": job is not None}
                   for number, job in enumerate(runner.slots)])(turn)


async def _metrics(engine, turn, _asked):
    running, waiting = engine.working(), engine.waiting()
    if engine.flavour == "llama_cpp":
        if not engine.shows_metrics:
            await _llama_error(501, "This server does not support metrics endpoint. Start it with `--metrics`",
                               "not_supported_error")(turn)
            return
        rows = (("llamacpp:requests_processing", running), ("llamacpp:requests_deferred", waiting))
    else:
        name = next(iter(engine.known))
        labels = f'{{engine="0",model_name="{name}"}}'
        rows = ((f"vllm:num_requests_running{labels}", f"{running:.1f}"),
                (f"vllm:num_requests_waiting{labels}", f"{waiting:.1f}"))
    text = "".join(f"# HELP {name.split('{')[0]} What it says.\n# TYPE {name.split('{')[0]} gauge\n{name} {value}\n"
                   for name, value in rows)
    await r.whole(text.encode(), content_type="text/plain; version=0.0.4")(turn)


async def _tokenize(engine, turn, asked):
    model = _model(engine, asked.get("model", "")) or next(iter(engine.known.values()))
    if engine.flavour == "llama_cpp":
        await r.whole({"tokens": list(range(model.count(asked.get("content", ""))))})(turn)
        return
    tokens = model.count(_prompt(asked))
    await r.whole({"count": tokens, "max_model_len": model.window, "tokens": list(range(tokens)),
                   "token_strs": None})(turn)


OPENAI = {"/v1/chat/completions": _chat, "/v1/embeddings": _embeddings, "/v1/models": _models}
ROUTES = {
    "ollama": {
        **OPENAI, "/": _fixed(b"Ollama is running", content_type="text/plain"),
        "/api/version": _fixed({"version": "0.33.0"}), "/api/chat": _speaks(generate=False),
        "/api/generate": _speaks(generate=True), "/api/embed": _embed, "/api/embeddings": _embed,
        "/api/tags": _tags, "/api/ps": _ps, "/api/show": _show},
    "llama_cpp": {
        **OPENAI, "/health": _fixed({"status": "ok"}), "/v1/health": _fixed({"status": "ok"}), "/props": _props,
        "/slots": _slots, "/metrics": _metrics, "/tokenize": _tokenize},
    "vllm": {
        **OPENAI, "/health": _fixed(b"", content_type="text/plain"), "/version": _fixed({"version": "0.20.0"}),
        "/metrics": _metrics, "/tokenize": _tokenize},
}
