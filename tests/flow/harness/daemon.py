"""Starts the daemon under test, and judges how it ends: exit status and sanitizer reports count."""

import json
import os
import random
import re
import signal
import socket
import subprocess
import threading
from pathlib import Path

from .http import Client
from .ledger import Ledger
from .waiting import wait_until

REPORTS = re.compile(r"ERROR: \w+Sanitizer|WARNING: ThreadSanitizer|runtime error:|terminate called")
MASTER_KEY = "sk-flow-master-key-0123456789"
# The link order is verified against LD_PRELOAD, where harness/faults.py comes before the sanitizer.
ASAN_OPTIONS = "detect_leaks=1:exitcode=99:quarantine_size_mb=16:verify_asan_link_order=0"


def binary():
    path = os.environ.get("SPILLWAY_BIN")
    assert path, "SPILLWAY_BIN must name the binary under test"
    return path


def free_port():
    """A port below the ephemeral range, so that no outgoing connection takes it in between."""
    while True:
        port = random.randint(15_000, 31_000)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue


def deployment(group, base, model=None, **params):
    """One row of model_list; `model_info` may be given beside the parameters."""
    info = params.pop("model_info", None)
    row = {"model_name": group,
           "litellm_params": {"model": model or f"openai/{group}", "api_base": base,
                              "api_key": "sk-upstream-secret", **params}}
    if info:
        row["model_info"] = info
    return row


def config_of(*deployments, **sections):
    """A configuration as a mapping, with bounds short enough for tests."""
    upstream = {"connect_timeout": 2, "first_token_timeout": 5, "local_first_token_timeout": 5,
                "idle_timeout": 5, **sections.pop("upstream", {})}
    router = {"num_retries": 0, "disable_cooldowns": True, **sections.pop("router_settings", {})}
    general = {"master_key": MASTER_KEY, **sections.pop("general_settings", {})}
    # Tests count what their upstreams get; those about health checks turn them on.
    health = {"interval": 0, **sections.pop("health", {})}
    return {"model_list": list(deployments), "router_settings": router, "upstream": upstream, "health": health,
            "general_settings": {key: value for key, value in general.items() if value is not None},
            **sections}


class Daemon:
    """One run of `spillway serve` in a folder of its own."""

    def __init__(self, folder, config, env=None, arguments=(), prefix=(), shards=2, port=None):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.config_path = self.folder / "config.yaml"
        self.ledger_path = self.folder / "ledger.db"
        self.log_path = self.folder / "daemon.log"
        self.arguments = list(arguments)
        self.prefix = list(prefix)
        self.env = {**os.environ, "ASAN_OPTIONS": ASAN_OPTIONS,
                    "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1:exitcode=99",
                    "TSAN_OPTIONS": "halt_on_error=0:exitcode=66", **(env or {})}
        self.shards = shards
        self.port = port or free_port()
        self.process = None
        self.ledger = Ledger(self.ledger_path)
        self.key = MASTER_KEY
        self.judged = True
        if config is not None:
            self.write_config(config)

    def write_config(self, config):
        """Text as it is; a mapping as JSON, which is YAML, with our ledger and threads filled in."""
        if not isinstance(config, str):
            config = dict(config)
            config["ledger"] = {"path": str(self.ledger_path), **config.get("ledger", {})}
            config["server"] = {"shards": self.shards, **config.get("server", {})}
            self.key = config.get("general_settings", {}).get("master_key")
            config = json.dumps(config, indent=1)
        new = self.config_path.with_suffix(".new")
        new.write_text(config)
        new.replace(self.config_path)

    @property
    def client(self):
        return Client(self.port, self.key)

    @property
    def anonymous(self):
        return Client(self.port)

    @property
    def base(self):
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def pid(self):
        """Of the daemon itself, also when a wrapper such as prlimit started it (it execs)."""
        return self.process.pid

    @property
    def log(self):
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    def launch(self, command=None):
        """Starts the process without waiting for it to serve."""
        command = command or [binary(), "serve", "--config", str(self.config_path),
                              "--port", str(self.port), *self.arguments]
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen([*self.prefix, *command], stdout=log, stderr=log,
                                            stdin=subprocess.DEVNULL, env=self.env, cwd=self.folder)
        self.judged = False
        return self

    def start(self, command=None):
        self.launch(command)
        wait_until(self._answers, 30, "readiness")
        return self

    def _answers(self):
        assert self.process.poll() is None, f"the daemon ended with {self.process.returncode}: {self.log}"
        try:
            return self.anonymous.get("/health/readiness").status == 200
        except OSError:
            return False
        except Exception:  # half an answer is not an answer yet
            return False

    def signal(self, number):
        self.process.send_signal(number)

    def wait(self, timeout=30):
        """Waits for the process to end and judges the run."""
        try:
            code = self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            self.judged = True
            raise AssertionError(f"the daemon did not end within {timeout} s:\n{self.log}") from None
        self.judged = True
        self.check_log()
        return code

    def check_log(self):
        found = REPORTS.search(self.log)
        assert not found, self.log[max(0, found.start() - 200):found.start() + 6000]

    def stop(self, timeout=30):
        """SIGTERM, and a clean end."""
        if self.process is None or self.judged:
            return
        self.signal(signal.SIGTERM)
        code = self.wait(timeout)
        assert code == 0, f"exit status {code}:\n{self.log}"

    def kill(self):
        """kill -9."""
        self.process.kill()
        self.process.wait()
        self.judged = True
        self.check_log()

    def restart(self):
        return self.start()

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def resident_bytes(self):
        fields = Path(f"/proc/{self.pid}/statm").read_text().split()
        return int(fields[1]) * os.sysconf("SC_PAGE_SIZE")

    def threads(self):
        return len(os.listdir(f"/proc/{self.pid}/task"))


def in_parallel(count, work):
    """Runs `work(number)` in `count` threads at once; the results in order, the first error raised."""
    results = [None] * count
    errors = []

    def run(number):
        try:
            results[number] = work(number)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    return results
