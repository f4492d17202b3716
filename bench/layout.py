"""The layout, edges routed, against its goals and its peers: igraph (flat), elkjs and dot (with containers).

    python bench/layout.py [--quick]      exit 1 when a goal is missed, 2 when a peer is not installed

CPU seconds (user and system) of the layout call alone, median of three after a warm one; igraph's at 10^6 once.
``--quick`` leaves out the peers that take minutes: elkjs and dot at 10^4, igraph at 10^6, and the goals that need them.
"""

import argparse
import gc
import json
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from compound import EXPERTS, read
from line_crossings import Crossings, of_elk, of_ours
from measure import CACHE, model_folder, run
from peers import dot_seconds, elk_seconds, igraph_seconds, missing

from archviz3d.layout import place
from archviz3d.loaders import load

_RUNS = 3
_SMALL, _MIDDLE, _LARGE, _HUGE = "moe64_1e3", "moe256_1e4", "moe256_1e5", "moe256_1e6"
_NAMES = [
    f"{kind}_{size}" for size in ("1e3", "1e4", "1e5", "1e6") for kind in EXPERTS if f"{kind}_{size}" != "moe256_1e3"
]
_FIRST = """
import sys
from pathlib import Path
from archviz3d.graph.wire import unpack
from archviz3d.layout import place
place(unpack(Path(sys.argv[1]).read_bytes()))
"""


@dataclass(frozen=True)
class Row:
    """One graph: what our layout takes, and what its peers do (None where they are not run)."""

    nodes: int
    edges: int
    peak: float  # MB of the process that reads the graph and lays it out
    cpu: float
    igraph: float | None = None
    elkjs: float | None = None
    dot: float | None = None


@dataclass(frozen=True)
class Goal:
    """A figure and what it may be at most."""

    what: str
    value: float
    most: float
    unit: str = ""

    @property
    def missed(self) -> bool:
        return not self.value <= self.most

    def __str__(self) -> str:
        figures = f"{self.value:9.4g}{self.unit}   at most {self.most:g}{self.unit}"
        return f"  {self.what:52} {figures:32} {'MISSED' if self.missed else 'met'}"


def cpu(function: Callable[..., Any], *arguments: Any) -> tuple[float, Any]:
    started = time.process_time()
    result = function(*arguments)
    return time.process_time() - started, result


# ---------------------------------------------------------------- one graph, in a process of its own
def _once(name: str) -> tuple[float, int, int]:
    gc.collect()  # the peak is that of one run
    graph = read(name)  # anew, so that nothing is remembered of the run before
    seconds, _ = cpu(place, graph)
    return seconds, len(graph), len(graph.edges)


def _ours(name: str) -> dict[str, Any]:
    """Lay a graph out in this process."""
    runs = [_once(name) for _ in range(_RUNS + 1)]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"nodes": runs[0][1], "edges": runs[0][2], "peak": peak, "seconds": [each[0] for each in runs[1:]]}


def _ours_apart(name: str) -> dict[str, Any]:
    command = [sys.executable, __file__, "--one", name]
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)


def measured(name: str, quick: bool) -> Row:
    """Return a graph's figures; ours from before and after the peers ran, because these machines change speed."""
    read(name)  # made here, so that the other process does no more than read it
    ours = _ours_apart(name)
    seconds: list[float] = ours.pop("seconds")
    peers: dict[str, float] = {}
    if not name.endswith("1e6"):
        peers["igraph"] = igraph_seconds(name, _RUNS)
    elif name == _HUGE and not quick:
        peers["igraph"] = igraph_seconds(name, 1)
    if name == _SMALL or (name == _MIDDLE and not quick):
        peers["elkjs"], peers["dot"] = elk_seconds(name, _RUNS), dot_seconds(name, _RUNS)
    if peers:
        seconds += _ours_apart(name)["seconds"]
    return Row(**ours, cpu=statistics.median(seconds), **peers)


# ---------------------------------------------------------------- the other figures
def first_layout() -> float:
    """Return the CPU seconds of a whole process that imports, reads a graph of 10^4 operators and lays it out."""
    command = [sys.executable, "-P", "-c", _FIRST, str(CACHE / "compound" / f"{_MIDDLE}.graph")]
    return statistics.median([run(command).cpu for _ in range(_RUNS + 1)][1:])


def against_building() -> tuple[int, float, float, float]:
    """Return of DeepSeek-V3 the nodes, the seconds to read and build it and to lay it out, and the ratio."""
    folder = str(model_folder("deepseek-v3"))
    place(load(folder))  # warm
    nodes, pairs = 0, []
    for _ in range(5):
        building, graph = cpu(load, folder)
        laying, _ = cpu(place, graph)
        nodes = len(graph)
        pairs.append((building, laying, laying / building))
    building, laying, ratio = (statistics.median(column) for column in zip(*pairs, strict=True))
    return nodes, building, laying, ratio


# ---------------------------------------------------------------- the report
def goals(rows: dict[str, Row], ours: Crossings, elk: Crossings) -> Iterator[Goal]:
    """Yield the goals of the layout, those that were measured."""
    large, huge = rows[_LARGE], rows[_HUGE]
    if large.igraph:
        yield Goal(f"{_LARGE} against igraph", large.cpu / large.igraph, 0.5, " x")
    for peer, seconds in (("elkjs", rows[_MIDDLE].elkjs), ("dot", rows[_MIDDLE].dot)):
        if seconds:
            yield Goal(f"{_MIDDLE} against {peer}", rows[_MIDDLE].cpu / seconds, 0.01, " x")
    yield Goal(f"{_HUGE}, CPU seconds", huge.cpu, 6, " s")
    yield Goal(f"{_HUGE}, peak of the process", huge.peak / 1000, 1.2, " GB")
    yield Goal(f"{_HUGE} against {_LARGE}", huge.cpu / large.cpu, 18, " x")
    yield Goal(f"first layout of {_MIDDLE}, whole process", first_layout(), 1.5, " s")
    yield Goal(f"{_SMALL}, routed crossings an edge, against elkjs", ours.routed, elk.routed)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="leave out what takes minutes")
    parser.add_argument("--one", metavar="GRAPH", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(_ours(options.one)))
        return 0
    lacking = missing()
    if lacking:
        print(*lacking, sep="\n", file=sys.stderr)
        return 2
    print("CPU seconds of the layout with edges routed; peers are in the same run, - where they are not run")
    heads = f"{'archviz3d':>10} {'peak MB':>8} {'igraph':>8} {'elkjs':>8} {'dot':>8}"
    print(f"  {'graph':12} {'nodes':>9} {'edges':>9} {heads}")
    rows: dict[str, Row] = {}
    for name in _NAMES:
        row = rows[name] = measured(name, options.quick)
        others = " ".join(f"{'-' if x is None else f'{x:.3f}':>8}" for x in (row.igraph, row.elkjs, row.dot))
        print(f"  {name:12} {row.nodes:9,} {row.edges:9,} {row.cpu:10.3f} {row.peak:8,.0f} {others}", flush=True)
    ours, elk = of_ours(_SMALL), of_elk(_SMALL)
    print(f"crossings an edge on {_SMALL}: routed, straight from leaf to leaf")
    print(f"  archviz3d, best of six projections  {ours}")
    print(f"  elkjs, its plane                    {elk}")
    nodes, building, laying, ratio = against_building()
    print(f"DeepSeek-V3, {nodes:,} nodes: reading and building {building:.3f} CPU s, layout {laying:.3f}")
    found = [*goals(rows, ours, elk), Goal("DeepSeek-V3: layout against building it", ratio, 0.5, " x")]
    print("goals", *found, sep="\n")
    return int(any(goal.missed for goal in found))


if __name__ == "__main__":
    sys.exit(main())
