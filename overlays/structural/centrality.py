"""Which parts the data flow runs through: betweenness and PageRank of the module graph."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ...graph.kinds import EdgeKind, NodeKind
from ...graph.model_graph import ModelGraph
from ..overlay import Aggregate, Figure, Scale
from .formula import Formula, Found

if TYPE_CHECKING:
    import networkx as nx

__all__ = ["BETWEENNESS", "PAGERANK"]

# A source takes 0.5 us a node or edge, 2 us where the graph is beyond the caches: 1.5 to 6 CPU seconds. DeepSeek-V3
# takes 1.4 million steps.
_MOST_STEPS = 3_000_000
_DAMPING = 0.85
_FLOW = (
    "The graph: parts that are no tensors, and the edges of data flow between them as they are drawn (declared, traced "
    "or inferred), without ties."
)


def _links(graph: ModelGraph) -> NDArray[np.int64]:
    """Return source and target of each data flow edge between parts, each pair once, shape (M, 2)."""
    edges = graph.edges
    flows = (edges.kind != EdgeKind.TIED) & (edges.source != edges.target)
    flows &= (graph.kind[edges.source] != NodeKind.TENSOR) & (graph.kind[edges.target] != NodeKind.TENSOR)
    keys = np.unique(edges.source[flows].astype(np.int64) * len(graph) + edges.target[flows])
    return np.stack(np.divmod(keys, len(graph)), axis=1)


def _missing(graph: ModelGraph) -> str | None:
    return None if len(_links(graph)) else "no data flow between the parts of this model is known"


def _digraph(links: NDArray[np.int64]) -> "nx.DiGraph[int]":
    import networkx as nx

    out: nx.DiGraph[int] = nx.DiGraph()
    out.add_edges_from(links.tolist())
    return out


def _betweenness(graph: ModelGraph) -> Found:
    import networkx as nx

    links = _links(graph)
    values = np.full(len(graph), np.nan)
    values[links.ravel()] = 0.0
    passed = _with_passages(links)
    if not len(passed):
        return Found(values, Aggregate.MAX, note="Here: exact; no part stands between two others.")
    flow = _digraph(passed)
    steps = len(flow) + len(passed)
    sources = min(len(flow), max(1, _MOST_STEPS // steps))
    exact = sources == len(flow)
    found: dict[int, float] = nx.betweenness_centrality(flow, k=None if exact else sources, normalized=False, seed=0)
    _put(values, found)
    note = "exact" if exact else f"estimated from the paths of {sources:,} of {len(flow):,} parts, chosen with seed 0"
    return Found(values, Aggregate.MAX, note=f"Here: {note}.")


def _with_passages(links: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the links of paths that have something between their ends.

    A part that nothing leads to, and from which all links end where nothing leads on, is in no such path. Most are
    matrices of experts: 14,848 experts would take most of the time, for nothing.
    """
    source, target = links.T
    ends_there = ~np.isin(target, source)
    goes_on = np.unique(source[~ends_there])
    return links[np.isin(source, target) | np.isin(source, goes_on)]


def _pagerank(graph: ModelGraph) -> Found:
    import networkx as nx

    values = np.full(len(graph), np.nan)
    _put(values, nx.pagerank(_digraph(_links(graph)), alpha=_DAMPING))
    return Found(values, Aggregate.MAX)


def _put(values: NDArray[np.float64], found: dict[int, float]) -> None:
    values[np.fromiter(found, np.int64, len(found))] = np.fromiter(found.values(), np.float64, len(found))


BETWEENNESS = Formula(
    name="betweenness",
    title="Betweenness",
    unit="pairs",
    definition=(
        "Of a part v: sum over all pairs (s, t) of other parts of (shortest paths from s to t through v) / (shortest "
        f"paths from s to t). {_FLOW} A container without a value of its own has the highest of those nearest in it."
    ),
    source="Brandes 2001, J. Math. Sociol. 25(2); networkx.betweenness_centrality, not normalised",
    missing=_missing,
    find=_betweenness,
    scale=Scale.QUANTILE,
    figure=Figure.COUNT,
)
PAGERANK = Formula(
    name="pagerank",
    title="PageRank",
    definition=(
        "PR(v) = (1 - d) / N + d x sum over edges u -> v of PR(u) / out(u), d = 0.85; parts without an outgoing edge "
        f"hand on to all N parts; all PR add up to 1. {_FLOW} A container without a value of its own has the highest "
        "of those nearest in it."
    ),
    source="Page et al. 1999, Stanford InfoLab 1999-66; networkx.pagerank",
    missing=_missing,
    find=_pagerank,
    scale=Scale.QUANTILE,
)
