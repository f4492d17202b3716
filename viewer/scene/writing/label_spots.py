"""Where a label could stand, the best place first, by what it names: a layer's number, a plate, a box, a tile."""

from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ...words.captions import Caption
from .faces import Face
from .label_layout import Block, Line, Rect, Spot, shortened
from .text import FontSpec, line_height, mask, text_width, wrapped

__all__ = [
    "DETAIL",
    "NAME",
    "TILE",
    "Options",
    "axis_options",
    "beside",
    "block_of",
    "box_options",
    "fits_tile",
    "font_of",
    "number_options",
    "plate_options",
    "tile_options",
]

Options = list[tuple[Block, Spot]]

NAME, DETAIL, TILE = 13, 12, 11
_ANYWHERE = (np.inf, np.inf)
_SINKS = (-3, 0, 3, 6, 9)  # text pixels that a number may sink from above a panel's edge into its rim


def font_of(size: float, weight: str, scale: float) -> FontSpec:
    """Return a font of so many text pixels, never under 11 device pixels."""
    return max(round(size * scale), round(11 * scale), 11), weight


def block_of(*lines: tuple[str, FontSpec], vertical: bool = False) -> Block:
    """Return lines of text with their measures."""
    return Block(tuple(_line(text, font) for text, font in lines), vertical)


@lru_cache(maxsize=20_000)
def _line(text: str, font: FontSpec) -> Line:
    # Writing stands in narrow strips: it matters that ink takes two thirds of a line, and of digits even less.
    inked = np.flatnonzero(mask(text, font).any(1))
    free = (int(inked[0]), line_height(font) - 1 - int(inked[-1])) if len(inked) else (0, 0)
    return Line(text, font, text_width(text, font), line_height(font), free)


def number_options(text: str, face: Face, corners: NDArray[np.float64], scale: float, outside: Spot | None) -> Options:
    """Return where a layer's number can stand: in the rim at its upper left corner, over its edge, or as a tab on it.

    Parameters
    ----------
    corners : ndarray, shape (4, 2)
        Of the panel on the screen, the upper left first, clockwise.
    outside : Spot, optional
        Where it stands instead, on a layer that has no such corner.
    """
    pad = 4 * scale
    if outside is not None:
        block = block_of((text, font_of(NAME, "SemiBold", scale)))
        return [(block, replace(outside, on=on, way=f"outside on {on}")) for on in ("plate", "cover")]
    left, top, right, bottom = face.inner
    grown = block_of((text, font_of(NAME * min(max((right - left) / (300 * scale), 1.0), 1.5), "SemiBold", scale)))
    block = block_of((text, font_of(NAME, "SemiBold", scale)))
    small = block_of((text, font_of(TILE, "SemiBold", scale)))
    room = (right - left - 2 * pad, bottom - top)
    options: Options = [(grown, Spot(left + pad, top + pad / 2, (0, 0), room, "plate", face.outer, "rim"))]
    (x, y), (end, y_end) = corners[:2].tolist()
    slope = (y_end - y) / max(end - x, 1.0)
    for size, lines in (("", block), ("small ", small)):
        width, height = lines.size
        edge = y + slope * (pad + width / 2)
        for sink in _SINKS:
            above = edge + sink * scale + lines.lines[0].free[1] - height
            options.append(
                (lines, Spot(x + pad, above, (0, 0), (right - left, height), "plate", None, f"{size}{sink}"))
            )
    tab = Spot(x + 3 * scale, y + scale, (0, 0), room, "cover", None, "tab")
    return [*options, (small, tab)]


def plate_options(name: str, face: Face, room: float, strips: tuple[float, ...], scale: float) -> Options:
    """Return where a plate's name can stand: in the free strip along its upper edge, above it, at its foot, beside it.

    Parameters
    ----------
    room : float
        Pixels that the name may take, so that equal plates have it shortened alike.
    strips : tuple of float
        Height of the strips above and below the plates on it.
    """
    left, top, right, bottom = face.inner
    pad, middle = 4 * scale, (left + right) / 2
    beside = (2 * (right - left) + 60 * scale, bottom - top)
    font, fine = font_of(NAME, "Medium", scale), font_of(TILE, "Medium", scale)
    block = block_of((name, font))

    def strip(way: str, x: float, y: float, align: tuple[float, float]) -> Spot:
        high = min(bottom - top, strips[1 if align[1] else 0])
        return Spot(x, y, align, (right - left - 2 * pad, high), "plate", face.outer, way)

    def outer(way: str, x: float, y: float, align: tuple[float, float]) -> Spot:
        return Spot(x, y, align, beside, "plate", None, way)

    over, under = face.outer[1] - pad / 2, face.outer[3] + pad / 2
    spots = [
        strip("strip left", left + pad, top + pad / 2, (0, 0)),
        strip("strip right", right - pad, top + pad / 2, (1, 0)),
        strip("strip middle", middle, top + pad / 2, (0.5, 0)),
        strip("foot left", left + pad, bottom - pad / 2, (0, 1)),
        strip("foot right", right - pad, bottom - pad / 2, (1, 1)),
    ]
    if not name.isdigit():  # a number outside of its plate would be read as the neighbour's
        spots[1:1] = [
            outer("above left", left, over, (0, 1)),
            outer("above right", right, over, (1, 1)),
            outer("right", face.outer[2] + pad, face.outer[1], (0, 0)),
            outer("below left", left, under, (0, 0)),
        ]
    options: Options = [(block, spot) for spot in spots]
    options.append((block_of((name, fine)), replace(spots[0], way="strip left, small")))
    short = shortened(name, min(room, right - left) - 2 * pad, lambda text: text_width(text, font), _least(name))
    if short is not None and short != name:
        options.append((block_of((short, font)), replace(spots[0], way="strip left, short")))
    return options


def tile_options(text: str, face: Face, scale: float, roomy: bool = True) -> Options:
    """Return where a tile's number stands: in its middle; whether it fits is asked of the whole grid, if `roomy`."""
    left, top, right, bottom = face.inner
    if min(right - left, bottom - top) <= 1:  # seen from the side
        return []
    room = _ANYWHERE if roomy else (right - left - 4 * scale, bottom - top)
    spot = Spot((left + right) / 2, (top + bottom) / 2, (0.5, 0.5), room, way="tile")
    return [(block_of((text, font_of(TILE, "Medium", scale))), spot)]


def fits_tile(longest: int, face: Face, scale: float) -> bool:
    """Return whether a tile has room for a number of so many digits."""
    left, top, right, bottom = face.inner
    font = font_of(TILE, "Medium", scale)
    return text_width("8" * longest, font) <= 0.88 * (right - left) - 4 * scale and (
        line_height(font) <= 0.9 * (bottom - top)
    )


def box_options(caption: Caption, face: Face, plate: Rect | None, room: float, scale: float, small: bool) -> Options:
    """Return where a box's name can stand: on its face, upright if it must be; beside it; shortened on the face.

    Parameters
    ----------
    plate : Rect, optional
        Lies in the plate that it stands on: a detail beside it does not cross the edge of that.
    room : float
        Pixels that the name may take, so that equal boxes have it shortened alike.
    small : bool
        It is a scale or a bias, named at its right.
    """
    left, top, right, bottom = face.inner
    width, height = right - left, bottom - top
    middle, gap = ((left + right) / 2, (top + bottom) / 2), 4 * scale
    name, detail = font_of(NAME, "Medium", scale), font_of(DETAIL, "Regular", scale)
    one_line = f"{caption.name}  {caption.detail}" if caption.detail else caption.name
    bare = block_of((caption.name, name))
    full = block_of((caption.name, name), (caption.detail, detail)) if caption.detail else bare
    across, up = (width - 10 * scale, height - 4 * scale), (width - scale, height - 10 * scale)

    def on_face(way: str, given: tuple[float, float]) -> Spot:
        return Spot(*middle, (0.5, 0.5), given, way=way)

    options: Options = [
        (full, on_face("face", across)),
        (bare, on_face("face, bare", across)),
        *((block, on_face("face, in lines", across)) for block in _in_lines(caption.name, name, room - 10 * scale)),
        (block_of((one_line, name), vertical=True), on_face("upright", up)),
        (block_of((caption.name, name), vertical=True), on_face("upright, bare", up)),
    ]
    if small:
        block = block_of((one_line, detail))
        options.append((block, Spot(face.outer[2] + gap, middle[1], (0, 0.5), block.size, "plate", None, "right")))
    else:
        beside = (max(2.2 * width, 130 * scale), height + 99 * scale)
        for block, within, what in ((full, plate, ""), (bare, None, ", bare")):
            above = Spot(middle[0], face.outer[1] - gap, (0.5, 1), beside, "plate", within, f"above{what}")
            below = Spot(middle[0], face.outer[3] + gap, (0.5, 0), beside, "plate", within, f"below{what}")
            options += [(block, above), (block, below)]
            for way, x, side in (("left", face.outer[0], 0.0), ("right", face.outer[2], 1.0)):
                options.append((block, replace(above, x=x, align=(side, 1.0), way=f"above {way}{what}")))
                options.append((block, replace(below, x=x, align=(side, 0.0), way=f"below {way}{what}")))
    short = shortened(
        caption.name, min(room, width) - 10 * scale, lambda text: text_width(text, name), _least(caption.name)
    )
    if short is not None and short != caption.name:
        options.append((block_of((short, name)), on_face("face, short", across)))
    return options


def beside(name: str, face: Face, scale: float) -> tuple[Block, Spot]:
    """Return the name of a part of a layer so slender that names have room only on the next one."""
    spot = Spot(face.outer[2] + 4 * scale, (face.outer[1] + face.outer[3]) / 2, (0, 0.5), _ANYWHERE, "cover")
    return block_of((name, font_of(NAME, "Medium", scale))), replace(spot, way="beside")


def _in_lines(name: str, font: FontSpec, room: float) -> Iterator[Block]:
    """Yield a name of several words in as many lines as it needs, if its words have room."""
    if " " in name and all(text_width(word, font) <= room for word in name.split(" ")):
        yield block_of(*((line, font) for line in wrapped(name, font, room)))


def axis_options(across: str, up: str, face: Face, scale: float) -> Iterator[tuple[str, Options]]:
    """Yield where the dimensions of a large matrix can stand, with its role: under it and before it, else on it."""
    font = font_of(DETAIL, "Regular", scale)
    left, top, right, bottom = face.inner
    gap, room = 5 * scale, (right - left, bottom - top)
    below, beside = block_of((across, font)), block_of((up, font), vertical=True)
    middle = ((left + right) / 2, (top + bottom) / 2)
    under, before = face.outer[3] + gap, face.outer[0] - gap
    spots = [
        Spot(middle[0], under, (0.5, 0), room, "plate", None, "middle"),
        Spot(left, under, (0, 0), room, "plate", None, "left"),
        Spot(middle[0], bottom - gap, (0.5, 1), room, way="inside"),
    ]
    yield "across", [(below, spot) for spot in spots]
    spots = [
        Spot(before, middle[1], (1, 0.5), room, "plate", None, "middle"),
        Spot(before, top, (1, 0), room, "plate", None, "top"),
        Spot(left + gap, middle[1], (0, 0.5), room, way="inside"),
    ]
    yield "up", [(beside, spot) for spot in spots]


def _least(name: str) -> int:
    """Return how many characters of a name must be left for it to still say something."""
    return max(6, round(0.6 * len(name)))
