"""Inferred data flow: edges of the blocks whose wiring is known, for all nodes of a part at once."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ..columns import Edges
from ..kinds import EdgeKind, NodeKind, Provenance
from ..model_graph import ModelGraph
from .parts import Part
from .wirings import MODEL_CHAINS, MODEL_ROLES, SAME_ROLE, TRANSPARENT, WIRINGS, Chain, Wiring

__all__ = ["infer_flow"]

Ids = NDArray[np.int32]
_Link = tuple[Ids, Ids, EdgeKind]


def infer_flow(before: ModelGraph, graph: ModelGraph, parts: Sequence[Part]) -> Edges:
    """Return the edges of all recognised blocks.

    Parameters
    ----------
    before : ModelGraph
        The graph that the parts were folded from.
    graph : ModelGraph
        With kinds set and derived nodes in it.
    parts : sequence of Part
        All parts that are no tensors, with `new_ids` where they have a role.
    """
    links: list[_Link] = []
    for part in parts:
        if part.kind in WIRINGS:
            links.extend(_links_of_block(before, part))
    stacks = [part for part in parts if part.kind == NodeKind.STACK]
    for stack in stacks:
        links.extend(_links_around(before, stack, stacks))
    links.extend(_links_between_layers(graph))
    if not links:
        return Edges()
    kinds = np.repeat(np.array([kind for _, _, kind in links], np.uint8), [len(source) for source, _, _ in links])
    return Edges(
        np.concatenate([source for source, _, _ in links]).astype(np.int32),
        np.concatenate([target for _, target, _ in links]).astype(np.int32),
        kinds,
        np.full(len(kinds), Provenance.INFERRED, np.uint8),
    )


def _ids(part: Part) -> Ids:
    assert part.new_ids is not None
    return part.new_ids


def _owns_weights(before: ModelGraph, part: Part) -> bool:
    return bool(before.parameters[before.subtree(part.node)].any())


# ---------------------------------------------------------------- inside blocks
def _links_of_block(before: ModelGraph, part: Part) -> Iterator[_Link]:
    members = _members(before, part)
    wiring = _wiring_of(part, members) if members is not None else None
    if members is None or wiring is None:
        return
    yield from _follow(wiring.chains, {**members, "@": part})


def _members(before: ModelGraph, part: Part) -> dict[str, Part] | None:
    """Return the block's parts by role; None where a part with weights has none, or two have the same."""
    members: dict[str, Part] = {}
    waiting = list(part.children)
    while waiting:
        child = waiting.pop()
        if child.role in TRANSPARENT and child.repeat == 1:
            waiting.extend(child.children)
        elif child.role and child.repeat == 1:
            role = SAME_ROLE.get(child.role, child.role)
            if role in members and child.kind != NodeKind.TENSOR:
                return None
            members[role] = child
        elif _owns_weights(before, child):
            return None
    return members


def _wiring_of(part: Part, members: dict[str, Part]) -> Wiring | None:
    roles = members.keys()
    for wiring in WIRINGS[part.kind]:
        if wiring.needs <= roles <= wiring.needs | wiring.may:
            return wiring if not wiring.alone or not _others_have_more(part, wiring) else None
    return None


def _others_have_more(part: Part, wiring: Wiring) -> bool:
    siblings = part.parent.children if part.parent is not None else []
    return any(
        child.role.startswith("layer.norm") and child.role not in wiring.needs
        for layer in siblings
        if layer.kind == NodeKind.LAYER
        for child in layer.children
    )


def _follow(chains: Sequence[Chain], members: dict[str, Part]) -> Iterator[_Link]:
    seen: set[tuple[str, str]] = set()
    for chain in chains:
        present = [role for role in chain.roles if role in members]
        for source, target in pairwise(present):
            if (source, target) in seen or source == target:
                continue
            seen.add((source, target))
            kind = EdgeKind.RESIDUAL if "@" in (source, target) else chain.kind
            yield _ids(members[source]), _ids(members[target]), kind


# ---------------------------------------------------------------- around and along a stack
def _links_around(before: ModelGraph, stack: Part, stacks: Sequence[Part]) -> Iterator[_Link]:
    """Link embedding, stack, final norm and output head, within the largest container that has no other stack."""
    if len(_ids(stack)) > 1 or _in_layer(stack):
        return
    members: dict[str, Part] = {"stack": stack}
    others = [other for other in stacks if other is not stack]
    inner, outer = stack, stack.parent
    while outer is not None and not any(_is_inside(other, outer) for other in others):
        for child in outer.children:
            if child is inner:
                continue
            role = "embedding" if child.role == "embedding.token" else child.role
            if role in MODEL_ROLES and child.repeat == 1 and role not in members:
                members[role] = child
            elif _owns_weights(before, child) and child.kind != NodeKind.OPTIMIZER:
                return
        inner, outer = outer, outer.parent
    yield from _follow(MODEL_CHAINS, members)


def _in_layer(part: Part) -> bool:
    above = part.parent
    while above is not None:
        if above.kind in (NodeKind.LAYER, NodeKind.MTP):
            return True
        above = above.parent
    return False


def _is_inside(part: Part, container: Part) -> bool:
    above: Part | None = part
    while above is not None:
        if above is container:
            return True
        above = above.parent
    return False


def _links_between_layers(graph: ModelGraph) -> Iterator[_Link]:
    """Link layer i to layer i + 1 of each stack, and its last layer to the first multi-token-prediction layer."""
    nodes = np.flatnonzero((graph.kind == NodeKind.LAYER) | (graph.kind == NodeKind.MTP)).astype(np.int32)
    if len(nodes) < 2:
        return
    codes: list[int] = graph.name_code[nodes].tolist()
    number = np.array([int(graph.names[code]) for code in codes], np.int64)
    order = np.lexsort((number, graph.parent[nodes]))
    nodes, number = nodes[order], number[order]
    source, target = nodes[:-1], nodes[1:]
    # A gap in the numbers is a layer that the file lacks: what it would feed is not known.
    follows = (graph.parent[source] == graph.parent[target]) & (np.diff(number) == 1)
    to_mtp = graph.kind[target] == NodeKind.MTP
    yield source[follows & ~to_mtp], target[follows & ~to_mtp], EdgeKind.RESIDUAL
    yield source[follows & to_mtp], target[follows & to_mtp], EdgeKind.DATA
