"""ARCHITECTURE.md is true: its stations, floors, examples and files are there."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from docs import worked_examples

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
DECISIONS = (ROOT / "docs" / "DECISIONS.md").read_text(encoding="utf-8")
STATIONS = re.findall(r"^(\d+)\. `([\w/]+\.py)` `([\w.]+)`", TEXT, flags=re.MULTILINE)
SECTIONS = dict(part.split("\n", 1) for part in TEXT.split("\n## ")[1:])


def names_in(path: Path) -> set[str]:
    """``function`` and ``Class.method`` of a file."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    functions = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef)]
    methods = {f"{c.name}.{node.name}" for c in classes for node in c.body if isinstance(node, ast.FunctionDef)}
    return functions | methods


def test_a_number_travels_in_at_most_ten_stations() -> None:
    assert [int(number) for number, _, _ in STATIONS] == list(range(1, len(STATIONS) + 1))
    assert 5 < len(STATIONS) <= 10


@pytest.mark.parametrize(("file", "function"), [station[1:] for station in STATIONS])
def test_each_station_is_a_function_of_its_file(file: str, function: str) -> None:
    assert function in names_in(ROOT / file)


def test_the_table_of_floors_names_every_folder() -> None:
    table = SECTIONS["The floors"]
    for house in ("simulator", "ui"):
        for folder in (path for path in (ROOT / house).iterdir() if (path / "__init__.py").exists()):
            assert re.search(rf"`(?:{house}/)?{folder.name}/`", table), folder


def test_the_examples_are_those_that_are_tried() -> None:
    assert SECTIONS[worked_examples.TITLE].strip() == worked_examples.section().strip()
    tried = {path.stem for path in worked_examples.ADDITIONS.glob("*.py")} - {"consumers"}
    assert tried == set(worked_examples.PLACES)


def test_every_path_that_is_named_is_there() -> None:
    text = TEXT.partition("## Adding a part")[0] + DECISIONS
    for path in set(re.findall(r"`((?:simulator|ui|tests|benchmarks|distribution|docs|resources)/[\w/.]*)`", text)):
        assert (ROOT / path).exists(), path
