"""What both plots of the landscape draw."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from simulator.landscape.function import Function, Objective, Point, Window
from simulator.landscape.landscape import Landscape
from simulator.landscape.network_slice import NetworkSlice, Trail
from simulator.landscape.race import RacedPath
from simulator.landscape.readings import base_of
from simulator.landscape.step_terms import StepTerms, step_terms
from ui.chart.pens import DASH_DOTTED, DASHED, SOLID, Dash
from ui.chart.shapes import DotShape
from ui.landscape.relief import Relief, ReliefMark, counted_from_least, relief_mark, relief_of

COLOURS = ("accent", "path_2", "forward", "backward", "path_5", "path_6")
"""Names of colours of the theme: of the first optimiser, the second …"""
SHAPES: Sequence[DotShape] = ("dot", "square", "diamond", "triangle", "right", "left")
DASHES: Sequence[Dash] = (SOLID, DASHED, (1.6, 1.4), DASH_DOTTED, (8.0, 2.0), (3.0, 1.5, 1.0, 1.5, 1.0, 1.5))
CELLS, SLOW_CELLS = 240, 48
"""Of the relief along each axis; of what takes long to be known."""
MARGIN = 0.1
"""Share of the window that it is widened by behind a start that lies outside."""


@dataclass(frozen=True)
class LandscapeState:
    """A race as of a step."""

    step: int
    function: Function
    relief: Relief
    mark: ReliefMark
    paths: Sequence[RacedPath]
    start: Point
    window: Window
    """What is seen until a hand zooms."""
    epsilon: float
    """How close to the minimum counts as there."""
    trail: Trail | None = None
    """The run's own path, on a slice of its network's loss."""
    note: str = ""
    """What is to be known of the plane."""
    race: object = None
    """Another one for each race."""
    chosen: int = -1
    """Which of the paths has its step taken apart; -1: none."""
    depth: int = 0

    def at(self, path: RacedPath) -> int:
        """The step that a path is shown at: its last where it is not there yet."""
        return min(self.step, path.steps)

    @property
    def last(self) -> int:
        """Steps of the longest path."""
        return max((path.steps for path in self.paths), default=0)

    @property
    def terms(self) -> StepTerms | None:
        """Of the coming step of the chosen path."""
        if not 0 <= self.chosen < len(self.paths):
            return None
        return step_terms(self.paths[self.chosen], self.step)


def window_of(landscape: Landscape, objective: Objective) -> Window:
    """What is shown: the objective's window, widened to where all begin."""
    (x0, x1), (y0, y1) = objective.window
    x, y = landscape.begin
    across, up = MARGIN * (x1 - x0), MARGIN * (y1 - y0)
    return (
        (x0 if x >= x0 else x - across, x1 if x <= x1 else x + across),
        (y0 if y >= y0 else y - up, y1 if y <= y1 else y + up),
    )


def state_of(
    landscape: Landscape, objective: Objective, paths: Sequence[RacedPath], chosen: int = -1
) -> LandscapeState:
    """The race as of its end."""
    function = landscape.function
    cells = SLOW_CELLS if function.slow else CELLS
    seen = relief_of(objective, window_of(landscape, objective), base_of(function, objective), cells)
    relief = counted_from_least(seen, paths)
    last = max((path.steps for path in paths), default=0)
    cut = objective if isinstance(objective, NetworkSlice) else None
    return LandscapeState(
        last, function, relief, relief_mark(relief), paths, landscape.begin, relief.window, landscape.epsilon,
        None if cut is None else cut.trail, "" if cut is None else cut.directions.note, object(), chosen,
    )  # fmt: skip
