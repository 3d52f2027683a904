"""The whole window at every size, with every workspace, in both themes and in larger text: it can be read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtWidgets import QApplication, QComboBox, QHBoxLayout, QLabel, QPushButton, QTabBar, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from simulator.experiment.experiment import Experiment
from simulator.running.session import Session
from tests.thinned import thinned
from tests.ui.legible import faults
from tests.ui.legible_widgets import crowded
from tests.ui.real_runs import NETS, real
from tests.ui.test_board_sizes import faults_of_cards
from tests.ui.window_parts import PARTS, WINDOWS, bring
from ui.app import create_app
from ui.bench.document import Document
from ui.board.arrangement import Arrangement
from ui.board.workspaces import BUILT_IN
from ui.chart.colour_bar import ColourBar
from ui.chart.legend import Key
from ui.dialogs.table import TableDialog
from ui.plots import Plot, View, all_plots
from ui.plots.gradient_time import GradientTime
from ui.style.restyle import ThemeChoice, set_theme
from ui.window.main_window import MainWindow

SIZES = [QSize(952, 560), QSize(1280, 800), QSize(1920, 1080), QSize(2560, 1440), QSize(3840, 2160)]
THEMES: tuple[ThemeChoice, ...] = ("light", "dark")
ALL = [plot.key for plot in all_plots()]
NET_OF = {
    "flow": "residual", "why": "pooling", "time": "recurrent", "units": "pooling", "theory": "deep",
    "learning": "highway",
}  # fmt: skip
"""What is trained in each workspace."""
BOARDS = [*NET_OF, "6", "12", str(len(ALL))]
USUAL_POINTS = 9.0


@contextmanager
def opened(net: str, theme: ThemeChoice, qtbot: QtBot, lanes: Sequence[Mapping[str, Any]] = ()) -> Iterator[MainWindow]:
    """A window with a net, and others beside it."""
    set_theme(create_app(), theme)
    described = Experiment.from_builtins({**NETS[net], "lanes": [*lanes]})
    window = MainWindow(Document(described), lambda notify: Session("thread", notify))
    window.show()
    window.plot_area.complete()
    try:
        yield window
    finally:
        for each in QApplication.topLevelWidgets():
            each.close()
        window.deleteLater()
        set_theme(create_app(), "light")


@contextmanager
def text_of(times: float) -> Iterator[None]:
    """The application's font in that of the usual one."""
    font = QApplication.font()  # To make the application anew would take the theme away.
    assert font.pointSizeF() == USUAL_POINTS
    font.setPointSizeF(times * USUAL_POINTS)
    QApplication.setFont(font)
    try:
        yield
    finally:
        font.setPointSizeF(USUAL_POINTS)
        QApplication.setFont(font)


def settle() -> None:
    for _ in range(3):
        QApplication.processEvents()


def put(window: MainWindow, board: str) -> None:
    """A workspace, or so many cards."""
    if board.isdecimal():
        window.plot_area.board.change(Arrangement.of(*ALL[: int(board)]))
    else:
        window.plot_area.show_workspace(board)


def seen_at(window: MainWindow, size: QSize, view: View) -> list[str]:
    """What is wrong with the window at a size; a board that gave way to a panel is not looked at."""
    window.resize(size)
    settle()
    if not window.plot_area.isVisible():
        return [f"{size.width()}: {fault}" for fault in crowded(window)]
    plots = []
    for card in window.plot_area.board.cards:
        card.bring_page()
        plots.append(window.plot_area.plot(card.place.key))
        plots[-1].refresh(view)
    settle()
    found = crowded(window) + [fault for plot in plots if plot.state is not None for fault in faults(plot)]
    found += faults_of_cards(window.plot_area)
    if window.size() != size:
        found.append(f"the window is {window.size()}")
    return [f"{size.width()}: {fault}" for fault in found]


@pytest.mark.parametrize("workspace", thinned([workspace.id for workspace in BUILT_IN], share=2))
def test_every_workspace_can_be_read_in_a_small_window_and_a_large_one(workspace: str, qtbot: QtBot) -> None:
    net = NET_OF[workspace]
    with opened(net, THEMES[len(workspace) % 2], qtbot) as window:
        put(window, workspace)
        assert [fault for size in (SIZES[0], SIZES[3]) for fault in seen_at(window, size, real(net))] == []


def test_panels_that_were_made_wider_give_way_to_the_board_in_a_smaller_window(qtbot: QtBot) -> None:
    with opened("recurrent", "light", qtbot) as window:
        put(window, "time")
        docks = [window.network_dock, window.training_dock]
        window.resize(SIZES[2])
        settle()
        window.resizeDocks(docks, [450, 450], Qt.Orientation.Horizontal)
        settle()
        assert all(dock.width() > 400 for dock in docks)
        assert seen_at(window, SIZES[0], real("recurrent")) == []
        assert all(dock.isVisible() for dock in docks)


def test_a_panel_s_edge_that_is_dragged_stops_where_a_card_has_no_more_room(qtbot: QtBot) -> None:
    with opened("residual", "light", qtbot) as window:
        put(window, "flow")
        docks = [window.network_dock, window.training_dock]
        for size in SIZES[:2]:
            window.resize(size)
            settle()
            for widths in ([900, 900], [10, 900], [900, 10]):
                window.resizeDocks(docks, widths, Qt.Orientation.Horizontal)
                settle()
                assert list(faults_of_cards(window.plot_area)) == []
                assert window.size() == size


@pytest.mark.slow
@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("board", BOARDS)
def test_every_workspace_and_any_number_of_cards_can_be_read_at_every_size(
    board: str, theme: ThemeChoice, qtbot: QtBot
) -> None:
    net = NET_OF.get(board, "pooling")
    with opened(net, theme, qtbot) as window:
        put(window, board)
        assert [fault for size in SIZES for fault in seen_at(window, size, real(net))] == []


@pytest.mark.parametrize("times", [pytest.param(1.5, marks=pytest.mark.slow), 2.0])
def test_in_larger_text_the_window_can_be_read_with_both_panels_opened(times: float, qtbot: QtBot) -> None:
    with opened("recurrent", "light", qtbot) as window:
        put(window, "time")
        with text_of(times):
            found = [fault for size in SIZES[:2] for fault in seen_at(window, size, real("recurrent"))]
            for dock in (window.training_dock, window.network_dock):
                action = dock.toggleViewAction()
                action.trigger() if action.isChecked() else None
                action.trigger()
                assert dock.isVisible()
                if not window.plot_area.isVisible():
                    assert dock.width() > 0.95 * window.width()
                    action.trigger()
                    assert window.plot_area.isVisible()
                    action.trigger()
                found += [fault for size in SIZES[:2] for fault in seen_at(window, size, real("recurrent"))]
        window.resize(SIZES[1])
        settle()
        assert window.training_dock.isVisible()
        assert window.network_dock.isVisible()
    assert found == []


# -- what stands before and beside the board --------------------------------------------------------------------------


@pytest.mark.parametrize("times", [1.0, 1.5, 2.0])
def test_dialogs_and_pages_can_be_read_in_any_text(times: float, qtbot: QtBot, tmp_path: Path) -> None:
    found = []
    with opened("residual", THEMES[round(2 * times) % 2], qtbot) as window, text_of(times):
        window.resize(SIZES[0])
        for make in (*PARTS, *(WINDOWS if times < 2 else ())):
            shown = make(window, tmp_path)
            bring(shown)
            settle()
            if isinstance(shown, TableDialog):
                pages = shown.pages
                qtbot.waitUntil(lambda pages=pages: pages.currentIndex() == 1)
                settle()
            found += [f"{make.__name__}: {fault}" for fault in crowded(shown)]
            room = window.rect() if times == 1 else window.rect() | shown.screen().availableGeometry()
            if times < 2 and make in PARTS and not room.contains(QRect(QPoint(), shown.size())):
                found.append(f"{make.__name__} is {shown.size()}")
            shown.close()
    assert found == []


# -- faults that are planted are found --------------------------------------------------------------------------------


@pytest.fixture
def top(qtbot: QtBot) -> Iterator[QWidget]:
    set_theme(create_app(), "light")
    made = QWidget()
    qtbot.addWidget(made)
    made.resize(400, 300)
    yield made
    made.hide()


def narrow_label(top: QWidget) -> QWidget:
    label = QLabel("a sentence that has no room", top)
    label.setFixedWidth(40)
    return label


def low_label(top: QWidget) -> QWidget:
    label = QLabel("a sentence of several lines, which stand below each other", top)
    label.setWordWrap(True)
    label.setFixedSize(120, 14)
    return label


def narrow_button(top: QWidget) -> QWidget:
    button = QPushButton("Go to the bench", top)
    button.setFixedWidth(40)
    return button


def narrow_choice(top: QWidget) -> QWidget:
    choice = QComboBox(top)
    choice.addItem("softmax + cross-entropy")
    choice.setFixedWidth(60)
    return choice


def narrow_tabs(top: QWidget) -> QWidget:
    tabs = QTabBar(top)
    tabs.setUsesScrollButtons(False)
    tabs.addTab("Through time")
    tabs.addTab("Units and kernels")
    tabs.setFixedWidth(70)
    return tabs


def overlapping(top: QWidget) -> QWidget:
    holder = QWidget(top)
    row = QHBoxLayout(holder)
    for _ in range(2):
        button = QPushButton("Go", holder)
        button.setMinimumWidth(200)
        row.addWidget(button)
    holder.setFixedWidth(220)
    return holder


def standing_out(top: QWidget) -> QWidget:
    holder = QWidget(top)
    column = QVBoxLayout(holder)
    button = QPushButton("Go", holder)
    button.setMinimumSize(300, 60)
    column.addWidget(button)
    holder.setFixedSize(120, 30)
    return holder


PLANTED = [narrow_label, low_label, narrow_button, narrow_choice, narrow_tabs, overlapping, standing_out]


@pytest.mark.parametrize("plant", PLANTED, ids=lambda plant: plant.__name__)
def test_a_fault_of_a_widget_is_found(plant: Callable[[QWidget], QWidget], top: QWidget) -> None:
    top.show()
    settle()
    assert crowded(top) == []
    plant(top).show()
    settle()
    assert crowded(top) != []


def shown_plot(top: QWidget) -> GradientTime:
    plot = GradientTime(top)
    plot.resize(360, 220)
    plot.refresh(real("residual"))
    top.show()
    settle()
    assert faults(plot) == []
    return plot


def long_title(plot: Plot[object]) -> None:
    plot.resize(150, 220)


def long_number(plot: GradientTime) -> None:
    plot.bar.set_ticks([(1.0, "1.234·10⁻³⁴"), (0.0, "11")])
    plot.bar.setMaximumWidth(30)


def numbers_too_near(plot: GradientTime) -> None:
    plot.value_axis.tickValues = lambda low, high, size: [(0.1, [low + 0.1 * part for part in range(9)])]
    plot.value_axis.picture = None


def name_without_room(plot: GradientTime) -> None:
    plot.value_axis.set_text("the norm of the gradient of the loss by the weights of each layer")
    plot.value_axis.tint(plot.theme)


def low_pane(plot: GradientTime) -> None:
    plot.resize(360, 90)


def narrow_axis(plot: GradientTime) -> None:
    plot.value_axis.setWidth(14)


def long_legend(plot: GradientTime) -> None:
    plot.legend.say([Key("what is drawn " * 60, "text")], [])


def words_on_words(plot: GradientTime) -> None:
    plot.value_axis.tickStrings = lambda values, scale, spacing: ["a number that is far too long"] * len(values)
    plot.value_axis.picture = None


SPOILS = [long_legend, words_on_words, long_title, numbers_too_near, name_without_room, low_pane, narrow_axis]


@pytest.mark.parametrize("spoil", SPOILS, ids=lambda spoil: spoil.__name__)
def test_a_fault_of_a_plot_is_found(spoil: Callable[[GradientTime], None], top: QWidget) -> None:
    plot = shown_plot(top)
    spoil(plot)
    settle()
    assert faults(plot) != []


def test_numbers_of_a_colour_bar_that_have_no_room_are_found(top: QWidget, monkeypatch: pytest.MonkeyPatch) -> None:
    plot = shown_plot(top)
    monkeypatch.setattr(ColourBar, "make_room", lambda bar: None)
    plot.bar.set_ticks([(1.0, "a number that is far too long for it"), (0.0, "11")])
    settle()
    assert faults(plot) != []


def test_a_card_that_is_too_small_and_one_upon_another_are_found(qtbot: QtBot) -> None:
    with opened("residual", "light", qtbot) as window:
        put(window, "6")
        window.resize(SIZES[1])
        settle()
        area = window.plot_area
        assert list(faults_of_cards(area)) == []
        first, second = area.board.cards[:2]
        first.resize(first.wanted.width - 20, first.height())
        assert any("is " in fault for fault in faults_of_cards(area))
        second.move(first.pos())
        assert any("overlap" in fault for fault in faults_of_cards(area))
