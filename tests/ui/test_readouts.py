"""A read-out covers neither what it is about nor the last of what is drawn; nor does anything else in a pane."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import QPoint, QPointF, QRect
from PySide6.QtGui import QFontMetricsF
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from tests.thinned import thinned
from tests.ui.plot_data import view
from tests.ui.real_runs import real
from tests.ui.told import drawn, read_out
from ui.chart.axes import DepthAxis, StepAxis, plot_font
from ui.chart.bands import LINE, Captions
from ui.chart.beside import Beside, RowWords
from ui.chart.crosshair import Crosshair
from ui.chart.readout import ReadOut
from ui.plots import Plot, View, all_plots, plot_class

KEYS = [plot.key for plot in all_plots()]
keys = pytest.mark.parametrize("key", KEYS)
PLACES = [(0, 0, 300, 110), (330, 0, 630, 300), (0, 320, 300, 180), (640, 430, 320, 170), (0, 0, 960, 600)]
"""Where plots of several sizes stand in the smallest window: x, y, width, height."""


def named(value: str | tuple[int, int, int, int]) -> str:
    return value if isinstance(value, str) else f"{value[2]}x{value[3]}"


def placed(key: str, given: View, where: tuple[int, int, int, int], qtbot: QtBot) -> Plot[Any]:
    window = QWidget()
    qtbot.addWidget(window)
    # Nobody else holds the window.
    qtbot.__dict__.setdefault("held", []).append(window)
    window.resize(960, 600)
    plot = plot_class(key)(window)
    plot.setGeometry(*where)
    plot.refresh(given)
    window.grab()
    return plot


def in_window(plot: Plot[Any], at: QPointF) -> QPoint:
    return plot.canvas.mapTo(plot.window(), plot.canvas.mapFromScene(at))


def columns(plot: Plot[Any], index: int, probed: tuple[int, float | None], given: View) -> list[int]:
    """Where in the window stand the column that is read and the last one."""
    pane = plot.canvas.panes[index]
    axis = next((a for a in plot.canvas.axes if a.orientation == "bottom" and a.linkedView() is pane), None)
    layer, hair = probed
    found = [hair] if hair is not None else []
    if isinstance(axis, DepthAxis):
        found += [float(given.frame.info.depth - 1), *([float(layer)] if layer >= 0 else [])]
    if isinstance(axis, StepAxis):
        found.append(float(given.frame.step))
    left, right = pane.shown[0]
    return [in_window(plot, pane.data_to_scene(QPointF(x, 0.0))).x() for x in found if left <= x <= right]


def crosshairs(plot: Plot[Any]) -> list[Crosshair]:
    return [item for item in plot.canvas.scene().items() if isinstance(item, Crosshair)]


def box_of(plot: Plot[Any]) -> QRect:
    box = read_out(plot)
    return QRect(box.mapTo(plot.window(), QPoint(0, 0)), box.size())


@pytest.mark.parametrize(("key", "where"), thinned(KEYS, PLACES, name=named))
def test_a_read_out_covers_neither_what_it_is_about_nor_the_last_column(
    key: str, where: tuple[int, int, int, int], qtbot: QtBot
) -> None:
    for given in (view(6), real("residual", 12)):
        plot = placed(key, given, where, qtbot)
        for index, pane in enumerate(plot.canvas.panes if plot.state is not None else ()):
            area = pane.sceneBoundingRect()
            for share in (0.02, 0.3, 0.5, 0.75, 0.98):
                for height in (0.1, 0.5, 0.9):
                    at = QPointF(area.left() + share * area.width(), area.top() + height * area.height())
                    plot.canvas.pointed.emit(at)
                    if read_out(plot).isHidden() or not area.contains(at):
                        continue
                    hair = next((hair.place for hair in crosshairs(plot) if hair.pane is pane), None)
                    box, pointer = box_of(plot), in_window(plot, at)
                    assert plot.window().rect().contains(box)
                    assert not box.contains(pointer)
                    rows = range(in_window(plot, area.topLeft()).y(), in_window(plot, area.bottomLeft()).y())
                    crossing = set(rows) & set(range(box.top(), box.bottom() + 1))
                    for x in columns(plot, index, (plot.drawing.palette.highlighted, hair), given):
                        assert not (crossing and box.left() <= x <= box.right()), (share, height)
        plot.canvas.left.emit()


@pytest.mark.parametrize("key", ["through_time", "through_time_image"])
@pytest.mark.parametrize("where", PLACES, ids=lambda place: f"{place[2]}x{place[3]}")
@pytest.mark.parametrize("depth", [1, 2, 6])
def test_captions_stand_above_their_bands(key: str, where: tuple[int, int, int, int], depth: int, qtbot: QtBot) -> None:
    plot = placed(key, view(depth), where, qtbot)
    QApplication.processEvents()
    bands, captions = drawn(plot, Captions).bands, drawn(plot, Captions).captions
    pane = plot.canvas.panes[0]
    for caption in captions:
        over, top = bands.above(caption.band), bands.base(caption.band) + (1.0 if bands.upward else 0.0)
        room = abs(pane.data_to_scene(QPointF(0, over)).y() - pane.data_to_scene(QPointF(0, top)).y())
        assert (caption.row + 1) * LINE - 2 <= room + 1
    named = {caption.text for caption in captions} | {entry.text for entry in plot.legend.keys}
    assert len(named) >= depth


@pytest.mark.parametrize("key", ["activation_ridges", "gradient_histograms", "activation_image", "gates", "sharpness"])
@pytest.mark.parametrize("kind", ["random", "nan", "zero"])
def test_words_and_gauges_stand_beside_the_pane(key: str, kind: str, qtbot: QtBot) -> None:
    plot = plot_class(key)()
    qtbot.addWidget(plot)
    for size in ((266, 190), (420, 280), (1200, 700)):
        plot.resize(*size)
        plot.refresh(view(6, kind=kind))
        plot.grab()
        QApplication.processEvents()
        (beside,) = [item for item in plot.canvas.scene().items() if isinstance(item, Beside)]
        assert beside.sceneBoundingRect().left() >= plot.canvas.panes[0].sceneBoundingRect().right() - 0.5
        assert beside.sceneBoundingRect().right() <= plot.canvas.width() + 0.5
        if isinstance(beside, RowWords):
            metrics, room = QFontMetricsF(plot_font(10)), beside.size().width()
            for word in beside.words if room > RowWords.WARNING else ():
                assert min(metrics.horizontalAdvance(text) for text in (word.text, word.brief)) <= room - 6
            assert plot.canvas.panes[0].sceneBoundingRect().width() >= 0.3 * plot.canvas.width()


def test_a_read_out_goes_with_its_plot(qtbot: QtBot) -> None:
    plot = placed("loss", view(4), PLACES[1], qtbot)
    plot.show()
    plot.canvas.pointed.emit(plot.canvas.panes[0].sceneBoundingRect().center())
    assert not read_out(plot).isHidden()
    plot.hide()
    assert read_out(plot).isHidden()


def test_a_long_line_of_a_read_out_is_broken_and_stays_in_the_window(qtbot: QtBot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    window.resize(960, 600)
    box = ReadOut(window)
    heights = []
    for text in ("loss 2", "the learning rate 100 is too high, and so it goes on; " * 8, "loss 2"):
        box.show_beside(QPoint(700, 300), text, QRect(300, 100, 600, 400), [])
        assert window.rect().contains(box.geometry())
        assert box.height() >= box.heightForWidth(box.width())
        heights.append(box.height())
    assert heights[0] == heights[2] < heights[1]


@keys
def test_a_run_that_comes_back_as_it_was_looks_as_it_did(key: str, qtbot: QtBot) -> None:
    """Whatever a plot remembers in order to stand still, nothing of it is left out when the same is shown again."""
    plot = plot_class(key)()
    qtbot.addWidget(plot)
    plot.resize(420, 280)
    for given in (view(6), real("residual", 12), real("recurrent", 3)):
        pictures = []
        for _ in range(2):
            plot.start(given.frame.info)
            plot.refresh(given)
            pictures.append(plot.grab().toImage())
        assert pictures[0] == pictures[1]
