"""One step of a tour."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import SignalInstance
from PySide6.QtWidgets import QWidget


def anything(*_values: object) -> bool:
    """Whatever a signal brings."""
    return True


def never() -> bool:
    """A step that has to be done."""
    return False


@dataclass(frozen=True)
class TourStep:
    """What to do, with which control, and how one knows that it has been done."""

    title: str
    text: str
    target: Callable[[], QWidget]
    """The control, as things stand: it may be another one after a part of the step is done."""
    signal: SignalInstance
    """Tells of its being done …"""
    accepts: Callable[..., bool] = anything
    """… where what the signal brings is this."""
    done: Callable[[], bool] = never
    """Whether there is nothing left to do."""
    spared: Callable[[], QWidget] | None = None
    """What the bubble leaves uncovered beside the control: the plot that a button is of."""
    meanwhile: Callable[[], str] = str
    """What one is waiting for, and how far it is, where the step takes a while."""
    prepare: Callable[[], None] = lambda: None
    """Brings the control into sight."""
