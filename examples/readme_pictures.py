"""Draw the pictures of the README from checkpoints with real tensor lists.

python examples/readme_pictures.py [FOLDER_FOR_CHECKPOINTS]
"""

import sys
import tempfile
from pathlib import Path

from sparse_checkpoints import write

import archviz3d

PICTURES = Path(__file__).resolve().parent.parent / "docs" / "pictures"
# picture: checkpoint, display name, options of archviz3d.render
ALL = {
    "deepseek-v3.png": ("deepseek-v3", "DeepSeek-V3", {}),
    "deepseek-v3-layer.png": ("deepseek-v3", "DeepSeek-V3", {"focus": "model.layers.17"}),
    "deepseek-v3-expert.png": ("deepseek-v3", "DeepSeek-V3", {"focus": "model.layers.17.mlp.experts.103"}),
    "mixtral-8x7b.png": ("mixtral-8x7b", "Mixtral-8x7B", {}),
    "mixtral-8x7b-layer.png": ("mixtral-8x7b", "Mixtral-8x7B", {"focus": "model.layers.17"}),
}


def main(folder: Path) -> None:
    """Write all pictures."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    graphs = {}
    for picture, (name, title, options) in ALL.items():
        place = folder / title  # the folder's name is the model's
        if not place.exists():
            write(name, place)
        if name not in graphs:
            graphs[name] = archviz3d.load(place)
        archviz3d.render(graphs[name], PICTURES / picture, **options)
        print(PICTURES / picture)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main(Path(sys.argv[1]))
    else:
        with tempfile.TemporaryDirectory() as temporary:
            main(Path(temporary))
