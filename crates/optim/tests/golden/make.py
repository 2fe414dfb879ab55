"""Writes the trajectories that tests/golden.rs compares the optimizers with.

Each case is a call, as Thalweg writes it, and the parameters after each of 100 steps as a library
takes them, in f64. Before a file is written, a second implementation in plain numpy has to agree
with the library to 1e-13, and the trajectory must not amplify rounding.

    python make.py              writes problem.json and one file per rule
    python make.py adam lion    writes only the files of these rules
    python make.py --compare    writes nothing and shows where the libraries differ from each other

problem.py has the function and the schedules, cases.py the calls, references.py, libraries.py and
tensorwise.py the libraries, plain.py numpy, compare.py the differences.
"""

import json
import sys
from functools import partial
from pathlib import Path

import libraries
import plain
from cases import CASES, settings, written
from compare import compare
from problem import PROBLEM, SCHEDULES, STEPS, flat
from references import reference

import numpy as np
import optax
import torch

AGREEMENT = 1e-13
# Arguments without which a rule is not defined; each of the others has to change the trajectory.
REQUIRED = {"lr", "momentum", "rho", "beta1", "beta2", "eps", "inner"}
REQUIRED |= {"beta", "adam_lr", "eps1", "start", "steps"}
# Both kinds of decay are one where the update is the gradient.
NO_MATTER = {("sgd", "decoupled"), ("schedule_free_sgd", "decoupled")}
HERE = Path(__file__).parent

OPTAX_SCHEDULES = {
    "constant": optax.constant_schedule(1.0),
    "linear(tau=50, end=0.01)": optax.linear_schedule(1.0, 0.01, 50),
    "linear(tau=80, end=0.3)": optax.linear_schedule(1.0, 0.3, 80),
    "exponential(k=0.02)": optax.exponential_decay(1.0, 1, np.exp(-0.02)),
    "step(every=10, factor=0.5)": optax.exponential_decay(1.0, 10, 0.5, staircase=True),
    "step(every=30, factor=0.2)": optax.exponential_decay(1.0, 30, 0.2, staircase=True),
}


def distance(found, expected):
    """The largest relative difference. A coordinate that crosses 0 is measured against a tenth
    of its largest value, as in the Rust test."""
    found, expected = np.array(found), np.array(expected)
    scale = np.maximum(np.abs(expected), 0.1 * np.max(np.abs(expected), axis=0))
    return np.max(np.abs(found - expected) / scale)


def check_schedules():
    for text, factor in SCHEDULES.items():
        for k in range(STEPS):
            expected = float(OPTAX_SCHEDULES[text](np.float64(k)))
            assert abs(factor(k) - expected) < AGREEMENT, (text, k, factor(k), expected)


def farthest(found, expected):
    return max(distance(found[point], expected[point]) for point in expected)


def check(call, name, case, points):
    """That numpy agrees with the library, that rounding stays small and that every argument counts.
    Returns how far numpy is off and by how much rounding grows."""
    again = plain.trajectory(name, case)
    assert again.keys() == points.keys(), call
    off = farthest(again, points)
    if name == "nesterov":
        check_nesterov(case, points)
    assert off < AGREEMENT, f"{call}: numpy and the library differ by {off:.1e}"

    growth = farthest(plain.trajectory(name, case, disturbance=1e-9), again) / 1e-9
    assert growth < 50, f"{call}: amplifies rounding {growth:.0f} times"

    for argument in set(case) - REQUIRED:
        if (name, argument) in NO_MATTER:
            continue
        without = {key: value for key, value in case.items() if key != argument}
        change = farthest(plain.trajectory(name, without), again)
        assert change > 1e-4, f"{call}: {argument} changes nothing"
    return off, growth


def check_nesterov(case, points):
    """While ε is constant, PyTorch's form is the slide's, so that there is a second library."""
    s = settings("nesterov", case)
    if "schedule" in case or s.decoupled:
        return
    numbers = s.own | dict(weight_decay=s.weight_decay)
    make = lambda p: torch.optim.SGD(p, lr=s.lr, nesterov=True, foreach=False, **numbers)
    run = libraries.run_torch(make, s.rate, partial(libraries.optax_clip, **s.before))
    for (phi, state), step, iterate in zip(run, points["steps"], points["iterates"]):
        # v = −εb, so that θ = φ − αv = φ + αεb.
        buffer = flat([of_tensor["momentum_buffer"] for of_tensor in state])
        theta = phi + s.own["momentum"] * s.lr * buffer
        assert np.allclose(phi, step, rtol=AGREEMENT, atol=AGREEMENT), case
        assert np.allclose(theta, iterate, rtol=AGREEMENT, atol=AGREEMENT), case


# ---- Files.


def write(path, text):
    path.write_text(text, encoding="utf-8", newline="\n")


def write_cases(name):
    text = partial(json.dumps, ensure_ascii=False)
    blocks, numbers = [], lambda points: ",\n".join(f"      {text(list(p))}" for p in points)
    for case in CASES[name]:
        call = written(name, case)
        words, points = reference(name, case)
        off, growth = check(call, name, case, points)
        print(f"{off:.1e}  x{growth:<4.0f} {call}", flush=True)
        block = f'  {{\n    "call": {text(call)},\n    "reference": {text(words)}'
        for point, rows in points.items():
            block += f',\n    "{point}": [\n{numbers(rows)}\n    ]'
        blocks.append(block + "\n  }")
    write(HERE / f"{name}.json", "[\n" + ",\n".join(blocks) + "\n]\n")


def write_problem():
    lines = [json.dumps({"name": name, **tensor}) for name, tensor in PROBLEM.items()]
    write(HERE / "problem.json", "[\n  " + ",\n  ".join(lines) + "\n]\n")


if __name__ == "__main__":
    if sys.argv[1:] == ["--compare"]:
        compare(distance)
    else:
        check_schedules()
        write_problem()
        for rule in sys.argv[1:] or CASES:
            write_cases(rule)
