"""Asking which plots a report shows and where it goes, and writing it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QDialogButtonBox,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QWidget,
)

from simulator.system.progress import CancelledError
from ui.dialogs.busy import BusyDialog
from ui.dialogs.export import export_folder
from ui.dialogs.files import ask_new, file_stem
from ui.export import ExportError
from ui.plots.base import Plot
from ui.report.page import ENDING
from ui.report.reported_run import ReportedRun
from ui.report.writing import write_report
from ui.settings.settings import Settings
from ui.style.boxes import in_dialog
from ui.style.numbers import count

WHAT = (
    "One page that needs nothing else: findings, plots, network, settings, what was changed by hand, versions, and how "
    "to have the run again. It carries the experiment: opened here, it opens that."
)


class ReportDialog(BusyDialog):
    """Which plots; then where."""

    written = Signal(str)
    """One sentence: what was written and where."""

    def __init__(
        self,
        run: Callable[[], ReportedRun],
        plots: Mapping[str, Plot[Any]],
        shown: Sequence[str],
        parent: QWidget | None = None,
    ) -> None:
        """``run`` tells of the run as it stands then; ``shown`` are the keys of the plots on the board."""
        super().__init__(parent)
        self._run, self._plots = run, plots
        self.setObjectName("report")
        self.setWindowTitle("Report")
        self.list = QListWidget(self)
        self.list.setAccessibleName("Plots in the report")
        for key in [*shown, *(key for key in plots if key not in shown)]:
            item = QListWidgetItem(plots[key].title)
            item.setData(Qt.ItemDataRole.UserRole, key)
            item.setCheckState(Qt.CheckState.Checked if key in shown else Qt.CheckState.Unchecked)
            self.list.addItem(item)
        self.chosen_count = QLabel(self)
        self.chosen_count.setProperty("role", "muted")
        self._lay_out()
        self.list.itemChanged.connect(lambda _item: self._tell())
        self._tell()

    def _lay_out(self) -> None:
        what = QLabel(WHAT, self, wordWrap=True)
        self.buttons.button(QDialogButtonBox.StandardButton.Save).setText("Write…")
        self.buttons.accepted.connect(self._ask_where)
        in_dialog(self, what, self.list, self.chosen_count, self.error, self.progress, self.buttons)
        self.resize(460, 520)

    @property
    def chosen(self) -> tuple[str, ...]:
        """The keys of the plots that are ticked."""
        items = [self.list.item(row) for row in range(self.list.count())]
        return tuple(
            item.data(Qt.ItemDataRole.UserRole) for item in items if item.checkState() == Qt.CheckState.Checked
        )

    def _tell(self) -> None:
        empty = sum(self._plots[key].state is None for key in self.chosen)
        lacking = f"; {count(empty, 'has', 'have')} nothing to show" if empty else ""
        self.chosen_count.setText(f"{count(len(self.chosen), 'plot')} chosen{lacking}")

    def _ask_where(self) -> None:
        start = export_folder() / f"{file_stem(self._run().name)}{ENDING}"
        path = ask_new(self, "Report", start, f"Web page (*{ENDING})", ENDING, ".htm")
        if path is not None:
            self.write_to(path)

    def write_to(self, path: Path) -> None:
        """Write the report; what fails is said in the dialog, which stays."""
        try:
            with self.busy():
                write_report(self._run(), [self._plots[key] for key in self.chosen], path)
        except CancelledError:
            return
        except ExportError as error:
            self.say_error(str(error))
            return
        Settings().set("export/folder", str(path.parent))
        self.written.emit(f"The report is in {path}.")
        self.accept()
