"""The pictures on the start page: of presets, made by `docs/make_thumbnails.py`, and of a person's own files."""

from __future__ import annotations

import hashlib
from pathlib import Path

from PySide6.QtCore import QStandardPaths
from PySide6.QtGui import QImage

from simulator.experiment.files import PRESETS
from ui.settings.settings import RECENT_LIMIT
from ui.style.theme import Theme

MOST_KEPT = 8 * RECENT_LIMIT
"""Pictures of a person's files that are kept; the oldest go."""


def preset_picture(preset: str, theme: Theme) -> Path:
    """Where the picture of a preset is, by its id."""
    return PRESETS / "pictures" / f"{preset}-{theme.name}.png"


def file_picture(path: Path, theme: Theme) -> Path:
    """Where the picture of an experiment's file is, if there is one."""
    name = hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:24]
    return _kept() / f"{name}-{theme.name}.png"


def keep_file_picture(path: Path, theme: Theme, image: QImage) -> bool:
    """Remember what an experiment's file shows; whether it could be written."""
    target = file_picture(path, theme)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        for old in sorted(target.parent.glob("*.png"), key=lambda file: file.stat().st_mtime)[:-MOST_KEPT]:
            old.unlink(missing_ok=True)
    except OSError:
        return False
    return image.save(str(target))


def _kept() -> Path:
    return Path(QStandardPaths.writableLocation(QStandardPaths.StandardLocation.CacheLocation)) / "pictures"
