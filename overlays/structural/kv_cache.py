"""What one more token adds to the key/value cache of a decoder."""

import re
from collections.abc import Sequence
from math import prod
from typing import TypeGuard, cast

import numpy as np
from numpy.typing import NDArray

from ...graph.kinds import NodeKind
from ...graph.model_graph import ModelGraph
from ..overlay import Figure, Scale
from .formula import Formula, Found
from .names import Roles, with_name
from .regions import inside, subtrees
from .totals import summed

__all__ = ["KV_CACHE"]

_BYTES_A_VALUE = 2
# Towers that read all their input at once and keep no cache, and attention to them, which caches no generated token.
_NOT_DECODER = re.compile(r"encoder|encdec|cross|vision|visual|vit|audio|speech|image|img").search
_ENCODER_FAMILY = re.compile(r"bert|electra|mpnet|xlm|flaubert|funnel|longformer|esm", re.IGNORECASE).search


def _missing(graph: ModelGraph) -> str | None:
    if not len(graph.of_kind(NodeKind.ATTENTION)):
        return "this model has no attention block that is recognised"
    values, blocks = _cached(graph)
    if not len(blocks):
        return "this model has no attention block of a decoder that reads tokens"
    return None if (values > 0).any() else "nothing says what heads the keys and values have"


def _find(graph: ModelGraph) -> Found:
    values, blocks = _cached(graph)
    own, weight = np.full(len(graph), np.nan), np.zeros(len(graph))
    own[blocks], weight[blocks] = _BYTES_A_VALUE * values, 1
    return summed(graph, own, weight)


def _cached(graph: ModelGraph) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return how many values a token leaves in each attention block, NaN where not known, and the blocks."""
    roles = Roles(graph)
    blocks = _decoder_blocks(graph, roles)

    def those_with(pattern: str) -> NDArray[np.bool_]:
        return _holders(graph, blocks, np.flatnonzero(roles.which(re.compile(pattern).fullmatch)))

    # A block without keys of its own reads those of an earlier layer, or its file lacks them: not known.
    both = those_with(r"attention\.(g?qkv|kv)") | (those_with(r"attention\.k") & those_with(r"attention\.v"))
    values = 2 * _of_blocks(graph, blocks, "kv_heads") * _of_blocks(graph, blocks, "head_dim")
    # What is compressed is known where the compressing matrix is.
    values[~both | those_with(r"attention\.(kv|k|v)_b")] = np.nan
    for node in np.flatnonzero(roles.which("attention.kv_a".__eq__)).tolist():
        block = int(np.searchsorted(blocks, node, "right")) - 1
        if block >= 0 and node < blocks[block] + graph.size[blocks[block]]:
            values[block] = _rows(graph, node)
    return values, blocks


def _decoder_blocks(graph: ModelGraph, roles: Roles) -> NDArray[np.int64]:
    """Return the outermost attention blocks that tokens pass one by one, ascending."""
    texts = (graph.attribute(0, key) for key in ("architecture", "model_type"))
    is_encoder = any(isinstance(text, str) and _ENCODER_FAMILY(text) for text in texts)
    if is_encoder or not roles.which("embedding.token".__eq__).any():
        return np.empty(0, np.int64)
    towers = np.flatnonzero(with_name(graph, lambda name: _NOT_DECODER(name.casefold())))
    apart = subtrees(graph, towers) | inside(graph, NodeKind.MTP, NodeKind.OPTIMIZER)
    apart |= roles.which("attention.cross".__eq__)
    nested = inside(graph, NodeKind.ATTENTION)[graph.parent] & (graph.parent >= 0)
    return np.flatnonzero((graph.kind == NodeKind.ATTENTION) & ~nested & ~apart)


def _holders(graph: ModelGraph, blocks: NDArray[np.int64], nodes: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return which blocks have one of `nodes` (ascending) in them."""
    return np.searchsorted(nodes, blocks + graph.size[blocks]) > np.searchsorted(nodes, blocks)


def _of_blocks(graph: ModelGraph, blocks: NDArray[np.int64], key: str) -> NDArray[np.float64]:
    column = graph.attributes.get(key)
    values = np.full(len(graph), np.nan)
    if column is not None:
        values[column.ids] = column.values
    return values[blocks]


def _rows(graph: ModelGraph, module: int) -> float:
    """Return how many values a linear module puts out; NaN where its weight is packed in an unknown way."""
    for node in graph.children(module).tolist():
        for shape in (graph.attribute(node, "logical_shape"), graph.shape_of(node)):
            if _is_matrix(shape) and prod(shape) == int(graph.parameters[node]):
                return float(shape[0])
    return np.nan


def _is_matrix(shape: object) -> TypeGuard[Sequence[int]]:
    """Whether this is a shape with two sides: an attribute of a JSON export may be anything."""
    if not isinstance(shape, list | tuple):
        return False
    sides = cast("Sequence[object]", shape)
    return len(sides) == 2 and all(type(side) is int for side in sides)


KV_CACHE = Formula(
    name="kv-cache",
    title="KV cache per token",
    unit="B/token",
    definition=(
        "2 x kv_heads x head_dim x 2 bytes a value (bf16; the files do not say the cache's type) for each attention "
        "block of a decoder; with multi-head latent attention (kv_lora_rank + qk_rope_head_dim) x 2 bytes. A container "
        "is the sum over its blocks, with no value where one of them is not known. A sliding window changes how many "
        "tokens are kept, not the bytes of one. Left out: encoders, cross attention, indexers "
        "of sparse attention, multi-token-prediction layers."
    ),
    source="config: num_key_value_heads, head_dim; shapes; DeepSeek-V2, arXiv:2405.04434, table 1",
    missing=_missing,
    find=_find,
    scale=Scale.LINEAR,
    figure=Figure.BYTES,
)
