"""Which page of the manual a widget is about, and the asking for one; who opens it listens."""

from __future__ import annotations

import re

from PySide6.QtCore import QObject, QUrl, Signal
from PySide6.QtWidgets import QWidget

from simulator.schema.parameter import Part, Spec, kind_of

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


def finding_page(rule: str) -> str:
    """``L2 penalty`` → ``findings/l2-penalty``"""
    return f"findings/{rule.lower().replace(' ', '-')}"


def part_page(kind: type[Part]) -> str:
    """``Adam`` → ``parts/optimizer/adam``"""
    base = next(each for each in kind.__mro__ if Part in each.__bases__)
    return f"{part_folder(base)}/{kind_of(kind)}"


def part_folder(base: type[Spec]) -> str:
    """``BlockNormalization`` → ``parts/block-normalization``: where the pages of its kinds are."""
    return "parts/" + re.sub(r"(?<=[a-z])(?=[A-Z])", "-", base.__name__).lower()


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
