"""One cell of a map, made by whichever process takes it: the run that the command line would make, and what it says."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct

from simulator.doctor.files import builtins_of, json_number
from simulator.experiment.experiment import Experiment, bounded
from simulator.maps.measures import measured
from simulator.maps.sweep import MapCell, Sweep
from simulator.running.headless.run import run
from simulator.running.stop_rule_text import parse
from simulator.system.environment import Environment, environment
from simulator.system.machine import give_threads, out_of_memory

Hear = Callable[[int], None]


class CellJob(Struct, frozen=True):
    """All that a process needs to make a cell; it pickles."""

    number: int
    cell: MapCell
    sweep: Sweep


class MadeCell(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What came of a cell: a line of ``cells.jsonl``. Numbers that are not finite stand there as words."""

    values: tuple[Any, ...]
    seed: int
    steps: int | None = None
    """Updates that were made; None where the cell has failed."""
    measures: Mapping[str, float | str | None] = {}
    """By their names; None is "not defined"."""
    findings: tuple[Mapping[str, Any], ...] = ()
    """As in ``findings.json``."""
    seconds: float = 0.0
    kernel: str = ""
    """Which processor the matrix products were made for."""
    stopped: str = ""
    """Which rule ended it before its last step."""
    diverged: bool = False
    """Whether NaN or Inf came in, or the loss is one at last."""
    error: str = ""
    """Why there is nothing."""

    @property
    def cell(self) -> MapCell:
        return MapCell(self.values, self.seed)

    def measure(self, name: str) -> float | None:
        """A measure as a number; None where it is not defined."""
        value = self.measures.get(name)
        return None if value is None else float(value)


def where() -> Environment:
    """Where this process makes cells."""
    return environment(1)


def make(job: CellJob, hear: Hear | None = None) -> MadeCell:
    """Train a cell as ``run --threads 1`` would; what cannot be trained says why."""
    give_threads(1)
    cell, began = job.cell, time.perf_counter()
    try:
        return _trained(job, job.sweep.trained(cell), hear, began)
    except Exception as error:
        # Whatever it is, the other cells go on.
        seconds = time.perf_counter() - began
        return MadeCell(
            values=cell.values, seed=cell.seed, seconds=seconds, kernel=where().kernel, error=_reason(error)
        )


def _trained(job: CellJob, experiment: Experiment, hear: Hear | None, began: float) -> MadeCell:
    sweep = job.sweep
    until = parse(sweep.until) if sweep.until else None
    every = max(sweep.steps, 1) if sweep.brief else None
    result = run(
        experiment, steps=sweep.steps, every=every, analyses=(), until=until, progress=hear, brief=sweep.brief
    )  # fmt: skip
    values = measured(sweep.measures, result.last)
    return MadeCell(
        values=job.cell.values,
        seed=job.cell.seed,
        steps=result.last.step,
        measures={name: None if value is None else json_number(value) for name, value in values.items()},
        findings=tuple(map(builtins_of, result.findings)),
        seconds=time.perf_counter() - began,
        kernel=result.environment.kernel,
        stopped="" if result.stopped is None else result.stopped.reason,
        # A loss may be too large for its type while all that the step is made of is finite.
        diverged=result.last.began is not None or not math.isfinite(result.last.scalars["loss"]),
    )


def _reason(error: Exception) -> str:
    """In one sentence, as the command line would say it."""
    if isinstance(error, MemoryError):
        return out_of_memory(error, "this network")
    text = bounded(str(error))
    return text if isinstance(error, ValueError | OSError) and text else f"{type(error).__name__}: {text}"
