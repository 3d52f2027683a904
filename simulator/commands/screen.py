"""What commands ask of the program's window, which is handed in: the simulator knows no screen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from simulator.landscape.function import Objective
    from simulator.landscape.landscape import Landscape
    from simulator.landscape.race import RacedPath
    from simulator.running.headless.result import RunResult


class Screen:
    """None: nothing is drawn, and no page is written. All may raise OSError with one sentence."""

    def draw_run(self, result: RunResult, folder: Path) -> str:
        """Draw the plots of a run into a folder, and say in a sentence what was drawn, if anything was."""
        return ""

    def draw_comparison(self, results: Mapping[str, Sequence[RunResult]], folder: Path) -> str:
        """Draw the plots of networks, of each the runs from all seeds, into a folder; what it says is as of a run."""
        return ""

    def draw_race(self, landscape: Landscape, objective: Objective, paths: Sequence[RacedPath], path: Path) -> None:
        """Draw a race into a file."""

    def write_report(self, result: RunResult, path: Path) -> None:
        """Write the report of a run into a file."""
        raise OSError(f"{path}: a report is written by the program with its window")

    def write_manual(self, folder: Path) -> int:
        """Write the manual into a folder; how many pages it has."""
        raise OSError(f"{folder}: the manual is written by the program with its window")
