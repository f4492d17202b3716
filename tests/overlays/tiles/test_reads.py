"""How many bytes and reads the pictures of giant tensors take, whatever they are stored as."""

from collections.abc import Iterable
from itertools import pairwise

import pytest

from archviz3d.overlays.tiles.pyramid import Statistic, TileGrid, TileKey
from archviz3d.overlays.tiles.values import sampled_tile, tile_cost
from archviz3d.weights import TensorValues
from archviz3d.weights.codec import Codec
from archviz3d.weights.files import Files
from archviz3d.weights.packed import packed_codec
from archviz3d.weights.plain import plain_codec
from archviz3d.weights.scaled import ScaledValues
from archviz3d.weights.stored import StoredValues
from archviz3d.weights.transposed import TransposedValues


class Nothing(Files):
    """Files that are full of zeros, and count."""

    def __init__(self) -> None:
        super().__init__("")
        self.calls = self.reads = self.bytes = 0

    def read_into(self, file: str, spans: Iterable[tuple[int, memoryview]], scattered: bool) -> None:
        self.calls += 1
        for _, buffer in spans:
            self.reads += 1
            self.bytes += len(buffer)
            buffer[:] = bytes(len(buffer))


def matrix(files: Files, kind: str, rows: int, columns: int) -> StoredValues:
    codec = plain_codec(kind, False) or packed_codec(kind) or Codec(32, 18, lambda raw, out: out.fill(0))
    return StoredValues(files, "f", 0, codec.size(rows * columns), codec, (rows, columns), kind)


def scaled(files: Files, rows: int, columns: int, side: tuple[int, int], turned: bool = False) -> TensorValues:
    scales = matrix(files, "F32", -(-rows // side[0]), -(-columns // side[1]))
    if turned:
        return ScaledValues(TransposedValues(matrix(files, "F8_E4M3", columns, rows)), scales, side, "")
    return ScaledValues(matrix(files, "F8_E4M3", rows, columns), scales, side, "")


GIANTS = {
    "BF16": lambda files: matrix(files, "BF16", 250_000, 200_000),
    "just too wide": lambda files: matrix(files, "BF16", 2**16, 2**16 + 2),
    "F4, odd": lambda files: matrix(files, "F4", 2**18, 2**18 + 1),
    "blocks, odd": lambda files: matrix(files, "Q4_0", 2**20, 2**20 + 1),
    "a row": lambda files: matrix(files, "U8", 1, 2**40),
    "a column": lambda files: matrix(files, "U8", 2**40, 1),
    "two columns": lambda files: matrix(files, "F32", 2**38, 2),
    "blocks with scales": lambda files: scaled(files, 320_000, 320_000, (128, 128)),
    "tall, with scales": lambda files: scaled(files, 2**26, 1600, (128, 128)),
    "a scale a row": lambda files: scaled(files, 2**26, 1600, (1, 1600)),
    "a scale a value": lambda files: scaled(files, 2**20, 2**20, (1, 1)),
    "column by column": lambda files: TransposedValues(matrix(files, "F32", 2**18, 2**18)),
    "column by column, with scales": lambda files: scaled(files, 2**18, 2**18, (1, 2**18), turned=True),
}


@pytest.mark.parametrize("depth", [0, 2, 4])
@pytest.mark.parametrize("kind", GIANTS)
def test_a_first_picture_takes_16_mb_and_some_thousand_reads(kind: str, depth: int):
    files = Nothing()
    values = GIANTS[kind](files)
    grid = TileGrid(*values.shape)
    key = TileKey(0, Statistic.RMS, grid.levels - 1 - depth, 0, 0)
    tile = sampled_tile(values, key, lambda: True)
    rows, columns = grid.region(key)
    assert tile is not None
    assert not tile.cells.any()
    assert tile.cells.nbytes == grid.tile_bytes(key)
    most = 2 if "scale" in kind else 1  # scales take as many reads as values
    assert files.reads <= most * 4096
    assert files.bytes <= 17 << 20
    before = files.reads
    assert tile_cost(values, rows, columns) >= files.bytes
    assert files.reads == before


@pytest.mark.parametrize("kind", GIANTS)
def test_between_two_questions_whether_to_go_on_little_is_read(kind: str):
    files = Nothing()
    values = GIANTS[kind](files)
    grid = TileGrid(*values.shape)
    seen = [(0, 0)]

    def keep_going() -> bool:
        seen.append((files.reads, files.bytes))
        return True

    assert sampled_tile(values, TileKey(0, Statistic.RMS, grid.levels - 1, 0, 0), keep_going) is not None
    seen.append((files.reads, files.bytes))
    steps = [(late[0] - early[0], late[1] - early[1]) for early, late in pairwise(seen)]
    assert max(reads for reads, _ in steps) <= 1100
    assert max(size for _, size in steps) <= 9 << 20
