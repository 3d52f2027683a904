"""The worker in a process of its own: the same numbers, and a death that loses nothing."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import numpy as np
import pytest

from simulator.experiment.experiment import Experiment
from simulator.record.history import History
from simulator.running import transport
from simulator.running.messages import Failed, Refused, Started, Update
from simulator.running.session import Session
from tests.simulator.replies import until

EXPERIMENT = Experiment.from_builtins(
    {"data": {"kind": "moons"}, "layers": [{"kind": "dense", "units": 8, "repeat": 2}], "batch_size": 32}
)


@pytest.fixture
def session() -> Iterator[Session]:
    made = Session("process")
    made.start()
    yield made
    made.close(10)


def recorded(made: Session, steps: int) -> History:
    """Every row of ``steps`` steps."""
    made.change(EXPERIMENT)
    history = History(until(made, Started).columns)
    made.play(steps)
    while history.steps < steps:
        made.look()
        for rows in until(made, Update).rows:
            history.extend(rows)
    return history


def test_a_process_gives_the_numbers_of_a_thread(session: Session) -> None:
    thread = Session("thread")
    thread.start()
    try:
        expected = recorded(thread, 40)
    finally:
        thread.close()
    found = recorded(session, 40)
    for name in ("loss", "weight_gradient_norm", "update_ratio"):
        np.testing.assert_array_equal(found.series(name).last[:40], expected.series(name).last[:40])


def test_a_killed_process_is_told_and_its_checkpoint_goes_on(session: Session) -> None:
    session.change(EXPERIMENT)
    until(session, Started)
    session.play()
    while session.resumption is None:
        session.look()
        until(session, Update)
    assert session.pid is not None
    os.kill(session.pid, signal.SIGKILL)
    death = until(session, Failed)
    assert death.fatal
    assert "SIGKILL" in death.message
    kept = session.resumption.checkpoint
    other = Session("thread")
    other.start()
    try:
        other.resume_from(kept)
        assert until(other, Started).step == kept.step
        other.look()
        frame = until(other, Update).frame
        assert frame is not None
        assert frame.step == kept.step
    finally:
        other.close()


def test_commands_to_a_dead_process_do_nothing(session: Session) -> None:
    assert session.pid is not None
    os.kill(session.pid, signal.SIGKILL)
    until(session, Failed)
    session.change(EXPERIMENT)
    session.play()
    session.look()
    assert session.replies() == []


def test_what_cannot_be_trained_is_refused_across_the_pipe(session: Session) -> None:
    session.change(EXPERIMENT.with_values([("data.kind", "csv"), ("data.path", "nowhere.csv"), ("data.target", "x")]))
    assert "nowhere.csv" in until(session, Refused).message


def test_a_process_that_cannot_start_becomes_a_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(transport.ProcessTransport, "start", refuse)
    made = Session("process")
    made.start()
    try:
        assert made.mode == "thread"
        assert "Resource temporarily unavailable" in made.notice
        made.change(EXPERIMENT)
        assert until(made, Started).step == 0
    finally:
        made.close()
