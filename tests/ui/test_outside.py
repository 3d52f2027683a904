"""Tests of the interface stand where its users do: outside."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent
PRIVATE = re.compile(r"_[a-z]\w*")


def private_names(source: str) -> list[str]:
    """Private attributes of anything but ``self`` and ``cls``, and private names that are imported or patched."""
    reached = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute) and not (
            isinstance(node.value, ast.Name) and node.value.id in ("self", "cls")
        ):
            reached.append(node.attr)
        elif isinstance(node, ast.alias):
            reached += node.name.split(".")
        elif isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in (
            "setattr",
            "getattr",
            "delattr",
        ):
            words = [given.value for given in node.args if isinstance(given, ast.Constant)]
            reached += [part for word in words if isinstance(word, str) for part in word.split(".")]
    return [name for name in reached if PRIVATE.fullmatch(name)]


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.py")), ids=lambda path: path.stem)
def test_a_test_uses_nothing_private(path: Path) -> None:
    assert private_names(path.read_text(encoding="utf-8")) == []


def test_what_is_private_is_seen_however_it_is_reached() -> None:
    source = "import a._b\nfrom c import _d\nself._e.f\ng._h()\nm.setattr('i._j', 1)\nm.setattr(k, '_l', 1)\nn.__init__"
    assert sorted(private_names(source)) == ["_b", "_d", "_h", "_j", "_l"]
