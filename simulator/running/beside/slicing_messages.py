"""What crosses between a window and the worker that cuts a network's loss."""

from __future__ import annotations

from msgspec import Struct

from simulator.arrays.numeric import Floats
from simulator.landscape.function import Window
from simulator.landscape.landscape import Landscape
from simulator.landscape.race import RacedPath
from simulator.landscape.readings import Curvature
from simulator.training.replay import Replay


class CutRun(Struct, frozen=True):
    """The run that is cut, and as of which step."""

    id: int
    replay: Replay
    """From step 0 on."""
    end: int


class AskSlice(Struct, frozen=True):
    """Have all of this landscape; it takes the place of what was asked for before."""

    id: int
    landscape: Landscape
    cut: CutRun | None
    """None: the network that the landscape names is trained."""
    window: Window | None
    """What is looked at; None: all of it."""
    step: int
    """Of the race, at which curvatures are read."""


class Sliced(Struct, frozen=True):
    """The plane is there."""

    id: int
    window: Window
    steps: tuple[int, ...]
    """Those of which the run's path has a place."""
    places: Floats
    """(steps, 2): where the run was on the plane."""
    note: str
    """What is to be known of the directions."""


class Raced(Struct, frozen=True):
    """All paths."""

    id: int
    paths: tuple[RacedPath, ...]


class Curvatures(Struct, frozen=True):
    """The curvature where each path stands at a step."""

    id: int
    step: int
    curvatures: tuple[Curvature, ...]


class Contoured(Struct, frozen=True):
    """f over a window, coarse at first."""

    id: int
    window: Window
    values: Floats


SlicingReply = Sliced | Raced | Curvatures | Contoured
