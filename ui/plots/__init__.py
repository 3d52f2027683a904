"""Every plot of the bench. A new plot is one new file in this package: it is found by itself."""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Iterable
from typing import Any

from ui.plots.base import Plot, View

_FIRST = (
    "activation_ridges", "gradient_depth", "activation_profile", "gradient_time", "loss", "gradient_image",
)  # fmt: skip
"""The order on screen; plots that are not named here follow in the order of their keys."""


def modules() -> list[str]:
    """Names of the modules in which a plot may be."""
    return [f"{__name__}.{module.name}" for module in pkgutil.iter_modules(__path__)]


def _in(names: Iterable[str]) -> dict[str, type[Plot[Any]]]:
    plots: dict[str, type[Plot[Any]]] = {}
    for name in names:
        for thing in vars(importlib.import_module(name)).values():
            if isinstance(thing, type) and issubclass(thing, Plot) and thing.key and thing.__module__ == name:
                plots[thing.key] = thing
    return plots


@functools.cache
def first_plots() -> tuple[type[Plot[Any]], ...]:
    """Those that the first window shows: each in the module of its name, so that it waits for no other."""
    plots = _in(f"{__name__}.{key}" for key in _FIRST)
    return tuple(plots[key] for key in _FIRST)


@functools.cache
def all_plots() -> tuple[type[Plot[Any]], ...]:
    """Every plot, in the order on screen."""
    plots = _in(modules())
    order = [*_FIRST, *sorted(plots.keys() - set(_FIRST))]
    return tuple(plots[key] for key in order)


def plot_class(key: str) -> type[Plot[Any]]:
    """The plot with this key; :class:`KeyError` if there is none."""
    for plot in all_plots():
        if plot.key == key:
            return plot
    raise KeyError(key)


__all__ = ["Plot", "View", "all_plots", "first_plots", "modules", "plot_class"]
