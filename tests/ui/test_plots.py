from __future__ import annotations

import gc
import itertools
import math
import sys
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from msgspec import structs
from PySide6.QtCore import QPointF, Qt
from PySide6.QtWidgets import QLabel, QToolButton
from pytestqt.qtbot import QtBot

from simulator.observations.registry import observations
from simulator.record.record import Record
from tests.thinned import thinned
from tests.ui.pixels import colours
from tests.ui.plot_data import KINDS, frame, history, run_info, view
from tests.ui.told import empty_note, read_out
from ui.app import create_app
from ui.chart.explanation import Explanation
from ui.plots import Plot, View, all_plots, plot_class
from ui.style.numbers import number
from ui.style.restyle import set_theme

KEYS = [plot.key for plot in all_plots()]
keys = pytest.mark.parametrize("key", KEYS)
WITHOUT_LAYERS = (
    "loss", "boundary", "order_chaos", "sharpness", "gradient_noise", "input_gradient", "input_gradient_picture",
    "output_errors",
)  # fmt: skip
PINNED = [plot.key for plot in all_plots() if plot.key not in WITHOUT_LAYERS]


def make(key: str, qtbot: QtBot, **kwargs: Any) -> Plot[Any]:
    plot = plot_class(key)(**kwargs)
    qtbot.addWidget(plot)
    plot.resize(420, 280)
    return plot


def shown(key: str, qtbot: QtBot, depth: int = 6, kind: str = "random") -> Plot[Any]:
    plot = make(key, qtbot)
    given = view(depth, kind=kind)
    plot.start(given.frame.info)
    plot.refresh(given)
    return plot


def colours_in(plot: Plot[Any]) -> int:
    return colours(plot.grab().toImage(), below=26)


def test_the_registry_has_the_plots_of_the_bench() -> None:
    found = [plot.key for plot in all_plots()]
    assert len(set(found)) == len(found) >= 12
    assert [plot.key for plot in all_plots() if plot.default] == [
        "activation_ridges", "gradient_depth", "activation_profile", "gradient_time", "loss", "gradient_image",
    ]  # fmt: skip
    with pytest.raises(KeyError, match="nosuch"):
        plot_class("nosuch")


@pytest.mark.parametrize("plot", all_plots(), ids=lambda p: p.key)
def test_every_plot_explains_itself(plot: type[Plot[Any]]) -> None:
    assert plot.title
    assert plot.formula
    assert plot.side in ("forward", "backward", "training")
    assert plot.explain.count(". ") >= 1
    assert plot.explain.endswith(".")
    assert {type(each) for each in plot.observations} <= set(observations())


@pytest.mark.parametrize(("key", "kind", "depth"), thinned(KEYS, KINDS, [1, 6]))
def test_every_plot_draws_every_frame(key: str, kind: str, depth: int, qtbot: QtBot) -> None:
    plot = shown(key, qtbot, depth, kind)
    assert plot.state is not None
    assert colours_in(plot) > 3
    assert plot.table().rows > 0
    if kind == "nan":
        assert all(high - low > 1e-3 for pane in plot.canvas.panes for low, high in pane.shown)


@keys
def test_every_plot_draws_sixty_layers(key: str, qtbot: QtBot) -> None:
    plot = shown(key, qtbot, 60)
    assert colours_in(plot) > 3


@keys
def test_an_empty_plot_says_what_would_fill_it(key: str, qtbot: QtBot) -> None:
    plot = make(key, qtbot)
    assert empty_note(plot).text() == plot.empty_text
    assert not empty_note(plot).isHidden()
    assert plot.table().rows == 0
    plot.refresh(view(3))
    assert empty_note(plot).isHidden()


def test_data_without_a_plane_empties_the_boundary(qtbot: QtBot) -> None:
    plot = shown("boundary", qtbot)
    other = view(4, run=2, plane=False)
    plot.start(other.frame.info)
    plot.refresh(other)
    assert plot.state is None
    assert not empty_note(plot).isHidden()


@keys
def test_tables_have_columns_of_one_length(key: str, qtbot: QtBot) -> None:
    plot = shown(key, qtbot)
    for pinned in (False, True):
        if pinned:
            plot.pin()
        lengths = {len(column) for column in plot.table().columns.values()}
        assert lengths == {plot.table().rows}


@pytest.mark.parametrize(
    ("key", "measure"),
    [
        ("gradient_depth", "weight_gradient_norm"), ("activation_profile", "activation_mean"),
        ("activation_profile", "activation_std"), ("saturation", "activation_saturated"),
        ("update_ratio", "update_ratio"), ("weights", "weight_norm"),
    ],
)  # fmt: skip
def test_depth_tables_carry_the_measures(key: str, measure: str, qtbot: QtBot) -> None:
    plot = make(key, qtbot)
    given = view(5)
    plot.refresh(given)
    assert plot.table().columns[measure] == given.frame.measures[measure].tolist()
    assert plot.table().columns["layer"] == ["1", "2", "3", "4", "5"]


def test_what_is_not_defined_is_no_number_in_the_table(qtbot: QtBot) -> None:
    dead = shown("saturation", qtbot, 4).table().columns["activation_dead"]
    assert dead[-1] is None
    assert all(isinstance(value, float) for value in dead[:-1])


def test_depth_plots_remember_step_0(qtbot: QtBot) -> None:
    given = view(5)
    plot = make("gradient_depth", qtbot)
    plot.refresh(given)
    assert given.first is not None
    wanted = given.first.measures["weight_gradient_norm"].tolist()
    assert plot.table().columns["weight_gradient_norm_step_0"] == wanted


def test_histogram_tables_carry_every_bin_and_tail(qtbot: QtBot) -> None:
    plot = make("activation_ridges", qtbot)
    given = view(3, kind="nan")
    plot.refresh(given)
    table = plot.table().columns
    assert table["nan"] == [400] * (3 * 64)
    plot = shown("gradient_histograms", qtbot, 3)
    assert sum(int(c) for c in plot.table().columns["count"] if c is not None) == 3 * 400


def test_time_plots_draw_the_history(qtbot: QtBot) -> None:
    plot = shown("gradient_time", qtbot, 3)
    table = plot.table().columns
    assert table["first_step"] == list(range(41))
    assert table["3_last"] == pytest.approx([3 * 10 ** (-s / 40) for s in range(41)])


def test_a_spike_of_one_step_stays_visible(qtbot: QtBot) -> None:
    long = history(2, 5000, capacity=256)
    long.extend(_rows(long, 5001, 1e6))
    long.extend(_rows(long, 5002, 1.0))
    plot = make("gradient_time", qtbot)
    plot.refresh(View(frame(2, 5002), Record(long)))
    highest = max(float(v) for v in plot.table().columns["1_high"] if v is not None)
    assert highest == 1e6
    assert plot.canvas.panes[0].viewRange()[1][1] >= 6


def _rows(past: Any, step: int, value: float) -> Any:
    from simulator.record.history import Rows

    return Rows(step, past.columns, np.full((1, len(past.columns)), value))


@pytest.mark.parametrize("key", ["gradient_depth", "gradient_time", "gradient_image", "update_ratio", "weights"])
def test_zeros_and_lost_layers_are_counted_in_words(key: str, qtbot: QtBot) -> None:
    assert any("exactly 0" in note.text for note in shown(key, qtbot, 4, "zero").legend.notes)
    lost = shown(key, qtbot, 4, "nan").legend.notes
    assert any(note.text == "NaN since step 0 in every layer" and note.warning for note in lost)


@pytest.mark.parametrize("key", ["activation_ridges", "activation_image", "gradient_histograms"])
def test_tails_of_histograms_are_counted_in_words(key: str, qtbot: QtBot) -> None:
    assert any("3 layers exactly 0" in note.text for note in shown(key, qtbot, 3, "zero").legend.notes)
    assert any("not finite in every layer" in note.text for note in shown(key, qtbot, 3, "inf").legend.notes)


def test_a_loss_that_is_lost_is_said(qtbot: QtBot) -> None:
    assert [note.text for note in shown("loss", qtbot, 2, "nan").legend.notes] == ["loss not finite since step 0"]


def test_very_small_values_stand_at_the_floor_and_are_counted(qtbot: QtBot) -> None:
    given = view(3)
    given.frame.measures["weight_gradient_norm"][:] = (1e-300, 1.0, 2.0)
    plot = make("gradient_depth", qtbot)
    plot.refresh(View(given.frame, Record(given.history)))
    assert [note.text for note in plot.legend.notes] == ["1 layer below the axis"]
    assert plot.table().columns["weight_gradient_norm"][0] == 1e-300


@pytest.mark.parametrize("key", PINNED)
def test_pointing_reads_the_layer_and_tells_the_others(key: str, qtbot: QtBot) -> None:
    plot = shown(key, qtbot)
    plot.grab()
    heard: list[int] = []
    plot.layer_hovered.connect(heard.append)
    at = plot.canvas.panes[0].sceneBoundingRect().center()
    plot.canvas.pointed.emit(at)
    assert len(heard) == 1
    assert plot.drawing.palette.highlighted == heard[0] >= 0
    assert f"dense {heard[0] + 1}" in read_out(plot).text() or "output" in read_out(plot).text()
    plot.canvas.left.emit()
    assert heard[1:] == [-1]
    assert plot.drawing.palette.highlighted == -1
    assert read_out(plot).isHidden()


@pytest.mark.parametrize("key", ["loss", "boundary", "sharpness", "gradient_noise"])
def test_pointing_reads_values_where_there_are_no_layers(key: str, qtbot: QtBot) -> None:
    plot = shown(key, qtbot)
    plot.grab()
    plot.canvas.pointed.emit(plot.canvas.panes[0].sceneBoundingRect().center())
    assert "\n" in read_out(plot).text()
    plot.canvas.pointed.emit(QPointF(-5, -5))
    assert read_out(plot).isHidden()


def test_a_read_out_gives_the_exact_value(qtbot: QtBot) -> None:
    given = view(3)
    given.frame.measures["weight_gradient_norm"][1] = 3.14e-7
    plot = make("gradient_depth", qtbot)
    plot.refresh(given)
    probe = plot.probe(plot.state, 0, 1.2, 0.0)
    assert probe is not None
    assert probe.layer == 1
    assert "3.14·10⁻⁷" in probe.text


LOOKING = ("feature_maps", "kernels", "jacobian", "activation_function", "unit_microscope")


@pytest.mark.parametrize("key", [key for key in PINNED if key not in LOOKING])
def test_a_highlight_changes_the_picture_and_goes_away(key: str, qtbot: QtBot) -> None:
    plot = shown(key, qtbot)
    before = plot.grab().toImage()
    plot.highlight(2)
    assert plot.grab().toImage() != before
    plot.highlight(99)
    assert plot.drawing.palette.highlighted == -1
    assert plot.grab().toImage() == before


@keys
def test_a_ghost_is_drawn_and_survives_a_restart_of_the_same_depth(key: str, qtbot: QtBot) -> None:
    plot = shown(key, qtbot)
    plot.pin()
    assert plot.pinned
    assert plot.header is not None
    assert plot.header.pin.isChecked()
    again = view(6, 20, run=2)
    plot.start(again.frame.info)
    plot.refresh(again)
    assert plot.pinned
    with_ghost = plot.grab().toImage()
    assert set(plot.table().columns["state"]) == {"now", "pinned"}
    plot.unpin()
    assert plot.grab().toImage() != with_ghost
    assert "state" not in plot.table().columns


@pytest.mark.parametrize("key", PINNED)
def test_a_ghost_of_another_depth_is_let_go(key: str, qtbot: QtBot) -> None:
    plot = shown(key, qtbot)
    plot.pin()
    other = view(4, run=2)
    plot.start(other.frame.info)
    plot.refresh(other)
    assert not plot.pinned
    assert colours_in(plot) > 3


def test_pinning_nothing_leaves_the_button_up(qtbot: QtBot) -> None:
    plot = make("loss", qtbot)
    assert plot.header is not None
    plot.header.pin.click()
    assert not plot.pinned
    assert not plot.header.pin.isChecked()


@keys
def test_a_paused_plot_keeps_its_state(key: str, qtbot: QtBot) -> None:
    plot = shown(key, qtbot)
    before = plot.state
    plot.set_paused(True)
    later = view(3, 60, run=2)
    plot.start(later.frame.info)
    plot.refresh(later)
    assert plot.state is before
    assert any("held at step 40" in note.text for note in plot.legend.notes)
    plot.set_paused(False)
    plot.refresh(later)
    assert plot.state is not None
    assert plot.state.step == 60


@pytest.mark.parametrize("key", [plot.key for plot in all_plots() if plot.offers])
def test_switches_change_the_picture_and_back(key: str, qtbot: QtBot) -> None:
    plot = shown(key, qtbot)
    before = plot.grab().toImage()
    option = plot.offers[0]
    plot.set_option(option.key, not option.on)
    assert plot.grab().toImage() != before
    assert plot.header is not None
    assert plot.header.options[option.key].isChecked() is not option.on
    plot.set_option(option.key, option.on)
    assert plot.grab().toImage() == before


@keys
def test_restyling_changes_the_colours(key: str, qtbot: QtBot) -> None:
    set_theme(create_app(), "light")
    plot = shown(key, qtbot)
    plot.grab()  # gives all parts their style, and so their places
    light = plot.canvas.grab().toImage()
    set_theme(create_app(), "dark")
    assert plot.canvas.grab().toImage() != light
    set_theme(create_app(), "light")
    assert plot.canvas.grab().toImage() == light


@keys
def test_zooming_is_undone_by_one_key(key: str, qtbot: QtBot) -> None:
    plot = shown(key, qtbot)
    plot.grab()
    pane = plot.canvas.panes[0]
    before = pane.viewRange()
    pane.scaleBy((0.5, 0.5))
    pane.sigRangeChangedManually.emit([True, True])
    plot.refresh(view(6))
    assert pane.viewRange() != before
    qtbot.keyClick(plot, Qt.Key.Key_A)
    assert np.allclose(pane.viewRange(), before)


@keys
def test_every_header_button_has_a_name_a_tooltip_and_the_keyboard(key: str, qtbot: QtBot) -> None:
    plot = make(key, qtbot)
    assert plot.header is not None
    assert plot.header.height() == 24
    buttons = plot.header.findChildren(QToolButton)
    assert len(buttons) == 5 + len(plot.offers)
    for button in buttons:
        assert plot.title in button.accessibleName()
        assert button.toolTip()
        assert button.focusPolicy() & Qt.FocusPolicy.TabFocus


def test_header_buttons_ask_for_what_they_say(qtbot: QtBot) -> None:
    plot = make("loss", qtbot)
    assert plot.header is not None
    with qtbot.waitSignal(plot.maximise_requested):
        plot.header.maximise.click()
    with qtbot.waitSignal(plot.export_requested):
        plot.header.export.click()


def test_the_popover_shows_explanation_and_formula(qtbot: QtBot) -> None:
    plot_type = plot_class("gradient_depth")
    plot = make("gradient_depth", qtbot)
    popover = Explanation(plot, plot_type.title, plot_type.explain, plot_type.formula, "plots/gradient_depth")
    texts = {label.objectName(): label.text() for label in popover.findChildren(QLabel)}
    assert texts["plotTitle"] == plot_type.title
    assert texts["plotExplain"] == plot_type.explain
    assert texts["plotFormula"].count("<img") == plot_type.formula.count("$") / 2


def test_numbers_are_those_of_the_frame_that_is_read(qtbot: QtBot) -> None:
    plot, given, later = make("loss", qtbot), view(2, 40), view(2, 41)
    for present, read in ((given, given.frame), (later, given.frame), (later, later.frame)):
        plot.refresh(replace(present, read=read))
        assert number(read.scalars["loss"], fixed=True) in plot.legend.keys[0].text


def test_a_frame_without_histograms_leaves_the_last_ones(qtbot: QtBot) -> None:
    plot = shown("activation_ridges", qtbot, 3)
    before = plot.state
    bare = frame(3, 41)
    plot.refresh(View(type(bare)(bare.info, 41, 1.0, bare.scalars, bare.measures, bare.defined), Record(history(3))))
    assert plot.state is before


@pytest.mark.parametrize("key", ["activation_ridges", "gradient_histograms", "activation_image"])
def test_histograms_that_a_frame_brings_once_more_are_not_drawn_again(key: str, qtbot: QtBot) -> None:
    plot, given = make(key, qtbot), view(3)

    def at(step: int, seconds: float) -> View:
        counted = {each: structs.replace(what, seconds=seconds) for each, what in given.frame.observations.items()}
        return replace(given, frame=structs.replace(given.frame, step=step, observations=counted))

    for step, seconds, drawn in ((40, 0.001, True), (41, 0.001, False), (42, 0.002, True)):
        before = plot.state
        plot.refresh(at(step, seconds))
        assert (plot.state is not before) == drawn


def test_references_stay_stable_over_100_updates_of_every_plot(qtbot: QtBot) -> None:
    plots = [shown(plot.key, qtbot, 4) for plot in all_plots()]
    views = itertools.cycle([view(4), view(4, 41)])
    for plot in plots:
        plot.refresh(next(views))
    gc.collect()
    before = sys.getrefcount(None)
    for _ in range(100):
        given = next(views)
        for plot in plots:
            plot.refresh(given)
    gc.collect()
    assert abs(sys.getrefcount(None) - before) < 40 or sys.getrefcount(None) > 2**30


def test_unknown_measures_are_drawn_as_not_defined(qtbot: QtBot) -> None:
    given = view(3)
    plot = make("update_ratio", qtbot)
    measures = {name: values for name, values in given.frame.measures.items() if name != "update_ratio"}
    bare = type(given.frame)(given.frame.info, 1, 0.1, {}, measures, given.frame.defined)
    plot.refresh(View(bare, Record(given.history)))
    assert plot.table().columns["update_ratio"] == [None, None, None]


def test_labels_are_those_of_the_run(qtbot: QtBot) -> None:
    plot = make("gradient_depth", qtbot)
    plot.start(run_info(12))
    axis = plot.canvas.axes[1]
    ticks = axis.tickValues(-0.6, 11.4, 300.0)
    assert axis.tickStrings(ticks[0][1], 1, 1)[0] == "1"
    assert axis.tickStrings(ticks[0][1], 1, 1)[-1] == "12"
    assert not math.isnan(ticks[0][0])


@pytest.mark.parametrize("by_hand", [False, True])
def test_what_turned_by_itself_turns_back_with_the_run_it_was_about(by_hand: bool, qtbot: QtBot) -> None:
    plot = shown("loss", qtbot)
    assert plot.header is not None
    if by_hand:
        plot.header.options["log"].click()
    else:
        plot.turn("log", True)
    plot.forget()
    assert plot.options["log"] == plot.header.options["log"].isChecked() == by_hand
