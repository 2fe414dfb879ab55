"""The trajectories as the libraries take them.

What a library leaves out (a kind of weight decay, mostly) is put around it here. Rules that look at
more than one coordinate are in tensorwise.py; references.py chooses the library.
"""

import os

# The plainest code path of all libraries, so that the last bit does not depend on the machine's
# vector instructions.
os.environ["ATEN_CPU_CAPABILITY"] = "default"
os.environ["JAX_PLATFORMS"] = "cpu"
os.environ["MKL_CBWR"] = "COMPATIBLE"

from functools import partial
from importlib.metadata import version

import adabelief_pytorch
import jax
import numpy as np
import optax
import optax.contrib
import pytorch_optimizer
import torch

from cases import settings
from problem import START, STEPS, flat, gradient, tensors

jax.config.update("jax_enable_x64", True)
torch.set_num_threads(1)
# Numbers that are not per coordinate, such as NAdam's product of μ, have the default type.
torch.set_default_dtype(torch.float64)


# PyTorch takes roots with MKL, which does not always round them as IEEE 754 says and not alike on
# every processor; numpy takes them with the processor's instruction.
def sqrt(tensor):
    return torch.from_numpy(np.sqrt(tensor.detach().numpy()))


torch.Tensor.sqrt = sqrt
torch.Tensor.sqrt_ = lambda tensor: tensor.copy_(sqrt(tensor))

# Without the part after the +, which says only for which devices it was built.
TORCH_VERSION = torch.__version__.split("+")[0]
IN_OPTAX = f"optax {optax.__version__}"


# ---- What happens to the raw gradient.


def apply(transform, tree, parameters=None):
    return transform.update(tree, transform.init(tree), parameters)[0]


def optax_clip(
    parts,
    parameters,
    clip_value=None,
    clip_norm=None,
    clip_global_norm=None,
    clip_adaptive=None,
    centralize=False,
):
    """The gradients, one array per tensor, clipped and centralised by optax."""
    if clip_value is not None:
        parts = apply(optax.clip(clip_value), parts)
    if clip_norm is not None:
        # A tree of a single leaf has the norm of that leaf.
        parts = [apply(optax.clip_by_global_norm(clip_norm), part) for part in parts]
    if clip_global_norm is not None:
        parts = apply(optax.clip_by_global_norm(clip_global_norm), parts)
    if clip_adaptive is not None:
        numbers = lambda tree: arrays(np.array(part) for part in tree)
        parts = apply(optax.adaptive_grad_clip(clip_adaptive), numbers(parts), numbers(parameters))
    if centralize:
        # optax leaves the first axis, which is the output's in PyTorch's layout; here the last is.
        parts = [apply(optax.centralize(), np.moveaxis(part, -1, 0)) for part in parts]
        parts = [np.moveaxis(part, 0, -1) for part in parts]
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


def behind(before):
    """How the raw gradient was treated, in words."""
    words = ["clipped"] * any(key != "centralize" for key in before)
    words += ["centralised"] * ("centralize" in before)
    return f", gradients {' and '.join(words)} by {IN_OPTAX}" if words else ""


# ---- Running a library.


def run_torch(make, rate, before, coupled=0.0, decoupled=0.0, adjust=lambda group, t: None):
    """The parameters after each step, and the optimizer's state for each tensor.

    Decay that the library does not have is given as `coupled` or `decoupled`. `adjust` may change
    the settings before step t.
    """
    parameters = [torch.from_numpy(part) for part in tensors(START)]
    optimizer = make(parameters)
    for k in range(STEPS):
        for group in optimizer.param_groups:
            group["lr"] = rate(k)
            adjust(group, k + 1)
        old = [parameter.clone() for parameter in parameters]
        for parameter, g in zip(parameters, before(tensors(gradient(flat(parameters))), old)):
            parameter.grad = torch.from_numpy(np.array(g)) + coupled * parameter
        optimizer.step()
        for parameter, θ in zip(parameters, old):
            parameter.sub_(rate(k) * decoupled * θ)
        yield flat(parameters), [optimizer.state[parameter] for parameter in parameters]


def arrays(parts):
    return [jax.numpy.asarray(part) for part in parts]


def run_optax(transform, before):
    """The parameters after each step, and the transform's state."""
    parameters = arrays(tensors(START))
    state = transform.init(parameters)
    for _ in range(STEPS):
        gradients = before(tensors(gradient(flat(parameters))), parameters)
        updates, state = transform.update(gradients, state, parameters)
        parameters = optax.apply_updates(parameters, updates)
        yield flat(parameters), state


def points(run):
    return [p for p, _ in run]


# ---- PyTorch's own optimizers: the class, our names in its words, the kinds of decay it has.

WORDS = {"rho": "alpha", "psi": "momentum_decay", "initial": "initial_accumulator_value"}
SAME_WORDS = {"rho": "rho"}
COUPLED, EITHER, ONLY_DECOUPLED = "coupled", "either", "decoupled"
TORCH = {
    "sgd": (torch.optim.SGD, WORDS, COUPLED),
    "heavy_ball": (torch.optim.SGD, WORDS, COUPLED),
    "adagrad": (torch.optim.Adagrad, WORDS, COUPLED),
    "rmsprop": (torch.optim.RMSprop, WORDS, COUPLED),
    "adam": (torch.optim.Adam, WORDS, COUPLED),
    "adamw": (torch.optim.AdamW, WORDS, ONLY_DECOUPLED),
    "amsgrad": (partial(torch.optim.Adam, amsgrad=True), WORDS, COUPLED),
    "adamax": (torch.optim.Adamax, WORDS, COUPLED),
    "nadam": (torch.optim.NAdam, WORDS, EITHER),
    "radam": (torch.optim.RAdam, WORDS, EITHER),
    "adadelta": (torch.optim.Adadelta, SAME_WORDS, COUPLED),
}


def class_name(kind):
    if isinstance(kind, partial):
        extra = ", ".join(f"{key}={value}" for key, value in kind.keywords.items())
        return f"{kind.func.__name__}({extra})"
    return kind.__name__


def with_betas(numbers):
    """beta1, beta2 (and beta3) as the tuple that PyTorch's optimizers take."""
    numbers = dict(numbers)
    betas = [numbers.pop(key) for key in ("beta1", "beta2", "beta3") if key in numbers]
    return numbers | (dict(betas=tuple(betas)) if betas else {})


def by_torch(name, s):
    kind, words, native = TORCH[name]
    # Adam and AdamW are each other's other kind of decay.
    if name == "adam" and s.decoupled or name == "adamw" and not s.decoupled:
        kind, words, native = TORCH["adamw" if s.decoupled else "adam"]
    if name == "amsgrad" and s.decoupled:
        kind, native = partial(torch.optim.AdamW, amsgrad=True), ONLY_DECOUPLED

    own = with_betas(s.own)
    eps_hat = own.pop("eps_hat", False)
    arguments = {words.get(key, key): value for key, value in own.items()}
    text = f"torch {TORCH_VERSION} torch.optim.{class_name(kind)}"
    by_hand = {}
    if native == EITHER:
        arguments |= dict(weight_decay=s.weight_decay, decoupled_weight_decay=s.decoupled)
    elif s.decoupled == (native == ONLY_DECOUPLED):
        arguments |= dict(weight_decay=s.weight_decay)
    else:
        arguments |= dict(weight_decay=0.0)
        by_hand = {"decoupled" if s.decoupled else "coupled": s.weight_decay}
        text += f", {[*by_hand][0]} decay around it" * (s.weight_decay != 0)

    def adjust(group, t):
        # ε√(1−β₂ᵗ)/(1−β₁ᵗ)·s/(√r + δ) is Adam with δ/√(1−β₂ᵗ) for δ.
        if eps_hat:
            group["eps"] = s.own["eps"] / (1 - s.own["beta2"] ** t) ** 0.5

    text += ", eps/√(1−β₂ᵗ) for eps" * eps_hat
    make = lambda p: kind(p, lr=s.rate(0), foreach=False, **arguments)
    before = partial(optax_clip, **s.before)
    run = run_torch(make, s.rate, before, **by_hand, adjust=adjust)
    return text + behind(s.before), dict(steps=points(run))


def rprop_by_torch(s):
    """torch.optim.Rprop takes lr for the first step sizes only, and has no decay. A schedule
    multiplies the steps that it takes, not the step sizes that it keeps, so that Rprop moves a
    parameter of its own and the schedule's part of that is carried over."""
    etas = (s.own.get("eta_minus", 0.5), s.own.get("eta_plus", 1.2))
    sizes = (s.own.get("step_min", 1e-6), s.own.get("step_max", 50.0))
    moved = [torch.zeros_like(torch.from_numpy(part)) for part in tensors(START)]
    optimizer = torch.optim.Rprop(moved, lr=s.lr, etas=etas, step_sizes=sizes, foreach=False)
    coupled, decoupled = (0.0, s.weight_decay) if s.decoupled else (s.weight_decay, 0.0)
    parameters = [torch.from_numpy(part) for part in tensors(START)]
    before = partial(optax_clip, **s.before)
    steps = []
    for k in range(STEPS):
        gradients = before(tensors(gradient(flat(parameters))), parameters)
        for step, θ, g in zip(moved, parameters, gradients):
            step.zero_()
            step.grad = torch.from_numpy(np.array(g)) + coupled * θ
        optimizer.step()
        for step, θ in zip(moved, parameters):
            θ.copy_(θ + s.factor(k) * step - s.rate(k) * decoupled * θ)
        steps.append(flat(parameters))
    text = f"torch {TORCH_VERSION} torch.optim.Rprop, schedule and decay around it"
    return text + behind(s.before), dict(steps=steps)


# ---- optax: the direction of each rule; rate, decay and caution are chained to it.


def adam_numbers(own):
    return dict(b1=own["beta1"], b2=own["beta2"], eps=own["eps"])


def rmsprop_direction(rho, eps, eps_inside=False, centered=False, momentum=0.0):
    kind = optax.scale_by_stddev if centered else optax.scale_by_rms
    mean_square = kind(decay=rho, eps=eps, eps_in_sqrt=eps_inside)
    words = f"{kind.__name__}(eps_in_sqrt={eps_inside})"
    if not momentum:
        return words, mean_square
    return f"{words}, trace", optax.chain(mean_square, optax.trace(momentum))


def signum_direction(momentum):
    return optax.chain(optax.ema(momentum, debias=False), optax.scale_by_sign())


def yogi_direction(initial=1e-6, **own):
    return optax.scale_by_yogi(**adam_numbers(own), initial_accumulator_value=initial)


def lion_direction(beta1, beta2):
    return optax.scale_by_lion(b1=beta1, b2=beta2)


# The name in words, and the direction.
OPTAX = {
    "sgd": lambda own: ("identity", optax.identity()),
    "adam": lambda own: ("scale_by_adam", optax.scale_by_adam(**adam_numbers(own))),
    "adamw": lambda own: ("scale_by_adam", optax.scale_by_adam(**adam_numbers(own))),
    "amsgrad": lambda own: ("scale_by_amsgrad", optax.scale_by_amsgrad(**adam_numbers(own))),
    "rmsprop": lambda own: rmsprop_direction(**own),
    "yogi": lambda own: ("scale_by_yogi", yogi_direction(**own)),
    "lion": lambda own: ("scale_by_lion", lion_direction(**own)),
    "signum": lambda own: ("ema(debias=False), scale_by_sign", signum_direction(**own)),
}


def cautious(inner):
    """The update only where its sign is the gradient's, and larger by as much as that is rarer: the
    mask of the authors' c_adamw.py."""

    def masked(u, g):
        mask = (u * g > 0).astype(u.dtype)
        return u * mask / jax.numpy.maximum(mask.mean(), 1e-3)

    def update(gradients, state, parameters=None):
        updates, state = inner.update(gradients, state, parameters)
        return jax.tree.map(masked, updates, list(gradients)), state

    return optax.GradientTransformation(inner.init, update)


def scheduled(s):
    """The rate by step, as optax wants it."""
    rates = jax.numpy.asarray([s.rate(k) for k in range(STEPS)])
    return lambda count: rates[count]


def by_optax(name, s):
    words, rule = OPTAX[name](s.own)
    if s.cautious:
        words, rule = words + ", masked as in c_adamw.py", cautious(rule)
    decay = optax.add_decayed_weights(s.weight_decay)
    rate = optax.scale_by_learning_rate(scheduled(s))
    return words, optax.chain(*([rule, decay, rate] if s.decoupled else [decay, rule, rate]))


def velocity(rate, momentum, weight_decay=0.0, decoupled=False, nesterov=False):
    """v ← αv − εg; p ← p + v in optax's words: the rate comes before the trace, so ε is inside v.

    With `nesterov`, p ← p − εg + αv. That is the point looked ahead to, φ = θ + αv, for any
    sequence of ε: φ' = θ' + αv' = θ + (1 + α)v' = φ − αv + v' + αv' = φ − εg + αv'.
    """
    scheduled_decay = lambda count: -rate(count) * weight_decay
    return optax.chain(
        optax.add_decayed_weights(0.0 if decoupled else weight_decay),
        optax.scale_by_learning_rate(rate),
        optax.trace(momentum, nesterov=nesterov),
        optax.add_decayed_weights(scheduled_decay if decoupled else 0.0),
    )


def by_velocity(name, s):
    nesterov = name == "nesterov"
    numbers = dict(weight_decay=s.weight_decay, decoupled=s.decoupled, nesterov=nesterov)
    words = "scale_by_learning_rate, trace" + "(nesterov=True)" * nesterov
    return words, velocity(scheduled(s), **s.own, **numbers)


def chained(name, case):
    """The rule with its rate and decay, and what happens to the raw gradient, as one transform."""
    s = settings(name, case)
    words, chain = (by_velocity if name in ("momentum", "nesterov") else by_optax)(name, s)
    if "clip_global_norm" in s.before:
        clip = optax.clip_by_global_norm(s.before["clip_global_norm"])
        words, chain = f"clip_by_global_norm, {words}", optax.chain(clip, chain)
    return words, chain


# ---- Packages of the authors or of others, all for PyTorch.


def by_package(package, kind, s, **arguments):
    """With decay around it."""
    text = f"{package} {version(package)} {kind.__name__}"
    text += f", {'decoupled' if s.decoupled else 'coupled'} decay around it" * (s.weight_decay != 0)
    by_hand = {"decoupled" if s.decoupled else "coupled": s.weight_decay}
    make = lambda p: kind(p, lr=s.rate(0), **with_betas(s.own), **arguments)
    run = run_torch(make, s.rate, partial(optax_clip, **s.before), **by_hand)
    return text + behind(s.before), dict(steps=points(run))


def adabelief(s):
    quiet = dict(rectify=False, weight_decouple=False, weight_decay=0.0, print_change_log=False)
    return by_package("adabelief-pytorch", adabelief_pytorch.AdaBelief, s, **quiet)


def ademamix(s):
    warmup = s.own.pop("warmup", 0)
    arguments = dict(t_alpha_beta3=warmup or None, weight_decay=0.0, foreach=False)
    return by_package("pytorch_optimizer", pytorch_optimizer.AdEMAMix, s, **arguments)
