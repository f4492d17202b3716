"""Nodes by what they mean: layer, expert or head, and role, however the file of the model names them."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ...graph.kinds import NodeKind
from ...graph.model_graph import ModelGraph
from .cells import LAYER_KINDS, nearest, numbers_of_names
from .forms import AMBIGUOUS, parts_of
from .meaning import ROUTER_BIAS, ROUTER_BIASES, Meaning, meaning_of, skeleton_of, tower_of, words_of

__all__ = ["RoleIndex"]

_MAIN_TOWERS = frozenset(["", "encoder", "decoder"])  # what the only stack of a language model may stand in
_Key = tuple[str, int, int, str, str]  # tower, layer, expert or head, within, role; -1 for no number


class RoleIndex:
    """Nodes by their role and where they stand.

    Parameters
    ----------
    graph : ModelGraph
    """

    def __init__(self, graph: ModelGraph) -> None:
        self._graph = graph
        self._layer_of = nearest(graph, np.isin(graph.kind, LAYER_KINDS))
        self._numbers = numbers_of_names(graph)
        self._towers = {
            node: tower_of([part.lower() for part in parts_of(graph.path(int(graph.parent[node])))[:-1]])
            for node in graph.of_kind(*LAYER_KINDS).tolist()
        }

    def find(self, names: Sequence[str]) -> NDArray[np.int32]:
        """Return the node of each name, -1 where there is none, `AMBIGUOUS` where there are several."""
        skeletons = [skeleton_of(name) for name in names]
        parts = {skeleton: words_of(skeleton) for skeleton in {skeleton for skeleton, _ in skeletons}}
        words = {word for found in parts.values() for word in found}
        meanings = {skeleton: meaning_of(found, words) for skeleton, found in parts.items()}
        theirs = {meaning.tower for meaning in meanings.values() if meaning is not None and meaning.layer is not None}
        ours = set(self._towers.values())
        one_tower = _is_one_tower(ours, theirs)
        known = {"", *ours, *theirs}
        keys = self._keys(one_tower)
        tensors = self._tensors()
        out: list[int] = []
        for skeleton, numbers in skeletons:
            meaning = meanings[skeleton]
            node = -1
            if meaning is not None and (meaning.layer is not None or meaning.tower in known):
                node = _only(meaning, numbers, keys, one_tower)
            if node >= 0 and meaning is not None and meaning.tensor:
                # The module itself where that is all that is known of its weight.
                node = tensors.get((node, meaning.tensor), node if meaning.tensor == "weight" else -1)
            out.append(node)
        return np.array(out, np.int32)

    def _keys(self, one_tower: bool) -> dict[_Key, int]:
        """Return the node of each key, `AMBIGUOUS` where several have it."""
        graph = self._graph
        roles = graph.attributes.get("role")
        ids = roles.ids if roles is not None else np.empty(0, np.int32)
        values = [str(value) for value in roles.values] if roles is not None else []
        heads = graph.of_kind(NodeKind.HEAD)
        nodes = np.concatenate([ids.astype(np.int64), heads])
        values += ["head"] * len(heads)
        layers = self._layer_of[nodes]
        layer = np.where(layers >= 0, self._numbers[layers], -1)
        cell_nodes = nearest(graph, np.isin(graph.kind, (NodeKind.EXPERT, NodeKind.HEAD)))[nodes]
        cell = np.where(cell_nodes >= 0, self._numbers[cell_nodes], -1)
        shared = nearest(graph, graph.kind == NodeKind.SHARED_EXPERT)[graph.parent[nodes]] >= 0
        cross = np.zeros(len(graph), bool)
        cross[[node for node, role in zip(nodes.tolist(), values, strict=True) if role == "attention.cross"]] = True
        crossed = nearest(graph, cross)[graph.parent[nodes]] >= 0
        within = np.where(shared, "shared", np.where(crossed, "cross", "")).tolist()
        towers = [""] * len(nodes)
        if not one_tower:
            towers = [self._tower(node, at) for node, at in zip(nodes.tolist(), layers.tolist(), strict=True)]
        found: dict[_Key, int] = {}
        for key, node in zip(
            zip(towers, layer.tolist(), cell.tolist(), within, values, strict=True), nodes.tolist(), strict=True
        ):
            found[key] = AMBIGUOUS if key in found else node
        return found

    def _tower(self, node: int, layer: int) -> str:
        if layer >= 0:
            return self._towers[layer]
        return tower_of([part.lower() for part in parts_of(self._graph.path(node))[:-1]])

    def _tensors(self) -> dict[tuple[int, str], int]:
        graph = self._graph
        nodes = graph.of_kind(NodeKind.TENSOR)
        codes: list[int] = graph.name_code[nodes].tolist()
        parents: list[int] = graph.parent[nodes].tolist()
        shown = [ROUTER_BIAS if name in ROUTER_BIASES else name for name in graph.names]
        names = [shown[code] for code in codes]
        return dict(zip(zip(parents, names, strict=True), nodes.tolist(), strict=True))


def _is_one_tower(ours: set[str], theirs: set[str]) -> bool:
    """Return whether model and file have one stack, and the same: "decoder.layers.3" is "blk.3", no encoder's."""
    if len(ours) > 1 or len(theirs) > 1:
        return False
    both = ours | theirs
    return len(both) < 2 or ("" in both and both <= _MAIN_TOWERS)


def _only(meaning: Meaning, numbers: list[int], keys: dict[_Key, int], one_tower: bool) -> int:
    """Return the node that a meaning and the numbers of a name lead to, -1 for none, `AMBIGUOUS` for several."""
    layer = numbers[meaning.layer] if meaning.layer is not None else -1
    at = meaning.expert if meaning.expert is not None else meaning.head
    cell = numbers[at] if at is not None else -1
    tower = "" if one_tower else meaning.tower
    nodes = [keys.get((tower, layer, cell, meaning.within, role), -1) for role in meaning.roles]
    nodes = [node for node in nodes if node != -1]
    return -1 if not nodes else nodes[0] if len(nodes) == 1 else AMBIGUOUS
