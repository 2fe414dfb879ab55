"""Writes schedules.json: schedules of Thalweg beside those of PyTorch and optax that are the same by
definition, as factors of a base rate of 1, in f64. And plateaus.json: PyTorch's ReduceLROnPlateau after
each of a row of measurements.

Run with the versions in requirements.txt: python make.py
"""

import json
import math
import os
import random
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


def momenta_in_torch(make, base, last=LAST):
    """The momenta that a scheduler sets, over the base momentum that is meant by a factor of 1."""
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0, momentum=0.9)
    scheduler = make(optimizer)
    momenta = []
    for _ in range(last + 1):
        momenta.append(optimizer.param_groups[0]["momentum"] / base)
        scheduler.step()
    return {"reference": f"torch {torch.__version__.split('+')[0]}", "factors": momenta}


def restarts(steps, mult=1, end=0.0):
    return lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, steps, mult, end)


def one_cycle(steps, **options):
    # The momentum is cycled in cases of its own.
    options = {"cycle_momentum": False} | options
    return lambda o: lr_scheduler.OneCycleLR(o, max_lr=1.0, total_steps=steps, **options)


def cyclic(low, up, down, **options):
    return lambda o: lr_scheduler.CyclicLR(
        o, low, 1.0, up, down, **({"cycle_momentum": False} | options)
    )


def formula(rate):
    """A schedule that the library lacks, by the formula of its paper."""
    return lambda o: lr_scheduler.LambdaLR(o, rate)


def vaswani(step, d=512, w=10):
    return d**-0.5 * min(step**-0.5, step * w**-1.5)


def one_minus_sqrt(k, w=10, s=20, d=25):
    """Hägele et al., section 3, with their n = k and N = w + s + d."""
    if k < w:
        return k / w
    return 1.0 if k < w + s else 1.0 - math.sqrt(min(k - w - s, d) / d)


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
    ("warm_restarts(steps=20)", in_torch(restarts(20))),
    ("warm_restarts(steps=7, mult=2, end=0.1)", in_torch(restarts(7, 2, 0.1))),
    ("warm_restarts(steps=1, mult=3)", in_torch(restarts(1, 3), last=1000)),
    (
        "warm_restarts(steps=10, mult=2, end=0.05)",
        in_optax(
            optax.schedules.sgdr_schedule(
                [
                    {
                        "init_value": 1.0,
                        "peak_value": 1.0,
                        "end_value": 0.05,
                        "warmup_steps": 0,
                        "decay_steps": steps,
                    }
                    for steps in [10, 20, 40]
                ]
            )
        ),
    ),
    ("one_cycle(steps=61)", in_torch(one_cycle(61))),
    ("one_cycle(steps=61, linear=true)", in_torch(one_cycle(61, anneal_strategy="linear"))),
    (
        "one_cycle(steps=61, warm=0.45, start=0.1, end=0.001, three_phases=true)",
        in_torch(
            one_cycle(61, pct_start=0.45, div_factor=10, final_div_factor=100, three_phase=True)
        ),
    ),
    (
        "one_cycle(steps=61, warm=0.5, linear=true, three_phases=true)",
        in_torch(one_cycle(61, pct_start=0.5, anneal_strategy="linear", three_phase=True)),
    ),
    # The peak lies before the first step.
    ("one_cycle(steps=61, warm=0.01)", in_torch(one_cycle(61, pct_start=0.01))),
    ("one_cycle(steps=61, warm=0)", in_torch(one_cycle(61, pct_start=0.0))),
    (
        "one_cycle(steps=61, warm=0.01, three_phases=true)",
        in_torch(one_cycle(61, pct_start=0.01, three_phase=True)),
    ),
    ("one_cycle(steps=60, warm=0.9)", in_torch(one_cycle(60, pct_start=0.9), last=59)),
    # optax ends a step later, and peaks a step later: 0.25 · 52 − 1 = 12 = ⌊0.24 · 51⌋.
    (
        "one_cycle(steps=52, warm=0.25)",
        in_optax(optax.cosine_onecycle_schedule(51, 1.0, pct_start=0.24)),
    ),
    (
        "one_cycle(steps=52, warm=0.25, start=0.04, end=4e-6, linear=true, three_phases=true)",
        in_optax(
            optax.linear_onecycle_schedule(51, 1.0, pct_start=0.24, pct_final=0.48, final_div_factor=1e4)
        ),
    ),
    (
        "one_cycle_momentum(steps=61)",
        momenta_in_torch(one_cycle(61, cycle_momentum=True), 0.95),
    ),
    (
        "one_cycle_momentum(steps=61, warm=0.4, low=0.5, linear=true, three_phases=true)",
        momenta_in_torch(
            one_cycle(
                61,
                cycle_momentum=True,
                pct_start=0.4,
                anneal_strategy="linear",
                three_phase=True,
                base_momentum=0.4,
                max_momentum=0.8,
            ),
            0.8,
        ),
    ),
    ("cyclic(up=8, down=8, low=0.1)", in_torch(cyclic(0.1, 8, 8))),
    (
        "cyclic(up=5, down=15, halve=true)",
        in_torch(cyclic(0.25, 5, 15, mode="triangular2")),
    ),
    (
        "cyclic(up=10, down=3, low=0.2, gamma=0.97)",
        in_torch(cyclic(0.2, 10, 3, mode="exp_range", gamma=0.97)),
    ),
    (
        "cyclic(up=8, down=8, low=1.125, halve=true)",
        momenta_in_torch(
            cyclic(0.1, 8, 8, mode="triangular2", cycle_momentum=True, base_momentum=0.8, max_momentum=0.9),
            0.8,
        ),
    ),
    ("noam(warmup=10)", in_torch(formula(lambda k: vaswani(k + 1) * (512 * 10) ** 0.5))),
    (
        "wsd(warmup=10, stable=20, decay=25, end=0.1)",
        in_torch(
            sequential(
                [
                    lambda o: lr_scheduler.LambdaLR(o, lambda k: k / 10),
                    lambda o: lr_scheduler.ConstantLR(o, factor=1.0),
                    linear(1.0, 0.1, 25),
                ],
                [10, 30],
            )
        ),
    ),
    (
        "wsd(warmup=10, stable=20, decay=25)",
        in_optax(
            optax.join_schedules(
                [
                    optax.linear_schedule(0.0, 1.0, 10),
                    optax.constant_schedule(1.0),
                    optax.linear_schedule(1.0, 0.0, 25),
                ],
                [10, 30],
            )
        ),
    ),
    ("wsd(warmup=10, stable=20, decay=25, sqrt=true)", in_torch(formula(one_minus_sqrt))),
    (
        "piecewise(1, 10, 0.1, 25, 0.01)",
        in_torch(lambda o: lr_scheduler.MultiStepLR(o, [10, 25], gamma=0.1)),
    ),
    (
        "piecewise(0.5, 10, 2, 30, 0, 50, 0)",
        in_optax(optax.piecewise_constant_schedule(0.5, {10: 4.0, 30: 0.0, 50: 7.0})),
    ),
    (
        "piecewise_linear(0.5, 10, 2, 30, 0.25, 31, 0)",
        in_optax(
            optax.piecewise_interpolate_schedule("linear", 0.5, {10: 4.0, 30: 0.125, 31: 0.0})
        ),
    ),
    (
        "piecewise_linear(0.25, 10, 1, 40, 0.01)",
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


def plateau(call, values, **options):
    """What ReduceLROnPlateau holds after each value. Its eps, which has the unit of the rate, is 0."""
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    scheduler = lr_scheduler.ReduceLROnPlateau(optimizer, **({"eps": 0.0} | options))
    states = []
    for value in values:
        scheduler.step(value)
        states.append(
            [
                # JSON has neither infinities nor NaN.
                repr(float(value)),
                repr(float(scheduler.best)),
                scheduler.num_bad_epochs,
                scheduler.cooldown_counter,
                optimizer.param_groups[0]["lr"],
            ]
        )
    return {"call": call, "reference": f"torch {torch.__version__.split('+')[0]}", "states": states}


def falling(seed, count=80):
    """Losses that fall, slower and slower, under noise."""
    draw = random.Random(seed)
    return [2.0 / (1 + k / 10) + 0.1 * draw.gauss(0, 1) for k in range(count)]


INF, NAN = math.inf, math.nan
ODD = [NAN, NAN, NAN, INF, INF, 1.0, NAN, NAN, 1.0, INF, 0.9, -INF, -INF, -INF, 0.0, NAN]
PLATEAUS = [
    plateau("plateau", falling(0)),
    plateau("plateau", [1.0] * 40),
    plateau("plateau(patience=0, factor=0.5)", falling(1), patience=0, factor=0.5),
    plateau(
        "plateau(patience=2, factor=0.3, cooldown=5, smallest=0.001)",
        falling(2),
        patience=2,
        factor=0.3,
        cooldown=5,
        min_lr=0.001,
    ),
    plateau(
        "plateau(patience=3, threshold=0.05, relative=false)",
        falling(3),
        patience=3,
        threshold=0.05,
        threshold_mode="abs",
    ),
    plateau(
        "plateau(patience=3, threshold=0.05, maximize=true)",
        [1 - value for value in falling(4)],
        patience=3,
        threshold=0.05,
        mode="max",
    ),
    plateau(
        "plateau(patience=1, threshold=0.01, relative=false, cooldown=1, maximize=true)",
        [1 - value for value in falling(5)],
        patience=1,
        threshold=0.01,
        threshold_mode="abs",
        cooldown=1,
        mode="max",
    ),
    # Below 0 a relative threshold asks for less than the best.
    plateau("plateau(patience=1)", [value - 5 for value in falling(6)], patience=1),
    plateau("plateau(patience=1, factor=0.5)", ODD, patience=1, factor=0.5),
    plateau("plateau(patience=1, maximize=true)", ODD, patience=1, mode="max"),
    plateau(
        "plateau(patience=0, factor=0, smallest=0.25)", [1.0] * 5, patience=0, factor=0.0, min_lr=0.25
    ),
]


def write(name, rows):
    text = "[\n" + ",\n".join(json.dumps(row) for row in rows) + "\n]\n"
    (Path(__file__).parent / name).write_text(text)


if __name__ == "__main__":
    write("schedules.json", [{"call": call} | case for call, case in CASES])
    write("plateaus.json", PLATEAUS)
