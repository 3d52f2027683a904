"""Making a map beside the window: a thread that waits for the processes, and tells of each cell in the window's own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from simulator.experiment.experiment import ExperimentError, in_words
from simulator.maps.engines import Engine
from simulator.maps.map_folder import MapFolder
from simulator.maps.sweep import Sweep
from simulator.maps.theory import lines
from simulator.system.machine import out_of_memory
from simulator.system.progress import CancelledError, ProgressMeter, listening

END_SECONDS = 5.0
"""Until the processes of a map that is given up are gone."""
TOLD_SECONDS = 0.1


class MapRunner(QObject):
    """One map, from its first cell that is left to its last, or to :meth:`stop`."""

    known = Signal(list)
    """Cells that stand in the folder already."""
    made = Signal(object)
    progressed = Signal(object)
    """A :class:`Progress`."""
    under_way = Signal(dict)
    """Cells that are being made → how far they are."""
    drawn = Signal(tuple)
    """Theory's lines."""
    ended = Signal(str)
    """Why, in a sentence; empty where all cells are made or it was stopped."""

    def __init__(
        self, sweep: Sweep, folder: Path, make_engine: Callable[[int], Engine], theories: tuple[str, ...] | None,
        refine_by: str = "", parent: QObject | None = None,
    ) -> None:  # fmt: skip
        """``theories``: the lines that are wanted; all that there are where it is empty, none where it is None.

        ``refine_by`` is a measure by which cells are added where neighbours differ most.
        """
        super().__init__(parent)
        self._sweep, self._folder, self._make_engine, self._theories = sweep, folder, make_engine, theories
        self._refine_by = refine_by
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="map", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """End it; cells that are made stand in the folder."""
        self._stop.set()

    def close(self) -> None:
        """The same, and wait for it."""
        self.stop()
        self._thread.join(END_SECONDS)

    @property
    def running(self) -> bool:
        return self._thread.is_alive()

    def _run(self) -> None:
        try:
            with listening(ProgressMeter(self.progressed.emit, 0.0, TOLD_SECONDS)):
                self._make()
            reason = ""
        except CancelledError:
            reason = ""
        except (ValueError, OSError) as error:
            reason = in_words(error) if isinstance(error, ValueError) else str(error)
        except MemoryError as error:
            reason = out_of_memory(error, "this map")
        except Exception as error:
            self.ended.emit(f"{type(error).__name__}: {error}")
            raise
        self.ended.emit(reason)

    def _make(self) -> None:
        self._sweep.check()
        with MapFolder(self._folder, self._sweep) as home:
            self.known.emit(list(home.made))
            passes = home.next_pass(self._refine_by) if self._refine_by else 0
            if self._refine_by and not passes:
                raise ExperimentError("nothing is added: neighbours hardly differ, or there is nothing between them")
            for each in home.make(self._make_engine, self._stop.is_set, self.under_way.emit, self._refine_by, passes):
                self.made.emit(each)
                self._draw()
            self._draw()

    def _draw(self) -> None:
        """Theory's lines, once: after the first cell, so that nobody waits for them."""
        if self._theories is not None and not self._stop.is_set():
            theories, self._theories = self._theories, None
            self.drawn.emit(lines(self._sweep, theories))
