"""Minimizers of SciPy and PyTorch on an objective that counts, for `bench/minimize.py`; not run by itself.

Each is called with

    start           the point to begin at
    at(x)           f(x) and ∇f(x)
    product(x, v)   H(x)·v
    memory          pairs of steps that a method with limited memory keeps

and says why it ended. Its own tests are off or as strict as they can be; who counts raises `Over` when it is over.
"""

import functools
import warnings

import numpy
import scipy.optimize

LIMIT = 100_000


class Over(Exception):
    """The problem is solved, or the evaluations are used up."""


def scipy_method(method, options, start, at, product, memory):
    options = {key: memory if value == "memory" else value for key, value in options.items()}
    products = {"hessp": product} if method in ("Newton-CG", "trust-ncg") else {}
    with warnings.catch_warnings():
        # Overflow at far points, as a search sees it.
        warnings.simplefilter("ignore")
        return scipy.optimize.minimize(at, start, jac=True, method=method, options=options, **products).message


def torch_lbfgs(start, at, product, memory):
    import torch

    torch.set_num_threads(1)
    x = torch.tensor(start, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.LBFGS(
        [x], max_iter=LIMIT, max_eval=LIMIT, tolerance_grad=0, tolerance_change=0, history_size=memory, line_search_fn="strong_wolfe"
    )

    def closure():
        value, gradient = at(x.detach().numpy())
        x.grad = torch.from_numpy(gradient)
        return torch.tensor(value, dtype=torch.float64)

    optimizer.step(closure)
    return "it stopped"


MINIMIZERS = {
    "SciPy L-BFGS-B": functools.partial(
        scipy_method, "L-BFGS-B", dict(gtol=1e-6, ftol=0, maxcor="memory", maxiter=LIMIT, maxfun=LIMIT)
    ),
    "SciPy BFGS": functools.partial(scipy_method, "BFGS", dict(gtol=1e-6, maxiter=LIMIT)),
    "SciPy Newton-CG": functools.partial(scipy_method, "Newton-CG", dict(xtol=1e-14, maxiter=LIMIT)),
    "SciPy trust-ncg": functools.partial(scipy_method, "trust-ncg", dict(gtol=1e-6, maxiter=LIMIT)),
    "PyTorch LBFGS": torch_lbfgs,
}


def versions():
    import torch

    return {"SciPy": scipy.__version__, "PyTorch": torch.__version__.split("+")[0], "NumPy": numpy.__version__}
