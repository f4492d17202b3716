"""An overlay from values that a program has at hand: a dict of names and numbers."""

from collections.abc import Mapping, Sequence

import numpy as np

from ..errors import UsageError
from ..graph.model_graph import ModelGraph
from .names.matching import match_names
from .overlay import Aggregate, Origin, Overlay

__all__ = ["overlay_of_values"]

_NAMED = 3  # names that an error tells


def overlay_of_values(
    graph: ModelGraph, values: Mapping[str, float | Sequence[float]], name: str = "values"
) -> Overlay:
    """Return an overlay of numbers by name, as ``dict(module.named_parameters())`` has them.

    Parameters
    ----------
    values : mapping of str to float or sequence of float
        By path, or by any other name that `match_names` knows; a sequence has one number a step.

    Raises
    ------
    UsageError
        When no name is a part of the model, two are the same part, or the values are no numbers of as many steps.
    """
    names = list(values)
    try:
        rows = np.array([np.atleast_1d(np.asarray(values[key], np.float64)) for key in names], np.float64)
    except (TypeError, ValueError) as error:
        raise UsageError(f"overlay {name!r}: give numbers, or as many numbers for each name ({error})") from None
    if rows.ndim != 2 or not rows.size:
        raise UsageError(f"overlay {name!r}: has no values; give a number for each name")
    if not all(isinstance(key, str) for key in names):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise UsageError(f"overlay {name!r}: give names, like 'model.layers.0.mlp'")
    ids = match_names(graph, names).ids
    found = np.flatnonzero(ids >= 0)
    if not len(found):
        theirs = ", ".join(repr(key[:60]) for key in names[:_NAMED])
        ours = ", ".join(repr(graph.path(node)) for node in range(1, min(len(graph), 1 + _NAMED)))
        raise UsageError(f"overlay {name!r}: none of its names ({theirs}) is a part of this model ({ours})")
    found = found[np.argsort(ids[found])]
    with np.errstate(over="ignore"):
        table = rows[found].T.astype(np.float32)
    table[~np.isfinite(table)] = np.nan
    missing = len(names) - len(found)
    definition = "values that were given" + (
        f"; {missing} of {len(names)} names are not in this model" if missing else ""
    )
    return Overlay(
        name=name,
        title=name,
        definition=definition,
        source="Python",
        origin=Origin.TABLE,
        aggregate=Aggregate.MEAN,
        ids=ids[found].astype(np.int32),
        values=np.ascontiguousarray(table),
        steps=tuple(str(k) for k in range(len(table))) if len(table) > 1 else (),
        diverging=bool((table < 0).any() and (table > 0).any()),
    )
