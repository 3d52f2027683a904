"""What is drawn of networks beside each other in a frame: nothing twice, and nothing that stays the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from PySide6.QtWidgets import QGraphicsItem
from pytestqt.qtbot import QtBot

from tests.ui.plot_data import view
from tests.ui.real_runs import NETS, real
from ui.chart.axes import Axis
from ui.chart.buckets import buckets_for
from ui.chart.marks import Dots, Mark
from ui.chart.pane import Pane
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
