"""Steps of a run computed again beside it: the frames are those that the run had, and the past is that of then."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import numpy as np
import pytest

from simulator.experiment.experiment import Experiment
from simulator.observations.base import Observation
from simulator.observations.factors import FactorsObservation
from simulator.observations.histograms import HistogramsObservation
from simulator.observations.observer import observe
from simulator.record.frame import Frame, frame_of
from simulator.record.history import History, Rows
from simulator.record.record import Record, row_of
from simulator.record.rewound import RewoundRecord
from simulator.running.beside.recomputation import RecomputationSession, Recomputed
from simulator.running.messages import Failed
from simulator.running.transport import MODES, Mode
from simulator.training.live_change import LiveChange
from simulator.training.replay import Replay
from simulator.training.training import Training

OBSERVED: tuple[Observation[object], ...] = (*HistogramsObservation.variants(), FactorsObservation())
NET = {
    "data": {"kind": "moons"},
    "layers": [{"kind": "dense", "units": 6, "repeat": 2, "dropout": {"kind": "inverted", "rate": 0.2}}],
    "optimizer": {"kind": "adam", "learning_rate": 0.01},
}
CHANGES = ((4, "optimizer.learning_rate", 0.05), (9, "regularization.l2", 0.01))


def trained(steps: int) -> tuple[list[Frame], Record, Replay]:
    """The frames of a run that a hand changes on its way, its record, and how it is computed again."""
    training = Training(Experiment.from_builtins(NET))
    first, changes = training.experiment, []
    frames, record = list[Frame](), Record(History(training.columns))
    for step in range(steps + 1):
        for at, path, value in CHANGES:
            if at == step:
                changed = training.experiment.with_values([(path, value)])
                training.update_spec(changed)
                changes.append(LiveChange(step, changed))
                record.changes.add(step, path)
        training.look()
        frames.append(frame_of(training, training.scalars(validate=True), observed(training)))
        row = training.row(frames[-1].scalars)
        record.add(frames[-1], (Rows(step, training.columns, row[np.newaxis]),))
        training.propose()
        training.apply()
    return frames, record, Replay(first, 1, None, tuple(changes))


def observed(training: Training) -> dict[Observation[object], object]:
    return observe(training, OBSERVED)


def alike(one: Frame, other: Frame) -> None:
    assert one.step == other.step
    assert one.scalars == other.scalars
    assert one.experiment == other.experiment
    for name, values in one.measures.items():
        np.testing.assert_array_equal(values, other.measures[name])
    for each in OBSERVED:
        mine, its = one.result(each), other.result(each)
        assert repr(mine) == repr(its)


@pytest.fixture(params=MODES)
def session(request: pytest.FixtureRequest) -> Iterator[tuple[RecomputationSession, threading.Event]]:
    arrived = threading.Event()
    mode: Mode = request.param
    made = RecomputationSession(mode, arrived.set)
    yield made, arrived
    made.close()


def replies(session: tuple[RecomputationSession, threading.Event], count: int) -> list[Recomputed | Failed]:
    made, arrived = session
    got: list[Recomputed | Failed] = []
    while len(got) < count:
        assert arrived.wait(60)
        arrived.clear()
        got += made.replies()
    return got


def test_frames_come_back_as_they_were_changes_by_hand_included(
    session: tuple[RecomputationSession, threading.Event],
) -> None:
    frames, _, replay = trained(14)
    steps = (0, 3, 4, 5, 9, 10, 14)
    session[0].recompute(replay, steps, OBSERVED, True)
    for reply, step in zip(replies(session, len(steps)), steps, strict=True):
        assert isinstance(reply, Recomputed)
        alike(reply.frame, frames[step])
        assert reply.seconds >= 0
        assert reply.frame_seconds > 0


def test_a_request_goes_on_where_the_last_one_came_to(session: tuple[RecomputationSession, threading.Event]) -> None:
    frames, _, replay = trained(8)
    session[0].recompute(replay, (2,), OBSERVED, True)
    session[0].recompute(None, (6, 8), OBSERVED, True)
    got = replies(session, 3)
    assert [reply.steps for reply in got if isinstance(reply, Recomputed)] == [2, 4, 2]
    for reply, step in zip(got, (2, 6, 8), strict=True):
        assert isinstance(reply, Recomputed)
        alike(reply.frame, frames[step])


def test_what_cannot_be_computed_again_is_told(session: tuple[RecomputationSession, threading.Event]) -> None:
    _, _, replay = trained(3)
    session[0].recompute(replay, (3, 2), (), False)
    first, second = replies(session, 2)
    assert isinstance(first, Recomputed)
    assert isinstance(second, Failed)
    assert second.message == "step 2 is behind: the run has been computed to step 3"
    assert not second.fatal


def test_nothing_that_was_cancelled_arrives(session: tuple[RecomputationSession, threading.Event]) -> None:
    _, _, replay = trained(3)
    session[0].recompute(replay, (10_000_000,), (), False)
    session[0].cancel()
    session[0].recompute(replay, (1,), (), False)
    (reply,) = replies(session, 1)
    assert isinstance(reply, Recomputed)
    assert reply.frame.step == 1


# -- the past --------------------------------------------------------------------------------------------------------


def test_the_past_is_as_it_was_at_each_step() -> None:
    frames, record, _ = trained(12)
    rewound = RewoundRecord(record)
    for step, frame in enumerate(frames):
        then = rewound.at(frame)
        history = then.history
        assert history.end == step
        for name in ("loss", "weight_gradient_norm"):
            now, all_of_it = history.series(name), record.history.series(name)
            np.testing.assert_array_equal(now.last, all_of_it.last[: step + 1])
            np.testing.assert_array_equal(now.steps, all_of_it.steps[: step + 1])
        assert [change.step for change in then.changes.entries] == [at for at, _, _ in CHANGES if at <= step]
        assert then.first is not None
    assert record.history.end == 12
    assert len(record.changes.entries) == 2


def test_the_past_of_a_long_run_ends_with_the_step_that_is_shown() -> None:
    columns = ("loss", "a:0")
    whole = History(columns, capacity=8)
    values = np.arange(100.0)
    whole.extend(Rows(0, columns, np.stack([values, -values], axis=1)))
    assert whole.stride == 16
    for step in (0, 5, 16, 40, 99):
        then = whole.as_of(step, np.array([1e3, 1e4]))
        series = then.series("loss")
        assert series.steps[-1] <= step < series.steps[-1] + 16
        assert series.last[-1] == 1e3
        assert (series.high[:-1] < step).all()
        assert then.end <= step
    np.testing.assert_array_equal(whole.series("loss").high[0], 15.0)


def test_a_value_that_is_no_number_is_known_as_of_its_step() -> None:
    columns = ("loss",)
    whole = History(columns)
    values = np.array([1.0, 2.0, np.nan, np.inf, 5.0])
    whole.extend(Rows(0, columns, values[:, np.newaxis]))
    known = [whole.as_of(step, values[step : step + 1]).first_lost("loss") for step in range(5)]
    assert known == [None, None, 2, 2, 2]


def test_a_frame_is_a_row_of_its_run() -> None:
    frames, record, _ = trained(2)
    training = Training(Experiment.from_builtins(NET))
    training.look()
    row = row_of(frames[0], record.history.columns)
    np.testing.assert_array_equal(row, training.row(training.scalars(validate=True)))


def test_a_past_that_was_cut_stays_as_it_was_while_the_run_goes_on_to_its_next_halving() -> None:
    columns = ("loss", "a:0", "a:1")
    whole, values = History(columns, capacity=8), np.arange(24.0).reshape(8, 3)
    whole.extend(Rows(0, columns, values[:6]))
    then, alone = whole.as_of(3), whole.as_of(3, np.full(3, 50.0))
    loss = then.series("loss").last
    whole.extend(Rows(6, columns, values[6:]))
    assert then.end == alone.end == 3
    np.testing.assert_array_equal(then.series("a").last, values[:4, 1:])
    np.testing.assert_array_equal(alone.series("loss").last, [*values[:3, 0], 50.0])
    np.testing.assert_array_equal(whole.series("loss").last, values[:, 0])
    whole.extend(Rows(8, columns, values[:1]))
    assert whole.stride == 2
    np.testing.assert_array_equal(loss, values[:4, 0])


@pytest.mark.parametrize("steps", [5, 8, 9, 40, 100])
def test_only_what_is_recorded_of_a_step_is_told_of_it(steps: int) -> None:
    columns, values = ("loss",), np.arange(100.0)[:, np.newaxis]
    whole = History(columns, capacity=8)
    whole.extend(Rows(0, columns, values[:steps]))
    for step in range(steps):
        row = whole.row(step)
        assert (row is None) == bool((step + 1) % whole.stride)
        assert row is None or row[0] == step
        series = whole.as_of(step).series("loss")
        assert (series.high <= step).all()
        assert whole.as_of(step).end <= step


def test_since_when_a_value_is_no_number_is_told_as_of_each_step() -> None:
    columns, values = ("loss",), np.array([1.0, np.nan, np.inf, 4.0, 5.0, np.nan])[:, np.newaxis]
    whole = History(columns)
    whole.extend(Rows(0, columns, values))
    assert [whole.as_of(step).lost_since("loss") for step in range(6)] == [None, 1, 1, None, None, 5]
    assert [whole.as_of(step, values[step]).lost_since("loss") for step in range(6)] == [None, 1, 1, None, None, 5]
    assert [whole.as_of(step).first_lost("loss") for step in range(6)] == [None, 1, 1, 1, 1, 1]


def test_the_record_of_an_earlier_step_leaves_the_run_alone() -> None:
    frames, record, _ = trained(12)
    for whole in (True, False):
        then = record.as_of(frames[5], whole=whole)
        assert then.history.end == 5
        assert [change.step for change in then.changes.entries] == [4]
        assert all(past.history.end <= 5 for past in then.pasts.values())
        assert (None if then.scored is None else then.scored.step) == (5 if whole else None)
    assert record.history.end == 12
    assert all(past.history.end == 12 for past in record.pasts.values())
