"""One rank's file of many: its tensors by name, with their places."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from ..files import input_error, plain_text
from ..limits import LoadLimits
from ..pytorch.container import opened
from ..pytorch.pickled_tree import find_tensors
from ..pytorch.torch_tensors import tensor_table
from ..tensor_table import TensorTable, check_names, printable_names
from .pieces import Piece

__all__ = ["Row", "join", "prefixed", "read_rank", "rows_of"]


class Row(NamedTuple):
    """A tensor of a rank's file."""

    dtype: str
    shape: tuple[int, ...]
    nbytes: int
    file: str
    offset: int

    def piece(self, start: tuple[int, ...]) -> Piece:
        """Return it as the piece of a larger tensor that begins there."""
        return Piece(self.file, self.offset, start, self.shape)


def read_rank(
    path: str, file: str, limits: LoadLimits, warnings: list[str], pick: Callable[[Any], Mapping[str, Any]]
) -> tuple[Any, dict[str, TensorTable]]:
    """Read a file of torch.save.

    Parameters
    ----------
    path : str
        Of the file.
    file : str
        The same, relative to the model's folder.
    pick : callable
        From the pickled object to its parts that hold tensors, by name.

    Returns
    -------
    root : object
        What the file pickled.
    tables : dict of str to TensorTable
        The tensors of each part.
    """
    own: list[str] = []
    tables: dict[str, TensorTable] = {}
    with opened(path, limits, own) as (root, storages, _):
        for key, part in pick(root).items():
            table = tensor_table(find_tensors(part, path, limits), storages, file, own)
            table.names = check_names(printable_names(list(table.names), own), table.files, [path], limits)
            tables[key] = table
    warnings += [f"{Path(file).name}: {text}" for text in own if text not in "\n".join(warnings)]
    return root, tables


def rows_of(table: TensorTable) -> dict[str, Row]:
    """Return a table's tensors by name."""
    return {
        name: Row(table.dtypes[i], table.shapes[i], int(table.nbytes[i]), table.file_names[0], int(table.offsets[i]))
        for i, name in enumerate(table.names)
    }


def prefixed(table: TensorTable, prefix: str) -> TensorTable:
    """Return the table with its names under a module of this name."""
    table.names = [f"{prefix}.{name}" for name in table.names]
    table.modules = [(at, f"{prefix}.{path}" if path else prefix, known) for at, path, known in table.modules]
    return table


def join(
    path: str, name: str, rows: list[Row | None], axis: int, blocks: int = 1
) -> tuple[tuple[int, ...], list[Piece]]:
    """Return shape and pieces of a tensor whose shards lie behind each other along a dimension.

    Parameters
    ----------
    path : str
        Of the model, for errors.
    rows : list of Row or None
        Its shards, in order; None for one that is missing, which is as large as the others.
    axis : int
    blocks : int
        Of how many parts the tensor is that are each cut (a gate and an up projection in one): each shard has its
        share of all of them, one after the other. Only for `axis` 0.

    Raises
    ------
    InputError
        When the shards do not fit.
    """
    here = [row for row in rows if row is not None]
    first = here[0]
    like = {(row.dtype, row.shape[:axis], row.shape[axis + 1 :], len(row.shape)) for row in here}
    if len(like) > 1 or axis >= len(first.shape) or any(row.shape[0] % blocks for row in here):
        shapes = ", ".join(str(list(row.shape)) for row in here[:4])
        problem = f"tensor {plain_text(name, 120)!r} has shards that do not fit along dimension {axis}: {shapes}"
        raise input_error(path, problem, "all ranks must be of one checkpoint")
    filled = [row or first._replace(file="", offset=-1) for row in rows]
    whole = sum(row.shape[axis] for row in filled)
    shape = (*first.shape[:axis], whole, *first.shape[axis + 1 :])
    pieces: list[Piece] = []
    for block in range(blocks):
        at = block * (whole // blocks)
        for row in filled:
            size = row.shape[axis] // blocks
            start = tuple(at if d == axis else 0 for d in range(len(shape)))
            offset = row.offset if row.offset < 0 else row.offset + block * (row.nbytes // blocks)
            pieces.append(Piece(row.file, offset, start, (*row.shape[:axis], size, *row.shape[axis + 1 :])))
            at += size
    return shape, pieces
