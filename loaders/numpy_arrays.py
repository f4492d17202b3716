"""Arrays that numpy wrote, .npy and .npz, and MLX, whose older weights are .npz. Values are never read.

An .npz is a zip archive with an .npy file for each array. What only pickle could read is listed, never read.
"""

import os
import re
from pathlib import Path

from ..errors import InputError
from ..graph import ModelGraph
from .checkpoint import Checkpoint, Report, build_graph
from .files import input_error, not_the_file, open_regular, plain_text, read_at
from .huggingface import config_beside
from .limits import LoadLimits
from .npy_header import MAX_HEADER, Array, parse_header
from .tensor_table import TensorTable, check_names, printable_names
from .zip_directory import Record, ZipDirectory

__all__ = ["load"]

_SUFFIX = ".npy"
_HEAD = MAX_HEADER + 12
_REMEDY = "the file is damaged or was not written by numpy"
_SHARD = re.compile(r"(.*?)[.-]\d+\.npz", re.IGNORECASE)  # MLX: weights.00.npz
_MAX_LISTED = 5


class _Arrays:
    """Columns of what was found, and what is odd about it."""

    def __init__(self, warnings: list[str]) -> None:
        self.names: list[str] = []
        self.arrays: list[Array] = []
        self.files: list[int] = []
        self.offsets: list[int] = []
        self.nbytes: list[int] = []
        self.objects: list[str] = []
        self.unnamed: list[str] = []
        self.warnings = warnings

    def add(self, name: str, array: Array, file: int, offset: int, nbytes: int) -> None:
        self.names.append(name)
        self.arrays.append(array)
        self.files.append(file)
        self.offsets.append(offset)
        self.nbytes.append(nbytes)
        if array.is_object:
            self.objects.append(name)
        if array.dtype[:1] == "V":
            self.unnamed.append(name)

    def table(self, paths: list[str], limits: LoadLimits) -> TensorTable:
        if self.objects:
            problem = "arrays of Python objects, which are pickled, are listed but not read"
            self.warnings.append(f"{len(self.objects)} {problem}: {_listed(self.objects)}")
        if self.unnamed:
            problem = "arrays have a type that numpy has no name for (bfloat16 and float8 are stored so)"
            self.warnings.append(f"{len(self.unnamed)} {problem}: {_listed(self.unnamed)}")
        return TensorTable(
            names=check_names(printable_names(_dotted(self.names), self.warnings), self.files, paths, limits),
            dtypes=[plain_text(array.dtype, 80) for array in self.arrays],
            shapes=[array.shape for array in self.arrays],
            nbytes=self.nbytes,
            files=self.files,
            offsets=self.offsets,
            file_names=[Path(path).name for path in paths],
            parameters={i: 0 for i, array in enumerate(self.arrays) if not array.is_numeric},
            attributes={i: {"order": "fortran"} for i, array in enumerate(self.arrays) if array.fortran_order},
        )


def load(path: str, limits: LoadLimits, report: Report) -> ModelGraph:
    """Read an array, an archive of arrays, or the archives of a folder.

    Raises
    ------
    InputError
        When it cannot be read; the message is one line.
    """
    warnings: list[str] = []
    paths = _files_of_folder(path) if os.path.isdir(path) else [path]  # noqa: PTH112
    arrays = _Arrays(warnings)
    for k, file in enumerate(paths):
        report(Path(file).name, k / len(paths))
        _read_file(file, k, arrays, limits)
    checkpoint = Checkpoint(arrays.table(paths, limits), warnings=warnings)
    checkpoint.config = config_beside(paths[0], limits, warnings)
    return build_graph(path, "numpy", checkpoint, limits)


def _files_of_folder(folder: str) -> list[str]:
    """Return the archives of a folder: the only one, or the parts of the only model.

    Raises
    ------
    InputError
        When there are more models than one.
    """
    found = sorted(name for name in os.listdir(folder) if name.lower().endswith(".npz"))  # noqa: PTH208
    stems = {match[1] if (match := _SHARD.fullmatch(name)) else name for name in found}
    if len(stems) > 1:
        raise input_error(folder, f"holds {len(found)} .npz files ({_listed(found)})", "name one of them")
    return [str(Path(folder) / name) for name in found]


def _read_file(path: str, index: int, arrays: _Arrays, limits: LoadLimits) -> None:
    fd = open_regular(path)
    try:
        size = os.fstat(fd).st_size
        head = read_at(fd, _HEAD, 0)
        if head[:2] == b"PK":
            _read_archive(path, ZipDirectory(fd, path, size, limits.header_bytes), index, arrays, limits)
            return
        not_the_file(path, head[:64])
        array = _parse(path, "", head, size)
        if array.is_object:
            problem = "holds Python objects, which only pickle could read"
            raise input_error(path, problem, "an array of numbers is needed")
        if array.data + array.nbytes < size:
            lost = size - array.data - array.nbytes
            arrays.warnings.append(f"{Path(path).name}: {lost:,} bytes follow the array; they are not shown")
        arrays.add(re.sub(r"\.npy$", "", Path(path).name).replace(".", "_"), array, index, array.data, array.nbytes)
    finally:
        os.close(fd)


def _read_archive(path: str, archive: ZipDirectory, index: int, arrays: _Arrays, limits: LoadLimits) -> None:
    most = min(limits.nodes, limits.names)  # each is a record of its own, to be opened and decoded
    if len(archive.records) > most:
        raise input_error(path, "has too many arrays", f"at most {most:,} are shown")
    others: list[str] = []
    for record in archive.records.values():
        if not record.name.endswith(_SUFFIX):
            if not record.name.endswith("/"):
                others.append(record.name)
            continue
        array = _parse(path, record.name, _head(archive, record), record.size)
        nbytes = record.size - array.data if array.is_object else array.nbytes
        if array.data + nbytes < record.size:
            lost = record.size - array.data - nbytes
            arrays.warnings.append(f"{lost:,} bytes follow the array {plain_text(record.name, 120)!r}")
        # Values that are packed have no place of their own in the file.
        offset = archive.data_offset(record) + array.data if record.is_stored else -1
        arrays.add(record.name.removesuffix(_SUFFIX), array, index, offset, nbytes)
    if others:
        arrays.warnings.append(f"{len(others)} records are no arrays and not shown: {_listed(others)}")


def _head(archive: ZipDirectory, record: Record) -> bytes:
    """Return a record's first bytes: most headers are 128 bytes long."""
    head = archive.head(record, 256)
    length = int.from_bytes(head[8:10] if head[6:7] == b"\1" else head[8:12], "little")
    return head if length + 12 <= len(head) or length > MAX_HEADER else archive.head(record, length + 12)


def _parse(path: str, record: str, head: bytes, size: int) -> Array:
    try:
        array = parse_header(head)
    except ValueError as error:
        raise _bad(path, record, str(error)) from error
    if array.data + array.nbytes > size:
        problem = f"announces {array.nbytes:,} bytes of values, {size - array.data:,} are there"
        raise _bad(path, record, problem)
    return array


def _bad(path: str, record: str, problem: str) -> InputError:
    what = f"its array {plain_text(record, 120)!r} {problem}" if record else problem
    return input_error(path, what, _REMEDY)


def _dotted(names: list[str]) -> list[str]:
    """Return names whose slashes make modules, as dots do; as they are where two would become equal."""
    dotted = [name.strip("/").replace("/", ".") for name in names]
    return dotted if len(set(dotted)) == len(names) else names


def _listed(names: list[str]) -> str:
    shown = ", ".join(plain_text(name, 80) for name in names[:_MAX_LISTED])
    return f"{shown} and {len(names) - _MAX_LISTED} more" if len(names) > _MAX_LISTED else shown
