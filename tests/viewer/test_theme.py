import numpy as np
import pytest

from archviz3d.graph.builder import GraphBuilder
from archviz3d.graph.kinds import NodeKind
from archviz3d.viewer.theme import (
    DARK,
    LIGHT,
    PRINT,
    THEMES,
    Tone,
    contrast,
    node_colors,
    node_tones,
    plate_colors,
    rgb,
)


def test_tensors_take_the_tone_of_what_they_belong_to(toy):
    tones = node_tones(toy)

    def tone(path):
        return Tone(int(tones[toy.id_of(path)]))

    assert tone("model.layers.0.self_attn.q_proj.weight") == Tone.ATTENTION
    assert tone("model.layers.0.self_attn.o_proj.weight") == Tone.OUTPUT_PROJECTION
    assert tone("model.layers.0.mlp.experts.3.up_proj.weight") == Tone.EXPERT
    assert tone("model.layers.0.input_layernorm.weight") == Tone.NORM
    assert tone("lm_head.weight") == Tone.OUTPUT
    assert tone("model.layers.0") == Tone.CONTAINER


def test_an_mlp_needs_no_module_of_its_own():
    b = GraphBuilder("encoder", "made by hand")
    layer = b.node(b.node(0, "layers", NodeKind.STACK), "0", NodeKind.LAYER)
    for name in ("linear1", "norm1"):
        kind = NodeKind.NORM if name == "norm1" else NodeKind.LINEAR
        b.tensor(b.node(layer, name, kind, role="mlp.up"), "weight", (2, 2), "F32", nbytes=16)
    graph = b.build()
    tones = node_tones(graph)
    assert tones[graph.id_of("layers.0.linear1.weight")] == tones[graph.id_of("layers.0.linear1")] == Tone.EXPERT
    assert tones[graph.id_of("layers.0.norm1")] == Tone.NORM


def test_unknown_parts_stay_plain():
    b = GraphBuilder("odd", "made by hand")
    module = b.node(0, "thing")
    b.tensor(b.node(module, "fc", NodeKind.LINEAR), "weight", (2, 2), "F32", nbytes=16)
    b.tensor(0, "loose", (2, 2), "F32", nbytes=16)
    assert set(node_tones(b.build())[1:].tolist()) == {Tone.PLAIN}


def test_operators_have_the_tone_of_what_they_do():
    b = GraphBuilder("graph", "made by hand")
    attention = b.node(0, "attn", NodeKind.ATTENTION)
    plain = b.node(0, "block")
    wanted = {
        b.node(plain, "conv", NodeKind.OPERATOR, operator="Conv"): Tone.CONV,
        b.node(plain, "norm", NodeKind.OPERATOR, operator="aten.layer_norm.default"): Tone.NORM,
        b.node(plain, "relu", NodeKind.OPERATOR, operator="Relu"): Tone.OPERATOR,
        b.node(plain, "alone", NodeKind.OPERATOR, operator="MatMul"): Tone.OPERATOR,
        b.node(attention, "scores", NodeKind.OPERATOR, operator="MatMul"): Tone.ATTENTION,
        b.node(attention, "odd", NodeKind.OPERATOR, operator="Mystery"): Tone.OPERATOR,
        b.node(attention, "no_type", NodeKind.OPERATOR): Tone.OPERATOR,
    }
    graph = b.build()
    paths = ["block.conv", "block.norm", "block.relu", "block.alone", "attn.scores", "attn.odd", "attn.no_type"]
    tones = node_tones(graph)
    assert [Tone(int(tones[graph.id_of(path)])) for path in paths] == list(wanted.values())


@pytest.mark.parametrize("theme", THEMES.values(), ids=lambda t: t.name)
def test_every_node_has_a_colour(toy, theme):
    colors = node_colors(toy, theme)
    assert colors.shape == (len(toy), 3)
    assert colors.dtype == np.uint8
    assert len(theme.tones) == len(Tone)
    expert = toy.id_of("model.layers.0.mlp.experts.3")
    assert np.array_equal(colors[expert], rgb(theme.tones[Tone.EXPERT]).astype(np.uint8))
    assert plate_colors(toy, theme, node_tones(toy)).shape == (len(toy), 3)


def test_the_kinds_have_the_colours_of_the_design():
    assert DARK.tones[Tone.ATTENTION] == "#5c92eb"
    assert DARK.tones[Tone.OUTPUT_PROJECTION] == "#4670cd"
    assert DARK.tones[Tone.EXPERT] == "#e0963f"
    assert DARK.residual == "#78ebc8"


@pytest.mark.parametrize("theme", THEMES.values(), ids=lambda t: t.name)
def test_text_can_be_read_on_the_ground_and_on_plates(theme):
    for ground in (*theme.ground, *theme.plates):
        assert contrast(rgb(theme.text), rgb(ground)) >= 7
        assert contrast(rgb(theme.text_dim), rgb(ground)) >= 4.5


def test_a_print_has_a_white_page_and_dark_inks():
    assert PRINT.ground == ("#ffffff", "#ffffff")
    for plate, light in zip(PRINT.plate_table, LIGHT.plate_table, strict=True):
        assert contrast(plate, (255, 255, 255)) < contrast(light, (255, 255, 255))
    for ink in (PRINT.residual, PRINT.flow, PRINT.routed, PRINT.hover, PRINT.selection):
        assert contrast(rgb(ink), (255, 255, 255)) > 3
    # An outline on the lightest plate is grey that a printer of 600 dots an inch still draws as a line.
    assert contrast(PRINT.plate_table[0] * (1 + PRINT.edge), (255, 255, 255)) > 3


def test_contrast_is_that_of_wcag():
    assert contrast((255, 255, 255), (0, 0, 0)) == pytest.approx(21)
    assert contrast((119, 119, 119), (255, 255, 255)) == pytest.approx(4.48, abs=0.01)
