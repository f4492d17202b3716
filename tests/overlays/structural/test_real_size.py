"""Published figures of real models, from checkpoints with their real tensor lists."""

import sys
from pathlib import Path

import numpy as np
import pytest

from archviz3d.graph import ModelGraph
from archviz3d.loaders import load

from .conftest import made, value

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "examples"))
import sparse_gguf
from sparse_checkpoints import write

MAIN = 671_026_419_200
EXPERT = 3 * 2048 * 7168
EMBEDDING = 129_280 * 7168


@pytest.fixture(scope="module", params=["safetensors", "gguf"])
def deepseek_v3(request, tmp_path_factory) -> ModelGraph:
    folder = tmp_path_factory.mktemp("models")
    if request.param == "safetensors":
        write("deepseek-v3", folder)
        return load(str(folder))
    sparse_gguf.write("deepseek-v3", folder)
    return load(str(folder / "deepseek-v3-Q4_K_M-00001-of-00009.gguf"))


def test_deepseek_v3_activates_37_billion_of_671(deepseek_v3):
    active = MAIN - 58 * (256 - 8) * EXPERT
    assert round(active / 1e9, 2) == 37.55  # model card: "671B total parameters with 37B activated"
    assert value(deepseek_v3, "active", "") == pytest.approx(active / MAIN, rel=1e-6)


def test_deepseek_v3_caches_70_kb_a_token(deepseek_v3):
    # DeepSeek-AI 2025, arXiv:2505.09343, table 1: 70.272 KB
    assert value(deepseek_v3, "kv-cache", "") == 61 * (512 + 64) * 2 == 70_272


def test_deepseek_v3_multiplies_with_all_that_is_active_but_embedding_norms_and_biases(deepseek_v3):
    norms = 61 * (2 * 7168 + 1536 + 512) + 7168
    weights = MAIN - 58 * (256 - 8) * EXPERT - EMBEDDING - norms - 58 * 256
    assert value(deepseek_v3, "flops", "") == pytest.approx(2 * weights, rel=1e-6)


def test_deepseek_v3_has_a_bias_on_each_expert(deepseek_v3):
    overlay = made(deepseek_v3, "router-bias")
    assert len(overlay.ids) in (58 * 256, 59 * 256)  # the GGUF leaves the prediction layer out
    assert not overlay.values.any()  # a hole in a file


def test_deepseek_v3_is_of_the_type_that_its_authors_say(tmp_path):
    write("deepseek-v3", tmp_path)
    graph = load(str(tmp_path))
    overlay = made(graph, "dtype")
    assert overlay.categories[int(value(graph, "dtype", ""))] == "F8_E4M3"


def test_mixtral_activates_12_9_billion_of_46_7(tmp_path):
    write("mixtral-8x7b", tmp_path)
    graph = load(str(tmp_path))
    # mistral.ai/news/mixtral-of-experts: 46.7B total parameters, 12.9B used a token
    assert value(graph, "active", "") == pytest.approx(12_879_925_248 / 46_702_792_704, rel=1e-6)
    assert value(graph, "kv-cache", "") == 32 * 2 * 8 * 128 * 2
    assert value(graph, "flops", "") == pytest.approx(2 * (12_879_925_248 - 32_000 * 4096 - 65 * 4096), rel=1e-6)
    assert np.isnan(value(graph, "flops", "model.norm"))
