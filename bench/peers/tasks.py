"""The tasks of `thalweg` that peers have too: their calls, and their data as arrays of NumPy.

Pictures are the embedded part of Fashion-MNIST, divided by 255. Text is cut as `thalweg` cuts it: the first
90 % of the characters are to train on, the next 5 % are held out; an example is a window of `time` characters
with the character after each, and windows do not overlap.
"""

import gzip
import pathlib
import re

import numpy

CRATES = pathlib.Path(__file__).resolve().parents[2] / "crates"
EMBEDDED = CRATES / "data/embedded"
TEXT = EMBEDDED / "moby-dick.txt.gz"

# What the calls of tasks and optimizers may say, with defaults; a word's other arguments are not known here.
TASKS = {
    "fashion-softmax": {},
    "fashion-mlp": {"hidden": 128, "layers": 1},
    "fashion-2c2d": {},
    "char-lstm": {"hidden": 128, "layers": 2, "time": 50},
    "char-gpt": {"layers": 4, "width": 128, "heads": 4, "time": 64},
}
OPTIMIZERS = {
    "sgd": {"lr": 0.01},
    "adam": {"lr": 0.001},
    "adamw": {"lr": 0.001},
}


def resolve(call, known):
    """The name and arguments of a call such as `fashion-mlp(hidden=512, layers=2)`, defaults filled in. A call
    that peers have nothing for is a ValueError."""
    found = re.fullmatch(r"\s*([\w-]+)\s*(?:\((.*)\))?\s*", call)
    if not found or found[1] not in known:
        raise ValueError(f"no {call!r} here; there are {', '.join(known)}")
    name, arguments = found[1], dict(known[found[1]])
    for part in filter(str.strip, (found[2] or "").split(",")):
        key, _, value = (word.strip() for word in part.partition("="))
        if key not in arguments:
            raise ValueError(f"{name} has no argument {key!r} here")
        try:
            arguments[key] = type(arguments[key])(value)
        except ValueError:
            raise ValueError(f"{name}: {key} cannot be {value!r}") from None
    return name, arguments


def idx(path):
    """The bytes of an IDX file: <http://yann.lecun.com/exdb/mnist/>."""
    raw = gzip.decompress(path.read_bytes())
    dimensions = raw[3]
    shape = numpy.frombuffer(raw, ">u4", dimensions, 4)
    return numpy.frombuffer(raw, numpy.uint8, offset=4 + 4 * dimensions).reshape(shape)


def fashion(part="train-5000"):
    """Pixels [n, 784] from 0 to 1 in f32, and classes [n], of `train-5000` or `t10k-1000`."""
    pixels = idx(EMBEDDED / f"fashion-{part}-images.idx3.gz")
    labels = idx(EMBEDDED / f"fashion-{part}-labels.idx1.gz")
    return pixels.reshape(len(pixels), -1).astype(numpy.float32) / 255, labels.astype(numpy.int64)


class Text:
    """A text as numbers of characters."""

    def __init__(self, path=TEXT):
        raw = pathlib.Path(path).read_bytes()
        text = (gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw).decode()
        train_end, held_out_end = len(text) * 90 // 100, len(text) * 95 // 100
        characters = sorted(set(text[:train_end]))
        if unseen := set(text[train_end:held_out_end]) - set(characters):
            raise ValueError(f"{path}: the held-out part has characters that the training part lacks: {sorted(unseen)}")
        numbers = {character: number for number, character in enumerate(characters)}
        self.vocabulary = len(characters)
        self.train = numpy.array([numbers[c] for c in text[:train_end]])
        self.held_out = numpy.array([numbers[c] for c in text[train_end:held_out_end]])


def windows(characters, time):
    """[n, time + 1]: rows of `time` characters and the one after them; the next row begins with that one."""
    starts = numpy.arange(0, len(characters) - time, time)
    return characters[starts[:, None] + numpy.arange(time + 1)]


def batches(examples, size, permutation, keep_last=False):
    """Indices of batches, in a new order for every epoch; a short last batch is left out unless it is kept."""
    whole = examples if keep_last else examples - examples % size
    while True:
        order = permutation(examples)
        for first in range(0, whole, size):
            yield order[first : first + size]
