"""The worker in a process of its own: the same numbers, and a death that loses nothing."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import asdict, replace

from simulator.experiment.experiment import Experiment
from simulator.record.frame import frame_of
from simulator.record.history import History, Rows
from simulator.running import transport
from simulator.running.messages import Failed, Refused, Started, Update
from simulator.running.session import Session
from simulator.training.training import Training
from tests.simulator.large_reply import LARGE, LargeReply
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


def test_an_answer_is_after_the_pipe_what_it_was_before() -> None:
    training = Training(EXPERIMENT)
    training.look()
    frame = replace(frame_of(training, training.scalars()), epoch=0.25)
    crossed = pickle.loads(pickle.dumps(frame))
    for name, value in asdict(frame).items():
        if name not in ("measures", "defined"):
            assert pickle.dumps(getattr(crossed, name)) == pickle.dumps(value), name
    for there, here in ((crossed.measures, frame.measures), (crossed.defined, frame.defined)):
        assert [*there] == [*here]
        assert all(there[name].tobytes() == here[name].tobytes() for name in here)
        assert not any(row.flags.writeable for row in there.values())
    empty = replace(frame, measures={}, defined={})
    assert pickle.loads(pickle.dumps(empty)).measures == {}
    rows = Rows(3, training.columns, np.array([training.row(frame.scalars)]))
    again = [pickle.loads(pickle.dumps(rows)) for _ in range(2)]
    assert (again[0].first_step, again[0].columns, again[0].provisional) == (3, rows.columns, None)
    assert again[0].values.tobytes() == rows.values.tobytes()
    assert again[0].columns is again[1].columns


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a pipe is as wide as it is")
def test_a_worker_waits_for_nobody_who_takes_a_large_answer(tmp_path: Path) -> None:
    carrier = transport.ProcessTransport(LargeReply(tmp_path / "told"))
    carrier.launch()  # Nobody reads before it is started.
    try:
        end = time.monotonic() + 60
        while not (tmp_path / "told").exists():
            assert time.monotonic() < end
            time.sleep(0.01)
        arrived = threading.Event()
        carrier.start(arrived.set)
        assert arrived.wait(30)
        assert carrier.receive() == [LARGE]
    finally:
        carrier.close(10)


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


COPIED = """
import sys
import main
from simulator.experiment.experiment import Experiment
from simulator.running.messages import Started
from simulator.running.session import Session
from simulator.running.transport import can_fork
from tests.simulator.replies import until
from tests.simulator.test_process import EXPERIMENT, recorded

assert can_fork()
transport = main.launched("process")
made = Session("process", transport=transport)
made.start()
"""
"""A window's process, whose worker is a copy of it: nothing else runs in it."""


def copied(code: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", COPIED + code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a process is not copied")
def test_a_worker_that_is_a_copy_of_the_process_gives_the_numbers_of_any_other(session: Session) -> None:
    expected = recorded(session, 20).series("loss").last[:20]
    process = copied("print(made.pid, *recorded(made, 20).series('loss').last[:20].tolist())\nmade.close(10)")
    told, _ = process.communicate(timeout=120)
    pid, *losses = told.split()
    assert int(pid) != process.pid
    assert process.returncode == 0
    np.testing.assert_array_equal([float(loss) for loss in losses], expected)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a process is not copied")
@pytest.mark.parametrize("rest", ["", "made.play()\n"])
def test_a_worker_that_is_a_copy_ends_with_a_window_that_is_killed(rest: str) -> None:
    begin = "made.change(EXPERIMENT)\nuntil(made, Started)\n"
    with copied(f"{begin}{rest}print(made.pid, flush=True)\nsys.stdin.read()") as process:
        assert process.stdout is not None
        pid = int(process.stdout.readline())
        process.kill()
    wait_for(lambda: not runs(pid))


def runs(pid: int) -> bool:
    """Whether a process is there that has not ended; one that has may wait for someone to hear of it."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


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


class Late:
    """Answers whenever it is let, even after it was told to stop."""

    def __init__(self, inbox: object, post: Callable[[str], None]) -> None:
        self._post = post

    def loop(self) -> None:
        self._post("early")
        LET.wait(60)
        self._post("late")


LET = threading.Event()


def test_nobody_is_told_of_what_a_thread_says_after_it_was_closed() -> None:
    LET.clear()
    told: list[str] = []
    arrived = threading.Event()

    def notify() -> None:
        told.append("reply")
        arrived.set()

    worker: transport.ThreadTransport[object, str] = transport.ThreadTransport(lambda *given: Late(*given).loop, "late")
    worker.start(notify)
    assert arrived.wait(60)
    worker.close(0.0)
    LET.set()
    wait_for(lambda: "late" in worker.receive())
    assert told == ["reply"]


def wait_for(done: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not done():
        assert time.monotonic() < end
        time.sleep(0.01)
