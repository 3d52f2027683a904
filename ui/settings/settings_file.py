"""The file that preferences and arrangement are stored in: what another hand has made of it is not read."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QSettings

from simulator.system.fingerprint import free_name_beside
from simulator.system.regular_file import UnfitFileError, read_regular

MOST_BYTES = 2**22
OBJECTS = (b"@Variant(", b"PyObject", b"@DateTime(")
"""What nothing of ours is stored as: Qt would make objects of Python from it, which can run anything."""
ESCAPED = re.compile(rb"\\(?:x([0-9a-fA-F]+)|([0-7]+)|\r?\n|\n?\r|.)|\"", re.DOTALL)
"""What Qt takes for another letter, or for none."""


def settings_path() -> Path:
    """Where the file is, found without opening it."""
    scope, names = QSettings.Scope.UserScope, (QCoreApplication.organizationName(), QCoreApplication.applicationName())
    other = QSettings(QSettings.defaultFormat(), scope, names[0], f"{names[1]}-unused")
    path = Path(other.fileName())
    return path.with_name(f"{names[1]}{path.suffix}")


def set_unfit_aside() -> str:
    """Let nothing be read of a file that is no settings, and say so in a sentence; ``""`` where nothing is wrong."""
    path = settings_path()
    reason = _unfit(path)
    if not reason:
        return ""
    aside = free_name_beside(path)
    try:
        path.rename(aside)
    except OSError as error:
        nowhere = tempfile.mkdtemp(prefix="nablascope-")
        QSettings.setPath(QSettings.defaultFormat(), QSettings.Scope.UserScope, nowhere)
        return f"Preferences were not read, and none are remembered: {path} is {reason}, and stays ({error.strerror})."
    return f"Preferences were not read, all are as on the first day: {path} is {reason}. It is now called {aside.name}."


def _unfit(path: Path) -> str:
    """What a file is instead of settings; ``""`` where it is settings, or not there."""
    try:
        content = read_regular(path, MOST_BYTES)
    except UnfitFileError as error:
        return str(error.strerror)
    except OSError:
        return ""  # There is none, or Qt will not be able to read it either.
    plain = _plain(content)
    return "a file with objects that no preference is" if any(each in plain for each in OBJECTS) else ""


def _plain(content: bytes) -> bytes:
    """With letters in place of their numbers."""

    def letter(escaped: re.Match[bytes]) -> bytes:
        hexadecimal, octal = escaped.groups()
        number = int(hexadecimal, 16) if hexadecimal else int(octal, 8) if octal else None
        return b"" if number is None else bytes([number & 0xFF]) if number & 0xFF00 == 0 else b"?"

    return ESCAPED.sub(letter, content)
