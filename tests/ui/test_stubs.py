"""What is said of pyqtgraph's types is about what it has."""

from __future__ import annotations

import ast
import importlib
from pathlib import Path

import pytest

STUBS = Path(__file__).parents[2] / "stubs"


@pytest.mark.parametrize("path", sorted(STUBS.rglob("*.pyi")), ids=lambda path: str(path.relative_to(STUBS)))
def test_every_class_function_and_method_of_a_stub_is_in_the_library(path: Path) -> None:
    name = ".".join(path.relative_to(STUBS).with_suffix("").parts).removesuffix(".__init__")
    library, missing = importlib.import_module(name), []
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if not isinstance(node, ast.ClassDef | ast.FunctionDef) or node.name.startswith("_"):
            continue
        if not hasattr(library, node.name):
            missing.append(node.name)
        elif isinstance(node, ast.ClassDef):
            members = [member.name for member in node.body if isinstance(member, ast.FunctionDef)]
            missing += [f"{node.name}.{each}" for each in members if not hasattr(getattr(library, node.name), each)]
    assert missing == []
