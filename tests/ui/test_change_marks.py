"""Whatever was changed while a run was trained leaves a mark at its step, in every plot over training steps."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from PySide6.QtCore import QPointF
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from simulator.experiment.experiment import Experiment
from simulator.record.changes import Change, ChangeLog
from simulator.running.session import Session
from simulator.schema.parameter import replaced
from tests.ui.plot_data import recorded, view
from tests.ui.told import read_out
from ui.bench.bench import Bench
from ui.bench.document import Document
from ui.chart.axes import Axis
from ui.export.pictures import PictureSettings, picture
from ui.plots import Plot, all_plots, plot_class

OVER_STEPS = {
    "factor_image", "gradient_image", "gradient_time", "loss", "sharpness", "through_time_image", "unit_microscope",
}  # fmt: skip
CHANGES = (Change(12, "Change learning rate"), Change(30, "Revive 3 of layer 1"))


def shown(key: str, qtbot: QtBot, changes: tuple[Change, ...]) -> Plot[Any]:
    plot = plot_class(key)()
    qtbot.addWidget(plot)
    plot.resize(520, 360)
    given = view(4)
    kept = given.record.pasts.values()
    plot.refresh(replace(given, record=recorded(given.history, given.first, *kept, changes=changes)))
    plot.grab()
    return plot


def test_every_plot_with_an_axis_of_steps_has_marks(qtbot: QtBot) -> None:
    found = set()
    for kind in all_plots():
        plot = kind()
        qtbot.addWidget(plot)
        axes = [item for item in plot.canvas.scene().items() if isinstance(item, Axis)]
        if any(axis.text == "step" for axis in axes):
            found.add(kind.key)
            assert plot.pointing.change_marks
    assert found == OVER_STEPS


def foot(plot: Plot[Any], pane: int, step: int) -> QPointF:
    """Where the mark of a step stands, in the scene."""
    rect = plot.canvas.panes[pane].sceneBoundingRect()
    return QPointF(plot.canvas.panes[pane].data_to_scene(QPointF(step, 0.0)).x(), rect.bottom())


def differing(one: QImage, other: QImage, at: QPointF, ratio: float = 1.0) -> int:
    """Pixels around a place of the scene that two pictures do not share."""
    xs, ys = (range(round(ratio * (middle - 8)), round(ratio * (middle + 9))) for middle in (at.x(), at.y()))
    return sum(one.pixel(x, y) != other.pixel(x, y) for x in xs for y in ys if one.valid(x, y))


@pytest.mark.parametrize("key", sorted(OVER_STEPS))
def test_a_mark_stands_at_its_step_on_screen_and_in_pictures(key: str, qtbot: QtBot) -> None:
    with_marks, without = (shown(key, qtbot, changes) for changes in (CHANGES, ()))
    pairs = [
        (with_marks.canvas.grab().toImage(), without.canvas.grab().toImage()),
        (picture(with_marks, PictureSettings(520, 360)), picture(without, PictureSettings(520, 360))),
    ]
    twin = with_marks.twin(with_marks.theme)
    qtbot.addWidget(twin)
    twin.canvas.lay_out(520, 360)
    for (one, other), plot in zip(pairs, (with_marks, twin), strict=True):
        for pane in range(len(plot.pointing.change_marks)):
            assert all(differing(one, other, foot(plot, pane, change.step)) > 12 for change in CHANGES)
            assert differing(one, other, foot(plot, pane, 21)) == 0


@pytest.mark.parametrize("key", sorted(OVER_STEPS))
def test_pointing_at_a_mark_reads_what_was_changed(key: str, qtbot: QtBot) -> None:
    plot = shown(key, qtbot, CHANGES)
    for pane in range(len(plot.pointing.change_marks)):
        for change in CHANGES:
            plot.canvas.pointed.emit(foot(plot, pane, change.step) - QPointF(1, 3))
            assert f"step {change.step}: {change.description}" in read_out(plot).text()
        plot.canvas.pointed.emit(foot(plot, pane, 21) - QPointF(0, 3))
        assert "Change" not in read_out(plot).text()
    plot.canvas.left.emit()


def test_many_changes_at_one_place_are_counted(qtbot: QtBot) -> None:
    plot = shown("loss", qtbot, tuple(Change(20, f"Change {i}") for i in range(9)))
    plot.canvas.pointed.emit(foot(plot, 0, 20) - QPointF(0, 3))
    assert "step 20: Change 3\nand 5 changes more" in read_out(plot).text()
    plot.canvas.left.emit()


def test_marks_go_with_their_run(qtbot: QtBot) -> None:
    plot = shown("gradient_time", qtbot, CHANGES)
    plot.refresh(view(4, run=2))
    assert plot.pointing.change_marks[0].changes == ()


def test_a_drag_is_one_change_from_its_first_step_to_its_last() -> None:
    log = ChangeLog()
    for step, goes_on in ((3, False), (4, True), (9, True), (9, True), (20, False)):
        log.add(step, "Change rate", goes_on=goes_on)
    assert log.entries == (Change(3, "Change rate", 9), Change(20, "Change rate"))
    assert [change.last for change in log.entries] == [9, 20]


def test_the_bench_takes_a_drag_for_one_change_and_each_turn_for_its_own(qtbot: QtBot) -> None:
    plain = {"data": {"kind": "moons"}, "layers": [{"kind": "dense", "units": 4}]}
    document = Document(Experiment.from_builtins(plain))
    bench = Bench(document, lambda notify: Session("thread", notify))
    bench.start()
    try:
        qtbot.waitUntil(lambda: bench.view is not None)
        for rate, final in ((0.15, False), (0.2, False), (0.3, True), (0.4, True)):
            new = replaced(document.experiment.to_builtins(), ("optimizer", "learning_rate"), rate)
            assert bench.view is not None
            step = bench.view.frame.step
            document.propose(new, "Change learning rate", "optimizer.learning_rate", final)
            bench.play(5)
            qtbot.waitUntil(lambda at=step: bench.view is not None and bench.view.frame.step == at + 5)
        assert bench.record.changes.entries == (
            Change(0, "Change learning rate", 10),
            Change(15, "Change learning rate"),
        )
    finally:
        bench.close()
