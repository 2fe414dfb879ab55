"""Trains char-lstm or char-gpt in PyTorch and prints held-out bits per character, for a curve beside Thalweg's.

    $ python torch_curves.py --task char-gpt --batch 32 --optimizer "adam(lr=1e-3)" --steps 2000 --every 500
    {"task": "char-gpt", "batch": 32, "optimizer": "adam(lr=1e-3)", "seed": 1, "parameters": 822784}
    {"step": 0, "epoch": 0.0, "cost": null, "bits_per_character": 6.4102, "seconds": 0.0}
    {"step": 500, …}

`cost` is the mean over the steps since the last line, in nats per character. The text is cut as Thalweg cuts it,
and held out are the windows of the 5 % behind the training part. An epoch goes once through all windows of
the training part, in a new order; a short last batch is left out.
"""

import argparse
import json
import math
import time

import torch
from torch import nn

from tasks import OPTIMIZERS, TASKS, TEXT, Text, batches, resolve, windows
from torch_networks import CharacterLstm, mean_cross_entropy, network, optimizer_of

# Windows that are measured at a time.
MEASURED_AT_A_TIME = 250


@torch.no_grad()
def bits_per_character(model, held_out):
    """The mean of −log₂ p over all characters that follow others."""
    nats = 0.0
    for rows in held_out.split(MEASURED_AT_A_TIME):
        nats += mean_cross_entropy(model(rows[:, :-1]), rows[:, 1:]).item() * len(rows)
    return nats / len(held_out) / math.log(2)


def initialize(model):
    """Starts as Thalweg's tasks do: matrices by Xavier's uniform rule for the LSTM and normal with deviation 0.02
    for the GPT, embeddings among them; biases at zero, scales of norms at one. Of the two biases that PyTorch adds in
    an LSTM one stays there: with both, their sum would learn at twice the rate."""
    for name, parameter in model.named_parameters():
        if name.startswith("lstm.bias_hh"):
            parameter.requires_grad_(False)
        if parameter.dim() < 2:
            nn.init.constant_(parameter, 0.0 if "bias" in name else 1.0)
        elif isinstance(model, CharacterLstm):
            nn.init.xavier_uniform_(parameter)
        else:
            nn.init.normal_(parameter, std=0.02)


def train(arguments):
    """Prints a line for the training, and one for every point of the curve."""
    name, of_task = resolve(arguments.task, {name: of for name, of in TASKS.items() if name.startswith("char-")})
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(arguments.seed)
    text = Text(arguments.text)
    rows, held_out = (torch.from_numpy(windows(part, of_task["time"])) for part in (text.train, text.held_out))
    model = network(name, of_task, text.vocabulary)
    initialize(model)
    optimizer = optimizer_of(arguments.optimizer, model.parameters(), fused=True)
    order = batches(len(rows), arguments.batch, torch.randperm)
    about = {key: getattr(arguments, key) for key in ("task", "batch", "optimizer", "seed")}
    about["parameters"] = sum(p.numel() for p in model.parameters() if p.requires_grad)
    print(json.dumps(about), flush=True)

    costs, seconds, steps_per_epoch = [], 0.0, len(rows) // arguments.batch
    for step in range(arguments.steps + 1):
        if step % arguments.every == 0 or step == arguments.steps:
            cost = sum(costs) / len(costs) if costs else None
            costs = []
            point = {"step": step, "epoch": round(step / steps_per_epoch, 4), "cost": cost}
            print(json.dumps(point | {"bits_per_character": bits_per_character(model, held_out), "seconds": seconds}), flush=True)
        if step == arguments.steps:
            break
        start = time.perf_counter()
        batch = rows[next(order)]
        loss = mean_cross_entropy(model(batch[:, :-1]), batch[:, 1:])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        costs.append(loss.item())
        seconds += time.perf_counter() - start


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--task", default="char-gpt", help="a call of char-lstm or char-gpt")
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--optimizer", default="adam(lr=1e-3)", help=f"a call of {', '.join(OPTIMIZERS)}")
    parser.add_argument("--steps", type=int, default=2000)
    parser.add_argument("--every", type=int, default=100, help="steps between points")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--text", default=TEXT, help="the text, plain or gzipped")
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    if min(arguments.batch, arguments.steps, arguments.every, arguments.threads) < 1:
        parser.error("--batch, --steps, --every and --threads are from 1")
    try:
        train(arguments)
    except (ValueError, OSError) as error:
        parser.error(str(error))


if __name__ == "__main__":
    main()
