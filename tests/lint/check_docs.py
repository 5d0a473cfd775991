#!/usr/bin/env python3
"""Holds the pages written by hand to the tree: what they name has to exist.

Usage: check_docs.py ROOT      Exit status 1 lists every violation.

docs/layers.md has to say what tests/lint/layers.txt says, too.

Links, paths of files, with or without their ending (`net/listener`), qualified names of the source
(`net::Listener`), configuration keys (`server.port`), metrics and tables (`spillway_...`), and error
codes with their status (503 `overloaded`). The printed pages are held by unit tests.
"""

import pathlib
import re
import sys

SUFFIXES = "cpp|hpp|c|h|py|sh|md|yaml|txt|query|json|js|mjs"
LINK = re.compile(r"\]\(([^)#]+)(?:#[^)]*)?\)")
PATH = re.compile(rf"`((?:[\w.-]+/)*[\w.-]+\.(?:{SUFFIXES})|(?:src|include|docs|tests|scripts|bench|docker|\.ci)/[\w./-]*)"
                  r"(?:[ :][^`]*)?`")
STEM = re.compile(r"`((?:base|observe|config|chat|route|guard|dialect|ledger|net|gateway|admin|app)/\w+)`")
QUALIFIED = re.compile(r"`(?!std::|asio::|boost::)((?:\w+::)+\w+)")
KEY = re.compile(r"`(server|upstream|ledger|general_settings|router_settings|litellm_settings)\.(\w+)[^`]*`")
NAME = re.compile(r"\bspillway_[a-z_]+\b")
ERROR = re.compile(r"\b([45]\d\d) `([a-z_]+)`")

# Where a page may leave off the beginning of a path.
FOLDERS = ("", "src", "include/spillway", "docs", "tests", "tests/lint")
# Files that a user has, or that the daemon makes; names that stand for any file.
ELSEWHERE = {"config.yaml", "spillway.yaml", "./spillway.yaml"}


def pages(root):
    printed = {"configuration.md", "errors.md", "metrics.md"}
    docs = [page for page in sorted((root / "docs").rglob("*.md")) if page.name not in printed]
    return [root / "README.md", root / "CONTRIBUTING.md", *docs]


class Tree:
    """What there is to be named."""

    def __init__(self, root):
        self.root = root
        sources = [*(root / "src").rglob("*.cpp"), *(root / "src").rglob("*.hpp"), *(root / "include").rglob("*.hpp")]
        self.words = set(re.findall(r"\w+", "\n".join(file.read_text() for file in sources)))
        manual = (root / "docs" / "configuration.md").read_text()
        self.keys = set()
        for section in re.split(r"^## ", manual, flags=re.M)[1:]:
            name = section.split("\n", 1)[0].strip("` ")
            self.keys |= {(name, key) for key in re.findall(r"^\| `(\w+)`", section, flags=re.M)}
        errors = (root / "docs" / "errors.md").read_text()
        self.errors = set(re.findall(r"^\| `(\w+)` \| (\d+)", errors, flags=re.M))

    def has(self, path):
        return path in ELSEWHERE or any((self.root / folder / path).exists() for folder in FOLDERS)

    def has_stem(self, stem):
        return any(self.has(stem + ending) for ending in ("", ".hpp", ".cpp", ".yaml"))


def problems(tree, page):
    text = page.read_text()
    for link in LINK.findall(text):
        if "://" not in link and not (page.parent / link).exists():
            yield f"link to {link}"
    for path in PATH.findall(text):
        if not tree.has(path):
            yield f"file {path}"
    for key in KEY.findall(text):
        if key not in tree.keys:
            yield f"key {'.'.join(key)}"
    for name in NAME.findall(text):
        if name not in tree.words:
            yield f"name {name}"
    for stem in STEM.findall(text):
        if not tree.has_stem(stem):
            yield f"file {stem}"
    for name in QUALIFIED.findall(text):
        if not set(name.split("::")) <= tree.words:
            yield f"name {name}"
    for status, code in ERROR.findall(text):
        if (code, status) not in tree.errors:
            yield f"error {status} {code}"


def layers_by_rules(root):
    """Each folder with those it may include, ground floor first, from the file for the machine."""
    lines = (line.split("#")[0] for line in (root / "tests" / "lint" / "layers.txt").read_text().splitlines())
    rows = (line.split(":") for line in lines if line.strip())
    return {name: set(allowed.split()) for name, allowed in rows}


def layers_by_page(root):
    """The same from the table for people: `a` `b`, nothing of ours, or all of the above but `c`."""
    above = {}
    for name, cell in re.findall(r"^\| `(\w+)` \| ([^|]+) \|", (root / "docs" / "layers.md").read_text(), flags=re.M):
        named = set(re.findall(r"`(\w+)`", cell))
        above[name] = set(above) - named if cell.startswith("all") else named
    return above


def main(root):
    root = pathlib.Path(root).resolve()
    tree = Tree(root)
    found = [f"{page.relative_to(root)}: names what is not there: {what}"
             for page in pages(root) for what in problems(tree, page)]
    if layers_by_page(root) != layers_by_rules(root):
        found.append("docs/layers.md: the table is not that of tests/lint/layers.txt")
    print("\n".join(found) if found else f"{len(pages(root))} pages")
    return 1 if found else 0


sys.exit(main(*sys.argv[1:]))
