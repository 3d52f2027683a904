"""How fast steps are made: not faster than a limit, and how fast they were."""

from __future__ import annotations

import time
from bisect import bisect

CATCH_UP_SECONDS = 0.1
"""A limited run that fell behind makes good no more than this."""
SLOW = 20.0
"""Steps per second up to which nobody waits for the next one."""
MEASURED_SECONDS = 1.0
"""Over which the speed is measured."""
MOST_TIMES = 4096
"""Steps whose times are kept."""


class StepRate:
    """Times of the steps: when the next may be made, and when the last ones were."""

    def __init__(self) -> None:
        self.limit: float | None = None
        """Steps per second; None where there is none."""
        self._next = 0.0
        self._times: list[tuple[float, int]] = []
        """When steps were over, and their numbers."""

    def set_limit(self, steps_per_second: float | None) -> None:
        self.limit = steps_per_second
        self._next = 0.0

    @property
    def slow(self) -> bool:
        """Whether the next step may be too far away to wait for it."""
        return self.limit is not None and 0 < self.limit <= SLOW

    @property
    def wait(self) -> float:
        """Seconds until the next step may be made."""
        return max(0.0, self._next - time.perf_counter()) if self.limit else 0.0

    def take(self) -> bool:
        """Whether a step may be made now; then it is."""
        if self.limit is None:
            return True
        now = time.perf_counter()
        if now < self._next:
            return False
        # A late step is caught up with, but only a little: no burst after a pause.
        self._next = max(self._next, now - CATCH_UP_SECONDS) + 1 / self.limit
        return True

    def made(self, step: int) -> None:
        """Step number ``step`` is over."""
        self._times.append((time.perf_counter(), step))
        if len(self._times) > MOST_TIMES:
            del self._times[: MOST_TIMES // 2]

    def forget(self) -> None:
        """What was made until now says nothing of the speed."""
        self._times.clear()

    @property
    def speed(self) -> float:
        """Steps per second over the last second, or over the last step where that took longer."""
        if len(self._times) < 2:
            return 0.0
        oldest = bisect(self._times, (time.perf_counter() - MEASURED_SECONDS, 0))
        (start, first), (end, last) = self._times[min(oldest, len(self._times) - 2)], self._times[-1]
        return (last - first) / (end - start) if end > start else 0.0
