"""The way to the map, and from a cell of it to its run on the bench."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from simulator.experiment.experiment import Experiment
from ui.bench.bench import Bench
from ui.window.experiments import Experiments

if TYPE_CHECKING:  # The first window does not wait for it.
    from ui.maps.window import MapWindow


class MapAccess(QObject):
    """Makes the map's window when it is first wanted."""

    def __init__(self, bench: Bench, experiments: Experiments, window: QWidget) -> None:
        super().__init__(window)
        self._bench, self._experiments, self._window = bench, experiments, window
        self.map: MapWindow | None = None
        bench.closed.connect(self._end)

    def open(self) -> None:
        """Show it, over the present experiment."""
        if self._bench.hold.stops():
            return
        from ui.maps.window import MapWindow

        experiment = self._bench.document.experiment
        if self.map is None:
            # Without a parent: the bench is to come before it when a cell is opened.
            self.map = MapWindow(experiment)
            self.map.cell_wanted.connect(self.open_cell)
        self.map.form.take_experiment(experiment)
        self.map.show()
        self.map.raise_()
        self.map.activateWindow()

    def open_cell(self, experiment: Experiment, steps: int) -> None:
        """Begin the run of a cell on the bench, and make as many steps as it has."""
        if not self._experiments.open_experiment(experiment):
            return
        if steps:
            self._bench.play(steps)
        self._window.raise_()
        self._window.activateWindow()

    def _end(self) -> None:
        if self.map is not None:
            self.map.end()
            self.map.close()
            self.map.deleteLater()
            self.map = None
