"""Opening GGUF, the graph with its roles included, against the gguf package's own reader, which makes none.

python bench/gguf_file.py
"""

import sys

from measure import CACHE, ROOT, compare

sys.path.insert(0, str(ROOT / "examples"))
from sparse_gguf import Tensor, write, write_file

OURS = "import sys; from archviz3d.loaders import load; graph = load(sys.argv[1])"
# Of a split model it has to be told every part.
LIBRARY = """
import sys
from glob import glob
from gguf import GGUFReader
readers = [GGUFReader(part) for part in sorted(glob(sys.argv[1] + "/*.gguf"))]
"""
IMPORTS = ("import archviz3d.loaders, numpy", "import gguf")


def _many_tensors() -> None:
    """Write 100,000 tensors of 1,000 layers: what a header costs without a vocabulary; 0.9 TB of holes."""
    folder = CACHE / "gguf-100k"
    folder.mkdir(parents=True, exist_ok=True)
    tensors: list[Tensor] = [
        (f"blk.{layer}.part_{part}.weight", [4096, 4096 if part % 2 else 256], "Q4_K")
        for layer in range(1000)
        for part in range(100)
    ]
    write_file(folder / "model.gguf", {"general.architecture": (8, "llama"), "llama.block_count": (4, 1000)}, tensors)


def main() -> None:
    if not (CACHE / "gguf-100k" / "model.gguf").exists():
        _many_tensors()
    if not (CACHE / "gguf-deepseek-v3").exists():
        write("deepseek-v3", CACHE / "gguf-deepseek-v3")
    start = compare(*([sys.executable, "-c", code] for code in IMPORTS), runs=3)
    print("GGUF: whole processes, CPU seconds, median of 5 pairs; of ours the model with all layers, heads and experts")
    print(f"  (imports alone: ours {start[0].cpu:.2f} s, {start[0].peak:.0f} MB; gguf {start[1].cpu:.2f} s,"
          f" {start[1].peak:.0f} MB)")  # fmt: skip
    worst = 0.0
    for name, what in (
        ("gguf-100k", "100,000 tensors in one file"),
        ("gguf-deepseek-v3", "DeepSeek-V3 Q4_K_M: 1,086 tensors, 9 parts, 435 GB, 129,280 tokens"),
    ):
        folder = str(CACHE / name)
        ours, peer, ratio = compare(
            [sys.executable, "-c", OURS, folder], [sys.executable, "-c", LIBRARY, folder], runs=5
        )
        print(what)
        print(f"  archviz3d        {ours.cpu:.2f} s   {ours.peak:.0f} MB")
        print(f"  gguf.GGUFReader  {peer.cpu:.2f} s   {peer.peak:.0f} MB")
        print(f"  ratio            {ratio:.3f}        {ours.peak / peer.peak:.2f}")
        worst = max(worst, ratio, ours.peak / peer.peak)
    sys.exit(worst > 0.5)


if __name__ == "__main__":
    main()
