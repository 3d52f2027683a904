"""What a frame costs the window with so many cards in sight, and with others scrolled out of it; beside six."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from benchmarks.apart import apart
from benchmarks.nets import NETS, reference, title
from benchmarks.report import Options, Section, Table
from benchmarks.rounds import Spread

SIZE = (2560, 1440)
"""Of the window: room for twenty cards."""
SMALL = (1280, 800)
"""Room for six, so that the others are scrolled out."""
SIX = "6"
BOARDS: dict[str, tuple[int, tuple[int, int]]] = {
    SIX: (6, SIZE),
    "12": (12, SIZE),
    "20": (20, SIZE),
    "29": (29, SIZE),
    "6, small window": (6, SMALL),
    "29, small window": (29, SMALL),
}
"""Cards on the board, and the size of the window."""
SMALL_SIX = "6, small window"


def _beside(name: str) -> str:
    """The board of six in a window of the same size."""
    return SIX if BOARDS[name][1] == SIZE else SMALL_SIX


def _round(watch: Any, lateness: Any, name: str, seconds: float) -> tuple[dict[str, float], list[float]]:
    """One stretch of training with so many cards, and how late the event loop was."""
    from benchmarks.bench_window import wait
    from ui.board.arrangement import Arrangement
    from ui.plots import all_plots

    window, views = watch.window, list[int]()
    count, size = BOARDS[name]
    window.resize(*size)
    counting = window.bench.updated.connect(lambda view, _rate: views.append(view.frame.step))
    window.plot_area.board.change(Arrangement.of(*(plot.key for plot in all_plots()[:count])))
    window.bench.play()
    wait(seconds * 500)
    frames, used, start, before = len(views), time.thread_time(), time.perf_counter(), len(lateness.late)
    lateness.start()
    wait(seconds * 1000)
    lateness.stop()
    shown, spent, took = len(views) - frames, time.thread_time() - used, time.perf_counter() - start
    seen = window.plot_area.board.seen
    scrolled = [plot for key, plot in window.plot_area.plots.items() if key not in seen]
    asked = {each for plot in scrolled for each in plot.observations} & set(window.plot_area.feed.observations())
    asked -= {each for key in seen for each in window.plot_area.plot(key).observations}
    window.bench.pause()
    window.bench.disconnect(counting)
    wait(50)
    found = {
        "frames_per_second": shown / took, "processor_ms": 1e3 * spent / max(shown, 1), "in_sight": float(len(seen)),
        "asked_unseen": float(len(asked)),
    }  # fmt: skip
    return found, lateness.late[before:]


def observe(net: str, quick: bool) -> dict[str, Any]:
    """All numbers of cards by turns, in this process."""
    from benchmarks.bench_window import Lateness, opened

    rounds, seconds = (1, 0.2) if quick else (7, 1.5)
    found: dict[str, list[dict[str, float]]] = {name: [] for name in BOARDS}
    late: dict[str, list[float]] = {name: [] for name in BOARDS}
    with opened(reference(net), "process") as watch:
        lateness = Lateness(watch)
        for _ in range(rounds):
            for name in BOARDS:
                numbers, times = _round(watch, lateness, name, seconds)
                found[name].append(numbers)
                late[name] += times
    return {name: _summary(found[name], found[_beside(name)], late[name]) for name in BOARDS}


def _summary(
    found: Sequence[dict[str, float]], six: Sequence[dict[str, float]], late: Sequence[float]
) -> dict[str, Any]:
    beside = [one["processor_ms"] / other["processor_ms"] for one, other in zip(found, six, strict=True)]
    spreads = {key: Spread.of([entry[key] for entry in found]).plain() for key in found[0]}
    return {
        **spreads, "beside_six": Spread.of(beside).plain(), "late_ms": np.quantile(late or [0.0], (0.5, 0.99)).tolist(),
    }  # fmt: skip


def run(options: Options) -> Section:
    section = Section()
    rows = list[Sequence[str]]()
    for net in list(NETS)[:1]:
        found = apart(observe, net, options.quick, environment={"QT_QPA_PLATFORM": "offscreen"})
        section.data[net] = found
        rows += [_row(net, count, numbers) for count, numbers in found.items()]
    head = ["net, cards", "in sight", "asked for by others", "frames/s", "processor ms of the window per frame",
            "× six cards", "event loop late, p50 / p99 ms"]  # fmt: skip
    about = (
        f"Cards on the board, window of {SIZE[0]} × {SIZE[1]} pixels (small: {SMALL[0]} × {SMALL[1]}), worker in a "
        "process of its own, Qt platform: offscreen"
    )
    section.tables.append(Table(about, head, rows))
    return section


def _row(net: str, count: str, found: dict[str, Any]) -> list[str]:
    cost, beside = found["processor_ms"], found["beside_six"]
    return [
        f"{title(net)}, {count}",
        f"{found['in_sight']['median']:.0f}",
        f"{found['asked_unseen']['high']:.0f}",
        f"{found['frames_per_second']['median']:.1f}",
        f"{cost['median']:.1f} ({cost['low']:.1f}–{cost['high']:.1f})",
        f"{beside['median']:.2f} ({beside['low']:.2f}–{beside['high']:.2f})",
        " / ".join(f"{value:.1f}" for value in found["late_ms"]),
    ]
