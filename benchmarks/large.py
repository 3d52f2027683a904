"""What a net of ten million parameters, one of 500 layers and 60 000 samples of 784 numbers ask of the program."""

from __future__ import annotations

import os
import time
import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from benchmarks import limit
from benchmarks.apart import apart
from benchmarks.memory import peak_bytes, resident_bytes
from benchmarks.nets import dense
from benchmarks.report import Options, Section, Table
from benchmarks.rounds import PROCESSOR, Spread, seconds_of
from benchmarks.window import Headless
from simulator.network.threads import limited_blas

NETS = {"500 × 16": (500, 16), "500 × 100": (500, 100), "4 × 1850, 10⁷ parameters": (4, 1850)}
"""Name → hidden layers, units."""
SAMPLES, PIXELS = 60_000, 28
DISTINCT = 1000
"""Samples that are made; the others repeat them."""
LEAST_STEPS = 4
"""That a stretch of training has, however busy the machine is."""
MAX_MS = 8
"""No plot may take longer to be refreshed and painted."""


def observe(depth: int, units: int, quick: bool) -> dict[str, Any]:
    """Frames, steps and the dearest plot of one net in the window, in this process."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from benchmarks.bench_window import Paints, opened

    experiment = dense(depth, units)
    rounds, seconds = (1, 0.1) if quick else (5, 1.5)
    headless = Headless(experiment, "process")
    found: list[dict[str, float]] = []
    try:
        with opened(experiment, "process") as watch:
            paints = Paints(watch.window)
            for _ in range(rounds):
                alone = headless.speed(seconds)
                found.append(_round(watch, paints, seconds) | alone)
            dearest = _dearest(watch, rounds)
    finally:
        headless.session.close()
    with limited_blas(1):
        least = sum(seconds_of(work, 3) for work in limit.works_of(experiment).values())
    spreads = {key: Spread.of([entry[key] for entry in found if key in entry]).plain() for key in found[-1]}
    return {"dearest_plot_ms": dearest, "limit_ms": least * 1e3, **spreads}


def _round(watch: Any, paints: Any, seconds: float) -> dict[str, float]:
    """One stretch of training with the window open; the plots of one frame may be painted while the next is brought."""
    from benchmarks.bench_window import wait

    watch.window.bench.play()
    wait(seconds * 250)
    first, frames = watch.last.frame.step, paints.of_most
    start, own = time.perf_counter(), time.thread_time()
    wait(seconds * 1000)
    while watch.last.frame.step < first + LEAST_STEPS:
        wait(50)
    took = time.perf_counter() - start
    found = {
        "steps_per_second": (watch.last.frame.step - first) / took,
        "frames_per_second": (paints.of_most - frames) / took,
        "window_share_of_a_core": (time.thread_time() - own) / took,
    }
    watch.window.bench.pause()
    wait(100)
    return found


def _dearest(watch: Any, rounds: int) -> float:
    """Milliseconds to refresh and paint the plot that takes longest."""
    costs = []
    for plot in watch.window.plot_area.feed.visible_plots():
        times = []
        for _ in range(rounds):
            start = time.thread_time()
            plot.refresh(watch.last)
            plot.canvas.viewport().repaint()
            times.append(time.thread_time() - start)
        costs.append(Spread.of(times).median * 1e3)
    return max(costs)


def load(kind: str, samples: int) -> dict[str, float]:
    """Seconds of the processor until so many samples of 784 numbers can be trained on, and the most memory it takes."""
    from simulator.data.base import prepare
    from simulator.data.images import Images
    from simulator.data.table import Csv

    with TemporaryDirectory() as folder:
        path = Path(folder, "samples.csv" if kind == "table" else "samples.zip")
        (_write_table if kind == "table" else _write_images)(path, samples)
        data = Csv(path=str(path)) if kind == "table" else Images(path=str(path))
        before, start, wall = resident_bytes(), time.process_time(), time.perf_counter()
        prepared = prepare(data, 0, "float32")
        used, took = time.process_time() - start, time.perf_counter() - wall
    assert prepared.x_train.shape[0] == PIXELS**2
    return {"processor_seconds": used, "seconds": took, "grown_mib": (peak_bytes() - before) / 2**20}


def _write_table(path: Path, samples: int) -> None:
    rng = np.random.default_rng(0)
    shape = (min(samples, DISTINCT), PIXELS**2)
    numbers = np.where(rng.random(shape) < 0.2, rng.integers(0, 256, shape), 0)
    lines = [f"{','.join(map(str, row))},{'abcdefghij'[index % 10]}\n" for index, row in enumerate(numbers.tolist())]
    with path.open("w", encoding="ascii") as file:
        file.write(",".join((*(f"pixel {index}" for index in range(PIXELS**2)), "class")) + "\n")
        file.writelines(lines[index % DISTINCT] for index in range(samples))


def _write_images(path: Path, samples: int) -> None:
    from PIL import Image

    rng, packed = np.random.default_rng(0), list[bytes]()
    for _ in range(min(samples, DISTINCT)):
        levels = np.kron(rng.random((7, 7)), np.ones((4, 4))) * (rng.random((PIXELS, PIXELS)) < 0.8) * 255
        Image.fromarray(levels.astype(np.uint8)).save(file := BytesIO(), "PNG")
        packed.append(file.getvalue())
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for index in range(samples):
            archive.writestr(f"{index % 10}/{index}.png", packed[index % DISTINCT])


def run(options: Options) -> Section:
    nets = Table(
        "Window open, default plots live, worker in a process of its own",
        ["net", "steps/s", "step × L", "frames/s", "frames per step", "the window's share of a core",
         f"dearest plot, ms of {PROCESSOR} (at most {MAX_MS})"],
    )  # fmt: skip
    loads = Table(
        f"{SAMPLES:,} × {PIXELS**2} numbers until they can be trained on",
        ["from", f"s, {PROCESSOR}", "s, wall clock", "memory grown by at most, MiB", "× the numbers' own size"],
    )
    section = Section([nets, loads])
    for name in list(NETS)[:1] if options.quick else NETS:
        found = section.data[name] = apart(observe, *NETS[name], options.quick)
        nets.rows.append(_row(name, found))
    samples = SAMPLES // 600 if options.quick else SAMPLES
    whole = samples * PIXELS**2 * np.dtype(np.float64).itemsize / 2**20
    for kind, told in {"table": "a CSV file", "images": "images of 28 × 28 pixels in an archive"}.items():
        found = section.data[kind] = apart(load, kind, samples)
        cells = [f"{found[key]:.1f}" for key in ("processor_seconds", "seconds")]
        loads.rows.append([told, *cells, f"{found['grown_mib']:.0f}", f"{found['grown_mib'] / whole:.2f}"])
    return section


def _row(name: str, found: dict[str, Any]) -> list[str]:
    frames, steps = (found[key]["median"] for key in ("frames_per_second", "steps_per_second"))
    rates: Callable[[float], str] = "{:.1f}".format
    alone = found.get("headless_per_processor_second", found["headless"])["median"]
    over = 1e3 / alone / found["limit_ms"]
    share = f"{found['window_share_of_a_core']['median']:.0%}"
    cells = [rates(steps), f"{over:.2f}", rates(frames), f"{frames / steps:.2f}" if steps else "", share]
    return [name, *cells, rates(found["dearest_plot_ms"])]
