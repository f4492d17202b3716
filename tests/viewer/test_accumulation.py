import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from vtkmodules.util.numpy_support import numpy_to_vtk, vtk_to_numpy

from archviz3d.layout import place
from archviz3d.viewer import accumulation
from archviz3d.viewer.accumulation import Accumulation, shifts
from archviz3d.viewer.offscreen import offscreen_window
from archviz3d.viewer.scene import Scene
from archviz3d.viewer.state import ViewState
from archviz3d.viewer.theme import DARK

SIZE = (480, 300)


class FakeWindow:
    """What an accumulation asks of a render window, with renders of our own, from the top row down."""

    def __init__(self, width, height):
        self.size = width, height
        self.render = np.zeros((height, width, 4), np.uint8)
        self.shown = np.zeros((height, width, 4), np.uint8)

    def GetSize(self):  # noqa: N802
        return self.size

    def GetRGBACharPixelData(self, left, low, right, high, front, data):  # noqa: N802
        assert (left, right, front) == (0, self.size[0] - 1, 0)
        data.DeepCopy(numpy_to_vtk(self.render[::-1][low : high + 1].reshape(-1, 4)))

    def SetRGBACharPixelData(self, left, low, right, high, data, front, blend):  # noqa: N802
        assert (left, right, front, blend) == (0, self.size[0] - 1, 1, 0)
        self.shown[::-1][low : high + 1] = vtk_to_numpy(data).reshape(-1, self.size[0], 4)


def added(renders):
    window = FakeWindow(renders[0].shape[1], renders[0].shape[0])
    mean = Accumulation(len(renders))
    for render in renders:
        window.render = render
        mean.add(window)
    return mean, window


# ---------------------------------------------------------------- shifts
def test_shifts_begin_in_the_middle_and_stay_in_the_pixel():
    assert shifts(1).tolist() == [[0, 0]]
    assert np.abs(shifts(256)).max() <= 0.5
    np.testing.assert_array_equal(shifts(16)[:4], shifts(4))


@pytest.mark.parametrize("count", [2, 4, 8, 16, 256])
def test_each_row_and_column_of_the_pixel_has_one_shift(count):
    for axis in range(2):
        np.testing.assert_allclose(np.diff(np.sort(shifts(count)[:, axis])), 1 / count)


def test_sixteen_shifts_fill_the_pixel_evenly():
    cells = np.floor((shifts(16) + 0.5) * 4).astype(int)
    assert len(np.unique(cells, axis=0)) == 16


# ---------------------------------------------------------------- the mean
@given(st.lists(st.integers(0, 255), min_size=1, max_size=20))
def test_the_mean_of_known_renders_is_rounded(values):
    mean, window = added([np.full((3, 2, 4), value, np.uint8) for value in values])
    wanted = (sum(values) + len(values) // 2) // len(values)
    np.testing.assert_array_equal(mean.picture(), np.full((3, 2, 3), wanted))
    assert abs(wanted - np.mean(values)) <= 0.5
    mean.show(window)
    np.testing.assert_array_equal(window.shown[..., :3], mean.picture())


def test_the_most_renders_do_not_overflow():
    mean, _ = added([np.full((1, 1, 4), 255, np.uint8)] * 256)
    assert mean.picture().tolist() == [[[255, 255, 255]]]


def test_rows_and_strips_keep_their_places(monkeypatch):
    monkeypatch.setattr(accumulation, "_STRIP", 10)  # of 7 columns: one row each
    render = np.arange(5 * 7 * 4, dtype=np.uint8).reshape(5, 7, 4)
    mean, window = added([render, render])
    np.testing.assert_array_equal(mean.picture(), render[..., :3])
    mean.show(window)
    np.testing.assert_array_equal(window.shown, render)


def test_a_transparent_mean_has_plain_colours():
    inside, outside = np.zeros((1, 1, 4), np.uint8), np.zeros((1, 1, 4), np.uint8)
    inside[...] = (200, 100, 50, 255)
    mean, _ = added([inside, outside, outside, inside])
    assert mean.picture(transparent=True).tolist() == [[[200, 100, 50, 128]]]
    nothing, _ = added([outside])
    assert nothing.picture(transparent=True).tolist() == [[[0, 0, 0, 0]]]


def test_a_restart_forgets_what_was():
    window = FakeWindow(2, 2)
    mean = Accumulation(2)
    window.render[...] = 255
    mean.add(window)
    first = mean.shift
    mean.restart()
    assert (mean.count, mean.done) == (0, False)
    assert mean.shift == (0, 0) != first
    window = FakeWindow(3, 1)  # resized meanwhile
    window.render[...] = 8
    mean.add(window)
    mean.add(window)
    assert mean.done
    assert np.unique(mean.picture()).tolist() == [8]


@pytest.mark.parametrize("samples", [0, 257])
def test_sums_that_would_overflow_are_refused(samples):
    with pytest.raises(ValueError, match="1 to 256 would be right"):
        Accumulation(samples)


def test_what_does_not_belong_together_is_refused():
    mean, window = added([np.zeros((2, 2, 4), np.uint8)])
    with pytest.raises(ValueError, match="all 1 renders are in"):
        mean.add(window)
    mean = Accumulation(3)
    mean.add(window)
    with pytest.raises(ValueError, match="a render of 5x5 among others of 2x2"):
        mean.add(FakeWindow(5, 5))


# ---------------------------------------------------------------- on a scene
@pytest.fixture(scope="module")
def renders(toy):
    """Means of 1, 16, again 16, and 64 renders of the toy."""
    scene, pictures = Scene(DARK), []
    scene.show(toy, place(toy, SIZE[0] / SIZE[1]))
    with offscreen_window(SIZE) as window:
        window.AddRenderer(scene.renderer)
        scene.draw(ViewState(), SIZE)
        for samples in (1, 16, 16, 64):
            mean = Accumulation(samples)
            while not mean.done:
                scene.shift(*mean.shift)
                window.Render()
                mean.add(window)
            pictures.append(mean.picture().astype(int))
    scene.close_model()
    return pictures


def test_outlines_get_shades_between(renders):
    one, best, _, ideal = renders
    errors = [float(np.sqrt(((picture - ideal) ** 2).mean())) for picture in (one, best)]
    assert errors[1] < 0.2 * errors[0]


def test_the_mean_is_the_same_each_time(renders):
    np.testing.assert_array_equal(renders[1], renders[2])


def test_title_and_ground_are_as_crisp_as_in_one_render(renders):
    one, best, *_ = renders
    strip = np.s_[8:36, 8:200]  # the title; no part of the model is behind it
    assert (one[strip].max(2) > 200).sum() > 100
    np.testing.assert_array_equal(one[strip], best[strip])
    np.testing.assert_array_equal(one[-4:, :40], best[-4:, :40])
