"""How a command tells in a terminal, or where there is none, how far it is."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from simulator.running.progress_text import progress_text
from simulator.system.progress import Listener, Progress, ProgressMeter, listening

LINE_SECONDS = 10.0
"""Where nobody sees a bar move, one line comes after so many seconds."""


@contextmanager
def displaying() -> Iterator[None]:
    """Tell of what is done in here: by a bar in a terminal, else by a line now and then on standard error."""
    if not sys.stderr.isatty():
        with listening(ProgressMeter(_print_line, LINE_SECONDS, LINE_SECONDS)):
            yield
        return
    with _bar() as listener, listening(listener):
        yield


def _print_line(progress: Progress) -> None:
    print(progress_text(progress), file=sys.stderr, flush=True)


@contextmanager
def _bar() -> Iterator[Listener]:
    from tqdm import tqdm

    # Its monitor is a thread that outlives the bar.
    tqdm.monitor_interval = 0
    with tqdm(total=1, leave=False) as bar:

        def hear(doing: str, done: float, total: float, unit: str) -> None:
            if doing != bar.desc.removesuffix(": "):
                bar.set_description(doing, refresh=False)
                bar.unit = f" {unit}" if unit else ""
                bar.reset(total)
            bar.total = total
            bar.update(done - bar.n)

        yield hear
