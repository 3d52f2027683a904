"""The stack of layers: what its rows say and what hand and keys can do with it, through proposals only."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QWidget

from simulator.experiment.experiment import Experiment, ExperimentError
from simulator.layers.info import LayerInfo
from simulator.parts.initializers import Initializer
from simulator.schema.numbers import setting
from simulator.schema.parameter import concrete, kind_of, parameters, title_of
from simulator.training.run_info import RunInfo
from tests.ui.painted import Recorder
from ui.builder import edits
from ui.builder.builder import Builder, summary_of
from ui.builder.entries import StackEntry, entries_of
from ui.builder.stack import StackList
from ui.forms.number_row import NumberRow
from ui.forms.rows import ChoiceRow

LEFT = Qt.MouseButton.LeftButton
NONE, SHIFT, CTRL, ALT = (
    Qt.KeyboardModifier.NoModifier,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.AltModifier,
)


def experiment(*units: int, **more: Any) -> Experiment:
    layers = [{"kind": "dense", "units": u} for u in units]
    return Experiment.from_builtins({"data": {"kind": "moons"}, "layers": layers, **more})


def hold(qtbot: Any, host: QWidget) -> None:
    """Keep ``host`` for as long as the test, or Python may collect it while Qt is painting it."""
    qtbot.addWidget(host)
    qtbot.__dict__.setdefault("held", []).append(host)


class Bench:
    """A builder and the document behind it."""

    def __init__(self, qtbot: Any, start: Experiment) -> None:
        self.qtbot = qtbot
        self.experiment = start
        self.refusal: str | None = None
        self.proposals: list[tuple[str, str | None, bool]] = []
        self.host = QWidget()
        hold(qtbot, self.host)
        self.host.resize(300, 700)
        self.builder = Builder(self.propose, parent=self.host)
        self.builder.resize(300, 700)
        self.builder.set_experiment(start)
        self.host.show()

    def propose(self, plain: dict[str, Any], description: str, key: str | None, final: bool) -> str | None:
        self.proposals.append((description, key, final))
        if self.refusal is not None:
            return self.refusal
        try:
            self.experiment = Experiment.from_builtins(plain)
        except ExperimentError as error:
            return str(error)
        self.builder.set_experiment(self.experiment)
        return None

    @property
    def stack(self) -> StackList:
        return self.builder.stack

    @property
    def units(self) -> list[int]:
        return [layer.units for layer in self.experiment.layers]

    @property
    def chosen(self) -> list[int]:
        """Indices of the chosen layers, all of which stand in the stack itself."""
        places = self.builder.chosen()
        assert all(len(place) == 2 for place in places)
        return [int(place[1]) for place in places]

    def click(self, row: int, keys: Qt.KeyboardModifier = NONE) -> None:
        at = self.stack.visualItemRect(self.stack.item(row)).center()
        self.qtbot.mouseClick(self.stack.viewport(), LEFT, keys, at)

    def key(self, key: Qt.Key, keys: Qt.KeyboardModifier = NONE) -> None:
        self.host.activateWindow()
        self.stack.setFocus()
        self.qtbot.waitUntil(self.stack.hasFocus)
        self.qtbot.keyClick(self.stack, key, keys)

    def type_into(self, path: tuple[Any, ...], text: str) -> NumberRow:
        row = self.builder.layer_form.row(path)
        assert isinstance(row, NumberRow)
        row.edit.selectAll()
        self.qtbot.keyClicks(row.edit, text)
        self.qtbot.keyClick(row.edit, Qt.Key.Key_Return)
        return row


def test_a_rate_that_a_hand_drags_leaves_the_stack_alone_and_is_part_of_the_next_edit(
    qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = Bench(qtbot, experiment(4, 5))
    renewed: list[object] = []
    monkeypatch.setattr(bench.stack, "set_entries", renewed.append)
    bench.builder.set_experiment(bench.experiment)
    assert len(renewed) == 1
    dragged = experiment(4, 5, optimizer={"kind": "sgd", "learning_rate": 0.25})
    bench.builder.set_experiment(dragged)
    assert len(renewed) == 1
    bench.builder.set_experiment(experiment(4, 5, optimizer={"kind": "adam"}))
    bench.builder.set_experiment(experiment(4, 6, optimizer={"kind": "adam"}))
    assert len(renewed) == 3
    monkeypatch.undo()
    bench.builder.set_experiment(experiment(4, 5))
    bench.builder.set_experiment(dragged)
    bench.click(1)
    bench.type_into(("units",), "7")
    assert bench.units == [7, 5]
    assert bench.experiment.optimizer == dragged.optimizer


def test_rows_run_from_input_to_output_and_count_repeats() -> None:
    plain = experiment(10, 20, 30).to_builtins()
    plain["layers"][1]["repeat"] = 10
    rows = entries_of(plain)
    assert [(row.number, row.first, row.last) for row in rows] == [
        ("in", -1, -1),
        ("1", 0, 0),
        ("2–11", 1, 10),
        ("12", 11, 11),
        ("out", 12, 12),
    ]
    assert rows[2].title == "dense 20 · tanh"


def test_badges_tell_initialiser_normalisation_and_dropout() -> None:
    plain = experiment(10).to_builtins()
    plain["layers"][0].update(
        initializer={"kind": "normal", "std": 0.01},
        normalization={"kind": "batch"},
        dropout={"kind": "inverted", "rate": 0.2},
    )
    assert entries_of(plain)[1].badges == ("normal 0.01", "batch norm before", "dropout 0.2")


@pytest.mark.parametrize("kind", concrete(Initializer), ids=kind_of)
def test_a_badge_has_no_number_whose_meaning_cannot_be_told(kind: type[Initializer]) -> None:
    """What changes nothing is left out, and named where it is another: no "He normal 0"."""
    plain = experiment(10).to_builtins()
    own = parameters(kind)[:1]
    plain["layers"][0]["initializer"] = {"kind": kind_of(kind)}
    telling = [field.default for field in own if field.knob.unit or field.default not in (0, 1)]
    assert entries_of(plain)[1].badges == (" ".join([title_of(kind), *map(setting, telling)]),)
    for field in own:
        plain["layers"][0]["initializer"][field.name] = 0.3
        named = [] if telling else [field.knob.label]
        assert entries_of(plain)[1].badges == (" ".join([title_of(kind), *named, "0.3"]),)


def test_a_slope_is_named_and_a_variance_of_1_is_told() -> None:
    plain = experiment(10).to_builtins()
    told = {}
    for kind in ("he_normal", "orthogonal", "variance_scaled"):
        plain["layers"][0]["initializer"] = {"kind": kind}
        told[kind] = entries_of(plain)[1].badges
    assert told == {
        "he_normal": ("He normal",),
        "orthogonal": ("orthogonal",),
        "variance_scaled": ("variance scaled 1",),
    }
    plain["layers"][0]["initializer"] = {"kind": "he_normal", "slope": 0.2}
    assert entries_of(plain)[1].badges == ("He normal slope 0.2",)


@pytest.mark.parametrize("width", [190, 240, 320])
def test_every_badge_and_every_title_is_painted_whole(qtbot: Any, width: int) -> None:
    """However many there are, and whatever stands at their right; rows grow for them and stand clear of each other."""
    many = ("normal 0.01", "batch norm before", "dropout 0.2", "stride 2", "weight decay 0.0001")
    entries = [
        StackEntry(
            "layer", "1", "convolution 16 · leaky ReLU", many, 0, 0, 3, (0,), place=("layers", 0), shape="16×14×14"
        ),
        StackEntry(
            "layer", "2–21", "locally normalised dense 100 · tanh", many[:2], 1, 1, 3, (1,), repeat=20, shape="100"
        ),
        StackEntry(
            "layer", "2.1", "dense 5 · softplus", (), 1, 1, 3, (1,), place=("layers", 1, "layers", 0), shape="5"
        ),
        StackEntry("output", "out", "output 3", many[-1:], 2, 2, 3, (2,)),
    ]
    stack = StackList()
    qtbot.addWidget(stack)
    stack.resize(width, 500)
    stack.set_entries(entries)
    stack.show()
    recorder = Recorder()
    with recorder.on():
        stack.grab()
    texts = [each.text for each in recorder.texts]
    for row, entry in enumerate(entries):
        assert all(badge in texts for badge in entry.badges)
        assert all(word in " ".join(texts).split() for word in entry.title.split())
        rect = stack.visualItemRect(stack.item(row))
        inside = [each for each in recorder.texts if rect.contains(each.box.center().toPoint())]
        assert all(rect.adjusted(0, 0, 1, 1).contains(each.box.toAlignedRect()) for each in inside)
        boxes = [each.letters for each in inside]
        assert not any(one.intersects(other) for at, one in enumerate(boxes) for other in boxes[:at])
    stack.resize(2 * width, 500)
    qtbot.waitUntil(lambda: stack.visualItemRect(stack.item(0)).height() < 80)


def test_the_run_tells_shapes_and_sizes(qtbot: Any) -> None:
    bench = Bench(qtbot, experiment(10))
    layer = LayerInfo("1", "dense", "dense", "tanh", 10, 0)
    info = RunInfo(
        1, (layer, LayerInfo("2", "output", "output", "", 3, -1)), 12_345, 2 * 1024**2, 8, 80, 20,
        "classification", ("a", "b"), ("x", "y", "z"),
    )  # fmt: skip
    bench.builder.set_experiment(bench.experiment, info)
    rows = entries_of(bench.experiment.to_builtins(), info)
    assert rows[0].title == "moons · 2 inputs"
    assert rows[-1].title == "output 3"
    assert rows[-1].badges == ("softmax + cross-entropy",)
    assert summary_of(info) == bench.builder.foot.text()
    assert "2 MiB" in summary_of(info)


def test_insert_adds_a_copy_behind_the_chosen_layer_and_chooses_it(qtbot: Any) -> None:
    bench = Bench(qtbot, experiment(10, 20))
    bench.click(1)
    bench.key(Qt.Key.Key_Insert)
    assert bench.units == [10, 10, 20]
    assert bench.chosen == [1]


def test_a_layer_added_with_none_chosen_goes_last_and_an_empty_stack_gets_its_first(qtbot: Any) -> None:
    bench = Bench(qtbot, experiment())
    bench.key(Qt.Key.Key_Insert)
    assert len(bench.units) == 1
    bench.stack.clearSelection()
    bench.type_into(("units",), "7") if bench.chosen else None
    bench.key(Qt.Key.Key_Insert)
    assert len(bench.units) == 2


def test_duplicate_copies_all_that_is_chosen(qtbot: Any) -> None:
    bench = Bench(qtbot, experiment(10, 20, 30))
    bench.click(1)
    bench.click(3, CTRL)
    bench.key(Qt.Key.Key_D, CTRL)
    assert bench.units == [10, 20, 30, 10, 30]
    assert bench.chosen == [3, 4]


def test_delete_takes_out_what_is_chosen_and_chooses_a_neighbour(qtbot: Any) -> None:
    bench = Bench(qtbot, experiment(10, 20, 30, 40))
    bench.click(2)
    bench.click(3, SHIFT)
    bench.key(Qt.Key.Key_Delete)
    assert bench.units == [10, 40]
    assert bench.chosen == [1]


def test_input_and_output_are_never_deleted_or_moved(qtbot: Any) -> None:
    bench = Bench(qtbot, experiment(10))
    for row in (0, 2):
        bench.click(row)
        bench.key(Qt.Key.Key_Delete)
        bench.key(Qt.Key.Key_Up, ALT)
    assert bench.proposals == []


def test_alt_and_arrows_move_the_chosen_layers(qtbot: Any) -> None:
    bench = Bench(qtbot, experiment(10, 20, 30))
    bench.click(3)
    bench.key(Qt.Key.Key_Up, ALT)
    assert bench.units == [10, 30, 20]
    assert bench.chosen == [1]
    bench.key(Qt.Key.Key_Up, ALT)
    bench.key(Qt.Key.Key_Up, ALT)
    assert bench.units == [30, 10, 20]
    bench.key(Qt.Key.Key_Down, ALT)
    assert bench.units == [10, 30, 20]


@given(st.data())
def test_moving_keeps_every_layer_and_the_order_of_the_rest(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, 8))
    chosen = data.draw(st.lists(st.integers(0, size - 1), min_size=1, unique=True))
    before = data.draw(st.integers(0, size))
    layers = [{"kind": "dense", "units": n} for n in range(size)]
    plain, then = edits.moved({"layers": layers}, [("layers", n) for n in chosen], ("layers", before))
    order = [layer["units"] for layer in plain["layers"]]
    assert [edits.at(plain, place)["units"] for place in then] == sorted(chosen)
    assert [n for n in order if n not in chosen] == [n for n in range(size) if n not in chosen]
    first = int(then[0][1])
    assert all((order.index(n) < first) == (n < before) for n in range(size) if n not in chosen)


def drop(bench: Bench, row: int, below: bool) -> None:
    rect = bench.stack.visualItemRect(bench.stack.item(row))
    at = QPointF(rect.center().x(), rect.bottom() - 2 if below else rect.top() + 2)

    class FromTheStack(QDropEvent):
        def source(self) -> Any:
            return bench.stack

    move = Qt.DropAction.MoveAction
    data = QMimeData()
    event = FromTheStack(at, move, data, LEFT, NONE)
    bench.stack.dropEvent(event)
    assert event.isAccepted()


@pytest.mark.parametrize(
    ("row", "below", "units"),
    [(3, True, [20, 30, 10]), (3, False, [20, 10, 30]), (0, True, [10, 20, 30]), (4, True, [20, 30, 10])],
)
def test_a_dropped_layer_stands_where_it_was_dropped(qtbot: Any, row: int, below: bool, units: list[int]) -> None:
    bench = Bench(qtbot, experiment(10, 20, 30))
    bench.click(1)
    drop(bench, row, below)
    assert bench.units == units
    assert bench.stack.count() == 5
    assert [bench.units[index] for index in bench.chosen] == [10]


def test_one_edit_changes_all_chosen_layers(qtbot: Any) -> None:
    bench = Bench(qtbot, experiment(10, 20, 30))
    bench.click(1)
    bench.click(3, CTRL)
    row = bench.builder.layer_form.row(("units",))
    assert isinstance(row, NumberRow)
    assert row.edit.placeholderText() == "mixed"
    bench.type_into(("units",), "64")
    assert bench.units == [64, 20, 64]
    assert bench.chosen == [0, 2]
    assert bench.proposals == [("Change units of 2 layers", "layers.0,2.units", True)]


def test_another_activation_is_chosen_in_the_form_below(qtbot: Any) -> None:
    bench = Bench(qtbot, experiment(10, 20))
    bench.click(2)
    row = bench.builder.layer_form.row(("activation", "kind"))
    assert isinstance(row, ChoiceRow)
    row.combo.activated.emit(row.combo.findText("ELU"))
    assert [layer.activation.kind for layer in bench.experiment.layers] == ["tanh", "elu"]


def test_repeat_is_a_field_of_the_layer(qtbot: Any) -> None:
    bench = Bench(qtbot, experiment(10))
    bench.click(1)
    bench.type_into(("repeat",), "12")
    assert bench.experiment.depth == 12
    assert entries_of(bench.experiment.to_builtins())[1].number == "1–12"


def test_a_drag_is_one_merge_key_and_ends_final(qtbot: Any) -> None:
    bench = Bench(qtbot, experiment(10))
    bench.click(1)
    row = bench.builder.layer_form.row(("units",))
    assert isinstance(row, NumberRow)
    assert row.track is not None
    start = QPoint(round(row.track.x_of(10)), 12)
    bench.qtbot.mousePress(row.track, LEFT, pos=start)
    for x in (6, 12, 18):
        bench.qtbot.mouseMove(row.track, start + QPoint(x, 0))
    bench.qtbot.mouseRelease(row.track, LEFT, pos=start + QPoint(18, 0))
    assert {key for _, key, _ in bench.proposals} == {"layers.0.units"}
    assert [final for _, _, final in bench.proposals] == [False, False, False, True]
    assert bench.units == [row.value()]
    assert bench.units[0] > 10


def test_a_refused_value_is_put_back_and_the_reason_stands_beside_it(qtbot: Any) -> None:
    bench = Bench(qtbot, experiment(10))
    bench.click(1)
    bench.refusal = "There is no room for that."
    row = bench.type_into(("units",), "11")
    assert row.value() == 10
    assert row.edit.text() == "10"
    assert row.warning.text() == "There is no room for that."
    assert bench.units == [10]
    bench.refusal = None
    bench.type_into(("units",), "12")
    assert row.warning.text() == ""


def test_a_refused_kind_is_put_back(qtbot: Any) -> None:
    bench = Bench(qtbot, experiment(10))
    bench.click(1)
    bench.refusal = "Not here."
    row = bench.builder.layer_form.row(("activation", "kind"))
    assert isinstance(row, ChoiceRow)
    index = row.combo.findText("ELU")
    row.combo.setCurrentIndex(index)
    row.combo.activated.emit(index)
    assert row.combo.currentText() == "tanh"
    assert row.warning.text() == "Not here."


def test_a_refused_action_says_why_and_changes_nothing(qtbot: Any) -> None:
    bench = Bench(qtbot, experiment(10, 20))
    bench.click(1)
    bench.refusal = "Too many layers."
    bench.key(Qt.Key.Key_Insert)
    assert bench.builder.refusal.text() == "Too many layers."
    assert bench.stack.count() == 4
    assert bench.chosen == [0]


def test_the_output_row_shows_the_form_of_the_output(qtbot: Any) -> None:
    bench = Bench(qtbot, experiment(10))
    bench.click(2)
    assert bench.builder.pages.currentWidget() is bench.builder.output_form
    row = bench.builder.output_form.row(("initializer", "kind"))
    assert isinstance(row, ChoiceRow)
    row.combo.activated.emit(row.combo.findText("zeros"))
    assert bench.experiment.output.initializer.kind == "zeros"
    assert bench.stack.rows() == [2]


def test_a_refresh_from_outside_keeps_what_is_chosen(qtbot: Any) -> None:
    bench = Bench(qtbot, experiment(10, 20, 30))
    bench.click(2)
    bench.builder.set_experiment(experiment(11, 21, 31))
    assert bench.chosen == [1]
    row = bench.builder.layer_form.row(("units",))
    assert row is not None
    assert row.value() == 21
    bench.builder.set_experiment(experiment(5))
    assert bench.chosen == []
    assert bench.proposals == []


def test_pointing_at_a_row_tells_the_layer_and_a_repeated_row_tells_which(qtbot: Any) -> None:
    plain = experiment(10, 20).to_builtins()
    plain["layers"][1]["repeat"] = 4
    bench = Bench(qtbot, Experiment.from_builtins(plain))
    heard: list[int] = []
    bench.builder.layer_hovered.connect(heard.append)
    rect = bench.stack.visualItemRect(bench.stack.item(2))
    for x in (3, rect.width() - 3):
        qtbot.mouseMove(bench.stack.viewport(), QPoint(x, rect.center().y()))
    qtbot.mouseMove(bench.stack.viewport(), bench.stack.visualItemRect(bench.stack.item(0)).center())
    assert heard == [1, 4, -1]


def test_a_highlight_changes_what_is_drawn_of_its_row_only(qtbot: Any) -> None:
    bench = Bench(qtbot, experiment(10, 20))
    rects = [bench.stack.visualItemRect(bench.stack.item(row)) for row in range(bench.stack.count())]
    before = [bench.stack.viewport().grab(rect).toImage() for rect in rects]
    bench.builder.highlight(1)
    after = [bench.stack.viewport().grab(rect).toImage() for rect in rects]
    assert [a != b for a, b in zip(before, after, strict=True)] == [False, False, True, False]


def test_every_button_acts_and_has_a_name(qtbot: Any) -> None:
    bench = Bench(qtbot, experiment(10, 20))
    bench.click(1)
    for name, units in (("duplicate", [10, 10, 20]), ("down", [10, 20, 10]), ("delete", [10, 20])):
        bench.builder.actions_by_name[name].trigger()
        assert bench.units == units
    assert all(action.toolTip() for action in bench.builder.actions_by_name.values())


def test_the_chosen_row_stays_in_sight_when_a_refusal_takes_room(qtbot: Any) -> None:
    bench = Bench(qtbot, experiment(*range(2, 14)))
    stack = bench.stack
    stack.setMaximumHeight(10_000)
    stack.select([9])
    chosen = stack.item(9)
    stack.setFixedHeight(450)
    qtbot.waitUntil(lambda: stack.height() == 450)
    stack.scrollToItem(chosen)
    stack.setFixedHeight(150)
    qtbot.waitUntil(lambda: stack.height() == 150)
    assert stack.viewport().rect().contains(stack.visualItemRect(chosen).center())
