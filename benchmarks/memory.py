"""Memory of the history of every measure over a million steps, and whether a spike of one step is still there."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from benchmarks.nets import reference
from benchmarks.report import Options, Section, Table
from simulator.record.history import History, Rows
from simulator.training.training import Training

BLOCK = 1000
SPIKE_STEP, SPIKE = 777, 1e6


def resident_bytes() -> float:
    """Resident memory of this process; NaN where the system does not tell."""
    statm = Path("/proc/self/statm")
    if not statm.exists():
        return float("nan")
    return int(statm.read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")


def peak_bytes() -> float:
    """Most resident memory that this process has had; NaN where the system does not tell."""
    status = Path("/proc/self/status")
    lines = status.read_text(encoding="ascii").split("\n") if status.exists() else []
    return next((1024 * float(line.split()[1]) for line in lines if line.startswith("VmHWM:")), float("nan"))


def _feed(history: History, steps: int, values: np.ndarray[tuple[int, int], np.dtype[np.float64]]) -> None:
    """Record up to ``steps`` steps in blocks; one value of one step is a spike."""
    while history.steps < steps:
        block = values
        if history.steps <= SPIKE_STEP < history.steps + len(values):
            block = values.copy()
            block[SPIKE_STEP - history.steps, history.columns.index("weight_gradient_norm:3")] = SPIKE
        history.extend(Rows(history.steps, history.columns, block))


def run(options: Options) -> Section:
    columns = Training(reference("c")).columns
    values = np.random.default_rng(0).random((BLOCK, len(columns)))
    marks = (BLOCK, 3 * BLOCK) if options.quick else (100_000, 1_000_000)
    before = resident_bytes()
    history = History(columns)
    table = Table(
        f"History of all {len(columns)} columns of net (c)",
        ["steps", "arrays, MiB", "resident memory grown by, MiB", "the planted spike is"],
    )
    section = Section([table])
    for steps in marks:
        _feed(history, steps, values)
        grown = (resident_bytes() - before) / 2**20
        kept = bool(history.series("weight_gradient_norm").high[:, 3].max() == SPIKE)
        table.rows.append([f"{steps:,}", f"{history.nbytes / 2**20:.1f}", f"{grown:.1f}", "there" if kept else "lost"])
        section.data[str(steps)] = {"history_bytes": history.nbytes, "grown_mib": grown, "spike_kept": kept}
    return section
