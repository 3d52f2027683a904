"""What a person is told and can reach, found as one finds it on the screen, and what goes on behind it."""

from __future__ import annotations

import multiprocessing
import threading
from typing import Any, TypeVar

from PySide6.QtCore import QCoreApplication, QEvent, QObject, QTimer
from PySide6.QtWidgets import QLabel, QLineEdit, QToolButton, QWidget

from ui.chart.marks import Mark
from ui.chart.readout import ReadOut
from ui.plots import Plot

M = TypeVar("M", bound=Mark)


def empty_note(plot: Plot[Any]) -> QLabel:
    """What stands in a plot that shows nothing."""
    label = plot.findChild(QLabel, "plotEmpty")
    assert isinstance(label, QLabel)
    return label


def drawn(plot: Plot[Any], kind: type[M], key: str = "", place: int = 0) -> M:
    """What is drawn of the live state, or of another one, of this kind and under this key."""
    marks = plot.drawing.marks_of(kind)
    (mark,) = [each for each in marks if not key or plot.drawing.mark(key, place) is each]
    return mark


def read_out(plot: Plot[Any]) -> ReadOut:
    """The box beside the pointer."""
    (box,) = [each for each in plot.window().findChildren(ReadOut) if each.canvas is plot.canvas]
    return box


def texts(widget: QWidget) -> list[str]:
    """Every label that can be seen where ``widget`` is."""
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    return [label.text() for label in widget.findChildren(QLabel) if label.isVisibleTo(widget)]


def button(widget: QWidget, text: str) -> QToolButton:
    """The one that says this."""
    (named,) = [each for each in widget.findChildren(QToolButton) if each.text() == text]
    return named


def field(widget: QWidget, name: str) -> QLineEdit:
    """The text field of this name."""
    (named,) = [each for each in widget.findChildren(QLineEdit) if each.accessibleName() == name]
    return named


def ticking(owner: QObject) -> list[int]:
    """Milliseconds between the ticks of every timer that goes on by itself."""
    timers = owner.findChildren(QTimer)
    return [timer.interval() for timer in timers if timer.isActive() and not timer.isSingleShot()]


def workers() -> list[str]:
    """Threads and processes that train or try."""
    names = [thread.name for thread in threading.enumerate()] + [p.name for p in multiprocessing.active_children()]
    return [name for name in names if name.startswith("nablascope-")]
