"""The report of a run without a window."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from simulator.running.headless.result import RunResult
from ui.board.workspaces import BUILT_IN
from ui.plots import View, all_plots
from ui.plots.base import Plot
from ui.report.findings import offers_of
from ui.report.reported_run import ReportedRun
from ui.report.writing import write_report
from ui.style.numbers import count
from ui.style.theme import LIGHT


def report(result: RunResult, path: Path) -> None:
    """Write the report of a finished run, with the plots that a window would show of it at first.

    Needs a QApplication (the offscreen platform will do). Raises :class:`~ui.export.ExportError`.
    """
    plots = [kind(theme=LIGHT, bare=True) for kind in shown_at_first(result)]
    try:
        for plot in plots:
            plot.start(result.info)
            plot.refresh(View(result.last, result.record))
        write_report(reported(result), plots, path)
    finally:
        for plot in plots:
            plot.deleteLater()


def shown_at_first(result: RunResult) -> list[type[Plot[Any]]]:
    """The plots of the first workspace, and those that come with this network's layers."""
    first, kinds = BUILT_IN[0].arrangement.keys, {layer.kind for layer in result.info.layers}
    return [kind for kind in all_plots() if kind.key in first or (kind.comes_along and kind.kinds & kinds)]


def reported(result: RunResult) -> ReportedRun:
    """What is told of a finished run."""
    record, experiment = result.record, result.experiment
    return ReportedRun(
        experiment=experiment,
        name=experiment.name or "Run",
        frame=result.last,
        scored=record.scored,
        changes=record.changes.entries,
        live_changes=record.live_changes,
        seconds=record.seconds,
        offers=offers_of(result.findings, record.history.stride, experiment),
        examined=True,
        environment=result.environment,
        stopped=_ended(result),
    )


def _ended(result: RunResult) -> str:
    """Why before its last step; ``""`` where it came to that."""
    if result.stopped is not None:
        return result.stopped.sentence
    return f"It was ended by hand after {count(result.last.step, 'step')}." if result.interrupted else ""
