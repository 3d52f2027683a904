"""What is selected stays selected by identity, wherever it goes, also among layers that are alike."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtWidgets import QWidget

from simulator.experiment.experiment import Experiment
from ui.bench.document import Document
from ui.builder import edits
from ui.builder.builder import Builder
from ui.builder.edits import LayerPath
from ui.builder.identity import Identities, aligned, trees

DENSE = {"kind": "dense", "units": 8}
CONVOLUTION = {"kind": "convolution", "channels": 2}


class Bench:
    """A builder and the document behind it, with its undo."""

    def __init__(self, qtbot: Any, *layers: dict[str, Any], data: str = "moons") -> None:
        self.document = Document(Experiment.from_builtins({"data": {"kind": data}, "layers": list(layers)}))
        self.host = QWidget()
        qtbot.addWidget(self.host)
        qtbot.__dict__.setdefault("held", []).append(self.host)
        self.builder = Builder(self.document.propose, parent=self.host)
        self.document.changed.connect(lambda _old, new: self.builder.set_experiment(new))
        self.builder.set_experiment(self.document.experiment)

    def act(self, name: str) -> None:
        self.builder.actions_by_name[name].trigger()

    def undo(self) -> None:
        self.document.undo_stack.undo()

    def redo(self) -> None:
        self.document.undo_stack.redo()

    def choose(self, *indices: int) -> None:
        self.builder.choose([("layers", index) for index in indices])

    @property
    def chosen(self) -> list[LayerPath]:
        return self.builder.chosen()

    @property
    def kinds(self) -> list[str]:
        return [layer.kind for layer in self.document.experiment.layers]

    def add(self, kind: str) -> None:
        next(a for a in self.builder.menu.actions() if a.text() == kind).trigger()

    def take(self, title: str) -> None:
        next(b for b in self.builder.refusal.buttons if b.accessibleName().startswith(title)).click()


def test_a_layer_that_moves_is_selected_there_and_back_again(qtbot: Any) -> None:
    bench = Bench(qtbot, DENSE, {**DENSE, "units": 9}, {**DENSE, "units": 10})
    bench.choose(2)
    bench.act("up")
    bench.act("up")
    assert bench.chosen == [("layers", 0)]
    for expected in (1, 2):
        bench.undo()
        assert bench.chosen == [("layers", expected)]
    for expected in (1, 0):
        bench.redo()
        assert bench.chosen == [("layers", expected)]


def test_what_is_selected_stays_so_while_others_come_and_go_before_it(qtbot: Any) -> None:
    bench = Bench(qtbot, DENSE, DENSE, DENSE)
    bench.choose(0)
    bench.act("duplicate")
    bench.choose(3)
    bench.undo()
    assert bench.chosen == [("layers", 2)]
    bench.redo()
    assert bench.chosen == [("layers", 3)]


def test_a_layer_that_an_undo_takes_away_leaves_what_was_selected_before_it_came(qtbot: Any) -> None:
    bench = Bench(qtbot, DENSE, {**DENSE, "units": 9})
    bench.choose(0)
    bench.act("duplicate")
    assert bench.chosen == [("layers", 1)]
    bench.undo()
    assert bench.chosen == [("layers", 0)]
    bench.redo()
    assert bench.chosen == [("layers", 0)]


def test_layers_that_are_alike_change_places_with_their_selection(qtbot: Any) -> None:
    bench = Bench(qtbot, DENSE, DENSE)
    bench.choose(1)
    bench.act("up")
    assert bench.chosen == [("layers", 0)]
    assert bench.document.undo_stack.count() == 0
    bench.builder.set_experiment(bench.document.experiment)
    assert bench.chosen == [("layers", 0)]


def test_an_inner_layer_is_the_same_when_what_it_is_in_moves(qtbot: Any) -> None:
    residual = {"kind": "residual", "layers": [DENSE, DENSE], "projection": {"kind": "linear"}}
    bench = Bench(qtbot, DENSE, residual)
    bench.choose(1)
    bench.act("up")
    bench.builder.choose([("layers", 0, "layers", 1)])
    bench.undo()
    assert bench.chosen == [("layers", 1, "layers", 1)]


def test_another_kind_in_its_place_is_still_the_layer_that_was_selected(qtbot: Any) -> None:
    bench = Bench(qtbot, {**DENSE, "units": 2}, {**DENSE, "units": 2})
    bench.choose(1)
    bench.builder.layer_form.edited.emit(("kind",), "residual", True)
    assert bench.kinds == ["dense", "residual"]
    assert bench.chosen == [("layers", 1)]
    bench.undo()
    assert bench.chosen == [("layers", 1)]


@pytest.mark.parametrize("chosen", [0, 1])
def test_a_repair_that_moves_layers_leaves_the_selection_with_its_layer(qtbot: Any, chosen: int) -> None:
    bench = Bench(qtbot, {"kind": "dense"}, {"kind": "gru"}, data="adding")
    bench.choose(chosen)
    bench.take("Put it before layer 1")
    assert bench.kinds == ["gru", "dense"]
    assert bench.chosen == [("layers", 1 - chosen)]
    bench.undo()
    assert bench.chosen == [("layers", chosen)]
    bench.redo()
    assert bench.chosen == [("layers", 1 - chosen)]


def test_among_layers_that_are_alike_a_repair_moves_the_one_that_does_not_fit(qtbot: Any) -> None:
    bench = Bench(qtbot, CONVOLUTION, {"kind": "flatten"}, CONVOLUTION, data="digits")
    bench.choose(2)
    bench.take("Put it before layer 2")
    assert bench.kinds == ["convolution", "convolution", "flatten"]
    assert bench.chosen == [("layers", 1)]


@pytest.mark.parametrize(
    ("layers", "data", "kind", "repair", "kinds", "place"),
    [
        ([CONVOLUTION, DENSE], "digits", "convolution", "Put it before", ["convolution", "convolution", "dense"], 1),
        ([CONVOLUTION], "digits", "residual", "Insert flatten", ["convolution", "flatten", "residual"], 2),
    ],
)
def test_a_layer_that_was_refused_and_comes_by_a_repair_is_selected_as_any_other_that_is_added(
    qtbot: Any, layers: list[Any], data: str, kind: str, repair: str, kinds: list[str], place: int
) -> None:
    bench = Bench(qtbot, *layers, data=data)
    bench.choose(0)
    bench.choose(len(layers) - 1)
    bench.add(kind)
    assert bench.chosen == [("layers", len(layers) - 1)]
    bench.take(repair)
    assert bench.kinds == kinds
    assert bench.chosen == [("layers", place)]
    bench.undo()
    assert bench.chosen == [("layers", len(layers) - 1)]


def test_a_layer_that_only_a_repair_adds_is_selected_too(qtbot: Any) -> None:
    residual = {"kind": "residual", "layers": [DENSE]}
    bench = Bench(qtbot, CONVOLUTION, residual, data="digits")
    bench.choose(0)
    bench.take("Insert flatten")
    assert bench.kinds == ["convolution", "flatten", "residual"]
    assert bench.chosen == [("layers", 1)]
    bench.undo()
    assert bench.chosen == [("layers", 0)]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_whatever_is_done_and_undone_a_selected_layer_is_found_again(qtbot: Any, data: st.DataObject) -> None:
    widths = data.draw(st.lists(st.sampled_from([4, 5]), min_size=2, max_size=5))
    bench = Bench(qtbot, *({"kind": "dense", "units": width} for width in widths))
    fresh = iter(range(100, 200))
    state = list(enumerate(widths))
    states, at = [state], 0
    selected = None
    for _ in range(data.draw(st.integers(3, 10))):
        state = states[at]
        do = data.draw(st.sampled_from(["up", "down", "duplicate", "delete", "undo", "redo"]))
        if do in ("undo", "redo"):
            after = at + (1 if do == "redo" else -1)
            if not 0 <= after < len(states):
                continue
            at = after
            (bench.undo if do == "undo" else bench.redo)()
        else:
            if not state:
                continue
            index = data.draw(st.integers(0, len(state) - 1))
            bench.choose(index)
            selected = state[index]
            bench.act(do)
            new, selected = done(do, state, index, fresh)
            if [width for _, width in new] == [width for _, width in state]:
                states[at] = new
            else:
                states[at + 1 :] = [new]
                at += 1
        assert [layer.units for layer in bench.document.experiment.layers] == [width for _, width in states[at]]
        if selected in states[at]:
            assert bench.chosen == [("layers", states[at].index(selected))]
        elif bench.chosen:
            selected = states[at][int(bench.chosen[0][1])]


def done(do: str, state: list[tuple[int, int]], index: int, fresh: Any) -> tuple[list[tuple[int, int]], Any]:
    """What becomes of a stack of (identity, width), and which is selected then."""
    new = list(state)
    if do in ("up", "down"):
        other = index + (1 if do == "down" else -1)
        if 0 <= other < len(new):
            new[index], new[other] = new[other], new[index]
        return new, state[index]
    if do == "duplicate":
        new.insert(index + 1, (next(fresh), state[index][1]))
        return new, new[index + 1]
    del new[index]
    return new, new[min(index, len(new) - 1)] if new else None


# -- alignment ---------------------------------------------------------------------------------------------------


def plain(*units: int) -> dict[str, Any]:
    return {"layers": [{"kind": "dense", "units": unit} for unit in units]}


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        ((1, 2, 3), [1, 2, 3]),
        ((1, 9, 3), [1, 2, 3]),
        ((1, 3), [1, 3]),
        ((1, 2, 9, 3), [1, 2, None, 3]),
        ((3, 1, 2), [3, 1, 2]),
        ((7, 8, 9), [1, 2, 3]),
    ],
)
def test_a_stack_from_elsewhere_keeps_the_layers_that_it_has_in_common(
    after: tuple[int, ...], expected: list[int | None]
) -> None:
    old = Identities().completed(plain(1, 2, 3))
    found = aligned(old["layers"], plain(*after)["layers"])
    assert [layer.get(edits.TAG) for layer in found] == expected


def test_of_two_layers_with_one_tag_the_first_keeps_it() -> None:
    identities = Identities()
    old = identities.completed(plain(1, 2))
    found = identities.completed({"layers": [*old["layers"], old["layers"][0]]})
    assert [tree.tag for tree in trees(found["layers"])] == [1, 2, 3]


def test_nobody_outside_sees_a_tag(qtbot: Any) -> None:
    seen: list[dict[str, Any]] = []
    propose: Callable[..., str | None] = lambda plain, *_: seen.append(plain)  # noqa: E731
    host = QWidget()
    qtbot.addWidget(host)
    builder = Builder(propose, parent=host)
    builder.set_experiment(Experiment.from_builtins({"data": {"kind": "moons"}, **plain(3, 4)}))
    builder.choose([("layers", 0)])
    for action in builder.actions_by_name.values():
        action.trigger()
    assert seen
    assert not any(edits.TAG in repr(each) for each in seen)
