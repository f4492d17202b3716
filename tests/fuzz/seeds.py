"""A small real file for every reader, from fixtures or made by the format's own library."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

__all__ = ["SEEDS"]

DATA = Path(__file__).parents[1] / "data"
Maker = Callable[[Path], list[Path]]


def _fixtures(*names: str) -> Maker:
    def make(folder: Path) -> list[Path]:
        return [DATA / name for name in names]

    return make


def _tensors() -> dict[str, np.ndarray]:
    shapes = {"input_layernorm.weight": (8,), **{f"self_attn.{x}_proj.weight": (8, 8) for x in "qkvo"}}
    shapes |= {f"mlp.{x}_proj.weight": (8, 8) for x in ("gate", "up", "down")}
    layers = {f"model.layers.{i}.{name}": shape for i in range(2) for name, shape in shapes.items()}
    return {name: np.zeros(shape, np.float32) for name, shape in layers.items()}


def _config(folder: Path, **more: object) -> None:
    config = {"model_type": "llama", "architectures": ["LlamaForCausalLM"], "hidden_size": 8, "num_hidden_layers": 2,
              "num_attention_heads": 2, "intermediate_size": 8, "vocab_size": 16, **more}  # fmt: skip
    (folder / "config.json").write_text(json.dumps(config))


def _safetensors(folder: Path) -> list[Path]:
    numpy = pytest.importorskip("safetensors.numpy")
    numpy.save_file(_tensors(), folder / "model.safetensors", {"format": "pt"})
    return [folder / "model.safetensors"]


def _safetensors_folder(folder: Path) -> list[Path]:
    numpy = pytest.importorskip("safetensors.numpy")
    tensors, weight_map = _tensors(), {}
    names = list(tensors)
    for k, part in enumerate((names[:9], names[9:])):
        shard = f"model-{k + 1:05}-of-00002.safetensors"
        numpy.save_file({name: tensors[name] for name in part}, folder / shard)
        weight_map |= dict.fromkeys(part, shard)
    (folder / "model.safetensors.index.json").write_text(json.dumps({"metadata": {}, "weight_map": weight_map}))
    _config(folder)
    return [folder]


def _torch_state(folder: Path, name: str, **options: bool) -> Path:
    torch = pytest.importorskip("torch")
    tensors = {key: torch.from_numpy(value) for key, value in _tensors().items()}
    torch.save({"state_dict": tensors, "epoch": 3, "args": {"lr": 0.1}}, folder / name, **options)
    return folder / name


def _pytorch(folder: Path) -> list[Path]:
    torch = pytest.importorskip("torch")
    model = torch.nn.Sequential(torch.nn.Linear(4, 4), torch.nn.BatchNorm1d(4), torch.nn.LSTM(4, 4))
    torch.save(model, folder / "module.pt")
    old = _torch_state(folder, "legacy.pt", _use_new_zipfile_serialization=False)
    return [_torch_state(folder, "state.pt"), old, folder / "module.pt"]


def _pytorch_folder(folder: Path) -> list[Path]:
    shard = _torch_state(folder, "pytorch_model-00001-of-00001.bin").name
    index = {"metadata": {}, "weight_map": dict.fromkeys(_tensors(), shard)}
    (folder / "pytorch_model.bin.index.json").write_text(json.dumps(index))
    return [folder]


def _torchscript(folder: Path) -> list[Path]:
    torch = pytest.importorskip("torch")
    model = torch.nn.Sequential(torch.nn.Linear(4, 4), torch.nn.ReLU(), torch.nn.Linear(4, 2))
    torch.jit.save(torch.jit.trace(model, torch.zeros(1, 4)), folder / "traced.pt")
    torch.jit.save(torch.jit.script(model), folder / "scripted.pt")
    return [folder / "traced.pt", folder / "scripted.pt"]


def _gguf(folder: Path) -> list[Path]:
    gguf = pytest.importorskip("gguf")
    writer = gguf.GGUFWriter(folder / "model.gguf", "llama")
    writer.add_block_count(2)
    writer.add_head_count(2)
    writer.add_token_list(["a", "b", "c"])
    for i in range(2):
        for name, shape in (("attn_q", (8, 8)), ("ffn_gate_exps", (4, 8, 8)), ("attn_norm", (8,))):
            writer.add_tensor(f"blk.{i}.{name}.weight", np.zeros(shape, np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return [folder / "model.gguf"]


def _numpy(folder: Path) -> list[Path]:
    np.savez(folder / "arrays.npz", **{name.replace("/", "."): value for name, value in _tensors().items()})
    np.save(folder / "array.npy", np.zeros((3, 4), np.float16))
    return [folder / "arrays.npz", folder / "array.npy"]


def _onnx(folder: Path) -> list[Path]:
    onnx = pytest.importorskip("onnx")
    helper, tensor = onnx.helper, onnx.TensorProto
    body = helper.make_graph(
        [helper.make_node("Add", ["x", "w0"], ["y0"], name="/body/Add")], "body", [],
        [helper.make_tensor_value_info("y0", tensor.FLOAT, None)],
    )  # fmt: skip
    function = helper.make_function(
        "local", "twice", ["a"], ["b"], [helper.make_node("Add", ["a", "a"], ["b"])], [helper.make_opsetid("", 18)]
    )
    nodes = [
        helper.make_node("MatMul", ["x", "w0"], ["h"], name="/model/layers.0/mlp/MatMul"),
        helper.make_node("twice", ["h"], ["t"], name="/model/layers.0/twice", domain="local"),
        helper.make_node("If", ["c"], ["z"], name="/model/If", then_branch=body, else_branch=body),
        helper.make_node("Relu", ["t"], ["out"], name="/model/Relu"),
    ]
    weights = [
        onnx.numpy_helper.from_array(np.zeros((4, 4), np.float32), "w0"),
        helper.make_tensor("far", tensor.FLOAT, [4], b"\0" * 16, raw=True),
    ]
    value = helper.make_tensor_value_info
    inputs = [value("x", tensor.FLOAT, ["batch", 4]), value("c", tensor.BOOL, [])]
    graph = helper.make_graph(nodes, "g", inputs, [value("out", tensor.FLOAT, ["batch", 4])], weights)
    opsets = [helper.make_opsetid("", 18), helper.make_opsetid("local", 1)]
    model = helper.make_model(graph, functions=[function], opset_imports=opsets)
    onnx.save(model, folder / "model.onnx")
    onnx.save(model, folder / "external.onnx", save_as_external_data=True, location="w.bin", size_threshold=0)
    outside = folder / "outside"
    outside.mkdir()
    for name in ("external.onnx", "w.bin"):
        (folder / name).rename(outside / name)
    return [folder / "model.onnx", outside]


def _graphs(folder: Path) -> list[Path]:
    from archviz3d.layout import place
    from archviz3d.layout.export import to_json
    from archviz3d.loaders import load

    graph = load(str(DATA / "graph_json" / "moe.json"))
    (folder / "export.json").write_bytes(to_json(graph, place(graph)))
    names = ("moe.json", "explorer_pytorch.json", "explorer_loop.json")
    return [*(DATA / "graph_json" / name for name in names), folder / "export.json"]


def _pipeline(folder: Path) -> list[Path]:
    numpy = pytest.importorskip("safetensors.numpy")
    index = {"_class_name": "StableDiffusionPipeline", "_diffusers_version": "0.30.0"}
    for part, kind in (("unet", "UNet2DConditionModel"), ("vae", "AutoencoderKL")):
        (folder / part).mkdir()
        tensors = {f"blocks.{i}.conv.weight": np.zeros((4, 2, 3, 3), np.float32) for i in range(2)}
        numpy.save_file(tensors, folder / part / "diffusion_pytorch_model.safetensors")
        (folder / part / "config.json").write_text(json.dumps({"_class_name": kind}))
        index[part] = ["diffusers", kind]
    (folder / "model_index.json").write_text(json.dumps(index))
    return [folder]


def _adapter(folder: Path) -> list[Path]:
    numpy = pytest.importorskip("safetensors.numpy")
    where = "base_model.model.model.layers.0.self_attn.q_proj"
    shapes = {f"{where}.lora_A.weight": (2, 8), f"{where}.lora_B.weight": (8, 2)}
    tensors = {name: np.zeros(shape, np.float32) for name, shape in shapes.items()}
    numpy.save_file(tensors, folder / "adapter_model.safetensors")
    config = {
        "peft_type": "LORA",
        "r": 2,
        "lora_alpha": 4,
        "target_modules": ["q_proj"],
        "base_model_name_or_path": "x",
    }
    (folder / "adapter_config.json").write_text(json.dumps(config))
    return [folder]


def _config_alone(folder: Path) -> list[Path]:
    _config(folder)
    return [folder]


# By the loader that the registry names: a new row without a seed makes test_readers.py fail.
SEEDS: dict[str, Maker] = {
    "safetensors.load": _safetensors,
    "shards.load_safetensors": _safetensors_folder,
    "shards.load_pytorch": _pytorch_folder,
    "pytorch.container.load": _pytorch,
    "torchscript.archive.load": _torchscript,
    "exported.archive.load": _fixtures("exported/torch_2_5.pt2", "exported/torch_2_8.pt2"),
    "distributed.dcp.load": _fixtures("fsdp2/step-7"),
    "distributed.deepspeed.load": _fixtures("deepspeed/zero2", "deepspeed/pipeline"),
    "distributed.megatron.load": _fixtures("megatron/ranks"),
    "gguf.container.load": _gguf,
    "numpy_arrays.load": _numpy,
    "onnx.reader.load": _onnx,
    "onnx.reader.load_folder": _onnx,
    "graph_json.reader.load": _graphs,
    "config_tree.reader.load": _config_alone,
    "pipeline.load": _pipeline,
    "adapter_folder.load": _adapter,
}
