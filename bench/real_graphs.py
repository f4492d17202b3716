"""Real graphs laid out and checked: ten transformers models and a U-Net as torch.export traces them, four CNNs of the
onnx wheel, and the checkpoint of DeepSeek-V3.

    python bench/real_graphs.py [NAME ...] [--profile] [--no-pictures]      exit 1 when a graph is drawn wrongly

``check_export.py``, which shares no code with the program, judges the export of each; the table shows what
`archviz3d.layout.metrics` measures, and CPU seconds of the layout (median of three after a warm one). ``--profile``
prints where these go. Models, exports and pictures stay in build/bench/real_graphs. Exits with 2 where torch,
transformers, onnx or diffusers is missing.
"""

import argparse
import cProfile
import importlib.util
import json
import logging
import pstats
import statistics
import subprocess
import sys
import time
import warnings
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from measure import CACHE, model_folder

FOLDER = CACHE / "real_graphs"
_TRANSFORMERS = ("llama", "gpt2", "bert", "t5", "vit", "whisper", "mixtral", "deepseek_v3", "mamba", "resnet")
_WHEEL = {
    "densenet121": "light_densenet121",
    "inception_v1": "light_inception_v1",
    "inception_v2": "light_inception_v2",
    "resnet50": "light_resnet50",
}
_MAKERS = ("torch", "transformers", "onnx", "onnxscript", "diffusers")
_DRAWN = ("line", "bundle", "port")
_LINES = 15  # of a profile


# ---------------------------------------------------------------- the models
def traced(name: str) -> Path:
    """Return the .pt2 of a model of exports.py; its .onnx is written beside it."""
    path = FOLDER / f"{name}.pt2"
    if not path.exists():
        from exports import exported

        exported(name, FOLDER)
    return path


def unet() -> Path:
    """Return a denoising U-Net with cross attention: two levels down, a middle, two levels up, skips across."""
    path = FOLDER / "unet.pt2"
    if not path.exists():
        import torch
        from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel

        model = UNet2DConditionModel(
            sample_size=16,
            block_out_channels=(32, 64, 64),
            down_block_types=("CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"),
            up_block_types=("UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D"),
            cross_attention_dim=32,
            norm_num_groups=8,
        ).eval()
        inputs = (torch.zeros(1, 4, 16, 16), torch.tensor(1), torch.zeros(1, 6, 32))
        torch.export.save(torch.export.export(model, inputs, strict=False), str(path))
    return path


def of_the_wheel(name: str) -> Path:
    """Return a model that the onnx package tests itself with: the real graph, its weights left to operators."""
    import onnx

    return Path(onnx.__file__).parent / "backend" / "test" / "data" / "light" / f"{_WHEEL[name]}.onnx"


GRAPHS: dict[str, Callable[[], Path]] = {
    **{name: partial(traced, name) for name in _TRANSFORMERS},
    "unet": unet,
    **{name: partial(of_the_wheel, name) for name in _WHEEL},
    "deepseek-v3": partial(model_folder, "deepseek-v3"),
}


# ---------------------------------------------------------------- in processes of their own, one at a time
def make(name: str) -> str:
    """Return the path of a model, made on first use."""
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    return str(GRAPHS[name]())


def figures(model: str, export: str, profile: bool) -> dict[str, Any]:
    """Return what the table says of a model and its export."""
    from archviz3d import load
    from archviz3d.layout import place
    from archviz3d.layout.metrics import measure

    graph = load(model)
    placement = place(graph)
    seconds = []
    for _ in range(3):
        graph = load(model)  # anew, so that nothing is remembered of the run before
        started = time.process_time()
        placement = place(graph)
        seconds.append(time.process_time() - started)
    if profile:
        with cProfile.Profile() as profiler:
            place(load(model))
        pstats.Stats(profiler, stream=sys.stderr).sort_stats("tottime").print_stats("layout|numpy", _LINES)
    drawn = Counter(edge["drawn"] for edge in json.loads(Path(export).read_bytes())["edges"])
    metrics = measure(graph, placement)
    return {
        "nodes": len(graph),
        "edges": len(graph.edges),
        **{way: drawn[way] for way in _DRAWN},
        "overlaps": metrics.overlaps,
        "contained": metrics.containment,
        "forward": metrics.forwardness,
        "foreign": metrics.foreign,
        "crossings": metrics.best_crossings,
        "cpu": statistics.median(seconds),
    }


def _python(*arguments: str) -> str:
    return subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.PIPE, text=True).stdout


# ---------------------------------------------------------------- the report
def report(name: str, profile: bool, pictures: bool) -> bool:
    """Print the line of one graph, and what the checker finds wrong; return whether that is nothing."""
    model = json.loads(_python(__file__, "--step", "make", name))
    export = str(FOLDER / f"{name}.json")
    _python("-P", "-m", "archviz3d", "export", model, "-o", export)
    if pictures:
        _python("-P", "-m", "archviz3d", "render", model, "-o", str(FOLDER / f"{name}.png"))
    found = json.loads(_python(__file__, "--step", "figures", model, export, *(["--profile"] if profile else [])))
    checker = [sys.executable, str(Path(__file__).with_name("check_export.py")), export]
    checked = subprocess.run(checker, stdout=subprocess.PIPE, text=True)
    counts = " ".join(f"{found[key]:8,}" for key in ("nodes", "edges", *_DRAWN))
    print(
        f"{name:13} {counts} {found['overlaps']:8,} {found['contained']:9.2%} {found['forward']:8.2%} "
        f"{found['foreign']:8,} "
        f"{found['crossings']:9.2f} {found['cpu']:7.3f}  {'WRONG' if checked.returncode else 'right'}",
        flush=True,
    )
    if checked.returncode:
        print(*(f"    {line}" for line in checked.stdout.splitlines()), sep="\n")
    return not checked.returncode


def main() -> int:
    """Report all graphs, or those that are named."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", metavar="NAME", nargs="*", help=f"one of: {', '.join(GRAPHS)}")
    parser.add_argument("--profile", action="store_true", help="where the time of each layout goes")
    parser.add_argument("--no-pictures", action="store_true", help="a picture takes longer than all the rest")
    parser.add_argument("--step", choices=("make", "figures"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.step == "make":
        print(json.dumps(make(*options.names)))
        return 0
    if options.step == "figures":
        print(json.dumps(figures(*options.names, options.profile)))
        return 0
    unknown = set(options.names) - set(GRAPHS)
    if unknown:
        parser.error(f"no graph {', '.join(sorted(unknown))}; one of: {', '.join(GRAPHS)}")
    lacking = [name for name in _MAKERS if importlib.util.find_spec(name) is None]
    if lacking:
        print(
            f"{', '.join(lacking)} missing: pip install -e '.[test,torch]' -r bench/requirements.txt", file=sys.stderr
        )
        return 2
    FOLDER.mkdir(parents=True, exist_ok=True)
    print("crossings: a line, best of six projections; the last column is check_export.py's word on the export")
    heads = " ".join(f"{head:>8}" for head in ("nodes", "edges", *_DRAWN, "overlaps"))
    print(f"{'':13} {heads} {'contained':>9} {'forward':>8} {'foreign':>8} {'crossings':>9} {'CPU s':>7}")
    right = [report(name, options.profile, not options.no_pictures) for name in options.names or GRAPHS]
    print(f"{sum(right)} of {len(right)} graphs are drawn right")
    return 0 if all(right) else 1


if __name__ == "__main__":
    sys.exit(main())
