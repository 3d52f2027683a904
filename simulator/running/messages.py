"""What crosses between the screen and the worker: commands and requests in, frames and replies out; nothing else.

Every message is a frozen value that pickles, so the worker may be a thread or a process and no other file notices:
Structs, as making so many dataclasses takes a fiftieth of the start."""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING, Any, Literal

from msgspec import Struct

from simulator.experiment.experiment import ExperimentError
from simulator.running.first_looks import FirstLooks
from simulator.system.machine import out_of_memory
from simulator.training.live_change import LiveChange, LiveChanges
from simulator.training.surgery import Operation

if TYPE_CHECKING:
    from simulator.data import AnyData
    from simulator.experiment.experiment import Experiment
    from simulator.observations.base import Observation
    from simulator.record.frame import Frame
    from simulator.record.history import Rows
    from simulator.record.record import Record
    from simulator.running.kept_runs import KeptRun
    from simulator.running.lane_state import LaneState
    from simulator.running.resumption import CheckpointWanted, Resumption
    from simulator.running.stop_rules import Stopped, StopRule
    from simulator.system.progress import Progress
    from simulator.training.checkpoint import Checkpoint
    from simulator.training.checkpoints import Reason
    from simulator.training.replay import Replay
    from simulator.training.run_info import RunInfo

Halt = Literal["", "loss", "parameters"]
"""What is not finite, where a guarded run pauses; ``""`` where it does not."""

# -- in ---------------------------------------------------------------------------------------------------------


class Train(Struct, frozen=True):
    """Train this experiment from now on: live where only live parameters differ, else rebuilt at step 0."""

    run: int
    """Run id to use if it is rebuilt."""
    experiment: Experiment
    edit: int = 0
    """The edit that asks for it, under which the run that it ends is kept; 0: that run is given up."""
    back: bool = False
    """Whether the edit is undone or redone: the run that it put aside goes on."""
    over: bool = False
    """Whether a run begins or goes on in any case, even where only live parameters differ."""


class Restart(Struct, frozen=True):
    """Back to step 0 with the same weights."""

    run: int


class Keep(Struct, frozen=True):
    """Keep this run for when its edit is undone, in a worker that takes the place of another."""

    kept: KeptRun


class Budget(Struct, frozen=True):
    """How much all checkpoints and all kept runs may take."""

    nbytes: int


class Forget(Struct, frozen=True):
    """Keep this run no longer."""

    run: int


class KeepBefore(Struct, frozen=True):
    """Keep the last good checkpoint of before a step, for what the doctor finds there; another run has none."""

    run: int
    step: int


class FindReplay(Struct, frozen=True):
    """Ask for a :class:`ReplayAnswer`: from where a step of the present run is computed again."""

    step: int


class Play(Struct, frozen=True):
    """Train: for ever, or ``steps`` steps, or until a rule holds, and then pause."""

    steps: int | None = None
    until: StopRule | None = None
    record: Record | None = None
    """The past of the run, for a rule that goes by it."""


class Pause(Struct, frozen=True):
    pass


class Cancel(Struct, frozen=True):
    """End what takes long at this moment; what has ended already is not taken back."""


class Limit(Struct, frozen=True):
    """At most this many steps per second; None lifts the limit."""

    steps_per_second: float | None


class Configure(Struct, frozen=True):
    """How the worker works: threads of a matrix product (None: as many as pay), and how numbers are written."""

    blas_threads: int | None
    grouping: str
    """A name in :data:`~simulator.schema.numbers.GROUPINGS`."""


class Guard(Struct, frozen=True):
    """Whether to pause, once in a run, where the loss is not finite or an update has left parameters that are not."""

    on: bool


class Look(Struct, frozen=True):
    """Ask for an :class:`Update` with the step that is being made, or with the present one."""

    id: int
    observations: tuple[Observation[Any], ...] = ()
    """What the frame should bring beside its measures; what takes long comes as often as its share of time allows."""
    checkpoint: CheckpointWanted = ""
    """An answer soon brings one; or this answer, where the run stands and none was made there."""
    of_run_alone: tuple[Observation[Any], ...] = ()
    """Those of them that nobody wants of the networks beside the run."""


class Revive(Struct, frozen=True):
    """Draw the incoming weights of some units anew in the running network; of another run, it comes too late."""

    run: int
    layer: str
    """Label."""
    units: tuple[int, ...]
    """Counted from 0."""


class Operate(Struct, frozen=True):
    """Operate on the running network between two steps: the run before is put aside, and this one goes on from it."""

    run: int
    """Run id of what goes on."""
    experiment: Experiment
    """What is trained then."""
    surgery: Operation
    edit: int
    """The edit under which the run that it ends is kept."""


class TakeSnapshot(Struct, frozen=True):
    """Ask for a :class:`Snapshot` of the run, between two steps."""


class Stop(Struct, frozen=True):
    pass


class Resume(Struct, frozen=True):
    """Go on from a checkpoint, in a worker that has just been started."""

    run: int
    checkpoint: Checkpoint
    changes: LiveChanges | None = None
    """What was trained until there, if that is known."""
    lanes: tuple[LaneState, ...] = ()
    """Where the networks beside it stood."""
    coming: tuple[LiveChange, ...] = ()
    """What is changed on the way, each in its step, as if by hand; a hand that changes anything ends it."""
    edit: int = 0
    """What ends the present run, which is kept under it; 0: that run is given up."""


class GoBack(Struct, frozen=True):
    """Go on from the last checkpoint kept at or before a step, or from step 0, with an experiment changed live."""

    run: int
    step: int
    experiment: Experiment
    edit: int = 0
    """The edit under which the run that it ends is kept; 0: that run is given up."""
    coming: tuple[LiveChange, ...] = ()
    """What is changed on the way, each in its step, as if by hand; a hand that changes anything ends it."""


Asked = Look | TakeSnapshot | FindReplay
"""What is answered."""
WorkerSetup = Budget | Configure | Guard | Limit
"""What changes no run."""
Keeping = Keep | Forget | KeepBefore
"""What is kept of runs."""
Command = (
    Asked | Cancel | Train | GoBack | Keeping | Operate | Restart | Resume | Revive | Play | Pause | WorkerSetup | Stop
)

NOTHING_CHANGED = LiveChanges()

# -- out --------------------------------------------------------------------------------------------------------


class Settled(Struct, frozen=True):
    """What reading the data has decided: the description that was asked for, and the one with nothing left open."""

    asked: AnyData
    data: AnyData


class Started(Struct, frozen=True):
    """A run has been built and stands at ``step``: 0, or where a checkpoint goes on."""

    info: RunInfo
    columns: tuple[str, ...]
    """Columns of this run's history."""
    frame: Frame
    """The state it starts from, with everything a plot could want; see :class:`FirstLooks` for what a hand leaves."""
    ended: KeptRun | None = None
    """The run that it takes the place of, where an edit put that aside."""
    continues: int = 0
    """Run id of a kept run that goes on as this one; 0 where it begins anew."""
    settled: Settled | None = None
    """None where the data's description left nothing open."""
    changes: LiveChanges = NOTHING_CHANGED
    """What it was trained as until here."""
    notice: str = ""
    """What could not be handed on by the operation that it begins with."""
    past: Rows | None = None
    """The last steps of the present run, where that has become this one as was planned; None where it is another."""

    @property
    def step(self) -> int:
        return self.frame.step


class KeptCheckpoints(Struct, frozen=True):
    """What is kept of the present run's way."""

    good_steps: tuple[int, ...] = ()
    """Where the run could go back to, ascending: from before any trouble."""
    reasons: tuple[tuple[Reason, int, int], ...] = ()
    """Why they are kept, how many, and their bytes together."""
    aside: int = 0
    """Bytes of those on the ways of the runs that were put aside."""
    steps: tuple[int, ...] = ()
    """All that any step could be computed again from, ascending."""
    spikes: tuple[int, ...] = ()
    """Where loss or gradient rose far above what they had been, ascending; the newest."""

    @property
    def nbytes(self) -> int:
        """Of all of the present run."""
        return sum(nbytes for _, _, nbytes in self.reasons)


NOTHING_KEPT = KeptCheckpoints()


class LaneUpdate(Struct, frozen=True):
    """What an :class:`Update` brings of one network that is trained beside the run."""

    name: str
    run: int = 0
    """Id, another one when it has been built anew; 0 where it is not trained."""
    frame: Frame | None = None
    """The step that the answer shows; None while it has not come there."""
    rows: tuple[Rows, ...] = ()
    first: Frame | None = None
    """Step 0, once."""
    same_batch: bool = False
    """Whether its batch is that of the run: the same samples of the same data."""
    refusal: str = ""
    """Why it is not trained."""
    awaited: bool = False
    """Whether the next answer brings what this one left out."""
    step_seconds: float = 0.0
    """What one of its steps takes on average; 0 while that is not known."""
    changes: LiveChanges = NOTHING_CHANGED
    """What was changed by hand since the last answer; the first has what it was trained as until then."""
    continues: int = 0
    """Id of the run whose past goes on in it, if that is another."""
    past: tuple[Rows, ...] = ()
    """The steps between, which may be of other networks."""
    begins: int = 0
    """The step from which on it stands beside the run; before that the past of its parent is its own."""
    other_masks: tuple[str, ...] = ()
    """Labels of layers that both have with dropout, whose masks are not the run's."""


class Update(Struct, frozen=True):
    """The answer to :class:`Look`: the present frame and every step's scalars since the last answer."""

    id: int
    frame: Frame | None
    """None while no experiment could be built."""
    rows: tuple[Rows, ...] = ()
    playing: bool = False
    steps_per_second: float = 0.0
    resumption: Resumption | None = None
    """Where the run can go on if the worker dies, where that was asked for."""
    halted: Halt = ""
    """What it has paused at by itself and stands at still."""
    awaited: bool = False
    """Whether the next answer brings what this one left out, although nothing trains."""
    stopped: Stopped | None = None
    """Where and why it has paused as it was told to, and stands still."""
    progress: Progress | None = None
    """Of the steps that are to be made, where they take long."""
    kept: KeptCheckpoints = NOTHING_KEPT
    """What is kept of the run's way."""
    changes: tuple[LiveChange, ...] = ()
    """What was changed by hand since the last answer."""
    planned: bool = False
    """Whether some of these were planned."""
    lanes: tuple[LaneUpdate, ...] = ()
    """The networks beside it, in their order."""
    step_seconds: float = 0.0
    """What one of its own steps takes on average; 0 while that is not known."""
    coming: tuple[int, ...] = ()
    """The steps of what is still to be changed in it, as was planned."""


class Working(Struct, frozen=True):
    """What the worker is doing, where that takes long."""

    progress: Progress


class Snapshot(Struct, frozen=True):
    """The answer to :class:`TakeSnapshot`: the run between two steps, and its rows that no answer has brought yet."""

    run: int
    checkpoint: Checkpoint | None
    """None where nothing can be trained."""
    rows: tuple[Rows, ...] = ()
    threads: int = 1
    """Of its matrix products."""
    changes: tuple[LiveChange, ...] = ()
    """What was changed by hand that no answer has brought yet."""
    lanes: tuple[LaneState, ...] = ()
    """The networks beside it."""
    coming: tuple[LiveChange, ...] = ()
    """What is still to be changed in it, as was planned."""


class ReplayAnswer(Struct, frozen=True):
    """The answer to :class:`FindReplay`."""

    run: int
    step: int
    replay: Replay | None
    """None where nothing is kept from before the step, or the run has not come so far."""
    lanes: tuple[tuple[str, Replay], ...] = ()
    """The same of the networks beside it, by their names, as far as they can be computed again."""


class Refused(Struct, frozen=True):
    """The experiment cannot be trained, and nothing is until another can."""

    run: int
    message: str
    path: str = ""
    """The field it is about: ``data``, ``layers[0].units``."""
    ended: KeptRun | None = None
    """The run that was trained before."""
    traceback: str = ""
    """Where it happened, if nobody foresaw it."""
    cancelled: bool = False
    """Whether it could be, if it were not cancelled."""


class Failed(Struct, frozen=True):
    """The worker met an error it does not know; it is paused, or gone if ``fatal``."""

    message: str
    traceback: str = ""
    fatal: bool = False


Reply = Started | FirstLooks | Update | Working | Snapshot | ReplayAnswer | Refused | Failed


def failure(error: Exception) -> Failed:
    """What is told of an error that nobody foresaw, with where it was; memory that runs out is no riddle."""
    if isinstance(error, MemoryError):
        return Failed(out_of_memory(error, "the next step"))
    if isinstance(error, ExperimentError):
        return Failed(error.in_words)
    return Failed(f"{type(error).__name__}: {error}", "".join(traceback.format_exception(error)))
