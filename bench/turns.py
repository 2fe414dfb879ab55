"""Programs that take turns on one machine, block by block, so that all see the same noise.

A program is a child that reads lines on its input and answers each with one line of JSON:

    go 200
    {"seconds": 0.0311, "steps": 200}

and some tell with `about` what else is known of them, such as the memory that the steps took.
"""

import json
import os
import pathlib
import platform
import re
import select
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent

# What a shell may hold to steer a library for other programs; here each child has what it picks by itself
# and the threads that it is asked for.
STEERING = (
    "OPENBLAS_CORETYPE", "OPENBLAS_NUM_THREADS", "GOTO_NUM_THREADS", "MKL_NUM_THREADS",
    "MKL_ENABLE_INSTRUCTIONS", "MKL_CBWR", "MKL_DEBUG_CPU_TYPE", "OMP_NUM_THREADS", "OMP_PROC_BIND", "OMP_PLACES", "ONEDNN_MAX_CPU_ISA",
    "DNNL_MAX_CPU_ISA", "ATEN_CPU_CAPABILITY", "RAYON_NUM_THREADS", "CANDLE_NUM_THREADS", "XLA_FLAGS",
)


SPINNING = 0.01


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

    def ask(self, request, limit):
        """What it answers to a line; nothing within `limit` seconds is an error."""
        try:
            self.process.stdin.write(f"{request}\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            raise Ended(f"{self.name}: {self.last_words()}") from None
        if not select.select([self.process.stdout], [], [], limit)[0]:
            self.process.kill()
            raise Ended(f"{self.name}: no answer within {limit} s")
        line = self.process.stdout.readline()
        if not line:
            raise Ended(f"{self.name}: {self.last_words()}")
        return json.loads(line)

    def timed(self, what, count, limit):
        """The seconds for one of `count`."""
        answer = self.ask(f"{what} {count}", limit)
        return answer["seconds"] / answer["steps"]

    def go(self, steps, limit=600):
        return self.timed("go", steps, limit)

    def sweep(self, sweeps, limit=600):
        return self.timed("sweep", sweeps, limit)

    def about(self, limit=600):
        """What it tells of itself and its steps so far."""
        return self.ask("about", limit)

    def warm(self, seconds, period=1, first_answer=600):
        """Warms it up, and gives how many of its steps, a multiple of `period`, take so long."""
        self.go(period, first_answer)
        step = min(self.go(period) for _ in range(3))
        steps = max(1, round(seconds / step / period)) * period
        self.go(steps)
        return steps

    def last_words(self):
        """The last line that it wrote to the standard error, or the last that names an error: others may follow
        with advice."""
        self.process.wait()
        self.errors.seek(0)
        lines = [line.strip() for line in self.errors if line.strip()]
        lines = [line for line in lines if re.search(r"(?:[Ee]rror|Unsupported): ", line)] or lines
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


def machine():
    """What `record/` calls this machine: `x86_64-linux-intel-xeon-2-cores`."""
    model = platform.processor() or platform.machine()
    if (cpuinfo := pathlib.Path("/proc/cpuinfo")).exists():
        names = re.findall(r"^model name\s*: (.*)$", cpuinfo.read_text(), re.MULTILINE)
        model = names[0] if names else model
    model = re.sub(r"\(R\)|\(TM\)|@.*|\b(?:CPU|Processor|\d+-Core)\b", " ", model)
    words = [platform.machine(), platform.system(), *model.split(), f"{os.cpu_count()} cores"]
    return "-".join(words).lower().replace(" ", "-")


def record():
    """The folder of what was measured on this machine."""
    folder = ROOT / "bench/record" / machine()
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def build():
    """The `thalweg` command as it is optimized."""
    subprocess.run(["cargo", "build", "--release", "--quiet"], check=True, cwd=ROOT)
    return str(target() / "release/thalweg")


def load():
    """How busy the machine is already, with a word where that is too much."""
    load = os.getloadavg()[0]
    # Programs that spin at a barrier lose far more to a busy machine than others do.
    if load > 0.5:
        print(f"the load is {load:.1f} already: ratios are worth little until it is near 0", file=sys.stderr)
    return load


def started(name, command, environment, *warm):
    """A child that is warm, and how many of its steps fill a block, for the arguments of `Child.warm`."""
    child = Child(name, command, **environment)
    try:
        return child, child.warm(*warm)
    except Ended:
        child.close()
        raise


def alternate(children, rounds):
    """Seconds for a step of each child, round by round, by their names. `children` are pairs of a child and
    the steps of its block."""
    times = {child.name: [] for child, _ in children}
    for _ in range(rounds):
        for child, steps in children:
            times[child.name].append(child.go(steps))
            # The threads of some libraries spin for a while after the last loop.
            time.sleep(SPINNING)
    return times


def median_ratio(of, to):
    """The median of the ratios of blocks that stand side by side."""
    return statistics.median(a / b for a, b in zip(of, to, strict=True))
