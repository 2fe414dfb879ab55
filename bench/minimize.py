#!/usr/bin/env python3
"""Evaluations that minimizers take: Thalweg beside SciPy, argmin and PyTorch, on Thalweg's problems.

All ask the same objective, a child that counts (`peers/rust/minimize`): an evaluation is f and ∇f at one point, or a
product with the Hessian. Solved is a problem by the first evaluation where ‖∇f‖∞ ≤ 10⁻⁶ and f is not above its value at
the start, if it is among the first 2,000. What is compared are methods of the same kind, over the problems that both solve:

    mean        the geometric mean of the ratios of evaluations, ours ÷ theirs
    to the end  the same, with what ours spends after that: methods that know curvature look whether the point is a
                saddle, which the others do not

The first table is of the problems on which the defaults of Thalweg were chosen. The others are not: the 35 problems of
Moré, Garbow & Hillstrom from 10 and 100 times their start, and other sizes.

    python3 -m venv /tmp/peers && /tmp/peers/bin/pip install -r bench/peers/requirements.txt
    cargo build --release --manifest-path bench/peers/rust/Cargo.toml -p minimize
    /tmp/peers/bin/python bench/minimize.py                    # all sets, and the overhead of an iteration
    /tmp/peers/bin/python bench/minimize.py --sets starts --problems wood meyer --no-overhead

What was measured goes to `bench/record/MACHINE/minimize.json`, and as text to `minimize.txt`, unless problems are
picked.
"""

import argparse
import datetime
import json
import math
import os
import pathlib
import statistics
import sys
import time

# One thread for what NumPy and SciPy calculate with; it has to be said before they are read in.
os.environ.update(OPENBLAS_NUM_THREADS="1", OMP_NUM_THREADS="1")

import numpy
import scipy.optimize

sys.path.insert(0, str(pathlib.Path(__file__).parent / "peers"))
from minimizers import MINIMIZERS, Over, versions
from turns import ROOT, Child, Ended, load, machine, record

MEMORY = 10
LIMIT = 2000

# The calls of Thalweg's methods, and the peers of the same kind.
OURS = {
    "lbfgs": ["SciPy L-BFGS-B", "argmin L-BFGS, Moré-Thuente", "argmin L-BFGS, Hager-Zhang", "PyTorch LBFGS"],
    "bfgs": ["SciPy BFGS", "argmin BFGS, Moré-Thuente", "argmin BFGS, Hager-Zhang"],
    "newton-cg": ["SciPy Newton-CG"],
    "trust-region": ["SciPy trust-ncg"],
    "conjugate-gradient": [],
    "newton": [],
    "saddle-free-newton": [],
    "levenberg-marquardt": [],
}
# What is wanted of the means, and of the overhead of an iteration: its ratio to SciPy's, and to its own traffic.
TARGETS = {("lbfgs", "SciPy L-BFGS-B"): 0.95, ("bfgs", "SciPy BFGS"): 0.95}
OVERHEAD_TARGETS = {"of SciPy": 0.5, "of memory": 1.3}
OVERHEAD_SIZE, OVERHEAD_STEPS, OVERHEAD_ROUNDS = 1_000_000, 20, 7

ARGMIN = {
    "argmin L-BFGS, Moré-Thuente": "lbfgs more-thuente",
    "argmin L-BFGS, Hager-Zhang": "lbfgs hager-zhang",
    "argmin BFGS, Moré-Thuente": "bfgs more-thuente",
    "argmin BFGS, Hager-Zhang": "bfgs hager-zhang",
}

# Sizes beside the default ones: those on which defaults were chosen, and those on which they were not.
SEEN = """rosenbrock(n=100) powell-singular(n=100) chained-rosenbrock(n=100) penalty-1(n=50) broyden-tridiagonal(n=200)
    trigonometric(n=50) discrete-boundary-value(n=50) variably-dimensioned(n=50) watson(n=12) dixon-price(n=50)
    zakharov(n=20)""".split()
UNSEEN = """rosenbrock(n=20) powell-singular(n=20) chained-rosenbrock(n=30) penalty-1(n=20) penalty-2(n=20)
    broyden-tridiagonal(n=50) broyden-banded(n=100) trigonometric(n=30) discrete-boundary-value(n=25)
    discrete-integral-equation(n=50) variably-dimensioned(n=20) watson(n=9) dixon-price(n=20) zakharov(n=12)
    brown-almost-linear(n=30) chebyquad(n=12) linear-full-rank(n=50,m=60) linear-rank-1(n=30,m=40)
    linear-rank-1-zero(n=30,m=40) quadratic(n=60) ellipsoid(n=40) sum-of-powers(n=15) trid(n=20)
    styblinski-tang(n=30) rastrigin(n=30) griewank(n=40) levy(n=30) schwefel(n=20)""".split()
MGH = """rosenbrock freudenstein-roth powell-badly-scaled brown-badly-scaled beale jennrich-sampson helical-valley bard
    gaussian meyer gulf box-3d powell-singular wood kowalik-osborne brown-dennis osborne-1 biggs-exp6 osborne-2 watson
    penalty-1 penalty-2 variably-dimensioned trigonometric brown-almost-linear discrete-boundary-value
    discrete-integral-equation broyden-tridiagonal broyden-banded linear-full-rank linear-rank-1 linear-rank-1-zero
    chebyquad""".split()


def sets(names):
    """The problems of each set: calls, and by what their start is multiplied."""
    return {
        "standard": [(call, 1) for call in [*names, *SEEN]],
        "starts": [(call, factor) for factor in (10, 100) for call in MGH],
        "sizes": [(call, 1) for call in UNSEEN],
    }


class Judge(Child):
    """The objective that counts."""

    def __init__(self):
        binary = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "bench/peers/rust/target")) / "release/minimize"
        super().__init__("minimize", [str(binary)])

    def tell(self, *words, limit=300):
        return self.ask(" ".join(words), limit)

    def ours(self, call):
        """What a method of ours takes."""
        return self.tell("thalweg", call)

    def peer(self, name, start):
        """What a peer takes."""
        if name in ARGMIN:
            return self.tell("argmin", ARGMIN[name], str(MEMORY))

        def asked(what, *vectors):
            answer = self.tell(what, *(repr(float(x)) for vector in vectors for x in vector))
            if answer["over"]:
                raise Over
            return answer

        def at(x):
            answer = asked("at", x)
            return answer["value"], numpy.array(answer["gradient"])

        def product(x, v):
            return numpy.array(asked("product", x, v)["product"])

        try:
            end = MINIMIZERS[name](start, at, product, MEMORY)
        except Over:
            end = "over"
        except (ValueError, FloatingPointError, numpy.linalg.LinAlgError) as error:
            end = str(error)
        return self.tell("result") | {"end": end}

    def least_curvature(self, x):
        """The least eigenvalue of the Hessian, as a share of the largest."""
        products = [self.tell("product", *(repr(float(x)) for x in [*x, *row]))["product"] for row in numpy.eye(len(x))]
        if not numpy.isfinite(products).all():
            return math.nan
        eigenvalues = numpy.linalg.eigvalsh(products)
        largest = max(abs(eigenvalues))
        return eigenvalues[0] / largest if largest > 0 else 0.0


def measure(judge, call, factor):
    """What each method takes on a problem."""
    methods = [*OURS, *(peer for peers in OURS.values() for peer in peers)]
    out = dict(problem=call, factor=factor, methods={})
    for name in methods:
        start = numpy.array(judge.tell("open", call, str(factor))["start"])
        try:
            answer = judge.ours(name) if name in OURS else judge.peer(name, start)
        except Ended as error:
            raise Ended(f"{call} from {factor} times its start, {name}: {error}") from None
        value, norm = answer.pop("value_and_norm")
        x = answer.pop("x")
        answer |= dict(value=float(f"{value:.9g}"), norm=float(f"{norm:.1e}"))
        if answer["solved"]:
            answer |= dict(least_curvature=float(f"{judge.least_curvature(x):.1e}"))
        out["methods"][name] = answer
    out["n"] = len(start)
    return out


def mean(ratios):
    return math.exp(statistics.fmean(map(math.log, ratios))) if ratios else math.nan


def label(row):
    return row["problem"] if row["factor"] == 1 else f"{row['problem']} from {row['factor']} x₀"


def comparison(rows, ours, peer):
    """A method of ours beside one of theirs."""
    both, end, alone, it_alone = {}, [], [], []
    for row in rows:
        a, b = row["methods"][ours], row["methods"][peer]
        if a["solved"] and b["solved"]:
            both[label(row)] = a["solved"] / b["solved"]
            end.append(max(a["solved"], a["evaluations"]) / b["solved"])
        elif a["solved"]:
            alone.append(label(row))
        elif b["solved"]:
            it_alone.append(label(row))
    return dict(
        ours=ours, peer=peer, both=len(both), mean=mean([*both.values()]), mean_to_the_end=mean(end),
        fewer=sum(ratio < 1 for ratio in both.values()), more=sum(ratio > 1 for ratio in both.values()),
        ours_alone=alone, peer_alone=it_alone,
    )


def cell(answer):
    if not answer["evaluations"]:
        return ""
    return str(answer["solved"]) if answer["solved"] else f"–{answer['norm']:.0e}"


def table(head, rows):
    """Columns as wide as what stands in them; the first one to the left."""
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    for row in [head, *rows]:
        yield "  " + "  ".join(
            word.ljust(width) if i == 0 else word.rjust(width) for i, (word, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()


def reason(row, ours, peer):
    """Why a peer did better, as far as numbers say."""
    a, b = row["methods"][ours], row["methods"][peer]
    words = []
    if not a["solved"]:
        words.append(f"ours ended with {a['end']} after {a['evaluations']}, f = {a['value']:.9g}, ‖g‖∞ = {a['norm']:.1e}")
        words.append(f"it solved f = {b['value']:.9g} after {b['solved']}")
    elif abs(a["value"] - b["value"]) > 1e-8 * max(1, abs(a["value"]), abs(b["value"])):
        words.append(f"another point: f = {a['value']:.6g} here, {b['value']:.6g} there")
    if b["least_curvature"] < -1e-8:
        words.append("its point is a saddle")
    return "; ".join(words)


def lines(name, rows):
    """A set for a reader."""
    methods = list(rows[0]["methods"])
    yield f"{name}: {len(rows)} problems"
    yield ""
    solved = {method: sum(bool(row["methods"][method]["solved"]) for row in rows) for method in methods}
    union = {label(row) for row in rows if any(row["methods"][method]["solved"] for method in methods if method not in OURS)}
    ours = {label(row) for row in rows if any(row["methods"][method]["solved"] for method in OURS)}
    yield "  solved: " + ", ".join(f"{method} {count}" for method, count in solved.items())
    yield f"  by any of ours {len(ours)}, by any peer {len(union)}; by a peer and none of ours: {', '.join(sorted(union - ours)) or 'none'}"
    yield ""
    comparisons = [comparison(rows, a, b) for a, peers in OURS.items() for b in peers]
    yield from table(
        ["ours ÷ theirs", "both solve", "mean", "to the end", "fewer", "more", "ours alone", "it alone", "wanted"],
        [
            [f"{c['ours']} ÷ {c['peer']}", str(c["both"]), f"{c['mean']:.3f}", f"{c['mean_to_the_end']:.3f}", str(c["fewer"]), str(c["more"]),
             str(len(c["ours_alone"])), str(len(c["peer_alone"])), wanted(c)]
            for c in comparisons
        ],
    )
    yield ""
    yield "  evaluations until solved; where it is not, – and the smallest ‖g‖∞; nothing where a method has not what it needs"
    yield ""
    yield from table(["", "n", *methods], [[label(row), str(row["n"]), *(cell(row["methods"][m]) for m in methods)] for row in rows])
    for c in comparisons:
        better = []
        for row in rows:
            a, b = row["methods"][c["ours"]], row["methods"][c["peer"]]
            if b["solved"] and (not a["solved"] or a["solved"] > b["solved"]):
                better.append([label(row), cell(a), cell(b), reason(row, c["ours"], c["peer"])])
        if better:
            yield ""
            yield f"  {c['peer']} took fewer than {c['ours']}:"
            yield from table(["", "ours", "it", "why, where numbers say"], better)


def wanted(c):
    target = TARGETS.get((c["ours"], c["peer"]))
    return "" if target is None else f"≤ {target}, {'met' if c['mean'] <= target else 'NOT met'}"


class ScipyOverhead:
    """Iterations of SciPy's L-BFGS-B on the objective of `overhead.rs`, without the time within that."""

    name = "SciPy"

    def __init__(self, n):
        self.h = 10.0 ** (4 * (numpy.arange(n) % 1000) / 999)
        self.start = numpy.ones(n)

    def run(self, steps):
        warm, inside, marks = MEMORY + 2, 0.0, []

        def objective(x):
            nonlocal inside
            begin = time.perf_counter()
            g = self.h * x
            value = 0.5 * float(x @ g)
            inside += time.perf_counter() - begin
            return value, g

        def callback(x):
            marks.append(time.perf_counter() - inside)

        options = dict(gtol=0, ftol=0, maxcor=MEMORY, maxiter=warm + steps, maxfun=LIMIT)
        scipy.optimize.minimize(objective, self.start, jac=True, method="L-BFGS-B", options=options, callback=callback)
        return (marks[warm + steps - 1] - marks[warm - 1]) / steps


def overhead(judge, rounds):
    """Seconds of an iteration of L-BFGS beside its objective, ours and SciPy's in turns."""
    n, steps = OVERHEAD_SIZE, OVERHEAD_STEPS
    scipy_run = ScipyOverhead(n)
    ours, theirs, traffic = [], [], []
    for _ in range(rounds):
        answer = judge.tell("overhead", str(n), str(MEMORY), str(steps))
        ours.append(answer["seconds"] / answer["steps"])
        traffic.append(answer["bytes_per_step"] / answer["bytes_per_second"])
        theirs.append(scipy_run.run(steps))
    ratio = statistics.median(a / b for a, b in zip(ours, theirs, strict=True))
    of_memory = statistics.median(a / b for a, b in zip(ours, traffic, strict=True))
    return dict(
        n=n, memory=MEMORY, rounds=rounds, threads=1, ours_ms=statistics.median(ours) * 1e3, scipy_ms=statistics.median(theirs) * 1e3,
        of_scipy=ratio, bytes_per_step=answer["bytes_per_step"], traffic_ms=statistics.median(traffic) * 1e3, of_memory=of_memory,
        gigabytes_per_second=answer["bytes_per_step"] / statistics.median(traffic) / 1e9,
        evaluations_per_step=answer["evaluations"] / steps,
    )


def overhead_lines(out):
    yield f"L-BFGS at n = {out['n']:,}, m = {out['memory']}: an iteration without the time within the objective, one thread each"
    yield ""
    yield f"  ours {out['ours_ms']:.1f} ms, SciPy {out['scipy_ms']:.1f} ms: {verdict(out['of_scipy'], OVERHEAD_TARGETS['of SciPy'])} of SciPy"
    yield (
        f"  {out['bytes_per_step'] / 1e6:.0f} MB through memory, which take {out['traffic_ms']:.1f} ms at the {out['gigabytes_per_second']:.1f} GB/s"
        f" of a product of two vectors: {verdict(out['of_memory'], OVERHEAD_TARGETS['of memory'])} of that"
    )
    yield "  the bytes are listed in bench/peers/rust/minimize/src/overhead.rs"


def verdict(ratio, target):
    return f"{ratio:.3f} (wanted ≤ {target}: {'met' if ratio <= target else 'NOT met'})"


def keep(out):
    """Puts what was measured beside what is kept for this machine."""
    path = record() / "minimize.json"
    kept = json.loads(path.read_text()) if path.exists() else {}
    kept |= out | dict(sets=kept.get("sets", {}) | out.get("sets", {}))
    path.write_text(json.dumps(kept, ensure_ascii=False).replace('{"problem"', '\n{"problem"') + "\n")
    path.with_suffix(".txt").write_text("\n".join(text(kept)) + "\n")


def text(kept):
    yield f"# bench/minimize.py on {machine()}, {kept['date']}"
    yield f"# Thalweg beside {', '.join(f'{name} {version}' for name, version in kept['versions'].items())}; m = {MEMORY}"
    for name, rows in kept.get("sets", {}).items():
        yield ""
        yield from lines(name, rows)
    if "overhead" in kept:
        yield ""
        yield from overhead_lines(kept["overhead"])


def main():
    names = ["standard", "starts", "sizes"]
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sets", nargs="*", choices=names, default=names, help="which problems; all unless told")
    parser.add_argument("--problems", nargs="+", metavar="CALL", help="only these of them, and nothing is kept")
    parser.add_argument("--rounds", type=int, default=OVERHEAD_ROUNDS, help="turns of the overhead")
    parser.add_argument("--no-overhead", action="store_true", help="evaluations alone")
    arguments = parser.parse_args()
    if arguments.rounds < 1:
        parser.error("--rounds is from 1")
    try:
        judge = Judge()
        available = sets(judge.tell("problems")["problems"])
        out = dict(date=datetime.date.today().isoformat(), versions=versions() | {"argmin": argmin_version()})
        measured = {}
        for name in arguments.sets:
            chosen = [of for of in available[name] if arguments.problems is None or of[0] in arguments.problems]
            rows = [row for call, factor in chosen if (row := row_of(judge, call, factor))]
            if rows:
                measured[name] = rows
                print("\n".join(lines(name, rows)) + "\n", flush=True)
        if measured:
            out["sets"] = measured
        if not arguments.no_overhead:
            out |= dict(load_at_start=load(), overhead=overhead(judge, arguments.rounds))
            print("\n".join(overhead_lines(out["overhead"])), flush=True)
    except Ended as error:
        sys.exit(str(error))
    if arguments.problems is None:
        keep(out)


def row_of(judge, call, factor):
    """What was measured on a problem; nothing where its start is 0, and so the same from any multiple of it."""
    if factor != 1 and not any(judge.tell("open", call, "1")["start"]):
        return None
    return measure(judge, call, factor)


def argmin_version():
    lock = (ROOT / "bench/peers/rust/Cargo.lock").read_text()
    return lock.split('name = "argmin"\nversion = "')[1].split('"')[0]


if __name__ == "__main__":
    main()
