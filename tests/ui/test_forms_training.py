"""The training panel: sections over the experiment's fields, the schedule's curve, refusals beside the control."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from simulator.experiment.experiment import Experiment, ExperimentError
from simulator.parts.schedules import Schedule
from simulator.schema.parameter import concrete, kind_of, parameters
from ui.forms.curve import ScheduleCurve, horizon_of
from ui.forms.number_row import NumberRow
from ui.forms.rows import ChoiceRow
from ui.forms.training import TrainingPanel
from ui.style.numbers import number

START = {"data": {"kind": "moons"}, "layers": [{"kind": "dense", "units": 5}]}


def hold(qtbot: Any, host: QWidget) -> None:
    """Keep ``host`` for as long as the test, or Python may collect it while Qt is painting it."""
    qtbot.addWidget(host)
    qtbot.__dict__.setdefault("held", []).append(host)


class Bench:
    """The panel and the document behind it."""

    def __init__(self, qtbot: Any, **more: Any) -> None:
        self.experiment = Experiment.from_builtins({**START, **more})
        self.proposals: list[tuple[str, str | None, bool]] = []
        self.refusal: str | None = None
        self.host = QWidget()
        hold(qtbot, self.host)
        self.host.resize(300, 660)
        self.panel = TrainingPanel(self.propose, parent=self.host)
        self.panel.resize(300, 660)
        self.panel.set_experiment(self.experiment)
        self.host.show()

    def propose(self, plain: dict[str, Any], description: str, key: str | None, final: bool) -> str | None:
        self.proposals.append((description, key, final))
        if self.refusal:
            return self.refusal
        try:
            self.experiment = Experiment.from_builtins(plain)
        except ExperimentError as error:
            return str(error)
        self.panel.set_experiment(self.experiment)
        return None

    def pick(self, name: str, text: str) -> None:
        row = self.panel.form(name).row((name, "kind"))
        assert isinstance(row, ChoiceRow)
        index = row.combo.findText(text)
        assert index >= 0
        row.combo.setCurrentIndex(index)
        row.combo.activated.emit(index)


def test_every_field_of_the_experiment_that_is_not_the_stack_has_a_place(qtbot: Any) -> None:
    panel = Bench(qtbot).panel
    for parameter in parameters(Experiment):
        if parameter.name not in ("format", "name", "layers", "output") and not parameter.knob.hidden:
            assert panel.form(parameter.name).isVisibleTo(panel)


def test_a_typed_rate_is_proposed_under_its_path(qtbot: Any) -> None:
    bench = Bench(qtbot)
    row = bench.panel.form("optimizer").row(("optimizer", "learning_rate"))
    assert isinstance(row, NumberRow)
    row.edit.selectAll()
    qtbot.keyClicks(row.edit, "0.25")
    qtbot.keyClick(row.edit, Qt.Key.Key_Return)
    assert bench.experiment.optimizer.learning_rate == 0.25
    assert bench.proposals == [("Change learning rate", "optimizer.learning_rate", True)]


def test_the_panel_keeps_the_learning_rate_in_sight_without_scrolling(qtbot: Any) -> None:
    bench = Bench(qtbot)
    qtbot.wait(1)
    row = bench.panel.form("optimizer").row(("optimizer", "learning_rate"))
    assert row is not None
    assert row.mapTo(bench.panel.viewport(), row.rect().bottomLeft()).y() < 560


def test_penalties_are_proposed_where_they_stand_in_the_experiment(qtbot: Any) -> None:
    bench = Bench(qtbot)
    row = bench.panel.form("regularization").row(("clip_norm",))
    assert isinstance(row, NumberRow)
    assert row.switch is not None
    row.switch.click()
    assert bench.experiment.regularization.clip_norm == 1.0


def test_a_regression_data_set_brings_its_loss_with_it(qtbot: Any) -> None:
    bench = Bench(qtbot)
    bench.pick("data", "diabetes")
    assert bench.experiment.objective.kind == "mse"


def test_a_loss_that_does_not_fit_is_refused_beside_the_choice(qtbot: Any) -> None:
    bench = Bench(qtbot, data={"kind": "diabetes"})
    row = bench.panel.form("loss").row(("loss", "kind"))
    assert isinstance(row, ChoiceRow)
    shown = row.combo.currentText()
    index = next(i for i in range(row.combo.count()) if "softmax" in row.combo.itemText(i))
    row.combo.setCurrentIndex(index)
    row.combo.activated.emit(index)
    assert "needs classes" in row.warning.text()
    assert row.combo.currentText() == shown


def test_folded_sections_hide_their_body_and_say_what_they_hold(qtbot: Any) -> None:
    panel = Bench(qtbot).panel
    section = panel.section("Optimiser")
    qtbot.mouseClick(section.head, Qt.MouseButton.LeftButton)
    assert not section.body.isVisibleTo(section)
    assert section.summary.isVisibleTo(section)
    assert "sgd" in section.summary.text()
    assert panel.folded() == ("Optimiser",)
    panel.set_folded(("Run",))
    assert panel.folded() == ("Run",)


@pytest.mark.parametrize("kind", concrete(Schedule), ids=kind_of)
def test_every_schedule_is_drawn_and_holds_the_present_step(qtbot: Any, kind: type[Schedule]) -> None:
    host = QWidget()
    hold(qtbot, host)
    curve = ScheduleCurve()
    curve.setParent(host)
    curve.resize(260, 64)
    host.resize(300, 80)
    curve.set_schedule(kind(), 0.1)
    first = curve.grab().toImage()
    curve.set_step(400_000)
    assert curve.horizon >= 400_000
    assert curve.grab().toImage() != first
    curve.set_step(0)
    assert curve.horizon == horizon_of(kind())


def test_a_schedule_that_overflows_is_still_drawn(qtbot: Any) -> None:
    host = QWidget()
    hold(qtbot, host)
    curve = ScheduleCurve()
    curve.setParent(host)
    kinds = {kind_of(kind): kind for kind in concrete(Schedule)}
    curve.set_schedule(kinds["exponential"](gamma=50.0), 1e300)
    assert not curve.grab().isNull()


def test_an_edit_of_the_schedule_redraws_the_curve(qtbot: Any) -> None:
    bench = Bench(qtbot)
    before = bench.panel.curve.grab().toImage()
    bench.pick("schedule", "cosine")
    assert bench.panel.curve.grab().toImage() != before


@pytest.mark.parametrize("kind", concrete(Schedule), ids=kind_of)
@pytest.mark.parametrize("step", [0, 250, 10_000])
def test_the_rate_that_acts_stands_beside_the_base_rate(qtbot: Any, kind: type[Schedule], step: int) -> None:
    bench = Bench(qtbot, schedule={"kind": kind_of(kind)}, optimizer={"kind": "adam", "learning_rate": 0.07})
    bench.panel.set_step(step)
    row = bench.panel.form("optimizer").row(("optimizer", "learning_rate"))
    assert isinstance(row, NumberRow)
    acting, unlike = kind().rate(0.07, step), kind().rate(0.9, step)
    assert (number(acting, fixed=True) in row.note.text()) or (acting == 0.07 and not row.note.text())
    has_say = any(kind().rate(0.07, s) != kind().rate(0.9, s) for s in range(3000))
    assert row.isEnabled() is row.track.isEnabled() is has_say  # type: ignore[union-attr]
    for tip in (row.toolTip(), row.mark.toolTip()):
        assert ("Acts on the next step" in tip) is has_say
        assert tip.startswith("Not used: ") is not has_say
    assert ("sets the rate" in row.note.text()) is not has_say
    assert ("whatever is set here" in row.note.text()) is (has_say and acting == unlike)
    assert "Learning rate" in row.label.text()


def test_the_base_rate_can_be_set_again_under_a_schedule_that_uses_it(qtbot: Any) -> None:
    bench = Bench(qtbot, schedule={"kind": "one_cycle"})
    bench.pick("schedule", "cosine")
    row = bench.panel.form("optimizer").row(("optimizer", "learning_rate"))
    assert row is not None
    assert row.isEnabled()
