"""Plots of what costs more than a step: as often as its share of time allows, with the age of what they show."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from msgspec import structs
from pytestqt.qtbot import QtBot

from simulator.experiment.experiment import Experiment
from simulator.observations.jacobian import JacobianObservation
from simulator.observations.sharpness import SharpnessObservation
from tests.thinned import thinned
from tests.ui.plot_data import view
from tests.ui.told import empty_note, ticking
from tests.ui.windows import OpenOn
from ui.bench.link import SETTLED_MS
from ui.plots import Plot, View, all_plots, plot_class
from ui.plots.costly import CostlyPlot
from ui.plots.jacobian import JacobianPlot
from ui.window.main_window import MainWindow

KEYS = tuple(plot.key for plot in all_plots() if issubclass(plot, CostlyPlot))
PLAIN: dict[str, Any] = {
    "data": {"kind": "moons", "samples": 60},
    "layers": [{"kind": "dense", "units": 6, "repeat": 3}],
    "batch_size": 16,
}


def made(key: str, qtbot: QtBot, given: View) -> Plot[Any]:
    plot = plot_class(key)()
    qtbot.addWidget(plot)
    plot.resize(460, 300)
    plot.refresh(given)
    return plot


def changed(given: View, key: str, **parts: Any) -> View:
    (observation,) = plot_class(key).observations
    observed = structs.replace(given.frame.observations[observation], **parts)
    frame = structs.replace(given.frame, observations={**given.frame.observations, observation: observed})
    return replace(given, frame=frame)


@pytest.mark.parametrize("key", KEYS)
def test_an_answer_shows_its_age_and_its_cost(key: str, qtbot: QtBot) -> None:
    plot = made(key, qtbot, changed(view(4), key, step=1204))
    assert any(note.text == "as of step 1\u202f204, 0.3 s" for note in plot.legend.notes)
    plot = made(key, qtbot, changed(view(4), key, seconds=0.0042))
    assert any(note.text == "as of step 40, 4.2 ms" for note in plot.legend.notes)


@pytest.mark.parametrize("key", KEYS)
def test_a_refusal_is_said_where_the_answer_would_be(key: str, qtbot: QtBot) -> None:
    refused = changed(view(4), key, result=None, refusal="it is too large")
    plot = made(key, qtbot, refused)
    assert plot.state is None
    assert empty_note(plot).text() == "It is too large."
    plot.refresh(view(4))
    assert empty_note(plot).isHidden()
    plot.refresh(refused)
    plot.set_paused(True)
    assert any(note.text == "no more: it is too large" and note.warning for note in plot.legend.notes)


def test_the_gauge_warns_above_its_limit_and_says_where_there_is_none(qtbot: QtBot) -> None:
    given = view(4)
    result = given.frame.result(SharpnessObservation())
    assert result is not None
    plot = made("sharpness", qtbot, changed(given, "sharpness", result=replace(result, value=21.0)))
    assert any(note.text == "above the limit" and note.warning for note in plot.legend.notes)
    assert [entry.text for entry in plot.legend.keys] == ["η · λ_max 2.1", "λ_max 21", "limit of stability 2"]
    early = replace(result, value=21.0, residual=0.5)
    plot = made("sharpness", qtbot, changed(given, "sharpness", result=early))
    assert [entry.text for entry in plot.legend.keys] == ["η · λ_max ≥ 2.1", "λ_max ≥ 21", "limit of stability 2"]
    assert plot.legend.notes[-1].text == "not converged: λ_max is this or more"
    free = replace(result, limit=float("nan"), reason="Adam rescales")
    plot = made("sharpness", qtbot, changed(given, "sharpness", result=free))
    assert any(note.text == "no limit" for note in plot.legend.notes)
    assert plot.table().columns["limit"] == [None]


def taken(given: View) -> View:
    """What is shown when the record has taken in the frame."""
    given.record.add(given.frame)
    return given


def test_the_gauge_remembers_its_past_until_the_run_ends(qtbot: QtBot) -> None:
    given = view(4)
    plot = made("sharpness", qtbot, taken(given))
    for step in (50, 50, 60):
        plot.refresh(taken(changed(given, "sharpness", step=step)))
    assert plot.table().columns["step"] == [40, 50, 60]
    assert made("sharpness", qtbot, given).table().columns["step"] == [40, 50, 60], "whoever comes later knows it too"
    plot.refresh(taken(view(4, 20, run=2)))
    assert plot.table().columns["step"] == [20]


def test_pointing_at_a_layer_asks_for_its_weights(qtbot: QtBot) -> None:
    plot = made("jacobian", qtbot, view(4))
    assert isinstance(plot, JacobianPlot)
    plot.highlight(2)
    plot.highlight(-1)
    assert plot.observations == (JacobianObservation(layer=2),)
    plot.start(view(2, run=2).frame.info)
    assert plot.observations == (JacobianObservation(layer=1),), "the last one that is left"


# -- in the window -----------------------------------------------------------------------------------------------


@pytest.fixture
def window(open_on: OpenOn) -> MainWindow:
    return open_on(Experiment.from_builtins(PLAIN))


def stands_at(window: MainWindow, key: str) -> int:
    state = window.plot_area.plot(key).state
    return -1 if state is None else int(state.step)


@pytest.mark.parametrize("key", thinned([key for key in KEYS if key != "input_gradient_picture"]))
def test_a_plot_that_is_seen_follows_the_run(key: str, qtbot: QtBot, window: MainWindow) -> None:
    wanted = set(plot_class(key).observations)
    assert not wanted & set(window.plot_area.feed.observations())
    window.plot_area.toggle_plot(key)
    assert wanted <= set(window.plot_area.feed.observations())
    qtbot.waitUntil(lambda: stands_at(window, key) == 0)
    window.bench.play(30)
    qtbot.waitUntil(lambda: stands_at(window, key) == 30)
    window.plot_area.plot(key).set_paused(True)
    assert not wanted & set(window.plot_area.feed.observations())


def test_a_changed_rate_changes_the_gauge_without_a_step(qtbot: QtBot, window: MainWindow) -> None:
    window.plot_area.toggle_plot("sharpness")
    plot = window.plot_area.plot("sharpness")
    qtbot.waitUntil(lambda: plot.state is not None)
    plain = window.document.experiment.to_builtins()
    plain["optimizer"]["learning_rate"] = 0.05
    window.document.propose(plain, "Rate")
    qtbot.waitUntil(lambda: plot.state is not None and plot.state.sharpness.rate == 0.05)
    assert stands_at(window, "sharpness") == 0


def test_a_still_bench_asks_nothing_more(qtbot: QtBot, window: MainWindow) -> None:
    window.plot_area.toggle_plot("effective_rank")
    qtbot.waitUntil(lambda: stands_at(window, "effective_rank") == 0 and SETTLED_MS in ticking(window.bench))
    views: list[object] = []
    window.bench.updated.connect(lambda *given: views.append(given))
    qtbot.wait(300)
    assert views == []
