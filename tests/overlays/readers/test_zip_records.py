"""Zip archives that are not what they announce: none is unpacked beyond that."""

import io
import struct
import tracemalloc
import zipfile

import numpy as np
import pytest
from small_tables import Write

from archviz3d.errors import InputError

FIRST, END = b"PK\1\2", b"PK\5\6"  # of a record in the directory, and of the end record


def archive(records: dict[str, bytes], method: int = zipfile.ZIP_STORED, comment: bytes = b"") -> bytearray:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as found:
        found.comment = comment
        for name, data in records.items():
            found.writestr(name, data)
    return bytearray(file.getvalue())


def npy(count: int) -> bytes:
    file = io.BytesIO()
    np.save(file, np.zeros(count))
    return file.getvalue()


def changed(raw: bytearray, mark: bytes, offset: int, form: str, value: int) -> bytes:
    """Return an archive with another number at `offset` behind the first `mark`."""
    struct.pack_into(form, raw, raw.find(mark) + offset, value)
    return bytes(raw)


def test_a_bomb_that_announces_little(read: Write) -> None:
    raw = changed(archive({"x.npy": bytes(2**26)}, zipfile.ZIP_DEFLATED), FIRST, 24, "<I", 100)
    tracemalloc.start()
    with pytest.raises(InputError, match=r"is no npz archive \(Bad CRC-32"):
        read("a.npz", raw)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2**23


def test_a_bomb_that_announces_much(read: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("archviz3d.overlays.readers.zip_records._MAX_UNPACKED", 10_000)
    with pytest.raises(InputError, match="has too many values; at most 10,000 bytes"):
        read("a.npz", bytes(archive({"x.npy": npy(2000)}, zipfile.ZIP_DEFLATED)))


def test_a_record_that_is_shorter_than_announced(read: Write) -> None:
    raw = changed(archive({"x.npy": npy(9)}, zipfile.ZIP_DEFLATED), FIRST, 24, "<I", 300)
    with pytest.raises(InputError, match="'x' has 200 bytes, 300 are announced"):
        read("a.npz", raw)


@pytest.mark.parametrize(("method", "number"), [(zipfile.ZIP_BZIP2, 12), (zipfile.ZIP_LZMA, 14)])
def test_methods_that_unpack_without_a_bound(read: Write, method: int, number: int) -> None:
    with pytest.raises(InputError, match=rf"'x' is packed by method {number}; write it with numpy\.savez"):
        read("a.npz", bytes(archive({"x.npy": npy(9)}, method)))


def test_a_directory_that_is_too_long_is_not_read(read: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    many, long = archive({f"{k}.npy": b"" for k in range(300)}), archive({"x.npy": npy(9)})
    monkeypatch.delattr("zipfile.ZipFile")
    with pytest.raises(InputError, match=r"has 300 records in a directory of 15,\d{3} bytes; at most 256 arrays"):
        read("a.npz", bytes(many))
    with pytest.raises(InputError, match="has 1 record in a directory of 9,000,000 bytes; at most 256 arrays"):
        read("a.npz", changed(long, END, 12, "<I", 9_000_000))


def test_a_directory_that_is_longer_than_announced(read: Write) -> None:
    with pytest.raises(InputError, match="has 300 records; at most 256 arrays"):
        read("a.npz", changed(archive({f"{k}.npy": b"" for k in range(300)}), END, 10, "<H", 1))


def test_ends_that_can_be_read_in_two_ways(read: Write) -> None:
    with pytest.raises(InputError, match="does not end like one"):
        read("a.npz", bytes(archive({"x.npy": npy(9)}, comment=b"PK")))
    raw = archive({"x.npy": npy(9)})
    raw[-22:-22] = b"PK\6\7" + bytes(16)  # where the directory of a larger archive is
    with pytest.raises(InputError, match="does not end like one"):
        read("a.npz", bytes(raw))


@pytest.mark.parametrize("offset", [2**62, 2**63 - 1, 2**64 - 1])
def test_a_record_beyond_the_end(read: Write, offset: int) -> None:
    raw = archive({"x.npy": npy(9)})
    first, end = raw.find(FIRST), raw.find(END)
    entry = raw[first:end] + struct.pack("<HHQ", 1, 8, offset)
    struct.pack_into("<H", entry, 30, 12)  # bytes of what follows the name
    struct.pack_into("<I", entry, 42, 2**32 - 1)  # the offset is there
    with pytest.raises(InputError, match=r"is no npz archive \("):
        read("a.npz", changed(raw[:first] + entry + raw[end:], END, 12, "<I", len(entry)))
