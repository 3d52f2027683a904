#!/usr/bin/env python
"""The house in numbers: circles, floors, sizes of files, classes and functions; of this tree, beside an earlier one.

python benchmarks/house.py [--before OTHER_CHECKOUT] [--markdown ARCHITECTURE.md]
"""

from __future__ import annotations

import argparse
import ast
import statistics
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.report import Section, Table, written  # noqa: E402  (from the tree that this file stands in)

HOUSES = ("main.py", "nablascope", "resources", "simulator", "ui")
MOST_METHODS, LONGEST_FILE, LONGEST_FUNCTION = 30, 400, 40
"""What the house allows: methods of a class, lines of a file, lines of a function."""
PRINTED = (
    "Printed by `python benchmarks/house.py --before OTHER_CHECKOUT --markdown ARCHITECTURE.md`; *before* is the first "
    "edition."
)


class Tree:
    """A checkout, as text."""

    def __init__(self, root: Path) -> None:
        self.root = root
        paths = [
            path for house in HOUSES for path in ([root / house] if house.endswith(".py") else _files(root / house))
        ]
        self.paths = {_module(root, path): path for path in paths}

    @cached_property
    def trees(self) -> dict[str, ast.Module]:
        """Every module, parsed."""
        return {module: ast.parse(path.read_text(encoding="utf-8")) for module, path in self.paths.items()}

    def lines(self, module: str) -> int:
        return len(self.paths[module].read_text(encoding="utf-8").splitlines())

    def folders(self) -> dict[str, int]:
        """Lines of each folder, of those below it too, two levels deep."""
        lines: Counter[str] = Counter()
        for path in [each for top in (*HOUSES, "tests", "benchmarks") for each in _files(self.root / top)]:
            parts = path.relative_to(self.root).parts
            folder = "/".join(parts[: 2 if parts[0] in ("simulator", "ui") and len(parts) > 2 else 1])
            lines[folder] += len(path.read_text(encoding="utf-8").splitlines())
        return dict(sorted(lines.items()))

    def names_imported(self, module: str) -> set[str]:
        """All that one imports, wherever in its file, for type checking too; of this tree, the modules."""
        names: set[str] = set()
        for node in ast.walk(self.trees[module]):
            if isinstance(node, ast.Import):
                names |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                full = {f"{node.module}.{alias.name}" for alias in node.names}
                names |= {name if name in self.paths else str(node.module) for name in full}
                if node.level:
                    raise ValueError(f"relative import in {module}")
        return names

    def imports(self, module: str) -> set[str]:
        """Modules of this tree that one imports."""
        return self.names_imported(module) & set(self.paths) - {module}

    def circles(self) -> list[tuple[str, ...]]:
        """Groups of files that import each other."""
        arrows = {module: self.imports(module) for module in self.paths}
        below = {module: _reachable(module, arrows) for module in arrows}
        groups = {
            tuple(sorted(other for other in below[module] if module in below[other]))
            for module in arrows
            if module in below[module]
        }
        return sorted(groups)

    def methods(self) -> dict[str, int]:
        """``module.Class`` → its methods."""
        return {
            f"{module}.{node.name}": sum(isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef) for each in node.body)
            for module, tree in self.trees.items()
            for node in ast.walk(tree)
            if isinstance(node, ast.ClassDef)
        }

    def functions(self) -> dict[str, int]:
        """``module:line.function`` → lines of its body, without its docstring."""
        return {
            f"{module}:{node.lineno}.{node.name}": _length(node)
            for module, tree in self.trees.items()
            for node in ast.walk(tree)
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        }

    def off_the_floors(self) -> list[str]:
        """Modules in no folder that the import contract names."""
        contracts = tomllib.loads((self.root / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
        stated = {
            f"{contract['containers'][0]}.{name}"
            for contract in contracts["contracts"]
            if contract["type"] == "layers" and "containers" in contract
            for floor in contract["layers"]
            for name in floor.split(" | ")
        }
        inside = [module for module in self.paths if module.startswith(("simulator.", "ui."))]
        return [module for module in inside if ".".join(module.split(".")[:2]) not in stated]


def _files(folder: Path) -> Iterator[Path]:
    if folder.is_file():
        yield folder
    yield from sorted(folder.rglob("*.py"))


def _module(root: Path, path: Path) -> str:
    return ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__")


def _reachable(start: str, arrows: Mapping[str, set[str]]) -> set[str]:
    seen: set[str] = set()
    waiting = [start]
    while waiting:
        for name in arrows[waiting.pop()] - seen:
            seen.add(name)
            waiting.append(name)
    return seen


def _length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    body = node.body[1:] if ast.get_docstring(node) is not None else node.body
    return 0 if not body else (body[-1].end_lineno or 0) - body[0].lineno + 1


def measures(tree: Tree) -> dict[str, str]:
    """What is measured → its value in words."""
    methods, functions = tree.methods(), tree.functions()
    files = {module: tree.lines(module) for module in tree.paths}
    lengths = sorted(functions.values())
    long_files = {module: lines for module, lines in files.items() if lines > LONGEST_FILE}
    ignores = sum(path.read_text(encoding="utf-8").count("# type: ignore") for path in tree.paths.values())
    return {
        "files in circles": str(sum(len(circle) for circle in tree.circles())),
        "modules on no floor": str(len(tree.off_the_floors())),
        "modules at the root of `simulator/` beside `__init__`": str(
            sum(module.count(".") == 1 and path.name != "__init__.py" for module, path in tree.paths.items()
                if module.startswith("simulator."))
        ),
        f"classes of more than {MOST_METHODS} methods": _named(methods, MOST_METHODS),
        f"files of more than {LONGEST_FILE} lines": _named(long_files, LONGEST_FILE),
        f"functions of more than {LONGEST_FUNCTION} lines": _named(functions, LONGEST_FUNCTION),
        "lines of a function, median and ninth decile": f"{statistics.median(lengths):g}, "
        f"{lengths[round(0.9 * (len(lengths) - 1))]}",
        "`type: ignore`": str(ignores),
        "lines in all, without tests and benchmarks": str(sum(files.values())),
    }  # fmt: skip


def _named(counts: Mapping[str, int], most: int) -> str:
    above = sorted(((count, name) for name, count in counts.items() if count > most), reverse=True)
    listed = ", ".join(f"{name.rsplit('.', 1)[-1]} {count}" for count, name in above)
    return f"{len(above)}" + (f" ({listed})" if above else "")


def taken_away(root: Path, since: str) -> tuple[int, int]:
    """How many commits since one took away more lines of Python than they added, and how many lines these left less."""
    told = _git(root, "log", "--no-merges", "--format=format:@", "--numstat", f"{since}..HEAD", "--", *HOUSES)
    fewer = [_fewer(each.splitlines()) for each in told.split("@")]
    return sum(lines > 0 for lines in fewer), sum(lines for lines in fewer if lines > 0)


def _fewer(counts: Sequence[str]) -> int:
    """Lines taken away less lines added, by what git counts of each file."""
    rows = [row.split("\t") for row in counts if row.endswith(".py")]
    return sum(int(gone) - int(come) for come, gone, _ in rows)


def _git(root: Path, *words: str) -> str:
    return subprocess.run(["git", "-C", root, *words], capture_output=True, text=True, check=True).stdout


def _told_of_commits(before: Tree) -> str:
    commits, lines = taken_away(ROOT, _git(before.root, "rev-parse", "HEAD").strip())
    return f"{commits} commits since took away more lines of Python than they added: {lines} lines, with nothing lost."


def run(now: Tree, before: Tree | None = None) -> Section:
    """Both tables."""
    trees = [now] if before is None else [before, now]
    heads = ["now"] if before is None else ["before", "now"]
    found = [measures(tree) for tree in trees]
    first = Table("The house", ["measure", *heads], [[name, *(each[name] for each in found)] for name in found[-1]])
    folders = [tree.folders() for tree in trees]
    names = sorted({name for each in folders for name in each})
    rows: list[Sequence[str]] = [[name, *(str(each.get(name, 0)) for each in folders)] for name in names]
    second = Table("Lines of Python by folder", ["folder", *heads], rows)
    data: dict[str, Any] = dict(zip(heads, found, strict=True))
    return Section([first, second], data)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--before", type=Path, metavar="FOLDER", help="an earlier checkout to compare with")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="the document whose section is replaced")
    given = parser.parse_args(arguments)
    section = run(Tree(ROOT), None if given.before is None else Tree(given.before))
    text = section.text() if given.before is None else f"{section.text()}\n\n{_told_of_commits(Tree(given.before))}"
    print(text)
    if given.markdown is not None:
        written(given.markdown, "The house in numbers", f"{PRINTED}\n\n{text}")


if __name__ == "__main__":
    main()
