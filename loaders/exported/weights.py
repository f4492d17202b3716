"""The weights of a ``.pt2`` archive: names, shapes and where their bytes are; the bytes are not read."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from ..checked_json import decode
from ..files import input_error
from ..limits import LoadLimits
from ..pytorch.archive import ZipStorages
from ..pytorch.torch_globals import TensorRecord
from ..pytorch.torch_tensors import Found, tensor_table
from ..tensor_table import TensorTable, check_names, printable_names
from ..zip_directory import ZipDirectory
from .schema import SCALAR_TYPES, TensorMeta
from .scopes import plain_path

__all__ = ["Weights", "checked", "read_weights"]

_LIFTED = re.compile(r"((?:\A|\.)lifted_(?:tensor|custom))_\d+\Z")


_MAX_NAMES = 64  # of one weight that are told apart: n names are n x n possible edges


class _Payload(msgspec.Struct):
    path_name: str
    is_param: bool = False
    use_pickle: bool = False
    tensor_meta: TensorMeta | None = None


class _Config(msgspec.Struct):
    config: dict[str, _Payload]


@dataclass(slots=True)
class Weights:
    """Tensors of a program by qualified name.

    Attributes
    ----------
    table : TensorTable
    names : list of str
        As the program refers to them, in the order of the table.
    """

    table: TensorTable
    names: list[str]

    def tied(self) -> dict[str, list[str]]:
        """Return each weight that has several names -> all of them."""
        groups: dict[int, list[str]] = {}
        for i, first in self.table.tied.items():
            groups.setdefault(first, [self.names[first]]).append(self.names[i])
        return {name: names for names in groups.values() if len(names) <= _MAX_NAMES for name in names}


def read_weights(
    archive: ZipDirectory, configs: Mapping[str, str], path: str, limits: LoadLimits, warnings: list[str]
) -> Weights:
    """Return the weights that an archive's configs list.

    Parameters
    ----------
    configs : mapping of str to str
        Record of a config -> the folder in the archive that has the payloads.

    Raises
    ------
    InputError
        When a weight contradicts itself or its record.
    """
    found: dict[str, tuple[TensorRecord, bool]] = {}
    folders: dict[str, ZipStorages] = {}
    for record, folder in configs.items():
        storages = folders[folder] = ZipStorages(archive, folder, path)
        for name, payload in _config(archive, record, path, limits).items():
            if payload.tensor_meta is None:
                continue  # an object of a custom class: no tensor
            if name in found:
                raise input_error(path, f"lists the weight {name!r} twice", "each weight must be there once")
            found[name] = (_record(payload, payload.tensor_meta, folder, storages), payload.is_param)
    tensors = Found()
    tensors.tensors = [(name, record) for name, (record, _) in found.items()]
    table = tensor_table(tensors, _Folders(folders, path), Path(path).name, warnings)
    others = {name for name, (_, is_parameter) in found.items() if not is_parameter}
    return checked(table, others, path, limits, warnings)


def checked(table: TensorTable, others: set[str], path: str, limits: LoadLimits, warnings: list[str]) -> Weights:
    """Return weights with names that a tree can be made of; `others` are buffers and constants, so no parameters."""
    names = list(table.names)
    own = dict(table.parameters)
    attributes = dict(table.attributes)
    for i, name in enumerate(names):
        if name in others:
            own[i] = 0
            attributes[i] = {**attributes.get(i, {}), "variable": "buffer or constant"}
    table.parameters, table.attributes = own, attributes
    shown = check_names(printable_names([plain_path(name) for name in names], warnings), table.files, [path], limits)
    # torch.export counts constants through the whole program: equal layers would not look equal.
    table.names = [_LIFTED.sub(r"\1", name) for name in shown]
    for i, name in enumerate(shown):
        if table.names[i] != name:
            attributes[i] = {**attributes.get(i, {}), "name_in_file": name}
    return Weights(table, names)


class _Folders:
    """Storages of several folders of an archive: their keys have the folder in front."""

    def __init__(self, folders: Mapping[str, ZipStorages], path: str) -> None:
        self._folders, self.path = folders, path

    def locate(self, key: str) -> tuple[int, int]:
        folder, _, name = key.rpartition("/")
        return self._folders[f"{folder}/"].locate(name)


def _config(archive: ZipDirectory, record: str, path: str, limits: LoadLimits) -> dict[str, _Payload]:
    raw = archive.read(archive.records[record])
    if len(raw) > limits.json_bytes:
        problem = f"its record {record!r} has {len(raw):,} bytes"
        raise input_error(path, problem, f"at most {limits.json_bytes:,} are read")
    plain: Any = decode(raw, path, limits, f"its record {record!r}")
    try:
        return msgspec.convert(plain, _Config).config
    except msgspec.ValidationError as error:
        problem = f"its record {record!r} is no list of weights ({error})"
        raise input_error(path, problem, "a file that torch.export.save wrote is needed") from error


def _record(payload: _Payload, meta: TensorMeta, folder: str, storages: ZipStorages) -> TensorRecord:
    shape = tuple(size.as_int for size in meta.sizes)
    stride = tuple(size.as_int for size in meta.strides)
    dtype = f"torch.{SCALAR_TYPES.get(meta.dtype, f'scalar type {meta.dtype}')}"
    if payload.use_pickle:  # a tensor subclass: what its bytes mean only its class knows
        return TensorRecord(None, 0, shape, stride, dtype, layout="pickled")
    size = storages.locate(payload.path_name)[1]
    if not size and 0 not in shape:  # exported from fake tensors: a program without the values of its weights
        return TensorRecord(None, 0, shape, stride, dtype, layout="meta")
    start = meta.storage_offset.as_int if meta.storage_offset is not None else 0
    pid = ("storage", "torch.UntypedStorage", f"{folder}{payload.path_name}", "cpu", size)
    return TensorRecord(pid, start, shape, stride, dtype)
