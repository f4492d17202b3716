"""The tip beside the cursor, as text."""

from archviz3d.graph.builder import GraphBuilder
from archviz3d.graph.kinds import NodeKind
from archviz3d.viewer.window.pointing.hover_tip import tip_html


def test_a_tip_in_plain_words_tells_the_files_name_too(toy):
    attention = toy.id_of("model.layers.2.self_attn")
    assert tip_html(toy, attention).startswith("<b>self_attn</b><br>")
    title, facts = tip_html(toy, attention, plain=True).split("<br>")
    assert title == "<b>Attention</b>"
    assert facts.split(" · ")[0] == "self_attn"


def test_a_tensor_is_named_with_the_part_that_it_is_of(toy):
    weight = toy.id_of("model.layers.2.mlp.experts.7.up_proj.weight")
    title, facts = tip_html(toy, weight, plain=True).split("<br>")
    assert title == "<b>Up projection · weight</b>"
    assert facts.split(" · ")[0] == "up_proj.weight"


def test_a_name_that_no_table_has_stays():
    b = GraphBuilder("odd", "made by hand")
    b.tensor(b.node(0, "frobnicator", NodeKind.MODULE), "weight", (8, 8), "F32", nbytes=256)
    graph = b.build()
    weight = graph.id_of("frobnicator.weight")
    assert tip_html(graph, weight, plain=True) == tip_html(graph, weight)
