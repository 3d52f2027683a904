"""What a schedule makes of the optimiser's learning rate, in words."""

from __future__ import annotations

from simulator.parts.schedules import Schedule
from simulator.schema.parameter import title_of
from ui.style.numbers import number


def acting_rate(schedule: Schedule, base: float, step: int) -> str:
    """``The schedule (cosine) makes it 0.087 now.``; nothing where the rate acts as it is."""
    if not schedule.changes:
        return ""
    rate = schedule.rate(base, step)
    now, name = number(rate, fixed=True), title_of(type(schedule))
    if not schedule.uses_base:
        return f"The schedule ({name}) sets the rate: {now} now."
    # The end of a decay is where it is whatever it fell from.
    spent = ", whatever is set here" if schedule.rate(2 * base + 1, step) == rate else ""
    return f"The schedule ({name}) makes it {now} now{spent}."


def unused_rate(schedule: Schedule) -> str:
    """Why the optimiser's own rate has no say, where it has none."""
    return (
        f"Not used: the schedule ({title_of(type(schedule))}) has a rate of its own. Choose another one to set it here."
    )
