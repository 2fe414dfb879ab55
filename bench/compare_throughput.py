#!/usr/bin/env python3
"""The main job on the same machine at the same time: `thalweg compare` and the same trials in PyTorch.

The job is that of `thalweg` by itself: the contenders of `crates/cli/experiments/lecture.toml` with all seeds,
each trained for all epochs and measured on both sets after each. Thalweg runs trials side by side, PyTorch one
after another on all threads. Both take turns, run by run. Printed are examples that were trained on per second,
over all trials; Thalweg's seconds are those of the whole command, from its start to the finished report, and
PyTorch's those of its loops, without the start of Python.

    /tmp/peers/bin/python bench/compare_throughput.py
    /tmp/peers/bin/python bench/compare_throughput.py --rounds 9 --torch-epochs 30
    /tmp/peers/bin/python bench/compare_throughput.py --quick

The rate of PyTorch is the same after few epochs as after all, so that it is given few. What was measured is
added to `bench/record/MACHINE/compare_throughput.txt`; a quick look is not kept.
"""

import argparse
import datetime
import os
import statistics
import subprocess
import sys
import tempfile
import time
import tomllib

from turns import ROOT, Child, Ended, build, load, machine, median_ratio, record, target

ROUNDS, TORCH_EPOCHS = 5, 3
LECTURE = ROOT / "crates/cli/experiments/lecture.toml"
TARGET = 3.0


def ours(thalweg, epochs):
    """The seconds of the whole command."""
    with tempfile.TemporaryDirectory() as folder:
        command = [thalweg, "compare", "--epochs", str(epochs), "--out", f"{folder}/run", "--json"]
        start = time.perf_counter()
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
        seconds = time.perf_counter() - start
    if done.returncode:
        raise Ended(f"thalweg: {done.stderr.strip().splitlines()[-1]}")
    return seconds


def measure(thalweg, rounds, epochs, torch_epochs, threads):
    """Examples per second of both, round by round."""
    experiment = tomllib.loads(LECTURE.read_text())
    torch = Child("torch", [sys.executable, "bench/peers/torch_trials.py", "--threads", str(threads)])
    rates, torch_rates = [], []
    try:
        # Warms up, and tells how many examples there are.
        torch.go(1)
        examples = torch.about()["examples_per_step"]
        for _ in range(rounds):
            rates.append(examples * len(experiment["seeds"]) * epochs / ours(thalweg, epochs))
            torch_rates.append(examples / torch.go(torch_epochs))
        about = torch.about()
    finally:
        torch.close()
    return rates, torch_rates, about


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, help=f"runs of each program; {ROUNDS} unless told")
    parser.add_argument("--epochs", type=int, help="of Thalweg's trials; those of the experiment unless told")
    parser.add_argument("--torch-epochs", type=int, default=TORCH_EPOCHS, help="of PyTorch's trials, all contenders with one seed")
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="of PyTorch")
    parser.add_argument("--quick", action="store_true", help="a round of few epochs: a look, not a measurement")
    parser.add_argument("--no-build", action="store_true", help="take the thalweg that is built")
    arguments = parser.parse_args()
    rounds = arguments.rounds or (1 if arguments.quick else ROUNDS)
    epochs = arguments.epochs or (2 if arguments.quick else tomllib.loads(LECTURE.read_text())["epochs"])
    torch_epochs = 1 if arguments.quick else arguments.torch_epochs
    if min(rounds, epochs, torch_epochs, arguments.threads) < 1:
        parser.error("--rounds, --epochs, --torch-epochs and --threads are from 1")
    thalweg = str(target() / "release/thalweg") if arguments.no_build else build()
    load_at_start = load()
    rates, torch_rates, about = measure(thalweg, rounds, epochs, torch_epochs, arguments.threads)
    ratio = median_ratio(rates, torch_rates)
    text = f"""\
{datetime.date.today().isoformat()}, {machine()}, load {load_at_start:.1f}, {rounds} rounds, {epochs} and {torch_epochs} epochs
  thalweg compare   {statistics.median(rates):10,.0f} examples/s
  torch {about['version']:10}  {statistics.median(torch_rates):10,.0f} examples/s
  target {'met' if ratio >= TARGET else 'NOT met'}: {ratio:.2f} times as many, wanted ≥ {TARGET:.1f}
"""
    print(text, end="")
    if not arguments.quick:
        with (record() / "compare_throughput.txt").open("a") as kept:
            kept.write(text)


if __name__ == "__main__":
    try:
        main()
    except Ended as error:
        sys.exit(str(error))
