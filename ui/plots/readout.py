"""The small box with exact values that stands in the plot while the pointer is over it."""

from __future__ import annotations

from PySide6.QtCore import QPointF, Qt
from PySide6.QtWidgets import QLabel

from ui.plots.canvas import Canvas, Pane
from ui.style.numbers import tabular


class ReadOut(QLabel):
    """Stays in the upper corner away from the pointer, and lets the pointer through."""

    def __init__(self, canvas: Canvas) -> None:
        super().__init__(canvas)
        self.setObjectName("plotReadout")
        self.setFont(tabular(self.font()))
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()

    def show_beside(self, pointer: QPointF, text: str, pane: Pane) -> None:
        self.setText(text)
        self.adjustSize()
        box = pane.sceneBoundingRect()
        right = pointer.x() < box.center().x()
        x = box.right() - self.width() - 6 if right else box.left() + 6
        self.move(round(x), round(box.top() + 6))
        self.show()
