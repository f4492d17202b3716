"""From a node of a graph to its values: where they are, how they are stored, and what else belongs to them."""

import re
import weakref
from collections.abc import Sequence
from dataclasses import replace
from math import prod
from threading import Lock

from ..graph import ModelGraph
from .codec import Codec
from .files import Files
from .ggml import ggml_codec
from .packed import packed_codec
from .place import Place, as_matrix, place_of
from .plain import FLOAT8, plain_codec
from .scaled import ScaledValues, block_side
from .stored import StoredValues
from .transposed import TransposedValues
from .values import TensorValues

__all__ = ["open_values"]

_DECLARED = re.compile(r"FP8, blocks of (\d{1,6}) x (\d{1,6})")
_SCALE_ENDS = ("_scale_inv", "_scale")  # DeepSeek's name says inverse; it is the factor all the same
_GGML = re.compile(r"I?Q\d|TQ\d|MXFP4|NVFP4")
_COMPLEX = re.compile(r">?[Cc]\d+")
_WHOLE = "whole numbers as stored: how they are scaled is not known"
# Whole numbers of 8 bits and fewer: as weights they always have scales, wherever an exporter may keep them.
_SMALL = frozenset(
    ("INT2", "INT4", "UINT2", "UINT4", *(f"{kind}{bits}" for kind in ("I", "U") for bits in range(1, 9)))
)
_files: "weakref.WeakKeyDictionary[ModelGraph, Files]" = weakref.WeakKeyDictionary()
_files_lock = Lock()


def open_values(graph: ModelGraph, node: int) -> TensorValues:
    """Return what reads the values of a tensor.

    Nothing is read yet, but the file is opened, and what the graph says of it is checked.

    Parameters
    ----------
    graph : ModelGraph
        As loaded from files; it may be a hostile one.
    node : int
        A tensor of it.

    Raises
    ------
    UnreadableValuesError
        When its values are not stored, lie outside the model's folder, are of a type that is not decoded, or do not
        fit their file. The message is one line.
    """
    with _files_lock:
        files = _files.get(graph)
        if files is None:
            files = _files[graph] = Files(graph.source)
    place = place_of(graph, node, files)
    label = graph.attribute(node, "quantisation")
    if isinstance(label, str):
        return _unpacked(graph, place, label)
    notes = (_WHOLE,) if place.dtype in _SMALL and len(place.shape) > 1 else ()
    if graph.parameters[node] > graph.elements[node] > 0:
        packed = f"holds {graph.parameters[node]:,} values in {graph.elements[node]:,}: shown as stored"
        return _stored(place, *notes, packed)
    if place.dtype in FLOAT8 or place.dtype == "I8":
        return _scaled(graph, place, notes)
    return _stored(place, *notes)


def _stored(place: Place, *notes: str) -> StoredValues | TransposedValues:
    """Return the values as they stand in the file."""
    codec = _codec(place)
    shape = place.shape
    if place.dtype == "F4_X2":  # torch counts bytes
        shape = (*shape[:-1], 2 * shape[-1]) if shape else (2,)
    nbytes = codec.size(prod(shape))
    if place.nbytes not in (-1, nbytes):
        problem = f"{place.dtype} {list(place.shape)} has {place.nbytes:,} bytes, where its shape needs {nbytes:,}"
        raise place.refused(problem, "shape, type and bytes must agree")
    size = place.files.size(place.file)
    if place.offset + nbytes > size:
        problem = f"stands at byte {place.offset:,} to {place.offset + nbytes:,} of a file that has {size:,}"
        raise place.refused(problem, "the file is cut short, or is another one: open the model again")
    rows, columns = as_matrix(shape)
    if not place.column_major:
        return StoredValues(place.files, place.file, place.offset, nbytes, codec, (rows, columns), place.dtype, notes)
    if codec.values != 1:
        raise place.refused("is packed and stored column by column, which is not read", "save it contiguously")
    return TransposedValues(
        StoredValues(place.files, place.file, place.offset, nbytes, codec, (columns, rows), place.dtype, notes)
    )


def _codec(place: Place) -> Codec:
    codec = plain_codec(place.dtype, place.big_endian) or packed_codec(place.dtype)
    if codec is None and _GGML.match(place.dtype):
        codec = ggml_codec(place.dtype)
        if codec is not None and place.big_endian:
            raise place.refused(
                "is quantised with the high byte first, which is not read", "convert it to little-endian"
            )
    if codec is None and _COMPLEX.fullmatch(place.dtype):
        raise place.refused(f"has complex numbers ({place.dtype}), which have no place on one scale", "a real tensor")
    if codec is None:
        raise place.refused(f"is of the type {place.dtype!r}, whose values are not read")
    return codec


# ---------------------------------------------------------------- what belongs to it
def _scaled(graph: ModelGraph, place: Place, notes: tuple[str, ...]) -> TensorValues:
    """Return values of 8 bits times the scales beside them; where none can be applied, with notes."""
    found = next((scale for end in _SCALE_ENDS if (scale := _beside(graph, f"{place.tensor}{end}", place))), None)
    if found is None:
        is_odd = place.dtype in FLOAT8 and place.dtype != "F8_E8M0"
        return _stored(place, *notes, *(("no scales beside it: shown as stored",) if is_odd else ()))
    if place.dtype == "I8" and _beside(graph, f"{place.tensor}_zero_point", place):
        return _stored(place, *notes, "scales and zero points beside it are not applied")
    if graph.format == "onnx" and prod(found.shape) != 1:  # DequantizeLinear has the axis, which is 1 by default
        return _stored(place, *notes, "scales beside it are not applied: their axis is not read")
    # Of 8 bits without a sign a scale is an exponent, as the OCP's MX formats have it.
    scales = _stored(replace(found, dtype="F8_E8M0") if found.dtype == "U8" else found)
    values = _stored(place)
    said = _DECLARED.fullmatch(str(graph.attribute(0, "quantisation")))
    declared = (int(said[1]), int(said[2])) if said else ()
    side = tuple(
        block_side(length, blocks, declared[axis : axis + 1])
        for axis, (length, blocks) in enumerate(zip(values.shape, scales.shape, strict=True))
    )
    flat = sum(length != 1 for length in place.shape) > 2  # blocks of three dimensions and more
    other_axis = len(found.shape) == 1 and found.shape[0] not in (1, values.shape[0])  # a scale a column
    if None in side or flat or other_axis:
        return _stored(place, *notes, f"scales {list(found.shape)} fit no blocks of {list(place.shape)}: not applied")
    sides = (side[0] or 1, side[1] or 1)
    kind, unsure = _told(scales.shape, sides, declared)
    order = ", column by column" if place.column_major else ""
    return ScaledValues(values, scales, sides, f"{place.dtype} x {found.dtype} {kind}{order}", unsure)


def _told(blocks: tuple[int, int], side: tuple[int, int], declared: Sequence[int]) -> tuple[str, tuple[str, ...]]:
    """Return what people are told of scales: which they are, and notes."""
    if blocks == (1, 1):
        return "scale", ()
    if blocks[1] == 1 and side[0] == 1:
        return "scales of rows", ()
    shown = f"{side[0]} x {side[1]}"
    sure = side == tuple(declared) or all(length in (1, 128) or blocks[axis] == 1 for axis, length in enumerate(side))
    return f"scales of {shown} blocks", () if sure else (f"that blocks are {shown} follows from shapes",)


def _unpacked(graph: ModelGraph, place: Place, label: str) -> TensorValues:
    """Return the values of a packed tensor: so far of gpt-oss's MXFP4."""
    stem, is_blocks = place.tensor.removesuffix("blocks"), place.tensor.endswith("blocks")
    if not (label.startswith("MXFP4") and is_blocks and place.dtype == "U8" and place.shape[-1:] == (16,)):
        problem = f"is packed ({label}), which is not dequantised here"
        raise place.refused(problem, "a file in 16 bits, in 8 bits with scales, or GGUF is needed")
    *outer, groups, _ = place.shape
    found = _beside(graph, f"{stem}scales", place)
    if found is None or found.dtype != "U8" or found.shape != (*outer, groups):
        raise place.refused("has no scales beside it that fit", f"a tensor {stem}scales {[*outer, groups]} is needed")
    # 16 bytes hold 32 values, the first in the low half; as many bytes as before.
    values = _stored(replace(place, shape=(*outer, 32 * groups), dtype="F4"))
    scales = _stored(replace(found, dtype="F8_E8M0"))
    if not (isinstance(values, StoredValues) and values.shape[1] == 32 * scales.shape[1]):
        raise place.refused("and its scales do not make rows of 32 values each", "blocks [..., groups, 16] are needed")
    return ScaledValues(values, scales, (1, 32), "MXFP4 (F4 x powers of two, groups of 32)")


def _beside(graph: ModelGraph, path: str, place: Place) -> Place | None:
    """Return where the tensor of another path is, None when there is none."""
    try:
        node = graph.id_of(path)
    except KeyError:
        return None
    if graph.shape_of(node) is None:
        return None  # a module of that name
    return place_of(graph, node, place.files)
