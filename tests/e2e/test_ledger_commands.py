"""`spillway ledger verify`, `ledger export` and `spend`, beside a running daemon."""

import csv
import datetime
import io
import json
import sqlite3

import pytest
from harness.daemon import config_of, deployment
from harness.waiting import wait_until
from test_command_line import spillway

PRICED = {"input_cost_per_token": 0.000002, "output_cost_per_token": 0.00001}


@pytest.fixture(scope="module")
def daemon(module_workshop):
    upstream = module_workshop.upstream("engine")
    made = module_workshop.daemon(config_of(deployment("dear", upstream.base, **PRICED),
                                            deployment("free", upstream.base))).start()
    for model in ("dear", "free", "dear"):
        assert made.client.chat(model, user="anna, \"A\"", metadata={"tags": ["blue"]}).status == 200
    wait_until(lambda: made.ledger.number("SELECT through_seq FROM rollup_mark") == 3, 10, "the roll-up")
    return made


def test_a_sound_ledger_is_verified_while_the_daemon_runs(daemon):
    done = spillway("ledger", "verify", "--ledger", daemon.ledger_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "3 records, 0.000144 USD" in done.stdout and "all is well" in done.stdout
    done = spillway("ledger", "verify", "--config", daemon.config_path, "--json")
    told = json.loads(done.stdout)
    assert (told["records"], told["spend_usd"], told["findings"]) == (3, 0.000144, [])


def test_a_ledger_that_was_tampered_with_is_told_from_a_sound_one(daemon, tmp_path):
    copy = tmp_path / "copy.db"
    with sqlite3.connect(f"file:{daemon.ledger_path}?mode=ro", uri=True) as source, sqlite3.connect(copy) as target:
        source.backup(target)
    target.execute("UPDATE records SET cost_nano_usd = 1 WHERE seq = 1")
    target.commit()
    target.close()
    done = spillway("ledger", "verify", "--ledger", copy)
    assert done.returncode == 1
    assert "sums: rollups of" in done.stdout and "things are wrong" in done.stdout


def test_what_is_no_ledger_is_an_error(tmp_path):
    for command in (("ledger", "verify"), ("ledger", "export"), ("spend",)):
        done = spillway(*command, "--ledger", tmp_path / "none.db", cwd=tmp_path)
        assert done.returncode == 1 and "none.db" in done.stderr, done.stderr


def test_an_export_has_every_record_as_lines_of_json(daemon):
    done = spillway("ledger", "export", "--ledger", daemon.ledger_path)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [row["model_group"] for row in rows] == ["dear", "free", "dear"]
    assert rows[0]["cost_usd"] == 0.000072 and rows[0]["tags"] == ["blue"] and rows[0]["end_user"] == 'anna, "A"'
    datetime.datetime.fromisoformat(rows[0]["started_at"].replace("Z", "+00:00"))


def test_an_export_is_a_table_for_others(daemon, tmp_path):
    file = tmp_path / "spend.csv"
    done = spillway("ledger", "export", "--ledger", daemon.ledger_path, "--format", "csv", "--output", file)
    assert done.returncode == 0 and not done.stdout
    rows = list(csv.DictReader(io.StringIO(file.read_text())))
    assert len(rows) == 3 and rows[0]["cost_usd"] == "0.000072" and rows[0]["end_user"] == 'anna, "A"'
    assert list(rows[0])[:3] == ["request_id", "started_at", "ended_at"]


def test_an_export_ends_where_it_should(daemon):
    tomorrow = datetime.datetime.now(datetime.timezone.utc).date() + datetime.timedelta(days=1)
    for arguments, lines in ((("--since", "1h"), 3), (("--until", "1h"), 0), (("--until", str(tomorrow)), 3)):
        done = spillway("ledger", "export", "--ledger", daemon.ledger_path, *arguments)
        assert done.returncode == 0 and len(done.stdout.splitlines()) == lines
    assert spillway("ledger", "export", "--ledger", daemon.ledger_path, "--since", "later").returncode == 1
    assert spillway("ledger", "export", "--ledger", daemon.ledger_path, "--format", "xml").returncode == 2


def test_an_export_that_finds_no_room_says_so(daemon):
    done = spillway("ledger", "export", "--ledger", daemon.ledger_path, "--output", "/dev/full")
    assert done.returncode == 1 and "not complete" in done.stderr


@pytest.mark.parametrize("by", ("model", "group", "deployment", "provider", "key", "team", "user", "end_user", "tag",
                                "day"))
def test_spend_is_a_table_by_anything(daemon, by):
    done = spillway("spend", "--ledger", daemon.ledger_path, "--config", daemon.config_path, "--by", by)
    assert done.returncode == 0, done.stderr
    assert by in done.stdout and "total" in done.stdout and "Saved:" in done.stdout


def test_spend_sums_are_exact_and_local_requests_are_known(daemon):
    done = spillway("spend", "--config", daemon.config_path, "--json")
    told = json.loads(done.stdout)
    assert [(row["name"], row["requests"], row["cost_usd"]) for row in told["rows"]] == [
        ("dear", 2, 0.000144), ("free", 1, 0)]
    assert told["total"]["requests"] == 3 and told["total"]["local_requests"] == 3
    assert "ledger.reference_model" in told["assumption"]


def test_help_tells_of_the_commands_below(daemon):
    done = spillway("ledger", "--help")
    assert "verify" in done.stdout and "export" in done.stdout
    done = spillway("ledger", "verify", "--help")
    assert "spillway ledger verify" in done.stdout and "--database-url" in done.stdout
    assert spillway("ledger").returncode == 2
