"""Asking what is animated: which plot, which steps, how large; and how far it is. The window stays usable."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QDoubleSpinBox,
    QFormLayout,
    QLabel,
    QWidget,
)

from simulator.record.record import Record
from simulator.running.beside.recomputation import Recomputed
from simulator.running.progress_text import progress_text
from simulator.system.animated_png import AnimatedPng
from simulator.system.progress import Progress
from ui.animation.animator import AnimatedRun, Animation, Animator
from ui.animation.plan import Costs, Plan, Stretch, planned, spread
from ui.animation.recomputer import Recomputer
from ui.bench.bench import Bench
from ui.dialogs import answers
from ui.dialogs.export import export_folder, length_box
from ui.dialogs.files import ask_new
from ui.export.pictures import PictureSettings, file_name, in_theme, picture, pixels_of
from ui.plots.base import Plot
from ui.settings.settings import Settings
from ui.style.boxes import STRETCH, in_dialog, in_row
from ui.style.numbers import count, duration, integer
from ui.style.theme import LIGHT, current_theme
from ui.style.widgets import choice_of, progress_bar, whole_number

USUAL_FRAMES, MOST_FRAMES = 200, 1000
MOST_SECONDS = 30.0
"""An animation takes no longer, unless somebody wants it evenly spaced in any case."""
PROBED_STEPS = 20
"""Steps that are made to know how long one takes."""
START_SECONDS = 0.3
"""Before the first frame comes, once the worker is there."""
USUAL_DRAWING_SECONDS = 0.05
"""Of a plot that shows nothing yet."""
BESIDE_A_RUN = 2.5
"""Times as long as it takes to draw while the window shows a run that goes on."""
FEW = 4
"""Steps that are named where not all are evenly spaced."""


class AnimationDialog(QDialog):
    """Says beforehand which steps it will show and about how long that takes."""

    written = Signal(str)
    """One sentence: what was written and where."""

    def __init__(self, bench: Bench, plots: Mapping[str, Plot[Any]], key: str, parent: QWidget | None = None) -> None:
        """``key`` is the plot to begin with; one of the plots at least must show the run."""
        super().__init__(parent)
        self.setObjectName("animation")
        self.setWindowTitle("Animation")
        self._bench, self._plots = bench, {each: plot for each, plot in plots.items() if shows_run(plot)}
        self._record: Record = bench.record
        self._kept = bench.memory.good_steps or (0,)
        self._costs: Costs | None = None
        """None until a few steps have told."""
        self._folder = Path()
        self.plan: Plan | None = None
        self.animator: Animator | None = None
        self.recomputer = Recomputer(bench, self)
        self.recomputer.arrived.connect(self._take_probe)
        self.recomputer.failed.connect(self._fail_probe)
        self._make_fields(key)
        self._lay_out()
        self._probe()

    # -- what is asked ---------------------------------------------------------------------------------------------

    def _make_fields(self, key: str) -> None:
        end = self._record.history.end
        self.which = choice_of("Plot", ((plot.title, plot.key) for plot in self._plots.values()), parent=self)
        self.which.setCurrentIndex(max(0, self.which.findData(key)))
        self.first = whole_number("First step", self._kept[0], end, self._kept[0])
        self.last = whole_number("Last step", 0, end, end)
        self.frames = whole_number("Frames", 2, MOST_FRAMES, USUAL_FRAMES)
        self.speed = whole_number("Frames per second", 1, 60, 10)
        self.width_box, self.height_box = length_box(800, "Width", self), length_box(500, "Height", self)
        self.scale = QDoubleSpinBox(self)
        self.scale.setRange(0.5, 4.0)
        self.scale.setSingleStep(0.5)
        self.scale.setValue(1.0)
        self.scale.setPrefix("× ")
        self.scale.setAccessibleName("Scale")
        self.light = QCheckBox("Light background", self)
        self.light.setChecked(True)
        self.evenly = QCheckBox("Evenly spaced, however long it takes", self)
        self.summary, self.error, self.progress = QLabel(self), QLabel(self), QLabel(self)
        self.bar = progress_bar("How far it is", 1000, self)
        self.which.currentIndexChanged.connect(lambda _index: self._probe())
        for box in (self.first, self.last, self.frames):
            box.valueChanged.connect(lambda _value: self._tell())
        self.evenly.toggled.connect(lambda _on: self._tell())

    def _lay_out(self) -> None:
        form = QFormLayout(verticalSpacing=8)
        form.addRow("Plot", self.which)
        form.addRow("Steps", in_row(self.first, QLabel("to", self), self.last, STRETCH, spacing=6))
        form.addRow("Frames", in_row(self.frames, QLabel("at", self), self.speed, STRETCH, spacing=6))
        form.addRow("Size", in_row(self.width_box, QLabel("by", self), self.height_box, STRETCH, spacing=6))
        form.addRow("Scale", in_row(self.scale, STRETCH, spacing=6))
        form.addRow("", self.light)
        form.addRow("", self.evenly)
        self.speed.setSuffix(" a second")
        for label in (self.summary, self.error, self.progress):
            label.setWordWrap(True)
        self.error.setProperty("role", "warning")
        for part in (self.error, self.progress, self.bar):
            part.hide()
        self.buttons = answers(self, QDialogButtonBox.StandardButton.Save, "Write…", self._ask_where)
        in_dialog(self, form, self.summary, self.error, self.progress, self.bar, self.buttons)
        self.setMinimumWidth(440)

    @property
    def plot(self) -> Plot[Any]:
        """That which is chosen."""
        return self._plots[self.which.currentData()]

    # -- how long it takes -----------------------------------------------------------------------------------------

    def _probe(self) -> None:
        """Make a few steps and a frame, to know what they take."""
        self._costs = None
        end = self._record.history.end
        start = next((step for step in reversed(self._kept) if step <= end - PROBED_STEPS), self._kept[0])
        steps = tuple(dict.fromkeys((start, min(start + PROBED_STEPS, end))))
        self.recomputer.ask((Stretch(start, steps),), self.plot)
        self._tell()

    def _take_probe(self, reply: Recomputed) -> None:
        if self._costs is not None or self.recomputer.busy:
            return
        step = reply.seconds / reply.steps if reply.steps else 0.0
        drawing = self._drawing_seconds() * (BESIDE_A_RUN if self._bench.playing else 1.0)
        self._costs = Costs(step, reply.frame_seconds + drawing, START_SECONDS)
        self._tell()

    def _drawing_seconds(self) -> float:
        """What drawing and writing a picture takes; what else the machine does comes on top at one of them only."""
        if self.plot.state is None:
            return USUAL_DRAWING_SECONDS
        settings = PictureSettings(self.width_box.value(), self.height_box.value(), self.scale.value())
        seconds = math.inf
        with in_theme(self.plot, LIGHT) as plot:
            for _ in range(2):
                began = time.perf_counter()
                AnimatedPng(BytesIO(), 1, 1).add(pixels_of(picture(plot, settings)))
                seconds = min(seconds, time.perf_counter() - began)
        return seconds

    def _tell(self) -> None:
        """Say which steps it will be and how long that will take."""
        save = self.buttons.button(QDialogButtonBox.StandardButton.Save)
        save.setEnabled(self._costs is not None and self.animator is None)
        if self._costs is None:
            self.summary.setText("Making a few steps again, to know how long it will take…")
            return
        first, last = sorted((self.first.value(), self.last.value()))
        wanted = spread(first, last, self.frames.value())
        most = None if self.evenly.isChecked() else MOST_SECONDS
        self.plan = planned(wanted, self._kept, self._costs, most)
        self.summary.setText(plan_text(self.plan, len(wanted)))

    # -- making it -------------------------------------------------------------------------------------------------

    def _ask_where(self) -> None:
        start = export_folder() / file_name(self.plot, "png")
        path = ask_new(self, "Animation", start, "Animated PNG (*.png *.apng)", ".png", ".apng")
        if path is not None:
            self.write_to(path)

    def write_to(self, path: Path) -> None:
        """Begin; what fails is said in the dialog, which stays."""
        if self.plan is None:
            return
        self._folder = path.parent
        theme = LIGHT if self.light.isChecked() else current_theme()
        animation = Animation(
            path, self.speed.value(), self.width_box.value(), self.height_box.value(), self.scale.value(), theme
        )
        lanes = self._bench.lanes
        run = AnimatedRun(self._record, lanes.records(), lanes.comparing)
        self.animator = Animator(self.plot, run, self.recomputer, animation, self)
        self.animator.progressed.connect(self._show_progress)
        self.animator.finished.connect(self._finish)
        self.animator.failed.connect(self._fail)
        self._show_busy(True)
        self.animator.start(self.plan)

    def _show_busy(self, busy: bool) -> None:
        self.progress.setVisible(busy)
        self.bar.setVisible(busy)
        self.error.hide()
        for box in (
            self.which, self.first, self.last, self.frames, self.speed, self.width_box, self.height_box, self.scale,
            self.light, self.evenly,
        ):  # fmt: skip
            box.setEnabled(not busy)
        self._tell()

    def _show_progress(self, progress: Progress) -> None:
        self.progress.setText(progress_text(progress))
        self.bar.setValue(round(1000 * progress.share))

    def _finish(self, sentence: str) -> None:
        self.animator = None
        Settings().set("export/folder", str(self._folder))
        self.written.emit(sentence)
        self.accept()

    def _fail(self, sentence: str) -> None:
        self.animator = None
        self._show_busy(False)
        self.error.setText(sentence)
        self.error.show()

    def _fail_probe(self, why: str) -> None:
        if self.animator is None:
            self._fail(f"No step can be computed again: {why}.")

    def reject(self) -> None:
        """End what is being made; else close."""
        if self.animator is not None:
            self.animator.cancel()
            self.animator = None
            self._show_busy(False)
        else:
            super().reject()

    def done(self, result: int) -> None:
        self.recomputer.close()
        super().done(result)


def shows_run(plot: Plot[Any]) -> bool:
    """Whether the run has what it is about."""
    return plot.applies and not plot.lane_plots.in_place


def plan_text(plan: Plan, wanted: int) -> str:
    """``200 frames, steps 0 … 1 000; about 12 s.``"""
    steps = plan.steps
    took = f"about {duration(max(plan.seconds, 1))}"
    frames = count(len(steps), "frame")
    if plan.even:
        between = f"steps {integer(steps[0])} … {integer(steps[-1])}" if len(steps) > 1 else f"step {integer(steps[0])}"
        return f"{frames}, {between}, evenly spaced; {took}."
    few = [integer(step) for step in steps]
    named = ", ".join([*few[:FEW], "…", few[-1]] if len(few) > FEW + 1 else few)
    return (
        f"{frames} in place of {integer(wanted)}, {took}: steps that are kept, or not far behind one that is: {named}."
    )
