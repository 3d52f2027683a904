"""Whatever the program can show or do is found by what it shows, and Return does it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot

from simulator.experiment.experiment import Experiment
from simulator.experiment.files import presets
from simulator.running.session import Session
from simulator.running.stop_rules import Epochs
from ui.bench.document import Document
from ui.dialogs import files
from ui.dialogs.preferences import PreferencesDialog
from ui.palette.entry import PaletteEntry
from ui.palette.matching import slips
from ui.palette.palette import CommandPalette
from ui.plots import all_plots
from ui.settings.preferences import FRAMES
from ui.style.theme import THEMES
from ui.window.main_window import MainWindow
from ui.window.palette_entries import COMMANDS, LESSONS, PLOTS, PRESETS, SETTINGS, WORKSPACES, picture_file

NET = {
    "data": {"kind": "spirals"},
    "layers": [{"kind": "dense", "units": 6, "repeat": 2, "dropout": {"kind": "inverted", "rate": 0.1}}],
}


@pytest.fixture
def window(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Iterator[MainWindow]:
    for ask in ("ask_run", "ask_unsaved"):
        monkeypatch.setattr(files, ask, lambda *_: "discard")
    made = MainWindow(Document(Experiment.from_builtins(NET)), lambda notify: Session("thread", notify))
    qtbot.addWidget(made)
    made.show()
    qtbot.waitExposed(made)
    made.activateWindow()
    yield made
    made.close()


def opened(window: MainWindow, query: str = "") -> CommandPalette:
    palette = window.palette_access.open()
    palette.field.setText(query)
    return palette


def first(window: MainWindow, query: str) -> PaletteEntry:
    palette = opened(window, query)
    entry = palette.chosen
    palette.reject()
    assert entry is not None
    return entry


def titles(window: MainWindow, group: str) -> list[str]:
    palette = opened(window)
    shown = [entry.title for entry in palette.shown() if entry.group == group]
    palette.reject()
    return shown


FOUND = {
    "dead": (PLOTS, "Saturated and dead"),
    "saturation": (PLOTS, "Saturated and dead"),
    "satruation": (PLOTS, "Saturated and dead"),
    "Saturaded": (PLOTS, "Saturated and dead"),
    "waterfall": (PLOTS, "Gradient waterfall"),
    "two spirals": (PRESETS, "Two spirals"),
    "momentum": (SETTINGS, "Optimiser momentum"),
    "save as": (COMMANDS, "Save as"),
    "units and kernels": (WORKSPACES, "Units and kernels"),
}


def test_it_finds_by_words_by_their_beginnings_and_with_a_slip(window: MainWindow) -> None:
    found = {query: first(window, query) for query in FOUND}
    assert {query: (entry.group, entry.title) for query, entry in found.items()} == FOUND


WORDS: dict[str, set[tuple[str, str]]] = {
    "dead": {
        (PLOTS, "Saturated and dead"), (PLOTS, "Unit microscope"), (PRESETS, "Dying ReLU"), (COMMANDS, "Doctor panel"),
    },
    "saturation": {
        (PLOTS, "Saturated and dead"), (PLOTS, "Activation function"), (PRESETS, "Ten tanh layers, std 1"),
        (COMMANDS, "Doctor panel"), (SETTINGS, "Dense activation"),
    },
    "vanishing": {
        (PLOTS, "Gradient over depth"), (PLOTS, "Gradient waterfall"), (PRESETS, "Deep sigmoid net that vanishes"),
        (PRESETS, "Ten tanh layers, std 0.01"), (COMMANDS, "Doctor panel"),
    },
    "exploding": {(PLOTS, "Gradient over depth"), (PRESETS, "Exploding gradients"), (COMMANDS, "Doctor panel")},
    "nan": {
        (PLOTS, "Loss and accuracy"), (PRESETS, "Exploding gradients"),
        (COMMANDS, "Pause where the loss is not finite"), (SETTINGS, "At the first loss that is not finite"),
    },
    "overfit": {
        (PLOTS, "Loss and accuracy"), (SETTINGS, "Data Validation"), (SETTINGS, "L2"), (SETTINGS, "Dense dropout"),
        (COMMANDS, "Train until validation has not improved for so many steps"),
    },
    "slow": {(PLOTS, "Gradient norm over time"), (SETTINGS, "Optimiser learning rate"), (COMMANDS, "Doctor panel")},
    "momentum": {(PLOTS, "Update to weight ratio"), (SETTINGS, "Optimiser momentum"), (COMMANDS, "Doctor panel")},
    "initialisation": {(PRESETS, "ReLU with He"), (SETTINGS, "Dense weights")},
    "lstm": {(PLOTS, "Gates"), (PRESETS, "The same sum, learnt by an LSTM"), (WORKSPACES, "Through time")},
    "csv": {(COMMANDS, "Open"), (COMMANDS, "Export plots"), (SETTINGS, "Data")},
    "theme": {(COMMANDS, "Dark"), (SETTINGS, "Theme")},
    "epochs": {(COMMANDS, "Train until so many epochs are made")},
}  # fmt: skip


def test_a_word_finds_what_it_is_about_in_every_group(window: MainWindow) -> None:
    for word, wanted in WORDS.items():
        palette = opened(window, word)
        shown = {(entry.group, entry.title) for entry in palette.shown()}
        assert wanted <= shown, (word, wanted - shown)
        palette.reject()


def test_everything_that_is_found_has_a_picture_and_a_sentence(window: MainWindow) -> None:
    palette = opened(window)
    for entry in palette.shown():
        assert not entry.picture().isNull(), entry.title
        assert entry.sentence.endswith((".", "?")), entry.title
    palette.reject()


def test_a_rule_to_stop_by_and_a_preference_are_found_and_chosen(window: MainWindow) -> None:
    first(window, "until so many epochs").act()
    assert window.transport.stop.kind is Epochs
    first(window, "frames per second").act()
    (dialog,) = window.findChildren(PreferencesDialog)
    assert dialog.focusWidget() is dialog.fields[FRAMES.key]
    dialog.close()


def test_every_plot_preset_and_workspace_is_found_by_its_own_title(window: MainWindow) -> None:
    known = [(PLOTS, plot.title) for plot in all_plots()] + [(PRESETS, preset.title) for preset in presets()]
    known += [(WORKSPACES, workspace.title) for workspace in window.plot_area.workspaces.all]
    palette = opened(window)
    for group, title in known:
        palette.field.setText(title)
        assert (group, title) in [(entry.group, entry.title) for entry in palette.shown()], title
    palette.reject()


def test_nothing_typed_lists_everything_once_each_with_a_sentence_or_a_place(window: MainWindow) -> None:
    palette = opened(window)
    shown = palette.shown()
    assert {entry.group for entry in shown} == {PLOTS, WORKSPACES, PRESETS, LESSONS, COMMANDS, SETTINGS}
    assert sum(entry.group == PLOTS for entry in shown) == len(all_plots())
    assert all(entry.sentence for entry in shown if entry.group in (PLOTS, WORKSPACES, PRESETS, SETTINGS))
    palette.reject()


def test_what_is_nowhere_is_said_to_be(window: MainWindow) -> None:
    palette = opened(window, "zzzyxq")
    assert palette.chosen is None
    assert palette.nothing.isVisible()
    palette.reject()


def test_the_keyboard_alone_opens_chooses_and_acts(qtbot: QtBot, window: MainWindow) -> None:
    field = window.builder.findChild(QLineEdit) or window
    field.setFocus()
    find = next(each for each in window.actions() if each.text() == "&Find…")
    assert find.shortcut().toString() == "Ctrl+K"
    palette = opened(window, "gradient")
    before = palette.chosen
    qtbot.keyClick(palette, Qt.Key.Key_Down)
    assert palette.chosen is not None
    assert palette.chosen is not before
    qtbot.keyClick(palette, Qt.Key.Key_Up)
    assert palette.chosen is before
    palette.field.setText("jacobian")
    chosen = palette.chosen
    assert chosen is not None
    assert chosen.group == PLOTS
    qtbot.keyClick(palette.field, Qt.Key.Key_Return)
    assert "jacobian" in window.plot_area.board.arrangement.keys


def test_a_preset_opens_and_a_command_is_given(window: MainWindow) -> None:
    first(window, "underflow").act()
    assert window.document.experiment == next(p for p in presets() if p.id == "underflow").load()
    before = window.document.experiment.seed
    first(window, "restart new seed").act()
    assert window.document.experiment.seed == before + 1


@pytest.mark.parametrize("query", ["batch size", "optimiser momentum", "dense units", "dense dropout rate"])
def test_a_setting_is_brought_into_sight_with_the_focus_in_it(query: str, qtbot: QtBot, window: MainWindow) -> None:
    window.training.set_folded(("Batch", "Optimiser"))
    window.training_dock.hide()
    entry = first(window, query)
    assert entry.group == SETTINGS
    entry.act()
    qtbot.waitUntil(lambda: window.focusWidget() is not None)
    name = window.focusWidget().accessibleName().lower()
    assert query.split()[-1] in name
    assert window.focusWidget().isVisible()


def test_every_plot_has_a_small_picture_in_both_themes() -> None:
    for plot in all_plots():
        for theme in THEMES.values():
            with Image.open(picture_file(plot.key, theme)) as picture:
                assert picture.size == (128, 75)
                assert len(picture.convert("RGB").getcolors(1000) or ()) > 2


@pytest.mark.parametrize(
    ("one", "other", "least"),
    [("dead", "dead", 0), ("dead", "deda", 1), ("dead", "dea", 1), ("dead", "deaad", 1), ("dead", "dxad", 1)],
)  # fmt: skip
def test_slips_are_counted(one: str, other: str, least: int) -> None:
    assert slips(one, other) == slips(other, one) == least


def test_every_sentence_is_there_to_its_end(window: MainWindow) -> None:
    palette = opened(window)
    for text in (1.0, 1.5):
        palette.resize(round(620 * text), 460)
        metrics = palette.list.fontMetrics()
        for row, entry in zip(rows_of_entries(palette), palette.shown(), strict=True):
            place = palette.list.visualRect(palette.model.index(row, 0))
            room = place.adjusted(80, 4 + metrics.height(), -8, 0)
            needed = metrics.boundingRect(room, Qt.TextFlag.TextWordWrap, entry.sentence)
            assert needed.height() <= room.height(), entry.title
            assert needed.width() <= room.width(), entry.title
    palette.reject()


def rows_of_entries(palette: CommandPalette) -> list[int]:
    return [row for row in range(palette.model.rowCount()) if palette.model.item(row).isEnabled()]
