"""Every plot of the bench. A new plot is one new file in this package: it is found by itself."""

from __future__ import annotations

import importlib
import pkgutil
from typing import Any

from ui.plots.base import Plot, View

_FIRST = (
    "activation_ridges", "gradient_depth", "activation_profile", "gradient_time", "loss", "gradient_image",
)  # fmt: skip
"""The order on screen; plots that are not named here follow in the order of their keys."""


def _found() -> tuple[type[Plot[Any]], ...]:
    plots: dict[str, type[Plot[Any]]] = {}
    for module in pkgutil.iter_modules(__path__):
        loaded = importlib.import_module(f"{__name__}.{module.name}")
        for thing in vars(loaded).values():
            if (
                isinstance(thing, type)
                and issubclass(thing, Plot)
                and thing.key
                and thing.__module__ == loaded.__name__
            ):
                plots[thing.key] = thing
    order = [key for key in _FIRST if key in plots] + sorted(plots.keys() - set(_FIRST))
    return tuple(plots[key] for key in order)


PLOTS = _found()


def plot_class(key: str) -> type[Plot[Any]]:
    """The plot with this key; :class:`KeyError` if there is none."""
    for plot in PLOTS:
        if plot.key == key:
            return plot
    raise KeyError(key)


__all__ = ["PLOTS", "Plot", "View", "plot_class"]
