"""What was changed by hand in a run, as JSON takes it: each experiment by what sets it apart from the one before."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from simulator.experiment.experiment import Experiment
from simulator.training.live_change import LiveChange, LiveChanges

MOST = 30_000
"""Changes that are written: the newest. Each stage of a drag is one."""


class _Change(Struct, frozen=True, forbid_unknown_fields=True):
    fields: dict[str, Any] | None
    """Of the experiment: those that became others, None for one that went; None where nothing became another."""
    rest: dict[str, Any]
    """The change without its experiment."""


class WrittenChanges(Struct, frozen=True, forbid_unknown_fields=True):
    """:class:`~simulator.training.live_change.LiveChanges` in plain values."""

    experiment: dict[str, Any] | None = None
    threads: int = 0
    entries: tuple[_Change, ...] = ()


LEFT_OUT = ("lanes", "locks")
"""Fields of an experiment that a file leaves out where there are none."""


def written(changes: LiveChanges) -> WrittenChanges:
    """As they are written; of very many the newest, so that where the run began is not known any more."""
    began, entries = changes.experiment, changes.entries
    if len(entries) > MOST:
        began, entries = None, entries[-MOST:]
    plain: dict[str, Any] = {} if began is None else began.to_builtins()
    made = []
    for change in entries:
        fields = None
        if change.experiment is not None:
            present = change.experiment.to_builtins()
            fields = {name: present.get(name) for name in plain | present if plain.get(name) != present.get(name)}
            plain = present
        rest: dict[str, Any] = msgspec.to_builtins(replace(change, experiment=None))
        made.append(_Change(fields, rest))
    return WrittenChanges(None if began is None else began.to_builtins(), changes.threads, tuple(made))


def changes_of(plain: WrittenChanges) -> LiveChanges:
    """What was written; ValueError where it was not."""
    if len(plain.entries) > MOST:
        raise ValueError(f"there are more than {MOST} changes by hand")
    began = None if plain.experiment is None else Experiment.from_builtins(plain.experiment)
    before, step, entries = plain.experiment or {}, 0, []
    for each in plain.entries:
        change = msgspec.convert({**each.rest, "experiment": None}, LiveChange)
        if change.step < step:
            raise ValueError("the changes by hand are not in their order")
        if each.fields is not None:
            merged = before | each.fields
            # Only of lanes and locks there may be none at all.
            before = {name: value for name, value in merged.items() if name not in LEFT_OUT or value is not None}
            change = replace(change, experiment=Experiment.from_builtins(before))
        step = change.step
        entries.append(change)
    return LiveChanges(began, plain.threads, tuple(entries))
