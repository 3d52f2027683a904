"""Trials beside a run, in a process and in a thread: what comes back, what is dropped, and how they end."""

from __future__ import annotations

import math
import os
import signal
import threading
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from simulator import run
from simulator.doctor.base import Finding, Remedy
from simulator.doctor.proof import prove
from simulator.doctor.trial import Trials
from simulator.experiment.experiment import Experiment
from simulator.running.beside.side_worker import RequestProgress
from simulator.running.beside.trial_messages import Tried
from simulator.running.beside.trial_session import TrialSession
from simulator.running.beside.trial_worker import judged
from simulator.running.messages import Failed
from simulator.running.transport import Mode, ProcessTransport
from tests.simulator.left_running import left_running

Reply = Tried | RequestProgress | Failed
SICK = Experiment.from_builtins(
    {
        "data": {"kind": "moons", "samples": 60},
        "layers": [{"kind": "dense", "units": 8, "repeat": 8, "activation": {"kind": "sigmoid"}}],
        "optimizer": {"kind": "sgd", "learning_rate": 0.5},
        "batch_size": 16,
    }
)
ENDLESS = SICK.with_values([("layers.0.units", 200), ("layers.0.repeat", 40)])
RUINOUS = SICK.with_values([("layers.0.activation.kind", "relu"), ("optimizer.learning_rate", 1e30)])
TANH = Remedy("tanh", (("layers.0.activation.kind", "tanh"), ("layers.0.initializer.kind", "glorot_normal")))
IDLE = Remedy("rate", (("optimizer.learning_rate", 0.4),))
FINDING = Finding("vanishing", "severe", (), 0, 0, {}, "slope", "It vanishes.", (TANH, IDLE))


@pytest.fixture
def first_come(monkeypatch: pytest.MonkeyPatch) -> None:
    """Processes of trials give way to nobody: beside other tests one waits for them a hundred times as long."""
    monkeypatch.setattr(TrialSession, "niceness", 0)


@pytest.fixture(params=["thread", "process"])
def trials(request: pytest.FixtureRequest, first_come: None) -> Iterator[TrialSession]:
    before = set(threading.enumerate())
    mode: Mode = request.param
    made = TrialSession(mode, lambda: None)
    yield made
    made.close()
    assert not left_running(before)


def until(trials: TrialSession, kind: type[Reply]) -> list[Reply]:
    """All replies up to the first of a kind."""
    found: list[Reply] = []
    end = time.monotonic() + 300
    while not any(isinstance(reply, kind) for reply in found):
        assert time.monotonic() < end, found
        found += trials.replies()
        time.sleep(0.002)
    return found


def test_they_find_what_trials_without_a_worker_find(trials: TrialSession) -> None:
    trials.try_remedies(SICK, (FINDING,), 60, 0.7)
    assert trials.waiting
    tried = until(trials, Tried)[-1]
    assert isinstance(tried, Tried)
    assert not trials.waiting
    assert tried.steps == 60
    assert tried.findings == prove((FINDING,), Trials(SICK, steps=60))
    losses = {
        remedy.title: remedy.tried.loss_after for remedy in tried.findings[0].remedies if remedy.tried is not None
    }
    assert losses
    for title, loss in losses.items():
        mended = {remedy.title: remedy for remedy in FINDING.remedies}[title].applied(SICK)
        series = run(mended, steps=60).history.series("loss").last
        assert series[-10:].min() <= loss <= series[-10:].max()


def test_they_say_how_far_they_are(trials: TrialSession) -> None:
    trials.try_remedies(ENDLESS, (FINDING,), 200, 0.7)
    (first,) = [reply for reply in until(trials, RequestProgress) if isinstance(reply, RequestProgress)][:1]
    assert 0 < first.progress.done < first.progress.total


def test_a_newer_request_takes_the_place_of_an_older_one(trials: TrialSession) -> None:
    trials.try_remedies(ENDLESS, (FINDING,), 200, 0.7)
    until(trials, RequestProgress)
    trials.try_remedies(SICK, (FINDING,), 40, 0.7)
    answers = [reply for reply in until(trials, Tried) if isinstance(reply, Tried)]
    assert [answer.steps for answer in answers] == [40]


def test_nothing_comes_of_what_was_cancelled(trials: TrialSession) -> None:
    trials.try_remedies(SICK, (FINDING,), 40, 0.7)
    trials.cancel()
    trials.try_remedies(SICK, (), 40, 0.7)
    (answer,) = [reply for reply in until(trials, Tried) if isinstance(reply, Tried)]
    assert answer.findings == ()


def test_they_end_at_once_in_the_midst_of_a_trial(trials: TrialSession) -> None:
    trials.try_remedies(ENDLESS, (FINDING,), 100_000, 0.7)
    until(trials, RequestProgress)
    trials.close()
    assert not trials.waiting


def test_what_goes_wrong_is_told(trials: TrialSession) -> None:
    trials.try_remedies(SICK.with_values([("data.kind", "csv"), ("data.path", "nowhere.csv")]), (FINDING,), 40, 0.7)
    failure = until(trials, Failed)[-1]
    assert isinstance(failure, Failed)
    assert "nowhere.csv" in failure.message
    assert not trials.waiting


def test_a_process_that_dies_is_told_and_the_next_request_has_another(first_come: None) -> None:
    trials = TrialSession("process", lambda: None)
    try:
        trials.try_remedies(ENDLESS, (FINDING,), 2000, 0.7)
        assert trials.pid is not None
        os.kill(trials.pid, signal.SIGKILL)
        failure = until(trials, Failed)[-1]
        assert isinstance(failure, Failed)
        assert failure.fatal
        trials.try_remedies(SICK, (FINDING,), 40, 0.7)
        until(trials, Tried)
    finally:
        trials.close()


def test_where_no_process_can_be_started_they_run_in_a_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(ProcessTransport, "start", refuse)
    trials = TrialSession("process", lambda: None)
    try:
        trials.try_remedies(SICK, (FINDING,), 40, 0.7)
        until(trials, Tried)
        assert trials.mode == "thread"
    finally:
        trials.close()


BROKEN = replace(FINDING, rule="diverging", since=5, step=60, remedies=())


@pytest.mark.parametrize(
    ("experiment", "finding", "loss", "offered"),
    [
        (SICK, BROKEN, math.nan, True),
        (SICK, replace(BROKEN, step=20), math.nan, True),
        (SICK, BROKEN, 1e9, True),
        (SICK, replace(BROKEN, step=59), 1e9, False),
        (SICK, replace(BROKEN, since=60), 1e9, False),
        (SICK, BROKEN, 0.7, False),
        (RUINOUS, BROKEN, math.nan, False),
    ],
    ids=["NaN", "NaN of a shorter run", "a huge loss", "of a shorter run", "begun later", "no better", "NaN again"],
)
def test_settings_that_have_been_set_right_since_are_a_mend(
    experiment: Experiment, finding: Finding, loss: float, offered: bool
) -> None:
    """The run was spoilt by others; with the present ones a copy is well."""
    (found,) = judged((finding,), Trials(experiment, steps=60), loss)
    assert [remedy.settings for remedy in found.remedies] == ([()] if offered else [])
    for remedy in found.remedies:
        assert remedy.application == "checkpoint"
        assert remedy.tried is not None
        assert remedy.tried.loss_before is loss


@pytest.mark.skipif(not hasattr(os, "getpriority"), reason="the system knows no priorities")
def test_a_process_of_trials_gives_way_to_all_others() -> None:
    trials = TrialSession("process", lambda: None)
    try:
        trials.try_remedies(SICK, (), 40, 0.7)
        pid = trials.pid
        assert pid is not None
        until(trials, Tried)
        assert os.getpriority(os.PRIO_PROCESS, pid) == 19
    finally:
        trials.close()
