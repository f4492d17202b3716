import warnings
from unittest import mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archviz3d.overlays.tiles import pieces as tile_pieces
from archviz3d.overlays.tiles.pyramid import TILE, Statistic, TileGrid, TileKey
from archviz3d.overlays.tiles.values import exact_tile, sampled_tile, tile_cost

from .conftest import Matrix


def always():
    return True


def brute_force(values, statistic, level):
    """Return all cells of a level, by padding with NaN to whole blocks."""
    if level == 0:
        return values if statistic is Statistic.SIGNED else np.abs(values)
    step = 1 << level
    short = -np.array(values.shape) % step
    wide = np.pad(values.astype(np.float64), ((0, short[0]), (0, short[1])), constant_values=np.nan)
    wide[~np.isfinite(wide)] = np.nan
    blocks = wide.reshape(wide.shape[0] // step, step, -1, step)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # the mean of nothing is the NaN that is meant
        if statistic is Statistic.RMS:
            cells = np.sqrt(np.nanmean(blocks**2, axis=(1, 3)))
        else:
            cells = np.nanmean(blocks if statistic is Statistic.SIGNED else np.abs(blocks), axis=(1, 3))
    return cells.astype(np.float32)


def made(rows, columns, seed, scale, holes):
    rng = np.random.default_rng(seed)
    values = (rng.standard_normal((rows, columns)) * scale).astype(np.float32)
    odd = rng.random((rows, columns)) < holes
    values[odd] = rng.choice(np.float32([np.nan, np.inf, -np.inf]), odd.sum())
    return values


@settings(deadline=None, max_examples=60)
@given(
    rows=st.integers(1, 700),
    columns=st.integers(1, 700),
    seed=st.integers(0, 99),
    scale=st.sampled_from([1.0, 1e-30, 1e30]),
    holes=st.sampled_from([0.0, 0.001, 0.7, 1.0]),
    statistic=st.sampled_from(Statistic),
    piece=st.sampled_from([4096, 4 << 20]),
    data=st.data(),
)
def test_exact_tiles_equal_numpy(rows, columns, seed, scale, holes, statistic, piece, data):
    values = made(rows, columns, seed, scale, holes)
    grid = TileGrid(rows, columns)
    level = data.draw(st.integers(0, grid.levels - 1))
    expected = brute_force(values, statistic, level)
    down, across = grid.tiles(level)
    key = TileKey(3, statistic, level, data.draw(st.integers(0, down - 1)), data.draw(st.integers(0, across - 1)))
    with mock.patch.object(tile_pieces, "PIECE", piece):
        tile = exact_tile(Matrix(values), key, always)
    assert tile is not None
    assert tile.share == 1.0
    assert tile.cells.dtype == np.float32
    part = expected[key.row * TILE : (key.row + 1) * TILE, key.column * TILE : (key.column + 1) * TILE]
    assert tile.cells.shape == part.shape
    # Sums cancel in a signed mean: its error is measured by the size of the values.
    np.testing.assert_allclose(tile.cells, part, rtol=2e-7, atol=1e-13 * scale)


@pytest.mark.parametrize("statistic", Statistic)
def test_level_0_is_the_values_themselves(statistic: Statistic):
    values = made(300, 270, 1, 1.0, 0.01)
    tile = exact_tile(Matrix(values), TileKey(0, statistic, 0, 1, 1), always)
    shown = values[256:, 256:] if statistic is Statistic.SIGNED else np.abs(values[256:, 256:])
    np.testing.assert_array_equal(tile.cells, shown)
    assert tile.share == 1.0


@pytest.mark.parametrize(("statistic", "least"), [("signed", -np.inf), ("rms", np.inf), ("mean_abs", np.inf)])
def test_infinities_are_seen_at_level_0_and_left_out_from_level_1_on(statistic: str, least: float):
    values = np.full((300, 2), 2, np.float32)
    values[:3, 0] = np.inf, -np.inf, np.nan
    grid = [exact_tile(Matrix(values), TileKey(0, Statistic(statistic), level, 0, 0), always) for level in (0, 1)]
    np.testing.assert_array_equal(grid[0].cells[:4, 0], np.float32([np.inf, least, np.nan, 2]))
    np.testing.assert_array_equal(grid[1].cells, np.full((150, 1), 2, np.float32))


@pytest.mark.parametrize("statistic", Statistic)
def test_a_block_without_a_finite_value_is_no_data(statistic: Statistic):
    values = np.ones((512, 512), np.float32)
    values[:2, :2] = np.nan, np.inf
    tile = exact_tile(Matrix(values), TileKey(0, statistic, 1, 0, 0), always)
    assert np.isnan(tile.cells[0, 0])
    assert np.isnan(tile.cells).sum() == 1
    assert np.nanmax(np.abs(tile.cells - 1)) == 0


def test_a_bias_is_a_column_of_cells():
    values = np.arange(1000, dtype=np.float32)[:, None]
    tile = exact_tile(Matrix(values), TileKey(0, Statistic.SIGNED, 2, 0, 0), always)
    np.testing.assert_array_equal(tile.cells[:, 0], 1.5 + 4 * np.arange(250))


@settings(deadline=None, max_examples=40)
@given(
    rows=st.integers(1, 700),
    columns=st.integers(1, 700),
    level=st.integers(0, 9),
    statistic=st.sampled_from(Statistic),
    affordable=st.sampled_from([1 << 10, 16 << 20]),
)
def test_samples_are_exact_where_blocks_are_uniform(rows, columns, level, statistic, affordable):
    level = min(level, TileGrid(rows, columns).levels - 1)
    down, across = np.indices((rows, columns)) >> level
    values = (down - 2.0 * across).astype(np.float32)
    matrix = Matrix(values)
    key = TileKey(0, statistic, level, 0, 0)
    with mock.patch.multiple(tile_pieces, _SAMPLE_BYTES=affordable, _WINDOWS=256 * 256):
        sample = sampled_tile(matrix, key, always)
    exact = exact_tile(matrix, key, always)
    np.testing.assert_allclose(sample.cells, exact.cells, rtol=2e-7)
    assert 0 < sample.share <= 1


def test_a_sample_is_near_the_whole_and_says_how_much_it_read():
    matrix = Matrix(made(8192, 2048, 5, 0.02, 0.0))
    key = TileKey(0, Statistic.RMS, 5, 0, 0)
    sample, exact = sampled_tile(matrix, key, always), exact_tile(matrix, key, always)
    assert sample.share == 4 / 32
    assert np.abs(sample.cells / exact.cells - 1).max() < 0.25
    np.testing.assert_array_equal(sample.cells, sampled_tile(matrix, key, always).cells)


@pytest.mark.parametrize("make", [exact_tile, sampled_tile])
def test_a_long_tile_stops_between_two_pieces(make):
    matrix = Matrix(np.ones((4000, 300), np.float32))
    answers = iter([True, True, False])
    with mock.patch.object(tile_pieces, "PIECE", 10_000):
        assert make(matrix, TileKey(0, Statistic.RMS, 4, 0, 0), lambda: next(answers)) is None
    assert len(matrix.reads) == 2


# ---------------------------------------------------------------- giant tensors, and those that stand column by column
def test_where_each_cell_is_too_much_cells_share_a_sample():
    down, across = np.indices((1000, 900)) >> 4
    matrix = Matrix((down - 2.0 * across).astype(np.float32))
    key = TileKey(0, Statistic.SIGNED, 2, 0, 0)
    with mock.patch.multiple(tile_pieces, _SAMPLE_BYTES=1 << 10, _WINDOWS=63 * 57):
        sample = sampled_tile(matrix, key, always)
    np.testing.assert_array_equal(sample.cells, exact_tile(matrix, key, always).cells)  # uniform in 4 x 4 cells
    assert len(matrix.reads) < 250
    assert sample.share < 1


@pytest.mark.parametrize("make", [exact_tile, sampled_tile])
@pytest.mark.parametrize("level", [1, 2])
def test_what_stands_column_by_column_is_read_as_it_stands(make, level):
    matrix = Matrix(made(1100, 700, 2, 1.0, 0.01))
    turned = Matrix(matrix.values.T)
    turned.transpose = matrix
    tile = make(turned, TileKey(0, Statistic.RMS, level, 0, 1), always)
    assert turned.reads == []
    expected = make(matrix, TileKey(0, Statistic.RMS, level, 1, 0), always)
    np.testing.assert_array_equal(tile.cells, expected.cells.T)
    assert tile.cells.flags.c_contiguous
    assert tile.share == expected.share


def test_a_short_read_costs_as_much_as_4_kb():
    matrix = Matrix(np.zeros((1000, 300), np.float32))
    assert tile_cost(matrix, slice(0, 512), slice(0, 300)) == 512 * 300 * 4
    assert tile_cost(matrix, slice(0, 512), slice(256, 300)) == 512 * 4096
    turned = Matrix(matrix.values.T)
    turned.transpose = matrix
    assert tile_cost(turned, slice(256, 300), slice(0, 512)) == 512 * 4096
