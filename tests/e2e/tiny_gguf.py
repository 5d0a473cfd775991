"""Writes a language model of half a megabyte: Llama's architecture, random weights, its own vocabulary.

It says nonsense, but through a real engine: real tokens, a real window, real work per token. The format is
GGUF version 3; keys and names of tensors are those that llama.cpp reads for "llama".
"""

import random
import struct

ALIGNMENT = 32
UINT32, FLOAT32, BOOL, STRING, ARRAY, INT32 = 4, 6, 7, 8, 9, 5
NORMAL, UNKNOWN, CONTROL, BYTE = 1, 2, 3, 6  # kinds of tokens
WIDTH, HEADS, LAYERS, HIDDEN = 64, 2, 2, 128
TEMPLATE = "{% for message in messages %}{{ message.content }}{% endfor %}"
WORDS = ["▁", "▁a", "▁the", "▁one", "▁two", "▁three", "▁sun", "▁rain", "▁word", "."]


def vocabulary():
    """(text, score, kind) of each token: control, bytes, letters, and some words that merges can reach."""
    tokens = [("<unk>", 0.0, UNKNOWN), ("<s>", 0.0, CONTROL), ("</s>", 0.0, CONTROL)]
    tokens += [(f"<0x{value:02X}>", 0.0, BYTE) for value in range(256)]
    pieces = [chr(letter) for letter in range(ord("a"), ord("z") + 1)]
    for word in WORDS:
        pieces += [word[:end] for end in range(1, len(word) + 1)]
    tokens += [(piece, float(len(piece)), NORMAL) for piece in dict.fromkeys(pieces)]
    return tokens


def _string(text):
    raw = text.encode()
    return struct.pack("<Q", len(raw)) + raw


def _value(kind, value):
    if kind == STRING:
        return _string(value)
    return struct.pack({UINT32: "<I", INT32: "<i", FLOAT32: "<f", BOOL: "<?"}[kind], value)


def _key(name, kind, value):
    return _string(name) + struct.pack("<I", kind) + _value(kind, value)


def _array(name, kind, values):
    head = struct.pack("<IIQ", ARRAY, kind, len(values))
    return _string(name) + head + b"".join(_value(kind, value) for value in values)


def _keys(tokens, window):
    words = [("general.architecture", STRING, "llama"), ("general.name", STRING, "tiny"),
             ("llama.context_length", UINT32, window), ("llama.embedding_length", UINT32, WIDTH),
             ("llama.block_count", UINT32, LAYERS), ("llama.feed_forward_length", UINT32, HIDDEN),
             ("llama.attention.head_count", UINT32, HEADS), ("llama.attention.head_count_kv", UINT32, HEADS),
             ("llama.attention.layer_norm_rms_epsilon", FLOAT32, 1e-5),
             ("llama.rope.dimension_count", UINT32, WIDTH // HEADS), ("llama.vocab_size", UINT32, len(tokens)),
             ("tokenizer.ggml.model", STRING, "llama"), ("tokenizer.ggml.unknown_token_id", UINT32, 0),
             ("tokenizer.ggml.bos_token_id", UINT32, 1), ("tokenizer.ggml.eos_token_id", UINT32, 2),
             ("tokenizer.ggml.add_bos_token", BOOL, True), ("tokenizer.chat_template", STRING, TEMPLATE)]
    found = [_key(*one) for one in words]
    found.append(_array("tokenizer.ggml.tokens", STRING, [text for text, _, _ in tokens]))
    found.append(_array("tokenizer.ggml.scores", FLOAT32, [score for _, score, _ in tokens]))
    found.append(_array("tokenizer.ggml.token_type", INT32, [kind for _, _, kind in tokens]))
    return found


def _tensors(tokens, seed):
    """(name, dimensions with the fastest first, values)."""
    chance = random.Random(seed)

    def matrix(columns, rows):
        return [chance.gauss(0, 1 / columns**0.5) for _ in range(columns * rows)]

    # Only words can be said, and the end never: what is generated has the length that was asked for.
    head = []
    for _, _, kind in tokens:
        head += [8 * chance.gauss(0, 1) for _ in range(WIDTH)] if kind == NORMAL else [0.0] * WIDTH
    yield "token_embd.weight", (WIDTH, len(tokens)), matrix(WIDTH, len(tokens))
    yield "output_norm.weight", (WIDTH,), [1.0] * WIDTH
    yield "output.weight", (WIDTH, len(tokens)), head
    for layer in range(LAYERS):
        for name, columns, rows in (("attn_q", WIDTH, WIDTH), ("attn_k", WIDTH, WIDTH), ("attn_v", WIDTH, WIDTH),
                                    ("attn_output", WIDTH, WIDTH), ("ffn_gate", WIDTH, HIDDEN),
                                    ("ffn_up", WIDTH, HIDDEN), ("ffn_down", HIDDEN, WIDTH)):
            yield f"blk.{layer}.{name}.weight", (columns, rows), matrix(columns, rows)
        for name in ("attn_norm", "ffn_norm"):
            yield f"blk.{layer}.{name}.weight", (WIDTH,), [1.0] * WIDTH


def write(path, window=65_536, seed=1):
    """Writes the model to `path`; `window` is what it calls its own context."""
    tokens = vocabulary()
    keys = _keys(tokens, window)
    infos, blocks, offset = [], [], 0
    for name, dimensions, values in _tensors(tokens, seed):
        infos.append(_string(name) + struct.pack(f"<I{len(dimensions)}QIQ", len(dimensions), *dimensions, 0, offset))
        raw = struct.pack(f"<{len(values)}f", *values)
        blocks.append(raw + b"\0" * (-len(raw) % ALIGNMENT))
        offset += len(blocks[-1])
    head = b"GGUF" + struct.pack("<IQQ", 3, len(infos), len(keys)) + b"".join(keys) + b"".join(infos)
    path.write_bytes(head + b"\0" * (-len(head) % ALIGNMENT) + b"".join(blocks))
