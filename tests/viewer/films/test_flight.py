import itertools
from dataclasses import replace

import numpy as np
import pytest

from archviz3d.layout.hiding import hidden_mask
from archviz3d.viewer.cameras.camera import Camera
from archviz3d.viewer.cameras.framing import framing, in_the_way
from archviz3d.viewer.films.clearance import clear_lift
from archviz3d.viewer.films.flight import Stop, flight
from archviz3d.viewer.films.leg import Leg
from archviz3d.viewer.scene.writing.margins import free_margins
from archviz3d.viewer.state import ViewState

SIZE = (1280, 720)
MARGINS = free_margins(SIZE, 1.0)
PATHS = ["model.layers.3", "model.layers.3.mlp.experts.7", "model.layers.5", "lm_head"]


@pytest.fixture
def made(toy):
    def made(placement, paths=PATHS, state=None):
        stops = [Stop(toy.id_of(path) if path else 0) for path in paths]
        return flight(toy, placement, state or ViewState(), stops, SIZE, MARGINS)

    return made


def sampled(course, fps=30):
    return [course.shot(k / fps) for k in range(round(course.seconds * fps) + 1)]


def test_it_starts_at_the_view_and_frames_each_stop_for_a_second(toy, placement, made):
    course = made(placement)
    wanted = [0, *map(toy.id_of, PATHS)]
    held = []
    for shot, group in itertools.groupby(sampled(course)):
        if len(list(group)) >= 30:
            held.append(shot)
    assert [shot.focus for shot in held] == wanted
    assert [shot.camera for shot in held] == [framing(toy, placement, node, None, SIZE, MARGINS) for node in wanted]
    assert len(course.legs) == len(PATHS)
    assert all(1.5 <= leg.seconds <= 8 for leg in course.legs)


def test_it_flies_without_a_jolt(placement, made):
    cameras = [shot.camera for shot in sampled(made(placement), 60)]
    steps = np.array([Camera.way(a, b) for a, b in itertools.pairwise(cameras)])
    assert steps.max() < 0.06  # of the view's width, in a sixtieth of a second
    assert np.abs(np.diff(steps)).max() < 0.006


def test_far_stops_are_reached_from_above(placement, made):
    leg = made(placement, ["model.layers.0.self_attn.q_proj", "model.layers.5.self_attn.q_proj"]).legs[1]
    middle = leg.shot(leg.seconds / 2).camera
    assert middle.distance > 1.5 * max(leg.start.distance, leg.end.distance)


def test_the_focus_dissolves_in_the_middle(toy, placement, made):
    leg = made(placement, PATHS[:1]).legs[0]
    assert leg.shot(0.3 * leg.seconds).focus == 0
    assert leg.shot(0.3 * leg.seconds).mix == 0
    middle = leg.shot(0.5 * leg.seconds)
    assert (middle.focus, middle.follower, middle.mix) == (0, toy.id_of(PATHS[0]), 0.5)
    after = leg.shot(0.8 * leg.seconds)
    assert after.focus == after.follower == toy.id_of(PATHS[0])
    mixes = [leg.shot(time).mix for time in np.linspace(leg.seconds / 2 - 0.24, leg.seconds / 2 + 0.24, 20)]
    assert mixes == sorted(mixes)


def test_names_are_there_at_stops_only(placement, made):
    leg = made(placement, PATHS[:1]).legs[0]
    names = [leg.shot(time).names for time in (0.0, 0.1, 0.4, leg.seconds / 2, leg.seconds - 0.1, leg.seconds)]
    assert (names[0], names[2], names[3], names[5]) == (1.0, 0.0, 0.0, 1.0)
    assert 0 < names[1] < 1
    assert 0 < names[4] < 1


def test_what_dissolves_has_no_names(placement, made):
    shots = sampled(made(placement), 60)
    assert any(0 < shot.mix < 1 for shot in shots)
    assert all(shot.names == 0 for shot in shots if 0 < shot.mix < 1)


def test_the_same_stop_twice_is_one(placement, made):
    assert len(made(placement, ["model.layers.3", "model.layers.3"]).legs) == 1
    assert made(placement, [""]).legs == ()
    assert made(placement, [""]).shot(0.7).focus == 0


def inside(point, low, high):
    return ((point > low) & (point < high)).all(1)


@pytest.mark.parametrize("arrangement", ["wrap", "deck"])
def test_the_eye_is_never_inside_what_is_shown(toy, placement, deck, made, arrangement):
    where = deck if arrangement == "deck" else placement
    low, high = where.center - where.size / 2, where.center + where.size / 2
    for shot in sampled(made(where, ["model.layers.0", "model.layers.5", "model.layers.1.mlp.experts.3", ""]), 60):
        for focus in {shot.focus, shot.follower}:
            shown = ~hidden_mask(toy, in_the_way(toy, where, focus))
            assert not (inside(shot.camera.eye, low, high) & shown).any()


def test_a_leg_through_a_tower_is_raised_over_it(toy, placement):
    tower = toy.id_of("model.layers.1")
    start, end = (framing(toy, placement, toy.id_of(f"model.layers.{k}"), (0, 0, 1), SIZE, MARGINS) for k in (0, 2))
    leg = Leg(start, end, 0, 0, 2.0, 0.5, 0.35)
    assert clear_lift(leg, toy, placement, frozenset()) == leg
    center, size = placement.center.copy(), placement.size.copy()
    middle = leg.shot(1.0).camera.eye
    height = 1.2 * middle[2]
    center[tower, :2] = middle[:2]
    size[tower, :2] *= 0.1
    center[tower, 2] += (height - size[tower, 2]) / 2
    size[tower, 2] = height
    built = replace(placement, center=center, size=size)
    raised = clear_lift(leg, toy, built, frozenset())
    assert raised.lift > 0
    low, high = center[tower] - size[tower] / 2, center[tower] + size[tower] / 2
    ways = [[way.shot(time).camera.eye for time in np.linspace(0, 2, 400)] for way in (leg, raised)]
    through, over = (any(inside(eye, low[None], high[None]).any() for eye in way) for way in ways)
    assert through
    assert not over
    assert clear_lift(leg, toy, built, frozenset({tower})) == leg  # what is hidden is not in the way
