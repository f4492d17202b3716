"""What parts are called in titles and on boxes, in plain words."""

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...graph.kinds import NodeKind
from ...graph.model_graph import ModelGraph
from ...graph.summary import summarize
from .numbers import grouped, people_bytes, people_count, people_shape
from .plain_words import plain_name, plain_operator
from .translation import QT_TRANSLATE_NOOP, counted, filled, translate

__all__ = [
    "Caption",
    "caption_of",
    "facts_of",
    "hidden_words",
    "in_and_out",
    "matrix_of",
    "name_of",
    "title_of",
    "title_parts",
]

_WORDS = {
    NodeKind.ATTENTION: QT_TRANSLATE_NOOP("Scene", "attention"),
    NodeKind.MOE: QT_TRANSLATE_NOOP("Scene", "mixture of experts"),
    NodeKind.MLP: QT_TRANSLATE_NOOP("Scene", "MLP"),
    NodeKind.ROUTER: QT_TRANSLATE_NOOP("Scene", "router"),
    NodeKind.SHARED_EXPERT: QT_TRANSLATE_NOOP("Scene", "shared expert"),
    NodeKind.OUTPUT: QT_TRANSLATE_NOOP("Scene", "output head"),
    NodeKind.OPTIMIZER: QT_TRANSLATE_NOOP("Scene", "optimizer"),
}
_NUMBERED = {
    NodeKind.LAYER: QT_TRANSLATE_NOOP("Scene", "layer %1"),
    NodeKind.EXPERT: QT_TRANSLATE_NOOP("Scene", "expert %1"),
    NodeKind.HEAD: QT_TRANSLATE_NOOP("Scene", "head %1"),
    NodeKind.MTP: QT_TRANSLATE_NOOP("Scene", "MTP layer %1"),
}
# torch names operators NAMESPACE.NAME.OVERLOAD.
_OVERLOADED = re.compile(
    r"(?:torch\.ops\.)?(?:(?:aten|prims|quantized|higher_order)\.(\w+)(?:\.\w+)?|\w+\.(\w+)\.default)"
)
# On the way to something inside them these go without saying.
_SILENT = {NodeKind.STACK, NodeKind.EXPERTS, NodeKind.HEADS, NodeKind.MOE}
_MATRICES = {
    NodeKind.PROJECTION,
    NodeKind.OUTPUT_PROJECTION,
    NodeKind.LINEAR,
    NodeKind.ROUTER,
    NodeKind.EMBEDDING,
    NodeKind.OUTPUT,
    NodeKind.CONV,
}


@dataclass(frozen=True)
class Caption:
    """What a box says: its name, and a detail that goes under it or is left out."""

    name: str
    detail: str = ""


def name_of(graph: ModelGraph, node: int, plain: bool = False, is_hidden: NDArray[np.bool_] | None = None) -> str:
    """Return what a part is called: "layer 17", "expert 103", "256 experts", "q_a_proj".

    Parameters
    ----------
    plain : bool
        Well-known parts are called in plain words: "Query projection" for ``q_proj``.
    is_hidden : ndarray of bool, shape (N,), optional
        What is not shown: "4 of 256 experts shown".
    """
    kind, name = graph.kind_of(node), graph.name_of(node)
    word = plain_name(graph, node) if plain else None
    if word is not None:
        return word
    if kind in _NUMBERED and name.isdigit():
        return filled(translate("Scene", _NUMBERED[kind]), name)
    if kind in _COUNTED:
        counted_kind, words, some = _COUNTED[kind]
        count = _count(graph, node, counted_kind)
        shown = count if is_hidden is None else _count(graph, node, counted_kind, ~is_hidden)
        if shown < count:
            return filled(translate("Scene", some), grouped(shown), grouped(count))
        return words(count) if count or kind != NodeKind.STACK else name
    if kind in _WORDS and not name.isdigit():
        return translate("Scene", _WORDS[kind])
    return name


def title_parts(graph: ModelGraph, node: int, plain: bool = False) -> list[tuple[str, int]]:
    """Return the names and ids from the model to a node, without the parts that go without saying."""
    several_stacks = int((graph.kind == NodeKind.STACK).sum()) > 1
    parts = [(name_of(graph, node, plain), node)] if node else []
    for above in graph.ancestors(node):
        kind = graph.kind_of(above)
        wraps_stack = kind == NodeKind.MODULE and not several_stacks and _holds_stack(graph, above)
        if above and kind not in _SILENT and not wraps_stack:
            parts.append((name_of(graph, above, plain), above))
    return [(graph.name, 0), *reversed(parts)]


def title_of(graph: ModelGraph, node: int, plain: bool = False) -> str:
    """Return the title of a view: "DeepSeek-V3 › layer 17 › expert 103"."""
    return " › ".join(name for name, _ in title_parts(graph, node, plain))


def facts_of(graph: ModelGraph, node: int) -> str:
    """Return one line of facts about a part: "671 B parameters · 61 layers · 14 848 routed experts"."""
    if node == 0:
        return _model_facts(graph)
    shape = graph.shape_of(node)
    if shape is not None:
        return _line(people_shape(shape), graph.dtype_of(node), _size(graph, node))
    kind = graph.kind_of(node)
    facts: list[str | None] = [_parameters(int(graph.total_parameters[node]))]
    if kind == NodeKind.HEAD:
        head_dim = _nearest_above(graph, node, "head_dim")
        dimensions = filled(translate("Scene", "%1 dimensions"), str(head_dim)) if head_dim else None
        facts = [dimensions, translate("Scene", "a slice of its block's projections")]
    elif kind in (NodeKind.EXPERTS, NodeKind.MOE, NodeKind.LAYER, NodeKind.MTP, NodeKind.ATTENTION, NodeKind.HEADS):
        facts += [_attention_facts(graph, node), _moe_facts(graph, node)]
    elif kind == NodeKind.STACK:
        facts.append(_layers(_count(graph, node, NodeKind.LAYER)))
    matrix = matrix_of(graph, node)
    if matrix is not None:
        facts.append(people_shape(graph.shape_of(matrix) or ()))
    elif kind in (NodeKind.EXPERT, NodeKind.SHARED_EXPERT, NodeKind.MLP):
        count = _matrices(graph, node)
        one, many = translate("Scene", "%1 matrix"), translate("Scene", "%1 matrices")
        facts.append(counted(count, grouped(count), one, many))
    total = int(graph.total_bytes[node])
    return _line(*facts, people_bytes(total) if total else None)


def caption_of(
    graph: ModelGraph, node: int, plain: bool = False, is_hidden: NDArray[np.bool_] | None = None
) -> Caption:
    """Return what a box says about its part; `plain` and `is_hidden` as in `name_of`."""
    kind, name = graph.kind_of(node), name_of(graph, node, plain, is_hidden)
    shape = graph.shape_of(node)
    if shape is not None:
        above = int(graph.parent[node])
        if above > 0 and graph.kind_of(above) in _MATRICES and matrix_of(graph, above) == node:
            return Caption(name_of(graph, above, plain), f"{name}  {people_shape(shape)}")
        return Caption(name, people_shape(shape) if shape else "")
    if kind == NodeKind.OPERATOR:
        operator = _operator(graph, node)
        word = plain_operator(operator) if plain and operator else None
        return Caption(word or operator or name, _made(graph, node))
    if kind in (NodeKind.LAYER, NodeKind.EXPERT, NodeKind.HEAD) and graph.name_of(node).isdigit():
        return Caption(graph.name_of(node))
    if kind == NodeKind.MTP and graph.name_of(node).isdigit():
        return Caption(filled(translate("Scene", "MTP %1"), graph.name_of(node)))
    if kind == NodeKind.ROUTER:
        top_k, experts = _routing(graph, node)
        words = translate("Scene", "chooses %1 of %2 experts") if plain else translate("Scene", "top %1 of %2")
        return Caption(name, filled(words, str(top_k), str(experts)) if top_k and experts else "")
    matrix = matrix_of(graph, node)
    if matrix is not None and kind in _MATRICES:
        sides = in_and_out(graph, matrix)
        detail = " → ".join(grouped(n) for n in sides) if sides else people_shape(graph.shape_of(matrix) or ())
        return Caption(name, detail)
    if name.isdigit():  # a number alone says nothing
        if kind in _WORDS:
            return Caption(translate("Scene", _WORDS[kind]))
        return Caption(name, str(graph.attribute(node, "class") or "").rpartition(".")[2])
    return Caption(name)


def matrix_of(graph: ModelGraph, node: int) -> int | None:
    """Return the weight that a module mainly is: its only tensor of the highest rank, two at least."""
    stop = node + int(graph.size[node])
    if stop - node > 12:
        return None
    tensors = [i for i in range(node + 1, stop) if graph.parent[i] == node and graph.shape_of(i) is not None]
    matrices = [i for i in tensors if len(graph.shape_of(i) or ()) >= 2]
    return max(matrices, key=lambda i: int(graph.parameters[i]), default=None)


def in_and_out(graph: ModelGraph, tensor: int) -> tuple[int, int] | None:
    """Return how many values go into a matrix and come out of it, None where that cannot be told.

    A bias is as long as what comes out. Without one, GPT-2's transposed layers are known by their names,
    and a module's ``weight`` is [out, in], as torch has it.
    """
    shape, above = graph.shape_of(tensor), int(graph.parent[tensor])
    if shape is None or len(shape) != 2 or above < 0 or graph.kind_of(above) == NodeKind.EMBEDDING:
        return None
    rows, columns = shape
    stop = above + int(graph.size[above])
    beside = [i for i in range(above + 1, min(stop, above + 12)) if graph.parent[i] == above]
    for sibling in beside:
        if graph.name_of(sibling) == "bias" and graph.shape_of(sibling) in ((rows,), (columns,)):
            return (columns, rows) if graph.shape_of(sibling) == (rows,) else (rows, columns)
    name = graph.name_of(above)
    if name in ("c_attn", "c_fc"):
        return min(shape), max(shape)
    if name == "c_proj":
        return max(shape), min(shape)
    return (columns, rows) if graph.name_of(tensor) == "weight" else None


def hidden_words(count: int) -> str:
    """Return how many parts are hidden, in words."""
    return counted(count, grouped(count), translate("Scene", "%1 part hidden"), translate("Scene", "%1 parts hidden"))


# ---------------------------------------------------------------- parts of the lines
def _line(*facts: str | None) -> str:
    return " · ".join(fact for fact in facts if fact)


def _parameters(count: int) -> str | None:
    return filled(translate("Scene", "%1 parameters"), people_count(count)) if count else None


def _layers(count: int) -> str:
    return counted(count, grouped(count), translate("Scene", "%1 layer"), translate("Scene", "%1 layers"))


def _heads(count: int) -> str:
    return counted(count, grouped(count), translate("Scene", "%1 head"), translate("Scene", "%1 heads"))


def _experts(count: int) -> str:
    return counted(count, grouped(count), translate("Scene", "%1 expert"), translate("Scene", "%1 experts"))


_COUNTED = {
    NodeKind.EXPERTS: (NodeKind.EXPERT, _experts, QT_TRANSLATE_NOOP("Scene", "%1 of %2 experts shown")),
    NodeKind.HEADS: (NodeKind.HEAD, _heads, QT_TRANSLATE_NOOP("Scene", "%1 of %2 heads shown")),
    NodeKind.STACK: (NodeKind.LAYER, _layers, QT_TRANSLATE_NOOP("Scene", "%1 of %2 layers shown")),
}


def _routed_experts(count: int) -> str:
    one, many = translate("Scene", "%1 routed expert"), translate("Scene", "%1 routed experts")
    return counted(count, grouped(count), one, many)


def _size(graph: ModelGraph, node: int) -> str:
    return _line(_parameters(int(graph.parameters[node])), people_bytes(int(graph.bytes[node])))


def _model_facts(graph: ModelGraph) -> str:
    summary = summarize(graph)
    mtp = summary.parameters - summary.main_parameters
    return _line(
        _parameters(summary.main_parameters),
        _layers(summary.layers) if summary.layers else None,
        _routed_experts(summary.experts) if summary.experts else None,
        people_bytes(summary.bytes) if summary.bytes else None,
        filled(translate("Scene", "+ %1 multi-token prediction"), people_count(mtp)) if mtp else None,
    )


def _attention_facts(graph: ModelGraph, node: int) -> str | None:
    heads, kv_heads = _first_inside(graph, node, "heads"), _first_inside(graph, node, "kv_heads")
    if not heads:
        return None
    if kv_heads and kv_heads != heads:
        return filled(translate("Scene", "%1 heads, %2 of keys and values"), grouped(heads), grouped(kv_heads))
    return _heads(heads)


def _moe_facts(graph: ModelGraph, node: int) -> str | None:
    experts = _count(graph, node, NodeKind.EXPERT)
    if not experts:
        return None
    top_k = _first_inside(graph, node, "top_k") or _nearest_above(graph, node, "top_k")
    shared = _count(graph, node, NodeKind.SHARED_EXPERT)
    used = _experts(experts)
    if top_k:
        used = filled(translate("Scene", "%1 of %2 experts"), str(top_k), grouped(experts))
    return filled(translate("Scene", "%1 + %2 shared"), used, str(shared)) if shared else used


def _routing(graph: ModelGraph, node: int) -> tuple[Any, int]:
    for above in graph.ancestors(node):
        experts = _count(graph, above, NodeKind.EXPERT)
        if experts:
            return _first_inside(graph, above, "top_k"), experts
    return None, 0


def _matrices(graph: ModelGraph, node: int) -> int:
    inside = range(node, node + int(graph.size[node]))
    return sum(len(graph.shape_of(i) or ()) >= 2 and graph.parameters[i] > 0 for i in inside)


def _operator(graph: ModelGraph, node: int) -> str | None:
    """Return an operator's type as people say it: "linear" of aten.linear.default, "Gelu" of com.microsoft.Gelu."""
    operator = graph.attribute(node, "operator")
    if not isinstance(operator, str):
        return None
    overloaded = _OVERLOADED.fullmatch(operator)
    return overloaded[1] or overloaded[2] if overloaded else re.split(r"::|\.", operator)[-1]


def _made(graph: ModelGraph, node: int) -> str:
    """Return the shape of what an operator makes, where it is one tensor of a known shape."""
    codes = set(graph.edges.shape_code[graph.edges.source == node].tolist())
    shape = graph.shapes[codes.pop()] if len(codes) == 1 and -1 not in codes else None
    return people_shape(shape) if shape else ""


def _count(graph: ModelGraph, node: int, kind: NodeKind, among: NDArray[np.bool_] | None = None) -> int:
    of_kind = graph.kind[graph.subtree(node)] == kind
    return int((of_kind if among is None else of_kind & among[graph.subtree(node)]).sum())


def _holds_stack(graph: ModelGraph, node: int) -> bool:
    return bool((graph.kind[graph.subtree(node)] == NodeKind.STACK).any())


def _first_inside(graph: ModelGraph, node: int, key: str) -> Any:
    column = graph.attributes.get(key)
    if column is None:
        return None
    at = int(column.ids.searchsorted(node))
    inside = at < len(column.ids) and column.ids[at] < node + graph.size[node]
    return column.values[at] if inside else None


def _nearest_above(graph: ModelGraph, node: int, key: str) -> Any:
    values = (graph.attribute(above, key) for above in graph.ancestors(node))
    return next((value for value in values if value is not None), None)
