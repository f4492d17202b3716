import pytest
from hypothesis import given
from hypothesis import strategies as st

from archviz3d.overlays.tiles.pyramid import TILE, Statistic, TileGrid, TileKey


def test_a_deepseek_embedding_has_ten_levels_and_the_last_is_one_tile():
    grid = TileGrid(129_280, 7_168)
    assert grid.levels == 10
    assert grid.cells(0) == (129_280, 7_168)
    assert grid.tiles(0) == (505, 28)
    assert grid.cells(9) == (253, 14)
    assert grid.tiles(9) == (1, 1)
    assert grid.tiles(8) == (2, 1)


@pytest.mark.parametrize(("rows", "levels"), [(1, 1), (256, 1), (257, 2), (512, 2), (513, 3)])
def test_levels_at_the_borders(rows: int, levels: int):
    assert TileGrid(rows, 1).levels == levels
    assert TileGrid(1, rows).levels == levels


@given(st.integers(1, 5000), st.integers(1, 5000), st.data())
def test_the_tiles_of_a_level_cover_the_tensor_once(rows: int, columns: int, data: st.DataObject):
    grid = TileGrid(rows, columns)
    level = data.draw(st.integers(0, grid.levels - 1))
    down, across = grid.tiles(level)
    regions = [grid.region(TileKey(0, Statistic.RMS, level, row, 0))[0] for row in range(down)]
    assert [region.start for region in regions] == [0, *(region.stop for region in regions[:-1])]
    assert regions[-1].stop == rows
    keys = [TileKey(0, Statistic.RMS, level, 0, column) for column in range(across)]
    regions = [grid.region(key)[1] for key in keys]
    assert [region.start for region in regions] == [0, *(region.stop for region in regions[:-1])]
    assert regions[-1].stop == columns
    height, width = grid.cells(level)
    assert sum(grid.tile_bytes(key) for key in keys) == 4 * min(height, TILE) * width


@pytest.mark.parametrize(("level", "row", "column"), [(-1, 0, 0), (3, 0, 0), (0, 3, 0), (0, 0, 4), (1, -1, 0)])
def test_a_tile_that_is_not_there_is_refused(level: int, row: int, column: int):
    with pytest.raises(ValueError, match="600 x 1000 values has no TileKey"):
        TileGrid(600, 1000).region(TileKey(7, Statistic.SIGNED, level, row, column))
