"""A checkpoint: going on from it gives the same numbers as never having stopped."""

from __future__ import annotations

import pickle
import time

import numpy as np
import pytest

from simulator.experiment.experiment import Experiment
from simulator.running.messages import Command, Limit, Look, Play, Reply, Restart, Stop, Train, Update
from simulator.running.worker import Worker
from simulator.training.checkpoint import Checkpoint
from simulator.training.training import Training


def made(dropout: str, optimizer: str, precision: str = "float32") -> Experiment:
    layer = {
        "kind": "dense",
        "units": 9,
        "repeat": 2,
        "normalization": {"kind": "batch"},
        "dropout": {"kind": dropout, **({} if dropout == "none" else {"rate": 0.3})},
    }
    return Experiment.from_builtins(
        {
            "data": {"kind": "wine"},
            "layers": [layer],
            "optimizer": {"kind": optimizer},
            "batch_size": 50,
            "precision": precision,
        }
    )


def advance(training: Training, steps: int) -> np.ndarray:
    rows = []
    for _ in range(steps):
        training.propose()
        rows.append(training.row(training.scalars()))
        training.apply()
    return np.array(rows)


@pytest.mark.parametrize("optimizer", ["sgd", "adam", "adagrad"])
@pytest.mark.parametrize("dropout", ["none", "inverted", "classic"])
@pytest.mark.parametrize("looked", [False, True], ids=["between steps", "after a look"])
def test_going_on_is_the_same_as_not_stopping(dropout: str, optimizer: str, looked: bool) -> None:
    experiment = made(dropout, optimizer)
    whole = Training(experiment)
    advance(whole, 5)
    if looked:
        whole.look()
    kept = pickle.loads(pickle.dumps(whole.checkpoint()))
    expected = advance(whole, 7)
    other = Training(experiment)
    advance(other, 2)
    other.restore(kept)
    assert other.step == 5
    np.testing.assert_array_equal(advance(other, 7), expected)


def brought(replies: list[Reply]) -> list[Checkpoint]:
    """The checkpoints that answers have brought."""
    answers = [reply for reply in replies if isinstance(reply, Update)]
    return [answer.resumption.checkpoint for answer in answers if answer.resumption is not None]


@pytest.mark.parametrize("optimizer", ["sgd", "adam", "adagrad"])
@pytest.mark.parametrize("limit", [None, 15.0], ids=["full speed", "slow"])
def test_a_checkpoint_asked_for_while_training_is_of_a_whole_step(optimizer: str, limit: float | None) -> None:
    """Within a step the optimiser's state is ahead of the parameters."""
    experiment = made("inverted", optimizer)
    if optimizer == "sgd":
        experiment = experiment.with_values([("optimizer.momentum", 0.9)])
    replies: list[Reply] = []
    commands: list[Command] = [Train(1, experiment), Limit(limit), Play()]

    class Asking:
        """A look as soon as the last one is answered, until two checkpoints have come."""

        answered = -1

        def get(self, timeout: float | None) -> Command | None:
            if commands:
                return commands.pop(0)
            if len(brought(replies)) >= 2:
                return Stop()
            if self.answered == len(replies):
                time.sleep(timeout or 0)
                return None
            self.answered = len(replies)
            return Look(len(replies), checkpoint="soon")

    Worker(Asking(), replies.append).loop()
    for kept in brought(replies):
        whole, other = Training(experiment), Training(experiment)
        advance(whole, kept.step)
        other.restore(kept)
        np.testing.assert_array_equal(advance(other, 4), advance(whole, 4))


def test_a_checkpoint_asked_for_before_a_restart_is_one_of_the_new_run() -> None:
    replies: list[Reply] = []
    commands: list[Command] = [Train(1, made("inverted", "adam")), Look(0, checkpoint="soon"), Restart(2), Play(3)]

    class Asking:
        """Then looks, until a checkpoint has come or it is late."""

        looks = 0

        def get(self, timeout: float | None) -> Command | None:
            if commands:
                return commands.pop(0)
            self.looks += 1
            came = bool(brought(replies))
            return Stop() if came or self.looks > 50 else Look(self.looks) if timeout != 0 else None

    Worker(Asking(), replies.append).loop()
    (kept,) = brought(replies)
    assert kept.step <= 3


def test_where_the_run_pauses_one_is_made_of_what_is_shown_and_only_once() -> None:
    """The answer in the last step brings the one before it, and then the run stands a step further."""
    replies: list[Reply] = []
    commands: list[Command] = [Train(1, made("inverted", "adam")), Look(0, checkpoint="soon"), Play(2)]

    class Asking:
        """The next look as soon as the last one is answered."""

        looks = 0

        def get(self, timeout: float | None) -> Command | None:
            if commands:
                return commands.pop(0)
            if sum(isinstance(reply, Update) for reply in replies) <= self.looks:
                return None
            self.looks += 1
            return Look(self.looks, checkpoint="paused" if self.looks > 1 else "") if self.looks < 5 else Stop()

    Worker(Asking(), replies.append).loop()
    answers = [reply for reply in replies if isinstance(reply, Update)]
    assert [answer.frame.step for answer in answers if answer.frame is not None] == [0, 1, 2, 2, 2]
    assert [kept.step for kept in brought(replies)] == [1, 2]


def test_a_checkpoint_does_not_change_as_training_goes_on() -> None:
    training = Training(made("inverted", "adam"))
    advance(training, 3)
    kept = training.checkpoint()
    before = pickle.dumps(kept)
    advance(training, 3)
    assert pickle.dumps(kept) == before
