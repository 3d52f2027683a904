"""A network that is trained beside a run, between two steps: enough to let it go on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from simulator.training.live_change import LiveChanges

if TYPE_CHECKING:
    from simulator.record.frame import Frame
    from simulator.record.history import Rows
    from simulator.training.checkpoint import Checkpoint


class LaneState(Struct, frozen=True):
    """Where a lane stands, at the run's step or on its way there."""

    name: str
    checkpoint: Checkpoint
    changes: LiveChanges
    """What it was trained as until there."""
    run: int = 0
    """Run id."""
    rows: Rows | None = None
    """Its last steps, those that no answer has brought yet."""
    first: Frame | None = None
    """Step 0, where no answer has brought it."""
