"""The chart layer over pyqtgraph: panes, axes, marks, legends, read-outs. It knows no plot."""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType


def _mirror_lazily(module: ModuleType) -> None:
    """Let pyqtgraph's mirror of a module of Qt look a name up when it is asked for first."""

    def look_up(name: str) -> object:
        vars(module).pop("__getattr__", None)
        value = getattr(module, name)
        setattr(sys.modules[f"pyqtgraph.Qt.{module.__name__.rpartition('.')[2]}"], name, value)
        return value

    vars(module).update(__getattr__=look_up, __dir__=lambda: ["__getattr__"])


# pyqtgraph copies every name of these into modules of its own, and PySide6 makes a class when it is asked for: that
# would be some 800 classes, a tenth of the start. So it is shown a look-up as their only name, for its mirrors to have.
_mirrored = [import_module(f"PySide6.{name}") for name in ("QtCore", "QtGui", "QtWidgets")]
_own = [vars(module).get("__dir__") for module in _mirrored]
for _module in _mirrored:
    _mirror_lazily(_module)
import_module("pyqtgraph")
for _module, _names in zip(_mirrored, _own, strict=True):
    vars(_module).pop("__getattr__", None)
    vars(_module).update(__dir__=_names)
