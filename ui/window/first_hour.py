"""What leads a newcomer in: the start page over the bench, the tour, and pictures of what was left for the page."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, Qt, QTimer
from PySide6.QtWidgets import QMainWindow, QMenu, QWidget

from simulator.data import Csv, Images
from simulator.experiment.files import presets
from simulator.schema.parameter import kind_of
from ui.settings.preferences import START, preferred
from ui.settings.settings import Settings
from ui.style.theme import THEMES
from ui.window.experiments import Experiments
from ui.window.parts import WindowParts
from ui.window.status import BannerAction
from ui.window.window_events import follow

# Page and tour are imported when they are shown: a start with a file does not wait for them.
if TYPE_CHECKING:
    from ui.start.page import StartPage
    from ui.tour.tour import Tour

BEHIND_MS = 50
"""The page is painted before the plots that it covers are made."""
OFFER = "New here? A tour of six steps on the real controls takes a few minutes; the Help menu has it later, too."
TAKE_TOUR = "Take the tour", "Opens its own preset; leave it at any time with Esc."
OWN = frozenset(kind_of(kind) for kind in (Csv, Images))
"""Data sets that a person's own files are read by."""


class FirstHour(QObject):
    """Opens the start page and the tour over a window, and does what is chosen there."""

    def __init__(self, window: QMainWindow, experiments: Experiments, parts: WindowParts, training: QWidget) -> None:
        """``training`` is the panel that holds the knobs."""
        super().__init__(window)
        self._window, self._experiments, self._parts, self._training = window, experiments, parts, training
        self._plots = plots = parts.plots
        self.page: StartPage | None = None
        """While it is open."""
        self.lessons: Callable[[QMenu], None] = lambda _menu: None
        """Fills a menu with all lessons."""
        self.tour: Tour | None = None
        """While it is under way."""
        self._behind = QTimer(self, singleShot=True, interval=BEHIND_MS)
        self._behind.timeout.connect(lambda: plots.board.set_covered(False))
        document = experiments.document
        document.opened.connect(lambda _experiment: self.close_page())
        document.changed.connect(lambda _old, _new: self.close_page())
        experiments.leaving.connect(self._keep_picture)
        follow(window, (QEvent.Type.Resize,), self._fit)

    def begin(self, *, asked: bool) -> None:
        """At a start: the page over the bench, unless something was ``asked`` for or a person does without it.

        Whoever has not been offered the tour yet is so there, or in a message.
        """
        settings = Settings()
        if not asked and preferred(START) == "on":
            self._plots.board.set_covered(True)
            self.open_page()
        elif settings.offers_tour():
            settings.end_tour_offer()
            self._parts.banner.say(OFFER, action=BannerAction(*TAKE_TOUR, self.begin_tour))

    def open_page(self) -> None:
        """Lay the page over the bench."""
        if self.page is None:
            self.page = self._make_page()
            self.page.installEventFilter(self)
            self._fit()
            self.page.show()
        self.page.raise_()
        self.page.take_focus()

    def _make_page(self) -> StartPage:
        experiments = self._experiments
        from ui.start.page import StartPage

        page = StartPage(experiments.document.name, self._window)
        page.closed.connect(self.close_page)
        page.tour_chosen.connect(self.begin_tour)
        page.lessons_wanted.connect(self._list_lessons)
        page.preset_chosen.connect(experiments.open_preset)
        page.file_chosen.connect(experiments.open_path)
        page.new_chosen.connect(lambda: experiments.new())
        page.open_chosen.connect(experiments.ask_open)
        page.data_chosen.connect(self._choose_data)
        return page

    def _list_lessons(self, button: QWidget) -> None:
        menu = QMenu(button)
        self.lessons(menu)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(button.mapToGlobal(QPoint(0, button.height())))

    def _choose_data(self, kind: str) -> None:
        (self._experiments.ask_data if kind in OWN else self._experiments.new)(kind)

    def close_page(self) -> None:
        """Give the bench back."""
        if self.page is not None:
            self.page.hide()
            self.page.deleteLater()
            self.page = None
            Settings().end_tour_offer()
            self._behind.stop()
            self._plots.board.set_covered(False)
            self._window.setFocus()

    # -- the tour ------------------------------------------------------------------------------------------------

    def begin_tour(self) -> None:
        """Open the preset that it is about, and point at the first step; not where the present run is kept."""
        from ui.tour.tour import Tour
        from ui.window.tour_steps import PRESET, tour_steps

        preset = next(preset for preset in presets() if preset.id == PRESET)
        if self._experiments.open_preset(preset):
            self.end_tour()
            self.tour = Tour(tour_steps(self._parts, self._training), self._window)
            self.tour.ended.connect(self._forget_tour)
            self.tour.begin()

    def end_tour(self) -> None:
        """Leave it, if one is under way."""
        if self.tour is not None:
            self.tour.end()

    def _forget_tour(self) -> None:
        if self.tour is not None:
            self.tour.deleteLater()
            self.tour = None

    # -- over the window -----------------------------------------------------------------------------------------

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self._fit()
        elif event.type() == QEvent.Type.Paint and not self._behind.isActive():
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
            from ui.export.thumbnail import thumbnail
            from ui.start.pictures import keep_file_picture

            for theme in THEMES.values():
                keep_file_picture(path, theme, thumbnail(plot, theme))
