"""One budget of memory for the checkpoints of the present run and for the runs that undo brings back."""

from __future__ import annotations

from msgspec import Struct

from simulator.running.kept_runs import KeptRun
from simulator.running.messages import NOTHING_KEPT, KeptCheckpoints, Update
from simulator.training.checkpoints import USUAL_BYTES
from ui.bench.document import Document, Edit
from ui.bench.kept_records import AsideRun
from ui.bench.link import WorkerLink
from ui.bench.recomputed_frames import RecomputedFrames
from ui.bench.run_records import RunRecords
from ui.bench.session_shelf import SessionShelf
from ui.bench.shelf import ShelvedRun
from ui.style.numbers import count, integer, size_text

SEEDS_SHARE = 0.25
"""Of the budget, for runs from several seeds while they are trained and while they are shown."""
RUNS_SHARE = 0.5
"""Of the budget, for the runs that undo brings back and for the shelf; the rest, and what they leave, is for
checkpoints."""
FRAMES_SHARE = 1 / 8
"""Of the budget, for earlier steps that were computed again."""
FRAMES_STEP = 8 * 2**20
"""Bytes by which what they take of it grows."""

LONG_RUN_SECONDS = 60.0
"""A run that was trained for longer is not let go without a word."""


class MemoryUse(Struct, frozen=True):
    """What is kept in memory, in all processes together."""

    budget: int
    checkpoints: KeptCheckpoints
    """Of the present run."""
    last: int
    """Bytes of the copy from which the run goes on if its worker dies."""
    runs: tuple[AsideRun, ...]
    seeds: int = 0
    """Bytes of what is known of the networks from several seeds."""
    lost: tuple[tuple[int, str], ...] = ()
    """Steps of the runs that had to go, and what ended them."""
    shelved: tuple[ShelvedRun, ...] = ()
    """Those that stay for the session."""
    frames: int = 0
    """Bytes of earlier steps that were computed again."""

    @property
    def nbytes(self) -> int:
        """Of all of it."""
        runs = sum(run.nbytes for run in self.runs) + sum(run.nbytes for run in self.shelved)
        return self.checkpoints.nbytes + self.checkpoints.aside + self.last + self.seeds + self.frames + runs

    @property
    def text(self) -> str:
        """``For going back, 12 checkpoints and 2 runs are kept: 21 MiB of 512 MiB.``"""
        checkpoints = sum(amount for _, amount, _ in self.checkpoints.reasons)
        amount = len(self.runs) + len(self.shelved)
        runs = f" and {count(amount, 'run')}" if amount else ""
        kept = f"{count(checkpoints, 'checkpoint')}{runs} {'is' if checkpoints == 1 and not runs else 'are'} kept"
        return f"For going back, {kept}: {size_text(self.nbytes)} of {size_text(self.budget)}."


class RunMemory:
    """Says who may have how much, and knows who has."""

    def __init__(self, link: WorkerLink, records: RunRecords, document: Document) -> None:
        self._link, self._records = link, records
        self.shelf = SessionShelf(link, records, document)
        """The runs that stay for the session."""
        self.frames = RecomputedFrames()
        """Earlier steps of the present run that were computed again."""
        self._budget = USUAL_BYTES
        self._seeds = 0
        self.checkpoints = NOTHING_KEPT
        """As the worker has told last."""

    def set_budget(self, nbytes: int) -> None:
        """How much all may take together; it acts at once."""
        self._budget = nbytes
        self.share()

    @property
    def seeds_room(self) -> int:
        """How much runs from several seeds may take."""
        return int(SEEDS_SHARE * self._budget)

    def hold_seeds(self, nbytes: int) -> None:
        """So much is held of runs from several seeds: the others give way."""
        self._seeds = nbytes
        self.share()

    def share(self) -> tuple[AsideRun, ...]:
        """Keep to the budget; the runs for which there is no room any more."""
        room = int(RUNS_SHARE * self._budget)
        gone = self._records.kept.fit(room)
        self.shelf.fit(max(0, room - sum(run.nbytes for run in self._records.kept)))
        self.frames.budget = int(FRAMES_SHARE * self._budget)
        if self._link.worker is not None:
            for run in gone:
                self._link.worker.forget(run.kept.run)
        here = self._last + self._seeds + sum(run.nbytes_here for run in self._records.kept)
        here += self.shelf.nbytes + -(-self.frames.nbytes // FRAMES_STEP) * FRAMES_STEP
        self._link.set_budget(max(0, self._budget - here))
        return gone

    def take(self, reply: Update) -> None:
        """What the worker has told."""
        self.checkpoints = reply.kept
        if reply.resumption is not None:
            self.share()

    def keep_to_budget(self, ended: KeptRun | None) -> str:
        """Keep to the budget when a run has ended; what to say of it if that itself had to go, or another long one."""
        gone = self.share()
        own = next((run for run in gone if ended is not None and run.kept.run == ended.run), None)
        long = next((run for run in gone if run.record.seconds >= LONG_RUN_SECONDS), None)
        run = own or long
        steps = 0 if run is None else run.kept.checkpoint.step
        return self._lost_text(steps, run.ended_by, "Undo will begin it") if run is not None and steps else ""

    def news_of(self, edit: Edit) -> str:
        """What to say where an edit is undone or redone whose run had to go; else ``""``."""
        lost = self._records.kept.take_lost(edit.number) if edit.again else None
        return "" if lost is None else self._lost_text(*lost, "It begins")

    def _lost_text(self, steps: int, ended_by: str, then: str) -> str:
        made = f"The run of {count(steps, 'step')} that “{ended_by}” ended is no longer kept"
        return f"{made}: kept runs take at most half of the {size_text(self._budget)} for going back. {then} at step 0."

    @property
    def _last(self) -> int:
        worker = self._link.worker
        last = None if worker is None or self._link.copies == 1 else worker.resumption
        return 0 if last is None else last.nbytes

    @property
    def good_steps(self) -> tuple[int, ...]:
        """Where the present run could go back to, ascending."""
        return self.checkpoints.good_steps

    @property
    def use(self) -> MemoryUse:
        kept, shelf = self._records.kept, self.shelf
        return MemoryUse(
            self._budget, self.checkpoints, self._last, tuple(kept), self._seeds, (*kept.lost, *shelf.lost),
            tuple(shelf), self.frames.nbytes,
        )  # fmt: skip


def taken_up_text(reached: int, step: int | None) -> str:
    """What is said where a run goes on from ``step`` in a new worker, or anew (None); it had come to ``reached``."""
    if step is None:
        return f"Nothing of the run was kept: it begins anew, and {_lost_steps(reached)}." if reached else ""
    return f"Training goes on from step {integer(step)}: {_lost_steps(reached - step)}."


def _lost_steps(steps: int) -> str:
    return f"{count(steps, 'step')} {'is' if steps == 1 else 'are'} lost" if steps > 0 else "no step is lost"
