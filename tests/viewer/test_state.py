import json

import pytest

from archviz3d.errors import InputError
from archviz3d.viewer.camera import Camera
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
        ('{"zoom": 2}', "zoom"),
        ('{"schema": 2}', "schema"),
        ('{"theme": "pink"}', "theme"),
    ],
)
def test_bad_json_is_refused_in_one_line(text, hint, toy):
    with pytest.raises(InputError, match=hint) as caught:
        ViewState.from_json(text, toy)
    assert "\n" not in str(caught.value)


def test_assign_takes_over_all_values():
    other = ViewState(focus=4, selection=2, theme="light", labels=False, angle=(1.0, 2.0, 3.0))
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
