"""Sliders for screen readers: what a slider stands for, in its own numbers, instead of the place of its handle."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any
from weakref import WeakKeyDictionary

import shiboken6
from PySide6.QtCore import QObject
from PySide6.QtGui import QAccessible, QAccessibleValueInterface
from PySide6.QtWidgets import QAccessibleWidget, QSlider


@dataclass(frozen=True)
class Spoken:
    """The number that a slider stands for, and how it is changed."""

    value: Callable[[], float]
    ends: Callable[[], tuple[float, float]]
    """Least and largest."""
    step: Callable[[], float]
    """To the next notch."""
    take: Callable[[float], None]
    """As a hand would set it."""
    text: Callable[[], str]
    """In words."""


_spoken: WeakKeyDictionary[QSlider, Spoken] = WeakKeyDictionary()


def speak(slider: QSlider, spoken: Spoken) -> None:
    """From now on assistive programs are told the number."""
    _spoken[slider] = spoken
    make_sliders_spoken()


class SpokenValue(QAccessibleValueInterface):
    """What programs read and set."""

    def __init__(self, spoken: Spoken) -> None:
        super().__init__()
        self._spoken = spoken

    def currentValue(self) -> float:
        return self._spoken.value()

    def setCurrentValue(self, value: object) -> None:
        if isinstance(value, int | float):
            self._spoken.take(float(value))

    def minimumValue(self) -> float:
        return self._spoken.ends()[0]

    def maximumValue(self) -> float:
        return self._spoken.ends()[1]

    def minimumStepSize(self) -> float:
        return self._spoken.step()


class SpokenSlider(QAccessibleWidget):
    """A slider whose value is its number."""

    def __init__(self, slider: QSlider, spoken: Spoken) -> None:
        super().__init__(slider, QAccessible.Role.Slider)
        self._spoken, self._value = spoken, SpokenValue(spoken)

    def interface_cast(self, kind: QAccessible.InterfaceType) -> Any:
        """A pointer, which PySide takes as an object of its own; its types call it an int."""
        if kind != QAccessible.InterfaceType.ValueInterface:
            return None
        return shiboken6.VoidPtr(shiboken6.getCppPointer(self._value)[0])

    def text(self, kind: QAccessible.Text) -> str:
        return self._spoken.text() if kind == QAccessible.Text.Value else super().text(kind)


@cache
def make_sliders_spoken() -> None:
    """Once in a program."""
    QAccessible.installFactory(_interface)


def _interface(_class: str, shown: QObject) -> QAccessibleWidget | None:
    spoken = _spoken.get(shown) if isinstance(shown, QSlider) else None
    return SpokenSlider(shown, spoken) if isinstance(shown, QSlider) and spoken is not None else None
