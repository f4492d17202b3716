"""Heads of attention blocks, from what config and shapes say together."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..kinds import NodeKind
from ..model_graph import ModelGraph
from .config import Config, Facts
from .forms import rows_of
from .insertion import Branch
from .parts import Part

__all__ = ["Heads", "find_heads", "heads_branch"]

# More heads than this come from a damaged config, not from a model.
_MAX_HEADS = 4096


@dataclass(frozen=True, slots=True)
class Heads:
    """The heads of one attention block.

    Attributes
    ----------
    heads : int
        Query heads.
    kv_heads, head_dim : int or None
        Key/value heads; values that a head puts out.
    qk_head_dim : int or None
        Length of a head's queries and keys, where it is another than `head_dim` (latent attention).
    """

    heads: int
    kv_heads: int | None = None
    head_dim: int | None = None
    qk_head_dim: int | None = None


def find_heads(graph: ModelGraph, part: Part, config: Config, warnings: list[str]) -> Heads | None:
    """Return the heads of an attention block; None where they are not known for sure.

    Parameters
    ----------
    graph : ModelGraph
    part : Part
        Of kind ATTENTION.
    config : Config
    warnings : list of str
        Gets a line where the config contradicts the shapes.
    """
    rows = _rows(part)
    heads = _module_heads(graph, part)
    if heads is not None:
        return _split(heads, rows, Facts())
    facts = config.facts_for(_names_above(part))
    if facts.heads is None:
        return _by_shapes(part, rows)
    if facts.heads > _MAX_HEADS:
        return None
    found = _latent(facts, rows) if "kv_b" in rows else _split(facts.heads, rows, facts)
    if found is None:
        told = ", ".join(f"{role} {count}" for role, count in rows.items())
        said = f"{facts.heads} heads{_sizes(facts)}"
        warnings.append(f"heads are not shown: the config says {said}, the file has {told} rows")
    return found


def _rows(part: Part) -> dict[str, int]:
    """Return the output rows of the block's projections, by the last word of their role."""
    rows: dict[str, int] = {}
    for child in part.walk():
        role, _, word = child.role.partition(".")
        if role == "attention" and word in ("q", "k", "v", "qkv", "q_b", "kv_b"):
            count = rows_of(child)
            if count is not None:
                rows[word] = count
    return rows


def _names_above(part: Part) -> list[str]:
    names: list[str] = []
    above = part.parent
    while above is not None:
        names.append(above.name)
        above = above.parent
    return names


def _module_heads(graph: ModelGraph, part: Part) -> int | None:
    """Return the ``num_heads`` that the module itself has, where all nodes of the part agree."""
    column = graph.attributes.get("num_heads")
    if column is None:
        return None
    value = column.get(int(part.ids[0]))
    if type(value) is not int or not 0 < value <= _MAX_HEADS:  # a list: a number a stage, of none of the stages
        return None
    return value if all(column.get(node) == value for node in part.ids.tolist()) else None


def _by_shapes(part: Part, rows: dict[str, int]) -> Heads | None:
    """Return heads that shapes alone tell: one attention sink a head, or a norm over each head's query."""
    for child in part.children:
        if child.role == "attention.sinks" and child.shape and child.shape[0] <= _MAX_HEADS:
            return _split(child.shape[0], rows, Facts())
        weight = child.find("weight") if child.role == "attention.q_norm" else None
        size = weight.shape[0] if weight is not None and weight.shape else 0
        # A norm over all heads together (OLMo 2) is as long as the query itself.
        if size and "q" in rows and rows["q"] != size and rows["q"] % size == 0 and rows["q"] // size <= _MAX_HEADS:
            return _split(rows["q"] // size, rows, Facts(head_dim=size))
    return None


def _split(heads: int, rows: dict[str, int], facts: Facts) -> Heads | None:
    """Divide the projections by the number of heads; None where that does not come out even."""
    gate = 2 if facts.gated_queries else 1
    dim = facts.head_dim
    if "qkv" in rows:
        dim = dim or _hidden_head_dim(facts) or (rows["qkv"] // (3 * heads) if rows["qkv"] % (3 * heads) == 0 else None)
        if dim is None or rows["qkv"] % dim:
            return None
        doubled = rows["qkv"] // dim - heads * gate
        kv = doubled // 2
        fits = doubled > 0 and doubled % 2 == 0 and heads % kv == 0 and facts.kv_heads in (None, kv)
        return Heads(heads, kv, dim) if fits else None
    if "q" not in rows:
        return Heads(heads, facts.kv_heads, dim)
    if rows["q"] % (heads * gate) or (dim is not None and rows["q"] != heads * gate * dim):
        return None
    dim = rows["q"] // (heads * gate)
    kv = facts.kv_heads
    if "k" in rows:
        if rows["k"] % dim or (kv is not None and rows["k"] != kv * dim):
            return None
        kv = rows["k"] // dim
    return Heads(heads, kv, dim)


def _hidden_head_dim(facts: Facts) -> int | None:
    if facts.hidden_size is None or facts.heads is None or facts.hidden_size % facts.heads:
        return None
    return facts.hidden_size // facts.heads


def _latent(facts: Facts, rows: dict[str, int]) -> Heads | None:
    """Multi-head latent attention: keys have a part without and a part with positions, values a size of their own."""
    heads, nope, rope, value = facts.heads, facts.qk_nope_head_dim, facts.qk_rope_head_dim, facts.v_head_dim
    if heads is None or nope is None or rope is None or value is None:
        return None
    queries = rows.get("q_b", rows.get("q"))
    fits = queries in (None, heads * (nope + rope)) and rows["kv_b"] == heads * (nope + value)
    return Heads(heads, facts.kv_heads or heads, value, nope + rope) if fits else None


def _sizes(facts: Facts) -> str:
    if facts.qk_nope_head_dim and facts.qk_rope_head_dim:
        return f" of {facts.qk_nope_head_dim} + {facts.qk_rope_head_dim}"
    return f" of {facts.head_dim}" if facts.head_dim else ""


def heads_branch(graph: ModelGraph, part: Part, heads: int) -> Branch:
    """Return the derived container of an attention block's heads, with one node a head."""
    ids = part.ids
    output = next((c for c in part.children if c.role in ("attention.o", "attention.output") and c.repeat == 1), None)
    before = output.ids if output is not None else ids + graph.size[ids]
    kinds = np.full(heads + 1, NodeKind.HEAD, np.uint8)
    kinds[0] = NodeKind.HEADS
    parent = np.zeros(heads + 1, np.int64)
    parent[0] = -1
    name = "heads" if "heads" not in part.by_name else "attention_heads"
    names = [name, *map(str, range(heads))]
    no_values: dict[str, NDArray[np.int64]] = {}
    return Branch(ids, before, names, kinds, [None] * (heads + 1), parent, no_values)
