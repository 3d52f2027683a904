"""The landscape in the window: knobs, the start dragged, playback, who races, its own undo, what is remembered."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from simulator.landscape.entry import MomentumAsPrinted
from simulator.landscape.function import Window
from simulator.landscape.functions import FUNCTIONS
from simulator.landscape.landscape import MOST_ENTRIES
from simulator.landscape.race import race
from simulator.landscape.slice import Slice
from simulator.parts.optimizers import Optimizer
from simulator.schema.parameter import kind_of, kinds
from tests.ui.legible_widgets import crowded
from tests.ui.test_changes import EXPERIMENT, train
from tests.ui.windows import OpenOn
from ui.landscape.paths import StepMark
from ui.landscape.view import LandscapeView
from ui.landscape.window import LandscapeWindow, remembered
from ui.window.main_window import MainWindow


@pytest.fixture
def view(qtbot: QtBot) -> Iterator[LandscapeView]:
    made = LandscapeView()
    qtbot.addWidget(made)
    made.resize(960, 560)
    made.show()
    qtbot.waitExposed(made)
    yield made
    made.model.hold()


def pixel(view: LandscapeView, x: float, y: float) -> QPointF:
    return QPointF(view.plot.canvas.mapFromScene(view.plot.pane.data_to_scene(QPointF(x, y))))


def contours_of(view: LandscapeView) -> Window | None:
    relief = view.model.course.relief
    return None if relief is None else relief.window


def wait_for_all(view: LandscapeView, qtbot: QtBot) -> None:
    """Until the race is computed to its end."""
    steps = view.model.landscape.steps
    qtbot.waitUntil(lambda: all(path.steps == steps for path in view.model.course.paths))


def test_the_start_is_dragged_with_the_mouse_and_that_is_one_undo(view: LandscapeView) -> None:
    before = view.model.landscape
    port = view.plot.canvas.viewport()
    at, to = (pixel(view, *spot).toPoint() for spot in (before.begin, (0.5, -1.0)))
    QTest.mousePress(port, Qt.MouseButton.LeftButton, pos=at)
    for share in (0.3, 0.6, 1.0):
        QTest.mouseMove(port, at + (to - at) * share)
    QTest.mouseRelease(port, Qt.MouseButton.LeftButton, pos=to)
    begin = view.model.landscape.begin
    assert begin == pytest.approx((0.5, -1.0), abs=0.03)
    state = view.model.state
    assert state is not None
    assert all(tuple(path.places[0]) == begin for path in state.paths)
    QTest.keyClick(view, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert view.model.landscape == before
    QTest.keyClick(view, Qt.Key.Key_Y, Qt.KeyboardModifier.ControlModifier)
    assert view.model.landscape.begin == begin


def test_arrow_keys_move_the_start(view: LandscapeView) -> None:
    x, y = view.model.landscape.begin
    QTest.keyClick(view.plot, Qt.Key.Key_Right)
    QTest.keyClick(view.plot, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    assert view.model.landscape.begin == pytest.approx((x + 0.03, y - 0.3), abs=1e-3)


def test_what_is_shown_is_what_a_race_without_a_screen_gives(view: LandscapeView, qtbot: QtBot) -> None:
    wait_for_all(view, qtbot)
    state = view.model.state
    assert state is not None
    headless = race(view.model.landscape.to_builtins())
    for path in state.paths:
        np.testing.assert_array_equal(path.places, headless[path.entry.name].places)


def test_every_function_can_be_chosen_and_its_fields_are_knobs(view: LandscapeView) -> None:
    for kind in (kind for kind, part in FUNCTIONS.items() if not part.slow):
        view.model.edit(("function", "kind"), kind, True)
        assert view.model.landscape.function.kind == kind
        shown = {row.path for row, _ in view.knobs.race.root.rows()}
        assert {("function", name) for name in FUNCTIONS[kind].__struct_fields__} <= shown


def test_every_optimiser_can_race_with_its_knobs(view: LandscapeView) -> None:
    for kind in (*kinds(Optimizer), kind_of(MomentumAsPrinted)):
        view.model.edit(("optimizers", 0, "optimizer", "kind"), kind, True)
        assert view.model.landscape.optimizers[0].optimizer.kind == kind
        assert view.knobs.entry.row(("optimizer", "learning_rate")) is not None


def test_a_formula_that_is_none_is_refused_beside_its_field(view: LandscapeView) -> None:
    view.model.edit(("function", "kind"), "typed", True)
    before = view.model.landscape
    row = view.knobs.race.row(("function", "expression"))
    assert row is not None
    row.commit("x + z")
    assert "there is no 'z' at character 5" in row.warning.text()
    assert view.model.landscape == before
    row.commit("x^2 + y^4")
    assert not row.warning.text()
    assert view.model.landscape != before


def test_up_to_six_race_and_one_at_least(view: LandscapeView) -> None:
    while view.add.isEnabled():
        view.add.click()
    names = [entry.name for entry in view.model.landscape.optimizers]
    assert len({*names}) == len(names) == MOST_ENTRIES == view.table.rowCount()
    while view.remove.isEnabled():
        view.remove.click()
    assert len(view.model.landscape.optimizers) == view.table.rowCount() == 1


def test_the_table_chooses_whose_step_is_taken_apart_and_whose_knobs_are_shown(
    view: LandscapeView, qtbot: QtBot
) -> None:
    wait_for_all(view, qtbot)
    view.model.go_to(5)
    view.table.setCurrentCell(1, 0)
    name = view.knobs.entry.row(("name",))
    assert name is not None
    assert name.value() == view.table.item(1, 0).text() == view.model.landscape.optimizers[1].name
    (mark,) = view.plot.drawing.marks_of(StepMark)
    state = view.model.state
    assert state is not None
    np.testing.assert_array_equal(mark.terms.place, state.paths[1].places[5])


def test_the_table_reads_the_step_that_is_shown(view: LandscapeView, qtbot: QtBot) -> None:
    view.model.propose({**view.model.plain(), "optimizers": [{"name": "a", "optimizer": {"kind": "sgd"}}]}, "")
    view.model.edit(("optimizers", 0, "optimizer", "learning_rate"), 0.03, True)
    view.model.edit(("start",), [0.0, 1.0], True)
    wait_for_all(view, qtbot)
    view.model.go_to(1)
    texts = [view.table.item(0, column).text() for column in range(view.table.columnCount())]
    assert texts == ["a", "SGD", "0.03", "6.25", "1.5", "2", "50", "–", "8"]
    view.model.go_to(4)
    assert view.table.item(0, 7).text().startswith("100")


def test_a_race_is_played_stepped_and_scrubbed_by_keys(view: LandscapeView, qtbot: QtBot) -> None:
    assert view.model.step == view.model.landscape.steps
    view.playbar.track.setValue(3)
    QTest.keyClick(view, Qt.Key.Key_Period)
    assert view.model.step == view.playbar.edit.value() == 4
    QTest.keyClick(view, Qt.Key.Key_Comma)
    assert view.model.step == 3
    view.model.set_speed(1000)
    QTest.keyClick(view, Qt.Key.Key_Space)
    assert view.model.playing
    qtbot.waitUntil(lambda: view.model.step == view.model.landscape.steps)
    qtbot.waitUntil(lambda: not view.model.playing)


def test_a_long_race_comes_bit_by_bit(view: LandscapeView, qtbot: QtBot) -> None:
    view.model.edit(("steps",), 1000, True)
    wait_for_all(view, qtbot)


def test_a_zoomed_view_has_contours_of_its_own(view: LandscapeView, qtbot: QtBot) -> None:
    view.plot.pane.zoom(0.1)
    qtbot.waitUntil(lambda: contours_of(view) == view.plot.pane.shown)
    view.plot.pane.give_back()
    qtbot.waitUntil(lambda: contours_of(view) == view.model.course.window)


def test_the_first_space_in_the_window_plays(qtbot: QtBot) -> None:
    parent = LandscapeView()
    qtbot.addWidget(parent)
    window = LandscapeWindow(parent)
    window.view.model.go_to(0)
    window.show()
    first = window.focusWidget()
    assert first is not None
    QTest.keyClick(first, Qt.Key.Key_Space)
    assert window.view.model.playing
    window.close()


def test_a_window_remembers_what_was_raced(qtbot: QtBot) -> None:
    parent = LandscapeView()
    qtbot.addWidget(parent)
    window = LandscapeWindow(parent)
    window.view.model.edit(("function", "kind"), "saddle", True)
    window.close()
    known = remembered()
    assert known is not None
    assert known.to_builtins() == window.view.model.landscape.to_builtins()


# -- in the window, on the present network -----------------------------------------------------------------------------


def opened(window: MainWindow) -> LandscapeView:
    (action,) = [each for each in window.actions() if each.text() == "&Landscape"]
    assert action.shortcut().toString() == "Ctrl+Shift+L"
    action.trigger()
    made = window.landscape_access.window
    assert made is not None
    return made.view


def test_a_slice_of_the_present_network_has_the_runs_path_and_its_own_loss(qtbot: QtBot, open_on: OpenOn) -> None:
    window = open_on(EXPERIMENT)
    train(qtbot, window, 12)
    view = opened(window)
    view.model.edit(("function",), {"kind": "slice", "directions": "path"}, True)
    qtbot.waitUntil(lambda: view.model.state is not None and bool(view.model.state.paths))
    state, loss = view.model.state, window.bench.view.frame.scalars["loss"] if window.bench.view is not None else 0.0
    assert state is not None
    assert state.trail is not None
    assert state.trail.steps[-1] == 12
    assert state.paths[0].values[0] == pytest.approx(loss, rel=1e-6)
    function = view.model.landscape.function
    assert isinstance(function, Slice)
    assert function.network() == window.document.experiment
    assert shown_fields(view, function) == {"directions"}
    train(qtbot, window, 3)
    assert view.cut.isVisible()
    view.cut.click()
    qtbot.waitUntil(lambda: view.model.state is not None and steps_of(view) == 15)
    view.model.edit(("optimizers", 0, "optimizer", "learning_rate"), 0.5, True)
    view.model.go_to(2)
    qtbot.waitUntil(lambda: view.table.item(0, 4).text() not in ("", "…"))
    qtbot.waitUntil(lambda: contours_of(view) == view.model.course.window)


def shown_fields(view: LandscapeView, function: Slice) -> set[str]:
    rows = {name: view.knobs.race.row(("function", name)) for name in function.__struct_fields__}
    return {name for name, row in rows.items() if row is not None and not row.isHidden()}


def steps_of(view: LandscapeView) -> int:
    state = view.model.state
    return 0 if state is None or state.trail is None else state.trail.steps[-1]


def test_a_run_without_a_path_says_what_it_needs(qtbot: QtBot, open_on: OpenOn) -> None:
    view = opened(open_on(EXPERIMENT))
    view.model.edit(("function",), {"kind": "slice", "directions": "path"}, True)
    qtbot.waitUntil(lambda: "train it" in view.status.text())


NAMES = ("momentum as one document prints it", "a_name_without_any_space_that_is_long", "SGD")


@pytest.mark.parametrize("width", [900, 960, 1000, 1060, 1240])
def test_names_and_numbers_of_who_races_are_whole_in_any_window(width: int, view: LandscapeView, qtbot: QtBot) -> None:
    for place, name in enumerate(NAMES):
        assert view.model.edit(("optimizers", place, "name"), name, final=True) == ""
    view.resize(width, 560)
    wait_for_all(view, qtbot)
    qtbot.waitUntil(lambda: view.table.rowCount() == len(NAMES))
    qtbot.waitUntil(lambda: not view.table.horizontalScrollBar().maximum())
    assert crowded(view.table) == []
