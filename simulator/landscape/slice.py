"""A slice of a network's loss as a function of a landscape: which network, how far trained, cut along what."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

import numpy as np

from simulator.arrays.numeric import Floats
from simulator.experiment.experiment import Experiment
from simulator.experiment.files import find
from simulator.landscape.directions import (
    Directions,
    path_directions,
    random_directions,
    weight_directions,
)
from simulator.landscape.function import Function, Point
from simulator.landscape.network_slice import NetworkSlice, Trail
from simulator.network.threads import blas_threads, limited_blas
from simulator.schema.parameter import knob
from simulator.training.replay import Replay, Replayer
from simulator.training.training import Training

MOST_POINTS = 200
MOST_BYTES = 64 * 2**20
"""Of the parameters that are kept of the run's path."""


def _weight(label: str, help: str) -> Any:
    return knob(
        label,
        f"{help}: its kernel, counted from the input, an input and a unit of it, from 1.",
        unit="k, i, u",
        live=True,
    )


class Slice(Function, frozen=True, tag="slice"):
    """The loss of a network over a plane through its parameters, with the run's own path on it.

    The plane goes through the parameters as they are, at (0, 0), along two weights; along two random directions, each
    unit's weights scaled to the unit's own length; or along the two directions in which the run's path spreads most.

    Li, Xu, Taylor, Studer and Goldstein 2018, Visualizing the loss landscape of neural nets, arXiv:1712.09913.
    """

    label: ClassVar[str] = "network's loss"
    formula: ClassVar[str] = r"$$f(x,y)=C(w+x\,d_1+y\,d_2)$$"
    start: ClassVar[Point] = (0.0, 0.0)
    slow: ClassVar[bool] = True
    checked_field: ClassVar[str] = "experiment"
    experiment: Annotated[
        dict[str, Any] | str,
        knob("experiment", "The network: an experiment, a file or a preset.", hidden=True, live=True),
    ] = "vanishing-sigmoid"
    trained: Annotated[
        int, knob("trained", "Steps that it has been trained.", ge=0, le=1_000_000, hidden=True, live=True)
    ] = 100
    directions: Annotated[
        Literal["random", "path", "weights"],
        knob("directions", "Two random ones, the two leading ones of the run's path, or two weights.", live=True),
    ] = "random"
    seed: Annotated[int, knob("seed", "Of random directions.", slider=(0, 99), ge=0, le=2**63 - 1, live=True)] = 0
    first: Annotated[tuple[int, ...], _weight("first weight", "The weight along x")] = (1, 1, 1)
    second: Annotated[tuple[int, ...], _weight("second weight", "The weight along y")] = (1, 1, 2)
    reach: Annotated[
        float,
        knob(
            "reach", "How far it is seen to each side along random directions or weights.", slider=(0.01, 100),
            log=True, gt=0, le=1e6, live=True,
        ),
    ] = 1.0  # fmt: skip

    @property
    def unused(self) -> tuple[str, ...]:
        return {"random": ("first", "second"), "weights": ("seed",), "path": ("seed", "first", "second", "reach")}[
            self.directions
        ]

    def check(self) -> None:
        self.network()

    def network(self) -> Experiment:
        """What is trained; ExperimentError where there is no such thing."""
        return find(self.experiment) if isinstance(self.experiment, str) else Experiment.from_builtins(self.experiment)

    def objective(self) -> NetworkSlice:
        """Trains the network first, from step 0."""
        experiment = self.network()
        return self.cut(Replay(experiment, threads=0), self.trained)

    def cut(self, replay: Replay, end: int) -> NetworkSlice:
        """Of a run that is computed again from step 0 to ``end``; ValueError where it cannot be cut so."""
        replayer = Replayer(replay)
        threads = replay.threads or blas_threads(replayer.training.network)
        with limited_blas(threads):
            steps, vectors = _walked(replayer, end)
            training = replayer.training
            centre = training.network.parameters.value.astype(np.float64)
            directions = self._directions(training, vectors, centre)
            trail = Trail(steps, directions.coordinates(vectors - centre))
            return NetworkSlice(training, directions, trail, self.reach)

    def _directions(self, training: Training, vectors: Floats, centre: Floats) -> Directions:
        if self.directions == "path":
            return path_directions(vectors, centre)
        if self.directions == "weights":
            return weight_directions(training.network, self.first, self.second)
        return random_directions(training.network, self.seed)


def _walked(replayer: Replayer, end: int) -> tuple[tuple[int, ...], Floats]:
    """Steps from the first to ``end``, evenly spaced, and the parameters there, (steps, parameters)."""
    size = replayer.training.network.parameters.size
    points = max(3, min(MOST_POINTS, MOST_BYTES // (8 * size)))
    first = replayer.training.step
    steps = tuple(sorted({round(step) for step in np.linspace(first, max(end, first), points)}))
    vectors = np.empty((len(steps), size))
    for place, step in enumerate(steps):
        vectors[place] = replayer.go_to(step).network.parameters.value
    return steps, vectors
