"""Pictures and numbers of plots, to files and to the clipboard."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QDialog, QWidget

from ui.bench.bench import Bench
from ui.board.plot_area import PlotArea
from ui.doctor.rounds import Rounds
from ui.style.numbers import integer
from ui.window.status import Banner

# What makes reports is imported when one is asked for.
if TYPE_CHECKING:
    from ui.report.reported_run import ReportedRun
    from ui.window.code_export import CodeExport


class Exporting(QObject):
    """Exports what the plots show, if that is the network that is described."""

    def __init__(
        self, bench: Bench, plots: PlotArea, findings: Rounds, banner: Banner, decline: Callable[[str], None],
        window: QWidget,
    ) -> None:  # fmt: skip
        """``decline`` says why there is nothing to do something with."""
        super().__init__(window)
        self._decline = decline
        self._bench, self._plots, self._findings = bench, plots, findings
        self._banner, self._window = banner, window
        self._code: CodeExport | None = None
        plots.export_requested.connect(self.export)

    def export(self, key: str) -> None:
        """Ask how and where to export one plot (its key) or all (``""``)."""
        if not self._may_export():
            return
        from ui.dialogs.export import ExportDialog

        dialog = ExportDialog(self._plots.plots, key, list(self._plots.arranged), self._window)
        dialog.exported.connect(self._banner.say)
        self._open(dialog)

    def report(self) -> None:
        """Ask which plots a report of the run shows and where it goes."""
        if not self._may_export() or self._bench.shown.view is None:
            return
        from ui.report.dialog import ReportDialog

        dialog = ReportDialog(self._reported, self._plots.plots, list(self._plots.arranged), self._window)
        dialog.written.connect(self._banner.say)
        self._open(dialog)

    def code(self) -> None:
        """Ask for which library the run is written as a program, and where to."""
        if self._may_export() and self._bench.view is not None:
            self.code_export.open()

    @property
    def code_export(self) -> CodeExport:
        """What writes programs, made when the first is asked for."""
        if self._code is None:
            from ui.window.code_export import CodeExport

            self._code = CodeExport(self._bench, self._banner, self._window)
        return self._code

    def animate(self, key: str = "") -> None:
        """Ask which plot is to be animated, over which steps; the window stays usable meanwhile."""
        view = self._bench.view
        if not self._may_export() or view is None:
            return
        if view.frame.step < 1:
            text = "There is one step only: an animation needs steps to go through."
            self._banner.say(text, holds=lambda: self._bench.step < 1)
            return
        from ui.animation.dialog import AnimationDialog, shows_run

        plots = {key: plot for key, plot in self._plots.plots.items() if shows_run(plot)}
        if not plots:
            text = "No plot shows this run yet."
            self._banner.say(text, holds=lambda: not any(map(shows_run, self._plots.plots.values())))
            return
        focused = self._plots.focused_plot()
        key = key or (focused.key if focused is not None else "")
        dialog = AnimationDialog(self._bench, plots, key, self._window)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.written.connect(self._banner.say)
        dialog.show()

    def _reported(self) -> ReportedRun:
        """The run as all plots show it now."""
        from ui.window.reported import reported

        view = self._bench.shown.view
        if view is not None:
            self._plots.feed.refresh(view)
        return reported(self._bench, self._findings)

    def _open(self, dialog: QDialog) -> None:
        """Have all plots brought along while it is open."""
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.finished.connect(lambda _result: self._plots.feed.want_all(False))
        self._plots.feed.want_all(True)
        dialog.open()

    def _may_export(self) -> bool:
        """Whether plots show the network that is described, and one step of it; if not, it is said."""
        if self._bench.hold.stops():
            return False
        view = self._bench.shown.view
        if view is not None and not view.whole:
            text = f"Step {integer(view.frame.step)} is being computed: export when it is there."
            self._banner.say(text, holds=lambda: self._is_on_its_way(view.frame.step))
            return False
        may = not self._bench.refusal and not self._bench.building
        if not may:
            self._decline("export")
        return may

    def _is_on_its_way(self, step: int) -> bool:
        """Whether a step is shown of which not all is there yet."""
        shown = self._bench.shown.view
        return shown is not None and not shown.whole and shown.frame.step == step

    def copy_picture(self) -> None:
        """Put a picture of the plot that has the focus, else of the first one, on the clipboard."""
        from ui.export import ExportError, copy_picture

        plot = self._plots.focused_plot()
        if plot is None or not self._may_export():
            return
        try:
            copy_picture(plot)
        except ExportError as error:
            self._banner.say(str(error))
        else:
            self._banner.say(f"A picture of “{plot.title}” is on the clipboard.", passes=True)
