"""PyTorch distributed checkpoints that torch wrote, checked against torch; and ones that lie."""

import os
import pickle
import shutil
from pathlib import Path

import numpy as np
import pytest

from archviz3d.errors import InputError
from archviz3d.graph import NodeKind
from archviz3d.loaders import load

DATA = Path(__file__).parents[2] / "data"

torch = pytest.importorskip("torch")
dcp = pytest.importorskip("torch.distributed.checkpoint")
chunk_of = pytest.importorskip("torch.distributed.checkpoint.metadata").ChunkStorageMetadata


@pytest.fixture
def saved(tmp_path):
    """Return a function that saves a state with torch in one process."""

    def save(state, name="step-1", **options):
        dcp.save(state, checkpoint_id=tmp_path / name, no_dist=True, **options)
        return tmp_path / name

    return save


@pytest.fixture
def model():
    torch.manual_seed(0)
    return torch.nn.Sequential(torch.nn.Linear(8, 16), torch.nn.ReLU(), torch.nn.Linear(16, 4, bias=False))


@pytest.fixture
def altered(saved, model):
    """Return a function that saves a model and lets torch's own classes tell a lie in .metadata."""

    def save(change):
        folder = saved({"model": model.state_dict()})
        metadata = pickle.loads((folder / ".metadata").read_bytes())
        change(metadata)
        (folder / ".metadata").write_bytes(pickle.dumps(metadata))
        return folder

    return save


def test_fsdp_of_two_ranks_bit_by_bit(values, stored):
    safetensors = pytest.importorskip("safetensors.numpy")
    folder = DATA / "fsdp2" / "step-7"
    expected = safetensors.load_file(DATA / "fsdp2" / "expected.safetensors")
    graph = load(str(folder))
    nodes = stored(graph)
    assert nodes.keys() == expected.keys()
    for name, tensor in expected.items():
        np.testing.assert_array_equal(values(graph, folder, nodes[name]), tensor)
    assert graph.attribute(nodes["model.embed_tokens.weight"], "piece_count") == 2  # 17 rows and 16
    assert graph.total_parameters[0] == sum(tensor.size for tensor in expected.values())
    optimizer = graph.id_of("optimizer")
    assert graph.kind_of(optimizer) == NodeKind.OPTIMIZER
    assert graph.warnings == ()


def test_a_model_with_its_optimizer(saved, model, values):
    from torch.distributed.checkpoint.state_dict import get_state_dict

    optimizer = torch.optim.AdamW(model.parameters())
    model(torch.ones(1, 8)).sum().backward()
    optimizer.step()
    weights, state = get_state_dict(model, optimizer)
    folder = saved({"model": weights, "optim": state, "step": 3})
    graph = load(str(folder))
    for name, tensor in model.state_dict().items():
        np.testing.assert_array_equal(values(graph, folder, graph.id_of(name)), tensor.numpy())
    assert graph.total_parameters[0] == 8 * 16 + 16 + 16 * 4
    moment = graph.id_of("optim.state.0.weight.exp_avg")
    np.testing.assert_array_equal(values(graph, folder, moment), state["state"]["0.weight"]["exp_avg"].numpy())


@pytest.mark.parametrize("flat", [True, False], ids=["nested", "without planner data"])
def test_names_are_the_models_own(saved, model, flat):
    """A model whose first module is called "model" keeps that name."""
    planner = dcp.DefaultSavePlanner(flatten_state_dict=flat)
    state = {f"model.{name}": tensor for name, tensor in model.state_dict().items()}
    graph = load(str(saved({**state, "lm_head.weight": torch.zeros(4, 4)}, planner=planner)))
    assert graph.path(graph.id_of("model.0.weight")) == "model.0.weight"
    assert graph.kind_of(graph.id_of("lm_head")) == NodeKind.OUTPUT


def test_dtypes_and_odd_tensors(saved):
    state = {
        "a": torch.zeros(3, dtype=torch.bfloat16),
        "b": torch.zeros(2, 2, dtype=torch.float8_e4m3fn),
        "c": torch.tensor(5),
        "d": torch.zeros(0, 4),
        "e": torch.zeros(4, 6).T,
    }
    graph = load(str(saved(state)))
    told = {name: (graph.dtype_of(graph.id_of(name)), graph.shape_of(graph.id_of(name))) for name in state}
    assert told == {
        "a": ("BF16", (3,)),
        "b": ("F8_E4M3", (2, 2)),
        "c": ("I64", ()),
        "d": ("F32", (0, 4)),
        "e": ("F32", (6, 4)),
    }


def test_accelerate_puts_the_model_into_a_folder_of_its_own(saved, model, tmp_path):
    saved({"model": model.state_dict()}, "checkpoint-5/pytorch_model_fsdp_0")
    (tmp_path / "checkpoint-5" / "scheduler.pt").write_bytes(b"")
    graph = load(str(tmp_path / "checkpoint-5"))
    assert graph.name == "checkpoint-5"
    assert graph.shape_of(graph.id_of("0.weight")) == (16, 8)
    assert "pytorch_model_fsdp_0" in graph.warnings[0]


def test_hugging_face_storage_is_read_as_safetensors(tmp_path, model):
    pytest.importorskip("safetensors")
    writer = dcp.HuggingFaceStorageWriter(path=str(tmp_path / "hf"))
    dcp.save(model.state_dict(), storage_writer=writer, no_dist=True)
    assert (tmp_path / "hf" / ".metadata").exists() or list((tmp_path / "hf").glob("*.safetensors"))
    graph = load(str(tmp_path / "hf"))
    assert graph.format == "safetensors"
    assert graph.shape_of(graph.id_of("0.weight")) == (16, 8)


def test_missing_files_are_told(tmp_path):
    shutil.copytree(DATA / "fsdp2" / "step-7", tmp_path / "x")
    (tmp_path / "x" / "__1_0.distcp").unlink()
    graph = load(str(tmp_path / "x"))
    assert any("1 of 2 files are missing: __1_0.distcp" in warning for warning in graph.warnings)
    pieces = graph.attribute(graph.id_of("model.embed_tokens.weight"), "pieces")
    assert pieces[1] == "[17:33, 0:8] missing"
    (tmp_path / "x" / "__0_0.distcp").unlink()
    with pytest.raises(InputError, match=r"none of its 2 files is here .*; the \.distcp files must lie beside"):
        load(str(tmp_path / "x"))


def _first(metadata):
    return next(iter(metadata.storage_data.values()))


@pytest.mark.parametrize("name", ["../x.distcp", "/dev/zero", "a\\b", "..", "C:x"])
def test_a_file_that_leaves_the_folder(altered, name):
    with pytest.raises(InputError, match="which is not in the checkpoint's folder"):
        load(str(altered(lambda metadata: setattr(_first(metadata), "relative_path", name))))


def _move(metadata, **fields):
    for key, value in fields.items():
        setattr(_first(metadata), key, value)


def _chunk(metadata, **fields):
    chunk = metadata.state_dict_metadata["model.0.weight"].chunks[0]
    for key, value in fields.items():
        setattr(chunk, key, torch.Size(value))


def _tensor(metadata, **fields):
    for key, value in fields.items():
        setattr(metadata.state_dict_metadata["model.0.weight"], key, value)


def _twice(metadata):
    tensor = metadata.state_dict_metadata["model.0.weight"]
    tensor.chunks.append(tensor.chunks[0])


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda m: _move(m, length=10**12), "is cut short"),
        (lambda m: _move(m, length=3), "in 3"),
        (lambda m: _move(m, offset=-1), "does not say where"),
        (lambda m: _move(m, offset=2.5), "does not say where"),
        (lambda m: _move(m, offset=100), "two items at byte"),
        (lambda m: _chunk(m, sizes=(16, 9)), "must lie inside their tensor"),
        (lambda m: _chunk(m, offsets=(8, 0)), "must lie inside their tensor|must be in storage_data"),
        (lambda m: _chunk(m, sizes=(16,)), "must lie inside their tensor"),
        (_twice, "overlap"),
        (lambda m: _tensor(m, size=torch.Size([2**40, 2**40])), "no valid size"),
        (lambda m: _tensor(m, chunks=None), "no valid size and chunks"),
        (lambda m: m.storage_data.clear(), "must be in storage_data"),
        (lambda m: m.state_dict_metadata.clear(), "holds no tensor"),
        (lambda m: setattr(m, "state_dict_metadata", [1]), "describes no distributed checkpoint"),
        (lambda m: m.state_dict_metadata.update({5: None}), "neither a tensor nor bytes"),
        (lambda m: m.planner_data.update(dict.fromkeys(m.planner_data, ("a",))), "where another tensor is"),
        (lambda m: m.planner_data.update({"model.0.bias": ("model", "0.weight", "b")}), "where another tensor is"),
        (lambda m: _tensor(m, chunks=[chunk_of(torch.Size([0, 0]), torch.Size([0, 8]))] * 200_000), "far more chunks"),
    ],
)
def test_contradictions_are_errors(altered, change, problem):
    with pytest.raises(InputError, match=problem) as error:
        load(str(altered(change)))
    assert "\n" not in str(error.value)


def test_less_than_the_tensor_is_a_warning(altered):
    graph = load(str(altered(lambda m: setattr(m.state_dict_metadata["model.0.weight"], "size", torch.Size([20, 8])))))
    assert any("are not whole" in warning for warning in graph.warnings)


def test_a_pickle_that_calls_is_not_run(tmp_path, saved, model):
    class Evil:
        def __reduce__(self):
            return os.system, (f"touch {tmp_path}/ran",)

    folder = saved({"model": model.state_dict()})
    metadata = pickle.loads((folder / ".metadata").read_bytes())
    metadata.planner_data["evil"] = Evil()
    (folder / ".metadata").write_bytes(pickle.dumps(metadata))
    graph = load(str(folder))
    assert any("os.system" in warning for warning in graph.warnings)
    assert not (tmp_path / "ran").exists()


def test_a_fifo_is_refused(saved, model):
    folder = saved({"model": model.state_dict()})
    (folder / "__0_0.distcp").unlink()
    os.mkfifo(folder / "__0_0.distcp")
    with pytest.raises(InputError, match="no regular file"):
        load(str(folder))


@pytest.mark.parametrize("keys", [(), (10**5000,), (None,), "ab"])
def test_keys_that_are_none_are_left_out(altered, keys):
    graph = load(str(altered(lambda m: m.planner_data.update({"model.0.weight": keys}))))
    assert graph.total_parameters[0] == 8 * 16 + 16 + 16 * 4
