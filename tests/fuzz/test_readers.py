"""Damaged files: every reader answers each with a graph or with one line, soon and in little memory.

Half a second a seed; ``ARCHVIZ3D_FUZZ_SECONDS=60`` looks longer, ``ARCHVIZ3D_FUZZ_NUMBER=7`` at other variants.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from archviz3d.loaders.registry import FORMATS

sys.path.insert(0, str(Path(__file__).parent))
from seeds import SEEDS

SECONDS = float(os.environ.get("ARCHVIZ3D_FUZZ_SECONDS", "0.5"))
NUMBER = os.environ.get("ARCHVIZ3D_FUZZ_NUMBER", "1")
RUNNER = Path(__file__).with_name("mutate_reader.py")


@pytest.mark.skipif(sys.platform == "win32", reason="no resource module")
@pytest.mark.parametrize("loader", sorted({known.loader for known in FORMATS}))
def test_damage_is_answered_in_one_line(loader, tmp_path):
    assert loader in SEEDS, f"tests/fuzz/seeds.py has no seed for {loader}"
    made = tmp_path / "made"
    made.mkdir()
    for seed in SEEDS[loader](made):
        folder = tmp_path / "read"
        folder.mkdir(exist_ok=True)
        command = [sys.executable, str(RUNNER), str(seed), str(SECONDS), NUMBER, str(folder)]
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS + 120, env=environment)
        assert not done.returncode, f"{seed.name}: {done.stdout}{done.stderr[-2000:]}"
