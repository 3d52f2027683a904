"""With the system's font half as large again all grows with it: no text is cut, nothing overlaps."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from simulator.experiment.files import find
from simulator.running.session import Session
from tests.ui.legible import faults
from tests.ui.real_runs import NETS, real
from ui.app import create_app
from ui.bench.document import Document
from ui.board.card import Page
from ui.chart.axes import plot_font
from ui.plots import all_plots
from ui.style.elided_label import ElidedLabel
from ui.style.text_size import measure_text, scaled
from ui.window.main_window import MainWindow

LARGER = 1.5


@pytest.fixture(autouse=True)
def large_text() -> Iterator[None]:
    app = create_app()
    usual = app.font()
    font = app.font()
    font.setPointSizeF(LARGER * usual.pointSizeF())
    app.setFont(font)
    measure_text()
    yield
    app.setFont(usual)
    measure_text()


def test_texts_of_plots_grow_with_the_application_s() -> None:
    assert plot_font().pixelSize() == pytest.approx(LARGER * 11, abs=0.5)


@pytest.mark.parametrize("net", NETS)
def test_at_its_least_size_every_plot_can_be_read_in_large_text(net: str, qtbot: QtBot) -> None:
    found = []
    for kind in all_plots():
        page = Page(kind())
        qtbot.addWidget(page)
        page.resize(scaled(kind.least_width) - 2, scaled(kind.least_height) - 2)
        page.plot.refresh(real(net))
        page.show()
        for _ in range(3):
            QApplication.processEvents()
        found += faults(page.plot) if page.plot.state is not None else []
        page.hide()
    assert not found


def test_labels_and_buttons_of_the_window_have_room_for_their_text(qtbot: QtBot) -> None:
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
