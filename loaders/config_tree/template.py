"""Templates: a family's tensors as lines of text, with symbols for sizes and loops for what repeats.

A line is ``NAME SHAPE [+[SWITCH]] [?SWITCH]...``:

    layers.{L}.self_attn.q_proj.   A*D,H   +attention_bias
    layers.{M}.mlp.experts.{E}.gate_proj.   X,H
    lm_head.   V,H   ?!tied

A name that ends with a dot is a module with a ``weight``, and with a ``bias`` as long as the weight's first side where
``+`` stands (alone: always; with a switch: where that is on). Any other name is a tensor. ``{L}`` runs over a range of
numbers. ``?`` keeps a line only where a switch is on (``!``: off).
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from math import prod

from .sizes import Sizes, evaluate

__all__ = ["Expansion", "Row", "count", "expand", "parse"]

_LOOP = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Row:
    """One tensor of a template.

    Attributes
    ----------
    texts : tuple of str
        What stands before, between and after its loops.
    loops : tuple of str
        Names of ranges, one fewer than `texts`.
    shape : tuple of int
    """

    texts: tuple[str, ...]
    loops: tuple[str, ...]
    shape: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Expansion:
    """All tensors of a template: names, and for each the code of its shape in `shapes`."""

    names: list[str]
    codes: list[int]
    shapes: list[tuple[int, ...]]


def parse(template: str, sizes: Sizes, prefix: str = "") -> list[Row]:
    """Return the rows that hold for these sizes, each name behind a prefix."""
    rows: list[Row] = []
    for line in template.split("\n"):
        if not line.strip():
            continue
        name, dimensions, *options = line.split()
        if not all(_is_on(option[1:], sizes) for option in options if option[0] == "?"):
            continue
        shape = tuple(evaluate(side, sizes.numbers) for side in dimensions.split(",")) if dimensions != "-" else ()
        if not name.endswith("."):
            rows.append(_row(prefix + name, shape))
            continue
        rows.append(_row(f"{prefix}{name}weight", shape))
        if any(option == "+" or _is_on(option[1:], sizes) for option in options if option[0] == "+"):
            rows.append(_row(f"{prefix}{name}bias", shape[:1]))
    return rows


def _is_on(switch: str, sizes: Sizes) -> bool:
    return sizes.flags[switch.removeprefix("!")] != switch.startswith("!")


def _row(name: str, shape: tuple[int, ...]) -> Row:
    return Row(tuple(_LOOP.split(name)[::2]), tuple(_LOOP.findall(name)), shape)


def count(rows: Sequence[Row], ranges: Mapping[str, Sequence[int]]) -> int:
    """Return how many tensors the rows stand for, without making one."""
    return sum(prod(len(ranges[loop]) for loop in row.loops) for row in rows)


def expand(rows: Sequence[Row], ranges: Mapping[str, Sequence[int]]) -> Expansion:
    """Return all tensors, those of a layer together; check `count` first."""
    shapes = {row.shape: None for row in rows}
    code = {shape: i for i, shape in enumerate(shapes)}
    expander = _Expander(ranges, code)
    names, codes = expander.tails(tuple(rows))
    return Expansion(names, codes, list(shapes))


class _Expander:
    """Expands loops from the outermost in; equal layers share one list of what follows their number."""

    def __init__(self, ranges: Mapping[str, Sequence[int]], code: Mapping[tuple[int, ...], int]) -> None:
        self._ranges = {key: frozenset(values) for key, values in ranges.items()}
        self._code = code
        self._known: dict[tuple[Row, ...], tuple[list[str], list[int]]] = {}

    def tails(self, rows: tuple[Row, ...]) -> tuple[list[str], list[int]]:
        """Return names and shape codes of rows; their nesting is the template's own, two or three loops."""
        found = self._known.get(rows)
        if found is not None:
            return found
        names: list[str] = []
        codes: list[int] = []
        for key, grouped in groupby(rows, lambda row: (row.texts[0], bool(row.loops))):
            group = tuple(grouped)
            if not key[1]:
                names += [row.texts[0] for row in group]
                codes += [self._code[row.shape] for row in group]
                continue
            running = sorted(frozenset[int]().union(*(self._ranges[row.loops[0]] for row in group)))
            for index in running:
                here = tuple(
                    Row(row.texts[1:], row.loops[1:], row.shape) for row in group if index in self._ranges[row.loops[0]]
                )
                inner, inner_codes = self.tails(here)
                start = f"{key[0]}{index}"
                names += [start + name for name in inner]
                codes += inner_codes
        self._known[rows] = names, codes
        return names, codes
