"""One more part of each kind: a copy of the program gets it, and everything that reads parts is run over it there."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
ADDITIONS = Path(__file__).parent / "additions"
UNION = "\nif TYPE_CHECKING:\n    Any"
HOMES = {
    "activation": "simulator/parts/activations.py",
    "optimizer": "simulator/parts/optimizers.py",
    "schedule": "simulator/parts/schedules.py",
    "initializer": "simulator/parts/initializers.py",
    "loss": "simulator/parts/losses.py",
    "data": "simulator/data/toy.py",
    "normalization": "simulator/layers/normalization/base.py",
}
"""Where a class of this kind stands."""
FOLDERS = {
    "layer": "simulator/layers",
    "cell": "simulator/layers/recurrent",
    "observation": "simulator/observations",
    "plot": "ui/plots",
}
"""Where a file of this kind is found by itself."""
LISTS = {
    "measure": ("simulator/measures/__init__.py", "forward.Nonfinite(),", "ActivationSquare"),
    "rule": ("simulator/doctor/rules.py", "NothingToLearn(),\n", "OddBatch"),
}
"""Where an instance of this kind is listed: file, the last entry, the class."""


def import_of(kind: str, names: str = "*") -> str:
    return f"from simulator.added_{kind} import {names}\n"


def with_additions(folder: Path) -> None:
    """A copy of the program in ``folder`` with one more part of each kind."""
    unneeded = shutil.ignore_patterns("__pycache__")
    for name in ("simulator", "ui"):
        shutil.copytree(ROOT / name, folder / name, ignore=unneeded)
    (folder / "resources").symlink_to(ROOT / "resources")
    for name in ("main.py", "pyproject.toml"):
        shutil.copy(ROOT / name, folder / name)
    for kind in (*HOMES, *LISTS):
        shutil.copy(ADDITIONS / f"{kind}.py", folder / "simulator" / f"added_{kind}.py")
    for kind, home in HOMES.items():
        whole, mark, rest = (folder / home).read_text(encoding="utf-8").partition(UNION)
        (folder / home).write_text(f"{whole}\n{import_of(kind)}{mark}{rest}", encoding="utf-8")
    for kind, home in FOLDERS.items():
        shutil.copy(ADDITIONS / f"{kind}.py", folder / home / f"added_{kind}.py")
    for kind, (home, last, name) in LISTS.items():
        text = (folder / home).read_text(encoding="utf-8")
        before, mark, rest = text.partition(last)
        assert mark, f"{last} is not in {home}"
        where = before.rindex("\n\n") + 1
        entry = f"{before[:where]}{import_of(kind, name)}{before[where:]}{mark.rstrip()} {name}(),{rest}"
        (folder / home).write_text(entry, encoding="utf-8")


def test_a_part_that_is_added_in_one_place_reaches_everything_that_reads_parts(tmp_path: Path) -> None:
    with_additions(tmp_path)
    tests = tmp_path / "tests" / "ui"
    tests.mkdir(parents=True)
    shutil.copy(ADDITIONS / "consumers.py", tests / "test_consumers.py")
    shutil.copy(ROOT / "tests" / "ui" / "conftest.py", tests / "conftest.py")
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "tests"]
    done = subprocess.run(
        command, cwd=tmp_path, env={**os.environ, "QT_QPA_PLATFORM": "offscreen"}, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
