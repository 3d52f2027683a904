"""Data that lie elsewhere than an experiment says: looked for, and read there in the same way."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QWidget

from simulator.data import DataError
from simulator.data.base import Data
from simulator.data.paths import hash_of
from simulator.schema.parameter import kind_of, replaced
from ui.bench.document import Document
from ui.dialogs import files
from ui.settings.settings import Settings
from ui.window.status import Banner

FIND = "Find it…", "Choose where these data lie now; what they are and how they are read stays."


def are_missing(data: Data) -> bool:
    """Whether there is nothing where the data should be."""
    path = str(getattr(data, "path", ""))
    return bool(path) and not Path(path).exists()


def find_data(document: Document, banner: Banner, window: QWidget) -> None:
    """Ask where the data of the present experiment lie, and have them read there."""
    data = document.experiment.data
    folder = Settings().folder(document.path)
    path = files.ask_images(window, folder) if kind_of(type(data)) == "images" else files.ask_table(window, folder)
    if path is None:
        return
    plain = replaced(document.experiment.to_builtins(), ("data", "path"), str(path.absolute()))
    same = _is_same(data, path)
    if not same:
        # So it is read as the experiment says, not judged anew.
        plain = replaced(plain, ("data", "hash"), "")
    reason = document.propose(plain, f"Find {Path(str(getattr(data, 'path', ''))).name}")
    if reason is not None:
        banner.say(reason)
    elif not same:
        banner.say(f"{path.name} is not the file that this experiment was trained on; it is read in the same way.")


def _is_same(data: Data, path: Path) -> bool:
    """As far as that is known."""
    known_hash = str(getattr(data, "hash", ""))
    try:
        return not known_hash or hash_of(str(path)) == known_hash
    except DataError:
        return True  # That it cannot be read is said by whoever reads it.
