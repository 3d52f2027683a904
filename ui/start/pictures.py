"""The pictures on the start page: of presets, made by `docs/make_thumbnails.py`, and of a person's own files."""

from __future__ import annotations

import hashlib
from pathlib import Path

from PySide6.QtCore import QBuffer, QByteArray, QStandardPaths
from PySide6.QtGui import QImage, QImageWriter

from simulator.experiment.files import PRESETS
from simulator.system.atomic import write_atomic
from ui.settings.fault_log import log
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
    content = QBuffer()
    content.open(QBuffer.OpenModeFlag.WriteOnly)
    if not QImageWriter(content, QByteArray(b"png")).write(image):
        return False
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(target, bytes(content.data().data()))
        for old in sorted(target.parent.glob("*.png"), key=lambda file: file.stat().st_mtime)[:-MOST_KEPT]:
            old.unlink(missing_ok=True)
    except (OSError, MemoryError) as error:
        log.warning(
            "no picture of %s is kept: %s", path, getattr(error, "strerror", "") or "there is not enough memory"
        )
        return False
    return True


def _kept() -> Path:
    return Path(QStandardPaths.writableLocation(QStandardPaths.StandardLocation.CacheLocation)) / "pictures"
