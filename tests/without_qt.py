"""Runs the engine's tests where PySide6 and pyqtgraph cannot be imported: `python tests/without_qt.py`.

Every module of the engine is imported, and of each file its first test is run, in its first case: the import
contract forbids what is written down, this tries what only running shows. With Qt all cases are run.
"""

from __future__ import annotations

import sys
from collections import Counter
from importlib import import_module
from importlib.abc import MetaPathFinder
from pathlib import Path
from pkgutil import walk_packages

import pytest

SCREEN = ("PySide6", "shiboken6", "pyqtgraph")
TESTS_OF_A_FILE = 1


class Absent(MetaPathFinder):
    """Makes the screen's packages look as if they were not installed."""

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        if name.split(".")[0] in SCREEN:
            raise ModuleNotFoundError(f"No module named {name!r} (blocked)", name=name)


class FirstTests:
    """Leaves out all but the first test of each file, and the further cases of that."""

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        firsts = {item.nodeid.partition("[")[0]: item for item in reversed(items)}
        taken: Counter[Path] = Counter()
        kept = []
        for item in items:
            if firsts[item.nodeid.partition("[")[0]] is item and taken[item.path] < TESTS_OF_A_FILE:
                taken[item.path] += 1
                kept.append(item)
        items[:] = kept


if __name__ == "__main__":
    sys.meta_path.insert(0, Absent())
    root = Path(__file__).parents[1]
    sys.path.insert(0, str(root))
    for module in walk_packages([str(root / "simulator")], "simulator."):
        import_module(module.name)
    folder = root / "tests" / "simulator"
    sys.exit(pytest.main(["-p", "no:pytest-qt", str(folder), *sys.argv[1:]], plugins=[FirstTests()]))
