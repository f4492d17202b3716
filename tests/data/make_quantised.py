"""Write quantised.json: the headers of small files as real exporters pack them, and the configs beside those.

    pip install torch transformers safetensors bitsandbytes hqq compressed-tensors "mlx[cpu]"
    pip install --no-deps auto-gptq==0.7.1 autoawq==0.2.9
    python tests/data/make_quantised.py

Made with bitsandbytes 0.50.2, hqq 0.2.8.post1, compressed-tensors 0.20.0, mlx 0.32.4, auto-gptq 0.7.1 and autoawq
0.2.9. Of the last two only the packing layer is run, from its source: the packages themselves want a CUDA device.
The model has two linear layers, 128 to 256 with bias and back without: 65,792 parameters; with MLX an embedding of
96 x 128 as well: 78,080.
"""

import json
import sys
import types
from collections.abc import Iterator
from importlib.metadata import distribution, version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from safetensors.torch import save_file

Made = tuple[str, Any, dict[str, Any]]  # what made it, its tensors (or the header of its file), its config


class Model(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.up = torch.nn.Linear(128, 256)
        self.down = torch.nn.Linear(256, 128, bias=False)


def layers() -> Iterator[tuple[str, torch.nn.Linear]]:
    model = Model()
    yield "up", model.up
    yield "down", model.down


def compressed_tensors(bits: int, group: int | None, packing: str) -> Made:
    from compressed_tensors import ModelCompressor
    from compressed_tensors.quantization import (
        QuantizationArgs,
        QuantizationConfig,
        QuantizationScheme,
        apply_quantization_config,
    )

    model = Model()
    weights = QuantizationArgs(num_bits=bits, strategy="group" if group else "channel", group_size=group)
    scheme = QuantizationScheme(targets=["Linear"], weights=weights)
    config = QuantizationConfig(config_groups={"group_0": scheme}, format=packing)
    apply_quantization_config(model, config)
    for layer in (model.up, model.down):
        groups = layer.weight.shape[1] // group if group else 1
        layer.weight_scale.data = torch.full((layer.weight.shape[0], groups), 0.01)
    ModelCompressor.from_pretrained_model(model, quantization_format=packing).compress_model(model)
    settings = config.model_dump(mode="json") | {"quant_method": "compressed-tensors"}
    return f"compressed-tensors {version('compressed-tensors')}", model.state_dict(), {"quantization_config": settings}


def bitsandbytes_4() -> Made:
    import bitsandbytes

    tensors: dict[str, torch.Tensor] = {}
    for name, layer in layers():
        quantise = bitsandbytes.functional.quantize_4bit
        tensors[f"{name}.weight"], state = quantise(layer.weight.data, quant_type="nf4", compress_statistics=True)
        tensors |= {f"{name}.weight.{key}": value for key, value in state.as_dict(packed=True).items()}
        if layer.bias is not None:
            tensors[f"{name}.bias"] = layer.bias.data
    config = {"quant_method": "bitsandbytes", "load_in_4bit": True, "bnb_4bit_quant_type": "nf4"}
    return f"bitsandbytes {version('bitsandbytes')}", tensors, {"quantization_config": config}


def bitsandbytes_8() -> Made:
    import bitsandbytes

    tensors: dict[str, torch.Tensor] = {}
    for name, layer in layers():
        bias = layer.bias is not None
        made = bitsandbytes.nn.Linear8bitLt(layer.in_features, layer.out_features, bias, has_fp16_weights=False)
        made.load_state_dict(layer.state_dict())
        weight, scale, _ = bitsandbytes.functional.int8_vectorwise_quant(layer.weight.data.half())
        made.weight = bitsandbytes.nn.Int8Params(
            weight, requires_grad=False, has_fp16_weights=False, CB=weight, SCB=scale
        )
        made.state.SCB = made.weight.SCB = scale
        tensors |= {f"{name}.{key}": value for key, value in made.state_dict().items()}
    config = {"quant_method": "bitsandbytes", "load_in_8bit": True}
    return f"bitsandbytes {version('bitsandbytes')}", tensors, {"quantization_config": config}


def hqq(bits: int, axis: int) -> Made:
    from hqq.core.quantize import BaseQuantizeConfig, HQQLinear

    tensors: dict[str, torch.Tensor] = {}
    for name, layer in layers():
        settings = BaseQuantizeConfig(nbits=bits, group_size=64, axis=axis)
        made = HQQLinear(layer, settings, compute_dtype=torch.float16, device="cpu", del_orig=False)
        made.encoded_state_dict = True
        tensors |= {f"{name}.{key}": value for key, value in made.state_dict().items()}
    inner = {"weight_quant_params": {"nbits": bits, "group_size": 64, "axis": axis}}
    return f"hqq {version('hqq')}", tensors, {"quantization_config": {"quant_method": "hqq", "quant_config": inner}}


def gptq(bits: int) -> Made:
    source = Path(str(distribution("auto-gptq").locate_file("auto_gptq/nn_modules/qlinear/qlinear_cuda_old.py")))
    linear = run_alone(source, "from auto_gptq.nn_modules.qlinear.")["QuantLinear"]
    tensors: dict[str, torch.Tensor] = {}
    for name, layer in layers():
        inputs, outputs, groups = layer.in_features, layer.out_features, layer.in_features // 64
        made = linear(bits, 64, inputs, outputs, layer.bias is not None)
        index = torch.arange(inputs, dtype=torch.int32) // 64
        zeros = torch.full((outputs, groups), float(2 ** (bits - 1)))
        made.pack(layer, torch.full((outputs, groups), 0.01), zeros, index)
        tensors |= {f"{name}.{key}": value for key, value in made.state_dict().items()}
    config = {"quant_method": "gptq", "bits": bits, "group_size": 64, "desc_act": False, "sym": True}
    return f"auto-gptq {version('auto-gptq')}", tensors, {"quantization_config": config}


def awq() -> Made:
    for name in ("awq", "awq.utils", "awq.utils.module", "awq.utils.packing_utils", "awq.utils.utils"):
        sys.modules[name] = types.ModuleType(name)
    vars(sys.modules["awq.utils.module"])["try_import"] = lambda _: (None, "none")
    vars(sys.modules["awq.utils.packing_utils"])["dequantize_gemm"] = None
    vars(sys.modules["awq.utils.utils"])["get_best_device"] = lambda: "cpu"
    source = Path(str(distribution("autoawq").locate_file("awq/modules/linear/gemm.py")))
    linear = run_alone(source, "from .")["WQLinear_GEMM"]
    tensors: dict[str, torch.Tensor] = {}
    for name, layer in layers():
        shape = (layer.in_features // 64, layer.out_features)
        scales = torch.full(shape, 0.01).half()
        made = linear.from_linear(layer.half(), 4, 64, scales=scales, zeros=torch.full(shape, 8.0))
        tensors |= {f"{name}.{key}": value for key, value in made.state_dict().items()}
    config = {"quant_method": "awq", "bits": 4, "group_size": 64, "version": "gemm", "zero_point": True}
    return f"autoawq {version('autoawq')}", tensors, {"quantization_config": config}


def run_alone(source: Path, relative: str) -> dict[str, Any]:
    """Run one module of a package without the package's own imports."""
    module = types.ModuleType(source.stem)
    exec(compile(source.read_text().replace("from .", relative), str(source), "exec"), vars(module))
    return vars(module)


def mlx(bits: int, group: int) -> Made:
    import mlx.core
    import mlx.nn
    from mlx.utils import tree_flatten

    class Small(mlx.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embed_tokens = mlx.nn.Embedding(96, 128)
            self.up = mlx.nn.Linear(128, 256)
            self.down = mlx.nn.Linear(256, 128, bias=False)

    model = Small()
    mlx.nn.quantize(model, group_size=group, bits=bits)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "model.safetensors"
        mlx.core.save_safetensors(str(path), dict(tree_flatten(model.parameters())), metadata={"format": "mlx"})
        header = header_of(path)
    return f"mlx {version('mlx')}", header, {"quantization": {"group_size": group, "bits": bits}}


def header_of(path: Path) -> str:
    raw = path.read_bytes()
    return raw[8 : 8 + int.from_bytes(raw[:8], "little")].decode().rstrip()


def main() -> None:
    made = {
        "compressed-tensors-4": compressed_tensors(4, 32, "pack-quantized"),
        "compressed-tensors-8": compressed_tensors(8, None, "int-quantized"),
        "bitsandbytes-4": bitsandbytes_4(),
        "bitsandbytes-8": bitsandbytes_8(),
        "hqq-2": hqq(2, 1),
        "hqq-3": hqq(3, 1),
        "hqq-4": hqq(4, 1),
        "hqq-4-columns": hqq(4, 0),
        "gptq-3": gptq(3),
        "gptq-4": gptq(4),
        "gptq-8": gptq(8),
        "awq-4": awq(),
        "mlx-3": mlx(3, 64),
        "mlx-4": mlx(4, 64),
        "mlx-8": mlx(8, 32),
    }
    found: dict[str, Any] = {}
    for name, (by, tensors, config) in made.items():
        header = tensors
        if not isinstance(tensors, str):
            with TemporaryDirectory() as folder:
                path = Path(folder) / "model.safetensors"
                save_file({key: value.contiguous() for key, value in tensors.items()}, path, metadata={"format": "pt"})
                header = header_of(path)
        found[name] = {"by": by, "header": header, "config": {"model_type": "llama", **config}}
    Path(__file__).with_name("quantised.json").write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
