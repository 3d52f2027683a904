#!/usr/bin/env python
"""What a map makes of the cores: cells of over a second in as many processes, against one run after the other.

python benchmarks/maps.py [--cells 12] [--jobs 2]
"""

from __future__ import annotations

import argparse
import os
import resource
import sys
import tempfile
import time
from pathlib import Path

os.environ["OPENBLAS_NUM_THREADS"] = "1"
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from simulator.experiment.files import find
from simulator.maps.axes import axis
from simulator.maps.engines import LocalEngine
from simulator.maps.map_folder import MapFolder
from simulator.maps.sweep import Sweep

STEPS = 1500


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


def of_seeds(cells: int, steps: int = STEPS) -> Sweep:
    """One experiment with so many seeds."""
    experiment = find("vanishing-sigmoid")
    return Sweep(
        experiment=experiment, axes=(axis("batch_size=128", experiment),), seeds=cells, steps=steps, brief=True
    )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--cells", type=int, default=12)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    of_one = of_seeds(arguments.cells)
    for _ in range(arguments.rounds):
        alone, alone_cells, alone_used = made(of_one, 1)
        wall, cells, used = made(of_one, arguments.jobs)
        each, among = alone_cells / arguments.cells, cells / arguments.cells
        print(
            f"a cell alone {each:.2f} s, among {arguments.jobs} {among:.2f} s; "
            f"throughput {alone / wall:.2f} of one process ({alone / wall / arguments.jobs:.2f} a core), "
            f"busy {cells / wall / arguments.jobs:.2f} of the time; processor {alone_used:.1f} and {used:.1f} s"
        )


if __name__ == "__main__":
    main()
