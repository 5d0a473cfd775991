"""Fixtures of the flow tests: scripted upstreams and daemons, ended and judged after each test."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # fakes
sys.path.insert(0, str(Path(__file__).resolve().parent))  # harness

from fakes.engine import Engine  # noqa: E402
from fakes.upstream import BlackHole, ClosedPort, SilentPort, Upstream  # noqa: E402
from harness.daemon import Daemon, config_of, deployment  # noqa: E402


class Workshop:
    """Makes upstreams and daemons and ends all of them."""

    def __init__(self, folder):
        self.folder = folder
        self.upstreams = []
        self.daemons = []
        self.ports = []

    def upstream(self, name="alpha", **more):
        made = Upstream(name=name, **more)
        self.upstreams.append(made)
        return made

    def engine(self, *models, **more):
        """A scripted local engine (`fakes.engine`)."""
        made = Engine(*models, **more)
        self.upstreams.append(made)
        return made

    def closed_port(self):
        self.ports.append(ClosedPort())
        return self.ports[-1]

    def silent_port(self):
        self.ports.append(SilentPort())
        return self.ports[-1]

    def black_hole(self):
        self.ports.append(BlackHole())
        return self.ports[-1]

    def daemon(self, config, **more):
        """A daemon that is not started yet."""
        made = Daemon(self.folder / f"daemon{len(self.daemons)}", config, **more)
        self.daemons.append(made)
        return made

    def serve(self, *deployments, **sections):
        """A running daemon for these deployments."""
        options = {name: sections.pop(name) for name in ("env", "arguments", "prefix", "shards")
                   if name in sections}
        return self.daemon(config_of(*deployments, **sections), **options).start()

    def end(self):
        problems = []
        for daemon in self.daemons:
            try:
                daemon.stop()
            except AssertionError as problem:
                problems.append(str(problem))
        for thing in [*self.upstreams, *self.ports]:
            try:
                thing.close()
            except AssertionError as problem:
                problems.append(str(problem))
        assert not problems, "\n".join(problems)


@pytest.fixture
def workshop(tmp_path):
    made = Workshop(tmp_path)
    yield made
    made.end()


@pytest.fixture(scope="module")
def module_workshop(tmp_path_factory):
    made = Workshop(tmp_path_factory.mktemp("daemon"))
    yield made
    made.end()


@pytest.fixture
def upstream(workshop):
    return workshop.upstream()


@pytest.fixture
def gateway(workshop, upstream):
    """One daemon with one deployment, `m`, at `upstream`."""
    return workshop.serve(deployment("m", upstream.base))
