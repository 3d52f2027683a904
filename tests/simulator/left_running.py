"""Whether a thread goes on after whoever began it is closed."""

from __future__ import annotations

import threading
from collections.abc import Set

PATIENCE_SECONDS = 60.0
"""So long may a step in hand take, however busy the machine is."""


def left_running(before: Set[threading.Thread]) -> list[threading.Thread]:
    """The threads that were not there ``before`` and do not come to their end."""
    begun = [thread for thread in threading.enumerate() if thread not in before]
    for thread in begun:
        thread.join(PATIENCE_SECONDS)
    return [thread for thread in begun if thread.is_alive()]
