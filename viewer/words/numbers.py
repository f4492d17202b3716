"""Numbers for people: 671 B, 14 848, 2048 × 7168, 688 GB."""

from collections.abc import Sequence

__all__ = ["grouped", "people_bytes", "people_count", "people_shape", "plural"]

_THIN = "\u00a0"  # keeps a number in one piece where a line breaks
_COUNT_UNITS = ("", "k", "M", "B", "T", "Q")
_BYTE_UNITS = ("B", "kB", "MB", "GB", "TB", "PB")


def grouped(number: int) -> str:
    """Return a whole number with a space between thousands, from five digits on: 7168, 14 848."""
    return f"{number:,}".replace(",", _THIN) if abs(number) >= 10_000 else str(number)


def people_count(number: int) -> str:
    """Return a count in three significant digits: 512, 7.17 k, 44 M, 11.5 B, 671 B."""
    return _scaled(number, _COUNT_UNITS)


def people_bytes(number: int) -> str:
    """Return a size in three significant digits, in decimal units: 256 B, 88.1 MB, 688 GB."""
    return _scaled(number, _BYTE_UNITS)


def people_shape(shape: Sequence[int]) -> str:
    """Return a tensor's shape: 2048 × 7168; "scalar" when it has no dimensions, "?" for one that is left open."""
    return " × ".join(grouped(n) if n >= 0 else "?" for n in shape) if shape else "scalar"


def plural(number: int, noun: str) -> str:
    """Return a number and its noun: 1 layer, 61 layers."""
    return f"{grouped(number)} {noun}" if number == 1 else f"{grouped(number)} {noun}s"


def _scaled(number: int, units: Sequence[str]) -> str:
    value, unit = float(number), 0
    # 999.5 would be written as 1000
    while abs(value) >= 999.5 and unit < len(units) - 1:
        value /= 1000
        unit += 1
    digits = 0 if unit == 0 or abs(value) >= 99.95 else 1 if abs(value) >= 9.995 else 2
    text = f"{value:.{digits}f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return f"{text} {units[unit]}".rstrip()
