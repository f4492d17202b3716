"""Films as files: exact size, length and colours, the same frames twice, whole or not there."""

import itertools

import numpy as np
import pytest
from PIL import Image

from archviz3d.errors import UsageError
from archviz3d.viewer.films import encode
from archviz3d.viewer.films.film import Cancelled, render_film
from archviz3d.viewer.films.flight import Stop
from archviz3d.viewer.films.frames import frame_source
from archviz3d.viewer.films.ways import Way, course_of
from archviz3d.viewer.picture import enlargement
from archviz3d.viewer.scene.writing.margins import free_margins
from archviz3d.viewer.state import ViewState

SIZE = (160, 90)


@pytest.fixture
def make(toy, placement, tmp_path):
    def make(name, way=Way(0.5), size=SIZE, **more):  # noqa: B008
        render_film(toy, placement, ViewState(), way, size, str(tmp_path / name), **more)
        return tmp_path / name

    return make


def shots(toy, placement, way, size, fps):
    course = course_of(way, toy, placement, ViewState(), fps, size, free_margins(size, enlargement(size)))
    return [course.shot(k / fps) for k in range(round(course.seconds * fps))]


@pytest.mark.parametrize(
    ("name", "codec", "pixels"), [("a.mp4", "h264", "yuv420p"), ("a.webm", "vp9", "yuv420p"), ("a.gif", "gif", "bgra")]
)
def test_a_film_has_its_frames_size_length_and_pixels(make, probed, name, codec, pixels):
    stream = probed(make(name, fps=10))
    assert stream["codec_name"] == codec
    assert stream["pix_fmt"] == pixels
    assert (stream["width"], stream["height"]) == SIZE
    assert int(stream["nb_read_frames"]) == 5
    assert stream["r_frame_rate"] == "10/1"
    assert stream["seconds"] == pytest.approx(0.5, abs=0.011)  # a GIF counts hundredths of a second
    if pixels == "yuv420p":
        assert (stream["color_space"], stream["color_range"]) == ("bt709", "tv")


@pytest.mark.parametrize("name", ["a.mp4", "a.webm", "a.gif"])
def test_a_film_shows_the_frames_of_its_course(make, decoded, toy, placement, name):
    way = Way(0.4)
    frames = decoded(make(name, way, fps=10), SIZE)
    assert len(frames) == 4
    with frame_source(toy, placement, ViewState(), SIZE) as source:
        for frame, shot in zip(frames, shots(toy, placement, way, SIZE, 10), strict=True):
            seen = np.frombuffer(frame, np.uint8).reshape(SIZE[1], SIZE[0], 3).astype(int)
            assert np.abs(seen - source.take(shot)).mean() < 4


@pytest.mark.parametrize("name", ["a.mp4", "a.webm", "a.gif"])
def test_the_same_film_twice_has_the_same_bytes(make, name):
    assert make(name, fps=10).read_bytes() == make(f"again-{name}", fps=10).read_bytes()


def test_numbered_pictures_are_the_frames_exactly(make, toy, placement, tmp_path):
    way = Way(0.3)
    make("f-%03d.png", way, fps=10)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["f-000.png", "f-001.png", "f-002.png"]
    with frame_source(toy, placement, ViewState(), SIZE) as source:
        for number, shot in enumerate(shots(toy, placement, way, SIZE, 10)):
            assert np.array_equal(np.asarray(Image.open(tmp_path / f"f-{number:03}.png")), source.take(shot))


def test_numbered_pictures_may_be_odd_and_transparent(make, tmp_path):
    make("f%d.png", Way(0.1), (161, 91), fps=10, transparent=True)
    with Image.open(tmp_path / "f0.png") as picture:
        assert picture.size == (161, 91)
        assert picture.mode == "RGBA"
        assert picture.getextrema()[3] == (0, 255)


def test_a_longer_films_pictures_are_not_mixed_with_a_shorter_ones(make, tmp_path):
    make("f%d.png", Way(0.3), fps=10)
    with pytest.raises(UsageError, match="left from a longer film"):
        make("f%d.png", Way(0.2), fps=10)
    assert len(list(tmp_path.iterdir())) == 3


def test_a_frame_does_not_depend_on_those_before_it(toy, placement):
    way = Way(stops=(Stop(toy.id_of("model.layers.3")),))
    course = shots(toy, placement, way, SIZE, 10)
    with frame_source(toy, placement, ViewState(), SIZE) as source:
        forwards = [source.take(shot) for shot in course]
    with frame_source(toy, placement, ViewState(), SIZE) as source:
        backwards = [source.take(shot) for shot in reversed(course)]
    assert all(map(np.array_equal, forwards, reversed(backwards)))


def test_a_turntable_has_no_jump_where_it_begins_again(toy, placement):
    course = shots(toy, placement, Way(4.0), SIZE, 25)
    with frame_source(toy, placement, ViewState(labels=False), SIZE) as source:
        frames = [source.take(shot).astype(int) for shot in [*course[-2:], *course[:2]]]
    steps = [np.abs(after - before).mean() for before, after in itertools.pairwise(frames)]
    assert 0 < steps[1] < 1.5 * max(steps[0], steps[2])


@pytest.mark.parametrize("name", ["a.mp4", "a.gif", "f%d.png"])
@pytest.mark.parametrize("stop", [Cancelled, KeyboardInterrupt])
def test_what_is_given_up_leaves_no_file_and_no_older_one_broken(make, tmp_path, name, stop):
    if name == "a.mp4":
        (tmp_path / name).write_bytes(b"older")

    def progress(done, count):
        if done == 2:
            raise stop

    with pytest.raises(stop):
        make(name, fps=10, progress=progress)
    left = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert left == ({"a.mp4": b"older"} if name == "a.mp4" else {})


def test_progress_counts_every_frame(make):
    told = []
    make("a.mp4", fps=10, progress=lambda done, count: told.append((done, count)))
    assert told == [*[(0, 5)] * 5, *((k, 5) for k in range(6))]  # and before, once around for the labels


def test_a_film_has_the_rights_of_an_ordinary_file(make, tmp_path):
    (tmp_path / "ordinary").touch()
    assert make("a.gif", fps=5).stat().st_mode == (tmp_path / "ordinary").stat().st_mode


def test_few_frames_wait_for_a_slow_encoder(toy, placement, tmp_path, monkeypatch):
    waiting = []
    put = encode.FilmFile.put

    def watched(self, frame):
        put(self, frame)
        waiting.append(self._frames.qsize())

    monkeypatch.setattr(encode.FilmFile, "put", watched)
    render_film(toy, placement, ViewState(), Way(2.0), SIZE, str(tmp_path / "a.webm"), fps=10)
    assert len(waiting) == 20
    assert max(waiting) <= 4
