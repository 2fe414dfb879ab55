#!/usr/bin/env python3
"""A training step on the same machine at the same time: Thalweg, PyTorch and JAX.

All run as children of this script and take turns, block by block, so that all see the same noise of a
shared machine. A step is a whole one: gather a batch from memory, forward, backward, optimizer, in f32, on
the same data. Printed for each case are

    ms/step       the median over the rounds
    ours ÷ it     the median of the ratios of blocks that stand side by side
    of peak       FLOPs of the step, as Thalweg counts them, by the time, over those of a large product in
                  PyTorch that takes turns with the rest; where Thalweg tells FLOPs
    memory        how far the resident memory grew from when the data were there to its highest, compilers
                  included; each program is a process of its own
    step          what tensors of a step hold at most above what is there before it, where a peer tells

and the ratio of the medians of Thalweg and of the fastest peer, with what is wanted.

    python3 -m venv /tmp/peers && /tmp/peers/bin/pip install -r bench/peers/requirements.txt
    /tmp/peers/bin/python bench/training_step.py
    /tmp/peers/bin/python bench/training_step.py --cases mlp-128x2-b32 char-gpt --rounds 9
    /tmp/peers/bin/python bench/training_step.py --quick

What was measured goes to `bench/record/MACHINE/training_step.json`, where a case takes the place of its older
self, and the whole file as text to `training_step.txt`. A quick look is not kept.
"""

import argparse
import dataclasses
import datetime
import json
import statistics
import sys

from turns import Ended, alternate, build, load, machine, median_ratio, record, started, target

ROUNDS, BLOCK_SECONDS = 15, 0.3
QUICK_ROUNDS, QUICK_SECONDS = 3, 0.02
# Compilers take minutes for the larger networks.
FIRST_ANSWER_SECONDS = 600


@dataclasses.dataclass(frozen=True)
class Case:
    """One row of the comparison."""

    name: str
    task: str
    """The call of the task, which all programs understand."""
    batch: int
    optimizer: str = "adam(lr=1e-5)"
    """The call of the optimizer, which all programs understand. The rate is low, so that the cost does not fall
    to nothing within a run: numbers too small to be normal take a processor many times as long."""
    target: float = 1.0
    """The highest ratio to the fastest peer that is wanted."""

    def flags(self, threads):
        return ["--task", self.task, "--batch", str(self.batch), "--optimizer", self.optimizer, "--threads", str(threads)]

    def reads_text(self):
        return self.task.startswith("char-")

    def has_images(self):
        """Whether PyTorch may lay out its values in more than one way."""
        return self.task.startswith("fashion-2c2d")


CASES = [
    Case("softmax-b128", "fashion-softmax", 128, target=0.35),
    Case("mlp-128-b64-sgd", "fashion-mlp", 64, "sgd(lr=1e-3)"),
    Case("mlp-128-b64", "fashion-mlp", 64),
    Case("mlp-128x2-b32", "fashion-mlp(hidden=128,layers=2)", 32, target=0.35),
    Case("mlp-128x2-b128", "fashion-mlp(hidden=128,layers=2)", 128, target=0.55),
    Case("mlp-512x2-b128", "fashion-mlp(hidden=512,layers=2)", 128, "adamw(lr=1e-5)", target=0.75),
    Case("mlp-1024x2-b256", "fashion-mlp(hidden=1024,layers=2)", 256, target=0.92),
    Case("2c2d-b128", "fashion-2c2d", 128, target=0.9),
    Case("char-lstm-b50", "char-lstm", 50, target=0.75),
    Case("char-gpt-b32", "char-gpt", 32, target=0.75),
]


def peers(case, threads, text):
    """The name and command of each peer of a case."""
    flags = case.flags(threads) + (["--text", text] if text and case.reads_text() else [])
    torch = [sys.executable, "bench/peers/torch_networks.py", *flags]
    for variant in ("eager", "compiled", "functional"):
        yield f"torch {variant}", [*torch, "--variant", variant]
        if case.has_images():
            yield f"torch {variant}, channels last", [*torch, "--variant", variant, "--channels-last"]
    yield "jax", [sys.executable, "bench/peers/jax_networks.py", *flags]


def measure(case, thalweg, arguments, rounds, seconds):
    """Runs a case and returns what is kept of it."""
    threads = arguments.threads
    warm = (seconds, 1, FIRST_ANSWER_SECONDS)
    ours = [thalweg, "bench", "train", "--serve", *case.flags(threads)]
    children, missing = [started("thalweg", ours, {}, *warm)], []
    product = [sys.executable, "bench/peers/torch_product.py", "--threads", str(threads)]
    try:
        for name, command in [("product", product), *peers(case, threads, arguments.text)]:
            try:
                children.append(started(name, command, {}, *warm))
            except Ended as error:
                missing.append(str(error))
        times = alternate(children, rounds)
        abouts = {child.name: child.about() for child, _ in children}
    finally:
        for child, _ in children:
            child.close()
    return row(case, threads, times, abouts, missing)


def row(case, threads, times, abouts, missing):
    """The numbers of a case."""
    peak = None
    if seconds := times.pop("product", None):
        peak = abouts.pop("product")["flops_per_step"] / statistics.median(seconds)
    flops = abouts["thalweg"].get("flops_per_step")
    programs = {}
    for name, of in times.items():
        step = statistics.median(of)
        programs[name] = dict(
            abouts[name], step_ms=step * 1e3, step_ms_at_best=min(of) * 1e3, ours_over_it=median_ratio(times["thalweg"], of)
        )
        if flops:
            programs[name] |= dict(flops_per_second=flops / step)
            programs[name] |= dict(of_peak=flops / step / peak) if peak else {}
    out = dict(
        case=case.name, date=datetime.date.today().isoformat(), task=case.task, batch=case.batch,
        optimizer=case.optimizer, threads=threads, rounds=len(times["thalweg"]),
        peak_flops_per_second=peak, flops_per_step=flops, programs=programs, missing=missing, target=case.target,
    )
    if fastest := min((name for name in programs if name != "thalweg"), key=lambda name: programs[name]["step_ms"], default=None):
        ratio = programs["thalweg"]["step_ms"] / programs[fastest]["step_ms"]
        out |= dict(fastest_peer=fastest, ratio=ratio, met=ratio <= case.target)
    return out


def mib(count):
    return f"{count / 2**20:9.1f}" if count is not None else f"{'':9}"


def lines(out):
    """A case for a reader."""
    yield f"{out['case']}: {out['task']}, batch {out['batch']}, {out['optimizer']}, {out['threads']} threads; {out['date']}, load {out['load_at_start']:.1f}"
    if out["flops_per_step"]:
        yield f"  {out['flops_per_step'] / 1e6:.1f} MFLOP a step"
    if out["peak_flops_per_second"]:
        yield f"  a large product has {out['peak_flops_per_second'] / 1e9:.0f} GFLOP/s"
    labels = {name: " ".join([name, *filter(None, [of.get("version")])]) for name, of in out["programs"].items()}
    width = max(map(len, labels.values()))
    yield f"  {'':{width}} {'ms/step':>9} {'ours ÷ it':>9} {'of peak':>7} {'memory MiB':>10} {'step MiB':>9}"
    for name, of in out["programs"].items():
        share = f"{of['of_peak']:7.0%}" if "of_peak" in of else f"{'':7}"
        yield f"  {labels[name]:{width}} {of['step_ms']:9.3f} {of['ours_over_it']:9.3f} {share}  {mib(of['memory_bytes'])} {mib(of.get('step_bytes'))}"
    counts = {name: of["parameters"] for name, of in out["programs"].items()}
    # PyTorch's LSTM adds two biases, which is no other network.
    if max(counts.values()) > 1.01 * min(counts.values()):
        yield f"  these are not the same networks: {counts} parameters"
    for line in out["missing"]:
        yield f"  missing: {line}"
    if "ratio" in out:
        verdict = "met" if out["met"] else "NOT met"
        yield f"  target {verdict}: {out['ratio']:.3f} of {out['fastest_peer']} by medians, wanted ≤ {out['target']:.2f}"
        memory = {name: of["memory_bytes"] for name, of in out["programs"].items()}
        if ours := memory.pop("thalweg"):
            least = min(memory, key=memory.get)
            yield f"  memory: {ours / memory[least]:.3f} of {least}, which took the least"


def keep(out):
    """Puts a case among those that are kept for this machine."""
    path = record() / "training_step.json"
    kept = json.loads(path.read_text()) if path.exists() else {}
    kept[out["case"]] = out
    order = [case.name for case in CASES]
    kept = {name: kept[name] for name in order if name in kept}
    path.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n")
    head = f"# bench/training_step.py on {machine()}\n"
    text = "\n".join("\n".join(lines(of)) + "\n" for of in kept.values())
    path.with_suffix(".txt").write_text(f"{head}\n{text}")


def main():
    names = [case.name for case in CASES]
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", nargs="+", choices=names, default=names, metavar="CASE", help=f"of {', '.join(names)}")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, help=f"blocks of each program; {ROUNDS} unless told")
    parser.add_argument("--quick", action="store_true", help="few short blocks: a look, not a measurement")
    parser.add_argument("--text", metavar="FILE", help="the text of char-lstm and char-gpt for peers, plain or gzipped")
    parser.add_argument("--no-build", action="store_true", help="take the thalweg that is built")
    arguments = parser.parse_args()
    if arguments.threads < 1 or (arguments.rounds is not None and arguments.rounds < 1):
        parser.error("--threads and --rounds are from 1")
    thalweg = str(target() / "release/thalweg") if arguments.no_build else build()
    rounds = arguments.rounds or (QUICK_ROUNDS if arguments.quick else ROUNDS)
    seconds = QUICK_SECONDS if arguments.quick else BLOCK_SECONDS
    load_at_start, measured = load(), 0
    for case in CASES:
        if case.name not in arguments.cases:
            continue
        try:
            out = measure(case, thalweg, arguments, rounds, seconds)
        except Ended as error:
            print(f"{case.name}: skipped: {error}\n", flush=True)
            continue
        measured += 1
        out["load_at_start"] = load_at_start
        print("\n".join(lines(out)) + "\n", flush=True)
        if not arguments.quick:
            keep(out)
    sys.exit(0 if measured else "no case could be measured")


if __name__ == "__main__":
    main()
