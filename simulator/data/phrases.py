"""The words in which messages about files speak of names and cells."""

from __future__ import annotations

import os


def shown(text: str, length: int = 40) -> str:
    """``text`` in quotes on one line, shortened."""
    line = " ".join(text.split())
    line = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in line)
    return f'"{line}"' if len(line) <= length else f'"{line[: length - 1]}…"'


def name_of(path: str) -> str:
    """What messages call the file: its name without folders, on one line."""
    return shown(os.path.basename(path) or path, 60)[1:-1]
