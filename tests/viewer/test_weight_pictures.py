"""Which tiles a frame gets: from real files, and from a store in which a tile is there or not."""

import threading
from dataclasses import replace

import numpy as np
import pytest
from safetensors.numpy import save_file

from archviz3d.loaders import load
from archviz3d.overlays.tiles.pyramid import MOST_TILES, TILE, Statistic, Tile, TileGrid, TileKey
from archviz3d.overlays.tiles.store import TileStore
from archviz3d.viewer import weight_pictures
from archviz3d.viewer.cameras.camera import Camera
from archviz3d.viewer.detail.cut import Cut
from archviz3d.viewer.detail.surface_plan import Face, corner_rays
from archviz3d.viewer.weight_pictures import WeightPictures

VIEWPORT = (800, 600)
FRONT = Camera((0.0, 0.0, 0.05), 0.0, 0.0, 2.0)
UNIT = FRONT.unit_px(VIEWPORT)
PATIENCE = 30
ALL_EXACT = 1e-3  # a scale at which all cells are single values: a text pixel is tiny


@pytest.fixture
def made(tmp_path):
    """Make the graph of a real file, and pictures of it; `waiting` ones fetch all that they need at once."""
    opened = []

    def make(on_ready=None, **tensors):
        path = tmp_path / "tiny.safetensors"
        save_file(tensors, path)
        graph = load(str(path))
        pictures = WeightPictures(graph, on_ready)
        opened.append(pictures)
        return graph, pictures

    yield make
    for pictures in opened:
        pictures.close()


def boxes_for(graph, names, side=1.0, opened=()):
    """A cut of unit squares in a row from the middle of the view, and their boxes."""
    nodes = np.array([graph.id_of(name) for name in names])
    boxes = np.array([[[k * side * 1.1, 0, 0], [side, side, 0.1]] for k in range(len(names))])
    px = np.full((len(names), 2), side * UNIT)
    is_open = np.array([name in opened for name in names])
    ones, zeros = np.ones(len(names)), np.zeros(len(names))
    sides = (px, px.min(1), px.max(1), np.full(len(names), UNIT))
    return Cut(nodes, is_open, *sides, zeros, ones, zeros, np.ones(len(names), np.int64)), boxes


def noise(*shape, dtype=np.float32):
    return np.random.default_rng(1).standard_normal(shape).astype(dtype)


# ---------------------------------------------------------------- faces
def test_faces_are_of_closed_tensors_in_view(made):
    graph, pictures = made(w=noise(30, 20), v=noise(4))
    cut, boxes = boxes_for(graph, ["w"])
    [face], unreadable = pictures.faces(cut, boxes, FRONT, VIEWPORT, 1.0)
    assert (face.node, face.row, face.grid) == (graph.id_of("w"), 0, TileGrid(30, 20))
    assert not unreadable.any()
    assert pictures.faces(*boxes_for(graph, ["w"], opened=["w"]), FRONT, VIEWPORT, 1.0)[0] == []
    beside = boxes + np.array([[100, 0, 0], [0, 0, 0]])
    assert pictures.faces(cut, beside, FRONT, VIEWPORT, 1.0)[0] == []


@pytest.mark.parametrize(
    ("px", "scale", "shown"),
    [
        ((9, 400), 1.0, True),
        ((7, 400), 1.0, False),
        ((15, 1000), 2.0, False),  # 7.5 text pixels wide
        ((17, 1000), 2.0, True),
        ((22, 22), 1.0, False),
        ((23, 23), 1.0, True),
        ((44, 44), 2.0, False),
    ],
)
def test_how_large_a_face_must_be_is_counted_in_text_pixels(made, px, scale, shown):
    graph, pictures = made(w=noise(30, 20))
    cut, boxes = boxes_for(graph, ["w"])
    sides = np.array([px], np.float64)
    cut = replace(cut, px=sides, short_px=sides.min(1), long_px=sides.max(1))
    assert len(pictures.faces(cut, boxes, FRONT, VIEWPORT, scale)[0]) == shown


def test_what_is_no_tensor_has_no_face(made):
    graph, pictures = made(**{"a.w": noise(30, 20)})
    faces, unreadable = pictures.faces(*boxes_for(graph, ["a"]), FRONT, VIEWPORT, 1.0)
    assert faces == []
    assert not unreadable.any()


def test_the_largest_face_comes_first(made):
    graph, pictures = made(small=noise(30, 20), large=noise(20, 30))
    cut, boxes = boxes_for(graph, ["small", "large"])
    boxes[:, 0, 0] = [-0.3, 0.3]
    px = np.array([[100.0, 100.0], [300.0, 300.0]])
    cut = replace(cut, px=px, short_px=px.min(1), long_px=px.max(1))
    faces, _ = pictures.faces(cut, boxes, FRONT, VIEWPORT, 1.0)
    assert [face.row for face in faces] == [1, 0]


def test_what_cannot_be_read_is_told_apart_from_what_can(made, tmp_path):
    graph, pictures = made(w=noise(30, 20), x=noise(30, 20))
    path = tmp_path / "tiny.safetensors"
    data = path.read_bytes()
    path.write_bytes(data[:-100])  # the end of the second tensor is gone
    names = ["w", "x"]
    cut, boxes = boxes_for(graph, names)
    boxes[:, 0, 0] = [-0.3, 0.3]
    faces, unreadable = pictures.faces(cut, boxes, FRONT, VIEWPORT, 1.0)
    picture = pictures.picture(faces, Statistic.RMS, 1.0)
    problem = pictures.problem(graph.id_of("x"))
    assert problem is not None
    assert "tiny.safetensors" in problem
    assert graph.id_of("x") not in {patch.face.node for patch, _ in picture.patches}
    faces, unreadable = pictures.faces(cut, boxes, FRONT, VIEWPORT, 1.0)
    assert unreadable[graph.id_of("x")]
    assert graph.id_of("x") not in {face.node for face in faces}


def test_a_tensor_without_values_is_unreadable_and_says_why(made):
    graph, pictures = made(w=noise(30, 20), none=np.empty((0, 5), np.float32))
    faces, unreadable = pictures.faces(*boxes_for(graph, ["none", "w"]), FRONT, VIEWPORT, 1.0)
    np.testing.assert_array_equal(np.flatnonzero(unreadable), [graph.id_of("none")])
    assert [face.node for face in faces] == [graph.id_of("w")]
    assert pictures.problem(graph.id_of("none")) == "none: has no values"
    assert pictures.problem(graph.id_of("w")) is None


# ---------------------------------------------------------------- pictures at once
@pytest.mark.parametrize(
    ("statistic", "expected"),
    [(Statistic.SIGNED, lambda w: w), (Statistic.RMS, np.abs), (Statistic.MEAN_ABS, np.abs)],
)
def test_a_small_tensor_is_there_value_by_value(made, statistic, expected):
    values = noise(30, 20)
    graph, pictures = made(w=values)
    faces, _ = pictures.faces(*boxes_for(graph, ["w"]), FRONT, VIEWPORT, 1.0)
    picture = pictures.picture(faces, statistic, 1.0)
    [(patch, tile)] = picture.patches
    np.testing.assert_array_equal(tile.cells, expected(values))
    assert (patch.rows, patch.columns) == ((0, 30), (0, 20))
    assert picture.levels == [0]
    assert (picture.share, picture.loading) == (1.0, False)
    np.testing.assert_array_equal(picture.cells(), expected(values).ravel())
    assert picture.faces == {graph.id_of("w"): faces[0]}


def test_without_faces_there_is_nothing_and_nothing_is_missing(made):
    _, pictures = made(w=noise(3, 2))
    picture = pictures.picture([], Statistic.RMS, 1.0)
    assert (picture.patches, picture.levels, picture.share, picture.loading) == ([], [], 1.0, False)
    assert picture.cells().shape == (0,)
    assert picture.cells().dtype == np.float32


def test_too_many_tiles_make_all_faces_coarser(made):
    # A vector is a column: one tile of single values more than a frame takes.
    length = MOST_TILES * TILE + 1
    values = noise(length)
    graph, pictures = made(w=values, small=noise(9, 9))
    faces, _ = pictures.faces(*boxes_for(graph, ["w", "small"], side=0.5), FRONT, VIEWPORT, 1.0)
    assert len(faces) == 2
    picture = pictures.picture(faces, Statistic.SIGNED, ALL_EXACT)
    of_w = [(patch, tile) for patch, tile in picture.patches if patch.face.node == graph.id_of("w")]
    assert len(picture.patches) <= MOST_TILES
    assert {patch.key.level for patch, _ in of_w} == {1}
    assert len(of_w) == MOST_TILES // 2 + 1
    first = next(tile for patch, tile in of_w if patch.key.row == 0)
    np.testing.assert_allclose(first.cells[:, 0], values[: 2 * TILE].reshape(-1, 2).mean(1), rtol=1e-5, atol=1e-6)
    assert picture.share == 1.0


def test_just_as_many_tiles_as_a_frame_takes_stay_exact(made):
    graph, pictures = made(w=noise(MOST_TILES * TILE))
    faces, _ = pictures.faces(*boxes_for(graph, ["w"]), FRONT, VIEWPORT, 1.0)
    picture = pictures.picture(faces, Statistic.SIGNED, ALL_EXACT)
    assert picture.levels == [0]
    assert len(picture.patches) == MOST_TILES


def test_of_more_faces_than_tiles_the_largest_get_theirs(made):
    names = [f"w{k:03}" for k in range(420)]
    graph, pictures = made(**{name: noise(2, 3) for name in names})
    cut, boxes = boxes_for(graph, names)
    boxes[:, 0, 0] = np.linspace(-0.2, 0.2, len(names))
    px = np.stack([np.arange(420) + 100.0] * 2, 1)
    cut = replace(cut, px=px, short_px=px.min(1), long_px=px.max(1))
    faces, _ = pictures.faces(cut, boxes, FRONT, VIEWPORT, 1.0)
    picture = pictures.picture(faces, Statistic.SIGNED, 1.0)
    assert sorted(patch.face.row for patch, _ in picture.patches) == list(range(420 - MOST_TILES, 420))
    assert picture.left_out == 420 - MOST_TILES


# ---------------------------------------------------------------- pictures as tiles arrive
def test_tiles_arrive_and_what_arrived_is_what_is_fetched_at_once(made):
    values = noise(600, 500)
    ready = threading.Condition()

    def told():
        with ready:
            ready.notify_all()

    graph, pictures = made(told, w=values)
    faces, _ = pictures.faces(*boxes_for(graph, ["w"]), FRONT, VIEWPORT, 1.0)
    pictures.picture(faces, Statistic.SIGNED, ALL_EXACT)
    with ready:
        assert ready.wait_for(lambda: not pictures.pending, PATIENCE)
    picture = pictures.picture(faces, Statistic.SIGNED, ALL_EXACT)
    assert (picture.loading, picture.share, picture.levels) == (False, 1.0, [0])
    found = np.full(values.shape, np.nan, np.float32)
    for patch, tile in picture.patches:
        found[slice(*patch.rows), slice(*patch.columns)] = tile.cells
    (r0, r1), (c0, c1) = faces[0].ranges()
    seen = slice(int(r0), int(np.ceil(r1))), slice(int(c0), int(np.ceil(c1)))
    np.testing.assert_array_equal(found[seen], values[seen])


class Shelf:
    """Stands for a `TileStore` of one tensor, in which only some tiles are there."""

    def __init__(self, grid, there):
        self.there = {key: Tile(np.zeros(_cells(grid, key), np.float32), share) for key, share in there.items()}
        self.wanted = []

    def want(self, keys):
        self.wanted = list(keys)

    def get(self, key):
        return self.there.get(key)

    @property
    def pending(self):
        return sum(key not in self.there for key in self.wanted)

    def close(self):
        pass


def _cells(grid, key):
    rows, columns = grid.region(key)
    return -(-(rows.stop - rows.start) >> key.level), -(-(columns.stop - columns.start) >> key.level)


def picture_of(monkeypatch, grid, there):
    shelf = Shelf(grid, there)
    monkeypatch.setattr(weight_pictures, "TileStore", lambda *_, **__: shelf)
    face = Face.of(1, 0, grid, np.array([[0, 0, 0], [1, 1, 0.1]]), FRONT, VIEWPORT, corner_rays(FRONT, VIEWPORT))
    assert face is not None
    pictures = WeightPictures(None, lambda: None)  # type: ignore[arg-type] - the shelf needs no graph
    return pictures.picture([face], Statistic.RMS, ALL_EXACT), shelf


def at(level, row, column, statistic=Statistic.RMS):
    return TileKey(1, statistic, level, row, column)


GRID = TileGrid(1000, 1000)  # 4 x 4 tiles, 2 x 2 tiles, one tile


def drawn(picture):
    return [patch.key for patch, _ in picture.patches]


def test_until_a_tile_is_there_a_coarser_one_stands_in_below_what_is_finer(monkeypatch):
    there = {at(0, 0, 0): 1.0, at(0, 1, 1): 1.0, at(1, 0, 0): 1.0, at(2, 0, 0): 1.0}
    picture, _ = picture_of(monkeypatch, GRID, there)
    keys = drawn(picture)
    assert sorted((key.level, key.row, key.column) for key in keys) == [(0, 0, 0), (0, 1, 1), (1, 0, 0), (2, 0, 0)]
    levels = [key.level for key in keys]
    assert levels == sorted(levels, reverse=True), "finer tiles are drawn over coarser ones"
    assert picture.loading
    assert picture.levels == [0, 1, 2]


def test_a_stand_in_is_drawn_once_and_covers_all_its_values(monkeypatch):
    picture, shelf = picture_of(monkeypatch, GRID, {at(2, 0, 0): 1.0})
    [(patch, _)] = picture.patches
    assert (patch.rows, patch.columns) == ((0, 1000), (0, 1000))
    assert len(shelf.wanted) == 16
    assert {key.level for key in shelf.wanted} == {0}, "what is wanted is the fine tiles"


def test_no_stand_in_is_needed_where_all_is_there(monkeypatch):
    there = {at(0, row, column): 1.0 for row in range(4) for column in range(4)}
    picture, _ = picture_of(monkeypatch, GRID, there | {at(1, 0, 0): 1.0, at(2, 0, 0): 1.0})
    assert {key.level for key in drawn(picture)} == {0}
    assert not picture.loading


def test_tiles_of_another_statistic_never_stand_in(monkeypatch):
    picture, _ = picture_of(monkeypatch, GRID, {at(2, 0, 0, Statistic.SIGNED): 1.0, at(0, 0, 0, Statistic.SIGNED): 1.0})
    assert picture.patches == []
    assert picture.loading


def test_the_share_that_was_read_counts_values_and_not_tiles(monkeypatch):
    # 256 x 256 values of which all, and 232 x 232 at the corner of which a tenth was read.
    picture, _ = picture_of(monkeypatch, GRID, {at(0, 0, 0): 1.0, at(0, 3, 3): 0.1})
    assert picture.share == pytest.approx((256**2 + 0.1 * 232**2) / (256**2 + 232**2))


def test_a_shelf_is_like_a_store():
    assert all(hasattr(TileStore, name) for name in ("want", "get", "pending", "close"))
