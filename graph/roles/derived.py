"""What no file stores as such but facts prove: heads, and experts that lie in one tensor."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ..kinds import NodeKind
from ..model_graph import ModelGraph
from .config import Config
from .fused import Fused, count_slices, find_fused
from .heads import Heads, find_heads, heads_branch
from .insertion import Branch, Rewritten
from .notes import Notes
from .parts import Part

__all__ = ["Derived", "find_derived"]

# Derived nodes beyond this come from a hostile file: a hole of a terabyte costs it nothing.
_MAX_DERIVED = 1_000_000


@dataclass(frozen=True, slots=True)
class Derived:
    """Heads of attention blocks and experts of fused tensors."""

    heads: list[tuple[Part, Heads]] = field(default_factory=list[tuple[Part, Heads]])
    fused: list[Fused] = field(default_factory=list[Fused])

    def branches(self, graph: ModelGraph) -> list[Branch]:
        """Return what to put into the graph: first the heads, then the experts."""
        return [heads_branch(graph, part, found.heads) for part, found in self.heads] + [
            split.branch for split in self.fused
        ]

    @property
    def removed(self) -> NDArray[np.int32]:
        """Ids of what the experts take the place of."""
        ids = [removed for split in self.fused for removed in split.removed]
        return np.concatenate(ids) if ids else np.empty(0, np.int32)

    def stand_in(self, graph: ModelGraph, rewritten: Rewritten, notes: Notes) -> None:
        """Put parts for the new nodes among the others; `graph` is that before the rewriting."""
        for (part, _), ids in zip(self.heads, rewritten.branches, strict=False):
            part.children.append(Part(part.node, "heads", part, kind=NodeKind.HEADS, role="heads", new_ids=ids[:, 0]))
        for split, ids in zip(self.fused, rewritten.branches[len(self.heads) :], strict=True):
            split.annotate(graph, notes, split.stand_in(ids))


def find_derived(graph: ModelGraph, parts: Sequence[Part], config: Config, warnings: list[str]) -> Derived:
    """Return all heads and fused experts; `warnings` gets a line where the config contradicts the shapes."""
    found = Derived()
    room = _MAX_DERIVED
    for part in parts:
        if part.kind == NodeKind.ATTENTION:
            heads = find_heads(graph, part, config, warnings)
            if heads is not None and (room := room - len(part.ids) * (heads.heads + 1)) >= 0:
                found.heads.append((part, heads))
        elif part.kind in (NodeKind.EXPERTS, NodeKind.MOE):
            room -= count_slices(part)
            split = find_fused(graph, part) if room >= 0 else None
            if split is not None:
                found.fused.append(split)
    if room < 0:
        warnings.append(f"not all heads and experts are shown: they would be more than {_MAX_DERIVED:,} nodes")
    return found
