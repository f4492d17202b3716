"""Every format that stores values, through its own library; and in one line why others cannot be read."""

import json
from dataclasses import replace

import numpy as np
import onnx
import pytest
import torch
import torch.distributed.checkpoint as dcp
from onnx import TensorProto, helper, numpy_helper
from safetensors.torch import save_file

import archviz3d
from archviz3d.graph import GraphBuilder
from archviz3d.layout import place
from archviz3d.layout.export import to_json
from archviz3d.loaders import load
from archviz3d.weights import UnreadableValuesError, open_values

RANDOM = torch.Generator().manual_seed(0)


def random(*shape, dtype=torch.float32):
    return torch.randn(shape, generator=RANDOM).to(dtype)


def every(graph, reference, check):
    """Check each tensor of a graph by its path."""
    for name, tensor in reference.items():
        values = open_values(graph, graph.id_of(name))
        check(values, tensor.detach().to(torch.float32).reshape(values.shape).numpy())


# ---------------------------------------------------------------- formats
def test_shapes_are_those_of_the_layout(tmp_path, check):
    tensors = {
        "scalar": random(), "vector": random(7), "matrix": random(4, 6), "conv": random(8, 3, 5, 5),
        "mask": random(1, 1, 9, 9), "one": random(1, 3, 5, 5), "empty": random(0, 4),
    }  # fmt: skip
    save_file(tensors, tmp_path / "model.safetensors")
    graph = load(str(tmp_path / "model.safetensors"))
    shapes = {name: open_values(graph, graph.id_of(name)).shape for name in tensors}
    assert shapes == {
        "scalar": (1, 1), "vector": (7, 1), "matrix": (4, 6), "conv": (8, 75), "mask": (9, 9), "one": (1, 75),
        "empty": (0, 4),
    }  # fmt: skip
    every(graph, {name: tensor for name, tensor in tensors.items() if name != "empty"}, check)
    assert open_values(graph, graph.id_of("empty")).read(slice(None), slice(None)).shape == (0, 4)


def test_shards(tmp_path, check):
    tensors = {f"model.layers.{k}.weight": random(8, 16, dtype=torch.bfloat16) for k in range(4)}
    weight_map = {}
    for k, (name, tensor) in enumerate(tensors.items()):
        file = f"model-{k + 1:05}-of-00004.safetensors"
        save_file({name: tensor}, tmp_path / file)
        weight_map[name] = file
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps({"weight_map": weight_map}))
    every(load(str(tmp_path)), tensors, check)
    every(load(str(tmp_path / "model.safetensors.index.json")), tensors, check)


@pytest.mark.parametrize("new", [True, False])
def test_pytorch_files(new, tmp_path, check):
    whole = random(10, 12)
    tensors = {
        "a.weight": random(5, 300, dtype=torch.bfloat16),
        "b.weight": whole,
        "b.part": whole[3:6],
        "c": random(3),
    }
    torch.save(tensors, tmp_path / "model.pt", _use_new_zipfile_serialization=new)
    every(load(str(tmp_path / "model.pt")), tensors, check)


def test_numpy_files(tmp_path, check):
    arrays = {"a": np.arange(30, dtype=np.int16).reshape(5, 6), "b": np.linspace(0, 1, 50), "c": np.eye(3) > 0}
    np.savez(tmp_path / "model.npz", **arrays)
    every(load(str(tmp_path / "model.npz")), {name: torch.from_numpy(array) for name, array in arrays.items()}, check)


@pytest.mark.parametrize("external", [False, True])
def test_onnx(external, tmp_path, check):
    arrays = {
        "weight": np.random.default_rng(0).normal(size=(40, 50)).astype(np.float32),
        "half": np.random.default_rng(1).normal(size=(6, 50)).astype(np.float16),
    }
    tensors = [numpy_helper.from_array(array, name) for name, array in arrays.items()]
    packed_floats = helper.make_tensor("floats", TensorProto.FLOAT, (3, 4), np.arange(12, dtype=np.float32))
    nodes = [helper.make_node("Identity", [name], [f"y_{name}"]) for name in (*arrays, "floats")]
    model = helper.make_model(helper.make_graph(nodes, "g", [], [], [*tensors, packed_floats]))
    onnx.save(model, tmp_path / "model.onnx", save_as_external_data=external, location="data.bin", size_threshold=0)
    reference = {name: torch.from_numpy(array) for name, array in arrays.items()}
    every(load(str(tmp_path / "model.onnx")), {**reference, "floats": torch.arange(12.0).reshape(3, 4)}, check)


def test_numbers_that_stand_one_by_one_are_refused(tmp_path, opened):
    typed = helper.make_tensor("typed", TensorProto.INT32, (3,), [1, 2, 300])
    model = helper.make_model(helper.make_graph([helper.make_node("Identity", ["typed"], ["y"])], "g", [], [], [typed]))
    onnx.save(model, tmp_path / "model.onnx")
    with pytest.raises(UnreadableValuesError, match="stored number by number; save it uncompressed, as raw data"):
        opened(tmp_path / "model.onnx", "typed")


def test_distributed_checkpoints_of_whole_tensors(tmp_path, check):
    state = {"layer.weight": random(6, 8), "layer.bias": random(6, dtype=torch.bfloat16)}
    dcp.save(state, checkpoint_id=str(tmp_path / "checkpoint"), no_dist=True)
    every(load(str(tmp_path / "checkpoint")), state, check)


def test_a_second_name_of_a_tensor_shows_its_values(tmp_path, check):
    weight = random(6, 8)
    torch.save({"embed.weight": weight, "head.weight": weight}, tmp_path / "model.pt")
    graph = load(str(tmp_path / "model.pt"))
    assert graph.bytes[graph.id_of("head.weight")] == 0
    every(graph, {"embed.weight": weight, "head.weight": weight}, check)


def test_fused_experts_are_slices(tmp_path, check):
    fused = random(4, 6, 8)
    tensors = {"model.layers.0.mlp.experts.gate_up_proj": fused, "model.layers.0.mlp.router.weight": random(4, 8)}
    save_file(tensors, tmp_path / "model.safetensors")
    graph = load(str(tmp_path / "model.safetensors"))
    every(graph, {f"model.layers.0.mlp.experts.{k}.gate_up_proj": fused[k] for k in range(4)}, check)


def test_an_export_beside_the_model_reads_the_same_values(tmp_path, check):
    tensors = {"a.weight": random(5, 6)}
    save_file(tensors, tmp_path / "model.safetensors")
    graph = load(str(tmp_path / "model.safetensors"))
    (tmp_path / "graph.json").write_bytes(to_json(graph, place(graph)))
    every(load(str(tmp_path / "graph.json")), tensors, check)


# ---------------------------------------------------------------- why not
def test_compressed_archives(tmp_path, opened):
    np.savez_compressed(tmp_path / "model.npz", a=np.zeros(9))
    with pytest.raises(UnreadableValuesError, match=r"does not stand in 'model.npz' as it is: it is compressed"):
        opened(tmp_path / "model.npz", "a")


def test_live_modules():
    graph = archviz3d.load(torch.nn.Linear(3, 4))
    with pytest.raises(UnreadableValuesError, match="is part of a live module; save the module and open the file"):
        open_values(graph, graph.id_of("weight"))


def test_configs(tmp_path):
    sizes = {"hidden_size": 64, "num_hidden_layers": 1, "num_attention_heads": 4, "intermediate_size": 128}
    config = {"model_type": "llama", "vocab_size": 100, **sizes}
    (tmp_path / "config.json").write_text(json.dumps(config))
    graph = load(str(tmp_path))
    node = next(i for i in range(len(graph)) if graph.shape_of(i))
    with pytest.raises(UnreadableValuesError, match="follows from a config; no weights are there"):
        open_values(graph, node)


def test_modules_and_types(tmp_path):
    save_file({"a.c": torch.zeros(2, 3, dtype=torch.complex64)}, tmp_path / "model.safetensors")
    graph = load(str(tmp_path / "model.safetensors"))
    with pytest.raises(UnreadableValuesError, match="'a' is no tensor"):
        open_values(graph, graph.id_of("a"))
    with pytest.raises(UnreadableValuesError, match="complex numbers"):
        open_values(graph, graph.id_of("a.c"))
    torch.save({"s": torch.eye(3).to_sparse(), "q": torch.quantize_per_tensor(torch.ones(3), 1, 0, torch.qint8)},
               tmp_path / "model.pt")  # fmt: skip
    graph = load(str(tmp_path / "model.pt"))
    for name in ("s", "q"):
        with pytest.raises(UnreadableValuesError, match=r"is stored as (sparse|quantized)"):
            open_values(graph, graph.id_of(name))
    np.savez(tmp_path / "odd.npz", v=np.zeros(3, "V2"), t=np.array(["ab"]), b=np.array([b"ab"]))
    graph = load(str(tmp_path / "odd.npz"))
    for name in ("v", "b"):
        with pytest.raises(UnreadableValuesError, match="is of the type"):
            open_values(graph, graph.id_of(name))
    with pytest.raises(UnreadableValuesError, match="shape, type and bytes must agree"):
        open_values(graph, graph.id_of("t"))  # numpy calls texts of two letters "U2", torch whole numbers of two bits


# ---------------------------------------------------------------- what lies
def graph_of(tmp_path, shape=(4, 5), dtype="F32", nbytes=80, file="data", offset=0, source=None, **attributes):
    (tmp_path / "data").write_bytes(bytes(100))
    builder = GraphBuilder("model", "safetensors", str(tmp_path / "data") if source is None else source)
    builder.tensor(0, "w", shape, dtype, nbytes=nbytes, file=file, offset=offset, **attributes)
    return builder.build()


@pytest.mark.parametrize(
    ("lie", "said"),
    [
        ({"offset": 21}, "stands at byte 21 to 101 of a file that has 100"),
        ({"offset": 2**62}, "of a file that has 100"),
        ({"nbytes": 79}, "has 79 bytes, where its shape needs 80"),
        ({"nbytes": 0}, "has 0 bytes, where its shape needs 80"),
        ({"shape": (2**40, 2**40), "nbytes": 0, "elements": 0}, "of a file that has 100"),
        ({"shape": (-1, 5), "nbytes": 0, "elements": 0}, "has a shape that its file leaves open"),
        ({"elements": 3}, "is sparse or repeats some"),
        ({"file": "../data"}, "a file in the model's folder is needed"),
        ({"file": "/etc/passwd"}, "a file in the model's folder is needed"),
        ({"file": "other"}, "is not there"),
        ({"file": "da\nta"}, "is not there"),
        ({"dtype": "F32\n\x1b[31m"}, r"is of the type 'F32\\n"),
        ({"dtype": "C64", "nbytes": 160}, "complex numbers"),
        ({"order": "fortran", "slice_of": "x"}, "in Fortran order"),
        ({"strides": [1]}, "with the strides"),
        ({"strides": "all"}, "with the strides"),
        ({"source": ""}, "a file in the model's folder is needed|is not there"),
        ({"piece_count": 3}, "is stored in 3 pieces"),
        ({"quantisation": "MXFP4, group 32", "dtype": "U8", "shape": (16,), "nbytes": 16}, "is packed"),
    ],
)
def test_lies_are_refused_in_one_line(lie, said, tmp_path):
    graph = graph_of(tmp_path, **lie)
    with pytest.raises(UnreadableValuesError, match=said) as caught:
        open_values(graph, 1)
    assert str(caught.value).isprintable()
    assert ": " in str(caught.value)
    assert "; " in str(caught.value)
    assert caught.value.exit_code == 3


def test_packed_values_of_an_unknown_kind_are_shown_as_stored(tmp_path):
    graph = graph_of(tmp_path, (8, 10), "U8", parameters=160)
    whole = "whole numbers as stored: how they are scaled is not known"
    assert open_values(graph, 1).notes == (whole, "holds 160 values in 80: shown as stored")
    graph = graph_of(tmp_path, (8, 10), "U8", parameters=160, order="fortran")
    assert open_values(graph, 1).notes == (whole, "holds 160 values in 80: shown as stored")


def test_a_file_that_is_cut_after_opening_is_an_error(tmp_path):
    values = open_values(graph_of(tmp_path), 1)
    (tmp_path / "data").write_bytes(bytes(50))
    with pytest.raises(UnreadableValuesError, match="has 50 bytes, but values stand at 0 to 80"):
        values.read(slice(None), slice(None))


def test_the_files_of_a_graph_are_shared_and_go_with_it(tmp_path):
    graph = graph_of(tmp_path)
    assert open_values(graph, 1).files is open_values(graph, 1).files
    assert open_values(replace(graph), 1).files is not open_values(graph, 1).files
