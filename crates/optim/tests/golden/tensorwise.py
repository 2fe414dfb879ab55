"""References for the rules that look at more than one coordinate at a time, and for those that keep
more than one point. As in libraries.py, a library takes the step wherever one has the rule in our
form; what is written out here in PyTorch's operations says so in its words."""

import contextlib
import io
from functools import partial
from importlib.metadata import version
from math import sqrt

import jax
import numpy as np
import optax
import optax.contrib
import prodigyopt
import pytorch_optimizer
import schedulefree
import torch

from cases import settings
from libraries import IN_OPTAX, TORCH_VERSION, adam_numbers, arrays, behind, chained, optax_clip
from libraries import points, run_optax, run_torch, scheduled, with_betas
from problem import START, STEPS, flat, gradient, tensors

BY_HAND = f"torch {TORCH_VERSION}, operations written out"


class Split:
    """One optimizer for the matrices and another for the vectors."""

    def __init__(self, parameters, for_matrices, for_vectors):
        self.parts = [
            for_matrices([p for p in parameters if p.ndim == 2]),
            for_vectors([p for p in parameters if p.ndim == 1]),
        ]
        self.param_groups = [group for part in self.parts for group in part.param_groups]
        self.state = {p: {} for p in parameters}

    def step(self):
        for part in self.parts:
            part.step()


class ByHand(torch.optim.Optimizer):
    """Calls `change(p, g, state, group)` for every tensor; λ is decoupled decay."""

    def __init__(self, parameters, change, λ=0.0):
        super().__init__(parameters, dict(lr=0.0))
        self.change, self.λ = change, λ

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for p in group["params"]:
                state = self.state[p]
                state["step"] = state.get("step", 0) + 1
                u = self.change(p, p.grad, state, group)
                if u is not None:
                    p.mul_(1 - group["lr"] * self.λ).sub_(u)


def run(make, s, coupled=None, decoupled=0.0, adjust=lambda group, t: None):
    coupled = (0.0 if s.decoupled else s.weight_decay) if coupled is None else coupled
    before = partial(optax_clip, **s.before)
    return list(run_torch(make, s.rate, before, coupled, decoupled, adjust))


def decoupled(s):
    return s.weight_decay if s.decoupled else 0.0


# ---- Layer-wise rates.


def lars(s):
    own = dict(trust=0.001, eps=0.0) | s.own
    if s.weight_decay and not s.decoupled:
        # The paper's ratio has ‖g‖ + λ‖θ‖ below, optax's has ‖g + λθ‖.
        def change(p, g, state, group):
            v = state.setdefault("v", torch.zeros_like(p))
            norms = torch.stack([torch.linalg.norm(p), torch.linalg.norm(g)])
            below = torch.dot(norms, torch.tensor([s.weight_decay, 1.0])) + own["eps"]
            ratio = own["trust"] * norms[0] / below if torch.all(norms > 0) else 1.0
            v.mul_(own["momentum"]).add_(ratio * (g + s.weight_decay * p), alpha=group["lr"])
            return v

        return BY_HAND, dict(steps=points(run(lambda p: ByHand(p, change), s, coupled=0.0)))
    ratio = optax.scale_by_trust_ratio(trust_coefficient=own["trust"], eps=own["eps"])
    chain = optax.chain(
        ratio,
        optax.scale_by_learning_rate(scheduled(s)),
        optax.trace(own["momentum"]),
        optax.add_decayed_weights(lambda count: -scheduled(s)(count) * decoupled(s)),
    )
    words = f"{IN_OPTAX} scale_by_trust_ratio, trace" + ", decoupled decay around it" * s.decoupled
    return words + behind(s.before), dict(
        steps=points(run_optax(chain, partial(optax_clip, **s.before)))
    )


def lamb(s):
    adam, ratio = optax.scale_by_adam(**adam_numbers(s.own)), optax.scale_by_trust_ratio()
    decay = optax.add_decayed_weights(s.weight_decay)
    rate = optax.scale_by_learning_rate(scheduled(s))
    order = [adam, decay, ratio] if s.decoupled else [decay, adam, ratio]
    words = "scale_by_adam, add_decayed_weights, scale_by_trust_ratio"
    if not s.decoupled:
        words = "add_decayed_weights, scale_by_adam, scale_by_trust_ratio"
    steps = points(run_optax(optax.chain(*order, rate), partial(optax_clip, **s.before)))
    return f"{IN_OPTAX} {words}{behind(s.before)}", dict(steps=steps)


# ---- Matrices.


def adafactor(s):
    own = dict(s.own)
    arguments = dict(
        beta2_decay=-own.get("beta2_decay", 0.8),
        eps=(own["eps1"], own.get("eps2", 1e-3)),
        d=own.get("d", 1.0),
        weight_decay=decoupled(s),
        foreach=False,
    )
    words = f"torch {TORCH_VERSION} torch.optim.Adafactor"
    words += ", coupled decay around it" * (s.weight_decay != 0 and not s.decoupled)
    return words, dict(
        steps=points(run(lambda p: torch.optim.Adafactor(p, lr=s.lr, **arguments), s))
    )


def muon(s):
    """Keller Jordan's muon.py in f64: its order of operations, optax's Newton-Schulz steps, and
    PyTorch's AdamW for what is no matrix."""
    own = dict(momentum=0.95, nesterov=True, steps=5) | s.own
    coefficients = np.array(optax.contrib._muon._DEFAULT_NS_COEFFS)

    def change(p, g, state, group):
        b = state.setdefault("b", torch.zeros_like(p)).lerp_(g, 1 - own["momentum"])
        u = torch.lerp(g, b, own["momentum"]) if own["nesterov"] else b
        orthogonal = optax.contrib._muon.orthogonalize_via_newton_schulz(
            u.numpy(), coefficients, ns_steps=own["steps"], eps=1e-7
        )
        fan_in, fan_out = p.shape
        return (
            group["lr"] * max(1, fan_out / fan_in) ** 0.5 * torch.from_numpy(np.array(orthogonal))
        )

    adamw = lambda p: torch.optim.AdamW(
        [dict(params=p, adam=True)],
        lr=own["adam_lr"],
        betas=(own["beta1"], own["beta2"]),
        eps=own["eps"],
        weight_decay=decoupled(s),
        foreach=False,
    )

    def adjust(group, t):
        if group.get("adam"):
            group["lr"] = own["adam_lr"] * s.factor(t - 1)

    make = lambda p: Split(p, lambda m: ByHand(m, change, decoupled(s)), adamw)
    words = f"muon.py's order of operations, {IN_OPTAX} orthogonalize_via_newton_schulz, "
    words += f"torch {TORCH_VERSION} torch.optim.AdamW"
    return words, dict(steps=points(run(make, s, adjust=adjust)))


def shampoo(s):
    own = dict(beta2=1.0, eps=1e-6, every=1, momentum=0.0) | s.own
    if own["beta2"] == 1 and own["every"] == 1 and own["momentum"] == 0:
        package = pytorch_optimizer.Shampoo
        matrices = lambda p: package(p, lr=s.lr, matrix_eps=own["eps"])
        # √(δ + Σg²), with δ as what the sum begins with.
        vectors = lambda p: torch.optim.Adagrad(
            p, lr=s.lr, eps=0.0, initial_accumulator_value=own["eps"], foreach=False
        )
        words = f"pytorch_optimizer {version('pytorch_optimizer')} Shampoo (matrices), "
        words += f"torch {TORCH_VERSION} torch.optim.Adagrad (vectors)"
        make = lambda p: Split(p, matrices, vectors)
        return words, dict(steps=points(run(make, s, decoupled=decoupled(s))))

    def grown(statistics, outer):
        """A running sum, or a running mean."""
        β = own["beta2"]
        return statistics.mul_(β).add_(outer, alpha=1.0 if β == 1 else 1 - β)

    def root(matrix):
        """The inverse fourth root, by singular values."""
        u, σ, vᵀ = torch.linalg.svd(matrix)
        return (u * σ**-0.25) @ vᵀ

    def change(p, g, state, group):
        if g.ndim == 2:
            first = "L" not in state
            rows, columns = g.shape
            state.setdefault("L", own["eps"] * torch.eye(rows))
            state.setdefault("R", own["eps"] * torch.eye(columns))
            grown(state["L"], g @ g.T)
            grown(state["R"], g.T @ g)
            if first or (state["step"] - 1) % own["every"] == 0:
                state["roots"] = root(state["L"]), root(state["R"])
            left, right = state["roots"]
            u = left @ g @ right
        else:
            u = g * grown(state.setdefault("D", torch.full_like(g, own["eps"])), g * g).rsqrt()
        b = state.setdefault("b", torch.zeros_like(p)).mul_(own["momentum"]).add_(u)
        return group["lr"] * b

    return BY_HAND, dict(steps=points(run(lambda p: ByHand(p, change, decoupled(s)), s)))


def soap(s):
    """The authors' soap.py in f64 (it has QR in f32), with decay before the step, not after it."""
    own = dict(beta1=0.95, beta2=0.95, shampoo_beta=0.95, eps=1e-8, every=10) | s.own

    def rotated(x, bases):
        return bases[0].T @ x @ bases[1] if bases else x

    def rotated_back(x, bases):
        return bases[0] @ x @ bases[1].T if bases else x

    def change(p, g, state, group):
        weight = 1 - own["shampoo_beta"]
        if "bases" not in state:
            state["m"], state["v"] = torch.zeros_like(g), torch.zeros_like(g)
            state["G"] = [weight * (g @ g.T), weight * (g.T @ g)] if g.ndim == 2 else []
            state["bases"] = [torch.linalg.eigh(G)[1].flip(1) for G in state["G"]]
            # The first gradient makes the bases and takes no step.
            state["step"] = 0
            return None
        bases, t = state["bases"], state["step"]
        m = state["m"].mul_(own["beta1"]).add_(rotated(g, bases), alpha=1 - own["beta1"])
        state["v"].mul_(own["beta2"]).add_(rotated(g, bases) ** 2, alpha=1 - own["beta2"])
        rate = group["lr"] * (1 - own["beta2"] ** t) ** 0.5 / (1 - own["beta1"] ** t)
        u = rate * rotated_back(m / (state["v"].sqrt() + own["eps"]), bases)

        m = rotated_back(m, bases)
        for G, outer in zip(state["G"], [g @ g.T, g.T @ g] if g.ndim == 2 else []):
            G.lerp_(outer, weight)
        if t % own["every"] == 0:
            for i, G in enumerate(state["G"]):
                order = torch.argsort(torch.diag(bases[i].T @ G @ bases[i]), descending=True)
                state["v"] = state["v"].index_select(i, order)
                bases[i] = torch.linalg.qr(G @ bases[i][:, order])[0]
        state["m"] = rotated(m, bases)
        return u

    words = BY_HAND + " after soap.py"
    return words, dict(steps=points(run(lambda p: ByHand(p, change, decoupled(s)), s)))


# ---- Schedule-free, and the estimated distance.


def schedule_free(name, s):
    own = dict(s.own)
    β = own.pop("beta", None) or own.get("beta1")
    arguments = with_betas(own)
    arguments["warmup_steps"] = arguments.pop("warmup", 0)
    arguments |= dict(foreach=False, weight_decay=decoupled(s))
    kind = schedulefree.AdamWScheduleFree
    if name == "schedule_free_sgd":
        kind, arguments["momentum"] = schedulefree.SGDScheduleFree, β

    def make(p):
        optimizer = kind(p, lr=s.lr, **arguments)
        optimizer.train()
        return optimizer

    steps, iterates = [], []
    before = partial(optax_clip, **s.before)
    coupled = 0.0 if s.decoupled else s.weight_decay
    for y, state in run_torch(make, s.rate, before, coupled):
        steps.append(y)
        # As its eval() does.
        z = flat([of_tensor["z"] for of_tensor in state])
        iterates.append(y + (z - y) * (1 - 1 / β))
    words = f"schedulefree {version('schedulefree')} {kind.__name__}"
    words += ", coupled decay around it" * (s.weight_decay != 0 and not s.decoupled)
    return words + behind(s.before), dict(steps=steps, iterates=iterates)


def prodigy(s):
    own = dict(s.own)
    own["beta3"] = own.get("beta3", 0.0) or sqrt(own.get("beta2", 0.999))
    arguments = dict(
        betas=(own.pop("beta1", 0.9), own.pop("beta2", 0.999)),
        growth_rate=own.pop("growth", 0.0) or float("inf"),
        use_bias_correction=own.pop("bias_correction", False),
        weight_decay=s.weight_decay,
        decouple=s.decoupled,
    )
    make = lambda p: prodigyopt.Prodigy(p, lr=s.lr, **arguments, **own)
    with contextlib.redirect_stdout(io.StringIO()):
        steps = points(run(make, s, coupled=0.0))
    return f"prodigyopt {version('prodigyopt')} Prodigy", dict(steps=steps)


# ---- Wrappers.


def averaged(s, reference, average, updates):
    """The inner optimizer's steps, and the averages that PyTorch's AveragedModel makes of them."""
    words, points = reference(*s.inner)
    steps = points["steps"]
    module = torch.nn.ParameterList([torch.from_numpy(steps[0].copy())])
    model = torch.optim.swa_utils.AveragedModel(module, multi_avg_fn=average)
    iterates = []
    for k, p in enumerate(steps):
        with torch.no_grad():
            module[0].copy_(torch.from_numpy(p))
        if updates(k + 1):
            model.update_parameters(module)
        begun = model.n_averaged > 0
        iterates.append(model.module[0].detach().numpy().copy() if begun else p)
    words += f", averaged by torch {TORCH_VERSION} torch.optim.swa_utils.AveragedModel"
    return words, dict(steps=steps, iterates=iterates)


def ema(s, reference):
    decay = s.own.get("decay", 0.99)
    average = torch.optim.swa_utils.get_ema_multi_avg_fn(decay)
    return averaged(s, reference, average, lambda t: True)


def swa(s, reference):
    start, every = s.own["start"], s.own.get("every", 1)
    return averaged(s, reference, None, lambda t: t >= start and (t - start) % every == 0)


def lookahead(s):
    words, chain = chained(*s.inner)
    wrapped = optax.lookahead(chain, s.own.get("k", 5), s.own.get("alpha", 0.5))
    both = optax.LookaheadParams.init_synced(arrays(tensors(START)))
    state, steps = wrapped.init(both), []
    for _ in range(STEPS):
        updates, state = wrapped.update(arrays(tensors(gradient(flat(both.fast)))), state, both)
        both = optax.apply_updates(both, updates)
        steps.append(flat(both.fast))
    return f"{IN_OPTAX} lookahead of {words}", dict(steps=steps)


def accumulate(s):
    words, chain = chained(*s.inner)
    wrapped = optax.MultiSteps(
        chain, every_k_schedule=s.own["steps"], accumulator_dtype=jax.numpy.float64
    )
    run = run_optax(wrapped, lambda g, parameters: arrays(g))
    return f"{IN_OPTAX} MultiSteps of {words}", dict(steps=points(run))


def sam(s):
    """Also `ascents`, the points θ + ρg/‖g‖ at which the second gradient is taken."""
    rho, ascents, steps = s.own.get("rho", 0.05), [], []
    if s.own.get("adaptive"):
        # pytorch_optimizer has the norm in f32.
        inner = settings(*s.inner)
        parameters = [torch.from_numpy(part) for part in tensors(START)]
        numbers = dict(lr=inner.lr, weight_decay=inner.weight_decay)
        sgd = torch.optim.SGD(parameters, **numbers, foreach=False)
        for _ in range(STEPS):
            T = [p.abs() for p in parameters]
            g = [torch.from_numpy(part) for part in tensors(gradient(flat(parameters)))]
            Tg = torch.cat([(a * b).flatten() for a, b in zip(T, g)])
            scale = rho / torch.linalg.norm(Tg)
            ascents.append(flat([p + a**2 * b * scale for p, a, b in zip(parameters, T, g)]))
            for p, part in zip(parameters, tensors(gradient(ascents[-1]))):
                p.grad = torch.from_numpy(part)
            sgd.step()
            steps.append(flat(parameters))
        return f"{BY_HAND}, torch.optim.SGD", dict(steps=steps, ascents=ascents)

    def again(parameters, _):
        ascents.append(flat(parameters))
        return arrays(tensors(gradient(ascents[-1])))

    words, chain = chained(*s.inner)
    ascent = optax.chain(optax.contrib.normalize(), optax.sgd(rho))
    wrapped = optax.contrib.sam(chain, ascent, opaque_mode=True)
    parameters = arrays(tensors(START))
    state = wrapped.init(parameters)
    for _ in range(STEPS):
        g = arrays(tensors(gradient(flat(parameters))))
        updates, state = wrapped.update(g, state, parameters, grad_fn=again)
        parameters = optax.apply_updates(parameters, updates)
        steps.append(flat(parameters))
    return f"{IN_OPTAX} contrib.sam of {words}", dict(steps=steps, ascents=ascents)
