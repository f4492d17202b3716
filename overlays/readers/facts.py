"""What a file says of its values: title, unit, definition, source, origin and how they are to be shown."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from enum import StrEnum

from ..overlay import Aggregate, Figure, Origin, Scale
from .reading import MAX_NAME, plain_text, quoted

__all__ = ["FACT_KEYS", "Facts", "with_facts"]

_DECLARABLE = {str(origin): origin for origin in Origin if origin is not Origin.TABLE}
_BOOLEANS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of the values of a column; None where the file does not say.

    Attributes
    ----------
    title, unit, definition, source, origin, aggregate, scale, diverging, figure
        As those of the `Overlay`.
    """

    title: str | None = None
    unit: str | None = None
    definition: str | None = None
    source: str | None = None
    origin: Origin | None = None
    aggregate: Aggregate | None = None
    scale: Scale | None = None
    diverging: bool | None = None
    figure: Figure | None = None


FACT_KEYS = tuple(field.name for field in fields(Facts))


def with_facts(facts: Facts, stated: Mapping[str, object]) -> Facts:
    """Return `facts` with what a file states under the keys of `FACT_KEYS`; None is nothing stated.

    Raises
    ------
    ValueError
        When a value is none that the key can have; the message says which there are.
    """
    changed: dict[str, object] = {}
    for key, value in stated.items():
        if value is None:
            continue
        if key == "origin":
            changed[key] = _choice(key, value, _DECLARABLE)
        elif key in _CHOICES:
            changed[key] = _choice(key, value, _CHOICES[key])
        elif key == "diverging":
            changed[key] = value if isinstance(value, bool) else _choice(key, value, _BOOLEANS)
        else:
            changed[key] = _text(key, value)
    return replace(facts, **changed)  # pyright: ignore[reportArgumentType] - each was made to fit its key


_CHOICES: dict[str, dict[str, StrEnum]] = {
    "aggregate": {str(each): each for each in Aggregate},
    "scale": {str(each): each for each in Scale},
    "figure": {str(each): each for each in Figure},
}


def _choice(key: str, value: object, choices: Mapping[str, object]) -> object:
    found = choices.get(value.strip().lower()) if isinstance(value, str) else None
    if found is None:
        raise ValueError(f"{key} {quoted(str(value).strip(), 40)} is none; it may be {', '.join(choices)}")
    return found


def _text(key: str, value: object) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{key} is no text; write it in quotes")
    if len(value) > MAX_NAME:
        raise ValueError(f"{key} has {len(value):,} characters; at most {MAX_NAME:,} are read")
    return plain_text(value.strip(), MAX_NAME)
