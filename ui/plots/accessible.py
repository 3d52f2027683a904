"""Plots for screen readers: each is a chart, and its description is a sentence that says what it shows now."""

from __future__ import annotations

from functools import cache
from typing import Any

from PySide6.QtCore import QObject
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import QAccessibleWidget

from ui.plots.base import Plot


class AccessiblePlot(QAccessibleWidget):
    """Makes the sentence when somebody asks for it, so that it is of now and costs nothing where nobody does."""

    def __init__(self, plot: Plot[Any]) -> None:
        super().__init__(plot, QAccessible.Role.Chart)

    def text(self, kind: QAccessible.Text) -> str:
        plot = self.widget()
        if kind == QAccessible.Text.Description and isinstance(plot, Plot):
            return plot.sentence()
        return super().text(kind)


@cache
def make_plots_accessible() -> None:
    """From now on assistive programs are told what plots show."""
    QAccessible.installFactory(_interface)


def _interface(_class: str, shown: QObject) -> QAccessibleWidget | None:
    return AccessiblePlot(shown) if isinstance(shown, Plot) else None
