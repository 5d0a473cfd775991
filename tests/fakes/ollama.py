"""An Ollama on its own API (`/api/...`): models that are loaded with a window, and its way to say no.

`Engine` is a script for `Upstream`; the functions make single answers. Shapes as in tests/golden/ollama.
"""

import json

from . import replies as r

CREATED = "2026-08-21T10:00:00.123456789Z"
DURATIONS = {"total_duration": 5_000_000_000, "load_duration": 1_000_000_000, "prompt_eval_duration": 500_000_000,
             "eval_duration": 3_000_000_000}
NDJSON_HEAD = r.head(200, (("Content-Type", "application/x-ndjson"), ("Transfer-Encoding", "chunked")))


# --- single lines and answers


def line(content="", model="m", **more):
    """One line in the middle of a stream; `message` adds to the message."""
    message = {"role": "assistant", "content": content, **more.pop("message", {})}
    return {"model": model, "created_at": CREATED, "message": message, "done": False, **more}


def done(model="m", prompt=11, answer=5, reason="stop", content="", **more):
    """The last line, or a whole answer. Ollama leaves figures out that are 0."""
    counts = {"prompt_eval_count": prompt, "eval_count": answer}
    return {**line(content, model), "done": True, "done_reason": reason, **DURATIONS,
            **{name: value for name, value in counts.items() if value}, **more}


def text_line(response="", model="m", **more):
    """One line of `/api/generate`."""
    return {"model": model, "created_at": CREATED, "response": response, "done": False, **more}


def text_done(model="m", prompt=11, answer=5, reason="stop", response="", **more):
    """Its last line, or a whole answer."""
    last = done(model, prompt, answer, reason, **more)
    del last["message"]
    return {**last, "response": response}


def ndjson(*items, tail=(r.LAST_CHUNK,)):
    """A stream: mappings become a line and a chunk each, bytes a chunk, actions are performed."""
    actions = [NDJSON_HEAD]
    for item in items:
        if isinstance(item, dict):
            item = json.dumps(item, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"
        actions.append(r.chunk(item) if isinstance(item, bytes) else item)
    return r.steps(*actions, *tail)


def whole(answer, status=200):
    return r.whole(answer, status=status, content_type="application/json; charset=utf-8")


def refusal(status, message):
    return whole({"error": message}, status=status)


def call(name, arguments, **more):
    return {"function": {"name": name, "arguments": arguments}, **more}


BUSY = refusal(503, "server busy, please try again.  maximum pending requests exceeded")
TOO_LONG = refusal(400, "the prompt is longer than the context length currently available to the model; shorten the "
                        "prompt, or ask for a larger context")
TOO_LONG_NESTED = refusal(400, json.dumps({"error": {
    "code": 400, "message": "request (13392 tokens) exceeds the available context size (4096 tokens), try increasing "
    "it", "type": "exceed_context_size_error", "n_prompt_tokens": 13392, "n_ctx": 4096}}))
DIED = "model runner has unexpectedly stopped, this may be due to resource limitations or an internal error"


# --- an engine


class Engine:
    """Answers like an Ollama whose models are `models`: name to what differs from the usual.

    `loads` is what it loaded, in order: a model with another `num_ctx` than it is loaded with is loaded anew.
    """

    def __init__(self, models=("served-model",), text=None, window=4096):
        self.models = {name: {} for name in models} if not isinstance(models, dict) else models
        self.text = text
        self.window = window  # of models that nobody asks for another of
        self.loaded = {}
        self.loads = []

    def facts(self, model, name, usual):
        return self.models.get(model, {}).get(name, usual)

    async def __call__(self, turn):
        pages = {"/api/chat": self.chat, "/api/generate": self.generate, "/api/embed": self.embed, "/api/ps": self.ps, "/api/tags": self.tags,
                 "/api/show": self.show, "/api/version": lambda _: whole({"version": "0.33.0"}),
                 "/v1/models": self.models_page,
                 "/": lambda _: r.whole(b"Ollama is running", content_type="text/plain; charset=utf-8")}
        page = pages.get(turn.request.path)
        reply = page(turn) if page else r.whole(b"404 page not found", status=404, content_type="text/plain")
        await reply(turn)

    def load(self, model, options):
        window = min(options.get("num_ctx", self.loaded.get(model, self.window)), self.facts(model, "trained", 131_072))
        if self.loaded.get(model) != window:
            self.loaded[model] = window
            self.loads.append((model, window))
        return window

    def known(self, model):
        return model in self.models or model.removesuffix(":latest") in self.models

    def chat(self, turn):
        asked = turn.request.json
        model = asked["model"]
        if not self.known(model):
            return refusal(404, f"model '{model}' not found")
        for feature, wish in (("tools", "tools"), ("thinking", "think")):
            if asked.get(wish) and not self.facts(model, feature, True):
                return refusal(400, f'"{model}" does not support {feature}')
        window = self.load(model, asked.get("options") or {})
        prompt = sum(len(message.get("content") or "") for message in asked["messages"]) // 4 + 1
        if prompt > window:
            if asked.get("truncate", True) is False and not self.facts(model, "always_cuts", False):
                return TOO_LONG
            prompt = window
        text = self.text or f"Hello from {turn.upstream.name}."
        last = done(model, prompt=prompt)
        if asked.get("tools"):
            last["message"]["tool_calls"] = [call("get_weather", {"city": "Bern"})]
            text = ""
        if asked.get("think") and not asked.get("tools"):
            last["message"]["thinking"] = "let me think"
        if asked.get("stream", True) is False:
            last["message"]["content"] = text
            return whole(last)
        return ndjson(*[line(piece, model) for piece in r.words(text) if piece], last)

    def generate(self, turn):
        asked = turn.request.json
        model = asked["model"]
        if not self.known(model):
            return refusal(404, f"model '{model}' not found")
        if asked.get("suffix") and not self.facts(model, "insert", True):
            return refusal(400, f"registry.ollama.ai/library/{model} does not support insert")
        window = self.load(model, asked.get("options") or {})
        prompt = len(asked["prompt"]) // 4 + 1
        if prompt > window:
            if asked.get("truncate", True) is False and not self.facts(model, "always_cuts", False):
                return TOO_LONG
            prompt = window
        text = self.text or f"Hello from {turn.upstream.name}."
        last = text_done(model, prompt=prompt, context=[*(asked.get("context") or []), 7])
        if asked.get("stream", True) is False:
            return whole({**last, "response": text})
        return ndjson(*[text_line(piece, model) for piece in r.words(text) if piece], last)

    def embed(self, turn):
        asked = turn.request.json
        if not self.known(asked["model"]):
            return refusal(404, f"model '{asked['model']}' not found")
        texts = asked["input"] if isinstance(asked["input"], list) else [asked["input"]]
        window = self.load(asked["model"], asked.get("options") or {})
        if asked.get("truncate", True) is False and any(len(text) // 4 > window for text in texts):
            return refusal(400, "the input length exceeds the context length")
        return whole({"model": asked["model"], "embeddings": [r.VECTOR for _ in texts], "total_duration": 14_143_917,
                      "load_duration": 1_019_500, "prompt_eval_count": 4})

    def ps(self, _):
        return whole({"models": [
            {"name": name, "model": name, "size": 10, "size_vram": 8, "context_length": window}
            for name, window in self.loaded.items()]})

    def tags(self, _):
        return whole({"models": [{"name": name, "model": name} for name in self.models]})

    def models_page(self, _):
        return whole({"object": "list", "data": [
            {"id": name, "object": "model", "created": r.CREATED, "owned_by": "library"} for name in self.models]})

    def show(self, turn):
        model = turn.request.json["model"]
        if not self.known(model):
            return refusal(404, f"model '{model}' not found")
        return whole({"parameters": "", "template": "", "details": {"family": "llama"}, "model_info": {
            "general.architecture": "llama", "llama.context_length": self.facts(model, "trained", 131_072)},
            "capabilities": ["completion", "tools", "thinking"]})
