"""Reading a 1 GB matrix of BF16 in blocks for its RMS, against the same reduction of a plain np.memmap.

python bench/blocks.py

Both take the matrix in the same blocks of rows, from a warm file cache, in a process each. The peer, too, widens
bfloat16 by a shift, the fastest way that numpy has; it need not copy the bytes first.
"""

import json
import sys

import numpy as np
from measure import CACHE, compare

ROWS, COLUMNS = 65_536, 8_192
_STEP = 64  # rows at once: 2 MB of single precision
_CPU = 1.5  # of the peer: no page of a mapped file is copied, but none of it may ever be missing either

OURS = f"""
import sys
import numpy as np
from archviz3d.loaders import load
from archviz3d.weights import open_values
graph = load(sys.argv[1])
values = open_values(graph, graph.id_of("weight"))
total = 0.0
for row in range(0, {ROWS}, {_STEP}):
    block = values.read(slice(row, row + {_STEP}), slice(None)).reshape(-1)
    total += float(block @ block)
assert 0.9 < (total / {ROWS * COLUMNS}) ** 0.5 < 1.1
"""
PEER = f"""
import sys
import numpy as np
start = 8 + int.from_bytes(open(sys.argv[1], "rb").read(8), "little")
stored = np.memmap(sys.argv[1], np.uint16, "r", start, ({ROWS}, {COLUMNS}))
total = 0.0
for row in range(0, {ROWS}, {_STEP}):
    wide = np.left_shift(stored[row : row + {_STEP}], np.uint32(16), dtype=np.uint32)
    block = wide.view(np.float32).reshape(-1)
    total += float(block @ block)
assert 0.9 < (total / {ROWS * COLUMNS}) ** 0.5 < 1.1
"""
IMPORTS = ("import archviz3d.loaders, archviz3d.weights, numpy", "import numpy")


def _write() -> str:
    """Write the matrix, 2 MB of random values again and again: a peak of this process would count for its children."""
    path = CACHE / "blocks.safetensors"
    path.parent.mkdir(parents=True, exist_ok=True)
    size = ROWS * COLUMNS * 2
    header = {"weight": {"dtype": "BF16", "shape": [ROWS, COLUMNS], "data_offsets": [0, size]}}
    raw = json.dumps(header).encode()
    raw += b" " * (-len(raw) % 8)
    part = np.random.default_rng(0).normal(size=2**20).astype(np.float32).view(np.uint16)[1::2].tobytes()
    with path.open("wb") as file:
        file.write(len(raw).to_bytes(8, "little") + raw)
        for _ in range(size // len(part)):
            file.write(part)
    return str(path)


def main() -> None:
    path = _write()
    try:
        start = compare(*([sys.executable, "-c", code] for code in IMPORTS), runs=3)
        ours, peer, ratio = compare(*([sys.executable, "-c", code, path] for code in (OURS, PEER)), runs=5)
    finally:
        (CACHE / "blocks.safetensors").unlink()
    own = (ours.cpu - start[0].cpu) / max(peer.cpu - start[1].cpu, 0.01)
    print(f"RMS of {ROWS:,} x {COLUMNS:,} BF16 ({ROWS * COLUMNS * 2 / 1e9:.2f} GB) in blocks of {_STEP} rows, warm")
    print("  whole processes, CPU seconds, median of 5 pairs")
    print(f"  archviz3d.weights  {ours.cpu:.2f} s ({start[0].cpu:.2f} s of it imports)   {ours.peak:.0f} MB")
    print(f"  np.memmap          {peer.cpu:.2f} s ({start[1].cpu:.2f} s of it imports)   {peer.peak:.0f} MB")
    print(f"  ratio              {ratio:.2f} (budget {_CPU:.2f}); without imports {own:.2f}")
    sys.exit(ratio > _CPU)


if __name__ == "__main__":
    main()
