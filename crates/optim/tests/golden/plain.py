"""The same once more in plain numpy, from the papers and slides, to judge the libraries' use.

A rule is a function of its own numbers that gives a function of one step: from the gradient g, the
parameters θ, the number t of the step (from 1) and the rate ε to what is subtracted from θ.
"""

from collections import defaultdict

import numpy as np

from cases import settings
from problem import START, STEPS, flat, gradient, tensors

sqrt = np.sqrt
ZERO = 0.0 * START


def norm(x):
    return sqrt(np.sum(x * x))


# ---- What happens to the raw gradient.


def unit_norm(x):
    """Of what feeds one output: a column; a vector is one unit."""
    return sqrt(np.sum(x * x, axis=None if x.ndim == 1 else 0, keepdims=True))


def prepared(
    g,
    θ,
    clip_value=None,
    clip_norm=None,
    clip_global_norm=None,
    clip_adaptive=None,
    centralize=False,
):
    shrink = lambda part, c: part * min(1.0, c / norm(part))
    if clip_value is not None:
        g = np.minimum(np.maximum(g, -clip_value), clip_value)
    if clip_norm is not None:
        g = flat([shrink(part, clip_norm) for part in tensors(g)])
    if clip_global_norm is not None:
        g = shrink(g, clip_global_norm)
    if clip_adaptive is not None:
        limits = [clip_adaptive * np.maximum(unit_norm(part), 1e-3) for part in tensors(θ)]
        norms = [np.maximum(unit_norm(part), 1e-6) for part in tensors(g)]
        scales = [np.minimum(1.0, limit / n) for limit, n in zip(limits, norms)]
        g = flat([part * scale for part, scale in zip(tensors(g), scales)])
    if centralize:
        a, b = tensors(g)
        g = flat([a - np.sum(a, axis=0) / a.shape[0], b])
    return g


def masked(u, g):
    """Cautious: the update where it agrees with the gradient, over the share of such places."""
    parts = zip(tensors(u), tensors(g))
    return flat([a * (a * b > 0) / max(np.sum(a * b > 0) / a.size, 1e-3) for a, b in parts])


# ---- Rules.


def sgd():
    return lambda g, θ, t, ε: ε * g


def momentum(momentum):
    v = ZERO.copy()

    def step(g, θ, t, ε):
        v[:] = momentum * v - ε * g
        return -v

    return step


def heavy_ball(momentum, dampening=0.0, nesterov=False):
    b = ZERO.copy()

    def step(g, θ, t, ε):
        b[:] = g if t == 1 else momentum * b + (1 - dampening) * g
        return ε * (g + momentum * b if nesterov else b)

    return step


def adagrad(eps, initial=0.0):
    r = ZERO + initial

    def step(g, θ, t, ε):
        r[:] += g * g
        return ε * g / (sqrt(r) + eps)

    return step


def rmsprop(rho, eps, eps_inside=False, centered=False, momentum=0.0):
    r, mean, b = ZERO.copy(), ZERO.copy(), ZERO.copy()

    def step(g, θ, t, ε):
        r[:] = rho * r + (1 - rho) * g * g
        mean[:] = rho * mean + (1 - rho) * g
        variance = np.maximum(r - mean * mean, 0.0) if centered else r
        u = g / (sqrt(variance + eps) if eps_inside else sqrt(variance) + eps)
        b[:] = momentum * b + u
        return ε * b

    return step


def adam(beta1, beta2, eps, eps_hat=False):
    s, r = ZERO.copy(), ZERO.copy()

    def step(g, θ, t, ε):
        s[:] = beta1 * s + (1 - beta1) * g
        r[:] = beta2 * r + (1 - beta2) * g * g
        if eps_hat:
            return ε * sqrt(1 - beta2**t) / (1 - beta1**t) * s / (sqrt(r) + eps)
        return ε * s / (1 - beta1**t) / (sqrt(r / (1 - beta2**t)) + eps)

    return step


def amsgrad(beta1, beta2, eps, corrected=False):
    s, r, largest = ZERO.copy(), ZERO.copy(), ZERO.copy()

    def step(g, θ, t, ε):
        s[:] = beta1 * s + (1 - beta1) * g
        r[:] = beta2 * r + (1 - beta2) * g * g
        correction = 1 - beta2**t
        largest[:] = np.maximum(largest, r / correction if corrected else r)
        r_hat = largest if corrected else largest / correction
        return ε * s / (1 - beta1**t) / (sqrt(r_hat) + eps)

    return step


def adamax(beta1, beta2, eps):
    s, size = ZERO.copy(), ZERO.copy()

    def step(g, θ, t, ε):
        s[:] = beta1 * s + (1 - beta1) * g
        size[:] = np.maximum(beta2 * size, abs(g) + eps)
        return ε * s / (1 - beta1**t) / size

    return step


def nadam(beta1, beta2, eps, psi=0.004):
    """Dozat 2016, Algorithm 2, with the schedule μₜ = β₁(1 − ½·0.96^(tψ)) of its note."""
    s, r, product = ZERO.copy(), ZERO.copy(), np.ones(1)
    μ = lambda t: beta1 * (1 - 0.5 * 0.96 ** (t * psi))

    def step(g, θ, t, ε):
        product[:] *= μ(t)
        s[:] = beta1 * s + (1 - beta1) * g
        r[:] = beta2 * r + (1 - beta2) * g * g
        s_bar = μ(t + 1) * s / (1 - product * μ(t + 1)) + (1 - μ(t)) * g / (1 - product)
        return ε * s_bar / (sqrt(r / (1 - beta2**t)) + eps)

    return step


def radam(beta1, beta2, eps):
    """Liu et al. 2020, Algorithm 2, rectified where ρₜ > 5, with δ added to the raw √r."""
    s, r = ZERO.copy(), ZERO.copy()
    longest = 2 / (1 - beta2) - 1

    def step(g, θ, t, ε):
        s[:] = beta1 * s + (1 - beta1) * g
        r[:] = beta2 * r + (1 - beta2) * g * g
        s_hat, correction = s / (1 - beta1**t), 1 - beta2**t
        ρ = longest - 2 * t * beta2**t / correction
        if ρ <= 5:
            return ε * s_hat
        rectification = (ρ - 4) * (ρ - 2) * longest / ((longest - 4) * (longest - 2) * ρ)
        return ε * sqrt(rectification * correction) * s_hat / (sqrt(r) + eps)

    return step


def adadelta(rho, eps):
    r, d = ZERO.copy(), ZERO.copy()

    def step(g, θ, t, ε):
        r[:] = rho * r + (1 - rho) * g * g
        u = sqrt(d + eps) / sqrt(r + eps) * g
        d[:] = rho * d + (1 - rho) * u * u
        return ε * u

    return step


def rprop(lr, eta_minus=0.5, eta_plus=1.2, step_min=1e-6, step_max=50.0):
    """Rprop⁻ with the gradient forgotten where it changed its sign: no step there, none undone."""
    sizes, last = ZERO + lr, ZERO.copy()

    def step(g, θ, t, ε):
        turned, same = g * last < 0, g * last > 0
        grown = sizes * np.where(turned, eta_minus, np.where(same, eta_plus, 1.0))
        sizes[:] = np.minimum(np.maximum(grown, step_min), step_max)
        last[:] = np.where(turned, 0.0, g)
        return ε / lr * sizes * np.sign(last)

    return step


def adabelief(beta1, beta2, eps):
    s, r = ZERO.copy(), ZERO.copy()

    def step(g, θ, t, ε):
        s[:] = beta1 * s + (1 - beta1) * g
        r[:] = beta2 * r + (1 - beta2) * (g - s) * (g - s) + eps
        return ε * s / (1 - beta1**t) / (sqrt(r / (1 - beta2**t)) + eps)

    return step


def yogi(beta1, beta2, eps, initial=1e-6):
    s, r = ZERO + initial, ZERO + initial

    def step(g, θ, t, ε):
        s[:] = beta1 * s + (1 - beta1) * g
        r[:] = r - (1 - beta2) * np.sign(r - g * g) * g * g
        return ε * s / (1 - beta1**t) / (sqrt(r / (1 - beta2**t)) + eps)

    return step


def lion(beta1, beta2):
    m = ZERO.copy()

    def step(g, θ, t, ε):
        u = np.sign(beta1 * m + (1 - beta1) * g)
        m[:] = beta2 * m + (1 - beta2) * g
        return ε * u

    return step


def signum(momentum):
    m = ZERO.copy()

    def step(g, θ, t, ε):
        m[:] = momentum * m + (1 - momentum) * g
        return ε * np.sign(m)

    return step


def ademamix(beta1, beta2, beta3=0.9999, alpha=5.0, eps=1e-8, warmup=0):
    """Pagliardini et al. 2024, Algorithm 1. The half-life of β₃(t) grows linearly over the warm-up:
    1/ln β₃(t) goes from 1/ln β₁ to 1/ln β₃."""
    fast, slow, r = ZERO.copy(), ZERO.copy(), ZERO.copy()

    def step(g, θ, t, ε):
        share = min(t / warmup, 1.0) if warmup else 1.0
        β3 = np.exp(1 / ((1 - share) / np.log(beta1) + share / np.log(beta3)))
        fast[:] = beta1 * fast + (1 - beta1) * g
        slow[:] = β3 * slow + (1 - β3) * g
        r[:] = beta2 * r + (1 - beta2) * g * g
        mixed = fast / (1 - beta1**t) + share * alpha * slow
        return ε * mixed / (sqrt(r / (1 - beta2**t)) + eps)

    return step


# ---- Rules that look at whole tensors.


def by_tensor(of_one):
    """A rule for flat vectors from one that makes a rule for a tensor of a given shape."""
    rules = [of_one(part) for part in tensors(START)]

    def step(g, θ, t, ε):
        return flat([rule(a, b, t, ε) for rule, a, b in zip(rules, tensors(g), tensors(θ))])

    return step


def lars(momentum, trust=0.001, eps=0.0, weight_decay=0.0, decoupled=False):
    """You et al. 2017, Algorithm 1. With coupled decay the ratio knows of it."""

    def of_one(start):
        v, λ = 0.0 * start, 0.0 if decoupled else weight_decay

        def step(g, θ, t, ε):
            size, steepness = norm(θ), norm(g)
            ratio = trust * size / (steepness + λ * size + eps) if size * steepness else 1.0
            v[:] = momentum * v + ε * ratio * (g + λ * θ)
            return v + (ε * weight_decay if decoupled else 0.0) * θ

        return step

    return by_tensor(of_one)


def lamb(beta1, beta2, eps, weight_decay=0.0, decoupled=True):
    """You et al. 2020, Algorithm 2, without a bound on ‖θ‖. Decoupled decay is inside the ratio."""

    def of_one(start):
        s, r, λ = 0.0 * start, 0.0 * start, weight_decay

        def step(g, θ, t, ε):
            g = g if decoupled else g + λ * θ
            s[:] = beta1 * s + (1 - beta1) * g
            r[:] = beta2 * r + (1 - beta2) * g * g
            u = s / (1 - beta1**t) / (sqrt(r / (1 - beta2**t)) + eps)
            u = u + λ * θ if decoupled else u
            return ε * (norm(θ) / norm(u) if norm(θ) * norm(u) else 1.0) * u

        return step

    return by_tensor(of_one)


def adafactor(beta2_decay=0.8, eps1=None, eps2=1e-3, d=1.0):
    """Shazeer & Stern 2018, Algorithms 4 and 5, with the numbers in PyTorch's places."""

    def of_one(start):
        rows, columns, r = 0.0 * start, 0.0 * start, 0.0 * start

        def step(g, θ, t, ε):
            rms = lambda x: sqrt(np.mean(x * x))
            β = 1 - t**-beta2_decay
            if g.ndim == 2:
                rows[:] = β * rows + (1 - β) * np.mean(g * g, axis=1, keepdims=True)
                columns[:] = β * columns + (1 - β) * np.mean(g * g, axis=0, keepdims=True)
                estimate = rows * columns / max(np.mean(rows), eps1)
            else:
                r[:] = β * r + (1 - β) * g * g
                estimate = r
            u = g / sqrt(np.maximum(estimate, eps1 * eps1))
            return max(eps2, rms(θ)) * min(ε, t**-0.5) * u / max(1.0, rms(u) / d)

        return step

    return by_tensor(of_one)


def muon(
    adam_factor,
    momentum=0.95,
    nesterov=True,
    steps=5,
    beta1=0.9,
    beta2=0.95,
    eps=1e-10,
    weight_decay=0.0,
    decoupled=True,
):
    """The Newton-Schulz steps as what they do to the singular values; `adam_factor` is adam_lr over
    lr."""
    a, b, c = 3.4445, -4.7750, 2.0315
    coupled, apart = (0.0, weight_decay) if decoupled else (weight_decay, 0.0)

    def orthogonal(x):
        left, σ, right = np.linalg.svd(x, full_matrices=False)
        σ = σ / (norm(x) + 1e-7)
        for _ in range(steps):
            σ = a * σ + b * σ**3 + c * σ**5
        return (left * σ) @ right

    def of_one(start):
        mean, r = 0.0 * start, 0.0 * start

        def of_matrix(g, θ, t, ε):
            mean[:] = momentum * mean + (1 - momentum) * (g + coupled * θ)
            ahead = momentum * mean + (1 - momentum) * (g + coupled * θ)
            scale = sqrt(max(1.0, θ.shape[1] / θ.shape[0]))
            return ε * (scale * orthogonal(ahead if nesterov else mean) + apart * θ)

        def of_vector(g, θ, t, ε):
            g = g + coupled * θ
            mean[:] = beta1 * mean + (1 - beta1) * g
            r[:] = beta2 * r + (1 - beta2) * g * g
            u = mean / (1 - beta1**t) / (sqrt(r / (1 - beta2**t)) + eps)
            return ε * adam_factor * (u + apart * θ)

        return of_matrix if start.ndim == 2 else of_vector

    return by_tensor(of_one)


def shampoo(beta2=1.0, eps=1e-6, every=1, momentum=0.0):
    """Gupta et al. 2018, Algorithm 1, for matrices; its diagonal form for vectors."""

    def root(matrix):
        values, vectors = np.linalg.eigh(matrix)
        return vectors @ np.diag(1 / sqrt(sqrt(values))) @ vectors.T

    def of_one(start):
        new = 1.0 if beta2 == 1 else 1 - beta2
        kept = {"b": 0.0}

        def of_matrix(g, θ, t, ε):
            for side, outer in (("L", g @ g.T), ("R", g.T @ g)):
                old = kept.get(side, eps * np.eye(len(outer)))
                kept[side] = beta2 * old + new * outer
                if t % every == 1 % every:
                    kept["root of " + side] = root(kept[side])
            kept["b"] = momentum * kept["b"] + kept["root of L"] @ g @ kept["root of R"]
            return ε * kept["b"]

        def of_vector(g, θ, t, ε):
            kept["D"] = beta2 * kept.get("D", eps) + new * g * g
            kept["b"] = momentum * kept["b"] + g / sqrt(kept["D"])
            return ε * kept["b"]

        return of_matrix if start.ndim == 2 else of_vector

    return by_tensor(of_one)


def soap(
    beta1=0.95,
    beta2=0.95,
    shampoo_beta=0.95,
    eps=1e-8,
    every=10,
    weight_decay=0.0,
    decoupled=True,
):
    """Vyas et al. 2024, Algorithm 3: Adam in the bases of the eigenvectors. The mean s stays in the
    coordinates of the parameters here and is turned when it is used."""
    coupled, apart = (0.0, weight_decay) if decoupled else (weight_decay, 0.0)

    def of_one(start):
        s, r = 0.0 * start, 0.0 * start
        sides = lambda g: [g @ g.T, g.T @ g] if g.ndim == 2 else []
        grams = [0.0 * outer for outer in sides(start)]
        bases = []

        def turned(x):
            return bases[0].T @ x @ bases[1] if bases else x

        def grow(g):
            for gram, outer in zip(grams, sides(g)):
                gram[:] = shampoo_beta * gram + (1 - shampoo_beta) * outer

        def step(g, θ, t, ε):
            g = g + coupled * θ
            if t == 1:
                grow(g)
                bases.extend(np.linalg.eigh(gram)[1][:, ::-1] for gram in grams)
                return 0.0 * θ
            t = t - 1
            s[:] = beta1 * s + (1 - beta1) * g
            r[:] = beta2 * r + (1 - beta2) * turned(g) ** 2
            u = turned(s) / (sqrt(r) + eps) * sqrt(1 - beta2**t) / (1 - beta1**t)
            u = bases[0] @ u @ bases[1].T if bases else u
            grow(g)
            if t % every == 0:
                for axis, gram in enumerate(grams):
                    order = np.argsort(-np.sum(bases[axis] * (gram @ bases[axis]), axis=0))
                    r[:] = np.take(r, order, axis)
                    bases[axis] = np.linalg.qr(gram @ bases[axis][:, order])[0]
            return ε * (u + apart * θ)

        return step

    return by_tensor(of_one)


def prodigy(
    beta1=0.9,
    beta2=0.999,
    beta3=0.0,
    eps=1e-8,
    d0=1e-6,
    d_coef=1.0,
    growth=0.0,
    bias_correction=False,
    safeguard_warmup=False,
    weight_decay=0.0,
    decoupled=True,
):
    """Mishchenko & Defazio 2024, Algorithm 4, with what the authors' package adds to it."""
    β3, growth = beta3 or sqrt(beta2), growth or np.inf
    coupled, apart = (0.0, weight_decay) if decoupled else (weight_decay, 0.0)
    m, v, s, kept = ZERO.copy(), ZERO.copy(), ZERO.copy(), dict(d=d0, largest=d0, r=0.0)

    def step(g, θ, t, ε):
        first = kept.setdefault("first", θ)
        d, g = kept["d"], g + coupled * θ
        γ = d * ε * (sqrt(1 - beta2**t) / (1 - beta1**t) if bias_correction else 1.0)
        kept["r"] = β3 * kept["r"] + d / d0 * γ * np.sum(g * (first - θ))
        s[:] = β3 * s + d / d0 * (d if safeguard_warmup else γ) * g
        m[:] = beta1 * m + (1 - beta1) * d * g
        v[:] = beta2 * v + (1 - beta2) * d * d * g * g
        estimate = d_coef * kept["r"] / np.sum(abs(s))
        d = max(d, estimate) if d == d0 else d
        kept["largest"] = max(kept["largest"], estimate)
        kept["d"] = min(kept["largest"], d * growth)
        return γ * m / (sqrt(v) + kept["d"] * eps) + γ * apart * θ

    return step


RULES = {
    "sgd": sgd,
    "momentum": momentum,
    "heavy_ball": heavy_ball,
    "adagrad": adagrad,
    "rmsprop": rmsprop,
    "adam": adam,
    "adamw": adam,
    "amsgrad": amsgrad,
    "adamax": adamax,
    "nadam": nadam,
    "radam": radam,
    "adadelta": adadelta,
    "rprop": rprop,
    "adabelief": adabelief,
    "yogi": yogi,
    "lion": lion,
    "signum": signum,
    "ademamix": ademamix,
    "lars": lars,
    "lamb": lamb,
    "adafactor": adafactor,
    "muon": muon,
    "shampoo": shampoo,
    "soap": soap,
    "prodigy": prodigy,
}
# Rules that decay the parameters themselves, and get λ and whether it is decoupled.
OWN_DECAY = {"lars", "lamb", "muon", "soap", "prodigy"}


# ---- Optimizers: where they keep the parameters `p`, and a step with the raw gradient.


class Chain:
    """Clipping, decay, the rule, caution, decay."""

    def __init__(self, name, case, start):
        self.s, self.p, self.t = settings(name, case), start, 0
        own = dict(self.s.own)
        if name == "rprop":
            own["lr"] = self.s.lr
        if name == "muon":
            own["adam_factor"] = own.pop("adam_lr") / self.s.lr
        self.λ = self.s.weight_decay
        if name in OWN_DECAY:
            self.λ = 0.0
            own |= dict(weight_decay=self.s.weight_decay, decoupled=self.s.decoupled)
        self.rule = RULES[name](**own)

    def step(self, raw):
        s, self.t = self.s, self.t + 1
        ε = s.rate(self.t - 1)
        g = prepared(raw, self.p, **s.before) + (0.0 if s.decoupled else self.λ) * self.p
        u = self.rule(g, self.p, self.t, ε)
        if s.cautious:
            u = masked(u, g)
        self.p = self.p - u - (ε * self.λ if s.decoupled else 0.0) * self.p


class Nesterov:
    """The slide, with θ as the state and the gradient at θ + αv. Decay is taken there too."""

    def __init__(self, name, case, start):
        self.s, self.θ, self.v, self.k = settings(name, case), start, ZERO, 0

    @property
    def p(self):
        return self.θ + self.s.own["momentum"] * self.v

    def step(self, raw):
        s, ε, ahead = self.s, self.s.rate(self.k), self.p
        g = prepared(raw, ahead, **s.before) + (0.0 if s.decoupled else s.weight_decay) * ahead
        self.v = s.own["momentum"] * self.v - ε * g
        self.θ = self.θ + self.v - (ε * s.weight_decay if s.decoupled else 0.0) * ahead
        self.k += 1

    def iterate(self):
        return self.θ


class ScheduleFree:
    """Defazio et al. 2024, equations 1 to 3, with x and z as the state and the gradient at y. Decay
    is taken there too."""

    def __init__(self, name, case, start):
        self.s, self.x, self.z, self.k = settings(name, case), start, start, 0
        self.own = dict(warmup=0, r=0.0, weight_lr_power=2.0) | self.s.own
        self.β = self.own.get("beta") or self.own["beta1"]
        self.mean_square, self.largest, self.sum = ZERO, 0.0, 0.0

    @property
    def p(self):
        return (1 - self.β) * self.z + self.β * self.x

    def step(self, raw):
        s, own, y = self.s, self.own, self.p
        t = self.k = self.k + 1
        γ = s.rate(t - 1) * min(1.0, t / own["warmup"] if own["warmup"] else 1.0)
        g = prepared(raw, y, **s.before) + (0.0 if s.decoupled else s.weight_decay) * y
        if "beta2" in own:
            β = own["beta2"]
            self.mean_square = β * self.mean_square + (1 - β) * g * g
            g = g / (sqrt(self.mean_square / (1 - β**t)) + own["eps"])
        self.z = self.z - γ * (g + (s.weight_decay if s.decoupled else 0.0) * y)
        self.largest = max(self.largest, γ)
        weight = t ** own["r"] * self.largest ** own["weight_lr_power"]
        self.sum += weight
        self.x = self.x + weight / self.sum * (self.z - self.x)

    def iterate(self):
        return self.x


class Wrapper:
    def __init__(self, name, case, start):
        s = settings(name, case)
        self.own, self.inner, self.t = s.own, optimizer(*s.inner, start), 0
        self.begin(start)

    def begin(self, start):
        pass

    @property
    def p(self):
        return self.inner.p

    def step(self, raw):
        self.inner.step(raw)
        self.t += 1
        self.after()


class Lookahead(Wrapper):
    def begin(self, start):
        self.slow = start

    def after(self):
        if self.t % self.own.get("k", 5) == 0:
            α = self.own.get("alpha", 0.5)
            self.slow = (1 - α) * self.slow + α * self.p
            self.inner.p = self.slow


class Ema(Wrapper):
    average = None

    def after(self):
        decay = self.own.get("decay", 0.99)
        a = self.average
        self.average = self.p if a is None else decay * a + (1 - decay) * self.p

    def iterate(self):
        return self.average


class Swa(Wrapper):
    def begin(self, start):
        self.taken = []

    def after(self):
        late = self.t - self.own["start"]
        if late >= 0 and late % self.own.get("every", 1) == 0:
            self.taken.append(self.p)

    def iterate(self):
        return np.mean(self.taken, axis=0) if self.taken else self.p


class Accumulate(Wrapper):
    def begin(self, start):
        self.raws = []

    def step(self, raw):
        self.raws.append(raw)
        if len(self.raws) == self.own["steps"]:
            self.inner.step(np.mean(self.raws, axis=0))
            self.raws = []


class Sam(Wrapper):
    """Foret et al. 2021, equation 2; adaptive: Kwon et al. 2021, with T = |θ|."""

    def ascent(self, raw):
        size = abs(self.p) if self.own.get("adaptive") else 1.0
        scaled = size * raw
        return self.p + self.own.get("rho", 0.05) * size * scaled / norm(scaled)

    def after(self):
        pass


OPTIMIZERS = {
    "nesterov": Nesterov,
    "schedule_free_sgd": ScheduleFree,
    "schedule_free_adamw": ScheduleFree,
    "lookahead": Lookahead,
    "ema": Ema,
    "swa": Swa,
    "accumulate": Accumulate,
    "sam": Sam,
}


def optimizer(name, case, start):
    return OPTIMIZERS.get(name, Chain)(name, case, start)


def trajectory(name, case, disturbance=0.0):
    """Points by their names, as in references.py. A disturbance changes the start and every
    gradient by that much, up or down, relative to their size."""
    coin = np.random.default_rng(0)
    disturbed = lambda x: x * (1 + disturbance * coin.choice([-1.0, 1.0], size=x.shape))
    by, result = optimizer(name, case, disturbed(START)), defaultdict(list)
    for _ in range(STEPS):
        raw = disturbed(gradient(by.p))
        if name == "sam":
            result["ascents"].append(by.ascent(raw))
            raw = disturbed(gradient(result["ascents"][-1]))
        by.step(raw)
        result["steps"].append(by.p)
        if hasattr(by, "iterate"):
            result["iterates"].append(by.iterate())
    return dict(result)
