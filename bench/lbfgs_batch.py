#!/usr/bin/env python3
"""L-BFGS in full batch and in minibatch, beside momentum and Adam: what each takes to a target, and how it fails.

Every trial is one of `thalweg compare`, on embedded data. Told are, at the end of the first epoch at which J on the
training set is at most the target:

    passes       evaluations × examples of a batch / examples: what was gone through, forwards and backwards
    evaluations  runs forwards and backwards: one for a step of momentum or Adam, one or more for a search
    seconds      of training, on one thread, without measuring

and, after the last epoch, J on the training set, P on the test set, and the share of searches that found nothing
lower along their direction. A number is the median over the seeds; `of` says how many seeds reached the target.

Rates are tuned: of those in RATES the one with the fewest passes to the target, or, where none reaches it, with the
lowest J at the end, on seeds that the comparison does not use. L-BFGS has its defaults. `--tune` shows how.

    python3 bench/lbfgs_batch.py                               # all cases
    python3 bench/lbfgs_batch.py --tune                        # which rates are the best
    python3 bench/lbfgs_batch.py --only fashion-mlp --seeds 3  # cases whose name begins so

What was measured is added to `bench/record/MACHINE/lbfgs_batch.txt` with `--keep`.
"""

import argparse
import datetime
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile

from turns import build, load, machine, record, target

# The case: task, batch, J to reach, epochs of momentum and Adam, epochs of L-BFGS (None: not compared there).
CASES = {
    "digits-softmax full": ("digits-softmax", "full", 0.05, 2000, 60),
    "digits-softmax 256": ("digits-softmax", "256", 0.05, 400, 40),
    "digits-softmax 64": ("digits-softmax", "64", 0.05, 100, 40),
    "fashion-mlp full": ("fashion-mlp", "full", 0.1, 250, 220),
    "fashion-mlp 512": ("fashion-mlp", "512", 0.25, 40, 20),
    "fashion-mlp 64": ("fashion-mlp", "64", 0.25, 15, 8),
}
EXAMPLES = {"digits-softmax": 1437, "fashion-mlp": 5000}
RATES = {"momentum": (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0), "adam": (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0)}
# What --tune found, for the cases in their order.
TUNED = {
    "momentum": (3.0, 3.0, 1.0, 0.3, 0.1, 0.03),
    "adam": (0.3, 0.3, 0.3, 0.003, 0.01, 0.01),
}
TUNING_SEEDS = 2
SEARCHES = (
    "lbfgs",
    "lbfgs(memory=3)",
    "lbfgs(search=backtracking)",
)


def trials(thalweg, case, optimizer, seeds):
    """The epochs of each seed, as events."""
    task, batch, _, epochs, of_lbfgs = CASES[case]
    epochs = of_lbfgs if optimizer.startswith("lbfgs") else epochs
    with tempfile.TemporaryDirectory() as folder:
        run = pathlib.Path(folder) / "run"
        experiment = pathlib.Path(folder) / "experiment.toml"
        experiment.write_text(
            f'task = "{task}"\ndata = "embedded"\nepochs = {epochs}\nbatch = {batch if batch != "full" else json.dumps(batch)}\n'
            f"seeds = {seeds}\n\n[[contender]]\noptimizer = \"{optimizer}\"\n"
        )
        command = [thalweg, "compare", str(experiment), "--out", str(run), "--threads", "1", "--json"]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
        if not run.joinpath("events.jsonl").exists():
            sys.exit(done.stderr.strip().splitlines()[-1])
        events = [json.loads(line) for line in run.joinpath("events.jsonl").read_text().splitlines()]
    of = {seed: [] for seed in seeds}
    for event in events:
        if event["event"] == "epoch":
            of[event["seed"]].append(event)
    return list(of.values())


def outcome(case, epochs):
    """What one seed took, and where it ended."""
    task, batch, goal, *_ = CASES[case]
    size = EXAMPLES[task] if batch == "full" else int(batch)
    last = epochs[-1]
    reached = next((e for e in epochs if (e["train"]["j"] or 1e9) <= goal), None)
    j = [e["train"]["j"] for e in epochs if e["train"]["j"] is not None]
    return {
        "passes": reached and reached["evaluations"] * size / EXAMPLES[task],
        "evaluations": reached and reached["evaluations"],
        "seconds": reached and reached["seconds"],
        "j": last["train"]["j"] or float("inf"),
        "worst": max(j[1:]) if len(j) > 1 else float("inf"),
        "p": last["test"]["p"] or 0.0,
        "failed": last.get("failed_searches", 0) / max(1, last["step"]),
    }


def median(outcomes, what):
    values = [outcome[what] for outcome in outcomes if outcome[what] is not None]
    return statistics.median(values) if values else None


def tune(thalweg, names):
    for case in names:
        for optimizer, rates in RATES.items():
            found = []
            for rate in rates:
                seeds = list(range(101, 101 + TUNING_SEEDS))
                outcomes = [outcome(case, epochs) for epochs in trials(thalweg, case, f"{optimizer}(lr={rate})", seeds)]
                all_reach = all(outcome["passes"] is not None for outcome in outcomes)
                found.append((median(outcomes, "passes") if all_reach else None, median(outcomes, "j"), rate))
            best = min(found, key=lambda row: (row[0] is None, row[0] or 0, row[1]))
            shown = ", ".join(f"{rate}: {passes and round(passes, 1)} (J {j:.3g})" for passes, j, rate in found)
            print(f"{case:22} {optimizer:9} best {best[2]:<6}  passes by rate: {shown}", flush=True)


def number(x, digits):
    return "–" if x is None else f"{x:,.{digits}f}"


def measure(thalweg, names, seeds):
    lines = []
    for case in names:
        task, batch, goal, *_ = CASES[case]
        place = list(CASES).index(case)
        lines.append(f"\n{task}, batch {batch}, to J ≤ {goal} on the training set, {seeds} seeds")
        lines.append(
            f"  {'optimizer':28} {'of':>5} {'passes':>9} {'evaluations':>12} {'seconds':>9} {'J at end':>10}"
            f" {'J at most':>10} {'test P':>8} {'failed':>8}"
        )
        rules = [f"{rule}(lr={rates[place]})" for rule, rates in TUNED.items()]
        for optimizer in [*rules, *(SEARCHES if batch != "full" else SEARCHES[:1])]:
            outcomes = [outcome(case, epochs) for epochs in trials(thalweg, case, optimizer, list(range(1, seeds + 1)))]
            reached = sum(outcome["passes"] is not None for outcome in outcomes)
            failed = f"{100 * median(outcomes, 'failed'):.1f} %" if optimizer.startswith("lbfgs") else ""
            lines.append(
                f"  {optimizer:28} {reached:>3}/{seeds} {number(median(outcomes, 'passes'), 1):>8}"
                f" {number(median(outcomes, 'evaluations'), 0):>12} {number(median(outcomes, 'seconds'), 3):>9}"
                f" {median(outcomes, 'j'):>10.3g} {median(outcomes, 'worst'):>10.3g} {100 * median(outcomes, 'p'):>6.2f} %"
                f" {failed:>8}"
            )
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="", help="the cases whose name begins so")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--tune", action="store_true", help="look for the best rates instead")
    parser.add_argument("--no-build", action="store_true", help="take the thalweg that is built")
    parser.add_argument("--keep", action="store_true", help="add what was measured to the record")
    arguments = parser.parse_args()
    names = [case for case in CASES if case.startswith(arguments.only)]
    if not names or arguments.seeds < 1:
        parser.error(f"cases are {', '.join(CASES)}; --seeds is from 1")
    thalweg = str(target() / "release/thalweg") if arguments.no_build else build()
    if arguments.tune:
        return tune(thalweg, names)
    head = f"{datetime.date.today().isoformat()}, {machine()}, load {load():.1f}"
    text = head + measure(thalweg, names, arguments.seeds)
    print(text, end="")
    if arguments.keep:
        with (record() / "lbfgs_batch.txt").open("a") as kept:
            kept.write(text + "\n")


if __name__ == "__main__":
    main()
