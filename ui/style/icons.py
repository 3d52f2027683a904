"""Icons drawn in code on a 16 × 16 grid, in the colours of the theme.

``icon("play")`` gives a QIcon; ``set_icon(button, "play")`` gives it to a button or an action and keeps it in the
colours of whatever theme is on.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QAction, QColor, QIcon, QPainter, QPainterPath, QPen, QPixmap, QPolygonF
from PySide6.QtWidgets import QAbstractButton, QApplication

import resources
from ui.style.theme import Theme, current_theme

_SIZES = (16, 20, 24, 32, 48, 64)
_PROPERTY = "themed_icon"
RESOURCES = resources.FOLDER / "icons"

Strokes = tuple[QPainterPath, QPainterPath]
"""What is stroked, and what is filled."""


def _lines(*polylines: Iterable[tuple[float, float]]) -> QPainterPath:
    path = QPainterPath()
    for polyline in polylines:
        path.addPolygon(QPolygonF([QPointF(x, y) for x, y in polyline]))
    return path


def _shape(*points: tuple[float, float]) -> QPainterPath:
    path = _lines(points)
    path.closeSubpath()
    return path


def _boxes(*boxes: tuple[float, float, float, float], radius: float = 0.8) -> QPainterPath:
    path = QPainterPath()
    for x, y, width, height in boxes:
        path.addRoundedRect(QRectF(x, y, width, height), radius, radius)
    return path


def _dots(radius: float, *centres: tuple[float, float]) -> QPainterPath:
    path = QPainterPath()
    for x, y in centres:
        path.addEllipse(QPointF(x, y), radius, radius)
    return path


def _arc(box: tuple[float, float, float, float], start: float, sweep: float) -> QPainterPath:
    path = QPainterPath()
    path.arcMoveTo(QRectF(*box), start)
    path.arcTo(QRectF(*box), start, sweep)
    return path


def _joined(*paths: QPainterPath) -> QPainterPath:
    whole = QPainterPath()
    for path in paths:
        whole.addPath(path)
    return whole


_NONE = QPainterPath()


def _play() -> Strokes:
    return _NONE, _shape((4.5, 2.6), (13.2, 8), (4.5, 13.4))


def _pause() -> Strokes:
    return _NONE, _boxes((4, 3, 3, 10), (9, 3, 3, 10))


def _step() -> Strokes:
    return _NONE, _joined(_shape((3.5, 3), (10, 8), (3.5, 13)), _boxes((10.8, 3, 2, 10)))


def _steps() -> Strokes:
    triangles = _joined(_shape((1.5, 3.5), (6.5, 8), (1.5, 12.5)), _shape((6.7, 3.5), (11.7, 8), (6.7, 12.5)))
    return _NONE, _joined(triangles, _boxes((12.2, 3.3, 1.9, 9.4)))


def _restart() -> Strokes:
    return _arc((3, 3.2, 10, 10), 120, -300), _shape((6.9, 0.9), (6.9, 6.1), (2.7, 3.5))


def _repeat() -> Strokes:
    arrows = _joined(_shape((10, 1), (14, 4), (10, 7)), _shape((6, 9), (2, 12), (6, 15)))
    return _lines([(2.5, 7), (2.5, 4), (10.5, 4)], [(13.5, 9), (13.5, 12), (5.5, 12)]), arrows


def _dice() -> Strokes:
    return _boxes((2.2, 2.2, 11.6, 11.6), radius=2.4), _dots(
        1.15, (5.4, 5.4), (10.6, 5.4), (8, 8), (5.4, 10.6), (10.6, 10.6)
    )


def _plus() -> Strokes:
    return _lines([(8, 3), (8, 13)], [(3, 8), (13, 8)]), _NONE


def _minus() -> Strokes:
    return _lines([(3, 8), (13, 8)]), _NONE


def _duplicate() -> Strokes:
    return _joined(
        _boxes((5.5, 5.5, 8, 8), radius=1.4),
        _lines([(3, 10.5), (2.5, 10), (2.5, 3.2), (3.2, 2.5), (10, 2.5), (10.5, 3)]),
    ), _NONE


def _trash() -> Strokes:
    body = _lines([(3.8, 4.5), (4.6, 13.5), (11.4, 13.5), (12.2, 4.5)])
    return _joined(
        body,
        _lines(
            [(2.5, 4.3), (13.5, 4.3)],
            [(6, 4), (6.3, 2.3), (9.7, 2.3), (10, 4)],
            [(6.7, 7), (6.9, 11)],
            [(9.3, 7), (9.1, 11)],
        ),
    ), _NONE


def _up() -> Strokes:
    return _lines([(3.5, 10), (8, 5.5), (12.5, 10)]), _NONE


def _down() -> Strokes:
    return _lines([(3.5, 6), (8, 10.5), (12.5, 6)]), _NONE


def _pin() -> Strokes:
    head = _lines([(5, 2.5), (11, 2.5)], [(6, 2.5), (5.7, 7), (4, 9.2), (12, 9.2), (10.3, 7), (10, 2.5)])
    return _joined(head, _lines([(8, 9.4), (8, 14)])), _NONE


def _maximise() -> Strokes:
    corners = _lines([(9.5, 2.5), (13.5, 2.5), (13.5, 6.5)], [(6.5, 13.5), (2.5, 13.5), (2.5, 9.5)])
    return _joined(corners, _lines([(13.2, 2.8), (9.4, 6.6)], [(2.8, 13.2), (6.6, 9.4)])), _NONE


def _restore() -> Strokes:
    corners = _lines([(9.5, 2.8), (9.5, 6.5), (13.2, 6.5)], [(6.5, 13.2), (6.5, 9.5), (2.8, 9.5)])
    return _joined(corners, _lines([(9.7, 6.3), (13.5, 2.5)], [(6.3, 9.7), (2.5, 13.5)])), _NONE


def _export() -> Strokes:
    return _lines(
        [(8, 10), (8, 2.6)], [(4.8, 5.6), (8, 2.4), (11.2, 5.6)], [(2.8, 9.5), (2.8, 13.4), (13.2, 13.4), (13.2, 9.5)]
    ), _NONE


def _info() -> Strokes:
    return _joined(_dots(5.8, (8, 8)), _lines([(8, 7.4), (8, 11)])), _dots(0.95, (8, 5.1))


def _undo() -> Strokes:
    path = QPainterPath(QPointF(3.5, 6))
    path.lineTo(9.5, 6)
    path.arcTo(QRectF(6, 6, 7, 7), 90, -180)
    path.lineTo(6, 13)
    return path, _shape((6.2, 2.2), (6.2, 9.8), (1.8, 6))


def _redo() -> Strokes:
    path = QPainterPath(QPointF(12.5, 6))
    path.lineTo(6.5, 6)
    path.arcTo(QRectF(3, 6, 7, 7), 90, 180)
    path.lineTo(10, 13)
    return path, _shape((9.8, 2.2), (9.8, 9.8), (14.2, 6))


def _sun() -> Strokes:
    rays = [[(8 + 5 * x, 8 + 5 * y), (8 + 6.6 * x, 8 + 6.6 * y)] for x, y in _COMPASS]
    return _joined(_dots(2.9, (8, 8)), _lines(*rays)), _NONE


_COMPASS = ((1, 0), (0.707, 0.707), (0, 1), (-0.707, 0.707), (-1, 0), (-0.707, -0.707), (0, -1), (0.707, -0.707))


def _moon() -> Strokes:
    return _NONE, _dots(5.8, (7.5, 8.2)).subtracted(_dots(5.2, (10.6, 6)))


def _close() -> Strokes:
    return _lines([(4, 4), (12, 12)], [(12, 4), (4, 12)]), _NONE


def _open() -> Strokes:
    return _lines(
        [(2.2, 12.8), (2.2, 3.4), (6.4, 3.4), (7.8, 5), (12.6, 5), (12.6, 7)],
        [(2.2, 12.8), (4.4, 7), (14.4, 7), (12.4, 12.8), (2.2, 12.8)],
    ), _NONE


def _save() -> Strokes:
    body = _lines([(2.5, 2.5), (11, 2.5), (13.5, 5), (13.5, 13.5), (2.5, 13.5), (2.5, 2.5)])
    return _joined(
        body, _lines([(5.2, 2.8), (5.2, 6), (10, 6), (10, 2.8)], [(4.8, 13.2), (4.8, 9), (11.2, 9), (11.2, 13.2)])
    ), _NONE


def _grip() -> Strokes:
    return _NONE, _dots(1.1, (6, 4), (10, 4), (6, 8), (10, 8), (6, 12), (10, 12))


_DRAWN: dict[str, Callable[[], Strokes]] = {
    "play": _play, "pause": _pause, "step": _step, "steps": _steps, "restart": _restart, "dice": _dice,
    "plus": _plus, "minus": _minus, "duplicate": _duplicate, "trash": _trash, "up": _up, "down": _down,
    "pin": _pin, "maximise": _maximise, "restore": _restore, "export": _export, "info": _info, "undo": _undo,
    "redo": _redo, "sun": _sun, "moon": _moon, "repeat": _repeat, "close": _close, "open": _open,
    "save": _save, "grip": _grip,
}  # fmt: skip

ICONS = tuple(_DRAWN)
"""The names of all icons."""


def _pixmap(strokes: Strokes, colour: str, size: int) -> QPixmap:
    pixmap = QPixmap(size, size)
    pixmap.fill(Qt.GlobalColor.transparent)
    stroked, filled = strokes
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.scale(size / 16, size / 16)
    painter.fillPath(filled, QColor(colour))
    pen = QPen(QColor(colour), 1.35, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin)
    painter.strokePath(stroked, pen)
    painter.end()
    return pixmap


@functools.lru_cache(maxsize=256)
def _icon(name: str, theme: Theme) -> QIcon:
    made, strokes = QIcon(), _DRAWN[name]()
    for size in _SIZES:
        for colour, mode, state in (
            (theme.text, QIcon.Mode.Normal, QIcon.State.Off),
            (theme.accent, QIcon.Mode.Normal, QIcon.State.On),
            (theme.faint, QIcon.Mode.Disabled, QIcon.State.Off),
        ):
            made.addPixmap(_pixmap(strokes, colour, size), mode, state)
    return made


def icon(name: str, theme: Theme | None = None) -> QIcon:
    """The icon in the colours of ``theme`` (the present one); checked is accent, disabled is faint.

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
