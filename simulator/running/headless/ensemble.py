"""The same experiment once for each of several seeds: every table in one file, ``seed`` its first column."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from simulator.experiment.experiment import Experiment
from simulator.running.headless.files import TABLES
from simulator.running.headless.folder import LOCK, UNFINISHED, remove_earlier
from simulator.running.headless.result import RunResult
from simulator.running.headless.run import run
from simulator.system.atomic import replacing, write_atomic
from simulator.system.process_lock import ProcessLock


def members(experiment: Experiment, count: int) -> list[Experiment]:
    """The experiment with its own seed and those that follow it; ExperimentError beyond the last seed there is."""
    return [experiment.with_values([("seed", experiment.seed + number)]) for number in range(count)]


def run_ensemble(
    experiment: Experiment,
    count: int,
    *,
    steps: int,
    out: str | Path,
    progress: Callable[[int], None] | None = None,
    **options: Any,
) -> Iterator[tuple[Path, RunResult]]:
    """The folder and the result of each seed's run: of :func:`~simulator.running.headless.run.run` with its options.

    Into ``out`` go the experiment with the first seed and the tables of all; what is no table stays in ``seed-<s>``.
    ``progress`` hears of the steps of all runs together. A run that is interrupted is the last one; taken up again,
    all go on where they were.
    """
    folder, runs, done = Path(out), members(experiment, count), 0
    folder.mkdir(parents=True, exist_ok=True)
    with ProcessLock(folder / LOCK, "this folder"):
        ours = [f"seed-{member.seed}" for member in runs] if options.get("resume") else []
        remove_earlier(folder, but=ours)
        for member in runs:
            home = folder / f"seed-{member.seed}"
            hear = later_steps(progress, done)
            result = run(member, steps=steps, out=home, progress=hear, leave_unfinished=True, **options)
            yield home, result
            if result.interrupted:
                return
            done += steps
        _join({member.seed: folder / f"seed-{member.seed}" for member in runs}, folder)
        write_atomic(folder / "experiment.json", experiment.to_json())


def later_steps(progress: Callable[[int], None] | None, done: int) -> Callable[[int], None] | None:
    """The progress of one of several runs, told as that of all of them: ``done`` steps were made before it."""
    return None if progress is None else lambda step: progress(done + step)


def _join(homes: dict[int, Path], folder: Path) -> None:
    """Move the tables of all seeds into ``folder``."""
    joined: list[Path] = []
    for name in TABLES:
        parts = {seed: home / name for seed, home in homes.items() if (home / name).exists()}
        if not parts:
            continue
        with replacing(folder / name) as target:
            target.writelines(line.encode() for line in _with_seed(parts))
        joined += parts.values()
    # A run without its tables cannot be taken up again.
    for home in homes.values():
        shutil.rmtree(home / UNFINISHED, ignore_errors=True)
    for part in joined:
        part.unlink()


def _with_seed(parts: dict[int, Path]) -> Iterator[str]:
    """The lines of one table: its header once, then the rows of each seed."""
    for number, (seed, part) in enumerate(parts.items()):
        with part.open(encoding="utf-8", newline="") as lines:
            header = next(lines)
            if number == 0:
                yield f"seed,{header}"
            for line in lines:
                yield f"{seed},{line}"
