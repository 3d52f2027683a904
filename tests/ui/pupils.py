"""What a pupil does in a lesson, by the widgets that a hand uses."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from ui.chart.sketch import Sketch
from ui.lessons.answer_forms import ChoiceForm, CurveForm, NumberForm, OrderForm, QuestionBox
from ui.lessons.panel import LessonPanel
from ui.window.main_window import MainWindow


def panel_of(window: MainWindow) -> LessonPanel:
    assert window.lessons.panel is not None
    return window.lessons.panel


def draw(sketch: Sketch, left: QPoint, right: QPoint) -> None:
    """A stroke from here to there."""
    paper = sketch.viewport()
    QTest.mousePress(paper, Qt.MouseButton.LeftButton, pos=left)
    QTest.mouseMove(paper, right)
    QTest.mouseRelease(paper, Qt.MouseButton.LeftButton, pos=right)


def answer(box: QuestionBox, number: str = "3e-3") -> None:
    """Something."""
    form = box.form
    if isinstance(form, NumberForm):
        QTest.keyClicks(form.field, number)
    elif isinstance(form, ChoiceForm):
        form.buttons[0].click()
    elif isinstance(form, OrderForm):
        form.keep.click()
    else:
        assert isinstance(form, CurveForm)
        middle = form.sketch.height() // 2
        draw(form.sketch, QPoint(0, middle), QPoint(form.sketch.width() - 1, middle))


def answer_all(window: MainWindow, number: str = "3e-3") -> None:
    for box in panel_of(window).questions:
        answer(box, number)
