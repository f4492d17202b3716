import numpy as np
import pytest

from archviz3d.errors import MachineError
from archviz3d.viewer.films import encode
from archviz3d.viewer.films.encode import film_file
from archviz3d.viewer.films.ffmpeg import _ENCODERS

SIZE = (64, 64)


def grey(level):
    return np.full((SIZE[1], SIZE[0], 3), level, np.uint8)


def encode_frames(path, frames, size=SIZE, kill=False):
    with film_file(str(path), size, 10) as film:
        if kill:
            film._process.kill()
        for frame in frames:
            film.put(frame)
        film.finish()


def test_an_encoder_that_dies_is_an_error_in_words_and_leaves_nothing(tmp_path):
    with pytest.raises(MachineError, match="ffmpeg gave up"):
        encode_frames(
            tmp_path / "a.mp4", map(grey, range(200)), kill=True
        )  # many more than wait: nobody waits for ever
    assert not list(tmp_path.iterdir())


def test_what_the_encoder_refuses_is_told_in_its_words(tmp_path):
    odd = np.zeros((63, 63, 3), np.uint8)  # what check_film refuses
    with pytest.raises(MachineError, match="ffmpeg gave up"):
        encode_frames(tmp_path / "a.mp4", [odd], (63, 63))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("choice", [pytest.param(c, id=c.codec) for of in _ENCODERS.values() for c in of])
def test_every_encoder_keeps_greys(tmp_path, monkeypatch, decoded, choice):
    from archviz3d.viewer.films.ffmpeg import _known_encoders, find_ffmpeg

    if choice.codec not in _known_encoders(find_ffmpeg()):
        pytest.skip(f"the ffmpeg here lacks {choice.codec}")
    monkeypatch.setattr(encode, "find_encoder", lambda _: choice)
    path = tmp_path / f"a.{choice.muxer}"
    with film_file(str(path), SIZE, 10) as film:
        for level in (20, 128, 250):
            film.put(grey(level))
        film.finish()
    means = [np.frombuffer(frame, np.uint8).mean() for frame in decoded(path, SIZE)]
    assert means == pytest.approx([20, 128, 250], abs=3)
