"""``python -m archviz3d`` and the console script: hands over to the command line."""

import os
import sys

# One BLAS thread: nothing here multiplies matrices, and starting a pool costs 0.1 CPU seconds at import.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def main() -> int:
    """Run the command line and return its exit code."""
    from .cli.main import run

    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
