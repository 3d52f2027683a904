"""Asking how a plot, or all of them, become files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import QStandardPaths, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QDialogButtonBox,
    QDoubleSpinBox,
    QFormLayout,
    QLabel,
    QSpinBox,
    QWidget,
)

from ui.dialogs.busy import BusyDialog
from ui.dialogs.files import ask_folder, ask_new
from ui.export import ExportError, PictureSettings, export_all, export_plot, file_name
from ui.export.pictures import KINDS, ExportKind
from ui.plots.base import Plot
from ui.settings.settings import Settings
from ui.style.boxes import STRETCH, in_dialog, in_row
from ui.style.numbers import count, integer
from ui.style.widgets import choice_of, whole_number

SHOWN, ALL = "*shown", "*all"
FORMATS = (
    ("PNG picture", "png"),
    ("SVG drawing", "svg"),
    ("PDF drawing", "pdf"),
    ("CSV numbers, full precision", "csv"),
)


def length_box(value: int, name: str, parent: QWidget) -> QSpinBox:
    """A field for a size in pixels."""
    box = whole_number(name, 120, 8192, value, parent)
    box.setSuffix(" px")
    return box


class ExportDialog(BusyDialog):
    """Which plots, as what, how large; then where."""

    exported = Signal(str)
    """One sentence: what was written and where."""

    def __init__(
        self, plots: Mapping[str, Plot[Any]], key: str, shown: Sequence[str], parent: QWidget | None = None
    ) -> None:
        """``key`` is the plot to begin with, ``""`` for all; ``shown`` are the keys of the visible plots."""
        super().__init__(parent)
        self._plots = plots
        self._shown = tuple(shown)
        self.setWindowTitle("Export")
        titles = ((plot.title, plot.key) for plot in plots.values())
        every = (all_of(len(shown), " on screen"), SHOWN), (all_of(len(plots)), ALL), *titles
        self.which = choice_of("What to export", every, parent=self)
        self.which.setCurrentIndex(max(0, self.which.findData(key or SHOWN)))
        self.format = choice_of("Format", FORMATS, parent=self)
        self.width_box = length_box(800, "Width", self)
        self.height_box = length_box(500, "Height", self)
        self.scale = QDoubleSpinBox(self)
        self.light = QCheckBox("Light background", self)
        self.pixels = QLabel(self)
        self._fill()
        self._lay_out()
        self._tell()

    def _fill(self) -> None:
        self.scale.setRange(0.5, 8.0)
        self.scale.setSingleStep(0.5)
        self.scale.setDecimals(2)
        self.scale.setValue(2.0)
        self.scale.setPrefix("× ")
        self.scale.setAccessibleName("Scale")
        self.scale.setToolTip("Lines and text grow with the scale; the layout stays that of the size.")
        self.light.setChecked(True)
        self.format.currentIndexChanged.connect(lambda _i: self._tell())
        for box in (self.width_box, self.height_box, self.scale):
            box.valueChanged.connect(lambda _v: self._tell())

    def _lay_out(self) -> None:
        size = in_row(self.width_box, 6, QLabel("by", self), 6, self.height_box, STRETCH)
        form = QFormLayout(verticalSpacing=8)
        form.addRow("Plots", self.which)
        form.addRow("Format", self.format)
        form.addRow("Size", size)
        form.addRow("Scale", self.scale)
        form.addRow("", self.light)
        form.addRow("", self.pixels)
        self.buttons.button(QDialogButtonBox.StandardButton.Save).setText("Export…")
        self.buttons.accepted.connect(self._ask_where)
        in_dialog(self, form, self.error, self.progress, self.buttons)

    @property
    def kind(self) -> ExportKind:
        chosen: ExportKind = self.format.currentData()
        return chosen

    def _settings(self) -> PictureSettings:
        size = self.width_box.value(), self.height_box.value()
        return PictureSettings(*size, self.scale.value(), self.light.isChecked())

    def _tell(self) -> None:
        picture = self.kind != "csv"
        for box in (self.width_box, self.height_box, self.scale, self.light):
            box.setEnabled(picture)
        size = self._settings().pixels
        vector = "lines stay sharp at any size"
        texts = {
            "png": f"{integer(size.width())} × {integer(size.height())} pixels",
            "csv": "every number that is drawn",
        }
        self.pixels.setText(texts.get(self.kind, vector))

    def _ask_where(self) -> None:
        which = self.which.currentData()
        folder = export_folder()
        if which in (SHOWN, ALL):
            target = ask_folder(self, "Folder for the plots", folder)
        else:
            kind = f"{self.format.currentText()} (*.{self.kind})"
            start, endings = folder / file_name(self._plots[which], self.kind), (f".{each}" for each in KINDS)
            target = ask_new(self, "Export to", start, kind, start.suffix, *endings)
        if target is not None:
            self.export_to(target)

    def export_to(self, target: Path) -> None:
        """Write into a folder (all) or a file (one plot); what fails is said in the dialog, which stays.

        A file is what its ending says, else of the kind that is chosen.
        """
        which = self.which.currentData()
        settings = self._settings()
        try:
            if which in (SHOWN, ALL):
                keys = self._shown if which == SHOWN else tuple(self._plots)
                with self.busy():
                    exported = export_all([self._plots[key] for key in keys], target, self.kind, settings)
                said = f"{exported.sentence} They are in {target}."
            else:
                typed = next((each for each in KINDS if target.suffix.lower() == f".{each}"), self.kind)
                said = f"Exported to {export_plot(self._plots[which], target, settings, kind=typed)}."
        except ExportError as error:
            self.say_error(str(error))
            return
        Settings().set("export/folder", str(target if target.is_dir() else target.parent))
        self.exported.emit(said)
        self.accept()


def export_folder() -> Path:
    """Where the last export went, else the pictures folder, else home."""
    pictures = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.PicturesLocation)
    for name in (Settings().text("export/folder"), pictures):
        if name and Path(name).is_dir():
            return Path(name)
    return Path.home()


def all_of(plots: int, where: str = "") -> str:
    """``All 6 plots on screen``."""
    return f"All {count(plots, 'plot')}{where}" if plots > 1 else f"The plot{where}"
