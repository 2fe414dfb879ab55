"""Writes fixtures.json: what PyTorch says of each operation, in float64.

    pip install -r requirements.txt
    python make.py

Each case has operands, a value, and the gradients of sum(value * cos(0, 1, 2, ...)) by the operands.
"""

import json
import pathlib

import torch
from torch.nn import functional as F

torch.set_default_dtype(torch.float64)


def numbers(shape, phase, low, high):
    n = torch.Size(shape).numel()
    wave = torch.sin(12.9898 * torch.arange(n) + phase)
    return (low + (high - low) * (wave + 1) / 2).reshape(shape)


def classes(n, k):
    return (torch.arange(n) * 7 + 3) % k


def case(name, f, *shapes, low=-2.0, high=2.0):
    operands = [numbers(shape, i, low, high).requires_grad_() for i, shape in enumerate(shapes)]
    value = f(*operands)
    weights = torch.cos(torch.arange(value.numel(), dtype=torch.float64)).reshape(value.shape)
    gradients = torch.autograd.grad((value * weights).sum(), operands)
    tensor = lambda x: {"shape": list(x.shape), "values": x.detach().flatten().tolist()}
    return {
        "name": name,
        "operands": [tensor(x) for x in operands],
        "value": tensor(value),
        "gradients": [tensor(x) for x in gradients],
    }


def signs(x):
    return torch.where(torch.arange(x.numel()).reshape(x.shape) % 3 == 0, 1.0, -1.0)


CASES = [
    case("add", torch.add, [3, 1, 5], [4, 1]),
    case("sub", torch.sub, [4, 33], [33]),
    case("mul", torch.mul, [2, 1, 3], [5, 1]),
    case("div", torch.div, [7, 1], [1, 9], low=0.5),
    case("neg", torch.neg, [19]),
    case("abs", torch.abs, [19]),
    case("square", torch.square, [19]),
    case("sqrt", torch.sqrt, [19], low=0.1),
    case("exp", torch.exp, [19], low=-20.0, high=5.0),
    case("ln", torch.log, [19], low=0.01),
    case("relu", torch.relu, [4, 9]),
    case("tanh", torch.tanh, [19], low=-5.0, high=5.0),
    case("sigmoid", torch.sigmoid, [19], low=-40.0, high=40.0),
    case("softplus", F.softplus, [19], low=-15.0, high=15.0),
    case("matmul", torch.matmul, [5, 37], [37, 3]),
    case("matmul_left", lambda a, b: a.T @ b, [37, 5], [37, 3]),
    case("matmul_right", lambda a, b: a @ b.T, [5, 37], [3, 37]),
    case("matmul_both", lambda a, b: a.T @ b.T, [37, 5], [3, 37]),
    case("softmax", lambda z: F.softmax(z, 1), [6, 10], low=-30.0, high=30.0),
    case("cross_entropy", lambda z: F.cross_entropy(z, classes(6, 10), reduction="none"), [6, 10], low=-30.0, high=30.0),
    case("cross_entropy_mean", lambda z: F.cross_entropy(z, classes(7, 4)), [7, 4]),
    case("sum", torch.sum, [5, 41]),
    case("sum_rows", lambda x: x.sum(0), [41, 6]),
    case("sum_columns", lambda x: x.sum(1), [6, 41]),
    case("sum_outer", lambda x: x.sum((0, 2)), [3, 5, 37]),
    case("mean", torch.mean, [5, 41]),
    case("mean_columns", lambda x: x.mean(1), [6, 41]),
    case("broadcast_to", lambda x: x.broadcast_to([3, 4, 5]), [4, 1]),
    case("reshape", lambda x: x.reshape([6, 2]), [3, 4]),
    case("transpose", lambda x: x.T, [3, 5]),
    case("hinge", lambda s: torch.clamp(1 - signs(s) * s, min=0), [12]),
    case("squared_hinge", lambda s: torch.clamp(1 - signs(s) * s, min=0) ** 2, [12]),
    case("logistic", lambda s: F.soft_margin_loss(s, signs(s), reduction="none"), [12], low=-30.0, high=30.0),
    case("exponential", lambda s: torch.exp(-signs(s) * s), [12]),
    case("squared_error", lambda x, t: F.mse_loss(x, t, reduction="none"), [4, 3], [4, 3]),
    case("huber", lambda x, t: F.huber_loss(x, t, reduction="none", delta=0.7), [12], [12]),
    case("multi_margin", lambda z: F.multi_margin_loss(z, classes(6, 5), reduction="none"), [6, 5]),
]

path = pathlib.Path(__file__).with_name("fixtures.json")
lines = ",\n".join(json.dumps(case) for case in CASES)
path.write_text(f"[\n{lines}\n]\n")
