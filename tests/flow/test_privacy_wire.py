"""The privacy invariant on the wire: random configurations, requests and faults, and clouds that keep every byte.

Each private request carries a marker of its own; no byte of any marker may be among what the clouds received.
`SPILLWAY_SEED` repeats a run; `SPILLWAY_WORLDS` makes it longer.
"""

import hashlib
import json
import os
import random
import re
import threading

import pytest

from fakes import replies as r
from harness.daemon import MASTER_KEY, config_of, deployment, in_parallel

SEED = int(os.environ.get("SPILLWAY_SEED", "20261201"))
WORLDS = int(os.environ.get("SPILLWAY_WORLDS", "36"))
WORKERS = 4
REQUESTS = 20  # of each worker, in each world

CARD = "4111 1111 1111 1111"
NEAR = ("home", "den")
FAR = ("cloud", "sky")
GROUPS = (*NEAR, "mixed", *FAR)
IDS = ("near-1", "near-2", "near-3", "far-1", "far-2", "far-3")


class Servers:
    """Three engines at home and three clouds, for all worlds; they fail by chance."""

    def __init__(self, workshop):
        self.near = [workshop.upstream(f"near{i}") for i in range(3)]
        self.far = [workshop.upstream(f"far{i}", keeps_bytes=True) for i in range(3)]
        self.chance = random.Random(SEED)
        for server in self.near:
            server.default = self.by_chance(0.5)
        for server in self.far:
            server.default = self.by_chance(0.2)

    def by_chance(self, share):
        good = r.well_behaved()
        faults = [r.status(500, "no"), r.status(503, "loading"), r.status(429, "slow", headers=[("Retry-After", "0")]),
                  r.OPENAI_QUOTA, r.OPENAI_CONTEXT, r.CONTENT_POLICY, r.VLLM_MISSING, r.status(401, "who"),
                  r.steps(r.RESET), r.steps(r.CUT), r.stream(r.ROLE, r.CUT), r.OPENROUTER_ERROR_IN_200,
                  r.stream(r.ROLE, r.sse(r.delta({"content": "half"})), r.CUT)]

        async def script(turn):
            fails = self.chance.random() < share
            await (self.chance.choice(faults) if fails else good)(turn)

        return script

    def wire(self):
        return b"".join(bytes(server.wire) for server in self.far)

    def forget(self):
        for server in (*self.near, *self.far):
            server.forget()
        for server in self.far:
            server.wire.clear()


class World:
    """One random configuration, and what is known of it: which requests it has to keep."""

    def __init__(self, number, servers):
        self.number = number
        self.chance = random.Random(f"{SEED}/{number}")
        self.servers = servers
        self.keeps_all = self.one_in(8)
        self.local_only = self.chance.choice([[], ["financial"], ["payment_card", "secret"], ["any"]])
        self.rules = self.some_rules()
        self.config = self.make()

    def one_in(self, count):
        return self.chance.randrange(count) == 0

    def some(self, things, least=0):
        return self.chance.sample(things, self.chance.randint(least, len(things)))

    def make(self):
        sections = {
            "routes": {"auto": self.route()},
            "privacy": {"local_only": self.local_only,
                        "local_keys": [hashlib.sha256(MASTER_KEY.encode()).hexdigest()] if self.keeps_all else []},
            "coalescing": {"enabled": self.one_in(2), "across_keys": self.one_in(2)},
            "idempotency": {"enabled": not self.one_in(4)},
            "upstream": {"slot_patience": 0.02},
            "router_settings": self.router(),
        }
        if self.one_in(2):
            sections["general_settings"] = {"max_budget": 0.05, "budget_duration": "30d"}
            steps = {"20%": "local-first", "90%": "local-only"} if self.one_in(2) else {"10%": "local-only"}
            sections["budgets"] = {"on_budget": steps}
        return config_of(*self.rows(), **sections)

    def rows(self):
        near, far = self.servers.near, self.servers.far
        places = [("home", near[0], "near-1"), ("home", near[1], "near-2"), ("den", near[2], "near-3"),
                  ("mixed", near[0], "near-m"), ("mixed", far[0], "far-m"), ("cloud", far[0], "far-1"),
                  ("cloud", far[1], "far-2"), ("sky", far[2], "far-3"), ("referee", far[1], "far-r")]
        self.chance.shuffle(places)
        rows = []
        for group, server, name in places:
            more = {"order": self.chance.randint(1, 2)}
            if self.one_in(4):
                more["max_parallel_requests"] = 2
            if self.one_in(6):
                more["rpm"] = 30
            info = {"id": name, "local": name.startswith("near")}
            if self.one_in(3):
                info["max_input_tokens"] = self.chance.choice([200, 4000])
            if name.startswith("far"):
                more |= {"input_cost_per_token": 1e-7, "output_cost_per_token": 2e-7}
                info["max_output_tokens"] = 100
            rows.append(deployment(group, server.base, **more, model_info=info))
        return rows

    def router(self):
        def lists():
            return [{group: self.some([each for each in GROUPS if each != group], 1)}
                    for group in self.some(list(GROUPS))]

        return {"num_retries": self.chance.choice([0, 0, 0, 1]), "disable_cooldowns": self.one_in(2),
                "allowed_fails": self.chance.choice([0, 3]), "cooldown_time": 1,
                "enable_pre_call_checks": self.one_in(2), "fallbacks": lists(), "context_window_fallbacks": lists(),
                "content_policy_fallbacks": lists(),
                "routing_strategy": self.chance.choice(["simple-shuffle", "least-busy", "latency-based-routing"])}

    def some_rules(self):
        """Those that keep their requests come first, so that a request that one of them takes is kept."""
        def use():
            return [self.chance.choice(NEAR), *self.some([*FAR, "mixed"])]

        private = [{"name": "diary", "when": {"words": {"any_of": ["diary"], "in": "all"}}},
                   {"name": "legal", "when": {"header": {"x-team": "legal"}}},
                   {"name": "cards", "when": {"sensitive": ["financial", "secret"]}},
                   {"name": "secret", "when": {"metadata": {"secrecy": "high"}}}]
        rules = [{**rule, "use": use(), "boundary": "local"} for rule in self.some(private)]
        self.kept_by = {rule["name"] for rule in rules}
        free = [{"name": "long", "when": {"prompt_tokens": ">60"}, "use": ["sky", "cloud"]},
                {"name": "hard", "when": {"complexity": ">=moderate"}, "use": self.some(list(GROUPS), 1)},
                {"name": "tools", "when": {"has": "tools"}, "use": ["mixed"]}]
        return rules + self.some(free)

    def route(self):
        route = {"rules": self.rules, "otherwise": self.some(list(GROUPS), 1), "captures": ["gpt-*"]}
        if self.one_in(2):
            route["shadow"] = {"group": self.chance.choice(GROUPS), "share": "100%", "keep_text": self.one_in(2)}
            if self.one_in(2):
                route["shadow"]["judge"] = "referee"
        return route


class Asking:
    """One random request. `private` says whether its world has to keep it."""

    def __init__(self, world, number, chance):
        self.chance = chance
        self.world = world
        self.headers = []
        self.controls = {}
        self.endpoint = chance.choice(["chat", "chat", "completions", "embeddings", "messages", "responses", "form"])
        self.model = chance.choice(["auto", "auto", "auto", "gpt-4o", *GROUPS, *IDS])
        ways = self.ways()
        self.way = chance.choice(sorted(ways)) if ways and chance.random() < 0.6 else None
        self.private = world.keeps_all or self.way is not None
        self.marker = f"zq{world.number}x{number}{'private' if self.private else 'plain'}"
        self.words = f"{self.marker} {'word ' * chance.choice([0, 5, 100])}"
        if self.way:
            ways[self.way]()
        self.add_noise()

    def ways(self):
        """The ways in which this request can be private here."""
        routed = self.model in ("auto", "gpt-4o") and self.endpoint != "form"
        kept = self.world.kept_by if routed else set()
        ways = {"header": lambda: self.headers.append(("x-spillway-boundary", "local")),
                "key": lambda: self.headers.append(("Authorization", f"Bearer {self.world.own_key}"))}
        ways["metadata"] = lambda: self.say("no_fallback", True)
        if self.world.local_only or "cards" in kept:
            ways["class"] = self.add_card
        if "diary" in kept:
            ways["words"] = lambda: self.write("dear diary")
        if "legal" in kept:
            ways["rule by header"] = lambda: self.headers.append(("x-team", "legal"))
        if "secret" in kept:
            ways["rule by metadata"] = lambda: self.say("secrecy", "high")
        return ways

    def say(self, key, value):
        self.controls.setdefault("metadata", {})[key] = value

    def write(self, words):
        self.words += " " + words

    def add_card(self):
        if self.endpoint == "messages" and self.chance.random() < 0.5:
            self.tool_input = {"card": int(CARD.replace(" ", ""))}
        else:
            self.write(f"my card is {CARD}")

    def add_noise(self):
        chance = self.chance
        if chance.random() < 0.3:
            self.headers.append(("x-spillway-prefer", chance.choice(["cloud", "best", "cheap", "local"])))
        if chance.random() < 0.3:
            self.headers.append(("Idempotency-Key", f"key-{chance.randrange(200)}"))
        if self.endpoint == "form":
            return
        for name in ("fallbacks", "context_window_fallbacks", "content_policy_fallbacks"):
            if chance.random() < 0.25:
                self.controls[name] = chance.sample(FAR + ("mixed",), 2)
        if chance.random() < 0.1:
            self.controls[chance.choice(["mock_testing_fallbacks", "mock_testing_context_fallbacks",
                                         "mock_testing_content_policy_fallbacks"])] = True
        if chance.random() < 0.3 and self.endpoint != "embeddings":
            self.controls |= {"temperature": 0, "stream": chance.random() < 0.5}
        if chance.random() < 0.2:
            self.say("explain", True)

    tool_input = None

    def message(self):
        content = self.words
        if self.tool_input is not None:
            content = [{"type": "text", "text": self.words},
                       {"type": "tool_use", "id": "t", "name": "pay", "input": self.tool_input}]
        return [{"role": "user", "content": content}]

    def send(self, client):
        body = {"model": self.model, **self.controls}
        if self.endpoint == "form":
            return self.send_form(client)
        if "metadata" in body and self.chance.random() < 0.2:
            body["metadata"] = json.dumps(body["metadata"])
        path, more = {
            "chat": ("/v1/chat/completions", {"messages": self.message(), "max_tokens": 50}),
            "completions": ("/v1/completions", {"prompt": [self.words], "max_tokens": 50}),
            "embeddings": ("/v1/embeddings", {"input": [self.words, "other"]}),
            "messages": ("/v1/messages", {"messages": self.message(), "max_tokens": 50}),
            "responses": ("/v1/responses", {"input": [{"role": "user", "content": [
                {"type": "input_text", "text": self.words}]}]}),
        }[self.endpoint]
        return client.post(path, json.dumps({**body, **more}).encode(), self.headers)

    def send_form(self, client):
        fields = [(b"model", self.model.encode()), (b"prompt", self.words.encode()),
                  *((name.encode(), json.dumps(value).encode()) for name, value in self.controls.items())]
        parts = b"".join(b'--b0undary\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % part
                         for part in fields)
        kind = ("Content-Type", "multipart/form-data; boundary=b0undary")
        return client.post("/v1/audio/transcriptions", parts + b"--b0undary--\r\n", [*self.headers, kind])


def judge(asked, reply, tally):
    """What the client of a private request may be told."""
    tally["private" if asked.private else "plain"] += 1
    if not asked.private:
        return
    told = reply.error["code"] if reply.status >= 400 else None
    tally[told or "served"] = tally.get(told or "served", 0) + 1
    assert reply.status not in (502, 504), (asked.way, asked.endpoint, asked.model, reply)
    if reply.status == 503:
        assert told == "no_local_deployment" and "must stay local" in reply.error["message"], reply
    if reply.status == 429:
        assert told in ("budget_exceeded", "rate_limit_exceeded"), reply
    if reply.header("x-spillway-privacy"):
        assert reply.header("x-spillway-privacy").startswith("local"), (asked.way, reply)


def live_through(world, daemon, tally):
    made = daemon.client.post("/key/generate", {"metadata": {"boundary": "local"}})
    assert made.status == 200, made
    world.own_key = made.json["key"]
    lock = threading.Lock()

    def work(worker):
        chance = random.Random(f"{SEED}/{world.number}/{worker}")
        for number in range(REQUESTS):
            asked = Asking(world, worker * REQUESTS + number, chance)
            reply = asked.send(daemon.client)
            with lock:
                judge(asked, reply, tally)

    in_parallel(WORKERS, work)


@pytest.mark.timeout(600)
def test_no_byte_of_a_private_request_reaches_a_cloud(workshop):
    print(f"SPILLWAY_SEED={SEED}")
    servers = Servers(workshop)
    tally = {"private": 0, "plain": 0}
    seen = {"plain": 0, "at home": 0}
    for number in range(WORLDS):
        world = World(number, servers)
        daemon = workshop.daemon(world.config).start()
        live_through(world, daemon, tally)
        daemon.stop()
        wire = servers.wire()
        leaked = re.findall(rb"zq\d+x\d+private", wire)
        assert not leaked, (SEED, number, leaked[:3], json.dumps(world.config["routes"]))
        assert not (world.keeps_all and wire), (SEED, number)
        seen["plain"] += len(set(re.findall(rb"zq\d+x\d+plain", wire)))
        seen["at home"] += sum(b"private" in request.body for server in servers.near for request in server.requests)
        servers.forget()
    print(tally, seen)
    # It is worth something only when requests went both ways, and private ones were served and refused.
    requests = WORLDS * WORKERS * REQUESTS
    assert tally["private"] > requests / 4 and tally["plain"] > requests / 8
    assert seen["plain"] > requests / 20 and seen["at home"] > requests / 20
    assert tally["served"] > requests / 20 and tally["no_local_deployment"] > requests / 40
