import pytest

from archviz3d.viewer.window.moving.stations import step_in, step_out


@pytest.mark.parametrize(
    ("focus", "hit", "stop"),
    [
        # from the whole model anything in a layer leads to the layer
        ("", "model.layers.2.mlp.experts.7.up_proj.weight", "model.layers.2"),
        ("", "model.layers.2", "model.layers.2"),
        ("model.layers", "model.layers.5.self_attn.heads.1", "model.layers.5"),
        # beside the layers it leads to the part
        ("", "lm_head.weight", "lm_head.weight"),
        ("", "model.embed_tokens.weight", "model.embed_tokens.weight"),
        ("", "model.embed_tokens", "model.embed_tokens"),
        # inside a layer, to the expert, or else to the block
        ("model.layers.2", "model.layers.2.mlp.experts.7.up_proj.weight", "model.layers.2.mlp.experts.7"),
        ("model.layers.2", "model.layers.2.mlp.experts.7", "model.layers.2.mlp.experts.7"),
        ("model.layers.2", "model.layers.2.mlp.experts", "model.layers.2.mlp"),
        ("model.layers.2", "model.layers.2.self_attn.q_proj.weight", "model.layers.2.self_attn"),
        # inside an expert, to a matrix
        (
            "model.layers.2.mlp.experts.7",
            "model.layers.2.mlp.experts.7.up_proj.weight",
            "model.layers.2.mlp.experts.7.up_proj.weight",
        ),
        # sideways: the way starts where both are
        ("model.layers.2", "model.layers.3.mlp.experts.1", "model.layers.3"),
        ("model.layers.2.mlp.experts.7", "model.layers.2.mlp.experts.8.up_proj", "model.layers.2.mlp.experts.8"),
        # already there
        ("model.layers.2", "model.layers.2", "model.layers.2"),
    ],
)
def test_step_in(focus, hit, stop, toy):
    assert toy.path(step_in(toy, toy.id_of(focus), toy.id_of(hit))) == stop


@pytest.mark.parametrize(
    ("focus", "stop"),
    [
        ("", ""),
        ("model.layers.2", ""),
        ("model.layers.2.mlp.experts.7", "model.layers.2"),
        ("model.layers.2.mlp.experts.7.up_proj.weight", "model.layers.2.mlp.experts.7"),
        ("model.layers.2.self_attn.q_proj", "model.layers.2.self_attn"),
        ("lm_head", ""),
    ],
)
def test_step_out(focus, stop, toy):
    assert toy.path(step_out(toy, toy.id_of(focus))) == stop


def test_stepping_out_and_in_again_ends_for_every_node(toy):
    for node in range(len(toy)):
        steps, here = 0, node
        while here:
            there = step_out(toy, here)
            assert there in toy.ancestors(here)
            assert step_in(toy, there, here) == here
            here, steps = there, steps + 1
        assert steps < 12
