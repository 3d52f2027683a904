"""What lesson files are called."""

from __future__ import annotations

from pathlib import Path

ENDING = ".nabla-lesson"


def is_lesson(path: Path) -> bool:
    """Whether a file is taken for a lesson, by its ending."""
    return path.suffix.lower() == ENDING
