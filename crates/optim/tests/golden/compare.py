"""Where the libraries differ from each other: a table of largest relative differences."""

from functools import partial

import adabelief_pytorch
import jax
import lion_pytorch
import numpy as np
import optax
import optax.contrib
import pytorch_optimizer
import torch

from libraries import optax_clip, points, run_optax, run_torch, torch_clip, velocity
from problem import SCHEDULES
from references import reference


def compare(distance):
    constant, falling = lambda k: 0.04, lambda k: 0.04 * SCHEDULES["step(every=10, factor=0.5)"](k)
    by_count = lambda rate: lambda count: rate(int(count))
    no_clip = lambda g, parameters: [np.array(part) for part in g]
    torch_run = lambda rate, clip=no_clip, kind=torch.optim.SGD, **arguments: points(
        run_torch(lambda p: kind(p, lr=rate(0), foreach=False, **arguments), rate, clip)
    )
    torch_run_of = lambda make, rate: points(run_torch(make, rate, no_clip))
    optax_run = lambda transform: points(run_optax(transform, no_clip))
    show = lambda what, a, b: print(f"| {what} | {distance(a, b):.0e} |", flush=True)
    for words, rate in [("constant lr", constant), ("lr halved every 10 steps", falling)]:
        show(
            f"torch SGD(momentum=0.9) and optax trace after the rate, {words}",
            torch_run(rate, momentum=0.9),
            optax_run(velocity(by_count(rate), 0.9)),
        )
        show(
            "torch SGD(momentum=0.9, nesterov=True) and optax trace(nesterov=True) after the rate, "
            + words,
            torch_run(rate, momentum=0.9, nesterov=True),
            optax_run(velocity(by_count(rate), 0.9, nesterov=True)),
        )
    for words, clipping in [
        ("clip_grad_value_ and optax.clip", dict(clip_value=0.5)),
        ("clip_grad_norm_ and optax.clip_by_global_norm", dict(clip_global_norm=1.0)),
    ]:
        show(
            f"torch {words}, SGD",
            torch_run(constant, lambda g, p: torch_clip(g, **clipping)),
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

    slow = lambda k: 0.01
    falling_slowly = lambda k: 0.01 * SCHEDULES["exponential(k=0.02)"](k)
    optim = torch.optim
    show(
        "torch RMSprop(momentum=0.7) and optax.rmsprop(momentum=0.7, eps_in_sqrt=False), "
        "lr falling",
        torch_run(falling_slowly, kind=optim.RMSprop, alpha=0.9, eps=1e-2, momentum=0.7),
        optax_run(
            optax.rmsprop(
                by_count(falling_slowly), decay=0.9, eps=1e-2, eps_in_sqrt=False, momentum=0.7
            )
        ),
    )
    ours = lambda name, **case: reference(name, case)[1]["steps"]
    adam = dict(lr=0.01, beta1=0.9, beta2=0.99, eps=1e-3)
    in_torch = dict(betas=(0.9, 0.99), eps=1e-3)
    in_optax = dict(b1=0.9, b2=0.99, eps=1e-3)
    show(
        "Adam and its ε-hat form (TensorFlow, SOAP), eps=1e-3",
        ours("adam", **adam),
        ours("adam", **adam, eps_hat=True),
    )
    show(
        "torch Adam(amsgrad=True) and optax.amsgrad, beta2=0.9",
        torch_run(slow, kind=optim.Adam, amsgrad=True, betas=(0.9, 0.9), eps=1e-3),
        optax_run(optax.amsgrad(0.01, b1=0.9, b2=0.9, eps=1e-3)),
    )
    show(
        "torch Adamax and optax.adamax",
        torch_run(slow, kind=optim.Adamax, **in_torch),
        optax_run(optax.adamax(0.01, **in_optax)),
    )
    for psi in [0.004, 1e6]:
        show(
            f"torch NAdam(momentum_decay={psi:g}) and optax.nadam",
            torch_run(slow, kind=optim.NAdam, momentum_decay=psi, **in_torch),
            optax_run(optax.nadam(0.01, **in_optax)),
        )
    show(
        "torch RAdam and optax.radam, eps=1e-3",
        torch_run(slow, kind=optim.RAdam, **in_torch),
        optax_run(optax.radam(0.01, **in_optax)),
    )
    show(
        "torch Adadelta(eps=1e-4) and optax scale_by_adadelta(eps=1e-4)",
        torch_run(lambda k: 1.0, kind=optim.Adadelta, rho=0.9, eps=1e-4),
        optax_run(optax.chain(optax.scale_by_adadelta(0.9, 1e-4), optax.scale(-1.0))),
    )
    show(
        "torch Rprop and optax.rprop",
        torch_run(slow, kind=optim.Rprop, step_sizes=(1e-6, 0.2)),
        optax_run(optax.rprop(0.01, max_step_size=0.2)),
    )
    belief = torch_run_of(
        lambda p: adabelief_pytorch.AdaBelief(
            p, lr=0.01, betas=(0.9, 0.99), eps=1e-4, rectify=False, print_change_log=False
        ),
        slow,
    )
    for root in [1e-4, 1e-16]:
        show(
            f"adabelief-pytorch(eps=1e-4) and optax.adabelief(eps=1e-4, eps_root={root:g})",
            belief,
            optax_run(optax.adabelief(0.01, b1=0.9, b2=0.99, eps=1e-4, eps_root=root)),
        )
    show(
        "pytorch_optimizer Yogi and optax.yogi",
        torch_run_of(
            lambda p: pytorch_optimizer.Yogi(p, lr=0.01, weight_decay=0.0, **in_torch), slow
        ),
        optax_run(optax.yogi(0.01, **in_optax)),
    )
    show(
        "lion-pytorch and optax.lion, weight_decay=0.1",
        torch_run_of(
            lambda p: lion_pytorch.Lion(p, lr=0.01, betas=(0.9, 0.99), weight_decay=0.1), slow
        ),
        optax_run(optax.lion(0.01, b1=0.9, b2=0.99, weight_decay=0.1)),
    )
    mixed = dict(beta1=0.9, beta2=0.99, beta3=0.99, alpha=3.0, eps=1e-3)
    show(
        "pytorch_optimizer AdEMAMix and optax.contrib.ademamix, no warm-up",
        ours("ademamix", lr=0.01, **mixed),
        optax_run(optax.contrib.ademamix(0.01, b3=0.99, alpha=3.0, **in_optax)),
    )
    share = lambda t: jax.numpy.minimum(t / 60, 1.0)
    rising = lambda t: 3.0 * share(t)
    half_lives = lambda t: jax.numpy.exp(
        1 / ((1 - share(t)) / np.log(0.9) + share(t) / np.log(0.99))
    )
    show(
        "the same with warmup=60 and the paper's schedules handed to optax, which counts from 0",
        ours("ademamix", lr=0.01, warmup=60, **mixed),
        optax_run(optax.contrib.ademamix(0.01, b3=half_lives, alpha=rising, **in_optax)),
    )
    layered = dict(lr=0.5, momentum=0.6, trust=0.02, schedule="exponential(k=0.02)")
    show(
        "LARS with ‖g‖ + λ‖θ‖ (paper) and optax.lars with ‖g + λθ‖, λ=0.1",
        ours("lars", **layered, weight_decay=0.1),
        optax_run(
            optax.lars(
                by_count(lambda k: 0.5 * SCHEDULES["exponential(k=0.02)"](k)),
                weight_decay=0.1,
                trust_coefficient=0.02,
                momentum=0.6,
            )
        ),
    )
    show(
        "torch Adafactor(eps=(1e-8, 1e-3)) and "
        "optax.adafactor(eps=1e-16, min_dim_size_to_factor=2)",
        ours("adafactor", lr=0.01, eps1=1e-8),
        optax_run(optax.adafactor(0.01, min_dim_size_to_factor=2, eps=1e-16)),
    )
    orthogonal = dict(lr=0.01, momentum=0.8, adam_lr=0.01, beta1=0.9, beta2=0.99, eps=1e-8)
    for nesterov in [False, True]:
        show(
            f"muon.py and optax.contrib.muon, matrix only, nesterov={nesterov}",
            [p[:6] for p in ours("muon", **orthogonal, nesterov=nesterov)],
            [p[:6] for p in optax_run(optax.contrib.muon(0.01, beta=0.8, nesterov=nesterov))],
        )
    show(
        "pytorch_optimizer SOAP (QR in f32) and f64 throughout, matrix only",
        [
            p[:6]
            for p in torch_run_of(
                lambda p: pytorch_optimizer.SOAP(
                    p, lr=0.02, betas=(0.9, 0.95), weight_decay=0.0, eps=0.1
                ),
                lambda k: 0.02,
            )
        ],
        [p[:6] for p in ours("soap", lr=0.02, beta1=0.9, beta2=0.95, eps=0.1)],
    )
    show(
        "pytorch_optimizer SOAP with decay after the step and ours with decay before it, λ=0.1",
        torch_run_of(
            lambda p: pytorch_optimizer.SOAP(
                p, lr=0.02, betas=(0.9, 0.95), weight_decay=0.1, eps=0.1
            ),
            lambda k: 0.02,
        ),
        ours("soap", lr=0.02, beta1=0.9, beta2=0.95, eps=0.1, weight_decay=0.1),
    )
    show(
        "pytorch_optimizer Shampoo's vectors (full matrix) and the diagonal form",
        [
            p[6:]
            for p in torch_run_of(
                lambda p: pytorch_optimizer.Shampoo(p, lr=0.05, matrix_eps=0.01), lambda k: 0.05
            )
        ],
        [p[6:] for p in ours("shampoo", lr=0.05, eps=0.01)],
    )
    free = dict(beta1=0.9, beta2=0.99, eps=1e-3, weight_decay=0.1)
    for warmup in [0, 20]:
        show(
            "schedulefree AdamWScheduleFree and optax.contrib.schedule_free_adamw, "
            f"warm-up {warmup}",
            ours("schedule_free_adamw", lr=0.05, warmup=warmup, **free),
            optax_run(
                optax.contrib.schedule_free_adamw(
                    0.05, warmup_steps=warmup or None, weight_decay=0.1, **in_optax
                )
            ),
        )
    distance_of = dict(lr=0.5, beta1=0.8, beta2=0.9, eps=0.1, d0=0.01)
    for bias_correction in [True, False]:
        show(
            f"prodigyopt(use_bias_correction={bias_correction}) and optax.contrib.prodigy",
            ours("prodigy", **distance_of, bias_correction=bias_correction),
            optax_run(optax.contrib.prodigy(0.5, betas=(0.8, 0.9), eps=0.1, estim_lr0=0.01)),
        )
    masked = dict(lr=0.02, beta1=0.95, beta2=0.98, cautious=True, weight_decay=0.0)
    show(
        "cautious Lion with the mask over max(its mean, 1e-3) (c_adamw.py) "
        "and times n/(Σ + 1) (paper, pytorch_optimizer)",
        ours("lion", **masked),
        torch_run_of(
            lambda p: pytorch_optimizer.Lion(p, lr=0.02, betas=(0.95, 0.98), cautious=True),
            lambda k: 0.02,
        ),
    )
    show(
        "optax.centralize of [out, in] and of [in, out], SGD",
        torch_run(constant, partial(optax_clip, centralize=True)),
        optax_run(optax.chain(optax.centralize(), optax.sgd(0.04))),
    )
