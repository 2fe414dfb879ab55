"""The side of a peer in `bench/turns.py`: a loop over the lines on the standard input.

    go 200
    {"seconds": 0.0311, "steps": 200}
    about
    {"parameters": 101770, "memory_bytes": 7340032}
"""

import json
import os
import pathlib
import sys


def serve(block, about=dict):
    """Answers every line until the input ends: `block(steps)` takes the steps and gives the seconds, and
    `about()` gives what else is to be told after them."""
    for line in sys.stdin:
        match line.split():
            case ["go", count] if count.isdecimal() and int(count) > 0:
                answer = {"seconds": block(int(count)), "steps": int(count)}
            case ["about"]:
                answer = about()
            case _:
                sys.exit(f"expected 'go N' with N from 1, or 'about', got {line.strip()!r}")
        print(json.dumps(answer), flush=True)


def chosen_cores(threads):
    """Holds the process to so many cores: a library that takes a thread for each then has so many threads."""
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])


class Memory:
    """How far the resident memory of this process has grown since this was made.

    Linux keeps the highest value, which writing 5 to `clear_refs` sets back to the present one. It is that of
    the program itself, where `ru_maxrss` begins with that of whoever started it.
    """

    def __init__(self):
        try:
            pathlib.Path("/proc/self/clear_refs").write_text("5")
        except OSError:
            # Then what the imports took for a moment counts as being there before, too.
            pass
        self.before = highest()

    def grown(self):
        """Bytes from then to the highest since."""
        return highest() - self.before


def highest():
    """The highest resident memory, in bytes."""
    for line in pathlib.Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    raise OSError("/proc/self/status has no VmHWM")
