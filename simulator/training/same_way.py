"""Whether two runs have come to a step the same way: what they were trained as is compared, not what came of it."""

from __future__ import annotations

from msgspec import UNSET
from msgspec.structs import replace

from simulator.data import AnyData
from simulator.experiment.experiment import Experiment
from simulator.training.live_change import LiveChange, LiveChanges


def are_alike(one: Experiment, other: Experiment) -> bool:
    """Whether both train the same, whatever they are called and whatever is trained beside them."""
    return one.data == other.data and _bare(one, one.data) == _bare(other, one.data)


def acting(changes: LiveChanges, data: AnyData) -> list[LiveChange | None]:
    """Each of the changes as far as it changes what is trained; None for one that does not.

    ``data`` stand for all that describe the same.
    """
    present = None if changes.experiment is None else _bare(changes.experiment, data)
    acts: list[LiveChange | None] = []
    for change in changes.entries:
        then = present if change.experiment is None else _bare(change.experiment, data)
        change = replace(change, experiment=None if then == present else then)
        present = then
        acts.append(None if replace(change, scales=False) == LiveChange(change.step) else change)
    return acts


def came_the_same_way(one: LiveChanges, other: LiveChanges, step: int) -> bool:
    """Whether both runs began alike, and had the same changes before ``step``."""
    if one.experiment is None or other.experiment is None or not are_alike(one.experiment, other.experiment):
        return False
    data = one.experiment.data
    ours, theirs = (
        [change for change in acting(each, data) if change is not None and change.step < step] for each in (one, other)
    )
    return ours == theirs


def _bare(experiment: Experiment, data: AnyData) -> Experiment:
    """What of it is trained, on data that are the same however they are described."""
    return replace(experiment, name="", lanes=UNSET, data=data)
