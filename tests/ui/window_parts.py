"""What stands before and beside the board, made one by one: pages, dialogs and bubbles of a window."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QRect, Qt
from PySide6.QtWidgets import QApplication, QWidget

from ui.animation.dialog import AnimationDialog
from ui.chart.explanation import Explanation
from ui.dialogs.export import ExportDialog
from ui.dialogs.reading import show_about, show_shortcuts
from ui.dialogs.share import ShareDialog
from ui.dialogs.table import TableDialog
from ui.manual.window import ManualWindow
from ui.plots.waterfall import Waterfall
from ui.report.dialog import ReportDialog
from ui.report.reported_run import ReportedRun
from ui.start.page import StartPage
from ui.window.main_window import MainWindow

Make = Callable[[MainWindow, Path], QWidget]


def manual(parent: MainWindow, _folder: Path) -> QWidget:
    shown = ManualWindow(parent)
    shown.open_page("plots/waterfall")
    return shown


def table(parent: MainWindow, folder: Path) -> QWidget:
    path = folder / "t.csv"
    path.write_text("a,b,c\n1,2,x\n3,4,y\n")
    return TableDialog(path, parent)


def export(parent: MainWindow, _folder: Path) -> QWidget:
    plots = {key: parent.plot_area.plot(key) for key in parent.plot_area.arranged}
    return ExportDialog(plots, "", [*plots], parent)


def share(parent: MainWindow, _folder: Path) -> QWidget:
    return ShareDialog(parent.sharing.parts, parent)


def report(parent: MainWindow, _folder: Path) -> QWidget:
    def nothing() -> ReportedRun:
        raise AssertionError("nothing is written here")

    plots = {key: parent.plot_area.plot(key) for key in parent.plot_area.arranged}
    return ReportDialog(nothing, plots, [*plots], parent)


def animation(parent: MainWindow, _folder: Path) -> QWidget:
    """Of a run that has made a step."""
    plots = {key: parent.plot_area.plot(key) for key in parent.plot_area.arranged}
    return AnimationDialog(parent.bench, plots, "loss", parent)


def preferences(parent: MainWindow, _folder: Path) -> QWidget:
    return parent.preference_access.open()


def keys(parent: MainWindow, _folder: Path) -> QWidget:
    dialog = parent.preference_access.open()
    dialog.tabs.setCurrentIndex(1)
    return dialog


def memory(parent: MainWindow, _folder: Path) -> QWidget:
    dialog = parent.preference_access.open()
    dialog.tabs.setCurrentIndex(2)
    return dialog


def palette(parent: MainWindow, _folder: Path) -> QWidget:
    return parent.palette_access.open()


def start(parent: MainWindow, _folder: Path) -> QWidget:
    page = StartPage("an experiment", parent)
    page.setGeometry(QRect(0, 0, parent.width(), parent.height()))
    return page


def tour(parent: MainWindow, _folder: Path) -> QWidget:
    parent.first_hour.begin_tour()
    assert parent.first_hour.tour is not None
    return parent.first_hour.tour.bubble


def explanation(parent: MainWindow, _folder: Path) -> QWidget:
    plot = Waterfall
    return Explanation(parent, plot.title, plot.explain, plot.formula, f"plots/{plot.key}")


def about(parent: MainWindow, _folder: Path) -> QWidget:
    return show_about(parent)


def shortcuts(parent: MainWindow, _folder: Path) -> QWidget:
    return show_shortcuts(parent, parent.actions())


def landscape(parent: MainWindow, _folder: Path) -> QWidget:
    return opened_by(parent.landscape_access.open)


def seeds(parent: MainWindow, _folder: Path) -> QWidget:
    return opened_by(parent.seeds.open)


def branches(parent: MainWindow, _folder: Path) -> QWidget:
    return opened_by(parent.branch_access.open_tree)


def changes(parent: MainWindow, _folder: Path) -> QWidget:
    return opened_by(parent.changes_access.open)


def opened_by(open_it: Callable[[], object]) -> QWidget:
    """The window that comes with it."""
    before = {each for each in QApplication.topLevelWidgets() if each.isVisible()}
    open_it()
    (opened,) = (each for each in QApplication.topLevelWidgets() if each.isVisible() and each not in before)
    return opened


def bring(part: QWidget) -> None:
    """Show it; a popover, which takes the keyboard of the screen, is laid out only."""
    if part.windowType() == Qt.WindowType.Popup:
        part.grab()
    else:
        part.show()


OF_A_RUN: list[Make] = [animation]
WINDOWS: list[Make] = [landscape, seeds, branches, changes]
"""Each as large as it is by itself."""
PARTS: list[Make] = [
    manual, table, export, share, report, preferences, keys, memory, palette, start, tour, explanation, about,
    shortcuts,
]  # fmt: skip
