"""Each preference acts, at once and in the next window; all go back to what they were on the first day."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QApplication, QComboBox, QSpinBox
from pytestqt.qtbot import QtBot

from simulator.experiment.experiment import Experiment
from simulator.network import threads as threads_of_blas
from simulator.running.session import Session
from simulator.schema.numbers import decimal, grouping, integer, read_integer, read_number, set_grouping
from ui.app import where_training_runs
from ui.bench.document import Document
from ui.dialogs import files
from ui.dialogs.preferences import PreferencesDialog
from ui.settings.preferences import (
    FRAMES,
    NUMBERS,
    PAUSE,
    PRECISION,
    PREFERENCES,
    SEED,
    THEME,
    THREADS,
    WORKER,
    Preference,
    prefer,
    preferred,
    restore_preferences,
)
from ui.settings.settings import Settings
from ui.settings.shortcuts import forget_shortcuts
from ui.style.restyle import set_theme
from ui.style.theme import current_theme
from ui.window.main_window import MainWindow

NET = {"data": {"kind": "spirals"}, "layers": [{"kind": "dense", "units": 60, "repeat": 2}]}


def made(qtbot: QtBot) -> MainWindow:
    window = MainWindow(Document(Experiment.from_builtins(NET)), lambda notify: Session("thread", notify))
    qtbot.addWidget(window)
    window.show()
    return window


@pytest.fixture
def window(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Iterator[MainWindow]:
    for ask in ("ask_run", "ask_unsaved"):
        monkeypatch.setattr(files, ask, lambda *_: "discard")
    opened = made(qtbot)
    yield opened
    restore_preferences()
    set_grouping("space")
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    set_theme(app, "light")
    opened.close()


def dialog_of(window: MainWindow) -> PreferencesDialog:
    return window.preference_access.open()


def choose(window: MainWindow, preference: Preference, value: str) -> None:
    """As a hand does in the dialog."""
    dialog = dialog_of(window)
    field = dialog.fields[preference.key]
    if isinstance(field, QComboBox):
        field.setCurrentIndex(field.findData(value))
        field.activated.emit(field.currentIndex())
    else:
        assert isinstance(field, QSpinBox)
        field.setValue(int(value))
    dialog.close()
    assert preferred(preference) == value


def test_every_preference_is_in_the_dialog_kept_at_once_and_restored(window: MainWindow) -> None:
    for preference in PREFERENCES:
        dialog = dialog_of(window)
        assert dialog.fields[preference.key].toolTip() == preference.help
        assert dialog.fields[preference.key].accessibleName() == preference.label
        dialog.close()
        other = next((value for value, _ in preference.choices if value != preference.default), "7")
        choose(window, preference, other)
        assert Settings().text(preference.key) == other
        dialog = dialog_of(window)
        dialog.restore.click()
        dialog.close()
        assert preferred(preference) == preference.default


@pytest.mark.parametrize("preference", PREFERENCES, ids=lambda each: each.key)
def test_what_is_stored_and_is_no_choice_counts_as_not_chosen(preference: Preference) -> None:
    Settings().set(preference.key, "moon")
    assert preferred(preference) == preference.default


def test_the_theme_acts(window: MainWindow) -> None:
    choose(window, THEME, "dark")
    assert current_theme().dark
    choose(window, THEME, "light")
    assert not current_theme().dark


def test_frames_per_second_are_the_pace_at_which_frames_are_asked_for(qtbot: QtBot, window: MainWindow) -> None:
    window.bench.start()
    qtbot.waitUntil(lambda: window.bench.view is not None)
    choose(window, FRAMES, "5")
    seen: list[float] = []
    window.bench.updated.connect(lambda _view, rate: seen.append(rate))
    window.bench.play()
    began = time.monotonic()
    qtbot.waitUntil(lambda: len(seen) >= 8)
    window.bench.pause()
    assert time.monotonic() - began > 4 / 5, (
        "eight frames are a fifth of a second apart, but for those that are asked for at once"
    )


def test_numbers_are_grouped_as_is_preferred_and_read_so(window: MainWindow) -> None:
    choose(window, NUMBERS, "comma")
    assert (integer(12040), decimal(1234.5, 1)) == ("12,040", "1,234.5")
    assert (read_number("1,234.5"), read_integer("12,040")) == (1234.5, 12040)
    choose(window, NUMBERS, "space")
    assert integer(12040) == f"12{grouping()}040"
    assert grouping() == "\N{NARROW NO-BREAK SPACE}"
    assert read_number("1 234.5") == 1234.5
    with pytest.raises(ValueError, match="could not convert"):
        read_number("1,234.5")


def test_what_stands_on_screen_is_written_anew(qtbot: QtBot, window: MainWindow) -> None:
    window.bench.start()
    qtbot.waitUntil(lambda: window.bench.view is not None)
    step = window.transport.readouts["step"]
    window.bench.play(1100)
    qtbot.waitUntil(lambda: step.text == f"1{grouping()}100")
    over_steps, curve = window.plot_area.plot("gradient_time"), window.training.curve
    qtbot.wait(100)
    before = [widget.grab().toImage() for widget in (over_steps, curve)]
    assert before == [widget.grab().toImage() for widget in (over_steps, curve)]
    choose(window, NUMBERS, "comma")
    qtbot.waitUntil(lambda: step.text == "1,100")
    for widget, image in zip((over_steps, curve), before, strict=True):
        assert widget.grab().toImage() != image, "axes and curves have numbers too"


def test_a_new_experiment_has_the_precision_and_the_seed(window: MainWindow) -> None:
    choose(window, PRECISION, "float64")
    choose(window, SEED, "12345")
    window.experiments.new()
    assert (window.document.experiment.precision, window.document.experiment.seed) == ("float64", 12345)


def test_threads_reach_the_worker(qtbot: QtBot, window: MainWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    limited = threads_of_blas.limited_blas
    monkeypatch.setattr(threads_of_blas, "limited_blas", lambda threads: (asked.append(threads), limited(threads))[1])
    window.bench.start()
    qtbot.waitUntil(lambda: window.bench.view is not None)
    assert asked[-1] == 1
    largest = THREADS.choices[-1][0]
    choose(window, THREADS, largest)
    qtbot.waitUntil(lambda: asked[-1] == int(largest))


def test_the_worker_of_the_next_start_runs_where_it_is_to(window: MainWindow) -> None:
    choose(window, WORKER, "thread")
    assert where_training_runs(None) == "thread"
    assert where_training_runs("process") == "process"
    choose(window, WORKER, "process")
    assert where_training_runs(None) == "process"


def test_pausing_where_the_loss_is_lost_follows_dialog_and_menu(qtbot: QtBot, window: MainWindow) -> None:
    entries = [each for menu in window.menuBar().actions() for each in menu.menu().actions()]  # type: ignore[attr-defined]
    entry = next(each for each in entries if each.text() == "Pause where the loss is not finite")
    assert entry.isChecked()
    choose(window, PAUSE, "off")
    assert not entry.isChecked()
    dialog = dialog_of(window)
    entry.setChecked(True)
    field = dialog.fields[PAUSE.key]
    assert isinstance(field, QComboBox)
    assert field.currentData() == "on"
    dialog.close()


def test_the_size_of_cards_acts(window: MainWindow) -> None:
    dialog = dialog_of(window)
    dialog.card_size.setCurrentIndex(dialog.card_size.findData(1.5))
    dialog.card_size.activated.emit(dialog.card_size.currentIndex())
    assert window.plot_area.workspaces.size_factor == 1.5
    dialog.restore.click()
    assert window.plot_area.workspaces.size_factor == 1.0
    dialog.close()


# -- keys ---------------------------------------------------------------------------------------------------------


def test_every_command_with_keys_is_listed_and_none_has_those_of_another(window: MainWindow) -> None:
    shortcuts = window.preference_access.shortcuts
    assert {"Save", "Play or pause", "Find", "Preferences", "Next card", "Duplicate", "Undo"} <= set(shortcuts.names)
    for name in shortcuts.names:
        assert not shortcuts.conflict(name, QKeySequence(shortcuts.keys(name)))


def test_keys_are_changed_kept_and_reset(qtbot: QtBot, window: MainWindow) -> None:
    dialog = dialog_of(window)
    page = dialog.keys
    page.choose("Play or pause")
    page.edit.setKeySequence(QKeySequence("Ctrl+Alt+P"))
    page.set_button.click()
    assert not page.message.text()
    assert window.transport.play.shortcut() == QKeySequence("Ctrl+Alt+P")
    assert window.transport.play.toolTip().endswith("(Ctrl+Alt+P)")
    another = made(qtbot)
    assert another.transport.play.shortcut() == QKeySequence("Ctrl+Alt+P")
    another.close()
    page.reset_button.click()
    assert window.transport.play.shortcut() == QKeySequence("Space")
    dialog.close()


def test_a_conflict_is_said_and_nothing_is_changed(window: MainWindow) -> None:
    dialog = dialog_of(window)
    page = dialog.keys
    page.choose("Play or pause")
    page.edit.setKeySequence(QKeySequence("Ctrl+S"))
    page.set_button.click()
    assert page.message.text() == "Ctrl+S is already the key of “Save”: give that another one first."
    assert window.transport.play.shortcut() == QKeySequence("Space")
    dialog.close()


def test_keys_can_be_taken_away_and_all_be_restored(window: MainWindow) -> None:
    dialog = dialog_of(window)
    page = dialog.keys
    for name in ("Play or pause", "Save"):
        page.choose(name)
        page.edit.clear()
        page.set_button.click()
    assert window.transport.play.shortcut().isEmpty()
    dialog.tabs.setCurrentWidget(page)
    dialog.restore.click()
    assert window.transport.play.shortcut() == QKeySequence("Space")
    assert window.preference_access.shortcuts.keys("Save") == "Ctrl+S"
    dialog.close()


def test_what_the_command_line_resets_is_as_on_the_first_day_in_the_next_window(
    qtbot: QtBot, window: MainWindow
) -> None:
    shortcuts = window.preference_access.shortcuts
    assert shortcuts.change("Save", QKeySequence("Ctrl+Alt+S")) == ""
    prefer(FRAMES, "5")
    restore_preferences()
    forget_shortcuts()
    another = made(qtbot)
    assert another.preference_access.shortcuts.keys("Save") == "Ctrl+S"
    assert preferred(FRAMES) == FRAMES.default
    another.close()


def test_tab_goes_through_the_fields_from_the_top_down(window: MainWindow) -> None:
    dialog = dialog_of(window)
    fields = [*dialog.fields.values(), dialog.card_size]
    chain = [fields[0]]
    while len(chain) < len(fields):
        following = chain[-1].nextInFocusChain()
        while following not in fields:
            following = following.nextInFocusChain()
        chain.append(following)
    assert chain == fields
    dialog.close()
