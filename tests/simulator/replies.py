"""Waiting for what a session answers."""

from __future__ import annotations

import time
from typing import TypeVar

from simulator.running.session import Session

Kind = TypeVar("Kind")


def until(session: Session, kind: type[Kind], seconds: float = 60) -> Kind:
    """The next reply of a kind; others are dropped."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for reply in session.replies():
            if isinstance(reply, kind):
                return reply
        time.sleep(0.002)
    raise AssertionError(f"no {kind.__name__} came")
