"""Weights that are stored packed: how many values they are, as exporters document it and siblings' shapes tell.

`SCHEMES` says how each exporter packs. A packed tensor keeps its stored shape; ``logical_shape`` and ``quantisation``
are attributes of it, and it counts the parameters that it had before it was packed. What stands beside it in its module
(scales, zero points, indices) counts none.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import prod
from typing import Any, TypeGuard

from ..graph import CodedSequence
from .files import plain_text
from .tensor_table import TensorTable
from .untyped import is_dict, is_sequence

__all__ = ["SCHEMES", "Packed", "note_quantisation"]

_KNOWN = frozenset(
    (
        *("gptq", "awq", "auto-round", "bitsandbytes", "compressed-tensors", "modelopt"),
        *("fp8", "fbgemm_fp8", "mxfp4", "hqq", "bitnet"),
    )
)
# What values are packed into.
_CARRIERS = frozenset(("I8", "U8", "I32", "U32"))
# What only quantised files have, as ends of names: without one of them nothing is looked at one by one.
_SIGNS = tuple(
    f"{sign}\n"
    for sign in (".qweight", ".weight_packed", ".W_q", ".SCB", ".absmax", ".scales", ".weight_scale", "blocks")
)


@dataclass(frozen=True, slots=True)
class Packed:
    """What a packed tensor holds.

    Attributes
    ----------
    label : str
        For people: "GPTQ 4-bit, group 128".
    parameters : int
    shape : tuple of int or None
        Before packing; None where only the values' number is known.
    """

    label: str
    parameters: int
    shape: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True)
class Siblings:
    """The tensors of one module.

    Attributes
    ----------
    path : str
        Of the module.
    table : TensorTable
    modules : mapping of str to mapping of str to int
        Module -> last part of a tensor's name -> position in the table.
    config : mapping
        The model's quantisation config, empty when it has none.
    """

    path: str
    table: TensorTable
    modules: Mapping[str, Mapping[str, int]]
    config: Mapping[str, Any]

    def shape(self, name: str) -> tuple[int, ...]:
        """Return the shape of a tensor, () when it is not there."""
        position = self.modules[self.path].get(name)
        return () if position is None else self.table.shapes[position]

    def dtype(self, name: str) -> str:
        """Return the dtype of a tensor, "" when it is not there."""
        position = self.modules[self.path].get(name)
        return "" if position is None else self.table.dtypes[position]


def note_quantisation(table: TensorTable, config: Mapping[str, Any] | None, warnings: list[str]) -> dict[str, Any]:
    """Count packed tensors of a table as what they hold, and return what is to be said of the whole model."""
    found = (config or {}).get("quantization_config") or (config or {}).get("quantization")
    settings: Mapping[str, Any] = found if is_dict(found) else {}
    if not _has_packed(table):
        return _facts(settings, warnings)
    notes = _Notes(table)
    modules = _modules(table)
    for path, position in modules.items():
        siblings = Siblings(path, table, modules, settings)
        for name in position:
            scheme = SCHEMES.get(name)
            if scheme is not None:
                packed = scheme(siblings)
                if packed is not None:
                    notes.put(position[name], packed)
                    notes.count_none([i for other, i in position.items() if other not in (name, "bias")])
                elif name != "weight":
                    notes.odd += 1
            elif name == "blocks" or name.endswith("_blocks"):
                packed = _mxfp4(siblings, name)
                if packed is not None:
                    notes.put(position[name], packed)
    table.parameters, table.attributes = notes.parameters, notes.attributes
    if notes.odd:
        warnings.append(
            f"{notes.odd} packed tensors have shapes that fit no known way of packing: they count as stored"
        )
    if notes.labels:
        return {"quantisation": max(notes.labels, key=lambda label: notes.labels[label])}
    return _facts(settings, warnings)


def _has_packed(table: TensorTable) -> bool:
    """Return whether a table may hold packed tensors; next to nothing for one that does not."""
    dtypes = table.dtypes.table if isinstance(table.dtypes, CodedSequence) else table.dtypes
    if _CARRIERS.isdisjoint(dtypes):
        return False
    text = "\n".join(table.names) + "\n"
    return any(sign in text for sign in _SIGNS)


class _Notes:
    """What is found out of a table's tensors."""

    def __init__(self, table: TensorTable) -> None:
        self.parameters, self.attributes = dict(table.parameters), dict(table.attributes)
        self.labels: dict[str, int] = {}
        self.odd = 0

    def put(self, position: int, packed: Packed) -> None:
        self.parameters[position] = packed.parameters
        shape = {"logical_shape": list(packed.shape)} if packed.shape is not None else {}
        known = self.attributes.get(position, {})
        self.attributes[position] = {**known, "quantisation": packed.label, **shape}
        self.labels[packed.label] = self.labels.get(packed.label, 0) + 1

    def count_none(self, positions: list[int]) -> None:
        for position in positions:
            self.parameters[position] = 0


def _facts(settings: Mapping[str, Any], warnings: list[str]) -> dict[str, Any]:
    """Return what the config alone says: of FP8 models nothing else is to be known."""
    method, block = settings.get("quant_method"), settings.get("weight_block_size")
    if isinstance(method, str) and method not in _KNOWN:
        warnings.append(f"how {plain_text(method, 40)!r} packs weights is not known here: they count as stored")
    if method not in ("fp8", "fbgemm_fp8"):
        return {}
    blocks = f", blocks of {block[0]} x {block[1]}" if _is_pair(block) else ""
    return {"quantisation": f"FP8{blocks}"}


def _is_pair(value: Any) -> TypeGuard[list[int]]:
    return is_sequence(value) and len(value) == 2 and all(type(side) is int for side in value)


def _modules(table: TensorTable) -> dict[str, dict[str, int]]:
    modules: dict[str, dict[str, int]] = {}
    for i, name in enumerate(table.names):
        path, _, last = name.rpartition(".")
        modules.setdefault(path, {})[last] = i
    return modules


# ---------------------------------------------------------------- how each exporter packs
def _qweight(s: Siblings) -> Packed | None:
    """GPTQ packs int32 along the inputs, AWQ along the outputs: the scales ``[groups, outputs]`` tell which."""
    stored, scales, zeros, index = s.shape("qweight"), s.shape("scales"), s.shape("qzeros"), s.shape("g_idx")
    if s.dtype("qweight") != "I32" or len(stored) != 2 or len(scales) != 2 or not min(stored + scales):
        return None
    rows, columns = stored
    groups, outputs = scales
    if columns == outputs:
        bits = _whole(32 * zeros[1], outputs) if len(zeros) == 2 else None
        bits = _bits(bits) or (_whole(32 * rows, index[0]) if index else None) or _bits(s.config.get("bits"))
        inputs = index[0] if index else _whole(32 * rows, bits)
        if bits is None or inputs is None or inputs * bits != 32 * rows:
            return None
        return _packed(f"GPTQ {bits}-bit", (outputs, inputs), groups)
    bits = _whole(32 * columns, outputs)
    if bits in (2, 3, 4, 8):
        return _packed(f"AWQ {bits}-bit", (outputs, rows), groups)
    # AWQ's older layout for single tokens: outputs first, and scales that are padded.
    bits = _bits(s.config.get("bits") or s.config.get("w_bit")) or 4
    return _packed(f"AWQ {bits}-bit", (rows, 32 * columns // bits), 0) if rows == groups else None


def _weight_packed(s: Siblings) -> Packed | None:
    """compressed-tensors: as many values as fit into an int32, along the inputs; or two FP4 values a byte."""
    stored, scale = s.shape("weight_packed"), s.shape("weight_scale")
    if len(stored) < 2:
        return None
    *outer, columns = stored
    groups = scale[-1] if scale else 0
    if s.dtype("weight_packed") == "U8":
        name = "MXFP4" if s.dtype("weight_scale") in ("U8", "F8_E8M0") else "NVFP4"
        return _packed(name, (*outer, 2 * columns), groups)
    for bits, group in _compressed_groups(s.config):
        each = 32 // bits
        inputs = groups * group if group else columns * each
        if (columns - 1) * each < inputs <= columns * each:  # the last int32 of a row may have room left
            return _packed(f"compressed-tensors {bits}-bit", (*outer, inputs), groups)
    return None


def _compressed_groups(config: Mapping[str, Any]) -> list[tuple[int, int]]:
    """Return (bits, group size) of each way in which a compressed-tensors config packs, 0 for no groups."""
    groups, found = config.get("config_groups"), list[tuple[int, int]]()
    for group in groups.values() if is_dict(groups) else ():
        weights: Any = group.get("weights") if is_dict(group) else None
        bits = _bits(weights.get("num_bits")) if is_dict(weights) else None
        if bits is not None:
            size = weights.get("group_size")
            found.append((bits, size if type(size) is int and size > 0 else 0))
    return found


def _weight(s: Siblings) -> Packed | None:
    """Exporters that keep the weight's name: its siblings, and what lies below it, tell who it was."""
    here, below = s.modules[s.path], s.modules.get(f"{s.path}.weight", {})
    shape, dtype = s.shape("weight"), s.dtype("weight")
    if dtype == "U8" and "absmax" in below:
        kind = next((key for key in s.modules.get(f"{s.path}.weight.quant_state", {})), "").rpartition("__")[2]
        # One column of bytes, two values each; the shape before is in the state's data, which is not read.
        return Packed(f"bitsandbytes 4-bit{f' ({plain_text(kind, 8)})' if kind else ''}", 2 * prod(shape))
    if dtype == "I8" and "SCB" in here:
        return Packed("bitsandbytes 8-bit", prod(shape), shape)
    if dtype == "U32" and "scales" in here:
        return _mlx(s, shape)
    if dtype == "U8" and "weight_scale" in here and len(shape) >= 2:
        scale = s.shape("weight_scale")
        if s.config.get("quant_method") == "bitnet":  # ternary values, four rows in one
            return _packed("BitNet 1.58-bit", (4 * shape[0], *shape[1:]), 0)
        if len(scale) == len(shape) and scale[-1] * 16 == 2 * shape[-1]:
            return _packed("NVFP4", (*shape[:-1], 2 * shape[-1]), scale[-1])
    return None


def _mlx(s: Siblings, stored: tuple[int, ...]) -> Packed | None:
    """MLX packs uint32 along the inputs; the bits are in the config, for single modules under their paths."""
    own = s.config.get(s.path)
    settings = own if is_dict(own) else s.config
    size, groups = settings.get("group_size"), s.shape("scales")
    if type(size) is not int or not stored or not groups or not stored[-1]:
        return None
    inputs = groups[-1] * size
    bits = _whole(32 * stored[-1], inputs)
    return _packed(f"MLX {bits}-bit", (*stored[:-1], inputs), groups[-1]) if _bits(bits) else None


def _hqq(s: Siblings) -> Packed | None:
    """HQQ stacks whole groups: so many fit into each row that the scales, one a group, are more than the rows."""
    stored, scale = s.shape("W_q"), s.shape("scale")
    if len(stored) != 2 or len(scale) != 2 or not min(stored + scale):
        return None
    if scale[1] == 1:  # a row a group
        values, size = scale[0], stored[1]
    elif scale == (1, stored[1]):  # a column a group, which is as long as the config says
        values, size = _hqq_group(s.config), stored[1]
    else:
        return None
    for each, bits in ((10, 3),) if s.dtype("W_q") == "I32" else ((1, 8), (2, 4), (4, 2), (8, 1)):
        if -(-values // each) == stored[0]:  # the last row may have room left
            return Packed(f"HQQ {bits}-bit, group {size if scale[1] == 1 else values}", values * size)
    return None


def _hqq_group(config: Mapping[str, Any]) -> int:
    inner = config.get("quant_config")
    inner = inner.get("weight_quant_params") if is_dict(inner) else config
    size = inner.get("group_size") if is_dict(inner) else None
    return size if type(size) is int and size > 0 else 0


def _mxfp4(s: Siblings, name: str) -> Packed | None:
    """gpt-oss: blocks of 32 values in 16 bytes."""
    shape = s.shape(name)
    if s.dtype(name) != "U8" or len(shape) < 3 or shape[-1] != 16:
        return None
    return _packed("MXFP4", (*shape[:-2], 32 * shape[-2]), shape[-2])


SCHEMES: dict[str, Callable[[Siblings], Packed | None]] = {
    "qweight": _qweight,
    "weight_packed": _weight_packed,
    "W_q": _hqq,
    "weight": _weight,
}


def _packed(name: str, shape: tuple[int, ...], groups: int) -> Packed:
    size = _whole(shape[-1], groups) if groups > 1 else None
    return Packed(f"{name}, group {size}" if size else name, prod(shape), shape)


def _whole(value: int, divisor: int | None) -> int | None:
    return value // divisor if divisor and value % divisor == 0 else None


def _bits(value: Any) -> int | None:
    return value if type(value) is int and 1 <= value <= 16 else None
