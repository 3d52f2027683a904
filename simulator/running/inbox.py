"""Where a worker's commands come from, whatever carries them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from simulator.running.messages import Stop

C = TypeVar("C", covariant=True)
"""What a worker is told, besides to stop."""


class Inbox(Protocol[C]):
    """Commands, in the order in which they were sent."""

    def get(self, timeout: float | None) -> C | Stop | None:
        """The next command; None if none comes within ``timeout`` seconds (None waits, 0 does not)."""
