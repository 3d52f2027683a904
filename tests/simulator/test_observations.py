"""What is observed comes with a frame, changes nothing, and never takes more than its share of the time."""

from __future__ import annotations

import pickle
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from simulator.experiment.experiment import Experiment
from simulator.observations.base import Observation, Observed
from simulator.observations.graph.what_if import Changes, WhatIf
from simulator.observations.observer import observed
from simulator.observations.registry import observations
from simulator.record.history import History
from simulator.running.messages import Failed, Started, Update
from simulator.running.session import Mode, Session
from simulator.training.training import Training

EXPERIMENT = Experiment.from_builtins({"data": {"kind": "moons"}, "layers": [{"kind": "dense", "units": 5}]})
ALL = [each for kind in observations() for each in kind.variants()]
each_one = pytest.mark.parametrize("observation", ALL, ids=str)


class Size(Observation[int], frozen=True, tag="test-size"):
    """How many parameters there are."""

    factor: int = 1

    def observe(self, training: Training) -> int:
        return self.factor * training.network.parameters.size


class Impossible(Observation[None], frozen=True, tag="test-impossible"):
    def observe(self, training: Training) -> None:
        raise ValueError("there are no gates here")


class Vast(Observation[None], frozen=True, tag="test-vast"):
    def observe(self, training: Training) -> None:
        raise MemoryError


class Slow(Observation[int], frozen=True, tag="test-slow"):
    number: int = 0

    def observe(self, training: Training) -> int:
        time.sleep(0.02)
        return training.step


class Broken(Observation[None], frozen=True, tag="test-broken"):
    def observe(self, training: Training) -> None:
        raise RuntimeError("a fault of its own")


@pytest.fixture(params=["thread", "process"])
def session(request: pytest.FixtureRequest) -> Iterator[Session]:
    mode: Mode = request.param
    made = Session(mode)
    made.start()
    made.change(EXPERIMENT)
    yield made
    made.close(10)


def updates(
    session: Session, asked: tuple[Observation[Any], ...], enough: Callable[[list[Update]], bool]
) -> list[Update]:
    """Answers with frames that were asked for one after the other, until there are enough."""
    received: list[Update] = []
    end = time.monotonic() + 60
    while not enough(received):
        assert time.monotonic() < end, received[-3:]
        session.look(tuple(asked))
        received += [reply for reply in session.replies() if isinstance(reply, Update) and reply.frame is not None]
        time.sleep(0.001)
    return received


def found_of(update: Update, observation: Observation[Any]) -> Observed[Any] | None:
    return None if update.frame is None else update.frame.observed(observation)


def until(session: Session, observation: Observation[Any], holds: Callable[[Observed[Any]], bool]) -> Observed[Any]:
    """The first result or refusal that a frame brings for which it ``holds``."""

    def brought(received: list[Update]) -> bool:
        observed = found_of(received[-1], observation) if received else None
        return observed is not None and holds(observed)

    observed = found_of(updates(session, (observation,), brought)[-1], observation)
    assert observed is not None
    return observed


def first_of(session: Session, observation: Observation[Any]) -> Observed[Any]:
    return until(session, observation, lambda _observed: True)


def test_a_paused_run_is_observed(session: Session) -> None:
    observed = first_of(session, Size())
    assert observed.result == Training(EXPERIMENT).network.parameters.size
    assert (observed.step, observed.refusal) == (0, "")
    assert observed.seconds > 0


def test_a_run_of_which_there_is_nothing_to_observe_says_why(session: Session) -> None:
    observed = first_of(session, Impossible())
    assert observed.result is None
    assert observed.refusal == "there are no gates here"


def test_what_there_is_no_memory_for_is_refused_and_the_run_goes_on(session: Session) -> None:
    session.play()
    assert "memory" in first_of(session, Vast()).refusal
    assert updates(session, (), bool)[0].playing


def test_training_goes_on_between_observations_and_its_numbers_stay_the_same() -> None:
    plain = Training(EXPERIMENT)
    rows = []
    for _ in range(30):
        plain.propose()
        rows.append(plain.loss)
        plain.apply()
    asked = Training(EXPERIMENT)
    found = []
    for _ in range(30):
        asked.look()
        Size().observe(asked)
        asked.propose()
        found.append(asked.loss)
        asked.apply()
    np.testing.assert_array_equal(found, rows)


@pytest.mark.parametrize("count", [1, 3])
def test_observations_take_a_small_share_of_the_time_while_training(count: int) -> None:
    session = Session("thread")
    session.start()
    session.change(EXPERIMENT)
    session.play()
    slow = tuple(Slow(number=number) for number in range(count))

    def steps_of(received: list[Update], each: Slow) -> list[int]:
        return sorted({found.step for update in received if (found := found_of(update, each)) is not None})

    try:
        received = updates(session, slow, lambda all_of: all(len(steps_of(all_of, each)) > 3 for each in slow))
        for each in slow:
            # Each slept as long as dozens of steps take; the rest after it is twenty-four times as long.
            assert all(later - earlier > 20 for earlier, later in pairwise(steps_of(received, each)[1:]))
    finally:
        session.close()


def test_what_is_not_due_comes_with_the_step_at_which_it_was_true(session: Session) -> None:
    session.play()
    received = updates(session, (Slow(),), lambda all_of: len(all_of) > 20)
    frames = [update.frame for update in received if update.frame is not None and found_of(update, Slow()) is not None]
    observed = [frame.observed(Slow()) for frame in frames]
    assert all(each is not None and each.result == each.step for each in observed)
    assert any(each is not None and each.step < frame.step for each, frame in zip(observed, frames, strict=True))


def test_a_paused_run_is_observed_once_at_each_step(session: Session) -> None:
    first = first_of(session, Slow())
    received = updates(session, (Slow(),), lambda all_of: len(all_of) > 5)
    assert {each.seconds for update in received if (each := found_of(update, Slow())) is not None} == {first.seconds}
    session.play(1)
    until(session, Slow(), lambda observed: observed.step == 1)
    assert not updates(session, (Slow(),), bool)[0].awaited


def test_a_run_that_has_been_replaced_is_observed_anew(session: Session) -> None:
    first_of(session, Size())
    wider = EXPERIMENT.with_values([("layers.0.units", 7)])
    session.change(wider)
    size = Training(wider).network.parameters.size
    assert until(session, Size(), lambda observed: observed.result == size).step == 0


def test_an_edit_of_a_paused_run_is_seen_at_the_same_step(session: Session) -> None:
    first = first_of(session, Slow())
    session.change(EXPERIMENT.with_values([("optimizer.learning_rate", 0.123)]))
    assert until(session, Slow(), lambda observed: observed.seconds != first.seconds).step == 0


@each_one
def test_every_observation_is_a_frozen_value_that_pickles(observation: Observation[Any]) -> None:
    again = pickle.loads(pickle.dumps(observation))
    assert again == observation
    assert hash(again) == hash(observation)
    assert len({*ALL}) == len(ALL)
    for name in observation.__struct_fields__:
        with pytest.raises(AttributeError, match="immutable"):
            setattr(observation, name, getattr(observation, name))


def test_what_a_hand_changes_tells_one_what_if_from_another() -> None:
    one, other = WhatIf(changes=Changes(edits={(0, 1, 2): 3.0})), WhatIf(changes=Changes(edits={(0, 1, 2): 4.0}))
    assert one != other
    assert hash(one) == hash(WhatIf(changes=Changes(edits={(0, 1, 2): 3.0})))


@each_one
def test_observing_in_the_middle_of_a_step_changes_nothing_and_is_of_that_step(observation: Observation[Any]) -> None:
    plain, asked, looking = Training(EXPERIMENT), Training(EXPERIMENT), Training(EXPERIMENT)
    for _ in range(3):
        plain.propose(trace=True)
        asked.propose(trace=True)
        middle = observed(asked, observation.observe)
        looking.look()
        beside = observed(looking, observation.observe)
        looking.propose()
        assert pickle.dumps((middle.result, middle.refusal)) == pickle.dumps((beside.result, beside.refusal))
        for one in (plain, asked, looking):
            one.apply()
    for one in (asked, looking):
        np.testing.assert_array_equal(one.network.parameters.value, plain.network.parameters.value)
        np.testing.assert_array_equal(one.values, plain.values)


def test_while_training_what_is_observed_is_the_step_that_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    """And costs no evaluation of its own."""
    looks = []
    look = Training.look
    monkeypatch.setattr(Training, "look", lambda self: (looks.append(self.step), look(self)))
    session = Session("thread")
    session.start()
    session.change(EXPERIMENT)
    session.play()
    try:
        observed = first_of(session, Slow())
        assert observed.result == observed.step
        assert set(looks) == {0}
    finally:
        session.close()


def test_an_observation_that_fails_in_the_middle_of_a_step_leaves_the_step_made_and_recorded(session: Session) -> None:
    """Or the history would have a hole, or a step twice."""
    found: History | None = None
    failed = False
    session.play()
    end = time.monotonic() + 60
    while (not failed or found is None or found.steps < 30) and time.monotonic() < end:
        session.look((Broken(),))
        for reply in session.replies():
            if isinstance(reply, Started):
                found = History(reply.columns, start=reply.step)
            elif isinstance(reply, Update) and found is not None:
                for rows in reply.rows:
                    found.extend(rows)
                assert reply.frame is not None
                assert reply.frame.step == found.end
            elif isinstance(reply, Failed):
                failed = True
                assert "a fault of its own" in reply.message
                session.play()
        time.sleep(0.001)
    assert failed
    assert found is not None
    assert found.steps >= 30
