"""A lesson beside the bench: a prediction before the run, locks, the reveal, what is kept, and the sheet of paper."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace
from PySide6.QtCore import QEvent, QObject, QPoint, QPointF, QSizeF, Qt
from PySide6.QtGui import QTextDocument, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QMenu, QWidget
from pytestqt.qtbot import QtBot

from simulator.experiment.experiment import Experiment
from simulator.lessons.attempts import COLUMNS, Attempts, from_text, table
from simulator.lessons.files import find, save, shipped
from simulator.lessons.lesson import Suggestion
from simulator.training.surgery import ScaleWeights
from tests.ui.pupils import answer_all, draw, panel_of
from tests.ui.windows import OpenOn
from ui.chart.sketch import CurveRange, Sketch
from ui.lessons.answer_forms import CurveForm
from ui.lessons.curtain import Curtain
from ui.lessons.open_lesson import HELD, attempts_of
from ui.lessons.prose import Prose
from ui.lessons.worksheet import page_of, paged, worksheet, worksheet_text, write_worksheet
from ui.plots import all_plots
from ui.window.main_window import MainWindow
from ui.window.map_access import MapAccess

A4 = QSizeF(657, 1001)
"""Of what is printed on, in pixels."""
BEHIND = Experiment.from_builtins({"data": {"kind": "moons", "samples": 40}, "layers": [{"kind": "dense", "units": 3}]})


@pytest.fixture
def window(open_on: OpenOn) -> MainWindow:
    return open_on(BEHIND)


class ShownWindows(QObject):
    """Windows that have been shown, if only for a moment."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Show and isinstance(watched, QWidget) and watched.isWindow():
            self.names.append(f"{type(watched).__name__} {watched.accessibleName()}")
        return False


@pytest.fixture
def shown_windows(qapp: QApplication) -> Iterator[list[str]]:
    shown = ShownWindows()
    qapp.installEventFilter(shown)
    yield shown.names
    qapp.removeEventFilter(shown)


def tab_stops(window: MainWindow) -> list[QWidget]:
    """Where Tab goes from the lesson's panel, as far as it stays there."""
    panel = panel_of(window)
    panel.setFocus()
    stops = []
    while True:
        QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
        here = QApplication.focusWidget()
        if here is None or not panel.isAncestorOf(here) or here in stops:
            return stops
        stops.append(here)


def test_tab_goes_down_the_panel_at_first_after_the_run_and_in_another_attempt(
    window: MainWindow, shown_windows: list[str], qtbot: QtBot
) -> None:
    shown_windows.clear()
    window.lessons.open(find("a-graph-of-boxes"))
    panel = panel_of(window)
    first = tab_stops(window)
    answer_all(window)
    panel.commit.click()
    panel.run.click()
    qtbot.waitUntil(lambda: panel.opened.stage == "revealed")
    QApplication.processEvents()
    after = [stop.mapTo(panel.widget(), QPoint()).y() for stop in tab_stops(window)]
    assert len(after) > 2
    assert after == sorted(after)
    panel.opened.begin_again()
    QApplication.processEvents()
    again = tab_stops(window)
    assert [type(stop) for stop in again] == [type(stop) for stop in first]
    assert panel.questions[0].isAncestorOf(again[0])
    assert not shown_windows


def test_nothing_runs_before_a_prediction_and_then_the_run_answers(window: MainWindow, qtbot: QtBot) -> None:
    window.lessons.open(find("powers-of-a-weight"))
    panel, transport = panel_of(window), window.transport
    assert not any(each.isEnabled() for each in (transport.play, transport.step, transport.steps, panel.commit))
    window.bench.play(3)
    assert not window.bench.playing
    qtbot.waitUntil(lambda: window.bench.view is not None)
    assert {readout.accessibleDescription() for readout in transport.readouts.values()} <= {"–", ""}
    answer_all(window)
    panel.commit.click()
    assert transport.play.isEnabled()
    assert not panel.questions[0].form.isEnabled()
    assert not [box for box in panel.questions if not box.verdict.isHidden()]
    panel.run.click()
    qtbot.waitUntil(lambda: panel.opened.stage == "revealed")
    said = panel.questions[0].verdict.toPlainText()
    assert "You said 0.003, the run measures 0.00195" in said
    assert attempts_of("powers-of-a-weight").state == "done"
    (attempt,) = attempts_of("powers-of-a-weight").attempts
    assert [each.right for each in attempt.answers][:2] == [True, True]
    assert attempt.answers[0].measured == (0.5**9,)


def test_until_a_prediction_stands_nothing_tells_what_the_network_does(window: MainWindow, qtbot: QtBot) -> None:
    window.lessons.open(find("small-large-and-too-fast"))
    bench, said = window.bench, window.banner
    qtbot.waitUntil(lambda: bench.view is not None)
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
    answer_all(window)
    panel_of(window).commit.click()
    assert bench.shown.view is not None
    assert not any(each.isHidden() for each in (window.status, window.builder.foot, window.training.curve))
    qtbot.waitUntil(lambda: window.findings.rounds.examined)


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
    answer_all(window)
    panel.commit.click()
    assert turn(2.0) is None
    panel.run.click()
    qtbot.waitUntil(lambda: panel.opened.stage == "revealed")
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
    assert not window.banner.text
    access.show_landscape(lesson.subject, lesson.locked_landscape)
    before = model.landscape
    assert "locked in the lesson" in model.edit(("start",), [0.5, 0.5], final=True)
    assert "locked in the lesson" in model.edit(("function", "condition"), 3.0, final=True)
    model.undo()
    assert model.landscape == before
    assert not model.edit(("optimizers", 0, "optimizer", "learning_rate"), 0.01, final=True)
    access.hold.set(HELD)
    answer_all(window)
    panel_of(window).commit.click()
    panel_of(window).run.click()
    qtbot.waitUntil(lambda: panel_of(window).opened.stage == "revealed")
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
    assert window.banner.text == "The lesson “All units alike” is left: another experiment has been opened."
    assert window.transport.play.isEnabled()
    assert not window.network_dock.isHidden()


def test_panels_that_give_way_to_a_lesson_are_there_at_the_next_start(window: MainWindow, open_on: OpenOn) -> None:
    window.panel_arrangement.store()
    window.lessons.open(find("all-units-alike"))
    assert window.network_dock.isHidden()
    window.panel_arrangement.store()
    after = open_on(BEHIND)
    assert not after.network_dock.isHidden()
    window.lessons.close()
    assert not window.network_dock.isHidden()


DECADES = CurveRange(3, 1e-4, 1.0, decades=True, along="layer", unit="")


def test_a_curve_is_drawn_by_keyboard_too(qtbot: QtBot) -> None:
    sketch = Sketch(DECADES)
    qtbot.addWidget(sketch)
    for _ in range(3):
        QTest.keyClick(sketch, Qt.Key.Key_Up)
        QTest.keyClick(sketch, Qt.Key.Key_Right)
    assert not sketch.left_over
    first, second, third = sketch.answer
    assert 1e-2 < first < second < third < 1
    sketch.reveal([1e-3, 0.0, float("nan")], "Apart.")
    QTest.keyClick(sketch, Qt.Key.Key_Up)
    draw(sketch, QPoint(0, 5), QPoint(sketch.width() - 1, 5))
    assert sketch.answer == (first, second, third)
    assert "the run NaN" in sketch.accessibleDescription()
    assert not sketch.grab().isNull()


def test_a_stroke_that_nearly_reaches_the_ends_draws_the_whole_curve(qtbot: QtBot) -> None:
    sketch = Sketch(replace(DECADES, points=30))
    qtbot.addWidget(sketch)
    sketch.lay_out(300, 190)
    left, right = sketch.width() // 4, round(0.95 * sketch.width())
    draw(sketch, QPoint(right, 90), QPoint(right // 2, 100))
    assert sketch.left_over
    draw(sketch, QPoint(right // 2, 100), QPoint(left, 120))
    assert not sketch.left_over


@pytest.mark.parametrize("decades", [True, False])
def test_what_is_drawn_at_a_height_is_the_number_that_the_axis_has_there(qtbot: QtBot, decades: bool) -> None:
    sketch = Sketch(replace(DECADES, decades=decades, points=2))
    qtbot.addWidget(sketch)
    sketch.lay_out(300, 190)
    (pane,) = sketch.panes
    low, high = sketch.extent.ends
    for share in (0.0, 0.25, 1.0):
        at = sketch.mapFromScene(pane.data_to_scene(QPointF(1, low + share * (high - low))))
        draw(sketch, at, at)
        expected = 1e-4 ** (1 - share) if decades else 1e-4 + share * (1 - 1e-4)
        assert sketch.answer[0] == pytest.approx(expected, rel=0.1, abs=0 if decades else 0.01)
    draw(sketch, QPoint(1, 1), QPoint(1, 1))
    assert sketch.answer[0] == 1.0


def test_a_curve_is_drawn_on_the_plot_that_shows_the_answer_and_the_runs_comes_there(
    window: MainWindow, qtbot: QtBot
) -> None:
    window.lessons.open(find("powers-of-a-weight"))
    panel, area = panel_of(window), window.plot_area
    (form,) = (box.form for box in panel.questions if isinstance(box.form, CurveForm))
    plot = area.plot("gradient_depth")
    assert form.sketch.parentWidget() is plot
    assert area.board.maximised == plot.key
    assert form.sketch.isVisible()
    assert all(each.findChildren(Curtain) for key, each in area.made.items())
    area.complete()
    later = next(kind.key for kind in area.known if kind.key not in area.made)
    assert area.plot(later).findChildren(Curtain)
    area.hide_plot(plot.key)
    form.go.click()
    assert form.sketch.hasFocus()
    assert form.answer() is None
    QTest.keyClick(form.sketch, Qt.Key.Key_Escape)
    assert form.go.hasFocus()
    assert area.board.maximised == plot.key
    answer_all(window)
    drawn = form.answer()
    panel.commit.click()
    assert not [curtain for each in area.made.values() for curtain in each.findChildren(Curtain) if curtain.isVisible()]
    assert form.sketch.isVisible()
    panel.run.click()
    qtbot.waitUntil(lambda: panel.opened.stage == "revealed")
    assert form.sketch.measured == panel.opened.attempts.attempts[-1].answers[2].measured
    assert form.answer() == drawn
    form.go.click()
    assert not form.sketch.isVisible()
    assert area.board.maximised is None
    form.go.click()
    assert form.sketch.isVisible()
    assert area.board.maximised == plot.key
    turned = window.document.experiment.with_values([("layers.0.initializer.gain", 0.9)])
    assert window.document.propose(turned.to_builtins(), "w") is None
    assert not form.sketch.isVisible()
    assert area.board.maximised is None
    assert form.go.text() == "Show both curves"
    panel.opened.begin_again()
    (fresh,) = (box.form for box in panel.questions if isinstance(box.form, CurveForm))
    assert fresh.sketch.parentWidget() is plot
    assert fresh.sketch.left_over == 10
    fresh.go.click()
    window.lessons.close()
    assert fresh.sketch.isHidden()
    assert area.board.maximised is None


def test_the_board_ends_above_the_time_line_in_each_lesson_of_a_small_window(window: MainWindow) -> None:
    """Where a lesson's networks take a line more, workspaces become a list while the window is laid out."""
    window.resize(960, 600)
    for name in ("powers-of-a-weight", "scale-of-the-weights"):
        window.lessons.open(find(name))
        area = window.plot_area
        # At once: a later layout would put it right, and what was drawn until then was not.
        assert area.board.geometry().bottom() == area.rect().bottom(), name


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


def headings_alone(document: QTextDocument) -> list[str]:
    """Those at the foot of a page that is not that of what they are over."""
    block, alone = document.begin(), []
    while block.isValid() and block.next().isValid():
        if block.blockFormat().headingLevel() and page_of(block) != page_of(block.next()):
            alone.append(block.text())
        block = block.next()
    return alone


@pytest.mark.parametrize(
    "name",
    [
        "what-batch-norm-buys",
        *(
            pytest.param(lesson.name, marks=pytest.mark.slow)
            for lesson in shipped()
            if lesson.name != "what-batch-norm-buys"
        ),
    ],
)
def test_no_heading_of_a_worksheet_stands_alone_at_the_foot_of_a_page(name: str, qapp: object) -> None:
    assert not headings_alone(paged(worksheet(find(name)), A4))


def test_answers_are_a_table_under_a_name() -> None:
    kept = (
        '{"lesson": "a", "attempts": [{"time": "2026-01-01T00:00:00+00:00", "revealed": true, "answers": ['
        '{"question": "q", "prediction": [1.0], "words": "1.0", "measured": [2.0], "right": false}]}]}'
    )
    rows = [*csv.reader(io.StringIO(table("Ada", [from_text("a", kept)])))]
    assert tuple(rows[0]) == COLUMNS
    assert rows[1] == ["a", "Ada", "1", "2026-01-01T00:00:00+00:00", "q", "1.0", "2.0", "false"]
    assert from_text("a", "[") == from_text("a", kept.replace('"a"', '"b"')) == Attempts("a")


def test_space_presses_a_button_of_the_lesson_that_has_the_focus_and_its_letters_are_no_menus(
    window: MainWindow, qtbot: QtBot
) -> None:
    window.lessons.open(find("powers-of-a-weight"))
    panel = panel_of(window)
    answer_all(window)
    panel.commit.setFocus()
    QTest.keyClick(panel.commit, Qt.Key.Key_Space)
    assert panel.opened.stage == "committed"
    assert not window.bench.playing
    letters = [each.text().partition("&")[2][:1].lower() for each in panel.findChildren(QAbstractButton)]
    bar = [each.text().partition("&")[2][:1].lower() for each in window.menuBar().actions()]
    assert not {*filter(None, letters)} & {*bar}


def test_no_line_of_a_text_is_scrolled_away_and_the_wheel_is_left_to_what_is_around(qtbot: QtBot) -> None:
    text = Prose("text")
    qtbot.addWidget(text)
    text.say("One line.")
    bar = text.verticalScrollBar()
    bar.setRange(0, 20)  # As it is for a moment, when a text becomes longer.
    wheel = QWheelEvent(
        QPointF(5, 5), QPointF(5, 5), QPoint(), QPoint(0, -120), Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(text.viewport(), wheel)
    assert not wheel.isAccepted()
    bar.setValue(20)
    assert bar.value() == 0


def test_whatever_a_lock_keeps_off_changes_nothing_and_is_said_in_one_sentence(window: MainWindow) -> None:
    lesson = find("one-plus-a-tenth")
    window.lessons.open(lesson)
    answer_all(window)
    panel_of(window).commit.click()
    document, said = window.document, window.banner
    before, past = document.experiment, document.undo_stack.count()
    plain = before.to_builtins()
    elsewhere = {**plain, "layers": [{"kind": "dense", "units": 2}]}
    for edit in (
        window.new_seed,
        lambda: document.propose(elsewhere, "Paste layers"),
        lambda: document.propose({**plain, "optimizer": {"kind": "adam"}}, "A repair", back_to=0),
        lambda: document.propose(plain, "By hand", surgery=ScaleWeights((), 2.0)),
        lambda: window.plot_area.plot("order_chaos").moved.emit(2.0, 0.0, True),
        lambda: window.chosen.propose({**plain, "batch_size": 3}, "Of one network"),
        lambda: window.chosen.operate(elsewhere, "By hand", ScaleWeights((), 2.0)),
        lambda: document.propose({name: each for name, each in plain.items() if name != "locks"}, "Without locks"),
    ):  # fmt: skip
        said.say("")
        edit()
        assert said.text.startswith("This is locked in the lesson “"), edit
        assert document.experiment == before
        assert document.undo_stack.count() == past
    document.undo_stack.undo()
    assert document.experiment == before
