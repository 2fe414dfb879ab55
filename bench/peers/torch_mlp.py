"""Times PyTorch's eager training step of `fashion-mlp`, for a comparison on the same machine.

The model is 784-128-10 with ReLU under cross-entropy, in f32. As in a real loop, each batch is
gathered by index from a 5000 × 784 tensor, in an order that is shuffled anew for every epoch, and
nothing is read back but the loss at the end of a block. Inputs are random: the time of a step does
not depend on them.

Without --serve it times by itself and prints one line:

    $ python torch_mlp.py --batch 64 --threads 2 --optimizer adamw
    {"name": "torch 2.15.0 adamw", "batch": 64, "threads": 2, "ns_per_example": …, "step_us": …}

With --serve it stays and runs a block for each line it reads, so that a driver can take turns
between it and another program while the machine warms up, throttles or is shared:

    go 200
    {"seconds": 0.0311, "steps": 200}

`--fused` takes the implementation that does one pass over the parameters; without it PyTorch uses
what it has as its default on the CPU. `--foreach` takes the one that handles many tensors at once.
"""

import argparse
import json
import statistics
import sys
import time

import torch

EXAMPLES, INPUTS, HIDDEN, CLASSES = 5000, 784, 128, 10
WARM_UP_STEPS = 200
BLOCKS, STEPS_PER_BLOCK = 25, 100

OPTIMIZERS = {
    "sgd": lambda parameters, **how: torch.optim.SGD(parameters, lr=1e-2, **how),
    "adam": lambda parameters, **how: torch.optim.Adam(parameters, lr=1e-3, **how),
    "adamw": lambda parameters, **how: torch.optim.AdamW(parameters, lr=1e-3, **how),
}


class Training:
    """The loop, ready to run any number of steps."""

    def __init__(self, batch, optimizer, how):
        torch.manual_seed(0)
        self.inputs = torch.rand(EXAMPLES, INPUTS)
        self.labels = torch.randint(CLASSES, (EXAMPLES,))
        self.model = torch.nn.Sequential(
            torch.nn.Linear(INPUTS, HIDDEN), torch.nn.ReLU(), torch.nn.Linear(HIDDEN, CLASSES)
        )
        self.cost = torch.nn.CrossEntropyLoss()
        self.optimizer = OPTIMIZERS[optimizer](self.model.parameters(), **how)
        self.batches = endless_batches(batch)

    def block(self, steps):
        """Runs the steps and returns the seconds they took."""
        start = time.perf_counter()
        for _ in range(steps):
            chosen = next(self.batches)
            loss = self.cost(self.model(self.inputs[chosen]), self.labels[chosen])
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()
        seconds = time.perf_counter() - start
        if not torch.isfinite(loss):
            sys.exit(f"the loss is {loss.item()}: this is not a training run, so its time means nothing")
        return seconds


def endless_batches(batch):
    """Indices of full batches, in a new order for every epoch; a short last batch is left out."""
    while True:
        order = torch.randperm(EXAMPLES)
        yield from order[: EXAMPLES - EXAMPLES % batch].split(batch)


def serve(training):
    """One timed block for each line `go N`."""
    for line in sys.stdin:
        match line.split():
            case ["go", count] if count.isdecimal() and int(count) > 0:
                steps = int(count)
            case _:
                sys.exit(f"expected 'go N' with N from 1, got {line.strip()!r}")
        print(json.dumps({"seconds": training.block(steps), "steps": steps}), flush=True)


def measure(training, name, batch, threads):
    """The median over many blocks."""
    step = statistics.median(
        training.block(STEPS_PER_BLOCK) / STEPS_PER_BLOCK for _ in range(BLOCKS)
    )
    line = {
        "name": name,
        "batch": batch,
        "threads": threads,
        "ns_per_example": round(step * 1e9 / batch, 1),
        "step_us": round(step * 1e6, 2),
    }
    print(json.dumps(line))


def main():
    parser = argparse.ArgumentParser(description="Times PyTorch's training step of fashion-mlp.")
    parser.add_argument("--batch", type=int, default=64, help="examples per step, up to 5000")
    parser.add_argument("--optimizer", choices=OPTIMIZERS, default="sgd")
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--foreach", action="store_true", help="all tensors of a kind at once")
    how.add_argument("--fused", action="store_true", help="one pass over the parameters")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--serve", action="store_true", help="run a block per line 'go N' on stdin")
    arguments = parser.parse_args()
    if not 1 <= arguments.batch <= EXAMPLES:
        parser.error(f"--batch must be from 1 to {EXAMPLES}, not {arguments.batch}")
    if arguments.threads < 1:
        parser.error(f"--threads must be from 1, not {arguments.threads}")

    torch.set_num_threads(arguments.threads)
    how = {kind: True for kind in ("foreach", "fused") if getattr(arguments, kind)}
    name = " ".join([f"torch {torch.__version__.split('+')[0]}", arguments.optimizer, *how])
    training = Training(arguments.batch, arguments.optimizer, how)
    training.block(WARM_UP_STEPS)
    if arguments.serve:
        serve(training)
    else:
        measure(training, name, arguments.batch, arguments.threads)


if __name__ == "__main__":
    main()
