"""The timeline under the scene: play, scrub and step through the steps of an overlay."""

from collections.abc import Callable

from PySide6.QtCore import QEvent, QSize, Qt, QTimer
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSlider, QToolButton, QWidget

from ...state import ViewState
from ..labels import plain_tip
from .still_combo import StillCombo
from .transport_icons import transport_icon

__all__ = ["Timeline"]

_SPEEDS = (1, 2, 4, 8, 16)  # steps a second
_USUAL = 2
_NAME_WIDTH = 180
_LATE = 15  # milliseconds until it is asked again whether the frame is there


class Timeline(QWidget):
    """Sets `state.step`; shown only where there is more than one.

    Parameters
    ----------
    state : ViewState
    drawn : callable
        Tells whether the last step is on the screen: playing waits for it.
    """

    def __init__(self, state: ViewState, drawn: Callable[[], bool], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("timeline")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._state = state
        self._drawn = drawn
        self._steps: tuple[str, ...] = ()
        self.previous, self.play, self.next = QToolButton(), QToolButton(), QToolButton()
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setPageStep(1)
        self.slider.setAccessibleName(self.tr("Step"))
        self.name = QLabel()
        self.name.setObjectName("stepName")
        self.name.setTextFormat(Qt.TextFormat.PlainText)
        self.speed = StillCombo()
        for speed in _SPEEDS:
            self.speed.addItem(self.tr("{count} steps/s").format(count=speed), speed)
        self.speed.setCurrentIndex(_SPEEDS.index(_USUAL))
        self.speed.setToolTip(self.tr("How fast it plays, where the frames are drawn as fast"))
        self._timer = QTimer(self, singleShot=True)
        self._lay_out()
        self.previous.clicked.connect(lambda: self.step(-1))
        self.next.clicked.connect(lambda: self.step(1))
        self.play.clicked.connect(self.toggle)
        self.slider.valueChanged.connect(self._scrub)
        self._timer.timeout.connect(self._tick)
        state.events.step.connect(self._follow)
        self.hide()

    def _lay_out(self) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 6, 12, 6)
        row.setSpacing(6)
        tips = (self.tr("Previous step (,)"), self.tr("Play or pause (Space)"), self.tr("Next step (.)"))
        for button, tip in zip((self.previous, self.play, self.next), tips, strict=True):
            button.setToolTip(tip)
            button.setIconSize(QSize(16, 16))
            row.addWidget(button)
        row.addSpacing(6)
        row.addWidget(self.slider, 1)
        row.addSpacing(6)
        self.name.setFixedWidth(_NAME_WIDTH)  # the slider must not jump about as names come and go
        row.addWidget(self.name)
        row.addWidget(self.speed)
        self._show_icons()

    @property
    def playing(self) -> bool:
        """Whether it plays."""
        return self._timer.isActive()

    @property
    def has_steps(self) -> bool:
        """Whether there is anything to step through."""
        return len(self._steps) > 1

    def show_steps(self, steps: tuple[str, ...]) -> None:
        """Show the names of the steps that there are; go away where there are fewer than two."""
        if steps == self._steps:
            return
        self.pause()
        self._steps = steps
        self.setVisible(self.has_steps)
        blocked = self.slider.blockSignals(True)  # the slider's range changes, the state does not
        self.slider.setRange(0, max(0, len(steps) - 1))
        self.slider.blockSignals(blocked)
        self._follow()

    def changeEvent(self, arg__1: QEvent) -> None:
        super().changeEvent(arg__1)
        if arg__1.type() == QEvent.Type.PaletteChange:  # another theme
            self._show_icons()

    def _show_icons(self) -> None:
        color = self.palette().color(QPalette.ColorRole.WindowText)
        for button, name in ((self.previous, "previous"), (self.next, "next")):
            button.setIcon(transport_icon(name, color))
        self.play.setIcon(transport_icon("pause" if self.playing else "play", color))

    def step(self, by: int) -> None:
        """Go some steps on or back, as far as there are any; playing stops."""
        self.pause()
        self._go(min(max(self._state.step + by, 0), len(self._steps) - 1))

    def toggle(self) -> None:
        """Play, or pause; from the last step it plays from the first."""
        if self.playing:
            self.pause()
        elif self.has_steps:
            if self._state.step >= len(self._steps) - 1:
                self._go(0)
            self._wait()
            self._show_icons()

    def pause(self) -> None:
        """Stop where it is."""
        self._timer.stop()
        self._show_icons()

    def _wait(self) -> None:
        self._timer.start(round(1000 / self.speed.currentData()))

    def _tick(self) -> None:
        if not self._drawn():
            self._timer.start(_LATE)
            return
        self._wait()
        self._go((self._state.step + 1) % len(self._steps))

    def _go(self, step: int) -> None:
        if self.has_steps:
            self._state.step = step

    def _scrub(self, step: int) -> None:
        if self.slider.isSliderDown():
            self.pause()
        self._go(step)

    def _follow(self) -> None:
        if not self.has_steps:
            return
        step = min(self._state.step, len(self._steps) - 1)
        blocked = self.slider.blockSignals(True)
        self.slider.setValue(step)
        self.slider.blockSignals(blocked)
        text = self.tr("{step}  ({number} of {count})")
        text = text.format(step=self._steps[step], number=step + 1, count=len(self._steps))
        self.name.setText(self.name.fontMetrics().elidedText(text, Qt.TextElideMode.ElideMiddle, _NAME_WIDTH))
        self.name.setToolTip(plain_tip(self._steps[step]))
        self.previous.setEnabled(step > 0)
        self.next.setEnabled(step < len(self._steps) - 1)
