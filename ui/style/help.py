"""Which page of the manual a widget is about, and the asking for one; who opens it listens."""

from __future__ import annotations

from PySide6.QtCore import QObject, QUrl, Signal
from PySide6.QtWidgets import QWidget

SCHEME = "manual"
SUFFIX = ".md"
_PROPERTY = "manualPage"


class _Help(QObject):
    asked = Signal(str)


_help = _Help()

help_asked = _help.asked
"""Emitted with the path of the page that somebody wants to read."""


def follow(link: QUrl | str) -> None:
    """Ask for the page that a link leads to."""
    help_asked.emit(path_of(link))


def address(path: str) -> QUrl:
    """The address of a page, ``plots/loss`` → ``manual:/plots/loss.md``."""
    return QUrl(f"{SCHEME}:/{path}{SUFFIX}")


def path_of(url: QUrl | str) -> str:
    """The page that an address means."""
    return QUrl(url).path().strip("/").removesuffix(SUFFIX)


def set_page(widget: QWidget, path: str) -> None:
    """Let F1 within ``widget`` open a page."""
    widget.setProperty(_PROPERTY, path)


def page_of(widget: QWidget | None) -> str:
    """The page about ``widget`` or what it is in; empty where there is none."""
    while widget is not None:
        if path := widget.property(_PROPERTY):
            return str(path)
        widget = widget.parentWidget()
    return ""
