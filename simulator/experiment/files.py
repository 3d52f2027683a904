"""Experiment files and the presets that ship with the project."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from msgspec import Struct

import resources
from simulator.data import AnyData
from simulator.data.paths import hash_of
from simulator.experiment.embedded import extract, is_container
from simulator.experiment.experiment import Experiment, ExperimentError
from simulator.experiment.named_file import naming_file
from simulator.system.atomic import write_atomic
from simulator.system.regular_file import read_regular, read_start

PRESETS = resources.FOLDER / "presets"
TABLES = frozenset({
    ".csv", ".tsv", ".tab", ".txt", ".dat", ".data", ".arff", ".xlsx", ".xlsm", ".xlsb", ".xls", ".ods", ".gz", ".zip",
})  # fmt: skip
"""Endings of files that are taken for tables."""
RUN_ENDING = ".nabla"
"""Of files that hold a run with its experiment."""
MAX_FILE_BYTES = 16 * 2**20
"""Bytes beyond which a file is not an experiment."""
HEAD_BYTES = 1024
"""Bytes that tell a table from an experiment in a file that is called like one."""
BEFORE_JSON = b"\xef\xbb\xbf \t\r\n"
"""What may stand before an experiment: the mark of its encoding, and blanks."""


class Preset(Struct, frozen=True):
    """A shipped experiment: ``id`` on the command line, ``title`` in the menu, ``effect`` what one will see."""

    id: str
    title: str
    group: str
    """The id of its :class:`PresetGroup`."""
    question: str
    """What it answers, in a few words."""
    effect: str
    workspace: str
    """The set of plots that shows it."""
    plot: str
    """The one plot that shows it, of which its picture is."""
    steps: int
    """After how many its picture is drawn."""
    path: Path

    def load(self) -> Experiment:
        return read(self.path)


class PresetGroup(Struct, frozen=True):
    """Presets that are about one thing, in teaching order."""

    id: str
    title: str
    presets: tuple[Preset, ...]


def read(path: Path) -> Experiment:
    """The experiment in a file, or in a picture or report that carries it, its data looked for beside it.

    ExperimentError names the file and what is wrong.
    """
    return _described(path).beside(path.parent)


def _described(path: Path) -> Experiment:
    """What stands in the file."""
    if is_container(path):
        return extract(path).experiment
    with naming_file(path, "experiment"):
        if is_table(path) and not read_start(path, HEAD_BYTES).lstrip(BEFORE_JSON).startswith(b"{"):
            named = json.dumps({"kind": "csv", "path": path.name}, ensure_ascii=False)
            raise ExperimentError(f"not an experiment but a table, which an experiment names as its data: {named}")
        return Experiment.from_json(read_regular(path, MAX_FILE_BYTES))


class Reach(Struct, frozen=True):
    """What an experiment file reads beyond its own folder."""

    named: str
    """The path as it stands in the file."""
    target: Path
    """Where that is."""

    @property
    def plausible(self) -> bool:
        """Whether a person would have chosen it in a dialog: in full, and a table or a folder of images."""
        return Path(self.named).is_absolute() and (is_table(self.target) or self.target.is_dir())


def reach_of(path: Path) -> Reach | None:
    """What the experiment in a file would read beyond that file's folder; ExperimentError as :func:`read`.

    None where it reads nothing there, or knows the file's hash: who does has had the file.
    """
    return reach_from(path, _described(path))


def reach_from(path: Path, experiment: Experiment) -> Reach | None:
    """The first that ``experiment``, as it stands in the file at ``path``, would read beyond that file's folder."""
    reaches = (_reach(path, data) for data in experiment.named_data)
    return next((reach for reach in reaches if reach is not None), None)


def _reach(path: Path, data: AnyData) -> Reach | None:
    named, known_hash = str(getattr(data, "path", "")), str(getattr(data, "hash", ""))
    located = str(getattr(data.beside(path.parent), "path", ""))
    if not named or not os.path.exists(located):
        return None
    target = Path(located).resolve()
    if target.is_relative_to(path.parent.resolve()) or (
        known_hash and target.is_file() and hash_of(located) == known_hash
    ):
        return None
    return Reach(named, target)


def is_table(path: Path) -> bool:
    """Whether a file is taken for a table, by its ending."""
    return path.suffix.lower() in TABLES


def write(experiment: Experiment, path: Path) -> None:
    """Save as readable JSON; the old file stays whole until the new one is. OSError if it cannot be written."""
    write_atomic(path, experiment.to_json())


def _index() -> dict[str, Any]:
    index: dict[str, Any] = json.loads((PRESETS / "index.json").read_text(encoding="utf-8"))
    return index


def presets() -> tuple[Preset, ...]:
    """All presets in teaching order."""
    return tuple(Preset(**entry, path=PRESETS / f"{entry['id']}.json") for entry in _index()["presets"])


def preset_groups() -> tuple[PresetGroup, ...]:
    """All groups, each with its presets."""
    known = presets()
    return tuple(
        PresetGroup(id, title, tuple(preset for preset in known if preset.group == id))
        for id, title in _index()["groups"].items()
    )


def find(name: str) -> Experiment:
    """The experiment in the file called ``name``, or the preset of that id, also beside a folder that is called so."""
    path, preset = Path(name), next((preset for preset in presets() if preset.id == name), None)
    if path.exists() and not (preset is not None and path.is_dir()):
        return read(path)
    if preset is not None:
        return preset.load()
    known = ", ".join(preset.id for preset in presets())
    raise ExperimentError(f"there is no file or preset {name!r}; presets: {known}")
