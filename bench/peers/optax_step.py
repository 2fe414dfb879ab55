"""Times optax's optimizer step by itself, under jit with donated buffers, in f32.

Parameters are random and the gradient is random and fixed. It reads lines and runs a block for each, so
that a driver can take turns between it and others:

    $ python optax_step.py --optimizer adamw --params 25000000 --tensors 50 --threads 2
    go 20
    {"seconds": 0.4410, "steps": 20}

XLA takes a thread for each core that the process may use, so --threads chooses cores.
"""

import argparse
import os
import time

from serving import chosen_cores, serve

os.environ["JAX_PLATFORMS"] = "cpu"


def optimizer_of(name):
    import optax

    return {
        "adamw": lambda: optax.adamw(1e-3, weight_decay=1e-2),
        "rmsprop": lambda: optax.rmsprop(1e-2, decay=0.99),
        "nadam": lambda: optax.nadam(2e-3),
        "adadelta": lambda: optax.adadelta(1.0),
        "lion": lambda: optax.lion(1e-4, weight_decay=1e-2),
        "clip+adamw": lambda: optax.chain(
            optax.clip_by_global_norm(1.0), optax.adamw(1e-3, weight_decay=1e-2)
        ),
        "muon": lambda: optax.contrib.muon(2e-2),
    }[name]()


OPTIMIZERS = ("adamw", "rmsprop", "nadam", "adadelta", "lion", "clip+adamw", "muon")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--optimizer", choices=OPTIMIZERS, default="adamw")
    size = parser.add_mutually_exclusive_group(required=True)
    size.add_argument("--params", type=int, help="parameters over all tensors, which are equal")
    size.add_argument("--shape", help="of each tensor, such as 1024x1024")
    parser.add_argument("--tensors", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    if arguments.shape:
        shape = tuple(int(n) for n in arguments.shape.split("x"))
    elif arguments.params % arguments.tensors:
        parser.error(f"{arguments.params} parameters cannot fill {arguments.tensors} equal tensors")
    else:
        shape = (arguments.params // arguments.tensors,)
    chosen_cores(arguments.threads)

    import jax
    import optax

    keys = jax.random.split(jax.random.key(0), (2, arguments.tensors))
    parameters, gradients = ([jax.random.normal(key, shape) for key in row] for row in keys)
    optimizer = optimizer_of(arguments.optimizer)
    state = optimizer.init(parameters)

    def step(parameters, state, gradients):
        updates, state = optimizer.update(gradients, state, parameters)
        return optax.apply_updates(parameters, updates), state

    step = jax.jit(step, donate_argnums=(0, 1))
    jax.block_until_ready((parameters, state, gradients))

    def block(steps):
        nonlocal parameters, state
        start = time.perf_counter()
        for _ in range(steps):
            parameters, state = step(parameters, state, gradients)
        jax.block_until_ready((parameters, state))
        return time.perf_counter() - start

    serve(block)


if __name__ == "__main__":
    main()
