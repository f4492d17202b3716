"""The figures of published models, exact, from checkpoints with their real tensor lists."""

import sys
from pathlib import Path

import numpy as np
import pytest

from archviz3d.graph import ModelGraph, NodeKind
from archviz3d.graph.summary import AttentionSummary, StackSummary, summarize
from archviz3d.loaders import load

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "examples"))
import sparse_gguf
from sparse_checkpoints import write


@pytest.fixture(scope="module")
def deepseek_v3(tmp_path_factory) -> ModelGraph:
    folder = tmp_path_factory.mktemp("models") / "deepseek-v3"
    write("deepseek-v3", folder)
    return load(str(folder))


def test_deepseek_v3_has_its_published_figures(deepseek_v3):
    s = summarize(deepseek_v3)
    assert s.parameters == 684_489_845_504
    assert s.main_parameters == 671_026_419_200  # README_WEIGHTS.md of the model
    assert s.stored_elements == 684_531_386_000
    assert s.bytes == 688_574_839_360
    assert s.tensors == 91_991
    assert s.layers == 61
    assert s.stacks == [StackSummary("model.layers", 61, 2), StackSummary("model.layers.61", 1, 1)]
    assert (s.experts, s.experts_per_layer, s.experts_per_token) == (14_848, 256, 8)
    assert (s.shared_experts, s.moe_layers) == (1, 58)
    assert s.attention == AttentionSummary(heads=128, kv_heads=128, head_dim=128)
    assert {name: d.tensors for name, d in s.dtypes.items()} == {"BF16": 316, "F32": 45_867, "F8_E4M3": 45_808}
    assert s.warnings == []


def test_every_expert_and_head_is_an_object(deepseek_v3):
    g = deepseek_v3
    assert len(g.of_kind(NodeKind.EXPERT)) == 59 * 256  # 58 layers and the multi-token-prediction one
    assert len(g.of_kind(NodeKind.HEAD)) == 62 * 128
    expert = g.id_of("model.layers.17.mlp.experts.103")
    assert [g.name_of(int(c)) for c in g.children(expert)] == ["gate_proj", "up_proj", "down_proj"]
    assert g.total(g.parameters, expert) == 3 * 2048 * 7168
    experts = g.of_kind(NodeKind.EXPERT)
    assert len(np.unique(g.signature[experts])) == 1


def test_mixtral_has_its_published_figures(tmp_path):
    write("mixtral-8x7b", tmp_path)
    s = summarize(load(str(tmp_path)))
    assert s.parameters == s.main_parameters == 46_702_792_704
    assert (s.tensors, s.layers, s.moe_layers) == (995, 32, 32)
    assert (s.experts, s.experts_per_layer, s.experts_per_token) == (256, 8, 2)
    assert s.attention == AttentionSummary(heads=32, kv_heads=8, head_dim=128)


def test_deepseek_v3_as_gguf_is_the_same_model(tmp_path):
    """Nine parts, experts fused, heads compressed into one: and yet the figures of its authors."""
    sparse_gguf.write("deepseek-v3", tmp_path)
    g = load(str(tmp_path / "deepseek-v3-Q4_K_M-00005-of-00009.gguf"))
    s = summarize(g)
    assert s.parameters == s.main_parameters == s.stored_elements == 671_026_419_200
    assert (s.tensors, s.bytes, s.layers) == (1_086, 435_030_328_832, 61)
    assert s.stacks == [StackSummary("blk", 61, 2)]
    assert (s.experts, s.experts_per_layer, s.experts_per_token) == (14_848, 256, 8)
    assert (s.shared_experts, s.moe_layers) == (1, 58)
    assert s.attention == AttentionSummary(heads=128, kv_heads=128, head_dim=128)
    assert g.attribute(0, "file_type") == "Q4_K_M"
    assert g.attribute(0, "tokens") == 129_280
    down = g.id_of("blk.60.moe.experts.255.ffn_down_exps.weight")
    assert (g.shape_of(down), g.dtype_of(down)) == ((7168, 2048), "Q6_K")
    assert int(g.bytes[down]) == 7168 * 2048 // 256 * 210
    assert g.file_of(down) == "deepseek-v3-Q4_K_M-00009-of-00009.gguf"
    assert s.warnings == []


def test_mixtral_as_gguf_has_the_same_blocks_and_flow(tmp_path):
    sparse_gguf.write("mixtral-8x7b", tmp_path / "gguf")
    write("mixtral-8x7b", tmp_path / "safetensors")
    ours, theirs = load(str(tmp_path / "gguf")), load(str(tmp_path / "safetensors"))
    a, b = summarize(ours), summarize(theirs)
    same = ["parameters", "layers", "experts", "experts_per_token", "moe_layers", "attention", "edges"]
    assert [getattr(a, key) for key in same] == [getattr(b, key) for key in same]
    kinds = [k for k in NodeKind if k not in (NodeKind.MODULE, NodeKind.TENSOR)]
    assert [len(ours.of_kind(k)) for k in kinds] == [len(theirs.of_kind(k)) for k in kinds]
