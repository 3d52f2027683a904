"""A branch goes on from a step of the run; the tree shows what is a branch of what, and one goes over to any."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QMenu
from pytestqt.qtbot import QtBot

from simulator.experiment.lane import OWN_NAME
from simulator.schema.numbers import number
from simulator.training.surgery import Reinitialise
from tests.ui.test_bringing_back import EXPERIMENT, STEPS, curve, expected, settle, take_steps, undo
from tests.ui.windows import OpenOn
from ui.bench.branches import Branch
from ui.window.branches import BranchTree
from ui.window.main_window import MainWindow

RATE = "optimizer.learning_rate"


@pytest.fixture
def window(open_on: OpenOn, qtbot: QtBot) -> MainWindow:
    """Stands at step 6, with a branch from there."""
    made = open_on(EXPERIMENT, "thread")
    settle(qtbot, made, 0)
    take_steps(qtbot, made, STEPS)
    made.branch_access.branch_here()
    trained(qtbot, made, "B")
    return made


def trained(qtbot: QtBot, window: MainWindow, name: str) -> None:
    def stands() -> bool:
        update = window.bench.lanes.updates.get(name)
        return update is not None and update.frame is not None

    window.bench.link.wake()
    qtbot.waitUntil(stands)


def tree_of(window: MainWindow) -> BranchTree:
    window.branch_access.open_tree()
    assert window.branch_access.tree is not None
    return window.branch_access.tree


def choose(tree: BranchTree, name: str) -> None:
    items = {tree.tree.topLevelItem(place).text(0): tree.tree.topLevelItem(place) for place in (0,)}
    for root in list(items.values()):
        items |= {root.child(place).text(0): root.child(place) for place in range(root.childCount())}
    tree.tree.setCurrentItem(items[name])


def losses(window: MainWindow, name: str) -> list[float]:
    kept: list[float] = window.bench.lanes.record(name).history.series("loss").last.tolist()
    return kept


def test_a_branch_is_chosen_and_goes_on_as_its_parent_until_it_is_changed(window: MainWindow, qtbot: QtBot) -> None:
    assert window.chosen.name == "B"
    take_steps(qtbot, window, 2)
    assert losses(window, "B") == curve(window) == expected(STEPS + 2)
    window.training.form("optimizer").edited.emit(("optimizer", "learning_rate"), 0.2, True)
    trained(qtbot, window, "B")
    take_steps(qtbot, window, 3)
    assert losses(window, "B")[: STEPS + 2] == expected(STEPS + 1)
    assert losses(window, "B")[-1] != curve(window)[-1]
    assert curve(window) == expected(STEPS + 5)
    (spec,) = window.document.experiment.lanes or ()
    assert spec.origin
    assert spec.origin.step == STEPS


def test_what_is_set_alike_now_but_was_not_is_not_called_identical(window: MainWindow, qtbot: QtBot) -> None:
    rate = EXPERIMENT.optimizer.learning_rate
    for name in ("B", OWN_NAME):
        window.chosen.choose(name)
        window.training.form("optimizer").edited.emit(("optimizer", "learning_rate"), 2 * rate, True)
        trained(qtbot, window, "B")
        take_steps(qtbot, window, 2)
    told = (
        f"identical now; optimiser, learning rate: {number(rate)} → {number(2 * rate)} from step {STEPS} to {STEPS + 2}"
    )
    qtbot.waitUntil(lambda: window.lanes_bar.differs.text() == f"B: {told}")
    assert list(window.branch_access.branches)[1].differs == told


def test_what_was_done_to_the_weights_of_the_run_alone_is_told(window: MainWindow, qtbot: QtBot) -> None:
    window.chosen.add_twin()
    trained(qtbot, window, "C")
    window.chosen.choose(OWN_NAME)
    assert window.chosen.operate(window.chosen.experiment.to_builtins(), "Reinitialise", Reinitialise(("1",))) is None
    told = f"in A alone weights of layer 1 drawn anew at step {STEPS}"
    qtbot.waitUntil(lambda: window.lanes_bar.differs.text() == f"B: {told}")
    assert [each.differs for each in window.branch_access.branches][1:] == [told, told]


def test_a_twin_of_a_branch_is_that_branch_once_more(window: MainWindow, qtbot: QtBot) -> None:
    window.training.form("optimizer").edited.emit(("optimizer", "learning_rate"), 0.2, True)
    take_steps(qtbot, window, 2)
    window.training.form("optimizer").edited.emit(("optimizer", "beta1"), 0.5, True)
    take_steps(qtbot, window, 2)
    window.chosen.operate(window.chosen.experiment.to_builtins(), "Reinitialise", Reinitialise(("1",)))
    trained(qtbot, window, "B")
    take_steps(qtbot, window, 2)
    assert window.chosen.add_twin() == "C"
    trained(qtbot, window, "C")
    take_steps(qtbot, window, 2)
    assert losses(window, "C") == losses(window, "B") != curve(window)
    one, other = list(window.branch_access.branches)[1:]
    assert (other.parent, other.begins, other.differs) == (one.parent, one.begins, one.differs)


def test_the_tree_tells_parents_steps_and_what_differs(window: MainWindow) -> None:
    window.chosen.choose(OWN_NAME)
    window.chosen.add_twin()
    assert list(window.branch_access.branches)[1] == Branch("B", OWN_NAME, STEPS, STEPS, "identical")
    tree = tree_of(window).tree
    assert tree.topLevelItemCount() == 2
    assert [tree.topLevelItem(place).text(0) for place in (0, 1)] == ["A", "C"]
    branch = tree.topLevelItem(0).child(0)
    assert [branch.text(place) for place in range(5)] == ["B", "6", "6", "", "identical"]
    assert window.branch_access.tree is not None
    assert [each.name for each in window.branch_access.tree.lines.rows] == ["A", "B", "C"]
    assert branch.data(3, Qt.ItemDataRole.AccessibleTextRole) == "from step 6 out of A to 6"


def test_of_a_network_that_is_gone_none_is_drawn_as_a_branch_and_its_name_is_not_given_again(
    window: MainWindow, qtbot: QtBot
) -> None:
    take_steps(qtbot, window, 2)
    window.branch_access.branch_here()
    trained(qtbot, window, "C")
    told = losses(window, "C")
    window.chosen.remove("B")
    assert list(window.branch_access.branches)[1] == Branch("C", "", STEPS + 2, STEPS + 2, "identical")
    tree = tree_of(window).tree
    assert [tree.topLevelItem(place).text(0) for place in range(tree.topLevelItemCount())] == ["A", "C"]
    assert window.chosen.add_twin() == "D"
    trained(qtbot, window, "D")
    assert losses(window, "C") == told
    window.chosen.choose("C")
    assert not window.branch_access.branches.branch_here(STEPS - 1)
    assert list(window.branch_access.branches)[-1].parent == ""
    assert window.document.undo_stack.undoText() == f"Branch at step {STEPS - 1}"


def test_going_there_makes_it_the_run_and_undo_comes_back(window: MainWindow, qtbot: QtBot) -> None:
    window.training.form("optimizer").edited.emit(("optimizer", "learning_rate"), 0.2, True)
    take_steps(qtbot, window, 3)
    branch = losses(window, "B")
    assert branch[:STEPS] == expected(STEPS)[:STEPS]
    tree = tree_of(window)
    choose(tree, "B")
    tree.go.click()
    settle(qtbot, window, STEPS + 3)
    assert window.document.experiment.optimizer.learning_rate == 0.2
    assert curve(window) == branch
    former = "A until 9"
    assert window.chosen.names == [OWN_NAME, former]
    trained(qtbot, window, former)
    take_steps(qtbot, window, 2)
    assert losses(window, former) == expected(STEPS + 5)
    (spec,) = window.document.experiment.lanes or ()
    assert spec.origin
    assert (spec.origin.first_step, spec.origin.step) == (STEPS, STEPS + 3)
    marks = [mark.words for mark in window.timeline.track.marks if mark.kind == "change"]
    assert marks == ["step 6, change by hand: Change of B, optimiser, learning rate: 0.001 → 0.2"]
    undo(window)
    settle(qtbot, window, STEPS + 3)
    take_steps(qtbot, window, 1)
    assert curve(window) == expected(STEPS + 4)
    assert window.chosen.names == [OWN_NAME, "B"]


def test_a_deleted_branch_goes_and_one_of_it_stays(window: MainWindow, qtbot: QtBot) -> None:
    tree = tree_of(window)
    tree.branch.click()
    trained(qtbot, window, "C")
    choose(tree, "B")
    tree.delete.click()
    assert window.chosen.names == [OWN_NAME, "C"]
    take_steps(qtbot, window, 2)
    assert losses(window, "C") == expected(STEPS + 2)


def test_of_a_network_that_has_become_the_run_every_step_of_its_parent_is_shown_too(
    window: MainWindow, qtbot: QtBot
) -> None:
    window.training.form("optimizer").edited.emit(("optimizer", "learning_rate"), 0.2, True)
    take_steps(qtbot, window, 3)
    branch = losses(window, "B")
    assert not window.branch_access.branches.go_to("B")
    settle(qtbot, window, STEPS + 3)
    trained(qtbot, window, "A until 9")
    scrubber = window.timeline.scrubber
    assert scrubber.range == (0, STEPS + 3)
    for step in (2, STEPS, STEPS + 2):
        scrubber.go_to(step)
        qtbot.waitUntil(lambda: scrubber.complete)
        view = window.bench.shown.view
        assert view is not None
        assert (view.frame.step, view.frame.scalars["loss"]) == (step, branch[step])
        assert set(view.lanes) == ({"A until 9"} if step >= STEPS else set())
    scrubber.go_live()
    assert not window.branch_access.branches.go_to("A until 9")
    settle(qtbot, window, STEPS + 3)
    assert curve(window) == expected(STEPS + 3)


def test_no_more_are_made_than_can_be_told_apart(window: MainWindow) -> None:
    for _ in range(3):
        window.branch_access.branch_here()
    assert len(window.chosen.names) == 4
    assert not tree_of(window).branch.isEnabled()


def test_going_to_what_is_not_trained_is_refused_in_a_sentence(window: MainWindow) -> None:
    window.bench.lanes.updates.clear()
    assert window.branch_access.branches.go_to("B") == "B is not trained yet, so the run cannot go on as it."


def test_at_an_earlier_step_that_is_shown_a_branch_begins_there_and_equals_the_run(
    window: MainWindow, qtbot: QtBot
) -> None:
    window.timeline.scrubber.go_to(2)
    window.timeline.branch.click()
    trained(qtbot, window, "C")
    spec = (window.document.experiment.lanes or ())[-1]
    assert spec.origin
    assert (spec.name, spec.origin.step) == ("C", 2)
    take_steps(qtbot, window, 30)
    assert losses(window, "C") == curve(window)


def test_an_edit_while_an_earlier_step_is_shown_is_offered_as_a_branch_of_it(window: MainWindow, qtbot: QtBot) -> None:
    before = window.document.experiment.optimizer
    window.chosen.choose(OWN_NAME)
    window.timeline.scrubber.go_to(2)
    window.training.form("optimizer").edited.emit(("optimizer", "learning_rate"), 0.2, True)
    (button,) = [each for each in window.banner.findChildren(QAbstractButton) if "step 2" in each.text()]
    assert button.text() == "Continue from step 2"
    button.click()
    trained(qtbot, window, "C")
    assert window.document.experiment.optimizer == before
    lane = window.document.experiment.all_lanes()["C"]
    assert lane.optimizer.learning_rate == 0.2
    assert window.branch_access.branches.shown_step in (2, STEPS)


def test_where_an_edit_acts_is_said_as_long_as_the_earlier_step_is_shown(window: MainWindow) -> None:
    window.chosen.choose(OWN_NAME)
    for leave in (window.timeline.scrubber.go_live, lambda: window.timeline.scrubber.go_to(3)):
        window.timeline.scrubber.go_to(2)
        rate = window.document.experiment.optimizer.learning_rate
        window.training.form("optimizer").edited.emit(("optimizer", "learning_rate"), 2 * rate, True)
        assert "what is shown is step 2" in window.banner.text
        leave()
        assert not window.banner.text


def test_a_network_of_which_no_answer_has_told_is_not_shown_at_an_earlier_step(window: MainWindow) -> None:
    scrubber, present = window.timeline.scrubber, window.bench.view
    assert present is not None
    frame = replace(present.frame, step=2)
    scrubber.frames.keep(frame, {"not told of yet": frame})
    scrubber.go_to(2)
    shown = window.bench.shown.view
    assert shown is not None
    assert shown.frame.step == 2
    assert not shown.lanes


def test_the_menu_of_a_step_branches_there(window: MainWindow, qtbot: QtBot) -> None:
    menu = QMenu()
    window.step_menus.fill(menu, 3)
    entries = {entry.text(): entry for entry in menu.actions()}
    assert {"Show step 3", "Continue from step 3 with…", "Changes…", "Live"} <= entries.keys()
    entries["Continue from step 3 with…"].trigger()
    trained(qtbot, window, "C")
    assert [spec.origin.step for spec in window.document.experiment.lanes or () if spec.origin] == [STEPS, 3]
