"""Networks that differ in what is known, trained on the same seeds: their tables in one, and what came of it.

A lane is one of them; the base is lane ``A``. Each is trained by :func:`~simulator.running.headless.run.run`, so that a
lane's numbers are those of its experiment alone, to the last bit.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from simulator.experiment.differences import differences_between, in_words
from simulator.experiment.experiment import Experiment
from simulator.experiment.lane import OWN_NAME
from simulator.running.headless.ensemble import later_steps, members
from simulator.running.headless.files import LAYER_COLUMNS
from simulator.running.headless.folder import COMPARISON, LOCK, RUNS, UNFINISHED, remove_earlier
from simulator.running.headless.result import RunResult
from simulator.running.headless.run import run, usual_every
from simulator.running.headless.verdict import COMPARED, VERDICT_COLUMNS, Columns, rows, verdict_sentences
from simulator.system.atomic import write_atomic
from simulator.system.csv_text import csv_rows
from simulator.system.growing_file import GrowingTable, WholeFile
from simulator.system.process_lock import ProcessLock

TOGETHER: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "comparison.csv": ("steps.csv", ("step", *COMPARED)),
    "layers.csv": ("layers.csv", LAYER_COLUMNS),
}
"""Table of all lanes → the table of one run that it is made of, and its columns behind lane and seed."""
CHUNK = 1000
"""Rows that are written at once."""

T = TypeVar("T")


@dataclass(frozen=True)
class LaneRun:
    """One lane with one seed."""

    lane: str
    experiment: Experiment
    folder: Path


class Comparison:
    """The lanes, the base first and called A, and where they are to be trained.

    With ``seeds`` each lane is trained with the base's seed and those that follow it, else once with its own.
    """

    def __init__(self, lanes: Mapping[str, Experiment], steps: int, out: Path, seeds: int | None = None) -> None:
        seed = lanes[OWN_NAME].seed
        fan = {
            name: members(each if seeds is None else each.with_values([("seed", seed)]), seeds or 1)
            for name, each in lanes.items()
        }
        self.lanes = {name: each[0] for name, each in fan.items()}
        self.steps, self.out = steps, out
        self.runs = tuple(
            LaneRun(name, own[place], out / RUNS / f"{number}-seed-{own[place].seed}")
            for place in range(seeds or 1)
            for number, (name, own) in enumerate(fan.items(), 1)
        )
        """Every run that is to be made, seed by seed."""

    def differences(self) -> dict[str, list[dict[str, Any]]]:
        """Lane → what it trains otherwise than the base."""
        base = self.lanes[OWN_NAME]
        return {
            name: [
                {"path": each.path, "base": each.base, "value": each.value} for each in differences_between(base, own)
            ]
            for name, own in self._others()
        }

    def in_words(self) -> dict[str, str]:
        """Lane → the same in a line."""
        return {name: in_words(self.lanes[OWN_NAME], own) for name, own in self._others()}

    def _others(self) -> list[tuple[str, Experiment]]:
        return [(name, each) for name, each in self.lanes.items() if name != OWN_NAME]

    def train(
        self, every: int | None = None, progress: Callable[[int], None] | None = None, **options: Any
    ) -> Iterator[tuple[LaneRun, RunResult]]:
        """Each run with its result, its rows in the common tables; ``verdict.csv`` comes with the last.

        ``progress`` hears of the steps of all together; the options are those of a run. A run that is interrupted is
        the last one; taken up again, all go on where they were.
        """
        every = usual_every(self.steps) if every is None else every
        self.out.mkdir(parents=True, exist_ok=True)
        with ProcessLock(self.out / LOCK, "this folder"):
            self._begin(bool(options.get("resume")))
            for done, each in enumerate(self.runs):
                hear = later_steps(progress, done * self.steps)
                result = run(
                    each.experiment, steps=self.steps, out=each.folder, every=every, progress=hear,
                    leave_unfinished=True, **options,
                )  # fmt: skip
                if not result.interrupted:
                    self._add(each)
                yield each, result
                if result.interrupted:
                    return
            self._judge(every)
            # Only now: until all are complete, each is taken up again at its end.
            for each in self.runs:
                shutil.rmtree(each.folder / UNFINISHED, ignore_errors=True)

    def _begin(self, goes_on: bool) -> None:
        """The common files without a row; what stood here before goes.

        ``goes_on``: the runs that are of this comparison are taken up again.
        """
        remove_earlier(self.out, but=[each.folder.name for each in self.runs] if goes_on else [])
        for name in COMPARISON:
            (self.out / name).unlink(missing_ok=True)
        content = json.dumps(self.differences(), ensure_ascii=False, indent=2) + "\n"
        write_atomic(self.out / "differences.json", content.encode())
        write_atomic(self.out / "experiment.json", self.lanes[OWN_NAME].to_json())

    def _add(self, run: LaneRun) -> None:
        """The rows of a run that is complete."""
        head = {"lane": run.lane, "seed": run.experiment.seed}
        for name, (source, columns) in TOGETHER.items():
            path = self.out / name
            length = path.stat().st_size if path.exists() else 0
            with closing(WholeFile(path, run.folder / UNFINISHED, length)) as file:
                table = GrowingTable(file, (*head, *columns))
                for part in _chunks(csv_rows(run.folder / source)):
                    table.write({**head, **{column: row[column] for column in columns}} for row in part)

    def _judge(self, every: int) -> None:
        """Every lane against the base at each measured step."""
        columns = {name: self._columns(name, every) for name in self.lanes}
        path = self.out / "verdict.csv"
        with closing(WholeFile(path, self.runs[-1].folder / UNFINISHED)) as file:
            table = GrowingTable(file, VERDICT_COLUMNS)
            for name, own in columns.items():
                for part in _chunks(rows(name, own, None if name == OWN_NAME else columns[OWN_NAME])):
                    table.write(part)

    def _columns(self, lane: str, every: int) -> Columns:
        columns: dict[str, dict[int, dict[int, float]]] = {name: {} for name in COMPARED}
        for each in self.runs:
            for row in csv_rows(each.folder / "steps.csv") if each.lane == lane else ():
                step = int(row["step"])
                if step % every == 0 or step == self.steps:
                    for name, values in columns.items():
                        seeds = values.setdefault(step, {})
                        if row[name]:
                            seeds[each.experiment.seed] = float(row[name])
        return columns

    def sentences(self) -> Iterator[str]:
        """What came of each lane at the last step, in words."""
        columns = {name: self._columns(name, self.steps or 1) for name in self.lanes}
        ends = {
            name: {quantity: steps[self.steps] for quantity, steps in own.items() if self.steps in steps}
            for name, own in columns.items()
        }
        yield from verdict_sentences(self.lanes, ends, self.steps)


def _chunks(items: Iterable[T]) -> Iterator[list[T]]:
    rest = iter(items)
    while chunk := list(islice(rest, CHUNK)):
        yield chunk
