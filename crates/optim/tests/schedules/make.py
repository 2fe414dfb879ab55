"""Writes schedules.json: schedules of Thalweg beside those of PyTorch and optax that are the same by
definition, as factors of a base rate of 1, in f64.

Run with the versions in requirements.txt: python make.py
"""

import json
import math
import os
import warnings
from pathlib import Path

os.environ["JAX_PLATFORMS"] = "cpu"

import jax
import optax
import torch
from torch.optim import lr_scheduler

jax.config.update("jax_enable_x64", True)
# PyTorch warns that no optimizer steps between the steps of the schedule.
warnings.filterwarnings("ignore", message="Detected call")

LAST = 60


def in_torch(make, last=LAST):
    """The rates that a scheduler sets, one `step` after another."""
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    scheduler = make(optimizer)
    rates = []
    for _ in range(last + 1):
        rates.append(optimizer.param_groups[0]["lr"])
        scheduler.step()
    # The recursions gather rounding; where there is a closed form, it is what the recursion means.
    if hasattr(scheduler, "_get_closed_form_lr"):
        for k, rate in enumerate(rates):
            scheduler.last_epoch = k
            closed = scheduler._get_closed_form_lr()[0]
            assert abs(closed - rate) < 1e-12, (make, k, closed, rate)
            rates[k] = closed
    return {"reference": f"torch {torch.__version__.split('+')[0]}", "factors": rates}


def in_optax(schedule, last=LAST):
    # An array, because optax computes with Python's integers in f32.
    steps = jax.numpy.arange(last + 1, dtype="float64")
    rates = [float(schedule(k)) for k in steps]
    return {"reference": f"optax {optax.__version__}", "factors": rates}


def sequential(pieces, milestones):
    return lambda o: lr_scheduler.SequentialLR(o, [piece(o) for piece in pieces], milestones)


def linear(start, end, steps):
    return lambda o: lr_scheduler.LinearLR(o, start, end, total_iters=steps)


def cosine(steps, end=0.0):
    return lambda o: lr_scheduler.CosineAnnealingLR(o, T_max=steps, eta_min=end)


CASES = [
    ("constant", in_torch(lambda o: lr_scheduler.ConstantLR(o, factor=1.0))),
    ("constant", in_optax(optax.constant_schedule(1.0))),
    ("linear(tau=40)", in_torch(linear(1.0, 0.01, 40))),
    ("linear(tau=40)", in_optax(optax.linear_schedule(1.0, 0.01, 40))),
    ("linear(tau=7, end=0.3)", in_torch(linear(1.0, 0.3, 7))),
    ("linear(tau=1, end=0)", in_optax(optax.linear_schedule(1.0, 0.0, 1))),
    ("step(every=7)", in_torch(lambda o: lr_scheduler.StepLR(o, 7, gamma=0.5))),
    ("step(every=10, factor=0.1)", in_torch(lambda o: lr_scheduler.StepLR(o, 10, gamma=0.1))),
    (
        "step(every=10, factor=0.1)",
        in_optax(optax.exponential_decay(1.0, 10, 0.1, staircase=True)),
    ),
    (
        "exponential(k=0.05)",
        in_torch(lambda o: lr_scheduler.ExponentialLR(o, gamma=math.exp(-0.05))),
    ),
    ("exponential(k=0.05)", in_optax(optax.exponential_decay(1.0, 20, math.exp(-1.0)))),
    ("polynomial(steps=40)", in_torch(lambda o: lr_scheduler.PolynomialLR(o, 40, power=1.0))),
    (
        "polynomial(steps=40, power=2)",
        in_torch(lambda o: lr_scheduler.PolynomialLR(o, 40, power=2.0)),
    ),
    (
        "polynomial(steps=33, power=0.5, end=0.1)",
        in_optax(optax.polynomial_schedule(1.0, 0.1, 0.5, 33)),
    ),
    ("cosine(steps=40)", in_optax(optax.cosine_decay_schedule(1.0, 40))),
    ("cosine(steps=40, end=0.05)", in_optax(optax.cosine_decay_schedule(1.0, 40, alpha=0.05))),
    # PyTorch's cosine is the same until its end, and rises after it.
    ("cosine(steps=40)", in_torch(cosine(40), last=40)),
    ("cosine(steps=60, end=0.2)", in_torch(cosine(60, 0.2))),
    ("warmup(steps=10)", in_optax(optax.linear_schedule(0.0, 1.0, 10))),
    ("warmup(steps=9, start=0.1)", in_torch(linear(0.1, 1.0, 9))),
    (
        "warmup(steps=10, then=cosine(steps=40, end=0.01))",
        in_optax(optax.warmup_cosine_decay_schedule(0.0, 1.0, 10, 50, 0.01)),
    ),
    (
        "warmup(steps=10, start=0.25, then=linear(tau=30))",
        in_torch(sequential([linear(0.25, 1.0, 10), linear(1.0, 0.01, 30)], [10])),
    ),
    (
        "join(linear(tau=10, end=0.5), 12, step(every=5), 30, cosine(steps=20))",
        in_optax(
            optax.join_schedules(
                [
                    optax.linear_schedule(1.0, 0.5, 10),
                    optax.exponential_decay(1.0, 5, 0.5, staircase=True),
                    optax.cosine_decay_schedule(1.0, 20),
                ],
                [12, 30],
            )
        ),
    ),
    (
        "join(constant, 10, linear(tau=20), 40, polynomial(steps=15, power=2))",
        in_torch(
            sequential(
                [
                    lambda o: lr_scheduler.ConstantLR(o, factor=1.0),
                    linear(1.0, 0.01, 20),
                    lambda o: lr_scheduler.PolynomialLR(o, 15, power=2.0),
                ],
                [10, 40],
            )
        ),
    ),
]

if __name__ == "__main__":
    lines = [json.dumps({"call": call} | case) for call, case in CASES]
    text = "[\n" + ",\n".join(lines) + "\n]\n"
    (Path(__file__).parent / "schedules.json").write_text(text)
