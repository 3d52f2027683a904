"""The real window with all its default plots live: frames, lateness, what training loses, how soon a slider shows."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, get_args

import numpy as np

from benchmarks.apart import apart
from benchmarks.nets import NETS, reference, title
from benchmarks.report import Options, Section, Table
from benchmarks.rounds import Spread
from simulator.experiment.experiment import Experiment
from simulator.running.messages import Started, Update
from simulator.running.session import Mode, Session

SLIDER_MOVES = 60
FROM_STEP = 1000
"""Where measuring begins: until then a past has a place for each step, and every frame adds to each plot of it."""


def _await(session: Session, kind: type) -> Any:
    while True:
        for reply in session.replies():
            if isinstance(reply, kind):
                return reply
        time.sleep(0.001)


def worker_seconds(session: Session) -> float | None:
    """Processor time of a session's process so far; None for a thread, and where the system does not tell."""
    schedule = Path(f"/proc/{session.pid}/schedstat")
    return int(schedule.read_text(encoding="ascii").split()[0]) / 1e9 if schedule.exists() else None


class Headless:
    """The same worker without a window."""

    def __init__(self, experiment: Experiment, mode: Mode) -> None:
        self.session = Session(mode)
        self.session.start()
        self.session.change(experiment)
        _await(self.session, Started)

    def _step(self) -> int:
        self.session.look()
        frame = _await(self.session, Update).frame
        return int(frame.step)

    def speed(self, seconds: float) -> dict[str, float]:
        """Steps per second, and per second of the processor, without a look in between."""
        self.session.play()
        time.sleep(seconds / 4)
        first, start, used = self._step(), time.perf_counter(), worker_seconds(self.session)
        time.sleep(seconds)
        last, end = self._step(), time.perf_counter()
        found = {"headless": (last - first) / (end - start)}
        if used is not None and (spent := (worker_seconds(self.session) or 0) - used) > 0:
            found["headless_per_processor_second"] = (last - first) / spent
        self.session.pause()
        return found


def window_round(watch: Any, lateness: Any, seconds: float) -> dict[str, float]:
    """One stretch of training with the window open."""
    from benchmarks.bench_window import wait

    bench, before = watch.window.bench, watch.last.frame.step
    watch.until_painted(lambda view: view.frame.step > before, bench.play)
    wait(seconds * 250)
    first, frames, start = watch.last.frame.step, watch.frames, time.perf_counter()
    used, own = worker_seconds(watch.session), time.thread_time()
    lateness.start()
    wait(seconds * 1000)
    while watch.frames == frames:
        wait(10)  # Of a quick round a busy machine may show none in time.
    lateness.stop()
    last, shown, end = watch.last.frame.step, watch.frames, time.perf_counter()
    window_share = (time.thread_time() - own) / (end - start)
    found = {
        "steps_per_second": (last - first) / (end - start),
        "frames_per_second": (shown - frames) / (end - start),
        "window_share_of_a_core": window_share,
    }
    if used is not None and (spent := (worker_seconds(watch.session) or 0) - used) > 0:
        found["steps_per_processor_second"] = (last - first) / spent
    bench.pause()
    wait(100)
    return found


def _slider(watch: Any, moves: int) -> list[float]:
    """Seconds from each move of the learning-rate slider to the painted frame that was made with it."""
    from benchmarks.bench_window import turn, wait

    window = watch.window
    window.bench.play()
    wait(300)
    rng = np.random.default_rng(0)
    found = []
    for move in range(moves):
        rate = 1e-4 * (1 + move / moves)
        found.append(
            watch.until_painted(
                lambda view, rate=rate: view.frame.scalars["learning_rate"] == rate,
                lambda rate=rate: turn(window, ("optimizer", "learning_rate"), rate),
            )
        )
        wait(20 + 40 * rng.random())
    window.bench.pause()
    wait(50)
    return found


def observe(net: str, mode: Mode, quick: bool) -> dict[str, Any]:
    """Everything about one net and one mode, in this process."""
    from PySide6.QtGui import QGuiApplication

    from benchmarks.bench_window import Lateness, opened

    experiment = reference(net)
    rounds, seconds = (1, 0.1) if quick else (9, 0.8)
    headless = Headless(experiment, mode)
    found: list[dict[str, float]] = []
    try:
        with opened(experiment, mode) as watch:
            lateness = Lateness(watch)
            begin = 1 if quick else FROM_STEP
            watch.until_painted(lambda view: view.frame.step >= begin, watch.window.bench.play, limit=300)
            watch.window.bench.pause()
            for _ in range(rounds):
                alone = headless.speed(seconds)
                seen = window_round(watch, lateness, seconds)
                seen |= alone | {"kept": seen["steps_per_second"] / alone["headless"]}
                if {"steps_per_processor_second", "headless_per_processor_second"} <= seen.keys():
                    per_second = seen["steps_per_processor_second"] / seen["headless_per_processor_second"]
                    seen["kept_per_processor_second"] = per_second
                found.append(seen)
            moved = _slider(watch, 3 if quick else SLIDER_MOVES)
            platform = QGuiApplication.platformName()
    finally:
        headless.session.close()
    late = np.quantile(lateness.late, (0.5, 0.99)).tolist()
    slider = np.quantile(np.array(moved) * 1e3, (0.5, 0.95)).tolist()
    spreads = {key: Spread.of([entry[key] for entry in found if key in entry]).plain() for key in found[-1]}
    return {"platform": platform, "late_ms": late, "slider_ms": slider, **spreads}


def _platforms() -> list[str]:
    """Always without a screen; on the screen too where there is one."""
    screen = sys.platform in ("win32", "darwin") or "DISPLAY" in os.environ or "WAYLAND_DISPLAY" in os.environ
    return ["offscreen", ""] if screen else ["offscreen"]


def _row(net: str, mode: str, found: dict[str, Any]) -> list[str]:
    kept, worked = found["kept"], found.get("kept_per_processor_second")
    return [
        f"{title(net)}, {mode}",
        f"{found['frames_per_second']['median']:.1f}",
        " / ".join(f"{value:.1f}" for value in found["late_ms"]),
        f"{found['headless']['median']:.0f}",
        f"{kept['median']:.0%} ({kept['low']:.0%}–{kept['high']:.0%})",
        f"{worked['median']:.0%} ({worked['low']:.0%}–{worked['high']:.0%})" if worked else "",
        f"{found['window_share_of_a_core']['median']:.0%}",
        " / ".join(f"{value:.0f}" for value in found["slider_ms"]),
    ]


def run(options: Options) -> Section:
    section = Section()
    for platform in _platforms()[:1] if options.quick else _platforms():
        rows, name = list[Sequence[str]](), platform
        environment = {"QT_QPA_PLATFORM": platform} if platform else {}
        for net in list(NETS)[:1] if options.quick else NETS:
            for mode in get_args(Mode):
                found = apart(observe, net, mode, options.quick, environment=environment)
                rows.append(_row(net, mode, found))
                name = found["platform"]
                section.data[f"{platform or 'screen'}, {net}, {mode}"] = found
        table = Table(
            f"Window open, default plots live, Qt platform: {name}",
            [
                "net, worker",
                "frames/s",
                "event loop late, p50 / p99 ms",
                "headless steps/s",
                "training kept",
                "the same per processor second",
                "the window's share of a core",
                "slider to shown effect, p50 / p95 ms",
            ],
            rows,
        )
        section.tables.append(table)
    return section
