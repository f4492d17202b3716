"""Windows of a matrix that stands in a file: right, in the bytes that were announced, and in bounded memory."""

import os
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archviz3d.weights.codec import Codec
from archviz3d.weights.files import Files
from archviz3d.weights.packed import packed_codec
from archviz3d.weights.plain import plain_codec
from archviz3d.weights.stored import StoredValues

LINUX = pytest.mark.skipif(not Path("/proc/self/io").exists(), reason="needs /proc")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("stored")


def codec_of(name: str) -> Codec:
    if name == "blocks":  # as ggml's: a factor and 32 numbers
        return Codec(32, 33, lambda raw, out: np.copyto(out, _blocks(raw)))
    found = plain_codec(name, False) or packed_codec(name)
    assert found is not None
    return found


def _blocks(raw):
    block = raw.reshape(-1, 33)
    return (block[:, :1].astype(np.float32) * block[:, 1:].view(np.int8)).reshape(-1)


def stored(folder, name, rows, columns, offset=5, seed=0):
    codec = codec_of(name)
    data = np.random.default_rng(seed).integers(0, 256, codec.size(rows * columns), dtype=np.uint8)
    path = folder / f"{name}-{rows}-{columns}-{seed}"
    path.write_bytes(bytes(offset) + data.tobytes() + b"behind")
    whole = np.empty(-(-rows * columns // codec.values) * codec.values, np.float32)
    padded = np.zeros(len(whole) // codec.values * codec.bytes, np.uint8)
    padded[: len(data)] = data
    codec.decode(padded, whole)
    values = StoredValues(Files(str(folder)), path.name, offset, len(data), codec, (rows, columns), name)
    return values, whole[: rows * columns].reshape(rows, columns)


SHAPES = st.sampled_from(
    [
        (40, 96),
        (3, 4000),
        (700, 1),
        (1, 1300),
        (64, 64),
        (37, 5),
        (2, 9000),
        (1, 1),
        (5, 2**19),
        (0, 4),
        (4, 0),
        (300, 77),
        (65, 1001),
    ]
)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(["U8", "F32", "INT4", "F6_E2M3", "blocks"]), SHAPES, st.data())
def test_windows_are_slices_of_the_whole(folder, name, shape, data):
    values, whole = stored(folder, name, *shape)
    rows, columns = shape
    first, stop = sorted(data.draw(st.tuples(st.integers(0, columns), st.integers(0, columns)), "columns"))
    some = np.array(sorted(data.draw(st.sets(st.integers(0, rows - 1), max_size=9), "rows")) if rows else [], np.int64)
    low, high = sorted(data.draw(st.tuples(st.integers(0, rows), st.integers(0, rows)), "slice"))
    for choice in (some, slice(low, high)):
        with counted_reads() as read:
            found = values.read(choice, slice(first, stop))
        np.testing.assert_array_equal(found, whole[choice, first:stop])
        assert found.dtype == np.float32
        assert sum(read) == values.stored_bytes(choice, slice(first, stop))


class counted_reads:  # noqa: N801 - reads as a word in its with statement
    """Counts what is read through os.preadv."""

    def __enter__(self):
        self._real, read = os.preadv, []
        os.preadv = lambda *arguments: read.append(done := self._real(*arguments)) or done
        return read

    def __exit__(self, *_error):
        os.preadv = self._real


def io(key):
    return int(dict(line.split(": ") for line in Path("/proc/self/io").read_text().splitlines())[key])


@LINUX
@pytest.mark.parametrize(
    ("rows", "columns"),
    [(slice(100, 356), slice(1000, 1256)), (slice(0, 50), slice(None)), (np.arange(0, 2000, 128), slice(0, 2000))],
)
def test_the_system_counts_the_bytes_that_were_announced(folder, rows, columns):
    values, whole = stored(folder, "BF16", 2000, 4096)
    values.read(slice(0, 1), slice(0, 1))  # opens the file
    own = io("rchar")
    own = io("rchar") - own  # of looking
    before = io("rchar")
    window = values.read(rows, columns)
    read = io("rchar") - before - own
    assert np.array_equal(window.view(np.uint32), whole[rows, columns].view(np.uint32))
    assert abs(read - values.stored_bytes(rows, columns)) < 16  # the counters' own digits
    wanted = 2 * window.size
    assert values.stored_bytes(rows, columns) == wanted


def test_short_rows_and_wide_windows_are_read_whole(folder):
    short, _ = stored(folder, "BF16", 50, 256)
    assert short.stored_bytes(slice(0, 10), slice(3, 5)) == 10 * 512
    wide, _ = stored(folder, "BF16", 50, 1000)
    assert wide.stored_bytes(slice(0, 10), slice(0, 800)) == 10 * 2000
    assert wide.stored_bytes(slice(0, 10), slice(0, 799)) == 10 * 2 * 799
    blocks, _ = stored(folder, "blocks", 8, 3200)
    assert blocks.block == (1, 32)
    assert blocks.stored_bytes(slice(0, 3), slice(31, 33)) == 3 * 2 * 33


@pytest.mark.parametrize("shape", [(2**31, 2**31), (1, 2**62), (2**62, 1)])
def test_a_window_of_what_is_larger_than_memory(folder, shape, tmp_path):
    path = tmp_path / "sparse"
    with path.open("wb") as file:
        file.truncate(2**40)
    codec = codec_of("U8")
    values = StoredValues(Files(str(tmp_path)), "sparse", 0, 2**62, codec, shape, "U8")
    tracemalloc.start()
    window = values.read(slice(0, min(shape[0], 300)), slice(0, min(shape[1], 300)))
    assert not window.any()
    assert tracemalloc.get_traced_memory()[1] < 3e6
    tracemalloc.stop()


@pytest.mark.parametrize("shape", [(50_000, 1000), (1, 50_000_000), (50_000_000, 1)])
def test_little_more_memory_than_the_result(shape, tmp_path):
    with (tmp_path / "sparse").open("wb") as file:
        file.truncate(10**8)
    values = StoredValues(Files(str(tmp_path)), "sparse", 0, 10**8, codec_of("BF16"), shape, "BF16")
    tracemalloc.start()
    window = values.read(slice(None), slice(None))
    assert tracemalloc.get_traced_memory()[1] < window.nbytes + 8e6
    tracemalloc.stop()
    assert not window.any()


# ---------------------------------------------------------------- rows that begin anywhere in a unit
def test_odd_rows_are_gathered_before_they_are_decoded(folder, monkeypatch):
    values, whole = stored(folder, "INT4", 5000, 1001)
    calls = []
    monkeypatch.setattr(Files, "read_into", _counting(Files.read_into, calls))
    assert np.array_equal(values.read(slice(0, 5000), slice(100, 900)), whole[:, 100:900])
    assert len(calls) == 2  # 401 bytes a row: 2,614 rows make a strip
    some = np.arange(1, 5000, 3)
    calls.clear()
    assert np.array_equal(values.read(some, slice(1, 901)), whole[some, 1:901])
    assert len(calls) == 1


def test_bytes_of_giant_windows_are_known_at_once(folder, monkeypatch):
    codec, rows, columns = codec_of("blocks"), 2**31, 2**28 + 1
    values = StoredValues(Files(str(folder)), "none", 0, codec.size(rows * columns), codec, (rows, columns), "blocks")
    longest = []
    monkeypatch.setattr(np, "arange", _longest(np.arange, longest))
    found = values.stored_bytes(slice(0, rows), slice(0, columns - 1))
    assert max(longest) <= codec.values
    # Of 32 rows in a row, one begins with a unit; all others have one unit more.
    assert found == rows // 32 * (32 * 2**23 + 31) * 33


def _counting(real, calls):
    return lambda *arguments, **named: calls.append(1) or real(*arguments, **named)


def _longest(real, lengths):
    def made(*arguments, **named):
        lengths.append(len(range(*arguments)))
        return real(*arguments, **named)

    return made
