import pytest

from archviz3d.graph import GraphBuilder, NodeKind
from archviz3d.viewer.words import translation
from archviz3d.viewer.words.captions import caption_of, facts_of, title_of
from archviz3d.viewer.words.translation import counted, filled, set_translator


@pytest.fixture
def shouting(monkeypatch):
    monkeypatch.setattr(translation, "_translator", translation._translator)  # given back after the test
    set_translator(lambda context, text: f"{context}:{text.upper()}")


@pytest.fixture
def graph():
    builder = GraphBuilder("m", "test")
    layer = builder.node(builder.node(0, "layers", NodeKind.STACK), "3", NodeKind.LAYER)
    builder.tensor(builder.node(layer, "mlp", NodeKind.MLP), "weight", (4, 4), "F32", nbytes=64)
    return builder.build()


def test_titles_facts_and_captions_go_through_the_translator(shouting, graph):
    layer = graph.id_of("layers.3")
    assert title_of(graph, layer) == "m › Scene:LAYER 3"
    assert facts_of(graph, layer) == "Scene:16 PARAMETERS · 64 B"
    assert caption_of(graph, graph.id_of("layers.3.mlp")).name == "Scene:MLP"


def test_numbers_stand_where_the_language_wants_them():
    assert filled("%2 von %1", "8", "256") == "256 von 8"
    assert counted(1, "1", "%1 Schicht", "%1 Schichten") == "1 Schicht"
    assert counted(61, "61", "%1 Schicht", "%1 Schichten") == "61 Schichten"
