"""Every piece of YAML in the pages is a configuration that `spillway check` takes, alone or in its place."""

import re
import subprocess
import textwrap
from pathlib import Path

import pytest

from harness.daemon import binary

TREE = Path(__file__).resolve().parents[2]
BLOCK = re.compile(r"^```ya?ml\n(.*?)^```$", re.DOTALL | re.MULTILINE)

# Pages show the sections that they are about; these are the groups that they speak of.
MODELS = "model_list:\n" + "".join(
    f"- {{model_name: {name}, litellm_params: {{model: {model}}}}}\n" for name, model in (
        ("smart", "ollama/llama3.3"), ("fast-local", "ollama/llama3.2"), ("strong-local", "ollama/qwen3"),
        ("code-local", "ollama/coder"), ("cloud", "openai/gpt-4.1"), ("cloud-fast", "openai/gpt-5-mini"),
        ("cloud-strong", "openai/gpt-5")))

# What is no whole section, by its first key: the text that it stands in.
ROUTE = "routes:\n  auto:\n    otherwise: [fast-local, cloud-fast]\n"
RULE = ROUTE + "    rules:\n    - name: first\n      when: {has: code}\n      use: [fast-local, cloud-fast]\n"
PARTS = {"complexity": (ROUTE, "    "), "name": (ROUTE + "    rules:\n", "    "), "verify": (RULE, "      ")}


def blocks():
    for page in [TREE / "README.md", *sorted((TREE / "docs").glob("*.md"))]:
        text = page.read_text()
        for found in BLOCK.finditer(text):
            line = text.count("\n", 0, found.start()) + 2
            yield pytest.param(found[1], id=f"{page.name}:{line}")


def whole(block, folder):
    """The block as a file: in its place, with the groups that it names, its files in `folder`."""
    first = re.match(r"\s*(?:- )?(\w+):", block)[1]
    if first in PARTS:
        around, margin = PARTS[first]
        block = around + textwrap.indent(textwrap.dedent(block), margin)
    if not re.search(r"^model_list:", block, re.MULTILINE):
        block = MODELS + block
    return block.replace("/var/lib/spillway", str(folder))


@pytest.mark.parametrize("block", list(blocks()))
def test_a_configuration_of_a_page_is_one(tmp_path, block):
    file = tmp_path / "page.yaml"
    file.write_text(whole(block, tmp_path))
    done = subprocess.run([binary(), "check", "--config", str(file)], capture_output=True, text=True, timeout=60,
                          cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr + file.read_text()


def test_no_page_shows_yaml_that_this_does_not_see():
    """Indented or unmarked configurations would not be checked."""
    sections = re.compile(r"^ {4}(model_list|routes|privacy|router_settings|general_settings|budgets|rate_limits):",
                          re.MULTILINE)
    for page in (TREE / "docs").glob("*.md"):
        outside = re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.DOTALL | re.MULTILINE)
        assert not sections.search(outside), page.name
