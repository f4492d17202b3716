"""Names in a file meet the nodes of a graph.

The rules are listed in docs/overlays.md and are data in `forms` and `meaning`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...graph.model_graph import ModelGraph
from .forms import AMBIGUOUS, FormIndex, literal_paths
from .role_keys import RoleIndex

__all__ = ["MatchReport", "Matches", "match_names"]

_LISTED = 20
_SAMPLE = 10_000  # names: where the rules find nothing for these, a file of another model is not searched to its end


@dataclass(frozen=True, slots=True)
class MatchReport:
    """How the names of a file met a graph.

    Attributes
    ----------
    matched : int
        Names with a node.
    unmatched : tuple of str
        The first 20 without one, in the order of the file.
    unmatched_count : int
    nodes_without : int
        Nodes of the same kinds as those matched that the file does not name.
    renamed : int
        Names matched by a rule, not literally.
    ambiguous : int
        Of those unmatched: the ones that could be several nodes.
    """

    matched: int
    unmatched: tuple[str, ...]
    unmatched_count: int
    nodes_without: int
    renamed: int
    ambiguous: int = 0

    def summary(self) -> str:
        """Return one line for people: "14,848 names matched, 256 parts of the same kind without a value"."""
        parts = [f"{self.matched:,} {'name' if self.matched == 1 else 'names'} matched"]
        if self.renamed:
            parts[0] += f" ({self.renamed:,} by rule)"
        if self.unmatched_count:
            could = f" ({self.ambiguous:,} could be several parts)" if self.ambiguous else ""
            parts.append(f"{self.unmatched_count:,} not in the model{could}: {self.unmatched[0][:80]!r}")
            parts[-1] += " and others" if self.unmatched_count > 1 else ""
        if self.nodes_without:
            parts.append(f"{self.nodes_without:,} parts of the same kinds without a value")
        return ", ".join(parts)


@dataclass(frozen=True, eq=False, slots=True)
class Matches:
    """The node of each name.

    Attributes
    ----------
    ids : ndarray of int32, shape (K,)
        -1 where a name has none; no node twice.
    renamed, ambiguous : ndarray of bool, shape (K,)
        Matched by a rule; without a node since there are several.
    """

    ids: NDArray[np.int32]
    renamed: NDArray[np.bool_]
    ambiguous: NDArray[np.bool_]

    def report(self, graph: ModelGraph, names: Sequence[str]) -> MatchReport:
        """Return the figures of this match; `names` are those that were matched."""
        without = np.flatnonzero(self.ids < 0)
        matched = self.ids[self.ids >= 0]
        same_kind = int(np.isin(graph.kind, np.unique(graph.kind[matched])).sum())
        return MatchReport(
            matched=len(matched),
            unmatched=tuple([names[k] for k in map(int, without[:_LISTED])]),
            unmatched_count=len(without),
            nodes_without=same_kind - len(matched),
            renamed=int(self.renamed.sum()),
            ambiguous=int(self.ambiguous.sum()),
        )


def match_names(graph: ModelGraph, names: Sequence[str]) -> Matches:
    """Find the node of each name.

    A name has one node at most and a node one name: literally, else by its form (wrappers, prefixes, separators,
    ``.weight``), else by what it means (layer, role, expert). Where a rule finds several, there is no match. A node
    that one name has literally is no other name's; two names that mean the same node both have none.

    Where no name of over 20,000 is literal, a rule that finds nothing for 10,000 of them, spread over all, is given up.

    Parameters
    ----------
    names : sequence of str
        Different ones.
    """
    paths = literal_paths(graph)
    ids = np.fromiter((paths.get(name, -1) for name in names), np.int32, len(names))
    renamed, ambiguous = np.zeros(len(names), bool), np.zeros(len(names), bool)
    todo = np.flatnonzero(ids < 0)
    taken = np.zeros(len(graph), bool)
    taken[ids[ids >= 0]] = True
    for rule in (FormIndex, RoleIndex):
        if not len(todo):
            break
        index, left = rule(graph), [names[k] for k in todo.tolist()]
        if len(left) == len(names) > 2 * _SAMPLE and (index.find(left[:: len(left) // _SAMPLE]) == -1).all():
            continue
        found = index.find(left)
        nodes, count = np.unique(found[found >= 0], return_counts=True)
        several = np.isin(found, nodes[(count > 1) | taken[nodes]]) | (found == AMBIGUOUS)
        good = (found >= 0) & ~several
        ids[todo[good]] = found[good]
        renamed[todo[good]] = True
        ambiguous[todo[several]] = True
        taken[found[good]] = True
        todo = todo[~good & ~several]
    return Matches(ids, renamed, ambiguous)
