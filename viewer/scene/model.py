"""A model with what the scene computes once for it and a theme."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ...graph.model_graph import ModelGraph
from ...layout.hiding import hidden_mask
from ...layout.placement import Placement
from ...overlays.book import OverlayBook
from ..detail.cut import CutTree
from ..pointing.spotlight import Spotlight
from ..theme import Theme, node_colors, node_tones, plate_colors
from ..words.captions import facts_of, title_of
from .grids import Grids
from .writing.labels import LabelBook

__all__ = ["SceneModel"]


@dataclass(frozen=True, eq=False)
class SceneModel:
    """A model as the scene draws it.

    Attributes
    ----------
    hidden : frozenset of int
        Nodes that are not drawn, with all that is inside them.
    is_hidden : ndarray of bool, shape (N,)
        Which ones these are.
    routes_shown : ndarray of bool, shape (M,)
        Which routes have two ends that are drawn.
    """

    graph: ModelGraph
    placement: Placement
    book: OverlayBook
    tree: CutTree
    tones: NDArray[np.uint8]
    faces: NDArray[np.uint8]
    plates: NDArray[np.uint8]
    grids: Grids
    labels: LabelBook
    heading: Callable[[int, bool], tuple[str, str]]  # a focus's title, in plain words or not, and line of facts
    spotlight: Callable[[frozenset[int]], Spotlight]  # of a state's lit nodes
    hidden: frozenset[int]
    is_hidden: NDArray[np.bool_]
    routes_shown: NDArray[np.bool_]

    @classmethod
    def of(cls, graph: ModelGraph, placement: Placement, book: OverlayBook, theme: Theme) -> "SceneModel":
        """Compute everything for a model and a theme, with nothing hidden."""
        tones, grids = node_tones(graph), Grids.of(placement, graph.parent)
        return cls(
            graph,
            placement,
            book,
            CutTree(graph, placement),
            tones,
            node_colors(graph, theme),
            plate_colors(graph, theme, tones),
            grids,
            LabelBook(graph, placement, grids, theme),
            lru_cache(maxsize=64)(lambda node, plain: (title_of(graph, node, plain), facts_of(graph, node))),
            lru_cache(maxsize=4)(lambda nodes: Spotlight(graph, nodes)),
            frozenset(),
            np.zeros(len(graph), bool),
            np.ones(len(placement.routes), bool),
        )

    def dressed(self, theme: Theme) -> "SceneModel":
        """Return the same model in another theme."""
        return replace(
            self,
            faces=node_colors(self.graph, theme),
            plates=plate_colors(self.graph, theme, self.tones),
            labels=LabelBook(self.graph, self.placement, self.grids, theme),
        )

    def placed(self, placement: Placement, theme: Theme) -> "SceneModel":
        """Return the same model in another placement, with nothing hidden."""
        grids = Grids.of(placement, self.graph.parent)
        return replace(
            self,
            placement=placement,
            tree=CutTree(self.graph, placement),
            grids=grids,
            labels=LabelBook(self.graph, placement, grids, theme),
            hidden=frozenset(),
            is_hidden=np.zeros(len(self.graph), bool),
            routes_shown=np.ones(len(placement.routes), bool),
        )

    def moved(self, placement: Placement) -> "SceneModel":
        """Return the model on its way to another placement, made in no time: without gaps between tiles, and routes."""
        routes_shown = np.ones(len(placement.routes), bool)
        tree, grids = self.tree.moved(placement), self.grids.closed()
        return replace(self, placement=placement, tree=tree, grids=grids, routes_shown=routes_shown)

    def hiding(self, hidden: frozenset[int]) -> "SceneModel":
        """Return the same model with these parts hidden, and no others."""
        is_hidden, routes = hidden_mask(self.graph, hidden), self.placement.routes
        return replace(
            self,
            tree=CutTree(self.graph, self.placement, is_hidden),
            hidden=hidden,
            is_hidden=is_hidden,
            routes_shown=~(is_hidden[routes.source] | is_hidden[routes.target]),
        )
