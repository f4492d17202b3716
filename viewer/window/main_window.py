"""The main window: makes the parts and connects them; what they do is theirs."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QApplication, QLabel, QMainWindow, QStackedWidget, QVBoxLayout, QWidget

from ...graph.model_graph import ModelGraph
from ...layout.placement import Placement
from ...loaders.opening import Opening
from ...overlays.book import OverlayBook
from ..state import ViewState
from ..theme import THEMES
from ..words.captions import facts_of
from .background import Background
from .breadcrumb import Breadcrumb
from .command_table import command_table
from .commands import install, refresh
from .dialogs import Dialogs
from .docks.icons import NodeIcons
from .docks.inspector import Inspector
from .docks.panels import Panels
from .docks.selected import selected_section, selected_words
from .docks.tree_panel import TreePanel
from .drops import Drops
from .first_view import FirstView, first_view
from .looks import Looks
from .model_view import ModelView
from .moving.placing import Placing
from .notices import MessageBar, ProgressBar
from .opening import ModelOpener
from .overlays.controller import OverlayController, is_overlay_file
from .pointing.context_menu import context_menu
from .pointing.hiding import Hiding
from .pointing.lighting import Lighting
from .recent import add_recent, recent_files, sample_path, settings
from .recent_menu import RecentMenu
from .save_picture import PictureSaver
from .start_page import StartPage
from .style import apply_style

__all__ = ["MainWindow"]


class MainWindow(QMainWindow):
    """One window with one model, or none yet.

    Parameters
    ----------
    theme : str
        "dark", "light" or "print".
    """

    def __init__(self, theme: str = "dark") -> None:
        super().__init__()
        self.setObjectName("mainWindow")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.graph: ModelGraph | None = None
        self.placement: Placement | None = None
        self.book: OverlayBook | None = None
        self._icons: NodeIcons | None = None
        self._options: Mapping[str, Any] = {}
        self._aside = ""  # what else to tell if a model cannot be opened

        apply_style(_app(), THEMES[theme])
        self.state = ViewState(theme=theme)
        self.view = ModelView(self.state)
        self.start = StartPage()
        self.breadcrumb = Breadcrumb()
        self.message = MessageBar()
        self.progress = ProgressBar()
        self.tree = TreePanel()
        self.inspector = Inspector()
        self.overlays = OverlayController(self.state, self.view, self)
        self.hiding = Hiding(self.state, self.view.navigator, self)
        self.lighting = Lighting(self.state, self)
        self.placing = Placing(self.state, self)
        self.looks = Looks(self.state, self._update_actions)
        self.opener = ModelOpener(self)
        self.pictures = PictureSaver(self)
        self._background = Background(self)
        self.dialogs = Dialogs(self)
        Drops(self)
        self._lay_out()
        self._recent_menu = RecentMenu(self)
        self.commands = command_table(self)
        self.actions_by_id = install(
            self.commands, self.menuBar(), self, self.view, {"file.open_folder": self._recent_menu}
        )
        self._connect()
        self.resize(1600, 1000)
        self.panels.restore()
        self._show_start()

    # ---------------------------------------------------------------- construction
    def _lay_out(self) -> None:
        self._pages = QStackedWidget()
        self._pages.addWidget(self.start)
        self._pages.addWidget(self.view)
        self._centre = QWidget()
        column = QVBoxLayout(self._centre)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for widget in (self.breadcrumb, self.message, self.progress):
            column.addWidget(widget)
        column.addWidget(self._pages, 1)
        column.addWidget(self.overlays.timeline)
        self.setCentralWidget(self._centre)
        self.panels = Panels(self, self.view, self.tree, self.overlays.panel, self.inspector)
        self._facts, self._hint = QLabel(), QLabel()
        for label in (self._facts, self._hint):
            label.setTextFormat(Qt.TextFormat.PlainText)
        self.statusBar().addWidget(self._facts, 1)
        self.statusBar().addPermanentWidget(self._hint)
        self.statusBar().addPermanentWidget(self.hiding.button)
        self.statusBar().setSizeGripEnabled(False)

    def _connect(self) -> None:
        self.opener.progressed.connect(self.progress.report)
        self.opener.opened.connect(self._on_opened)
        self.opener.failed.connect(self._on_failed)
        self.opener.finished.connect(self.progress.done)
        self.progress.cancelled.connect(self.cancel)
        self.start.open_file.connect(self.dialogs.ask_file)
        self.start.open_folder.connect(self.dialogs.ask_folder)
        self.start.open_sample.connect(self.open_sample)
        self.start.open_path.connect(self.open)
        self.breadcrumb.chosen.connect(self.view.navigator.go_to)
        self.tree.selected.connect(self._select)
        self.tree.entered.connect(self.view.navigator.go_to)
        self.tree.left.connect(self.view.setFocus)
        self.view.navigator.refused.connect(lambda text: self.statusBar().showMessage(text, 4000))
        self.view.navigator.changed.connect(self._update_actions)
        self._recent_menu.chosen.connect(self.open)
        self.state.events.focus.connect(self._on_focus)
        self.state.events.selection.connect(self._on_selection)
        self.state.events.marked.connect(self._on_marked)
        self.state.events.hover.connect(self._on_hover)
        self.state.events.theme.connect(self._on_theme)
        for switch in (self.state.events.labels, self.state.events.plain_words, self.state.events.projection):
            switch.connect(self._update_actions)
        self.view.menu_asked.connect(self.show_menu)
        self._background.failed.connect(self._on_unprepared)
        self.view.failed.connect(self.message.tell)
        self.hiding.refused.connect(lambda text: self.statusBar().showMessage(text, 4000))
        self.lighting.told.connect(lambda text: self.statusBar().showMessage(text, 8000))
        self.lighting.changed.connect(self._update_actions)
        self.placing.failed.connect(self.message.tell)
        self.placing.placed.connect(self._on_placed)
        self.hiding.changed.connect(self._on_hidden)
        self.pictures.began.connect(self.statusBar().showMessage)
        self.pictures.saved.connect(lambda text: self.statusBar().showMessage(text, 8000))
        self.pictures.failed.connect(self._on_unsaved)
        self.overlays.failed.connect(self.message.tell)
        self.overlays.reading.connect(self._on_reading)
        self.overlays.added.connect(self._on_added)
        self.overlays.changed.connect(self._on_values)

    # ---------------------------------------------------------------- opening
    def open(
        self, model: str | ModelGraph, options: Mapping[str, Any] | None = None, reading: Opening | None = None
    ) -> None:
        """Open a model; the window stays usable meanwhile.

        Parameters
        ----------
        model : str or ModelGraph
            A path, or a graph that is there already.
        options : mapping, optional
            How to show it: the options of `view_state`.
        reading : Opening, optional
            One that was started for this path already.
        """
        self.message.hide()
        self._aside = ""
        self._options = {key: value for key, value in (options or {}).items() if value is not None}
        self._background.cancel()
        self.opener.open(model, self.view.aspect(*self._scene_size()), reading)

    def cancel(self) -> None:
        """Stop opening a model, or reading values."""
        self.opener.cancel()
        self._background.cancel()
        self.overlays.stop_reading()
        self.progress.done()

    def open_sample(self) -> None:
        """Open the model that ships with archviz3d."""
        self.open(sample_path())

    def open_dropped(self, path: str) -> None:
        """Open a file that was dropped here: values where there is a model to show them on, else a model."""
        if self.graph is not None and is_overlay_file(path):
            self.overlays.open_file(path, otherwise=self._open_instead)
        else:
            self.open(path)

    def _open_instead(self, path: str, problem: str) -> None:
        """Open a file as a model that holds no overlay; if it is no model, either, both problems are told."""
        self.open(path)
        self._aside = problem

    def close_model(self) -> None:
        """Go back to the start page."""
        self.cancel()
        self.overlays.clear()
        self.hiding.show_model(None)
        self.lighting.show_model(None)
        self.placing.clear()
        self.view.clear()
        self.tree.clear()
        self.inspector.clear()
        self.graph = self.placement = self.book = self._icons = None
        self._show_start()

    def _scene_size(self) -> tuple[int, int]:
        """Return the size of the view, or the one that it will have once the docks stand beside it."""
        if self.view.isVisible():
            return self.view.width(), self.view.height()
        return max(300, self.width() - self.panels.width()), max(
            200, self._pages.height() - self.breadcrumb.sizeHint().height()
        )

    def _on_opened(self, graph: ModelGraph, placement: Placement) -> None:
        # Options may ask for overlays that take seconds to read or to make.
        self.progress.report(self.tr("Preparing the view of {name}").format(name=graph.name), None)
        work = partial(first_view, graph, placement, self._options, self.state.theme)
        self._background.run("view", work, self._show_model)

    def _show_model(self, first: FirstView) -> None:
        self.progress.done()
        if first.problem:
            self.message.tell(first.problem)
        else:
            self.message.hide()
        graph, wanted = first.graph, first.state
        self.overlays.clear()
        self.placing.clear()
        self.view.clear()  # nothing of the last model's overlays meets this one
        self.graph, self.placement, self.book = graph, first.placement, first.book
        self._icons = NodeIcons(graph, THEMES[wanted.theme])
        self.tree.show_model(graph, self._icons)
        self.overlays.show_book(first.book)
        self._has_model(True)
        self.hiding.show_model(graph)
        self.lighting.show_model(graph)
        self.placing.show_model(graph, first.placement, wanted)
        self.view.show_model(graph, first.placement, wanted, first.book)
        self._on_focus(self.state.focus)
        self._on_selection(self.state.selection)
        # The view comes last, when its size is known: it renders each time it is resized.
        for layout in filter(None, (self.layout(), self._centre.layout())):
            layout.activate()
        self._pages.setCurrentWidget(self.view)
        self.view.setFocus(Qt.FocusReason.OtherFocusReason)
        if wanted.overlay is not None or wanted.height is not None:
            self.panels.show_overlays()
        self.setWindowTitle(f"{graph.name} – archviz3d")
        self._facts.setText(" · ".join(filter(None, [graph.name, facts_of(graph, 0), graph.format])))
        if graph.source:
            add_recent(graph.source)

    def _on_failed(self, text: str) -> None:
        self.message.tell(" · ".join(filter(None, [text, self._aside])))

    def _on_unprepared(self, text: str) -> None:
        self.progress.done()
        self._on_failed(text)

    def _on_unsaved(self, text: str) -> None:
        if not self.pictures.busy:
            self.statusBar().clearMessage()
        self.message.tell(text)

    def _show_start(self) -> None:
        self.start.show_recent(recent_files())
        self._pages.setCurrentWidget(self.start)
        self._has_model(False)
        self.setWindowTitle("archviz3d")
        self._facts.setText(self.tr("No model"))
        self._hint.clear()

    def _has_model(self, there: bool) -> None:
        self.breadcrumb.setVisible(there)
        self.panels.show_beside_model(there)
        self._update_actions()

    # ---------------------------------------------------------------- what follows the state
    def _select(self, node: int) -> None:
        self.state.selection = node

    def _on_focus(self, focus: int) -> None:
        if self.graph is not None:
            self.breadcrumb.show_path(self.graph, focus)
            if self.state.selection is None:
                self._inspect(focus)

    def _on_selection(self, selection: int | None) -> None:
        self.tree.follow(selection)
        self._inspect(self.state.focus if selection is None else selection)
        self._update_actions()

    def _on_marked(self) -> None:
        if self.state.selection is not None:
            self._inspect(self.state.selection)
        self._on_hover(self.state.hover)

    def _inspect(self, node: int) -> None:
        if self.graph is not None and self._icons is not None:
            several = len(self.state.selected) > 1
            first = selected_section(self.graph, self.state.selected) if several else self.overlays.facts(node)
            self.inspector.show_node(self.graph, node, self._icons, first)

    def _on_values(self) -> None:
        self._inspect(self.state.focus if self.state.selection is None else self.state.selection)
        self._update_actions()

    def _on_added(self, report: str) -> None:
        self.message.hide()
        self.panels.show_overlays()
        self.statusBar().showMessage(report, 8000)

    def _on_reading(self, busy: bool) -> None:
        if busy:
            self.progress.report(self.tr("Reading values"), None)
        elif not self.opener.busy:
            self.progress.done()

    def _on_hover(self, node: int | None) -> None:
        hint = "" if node is None or self.graph is None else self.graph.path(node) or self.graph.name
        if node is None and self.graph is not None and len(self.state.selected) > 1:
            hint = selected_words(self.graph, self.state.selected)
        self._hint.setText(hint)

    def _on_hidden(self) -> None:
        self.tree.show_hidden(self.state.hidden)
        self._update_actions()

    def _on_placed(self, placement: Placement) -> None:
        self.placement = placement
        self.view.place(placement)

    def _on_theme(self, theme: str) -> None:
        apply_style(_app(), THEMES[theme])
        settings().setValue("theme", theme)
        if self.graph is not None:
            self._icons = NodeIcons(self.graph, THEMES[theme])
            self.tree.show_icons(self._icons)
            self._inspect(self.state.focus if self.state.selection is None else self.state.selection)

    def _update_actions(self) -> None:
        refresh(self.commands, self.actions_by_id, self.graph is not None)

    # ---------------------------------------------------------------- commands
    def leave(self) -> None:
        """Drop what the mouse holds; else light everything again, drop several selected parts, or go up a level."""
        if not (self.view.mouse.let_go() or self.lighting.leave()):
            self.view.navigator.up()

    def find_part(self) -> None:
        """Let the user search."""
        self.panels.show_tree()
        self.tree.focus_search()

    def toggle_full_screen(self) -> None:
        """Fill the screen, or no longer."""
        self.setWindowState(self.windowState() ^ Qt.WindowState.WindowFullScreen)

    def show_menu(self, node: int | None, at: QPoint) -> None:
        """Show the menu of a part, which is selected by it, or of the ground, at a point of the screen."""
        if node not in self.state.selected:
            self.state.selection = node
        self._update_actions()
        context_menu(self.actions_by_id, node, self).popup(at)

    def save_picture(self) -> None:
        """Let the user save what the scene shows."""
        if self.graph is not None and self.placement is not None and self.book is not None:
            self.pictures.ask_and_save(self.graph, self.placement, self.state, self.view.viewport(), self.book)

    # ---------------------------------------------------------------- Qt's events
    def closeEvent(self, event: QCloseEvent) -> None:
        self.cancel()
        self.overlays.clear()
        self.panels.save()
        # The GL resources go while their context is still there: left to the destructors, drivers crash at exit.
        self.view.close()
        super().closeEvent(event)


def _app() -> QApplication:
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    return app
