"""Random mouse and keys on the window, to find what nobody thought of: an error, a stuck state, or growth.

    xvfb-run -a -s "-screen 0 1920x1200x24" python bench/monkey.py [MODEL] [--seconds 180] [--seed 1]

Events come in through Qt's window system, as those of a hand do; commands are those of the menus but for those that
open or end something. Every message of Qt and VTK counts as an error, and so does every exception and every warning of
Python. From time to time the window must come to rest, and must still go where it is told. What it has after a third of
the time, at rest in its first state, it must have at the end: at most 10 % more memory and objects of Qt (panels show
more or less), and no more objects of VTK. An error is told with the seed and the last events.
"""

import argparse
import ctypes
import gc
import random
import sys
import time
import traceback
import warnings
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from PySide6.QtCore import QElapsedTimer, QObject, QPoint, QPointF, Qt, QTimer, qInstallMessageHandler
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from vtkmodules.vtkCommonCore import vtkObjectBase, vtkOutputWindow, vtkStringOutputWindow

from archviz3d.viewer.state import ViewState
from archviz3d.viewer.window.main_window import MainWindow

__all__ = ["Footprint", "Monkey"]

_ENDS_OR_OPENS = {"file.sample", "file.close", "file.quit", "view.full", "parts.copy_path"}
_KEYS = "Left Right Up Down Home Escape Backspace Return F 1 2 3 4 5 6 7 8 9 0 Plus Minus PageUp PageDown Tab Space H L"
_KEYS += " Period Comma A D W R C P T O N M U Shift+A Shift+W Shift+R Shift+D Shift+H Alt+H Alt+Left Alt+Right Ctrl+A"
_SIZES = ((1600, 1000), (1100, 750), (1920, 1080), (800, 600))
_REMEMBERED = 25  # events that are told with an error
_REST = 30_000  # milliseconds in which the window must come to rest
_CHECK = 60  # events from one look whether all is well to the next
_GROWTH = 1.10
_LEFT, _RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton
_SHIFT, _CTRL, _NONE = (
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.NoModifier,
)


@dataclass(frozen=True)
class Footprint:
    """What a window has: resident memory in MB, objects of Qt and of VTK by class."""

    memory: float
    qt: Counter[str]
    vtk: Counter[str]

    def growth(self, earlier: "Footprint") -> list[str]:
        """Return in words what there is more of than earlier."""
        found = []
        if self.memory > _GROWTH * earlier.memory:
            found.append(f"memory grew from {earlier.memory:.0f} to {self.memory:.0f} MB")
        more = self.vtk - earlier.vtk
        if self.qt.total() > _GROWTH * earlier.qt.total():
            more += self.qt - earlier.qt
        return found + [f"{count} more {name}" for name, count in more.most_common()]


class Monkey:
    """Plays with a window that shows a model, and notes what goes wrong.

    Parameters
    ----------
    window : MainWindow
    seed : int
        The same seed gives the same events; what they meet also depends on the time that frames take.
    """

    def __init__(self, window: MainWindow, seed: int) -> None:
        self.window, self.random = window, random.Random(seed)
        self.problems: list[str] = []
        self.events = 0
        self._last: deque[str] = deque(maxlen=_REMEMBERED)
        self._size = window.size()
        self._acts: list[tuple[float, Callable[[], str]]] = [
            (4, self._command), (4, self._key), (5, self._move), (4, self._click), (2, self._double_click),
            (5, self._drag), (5, self._wheel), (1, self._resize), (2, self._overlay), (1, self._select),
            (1, self._tree),
        ]  # fmt: skip
        self._closer = QTimer(interval=150)  # menus and sheets that wait for an answer get one
        self._closer.timeout.connect(self._answer)

    # ---------------------------------------------------------------- watching
    def __enter__(self) -> "Monkey":
        self._hook, sys.excepthook = sys.excepthook, self._on_exception
        self._shows, warnings.showwarning = warnings.showwarning, self._on_warning
        self._handler = qInstallMessageHandler(lambda _kind, _where, text: self._note(f"Qt says: {text}"))
        self._vtk, output = vtkOutputWindow.GetInstance(), vtkStringOutputWindow()
        vtkOutputWindow.SetInstance(output)
        self._output = output
        self._closer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closer.stop()
        sys.excepthook, warnings.showwarning = self._hook, self._shows
        qInstallMessageHandler(self._handler)
        vtkOutputWindow.SetInstance(self._vtk)

    def _on_exception(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        self._note("".join(traceback.format_exception(kind, error, trace)))

    def _on_warning(self, message: Warning | str, kind: type[Warning], file: str, line: int, *_: object) -> None:
        self._note(f"{file}:{line}: {kind.__name__}: {message}")

    def _note(self, problem: str) -> None:
        self.problems.append(f"{problem.rstrip()}\n  after: " + "; ".join(self._last))

    # ---------------------------------------------------------------- playing
    def warm_up(self) -> None:
        """Show every overlay and every part of the window once: what is made on first use is no growth."""
        assert self.window.book is not None
        for recipe in self.window.book.recipes:
            self.window.overlays.choose(recipe.name)
            QTest.qWait(300)
            self.rest()
        for name in ("deck", "row", "auto"):
            self.window.state.arrangement = name
            QTest.qWait(300)
            self.rest()

    def play(self, seconds: float) -> None:
        """Play for a while, then see whether all is well."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.step()
            if self.events % _CHECK == 0:
                self.check()
        self.check()

    def step(self) -> None:
        """Do one thing, and give the window some time."""
        weights = [weight for weight, _ in self._acts]
        (act,) = self.random.choices([act for _, act in self._acts], weights)
        self._last.append(act.__name__)  # an error amid it is told with it
        self._last[-1] = act()
        self.events += 1
        QTest.qWait(self.random.choice((0, 0, 5, 20, 60, 200)))

    def check(self) -> None:
        """Note where the window does not come to rest, or does not go where it is told."""
        view = self.window.view
        if not self.rest():
            self._note(f"the window does not come to rest: {', '.join(self._busy())}")
            return
        self._answer()
        view.setFocus()
        view.navigator.home()
        if not self.rest() or self.window.state.focus != 0:
            self._note("the window does not go home")
        if self._output.GetOutput():
            self._note(f"VTK says: {self._output.GetOutput()}")
            self._output.Initialize()

    def rest(self) -> bool:
        """Wait until nothing moves; return whether it ever does so."""
        clock = QElapsedTimer()
        clock.start()
        while self._busy():
            if clock.elapsed() > _REST:
                return False
            QApplication.processEvents()
        return True

    def _busy(self) -> list[str]:
        view = self.window.view
        doing = {"stale": view.stale, "refining": view.refining, "reading weights": view.scene.pending}
        doing |= {"flying": view.navigator.flight.flying, "otherwise moving": view.moving}
        return [what for what, does in doing.items() if does]

    def footprint(self) -> Footprint:
        """Return what the window has once it is back in its first state."""
        self._answer()
        state, first = self.window.state, ViewState(theme=self.window.state.theme)
        self.window.resize(self._size)
        state.assign(first)
        self.window.overlays.choose(None)
        self.rest()
        QTest.qWait(500)
        QApplication.sendPostedEvents(None, 52)  # QEvent::DeferredDelete
        self.rest()
        for _ in range(3):
            gc.collect()
        if sys.platform.startswith("linux"):
            ctypes.CDLL(None).malloc_trim(0)  # what is free is not counted
        kept = Counter(type(thing).__name__ for thing in gc.get_objects() if isinstance(thing, vtkObjectBase))
        children = Counter(child.metaObject().className() for child in self.window.findChildren(QObject))
        return Footprint(_resident(), children, kept)

    # ---------------------------------------------------------------- what a hand does
    def _command(self) -> str:
        possible = [
            name
            for name, action in self.window.actions_by_id.items()
            if action.isEnabled() and name not in _ENDS_OR_OPENS and not action.text().endswith("…")
        ]
        name = self.random.choice(possible)
        self._last[-1] = name
        self.window.actions_by_id[name].trigger()
        return name

    def _key(self) -> str:
        *modifiers, name = self.random.choice(_KEYS.split()).split("+")
        key = Qt.Key[f"Key_{name}"]
        held = _NONE
        for modifier in modifiers:
            held |= Qt.KeyboardModifier[{"Ctrl": "Control"}.get(modifier, modifier) + "Modifier"]
        self.window.view.setFocus()
        self._last[-1] = f"key {'+'.join([*modifiers, name])}"
        QTest.keyClick(self.window.view, key, held)
        return self._last[-1]

    def _point(self) -> QPoint:
        view = self.window.view
        return QPoint(self.random.randrange(view.width()), self.random.randrange(view.height()))

    def _move(self) -> str:
        at = self._point()
        QTest.mouseMove(self.window.view, at)
        return f"move {at.x()},{at.y()}"

    def _click(self) -> str:
        at, button = self._point(), self.random.choice((_LEFT, _LEFT, _LEFT, _RIGHT))
        held = self.random.choice((_NONE, _NONE, _CTRL, _SHIFT))
        self._last[-1] = f"click {button.name} {held.name} {at.x()},{at.y()}"
        QTest.mouseClick(self.window.view, button, held, at)
        return self._last[-1]

    def _double_click(self) -> str:
        at = self._point()
        self._last[-1] = f"double click {at.x()},{at.y()}"
        QTest.mouseClick(self.window.view, _LEFT, _NONE, at)
        QTest.mouseDClick(self.window.view, _LEFT, _NONE, at)
        return self._last[-1]

    def _drag(self) -> str:
        view, at, end = self.window.view, self._point(), self._point()
        button, held = self.random.choice((_LEFT, _RIGHT)), self.random.choice((_NONE, _SHIFT, _CTRL))
        self._last[-1] = f"drag {button.name} {held.name} {at.x()},{at.y()} to {end.x()},{end.y()}"
        QTest.mousePress(view, button, held, at)
        steps = self.random.randrange(1, 8)
        for k in range(1, steps + 1):
            QTest.mouseMove(view, at + (end - at) * k / steps)
            QApplication.processEvents()
            if self.random.random() < 0.03:
                QTest.keyClick(view, Qt.Key.Key_Escape)
        QTest.mouseRelease(view, button, held, end)
        return self._last[-1]

    def _wheel(self) -> str:
        view, at, turn = self.window.view, self._point(), self.random.choice((-480, -120, -15, 15, 120, 480))
        for _ in range(self.random.randrange(1, 6)):
            where = QPointF(view.mapToGlobal(at))
            QApplication.sendEvent(
                view,
                QWheelEvent(
                    QPointF(at), where, QPoint(), QPoint(0, turn), Qt.MouseButton.NoButton, _NONE,
                    Qt.ScrollPhase.NoScrollPhase, False,
                ),
            )  # fmt: skip
            QApplication.processEvents()
        return f"wheel {turn} at {at.x()},{at.y()}"

    def _resize(self) -> str:
        size = self.random.choice(_SIZES)
        self.window.resize(*size)
        return f"resize {size}"

    def _overlay(self) -> str:
        state, book, overlays = self.window.state, self.window.book, self.window.overlays
        assert book is not None
        names = [recipe.name for recipe in book.recipes]
        choices = {
            "overlay": [None, *names], "height": [None, None, *filter(book.is_made, names)],
            "range": [None, (0.0, 1.0), (1.0, 1e9)], "scale": [None, "linear", "log", "quantile"],
            "keep": [None, None, (0.0, 1e6), (-1e30, 0.0)],
        }  # fmt: skip
        what = self.random.choice(("overlay", *choices))
        value = self.random.choice(choices[what])
        self._last[-1] = f"{what} {value}"
        if what == "overlay":
            overlays.choose(value)
        else:
            setattr(state, what, value)
        return self._last[-1]

    def _select(self) -> str:
        graph = self.window.graph
        assert graph is not None
        node = self.random.randrange(len(graph))
        self._last[-1] = f"go to {graph.path(node)}"
        self.window.view.navigator.go_to(node)
        return self._last[-1]

    def _tree(self) -> str:
        tree = self.window.tree
        if not tree.isVisible():
            return "no tree"
        at = QPoint(self.random.randrange(tree.width()), self.random.randrange(tree.height()))
        target = tree.childAt(at) or tree
        self._last[-1] = f"click in the tree {at.x()},{at.y()}"
        QTest.mouseClick(target, _LEFT, _NONE, target.mapFrom(tree, at))
        return self._last[-1]

    def _answer(self) -> None:
        """Choose from a menu that is open, or close it; close any sheet."""
        popup: QWidget | None = QApplication.activePopupWidget()
        if popup is not None:
            self._last.append("Escape in a menu")
            QTest.keyClick(popup, Qt.Key.Key_Escape)
        for dialog in QApplication.topLevelWidgets():
            if dialog is not self.window and dialog.isVisible() and dialog.isWindow() and dialog is not popup:
                self._last.append(f"close {dialog.objectName() or type(dialog).__name__}")
                dialog.close()


def _resident() -> float:
    """Return MB of resident memory."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS"))


def main() -> int:
    """Play and judge."""
    from measure import model_folder

    from archviz3d.viewer.window.qt_application import qt_application

    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("model", nargs="?", default="")
    parser.add_argument("--seconds", type=float, default=180.0)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    qt_application()
    window = MainWindow("dark")
    window.resize(1600, 1000)
    window.show()
    window.open(given.model or str(model_folder("deepseek-v3")))
    while window.graph is None:
        QApplication.processEvents()
    with Monkey(window, given.seed) as monkey:
        monkey.warm_up()
        monkey.play(given.seconds / 3)
        early = monkey.footprint()
        monkey.play(given.seconds * 2 / 3)
        late = monkey.footprint()
    problems = monkey.problems + late.growth(early)
    print(f"{window.graph.name}, seed {given.seed}: {monkey.events} events in {given.seconds:.0f} s")
    print(f"  memory   {early.memory:6.0f} MB after a third, {late.memory:.0f} MB at the end")
    print(f"  objects  {early.qt.total():6d} of Qt, {late.qt.total()}; {early.vtk.total()} of VTK, {late.vtk.total()}")
    print(f"  problems {len(problems):6d}")
    for problem in problems:
        print(problem)
    window.close()
    return int(bool(problems))


if __name__ == "__main__":
    sys.exit(main())
