#!/usr/bin/env python
"""What a map makes of the cores: cells of over a second in as many processes, against one run after the other.

python benchmarks/maps.py [--cells 12] [--jobs 2] [--rounds 5] [--window]

What cores share, as memory and their clock, makes runs beside each other slower whoever starts them. So the same runs
are made by bare processes too, alone and as many at once: that is the machine's part, the rest is the map's own.
"""

from __future__ import annotations

import argparse
import functools
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

os.environ["OPENBLAS_NUM_THREADS"] = "1"
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.apart import ROOT
from benchmarks.rounds import Spread
from simulator.experiment.files import find
from simulator.maps.axes import axis
from simulator.maps.engines import LocalEngine
from simulator.maps.making import CellJob, make
from simulator.maps.map_folder import MapFolder
from simulator.maps.sweep import Sweep

STEPS = 1500
PRINTED_RATES = "frames_per_second", "steps_per_second"


def of_seeds(cells: int, steps: int = STEPS) -> Sweep:
    """One experiment with so many seeds."""
    experiment = find("vanishing-sigmoid")
    return Sweep(
        experiment=experiment, axes=(axis("batch_size=128", experiment),), seeds=cells, steps=steps, brief=True
    )


def made(sweep: Sweep, jobs: int) -> tuple[float, float, float]:
    """Seconds from the first cell's beginning to the last one's end, those of all cells together, and of processors."""
    used = processor_seconds()
    with tempfile.TemporaryDirectory() as folder, MapFolder(Path(folder), sweep) as home:
        first = together = now = 0.0
        for each in home.make(lambda cells: LocalEngine(cells, jobs)):
            now = time.perf_counter()
            first = first or now - each.seconds
            together += each.seconds
        wall = now - first
    return wall, together, processor_seconds() - used


def processor_seconds() -> float:
    """Of all processes that have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def bare(cells: int) -> None:
    """Make cells one after the other as soon as a line comes in, and print the seconds of each."""
    sweep = of_seeds(cells)
    print("ready", flush=True)
    sys.stdin.readline()
    print(json.dumps([make(CellJob(0, cell, sweep)).seconds for cell in sweep.cells()]))


def seconds_of_processes(cells: int, processes: int) -> float:
    """Of one cell, where so many bare processes make as many at once."""
    code = f"from benchmarks.maps import bare; bare({cells})"
    started = [
        subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdin=-1, stdout=-1, text=True)
        for _ in range(processes)
    ]
    seconds = [*_told(started)]
    return sum(seconds) / len(seconds)


def _told(started: list[subprocess.Popen[str]]) -> Iterator[float]:
    """Let all begin at once, and give what each says."""
    for process in started:
        assert process.stdout is not None
        process.stdout.readline()
    for process in started:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    for process in started:
        yield from json.loads(process.communicate()[0])


def compared(cells: int, jobs: int) -> dict[str, float]:
    """One round: ratios of speeds, 1 where nothing is lost."""
    alone, beside = (seconds_of_processes(cells // jobs, processes) for processes in (1, jobs))
    wall, together, _ = made(of_seeds(cells), jobs)
    return {
        "seconds of a run alone": alone,
        f"bare processes: of {jobs} beside each other, speed of each by one alone": alone / beside,
        "the map: its speed by cores and one run alone": cells * alone / wall / jobs,
        "the map: its speed by that of bare processes beside each other": cells * beside / wall / jobs,
        "the map: share of the time in which its processes train": together / wall / jobs,
    }


def beside_the_window(jobs: int, rounds: int) -> None:
    """What the window shows of its own run with and without a map, in turns."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from benchmarks.bench_window import Lateness, opened, wait
    from benchmarks.nets import reference
    from benchmarks.window import window_round
    from ui.maps.form import NICENESS
    from ui.maps.runner import MapRunner

    shown: dict[str, list[dict[str, float]]] = {"alone": [], f"with a map in {jobs} processes": []}
    with opened(reference("a"), "process") as watch, tempfile.TemporaryDirectory() as folder:
        lateness = Lateness(watch)
        for turn in range(rounds):
            for name, rows in shown.items():
                made: list[object] = []
                hire = functools.partial(LocalEngine, jobs=jobs, niceness=NICENESS)
                runner = MapRunner(of_seeds(1000), Path(folder) / str(turn), hire, None)
                runner.made.connect(made.append)
                while name != "alone" and not made:
                    if not runner.running:
                        runner.start()
                    wait(100)
                rows.append(window_round(watch, lateness, 1.0))
                if runner.running:
                    runner.close()
    for name, rows in shown.items():
        told = (f"{key.replace('_', ' ')} {Spread.of([row[key] for row in rows]).text(1)}" for key in PRINTED_RATES)
        print(f"the window {name}: {', '.join(told)}")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--cells", type=int, default=12)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--window", action="store_true", help="frames of the window, with and without a map")
    arguments = parser.parse_args()
    if arguments.window:
        beside_the_window(arguments.jobs, arguments.rounds)
        return
    rounds = [compared(arguments.cells, arguments.jobs) for _ in range(arguments.rounds)]
    for name in rounds[0]:
        print(f"{name:75s} {Spread.of([each[name] for each in rounds]).text()}")


if __name__ == "__main__":
    main()
