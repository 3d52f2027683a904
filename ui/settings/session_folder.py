"""One running window's own folder: what is left of it when the window ends hard, and who still lives."""

from __future__ import annotations

import faulthandler
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO

from simulator.system.process_lock import LockedError, ProcessLock
from simulator.system.regular_file import read_start
from ui.settings.fault_log import log

FOLDER, LOCK, CRASH = "sessions", "lock", "crash.txt"
ATTEMPTS = 3
MOST_CRASH = 2**16
"""Bytes of a crash that are read."""


class SessionFolder:
    """Belongs to this process while it is held; the system ends that with the process, however it ends."""

    def __init__(self, path: Path) -> None:
        """LockedError where a living process has it."""
        path.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._lock = ProcessLock(path / LOCK, "this session")
        self._crash: IO[str] | None = None
        self._watched_before = False

    @classmethod
    def begun(cls, state: Path) -> SessionFolder:
        """A new one; before it is held, another start may take it for one that was left: then a further one."""
        for _ in range(ATTEMPTS):
            with suppress(LockedError, FileNotFoundError):
                return cls(state / FOLDER / _new_name())
        return cls(state / FOLDER / _new_name())

    def watch_for_crashes(self) -> None:
        """Where the process is ended by a fault of its own, the stacks of its threads stand here."""
        self._crash = (self.path / CRASH).open("w", encoding="utf-8")
        self._watched_before = faulthandler.is_enabled()
        faulthandler.enable(self._crash)

    @property
    def crash(self) -> str:
        """What was written when the process ended by a fault; ``""`` if it did not."""
        try:
            return read_start(self.path / CRASH, MOST_CRASH).decode("utf-8", "replace")
        except OSError:
            return ""

    def leave(self) -> None:
        """Give it up, and leave what it holds to a later start."""
        if self._crash is not None:
            faulthandler.disable()
            if self._watched_before:
                faulthandler.enable()
            self._crash.close()
            self._crash = None
        self._lock.release()

    def end(self) -> None:
        """All is well: nothing of it is needed any more."""
        self.leave()
        shutil.rmtree(self.path, ignore_errors=True)


def _new_name() -> str:
    return f"{time.strftime('%Y%m%d-%H%M%S', time.gmtime())}-{os.getpid()}-{os.urandom(4).hex()}"


def left_behind(state: Path) -> Iterator[SessionFolder]:
    """The folders of processes that have died, newest first; each is held by whoever gets it."""
    for path in sorted((state / FOLDER).glob("*"), reverse=True):
        if path.is_symlink() or not path.is_dir():
            continue
        try:
            yield SessionFolder(path)
        except LockedError:
            continue
        except OSError as error:
            log.warning("%s is no session of ours: %s", path, error.strerror or error)
