"""A folder with a PEFT adapter: adapter_config.json and adapter_model.safetensors (or .bin)."""

from pathlib import Path

from ..graph import ModelGraph
from . import safetensors
from .adapters import ADAPTER_CONFIG, place_adapter
from .checkpoint import Checkpoint, Report, build_graph
from .files import input_error
from .huggingface import read_config
from .limits import LoadLimits

__all__ = ["load"]

_FILES = ("adapter_model.safetensors", "adapter_model.bin")


def load(path: str, limits: LoadLimits, report: Report) -> ModelGraph:
    """Read a PEFT adapter."""
    from .pytorch import container

    warnings: list[str] = []
    files = [name for name in _FILES if (Path(path) / name).exists()]
    if not files:
        problem = f"has an {ADAPTER_CONFIG} but no adapter"
        raise input_error(path, problem, f"{_FILES[0]} or {_FILES[1]} must lie beside it")
    if len(files) > 1:
        warnings.append(f"{files[1]} is in this folder, too, and not read")
    file = str(Path(path) / files[0])
    if file.endswith(".bin"):
        checkpoint = container.read_files([file], limits, warnings, report)
    else:
        checkpoint = Checkpoint(safetensors.read_headers([file], limits, warnings, report))
        checkpoint.attributes = safetensors.read_metadata(file, limits)
    place_adapter(checkpoint, read_config(str(Path(path) / ADAPTER_CONFIG), limits), file, limits)
    checkpoint.warnings = warnings
    return build_graph(path, "PEFT adapter", checkpoint, limits)
