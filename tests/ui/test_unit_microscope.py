"""The microscope in the window: what it shows, whom it watches, what was changed just before, and reviving."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from simulator.arrays.numeric import Floats
from simulator.experiment.experiment import Experiment
from simulator.observations.microscope import UnitObservation
from simulator.observations.unit import Unit
from simulator.record.changes import Change, ChangeLog, last_before
from simulator.record.frame import Frame
from simulator.record.history import History
from simulator.running.session import Session
from simulator.schema.parameter import replaced
from tests.ui.plot_data import frame, recorded, view, with_results
from tests.ui.unit_data import UNITS, unit_of, unit_past
from ui.bench.bench import Bench
from ui.bench.document import Document
from ui.board.plot_area import PlotArea
from ui.chart.view import View
from ui.plots.unit.parts import incoming_tiles, strongest
from ui.plots.unit_microscope import UnitMicroscope
from ui.window.plot_edits import let_revive

RELU: dict[str, Any] = {"kind": "dense", "units": 6, "activation": {"kind": "relu"}}
PLAIN = {"data": {"kind": "digits"}, "layers": [RELU, RELU]}


def shown(qtbot: QtBot, given: View) -> UnitMicroscope:
    plot = UnitMicroscope()
    qtbot.addWidget(plot)
    plot.resize(520, 360)
    plot.refresh(given)
    plot.grab()
    return plot


def dying(*changes: Change) -> View:
    """A unit that is alive until step 12 and dead from 15 on."""
    units = {step: unit_of(step=step, active=0.5 if step < 15 else 0.0) for step in range(0, 30, 3)}
    return watched(frame(4, 27), units, History(("loss",)), *changes)


def watched(given: Frame, units: Mapping[int, Unit], history: History, *changes: Change) -> View:
    """A unit that was looked at at these steps, the last time with what is given."""
    now = with_results(given, {UnitObservation(): [*units.values()][-1]})
    return View(now, recorded(history, None, unit_past(units, given.info), changes=changes))


def test_it_says_when_the_unit_died_and_what_was_changed_just_before(qtbot: QtBot) -> None:
    changes = Change(3, "Change momentum"), Change(13, "Change learning rate"), Change(20, "Change batch")
    plot = shown(qtbot, dying(*changes))
    words = "Dead since a step between 12 and 15 · last change before: Change learning rate, step 13"
    assert plot.legend.remark == words
    assert [note.text for note in plot.legend.notes if note.warning] == ["dead"]
    assert "nothing changed before" in shown(qtbot, dying(Change(20, "Change batch"))).legend.remark


@pytest.mark.parametrize(
    ("looked", "wanted"),
    [
        ([0], "Dead since step 0 ·"),
        ([8800], "Dead since step 8\u202f800 or before (the first look) ·"),
        ([7, 8], "Dead since step 8 ·"),
        ([8000, 8800], "Dead since a step between 8\u202f000 and 8\u202f800 ·"),
    ],
)
def test_it_says_no_more_of_when_a_unit_died_than_was_seen(looked: list[int], wanted: str, qtbot: QtBot) -> None:
    units = {step: unit_of(step=step, active=0.0 if step == looked[-1] else 0.5) for step in looked}
    plot = shown(qtbot, watched(frame(4, looked[-1]), units, History(("loss",))))
    assert plot.legend.remark.startswith(wanted)


def test_a_unit_that_is_well_shows_its_numbers(qtbot: QtBot) -> None:
    plot = shown(qtbot, view(4))
    assert plot.legend.remark.startswith("active 50")
    table = plot.table().columns
    assert table["step"] == list(range(41))
    assert set(table["unit"]) == {3}


def test_a_click_on_a_cell_watches_that_unit(qtbot: QtBot) -> None:
    plot = shown(qtbot, view(4))
    inside = plot.cell_pane.mapViewToScene(QPointF(7.5, 0.5))
    with qtbot.waitSignal(plot.observations_changed):
        QTest.mouseClick(plot.canvas.viewport(), Qt.MouseButton.LeftButton, pos=plot.canvas.mapFromScene(inside))
    assert plot.observations == (UnitObservation(layer="1", index=7),)


def test_layer_and_unit_are_chosen_in_the_bar(qtbot: QtBot) -> None:
    plot = shown(qtbot, view(4))
    assert plot.bar is not None
    assert (plot.bar.unit.value(), plot.bar.unit.maximum()) == (3, UNITS)
    plot.bar.unit.setValue(9)
    assert plot.observations == (UnitObservation(layer="1", index=8),)
    plot.bar.layer.setCurrentIndex(2)
    plot.bar.layer.activated.emit(2)
    assert plot.observations == (UnitObservation(layer="3", index=0),)


def test_pointing_watches_a_layer_only_while_it_follows(qtbot: QtBot) -> None:
    plot = shown(qtbot, view(4))
    plot.highlight(2)
    assert plot.observations == (UnitObservation(),)
    plot.set_option("follow", True)
    plot.highlight(1)
    assert plot.observations == (UnitObservation(layer="2", index=2),)


def test_the_buttons_revive_the_unit_or_all_dead_ones(qtbot: QtBot) -> None:
    plot = shown(qtbot, view(4))
    assert plot.bar is not None
    with qtbot.waitSignal(plot.revive_wanted) as one:
        plot.bar.revive.click()
    with qtbot.waitSignal(plot.revive_wanted) as all_dead:
        plot.bar.revive_all.click()
    assert (one.args, all_dead.args) == (["1", (2,)], ["1", (5,)])
    assert "undo does not take it back" in plot.bar.revive.toolTip()


@pytest.mark.parametrize("image", [True, False])
def test_pointing_at_a_weight_reads_it(image: bool, qtbot: QtBot) -> None:
    given = view(4)
    plot = shown(qtbot, watched(given.frame, {40: unit_of(step=40, image=image)}, given.history))
    assert plot.state is not None
    tiles = incoming_tiles(plot.state.unit)
    assert (tiles is not None) is image
    x, y = (0.5, tiles.extent[0] - 0.5) if tiles is not None else (0.5, 0.0)
    probe = plot.probe(plot.state, 2, x, y)
    assert probe is not None
    assert "weight 1\n" in probe.text


def test_of_many_weights_the_strongest_are_drawn() -> None:
    values = np.zeros(5000)
    values[[17, 4999]] = (-3.0, 2.0)
    chosen = strongest(values, 512)
    assert len(chosen) <= 512
    assert {17, 4999} <= set(chosen.tolist())
    assert strongest(values[:4], 512).tolist() == [0, 1, 2, 3]


def test_the_log_has_each_change_once_and_finds_the_last_before_a_step() -> None:
    log = ChangeLog()
    for step, words in ((0, ""), (2, "Change rate"), (2, "Change rate"), (9, "Change rate"), (9, "New seed")):
        log.add(step, words)
    assert log.entries == (Change(2, "Change rate"), Change(9, "Change rate"), Change(9, "New seed"))
    assert last_before(log.entries, 8) == Change(2, "Change rate")
    assert last_before(log.entries, 1) is None


def test_the_bench_logs_changes_of_the_run_and_brings_the_watched_unit(qtbot: QtBot) -> None:
    document = Document(Experiment.from_builtins(PLAIN))
    bench = Bench(document, lambda notify: Session("thread", notify))
    plots = PlotArea()
    qtbot.addWidget(plots)
    let_revive(plots, bench)
    plot = plots.plot("unit_microscope")
    assert isinstance(plot, UnitMicroscope)
    bench.link.observations = lambda: plot.observations
    plot.observations_changed.connect(bench.link.wake)
    bench.start()
    try:
        qtbot.waitUntil(lambda: bench.view is not None)
        document.propose(replaced(PLAIN, ("optimizer",), {"kind": "sgd", "learning_rate": 0.5}), "Change optimiser")
        document.propose(replaced(PLAIN, ("seed",), 5), "New seed")
        qtbot.waitUntil(lambda: bench.record.changes.entries == (Change(0, "New seed"),))
        plot.watch("2", 4)
        qtbot.waitUntil(lambda: _watched(bench) == ("2", 4))
        before = weights_of(bench).copy()
        plot.refresh(_present(bench))
        assert plot.bar is not None
        plot.bar.revive.click()
        qtbot.waitUntil(lambda: bool((weights_of(bench) != before).all()))
        assert bench.record.changes.entries[-1].description == "Revive 5 of layer 2"
    finally:
        bench.close()


def _watched(bench: Bench) -> tuple[str, int] | None:
    unit = _unit(bench)
    return None if unit is None else (unit.layer, unit.index)


def weights_of(bench: Bench) -> Floats:
    unit = _unit(bench)
    assert unit is not None
    return unit.weights


def _unit(bench: Bench) -> Unit | None:
    """The one that the last frame shows."""
    observed = {} if bench.view is None else bench.view.frame.observations
    return next((each.result for key, each in observed.items() if isinstance(key, UnitObservation)), None)


def _present(bench: Bench) -> View:
    assert bench.view is not None
    return bench.view
