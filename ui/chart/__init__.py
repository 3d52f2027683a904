"""The chart layer over pyqtgraph: panes, axes, marks, legends, read-outs. It knows no plot."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from pkgutil import iter_modules
from types import ModuleType
from typing import Any

from simulator.system.deferred_patterns import deferred_patterns

_NEEDED = frozenset((
    "AxisItem", "ButtonItem", "GraphicsItem", "GraphicsLayout", "GraphicsLayoutWidget", "GraphicsObject",
    "GraphicsView", "GraphicsWidget", "GraphicsWidgetAnchor", "ItemGroup", "LabelItem", "ViewBox",
))  # fmt: skip
"""What the chart layer uses of pyqtgraph's items and widgets, and what that stands on."""
_UNUSED = "pyqtgraph.imageview", "pyqtgraph.Qt.OpenGLHelpers", "pyqtgraph.util.cprint"
_OPTIONAL = "PySide6.QtOpenGLWidgets", "PySide6.QtTest"
"""Parts of Qt that pyqtgraph does without where there are none: it would load their libraries."""


def _mirror_lazily(module: ModuleType) -> None:
    """Let pyqtgraph's mirror of a module of Qt look a name up when it is asked for first."""

    def look_up(name: str) -> object:
        vars(module).pop("__getattr__", None)
        value = getattr(module, name)
        setattr(sys.modules[f"pyqtgraph.Qt.{module.__name__.rpartition('.')[2]}"], name, value)
        return value

    vars(module).update(__getattr__=look_up, __dir__=lambda: ["__getattr__"])


@contextmanager
def _mirrored_lazily() -> Iterator[None]:
    """pyqtgraph copies every name of Qt into modules of its own, and PySide6 makes a class when it is asked for.

    That would be some 800 classes, a tenth of the start. So it is shown a look-up as their only name, for its mirrors
    to have.
    """
    mirrored = [import_module(f"PySide6.{name}") for name in ("QtCore", "QtGui", "QtWidgets")]
    own = [vars(module).get("__dir__") for module in mirrored]
    for module in mirrored:
        _mirror_lazily(module)
    try:
        yield
    finally:
        for module, names in zip(mirrored, own, strict=True):
            vars(module).pop("__getattr__", None)
            vars(module).update(__dir__=names)


class _LeftOut(ModuleType):
    """Stands for a module while pyqtgraph is imported; what it is asked for is None."""

    def __getattr__(self, name: str) -> None:
        if name.startswith("__"):
            raise AttributeError(name)


def _left_out() -> Mapping[str, ModuleType]:
    """What of pyqtgraph nobody needs here, by name."""
    spec = find_spec("pyqtgraph")
    places = (spec and spec.submodule_search_locations) or ()
    folders = [(folder, str(Path(place, folder))) for place in places for folder in ("graphicsItems", "widgets")]
    found = [f"{folder}.{each.name}" for folder, path in folders for each in iter_modules([path])]
    names = [f"pyqtgraph.{name}" for name in found if name.rpartition(".")[2] not in _NEEDED]
    return {name: _LeftOut(name) for name in (*names, *_UNUSED)}


@contextmanager
def _absent(names: Iterable[str]) -> Iterator[None]:
    """Within, a module of these names that has not been imported yet is none."""
    hidden: dict[str, Any] = {name: None for name in names if name not in sys.modules}
    sys.modules.update(hidden)
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]


def _import_pyqtgraph() -> None:
    """Import it without what nobody needs here: half of its modules, of those that these import all.

    A version that cannot do without is imported whole.
    """
    left_out = _left_out()
    sys.modules.update(left_out)
    try:
        with _mirrored_lazily(), _absent(_OPTIONAL), deferred_patterns():
            import_module("pyqtgraph")
    except (AttributeError, ImportError, TypeError):
        for name in [name for name in sys.modules if name.partition(".")[0] == "pyqtgraph"]:
            del sys.modules[name]
        with _mirrored_lazily():
            import_module("pyqtgraph")
    finally:
        for name in left_out:
            if isinstance(sys.modules.get(name), _LeftOut):
                del sys.modules[name]


_import_pyqtgraph()
