"""The records of a zip archive that came from outside, one by one: what is announced bounds what is unpacked."""

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator

from .reading import MAX_COLUMNS, MAX_NAME, counted, input_error, plain_text, quoted

__all__ = ["npy_records"]

_MAX_UNPACKED = 2**28  # bytes of all records
_MAX_RECORDS = MAX_COLUMNS + 3  # with those of paths, steps and facts
_MAX_DIRECTORY = _MAX_RECORDS * (4 * MAX_NAME + 100)  # bytes: zipfile makes an object of every 46 of them
_END = struct.Struct("<4s6xHLL2s")  # the end record of an archive without a comment, as numpy.savez writes it
_END_64 = 20  # bytes of what stands before it in an archive of more than 65,535 records or 4 GiB
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # those of numpy; others unpack without a bound
_DAMAGED = "the file is damaged or was not written by numpy.savez"
# What the zip module raises on bytes that are not what they should be.
_BROKEN = (
    *(ValueError, TypeError, EOFError, OSError, OverflowError, RuntimeError, NotImplementedError),
    *(struct.error, zipfile.BadZipFile, zlib.error),
)


def npy_records(path: str, raw: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield the name and the bytes of each ``NAME.npy`` of an archive.

    Raises
    ------
    InputError
        When it is no archive as numpy writes it, has too many records, or unpacks to more than 256 MiB.
    """
    _check_end(path, raw)
    try:
        yield from _records(path, raw)
    except _BROKEN as error:
        raise input_error(path, f"is no npz archive ({plain_text(str(error))})", _DAMAGED) from error


def _check_end(path: str, raw: bytes) -> None:
    """Refuse a directory that is too long, before it is read."""
    if len(raw) < _END.size:
        raise input_error(path, "is no npz archive (too few bytes)", _DAMAGED)
    signature, records, directory, _, comment = _END.unpack(raw[-_END.size :])
    before = raw[-_END.size - _END_64 : -_END.size]
    if signature != b"PK\5\6" or comment != bytes(2) or before.startswith(b"PK\6\7"):
        raise input_error(path, "is no npz archive (it does not end like one)", _DAMAGED)
    if records > _MAX_RECORDS or directory > _MAX_DIRECTORY:
        problem = f"has {counted(records, 'record')} in a directory of {directory:,} bytes"
        raise input_error(path, problem, f"at most {MAX_COLUMNS} arrays are read")


def _records(path: str, raw: bytes) -> Iterator[tuple[str, bytes]]:
    left = _MAX_UNPACKED
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        records = archive.infolist()
        if len(records) > _MAX_RECORDS:  # the number in the end record counts for nothing
            raise input_error(path, f"has {len(records):,} records", f"at most {MAX_COLUMNS} arrays are read")
        for record in records:
            if not record.filename.endswith(".npy"):
                continue
            name = record.filename.removesuffix(".npy")
            left -= record.file_size
            if left < 0:
                raise input_error(path, "has too many values", f"at most {_MAX_UNPACKED:,} bytes of them are read")
            if record.compress_type not in _METHODS:
                problem = f"its array {quoted(name)} is packed by method {record.compress_type}"
                raise input_error(path, problem, "write it with numpy.savez or savez_compressed")
            with archive.open(record) as file:
                # With a number of bytes, the zip module unpacks no more than these; without one, all that there is.
                found = file.read(record.file_size + 1)
            if len(found) != record.file_size:
                problem = f"its array {quoted(name)} has {len(found):,} bytes, {record.file_size:,} are announced"
                raise input_error(path, problem, _DAMAGED)
            yield name, found
