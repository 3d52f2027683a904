"""Every plot draws whatever a float64 may be, or says in words why it does not."""

from __future__ import annotations

import functools
import math
import statistics
import warnings
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given as given_by
from hypothesis import settings
from hypothesis import strategies as some
from msgspec import structs
from PySide6.QtCore import QRect, QRectF
from PySide6.QtGui import QFontMetricsF, QImage, QPainter
from pytestqt.qtbot import QtBot

from simulator.observations.order_chaos import OrderChaosObservation
from simulator.record.history import History, Rows
from simulator.record.record import Record
from tests.thinned import thinned
from tests.ui.plot_data import EXTREMES, KINDS, history, recorded, view, with_results
from tests.ui.told import read_out
from ui.chart.axes import TEXT_PIXELS, Axis, StepAxis, plot_font
from ui.chart.canvas import Pane
from ui.chart.colour_bar import ColourBar
from ui.chart.edges import reach_of
from ui.chart.ranges import MOST
from ui.export import PictureSettings, export_plot
from ui.plots import Plot, View, all_plots, plot_class
from ui.style.numbers import percent


def named(value: object) -> str:
    return value.key if isinstance(value, type) and issubclass(value, Plot) else str(value)


DEPTH = 6


@functools.cache
def given(kind: str) -> View:
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        # What is made up may overflow, what is drawn may not.
        warnings.simplefilter("ignore")
        return view(DEPTH, kind=kind)


def shown(plot: type[Plot[Any]], kind: str, qtbot: QtBot) -> Plot[Any]:
    made = plot()
    qtbot.addWidget(made)
    made.resize(460, 300)
    made.start(given(kind).frame.info)
    made.refresh(given(kind))
    return made


def with_a_new_layer() -> View:
    """At the very step in which layer 2 came: in a place of the past that holds steps of before alone."""
    steps, whole = 11, view(DEPTH, 11)
    columns, before = whole.history.columns, history(DEPTH - 1, steps - 1, capacity=8)
    sources = [_source(column) for column in columns]
    past = before.handed_on(columns, sources)
    past.extend(Rows(steps, columns, np.empty((0, len(columns))), np.ones(len(columns))))
    return View(whole.frame, recorded(past, whole.record.first, *whole.record.pasts.values()))


def _source(column: str) -> str:
    name, _, layer = column.partition(":")
    return column if layer in {"", "0"} else "" if layer == "1" else f"{name}:{int(layer) - 1}"


@pytest.mark.parametrize("plot", all_plots(), ids=named)
def test_a_layer_that_has_just_come_is_not_told_to_be_not_finite(plot: type[Plot[Any]], qtbot: QtBot) -> None:
    made, given = plot(), with_a_new_layer()
    qtbot.addWidget(made)
    made.resize(460, 300)
    made.start(given.frame.info)
    made.refresh(given)
    said = [*(key.text for key in made.legend.keys), *(note.text for note in made.legend.notes)]
    assert not [text for text in said if "NaN" in text or "finite" in text]


@pytest.mark.parametrize("plot", [plot for plot in all_plots() if plot.overlays], ids=named)
def test_what_is_wrong_in_a_network_beside_the_run_is_said_with_its_name(plot: type[Plot[Any]], qtbot: QtBot) -> None:
    alone, made = shown(plot, "nan", qtbot), plot()
    qtbot.addWidget(made)
    made.resize(460, 300)
    made.start(given("random").frame.info)
    made.refresh(replace(given("random"), lanes={"B": given("nan")}))
    wrong = [f"B: {note.text}" for note in alone.legend.notes if note.warning]
    assert [note.text for note in made.legend.notes if note.warning] == wrong


def panes_of(plot: Plot[Any]) -> list[QImage]:
    """Pictures of the panes."""
    whole = plot.canvas.grab().toImage()
    rects = [plot.canvas.mapFromScene(pane.sceneBoundingRect()).boundingRect() for pane in plot.canvas.panes]
    return [whole.copy(rect.intersected(QRect(0, 0, whole.width(), whole.height()))) for rect in rects]


def tick_boxes(axis: Axis) -> list[QRectF]:
    """Where the axis writes its numbers."""
    paper = QImage(10, 10, QImage.Format.Format_RGB32)
    painter = QPainter(paper)
    try:
        specs = axis.generateDrawSpecs(painter)
    finally:
        painter.end()
    return [] if specs is None else [box for box, _, text in specs[2] if text]


@pytest.mark.parametrize(("plot", "kind"), thinned(all_plots(), [*EXTREMES, *KINDS], share=5, name=named))
def test_something_is_drawn_or_a_sentence_says_why_not_and_axes_are_readable(
    plot: type[Plot[Any]], kind: str, qtbot: QtBot
) -> None:
    made = shown(plot, kind, qtbot)
    said = [note.text for note in made.legend.notes if not note.text.startswith("as of")]
    before = panes_of(made)
    for axis in made.canvas.axes:
        if axis.isVisible() and axis.style["showValues"]:
            boxes = tick_boxes(axis)
            assert axis.orientation != "left" or all(box.left() >= 0 for box in boxes), f"{axis.text}: cut"
            if axis.label.isVisible():
                boxes.append(axis.label.mapRectToParent(axis.label.boundingRect()).adjusted(3, 3, -3, -3))
            assert not any(a.intersects(b) for i, a in enumerate(boxes) for b in boxes[:i]), f"{axis.text}: crowded"
    made.drawing.show(())
    assert panes_of(made) != before or said


@pytest.mark.parametrize(("plot", "kind"), thinned(all_plots(), EXTREMES, share=5, first=1, name=named))
def test_pointing_pinning_and_the_table_take_any_number(plot: type[Plot[Any]], kind: str, qtbot: QtBot) -> None:
    made = shown(plot, kind, qtbot)
    made.canvas.lay_out(460, 276)
    for pane in made.canvas.panes:
        box = pane.sceneBoundingRect()
        for place in (box.center(), (box.topLeft() + box.center()) / 2, (box.bottomRight() + box.center()) / 2):
            made.canvas.pointed.emit(place)
    made.pin()
    made.refresh(given("random"))
    made.canvas.grab()
    assert made.table().rows


@pytest.mark.parametrize(("plot", "ending"), thinned(all_plots(), ["png", "svg", "pdf"], name=named))
def test_every_picture_is_written(plot: type[Plot[Any]], ending: str, qtbot: QtBot, tmp_path: Path) -> None:
    made = shown(plot, "huge, NaN and infinite" if ending == "pdf" else "1e300", qtbot)
    written = export_plot(made, tmp_path / f"p.{ending}", PictureSettings(460, 300))
    assert written.stat().st_size > 500


def loss_view(losses: list[float]) -> View:
    usual = view(2, len(losses) - 1)
    columns = ("loss",)
    past = History(columns, 1024)
    past.extend(Rows(0, columns, np.array(losses)[:, np.newaxis]))
    scalars = {"loss": losses[-1]}
    return View(structs.replace(usual.frame, scalars=scalars), Record(past))


def loss_plot(losses: list[float], qtbot: QtBot) -> Plot[Any]:
    made = plot_class("loss")()
    qtbot.addWidget(made)
    made.resize(460, 300)
    made.refresh(loss_view(losses))
    return made


@pytest.mark.parametrize(("factor", "log"), [(0.9e4, False), (1.1e4, True), (1e300, True)])
def test_a_loss_far_above_its_median_makes_the_axis_logarithmic(factor: float, log: bool, qtbot: QtBot) -> None:
    made = loss_plot([*[2.0] * 30, 2.0 * factor, *[2.0] * 30], qtbot)
    assert made.options["log"] is log
    assert made.header is not None
    assert made.header.options["log"].isChecked() is log
    assert any("by itself" in note.text for note in made.legend.notes) is log


def test_a_loss_that_has_exploded_for_good_keeps_its_logarithmic_axis(qtbot: QtBot) -> None:
    assert loss_plot([*[2.0] * 30, *[1e15] * 300], qtbot).options["log"]


def test_a_choice_of_axis_by_hand_stays_and_what_stands_out_is_marked_at_the_edge(qtbot: QtBot) -> None:
    losses = [*[2.0] * 30, 1e15, *[2.0] * 30]
    made = loss_plot(losses, qtbot)
    assert made.header is not None
    made.header.options["log"].click()
    made.refresh(loss_view([*losses, 2.0]))
    assert not made.options["log"]
    assert made.canvas.panes[0].shown[1][1] <= 3
    assert made.twin(made.theme).options == made.options
    assert [note.text for note in made.legend.notes] == ["1 step beyond the axis, as far as 1·10¹⁵"]


def beside_one_that_explodes(others: list[float]) -> View:
    return replace(loss_view([2.0] * len(others)), lanes={"B": loss_view(others)})


EXPLODING = [*[2.0] * 3, 1e5, 1e15, *[np.nan] * 40]


def test_the_axis_is_logarithmic_where_the_loss_of_another_network_has_stood_out(qtbot: QtBot) -> None:
    made = loss_plot([2.0] * len(EXPLODING), qtbot)
    assert not made.options["log"]
    made.refresh(beside_one_that_explodes(EXPLODING))
    assert made.options["log"]
    assert made.lanes[0].plot.options["log"]
    assert [note.text for note in made.legend.notes] == [
        "log axis by itself: the loss spans decades",
        "B: loss not finite since step 5",
    ]


def test_on_a_linear_axis_by_hand_another_networks_explosion_stands_at_the_edge(qtbot: QtBot) -> None:
    made = loss_plot([2.0] * len(EXPLODING), qtbot)
    assert made.header is not None
    for _ in range(2):
        made.header.options["log"].click()
    made.refresh(beside_one_that_explodes([*EXPLODING[:5], *[2.0] * 40]))
    assert not made.options["log"]
    assert made.canvas.panes[0].shown[1][1] <= 3
    assert [note.text for note in made.legend.notes] == ["B: 2 steps beyond the axis, as far as 1·10¹⁵"]
    made.header.options["log"].click()
    assert made.lanes[0].plot.options["log"], "drawn on the run's axis before the next frame comes"


def test_a_new_run_begins_with_the_usual_axis(qtbot: QtBot) -> None:
    made = loss_plot([*[2.0] * 30, 1e15], qtbot)
    again = loss_view([2.0] * 5)
    made.start(structs.replace(again.frame.info, run=2))
    assert not made.options["log"]


def test_a_layer_far_beyond_the_others_stands_at_the_edge(qtbot: QtBot) -> None:
    usual = view(6)
    usual.frame.measures["activation_mean"][:] = (1, 2, 3, 4, 1e12, -1e13)
    usual.frame.measures["activation_std"][:] = 1.0
    made = plot_class("activation_profile")()
    qtbot.addWidget(made)
    made.refresh(usual)
    low, high = made.canvas.panes[0].shown[1]
    assert -10 < low < high < 10
    assert [note.text for note in made.legend.notes] == ["2 layers beyond the axis, as far as −1·10¹³"]
    assert made.table().columns["activation_mean"] == [1, 2, 3, 4, 1e12, -1e13]


@settings(max_examples=60, deadline=None)
@given_by(some.lists(some.floats(-1e308, 1e308).filter(lambda v: v == 0 or abs(v) > 1e-290), min_size=1, max_size=9))
def test_what_is_called_far_beyond_is_more_than_ten_thousand_medians(values: list[float]) -> None:
    series = np.array(values)
    wanted = statistics.median(sorted(Fraction(abs(v)) for v in values if v)) * 10**4 if any(values) else None
    reach = reach_of(series)
    if wanted is None or wanted > Fraction(MOST):
        assert reach == MOST
    else:
        assert abs(Fraction(reach) - wanted) <= wanted / 10**12


def test_weights_of_zero_have_no_ratio_which_is_said(qtbot: QtBot) -> None:
    usual = view(3)
    usual.frame.measures["weight_norm"][1] = 0.0
    usual.frame.defined["update_ratio"][1] = False
    made = plot_class("update_ratio")()
    qtbot.addWidget(made)
    made.refresh(usual)
    assert [note.text for note in made.legend.notes] == ["no ratio in layer 2: the weights are 0"]


@pytest.mark.parametrize("variance", [1e30, 500.0, math.inf, 2.0])
def test_the_map_of_order_and_chaos_shows_its_edge_wherever_the_network_stands(variance: float, qtbot: QtBot) -> None:
    usual = view(3)
    place = usual.frame.result(OrderChaosObservation())
    assert place is not None
    far = structs.replace(place, weight_variance=variance, chi=0.0 if variance == 2 else variance)
    made = plot_class("order_chaos")()
    qtbot.addWidget(made)
    made.resize(460, 300)
    made.refresh(View(with_results(usual.frame, {OrderChaosObservation(): far}), Record(usual.history)))
    right = made.canvas.panes[0].shown[0][1]
    assert right <= 10
    assert ["the network lies beyond the map"] * (variance > right) == [note.text for note in made.legend.notes]
    made.canvas.lay_out(460, 276)
    made.canvas.pointed.emit(made.canvas.panes[0].sceneBoundingRect().center())
    assert "σ_w²" in read_out(made).text()


def test_steps_are_whole_numbers_however_many(qtbot: QtBot) -> None:
    axis = StepAxis("bottom", "step")
    pane = Pane()
    axis.linkToView(pane)
    pane.fit((0.0, 4e10), (0.0, 1.0))
    (_, ticks), *_ = axis.tickValues(*axis.range, 400)
    assert axis.tickStrings(ticks, 1.0, ticks[1] - ticks[0])[:2] == ["0", "1·10¹⁰"]


def test_axes_one_above_the_other_stay_of_one_width(qtbot: QtBot) -> None:
    made = shown(plot_class("loss"), "1e15", qtbot)
    made.canvas.lay_out(460, 276)
    assert len({pane.sceneBoundingRect().left() for pane in made.canvas.panes}) == 1
    assert len({axis.width() for axis in made.canvas.axes if axis.orientation == "left"}) == 1


@pytest.mark.parametrize(("plot", "kind"), thinned(all_plots(), ["1e300", "1e-300"], share=2, name=named))
def test_colour_bars_have_room_for_their_numbers(plot: type[Plot[Any]], kind: str, qtbot: QtBot) -> None:
    made = shown(plot, kind, qtbot)
    made.canvas.lay_out(460, 276)
    width = QFontMetricsF(plot_font()).horizontalAdvance
    for bar in (item for item in made.canvas.scene().items() if isinstance(item, ColourBar)):
        assert 24 + max(width(text) for _, text in bar.ticks) <= bar.size().width() - TEXT_PIXELS - 3


@pytest.mark.parametrize("share", [1e300, 1.7e308, -1e5, 123.0])
def test_a_share_of_any_size_is_short_in_words(share: float) -> None:
    assert len(percent(share)) < 20


@pytest.mark.parametrize(
    ("plot", "kind"), thinned(all_plots(), ["the largest", "1e-300", "random"], first=1, name=named)
)
def test_a_hand_may_zoom_as_far_as_it_likes(plot: type[Plot[Any]], kind: str, qtbot: QtBot) -> None:
    made, factor = shown(plot, kind, qtbot), 1e-9 if kind == "1e-300" else 1e12
    made.canvas.grab()
    for pane in made.canvas.panes:
        before = pane.shown
        pane.scaleBy((factor, factor))
        made.canvas.grab()
        assert np.isfinite(pane.shown).all()
        pane.give_back()
        assert np.allclose(np.divide(pane.shown, before, where=np.array(before) != 0, out=np.ones((2, 2))), 1)
