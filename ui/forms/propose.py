"""How an edit made in a form becomes a changed experiment, or a reason beside the control why it cannot."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from simulator.schema.plain import FieldPath
from simulator.training.surgery import Surgery
from ui.forms.form import PartForm

Propose = Callable[[dict[str, Any], str, str | None, bool], str | None]
"""(experiment as builtins, description, merge key, final) → None, or the reason for the refusal."""
OperateOnRun = Callable[[dict[str, Any], str, Surgery], str | None]
"""(experiment as builtins, description, operation on the running network) → None, or the reason for the refusal."""


def description_of(form: PartForm, path: FieldPath) -> str:
    """``Change learning rate``: the undo entry of an edit at ``path``."""
    row = form.row(path) or form.row((*path, "kind"))
    return f"Change {row.parameter.knob.label if row is not None else path[-1]}"


def key_of(path: FieldPath) -> str:
    """The same for all edits of one field: a drag is one undo entry."""
    return ".".join(map(str, path))
