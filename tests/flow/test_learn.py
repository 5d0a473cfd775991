"""`spillway review` and `spillway learn` on comparisons that a daemon drew, and weights that change under it."""

import random
import sqlite3
import subprocess
from pathlib import Path

import pytest

from fakes import replies as r
from harness.daemon import ASAN_OPTIONS, binary, deployment
from harness.waiting import wait_until

EASY = ["What is the capital of {}?", "Translate {} to German.", "Spell the word {}.", "Name a river in {}."]
HARD = ["Prove the theorem of {} step by step.", "Derive the integral of {} and prove it converges.",
        "Prove by induction that {} holds for all n.", "Give a rigorous proof about {} over finite fields."]
BUILT_IN = Path(__file__).parents[2] / "config/complexity.weights"
WORDS = ["France", "Chile", "Euler", "Noether", "Norway", "Gauss", "Kenya", "Hilbert", "Peru", "Galois", "Japan", "Riemann"]


class Classroom:
    """A route that compares everything; the local model leaves proofs unanswered."""

    def __init__(self, workshop, **shadow):
        self.local, self.cloud = workshop.upstream("local"), workshop.upstream("cloud")
        self.cloud.default = r.whole(r.chat("It is so."))
        self.local.default = self.answer
        self.weights = workshop.folder / "auto.weights"
        self.rows = [deployment("local", self.local.base),
                     deployment("cloud", self.cloud.base, input_cost_per_token=0.000001,
                                output_cost_per_token=0.000002, model_info={"local": False, "max_output_tokens": 50})]
        rules = [{"name": "hard", "when": {"complexity": ">=complex"}, "use": ["cloud"]}]
        self.routes = {"auto": {"rules": rules, "otherwise": ["local"], "complexity": {"weights": str(self.weights), "cuts": [0.2, 0.5, 0.95]},
                                "shadow": {"group": "cloud", "share": "100%", "max_cost_per_day": 10, **shadow}}}
        self.daemon = workshop.serve(*self.rows, routes=self.routes)

    @staticmethod
    async def answer(turn):
        hard = b"rove" in turn.request.body
        await r.whole(r.chat("" if hard else "It is so."))(turn)

    def ask(self, text):
        return self.daemon.client.chat("auto", messages=[{"role": "user", "content": text}])

    def rows_of(self, sql):
        database = sqlite3.connect(f"file:{self.daemon.ledger_path}?mode=ro", uri=True, timeout=5)
        try:
            return database.execute(sql).fetchall()
        finally:
            database.close()

    def compared(self):
        return self.rows_of("SELECT count(*) FROM comparisons")[0][0]

    def lessons(self, count):
        """Asks `count` questions, half of them hard, and waits until all of them are compared."""
        for number in range(count):
            kind = (EASY, HARD)[number % 2]
            text = kind[number // 2 % 4].format(WORDS[number % len(WORDS)]) + f" ({number})"
            assert self.ask(text).status == 200
            wait_until(lambda: self.compared() == number + 1, what="the comparison")

    def run(self, command, *arguments, stdin="", code=0):
        done = subprocess.run([binary(), command, "--config", str(self.daemon.config_path), *arguments],
                              input=stdin.encode(), capture_output=True, timeout=110, check=False,
                              env={**self.daemon.env, "ASAN_OPTIONS": ASAN_OPTIONS})
        assert done.returncode == code, done.stdout.decode() + done.stderr.decode()
        return done.stdout.decode() + done.stderr.decode()


@pytest.fixture
def room(workshop):
    return Classroom(workshop)


# --- learn


def test_learn_activates_what_is_surely_better_and_undo_goes_back(room):
    assert "built-in weights" in room.daemon.log
    room.lessons(140)
    said = room.run("learn", "--dry-run")
    assert "comparisons   140  (" in said and "the new weights may be used" in said
    assert not room.weights.exists(), "a dry run writes nothing"

    said = room.run("learn")
    assert "written to" in said and "learned, nested" in said
    wait_until(lambda: "configuration 2" in room.daemon.log, what="the daemon taking them up")
    learned = room.weights.read_bytes()
    assert b"comparisons of auto" in learned

    hard = room.ask("Prove the theorem of Gauss step by step.")
    easy = room.ask("What is the capital of Norway?")
    assert (hard.header("x-spillway-rule"), easy.header("x-spillway-rule")) == ("hard", "otherwise")

    room.run("learn", "--undo")
    wait_until(lambda: "configuration 3" in room.daemon.log, what="the way back")
    assert room.weights.read_bytes() != learned
    room.run("learn", "--undo")
    assert room.weights.read_bytes() == learned


def test_learn_refuses_too_few_comparisons_and_says_so(room):
    room.lessons(6)
    said = room.run("learn", code=1)
    assert "too few comparisons" in said
    assert not room.weights.exists()


def test_learn_refuses_what_may_be_chance(room):
    room.local.default = room.cloud.default = r.whole(r.chat("It is so."))
    chance = random.Random(3)
    for number in range(110):
        # Which answer is empty has nothing to do with the question.
        (room.cloud if chance.random() < 0.3 else room.local).next(r.whole(r.chat("")))
        room.ask(EASY[number % 4].format(WORDS[number * 7 % 12]) + f" ({number})")
        wait_until(lambda: room.compared() == number + 1)
    said = room.run("learn", code=1)
    assert "may be no better than chance" in said or "not better on these requests" in said
    assert not room.weights.exists()


@pytest.mark.parametrize("arguments, why", [
    (["--route", "nope"], "there is no route 'nope'"),
    (["--since", "soon"], "neither a duration"),
    (["--ledger", "none.db"], "no ledger at"),
    (["--undo"], "no weights to go back to"),
])
def test_learn_says_what_is_wrong(room, arguments, why):
    assert why in room.run("learn", *arguments, code=1)


def test_damaged_weights_never_come_into_service(room):
    room.weights.write_bytes(b"no weights")
    wait_until(lambda: "stays in service" in room.daemon.log, what="the refusal")
    assert room.ask("hello").status == 200
    assert "spillway:" in room.run("learn", code=1)


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def test_weights_of_other_features_count_as_none(room):
    body = bytearray(BUILT_IN.read_bytes()[:-4])
    body[16] ^= 1  # of the hash over what is counted in a prompt
    room.weights.write_bytes(bytes(body) + crc32c(body).to_bytes(4, "little"))
    wait_until(lambda: "other features" in room.daemon.log, what="the warning")
    assert "stays in service" not in room.daemon.log
    assert room.ask("hello").status == 200
    assert "other features" in room.run("check")
    assert "too few comparisons" in room.run("learn", "--dry-run", code=1)
    room.daemon.stop()
    room.daemon.restart()
    assert room.ask("hello").status == 200


def test_damaged_weights_are_told_by_the_check(room):
    room.weights.write_bytes(b"no weights")
    wait_until(lambda: "stays in service" in room.daemon.log, what="the refusal")
    assert "not a weights file" in room.run("check", code=1)


# --- review


def kept(workshop, count=3):
    room = Classroom(workshop, keep_text=True)
    room.lessons(count * 2)
    return room


def test_review_lists_pairs_blind_where_nobody_judges(workshop):
    room = kept(workshop)
    said = room.run("review")
    assert said.count("=== ") == 6 and "user: What is the capital of France? (0)" in said
    assert "local (" not in said and "cloud (" not in said, "which is which is said after the verdict"
    assert room.rows_of("SELECT count(*) FROM comparison_labels WHERE judge = 3")[0][0] == 0


def test_a_reviewers_verdict_is_kept_and_outweighs_others(workshop):
    room = kept(workshop)
    said = room.run("review", stdin="a\nb\ntie\nskip\nnonsense\nq\n")
    assert said.count("A was ") == 3 and "(weak)" in said
    assert "neither a, b, tie" in said
    assert "ties 1" in said
    verdicts = room.rows_of("SELECT weak, strong, certainty FROM comparison_labels WHERE judge = 3")
    assert len(verdicts) == 3 and (1, 1, 1) in verdicts
    assert "3 by human" in room.run("learn", "--dry-run", code=1)
    assert room.run("review").count("=== ") == 3, "what was reviewed is not shown again"
    assert room.run("review", "--again").count("=== ") == 6


def test_review_of_nothing_says_where_pairs_come_from(room):
    assert "keep_text" in room.run("review")


# --- what counts taught


def test_what_was_learned_of_counts_survives_a_restart(workshop):
    upstream = workshop.upstream("alpha")
    daemon = workshop.serve(deployment("m", upstream.base), shards=1, routes={"auto": {"otherwise": ["m"]}})
    question = {"model": "auto", "messages": [{"role": "user", "content": "word " * 100}]}

    def count():
        return daemon.client.post("/route/explain", question).json["features"]["prompt"]

    before = count()
    reported = before * 6 // 5
    usage = {"prompt_tokens": reported, "completion_tokens": 5, "total_tokens": reported + 5}
    upstream.default = r.whole(r.chat("hi", usage=usage))
    for _ in range(80):
        daemon.client.post("/v1/chat/completions", question)
    learned = count()
    assert abs(learned - reported) <= reported / 25 < abs(before - reported)
    daemon.stop()
    daemon.restart()
    assert count() == learned
