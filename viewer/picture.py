"""A picture of the scene without a screen: PNG, JPEG or WebP."""

import io
import logging
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..errors import UsageError
from ..files import check_output, write_whole
from ..graph.model_graph import ModelGraph
from ..layout.placement import Placement
from ..overlays.book import OverlayBook
from .state import ViewState

__all__ = ["PICTURE_SUFFIXES", "enlargement", "reduced", "render_picture"]

_log = logging.getLogger("archviz3d")  # without a handler of the caller's, one line on stderr
_FORMATS = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP"}
PICTURE_SUFFIXES = tuple(_FORMATS)
_OPTIONS = {
    "PNG": {"compress_level": 6},
    "JPEG": {"quality": 95, "subsampling": 0, "optimize": True},
    "WEBP": {"lossless": True, "method": 4},
}
_OVERSAMPLE = 2  # each pixel of a picture is the mean of so many rendered ones, squared
_MAX_SIDE = 16_384
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
        When this machine cannot render without a screen; says what to install.
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
    pixels = _render(graph, placement, state, size, transparent, book)
    write_whole(str(path), _encoded(pixels, kind))


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
    from .offscreen import offscreen_window, read_pixels
    from .scene import Scene
    from .theme import THEMES

    factor = _OVERSAMPLE if max(size) * _OVERSAMPLE <= _MAX_SIDE else 1
    large = (size[0] * factor, size[1] * factor)
    scene = Scene(THEMES[state.theme])
    scene.show(graph, placement, book)
    with offscreen_window(large, transparent) as window:
        window.AddRenderer(scene.renderer)
        scene.set_ground_visible(not transparent)
        scene.draw(state, large, scale=factor * enlargement(size))
        window.Render()
        rendered = read_pixels(window, large)
    problems = scene.problems
    if problems:
        more = f" (and {len(problems) - 1} more tensors)" if len(problems) > 1 else ""
        _log.warning("%s%s", problems[0], more)
    scene.close_model()
    return reduced(rendered, factor, transparent)


def enlargement(size: tuple[int, int]) -> float:
    """Return device pixels of a text pixel in a picture of a size: letters grow beyond Full HD."""
    return max(1.0, min(side / usual for side, usual in zip(size, _FULL_HD, strict=True)))


def reduced(pixels: NDArray[np.uint8], factor: int, transparent: bool) -> NDArray[np.uint8]:
    """Return the mean of each block of pixels; colours come premultiplied, files want them plain."""
    height, width = pixels.shape[0] // factor, pixels.shape[1] // factor
    sums = np.zeros((height, width, 4), np.uint16)
    for y in range(factor):
        for x in range(factor):
            sums += pixels[y::factor, x::factor]
    count = factor * factor
    mean = ((sums + count // 2) // count).astype(np.uint8)
    if not transparent:
        return np.ascontiguousarray(mean[..., :3])
    alpha = np.maximum(mean[..., 3:], 1).astype(np.uint16)
    mean[..., :3] = np.minimum(mean[..., :3].astype(np.uint16) * 255 // alpha, 255)
    return mean


def _encoded(pixels: NDArray[np.uint8], kind: str) -> bytes:
    data = io.BytesIO()
    Image.fromarray(pixels).save(data, kind, **_OPTIONS[kind])
    return data.getvalue()
