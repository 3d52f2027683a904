"""The time line: every earlier step as it was, whatever it takes, and a run that goes on meanwhile."""

from __future__ import annotations

import dataclasses
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from msgspec import structs
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible, QImage
from PySide6.QtWidgets import QApplication, QMenu, QWidget
from pytestqt.qtbot import QtBot

from simulator.experiment.experiment import Experiment
from simulator.experiment.files import Preset, presets
from simulator.observations.base import Observed
from simulator.observations.registry import analyses
from simulator.record.frame import frame_of
from simulator.record.record import Record
from simulator.running.headless.run import run
from simulator.running.messages import KeptCheckpoints
from simulator.training.training import Training
from tests.thinned import thinned
from tests.ui.real_runs import NETS
from tests.ui.windows import OpenOn
from ui.bench.route import Route
from ui.bench.scrubber import Scrubber
from ui.chart.table import Table
from ui.export.pictures import PictureSettings, picture
from ui.export.tables import csv_text
from ui.plots import Plot, View, plot_class
from ui.style.theme import LIGHT
from ui.timeline.bar import TimelineBar
from ui.timeline.marks import NAMES, RunMarks, TimeMark, next_step
from ui.timeline.track import APART, TimeTrack
from ui.window.main_window import MainWindow

PATIENCE = 600_000
SMALL: dict[str, Any] = {
    "data": {"kind": "moons"},
    "layers": [{"kind": "dense", "units": 6, "repeat": 2}],
    "optimizer": {"kind": "sgd", "learning_rate": 0.05},
}
DROPPING: dict[str, Any] = {
    "data": {"kind": "moons"},
    "layers": [
        {"kind": "dense", "units": 8, "repeat": 2, "dropout": {"kind": "inverted", "rate": 0.2},
         "normalization": {"kind": "batch"}},
    ],
    "optimizer": {"kind": "adam", "learning_rate": 0.01},
}  # fmt: skip
LOOKS = {"factor_image", "through_time_image", "sharpness"}
"""Plots of all looks that were taken on the way, which a run without a screen takes elsewhere."""


@pytest.fixture
def open_window(open_on: OpenOn, qtbot: QtBot) -> Any:
    def open_at(net: dict[str, Any], steps: int) -> MainWindow:
        window = open_on(Experiment.from_builtins(net))
        trained(window, steps, qtbot)
        return window

    return open_at


def trained(window: MainWindow, steps: int, qtbot: QtBot) -> None:
    """Train so many steps more."""
    view = window.bench.view
    assert view is not None
    end = view.frame.step + steps
    window.bench.play(steps)
    qtbot.waitUntil(lambda: step_of(window) == end and not window.bench.playing, timeout=PATIENCE)
    qtbot.waitUntil(lambda: not window.plot_area.feed.refreshing, timeout=PATIENCE)


def step_of(window: MainWindow) -> int:
    assert window.bench.view is not None
    return window.bench.view.frame.step


def gone_to(window: MainWindow, step: int, qtbot: QtBot) -> View:
    """The view of an earlier step, when all of it is there."""
    scrubber = window.timeline.scrubber
    scrubber.go_to(step)
    qtbot.waitUntil(lambda: scrubber.complete or bool(scrubber.failure), timeout=PATIENCE)
    qtbot.waitUntil(lambda: not window.plot_area.feed.refreshing, timeout=PATIENCE)
    view = window.bench.shown.view
    assert not scrubber.failure
    assert view is not None
    assert view.frame.step == step
    return view


def without_costs(view: View) -> View:
    """The same view as if nothing had taken any time: that differs from look to look."""
    observations = {
        each: Observed(observed.step, observed.result, observed.refusal)
        for each, observed in view.frame.observations.items()
    }
    frame = structs.replace(view.frame, observations=observations)
    return dataclasses.replace(view, frame=frame, read=frame)


def drawn_alone(key: str, view: View) -> Plot[Any]:
    """A plot that has seen nothing else."""
    plot = plot_class(key)(theme=LIGHT, bare=True)
    plot.start(view.frame.info)
    plot.refresh(view)
    return plot


def of_training(table: Table) -> str:
    """Without the columns of data held out, which are scored at some steps only."""
    return csv_text(Table({name: cells for name, cells in table.columns.items() if "validation" not in name}))


@pytest.mark.parametrize("net", thinned([*(name for name in NETS if name != "deep"), "dropping"], share=2))
def test_every_table_and_picture_of_an_earlier_step_is_that_of_a_run_to_that_step(
    net: str, open_window: Any, qtbot: QtBot
) -> None:
    described = DROPPING if net == "dropping" else NETS[net]
    assert len(alike(open_window(described, 12), Experiment.from_builtins(described), 7, qtbot)) > 8


@pytest.mark.slow
@pytest.mark.parametrize("preset", presets(), ids=lambda preset: preset.id)
def test_every_table_and_picture_of_an_earlier_step_of_a_preset_is_that_of_a_run_to_that_step(
    preset: Preset, open_on: OpenOn, qtbot: QtBot
) -> None:
    window = open_on(preset.load())
    # Some explode within these steps, and would be paused.
    window.bench.link.set_guard(False)
    trained(window, 5, qtbot)
    own, *others = preset.load().all_lanes().items()
    assert len(alike(window, own[1], 3, qtbot, costly=True)) > 15
    view = gone_to(window, 3, qtbot)
    assert list(view.lanes) == [name for name, _ in others]
    for name, experiment in others:
        same_as_run(window, view.lanes[name], experiment, costly=True)


def alike(window: MainWindow, experiment: Experiment, step: int, qtbot: QtBot, *, costly: bool = False) -> set[str]:
    """The plots that show of an earlier step what a run to there shows; it fails where one does not."""
    window.plot_area.complete()
    window.plot_area.feed.want_all(True)
    return same_as_run(window, gone_to(window, step, qtbot), experiment, costly=costly)


def same_as_run(window: MainWindow, view: View, experiment: Experiment, *, costly: bool) -> set[str]:
    asked = tuple(analyses()) if costly else None
    result = run(experiment, steps=view.frame.step, analyses=asked)
    headless, view = without_costs(View(result.last, result.record)), without_costs(dataclasses.replace(view, lanes={}))
    np.testing.assert_equal(view.frame.scalars, headless.frame.scalars)
    compared = set()
    for key, shown in window.plot_area.plots.items():
        if key in LOOKS:
            continue
        shown.refresh(view)
        alone = drawn_alone(key, headless)
        if alone.state is None or not set(alone.observations) <= set(headless.frame.observations):
            continue
        assert of_training(shown.table()) == of_training(alone.table()), key
        if key != "loss":
            mine, its = (picture(plot, PictureSettings(400, 260)) for plot in (shown, alone))
            assert mine.convertToFormat(QImage.Format.Format_RGB32) == its, key
        compared.add(key)
        alone.deleteLater()
    return compared


def test_a_step_after_changes_by_hand_is_that_of_a_run_that_was_changed_so(open_window: Any, qtbot: QtBot) -> None:
    window = open_window(DROPPING, 10)
    document = window.document
    changed = document.experiment.with_values([("optimizer.learning_rate", 0.05)])
    assert document.propose(changed.to_builtins(), "Change learning rate") is None
    trained(window, 10, qtbot)
    training = Training(Experiment.from_builtins(DROPPING))
    for step in range(15):
        if step == 10:
            training.update_spec(changed)
        training.propose()
        training.apply()
    training.look()
    expected = frame_of(training, training.scalars(validate=True))
    view = gone_to(window, 15, qtbot)
    assert view.frame.scalars == expected.scalars
    for name, values in expected.measures.items():
        np.testing.assert_array_equal(view.frame.measures[name], values)
    assert [change.step for change in view.changes] == [10]
    assert not gone_to(window, 9, qtbot).changes
    assert view.record.experiment_at(9) == Experiment.from_builtins(DROPPING)


def test_networks_beside_the_run_go_back_with_it(open_window: Any, qtbot: QtBot) -> None:
    lane = {"name": "fast", "set": {"optimizer.learning_rate": 0.2}}
    window = open_window(SMALL | {"lanes": [lane]}, 12)
    view = gone_to(window, 5, qtbot)
    alone = run(Experiment.from_builtins(SMALL).with_values([("optimizer.learning_rate", 0.2)]), steps=5)
    assert view.lanes["fast"].frame.scalars == alone.last.scalars
    assert view.lanes["fast"].history.end == 5


def test_a_branch_is_seen_from_the_step_on_at_which_it_begins(open_window: Any, qtbot: QtBot) -> None:
    window = open_window(SMALL, 12)
    gone_to(window, 5, qtbot)
    assert window.branch_access.branch_here(8)
    qtbot.waitUntil(lambda: window.bench.lanes.record("B").steps == 12, timeout=PATIENCE)
    qtbot.waitUntil(lambda: window.lanes_bar.chips["B"].text() == "B", timeout=PATIENCE)
    for step, there in ((5, set()), (10, {"B"}), (7, set()), (9, {"B"})):
        view = gone_to(window, step, qtbot)
        assert view.lanes.keys() == there
        assert all(lane.frame.scalars == view.frame.scalars for lane in view.lanes.values())


# -- what is seen ----------------------------------------------------------------------------------------------------


def test_what_is_recorded_is_shown_at_once_and_the_rest_says_of_which_step_it_is(
    open_window: Any, qtbot: QtBot
) -> None:
    window = open_window(SMALL, 20)
    plots = window.plot_area
    window.timeline.scrubber.go_to(8)
    view = window.bench.shown.view
    assert not view.whole
    assert window.timeline.scrubber.computing
    while plots.feed.refreshing:
        plots.feed.refresh_next()
    loss, depth = plots.plot("loss"), plots.plot("gradient_depth")
    assert loss.state.step == 8
    assert len(loss.table().columns["loss_last"]) == 9
    assert window.transport.readouts["step"].text == "8"
    assert window.transport.readouts["loss"].text != "–"
    assert depth.state.step == 20
    assert "of step 20; step 8 is being computed" in veils_of(depth)
    qtbot.waitUntil(lambda: window.timeline.scrubber.complete, timeout=PATIENCE)
    qtbot.waitUntil(lambda: not plots.feed.refreshing, timeout=PATIENCE)
    assert depth.state.step == 8
    assert not veils_of(depth)


def veils_of(plot: Plot[Any]) -> list[str]:
    """What lies over a plot, in words."""
    return [child.accessibleName() for child in plot.canvas.children() if "of step" in child_name(child)]


def child_name(child: Any) -> str:
    return child.accessibleName() if hasattr(child, "accessibleName") and not child.isHidden() else ""


def test_the_run_goes_on_while_an_earlier_step_is_shown_and_live_returns_to_it(open_window: Any, qtbot: QtBot) -> None:
    window = open_window(SMALL, 20)
    gone_to(window, 8, qtbot)
    trained(window, 30, qtbot)
    assert window.plot_area.plot("gradient_depth").state.step == 8
    assert window.transport.readouts["step"].text == "8"
    assert window.timeline.track.maximum() == 50
    assert window.timeline.track.value() == 8
    window.timeline.live.click()
    assert window.timeline.scrubber.step is None
    qtbot.waitUntil(lambda: window.plot_area.plot("gradient_depth").state.step == 50, timeout=PATIENCE)
    assert window.transport.readouts["step"].text == "50"


def test_the_doctor_examines_the_step_that_is_shown(open_window: Any, qtbot: QtBot) -> None:
    window = open_window(SMALL, 20)
    rounds = window.findings.rounds
    view = gone_to(window, 0, qtbot)
    qtbot.waitUntil(lambda: rounds.examined and bool(rounds.headline), timeout=PATIENCE)
    gains = view.frame.measures["weight_gradient_norm"]
    assert np.isfinite(gains).any()
    at_start = rounds.headline
    qtbot.waitUntil(lambda: window.status.text() == at_start, timeout=PATIENCE)
    window.timeline.live.click()
    qtbot.waitUntil(lambda: rounds.headline not in ("", at_start), timeout=PATIENCE)


def test_a_change_by_hand_says_that_it_acts_on_the_present(open_window: Any, qtbot: QtBot) -> None:
    window = open_window(SMALL, 20)
    gone_to(window, 8, qtbot)
    changed = window.document.experiment.with_values([("optimizer.learning_rate", 0.5)])
    window.document.propose(changed.to_builtins(), "Change learning rate")
    assert window.banner.text == (
        "“Change learning rate” acts on the run at its present step, 20; what is shown is step 8."
    )
    assert window.timeline.scrubber.step == 8


def test_another_run_is_seen_as_it_goes(open_window: Any, qtbot: QtBot) -> None:
    window = open_window(SMALL, 20)
    gone_to(window, 8, qtbot)
    window.bench.restart()
    qtbot.waitUntil(lambda: window.bench.view is not None and step_of(window) == 0, timeout=PATIENCE)
    assert window.timeline.scrubber.step is None
    assert window.plot_area.plot("gradient_depth").state.step == 0


def test_cancelling_goes_back_to_the_present(open_window: Any, qtbot: QtBot) -> None:
    window = open_window(SMALL, 20)
    window.timeline.scrubber.go_to(3)
    assert window.timeline.scrubber.computing
    window.timeline.scrubber.cancel()
    assert window.timeline.scrubber.step is None
    assert window.bench.shown.view is window.bench.view
    assert gone_to(window, 4, qtbot).frame.step == 4


def test_what_is_awaited_is_said_and_leaves_the_track_its_place(
    open_window: Any, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = open_window(SMALL, 20)
    holder = QWidget(window)
    bar = TimelineBar(window.bench, holder)
    holder.show()
    monkeypatch.setattr(Scrubber, "seconds_left", 12.0)
    for width in (360, 420, 520, 700, 1200):
        bar.resize(width, bar.height())
        QApplication.processEvents()
        place = bar.track.geometry()
        with monkeypatch.context() as computing:
            computing.setattr(Scrubber, "computing", True)
            bar.scrubber.moved.emit()
            qtbot.waitUntil(bar.cancel.isVisible)
            QApplication.processEvents()
            assert bar.track.geometry() == place, width
            assert bar.message.text() in ("12 s left", "recomputing, about 12 s left")
            assert bar.message.width() >= bar.message.fontMetrics().horizontalAdvance(bar.message.text())
            assert not bar.edit.isVisible() or bar.track.x() > bar.message.x()
        bar.scrubber.moved.emit()
        QApplication.processEvents()
        assert bar.track.geometry() == place, width
        assert bar.edit.isVisible()


def test_playback_shows_step_after_step_up_to_the_present(open_window: Any, qtbot: QtBot) -> None:
    window = open_window(SMALL, 20)
    bar, shown = window.timeline, []
    window.bench.shown.changed.connect(
        lambda view, _rate: shown.append(view.frame.step) if view.whole and not view.live else None
    )
    menu = QMenu(window)
    bar.fill_playback(menu)
    entries = {each.text(): each for each in menu.actions()}
    entries["10 steps a frame"].trigger()
    assert (bar.speed.currentData(), bar.playback.steps_per_frame) == (10, 10)
    bar.playback.steps_per_frame = 3
    entries["Play back"].trigger()
    assert bar.playback.playing
    qtbot.waitUntil(lambda: not bar.playback.playing, timeout=PATIENCE)
    assert list(dict.fromkeys(shown)) == [0, 3, 6, 9, 12, 15, 18]
    assert bar.scrubber.step is None


def test_what_is_exported_is_the_step_that_is_shown(open_window: Any, qtbot: QtBot) -> None:
    window = open_window(SMALL, 20)
    gone_to(window, 8, qtbot)
    plot = window.plot_area.plot("gradient_depth")
    result = run(Experiment.from_builtins(SMALL), steps=8)
    alone = drawn_alone("gradient_depth", View(result.last, result.record))
    assert csv_text(plot.table()) == csv_text(alone.table())
    alone.deleteLater()


def test_what_is_shown_of_a_step_stays_when_more_of_it_is_looked_at(open_window: Any, qtbot: QtBot) -> None:
    window = open_window(SMALL, 20)
    gone_to(window, 8, qtbot)
    window.plot_area.feed.want_all(True)
    qtbot.waitUntil(lambda: window.timeline.scrubber.complete, timeout=PATIENCE)
    qtbot.waitUntil(lambda: not window.plot_area.feed.refreshing, timeout=PATIENCE)
    for key in window.plot_area.board.seen:
        assert window.plot_area.plot(key).state.step == 8, key


def test_nothing_is_exported_of_a_step_that_is_still_computed(open_window: Any, qtbot: QtBot) -> None:
    window = open_window(SMALL, 20)
    window.timeline.scrubber.go_to(8)
    window.exporting.export("loss")
    assert window.banner.text == "Step 8 is being computed: export when it is there."
    qtbot.waitUntil(lambda: window.timeline.scrubber.complete, timeout=PATIENCE)
    assert not window.banner.text


# -- keys and marks --------------------------------------------------------------------------------------------------


def test_keys_go_by_steps_by_ten_and_from_mark_to_mark(qtbot: QtBot) -> None:
    track, gone = TimeTrack(), list[int]()
    qtbot.addWidget(track)
    track.wanted.connect(gone.append)
    track.show_step(50, 0, 100)
    track.show_marks(
        (TimeMark(20, "spike"), TimeMark(45, "checkpoint"), TimeMark(70, "change", "Change learning rate"))
    )
    shift = Qt.KeyboardModifier.ShiftModifier
    for key, modifier in (
        (Qt.Key.Key_Left, None), (Qt.Key.Key_Right, None), (Qt.Key.Key_Left, shift), (Qt.Key.Key_Right, shift),
        (Qt.Key.Key_PageUp, None), (Qt.Key.Key_PageDown, None), (Qt.Key.Key_Home, None), (Qt.Key.Key_End, None),
    ):  # fmt: skip
        qtbot.keyClick(track, key, modifier or Qt.KeyboardModifier.NoModifier)
    assert gone == [49, 51, 40, 60, 20, 70, 0, 100]
    qtbot.keyClick(track, Qt.Key.Key_Left, shift | Qt.KeyboardModifier.KeypadModifier)
    assert gone[-1] == 40


def test_however_many_marks_there_are_signs_stand_apart_and_none_is_left_out(qtbot: QtBot) -> None:
    track, chance = TimeTrack(), np.random.default_rng(0)
    qtbot.addWidget(track)
    track.show_step(0, 0, 50_000)
    steps = {kind: chance.integers(0, 50_000, 300) for kind in NAMES}
    steps["finding"] = np.array([0, 1, 25_000, 49_999])
    track.show_marks([TimeMark(int(step), kind) for kind, of_kind in steps.items() for step in of_kind])
    for width in (200, 1200):
        track.resize(width, track.height())
        for kind, of_kind in steps.items():
            clusters = [cluster for cluster in track.clusters if cluster.kind == kind]
            assert all(second.first - first.last >= APART[kind] for first, second in pairwise(clusters))
            for step in of_kind:
                place = round(track.place_of(int(step)))
                assert sum(cluster.first <= place <= cluster.last for cluster in clusters) == 1
        assert [cluster.kind for cluster in track.clusters].count("finding") == 3


def test_the_time_line_says_its_name_and_the_step(open_window: Any, qtbot: QtBot) -> None:
    window = open_window(SMALL, 20)  # which of its steps have checkpoints depends on the clock
    track = window.timeline.track
    assert track.accessibleName() == "Time line"
    assert track.accessibleDescription().split("; ")[0] == "step 20 of 20 steps, live"
    gone_to(window, 8, qtbot)
    spoken = QAccessible.queryAccessibleInterface(track).valueInterface()
    assert spoken.currentValue() == 8
    assert track.accessibleDescription().split("; ")[0] == "step 8 of 20 steps, an earlier step"
    window.timeline.edit.setValue(5)
    assert window.timeline.scrubber.step == 5


def test_a_step_that_was_typed_does_not_stay_where_the_present_is_shown_again(open_window: Any, qtbot: QtBot) -> None:
    window = open_window(SMALL, 20)
    bar = window.timeline
    window.activateWindow()
    bar.edit.setFocus()
    qtbot.waitUntil(bar.edit.hasFocus)
    bar.edit.setValue(5)
    assert bar.scrubber.step == 5
    bar.live.click()
    assert bar.scrubber.step is None
    assert bar.edit.value() == 20


def test_a_place_on_the_track_is_the_step_that_stands_there(qtbot: QtBot) -> None:
    track = TimeTrack()
    qtbot.addWidget(track)
    track.resize(400, 24)
    track.show_step(0, 0, 100_000)
    for step in (0, 1, 12_345, 99_999, 100_000):
        assert abs(track.step_at(track.place_of(step)) - step) <= 1
    assert track.step_at(-50) == 0
    assert track.step_at(5000) == 100_000


def test_marks_are_of_what_happened_up_to_the_present(open_window: Any, qtbot: QtBot) -> None:
    window = open_window(SMALL, 20)
    frame, record = window.bench.view.frame, Record()
    record.changes.add(4, "Change learning rate")
    record.changes.add(30, "later")
    kept = KeptCheckpoints((), (), 0, (0, 10), (7,))
    marks = RunMarks().of(frame, record, kept, [(2, "dead units")])
    assert [(mark.step, mark.kind) for mark in marks] == [
        (0, "checkpoint"), (2, "finding"), (4, "change"), (7, "spike"), (10, "checkpoint"),
    ]  # fmt: skip
    assert marks[2].words == "step 4, change by hand: Change learning rate"
    assert next_step(marks, 4, forwards=True) == 7
    assert next_step(marks, 2, forwards=False) is None


# -- the way there ---------------------------------------------------------------------------------------------------


def test_nothing_is_computed_from_what_is_known_too_little_of() -> None:
    route = Route()
    assert route.way_to(5, (0,)) is None
    assert not route.goes_on_to(5, (0,))
    route.find(5, 20)
    assert route.under_way
    assert route.is_on_the_way_to(5, (0,))
    assert route.leave()
    assert not route.under_way
