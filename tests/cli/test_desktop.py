"""The launcher: what is written, where, and that a desktop accepts it."""

import os
import shutil
import subprocess
import sys
from configparser import RawConfigParser
from pathlib import Path

import pytest

from archviz3d.cli import desktop
from archviz3d.errors import MachineError

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="desktop entries are for Linux")
FILES = [
    "applications/archviz3d.desktop",
    "icons/hicolor/256x256/apps/archviz3d.png",
    "icons/hicolor/scalable/apps/archviz3d.svg",
    "mime/packages/archviz3d.xml",
]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    return tmp_path / "data"


def entry(home: Path) -> dict[str, str]:
    parser = RawConfigParser(delimiters=("=",))
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(home / FILES[0])
    return dict(parser["Desktop Entry"])


def test_writes_four_files_and_says_which(home: Path) -> None:
    assert sorted(desktop.install_desktop()) == [home / name for name in FILES]
    assert all((home / name).stat().st_size for name in FILES)


def test_installing_again_changes_nothing(home: Path) -> None:
    desktop.install_desktop()
    before = {name: (home / name).read_bytes() for name in FILES}
    desktop.install_desktop()
    assert {name: (home / name).read_bytes() for name in FILES} == before


def test_uninstalling_removes_the_files_once(home: Path) -> None:
    desktop.install_desktop()
    assert sorted(desktop.uninstall_desktop()) == [home / name for name in FILES]
    assert not any((home / name).exists() for name in FILES)
    assert desktop.uninstall_desktop() == []


def test_entry_starts_the_running_python(home: Path) -> None:
    desktop.install_desktop()
    assert entry(home)["Exec"] == f"{sys.executable} -P -m archviz3d %f"
    assert entry(home)["TryExec"] == sys.executable


@pytest.mark.parametrize(
    ("executable", "quoted"),
    [
        ("/opt/my tools/python", '"/opt/my tools/python"'),
        ("/opt/100%/python", '"/opt/100%%/python"'),
        ('/opt/a"b/python', r'"/opt/a\\"b/python"'),
        ("/opt/$x/`y`/python", r'"/opt/\\$x/\\`y\\`/python"'),
        (r"/opt/back\slash/python", r'"/opt/back\\\\slash/python"'),
    ],
)
def test_odd_paths_are_quoted_as_the_specification_says(
    home: Path, monkeypatch: pytest.MonkeyPatch, executable: str, quoted: str
) -> None:
    monkeypatch.setattr(sys, "executable", executable)
    desktop.install_desktop()
    assert entry(home)["Exec"] == f"{quoted} -P -m archviz3d %f"
    validate(home / FILES[0])


def validate(file: Path) -> None:
    if shutil.which("desktop-file-validate") is None:
        pytest.skip("desktop-file-validate is not installed (Debian: desktop-file-utils)")
    done = subprocess.run(["desktop-file-validate", file], capture_output=True, text=True)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_entry_is_valid(home: Path) -> None:
    desktop.install_desktop()
    validate(home / FILES[0])


def test_file_types_of_the_entry_are_the_defined_ones(home: Path) -> None:
    if shutil.which("update-mime-database") is None:
        pytest.skip("update-mime-database is not installed (Debian: shared-mime-info)")
    desktop.install_desktop()
    globs = dict(
        reversed(line.split(":")) for line in (home / "mime/globs").read_text().splitlines() if line[:1] != "#"
    )
    assert set(globs) == {
        f"*.{suffix}" for suffix in ("safetensors", "pt", "pth", "ckpt", "pt2", "ptl", "gguf", "onnx")
    }
    assert set(globs.values()) == set(entry(home)["MimeType"].strip(";").split(";"))


def test_a_relative_data_folder_is_ignored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", "relative")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert all(path.is_relative_to(tmp_path / ".local/share") for path in desktop.install_desktop())


def test_a_folder_that_cannot_be_written_is_named(home: Path) -> None:
    home.parent.mkdir(exist_ok=True)
    home.write_text("a file in the place of the folder")
    with pytest.raises(MachineError, match=f"{home}.*cannot be written"):
        desktop.install_desktop()


def test_other_systems_are_told_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    with pytest.raises(MachineError, match="Linux"):
        desktop.install_desktop()


def test_the_command_line_prints_the_files(home: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-P", "-m", "archviz3d", "--install-desktop"],
        env={**os.environ, "XDG_DATA_HOME": str(home)},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, sorted(done.stdout.split())) == (0, [str(home / name) for name in FILES])
