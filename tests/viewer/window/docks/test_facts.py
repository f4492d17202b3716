import pytest

from archviz3d.graph.builder import GraphBuilder
from archviz3d.graph.kinds import NodeKind, Provenance
from archviz3d.viewer.window.docks.facts import describe
from archviz3d.viewer.window.docks.words import kind_word, node_title, provenance_words
from archviz3d.viewer.window.pointing.hover_tip import tip_html


def facts_of(graph, path):
    return {
        (section.title, fact.label): (fact.text, fact.detail)
        for section in describe(graph, graph.id_of(path))
        for fact in section.facts
    }


def test_a_tensor_is_described_whole(toy):
    facts = facts_of(toy, "model.layers.2.mlp.experts.7.up_proj.weight")
    assert facts["Size", "Parameters"] == ("2.05 k", "2048")
    assert facts["Size", "Stored"] == ("4.1 kB", "4096 B")
    assert facts["Tensor", "Shape"][0] == "32 × 64"
    assert facts["Tensor", "Type"][0] == "BF16"
    assert facts["Tensor", "File"][0] == "model.safetensors"
    assert facts["Tensor", "Offset"][0] == "128"
    assert facts["How it is known", "This part"][0] == "Declared in the file"


def test_a_container_says_what_is_inside(toy):
    facts = facts_of(toy, "model.layers")
    assert facts["Inside", "Layer"][0] == "6, all alike"
    assert facts["Inside", "Tensors"][0] == "330"
    assert ("Tensor", "Shape") not in facts


def test_attributes_have_readable_names(toy):
    assert facts_of(toy, "model.layers.0.mlp")["Attributes", "experts per token"][0] == "2"
    assert facts_of(toy, "model.layers.0.self_attn")["Attributes", "attention heads"][0] == "8"


def test_derived_parts_say_so(toy):
    facts = facts_of(toy, "model.layers.0.self_attn.heads.3")
    assert facts["How it is known", "This part"][0] == "Derived from what the file declares"


def test_what_was_recognised_is_not_passed_off_as_declared(toy):
    facts = facts_of(toy, "model.layers.2.mlp.experts.7")
    assert facts["How it is known", "This part"][0] == "Declared in the file"
    assert facts["How it is known", "Expert"][0] == "Inferred from names and shapes"
    assert not any(label == "Tensor" for _, label in facts_of(toy, "model.layers.2.mlp.experts.7.up_proj.weight"))


def test_a_live_model_is_no_file():
    b = GraphBuilder("live", "torch.nn.Module")
    linear = b.node(0, "fc", NodeKind.LINEAR)
    for name, shape in (("weight", (2, 2)), ("bias", (2,))):
        b.tensor(linear, name, shape, "F32", nbytes=16)
    facts = facts_of(b.build(), "fc")
    assert facts["How it is known", "This part"][0] == "Declared by the module"
    assert facts["Inside", "Tensors"][0] == "2"
    assert ("Inside", "Tensor") not in facts  # said once


@pytest.mark.parametrize("kind", NodeKind)
def test_every_kind_has_a_word(kind):
    assert kind_word(kind)


@pytest.mark.parametrize("provenance", Provenance)
def test_every_provenance_has_words(provenance):
    assert provenance_words(provenance)


def test_titles_put_the_kind_before_a_number(toy):
    assert node_title(toy, toy.id_of("model.layers.2")) == "layer 2"
    assert node_title(toy, toy.id_of("model.layers.2.mlp")) == "mlp"
    assert node_title(toy, 0) == "toy-moe"


def test_the_tip_says_name_kind_parameters_shape(toy):
    tip = tip_html(toy, toy.id_of("model.layers.2.mlp.experts.7.up_proj.weight"))
    assert tip == "<b>up_proj.weight</b><br>tensor · 2.05 k parameters · 32 × 64 BF16"
    assert tip_html(toy, toy.id_of("model.layers.2")) == "<b>layer 2</b><br>116 k parameters"
