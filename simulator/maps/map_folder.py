"""The folder of a map: its cells as they are made, and the table that is made from them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path

from simulator.maps import table
from simulator.maps.cells_file import CellsFile
from simulator.maps.engines import Engine
from simulator.maps.making import MadeCell
from simulator.maps.map_run import MapRun
from simulator.maps.refinement import refined
from simulator.maps.sweep import MapCell, Sweep
from simulator.running.headless.folder import LOCK
from simulator.system.process_lock import ProcessLock

MOST_PASSES = 6
"""Of refining: a cell is then a 64th of one of the grid."""


class MapFolder(AbstractContextManager["MapFolder"]):
    """Holds the folder of one map from its making to its end; ExperimentError where another map stands there."""

    def __init__(self, folder: Path, sweep: Sweep) -> None:
        self.folder, self.sweep = folder, sweep
        self.news = ""
        """Why last digits of some cells may be others than of those before, in a sentence."""
        self._held = ExitStack()
        folder.mkdir(parents=True, exist_ok=True)
        with ExitStack() as held:
            held.enter_context(ProcessLock(folder / LOCK, "this folder"))
            self._file = CellsFile(folder, sweep)
            held.callback(self._file.close)
            self._held = held.pop_all()

    def __exit__(self, *_: object) -> None:
        """The table is of all cells that are made, however their making ended."""
        try:
            if self._file.environment is not None:
                table.write(self.sweep, self.made, self.folder)
        finally:
            self._held.close()

    @property
    def made(self) -> list[MadeCell]:
        """Every cell that is made, in the order in which they were."""
        return self._file.made

    @property
    def left(self) -> list[MapCell]:
        """Cells of the grid that are not."""
        return self._file.left

    def make(
        self, make_engine: Callable[[int], Engine], stop: Callable[[], bool] = lambda: False,
        hear: Callable[[dict[str, float]], None] = lambda shares: None, refine_by: str = "", passes: int = 1,
    ) -> Iterator[MadeCell]:  # fmt: skip
        """Make what is left, each cell written before it is given; ``make_engine`` gives an engine for so many cells.

        ``hear`` is told now and then which cells are under way, and how far. After the grid come ``passes`` of cells
        where neighbours differ most in the measure ``refine_by``, if one is given.
        """
        passes = passes if refine_by else 0
        left = self.left or self._wanted(refine_by, passes)
        if not left:
            return
        engine = make_engine(len(left) + self._most_refined(passes))
        try:
            if changed := self._file.begin(engine.where()):
                self.news = f"these cells were made otherwise than those before ({changed}): last digits may differ"
            while left and not stop():
                for made in MapRun(self.sweep, left, engine, len(self.made), stop, hear):
                    self._file.add(made)
                    yield made
                left = self._wanted(refine_by, passes)
        finally:
            engine.close()

    def next_pass(self, measure: str) -> int:
        """The first pass of refining of which not all cells are made; 0 where none has any."""
        if self.left:
            return 1
        return next((number for number in range(1, MOST_PASSES + 1) if self._wanted(measure, number)), 0)

    def _wanted(self, measure: str, passes: int) -> list[MapCell]:
        """Cells of the next pass that are not made."""
        known = {each.cell.key for each in self.made}
        wanted = refined(self.sweep, self.made, measure, passes) if passes else []
        return [cell for cell in wanted if cell.key not in known]

    def _most_refined(self, passes: int) -> int:
        """As many cells as all passes together could add."""
        grid = math.prod(len(axis.values) for axis in self.sweep.axes) * self.sweep.seeds
        return int(grid * (4**passes - 1))
