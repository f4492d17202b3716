"""Calm lines above the scene: what is being opened, and what went wrong."""

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QPushButton, QSizePolicy, QToolButton, QWidget

__all__ = ["MessageBar", "ProgressBar"]

_TEXT_WIDTH = 320
_PATIENCE = 300  # milliseconds: what is done by then needs no progress bar


class ProgressBar(QWidget):
    """What is going on, how far it is, and a button that stops it."""

    cancelled = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("progressStrip")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 8, 12, 8)
        row.setSpacing(14)
        self._text = QLabel()
        self._text.setTextFormat(Qt.TextFormat.PlainText)
        self._text.setFixedWidth(_TEXT_WIDTH)  # the bar must not jump about as file names come and go
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setFixedHeight(6)
        self.cancel_button = QPushButton(self.tr("Cancel"))
        self.cancel_button.clicked.connect(self.cancelled)
        row.addWidget(self._text)
        row.addWidget(self._bar, 1)
        row.addWidget(self.cancel_button)
        self._patience = QTimer(self, singleShot=True, interval=_PATIENCE)
        self._patience.timeout.connect(self.show)
        self.hide()

    def report(self, text: str, fraction: float | None) -> None:
        """Show a step; a fraction of None means that nobody knows how long it takes."""
        elided = self._text.fontMetrics().elidedText(text, Qt.TextElideMode.ElideMiddle, _TEXT_WIDTH)
        self._text.setText(elided)
        self._bar.setRange(0, 0 if fraction is None else 1000)
        if fraction is not None:
            self._bar.setValue(round(1000 * fraction))
        if self.isHidden() and not self._patience.isActive():
            self._patience.start()

    def done(self) -> None:
        """Go away."""
        self._patience.stop()
        self.hide()


class MessageBar(QWidget):
    """One line that says what went wrong, until it is closed or something else succeeds."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("messageBar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 8, 8, 8)
        self._text = QLabel()
        self._text.setTextFormat(Qt.TextFormat.PlainText)
        self._text.setWordWrap(True)
        self._text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._text.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        close = QToolButton()
        close.setText("✕")
        close.setToolTip(self.tr("Close this message"))
        close.clicked.connect(self.hide)
        row.addWidget(self._text, 1)
        row.addWidget(close, 0, Qt.AlignmentFlag.AlignTop)
        self.hide()

    def text(self) -> str:
        """Return the message."""
        return self._text.text()

    def tell(self, message: str) -> None:
        """Show a message."""
        self._text.setText(message)
        self.show()
