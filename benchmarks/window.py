"""The real window with all its default plots live: frames, lateness, what training loses, how soon a slider shows."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, get_args

import numpy as np

from benchmarks.nets import NETS, reference, title
from benchmarks.report import Options, Section, Table
from benchmarks.rounds import Spread
from simulator.experiment import Experiment
from simulator.messages import Started, Update
from simulator.session import Mode, Session

ROOT = Path(__file__).resolve().parents[1]
LIMIT_SECONDS = 300
"""An observation that takes longer has failed."""
SLIDER_MOVES = 60


def _await(session: Session, kind: type) -> Any:
    while True:
        for reply in session.replies():
            if isinstance(reply, kind):
                return reply
        time.sleep(0.001)


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

    def speed(self, seconds: float) -> float:
        """Steps per second from step 0, without a look in between."""
        self.session.restart()
        _await(self.session, Started)
        self.session.play()
        time.sleep(seconds / 4)
        first, start = self._step(), time.perf_counter()
        time.sleep(seconds)
        last, end = self._step(), time.perf_counter()
        self.session.pause()
        return (last - first) / (end - start)


def _window_round(watch: Any, lateness: Any, seconds: float) -> dict[str, float]:
    """One stretch of training with the window open."""
    from benchmarks.bench_window import wait

    bench = watch.window.bench
    bench.restart()
    bench.play()
    wait(seconds * 250)
    first, frames, start = watch.last.frame.step, watch.frames, time.perf_counter()
    lateness.start()
    wait(seconds * 1000)
    lateness.stop()
    last, shown, end = watch.last.frame.step, watch.frames, time.perf_counter()
    bench.pause()
    wait(100)
    return {"steps_per_second": (last - first) / (end - start), "frames_per_second": (shown - frames) / (end - start)}


def _slider(watch: Any, moves: int) -> list[float]:
    """Seconds from each move of the learning-rate slider to the painted frame that was made with it."""
    from benchmarks.bench_window import turn, wait

    window = watch.window
    window.bench.restart()
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
    rounds, seconds = (2, 0.1) if quick else (9, 1.2)
    headless = Headless(experiment, mode)
    found: list[dict[str, float]] = []
    try:
        with opened(experiment, mode) as watch:
            lateness = Lateness(watch)
            for _ in range(rounds):
                alone = headless.speed(seconds)
                seen = _window_round(watch, lateness, seconds)
                found.append(seen | {"kept": seen["steps_per_second"] / alone, "headless": alone})
            moved = _slider(watch, 3 if quick else SLIDER_MOVES)
            platform = QGuiApplication.platformName()
    finally:
        headless.session.close()
    late = np.quantile(lateness.late, (0.5, 0.99)).tolist()
    slider = np.quantile(np.array(moved) * 1e3, (0.5, 0.95)).tolist()
    spreads = {key: Spread.of([entry[key] for entry in found]).plain() for key in found[0]}
    return {"platform": platform, "late_ms": late, "slider_ms": slider, **spreads}


def _platforms() -> list[str]:
    """Always without a screen; on the screen too where there is one."""
    screen = sys.platform in ("win32", "darwin") or "DISPLAY" in os.environ or "WAYLAND_DISPLAY" in os.environ
    return ["offscreen", ""] if screen else ["offscreen"]


def _in_a_process(net: str, mode: Mode, platform: str, quick: bool) -> dict[str, Any]:
    environment = dict(os.environ) | ({"QT_QPA_PLATFORM": platform} if platform else {})
    code = "import json, sys; from benchmarks.window import observe; "
    code += f"print(json.dumps(observe({net!r}, {mode!r}, {quick})))"
    environment["PYTHONPATH"] = os.pathsep.join([str(ROOT), *filter(None, [environment.get("PYTHONPATH")])])
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=LIMIT_SECONDS,
    )
    if done.returncode:
        raise RuntimeError(f"the window could not be observed: {done.stderr.strip()}")
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def _row(net: str, mode: str, found: dict[str, Any]) -> list[str]:
    kept = found["kept"]
    return [
        f"{title(net)}, {mode}",
        f"{found['frames_per_second']['median']:.1f}",
        " / ".join(f"{value:.1f}" for value in found["late_ms"]),
        f"{found['headless']['median']:.0f}",
        f"{kept['median']:.0%} ({kept['low']:.0%}–{kept['high']:.0%})",
        " / ".join(f"{value:.0f}" for value in found["slider_ms"]),
    ]


def run(options: Options) -> Section:
    section = Section()
    for platform in _platforms()[:1] if options.quick else _platforms():
        rows = []
        for net in list(NETS)[:1] if options.quick else NETS:
            for mode in get_args(Mode):
                found = _in_a_process(net, mode, platform, options.quick)
                rows.append(_row(net, mode, found))
                section.data[f"{platform or 'screen'}, {net}, {mode}"] = found
        table = Table(
            f"Window open, default plots live, Qt platform: {platform or 'the screen'}",
            [
                "net, worker",
                "frames/s",
                "event loop late, p50 / p99 ms",
                "headless steps/s",
                "training kept",
                "slider to shown effect, p50 / p95 ms",
            ],
            rows,  # type: ignore[arg-type]
        )
        section.tables.append(table)
    return section
