"""What a report tells of the run in the window, as it stands now."""

from __future__ import annotations

from simulator.system.environment import environment
from ui.bench.bench import Bench
from ui.doctor.rounds import Rounds
from ui.report.network import needed
from ui.report.reported_run import ReportedRun


def reported(bench: Bench, rounds: Rounds) -> ReportedRun:
    """The step that is shown with what is remembered of the run; there must be one."""
    view, document = bench.shown.view, bench.document
    assert view is not None
    experiment = view.record.experiment_at(view.frame.step) or document.experiment
    threads = bench.link.blas_threads or needed(experiment, view.frame.info).threads
    return ReportedRun(
        experiment=experiment,
        name=document.name,
        frame=view.frame,
        scored=view.record.scored,
        changes=view.changes,
        live_changes=view.record.live_changes,
        seconds=view.record.seconds,
        offers=rounds.offers,
        examined=rounds.examined,
        environment=environment(threads),
        stopped=bench.last_stop.sentence if bench.last_stop is not None else "",
    )
