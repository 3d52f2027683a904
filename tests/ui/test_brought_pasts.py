"""While a run goes on, plots of its past wait for what can be seen: a further place of steps, or numbers to be read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from msgspec.structs import replace as changed
from pytestqt.qtbot import QtBot

from simulator.experiment.experiment import Experiment
from simulator.record.history import Rows
from tests.ui.plot_data import frame, history, recorded, run_info
from tests.ui.windows import OpenOn
from ui.board.plot_area import PlotArea
from ui.plots import View

DEPTH = 3
PAST = {"loss", "gradient_time", "gradient_image"}
LONG, SHORT = 1500, 100
"""Last steps of two runs: of 376 places, of which the last holds one of its four steps so far, and of a place each."""


class Growing:
    """A board that shows a run as it goes on."""

    def __init__(self, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, steps: int) -> None:
        self.area = PlotArea()
        qtbot.addWidget(self.area)
        self.area.resize(1300, 1000)
        self.area.show()
        qtbot.waitUntil(lambda: set(self.area.board.seen) >= PAST)
        self.area.start(run_info(DEPTH))
        self.seen = set(self.area.board.seen)
        self._until = qtbot.waitUntil
        self._brought: list[str] = []
        for plot in self.area.feed.visible_plots():
            monkeypatch.setattr(plot, "refresh", self._noting(plot.key, plot.refresh))
        record = recorded(history(DEPTH, steps), frame(DEPTH))
        now = frame(DEPTH, steps)
        self.view = View(now, record, read=now)

    def _noting(self, key: str, refresh: Callable[[View], None]) -> Callable[[View], None]:
        def noted(view: View) -> None:
            self._brought.append(key)
            refresh(view)

        return noted

    def go_on(self, steps: int) -> None:
        """So many steps later, with the numbers that are read already."""
        past = self.view.history
        values = np.random.default_rng(past.steps).random((steps, len(past.columns)))
        past.extend(Rows(past.steps, past.columns, values))
        now = changed(self.view.frame, step=self.view.frame.step + steps)
        self.view = View(now, self.view.record, read=self.view.read)

    def brought(self, view: View | None = None) -> set[str]:
        """What is brought to a view while training goes on."""
        self._brought.clear()
        self.area.feed.refresh(view or self.view, spread=True)
        self._until(lambda: not self.area.feed.refreshing)
        return set(self._brought)


@pytest.fixture
def growing(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Growing:
    made = Growing(qtbot, monkeypatch, LONG)
    assert made.brought() == made.seen
    return made


def test_plots_of_the_past_wait_until_a_further_place_of_several_steps_begins(growing: Growing) -> None:
    for _ in range(3):
        growing.go_on(1)
        assert growing.brought() == growing.seen - PAST
    growing.go_on(1)
    assert growing.brought() == growing.seen
    for key in PAST:
        state = growing.area.plot(key).state
        assert state is not None
        assert state.step == LONG + 4


def test_a_place_of_one_step_is_drawn_again_as_that_may_still_change(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    short = Growing(qtbot, monkeypatch, SHORT)
    assert short.brought() == short.seen
    assert short.brought() == short.seen
    short.go_on(1)
    assert short.brought() == short.seen


def test_they_are_whole_whenever_numbers_are_read(growing: Growing) -> None:
    growing.go_on(1)
    read = View(growing.view.frame, growing.view.record, read=growing.view.frame)
    assert growing.brought(read) == growing.seen
    assert growing.brought(read) == growing.seen - PAST


def test_a_change_by_hand_is_marked_in_the_next_frame(growing: Growing) -> None:
    growing.go_on(1)
    growing.view.record.changes.add(growing.view.frame.step, "Change learning rate")
    assert growing.brought() == growing.seen
    assert growing.brought() == growing.seen - PAST


def test_where_a_hand_waits_the_present_comes_first_and_the_mark_of_the_change_with_the_next_frame(
    growing: Growing,
) -> None:
    growing.go_on(4)
    growing.view.record.changes.add(growing.view.frame.step, "Change learning rate")
    assert growing.brought(replace(growing.view, hand_waits=True)) == growing.seen - PAST
    assert growing.brought() == growing.seen


def test_where_a_hand_waits_plots_with_a_place_for_each_step_wait_too(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    short = Growing(qtbot, monkeypatch, SHORT)
    assert short.brought(replace(short.view, hand_waits=True)) == short.seen
    short.go_on(1)
    assert short.brought(replace(short.view, hand_waits=True)) == short.seen - PAST


def test_numbers_that_are_read_while_a_hand_waits_bring_the_past_with_them(growing: Growing) -> None:
    growing.go_on(4)
    read = View(growing.view.frame, growing.view.record, read=growing.view.frame, hand_waits=True)
    assert growing.brought(read) == growing.seen


def test_a_still_run_is_shown_as_a_whole(growing: Growing) -> None:
    growing.go_on(1)
    growing.area.feed.refresh(growing.view)
    for key in growing.seen - {"activation_ridges"}:
        state = growing.area.plot(key).state
        assert state is not None
        assert state.step == LONG + 1, key


def test_for_an_export_of_all_plots_none_waits(growing: Growing) -> None:
    growing.area.feed.want_all(True)
    growing.go_on(1)
    assert growing.brought() >= growing.seen


def test_another_run_is_brought_to_all(growing: Growing) -> None:
    growing.go_on(1)
    growing.area.start(run_info(DEPTH, 2))
    assert growing.brought() == growing.seen


def test_a_plot_that_was_held_is_brought_to_the_present_when_it_is_let_go(growing: Growing) -> None:
    plot = growing.area.plot("gradient_time")
    plot.set_paused(True)
    growing.go_on(40)
    assert growing.brought() == growing.seen
    plot.set_paused(False)
    assert plot.key in growing.brought()
    assert plot.state is not None
    assert plot.state.step == LONG + 40


def test_when_a_long_run_pauses_every_plot_is_of_its_last_step(qtbot: QtBot, open_on: OpenOn) -> None:
    dense = {"kind": "dense", "units": 4}
    window = open_on(Experiment.from_builtins({"data": {"kind": "moons"}, "layers": [dense, dense]}))
    window.bench.play(1100)
    qtbot.waitUntil(lambda: window.bench.step == 1100 and not window.bench.playing, timeout=60_000)
    qtbot.waitUntil(lambda: not window.plot_area.feed.refreshing)
    for plot in window.plot_area.feed.visible_plots():
        assert plot.state is not None
        assert plot.state.step == 1100, plot.key
