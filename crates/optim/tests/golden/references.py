"""Which library for which rule: PyTorch if it has the rule in our form, otherwise optax, otherwise
the authors' own package."""

from functools import partial

import libraries
import tensorwise
from cases import settings
from problem import flat

PACKAGES = {
    "rprop": libraries.rprop_by_torch,
    "adabelief": libraries.adabelief,
    "ademamix": libraries.ademamix,
    "lars": tensorwise.lars,
    "lamb": tensorwise.lamb,
    "adafactor": tensorwise.adafactor,
    "muon": tensorwise.muon,
    "shampoo": tensorwise.shampoo,
    "soap": tensorwise.soap,
    "schedule_free_sgd": partial(tensorwise.schedule_free, "schedule_free_sgd"),
    "schedule_free_adamw": partial(tensorwise.schedule_free, "schedule_free_adamw"),
    "prodigy": tensorwise.prodigy,
    "lookahead": tensorwise.lookahead,
    "sam": tensorwise.sam,
    "accumulate": tensorwise.accumulate,
}
AVERAGES = {"ema": tensorwise.ema, "swa": tensorwise.swa}


def reference(name, case):
    """What a library does, its name in words and points by their names: the parameters after each
    step are `steps`, and where θ is another point, that is `iterates`."""
    s = settings(name, case)
    if name in AVERAGES:
        return AVERAGES[name](s, reference)
    if name in PACKAGES:
        return PACKAGES[name](s)
    only_optax = s.cautious or s.own.get("eps_inside") or s.own.get("corrected")
    if name in libraries.TORCH and not only_optax:
        return libraries.by_torch(name, s)

    of_velocity = name in ("momentum", "nesterov")
    words, chain = (libraries.by_velocity if of_velocity else libraries.by_optax)(name, s)
    run = list(libraries.run_optax(chain, partial(libraries.optax_clip, **s.before)))
    result = dict(steps=libraries.points(run))
    if name == "nesterov":
        result["iterates"] = [p - s.own["momentum"] * flat(state[2].trace) for p, state in run]
    return f"{libraries.IN_OPTAX} {words}{libraries.behind(s.before)}", result
