"""How several networks are held against each other: which layers belong together, and what their images show."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMenu, QWidget

from ui.bench.lane_views import LaneViews

LAYERS = (
    ("Layers at the same relative depth", "First and last layers of all networks stand at the same places.", False),
    ("Common layers at the same place", "Layers that networks have in common, as what differs is told, lie upon each "
     "other; what only one has stands between them.", True),
)  # fmt: skip
IMAGES = (
    ("Images beside each other", "Each network's image as it is, in the same colours.", False),
    ("Images as log₁₀ of the ratio to A", "What each image of layers, maps or inputs is beside the run's, cell by "
     "cell: blue where it is smaller, green where it is larger.", True),
)  # fmt: skip


class ComparisonMenu(QMenu):
    """Two choices of one each."""

    chosen = Signal()

    def __init__(self, views: LaneViews, parent: QWidget) -> None:
        super().__init__(parent)
        self._views = views
        self.setToolTipsVisible(True)
        self.layer_entries = self._choice(LAYERS, self._hold_layers)
        self.addSeparator()
        self.image_entries = self._choice(IMAGES, self._show_images)

    def _choice(self, entries: tuple[tuple[str, str, bool], ...], act: Callable[[bool], None]) -> list[QAction]:
        group = QActionGroup(self)
        for text, tip, on in entries:
            entry = group.addAction(text)
            entry.setToolTip(tip)
            entry.setCheckable(True)
            entry.setChecked(not on)
            entry.triggered.connect(lambda _checked, on=on: act(on))
        self.addActions(group.actions())
        return group.actions()

    def _hold_layers(self, common: bool) -> None:
        self._views.comparing = replace(self._views.comparing, common_layers=common)
        self.chosen.emit()

    def _show_images(self, ratio: bool) -> None:
        self._views.comparing = replace(self._views.comparing, ratio=ratio)
        self.chosen.emit()
