"""Save what the scene shows as a picture."""

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog, QWidget

from ...errors import ArchvizError
from ...files import check_output
from ...graph.model_graph import ModelGraph
from ...layout.placement import Placement
from ...overlays.book import OverlayBook
from ..picture import render_picture
from ..state import ViewState

__all__ = ["ask_and_save", "picture_size"]

_LEAST_WIDTH = 1920  # pixels


def picture_size(viewport: tuple[int, int]) -> tuple[int, int]:
    """Return the size of a picture with the proportions of the view, both sides even as video encoders want."""
    width = max(_LEAST_WIDTH, viewport[0] // 2 * 2)
    return width, max(2, round(width * viewport[1] / viewport[0] / 2) * 2)


def ask_and_save(
    parent: QWidget,
    graph: ModelGraph,
    placement: Placement,
    state: ViewState,
    viewport: tuple[int, int],
    book: OverlayBook,
) -> str | None:
    """Ask for a file name and write the picture there; return what went wrong, None where nothing did."""
    place = graph.path(state.focus)
    name = f"{graph.name} {place}".strip().replace("/", "_")
    chosen, _ = QFileDialog.getSaveFileName(
        parent,
        QCoreApplication.translate("SavePicture", "Save picture"),
        str(Path.home() / f"{name}.png"),
        QCoreApplication.translate("SavePicture", "Pictures") + " (*.png *.jpg *.webp)",
    )
    if not chosen:
        return None
    path = Path(chosen)
    if not path.suffix:
        path = path.with_suffix(".png")
    QGuiApplication.setOverrideCursor(Qt.CursorShape.WaitCursor)
    try:
        check_output(str(path))
        render_picture(graph, placement, replace(state, hover=None), picture_size(viewport), path, book=book)
    except (ArchvizError, OSError) as error:
        return str(error)
    finally:
        QGuiApplication.restoreOverrideCursor()
    return None
