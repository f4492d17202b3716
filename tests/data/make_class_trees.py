"""Write class_trees.json: what a checkpoint of each class has, by transformers itself, on the meta device.

    pip install torch transformers
    python tests/data/make_class_trees.py

Made with transformers 5.23.0. One entry a class and set of options: how many tensors, and a digest of their names and
shapes. The configs are the classes' own defaults, with the options, and fewer layers.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

import torch
import transformers
from transformers.core_model_loading import revert_weight_conversion

from archviz3d.loaders.config_tree.own_tree import classes

# Options beside the defaults: what switches tensors on and off.
VARIANTS: dict[str, list[dict[str, Any]]] = {
    "LlamaForCausalLM": [{"attention_bias": True, "mlp_bias": True}, {"tie_word_embeddings": True, "head_dim": 64}],
    "LlamaForSequenceClassification": [{"num_labels": 7}],
    "MistralForCausalLM": [{"head_dim": 64, "num_key_value_heads": 4}],
    "Qwen2ForCausalLM": [{"tie_word_embeddings": True, "num_key_value_heads": 4}],
    "Qwen3ForCausalLM": [{"attention_bias": True, "head_dim": 64}],
    "GemmaForCausalLM": [{"tie_word_embeddings": False, "attention_bias": True}],
    "Phi3ForCausalLM": [{"num_key_value_heads": 8, "tie_word_embeddings": True}],
    "PhiForCausalLM": [{"qk_layernorm": True, "num_key_value_heads": 8}],
    "Olmo2ForCausalLM": [{"num_key_value_heads": 8, "attention_bias": True}],
    "Glm4ForCausalLM": [{"attention_bias": False}],
    "Starcoder2ForCausalLM": [{"use_bias": False, "tie_word_embeddings": False}],
    "StableLmForCausalLM": [{"use_qkv_bias": True, "use_parallel_residual": True}],
    "CohereForCausalLM": [{"use_qk_norm": True, "num_key_value_heads": 8}],
    "GPT2LMHeadModel": [{"n_inner": 100, "tie_word_embeddings": False}],
    "GPTNeoXForCausalLM": [{"attention_bias": False, "tie_word_embeddings": True}],
    "GPTJForCausalLM": [{"n_inner": 64}],
    "BloomForCausalLM": [{"hidden_size": 128, "tie_word_embeddings": False}],
    "FalconForCausalLM": [
        {"new_decoder_architecture": True, "num_kv_heads": 1},
        {"new_decoder_architecture": True, "num_ln_in_parallel_attn": 1},
        {"multi_query": False, "bias": True},
        {"parallel_attn": False, "ffn_hidden_size": 64},
    ],
    "OPTForCausalLM": [
        {"word_embed_proj_dim": 64, "do_layer_norm_before": False},
        {"enable_bias": False, "tie_word_embeddings": False},
    ],
    "MixtralForCausalLM": [{"num_local_experts": 3, "head_dim": 64, "tie_word_embeddings": True}],
    "Qwen2MoeForCausalLM": [
        {"qkv_bias": False, "decoder_sparse_step": 2, "num_experts": 3},
        {"mlp_only_layers": [1], "num_experts": 3, "num_hidden_layers": 4},
    ],
    "Qwen3MoeForCausalLM": [{"mlp_only_layers": [0, 2], "num_experts": 3, "num_hidden_layers": 4, "head_dim": 8}],
    "OlmoeForCausalLM": [{"num_experts": 3, "num_key_value_heads": 4, "attention_bias": True}],
    "DeepseekV2ForCausalLM": [
        {"q_lora_rank": None, "n_routed_experts": 3, "first_k_dense_replace": 1, "n_shared_experts": 1}
    ],
    "DeepseekV3ForCausalLM": [
        {"q_lora_rank": None, "n_routed_experts": 4, "first_k_dense_replace": 1, "attention_bias": True}
    ],
    "Glm4MoeForCausalLM": [{"use_qk_norm": True, "attention_bias": True, "n_routed_experts": 3, "head_dim": 16}],
    "GptOssForCausalLM": [{"num_local_experts": 3, "tie_word_embeddings": True}],
    "BertForMaskedLM": [{"tie_word_embeddings": False}],
    "BertForTokenClassification": [{"num_labels": 9}],
    "RobertaForMaskedLM": [{"tie_word_embeddings": False}],
    "DistilBertForMaskedLM": [{"tie_word_embeddings": False}],
    "T5ForConditionalGeneration": [
        {"feed_forward_proj": "gated-gelu"},  # 5.x ties in any case; flan-t5's own files have a head
        {"num_decoder_layers": 1, "d_kv": 16},
    ],
    "ViTForImageClassification": [{"qkv_bias": False, "image_size": 32, "patch_size": 8, "num_labels": 10}],
    "ViTModel": [{"pooler_output_size": 16}],
}


def digest(shapes: dict[str, tuple[int, ...]]) -> str:
    """Return the digest of a tree; the test has the same function."""
    return hashlib.sha256(repr(sorted(shapes.items())).encode()).hexdigest()[:16]


def tree(name: str, options: dict[str, Any]) -> dict[str, tuple[int, ...]]:
    kind = getattr(transformers, name)
    with torch.device("meta"):
        model = kind(kind.config_class(**options))
    tied = model.all_tied_weights_keys
    stored = revert_weight_conversion(model, {k: v for k, v in model.state_dict().items() if k not in tied})
    return {key: tuple(value.shape) for key, value in stored.items()}


def main() -> None:
    entries: list[dict[str, Any]] = []
    for name in classes():
        if not hasattr(transformers, name):
            continue
        for variant in [{}, *VARIANTS.get(name, [])]:
            options = {**({"num_nextn_predict_layers": 0} if "V3" in name or "Glm4Moe" in name else {}), **variant}
            made = tree(name, options)
            entries.append({"class": name, "options": options, "tensors": len(made), "digest": digest(made)})
    lines = ",\n".join(" " + json.dumps(entry) for entry in entries)
    Path(__file__).with_name("class_trees.json").write_text(f"[\n{lines}\n]\n")


if __name__ == "__main__":
    main()
