"""The models of the gallery, made on first use and kept in build/bench: needs torch, transformers, diffusers, onnx."""

import json
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from sparse_checkpoints import write

import archviz3d
from archviz3d.graph import ModelGraph

__all__ = ["SOURCES"]

_MODELS = Path(__file__).resolve().parent.parent / "build" / "bench" / "gallery"
_CONFIGS: dict[str, dict[str, Any]] = {
    "Llama-3.1-8B": {
        "model_type": "llama",
        "architectures": ["LlamaForCausalLM"],
        "hidden_size": 4096,
        "intermediate_size": 14336,
        "num_hidden_layers": 32,
        "num_attention_heads": 32,
        "num_key_value_heads": 8,
        "vocab_size": 128256,
    },
    "GPT-2": {
        "model_type": "gpt2",
        "architectures": ["GPT2LMHeadModel"],
        "n_layer": 12,
        "n_embd": 768,
        "n_head": 12,
        "vocab_size": 50257,
    },
    "T5-small": {
        "model_type": "t5",
        "architectures": ["T5ForConditionalGeneration"],
        "d_model": 512,
        "d_kv": 64,
        "d_ff": 2048,
        "num_layers": 6,
        "num_decoder_layers": 6,
        "num_heads": 8,
        "vocab_size": 32128,
    },
    "CLIP": {
        "model_type": "clip",
        "architectures": ["CLIPModel"],
        "text_config": {"model_type": "clip_text_model"},
        "vision_config": {"model_type": "clip_vision_model"},
    },
}


def _checkpoint(name: str, title: str) -> Path:
    """Return a checkpoint with the real tensor list of a large model; its folder's name is the model's."""
    folder = _MODELS / title
    if not folder.exists():
        write(name, folder)
    return folder


def _config(title: str) -> Path:
    """Return a folder with a config.json and nothing else."""
    folder = _MODELS / title
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(_CONFIGS[title]), encoding="utf-8")
    return folder


def _live(title: str, model: str, flow: str, **settings: Any) -> ModelGraph:
    """Return the graph of a model of transformers at its full size, run on the meta device, where it has no weights."""
    import torch
    import transformers

    config = getattr(transformers, f"{model}Config")(**settings)
    names = {"Bert": "BertForMaskedLM"}
    with torch.device("meta"):
        module = getattr(transformers, names.get(model, f"{model}ForImageClassification"))(config).eval()
    module.config.name_or_path = title  # what a model that was downloaded is called by
    return archviz3d.load(module, flow=flow)


def _real(name: str, title: str) -> Path:
    """Return a graph of bench/real_graphs.py: a small model traced by torch.export, or one of the onnx wheel."""
    from real_graphs import GRAPHS

    made = GRAPHS[name]()
    named = _MODELS / f"{title}{made.suffix}"
    _MODELS.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(made, named)
    return named


def _fans() -> ModelGraph:
    """Return a generated transformer with 64 experts a layer."""
    from compound import transformer

    return transformer(1000, 64)


SOURCES: dict[str, Callable[[], Path | ModelGraph]] = {
    "DeepSeek-V3": partial(_checkpoint, "deepseek-v3", "DeepSeek-V3"),
    "Mixtral-8x7B": partial(_checkpoint, "mixtral-8x7b", "Mixtral-8x7B"),
    **{title: partial(_config, title) for title in _CONFIGS},
    "BERT": partial(_live, "BERT", "Bert", "hooks"),
    "ViT": partial(_live, "ViT", "ViT", "hooks"),
    "ResNet-50": partial(_live, "ResNet-50", "ResNet", "operators"),
    **{
        title: partial(_real, name, title)
        for name, title in (
            ("whisper", "Whisper"),
            ("unet", "U-Net"),
            ("mamba", "Mamba"),
            ("deepseek_v3", "DeepSeek-V3 traced"),
            ("t5", "T5 traced"),
            ("densenet121", "DenseNet-121"),
            ("inception_v1", "Inception v1"),
            ("inception_v2", "Inception v2"),
        )
    },
    "generated": _fans,
}
