"""The files of a headless run: what was trained, what was found, ``histograms.npz`` and the tables."""

from __future__ import annotations

import functools
import json
import math
import re
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from types import MappingProxyType

import msgspec
import numpy as np
from msgspec import Struct

from simulator.doctor.base import Finding
from simulator.doctor.files import to_json
from simulator.experiment.embedded import extract
from simulator.experiment.experiment import Experiment, ExperimentError
from simulator.measures import NAMES, RECORDED_NAMES
from simulator.observations.base import CellValue, Observation, Observed, Result
from simulator.observations.factors import FactorsObservation
from simulator.observations.histograms import HistogramsObservation
from simulator.observations.registry import files
from simulator.observations.time_profile import TimeProfilesObservation
from simulator.record.frame import Frame
from simulator.system.atomic import replacing, write_atomic
from simulator.system.environment import Environment
from simulator.system.growing_file import GrowingFile, GrowingTable, WholeFile
from simulator.training.run_info import RunInfo

STEP_COLUMNS = (
    "step", "loss", "accuracy", "validation_loss", "validation_accuracy", "learning_rate", "gradient_norm",
)  # fmt: skip
LAYER_COLUMNS = ("step", "layer", "name", "kind", *NAMES)
FLOW_NAMES = RECORDED_NAMES[len(NAMES) :]
FLOW_COLUMNS = ("step", "layer", *FLOW_NAMES)
FACTOR_COLUMNS = ("step", "layer", "factor", "log10_gain", "log10_total")
TIME_MEASURES = ("hidden_gradient_norm", "hidden_mean", "hidden_std")
TIME_COLUMNS = ("step", "layer", "time", *TIME_MEASURES)
_COUNTED = ("nonfinite",)
_ALWAYS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"steps.csv": STEP_COLUMNS, "layers.csv": LAYER_COLUMNS, "flow.csv": FLOW_COLUMNS}
)
"""Tables that every run has."""
COLUMNS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {**_ALWAYS, "factors.csv": FACTOR_COLUMNS, "time.csv": TIME_COLUMNS, **files()}
)
TABLES = tuple(COLUMNS)
HISTOGRAMS = "histograms.npz"
EARLIER_HISTOGRAMS = "histograms-until-{}.npz"
"""Of a network that was handed on to another one, which was trained from that step on."""
ENVIRONMENT, EXPERIMENT = "environment.json", "experiment.json"
CHANGES = "changes.json"
"""What was changed on the way, if anything was."""
PLOTS = "plots"
"""The folder of a run's pictures."""
DRAWN = re.compile(r"[a-z][a-z0-9_]*\.png")
"""Their names."""
AT_THE_END = (HISTOGRAMS, "findings.json", "analyses.json")
"""What an unfinished run does not have."""
HISTOGRAM_PARTS = ("counts", "edges", "nan", "plus_inf", "minus_inf", "zeros")


class Refusal(Struct, frozen=True, forbid_unknown_fields=True):
    """Since which step there is nothing, and why."""

    since: int
    reason: str


class AnalysisOutcome(Struct, frozen=True, forbid_unknown_fields=True):
    """What stands of one analysis in ``analyses.json``."""

    files: list[str]
    steps: list[int]
    refusals: list[Refusal]


def remove_results(folder: Path) -> None:
    """Remove what a run has written of what came of it, and of how; whatever else lies there stays."""
    for path in (
        *(folder / name for name in (*TABLES, *AT_THE_END, CHANGES)),
        *folder.glob(EARLIER_HISTOGRAMS.format("*")),
    ):
        path.unlink(missing_ok=True)
    remove_pictures(folder / PLOTS)


def remove_pictures(folder: Path) -> None:
    """Remove the pictures of an earlier run, which carry its experiment, and their folder if nothing else is there."""
    for path in folder.glob("*.png"):
        with suppress(ExperimentError):
            if DRAWN.fullmatch(path.name):
                extract(path)
                path.unlink()
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()


def cell(value: float | None) -> str:
    """Full precision; ``nan`` and ``inf`` are values; None, "not defined", is empty."""
    return "" if value is None else repr(float(value))


def _plain(value: CellValue) -> str | int:
    """Words and counts as they are, numbers in full."""
    return value if isinstance(value, (str, int)) else cell(value)


class ArrayProgress(Struct, frozen=True, forbid_unknown_fields=True):
    """Pieces of one array that are written: their type, the shape of each, and bytes in all."""

    dtype: str
    shape: tuple[int, ...]
    length: int


class FileProgress(Struct, frozen=True, forbid_unknown_fields=True):
    """How far the files of a run are."""

    tables: dict[str, int]
    """Name → bytes."""
    arrays: dict[str, ArrayProgress]
    measured: tuple[int, ...]
    """The steps of the present network that were."""
    analyses: dict[str, AnalysisOutcome]
    network_began: int = 0
    """The step from which on it was trained."""


NOTHING = FileProgress({}, {}, (), {})


class RunFiles:
    """Writes a run as it goes: each row stands in its file at once, and whole, whenever the process is killed.

    What a run leaves at its end only comes with :meth:`summarise` and :meth:`finish`.
    """

    def __init__(
        self, folder: Path, experiment: Experiment, info: RunInfo, environment: Environment, pieces: Path,
        progress: FileProgress = NOTHING,
    ) -> None:  # fmt: skip
        """``pieces`` is a folder for what is needed while files grow; a run taken up goes on at ``progress``."""
        self.folder, self.experiment, self.info, self.environment = folder, experiment, info, environment
        self._pieces = pieces
        self._stack = ExitStack()
        self._measured, self._network_began = list(progress.measured), progress.network_began
        self._analyses = dict(progress.analyses)
        self._tables: dict[str, GrowingTable] = {}
        self._arrays: dict[str, tuple[GrowingFile, np.dtype[np.generic], tuple[int, ...]]] = {}
        if progress is NOTHING:
            self._begin()
        for name, length in progress.tables.items():
            self._open_table(name, COLUMNS[name], length)
        for name, array in progress.arrays.items():
            self._open_array(name, np.dtype(array.dtype), array.shape, array.length)
        for name in _ALWAYS:
            self._table(name)

    def _begin(self) -> None:
        """What an earlier run has left here goes; what is trained is said before it is."""
        remove_results(self.folder)
        write_atomic(self.folder / ENVIRONMENT, self.environment.to_json())
        write_atomic(self.folder / EXPERIMENT, self.experiment.to_json())

    def _table(self, name: str) -> GrowingTable:
        """The table of that name, begun with its header when first asked for."""
        return self._tables[name] if name in self._tables else self._open_table(name, COLUMNS[name], 0)

    def _open_table(self, name: str, columns: tuple[str, ...], length: int) -> GrowingTable:
        file = WholeFile(self.folder / name, self._pieces, length)
        self._stack.callback(file.close)
        table = self._tables[name] = GrowingTable(file, columns)
        return table

    def _open_array(
        self, name: str, dtype: np.dtype[np.generic], shape: tuple[int, ...], length: int = 0
    ) -> GrowingFile:
        # Pieces on disk: a long run's histograms need not fit the memory.
        file = GrowingFile(self._pieces / f"{name}-{self._network_began}.raw", length)
        self._stack.callback(file.close)
        self._arrays[name] = file, dtype, shape
        return file

    @property
    def progress(self) -> FileProgress:
        """How far they are; all of it is on the disk."""
        tables = {name: table.file for name, table in self._tables.items()}
        for file in (*tables.values(), *(array[0] for array in self._arrays.values())):
            file.flush()
        return FileProgress(
            {name: file.length for name, file in tables.items()},
            {name: ArrayProgress(kind.str, shape, file.length) for name, (file, kind, shape) in self._arrays.items()},
            tuple(self._measured),
            {
                name: AnalysisOutcome(outcome.files, list(outcome.steps), list(outcome.refusals))
                for name, outcome in self._analyses.items()
            },
            self._network_began,
        )

    def step(self, step: int, scalars: Mapping[str, float]) -> None:
        self._tables["steps.csv"].write([{"step": step, **{name: cell(value) for name, value in scalars.items()}}])

    def frame(self, frame: Frame) -> None:
        """A measured step: a row per layer and its histograms."""
        self._tables["layers.csv"].write(map(functools.partial(_layer_row, frame), range(frame.info.depth)))
        self._tables["flow.csv"].write(map(functools.partial(_flow_row, frame), range(frame.info.depth)))
        for name, rows in (("factors.csv", _factor_rows(frame)), ("time.csv", _time_rows(frame))):
            if rows:
                self._table(name).write(rows)
        self._measured.append(frame.step)
        for histograms in HistogramsObservation.variants():
            counted = frame.result(histograms)
            for part in HISTOGRAM_PARTS:
                self._append(f"{histograms.quantity}_{part}", getattr(counted, part))

    def analysis(self, analysis: Observation[Result], observed: Observed[Result]) -> None:
        """What an analysis says of a step; where it has nothing to say, why."""
        outcome = self._analyses.setdefault(analysis.kind, AnalysisOutcome(list(analysis.columns), [], []))
        reason = observed.refusal or self._write_rows(analysis, observed)
        if not reason:
            outcome.steps.append(observed.step)
        elif not outcome.refusals or outcome.refusals[-1].reason != reason:
            outcome.refusals.append(Refusal(observed.step, reason))

    def _write_rows(self, analysis: Observation[Result], observed: Observed[Result]) -> str:
        """Why there are none; ``""`` where they are written."""
        assert observed.result is not None
        rows: dict[str, list[Mapping[str, object]]] = {}
        try:
            for row in analysis.rows(observed.result, self.info):
                filled = {"step": observed.step, **{name: _plain(value) for name, value in row.cells.items()}}
                rows.setdefault(row.file, []).append(filled)
        except ValueError as error:
            return str(error)
        for name, together in rows.items():
            self._table(name).write(together)
        return ""

    def _append(self, name: str, array: np.ndarray[tuple[int, ...], np.dtype[np.generic]]) -> None:
        file = self._arrays[name][0] if name in self._arrays else self._open_array(name, array.dtype, array.shape)
        file.append(array.tobytes())

    def finish(self, findings: Sequence[Finding]) -> None:
        """What is told of the whole run; ``findings`` are those of its last step."""
        write_atomic(self.folder / "findings.json", to_json(findings))

    def summarise(self) -> None:
        """The histograms, and which analyses there are."""
        self._write_histograms(HISTOGRAMS, self.info)
        if self._analyses:
            plain = msgspec.to_builtins(self._analyses)
            content = json.dumps(plain, ensure_ascii=False, indent=2) + "\n"
            write_atomic(self.folder / "analyses.json", content.encode())

    def go_on_with(self, info: RunInfo, step: int) -> None:
        """From this step on another network is trained; histograms of other layers stand in a file of their own."""
        before, self.info = self.info, info
        if [layer.label for layer in before.layers] == [layer.label for layer in info.layers]:
            return
        if self._measured:
            self._write_histograms(EARLIER_HISTOGRAMS.format(step), before)
        # What was written of them stays while the run may be taken up before this step.
        self._measured, self._arrays, self._network_began = [], {}, step

    def _write_histograms(self, file_name: str, info: RunInfo) -> None:
        arrays: dict[str, np.ndarray[tuple[int, ...], np.dtype[np.generic]]] = {
            "steps": np.array(self._measured, np.int64),
            "layers": np.array([layer.label for layer in info.layers]),
        }
        for name, (file, dtype, shape) in self._arrays.items():
            arrays[name] = np.memmap(file.path, dtype=dtype, mode="r", shape=(len(self._measured), *shape))
        with replacing(self.folder / file_name) as target:
            np.savez_compressed(target, allow_pickle=False, **arrays)

    def close(self) -> None:
        self._stack.close()


def _layer_row(frame: Frame, layer: int) -> dict[str, object]:
    info = frame.info.layers[layer]
    row: dict[str, object] = {"step": frame.step, "layer": info.label, "name": info.name, "kind": info.kind}
    for name in NAMES:
        value = float(frame.measures[name][layer]) if frame.defined[name][layer] else None
        whole = name in _COUNTED and value is not None and math.isfinite(value)
        row[name] = int(value or 0) if whole else cell(value)
    return row


def _flow_row(frame: Frame, layer: int) -> dict[str, object]:
    cells = {
        name: cell(float(frame.measures[name][layer]) if frame.defined[name][layer] else None) for name in FLOW_NAMES
    }
    return {"step": frame.step, "layer": frame.info.layers[layer].label, **cells}


def _factor_rows(frame: Frame) -> list[dict[str, object]]:
    """What each operation does to the error signal, going back to each layer."""
    return [
        {
            "step": frame.step,
            "layer": gains.layer,
            "factor": factor,
            "log10_gain": cell(gain),
            "log10_total": cell(gains.total),
        }
        for gains in frame.result(FactorsObservation()) or ()
        for factor, gain in gains.factors.items()
    ]


def _time_rows(frame: Frame) -> list[dict[str, object]]:
    """Each time step, from 1 on, of each layer with a state."""
    return [
        {"step": frame.step, "layer": label, "time": time, **dict(zip(TIME_MEASURES, map(cell, values), strict=True))}
        for label, profile in (frame.result(TimeProfilesObservation()) or {}).items()
        for time, values in enumerate(zip(*(getattr(profile, name) for name in TIME_MEASURES), strict=True), 1)
    ]
