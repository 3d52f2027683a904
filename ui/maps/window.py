"""The map beside the window: what it is of, its cells as they come, and the profile through the one that is chosen."""

from __future__ import annotations

import math
import time
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QSignalBlocker, Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QLabel,
    QScrollArea,
    QSplitter,
    QWidget,
)

from simulator.experiment.experiment import Experiment, in_words
from simulator.maps.cells_file import NAME, read
from simulator.maps.making import MadeCell
from simulator.maps.summary import STEP, MapPlace
from simulator.maps.sweep import MapCell, Sweep
from simulator.maps.theory import TheoryCurve
from simulator.running.progress_text import how_far
from simulator.system.progress import Progress
from simulator.system.text import capitalized
from ui.dialogs.export import ExportDialog
from ui.dialogs.files import ask_folder
from ui.maps.form import MapForm
from ui.maps.map_plot import PAGE, MapPlot
from ui.maps.profile_plot import ProfilePlot
from ui.maps.runner import MapRunner
from ui.maps.state import MadeMap, axis_name, measure_name
from ui.plots.framed import FramedPlot
from ui.style.boxes import STRETCH, in_column, in_row
from ui.style.help import set_page
from ui.style.numbers import count
from ui.style.text_size import scaled
from ui.style.widgets import choice_of, progress_bar, push_button

FORM_WIDTH = 320
SIZE = (1120, 700)
SHOWN_MS = 100
"""From one drawing of new cells to the next, at least."""
REST = 10
"""The same in multiples of the time that it took."""


class MapWindow(QWidget):
    """Stays open beside the bench; what it trains does not hold up the window, and goes on where it is closed."""

    cell_wanted = Signal(object, int)
    """The experiment of a cell that was clicked, and how many steps its run has."""

    def __init__(self, experiment: Experiment) -> None:
        super().__init__()
        self.setObjectName("map")
        self.setWindowTitle("Map")
        set_page(self, PAGE)
        self.state: MadeMap | None = None
        self.runner: MapRunner | None = None
        self._made: dict[str, MadeCell] = {}
        self._under_way: dict[str, float] = {}
        self._progress: Progress | None = None
        self.form = MapForm(experiment, self)
        self.map, self.profile = MapPlot(self), ProfilePlot(self)
        self._make_controls()
        self._lay_out()
        self._timer = QTimer(self)
        self._timer.setInterval(SHOWN_MS)
        self._timer.timeout.connect(self._show_on)
        for plot in (self.map, self.profile):
            plot.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            plot.export_requested.connect(self.export)
        self.map.cell_chosen.connect(self._choose)
        self.map.cell_opened.connect(self._open_cell)
        self.form.chosen.connect(self._forget)
        self._forget()

    # -- parts -----------------------------------------------------------------------------------------------------

    def _make_controls(self) -> None:
        self.start_button = push_button("Start", "Train the cells that are not made yet.", self.start, self)
        self.stop_button = push_button("Stop", "End it; cells that are made stay, and Start goes on.", self.stop, self)
        tip = "Add cells between neighbours that differ most in what is shown."
        self.refine_button = push_button("Refine", tip, lambda: self.start(refine=True), self)
        tip = "Show a map that stands in a folder, and go on with it."
        self.open_button = push_button("Open…", tip, self._ask_open, self)
        tip = "Save map and profile as pictures or as numbers."
        self.export_button = push_button("Export…", tip, self.export, self)
        self.bar = progress_bar("How far the map is", 1000, self)
        self.summary = QLabel(self, wordWrap=True)
        self.error = QLabel(self, wordWrap=True)
        self.error.setProperty("role", "warning")
        self.measure, self.along = choice_of("Shown", parent=self), choice_of("Profile along", parent=self)
        for box in (self.measure, self.along):
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
            box.currentIndexChanged.connect(lambda _index: self._show())

    def _lay_out(self) -> None:
        side = QWidget(self)
        making = in_row(self.start_button, self.stop_button, self.refine_button)
        keeping = in_row(self.open_button, self.export_button)
        in_column(
            self.form, making, keeping, self.bar, self.summary, self.error, STRETCH, on=side, margins=(0, 0, 8, 0)
        )
        scroll = QScrollArea(self)
        scroll.setWidget(side)
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFixedWidth(scaled(FORM_WIDTH))
        top = in_row(QLabel("Shown", self), self.measure, QLabel("Profile along", self), self.along, STRETCH)
        self.plots = QSplitter(Qt.Orientation.Vertical, self, childrenCollapsible=False)
        self.framed_map = FramedPlot(self.map, self)
        self.plots.addWidget(self.framed_map)
        self.plots.addWidget(FramedPlot(self.profile, self))
        self.plots.setSizes([440, 220])
        right = in_column(top, (self.plots, 1))
        in_row(scroll, (right, 1), on=self)
        self.resize(scaled(SIZE[0]), scaled(SIZE[1]))

    # -- making ----------------------------------------------------------------------------------------------------

    def start(self, refine: bool = False) -> None:
        """Train what is left; what the fields do not describe is said."""
        if self.runner is not None:
            return
        try:
            sweep = self.form.sweep()
            self.form.keep_apart(sweep)
        except ValueError as error:
            self._tell_error(in_words(error))
            return
        preset = self.form.preset
        theories = () if preset is None else (preset.theory or None)
        self._begin(sweep)
        by = self.measure.currentData() if refine else ""
        self.runner = MapRunner(sweep, self.form.folder, self.form.engine_maker(), theories, by, self)
        self.runner.known.connect(self._take_known)
        self.runner.made.connect(self._take)
        self.runner.progressed.connect(self._take_progress)
        self.runner.under_way.connect(self._take_under_way)
        self.runner.drawn.connect(self._take_lines)
        self.runner.ended.connect(self._end)
        self.runner.start()
        self._timer.start()
        self._enable()

    def _begin(self, sweep: Sweep) -> None:
        if self.state is None or self.state.sweep != sweep:
            self._made = {}
            self.state = MadeMap(sweep, (), self._usual_measure(sweep))
            self.map.experiment = self.profile.experiment = sweep.experiment
            self._fill(sweep)
        self._tell_error("")
        self._progress = None
        self._show()

    def _usual_measure(self, sweep: Sweep) -> str:
        preset = self.form.preset
        return sweep.measures[0] if preset is None else preset.shown

    def _fill(self, sweep: Sweep) -> None:
        """Offer what can be shown of the map."""
        preset, single = self.form.preset, len(sweep.axes) == 1
        measures: list[tuple[str, int | str]] = [(measure_name(each), each) for each in (*sweep.measures, STEP)]
        along: list[tuple[str, int | str]] = [(axis_name(sweep, place), place) for place in range(len(sweep.axes))]
        over = preset.over if preset is not None and preset.over else 0
        for box, items, chosen in (
            (self.measure, measures, self._usual_measure(sweep)),
            (self.along, [*along, *(measures if single else [])], over),
        ):
            with QSignalBlocker(box):
                box.clear()
                for text, data in items:
                    box.addItem(text, data)
                box.setCurrentIndex(max(box.findData(chosen), 0))
        self.framed_map.setVisible(not single)

    def stop(self) -> None:
        """End it; what is made stands."""
        if self.runner is not None:
            self.runner.stop()
            self.summary.setText("Stopping…")

    def _take_known(self, made: list[MadeCell]) -> None:
        self._made |= {each.cell.key: each for each in made}

    def _take(self, made: MadeCell) -> None:
        self._made[made.cell.key] = made

    def _take_progress(self, progress: Progress) -> None:
        self._progress = progress

    def _take_under_way(self, shares: dict[str, float]) -> None:
        self._under_way = shares

    def _take_lines(self, lines: tuple[TheoryCurve, ...]) -> None:
        if self.state is not None:
            self.state = replace(self.state, lines=lines)
            self._show()

    def _end(self, reason: str) -> None:
        """The map is made, or as far as it goes."""
        if self.runner is not None:
            self.runner.close()
            self.runner.deleteLater()
            self.runner = None
        self._timer.stop()
        self._under_way, self._progress = {}, None
        self._tell_error(reason)
        self._show()
        self._enable()

    # -- showing ---------------------------------------------------------------------------------------------------

    def _show_on(self) -> None:
        """Draw what has come, in a tenth of the time at most."""
        began = time.perf_counter()
        self._show()
        self._timer.setInterval(max(SHOWN_MS, round(1000 * REST * (time.perf_counter() - began))))

    def _show(self) -> None:
        """Draw the cells that there are now."""
        if self.state is None:
            return
        along = self.along.currentData()
        if self.state.chosen is None and self._made:
            self.state = replace(self.state, chosen=self._first_place())
        self.state = state = replace(
            self.state,
            made=tuple(self._made.values()),
            before=self.state.summary,
            under_way=self._under_way,
            measure=self.measure.currentData() or self.state.measure,
            along=along if isinstance(along, int) else 0,
            over=along if isinstance(along, str) else "",
        )
        for plot in (self.map, self.profile):
            if plot.isVisibleTo(self):
                plot.show_state(state)
        self._tell()

    def _first_place(self) -> tuple[float, ...] | None:
        """The place of the first cell that is made."""
        assert self.state is not None
        places = replace(self.state, made=tuple(self._made.values())).places
        return places[0].at if places else None

    def _tell(self) -> None:
        state = self.state
        assert state is not None
        share = len(self._made) / (math.prod(state.summary.shape) * state.sweep.seeds)
        self.bar.setValue(round(1000 * (self._progress.share if self._progress else min(share, 1.0))))
        diverged = sum(each.diverged for each in self._made.values())
        tail = f"; {count(diverged, 'cell')} diverged" if diverged else ""
        if self.runner is not None and self._progress is not None:
            self.summary.setText(f"{self._progress.doing}: {how_far(self._progress)}{tail}.")
        elif self.runner is not None:
            self.summary.setText("Starting…")
        else:
            self.summary.setText(f"{state.counted} made{tail}.")

    def _tell_error(self, reason: str) -> None:
        self.error.setText(f"{capitalized(reason).rstrip('.')}." if reason else "")
        self.error.setVisible(bool(reason))

    def _forget(self) -> None:
        """Another map is described: the present one stands in its folder."""
        if self.runner is not None:
            return
        self.state, self._made = None, {}
        for plot in (self.map, self.profile):
            plot.forget()
        self.framed_map.show()
        self.bar.setValue(0)
        self.summary.setText("")
        self._tell_error("")
        self._enable()

    def _enable(self) -> None:
        busy = self.runner is not None
        self.start_button.setEnabled(not busy)
        self.stop_button.setEnabled(busy)
        self.form.setEnabled(not busy)
        self.open_button.setEnabled(not busy)
        made = bool(self._made)
        self.refine_button.setEnabled(not busy and made)
        self.export_button.setEnabled(made)
        for box in (self.measure, self.along):
            box.setEnabled(self.state is not None)

    def _choose(self, place: MapPlace) -> None:
        if self.state is not None:
            self.state = replace(self.state, chosen=place.at)
            self._show()

    def _open_cell(self, place: MapPlace) -> None:
        """Hand the run of a cell, of its first seed, to the bench."""
        if self.state is None:
            return
        made = place.made[0]
        try:
            experiment = self.state.sweep.trained(MapCell(made.values, made.seed))
        except ValueError as error:
            self._tell_error(in_words(error))
            return
        self.cell_wanted.emit(experiment, made.steps or 0)

    # -- files -----------------------------------------------------------------------------------------------------

    def _ask_open(self) -> None:
        folder = ask_folder(self, "Folder of a map", self.form.folder.parent)
        if folder is not None:
            self.open_folder(folder)

    def open_folder(self, folder: Path) -> None:
        """Show the map that stands there."""
        try:
            known = read(folder / NAME)
        except (ValueError, OSError) as error:
            self._tell_error(in_words(error) if isinstance(error, ValueError) else str(error))
            return
        self.form.show_sweep(known.sweep, folder)
        self._begin(known.sweep)
        self._take_known(list(known.made))
        self._show()
        self._enable()

    def export(self) -> None:
        """Ask how and where to save map and profile."""
        plots = {plot.key: plot for plot in (self.map, self.profile) if plot.state is not None}
        if not plots:
            return
        dialog = ExportDialog(plots, next(iter(plots)), list(plots), self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.exported.connect(self.summary.setText)
        dialog.open()

    def end(self) -> None:
        """Give up what is being made; it can be taken up from its folder."""
        if self.runner is not None:
            self.runner.close()
