"""Builds the wheel, installs it into a fresh environment elsewhere and tries it there.

``python -m distribution.wheel`` tries it on this Python, ``--others`` on each other one that is supported and here.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path

from distribution.pythons import find_python, supported
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
    name = printed([str(programs / "python"), "-V"], elsewhere).strip()
    print(f"{wheel.name} works on {name}; it calls itself {version}")
    return version


def try_others() -> None:
    """Try the wheel on each supported Python but this one, and say which of them are not here."""
    for version in supported():
        python = find_python(version)
        if python is None:
            print(f"Python {version} is not on this machine: the wheel is not tried on it")
        elif not platform.python_version().startswith(f"{version}."):
            with tempfile.TemporaryDirectory() as scratch:
                try_wheel(python, Path(scratch))


if __name__ == "__main__":
    if "--others" in sys.argv[1:]:
        try_others()
    else:
        with tempfile.TemporaryDirectory() as scratch:
            try_wheel(sys.executable, Path(scratch))
