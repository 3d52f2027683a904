"""Changes by hand that are still to act, each in its step, at the same place within it."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from simulator.experiment.experiment import Experiment, ExperimentError
from simulator.experiment.labels import labels_of
from simulator.schema.numbers import integer
from simulator.training.live_change import LiveChange
from simulator.training.operation import check_transplant
from simulator.training.revival import units_of
from simulator.training.surgery import Transplant
from simulator.training.training import Training


class ComingChanges:
    """Lets them act on a training that is brought through its steps."""

    def __init__(self, entries: Iterable[LiveChange] = ()) -> None:
        """``entries`` in the order of their steps; within one, those of an update that is written come last."""
        self.entries = sorted(entries, key=lambda change: (change.step, change.scales))

    def __bool__(self) -> bool:
        return bool(self.entries)

    @property
    def steps(self) -> tuple[int, ...]:
        """In which they act, ascending."""
        return tuple(change.step for change in self.entries)

    def forget_before(self, step: int) -> None:
        """Those of earlier steps have acted already, or never will."""
        self.entries = [change for change in self.entries if change.step >= step]

    def check(self, training: Training) -> None:
        """ExperimentError where the network has not what one of them is about, or cannot become what it makes."""
        present, units_known = training.experiment, True
        for change in self.entries:
            try:
                if change.layer and units_known:
                    units_of(training.network, change.layer, change.units)
                if isinstance(change.surgery, Transplant):
                    after = change.experiment or present
                    check_transplant(present, after, change.surgery, training.data.input_shape)
                    units_known = False
                elif change.surgery is not None:
                    _check_labels(change.surgery.layers, present)
            except ValueError as error:
                raise _error_of(change, error) from None
            present = change.experiment or present

    def keep_up(self, experiment: Experiment) -> None:
        """Let what they train be called, and stand beside, what ``experiment`` does."""
        beside = {"name": experiment.name, "lanes": experiment.lanes, "locks": experiment.locks}
        self.entries = [
            change if change.experiment is None else replace(change, experiment=replace(change.experiment, **beside))
            for change in self.entries
        ]

    def due(self, step: int) -> bool:
        """Whether one of them acts in this step."""
        return bool(self.entries) and self.entries[0].step <= step

    def transplants(self, step: int) -> bool:
        """Whether the next that acts in this step makes another network, with no other left to act before it."""
        return self.due(step) and isinstance(self.entries[0].surgery, Transplant)

    def act_before(self, training: Training) -> tuple[Training, list[LiveChange]]:
        """Let those act that came between two steps, or before the update was written; what goes on, and which did."""
        acted = []
        while self._acts_now(training):
            change = self.take(training.step)
            training = acting(change, training)
            acted.append(change)
        return training, acted

    def act_in_place(self, training: Training) -> list[LiveChange]:
        """The same until one makes another network, which is left to act; which did."""
        acted = []
        while self._acts_now(training) and not self.transplants(training.step):
            change = self.take(training.step)
            acting(change, training)
            acted.append(change)
        return acted

    def _acts_now(self, training: Training) -> bool:
        return self.due(training.step) and not (self.entries[0].scales and self.entries[0].step == training.step)

    def take(self, step: int) -> LiveChange:
        """The next one, which acts in this step: one that its own step could not take acts in the next, as by hand."""
        return replace(self.entries.pop(0), step=step, scales=False)

    def act_written(self, training: Training) -> list[LiveChange]:
        """Let those act that came when the update of the present step was written; which did."""
        acted = []
        while self.due(training.step) and self._acts_late(self.entries[0], training):
            acted.append(self.entries.pop(0))
        return acted

    def _acts_late(self, change: LiveChange, training: Training) -> bool:
        return change.experiment is not None and training.change_learning_rate(change.experiment)


def acting(change: LiveChange, training: Training) -> Training:
    """Let one act; ExperimentError says of which step it is where it cannot."""
    try:
        return change.act(training)
    except ValueError as error:
        raise _error_of(change, error) from None


def _error_of(change: LiveChange, error: ValueError) -> ExperimentError:
    return ExperimentError(f"the changes at step {integer(change.step)}: {error}")


def _check_labels(labels: Iterable[str], experiment: Experiment) -> None:
    for label in labels:
        if label not in labels_of(experiment):
            raise ValueError(f"there is no layer {label}")
