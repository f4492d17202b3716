"""DeepSpeed's folders, checked against what its own `zero_to_fp32` made of them."""

import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from archviz3d.errors import InputError
from archviz3d.graph import NodeKind
from archviz3d.loaders import load

DATA = Path(__file__).parents[2] / "data" / "deepspeed"
torch = pytest.importorskip("torch")


@pytest.fixture
def copied(tmp_path):
    """Return a function that copies a fixture."""
    return lambda name: Path(shutil.copytree(DATA / name, tmp_path / name))


@pytest.fixture
def expected():
    safetensors = pytest.importorskip("safetensors.numpy")
    return lambda name: safetensors.load_file(DATA / name / "expected.safetensors")


@pytest.mark.parametrize("inside", ["", "global_step1"])
def test_stage_3_from_the_flat_partitions_bit_by_bit(inside, expected, values, stored):
    folder = DATA / "zero3" / inside
    graph = load(str(folder))
    nodes, wanted = stored(graph), expected("zero3")
    assert nodes.keys() == wanted.keys()
    for name, tensor in wanted.items():
        np.testing.assert_array_equal(values(graph, folder, nodes[name]), tensor)
    assert graph.total_parameters[0] == sum(tensor.size for tensor in wanted.values())
    assert graph.warnings == ()
    assert len(graph.of_kind(NodeKind.LAYER)) == 2


def test_stage_2_has_whole_weights(expected, stored):
    graph = load(str(DATA / "zero2"))
    nodes, wanted = stored(graph), expected("zero2")
    assert {name: graph.shape_of(node) for name, node in nodes.items()} == {n: t.shape for n, t in wanted.items()}
    raw = (DATA / "zero2" / graph.file_of(nodes["lm_head.weight"])).read_bytes()
    halves = np.frombuffer(raw, "<u2", 32 * 8, int(graph.offset[nodes["lm_head.weight"]])).astype("<u4") << 16
    np.testing.assert_allclose(halves.view("<f4").reshape(32, 8), wanted["lm_head.weight"], atol=1e-3)
    optimizer = graph.id_of("optimizer")
    assert graph.kind_of(optimizer) == NodeKind.OPTIMIZER
    assert [graph.name_of(int(child)) for child in graph.children(optimizer)] == ["rank_0_0", "rank_1_0"]


def test_a_pipeline_is_a_file_a_layer(stored):
    graph = load(str(DATA / "pipeline"))
    folder = DATA / "pipeline" / "global_step1"
    wanted = {}
    for file in folder.glob("layer_*"):
        for name, tensor in torch.load(file, weights_only=True).items():
            wanted[f"{int(file.name[6:8])}.{name}"] = tuple(tensor.shape)
    assert {name: graph.shape_of(node) for name, node in stored(graph).items()} == wanted


def test_missing_partitions(copied):
    folder = copied("zero3")
    (folder / "global_step1" / "bf16_zero_pp_rank_1_mp_rank_00_optim_states.pt").unlink()
    graph = load(str(folder))
    assert "the partitions of 1 of 2 ranks are missing" in graph.warnings
    assert graph.shape_of(graph.id_of("lm_head.weight")) == (32, 8)
    assert graph.attribute(graph.id_of("lm_head.weight"), "pieces")[1] == "[128:256] missing"


@pytest.mark.parametrize("tag", ["../other", "/etc", "..", "", "absent", "a\\b"])
def test_a_tag_that_is_no_folder_beside(copied, tag):
    folder = copied("zero2")
    (folder / "latest").write_text(tag)
    with pytest.raises(InputError, match="latest: names"):
        load(str(folder))


def _change(file, change):
    state = torch.load(file, weights_only=False)
    change(state)
    torch.save(state, file)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda s: s["param_shapes"][0].popitem(), "its share of all parameters"),
        (lambda s: s["param_shapes"][0].update({"lm_head.weight": torch.Size([64, 8])}), "its share of all parameters"),
        (lambda s: s["param_shapes"][0].update({"lm_head.weight": (2**40, 2**40)}), "no valid shape"),
        (lambda s: s["param_shapes"][0].update({10**5000: (2, 2)}), "no valid shape for 'int'"),
        (lambda s: s.update(param_shapes=None), "does not say which parameters"),
        (lambda s: s.update(dp_world_size=10**9), "among 1,000,000,000 ranks"),
    ],
)
def test_contradictions_of_stage_3(copied, change, problem):
    folder = copied("zero3")
    _change(folder / "global_step1" / "zero_pp_rank_0_mp_rank_00_model_states.pt", change)
    with pytest.raises(InputError, match=problem):
        load(str(folder))


def test_frozen_and_shared_parameters_of_stage_3(copied, values):
    folder = copied("zero3")
    for rank in range(2):

        def freeze(state, rank=rank):
            state["frozen_param_shapes"] = {"base.weight": torch.Size([3, 3])}
            state["frozen_param_fragments"] = {"base.weight": torch.arange(rank * 5, rank * 5 + 5, dtype=torch.float32)}
            state["shared_params"] = {"tied.weight": "lm_head.weight"}

        _change(folder / "global_step1" / f"zero_pp_rank_{rank}_mp_rank_00_model_states.pt", freeze)
    graph = load(str(folder))
    assert graph.shape_of(graph.id_of("base.weight")) == (3, 3)
    pieces = graph.attribute(graph.id_of("base.weight"), "pieces")
    assert [piece.split("]")[0] for piece in pieces] == ["[0:5", "[5:9"]
    assert graph.attribute(graph.id_of("tied.weight"), "tied_to") == "lm_head.weight"


def test_a_fifo_for_a_rank(copied):
    folder = copied("zero2")
    file = folder / "global_step1" / "mp_rank_00_model_states.pt"
    file.unlink()
    os.mkfifo(file)
    with pytest.raises(InputError, match="no regular file"):
        load(str(folder))


def test_a_tag_that_is_a_link_to_another_folder(copied, tmp_path):
    folder = copied("zero2")
    step = (folder / "latest").read_text().strip()
    shutil.move(folder / step, tmp_path / "elsewhere")
    (folder / step).symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    with pytest.raises(InputError, match="is a link to another folder"):
        load(str(folder))
