"""docker/ in step with the tree and the release binary; and its check finds what it is there to find."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from harness.daemon import binary, deployment
from harness.waiting import wait_until

ROOT = Path(__file__).resolve().parents[2]


def check(root):
    done = subprocess.run([sys.executable, root / "docker" / "check.py", binary()], capture_output=True, text=True,
                          timeout=60)
    assert done.returncode in (0, 1) and not done.stderr, done.stderr
    return done.stdout.splitlines()


def test_docker_is_in_step_with_the_tree_and_the_binary():
    assert check(ROOT) == []


@pytest.fixture
def copy(tmp_path):
    """The part of the tree that the check looks at, to be broken."""
    shutil.copytree(ROOT / "docker", tmp_path / "docker", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "scripts").mkdir()
    shutil.copy(ROOT / "scripts" / "build", tmp_path / "scripts")
    return tmp_path


def test_the_copy_is_in_step_as_long_as_nobody_breaks_it(copy):
    assert check(copy) == []


@pytest.mark.parametrize(("file", "old", "new", "said"), (
    ("Dockerfile", "        libssl3 \\\n", "", "libssl3 is needed by the binary and not installed"),
    ("Dockerfile", "        libpq5 \\\n", "", "libpq5 is needed by the binary and not installed"),
    ("Dockerfile", "libzstd1", "libzstd1 libuv1", "libuv1 is installed and not needed by the binary"),
    ("Dockerfile", "USER spillway\n", "", "the daemon would run as root"),
    ("Dockerfile", "EXPOSE 4000", "EXPOSE 4001", "EXPOSE and server.port disagree"),
    ("Dockerfile", "build/release/spillway /usr", "build/spillway /usr", "the binary is not copied from"),
    ("Dockerfile", "COPY docker/alive", "COPY docker/living", "COPY of docker/living: not there"),
    ("alive", "/127.0.0.1/4000", "/127.0.0.1/4001", "asks another port than server.port"),
    ("compose.yaml", '"127.0.0.1:4000:4000"', '"127.0.0.1:4000:4001"', "spillway's port is not the one it listens on"),
    ("compose.yaml", "http://spillway:4000/v1", "http://spillway:4001/v1", "Open WebUI is not pointed at spillway"),
    ("compose.yaml", "      DATABASE_URL:", "      DB_URL:", "spillway.yaml wants DATABASE_URL, which is not set"),
    ("compose.yaml", "ollama pull nomic-embed-text", "true", "nomic-embed-text is served and never pulled"),
    ("compose.yaml", "./spillway.yaml:", "./gateway.yaml:", "volume ./gateway.yaml does not exist"),
    ("second.yaml", '"127.0.0.1:4001:4000"', '"127.0.0.1:4000:4000"', "listens on 127.0.0.1:4000, which is taken"),
    ("second.yaml", '"127.0.0.1:4001:4000"', '"127.0.0.1:4001:4001"', "second's port is not the one it listens on"),
    ("second.yaml", "service: spillway", "service: gateway", "second extends unknown gateway"),
    ("second.yaml", "file: compose.yaml", "file: composed.yaml", "no composed.yaml"),
    ("second.yaml", "- ledger-second:/var/lib/spillway", "- ledger:/var/lib/spillway", "shares the volume ledger"),
    ("second.yaml", ":/var/lib/spillway", ":/var/lib/other", "would write into the first one's ledger"),
    ("second.yaml", "  second:", "  spillway:", "spillway is in compose.yaml, too"),
    ("spillway.yaml", "api_base: http://ollama:11434", "api_base: http://engine:11434", "is no service of compose.yaml"),
    ("spillway.yaml", "  port: 4000", "  port: 4000\n  max_bodi: 5", "'spillway check' refuses it"),
    ("spillway.yaml", "/var/lib/spillway/spillway.db", "spillway.db", "the ledger is not on its volume"),
))
def test_the_check_finds(copy, file, old, new, said):
    path = copy / "docker" / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    found = check(copy)
    assert any(said in line for line in found), found


def test_the_check_wants_the_binary_that_it_is_told_of(copy):
    done = subprocess.run([sys.executable, copy / "docker" / "check.py", copy / "nothing"], capture_output=True, text=True)
    assert done.returncode == 1 and "nothing" in done.stdout


def test_the_image_knows_whether_the_daemon_is_alive(workshop, tmp_path):
    daemon = workshop.serve(deployment("m", "http://127.0.0.1:9/v1"))
    alive = tmp_path / "alive"
    alive.write_text((ROOT / "docker" / "alive").read_text().replace("/4000", f"/{daemon.port}"))

    def verdict(*arguments):
        return subprocess.run(["bash", alive, *arguments], capture_output=True, timeout=10).returncode

    assert verdict() == 0 and verdict("/health/readiness") == 0
    assert verdict("/health/nothing") != 0
    daemon.stop()
    wait_until(lambda: verdict() != 0, 5, "the bad news")
