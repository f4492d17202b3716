"""Text as pixels: the shipped fonts, exact measures, and coverage masks."""

from collections.abc import Callable
from functools import cache, lru_cache
from importlib import resources
from io import BytesIO
from itertools import groupby

import numpy as np
from numpy.typing import NDArray
from PIL import ImageFont

from ....resources import fonts

__all__ = ["FontSpec", "line_height", "mask", "shortened", "text_width", "wrapped"]

FontSpec = tuple[int, str]  # pixels of an em, and "Regular", "Medium" or "SemiBold"

_HAN = "Archviz3dHan-Regular.otf"  # of one weight: where Inter has no such character
_NOBODYS = "\uffff"  # is no character, so every font draws it as one that it lacks
_PROBE = 24  # pixels of an em at which characters are compared with that


@cache
def _file(name: str) -> bytes:
    return resources.files(fonts).joinpath(name).read_bytes()


@cache
def _font(name: str, size: int) -> ImageFont.FreeTypeFont:
    # BASIC: Raqm is not on every machine, and a picture must not depend on it.
    return ImageFont.truetype(BytesIO(_file(name)), size, layout_engine=ImageFont.Layout.BASIC)


def _own(spec: FontSpec) -> ImageFont.FreeTypeFont:
    return _font(f"Inter-{spec[1]}.otf", spec[0])


def _lacks(name: str, character: str) -> bool:
    font = _font(name, _PROBE)
    drawn, missing = (np.array(font.getmask(text), np.uint8) for text in (character, _NOBODYS))
    return np.array_equal(drawn, missing)


@lru_cache(maxsize=20_000)
def _is_han(character: str) -> bool:
    """Return whether a character comes from the second font; what neither has is the first one's empty box."""
    return _lacks("Inter-Regular.otf", character) and not _lacks(_HAN, character)


def _runs(text: str, spec: FontSpec) -> list[tuple[ImageFont.FreeTypeFont, str]]:
    """Return the pieces of a line, each with the font that it is written in."""
    if text.isascii():
        return [(_own(spec), text)]
    # Half of a surrogate pair is no text and cannot be drawn.
    whole = "".join(_NOBODYS if "\ud800" <= character <= "\udfff" else character for character in text)
    han = _font(_HAN, spec[0])
    return [(han if is_han else _own(spec), "".join(run)) for is_han, run in groupby(whole, _is_han)]


def line_height(spec: FontSpec) -> int:
    """Return the pixels from the top of an ascender to the bottom of a descender; Han characters stay within."""
    ascent, descent = _own(spec).getmetrics()
    return ascent + descent


@lru_cache(maxsize=20_000)
def text_width(text: str, spec: FontSpec) -> int:
    """Return the exact width of a line in whole pixels."""
    return int(np.ceil(sum(font.getlength(run) for font, run in _runs(text, spec))))


@lru_cache(maxsize=4_000)
def mask(text: str, spec: FontSpec) -> NDArray[np.uint8]:
    """Return a line's coverage, 0 to 255, shape (`line_height`, `text_width`)."""
    ascent, _ = _own(spec).getmetrics()
    out = np.zeros((line_height(spec), text_width(text, spec)), np.uint8)
    pen = 0.0
    for font, run in _runs(text, spec):
        core, (left, top) = font.getmask2(run, mode="L", anchor="ls")  # from the baseline, which fonts share
        width, height = core.size
        if width and height:
            drawn = np.array(core, np.uint8).reshape(height, width)
            x, y = max(round(pen) + left, 0), max(ascent + top, 0)
            part = drawn[: max(out.shape[0] - y, 0), : max(out.shape[1] - x, 0)]
            ground = out[y : y + part.shape[0], x : x + part.shape[1]]
            np.maximum(ground, part, out=ground)
        pen += font.getlength(run)
    return out


def wrapped(text: str, font: FontSpec, room: float) -> list[str]:
    """Return a text in lines of at most `room` pixels; a longer word is broken."""
    lines: list[str] = []
    for word in text.split(" "):  # not at the narrow spaces inside of numbers
        if lines and text_width(f"{lines[-1]} {word}", font) <= room:
            lines[-1] += f" {word}"
            continue
        while text_width(word, font) > room and len(word) > 1:
            fits = next(k for k in range(len(word) - 1, 0, -1) if k == 1 or text_width(word[:k], font) <= room)
            lines.append(word[:fits])
            word = word[fits:]
        lines.append(word)
    return lines


def shortened(text: str, room: float, width_of: Callable[[str], int], least: int = 5) -> str | None:
    """Return a text cut in its middle so that it fits, or None when fewer than `least` characters would be left.

    The beginning and the end tell most: ``kv_a_proj_with_mqa`` becomes ``kv_a_pr…mqa``.
    """
    if width_of(text) <= room:
        return text
    low, high = least, len(text) - 1
    best: str | None = None
    while low <= high:
        kept = (low + high) // 2
        head = (kept + 1) // 2 + kept // 8
        tail = kept - head
        short = text[:head] + "…" + (text[-tail:] if tail else "")
        if width_of(short) <= room:
            best, low = short, kept + 1
        else:
            high = kept - 1
    return best
