"""One cell of the table: a place at which something goes wrong, what a person is told, and what is left."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from unittest import mock

from tests.faults.faults import CHANGED, KILLED, KILLED_LATER, MEMORY, Fault

ROOT = Path(__file__).parents[2]
LEFTOVER = re.compile(r"\.nablascope-.*\.(part|whole)")
LONGEST = 600
Contents = dict[str, bytes | str]


def _always(_folder: Path) -> str:
    return ""


@dataclass(frozen=True)
class Place:
    """Where something is written or opened."""

    name: str
    prepare: Callable[[Path], None]
    """Puts there what stands there before."""
    act: Callable[[Path], str]
    """Does it; what a person is told, or what is logged where nobody waits for it."""
    faults: tuple[Fault, ...]
    """What can go wrong there."""
    memory: str = ""
    """What takes memory: the dotted name of a function."""
    whole: Callable[[Path], str] = _always
    """What is wrong with what is there if it has changed; ``""``: nothing, old or new it is whole."""
    held: Callable[[], str] = str
    """What is wrong with what the program holds in memory, as the open document; ``""``: nothing."""
    change: Callable[[Path], None] | None = None
    """What another program does to the file, where that is noticed."""
    changes: bool = False
    """Whether files may have changed though it failed, as rows that stand already: then :attr:`whole` decides."""


@dataclass(frozen=True)
class Cell:
    """What came of it."""

    place: str
    fault: str
    told: str
    wrong: tuple[str, ...] = field(default=())

    @property
    def right(self) -> bool:
        return not self.wrong


def contents(folder: Path) -> Contents:
    """What stands in a folder, by its name in it."""
    standing: Contents = {}
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        if path.is_symlink():
            standing[name] = os.readlink(path)
        elif path.is_file():
            standing[name] = path.read_bytes()
    return standing


def try_cell(place: Place, fault: Fault) -> Cell:
    """Let it go wrong, in a folder of its own."""
    with tempfile.TemporaryDirectory(prefix="nablascope-faults-") as made, ExitStack() as stack:
        Path(made).chmod(0o755)
        folder = Path(made) / "folder"
        folder.mkdir()
        stack.enter_context(fault.around(folder))
        place.prepare(folder)
        before = contents(folder)
        told, wrong = _acted(place, fault, folder)
        try:
            left = _left(place, fault, before, folder)
        except Exception as error:
            left = (f"it cannot be looked at: {type(error).__name__}: {error}",)
        return Cell(place.name, fault.name, told, (*wrong, *left))


def _acted(place: Place, fault: Fault, folder: Path) -> tuple[str, tuple[str, ...]]:
    """What is told, and what is wrong with it."""
    if fault in (KILLED, KILLED_LATER):
        place.held()
        status = subprocess.run(
            [sys.executable, "-m", "tests.faults", "--cell", place.name, str(folder)],
            cwd=ROOT, capture_output=True, check=False, env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
        )  # fmt: skip
        return "", () if status.returncode == -signal.SIGKILL else (
            f"not killed: {status.returncode} {status.stderr[-300:]!r}",
        )
    told = ""
    try:
        with ExitStack() as stack:
            stack.enter_context(fault.during(folder))
            if fault is MEMORY:
                stack.enter_context(mock.patch(place.memory, side_effect=MemoryError))
            if fault is CHANGED and place.change is not None:
                place.change(folder)
            told = place.act(folder)
    except KeyboardInterrupt:
        told = "stopped by Ctrl+C"
    except BaseException as error:
        return told, (f"{type(error).__name__} was raised: {error}",)
    return told, fault_in(told)


def fault_in(told: str) -> tuple[str, ...]:
    """What is wrong with a sentence."""
    wrong = []
    if not told.strip():
        wrong.append("nothing is told")
    if "\n" in told.strip() or "Traceback" in told:
        wrong.append("more than one line is told")
    if len(told) > LONGEST:
        wrong.append("too much is told")
    return tuple(wrong)


def _left(place: Place, fault: Fault, before: Contents, folder: Path) -> tuple[str, ...]:
    """What is wrong with what is left."""
    after = contents(folder)
    if fault in (KILLED, KILLED_LATER):
        after = {name: content for name, content in after.items() if not LEFTOVER.fullmatch(Path(name).name)}
    wrong = [place.held()]
    opened = not place.whole(folder) if after != before else True
    if fault is CHANGED or fault.ends or place.changes:
        wrong.append("" if opened else f"it is not whole: {place.whole(folder)}")
    elif after != before and not _was_changed_by_fault(fault):
        names = sorted(name for name in {*before, *after} if before.get(name) != after.get(name))
        wrong.append(f"files have changed: {', '.join(names)}")
    if any(LEFTOVER.fullmatch(Path(name).name) for name in after):
        wrong.append("a temporary file is left")
    return tuple(filter(None, wrong))


def _was_changed_by_fault(fault: Fault) -> bool:
    return fault.name in ("truncated", "gone", "a pipe")
