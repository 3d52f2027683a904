"""Leaves out of a built program what Qt brings along and a desktop never loads."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fnmatch import fnmatch
from pathlib import PurePath

Entry = tuple[str, str, str]
"""PyInstaller's entry of a file: its name in the program, where it lies now, its kind."""
UNUSED_FILES = (
    "*/plugins/egldeviceintegrations/*",
    "*/plugins/generic/*",
    "*/plugins/imageformats/*",
    "*/plugins/networkinformation/*",
    "*/plugins/tls/*",
    "*/plugins/platforms/*eglfs*",
    "*/plugins/platforms/*linuxfb*",
    "*/plugins/platforms/*minimal*",
    "*/plugins/platforms/*vkkhr*",
    "*/plugins/platforms/*vnc*",
    "*/plugins/platformthemes/*gtk3*",
    "*/PySide6/*translations/*",
)
"""Screens without a desktop, their keyboards and touch, TLS, a theme that loads all of GTK beside our own, and Qt's
words in languages that nothing here is written in."""
USED_FILES = ("*qsvg*", "*qjpeg*")
"""Of these folders: pictures that style sheets and exports read and write."""


def is_unused(name: str) -> bool:
    """Whether a file, by its name in the program, is one that nothing loads."""
    name = "/" + name.replace("\\", "/")
    matches = any(fnmatch(name, pattern) for pattern in UNUSED_FILES)
    return matches and not any(fnmatch(name, pattern) for pattern in USED_FILES)


def lean(entries: Iterable[Entry], libraries_of: Callable[[str], set[str]]) -> list[Entry]:
    """The entries without unused files and without the libraries that only these load.

    ``libraries_of`` gives the file names of the libraries that the file at a path loads.
    """
    given = list(entries)
    dropped = [entry for entry in given if is_unused(entry[0])]
    kept = [entry for entry in given if not is_unused(entry[0])]
    while dropped:
        suspects = set().union(*(libraries_of(source) for _, source, _ in dropped))
        wanted = set().union(*(libraries_of(source) for _, source, kind in kept if kind in ("BINARY", "EXTENSION")))
        lost = suspects - wanted
        dropped = [entry for entry in kept if PurePath(entry[0]).name in lost]
        kept = [entry for entry in kept if PurePath(entry[0]).name not in lost]
    return kept


def leading_somewhere(entries: Iterable[Entry], kept: Iterable[Entry]) -> list[Entry]:
    """The entries but for links to files that are not among those that are kept."""
    names = {PurePath(name) for name, _, _ in kept}
    return [
        (name, target, kind)
        for name, target, kind in entries
        if kind != "SYMLINK" or PurePath(name).parent / target in names
    ]
