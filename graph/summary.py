"""What is in a model: the figures that `info` prints and titles show."""

from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from .kinds import NodeKind, Provenance
from .model_graph import ModelGraph

__all__ = ["AttentionSummary", "DtypeSummary", "ModelSummary", "StackSummary", "summarize"]


class StackSummary(msgspec.Struct):
    """A repetition of layers."""

    path: str
    layers: int
    kinds: int  # structurally different layers


class AttentionSummary(msgspec.Struct):
    """The attention of the main stack's first attention block whose heads are known."""

    heads: int
    kv_heads: int | None
    head_dim: int | None


class DtypeSummary(msgspec.Struct):
    """What is stored in one dtype."""

    tensors: int
    elements: int
    bytes: int


class ModelSummary(msgspec.Struct):
    """Figures of a whole model: `info --json`, schema 1 (DESIGN 8)."""

    schema: int
    path: str
    format: str
    name: str
    parameters: int
    main_parameters: int
    stored_elements: int
    bytes: int
    tensors: int
    modules: int
    operators: int
    edges: int
    layers: int
    stacks: list[StackSummary]
    experts: int
    experts_per_layer: int
    experts_per_token: int | None
    shared_experts: int
    moe_layers: int
    attention: AttentionSummary | None
    dtypes: dict[str, DtypeSummary]
    warnings: list[str]


def summarize(graph: ModelGraph) -> ModelSummary:
    """Count what is in a model.

    Optimizer state is left out of all figures; multi-token-prediction layers are left out of
    ``main_parameters``, ``layers``, ``experts`` and ``moe_layers`` and have a ``stacks`` entry of their own.
    """
    inside_mtp = _inside(graph, NodeKind.MTP)
    in_model = ~_inside(graph, NodeKind.OPTIMIZER)
    kind = graph.kind
    stored = _stored_tensors(graph) & in_model
    # A layer of a stack that is itself inside a layer (Swin's blocks) is no layer of the main stack.
    main = _main_stack(graph, inside_mtp)
    in_main = np.zeros(len(graph), bool)
    in_main[graph.subtree(main) if main is not None else slice(0, len(graph))] = True
    in_main &= ~inside_mtp
    moe = np.flatnonzero(in_main & (kind == NodeKind.MOE))
    experts = np.flatnonzero(in_main & (kind == NodeKind.EXPERT))
    per_layer = _experts_per_moe(moe, graph, experts)
    is_module = in_model & ~np.isin(kind, (NodeKind.TENSOR, NodeKind.OPERATOR, NodeKind.VALUE)) & ~_made_by_roles(graph)
    return ModelSummary(
        schema=1,
        path=graph.source.encode(errors="backslashreplace").decode(),  # a path is not always text
        format=graph.format,
        name=graph.name,
        parameters=int(graph.parameters[in_model].sum()),
        main_parameters=int(graph.parameters[in_model & ~inside_mtp].sum()),
        stored_elements=int(graph.elements[in_model].sum()),
        bytes=int(graph.bytes[in_model].sum()),
        tensors=int(stored.sum()),
        modules=int(is_module[1:].sum()),
        operators=int((kind == NodeKind.OPERATOR).sum()),
        edges=len(graph.edges),
        layers=len(_layers(graph, main)) if main is not None else int((in_main & (kind == NodeKind.LAYER)).any()),
        stacks=_stacks(graph),
        experts=len(experts),
        experts_per_layer=int(np.bincount(per_layer).argmax()) if len(per_layer) else 0,
        experts_per_token=_first(graph, moe, "top_k"),
        shared_experts=_shared_experts(graph, moe),
        moe_layers=len(moe),
        attention=_attention(graph, in_main),
        dtypes=_dtypes(graph, in_model, stored),
        warnings=list(graph.warnings),
    )


def _inside(graph: ModelGraph, kind: NodeKind) -> NDArray[np.bool_]:
    """Return which nodes lie in a subtree of the given kind."""
    inside = np.zeros(len(graph), bool)
    for top in graph.of_kind(kind).tolist():  # a handful: optimizer states, multi-token-prediction layers
        inside[graph.subtree(top)] = True
    return inside


def _made_by_roles(graph: ModelGraph) -> NDArray[np.bool_]:
    """Return which nodes are in no file and no config: heads, and fused experts one by one."""
    if graph.provenance[0] != Provenance.DERIVED:
        return graph.provenance == Provenance.DERIVED
    made = np.isin(graph.kind, (NodeKind.HEADS, NodeKind.HEAD))  # all else follows from a config
    fused = graph.attributes.get("fused_tensors")
    for experts in fused.ids.tolist() if fused is not None else ():
        made[experts + 1 : experts + graph.size[experts]] = True
    return made


def _stored_tensors(graph: ModelGraph) -> NDArray[np.bool_]:
    """Return which nodes stand for a stored tensor; of a fused tensor's slices the first one does."""
    stored = graph.dtype_code >= 0
    slices = graph.attributes.get("slice_index")
    if slices is not None:
        stored = stored.copy()
        stored[slices.ids[np.array(slices.values) > 0]] = False
    return stored


def _layers(graph: ModelGraph, stack: int) -> NDArray[np.int32]:
    children = graph.children(stack)
    return children[graph.kind[children] == NodeKind.LAYER]


def _main_stack(graph: ModelGraph, inside_mtp: NDArray[np.bool_]) -> int | None:
    """Return the stack with the most parameters that is in no other stack."""
    stacks = [i for i in graph.of_kind(NodeKind.STACK).tolist() if not inside_mtp[i]]
    outer = [i for i in stacks if not any(graph.kind[a] == NodeKind.STACK for a in graph.ancestors(i))]
    return max(outer, key=lambda i: graph.total(graph.parameters, i), default=None)


def _stacks(graph: ModelGraph) -> list[StackSummary]:
    found: list[StackSummary] = []
    for stack in graph.of_kind(NodeKind.STACK).tolist():
        layers = _layers(graph, stack)
        found.append(StackSummary(graph.path(stack), len(layers), len(set(graph.signature[layers].tolist()))))
    mtp = graph.of_kind(NodeKind.MTP)
    for parent in sorted(set(graph.parent[mtp].tolist())):
        group = mtp[graph.parent[mtp] == parent]
        found.append(StackSummary(graph.path(int(group[0])), len(group), len(set(graph.signature[group].tolist()))))
    return found


def _experts_per_moe(moe: NDArray[Any], graph: ModelGraph, experts: NDArray[Any]) -> NDArray[np.int64]:
    """Return how many experts lie in each MoE block."""
    return np.searchsorted(experts, moe + graph.size[moe]) - np.searchsorted(experts, moe)


def _first(graph: ModelGraph, nodes: NDArray[Any], key: str) -> Any:
    column = graph.attributes.get(key)
    values = (column.get(i) for i in nodes.tolist()) if column is not None else iter(())
    return next((value for value in values if value is not None), None)


def _shared_experts(graph: ModelGraph, moe: NDArray[Any]) -> int:
    declared = _first(graph, moe, "shared_experts")
    if declared is not None:
        return int(declared)
    shared = graph.of_kind(NodeKind.SHARED_EXPERT)
    per_moe = np.searchsorted(shared, moe + graph.size[moe]) - np.searchsorted(shared, moe)
    return int(per_moe.max(initial=0))


def _attention(graph: ModelGraph, in_main: NDArray[np.bool_]) -> AttentionSummary | None:
    heads = graph.attributes.get("heads")
    blocks = np.flatnonzero(graph.kind == NodeKind.ATTENTION)
    blocks = blocks[np.argsort(~in_main[blocks], kind="stable")]
    for block in blocks.tolist() if heads is not None else ():
        count = graph.attribute(block, "heads")
        if count is not None:
            return AttentionSummary(count, graph.attribute(block, "kv_heads"), graph.attribute(block, "head_dim"))
    return None


def _dtypes(graph: ModelGraph, in_model: NDArray[np.bool_], stored: NDArray[np.bool_]) -> dict[str, DtypeSummary]:
    found: dict[str, DtypeSummary] = {}
    for code, dtype in enumerate(graph.dtypes):
        of_dtype = (graph.dtype_code == code) & in_model
        if of_dtype.any():
            found[dtype] = DtypeSummary(
                int((of_dtype & stored).sum()), int(graph.elements[of_dtype].sum()), int(graph.bytes[of_dtype].sum())
            )
    return dict(sorted(found.items()))
