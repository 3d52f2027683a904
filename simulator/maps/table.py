"""``map.csv``, made from the cells: ``PATH…,seed,step,`` and the measures, along the axes."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from simulator.maps.making import MadeCell
from simulator.maps.sweep import MapCell, Sweep, in_rows
from simulator.running.headless.files import cell as number_text
from simulator.system.atomic import write_atomic
from simulator.system.csv_text import csv_text

NAME = "map.csv"


def columns(sweep: Sweep) -> tuple[str, ...]:
    return (*(axis.path for axis in sweep.axes), "seed", "step", *sweep.measures)


def rows(sweep: Sweep, made: Iterable[MadeCell]) -> list[list[str]]:
    """One for each cell that is made; a cell that failed has nothing behind its seed."""
    known = {each.cell.key: each for each in made}
    cells = in_rows((each.cell for each in known.values()), sweep.axes)
    return [_row(sweep, known[cell.key]) for cell in cells]


def _row(sweep: Sweep, made: MadeCell) -> list[str]:
    step = "" if made.steps is None else str(made.steps)
    measures = (number_text(made.measure(name)) for name in sweep.measures)
    return [*map(value_text, made.values), str(made.seed), step, *measures]


def value_text(value: Any) -> str:
    """As ``--set`` takes it: words as they are, anything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value)


def write(sweep: Sweep, made: Iterable[MadeCell], folder: Path) -> None:
    """Write the table whole, in place of the one before."""
    write_atomic(folder / NAME, csv_text(columns(sweep), rows(sweep, made)).encode())


def in_words(cell: MapCell, sweep: Sweep) -> str:
    """``layers.0.units=50, seed 1``"""
    places = (f"{axis.path}={value_text(value)}" for axis, value in zip(sweep.axes, cell.values, strict=True))
    return ", ".join((*places, f"seed {cell.seed}"))
