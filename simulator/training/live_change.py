"""What was changed by hand in a run that went on: enough to let it act again, at the same place in the same step."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from simulator.experiment.experiment import Experiment
from simulator.training.surgery import Surgery

if TYPE_CHECKING:
    from simulator.data import AnyData
    from simulator.training.training import Training


class LiveChange(Struct, frozen=True):
    """One change that acted at ``step``, which was the present one then; what is left out stayed as it was."""

    step: int
    experiment: Experiment | None = None
    """What was trained from then on."""
    scales: bool = False
    """Whether the step's update was written already, so that only its learning rate could change in it."""
    layer: str = ""
    """Label of the layer of which units were drawn anew."""
    units: tuple[int, ...] = ()
    threads: int = 0
    """Of matrix products from then on; their last digits may hang on it."""
    surgery: Surgery | None = None
    """The operation on the network, which a transplant made that of ``experiment``."""

    def act(self, training: Training) -> Training:
        """Let it act again on a training that stands between two steps; the one that goes on."""
        if self.surgery is not None:
            # Whoever only tells of changes trains nothing.
            from simulator.training.operation import operated

            return operated(training, self.surgery, self.experiment or training.experiment)[0]
        self._act(training)
        return training

    def _act(self, training: Training) -> None:
        if self.layer:
            training.revive(self.layer, self.units)
        elif self.experiment is not None:
            take_live(training, self.experiment)


class LiveChanges(Struct, frozen=True):
    """All that a run was trained as: what it began with, and what was changed by hand."""

    experiment: Experiment | None = None
    """At step 0; None where that is not known."""
    threads: int = 0
    """Of matrix products at first; 0 where that is not known."""
    entries: tuple[LiveChange, ...] = ()
    """In the order in which they acted."""

    def __deepcopy__(self, _memo: object) -> LiveChanges:
        return self  # nothing in it ever changes

    def after(self, entries: tuple[LiveChange, ...]) -> LiveChanges:
        """With these behind them."""
        return replace(self, entries=(*self.entries, *entries)) if entries else self

    def until(self, count: int) -> LiveChanges:
        """The first ones only."""
        return replace(self, entries=self.entries[:count])

    def moved(self, move: Callable[[AnyData], AnyData]) -> LiveChanges:
        """With all data that they name described as ``move`` says."""
        experiment = None if self.experiment is None else self.experiment.moved(move)
        entries = (
            each if each.experiment is None else replace(each, experiment=each.experiment.moved(move))
            for each in self.entries
        )
        return replace(self, experiment=experiment, entries=tuple(entries))

    def up_to(self, step: int) -> LiveChanges:
        """Those that had acted when ``step`` was the present one."""
        return self.until(sum(change.step <= step for change in self.entries))

    def experiment_before(self, step: int) -> Experiment | None:
        """What was trained when a step began, as far as that is known."""
        return self._experiment_after(bisect_left(self.entries, step, key=_step_of))

    def experiment_at(self, step: int) -> Experiment | None:
        """What was trained at a step as it was seen last, as far as that is known."""
        return self._experiment_after(bisect_right(self.entries, step, key=_step_of))

    def _experiment_after(self, count: int) -> Experiment | None:
        experiments = (change.experiment for change in reversed(self.entries[:count]) if change.experiment is not None)
        return next(experiments, self.experiment)

    def since(self, path: str) -> int:
        """The step from which on the setting at ``path`` has been as it is now; 0 where no hand has changed it."""
        changes = [(each.step, each.experiment) for each in self.entries if each.experiment is not None]
        trained = changes if self.experiment is None else [(0, self.experiment), *changes]
        changed = (
            step
            for (_, before), (step, after) in reversed(list(pairwise(trained)))
            if _setting(before, path) != _setting(after, path)
        )
        return next(changed, 0)

    def threads_after(self, count: int) -> int:
        """Of matrix products when so many had acted."""
        experiments = (change.threads for change in reversed(self.entries[:count]) if change.threads)
        return next(experiments, self.threads)


def _step_of(change: LiveChange) -> int:
    return change.step


def _setting(part: Any, path: str) -> Any:
    """What stands at a path of an experiment; None where nothing does."""
    for name in path.split("."):
        if name.isdecimal():
            part = part[int(name)] if isinstance(part, tuple | list) and int(name) < len(part) else None
        else:
            part = getattr(part, name, None)
    return part


def take_live(training: Training, experiment: Experiment) -> bool:
    """Take over ``experiment`` without a new network, if that can be; whether it can."""
    if not (training.change_update_rule(experiment) or training.accepts(experiment)):
        return False
    if training.experiment is not experiment:
        training.update_spec(experiment)
    return True
