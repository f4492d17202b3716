"""Everything flat in front of the model: text, swatches and plates behind labels, in one draw call."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...cameras.camera import Viewport
from ..mesh import QuadMesh
from ..texture import DataTexture
from .label_layout import Rect
from .text import FontSpec, line_height, mask, text_width

__all__ = ["Overlay", "Writing"]

_ATLAS_WIDTH = 2048  # at first: a long title in a large picture is wider
_AROUND = np.array([[0, 1], [1, 1], [1, 0], [0, 0]], np.float64)  # from the lower left, y down
_Slot = tuple[int, int, int, int]
_Key = tuple[str, FontSpec, bool]
_BLOCK: _Key = ("", (0, ""), False)
_ENDLESS = 1e6  # half sizes of a shape whose outline is nowhere near


@dataclass(frozen=True)
class Writing:
    """A line of text as it is drawn: `rect` in pixels (left, top, right, bottom), `ink` 0 to 255."""

    text: str
    rect: Rect
    font: FontSpec
    ink: tuple[float, float, float]
    vertical: bool


class Overlay:
    """Collects shapes and text of a frame, then draws them in the order they came.

    Pixels have their origin at the top left; text is drawn pixel for pixel, without filtering.

    Attributes
    ----------
    opacity : float
        Of what is added from now on, 0 to 1; 1 after `clear`.
    """

    def __init__(self) -> None:
        self._mesh = QuadMesh("overlay", {"texel": 2, "shape": 4}, translucent=True)
        self.actor = self._mesh.actor
        self._atlas = _Atlas()
        self._mesh.texture("atlas", self._atlas.texture.texture)
        self.opacity = 1.0
        self._quads: list[tuple[float, float, float, float]] = []
        self._colors: list[tuple[float, float, float, float, float]] = []  # with alpha below and above
        self._keys: list[_Key | None] = []  # None: a shape

    def clear(self) -> None:
        """Forget the last frame."""
        self.opacity = 1.0
        self._quads, self._colors, self._keys = [], [], []

    def shape(
        self, rect: Iterable[float], color: NDArray[np.float64], alpha: float = 1.0, alpha_below: float | None = None
    ) -> None:
        """Add a rounded rectangle (left, top, right, bottom), if wanted with another opacity at its lower edge."""
        left, top, right, bottom = rect
        self._quads.append((left, top, right, bottom))
        full = 255 * self.opacity
        self._colors.append((*color, full * (alpha if alpha_below is None else alpha_below), full * alpha))
        self._keys.append(None)

    def block(self, rect: Iterable[float], color: NDArray[np.float64], alpha: float = 1.0) -> None:
        """Add a rectangle with hard edges at whole pixels, so that neighbours meet without a seam."""
        left, top, right, bottom = (float(round(side)) for side in rect)
        self._quads.append((left, top, right, bottom))
        full = 255 * self.opacity
        self._colors.append((*color, full * alpha, full * alpha))
        self._keys.append(_BLOCK)

    def text(
        self, x: float, y: float, text: str, font: FontSpec, color: NDArray[np.float64], vertical: bool = False
    ) -> None:
        """Add a line of text with its top left corner at whole pixels; `vertical` text reads upwards."""
        width, height = text_width(text, font), line_height(font)
        if vertical:
            width, height = height, width
        self._quads.append((round(x), round(y), round(x) + width, round(y) + height))
        self._colors.append((*color, 255 * self.opacity, 255 * self.opacity))
        self._keys.append((text, font, vertical))

    @property
    def writings(self) -> list[Writing]:
        """All lines of text that were added since `clear`."""
        return [
            Writing(key[0], quad, key[1], color[:3], key[2])
            for key, quad, color in zip(self._keys, self._quads, self._colors, strict=True)
            if key is not None and key is not _BLOCK
        ]

    def erase(self) -> None:
        """Take all text out again and leave the shapes; `finish` shows it."""
        kept = [k for k, key in enumerate(self._keys) if key is None or key is _BLOCK]
        self._quads, self._colors = [self._quads[k] for k in kept], [self._colors[k] for k in kept]
        self._keys = [self._keys[k] for k in kept]

    def finish(self, viewport: Viewport, scale: float) -> None:
        """Hand what was collected to the graphics card."""
        count = len(self._quads)
        quads = np.array(self._quads, np.float64).reshape(count, 4)
        is_hard = np.array([key is not None for key in self._keys], bool)
        is_text = np.array([key is not None and key is not _BLOCK for key in self._keys], bool)
        grown = quads + np.where(is_hard[:, None], 0.0, scale * np.array([-1, -1, 1, 1]))  # room for soft outlines
        low, high = grown[:, None, :2], grown[:, None, 2:]
        corners = low + (high - low) * _AROUND
        points = np.zeros((count, 4, 3), np.float32)
        points[..., 0] = 2 * corners[..., 0] / viewport[0] - 1
        points[..., 1] = 1 - 2 * corners[..., 1] / viewport[1]
        texel = np.full((count, 4, 2), -1.0, np.float32)
        slots = self._atlas.slots([key for key in self._keys if key is not None and key is not _BLOCK])
        if slots.size:
            texel[is_text] = slots[:, None, :2] + slots[:, None, 2:] * _AROUND
        shape = np.zeros((count, 4, 4), np.float32)
        shape[..., :2] = corners - (quads[:, None, :2] + quads[:, None, 2:]) / 2
        shape[..., 2:] = np.where(is_hard[:, None], _ENDLESS, (quads[:, 2:] - quads[:, :2]) / 2)[:, None, :]
        wanted = np.array(self._colors, np.float64).reshape(count, 5)
        colors = np.stack([wanted[:, [0, 1, 2, k]] for k in (3, 3, 4, 4)], 1).astype(np.uint8)
        self._mesh.uniform("softness", scale)
        self._mesh.fill(
            points.reshape(-1, 3), colors.reshape(-1, 4), texel=texel.reshape(-1, 2), shape=shape.reshape(-1, 4)
        )


class _Atlas:
    """Coverage masks of lines of text on shelves of one texture."""

    def __init__(self) -> None:
        self.texture = DataTexture()
        self._start(_ATLAS_WIDTH, 512)

    def slots(self, keys: list[_Key]) -> NDArray[np.int64]:
        """Return (x, y, width, height) in the texture of each line, shape (K, 4)."""
        missing = [key for key in dict.fromkeys(keys) if key not in self._slots]
        height, width = self._pixels.shape
        while missing and width < max(line_height(key[1]) if key[2] else text_width(*key[:2]) for key in missing):
            width *= 2
        if missing and (width > self._pixels.shape[1] or not self._add(missing)):
            # Full: start again with what this frame needs, in a larger texture if it must be.
            self._start(width, height)
            while not self._add(list(dict.fromkeys(keys))):
                height *= 2
                self._start(width, height)
        if missing:
            self.texture.touch()
        return np.array([self._slots[key] for key in keys], np.int64).reshape(-1, 4)

    def _start(self, width: int, height: int) -> None:
        self._slots: dict[_Key, _Slot] = {}
        self._pen = [0, 0, 0]  # x, y, height of the shelf
        self._pixels = np.zeros((height, width), np.uint8)
        self.texture.fill(self._pixels)

    def _add(self, keys: list[_Key]) -> bool:
        for key in keys:
            text, font, vertical = key
            drawn = mask(text, font)
            if vertical:
                drawn = np.rot90(drawn)
            height, width = drawn.shape
            x, y, shelf = self._pen
            if x + width > self._pixels.shape[1]:
                x, y, shelf = 0, y + shelf + 1, 0
            if y + height > len(self._pixels):
                return False
            self._pixels[y : y + height, x : x + width] = drawn
            self._slots[key] = (x, y, width, height)
            self._pen = [x + width + 1, y, max(shelf, height)]
        return True
