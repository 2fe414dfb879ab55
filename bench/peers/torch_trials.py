"""Trains the contenders of an experiment in PyTorch, one after another on all threads: the main job of `thalweg`.

It reads lines and trains for each, so that a driver can take turns between it and others:

    $ python torch_trials.py --threads 2
    go 3
    {"seconds": 4.2310, "steps": 3}
    about
    {"examples_per_step": 40000, "accuracy": {"sgd": 0.801, "sgd + linear": 0.812, …}}

A step is an epoch of every contender: `go 3` trains each for three epochs from new weights with the next of the
seeds. As in `thalweg compare`, the cost and the accuracy on the training and the test set are measured before
the first epoch and after each. It is a plain loop with the optimizers as `torch.optim` has them by default; the
data lie in memory as f32, and batches are gathered by index, which is far quicker than a DataLoader.
"""

import argparse
import functools
import itertools
import math
import pathlib
import time
import tomllib

import torch
from torch.nn import functional

from serving import serve
from tasks import CRATES, TASKS, batches, fashion, resolve
from torch_networks import network

LECTURE = CRATES / "cli/experiments/lecture.toml"
PARTS = {"train": "train-5000", "test": "t10k-1000"}

# Numbers as the words of `thalweg` have them where PyTorch has others.
OPTIMIZERS = {
    "sgd": torch.optim.SGD,
    "momentum": functools.partial(torch.optim.SGD, momentum=0.9),
    "nesterov": functools.partial(torch.optim.SGD, momentum=0.9, nesterov=True),
    "adagrad": torch.optim.Adagrad,
    "rmsprop": functools.partial(torch.optim.RMSprop, alpha=0.9),
    "adam": torch.optim.Adam,
    "adamw": torch.optim.AdamW,
}
CALLS = {name: {"lr": 0.01, "schedule": ""} for name in OPTIMIZERS}


def optimizer_of(call, parameters, steps_per_epoch):
    """An optimizer of PyTorch with its schedule, if there is one."""
    name, arguments = resolve(call, CALLS)
    optimizer = OPTIMIZERS[name](parameters, lr=arguments["lr"])
    if not arguments["schedule"]:
        return optimizer, None
    # Goodfellow, Bengio & Courville, Deep Learning, 2016, equation 8.14, down to one hundredth.
    _, linear = resolve(arguments["schedule"], {"linear": {"tau": "25epochs"}})
    last = float(linear["tau"].removesuffix("epochs")) * steps_per_epoch
    factor = lambda step: 1 - 0.99 * min(step / last, 1)
    return optimizer, torch.optim.lr_scheduler.LambdaLR(optimizer, factor)


def initialize(model):
    """Normal weights as He et al. 2015 draw them, biases at zero."""
    for parameter in model.parameters():
        if parameter.dim() > 1:
            torch.nn.init.kaiming_normal_(parameter, nonlinearity="relu")
        else:
            torch.nn.init.zeros_(parameter)


class Trials:
    """The contenders, ready to be trained."""

    def __init__(self, experiment):
        name, arguments = resolve(experiment["task"], TASKS)
        self.model = lambda: network(name, arguments, None)
        self.contenders = {of["label"]: of["optimizer"] for of in experiment["contender"]}
        self.batch, self.seeds = experiment["batch"], itertools.cycle(experiment["seeds"])
        self.data = {part: tuple(map(torch.from_numpy, fashion(file))) for part, file in PARTS.items()}
        self.accuracy = {}

    def block(self, epochs):
        """Trains all contenders for so many epochs and gives the seconds."""
        start = time.perf_counter()
        seed = next(self.seeds)
        for label, call in self.contenders.items():
            self.accuracy[label] = self.trial(call, seed, epochs)
        return time.perf_counter() - start

    def trial(self, call, seed, epochs):
        """Trains one contender, and gives its accuracy on the test set at the end."""
        torch.manual_seed(seed)
        inputs, labels = self.data["train"]
        steps = math.ceil(len(inputs) / self.batch)
        model = self.model()
        initialize(model)
        optimizer, schedule = optimizer_of(call, model.parameters(), steps)
        self.measure(model)
        order = batches(len(inputs), self.batch, torch.randperm, keep_last=True)
        for _ in range(epochs):
            for chosen in itertools.islice(order, steps):
                loss = functional.cross_entropy(model(inputs[chosen]), labels[chosen])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                if schedule:
                    schedule.step()
            measured = self.measure(model)
        return measured["test"][1]

    @torch.no_grad()
    def measure(self, model):
        """The cost and the accuracy on both sets."""
        measured = {}
        for part, (inputs, labels) in self.data.items():
            scores = model(inputs)
            cost = functional.cross_entropy(scores, labels).item()
            measured[part] = cost, (scores.argmax(1) == labels).float().mean().item()
        return measured

    def about(self):
        examples = len(self.contenders) * len(self.data["train"][0])
        return {"version": torch.__version__.split("+")[0], "examples_per_step": examples, "accuracy": self.accuracy}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--experiment", type=pathlib.Path, default=LECTURE, help="an experiment file of thalweg")
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    trials = Trials(tomllib.loads(arguments.experiment.read_text()))
    serve(trials.block, trials.about)


if __name__ == "__main__":
    main()
