"""From the gradient of the loss to the update: penalties, clipping, the optimiser and its state."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import numpy as np

from simulator.arrays.numeric import Array
from simulator.arrays.statistics import CHUNK_ENTRIES, norm, norm_from
from simulator.experiment.experiment import Experiment
from simulator.layers.parameters import Parameters
from simulator.parts.optimizers import Optimizer
from simulator.parts.regularization import Regularization
from simulator.system.progress import Reporting
from simulator.training.copies import copied

Write = Callable[[tuple[Array, ...], Array, Array, Array, float, int], None]
"""Takes state, parameters, gradient, where the update goes, rate and the number of the update."""
CHUNK = CHUNK_ENTRIES
"""Parameters updated at a time, so that an optimiser's vectors stay in the cache; also summed at a time."""


class Updater(Reporting):
    """Writes the update of a network's parameters, and keeps the optimiser's state between steps."""

    def __init__(self, parameters: Parameters, optimizer: Optimizer) -> None:
        self.parameters = parameters
        self.frozen: list[tuple[int, int]] = []
        """Where parameters stand that are left as they are, with the optimiser's state of them."""
        self._pieces = _pieces((), parameters.size)
        self._chunk = np.empty(min(CHUNK, parameters.size), parameters.value.dtype)
        """The part of an update that nobody looks at which is being made."""
        self._squares = 0.0
        """Σ g² of the gradient whose update is written, where all of it is updated."""
        self.finite = True
        """Whether the squares of the update that is written sum to a finite number; then so is every entry."""
        self.reset(optimizer)

    def reset(self, optimizer: Optimizer) -> None:
        """Start with empty state."""
        value = self.parameters.value
        self.slots = tuple(np.zeros(value.shape, value.dtype) for _ in range(optimizer.slots))
        """The optimiser's state, (parameters,) each."""
        self.updates = 0
        """Updates since this optimiser took over: the t of its bias corrections."""

    def freeze(self, ranges: Sequence[tuple[int, int]]) -> None:
        """Leave what stands in these ranges as it is from now on, and let everything else be updated."""
        if list(ranges) != self.frozen:
            self.frozen = list(ranges)
            self._pieces = _pieces(self.frozen, self.parameters.size)
            for start, stop in self.frozen:
                self.parameters.update[start:stop] = 0

    def take_over(self, before: Optimizer, optimizer: Optimizer) -> bool:
        """Whether another kind of optimiser starts with empty state; one of the same kind goes on with it."""
        if type(before) is type(optimizer):
            optimizer.rescale_state(before, self.slots)
            return False
        self.reset(optimizer)
        return True

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Put the optimiser's state back at the end, as if no update had been written."""
        before = [(copied if self._reports_progress else np.copy)(slot) for slot in self.slots]
        yield
        for slot, kept in zip(self.slots, before, strict=True):
            np.copyto(slot, kept)

    def write(self, experiment: Experiment, rate: float) -> None:
        """Let the optimiser write the update at this learning rate; it is not applied yet."""
        self._write(experiment, experiment.optimizer.update, rate)

    def _write(self, experiment: Experiment, write: Write, rate: float) -> None:
        for _ in self._written(experiment, write, rate, self.parameters.update):
            pass

    def make(self, experiment: Experiment, rate: float) -> None:
        """Write the update and make it, a chunk at a time while that is in the cache: it is kept nowhere.

        To the bits of :meth:`write` and :meth:`apply`.
        """
        for value, update in self._written(experiment, experiment.optimizer.update, rate, None):
            np.add(value, update, out=value)
        self.updates += 1

    def _written(
        self, experiment: Experiment, write: Write, rate: float, update: Array | None
    ) -> Iterator[tuple[Array, Array]]:
        """Chunks of parameters and their update as it is written: into ``update``, or each over the one before."""
        parameters = self.parameters
        gradient = followed_gradient(parameters, experiment.regularization, self.frozen)
        self.finite, self._squares = True, 0.0
        for piece in self._followed(self._pieces, "The first update", ""):
            value = parameters.value[piece]
            change = self._chunk[: value.size] if update is None else update[piece]
            write(tuple(slot[piece] for slot in self.slots), value, gradient[piece], change, rate, self.updates + 1)
            # A product of what is in the cache costs least; an update so large that it overflows is looked at again.
            self.finite &= math.isfinite(np.dot(change, change))
            if update is not None:
                own = parameters.gradient[piece]
                self._squares += float(np.dot(own, own))
            yield value, change

    @property
    def gradient_norm(self) -> float:
        """‖∂C/∂(all parameters)‖, without penalties or clipping, of the update that is written."""
        gradient = self.parameters.gradient
        return norm(gradient) if self.frozen else norm_from(self._squares, gradient)

    def write_again(self, experiment: Experiment, before: float, rate: float) -> None:
        """The update that was written at a rate of ``before``, at another one: as if it had been that in this step.

        Of an optimiser that does not write it again, it is scaled, which rounds once more.
        """
        if experiment.optimizer.rewrites:
            self._write(experiment, experiment.optimizer.write, rate)
        else:
            update = self.parameters.update
            np.multiply(update, rate / before, out=update)
            self.finite = math.isfinite(np.dot(update, update))

    def apply(self) -> None:
        """Make the update that is written."""
        value, update = self.parameters.value, self.parameters.update
        # Even 0 would change what is frozen: −0 + 0 is 0.
        for piece in self._pieces if self.frozen else (slice(None),):
            np.add(value[piece], update[piece], out=value[piece])
        self.updates += 1


def _pieces(frozen: Sequence[tuple[int, int]], size: int) -> list[slice]:
    """What is updated, a chunk at a time."""
    ends = [0, *(end for each in frozen for end in each), size]
    free = zip(ends[::2], ends[1::2], strict=True)
    return [slice(at, min(at + CHUNK, stop)) for start, stop in free for at in range(start, stop, CHUNK)]


def followed_gradient(
    parameters: Parameters, rules: Regularization, frozen: Sequence[tuple[int, int]] = ()
) -> Array:  # fmt: skip
    """The gradient that is followed, (parameters,): penalties added, then clipped by value, then by norm.

    Of what is ``frozen`` nothing is followed, so its gradient counts in no norm that is clipped.
    """
    if not (rules.l1 or rules.l2 or rules.clip_norm or rules.clip_value):
        return parameters.gradient
    gradient: Array = parameters.gradient.copy()
    for start, stop in parameters.weight_ranges:
        if rules.l2:
            gradient[start:stop] += rules.l2 * parameters.value[start:stop]
        if rules.l1:
            gradient[start:stop] += rules.l1 * np.sign(parameters.value[start:stop])
    for start, stop in frozen:
        gradient[start:stop] = 0
    if rules.clip_value is not None:
        np.clip(gradient, -rules.clip_value, rules.clip_value, out=gradient)
    if rules.clip_norm is not None:
        size = norm(gradient)
        if size > rules.clip_norm:
            gradient *= rules.clip_norm / size
    return gradient
