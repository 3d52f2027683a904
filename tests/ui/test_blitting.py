"""On a screen what moves is painted over a copy of the rest, and looks as if all had been painted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace
from PySide6.QtCore import QRect, QRectF
from PySide6.QtGui import QColor, QImage, QPainter
from pytestqt.qtbot import QtBot

from tests.thinned import thinned
from tests.ui.plot_data import view
from ui.chart.axes import Axis
from ui.chart.beside import RowText, RowWords
from ui.chart.blitting import Copied
from ui.chart.legend import Legend
from ui.plots import Plot, View, all_plots
from ui.style.theme import LIGHT

ROUNDED = 3
"""By how much, of 255, what is laid over each other may differ: it is rounded once more."""
STEPS = ("loss", "gradient_time", "gradient_image", "update_ratio")
"""Plots with panes over steps, of curves and of images."""
STILL = 12
"""Views of one state after which nothing of it moves any more."""


def on_screen(kind: type[Plot[Any]], qtbot: QtBot, step: int = 20) -> Plot[Any]:
    plot = kind(theme=LIGHT)
    qtbot.addWidget(plot)
    plot.resize(460, 300)
    plot.refresh(view(6, step))
    with qtbot.waitExposed(plot):
        plot.show()
    settle(qtbot)
    return plot


def settle(qtbot: QtBot) -> None:
    qtbot.wait(20)


def agree(plot: Plot[Any], qtbot: QtBot) -> None:
    """What is on the screen comes to be what all items are, painted one by one."""
    qtbot.waitUntil(lambda: unlike(plot) <= ROUNDED)


def of(key: str) -> type[Plot[Any]]:
    return next(kind for kind in all_plots() if kind.key == key)


def unlike(plot: Plot[Any]) -> int:
    """By how much, of 255, what is on the screen differs at most from all items, painted one by one."""
    pictures = plot.screen().grabWindow(plot.winId()).toImage(), plot.grab().toImage()
    if pictures[0].size() != pictures[1].size():
        return 255
    colours = [
        np.frombuffer(each.convertToFormat(QImage.Format.Format_RGB32).constBits(), np.uint8).astype(int)
        for each in pictures
    ]
    return int(np.abs(colours[0] - colours[1]).max())


@pytest.mark.parametrize("kind", thinned(all_plots(), first=2, name=lambda kind: kind.key))
def test_what_is_on_the_screen_is_what_all_items_painted_would_be(kind: type[Plot[Any]], qtbot: QtBot) -> None:
    plot = on_screen(kind, qtbot)
    for step in (21, 22, 40, 40, 40, 40, 40, 40, 41, 42):
        plot.refresh(view(6, step))
        agree(plot, qtbot)


@pytest.mark.parametrize("key", ["loss", "gradient_depth", "gradient_time", "gradient_image"])
def test_what_becomes_another_besides_is_seen(key: str, qtbot: QtBot) -> None:
    plot = on_screen(of(key), qtbot)
    pane = plot.canvas.panes[0]
    acts: tuple[Callable[[], object], ...] = (
        lambda: plot.pointing.point(pane.sceneBoundingRect().center()),
        lambda: plot.pointing.leave(),
        lambda: plot.highlight(2),
        lambda: plot.highlight(-1),
        lambda: plot.pin(),
        lambda: pane.zoom(0.5),
        lambda: plot.give_back_view(),
        lambda: plot.unpin(),
        lambda: plot.resize(420, 280),
    )
    for step, act in enumerate(acts, 21):
        plot.refresh(view(6, step))
        settle(qtbot)
        act()
        agree(plot, qtbot)


@pytest.mark.parametrize("kind", [kind for kind in all_plots() if kind.key in STEPS])
def test_marks_of_changes_stay_while_curves_come_to_rest_and_move_again(kind: type[Plot[Any]], qtbot: QtBot) -> None:
    plot = on_screen(kind, qtbot)
    still, moving = (tuple(changed(step) for step in steps) for steps in ([30] * STILL, [31, 32, 33, 34]))
    for seen in (*moving, *still, *moving):
        plot.refresh(seen)
        agree(plot, qtbot)


def changed(step: int) -> View:
    seen = view(6, step)
    seen.record.changes.add(3, "Change learning rate")
    return seen


def test_axes_are_painted_when_they_change_and_not_with_each_frame(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    plot, painted = on_screen(of("gradient_depth"), qtbot), list[object]()
    for step in (30, 31, 32, 33):
        plot.refresh(view(6, step))
        settle(qtbot)
    render = type(plot.canvas.scene()).render
    monkeypatch.setattr(
        type(plot.canvas.scene()), "render", lambda scene, *given: (painted.append(scene), render(scene, *given))[1]
    )
    plot.show_state(plot.capture(view(6, 34)), read=False)
    settle(qtbot)
    assert not painted
    assert unlike(plot) <= ROUNDED
    painted.clear()
    axis = next(item for item in plot.canvas.scene().items() if isinstance(item, Axis))
    axis.update()
    settle(qtbot)
    assert len(painted) == 1


def test_a_mark_that_stays_is_painted_once(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    plot, drawn = on_screen(of("loss"), qtbot), list[str]()
    for _ in range(STILL):
        plot.refresh(view(6, 30))
        plot.canvas.viewport().update()
        settle(qtbot)
    (kind,) = {type(mark) for mark in plot.drawing.marks() if mark.key == "validation_loss"}
    draw = kind.draw
    monkeypatch.setattr(kind, "draw", lambda mark, surface: (drawn.append(mark.key), draw(mark, surface))[1])
    for _ in range(3):
        plot.refresh(view(6, 30))
        plot.canvas.viewport().update()
        settle(qtbot)
    assert not drawn


def test_a_picture_of_a_plot_is_of_what_it_shows_before_anyone_has_been_told(qtbot: QtBot) -> None:
    plot, other = on_screen(of("loss"), qtbot), on_screen(of("loss"), qtbot)
    for each in (plot, other):
        each.refresh(view(6, 40))
        settle(qtbot)
        agree(each, qtbot)
    other.refresh(view(6, 30))
    other.refresh(view(6, 40))
    # Without the headers: of one of the two a button has the focus.
    assert plot.canvas.grab().toImage() == other.canvas.grab().toImage()


@pytest.mark.parametrize("scale", [1.0, 1.25, 1.5, 2.0])
def test_a_copy_lies_as_the_pixels_of_the_screen_do(scale: float, qtbot: QtBot) -> None:
    area, panel, drawn = QRect(0, 0, 90, 60), QColor(LIGHT.panel), list[QImage]()

    def draw(painter: QPainter) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.drawLine(3, 5, 80, 41)
        painter.drawText(10, 50, "plot")

    for copied in (False, True):
        image = QImage(200, 140, QImage.Format.Format_RGB32)
        image.setDevicePixelRatio(scale)
        image.fill(panel)
        with QPainter(image) as painter:
            painter.translate(7, 3)
            if copied:
                Copied(area, painter.deviceTransform(), panel, draw).draw(painter)
            else:
                draw(painter)
        drawn.append(image)
    assert drawn[0] == drawn[1]


@pytest.mark.parametrize("scale", [1.0, 1.25, 1.5, 2.0])
def test_a_part_of_a_copy_that_is_painted_anew_looks_as_if_all_had_been(scale: float, qtbot: QtBot) -> None:
    area, panel, part = QRect(0, 0, 90, 60), QColor(LIGHT.panel), QRectF(8, 30, 60, 25)

    def drawing(text: str) -> Callable[[QPainter], None]:
        def draw(painter: QPainter) -> None:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.drawLine(3, 5, 80, 21)
            painter.drawText(12, 48, text)

        return draw

    drawn = list[QImage]()
    for first in ("plot", "loss"):
        image = QImage(200, 140, QImage.Format.Format_RGB32)
        image.setDevicePixelRatio(scale)
        image.fill(panel)
        with QPainter(image) as painter:
            painter.translate(7, 3)
            copied = Copied(area, painter.deviceTransform(), panel, drawing(first))
            if first != "loss":
                copied.paint_again(part, panel, drawing("loss"))
            copied.draw(painter)
        drawn.append(image)
    assert drawn[0] == drawn[1]


def test_a_legend_that_reads_something_else_is_painted_alone(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    plot, parts = on_screen(of("loss"), qtbot), list[QRectF]()
    for _ in range(STILL):
        plot.refresh(view(6, 30))
        settle(qtbot)
    plot.canvas.viewport().update()
    settle(qtbot)
    legend = next(item for item in plot.canvas.scene().items() if isinstance(item, Legend))
    render = type(plot.canvas.scene()).render
    monkeypatch.setattr(
        type(plot.canvas.scene()), "render", lambda scene, *given: (parts.append(given[1]), render(scene, *given))[1]
    )
    first, *others = legend.keys
    before = plot.screen().grabWindow(plot.winId()).toImage()
    legend.say([replace(first, text=f"{first.text[:-1]}7"), *others], legend.notes, legend.remark)
    settle(qtbot)
    panes = [pane.sceneBoundingRect().adjusted(3, 3, -3, -3) for pane in plot.canvas.panes]
    assert parts
    assert not any(part.intersects(pane) for part in parts for pane in panes)
    assert plot.screen().grabWindow(plot.winId()).toImage() != before
    agree(plot, qtbot)


@pytest.mark.parametrize("key", ["activation_ridges", "gradient_depth", "gradient_time", "gradient_image", "loss"])
def test_another_run_that_looks_the_same_is_not_painted_anew(key: str, qtbot: QtBot) -> None:
    plot, again = on_screen(of(key), qtbot), view(6, 20, run=2)
    told: list[object] = []
    plot.canvas.scene().changed.connect(told.append)
    plot.start(again.frame.info)
    plot.refresh(again)
    settle(qtbot)
    assert not told


def test_words_beside_rows_stay_until_those_of_another_run_are_known(qtbot: QtBot) -> None:
    plot = on_screen(of("activation_ridges"), qtbot)
    words = RowWords(plot.canvas.panes[0])
    plot.canvas.add_beside(words, 2, 3)
    words.give_room(900)
    words.set_words([RowText("7 not finite")] * 6)
    wide = words.maximumWidth()
    words.set_words([RowText("7")] * 6)
    assert words.maximumWidth() == wide > 0
    words.reset()
    assert words.maximumWidth() == wide
    words.set_words([RowText("7")] * 6)
    assert 0 < words.maximumWidth() < wide
