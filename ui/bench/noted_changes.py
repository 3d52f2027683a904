"""What a live edit leaves in the run's list of changes: a mark at its step, unless an undo leaves nothing of it."""

from __future__ import annotations

from simulator.experiment.experiment import Experiment
from simulator.record.changes import ChangeLog
from simulator.schema.parameter import is_live_change
from ui.bench.document import Edit


def note(log: ChangeLog, edit: Edit, old: Experiment, new: Experiment, step: int, playing: bool) -> None:
    """Note an edit that acts at a step, as undo calls it; ``old`` and ``new`` are what was and what is described.

    An undo is a change as well: steps were made with what it takes back. Where none were, both go. So do they where
    only networks beside the run are others, which then go on as if they had never been changed.
    """
    beside = edit.again and _builds_lanes(old, new)
    if beside and (log.take_back(edit.number) if edit.undone else log.bring_back(edit.number)):
        return
    if edit.again and not edit.goes_on and not playing and log.take_back(edit.number, step):
        return
    log.add(step, edit.description, goes_on=edit.goes_on, edit=edit.number)


def _builds_lanes(old: Experiment, new: Experiment) -> bool:
    """Whether nothing changes but which networks stand beside the run, or what those are from their beginning on."""
    before, after = old.all_lanes(), new.all_lanes()
    (own, *_), (present, *_) = before.values(), after.values()
    if own != present:
        return False
    origins = ({spec.name: spec.origin for spec in each.lanes or ()} for each in (old, new))
    same = list(before) == list(after) and next(origins) == next(origins)
    return not (same and all(is_live_change(before[name], after[name]) for name in before))
