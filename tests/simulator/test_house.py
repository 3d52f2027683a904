"""The house: the simulator knows no screen, no floor knows one above it, there is no circle, nothing is too large."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from benchmarks.house import LONGEST_FILE, LONGEST_FUNCTION, MOST_METHODS, Tree
from simulator.arrays.trace import FACTORS
from simulator.layers import Layer
from simulator.parts.activations import Activation
from simulator.parts.initializers import Initializer
from simulator.parts.losses import Loss
from simulator.parts.optimizers import Optimizer
from simulator.parts.schedules import Schedule
from simulator.schema.parameter import Part, kind_of, kinds

ROOT = Path(__file__).parents[2]
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]
FLOORS = {
    contract["containers"][0]: [set(floor.split(" | ")) for floor in contract["layers"]]
    for contract in CONTRACTS
    if contract["type"] == "layers"
}
"""House → its folders from the top down; a module never imports from a folder above its own, or beside it."""


def modules_of(house: str) -> dict[str, Path]:
    paths = sorted((ROOT / house).rglob("*.py"))
    return {".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path for path in paths}


MODULES = modules_of("simulator")
TREE = Tree(ROOT)


def under(module: str, package: str) -> bool:
    return module == package or module.startswith(package + ".")


def test_no_module_stands_on_a_floor_that_the_import_contract_does_not_name() -> None:
    assert TREE.off_the_floors() == []


def imports_of_screens() -> list[str]:
    """What the engine imports of the window or of libraries that draw."""
    forbidden = ("ui", "main", "PySide6", "PyQt6", "pyqtgraph", "matplotlib", "sklearn")
    imported = {module: sorted(TREE.names_imported(module)) for module in sorted(MODULES)}
    return [
        f"{module} imports {name}"
        for module, names in imported.items()
        for name in names
        if any(under(name, package) for package in forbidden)
    ]


def test_the_simulator_imports_no_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    assert imports_of_screens() == []
    monkeypatch.setitem(TREE.trees, "simulator.arrays.arena", ast.parse("def draw():\n    import PySide6.QtGui\n"))
    assert imports_of_screens() == ["simulator.arrays.arena imports PySide6.QtGui"]


@pytest.mark.parametrize("house", sorted(FLOORS))
def test_every_module_is_on_a_floor_and_the_root_holds_nothing_else(house: str) -> None:
    stated = {name for floor in FLOORS[house] for name in floor}
    assert {module.split(".")[1] for module in modules_of(house) if module != house} == stated
    assert {path.name for path in (ROOT / house).glob("*.py")} <= {"__init__.py"} | {f"{name}.py" for name in stated}
    assert house != "simulator" or not [path for path in (ROOT / house).glob("*.py") if path.name != "__init__.py"]


def imports_from_above(house: str) -> list[str]:
    """Imports that lead from a folder to one above it or beside it, wherever in a file, for type checking too."""
    heights = {name: height for height, floor in enumerate(reversed(FLOORS[house])) for name in floor}
    return [
        f"{module} imports {other}"
        for module in TREE.paths
        if under(module, house) and module != house
        for other in sorted(TREE.imports(module))
        if under(other, house) and other != house
        for below, above in [(module.split(".")[1], other.split(".")[1])]
        if below != above and heights[above] >= heights[below]
    ]


@pytest.mark.parametrize("house", sorted(FLOORS))
def test_no_module_imports_from_a_floor_above(house: str) -> None:
    assert imports_from_above(house) == []


def test_an_import_from_a_floor_above_is_seen_wherever_it_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    upwards = "def later():\n    from simulator.running.session import Session\n"
    monkeypatch.setitem(TREE.trees, "simulator.arrays.arena", ast.parse(upwards))
    assert imports_from_above("simulator") == ["simulator.arrays.arena imports simulator.running.session"]


def test_no_files_import_each_other_in_a_circle() -> None:
    assert TREE.circles() == []


def test_no_class_file_or_function_is_larger_than_the_house_allows() -> None:
    lines = {module: TREE.lines(module) for module in TREE.paths}
    assert {name: count for name, count in TREE.methods().items() if count > MOST_METHODS} == {}
    assert {name: count for name, count in lines.items() if count > LONGEST_FILE} == {}
    assert {name: count for name, count in TREE.functions().items() if count > LONGEST_FUNCTION} == {}


READERS = ("doctor", "theory", "measures", "observations", "record")
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
