"""Stacks inside layers, every kind of layer, shapes at a glance, and what is offered where they do not fit."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QLineEdit, QWidget

from simulator.experiment.experiment import Experiment, ExperimentError
from simulator.layers import Layer
from simulator.network.network import Network
from simulator.schema.parameter import kinds
from simulator.training.training import Training
from ui.builder import edits
from ui.builder.builder import Builder
from ui.builder.edits import LayerPath
from ui.builder.entries import entries_of
from ui.builder.repairs import fitted, misfit
from ui.builder.stack import INDENT
from ui.forms.form import PartForm
from ui.forms.number_row import NumberRow
from ui.forms.rows import ChoiceRow

LEFT = Qt.MouseButton.LeftButton
NONE = Qt.KeyboardModifier.NoModifier
KINDS = kinds(Layer)


def dense(units: int = 64, **more: Any) -> dict[str, Any]:
    return {"kind": "dense", "units": units, **more}


def residual(*layers: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"kind": "residual", "layers": list(layers), **more}


def experiment(*layers: dict[str, Any], data: str = "digits", **more: Any) -> Experiment:
    return Experiment.from_builtins({"data": {"kind": data}, "layers": list(layers), **more})


def inner(*path: int) -> LayerPath:
    """``inner(2, 0)`` → ``("layers", 2, "layers", 0)``"""
    return tuple(part for index in path for part in ("layers", index))


class Bench:
    """A builder and the document behind it."""

    def __init__(self, qtbot: Any, start: Experiment) -> None:
        self.qtbot = qtbot
        self.experiment = start
        self.proposals: list[str] = []
        self.host = QWidget()
        qtbot.addWidget(self.host)
        qtbot.__dict__.setdefault("held", []).append(self.host)
        self.host.resize(276, 900)
        self.builder = Builder(self.propose, parent=self.host)
        self.builder.resize(276, 900)
        self.builder.set_experiment(start)
        self.host.show()

    def propose(self, plain: dict[str, Any], description: str, key: str | None, final: bool) -> str | None:
        self.proposals.append(description)
        try:
            self.experiment = Experiment.from_builtins(plain)
        except ExperimentError as error:
            return str(error)
        self.builder.set_experiment(self.experiment)
        return None

    def choose(self, *places: LayerPath) -> None:
        self.builder.choose(places)

    def act(self, name: str) -> None:
        self.builder.actions_by_name[name].trigger()

    @property
    def tree(self) -> list[Any]:
        return tree_of(self.experiment.to_builtins()["layers"])

    @property
    def offers(self) -> list[str]:
        return [button.accessibleName() for button in self.builder.refusal.buttons]

    def take(self, title: str) -> None:
        self.qtbot.mouseClick(next(b for b in self.builder.refusal.buttons if b.accessibleName() == title), LEFT)

    def type_units(self, text: str) -> None:
        row = self.builder.layer_form.row(("units",))
        assert isinstance(row, NumberRow)
        row.edit.selectAll()
        self.qtbot.keyClicks(row.edit, text)
        self.qtbot.keyClick(row.edit, Qt.Key.Key_Return)

    def add(self, kind: str, inside: bool = False) -> None:
        menu = self.builder.inside_menu if inside else self.builder.menu
        next(action for action in menu.actions() if action.data() == kind).trigger()


def tree_of(layers: list[Any]) -> list[Any]:
    """Widths, an inner stack as a list."""
    return [tree_of(layer["layers"]) if "layers" in layer else layer.get("units", layer["kind"]) for layer in layers]


# -- rows ----------------------------------------------------------------------------------------------------------


def test_inner_layers_stand_below_the_layer_they_are_in() -> None:
    plain = experiment(dense(), residual(dense(9, repeat=2), residual(dense()), dense()), dense(5)).to_builtins()
    rows = entries_of(plain)
    assert [(row.number, row.level, row.place) for row in rows] == [
        ("in", 0, ()),
        ("1", 0, inner(0)),
        ("2", 0, inner(1)),
        ("2.1–2.2", 1, inner(1, 0)),
        ("2.3", 1, inner(1, 1)),
        ("2.3.1", 2, inner(1, 1, 0)),
        ("2.4", 1, inner(1, 2)),
        ("3", 0, inner(2)),
        ("out", 0, ()),
    ]
    assert rows[2].title == "residual · 4 layers"


LONG = [residual(dense(9, repeat=9), dense()), residual(residual(dense(repeat=12)), dense())]


@pytest.mark.parametrize("stack", LONG)
def test_rows_number_inner_layers_as_the_run_labels_them(stack: dict[str, Any]) -> None:
    plain = experiment(dense(), stack).to_builtins()
    infos = Training(Experiment.from_builtins(plain)).info.layers
    for row in entries_of(plain)[1:-1]:
        assert row.number == "–".join(infos[index].label for index in sorted({row.own[0], row.own[-1]}))


STACKS = [
    [dense(), residual(dense(9, repeat=2), residual(dense(9)), dense()), dense(5)],
    [dense(), residual(dense(9), residual(dense(9), repeat=2), dense(), repeat=3), dense(5, repeat=2)],
]


@pytest.mark.parametrize("layers", STACKS)
def test_a_row_holds_the_layers_that_a_run_lists_for_it(layers: list[Any]) -> None:
    plain = experiment(*layers).to_builtins()
    infos = Training(Experiment.from_builtins(plain)).info.layers
    rows = [row for row in entries_of(plain) if row.own]
    assert sorted(index for row in rows for index in row.own) == list(range(len(infos)))
    assert rows[0].depth == len(infos)
    for row in rows[:-1]:
        layer = edits.at(plain, row.place)
        assert {infos[index].kind for index in row.own} == {layer["kind"]}
        assert {infos[index].entry for index in row.own} == {row.place[1]}
        assert {infos[index].label.count(".") for index in row.own} == {row.level}
        if "units" in layer:
            assert {infos[index].units for index in row.own} == {layer["units"]}
        assert row.first <= min(row.own)
        assert max(row.own) == row.last
    assert infos[rows[-1].own[0]].kind == "output"


def test_rows_show_what_each_layer_gives(qtbot: Any) -> None:
    stack = [{"kind": "convolution", "channels": 16}, {"kind": "pooling"}, {"kind": "flatten"}, residual(dense(256))]
    bench = Bench(qtbot, experiment(*stack))
    shown = [entry.shape for entry in bench.builder.stack.entries()]
    assert shown == ["1×8×8", "16×8×8", "16×4×4", "256", "256", "256", ""]
    assert "16×4×4" in bench.builder.stack.item(2).toolTip()


def test_sequences_show_their_steps(qtbot: Any) -> None:
    bench = Bench(qtbot, experiment({"kind": "gru", "units": 5, "output": "all"}, {"kind": "lstm"}, data="digit_rows"))
    shown = [entry.shape for entry in bench.builder.stack.entries()]
    assert shown == ["8 steps × 8", "8 steps × 5", "64", ""]


def test_badges_tell_what_is_not_as_usual() -> None:
    kernel = {"kind": "convolution", "stride": 2, "padding": "valid"}
    rows = entries_of(experiment(kernel, {"kind": "pooling", "mode": "average"}).to_builtins())
    assert rows[1].badges[:2] == ("stride 2", "valid")
    assert rows[2].badges == ("average",)
    walker = {"kind": "lstm", "output": "all", "truncate": 10, "checkpoint": True}
    row = entries_of(experiment(walker, data="digit_rows").to_builtins())[1]
    assert row.badges[:3] == ("all", "truncate 10", "checkpoints")


def test_pointing_at_an_inner_row_tells_its_layers_and_a_highlight_lights_it(qtbot: Any) -> None:
    bench = Bench(qtbot, experiment(dense(), residual(dense(), dense(), repeat=2)))
    stack, heard = bench.builder.stack, []
    bench.builder.layer_hovered.connect(heard.append)
    rect = stack.visualItemRect(stack.item(3))
    for x in (3, rect.width() - 3):
        qtbot.mouseMove(stack.viewport(), QPoint(x, rect.center().y()))
    assert heard == [1, 4]
    rects = [stack.visualItemRect(stack.item(row)) for row in range(stack.count())]
    qtbot.mouseMove(stack.viewport(), QPoint(3, stack.viewport().height() - 2))
    before = [stack.viewport().grab(rect).toImage() for rect in rects]
    bench.builder.highlight(5)
    after = [stack.viewport().grab(rect).toImage() for rect in rects]
    assert [a != b for a, b in zip(before, after, strict=True)] == [False, False, False, False, True, False]


# -- actions -------------------------------------------------------------------------------------------------------


def nested(qtbot: Any) -> Bench:
    return Bench(qtbot, experiment(dense(), residual(dense(2), dense(64)), dense(3)))


def test_a_layer_is_added_behind_an_inner_one(qtbot: Any) -> None:
    bench = nested(qtbot)
    bench.choose(inner(1, 0))
    bench.act("add")
    assert bench.tree == [64, [2, 2, 64], 3]
    assert bench.builder.chosen() == [inner(1, 1)]


def test_a_layer_is_added_inside_a_composite_only(qtbot: Any) -> None:
    bench = nested(qtbot)
    bench.choose(inner(0))
    assert not bench.builder.actions_by_name["inside"].isEnabled()
    assert not bench.builder.inside_menu.isEnabled()
    bench.choose(inner(1))
    bench.act("inside")
    assert bench.tree == [64, [2, 64, 64], 3]
    assert bench.builder.chosen() == [inner(1, 2)]


def test_a_layer_added_with_the_input_chosen_goes_first(qtbot: Any) -> None:
    bench = Bench(qtbot, experiment(dense(3)))
    bench.builder.stack.select([0])
    bench.add("convolution")
    assert bench.tree == ["convolution", 3]
    assert bench.builder.chosen() == [inner(0)]


def test_duplicate_and_delete_act_in_each_stack(qtbot: Any) -> None:
    bench = nested(qtbot)
    bench.choose(inner(1, 1), inner(2))
    bench.act("duplicate")
    assert bench.tree == [64, [2, 64, 64], 3, 3]
    assert bench.builder.chosen() == [inner(1, 2), inner(3)]
    bench.act("delete")
    assert bench.tree == [64, [2, 64], 3]


def test_what_is_inside_a_chosen_layer_goes_with_it_once(qtbot: Any) -> None:
    bench = nested(qtbot)
    bench.choose(inner(1), inner(1, 0))
    bench.act("duplicate")
    assert bench.tree == [64, [2, 64], [2, 64], 3]
    bench.act("delete")
    assert bench.tree == [64, [2, 64], 3]


def test_a_composite_goes_with_its_last_inner_layer(qtbot: Any) -> None:
    bench = nested(qtbot)
    bench.choose(inner(1, 0), inner(1, 1))
    bench.act("delete")
    assert bench.tree == [64, 3]


def test_an_inner_layer_moves_in_its_own_stack_only(qtbot: Any) -> None:
    bench = Bench(qtbot, experiment(dense(), residual(dense(1), dense(2), dense(64))))
    bench.choose(inner(1, 1))
    bench.act("up")
    bench.act("up")
    assert bench.tree == [64, [2, 1, 64]]
    assert bench.builder.chosen() == [inner(1, 0)]


def test_one_edit_changes_layers_of_several_stacks(qtbot: Any) -> None:
    bench = Bench(qtbot, experiment(dense(64), residual(dense(64), dense(64))))
    bench.choose(inner(0), inner(1, 1))
    bench.type_units("32")
    assert bench.tree == [32, [64, 32]]


def test_repeat_of_an_inner_layer_counts_inside(qtbot: Any) -> None:
    bench = nested(qtbot)
    bench.choose(inner(1, 0))
    row = bench.builder.layer_form.row(("repeat",))
    assert isinstance(row, NumberRow)
    row.committed.emit(3)
    assert [e.number for e in bench.builder.stack.entries()] == ["in", "1", "2", "2.1–2.3", "2.4", "3", "out"]
    assert bench.builder.chosen() == [inner(1, 0)]


def drop(bench: Bench, row: int, part: float, x: int = 200) -> None:
    stack = bench.builder.stack
    rect = stack.visualItemRect(stack.item(row))

    class FromTheStack(QDropEvent):
        def source(self) -> Any:
            return stack

    at = QPointF(x, rect.top() + part * rect.height())
    data = QMimeData()
    stack.dropEvent(FromTheStack(at, Qt.DropAction.MoveAction, data, LEFT, NONE))


@pytest.mark.parametrize(
    ("row", "part", "x", "tree"),
    [
        (2, 0.9, 200, [[64, 2, 64], 3]),
        (2, 0.1, 200, [64, [2, 64], 3]),
        (3, 0.9, 200, [[2, 64, 64], 3]),
        (4, 0.9, 200, [[2, 64, 64], 3]),
        (4, 0.9, INDENT // 2, [[2, 64], 64, 3]),
        (6, 0.5, 200, [[2, 64], 3, 64]),
    ],
)
def test_a_layer_is_dropped_into_an_inner_stack_or_behind_it(
    qtbot: Any, row: int, part: float, x: int, tree: list[Any]
) -> None:
    block = residual(dense(2), dense(64), projection={"kind": "linear"})
    bench = Bench(qtbot, experiment(dense(), block, dense(3), data="moons"))
    bench.choose(inner(0))
    drop(bench, row, part, x)
    assert bench.tree == tree
    if tree != [64, [2, 64], 3]:
        assert len(bench.builder.chosen()) == 1


def test_a_layer_dropped_outside_leaves_its_stack_and_an_empty_one_goes(qtbot: Any) -> None:
    bench = Bench(qtbot, experiment(dense(), residual(dense(64)), dense(3)))
    bench.choose(inner(1, 0))
    drop(bench, 1, 0.1)
    assert bench.tree == [64, 64, 3]


def test_nothing_is_dropped_into_itself(qtbot: Any) -> None:
    bench = nested(qtbot)
    bench.choose(inner(1))
    drop(bench, 3, 0.9)
    assert bench.tree == [64, [2, 64], 3]


TREES = st.recursive(
    st.integers(1, 9).map(dense),
    lambda inside: st.lists(inside, min_size=1, max_size=3).map(lambda x: residual(*x)),
    max_leaves=8,
)


@given(st.lists(TREES, min_size=1, max_size=4), st.data())
def test_moving_between_stacks_loses_no_layer(layers: list[Any], data: st.DataObject) -> None:
    plain = {"layers": layers}
    places = [place for place, _ in edits.placed(plain)]
    chosen = data.draw(st.lists(st.sampled_from(places), min_size=1, unique=True))
    before = data.draw(st.sampled_from([*places, ("layers", len(layers))]))
    kept = copy.deepcopy(plain)
    moved, then = edits.moved(plain, chosen, before)

    def leaves(some: Any) -> list[int]:
        return sorted(layer["units"] for _, layer in edits.placed(some) if "units" in layer)

    assert plain == kept
    assert leaves(moved) == leaves(plain)
    assert all(edits.inner_of(layer) for _, layer in edits.placed(moved) if "layers" in layer)
    assert then == chosen or [edits.at(moved, p) for p in then] == [edits.at(plain, p) for p in _in_place(then, chosen)]


def _in_place(then: list[LayerPath], chosen: list[LayerPath]) -> list[LayerPath]:
    """The uppermost of ``chosen``, as many as were moved."""
    held = edits.uppermost(chosen)
    assert len(then) == len(held)
    return held


# -- kinds ---------------------------------------------------------------------------------------------------------


def test_the_menu_offers_every_kind_with_a_sentence(qtbot: Any) -> None:
    bench = nested(qtbot)
    for menu in (bench.builder.menu, bench.builder.inside_menu):
        offered = {action.data(): action for action in menu.actions() if action.data()}
        assert set(offered) == set(KINDS)
        assert all(action.toolTip() for action in offered.values())
        assert menu.toolTipsVisible()


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_can_be_placed_somewhere_and_what_was_placed_can_be_built(qtbot: Any, kind: str) -> None:
    for data in ("digits", "digit_rows", "moons"):
        bench = Bench(qtbot, experiment(data=data))
        bench.add(kind)
        if bench.tree:
            break
    assert [layer.kind for layer in bench.experiment.layers] == [kind]
    shape = bench.experiment.data.input_shape
    assert shape is not None
    assert Network(bench.experiment, shape, 2, 3).parameters.size > 0


@pytest.mark.parametrize("kind", ["highway", "residual"])
def test_a_new_layer_takes_the_width_it_must_have(qtbot: Any, kind: str) -> None:
    bench = Bench(qtbot, experiment(dense(37)))
    bench.choose(inner(0))
    bench.add(kind)
    assert bench.tree in ([37, 37], [37, [37]])
    bench.add(kind, inside=kind == "residual")
    assert not bench.builder.refusal.text()


def test_another_kind_keeps_the_fields_that_both_have() -> None:
    layer = dense(37, repeat=4, activation={"kind": "elu"}, dropout={"kind": "inverted", "rate": 0.3})
    maxout = edits.as_kind(layer, "maxout")
    assert maxout == {"kind": "maxout", "units": 37, "repeat": 4, "dropout": {"kind": "inverted", "rate": 0.3}}
    assert edits.as_kind(layer, "convolution")["activation"] == {"kind": "elu"}
    assert edits.as_kind(layer, "flatten") == {"kind": "flatten", "repeat": 4}
    assert edits.as_kind(layer, "dense") == layer


def test_a_layer_goes_inside_a_composite_and_comes_out_of_it() -> None:
    layer = dense(37, repeat=4)
    block = edits.as_kind(layer, "residual")
    assert block == {"kind": "residual", "repeat": 4, "layers": [dense(37)]}
    assert edits.as_kind(block, "dense") == layer
    assert edits.as_kind({**block, "normalization": {"kind": "batch", "position": "last"}}, "dense") == layer


def test_the_kind_of_a_chosen_layer_is_changed_in_its_form(qtbot: Any) -> None:
    bench = Bench(qtbot, experiment(dense(), dense(37)))
    bench.choose(inner(1))
    for title, tree in (("maxout", [64, 37]), ("residual", [64, [37]])):
        row = bench.builder.layer_form.row(("kind",))
        assert isinstance(row, ChoiceRow)
        row.combo.activated.emit(row.combo.findText(title))
        if bench.builder.refusal.text():
            bench.take("Add projection")
        assert bench.tree == tree
        assert bench.builder.chosen() == [inner(1)]


@pytest.mark.parametrize("width", [240, 280])
@pytest.mark.parametrize("kind", KINDS)
def test_the_form_of_every_kind_fits_a_narrow_panel(qtbot: Any, kind: str, width: int) -> None:
    host = QWidget()
    qtbot.addWidget(host)
    qtbot.__dict__.setdefault("held", []).append(host)
    form = PartForm(Layer, parent=host)
    form.set_value({"kind": kind})
    form.resize(width, form.sizeHint().height())
    host.resize(width, form.height())
    host.show()
    for row, _ in form.root.rows():
        assert row.mark.mapTo(form, row.mark.rect().topRight()).x() <= width
        for edit in row.findChildren(QLineEdit):
            assert not edit.isVisible() or edit.width() >= 40
    assert not any("layers" in row.path for row, _ in form.root.rows())


# -- what does not fit ---------------------------------------------------------------------------------------------

CONVOLUTION = {"kind": "convolution", "channels": 4}
IMAGE, TABLE, SEQUENCE = (1, 8, 8), (30,), (8, 5)


@pytest.mark.parametrize(
    ("layers", "shape", "words", "offers"),
    [
        ([{"kind": "flatten"}, CONVOLUTION], IMAGE, ["Layer 2", "image", "64 numbers"], ["Remove flatten"]),
        ([dense(), CONVOLUTION], IMAGE, ["Layer 2", "64 numbers"], ["Put it before layer 1"]),
        (
            [{"kind": "lstm"}],
            TABLE,
            ["Layer 1", "sequence", "the data set gives 30 numbers"],
            ["Make it a dense layer of 64 units"],
        ),
        (
            [{"kind": "gru"}, {"kind": "lstm"}],
            SEQUENCE,
            ["Layer 2", "64 numbers"],
            ["Use every step of the layer before"],
        ),
        ([{**CONVOLUTION, "kernel": 9}], IMAGE, ["Layer 1", "9 × 9", "8 × 8"], ["Make the kernel 8"]),
        (
            [dense(), residual(dense(9))],
            IMAGE,
            ["Layer 2", "9 numbers", "64 numbers"],
            ["Add projection", "Give it 64 units"],
        ),
        ([residual(dense(9))], IMAGE, ["Layer 1", "9 numbers", "8 × 8"], ["Insert flatten and add projection"]),
        ([{"kind": "highway", "units": 64}], IMAGE, ["Layer 1", "64 numbers", "8 × 8"], ["Insert flatten"]),
        ([{"kind": "highway"}], IMAGE, ["Layer 1", "100 numbers", "8 × 8"], ["Insert flatten and give it 64 units"]),
        (
            [residual(dense(), {"kind": "flatten"}, CONVOLUTION)],
            TABLE,
            ["Layer 1.3 (convolution)"],
            ["Make it a dense layer of 4 units and add projection"],
        ),
    ],
)
def test_a_stack_that_does_not_fit_is_refused_with_what_would_help(
    layers: list[Any], shape: tuple[int, ...], words: list[str], offers: list[str]
) -> None:
    plain = experiment(*layers).to_builtins()
    found = misfit(plain, shape)
    assert found is not None
    assert all(word in found.reason for word in words), found.reason
    assert [offer.title for offer in found.offers][: len(offers)] == offers
    assert bool(found.offers) == bool(offers)
    for offer in found.offers:
        assert misfit(offer.plain, shape) is None
        Network(Experiment.from_builtins(offer.plain), shape, 2, 3)


def test_one_repair_is_made_wherever_it_is_needed() -> None:
    layers = [
        dense(9),
        {"kind": "highway", "units": 64, "repeat": 3},
        residual(dense(5)),
        {"kind": "highway", "units": 64},
    ]
    found = misfit(experiment(*layers).to_builtins(), IMAGE)
    assert found is not None
    assert [offer.title for offer in found.offers] == ["Give it 9 units"]
    assert tree_of(found.offers[0].plain["layers"]) == [9, 9, [9], 9]


def test_what_fits_is_left_alone() -> None:
    plain = experiment(CONVOLUTION, dense()).to_builtins()
    assert misfit(plain, IMAGE) is None
    assert fitted(plain, IMAGE, inner(1)) is plain


def test_a_refused_edit_changes_nothing_until_its_repair_is_taken(qtbot: Any) -> None:
    bench = Bench(qtbot, experiment(dense(), residual(dense())))
    bench.choose(inner(1, 0))
    bench.type_units("32")
    assert bench.tree == [64, [64]]
    assert bench.proposals == []
    assert "Layer 2" in bench.builder.refusal.text()
    assert bench.offers == ["Add projection"]
    bench.take("Add projection")
    assert bench.tree == [64, [32]]
    assert bench.experiment.layers[1].projection.kind == "linear"
    assert bench.proposals == ["Change units of 1 layer"]
    assert not bench.builder.refusal.isVisible()


def test_a_refusal_is_over_with_the_next_edit(qtbot: Any) -> None:
    bench = Bench(qtbot, experiment(dense(), dense(32)))
    bench.choose(inner(1))
    bench.add("convolution")
    assert bench.builder.refusal.isVisible()
    assert bench.builder.chosen() == [inner(1)]
    bench.type_units("33")
    assert bench.tree == [64, 33]
    assert not bench.builder.refusal.isVisible()


def test_what_came_with_a_misfit_is_marked_and_stays_open_to_every_edit(qtbot: Any) -> None:
    bench = Bench(qtbot, experiment(dense(), CONVOLUTION, dense(3)))
    rows = bench.builder.stack.entries()
    assert [bool(row.wrong) for row in rows] == [False, False, True, False, False]
    assert [row.shape for row in rows] == ["1×8×8", "64", "", "", ""]
    assert bench.builder.foot.text() == ""
    bench.choose(inner(2))
    bench.type_units("5")
    assert bench.tree == [64, "convolution", 5]
    assert "Layer 2" in bench.builder.refusal.text()
    bench.take("Put it before layer 1")
    assert bench.tree == ["convolution", 64, 5]
    assert not any(row.wrong for row in bench.builder.stack.entries())
    assert "parameters" in bench.builder.foot.text()


def test_data_that_the_stack_cannot_take_are_said_at_the_layer(qtbot: Any) -> None:
    bench = Bench(qtbot, experiment(CONVOLUTION, dense(3)))
    bench.propose({**bench.experiment.to_builtins(), "data": {"kind": "moons"}}, "Change data", None, True)
    assert bench.builder.stack.entry(1).wrong == bench.builder.refusal.text()
    bench.propose({**bench.experiment.to_builtins(), "data": {"kind": "digits"}}, "Change data", None, True)
    assert not bench.builder.refusal.isVisible()


def test_what_only_the_worker_knows_is_shown_at_its_layer(qtbot: Any) -> None:
    data = {"kind": "csv", "path": "unread.csv", "target": "y"}
    plain = {"data": data, "layers": [dense(), residual(dense(), {"kind": "pooling"})]}
    bench = Bench(qtbot, Experiment.from_builtins(plain))
    assert bench.builder.foot.text() == ""
    bench.builder.refuse("layers[1].layers[1]", "layer 2 (residual): that is no image")
    assert [row.number for row in bench.builder.stack.entries() if row.wrong] == ["2.2"]
    assert "no image" in bench.builder.refusal.text()
    bench.builder.refuse("data", "no such file")
    assert "no image" in bench.builder.refusal.text()


# -- memory --------------------------------------------------------------------------------------------------------


def test_parameters_and_memory_stand_at_the_foot_before_anything_is_trained(qtbot: Any) -> None:
    bench = Bench(qtbot, experiment(dense(10)))
    assert bench.builder.foot.text().startswith("760 parameters · ")
    bench.choose(inner(0))
    bench.type_units("20")
    assert "510 parameters · " in bench.builder.foot.text()


def test_a_net_too_large_to_be_held_says_what_it_would_need(qtbot: Any) -> None:
    bench = Bench(qtbot, experiment(dense(16384, repeat=20)))
    said = bench.builder.foot.text()
    assert "GiB of memory; the limit is 8 GiB" in said
    assert bench.builder.foot.property("role") == "warning"
    bench.builder.set_experiment(experiment(dense(10)))
    assert bench.builder.foot.property("role") == "muted"


def test_checkpoints_show_less_memory_before_it_is_spent(qtbot: Any) -> None:
    bench = Bench(qtbot, experiment({"kind": "lstm"}, data="digit_rows"))
    bench.choose(inner(0))
    before = bench.builder.foot.text()
    row = bench.builder.layer_form.row(("checkpoint",))
    assert row is not None
    row.committed.emit(True)
    assert bench.builder.foot.text() != before


def test_a_refused_drag_offers_its_repair_when_the_hand_lets_go(qtbot: Any) -> None:
    bench = Bench(qtbot, experiment(dense(), residual(dense())))
    bench.choose(inner(1, 0))
    row = bench.builder.layer_form.row(("units",))
    assert isinstance(row, NumberRow)
    assert row.track is not None
    start = QPoint(round(row.track.x_of(64)), 12)
    qtbot.mousePress(row.track, LEFT, pos=start)
    qtbot.mouseMove(row.track, start - QPoint(8, 0))
    assert bench.builder.refusal.isVisible()
    assert bench.offers == []
    qtbot.mouseRelease(row.track, LEFT, pos=start - QPoint(8, 0))
    assert bench.tree == [64, [64]]
    assert bench.offers == ["Add projection"]
    bench.take("Add projection")
    ((block,),) = bench.tree[1:]
    assert 1 < block < 64
