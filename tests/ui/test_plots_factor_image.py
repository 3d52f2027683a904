"""One factor of the waterfall as layer × time image."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from simulator.arrays.trace import Gains
from simulator.observations.factors import FactorGains
from simulator.record.past import Past
from tests.ui.plot_data import recorded, run_info, view
from tests.ui.told import drawn, empty_note
from ui.chart.colour_tables import LOST
from ui.chart.heat import Heat
from ui.chart.view import View
from ui.plots.factor_image import FactorImage


def past_of(*looks: Sequence[Gains], depth: int = 3) -> Past:
    """Looks at steps 0, 1 …"""
    info = run_info(depth)
    made = Past(FactorGains(), FactorGains().subject((), info))
    for step, gains in enumerate(looks):
        made.add(step, gains, info)
    return made


def past(slope: float = -0.5) -> Past:
    """Ten steps of three layers; the second has another slope at every step, the first none."""
    return past_of(
        *([Gains("2", {"weights": 0.25, "slope": slope * step}, 0.25 + slope * step), Gains("1", {}, 0.0)]
          for step in range(10))
    )  # fmt: skip


def shown(qtbot: QtBot, gains: Past | None) -> FactorImage:
    plot = FactorImage()
    qtbot.addWidget(plot)
    plot.resize(420, 280)
    given = view(3)
    plot.refresh(View(given.frame, recorded(given.history, None, *([gains] if gains is not None else []))))
    return plot


def gains_of(plot: FactorImage, layer: str) -> list[object]:
    table = plot.table().columns
    return [gain for gain, label in zip(table["log10_gain"], table["layer"], strict=True) if label == layer]


def test_the_total_is_shown_until_a_factor_is_chosen(qtbot: QtBot) -> None:
    plot = shown(qtbot, past())
    assert gains_of(plot, "2") == [0.25 - 0.5 * step for step in range(10)]
    plot.set_option("slope", True)
    assert gains_of(plot, "2") == [-0.5 * step for step in range(10)]
    assert gains_of(plot, "1") == [None] * 10
    plot.set_option("weights", True)
    assert [key for key, on in plot.options.items() if on] == ["weights"]
    assert gains_of(plot, "2") == [0.25] * 10
    plot.set_option("weights", False)
    assert plot.factor is None


def test_only_factors_of_this_network_are_offered(qtbot: QtBot) -> None:
    plot = shown(qtbot, past())
    assert plot.header is not None
    offered = [key for key, button in plot.header.options.items() if not button.isHidden()]
    assert offered == ["weights", "slope"]


def test_no_change_is_the_middle_of_the_colours_and_loss_and_growth_its_ends(qtbot: QtBot) -> None:
    made = past_of([Gains("3", {}, 2.0), Gains("2", {}, 0.0), Gains("1", {}, -2.0)], depth=4)
    plot = shown(qtbot, None)
    four = view(4)
    plot.refresh(View(four.frame, recorded(four.history, None, made)))
    places = drawn(plot, Heat).places[:4, 0].tolist()
    assert places == [3, 129, 255, 0]


def test_a_lost_signal_is_counted_and_said(qtbot: QtBot) -> None:
    made = past_of([Gains("2", {"slope": -np.inf}, -np.inf), Gains("1", {}, np.nan)])
    plot = shown(qtbot, made)
    assert [note.text for note in plot.legend.notes] == ["the signal is lost in layers 1, 2"]
    probe = plot.probe(plot.state, 0, 0.0, 1.0) if plot.state else None
    assert probe is not None
    assert probe.text.endswith("the signal is lost")


@pytest.mark.parametrize("place", [0.0, 8.9])
def test_pointing_reads_step_and_gain(place: float, qtbot: QtBot) -> None:
    plot = shown(qtbot, past())
    assert plot.state is not None
    probe = plot.probe(plot.state, 0, place, 1.0)
    assert probe is not None
    step = round(place)
    assert f"step {step}\ntotal  " in probe.text
    assert probe.layer == 1


def test_a_plot_that_was_never_looked_through_says_so(qtbot: QtBot) -> None:
    plot = shown(qtbot, None)
    assert plot.state is None
    assert "while this plot is open" in empty_note(plot).text()


def test_a_gain_that_is_not_a_number_has_its_own_cells_and_a_legend(qtbot: QtBot) -> None:
    made = past_of([Gains("2", {"slope": np.nan}, np.nan), Gains("1", {"slope": 0.5}, 0.5)])
    plot = shown(qtbot, made)
    assert drawn(plot, Heat).places[1, 0] == LOST
    assert plot.legend.keys[-1].text.startswith("NaN or ∞")
    assert [note.text for note in plot.legend.notes] == ["NaN in layer 2"]
    probe = plot.probe(plot.state, 0, 0.0, 1.0) if plot.state else None
    assert probe is not None
    assert "NaN" in probe.text
    assert [value != value for value in plot.table().columns["log10_gain"]][1]
