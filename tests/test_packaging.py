"""What ships is what is in the folders: the repository root is the package, so a forgotten folder is easily made."""

import shutil
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import distribution
from itertools import chain
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PACKAGES = set(PROJECT["tool"]["setuptools"]["packages"])
NOT_SHIPPED = {"bench", "build", "dist", "docs", "examples", "tests"}
NOT_SHIPPED_AT_ROOT = {"setup.py", "start.py"}


def package_folders() -> dict[str, Path]:
    """Every folder below the root that holds a file, except those that never ship, hidden ones and caches."""
    folders = {"archviz3d": ROOT}
    for file in ROOT.rglob("*"):
        parts = file.relative_to(ROOT).parts[:-1]
        hidden = any(part.startswith((".", "__")) or part.endswith(".egg-info") for part in parts)
        if file.is_file() and parts and not hidden and parts[0] not in NOT_SHIPPED:
            folders[".".join(("archviz3d", *parts))] = file.parent
    return folders


def shipped_files() -> set[str]:
    """What the wheel must hold: of the root its modules and the typing marker, of each room every file."""
    shipped = {f"archviz3d/{file.name}" for file in ROOT.glob("*.py") if file.name not in NOT_SHIPPED_AT_ROOT}
    shipped.add("archviz3d/py.typed")
    for name, folder in package_folders().items():
        if folder != ROOT:
            shipped |= {f"{name.replace('.', '/')}/{file.name}" for file in folder.iterdir() if file.is_file()}
    return shipped


def test_package_list_equals_the_folders() -> None:
    assert set(package_folders()) == PACKAGES


def test_every_package_says_what_it_is() -> None:
    assert [name for name, folder in package_folders().items() if not (folder / "__init__.py").exists()] == []


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    # Built from a copy: setuptools leaves build/ behind, and files of an older build in it would ship again.
    copy = tmp_path_factory.mktemp("source") / "archviz3d"
    shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(".*", "__pycache__", "build", *NOT_SHIPPED))
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    done = subprocess.run([*pip, "--wheel-dir", copy.parent, copy], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (file,) = copy.parent.glob("archviz3d-*.whl")
    return zipfile.ZipFile(file)


def test_wheel_holds_the_files_of_the_folders_and_no_others(wheel: zipfile.ZipFile) -> None:
    assert {name for name in wheel.namelist() if ".dist-info/" not in name} == shipped_files()


def test_wheel_carries_the_licence(wheel: zipfile.ZipFile) -> None:
    (licence,) = (name for name in wheel.namelist() if name.endswith("/licenses/LICENSE"))
    assert wheel.read(licence) == (ROOT / "LICENSE").read_bytes()


def test_console_script_is_declared_and_installed() -> None:
    (script,) = distribution("archviz3d").entry_points.select(group="console_scripts", name="archviz3d")
    assert script.value == "archviz3d.__main__:main"
    assert callable(script.load())


def test_every_direct_dependency_is_pinned() -> None:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pinned = {normal(line.split("==")[0]) for line in lines if line and not line.startswith("#")}
    assert all("==" in line for line in lines if line and not line.startswith("#"))
    project = PROJECT["project"]
    requirements = chain(project["dependencies"], *project["optional-dependencies"].values())
    names = {normal(requirement.split(">")[0].split("[")[0]) for requirement in requirements} - {"archviz3d"}
    assert names <= pinned


def normal(name: str) -> str:
    return name.strip().lower().replace("_", "-")
