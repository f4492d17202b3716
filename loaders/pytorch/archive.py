"""Pickles inside a zip archive of PyTorch's, and the records beside them that hold their storages."""

from collections.abc import Mapping
from typing import Any

from ..files import input_error, plain_text
from ..zip_directory import ZipDirectory
from .inert_pickle import InertUnpickler, foreign_warning, pickle_file
from .torch_globals import known_globals

__all__ = ["ZipStorages", "read_pickle"]


class ZipStorages:
    """Storages of a zip: the record ``FOLDER/KEY``.

    Parameters
    ----------
    archive : ZipDirectory
    folder : str
        Where the records are, with its slash ("archive/data/").
    path : str
        Of the file, for errors.
    """

    def __init__(self, archive: ZipDirectory, folder: str, path: str) -> None:
        self._archive, self._folder, self.path = archive, folder, path
        self._known: dict[str, tuple[int, int]] = {}

    def locate(self, key: str) -> tuple[int, int]:
        """Return a storage's offset in the file (-1 when it is packed: its bytes cannot be mapped) and its bytes."""
        found = self._known.get(key)
        if found is None:
            record = self._archive.records.get(f"{self._folder}{key}")
            if record is None:
                problem = f"has no record for the storage {plain_text(key, 200)!r}"
                raise input_error(self.path, problem, "the file is cut short or damaged")
            offset = self._archive.data_offset(record)
            found = self._known[key] = (offset if record.is_stored else -1, record.size)
        return found


def read_pickle(
    archive: ZipDirectory, name: str, path: str, warnings: list[str], more: Mapping[str, Any] | None = None
) -> Any:
    """Return what the archive's pickle `name` holds, without running it.

    Parameters
    ----------
    path : str
        Of the file, for errors.
    warnings : list of str
        Gets a line when the pickle asks to call something.
    more : mapping of str to object, optional
        What stands for further globals, as `InertUnpickler` takes it.
    """
    data = archive.read(archive.records[name])
    unpickler = InertUnpickler(pickle_file(data), {**known_globals(), **(more or {})})
    root = unpickler.read(path)
    if unpickler.foreign():
        warnings.append(foreign_warning(unpickler.foreign()))
    return root
