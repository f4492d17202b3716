"""Data flow of Hugging Face models, from their classes, on the meta device."""

import pytest

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

import archviz3d  # noqa: E402 - torch may be missing
from archviz3d.graph import EdgeKind, NodeKind, Provenance  # noqa: E402

from .test_flow import flow, inside  # noqa: E402

SMALL = {"hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 96}
CONFIGS = {
    "llama": {**SMALL, "num_key_value_heads": 2, "vocab_size": 100},
    "mixtral": {**SMALL, "num_key_value_heads": 2, "vocab_size": 100, "num_local_experts": 4},
    "bert": {**SMALL, "vocab_size": 100},
    "vit": {**SMALL, "image_size": 32, "patch_size": 8},
    "t5": {"d_model": 64, "d_kv": 16, "d_ff": 96, "num_layers": 2, "num_heads": 4, "vocab_size": 100},
    "gpt2": {"n_embd": 64, "n_layer": 2, "n_head": 4, "vocab_size": 100},
}


def load(family, **options):
    config = transformers.AutoConfig.for_model(family, **CONFIGS[family])
    with torch.device("meta"):
        module = transformers.AutoModel.from_config(config)
    implementation = module.config._attn_implementation
    graph = archviz3d.load(module, **options)
    assert module.config._attn_implementation == implementation
    assert not graph.warnings
    return graph


@pytest.mark.parametrize("family", CONFIGS)
def test_every_part_with_weights_is_reached(family):
    graph = load(family)
    ends = {end for edge in flow(graph) for end in edge}
    without = [
        path
        for path in (graph.path(int(graph.parent[i])) for i in graph.of_kind(NodeKind.TENSOR).tolist())
        if not any(end == path or end.startswith(f"{path}.") or path.startswith(f"{end}.") for end in ends - {"@"})
    ]
    assert set(without) <= {"shared"}  # T5 calls its embedding by another of its names
    assert (graph.edges.provenance == Provenance.INFERRED).sum() <= 2 * 4  # inside experts, which no run tells apart


def test_llama():
    graph = load("llama")
    layer = "layers.1"
    assert inside(graph, layer, [EdgeKind.RESIDUAL]) == {
        ("@", "input_layernorm"), ("self_attn", "@"), ("@", "post_attention_layernorm"), ("mlp", "@")
    }  # fmt: skip
    attention = inside(graph, f"{layer}.self_attn")
    assert {("@", "q_proj"), ("@", "k_proj"), ("@", "v_proj"), ("o_proj", "@")} <= attention
    assert {("q_proj", "heads"), ("k_proj", "heads"), ("v_proj", "heads"), ("heads", "o_proj")} <= attention
    assert {("gate_proj", "act_fn"), ("act_fn", "down_proj"), ("up_proj", "down_proj")} <= inside(graph, f"{layer}.mlp")
    assert {("rotary_emb", "layers.0"), ("rotary_emb", "layers.1"), ("layers.0", "layers.1")} <= flow(graph)
    edges = graph.edges
    (k,) = (
        k
        for k in range(len(edges))
        if (graph.path(int(edges.source[k])), graph.path(int(edges.target[k]))) == ("layers.0", "layers.1")
    )
    assert graph.shapes[edges.shape_code[k]] == (1, 8, 64)


def test_a_router_feeds_its_experts():
    graph = load("mixtral")
    assert inside(graph, "layers.0.mlp", [EdgeKind.ROUTED]) == {("gate", "experts")}
    assert len(graph.of_kind(NodeKind.EXPERT)) == 8


def test_a_decoder_reads_its_encoder():
    graph = load("t5")
    edges = flow(graph)
    assert {("encoder", "decoder"), ("decoder", "decoder.block.1"), ("encoder.block.0", "encoder.block.1")} <= edges


def test_operators_of_llama_lie_in_their_modules():
    graph = load("llama", flow="operators")
    assert graph.attribute(0, "traced_by") == "operators by torch.export on the meta device"
    edges = flow(graph)
    attention = "layers.0.self_attn"
    assert (f"{attention}.q_proj.weight", f"{attention}.q_proj.linear") in edges
    product = graph.id_of(f"{attention}.scaled_dot_product_attention")
    assert graph.attribute(product, "operator") == "aten.scaled_dot_product_attention.default"
    assert Provenance.INFERRED not in graph.edges.provenance.tolist()
