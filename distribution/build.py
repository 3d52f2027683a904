"""Builds a program that needs no Python: ``python -m distribution.build [FOLDER]``, ``dist`` if left out.

PyInstaller makes it of ``nablascope.spec``, for the system that it runs on. On Linux ``install.sh`` in the folder puts
it into the menu, with its icon and for ``.json`` files.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from distribution.trial import ROOT

ICON_PIXELS = 512


def draw_icon(path: Path) -> None:
    """The icon as PNG, of which PyInstaller makes what Windows and macOS want."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6.QtGui import QGuiApplication

    from ui.style.icons import app_icon

    _app = QGuiApplication.instance() or QGuiApplication([])
    if not app_icon().pixmap(ICON_PIXELS).save(str(path)):
        raise OSError(f"{path} cannot be written")


def build(folder: Path) -> Path:
    """Build into ``folder``; where the program is."""
    with tempfile.TemporaryDirectory() as scratch:
        work = Path(scratch) / "nablascope"
        work.mkdir()
        draw_icon(work / "nablascope.png")
        options = ["--noconfirm", "--log-level", "WARN", "--distpath", str(folder), "--workpath", scratch]
        spec = str(ROOT / "distribution" / "nablascope.spec")
        subprocess.run([sys.executable, "-m", "PyInstaller", *options, spec], check=True)
    program = folder / "nablascope"
    if sys.platform == "linux":
        shutil.copytree(ROOT / "distribution" / "linux", program, dirs_exist_ok=True)
        strip_python(program)
    return program


def strip_python(program: Path) -> None:
    """Without the names that only a debugger reads, where a Python was built with them and there is what strips it."""
    tool = shutil.which("strip")
    own = program / "_internal"
    libraries = [*own.glob("libpython*.so*"), *own.glob("python3*/lib-dynload/*.so")]
    if tool is not None and libraries:
        subprocess.run([tool, "--strip-unneeded", *map(str, libraries)], check=True)


def size(folder: Path) -> int:
    """Bytes of all files in a folder; what links lead to is counted once."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file() and not path.is_symlink())


if __name__ == "__main__":
    built = build(Path(sys.argv[1] if len(sys.argv) > 1 else "dist").absolute())
    print(f"{built}: {size(built) / 1e6:.0f} MB")
