"""The tables of a run in the forms of other programs: TensorBoard's events, Parquet."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from simulator.code.events import EventWriter, histogram, scalar
from simulator.experiment.experiment import ExperimentError
from simulator.system.atomic import replacing
from simulator.system.csv_text import csv_rows

EVENTS = "events.out.tfevents.nablascope"
"""TensorBoard knows its files by the beginning of their names."""
NO_MEASURES = ("step", "layer", "name", "kind")
QUANTITIES = ("activation", "weight_gradient")
Values = dict[int, list[bytes]]


def write_events(run: Path, folder: Path) -> Path:
    """The scalars and the histograms of a run's folder as one event file; ExperimentError where it has none."""
    steps: Values = {}
    for row in _rows(run / "steps.csv"):
        _add(steps, row, {name: value for name, value in row.items() if name != "step"})
    for row in _rows(run / "layers.csv"):
        layer = f"{row['layer']} {row['kind']}"
        _add(steps, row, {f"{name}/{layer}": value for name, value in row.items() if name not in NO_MEASURES})
    _add_histograms(steps, run / "histograms.npz")
    folder.mkdir(parents=True, exist_ok=True)
    with replacing(folder / EVENTS) as stream:
        writer = EventWriter(stream, (run / "steps.csv").stat().st_mtime)
        for step in sorted(steps):
            writer.step(step, steps[step])
    return folder / EVENTS


def _rows(path: Path) -> Iterator[dict[str, str]]:
    if not path.is_file():
        raise ExperimentError(f"{path.parent} is no folder of a run: it has no {path.name}")
    return csv_rows(path)


def _add(steps: Values, row: dict[str, str], cells: dict[str, str]) -> None:
    """An empty cell is not defined; what is not finite is a value."""
    seed = f"seed {row['seed']}/" if "seed" in row else ""
    values = [scalar(f"{seed}{tag}", float(value)) for tag, value in cells.items() if value and tag != "seed"]
    steps.setdefault(int(row["step"]), []).extend(values)


def _add_histograms(steps: Values, path: Path) -> None:
    if not path.is_file():
        return
    with np.load(path, allow_pickle=False) as arrays:
        for quantity in QUANTITIES:
            counts, edges = arrays[f"{quantity}_counts"], arrays[f"{quantity}_edges"]
            for row, step in enumerate(arrays["steps"].tolist()):
                for layer, name in enumerate(arrays["layers"].tolist()):
                    made = histogram(f"{quantity}/{name}", counts[row, layer], edges[row, layer])
                    steps.setdefault(step, []).append(made)


def write_parquet(run: Path, folder: Path) -> list[Path]:
    """Each table of a run's folder as Parquet; ExperimentError where there is none, or nothing that writes it."""
    try:
        from pyarrow import csv as reader
        from pyarrow import parquet
    except ImportError:
        raise ExperimentError(
            "Parquet is written by pyarrow, which is not there: install nablascope[parquet]"
        ) from None
    tables = sorted(run.glob("*.csv"))
    if not tables:
        raise ExperimentError(f"{run} is no folder of a run: it has no tables")
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for table in tables:
        # Of the run's words only an empty cell is missing: nan is a value.
        read = reader.read_csv(table, convert_options=reader.ConvertOptions(null_values=[""], strings_can_be_null=True))
        written.append(folder / f"{table.stem}.parquet")
        with replacing(written[-1]) as stream:
            parquet.write_table(read, stream)
    return written
