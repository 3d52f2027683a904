"""Loss chip, halting and doctor name one step, also where the past is thinned."""

from __future__ import annotations

import re

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from simulator.doctor.evidence import Evidence
from simulator.doctor.rules import examine
from simulator.experiment.experiment import Experiment
from simulator.observations.factors import FactorsObservation
from simulator.observations.observer import observe
from simulator.record.frame import Frame, frame_of
from simulator.record.history import History, Rows
from simulator.record.record import Record
from simulator.training.training import Training
from ui.plots import View
from ui.plots.loss import LossPlot
from ui.style.theme import LIGHT

LAYER = {"kind": "dense", "units": 8, "activation": {"kind": "relu"}}


def trained(experiment: Experiment, steps: int) -> tuple[Frame, History, int]:
    """The last frame, a past of few buckets, and the first step whose loss was not finite."""
    training = Training(experiment)
    history, lost = History(training.columns, capacity=16), -1
    for step in range(steps):
        training.propose()
        history.extend(Rows(step, training.columns, training.row(training.scalars())[np.newaxis]))
        lost = step if lost < 0 and not np.isfinite(training.loss) else lost
        training.apply()
    training.look()
    return frame_of(training, training.scalars(), observe(training, (FactorsObservation(),))), history, lost


@pytest.mark.parametrize("rate", [0.9, 1.1, 2.0, 3.0])
def test_loss_chip_and_doctor_say_the_same_step(qtbot: QtBot, rate: float) -> None:
    plain = {"data": {"kind": "wine"}, "layers": [LAYER], "loss": {"kind": "mse"}, "optimizer": {"kind": "sgd"}}
    experiment = Experiment.from_builtins(plain).with_values([("optimizer.learning_rate", rate)])
    frame, history, lost = trained(experiment, 200)
    assert lost > 0
    assert history.stride > 8
    plot = LossPlot(theme=LIGHT, bare=True)
    qtbot.addWidget(plot)
    plot.start(frame.info)
    plot.refresh(View(frame, Record(history)))
    assert plot.state is not None
    said = [note.text for note in plot.notes(plot.state) if note.warning]
    assert f"loss not finite since step {lost}" in said
    finding = examine(Evidence(experiment, frame, Record(history)))[0]
    assert finding.began is not None
    assert finding.since == min(lost, finding.began.step)
    assert str(finding.since) in re.findall(r"step (\d+)", finding.sentence)
