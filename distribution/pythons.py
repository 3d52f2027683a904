"""Which Pythons are supported, and where this machine has them."""

from __future__ import annotations

import os
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

from distribution.trial import ROOT

CLASSIFIER = "Programming Language :: Python :: 3."
PRINT_VERSION = "import sys; print('{}.{}'.format(*sys.version_info))"


def supported() -> list[str]:
    """The versions that ``pyproject.toml`` names, the oldest first."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    named = (line.removeprefix(CLASSIFIER) for line in project["classifiers"] if line.startswith(CLASSIFIER))
    return [f"3.{minor}" for minor in sorted(map(int, named))]


def _candidates(version: str) -> Iterator[str]:
    """Programs that may be that Python: the one in the path, those that pyenv and uv keep."""
    yield from filter(None, [shutil.which(f"python{version}")])
    kept = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    managed = Path(os.environ.get("UV_PYTHON_INSTALL_DIR") or Path.home() / ".local" / "share" / "uv" / "python")
    for folder, pattern in ((kept, f"{version}.*"), (managed, f"cpython-{version}.*")):
        yield from (str(path / "bin" / "python3") for path in sorted(folder.glob(pattern)))


def find_python(version: str) -> str | None:
    """Where a Python of this version is; None where this machine has none that starts."""
    for program in _candidates(version):
        try:
            asked = subprocess.run([program, "-c", PRINT_VERSION], capture_output=True, text=True)
        except OSError:
            continue
        if asked.stdout.strip() == version:
            return program
    return None
