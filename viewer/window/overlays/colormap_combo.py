"""The choice of a colour map: small previews of those that fit, and any other by its name."""

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QIcon, QImage, QPixmap
from PySide6.QtWidgets import QComboBox, QWidget

from ....errors import UsageError
from ...colormaps import LUT_SIZE, SUGGESTED, check_colormap, color_table
from .still_combo import StillCombo

__all__ = ["ColormapCombo"]

_PREVIEW = QSize(48, 12)
_LIST_WIDTH = 230  # pixels, even where the panel is narrower


class ColormapCombo(StillCombo):
    """Names one colour map, or None for the one that fits overlay and theme."""

    chosen = Signal(object)
    refused = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setEditable(True)
        self.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.setIconSize(_PREVIEW)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(4)
        self.view().setMinimumWidth(_LIST_WIDTH)
        self.setToolTip(self.tr("Any map of the cmap catalogue by its name, such as crameri:batlow or viridis_r"))
        self.activated.connect(self._take_row)
        line = self.lineEdit()
        assert line is not None
        self.line = line
        line.editingFinished.connect(self._take_text)

    def show_map(self, chosen: str | None, automatic: str) -> None:
        """Show the map that is in force, where `automatic` is the one that None stands for, "" if that is not known."""
        if not self.count():
            self.addItem("")
            for name in SUGGESTED:  # 40 ms for all, so not before the first overlay
                self.addItem(_preview(name), name)
        named = self.tr("automatic ({name})").format(name=automatic)
        self.setItemText(0, named if automatic else self.tr("automatic"))
        self.setItemIcon(0, _preview(automatic) if automatic else QIcon())
        while self.count() > 1 + len(SUGGESTED):
            self.removeItem(self.count() - 1)
        if chosen is not None and chosen not in SUGGESTED:
            self.addItem(_preview(chosen), chosen)
        self.setCurrentIndex(0 if chosen is None else self.findText(chosen, Qt.MatchFlag.MatchExactly))
        self.line.setText(self.currentText())  # what was typed before
        self.line.setCursorPosition(0)

    def _take_row(self, row: int) -> None:
        self.chosen.emit(None if row == 0 else self.itemText(row))

    def _take_text(self) -> None:
        if not self.line.isModified():
            return
        text = self.line.text().strip()
        self.line.setModified(False)
        try:
            self.chosen.emit(check_colormap(text) if text and text != self.itemText(0) else None)
        except UsageError as error:
            self.refused.emit(str(error))


def _preview(name: str) -> QIcon:
    table = color_table(name).tobytes()
    image = QImage(table, LUT_SIZE, 1, 3 * LUT_SIZE, QImage.Format.Format_RGB888)
    icon = QIcon()
    scaled = QPixmap.fromImage(image).scaled(
        _PREVIEW, Qt.AspectRatioMode.IgnoreAspectRatio, Qt.TransformationMode.SmoothTransformation
    )
    for mode in (QIcon.Mode.Normal, QIcon.Mode.Selected):  # or Qt tints it
        icon.addPixmap(scaled, mode)
    return icon
