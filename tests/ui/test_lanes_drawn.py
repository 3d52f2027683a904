"""What is drawn of networks beside each other in a frame: nothing twice, and nothing that stays the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from msgspec import structs
from PySide6.QtCore import QRectF
from PySide6.QtWidgets import QGraphicsItem
from pytestqt.qtbot import QtBot

from simulator.observations.histograms import HistogramsObservation
from simulator.observations.input_gradient import InputGradientObservation
from simulator.observations.preactivation import PreactivationObservation
from simulator.observations.sharpness import SharpnessObservation
from tests.ui.plot_data import view, with_results
from tests.ui.real_runs import NETS, real
from tests.ui.told import drawn
from ui.chart.axes import Axis
from ui.chart.buckets import buckets_for
from ui.chart.marks import Dots, Mark
from ui.chart.pane import Pane
from ui.chart.ridges import Ridges
from ui.plots import View, all_plots, plot_class
from ui.plots.base import Plot


def of_four(steps: int) -> View:
    return replace(view(10, steps=steps), lanes={name: view(10, steps=steps) for name in "BCD"})


def shown(qtbot: QtBot, key: str, steps: int) -> Plot[Any]:
    plot = plot_class(key)()
    qtbot.addWidget(plot)
    plot.resize(600, 300)
    plot.show()
    plot.refresh(of_four(steps))
    return plot


def step_of(plot: Plot[Any]) -> int:
    assert plot.state is not None
    return int(plot.state.step)


def places_of(plot: Plot[Any]) -> int:
    assert plot.state is not None
    return len(plot.state.past.steps)


def test_the_image_of_each_network_is_made_once_in_a_frame(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    plot = shown(qtbot, "gradient_image", 20)
    made, marks = list[object](), type(plot).marks

    def noted(self: Plot[Any], state: Any) -> Sequence[Mark]:
        made.append(self)
        return marks(self, state)

    monkeypatch.setattr(type(plot), "marks", noted)
    plot.refresh(of_four(30))
    assert len(made) == len({*made}) == 4
    assert {step_of(each) for each in plot.side_by_side} == {30}


@pytest.mark.parametrize("kind", [plot for plot in all_plots() if not plot.overlays], ids=lambda kind: kind.key)
def test_images_of_networks_beside_each_other_stay_where_they_are_from_frame_to_frame(
    qtbot: QtBot, kind: type[Plot[Any]]
) -> None:
    plot = kind()
    qtbot.addWidget(plot)
    plot.resize(600, 300)
    plot.show()
    for name in NETS:
        of_two = replace(real(name), lanes={"B": real(name)})
        plot.refresh(of_two)
        if plot.state is not None:
            break
    assert len(plot.side_by_side) == 2
    for _ in range(3):  # Until all stands where it is to stand.
        plot.refresh(of_two)
        qtbot.wait(1)
    moved: list[Pane] = []
    for each in plot.side_by_side:
        for pane in each.canvas.panes:
            pane.sigRangeChanged.connect(lambda *_, pane=pane: moved.append(pane))
    for _ in range(2):
        plot.refresh(of_two)
    assert not moved


def test_axes_of_networks_beside_the_run_are_painted_when_they_change(qtbot: QtBot) -> None:
    plot = shown(qtbot, "gradient_image", 20)
    axes = [item for each in plot.side_by_side for item in each.canvas.scene().items() if isinstance(item, Axis)]
    assert len(axes) == 8
    assert {axis.cacheMode() for axis in axes} == {QGraphicsItem.CacheMode.DeviceCoordinateCache}


def test_networks_share_the_places_of_a_plot_once_steps_share_them(qtbot: QtBot) -> None:
    few, many = (shown(qtbot, "gradient_time", steps) for steps in (200, 2000))
    for plot, most in ((few, buckets_for(10)), (many, buckets_for(10, 4))):
        assert max(places_of(each) for each in (plot, *(lane.plot for lane in plot.lanes))) <= most
    assert places_of(few) > buckets_for(10, 4)
    many.refresh(view(10, steps=2000))
    assert places_of(many) > buckets_for(10, 4)


def test_scores_that_are_as_before_are_no_other_marks(qtbot: QtBot) -> None:
    plot, frame = shown(qtbot, "loss", 20), of_four(20)
    before = plot.drawing.mark("validation_loss dots")
    assert isinstance(before, Dots)
    plot.refresh(frame)
    assert plot.drawing.mark("validation_loss dots") is before
    plot.refresh(of_four(40))
    assert plot.drawing.mark("validation_loss dots") is not before


def test_activations_of_a_network_that_explodes_leave_the_axis_of_the_others(qtbot: QtBot) -> None:
    plot = plot_class("activation_ridges")()
    qtbot.addWidget(plot)
    plot.resize(600, 300)
    plot.show()
    plot.refresh(view(6, steps=39))
    (pane,) = plot.canvas.panes
    alone = pane.auto
    plot.refresh(replace(view(6, steps=40), lanes={"B": grown(1e5, 40)}))
    assert pane.auto[0][1] > 1e4
    assert not plot.legend.notes
    of_one = view(6, steps=41)
    plot.refresh(replace(of_one, lanes={"B": grown(1e38, 41)}))
    assert pane.auto == alone
    (note,) = plot.legend.notes
    assert note.text.startswith("B: 6 layers beyond the axis, as far as ")
    low, high = alone[0]
    (mine, its) = plot.drawing.marks_of(Ridges)
    assert all(low <= each.boundingRect().left() and each.boundingRect().right() <= high for each in its.outlines)
    assert [each.boundingRect() for each in mine.outlines] == outlines_of(of_one, qtbot)


SHARED = {"activation_profile": 1, "input_gradient": 1, "sharpness": 1, "activation_function": 0}
"""Plots of values as they are, over an axis that networks share → that across (0) or that upwards (1)."""


@pytest.mark.parametrize("key", SHARED)
@pytest.mark.parametrize("factor", [1e20, 1e300])
def test_a_network_that_explodes_leaves_a_linear_axis_to_the_others(key: str, factor: float, qtbot: QtBot) -> None:
    alone = axis_of(key, qtbot, 1.0)
    assert axis_of(key, qtbot, 1.0, factor) == alone
    assert axis_of(key, qtbot, factor, 1.0) == alone


@pytest.mark.parametrize("key", SHARED)
def test_a_network_that_vanishes_takes_nothing_off_a_linear_axis(key: str, qtbot: QtBot) -> None:
    assert axis_of(key, qtbot, 1.0, 1e-30) == axis_of(key, qtbot, 1.0)
    assert axis_of(key, qtbot, 1e-30, 1.0) == axis_of(key, qtbot, 1.0)


@pytest.mark.parametrize("key", SHARED)
def test_what_a_linear_axis_does_not_reach_is_told_with_its_network(key: str, qtbot: QtBot) -> None:
    def told(*factors: float) -> list[str]:
        return [note.text for note in of_factors(key, qtbot, *factors).legend.notes if "beyond the axis" in note.text]

    assert not told(1.0, 1.0)
    (note,) = told(1.0, 1e20)
    assert note.startswith("B: ")
    (note,) = told(1e20, 1.0)
    assert not note.startswith("B: ")


@pytest.mark.parametrize("key", SHARED)
def test_a_linear_axis_comes_back_to_the_others_when_the_run_has_exploded(key: str, qtbot: QtBot) -> None:
    plot = of_factors(key, qtbot, 100.0, 1.0)
    assert plot.canvas.panes[0].shown[SHARED[key]][1] > 10
    plot.refresh(together(1e20, 1.0))
    assert plot.canvas.panes[0].shown == of_factors(key, qtbot, 1.0).canvas.panes[0].shown


def axis_of(key: str, qtbot: QtBot, *factors: float) -> tuple[float, float]:
    """From where to where the values of the networks reach that are so many times as large."""
    (pane,) = of_factors(key, qtbot, *factors).canvas.panes
    return pane.shown[SHARED[key]]


def of_factors(key: str, qtbot: QtBot, *factors: float) -> Plot[Any]:
    plot = plot_class(key)()
    qtbot.addWidget(plot)
    plot.resize(600, 300)
    plot.refresh(together(*factors))
    return plot


def together(*factors: float) -> View:
    run, *lanes = map(multiplied, factors)
    return replace(run, lanes=dict(zip("BCD", lanes, strict=False)))


def multiplied(factor: float) -> View:
    """Activations, gradients of inputs and curvature so many times as large."""
    made = view(6)
    for name in ("activation_mean", "activation_std"):
        made.frame.measures[name][:] *= factor
    asked, curvature, entering = InputGradientObservation(), SharpnessObservation(), PreactivationObservation(layer=0)
    inputs, sharpness = made.frame.result(asked), made.frame.result(curvature)
    assert inputs is not None
    assert sharpness is not None
    preactivation = made.frame.result(entering)
    assert preactivation is not None
    values = structs.replace(preactivation.values, edges=preactivation.values.edges * factor)
    results = {
        asked: replace(inputs, gradients=inputs.gradients * factor, rms=inputs.rms * factor),
        curvature: replace(sharpness, value=sharpness.value * factor),
        entering: replace(preactivation, values=values),
    }
    given = replace(made, frame=with_results(made.frame, results))
    given.record.add(given.frame)
    return given


def grown(factor: float, steps: int) -> View:
    """Activations so many times as large."""
    made = view(6, steps=steps)
    asked = HistogramsObservation(quantity="activation")
    known = made.frame.result(asked)
    assert known is not None
    return View(with_results(made.frame, {asked: structs.replace(known, edges=known.edges * factor)}), made.record)


def outlines_of(given: View, qtbot: QtBot) -> list[QRectF]:
    plot = plot_class("activation_ridges")()
    qtbot.addWidget(plot)
    plot.resize(600, 300)
    plot.refresh(given)
    return [each.boundingRect() for each in drawn(plot, Ridges).outlines]
