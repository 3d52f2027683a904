"""Where the platform wants what a program keeps for a person: here data that came inside a file that was opened."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def data_folder() -> Path:
    """The folder, which need not exist yet."""
    return _platform_folder() / "Nablascope" / "data"


def _platform_folder() -> Path:
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support"
    name, usual = ("LOCALAPPDATA", "AppData/Local") if sys.platform == "win32" else ("XDG_DATA_HOME", ".local/share")
    given = Path(os.environ.get(name, ""))
    return given if given.is_absolute() else Path.home() / usual
