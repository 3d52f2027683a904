"""Forms over every part of the simulator: they show, report and refresh without knowing any of them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, ClassVar

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit, QWidget

from simulator.data import Data
from simulator.experiment.experiment import Experiment
from simulator.layers import Dropout, Layer, Normalization
from simulator.parts.activations import Activation
from simulator.parts.initializers import Initializer
from simulator.parts.losses import Loss
from simulator.parts.optimizers import Optimizer
from simulator.parts.schedules import Schedule
from simulator.schema.parameter import Part, Spec, any_of, concrete, kind_of, knob, parameters
from ui.forms.form import PartForm, missing
from ui.forms.number_row import NumberRow
from ui.forms.row import ROW_HEIGHT
from ui.forms.rows import ChoiceRow, FlagRow, TextsRow
from ui.forms.text_rows import TextRow
from ui.forms.training import column_names, with_fitting_loss

BASES = (Activation, Data, Dropout, Initializer, Layer, Loss, Normalization, Optimizer, Schedule)
KINDS = [(base, kind) for base in BASES for kind in concrete(base)]


def hold(qtbot: Any, host: QWidget) -> None:
    """Keep ``host`` for as long as the test, or Python may collect it while Qt is painting it."""
    qtbot.addWidget(host)
    qtbot.__dict__.setdefault("held", []).append(host)


class Shape(Part, frozen=True):
    """A part of these tests."""


class Round(Shape, frozen=True, tag="round"):
    """Has a radius."""

    radius: Annotated[float, knob("radius", "How big.", slider=(0, 1), ge=0, live=True)] = 0.5


class Square(Shape, frozen=True, kw_only=True, tag="square"):
    """Has a side and must be named."""

    label: ClassVar[str] = "four sides"
    side: Annotated[float, knob("side", "How long.", slider=(0, 1), ge=0)] = 0.25
    name: Annotated[str, knob("name", "What it is called.")] = ""


AnyShape = any_of(Shape)


class Inner(Spec, frozen=True, kw_only=True):
    """A struct in a struct."""

    on: Annotated[bool, knob("on", "Whether.")] = False


class Thing(Spec, frozen=True, kw_only=True):
    """A bit of everything."""

    shape: Annotated[AnyShape, knob("shape", "What it looks like.")] = Round()
    other: Annotated[AnyShape | None, knob("other", "What else.")] = None
    inner: Annotated[Inner, knob("inner", "What is in it.")] = Inner()
    names: Annotated[tuple[str, ...], knob("names", "Which ones.")] = ()
    file: Annotated[str, knob("file", "From where.", file=True)] = ""


class Heard(list[tuple[tuple[Any, ...], Any, bool]]):
    """What a form emitted."""

    def __init__(self, form: PartForm) -> None:
        super().__init__()
        form.edited.connect(lambda path, value, final: self.append((path, value, final)))


def shown(qtbot: Any, spec: type[Spec], **options: Any) -> tuple[PartForm, Heard]:
    host = QWidget()
    hold(qtbot, host)
    host.resize(290, 600)
    form = PartForm(spec, parent=host, **options)
    form.resize(290, 600)
    host.show()
    return form, Heard(form)


def pick(form: PartForm, path: tuple[Any, ...], text: str) -> None:
    """Choose as a hand does."""
    row = form.row(path)
    assert isinstance(row, ChoiceRow)
    index = row.combo.findText(text)
    assert index >= 0
    row.combo.setCurrentIndex(index)
    row.combo.activated.emit(index)


def type_into(qtbot: Any, edit: QLineEdit, text: str) -> None:
    edit.selectAll()
    qtbot.keyClicks(edit, text)
    qtbot.keyClick(edit, Qt.Key.Key_Return)


@pytest.mark.parametrize(("base", "kind"), KINDS, ids=[f"{base.__name__}-{kind_of(kind)}" for base, kind in KINDS])
def test_every_kind_shows_all_its_fields_with_names_and_tooltips(
    qtbot: Any, base: type[Part], kind: type[Part]
) -> None:
    form, heard = shown(qtbot, base)
    form.set_value({"kind": kind_of(kind)})
    for parameter in parameters(kind):
        if parameter.type in ("parts", "spec"):
            continue
        path = (parameter.name, "kind") if parameter.type == "part" else (parameter.name,)
        row = form.row(path)
        assert (row is None) == parameter.knob.hidden, parameter.name
        if row is None:
            continue
        assert parameter.knob.help in row.toolTip()
        assert row.label.text().lower() == parameter.knob.label.lower()
        assert row.label.width() >= row.label.sizeHint().width()
        assert all(edit.accessibleName() for edit in row.findChildren(QLineEdit) if edit.isVisible())
    assert heard == []


@pytest.mark.parametrize("base", BASES)
def test_a_choice_offers_every_kind(qtbot: Any, base: type[Part]) -> None:
    form, _ = shown(qtbot, base)
    row = form.row(("kind",))
    assert isinstance(row, ChoiceRow)
    assert sorted(row.offered) == sorted(kind_of(part) for part in concrete(base))


def test_every_row_fits_a_narrow_panel(qtbot: Any) -> None:
    form, _ = shown(qtbot, Layer)
    form.set_value({"kind": "dense", "normalization": {"kind": "batch"}, "initializer": {"kind": "variance_scaled"}})
    rows = [row for row, _ in form.root.rows() if row.isVisible()]
    assert len(rows) > 8
    assert all(row.height() == ROW_HEIGHT for row in rows)
    assert all(row.mark.mapTo(form, row.mark.rect().topRight()).x() <= 290 for row in rows)
    tracks = [row.track for row in rows if isinstance(row, NumberRow) and row.track is not None]
    assert all(track.width() >= 40 for track in tracks)


def test_an_edit_tells_its_path_from_the_root(qtbot: Any) -> None:
    form, heard = shown(qtbot, Layer)
    form.set_value({"kind": "dense", "activation": {"kind": "leaky_relu", "slope": 0.25}})
    row = form.row(("activation", "slope"))
    assert isinstance(row, NumberRow)
    assert row.value() == 0.25
    type_into(qtbot, row.edit, "0.125")
    assert heard == [(("activation", "slope"), 0.125, True)]


def test_choosing_a_kind_is_told_once_and_shows_its_fields_when_it_is_set(qtbot: Any) -> None:
    form, heard = shown(qtbot, Layer)
    form.set_value({"kind": "dense"})
    pick(form, ("activation", "kind"), "ELU")
    assert heard == [(("activation", "kind"), "elu", True)]
    form.set_value({"kind": "dense", "activation": {"kind": "elu"}})
    assert isinstance(form.row(("activation", "alpha")), NumberRow)
    assert len(heard) == 1


def test_hidden_fields_are_not_there(qtbot: Any) -> None:
    form, _ = shown(qtbot, Layer, hidden=("repeat",))
    form.set_value({"kind": "dense"})
    assert form.row(("repeat",)) is None
    assert form.row(("units",)) is not None


def test_a_refresh_keeps_rows_and_focus(qtbot: Any) -> None:
    form, _ = shown(qtbot, Layer)
    form.set_value({"kind": "dense", "units": 10})
    row = form.row(("units",))
    assert isinstance(row, NumberRow)
    form.activateWindow()
    row.edit.setFocus()
    qtbot.waitUntil(row.edit.hasFocus)
    form.set_value({"kind": "dense", "units": 20})
    assert form.row(("units",)) is row
    assert row.edit.hasFocus()
    assert row.edit.text() == "20"


def test_several_values_show_what_they_share(qtbot: Any) -> None:
    form, _ = shown(qtbot, Layer)
    form.set_values(
        [
            {"kind": "dense", "units": 10, "activation": {"kind": "elu", "alpha": 1.0}},
            {"kind": "dense", "units": 10, "activation": {"kind": "elu", "alpha": 2.0}, "dropout": {"kind": "classic"}},
        ]
    )
    units, alpha, dropout = (form.row(p) for p in (("units",), ("activation", "alpha"), ("dropout", "kind")))
    assert units is not None and units.value() == 10  # noqa: PT018
    assert isinstance(alpha, NumberRow)
    assert alpha.edit.placeholderText() == "mixed"
    assert isinstance(dropout, ChoiceRow)
    assert dropout.combo.currentIndex() == -1
    assert form.row(("dropout", "rate")) is None


def test_a_refusal_is_shown_beside_its_field(qtbot: Any) -> None:
    form, _ = shown(qtbot, Layer)
    form.set_value({"kind": "dense"})
    form.refuse(("units",), "That does not fit.")
    row = form.row(("units",))
    assert row is not None
    assert row.warning.isVisible()
    assert row.warning.text() == "That does not fit."
    form.set_value({"kind": "dense", "units": 11})
    assert not row.warning.isVisible()


def test_a_kind_that_needs_a_text_waits_for_it(qtbot: Any) -> None:
    form, heard = shown(qtbot, Thing)
    form.set_value(Thing())
    pick(form, ("shape", "kind"), "four sides")
    assert heard == []
    head, name = form.row(("shape", "kind")), form.row(("shape", "name"))
    assert head is not None and head.warning.text() == "Choose name first."  # noqa: PT018
    form.set_value(Thing())
    assert form.row(("shape", "name")) is name
    assert isinstance(name, TextRow)
    type_into(qtbot, name.line, "box")
    assert heard == [(("shape",), {"kind": "square", "name": "box"}, True)]


def test_going_back_from_an_unfinished_kind_changes_nothing(qtbot: Any) -> None:
    form, heard = shown(qtbot, Thing)
    form.set_value(Thing())
    pick(form, ("shape", "kind"), "four sides")
    pick(form, ("shape", "kind"), "round")
    assert heard == []
    assert form.row(("shape", "radius")) is not None
    assert form.row(("shape", "name")) is None


def test_an_optional_part_is_switched_on_whole_and_off(qtbot: Any) -> None:
    form, heard = shown(qtbot, Thing)
    form.set_value(Thing())
    pick(form, ("other", "kind"), "round")
    form.set_value(Thing(other=Round()))
    pick(form, ("other", "kind"), "automatic")
    assert heard == [(("other",), {"kind": "round"}, True), (("other",), None, True)]


def test_flags_and_nested_structs_report(qtbot: Any) -> None:
    form, heard = shown(qtbot, Thing)
    form.set_value(Thing())
    row = form.row(("inner", "on"))
    assert isinstance(row, FlagRow)
    row.box.click()
    assert heard == [(("inner", "on"), True, True)]


def test_suggested_names_become_a_check_list_and_are_asked_anew_for_another_file(qtbot: Any) -> None:
    asked: list[Any] = []

    def names(path: tuple[Any, ...], beside: Any) -> tuple[str, ...]:
        asked.append((path, beside["file"]))
        return ("a", "b", "c")

    form, heard = shown(qtbot, Thing, suggestions=names)
    form.set_value(Thing(names=("b",)))
    form.set_value(Thing(names=("b",)))
    row = form.row(("names",))
    assert isinstance(row, TextsRow)
    ticked = [row.list.item(i).checkState() == Qt.CheckState.Checked for i in range(row.list.count())]
    assert ticked == [False, True, False]
    row.list.item(2).setCheckState(Qt.CheckState.Checked)
    assert heard == [(("names",), ["b", "c"], True)]
    form.set_value(Thing(names=("b",) * 40))
    assert row.line.cursorPosition() == 0
    form.set_value(Thing(names=("b",), file="x"))
    assert asked == [(("names",), ""), (("names",), "x")]


def test_a_csv_file_offers_its_columns_and_is_proposed_when_complete(qtbot: Any, tmp_path: Path) -> None:
    file = tmp_path / "table.csv"
    file.write_text("height,width,sort\n1,2,a\n3,4,b\n5,6,a\n", encoding="utf-8")
    form, heard = shown(qtbot, Experiment, only=("data",), suggestions=column_names)
    form.set_value({"data": {"kind": "moons"}})
    pick(form, ("data", "kind"), "table file")
    path, target = form.row(("data", "path")), form.row(("data", "target"))
    assert isinstance(path, TextRow)
    assert isinstance(target, TextRow)
    path.line.setText(str(file))
    path.line.editingFinished.emit()
    assert heard == [(("data",), {"kind": "csv", "path": str(file)}, True)]
    assert [target.combo.itemText(i) for i in range(target.combo.count())] == ["height", "width", "sort"]
    target.combo.setCurrentIndex(2)
    target.combo.activated.emit(2)
    assert heard[1][0][-1] == "target" or heard[1][1]["target"] == "sort"


def test_a_file_that_cannot_be_read_says_so_at_its_row(qtbot: Any, tmp_path: Path) -> None:
    form, _ = shown(qtbot, Experiment, only=("data",), suggestions=column_names)
    form.set_value({"data": {"kind": "csv", "path": str(tmp_path / "none.csv"), "target": "a"}})
    row = form.row(("data", "path"))
    assert row is not None
    assert "none.csv" in row.warning.text()


def test_what_is_missing_is_what_has_no_default() -> None:
    assert [p.name for p in missing(Square, {})] == ["name"]
    assert missing(Square, {"name": "box"}) == []


def stack(data: str, **more: Any) -> dict[str, Any]:
    return {"data": {"kind": data}, "layers": [{"kind": "dense"}], **more}


def test_a_loss_left_to_the_data_follows_the_data() -> None:
    old = Experiment.from_builtins(stack("moons"))
    plain = with_fitting_loss(old, {**old.to_builtins(), "data": {"kind": "diabetes"}})
    assert Experiment.from_builtins(plain).objective.kind == "mse"


def test_a_loss_of_choice_stays_where_it_fits() -> None:
    old = Experiment.from_builtins(stack("moons", loss={"kind": "sigmoid_cross_entropy"}))
    plain = with_fitting_loss(old, {**old.to_builtins(), "data": {"kind": "xor"}})
    assert Experiment.from_builtins(plain).objective.kind == "sigmoid_cross_entropy"
