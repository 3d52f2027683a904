"""One experiment being trained, one step at a time: no thread, no clock, no screen."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from simulator.arrays.draws import KeptDraws
from simulator.arrays.numeric import Array, Floats, Stream, frozen, stream
from simulator.arrays.statistics import nonfinite, norm
from simulator.data import DataError
from simulator.data.base import prepare
from simulator.experiment.experiment import Experiment, ExperimentError
from simulator.measures import RECORDED, Measure, Meter
from simulator.network.network import Network
from simulator.network.threads import blas_threads, limited_blas
from simulator.parts.optimizers import Optimizer
from simulator.schema.parameter import is_live_change
from simulator.training.checkpoint import Checkpoint, misfit
from simulator.training.drawing import equal_but_for_initializers, is_scaled_by_data
from simulator.training.evaluation import Evaluator
from simulator.training.nonfinite import Watch
from simulator.training.revival import revive
from simulator.training.run_info import describe
from simulator.training.sampler import Sampler
from simulator.training.updater import Updater

SCALARS = ("loss", "accuracy", "validation_loss", "validation_accuracy", "learning_rate", "gradient_norm")
NETWORK_FIELDS = tuple(
    name
    for name in Experiment.__struct_fields__
    if name not in ("name", "optimizer", "schedule", "regularization", "lanes", "locks")
)
"""What an experiment says of anything but the way from gradients to updates."""
MOST_RESCALING = 2.0**10
"""Times by which an update that is written is scaled at most."""
SMALLEST_RESCALED = 1e-30
"""An update of which less is measured in any layer may have lost digits: it is not scaled up."""


class Training:
    """A network after ``step`` updates, with the batch of its next update loaded.

    ``propose`` evaluates and measures the step and its update, ``apply`` makes the update. ``look`` measures the same
    and changes nothing, so it may be called at any time. ``measures`` are those that are recorded.
    """

    def __init__(self, experiment: Experiment, run: int = 0, measures: Sequence[Measure] = RECORDED) -> None:
        self.experiment = experiment = experiment.settled()
        try:
            self.data = prepare(experiment.data, experiment.seed, experiment.precision)
        except DataError as error:
            raise ExperimentError(str(error), "data", words=str(error)) from None
        samples = self.data.x_train.shape[1]
        batch = min(experiment.batch_size, samples)
        with np.errstate(all="ignore"):
            self.network = Network(experiment, self.data.input_shape, self.data.outputs, batch)
            self.y = np.empty((len(self.data.y_train), batch), self.network.dtype)
        self._memories = tuple(module.state() for module in self.network.modules)
        """What layers remember before the first weight is drawn."""
        self.draws = KeptDraws()
        """What is drawn again if the next weights are to be of another size: until a step is made."""
        self.evaluator = Evaluator(self.network, experiment, self.data)
        self.updater = Updater(self.network.parameters, experiment.optimizer)
        self._make_meters(measures)
        self._begin(run)
        self.columns = (*SCALARS, *(f"{name}:{layer}" for name in self.meter.names for layer in range(self.info.depth)))

    def _begin(self, run: int, again: bool = False) -> None:
        """Draw the weights and stand at step 0; ``again``: see :meth:`Network.initialise_again`."""
        experiment = self.experiment
        with np.errstate(all="ignore"):
            self.sampler = Sampler(self.data.x_train.shape[1], self.network.batch, experiment.seed)
            self.load_batch()
            with limited_blas(blas_threads(self.network)):
                if again:
                    self.network.initialise_again(experiment.seed)
                else:
                    self.network.initialise(experiment.seed)
        self.step = 0
        self.watch = Watch(self.network)
        self.check_parameters()
        self.updater.reset(experiment.optimizer)
        self.updater.freeze(self.network.frozen_ranges())
        self.info = describe(run, self.network, self.data, sum(slot.nbytes for slot in self.updater.slots))

    def is_redrawn_by(self, experiment: Experiment) -> bool:
        """Whether ``experiment`` differs in nothing but how weights are drawn, if in that."""
        return equal_but_for_initializers(self.experiment, experiment)

    def redraw(self, experiment: Experiment, run: int) -> None:
        """Begin at step 0 with the weights that ``experiment`` draws: to the bits of a new training."""
        self.experiment = experiment = experiment.settled()
        self.network.clear()
        for module, memory in zip(self.network.modules, self._memories, strict=True):
            module.load_state(memory)
        self.network.take_spec(experiment)
        self.evaluator.update_spec(experiment)
        # What a layer draws on the way forward, such as masks, it is to remember.
        follow = is_scaled_by_data(experiment) or any(memory is not None for memory in self._memories)
        with self.draws.passing():
            self._begin(run, again=not follow)

    def _make_meters(self, measures: Sequence[Measure]) -> None:
        roles, batch = self.network.roles, self.network.batch
        self.meter = Meter(roles, batch, measures)
        self._counts = [row for row, measure in enumerate(measures) if measure.name == "nonfinite"]
        self._of_update = [row for row, measure in enumerate(measures) if "weight_update" in measure.roles]
        self._update_meter = Meter(roles, batch, [measures[row] for row in self._of_update])

    def load_batch(self, batch: NDArray[np.int64] | None = None) -> None:
        """Load these samples, or the sampler's next."""
        self.batch = self.sampler.next() if batch is None else batch
        np.take(self.data.x_train, self.batch, axis=1, out=self.network.input[:-1], mode="clip")
        np.take(self.data.y_train, self.batch, axis=1, out=self.y, mode="clip")

    # -- one step -------------------------------------------------------------------------------------------------

    def evaluate(self) -> None:
        """Forward and backward on the present batch, which changes nothing else: it may be done again."""
        self.network.forward(training=True)
        self.network.backward(self.y)

    @property
    def learning_rate(self) -> float:
        base: float = self.experiment.optimizer.learning_rate
        return float(self.experiment.schedule.rate(base, self.step))

    def propose(
        self, measure: bool = True, trace: bool = False, before_update: Callable[[], bool] | None = None,
        evaluated: bool = False,
    ) -> bool:  # fmt: skip
        """Evaluate the present step, let the optimiser write its update, and measure; ``apply`` then makes it.

        ``trace`` also follows the size of the error signal through every operation on its way back. ``evaluated``:
        the step has been, and followed or not.

        ``before_update`` is called when loss and gradient are known and the update is not. It may call
        :meth:`change_update_rule`; where it answers False, no update is written. Whether one is.
        """
        with np.errstate(all="ignore"):
            if not evaluated:
                self.network.trace.begin(trace)
                self.evaluate()
            if measure:
                self._score()
            if before_update is not None and not before_update():
                return False
            self.updater.write(self.experiment, self.learning_rate)
            if measure:
                self._measure()
        return True

    def apply(self) -> None:
        """Make the proposed update and load the batch of the next."""
        with np.errstate(all="ignore"):
            self.updater.apply()
        self._commit()

    def make_step(self) -> None:
        """Make a step of which nothing is measured: to the bits of :meth:`propose` and :meth:`apply`, but quicker.

        Its update is kept nowhere: ``parameters.update`` and what taps show of it stay behind.
        """
        self.network.trace.begin(False)
        with np.errstate(all="ignore"):
            self.evaluate()
            self.updater.make(self.experiment, self.learning_rate)
        self._commit()

    def _commit(self) -> None:
        """The update is made."""
        with np.errstate(all="ignore"):
            if not self.updater.finite:
                # Only so large an update can make them infinite.
                self.check_parameters()
            self.network.commit()
        self.draws.forget()
        self.step += 1
        self.watch.commit()
        self.load_batch()

    def check_parameters(self) -> None:
        """They have been changed otherwise than by an update."""
        self.finite = nonfinite(self.network.parameters.value) == 0
        """Whether all parameters are."""

    def look(self) -> None:
        """Bring taps and measures to the present step, update included, and change nothing."""
        with self.updater.kept():
            self.propose(trace=True)

    def preview(self) -> None:
        """Where loss and gradient are known, measure the step with the update it would make, and change nothing."""
        with self.updater.kept(), np.errstate(all="ignore"):
            self.updater.write(self.experiment, self.learning_rate)
            self._measure()

    def _score(self) -> None:
        """Of the batch: its mean loss, and the share of it, or of its answers, whose largest output is right."""
        # One behind the other, what both call is in the cache.
        losses = self.network.output.sample_losses(self.y)
        self.loss = float(np.add.reduce(losses, dtype=np.float64)) / losses.size
        self.accuracy: float | None = None
        """None for regression."""
        if self.data.task == "classification":
            right = self.network.output.right(self.y)
            self.accuracy = float(np.add.reduce(right, axis=None, dtype=np.float64)) / right.size

    def _measure(self) -> None:
        self.network.resolve_update()
        self.gradient_norm = self.updater.gradient_norm
        self.values, self.defined = self.meter.read()
        self._watch()

    def _watch(self) -> None:
        finite = self.updater.finite and math.isfinite(self.loss) and math.isfinite(self.gradient_norm)
        counted = any((self.values[row] > 0).any() for row in self._counts)
        self.watch.examine(self.step, finite and not counted, self.gradient_norm, self.updater.slots)

    # -- what is told ---------------------------------------------------------------------------------------------

    def scalars(self, validate: bool = False) -> dict[str, float]:
        """The step's scalars; what is not defined is missing."""
        scalars = {"loss": self.loss, "learning_rate": self.learning_rate, "gradient_norm": self.gradient_norm}
        if self.accuracy is not None:
            scalars["accuracy"] = self.accuracy
        if validate:
            scalars |= self.evaluator.validation()
        return scalars

    def row(self, scalars: Mapping[str, float]) -> Floats:
        """The step as one row of the history, in the order of ``columns``."""
        head = [scalars.get(name, math.nan) for name in SCALARS]
        return np.concatenate([head, self.values.ravel()])

    # -- live changes -------------------------------------------------------------------------------------------------

    def accepts(self, experiment: Experiment) -> bool:
        """Whether the change acts live, without a new network."""
        return is_live_change(self.experiment, experiment)

    def update_spec(self, experiment: Experiment) -> None:
        """Take over live parameters; another kind of optimiser starts with empty state."""
        old, self.experiment = self.experiment, experiment
        self.network.update_spec(experiment)
        self.updater.freeze(self.network.frozen_ranges())
        self._make_meters(self.meter.measures)
        self.evaluator.update_spec(experiment)
        self._take_over(old.optimizer)

    def changes_update_rule(self, experiment: Experiment) -> bool:
        """Whether it differs only in how gradients become updates."""
        return all(getattr(self.experiment, name) == getattr(experiment, name) for name in NETWORK_FIELDS)

    def change_update_rule(self, experiment: Experiment) -> bool:
        """Take over ``experiment`` if it differs only in how gradients become updates; whether it does."""
        if not self.changes_update_rule(experiment):
            return False
        old, self.experiment = self.experiment, experiment
        self._take_over(old.optimizer)
        return True

    def change_learning_rate(self, experiment: Experiment, act: bool = True) -> bool:
        """Take over ``experiment`` in the update that is written and measured, if only the learning rate differs.

        What networks beside it are set to may differ too. It is then as if the step had begun with that rate. An update
        that has overflowed, or that would lose digits if it were scaled, is left as it is. Says whether the experiment
        was taken over; if it is not to ``act``, whether it could be.
        """
        own, before = self.experiment, self.learning_rate
        optimizer = replace(experiment.optimizer, learning_rate=own.optimizer.learning_rate)
        lanes = own.lanes if _listed(own) == _listed(experiment) else experiment.lanes
        if replace(experiment, optimizer=optimizer, lanes=lanes) != own:
            return False
        after = float(experiment.schedule.rate(experiment.optimizer.learning_rate, self.step))
        ratio = after / before if before else math.inf
        small = bool((self.values[self._of_update] < SMALLEST_RESCALED).any())
        most = 1 if small else MOST_RESCALING
        if not 1 / MOST_RESCALING <= ratio <= most or not math.isfinite(norm(self.network.parameters.update)):
            return False
        if not act:
            return True
        self.experiment = experiment
        with np.errstate(all="ignore"):
            self.updater.write_again(experiment, before, after)
            self.network.resolve_update()
            values = self.values.copy()
            values[self._of_update] = self._update_meter.read()[0]
        self.values = frozen(values)
        self._watch()
        return True

    def _take_over(self, old: Optimizer) -> None:
        """Go on with the state of the optimiser before, where it is of the same kind."""
        if self.updater.take_over(old, self.experiment.optimizer):
            self.watch.forget_state()

    def revive(self, label: str, units: Sequence[int]) -> None:
        """Draw the incoming weights of these units of a layer anew; ValueError where they have none.

        It changes nothing else but the optimiser's state of these weights, which is 0 again; one seed, step and choice
        of units gives one draw.
        """
        seed = int(stream(self.experiment.seed, Stream.REVIVAL, self.step).integers(2**63))
        with np.errstate(all="ignore"):
            for block, index in revive(self.network, label, units, seed):
                for slot in self.updater.slots:
                    self.network.parameters.part(slot, block)[index] = 0
        self.check_parameters()

    # -- keeping --------------------------------------------------------------------------------------------------

    def checkpoint(self, copy: Callable[[Array], Array] = np.copy) -> Checkpoint:
        """A copy of all that going on needs; ``copy`` makes those of long vectors."""
        return Checkpoint(
            experiment=self.experiment,
            step=self.step,
            updates=self.updater.updates,
            parameters=copy(self.network.parameters.value),
            states=self.network.states.value.copy(),
            slots=tuple(copy(slot) for slot in self.updater.slots),
            sampler=(*self.sampler.state(), self.batch.copy()),
            module_states=tuple(module.state() for module in self.network.modules),
            known=self.watch.kept,
            data=self.data.digest,
        )

    def restore(self, kept: Checkpoint) -> None:
        """Go on from a checkpoint of the same experiment."""
        np.copyto(self.network.parameters.value, kept.parameters)
        np.copyto(self.network.states.value, kept.states)
        for slot, before in zip(self.updater.slots, kept.slots, strict=True):
            np.copyto(slot, before)
        self.check_parameters()
        self.step, self.updater.updates, self.watch.kept = kept.step, kept.updates, kept.known
        generator, order, batch = kept.sampler
        self.sampler.load_state(generator, order)
        self.load_batch(batch)
        for module, memory in zip(self.network.modules, kept.module_states, strict=True):
            module.load_state(memory)

    def check_fit(self, kept: Checkpoint) -> None:
        """ValueError where a checkpoint is of another network, or of other data."""
        own, samples = self.checkpoint(), self.sampler.samples
        parts = (
            (kept.parameters, own.parameters, "the parameters"),
            (kept.states, own.states, "the running averages"),
            (kept.slots, own.slots, "the optimiser's state"),
            (kept.module_states, own.module_states, "what the layers remember"),
            (kept.sampler[::2], own.sampler[::2], "the batch"),
        )
        lack = next((lack for each in parts if (lack := misfit(*each))), "")
        order, batch = kept.sampler[1:]
        if not lack and (order.ndim != 1 or order.dtype != batch.dtype or len(order) > samples + len(batch)):
            lack = "the samples to come are no list of samples"
        if not lack and any(len(each) and not 0 <= each.min() <= each.max() < samples for each in (order, batch)):
            lack = "samples are named that there are not"
        if lack or min(kept.step, kept.updates) < 0:
            raise ValueError(f"the run does not fit its experiment and data: {lack or 'its step is below 0'}")


def _listed(experiment: Experiment) -> list[tuple[str, object]]:
    """Which networks stand beside it, whatever they are set to."""
    return [(lane.name, lane.origin) for lane in experiment.lanes or ()]
