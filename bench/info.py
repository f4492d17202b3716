"""`archviz3d info` against a bare script that only reads and parses the same headers (DESIGN 10: at most 3x).

python bench/info.py
"""

import sys

from measure import compare, model_folder

BARE = """
import glob, json, struct, sys
for path in sorted(glob.glob(sys.argv[1] + "/*.safetensors")):
    with open(path, "rb") as file:
        json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
"""


def main() -> None:
    folder = str(model_folder("deepseek-v3"))
    ours, bare, ratio = compare(
        [sys.executable, "-m", "archviz3d", "info", folder], [sys.executable, "-c", BARE, folder], runs=9
    )
    print("info on DeepSeek-V3: 163 files, 91,991 tensors; whole processes, CPU seconds, median of 9 pairs")
    print(f"  archviz3d info   {ours.cpu:.3f} s   {ours.peak:.0f} MB")
    print(f"  bare json.loads  {bare.cpu:.3f} s   {bare.peak:.0f} MB")
    print(f"  ratio            {ratio:.2f}   (budget 3.00)     peak {ours.peak:.0f} MB (budget 300)")
    sys.exit(ratio > 3 or ours.peak > 300)


if __name__ == "__main__":
    main()
