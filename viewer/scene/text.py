"""Text as pixels: the shipped font, exact measures, and coverage masks."""

from functools import cache, lru_cache
from importlib import resources
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import ImageFont

from ...resources import fonts

__all__ = ["FontSpec", "line_height", "mask", "text_width", "wrapped"]

FontSpec = tuple[int, str]  # pixels of an em, and "Regular", "Medium" or "SemiBold"


@cache
def _file(weight: str) -> bytes:
    return resources.files(fonts).joinpath(f"Inter-{weight}.otf").read_bytes()


@cache
def _font(spec: FontSpec) -> ImageFont.FreeTypeFont:
    size, weight = spec
    # BASIC: Raqm is not on every machine, and a picture must not depend on it.
    return ImageFont.truetype(BytesIO(_file(weight)), size, layout_engine=ImageFont.Layout.BASIC)


def line_height(spec: FontSpec) -> int:
    """Return the pixels from the top of an ascender to the bottom of a descender."""
    ascent, descent = _font(spec).getmetrics()
    return ascent + descent


@lru_cache(maxsize=20_000)
def text_width(text: str, spec: FontSpec) -> int:
    """Return the exact width of a line in whole pixels."""
    return int(np.ceil(_font(spec).getlength(text)))


@lru_cache(maxsize=4_000)
def mask(text: str, spec: FontSpec) -> NDArray[np.uint8]:
    """Return a line's coverage, 0 to 255, shape (`line_height`, `text_width`)."""
    font = _font(spec)
    out = np.zeros((line_height(spec), text_width(text, spec)), np.uint8)
    core, (left, top) = font.getmask2(text, mode="L", anchor="la")
    width, height = core.size
    if not (width and height):
        return out
    drawn = np.array(core, np.uint8).reshape(height, width)
    x, y = max(left, 0), max(top, 0)
    part = drawn[: out.shape[0] - y, : out.shape[1] - x]
    out[y : y + part.shape[0], x : x + part.shape[1]] = part
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
