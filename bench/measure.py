"""CPU time and peak memory of whole processes, in pairs: what the benchmarks share."""

import os
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

__all__ = ["CACHE", "ROOT", "Cost", "compare", "median", "model_folder", "run"]

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / "build" / "bench"


@dataclass(frozen=True)
class Cost:
    """What one process took."""

    cpu: float  # user and system seconds
    wall: float  # seconds; only reported, never judged where CPU seconds tell as much
    peak: float  # MB of resident memory


def run(command: list[str], **environment: str) -> Cost:
    """Run a process to its end and return its cost; its output is thrown away."""
    # An installed package has its bytecode beside it: let the first run write it here, too.
    kept = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, env=kept | environment)
    started = time.monotonic()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.monotonic() - started
    if os.waitstatus_to_exitcode(status):
        sys.exit(f"{' '.join(command)}: exit {os.waitstatus_to_exitcode(status)}")
    return Cost(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss / 1024)


def compare(ours: list[str], peer: list[str], runs: int = 7) -> tuple[Cost, Cost, float]:
    """Run two commands in turn and return their median costs and the median of the ratios ours / peer.

    In turn, because these machines change speed; the first pair warms the file cache and is not counted.
    """
    pairs = [(run(ours), run(peer)) for _ in range(runs + 1)][1:]
    ratio = statistics.median(a.cpu / b.cpu for a, b in pairs)
    return median([a for a, _ in pairs]), median([b for _, b in pairs]), ratio


def model_folder(name: str) -> Path:
    """Return the folder of a sparse checkpoint, written on first use."""
    sys.path.insert(0, str(ROOT / "examples"))
    from sparse_checkpoints import write

    folder = CACHE / name
    if not (folder / "config.json").exists():
        write(name, folder)
    return folder


def median(costs: list[Cost]) -> Cost:
    """Return the median of each figure."""
    return Cost(*(statistics.median(getattr(cost, key) for cost in costs) for key in ("cpu", "wall", "peak")))
