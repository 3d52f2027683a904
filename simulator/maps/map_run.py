"""Making a map: cell after cell, each written as soon as it is made, the cells of a process that dies again."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait

from simulator.maps.engines import DEAD_AT_ONCE, CellError, Engine, LostWorkersError
from simulator.maps.making import CellJob, MadeCell
from simulator.maps.sweep import MapCell, Sweep
from simulator.system.progress import advance

POLL_SECONDS = 0.1
MOST_DEATHS = 3
"""Of processes that were alone with a cell: then it is the cell that ends them."""
QUEUED = 2
"""Cells that wait in the engine for each that is made, so that no process waits for the next."""


class MapRun:
    """The cells that are left of a map, on an engine."""

    def __init__(
        self, sweep: Sweep, cells: Iterable[MapCell], engine: Engine, made: int = 0,
        stop: Callable[[], bool] = lambda: False, hear: Callable[[dict[str, float]], None] = lambda shares: None,
    ) -> None:  # fmt: skip
        """``made``: cells that were made before. ``stop`` is asked now and then, and ends it.

        ``hear`` is told which cells are under way, and how far.
        """
        self.sweep, self.engine, self._stop = sweep, engine, stop
        self._hear = hear
        self._waiting = deque(CellJob(number, cell, sweep) for number, cell in enumerate(cells))
        self._under_way: dict[Future[MadeCell], CellJob] = {}
        self._alone: deque[CellJob] = deque()
        """Cells that were being made when processes died: one at a time, so that it is known whose fault it is."""
        self._deaths: dict[int, int] = {}
        self._losses = 0
        """Times that processes have died since the last cell was made."""
        self._done, self._total = made, made + len(self._waiting)

    def __iter__(self) -> Iterator[MadeCell]:
        """Each cell as it is made; :class:`CancelledError` where nobody waits any more."""
        while (self._waiting or self._alone or self._under_way) and not self._stop():
            try:
                self._submit()
            except LostWorkersError:
                yield from self._lost()
                continue
            ready, _ = wait(self._under_way, POLL_SECONDS, FIRST_COMPLETED)
            for future in [each for each in self._under_way if each in ready]:
                try:
                    made = self._result(future)
                except LostWorkersError:
                    yield from self._lost()
                    break
                self._under_way.pop(future)
                self._done, self._losses = self._done + 1, 0
                yield made
            self._tell()

    def _result(self, future: Future[MadeCell]) -> MadeCell:
        try:
            return self.engine.result(future)
        except CellError as error:
            cell = self._under_way[future].cell
            return MadeCell(values=cell.values, seed=cell.seed, error=str(error))

    def _submit(self) -> None:
        room = 1 if self._alone or self._deaths_under_way() else QUEUED * self.engine.slots
        while len(self._under_way) < room and (jobs := self._alone or self._waiting):
            job = jobs[0]
            self._under_way[self.engine.submit(job)] = job
            jobs.popleft()
            room = 1 if self._alone else room

    def _deaths_under_way(self) -> bool:
        return any(job.number in self._deaths for job in self._under_way.values())

    def _lost(self) -> Iterator[MadeCell]:
        """Processes have died: what they were making goes back to be made again."""
        under_way, self._under_way = self._under_way, {}
        whole = [future for future in under_way if future.done() and future.exception() is None]
        for future in whole:
            under_way.pop(future)
            self._done += 1
            yield future.result()
        begun = [job for job in under_way.values() if self.engine.share(job) > 0]
        self._waiting.extendleft(reversed([job for job in under_way.values() if job not in begun]))
        self._losses = 0 if whole or begun else self._losses + 1
        if self._losses >= MOST_DEATHS:
            raise OSError(DEAD_AT_ONCE)
        self.engine.renew()
        for job in begun:
            self._deaths[job.number] = self._deaths.get(job.number, 0) + (len(begun) == 1)
            if self._deaths[job.number] < MOST_DEATHS:
                self._alone.append(job)
            else:
                self._done += 1
                yield _dead(job)

    def _tell(self) -> None:
        shares = {job.cell.key: self.engine.share(job) for job in self._under_way.values()}
        self._hear({key: share for key, share in shares.items() if share > 0})
        advance("Training the map", self._done + sum(shares.values()), self._total, "cells")


def _dead(job: CellJob) -> MadeCell:
    reason = f"the process that trained it has died {MOST_DEATHS} times, as when memory runs out"
    return MadeCell(values=job.cell.values, seed=job.cell.seed, error=reason)
