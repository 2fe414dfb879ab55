#!/usr/bin/env python3
"""A step of an optimizer on the same machine at the same time: Thalweg and PyTorch, optax, Candle and Burn.

All run as children of this script and take turns, block by block, so that all see the same noise of a
shared machine. Parameters are random, the gradient is random and fixed, and a step is the optimizer's
alone. Printed for each case are nanoseconds per parameter, the median of the ratios of blocks that stand
side by side, and whether the target is met: Thalweg's time over that of PyTorch's fastest variant, or
over that of Thalweg's own f32 where only bytes are saved.

    python3 -m venv /tmp/peers && /tmp/peers/bin/pip install -r bench/peers/requirements.txt
    cargo build --release --manifest-path bench/peers/rust/Cargo.toml
    /tmp/peers/bin/python bench/optimizer_step.py
    /tmp/peers/bin/python bench/optimizer_step.py --only adamw-25m lion --peers torch --quick

The limit of a rule that looks at each parameter alone is memory: bytes that a step must move, over the
bandwidth. In f32, reads and writes of a parameter and of each slot and one read of the gradient are

    RMSProp, Lion                 4 (1 + 2·1 + 2) = 20 bytes per parameter
    AdamW, NAdam, AdaDelta        4 (1 + 2·2 + 2) = 28
    AdamW, global norm clipped    28 + 4 = 32: the norm is known only after a pass over the gradient
    AdamW with slots of 8 bits    4 (1 + 2) + 2·2 = 16
    AdamW, all of it in bf16      2 (1 + 2·2 + 2) = 14

and the bandwidth is measured beside it, as sweeps that read and write as many bytes (`of sweep`). Where
all fits into a cache the limit is arithmetic, and with many small tensors what a tensor costs.

The limit of Muon and SOAP is products. Of n × n matrices, each 2n³ FLOP or half of that where the result
is symmetric, Muon's five iterations need 15, so 30n³, or 20n³ by symmetry. SOAP needs two to turn the
gradient, two to turn the step back and two symmetric ones for the factors, so 10n³, and every ten steps
power iteration and QR of both factors, about 2 (2 + 8/3) n³ / 10 = 0.9n³.
"""

import argparse
import dataclasses
import json
import statistics
import sys

from turns import ROOT, Ended, build, load, median_ratio, started, target

BLOCKS, BLOCK_SECONDS = 21, 0.2
QUICK_BLOCKS, QUICK_SECONDS = 5, 0.05
# PyTorch's compiler and XLA take minutes for a thousand tensors.
FIRST_ANSWER_SECONDS = 400
PEERS = ("torch", "optax", "candle", "burn")


@dataclasses.dataclass(frozen=True)
class Case:
    """One row of the comparison."""

    name: str
    ours: str
    """The call of the optimizer for Thalweg, and its flags."""
    size: tuple
    """Flags for the tensors, which all programs understand."""
    target: float
    """The highest ratio that meets the target."""
    flags: tuple = ()
    bytes: float = 0
    """Bytes per parameter that a step must move; 0 where they are not the limit."""
    over_f32: str = ""
    """The call of Thalweg's own in f32 that the target is over, if it is not over PyTorch."""
    sweep: float = 0
    """The part of the sweep's bandwidth that has to be reached."""
    torch: tuple = ()
    """The optimizer for PyTorch and its variants."""
    torch_flags: tuple = ()
    beside: tuple = ()
    """Variants of PyTorch that are timed but are not what the target is over."""
    optax: str = ""
    candle: str = ""
    burn: str = ""
    period: int = 1
    """Steps after which the work repeats: a block is a multiple of it."""

    def parameters(self):
        flag, value, _, tensors = self.size
        if flag == "--params":
            return int(value)
        rows, columns = value.split("x")
        return int(rows) * int(columns) * int(tensors)


def flat(parameters, tensors):
    return "--params", str(parameters), "--tensors", str(tensors)


LARGE, MATRICES = flat(25_000_000, 50), ("--shape", "1024x1024", "--tensors", "4")
SINGLE_PASS = ("default", "foreach", "fused")
MANY_PASSES = ("default", "foreach")
# The compiler makes one pass of many too, at the price of seconds to minutes before the first step.
COMPILED = ("compiled",)


def adamw(name, size, **rest):
    return Case(name, "adamw(lr=1e-3)", size, bytes=28, optax="adamw", candle="adamw", burn="adamw", **rest)


CASES = [
    adamw("adamw-25m", LARGE, target=0.97, sweep=0.90, torch=("adamw", *SINGLE_PASS),
          beside=COMPILED),
    adamw("adamw-1m", flat(1_000_000, 10), target=0.70, torch=("adamw", *SINGLE_PASS)),
    adamw("adamw-100k", flat(100_000, 10), target=0.30, torch=("adamw", *SINGLE_PASS)),
    adamw("adamw-100k-1000", flat(100_000, 1000), target=0.05, torch=("adamw", *SINGLE_PASS)),
    Case("rmsprop-25m", "rmsprop", LARGE, 0.45, bytes=20, torch=("rmsprop", *MANY_PASSES), beside=COMPILED, optax="rmsprop",
         burn="rmsprop"),
    Case("nadam-25m", "nadam", LARGE, 0.45, bytes=28, torch=("nadam", *MANY_PASSES), beside=COMPILED, optax="nadam"),
    Case("adadelta-25m", "adadelta", LARGE, 0.45, bytes=28, torch=("adadelta", *MANY_PASSES), beside=COMPILED, optax="adadelta"),
    Case("lion-25m", "lion", LARGE, 0.45, bytes=20, torch=("lion", *MANY_PASSES), beside=COMPILED, optax="lion", burn="lion"),
    Case("clip-25m", "adamw(clip_global_norm=1)", LARGE, 0.75, bytes=32, torch=("clip+adamw", *SINGLE_PASS), beside=COMPILED,
         optax="clip+adamw"),
    Case("int8-25m", "adamw(lr=1e-3, slots=int8)", LARGE, 0.75, bytes=16, over_f32="adamw(lr=1e-3)"),
    Case("bf16-25m", "adamw(lr=1e-3, slots=bf16, rounding=stochastic)", LARGE, 0.65,
         flags=("--dtype", "bf16"), bytes=14, over_f32="adamw(lr=1e-3)", torch=("adamw", *SINGLE_PASS), torch_flags=("--dtype", "bf16")),
    # What PyTorch ships iterates in bf16, so it is no measure of the same work.
    Case("muon-4x1024", "muon", MATRICES, 0.80, torch=("muon", "default"), beside=("compiled", "builtin"),
         optax="muon", burn="muon"),
    Case("soap-4x1024", "soap", MATRICES, 1.00, torch=("soap", "default"), beside=("rotated",), period=10),
]


def programs(case, thalweg, peers, threads):
    """The name and command of each program of a case; Thalweg's own come first."""
    size = [*case.size, "--threads", str(threads)]
    step = [thalweg, "bench", "step", "--serve", *size, "--optimizer"]
    yield "thalweg", [*step, case.ours, *case.flags], {}
    if case.over_f32:
        yield "thalweg f32", [*step, case.over_f32], {}
    if "torch" in peers and case.torch:
        optimizer, *variants = case.torch
        for variant in [*variants, *case.beside]:
            command = [sys.executable, "bench/peers/torch_step.py", *size, *case.torch_flags]
            yield f"torch {variant}", [*command, "--optimizer", optimizer, "--variant", variant], {}
    if "optax" in peers and case.optax:
        yield "optax", [sys.executable, "bench/peers/optax_step.py", *size, "--optimizer", case.optax], {}
    for peer in ("candle", "burn"):
        if peer in peers and (optimizer := getattr(case, peer)):
            command = [str(ROOT / f"bench/peers/rust/target/release/{peer}_step"), *case.size]
            pools = {"RAYON_NUM_THREADS": str(threads), "CANDLE_NUM_THREADS": str(threads)}
            yield peer, [*command, "--optimizer", optimizer], pools


def measure(case, thalweg, peers, threads, blocks, seconds):
    """Runs a case and returns what a row of JSON holds."""
    children, missing = [], []
    for name, command, environment in programs(case, thalweg, peers, threads):
        try:
            children.append(started(name, command, environment, seconds, case.period, FIRST_ANSWER_SECONDS))
        except Ended as error:
            missing.append(str(error))
    times, sweeps = {child.name: [] for child, _ in children}, []
    # Seconds for each block of steps of a whole period are long; a third of the blocks is enough.
    blocks = blocks if case.bytes else max(3, blocks // 3)
    try:
        for _ in range(blocks):
            for child, steps in children:
                times[child.name].append(child.go(steps))
                if child.name == "thalweg" and case.bytes:
                    sweeps.append(child.sweep(steps))
    finally:
        for child, _ in children:
            child.close()
    return row(case, threads, times, sweeps, missing)


def row(case, threads, times, sweeps, missing):
    """The numbers of a case."""
    ns = {name: statistics.median(of) * 1e9 / case.parameters() for name, of in times.items()}
    out = dict(case=case.name, optimizer=case.ours, threads=threads, parameters=case.parameters(),
               bytes_per_parameter=case.bytes or None, ns_per_parameter=ns,
               ns_per_parameter_at_best={name: min(of) * 1e9 / case.parameters() for name, of in times.items()},
               target=case.target, missing=missing)
    if case.over_f32:
        over = "thalweg f32"
    else:
        counted = [name for name in ns if name.startswith("torch") and name.split()[1] not in case.beside]
        over = min(counted, key=ns.get, default=None)
    out["target_over"] = over
    if "thalweg" not in times:
        return out
    ours = times["thalweg"]
    out["ours_over"] = {name: median_ratio(ours, of) for name, of in times.items() if name != "thalweg"}
    if case.bytes:
        out["gb_per_s"] = case.bytes / ns["thalweg"]
        out["of_sweep"] = median_ratio(sweeps, ours)
    if over in out["ours_over"]:
        out["met"] = out["ours_over"][over] <= case.target and out.get("of_sweep", 1) >= case.sweep
    return out


def show(out, sweep_target):
    """A case for a reader."""
    print(f"\n{out['case']}: {out['optimizer']}, {out['parameters']:,} parameters, {out['threads']} threads")
    for name, ns in out["ns_per_parameter"].items():
        line = f"  {name:14} {ns:9.3f} ns/parameter"
        if name == "thalweg" and "gb_per_s" in out:
            line += f"  {out['gb_per_s']:6.1f} GB/s, {out['of_sweep']:.0%} of sweep"
        elif name in out.get("ours_over", {}):
            line += f"  ours ÷ it {out['ours_over'][name]:6.3f}"
        print(line)
    for line in out["missing"]:
        print(f"  missing: {line}")
    if "met" in out:
        ratio = out["ours_over"][out["target_over"]]
        wanted = f"≤ {out['target']:.2f} of {out['target_over']}"
        wanted += f" and ≥ {sweep_target:.0%} of sweep" if sweep_target else ""
        print(f"  target {'met' if out['met'] else 'NOT met'}: {ratio:.3f}, wanted {wanted}")
    sys.stdout.flush()


def main():
    names = [case.name for case in CASES]
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=names, default=names, metavar="CASE",
                        help=f"of {', '.join(names)}")
    parser.add_argument("--peers", default=",".join(PEERS), help=f"of {','.join(PEERS)}, with commas")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--blocks", type=int, help=f"of each program; {BLOCKS} unless told")
    parser.add_argument("--quick", action="store_true", help="few short blocks: a look, not a measurement")
    parser.add_argument("--json", action="store_true", help="one JSON object per case and line")
    parser.add_argument("--no-build", action="store_true", help="take the thalweg that is built")
    arguments = parser.parse_args()
    peers = [peer for peer in arguments.peers.split(",") if peer]
    if unknown := set(peers) - set(PEERS):
        parser.error(f"no peer {', '.join(sorted(unknown))}; there are {', '.join(PEERS)}")
    if arguments.threads < 1 or (arguments.blocks is not None and arguments.blocks < 1):
        parser.error("--threads and --blocks are from 1")
    thalweg = str(target() / "release/thalweg") if arguments.no_build else build()
    seconds = QUICK_SECONDS if arguments.quick else BLOCK_SECONDS
    blocks = arguments.blocks or (QUICK_BLOCKS if arguments.quick else BLOCKS)
    load_at_start = load()
    complete = True
    for case in CASES:
        if case.name not in arguments.only:
            continue
        try:
            out = measure(case, thalweg, peers, arguments.threads, blocks, seconds)
        except Ended as error:
            print(f"{case.name} was given up: {error}", file=sys.stderr)
            complete = False
            continue
        out["load_at_start"] = load_at_start
        complete &= "thalweg" in out["ns_per_parameter"]
        if arguments.json:
            print(json.dumps(out), flush=True)
        else:
            show(out, case.sweep)
    sys.exit(0 if complete else "Thalweg itself could not be measured in every case")


if __name__ == "__main__":
    main()
