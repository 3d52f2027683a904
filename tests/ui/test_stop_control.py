"""What the window trains until: every rule of the engine can be chosen, and which one stopped the run is said."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from simulator.experiment.experiment import Experiment
from simulator.running.stop_rule_text import number_of
from simulator.running.stop_rules import LossBelow, StopRule
from simulator.schema.parameter import concrete, kind_of
from tests.ui.windows import OpenOn
from ui.window.main_window import MainWindow

NET = {"data": {"kind": "spirals"}, "layers": [{"kind": "dense", "units": 6}]}
KINDS = (None, *concrete(StopRule))


@pytest.fixture
def window(open_on: OpenOn) -> MainWindow:
    return open_on(Experiment.from_builtins(NET))


def test_every_rule_can_be_chosen_and_keeps_its_number(qtbot: QtBot, window: MainWindow) -> None:
    stop = window.transport.stop
    for kind in KINDS:
        stop.entries[kind].trigger()
        assert stop.kind is kind
        assert stop.entries[kind].isChecked()
        rule = stop.rule()
        assert (rule is None) if kind is None else (rule == kind())
        assert stop.count.isVisible() + stop.limit.isVisible() == (kind is None or bool(kind.__struct_fields__))
    stop.choose(LossBelow)
    stop.limit.setText("0.25")
    stop.choose(None)
    stop.choose(LossBelow)
    assert stop.rule() == LossBelow(limit=0.25)
    window.close()


def test_the_transport_is_equally_high_and_stands_still_whatever_the_rule(window: MainWindow) -> None:
    """Else the whole board would jump, and the buttons beside."""
    stop, heights, widths = window.transport.stop, set(), set()
    for kind in KINDS:
        stop.choose(kind)
        QApplication.processEvents()
        heights.add(stop.sizeHint().height())
        widths.add(stop.width())
    assert len(heights) == len(widths) == 1
    window.close()


TYPED = [kind for kind in concrete(StopRule) if kind.__struct_fields__ and number_of(kind).type == "number"]


def test_what_is_no_number_for_a_rule_is_said_and_nothing_is_trained(window: MainWindow) -> None:
    for kind in TYPED:
        window.banner.clear()
        window.transport.stop.choose(kind)
        window.transport.stop.limit.setText("-1")
        window.transport.steps.trigger()
        assert window.banner.text.startswith("Not started: "), kind
        assert not window.bench.playing, kind
    window.close()


SHARES = [kind for kind in TYPED if kind.share]


@pytest.mark.parametrize("kind", SHARES, ids=kind_of)
def test_an_accuracy_stands_in_per_cent_and_is_typed_either_way(kind: type[StopRule], window: MainWindow) -> None:
    stop = window.transport.stop
    stop.choose(kind)
    assert stop.limit.text() == "90\N{NARROW NO-BREAK SPACE}%"
    for text in ("0.95", "95 %", "95%", "95"):
        stop.limit.setText(text)
        assert stop.rule() == kind(**{number_of(kind).name: 0.95})
        assert stop.limit.text() == "95\N{NARROW NO-BREAK SPACE}%"
    for text in ("1", "100 %", "-5 %", "many", "%"):
        stop.limit.setText(text)
        refused = stop.rule()
        assert isinstance(refused, str)
        assert refused.startswith("Not started: Accuracy must be ")
    window.close()


def test_after_return_in_its_number_the_keys_are_the_window_s_again(qtbot: QtBot, window: MainWindow) -> None:
    stop = window.transport.stop
    stop.choose(LossBelow)
    stop.limit.setText("-1")
    window.activateWindow()
    stop.limit.setFocus()
    qtbot.waitUntil(stop.limit.hasFocus)
    qtbot.keyClick(stop.limit, Qt.Key.Key_Return)
    assert not stop.limit.hasFocus()
    assert window.banner.text.startswith("Not started: ")
    window.close()


def test_the_window_says_which_rule_stopped_it_and_when_until_it_goes_on(qtbot: QtBot, window: MainWindow) -> None:
    stop = window.transport.stop
    stop.choose(LossBelow)
    stop.limit.setText("0.6")
    stop.limit.returnPressed.emit()
    assert window.bench.playing
    qtbot.waitUntil(lambda: window.banner.isVisible())
    assert not window.bench.playing
    view = window.bench.view
    assert view is not None
    assert view.frame.scalars["loss"] < 0.6
    assert window.banner.text.startswith(f"Stopped at step {view.frame.step}: the loss is ")
    window.bench.play(1)
    assert not window.banner.isVisible()
    window.close()


def test_so_many_steps_are_made_and_said(qtbot: QtBot, window: MainWindow) -> None:
    window.transport.stop.count.setValue(7)
    window.transport.steps.trigger()
    qtbot.waitUntil(lambda: window.banner.isVisible())
    assert window.banner.text == "Stopped at step 7: 7 steps made."
    window.close()


def test_a_limit_may_be_typed_with_its_sign_and_is_enough_itself_where_that_says_so(window: MainWindow) -> None:
    stop = window.transport.stop
    for kind in TYPED:
        name = number_of(kind).name
        stop.choose(kind)
        equal = {"<": "≤", ">": "≥"}[kind.symbol]
        for sign, inclusive in (("", False), (kind.symbol, False), (f"{kind.symbol}=", True), (f"{equal} ", True)):
            stop.limit.setText(f"{sign}0.25")
            assert stop.rule() == kind(**{name: 0.25, "inclusive": inclusive})
            again = stop.rule()
            assert again == stop.rule()
            assert stop.limit.text().startswith(equal) or not inclusive or not kind.share
        stop.limit.setText(f"{'<' if kind.symbol == '>' else '>'} 0.25")
        assert isinstance(stop.rule(), str)
    window.close()


def test_why_it_was_not_started_goes_when_it_is(qtbot: QtBot, window: MainWindow) -> None:
    stop = window.transport.stop
    stop.choose(LossBelow)
    stop.limit.setText("-1")
    window.transport.steps.trigger()
    assert window.banner.text.startswith("Not started: ")
    stop.limit.setText("1e-9")
    window.transport.steps.trigger()
    assert window.bench.playing
    assert not window.banner.isVisible()
    window.bench.pause()
    window.close()


def test_what_else_was_said_stays_when_the_run_goes_on(window: MainWindow) -> None:
    window.transport.stop.choose(LossBelow)
    window.transport.stop.limit.setText("-1")
    window.transport.steps.trigger()
    window.banner.say("Written to a file.")
    window.bench.play(1)
    assert window.banner.text == "Written to a file."
    window.close()
