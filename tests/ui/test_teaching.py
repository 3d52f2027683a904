"""A lesson made from nothing by the teacher's tools, written, checked and tried; a course of lessons with progress."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QLabel, QMenu, QWidget
from pytestqt.qtbot import QtBot

import main
from simulator.experiment.experiment import Experiment
from simulator.experiment.files import find
from simulator.lessons.course import Course, read, save
from simulator.lessons.files import find as find_lesson
from simulator.lessons.files import read as read_lesson
from simulator.lessons.measurable import of_networks
from tests.ui.pupils import answer_all, panel_of
from tests.ui.windows import OpenOn
from ui.dialogs import files, lesson_files
from ui.lessons.answer_forms import CurveForm
from ui.lessons.open_lesson import attempts_of
from ui.lessons.panel import about_text
from ui.plots import all_plots
from ui.plots.asked import quantities_of
from ui.teaching.number_picker import NumberPicker
from ui.teaching.playground_editor import read_settings, read_value, settable, settings_text, shown, value_at
from ui.teaching.window import LessonMaker
from ui.window.main_window import MainWindow

HALVES = {"kind": "identity", "gain": 0.5}
CHAIN = Experiment.from_builtins(
    {
        "precision": "float64",
        "data": {"kind": "gaussian", "features": 1, "samples": 12, "classes": 2},
        "layers": [{"kind": "dense", "units": 1, "repeat": 3, "activation": {"kind": "linear"}, "initializer": HALVES}],
        "loss": {"kind": "mse"},
        "batch_size": 4,
    }
)
"""Each layer halves the error signal on its way back."""
NO_NUMBERS = {"boundary", "computation_graph", "feature_maps", "gates", "kernels", "unit_microscope"}
"""Plots of pictures, and of what is chosen by hand."""


@pytest.fixture
def window(open_on: OpenOn) -> MainWindow:
    return open_on(CHAIN)


def typed(field: object, text: str) -> None:
    """As a hand does: what stands there is replaced."""
    QTest.keyClick(field, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)  # type: ignore[call-overload]
    QTest.keyClicks(field, text)  # type: ignore[call-overload]


def open_picker(maker: LessonMaker) -> NumberPicker:
    """The dialog that is open."""
    return next(each for each in maker.findChildren(NumberPicker) if each.isVisible())


def pick(maker: LessonMaker, words: str, layer: str = "") -> None:
    """Choose a number in the dialog that is open."""
    picker = open_picker(maker)
    picker.search.setText(words)
    if layer:
        picker.layer.setCurrentText(layer)
    picker.accept()


def ask(maker: LessonMaker, kind: str, words: str, layer: str = "") -> None:
    """A new question of this kind about a number of the run."""
    page = maker.questions
    page.kind.show_choice(kind)
    page.ask.click()
    pick(maker, words, layer)


def expect(maker: LessonMaker, formula: str, tolerance: str) -> None:
    editor = maker.questions.editor
    for field, text in ((editor.expected, formula), (editor.tolerance, tolerance), (editor.source, "the chain rule")):
        typed(field, text)


def make_lesson(maker: LessonMaker) -> None:
    """A text, a named control, locks, and a question of each kind."""
    typed(maker.text.title, "A half each")
    maker.text.text.setPlainText("Each layer has the weight $w = {{w}}$.")
    maker.text.steps.setValue(0)
    controls = maker.controls
    controls.set_state("locked")
    controls.choose("layers.0.initializer.gain")
    typed(controls.called, "w")
    controls.choose("batch_size")
    controls.states["free"].click()
    controls.choose("optimizer")
    controls.states["hidden"].click()
    ask(maker, "number", "delta", "layer 1")
    editor = maker.questions.editor
    typed(editor.measured, "delta_rms_1 / delta_rms_2")
    maker.questions.pick_chosen()
    pick(maker, "delta", "layer 2")
    typed(editor.measured, "delta_rms_1 / delta_rms_2")
    expect(maker, "w", "1e-9")
    ask(maker, "choice", "nan", "output layer")
    editor.editors["choice"].set("options", [{"text": "none", "up_to": 0.5}, {"text": "some"}])
    expect(maker, "0", "0")
    ask(maker, "order", "delta")
    editor.editors["order"].set("items", ["1", "2", "3", "output"])
    expect(maker, "up_to(4)", "0")
    ask(maker, "curve", "delta")
    typed(editor.measured, "delta_rms[:3] / delta_rms[2]")
    expect(maker, "w ** (3 - up_to(3))", "1e-9")
    maker.after.why.setPlainText("The ratio is {{delta_rms_1 / delta_rms_2}}.")
    maker.after.sources.setPlainText("A book")


def test_a_lesson_is_made_from_nothing_measured_saved_checked_and_tried(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    maker = window.teaching.open()
    assert "no question" in maker.status.text()
    assert not maker.save.isEnabled()
    make_lesson(maker)
    assert maker.status.text() == "The lesson is whole."
    maker.questions.measure.click()
    qtbot.waitUntil(lambda: bool(maker.making.numbers))
    for row in range(4):
        maker.questions.list.setCurrentRow(row)
        assert "it holds" in maker.questions.editor.result.text()
    path = tmp_path / "half.nabla-lesson"
    monkeypatch.setattr(lesson_files, "ask_lesson_file", lambda *_: path)
    maker.save.click()
    assert not maker.making.dirty
    assert main.main(["lessons", "--check", str(path), "--out", str(tmp_path)]) == 0
    rows = [*csv.DictReader((tmp_path / "lessons.csv").read_text(encoding="utf-8").splitlines())]
    assert [(row["lesson"], row["holds"]) for row in rows] == [("a-half-each", "true")] * 4
    lesson = read_lesson(path)
    assert {question.kind for question in lesson.questions} == {"number", "choice", "order", "curve"}
    assert lesson.knobs.state(("layers", 0, "units")) == "locked"
    assert lesson.knobs.state(("batch_size",)) == "free"
    assert lesson.knobs.state(("optimizer", "learning_rate")) == "hidden"
    maker.trial.click()
    answer_all(window, "0.5")
    panel = window.lessons.panel
    assert panel is not None
    assert about_text(lesson) == "10 minutes · 4 questions"
    assert about_text(find_lesson("edge-of-stability")).startswith("A result of the literature · ")
    refused = window.document.propose({**window.document.experiment.to_builtins(), "seed": 5}, "Another seed")
    assert refused is not None
    panel.commit.click()
    panel.run.click()
    qtbot.waitUntil(lambda: panel.opened.stage == "revealed")
    assert [each.right for each in panel.opened.attempts.attempts[-1].answers][:3] == [True, True, True]
    maker.trial.click()
    assert window.lessons.panel is None
    assert window.document.experiment == CHAIN
    assert attempts_of("a-half-each").state == ""


@pytest.mark.slow
def test_a_race_over_a_landscape_becomes_a_lesson_too(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    maker = window.teaching.open()
    typed(maker.text.title, "Along the floor")
    maker.text.take_landscape.click()
    assert not maker.text.fields.isRowVisible(maker.text.steps)
    ask(maker, "number", "sgd_x")
    typed(maker.questions.editor.measured, "sgd_x[-1]")
    expect(maker, "-1.2 * (1 - 0.035) ** 200", "1e-6")
    ask(maker, "curve", "sgd_x")
    typed(maker.questions.editor.measured, "-sgd_x[:5]")
    expect(maker, "1.2 * (1 - 0.035) ** (up_to(5) - 1)", "1e-6")
    assert maker.status.text() == "The lesson is whole."
    path = tmp_path / "floor.nabla-lesson"
    monkeypatch.setattr(lesson_files, "ask_lesson_file", lambda *_: path)
    maker.save.click()
    assert main.main(["lessons", "--check", str(path), "--out", str(tmp_path)]) == 0
    maker.trial.click()
    answer_all(window, "-0.001")
    panel = panel_of(window)
    assert window.document.experiment == CHAIN
    panel.commit.click()
    panel.run.click()
    qtbot.waitUntil(lambda: panel.opened.stage == "revealed")
    (form,) = (box.form for box in panel.questions if isinstance(box.form, CurveForm))
    assert panel.isAncestorOf(form.sketch)
    assert form.sketch.measured[0] == 1.2
    maker.trial.click()
    assert window.lessons.panel is None


def test_what_is_missing_or_does_not_hold_is_said_and_plots_ask_for_what_they_show(
    window: MainWindow, qtbot: QtBot
) -> None:
    maker = window.teaching.open()
    maker.text.steps.setValue(0)
    ask(maker, "number", "delta", "layer 1")
    assert maker.status.text() == "Question 1 lacks what is expected and where that comes from."
    expect(maker, "99", "1")
    typed(maker.questions.editor.measured, "delta_rms_1 * nothing")
    assert maker.status.text().startswith("Question 1: There is no number 'nothing' here")
    typed(maker.questions.editor.measured, "delta_rms_1")
    maker.questions.measure.click()
    qtbot.waitUntil(lambda: bool(maker.making.numbers))
    assert "does not hold within 1 %" in maker.questions.editor.result.text()
    maker.text.steps.setValue(1)
    maker.questions.editor.show_result()
    assert "Not measured" in maker.questions.editor.result.text()
    window.plot_area.plot("gradient_depth").number_asked.emit()
    picker = open_picker(maker)
    assert picker.chosen is not None
    assert picker.chosen.name == "weight_gradient_norm"
    picker.reject()


def test_a_suggestion_has_a_button_that_sets_what_the_experiment_takes(window: MainWindow) -> None:
    making, editor = window.teaching.open().making, window.teaching.open().after.playground
    editor.add.click()
    assert {"text": ""} in making.draft.plain["playground"]
    texts, settings = editor.table.item(0, 0), editor.table.item(0, 1)
    assert texts is not None
    assert settings is not None
    texts.setText("Two at a time")
    for path, value in (("batch_size", "2"), ("optimizer.kind", "adam"), ("batch_size", "-2")):
        editor.control.show_choice(path)
        editor.value.setText(value)
        editor.set.click()
    assert "batch size" in editor.status.text()
    settings = {"optimizer.kind": "adam", "batch_size": 2}
    assert making.draft.plain["playground"] == [{"text": "Two at a time", "set": settings}]
    written = editor.table.item(0, 1)
    assert written is not None
    assert written.text() == 'optimizer.kind = "adam", batch_size = 2'
    written.setText("batch_size = 3, seed")
    assert "'seed'" in editor.status.text()
    assert making.draft.plain["playground"][0]["set"] == settings
    editor.table.item(0, 1).setText("batch_size = 3")
    assert making.draft.plain["playground"][0]["set"] == {"batch_size": 3}
    editor.clear.click()
    assert making.draft.plain["playground"] == [{"text": "Two at a time"}]
    editor.remove.click()
    assert making.draft.plain["playground"] == []


@pytest.mark.parametrize("name", ["adding-lstm", "residual-norms"])
def test_every_control_that_a_suggestion_offers_can_be_given_its_own_value(name: str) -> None:
    experiment = find(name)
    plain = experiment.to_builtins()
    offered = dict(settable(experiment))
    assert {"optimizer.kind", "batch_size", "layers.0.kind"} <= {*offered}
    values = {path: value for path in offered if (value := value_at(plain, path)) is not None}
    settings = {path: read_value(shown(value)) for path, value in values.items()}
    assert settings == values
    assert experiment.with_values(settings.items()) == experiment
    assert read_settings(settings_text(settings)) == settings


def test_keys_to_save_open_and_begin_mean_the_teachers_window_that_has_the_focus(
    window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    maker, course = window.teaching.open(), window.teaching.open_course()
    asked: list[str] = []
    monkeypatch.setattr(lesson_files, "ask_lesson_file", lambda *_: asked.append("save"))
    monkeypatch.setattr(lesson_files, "ask_lesson", lambda *_: asked.append("open"))
    monkeypatch.setattr(files, "ask_unsaved", lambda _parent, what: asked.append(what) or "discard")
    monkeypatch.setattr(window.experiments, "save", lambda *_: asked.append("bench"))
    before = window.document.experiment
    maker.text.steps.setValue(0)
    ask(maker, "number", "loss")
    expect(maker, "1", "50")
    course.append("down-a-ravine")
    for teaching, field in ((maker, maker.text.title), (course, course.title)):
        maker.pages.setCurrentIndex(0)
        teaching.activateWindow()
        qtbot.waitUntil(teaching.isActiveWindow)
        field.setFocus()
        typed(field, "Mine")
        for key in (Qt.Key.Key_S, Qt.Key.Key_O, Qt.Key.Key_N):
            QTest.keyClick(field, key, Qt.KeyboardModifier.ControlModifier)
    assert asked == ["save", "open", "The lesson", "save", "open", "The course"]
    assert window.document.experiment is before
    assert not maker.making.draft.questions
    assert "no title" in course.status.text()


def letters(teaching: QWidget) -> list[str]:
    """Of all that a key with Alt leads to."""
    texts = [each.text() for each in teaching.findChildren(QAbstractButton) if each.isVisibleTo(teaching)]
    texts += [each.text() for each in teaching.findChildren(QLabel) if each.buddy() and each.isVisibleTo(teaching)]
    return [text.partition("&")[2][0].lower() for text in texts if "&" in text]


def test_no_letter_leads_to_two_controls_of_a_teachers_window(window: MainWindow) -> None:
    maker, course = window.teaching.open(), window.teaching.open_course()
    for kind in ("number", "choice", "order", "curve"):
        ask(maker, kind, "delta")
    for teaching in (course, maker):
        assert len(letters(teaching)) == len({*letters(teaching)})
    for page in range(maker.pages.count()):
        maker.pages.setCurrentIndex(page)
        for row in range(4):
            maker.questions.list.setCurrentRow(row)
            assert len(letters(maker)) == len({*letters(maker)}), (page, row, letters(maker))


def test_every_plot_of_numbers_can_be_asked_about() -> None:
    names = {each.name for each in of_networks()} | {each.analysis for each in of_networks()}
    asked = {kind.key: quantities_of(kind) for kind in all_plots()}
    assert {name for quantities in asked.values() for name in quantities} <= names
    assert {key for key, quantities in asked.items() if not quantities} <= NO_NUMBERS


def test_a_lesson_on_a_table_has_a_copy_beside_it_and_is_not_given_up_without_a_question(
    window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = tmp_path / "mine.csv"
    table.write_text("a,b,target\n" + "".join(f"{n},{n % 7},{n % 2}\n" for n in range(40)), encoding="utf-8")
    plain = {**CHAIN.to_builtins(), "data": {"kind": "csv", "path": str(table), "target": "target"}}
    window.document.replace(Experiment.from_builtins({**plain, "loss": None}))
    maker = window.teaching.open()
    ask(maker, "number", "loss")
    expect(maker, "1", "50")
    shared = tmp_path / "shared"
    shared.mkdir()
    monkeypatch.setattr(lesson_files, "ask_lesson_file", lambda *_: shared / "x.nabla-lesson")
    maker.save.click()
    assert "mine.csv beside it" in maker.status.text()
    described = json.loads((shared / "x.nabla-lesson").read_text(encoding="utf-8"))["setup"]["described"]
    assert described["data"]["path"] == "mine.csv"
    assert (shared / "mine.csv").read_bytes() == table.read_bytes()
    table.write_text("a,target\n1,0\n", encoding="utf-8")
    maker.save_as.click()
    assert "another file mine.csv" in maker.status.text().lower()
    typed(maker.text.title, "Mine")
    monkeypatch.setattr(files, "ask_unsaved", lambda *_: "cancel")
    assert not maker.close()
    assert not window.close()
    monkeypatch.setattr(files, "ask_unsaved", lambda *_: "discard")
    assert maker.close()


def test_a_course_is_made_opened_and_keeps_how_far_one_is(
    window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    maker = window.teaching.open_course()
    assert "no title" in maker.status.text()
    typed(maker.title, "Two lessons")
    maker.shipped.show_choice("all-units-alike")
    maker.add.click()
    maker.shipped.show_choice("down-a-ravine")
    maker.add.click()
    maker.up.click()
    path = tmp_path / "course.nabla-lesson"
    monkeypatch.setattr(lesson_files, "ask_lesson_file", lambda *_: path)
    maker.save.click()
    course, lessons = read(path)
    assert course.title == "Two lessons"
    assert [lesson.name for lesson in lessons] == ["down-a-ravine", "all-units-alike"]
    window.experiments.open_path(path)
    shown = window.course_access.window
    assert shown is not None
    assert shown.status.text() == "0 of 2 lessons done"
    menu = QMenu()
    window.lessons.fill_menu(menu)
    assert "&Course: Two lessons…" in [entry.text() for entry in menu.actions()]
    shown.list.setCurrentRow(1)
    shown.open.click()
    assert window.lessons.panel is not None
    assert window.lessons.panel.lesson.name == "all-units-alike"
    answer_all(window)
    window.lessons.panel.commit.click()
    assert "◐" in shown.list.item(1).text()
    shown.leave.click()
    assert window.course_access.window is None
    save(Course(title="Broken", lessons=("nothing-so-called",)), path)
    window.experiments.open_path(path)
    assert "course.nabla-lesson" in window.banner.text
