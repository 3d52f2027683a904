"""What is only looked at now and then is not drawn where nobody looked."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from simulator.observations.microscope import UnitObservation
from simulator.observations.sampled import Subject
from simulator.observations.sharpness import GaugePast, SharpnessObservation
from simulator.record.frame import Frame
from simulator.record.history import History, Rows
from simulator.record.past import Past
from tests.thinned import thinned
from tests.ui.plot_data import frame, recorded, view, with_results
from tests.ui.unit_data import unit_of, unit_past
from ui.chart.marks import Area, Curves
from ui.plots import Plot, all_plots, plot_class

LOOKED = [*range(6), *range(900, 906)]


def scored() -> History:
    """A loss at every step, a validation score where somebody looked."""
    made = History(("loss", "validation_loss"))
    values = np.ones((LOOKED[-1] + 1, 2))
    values[[step for step in range(len(values)) if step not in LOOKED], 1] = np.nan
    made.extend(Rows(0, made.columns, values))
    return made


def gauges(now: Frame) -> Past:
    """The sharpness of a frame, seen at the steps in ``LOOKED``."""
    result, past = now.result(SharpnessObservation()), Past(GaugePast(), Subject())
    for step in LOOKED:
        past.add(step, result, now.info)
    return past


def after_looks(key: str, qtbot: QtBot) -> Plot[Any]:
    """The plot as it is when it was shown at the steps in ``LOOKED``."""
    plot, units = plot_class(key)(), {step: unit_of(step=step) for step in LOOKED}
    qtbot.addWidget(plot)
    for step in LOOKED:
        given = view(3, 20)
        now = with_results(frame(3, step), {UnitObservation(): units[LOOKED[-1]]})
        kept = [past for name, past in given.record.pasts.items() if name != "unit"]
        record = recorded(scored(), given.first, *kept, unit_past(units, now.info), gauges(now))
        plot.refresh(replace(given, frame=now, record=record))
    return plot


def bridges(item: Curves | Area) -> bool:
    """Whether a line leads from the one stretch that was looked at to the other."""
    shapes = [piece for curve in item.curves for piece in curve] if isinstance(item, Curves) else item.bands
    spans = [[point.x() for point in shape] for shape in shapes if shape.size()]
    return any(min(xs) < 6 and max(xs) >= 900 for xs in spans)


@pytest.mark.parametrize("key", thinned([plot.key for plot in all_plots()], first=2))
def test_no_line_leads_over_steps_at_which_nobody_looked(key: str, qtbot: QtBot) -> None:
    plot = after_looks(key, qtbot)
    drawn = [mark for mark in plot.drawing.marks() if isinstance(mark, Curves | Area)]
    # The training loss is known at every step.
    every_step = [mark for mark in drawn if key == "loss" and not mark.key.startswith("validation")]
    assert not any(bridges(mark) for mark in drawn if mark not in every_step)
    assert key != "loss" or any(map(bridges, every_step))


def test_the_microscope_says_where_nobody_looked(qtbot: QtBot) -> None:
    plot = after_looks("unit_microscope", qtbot)
    inside, outside = (plot.probe(plot.state, 0, x, 0.0) for x in (400.0, 905.0))
    assert inside is not None
    assert outside is not None
    assert "nobody looked between steps 5 and 900" in inside.text
    assert "step 905" in outside.text
