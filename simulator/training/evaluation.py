"""The network in evaluation mode: validation scores and answers, without touching the taps."""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np

from simulator.arrays.numeric import Array
from simulator.data.base import Dataset
from simulator.experiment.experiment import Experiment
from simulator.network.network import Network

SAMPLES_AT_ONCE = 256
"""The batch size of the twin."""


class Evaluator:
    """A twin of the network over the same parameters, with buffers of its own."""

    def __init__(self, network: Network, experiment: Experiment, data: Dataset) -> None:
        self.experiment, self.data, self.network = experiment, data, network
        self._twin: Network | None = None
        self._scored: tuple[Array, Array] | None = None
        """Parameters and states that were scored last."""
        self._scores: dict[str, float] = {}
        self.seconds = 0.0
        """What scoring took last."""

    @property
    def twin(self) -> Network:
        """Built when first asked for."""
        if self._twin is None:
            self._twin = Network(
                self.experiment, self.data.input_shape, self.data.outputs, SAMPLES_AT_ONCE, share=self.network
            )
        return self._twin

    def update_spec(self, experiment: Experiment) -> None:
        self.experiment, self._scored = experiment, None
        if self._twin is not None:
            self._twin.update_spec(experiment)

    @np.errstate(all="ignore")
    def validation(self) -> dict[str, float]:
        """``validation_loss`` and, for classes, ``validation_accuracy``; empty where nothing is held out.

        Scored once while the network is the same: whoever shows a step asks for what its first frame has.
        """
        if self.data.validation_samples == 0:
            return {}
        present = self.network.parameters.value, self.network.states.value
        if self._scored is None or not all(map(np.array_equal, self._scored, present)):
            began = time.perf_counter()
            self._scores = self._score()
            self.seconds = time.perf_counter() - began
            self._scored = present[0].copy(), present[1].copy()
        return dict(self._scores)

    def _score(self) -> dict[str, float]:
        samples = self.data.validation_samples
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
        target = np.zeros((len(y), SAMPLES_AT_ONCE), y.dtype)
        for start in range(0, x.shape[1], SAMPLES_AT_ONCE):
            count = min(SAMPLES_AT_ONCE, x.shape[1] - start)
            target[:, :count] = y[:, start : start + count]
            self._answer(x[:, start : start + count])
            yield count, target

    def _answer(self, x: Array) -> Array:
        """(outputs, count) for up to a chunk of samples; what the rest of the buffer holds does not matter."""
        count = x.shape[1]
        self.twin.input[:-1, :count] = x
        return self.twin.forward(training=False)[:, :count]

    @np.errstate(all="ignore")
    def answers(self, x: Array) -> Array:
        """(outputs, samples) in float64 for inputs (features, samples)."""
        answers = np.empty((self.data.outputs, x.shape[1]))
        for start in range(0, x.shape[1], SAMPLES_AT_ONCE):
            piece = x[:, start : start + SAMPLES_AT_ONCE]
            answers[:, start : start + piece.shape[1]] = self._answer(piece)
        return answers
