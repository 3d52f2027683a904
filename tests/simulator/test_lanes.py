"""Networks that are trained beside the run, in the worker."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pytest

from simulator.experiment.experiment import Experiment
from simulator.observations.histograms import HistogramsObservation
from simulator.record.history import History
from simulator.record.record import Record
from simulator.running.messages import Failed, LaneUpdate, Refused, Reply, Started, Update
from simulator.running.session import MODES, Session
from simulator.system import machine
from simulator.training.training import Training

LAYER: Mapping[str, Any] = {"kind": "dense", "units": 6, "dropout": {"kind": "inverted", "rate": 0.2}}
PLAIN: Mapping[str, Any] = {"data": {"kind": "moons", "samples": 60}, "layers": [LAYER, LAYER], "batch_size": 16}
NORM = {"name": "norm", "set": {"layers.0.normalization.kind": "batch"}}
SLOW = {"name": "slow", "set": {"optimizer.learning_rate": 0.001}}


def experiment(*lanes: Mapping[str, Any], **changes: Any) -> Experiment:
    return Experiment.from_builtins({**PLAIN, **changes, **({"lanes": list(lanes)} if lanes else {})})


def rows_of(experiment: Experiment, steps: int, changes: Mapping[int, Experiment] = {}) -> np.ndarray[Any, Any]:
    """What training it alone gives."""
    training = Training(experiment)
    rows = []
    for step in range(steps):
        if step in changes:
            training.update_spec(changes[step])
        training.propose()
        rows.append(training.row(training.scalars()))
        training.apply()
    return np.array(rows)


class Bench:
    """Keeps what a session tells of every lane."""

    def __init__(self, experiment: Experiment, mode: Any = "thread") -> None:
        self.session = Session(mode)
        self.session.start()
        self.histories: dict[str, History] = {}
        self.runs: dict[str, int] = {}
        self.last: Update | None = None
        self.replies: list[Reply] = []
        self.session.change(experiment)

    def receive(self) -> None:
        for reply in self.session.replies():
            self.replies.append(reply)
            if isinstance(reply, Started):
                self.histories["A"] = History(reply.columns, capacity=4096)
            if isinstance(reply, Update) and reply.frame is not None:
                self.last = reply
                for rows in reply.rows:
                    self.histories["A"].extend(rows)
                for lane in reply.lanes:
                    self._receive_lane(lane)
            assert not isinstance(reply, Failed), reply

    def _receive_lane(self, lane: LaneUpdate) -> None:
        if lane.run and self.runs.get(lane.name) != lane.run:
            self.runs[lane.name] = lane.run
            self.histories[lane.name] = History(lane.rows[0].columns, capacity=4096)
        for rows in lane.rows:
            self.histories[lane.name].extend(rows)

    def until(self, holds: Any, observations: Any = ()) -> None:
        end = time.monotonic() + 60
        while not holds():
            assert time.monotonic() < end, self.last
            self.session.look(observations)
            self.receive()
            time.sleep(0.001)

    def stands_at(self, step: int) -> bool:
        """Whether all have come there, and stand."""
        last = self.last
        if last is None or last.frame is None or last.playing or last.frame.step != step:
            return False
        return all(lane.refusal or lane.frame is not None for lane in last.lanes)

    def train(self, steps: int) -> None:
        end = (0 if self.last is None or self.last.frame is None else self.last.frame.step) + steps
        self.session.play(steps)
        self.until(lambda: self.stands_at(end))

    def rows(self, name: str) -> np.ndarray[Any, Any]:
        history = self.histories[name]
        return np.array([history.series(column).last for column in history.columns]).T

    def lane(self, name: str) -> LaneUpdate:
        assert self.last is not None
        return next(lane for lane in self.last.lanes if lane.name == name)


@pytest.fixture(params=MODES)
def mode(request: pytest.FixtureRequest) -> Any:
    return request.param


@pytest.fixture
def benches() -> Iterator[list[Bench]]:
    opened: list[Bench] = []
    yield opened
    for bench in opened:
        bench.session.close()


def opened(benches: list[Bench], experiment: Experiment, mode: Any = "thread") -> Bench:
    benches.append(Bench(experiment, mode))
    return benches[-1]


def assert_rows(bench: Bench, name: str, expected: np.ndarray[Any, Any]) -> None:
    own = bench.rows(name)[: len(expected)]
    np.testing.assert_array_equal(own[:, _known(bench, name)], expected[:, _known(bench, name)])


def _known(bench: Bench, name: str) -> list[int]:
    """Columns that every step has: validation is scored now and then."""
    return [i for i, column in enumerate(bench.histories[name].columns) if not column.startswith("validation")]


def test_lanes_have_the_numbers_of_their_experiments_alone_and_every_frame_shows_one_step(
    benches: list[Bench], mode: Any
) -> None:
    both = experiment(NORM, SLOW)
    bench = opened(benches, both, mode)
    steps: list[set[int]] = []

    def all_steps() -> bool:
        if bench.last is not None and bench.last.frame is not None:
            steps.append({bench.last.frame.step, *(lane.frame.step for lane in bench.last.lanes if lane.frame)})
        return bench.stands_at(40)

    bench.until(lambda: bench.stands_at(0))
    bench.session.play(40)
    bench.until(all_steps, HistogramsObservation.variants())
    assert all(len(each) == 1 for each in steps)
    for name, alone in both.all_lanes().items():
        assert_rows(bench, name, rows_of(alone, 40))
    assert bench.lane("norm").same_batch
    assert bench.lane("slow").same_batch


def test_validation_is_scored_of_all_lanes_in_the_same_steps_while_they_are_trained(benches: list[Bench]) -> None:
    bench = opened(benches, experiment(NORM, SLOW))
    bench.until(lambda: bench.stands_at(0))
    bench.session.play(None)
    bench.until(lambda: len(_scored(bench, "A")) > 1)
    bench.session.pause()
    bench.until(lambda: bool(bench.last and not bench.last.playing))
    assert _scored(bench, "A") == _scored(bench, "norm") == _scored(bench, "slow")


def _scored(bench: Bench, name: str) -> list[int]:
    """Steps whose validation is known."""
    return np.flatnonzero(np.isfinite(bench.histories[name].series("validation_loss").last)).tolist()


def test_a_lane_that_comes_later_catches_up_and_the_others_are_not_restarted(benches: list[Bench]) -> None:
    bench = opened(benches, experiment(SLOW))
    bench.until(lambda: bench.stands_at(0))
    bench.train(30)
    before = bench.runs["slow"]
    later = experiment(SLOW, NORM)
    bench.session.change(later)
    bench.until(lambda: bench.stands_at(30) and bool(bench.last and len(bench.last.lanes) == 2))
    bench.train(10)
    assert bench.runs["slow"] == before
    assert not any(isinstance(reply, Started) for reply in bench.replies[5:])
    for name, alone in later.all_lanes().items():
        assert_rows(bench, name, rows_of(alone, 40))
    bench.session.change(experiment(NORM))
    bench.until(lambda: bool(bench.last and len(bench.last.lanes) == 1))
    bench.train(5)
    assert_rows(bench, "norm", rows_of(later.all_lanes()["norm"], 45))


def test_what_is_changed_live_in_the_run_acts_in_the_same_step_of_all_lanes_there_or_later(
    benches: list[Bench],
) -> None:
    base = experiment(NORM)
    bench = opened(benches, base)
    bench.until(lambda: bench.stands_at(0))
    bench.train(20)
    changed = base.with_values([("regularization.l2", 0.1), ("layers.0.dropout.rate", 0.4)])
    bench.session.change(changed)
    bench.train(20)
    late = changed.with_values([("lanes", [NORM, SLOW])])
    bench.session.change(late)
    bench.until(lambda: bool(bench.last and len(bench.last.lanes) == 2 and bench.stands_at(40)))
    bench.train(10)
    for name in ("A", "norm", "slow"):
        before = experiment(NORM, SLOW).all_lanes()[name]
        after = late.all_lanes()[name]
        assert_rows(bench, name, rows_of(before, 50, {20: after}))


def test_a_lane_is_changed_live_or_built_anew_without_the_others(benches: list[Bench]) -> None:
    bench = opened(benches, experiment(NORM, SLOW))
    bench.until(lambda: bench.stands_at(0))
    bench.train(10)
    runs = dict(bench.runs)
    slower = {**SLOW, "set": {"optimizer.learning_rate": 0.0001}}
    bench.session.change(experiment(NORM, slower))
    bench.train(10)
    assert bench.runs == runs
    alone = experiment(NORM, SLOW).all_lanes()["slow"], experiment(NORM, slower).all_lanes()["slow"]
    assert_rows(bench, "slow", rows_of(alone[0], 20, {10: alone[1]}))
    other = {**SLOW, "set": {"layers.0.units": 9}}
    bench.session.change(experiment(NORM, other))
    bench.train(10)
    assert bench.runs["norm"] == runs["norm"]
    assert bench.runs["slow"] != runs["slow"]
    assert_rows(bench, "slow", rows_of(experiment(other).all_lanes()["slow"], 30))


def test_a_network_that_is_built_anew_takes_all_lanes_along(benches: list[Bench]) -> None:
    bench = opened(benches, experiment(NORM))
    bench.until(lambda: bench.stands_at(0))
    bench.train(10)
    wide = experiment(NORM).with_values([("layers.0.units", 11)])
    bench.session.change(wide)
    bench.until(lambda: bench.stands_at(0))
    bench.train(10)
    for name, alone in wide.all_lanes().items():
        assert_rows(bench, name, rows_of(alone, 10))


def test_a_lane_that_cannot_be_trained_says_why_and_the_others_go_on(benches: list[Bench]) -> None:
    broken = {"name": "none", "set": {"data.kind": "csv"}}
    bench = opened(benches, experiment(broken, SLOW))
    bench.until(lambda: bench.stands_at(0))
    bench.train(10)
    assert bench.lane("none").refusal
    assert not bench.lane("none").run
    assert_rows(bench, "slow", rows_of(experiment(SLOW).all_lanes()["slow"], 10))
    assert not any(isinstance(reply, Refused) for reply in bench.replies)


@pytest.mark.parametrize("setting", [("seed", 5), ("batch_size", 8), ("data.samples", 50)])
def test_lanes_with_other_batches_are_said_to_have_them(benches: list[Bench], setting: tuple[str, Any]) -> None:
    bench = opened(benches, experiment({"name": "other", "set": dict([setting])}, SLOW))
    bench.until(lambda: bench.stands_at(0))
    bench.train(3)
    assert not bench.lane("other").same_batch
    assert bench.lane("slow").same_batch


DROPPED = {"kind": "residual", "layers": [LAYER]}


@pytest.mark.parametrize(
    ("settings", "others"),
    [
        ({"optimizer.learning_rate": 0.001, "layers.0.dropout.rate": 0.4}, ()),
        ({"layers.1.normalization.kind": "batch", "layers.1.dropout.kind": "classic"}, ()),
        ({"layers.1.units": 7}, ("2",)),
        ({"layers.0.dropout.kind": "none", "layers.0.units": 9}, ()),
        ({"seed": 4}, ("1", "2", "3")),
    ],
)
def test_masks_are_the_run_s_where_shapes_agree_and_said_to_be_others_elsewhere(
    benches: list[Bench], settings: Mapping[str, Any], others: tuple[str, ...]
) -> None:
    layers = [LAYER, LAYER] if "layers.1.units" in settings else [LAYER, LAYER, DROPPED]
    bench = opened(benches, experiment({"name": "other", "set": settings}, layers=layers))
    bench.until(lambda: bench.stands_at(0))
    bench.train(3)
    assert bench.lane("other").other_masks == others


def test_of_networks_that_together_need_more_than_is_free_those_that_fit_are_trained(
    benches: list[Bench], monkeypatch: pytest.MonkeyPatch
) -> None:
    wide = {"layers": [{"kind": "dense", "units": 1500, "repeat": 2}], "batch_size": 4}
    lanes = [{"name": name, "set": {"seed": seed}} for name, seed in (("fits", 1), ("does not", 2))]
    together = Experiment.from_builtins({"data": {"kind": "moons", "samples": 40}, **wide, "lanes": lanes})
    free = iter([2**30, 2**29])
    monkeypatch.setattr(machine, "free_memory", lambda: next(free, 2**25))
    bench = opened(benches, together)
    bench.until(lambda: bench.stands_at(0))
    bench.train(1)
    assert not bench.lane("fits").refusal
    assert bench.lane("does not").refusal == "the network would need 0.1 GiB of memory; but 0.0 GiB are free"


@pytest.mark.slow
@pytest.mark.parametrize("steps", [1_000_000])
def test_four_networks_stay_within_the_budget_of_memory_however_long_they_are_trained(steps: int) -> None:
    budget, lanes = 4 * 2**20, [{"name": name, "set": {"optimizer.learning_rate": 0.01}} for name in "BCD"]
    session, record, others = Session("process"), Record(), {name: Record() for name in "BCD"}
    session.start()
    session.set_budget(budget)
    session.change(experiment(*lanes, layers=[{"kind": "dense", "units": 3}]))
    made = 0
    while made < steps:
        time.sleep(0.05)
        for reply in session.replies():
            assert not isinstance(reply, Failed | Refused), reply
            if isinstance(reply, Started):
                record = Record(History(reply.columns), reply.frame)
                others = {name: Record(History(reply.columns)) for name in others}
                session.play(steps)
            elif isinstance(reply, Update) and reply.frame is not None:
                record.add(reply.frame, reply.rows)
                for lane in reply.lanes:
                    others[lane.name].add(lane.frame, lane.rows)
                made = reply.frame.step
                assert reply.kept.nbytes <= budget
        session.look()
    session.close()
    assert all(each.nbytes <= 2**20 for each in (record, *others.values()))
