"""The centre of the window: one dock per plot, to show, hide, rearrange and maximise."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any

from PySide6.QtCore import QByteArray, QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QShowEvent
from PySide6.QtWidgets import QApplication, QDockWidget, QMainWindow, QMenu, QWidget

from simulator.layers.base import layer_kinds
from simulator.observations.question import Question
from simulator.training.run_info import RunInfo
from ui.plots import all_plots, first_plots, modules
from ui.plots.asking import Asking
from ui.plots.base import Plot, View
from ui.plots.veil import Veils

STATE_VERSION = 1
LATER_MS = 400
"""The first window stands before the plots that it does not show are read."""
PLAIN = layer_kinds(lambda layer: layer.plain) | {"output"}
"""Layers that no plot comes along with."""


class PlotArea(QMainWindow):
    """A window of docks inside the window; forward plots down the left, backward plots down the right."""

    layer_hovered = Signal(int)
    """Index of the layer under the pointer in some plot, -1 for none."""
    export_requested = Signal(str)
    """Key of the plot whose export button was pressed."""
    maximised_changed = Signal(bool)
    shown_changed = Signal()
    """Other plots are visible now: the next frame may need other parts."""
    opened = Signal(QWidget)
    """A plot was shown among the others; the dock that holds it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Widget)
        self.setObjectName("plotArea")
        self.setDockNestingEnabled(True)
        self.setDockOptions(QMainWindow.DockOption.AllowNestedDocks | QMainWindow.DockOption.AllowTabbedDocks)
        self._view: View | None = None
        self._info: RunInfo | None = None
        self._maximised: str | None = None
        self._want_all = False
        self._along: frozenset[str] = frozenset()
        """Plots that opened by themselves, with the layers they are about."""
        self._before_maximise = QByteArray()
        self._made: dict[str, Plot[Any]] = {}
        """Plots that have been shown or asked for: most are not, and making one takes milliseconds."""
        self._then: dict[str, Callable[[Any], None]] = {}
        self._veils = Veils()
        self._due: list[Plot[Any]] = []
        """Plots that have not been brought to the present view yet."""
        self._turns = QTimer(self, interval=0)
        self._turns.timeout.connect(self._refresh_next)
        self._kinds = {kind.key: kind for kind in first_plots()}
        self._docks = {key: self._dock(kind) for key, kind in self._kinds.items()}
        self._unread = modules()
        """Modules in which further plots may be."""
        self._reading = QTimer(self, interval=0)
        self._reading.timeout.connect(self._read_next)
        self.reset_arrangement()

    def _dock(self, kind: type[Plot[Any]]) -> QDockWidget:
        dock = QDockWidget(kind.title, self)
        dock.setObjectName(f"plot.{kind.key}")
        dock.setFeatures(
            QDockWidget.DockWidgetFeature.DockWidgetMovable | QDockWidget.DockWidgetFeature.DockWidgetClosable
        )
        dock.visibilityChanged.connect(lambda on, key=kind.key: self._shown(key, on))
        return dock

    # -- what the first window does not wait for -----------------------------------------------------------------

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._unread:
            QTimer.singleShot(LATER_MS, self, self._reading.start)

    def _read_next(self) -> None:
        """One module in each turn of the event loop."""
        if self._unread:
            importlib.import_module(self._unread.pop())
        else:
            self.complete()

    def complete(self) -> None:
        """Have a dock for every plot; until then only the first ones have."""
        self._reading.stop()
        self._unread.clear()
        missing = [kind for kind in all_plots() if kind.key not in self._kinds]
        assert self._then.keys() <= self._kinds.keys() | {kind.key for kind in missing}
        if not missing:
            return
        for kind in missing:
            last = self._column(kind.side)[-1]
            self._kinds[kind.key] = kind
            dock = self._docks[kind.key] = self._dock(kind)
            dock.hide()
            # Where a remembered arrangement had it, else below its column.
            if not self.restoreDockWidget(dock):
                self.splitDockWidget(last, dock, Qt.Orientation.Vertical)
                dock.hide()
        if self._info is not None:
            self._bring_along(self._info)

    @property
    def docks(self) -> Mapping[str, QDockWidget]:
        """The dock of every plot by its key."""
        self.complete()
        return self._docks

    @property
    def plots(self) -> Mapping[str, Plot[Any]]:
        """Every plot by its key; those that were never shown are made now."""
        self.complete()
        return {key: self.plot(key) for key in self._kinds}

    def plot(self, key: str) -> Plot[Any]:
        """One plot, made now if it was never shown; KeyError if there is none."""
        if key not in self._made:
            if key not in self._kinds:
                self.complete()
            self._make(self._kinds[key]())
        return self._made[key]

    def when_made(self, key: str, act: Callable[[Any], None]) -> None:
        """Do something with a plot as soon as there is one."""
        self._then[key] = act
        if key in self._made:
            act(self._made[key])

    def _make(self, plot: Plot[Any]) -> None:
        self._made[plot.key] = plot
        header, dock = plot.header, self._docks[plot.key]
        assert header is not None
        dock.setWidget(plot)
        dock.setTitleBarWidget(header)
        header.installEventFilter(self)
        header.pause_toggled.connect(lambda _on: self.shown_changed.emit())
        header.option_toggled.connect(lambda _key, _on: self.shown_changed.emit())
        plot.maximise_requested.connect(lambda key=plot.key: self.toggle_maximised(key))
        plot.export_requested.connect(lambda key=plot.key: self.export_requested.emit(key))
        plot.layer_hovered.connect(self.layer_hovered)
        self._then.get(plot.key, lambda _plot: None)(plot)
        if self._info is not None:
            plot.start(self._info)
        self._veils.cover(plot)

    # -- what the bench feeds ------------------------------------------------------------------------------------

    def visible_plots(self) -> list[Plot[Any]]:
        """Plots that can be seen now: not hidden, not behind a tab."""
        return [self._made[key] for key in self._kinds if key in self._made and self._made[key].isVisible()]

    def wants(self) -> frozenset[str]:
        """The costly parts that the plots which are visible and not paused need."""
        looking = self.plots.values() if self._want_all else self.visible_plots()
        return frozenset[str]().union(*(plot.wants for plot in looking if not plot.paused))

    def questions(self) -> dict[str, Question]:
        """What the plots which are visible and not paused ask, by their keys."""
        looking = self.plots.values() if self._want_all else self.visible_plots()
        return {plot.key: plot.question() for plot in looking if isinstance(plot, Asking) and not plot.paused}

    def want_all(self, on: bool) -> None:
        """Keep hidden plots up to date too, for an export of all."""
        self._want_all = on
        self.shown_changed.emit()

    def focused_plot(self) -> Plot[Any] | None:
        """The plot that has the focus, else the first that is visible."""
        shown = self.visible_plots()
        for plot in shown:
            if self._docks[plot.key].isAncestorOf(QApplication.focusWidget() or self):
                return plot
        return shown[0] if shown else None

    def start(self, info: RunInfo) -> None:
        self._info, self._view = info, None
        self._finish_turns()
        self._veils.lift()
        self._bring_along(info)
        for plot in self._made.values():
            if plot.info is not info:
                plot.start(info)

    def forget(self) -> None:
        """Another experiment was opened: show nothing of the one before, not even what is held."""
        self._info = self._view = None
        self._finish_turns()
        self._veils.lift()
        for plot in self._made.values():
            plot.forget()

    def veil(self, why: str, empty: str) -> None:
        """Until a run begins, dim what is shown and say ``why``; ``empty`` stands where nothing is."""
        while self._due and self._view is not None:
            self._refresh_next()
        self._finish_turns()
        self._veils.lay(self._made.values(), why, empty)

    def refresh(self, view: View, spread: bool = False) -> None:
        """Bring the plots that are looked at to this view: at once, or one after the other.

        ``spread`` lets the event loop turn between two plots, each of which is painted by itself: a hand on a knob
        waits for one plot, not for all. A view that comes meanwhile is taken up by those that are still due. What reads
        the toolbar's numbers is painted with the toolbar.
        """
        before, self._view = self._view, view
        looking = list(self.plots.values()) if self._want_all else self.visible_plots()
        if spread:
            if before is None or before.reading is not view.reading:
                self._refresh_readers(looking, view)
            self._due = [plot for plot in self._due if plot in looking] + [p for p in looking if p not in self._due]
            self._turns.start()
            return
        self._finish_turns()
        for plot in looking:
            plot.refresh(view)

    def _refresh_readers(self, looking: Sequence[Plot[Any]], view: View) -> None:
        for plot in looking:
            if plot.reads:
                plot.refresh(view)

    @property
    def refreshing(self) -> bool:
        """Whether some plots still show an older view."""
        return bool(self._due)

    def _refresh_next(self) -> None:
        if self._due and self._view is not None:
            self._due.pop(0).refresh(self._view)
        if not self._due:
            self._turns.stop()

    def _finish_turns(self) -> None:
        self._due.clear()
        self._turns.stop()

    def highlight(self, layer: int) -> None:
        for plot in self.visible_plots():
            plot.highlight(layer)

    def _shown(self, key: str, on: bool) -> None:
        if on:
            plot = self.plot(key)
            if self._view is not None:
                plot.refresh(self._view)
                self._veils.cover(plot)
        self.shown_changed.emit()

    def _bring_along(self, info: RunInfo) -> None:
        """Open the plots that come with this network's layers and close those of the last one's.

        A hand that has shown or hidden any plot keeps its arrangement: nothing happens until it is reset.
        """
        kinds = {layer.kind for layer in info.layers}
        if self._unread and kinds - PLAIN:
            self.complete()
            return
        defaults = {key for key, plot in self._kinds.items() if plot.default}
        if self._maximised is not None or self._shown_keys() != defaults | self._along:
            return
        wanted = frozenset(key for key, plot in self._kinds.items() if plot.comes_along and plot.kinds & kinds)
        for key in self._along - wanted:
            self._docks[key].hide()
        for key in sorted(wanted - self._along):
            self._show_among(key)
        self._along = wanted

    def _shown_keys(self) -> set[str]:
        return {key for key, dock in self._docks.items() if not dock.isHidden()}

    # -- arrangement ---------------------------------------------------------------------------------------------

    def reset_arrangement(self) -> None:
        """Forward left, backward right, the default ones shown, each column's share equal."""
        self._end_maximised()
        columns = [self._column("forward"), self._column("backward")]
        for dock in self._docks.values():
            self.removeDockWidget(dock)
        heads = [column[0] for column in columns if column]
        for head in heads:
            self.addDockWidget(Qt.DockWidgetArea.TopDockWidgetArea, head, Qt.Orientation.Horizontal)
        for column in columns:
            for above, below in pairwise(column):
                self.splitDockWidget(above, below, Qt.Orientation.Vertical)
        for key, dock in self._docks.items():
            if self._kinds[key].default:
                self.plot(key)
            dock.setVisible(self._kinds[key].default)
        self._along = frozenset()
        if self._info is not None:
            self._bring_along(self._info)
        self._even(columns)

    def _column(self, side: str) -> list[QDockWidget]:
        ordered = sorted(self._kinds.values(), key=lambda plot: not plot.default)
        backward = [self._docks[plot.key] for plot in ordered if plot.side == "backward"]
        if side == "backward":
            return backward
        return [self._docks[plot.key] for plot in ordered if plot.side != "backward"]

    def _even(self, columns: Sequence[Sequence[QDockWidget]]) -> None:
        for column in columns:
            shown = [dock for dock in column if not dock.isHidden()]
            self.resizeDocks(shown, [100] * len(shown), Qt.Orientation.Vertical)
        heads = [column[0] for column in columns if column]
        self.resizeDocks(heads, [100] * len(heads), Qt.Orientation.Horizontal)

    def arrangement(self) -> QByteArray:
        """What :meth:`restore_arrangement` takes, as it is without a maximised plot."""
        return self._before_maximise if self._maximised is not None else self.saveState(STATE_VERSION)

    def arranged(self) -> frozenset[str]:
        """The plots that :meth:`arrangement` shows; none where that is not known."""
        return frozenset() if self._maximised is not None else frozenset(self._shown_keys())

    def restore_arrangement(self, state: QByteArray, shown: frozenset[str] = frozenset()) -> bool:
        """Whether ``state`` could be read; ``shown`` tells which plots it shows, so that no other is waited for."""
        self._end_maximised()
        if not state.isEmpty() and not (shown and shown <= self._kinds.keys()):
            self.complete()
        restored = not state.isEmpty() and self.restoreState(state, STATE_VERSION)
        if restored:
            for key in self._shown_keys():
                self.plot(key)
            self._along = frozenset(key for key in self._shown_keys() if self._kinds[key].comes_along)
        return restored

    # -- one plot ------------------------------------------------------------------------------------------------

    @property
    def maximised(self) -> str | None:
        """Key of the plot that fills the area."""
        return self._maximised

    def toggle_maximised(self, key: str) -> None:
        if self._maximised is not None:
            self.restore()
        else:
            self.maximise(key)

    def maximise(self, key: str) -> None:
        """Let one plot fill the area until :meth:`restore`."""
        self.complete()
        self.restore()
        self._before_maximise = self.saveState(STATE_VERSION)
        self._maximised = key
        self.plot(key)
        self._docks[key].show()
        for other, dock in self._docks.items():
            if other != key:
                dock.hide()
        self._show_maximised(key, True)

    def restore(self) -> None:
        """Put the maximised plot back among the others."""
        if self._maximised is not None:
            self._end_maximised()
            self.restoreState(self._before_maximise, STATE_VERSION)

    def _end_maximised(self) -> None:
        if self._maximised is not None:
            self._show_maximised(self._maximised, False)
            self._maximised = None

    def _show_maximised(self, key: str, on: bool) -> None:
        header = self.plot(key).header
        if header is not None:
            header.set_maximised(on)
        self.maximised_changed.emit(on)

    def toggle_plot(self, key: str) -> None:
        """Show or hide one plot."""
        self.complete()
        self.restore()
        dock = self._docks[key]
        if dock.isHidden():
            self._show_among(key)
        else:
            dock.hide()

    def _show_among(self, key: str) -> None:
        """Show a plot: an even share of its column is its own, the others keep their proportions."""
        self.plot(key)
        dock = self._docks[key]
        heights = {each: each.height() for each in self._docks.values() if each.isVisible()}
        dock.show()
        dock.raise_()
        place = dock.geometry()
        beside = [each for each in heights if place.left() < each.geometry().center().x() < place.right()]
        if beside:
            even = round(sum(heights[each] for each in beside) / len(beside))
            sizes = [*(heights[each] for each in beside), even]
            self.resizeDocks([*beside, dock], sizes, Qt.Orientation.Vertical)
        self.opened.emit(dock)

    def fill_menu(self, menu: QMenu) -> None:
        """One checkable entry per plot, forward ones first, those about some kinds of layers last."""
        self.complete()
        menu.clear()
        for side in ("forward", "backward", ""):
            for plot in self._kinds.values():
                if not plot.kinds and (plot.side == side or (not side and plot.side not in ("forward", "backward"))):
                    self._add_entry(menu, plot)
            menu.addSeparator()
        for plot in self._kinds.values():
            if plot.kinds:
                self._add_entry(menu, plot)
        menu.addSeparator()

    def _add_entry(self, menu: QMenu, plot: type[Plot[Any]]) -> None:
        entry = QAction(plot.title, menu)
        entry.setCheckable(True)
        entry.setChecked(not self._docks[plot.key].isHidden())
        entry.setToolTip(plot.explain)
        entry.triggered.connect(lambda _on, key=plot.key: self.toggle_plot(key))
        menu.addAction(entry)

    def createPopupMenu(self) -> QMenu:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.fill_menu(menu)
        return menu

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.MouseButtonDblClick:
            for key, plot in self._made.items():
                if plot.header is watched:
                    self.toggle_maximised(key)
                    return True
        return super().eventFilter(watched, event)
