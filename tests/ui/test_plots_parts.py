from __future__ import annotations

import math

import numpy as np
import pytest
from PySide6.QtWidgets import QApplication

from simulator.arrays.histograms import Histograms
from simulator.layers.info import LayerInfo
from simulator.record.history import History, Rows, Series
from ui.chart.axes import DepthAxis, ShareAxis, StepAxis, ValueAxis
from ui.chart.buckets import GrowingBuckets, envelope, reduced
from ui.chart.colour_tables import FIRST, LAST, LOST, NOTHING, ZERO, indexed
from ui.chart.decades import extent, log10, placed
from ui.chart.marks import FLOOR, ROUND
from ui.chart.marks import LOST as DOT_LOST
from ui.chart.polygons import pieces
from ui.chart.ranges import StepRange, StepsRange, nice_ceiling, nice_step
from ui.chart.ridges import resampled, tail_notes, zero_text
from ui.chart.table import Table, stacked
from ui.chart.view import layer_name
from ui.plots.boundary import probabilities
from ui.style.theme import LIGHT


def test_a_range_widens_at_once_and_narrows_late() -> None:
    scale = StepRange(log=True, patience=5)
    assert scale.fit(-2.5, -0.5) == (-3, 0)
    assert scale.fit(-6.2, -0.5) == (-7, 0)
    for _ in range(4):
        assert scale.fit(-2.5, -0.5) == (-7, 0)
    assert scale.fit(-2.5, -0.5) == (-3, 0)


def test_a_range_holds_still_for_small_changes() -> None:
    scale = StepRange()
    first = scale.fit(0.1, 0.93)
    assert scale.fit(0.2, 0.99) == first == (0.0, 1.0)


def test_a_range_ignores_what_is_not_finite() -> None:
    scale = StepRange(always=(0.0, 1.0))
    assert scale.fit(math.nan, math.nan) == (0.0, 1.0)
    assert StepRange().fit(2.0, 2.0)[0] < 2.0 < StepRange().fit(2.0, 2.0)[1]
    assert StepRange().fit(-1e308, 1e308) == (-8e307, 8e307)


@pytest.mark.parametrize("log", [False, True])
@pytest.mark.parametrize("always", [None, (0.0, 0.0), (2.0, 2.0), (-1.0, 3.0)])
def test_a_range_that_has_seen_nothing_has_an_extent(log: bool, always: tuple[float, float] | None) -> None:
    scale = StepRange(log=log, always=always)
    low, high = scale.fit(math.nan, math.nan)
    assert high - low >= 1
    assert always is None or low <= always[0] <= always[1] <= high


def test_the_name_of_a_short_axis_gives_way(qapp: QApplication) -> None:
    axis = ValueAxis("left", "layer, output ← input")
    axis.tint(LIGHT)
    for height, name in ((200, "layer, output ← input"), (60, "layer"), (10, ""), (200, "layer, output ← input")):
        axis.resize(56, height)
        assert axis.labelText == name
        assert axis.label.isVisible() == bool(name)


def test_a_loss_that_hardly_moves_has_ticks_that_differ(qapp: QApplication) -> None:
    axis = ValueAxis("left", "loss")
    for low, high in ((2.30251, 2.30259), (1e-4, 1.00001e-4), (3.0e7, 3.0001e7)):
        bottom, top = StepRange().fit(low, high)
        assert bottom <= low < high <= top
        ((spacing, values),) = axis.tickValues(bottom, top, 120)
        texts = axis.tickStrings(values, 1.0, spacing)
        assert len(set(texts)) == len(texts) > 1


def test_steps_grow_in_round_numbers() -> None:
    steps = StepsRange()
    assert steps.fit(3)[1] == 10
    assert steps.fit(11)[1] == 12
    assert steps.fit(1000)[1] == 1200
    assert steps.fit(5)[1] == 1200
    assert -60 < steps.fit(5)[0] < 0  # step 0 stands clear of the axis
    steps.reset()
    assert steps.fit(5)[1] == 10


@pytest.mark.parametrize(("value", "wanted"), [(1.0, 1.0), (1.01, 1.2), (87, 100), (0.0031, 0.004)])
def test_nice_ceilings(value: float, wanted: float) -> None:
    assert nice_ceiling(value) == pytest.approx(wanted)


def test_nice_steps() -> None:
    assert [nice_step(10, 5), nice_step(1, 3), nice_step(0.07, 7)] == pytest.approx([2, 0.5, 0.01])


def test_log_places_zeros_at_the_floor_and_lost_ones_nowhere() -> None:
    logs = log10(np.array([1.0, 0.0, 1e-9, np.nan, np.inf, -100.0]))
    heights, kinds = placed(logs, -4.0)
    assert kinds.tolist() == [ROUND, FLOOR, FLOOR, DOT_LOST, DOT_LOST, ROUND]
    assert heights[:3].tolist() == [0.0, -4.0, -4.0]
    assert np.isnan(heights[3:5]).all()
    assert heights[5] == 2.0


def test_the_extent_spans_at_most_forty_decades() -> None:
    assert extent([np.array([-300.0, 0.0, -np.inf, np.nan])]) == (-40.0, 0.0)
    assert all(math.isnan(v) for v in extent([np.array([np.nan, -np.inf])]))


def test_axes_write_decades_shares_and_steps(qapp: QApplication) -> None:
    log = ValueAxis("left", log=True)
    assert log.tickStrings([-12.0, 0.0], 1, 1) == ["10⁻¹²", "10⁰"]
    assert log.tickStrings([-1.0, math.log10(0.2), math.log10(0.5), 0.0], 1, 1) == ["0.1", "0.2", "0.5", "1"]
    assert log.tickStrings([-6.0, math.log10(2e-6)], 1, 1) == ["10⁻⁶", "2·10⁻⁶"]
    assert ValueAxis("left").tickStrings([-0.5, 0.0, 0.5], 1, 0.5) == ["−0.5", "0.0", "0.5"]
    assert ValueAxis("left").tickStrings([0.0, 2e-5], 1, 2e-5) == ["0", "2·10⁻⁵"]
    assert ShareAxis("left").tickStrings([0.5], 1, 0.5) == ["50\u202f%"]
    assert StepAxis("bottom").tickStrings([12000.0], 1, 1) == ["12\u202f000"]


@pytest.mark.parametrize("count", [1, 2, 12, 60, 200])
@pytest.mark.parametrize("size", [60.0, 300.0, 900.0])
def test_the_depth_axis_names_the_first_and_last_layer(count: int, size: float, qapp: QApplication) -> None:
    axis = DepthAxis("bottom")
    axis.name_layers(tuple(str(i + 1) for i in range(count)))
    places = axis.tickValues(-0.5, count - 0.5, size)[0][1]
    assert places[0] == 0
    assert places[-1] == count - 1
    assert len(places) <= max(2, size / 8)
    assert axis.tickValues(count - 0.5, -0.5, size)[0][1] == places


def test_an_axis_without_extent_has_no_ticks(qapp: QApplication) -> None:
    assert ValueAxis("left").tickValues(1.0, 1.0, 100) == []
    assert ValueAxis("left").tickValues(0.0, math.inf, 100) == []


def series(values: list[float]) -> Series:
    array = np.array(values)
    return Series(np.arange(len(values), dtype=float), array, array, array, 1)


def test_reduction_keeps_extremes_and_last_values() -> None:
    past = reduced(series([1, 9, 2, 3, 4, -5, 6]), 4, 6)
    assert past.steps.tolist() == [0, 2, 4, 6]
    assert past.low.tolist() == [1, 2, -5, 6]
    assert past.high.tolist() == [9, 3, 4, 6]
    assert past.last.tolist() == [9, 3, -5, 6]
    assert past.middles.tolist() == [0.5, 2.5, 4.5, 6.0]
    assert [past.bucket(s) for s in (0, 1.4, 5, 99)] == [0, 0, 2, 3]


def test_the_envelope_touches_both_extremes() -> None:
    x, y = envelope(np.array([0.0, 1.0, 2.0]), np.array([1.0, 2.0, 3.0]), np.array([4.0, 5.0, 6.0]))
    assert x.tolist() == [0, 0, 1, 1, 2, 2]
    assert y.tolist() == [1, 4, 5, 2, 3, 6]


def test_curves_are_cut_at_gaps() -> None:
    cut = pieces(np.arange(6.0), np.array([0.0, 1.0, np.nan, 3.0, np.inf, 5.0]))
    assert [piece.size() for piece in cut] == [2, 1, 1]
    assert pieces(np.arange(2.0), np.full(2, np.nan)) == []


def test_colours_tell_nothing_zero_and_lost_apart() -> None:
    values = np.array([[np.nan, -np.inf, np.inf, 0.0, 1.0, 9.0, -9.0]])
    assert indexed(values, 0.0, 1.0).tolist() == [[NOTHING, ZERO, LOST, FIRST, LAST, LAST, FIRST]]


def test_resampling_keeps_where_the_mass_is() -> None:
    edges = np.array([[-1.0, 0.0, 1.0], [0.0, 2.0, 4.0]])
    shares = resampled(edges, np.array([[1, 3], [5, 0]]), -4.0, 4.0, 8)
    assert shares[0].tolist() == pytest.approx([0, 0, 0, 1 / 3, 1, 0, 0, 0])
    assert shares[1].tolist() == pytest.approx([0, 0, 0, 0, 1, 1, 0, 0])


def test_probabilities_add_up() -> None:
    one = np.array([[[0.25, 1.0]]])
    assert probabilities(one)[:, 0].tolist() == [[0.75, 0.0], [0.25, 1.0]]
    scores = np.array([[[3.0]], [[-2.0]], [[0.5]]])
    assert probabilities(scores).sum() == pytest.approx(1.0)
    shares = np.array([[[0.2]], [[0.8]]])
    assert probabilities(shares) is shares


def test_stacked_tables_keep_rows_apart() -> None:
    both = stacked({"now": Table({"a": [1, 2]}), "pinned": Table({"a": [3], "b": [4]})})
    assert both.columns == {"state": ["now", "now", "pinned"], "a": [1, 2, 3], "b": [None, None, 4]}


@pytest.mark.parametrize("top", [0.35, 0.9, 1.0, 1.7, 4.2])
def test_a_low_axis_has_two_numbers_where_there_is_room_for_them(top: float) -> None:
    """At the usual distance there may be one number, and one is no scale."""
    axis = ValueAxis("left")
    ((_, values),) = axis.tickValues(-top, top, 80)
    assert len(values) >= 2
    ((_, few),) = axis.tickValues(-top, top, 12)
    assert len(few) <= 2


def test_layers_and_activations_are_called_in_plots_as_in_forms() -> None:
    assert layer_name(LayerInfo("3", "", "lstm", "tanh", 8, 2)) == "LSTM 3 · 8 tanh"
    assert layer_name(LayerInfo("1", "", "dense", "relu", 100, 0)) == "dense 1 · 100 ReLU"
    assert layer_name(LayerInfo("4", "", "pooling", "", 16, 3)) == "pooling 4 · 16"
    assert layer_name(LayerInfo("5", "", "output", "softmax", 10, -1)) == "output 5 · 10 softmax"


@pytest.mark.parametrize("size", [12.0, 18.0, 31.0, 60.0, 200.0])
@pytest.mark.parametrize("axis", [ShareAxis, ValueAxis], ids=lambda axis: axis.__name__)
def test_an_axis_of_values_always_has_ticks(axis: type[ValueAxis], size: float) -> None:
    made, rng = axis("left"), np.random.default_rng(0)
    for low, span in zip(rng.uniform(0, 1, 200), 10.0 ** rng.uniform(-4, 0, 200), strict=True):
        ((spacing, values),) = made.tickValues(low, low + span, size)
        assert 1 <= len(values) <= size / 10 + 1
        assert all(low - 1e-9 <= value <= low + span + 1e-9 for value in values)
        texts = made.tickStrings(values, 1.0, spacing)
        assert len(set(texts)) == len(texts)


@pytest.mark.parametrize("size", [17.5, 31.0, 60.0, 200.0])
def test_an_accuracy_axis_has_its_ends_wherever_there_is_room_for_both(size: float) -> None:
    axis = ShareAxis("left")
    ((spacing, values),) = axis.tickValues(-0.02, 1.02, size)
    texts = axis.tickStrings(values, 1.0, spacing)
    assert (texts[0], texts[-1]) == ("0\u202f%", "100\u202f%")


def test_a_layer_is_exactly_0_only_where_all_of_it_is() -> None:
    """Rows: all 0; 0 but for NaN; 0 but for ∞; a value among zeros; nothing at all."""
    zeros, one, none = np.array([4, 3, 3, 3, 0]), np.array([0, 0, 0, 1, 0]), np.zeros(5, np.int64)
    edges = np.tile([-1.0, 0.5, 1.0], (5, 1))
    nan, infinite = np.array([0, 1, 0, 0, 0]), np.array([0, 0, 1, 0, 0])
    found = Histograms(np.stack((zeros, one), axis=1), edges, nan, infinite, none, zeros)
    notes = [note.text for note in tail_notes(found, list("12345"))]
    assert notes == ["1 layer exactly 0", "not finite in layers 2, 3"]
    assert [zero_text(found, row) for row in range(5)] == ["exactly 0", "", "", "0: 75\u202f%", ""]


@pytest.mark.parametrize("most", [3, 96, 5000])
@pytest.mark.parametrize("capacity", [8, 64])
@pytest.mark.parametrize("name", ["loss", "norm"])
def test_a_past_that_grows_is_reduced_as_if_it_were_read_whole(name: str, capacity: int, most: int) -> None:
    rng, columns = np.random.default_rng(1), ("loss", *(f"norm:{layer}" for layer in range(3)))
    history, growing = History(columns, capacity, start=3), GrowingBuckets()
    for look in range(80):
        if look == 40:
            history = history.until(history.start + history.steps - 5)
        values = rng.normal(size=(int(rng.integers(0, 40)), 4))
        values[rng.random(values.shape) < 0.05] = np.nan
        provisional = rng.normal(size=4) if look % 3 else None
        history.extend(Rows(history.start + history.steps, columns, values, provisional))
        if history.end >= history.start:
            found, whole = growing.reduced(history, name, most), reduced(history.series(name), most, history.end)
            for part in ("steps", "low", "high", "last", "begins", "middles", "known"):
                np.testing.assert_array_equal(getattr(found, part), getattr(whole, part))
            assert (found.width, found.end) == (whole.width, whole.end)
            assert growing.whole <= len(whole.steps)
    assert growing.whole
