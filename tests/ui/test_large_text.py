"""With the system's font half as large again all grows with it: no text is cut, nothing overlaps."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from simulator.experiment.files import find
from simulator.lessons.files import find as lesson
from simulator.lessons.files import shipped
from simulator.lessons.question import CurveQuestion
from simulator.running.session import Session
from tests.thinned import thinned
from tests.ui.legible import faults
from tests.ui.real_runs import NETS, real
from ui.app import create_app
from ui.bench.document import Document
from ui.board.card import CardPage
from ui.chart.axes import plot_font
from ui.lessons.answer_forms import CurveForm
from ui.plots import all_plots
from ui.style.elided_label import ElidedLabel
from ui.style.restyle import set_theme
from ui.style.text_size import scaled
from ui.window.main_window import MainWindow

SIZES = (1.5, 2.0)


def enlarge(times: float) -> None:
    """Text of this size, where 1 is the usual one."""
    font = create_app().font()
    font.setPointSizeF(times * USUAL)
    QApplication.setFont(font)


DRAWN = [
    pytest.param(each.name, marks=() if each.name in ("ten-layer-table", "scale-of-the-weights") else pytest.mark.slow)
    for each in shipped()
    if any(isinstance(question, CurveQuestion) for question in each.questions)
]
"""Lessons in which a curve is drawn: two of them, of one network and of several, in each run."""
USUAL = 9.0
"""Points of the application's font in tests."""


@pytest.fixture(autouse=True)
def usual_text() -> Iterator[None]:
    assert create_app().font().pointSizeF() == USUAL
    set_theme(create_app(), "light")
    yield
    enlarge(1.0)


@pytest.mark.parametrize("times", SIZES)
def test_texts_of_plots_grow_with_the_application_s(times: float) -> None:
    enlarge(times)
    assert plot_font().pixelSize() == pytest.approx(times * 11, abs=0.5)


@pytest.mark.parametrize(("net", "times"), thinned(list(NETS), SIZES, share=2))
def test_at_its_least_size_every_plot_can_be_read_in_large_text(net: str, times: float, qtbot: QtBot) -> None:
    enlarge(times)
    found = []
    for kind in all_plots():
        page = CardPage(kind())
        qtbot.addWidget(page)
        page.plot.refresh(real(net))
        page.show()
        fit(page)
        found += faults(page.plot) if page.plot.state is not None else []
        page.hide()
    assert not found


@pytest.mark.parametrize("net", [pytest.param("residual", marks=pytest.mark.slow), "recurrent", "pooling"])
def test_plots_take_on_another_size_of_text_while_they_are_shown(net: str, qtbot: QtBot) -> None:
    """Whether it grows or shrinks; and with what is usual they are again as they were."""
    faulty, changed = [], []
    for kind in all_plots():
        page = CardPage(kind())
        qtbot.addWidget(page)
        page.plot.refresh(real(net))
        page.show()
        fit(page)
        before = page.plot.canvas.grab().toImage()
        for times in (2.0, 1.5, 1.0):
            enlarge(times)
            settle()
            fit(page)
            faulty += faults(page.plot) if page.plot.state is not None else []
        changed += [kind.key] if differing(page.plot.canvas.grab().toImage(), before) > 0.01 else []
        page.hide()
    assert not faulty
    assert not changed


def fit(page: CardPage) -> None:
    """Give it the least size that it asks for."""
    page.resize(scaled(page.plot.least_width) - 2, scaled(page.plot.least_height) - 2)
    settle()


def differing(one: QImage, other: QImage) -> float:
    """The share of pixels that differ; a name may stand a pixel beside its place."""
    assert one.size() == other.size()
    first, second = (np.frombuffer(image.constBits(), np.uint32) for image in (one, other))
    return float(np.mean(first != second))


def settle() -> None:
    for _ in range(3):
        QApplication.processEvents()


def test_labels_and_buttons_of_the_window_have_room_for_their_text(qtbot: QtBot) -> None:
    enlarge(1.5)
    window = MainWindow(Document(find("vanishing-sigmoid")), lambda notify: Session("thread", notify))
    window.resize(1920, 1200)
    window.show()
    window.bench.start()
    qtbot.waitUntil(lambda: window.bench.view is not None)
    for _ in range(5):
        QApplication.processEvents()
    cut = list(cut_texts(window))
    window.bench.close()
    window.deleteLater()
    assert not cut


@pytest.mark.parametrize("name", DRAWN)
def test_a_lesson_leaves_the_board_its_room_in_the_smallest_window(name: str, qtbot: QtBot) -> None:
    """The plot that a curve is drawn on is whole, from its title to its axis."""
    enlarge(1.5)
    window = MainWindow(Document(find("vanishing-sigmoid")), lambda notify: Session("thread", notify))
    window.resize(960, 600)
    window.show()
    window.lessons.open(lesson(name))
    settle()
    panel, board = window.lessons.panel, window.plot_area.board
    assert panel is not None
    (curve,) = (box.form.sketch for box in panel.questions if isinstance(box.form, CurveForm))
    right = board.mapTo(window, board.rect().bottomRight()).x()
    shown = curve.viewport().visibleRegion().boundingRect()
    axes = [curve.flat(axis.mapRectToScene(axis.rect())) for axis in curve.axes]
    window.bench.close()
    window.deleteLater()
    assert window.width() == 960
    assert right < 960
    assert shown == curve.viewport().rect()
    assert [each for each in axes if not shown.contains(each)] == [], shown


def cut_texts(window: QWidget) -> Iterator[str]:
    for widget in window.findChildren(QWidget):
        if isinstance(widget, QLabel | QAbstractButton) and widget.isVisible() and shows_text(widget):
            wraps = isinstance(widget, QLabel) and widget.wordWrap()
            needed = widget.fontMetrics().size(0, widget.text().replace("&", ""))
            if needed.height() > widget.height() + 2 or (needed.width() > widget.width() and not wraps):
                yield f"{type(widget).__name__} “{widget.text()}” needs {needed} and has {widget.size()}"


def shows_text(widget: QLabel | QAbstractButton) -> bool:
    """Not a picture, and not what is shortened with dots where it has no room."""
    if isinstance(widget, QToolButton) and widget.toolButtonStyle() == Qt.ToolButtonStyle.ToolButtonIconOnly:
        return widget.icon().isNull() and bool(widget.text())
    return bool(widget.text()) and not isinstance(widget, ElidedLabel)
