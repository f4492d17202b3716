"""Heads of attention blocks, from what config and shapes say together."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..kinds import NodeKind
from ..model_graph import ModelGraph
from .config import Config, Facts
from .forms import columns_of, rows_of
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
    said = config.facts_for(_names_above(part))
    for facts in said:
        found = _of_facts(part, rows, facts)
        if found is not None:
            return found
    found = _by_shapes(part, rows) or _by_another(part, rows, config)
    told = said[0]
    if found is None and told.heads is not None and told.heads <= _MAX_HEADS:
        has = ", ".join(f"{role} {count}" for role, count in rows.items() if role not in ("in", "o"))
        warnings.append(
            f"heads are not shown: the config says {told.heads} heads{_sizes(told)}, the file has {has} rows"
        )
    return found


def _of_facts(part: Part, rows: dict[str, int], facts: Facts) -> Heads | None:
    """Return the heads that a config says, if the shapes agree."""
    heads = facts.heads or _heads_of_stage(part, facts.heads_of_stages)
    if heads is None or heads > _MAX_HEADS:
        return None
    if any(child.role in ("attention.kv_b", "attention.k_b") for child in part.children):
        return _latent(facts, rows)
    if facts.heads is None:  # a stage: its width is in no config
        return _split(heads, rows, Facts())
    return _split(heads, rows, facts)


def _heads_of_stage(part: Part, stages: tuple[int, ...]) -> int | None:
    """Return the entry of the outermost list of parts around `part` that is as long as `stages`."""
    found: int | None = None
    here = part
    while here.parent is not None:
        if here.is_numbered and here.parent.count_numbered == len(stages) and max(here.numbers) < len(stages):
            said = {stages[number] for number in here.numbers}
            found = said.pop() if len(said) == 1 else None
        here = here.parent
    return found


def _by_another(part: Part, rows: dict[str, int], config: Config) -> Heads | None:
    """Return the heads that some other tower's config says: only if it is as wide, and no other says otherwise."""
    found = {
        heads
        for facts in config.others
        if facts.hidden_size is not None and facts.hidden_size == rows.get("in")
        for heads in [_of_facts(part, rows, facts)]
        if heads is not None
    }
    return found.pop() if len(found) == 1 else None


def _rows(part: Part) -> dict[str, int]:
    """Return the output rows of the block's projections by the last word of their role, and two widths.

    ``in`` is what queries are made of, ``o`` is what the output projection takes: the values of all heads.
    """
    rows: dict[str, int] = {}
    for child in part.walk():
        role, _, word = child.role.partition(".")
        if role != "attention":
            continue
        word = word.removeprefix("g") if word == "gqkv" else word
        if word in ("q", "k", "v", "qkv", "kv", "q_b", "kv_b"):
            count = rows_of(child)
            if count is not None:
                rows[word] = count
        if word in ("q", "qkv", "o"):
            width = columns_of(child)
            if width is not None:
                rows["o" if word == "o" else "in"] = width
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
        if child.role == "attention.sinks" and child.shape and 0 < child.shape[0] <= _MAX_HEADS:
            return _split(child.shape[0], rows, Facts())
        weight = child.find("weight") if child.role == "attention.q_norm" else None
        size = weight.shape[0] if weight is not None and weight.shape else 0
        # A norm over all heads together (OLMo 2) is as long as the query itself.
        if size and "q" in rows and rows["q"] != size and rows["q"] % size == 0 and rows["q"] // size <= _MAX_HEADS:
            return _split(rows["q"] // size, rows, Facts(head_dim=size))
    return None


def _split(heads: int, rows: dict[str, int], facts: Facts) -> Heads | None:
    """Divide the projections by the number of heads; None where that does not come out even.

    A head's size is what the config says, or the width of the model shared out evenly (some models do that
    whatever their config says); without a config, what comes out.
    """
    dims = [dim for dim in (facts.head_dim, _hidden_head_dim(facts)) if dim is not None]
    if not dims and rows.get("o", rows.get("q", 1)) % heads == 0 and ("o" in rows or "q" in rows):
        dims = [rows.get("o", rows.get("q", 0)) // heads]
    if not dims and rows.get("qkv", 1) % (3 * heads) == 0:
        dims = [rows["qkv"] // (3 * heads)]
    if not dims:
        return None if rows.keys() & {"q", "qkv"} else Heads(heads, facts.kv_heads)
    return next(filter(None, (_divide(heads, dim, rows, facts.kv_heads) for dim in dims if dim)), None)


def _divide(heads: int, dim: int, rows: dict[str, int], said_kv: int | None) -> Heads | None:
    """Return heads of one size, if the shapes are those that they need."""
    # Gated attention makes each query twice as long: the other half is the gate (Qwen3-Next).
    gates = (1, 2) if rows.get("o") == heads * dim else (1,)
    if "qkv" in rows:
        for gate in gates:
            doubled = rows["qkv"] // dim - heads * gate
            kv = doubled // 2
            fits = rows["qkv"] % dim == 0 and doubled > 0 and doubled % 2 == 0 and heads % kv == 0
            if fits and said_kv in (None, kv):
                return Heads(heads, kv, dim)
        # Models that have no grouped queries ignore a config's key/value heads.
        return Heads(heads, heads, dim) if rows["qkv"] == 3 * heads * dim else None
    if "q" in rows and not any(rows["q"] == heads * gate * dim for gate in gates):
        return None
    stored = rows["k"] if "k" in rows else rows["kv"] // 2 if rows.get("kv", 1) % 2 == 0 else None
    if stored is None:
        return Heads(heads, said_kv, dim)
    if not stored or stored % dim or heads % (stored // dim) or (said_kv is not None and stored != said_kv * dim):
        return None
    return Heads(heads, stored // dim, dim)


def _hidden_head_dim(facts: Facts) -> int | None:
    if facts.hidden_size is None or facts.heads is None or facts.hidden_size % facts.heads:
        return None
    return facts.hidden_size // facts.heads


def _latent(facts: Facts, rows: dict[str, int]) -> Heads | None:
    """Multi-head latent attention: keys have a part without and a part with positions, values a size of their own."""
    heads, nope, value = facts.heads, facts.qk_nope_head_dim, facts.v_head_dim
    rope = facts.qk_rope_head_dim or 0  # there are models without
    if heads is None or nope is None or value is None:
        return None
    queries = rows.get("q_b", rows.get("q"))
    fits = queries in (None, heads * (nope + rope)) and rows.get("kv_b") in (None, heads * (nope + value))
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
