"""An engine that makes the cells of a map in the process of the test."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future

from simulator.maps.engines import Engine, LostWorkersError
from simulator.maps.making import CellJob, MadeCell, make, where
from simulator.system.environment import Environment


class Here(Engine):
    """Makes cells in this process, one after the other, and dies where it is told to."""

    @property
    def slots(self) -> int:
        return 2

    def __init__(self, dies: Callable[[CellJob], bool] = lambda job: False) -> None:
        self.dies, self.begun, self.renewed, self.closed = dies, list[int](), 0, False

    def where(self) -> Environment:
        return where()

    def submit(self, job: CellJob) -> Future[MadeCell]:
        self.begun.append(job.number)
        future: Future[MadeCell] = Future()
        if self.dies(job):
            future.set_exception(LostWorkersError())
        else:
            future.set_result(make(job))
        return future

    def share(self, job: CellJob) -> float:
        return 0.5

    def renew(self) -> None:
        self.renewed += 1

    def close(self) -> None:
        self.closed = True
