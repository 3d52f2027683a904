"""Runs the engine's tests where PySide6 and pyqtgraph cannot be imported: `python tests/without_qt.py`.

Of each test its first case: what is imported does not depend on the case, and with Qt all cases are run.
"""

from __future__ import annotations

import sys
from importlib.abc import MetaPathFinder
from pathlib import Path

import pytest

SCREEN = ("PySide6", "shiboken6", "pyqtgraph")


class Absent(MetaPathFinder):
    """Makes the screen's packages look as if they were not installed."""

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        if name.split(".")[0] in SCREEN:
            raise ModuleNotFoundError(f"No module named {name!r} (blocked)", name=name)


class FirstCases:
    """Leaves out the further cases of a test."""

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        firsts = {item.nodeid.partition("[")[0]: item for item in reversed(items)}
        items[:] = [item for item in items if firsts[item.nodeid.partition("[")[0]] is item]


if __name__ == "__main__":
    sys.meta_path.insert(0, Absent())
    folder = Path(__file__).parent / "simulator"
    sys.exit(pytest.main(["-p", "no:pytest-qt", str(folder), *sys.argv[1:]], plugins=[FirstCases()]))
