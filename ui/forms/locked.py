"""Rows of a lesson's experiment: what is locked shows its value and takes none, what is hidden is not shown."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from simulator.experiment.locks import Locks
from simulator.schema.plain import FieldPath
from simulator.system.text import capitalized
from ui.forms.row import FormRow

HIDDEN_BY_LOCK = "hiddenByLock"


def field_of(path: Sequence[str | int]) -> FieldPath:
    """A choice of kind is of the whole part."""
    keys = tuple(path)
    return keys[:-1] if keys and keys[-1] == "kind" else keys


def why_locked(locks: Locks | msgspec.UnsetType, path: Sequence[str | int]) -> str:
    """Why the field at ``path`` takes no value, in a sentence; empty where it does."""
    if not locks or locks.knobs.may_change(field_of(path)):
        return ""
    return f"{capitalized(locks.because)}."


def show_lock(row: FormRow, locks: Locks | msgspec.UnsetType, path: Sequence[str | int]) -> None:
    """Lock or hide a row, or give it back."""
    hidden = locks.knobs.state(field_of(path)) == "hidden" if locks else False
    if hidden or row.property(HIDDEN_BY_LOCK):
        row.setVisible(not hidden)
        row.setProperty(HIDDEN_BY_LOCK, hidden)
    why = why_locked(locks, path)
    if why or not row.isEnabled():
        row.set_unused(why)
