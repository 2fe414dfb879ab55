"""Programs that take turns on one machine, block by block, so that all see the same noise.

A program is a child that reads lines on its input and answers each with one line of JSON:

    go 200
    {"seconds": 0.0311, "steps": 200}
"""

import json
import os
import pathlib
import select
import statistics
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent

# What a shell may hold to steer a library for other programs; here each child has what it picks by itself
# and the threads that it is asked for.
STEERING = (
    "OPENBLAS_CORETYPE", "OPENBLAS_NUM_THREADS", "GOTO_NUM_THREADS", "MKL_NUM_THREADS",
    "MKL_ENABLE_INSTRUCTIONS", "MKL_CBWR", "MKL_DEBUG_CPU_TYPE", "OMP_NUM_THREADS", "OMP_PROC_BIND", "OMP_PLACES", "ONEDNN_MAX_CPU_ISA",
    "DNNL_MAX_CPU_ISA", "ATEN_CPU_CAPABILITY", "RAYON_NUM_THREADS", "CANDLE_NUM_THREADS", "XLA_FLAGS",
)


class Ended(Exception):
    """A child ended, or did not answer, and why as far as it said."""


class Child:
    """A program that takes N steps for every line `go N` and answers with the seconds."""

    def __init__(self, name, command, **environment):
        self.name = name
        pipe = subprocess.PIPE
        kept = {key: value for key, value in os.environ.items() if key not in STEERING}
        self.errors = tempfile.TemporaryFile("w+")
        try:
            self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=self.errors, text=True,
                                            cwd=ROOT, env=kept | environment)
        except OSError as error:
            raise Ended(f"{name}: {error.strerror}: {command[0]}") from None

    def ask(self, what, count, limit):
        """The seconds for one of `count`, for the request `what`; none within `limit` seconds is an error."""
        try:
            self.process.stdin.write(f"{what} {count}\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            raise Ended(f"{self.name}: {self.last_words()}") from None
        if not select.select([self.process.stdout], [], [], limit)[0]:
            self.process.kill()
            raise Ended(f"{self.name}: no answer within {limit} s")
        line = self.process.stdout.readline()
        if not line:
            raise Ended(f"{self.name}: {self.last_words()}")
        answer = json.loads(line)
        return answer["seconds"] / answer["steps"]

    def go(self, steps, limit=600):
        return self.ask("go", steps, limit)

    def sweep(self, sweeps, limit=600):
        return self.ask("sweep", sweeps, limit)

    def last_words(self):
        """The last line that it wrote to the standard error."""
        self.process.wait()
        self.errors.seek(0)
        lines = [line.strip() for line in self.errors if line.strip()]
        return lines[-1] if lines else f"ended with {self.process.returncode}"

    def close(self):
        try:
            self.process.stdin.close()
        except BrokenPipeError:
            pass
        self.process.wait()
        self.process.stdout.close()
        self.errors.close()


def target():
    """Where cargo builds."""
    return pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))


def build():
    """The `thalweg` command as it is optimized."""
    subprocess.run(["cargo", "build", "--release", "--quiet"], check=True, cwd=ROOT)
    return str(target() / "release/thalweg")


def median_ratio(of, to):
    """The median of the ratios of blocks that stand side by side."""
    return statistics.median(a / b for a, b in zip(of, to, strict=True))
