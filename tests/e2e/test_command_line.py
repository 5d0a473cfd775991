"""The command line: help for newcomers, check for operators."""

import json
import subprocess

from harness.daemon import binary


def spillway(*arguments, **more):
    return subprocess.run([binary(), *map(str, arguments)], capture_output=True, text=True, timeout=20, **more)


def test_version():
    done = spillway("version")
    assert done.returncode == 0 and done.stdout.startswith("spillway ")


def test_help_names_the_commands_and_the_way_to_start():
    for arguments in (["--help"], ["-h"], []):
        done = spillway(*arguments)
        assert all(word in done.stdout + done.stderr for word in ("serve", "check", "version"))
    serve = spillway("serve", "--help")
    assert serve.returncode == 0
    assert all(word in serve.stdout for word in ("--config", "--host", "--port", "4000", "127.0.0.1"))


def test_a_slip_gets_a_suggestion():
    done = spillway("sreve")
    assert done.returncode != 0 and "serve" in done.stderr
    done = spillway("serve", "--prot", "5")
    assert done.returncode != 0 and "--port" in done.stderr


def test_check_says_every_problem_in_one_run_with_its_place(tmp_path):
    file = tmp_path / "config.yaml"
    file.write_text("model_list:\n"
                    "  - model_name: m\n"
                    "    litellm_params:\n"
                    "      model: opnai/gpt-4o\n"
                    "router_settings:\n"
                    "  num_retries: many\n"
                    "  routing_strategy: fastest\n"
                    "server:\n"
                    "  max_bodi: 5\n")
    done = spillway("check", "--config", file)
    output = done.stdout + done.stderr
    assert done.returncode != 0
    for line in (4, 6, 7, 9):
        assert f"config.yaml:{line}:" in output, output
    assert "max_body" in output, "the nearest known key"


def test_check_lists_every_key_as_supported_ignored_or_different(tmp_path):
    file = tmp_path / "config.yaml"
    file.write_text("model_list:\n"
                    "  - model_name: m\n"
                    "    litellm_params: {model: openai/gpt-4o, api_key: sk-very-secret}\n"
                    "router_settings:\n"
                    "  redis_host: localhost\n"
                    "  num_retries: 1\n"
                    "general_settings:\n"
                    "  store_model_in_db: true\n"
                    "something_of_tomorrow: 1\n")
    done = spillway("check", "--config", file)
    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    for key, word in (("num_retries", "supported"), ("redis_host", "ignored"), ("store_model_in_db", "ignored")):
        assert any(key in line and word in line for line in lines), key
    assert "something_of_tomorrow" in done.stdout
    assert "sk-very-secret" not in done.stdout + done.stderr


def test_check_opens_the_pem_files_that_the_file_names(tmp_path):
    file = tmp_path / "config.yaml"
    for section in ("server: {tls_certificate: none.pem, tls_key: none.pem}", "upstream: {ca_file: none.pem}"):
        file.write_text(f"model_list: []\n{section}\n")
        done = spillway("check", "--config", file)
        assert done.returncode == 1
        assert "none.pem" in done.stdout and "1 error" in done.stdout


def test_check_of_a_missing_or_broken_file(tmp_path):
    done = spillway("check", "--config", tmp_path / "none.yaml")
    assert done.returncode != 0 and "none.yaml" in done.stdout + done.stderr
    broken = tmp_path / "broken.yaml"
    broken.write_text("model_list: [\n  - x: {\n")
    done = spillway("check", "--config", broken)
    assert done.returncode != 0 and "broken.yaml:" in done.stdout + done.stderr


def test_train_then_score_sorts_hard_prompts_first(tmp_path):
    rows = [{"id": i, "prompt": ("prove the theorem " if i % 2 else "say hello to person ") + str(i),
             "weak": 1 - i % 2, "strong": 1} for i in range(80)]
    labels = tmp_path / "labels.jsonl"
    labels.write_text("".join(json.dumps(row) + "\n" for row in rows))
    weights = tmp_path / "my.weights"
    trained = spillway("train", "--labels", labels, "--out", weights)
    assert trained.returncode == 0, trained.stderr
    assert "80 prompts" in trained.stdout and weights.stat().st_size <= 65536
    scored = spillway("score", "--weights", weights, input=labels.read_text())
    assert scored.returncode == 0, scored.stderr
    scores = dict(line.split("\t") for line in scored.stdout.splitlines())
    hard, easy = ([float(scores[str(i)]) for i in range(80) if i % 2 == want] for want in (1, 0))
    assert min(hard) > max(easy)


def test_score_and_features_work_without_any_file():
    line = json.dumps({"id": "a", "messages": [{"role": "user", "content": "Which of these is a prime?"}]})
    scored = spillway("score", input=line)
    assert scored.returncode == 0 and scored.stdout.startswith("a\t")
    seen = spillway("features", input=line)
    assert json.loads(seen.stdout)["script"] == "Latin" and "prime" not in seen.stdout


def test_weights_that_are_none_are_refused(tmp_path):
    file = tmp_path / "a.weights"
    file.write_bytes(b"SPWSCOR1 but no more")
    done = spillway("score", "--weights", file, input="")
    assert done.returncode == 1 and "a.weights" in done.stderr
