"""What a graph says of where a tensor's values are, checked: it may come from a hostile file."""

from dataclasses import dataclass, replace
from math import prod
from typing import Any, cast

from ..graph import ModelGraph, NodeKind, Provenance
from .files import Files
from .unreadable import UnreadableValuesError, unreadable

__all__ = ["Place", "as_matrix", "place_of"]

_SAVE = "save its values as a plain dense tensor, for example as safetensors"


@dataclass(frozen=True, slots=True)
class Place:
    """Where the values of a tensor are.

    Attributes
    ----------
    files : Files
    tensor : str
        Its path, for errors.
    file : str
        Relative to the model's folder.
    offset, nbytes : int
        Of its values; the bytes are -1 for a second name of a tensor, which owns none.
    shape : tuple of int
    dtype : str
        As the file names it.
    big_endian : bool
        Whether the high byte comes first.
    column_major : bool
        Whether it stands column by column, as the matrix that it is shown as.
    """

    files: Files
    tensor: str
    file: str
    offset: int
    nbytes: int
    shape: tuple[int, ...]
    dtype: str
    big_endian: bool = False
    column_major: bool = False

    def refused(self, problem: str, remedy: str = _SAVE) -> UnreadableValuesError:
        """Return the error for this tensor."""
        return unreadable(self.files.path(self.file), f"tensor {self.tensor!r} {problem}", remedy)


def as_matrix(shape: tuple[int, ...]) -> tuple[int, int]:
    """Return rows and columns of a tensor: the first dimension and the product of the others.

    Leading ones are no dimensions, as in `layout.footprint`; a vector is a column.
    """
    while len(shape) > 2 and shape[0] == 1 and (len(shape) == 3 or shape[1] == 1):
        shape = shape[1:]
    return (shape[0] if shape else 1), prod(shape[1:])


def place_of(graph: ModelGraph, node: int, files: Files) -> Place:
    """Return where a tensor's values are.

    Raises
    ------
    UnreadableValuesError
        When they are in no file, or do not stand there in a row.
    """
    shape, dtype, file = graph.shape_of(node), graph.dtype_of(node), graph.file_of(node)
    tensor, offset = graph.path(node), int(graph.offset[node])
    if graph.kind[node] != NodeKind.TENSOR or shape is None or dtype is None:
        raise _without(graph, tensor, "is no tensor", "choose one of the tensors in it")
    if any(side < 0 for side in shape):
        raise _without(graph, tensor, "has a shape that its file leaves open", "a tensor with values is needed")
    said = graph.attributes_of(node)
    if file is None or offset < 0 or "layout" in said or "piece_count" in said:
        raise _nowhere(graph, node, tensor, file, said)
    elements = int(graph.elements[node])
    nbytes = int(graph.bytes[node])
    root = graph.attributes_of(0)
    place = Place(
        files,
        tensor,
        file,
        offset,
        nbytes if elements or nbytes else -1,
        shape,
        dtype,
        big_endian=root.get("byte_order") == "big-endian" or root.get("byteorder") == "big",
    )
    if elements not in (0, prod(shape)):
        raise place.refused(f"of the shape {list(shape)} stores {elements:,} values: it is sparse or repeats some")
    return _in_order(place, said)


def _in_order(place: Place, said: dict[str, Any]) -> Place:
    """Return the place with the order in which values stand, where that is row by row or column by column."""
    order, strides = said.get("order"), said.get("strides")
    if order is None and strides is None:
        return place
    sides = tuple(side for side in place.shape if side != 1)
    is_slice = "slice_of" in said  # of a tensor whose slices do not stand one after the other
    if order == "fortran":
        if not is_slice and (len(sides) < 2 or 0 in sides):
            return place
        steps = (1, *sides[:1])
    else:
        listed = cast("list[Any]", strides) if isinstance(strides, list) else []
        steps = tuple(step for side, step in zip(place.shape, listed, strict=False) if side != 1)
    if len(sides) == 2 and sides == as_matrix(place.shape) and steps == (1, sides[0]) and not is_slice:
        return replace(place, column_major=True)
    how = "in Fortran order" if order is not None else f"with the strides {strides}"
    raise place.refused(f"of the shape {list(place.shape)} is stored {how}, which is not read", "save it contiguously")


def _nowhere(
    graph: ModelGraph, node: int, tensor: str, file: str | None, said: dict[str, Any]
) -> UnreadableValuesError:
    """Return why a tensor has no place."""
    if "piece_count" in said:
        problem = f"is stored in {said['piece_count']} pieces, which are not put together"
        return _without(graph, tensor, problem, "consolidate the checkpoint into whole tensors")
    if "layout" in said:
        return _without(graph, tensor, f"is stored as {said['layout']}, whose values are not read", _SAVE)
    if not graph.source:
        return _without(graph, tensor, "is part of a live module", "save the module and open the file")
    if graph.provenance[0] == Provenance.DERIVED:
        return _without(graph, tensor, "follows from a config; no weights are there", "open the model's weights")
    if int(graph.elements[node]) == 0 and file is None:
        problem = "is a second name of another tensor, or has no values"
        return _without(graph, tensor, problem, "choose the tensor that it is tied to")
    if file is None:
        return _without(graph, tensor, "has no values in the file", "a file with weights is needed")
    problem = f"does not stand in {file!r} as it is: it is compressed, or stored number by number"
    return _without(graph, tensor, problem, "save it uncompressed, as raw data")


def _without(graph: ModelGraph, tensor: str, problem: str, remedy: str) -> UnreadableValuesError:
    return unreadable(graph.source or graph.name or "model", f"{tensor!r} {problem}", remedy)
