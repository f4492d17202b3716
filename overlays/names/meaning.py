"""What a name means: which layer, expert or head, and which roles its part may have there, by the table of roles."""

import re
from collections.abc import Set
from dataclasses import dataclass
from itertools import accumulate

from ...graph.roles.classify import fused_role
from ...graph.roles.table import EXPERTS_NAMES, PLACES, SHARED_NAMES, Row
from .forms import PREFIXES, parts_of

__all__ = ["NUMBER", "ROUTER_BIAS", "ROUTER_BIASES", "Meaning", "meaning_of", "skeleton_of", "tower_of", "words_of"]

_MOST_PARTS = 64  # longer names are no part's
NUMBER = "#"  # what stands for a number in a skeleton
_NUMBERS = re.compile(r"(?<![^./\[])(\d{1,9})(?![^./\]])", re.ASCII)

_STACKS = frozenset(["layers", "layer", "h", "blk", "block", "blocks", "transformer_blocks"])
_TOWERS = {"enc": "encoder", "dec": "decoder"}  # GGUF's names
_SLICED = ("_exps", "_blocks", "_scales")  # names of fused tensors, wherever they stand
_TENSORS = frozenset(["weight", "bias"])
_CROSS = frozenset(["cross_attn", "cross_attention", "crossattention", "encoder_attn"])
# The places that the parts of a block stand in, by the block's name; the roles that it may have itself.
_BLOCKS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    **dict.fromkeys(["self_attn", "attn", "attention", "self_attention"], (("attention",), ("attention",))),
    **dict.fromkeys(_CROSS, (("attention",), ("attention.cross",))),
    **dict.fromkeys(["mlp", "ffn", "feed_forward", "block_sparse_moe", "moe"], (("moe", "mlp"), ("mlp", "moe"))),
    **dict.fromkeys(EXPERTS_NAMES, (("moe", "mlp"), ("moe.experts",))),
    **dict.fromkeys(SHARED_NAMES, (("mlp",), ("moe.shared",))),
    "self": (("attention",), ("attention.self",)),
    "intermediate": (("mlp.input",), ("mlp.input",)),
    "output": (("mlp.output",), ("mlp.output",)),
    "heads": ((), ("heads",)),
}
_IN_BLOCKS = EXPERTS_NAMES | SHARED_NAMES | {"heads"}  # blocks that stand in others
_IN_LAYER = ("layer", "mtp", "mtp.head")
# What stands in a layer without a block around it, as in GGUF, has the block in its name; "proj" alone says nothing.
_FLAT, _IN_FLAT = ("attn_", "cross_attn_", "ffn_"), ("attention", "mlp", "moe")
_EMBEDDINGS = frozenset(["embeddings", "embedding"])
_UNTOLD = frozenset(["layer.norm"])  # a norm before or after whatever block
# What all call differently: the bias that a router adds to balance its experts' loads (DeepSeek-V3).
ROUTER_BIAS = "router bias"
ROUTER_BIASES = frozenset(["e_score_correction_bias", "exp_probs_b", "exp_probs_b_bias"])
# Names that never stand beside each other: a file with w1 or w2 has no w12.
_RULED_OUT = {"w12": frozenset(["w1", "w2"])}


@dataclass(frozen=True, slots=True)
class Meaning:
    """What the names with one skeleton mean; numbers are given by their position among a name's numbers.

    Attributes
    ----------
    tower : str
        What stands before the stack of layers: "encoder"; "" in most models.
    layer, expert, head : int or None
        Which of the name's numbers it is.
    within : str
        "shared" in a shared expert, "cross" in cross-attention, else "".
    roles : tuple of str
        That the part may have.
    tensor : str
        "weight", "bias" or `ROUTER_BIAS` of that part; "" for itself.
    """

    tower: str
    layer: int | None
    expert: int | None
    head: int | None
    within: str
    roles: tuple[str, ...]
    tensor: str


def skeleton_of(name: str) -> tuple[str, list[int]]:
    """Return a name with its numbered parts blanked, and these numbers; nothing of a name that has blanks already."""
    if NUMBER in name:
        return "", []
    pieces = _NUMBERS.split(name)
    return NUMBER.join(pieces[::2]), [int(digits) for digits in pieces[1::2]]


def words_of(skeleton: str) -> list[str]:
    """Return the parts of a skeleton, in lower case: the words among which rows of the table look for siblings."""
    return [part.lower() for part in parts_of(skeleton.replace(f"[{NUMBER}]", f".{NUMBER}"))]


def tower_of(parts: list[str]) -> str:
    """Return what distinguishes one stack of a model from another, of the parts before it."""
    return ".".join(_TOWERS.get(part, part) for part in parts if part not in PREFIXES and part not in _EMBEDDINGS)


def meaning_of(parts: list[str], words: Set[str]) -> Meaning | None:
    """Return what names of one skeleton mean, None where no rule knows it.

    Parameters
    ----------
    parts : list of str
        As `words_of` returns them.
    words : set of str
        Of all names in the file: some names mean one thing beside one sibling and another beside another.
    """
    if len(parts) > _MOST_PARTS:
        return None
    position = [count - 1 for count in accumulate(part == NUMBER for part in parts)]  # among the numbers
    at = next((i for i, part in enumerate(parts[1:], 1) if part == NUMBER and parts[i - 1] in _STACKS), None)
    if at is None:
        return _meaning_outside_of_layers(parts, words)
    tower, rest = tower_of(parts[: at - 1]), parts[at + 1 :]
    expert = head = None
    leaf: list[str] = []
    for i, part in enumerate(rest):
        if part != NUMBER:
            leaf.append(part)
        elif i and rest[i - 1] == "heads" and head is None:
            head = position[at + 1 + i]
        elif i and expert is None and _is_expert_number(rest, i):
            expert = position[at + 1 + i]
        else:
            return None
    tensor = leaf.pop() if leaf and leaf[-1] in _TENSORS else ""
    if leaf and leaf[-1] in ROUTER_BIASES:
        return Meaning(tower, position[at], None, None, "", ("moe.router",), ROUTER_BIAS)
    roles = _roles(leaf, expert is not None, words) if head is None else _roles_of_head(leaf)
    within = "shared" if _is_shared(leaf) else "cross" if _is_cross(leaf) else ""
    return Meaning(tower, position[at], expert, head, within, roles, tensor) if roles else None


def _meaning_outside_of_layers(parts: list[str], words: Set[str]) -> Meaning | None:
    tensor = parts[-1] if len(parts) > 1 and parts[-1] in _TENSORS else ""
    *before, name = parts[:-1] if tensor else parts or [""]
    place = "embedding" if before and before[-1] in _EMBEDDINGS else "model"
    rows = [row for row in PLACES[place] if name in row.names]
    roles = _roles_of_rows(rows, words)
    return Meaning(tower_of(before), None, None, None, "", roles, tensor) if roles else None


def _is_expert_number(rest: list[str], i: int) -> bool:
    """Return whether a number is that of an expert: after "experts", or of a slice of what has all of them."""
    if rest[i - 1] in EXPERTS_NAMES:
        return True
    names = [part for part in rest[:i] if part not in _TENSORS]
    is_last = all(part in _TENSORS for part in rest[i + 1 :])
    return bool(names) and is_last and (names[-1].endswith(_SLICED) or bool(EXPERTS_NAMES & set(names[:-1])))


def _is_shared(leaf: list[str]) -> bool:
    return bool(leaf) and (bool(SHARED_NAMES & set(leaf[:-1])) or leaf[-1].endswith("_shexp"))


def _is_cross(leaf: list[str]) -> bool:
    return bool(leaf) and (bool(_CROSS & set(leaf[:-1])) or leaf[-1].startswith("cross_attn_"))


def _roles_of_head(leaf: list[str]) -> tuple[str, ...]:
    return ("head",) if _BLOCKS.keys() >= set(leaf) else ()


def _roles(leaf: list[str], is_expert: bool, words: Set[str]) -> tuple[str, ...]:
    """Return the roles that a part of a layer may have by its name and the blocks around it."""
    if all(part in _BLOCKS for part in leaf) and (is_expert or not leaf):
        return ("expert",) if is_expert else ("layer",)
    *around, name = leaf
    if not all(part in _BLOCKS for part in around):
        return ()  # a block of another kind: what its parts are called says nothing
    if name in _BLOCKS and (not around or name in _IN_BLOCKS):
        return _BLOCKS[name][1]
    places = _IN_LAYER
    if is_expert:
        places = ("mlp",)
    elif around:
        inner = [_BLOCKS[part][0] for part in around]
        places = ("attention",) if ("attention",) in inner else inner[-1]
    elif name.startswith(_FLAT):
        places += _IN_FLAT
    rows = [row for place in places for row in PLACES[place] if name in row.names]
    roles = _roles_of_rows(rows, words)
    fused = fused_role(name) if is_expert and not roles else None
    return (fused,) if fused else roles


def _roles_of_rows(rows: list[Row], words: Set[str]) -> tuple[str, ...]:
    """Return the roles of those rows whose siblings the file has; where it has none of them, of all that may hold."""
    possible = [row for row in rows if not row.without & words]
    possible = [row for row in possible if not any(_RULED_OUT.get(name, frozenset()) & words for name in row.beside)]
    certain = [row for row in possible if row.beside & words]
    return tuple(dict.fromkeys(row.role for row in certain or possible if row.role not in _UNTOLD))
