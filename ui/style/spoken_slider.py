"""Sliders for screen readers: what a slider stands for, in its own numbers, instead of the place of its handle."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, Generic, TypeVar
from weakref import WeakKeyDictionary, ref

import shiboken6
from PySide6.QtCore import QObject
from PySide6.QtGui import QAccessible, QAccessibleValueInterface
from PySide6.QtWidgets import QAccessibleWidget, QSlider

Slider = TypeVar("Slider", bound=QSlider)


@dataclass(frozen=True)
class Spoken(Generic[Slider]):
    """The number that a slider stands for, and how it is changed; it holds none itself."""

    value: Callable[[Slider], float]
    ends: Callable[[Slider], tuple[float, float]]
    """Least and largest."""
    step: Callable[[Slider], float]
    """To the next notch."""
    take: Callable[[Slider, float], object]
    """As a hand would set it."""
    text: Callable[[Slider], str]
    """In words."""


_spoken: WeakKeyDictionary[QSlider, Spoken[Any]] = WeakKeyDictionary()


def speak(slider: Slider, spoken: Spoken[Slider]) -> None:
    """From now on assistive programs are told the number."""
    _spoken[slider] = spoken
    make_sliders_spoken()


class SpokenValue(QAccessibleValueInterface):
    """What programs read and set."""

    def __init__(self, slider: QSlider, spoken: Spoken[Any]) -> None:
        super().__init__()
        self._slider, self._spoken = ref(slider), spoken

    def currentValue(self) -> float:
        return self._spoken.value(self._slider())

    def setCurrentValue(self, value: object) -> None:
        if isinstance(value, int | float):
            self._spoken.take(self._slider(), float(value))

    def minimumValue(self) -> float:
        return self._spoken.ends(self._slider())[0]

    def maximumValue(self) -> float:
        return self._spoken.ends(self._slider())[1]

    def minimumStepSize(self) -> float:
        return self._spoken.step(self._slider())


class SpokenSlider(QAccessibleWidget):
    """A slider whose value is its number."""

    def __init__(self, slider: QSlider, spoken: Spoken[Any]) -> None:
        super().__init__(slider, QAccessible.Role.Slider)
        self._spoken, self._value = spoken, SpokenValue(slider, spoken)

    def interface_cast(self, kind: QAccessible.InterfaceType) -> Any:
        """A pointer, which PySide takes as an object of its own; its types call it an int."""
        if kind != QAccessible.InterfaceType.ValueInterface:
            return None
        return shiboken6.VoidPtr(shiboken6.getCppPointer(self._value)[0])

    def text(self, kind: QAccessible.Text) -> str:
        return self._spoken.text(self.widget()) if kind == QAccessible.Text.Value else super().text(kind)


@cache
def make_sliders_spoken() -> None:
    """Once in a program."""
    QAccessible.installFactory(_interface)


def _interface(_class: str, shown: QObject) -> QAccessibleWidget | None:
    spoken = _spoken.get(shown) if isinstance(shown, QSlider) else None
    return SpokenSlider(shown, spoken) if isinstance(shown, QSlider) and spoken is not None else None
