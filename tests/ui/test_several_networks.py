"""Networks beside each other, with verdict, time line and branches open: at every size of the window it can be read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from PySide6.QtCore import QSize
from PySide6.QtWidgets import QApplication, QDialog
from pytestqt.qtbot import QtBot

from tests.ui.legible_widgets import crowded
from tests.ui.real_runs import real
from tests.ui.test_window_sizes import BOARDS, NET_OF, SIZES, THEMES, opened, put, seen_at, settle
from ui.plots import View
from ui.style.restyle import ThemeChoice
from ui.timeline.marks import TimeMark
from ui.window.main_window import MainWindow

OTHERS: list[dict[str, Any]] = [
    {"name": "momentum", "set": {"optimizer.momentum": 0.9}},
    {"name": "Adam", "set": {"optimizer.kind": "adam"}},
    {"name": "SGD, ten times the rate and no momentum at all", "set": {"optimizer.learning_rate": 1.0}},
]
STEPS = 12


def beside(net: str, networks: int) -> View:
    """As a frame of so many networks shows them."""
    names = [lane["name"] for lane in OTHERS[: networks - 1]]
    return replace(real(net), lanes={name: real(net, 3 - place) for place, name in enumerate(names)})


@contextmanager
def trained(net: str, theme: ThemeChoice, networks: int, qtbot: QtBot) -> Iterator[MainWindow]:
    """A window whose networks have made a few steps."""
    with opened(net, theme, qtbot, OTHERS[: networks - 1]) as window:
        window.bench.start()
        qtbot.waitUntil(lambda: window.bench.view is not None)
        window.bench.play(STEPS)
        qtbot.waitUntil(lambda: len(window.bench.view.lanes) == networks - 1)
        qtbot.waitUntil(lambda: not window.bench.playing)
        try:
            yield window
        finally:
            window.bench.close()


def open_all(window: MainWindow, qtbot: QtBot) -> None:
    """Verdict, and the time line at an earlier step."""
    window.verdict.toggle.trigger()
    qtbot.waitUntil(lambda: len(window.verdict.findings.of) == len(window.chosen.names))
    window.timeline.scrubber.go_to(STEPS // 2)
    qtbot.waitUntil(lambda: window.timeline.scrubber.complete)
    window.bench.close()  # What is looked at stands still.
    settle()
    window.timeline.track.show_marks([TimeMark(step, "finding", "dead units") for step in range(STEPS)])


def faults_of_strip(window: MainWindow) -> list[str]:
    """The head of the verdict and its first line are whole, and nothing of it lies beside the window."""
    strip, table = window.verdict, window.verdict.table
    found = ["the verdict scrolls sideways"] if table.horizontalScrollBar().maximum() else []
    first = strip.head_height + strip.fontMetrics().height()
    found += [f"the verdict is {strip.height()} high and needs {first}"] if strip.height() < first else []
    if strip.body.verticalScrollBar().maximum() and strip.height() < 0.59 * window.plot_area.height():
        found.append("the verdict scrolls, though there is room for it")
    if not strip.rect().contains(strip.head.geometry()):
        found.append("the head of the verdict is cut")
    return found


def faults_of_branches(window: MainWindow) -> list[str]:
    window.branch_access.open_tree()
    settle()
    (tree,) = [each for each in QApplication.topLevelWidgets() if isinstance(each, QDialog) and each.isVisible()]
    found = crowded(tree)
    tree.close()
    return [f"branches: {fault}" for fault in found]


def seen_open(window: MainWindow, size: QSize, view: View) -> list[str]:
    return [*seen_at(window, size, view), *(f"{size.width()}: {fault}" for fault in faults_of_strip(window))]


def test_four_networks_with_verdict_and_time_line_can_be_read_in_the_smallest_window(qtbot: QtBot) -> None:
    with trained("residual", "light", 4, qtbot) as window:
        put(window, "flow")
        window.resize(SIZES[0])
        open_all(window, qtbot)
        assert seen_open(window, SIZES[0], beside("residual", 4)) == []
        assert faults_of_branches(window) == []


def test_before_a_first_step_the_verdict_says_so_and_is_whole(qtbot: QtBot) -> None:
    with opened("residual", "light", qtbot, OTHERS[:1]) as window:
        for size in SIZES[:2]:
            window.resize(size)
            window.verdict.toggle.setChecked(True)
            settle()
            assert "first step" in window.verdict.sentences.text()
            assert [*faults_of_strip(window), *crowded(window.verdict)] == []


@pytest.mark.slow
@pytest.mark.parametrize("networks", [2, 4])
@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("board", BOARDS)
def test_every_board_of_several_networks_can_be_read_at_every_size(
    board: str, theme: ThemeChoice, networks: int, qtbot: QtBot
) -> None:
    net = NET_OF.get(board, "pooling")
    with trained(net, theme, networks, qtbot) as window:
        put(window, board)
        open_all(window, qtbot)
        found = [fault for size in SIZES for fault in seen_open(window, size, beside(net, networks))]
        assert [*found, *faults_of_branches(window)] == []
