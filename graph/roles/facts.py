"""Figures that belong on nodes: of the model, of its mixtures of experts; and where config and file disagree."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..grouping import group_equal
from ..kinds import NodeKind
from ..model_graph import ModelGraph
from .config import Config
from .heads import Heads
from .notes import Notes
from .parts import Part

__all__ = ["note_block_facts", "note_heads", "note_model_facts"]

_ROOT = np.zeros(1, np.int32)


def note_block_facts(parts: Sequence[Part], config: Config, notes: Notes) -> None:
    """Note on each MoE block and its router how many experts there are and how many a token takes."""
    facts = config.main
    for part in parts:
        if part.kind != NodeKind.MOE or part.new_ids is None:
            continue
        groups = [child for child in part.children if child.role == "moe.group"]  # experts.local_experts
        count = sum(_expert_count(child) for group in [part, *groups] for child in group.children)
        shared = [child for child in part.children if child.kind == NodeKind.SHARED_EXPERT]
        top_k = facts.top_k if facts.top_k is not None and facts.top_k <= count else None
        notes.add("experts", part.new_ids, count)
        notes.add("top_k", part.new_ids, top_k)
        # One module holds all shared experts side by side: only the config tells how many.
        notes.add("shared_experts", part.new_ids, (facts.shared_experts or len(shared)) if shared else 0)
        for router in part.children:
            if router.kind == NodeKind.ROUTER and router.new_ids is not None:
                notes.add("experts", router.new_ids, count)
                notes.add("top_k", router.new_ids, top_k)


def note_heads(heads: Sequence[tuple[Part, Heads]], notes: Notes) -> None:
    """Note heads on their attention blocks, and on the root those of the most blocks."""
    blocks: dict[Heads, int] = {}
    for part, found in heads:
        blocks[found] = blocks.get(found, 0) + len(part.ids)
        if part.new_ids is not None:
            _note_figures(found, part.new_ids, notes)
    if blocks:
        _note_figures(max(blocks, key=lambda found: blocks[found]), _ROOT, notes)


def _note_figures(found: Heads, ids: NDArray[np.int32], notes: Notes) -> None:
    notes.add("heads", ids, found.heads)
    notes.add("kv_heads", ids, found.kv_heads)
    notes.add("head_dim", ids, found.head_dim)
    notes.add("qk_head_dim", ids, found.qk_head_dim)


def note_model_facts(
    graph: ModelGraph, parts: Sequence[Part], config: Config, notes: Notes, warnings: list[str]
) -> None:
    """Note figures of the whole model on the root. Where config and file disagree, the file is right."""
    facts = config.main
    layers = _main_layers(graph)
    hidden_size, vocab_size = facts.hidden_size, facts.vocab_size
    embedding = _embedding_shape(graph, parts)
    if embedding is not None:
        tokens, width = embedding
        said_width = facts.embedding_size or hidden_size or width
        # More rows than tokens are padding, for speed.
        if said_width != width or (vocab_size is not None and vocab_size > tokens):
            said = f"{vocab_size or tokens} x {said_width}"
            warnings.append(f"the config says a token embedding of {said}, the file has {tokens} x {width}")
        vocab_size = min(vocab_size or tokens, tokens)
        if facts.embedding_size is None:
            hidden_size = width
    if facts.layers is not None and layers and layers != facts.layers and _is_only_stack(graph):
        warnings.append(f"the config says {facts.layers} layers, the file has {layers}")
    experts = max((_expert_count(part) for part in parts), default=0)
    if facts.experts is not None and experts and experts != facts.experts:
        warnings.append(f"the config says {facts.experts} experts, the file has {experts}")
    known = {
        "architecture": config.architecture,
        "model_type": config.model_type,
        "layers": layers or None,
        "hidden_size": hidden_size,
        "vocab_size": vocab_size,
    }
    for key, value in known.items():
        notes.add(key, _ROOT, value)


def _expert_count(part: Part) -> int:
    """Return the experts in each node of an ``experts`` part, 0 for any other."""
    if part.kind != NodeKind.EXPERTS:
        return 0
    return sum(child.repeat for child in part.children if child.kind == NodeKind.EXPERT)


def _main_layers(graph: ModelGraph) -> int:
    """Return the number of layers beside each other, of those groups of layers the one with the most parameters."""
    layers = graph.of_kind(NodeKind.LAYER)
    if not len(layers):
        return 0
    _, group = group_equal(graph.parent[layers])
    weight = np.bincount(group, graph.total_parameters[layers])
    return int(np.bincount(group)[weight.argmax()])


def _is_only_stack(graph: ModelGraph) -> bool:
    return len(set(graph.parent[graph.of_kind(NodeKind.LAYER)].tolist())) == 1


def _embedding_shape(graph: ModelGraph, parts: Sequence[Part]) -> tuple[int, int] | None:
    """Return (tokens, width) of the token embedding, if there is just one."""
    shapes: set[tuple[int, ...]] = set()
    for part in parts:
        weight = part.find("weight") if part.role == "embedding.token" else None
        if weight is not None and weight.shape is not None:
            shapes.add(_before_packing(graph, part) or weight.shape)
    if len(shapes) != 1:
        return None
    tokens, width = shapes.pop()
    return tokens, width


def _before_packing(graph: ModelGraph, part: Part) -> tuple[int, ...] | None:
    """Return the shape that a module's quantised weight had, None when it is not packed."""
    logical = graph.attributes.get("logical_shape")
    if logical is None or part.new_ids is None:
        return None
    tensors = graph.children(int(part.new_ids[0])).tolist()
    return next((tuple(logical.get(i)) for i in tensors if graph.name_of(i) == "weight" and logical.get(i)), None)
