#!/usr/bin/env python3
"""A training step of 784-128-10 on the same machine at the same time: Thalweg and PyTorch eager.

Both run as children of this script and take turns, block by block, so that both see the same noise of a
shared machine. Printed is the median time of a step for each, and the median of the ratios of blocks
that stand side by side. A step is a whole one: gather the batch, forward, backward, optimizer.

    python3 -m venv /tmp/peers && /tmp/peers/bin/pip install -r bench/peers/requirements.txt
    /tmp/peers/bin/python bench/train_step.py

The limit: forward and backward multiply by 101,770 weights, two FLOPs each, forward once and backward
twice but for the gradient by the pictures, which nobody needs. At batch 64 that is 26 MFLOP, or 0.07 ms
on two cores at 380 GFLOP/s and 0.14 ms on one.
"""

import argparse
import json
import statistics
import sys

from turns import Child, Ended, build, median_ratio, target

BLOCKS, STEPS, WARM_UP = 31, 100, 300


def ours(optimizer, batch, threads):
    command = [str(target() / "release/thalweg"), "bench", "train", "--serve"]
    command += ["--optimizer", optimizer, "--batch", str(batch), "--threads", str(threads)]
    return Child("thalweg", command)


def torch(optimizer, batch, threads, variant):
    command = [sys.executable, "bench/peers/torch_mlp.py", "--serve", "--optimizer", optimizer]
    command += ["--batch", str(batch), "--threads", str(threads)]
    command += [f"--{variant}"] if variant != "default" else []
    return Child(f"torch {variant}", command)


def compare(optimizer, batch, ours_threads, torch_threads):
    children = [ours(optimizer, batch, ours_threads)]
    children += [torch(optimizer, batch, torch_threads, v) for v in ("default", "foreach", "fused")]
    for child in children:
        child.go(WARM_UP)
    times = list(zip(*([child.go(STEPS) for child in children] for _ in range(BLOCKS))))
    for child in children:
        child.close()
    rows = []
    for index, child in enumerate(children):
        step = statistics.median(times[index])
        ratio = median_ratio(times[0], times[index])
        threads = ours_threads if index == 0 else torch_threads
        rows.append(
            dict(optimizer=optimizer, batch=batch, name=child.name, threads=threads,
                 step_us=step * 1e6, ns_per_example=step * 1e9 / batch, ours_over_it=ratio)
        )
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="one JSON object per line")
    args = parser.parse_args()
    build()
    if not args.json:
        print(f"{'optimizer':9} {'batch':>5} {'program':14} {'threads':>7} {'µs/step':>8} "
              f"{'ns/example':>10} {'ours ÷ it':>9}")
    for threads in (1, 2):
        for batch in (32, 64, 128):
            for optimizer in ("sgd", "adam"):
                for row in compare(optimizer, batch, threads, threads):
                    if args.json:
                        print(json.dumps(row), flush=True)
                        continue
                    print(f"{row['optimizer']:9} {row['batch']:5} {row['name']:14} {row['threads']:7} "
                          f"{row['step_us']:8.1f} {row['ns_per_example']:10.0f} "
                          f"{row['ours_over_it']:9.3f}", flush=True)


if __name__ == "__main__":
    try:
        main()
    except Ended as error:
        sys.exit(str(error))
