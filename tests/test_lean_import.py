"""`import archviz3d` and `archviz3d info` answer at once: they load none of the heavy libraries."""

import json
import subprocess
import sys
from pathlib import Path

SAMPLE = Path(__file__).resolve().parent.parent / "resources" / "sample.pt"
HEAVY = {"PySide6", "networkx", "numba", "pyvista", "pyvistaqt", "qtpy", "torch", "vtk", "vtkmodules"}


def loaded_after(code: str) -> set[str]:
    """Top-level modules that a new Python has loaded after running the code; its last line of output lists them."""
    dump = "import json, sys; print(); print(json.dumps(sorted({name.split('.')[0] for name in sys.modules})))"
    done = subprocess.run([sys.executable, "-P", "-c", f"{code}\n{dump}"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout.splitlines()[-1]))


def test_import_is_lean() -> None:
    modules = loaded_after("import archviz3d")
    assert "archviz3d" in modules
    assert modules & (HEAVY | {"numpy"}) == set()


def test_info_is_lean() -> None:
    run = f"import sys\nfrom archviz3d.cli.main import run\nassert run(['info', {str(SAMPLE)!r}]) == 0"
    assert loaded_after(run) & HEAVY == set()
