#!/usr/bin/env python3
"""Trains the score on each public data set's own rows and compares what comes of it with the floors that were set.

Usage: score_floors.py SPILLWAY LABELS.jsonl.gz [--nested] [DATASET ...]

Trained on the rows of the split `train`, judged on those of `dev`, which no choice has seen; with --nested by
nested cross-validation over all rows (some minutes). Exit status 1 when a floor is not reached.
"""

import argparse
import gzip
import re
import subprocess
import sys

FLOORS = {"mmlu": 0.675, "gsm8k": 0.655, "mix14": 0.69, "mmlu_pro": 0.58}
LINE = {"held out": re.compile(r"^held out +([0-9.]+) +(.*)$", re.M),
        "nested": re.compile(r"^nested cross-validation +([0-9.]+) +(.*)$", re.M)}


def measure(spillway, labels, name, kind):
    command = [spillway, "train", "--labels", "-", "--dataset", name]
    command += ["--report"] if kind == "nested" else ["--held-out", "dev"]
    with gzip.open(labels) as rows:
        done = subprocess.run(command, input=rows.read(), stdout=subprocess.PIPE, check=True)
    return LINE[kind].search(done.stdout.decode()).groups()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("spillway")
    parser.add_argument("labels")
    parser.add_argument("sets", nargs="*", metavar="DATASET")
    parser.add_argument("--nested", action="store_true")
    options = parser.parse_args()
    kind = "nested" if options.nested else "held out"
    missed = False
    for name in options.sets or FLOORS:
        value, interval = measure(options.spillway, options.labels, name, kind)
        reached = float(value) >= FLOORS[name]
        missed |= not reached
        print(f"{name:9} {kind} {value} {interval}  floor {FLOORS[name]:.3f}{'' if reached else '  not reached'}", flush=True)
    sys.exit(1 if missed else 0)


main()
