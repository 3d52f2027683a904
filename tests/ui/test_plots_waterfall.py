"""The waterfall draws the trace: bars that meet, a line that ends where the deltas do."""

from __future__ import annotations

import math

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from simulator import Experiment, run
from simulator.arrays.trace import Gains
from simulator.observations.factors import FactorsObservation
from simulator.running.headless.result import RunResult
from tests.ui.real_runs import NETS, real
from tests.ui.told import drawn
from ui.chart.marks import LOST, Area, Bars, Dots
from ui.chart.view import View
from ui.plots.bounds import slack_text
from ui.plots.through_time import slope_text
from ui.plots.waterfall import MOST_BARS, Waterfall, WaterfallState, areas_of, bars_of, gain_text, state_of


@pytest.fixture(scope="module")
def result() -> RunResult:
    layer = {
        "kind": "dense",
        "units": 12,
        "repeat": 4,
        "activation": {"kind": "sigmoid"},
        "normalization": {"kind": "batch"},
    }
    return run(Experiment.from_builtins({"data": {"kind": "wine"}, "layers": [layer]}), steps=2)


def test_the_line_ends_at_the_ratio_of_the_deltas(result: RunResult) -> None:
    labels = [layer.label for layer in result.info.layers]
    state = state_of(2, labels, result.last.result(FactorsObservation()) or ())
    rms = result.last.measures["delta_rms"]
    sizes = np.sqrt([layer.units for layer in result.info.layers])
    expected = np.log10(rms[0] * sizes[0]) - np.log10(rms[-1] * sizes[-1])
    assert state.running[0] == pytest.approx(expected, abs=1e-5)
    assert state.running[-1] == 0


def test_each_bar_begins_where_the_one_before_ended(result: RunResult) -> None:
    labels = [layer.label for layer in result.info.layers]
    state = state_of(2, labels, result.last.result(FactorsObservation()) or ())
    bars = bars_of(state)
    for layer in range(state.depth - 1):
        here = sorted((rect for rect, _ in bars if round(rect.center().x()) == layer), key=lambda rect: -rect.left())
        level = state.running[layer + 1]
        for rect in here:
            ends = (rect.top(), rect.bottom())
            assert min(abs(level - end) for end in ends) < 1e-9
            level = ends[0] if abs(level - ends[1]) < 1e-9 else ends[1]
        assert level == pytest.approx(state.running[layer], abs=1e-9)


def test_the_table_has_what_is_drawn_in_full_precision(qtbot: QtBot, result: RunResult) -> None:
    plot = Waterfall()
    qtbot.addWidget(plot)
    plot.start(result.info)
    plot.refresh(View(result.last, result.record))
    table = plot.table()
    factors = result.last.result(FactorsObservation()) or ()
    gains = {(gain.layer, factor): value for gain in factors for factor, value in gain.factors.items()}
    drawn = zip(table.columns["layer"], table.columns["factor"], table.columns["log10_gain"], strict=True)
    assert {(layer, factor): value for layer, factor, value in drawn if factor} == gains


def test_a_lost_signal_is_counted_not_drawn(qtbot: QtBot) -> None:
    found = [
        Gains("2", {"weights": 0.5, "slope": -0.2}, 0.3),
        Gains("1", {"weights": -np.inf, "slope": np.nan}, -np.inf),
    ]
    state = state_of(0, ["1", "2", "3"], found)
    assert {round(rect.center().x()) for rect, _ in bars_of(state)} == {1}
    plot = Waterfall()
    qtbot.addWidget(plot)
    assert "exactly 0" in plot.notes(state)[0].text


def test_layers_that_are_not_a_number_or_get_nothing_are_marked_and_named(qtbot: QtBot) -> None:
    found = [Gains("4", {"weights": 0.1}, 0.1), Gains("3", {"weights": np.nan}, np.nan), Gains("2", {"weights": 1}, 1)]
    broken = state_of(0, ["1", "2", "3", "4", "5"], found)
    assert broken.lost.tolist() == [False, True, True, False, False]
    assert np.isnan(broken.running).tolist() == [True, True, True, False, False]
    none = state_of(0, ["1", "2", "3"], [Gains("2", {"slope": -np.inf}, -np.inf), Gains("1", {}, np.nan)])
    assert none.running.tolist() == [-np.inf, -np.inf, 0.0]
    plot = Waterfall()
    qtbot.addWidget(plot)
    assert [note.text for note in plot.notes(broken)] == ["NaN in layers 2, 3"]
    assert [note.text for note in plot.notes(none)] == ["exactly 0 in layers 1, 2"]
    plot.show_state(broken)
    assert drawn(plot, Dots).kinds.tolist() == [LOST, LOST]
    table = plot.table().columns["log10_gain"]
    assert [value for value in table if value != value]
    assert np.inf not in table


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_is_not_counted_in_decades(value: float) -> None:
    for told in (gain_text(value), slack_text(value, 2), slope_text(np.array([value, value]))):
        assert told
        assert "decades" not in told


@pytest.mark.parametrize("net", NETS)
def test_the_sums_of_the_factors_add_up_to_the_line(qtbot: QtBot, net: str) -> None:
    plot = Waterfall()
    qtbot.addWidget(plot)
    plot.refresh(real(net))
    state = plot.state
    assert isinstance(state, WaterfallState)
    known = np.isfinite(state.running)
    np.testing.assert_allclose(state.sums[:, known].sum(axis=0), state.running[known], atol=1e-9)
    areas = areas_of(state)
    above = sum((np.maximum(high, 0) - np.maximum(low, 0) for low, high in areas), np.zeros(state.depth))
    below = sum((np.minimum(high, 0) - np.minimum(low, 0) for low, high in areas), np.zeros(state.depth))
    np.testing.assert_allclose((above - below)[known], state.running[known], atol=1e-9)


def test_many_layers_have_areas_for_bars(qtbot: QtBot) -> None:
    for net, layers in (("deep", 50), ("residual", 8)):
        plot = Waterfall()
        qtbot.addWidget(plot)
        plot.refresh(real(net))
        assert plot.state is not None
        assert plot.state.depth == layers
        many = layers > MOST_BARS
        assert bool(plot.drawing.marks_of(Area)) is many
        assert bool(plot.drawing.marks_of(Bars)) is not many
        probe = plot.probe(plot.state, 0, 1.0, 0.0)
        assert probe is not None
        assert ("summed from the output" in probe.text) is many


def test_areas_end_where_the_signal_is_lost() -> None:
    found = [Gains("2", {"weights": 0.5, "slope": -0.2}, 0.3), Gains("1", {"weights": -np.inf}, -np.inf)]
    state = state_of(0, ["1", "2", "3"], found)
    assert np.isnan(state.sums[:, 0]).all()
    assert state.sums[:, 1].sum() == pytest.approx(0.3)
