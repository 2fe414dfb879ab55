"""Times a large product of matrices in PyTorch, in f32: about the most that a machine can calculate.

    $ python torch_product.py --n 2048 --threads 2
    go 20
    {"seconds": 0.9031, "steps": 20}
    about
    {"flops_per_step": 17179869184}
"""

import argparse
import time

import torch

from serving import serve


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n", type=int, default=2048, help="rows and columns")
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    n = arguments.n
    a, b, y = torch.rand(n, n), torch.rand(n, n), torch.empty(n, n)

    def block(steps):
        start = time.perf_counter()
        for _ in range(steps):
            torch.mm(a, b, out=y)
        return time.perf_counter() - start

    serve(block, lambda: {"flops_per_step": 2 * n**3})


if __name__ == "__main__":
    main()
