"""A layer has one colour: in every plot, in the stack of layers, in either theme."""

from __future__ import annotations

from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from tests.thinned import thinned
from tests.ui.real_runs import NETS, real
from tests.ui.told import drawn
from ui.chart.alike import AlikeCurves
from ui.chart.bands import Captions
from ui.chart.marks import Dots
from ui.chart.ridges import Ridges
from ui.plots import Plot, View, all_plots
from ui.plots.depth import DepthPlot
from ui.style.theme import DARK, LIGHT, Theme, depth_colours, layer_colour

Colours = dict[int, set[str]]
"""Row of the run → the colours that it is drawn in."""


def drawn_by_layer(plot: Plot[Any], given: View) -> Colours:
    """What a plot says with a layer's colour; empty where it draws by other colours."""
    found: Colours = {}
    for line in plot.lines if isinstance(plot, DepthPlot) and plot.state is not None else ():
        dots = drawn(plot, Dots, f"dots {line.measure}")
        for x, row in zip(dots.x.tolist(), dots.rows, strict=True) if not line.hollow else ():
            found.setdefault(round(x), set()).add(dots.colours[row % len(dots.colours)])
    rows = list(getattr(plot.state, "layers", None) or range(given.frame.info.depth))
    for mark in plot.drawing.marks():
        if isinstance(mark, Ridges) and mark.outlines:
            for place, row in enumerate(mark.layers or [rows[place] for place, _ in enumerate(mark.outlines)]):
                found.setdefault(row, set()).add(mark.colours[place % len(mark.colours)])
        if isinstance(mark, AlikeCurves):
            for row, _ in enumerate(mark.heights):
                found.setdefault(row, set()).add(mark.colours[row % len(mark.colours)])
        if isinstance(mark, Captions):
            for caption in mark.captions:
                found.setdefault(_named(caption.text, given), set()).add(caption.colour)
    return found


def _named(text: str, given: View) -> int:
    return next(row for row, layer in enumerate(given.frame.info.layers) if text.split("   ")[0] == layer.name)


@pytest.mark.parametrize(
    ("net", "theme"), thinned(list(NETS), [LIGHT, DARK], share=2, name=lambda each: getattr(each, "name", str(each)))
)
def test_equal_layers_have_equal_colours_in_every_plot_and_in_the_stack(net: str, theme: Theme, qtbot: QtBot) -> None:
    given = real(net)
    depth = given.frame.info.depth
    wanted = {row: {colour} for row, colour in enumerate(depth_colours(depth, theme))}
    # The stack's ramps are made of these.
    assert {row: {layer_colour(row, depth, theme)} for row in range(depth)} == wanted
    coloured = set()
    for kind in all_plots():
        plot = kind(theme=theme)
        qtbot.addWidget(plot)
        plot.resize(700, 420)
        plot.refresh(given)
        plot.grab()
        found = drawn_by_layer(plot, given)
        assert found == {row: wanted[row] for row in found}, kind.key
        coloured |= {kind.key} if found else set()
    assert {"gradient_depth", "activation_profile", "weights", "gradient_time", "activation_ridges"} <= coloured


@pytest.mark.parametrize("depth", [1, 2, 7, 50])
def test_the_colours_of_a_run_are_those_of_its_rows_one_by_one(depth: int) -> None:
    for theme in (LIGHT, DARK):
        assert tuple(layer_colour(row, depth, theme) for row in range(depth)) == depth_colours(depth, theme)
