"""Where a gradient that goes back through many steps ends: below the smallest normal number."""

from __future__ import annotations

import numpy as np

from simulator.arrays.numeric import Array

NEAR_UNDERFLOW = 2.0**40
"""A gradient that lies further above the smallest normal number is taken not to underflow within a segment."""
FALL_MARGIN = 2.0**10
"""One that lies nearer is taken to fall by no more than so many times what it fell by over the last segment."""


class Underflow:
    """Puts 0 where a gradient (units, batch) has underflowed, below the smallest normal number.

    Few digits are left there, and processors take up to a hundred times as long for them, at every step further back.
    """

    def __init__(self, shape: tuple[int, int], dtype: np.dtype[np.floating]) -> None:
        self.smallest = float(np.finfo(dtype).tiny)
        self.size, self.low = np.empty(shape, dtype), np.empty(shape, np.bool_)
        self.tops: Array | None = None

    def begin(self) -> None:
        """Forget how another gradient fell."""
        self.tops = None

    def flush(self, gradient: Array) -> None:
        np.less(np.abs(gradient, out=self.size), self.smallest, out=self.low)
        np.copyto(gradient, 0, where=self.low)

    def settle(self, gradient: Array) -> bool:
        """:meth:`flush` what came out of a segment, and whether some of it may underflow within the next one."""
        self.flush(gradient)
        if not self._any_below(NEAR_UNDERFLOW):
            return False
        before, self.tops = self.tops, self.size.max(axis=1)
        if before is None:
            return True
        fell = (self.tops >= self.smallest) & (self.tops < before)
        fall = float((self.tops[fell] / before[fell]).min(initial=1))
        return self._any_below(min(FALL_MARGIN / max(fall, 1 / NEAR_UNDERFLOW), NEAR_UNDERFLOW))

    def _any_below(self, times: float) -> bool:
        """Whether there are entries below so many smallest numbers, besides those that are 0 now."""
        near = np.less(self.size, times * self.smallest)
        return bool(np.count_nonzero(near) > np.count_nonzero(self.low))
