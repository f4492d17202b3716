"""The figures of published models, exact, from checkpoints with their real tensor lists."""

import sys
from pathlib import Path

import numpy as np
import pytest

from archviz3d.graph import ModelGraph, NodeKind
from archviz3d.graph.summary import AttentionSummary, StackSummary, summarize
from archviz3d.loaders import load

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "examples"))
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
