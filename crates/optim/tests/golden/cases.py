"""The calls, as dictionaries. What a case does not name has its default: no decay, no clipping, a
constant rate."""

from dataclasses import dataclass
from typing import Callable

from problem import SCHEDULES

CASES = {
    "sgd": [
        dict(lr=0.05),
        dict(lr=0.2, weight_decay=0.01),
        dict(lr=0.3, weight_decay=0.1, schedule="linear(tau=50, end=0.01)"),
        dict(lr=0.1, schedule="exponential(k=0.02)"),
        dict(lr=0.1, weight_decay=0.02, clip_value=0.5),
        dict(lr=0.1, weight_decay=0.02, clip_norm=1.5),
        dict(lr=0.2, clip_global_norm=1.0, schedule="step(every=30, factor=0.2)"),
        dict(lr=0.05, clip_adaptive=0.1, weight_decay=0.02),
        dict(lr=0.1, centralize=True, weight_decay=0.05),
        dict(lr=0.1, centralize=True, clip_value=0.7, weight_decay=0.05)
        | dict(schedule="exponential(k=0.02)"),
    ],
    "momentum": [
        dict(lr=0.02, momentum=0.8),
        dict(lr=0.03, momentum=0.5, weight_decay=0.05),
        dict(lr=0.05, momentum=0.8, weight_decay=0.01, schedule="linear(tau=50, end=0.01)"),
        dict(lr=0.04, momentum=0.95, schedule="step(every=10, factor=0.5)"),
        dict(lr=0.02, momentum=0.7, weight_decay=0.02, clip_value=0.7),
        dict(lr=0.03, momentum=0.6, weight_decay=0.02, clip_norm=2.0),
        dict(lr=0.02, momentum=0.8, clip_global_norm=1.5, schedule="exponential(k=0.02)"),
        dict(lr=0.03, momentum=0.7, weight_decay=0.1, decoupled=True)
        | dict(schedule="exponential(k=0.02)"),
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
        dict(lr=0.03, momentum=0.7, weight_decay=0.1, decoupled=True)
        | dict(schedule="exponential(k=0.02)"),
    ],
    "adagrad": [
        dict(lr=0.1, eps=1e-6),
        dict(lr=0.3, eps=1e-3, weight_decay=0.01),
        dict(lr=0.5, eps=0.1, weight_decay=0.1, schedule="linear(tau=80, end=0.3)"),
        dict(lr=0.2, eps=1e-4, schedule="exponential(k=0.02)"),
        dict(lr=0.1, eps=1e-3, weight_decay=0.02, clip_value=0.5),
        dict(lr=0.1, eps=1e-2, weight_decay=0.02, clip_norm=1.5),
        dict(lr=0.2, eps=1e-3, clip_global_norm=1.0, schedule="step(every=30, factor=0.2)"),
        dict(lr=0.3, eps=1e-3, initial=0.5, weight_decay=0.05, decoupled=True),
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
        dict(lr=0.005, rho=0.9, eps=1e-4, eps_inside=True, weight_decay=0.05),
        dict(lr=0.01, rho=0.95, eps=0.1, centered=True),
        dict(lr=0.005, rho=0.95, eps=0.01, centered=True, eps_inside=True)
        | dict(momentum=0.5, schedule="exponential(k=0.02)"),
        dict(lr=0.002, rho=0.9, eps=0.01, momentum=0.7, weight_decay=0.1, decoupled=True),
        dict(lr=0.005, rho=0.95, eps=0.01, momentum=0.9, cautious=True, weight_decay=0.05)
        | dict(schedule="exponential(k=0.02)"),
        dict(lr=0.005, rho=0.9, eps=0.01, centralize=True, clip_adaptive=0.2),
    ],
    "amsgrad": [
        dict(lr=0.01, beta1=0.8, beta2=0.9, eps=1e-3),
        dict(lr=0.02, beta1=0.8, beta2=0.95, eps=1e-4, weight_decay=0.05)
        | dict(schedule="exponential(k=0.02)"),
        dict(lr=0.02, beta1=0.7, beta2=0.9, eps=1e-3, weight_decay=0.1, decoupled=True),
        dict(lr=0.02, beta1=0.8, beta2=0.9, eps=1e-3, corrected=True),
        dict(lr=0.02, beta1=0.9, beta2=0.95, eps=1e-4, corrected=True, weight_decay=0.05),
    ],
    "adamax": [
        dict(lr=0.01, beta1=0.8, beta2=0.99, eps=1e-6),
        dict(lr=0.02, beta1=0.9, beta2=0.95, eps=1e-2, weight_decay=0.05),
        dict(lr=0.02, beta1=0.7, beta2=0.98, eps=1e-3, weight_decay=0.2, decoupled=True)
        | dict(schedule="linear(tau=50, end=0.01)"),
    ],
    "nadam": [
        dict(lr=0.01, beta1=0.8, beta2=0.99, eps=1e-3),
        dict(lr=0.01, beta1=0.9, beta2=0.98, eps=1e-2, psi=0.02, weight_decay=0.05),
        dict(lr=0.02, beta1=0.7, beta2=0.99, eps=1e-3, psi=0.1, weight_decay=0.2, decoupled=True)
        | dict(schedule="exponential(k=0.02)"),
    ],
    "radam": [
        dict(lr=0.01, beta1=0.8, beta2=0.99, eps=1e-3),
        dict(lr=0.02, beta1=0.9, beta2=0.95, eps=1e-2, weight_decay=0.05),
        dict(lr=0.01, beta1=0.7, beta2=0.999, eps=1e-3, weight_decay=0.2, decoupled=True)
        | dict(schedule="linear(tau=80, end=0.3)"),
    ],
    "adadelta": [
        dict(lr=1.0, rho=0.9, eps=1e-4),
        dict(lr=0.5, rho=0.95, eps=1e-3, weight_decay=0.05),
        dict(lr=0.7, rho=0.8, eps=1e-4, weight_decay=0.02, decoupled=True)
        | dict(schedule="exponential(k=0.02)"),
    ],
    "rprop": [
        dict(lr=0.01, step_max=0.2),
        dict(lr=0.02, eta_minus=0.4, eta_plus=1.3, step_min=0.001, step_max=0.5)
        | dict(weight_decay=0.1),
        dict(lr=0.03, eta_minus=0.6, eta_plus=1.1, weight_decay=0.02, decoupled=True)
        | dict(schedule="exponential(k=0.02)"),
    ],
    "adabelief": [
        dict(lr=0.01, beta1=0.8, beta2=0.99, eps=1e-6),
        dict(lr=0.01, beta1=0.9, beta2=0.98, eps=1e-4, weight_decay=0.05),
        dict(lr=0.02, beta1=0.7, beta2=0.99, eps=1e-4, weight_decay=0.1, decoupled=True)
        | dict(schedule="exponential(k=0.02)"),
    ],
    "yogi": [
        dict(lr=0.01, beta1=0.8, beta2=0.99, eps=1e-3),
        dict(lr=0.02, beta1=0.9, beta2=0.95, eps=1e-2, initial=0.01, weight_decay=0.05),
        dict(lr=0.02, beta1=0.7, beta2=0.98, eps=1e-3, initial=0.1)
        | dict(weight_decay=0.2, decoupled=True, schedule="linear(tau=50, end=0.01)"),
    ],
    "lion": [
        dict(lr=0.01, beta1=0.9, beta2=0.95),
        dict(lr=0.02, beta1=0.8, beta2=0.99, weight_decay=0.3, schedule="exponential(k=0.02)"),
        dict(lr=0.01, beta1=0.7, beta2=0.9, weight_decay=0.1, decoupled=False),
        dict(lr=0.02, beta1=0.95, beta2=0.98, cautious=True, weight_decay=0.1)
        | dict(schedule="step(every=10, factor=0.5)"),
        dict(lr=0.01, beta1=0.9, beta2=0.98, clip_adaptive=0.05, centralize=True),
    ],
    "signum": [
        dict(lr=0.01, momentum=0.8),
        dict(lr=0.02, momentum=0.9, weight_decay=0.1),
        dict(lr=0.02, momentum=0.95, weight_decay=0.2, decoupled=True)
        | dict(schedule="exponential(k=0.02)"),
    ],
    "ademamix": [
        dict(lr=0.01, beta1=0.8, beta2=0.99, beta3=0.98, alpha=2.0, eps=1e-3),
        dict(lr=0.005, beta1=0.9, beta2=0.98, beta3=0.999, alpha=8.0, eps=1e-3)
        | dict(warmup=60, weight_decay=0.05),
        dict(lr=0.01, beta1=0.7, beta2=0.99, beta3=0.99, alpha=3.0, eps=1e-2, warmup=200)
        | dict(weight_decay=0.1, decoupled=True, schedule="exponential(k=0.02)"),
    ],
    "lars": [
        dict(lr=1.0, momentum=0.5),
        dict(lr=1.0, momentum=0.7, trust=0.02, eps=0.1, weight_decay=0.1)
        | dict(schedule="exponential(k=0.02)"),
        dict(lr=0.5, momentum=0.6, trust=0.005, weight_decay=0.02, decoupled=True)
        | dict(schedule="exponential(k=0.02)"),
    ],
    "lamb": [
        dict(lr=0.005, beta1=0.8, beta2=0.99, eps=0.1),
        dict(lr=0.01, beta1=0.9, beta2=0.98, eps=1e-2, weight_decay=0.3)
        | dict(schedule="exponential(k=0.02)"),
        dict(lr=0.005, beta1=0.7, beta2=0.95, eps=1e-3, weight_decay=0.1, decoupled=False),
    ],
    "adafactor": [
        dict(lr=0.01, eps1=1e-8),
        dict(lr=0.003, beta2_decay=0.7, eps1=1e-3, eps2=4.0, weight_decay=0.1)
        | dict(schedule="exponential(k=0.02)"),
        dict(lr=0.1, beta2_decay=0.9, eps1=0.1, d=2.0, weight_decay=0.1, decoupled=False)
        | dict(schedule="step(every=10, factor=0.5)"),
        # lr above 1/√t in the steps 5 to 10
        dict(lr=0.5, beta2_decay=0.9, eps1=0.3, weight_decay=0.1, decoupled=False)
        | dict(schedule="step(every=10, factor=0.5)"),
    ],
    "muon": [
        dict(lr=0.01, momentum=0.8, adam_lr=0.02, beta1=0.8, beta2=0.95, eps=1e-3),
        dict(lr=0.1, momentum=0.7, nesterov=False, steps=4, adam_lr=0.05, beta1=0.9)
        | dict(beta2=0.98, eps=1e-3, weight_decay=0.1, schedule="linear(tau=50, end=0.01)"),
        dict(lr=0.02, momentum=0.9, steps=3, adam_lr=0.03, beta1=0.7, beta2=0.99, eps=1e-2)
        | dict(weight_decay=0.05, decoupled=False, schedule="exponential(k=0.02)"),
    ],
    "shampoo": [
        dict(lr=0.05, eps=0.01),
        dict(lr=0.2, eps=0.1, weight_decay=0.05, schedule="exponential(k=0.02)"),
        dict(lr=0.05, beta2=0.95, eps=1.0, every=5, momentum=0.5, weight_decay=0.1)
        | dict(decoupled=True),
        dict(lr=0.1, eps=0.1, every=3, momentum=0.3),
    ],
    "soap": [
        dict(lr=0.02, beta1=0.8, beta2=0.9, eps=0.1),
        dict(lr=0.02, beta1=0.9, beta2=0.95, shampoo_beta=0.9, eps=0.1, every=4)
        | dict(weight_decay=0.1, schedule="exponential(k=0.02)"),
        dict(lr=0.02, beta1=0.8, beta2=0.9, shampoo_beta=0.9, eps=0.1, every=1)
        | dict(weight_decay=0.1, decoupled=False, schedule="exponential(k=0.02)"),
    ],
    "schedule_free_sgd": [
        dict(lr=0.1, beta=0.8),
        dict(lr=0.2, beta=0.9, warmup=10, r=1.0, weight_lr_power=1.0, weight_decay=0.05),
        dict(lr=0.2, beta=0.7, weight_decay=0.1)
        | dict(schedule="exponential(k=0.02)"),
    ],
    "schedule_free_adamw": [
        dict(lr=0.05, beta1=0.8, beta2=0.99, eps=1e-3),
        dict(lr=0.1, beta1=0.9, beta2=0.98, eps=1e-2, warmup=20, r=0.5, weight_lr_power=1.0)
        | dict(weight_decay=0.1),
        dict(lr=0.05, beta1=0.95, beta2=0.95, eps=1e-2, weight_decay=0.1, decoupled=False)
        | dict(schedule="linear(tau=80, end=0.3)"),
    ],
    "prodigy": [
        dict(lr=1.0, beta1=0.8, beta2=0.9, eps=0.1, d0=0.001, schedule="exponential(k=0.02)"),
        dict(lr=0.5, beta1=0.9, beta2=0.9, eps=0.1, d0=0.01, d_coef=0.7, growth=1.02)
        | dict(weight_decay=0.05, schedule="exponential(k=0.02)"),
        dict(lr=0.5, beta1=0.8, beta2=0.9, beta3=0.9, eps=0.1, d0=0.01)
        | dict(bias_correction=True, safeguard_warmup=True, weight_decay=0.02, decoupled=False),
    ],
    "lookahead": [
        dict(inner=("adam", dict(lr=0.02, beta1=0.8, beta2=0.99, eps=1e-3))),
        dict(inner=("sgd", dict(lr=0.1, weight_decay=0.05, schedule="exponential(k=0.02)")))
        | dict(k=3, alpha=0.7),
        dict(inner=("momentum", dict(lr=0.03, momentum=0.7)), k=4, alpha=0.3),
    ],
    "sam": [
        dict(inner=("sgd", dict(lr=0.05)), rho=0.5),
        dict(inner=("momentum", dict(lr=0.03, momentum=0.6, clip_global_norm=3.0)), rho=0.2),
        dict(inner=("adam", dict(lr=0.01, beta1=0.8, beta2=0.99, eps=1e-3, weight_decay=0.1)))
        | dict(rho=0.3),
        dict(inner=("sgd", dict(lr=0.05, weight_decay=0.02)), rho=0.04, adaptive=True),
    ],
    "ema": [
        dict(inner=("sgd", dict(lr=0.05)), decay=0.9),
        dict(
            inner=("adamw", dict(lr=0.02, beta1=0.8, beta2=0.99, eps=1e-3, weight_decay=0.1)),
            decay=0.95,
        ),
    ],
    "swa": [
        dict(inner=("sgd", dict(lr=0.05)), start=20, every=5),
        dict(inner=("adam", dict(lr=0.02, beta1=0.8, beta2=0.99, eps=1e-3)), start=1, every=2),
    ],
    "accumulate": [
        dict(inner=("sgd", dict(lr=0.1)), steps=4),
        dict(inner=("adam", dict(lr=0.05, beta1=0.8, beta2=0.9, eps=1e-3, weight_decay=0.1)))
        | dict(steps=3),
        dict(
            inner=(
                "momentum",
                dict(lr=0.1, momentum=0.5, clip_global_norm=2.0, schedule="exponential(k=0.02)"),
            ),
            steps=2,
        ),
    ],
}
# Rules that take the same arguments and yet differ get the same cases.
CASES["nesterov"] = CASES["momentum"]
BOTH_ADAMS = [
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
    dict(lr=0.01, beta1=0.8, beta2=0.99, eps=1e-2, eps_hat=True, weight_decay=0.05),
    dict(lr=0.02, beta1=0.95, beta2=0.99, eps=1e-3, cautious=True, weight_decay=0.05)
    | dict(schedule="exponential(k=0.02)"),
    dict(lr=0.02, beta1=0.9, beta2=0.99, eps=1e-2, clip_adaptive=0.1, centralize=True)
    | dict(weight_decay=0.0),
]
CASES["adam"] = BOTH_ADAMS + [
    dict(lr=0.02, beta1=0.8, beta2=0.99, eps=1e-3, weight_decay=0.1, decoupled=True),
]
CASES["adamw"] = BOTH_ADAMS + [
    dict(lr=0.02, beta1=0.8, beta2=0.99, eps=1e-3, weight_decay=0.1, decoupled=False),
]

# Rules whose decay stays out of the gradient unless they are told otherwise.
DECOUPLED = {"adamw", "lion", "lamb", "muon", "adafactor", "soap", "prodigy"}
DECOUPLED |= {"schedule_free_sgd", "schedule_free_adamw"}


def written(name, case):
    """The case as a call: adam(lr=0.01, beta1=0.8)."""
    word = lambda x: str(x).lower() if isinstance(x, bool) else str(x)
    inner = [written(*case["inner"])] if "inner" in case else []
    named = [f"{key}={word(value)}" for key, value in case.items() if key != "inner"]
    return f"{name}({', '.join(inner + named)})"


@dataclass
class Settings:
    """A case, taken apart."""

    own: dict  # the rule's own numbers
    inner: tuple  # of a wrapper: the name and the case of the optimizer inside
    lr: float
    factor: Callable  # the schedule: what lr is multiplied by, by step
    before: dict  # what happens to the raw gradient
    weight_decay: float
    decoupled: bool
    cautious: bool

    def rate(self, k):
        return self.lr * self.factor(k)


def settings(name, case):
    own = dict(case)
    before = {key: own.pop(key) for key in list(own) if key.startswith("clip_")}
    if own.pop("centralize", False):
        before["centralize"] = True
    return Settings(
        inner=own.pop("inner", None),
        lr=own.pop("lr", None),
        factor=SCHEDULES[own.pop("schedule", "constant")],
        weight_decay=own.pop("weight_decay", 0.0),
        decoupled=own.pop("decoupled", name in DECOUPLED),
        cautious=own.pop("cautious", False),
        before=before,
        own=own,
    )
