"""Opening an ONNX file with 1.5 GB of weights in it, against onnx.load.

python bench/onnx_file.py
"""

import sys

from measure import CACHE, ROOT, compare

OURS = """
import sys
from archviz3d.loaders import load
assert load(sys.argv[1]).total_bytes[0] > 1.4e9
"""
PEER = "import onnx, sys; assert len(onnx.load(sys.argv[1]).graph.initializer) == 48"
_CPU, _PEAK = 0.5, 0.1  # of onnx.load


def main() -> None:
    sys.path.insert(0, str(ROOT / "examples"))
    from sparse_onnx import write

    path = CACHE / "weights-inside.onnx"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        write(path)
    ours, peer, ratio = compare(*([sys.executable, "-c", code, str(path)] for code in (OURS, PEER)), runs=3)
    peak = ours.peak / peer.peak
    print(f"ONNX with {path.stat().st_size / 1e9:.2f} GB of weights inside; whole processes, median of 3 pairs")
    print(f"  archviz3d load  {ours.cpu:.2f} CPU s   {ours.peak:,.0f} MB")
    print(f"  onnx.load       {peer.cpu:.2f} CPU s   {peer.peak:,.0f} MB")
    print(f"  ratio           {ratio:.2f} (budget {_CPU:.2f})   peak {peak:.3f} (budget {_PEAK:.2f})")
    sys.exit(ratio > _CPU or peak > _PEAK)


if __name__ == "__main__":
    main()
