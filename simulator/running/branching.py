"""Where a network beside the run begins that is a branch, or was changed by hand: a step, and all that led there."""

from __future__ import annotations

import json
from collections.abc import Iterable
from itertools import pairwise

from msgspec import UNSET, UnsetType
from msgspec.structs import replace as changed

from simulator.experiment.differences import IDENTICAL, in_words
from simulator.experiment.experiment import Experiment, ExperimentError
from simulator.experiment.lane import LaneSpec, Origin
from simulator.schema.numbers import integer
from simulator.schema.parameter import is_live_change
from simulator.training.ledger import Ledger, settings_between
from simulator.training.live_change import LiveChange, LiveChanges
from simulator.training.surgery import Surgery, Transplant, told_surgery, told_units

MOST_TOLD = 3
"""Times that are told in which networks were set otherwise."""


def origin_of(changes: LiveChanges, step: int, parent: str, since: int | UnsetType = UNSET) -> Origin:
    """A branch of a run with these changes; ExperimentError where its beginning is not known.

    ``since``: the first step that it is to stand beside the run, if that is an earlier one.
    """
    before = changes.up_to(step)
    ledger = json.loads(Ledger.of(before).to_json())
    assert before.experiment is not None
    began = _alone(before.experiment).to_builtins()
    return Origin(step=step, parent=parent, experiment=began, changes=ledger, since=since)


def changes_until(origin: Origin) -> LiveChanges:
    """What was changed where a branch begins; ExperimentError where that cannot be."""
    try:
        return Ledger.from_json(json.dumps(origin.changes).encode()).on(Experiment.from_builtins(origin.experiment))
    except ExperimentError as error:
        raise ExperimentError(f"the branch cannot begin: {error}") from None


def becoming(step: int, before: Experiment, after: Experiment) -> LiveChange | None:
    """What makes a network that is trained another one; None where both train the same."""
    if not settings_between(before, after):
        return None
    return LiveChange(step, after, surgery=None if is_live_change(before, after) else Transplant())


def changes_of_branch(origin: Origin, present: Experiment) -> LiveChanges:
    """What a branch is trained as that has made no step."""
    changes = changes_until(origin)
    change = becoming(origin.step, changes.experiment_at(origin.step) or present, present)
    return changes if change is None else changes.after((change,))


def operations_until(origin: Origin) -> tuple[LiveChange, ...]:
    """What was changed by hand where a branch begins; nothing where that is not known."""
    try:
        return tuple(entry.change for entry in Ledger.from_json(json.dumps(origin.changes).encode()).entries)
    except ExperimentError:
        return ()


def operations_apart(own: Iterable[LiveChange], others: Iterable[LiveChange]) -> list[str]:
    """What was done by hand to weights that another network has not had, in words.

    What makes it another network is not in it: that is told by what differs.
    """
    shared = [_done(change) for change in others]
    apart = (change for change in own if (change.layer or _is_of_weights(change)) and _done(change) not in shared)
    return [f"{_change_text(change)} at step {integer(change.step)}" for change in apart]


def settings_apart(run: LiveChanges, other: LiveChanges, step: int) -> list[str]:
    """What another network had set otherwise on its way to ``step``: ``learning rate: 0.1 → 0.05 until step 120``."""
    starts = sorted({0, *(change.step for each in (run, other) for change in each.entries if change.step < step)})
    told: list[tuple[str, int, int]] = []
    for begin, end in pairwise((*starts, step) if step else ()):
        ours, theirs = run.experiment_at(begin), other.experiment_at(begin)
        words = IDENTICAL if ours is None or theirs is None or ours == theirs else in_words(ours, theirs)
        if told and told[-1][0] == words:
            told[-1] = words, told[-1][1], end
        else:
            told.append((words, begin, end))
    apart = [each for each in told if each[0] != IDENTICAL]
    more = ["other settings at other steps"] if len(apart) > MOST_TOLD else []
    return [f"{words} {_when(begin, end)}" for words, begin, end in apart[:MOST_TOLD]] + more


def _when(begin: int, end: int) -> str:
    return f"from step {integer(begin)} to {integer(end)}" if begin else f"until step {integer(end)}"


def _is_of_weights(change: LiveChange) -> bool:
    return change.surgery is not None and not isinstance(change.surgery, Transplant)


def _done(change: LiveChange) -> tuple[object, ...]:
    return change.step, change.surgery, change.layer, change.units


def _change_text(change: LiveChange) -> str:
    return told_units(change.layer, change.units) if change.surgery is None else told_surgery(change.surgery)


def operated_lane(
    spec: LaneSpec, changes: LiveChanges, step: int, surgery: Surgery, after: Experiment
) -> LaneSpec:  # fmt: skip
    """A lane that goes on as ``after`` with what an operation makes of it at a step, after these changes."""
    trained = after if isinstance(surgery, Transplant) else None
    operated = changes.up_to(step).after((LiveChange(step, trained, surgery=surgery),))
    return _led_by(spec, operated, step, after)


def replayed_lane(spec: LaneSpec, changes: LiveChanges) -> LaneSpec:
    """A lane that is trained anew from where it began, with these changes, each in its step."""
    last = max((change.step for change in changes.entries), default=0)
    after = changes.experiment_at(last)
    if after is None:
        raise ExperimentError("how the run was trained from its beginning is not known")
    return _led_by(spec, changes, last, after)


def goes_its_own_way(spec: LaneSpec, history: LiveChanges, run: LiveChanges) -> bool:
    """Whether a lane that was trained with this history would be another beside a run with these changes from step 0.

    So it is where something was done to it alone, or to the run before it came.
    """
    if any(change.layer or change.surgery is not None for change in history.entries):
        return True
    try:
        followed = [(step, _alone(experiment).lane(spec)) for step, experiment in _settings_of(run)]
    except ExperimentError:
        return True
    ways = [_apart(_settings_of(history)), _apart(followed)]
    return len(ways[0]) != len(ways[1]) or any(
        one[0] != other[0] or bool(settings_between(one[1], other[1])) for one, other in zip(*ways, strict=True)
    )


def _settings_of(changes: LiveChanges) -> list[tuple[int, Experiment]]:
    """What is trained, and from which step on."""
    began = [] if changes.experiment is None else [(0, changes.experiment)]
    return began + [(each.step, each.experiment) for each in changes.entries if each.experiment is not None]


def _apart(way: list[tuple[int, Experiment]]) -> list[tuple[int, Experiment]]:
    """Of each step the last, where it trains otherwise than what was before."""
    apart: list[tuple[int, Experiment]] = []
    for step, experiment in dict(way).items():
        if not apart or settings_between(apart[-1][1], experiment):
            apart.append((step, experiment))
    return apart


def _led_by(spec: LaneSpec, changes: LiveChanges, step: int, after: Experiment) -> LaneSpec:
    """The same lane, with the same place in the tree of branches, as these changes have made it until a step."""
    parent, since = ("", 0) if not spec.origin else (spec.origin.parent, spec.origin.first_step)
    origin = origin_of(changes, step, parent, since)
    return LaneSpec(name=spec.name, experiment=_alone(after).to_builtins(), origin=origin)


def _alone(experiment: Experiment) -> Experiment:
    return changed(experiment, lanes=UNSET)
