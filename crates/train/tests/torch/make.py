"""Writes fixtures.json: J, P and the gradient of each task's network by PyTorch, in float64.

    pip install -r requirements.txt        (torch 2.15.0, numpy 2.4.6)
    python make.py

The examples are the first of the embedded training sets. Parameter k of a network has the values
scale * sin(1 + 0.37 k + 1.3 i) for i = 0, 1, 2, ..., row-major in the shape that the task gives it. Of each
gradient g there are kept its norm and the sums of g cos(0.7 i) and g sin(1.1 i).
"""

import gzip
import json
import pathlib

import numpy as np
import torch
from torch.nn import functional as F

torch.set_default_dtype(torch.float64)
HERE = pathlib.Path(__file__).parent
DATA = HERE.parents[2] / "data" / "embedded"


def unpacked(name):
    return gzip.decompress((DATA / name).read_bytes())


def fashion(n):
    pixels = np.frombuffer(unpacked("fashion-train-5000-images.idx3.gz"), np.uint8, offset=16)
    labels = np.frombuffer(unpacked("fashion-train-5000-labels.idx1.gz"), np.uint8, offset=8)
    # A pixel over 255 is rounded to float32.
    x = (pixels[: n * 784].reshape(n, 784).astype(np.float32) / np.float32(255)).astype(np.float64)
    return torch.from_numpy(x), torch.from_numpy(labels[:n].astype(np.int64))


def digits(n):
    rows = [list(map(float, line.split(","))) for line in unpacked("digits.csv.gz").decode().split()[:n]]
    rows = torch.tensor(rows)
    return rows[:, :-1] / 16, rows[:, -1].long()


def agaricus(n):
    x, y = torch.zeros(n, 126), torch.zeros(n)
    for i, line in enumerate(unpacked("agaricus.train.svm.gz").decode().splitlines()[:n]):
        label, *features = line.split()
        y[i] = float(label)
        for feature in features:
            index, value = feature.split(":")
            x[i, int(index) - 1] = float(value)
    return x, y


def tumours(n):
    lines = unpacked("breast_cancer.csv.gz").decode().split()[1:]
    rows = torch.tensor([list(map(float, line.split(","))) for line in lines])
    x, y = rows[:, :-1], rows[:, -1]
    x = (x - x.mean(0)) / x.std(0, correction=0)
    return torch.cat([x, torch.ones(len(x), 1)], 1)[:n], y[:n]


def numbers(shapes, scale):
    """The parameters, in the order in which the task makes them."""
    made = []
    for k, shape in enumerate(shapes):
        i = torch.arange(torch.Size(shape).numel(), dtype=torch.float64)
        made.append((scale * torch.sin(1 + 0.37 * k + 1.3 * i)).reshape(shape).requires_grad_())
    return made


def case(task, examples, shapes, f, scale=0.3):
    """f gives J and P of the parameters."""
    parameters = numbers(shapes, scale)
    cost, measure = f(*parameters)
    gradients = torch.autograd.grad(cost, parameters)

    def sums(g):
        g = g.flatten()
        i = torch.arange(g.numel(), dtype=torch.float64)
        return [g.norm().item(), (g * torch.cos(0.7 * i)).sum().item(), (g * torch.sin(1.1 * i)).sum().item()]

    return {
        "task": task,
        "examples": examples,
        "scale": scale,
        "cost": cost.item(),
        "measure": torch.as_tensor(measure).item(),
        "gradients": [sums(g) for g in gradients],
    }


def dense(*sizes):
    return [shape for m, n in zip(sizes, sizes[1:]) for shape in ([m, n], [n])]


def layers(x, f, parameters):
    """All layers but the last are followed by f."""
    pairs = list(zip(parameters[::2], parameters[1::2]))
    for w, b in pairs[:-1]:
        x = f(x @ w + b) if f else x @ w + b
    w, b = pairs[-1]
    return x @ w + b


def judged(scores, y):
    return F.cross_entropy(scores, y), (scores.argmax(1) == y).double().mean()


def classifier(task, data, n, sizes, f=None, scale=0.3):
    x, y = data(n)
    return case(task, n, dense(*sizes), lambda *p: judged(layers(x, f, p), y), scale)


def autoencoder(n):
    x, _ = fashion(n)

    def f(*p):
        code = layers(x, torch.sigmoid, p[:8])
        scores = layers(code, torch.sigmoid, p[8:])
        return F.binary_cross_entropy_with_logits(scores, x), F.mse_loss(torch.sigmoid(scores), x)

    shapes = dense(784, 16, 8, 4, 30) + dense(30, 4, 8, 16, 784)
    # Larger weights, so that something arrives at the first layer.
    return case("fashion-autoencoder(width=16)", n, shapes, f, scale=2.0)


def vae(n):
    """In evaluation, without noise."""
    x, _ = fashion(n)

    def f(w1, b1, w2, b2, w3, b3, w4, b4, w5, b5):
        h = torch.tanh(x @ w1 + b1)
        mean, ln_variance = h @ w2 + b2, h @ w3 + b3
        scores = torch.tanh(mean @ w4 + b4) @ w5 + b5
        bce = F.binary_cross_entropy_with_logits(scores, x, reduction="sum")
        p = torch.distributions.Normal(mean, torch.exp(ln_variance / 2))
        q = torch.distributions.Normal(torch.zeros_like(mean), torch.ones_like(mean))
        j = (bce + torch.distributions.kl_divergence(p, q).sum()) / n
        return j, j

    shapes = dense(784, 5) + dense(5, 3) + dense(5, 3) + dense(3, 5) + dense(5, 784)
    return case("fashion-vae(hidden=5, code=3)", n, shapes, f)


def logistic(name, data, n):
    x, y = data(n)
    t = 2 * y - 1

    def f(w):
        s = (x @ w).flatten()
        return F.soft_margin_loss(s, t) + 0.05 / 2 * (w * w).sum(), (torch.sign(s) == t).double().mean()

    return case(f"{name}(l2=0.05)", n, [[x.shape[1], 1]], f)


def tiny_rnn():
    def f(w, b):
        x = torch.full([1], 0.5)
        for _ in range(50):
            x = w * torch.sigmoid(x) + b
        j = ((torch.sigmoid(x) - 0.7) ** 2).mean()
        return j, j

    return case("tiny-rnn", 1, [[1], [1]], f, scale=1.0)


def convolutional(n):
    x, y = fashion(n)
    x = x.reshape(n, 1, 28, 28)

    def conv(x, w, b):
        # Weights are [height, width, channels, outputs].
        return F.max_pool2d(torch.relu(F.conv2d(x, w.permute(3, 2, 0, 1), b, padding=2)), 2)

    def f(w1, b1, w2, b2, *p):
        h = conv(conv(x, w1, b1), w2, b2)
        h = h.permute(0, 2, 3, 1).reshape(n, -1)
        return judged(layers(h, torch.relu, p), y)

    shapes = [[5, 5, 1, 32], [32], [5, 5, 32, 64], [64]] + dense(3136, 1024, 10)
    return case("fashion-2c2d", n, shapes, f, scale=0.07)


def characters(n, time):
    """The first windows, and what follows each of their characters."""
    text = unpacked("moby-dick.txt.gz").decode()
    symbols = sorted(set(text[: len(text) * 90 // 100]))
    numbers = torch.tensor([symbols.index(c) for c in text[: n * time + 1]])
    return numbers[:-1].reshape(n, time), numbers[1:], len(symbols)


def in_bits(scores, next):
    j = F.cross_entropy(scores, next)
    return j, j / torch.log(torch.tensor(2.0))


def char_lstm(n, time, hidden, layers):
    c, next, symbols = characters(n, time)

    def f(table, *p):
        x = table[c]
        for layer in range(layers):
            w, u, b = p[3 * layer : 3 * layer + 3]
            lstm = torch.nn.LSTM(hidden, hidden, batch_first=True)
            named = {"weight_ih_l0": w.T, "weight_hh_l0": u.T, "bias_ih_l0": b, "bias_hh_l0": torch.zeros_like(b)}
            x, _ = torch.func.functional_call(lstm, named, (x,))
        w, b = p[-2:]
        return in_bits(x.reshape(n * time, hidden) @ w + b, next)

    shapes = [[symbols, hidden]]
    for _ in range(layers):
        shapes += [[hidden, 4 * hidden], [hidden, 4 * hidden], [4 * hidden]]
    task = f"char-lstm(hidden={hidden}, layers={layers}, time={time})"
    return case(task, n, shapes + dense(hidden, symbols), f)


def char_gpt(n, time, layers, width, heads):
    c, next, symbols = characters(n, time)

    def f(table, places, *p):
        p = list(p)

        def norm(x):
            return F.layer_norm(x, [width], p.pop(0), p.pop(0))

        def linear(x):
            return x @ p.pop(0) + p.pop(0)

        x = table[c] + places
        for _ in range(layers):
            qkv = linear(norm(x)).reshape(n, time, 3, heads, width // heads).permute(2, 0, 3, 1, 4)
            y = F.scaled_dot_product_attention(*qkv, is_causal=True)
            x = x + linear(y.transpose(1, 2).reshape(n, time, width))
            x = x + linear(F.gelu(linear(norm(x))))
        x = norm(x)
        return in_bits(x.reshape(n * time, width) @ p.pop(0), next)

    shapes = [[symbols, width], [time, width]]
    for _ in range(layers):
        shapes += [[width], [width]] + dense(width, 3 * width) + dense(width, width)
        shapes += [[width], [width]] + dense(width, 4 * width, width)
    shapes += [[width], [width], [width, symbols]]
    task = f"char-gpt(layers={layers}, width={width}, heads={heads}, time={time})"
    return case(task, n, shapes, f, scale=0.7)


CASES = [
    classifier("fashion-softmax", fashion, 6, [784, 10]),
    classifier("fashion-mlp(hidden=7, layers=2)", fashion, 6, [784, 7, 7, 10], torch.relu),
    classifier("digits-softmax", digits, 9, [64, 10]),
    classifier("deep-linear(depth=4, width=6)", fashion, 6, [784, 6, 6, 6, 10]),
    classifier("deep-tanh(depth=4, width=6)", fashion, 6, [784, 6, 6, 6, 10], torch.tanh),
    convolutional(2),
    autoencoder(5),
    vae(5),
    logistic("agaricus-logistic", agaricus, 20),
    logistic("breast-cancer-logistic", tumours, 40),
    tiny_rnn(),
    char_lstm(3, 7, 6, 2),
    char_gpt(3, 7, 2, 8, 2),
]

lines = ",\n".join(json.dumps(case) for case in CASES)
(HERE / "fixtures.json").write_text(f"[\n{lines}\n]\n")
