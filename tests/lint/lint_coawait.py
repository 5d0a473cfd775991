#!/usr/bin/env python3
"""Fails when a source file holds a risky co_await expression.

Usage: lint_coawait.py BUILD_DIR

GCC 12.2 destroys some temporaries twice when they share a full-expression with co_await
(docs/adr/0007). clang-query reads each file that says co_await with the flags of BUILD_DIR, less
those that only GCC knows. Of a precompiled header it gets the text: clang would trip over GCC's
binary beside it.

Reading a file takes seconds, so clean ones are remembered in BUILD_DIR by a hash of all they include
of ours. First of all it reads a sample that must be found: a query that finds nothing proves nothing.
"""

import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
GCC_ONLY = re.compile(r"-(fpch-preprocess|Winvalid-pch|Werror|fsanitize=.*|fno-sanitize-recover=.*|Wno-tsan)$")


def for_clang(command, folder):
    """The same command without GCC's own flags, its precompiled header replaced by a bare copy."""
    arguments = [argument for argument in shlex.split(command) if not GCC_ONLY.match(argument)]
    for index, argument in enumerate(arguments):
        if argument.endswith("cmake_pch.hxx"):
            source = pathlib.Path(argument)
            copy = folder / (source.parent.name + ".hxx")
            if not copy.exists():
                copy.write_text(source.read_text())
            arguments[index] = str(copy)
    return shlex.join([*arguments, "-w"])


def query(folder, file):
    done = subprocess.run(["clang-query-14", "-p", folder, "-f", HERE / "coawait.query", file],
                          capture_output=True, text=True, cwd=ROOT)
    output = done.stdout + done.stderr
    return output if done.returncode or "error:" in output or " binds here" in output else ""


INCLUDE = re.compile(rb'^\s*#\s*include\s+"([^"]+)"', re.M)
SAMPLE = """
#include <coroutine>
#include <string>
struct Task {
    struct promise_type {
        Task get_return_object() { return {}; }
        std::suspend_never initial_suspend() noexcept { return {}; }
        std::suspend_never final_suspend() noexcept { return {}; }
        void return_void() {}
        void unhandled_exception() {}
    };
    bool await_ready() { return true; }
    void await_suspend(std::coroutine_handle<>) {}
    void await_resume() {}
};
struct Pair { std::string first, second; };
Task take(Pair) { co_return; }
Task risky() { co_await take(Pair{"a", "b"}); }
"""


def closure(file, seen):
    """The file and all that it includes of ours."""
    if file in seen or not file.exists():
        return seen
    seen.add(file)
    for name in INCLUDE.findall(file.read_bytes()):
        for base in (file.parent, ROOT / "include", ROOT / "tests"):
            closure(base / name.decode(), seen)
    return seen


def fingerprint(file, command):
    digest = hashlib.sha256(command.encode() + (HERE / "coawait.query").read_bytes())
    for part in sorted(closure(file, set())):
        digest.update(part.read_bytes())
    return digest.hexdigest()


def finds_the_sample(folder):
    sample = folder / "src" / "sample.cpp"
    sample.parent.mkdir()
    sample.write_text(SAMPLE)
    entry = {"directory": str(folder), "file": str(sample), "command": f"c++ -std=c++20 -c {sample}"}
    (folder / "compile_commands.json").write_text(json.dumps([entry]))
    return " binds here" in query(folder, str(sample))


def main(build):
    build = pathlib.Path(build)
    entries = json.loads((build / "compile_commands.json").read_text())
    memory = build / "lint_coawait.txt"
    clean = set(memory.read_text().split()) if memory.exists() else set()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        if not finds_the_sample(folder):
            print("the query does not find its sample")
            return 1
        prints = {}
        for entry in entries:
            file = pathlib.Path(entry["file"])
            if file.is_relative_to(ROOT) and b"co_await" in file.read_bytes():
                prints[str(file)] = fingerprint(file, entry["command"])
                entry["command"] = for_clang(entry["command"], folder)
        if not prints:
            print("no file says co_await: is this the right build?")
            return 1
        (folder / "compile_commands.json").write_text(json.dumps(entries))
        unknown = [file for file in prints if prints[file] not in clean]
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            said = dict(zip(unknown, pool.map(lambda file: query(folder, file), unknown)))
    found = [text for text in said.values() if text]
    memory.write_text("\n".join(prints[file] for file in prints if not said.get(file)))
    print("\n".join(found) if found else f"{len(prints)} files, {len(unknown)} read anew")
    return 1 if found else 0


sys.exit(main(*sys.argv[1:]))
