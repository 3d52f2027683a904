"""Operations on the running network from the stack and the forms; undo brings back the run before, bit for bit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from simulator.experiment.experiment import Experiment
from simulator.layers import Layer
from simulator.schema.parameter import kinds
from simulator.training.operation import operated
from simulator.training.surgery import Reinitialise, ScaleWeights, Surgery, Transplant
from simulator.training.training import Training
from tests.simulator.combinations import fitting
from tests.ui.test_bringing_back import EXPERIMENT as BROUGHT_BACK
from tests.ui.test_bringing_back import STEPS, curve, expected, settle, take_steps, undo
from tests.ui.windows import OpenOn
from ui.builder.builder import Builder
from ui.builder.keeping import transplant
from ui.forms.training import TrainingPanel
from ui.timeline.marks import BY_HAND
from ui.window.main_window import MainWindow

LAYERS = [
    {"kind": "dense", "units": 6, "repeat": 2},
    {"kind": "residual", "layers": [{"kind": "dense", "units": 6, "repeat": 2}], "repeat": 2},
    {"kind": "dense", "units": 6},
]
EXPERIMENT = Experiment.from_builtins({"data": {"kind": "moons"}, "layers": LAYERS})


class Document:
    """What a builder or a form asks for is taken over, and remembered."""

    def __init__(self, qtbot: QtBot, experiment: Experiment = EXPERIMENT) -> None:
        self.experiment = experiment
        self.operations: list[tuple[str, Surgery]] = []
        self.edits: list[str] = []
        self.builder = Builder(self.propose, operate=self.operate)
        qtbot.addWidget(self.builder)
        self.builder.set_experiment(experiment)
        self.builder.show()

    def propose(self, plain: Any, description: str, _key: str | None, _final: bool) -> str | None:
        self.edits.append(description)
        return self.take(plain)

    def operate(self, plain: Any, description: str, surgery: Surgery) -> str | None:
        self.operations.append((description, surgery))
        return self.take(plain)

    def take(self, plain: Any) -> None:
        self.experiment = Experiment.from_builtins(plain)
        self.builder.set_experiment(self.experiment)

    def choose(self, *places: Any) -> None:
        self.builder.choose(places)

    def act(self, name: str) -> None:
        self.builder.actions_by_name[name].trigger()


def test_chosen_layers_are_drawn_anew_and_scaled_by_their_labels(qtbot: QtBot) -> None:
    document = Document(qtbot)
    document.choose(("layers", 0))
    document.act("reinitialise")
    document.choose(("layers", 1, "layers", 0), ("layers", 2))
    document.builder.operations.scale(0.5)
    document.builder.stack.select([document.builder.stack.count() - 1])
    document.act("reinitialise")
    assert document.operations == [
        ("Reinitialise: 2 layers", Reinitialise(("1", "2"))),
        ("Scale weights: 5 layers", ScaleWeights(("3.1", "3.2", "4.1", "4.2", "5"), 0.5)),
        ("Reinitialise: output", Reinitialise(("6",))),
    ]
    assert document.experiment == EXPERIMENT
    for _, surgery in document.operations:
        operated(Training(EXPERIMENT), surgery, EXPERIMENT)


def test_layers_are_frozen_and_trained_again_as_a_live_edit(qtbot: QtBot) -> None:
    document = Document(qtbot)
    document.builder.operations.keep.setChecked(True)
    document.choose(("layers", 0), ("layers", 1))
    document.act("freeze")
    assert [bool(layer.frozen) for layer in document.experiment.layers] == [True, True, False]
    assert len(document.builder.chosen()) == 2
    document.act("freeze")
    assert document.experiment == EXPERIMENT
    assert document.edits == ["Freeze or unfreeze"] * 2
    assert not document.operations


@pytest.mark.parametrize("action", ["add", "duplicate", "delete", "up"])
def test_while_weights_are_kept_a_change_of_the_stack_hands_them_on(action: str, qtbot: QtBot) -> None:
    document = Document(qtbot)
    document.builder.operations.keep.setChecked(True)
    document.choose(("layers", 2))
    document.act(action)
    ((_, surgery),) = document.operations
    assert isinstance(surgery, Transplant)
    pairs = dict(surgery.partners or ())
    wanted = {str(number): str(number) for number in (1, 2, 3, 4)}
    wanted |= {f"{block}.{inner}": f"{block}.{inner}" for block in (3, 4) for inner in (1, 2)}
    wanted |= {"5": "5"} if action in ("add", "duplicate") else {}
    if action == "up":
        wanted = {"1": "1", "2": "2", "3": "5", "4": "3", "5": "4"}
        wanted |= {f"{block + 1}.{inner}": f"{block}.{inner}" for block in (3, 4) for inner in (1, 2)}
    assert pairs == wanted
    _, notice = operated(Training(EXPERIMENT), surgery, document.experiment)
    assert not notice


def test_a_field_that_restarts_waits_for_the_hand_to_let_go(qtbot: QtBot) -> None:
    document = Document(qtbot)
    document.builder.operations.keep.setChecked(True)
    document.choose(("layers", 2))
    form = document.builder.layer_form
    form.edited.emit(("units",), 7, False)
    assert not document.operations
    form.edited.emit(("units",), 7, True)
    form.edited.emit(("activation", "kind"), "relu", True)
    assert [isinstance(surgery, Transplant) for _, surgery in document.operations] == [True, True]
    assert not document.edits


def test_while_they_are_not_kept_nothing_is_handed_on(qtbot: QtBot) -> None:
    document = Document(qtbot)
    document.choose(("layers", 2))
    document.act("delete")
    assert document.edits == ["Delete"]
    assert not document.operations


@pytest.mark.parametrize("kind", kinds(Layer))
def test_an_unchanged_stack_of_every_kind_is_its_own_partner(kind: str, qtbot: QtBot) -> None:
    experiment = fitting({"kind": kind, "repeat": 1})
    assert experiment is not None
    document = Document(qtbot, experiment)
    document.builder.operations.keep.setChecked(True)
    document.choose(("layers", 0))
    document.act("duplicate")
    ((_, surgery),) = document.operations or [("", transplant({"layers": []}, {"layers": []}))]
    assert isinstance(surgery, Transplant)
    assert all(new == old for new, old in surgery.partners or ())


def test_another_optimiser_keeps_the_state_where_that_is_chosen(qtbot: QtBot) -> None:
    document = Document(qtbot)
    panel = TrainingPanel(document.propose, operate=document.operate)
    qtbot.addWidget(panel)
    panel.set_experiment(EXPERIMENT)
    form = panel.form("optimizer")
    form.edited.emit(("optimizer", "kind"), "adam", True)
    panel.set_experiment(document.experiment)
    panel.keep_state.setChecked(True)
    form.edited.emit(("optimizer", "kind"), "adamw", True)
    panel.set_experiment(document.experiment)
    form.edited.emit(("optimizer", "learning_rate"), 0.5, True)
    assert document.edits == ["Change optimiser", "Change learning rate"]
    assert document.operations == [("Change optimiser", Transplant())]


# -- in the window -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("what", ["reinitialise", "insert", "optimiser"])
def test_undo_brings_back_the_run_and_its_curve_in_the_window(what: str, open_on: OpenOn, qtbot: QtBot) -> None:
    window = open_on(BROUGHT_BACK, "thread")
    settle(qtbot, window, 0)
    take_steps(qtbot, window, STEPS)
    window.builder.operations.keep.setChecked(True)
    window.training.keep_state.setChecked(True)
    window.builder.choose([("layers", 0)])
    if what == "optimiser":
        window.training.form("optimizer").edited.emit(("optimizer", "kind"), "adamw", True)
    else:
        window.builder.actions_by_name["reinitialise" if what == "reinitialise" else "duplicate"].trigger()
    settle(qtbot, window, STEPS)
    assert window.bench.record.changes.entries
    assert len(window.bench.record.live_changes.entries) == 1
    take_steps(qtbot, window, 2)
    assert curve(window)[:STEPS] == expected(STEPS + 2)[:STEPS]
    assert curve(window)[-1] != expected(STEPS + 2)[-1]
    undo(window)
    settle(qtbot, window, STEPS)
    take_steps(qtbot, window, 2)
    assert curve(window) == expected(STEPS + 2)
    undone = window.bench.record.live_changes.entries
    assert undone == ()


@pytest.mark.parametrize("action", ["duplicate", "delete"])
def test_the_layers_that_stay_keep_their_curves_and_earlier_steps_are_those_of_the_network_before(
    action: str, open_on: OpenOn, qtbot: QtBot
) -> None:
    window = open_on(EXPERIMENT, "thread")
    settle(qtbot, window, 0)
    take_steps(qtbot, window, STEPS)
    before = window.bench.record.history.series("weight_gradient_norm").last
    window.builder.operations.keep.setChecked(True)
    window.builder.choose([("layers", 2)])
    window.builder.actions_by_name[action].trigger()
    settle(qtbot, window, STEPS)
    take_steps(qtbot, window, 2)
    after = window.bench.record.history.series("weight_gradient_norm")
    there = {"duplicate": [*range(9), 9], "delete": [*range(8), 9]}[action]
    here = {"duplicate": [*range(9), 10], "delete": [*range(9)]}[action]
    np.testing.assert_array_equal(after.last[:STEPS, here], before[:STEPS, there])
    assert [place for place, begins in enumerate(after.begins) if begins] == [9] * (action == "duplicate")
    window.timeline.scrubber.go_to(3)
    qtbot.waitUntil(lambda: window.timeline.scrubber.complete)
    view = window.bench.shown.view
    qtbot.waitUntil(lambda: not window.plot_area.feed.refreshing)
    assert view.frame.info.depth == 10
    np.testing.assert_array_equal(view.history.series("weight_gradient_norm").last[:, there], before[:4, there])
    assert window.plot_area.plot("gradient_image").table().columns["1_last"] == before[:4, 0].tolist()


def lane_curve(window: MainWindow) -> list[float]:
    """The losses of the network beside the run, step by step."""
    return [float(loss) for loss in window.bench.lanes.record("B").history.series("loss").last]


def lane_at(qtbot: QtBot, window: MainWindow, step: int) -> None:
    def there() -> bool:
        update = window.bench.lanes.updates.get("B")
        return update is not None and update.frame is not None and update.frame.step == step

    window.bench.link.wake()
    qtbot.waitUntil(there)


@pytest.mark.parametrize(
    ("what", "surgery", "told"),
    [
        ("reinitialise", Reinitialise, "Reinitialise: 1 layer (B), B: weights of layer 1: as trained → drawn anew"),
        ("duplicate", Transplant, "Duplicate (B), B: dense 5 put in as layer 2"),
    ],
)
def test_a_network_beside_the_run_is_operated_on_alone(
    what: str, surgery: type[Surgery], told: str, open_on: OpenOn, qtbot: QtBot
) -> None:
    window, whole = open_on(BROUGHT_BACK, "thread"), expected(STEPS + 2)
    settle(qtbot, window, 0)
    take_steps(qtbot, window, STEPS)
    window.chosen.add_twin()
    lane_at(qtbot, window, STEPS)
    own = window.bench.info
    window.builder.operations.keep.setChecked(True)
    window.builder.choose([("layers", 0)])
    window.builder.actions_by_name[what].trigger()
    assert window.document.edit.description.endswith("(B)")
    qtbot.waitUntil(lambda: bool(window.bench.lanes.record("B").live_changes.entries))
    take_steps(qtbot, window, 2)
    lane_at(qtbot, window, STEPS + 2)
    (change,) = window.bench.lanes.record("B").live_changes.entries
    assert (change.step, type(change.surgery)) == (STEPS, surgery)
    words = [mark.words.partition(", ")[2] for mark in window.timeline.track.marks if mark.kind in BY_HAND]
    assert words == ["change by hand: Add lane B, networks: A → A, B", f"surgery: {told}"]
    assert curve(window) == whole
    assert lane_curve(window)[:STEPS] == whole[:STEPS], "what it was before is its past"
    assert lane_curve(window)[-1] != whole[-1]
    undo(window)
    qtbot.waitUntil(lambda: window.bench.lanes.record("B").live_changes.entries == ())
    lane_at(qtbot, window, STEPS + 2)
    assert lane_curve(window)[-3:] == whole[-3:]
    assert window.bench.info is own, "the run itself was not begun again"


def test_all_networks_are_operated_on_in_one_edit(open_on: OpenOn, qtbot: QtBot) -> None:
    window = open_on(BROUGHT_BACK, "thread")
    settle(qtbot, window, 0)
    take_steps(qtbot, window, STEPS)
    window.chosen.add_twin()
    lane_at(qtbot, window, STEPS)
    window.chosen.choose_all(True)
    window.builder.choose([("layers", 0)])
    window.builder.actions_by_name["reinitialise"].trigger()
    qtbot.waitUntil(lambda: bool(window.bench.lanes.record("B").live_changes.entries))
    settle(qtbot, window, STEPS)
    take_steps(qtbot, window, 2)
    lane_at(qtbot, window, STEPS + 2)
    changes = [window.bench.record.live_changes, window.bench.lanes.record("B").live_changes]
    assert [[each.surgery for each in one.entries if each.surgery] for one in changes] == [[Reinitialise(("1",))]] * 2
    assert curve(window)[STEPS:] == lane_curve(window)[STEPS:]
    undo(window)
    settle(qtbot, window, STEPS)
    lane_at(qtbot, window, STEPS)
    assert window.bench.lanes.record("B").live_changes.entries == ()


def test_what_has_not_come_to_the_run_s_step_is_not_operated_on(open_on: OpenOn, qtbot: QtBot) -> None:
    window = open_on(BROUGHT_BACK, "thread")
    settle(qtbot, window, 0)
    window.chosen.add_twin()
    window.builder.choose([("layers", 0)])
    window.builder.actions_by_name["reinitialise"].trigger()
    assert window.builder.refusal.text() == "B has not come to the run's step yet"
