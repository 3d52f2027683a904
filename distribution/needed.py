"""Which installed modules the program needs: those that ``pyproject.toml`` asks for, and what these ask for in turn."""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from importlib import metadata

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from distribution.trial import ROOT


def needed_distributions() -> set[str]:
    """Names of the program and of all that it asks for, its extras left out."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return {canonicalize_name(project["name"])} | closure(project["dependencies"])


def closure(requirements: Iterable[str]) -> set[str]:
    """Names of the distributions that are asked for, and of all that these ask for on this machine."""
    found: set[tuple[str, tuple[str, ...]]] = set()
    waiting: list[tuple[Requirement, tuple[str, ...]]] = [(Requirement(each), ("",)) for each in requirements]
    while waiting:
        asked, by = waiting.pop()
        if asked.marker is not None and not any(asked.marker.evaluate({"extra": extra}) for extra in by):
            continue
        name, extras = canonicalize_name(asked.name), ("", *sorted(asked.extras))
        if (name, extras) not in found:
            found.add((name, extras))
            waiting += [(Requirement(each), extras) for each in _asked_by(name)]
    return {name for name, _ in found}


def _asked_by(name: str) -> Sequence[str]:
    """What an installed distribution asks for; nothing where there is none of this name."""
    try:
        return metadata.requires(name) or ()
    except metadata.PackageNotFoundError:
        return ()


def unneeded_modules(providers: Mapping[str, Iterable[str]] | None = None) -> list[str]:
    """Modules of this environment that only other distributions bring: what else is installed makes no program larger.

    ``providers`` is module → distributions that bring it.
    """
    needed = needed_distributions()
    brought = metadata.packages_distributions() if providers is None else providers
    return sorted(
        module
        for module, names in brought.items()
        if module.isidentifier() and module not in sys.stdlib_module_names
        and needed.isdisjoint(map(canonicalize_name, names))
    )  # fmt: skip
