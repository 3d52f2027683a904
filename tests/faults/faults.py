"""What can go wrong beneath a program: as the system does it where it can be had, else as the system would say it."""

from __future__ import annotations

import errno
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

from tests.simulator.small_disk import fill, full_disk, read_only_disk, refusing

NOBODY = 65534
LATER_SECONDS = 1.0


@contextmanager
def _nothing(_folder: Path) -> Iterator[None]:
    yield


@dataclass(frozen=True)
class Fault:
    """One kind: ``around`` is entered before anything stands in the folder, ``during`` while the place is at work."""

    name: str
    during: Callable[[Path], Any] = _nothing
    around: Callable[[Path], Any] = _nothing
    ends: bool = False
    """Whether the process ends by it, so that nobody can be told."""


@contextmanager
def _small(folder: Path) -> Iterator[None]:
    with full_disk(folder):
        yield


@contextmanager
def _full(folder: Path) -> Iterator[None]:
    if os.path.ismount(folder):
        fill(folder)
        try:
            yield
        finally:
            (folder / "filling").unlink(missing_ok=True)
    else:
        yield


@contextmanager
def _read_only(folder: Path) -> Iterator[None]:
    with read_only_disk(folder):
        yield


@contextmanager
def _vanished(folder: Path) -> Iterator[None]:
    elsewhere = folder.with_name("elsewhere")
    folder.rename(elsewhere)
    try:
        yield
    finally:
        if folder.exists():  # Somebody has made it anew: what stood there must not be covered.
            folder.rename(folder.with_name("made anew"))
        elsewhere.rename(folder)


@contextmanager
def _denied(folder: Path) -> Iterator[None]:
    """As a person who may do nothing there; an administrator becomes one for the time."""
    modes = {path: path.stat().st_mode for path in (folder, *folder.rglob("*")) if not path.is_symlink()}
    for path in modes:
        path.chmod(0o555 if path.is_dir() else 0o000)
    administrator = os.geteuid() == 0
    if administrator:
        os.setegid(NOBODY)
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        if administrator:
            os.seteuid(0)
            os.setegid(0)
        for path, mode in modes.items():
            path.chmod(mode & 0o7777)


@contextmanager
def _broken(_folder: Path) -> Iterator[None]:
    """Whatever is flushed, or appended without a buffer, meets a disk that answers no more."""
    error = OSError(errno.EIO, os.strerror(errno.EIO))
    with refusing(errno.EIO), mock.patch.object(os, "write", side_effect=error):
        yield


@contextmanager
def _unreadable(folder: Path) -> Iterator[None]:
    """Each file is one that the system says it cannot read: the memory of this process, where nothing is."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    for path in files:
        path.rename(path.with_name(f".{path.name}.kept"))
        path.symlink_to("/proc/self/mem")
    try:
        yield
    finally:
        for path in files:
            path.unlink(missing_ok=True)
            path.with_name(f".{path.name}.kept").rename(path)


def _sent_in_a_flush(number: signal.Signals) -> Callable[[Path], AbstractContextManager[None]]:
    """A signal comes when what was written is about to be flushed."""

    @contextmanager
    def sent(_folder: Path) -> Iterator[None]:
        with mock.patch.object(os, "fsync", side_effect=lambda _handle: signal.raise_signal(number)):
            yield

    return sent


def _sent_later(number: signal.Signals) -> Callable[[Path], AbstractContextManager[None]]:
    """A signal comes in the midst of a run."""

    @contextmanager
    def sent(_folder: Path) -> Iterator[None]:
        timer = threading.Timer(LATER_SECONDS, os.kill, (os.getpid(), number))
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            timer.join()

    return sent


@contextmanager
def _truncated(folder: Path) -> Iterator[None]:
    for path in folder.rglob("*"):
        if path.is_file():
            os.truncate(path, path.stat().st_size // 2)
    yield


@contextmanager
def _gone(folder: Path) -> Iterator[None]:
    for path in folder.rglob("*"):
        if path.is_file():
            path.unlink()
    yield


@contextmanager
def _pipes(folder: Path) -> Iterator[None]:
    for path in list(folder.rglob("*")):
        if path.is_file():
            path.unlink()
            os.mkfifo(path)
    yield


FULL = Fault("full disk", _full, _small)
READ_ONLY = Fault("read-only", _read_only)
VANISHED = Fault("folder gone", _vanished)
DENIED = Fault("permission", _denied)
BROKEN = Fault("I/O error", _broken)
INTERRUPTED = Fault("interrupted", _sent_in_a_flush(signal.SIGINT), ends=True)
INTERRUPTED_LATER = Fault("interrupted", _sent_later(signal.SIGINT), ends=True)
KILLED = Fault("killed", _sent_in_a_flush(signal.SIGKILL), ends=True)
KILLED_LATER = Fault("killed", _sent_later(signal.SIGKILL), ends=True)
ENDING = (INTERRUPTED, INTERRUPTED_LATER, KILLED, KILLED_LATER)
MEMORY = Fault("memory")
"""Raised where a place says that it takes some."""
CHANGED = Fault("changed")
"""Another program writes the file meanwhile: a place does that itself."""
UNREADABLE = Fault("I/O error", _unreadable)
TRUNCATED = Fault("truncated", _truncated)
GONE = Fault("gone", _gone)
PIPE = Fault("a pipe", _pipes)
OF_WRITING = (FULL, READ_ONLY, VANISHED, DENIED, BROKEN, INTERRUPTED, KILLED, MEMORY, CHANGED)
OF_READING = (TRUNCATED, GONE, DENIED, UNREADABLE, PIPE, MEMORY)
