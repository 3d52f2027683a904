"""The centre of the window: workspaces above, the board of plots below."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from PySide6.QtCore import QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QMenu, QWidget

from simulator.layers.base import layer_kinds
from simulator.training.run_info import RunInfo
from ui.board.board import Board
from ui.board.card import CardPage
from ui.board.card_menu import open_card_menu
from ui.board.commands import BoardCommands
from ui.board.dragging import Dragging
from ui.board.feed import Feed
from ui.board.plot_set import PlotSet
from ui.board.wheel import WheelScroll
from ui.board.workspace_bar import WorkspaceBar
from ui.board.workspaces import BUILT_IN, Workspaces
from ui.plots.base import Plot
from ui.style.boxes import in_column

LATER_MS = 400
"""The first window stands before the plots that it does not show are read."""
PLAIN = layer_kinds(lambda layer: layer.plain) | {"output"}
"""Layers that no plot comes along with."""


class PlotArea(QWidget):
    """Plots and where they are: what is shown in them is the feed's."""

    step_menu_asked = Signal(int, QPoint)
    """What can be done at a step to which a plot points, and where on the screen."""
    layer_hovered = Signal(int)
    """Index of the layer under the pointer in some plot, -1 for none."""
    export_requested = Signal(str)
    """Key of the plot whose export button was pressed."""
    plot_made = Signal(object)
    """A plot that there has not been before."""
    number_asked = Signal(str)
    """Key of the plot that a lesson is to ask about."""
    shown_changed = Signal()
    """Other plots are visible now: the next frame may need other parts."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("plotArea")
        self._plots = PlotSet(self)
        self._pages: dict[str, CardPage] = {}
        self.workspaces = Workspaces(self)
        self.board = Board(self._page, self._plots.kind)
        self.feed = Feed(self._plots, lambda: self.board.seen, self)
        self.bar = WorkspaceBar(self.workspaces)
        self.commands = BoardCommands(self, self.board, self.bar)
        self._dragging = Dragging(self.board)
        self._wheel = WheelScroll(self.board)
        self.drop_target = self._dragging.target
        self._along: frozenset[str] = frozenset()
        """Plots that opened by themselves, with the layers they are about."""
        self._fed: frozenset[str] = frozenset()
        """Plots that have been in sight since the last change of what is seen."""
        in_column(self.bar, (self.board, 1), on=self, spacing=0, margins=(0, 0, 0, 0))
        self._connect()
        self.board.set_size_factor(self.workspaces.size_factor)
        self._show_workspace()

    def _connect(self) -> None:
        self._plots.made.connect(self._take_in)
        self._plots.completed.connect(self._bring_along)
        self.workspaces.selected.connect(self._show_workspace)
        self.board.arrangement_changed.connect(lambda: self.workspaces.keep(self.board.arrangement))
        self.board.seen_changed.connect(self._feed_seen)
        # A board with one plot alone lets none come along; once all are back they do.
        self.board.maximised_changed.connect(self._bring_along, Qt.ConnectionType.QueuedConnection)
        self.feed.wanted_changed.connect(self.shown_changed)
        self.bar.size_changed.connect(self._resize_cards)
        self.bar.plots_wanted.connect(self._open_list)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        layout = self.layout()
        if layout is not None and event.size() != self.size():
            # The bar has shown other parts while it was given its place, which has laid out the window once more: the
            # board has the place that was meant for it before.
            layout.invalidate()
            layout.activate()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if not self._plots.complete:
            QTimer.singleShot(LATER_MS, self._plots, self._plots.read_on)

    # -- plots ---------------------------------------------------------------------------------------------------

    @property
    def plots(self) -> Mapping[str, Plot[Any]]:
        """Every plot by its key; those that were never shown are made now."""
        return {key: self._plots.plot(key) for key in self._plots.kinds}

    @property
    def made(self) -> Mapping[str, Plot[Any]]:
        """The plots that have been made."""
        return self._plots.existing

    def has(self, key: str) -> bool:
        """Whether there is a plot of this key."""
        return self._plots.has(key)

    def kind(self, key: str) -> type[Plot[Any]]:
        """The class of one plot; KeyError if there is none."""
        return self._plots.kind(key)

    def plot(self, key: str) -> Plot[Any]:
        """One plot, made now if it was never shown; KeyError if there is none."""
        return self._plots.plot(key)

    def when_made(self, key: str, act: Callable[[Any], None]) -> None:
        """Do something with a plot as soon as there is one."""
        self._plots.when_made(key, act)

    @property
    def known(self) -> tuple[type[Plot[Any]], ...]:
        """The classes of plots that have been read, in their order on screen."""
        return tuple(self._plots.known_kinds.values())

    def complete(self) -> None:
        """Read the classes of all plots now."""
        self._plots.read_all()

    def rewrite(self) -> None:
        """Write all numbers of plots anew."""
        for plot in self._plots.existing.values():
            plot.restyle()

    def focused_plot(self) -> Plot[Any] | None:
        """The plot in front of the current card."""
        key = self.board.current.key
        return self.plot(key) if key else None

    def _page(self, key: str) -> CardPage:
        self._plots.plot(key)
        return self._pages[key]

    def _take_in(self, plot: Plot[Any]) -> None:
        key, header = plot.key, plot.header
        assert header is not None
        page = self._pages[key] = CardPage(plot)
        page.setParent(self.board.shelf)
        page.closed.connect(lambda: self.hide_plot(key))
        page.menu_wanted.connect(lambda at: open_card_menu(self.board, page, at))
        plot.maximise_requested.connect(lambda: self.board.toggle_maximised(key))
        plot.export_requested.connect(lambda: self.export_requested.emit(key))
        plot.number_asked.connect(lambda: self.number_asked.emit(key))
        plot.layer_hovered.connect(self.layer_hovered)
        plot.pointing.step_menu_asked.connect(self.step_menu_asked)
        self._dragging.watch(page)
        self._wheel.watch(page)
        self.plot_made.emit(plot)

    def _feed_seen(self) -> None:
        """Bring plots that have come into sight to the present view."""
        seen = frozenset(self.board.seen)
        for key in self.board.seen:
            if key not in self._fed:
                self.feed.catch_up(key)
        self._fed = seen
        self.shown_changed.emit()

    # -- what the bench says -------------------------------------------------------------------------------------

    def start(self, info: RunInfo) -> None:
        """A run of these layers begins."""
        self.feed.start(info)
        self._bring_along()

    def _bring_along(self) -> None:
        """Open the plots that come with this network's layers and close those of the last one's.

        A hand that has changed the first workspace keeps its arrangement: nothing happens until it is reset.
        """
        info = self.feed.info
        if info is None or self.workspaces.current != BUILT_IN[0].id or self.board.maximised is not None:
            return
        kinds = {layer.kind for layer in info.layers}
        if not self._plots.complete and kinds - PLAIN:
            self._plots.read_all()
            return
        if set(self.board.arrangement.keys) != {*BUILT_IN[0].arrangement.keys, *self._along}:
            return
        known = self._plots.known_kinds
        wanted = frozenset(key for key, plot in known.items() if plot.comes_along and plot.kinds & kinds)
        arrangement = self.board.arrangement
        for key in self._along - wanted:
            arrangement = arrangement.closed(key)
        for key in sorted(wanted - self._along):
            arrangement = arrangement.shown(key)
        if self._along != wanted:
            self._along = wanted
            self.board.change(arrangement)

    # -- arrangement ---------------------------------------------------------------------------------------------

    @property
    def arranged(self) -> tuple[str, ...]:
        """The plots in front of all places, in sight or not."""
        return tuple(place.key for place in self.board.arrangement.places)

    def show_workspace(self, id: str) -> None:
        """Put a workspace on the board; KeyError if there is none of this id."""
        self.board.restore()
        self.workspaces.select(id)

    def _show_workspace(self) -> None:
        arrangement = self.workspaces.present.arrangement
        known = arrangement.known(self._plots.has)
        self.board.set_arrangement(known)
        self.bar.show_size(self.workspaces.size_factor)
        along = [key for key in known.keys if self._plots.kind(key).comes_along]
        self._along = frozenset(along) - set(BUILT_IN[0].arrangement.keys)
        self._bring_along()

    def reset_arrangement(self) -> None:
        """The present workspace as the program brings it, cards of usual size."""
        self.bar.usual_size()
        self.workspaces.reset()

    def _resize_cards(self, factor: float) -> None:
        self.workspaces.set_size_factor(factor)
        self.board.set_size_factor(factor)

    def show_plot(self, key: str) -> None:
        """Have a plot on the board, in front and in view; KeyError if there is none."""
        self._plots.kind(key)
        self.board.restore()
        self.board.change(self.board.arrangement.shown(key))
        self.board.current.bring_into_view(key)

    def hide_plot(self, key: str) -> None:
        """Take a plot off the board."""
        self.board.restore()
        self.board.change(self.board.arrangement.closed(key))

    def toggle_plot(self, key: str) -> None:
        """Show or hide one plot."""
        (self.hide_plot if key in self.board.arrangement.keys else self.show_plot)(key)

    def fill_menu(self, menu: QMenu) -> None:
        """One checkable entry per plot, forward ones first, those about some kinds of layers last."""
        menu.clear()
        kinds = list(self._plots.kinds.values())
        for side in ("forward", "backward", "training"):
            for kind in kinds:
                if not kind.kinds and kind.side == side:
                    self._add_entry(menu, kind)
            menu.addSeparator()
        for kind in kinds:
            if kind.kinds:
                self._add_entry(menu, kind)
        menu.addSeparator()

    def _add_entry(self, menu: QMenu, kind: type[Plot[Any]]) -> None:
        entry = QAction(kind.title, menu)
        entry.setCheckable(True)
        entry.setChecked(kind.key in self.board.arrangement.keys)
        entry.setToolTip(kind.explain)
        entry.triggered.connect(lambda _on, key=kind.key: self.toggle_plot(key))
        menu.addAction(entry)

    def _open_list(self, at: QPoint) -> None:
        menu = QMenu(self, toolTipsVisible=True)
        menu.aboutToHide.connect(menu.deleteLater)
        self.fill_menu(menu)
        menu.popup(at)
