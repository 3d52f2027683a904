"""Tests and benchmarks stand where users do: outside."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
PATHS = [
    path
    for folder in ("tests", "benchmarks")
    for path in (ROOT / folder).rglob("*.py")
    if "additions" not in path.parts
]
"""Additions are parts of the program, for a copy of it."""
PRIVATE = re.compile(r"_[A-Za-z]\w*")


BY_NAME = {"setattr", "getattr", "delattr"}


def private_names(source: str) -> list[str]:
    """Private attributes of anything but ``self`` and ``cls``, and private names that are imported or patched."""
    reached: list[str] = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute):
            owner = node.value.id if isinstance(node.value, ast.Name) else ""
            # os._exit is a public function, whatever its name.
            if owner not in ("self", "cls") and (owner, node.attr) != ("os", "_exit"):
                reached.append(node.attr)
        elif isinstance(node, ast.alias):
            reached += node.name.split(".")
        elif isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in BY_NAME:
            reached += [part for word in strings(node.args) for part in word.split(".")]
    return [name for name in reached if PRIVATE.fullmatch(name)]


def strings(nodes: list[ast.expr]) -> list[str]:
    return [node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)]


def test_a_test_uses_nothing_private() -> None:
    reached = {str(path.relative_to(ROOT)): private_names(path.read_text(encoding="utf-8")) for path in sorted(PATHS)}
    assert {path: names for path, names in reached.items() if names} == {}


def test_what_is_private_is_seen_however_it_is_reached() -> None:
    source = "import a._b\nfrom c import _d\nself._e.f\ng._h()\nm.setattr('i._j', 1)\nm.setattr(k, '_l', 1)\nn.__init__"
    assert sorted(private_names(source)) == ["_b", "_d", "_h", "_j", "_l"]
