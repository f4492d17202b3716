"""Write GGUF files with the real tensor lists of large public models, at no cost in disk.

Headers are real bytes, with a vocabulary of the model's size; the weights are a hole in the file: DeepSeek-V3 in
Q4_K_M is 435 GB long and takes 5 MB. Sizes come from `sparse_checkpoints`, names and types from llama.cpp.

    python examples/sparse_gguf.py deepseek-v3 FOLDER
"""

import struct
import sys
from collections.abc import Iterator
from math import prod
from pathlib import Path
from typing import Any

from sparse_checkpoints import MODELS

Tensor = tuple[str, list[int], str]
ALIGNMENT = 32
# ggml type -> number in the file, values of a block, bytes of a block
TYPES = {"F32": (0, 1, 4), "F16": (1, 1, 2), "Q8_0": (8, 32, 34), "Q4_K": (12, 256, 144), "Q6_K": (14, 256, 210)}
_U16, _U32, _I32, _F32, _STRING, _ARRAY = 2, 4, 5, 6, 8, 9
_Q4_K_M = 15


def _mla(layer: str, c: dict[str, Any]) -> Iterator[Tensor]:
    hidden, heads, rank = c["hidden_size"], c["num_attention_heads"], c["kv_lora_rank"]
    nope, rope, value = c["qk_nope_head_dim"], c["qk_rope_head_dim"], c["v_head_dim"]
    yield f"{layer}.attn_q_a.weight", [c["q_lora_rank"], hidden], "Q4_K"
    yield f"{layer}.attn_q_a_norm.weight", [c["q_lora_rank"]], "F32"
    yield f"{layer}.attn_q_b.weight", [heads * (nope + rope), c["q_lora_rank"]], "Q4_K"
    yield f"{layer}.attn_kv_a_mqa.weight", [rank + rope, hidden], "Q6_K"
    yield f"{layer}.attn_kv_a_norm.weight", [rank], "F32"
    yield f"{layer}.attn_k_b.weight", [heads, rank, nope], "Q8_0"
    yield f"{layer}.attn_v_b.weight", [heads, value, rank], "Q6_K"
    yield f"{layer}.attn_output.weight", [hidden, heads * value], "Q4_K"


def _mlp(layer: str, kind: str, hidden: int, inner: int, experts: list[int]) -> Iterator[Tensor]:
    yield f"{layer}.ffn_gate{kind}.weight", [*experts, inner, hidden], "Q4_K"
    yield f"{layer}.ffn_up{kind}.weight", [*experts, inner, hidden], "Q4_K"
    yield f"{layer}.ffn_down{kind}.weight", [*experts, hidden, inner], "Q6_K"


def _deepseek(c: dict[str, Any]) -> Iterator[Tensor]:
    hidden, inner = c["hidden_size"], c["moe_intermediate_size"]
    for index in range(c["num_hidden_layers"]):  # its multi-token-prediction layer is not converted
        layer = f"blk.{index}"
        yield f"{layer}.attn_norm.weight", [hidden], "F32"
        yield from _mla(layer, c)
        yield f"{layer}.ffn_norm.weight", [hidden], "F32"
        if index < c["first_k_dense_replace"]:
            yield from _mlp(layer, "", hidden, c["intermediate_size"], [])
        else:
            yield f"{layer}.ffn_gate_inp.weight", [c["n_routed_experts"], hidden], "F32"
            yield f"{layer}.exp_probs_b.bias", [c["n_routed_experts"]], "F32"
            yield from _mlp(layer, "_exps", hidden, inner, [c["n_routed_experts"]])
            yield from _mlp(layer, "_shexp", hidden, inner * c["n_shared_experts"], [])


def _mixtral(c: dict[str, Any]) -> Iterator[Tensor]:
    hidden, inner = c["hidden_size"], c["intermediate_size"]
    key_value = hidden // c["num_attention_heads"] * c["num_key_value_heads"]
    for index in range(c["num_hidden_layers"]):
        layer = f"blk.{index}"
        yield f"{layer}.attn_norm.weight", [hidden], "F32"
        for name, rows, kind in (("q", hidden, "Q4_K"), ("k", key_value, "Q4_K"), ("v", key_value, "Q6_K")):
            yield f"{layer}.attn_{name}.weight", [rows, hidden], kind
        yield f"{layer}.attn_output.weight", [hidden, hidden], "Q4_K"
        yield f"{layer}.ffn_norm.weight", [hidden], "F32"
        yield f"{layer}.ffn_gate_inp.weight", [c["num_local_experts"], hidden], "F16"
        yield from _mlp(layer, "_exps", hidden, inner, [c["num_local_experts"]])


def _tensors(name: str, c: dict[str, Any]) -> list[Tensor]:
    table = [c["vocab_size"], c["hidden_size"]]
    layers = _mixtral(c) if name.startswith("mixtral") else _deepseek(c)
    return [
        ("token_embd.weight", table, "Q4_K"),
        *layers,
        ("output_norm.weight", [c["hidden_size"]], "F32"),
        ("output.weight", table, "Q6_K"),
    ]


def _metadata(name: str, c: dict[str, Any]) -> dict[str, tuple[int, Any]]:
    """Return key -> (type, value) as llama.cpp's converter writes them."""
    mixtral = name.startswith("mixtral")
    arch = "llama" if mixtral else "deepseek2"
    values: dict[str, tuple[int, Any]] = {
        "general.architecture": (_STRING, arch),
        "general.name": (_STRING, name),
        "general.file_type": (_U32, _Q4_K_M),
        "general.quantization_version": (_U32, 2),
        f"{arch}.block_count": (_U32, c["num_hidden_layers"]),
        f"{arch}.context_length": (_U32, 32768 if mixtral else 163840),
        f"{arch}.embedding_length": (_U32, c["hidden_size"]),
        f"{arch}.feed_forward_length": (_U32, c["intermediate_size"]),
        f"{arch}.attention.head_count": (_U32, c["num_attention_heads"]),
        f"{arch}.attention.head_count_kv": (_U32, c["num_key_value_heads"] if mixtral else 1),
        f"{arch}.rope.freq_base": (_F32, 1e6 if mixtral else 1e4),
        f"{arch}.rope.dimension_count": (_U32, 128 if mixtral else c["qk_rope_head_dim"]),
        f"{arch}.vocab_size": (_U32, c["vocab_size"]),
        f"{arch}.expert_count": (_U32, c.get("num_local_experts") or c["n_routed_experts"]),
        f"{arch}.expert_used_count": (_U32, c["num_experts_per_tok"]),
        "tokenizer.ggml.model": (_STRING, "llama" if mixtral else "gpt2"),
        "tokenizer.ggml.tokens": (_ARRAY, (_STRING, [f"token {k}" for k in range(c["vocab_size"])])),
        "tokenizer.ggml.token_type": (_ARRAY, (_I32, [1] * c["vocab_size"])),
    }
    if not mixtral:
        rank, nope, rope = c["kv_lora_rank"], c["qk_nope_head_dim"], c["qk_rope_head_dim"]
        values |= {
            f"{arch}.expert_shared_count": (_U32, c["n_shared_experts"]),
            f"{arch}.leading_dense_block_count": (_U32, c["first_k_dense_replace"]),
            f"{arch}.attention.q_lora_rank": (_U32, c["q_lora_rank"]),
            f"{arch}.attention.kv_lora_rank": (_U32, rank),
            f"{arch}.attention.key_length": (_U32, rank + rope),
            f"{arch}.attention.value_length": (_U32, rank),
            f"{arch}.attention.key_length_mla": (_U32, nope + rope),
            f"{arch}.attention.value_length_mla": (_U32, c["v_head_dim"]),
            "tokenizer.ggml.merges": (_ARRAY, (_STRING, [f"t {k}" for k in range(c["vocab_size"] - 1000)])),
        }
    return values


def _text(value: str) -> bytes:
    raw = value.encode()
    return struct.pack("<Q", len(raw)) + raw


def _value(kind: int, value: Any) -> bytes:
    if kind == _STRING:
        return _text(value)
    if kind == _ARRAY:
        inner, items = value
        return struct.pack("<IQ", inner, len(items)) + b"".join(_value(inner, item) for item in items)
    return struct.pack({_U16: "<H", _U32: "<I", _I32: "<i", _F32: "<f"}[kind], value)


def nbytes(shape: list[int], kind: str) -> int:
    """Return the bytes of a tensor."""
    _, values, size = TYPES[kind]
    return prod(shape) // values * size


def write_file(path: Path, metadata: dict[str, tuple[int, Any]], tensors: list[Tensor]) -> None:
    """Write one GGUF v3 file with a hole for its data."""
    pairs = [_text(key) + struct.pack("<I", kind) + _value(kind, value) for key, (kind, value) in metadata.items()]
    offset, infos, end = 0, list[bytes](), 0
    for name, shape, kind in tensors:
        dimensions = struct.pack(f"<I{len(shape)}Q", len(shape), *reversed(shape))
        infos.append(_text(name) + dimensions + struct.pack("<IQ", TYPES[kind][0], offset))
        end = offset + nbytes(shape, kind)
        offset = -(-end // ALIGNMENT) * ALIGNMENT
    header = b"".join([b"GGUF", struct.pack("<IQQ", 3, len(tensors), len(pairs)), *pairs, *infos])
    with path.open("wb") as file:
        file.write(header)
        file.truncate(-(-len(header) // ALIGNMENT) * ALIGNMENT + end)


def write(name: str, folder: Path, part_bytes: int = 50 * 10**9) -> None:
    """Write the model `name` of `sparse_checkpoints.MODELS` into `folder`, in parts of at most so many bytes."""
    config = MODELS[name].config
    parts: list[list[Tensor]] = [[]]
    size = 0
    for tensor in _tensors(name, config):
        if parts[-1] and size + nbytes(*tensor[1:]) > part_bytes:
            parts.append([])
            size = 0
        parts[-1].append(tensor)
        size += nbytes(*tensor[1:])
    folder.mkdir(parents=True, exist_ok=True)
    total, count = sum(map(len, parts)), len(parts)
    for k, tensors in enumerate(parts):
        metadata = _metadata(name, config) if k == 0 else {}
        if count > 1:
            metadata |= {"split.no": (_U16, k), "split.count": (_U16, count), "split.tensors.count": (_I32, total)}
        stem = f"{name}-Q4_K_M" + (f"-{k + 1:05}-of-{count:05}" if count > 1 else "")
        write_file(folder / f"{stem}.gguf", metadata, tensors)


if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[1] not in MODELS:
        sys.exit(f"usage: sparse_gguf.py {{{','.join(MODELS)}}} FOLDER")
    write(sys.argv[1], Path(sys.argv[2]))
