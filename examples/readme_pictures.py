"""Draw the pictures of the README from checkpoints with real tensor lists, and from a small model that is trained here.

python examples/readme_pictures.py [FOLDER_FOR_CHECKPOINTS]     (needs torch and safetensors)
"""

import sys
import tempfile
from pathlib import Path

import expert_load
import modular_addition
from sparse_checkpoints import write

import archviz3d

PICTURES = Path(__file__).resolve().parent.parent / "docs" / "pictures"
LOAD = "expert-load.csv"
# picture: checkpoint, display name, options of archviz3d.render
ALL = {
    "deepseek-v3.png": ("deepseek-v3", "DeepSeek-V3", {}),
    "deepseek-v3-layer.png": ("deepseek-v3", "DeepSeek-V3", {"focus": "model.layers.17"}),
    "deepseek-v3-expert.png": ("deepseek-v3", "DeepSeek-V3", {"focus": "model.layers.17.mlp.experts.103"}),
    "deepseek-v3-load.png": ("deepseek-v3", "DeepSeek-V3", {"overlay": LOAD}),
    "deepseek-v3-dead.png": ("deepseek-v3", "DeepSeek-V3", {"overlay": LOAD, "keep": (0, 0)}),
    "deepseek-v3-load-height.png": (
        "deepseek-v3",
        "DeepSeek-V3",
        {"overlay": LOAD, "height": LOAD, "focus": "model.layers.17", "camera": (-24, 38), "step": 3},
    ),
    "mixtral-8x7b.png": ("mixtral-8x7b", "Mixtral-8x7B", {}),
    "mixtral-8x7b-layer.png": ("mixtral-8x7b", "Mixtral-8x7B", {"focus": "model.layers.17"}),
    "weights.png": (None, "Modular addition", {"overlay": "weights-signed", "camera": (0, 0)}),
    "weights-values.png": (
        None,
        "Modular addition",
        {"overlay": "weights-signed", "focus": "embed.weight", "camera": (0, 0, 7)},
    ),
}


def main(folder: Path) -> None:
    """Write all pictures."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    graphs = {}
    for picture, (name, title, options) in ALL.items():
        place = folder / title  # the folder's name is the model's
        if not place.exists() and name is None:
            modular_addition.main(place, modular_addition.STEPS)
        elif not place.exists():
            write(name, place)
        if title not in graphs:
            graphs[title] = archviz3d.load(place)
        if LOAD in options.values():
            table = folder / LOAD
            table.write_text(expert_load.table(graphs[title], 5), encoding="utf-8")
            options = {key: str(table) if value == LOAD else value for key, value in options.items()}
        archviz3d.render(graphs[title], PICTURES / picture, **options)
        print(PICTURES / picture)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main(Path(sys.argv[1]))
    else:
        with tempfile.TemporaryDirectory() as temporary:
            main(Path(temporary))
