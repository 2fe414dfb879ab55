"""Writes ../../src/kernel/functions/coefficients.rs, the polynomials of the elementary functions, and
fixtures.json, values of the functions that are right to the last bit of float64.

    pip install -r requirements.txt
    python make.py

The polynomials are those of least greatest weighted error on their interval, found by the exchange
algorithm of Remez (1934) in 60 digits. `error` is that greatest error.
"""

import json
import pathlib
import struct

from mpmath import mp, mpf

# Tails lose half of the digits, and the smallest numbers are 10^-324.
mp.dps = 60


def minimax(f, weight, low, high, degree):
    """The coefficients of p, lowest first, with the least greatest |weight (f - p)| on [low, high]."""
    count = degree + 2
    low, high = mpf(low), mpf(high)
    chebyshev = lambda i, n: (low + high) / 2 - (high - low) / 2 * mp.cos(mp.pi * i / n)
    grid = [chebyshev(i, 60 * count) for i in range(60 * count + 1)]
    samples = [(x, f(x), weight(x)) for x in grid]
    # Where the weight is 0, any value is right.
    samples = [(x, y, w) for x, y, w in samples if w > mpf(10) ** -25]
    nodes = [samples[round((len(samples) - 1) * (1 - mp.cos(mp.pi * i / (count - 1))) / 2)] for i in range(count)]
    for _ in range(20):
        rows = [[x**j for j in range(degree + 1)] + [(-1) ** i / w] for i, (x, _, w) in enumerate(nodes)]
        solution = mp.lu_solve(mp.matrix(rows), mp.matrix([y for _, y, _ in nodes]))
        p, level = list(solution)[: degree + 1], abs(solution[degree + 1])
        errors = [w * (y - mp.polyval(p[::-1], x)) for x, y, w in samples]
        # One point of greatest error for each run of errors of the same sign.
        peaks = []
        for sample, error in zip(samples, errors):
            if peaks and (peaks[-1][1] > 0) == (error > 0):
                if abs(error) > abs(peaks[-1][1]):
                    peaks[-1] = (sample, error)
            else:
                peaks.append((sample, error))
        while len(peaks) > count:
            peaks.pop(0 if abs(peaks[0][1]) < abs(peaks[-1][1]) else -1)
        greatest = max(abs(error) for _, error in peaks)
        if len(peaks) < count or greatest <= level * mpf("1.01"):
            break
        nodes = [sample for sample, _ in peaks]
    return p, max(abs(error) for error in errors)


def exp_tail(r):
    """(e^r - 1 - r) / r²"""
    return (mp.expm1(r) - r) / r**2 if abs(r) > mpf(10) ** -15 else mpf(1) / 2 + r / 6


def ln_tail(z):
    """(ln((1 + s) / (1 - s)) - 2 s) / (s z), for z = s²"""
    s = mp.sqrt(z)
    return (2 * mp.atanh(s) - 2 * s) / (s * z) if z > mpf(10) ** -15 else mpf(2) / 3 + 2 * z / 5


def erf_near(z):
    """erf(x) / x, for z = x²"""
    x = mp.sqrt(z)
    return mp.erf(x) / x if x > mpf(10) ** -20 else 2 / mp.sqrt(mp.pi)


CENTRE = mpf(2)


def erf_far(t):
    """exp(a²) erfc(a), for a = t + 2"""
    a = t + CENTRE
    return mp.exp(a * a) * mp.erfc(a)


TAIL_CENTRE = mpf("2.5")


def bell(t):
    """exp(-a²/2), for a = t + 2.5"""
    return mp.exp(-((t + TAIL_CENTRE) ** 2) / 2)


def tail(t):
    """exp(a²/2) Φ(-a), for a = t + 2.5"""
    return mp.erfc((t + TAIL_CENTRE) / mp.sqrt(2)) / 2 / bell(t)


HALF_LN_2 = mp.ln(2) / 2 * mpf("1.001")
LARGEST_Z = ((mp.sqrt(2) - 1) / (mp.sqrt(2) + 1)) ** 2 * mpf("1.001")

# Of each polynomial: what it is near, the weight of its error, the interval, and the degree for f32 and f64.
POLYNOMIALS = [
    ("EXP", "(eʳ − 1 − r) / r² for |r| ≤ ln 2 / 2; the error counts r.",
     exp_tail, abs, [-HALF_LN_2] * 2, [HALF_LN_2] * 2, [4, 10]),
    ("LN", "(2 artanh s − 2 s) / s³ by s², for |s| ≤ 3 − √8; the error counts s².",
     ln_tail, lambda z: z, [mpf(0)] * 2, [LARGEST_Z] * 2, [2, 6]),
    ("ERF_NEAR", "erf(x) / x by x², for |x| ≤ 1.",
     erf_near, lambda z: 1 / erf_near(z), [mpf(0)] * 2, [mpf(1)] * 2, [6, 11]),
    ("ERF_FAR", "exp(a²) erfc(a) by a − 2, for a from 1 to 4 or 6; the error counts exp(−a²).",
     erf_far, lambda t: mp.exp(-((t + CENTRE) ** 2)), [mpf(-1)] * 2, [mpf(2), mpf(4)], [7, 22]),
    ("TAIL", "exp(a²/2) Φ(−a) by a − 2.5, for a up to 6 or 9; the error counts exp(−a²/2).",
     tail, bell, [-TAIL_CENTRE] * 2, [6 - TAIL_CENTRE, 9 - TAIL_CENTRE], [11, 28]),
]


def rust():
    lines = [
        "//! The polynomials of the elementary functions, lowest coefficient first, and ln 2 in two parts.",
        "//! Written by `tests/functions/make.py`, which says how.",
        "",
        "#![allow(",
        "    clippy::approx_constant,",
        "    clippy::excessive_precision,",
        "    reason = \"the script writes every coefficient in the same way\"",
        ")]",
    ]
    for bits, places in [(32, 16), (64, 42)]:
        high = mp.nint(mp.ln(2) * 2**places) / 2**places
        lines += ["", f"/// ln 2 to {places} binary places.", f"pub(super) const LN_2_HIGH_{bits}: f64 = {float(high)!r};"]
        lines += ["", "/// ln 2, less that.", f"pub(super) const LN_2_LOW_{bits}: f64 = {float(mp.ln(2) - high)!r};"]
    lines += ["", "/// What is taken from a in the polynomial of a tail.", f"pub(super) const TAIL_CENTRE: f64 = {float(TAIL_CENTRE)!r};"]
    for name, text, f, weight, low, high, degrees in POLYNOMIALS:
        for i, bits in enumerate([32, 64]):
            p, error = minimax(f, weight, low[i], high[i], degrees[i])
            print(f"{name}_{bits}: degree {degrees[i]}, error {mp.nstr(error, 3)} = 2^{mp.nstr(mp.log(error, 2), 4)}")
            lines += ["", f"/// {text} The error is at most {mp.nstr(error, 2)}."]
            numbers = [repr(float(c)) for c in p]
            lines += [f"pub(super) const {name}_{bits}: [f64; {len(p)}] = ["]
            lines += [f"    {number}," for number in numbers] + ["];"]
    return "\n".join(lines) + "\n"


def sigmoid(x):
    return 1 / (1 + mp.exp(-x))


# Of each function: from where to where it is asked, evenly, and whether of negative numbers too (None: only
# of those above -1).
FUNCTIONS = {
    "exp": (mp.exp, -746, 711, True),
    "exp_m1": (mp.expm1, -40, 711, True),
    "tanh": (mp.tanh, -20, 20, True),
    "sigmoid": (sigmoid, -745, 40, True),
    "ln": (mp.ln, 0.3, 3, False),
    "ln_1p": (mp.log1p, -0.999, 3, None),
    "softplus": (lambda x: mp.log1p(mp.exp(x)), -745, 40, True),
    "erf": (mp.erf, -6.2, 6.2, True),
}


def points(low, high, signed):
    n = 160
    xs = [low + (high - low) * (i + 0.37) / n for i in range(n)]
    xs += [x / 64 for x in xs if signed or 0.5 < x / 64]
    powers = [1.37 * 2.0**e for e in [-1074, -1060, -1022, -300, -60, -54, -53, -52, -40, -30, -27, -20, -10, -8, -6, -4, -3, -2, -1, 0, 1, 2]]
    xs += powers
    xs += [-x for x in powers if signed or (signed is None and x < 1)]
    if signed is not True:
        xs += [1.37 * 2.0**e for e in [3, 5, 10, 52, 53, 54, 100, 1000, 1023]]
    return xs


def fixtures():
    bits = lambda x: struct.unpack("<Q", struct.pack("<d", x))[0]
    rows = []
    for name, (f, low, high, signed) in FUNCTIONS.items():
        for x in points(low, high, signed):
            rows.append({"f": name, "x": bits(x), "y": bits(float(f(mpf(x))))})
    return rows


if __name__ == "__main__":
    here = pathlib.Path(__file__).parent
    here.joinpath("../../src/kernel/functions").mkdir(exist_ok=True)
    here.joinpath("../../src/kernel/functions/coefficients.rs").write_text(rust())
    lines = ",\n".join(json.dumps(row) for row in fixtures())
    here.joinpath("fixtures.json").write_text(f"[\n{lines}\n]\n")
