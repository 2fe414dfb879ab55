"""Times JAX's training step of a network: gather a batch, forward, backward, optimizer of optax, in f32.

The whole step is one function under jit whose parameters and state are donated. It reads lines and runs a
block for each, so that a driver can take turns between it and others:

    $ python jax_networks.py --task "fashion-mlp(hidden=512, layers=2)" --batch 128 --optimizer adamw --threads 2
    go 20
    {"seconds": 0.0314, "steps": 20}

The networks are those of `torch_networks.py`. XLA takes a thread for each core that the process may use, so
--threads chooses cores.
"""

import argparse
import math
import os
import sys
import time

from serving import Memory, chosen_cores, serve
from tasks import OPTIMIZERS, TASKS, TEXT, Text, batches, fashion, resolve, windows

os.environ["JAX_PLATFORMS"] = "cpu"


def networks():
    """For every task, what makes its parameters and what maps those and a batch to scores."""
    import jax
    from jax import lax, numpy as jnp

    def weights(key, *shape):
        """He's, by the number of inputs."""
        return jax.random.normal(key, shape) * math.sqrt(2 / math.prod(shape[:-1]))

    def dense(key, inputs, outputs):
        return {"W": weights(key, inputs, outputs), "b": jnp.zeros(outputs)}

    def affine(layer, x):
        return x @ layer["W"] + layer["b"]

    def mlp(keys, hidden=0, layers=0):
        sizes = [28 * 28] + [hidden] * layers + [10]
        parameters = [dense(next(keys), a, b) for a, b in zip(sizes, sizes[1:])]

        def scores(parameters, x):
            for layer in parameters[:-1]:
                x = jax.nn.relu(affine(layer, x))
            return affine(parameters[-1], x)

        return parameters, scores

    def two_convolutions(keys):
        parameters = {
            "conv1": {"W": weights(next(keys), 5, 5, 1, 32), "b": jnp.zeros(32)},
            "conv2": {"W": weights(next(keys), 5, 5, 32, 64), "b": jnp.zeros(64)},
            "dense1": dense(next(keys), 64 * 7 * 7, 1024),
            "dense2": dense(next(keys), 1024, 10),
        }

        def convolution(layer, x):
            y = lax.conv_general_dilated(x, layer["W"], (1, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC"))
            return jax.nn.relu(y + layer["b"])

        def pool(x):
            # XLA's window reduction is far slower backward.
            n, height, width, channels = x.shape
            return x.reshape(n, height // 2, 2, width // 2, 2, channels).max((2, 4))

        def scores(parameters, x):
            x = pool(convolution(parameters["conv1"], x.reshape(-1, 28, 28, 1)))
            x = pool(convolution(parameters["conv2"], x))
            h = jax.nn.relu(affine(parameters["dense1"], x.reshape(len(x), -1)))
            return affine(parameters["dense2"], h)

        return parameters, scores

    def lstm(keys, vocabulary, hidden, layers, time):
        parameters = {
            "embedding": jax.random.normal(next(keys), (vocabulary, hidden)),
            "lstm": [{"input": dense(next(keys), hidden, 4 * hidden), "U": weights(next(keys), hidden, 4 * hidden)}
                     for _ in range(layers)],
            "head": dense(next(keys), hidden, vocabulary),
        }

        def layer(parameters, x):
            """x [time, batch, hidden]: the inputs' product for all times at once, then time after time."""

            def cell(state, from_input):
                h, c = state
                i, f, g, o = jnp.split(from_input + h @ parameters["U"], 4, axis=-1)
                c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
                h = jax.nn.sigmoid(o) * jnp.tanh(c)
                return (h, c), h

            zeros = jnp.zeros(x.shape[1:])
            return lax.scan(cell, (zeros, zeros), affine(parameters["input"], x))[1]

        def scores(parameters, x):
            h = parameters["embedding"][x.T]
            for of_layer in parameters["lstm"]:
                h = layer(of_layer, h)
            return affine(parameters["head"], h).transpose(1, 0, 2)

        return parameters, scores

    def gpt(keys, vocabulary, layers, width, heads, time):
        def norm():
            return {"scale": jnp.ones(width), "shift": jnp.zeros(width)}

        def block():
            return {
                "norm1": norm(), "qkv": dense(next(keys), width, 3 * width), "projection": dense(next(keys), width, width),
                "norm2": norm(), "up": dense(next(keys), width, 4 * width), "down": dense(next(keys), 4 * width, width),
            }

        parameters = {
            "characters": jax.random.normal(next(keys), (vocabulary, width)),
            "positions": jax.random.normal(next(keys), (time, width)),
            "blocks": [block() for _ in range(layers)],
            "norm": norm(), "head": weights(next(keys), width, vocabulary),
        }

        def normed(layer, x):
            centred = x - x.mean(-1, keepdims=True)
            return centred * lax.rsqrt(x.var(-1, keepdims=True) + 1e-5) * layer["scale"] + layer["shift"]

        def attention(qkv):
            batch, time, _ = qkv.shape
            q, k, v = jnp.moveaxis(qkv.reshape(batch, time, 3, heads, width // heads), 2, 0)
            y = jax.nn.dot_product_attention(q, k, v, is_causal=True)
            return y.reshape(batch, time, width)

        def scores(parameters, x):
            h = parameters["characters"][x] + parameters["positions"][: x.shape[1]]
            for of_block in parameters["blocks"]:
                qkv = affine(of_block["qkv"], normed(of_block["norm1"], h))
                h = h + affine(of_block["projection"], attention(qkv))
                up = jax.nn.gelu(affine(of_block["up"], normed(of_block["norm2"], h)), approximate=False)
                h = h + affine(of_block["down"], up)
            return normed(parameters["norm"], h) @ parameters["head"]

        return parameters, scores

    return {
        "fashion-softmax": mlp,
        "fashion-mlp": mlp,
        "fashion-2c2d": two_convolutions,
        "char-lstm": lstm,
        "char-gpt": gpt,
    }


class Training:
    """The loop, ready to run any number of steps."""

    def __init__(self, arguments):
        name, of_task = resolve(arguments.task, TASKS)
        of_optimizer, rates = resolve(arguments.optimizer, OPTIMIZERS)
        import jax
        import numpy
        import optax
        from jax import numpy as jnp

        optimizer = {
            "sgd": lambda lr: optax.sgd(lr),
            "adam": lambda lr: optax.adam(lr),
            "adamw": lambda lr: optax.adamw(lr, weight_decay=1e-2),
        }[of_optimizer](**rates)
        if name.startswith("char-"):
            text = Text(arguments.text)
            of_task["vocabulary"] = text.vocabulary
            self.data = (jnp.asarray(windows(text.train, of_task["time"]), jnp.int32),)
        else:
            self.data = tuple(map(jnp.asarray, fashion()))
        self.examples = len(self.data[0])
        self.memory = Memory()
        keys = iter(jax.random.split(jax.random.key(0), 64))
        self.parameters, scores = networks()[name](keys, **of_task)
        self.state = optimizer.init(self.parameters)

        def gather(data, chosen):
            if len(data) == 2:
                return data[0][chosen], data[1][chosen]
            batch = data[0][chosen]
            return batch[:, :-1], batch[:, 1:]

        def cost(parameters, inputs, labels):
            return optax.softmax_cross_entropy_with_integer_labels(scores(parameters, inputs), labels).mean()

        def step(parameters, state, data, chosen):
            loss, gradients = jax.value_and_grad(cost)(parameters, *gather(data, chosen))
            updates, state = optimizer.update(gradients, state, parameters)
            return optax.apply_updates(parameters, updates), state, loss

        self.step = jax.jit(step, donate_argnums=(0, 1))
        random = numpy.random.default_rng(0)
        order = lambda n: random.permutation(n).astype(numpy.int32)
        self.batches = batches(self.examples, arguments.batch, order)

    def block(self, steps):
        """Takes the steps and gives the seconds."""
        start = time.perf_counter()
        for _ in range(steps):
            self.parameters, self.state, loss = self.step(self.parameters, self.state, self.data, next(self.batches))
        loss = loss.item()
        seconds = time.perf_counter() - start
        if not math.isfinite(loss):
            sys.exit(f"the loss is {loss}: this is not a training run, so its time means nothing")
        return seconds

    def about(self):
        import jax

        return {
            "version": jax.__version__,
            "parameters": sum(p.size for p in jax.tree.leaves(self.parameters)),
            "memory_bytes": self.memory.grown(),
            "step_bytes": self.step_bytes(),
        }

    def step_bytes(self):
        """The bytes that XLA lays out for a step besides what goes in."""
        compiled = self.step.lower(self.parameters, self.state, self.data, next(self.batches)).compile()
        return compiled.memory_analysis().temp_size_in_bytes


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--task", default="fashion-mlp", help=f"a call of {', '.join(TASKS)}")
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--optimizer", default="adam", help=f"a call of {', '.join(OPTIMIZERS)}")
    parser.add_argument("--text", default=TEXT, help="the text of the tasks of characters")
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    chosen_cores(arguments.threads)
    try:
        training = Training(arguments)
    except (ValueError, OSError) as error:
        parser.error(str(error))
    if not 1 <= arguments.batch <= training.examples:
        parser.error(f"--batch must be from 1 to {training.examples}, not {arguments.batch}")
    serve(training.block, training.about)


if __name__ == "__main__":
    main()
