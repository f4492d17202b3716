"""PyTorch files as torch.save writes them since 1.6: a zip of one pickle and a record for each storage."""

import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ...graph import ModelGraph
from ..adapters import adapter_config_beside, place_adapter
from ..checkpoint import Checkpoint, Report, build_graph
from ..files import input_error, open_regular, read_at
from ..huggingface import config_beside
from ..limits import LoadLimits
from ..registry import TORCH_LEGACY_MAGIC
from ..zip_directory import ZipDirectory
from .archive import ZipStorages, read_pickle
from .legacy import read_legacy
from .pickled_arrays import array_globals
from .pickled_tree import holds_tensors
from .plain import is_plain_pickle, read_plain
from .state import checkpoint_of, merged
from .torch_tensors import Storages

__all__ = ["load", "opened", "read_files"]


def load(path: str, limits: LoadLimits, report: Report) -> ModelGraph:
    """Read a PyTorch file: a state dict, a training checkpoint or a pickled module."""
    warnings: list[str] = []
    checkpoint = read_files([path], limits, warnings, report)
    checkpoint.config = checkpoint.config or config_beside(path, limits, warnings)
    place_adapter(checkpoint, adapter_config_beside(path, limits, warnings), path, limits)
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


@contextmanager
def opened(path: str, limits: LoadLimits, warnings: list[str]) -> Generator[tuple[Any, Storages, dict[str, Any]]]:
    """Open a PyTorch file: what it pickled, where its storages are (while it is open), and attributes of the whole.

    Raises
    ------
    InputError
        When it is no PyTorch file, or is damaged.
    """
    fd = open_regular(path)
    try:
        head = read_at(fd, 32, 0)
        if head[:4] != b"PK\x03\x04":
            is_plain = is_plain_pickle(head) and TORCH_LEGACY_MAGIC not in head
            root, storages = (read_plain if is_plain else read_legacy)(fd, path, limits, warnings)
            yield root, storages, {}
            return
        archive = ZipDirectory(fd, path, os.fstat(fd).st_size, limits.pickle_bytes)
        pickles = [name for name in archive.records if name.endswith("/data.pkl") and name.count("/") == 1]
        if len(pickles) != 1:
            problem = "is a zip archive without the data.pkl of torch.save"
            raise input_error(path, problem, "a file that torch.save wrote is needed")
        prefix = pickles[0].removesuffix("data.pkl")
        root = read_pickle(archive, pickles[0], path, warnings)
        if not holds_tensors(root):  # arrays beside tensors are random states and settings; alone they are the model
            root = read_pickle(archive, pickles[0], path, [], array_globals())
        byteorder = archive.records.get(f"{prefix}byteorder")
        is_big = byteorder is not None and archive.read(byteorder) == b"big"
        yield root, ZipStorages(archive, f"{prefix}data/", path), {"byteorder": "big"} if is_big else {}
    finally:
        os.close(fd)


def _read_file(path: str, limits: LoadLimits, warnings: list[str]) -> Checkpoint:
    with opened(path, limits, warnings) as (root, storages, attributes):
        checkpoint = checkpoint_of(root, storages, path, limits, warnings)
    checkpoint.attributes = {**checkpoint.attributes, **attributes}
    return checkpoint
