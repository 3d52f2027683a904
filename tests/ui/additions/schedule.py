"""A schedule without a field."""

from __future__ import annotations

from simulator.parts.schedules import Schedule


class Collapse(Schedule, frozen=True, tag="collapse"):
    """A tenth of the rate after each step."""

    def rate(self, base: float, step: int) -> float:
        return float(base * 10.0 ** -min(step, 300))
