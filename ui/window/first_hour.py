"""What leads a newcomer in: the start page over the bench, and pictures of what was left for its list."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QRect, QTimer
from PySide6.QtWidgets import QMainWindow

from simulator.data import Csv, Images
from simulator.schema.parameter import kind_of
from ui.board.plot_area import PlotArea
from ui.start.page import StartPage, shows_at_start
from ui.start.pictures import keep_file_picture
from ui.style.theme import THEMES
from ui.window.experiments import Experiments

BEHIND_MS = 150
"""The page is painted before the plots that it covers are made."""
OWN = frozenset(kind_of(kind) for kind in (Csv, Images))
"""Data sets that a person's own files are read by."""


class FirstHour(QObject):
    """Opens the start page over a window and does what is chosen there."""

    def __init__(self, window: QMainWindow, experiments: Experiments, plots: PlotArea) -> None:
        super().__init__(window)
        self._window, self._experiments, self._plots = window, experiments, plots
        self.page: StartPage | None = None
        """While it is open."""
        self._behind = QTimer(self, singleShot=True, interval=BEHIND_MS)
        self._behind.timeout.connect(lambda: plots.board.set_covered(False))
        document = experiments.document
        document.opened.connect(lambda _experiment: self.close_page())
        document.changed.connect(lambda _old, _new: self.close_page())
        experiments.leaving.connect(self._keep_picture)
        window.installEventFilter(self)

    def begin(self) -> None:
        """As a start without a file or preset does: the page, unless it is not wanted, and the bench behind it."""
        if shows_at_start():
            self._plots.board.set_covered(True)
            self.open_page()

    def open_page(self) -> None:
        """Lay the page over the bench."""
        if self.page is None:
            self.page = self._make_page()
            self._fit()
            self.page.show()
        self.page.raise_()
        self.page.take_focus()

    def _make_page(self) -> StartPage:
        experiments = self._experiments
        page = StartPage(experiments.document.name, self._window)
        page.closed.connect(self.close_page)
        page.preset_chosen.connect(experiments.open_preset)
        page.file_chosen.connect(experiments.open_path)
        page.new_chosen.connect(lambda: experiments.new())
        page.open_chosen.connect(experiments.ask_open)
        page.data_chosen.connect(self._choose_data)
        return page

    def _choose_data(self, kind: str) -> None:
        (self._experiments.ask_data if kind in OWN else self._experiments.new)(kind)

    def close_page(self) -> None:
        """Give the bench back."""
        if self.page is not None:
            self.page.hide()
            self.page.deleteLater()
            self.page = None
            self._behind.stop()
            self._plots.board.set_covered(False)
            self._window.setFocus()

    # -- over the window -----------------------------------------------------------------------------------------

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self._fit()
        elif event.type() == QEvent.Type.Show and self.page is not None:
            self._behind.start()
        return super().eventFilter(watched, event)

    def _fit(self) -> None:
        """All but the menu bar."""
        if self.page is not None:
            bar = self._window.menuBar()
            top = 0 if bar.isNativeMenuBar() else bar.sizeHint().height()
            self.page.setGeometry(QRect(0, top, self._window.width(), self._window.height() - top))

    # -- pictures ------------------------------------------------------------------------------------------------

    def _keep_picture(self) -> None:
        """Remember what the present experiment's file shows: its current plot."""
        path, plot = self._experiments.document.path, self._plots.focused_plot()
        if path is not None and plot is not None and plot.state is not None:
            # Drawing is imported when there is something to draw.
            from ui.export.thumbnail import thumbnail

            for theme in THEMES.values():
                keep_file_picture(path, theme, thumbnail(plot, theme))
