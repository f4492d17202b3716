"""Overlays and colorings made by hand."""

import numpy as np

from archviz3d.graph import GraphBuilder
from archviz3d.overlays.book import OverlayBook
from archviz3d.overlays.overlay import Aggregate, Figure, Origin, Overlay, Scale
from archviz3d.overlays.ranges import quantile_table
from archviz3d.viewer.coloring import Coloring
from archviz3d.viewer.colormaps import color_table


def made_overlay(*steps, ids=None, **more):
    """An overlay with one row of values a step, by default on the nodes from 1 on."""
    width = len(steps[0]) if steps else 0
    ids = np.arange(1, width + 1) if ids is None else ids
    facts = {
        "name": "load",
        "title": "Load",
        "definition": "tokens",
        "source": "test",
        "origin": Origin.SYNTHETIC,
        "aggregate": Aggregate.NONE,
    }
    values = np.array(steps or [[]], np.float32).reshape(len(steps) or 1, len(ids))
    return Overlay(ids=np.array(ids, np.int32), values=values, **{**facts, **more})


def flat_book(overlay):
    """A book of a graph with ten parts in a row, to which an overlay was added; and the name that it got."""
    builder = GraphBuilder("m", "made")
    for k in range(10):
        builder.node(0, str(k))
    book = OverlayBook(builder.build())
    return book, book.add(overlay, "test")


def made_coloring(values, low, high, scale=Scale.LINEAR, keep=None, own=None, **more):
    """A coloring of values as they are."""
    values = np.array(values, np.float32)
    spread = np.sort(values[np.isfinite(values)])
    own = np.ones(len(values), bool) if own is None else np.array(own)
    table = color_table("viridis")
    return Coloring(
        overlay=made_overlay(values, **more),
        values=values,
        own=own,
        innermost=own,
        inherited=np.full(len(values), np.nan, np.float32),
        low=low,
        high=high,
        given=True,
        scale=scale,
        colormap="viridis",
        table=table,
        quantiles=quantile_table(spread),
        spread=spread,
        keep=keep,
    )


CATEGORIES = {"figure": Figure.CATEGORY, "categories": ("BF16", "F32", "F8_E4M3")}
