"""PyTorch files as torch.save writes them since 1.6: a zip of one pickle and a record for each storage."""

import io
import os
from pathlib import Path

from ...graph import ModelGraph
from ..checkpoint import Checkpoint, Report, build_graph
from ..files import input_error, open_regular, read_at
from ..huggingface import config_beside
from ..limits import LoadLimits
from ..zip_directory import ZipDirectory
from .inert_pickle import InertUnpickler, foreign_warning
from .legacy import read_legacy
from .state import checkpoint_of, merged
from .torch_globals import known_globals

__all__ = ["load", "read_files"]


class _ZipStorages:
    """Storages of a zip: the record ``ARCHIVE/data/KEY``."""

    def __init__(self, archive: ZipDirectory, prefix: str, path: str) -> None:
        self._archive, self._prefix, self.path = archive, prefix, path
        self._known: dict[str, tuple[int, int]] = {}

    def locate(self, key: str) -> tuple[int, int]:
        found = self._known.get(key)
        if found is None:
            record = self._archive.records.get(f"{self._prefix}data/{key}")
            if record is None:
                problem = f"has no record for the storage {key!r}"
                raise input_error(self.path, problem, "the file is cut short or damaged")
            offset = self._archive.data_offset(record)
            # A packed record's bytes cannot be mapped.
            found = self._known[key] = (offset if record.is_stored else -1, record.size)
        return found


def load(path: str, limits: LoadLimits, report: Report) -> ModelGraph:
    """Read a PyTorch file: a state dict, a training checkpoint or a pickled module."""
    warnings: list[str] = []
    checkpoint = read_files([path], limits, warnings, report)
    checkpoint.config = checkpoint.config or config_beside(path, limits, warnings)
    checkpoint.warnings = warnings
    return build_graph(path, "pytorch", checkpoint, limits)


def read_files(paths: list[str], limits: LoadLimits, warnings: list[str], report: Report) -> Checkpoint:
    """Read one model's files, each a zip archive or of the older kind.

    Parameters
    ----------
    warnings : list of str
        Gets a line for what is odd, but no error.

    Raises
    ------
    InputError
        When one is no PyTorch file, or contradicts itself.
    """
    parts: list[Checkpoint] = []
    for k, path in enumerate(paths):
        report(Path(path).name, k / len(paths))
        parts.append(_read_file(path, limits, warnings))
    return merged(parts, paths, limits)


def _read_file(path: str, limits: LoadLimits, warnings: list[str]) -> Checkpoint:
    fd = open_regular(path)
    try:
        if read_at(fd, 4, 0) != b"PK\x03\x04":
            root, storages = read_legacy(fd, path, limits, warnings)
            return checkpoint_of(root, storages, path, limits, warnings)
        archive = ZipDirectory(fd, path, os.fstat(fd).st_size, limits.pickle_bytes)
        pickles = [name for name in archive.records if name.endswith("/data.pkl") and name.count("/") == 1]
        if len(pickles) != 1:
            problem = "is a zip archive without the data.pkl of torch.save"
            raise input_error(path, problem, "a file that torch.save wrote is needed")
        prefix = pickles[0].removesuffix("data.pkl")
        data = archive.read(archive.records[pickles[0]])
        # BytesIO alone has no peek, without which the C unpickler asks for every opcode by itself.
        unpickler = InertUnpickler(io.BufferedReader(io.BytesIO(data)), known_globals())
        root = unpickler.read(path)
        if unpickler.foreign():
            warnings.append(foreign_warning(unpickler.foreign()))
        byteorder = archive.records.get(f"{prefix}byteorder")
        checkpoint = checkpoint_of(root, _ZipStorages(archive, prefix, path), path, limits, warnings)
        if byteorder is not None and archive.read(byteorder) == b"big":
            checkpoint.attributes = {**checkpoint.attributes, "byteorder": "big"}
        return checkpoint
    finally:
        os.close(fd)
