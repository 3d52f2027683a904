"""The menu bar: every command in words, with its keys."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QApplication, QMenu

from simulator.experiment.files import Preset, presets
from ui.forms.one_undo import REDO, UNDO
from ui.settings.settings import Settings
from ui.style.theme import Choice, set_theme, theme_choice
from ui.window.actions import action
from ui.window.manual_access import ManualAccess

if TYPE_CHECKING:
    from ui.window.main_window import MainWindow

Standard = QKeySequence.StandardKey
THEMES: tuple[tuple[Choice, str], ...] = (("light", "Light"), ("dark", "Dark"), ("system", "Like the desktop"))


def build_menus(window: MainWindow) -> None:
    """Fill the menu bar and the two menus of the transport."""
    bar = window.menuBar()
    exports = [
        action(window, "&Export plots…", lambda: window.export(""), keys="Ctrl+E", icon="export"),
        action(window, "&Copy picture of the focused plot", window.copy_picture, keys="Ctrl+Shift+C"),
    ]
    _file(window, bar.addMenu("&File"), exports)
    _edit(window, bar.addMenu("&Edit"))
    run = bar.addMenu("&Run")
    transport = window.transport
    run.addActions([transport.play, transport.step, transport.steps])
    run.addSeparator()
    run.addActions([transport.same, transport.reseed])
    run.addSeparator()
    run.addAction(_pause_where_lost(window, run))
    run.addAction(_own_process(run))
    run.setToolTipsVisible(True)
    plots = bar.addMenu("&Plots")
    plots.setToolTipsVisible(True)
    plots.aboutToShow.connect(lambda: _plots(window, plots))
    _view(window, bar.addMenu("&View"))
    _help(window, bar.addMenu("&Help"))
    transport.export_menu.addActions(exports)
    fill_presets(transport.preset_menu, window.open_preset)


def _pause_where_lost(window: MainWindow, menu: QMenu) -> QAction:
    """The setting of whether training goes on among NaN and Inf."""
    entry = QAction("Pause where the loss is not finite", menu)
    entry.setToolTip("Once in a run: at the first loss or parameter that is NaN or ∞.")
    entry.setCheckable(True)
    entry.setChecked(Settings().pauses_where_lost())
    entry.toggled.connect(lambda on: Settings().set("run/pause", "on" if on else "off"))
    entry.toggled.connect(window.bench.set_guard)
    window.bench.set_guard(entry.isChecked())
    return entry


def _own_process(menu: QMenu) -> QAction:
    """The setting of where training runs."""
    entry = QAction("Train in a process of its own", menu)
    entry.setToolTip("Keeps training at full speed while the window draws; takes effect at the next start.")
    entry.setCheckable(True)
    entry.setChecked(Settings().worker_mode() == "process")
    entry.toggled.connect(lambda on: Settings().set("run/worker", "process" if on else "thread"))
    return entry


def fill_presets(menu: QMenu, chosen: Callable[[Preset], object]) -> None:
    """One entry per preset, in teaching order; its effect is the tooltip."""
    menu.setToolTipsVisible(True)
    for preset in presets():
        entry = QAction(preset.title, menu)
        entry.setToolTip(preset.effect)
        entry.triggered.connect(lambda _on=False, preset=preset: chosen(preset))
        menu.addAction(entry)


def _file(window: MainWindow, menu: QMenu, exports: list[QAction]) -> None:
    menu.addAction(action(window, "&New", window.new, keys=Standard.New))
    menu.addAction(action(window, "&Open…", window.ask_open, keys=Standard.Open, icon="open"))
    recent = menu.addMenu("Open &recent")
    recent.aboutToShow.connect(lambda: _recent(window, recent))
    fill_presets(menu.addMenu("&Presets"), window.open_preset)
    menu.addSeparator()
    menu.addAction(action(window, "&Save", window.save, keys=Standard.Save, icon="save"))
    menu.addAction(action(window, "Save &as…", window.save_as, keys="Ctrl+Shift+S"))
    menu.addSeparator()
    menu.addActions(exports)
    menu.addSeparator()
    menu.addAction(action(window, "&Quit", window.close, keys="Ctrl+Q"))


def _recent(window: MainWindow, menu: QMenu) -> None:
    menu.clear()
    settings = Settings()
    for path in settings.recent_files():
        entry = menu.addAction(path.name)
        entry.triggered.connect(lambda _on=False, path=path: window.open_path(path))
        entry.setToolTip(str(path))
    menu.setToolTipsVisible(True)
    if menu.isEmpty():
        menu.addAction("No files yet").setEnabled(False)
    else:
        menu.addSeparator()
        menu.addAction("Forget these", settings.clear_recent)


def _edit(window: MainWindow, menu: QMenu) -> None:
    stack = window.document.undo_stack
    undo, redo = stack.createUndoAction(window, "&Undo"), stack.createRedoAction(window, "&Redo")
    undo.setShortcuts([QKeySequence(keys) for keys in UNDO])
    redo.setShortcuts([QKeySequence(keys) for keys in REDO])
    menu.addActions([undo, redo])
    window.addActions([undo, redo])


def _plots(window: MainWindow, menu: QMenu) -> None:
    area = window.plot_area
    area.fill_menu(menu)
    cards = menu.addMenu("&Card")
    cards.addActions(area.commands.cards)
    sizes = menu.addMenu("Card &size")
    sizes.addActions(area.commands.sizes)
    menu.addAction("Reset arrangement", area.reset_arrangement)


def _view(window: MainWindow, menu: QMenu) -> None:
    group = QActionGroup(menu)
    for choice, text in THEMES:
        entry = menu.addAction(text)
        entry.triggered.connect(lambda _on=False, choice=choice: _choose_theme(choice))
        entry.setCheckable(True)
        entry.setChecked(theme_choice() == choice)
        group.addAction(entry)
    menu.addSeparator()
    docks = (window.network_dock, window.training_dock, window.doctor_dock)
    menu.addActions([dock.toggleViewAction() for dock in docks])
    menu.addSeparator()
    menu.addAction(action(window, "&Full screen", window.toggle_full_screen, keys="F11"))
    menu.addAction("Reset arrangement", window.reset_arrangement)


def _choose_theme(choice: Choice) -> None:
    app = QApplication.instance()
    if isinstance(app, QApplication):
        set_theme(app, choice)
        Settings().set("window/theme", choice)


def _help(window: MainWindow, menu: QMenu) -> None:
    menu.addAction(action(window, "&Manual", ManualAccess(window).open, keys="F1"))
    menu.addAction(action(window, "&Keyboard shortcuts", window.show_shortcuts, keys="Ctrl+F1"))
    menu.addAction(action(window, "&About Nablascope", window.show_about))
