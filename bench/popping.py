"""Zooming from the whole model down to one part: how much of the picture jumps from one step to the next.

python bench/popping.py MODEL [PATH] [--steps 200] [--size 960x540] [--overlay NAME] [--theme dark]

Each picture is compared with the one before it, enlarged to the same scale: what is left is what levels of detail do.
"""

import argparse
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

import archviz3d
from archviz3d.graph.model_graph import ModelGraph
from archviz3d.layout import place
from archviz3d.viewer.cameras.camera import Viewport
from archviz3d.viewer.offscreen import offscreen_window, read_pixels
from archviz3d.viewer.scene import Scene
from archviz3d.viewer.state import ViewState
from archviz3d.viewer.theme import THEMES

_BLOCK = 8  # pixels that are averaged: edges of an enlarged picture are not those of a drawn one
_JUMP = 24  # of 255, in any channel: a change that the eye catches


@dataclass(frozen=True)
class Popping:
    """What changes from step to step of a zoom, one row a step: the mean colour's change, and the share that jumps."""

    shift: NDArray[np.float64]
    jumps: NDArray[np.float64]


def popping(graph: ModelGraph, node: int, steps: int, size: Viewport, state: ViewState) -> Popping:
    """Zoom from the view of the whole to that of a node, and compare each picture with the one before."""
    placement = place(graph, aspect=size[0] / size[1])
    scene = Scene(THEMES[state.theme])
    scene.show(graph, placement)
    pictures: list[NDArray[np.float64]] = []
    shift, jumps = [], []
    with offscreen_window(size) as window:
        window.AddRenderer(scene.renderer)
        whole, part = scene.fit(0, size), scene.fit(node, size)
        factor = (part.distance / whole.distance) ** (1 / (steps - 1))
        for step in range(steps):
            distance = whole.distance * factor**step
            scene.draw(replace(state, camera=replace(part, distance=distance)), size)
            window.SetMultiSamples(8)
            window.Render()
            pictures.append(read_pixels(window, size)[..., :3].astype(np.float64))
            if len(pictures) == 2:
                change = _blocks(pictures[1]) - _blocks(_enlarged(pictures.pop(0), 1 / factor))
                shift.append(float(np.abs(change.mean((0, 1))).max()))
                jumps.append(float((np.abs(change).max(2) > _JUMP).mean()))
    scene.close_model()
    return Popping(np.array(shift), np.array(jumps))


def _enlarged(picture: NDArray[np.float64], factor: float) -> NDArray[np.float64]:
    """Return the middle of a picture, enlarged to its size, between pixels linearly."""
    for axis in (0, 1):
        length = picture.shape[axis]
        at = (np.arange(length) + 0.5 - length / 2) / factor + length / 2 - 0.5
        low = np.clip(np.floor(at).astype(int), 0, length - 2)
        share = (at - low).reshape([-1 if a == axis else 1 for a in range(3)])
        picture = np.take(picture, low, axis) * (1 - share) + np.take(picture, low + 1, axis) * share
    return picture


def _blocks(picture: NDArray[np.float64]) -> NDArray[np.float64]:
    rows, columns = picture.shape[0] // _BLOCK, picture.shape[1] // _BLOCK
    whole = picture[: rows * _BLOCK, : columns * _BLOCK]
    return whole.reshape(rows, _BLOCK, columns, _BLOCK, 3).mean((1, 3))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model")
    parser.add_argument("path", nargs="?", help="the part to zoom to; by default one in the middle of the deepest")
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--size", default="960x540")
    parser.add_argument("--overlay")
    parser.add_argument("--theme", default="dark")
    wish = parser.parse_args()
    graph = archviz3d.load(wish.model)
    deepest = np.flatnonzero(graph.depth == graph.depth.max())
    node = graph.id_of(wish.path) if wish.path else int(deepest[len(deepest) // 2])
    width, height = (int(side) for side in wish.size.split("x"))
    state = ViewState(labels=False, overlay=wish.overlay, theme=wish.theme)
    found = popping(graph, node, wish.steps, (width, height), state)
    print(f"{graph.name}: {wish.steps} steps to {graph.path(node)}")
    for title, values in (("mean colour (of 255)", found.shift), (f"share that jumps by {_JUMP}", found.jumps)):
        worst = np.argsort(-values)[:3]
        told = ", ".join(f"{values[k]:.4f} (step {k + 1})" for k in worst.tolist())
        print(
            f"  {title:22} worst {told}; 95 % of steps below {np.quantile(values, 0.95):.4f}, mean {values.mean():.4f}"
        )


if __name__ == "__main__":
    main()
