"""Tensors that are stored in pieces, each in a file of its own: what every sharded checkpoint comes down to."""

from collections.abc import Sequence
from math import prod
from pathlib import Path
from typing import Any, NamedTuple

from ..dtypes import BITS
from ..files import input_error, plain_text
from ..limits import LoadLimits
from ..tensor_table import TensorTable, check_names, printable_names

__all__ = ["Piece", "PieceTable", "check_pieces", "check_ranks"]

_MAX_LISTED = 200_000  # pieces whose places are told; a place is 150 bytes, and a thousand ranks have a million of them
_MAX_PAIRS = 500_000  # comparisons of pieces that are no slices of one dimension
# Pieces that a file may claim by a number of ranks alone: up to 4 microseconds each. Llama 405B, 1,137 tensors, has so
# many among 1,024 ranks.
_MAX_CLAIMED = 1_200_000


class Piece(NamedTuple):
    """A block of a tensor.

    Attributes
    ----------
    file : str
        Relative to the model's folder; "" when it is missing.
    offset : int
        Of its values in the file, -1 when they do not stand there as they are.
    start, shape : tuple of int
        Where it lies in the tensor, and its size; one number each where the tensor counts as one flat row.
    """

    file: str
    offset: int
    start: tuple[int, ...]
    shape: tuple[int, ...]

    def __str__(self) -> str:
        """Say it in one line: ``[0:8, 0:16] __0_0.distcp @ 17718``."""
        ranges = ", ".join(f"{at}:{at + size}" for at, size in zip(self.start, self.shape, strict=True))
        place = self.file or "missing"
        return f"[{ranges}] {place} @ {self.offset}" if self.offset >= 0 else f"[{ranges}] {place}"


class PieceTable:
    """A table of tensors in pieces under construction.

    Parameters
    ----------
    path : str
        Of the model, for errors.
    """

    def __init__(self, path: str, limits: LoadLimits, warnings: list[str]) -> None:
        self._path, self._limits, self._warnings = path, limits, warnings
        self._files: dict[str, int] = {}
        self._names: list[str] = []
        self._dtypes: list[str] = []
        self._shapes: list[tuple[int, ...]] = []
        self._nbytes: list[int] = []
        self._file: list[int] = []
        self._offsets: list[int] = []
        self._attributes: dict[int, dict[str, Any]] = {}
        self._tied: dict[int, int] = {}
        self._index: dict[str, int] = {}
        self._listed = 0
        self._unlisted = 0

    def add(
        self,
        name: str,
        dtype: str,
        shape: tuple[int, ...],
        pieces: Sequence[Piece],
        nbytes: int | None = None,
        attributes: dict[str, Any] | None = None,
    ) -> None:
        """Add a tensor.

        Parameters
        ----------
        pieces : sequence of Piece
            In the order of the tensor's elements, as far as that goes.
        nbytes : int, optional
            Stored bytes, where shape and dtype do not tell.
        attributes : dict, optional
            Of the tensor.
        """
        i = len(self._names)
        whole = len(pieces) == 1 and pieces[0].shape == shape and pieces[0].file
        first = next((piece.file for piece in pieces if piece.file), None)
        self._index[name] = i
        self._names.append(name)
        self._dtypes.append(dtype)
        self._shapes.append(shape)
        self._nbytes.append(prod(shape) * BITS.get(dtype, 0) // 8 if nbytes is None else nbytes)
        self._file.append(-1 if first is None else self._files.setdefault(first, len(self._files)))
        self._offsets.append(pieces[0].offset if whole else -1)
        told = dict(attributes or {})
        if not whole and pieces:
            told["piece_count"] = len(pieces)
            self._listed += len(pieces)
            if self._listed <= _MAX_LISTED:
                told["pieces"] = [str(piece) for piece in pieces]
            else:
                self._unlisted += 1
        if told:
            self._attributes[i] = told
        if i >= self._limits.nodes:
            raise input_error(self._path, "has too many tensors", f"at most {self._limits.nodes:,} are shown")

    def tie(self, name: str, other: str) -> None:
        """Add a second name of a tensor, which has its values; one of a tensor that is not here is left out."""
        first = self._index.get(other)
        if first is not None and name not in self._index:
            self._tied[len(self._names)] = first
            self.add(name, self._dtypes[first], self._shapes[first], [], self._nbytes[first])

    def table(self) -> TensorTable:
        """Return what was added.

        Raises
        ------
        InputError
            When a name occurs twice, or the names make too many modules.
        """
        if self._unlisted:
            self._warnings.append(
                f"{self._unlisted:,} tensors are in so many pieces that their places are left out "
                f"(the first {_MAX_LISTED:,} pieces are listed)"
            )
            self._unlisted = 0
        files = list(self._files)
        names = printable_names(self._names, self._warnings)
        check_names(names, self._file, [str(Path(self._path) / file) for file in files] or [self._path], self._limits)
        return TensorTable(
            names=names,
            dtypes=self._dtypes,
            shapes=self._shapes,
            nbytes=self._nbytes,
            files=self._file,
            offsets=self._offsets,
            file_names=files,
            tied=self._tied,
            attributes=self._attributes,
        )


def check_ranks(path: str, tensors: int, ranks: int) -> None:
    """Check the number of ranks that a file names before each tensor is cut among so many.

    Raises
    ------
    InputError
        When there would be more pieces than any model has.
    """
    if tensors * ranks > _MAX_CLAIMED:
        problem = f"cuts each of {tensors:,} tensors among {ranks:,} ranks"
        raise input_error(path, problem, f"at most {_MAX_CLAIMED:,} pieces are shown")


def check_pieces(path: str, name: str, shape: tuple[int, ...], pieces: Sequence[Piece]) -> int:
    """Check that pieces lie inside their tensor and nowhere twice, and return how many elements no piece has.

    Raises
    ------
    InputError
        When they contradict each other or the tensor.
    """
    shown = plain_text(name, 120)
    for piece in pieces:
        outside = any(at + size > whole for at, size, whole in zip(piece.start, piece.shape, shape, strict=False))
        if len(piece.start) != len(shape) or len(piece.shape) != len(shape) or outside:
            problem = f"tensor {shown!r} has the shape {list(shape)}, but a piece {list(piece.shape)}"
            raise input_error(path, f"{problem} at {list(piece.start)}", "pieces must lie inside their tensor")
    solid = [piece for piece in pieces if prod(piece.shape)]
    left = prod(shape) - sum(prod(piece.shape) for piece in solid)
    if left < 0 or _overlap(path, shown, solid):
        raise input_error(path, f"tensor {shown!r} has pieces that overlap", "each element must be stored once")
    return left


def _overlap(path: str, name: str, pieces: list[Piece]) -> bool:
    """Sweep along the dimension that parts the pieces best, comparing only those that meet in it."""
    if len(pieces) < 2:
        return False
    rank = len(pieces[0].start)
    axis = max(range(rank), key=lambda d: len({piece.start[d] for piece in pieces}), default=-1)
    if axis < 0:
        return True  # two pieces of a scalar
    open_pieces: list[Piece] = []
    compared = 0
    for piece in sorted(pieces, key=lambda piece: piece.start[axis]):
        open_pieces = [other for other in open_pieces if other.start[axis] + other.shape[axis] > piece.start[axis]]
        compared += len(open_pieces) + 1
        if compared > _MAX_PAIRS:
            problem = f"tensor {name!r} is cut into {len(pieces):,} pieces in an unusual way"
            raise input_error(path, problem, "pieces are slices along a few dimensions")
        if any(_meet(piece, other) for other in open_pieces):
            return True
        open_pieces.append(piece)
    return False


def _meet(one: Piece, other: Piece) -> bool:
    return all(
        a < b + t and b < a + s for a, s, b, t in zip(one.start, one.shape, other.start, other.shape, strict=True)
    )
