"""Experiment files and the presets that ship with the project."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from simulator.experiment import Experiment, ExperimentError
from simulator.files.atomic import write_atomic
from simulator.regular_file import UnfitFileError, read_regular

PRESETS = Path(__file__).parents[2] / "resources" / "presets"
LARGEST = 16 * 2**20
"""Bytes beyond which a file is not an experiment."""


@dataclass(frozen=True)
class Preset:
    """A shipped experiment: ``id`` on the command line, ``title`` in the menu, ``effect`` what one will see."""

    id: str
    title: str
    effect: str
    path: Path

    def load(self) -> Experiment:
        return read(self.path)


def read(path: Path) -> Experiment:
    """The experiment in a file; ExperimentError names the file and what is wrong in it."""
    try:
        return Experiment.from_json(read_regular(path, LARGEST)).beside(path.parent)
    except UnfitFileError as error:
        raise ExperimentError(f"{path.name}: {error.strerror}, so no experiment") from None
    except OSError as error:
        raise ExperimentError(f"{path}: {(error.strerror or str(error)).lower()}") from None
    except ExperimentError as error:
        raise ExperimentError(f"{path.name}: {error}", "") from None


def write(experiment: Experiment, path: Path) -> None:
    """Save as readable JSON; the old file stays whole until the new one is. OSError if it cannot be written."""
    write_atomic(path, experiment.to_json())


def presets() -> tuple[Preset, ...]:
    """All presets in teaching order."""
    entries = json.loads((PRESETS / "index.json").read_text(encoding="utf-8"))
    return tuple(Preset(e["id"], e["title"], e["effect"], PRESETS / f"{e['id']}.json") for e in entries)


def find(name: str) -> Experiment:
    """The experiment in the file called ``name``, or the preset of that id."""
    path = Path(name)
    if path.exists():
        return read(path)
    for preset in presets():
        if preset.id == name:
            return preset.load()
    known = ", ".join(preset.id for preset in presets())
    raise ExperimentError(f"there is no file or preset {name!r}; presets: {known}")
