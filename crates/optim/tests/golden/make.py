"""Writes the trajectories that tests/golden.rs compares the optimizers with.

Each case is a call, as Thalweg writes it, and the parameters after each of 100 steps as PyTorch or
optax takes them, in f64. Before a file is written, a second implementation in plain numpy, further
down, has to agree with the library to 1e-13, and the trajectory must not amplify rounding.

    python make.py            writes problem.json and one file per rule
    python make.py --compare  writes nothing and shows where the libraries differ from each other
"""

import json
import os
import sys
from functools import partial
from math import exp
from pathlib import Path

# The plainest code path of both libraries, so that the last bit does not depend on the machine's
# vector instructions.
os.environ["ATEN_CPU_CAPABILITY"] = "default"
os.environ["JAX_PLATFORMS"] = "cpu"

import jax
import numpy as np
import optax
import torch

jax.config.update("jax_enable_x64", True)
torch.set_num_threads(1)

# Without the part after the +, which says only for which devices it was built.
TORCH_VERSION = torch.__version__.split("+")[0]
STEPS = 100
AGREEMENT = 1e-13
# Arguments without which a rule is not defined; each of the others has to change the trajectory.
REQUIRED = {"lr", "momentum", "rho", "beta1", "beta2", "eps"}
HERE = Path(__file__).parent


# ---- The problem: f(p) = Σᵢ ½hᵢ(pᵢ − cᵢ)² + ¼qᵢpᵢ⁴ over two tensors.
# a[1, 1] has no gradient at all, b[3] a very small one, and the others range over the sizes at which
# a misplaced ε shows. The 4th power keeps the gradient from being linear; its operations are + − ×.

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


# ---- Schedules: a factor on lr for step k, counted from 0.

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

OPTAX_SCHEDULES = {
    "constant": optax.constant_schedule(1.0),
    "linear(tau=50, end=0.01)": optax.linear_schedule(1.0, 0.01, 50),
    "linear(tau=80, end=0.3)": optax.linear_schedule(1.0, 0.3, 80),
    "exponential(k=0.02)": optax.exponential_decay(1.0, 1, np.exp(-0.02)),
    "step(every=10, factor=0.5)": optax.exponential_decay(1.0, 10, 0.5, staircase=True),
    "step(every=30, factor=0.2)": optax.exponential_decay(1.0, 30, 0.2, staircase=True),
}


# ---- The cases. What a case does not name is off: no decay, no clipping, a constant rate.

CASES = {
    "sgd": [
        dict(lr=0.05),
        dict(lr=0.2, weight_decay=0.01),
        dict(lr=0.3, weight_decay=0.1, schedule="linear(tau=50, end=0.01)"),
        dict(lr=0.1, schedule="exponential(k=0.02)"),
        dict(lr=0.1, weight_decay=0.02, clip_value=0.5),
        dict(lr=0.1, weight_decay=0.02, clip_norm=1.5),
        dict(lr=0.2, clip_global_norm=1.0, schedule="step(every=30, factor=0.2)"),
    ],
    "momentum": [
        dict(lr=0.02, momentum=0.8),
        dict(lr=0.03, momentum=0.5, weight_decay=0.05),
        dict(lr=0.05, momentum=0.8, weight_decay=0.01, schedule="linear(tau=50, end=0.01)"),
        dict(lr=0.04, momentum=0.95, schedule="step(every=10, factor=0.5)"),
        dict(lr=0.02, momentum=0.7, weight_decay=0.02, clip_value=0.7),
        dict(lr=0.03, momentum=0.6, weight_decay=0.02, clip_norm=2.0),
        dict(lr=0.02, momentum=0.8, clip_global_norm=1.5, schedule="exponential(k=0.02)"),
    ],
    "heavy_ball": [
        dict(lr=0.02, momentum=0.8),
        dict(lr=0.03, momentum=0.5, dampening=0.5, weight_decay=0.05),
        dict(lr=0.05, momentum=0.7, dampening=0.2, weight_decay=0.01, clip_value=0.7),
        dict(lr=0.03, momentum=0.8, nesterov=True, weight_decay=0.02),
        dict(lr=0.04, momentum=0.6, nesterov=True, schedule="linear(tau=50, end=0.01)"),
        dict(lr=0.04, momentum=0.95, dampening=0.1, schedule="step(every=10, factor=0.5)"),
        dict(lr=0.03, momentum=0.6, weight_decay=0.02, clip_norm=2.0),
        dict(lr=0.02, momentum=0.8, nesterov=True, clip_global_norm=1.5),
    ],
    "adagrad": [
        dict(lr=0.1, eps=1e-6),
        dict(lr=0.3, eps=1e-3, weight_decay=0.01),
        dict(lr=0.5, eps=0.1, weight_decay=0.1, schedule="linear(tau=80, end=0.3)"),
        dict(lr=0.2, eps=1e-4, schedule="exponential(k=0.02)"),
        dict(lr=0.1, eps=1e-3, weight_decay=0.02, clip_value=0.5),
        dict(lr=0.1, eps=1e-2, weight_decay=0.02, clip_norm=1.5),
        dict(lr=0.2, eps=1e-3, clip_global_norm=1.0, schedule="step(every=30, factor=0.2)"),
    ],
    "rmsprop": [
        dict(lr=0.005, rho=0.95, eps=1e-6),
        dict(lr=0.005, rho=0.9, eps=1e-2, weight_decay=0.01),
        dict(lr=0.02, rho=0.7, eps=0.1, weight_decay=0.1, schedule="linear(tau=80, end=0.3)"),
        dict(lr=0.01, rho=0.95, eps=1e-4, schedule="exponential(k=0.02)"),
        dict(lr=0.005, rho=0.98, eps=1e-3, weight_decay=0.02, clip_value=0.5),
        dict(lr=0.005, rho=0.95, eps=1e-2, weight_decay=0.02, clip_norm=1.5),
        dict(lr=0.01, rho=0.8, eps=1e-3, clip_global_norm=1.0)
        | dict(schedule="step(every=30, factor=0.2)"),
    ],
}
# Rules that take the same arguments and yet differ get the same cases.
CASES["nesterov"] = CASES["momentum"]
CASES["adam"] = CASES["adamw"] = [
    dict(lr=0.01, beta1=0.8, beta2=0.99, eps=1e-6, weight_decay=0.05),
    dict(lr=0.02, beta1=0.95, beta2=0.98, eps=1e-3, weight_decay=0.1),
    dict(lr=0.02, beta1=0.7, beta2=0.95, eps=1e-2, weight_decay=0.5),
    dict(lr=0.03, beta1=0.5, beta2=0.995, eps=1e-4, weight_decay=0.02)
    | dict(schedule="linear(tau=50, end=0.01)"),
    dict(lr=0.02, beta1=0.8, beta2=0.99, eps=1e-3, weight_decay=0.2)
    | dict(schedule="step(every=10, factor=0.5)"),
    dict(lr=0.01, beta1=0.8, beta2=0.99, eps=1e-3, weight_decay=0.05, clip_value=0.5),
    dict(lr=0.01, beta1=0.85, beta2=0.98, eps=1e-2, weight_decay=0.05, clip_norm=1.5),
    dict(lr=0.02, beta1=0.8, beta2=0.99, eps=1e-3, weight_decay=0.03, clip_global_norm=1.0)
    | dict(schedule="exponential(k=0.02)"),
]


def written(name, case):
    """The case as a call: adam(lr=0.01, beta1=0.8)."""
    word = lambda x: str(x).lower() if isinstance(x, bool) else str(x)
    return f"{name}({', '.join(f'{key}={word(value)}' for key, value in case.items())})"


def separated(case):
    """The case as the rule's own numbers, the learning rate by step, and the clipping."""
    numbers = dict(case)
    lr, schedule = numbers.pop("lr"), SCHEDULES[numbers.pop("schedule", "constant")]
    clipping = {key: numbers.pop(key) for key in list(numbers) if key.startswith("clip_")}
    return numbers, lambda k: lr * schedule(k), clipping


# ---- The libraries.


def optax_clip(parts, clip_value=None, clip_norm=None, clip_global_norm=None):
    """The gradients, one array per tensor, clipped by optax."""
    apply = lambda transform, tree: transform.update(tree, transform.init(tree))[0]
    if clip_value is not None:
        parts = apply(optax.clip(clip_value), parts)
    if clip_norm is not None:
        # A tree of a single leaf has the norm of that leaf.
        parts = [apply(optax.clip_by_global_norm(clip_norm), part) for part in parts]
    if clip_global_norm is not None:
        parts = apply(optax.clip_by_global_norm(clip_global_norm), parts)
    return [np.array(part) for part in parts]


def torch_clip(parts, clip_value=None, clip_norm=None, clip_global_norm=None):
    """The same by torch, which divides by ‖g‖ + 1e-6."""
    leaves = [torch.zeros(part.shape, dtype=torch.float64) for part in parts]
    for leaf, part in zip(leaves, parts):
        leaf.grad = torch.from_numpy(np.array(part))
    if clip_value is not None:
        torch.nn.utils.clip_grad_value_(leaves, clip_value)
    if clip_norm is not None:
        for leaf in leaves:
            torch.nn.utils.clip_grad_norm_([leaf], clip_norm)
    if clip_global_norm is not None:
        torch.nn.utils.clip_grad_norm_(leaves, clip_global_norm)
    return [leaf.grad.numpy() for leaf in leaves]


def run_torch(make, rate, clip):
    """The parameters after each step, and the optimizer's state for each tensor."""
    parameters = [torch.from_numpy(part) for part in tensors(START)]
    optimizer = make(parameters)
    for k in range(STEPS):
        optimizer.param_groups[0]["lr"] = rate(k)
        for parameter, g in zip(parameters, clip(tensors(gradient(flat(parameters))))):
            parameter.grad = torch.from_numpy(g)
        optimizer.step()
        yield flat(parameters), [optimizer.state[parameter] for parameter in parameters]


def run_optax(transform, clip):
    """The parameters after each step, and the transform's state."""
    parameters = [jax.numpy.asarray(part) for part in tensors(START)]
    state = transform.init(parameters)
    for _ in range(STEPS):
        gradients = clip(tensors(gradient(flat(parameters))))
        updates, state = transform.update(gradients, state, parameters)
        parameters = optax.apply_updates(parameters, updates)
        yield flat(parameters), state


TORCH = {
    "sgd": partial(torch.optim.SGD, foreach=False),
    "heavy_ball": partial(torch.optim.SGD, foreach=False),
    "adagrad": partial(torch.optim.Adagrad, foreach=False),
    "rmsprop": partial(torch.optim.RMSprop, foreach=False),
    "adam": partial(torch.optim.Adam, foreach=False),
    "adamw": partial(torch.optim.AdamW, foreach=False),
}


def torch_arguments(numbers):
    """Our argument names in torch's words."""
    arguments = {"alpha" if key == "rho" else key: value for key, value in numbers.items()}
    if "beta1" in arguments:
        arguments["betas"] = (arguments.pop("beta1"), arguments.pop("beta2"))
    return arguments


def velocity(rate, momentum, weight_decay=0.0, nesterov=False):
    """v ← αv − εg; p ← p + v in optax's words: the rate comes before the trace, so ε is inside v.

    With `nesterov`, p ← p − εg + αv. That is the point looked ahead to, φ = θ + αv, for any
    sequence of ε: φ' = θ' + αv' = θ + (1 + α)v' = φ − αv + v' + αv' = φ − εg + αv'.
    """
    return optax.chain(
        optax.add_decayed_weights(weight_decay),
        optax.scale_by_learning_rate(lambda count: rate(int(count))),
        optax.trace(momentum, nesterov=nesterov),
    )


def reference(name, case):
    """What a library does: its name in words, the parameters after each step, the iterates θ where
    they are other points."""
    numbers, rate, clipping = separated(case)
    clip = partial(optax_clip, **clipping)
    behind = f", gradients clipped by optax {optax.__version__}" if clipping else ""
    if name in TORCH:
        words = f"torch {TORCH_VERSION} torch.optim.{TORCH[name].func.__name__}{behind}"
        make = lambda p: TORCH[name](p, lr=rate(0), **torch_arguments(numbers))
        return words, [p for p, _ in run_torch(make, rate, clip)], None
    if name == "momentum":
        words = f"optax {optax.__version__} scale_by_learning_rate, trace{behind}"
        return words, [p for p, _ in run_optax(velocity(rate, **numbers), clip)], None
    words = f"optax {optax.__version__} scale_by_learning_rate, trace(nesterov=True){behind}"
    run = list(run_optax(velocity(rate, **numbers, nesterov=True), clip))
    iterates = [p - numbers["momentum"] * flat(state[2].trace) for p, state in run]
    return words, [p for p, _ in run], iterates


# ---- The same once more in plain numpy, from the slides, to judge the libraries' use above.


def naive_clip(g, clip_value=None, clip_norm=None, clip_global_norm=None):
    shrink = lambda part, c: part * min(1.0, c / np.sqrt(np.sum(part * part)))
    if clip_value is not None:
        g = np.minimum(np.maximum(g, -clip_value), clip_value)
    if clip_norm is not None:
        g = flat([shrink(part, clip_norm) for part in tensors(g)])
    if clip_global_norm is not None:
        g = shrink(g, clip_global_norm)
    return g


def naive_sgd(step, rate, start, weight_decay=0.0):
    p = start
    for k in range(STEPS):
        p = p - rate(k) * (step(p) + weight_decay * p)
        yield p


def naive_momentum(step, rate, start, momentum, weight_decay=0.0):
    p, v = start, 0.0 * start
    for k in range(STEPS):
        v = momentum * v - rate(k) * (step(p) + weight_decay * p)
        p = p + v
        yield p


def naive_nesterov(step, rate, start, momentum, weight_decay=0.0):
    """The slide, with θ as the state and the gradient at θ + αv; yields both points."""
    theta, v = start, 0.0 * start
    for k in range(STEPS):
        ahead = theta + momentum * v
        v = momentum * v - rate(k) * (step(ahead) + weight_decay * ahead)
        theta = theta + v
        yield theta + momentum * v, theta


def naive_heavy_ball(step, rate, start, momentum, dampening=0.0, nesterov=False, weight_decay=0.0):
    p, b = start, None
    for k in range(STEPS):
        g = step(p) + weight_decay * p
        b = g if b is None else momentum * b + (1 - dampening) * g
        p = p - rate(k) * (g + momentum * b if nesterov else b)
        yield p


def naive_adagrad(step, rate, start, eps, weight_decay=0.0):
    p, r = start, 0.0 * start
    for k in range(STEPS):
        g = step(p) + weight_decay * p
        r = r + g * g
        p = p - rate(k) * g / (np.sqrt(r) + eps)
        yield p


def naive_rmsprop(step, rate, start, rho, eps, weight_decay=0.0):
    p, r = start, 0.0 * start
    for k in range(STEPS):
        g = step(p) + weight_decay * p
        r = rho * r + (1 - rho) * g * g
        p = p - rate(k) * g / (np.sqrt(r) + eps)
        yield p


def naive_adam(step, rate, start, beta1, beta2, eps, weight_decay=0.0, decoupled=False):
    p, s, r = start, 0.0 * start, 0.0 * start
    for k in range(STEPS):
        g = step(p) + (0.0 if decoupled else weight_decay) * p
        s = beta1 * s + (1 - beta1) * g
        r = beta2 * r + (1 - beta2) * g * g
        s_hat, r_hat = s / (1 - beta1 ** (k + 1)), r / (1 - beta2 ** (k + 1))
        shrunk = p - (rate(k) * weight_decay if decoupled else 0.0) * p
        p = shrunk - rate(k) * s_hat / (np.sqrt(r_hat) + eps)
        yield p


NAIVE = {
    "sgd": naive_sgd,
    "momentum": naive_momentum,
    "nesterov": naive_nesterov,
    "heavy_ball": naive_heavy_ball,
    "adagrad": naive_adagrad,
    "rmsprop": naive_rmsprop,
    "adam": naive_adam,
    "adamw": partial(naive_adam, decoupled=True),
}


def naive(name, case, disturbance=0.0):
    """The trajectory, and nesterov's iterates. A disturbance changes the start and every
    gradient by that much, up or down, relative to their size."""
    numbers, rate, clipping = separated(case)
    coin = np.random.default_rng(0)
    disturbed = lambda x: x * (1 + disturbance * coin.choice([-1.0, 1.0], size=x.shape))
    step = lambda p: naive_clip(disturbed(gradient(p)), **clipping)
    run = list(NAIVE[name](step, rate, disturbed(START), **numbers))
    return map(list, zip(*run)) if name == "nesterov" else (run, None)


# ---- Checks.


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


def check(call, name, case, steps, iterates):
    """That numpy agrees with the library, that rounding stays small and that every argument counts.
    Returns how far numpy is off and by how much rounding grows."""
    again, iterates_again = naive(name, case)
    off = distance(again, steps)
    if iterates is not None:
        off = max(off, distance(iterates_again, iterates))
        check_nesterov(case, steps, iterates)
    assert off < AGREEMENT, f"{call}: numpy and the library differ by {off:.1e}"

    disturbed, _ = naive(name, case, disturbance=1e-9)
    growth = distance(disturbed, again) / 1e-9
    assert growth < 50, f"{call}: amplifies rounding {growth:.0f} times"

    for argument in set(case) - REQUIRED:
        without, _ = naive(name, {key: value for key, value in case.items() if key != argument})
        assert distance(without, again) > 1e-4, f"{call}: {argument} changes nothing"
    return off, growth


def check_nesterov(case, steps, iterates):
    """While ε is constant, PyTorch's form is the slide's, so that there is a second library."""
    if "schedule" in case:
        return
    numbers, rate, clipping = separated(case)
    make = lambda p: torch.optim.SGD(p, lr=rate(0), nesterov=True, foreach=False, **numbers)
    run = run_torch(make, rate, partial(optax_clip, **clipping))
    for (phi, state), step, iterate in zip(run, steps, iterates):
        # v = −εb, so that θ = φ − αv = φ + αεb.
        buffer = flat([of_tensor["momentum_buffer"] for of_tensor in state])
        theta = phi + numbers["momentum"] * rate(0) * buffer
        assert np.allclose(phi, step, rtol=AGREEMENT, atol=AGREEMENT), case
        assert np.allclose(theta, iterate, rtol=AGREEMENT, atol=AGREEMENT), case


# ---- Files.


def write(path, text):
    path.write_text(text, encoding="utf-8", newline="\n")


def write_cases(name):
    blocks, numbers = [], lambda points: ",\n".join(f"      {json.dumps(list(p))}" for p in points)
    for case in CASES[name]:
        call = written(name, case)
        words, steps, iterates = reference(name, case)
        off, growth = check(call, name, case, steps, iterates)
        print(f"{off:.1e}  x{growth:<4.0f} {call}")
        block = f'  {{\n    "call": {json.dumps(call)},\n    "reference": {json.dumps(words)},\n'
        block += f'    "steps": [\n{numbers(steps)}\n    ]'
        if iterates is not None:
            block += f',\n    "iterates": [\n{numbers(iterates)}\n    ]'
        blocks.append(block + "\n  }")
    write(HERE / f"{name}.json", "[\n" + ",\n".join(blocks) + "\n]\n")


def write_problem():
    lines = [json.dumps({"name": name, **tensor}) for name, tensor in PROBLEM.items()]
    write(HERE / "problem.json", "[\n  " + ",\n  ".join(lines) + "\n]\n")


# ---- Where the libraries differ from each other.


def compare():
    constant, falling = lambda k: 0.04, lambda k: 0.04 * SCHEDULES["step(every=10, factor=0.5)"](k)
    no_clip = lambda g: g
    points = lambda run: [p for p, _ in run]
    torch_run = lambda rate, clip=no_clip, kind=torch.optim.SGD, **arguments: points(
        run_torch(lambda p: kind(p, lr=rate(0), foreach=False, **arguments), rate, clip)
    )
    optax_run = lambda transform: points(run_optax(transform, no_clip))
    show = lambda what, a, b: print(f"| {what} | {distance(a, b):.0e} |")
    for words, rate in [("constant lr", constant), ("lr halved every 10 steps", falling)]:
        show(
            f"torch SGD(momentum=0.9) and optax trace after the rate, {words}",
            torch_run(rate, momentum=0.9),
            optax_run(velocity(rate, 0.9)),
        )
        show(
            "torch SGD(momentum=0.9, nesterov=True) and optax trace(nesterov=True) after the rate, "
            + words,
            torch_run(rate, momentum=0.9, nesterov=True),
            optax_run(velocity(rate, 0.9, nesterov=True)),
        )
    for words, clipping in [
        ("clip_grad_value_ and optax.clip", dict(clip_value=0.5)),
        ("clip_grad_norm_ and optax.clip_by_global_norm", dict(clip_global_norm=1.0)),
    ]:
        show(
            f"torch {words}, SGD",
            torch_run(constant, partial(torch_clip, **clipping)),
            torch_run(constant, partial(optax_clip, **clipping)),
        )
    show(
        "torch Adagrad(eps=1e-3) and optax.adagrad(eps=1e-3, initial_accumulator_value=0)",
        torch_run(constant, kind=torch.optim.Adagrad, eps=1e-3),
        optax_run(optax.adagrad(0.04, eps=1e-3, initial_accumulator_value=0.0)),
    )
    for inside in [True, False]:
        show(
            "torch RMSprop(alpha=0.9, eps=1e-3) and "
            f"optax.rmsprop(decay=0.9, eps=1e-3, eps_in_sqrt={inside})",
            torch_run(constant, kind=torch.optim.RMSprop, alpha=0.9, eps=1e-3),
            optax_run(optax.rmsprop(0.04, decay=0.9, eps=1e-3, eps_in_sqrt=inside)),
        )
    show(
        "torch Adam(weight_decay=0.1) and optax add_decayed_weights(0.1), adam",
        torch_run(constant, kind=torch.optim.Adam, weight_decay=0.1),
        optax_run(optax.chain(optax.add_decayed_weights(0.1), optax.adam(0.04))),
    )
    show(
        "torch AdamW(weight_decay=0.1) and optax.adamw(weight_decay=0.1)",
        torch_run(constant, kind=torch.optim.AdamW, weight_decay=0.1),
        optax_run(optax.adamw(0.04, weight_decay=0.1)),
    )


if __name__ == "__main__":
    if sys.argv[1:] == ["--compare"]:
        compare()
    else:
        check_schedules()
        write_problem()
        for rule in CASES:
            write_cases(rule)
