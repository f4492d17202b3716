"""Where a label could stand, the best place first, by what it names: a layer's number, a plate, a box, a tile."""

from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache, partial

import numpy as np
from numpy.typing import NDArray

from ...words.captions import Caption
from .faces import Face
from .label_layout import Block, Line, Rect, Spot
from .text import FontSpec, line_height, mask, shortened, text_width, wrapped

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
    "plainly",
    "plate_options",
    "tile_options",
]

Options = list[tuple[Block, Spot]]

NAME, DETAIL, TILE = 13, 12, 11
_ANYWHERE = (np.inf, np.inf)
_ENDS, _OVER, _UPRIGHT = 4.0, 1.0, 0.5  # text pixels of air at the ends of a name, over it, and beside an upright one
_INSET = 40  # text pixels to the right of a corner, where the name of the plate around it stands at that
_TALL = 2.0  # height over width from which a name with its detail is upright rather than in three lines
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
        return [(block, replace(outside, on=on, way=f"outside on {on}")) for on in ("rim", "cover")]
    left, top, right, bottom = face.inner
    grown = block_of((text, font_of(NAME * min(max((right - left) / (300 * scale), 1.0), 1.5), "SemiBold", scale)))
    block = block_of((text, font_of(NAME, "SemiBold", scale)))
    small = block_of((text, font_of(TILE, "SemiBold", scale)))
    room = (right - left - 2 * pad, bottom - top)
    options: Options = [(grown, Spot(left + pad, top + pad / 2, (0, 0), room, "rim", face.outer, "rim"))]
    (x, y), (end, y_end) = corners[:2].tolist()
    slope = (y_end - y) / max(end - x, 1.0)
    for size, lines in (("", block), ("small ", small)):
        width, height = lines.size
        edge = y + slope * (pad + width / 2)
        for sink in _SINKS:
            above = edge + sink * scale + lines.lines[0].free[1] - height
            options.append((lines, Spot(x + pad, above, (0, 0), (right - left, height), "rim", None, f"{size}{sink}")))
    tab = Spot(x + 3 * scale, y + scale, (0, 0), room, "cover", None, "tab")
    return [*options, (small, tab)]


def plate_options(name: str, face: Face, room: float, strips: tuple[float, ...], over: float, scale: float) -> Options:
    """Return where a plate's name can stand: at its upper left corner if at all, in the free strip or above it.

    Parameters
    ----------
    room : float
        Pixels that the name may take, so that equal plates have it shortened alike.
    strips : tuple of float
        Height of the strips above and below the plates on it.
    over : float
        Where the upper edge of the plate that it stands on is: its name may go above that, too.
    """
    left, top, right, bottom = face.inner
    pad, middle = 4 * scale, (left + right) / 2
    beside = (2 * (right - left) + 60 * scale, bottom - top)
    font, fine = font_of(NAME, "Medium", scale), font_of(TILE, "Medium", scale)
    block, small = block_of((name, font)), block_of((name, fine))

    def strip(way: str, x: float, y: float, align: tuple[float, float]) -> Spot:
        high = min(bottom - top, strips[1 if align[1] else 0])
        return Spot(x, y, align, (right - left - 2 * pad, high), "plate", face.outer, way)

    def outer(way: str, x: float, y: float, align: tuple[float, float], on: str = "plate") -> Spot:
        return Spot(x, y, align, beside, on, None, way)

    above, under = face.outer[1] - pad / 2, face.outer[3] + pad / 2
    inset, higher = left + _INSET * scale, over - pad / 2
    corner = strip("strip left", left + pad, top + pad / 2, (0, 0))
    options: Options = [(block, corner), (small, replace(corner, way="strip left, small"))]
    if not name.isdigit():  # a number outside of its plate would be read as the neighbour's
        for lines, size in ((block, ""), (small, ", small")):
            options.append((lines, outer(f"above left{size}", left, above, (0, 1))))
            if above - higher < 2 * lines.inked[1]:  # else it would be far from what it names
                options.append((lines, outer(f"higher left{size}", left, higher, (0, 1))))
                options.append((lines, outer(f"higher inset{size}", inset, higher, (0, 1))))
        options += [
            (small, outer("rim left", left, above, (0, 1), "across")),
            (small, outer("rim inset", inset, above, (0, 1), "across")),
            (small, outer("above", middle, above, (0.5, 1))),
            (block, outer("right", face.outer[2] + pad, face.outer[1], (0, 0))),
        ]
    options += [
        (block, strip("strip middle", middle, top + pad / 2, (0.5, 0))),
        (block, strip("strip right", right - pad, top + pad / 2, (1, 0))),
        (block, strip("foot left", left + pad, bottom - pad / 2, (0, 1))),
        (block, strip("foot right", right - pad, bottom - pad / 2, (1, 1))),
    ]
    if not name.isdigit():
        options += [
            (block, outer("above right", right, above, (1, 1))),
            (block, outer("below left", left, under, (0, 0))),
            (small, outer("rim right", right, above, (1, 1), "across")),
        ]
    short = shortened(name, min(room, right - left) - 2 * pad, lambda text: text_width(text, font), _least(name))
    if short is not None and short != name:
        options.append((block_of((short, font)), replace(corner, way="strip left, short")))
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
    block = block_of(("8" * longest, font))
    return block.size[0] + 4 * scale <= right - left and block.inked[1] + 4 * scale <= bottom - top


def box_options(
    caption: Caption, face: Face, plate: Face | None, room: tuple[float, float], scale: float, small: bool
) -> Options:
    """Return where a box's name can stand: on its face, upright if it must be; beside it; shortened on the face.

    Parameters
    ----------
    plate : Face, optional
        Of the plate that it stands on: a detail beside it does not cross the edge of that.
    room : tuple of float
        Pixels that the name may take, across and upright, so that equal boxes have it shortened alike.
    small : bool
        It is a scale or a bias, named at its right.
    """
    name, fine = font_of(NAME, "Medium", scale), font_of(TILE, "Medium", scale)
    bare = block_of((caption.name, name))

    def on_face(way: str, block: Block) -> tuple[Block, Spot]:
        width, height = block.inked
        air = (_UPRIGHT * scale, _ENDS * scale) if block.vertical else (_ENDS * scale, _OVER * scale)
        times = face.times(width, height, air)
        return block, Spot(*face.heart, (0.5, 0.5), (width * times, height * times), way=way)

    options: Options = []
    if caption.detail:
        ways = list(_detailed(caption, room[0], scale))
        left, top, right, bottom = face.outer
        if bottom - top > _TALL * (right - left):
            ways.sort(key=lambda one: one[0] == "face, in three")
        options += [on_face(way, block) for way, block in ways]
    options += [
        on_face("face, bare", bare),
        *(on_face("face, in lines", block) for block in _in_lines(caption.name, name, room[0] - 10 * scale)),
        on_face("upright, bare", block_of((caption.name, name), vertical=True)),
        on_face("upright, bare, small", block_of((caption.name, fine), vertical=True)),
    ]
    if small:
        options += _beside_small(caption, face, plate, scale)
    else:
        options += _beside_box(caption, bare, face, None if plate is None else plate.inner, scale)
    for way, free, vertical in (("face, short", room[0], False), ("upright, short", room[1], True)):
        for font, size in ((name, ""), (fine, ", small")):
            short = shortened(
                caption.name, free - 2 * _ENDS * scale, partial(text_width, spec=font), _least(caption.name)
            )
            if short is not None and (size or short != caption.name):
                options.append(on_face(f"{way}{size}", block_of((short, font), vertical=vertical)))
    return options


def plainly(options: Options) -> Options:
    """Return the options without those in small print or shortened."""
    return [(block, spot) for block, spot in options if not ("small" in spot.way or "short" in spot.way)]


def _detailed(caption: Caption, room: float, scale: float) -> Iterator[tuple[str, Block]]:
    """Yield the ways to write a name with its detail on a face, with the blocks."""
    name, fine = font_of(NAME, "Medium", scale), font_of(TILE, "Medium", scale)
    title = (caption.name, name)
    detail, least = font_of(DETAIL, "Regular", scale), font_of(TILE, "Regular", scale)
    one_line = f"{caption.name}  {caption.detail}"
    yield "face", block_of(title, (caption.detail, detail))
    yield "face, in one", block_of((one_line, name))
    yield "face, small", block_of(title, (caption.detail, least))
    # "768 → 3072" is broken before its arrow, and a shape nowhere.
    parts = caption.detail.replace("→ ", "→\u00a0").replace(" × ", "\u00a0×\u00a0").replace("  ", " ")
    for lines in _in_lines(parts, least, room - 2 * _ENDS * scale):
        yield "face, in three", Block((*block_of(title).lines, *lines.lines))
    yield "upright", block_of((one_line, name), vertical=True)
    yield "upright, small", block_of((one_line, fine), vertical=True)


def _beside_small(caption: Caption, face: Face, plate: Face | None, scale: float) -> Options:
    """Return where the name of a scale or a bias can stand: at its right, at that of its plate, else around it."""
    font, gap = font_of(DETAIL, "Regular", scale), 4 * scale
    (left, top, right, bottom), (x, y) = face.outer, face.heart
    beyond = right if plate is None else plate.outer[2]
    words = filter(None, (caption.name, caption.detail))
    whole, lines = block_of((f"{caption.name}  {caption.detail}".strip(), font)), block_of(*((w, font) for w in words))
    options: Options = []
    for block, what in ((whole, ""), (lines, " in two"), (block_of((caption.name, font)), ", bare")):
        options += [
            (block, Spot(right + gap, y, (0, 0.5), block.size, "plate", None, f"right{what}")),
            (block, Spot(beyond + gap, y, (0, 0.5), block.size, "plate", None, f"beyond{what}")),
            (block, Spot(left - gap, y, (1, 0.5), block.size, "plate", None, f"left{what}")),
            (block, Spot(x, top - gap / 2, (0.5, 1), block.size, "plate", None, f"above{what}")),
            (block, Spot(x, bottom + gap / 2, (0.5, 0), block.size, "plate", None, f"below{what}")),
        ]
    return options


def _beside_box(caption: Caption, bare: Block, face: Face, plate: Rect | None, scale: float) -> Options:
    """Return where a name can stand above and below its box: over the middle, else at a corner."""
    detail, gap = font_of(DETAIL, "Regular", scale), 4 * scale
    left, top, right, bottom = face.inner
    room = (max(2.2 * (right - left), 130 * scale), bottom - top + 99 * scale)
    full = Block((*bare.lines, *block_of((caption.detail, detail)).lines)) if caption.detail else bare
    options: Options = []
    for block, within, what in ((full, plate, ""), (bare, None, ", bare")):
        above = Spot(face.heart[0], face.outer[1] - gap, (0.5, 1), room, "plate", within, f"above{what}")
        below = Spot(face.heart[0], face.outer[3] + gap, (0.5, 0), room, "plate", within, f"below{what}")
        options += [(block, above), (block, below)]
        for way, x, side in (("left", face.outer[0], 0.0), ("right", face.outer[2], 1.0)):
            options.append((block, replace(above, x=x, align=(side, 1.0), way=f"above {way}{what}")))
            options.append((block, replace(below, x=x, align=(side, 0.0), way=f"below {way}{what}")))
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
    """Yield where the dimensions of a large matrix stand, with its role: on it, at the middle of the edge they measure.

    Beside it they would stand in different ways on equal matrices: there are scales, routes and edges of plates.
    """
    font = font_of(DETAIL, "Regular", scale)
    left, top, right, bottom = face.inner
    gap, room = 5 * scale, (right - left, bottom - top)
    foot = Spot((left + right) / 2, bottom - gap, (0.5, 1), room, way="inside")
    yield "across", [(block_of((across, font)), foot)]
    side = Spot(left + gap, (top + bottom) / 2, (0, 0.5), room, way="inside")
    yield "up", [(block_of((up, font), vertical=True), side)]


def _least(name: str) -> int:
    """Return how many characters of a name must be left for it to still say something."""
    return max(8, round(0.6 * len(name)))
