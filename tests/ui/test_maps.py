"""The window of a map: what is asked for, cells as they come, what each shows, and a click that opens its run."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from simulator.experiment.embedded import extract
from simulator.experiment.experiment import Experiment
from simulator.maps.axes import axis
from simulator.maps.making import CellJob, MadeCell, make
from simulator.maps.sweep import MapCell, Sweep
from simulator.maps.theory import TheoryCurve
from simulator.running.session import Session
from simulator.system.machine import THREADS
from tests.simulator.maps_engine import Here
from tests.ui.controls import lacks, without_visible_focus
from ui.app import create_app
from ui.bench.document import Document
from ui.export import PictureSettings, export_plot
from ui.export.pictures import KINDS, ExportKind
from ui.maps.cells import CellBoxes, TheoryLine
from ui.maps.map_plot import MapPlot, bar_ticks
from ui.maps.profile_plot import ProfilePlot
from ui.maps.state import MadeMap, axis_name, measure_text
from ui.maps.window import MapWindow
from ui.style.numbers import THIN
from ui.window.main_window import MainWindow
from ui.window.map_access import MapAccess

EXPERIMENT = Experiment.from_builtins(
    {
        "data": {"kind": "gaussian", "samples": 40, "features": 6, "classes": 2},
        "layers": [{"kind": "dense", "units": 4, "repeat": 2}],
        "batch_size": 8,
    }
)
AXES = tuple(axis(text, EXPERIMENT) for text in ("optimizer.learning_rate=0.1,1,10", "layers.0.units=2,4"))
SWEEP = Sweep(experiment=EXPERIMENT, axes=AXES, steps=5, seeds=3)


def made(rate: float, units: int, seed: int, loss: float) -> MadeCell:
    return MadeCell(values=(rate, units), seed=seed, steps=5, measures={"loss": loss}, diverged=not math.isfinite(loss))


CELLS = (
    *(made(0.1, 2, seed, loss) for seed, loss in enumerate((1.0, 3.0, 2.0))),
    *(made(1, 2, seed, loss) for seed, loss in enumerate((math.inf, math.nan, 2.0))),
    MadeCell(values=(10, 2), seed=0, error="no memory"),
)
STATE = MadeMap(SWEEP, CELLS, "loss", chosen=(0.0, 0.0))


@pytest.fixture(autouse=True)
def _threads_are_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(THREADS, "1")


@pytest.fixture
def window(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MapWindow:
    create_app()
    window = MapWindow(EXPERIMENT)
    qtbot.addWidget(window)
    monkeypatch.setattr(window.form, "engine_maker", lambda: lambda _cells: Here())
    window.form.vary[0].setText("optimizer.learning_rate=0.1,1")
    window.form.vary[1].setText("layers.0.units=2,3,4")
    window.form.steps.setValue(3)
    window.form.take_folder(tmp_path / "map")
    return window


def finish(window: MapWindow, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: window.runner is None)


def outcomes(plot: MapPlot, state: MadeMap) -> dict[tuple[float, float], str]:
    boxes = [mark for mark in plot.marks(state) if isinstance(mark, CellBoxes)]
    return {
        (box.center().x(), box.center().y()): outcome
        for mark in boxes
        for box, outcome in zip(mark.boxes, mark.outcomes, strict=True)
    }


def test_each_cell_is_shown_as_what_became_of_most_of_its_seeds_and_nothing_lies_between(qtbot: QtBot) -> None:
    plot = MapPlot()
    qtbot.addWidget(plot)
    plot.resize(500, 400)
    plot.show_state(STATE)
    shown = outcomes(plot, STATE)
    assert shown == {
        (0.0, 0.0): "made", (1.0, 0.0): "diverged", (2.0, 0.0): "failed",
        (0.0, 1.0): "pending", (1.0, 1.0): "pending", (2.0, 1.0): "pending",
    }  # fmt: skip
    assert {key.text for key in plot.legend.keys} >= {"pending", "diverged", "failed", "loss"}
    texts = [plot.probe(STATE, 0, x, 0.0) for x in (0.0, 1.0, 2.0)]
    assert [text is not None for text in texts] == [True] * 3
    said = [text.text for text in texts if text is not None]
    assert "loss 2, median of 3 seeds" in said[0]
    assert "diverged\n2 of 3 seeds diverged" in said[1]
    assert "failed\nno memory" in said[2]
    pending = plot.probe(STATE, 0, 0.0, 1.0)
    assert pending is not None
    assert pending.text.endswith("pending")
    assert plot.sentence().startswith("loss over optimiser, learning rate and layers 1–2, units: 7 of 18 cells")
    assert MadeMap(SWEEP, (*CELLS, made(0.5, 2, 0, 1.0)), "loss").counted == "7 of 18 cells and 1 between them"


def test_a_profile_has_the_median_and_the_band_of_its_seeds_and_a_gap_where_most_diverged(qtbot: QtBot) -> None:
    plot = ProfilePlot()
    qtbot.addWidget(plot)
    plot.show_state(STATE)
    assert plot.rows(STATE).columns == {
        "optimizer.learning_rate": ["0.1", "1", "10"],
        "median": [2.0, None, None], "least": [1.0, None, None], "largest": [3.0, None, None],
    }  # fmt: skip
    assert np.isnan(STATE.spread(STATE.profile(), "loss")[1:, 1:]).all()
    assert plot.legend.remark == "layers 1–2, units 2"


@pytest.mark.parametrize(
    ("measure", "half"),
    [("accuracy", "50 %"), ("branch_share", "50 %"), ("activation_dead:2", "50 %"), ("activation_mean", "0.5")],
)
def test_shares_are_written_in_per_cent_wherever_they_stand(qtbot: QtBot, measure: str, half: str) -> None:
    cells = [MadeCell(values=(rate, 2), seed=0, measures={measure: 0.25 + rate / 20}) for rate in (0.1, 1)]
    profile, overview = ProfilePlot(), MapPlot()
    state = MadeMap(SWEEP, tuple(cells), measure, chosen=(0.0, 0.0), over=measure)
    for plot in (profile, overview):
        qtbot.addWidget(plot)
        plot.show_state(state)
    texts = [measure_text(measure, 0.5)]
    texts += [axis.tickStrings([0.5], 1.0, 0.5)[0] for axis in (profile.x_axis, profile.y_axis)]
    assert [text.replace(THIN, " ") for text in texts] == [half] * 3
    assert all(("%" in text) == ("%" in half) for _, text in bar_ticks(state))


def test_a_depth_that_is_varied_is_no_number_in_names() -> None:
    axes = tuple(axis(text, EXPERIMENT) for text in ("layers.0.units=2,4", "layers.0.repeat=1,2"))
    sweep = Sweep(experiment=EXPERIMENT, axes=axes, steps=5)
    assert [axis_name(sweep, place) for place in range(2)] == ["layers 1–n, units", "layers 1–n, repeat"]


def test_theorys_lines_lie_over_the_cells_and_are_named(qtbot: QtBot) -> None:
    plot = MapPlot()
    qtbot.addWidget(plot)
    state = MadeMap(SWEEP, CELLS, "loss", lines=(TheoryCurve("χ = 1", "", (((0.5, 0.0), (0.5, 1.0)),)),))
    plot.show_state(state)
    (line,) = (mark for mark in plot.marks(state) if isinstance(mark, TheoryLine))
    assert [(point.x(), point.y()) for point in line.lines[0].toList()] == [(0.5, 0.0), (0.5, 1.0)]
    assert "χ = 1" in {key.text for key in plot.legend.keys}


def test_a_map_fills_in_and_a_click_asks_for_the_run_of_its_cell(window: MapWindow, qtbot: QtBot) -> None:
    window.show()
    window.start_button.click()
    finish(window, qtbot)
    assert window.error.isHidden()
    assert window.summary.text() == "6 of 6 cells made."
    assert window.bar.value() == window.bar.maximum()
    with (window.form.folder / "map.csv").open(newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert [row["step"] for row in rows] == ["3"] * 6
    state = window.map.state
    assert state is not None
    assert set(outcomes(window.map, state).values()) == {"made"}
    asked: list[tuple[Experiment, int]] = []
    window.cell_wanted.connect(lambda experiment, steps: asked.append((experiment, steps)))
    at = window.map.canvas.mapFromScene(window.map.pane.data_to_scene(QPointF(1, 2)))
    QTest.mouseClick(window.map.canvas.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(at.x(), at.y()))
    assert asked == [(SWEEP.trained(MapCell((1, 4), 0)), 3)]
    assert window.profile.legend.remark == "layers 1–2, units 4"
    again = MapWindow(EXPERIMENT)
    qtbot.addWidget(again)
    again.open_folder(window.form.folder)
    assert again.summary.text() == "6 of 6 cells made."
    assert again.form.sweep() == state.sweep


def test_what_is_no_map_is_said_and_nothing_is_begun(window: MapWindow) -> None:
    window.form.vary[0].setText("layers.0.nothing=1,2")
    window.start_button.click()
    assert window.runner is None
    assert "nothing" in window.error.text()
    assert not window.form.folder.exists()


def test_another_map_is_kept_in_a_folder_of_its_own(window: MapWindow, qtbot: QtBot) -> None:
    window.form.which.setCurrentIndex(1)
    window.form.which.setCurrentIndex(0)
    folders = []
    for steps in (2, 2, 3):
        window.form.vary[0].setText("optimizer.learning_rate=0.1,1")
        window.form.steps.setValue(steps)
        window.start()
        finish(window, qtbot)
        assert window.error.text() == ""
        assert window.summary.text() == "2 of 2 cells made."
        folders.append(window.form.folder)
    assert folders[0] == folders[1] != folders[2]


def test_a_folder_that_a_person_chose_stays_where_another_map_stands_in_it(window: MapWindow, qtbot: QtBot) -> None:
    chosen = window.form.folder
    window.start()
    finish(window, qtbot)
    window.form.steps.setValue(2)
    window.start()
    finish(window, qtbot)
    assert "holds another map" in window.error.text()
    assert window.form.folder == chosen


def test_a_map_that_is_stopped_stands_and_goes_on(window: MapWindow, qtbot: QtBot) -> None:
    window.start()
    assert window.runner is not None
    window.runner.stop()
    finish(window, qtbot)
    window.start()
    finish(window, qtbot)
    assert window.summary.text() == "6 of 6 cells made."


@pytest.mark.parametrize("kind", KINDS)
def test_a_map_is_exported_as_everything_else(kind: ExportKind, qtbot: QtBot, tmp_path: Path) -> None:
    for plot in (MapPlot(), ProfilePlot()):
        qtbot.addWidget(plot)
        plot.experiment = EXPERIMENT
        plot.show_state(STATE)
        path = tmp_path / f"{plot.key}.{kind}"
        export_plot(plot, path, PictureSettings(400, 300), kind=kind)
        if kind == "csv":
            with path.open(newline="") as lines:
                assert len(list(csv.DictReader(lines))) == plot.rows(STATE).rows == (7 if plot.key == "map" else 3)
        elif kind != "pdf":
            assert extract(path).experiment == EXPERIMENT


def test_every_map_that_ships_fills_the_form_and_is_a_map(window: MapWindow) -> None:
    for number, preset in enumerate(window.form.presets, 1):
        window.form.which.setCurrentIndex(number)
        assert window.form.sweep() == preset.sweep()
        assert preset.shown in (*preset.measures, "step")


def test_controls_of_the_map_are_named_have_roles_and_are_reached_by_tab(window: MapWindow, qtbot: QtBot) -> None:
    window.show()
    window.open_folder(window.form.folder)
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    assert not lacks(window)
    assert not without_visible_focus(window)
    assert window.minimumSizeHint().width() <= 960
    assert window.minimumSizeHint().height() <= 600


def test_a_cell_is_opened_on_the_bench_and_comes_to_its_numbers(qtbot: QtBot) -> None:
    window = MainWindow(Document(EXPERIMENT), lambda notify: Session("thread", notify))
    window.bench.start()
    cell = MapCell((1, 4), 2)
    access = MapAccess(window.bench, window.experiments, window)
    access.open()
    assert access.map is not None
    access.map.cell_wanted.emit(SWEEP.trained(cell), 5)
    qtbot.waitUntil(lambda: window.bench.view is not None and window.bench.view.frame.step == 5)
    assert window.document.experiment == SWEEP.trained(cell)
    assert window.bench.view is not None
    assert window.bench.view.frame.scalars["loss"] == make(CellJob(0, cell, SWEEP)).measures["loss"]
    window.bench.close()
    assert access.map is None
    window.deleteLater()
