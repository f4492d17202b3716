"""Moving frames on simulated machines: as fine as they can be in time, without swinging."""

import numpy as np
import pytest

from archviz3d.viewer.detail.pacing import COARSEST, Pacing

TARGET = 1 / 30


class Machine:
    """Frames cost `fixed` seconds and `per_box` for each box; boxes go with the inverse square of the detail."""

    def __init__(self, fixed: float, per_box: float, boxes: float = 24_000, noise: float = 0.0) -> None:
        self.fixed, self.per_box, self.boxes, self.noise = fixed, per_box, boxes, noise
        self._random = np.random.default_rng(5)

    def time(self, detail: float) -> float:
        true = self.fixed + self.per_box * self.boxes / detail**2
        return true * float(np.exp(self.noise * self._random.standard_normal()))

    def run(self, pacing: Pacing, frames: int = 300) -> tuple[np.ndarray, np.ndarray]:
        """Draw some frames and return their details and their times."""
        details, times = [], []
        for _ in range(frames):
            details.append(pacing.detail)
            times.append(self.time(pacing.detail))
            pacing.add(times[-1])
        return np.array(details), np.array(times)


def changes(details: np.ndarray) -> int:
    return int((np.diff(details) != 0).sum())


def test_a_fast_machine_draws_everything():
    details, _ = Machine(0.002, 4e-7).run(Pacing())
    assert details[0] > 1  # until it has shown how fast it is
    assert (details[15:] == 1).all()


@pytest.mark.parametrize("per_box", [2e-6, 5e-6, 2e-5])
def test_a_slow_machine_comes_within_its_time_and_stays_there(per_box):
    details, times = Machine(0.008, per_box).run(Pacing())
    assert (times[40:] < 1.26 * TARGET).all()
    assert changes(details[40:]) == 0
    assert details[-1] > 1
    assert times[-1] > 0.3 * TARGET  # ... and not coarser than it must be


@pytest.mark.parametrize("noise", [0.1, 0.25])
@pytest.mark.parametrize("per_box", [5e-7, 1e-6, 3e-6, 1e-5])
def test_noise_does_not_make_it_swing(noise, per_box):
    details, _ = Machine(0.006, per_box, noise=noise).run(Pacing(), 2000)
    assert changes(details[200:]) <= 12  # in a minute


def test_one_slow_frame_does_nothing():
    pacing, machine = Pacing(), Machine(0.01, 4e-7)
    machine.run(pacing, 30)
    for frame in range(300):
        pacing.add(0.5 if frame % 7 == 3 else machine.time(pacing.detail))
        assert pacing.detail == 1


def test_a_machine_that_gets_slower_is_relieved_and_then_trusted_again():
    pacing, machine = Pacing(), Machine(0.006, 8e-7)
    assert machine.run(pacing)[0][-1] == 1
    machine.per_box *= 8
    details, times = machine.run(pacing)
    assert (times[30:] < 1.26 * TARGET).all()
    assert details[-1] > 1
    machine.per_box /= 8
    assert machine.run(pacing)[0][-1] == 1


def test_frames_take_no_longer_than_a_tenth_of_a_second_where_less_detail_can_help():
    details, times = Machine(0.05, 4e-5).run(Pacing())
    assert times[0] > 0.2
    assert (times[30:] < 0.1).all()
    assert details[-1] <= COARSEST


def test_detail_is_not_given_away_where_it_gains_nothing():
    details, _ = Machine(0.08, 2e-7).run(Pacing())  # pixels cost, not boxes
    assert details[-1] == details[0]
    assert changes(details) <= 2


def test_a_coarser_view_is_tried_where_it_gained_nothing_once_frames_get_slower():
    pacing, machine = Pacing(), Machine(0.05, 1e-7)
    before = machine.run(pacing)[0][-1]
    machine.per_box = 1e-5
    details, times = machine.run(pacing)
    assert details[-1] > before
    assert times[-1] < 0.1
