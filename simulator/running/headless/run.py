"""The same training without a screen: files out, and what a plot needs to draw the run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from simulator.experiment.experiment import Experiment
    from simulator.running.headless.result import RunResult
    from simulator.running.nabla.run_file import SavedRun
    from simulator.running.stop_rules import StopRule
    from simulator.training.ledger import Ledger

USUAL_ROWS = 1000
"""Measured rows of a run, if not said otherwise."""


def usual_every(steps: int) -> int:
    """Every how many steps a run is measured, so that about a thousand rows come of it."""
    return max(1, -(-steps // USUAL_ROWS))


def run(
    experiment: Experiment | str | Path,
    *,
    steps: int,
    out: str | Path | None = None,
    every: int | None = None,
    analyses: Sequence[str] | None = None,
    until: StopRule | None = None,
    progress: Callable[[int], None] | None = None,
    start: SavedRun | str | Path | None = None,
    save: str | Path | None = None,
    resume: bool = False,
    leave_unfinished: bool = False,
    stop: Callable[[], bool] = lambda: False,
    changes: Ledger | str | Path | None = None,
    brief: bool = False,
) -> RunResult:
    """Train for ``steps`` updates and write the run's files into ``out`` (nothing is written if it is None).

    ``experiment`` may be a file or a preset by its name too; a ``.nabla`` goes on where its run was saved.
    Row s of ``steps.csv`` is the network after s updates, on the batch of its next update; rows 0 … ``steps``. Rows
    stand in their files as they come. ``layers.csv``, ``histograms.npz`` and the validation columns are filled at
    multiples of ``every`` and at the end; if left out, it gives about a thousand such rows.
    ``findings.json`` is about the last step. ``analyses`` (their names; if left out, those of step 0)
    are written at the same steps as ``layers.csv``, those of step 0 once; they change no number of the training.
    ``until`` ends it at an earlier step, which is then the last row. ``start`` is a saved run, or its file: it goes on
    for ``steps`` more, from its step on, with ``experiment`` in place of its own where that differs live. ``save`` is a
    file in which the end is kept. ``progress`` hears of each step, counted from where the run begins.
    ``stop`` is asked between steps and ends the run early, whose files then stand as of there. ``resume`` goes on from
    the last checkpoint that such a run, or one that was killed, has left in ``out``, to the same bytes as without a
    stop; ``leave_unfinished`` lets it stand at the end too. ``changes`` (or their file) act at their steps as they did
    under a hand; where a saved run goes on, those of its steps have acted already. If they are left out, what was
    planned for a saved run acts. Their list is written beside the other files. ``brief``: no plots follow, so nothing
    is observed for them, and findings are those of rules alone.
    Errors: ExperimentError for what cannot be trained, ValueError for a negative ``steps``, an ``every`` below 1, an
    unknown analysis or an ``until`` that can never hold, OSError where files cannot be written or another process
    writes there.
    """
    from simulator.running.headless.request import RunRequest  # Whoever only imports this waits for no training.

    request = RunRequest(
        experiment=experiment, steps=steps, out=out, every=usual_every(steps) if every is None else every,
        analyses=analyses, until=until, progress=progress, start=start, save=save, resume=resume,
        leave_unfinished=leave_unfinished, stop=stop, changes=changes, brief=brief,
    )  # fmt: skip
    return request.carry_out()
