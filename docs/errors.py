#!/usr/bin/env python3
"""Prints docs/errors.md from the table in src/base/error_code.cpp.

Usage: docs/errors.py [--check]     --check: exit 1 when the page is not what would be printed
"""
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
PAGE = HERE / "errors.md"
TABLE = HERE.parent / "src" / "base" / "error_code.cpp"

HEAD = """\
# Errors

Every error answers with OpenAI's body, always its four keys:

```json
{"error": {"message": "...", "type": "invalid_request_error", "param": null, "code": "model_not_found"}}
```

`code` is stable and meant for programs; `message` is meant for people and says more than the
sentence here. Errors of our own making carry `x-should-retry: false`: retries and fallbacks are
spent by then, so a retry of the SDK would only multiply them. `Retry-After` is set when a time is
known. A stream that breaks after its first bytes ends with `data: {"error": ...}` and without
`[DONE]`. When a deployment rejects a request for the request's own fault, the client gets the
deployment's 4xx status.

The column *whose* says who can make the error go away: the client, the upstream, or the gateway
(its operator). This page is printed by `docs/errors.py` from `src/base/error_code.cpp`.

| code | status | type | whose | meaning |
| --- | --- | --- | --- | --- |
"""


def page():
    source = TABLE.read_text()
    types = dict(re.findall(r'constexpr std::string_view (\w+) = "(\w+)";', source))
    rows = re.findall(r'ErrorRow\{Errc::\w+,\s*"(\w+)",\s*Origin::(\w+),\s*(\d+),\s*(\w+),\s*'
                      r'((?:"[^"]*"\s*)+)\}', source)
    if len(rows) != source.count("ErrorRow{"):
        raise SystemExit("docs/errors.py: the table is not written as expected")
    text = HEAD
    for code, origin, status, kind, sentence in rows:
        joined = "".join(re.findall(r'"([^"]*)"', sentence))
        text += f"| `{code}` | {status} | `{types[kind]}` | {origin} | {joined} |\n"
    return text


if "--check" in sys.argv:
    if not PAGE.exists() or PAGE.read_text() != page():
        raise SystemExit("docs/errors.md is not current: run docs/errors.py")
else:
    PAGE.write_text(page())
