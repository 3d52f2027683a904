"""Every combination of a layer's options is drawn: by every plot, and in the stack."""

from __future__ import annotations

import pytest
from pytestqt.qtbot import QtBot

from simulator import run
from tests.simulator.combinations import LAYERS, fitting, options
from ui.builder.builder import Builder
from ui.plots import View, all_plots
from ui.style.theme import LIGHT


@pytest.mark.parametrize("kind", LAYERS)
def test_every_combination_is_drawn(qtbot: QtBot, kind: str) -> None:
    plots = [plot(theme=LIGHT, bare=True) for plot in all_plots()]
    builder = Builder(propose=lambda *_change: None)
    for widget in (*plots, builder):
        qtbot.addWidget(widget)
    for layer in options(LAYERS[kind]):
        experiment = fitting(layer)
        assert experiment is not None
        result = run(experiment, steps=1, analyses=())
        builder.set_experiment(experiment, result.info)
        view = View(result.last, result.record)
        for plot in plots:
            plot.start(result.info)
            plot.refresh(view)
    for plot in plots:
        plot.grab()
