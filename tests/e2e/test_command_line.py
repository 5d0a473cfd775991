"""The command line: help for newcomers, check for operators."""

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


def test_check_of_a_missing_or_broken_file(tmp_path):
    done = spillway("check", "--config", tmp_path / "none.yaml")
    assert done.returncode != 0 and "none.yaml" in done.stdout + done.stderr
    broken = tmp_path / "broken.yaml"
    broken.write_text("model_list: [\n  - x: {\n")
    done = spillway("check", "--config", broken)
    assert done.returncode != 0 and "broken.yaml:" in done.stdout + done.stderr
