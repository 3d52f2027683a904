"""Where the time of a step and of a frame goes."""

from __future__ import annotations

import os
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from benchmarks import limit
from benchmarks.nets import NETS, hidden_layers, reference, title
from benchmarks.ours import with_histograms
from benchmarks.report import Options, Section, Table
from benchmarks.rounds import PROCESSOR, Spread, interleaved
from simulator import measures
from simulator.layers.base import Affine
from simulator.network.threads import limited_blas
from simulator.observations.histograms import HistogramsObservation
from simulator.training.training import Training
from simulator.training.updater import Updater

PARTS = (
    "matrix products",
    "activations",
    "slopes",
    "optimiser",
    "next batch",
    "measures",
    "histograms",
    "rest",
)


class Meter:
    """Seconds by part, taken by wrapping functions while it watches."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)

    def wrap(self, part: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*args: Any, **kwargs: Any) -> Any:
            start = time.thread_time()
            try:
                return function(*args, **kwargs)
            finally:
                self.seconds[part] += time.thread_time() - start

        return timed


def _targets(training: Training) -> list[tuple[Any, str, str]]:
    """(owner, name of its function, part)."""
    activation = type(hidden_layers(training.experiment)[0].activation)
    return [
        (Affine, "forward", "matrix products"),
        (Affine, "backward", "matrix products"),
        (activation, "apply", "activations"),
        (activation, "derivative", "slopes"),
        (Updater, "write", "optimiser"),
        (Training, "load_batch", "next batch"),
        (HistogramsObservation, "observe", "histograms"),
        (measures.Meter, "read", "measures"),
    ]


@contextmanager
def _watching(meter: Meter, training: Training) -> Iterator[None]:
    kept = [(owner, name, getattr(owner, name)) for owner, name, _ in _targets(training)]
    for owner, name, part in _targets(training):
        setattr(owner, name, meter.wrap(part, getattr(owner, name)))
    try:
        yield
    finally:
        for owner, name, function in kept:
            setattr(owner, name, function)


def _step(net: str, options: Options) -> dict[str, float]:
    """Median microseconds of each part of a fully measured step."""
    training = Training(reference(net))
    rounds: list[dict[str, float]] = []
    for _ in range(options.rounds):
        meter, steps = Meter(), 3 if options.quick else 20
        with limited_blas(1), _watching(meter, training):
            start = time.thread_time()
            for _ in range(steps):
                training.propose()
                with_histograms(training, training.scalars())
                training.apply()
            total = time.thread_time() - start
        meter.seconds["rest"] = total - sum(meter.seconds.values())
        rounds.append({part: meter.seconds[part] / steps * 1e6 for part in PARTS})
    return {part: Spread.of([entry[part] for entry in rounds]).median for part in PARTS}


def _limit(net: str, options: Options) -> float:
    """Median microseconds of the limit of a step."""
    with limited_blas(1):
        timed = interleaved(limit.works_of(reference(net)), options.rounds, options.block_seconds, time.thread_time)
    return limit.limited(timed).spread("limit", 1e6).median


def _frame(net: str, options: Options) -> dict[str, tuple[float, float]]:
    """Median milliseconds to refresh and to paint each default plot."""
    from benchmarks.bench_window import opened, wait

    found: dict[str, tuple[float, float]] = {}
    with opened(reference(net), "thread") as watch:
        watch.window.bench.play(3 if options.quick else 300)
        wait(50 if options.quick else 2500)
        watch.window.bench.pause()
        wait(300)
        view = watch.last
        assert view is not None
        for plot in watch.window.plot_area.feed.visible_plots():
            refresh, paint = [], []
            for _ in range(options.rounds):
                start = time.thread_time()
                plot.refresh(view)
                middle = time.thread_time()
                plot.canvas.viewport().repaint()
                refresh.append((middle - start) * 1e3)
                paint.append((time.thread_time() - middle) * 1e3)
            found[plot.title] = Spread.of(refresh).median, Spread.of(paint).median
    return found


def run(options: Options) -> Section:
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    section = Section()
    nets = list(NETS)[:1] if options.quick else list(NETS)
    steps = {net: _step(net, options) for net in nets}
    totals = {net: sum(parts.values()) for net, parts in steps.items()}
    table = Table(
        f"Where a fully measured step goes (tanh, one BLAS thread, {PROCESSOR}), µs", ["part", *map(title, nets)]
    )
    for part in PARTS:
        cells = (f"{steps[net][part]:.0f} ({steps[net][part] / totals[net]:.0%})" for net in nets)
        table.rows.append([part, *cells])
    table.rows.append(["together", *(f"{totals[net]:.0f}" for net in nets)])
    limits = {net: _limit(net, options) for net in nets}
    table.rows.append(["× L", *(f"{totals[net] / limits[net]:.2f}" for net in nets)])
    frames = {net: _frame(net, options) for net in nets}
    drawn = Table(
        f"Where a frame goes: refresh + paint of each default plot, ms ({PROCESSOR})", ["plot", *map(title, nets)]
    )
    for plot in frames[nets[0]]:
        pairs = (frames[net][plot] for net in nets)
        drawn.rows.append([plot, *(f"{refresh:.2f} + {paint:.2f}" for refresh, paint in pairs)])
    sums = (sum(refresh + paint for refresh, paint in frames[net].values()) for net in nets)
    drawn.rows.append(["together", *(f"{total:.2f}" for total in sums)])
    section.tables += [table, drawn]
    section.data = {"step_microseconds": steps, "limit_microseconds": limits, "frame_milliseconds": frames}
    return section
