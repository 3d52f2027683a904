"""What lies over a plot that shows another network than the one that is described."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget
from shiboken6 import isValid

from ui.plots.base import Plot, View
from ui.style.numbers import integer
from ui.style.overlay import lay_over
from ui.style.theme import current_theme

VEILED = 0.7
"""How much of what is below it takes away."""
PADDING = 8


class Veil(QWidget):
    """Dims all of the widget that it lies on and says why; lets the pointer through."""

    def __init__(self, below: QWidget, text: str) -> None:
        super().__init__()
        self._text = text
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAccessibleName(text)
        lay_over(self, below)

    @property
    def text(self) -> str:
        return self._text

    def say(self, text: str) -> None:
        self._text = text
        self.setAccessibleName(text)
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme = current_theme()
        panel = QColor(theme.panel)
        with QPainter(self) as painter:
            painter.setOpacity(VEILED)
            painter.fillRect(self.rect(), panel)
            painter.setOpacity(1.0)
            room = self.rect().adjusted(2 * PADDING, 2 * PADDING, -2 * PADDING, -2 * PADDING)
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            words = painter.boundingRect(room, flags, self._text)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QColor(theme.warning))
            painter.setBrush(panel)
            painter.drawRoundedRect(QRectF(words).adjusted(-PADDING, -4.5, PADDING, 4.5), 4, 4)
            painter.drawText(room, flags, self._text)


class _LaidVeils:
    """A veil over each of some plots, and over the images of networks that stand beside its own."""

    def __init__(self) -> None:
        self._veils: dict[str, dict[QWidget, Veil]] = {}

    def _say(self, plot: Plot[Any], text: str) -> None:
        """Cover a plot, or say something else over it."""
        laid = self._veils.setdefault(plot.key, {})
        canvases: list[QWidget] = [each.canvas for each in plot.side_by_side]
        for canvas in [each for each in laid if each not in canvases]:
            _remove(laid.pop(canvas))
        for canvas in canvases:
            if canvas in laid:
                laid[canvas].say(text)
            else:
                laid[canvas] = Veil(canvas, text)

    def _take_off(self, key: str) -> None:
        for veil in self._veils.pop(key, {}).values():
            _remove(veil)

    def lift(self) -> None:
        """Take all of them off."""
        for key in tuple(self._veils):
            self._take_off(key)


def _remove(veil: Veil) -> None:
    if isValid(veil):  # It may have gone with the network that it lay on.
        veil.hide()
        veil.deleteLater()


class StepVeils(_LaidVeils):
    """Says of plots that what they show is of another step than the one that is to be seen."""

    def cover(self, plot: Plot[Any], view: View) -> None:
        """Bring one plot in line with the view that is shown."""
        other = None if plot.state is None or plot.paused or view.whole or plot.recorded else plot.state.step
        if other is None or other == view.frame.step:
            self._take_off(plot.key)
        else:
            self._say(plot, f"of step {integer(other)}; step {integer(view.frame.step)} is being computed")


class Veils(_LaidVeils):
    """Dims plots of a network that is not the described one, until they are lifted."""

    def __init__(self) -> None:
        super().__init__()
        self._why = self._empty = ""

    def lay(self, plots: Iterable[Plot[Any]], why: str, empty: str) -> None:
        """Say ``why`` over what is shown, and ``empty``, unless it is nothing, where nothing is."""
        self._why, self._empty = why, empty
        for plot in plots:
            self.cover(plot)

    def cover(self, plot: Plot[Any]) -> None:
        """One more plot, if veils are laid."""
        if self._why and plot.state is not None:
            self._say(plot, self._why)
        elif self._empty:
            plot.forget(self._empty)

    def lift(self) -> None:
        self._why = self._empty = ""
        super().lift()
