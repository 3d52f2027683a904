"""A lesson beside the bench: a prediction before the run, locks, the reveal, what is kept, and the sheet of paper."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from msgspec.structs import replace
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMenu
from pytestqt.qtbot import QtBot

from simulator.experiment.experiment import Experiment
from simulator.lessons.attempts import COLUMNS, Attempts, from_text, table
from simulator.lessons.files import find, save, shipped
from simulator.lessons.lesson import Suggestion
from tests.ui.windows import OpenOn
from ui.lessons.answer_forms import ChoiceForm, CurveForm, NumberForm, OrderForm, QuestionBox
from ui.lessons.curve_pad import CurvePad
from ui.lessons.open_lesson import HELD, attempts_of
from ui.lessons.panel import LessonPanel
from ui.lessons.worksheet import worksheet_text, write_worksheet
from ui.plots import all_plots
from ui.window.main_window import MainWindow
from ui.window.map_access import MapAccess

BEHIND = Experiment.from_builtins({"data": {"kind": "moons", "samples": 40}, "layers": [{"kind": "dense", "units": 3}]})


@pytest.fixture
def window(open_on: OpenOn) -> MainWindow:
    return open_on(BEHIND)


def panel_of(window: MainWindow) -> LessonPanel:
    assert window.lessons.panel is not None
    return window.lessons.panel


def answer(box: QuestionBox) -> None:
    """Something, by the widgets that a hand uses."""
    form = box.form
    if isinstance(form, NumberForm):
        QTest.keyClicks(form.field, "3e-3")
    elif isinstance(form, ChoiceForm):
        form.buttons[0].click()
    elif isinstance(form, OrderForm):
        form.keep.click()
    else:
        assert isinstance(form, CurveForm)
        middle, pad = form.pad.height() // 2, form.pad
        QTest.mousePress(pad, Qt.MouseButton.LeftButton, pos=QPoint(0, middle))
        QTest.mouseMove(pad, QPoint(pad.width() - 1, middle))
        QTest.mouseRelease(pad, Qt.MouseButton.LeftButton, pos=QPoint(pad.width() - 1, middle))


def test_nothing_runs_before_a_prediction_and_then_the_run_answers(window: MainWindow, qtbot: QtBot) -> None:
    window.lessons.open(find("powers-of-a-weight"))
    panel, transport = panel_of(window), window.transport
    assert not any(each.isEnabled() for each in (transport.play, transport.step, transport.steps, panel.commit))
    window.bench.play(3)
    assert not window.bench.playing
    qtbot.waitUntil(lambda: window.bench.view is not None, timeout=20_000)
    assert {readout.accessibleDescription() for readout in transport.readouts.values()} <= {"–", ""}
    for box in panel.questions:
        answer(box)
    panel.commit.click()
    assert transport.play.isEnabled()
    assert not panel.questions[0].form.isEnabled()
    assert not [box for box in panel.questions if not box.verdict.isHidden()]
    panel.run.click()
    qtbot.waitUntil(lambda: panel.opened.stage == "revealed", timeout=20_000)
    said = panel.questions[0].verdict.toPlainText()
    assert "You said 0.003, the run measures 0.00195" in said
    assert attempts_of("powers-of-a-weight").state == "done"
    (attempt,) = attempts_of("powers-of-a-weight").attempts
    assert [each.right for each in attempt.answers][:2] == [True, True]
    assert attempt.answers[0].measured == (0.5**9,)


def test_until_a_prediction_stands_nothing_tells_what_the_network_does(window: MainWindow, qtbot: QtBot) -> None:
    window.lessons.open(find("small-large-and-too-fast"))
    bench, said = window.bench, window.banner
    qtbot.waitUntil(lambda: bench.view is not None, timeout=20_000)
    window.findings.toggle.trigger()
    for wanted in (
        window.exporting.report, window.exporting.animate, window.exporting.code, lambda: window.exporting.export(""),
        window.seeds.open, lambda: window.seeds.begin(2, 2),
        lambda: MapAccess(bench, window.experiments, window).open(),
    ):  # fmt: skip
        said.say("")
        wanted()
        assert said.text == HELD
    assert bench.shown.view is None
    assert not window.findings.rounds.examined
    assert not window.findings.rounds.headline
    assert all(each.isHidden() for each in (window.status, window.builder.foot, window.training.curve))
    for box in panel_of(window).questions:
        answer(box)
    panel_of(window).commit.click()
    assert bench.shown.view is not None
    assert not any(each.isHidden() for each in (window.status, window.builder.foot, window.training.curve))
    qtbot.waitUntil(lambda: window.findings.rounds.examined, timeout=20_000)


def test_numbers_of_the_text_follow_what_is_free_and_the_run_is_of_what_was_predicted(
    window: MainWindow, qtbot: QtBot
) -> None:
    window.lessons.open(find("powers-of-a-weight"))
    panel, document = panel_of(window), window.document

    def turn(gain: float) -> str | None:
        turned = document.experiment.with_values([("layers.0.initializer.gain", gain)])
        return document.propose(turned.to_builtins(), "w")

    assert turn(0.25) is None
    assert "w = 0.25" in panel.text.accessibleDescription()
    for box in panel.questions:
        answer(box)
    panel.commit.click()
    assert turn(2.0) is None
    panel.run.click()
    qtbot.waitUntil(lambda: panel.opened.stage == "revealed", timeout=20_000)
    assert panel.opened.names["w"] == 0.25
    assert document.experiment.to_builtins()["layers"][0]["initializer"]["gain"] == 0.25


def test_a_race_of_a_lesson_waits_for_the_prediction_and_is_locked_until_the_reveal(
    window: MainWindow, qtbot: QtBot
) -> None:
    access, lesson = window.landscape_access, find("down-a-ravine")
    access.open()
    assert access.window is not None
    model = access.window.view.model
    window.lessons.open(lesson)
    assert not access.window.isVisible()
    access.open()
    assert not access.window.isVisible()
    assert window.banner.text == HELD
    access.hold.set("")
    access.show_landscape(lesson.subject, lesson.locked_landscape)
    before = model.landscape
    assert "locked in the lesson" in model.edit(("start",), [0.5, 0.5], final=True)
    assert "locked in the lesson" in model.edit(("function", "condition"), 3.0, final=True)
    model.undo()
    assert model.landscape == before
    assert not model.edit(("optimizers", 0, "optimizer", "learning_rate"), 0.01, final=True)
    access.hold.set(HELD)
    for box in panel_of(window).questions:
        answer(box)
    panel_of(window).commit.click()
    panel_of(window).run.click()
    qtbot.waitUntil(lambda: panel_of(window).opened.stage == "revealed", timeout=20_000)
    assert model.landscape == lesson.subject
    assert not model.edit(("start",), [0.5, 0.5], final=True)
    window.lessons.close()


def test_locks_hold_in_the_window_until_the_reveal_and_leaving_lifts_them(window: MainWindow) -> None:
    lesson = find("one-plus-a-tenth")
    window.lessons.open(lesson)
    document, plain = window.document, window.document.experiment.to_builtins()
    refused = document.propose({**plain, "batch_size": 4}, "Other batches")
    assert refused is not None
    assert "locked in the lesson" in refused
    assert document.propose({name: value for name, value in plain.items() if name != "locks"}, "No locks") is not None
    row = window.training.form("batch_size").row(("batch_size",))
    assert row is not None
    assert not row.isEnabled()
    assert "the lesson compares" in row.toolTip()
    window.lessons.close()
    assert not document.dirty
    assert document.propose({**document.experiment.to_builtins(), "batch_size": 4}, "Other batches") is None
    assert row.isEnabled()
    document.undo_stack.undo()
    document.undo_stack.undo()
    assert document.experiment.locks
    document.undo_stack.redo()
    assert not document.experiment.locks


def test_what_is_free_can_be_turned_where_networks_stand_beside(window: MainWindow) -> None:
    window.lessons.open(find("small-large-and-too-fast"))
    chosen = window.chosen
    shown = chosen.experiment.to_builtins()
    assert chosen.propose({**shown, "optimizer": {**shown["optimizer"], "learning_rate": 0.5}}, "Rate") is None
    assert window.document.experiment.optimizer.learning_rate == 0.5
    assert window.document.experiment.locks
    refused = chosen.propose({**shown, "batch_size": 3}, "Batches")
    assert refused is not None
    assert "locked in the lesson" in refused
    chosen.add_twin()
    assert len(window.document.experiment.lanes or ()) == 3
    chosen.keep("small")
    assert window.document.experiment.locks


def test_a_lesson_opens_from_a_file_and_the_menu_lists_all(window: MainWindow, tmp_path: Path) -> None:
    path = tmp_path / "mine.nabla-lesson"
    save(find("down-a-ravine"), path)
    window.experiments.open_path(path)
    assert panel_of(window).lesson.name == "down-a-ravine"
    assert window.document.experiment == BEHIND
    menu = QMenu()
    window.lessons.fill_menu(menu)
    groups = [entry.menu() for entry in menu.actions()]
    titles = [entry.text() for group in groups if isinstance(group, QMenu) for entry in group.actions()]
    assert titles == [lesson.title for lesson in shipped()]
    path.write_text("{}", encoding="utf-8")
    window.experiments.open_path(path)
    assert "mine.nabla-lesson" in window.banner.text


def test_another_experiment_ends_the_lesson(window: MainWindow) -> None:
    window.lessons.open(find("all-units-alike"))
    window.document.replace(BEHIND)
    assert window.lessons.panel is None
    assert window.transport.play.isEnabled()
    assert not window.network_dock.isHidden()


def test_a_curve_is_drawn_by_keyboard_too(qtbot: QtBot) -> None:
    pad = CurvePad(3, 1e-4, 1.0, decades=True, axis="layer", unit="")
    qtbot.addWidget(pad)
    for _ in range(3):
        QTest.keyClick(pad, Qt.Key.Key_Up)
        QTest.keyClick(pad, Qt.Key.Key_Right)
    assert pad.complete
    first, second, third = pad.answer
    assert 1e-2 < first < second < third < 1
    pad.reveal([1e-3, 1e-2, float("nan")])
    assert not pad.grab().isNull()


def test_a_stroke_that_nearly_reaches_the_ends_draws_the_whole_curve(qtbot: QtBot) -> None:
    pad = CurvePad(30, 1e-4, 1.0, decades=True, axis="layer", unit="")
    qtbot.addWidget(pad)
    pad.resize(300, 190)
    left, right = pad.width() // 5, round(0.97 * pad.width())
    QTest.mousePress(pad, Qt.MouseButton.LeftButton, pos=QPoint(right, 90))
    QTest.mouseMove(pad, QPoint(right // 2, 100))
    QTest.mouseRelease(pad, Qt.MouseButton.LeftButton, pos=QPoint(right // 2, 100))
    assert not pad.complete
    QTest.mousePress(pad, Qt.MouseButton.LeftButton, pos=QPoint(right // 2, 100))
    QTest.mouseMove(pad, QPoint(left, 120))
    QTest.mouseRelease(pad, Qt.MouseButton.LeftButton, pos=QPoint(left, 120))
    assert pad.complete


def test_plots_that_lessons_show_are_there() -> None:
    assert {key for lesson in shipped() for key in lesson.plots} <= {plot.key for plot in all_plots()}


@pytest.mark.slow
def test_formulas_in_lessons_can_be_set(qapp: object) -> None:
    from PySide6.QtGui import QFont

    from ui.lessons.worksheet import worksheet_text as sheet_of
    from ui.style.formulas import Lettering
    from ui.style.markdown import unset_formulas

    lettering = Lettering(QFont(), "#000000", 1.0)
    for lesson in shipped():
        assert unset_formulas(f"{sheet_of(lesson)}\n\n{lesson.why}", lettering) == [], lesson.name


def test_a_worksheet_has_the_questions_and_no_answers(tmp_path: Path, qapp: object) -> None:
    lesson = find("scale-of-the-weights")
    text = worksheet_text(lesson)
    assert all(question.prompt.split("{{")[0][:30] in text for question in lesson.questions)
    assert lesson.why not in text
    both = Suggestion(text="Is $n = {{n|whole}}$?"), Suggestion(text="Was it {{small[9]}}?")
    assert "- Is $n = 500$?\n\n- Was it …?" in worksheet_text(replace(lesson, playground=both))
    path = tmp_path / "sheet.pdf"
    write_worksheet(lesson, path)
    assert path.read_bytes().startswith(b"%PDF")
    assert [each.name for each in tmp_path.iterdir()] == ["sheet.pdf"]


def test_answers_are_a_table_under_a_name() -> None:
    kept = (
        '{"lesson": "a", "attempts": [{"time": "2026-01-01T00:00:00+00:00", "revealed": true, "answers": ['
        '{"question": "q", "prediction": [1.0], "words": "1.0", "measured": [2.0], "right": false}]}]}'
    )
    rows = [*csv.reader(io.StringIO(table("Ada", [from_text("a", kept)])))]
    assert tuple(rows[0]) == COLUMNS
    assert rows[1] == ["a", "Ada", "1", "2026-01-01T00:00:00+00:00", "q", "1.0", "2.0", "false"]
    assert from_text("a", "[") == from_text("a", kept.replace('"a"', '"b"')) == Attempts("a")
