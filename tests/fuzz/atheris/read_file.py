"""Coverage-guided fuzzing of one reader with atheris: see the README beside this file.

    python tests/fuzz/atheris/read_file.py LOADER [libFuzzer options] [CORPUS folders]

LOADER is a name from tests/fuzz/seeds.py whose seeds are files ("gguf.container.load").
"""

import sys
import tempfile
from pathlib import Path

import atheris

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

with atheris.instrument_imports(include=["archviz3d.loaders", "archviz3d.graph.dotted", "archviz3d.graph.builder"]):
    from archviz3d.loaders.confinement import limited_memory
    from archviz3d.loaders.registry import FORMATS

    for known in FORMATS:
        __import__(f"archviz3d.loaders.{known.loader.rpartition('.')[0]}")

from reading import check_reading  # noqa: E402
from seeds import SEEDS  # noqa: E402


def main() -> None:
    loader = sys.argv.pop(1)
    scratch = Path(tempfile.mkdtemp(prefix="archviz3d-fuzz-"))
    corpus = scratch / "corpus"
    made = scratch / "made"
    corpus.mkdir()
    made.mkdir()
    seeds = [seed for seed in SEEDS[loader](made) if seed.is_file()]
    if not seeds:
        raise SystemExit(f"{loader} reads folders: use tests/fuzz/mutate_reader.py")
    for seed in seeds:
        (corpus / seed.name).write_bytes(seed.read_bytes())
    target = scratch / f"input{seeds[0].suffix}"

    def one_input(data: bytes) -> None:
        target.write_bytes(data)
        with limited_memory(2**30):  # as the worker process has it: a pickle's memo may ask for 16 GiB
            check_reading(target)

    atheris.Setup([sys.argv[0], "-rss_limit_mb=2048", "-timeout=10", *sys.argv[1:], str(corpus)], one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
