"""Builds the wheel, installs it into a fresh environment elsewhere and tries it there.

``python -m distribution.wheel [PYTHON]``, with the version of a Python that uv finds or gets; this one if left out.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path

from distribution.trial import ROOT, printed, try_program

UV = os.environ.get("UV", "uv")
PUBLIC = "import nablascope; nablascope.run(nablascope.load('plane'), steps=1); print(nablascope.__version__)"


def build_wheel(folder: Path) -> Path:
    """The wheel of the checkout, in ``folder``."""
    subprocess.run([UV, "build", "--quiet", "--wheel", "--out-dir", str(folder), str(ROOT)], check=True)
    return next(folder.glob("*.whl"))


def install(wheel: Path, python: str, folder: Path) -> Path:
    """A fresh environment in ``folder`` with the wheel and what it needs; where its programs are."""
    subprocess.run([UV, "venv", "--quiet", "--python", python, str(folder)], check=True)
    programs = folder / ("Scripts" if os.name == "nt" else "bin")
    subprocess.run([UV, "pip", "install", "--quiet", "--python", str(programs / "python"), str(wheel)], check=True)
    return programs


def try_wheel(python: str, folder: Path) -> str:
    """Build, install and try in ``folder``; the version that it calls itself. TrialError with what is wrong."""
    wheel = build_wheel(folder / "wheel")
    programs = install(wheel, python, folder / "environment")
    elsewhere = folder / "elsewhere"
    elsewhere.mkdir()
    try_program([str(programs / "nablascope")], elsewhere)
    version = printed([str(programs / "python"), "-c", PUBLIC], elsewhere).strip()
    print(f"{wheel.name} works on Python {python}; it calls itself {version}")
    return version


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        try_wheel(sys.argv[1] if len(sys.argv) > 1 else platform.python_version(), Path(scratch))
