"""What all optimizers go down, and by which schedules.

f(p) = Σᵢ ½hᵢ(pᵢ − cᵢ)² + ¼qᵢpᵢ⁴ over two tensors. a[1, 1] has no gradient at all, b[3] a very small
one, and the others range over the sizes at which a misplaced ε shows. The 4th power keeps the
gradient from being linear; its operations are + − ×.
"""

from math import exp

import numpy as np

STEPS = 100

PROBLEM = {
    "a": {
        "shape": [2, 3],
        "start": [1.5, -0.8, 10.0, -0.001, 5.0, -2.5],
        "h": [1.0, 0.5, 2.0, 0.1, 0.0, 0.7],
        "c": [-0.5, 0.6, 7.0, 0.9, 0.0, -4.0],
        "q": [0.01, 0.2, 0.0001, 0.5, 0.0, 0.02],
    },
    "b": {
        "shape": [5],
        "start": [0.023, -7.0, 0.6, -0.043, 3.0],
        "h": [3.0, 0.05, 1.2, 0.0001, 0.9],
        "c": [-2.0, -1.0, 2.0, 0.5, 5.0],
        "q": [0.03, 0.001, 0.1, 0.0, 0.004],
    },
}


def everywhere(what):
    """One column of the problem as a flat vector: a, row by row, then b."""
    return np.array([x for tensor in PROBLEM.values() for x in tensor[what]], dtype=np.float64)


START, H, C, Q = map(everywhere, ("start", "h", "c", "q"))


def gradient(p):
    """∇f. The Rust test has the same operations in the same order."""
    return H * (p - C) + Q * p * p * p


def tensors(p):
    """The flat vector as one array per tensor."""
    parts, at = [], 0
    for tensor in PROBLEM.values():
        size = len(tensor["start"])
        parts.append(p[at : at + size].reshape(tensor["shape"]).copy())
        at += size
    return parts


def flat(parts):
    return np.concatenate([np.asarray(part).reshape(-1) for part in parts])


# Schedules: a factor on lr for step k, counted from 0.
SCHEDULES = {
    "constant": lambda k: 1.0,
    # ε_k = (1 − k/τ)ε₀ + (k/τ)ε_τ, constant after τ
    "linear(tau=50, end=0.01)": lambda k: (1 - min(k / 50, 1)) + min(k / 50, 1) * 0.01,
    "linear(tau=80, end=0.3)": lambda k: (1 - min(k / 80, 1)) + min(k / 80, 1) * 0.3,
    # ε_k = ε₀e^(−κk)
    "exponential(k=0.02)": lambda k: exp(-0.02 * k),
    "step(every=10, factor=0.5)": lambda k: 0.5 ** (k // 10),
    "step(every=30, factor=0.2)": lambda k: 0.2 ** (k // 30),
}
