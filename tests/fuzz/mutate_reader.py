"""Read variants of a small real file for some seconds, in this process under limits of memory and time.

    python tests/fuzz/mutate_reader.py SEED SECONDS NUMBER FOLDER

SEED is a file or folder, NUMBER chooses the variants, FOLDER gets the variant being read (so that it is there after a
crash) and a copy of each that was not answered as it should be. Prints one line a fault, and ends with 1 when there
is any.
"""

import contextlib
import resource
import shutil
import sys
import time
import traceback
from pathlib import Path

from mutations import Mutator
from reading import check_reading

_MEMORY = 2**30
_MOST_FAULTS = 8


def main() -> int:
    seed, seconds, number, folder = Path(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4])
    files = sorted(path for path in seed.rglob("*") if path.is_file()) if seed.is_dir() else [seed]
    contents = {path: path.read_bytes() for path in files}
    corpus = [content for content in contents.values() if content]
    mutator = Mutator(number, corpus)
    answer = check_reading(seed, seconds=60)  # imports what the reader needs, before memory is limited
    if answer != "graph":
        raise SystemExit(f"the seed itself is not read: {answer}")
    limit = int(Path("/proc/self/statm").read_text().split()[5]) * resource.getpagesize() + _MEMORY
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
    faults: set[str] = set()
    answers: dict[str, int] = {}
    end, count = time.monotonic() + seconds, 0
    while time.monotonic() < end and len(faults) < _MOST_FAULTS:
        count += 1
        current = folder / "current" / seed.name
        shutil.rmtree(current.parent, ignore_errors=True)
        current.parent.mkdir(parents=True)
        changed = files[mutator.choose(len(files))]
        if seed.is_dir():
            shutil.copytree(seed, current)
        target = current / changed.relative_to(seed) if seed.is_dir() else current
        target.write_bytes(mutator.variant(contents[changed]))
        try:
            answer = check_reading(current, draw=count % 8 == 0)
            answers[answer[-60:]] = answers.get(answer[-60:], 0) + 1
        except Exception as error:  # noqa: BLE001 - this is what is looked for
            frame = traceback.extract_tb(error.__traceback__)[-1]
            kind = f"{type(error).__name__} at {Path(frame.filename).name}:{frame.lineno}"
            if kind not in faults:
                faults.add(kind)
                kept = folder / f"fault{len(faults)}-{number}"
                with contextlib.suppress(OSError):
                    shutil.copytree(current.parent, kept)
                sys.stdout.write(f"FAULT {kind}: {str(error)[:300]!r} ({kept})\n")
                sys.stdout.write("".join(traceback.format_exception(error)[-4:]) if "-v" in sys.argv else "")
    sys.stdout.write(
        f"{count} variants, {answers.get('graph', 0)} graphs, {len(answers)} answers, {len(faults)} faults\n"
    )
    if "-v" in sys.argv:
        for answer, times in sorted(answers.items(), key=lambda item: -item[1])[:40]:
            sys.stdout.write(f"  {times} x {answer}\n")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
