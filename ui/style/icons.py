"""Icons from ``resources/icons/actions``, in the colours of the theme and sharp at any device pixel ratio.

``icon("play")`` gives a QIcon; ``set_icon(button, "play")`` gives it to a button or an action and keeps it in the
colours of whatever theme is on.
"""

from __future__ import annotations

import functools

from PySide6.QtCore import QByteArray, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QAction, QIcon, QIconEngine, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QAbstractButton, QApplication

import resources
from ui.style.theme import Theme, current_theme

_PROPERTY = "themed_icon"
RESOURCES = resources.FOLDER / "icons"
ICONS = tuple(sorted(path.stem for path in (RESOURCES / "actions").glob("*.svg")))
"""The names of all icons."""


class TintedSvg(QIconEngine):
    """Paints a drawing in ``currentColor`` at the size that is asked for: accent if checked, greyed if disabled."""

    def __init__(self, name: str, theme: Theme) -> None:
        super().__init__()
        self._name, self._theme = name, theme

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        _renderer(self._name, self._colour(mode, state)).render(painter, QRectF(rect))

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        # A button that is squeezed to nothing asks for a picture of no size, on which nothing can be painted.
        return (
            QPixmap() if size.isEmpty() else _pixmap(self._name, self._colour(mode, state), size.width(), size.height())
        )

    def clone(self) -> QIconEngine:
        copy = TintedSvg(self._name, self._theme)
        _copies.append(copy)
        return copy

    def _colour(self, mode: QIcon.Mode, state: QIcon.State) -> str:
        if mode == QIcon.Mode.Disabled:
            return self._theme.disabled
        return self._theme.accent if state == QIcon.State.On else self._theme.text


_copies: list[TintedSvg] = []
"""Copies belong to the QIcon that asked for them, which Python is not told of: without this it would free them."""


@functools.lru_cache(maxsize=64)
def _renderer(name: str, colour: str) -> QSvgRenderer:
    drawing = (RESOURCES / "actions" / f"{name}.svg").read_bytes()
    renderer = QSvgRenderer(QByteArray(drawing.replace(b"currentColor", colour.encode())))
    renderer.setAspectRatioMode(Qt.AspectRatioMode.KeepAspectRatio)
    return renderer


@functools.lru_cache(maxsize=256)
def _pixmap(name: str, colour: str, width: int, height: int) -> QPixmap:
    pixmap = QPixmap(width, height)
    pixmap.fill(Qt.GlobalColor.transparent)
    with QPainter(pixmap) as painter:
        _renderer(name, colour).render(painter)
    return pixmap


@functools.lru_cache(maxsize=64)
def _icon(name: str, theme: Theme) -> QIcon:
    if name not in ICONS:
        raise KeyError(name)
    return QIcon(TintedSvg(name, theme))


def icon(name: str, theme: Theme | None = None) -> QIcon:
    """The icon in the colours of ``theme`` (the present one); checked is accent, disabled is greyed.

    Raises :class:`KeyError` for a name that is not in :data:`ICONS`.
    """
    return _icon(name, theme or current_theme())


def set_icon(target: QAbstractButton | QAction, name: str) -> None:
    """Give ``target`` the icon, and keep it in the theme's colours from now on."""
    target.setProperty(_PROPERTY, name)
    target.setIcon(icon(name))


def recolour_icons(app: QApplication) -> None:
    """Renew every icon that :func:`set_icon` gave to a button, or to an action that some widget shows."""
    for widget in app.allWidgets():
        targets = [widget, *widget.actions()] if isinstance(widget, QAbstractButton) else widget.actions()
        for target in targets:
            name = target.property(_PROPERTY)
            if isinstance(name, str) and isinstance(target, (QAbstractButton, QAction)):
                target.setIcon(icon(name))


def app_icon() -> QIcon:
    """The application's own icon."""
    return QIcon(str(RESOURCES / "nablascope.svg"))
