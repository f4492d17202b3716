import json
from math import inf

import pytest

from archviz3d.errors import InputError
from archviz3d.viewer.cameras.camera import Camera
from archviz3d.viewer.state import ViewState


def test_each_field_tells_when_it_changes_and_only_then():
    state = ViewState()
    seen = []
    state.events.focus.connect(seen.append)
    state.focus = 3
    state.focus = 3
    state.selection = 5
    assert seen == [3]


def test_json_keeps_everything_but_hover_and_names_nodes_by_path(toy):
    graph = toy
    expert = graph.id_of("model.layers.2.mlp.experts.7")
    state = ViewState(
        focus=graph.id_of("model.layers.2"),
        selection=expert,
        hover=expert,
        camera=Camera((1.0, 2.0, 3.0), 10.0, 20.0, 40.0),
        theme="light",
        labels=False,
    )
    text = state.to_json(graph)
    saved = json.loads(text)
    assert saved["schema"] == 1
    assert saved["focus"] == "model.layers.2"
    assert "hover" not in saved
    state.hover = None
    assert ViewState.from_json(text, graph) == state


def test_a_camera_is_of_the_projection_that_a_state_tells(toy):
    camera = Camera((1.0, 2.0, 3.0), 10.0, 20.0, 40.0, 15.0)
    between = ViewState(camera=camera, projection="orthographic")
    kept = ViewState.from_json(between.to_json(toy), toy).camera
    assert kept == camera.projected(True)
    assert json.loads(between.to_json(toy))["camera"]["orthographic"]
    given = '{"camera": {"target": [1, 2, 3], "azimuth": 0, "elevation": 0, "distance": 4, "orthographic": true}}'
    assert ViewState.from_json(given, toy).camera == Camera((1.0, 2.0, 3.0), 0.0, 0.0, 4.0)


def test_json_finds_its_nodes_in_another_graph_with_other_ids(toy, same_toy_again):
    graph = toy
    text = ViewState(focus=graph.id_of("lm_head")).to_json(graph)
    assert graph.path(ViewState.from_json(text, same_toy_again).focus) == "lm_head"


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("", "view state"),
        ("[]", "view state"),
        ('{"focus": "no.such.part"}', "no.such.part"),
        ('{"focus": 3}', "view state"),
        ('{"selection": "layers"}', "layers"),
        ('{"camera": {"target": [1, 2]}}', "view state"),
        ('{"hidden": ["model.layers.99"]}', "model.layers.99"),
        ('{"hidden": [""]}', "hides the whole model"),
        ('{"compacted": [""]}', "hides the whole model"),
        ('{"hidden": "lm_head"}', "view state"),
        ('{"zoom": 2}', "zoom"),
        ('{"schema": 2}', "schema"),
        ('{"theme": "pink"}', "theme"),
    ],
)
def test_bad_json_is_refused_in_one_line(text, hint, toy):
    with pytest.raises(InputError, match=hint) as caught:
        ViewState.from_json(text, toy)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("keep", [None, (0.5, 2.0), (0.0, 0.0), (-inf, 0.01), (0.01, inf), (-inf, inf)])
def test_json_keeps_what_is_shown_of_overlays(keep, toy):
    state = ViewState(
        overlay="expert-load",
        height="bytes",
        step=3,
        range=(-1.5, 2.25),
        scale="log",
        colormap="crameri:vik",
        keep=keep,
    )
    text = state.to_json(toy)
    assert ViewState.from_json(text, toy) == state
    assert "Infinity" not in text  # JSON has none


def test_json_of_an_older_state_shows_no_overlay(toy):
    assert ViewState.from_json('{"schema":1,"focus":"","theme":"light"}', toy) == ViewState(theme="light")


@pytest.mark.parametrize(
    "fields",
    [
        '"step":-1',
        '"step":1.5',
        '"step":"1"',
        '"overlay":3',
        '"height":["bytes"]',
        '"scale":"cubic"',
        '"colormap":"virids"',
        '"colormap":7',
        '"range":[1,0]',
        '"range":[0,0]',
        '"range":[0]',
        '"range":[0,1,2]',
        '"range":[null,1]',
        '"range":[0,1e999]',
        '"range":[0,1e300]',
        '"range":["0","1"]',
        '"range":[NaN,1]',
        '"keep":[5,1]',
        '"keep":[1]',
        '"keep":[0,Infinity]',
        '"keep":["-inf","0"]',
        '"keep":5',
        '"keep":{"low":1}',
    ],
)
def test_what_no_overlay_can_be_shown_with_is_refused(fields, toy):
    with pytest.raises(InputError, match=r"x\.json: is no view state") as caught:
        ViewState.from_json("{" + fields + "}", toy, "x.json")
    assert "\n" not in str(caught.value)


def test_a_colour_map_s_name_cannot_fill_the_screen(toy):
    with pytest.raises(InputError, match="no colour map") as caught:
        ViewState.from_json(json.dumps({"colormap": "q" * 1_000_000}), toy)
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize(
    ("field", "value"), [("overlay", "bytes"), ("range", (0.0, 1.0)), ("keep", (-inf, 0.0)), ("step", 2)]
)
def test_fields_of_overlays_tell_once_when_they_change(field, value):
    state = ViewState()
    seen = []
    getattr(state.events, field).connect(seen.append)
    setattr(state, field, value)
    setattr(state, field, value)
    assert seen == [value]


def test_assign_takes_over_all_values():
    other = ViewState(focus=4, selection=2, theme="light", labels=False, angle=(1.0, 2.0, 3.0))
    other.overlay, other.height, other.step, other.colormap = "bytes", "flops", 2, "viridis"
    other.range, other.scale, other.keep = (0.0, 1.0), "log", (-inf, 3.0)
    state = ViewState()
    state.assign(other)
    assert state == other


@pytest.mark.parametrize(
    "text",
    [
        '{"angle":[0,0,0]}',
        '{"camera":{"target":[1,1,1],"azimuth":1,"elevation":1,"distance":1,"fov":0}}',
        '{"camera":{"target":[1,1,1],"azimuth":1,"elevation":1,"distance":0,"fov":30}}',
        b'{"focus":"\xff"}',
        '{"camera":{"a":' + "[" * 100_000 + "]" * 100_000 + "}}",
    ],
)
def test_what_nothing_can_be_seen_with_is_refused(text, toy):
    with pytest.raises(InputError, match="view state"):
        ViewState.from_json(text, toy)


def test_json_names_hidden_parts_by_their_paths(toy, same_toy_again):
    hidden = frozenset(toy.id_of(path) for path in ("lm_head", "model.layers.2"))
    state = ViewState(hidden=hidden, compacted=frozenset({toy.id_of("lm_head")}))
    text = state.to_json(toy)
    assert sorted(json.loads(text)["hidden"]) == ["lm_head", "model.layers.2"]
    assert json.loads(text)["compacted"] == ["lm_head"]
    assert ViewState.from_json(text, same_toy_again) == state


def test_what_the_layout_leaves_out_is_hidden_and_nothing_is_hidden_twice(toy):
    text = '{"hidden": ["model.layers.2.mlp", "model.layers.2"], "compacted": ["model.layers.2"]}'
    state = ViewState.from_json(text, toy)
    assert state.hidden == state.compacted == frozenset({toy.id_of("model.layers.2")})


def test_a_byte_order_mark_is_no_part_of_a_state(toy):
    text = ViewState(theme="light").to_json(toy)
    for marked in ("\ufeff" + text, ("\ufeff" + text).encode()):
        assert ViewState.from_json(marked, toy) == ViewState(theme="light")


@pytest.mark.parametrize("field", ["focus", "hidden"])
def test_a_long_path_is_cut_in_the_error(field, toy):
    path = "x" * 900_000
    with pytest.raises(InputError, match="no part of") as caught:
        ViewState.from_json(json.dumps({field: [path] if field == "hidden" else path}), toy)
    assert len(str(caught.value)) < 400
