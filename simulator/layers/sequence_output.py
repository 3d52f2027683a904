"""The output layer of data that ask for an answer at each of the last steps of a sequence."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from simulator.arrays.numeric import Array
from simulator.layers.base import BuildContext, Shape, ShapeError, shape_text
from simulator.layers.output import Output, OutputModule
from simulator.parts.losses import Loss
from simulator.schema.numbers import count


class EachStepOutputModule(OutputModule):
    """The same affine map and loss at each of the last ``answers`` steps: inside, a column is a step of a sample.

    The loss of a sample is the mean over its answers. Targets are (answers · units, samples), step after step.
    """

    def __init__(
        self, spec: Output, loss: Loss, place: tuple[int, ...], input_shape: Shape, units: int, answers: int
    ) -> None:
        if len(input_shape) != 2 or input_shape[0] < answers:
            asked = "the last step" if answers == 1 else f"each of the last {answers} steps"
            raise ShapeError(
                f"must give a sequence of {count(answers, 'step')} or more, because an answer is asked for at "
                f"{asked}, but gives {shape_text(input_shape)}"
            )
        self.steps, self.features = input_shape
        self.answers = answers
        super().__init__(spec, loss, place, self.features, units)

    def allocate(self, context: BuildContext) -> None:
        self.samples = context.batch
        columns = self.answers * context.batch
        super().allocate(replace(context, batch=columns))
        self.gathered = context.arena.signal(self.features, columns)
        self.target = context.arena.zeros(self.units, columns)
        below = (
            context.scratch.array(self.steps * self.features, context.batch) if context.needs_input_gradient else None
        )
        self.below = below

    def _by_step(self, x: Array) -> Array:
        """The last steps of (steps · features, samples) as (features, answers, samples)."""
        steps = x.reshape(self.steps, self.features, self.samples)[-self.answers :]
        return steps.transpose(1, 0, 2)

    def _columns(self, y: Array) -> Array:
        """Targets in this module's columns."""
        target = self.target.reshape(self.units, self.answers, self.samples)
        np.copyto(target, y.reshape(self.answers, self.units, self.samples).transpose(1, 0, 2))
        return self.target

    def _gather(self, x: Array) -> Array:
        np.copyto(self.gathered[:-1].reshape(self.features, self.answers, self.samples), self._by_step(x[:-1]))
        return self.gathered

    def initialise(self, seed: int, x: Array) -> None:
        super().initialise(seed, self._gather(x))

    def forward(self, x: Array) -> Array:
        return super().forward(self._gather(x))

    def sample_losses(self, y: Array) -> Array:
        losses: Array = super().sample_losses(self._columns(y)).reshape(self.answers, self.samples).mean(axis=0)
        return losses

    def half_squares(self, y: Array) -> Array:
        by_answer = super().half_squares(self._columns(y)).reshape(self.units, self.answers, self.samples)
        mean: Array = by_answer.mean(axis=1)
        return mean

    def right(self, y: Array) -> Array:
        shares: Array = super().right(self._columns(y)).reshape(self.answers, self.samples).mean(axis=0)
        return shares

    def backward(self, y: Array) -> Array | None:
        return super().backward(self._columns(y))

    def pull_back(self) -> Array | None:
        back = super().pull_back()
        if back is None or self.below is None:
            return None
        self.below[: (self.steps - self.answers) * self.features] = 0
        np.copyto(self._by_step(self.below), back.reshape(self.features, self.answers, self.samples))
        return self.below
