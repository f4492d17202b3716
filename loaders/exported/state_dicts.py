"""The weights of older ``.pt2`` archives: state dicts that torch.save wrote, as records of the archive."""

from pathlib import Path
from typing import Any

from ...errors import InputError
from ..files import DAMAGED, input_error
from ..limits import LoadLimits
from ..pytorch.archive import ZipStorages, read_pickle
from ..pytorch.pickled_tree import entries
from ..pytorch.torch_globals import TensorRecord
from ..pytorch.torch_tensors import Found, tensor_table
from ..untyped import is_tuple
from ..zip_directory import ZipDirectory
from .weights import Weights, checked

__all__ = ["read_state_dicts"]


def read_state_dicts(
    archive: ZipDirectory,
    fd: int,
    records: list[str],
    others: set[str],
    path: str,
    limits: LoadLimits,
    warnings: list[str],
) -> Weights:
    """Return the weights of pickled state dicts; the pickles are read without running them.

    Parameters
    ----------
    archive : ZipDirectory
        Of the open file `fd`.
    records : list of str
        Its records that are archives of their own.
    others : set of str
        Weights that are no parameters: buffers and constants.

    Raises
    ------
    InputError
        When a record is no state dict, or contradicts itself.
    """
    tensors = Found()
    storages: dict[str, ZipStorages] = {}
    for k, name in enumerate(records):
        record = archive.records[name]
        if not record.is_stored:
            raise input_error(path, f"its record {name!r} is packed", "torch.export.save stores weights as they are")
        inner = ZipDirectory(fd, path, record.size, limits.pickle_bytes, archive.data_offset(record))
        pickles = [each for each in inner.records if each.endswith("/data.pkl") and each.count("/") == 1]
        if len(pickles) != 1:
            raise _no_state_dict(path, name)
        storages[str(k)] = ZipStorages(inner, f"{pickles[0].removesuffix('data.pkl')}data/", path)
        root: Any = read_pickle(inner, pickles[0], path, warnings)
        for key, value in entries(root).items():
            if isinstance(value, TensorRecord) and isinstance(key, str):
                tensors.tensors.append((key, _from(value, str(k))))
    table = tensor_table(tensors, _Archives(storages, path), Path(path).name, warnings)
    return checked(table, others, path, limits, warnings)


class _Archives:
    """Storages of several archives: their keys have the archive's number in front."""

    def __init__(self, storages: dict[str, ZipStorages], path: str) -> None:
        self._storages, self.path = storages, path

    def locate(self, key: str) -> tuple[int, int]:
        number, _, name = key.partition("/")
        return self._storages[number].locate(name)


def _from(tensor: TensorRecord, number: str) -> TensorRecord:
    """Return the tensor with the number of its archive in its storage's key; one object may stand under two names."""
    pid = tensor.storage
    if is_tuple(pid) and len(pid) > 2 and (isinstance(pid[2], str) or (type(pid[2]) is int and 0 <= pid[2] < 2**63)):
        pid = (*pid[:2], f"{number}/{pid[2]}", *pid[3:])
    return TensorRecord(pid, tensor.offset, tensor.shape, tensor.stride, tensor.dtype, tensor.layout, tensor.parts)


def _no_state_dict(path: str, name: str) -> InputError:
    return input_error(path, f"its record {name!r} is no state dict", DAMAGED)
