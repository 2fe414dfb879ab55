"""What PyTorch's optimizers lose in online rounds, in f64: losses.json beside this script.

Every step is followed by a projection onto the box [-1, 1], `clamp_`. Rates over the root of t are a LambdaLR.
Written with PyTorch 2.15.0; python make.py writes the file again.
"""

import json
import math
import pathlib

import torch

ROUNDS = 3000
CHECKPOINTS = [1, 10, 100, 1000, 3000]


def reddi(t, x):
    return [3.0 if t % 3 == 1 else -1.0]


def synthetic(t, x):
    return [1010.0 if t % 101 == 1 else -10.0]


def adversary(t, x):
    return [1.0 if xi >= 0 else -1.0 for xi in x.tolist()]


SEQUENCES = {
    "reddi": (reddi, [1.0]),
    "reddi-synthetic": (synthetic, [1.0]),
    "adversarial-linear(dimension=3)": (adversary, [0.5, 0.0, -0.25]),
}
ROOT = "*noam(warmup=1)"
OPTIMIZERS = {
    f"sgd(lr=0.5{ROOT})": lambda p: torch.optim.SGD(p, lr=0.5),
    "adagrad(lr=0.5, eps=1e-10)": lambda p: torch.optim.Adagrad(p, lr=0.5, eps=1e-10),
    f"adam(lr=0.3{ROOT}, beta1=0, beta2=0.1)": lambda p: torch.optim.Adam(p, lr=0.3, betas=(0.0, 0.1)),
    f"adam(lr=0.3{ROOT}, beta1=0.9, beta2=0.99)": lambda p: torch.optim.Adam(p, lr=0.3, betas=(0.9, 0.99)),
    f"amsgrad(lr=0.3{ROOT}, beta1=0, beta2=0.1)": lambda p: torch.optim.Adam(
        p, lr=0.3, betas=(0.0, 0.1), amsgrad=True
    ),
    f"amsgrad(lr=0.3{ROOT}, beta1=0.9, beta2=0.99)": lambda p: torch.optim.Adam(
        p, lr=0.3, betas=(0.9, 0.99), amsgrad=True
    ),
}


def lost(deal, start, optimizer, root):
    x = torch.tensor(start, dtype=torch.float64, requires_grad=True)
    optimizer = optimizer([x])
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda k: 1 / math.sqrt(k + 1) if root else 1.0)
    total, found = 0.0, []
    for t in range(1, ROUNDS + 1):
        g = torch.tensor(deal(t, x.detach()), dtype=torch.float64)
        total += float(g @ x.detach())
        x.grad = g
        optimizer.step()
        schedule.step()
        with torch.no_grad():
            x.clamp_(-1, 1)
        if t in CHECKPOINTS:
            found.append(total)
    return found


cases = [
    {"sequence": name, "start": start, "optimizer": call, "lost": lost(deal, start, make, ROOT in call)}
    for name, (deal, start) in SEQUENCES.items()
    for call, make in OPTIMIZERS.items()
]
file = {"rounds": CHECKPOINTS, "cases": cases}
pathlib.Path(__file__).with_name("losses.json").write_text(json.dumps(file, indent=1) + "\n")
