"""Save what the scene shows as a picture."""

from dataclasses import replace
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from ...graph.model_graph import ModelGraph
from ...layout.placement import Placement
from ...overlays.book import OverlayBook
from ..picture import render_picture
from ..state import ViewState
from .background import Background

__all__ = ["PictureSaver", "picture_size"]

_LEAST_WIDTH = 1920  # pixels
_PICTURE = "picture"


def picture_size(viewport: tuple[int, int]) -> tuple[int, int]:
    """Return the size of a picture with the proportions of the view, both sides even as video encoders want."""
    width = max(_LEAST_WIDTH, viewport[0] // 2 * 2)
    return width, max(2, round(width * viewport[1] / viewport[0] / 2) * 2)


class PictureSaver(QObject):
    """Draws pictures in a thread, in a render window without a screen: there may be gigabytes of weights to read.

    A picture that was begun is finished even if the window closes meanwhile.
    """

    began = Signal(str)  # what is being saved
    saved = Signal(str)
    failed = Signal(str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._parent = parent
        self._background = Background(self)
        self._background.failed.connect(self.failed)

    @property
    def busy(self) -> bool:
        """Whether a picture is being saved."""
        return self._background.busy(_PICTURE)

    def ask_and_save(
        self,
        graph: ModelGraph,
        placement: Placement,
        state: ViewState,
        viewport: tuple[int, int],
        book: OverlayBook,
    ) -> None:
        """Ask for a file name and begin to write the picture there, as the state is now."""
        if self.busy:  # each takes all processors and the memory of its weights
            self.failed.emit(self.tr("The picture before this one is still being saved"))
            return
        state = replace(state, hover=None)
        place = graph.path(state.focus)
        name = f"{graph.name} {place}".strip().replace("/", "_")
        chosen, _ = QFileDialog.getSaveFileName(
            self._parent,
            self.tr("Save picture"),
            str(Path.home() / f"{name}.png"),
            self.tr("Pictures") + " (*.png *.jpg *.webp)",
        )
        if not chosen:
            return
        path = Path(chosen)
        if not path.suffix:
            path = path.with_suffix(".png")
        work = partial(render_picture, graph, placement, state, picture_size(viewport), path, book=book)
        told = self.tr("Saved {path}").format(path=path)
        self._background.run(_PICTURE, work, lambda _: self.saved.emit(told), abandon=False)
        self.began.emit(self.tr("Saving {path} …").format(path=path))
