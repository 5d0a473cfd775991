#!/usr/bin/env python3
"""Documents of many kinds, the same on every run: what token counters are fitted and compared on.

Real text comes from files that a Debian system has (manual pages, message catalogues, sources,
this tree); what it lacks is skipped. The rest is generated from a fixed seed. Every document is
`(kind, text)`.
"""

import base64
import gettext
import gzip
import json
import random
import re
import sys
import sysconfig
from pathlib import Path

TREE = Path(__file__).resolve().parents[2]
SHARE = Path("/usr/share")
LANGUAGES = {"zh_CN": "chinese", "zh_TW": "chinese-traditional", "ja": "japanese", "ko": "korean",
             "de": "german", "ru": "russian", "fr": "french", "es": "spanish", "pl": "polish",
             "pt_BR": "portuguese", "uk": "ukrainian", "el": "greek", "he": "hebrew", "ar": "arabic",
             "hi": "hindi", "th": "thai", "vi": "vietnamese", "tr": "turkish"}


def documents(per_kind=120):
    """At most `per_kind` documents of every kind, of 200 bytes to 16 kB."""
    made = []
    for kind, make in sorted(_kinds().items()):
        draw = random.Random(f"spillway {kind}")
        made += [(kind, text) for text in _first(make(draw), per_kind)]
    return made


def _first(texts, count):
    for text in texts:
        if count == 0:
            return
        if len(text.encode("utf-8", "replace")) >= 200:
            count -= 1
            yield text


def _size(draw):
    """A length in characters, most of them small: 200 to 16,000."""
    return int(200 * 80 ** draw.random())


def _cut(texts, draw):
    """One piece, at a line's start where there is one, out of each of `texts`."""
    for text in texts:
        size = _size(draw)
        start = draw.randrange(max(1, len(text) - size))
        line = text.find("\n", start, start + 400)
        start = line + 1 if line >= 0 and start else start
        yield text[start:start + size]


def _files(draw, root, pattern, smallest=1_000, largest=2_000_000):
    if not root.is_dir():
        return []
    found = sorted(path for path in root.glob(pattern)
                   if path.is_file() and smallest <= path.stat().st_size <= largest)
    draw.shuffle(found)
    return found


def _read(path):
    try:
        raw = path.read_bytes()
        return (gzip.decompress(raw) if path.suffix == ".gz" else raw).decode("utf-8")
    except (UnicodeDecodeError, OSError, EOFError):
        return ""


def _from_files(root, *patterns, **limits):
    def make(draw):
        paths = [path for pattern in patterns for path in _files(draw, root, pattern, **limits)]
        draw.shuffle(paths)
        return _cut(filter(None, map(_read, paths)), draw)
    return make


def _manual(folder, plain):
    def make(draw):
        for path in _files(draw, SHARE / "man" / folder, "man*/*.gz", smallest=600):
            text = _read(path)
            yield from _cut([_without_macros(text) if plain else text] * 2, draw)
    return make


def _without_macros(text):
    text = re.sub(r"\\f[A-Z]|\\\(..|\\&|\\-", lambda m: "-" if m[0] == "\\-" else "", text)
    lines = [re.sub(r"^\.(B|I|BR|SH|SS|IR|TP|RB|RI)\b *", "", line) for line in text.splitlines()]
    return "\n".join(line for line in lines if not line.startswith((".", "'\\\"")))


def _messages(language, shortest, joiner):
    """Messages of programs in one language: long ones joined read like prose, short ones like a form."""
    def make(draw):
        said = []
        for path in _files(draw, SHARE / "locale" / language, "LC_MESSAGES/*.mo"):
            try:
                with path.open("rb") as file:
                    catalogue = gettext.GNUTranslations(file)._catalog
            except (UnicodeDecodeError, OSError, ValueError):
                continue
            said += [text for key, text in sorted(catalogue.items(), key=str)
                     if key and isinstance(text, str) and len(text) >= shortest]
        while said:
            size, text = _size(draw), ""
            while len(text) < size:
                text += draw.choice(said).strip() + joiner
            yield text
    return make


def _repeat(one):
    def make(draw):
        while True:
            yield one(draw, _size(draw))
    return make


def _han_prose(draw, size):
    """Sentences out of common characters: no dictionary words, so the hardest Chinese there is."""
    common = "的一是不了在人有我他这中大来上个国到说们为子和你地出道也时年得就那要下以生会自着去之过家学对可她里后小么心多天而能好都然没日于起还发成事只作当想看文无开手十用主行方又如前所本见经头面公同三已老从动两长知民样现分将外但身些与高意进把法此实回二理美点月明其种声全工己话儿者向情部正名定女问力机给等几很业最间新什打便位因重被走电四第门相次东政海口使教西再平真听世气信北少关并内加化由却代军产入先山五太水万市眼体别处总才场师书比住员九笑性通目华报立马命张活难神数件安表原车白应路期叫死常提感金何更反合放做系计或司利受光王果亲界及今京务制解各任至清物台象记边共风战干接它许八特觉望直服毛林题建南度统色字请交爱让认算论百吃义科怎元社术结六功指思非流每青管夫连远资队跟带花快条院变联权往展该领传近留红治决周保达办运武半候七必城父强步完革深区即求品士转量空甚众技轻程告江语英基派满式李息写呢识极令黄德收脸钱党倒未持取设始版双历越史商千片容研像找友孩站广改议形委早房音火际则首单据导影失拿网香似斯专石若兵弟谁校读志飞观争究包组造落视济喜离虽坏兴"
    text = ""
    while len(text) < size:
        text += "".join(draw.choice(common) for _ in range(draw.randint(4, 22))) + draw.choice(",,。。!?;\n")
    return text


def _kana_prose(draw, size):
    words = ["です", "ます", "こと", "ため", "この", "その", "として", "について", "できる", "ファイル", "システム",
             "ユーザー", "データ", "情報", "利用", "設定", "場合", "必要", "問題", "時間", "今日", "明日", "私は", "あなたが",
             "彼女の", "東京", "大学", "学生", "先生", "という", "されている", "しました", "ください", "と思います", "、", "。", "を", "に", "の", "が"]
    text = ""
    while len(text) < size:
        text += draw.choice(words)
    return text


def _base64(draw, size):
    text = base64.b64encode(draw.randbytes(size * 3 // 4)).decode()
    return text if draw.random() < 0.5 else "\n".join(text[i:i + 76] for i in range(0, len(text), 76))


def _identifiers(draw, size):
    text = ""
    while len(text) < size:
        sort = draw.randrange(5)
        raw = draw.randbytes(draw.choice([16, 20, 32])).hex()
        text += {0: f"{raw[:8]}-{raw[8:12]}-{raw[12:16]}-{raw[16:20]}-{raw[20:32]}", 1: raw, 2: "0x" + raw[:16],
                 3: raw.upper(), 4: "sk-" + base64.urlsafe_b64encode(raw.encode())[:40].decode()}[sort]
        text += draw.choice(["\n", ", ", " ", '",\n"'])
    return text


def _numbers(draw, size):
    text, sort = "", draw.randrange(4)
    while len(text) < size:
        row = [draw.choice([str(draw.randrange(10 ** draw.randint(1, 9))), f"{draw.gauss(0, 100):.{draw.randint(0, 6)}f}",
                            f"{draw.randint(1990, 2030)}-{draw.randint(1, 12):02}-{draw.randint(1, 28):02}"])
               for _ in range(draw.randint(3, 9))]
        text += [",", ", ", "\t", " | "][sort].join(row) + "\n"
    return text


def _words_of(draw, size, sources):
    text = ""
    while len(text) < size * 2:
        text += _read(draw.choice(sources))
    return re.findall(r"\w+", text)


def _urls(draw):
    words = _words_of(draw, 200_000, _files(draw, TREE / "docs", "**/*.md") + _files(draw, SHARE / "perl", "**/*.pod")[:40])
    while True:
        text, size = "", _size(draw)
        while len(text) < size:
            host = ".".join(draw.choice(words).lower() for _ in range(draw.randint(1, 2))) + draw.choice([".com", ".org", ".io", ".de", ".cn"])
            path = "/".join(draw.choice(words) for _ in range(draw.randint(0, 5)))
            query = "&".join(f"{draw.choice(words)[:8]}={draw.choice([draw.choice(words), str(draw.randrange(10**6)), draw.randbytes(6).hex()])}"
                             for _ in range(draw.choice([0, 0, 1, 2, 4])))
            text += f"https://{host}/{path}" + (f"?{query}" if query else "") + draw.choice(["\n", " ", ")\n"])
        yield text


EMOJI = "😀😂🤣😍🙏👍🎉🔥✨💯🚀❤️👩‍💻👨‍👩‍👧‍👦🇩🇪🇯🇵🏳️‍🌈👋🏽🤷‍♂️☀️⚠️✅❌➡️•…—“”‘’€£™©"


def _emoji_chat(draw):
    words = _words_of(draw, 100_000, _files(draw, TREE / "docs", "**/*.md"))
    marks = re.findall(r"[\U0001F1E6-\U0001F1FF]{2}|.(?:\uFE0F|\u200D.|[\U0001F3FB-\U0001F3FF])*", EMOJI)
    while True:
        text, size = "", _size(draw)
        while len(text) < size:
            text += " ".join(draw.choice(words) for _ in range(draw.randint(1, 12))) + draw.choice([" ", "", "!! ", ", "])
            text += "".join(draw.choice(marks) for _ in range(draw.choice([0, 1, 1, 2, 5]))) + draw.choice([" ", "\n", ""])
        yield text


def _chat_json(draw):
    """Bodies of the chat API around other text, spaced and unspaced, escaped and not."""
    sources = [text for kind in ("english-manual", "python", "markdown", "chinese-messages", "german-messages")
               for text in _first(_kinds()[kind](draw), 60)]
    while sources:
        messages = [{"role": draw.choice(["user", "assistant", "system", "tool"]), "content": draw.choice(sources)[:_size(draw) // 2]}
                    for _ in range(draw.randint(1, 5))]
        body = {"model": "gpt-4o", "messages": messages, "temperature": 0.7, "stream": draw.random() < 0.5}
        yield json.dumps(body, indent=draw.choice([None, None, 2]), ensure_ascii=draw.random() < 0.5)


def _edge(draw):
    """What tokenizers disagree on: spaces, line ends, marks, contractions, digits, rare letters."""
    parts = ["'s", "'S", "'t", "'T", "'re", "'RE", "'Ve", "'ll", "'LL", "'d", "'D", "'m", "'\u017f", "\u2019s", "'", "''",
             "I'm", "don't", "DON'T", "he'll", "x'LLy", "can't've", " ", "  ", "   ", "\t", "\n", "\r\n", "\r", "\n\n\n", " \n ",
             "\u00a0", "\u3000", "\u2028", "\u0085", "\u200b", "\ufeff", "\u0301", "\u0301\u0302\u0303", "e\u0301", "\u093e", "\u20e3",
             "1", "12", "123", "1234", "1234567", "٣٤٥٦٧", "½", "²³", "Ⅷ", "〇", "一二三", "１２３４", "ABC", "aBC", "ABCdef", "abcDEF",
             "ǅ", "ǈx", "ʰ", "ªº", "İstanbul", "ß", "ẞ", "Straße", "ﬁ", "ÀÉ", "Ωmega", "Привет", "ПРИВЕТ", "дом", "שלום", "مرحبا",
             "สวัสดี", "नमस्ते", "안녕하세요", "こんにちは", "カタカナ", "漢字", "😀", "👩‍💻", "🇩🇪", "𝒜𝓑", "𐍈", "\U00020000", "\U000e0041",
             "/", "//", "///\n", "!!!", "...", "...\n\n", "-----", "====", "()", "{};", "<|endoftext|>", "<|im_start|>", "&nbsp;",
             "\\n", "\\", "$", "€", "%", "#", "@", "_", "__init__", "a_b", "C++", "#include <x>", "\0", "\x01", "\x7f", "\ufffd", "\ue000",
             "\U0001fae8", "a" * 40, " " * 60, "=" * 90, "0" * 50, "ab" * 30]
    while True:
        text, size = "", _size(draw) // 3 + 200
        while len(text) < size:
            text += draw.choice(parts)
        yield text


def _runs(draw):
    """Unsplittable input: the same few characters for kilobytes."""
    units = ["a", "ab", "xyz", "A", "Aa", "aA", " ", "\n", " \n", "\t", "\r\n", "=", "-=", "!", "é", "的", "的是", "ア", "д", "😀", "0", "0x",
             "\u0301", "ก", "aeiou", "ACGT", "/", "...", "=\n", " a"]
    while True:
        unit = draw.choice(units)
        if draw.random() < 0.5:
            yield (unit * (_size(draw) // len(unit) + 1)) + draw.choice(["", " end", "\n", "x"])
        else:
            letters = draw.choice(["abcdefghijklmnopqrstuvwxyz", "ACGT", "01", "的一是不了在", " \n", " \t", "aA", "д жш", "(){}[];"])
            yield "".join(draw.choice(letters) for _ in range(_size(draw)))


def _any_characters(draw):
    """Characters from the whole of Unicode, assigned or not."""
    blocks = [(0x20, 0x7e), (0xa0, 0x24f), (0x250, 0x52f), (0x530, 0x5ff), (0x600, 0x8ff), (0x900, 0xdff), (0xe00, 0x137f), (0x13a0, 0x1fff),
              (0x2000, 0x2bff), (0x2c00, 0x2fff), (0x3000, 0x33ff), (0x3400, 0x9fff), (0xa000, 0xabff), (0xac00, 0xd7a3),
              (0xf900, 0xffff), (0x10000, 0x11fff), (0x12000, 0x1ffff), (0x20000, 0x323af), (0xe0000, 0xe01ef)]
    while True:
        text, size = "", _size(draw) // 4 + 100
        while len(text) < size:
            low, high = draw.choice(blocks)
            text += "".join(chr(draw.randint(low, high)) for _ in range(draw.randint(1, 12))) + draw.choice(["", " ", "\n", "'s", "1"])
        yield text


def _kinds():
    library = Path(sysconfig.get_paths()["stdlib"])
    kinds = {
        "python": _from_files(library, "*.py", "*/*.py", smallest=2_000),
        "cpp": _from_files(TREE, "src/**/*.cpp", "include/**/*.hpp"),
        "cpp-headers": _from_files(Path("/usr/include"), "boost/*/*.hpp", "c++/*/bits/*.h", "linux/*.h", smallest=2_000),
        "perl": _from_files(SHARE / "perl", "*/**/*.pm", smallest=2_000),
        "shell": _from_files(Path("/usr/bin"), "*", smallest=2_000, largest=200_000),
        "vim": _from_files(SHARE / "vim", "vim*/**/*.vim", smallest=2_000),
        "cmake": _from_files(SHARE, "cmake*/Modules/*.cmake", smallest=2_000),
        "html": _from_files(SHARE / "doc", "**/*.html"),
        "json": _from_files(SHARE, "**/*.json", largest=400_000),
        "markdown": _from_files(TREE, "docs/**/*.md", "README.md"),
        "readme": _from_files(SHARE / "doc", "*/README*", "*/NEWS*", "*/changelog.gz"),
        "changelog": _from_files(SHARE / "doc", "*/changelog.Debian*.gz"),
        "licence": _from_files(SHARE / "doc", "*/copyright"),
        "pod": _from_files(SHARE / "perl", "*/**/*.pod"),
        "english-manual": lambda draw: (text for section in ("man1", "man8", "man5", "man7")
                                        for text in _cut(map(_without_macros, map(_read, _files(draw, SHARE / "man" / section, "*.gz")[:80])), draw)),
        "english-messages": _from_files(SHARE / "doc", "*/*.txt.gz", "*/*.txt"),
        "roff": lambda draw: _cut(map(_read, _files(draw, SHARE / "man" / "man3", "*.gz")), draw),
        "han-prose": _repeat(_han_prose), "kana-prose": _repeat(_kana_prose), "base64": _repeat(_base64),
        "identifiers": _repeat(_identifiers), "numbers": _repeat(_numbers), "urls": _urls, "emoji": _emoji_chat,
        "chat-json": _chat_json, "edge": _edge, "runs": _runs, "any-characters": _any_characters,
    }
    for code, name in LANGUAGES.items():
        kinds[f"{name}-messages"] = _messages(code, 60, " " if code not in ("zh_CN", "zh_TW", "ja", "th") else "")
        kinds[f"{name}-words"] = _messages(code, 2, "\n")
        kinds[f"{name}-manual"] = _manual(code, plain=True)
    return kinds


def main():
    """Prints JSON lines; with --raw what bench_tokens reads: length, kind, line end, bytes."""
    for kind, text in documents():
        raw = text.encode("utf-8", "replace")
        if "--raw" in sys.argv[1:]:
            sys.stdout.buffer.write(b"%d %b\n%b" % (len(raw), kind.encode(), raw))
        else:
            print(json.dumps({"kind": kind, "text": raw.decode()}, ensure_ascii=False))


if __name__ == "__main__":
    main()
