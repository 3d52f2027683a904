from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGraphicsScene

class GraphicsScene(QGraphicsScene):
    sigMouseClicked: Signal
    def prepareForPaint(self) -> None: ...
