"""The house's arrows: the simulator knows no screen, and its lower floors do not know the higher ones."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from simulator.activations import Activation
from simulator.initializers import Initializer
from simulator.layers import Layer
from simulator.losses import Loss
from simulator.optimizers import Optimizer
from simulator.parameter import Part, kind_of, kinds
from simulator.schedules import Schedule
from simulator.trace import FACTORS

ROOT = Path(__file__).parents[2]
MODULES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted((ROOT / "simulator").rglob("*.py"))
}
FLOORS = [
    ["simulator.parameter", "simulator.numeric", "simulator.frame"],
    ["simulator.activations", "simulator.initializers", "simulator.optimizers", "simulator.schedules"],
    ["simulator.losses"],
    ["simulator.layers"],
    ["simulator.network"],
    ["simulator.training"],
    ["simulator.worker"],
    ["simulator.session"],
]
"""From the ground up; a module never imports from a higher floor."""


def imports(path: Path) -> set[str]:
    """All modules imported anywhere in a file, inside functions too."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"relative import in {path}"
            assert node.module is not None
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def under(module: str, package: str) -> bool:
    return module == package or module.startswith(package + ".")


@pytest.mark.parametrize("module", sorted(MODULES))
def test_the_simulator_imports_no_screen(module: str) -> None:
    forbidden = ("ui", "main", "PySide6", "PyQt6", "pyqtgraph", "matplotlib", "sklearn")
    found = imports(MODULES[module])
    assert not [name for name in found if any(under(name, package) for package in forbidden)]


def test_no_module_imports_from_a_floor_above() -> None:
    floor = {name: level for level, names in enumerate(FLOORS) for name in names}
    seen = set()
    for module, path in MODULES.items():
        own = [level for name, level in floor.items() if under(module, name)]
        if own:
            seen.add(own[0])
            higher = [name for name, level in floor.items() if level > own[0]]
            wrong = [found for found in imports(path) if any(under(found, name) for name in higher)]
            assert not wrong, f"{module} imports {wrong}"
    assert seen == set(range(len(FLOORS)))


READERS = ("doctor", "theory", "measures", "analysis")
"""What reads parts, and goes by what they say of themselves, not by what they are called."""


def named(tree: ast.AST, names: set[str], classes: set[str]) -> list[str]:
    """Comparisons with, sets of and checks for parts by their names."""
    found: list[ast.AST] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare | ast.Set):
            inside = [each.value for each in ast.walk(node) if isinstance(each, ast.Constant)]
            found += [node] * any(isinstance(value, str) and value in names for value in inside)
        elif isinstance(node, ast.Call) and ast.unparse(node.func) in ("isinstance", "issubclass"):
            found += [node] * any(isinstance(each, ast.Name) and each.id in classes for each in ast.walk(node.args[1]))
    return [ast.unparse(node) for node in found]


def test_what_reads_parts_goes_by_what_they_say_of_themselves_not_by_their_names() -> None:
    bases: tuple[type[Part], ...] = (Activation, Initializer, Layer, Loss, Optimizer, Schedule)
    parts = [part for base in bases for part in kinds(base).values()]
    names = {kind_of(part) for part in parts} - set(FACTORS)
    classes = {part.__name__ for part in parts}
    assert named(ast.parse("isinstance(x, ReLU) or kind in ('adam', 'lion')"), names, classes)
    readers = [path for folder in READERS for path in (ROOT / "simulator" / folder).rglob("*.py")]
    for path in [*readers, *(ROOT / "ui" / "plots").rglob("*.py"), *(ROOT / "ui" / "forms").rglob("*.py")]:
        assert not named(ast.parse(path.read_text(encoding="utf-8")), names, classes), path


BLOCKED = """
import sys

class Block:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {"PySide6", "shiboken6", "pyqtgraph", "sklearn", "matplotlib", "ui", "main"}:
            raise ImportError(f"{name} is not there")

sys.meta_path.insert(0, Block())
import importlib
for name in sys.argv[1:]:
    importlib.import_module(name)
from simulator import Experiment, run
for data in ("digits", "wine", "diabetes", "breast_cancer", "spirals"):
    run(Experiment.from_builtins({"data": {"kind": data}, "layers": [{"kind": "dense", "units": 3}]}), steps=1)
assert not {"PySide6", "pyqtgraph", "sklearn", "ui"} & set(sys.modules)
print("ok")
"""


def test_the_engine_runs_where_there_is_no_screen_library() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", BLOCKED, *sorted(MODULES)],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert (done.stderr, done.stdout) == ("", "ok\n")


def test_the_import_contract_is_kept() -> None:
    from importlinter.application import use_cases
    from importlinter.configuration import configure

    configure()
    assert use_cases.lint_imports(config_filename=str(ROOT / "pyproject.toml"), cache_dir=None)
