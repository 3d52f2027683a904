"""Reads a table beside the window: it stays alive, is told how far the reading is, and may end it."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal

from simulator.data import DataError
from simulator.data.paths import hash_of
from simulator.data.table import read
from simulator.data.tables.judgement import Judged, survey
from simulator.data.tables.reading import ReadTable, TableReading
from simulator.system.progress import Progress


class EndedError(Exception):
    """Nobody waits for the table any more."""


@dataclass(frozen=True, eq=False)
class Surveyed:
    """A table that has been read, with every column judged."""

    table: ReadTable
    columns: tuple[Judged, ...]
    hash: str


class TableReader(QObject):
    """One reading at a time; a new one ends the one before."""

    progressed = Signal(object)
    """:class:`~simulator.system.progress.Progress`: how much of the file has been read."""
    read = Signal(object)
    """:class:`Surveyed`"""
    failed = Signal(str)
    _arrived = Signal(int, object)

    def __init__(self, path: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.path = path
        self._count = 0
        self._thread: threading.Thread | None = None
        self._arrived.connect(self._tell)

    def start(self, reading: TableReading) -> None:
        """Read anew."""
        self.end()
        self._thread = threading.Thread(target=self._work, args=(self._count, reading), name="table")
        self._thread.start()

    def end(self) -> None:
        """End the reading that is under way, if one is."""
        self._count += 1
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.join()

    def _work(self, count: int, reading: TableReading) -> None:
        began = time.perf_counter()

        def progress(share: float) -> None:
            if count != self._count:
                raise EndedError
            self._arrived.emit(count, Progress("Reading the table", share, 1.0, seconds=time.perf_counter() - began))

        try:
            table = read(self.path, reading, progress)
            answer: object = Surveyed(table, survey(table), hash_of(self.path))
        except EndedError:
            return
        except DataError as error:
            answer = str(error)
        except MemoryError:
            answer = "The table does not fit in memory"
        self._arrived.emit(count, answer)

    def _tell(self, count: int, what: object) -> None:
        if count != self._count:
            return
        if isinstance(what, Progress):
            self.progressed.emit(what)
        elif isinstance(what, Surveyed):
            self.read.emit(what)
        else:
            self.failed.emit(str(what))
