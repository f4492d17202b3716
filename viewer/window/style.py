"""How the window's widgets look: a palette and a style sheet made from the scene's theme."""

from string import Template

from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication

from ..theme import LIGHT, PRINT, Theme, Tone

__all__ = ["apply_style"]


def apply_style(app: QApplication, theme: Theme) -> None:
    """Dress all of the application's windows."""
    colors = _colors(LIGHT if theme is PRINT else theme)  # a white page is for the scene: panels stay told apart
    app.setStyle("Fusion")
    palette = QPalette()
    for role, name in (
        (QPalette.ColorRole.Window, "panel"),
        (QPalette.ColorRole.Base, "panel"),
        (QPalette.ColorRole.AlternateBase, "raised"),
        (QPalette.ColorRole.Button, "raised"),
        (QPalette.ColorRole.ToolTipBase, "raised"),
        (QPalette.ColorRole.WindowText, "text"),
        (QPalette.ColorRole.Text, "text"),
        (QPalette.ColorRole.ButtonText, "text"),
        (QPalette.ColorRole.ToolTipText, "text"),
        (QPalette.ColorRole.PlaceholderText, "dim"),
        (QPalette.ColorRole.Highlight, "chosen"),
        (QPalette.ColorRole.HighlightedText, "text"),
        (QPalette.ColorRole.Link, "accent"),
    ):
        palette.setColor(role, QColor(colors[name]))
    for role in (QPalette.ColorRole.WindowText, QPalette.ColorRole.Text, QPalette.ColorRole.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, role, QColor(colors["faint"]))
    app.setPalette(palette)
    app.setStyleSheet(_SHEET.substitute(colors))


def _colors(theme: Theme) -> dict[str, str]:
    panel = theme.ground[1] if theme.name == "dark" else theme.ground[0]
    accent = theme.tones[Tone.ATTENTION]
    return {
        "panel": _mix(panel, theme.plates[0], 0.75),
        "bar": _mix(panel, theme.plates[0], 0.35),
        "ground": theme.ground[1],
        "raised": theme.plates[2],
        "pressed": theme.plates[4],
        "line": _mix(theme.plates[2], theme.plates[3], 0.5),
        "text": theme.text,
        "dim": theme.text_dim,
        "faint": _mix(theme.text_dim, panel, 0.5),
        "accent": accent,
        "on_accent": "#ffffff" if theme.name == "light" else theme.text_dark,
        "accent_hover": _mix(accent, theme.text, 0.2),
        "chosen": _mix(panel, accent, 0.32),
        "hovered": _mix(panel, accent, 0.13),
        "warning": _mix(panel, theme.tones[Tone.EXPERT], 0.22),
        "warning_line": theme.tones[Tone.EXPERT],
    }


def _mix(a: str, b: str, share: float) -> str:
    """Return the colour that is `share` of the way from `a` to `b`."""
    first, second = QColor(a), QColor(b)
    parts = ((first.red(), second.red()), (first.green(), second.green()), (first.blue(), second.blue()))
    return "#" + "".join(f"{round(p + (q - p) * share):02x}" for p, q in parts)


_SHEET = Template("""
* { font-size: 13px; }
QMainWindow, QMainWindow::separator { background: $bar; }
QMainWindow::separator { width: 1px; height: 1px; background: $line; }
QMainWindow::separator:hover { background: $accent; }
QToolTip { background: $raised; color: $text; border: 1px solid $pressed; padding: 5px 8px; }

QMenuBar { background: $bar; color: $dim; padding: 3px 6px; border-bottom: 1px solid $line; }
QMenuBar::item { padding: 5px 10px; border-radius: 5px; background: transparent; }
QMenuBar::item:selected { background: $raised; color: $text; }
QMenu { background: $raised; color: $text; border: 1px solid $pressed; padding: 6px; }
QMenu::item { padding: 6px 28px 6px 26px; border-radius: 4px; }
QMenu::item:selected { background: $chosen; }
QMenu::item:disabled { color: $faint; }
QMenu::separator { height: 1px; background: $pressed; margin: 5px 8px; }
QMenu::indicator { width: 14px; height: 14px; left: 7px; }

QDockWidget { color: $dim; font-weight: 600; }
QDockWidget::title { background: $panel; padding: 10px 14px 8px 14px; text-align: left; }
#treePanel, #overlayPanel, #overlayPage, #overlaySettings { background: $panel; }
QMainWindow QTabBar { background: $panel; qproperty-drawBase: 0; }
QMainWindow QTabBar::tab { background: $panel; color: $dim; font-weight: 600; padding: 9px 14px 8px 14px; border: none;
                           border-bottom: 2px solid transparent; }
QMainWindow QTabBar::tab:hover { color: $text; }
QMainWindow QTabBar::tab:selected { color: $text; border-bottom-color: $accent; }
QStatusBar { background: $bar; color: $dim; border-top: 1px solid $line; padding: 2px 8px; }
QStatusBar::item { border: none; }
QStatusBar QLabel { color: $dim; padding: 2px 6px; }

QTreeView { background: $panel; color: $text; border: none; outline: none; selection-background-color: $chosen; }
QTreeView::item { height: 26px; border: none; padding-right: 6px; }
QTreeView::item:hover { background: $hovered; }
QTreeView::item:selected { background: $chosen; color: $text; }
#overlayList::item { padding-left: 6px; }
QHeaderView { background: $panel; border: none; }
QHeaderView::section { background: $panel; color: $dim; border: none; border-bottom: 1px solid $line;
                       padding: 5px 5px; font-size: 12px; }

QLineEdit { background: $raised; color: $text; border: 1px solid $line; border-radius: 6px; padding: 6px 10px;
            selection-background-color: $accent; }
QLineEdit:focus { border-color: $accent; }
QLineEdit:disabled, QComboBox:disabled { color: $faint; }
#overlayPanel QLineEdit { padding: 4px 7px; }
#overlayPanel QLineEdit#search { padding: 6px 10px; }

QComboBox { background: $raised; color: $text; border: 1px solid $line; border-radius: 6px; padding: 3px 6px 3px 8px;
            min-height: 20px; }
QComboBox:focus, QComboBox:on { border-color: $accent; }
#overlayPanel QComboBox QLineEdit { background: transparent; border: none; padding: 0; }
QComboBox::drop-down { border: none; width: 20px; }
QComboBox::down-arrow { image: none; width: 0; height: 0; border-top: 5px solid $dim;
                        border-left: 4px solid $raised; border-right: 4px solid $raised; }
QComboBox QAbstractItemView { background: $raised; color: $text; border: 1px solid $pressed; outline: none;
                              selection-background-color: $chosen; selection-color: $text; }

QTableView { background: $panel; color: $text; border: none; outline: none; selection-background-color: $chosen;
             selection-color: $text; }
QTableView QHeaderView::section { padding: 5px 16px 5px 8px; }
QTableView::item { border: none; padding: 0 8px; }
QTableView::item:hover { background: $hovered; }
QTableView::item:selected { background: $chosen; color: $text; }

QSplitter::handle:vertical { height: 1px; background: $line; margin: 0; }
QSplitter::handle:hover { background: $accent; }

QSlider::groove:horizontal { height: 4px; background: $pressed; border-radius: 2px; }
QSlider::sub-page:horizontal { background: $accent; border-radius: 2px; }
QSlider::handle:horizontal { background: $text; width: 12px; height: 12px; margin: -4px 0; border-radius: 6px; }
QSlider:focus { border: none; }
#timeline { background: $bar; border-top: 1px solid $line; }
QLabel#stepName { color: $text; }

QLabel#overlayTitle { color: $text; font-size: 15px; font-weight: 600; }
QLabel#overlayUnit { color: $dim; }
QLabel#filterCount { color: $dim; font-size: 12px; }
QLabel#problem { color: $warning_line; font-size: 12px; }
QLabel#syntheticNote { color: $text; background: $warning; border-radius: 5px; padding: 4px 8px; }
QToolButton[role="chip"] { background: $raised; color: $text; border: 1px solid $line; border-radius: 10px;
                           padding: 2px 9px; font-size: 12px; }
QToolButton[role="chip"]:hover { border-color: $accent; }
QToolButton[role="chip"]:checked { background: $chosen; border-color: $accent; color: $text; }
QToolButton[role="chip"]:focus { padding: 2px 9px; }
QToolButton:disabled { color: $faint; }
QLabel#resultCount { color: $dim; padding: 6px 2px 0 2px; font-size: 12px; }

QScrollBar:vertical { background: transparent; width: 10px; margin: 0; }
QScrollBar:horizontal { background: transparent; height: 10px; margin: 0; }
QScrollBar::handle { background: $pressed; border-radius: 3px; margin: 2px; min-height: 28px; min-width: 28px; }
QScrollBar::handle:hover { background: $faint; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }

QToolButton { color: $dim; background: transparent; border: none; border-radius: 5px; padding: 4px 7px; }
QToolButton:hover { background: $raised; color: $text; }
QToolButton:focus { border: 1px solid $accent; padding: 3px 6px; }
#breadcrumb { background: $bar; border-bottom: 1px solid $line; }
#breadcrumb QToolButton[current="true"] { color: $text; font-weight: 600; }
QLabel#crumbArrow { color: $faint; padding: 0 1px; }

QPushButton { background: $raised; color: $text; border: 1px solid $line; border-radius: 6px; padding: 7px 16px; }
QPushButton:hover { background: $pressed; }
QPushButton:focus { border-color: $accent; }
QPushButton[role="primary"] { background: $accent; color: $on_accent; border-color: $accent; font-weight: 600; }
QPushButton[role="primary"]:hover { background: $accent_hover; }
QPushButton[role="recent"] { background: transparent; border-color: transparent; text-align: left; padding: 0; }
QPushButton[role="recent"]:hover { background: $raised; }
QPushButton[role="recent"]:focus { border-color: $accent; }

#startPage { background: qlineargradient(x1: 0, y1: 0, x2: 0, y2: 1, stop: 0 $raised, stop: 1 $ground); }
#startCard { background: $panel; border: 1px solid $line; border-radius: 14px; }
#startPage[dropping="true"] #startCard { border: 2px dashed $accent; }
QLabel#startTitle { font-size: 30px; font-weight: 600; color: $text; }
QLabel#startLine { font-size: 15px; color: $dim; }
QLabel#startHint { color: $dim; padding: 4px 0 0 0; }
QLabel#startSection { color: $dim; font-weight: 600; padding: 20px 0 2px 0; }
QLabel#recentName { color: $text; }
QLabel#recentFolder { color: $dim; font-size: 12px; }

#inspector, #inspectorPage { background: $panel; }
QLabel#inspectorName { font-size: 20px; font-weight: 600; color: $text; }
QLabel#inspectorPath { color: $dim; font-size: 12px; }
QLabel#kindWord { color: $dim; }
QLabel#sectionTitle { color: $dim; font-weight: 600; padding-bottom: 2px; }
QLabel#factLabel { color: $dim; }
QLabel#factText { color: $text; }
QLabel#factDetail { color: $dim; font-size: 12px; }
QLabel#keyName { color: $accent; font-weight: 600; }

#hoverTip { background: $raised; color: $text; border: 1px solid $pressed; border-radius: 6px; padding: 6px 10px; }
#progressStrip { background: $panel; border-bottom: 1px solid $line; }
#progressStrip QLabel { color: $text; }
QProgressBar { background: $pressed; border: none; border-radius: 3px; }
QProgressBar::chunk { background: $accent; border-radius: 3px; }
#messageBar { background: $warning; border-bottom: 1px solid $warning_line; }
#messageBar QLabel { color: $text; }
QDialog#cheatSheet { background: $panel; }
""")
