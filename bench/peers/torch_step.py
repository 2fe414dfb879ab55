"""Times PyTorch's optimizer step by itself, over random parameters with a fixed random gradient.

It reads lines and runs a block for each, so that a driver can take turns between it and others:

    $ python torch_step.py --optimizer adamw --variant fused --params 25000000 --tensors 50 --threads 2
    go 20
    {"seconds": 0.3014, "steps": 20}

Variants: `default` is what PyTorch takes by itself on a CPU, `foreach` handles all tensors of a list at
once, `fused` does one pass over the parameters, `compiled` is torch.compile of the default's step. What
PyTorch has no optimizer for is written here in its operations, from the papers:

* Lion: Chen et al. 2023, Algorithm 2, <https://arxiv.org/abs/2302.06675>.
* Muon: Jordan et al. 2024, <https://kellerjordan.github.io/posts/muon/>: momentum 0.95 with Nesterov, five
  steps of the quintic Newton-Schulz iteration, here in the dtype of the parameters where the post takes
  bf16. Variant `builtin` is torch.optim.Muon, which iterates in bf16 whatever the parameters are.
* SOAP: Vyas et al. 2024, Algorithm 3, <https://arxiv.org/abs/2409.11321>: Adam in the eigenbases of
  Shampoo's two factors, which a step of power iteration with a QR decomposition renews every ten steps.
  Variant `rotated` keeps the momentum in the eigenbasis and turns it when the basis changes, which gives
  the same steps for two products less.
"""

import argparse
import math
import sys
import time

import torch

from serving import serve

HOW = {
    "default": {"foreach": False},
    "foreach": {"foreach": True},
    "fused": {"fused": True},
    "compiled": {"foreach": False},
}


def by_torch(optimizer):
    """A step of torch.optim."""

    def build(parameters, variant):
        return optimizer(parameters, **HOW[variant]).step

    return build


def clipped_adamw(parameters, variant):
    """The gradient's global norm held to 1, then AdamW."""
    step = torch.optim.AdamW(parameters, **HOW[variant]).step
    foreach = variant in ("foreach", "fused")

    def clip_and_step():
        torch.nn.utils.clip_grad_norm_(parameters, 1.0, foreach=foreach)
        step()

    return clip_and_step


def lion(parameters, variant, lr=1e-4, β1=0.9, β2=0.99, λ=1e-2):
    """θ ← (1 − ηλ)θ − η sign(β₁m + (1 − β₁)g); m ← β₂m + (1 − β₂)g"""
    gradients = [p.grad for p in parameters]
    momenta = [torch.zeros_like(p) for p in parameters]

    @torch.no_grad()
    def loop():
        for θ, g, m in zip(parameters, gradients, momenta):
            update = torch.lerp(m, g, 1 - β1).sign_()
            θ.mul_(1 - lr * λ).add_(update, alpha=-lr)
            m.lerp_(g, 1 - β2)

    @torch.no_grad()
    def foreach():
        updates = torch._foreach_lerp(momenta, gradients, 1 - β1)
        torch._foreach_sign_(updates)
        torch._foreach_mul_(parameters, 1 - lr * λ)
        torch._foreach_add_(parameters, updates, alpha=-lr)
        torch._foreach_lerp_(momenta, gradients, 1 - β2)

    return foreach if variant == "foreach" else loop


def orthogonal_by_newton_schulz(G, steps=5):
    """X ← aX + (bXXᵀ + c(XXᵀ)²)X from X = G / ‖G‖: singular values move to about 1."""
    a, b, c = 3.4445, -4.7750, 2.0315
    X = G.mT if G.size(0) > G.size(1) else G
    X = X / (X.norm() + 1e-7)
    for _ in range(steps):
        A = X @ X.mT
        B = torch.addmm(A, A, A, beta=b, alpha=c)
        X = torch.addmm(X, B, X, beta=a)
    return X.mT if G.size(0) > G.size(1) else X


def muon(parameters, variant, lr=0.02, μ=0.95):
    """Nesterov momentum, made orthogonal."""
    if variant == "builtin":
        return torch.optim.Muon(parameters, lr=lr, momentum=μ).step
    gradients = [p.grad for p in parameters]
    momenta = [torch.zeros_like(p) for p in parameters]

    @torch.no_grad()
    def step():
        for θ, g, m in zip(parameters, gradients, momenta):
            m.lerp_(g, 1 - μ)
            update = orthogonal_by_newton_schulz(torch.lerp(g, m, μ))
            θ.add_(update, alpha=-lr * math.sqrt(max(1, θ.size(0) / θ.size(1))))

    return step


class Soap:
    """Adam in the eigenbases of L = EMA(GGᵀ) and R = EMA(GᵀG)."""

    def __init__(self, parameters, rotated, lr=3e-3, β1=0.95, β2=0.95, ε=1e-8, every=10):
        self.parameters, self.rotated, self.every = parameters, rotated, every
        self.lr, self.β1, self.β2, self.ε = lr, β1, β2, ε
        self.t = 0
        self.states = []
        for p in parameters:
            L, R = p.grad @ p.grad.mT, p.grad.mT @ p.grad
            QL, QR = (torch.linalg.eigh(P).eigenvectors for P in (L, R))
            self.states.append([torch.zeros_like(p), torch.zeros_like(p), L, R, QL, QR])

    @torch.no_grad()
    def step(self):
        self.t += 1
        β1, β2 = self.β1, self.β2
        correction1, correction2 = 1 - β1**self.t, 1 - β2**self.t
        for p, state in zip(self.parameters, self.states):
            M, V, L, R, QL, QR = state
            G = p.grad
            in_basis = QL.mT @ G @ QR
            M.lerp_(in_basis if self.rotated else G, 1 - β1)
            V.mul_(β2).addcmul_(in_basis, in_basis, value=1 - β2)
            mean = M if self.rotated else QL.mT @ M @ QR
            root = (V / correction2).sqrt_().add_(self.ε)
            p.add_(QL @ (mean / root) @ QR.mT, alpha=-self.lr / correction1)
            L.addmm_(G, G.mT, beta=β2, alpha=1 - β2)
            R.addmm_(G.mT, G, beta=β2, alpha=1 - β2)
            if self.t % self.every == 0:
                new = [torch.linalg.qr(P @ Q).Q for P, Q in ((L, QL), (R, QR))]
                if self.rotated:
                    M.copy_((new[0].mT @ QL) @ M @ (QR.mT @ new[1]))
                state[4:] = new


def soap(parameters, variant):
    return Soap(parameters, rotated=variant == "rotated").step


OPTIMIZERS = {
    "adamw": (by_torch(torch.optim.AdamW), ("default", "foreach", "fused", "compiled")),
    "rmsprop": (by_torch(torch.optim.RMSprop), ("default", "foreach", "compiled")),
    "nadam": (by_torch(torch.optim.NAdam), ("default", "foreach", "compiled")),
    "adadelta": (by_torch(torch.optim.Adadelta), ("default", "foreach", "compiled")),
    "clip+adamw": (clipped_adamw, ("default", "foreach", "fused", "compiled")),
    "lion": (lion, ("default", "foreach", "compiled")),
    "muon": (muon, ("default", "compiled", "builtin")),
    "soap": (soap, ("default", "rotated")),
}

DTYPES = {"f32": torch.float32, "f64": torch.float64, "bf16": torch.bfloat16}


def block_of(step, parameters):
    """What takes a number of steps and gives the seconds."""

    def block(steps):
        start = time.perf_counter()
        for _ in range(steps):
            step()
        seconds = time.perf_counter() - start
        if not torch.isfinite(parameters[0]).all():
            sys.exit("a parameter is not finite, so the time means nothing")
        return seconds

    return block


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--optimizer", choices=OPTIMIZERS, default="adamw")
    parser.add_argument("--variant", default="default", help="default, foreach, fused, compiled, …")
    size = parser.add_mutually_exclusive_group(required=True)
    size.add_argument("--params", type=int, help="parameters over all tensors, which are equal")
    size.add_argument("--shape", help="of each tensor, such as 1024x1024")
    parser.add_argument("--tensors", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--dtype", choices=DTYPES, default="f32")
    arguments = parser.parse_args()
    build, variants = OPTIMIZERS[arguments.optimizer]
    if arguments.variant not in variants:
        parser.error(f"{arguments.optimizer} has {', '.join(variants)}, not {arguments.variant}")
    if arguments.shape:
        shape = [int(n) for n in arguments.shape.split("x")]
    elif arguments.params % arguments.tensors:
        parser.error(f"{arguments.params} parameters cannot fill {arguments.tensors} equal tensors")
    else:
        shape = [arguments.params // arguments.tensors]

    torch.set_num_threads(arguments.threads)
    torch.manual_seed(0)
    parameters = [torch.nn.Parameter(torch.randn(shape, dtype=DTYPES[arguments.dtype]))
                  for _ in range(arguments.tensors)]
    for p in parameters:
        p.grad = torch.randn_like(p)
    step = build(parameters, arguments.variant)
    if arguments.variant == "compiled":
        # The step count and the rate are numbers of Python that change; past this many versions of the
        # code PyTorch would quietly go back to the eager step.
        torch._dynamo.config.recompile_limit = 64
        torch._dynamo.config.fail_on_recompile_limit_hit = True
        step = torch.compile(step)
    serve(block_of(step, parameters))


if __name__ == "__main__":
    main()
