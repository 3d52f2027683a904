"""Networks beside a run, kept with it: they go on as if none had stopped."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from simulator.experiment.experiment import Experiment, ExperimentError
from simulator.record.history import History
from simulator.record.record import Record
from simulator.running.headless.run import run
from simulator.running.lane_state import LaneState
from simulator.running.messages import Failed, Refused, Snapshot, Started, Update
from simulator.running.nabla import run_file
from simulator.running.nabla.run_file import SavedLane, SavedRun, read, taken_up
from simulator.running.session import MODES, Session
from simulator.system.environment import environment
from simulator.training.checkpoint import Checkpoint
from simulator.training.checkpoint_files import written
from simulator.training.live_change import LiveChange, LiveChanges
from simulator.training.training import Training
from tests.simulator.test_run_file import NETS, every_combination
from tests.thinned import thinned

HERE = environment(1)
SLOW: Mapping[str, Any] = {"name": "slow", "set": {"optimizer.learning_rate": 0.002}}
OTHER: Mapping[str, Any] = {"name": "other", "set": {"seed": 7}}


def beside(plain: Mapping[str, Any], *lanes: Mapping[str, Any]) -> Experiment:
    whole: dict[str, Any] = {
        "name": "moons",
        "experiment": {
            "data": {"kind": "moons", "samples": 70}, "batch_size": 9, "optimizer": {"kind": "adam"},
            "layers": [{"kind": "dense", "units": 3, "dropout": {"kind": "inverted"}}],
        },
    }  # fmt: skip
    return Experiment.from_builtins({**plain, "lanes": [*lanes, SLOW, OTHER, whole]})


class Screen:
    """Takes what a session tells, as a window does: the record of the run and of each lane."""

    def __init__(self, mode: Any) -> None:
        self.session = Session(mode)
        self.session.start()
        self.record = Record()
        self.lanes: dict[str, Record] = {}
        self.step = -1
        self.snapshot: Snapshot | None = None

    def receive(self) -> None:
        for reply in self.session.replies():
            assert not isinstance(reply, Failed | Refused), reply
            if isinstance(reply, Started):
                known = self.record.until(reply.step).history
                self.record.history = known if reply.step else History(reply.columns)
                self.record.live_changes = reply.changes
            elif isinstance(reply, Update) and reply.frame is not None:
                self.record.add(None, reply.rows)
                there = [self._take(lane.name, lane.rows) for lane in reply.lanes if lane.run]
                whole = len(there) == len(reply.frame.experiment.lanes if reply.frame.experiment else there)
                here = whole and all(lane.frame is not None for lane in reply.lanes)
                self.step = reply.frame.step if here and not reply.playing else -1
                self.record.live_changes = self.record.live_changes.after(reply.changes)
            elif isinstance(reply, Snapshot):
                # Without new steps the present one, which may still change, stays to be seen.
                self.record.add(None, [rows for rows in reply.rows if len(rows.values)])
                for state in reply.lanes:
                    self._take(state.name, (state.rows,) if state.rows and len(state.rows.values) else ())
                self.snapshot = reply

    def _take(self, name: str, rows: Sequence[Any]) -> str:
        for each in rows:
            known = self.lanes.setdefault(name, Record(History(each.columns, start=each.first_step)))
            if each.first_step < known.steps:
                known = self.lanes[name] = known.until(each.first_step)
            known.add(None, (each,))
        return name

    def until(self, holds: Any) -> None:
        end = time.monotonic() + 60
        while not holds():
            assert time.monotonic() < end
            self.session.look()
            self.receive()
            time.sleep(0.001)

    def stand_at(self, step: int) -> None:
        self.until(lambda: self.step == step)

    def train(self, steps: int) -> None:
        end = self.step + steps
        self.session.play(steps)
        self.stand_at(end)

    def saved(self) -> SavedRun:
        self.snapshot = None
        self.session.take_snapshot()
        self.until(lambda: self.snapshot is not None)
        assert self.snapshot is not None
        assert self.snapshot.checkpoint is not None
        lanes = []
        for state in self.snapshot.lanes:
            self.lanes[state.name].live_changes = state.changes
            lanes.append(SavedLane(state.name, state.checkpoint, self.lanes[state.name]))
        return SavedRun(self.snapshot.checkpoint, self.record, HERE, tuple(lanes), self.snapshot.coming)

    def take_up(self, saved: SavedRun) -> None:
        self.record, self.lanes = saved.record, {lane.name: lane.record for lane in saved.lanes}
        states = tuple(LaneState(each.name, each.checkpoint, each.record.live_changes) for each in saved.lanes)
        self.session.resume_from(saved.checkpoint, saved.record.live_changes, states, saved.coming)


@pytest.fixture
def screens() -> Iterator[list[Screen]]:
    opened: list[Screen] = []
    yield opened
    for screen in opened:
        screen.session.close()


def shown(screens: list[Screen], mode: Any, experiment: Experiment) -> Screen:
    screens.append(Screen(mode))
    screens[-1].session.change(experiment)
    screens[-1].stand_at(0)
    return screens[-1]


@pytest.mark.parametrize(("net", "mode"), thinned(list(NETS), MODES, share=2))
def test_a_run_with_lanes_saved_and_opened_goes_on_to_the_bits_of_never_having_stopped(
    net: str, mode: Any, screens: list[Screen], tmp_path: Path
) -> None:
    base = beside(NETS[net])
    screen = shown(screens, mode, base)
    screen.train(4)
    changed = base.with_values([("regularization.l2", 0.01)])
    screen.session.change(changed)
    screen.train(3)
    path = tmp_path / "run.nabla"
    run_file.write(screen.saved(), path)
    screen.train(30)
    run_file.write(screen.saved(), tmp_path / "whole.nabla")
    opened = read(path)
    assert taken_up(opened).step == 7
    assert [lane.name for lane in opened.lanes] == ["slow", "other", "moons"]
    assert {lane.checkpoint.step for lane in opened.lanes} == {7}
    other = Screen(mode)
    screens.append(other)
    other.take_up(opened)
    other.stand_at(7)
    other.train(30)
    run_file.write(other.saved(), tmp_path / "again.nabla")
    again, whole = read(tmp_path / "again.nabla"), read(tmp_path / "whole.nabla")
    assert_same(again, whole)
    assert again.record.live_changes.experiment_at(3) == base
    assert again.record.live_changes.experiment_at(4) == changed
    for one, same in zip(again.lanes, whole.lanes, strict=True):
        assert one.name == same.name
        assert one.record.live_changes == same.record.live_changes
        assert_same(one, same)


def test_what_is_planned_acts_in_an_opened_run_and_in_its_lanes(screens: list[Screen], tmp_path: Path) -> None:
    plain = {"data": {"kind": "moons", "samples": 60}, "layers": [{"kind": "dense", "units": 5}], "batch_size": 16}
    base = Experiment.from_builtins({**plain, "lanes": [{"name": "seed", "set": {"seed": 3}}]})
    early = base.with_values([("regularization.l2", 0.01)])
    late = early.with_values([("optimizer.learning_rate", 0.2)])
    begun = []
    for _ in range(2):
        begun.append(shown(screens, "thread", base))
        begun[-1].session.go_back(0, base, 0, (LiveChange(4, early), LiveChange(9, late)))
        begun[-1].step = -1
        begun[-1].stand_at(0)
    begun[0].train(12)
    run_file.write(begun[0].saved(), tmp_path / "whole.nabla")
    begun[1].train(6)
    run_file.write(begun[1].saved(), tmp_path / "half.nabla")
    other = Screen("thread")
    screens.append(other)
    other.take_up(read(tmp_path / "half.nabla"))
    other.stand_at(6)
    other.train(6)
    run_file.write(other.saved(), tmp_path / "parts.nabla")
    whole, parts = read(tmp_path / "whole.nabla"), read(tmp_path / "parts.nabla")
    for one, same in zip((whole, *whole.lanes), (parts, *parts.lanes), strict=True):
        assert_same(one, same)
        assert [change.step for change in same.record.live_changes.entries] == [4, 9]


def assert_same(one: SavedRun | SavedLane, other: SavedRun | SavedLane) -> None:
    """Where they stand, and every step's numbers but what is scored only where somebody looks."""
    assert written(one.checkpoint) == written(other.checkpoint)
    assert one.record.history.columns == other.record.history.columns
    for column in one.record.history.columns:
        if not column.startswith("validation"):
            ours, theirs = (each.record.history.series(column).last for each in (one, other))
            assert ours.tobytes() == theirs.tobytes(), column


@pytest.mark.slow
def test_every_layer_optimizer_dropout_and_norm_is_kept_in_a_lane_to_the_same_bits(tmp_path: Path) -> None:
    for experiment in every_combination():
        run_of = experiment.with_values([("lanes", [SLOW])])
        saved, lane = _trained(run_of, 2), _trained(run_of.all_lanes()["slow"], 2)
        run_file.write(
            SavedRun(saved.checkpoint(), _record(saved), HERE, (SavedLane("slow", lane.checkpoint(), _record(lane)),)),
            tmp_path / "run.nabla",
        )
        opened = read(tmp_path / "run.nabla")
        taken_up(opened)
        again = Training(opened.lanes[0].checkpoint.experiment)
        again.restore(opened.lanes[0].checkpoint)
        for training in (lane, again):
            _advance(training, 5)
        assert written(again.checkpoint()) == written(lane.checkpoint())


def _advance(training: Training, steps: int) -> None:
    for _ in range(steps):
        training.propose()
        training.apply()


def _trained(experiment: Experiment, steps: int) -> Training:
    training = Training(experiment)
    _advance(training, steps)
    return training


def _record(training: Training) -> Record:
    return Record(History(training.columns, start=training.step))


def test_a_lane_that_is_still_on_its_way_is_kept_there_and_goes_on(screens: list[Screen], tmp_path: Path) -> None:
    base = beside(NETS["dropout"])
    screen = shown(screens, "thread", base)
    screen.train(9)
    whole = screen.saved()
    behind = _trained(base.all_lanes()["slow"], 4)
    record = Record(whole.lanes[0].record.history.until(4))
    record.live_changes = LiveChanges(behind.experiment)
    early = SavedLane("slow", behind.checkpoint(), record)
    run_file.write(dataclasses.replace(whole, lanes=(early, *whole.lanes[1:])), tmp_path / "run.nabla")
    other = Screen("thread")
    screens.append(other)
    other.take_up(read(tmp_path / "run.nabla"))
    other.stand_at(9)
    for one, same in zip(other.saved().lanes, whole.lanes, strict=True):
        assert written(one.checkpoint) == written(same.checkpoint)
    assert other.lanes["slow"].steps == 9


def test_going_back_takes_the_lanes_back_from_what_is_kept_of_them(screens: list[Screen]) -> None:
    base = beside(NETS["dropout"])
    screen = shown(screens, "thread", base)
    screen.train(6)
    states = {lane.name: written(lane.checkpoint) for lane in screen.saved().lanes}
    screen.train(6)
    screen.step = -1
    screen.session.go_back(6, base)
    screen.until(lambda: screen.step >= 0)
    assert screen.step <= 6
    assert all(record.history.start == 0 for record in screen.lanes.values())
    if screen.step < 6:
        screen.train(6 - screen.step)
    assert {lane.name: written(lane.checkpoint) for lane in screen.saved().lanes} == states


def test_a_run_without_a_screen_keeps_the_lanes_of_its_file_where_they_stand(
    screens: list[Screen], tmp_path: Path
) -> None:
    base = beside(NETS["single"])
    screen = shown(screens, "thread", base)
    screen.train(5)
    run_file.write(screen.saved(), tmp_path / "run.nabla")
    result = run(tmp_path / "run.nabla", steps=4, save=tmp_path / "on.nabla", out=tmp_path / "out")
    assert result.last.step == 9
    kept = read(tmp_path / "on.nabla")
    assert [(lane.name, lane.checkpoint.step) for lane in kept.lanes] == [("slow", 5), ("other", 5), ("moons", 5)]
    other = Screen("thread")
    screens.append(other)
    other.take_up(kept)
    other.stand_at(9)
    screen.train(4)
    for one, same in zip(other.saved().lanes, screen.saved().lanes, strict=True):
        assert written(one.checkpoint) == written(same.checkpoint)


def test_lanes_that_do_not_fit_their_networks_are_refused_in_a_sentence_with_their_name(
    screens: list[Screen], tmp_path: Path
) -> None:
    screen = shown(screens, "thread", beside(NETS["single"]))
    screen.train(3)
    saved = screen.saved()
    slow, other, moons = saved.lanes
    bent: dict[str, Sequence[SavedLane]] = {
        "lane 'moons'": (dataclasses.replace(moons, checkpoint=_as(slow.checkpoint, moons.checkpoint)),),
        "does not list": (dataclasses.replace(slow, name="nobody"),),
        "ahead of the run": (dataclasses.replace(slow, **_later(slow)),),
    }
    for sentence, lanes in bent.items():
        run_file.write(dataclasses.replace(saved, lanes=tuple(lanes)), tmp_path / "bent.nabla")
        with pytest.raises(ExperimentError, match=sentence):
            taken_up(read(tmp_path / "bent.nabla"))
    run_file.write(dataclasses.replace(saved, lanes=(slow, other, slow)), tmp_path / "bent.nabla")
    with pytest.raises(ExperimentError, match="does not list"):
        read(tmp_path / "bent.nabla")


def _as(kept: Checkpoint, own: Checkpoint) -> Checkpoint:
    return dataclasses.replace(kept, experiment=own.experiment)


def _later(lane: SavedLane) -> dict[str, Any]:
    training = _trained(lane.checkpoint.experiment, 8)
    return {"checkpoint": training.checkpoint(), "record": _record(training)}
