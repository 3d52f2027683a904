"""From a checkpoint of before trouble a run goes on as if it had never gone wrong."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from simulator.experiment.experiment import Experiment
from simulator.running.messages import Started, Update
from simulator.running.session import Mode, Session
from simulator.training.training import Training
from tests.simulator.replies import until

HASTY = Experiment.from_builtins(
    {
        "data": {"kind": "moons", "samples": 60},
        "layers": [{"kind": "dense", "units": 8, "repeat": 3, "activation": {"kind": "relu"}}],
        "loss": {"kind": "mse"},
        "optimizer": {"kind": "sgd", "learning_rate": 0.05, "momentum": 0.9},
        "batch_size": 16,
    }
)
RUINOUS = HASTY.with_values([("optimizer.learning_rate", 1e6)])


def at_rest(session: Session) -> Update:
    """An answer after the last step: the one that says first that training has ended may be given within that step."""
    playing = True
    while playing:
        session.look()
        playing = until(session, Update).playing
    session.look()
    return until(session, Update)


@pytest.fixture(params=["thread", "process"])
def session(request: pytest.FixtureRequest) -> Iterator[Session]:
    mode: Mode = request.param
    made = Session(mode)
    made.start()
    yield made
    made.close(10)


def test_a_run_goes_on_from_before_the_trouble_as_if_it_had_been_mended_there(session: Session) -> None:
    session.change(HASTY)
    session.play(22)
    at_rest(session)
    session.change(RUINOUS)
    session.play(60)
    ruined = at_rest(session)
    assert ruined.frame is not None
    assert not np.isfinite(ruined.frame.scalars["loss"])
    assert ruined.kept.good_steps
    step = max(step for step in ruined.kept.good_steps if step <= 22)

    mended = HASTY.with_values([("optimizer.learning_rate", 0.01)])
    session.go_back(22, mended)
    assert until(session, Started).step == step
    session.play(30)
    found = at_rest(session)
    assert found.frame is not None

    alone = Training(HASTY)
    for reached in range(step + 30):
        if reached == step:
            alone.update_spec(mended)
        alone.propose(measure=False)
        alone.apply()
    alone.look()
    assert found.frame.step == step + 30
    assert found.frame.scalars["loss"] == alone.loss
    assert np.isfinite(alone.loss)
    assert [step for step in found.kept.good_steps if step <= 22] == [s for s in ruined.kept.good_steps if s <= step]


def test_where_nothing_was_kept_a_run_goes_back_to_step_0(session: Session) -> None:
    session.change(RUINOUS)
    session.play(40)
    ruined = at_rest(session)
    assert all(step < 10 for step in ruined.kept.good_steps)
    session.go_back(0, HASTY)
    assert until(session, Started).step == 0
    session.play(10)
    frame = at_rest(session).frame
    assert frame is not None
    assert np.isfinite(frame.scalars["loss"])


def test_no_live_change_makes_numbers_of_nan(session: Session) -> None:
    """A rate that is lowered after NaN leaves NaN: that is why a mend goes back."""
    session.change(RUINOUS)
    session.play(40)
    at_rest(session)
    session.change(HASTY)
    session.play(10)
    frame = at_rest(session).frame
    assert frame is not None
    assert not np.isfinite(frame.scalars["loss"])
