"""The whole application takes on a theme, live: palette, style sheet, icons."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QApplication

from ui.style.icons import recolour_icons
from ui.style.stylesheet import stylesheet
from ui.style.text_size import measure_text
from ui.style.theme import DARK, LIGHT, THEMES, Theme, qpalette, take_theme, theme_changed

ThemeChoice = Literal["light", "dark", "system"]
CHOICES: tuple[ThemeChoice, ...] = ("light", "dark", "system")


class _Chosen(QObject):
    """What was asked for, and what is followed."""

    def __init__(self) -> None:
        super().__init__()
        self.choice: ThemeChoice = "system"
        self.follows = False


_chosen = _Chosen()


def set_theme(app: QApplication, choice: ThemeChoice) -> None:
    """Restyle the whole application; ``system`` follows the desktop from now on."""
    _chosen.choice = choice
    if not _chosen.follows:
        _chosen.follows = True
        app.styleHints().colorSchemeChanged.connect(_system_changed)
        app.fontChanged.connect(_font_changed)
    _apply(app, _system_theme(app) if choice == "system" else THEMES[choice])


@contextmanager
def styled_once() -> Iterator[None]:
    """Widgets that are made in here take the style sheet on at its end.

    A widget takes it on anew, with all that is in it, whenever it gets a parent: for a window that is as long as making
    its widgets.
    """
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    sheet = app.styleSheet()
    app.setStyleSheet("")
    try:
        yield
    finally:
        app.setStyleSheet(sheet)


def _system_theme(app: QApplication) -> Theme:
    return DARK if app.styleHints().colorScheme() == Qt.ColorScheme.Dark else LIGHT


def _system_changed() -> None:
    app = QApplication.instance()
    if isinstance(app, QApplication) and _chosen.choice == "system":
        _apply(app, _system_theme(app))


def _font_changed() -> None:
    """Widgets below a style sheet take another font on with the sheet only; then what holds text can be measured."""
    app = QApplication.instance()
    if isinstance(app, QApplication):
        app.setStyleSheet(app.styleSheet())
        measure_text()


def _apply(app: QApplication, theme: Theme) -> None:
    take_theme(theme)
    if app.style().objectName() != "fusion":
        app.setStyle("Fusion")
    app.setPalette(qpalette(theme))
    sheet = stylesheet(theme)
    if app.styleSheet() != sheet:
        app.setStyleSheet(sheet)
    recolour_icons(app)
    theme_changed.emit(theme)
