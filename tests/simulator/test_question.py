"""Questions are answered with a step, change nothing, and never take more than their share of the time."""

from __future__ import annotations

import pickle
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pytest

from simulator.doctor import TinyGradients
from simulator.experiment.experiment import Experiment
from simulator.observations.correlation import CorrelationQuestion
from simulator.observations.effective_rank import EffectiveRankQuestion
from simulator.observations.gradient_noise import GradientNoiseQuestion
from simulator.observations.graph.matrix import OpenBox
from simulator.observations.graph.what_if import Changes, WhatIf
from simulator.observations.input_gradient import InputGradientQuestion
from simulator.observations.jacobian import JacobianQuestion
from simulator.observations.output_errors import OutputErrorsQuestion
from simulator.observations.preactivation import PreactivationQuestion
from simulator.observations.question import Question
from simulator.observations.sharpness import SharpnessQuestion
from simulator.record.history import History
from simulator.running.messages import Answer, Failed, Started, Update
from simulator.running.session import Mode, Session
from simulator.training.training import Training

EXPERIMENT = Experiment.from_builtins({"data": {"kind": "moons"}, "layers": [{"kind": "dense", "units": 5}]})


@dataclass(frozen=True)
class Size(Question):
    """How many parameters there are."""

    factor: int = 1

    def answer(self, training: Training) -> int:
        return self.factor * training.network.parameters.size


@dataclass(frozen=True)
class Unanswerable(Question):
    def answer(self, training: Training) -> None:
        raise ValueError("there are no gates here")


@dataclass(frozen=True)
class Vast(Question):
    def answer(self, training: Training) -> None:
        raise MemoryError


@dataclass(frozen=True)
class Slow(Question):
    def answer(self, training: Training) -> int:
        time.sleep(0.02)
        return training.step


@pytest.fixture(params=["thread", "process"])
def session(request: pytest.FixtureRequest) -> Iterator[Session]:
    mode: Mode = request.param
    made = Session(mode)
    made.start()
    made.change(EXPERIMENT)
    yield made
    made.close(10)


def answers(session: Session, count: int) -> list[Answer]:
    found: list[Answer] = []
    end = time.monotonic() + 60
    while len(found) < count and time.monotonic() < end:
        found += [reply for reply in session.replies() if isinstance(reply, Answer)]
        time.sleep(0.001)
    assert len(found) == count
    return found


def test_a_paused_run_answers(session: Session) -> None:
    session.ask("size", Size())
    (answer,) = answers(session, 1)
    assert answer.result == Training(EXPERIMENT).network.parameters.size
    assert (answer.step, answer.refusal) == (0, "")
    assert answer.seconds > 0


def test_a_run_without_an_answer_says_why(session: Session) -> None:
    session.ask("gates", Unanswerable())
    (answer,) = answers(session, 1)
    assert answer.result is None
    assert answer.refusal == "there are no gates here"


def test_what_there_is_no_memory_for_is_refused_and_the_run_goes_on(session: Session) -> None:
    session.play()
    session.ask("vast", Vast())
    (answer,) = answers(session, 1)
    assert "memory" in answer.refusal
    session.look()
    found: list[Update] = []
    while not found:
        found = [reply for reply in session.replies() if isinstance(reply, Update)]
        time.sleep(0.001)
    assert found[0].playing


def test_the_newest_question_of_a_topic_counts() -> None:
    session = Session("thread")
    session.change(EXPERIMENT)
    for factor in range(1, 6):
        session.ask("size", Size(factor))
    session.start()
    try:
        (answer,) = answers(session, 1)
        assert answer.result == 5 * Training(EXPERIMENT).network.parameters.size
    finally:
        session.close()


def test_training_goes_on_between_answers_and_its_numbers_stay_the_same() -> None:
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
        Size().answer(asked)
        asked.propose()
        found.append(asked.loss)
        asked.apply()
    np.testing.assert_array_equal(found, rows)


def test_questions_take_a_small_share_of_the_time_while_training() -> None:
    session = Session("thread")
    session.start()
    session.change(EXPERIMENT)
    session.play()
    try:
        steps = []
        for _ in range(4):
            session.ask("slow", Slow())
            (answer,) = answers(session, 1)
            steps.append(answer.result)
        # Each answer slept as long as dozens of steps take; the rest after it is nineteen times as long.
        assert all(later - earlier > 20 for earlier, later in pairwise(steps[1:]))
    finally:
        session.close()


def test_a_question_to_a_run_that_is_being_replaced_is_answered_by_the_new_one(session: Session) -> None:
    session.change(EXPERIMENT.with_values([("layers.0.units", 7)]))
    session.ask("size", Size())
    end = time.monotonic() + 60
    runs, found = [], None
    while found is None and time.monotonic() < end:
        for reply in session.replies():
            if isinstance(reply, Started):
                runs.append(reply.info.run)
            if isinstance(reply, Answer):
                found = reply
        time.sleep(0.001)
    assert found is not None
    assert found.run == runs[-1]


ASKABLE: dict[str, Question] = {
    "preactivation": PreactivationQuestion(),
    "effective rank": EffectiveRankQuestion(),
    "Jacobian": JacobianQuestion(),
    "gradient noise": GradientNoiseQuestion(),
    "sharpness": SharpnessQuestion(),
    "correlation": CorrelationQuestion(),
    "input gradient": InputGradientQuestion(),
    "output errors": OutputErrorsQuestion(),
    "tiny gradients": TinyGradients(),
    "box": OpenBox("weights:0"),
    "what if": WhatIf(Changes(input_scale=2)),
}


def test_every_question_of_the_simulator_is_among_those_asked_here() -> None:
    ours = {kind for kind in Question.__subclasses__() if kind.__module__.startswith("simulator")}
    assert ours == {type(question) for question in ASKABLE.values()}


@pytest.mark.parametrize("name", ASKABLE)
def test_a_question_in_the_middle_of_a_step_changes_nothing_and_gets_the_answer_of_that_step(name: str) -> None:
    plain, asked, looking = Training(EXPERIMENT), Training(EXPERIMENT), Training(EXPERIMENT)
    for _ in range(3):
        plain.propose()
        asked.propose()
        middle = ASKABLE[name].answer(asked)
        looking.look()
        beside = ASKABLE[name].answer(looking)
        looking.propose()
        assert pickle.dumps(middle) == pickle.dumps(beside)
        for one in (plain, asked, looking):
            one.apply()
    for one in (asked, looking):
        np.testing.assert_array_equal(one.network.parameters.value, plain.network.parameters.value)
        np.testing.assert_array_equal(one.values, plain.values)


def test_while_training_a_question_is_answered_with_the_step_that_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    """And costs no evaluation of its own."""
    looks = []
    look = Training.look
    monkeypatch.setattr(Training, "look", lambda self: (looks.append(self.step), look(self)))
    session = Session("thread")
    session.start()
    session.change(EXPERIMENT)
    session.play()
    try:
        session.ask("step", Slow())
        (answer,) = answers(session, 1)
        assert answer.result == answer.step
        assert looks == [0]
    finally:
        session.close()


@dataclass(frozen=True)
class Broken(Question):
    def answer(self, training: Training) -> None:
        raise RuntimeError("a fault of its own")


def test_a_question_that_fails_in_the_middle_of_a_step_leaves_the_step_made_and_recorded(session: Session) -> None:
    """Or the history would have a hole, or a step twice."""
    found: History | None = None
    failed = False
    session.play()
    end = time.monotonic() + 60
    session.ask("broken", Broken())
    while (not failed or found is None or found.steps < 30) and time.monotonic() < end:
        session.look()
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
