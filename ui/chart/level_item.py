"""What stands above panes beside each other, so that the panes begin at one height."""

from __future__ import annotations

from collections.abc import Sequence

import pyqtgraph as pg


class LevelItem(pg.GraphicsWidget):
    """What stands above panes: as high as it needs to be, or as what stands beside it."""

    _level = 0.0
    """What those beside it take."""

    @property
    def needed_height(self) -> float:
        """What its own words take."""
        raise NotImplementedError

    def stand_level(self, height: float) -> None:
        """Take as much as those beside it, where they need more."""
        if height != self._level:
            self._level = height
            self._fit()

    def _height(self) -> float:
        return max(self.needed_height, self._level)

    def _fit(self) -> None:
        """Take that height."""
        height = self._height()
        if height != self.maximumHeight():
            for fix in (self.setMinimumHeight, self.setPreferredHeight, self.setMaximumHeight):
                fix(height)


def level(parts: Sequence[LevelItem]) -> None:
    """Let what stands below them begin at one height."""
    height = max((part.needed_height for part in parts), default=0.0)
    for part in parts:
        part.stand_level(height)
