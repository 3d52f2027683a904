"""The menu bar: every command in words, with its keys."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QMainWindow, QMenu

from simulator.experiment.files import Preset, preset_groups
from ui.bench.document import Document
from ui.board.plot_area import PlotArea
from ui.builder.builder import Builder
from ui.forms.one_undo import FIND, REDO, UNDO
from ui.settings.preferences import PAUSE, THEME, WORKER
from ui.settings.settings import Settings
from ui.style.actions import action
from ui.style.restyle import ThemeChoice
from ui.window.branch_access import BranchAccess
from ui.window.experiments import Experiments
from ui.window.exporting import Exporting
from ui.window.faults import Faults
from ui.window.first_hour import FirstHour
from ui.window.lessons_access import LessonsAccess
from ui.window.manual_access import ManualAccess
from ui.window.parts import WindowParts
from ui.window.preference_effects import PreferenceEntry
from ui.window.sharing import Sharing
from ui.window.transport import TransportBar

Standard = QKeySequence.StandardKey
THEMES: tuple[tuple[ThemeChoice, str], ...] = (("light", "Light"), ("dark", "Dark"), ("system", "Like the desktop"))


class FileCommands(Struct, frozen=True):
    """What the menu *File* calls, and that of the transport with what is exported."""

    experiments: Experiments
    sharing: Sharing
    exporting: Exporting


class EditCommands(Struct, frozen=True):
    """What the menu *Edit* calls beside undo and redo."""

    find: Callable[[], object]
    """Opens the palette."""
    show_preferences: Callable[[], object]


class RunCommands(Struct, frozen=True):
    """What the menu *Run* calls beside the transport."""

    add_twin: Callable[[], object]
    """One more network beside the run."""
    show_changes: Callable[[], object]
    """What was changed by hand in the run."""
    show_shelf: Callable[[], object]
    """Runs that are over."""
    branches: BranchAccess
    seeds: tuple[QAction, ...]
    """Each network from several seeds: to train them, and to show them."""
    show_map: Callable[[], object]
    """The map over one or two parameters."""


class ViewCommands(Struct, frozen=True):
    """What the menu *View* calls."""

    panel_toggles: tuple[QAction, ...]
    show_landscape: Callable[[], object]
    """Optimisers on a function of two parameters."""
    reset_arrangement: Callable[[], None]


class HelpCommands(Struct, frozen=True):
    """What the menu *Help* calls."""

    first_hour: FirstHour
    faults: Faults


class MenuCommands(Struct, frozen=True):
    """What menus call beside the parts of the window."""

    file: FileCommands
    edit: EditCommands
    run: RunCommands
    lessons: LessonsAccess
    view: ViewCommands
    help: HelpCommands


def build_menus(window: QMainWindow, parts: WindowParts, commands: MenuCommands) -> None:
    """Fill the menu bar and the two menus of the transport."""
    bar, exporting = window.menuBar(), commands.file.exporting
    exports = [
        action(
            window,
            "&Export plots…",
            lambda: exporting.export(""),
            keys="Ctrl+E",
            icon="export",
            tip="Save plots as pictures (PNG, SVG, PDF) or as numbers (CSV).",
        ),
        action(window, "&Copy picture of the focused plot", exporting.copy_picture, keys="Ctrl+Shift+C"),
        action(window, "&Animation…", exporting.animate, tip="Write a plot over the run as an animated picture."),
        action(window, "&Report…", exporting.report, tip="Write the run as one page that needs nothing else."),
        action(window, "Export co&de…", exporting.code, tip="Write the network as a program for PyTorch or Keras."),
    ]
    _file(window, bar.addMenu("&File"), commands.file, exports)
    _edit(window, bar.addMenu("&Edit"), parts.bench.document, commands.edit)
    _run(window, bar.addMenu("&Run"), parts.transport, commands.run)
    plots = bar.addMenu("&Plots")
    plots.setToolTipsVisible(True)
    plots.aboutToShow.connect(lambda: _plots(parts.plots, plots))
    lessons = bar.addMenu("&Lessons")
    lessons.aboutToShow.connect(lambda: commands.lessons.fill_menu(lessons))
    _view(window, bar.addMenu("&View"), commands.view)
    _help(window, bar.addMenu("&Help"), parts, commands.help)
    parts.transport.export_menu.addActions(exports)
    fill_presets(parts.transport.preset_menu, commands.file.experiments.open_preset)


def _run(window: QMainWindow, menu: QMenu, transport: TransportBar, commands: RunCommands) -> None:
    menu.addActions([transport.play, transport.step, transport.steps])
    menu.addSeparator()
    menu.addActions([transport.same, transport.reseed])
    tip = "This network once more, with all that was done to it by hand, on the same batches; then change one thing."
    menu.addAction(action(window, "&Twin", commands.add_twin, keys="Ctrl+T", tip=tip))
    tip = "What was changed by hand in this run: to read, edit, keep in a file, and make again."
    menu.addAction(action(window, "&Changes…", commands.show_changes, keys="Ctrl+L", tip=tip))
    tip = "Runs that are over: what differs in them and how they ended; as ghosts in all plots, or as lanes."
    menu.addAction(action(window, "S&helf…", commands.show_shelf, keys="Ctrl+H", tip=tip))
    tip = "One more network that goes on from the step that is shown, with its weights, optimiser state and batches."
    menu.addAction(action(window, "&Branch here", commands.branches.branch_here, keys="Ctrl+B", tip=tip))
    tip = "All networks, what each is a branch of and from which step on; go over to one, or delete it."
    menu.addAction(action(window, "Br&anches…", commands.branches.open_tree, keys="Ctrl+Shift+B", tip=tip))
    menu.addActions(commands.seeds)
    tip = "Train this experiment over one or two of its settings, and see a map of what comes of it."
    menu.addAction(action(window, "&Map…", commands.show_map, keys="Ctrl+Shift+G", tip=tip))
    menu.addSeparator()
    menu.addAction(PreferenceEntry("Pause where the loss is not finite", PAUSE, "on", "off", menu))
    menu.addAction(
        PreferenceEntry("Train in a process of its own from the next start on", WORKER, "process", "thread", menu)
    )
    menu.setToolTipsVisible(True)


def fill_presets(menu: QMenu, chosen: Callable[[Preset], object]) -> None:
    """A menu of each group, as on the start page; a preset's question and effect are its tooltip."""
    for group in preset_groups():
        presets = menu.addMenu(group.title)
        presets.setToolTipsVisible(True)
        for preset in group.presets:
            entry = presets.addAction(preset.title)
            entry.setToolTip(f"{preset.question}\n{preset.effect}")
            entry.triggered.connect(lambda _on=False, preset=preset: chosen(preset))


def _file(window: QMainWindow, menu: QMenu, commands: FileCommands, exports: list[QAction]) -> None:
    experiments = commands.experiments
    tip = "A small network on handwritten digits to build on."
    menu.addAction(action(window, "&New", experiments.new, keys=Standard.New, tip=tip))
    tip = "An experiment, a run, a picture that was exported, or a table of your own: CSV, a spreadsheet and the like."
    menu.addAction(action(window, "&Open…", experiments.ask_open, keys=Standard.Open, icon="open", tip=tip))
    recent = menu.addMenu("Open &recent")
    recent.aboutToShow.connect(lambda: _recent(experiments, recent))
    fill_presets(menu.addMenu("&Presets"), experiments.open_preset)
    menu.addSeparator()
    menu.addAction(action(window, "&Save", experiments.save, keys=Standard.Save, icon="save"))
    menu.addAction(action(window, "Save &as…", experiments.save_as, keys="Ctrl+Shift+S"))
    tip = "One file with experiment, data, workspace and what is pinned, to open elsewhere."
    menu.addAction(action(window, "S&hare…", commands.sharing.share, tip=tip))
    menu.addSeparator()
    menu.addActions(exports)
    menu.addSeparator()
    menu.addAction(action(window, "&Quit", window.close, keys="Ctrl+Q"))


def _recent(experiments: Experiments, menu: QMenu) -> None:
    menu.clear()
    settings = Settings()
    for path in settings.recent_files():
        entry = menu.addAction(path.name)
        entry.triggered.connect(lambda _on=False, path=path: experiments.open_path(path))
        entry.setToolTip(str(path))
    menu.setToolTipsVisible(True)
    if menu.isEmpty():
        menu.addAction("No files yet").setEnabled(False)
    else:
        menu.addSeparator()
        menu.addAction("Forget these", settings.clear_recent)


def _edit(window: QMainWindow, menu: QMenu, document: Document, commands: EditCommands) -> None:
    stack = document.undo_stack
    undo, redo = stack.createUndoAction(window, "&Undo"), stack.createRedoAction(window, "&Redo")
    undo.setShortcuts([QKeySequence(keys) for keys in UNDO])
    redo.setShortcuts([QKeySequence(keys) for keys in REDO])
    menu.addActions([undo, redo])
    window.addActions([undo, redo])
    menu.addSeparator()
    tip = "Find plots, presets, commands and settings by what they show."
    menu.addAction(action(window, "&Find…", commands.find, keys=FIND, tip=tip))
    menu.addSeparator()
    menu.addAction(action(window, "&Preferences…", commands.show_preferences, keys="Ctrl+,"))


def _plots(area: PlotArea, menu: QMenu) -> None:
    area.fill_menu(menu)
    cards = menu.addMenu("&Card")
    cards.addActions(area.commands.cards)
    sizes = menu.addMenu("Card &size")
    sizes.addActions(area.commands.sizes)
    menu.addAction("Reset arrangement", area.reset_arrangement)


def _view(window: QMainWindow, menu: QMenu, commands: ViewCommands) -> None:
    group = QActionGroup(menu)
    for choice, text in THEMES:
        group.addAction(PreferenceEntry(text, THEME, choice, None, menu))
    menu.addActions(group.actions())
    menu.addSeparator()
    menu.addActions(commands.panel_toggles)
    menu.addSeparator()
    tip = "Optimisers race on a function of two parameters: ravines, saddles, several minima."
    menu.addAction(action(window, "&Landscape", commands.show_landscape, keys="Ctrl+Shift+L", tip=tip))
    menu.setToolTipsVisible(True)
    menu.addSeparator()
    menu.addAction(action(window, "&Full screen", lambda: _toggle_full_screen(window), keys="F11"))
    menu.addAction("Reset arrangement", commands.reset_arrangement)


def _toggle_full_screen(window: QMainWindow) -> None:
    window.setWindowState(window.windowState() ^ Qt.WindowState.WindowFullScreen)


def _help(window: QMainWindow, menu: QMenu, parts: WindowParts, commands: HelpCommands) -> None:
    tip = "Recent experiments, presets as pictures, and data for a new experiment."
    menu.addAction(action(window, "&Start page", commands.first_hour.open_page, tip=tip))
    menu.addAction(action(window, "&Tour", commands.first_hour.begin_tour, tip="Six steps on the real controls."))
    menu.addAction(action(window, "&Manual", ManualAccess(window).open, keys="F1"))
    shortcuts = action(
        window, "&Keyboard shortcuts", lambda: _show_shortcuts(window, parts.plots, parts.builder), keys="Ctrl+F1"
    )
    menu.addAction(shortcuts)
    menu.addSeparator()
    tip = "What has gone wrong inside, if anything has, with where it did."
    menu.addAction(action(window, "&Log", commands.faults.open_log, tip=tip))
    tip = "Versions, platform, the end of the log and the experiment, into the clipboard; nothing is sent."
    menu.addAction(action(window, "Copy &report", commands.faults.copy_report, tip=tip))
    menu.addSeparator()
    menu.addAction(action(window, "&About Nablascope", lambda: _show_about(window)))


def _show_shortcuts(window: QMainWindow, plots: PlotArea, builder: Builder) -> None:
    from ui.dialogs import reading

    reading.show_shortcuts(window, [*window.actions(), *plots.actions(), *builder.actions_by_name.values()])


def _show_about(window: QMainWindow) -> None:
    from ui.dialogs import reading

    reading.show_about(window)
