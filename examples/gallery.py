"""Draw the pictures of docs/gallery and write its page.

    python examples/gallery.py [NAME ...]      (needs torch, transformers, diffusers, onnx and onnxscript)
    python examples/gallery.py --check [NAME ...]     judge what is written on them instead; exit 1 where it is wrong

Models are made on first use and kept in build/bench; the same code draws the same pictures.
"""

import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gallery_models import SOURCES
from PIL import Image

import archviz3d
from archviz3d.graph import ModelGraph

ROOT = Path(__file__).resolve().parent.parent
GALLERY = ROOT / "docs" / "gallery"
SIZE = (1440, 810)
THEMES = ("dark", "light")
_LEAST_CONTRAST = 4.5  # WCAG 2.1, level AA
_MOST_BYTES, _QUALITIES = 105_000, (92, 88, 84, 80, 76, 72)  # of a picture: 8 MB are enough for all


# ---------------------------------------------------------------- the pictures
@dataclass(frozen=True)
class Picture:
    """One picture: a model of `SOURCES`, options of archviz3d.render, and a line on what it shows."""

    model: str
    words: str = ""
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def command(self) -> str:
        """The command line that draws it, but for its size."""
        said = {"camera": lambda angles: ",".join(map(str, angles)), "hide": ",".join}
        parts = [
            f"--{key}" if value is True else f"--{key} {said.get(key, str)(value)}"
            for key, value in self.options.items()
        ]
        return " ".join(["archviz3d render MODEL -o FILE", *parts])


@dataclass(frozen=True)
class Tour:
    """One model from far to near: where it comes from, and the parts that are looked at."""

    words: str
    layer: str
    deepest: str

    @property
    def stops(self) -> dict[str, str | None]:
        """The focus of each level."""
        return {"stack": None, "layer": self.layer, "deepest": self.deepest}


_CHECKPOINT = "headers of a checkpoint, inferred flow"
_CONFIG = "derived from a config.json alone, inferred flow"
_HOOKS = "a live module of full size on the meta device, the flow between its modules traced"
_OPERATORS = "a live module of full size on the meta device, every operator as torch.export traces it"
_TRACED = "a small model as torch.export traces it, every operator"
_WHEEL = "of the onnx wheel, weights left out"
TOURS: dict[str, Tour] = {
    "DeepSeek-V3": Tour(_CHECKPOINT, "model.layers.17", "model.layers.17.mlp.experts.103"),
    "Mixtral-8x7B": Tour(_CHECKPOINT, "model.layers.17", "model.layers.17.block_sparse_moe.experts.5"),
    "Llama-3.1-8B": Tour(_CONFIG, "model.layers.17", "model.layers.17.self_attn"),
    "GPT-2": Tour(_CONFIG, "transformer.h.5", "transformer.h.5.attn"),
    "BERT": Tour(_HOOKS, "bert.encoder.layer.5", "bert.encoder.layer.5.attention"),
    "Whisper": Tour(_TRACED, "model.decoder.layers.0", "model.decoder.layers.0.encoder_attn"),
    "ViT": Tour(_HOOKS, "vit.layers.5", "vit.layers.5.attention"),
    "ResNet-50": Tour(_OPERATORS, "resnet.encoder.stages.1", "resnet.encoder.stages.1.layers.0"),
    "U-Net": Tour(_TRACED, "down_blocks.0", "down_blocks.0.attentions.0.transformer_blocks.0"),
    "Mamba": Tour(_TRACED, "backbone.layers.0", "backbone.layers.0.mixer"),
}
_LAYER = {"focus": "model.layers.17"}
_HIDDEN = _LAYER | {"hide": ["model.layers.17.self_attn", "model.layers.17.input_layernorm"]}
SECTIONS: dict[str, dict[str, Picture]] = {
    "Arrangements of a stack": {
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
        "mixtral-row": Picture("Mixtral-8x7B", "`row`.", {"arrangement": "row"}),
        "mixtral-deck": Picture("Mixtral-8x7B", "`deck`.", {"arrangement": "deck"}),
        "mixtral-city": Picture(
            "Mixtral-8x7B", "The same deck from above its lower edge.", {"arrangement": "deck", "camera": (0, 60)}
        ),
        "gpt2-row": Picture(
            "GPT-2", "`row`: matrices keep their proportions, so slender spines leave room.", {"arrangement": "row"}
        ),
        "gpt2-deck": Picture("GPT-2", "`deck`, seen along the stack.", {"arrangement": "deck", "camera": (-62, 12)}),
    },
    "Several stacks": {
        "t5-light": Picture("T5-small", f"Encoder and decoder ({_CONFIG}).", {"theme": "light"}),
        "t5-deck": Picture("T5-small", "Two decks side by side.", {"arrangement": "deck"}),
        "clip-wrap": Picture("CLIP", f"Text and vision tower; no flow between them is known ({_CONFIG})."),
    },
    "Traced graphs": {
        "deepseek-v3-traced": Picture(
            "DeepSeek-V3 traced", f"Latent attention, a dense layer and one with experts ({_TRACED})."
        ),
        "t5-traced": Picture("T5 traced", f"The ties of its embeddings are small tabs, not lines ({_TRACED})."),
    },
    "Convolutional networks": {
        "densenet-121": Picture("DenseNet-121", f"Each block's way past it ends in a Concat ({_WHEEL})."),
        "inception-v1": Picture("Inception v1", f"Branches that part and come together ({_WHEEL})."),
        "inception-v2": Picture("Inception v2", f"The same with normalisation ({_WHEEL})."),
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


def everything() -> dict[str, Picture]:
    """Return all pictures by name."""
    found = {name: picture for pictures in SECTIONS.values() for name, picture in pictures.items()}
    for model, tour in TOURS.items():
        for level, focus in tour.stops.items():
            for theme in THEMES:
                options = {"theme": theme} if focus is None else {"focus": focus, "theme": theme}
                found[picture_name(model, level, theme)] = Picture(model, options=options)
    return found


def picture_name(model: str, level: str, theme: str) -> str:
    """Return the name of a picture of a tour."""
    return f"{model.lower()}-{level}-{theme}"


# ---------------------------------------------------------------- what is done with them
def draw(name: str, picture: Picture, graph: ModelGraph) -> None:
    """Write one picture, as good as its bytes allow."""
    path = GALLERY / f"{name}.webp"
    with tempfile.TemporaryDirectory() as folder:
        archviz3d.render(graph, Path(folder) / "picture.png", size=SIZE, **picture.options)
        with Image.open(Path(folder) / "picture.png") as drawn:
            for quality in _QUALITIES:
                drawn.convert("RGB").save(path, quality=quality, method=6, use_sharp_yuv=True)
                if path.stat().st_size <= _MOST_BYTES:
                    break
    print(f"{name}  {path.stat().st_size // 1000} kB", flush=True)


def faults(name: str, picture: Picture, graph: ModelGraph) -> int:
    """Print what cannot be read on a picture, and return how much that is."""
    from archviz3d.layout import place
    from archviz3d.overlays.book import OverlayBook
    from archviz3d.viewer.label_audit import label_report
    from archviz3d.viewer.views import view_state

    book = OverlayBook(graph)
    state = view_state(graph, book=book, **picture.options)
    placement = place(graph, SIZE[0] / SIZE[1], state.arrangement, state.compacted)
    report = label_report(graph, placement, state, SIZE, book)
    problems = report.problems(_LEAST_CONTRAST)
    least = min(report.contrasts, default=21.0)
    print(
        f"{name:36} {len(report.texts):4} texts, {len(report.overlaps)} overlaps, {len(report.clipped)} clipped, "
        f"least contrast {least:.1f}",
        flush=True,
    )
    for problem in problems:
        print(f"    {problem}")
    return len(problems)


def page() -> str:
    """Return the text of docs/gallery/README.md."""
    lines = [
        "# Gallery",
        "",
        f"This page and its pictures ({SIZE[0]} x {SIZE[1]}) are written by",
        "`python examples/gallery.py`, which makes the models, too; `--check` measures what is written on them:",
        f"nothing overlaps, nothing is cut off, no contrast is under {_LEAST_CONTRAST}. [Layout](../layout.md) says",
        "what lines mean.",
        "",
        "Each model is seen whole, at a layer, and as deep as there is something to see. The first is drawn by",
        f"`archviz3d render MODEL -o FILE --size {SIZE[0]}x{SIZE[1]} --theme dark`, the others with the focus that is",
        "named.",
    ]
    for model, tour in TOURS.items():
        lines += ["", f"## {model}", "", f"{tour.words[0].upper()}{tour.words[1:]}.", "", "| | dark | light |"]
        lines += ["|---|---|---|"]
        for level, focus in tour.stops.items():
            names = [picture_name(model, level, theme) for theme in THEMES]
            cells = " | ".join(f"![{name}]({name}.webp)" for name in names)
            lines.append(f"| {'whole' if focus is None else f'`--focus {focus}`'} | {cells} |")
    for heading, pictures in SECTIONS.items():
        lines += ["", f"## {heading}"]
        for name, picture in pictures.items():
            lines += ["", f"![{name}]({name}.webp)", "", f"**{picture.model}** {picture.words} `{picture.command}`"]
    return "\n".join(lines) + "\n"


def main(arguments: list[str]) -> int:
    """Draw some pictures, or all, and write the page; or judge them."""
    if {"-h", "--help"} & set(arguments):
        print(__doc__)
        return 0
    checking, names = "--check" in arguments, [name for name in arguments if name != "--check"]
    sys.path.insert(0, str(ROOT / "bench"))
    known = everything()
    unknown = set(names) - set(known)
    if unknown:
        sys.exit(f"no picture {', '.join(sorted(unknown))}; one of: {', '.join(known)}")
    wanted = {name: known[name] for name in names or known}
    GALLERY.mkdir(parents=True, exist_ok=True)
    found = 0
    for model in dict.fromkeys(picture.model for picture in wanted.values()):
        source = SOURCES[model]()
        graph = source if isinstance(source, ModelGraph) else archviz3d.load(source)
        for name, picture in wanted.items():
            if picture.model != model:
                continue
            if checking:
                found += faults(name, picture, graph)
            else:
                draw(name, picture, graph)
    if not checking:
        (GALLERY / "README.md").write_text(page(), encoding="utf-8")
    if not checking and not names:
        for path in GALLERY.iterdir():  # what an earlier version of this file drew
            if path.name != "README.md" and path.name not in {f"{name}.webp" for name in known}:
                path.unlink()
    return int(found > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
