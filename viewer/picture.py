"""A picture of the scene without a screen: PNG, JPEG or WebP."""

import io
import logging
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..errors import MachineError, UsageError
from ..files import check_output, write_whole
from ..graph.model_graph import ModelGraph
from ..layout.placement import Placement
from ..overlays.book import OverlayBook
from .state import ViewState

__all__ = ["PICTURE_SUFFIXES", "enlargement", "render_picture"]

_log = logging.getLogger("archviz3d")  # without a handler of the caller's, one line on stderr
_FORMATS = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP"}
PICTURE_SUFFIXES = tuple(_FORMATS)
_OPTIONS = {
    "PNG": {"compress_level": 6},
    "JPEG": {"quality": 95, "subsampling": 0, "optimize": True},
    "WEBP": {"lossless": True, "method": 4},
}
_MAX_SIDE = 16_384
_FINE_SIDE, _FINE_SAMPLES = 8_192, 4  # beyond it, pixels are so small that few renders do, and each takes many seconds
_FULL_HD = (1920, 1080)


def render_picture(
    graph: ModelGraph,
    placement: Placement,
    state: ViewState,
    size: tuple[int, int],
    path: str | Path,
    transparent: bool = False,
    book: OverlayBook | None = None,
) -> None:
    """Draw a view state into a file, with no display.

    The file is complete or not there: it is written under a temporary name and then renamed. The same
    input gives the same bytes.

    Parameters
    ----------
    size : tuple of int
        Width and height of the picture in pixels, exactly.
    path : str or Path
        Its suffix chooses the format: .png, .jpg or .webp.
    transparent : bool
        Leave out the background (not in a JPEG).
    book : OverlayBook, optional
        The overlays of the graph, where there are more than the built-in ones.

    Raises
    ------
    UsageError
        When the suffix or the size cannot be had.
    MachineError
        When this machine cannot render without a screen; says what to install. Or when it lacks the memory.
    """
    path = Path(path)
    kind = _FORMATS.get(path.suffix.lower())
    if kind is None:
        known = ", ".join(PICTURE_SUFFIXES)
        raise UsageError(f"{path}: unknown picture format {path.suffix!r}; one of {known} would be right")
    if transparent and kind == "JPEG":
        raise UsageError(f"{path}: a JPEG cannot be transparent; .png or .webp would be right")
    if not all(1 <= side <= _MAX_SIDE for side in size):
        raise UsageError(f"{path}: cannot draw {size[0]}x{size[1]} pixels; 1 to {_MAX_SIDE} a side would be right")
    check_output(str(path))
    try:
        data = _encoded(_render(graph, placement, state, size, transparent, book), kind)
    except MemoryError:
        width, height = size
        smaller = f"a smaller size, like {max(1, width // 2)}x{max(1, height // 2)}"
        raise MachineError(f"{path}: no memory to draw {width}x{height} pixels; {smaller}, would be right") from None
    write_whole(str(path), data)


def _render(
    graph: ModelGraph,
    placement: Placement,
    state: ViewState,
    size: tuple[int, int],
    transparent: bool,
    book: OverlayBook | None,
) -> NDArray[np.uint8]:
    """Return the picture, shape (height, width, 3 or 4).

    Letters and lines grow with pictures beyond Full HD: on a slide or a poster, more pixels mean sharper, not smaller.
    """
    from .accumulation import SAMPLES, accumulated
    from .offscreen import offscreen_window
    from .scene import Scene
    from .theme import THEMES

    scene = Scene(THEMES[state.theme])
    try:
        scene.show(graph, placement, book)
        with offscreen_window(size, transparent) as window:
            window.AddRenderer(scene.renderer)
            scene.set_ground_visible(not transparent)
            scene.draw(state, size, scale=enlargement(size))
            mean = accumulated(window, scene.shift, SAMPLES if max(size) <= _FINE_SIDE else _FINE_SAMPLES)
        problems = scene.problems
    finally:
        scene.close_model()  # and end the thread that reads weights, also where this machine cannot render
    if problems:
        more = f" (and {len(problems) - 1} more tensors)" if len(problems) > 1 else ""
        _log.warning("%s%s", problems[0], more)
    return mean.picture(transparent)


def enlargement(size: tuple[int, int]) -> float:
    """Return device pixels of a text pixel in a picture of a size: letters grow beyond Full HD."""
    return max(1.0, min(side / usual for side, usual in zip(size, _FULL_HD, strict=True)))


def _encoded(pixels: NDArray[np.uint8], kind: str) -> bytes:
    data = io.BytesIO()
    Image.fromarray(pixels).save(data, kind, **_OPTIONS[kind])
    return data.getvalue()
