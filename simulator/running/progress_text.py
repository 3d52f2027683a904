"""Progress in words."""

from __future__ import annotations

from simulator.schema.numbers import duration, integer, percent
from simulator.system.progress import Progress


def progress_text(progress: Progress) -> str:
    """``Building the network: 12 of 200 layers, about 4 s left``."""
    return f"{progress.doing}: {how_far(progress)}"


def how_far(progress: Progress) -> str:
    """``45 %, about 4 s left``."""
    left = progress.seconds_left
    far = percent(progress.share)
    if progress.unit:
        far = f"{integer(round(progress.done))} of {integer(round(progress.total))} {progress.unit}"
    return far + (f", about {duration(left)} left" if left is not None and left >= 1 else "")
