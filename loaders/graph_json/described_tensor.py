"""What files write of a tensor that flows: "float32[1,128]", {"shape": ["batch", 64], "dtype": "BF16"}."""

import re
from typing import Any

from ..dtypes import BITS, TORCH_DTYPES
from ..files import plain_text
from ..untyped import is_dict, is_sequence

__all__ = ["Described", "described"]

Described = tuple[tuple[int, ...] | None, str | None]
"""Shape (-1 for a dimension that is left open) and dtype as safetensors names it, each None when not known."""

_MAX_TEXT = 400
_MAX_RANK = 64
_BRACKETS = re.compile(r"([\w.]*)\s*[\[(]([^\[\]()]*)[\])]\s*([\w.]*)")
_MLIR = re.compile(r"tensor<((?:(?:\d+|\?)x)*)([a-z]\w*)>")
_CROSSES = re.compile(r"[\d?]+(\s*[x×]\s*[\d?]+)+")
_SHORT = {"f": "F", "bf": "BF", "i": "I", "s": "I", "si": "I", "u": "U", "ui": "U"}
_WORDS = {"float": "F32", "double": "F64", "half": "F16", "int": "I32", "long": "I64", "pred": "BOOL", "i1": "BOOL"}
_NUMBERED = re.compile(r"([a-z]+)(\d+)")


def described(value: Any) -> Described:
    """Return shape and dtype of a described tensor.

    Parameters
    ----------
    value : str, sequence or mapping
        A text, a list of dimensions, or a mapping with ``shape`` and ``dtype``.
    """
    if isinstance(value, str):
        return _of_text(value[:_MAX_TEXT].strip())
    if is_sequence(value):
        return _of_dimensions(value), None
    if is_dict(value):
        shape, dtype = described(value["shape"]) if isinstance(value.get("shape"), str | list) else (None, None)
        said = value.get("dtype")
        return shape, _dtype(said) if isinstance(said, str) else dtype
    return None, None


def _of_text(text: str) -> Described:
    mlir = _MLIR.fullmatch(text)
    if mlir is not None:
        return _of_dimensions(mlir[1].split("x")[:-1]), _dtype(mlir[2])
    brackets = _BRACKETS.fullmatch(text)
    if brackets is not None:
        inside = brackets[2].strip().rstrip(",")
        return _of_dimensions(inside.split(",") if inside else []), _dtype(brackets[1] or brackets[3])
    if _CROSSES.fullmatch(text):
        return _of_dimensions(re.split(r"[x×]", text)), None
    dtype = _dtype(text)
    return None, dtype if dtype in BITS else None


def _of_dimensions(dimensions: Any) -> tuple[int, ...] | None:
    if len(dimensions) > _MAX_RANK:
        return None
    return tuple(_dimension(dimension) for dimension in dimensions)


def _dimension(value: Any) -> int:
    """Return a dimension; whatever is no plain number ("batch", "?", null) is left open."""
    if isinstance(value, str):
        value = value.strip().strip("'\"")
        value = int(value) if re.fullmatch(r"[0-9]{1,18}", value) else -1
    return value if type(value) is int and 0 <= value < 2**63 else -1


def _dtype(text: str) -> str | None:
    """Return a dtype as safetensors names it where that is known, else as it is written."""
    text = text.strip().removeprefix("torch.").removeprefix("DataType.")
    if not text:
        return None
    known = _WORDS.get(text.lower()) or TORCH_DTYPES.get(text.lower())
    if known is not None:
        return known
    numbered = _NUMBERED.fullmatch(text.lower())
    if numbered is not None and numbered[1] in _SHORT and f"{_SHORT[numbered[1]]}{numbered[2]}" in BITS:
        return f"{_SHORT[numbered[1]]}{numbered[2]}"
    return plain_text(text.upper() if text.upper() in BITS else text, 40)
