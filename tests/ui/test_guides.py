"""Levels and bands to compare with carry their names; what stands above the panes covers none of them."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from simulator.observations.prediction import PredictionObservation
from tests.ui.plot_data import view
from tests.ui.real_runs import NETS, real
from ui.chart.guides import Guide
from ui.chart.legend import Key, Legend, Note
from ui.plots import Plot, View, all_plots, plot_class
from ui.style.theme import LIGHT

keys = pytest.mark.parametrize("key", [plot.key for plot in all_plots()])
SIZES = ((266, 190), (420, 280), (900, 600))


def shown(key: str, given: View, qtbot: QtBot, size: tuple[int, int] = (420, 280)) -> Plot[Any]:
    plot = plot_class(key)()
    qtbot.addWidget(plot)
    plot.resize(*size)
    plot.refresh(given)
    plot.grab()
    QApplication.processEvents()
    return plot


def named(legend: Legend) -> set[tuple[str, str]]:
    """Swatch and colour of every key that is painted."""
    return {(placed.entry.swatch, placed.entry.colour) for placed in legend.placed if isinstance(placed.entry, Key)}


@keys
def test_every_guide_that_is_seen_has_its_name_in_the_legend(key: str, qtbot: QtBot) -> None:
    for given in (view(5), real("residual"), real("recurrent")):
        for size in SIZES[:2]:
            plot = shown(key, given, qtbot, size)
            for guide in plot.drawing.marks_of(Guide):
                level, (low, high) = guide.level, plot.canvas.panes[guide.pane].shown[1]
                if level is None:
                    continue
                assert level.name
                assert bool(level.band) == bool(level.band_name)
                seen = {"dashed"} if low <= level.height <= high else set()
                seen |= {"band"} if level.band is not None and level.band[0] < high and level.band[1] > low else set()
                assert {(swatch, guide.colour) for swatch in seen} <= named(plot.legend)


def test_guides_are_found_in_these_plots_at_least(qtbot: QtBot) -> None:
    found = {kind.key for kind in all_plots() if shown(kind.key, view(5), qtbot).drawing.marks_of(Guide)}
    assert found >= {"activation_function", "branch_share", "jacobian", "loss", "sharpness", "update_ratio"}


@keys
@pytest.mark.parametrize("net", ["residual", "deep"])
def test_nothing_above_the_panes_lies_over_them(key: str, net: str, qtbot: QtBot) -> None:
    for size in SIZES:
        plot = shown(key, real(net), qtbot, size)
        legend = plot.legend.sceneBoundingRect().adjusted(0, 0, 0, -1)
        assert not any(legend.intersects(pane.sceneBoundingRect()) for pane in plot.canvas.panes if pane.isVisible())


@pytest.mark.parametrize("net", NETS)
def test_what_theory_has_to_say_stands_above_the_pane(net: str, qtbot: QtBot) -> None:
    given = real(net)
    prediction = given.frame.result(PredictionObservation())
    assert prediction is not None
    for key in ("activation_profile", "gradient_depth"):
        plot = shown(key, given, qtbot)
        plot.set_option("theory", True)
        assert plot.legend.remark == (f"No prediction: {prediction.reason}." if prediction.reason else "")


def strip(width: float, keys: list[Key], notes: list[Note], remark: str = "", room: float = 600) -> Legend:
    made = Legend(LIGHT)
    made.resize(width, 22)
    made.give_room(room)
    made.say(keys, notes, remark)
    return made


@pytest.mark.parametrize("width", [120, 200, 330, 700])
def test_entries_stand_side_by_side_and_none_is_cut(width: float, qapp: QApplication) -> None:
    keys = [Key(f"quantity {i} 0.412", "accent", short=f"q{i}") for i in range(5)]
    notes = [Note("as of step 1 200"), Note("3 layers not finite", warning=True)]
    made = strip(width, keys, notes)
    assert len([placed for placed in made.placed if isinstance(placed.entry, Key)]) == 5
    spans = sorted((placed.line, placed.left, placed.left + placed.width) for placed in made.placed)
    assert all(left >= 0 and right <= width + 1e-6 for _, left, right in spans)
    assert all(a[0] != b[0] or a[2] <= b[1] for a, b in pairwise(spans))


def test_lines_stay_while_a_run_goes_on(qapp: QApplication) -> None:
    long, short = ([Key(text, "accent") for text in texts] for texts in (("a" * 40, "b" * 40), ("a", "b")))
    made = strip(300, long, [])
    height = made.maximumHeight()
    made.say(short, [])
    assert made.maximumHeight() == height
    made.begin()
    made.say(long[:1], [])
    assert made.maximumHeight() < height


def test_a_remark_is_wrapped_and_takes_its_own_room(qapp: QApplication) -> None:
    words = "The bound is for a stack of dense layers; layer 2 (residual) is not dense. " * 3
    heights = [strip(width, [Key("a", "text")], [], words).maximumHeight() for width in (900, 300, 200)]
    assert heights[0] < heights[1] < heights[2]
    assert strip(300, [], [], words).maximumHeight() < heights[1]


def test_a_guide_off_the_axis_is_not_named(qtbot: QtBot) -> None:
    plot = shown("update_ratio", view(4), qtbot)
    plot.canvas.panes[0].setRange(yRange=(-1.0, 1.0), padding=0)
    plot.refresh(view(4))
    qtbot.waitUntil(lambda: named(plot.legend) == set())
