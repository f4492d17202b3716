"""Packed weights count what they hold: files of real exporters, and shapes by their documented formulas."""

import json
from pathlib import Path

import pytest

from archviz3d import load
from archviz3d.errors import InputError
from archviz3d.graph import ModelGraph

EXPORTED = json.loads((Path(__file__).parent.parent / "data" / "quantised.json").read_text())


def write(folder: Path, header: str, config: dict) -> Path:
    """Write a file of this header; its data is a hole."""
    folder.mkdir(exist_ok=True)
    path = folder / "model.safetensors"
    raw = header.encode()
    end = max((entry["data_offsets"][1] for key, entry in json.loads(raw).items() if key != "__metadata__"), default=0)
    with path.open("wb") as file:
        file.write(len(raw).to_bytes(8, "little") + raw)
        file.truncate(8 + len(raw) + end)
    (folder / "config.json").write_text(json.dumps(config))
    return folder


BITS = {"F16": 16, "BF16": 16, "F32": 32, "I32": 32, "U32": 32, "I64": 64, "U8": 8, "I8": 8, "F8_E4M3": 8}


def header_of(tensors: dict[str, tuple[str, list[int]]]) -> str:
    header, at = {}, 0
    for name, (dtype, shape) in tensors.items():
        size = BITS[dtype] // 8
        for side in shape:
            size *= side
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [at, at + size]}
        at += size
    return json.dumps(header)


def packed(graph: ModelGraph) -> dict[str, tuple[str, list[int] | None]]:
    labels = graph.attributes["quantisation"]
    nodes = [int(node) for node in labels.ids if node]
    return {graph.path(n): (labels.get(n), graph.attribute(n, "logical_shape")) for n in nodes}


@pytest.mark.parametrize("name", EXPORTED)
def test_what_real_exporters_write_counts_as_before_packing(name: str, tmp_path: Path) -> None:
    entry = EXPORTED[name]
    graph = load(write(tmp_path / name, entry["header"], entry["config"]))
    assert graph.total_parameters[0] == (78_080 if name.startswith("mlx") else 65_792)
    assert not graph.warnings
    if name != "compressed-tensors-8":  # its weights are plain int8
        assert len(packed(graph)) == (3 if name.startswith("mlx") else 2)
        assert name.rpartition("-")[0].split("-")[0] in packed(graph).popitem()[1][0].lower()


def test_labels_and_shapes(tmp_path: Path) -> None:
    def of(name: str) -> dict[str, tuple[str, list[int] | None]]:
        return packed(load(write(tmp_path / name, EXPORTED[name]["header"], EXPORTED[name]["config"])))

    assert of("gptq-4")["up.qweight"] == ("GPTQ 4-bit, group 64", [256, 128])
    assert of("gptq-3")["down.qweight"] == ("GPTQ 3-bit, group 64", [128, 256])
    assert of("awq-4")["up.qweight"] == ("AWQ 4-bit, group 64", [256, 128])
    assert of("bitsandbytes-4")["up.weight"] == ("bitsandbytes 4-bit (nf4)", None)
    assert of("bitsandbytes-8")["up.weight"] == ("bitsandbytes 8-bit", [256, 128])
    assert of("compressed-tensors-4")["up.weight_packed"] == ("compressed-tensors 4-bit, group 32", [256, 128])
    assert of("hqq-3")["up.W_q"] == ("HQQ 3-bit, group 64", None)
    assert of("mlx-3")["up.weight"] == ("MLX 3-bit, group 64", [256, 128])


# By the formulas that the exporters document, where they cannot be run here.
FORMULAS = {
    "awq, one token": (
        {"l.qweight": ("I32", [64, 16]), "l.qzeros": ("I32", [64, 1]), "l.scales": ("F16", [64, 8])},
        {"quant_method": "awq", "bits": 4, "group_size": 64, "version": "gemv"},
        64 * 128,
    ),
    "nvfp4 of compressed-tensors": (
        {
            "l.weight_packed": ("U8", [64, 64]),
            "l.weight_scale": ("F8_E4M3", [64, 8]),
            "l.weight_global_scale": ("F32", [1]),
            "l.input_global_scale": ("F32", [1]),
        },
        {"quant_method": "compressed-tensors", "format": "nvfp4-pack-quantized"},
        64 * 128,
    ),
    "nvfp4 of modelopt": (
        {
            "l.weight": ("U8", [64, 64]),
            "l.weight_scale": ("F8_E4M3", [64, 8]),
            "l.weight_scale_2": ("F32", []),
            "l.input_scale": ("F32", []),
        },
        {"quant_method": "modelopt", "quant_algo": "NVFP4"},
        64 * 128,
    ),
    "mxfp4 of gpt-oss": (
        {
            "layers.0.mlp.experts.gate_up_proj_blocks": ("U8", [4, 64, 2, 16]),
            "layers.0.mlp.experts.gate_up_proj_scales": ("U8", [4, 64, 2]),
            "layers.0.mlp.experts.gate_up_proj_bias": ("BF16", [4, 64]),
        },
        {"quant_method": "mxfp4"},
        4 * 64 * 64 + 4 * 64,
    ),
    "fp8 in blocks": (
        {"l.weight": ("F8_E4M3", [256, 256]), "l.weight_scale_inv": ("F32", [2, 2])},
        {"quant_method": "fp8", "weight_block_size": [128, 128]},
        256 * 256,
    ),
    "bitnet": (
        {"l.weight": ("U8", [16, 64]), "l.weight_scale": ("BF16", [1])},
        {"quant_method": "bitnet"},
        64 * 64,
    ),
    "gptq without zeros": (
        {"l.qweight": ("I32", [16, 64]), "l.scales": ("F16", [1, 64]), "l.g_idx": ("I32", [128])},
        {"quant_method": "gptq", "bits": 4},
        128 * 64,
    ),
}


@pytest.mark.parametrize("name", FORMULAS)
def test_documented_formulas(name: str, tmp_path: Path) -> None:
    tensors, settings, parameters = FORMULAS[name]
    graph = load(write(tmp_path / "m", header_of(tensors), {"model_type": "x", "quantization_config": settings}))
    assert graph.total_parameters[0] == parameters
    assert graph.attribute(0, "quantisation")
    assert not graph.warnings


def test_llama_3_8b_in_gptq_counts_8_billion(tmp_path: Path) -> None:
    """Its published size is 8.03 B; layer norms, embedding and head stay as they were."""
    tensors = {"model.embed_tokens.weight": ("F16", [128256, 4096]), "lm_head.weight": ("F16", [128256, 4096])}
    sides = {"q": (4096, 4096), "k": (4096, 1024), "v": (4096, 1024), "o": (4096, 4096)}
    mlp = {"gate": (4096, 14336), "up": (4096, 14336), "down": (14336, 4096)}
    for layer in range(32):
        for block, matrices in (("self_attn", sides), ("mlp", mlp)):
            for name, (inputs, outputs) in matrices.items():
                path = f"model.layers.{layer}.{block}.{name}_proj"
                tensors |= {
                    f"{path}.qweight": ("I32", [inputs // 8, outputs]),
                    f"{path}.qzeros": ("I32", [inputs // 128, outputs // 8]),
                    f"{path}.scales": ("F16", [inputs // 128, outputs]),
                    f"{path}.g_idx": ("I32", [inputs]),
                }
        for norm in ("input_layernorm", "post_attention_layernorm"):
            tensors[f"model.layers.{layer}.{norm}.weight"] = ("F16", [4096])
    tensors["model.norm.weight"] = ("F16", [4096])
    config = {
        "model_type": "llama", "hidden_size": 4096, "num_attention_heads": 32, "num_key_value_heads": 8,
        "num_hidden_layers": 32, "vocab_size": 128256,
        "quantization_config": {"quant_method": "gptq", "bits": 4, "group_size": 128},
    }  # fmt: skip
    graph = load(write(tmp_path / "llama", header_of(tensors), config))
    assert graph.total_parameters[0] == 8_030_261_248
    assert graph.attribute(0, "quantisation") == "GPTQ 4-bit, group 128"
    assert graph.attribute(0, "layers") == 32
    assert graph.attribute(0, "heads") == 32
    assert not graph.warnings


def test_a_quantised_embedding_agrees_with_its_config(tmp_path: Path) -> None:
    tensors = {
        "model.embed_tokens.weight": ("U32", [100, 16]),
        "model.embed_tokens.scales": ("BF16", [100, 2]),
        "model.embed_tokens.biases": ("BF16", [100, 2]),
        "model.layers.0.mlp.gate_proj.weight": ("BF16", [64, 128]),
        "model.layers.0.mlp.up_proj.weight": ("BF16", [64, 128]),
        "model.layers.0.mlp.down_proj.weight": ("BF16", [128, 64]),
    }
    config = {"model_type": "llama", "hidden_size": 128, "vocab_size": 100}
    config["quantization"] = {"group_size": 64, "bits": 4}
    graph = load(write(tmp_path / "m", header_of(tensors), config))
    assert not graph.warnings
    assert graph.total_parameters[0] == 100 * 128 + 3 * 64 * 128
    assert graph.attribute(0, "hidden_size") == 128


@pytest.mark.parametrize(
    ("tensors", "words"),
    [
        ({"l.qweight": ("I32", [7, 9]), "l.scales": ("F16", [2, 5])}, "fit no known way of packing"),
        ({"l.qweight": ("I32", [0, 8]), "l.scales": ("F16", [1, 8])}, "fit no known way of packing"),
        ({"l.W_q": ("U8", [3, 5]), "l.scale": ("F16", [2, 2])}, "fit no known way of packing"),
        ({"l.weight": ("I32", [3, 5])}, "how 'aqlm' packs weights is not known"),
    ],
)
def test_what_is_not_understood_counts_as_stored_with_a_warning(tensors: dict, words: str, tmp_path: Path) -> None:
    config = {"model_type": "x", "quantization_config": {"quant_method": "aqlm"}}
    graph = load(write(tmp_path / "m", header_of(tensors), config))
    assert any(words in warning for warning in graph.warnings)
    first = next(iter(tensors))
    assert graph.parameters[graph.id_of(first)] == graph.elements[graph.id_of(first)]


@pytest.mark.parametrize(
    "settings",
    [
        {"bits": True}, {"bits": "4"}, {"bits": -1}, {"bits": 10**30}, {"config_groups": [1]},
        {"config_groups": {"a": 3}},
        {"config_groups": {"a": {"weights": {"num_bits": 0}}}}, {"group_size": 0}, {"group_size": -5}, {"l": {}},
        {"quant_config": 5}, {"quant_method": ["x"]}, {"weight_block_size": "xx"}, [], "text", 7,
    ],
)  # fmt: skip
def test_odd_quantisation_configs(settings: object, tmp_path: Path) -> None:
    tensors = {
        "l.weight": ("U32", [4, 4]), "l.scales": ("F16", [4, 2]), "m.weight_packed": ("I32", [4, 4]),
        "m.weight_scale": ("F16", [4, 1]), "n.W_q": ("U8", [4, 4]), "n.scale": ("F16", [1, 4]),
        "o.qweight": ("I32", [4, 4]), "o.scales": ("F16", [4, 9]),
    }  # fmt: skip
    try:
        graph = load(write(tmp_path / "m", header_of(tensors), {"model_type": "x", "quantization_config": settings}))
    except InputError as error:
        pytest.fail(str(error))
    assert 0 < graph.total_parameters[0] < 2**20
