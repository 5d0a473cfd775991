#!/usr/bin/env python3
"""Rules about the text of the tree that no compiler checks.

Usage: check_text.py ROOT      Exit status 1 lists every violation.
"""

import pathlib
import re
import subprocess
import sys

LONGEST_SOURCE = 450  # lines, in include/ and src/
VAGUE = {"manager", "helper", "helpers", "util", "utils", "context", "data", "misc", "common"}

# Spelled so that this file does not find itself.
EVERYWHERE = {
    "a path of somebody's machine": re.compile(r"/(?:work|home/\w+)/(?:main|shared|\w+)|/tmp/te" + r"am\b"),
    "a package registry's host": re.compile(r"registry\.npm" + r"js|files\.pythonhosted|//pypi\.o" + r"rg"),
    "unfinished work": re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|XX" + r"X)\b"),
}
SLEEPS = re.compile(r"\b(?:time\.sleep|sleep_for|sleep_until|usleep|nanosleep|asyncio\.sleep)\s*\((?!0\))"
                    r"|(?<![.>\w])sleep\s*\(\s*\d|^\s*sleep\s+[\d.]+\s*$", re.M)
TEXT = {".hpp", ".cpp", ".h", ".py", ".sh", ".txt", ".cmake", ".md", ".yaml", ".yml", ".json", ".mjs", ".js", ".html",
        ".css", ".query", ""}
GENERATED = {"package-lock.json"}


def tracked(root):
    """Files that belong to the tree: tracked, or new and not ignored; all of them outside git."""
    done = subprocess.run(["git", "-C", root, "ls-files", "-co", "--exclude-standard"], capture_output=True, text=True)
    if done.returncode == 0:
        return [root / line for line in done.stdout.splitlines() if (root / line).is_file()]
    skipped = {".git", "build", "node_modules", "__pycache__"}
    return [file for file in root.rglob("*") if file.is_file() and not skipped & set(file.relative_to(root).parts)]


def problems(root, file):
    name = file.relative_to(root)
    if VAGUE & set(re.split(r"[_.\-]", file.stem.lower())):
        yield f"{name}: a vague word in a file's name"
    if file.suffix not in TEXT or file.name in GENERATED:
        return
    try:
        text = file.read_text()
    except (UnicodeDecodeError, FileNotFoundError):  # binary, or gone since the listing
        return
    for what, pattern in EVERYWHERE.items():
        for found in pattern.finditer(text):
            yield f"{name}:{text.count(chr(10), 0, found.start()) + 1}: {what}: {found.group()}"
    if name.parts[0] == "tests":
        for found in SLEEPS.finditer(text):
            yield f"{name}:{text.count(chr(10), 0, found.start()) + 1}: a test sleeps; wait for a condition"
    if name.parts[0] in ("include", "src") and (lines := text.count("\n")) > LONGEST_SOURCE:
        yield f"{name}: {lines} lines; a file of more than {LONGEST_SOURCE} wants to be two"


def main(root):
    root = pathlib.Path(root).resolve()
    files = tracked(root)
    found = [problem for file in sorted(files) for problem in problems(root, file)]
    print("\n".join(found) if found else f"{len(files)} files")
    return 1 if found else 0


sys.exit(main(*sys.argv[1:]))
