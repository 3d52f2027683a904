"""Time per step against depth, batch and width, with fitted exponents."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from benchmarks import limit, ours
from benchmarks.drawing import Sweep, draw
from benchmarks.nets import dense
from benchmarks.report import Options, Section, Table
from benchmarks.rounds import PROCESSOR, Timed, Work, interleaved
from simulator.experiment.experiment import Experiment
from simulator.network.threads import limited_blas
from simulator.training.training import Training

MANY = {"kind": "clusters", "samples": 6000}
"""Data with enough samples for the largest batch."""
BATCHES = (128, 256, 512, 1024, 2048, 4096)
Make = Callable[[int], Experiment]
SWEEPS: dict[str, tuple[str, Make, tuple[int, ...], str]] = {
    "depth": ("layers of 100", lambda n: dense(n, 100), (10, 25, 50, 100, 200, 500), "linear"),
    "batch": ("samples, 10 × 100", lambda n: dense(10, 100, batch=n, data=MANY), BATCHES, "linear"),
    "width": ("units, 4 layers", lambda n: dense(4, n), (128, 256, 512, 1024, 2048), "quadratic"),
}


def _timed(experiment: Experiment, options: Options) -> Timed:
    training = Training(experiment)
    x, y = training.data.x_train, training.data.y_train
    works: dict[str, Work] = {"ours": ours.measured(training), **limit.works_of(experiment, len(x), len(y))}
    return limit.limited(interleaved(works, options.rounds_apart, options.block_seconds))


def exponent(sizes: Sequence[int], seconds: Sequence[float]) -> float:
    """Slope of log time over log size."""
    return float(np.polyfit(np.log(sizes), np.log(seconds), 1)[0])


def run(options: Options) -> Section:
    section = Section()
    drawn: dict[str, Sweep] = {}
    summary = Table(
        f"Time per step (with scalars, one BLAS thread, {PROCESSOR}) as a power of size", ["size", "range", "exponent"]
    )
    for name, (unit, make, sizes, law) in SWEEPS.items():
        used = sizes[:2] if options.quick else sizes
        with limited_blas(1):
            times = [_timed(make(size), options) for size in used]
        seconds = [timed.spread("ours").median for timed in times]
        over = [timed.ratio("ours", "limit") for timed in times]
        power = exponent(used, seconds)
        table = Table(f"Time per step against {name} ({unit})", [name, "ms", "ms per unit of size", "× L"])
        for size, time, ratio in zip(used, seconds, over, strict=True):
            table.rows.append([str(size), f"{time * 1e3:.3f}", f"{time * 1e3 / size:.5f}", ratio.text()])
        section.tables.append(table)
        summary.rows.append([f"{name} ({law} or better)", f"{used[0]} … {used[-1]}", f"{power:.2f}"])
        section.data[name] = {"sizes": list(used), "seconds": seconds, "exponent": power}
        section.data[name]["over_limit"] = [ratio.plain() for ratio in over]
        drawn[name] = (name, law, used, [second * 1e3 for second in seconds])
    section.tables.append(summary)
    if options.draw is not None:
        draw(drawn, options.draw)
        section.notes.append(
            f"![Time per step against depth, batch and width]({options.draw.parent.name}/{options.draw.name})"
        )
    return section
