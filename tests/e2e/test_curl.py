"""curl, as the README shows it."""

import json
import subprocess

BODY = json.dumps({"model": "m", "messages": [{"role": "user", "content": "hi"}]})


def curl(*arguments, stdin=None):
    done = subprocess.run(["curl", "-sS", "--max-time", "20", *arguments], capture_output=True, text=True, input=stdin)
    assert done.returncode == 0, done.stderr
    return done.stdout


def headers(gateway):
    return ["-H", f"Authorization: Bearer {gateway.key}", "-H", "Content-Type: application/json"]


def test_a_first_request(gateway, upstream):
    answer = json.loads(curl(f"{gateway.base}/chat/completions", *headers(gateway), "-d", BODY))
    assert answer["choices"][0]["message"]["content"] == "Hello from engine."


def test_a_stream(gateway, upstream):
    streaming = BODY[:-1] + ',"stream":true}'
    text = curl("-N", f"{gateway.base}/chat/completions", *headers(gateway), "-d", streaming)
    assert text.endswith("data: [DONE]\n\n")
    assert text.count("data: {") >= 4


def test_a_large_body_with_expect_continue(gateway, upstream):
    big = json.dumps({"model": "m", "messages": [{"role": "user", "content": "x" * 2_000_000}]})
    answer = curl(f"{gateway.base}/chat/completions", *headers(gateway), "-H", "Expect: 100-continue", "-d", "@-",
                  "-w", "%{http_code}", stdin=big)
    assert answer.endswith("200")
    assert upstream.requests[0].body == big.encode()


def test_http_1_0_and_head(gateway, upstream):
    assert json.loads(curl("--http1.0", f"{gateway.base}/chat/completions", *headers(gateway), "-d", BODY))
    assert "200 OK" in curl("-I", f"{gateway.base}/models", *headers(gateway))


def test_two_requests_on_one_connection(gateway, upstream):
    url = f"{gateway.base}/models"
    codes = curl(*headers(gateway), "-o", "/dev/null", "-w", "%{http_code} %{num_connects}\n", url, "-o", "/dev/null", url)
    assert codes.split() == ["200", "1", "200", "0"]
