"""The report as a file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from simulator.system.atomic import write_atomic
from ui.export import ExportError
from ui.plots.base import Plot
from ui.report.drawings import figures
from ui.report.page import page
from ui.report.reported_run import ReportedRun
from ui.style.theme import LIGHT


def write_report(run: ReportedRun, plots: Sequence[Plot[Any]], path: Path) -> None:
    """Write the report of ``run`` with what these plots show; the file is whole or not there.

    Plots with nothing to show are named. Says how far it is. Raises :class:`~ui.export.ExportError`.
    """
    filled = [plot for plot in plots if plot.state is not None]
    # What is written is of one moment, though the plots may go on with the run.
    still = [plot.twin(LIGHT) for plot in filled]
    try:
        empty = tuple(plot.title for plot in plots if plot.state is None)
        content = page(replace(run, empty=empty), figures(still), datetime.now().astimezone())
    finally:
        for plot in still:
            plot.deleteLater()
    try:
        write_atomic(path, content)
    except OSError as error:
        raise ExportError(f"cannot write {path}: {error.strerror or error}") from error
    except MemoryError:
        raise ExportError("there is not enough memory for the report") from None
