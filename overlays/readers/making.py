"""One overlay from its values and from what its file says of them; what it does not say has a default."""

import re
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..overlay import Aggregate, Figure, Origin, Overlay, Scale
from .facts import Facts
from .reading import plain_text, quoted

__all__ = ["Column", "make_overlay"]

_LONGEST = 60


@dataclass(frozen=True, slots=True)
class Column:
    """One value a row.

    Attributes
    ----------
    values : ndarray of float32, shape (R,)
        NaN is no data. Of texts: codes into `categories`.
    categories : tuple of str
        Different texts in the order in which they occur; () for numbers.
    facts : Facts
    name : str
        What the file says ``--overlay`` should call it; "" where it does not.
    """

    values: NDArray[np.float32]
    categories: tuple[str, ...] = ()
    facts: Facts = field(default_factory=Facts)
    name: str = ""


def make_overlay(
    path: str,
    label: str,
    title: str,
    column: Column,
    ids: NDArray[np.int32],
    values: NDArray[np.float32],
    steps: tuple[str, ...],
) -> Overlay:
    """Return an overlay.

    Parameters
    ----------
    path : str
        The file.
    label : str
        What the file calls the column.
    values : ndarray of float32, shape (S, K)
        Those of `column`, by step and node.

    Raises
    ------
    ValueError
        When numbers are said to be a category, or to be summed up as categories are; the message says what to do.
    """
    facts, categories, file = column.facts, column.categories, Path(path)
    if facts.figure is Figure.CATEGORY and not categories:
        raise ValueError("is said to be a category and has numbers; write texts")
    if facts.aggregate is Aggregate.MOST and not categories:
        raise ValueError("is to show what most parts have, but has numbers; sum, mean, max, min or norm would do")
    aggregate = facts.aggregate or (Aggregate.MOST if categories else Aggregate.MEAN)
    if categories and aggregate is not Aggregate.NONE:
        aggregate = Aggregate.MOST  # a sum for the whole file does not hold for its texts
    signed = bool((values < 0).any() and (values > 0).any())
    shown = plain_text(file.name)
    return Overlay(
        name=_short(column.name) or _short(title) or _short(file.stem) or "table",
        title=title,
        unit=facts.unit or "",
        definition=facts.definition or f"{quoted(label)} as {shown} has it",
        source=facts.source or shown,
        origin=facts.origin or Origin.TABLE,
        aggregate=aggregate,
        ids=ids,
        values=values,
        steps=steps,
        scale=facts.scale or Scale.LINEAR,
        diverging=not categories and (signed if facts.diverging is None else facts.diverging),
        figure=Figure.CATEGORY if categories else facts.figure or Figure.PLAIN,
        categories=tuple([plain_text(text) for text in categories]),
    )


def _short(text: str) -> str:
    """Return a name for ``--overlay``: "Expert load (tokens)" is "expert-load-tokens"."""
    short = re.sub(r"[^a-z0-9_.]+", "-", text.casefold()).strip("-.")[:_LONGEST]
    return "" if short == "value" else short  # "value" says nothing: the file's name is better
