"""Networks from several seeds, trained beside a session."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from simulator.experiment.experiment import Experiment
from simulator.observations.effective_rank import EffectiveRankObservation
from simulator.observations.sharpness import SharpnessObservation
from simulator.running.beside.seed_fans import LOOKS, SeedsSession, Trained, sentences_of
from simulator.running.beside.side_worker import RequestProgress
from simulator.running.headless.comparison import Comparison
from simulator.running.headless.run import run
from simulator.running.messages import Failed
from simulator.training.ledger import Ledger
from simulator.training.live_change import LiveChange, LiveChanges

PLAIN = Experiment.from_builtins(
    {
        "data": {"kind": "moons", "samples": 60},
        "layers": [{"kind": "dense", "units": 4, "repeat": 2}],
        "batch_size": 16,
        "seed": 3,
    }
)
FASTER = PLAIN.with_values([("optimizer.learning_rate", 0.5)])
STEPS = 12


@pytest.fixture
def session() -> Iterator[SeedsSession]:
    made = SeedsSession("thread", lambda: None)
    yield made
    made.close()


def replies_until(session: SeedsSession, done: Callable[[Any], bool]) -> list[Any]:
    heard: list[Any] = []
    end = time.monotonic() + 60
    while not any(map(done, heard)):
        assert time.monotonic() < end
        time.sleep(0.005)
        heard += session.replies()
    return heard


def trained(
    session: SeedsSession, networks: dict[str, LiveChanges], seeds: int, steps: int = STEPS, **more: Any
) -> Trained:
    session.train(networks, seeds, steps, **more)
    answer = replies_until(session, lambda reply: isinstance(reply, Trained | Failed))[-1]
    assert isinstance(answer, Trained), answer
    return answer


def test_each_seed_has_the_numbers_of_a_run_without_a_screen_and_changes_act_at_their_steps(
    session: SeedsSession,
) -> None:
    slower = PLAIN.with_values([("optimizer.learning_rate", 0.01)])
    changes = LiveChanges(PLAIN, 1, (LiveChange(5, slower),))
    seen = (SharpnessObservation(), EffectiveRankObservation())
    answer = trained(session, {"A": changes, "B": LiveChanges(FASTER)}, 5, observations=seen)
    assert list(answer.networks) == ["A", "B"]
    for name, ledger, base in (("A", Ledger.of(changes), PLAIN),):
        seeds = answer.networks[name]
        alone = [
            run(base.with_values([("seed", 3 + k)]), steps=STEPS, every=-(-STEPS // LOOKS), changes=ledger)
            for k in range(5)
        ]
        assert [each.seed for each in seeds.runs] == [3, 4, 5, 6, 7]
        for mine, its in zip(seeds.runs, alone, strict=True):
            assert mine.frame.scalars == its.last.scalars
            assert np.array_equal(mine.history.series("loss").last, its.history.series("loss").last)
        assert seeds.fan.median.scalars["loss"] == np.median([each.last.scalars["loss"] for each in alone])
        assert "sharpness" in seeds.fan.record.pasts
        assert seeds.fan.median.result(EffectiveRankObservation()) is not None
        assert seeds.nbytes < 2**22


def test_what_is_said_is_what_the_command_says(session: SeedsSession, tmp_path: Path) -> None:
    answer = trained(session, {"A": LiveChanges(PLAIN), "B": LiveChanges(FASTER)}, 5, steps=2)
    compared = Comparison({"A": PLAIN, "B": FASTER}, 2, tmp_path, 5)
    list(compared.train())
    assert sentences_of(answer.networks, 2) == list(compared.sentences())


def test_what_is_cancelled_is_told_of_no_more_and_the_next_is_trained(session: SeedsSession) -> None:
    session.train({"A": LiveChanges(PLAIN)}, 5, 10_000_000)
    told = replies_until(session, lambda reply: isinstance(reply, RequestProgress))
    assert told[0].progress.total > told[0].progress.done
    session.cancel()
    assert not session.replies()
    assert list(trained(session, {"A": LiveChanges(PLAIN)}, 5).networks) == ["A"]


def test_what_cannot_be_trained_is_said(session: SeedsSession) -> None:
    last = PLAIN.with_values([("seed", 2**63 - 2)])
    session.train({"A": LiveChanges(last)}, 5, 2)
    assert isinstance(replies_until(session, lambda reply: isinstance(reply, Failed))[-1], Failed)
