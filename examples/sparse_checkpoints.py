"""Write checkpoints with the real tensor lists of large public models, at no cost in disk.

Headers are real bytes, the weights are a hole in the file: DeepSeek-V3 is 689 GB long and takes 21 MB.
Names, shapes and dtypes follow the published checkpoints; the figures that each model's authors publish
are checked before anything is written.

    python examples/sparse_checkpoints.py deepseek-v3 FOLDER
"""

import json
import struct
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

Tensor = tuple[str, list[int], str]
_BYTES = {"BF16": 2, "F32": 4, "F8_E4M3": 1}


@dataclass(frozen=True)
class Model:
    """A checkpoint: its config, its tensors, how it is cut into files, and what its authors publish."""

    config: dict[str, Any]
    tensors: Callable[[dict[str, Any]], Iterator[Tensor]]
    shards: int
    file_name: str
    published: dict[str, int]


def _fp8(name: str, rows: int, columns: int) -> Iterator[Tensor]:
    yield f"{name}.weight", [rows, columns], "F8_E4M3"
    yield f"{name}.weight_scale_inv", [-(-rows // 128), -(-columns // 128)], "F32"


def _gated_mlp(name: str, hidden: int, inner: int) -> Iterator[Tensor]:
    yield from _fp8(f"{name}.gate_proj", inner, hidden)
    yield from _fp8(f"{name}.up_proj", inner, hidden)
    yield from _fp8(f"{name}.down_proj", hidden, inner)


def _deepseek_layer(c: dict[str, Any], index: int) -> Iterator[Tensor]:
    hidden, heads = c["hidden_size"], c["num_attention_heads"]
    nope, rope, value = c["qk_nope_head_dim"], c["qk_rope_head_dim"], c["v_head_dim"]
    layer = f"model.layers.{index}"
    attention = f"{layer}.self_attn"
    yield from _fp8(f"{attention}.q_a_proj", c["q_lora_rank"], hidden)
    yield f"{attention}.q_a_layernorm.weight", [c["q_lora_rank"]], "BF16"
    yield from _fp8(f"{attention}.q_b_proj", heads * (nope + rope), c["q_lora_rank"])
    yield from _fp8(f"{attention}.kv_a_proj_with_mqa", c["kv_lora_rank"] + rope, hidden)
    yield f"{attention}.kv_a_layernorm.weight", [c["kv_lora_rank"]], "BF16"
    yield from _fp8(f"{attention}.kv_b_proj", heads * (nope + value), c["kv_lora_rank"])
    yield from _fp8(f"{attention}.o_proj", hidden, heads * value)
    if index < c["first_k_dense_replace"]:
        yield from _gated_mlp(f"{layer}.mlp", hidden, c["intermediate_size"])
    else:
        yield f"{layer}.mlp.gate.weight", [c["n_routed_experts"], hidden], "BF16"
        yield f"{layer}.mlp.gate.e_score_correction_bias", [c["n_routed_experts"]], "F32"
        inner = c["moe_intermediate_size"]
        yield from _gated_mlp(f"{layer}.mlp.shared_experts", hidden, inner * c["n_shared_experts"])
        for expert in range(c["n_routed_experts"]):
            yield from _gated_mlp(f"{layer}.mlp.experts.{expert}", hidden, inner)
    yield f"{layer}.input_layernorm.weight", [hidden], "BF16"
    yield f"{layer}.post_attention_layernorm.weight", [hidden], "BF16"


def _deepseek(c: dict[str, Any]) -> Iterator[Tensor]:
    hidden, layers = c["hidden_size"], c["num_hidden_layers"]
    yield "model.embed_tokens.weight", [c["vocab_size"], hidden], "BF16"
    for index in range(layers):
        yield from _deepseek_layer(c, index)
    yield "model.norm.weight", [hidden], "BF16"
    yield "lm_head.weight", [c["vocab_size"], hidden], "BF16"
    for index in range(layers, layers + c["num_nextn_predict_layers"]):
        layer = f"model.layers.{index}"
        yield f"{layer}.embed_tokens.weight", [c["vocab_size"], hidden], "BF16"
        yield f"{layer}.enorm.weight", [hidden], "BF16"
        yield f"{layer}.hnorm.weight", [hidden], "BF16"
        yield f"{layer}.eh_proj.weight", [hidden, 2 * hidden], "BF16"
        yield from _deepseek_layer(c, index)
        yield f"{layer}.shared_head.norm.weight", [hidden], "BF16"
        yield f"{layer}.shared_head.head.weight", [c["vocab_size"], hidden], "BF16"


def _mixtral(c: dict[str, Any]) -> Iterator[Tensor]:
    hidden, inner = c["hidden_size"], c["intermediate_size"]
    key_value = hidden // c["num_attention_heads"] * c["num_key_value_heads"]
    yield "model.embed_tokens.weight", [c["vocab_size"], hidden], "BF16"
    for index in range(c["num_hidden_layers"]):
        layer = f"model.layers.{index}"
        for name, rows in (("q", hidden), ("k", key_value), ("v", key_value), ("o", hidden)):
            yield f"{layer}.self_attn.{name}_proj.weight", [rows, hidden], "BF16"
        yield f"{layer}.block_sparse_moe.gate.weight", [c["num_local_experts"], hidden], "BF16"
        for expert in range(c["num_local_experts"]):
            part = f"{layer}.block_sparse_moe.experts.{expert}"
            yield f"{part}.w1.weight", [inner, hidden], "BF16"
            yield f"{part}.w2.weight", [hidden, inner], "BF16"
            yield f"{part}.w3.weight", [inner, hidden], "BF16"
        yield f"{layer}.input_layernorm.weight", [hidden], "BF16"
        yield f"{layer}.post_attention_layernorm.weight", [hidden], "BF16"
    yield "model.norm.weight", [hidden], "BF16"
    yield "lm_head.weight", [c["vocab_size"], hidden], "BF16"


_DEEPSEEK_V3: dict[str, Any] = {
    "architectures": ["DeepseekV3ForCausalLM"],
    "model_type": "deepseek_v3",
    "first_k_dense_replace": 3,
    "hidden_size": 7168,
    "intermediate_size": 18432,
    "kv_lora_rank": 512,
    "moe_intermediate_size": 2048,
    "n_routed_experts": 256,
    "n_shared_experts": 1,
    "num_attention_heads": 128,
    "num_experts_per_tok": 8,
    "num_hidden_layers": 61,
    "num_key_value_heads": 128,
    "num_nextn_predict_layers": 1,
    "q_lora_rank": 1536,
    "qk_nope_head_dim": 128,
    "qk_rope_head_dim": 64,
    "v_head_dim": 128,
    "vocab_size": 129280,
}

MODELS: dict[str, Model] = {
    # DeepSeek-V3, README_WEIGHTS.md: 671,026,419,200 main parameters; DeepSeek-R1's listing: 91,991 tensors.
    "deepseek-v3": Model(
        _DEEPSEEK_V3,
        _deepseek,
        163,
        "model-{i:05d}-of-{n:06d}.safetensors",
        {"tensors": 91_991, "elements": 684_531_386_000},
    ),
    # Kimi-K2, model card: 61 layers, 1 of them dense, 384 experts, 64 heads.
    "kimi-k2": Model(
        {
            **_DEEPSEEK_V3,
            "model_type": "kimi_k2",
            "first_k_dense_replace": 1,
            "n_routed_experts": 384,
            "num_attention_heads": 64,
            "num_key_value_heads": 64,
            "num_nextn_predict_layers": 0,
            "vocab_size": 163840,
        },
        _deepseek,
        61,
        "model-{i}-of-{n}.safetensors",
        {"tensors": 139_583},
    ),
    # Mixtral-8x7B: 46,702,792,704 parameters in 995 tensors and 19 files.
    "mixtral-8x7b": Model(
        {
            "architectures": ["MixtralForCausalLM"],
            "model_type": "mixtral",
            "hidden_size": 4096,
            "intermediate_size": 14336,
            "num_attention_heads": 32,
            "num_experts_per_tok": 2,
            "num_hidden_layers": 32,
            "num_key_value_heads": 8,
            "num_local_experts": 8,
            "vocab_size": 32000,
        },
        _mixtral,
        19,
        "model-{i:05d}-of-{n:05d}.safetensors",
        {"tensors": 995, "elements": 46_702_792_704},
    ),
}


def write(name: str, folder: Path) -> None:
    """Write the checkpoint `name` of `MODELS` into `folder`."""
    model = MODELS[name]
    tensors = list(model.tensors(model.config))
    figures = {"tensors": len(tensors), "elements": sum(prod(shape) for _, shape, _ in tensors)}
    for key, value in model.published.items():
        if abs(figures[key] - value) > 500:  # the published element count of DeepSeek-R1 is rounded
            raise ValueError(f"{name}: {key} are {figures[key]:,}, published are {value:,}")
    folder.mkdir(parents=True, exist_ok=True)
    weight_map: dict[str, str] = {}
    bounds = [round(k * len(tensors) / model.shards) for k in range(model.shards + 1)]
    for index in range(model.shards):
        shard = tensors[bounds[index] : bounds[index + 1]]
        file_name = model.file_name.format(i=index + 1, n=model.shards)
        _write_shard(folder / file_name, shard)
        weight_map.update((tensor[0], file_name) for tensor in shard)
    (folder / "model.safetensors.index.json").write_text(json.dumps({"metadata": {}, "weight_map": weight_map}))
    (folder / "config.json").write_text(json.dumps(model.config))


def _write_shard(path: Path, tensors: list[Tensor]) -> None:
    offset, header = 0, dict[str, Any](__metadata__={"format": "pt"})
    for name, shape, dtype in tensors:
        size = prod(shape) * _BYTES[dtype]
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [offset, offset + size]}
        offset += size
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        file.truncate(8 + len(text) + offset)


if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[1] not in MODELS:
        sys.exit(f"usage: sparse_checkpoints.py {{{','.join(MODELS)}}} FOLDER")
    write(sys.argv[1], Path(sys.argv[2]))
