"""The network in evaluation mode: validation scores and the decision boundary, without touching the taps."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from simulator.arrays.numeric import Array, frozen
from simulator.data.base import Dataset
from simulator.experiment.experiment import Experiment
from simulator.network.network import Network
from simulator.observations.boundary import Boundary

CHUNK = 256
GRID = 64
"""Points along each side of the decision boundary's image."""


class Evaluator:
    """A twin of the network over the same parameters, with buffers of its own."""

    def __init__(self, network: Network, experiment: Experiment, data: Dataset) -> None:
        self.experiment, self.data, self.network = experiment, data, network
        self._twin: Network | None = None

    @property
    def twin(self) -> Network:
        """Built when first asked for."""
        if self._twin is None:
            self._twin = Network(self.experiment, self.data.input_shape, self.data.outputs, CHUNK, share=self.network)
        return self._twin

    def update_spec(self, experiment: Experiment) -> None:
        self.experiment = experiment
        if self._twin is not None:
            self._twin.update_spec(experiment)

    @np.errstate(all="ignore")
    def validation(self) -> dict[str, float]:
        """``validation_loss`` and, for classes, ``validation_accuracy``; empty where nothing is held out."""
        samples = self.data.validation_samples
        if samples == 0:
            return {}
        loss, right = 0.0, 0.0
        for count, target in self._answered():
            loss += float(self.twin.output.sample_losses(target)[:count].sum(dtype=np.float64))
            right += float(self.twin.output.right(target)[:count].sum(dtype=np.float64))
        scores = {"validation_loss": loss / samples}
        if self.data.task == "classification":
            scores["validation_accuracy"] = right / samples
        return scores

    @np.errstate(all="ignore")
    def half_squares(self) -> Array:
        """(outputs,): mean of ½ (a − y)² over the held-out samples; NaN where nothing is held out."""
        total = np.zeros(self.data.outputs)
        for count, target in self._answered():
            total += self.twin.output.half_squares(target)[:, :count].sum(axis=1)
        mean: Array = total / self.data.validation_samples
        return mean

    def _answered(self) -> Iterator[tuple[int, Array]]:
        """Chunk after chunk of the held-out samples: how many the twin has answered, and their targets first."""
        x, y = self.data.x_val, self.data.y_val
        target = np.zeros((len(y), CHUNK), y.dtype)
        for start in range(0, x.shape[1], CHUNK):
            count = min(CHUNK, x.shape[1] - start)
            target[:, :count] = y[:, start : start + count]
            self._answer(x[:, start : start + count])
            yield count, target

    def _answer(self, x: Array) -> Array:
        """(outputs, count) for up to a chunk of samples; what the rest of the buffer holds does not matter."""
        count = x.shape[1]
        self.twin.input[:-1, :count] = x
        return self.twin.forward(training=False)[:, :count]

    @np.errstate(all="ignore")
    def boundary(self) -> Boundary | None:
        """The answers over the plane of a two-input data set; None for any other."""
        if self.data.input_shape != (2,):
            return None
        x = np.concatenate([self.data.x_train, self.data.x_val], axis=1)
        low, high = x.min(axis=1), x.max(axis=1)
        margin = 0.1 * np.maximum(high - low, 1e-6)
        first = np.linspace(low[0] - margin[0], high[0] + margin[0], GRID)
        second = np.linspace(low[1] - margin[1], high[1] + margin[1], GRID)
        grid = np.stack([np.tile(first, GRID), np.repeat(second, GRID)])
        image = np.empty((self.data.outputs, GRID * GRID))
        for start in range(0, GRID * GRID, CHUNK):
            piece = grid[:, start : start + CHUNK]
            image[:, start : start + piece.shape[1]] = self._answer(piece)
        return Boundary(
            frozen(image.reshape(-1, GRID, GRID)),
            (float(first[0]), float(first[-1])),
            (float(second[0]), float(second[-1])),
        )
