"""One plot alone on a recorded run: ``python -m ui.plots.waterfall``, with ``--save FILE.png`` without a window."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtCore import QBuffer
from PySide6.QtWidgets import QApplication

from simulator.commands.arguments import OneLineParser, count
from simulator.experiment.embedded import Embedded, embed
from simulator.experiment.experiment import Experiment, ExperimentError
from simulator.experiment.files import find
from simulator.observations.base import Observation
from simulator.observations.observer import Observer
from simulator.record.frame import frame_of
from simulator.record.history import History, Rows
from simulator.record.record import Record
from simulator.system.atomic import write_atomic
from simulator.system.text import one_line, shortened
from simulator.training.training import Training
from ui.chart.view import View
from ui.plots.base import Plot
from ui.style.restyle import set_theme
from ui.style.theme import THEMES

STEPS = 60
SIZE = 630, 420
SCORED = 10
"""Steps between two scores on data held out."""


def recorded(experiment: Experiment, steps: int, observations: Sequence[Observation[Any]]) -> View:
    """What a plot is given after so many steps, each of them looked at; what is costly at the last one only."""
    training = Training(experiment)
    record, observer = Record(History(training.columns)), Observer(training)
    cheap = [each for each in observations if not each.share]
    for step in range(steps + 1):
        training.propose(trace=True)
        scalars = training.scalars(validate=step % SCORED == 0)
        frame = frame_of(training, scalars, observer.observe(observations if step == steps else cheap))
        record.add(frame, (Rows(step, training.columns, training.row(scalars)[np.newaxis]),))
        training.apply()
    return View(frame, record)


def preview(kind: type[Plot[Any]], arguments: Sequence[str] | None = None) -> None:
    """Show this plot, or save a picture of it, as the command line asks; what is wrong with that is one line."""
    parser = _parser(kind)
    asked = parser.parse_args(arguments)
    app = QApplication.instance()
    if not isinstance(app, QApplication):
        app = QApplication([kind.key])
    set_theme(app, asked.theme)
    plot = kind()
    plot.resize(*SIZE)
    try:
        plot.refresh(recorded(find(asked.experiment), asked.steps, plot.observations))
    except (ExperimentError, OSError) as error:
        parser.error(one_line(error))
    if plot.state is None:
        raise SystemExit(f"{kind.title} has nothing to show of this run")
    if asked.save is None:
        plot.setWindowTitle(kind.title)
        plot.show()
        app.exec()
    else:
        _save(plot, asked.save)


def _save(plot: Plot[Any], path: Path) -> None:
    """Write what is shown, with its experiment."""
    device = QBuffer()
    device.open(QBuffer.OpenModeFlag.WriteOnly)
    plot.grab().save(device, "PNG")
    assert plot.experiment is not None
    assert plot.state is not None
    carried = Embedded(plot.experiment, plot.title, plot.state.step)
    try:
        write_atomic(path, embed(bytes(device.data().data()), ".png", carried))
    except OSError as error:
        raise SystemExit(f"{path} cannot be written") from error


def _picture(text: str) -> Path:
    path = Path(text)
    if path.suffix.lower() != ".png":
        raise argparse.ArgumentTypeError(f"expected a name that ends in .png, not {shortened(text)!r}")
    return path


def _parser(kind: type[Plot[Any]]) -> OneLineParser:
    parser = OneLineParser(description=f"{kind.title}: one plot alone on a recorded run.")
    parser.add_argument("--experiment", default=kind.preset, help="a file, or the preset of this id (%(default)s)")
    parser.add_argument("--steps", type=count(0), default=STEPS, help="steps that are trained (%(default)s)")
    parser.add_argument("--theme", choices=list(THEMES), default="light")
    parser.add_argument("--save", type=_picture, metavar="FILE.png", help="write a picture and end")
    return parser
