"""From rules to roles: every part gets its kind, from the leaves up and then from the root down."""

import re
from collections.abc import Callable, Mapping

from ..kinds import NodeKind
from .blocks import BLOCKS, LAYER_EVIDENCE, MTP_EVIDENCE, Block
from .forms import KIND_OF_FORM, form_of_class, form_of_shapes, rows_of
from .parts import Part
from .table import (
    ACTIVATION_NAMES,
    EXPERTS_NAMES,
    FUSED_TENSORS,
    PLACE_OF_KIND,
    ROUTER_NAMES,
    ROWS,
    Row,
)

__all__ = ["classify", "fused_role", "fused_tensors", "loose_experts"]

_NORM_NAME = re.compile(r".*norm_?\d*|ln(_.*|\d+)?|.*_ln|bn\d*")
_LINEAR_NAME = re.compile(r".*_proj|dense|fc\d*|linear\d*|.*_linear")
_CONV_NAME = re.compile(r".*conv\d*(d|_.*)?")
_EMBEDDING_NAME = re.compile(r"(?!un|.*patch).*embeddings?|embed_.*")
_CLOSED = (NodeKind.LAYER, NodeKind.MTP, NodeKind.EXPERTS)

# Blocks by the first child that they need: a container is tried against few of them.
_BLOCKS_BY_CHILD: dict[str, list[tuple[int, Block]]] = {}
for _rank, _block in enumerate(BLOCKS):
    _BLOCKS_BY_CHILD.setdefault(_block.has[0].split(".")[0], []).append((_rank, _block))


def classify(root: Part, classes: Mapping[int, str], norms_first: bool | None = None) -> list[Part]:
    """Set form, kind and role of all parts; return those that are no tensors, parents first.

    Parameters
    ----------
    root : Part
        As `parts.fold` returns it.
    classes : mapping of int to str
        Qualified class names of modules by node id, where known. They are stronger than names.
    norms_first : bool, optional
        Whether norms whose names do not tell it stand before their blocks, or after the sum.
    """
    parts = [part for part in root.walk() if part.form != "tensor"]
    for part in reversed(parts):
        by_class = form_of_class(classes[part.node]) if part.node in classes else None
        part.form = by_class or form_of_shapes(part)
        part.block = _block_of(part)
        if part.parent is not None and (part.has_layers or _is_layer(part)):
            part.parent.has_layers = True
    place: dict[int, str] = {id(root): "model"}
    closed: set[int] = set()  # parts in layers or experts: there are no layers in them
    for part in parts:
        here = place.get(id(part), "")
        if part.kind in _CLOSED:
            closed.add(id(part))
        if id(part) in closed:
            closed.update(id(child) for child in part.children)
        layers = _layers_of(part) if id(part) not in closed else {}
        for child in part.children:
            if child.form == "tensor":
                if (here, child.name) in ROWS:
                    row = _row_for(child, here)
                    child.role = row.role if row is not None else ""
                continue
            opens = _assign(child, here, layers.get(id(child)))
            if opens:
                place[id(child)] = opens
        if part.kind == NodeKind.MODULE and _is_stack(part):
            part.kind, part.role = NodeKind.STACK, "stack"
        if part.kind == NodeKind.LAYER and norms_first is not None:
            _order_norms(part, norms_first)
        _assign_sequence(part)
    return parts


# ---------------------------------------------------------------- blocks: what children make of a container
def _block_of(part: Part) -> NodeKind | None:
    if part.shape is not None or not part.children:
        return None
    if loose_experts(part):
        return NodeKind.MOE
    names = part.by_name
    tried = sorted((entry for name in names for entry in _BLOCKS_BY_CHILD.get(name, ())), key=lambda entry: entry[0])
    for _, block in tried:
        found = [part.find(path) for path in block.has] if not block.names or part.name in block.names else [None]
        # The matrices of an MLP are modules: bare tensors of these names are fused experts.
        if all(child is not None and (child.shape is None or block.kind != NodeKind.MLP) for child in found):
            return block.kind
    has_attention = any(child.block == NodeKind.ATTENTION for child in part.children)
    experts = _experts_of(part)
    if not has_attention and experts is not None and _is_experts(experts):
        return NodeKind.MOE
    return NodeKind.MLP if part.name in _SEQUENCE_NAMES and len(_sequence(part)) == 2 else None


_SEQUENCE_NAMES = frozenset(("mlp", "ffn", "feed_forward", "ff"))


def _sequence(part: Part) -> list[Part]:
    """Return the linear layers of a Sequential MLP, in order, if that is what the part is."""
    weighted = [child for child in part.children if child.children]
    shapes = [child.find("weight") for child in weighted]
    if len(weighted) != 2 or any(
        not c.is_numbered or c.repeat > 1 or c.form not in ("matrix", "linear") for c in weighted
    ):
        return []
    first, second = (weight.shape if weight is not None else None for weight in shapes)
    fits = first and second and first[0] == second[1]
    return sorted(weighted, key=lambda c: c.numbers[0]) if fits else []


def _is_layer(part: Part) -> bool:
    if not part.is_numbered:
        return False
    blocks = {child.block for child in part.children}
    if blocks & {NodeKind.ATTENTION, NodeKind.MLP, NodeKind.MOE, NodeKind.RECURRENT}:
        return True
    return any(part.find(path) is not None for path in LAYER_EVIDENCE)


def _holds_block(part: Part) -> bool:
    return any(inner.block is not None for child in part.children for inner in child.children)


def _layers_of(part: Part) -> dict[int, NodeKind]:
    """Return which numbered children are layers."""
    numbered = part.numbered
    found = [child for child in numbered if _is_layer(child)]
    if not found:
        return {}
    known = {child.name for layer in found for child in layer.children}
    kinds: dict[int, NodeKind] = {}
    for child in numbered:
        names = child.by_name.keys()
        if any(names >= set(evidence) for evidence in MTP_EVIDENCE):
            kinds[id(child)] = NodeKind.MTP
        # Some of its tensors are in missing shards; or its blocks lie deeper than those of its siblings (Zamba 2).
        elif child in found or (names and names <= known) or _holds_block(child):
            kinds[id(child)] = NodeKind.LAYER
    return kinds


_STACK_NAMES = frozenset(("layers", "layer", "h", "blocks", "block"))


def _is_stack(part: Part) -> bool:
    layers = sum(len(child.numbers) for child in part.children if child.kind == NodeKind.LAYER)
    return layers > 1 or (layers == 1 and part.name in _STACK_NAMES)  # one alone: as its container says


# BART's names and those of its descendants; after the sum they are no part of the block before it.
_NORM_OF = {
    "self_attn_layer_norm": "attention",
    "sa_layer_norm": "attention",
    "encoder_attn_layer_norm": "cross",
    "cross_attn_layer_norm": "cross",
    "cross_attention_layer_norm": "cross",
    "final_layer_norm": "mlp",
    "output_layer_norm": "mlp",
    "ff_layer_norm": "mlp",
    "feed_forward_layer_norm": "mlp",
}


def _order_norms(layer: Part, first: bool) -> None:
    for child in layer.children:
        if child.kind == NodeKind.NORM and child.name in _NORM_OF:
            child.role = f"layer.norm.{_NORM_OF[child.name]}" + ("" if first else ".sum")


# ---------------------------------------------------------------- experts
def fused_role(name: str) -> str | None:
    """Return the role of a fused tensor ``[E, ...]`` by its name, None when it is not known as one."""
    for suffix, role in FUSED_TENSORS:
        if name.endswith(suffix):
            rows = ROWS.get(("mlp", name.removesuffix(suffix)), ())
            found = next((row.role for row in rows if "tensor" in row.forms), None)
            return found and (role or found)
    return None


def fused_tensors(part: Part) -> list[Part]:
    """Return the fused tensors of an ``experts`` module, its own or those of its modules.

    None unless all its tensors are ``[E, ...]``; modules that all share (a norm) or without tensors are left out.
    """
    # A live module has an activation, and perhaps operators, beside them: what holds no tensor says nothing.
    inside = [c for c in part.children if c.shape is not None or (c.form != "vector" and _holds_tensors(c))]
    return _fused(inside) if inside else []


def _holds_tensors(part: Part) -> bool:
    todo = list(part.children)
    for child in todo:  # grows while it is read
        if child.shape is not None:
            return True
        todo += child.children
    return False


def loose_experts(part: Part) -> list[Part]:
    """Return the fused tensors of experts that stand beside their router, in no ``experts`` module (Granite)."""
    inside = [child for child in part.children if _is_loose(child)]
    if sum(child.shape is None for child in inside) < 2:
        return []
    tensors = _fused(inside)
    experts = tensors[0].shape[0] if tensors and tensors[0].shape else 0
    routes = any(child.name in ROUTER_NAMES and _router_rows(child) == experts for child in part.children)
    return tensors if routes else []


def _is_loose(part: Part) -> bool:
    role = fused_role(part.name)
    return role is not None and (role == "mlp.bias" if part.shape is not None else len(_largest_shape(part)) > 2)


def _largest_shape(part: Part) -> tuple[int, ...]:
    return max((child.shape or () for child in part.children), key=len, default=())


def _fused(children: list[Part]) -> list[Part]:
    tensors: list[Part] = []
    for child in children:
        if child.is_numbered or fused_role(child.name) is None:
            return []
        # Of a module only the scale of a whole matrix is as short as [E].
        inside = [child] if child.shape is not None else child.children
        if not inside or any(not tensor.shape or (tensor is child and len(tensor.shape) < 2) for tensor in inside):
            return []
        tensors += inside
    counts = {tensor.shape[0] for tensor in tensors if tensor.shape}
    fits = len(counts) == 1 and min(counts) > 1 and any(len(tensor.shape or ()) > 2 for tensor in tensors)
    return tensors if fits else []


def _router_rows(part: Part) -> int | None:
    return rows_of(part.by_name.get("layer", part))


def _expert_count(experts: Part) -> int:
    """Return how many experts the router chooses from, by what is in the file."""
    fused = fused_tensors(experts)
    if fused and fused[0].shape:
        return fused[0].shape[0]
    return max((number + 1 for child in experts.numbered for number in child.numbers), default=0)


def _experts_of(mixture: Part) -> Part | None:
    """Return the module that holds a mixture's experts; Megatron has them in experts.local_experts."""
    names = mixture.by_name
    found = next((names[name] for name in EXPERTS_NAMES if name in names), None)
    return found and found.by_name.get("local_experts", found)


def _is_group(part: Part) -> bool:
    inner = part.by_name.get("local_experts")
    return inner is not None and _is_experts(inner)


def _is_experts(part: Part) -> bool:
    experts = [child for child in part.children if child.is_numbered and child.block == NodeKind.MLP]
    return sum(child.repeat for child in experts) > 1 or bool(fused_tensors(part))


def _is_router(part: Part) -> bool:
    if part.parent is None:
        return False
    experts = _experts_of(part.parent)
    rows = _router_rows(part)
    if experts is None:
        loose = loose_experts(part.parent)
        return bool(loose and loose[0].shape) and rows == (loose[0].shape or (0,))[0]
    if not _is_experts(experts) or rows is None:
        return False
    count = _expert_count(experts)
    return rows == count or (rows > count and not fused_tensors(experts))  # fewer: some shards are missing


# ---------------------------------------------------------------- conditions that rows name
def _near_layers(part: Part) -> bool:
    return part.parent is not None and any(child.has_layers for child in part.parent.children if child is not part)


def _is_last(part: Part) -> bool:
    return part.parent is not None and part.parent.children[-1] is part


def _is_timm(part: Part) -> bool:
    attention = part.parent.by_name.get("attn") if part.parent is not None else None
    return attention is not None and set(attention.by_name) <= {"qkv", "proj", "q_norm", "k_norm"}


def _is_gguf(part: Part) -> bool:
    attention = part.parent.by_name.get("attn") if part.parent is not None else None
    return attention is not None and ("attn_q" in attention.by_name or "attn_qkv" in attention.by_name)


CHECKS: dict[str, Callable[[Part], bool]] = {
    "attention": lambda part: part.block == NodeKind.ATTENTION or part.form == "attention",
    "mlp": lambda part: part.block == NodeKind.MLP,
    "experts": _is_experts,
    "experts group": _is_group,
    "router": _is_router,
    "embeddings": lambda part: "word_embeddings" in part.by_name or "token_embedding" in part.by_name,
    "near layers": _near_layers,
    "last": _is_last,
    "timm": _is_timm,
    "gguf": _is_gguf,
}


# ---------------------------------------------------------------- from the root down
def _assign(part: Part, place: str, layer: NodeKind | None) -> str:
    """Set kind and role of a part that stands in `place`; return the place of its children, "" for none."""
    if part.declared != NodeKind.MODULE:
        return ""
    if layer is not None:
        part.kind, part.role = layer, layer.name.lower()
        return PLACE_OF_KIND[layer]
    if part.parent is not None and part.parent.kind == NodeKind.EXPERTS:
        if part.is_numbered and part.block == NodeKind.MLP:
            part.kind, part.role = NodeKind.EXPERT, "expert"
            return PLACE_OF_KIND[NodeKind.EXPERT]
        return ""
    if part.parent is not None and part.parent.form == "adapter":
        part.kind = part.parent.kind  # a low-rank factor is of the kind of what it adapts
        return ""
    row = _row_for(part, place)
    if row is not None:
        part.role = row.role
        part.kind = part.kind if row.kind is None else row.kind
        return row.opens or PLACE_OF_KIND.get(part.kind, "")
    if part.block is not None and (not part.is_numbered or part.block == NodeKind.ATTENTION):
        part.kind = part.block
        part.role = part.block.name.lower()
        return PLACE_OF_KIND.get(part.kind, "")
    part.kind = _generic(part)
    if part.kind == NodeKind.ATTENTION:
        part.role = "attention"
        return PLACE_OF_KIND[part.kind]
    return "model" if place == "model" and part.form == "container" and not part.is_numbered else ""


def _row_for(part: Part, place: str) -> Row | None:
    rows = ROWS.get((place, part.name), ())
    siblings = part.parent.by_name.keys() if rows and part.parent is not None else frozenset[str]()
    for row in rows:
        if (
            part.form in row.forms
            and (not row.beside or row.beside & siblings)
            and not row.without & siblings
            and (not row.check or CHECKS[row.check](part))
        ):
            return row
    return None


def _generic(part: Part) -> NodeKind:
    """Return what form and name together say without a place; wrong is worse than plain."""
    kind = KIND_OF_FORM.get(part.form, NodeKind.MODULE)
    if kind != NodeKind.MODULE:
        return kind
    if part.form == "vector" and _NORM_NAME.fullmatch(part.name):
        return NodeKind.NORM
    if part.form == "matrix" and _LINEAR_NAME.fullmatch(part.name):
        return NodeKind.LINEAR
    if part.form == "matrix" and _EMBEDDING_NAME.fullmatch(part.name):
        return NodeKind.EMBEDDING
    if part.form == "kernel" and _CONV_NAME.fullmatch(part.name):
        return NodeKind.CONV
    if part.form == "empty" and part.name in ACTIVATION_NAMES:
        return NodeKind.ACTIVATION
    return NodeKind.MODULE


def _assign_sequence(part: Part) -> None:
    """Name the two matrices of a Sequential MLP."""
    if part.kind == NodeKind.MLP and part.name in _SEQUENCE_NAMES:
        for child, role in zip(_sequence(part), ("mlp.up", "mlp.down"), strict=False):
            child.kind, child.role = NodeKind.LINEAR, role
