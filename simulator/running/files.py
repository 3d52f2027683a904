"""The files of a headless run: what was trained, what was found, ``histograms.npz`` and the tables."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import IO

import numpy as np

from simulator.doctor import Finding
from simulator.doctor.files import to_json
from simulator.experiment.experiment import Experiment
from simulator.measures import NAMES, RECORDED_NAMES
from simulator.observations.base import Cell, Observation, Observed, Result
from simulator.observations.factors import FactorsObservation
from simulator.observations.histograms import HistogramsObservation
from simulator.observations.registry import files
from simulator.observations.time_profile import TimeProfilesObservation
from simulator.record.frame import Frame
from simulator.system.atomic import partial, write_atomic
from simulator.system.environment import Environment
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
_OPTIONAL = ("factors.csv", "time.csv", *files())
"""Tables that only some runs have."""
TABLES = ("steps.csv", "layers.csv", "flow.csv", *_OPTIONAL)


def cell(value: float | None) -> str:
    """Full precision; ``nan`` and ``inf`` are values; None, "not defined", is empty."""
    return "" if value is None else repr(float(value))


def _told(value: Cell) -> str | int:
    """Words and counts as they are, numbers in full."""
    return value if isinstance(value, (str, int)) else cell(value)


class RunFiles:
    """Writes a run as it goes; the files get their names when all of them are complete.

    A context manager: an error inside leaves what stood in the folder before.
    """

    def __init__(self, folder: Path, experiment: Experiment, info: RunInfo, environment: Environment) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.experiment, self.info, self.environment = folder, experiment, info, environment
        self._stack = ExitStack()
        self._raw: dict[str, tuple[IO[bytes], np.dtype[np.generic], tuple[int, ...]]] = {}
        self._measured: list[int] = []
        self._findings: Sequence[Finding] = ()
        self._analyses: dict[str, dict[str, object]] = {}
        self._tables: dict[str, csv.DictWriter[str]] = {}
        self._table("steps.csv", STEP_COLUMNS)
        self._table("layers.csv", LAYER_COLUMNS)
        self._table("flow.csv", FLOW_COLUMNS)

    def _table(self, name: str, columns: tuple[str, ...]) -> csv.DictWriter[str]:
        """The table of that name, begun with its header when first asked for."""
        if name not in self._tables:
            file = self._stack.enter_context(partial(self.folder / name).open("w", encoding="utf-8", newline=""))
            self._tables[name] = csv.DictWriter(file, columns, lineterminator="\n", restval="")
            self._tables[name].writeheader()
        return self._tables[name]

    def step(self, step: int, scalars: Mapping[str, float]) -> None:
        self._tables["steps.csv"].writerow({"step": step, **{name: cell(value) for name, value in scalars.items()}})

    def frame(self, frame: Frame) -> None:
        """A measured step: a row per layer and its histograms."""
        for layer, info in enumerate(frame.info.layers):
            row: dict[str, object] = {"step": frame.step, "layer": info.label, "name": info.name, "kind": info.kind}
            for name in NAMES:
                value = float(frame.measures[name][layer]) if frame.defined[name][layer] else None
                whole = name in _COUNTED and value is not None and math.isfinite(value)
                row[name] = int(value or 0) if whole else cell(value)
            self._tables["layers.csv"].writerow(row)
        self._flow(frame)
        self._factors(frame)
        self._through_time(frame)
        self._measured.append(frame.step)
        for histograms in HistogramsObservation.variants():
            counted = frame.result(histograms)
            for part in ("counts", "edges", "nan", "plus_inf", "minus_inf", "zeros"):
                self._append(f"{histograms.quantity}_{part}", getattr(counted, part))

    def findings(self, findings: Sequence[Finding]) -> None:
        """What the doctor finds at the end."""
        self._findings = findings

    def analysis(self, analysis: Observation[Result], observed: Observed[Result]) -> None:
        """What an analysis says of a step; where it has nothing to say, why."""
        told = self._analyses.setdefault(analysis.kind, {"files": list(analysis.columns), "steps": [], "refusals": []})
        refusals, steps = told["refusals"], told["steps"]
        assert isinstance(refusals, list)
        assert isinstance(steps, list)
        reason = observed.refusal or self._write_rows(analysis, observed)
        if not reason:
            steps.append(observed.step)
        elif not refusals or refusals[-1]["reason"] != reason:
            refusals.append({"since": observed.step, "reason": reason})

    def _write_rows(self, analysis: Observation[Result], observed: Observed[Result]) -> str:
        """Why there are none; ``""`` where they are written."""
        assert observed.result is not None
        try:
            for row in analysis.rows(observed.result, self.info):
                filled = {"step": observed.step, **{name: _told(value) for name, value in row.cells.items()}}
                self._table(row.file, analysis.columns[row.file]).writerow(filled)
        except ValueError as error:
            return str(error)
        return ""

    def _flow(self, frame: Frame) -> None:
        for layer, info in enumerate(frame.info.layers):
            cells = {
                name: cell(float(frame.measures[name][layer]) if frame.defined[name][layer] else None)
                for name in FLOW_NAMES
            }
            self._tables["flow.csv"].writerow({"step": frame.step, "layer": info.label, **cells})

    def _factors(self, frame: Frame) -> None:
        """What each operation does to the error signal, going back to each layer."""
        for gains in frame.result(FactorsObservation()) or ():
            for factor, gain in gains.factors.items():
                self._table("factors.csv", FACTOR_COLUMNS).writerow(
                    {
                        "step": frame.step,
                        "layer": gains.layer,
                        "factor": factor,
                        "log10_gain": cell(gain),
                        "log10_total": cell(gains.total),
                    }
                )

    def _through_time(self, frame: Frame) -> None:
        """Each time step, from 1 on, of each layer with a state."""
        for label, profile in (frame.result(TimeProfilesObservation()) or {}).items():
            for time, values in enumerate(zip(*(getattr(profile, name) for name in TIME_MEASURES), strict=True), 1):
                cells = dict(zip(TIME_MEASURES, map(cell, values), strict=True))
                row = {"step": frame.step, "layer": label, "time": time, **cells}
                self._table("time.csv", TIME_COLUMNS).writerow(row)

    def _append(self, name: str, array: np.ndarray[tuple[int, ...], np.dtype[np.generic]]) -> None:
        # Raw pieces on disk: a long run's histograms need not fit the memory.
        if name not in self._raw:
            file = self._stack.enter_context(partial(self.folder / f"{name}.raw").open("w+b"))
            self._raw[name] = (file, array.dtype, array.shape)
        self._raw[name][0].write(array.tobytes())

    def _write_histograms(self) -> None:
        arrays: dict[str, np.ndarray[tuple[int, ...], np.dtype[np.generic]]] = {
            "steps": np.array(self._measured, np.int64),
            "layers": np.array([info.label for info in self.info.layers]),
        }
        for name, (file, dtype, shape) in self._raw.items():
            file.flush()
            arrays[name] = np.memmap(file, dtype=dtype, mode="r", shape=(len(self._measured), *shape))
        with partial(self.folder / "histograms.npz").open("wb") as target:
            np.savez_compressed(target, allow_pickle=False, **arrays)

    def _write_analyses(self) -> None:
        path = self.folder / "analyses.json"
        if self._analyses:
            write_atomic(path, (json.dumps(self._analyses, ensure_ascii=False, indent=2) + "\n").encode())
        else:
            path.unlink(missing_ok=True)

    def _locate(self, error: OSError) -> None:
        """A disk that is full does not say which file it has no room for."""
        error.filename = error.filename or str(self.folder)

    def __enter__(self) -> RunFiles:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        names = (*self._tables, "histograms.npz")
        if isinstance(error, OSError):
            self._locate(error)
        try:
            if kind is None:
                self._write_histograms()
            self._stack.close()
            if kind is None:
                for name in names:
                    partial(self.folder / name).replace(self.folder / name)
                for name in set(_OPTIONAL) - set(names):
                    (self.folder / name).unlink(missing_ok=True)  # of an earlier run in this folder
                write_atomic(self.folder / "findings.json", to_json(self._findings))
                self._write_analyses()
                write_atomic(self.folder / "environment.json", self.environment.to_json())
                write_atomic(self.folder / "experiment.json", self.experiment.to_json())
        except OSError as fault:
            self._locate(fault)
            raise
        finally:
            # Whatever could not be written has been told of.
            with suppress(OSError):
                self._stack.close()
            for name in (*names, *(f"{raw}.raw" for raw in self._raw)):
                partial(self.folder / name).unlink(missing_ok=True)
