"""Headers of 92,000 tensors against the formats' own libraries: whole processes, CPU seconds and peak memory.

python bench/formats.py

safetensors: the tensors of DeepSeek-V3 in one file, read by ``safetensors.safe_open`` (names, shapes and dtypes).
PyTorch: the same names with one element each, read by ``torch.load(map_location="meta", weights_only=True)``. Both
libraries stop there, while ``archviz3d info`` goes on to build the tree and to recognise what is in it.
"""

import json
import subprocess
import sys
from math import prod
from pathlib import Path

from measure import CACHE, ROOT, compare

SAFETENSORS = """
import sys
from safetensors import safe_open
with safe_open(sys.argv[1], framework="np") as file:
    found = {name: (part.get_shape(), part.get_dtype()) for name in file.keys() for part in [file.get_slice(name)]}
print(len(found))
"""
TORCH = """
import sys, torch
print(len(torch.load(sys.argv[1], map_location="meta", weights_only=True)))
"""


def tensors() -> list[tuple[str, list[int], str]]:
    """Return name, shape and dtype of every tensor of DeepSeek-V3."""
    sys.path.insert(0, str(ROOT / "examples"))
    from sparse_checkpoints import MODELS

    model = MODELS["deepseek-v3"]
    return list(model.tensors(model.config))


def write_safetensors(path: Path) -> None:
    """Write one file with all 91,991 tensors; its 689 GB of data are a hole."""
    header, at = {}, 0
    for name, shape, dtype in tensors():
        nbytes = prod(shape) * {"BF16": 2, "F32": 4, "F8_E4M3": 1}[dtype]
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [at, at + nbytes]}
        at += nbytes
    raw = json.dumps(header, separators=(",", ":")).encode()
    with path.open("wb") as file:
        file.write(len(raw).to_bytes(8, "little") + raw)
        file.truncate(8 + len(raw) + at)


def write_torch(path: Path) -> None:
    """Write a state dict of as many tensors of one element."""
    import torch

    torch.save({name: torch.zeros(1, dtype=torch.bfloat16) for name, *_ in tensors()}, path)


def main() -> None:
    CACHE.mkdir(parents=True, exist_ok=True)
    files = (CACHE / "deepseek-v3.safetensors", CACHE / "deepseek-v3-names.pt")
    if sys.argv[1:] == ["write"]:
        write_safetensors(files[0])
        write_torch(files[1])
        return
    if not all(path.exists() for path in files):
        # In a process of its own: a child's peak memory is at least what its parent had when it was started.
        subprocess.run([sys.executable, __file__, "write"], check=True)
    worse = False
    for title, path, script in (
        ("safetensors: one file, safe_open", files[0], SAFETENSORS),
        ("PyTorch: torch.load on the meta device", files[1], TORCH),
    ):
        ours, library, ratio = compare(
            [sys.executable, "-m", "archviz3d", "info", str(path)], [sys.executable, "-c", script, str(path)], runs=5
        )
        print(f"{title}, {path.name}; 91,991 tensors; CPU seconds, median of 5 pairs")
        print(f"  archviz3d info   {ours.cpu:.3f} s   {ours.peak:.0f} MB")
        print(f"  the library      {library.cpu:.3f} s   {library.peak:.0f} MB")
        print(f"  ratio            {ratio:.2f}   memory {ours.peak / library.peak:.2f}")
        worse |= ratio > 3
    sys.exit(worse)


if __name__ == "__main__":
    main()
