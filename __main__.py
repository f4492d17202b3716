"""``python -m archviz3d`` and the console script: hands over to the command line."""

import gc
import os
import sys

# One BLAS thread: nothing here multiplies matrices, and starting a pool costs 0.1 CPU seconds at import.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def main() -> int:
    """Run the command line and return its exit code."""
    # `info` makes next to no cycles and is soon over: looking for some, at its end too, is a tenth of its time.
    is_short = sys.argv[1:2] == ["info"]
    if is_short:
        gc.disable()
    from .cli.main import run

    code = run(sys.argv[1:])
    if is_short:
        gc.freeze()
    return code


if __name__ == "__main__":
    sys.exit(main())
