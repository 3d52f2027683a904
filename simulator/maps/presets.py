"""Maps that ship with the program: each an experiment or a preset of one, what is varied in it, and what it shows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

import resources
from simulator.experiment.experiment import Experiment
from simulator.experiment.files import find
from simulator.maps import measures
from simulator.maps.axes import axis
from simulator.maps.sweep import Sweep

FOLDER = resources.FOLDER / "maps"


class MapPreset(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A map in teaching order: ``id`` on the command line, ``title`` in the window, ``effect`` what one will see."""

    id: str
    title: str
    question: str
    effect: str
    experiment: dict[str, Any] | str
    """Whole, or a preset's id with ``set``."""
    set: dict[str, Any] = {}
    vary: tuple[str, ...]
    seeds: int = 1
    steps: int
    until: str = ""
    measures: tuple[str, ...] = measures.USUAL
    shown: str
    """The measure that the picture is of; ``step`` for how many were made."""
    over: str = ""
    """The measure that its profile goes over, in place of what is varied."""
    theory: tuple[str, ...] = ()
    """The lines that are drawn over it."""

    def base(self) -> Experiment:
        plain = self.experiment
        experiment = find(plain) if isinstance(plain, str) else Experiment.from_builtins(plain)
        return experiment.with_values(self.set.items())

    def sweep(self) -> Sweep:
        base = self.base()
        return Sweep(
            experiment=base, axes=tuple(axis(text, base) for text in self.vary), seeds=self.seeds, steps=self.steps,
            until=self.until, measures=self.measures, brief=True,
        )  # fmt: skip


def map_presets() -> tuple[MapPreset, ...]:
    """All of them, in teaching order."""
    return tuple(map(_read, sorted(FOLDER.glob("*.json"))))


def _read(path: Path) -> MapPreset:
    return msgspec.json.decode(path.read_bytes(), type=MapPreset)


def find_map(name: str) -> MapPreset | None:
    """The map of that id; None where there is none."""
    return next((preset for preset in map_presets() if preset.id == name), None)
