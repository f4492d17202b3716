from dataclasses import dataclass
from unittest import mock

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from archviz3d.overlays.tiles import pieces as tile_pieces
from archviz3d.overlays.tiles.pieces import PIECE, exact_pieces, sampled_level, sampled_pieces
from archviz3d.overlays.tiles.pyramid import Statistic, TileGrid, TileKey


@dataclass
class Stored:
    """The costs of a matrix, without one."""

    shape: tuple[int, int]
    item: float = 2.0
    block: tuple[int, int] = (1, 1)
    transpose = None

    def stored_bytes(self, rows, columns):
        count = rows.stop - rows.start if isinstance(rows, slice) else len(rows)
        return int(count * (columns.stop - columns.start) * self.item)


def _rows(piece):
    return np.arange(piece.rows.start, piece.rows.stop) if isinstance(piece.rows, slice) else piece.rows


@given(st.integers(1, 300), st.integers(1, 300), st.integers(0, 8), st.integers(1, 10_000))
def test_exact_pieces_are_every_value_once(rows: int, columns: int, level: int, most: int):
    most = max(most, rows * columns // 500)
    seen = np.zeros((rows, columns), int)
    with mock.patch.object(tile_pieces, "PIECE", most):
        for piece in exact_pieces(Stored((rows, columns)), slice(0, rows), slice(0, columns), level):
            there = _rows(piece)
            across = piece.columns
            assert len(there) * (across.stop - across.start) <= most
            seen[there, across] += 1
            # As many rows in each block, and the cells that the reader is told.
            cells = there.reshape(piece.blocks, -1) >> level
            assert (cells == piece.row + np.arange(piece.blocks)[:, None]).all()
            assert across.start >> level == piece.column
            inside = across.start >> level == (across.stop - 1) >> level
            assert inside or across.start % (1 << level) == 0
    assert (seen == 1).all()


@given(
    st.integers(1, 600),
    st.integers(1, 600),
    st.integers(0, 9),
    st.sampled_from([(1, 1), (1, 32), (8, 256)]),
    st.sampled_from([1 << 8, 1 << 12, 16 << 20]),
)
@example(rows=517, columns=600, level=7, block=(1, 1), affordable=16 << 20)  # a last block of a run or so
def test_samples_have_values_of_every_cell(rows, columns, level, block, affordable):
    region = slice(0, rows), slice(0, columns)
    seen = np.zeros((rows, columns), int)
    with mock.patch.object(tile_pieces, "_SAMPLE_BYTES", affordable):
        pieces = list(sampled_pieces(Stored((rows, columns), block=block), *region, level))
        again = list(sampled_pieces(Stored((rows, columns), block=block), *region, level))
    for piece in pieces:
        there = _rows(piece)
        assert (np.diff(there) > 0).all()
        seen[there, piece.columns] += 1
        cells = there.reshape(piece.blocks, -1) >> level
        assert (cells == piece.row + np.arange(piece.blocks)[:, None]).all()
        assert piece.columns.start >> level == piece.column
    assert seen.max() == 1
    step = 1 << level
    down = np.add.reduceat(seen, np.arange(0, rows, step), axis=0)
    assert np.add.reduceat(down, np.arange(0, columns, step), axis=1).min() >= 1
    for one, other in zip(pieces, again, strict=True):
        assert np.array_equal(_rows(one), _rows(other))
        assert one.columns == other.columns


def test_a_piece_has_few_rows_where_each_takes_a_read():
    values = Stored((10**6, 10**6 + 1))
    pieces = list(exact_pieces(values, slice(0, 65_536), slice(10**6, 10**6 + 1), 8))
    assert [len(_rows(piece)) for piece in pieces] == [1024] * 64
    assert len(list(exact_pieces(Stored((65_536, 1)), slice(0, 65_536), slice(0, 1), 8))) == 1


def test_rows_that_take_a_read_each_are_sampled_one_by_one():
    values = Stored((10**6, 10**6 + 1))
    [piece] = sampled_pieces(values, slice(0, 65_536), slice(10**6, 10**6 + 1), 8)
    assert len(piece.rows) == 4 * 256
    assert (np.diff(piece.rows) == 64).all()


@pytest.mark.parametrize(("side", "level"), [(2**14, 6), (2**15, 7), (2**16, 9), (2**20, 14), (2**31, 25)])
def test_of_giant_tensors_cells_of_a_higher_level_are_sampled(side: int, level: int):
    everything = slice(0, side)
    lowest = TileGrid(side, side).levels - 1
    assert sampled_level(Stored((side, side)), everything, everything, lowest) == level


def test_runs_are_spread_evenly_over_each_block():
    pieces = list(sampled_pieces(Stored((129_280, 7_168)), slice(0, 129_280), slice(0, 7_168), 9))
    assert {(piece.columns.start, piece.columns.stop) for piece in pieces} == {(0, 7_168)}
    assert pieces[0].rows[:5].tolist() == [64, 192, 320, 448, 576]
    assert pieces[-1].rows.tolist() == [129_280 - 256 + offset for offset in (32, 96, 160, 224)]


def test_runs_are_whole_units_of_rows():
    values = Stored((1000, 4096), block=(8, 32))
    piece, last = sampled_pieces(values, slice(0, 1000), slice(0, 4096), 6)
    assert (piece.rows.reshape(-1, 8) == piece.rows[::8, None] // 8 * 8 + np.arange(8)).all()
    assert len(piece.rows) == 15 * 8
    assert len(last.rows) == 8


def test_narrow_rows_are_read_in_runs_that_are_worth_a_read():
    pieces = list(sampled_pieces(Stored((10_000_000, 1)), slice(0, 10_000_000), slice(0, 1), 16))
    rows = np.concatenate([_rows(piece) for piece in pieces])
    runs = np.split(rows, np.flatnonzero(np.diff(rows) > 1) + 1)
    assert {len(run) for run in runs[:-4]} == {2048}  # 4 KB of two bytes each


@pytest.mark.parametrize("item", [0.5, 2.0, 4.0])
@pytest.mark.parametrize(
    "shape", [(10**6, 10**6), (2, 10**9), (10**9, 1), (10**9, 3), (3 * 10**9, 3 * 10**9), (65_536, 65_536)]
)
def test_samples_of_the_largest_tensors_stay_affordable(shape: tuple[int, int], item: float):
    values = Stored(shape, item, (1, 32))
    grid = TileGrid(*shape)
    read = 0
    for piece in sampled_pieces(
        values, *grid.region(TileKey(0, Statistic.RMS, grid.levels - 1, 0, 0)), grid.levels - 1
    ):
        count = len(piece.rows) * (piece.columns.stop - piece.columns.start)
        assert count <= PIECE
        read += count * item
    assert read <= 17 << 20
    assert read >= 1 << 18 or shape[1] == 1
