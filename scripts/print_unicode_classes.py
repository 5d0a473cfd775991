#!/usr/bin/env python3
"""Prints src/tokens/unicode_classes.inc: which characters the split patterns of tiktoken take for
letters, marks, digits and white space. Asked of tiktoken itself, so the table has the Unicode
version of the reference, whatever Python's is.

    build/venv/bin/python scripts/print_unicode_classes.py > src/tokens/unicode_classes.inc
"""

import sys

import tiktoken

# Bits as in src/tokens/unicode.hpp.
PATTERNS = {1: r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", 2: r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]", 4: r"\p{L}", 8: r"\p{N}",
            16: r"\s", 32: r"[\r\n]"}
# A letter of version 15 to 17 each, to name the version in the header.
NEWEST = {"15.0": "\U00010efd", "15.1": "\U0002ebf0", "16.0": "\u1c89", "17.0": "\ua7ce"}


def matched(pattern, text):
    """The characters of `text` that match: what does not is no token."""
    encoding = tiktoken.Encoding("classes", pat_str=pattern, special_tokens={},
                                 mergeable_ranks={bytes([byte]): byte for byte in range(256)})
    return set(bytes(encoding.encode_ordinary(text)).decode())


def main():
    everything = "".join(chr(code) for code in range(0x110000) if not 0xD800 <= code <= 0xDFFF)
    classes = {}
    for bit, pattern in PATTERNS.items():
        for character in matched(pattern, everything):
            classes[ord(character)] = classes.get(ord(character), 0) | bit
    known = matched(r"[\p{L}\p{M}]", "".join(NEWEST.values()))
    version = max(name for name, character in NEWEST.items() if character in known)

    starts, before = [], None
    for code in range(0x110000):
        value = classes.get(code, 0)
        if value != before:
            starts.append(code << 8 | value)
            before = value
    print(f"// Printed by scripts/print_unicode_classes.py from tiktoken {tiktoken.__version__}: Unicode {version}.")
    print("// First character of a range << 8 | its class, for characters up to U+10FFFF.")
    for at in range(0, len(starts), 10):
        print(" ".join(f"{value:#x}," for value in starts[at:at + 10]))


if __name__ == "__main__":
    sys.exit(main())
