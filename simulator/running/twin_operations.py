"""What was done to a run's weights by hand before a network came beside it, which has it too where it can."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import UNSET
from msgspec.structs import replace

from simulator.experiment.experiment import Experiment
from simulator.experiment.labels import labels_by_depth
from simulator.experiment.lane import LaneSpec
from simulator.schema.parameter import is_live_change
from simulator.training.live_change import LiveChange, LiveChanges
from simulator.training.surgery import Transplant

Way = list[tuple[int, Experiment]]
"""What is trained, and from which step on, in order."""


def with_operations(changes: LiveChanges, spec: LaneSpec, wanted: Experiment, way: Way) -> LiveChanges:
    """What a lane is trained as that goes this ``way`` and is to be ``wanted``, with the operations of the run.

    As long as it could be the run that it came as a twin of, it has all that this had been trained as until then. Of
    another network it has what was done to weights, where its layers are the run's.
    """
    known, first = _before_it_came(changes, spec)
    if not any(change.layer or change.surgery is not None for change, _ in known):
        return LiveChanges(way[0][1], 1, tuple(LiveChange(step, then) for step, then in way[1:]))
    return _as_the_run(changes, known, first, wanted, way) or _of_weights(known, way)


KnownChanges = Sequence[tuple[LiveChange, Experiment]]
"""Changes of a run, each with what was trained then."""


def listed_as(past: Sequence[Experiment], spec: LaneSpec) -> list[LaneSpec]:
    """How a lane was described by the last of these experiments, since it was listed without a break.

    One that was called otherwise, or came as the twin of another lane, was until then what that was.
    """
    specs, after = list[LaneSpec](), None
    for experiment in reversed(past):
        name = spec.name if after is None else former_name(experiment, after, specs[-1])
        here = next((each for each in experiment.lanes or () if each.name == name), None)
        if here is None:
            break
        specs.append(here)
        after = experiment
    return specs[::-1]


def former_name(before: Experiment, after: Experiment, spec: LaneSpec) -> str | None:
    """What a lane was called before an edit, or the one whose twin it came as; None where it was not there.

    Set as nothing but the run is, it came as the twin of that.
    """
    known, names = before.lanes or (), {each.name for each in after.lanes or ()}
    if any(each.name == spec.name for each in known):
        return spec.name
    alike = [each for each in known if spec.is_once_more(each)]
    own = bool(spec.set) or spec.experiment is not None
    twins = [each for each in alike if own and not spec.origin]
    return next((each.name for each in (*(one for one in alike if one.name not in names), *twins)), None)


def _before_it_came(changes: LiveChanges, spec: LaneSpec) -> tuple[KnownChanges, LaneSpec]:
    """What had been changed when the lane was listed, which it is since without a break, and how it was then.

    Nothing if that is unknown.
    """
    if changes.experiment is None:
        return (), spec
    present, known, past = changes.experiment, list[tuple[LiveChange, Experiment]](), list[Experiment]()
    for change in changes.entries:
        present = change.experiment or present
        past.append(present)
        known.append((change, replace(present, lanes=UNSET)))
    listed = listed_as(past, spec)
    return (known[: -len(listed)], listed[0]) if listed else ((), spec)


def _as_the_run(
    changes: LiveChanges, known: KnownChanges, first: LaneSpec, wanted: Experiment, way: Way
) -> LiveChanges | None:  # fmt: skip
    """``first`` is how the lane was described when it came."""
    (last, present), began = known[-1], changes.experiment
    if began is None or first.set or first.experiment is not None or not is_live_change(present, wanted):
        return None
    entries = [
        change if change.experiment is None else replace(change, experiment=then)
        for change, then in known
        if not change.threads
    ]
    for step, then in way:
        if step >= last.step and then != present:
            entries.append(LiveChange(step, then))
            present = then
    return LiveChanges(replace(began, lanes=UNSET), 1, tuple(entries)) if present == wanted else None


def _of_weights(known: KnownChanges, way: Way) -> LiveChanges:
    entries = [LiveChange(step, then) for step, then in way[1:]]
    for change, theirs in known:
        ours = [then for step, then in way if step <= change.step]
        if _can_act(change, ours[-1], theirs):
            entries.append(replace(change, experiment=None))
    return LiveChanges(way[0][1], 1, tuple(sorted(entries, key=lambda each: each.step)))


def _can_act(change: LiveChange, ours: Experiment, theirs: Experiment) -> bool:
    """Whether it was done to weights of layers that another network has in the same places."""
    if change.layer:
        return ours.layers == theirs.layers
    if change.surgery is None or isinstance(change.surgery, Transplant):
        return False
    return labels_by_depth(ours) == labels_by_depth(theirs)
