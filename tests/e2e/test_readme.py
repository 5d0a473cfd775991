"""What README.md shows, run as it stands there: the snippets, the configuration, the commands."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from harness.daemon import binary, deployment

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "README.md").read_text()
ADDRESS = "http://localhost:4000"


def snippets(language):
    """The blocks of this language; the plain ones when it is empty."""
    return re.findall(rf"^```{language}\n(.*?)^```$", TEXT, flags=re.M | re.S)


@pytest.fixture
def here(workshop):
    """Turns the README's address into that of a daemon that serves the README's model to everyone."""
    upstream = workshop.upstream("engine")
    daemon = workshop.serve(deployment("llama3.2:3b", upstream.base), general_settings={"master_key": None})

    def rewritten(text):
        assert ADDRESS in text
        return text.replace(ADDRESS, f"http://localhost:{daemon.port}")

    return rewritten


def output_of(*command, **more):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=60, **more)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_first_requests(here):
    block, = (block for block in snippets("") if block.startswith("curl"))
    said = output_of("bash", "-ec", here(block).replace("curl ", "curl -sS "))
    listed, end = json.JSONDecoder().raw_decode(said)
    answered = json.loads(said[end:])
    assert [row["id"] for row in listed["data"]] == ["llama3.2:3b"]
    assert answered["choices"][0]["message"]["content"] == "Hello from engine."


def test_the_python_snippet(here):
    snippet, = snippets("python")
    assert output_of(sys.executable, "-c", here(snippet)) == "Hello from engine.\n"


def test_the_node_snippet(here, tmp_path):
    snippet, = snippets("js")
    (tmp_path / "node_modules").symlink_to(Path(__file__).parent / "node" / "node_modules")
    (tmp_path / "snippet.mjs").write_text(here(snippet))
    assert output_of(shutil.which("node"), tmp_path / "snippet.mjs") == "Hello from engine."


def test_the_configuration_is_sound(tmp_path):
    (tmp_path / "config.yaml").write_text(snippets("yaml")[0])
    said = output_of(binary(), "check", "--config", "config.yaml", cwd=tmp_path,
                     env={**os.environ, "SPILLWAY_MASTER_KEY": "sk-a-key", "OPENAI_API_KEY": "sk-another"})
    assert "0 errors, 0 warnings; 2 deployments in 2 groups" in said
    assert "ignored" not in said and "different" not in said


def test_the_commands_exist():
    named = set(re.findall(r"\b((?:scripts|bench)/\w+)\b", TEXT))
    assert {"scripts/run", "scripts/test", "bench/run"} <= named
    assert all(os.access(ROOT / command, os.X_OK) for command in named)
    commands = set(re.findall(r"^spillway (\w+)", TEXT, flags=re.M)) | set(re.findall(r"`spillway (\w+)", TEXT))
    assert commands
    for command in commands:
        output_of(binary(), command, "--help")
