"""What else lays such graphs out: igraph (flat), elkjs and Graphviz's dot (with containers), in processes of their own.

All are peers of benchmarks only. CPU seconds are user and system time of the layout alone.
"""

import importlib.util
import json
import resource
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from compound import Compound, compound, read
from measure import CACHE, run

__all__ = ["dot_seconds", "elk_drawing", "elk_seconds", "igraph_seconds", "missing"]

_ELKJS = "0.12.1"
_FOLDER = CACHE / "peers"  # npm's folder, and the graphs in the peers' formats
_MODULE = _FOLDER / "node_modules" / "elkjs"
_STACK_KB = 60_000  # elkjs calls itself deeply; the default of 984 ends in a RangeError on 10^4 nodes
_DEEP = 1 << 30  # bytes of stack for elkjs and igraph, which with the usual 8 MB dies of SIGSEGV at 10^6
_WARM = "moe64_1e3"


def missing() -> list[str]:
    """Return a line for each peer that this machine lacks: which, and how to install it."""
    lines = []
    if importlib.util.find_spec("igraph") is None:
        lines.append("igraph is missing: pip install -r bench/requirements.txt")
    if shutil.which("node") is None:
        lines.append("node, which runs elkjs, is missing: apt-get install nodejs npm")
    package = _MODULE / "package.json"
    if not package.exists() or json.loads(package.read_text())["version"] != _ELKJS:
        lines.append(f"elkjs {_ELKJS} is missing: npm install --prefix build/bench/peers elkjs@{_ELKJS}")
    if shutil.which("dot") is None:
        lines.append("dot is missing: apt-get install graphviz")
    return lines


def _deep_stack() -> None:
    hard = resource.getrlimit(resource.RLIMIT_STACK)[1]
    resource.setrlimit(resource.RLIMIT_STACK, (_DEEP if hard == resource.RLIM_INFINITY else min(_DEEP, hard), hard))


# ---------------------------------------------------------------- igraph
def igraph_seconds(name: str, runs: int) -> float:
    """Return the median CPU seconds of ``layout_sugiyama`` after a warm run; containers are left out."""
    command = [sys.executable, __file__, name, str(runs)]
    return float(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, preexec_fn=_deep_stack).stdout)


def _igraph(name: str, runs: int) -> float:
    import igraph

    flat = compound(read(name))
    number = flat.leaf.cumsum() - 1
    ends = list(zip(number[flat.source].tolist(), number[flat.target].tolist(), strict=True))
    graph = igraph.Graph(int(flat.leaf.sum()), ends, directed=True)
    if runs > 1:
        graph.layout_sugiyama()
    seconds = []
    for _ in range(runs):
        started = time.process_time()
        graph.layout_sugiyama()
        seconds.append(time.process_time() - started)
    return statistics.median(seconds)


# ---------------------------------------------------------------- elkjs
def elk_seconds(name: str, runs: int) -> float:
    """Return the median CPU seconds of elkjs with all containers in one layout; V8 is warm."""
    _FOLDER.mkdir(parents=True, exist_ok=True)
    command = ["node", f"--stack-size={_STACK_KB}", str(Path(__file__).with_name("elk_layout.mjs")), str(_MODULE),
               _elk_file(_WARM), _elk_file(name), str(runs), str(_drawing(name))]  # fmt: skip
    out = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, preexec_fn=_deep_stack).stdout
    return statistics.median(json.loads(out)["cpu"])


def elk_drawing(name: str) -> dict[str, Any]:
    """Return the last drawing that `elk_seconds` made: centres of leaves by id, a polyline of each edge."""
    return json.loads(_drawing(name).read_text())


def _drawing(name: str) -> Path:
    return _FOLDER / f"{name}.elk.drawn.json"


def _elk_file(name: str) -> str:
    path = _FOLDER / f"{name}.elk.json"
    if not path.exists():
        path.write_text(json.dumps(_elk_graph(compound(read(name)))))
    return str(path)


def _elk_graph(graph: Compound) -> dict[str, Any]:
    options = {
        "elk.algorithm": "layered",
        "elk.direction": "RIGHT",
        "elk.hierarchyHandling": "INCLUDE_CHILDREN",
        "elk.json.shapeCoords": "ROOT",
        "elk.json.edgeCoords": "ROOT",
    }
    nodes: list[dict[str, Any]] = [
        {"id": str(i), "width": 40, "height": 20} if leaf else {"id": str(i), "children": []}
        for i, leaf in enumerate(graph.leaf.tolist())
    ]
    for i, parent in enumerate(graph.parent[1:].tolist(), 1):
        nodes[parent]["children"].append(nodes[i])
    ends = zip(graph.source.tolist(), graph.target.tolist(), strict=True)
    edges = [{"id": f"e{k}", "sources": [str(a)], "targets": [str(b)]} for k, (a, b) in enumerate(ends)]
    return nodes[0] | {"layoutOptions": options, "edges": edges}


# ---------------------------------------------------------------- dot
def dot_seconds(name: str, runs: int) -> float:
    """Return the median CPU seconds of ``dot`` with a cluster for each container, less those of an empty graph."""
    path, empty = _FOLDER / f"{name}.dot", _FOLDER / "empty.dot"
    _FOLDER.mkdir(parents=True, exist_ok=True)
    empty.write_text("digraph { }\n")
    if not path.exists():
        path.write_text(_dot_text(compound(read(name))))
    start = statistics.median(run(["dot", "-Tplain", str(empty)]).cpu for _ in range(runs))
    return statistics.median(run(["dot", "-Tplain", str(path)]).cpu for _ in range(runs)) - start


def _dot_text(graph: Compound) -> str:
    lines = ["digraph {", 'rankdir="LR"; node [shape="box", label="", width="0.4", height="0.2"];']
    ends = graph.parent.tolist()
    open_: list[int] = []  # containers from the root's child to the current one
    for i, leaf in enumerate(graph.leaf.tolist()):
        while open_ and open_[-1] != ends[i]:
            lines.append("}")
            open_.pop()
        if leaf:
            lines.append(f"n{i};")
        elif i:
            lines.append(f"subgraph cluster_{i} {{")
            open_.append(i)
    lines += ["}"] * len(open_)
    lines += [f"n{a} -> n{b};" for a, b in zip(graph.source.tolist(), graph.target.tolist(), strict=True)]
    return "\n".join([*lines, "}", ""])


if __name__ == "__main__":
    print(_igraph(sys.argv[1], int(sys.argv[2])))
