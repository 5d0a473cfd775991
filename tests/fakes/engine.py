"""A scripted local engine: an upstream with slots, loads, memory and speeds of its own.

It answers as Ollama, llama.cpp or vLLM do (`engine_wire`), but not from a script: what it says follows
from what it holds. Requests queue as in Ollama: in order of arrival; whoever needs a model that is not
loaded makes everybody behind it wait until there is room for it (idle models are put away, the one
unused for longest first) and it is loaded, one load at a time; requests for a loaded model go on to the
queue of its slots. Another `num_ctx` loads the model again.

How long things take is what its models say, times `pace`; at pace 0 nothing takes time, and the
durations that it reports are the models' all the same. A test steers it by events instead of times:

    engine.hold("load")       loads are begun and not finished ("prefill", "token" likewise)
    engine.release("load")    all of them go on; `count=2` lets two go on and keeps holding
    engine.working("a")       requests that have a slot; `waiting("a")` those that have not
    engine.loads["a"]         how often it was loaded; `evictions`, `refused`, `cancelled` likewise

Everything public may be called from the test's thread; `wait_for` (of `Upstream`) waits for conditions.
"""

import asyncio
import collections
import contextlib

from . import engine_wire as wire
from .upstream import PeerGone, Upstream

OLLAMA, LLAMA_CPP, VLLM = "ollama", "llama_cpp", "vllm"
STAGES = ("load", "prefill", "token")


class Model:
    """One model that an engine can load. Times in seconds, speeds in tokens per second."""

    def __init__(self, name, memory=1 << 30, load=2.0, prefill=1000.0, decode=50.0, slots=1, window=4096,
                 answer="one two three four five", embeds=False, dimensions=4, token_bytes=4):
        self.name = name
        self.memory = memory
        self.load = load
        self.prefill = prefill
        self.decode = decode
        self.slots = slots
        self.window = window  # of one slot, unless a request of Ollama's asks for another
        self.answer = answer
        self.embeds = embeds
        self.dimensions = dimensions
        self.token_bytes = token_bytes  # how its tokenizer counts: so many bytes are a token

    def count(self, text):
        return max(1, -(-len(text.encode()) // self.token_bytes))


class Runner:
    """A model in memory, or on its way there."""

    def __init__(self, model, window):
        self.model = model
        self.window = window
        self.loading = True
        self.queue = collections.deque()
        self.slots = [None] * model.slots  # the job in each
        self.cached = [""] * model.slots  # what each slot read last
        self.last_use = 0

    @property
    def running(self):
        return [job for job in self.slots if job is not None]

    @property
    def idle(self):
        return not self.loading and not self.queue and not self.running


class Job:
    """One request on its way through the engine."""

    def __init__(self, model, prompt, window, most):
        self.model = model
        self.prompt = prompt
        self.prompt_tokens = model.count(prompt)
        self.cached_tokens = 0
        self.window = window
        self.most = most  # tokens that it may be answered with; None: as many as the answer has
        self.runner = None
        self.slot = None
        self.loaded_for_it = False

    @property
    def evaluated(self):
        return max(1, self.prompt_tokens - self.cached_tokens)

    @property
    def load_seconds(self):
        return self.model.load if self.loaded_for_it else 0.0

    @property
    def prefill_seconds(self):
        return self.evaluated / self.model.prefill

    def pieces(self):
        """The tokens of its answer: the model's words again and again."""
        words = self.model.answer.split(" ")
        count = len(words) if self.most is None else self.most
        return [(" " if number else "") + words[number % len(words)] for number in range(count)]


class Busy(Exception):
    """The engine's queue is full."""


class Engine(Upstream):
    """See the module's description."""

    def __init__(self, *models, flavour=OLLAMA, memory=64 << 30, most_loaded=3, queue_limit=512, pace=0.0,
                 prefix_cache=False, shows_slots=True, shows_metrics=True, loading=False, name="engine", **more):
        self.flavour = flavour
        self.known = {model.name: model for model in models}
        self.memory = memory
        self.most_loaded = most_loaded
        self.queue_limit = queue_limit
        self.pace = pace
        self.prefix_cache = prefix_cache
        self.shows_slots = shows_slots
        self.shows_metrics = shows_metrics
        self.loads = collections.Counter()
        self.evictions = collections.Counter()
        self.refused = 0
        self.cancelled = 0
        self.most_memory = 0  # ever in use at once
        self.started = []  # names of models, in the order in which requests got slots
        self._pending = collections.deque()
        self.runners = []
        self._uses = 0
        self._held = set()
        self._passes = collections.Counter()
        self._pulse = asyncio.Event()
        self._never = asyncio.Event()
        self._tasks = set()
        if flavour != OLLAMA:  # has its model from the start
            self.runners = [Runner(model, model.window) for model in models]
            for runner in self.runners:
                runner.loading = loading
        super().__init__(name=name, default=self._answer, **more)

    # --- what tests call

    def hold(self, stage, model=None):
        """Whoever reaches `stage` from now on waits there."""
        assert stage in STAGES, stage
        with self._condition:
            self._held.add((stage, model))

    def release(self, stage, model=None, count=None):
        """Lets everybody go on, or `count` of them and nobody else."""
        with self._condition:
            if count is None:
                self._held.discard((stage, model))
            else:
                self._passes[stage, model] += count
        self._nudge()

    def finish_load(self, model=None):
        """The loads that are held end; of an engine that began with `loading`, its models are there."""
        self.release("load", model)
        if self.flavour != OLLAMA:
            with self._condition:
                for runner in self.runners:
                    if model in (None, runner.model.name):
                        runner.loading = False
            self._nudge()

    def begin_load(self):
        """A server of llama.cpp or vLLM starts again: nothing is answered until `finish_load`."""
        with self._condition:
            for runner in self.runners:
                runner.loading = True

    def loaded(self):
        """Names of the models that are ready."""
        with self._condition:
            return [runner.model.name for runner in self.runners if not runner.loading]

    def loading(self):
        with self._condition:
            return [runner.model.name for runner in self.runners if runner.loading]

    def working(self, model=None):
        """How many requests have a slot."""
        with self._condition:
            return sum(len(runner.running) for runner in self.runners if model in (None, runner.model.name))

    def waiting(self, model=None):
        """How many wait for a slot, a load or room."""
        with self._condition:
            jobs = list(self._pending) + [job for runner in self.runners for job in runner.queue]
            return sum(1 for job in jobs if model in (None, job.model.name))

    def memory_in_use(self):
        with self._condition:
            return sum(runner.model.memory for runner in self.runners)

    def unload(self, model=None):
        """Puts idle models away, as keep_alive does."""
        with self._condition:
            for runner in [one for one in self.runners if one.idle and model in (None, one.model.name)]:
                self.runners.remove(runner)
        self._nudge()

    # --- for engine_wire: the way of one request

    @contextlib.asynccontextmanager
    async def work(self, turn, job):
        """A slot for `job`, its prompt read; given back at the end, or when the client leaves."""
        with self._condition:
            waits = len(self._pending) + sum(len(runner.queue) for runner in self.runners)
            if waits >= self.queue_limit:
                self.refused += 1
                raise Busy
            self._pending.append(job)
        try:
            self._schedule()
            while job.slot is None:
                await self._next_change(turn)
            await self.spend(turn, "prefill", job.model, job.prefill_seconds)
            yield
        except PeerGone:
            with self._condition:
                self.cancelled += 1
            raise
        finally:
            self._leave(job)
            self._schedule()

    async def spend(self, turn, stage, model, seconds):
        """Stands at the stage's gate, then for as long as it takes."""
        while not self._passes_gate(stage, model.name):
            await self._next_change(turn)
        if self.pace:
            if turn is None:
                with contextlib.suppress(asyncio.TimeoutError):
                    await asyncio.wait_for(self._never.wait(), seconds * self.pace)
            else:
                await turn.pause(seconds * self.pace)

    # --- inside; on the loop's thread

    async def _answer(self, turn):
        await wire.answer(self, turn)

    def _nudge(self):
        self._loop.call_soon_threadsafe(self._schedule)

    def _changed(self):
        super()._changed()
        pulse, self._pulse = self._pulse, asyncio.Event()
        pulse.set()

    async def _next_change(self, turn):
        """Until something changed here, or the client left."""
        waits = {asyncio.ensure_future(self._pulse.wait())}
        if turn is not None:
            waits.add(asyncio.ensure_future(turn.link.gone.wait()))
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in waits:
                one.cancel()
        if turn is not None and turn.link.gone.is_set():
            raise PeerGone

    def _passes_gate(self, stage, model):
        with self._condition:
            for key in ((stage, model), (stage, None)):
                if key in self._held:
                    if self._passes[key] <= 0:
                        return False
                    self._passes[key] -= 1
            return True

    def _schedule(self):
        with self._condition:
            while self._pending and (runner := self._runner_for(self._pending[0])):
                job = self._pending.popleft()
                job.runner = runner
                runner.queue.append(job)
            for runner in self.runners:
                self._fill_slots(runner)
        self._changed()

    def _fill_slots(self, runner):
        while not runner.loading and runner.queue and None in runner.slots:
            job = runner.queue.popleft()
            free = [number for number, holder in enumerate(runner.slots) if holder is None]
            shared = {number: _common(runner.cached[number], job.prompt) for number in free}
            job.slot = max(free, key=lambda number: shared[number])
            if self.prefix_cache:
                job.cached_tokens = min(job.prompt_tokens, shared[job.slot] // job.model.token_bytes)
            runner.slots[job.slot] = job
            runner.cached[job.slot] = job.prompt
            self._uses += 1
            runner.last_use = self._uses
            self.started.append(job.model.name)

    def _runner_for(self, job):
        """The runner that takes `job`; None while it has to be loaded, or room made for it."""
        for runner in self.runners:
            if runner.model is job.model and (self.flavour != OLLAMA or runner.window == job.window):
                return None if runner.loading and self.flavour == OLLAMA else runner
        if any(runner.loading for runner in self.runners) or not self._make_room(job):
            return None
        runner = Runner(job.model, job.window)
        self.runners.append(runner)
        self.most_memory = max(self.most_memory, sum(one.model.memory for one in self.runners))
        self.loads[job.model.name] += 1
        job.loaded_for_it = True
        task = self._loop.create_task(self._load(runner))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return None

    def _make_room(self, job):
        def fits():
            used = sum(runner.model.memory for runner in self.runners)
            same = any(runner.model is job.model for runner in self.runners)
            return not same and used + job.model.memory <= self.memory and len(self.runners) < self.most_loaded

        while not fits():
            idle = [runner for runner in self.runners if runner.idle]
            if not idle:
                return False
            # One with another window has to go whatever else could.
            gone = min(idle, key=lambda runner: (runner.model is not job.model, runner.last_use))
            self.runners.remove(gone)
            self.evictions[gone.model.name] += 1
        return True

    async def _load(self, runner):
        await self.spend(None, "load", runner.model, runner.model.load)
        with self._condition:
            runner.loading = False
        self._schedule()

    def _leave(self, job):
        with self._condition:
            if job in self._pending:
                self._pending.remove(job)
            if job.runner is None:
                return
            if job in job.runner.queue:
                job.runner.queue.remove(job)
            elif job.slot is not None:
                job.runner.slots[job.slot] = None

    def close(self):
        async def stop():
            for task in list(self._tasks):
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

        if self._thread.is_alive():
            asyncio.run_coroutine_threadsafe(stop(), self._loop).result(10)
        super().close()


def _common(one, other):
    """Bytes that both begin with."""
    length = 0
    for a, b in zip(one.encode(), other.encode()):
        if a != b:
            break
        length += 1
    return length
