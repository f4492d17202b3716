import pytest

from archviz3d.errors import UsageError
from archviz3d.graph import GraphBuilder, ModelGraph, NodeKind
from archviz3d.layout.hiding import hidden_mask
from archviz3d.viewer.levels import resolve_focus, resolve_path


@pytest.fixture
def graph() -> ModelGraph:
    """A dense layer, two layers of three experts, one matrix and one vector in each expert."""
    builder = GraphBuilder("m", "test")
    stack = builder.node(0, "layers", NodeKind.STACK)
    for k in range(3):
        layer = builder.node(stack, str(k), NodeKind.LAYER)
        if k == 0:
            builder.tensor(layer, "bias", (4,), "F32", nbytes=16)
        for e in range(3 if k else 0):
            expert = builder.node(layer, str(e), NodeKind.EXPERT)
            builder.tensor(expert, "bias", (4,), "F32", nbytes=16)
            builder.tensor(expert, "weight", (4, 4), "F32", nbytes=64)
    return builder.build()


def test_a_level_means_the_first_of_the_most_frequent_kind(graph):
    assert resolve_focus(graph, None, None) == 0
    assert resolve_focus(graph, None, "stack") == 0
    assert graph.path(resolve_focus(graph, None, "layer")) == "layers.1"
    assert graph.path(resolve_focus(graph, None, "expert")) == "layers.1.0"
    assert graph.path(resolve_focus(graph, None, "tensor")) == "layers.1.0.weight"


def test_a_level_upwards_means_what_encloses_the_focus(graph):
    assert graph.path(resolve_focus(graph, "layers.2.1.weight", "expert")) == "layers.2.1"
    assert graph.path(resolve_focus(graph, "layers.2.1.weight", "layer")) == "layers.2"
    assert graph.path(resolve_focus(graph, "layers.2", "expert")) == "layers.2.0"


def test_a_level_that_the_model_lacks_is_refused(graph):
    with pytest.raises(UsageError, match=r"'layers.0' has no expert"):
        resolve_focus(graph, "layers.0", "expert")


@pytest.mark.parametrize(
    ("path", "hint"),
    [
        ("layers.7", "'layers' has 0 to 2"),
        ("layer.1", "did you mean layers"),
        ("layers.1.0.weigth", "layers.1.0.weight"),
        ("layers.1.0.weight.x", "has nothing inside"),
    ],
)
def test_an_unknown_path_names_what_is_there(graph, path, hint):
    with pytest.raises(UsageError, match=hint):
        resolve_path(graph, path)


def test_a_level_passes_by_what_is_hidden(graph):
    hidden = hidden_mask(graph, [graph.id_of("layers.0"), graph.id_of("layers.1"), graph.id_of("layers.2.0")])
    assert graph.path(resolve_focus(graph, None, "layer", hidden)) == "layers.2"
    assert graph.path(resolve_focus(graph, None, "expert", hidden)) == "layers.2.1"
    with pytest.raises(UsageError, match="no expert"):
        resolve_focus(graph, None, "expert", hidden_mask(graph, [graph.id_of("layers")]))
