"""Networks beside a run make their steps in blocks: nobody who looks, changes, keeps or stops can tell."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator, Mapping, Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from simulator.experiment.experiment import Experiment
from simulator.observations.factors import FactorsObservation
from simulator.observations.histograms import HistogramsObservation
from simulator.observations.registry import standard
from simulator.record.history import Rows
from simulator.running import lane, lanes
from simulator.running.lane_state import LaneState
from simulator.running.lanes import Lanes
from simulator.running.live_run import LiveRun
from simulator.running.messages import (
    Command,
    FindReplay,
    Guard,
    LaneUpdate,
    Limit,
    Look,
    Operate,
    Pause,
    Play,
    ReplayAnswer,
    Reply,
    Restart,
    Revive,
    Snapshot,
    Started,
    Stop,
    TakeSnapshot,
    Train,
    Update,
)  # fmt: skip
from simulator.running.stop_rules import Epochs, LossBelow
from simulator.running.timeline import Timeline
from simulator.running.worker import Worker
from simulator.system import progress
from simulator.training.checkpoint_files import written
from simulator.training.live_change import LiveChange
from simulator.training.replay import Replayer
from simulator.training.sampler import Indices
from simulator.training.surgery import ScaleWeights
from simulator.training.training import Training
from tests.simulator.clock import Clock
from tests.thinned import thinned

LAYER = {"kind": "dense", "units": 4, "dropout": {"kind": "inverted", "rate": 0.2}}
PLAIN = {"data": {"kind": "moons", "samples": 40}, "layers": [LAYER, LAYER], "batch_size": 8}
NORM = {"name": "norm", "set": {"layers.0.normalization.kind": "batch"}}
SLOW = {"name": "slow", "set": {"optimizer.learning_rate": 0.001}}
OTHER = {"name": "other", "set": {"seed": 5}}
ALONE = Experiment.from_builtins(PLAIN)
BESIDE = Experiment.from_builtins({**PLAIN, "lanes": [NORM, SLOW]})
BLOCK = 8


def changed(path: str, value: Any, run: int = 2) -> Train:
    return Train(run, BESIDE.with_values([(path, value)]), edit=4)


COMMANDS: Mapping[str, Command] = {
    "look": Look(3, HistogramsObservation.variants()),
    "look that brings a checkpoint": Look(3, (), checkpoint="soon"),
    "learning rate": changed("optimizer.learning_rate", 0.3),
    "penalty": changed("regularization.l2", 0.1),
    "dropout": changed("layers.0.dropout.rate", 0.4),
    "a lane's rate": changed("lanes", [NORM, {"name": "slow", "set": {"optimizer.learning_rate": 0.02}}]),
    "a lane's layer": changed("lanes", [NORM, {"name": "slow", "set": {"layers.0.units": 5}}]),
    "another lane": changed("lanes", [NORM, SLOW, OTHER]),
    "a lane less": changed("lanes", [SLOW]),
    "another network": changed("layers.0.units", 7),
    "restart": Restart(2),
    "revival": Revive(1, "1", (0, 2)),
    "surgery": Operate(2, BESIDE, ScaleWeights(("1",), -0.5), 7),
    "pause": Pause(),
    "limit": Limit(1e9),
    "snapshot": TakeSnapshot(),
    "replay": FindReplay(2),
    "blow-up": changed("optimizer.learning_rate", 1e200),
    "stop rule": Play(until=Epochs(2)),
    "stop rule that never holds": Play(until=LossBelow(1e-9)),
}


class Script:
    """A worker that is told each command in a step of the run: before it, before its update, or behind that."""

    def __init__(self, *commands: tuple[int, int, Command]) -> None:
        self.rest = [*commands]
        self._step = self._polls = -1
        self.replies: list[Reply] = []
        self.behind = 0
        """By how many steps a network that the run does not wait for lay behind it at most."""
        self.worker = Worker(self, self.replies.append)
        self.worker.loop()

    def get(self, timeout: float | None) -> Any:
        run = self.worker.run
        if not self.rest:
            return Stop()
        step, place, command = self.rest[0]
        if run is not None and self.worker.steps_left:
            self._polls = self._polls + 1 if run.training.step == self._step else 0
            self._step = run.training.step
            if not self.worker.lanes.are_behind(self._step):
                steps = [lane.live.training.step for lane in self.worker.lanes if lane.live is not None]
                self.behind = max([self.behind, *(self._step - step for step in steps)])
            if self._step < step or (self._step == step and self._polls < place):
                return None
        elif timeout == 0 and self.worker.lanes.are_behind(0 if run is None else run.training.step):
            return None
        del self.rest[0]
        return command


def told(replies: Sequence[Reply]) -> Iterator[Any]:
    """What was told, but for what hangs on the clock, and ids of runs, which are never the same."""
    for reply in replies:
        name = type(reply).__name__
        if isinstance(reply, Started):
            yield name, reply.step, reply.continues, reply.frame.experiment
        elif isinstance(reply, Update) and reply.frame is not None:
            rows = [rows.values[:, 4:].tobytes() for rows in reply.rows]
            frame = {key: each.tobytes() for key, each in reply.frame.measures.items()}
            yield name, reply.frame.step, reply.playing, reply.halted, reply.stopped, rows, frame, _steps(reply.changes)
            yield None if reply.resumption is None else [*_states(reply.resumption.lanes)]
            yield [*map(_lane, reply.lanes)]
        elif isinstance(reply, Snapshot):
            yield name, None if reply.checkpoint is None else written(reply.checkpoint), [*_states(reply.lanes)]
        elif isinstance(reply, ReplayAnswer):
            replays = [reply.replay, *(replay for _, replay in reply.lanes)]
            yield name, [written(Replayer(each).go_to(reply.step).checkpoint()) for each in replays if each is not None]
        else:
            assert name in ("Working", "Update"), reply


def _steps(changes: Sequence[LiveChange]) -> list[tuple[int, bool]]:
    return [(change.step, change.scales) for change in changes]


def _states(states: Sequence[LaneState]) -> Iterator[Any]:
    for state in states:
        rows = None if state.rows is None else _numbers(state.rows)
        yield state.name, written(state.checkpoint), rows, _steps(state.changes.entries)


def _numbers(rows: Rows) -> tuple[int, bytes]:
    """All but what is scored now and then, as time allows."""
    kept = [place for place, column in enumerate(rows.columns) if not column.startswith("validation")]
    return rows.first_step, rows.values[:, kept].tobytes()


def _lane(lane: LaneUpdate) -> Any:
    frame = None if lane.frame is None else (lane.frame.step, [each.tobytes() for each in lane.frame.measures.values()])
    rows = [_numbers(rows) for rows in (*lane.past, *lane.rows)]
    changes = _steps(lane.changes.entries)
    return lane.name, frame, rows, lane.first is None, lane.same_batch, lane.refusal, changes


def script(
    monkeypatch: pytest.MonkeyPatch, block: int, *commands: tuple[int, int, Command], others: int = 0,
    kind: type[Script] = Script, experiment: Experiment = BESIDE,
) -> Script:  # fmt: skip
    """``others``: cores beside the one that trains, which evaluate steps however short."""
    limits = {"BLOCK_SECONDS": 1e9, "BLOCK_SHARE": 1e15, "LOOKED_SECONDS": 1e9, "MOST_STEPS": block, "LONG_SECONDS": 0}
    for name, value in limits.items():
        monkeypatch.setattr(lanes, name, value)
    monkeypatch.setattr(lanes, "other_cores", lambda _threads, **_left: others)
    return kind((0, 0, Train(1, experiment)), (0, 0, Look(1, standard())), (0, 0, Play()), *commands)


@pytest.mark.parametrize(("place", "name"), thinned(range(3), list(COMMANDS), share=4))
def test_whatever_comes_in_a_block_finds_and_leaves_what_it_does_step_by_step(
    name: str, place: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    rest = ((12, 0, Play()), (17, 1, Look(5, ())), (24, 0, Pause()), (24, 0, TakeSnapshot()))
    commands = (2, 0, Guard(True)), (5, place, COMMANDS[name]), *rest
    alone, block = (script(monkeypatch, count, *commands) for count in (1, BLOCK))
    assert alone.behind == 0
    assert 2 <= block.behind < BLOCK
    assert [*told(block.replies)] == [*told(alone.replies)]


@pytest.mark.parametrize(("place", "name"), thinned(range(4), list(COMMANDS), share=16, first=1))
def test_whatever_comes_while_other_cores_evaluate_finds_and_leaves_what_it_does_on_one(
    name: str, place: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    rest = ((12, 0, Play()), (17, 1, Look(5, standard())), (24, 0, Pause()), (24, 0, TakeSnapshot()))
    commands = (2, 0, Guard(True)), (5, place, COMMANDS[name]), *rest
    alone, together = (script(monkeypatch, 1, *commands, others=others) for others in (0, 2))
    assert [*told(together.replies)] == [*told(alone.replies)]


def test_a_network_that_other_cores_evaluate_is_evaluated_once_in_a_step(monkeypatch: pytest.MonkeyPatch) -> None:
    evaluated, evaluate = list[tuple[int, bool]](), Training.evaluate

    def counted(training: Training) -> None:
        evaluated.append((training.step, threading.current_thread() is threading.main_thread()))
        evaluate(training)

    monkeypatch.setattr(Training, "evaluate", counted)
    steps = []
    for others in (0, 2):
        evaluated.clear()
        script(monkeypatch, 1, (9, 0, Pause()), others=others)
        steps.append(sorted(step for step, _ in evaluated))
        assert any(not here for _, here in evaluated) == (others > 0)
    assert steps[0] == steps[1]


def test_an_edit_that_comes_while_a_block_is_made_acts_in_the_step_to_which_all_come(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    begun, make_block = list[int](), lane.Lane.make_block

    def noted(self: lane.Lane, batches: Sequence[Indices]) -> None:
        if len(batches) > 1 and self.live is not None:
            begun.append(self.live.training.step + len(batches))
        make_block(self, batches)

    class DuringBlock(Script):
        """Its edit is not there before a block is made."""

        def get(self, timeout: float | None) -> Any:
            return None if self.rest[:1] == [edit] and not begun else super().get(timeout)

    edit = 0, 0, COMMANDS["penalty"]
    monkeypatch.setattr(lane.Lane, "make_block", noted)
    told = script(monkeypatch, BLOCK, edit, (20, 0, Pause()), (20, 0, TakeSnapshot()), kind=DuringBlock).replies
    (snapshot,) = (each for each in told if isinstance(each, Snapshot))
    assert [change.step for change in snapshot.changes] == begun[:1]
    assert [[change.step for change in each.changes.entries] for each in snapshot.lanes] == [begun[:1]] * 2


class LateLane:
    """A worker that is looked at after each of the slices in which a network comes to a run that stands still."""

    def __init__(self, steps: int) -> None:
        self.replies: list[Reply] = []
        self.worker = Worker(self, self.replies.append)
        self._commands = self._told(steps)
        self.worker.loop()

    def get(self, timeout: float | None) -> Any:
        return next(self._commands)

    def _told(self, steps: int) -> Iterator[Command | None]:
        yield from (Train(1, Experiment.from_builtins(PLAIN)), Play(steps))
        while self.worker.steps_left:
            yield None
        del self.replies[:]
        yield from (Train(2, BESIDE.with_values([("lanes", [NORM])])), Look(1, ()))
        looks = 0
        while self.worker.lanes.are_behind(steps) and looks < steps:
            yield from (None, None, Look(1, ()))
            looks += 1
        yield from (None, Stop())


def test_every_answer_says_how_far_a_lane_is_that_catches_up_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each look at the clock takes 0.02 seconds here, and nothing takes so long that the worker tells it by itself."""
    ticks = itertools.count()
    monkeypatch.setattr(progress, "time", Clock())
    clock = SimpleNamespace(monotonic=lambda: 0.02 * next(ticks), perf_counter=lambda: 0.02 * next(ticks))
    for module in (lane, lanes):
        monkeypatch.setattr(module, "time", clock)
    answers = [reply for reply in LateLane(60).replies if isinstance(reply, Update)]
    behind = [answer for answer in answers if answer.lanes[0].frame is None]
    told = [answer.progress for answer in behind if answer.progress is not None]
    assert behind[0].progress is None
    assert [answer.progress for answer in behind][-len(told) :] == told
    assert {(each.doing, each.total, each.unit) for each in told} == {("Catching up network norm", 60, "steps")}
    done = [each.done for each in told]
    assert done == sorted(set(done))
    assert 0 < done[0] < done[-1] < 60
    assert told[-1].seconds_left is not None
    assert answers[-1].lanes[0].frame is not None
    assert answers[-1].progress is None


def test_batches_are_compared_in_every_step_of_a_block(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"BLOCK_SECONDS": 1e9, "BLOCK_SHARE": 1e15}.items():
        monkeypatch.setattr(lanes, name, value)
    run, beside = LiveRun(training := Training(BESIDE), Timeline(training.checkpoint()), BESIDE.data), Lanes()
    beside.follow(run)
    beside.catch_up(0)
    same = list[bool]()
    for step in range(4):
        if step == 2:
            training.load_batch(np.arange(8))
        run.propose(trace=False)
        beside.take_step(run, trace=False, now=step % 2 == 1)
        if step % 2:
            answers = beside.answers(Look(1, ()), run, playing=True, short=False, provisional=False)
            same += [each.same_batch for each in answers]
        run.apply()
        beside.apply()
    assert same == [True, True, False, False]


def test_what_is_wanted_of_the_run_alone_is_looked_at_in_no_other_network(monkeypatch: pytest.MonkeyPatch) -> None:
    histograms, factors = HistogramsObservation.variants(), (FactorsObservation(),)
    looks = (8, 0, Look(3, (*histograms, *factors), of_run_alone=histograms)), (9, 0, Pause())
    *_, update = (each for each in script(monkeypatch, BLOCK, *looks).replies if isinstance(each, Update))
    assert update.frame is not None
    assert {*histograms, *factors} <= update.frame.observations.keys()
    assert [{*lane.frame.observations} for lane in update.lanes if lane.frame is not None] == [{*factors}] * 2


TRACED = (FactorsObservation(),)


@pytest.mark.parametrize("experiment", [BESIDE, ALONE], ids=["beside", "alone"])
@pytest.mark.parametrize(("slow", "before", "step"), [(True, TRACED, 6), (True, (), 7), (False, TRACED, 7)])
def test_a_look_in_the_midst_of_a_slow_step_finds_the_trace_that_it_needs_where_the_last_look_needed_one(
    slow: bool, before: tuple[FactorsObservation, ...], step: int, experiment: Experiment,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(lanes, "SLOW_SECONDS", 0.0 if slow else 1e9)
    looks = (3, 0, Look(3, before)), (6, 2 if experiment.lanes else 1, Look(4, TRACED)), (9, 0, Pause())
    replies = script(monkeypatch, 1, *looks, experiment=experiment).replies
    last = [each for each in replies if isinstance(each, Update) and each.frame][-1]
    assert last.frame is not None
    assert last.frame.step == step
    for frame in (last.frame, *(each.frame for each in last.lanes)):
        observed = None if frame is None else frame.observed(FactorsObservation())
        assert observed is not None
        assert observed.step == last.frame.step


def test_a_look_that_comes_while_other_networks_make_their_step_is_answered_with_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looks = (6, 3, Look(3, ())), (9, 0, Pause())
    updates = [each for each in script(monkeypatch, 1, *looks).replies if isinstance(each, Update)]
    assert updates[-1].frame is not None
    assert updates[-1].frame.step == 6


def snapshot_after(monkeypatch: pytest.MonkeyPatch, place: int, edit: Command, others: int = 0) -> Snapshot:
    """Of step 9, where an edit came in step 6: before it, or in it, three times in all."""
    told = script(monkeypatch, 1, (6, place, edit), (9, 0, Pause()), (9, 0, TakeSnapshot()), others=others).replies
    (snapshot,) = (each for each in told if isinstance(each, Snapshot))
    return snapshot


@pytest.mark.parametrize("others", [0, 2])
@pytest.mark.parametrize("name", ["learning rate", "a lane's rate"])
def test_a_rate_that_is_edited_then_acts_in_that_step_of_all(
    name: str, others: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    late, before = (snapshot_after(monkeypatch, place, COMMANDS[name], others) for place in (3, 0))
    assert [change.step for change in late.changes] == [6]
    assert [*_states(late.lanes)] == [*_states(before.lanes)]
    assert late.checkpoint is not None
    assert before.checkpoint is not None
    assert written(late.checkpoint) == written(before.checkpoint)
    assert [*map(_numbers, late.rows)] == [*map(_numbers, before.rows)]


def test_what_an_update_that_is_written_cannot_take_acts_in_the_next_step_of_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("penalty", "a lane's layer", "another lane", "a lane less", "blow-up"):
        assert [change.step for change in snapshot_after(monkeypatch, 3, COMMANDS[name]).changes] == [7]
    lanes = snapshot_after(monkeypatch, 3, COMMANDS["penalty"]).lanes
    assert [[change.step for change in lane.changes.entries] for lane in lanes] == [[7], [7]]
