"""Nobody has to tell colours apart: what a colour says a shape, a stroke, a pattern, a number or a word says too."""

from __future__ import annotations

import dataclasses
import itertools
from typing import Any

import numpy as np
import pytest
from msgspec import structs
from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage, QPainter, QTransform
from pytestqt.qtbot import QtBot

from simulator.doctor.base import SEVERITIES, Finding
from simulator.experiment.experiment import Experiment
from simulator.schema.parameter import parameters
from tests.ui.real_runs import NETS, real
from ui.app import create_app
from ui.chart.alike import AlikeCurves
from ui.chart.colour_bar import ColourBar
from ui.chart.colour_tables import FIRST, LAST, LOST, MIDDLE, NOTHING, ZERO, diverging_table, forward_table
from ui.chart.hatching import STYLES
from ui.chart.heat import Heat
from ui.chart.legend import Key
from ui.chart.marks import LIVE, Area, Bars, Curves, Dots, Palette, Surface
from ui.chart.pane import Pane
from ui.doctor.panel import FindingRow
from ui.doctor.trials import Offer
from ui.forms.rows import row_for
from ui.plots import Plot, all_plots
from ui.plots.waterfall import COLOURS, HATCHES
from ui.style.restyle import set_theme
from ui.style.theme import DARK, LIGHT, Theme
from ui.timeline.marks import NAMES
from ui.timeline.track import SIGN_COLOURS, Cluster, paint_cluster

CELL = 12


@pytest.fixture(autouse=True)
def light() -> None:
    set_theme(create_app(), "light")


def shown(qtbot: QtBot, kind: type[Plot[Any]], net: str) -> Plot[Any]:
    plot = kind()
    qtbot.addWidget(plot)
    plot.resize(700, 460)
    plot.refresh(real(net))
    return plot


def look(key: Key) -> tuple[str, str]:
    """An entry of a legend without its colour."""
    return key.swatch, key.hatch


@pytest.mark.parametrize("kind", all_plots(), ids=lambda kind: kind.key)
def test_entries_of_a_legend_differ_in_more_than_their_colour(kind: type[Plot[Any]], qtbot: QtBot) -> None:
    for net in NETS:
        plot = shown(qtbot, kind, net)
        drawn = [key for key in plot.legend.keys if key.swatch != "none"]
        for one, other in itertools.combinations(drawn, 2):
            assert look(one) != look(other), (net, one, other)


@pytest.mark.parametrize("kind", all_plots(), ids=lambda kind: kind.key)
def test_what_is_coloured_is_told_apart_without_it(kind: type[Plot[Any]], qtbot: QtBot) -> None:
    for net in NETS:
        plot = shown(qtbot, kind, net)
        bars = [bar for bar in plot.canvas.scene().items() if isinstance(bar, ColourBar) and bar.isVisible()]
        for mark in plot.drawing.marks():
            if isinstance(mark, Heat) and np.isin(mark.places, range(FIRST, LAST + 1)).any():
                numbers = any(len(bar.ticks) >= 2 for bar in bars)
                assert numbers or any(" … " in note.text for note in plot.legend.notes), (net, mark.key)
            if isinstance(mark, Heat):
                plain = set(np.unique(mark.places).tolist()) - set(mark.hatches) - {NOTHING}
                assert len(plain & set(range(FIRST))) <= 1, (net, mark.key)
            if isinstance(mark, AlikeCurves) and len(mark.heights) > 1:
                assert any(len(bar.ticks) >= 2 for bar in bars), (net, mark.key)
            if isinstance(mark, Bars) and len(set(mark.colours)) > 1:
                below = {colour for box, colour in zip(mark.boxes, mark.colours, strict=True) if box.top() < 0}
                above = set(mark.colours) - below
                assert mark.hatches or not below & above, (net, mark.key)
        _assert_strokes_differ(plot, net)


@pytest.mark.parametrize("kind", all_plots(), ids=lambda kind: kind.key)
def test_where_a_colour_bar_has_no_room_the_legend_says_what_colours_span(kind: type[Plot[Any]], qtbot: QtBot) -> None:
    for net in NETS:
        plot = shown(qtbot, kind, net)
        wide = [key.text for key in plot.legend.keys]
        bars = [bar for bar in plot.canvas.scene().items() if isinstance(bar, ColourBar) and bar.isVisible()]
        plot.resize(190, 460)
        plot.show()
        spans = {key.text for key in plot.legend.keys} - {*wide}
        for bar in bars if plot.state is not None else ():
            assert bar.has_room or len(bar.ticks) < 2 or any(bar.span in text for text in spans), net
        plot.hide()


def _assert_strokes_differ(plot: Plot[Any], net: str) -> None:
    """Curves of several colours that are no layer's: by stroke, width, or the dots on them."""
    curves = [
        (mark.pane, mark.colours[0], mark.dash, mark.width, _dotted(plot, mark))
        for mark in plot.drawing.marks()
        if isinstance(mark, Curves) and mark.visible and not mark.layers and any(mark.curves)
    ]
    for one, other in itertools.combinations(curves, 2):
        assert one[0] != other[0] or one[1] == other[1] or one[2:] != other[2:], (net, one, other)
    for mark in plot.drawing.marks():
        if isinstance(mark, Curves) and not mark.layers and len(set(mark.colours)) > 1:
            dotted = [each for each in plot.drawing.marks() if isinstance(each, Dots) and each.pane == mark.pane]
            assert len(set(mark.dashes)) > 1 or len(dotted) > 1, (net, mark.key)


def _dotted(plot: Plot[Any], curve: Curves) -> frozenset[int]:
    """The kinds of dots that belong to a curve: they are called as it is."""
    word = curve.key.split()[-1]
    dots = [mark for mark in plot.drawing.marks() if isinstance(mark, Dots) and word in mark.key.split()]
    return frozenset(int(kind) for mark in dots for kind in mark.kinds)


# -- patterns ---------------------------------------------------------------------------------------------------------


def grey(places: list[int], table: Any, theme: Theme) -> list[bytes]:
    """How cells side by side look without colours."""
    image = QImage(CELL * len(places), CELL, QImage.Format.Format_RGB32)
    image.fill(theme.panel)
    heat = Heat("cells", np.array([places], np.uint8), QRectF(0, 0, len(places), 1), table)
    with QPainter(image) as painter:
        heat.draw(Surface(painter, QTransform.fromScale(CELL, CELL), Pane(), Palette(theme), LIVE))
    flat = image.convertToFormat(QImage.Format.Format_Grayscale8)
    pixels = np.frombuffer(flat.constBits(), np.uint8).reshape(CELL, -1)[:, : CELL * len(places)]
    return [pixels[:, CELL * place : CELL * (place + 1)].tobytes() for place in range(len(places))]


def varied(cell: bytes) -> bool:
    return len(set(cell)) > 1


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
def test_cells_below_zero_and_cells_that_are_no_number_have_patterns(theme: Theme) -> None:
    for off in (20, 60, 120):
        below, above = grey([MIDDLE - off, MIDDLE + off], diverging_table, theme)
        assert varied(below)
        assert not varied(above)
    lost, zero, *ramp = grey([LOST, ZERO, *range(FIRST, LAST, 25)], forward_table, theme)
    assert varied(lost)
    assert varied(zero)
    assert lost != zero
    assert not any(map(varied, ramp))


def test_every_factor_of_the_waterfall_has_a_pattern_of_its_own() -> None:
    assert set(HATCHES) == set(COLOURS)
    assert len(set(HATCHES.values())) == len(HATCHES)
    assert {hatch for hatch in HATCHES.values() if hatch} <= set(STYLES)


def test_an_area_and_a_bar_show_their_pattern() -> None:
    for hatch in STYLES:
        painted = []
        for pattern in ("", hatch):
            image = QImage(60, 60, QImage.Format.Format_RGB32)
            image.fill(LIGHT.panel)
            with QPainter(image) as painter:
                surface = Surface(painter, QTransform(), Pane(), Palette(LIGHT), LIVE)
                Bars("bar", [QRectF(0, 0, 25, 60)], ["text"], hatches=[pattern]).draw(surface)
                x = np.array([30.0, 60.0])
                Area("area", x, 0 * x, 60 + 0 * x, hatch=pattern).draw(surface)
            painted.append(image)
        plain, hatched = painted
        for left in (0, 30):
            assert plain.copy(left, 0, 25, 60) != hatched.copy(left, 0, 25, 60)


# -- beside the plots -------------------------------------------------------------------------------------------------


def test_whether_a_knob_acts_live_is_said_by_its_sign(qtbot: QtBot) -> None:
    signs = {}
    for parameter in parameters(Experiment):
        if parameter.type in ("number", "integer"):
            row = row_for(parameter)
            qtbot.addWidget(row)
            signs.setdefault(parameter.live, set()).add((row.mark.text(), row.mark.accessibleName()))
    assert all(len(texts) == 1 for texts in signs.values())
    assert len(set(map(tuple, signs.values()))) == len(signs)


def test_how_grave_a_finding_is_is_said_by_its_sign(qtbot: QtBot) -> None:
    texts = []
    for severity in SEVERITIES:
        row = FindingRow()
        qtbot.addWidget(row)
        row.say(Offer(Finding("dead", severity, (), 0, 0, {}, "", "So it is.")))
        texts.append(row.sign.text())
    assert len(set(texts)) == len(texts)


def test_what_has_happened_is_told_by_shapes_on_the_time_line() -> None:
    looks = set()
    for kind in NAMES:
        image = QImage(24, 24, QImage.Format.Format_RGB32)
        image.fill(LIGHT.panel)
        with QPainter(image) as painter:
            paint_cluster(
                painter,
                Cluster(kind, 12, 12),
                12,
                structs.replace(LIGHT, **dict.fromkeys(SIGN_COLOURS.values(), "#000000")),
            )
        looks.add(bytes(image.constBits()))
    assert len(looks) == len(NAMES)


@pytest.mark.parametrize("kind", all_plots(), ids=lambda kind: kind.key)
def test_networks_of_a_plot_are_told_apart_without_colours(kind: type[Plot[Any]], qtbot: QtBot) -> None:
    net = next(net for net in NETS if shown(qtbot, kind, net).state is not None)
    plot = shown(qtbot, kind, net)
    plot.refresh(dataclasses.replace(real(net), lanes={name: real(net, 3) for name in "BCD"}))
    if plot.overlays:
        names = [key for key in plot.legend.keys if key.text in "ABCD"]
        assert len({look(key) for key in names}) == 4
    else:
        titles = [each.image_name or each.picture_title for each in plot.side_by_side]
        assert [title.text for title in titles if title is not None] == list("ABCD")
