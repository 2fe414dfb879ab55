"""Times PyTorch's training step of a network: gather a batch, forward, backward, optimizer, in f32.

It reads lines and runs a block for each, so that a driver can take turns between it and others:

    $ python torch_networks.py --task "fashion-mlp(hidden=512, layers=2)" --batch 128 --optimizer adamw --threads 2
    go 20
    {"seconds": 0.0314, "steps": 20}

Nothing is read back but the loss at the end of a block. The optimizer is the fused one, which does one pass
over the parameters. Variants: `eager`; `compiled` is torch.compile of the step, whose forward and backward
become code and whose optimizer stays the fused one; `functional` is a step without `backward` and without
torch.optim, which torch.compile takes in as one graph: fastest where the step is small, and minutes to compile
where the network is deep.
"""

import argparse
import math
import sys
import time

import torch
from torch import nn
from torch.nn import functional

from serving import Memory, serve
from tasks import OPTIMIZERS, TASKS, TEXT, Text, batches, fashion, resolve, windows

VARIANTS = ("eager", "compiled", "functional")
PIXELS, CLASSES = 28 * 28, 10


def mlp(hidden, layers):
    """Rectified layers below a linear one; none of them is softmax regression."""
    sizes = [PIXELS] + [hidden] * layers
    rectified = [(nn.Linear(a, b), nn.ReLU()) for a, b in zip(sizes, sizes[1:])]
    return nn.Sequential(*(layer for pair in rectified for layer in pair), nn.Linear(sizes[-1], CLASSES))


def two_convolutions():
    """DeepOBS's 2c2d for pictures of 28 × 28: <https://openreview.net/forum?id=rJg6ssC5Y7>."""
    return nn.Sequential(
        nn.Unflatten(1, (1, 28, 28)),
        nn.Conv2d(1, 32, 5, padding="same"), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(32, 64, 5, padding="same"), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(64 * 7 * 7, 1024), nn.ReLU(), nn.Linear(1024, CLASSES),
    )


class CharacterLstm(nn.Module):
    """Characters to scores of the next ones, by layers of LSTM. Rows of an identity matrix instead of an
    embedding, or time as the first axis, took the same time."""

    def __init__(self, vocabulary, hidden, layers):
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, hidden)
        self.lstm = nn.LSTM(hidden, hidden, layers, batch_first=True)
        self.head = nn.Linear(hidden, vocabulary)

    def forward(self, x):
        h, _ = self.lstm(self.embedding(x))
        return self.head(h)


class Block(nn.Module):
    """x + attention(norm(x)), then x + mlp(norm(x))."""

    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.projection = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.mlp = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

    def forward(self, x):
        batch, time, width = x.shape
        qkv = self.qkv(self.norm1(x)).view(batch, time, 3, self.heads, width // self.heads)
        q, k, v = qkv.permute(2, 0, 3, 1, 4)
        y = functional.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.projection(y.transpose(1, 2).reshape(x.shape))
        return x + self.mlp(self.norm2(x))


class CharacterGpt(nn.Module):
    """Characters to scores of the next ones: layer norm first, learned positions, a head of its own."""

    def __init__(self, vocabulary, layers, width, heads, time):
        super().__init__()
        self.characters, self.positions = nn.Embedding(vocabulary, width), nn.Embedding(time, width)
        self.blocks = nn.Sequential(*(Block(width, heads) for _ in range(layers)))
        self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, vocabulary, bias=False)

    def forward(self, x):
        x = self.characters(x) + self.positions.weight[: x.shape[1]]
        return self.head(self.norm(self.blocks(x)))


def network(name, arguments, vocabulary):
    """The network of a task."""
    match name:
        case "fashion-softmax":
            return mlp(hidden=0, layers=0)
        case "fashion-mlp":
            return mlp(**arguments)
        case "fashion-2c2d":
            return two_convolutions()
        case "char-lstm":
            return CharacterLstm(vocabulary, arguments["hidden"], arguments["layers"])
        case "char-gpt":
            return CharacterGpt(vocabulary, **arguments)


def mean_cross_entropy(scores, labels):
    return functional.cross_entropy(scores.flatten(0, -2), labels.flatten())


def optimizer_of(call, parameters, **how):
    """The optimizer of PyTorch that a call of `thalweg` names."""
    name, arguments = resolve(call, OPTIMIZERS)
    make = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam, "adamw": torch.optim.AdamW}[name]
    return make(parameters, **arguments, **how)


def update_of(call, parameters):
    """What a call of an optimizer does to the parameters, in operations that a graph may hold: SGD, or Adam by
    Kingma & Ba 2015, Algorithm 1, <https://arxiv.org/abs/1412.6980>, for AdamW with PyTorch's decay."""
    name, arguments = resolve(call, OPTIMIZERS)
    lr, λ = arguments["lr"], 1e-2 if name == "adamw" else 0.0
    β1, β2, ε = 0.9, 0.999, 1e-8
    means, squares = ([torch.zeros_like(θ) for θ in parameters] for _ in range(2))
    # A number of Python would be a constant of the graph.
    t = torch.tensor(0.0)

    def sgd(gradients):
        for θ, g in zip(parameters, gradients):
            θ.sub_(lr * g)

    def adam(gradients):
        t.add_(1)
        for θ, g, m, v in zip(parameters, gradients, means, squares):
            m.lerp_(g, 1 - β1)
            v.lerp_(g * g, 1 - β2)
            θ.mul_(1 - lr * λ)
            θ.sub_(lr / (1 - β1**t) * m / ((v / (1 - β2**t)).sqrt() + ε))

    return sgd if name == "sgd" else adam


class Training:
    """The loop, ready to run any number of steps."""

    def __init__(self, arguments):
        name, of_task = resolve(arguments.task, TASKS)
        if name.startswith("char-"):
            text = Text(arguments.text)
            rows = torch.from_numpy(windows(text.train, of_task["time"]))
            vocabulary, self.examples = text.vocabulary, len(rows)
            self.gather = lambda chosen: ((batch := rows[chosen])[:, :-1], batch[:, 1:])
        else:
            inputs, labels = map(torch.from_numpy, fashion())
            vocabulary, self.examples = None, len(inputs)
            self.gather = lambda chosen: (inputs[chosen], labels[chosen])
        self.memory = Memory()
        self.network = network(name, of_task, vocabulary)
        if arguments.channels_last:
            self.network = self.network.to(memory_format=torch.channels_last)
        self.batches = batches(self.examples, arguments.batch, torch.randperm)
        # Past the limit of versions of the code PyTorch would quietly go back to the eager step.
        torch._dynamo.config.fail_on_recompile_limit_hit = True
        match arguments.variant:
            case "eager":
                self.step = self.usual_step(arguments.optimizer)
            case "compiled":
                self.step = torch.compile(self.usual_step(arguments.optimizer))
            case "functional":
                if name == "char-lstm":
                    raise ValueError("torch.compile takes no torch.nn.LSTM into a graph")
                self.step = torch.compile(self.functional_step(arguments.optimizer), fullgraph=True)

    def usual_step(self, call):
        """A step as it stands in most programs."""
        optimizer = optimizer_of(call, self.network.parameters(), fused=True)

        def step(inputs, labels):
            loss = mean_cross_entropy(self.network(inputs), labels)
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
            return loss.detach()

        return step

    def functional_step(self, call):
        """A step that is one function of tensors."""
        parameters = {name: parameter.detach() for name, parameter in self.network.named_parameters()}
        update = update_of(call, list(parameters.values()))

        def step(inputs, labels):
            def cost(parameters):
                return mean_cross_entropy(torch.func.functional_call(self.network, parameters, (inputs,)), labels)

            gradients, loss = torch.func.grad_and_value(cost)(parameters)
            update([gradients[name] for name in parameters])
            return loss

        return step

    def block(self, steps):
        """Takes the steps and gives the seconds."""
        start = time.perf_counter()
        for _ in range(steps):
            loss = self.step(*self.gather(next(self.batches)))
        loss = loss.item()
        seconds = time.perf_counter() - start
        if not math.isfinite(loss):
            sys.exit(f"the loss is {loss}: this is not a training run, so its time means nothing")
        return seconds

    def about(self):
        return {
            "version": torch.__version__.split("+")[0],
            "parameters": sum(p.numel() for p in self.network.parameters()),
            "memory_bytes": self.memory.grown(),
            "step_bytes": self.step_bytes(),
        }

    def step_bytes(self):
        """The most bytes that tensors of a step hold above what is there before it, as the allocator sees it."""
        with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU], profile_memory=True) as profile:
            self.block(1)
        events = [e for e in profile.profiler.kineto_results.events() if e.name() == "[memory]"]
        held = most = 0
        for event in sorted(events, key=lambda e: e.start_ns()):
            held += event.nbytes()
            most = max(most, held)
        return most


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--task", default="fashion-mlp", help=f"a call of {', '.join(TASKS)}")
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--optimizer", default="adam", help=f"a call of {', '.join(OPTIMIZERS)}")
    parser.add_argument("--variant", choices=VARIANTS, default="eager")
    parser.add_argument("--channels-last", action="store_true", help="pictures as [n, height, width, channels]")
    parser.add_argument("--text", default=TEXT, help="the text of the tasks of characters")
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(0)
    try:
        training = Training(arguments)
    except (ValueError, OSError) as error:
        parser.error(str(error))
    if not 1 <= arguments.batch <= training.examples:
        parser.error(f"--batch must be from 1 to {training.examples}, not {arguments.batch}")
    serve(training.block, training.about)


if __name__ == "__main__":
    main()
