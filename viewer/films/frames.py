"""The frames of a film: shots drawn one after another in one window without a screen."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from vtkmodules.vtkRenderingCore import vtkRenderWindow

from ...graph.model_graph import ModelGraph
from ...layout.placement import Placement
from ...overlays.book import OverlayBook
from ..accumulation import accumulated
from ..offscreen import offscreen_window
from ..picture import enlargement
from ..scene import Scene
from ..state import ViewState
from ..theme import THEMES
from .course import Shot

__all__ = ["FrameSource", "frame_source"]

_SAMPLES = 8  # half of those of a picture: a frame is seen for a moment


class FrameSource:
    """Draws the shots of a film in turn: labels stay where they were if they can, all else is the shot's alone.

    So the same shots give the same pictures, but what is labelled at a moment may differ with the shots before it, and
    so with the rate of frames. What dissolves has no labels: legs of flights fade them out before.

    Parameters
    ----------
    scene : Scene
        It reads all weights that a frame shows before that is drawn.
    window : vtkRenderWindow
    state : ViewState
        What all shots have in common.
    size : tuple of int
    transparent : bool
        Without the ground.

    Attributes
    ----------
    problems : list of str
        Why weights that were wanted could not be shown, one line a tensor.
    """

    def __init__(
        self, scene: Scene, window: vtkRenderWindow, state: ViewState, size: tuple[int, int], transparent: bool
    ) -> None:
        self._scene, self._window, self._size = scene, window, size
        self._state = replace(state, hover=None)
        self._transparent = transparent
        self._last: tuple[Shot, NDArray[np.uint8]] | None = None
        self.problems: list[str] = []

    def take(self, shot: Shot) -> NDArray[np.uint8]:
        """Return the picture of a shot, shape (height, width, 3 or 4). The same shot again costs nothing."""
        if self._last is None or self._last[0] != shot:
            frame = self._draw(shot, shot.focus)
            if shot.mix > 0 and shot.follower != shot.focus:
                frame = _mixed(frame, self._draw(shot, shot.follower), shot.mix)
            self._last = shot, frame
        return self._last[1]

    def lead_in(self, shot: Shot) -> None:
        """Let labels find their places as if a shot were the one before the first: nothing is rendered."""
        if self._state.labels:
            self._prepare(shot, shot.focus)

    def _prepare(self, shot: Shot, focus: int) -> None:
        state = replace(self._state, camera=shot.camera, focus=focus)
        self._scene.draw(state, self._size, scale=enlargement(self._size), names=shot.names)

    def _draw(self, shot: Shot, focus: int) -> NDArray[np.uint8]:
        self._prepare(shot, focus)
        mean = accumulated(self._window, self._scene.shift, _SAMPLES)
        self.problems += [problem for problem in self._scene.problems if problem not in self.problems]
        return mean.picture(self._transparent)


@contextmanager
def frame_source(
    graph: ModelGraph,
    placement: Placement,
    state: ViewState,
    size: tuple[int, int],
    book: OverlayBook | None = None,
    transparent: bool = False,
) -> Iterator[FrameSource]:
    """Yield what draws the frames of a model's film.

    Raises
    ------
    MachineError
        When this machine cannot render without a screen; says what to install.
    """
    scene = Scene(THEMES[state.theme])
    try:
        scene.show(graph, placement, book)
        with offscreen_window(size, transparent) as window:
            window.AddRenderer(scene.renderer)
            scene.set_ground_visible(not transparent)
            yield FrameSource(scene, window, state, size, transparent)
    finally:
        scene.close_model()


def _mixed(one: NDArray[np.uint8], other: NDArray[np.uint8], share: float) -> NDArray[np.uint8]:
    """Return a picture with a share (0 to 1) of another one."""
    weight = round(256 * share)
    return ((one.astype(np.uint16) * (256 - weight) + other.astype(np.uint16) * weight + 128) >> 8).astype(np.uint8)
