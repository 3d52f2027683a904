"""What a map is asked for: what is varied, how long, with which seeds, where it is trained and where it is kept."""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QCompleter,
    QFormLayout,
    QLabel,
    QLineEdit,
    QWidget,
)

from simulator.experiment.experiment import Experiment
from simulator.maps.axes import MapAxis, axis
from simulator.maps.cells_file import begun_map
from simulator.maps.engines import ClusterEngine, Engine, LocalEngine
from simulator.maps.local_cluster import LocalClusterEngine
from simulator.maps.presets import MapPreset, map_presets
from simulator.maps.sweep import Sweep
from simulator.maps.table import value_text
from simulator.running.stop_rule_text import forms, parse
from simulator.system.own_folders import data_folder
from ui.dialogs.files import ask_folder
from ui.style.boxes import in_column, in_row
from ui.style.elided_label import ElidedLabel
from ui.style.widgets import choice_of, push_button, whole_number

OWN = "The present experiment"
HERE, LOCAL_CLUSTER, CLUSTER = "this computer", "a Dask cluster on this computer", "a Dask cluster at"
NICENESS = 10
"""By how much the window and its own run come before the cells."""
FORM = "PATH=LOW:HIGH:N, PATH=LOW:HIGH:N:log or PATH=a,b,c"


class MapForm(QWidget):
    """Fields for a map; :meth:`sweep` reads them."""

    chosen = Signal()
    """Another map is described."""

    def __init__(self, experiment: Experiment, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._experiment = experiment
        self.presets: tuple[MapPreset, ...] = map_presets()
        self.folder = self._suggested = Path()
        self._make_fields()
        self._lay_out()
        self._choose(0)
        self.which.currentIndexChanged.connect(self._choose)

    # -- fields --------------------------------------------------------------------------------------------------------

    def _make_fields(self) -> None:
        titles = ((preset.title, preset.id) for preset in self.presets)
        self.which = choice_of("Map of", [(OWN, ""), *titles], parent=self)
        for place, preset in enumerate(self.presets, 1):
            self.which.setItemData(place, preset.question, Qt.ItemDataRole.ToolTipRole)
        self.which.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.effect = QLabel(self, wordWrap=True)
        self.vary = [_line(name, FORM, self) for name in ("Vary", "and")]
        self.until = _line("Until", forms(), self)
        self.steps, self.seeds = whole_number("Steps", 0, 1_000_000, 200, self), whole_number("Seeds", 1, 1000, 1, self)
        self.where = choice_of("Train on", ((where, where) for where in (HERE, LOCAL_CLUSTER, CLUSTER)), parent=self)
        self.where.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.jobs = whole_number("Processes", 1, 1024, max(1, (os.cpu_count() or 1) - 1), self)
        self.jobs.setToolTip("Cells that are trained at a time. The window and its own run come before them.")
        self.address = _line("Address", "tcp://host:8786", self)
        self.where.currentIndexChanged.connect(lambda _index: self._fit_where())
        self.place = ElidedLabel("", self)
        tip = "The folder of cells.jsonl and map.csv; a map that stands there goes on."
        self.change_place = push_button("Change…", tip, self._ask_folder, self)

    def _lay_out(self) -> None:
        form = QFormLayout(verticalSpacing=6, rowWrapPolicy=QFormLayout.RowWrapPolicy.WrapLongRows)
        form.addRow("Map of", self.which)
        form.addRow(self.effect)
        form.addRow("Vary", self.vary[0])
        form.addRow("and", self.vary[1])
        form.addRow("Steps", in_row(self.steps, QLabel("Seeds", self), self.seeds, spacing=6))
        form.addRow("Until", self.until)
        form.addRow("Train on", self.where)
        form.addRow("Processes", self.jobs)
        form.addRow("Address", self.address)
        form.addRow("Keep in", in_row(self.place, self.change_place, spacing=6))
        self._form = form
        in_column(form, on=self, margins=(0, 0, 0, 0))
        self._fit_where()

    def _fit_where(self) -> None:
        remote = self.where.currentText() == CLUSTER
        self._form.setRowVisible(self.address, remote)
        self._form.setRowVisible(self.jobs, not remote)

    def _choose(self, index: int) -> None:
        """Fill the fields with a map that ships with the program, or with one of the present experiment."""
        preset = self.preset
        base = self._experiment if preset is None else preset.base()
        self._suggest(base)
        texts = [_first_axis(base), ""] if preset is None else [*preset.vary, ""]
        for field, text in zip(self.vary, texts, strict=False):
            field.setText(text)
            field.setCursorPosition(0)
        self.effect.setText("Any one or two of its settings over a range." if preset is None else preset.effect)
        self.steps.setValue(200 if preset is None else preset.steps)
        self.seeds.setValue(1 if preset is None else preset.seeds)
        self.until.setText("" if preset is None else preset.until)
        self._suggest_folder()
        self.chosen.emit()

    def _suggest(self, experiment: Experiment) -> None:
        paths = [f"{path}=" for path, _ in leaves(experiment.to_builtins())]
        for field in self.vary:
            completer = QCompleter(paths, field, filterMode=Qt.MatchFlag.MatchContains)
            completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
            field.setCompleter(completer)

    def _ask_folder(self) -> None:
        folder = ask_folder(self, "Folder of the map", self.folder.parent)
        if folder is not None:
            self.take_folder(folder)

    def take_folder(self, folder: Path) -> None:
        """Keep the map there."""
        self.folder = folder
        self.place.setText(str(folder))

    def _suggest_folder(self) -> None:
        self._suggested = _new_folder("map" if self.preset is None else self.preset.id)
        self.take_folder(self._suggested)

    def keep_apart(self, sweep: Sweep) -> None:
        """Suggest a folder anew where another map stands in the last one; a folder that a person chose stays."""
        if self.folder == self._suggested and (known := begun_map(self.folder)) and known.sweep != sweep:
            self._suggest_folder()

    def take_experiment(self, experiment: Experiment) -> None:
        """The present one is another."""
        if experiment != self._experiment:
            self._experiment = experiment
            if self.preset is None:
                self._suggest(experiment)

    def show_sweep(self, sweep: Sweep, folder: Path) -> None:
        """Describe a map that stands in a folder."""
        self._experiment = sweep.experiment
        with QSignalBlocker(self.which):
            self.which.setCurrentIndex(0)
        self._choose(0)
        for field, text in zip(self.vary, [*map(_axis_text, sweep.axes), ""], strict=False):
            field.setText(text)
        self.steps.setValue(sweep.steps)
        self.seeds.setValue(sweep.seeds)
        self.until.setText(sweep.until)
        self.take_folder(folder)

    # -- what they say -------------------------------------------------------------------------------------------------

    @property
    def preset(self) -> MapPreset | None:
        """The map that is chosen; None for one of the present experiment."""
        index = self.which.currentIndex()
        return self.presets[index - 1] if index > 0 else None

    def sweep(self) -> Sweep:
        """The map; ExperimentError where the fields describe none."""
        preset = self.preset
        base = self._experiment if preset is None else preset.base()
        texts = [field.text() for field in self.vary if field.text().strip()]
        until = self.until.text().strip()
        more: dict[str, Any] = {} if preset is None else {"measures": preset.measures}
        sweep = Sweep(
            experiment=base, axes=tuple(axis(text, base) for text in texts), seeds=self.seeds.value(),
            steps=self.steps.value(), until=parse(until).text if until else "", brief=True, **more,
        )  # fmt: skip
        sweep.check()
        return sweep

    def engine_maker(self) -> Callable[[int], Engine]:
        """What trains so many cells, by the fields as they are now."""
        where, jobs, address = self.where.currentText(), self.jobs.value(), self.address.text().strip()
        if where == CLUSTER:
            return lambda _cells: ClusterEngine(address)
        if where == LOCAL_CLUSTER:
            return lambda _cells: LocalClusterEngine(jobs)
        return lambda cells: LocalEngine(cells, jobs, niceness=NICENESS)


def _axis_text(own: MapAxis) -> str:
    return f"{own.path}={','.join(map(value_text, own.values))}"


def _first_axis(experiment: Experiment) -> str:
    """A decade below to a decade above the present rate."""
    rate = float(experiment.optimizer.learning_rate)
    low, high = (repr(float(f"{end:.3g}")) for end in (rate / 10, rate * 10))
    return f"optimizer.learning_rate={low}:{high}:9:log"


def _new_folder(name: str) -> Path:
    first = data_folder().parent / "maps" / f"{name}-{time.strftime('%Y%m%d-%H%M%S')}"
    others = (first.with_name(f"{first.name}-{number}") for number in itertools.count(2))
    return next(folder for folder in itertools.chain([first], others) if not folder.exists())


def leaves(plain: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Each field of an experiment that is no more than a value, by its path."""
    if isinstance(plain, dict):
        for key, value in plain.items():
            if key not in ("format", "name", "lanes", "seed"):
                yield from leaves(value, f"{path}.{key}" if path else key)
    elif isinstance(plain, list | tuple):
        for index, value in enumerate(plain):
            yield from leaves(value, f"{path}.{index}")
    else:
        yield path, plain


def _line(name: str, hint: str, parent: QWidget) -> QLineEdit:
    field = QLineEdit(parent)
    field.setAccessibleName(name)
    field.setPlaceholderText(hint)
    field.setToolTip(hint)
    return field
