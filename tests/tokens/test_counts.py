"""Our counts beside those of the reference tokenizers, document by document.

`TOKEN_PROBE` is the program of probe.cpp. Vocabularies and npm's gpt-tokenizer come from
scripts/vocabularies, tiktoken from tests/requirements.txt; its own vocabularies are not needed.
"""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

import corpus

TREE = Path(__file__).resolve().parents[2]
PACKAGE = TREE / "scripts" / "lib" / "vocabularies" / "node_modules" / "gpt-tokenizer"
PROBE = os.environ.get("TOKEN_PROBE", str(TREE / "build" / "dev" / "token_probe"))
MODELS = {"o200k": "gpt-4o", "cl100k": "gpt-4"}
# JavaScript has its own white space (U+FEFF, not U+0085) and the Unicode version of its runtime, and
# takes its time over kilobytes without a blank.
NOT_FOR_JAVASCRIPT = {"any-characters", "edge", "runs"}

pytestmark = pytest.mark.skipif(not PACKAGE.is_dir(), reason="npm's gpt-tokenizer is missing: run scripts/vocabularies")


@pytest.fixture(scope="module")
def documents():
    found = [(kind, text.encode("utf-8", "replace").decode()) for kind, text in corpus.documents(per_kind=30)]
    assert len(found) > 1_000
    return found


def probe(*arguments, texts):
    raw = b"".join(b"%d\n%b" % (len(each), each) for each in (text.encode() for text in texts))
    done = subprocess.run([PROBE, *map(str, arguments)], input=raw, stdout=subprocess.PIPE, check=True)
    return [tuple(map(int, line.split())) for line in done.stdout.splitlines()]


def exact(family, texts):
    return [count for count, in probe("count", MODELS[family], PACKAGE / "data" / f"{family}_base.tiktoken", texts=texts)]


def tiktoken_encoding(family):
    from tiktoken import Encoding
    from tiktoken.load import load_tiktoken_bpe
    from tiktoken_ext import openai_public
    openai_public.load_tiktoken_bpe = lambda url, **_: load_tiktoken_bpe(str(PACKAGE / "data" / url.split("/")[-1]))
    return Encoding(**getattr(openai_public, f"{family}_base")())


def mismatches(documents, ours, theirs):
    return [(kind, mine, other, text[:60]) for (kind, text), mine, other in zip(documents, ours, theirs, strict=True)
            if mine != other][:10]


@pytest.mark.parametrize("family", MODELS)
def test_counts_are_those_of_tiktoken(family, documents):
    encoding = tiktoken_encoding(family)
    theirs = [len(encoding.encode_ordinary(text)) for _, text in documents]
    assert mismatches(documents, exact(family, [text for _, text in documents]), theirs) == []


@pytest.mark.skipif(shutil.which("node") is None, reason="Node.js is missing")
@pytest.mark.parametrize("family", MODELS)
def test_counts_are_those_of_gpt_tokenizer(family, documents):
    ordinary = [(kind, text) for kind, text in documents
                if kind not in NOT_FOR_JAVASCRIPT and not set(text) & set("\ufeff\u0085")]
    texts = [text for _, text in ordinary]
    done = subprocess.run(["node", Path(__file__).with_name("count.mjs"), PACKAGE, family], check=True,
                          input="\n".join(map(json.dumps, texts)).encode(), stdout=subprocess.PIPE)
    theirs = [int(line) for line in done.stdout.split()]
    assert mismatches(ordinary, exact(family, texts), theirs) == []


@pytest.mark.parametrize("family", MODELS)
def test_every_character_is_split_as_tiktoken_does(family):
    """Each assigned or unassigned character beside a letter, a digit, a blank and itself."""
    encoding = tiktoken_encoding(family)
    characters = [chr(code) for code in range(0x110000) if not 0xD800 <= code <= 0xDFFF]
    texts = ["".join(f"a{c}B 1{c} {c}{c}\n{c}'s" for c in characters[at:at + 64]) for at in range(0, 0x32000, 64)]
    theirs = [len(encoding.encode_ordinary(text)) for text in texts]
    assert mismatches([("characters", text) for text in texts], exact(family, texts), theirs) == []


@pytest.mark.parametrize("family", MODELS)
def test_estimates_keep_their_promise(family, documents):
    """Mean error at most 9.5 %, 95th percentile at most 25 %, upper end above 95 % of documents."""
    written = [document for document in documents
               if document[0] not in NOT_FOR_JAVASCRIPT | {"han-prose", "kana-prose"}]
    texts = [text for _, text in written]
    truth = exact(family, texts)
    estimates = probe("estimate", MODELS[family], texts=texts)
    errors = sorted(abs(tokens / true - 1) for (tokens, _), true in zip(estimates, truth, strict=True))
    above = sum(upper >= true for (_, upper), true in zip(estimates, truth))
    assert sum(errors) / len(errors) <= 0.095
    assert errors[len(errors) * 95 // 100] <= 0.25
    assert above >= 0.95 * len(truth)
