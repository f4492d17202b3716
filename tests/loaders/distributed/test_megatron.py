"""Megatron's folders, checked against what megatron-core says of its models' names and shapes."""

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from archviz3d.errors import InputError
from archviz3d.graph import NodeKind
from archviz3d.loaders import load

DATA = Path(__file__).parents[2] / "data" / "megatron"
torch = pytest.importorskip("torch")

# The sharded names are those of the fused layers of Transformer Engine, whatever layers the model has.
_NORMS = {
    "input_layernorm.weight": "self_attention.linear_qkv.layer_norm_weight",
    "pre_mlp_layernorm.weight": "mlp.linear_fc1.layer_norm_weight",
}


@pytest.fixture
def copied(tmp_path):
    """Return a function that copies a fixture."""
    return lambda name: Path(shutil.copytree(DATA / name, tmp_path / name))


def expected(name):
    return {key: tuple(shape) for key, (shape, _) in json.loads((DATA / name / "expected.json").read_text()).items()}


def test_ranks_are_joined_as_megatron_core_joins_them(stored):
    graph = load(str(DATA / "ranks"))
    found = {name: graph.shape_of(node) for name, node in stored(graph).items()}
    for plain, fused in _NORMS.items():
        found = {name.replace(plain, fused): shape for name, shape in found.items()}
    assert found == expected("ranks")
    assert len(graph.of_kind(NodeKind.LAYER)) == 4
    attention = int(graph.of_kind(NodeKind.ATTENTION)[0])
    assert [graph.attribute(attention, key) for key in ("heads", "kv_heads", "head_dim")] == [4, 2, 4]
    assert graph.warnings == ()


def test_rank_folders_and_torch_dist_of_one_model_have_the_same_values(values, stored):
    """Both fixtures are the same model: what the rule table joined must be what megatron-core wrote as pieces."""
    ranks, whole = load(str(DATA / "ranks")), load(str(DATA / "torch_dist" / "iter_0000100"))
    nodes, others = stored(ranks), stored(whole)
    for name, node in nodes.items():
        other = next((name.replace(a, b) for a, b in _NORMS.items() if name.endswith(a)), name)
        one = values(ranks, DATA / "ranks" / "iter_0000100", node)
        two = values(whole, DATA / "torch_dist" / "iter_0000100", others[other])
        np.testing.assert_array_equal(one, two, err_msg=name)


def test_experts_of_all_ranks(stored):
    graph = load(str(DATA / "experts"))
    found = stored(graph)
    numbers = {name.split("local_experts.")[1].split(".")[0] for name in found if "local_experts" in name}
    assert numbers == {"0", "1", "2", "3"}
    assert len(graph.of_kind(NodeKind.EXPERT)) == 16
    assert graph.total_parameters[0] == sum(int(np.prod(shape)) for shape in expected("experts").values())


@pytest.mark.parametrize("name", ["torch_dist", "torch_dist_experts"])
def test_torch_dist_stacks_are_shown_by_layer(name, stored):
    graph = load(str(DATA / name))
    found = {path: graph.shape_of(node) for path, node in stored(graph).items() if ".experts." not in path}
    assert found == {key: shape for key, shape in expected(name).items() if ".experts." not in key}
    node = graph.id_of("decoder.layers.2.self_attention.linear_qkv.weight")
    assert graph.attribute(node, "slice_of") == "decoder.layers.self_attention.linear_qkv.weight"
    assert graph.attribute(node, "slice_index") == 2
    assert graph.total_parameters[0] == sum(int(np.prod(shape)) for shape in expected(name).values())
    assert graph.warnings == ()


def test_torch_dist_experts_are_nodes(values, stored):
    """The same model as in the rank folders, whose experts have numbers: their values must be the same."""
    graph, ranks = load(str(DATA / "torch_dist_experts")), load(str(DATA / "experts"))
    assert len(graph.of_kind(NodeKind.EXPERT)) == 16
    theirs = stored(ranks)
    folder = DATA / "torch_dist_experts" / "iter_0000100"
    for name, node in stored(graph).items():
        if ".experts.experts." in name:
            other = theirs[name.replace(".experts.experts.", ".experts.local_experts.")]
            one, two = values(graph, folder, node), values(ranks, DATA / "experts" / "iter_0000100", other)
            np.testing.assert_array_equal(one, two)


def test_a_missing_tensor_rank_leaves_holes_and_no_wrong_shape(copied):
    folder = copied("ranks")
    shutil.rmtree(folder / "iter_0000100" / "mp_rank_01_000")
    graph = load(str(folder))
    node = graph.id_of("decoder.layers.0.self_attention.linear_proj.weight")
    assert graph.shape_of(node) == (16, 16)
    assert graph.attribute(node, "pieces")[1] == "[0:16, 8:16] missing"
    assert any("1 of 4 ranks are missing" in warning for warning in graph.warnings)


def test_a_missing_pipeline_rank_does_not_renumber_the_rest(copied):
    folder = copied("ranks")
    for rank in ("mp_rank_00_000", "mp_rank_01_000"):
        shutil.rmtree(folder / "iter_0000100" / rank)
    graph = load(str(folder))
    assert [graph.name_of(int(i)) for i in graph.children(graph.id_of("decoder.layers"))] == ["2", "3"]


def _every(folder, change):
    for file in sorted(folder.glob("iter_*/*/model_optim_rng.pt")):
        state = torch.load(file, weights_only=False)
        change(state)
        torch.save(state, file)


def test_what_no_rule_knows_is_not_joined(copied):
    folder = copied("ranks")
    _every(folder, lambda state: state["model"].update({"decoder.adapter.table": torch.zeros(3, 5)}))
    graph = load(str(folder))
    assert graph.shape_of(graph.id_of("decoder.adapter.table.rank_0")) == (3, 5)
    assert graph.shape_of(graph.id_of("decoder.adapter.table.rank_1")) == (3, 5)
    assert any("is not known, so each rank's is shown: decoder.adapter.table" in text for text in graph.warnings)


def test_virtual_pipeline_stages_interleave(copied):
    """With two virtual stages, rank 0 has layers 0 and 2, rank 1 has 1 and 3."""
    folder = copied("ranks")

    def split(state):
        model = state.pop("model")
        first = {name: value for name, value in model.items() if ".layers.1." not in name}
        second = {n.replace(".layers.1.", ".layers.0."): v for n, v in model.items() if ".layers.1." in n}
        stage = 10 * bool("output_layer.weight" in model)
        for part, number in ((first, stage), (second, stage + 1)):
            for name in part:
                if name.endswith("input_layernorm.weight"):
                    part[name] = torch.full((16,), float(number))
        state |= {"model0": first, "model1": second}

    _every(folder, split)
    graph = load(str(folder))
    numbers = []
    for layer in range(4):
        node = graph.id_of(f"decoder.layers.{layer}.input_layernorm.weight")
        raw = (folder / "iter_0000100" / graph.file_of(node)).read_bytes()
        numbers.append(np.frombuffer(raw, "<f4", 1, int(graph.offset[node]))[0])
    assert numbers == [0, 10, 1, 11]


def test_more_ranks_than_any_machine_has(copied):
    folder = copied("ranks")
    _every(folder, lambda state: setattr(state["args"], "tensor_model_parallel_size", 2**20))
    with pytest.raises(InputError, match="tensors among 1,048,576 ranks; at most"):
        load(str(folder))


@pytest.mark.parametrize("text", ["../../etc", "5", "", "9" * 500, "iter_0000100"])
def test_a_tracker_that_names_nothing_here(copied, text):
    folder = copied("ranks")
    (folder / "latest_checkpointed_iteration.txt").write_text(text)
    with pytest.raises(InputError, match="which is not here"):
        load(str(folder))


def test_shards_that_do_not_fit(copied):
    folder = copied("ranks")
    file = folder / "iter_0000100" / "mp_rank_01_000" / "model_optim_rng.pt"
    state = torch.load(file, weights_only=False)
    state["model"]["decoder.layers.0.self_attention.linear_proj.weight"] = torch.zeros(17, 8)
    torch.save(state, file)
    with pytest.raises(InputError, match="shards that do not fit along dimension 1"):
        load(str(folder))


def test_a_fifo_for_a_rank(copied):
    folder = copied("ranks")
    file = folder / "iter_0000100" / "mp_rank_01_000" / "model_optim_rng.pt"
    file.unlink()
    os.mkfifo(file)
    with pytest.raises(InputError, match="no regular file"):
        load(str(folder))


@pytest.mark.parametrize("name", ["iter_0000100", "iter_0000100/mp_rank_01_000"])
def test_a_folder_that_is_a_link(copied, tmp_path, name):
    folder = copied("ranks")
    shutil.move(folder / name, tmp_path / "elsewhere")
    (folder / name).symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    with pytest.raises(InputError, match="is a link to another folder"):
        load(str(folder))
