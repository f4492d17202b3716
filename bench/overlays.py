"""Overlays on Kimi-K2 (139,583 tensors, 23,040 experts): changing what is shown, against moving the camera.

Frames are drawn off screen by Mesa, as while something moves (1920x1080, no multisampling). The peer is the frame that
a flight draws anyway: the camera moves, so all boxes are built, uploaded and drawn again; without an overlay, in turn
with what is measured, in one run.
"""

import statistics
import sys
import time

import numpy as np
from measure import model_folder

import archviz3d
from archviz3d.graph.kinds import NodeKind
from archviz3d.layout import place
from archviz3d.overlays.aggregate import Aggregate
from archviz3d.overlays.book import OverlayBook
from archviz3d.overlays.overlay import Origin, Overlay
from archviz3d.viewer.offscreen import offscreen_window
from archviz3d.viewer.scene import Scene
from archviz3d.viewer.state import ViewState
from archviz3d.viewer.theme import DARK

SIZE = (1920, 1080)
STEPS, ROUNDS = 50, 15
BUDGETS = {"switch": 1.5, "scrub": 1.5, "range": 1.0, "colour map": 1.0, "filter": 1.0}


def table(graph) -> Overlay:
    """Made-up values for all experts at 50 steps."""
    ids = graph.of_kind(NodeKind.EXPERT).astype(np.int32)
    values = np.random.default_rng(1).gamma(2.0, 50.0, (STEPS, len(ids))).astype(np.float32)
    facts = ("load", "Expert load", "made up", "bench/overlays.py", Origin.SYNTHETIC, Aggregate.MEAN)
    return Overlay(*facts, ids, values)


class Bench:
    """One scene off screen, and how long its frames take."""

    def __init__(self, graph, window) -> None:
        self.book = OverlayBook(graph)
        self.book.add(table(graph), "bench")
        self.scene, self.window = Scene(DARK), window
        self.scene.show(graph, place(graph), self.book)
        window.AddRenderer(self.scene.renderer)
        self.turn = 0.0
        self.frame(overlay="load")

    def frame(self, **state) -> float:
        """Draw a frame and return its CPU milliseconds."""
        before = time.process_time()
        self.scene.draw(ViewState(**state), SIZE, moving=True)
        self.window.Render()
        self.window.WaitForCompletion()
        return 1000 * (time.process_time() - before)

    def moved(self, **state) -> float:
        """Draw a frame that is seen from so far aside that the mesh is built again."""
        self.turn = 8.0 - self.turn
        return self.frame(angle=(self.turn, 0.0, 1.0), **state)


def main() -> int:
    """Measure and judge."""
    graph = archviz3d.load(model_folder("kimi-k2"))
    with offscreen_window(SIZE) as window:
        bench = Bench(graph, window)
        costs: dict[str, list[float]] = {name: [] for name in ("moved", *BUDGETS)}
        for k in range(ROUNDS):
            costs["moved"].append(bench.moved())
            bench.frame(overlay="load", step=k)
            costs["switch"].append(bench.frame(overlay=("parameters", "bytes", "flops")[k % 3]))
            bench.frame(overlay="load", step=k)
            costs["scrub"].append(bench.frame(overlay="load", step=k + 20))
            at = {"overlay": "load", "step": k + 20}
            costs["range"].append(bench.frame(range=(0.0, 100.0 + k), **at))
            costs["colour map"].append(bench.frame(colormap=("viridis", "magma", "cividis")[k % 3], **at))
            costs["filter"].append(bench.frame(keep=(0.0, 1.0 + k), **at))
        bench.scene.close_model()
    moved = statistics.median(costs.pop("moved"))
    print(f"Kimi-K2, {len(graph):,} nodes, {len(bench.book.get('load').ids):,} experts, {SIZE[0]}x{SIZE[1]}, CPU ms")
    print(f"  a moved frame without an overlay  {moved:5.0f} ms")
    missed = False
    for name, values in costs.items():
        ratio = statistics.median(values) / moved
        missed |= ratio > BUDGETS[name]
        print(f"  {name:<32}  {statistics.median(values):5.0f} ms   ratio {ratio:.2f} (budget {BUDGETS[name]:.2f})")
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
