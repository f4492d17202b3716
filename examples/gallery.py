"""Draw the pictures of docs/gallery and write its page.

    python examples/gallery.py [NAME ...]      (needs torch, transformers, diffusers, onnx and onnxscript)

Models are made on first use and kept in build/bench; the same code draws the same pictures.
"""

import json
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from PIL import Image
from sparse_checkpoints import write

import archviz3d
from archviz3d.graph import ModelGraph

ROOT = Path(__file__).resolve().parent.parent
GALLERY = ROOT / "docs" / "gallery"
MODELS = ROOT / "build" / "bench" / "gallery"
_MOST_BYTES = 280_000  # of a picture
_CONFIGS: dict[str, dict[str, Any]] = {
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


# ---------------------------------------------------------------- the models
def checkpoint(name: str, title: str) -> Path:
    """Return a checkpoint with the real tensor list of a large model; its folder's name is the model's."""
    folder = MODELS / title
    if not folder.exists():
        write(name, folder)
    return folder


def config(title: str) -> Path:
    """Return a folder with a config.json and nothing else."""
    folder = MODELS / title
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(_CONFIGS[title]), encoding="utf-8")
    return folder


def real(name: str, title: str) -> Path:
    """Return a graph of bench/real_graphs.py: a small model traced by torch.export, or one of the onnx wheel."""
    from real_graphs import GRAPHS

    made = GRAPHS[name]()
    named = MODELS / f"{title}{made.suffix}"
    MODELS.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(made, named)
    return named


def fans() -> ModelGraph:
    """Return a generated transformer with 64 experts a layer."""
    from compound import transformer

    return transformer(1000, 64)


SOURCES: dict[str, Callable[[], Path | ModelGraph]] = {
    "DeepSeek-V3": partial(checkpoint, "deepseek-v3", "DeepSeek-V3"),
    "Mixtral-8x7B": partial(checkpoint, "mixtral-8x7b", "Mixtral-8x7B"),
    **{title: partial(config, title) for title in _CONFIGS},
    **{
        title: partial(real, name, title)
        for name, title in (
            ("unet", "U-Net"),
            ("llama", "Llama"),
            ("deepseek_v3", "DeepSeek-V3 traced"),
            ("whisper", "Whisper"),
            ("t5", "T5 traced"),
            ("mamba", "Mamba"),
            ("densenet121", "DenseNet-121"),
            ("inception_v1", "Inception v1"),
            ("inception_v2", "Inception v2"),
            ("resnet50", "ResNet-50"),
        )
    },
    "generated": fans,
}


# ---------------------------------------------------------------- the pictures
@dataclass(frozen=True)
class Picture:
    """One picture: a model of `SOURCES`, options of archviz3d.render, and a line on what it shows."""

    model: str
    words: str
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def command(self) -> str:
        """The command line that draws it."""
        said = {"camera": lambda angles: ",".join(map(str, angles)), "hide": ",".join}
        parts = [
            f"--{key}" if value is True else f"--{key} {said.get(key, str)(value)}"
            for key, value in self.options.items()
        ]
        return " ".join(["archviz3d render MODEL -o FILE", *parts])


_CHECKPOINT = "headers of a checkpoint, inferred flow"
_CONFIG = "derived from a config.json alone, inferred flow"
_TRACED = "a small model as torch.export traces it, every operator"
_WHEEL = "of the onnx wheel, weights left out"
_LAYER = {"focus": "model.layers.17"}
_HIDDEN = _LAYER | {"hide": ["model.layers.17.self_attn", "model.layers.17.input_layernorm"]}
SECTIONS: dict[str, dict[str, Picture]] = {
    "Arrangements of a stack": {
        "deepseek-v3-wrap": Picture(
            "DeepSeek-V3", f"`wrap`, which `auto` picks here: 61 layers in rows ({_CHECKPOINT})."
        ),
        "deepseek-v3-row": Picture(
            "DeepSeek-V3",
            "`row`: a spine a layer. Matrices keep their proportions: the MLPs of the three dense layers leave room.",
            {"arrangement": "row"},
        ),
        "deepseek-v3-deck": Picture(
            "DeepSeek-V3", "`deck`: a plate a layer, the prediction layer in front.", {"arrangement": "deck"}
        ),
        "deepseek-v3-deck-front": Picture(
            "DeepSeek-V3", "The same deck from the front.", {"arrangement": "deck", "camera": (0, 0)}
        ),
        "mixtral-wrap": Picture("Mixtral-8x7B", f"`wrap`: 32 layers, 8 experts each ({_CHECKPOINT})."),
        "mixtral-row": Picture("Mixtral-8x7B", "`row`.", {"arrangement": "row"}),
        "mixtral-deck": Picture("Mixtral-8x7B", "`deck`.", {"arrangement": "deck"}),
        "mixtral-city": Picture(
            "Mixtral-8x7B", "The same deck from above its lower edge.", {"arrangement": "deck", "camera": (0, 60)}
        ),
        "gpt2-wrap": Picture("GPT-2", f"`wrap`: 12 layers ({_CONFIG})."),
        "gpt2-row": Picture(
            "GPT-2", "`row`: matrices keep their proportions, so slender spines leave room.", {"arrangement": "row"}
        ),
        "gpt2-deck": Picture("GPT-2", "`deck`, seen along the stack.", {"arrangement": "deck", "camera": (-62, 12)}),
    },
    "Several stacks": {
        "t5-light": Picture("T5-small", f"Encoder and decoder, light theme ({_CONFIG}).", {"theme": "light"}),
        "t5-deck": Picture("T5-small", "Two decks side by side.", {"arrangement": "deck"}),
        "clip-wrap": Picture("CLIP", f"Text and vision tower; no flow between them is known ({_CONFIG})."),
        "unet": Picture("U-Net", f"A diffusion U-Net: skips pass the middle ({_TRACED})."),
        "whisper": Picture("Whisper", f"Speech encoder and text decoder ({_TRACED})."),
    },
    "Traced graphs": {
        "llama": Picture("Llama", f"Masks and rotary tables left, layers right ({_TRACED})."),
        "deepseek-v3-traced": Picture(
            "DeepSeek-V3 traced", f"Latent attention, a dense layer and one with experts ({_TRACED})."
        ),
        "mamba": Picture("Mamba", f"Two state-space layers with the scan unrolled ({_TRACED})."),
        "t5-traced": Picture("T5 traced", f"The ties of its embeddings are small tabs, not lines ({_TRACED})."),
    },
    "Convolutional networks": {
        "densenet-121": Picture("DenseNet-121", f"Each block's way past it ends in a Concat ({_WHEEL})."),
        "inception-v1": Picture("Inception v1", f"Branches that part and come together ({_WHEEL})."),
        "inception-v2": Picture("Inception v2", f"The same with normalisation ({_WHEEL})."),
        "resnet-50-light": Picture(
            "ResNet-50", f"One flat graph of 684 nodes in rows, light theme ({_WHEEL}).", {"theme": "light"}
        ),
    },
    "Trunks": {
        "fan-out": Picture(
            "generated",
            "A generated model: to 64 experts and back, two trunks that never share a track.",
            {"focus": "layers.0.mlp"},
        ),
    },
    "Hidden parts": {
        "hidden": Picture("Mixtral-8x7B", "Attention and a norm hidden: nothing else moves.", _HIDDEN),
        "compact": Picture(
            "Mixtral-8x7B", "Compacted: this layer takes their room, no other moves.", _HIDDEN | {"compact": True}
        ),
    },
}


def draw(name: str, picture: Picture, graph: ModelGraph) -> None:
    """Write one picture in 256 colours."""
    path = GALLERY / f"{name}.png"
    archviz3d.render(graph, path, **picture.options)
    with Image.open(path) as image:
        drawn = image.convert("RGB")
    # The median cut, made better by k-means, keeps gradients smooth; the octree compresses better.
    for method in (Image.Quantize.MEDIANCUT, Image.Quantize.FASTOCTREE):
        drawn.quantize(256, method, kmeans=3).save(path, optimize=True)
        if path.stat().st_size <= _MOST_BYTES:
            break


def page() -> str:
    """Return the text of docs/gallery/README.md."""
    lines = [
        "# Gallery",
        "",
        "This page and its pictures (1920 x 1080, in 256 colours) are written by `python examples/gallery.py`, which",
        "makes the models, too. With each is the command that draws it. [Layout](../layout.md) says what lines mean.",
    ]
    for heading, pictures in SECTIONS.items():
        lines += ["", f"## {heading}"]
        for name, picture in pictures.items():
            lines += ["", f"![{name}]({name}.png)", "", f"**{picture.model}** {picture.words} `{picture.command}`"]
    return "\n".join(lines) + "\n"


def main(names: list[str]) -> None:
    """Draw some pictures, or all, and write the page."""
    if {"-h", "--help"} & set(names):
        sys.exit(__doc__)
    sys.path.insert(0, str(ROOT / "bench"))
    GALLERY.mkdir(parents=True, exist_ok=True)
    everything = {name: picture for pictures in SECTIONS.values() for name, picture in pictures.items()}
    unknown = set(names) - set(everything)
    if unknown:
        sys.exit(f"no picture {', '.join(sorted(unknown))}; one of: {', '.join(everything)}")
    wanted = {name: everything[name] for name in names or everything}
    for model in dict.fromkeys(picture.model for picture in wanted.values()):
        source = SOURCES[model]()
        graph = source if isinstance(source, ModelGraph) else archviz3d.load(source)
        for name, picture in wanted.items():
            if picture.model == model:
                draw(name, picture, graph)
                print(name, flush=True)
    (GALLERY / "README.md").write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
