"""What the window shows before there is a model: ways to open one."""

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from .labels import plain_tip

__all__ = ["StartPage"]


class StartPage(QWidget):
    """Open buttons, the sample, recent models, and a hint that files can be dropped."""

    open_file = Signal()
    open_folder = Signal()
    open_sample = Signal()
    open_path = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("startPage")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._card = card = QFrame()
        card.setObjectName("startCard")
        card.setFixedWidth(640)
        self._column = QVBoxLayout(card)
        self._column.setContentsMargins(40, 36, 40, 32)
        self._column.setSpacing(10)
        self._column.addWidget(_label("archviz3d", "startTitle"))
        self._column.addWidget(
            _label(self.tr("Every layer, head and expert of a model is a place you can fly to."), "startLine")
        )
        self._column.addSpacing(14)
        self._column.addLayout(self._buttons())
        hint = self.tr("or drop one here: safetensors, PyTorch, GGUF, ONNX, or a folder from Hugging Face")
        self._column.addWidget(_label(hint, "startHint"))
        self._recent = QVBoxLayout()
        self._recent.setSpacing(2)
        self._column.addLayout(self._recent)

        middle = QHBoxLayout()
        middle.addStretch(1)
        middle.addWidget(card)
        middle.addStretch(1)
        outer = QVBoxLayout(self)
        outer.addStretch(2)
        outer.addLayout(middle)
        outer.addStretch(3)

    def show_recent(self, paths: list[str]) -> None:
        """List recently opened models."""
        while self._recent.count():
            item = self._recent.takeAt(0)
            widget = item.widget() if item is not None else None
            if widget is not None:
                widget.deleteLater()
        if paths:
            self._recent.addWidget(_label(self.tr("Recent"), "startSection"))
        for path in paths:
            self._recent.addWidget(self._recent_row(path))

    def show_drop(self, over: bool) -> None:
        """Show whether a file hovers over the window."""
        self.setProperty("dropping", over)
        for widget in (self, self._card):
            widget.style().unpolish(widget)
            widget.style().polish(widget)

    def _buttons(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(10)
        for text, signal, name in (
            (self.tr("Open a file…"), self.open_file, "primary"),
            (self.tr("Open a folder…"), self.open_folder, "secondary"),
            (self.tr("Look at the sample"), self.open_sample, "secondary"),
        ):
            button = QPushButton(text)
            button.setProperty("role", name)
            button.setCursor(Qt.CursorShape.PointingHandCursor)
            button.clicked.connect(signal)
            row.addWidget(button)
        return row

    def _recent_row(self, path: str) -> QPushButton:
        where = Path(path)
        button = QPushButton()
        button.setProperty("role", "recent")
        button.setToolTip(plain_tip(path))
        button.setCursor(Qt.CursorShape.PointingHandCursor)
        button.clicked.connect(lambda: self.open_path.emit(path))
        row = QHBoxLayout(button)
        row.setContentsMargins(10, 6, 10, 6)
        row.setSpacing(12)
        row.addWidget(_label(where.name, "recentName"))
        folder = _label(_short(str(where.parent)), "recentFolder")
        folder.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(folder, 1)
        button.setMinimumHeight(36)
        button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        return button


def _short(folder: str, longest: int = 48) -> str:
    home = str(Path.home())
    if folder == home or folder.startswith(home + "/"):
        folder = "~" + folder[len(home) :]
    return folder if len(folder) <= longest else "…" + folder[-longest + 1 :]


def _label(text: str, name: str) -> QLabel:
    label = QLabel(text)
    label.setObjectName(name)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setIndent(0)
    label.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
    return label
