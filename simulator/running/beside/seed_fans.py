"""Runs of each network from several seeds, trained beside the session: their medians and quartiles.

Each run is that of :mod:`~simulator.running.headless.run`, with the changes by hand of the network at their steps.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from typing import Any

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from simulator.doctor.base import Finding
from simulator.experiment.experiment import Experiment
from simulator.network.threads import blas_threads, limited_blas
from simulator.observations.base import Observation
from simulator.record.fan import Fan, fan_of
from simulator.record.frame import Frame
from simulator.record.history import History
from simulator.record.record import Record
from simulator.running.beside.side_session import SideSession
from simulator.running.beside.side_worker import Post, SideInbox, SideWorker
from simulator.running.headless.ensemble import members
from simulator.running.headless.measuring import Measuring
from simulator.running.headless.output import RunOutput
from simulator.running.headless.result import RunResult
from simulator.running.headless.train import train
from simulator.running.headless.training_loop import TrainingLoop
from simulator.running.headless.verdict import COMPARED, verdict_sentences
from simulator.system.environment import environment
from simulator.system.machine import given_threads
from simulator.training.ledger import Ledger
from simulator.training.live_change import LiveChanges
from simulator.training.training import Training

NOW_AND_THEN = {"validation_loss", "validation_accuracy"}
"""What has a value at some steps only."""
LOOKS = 25
"""At so many steps, evenly spaced, data held out are scored, and what is sampled is looked at."""


class TrainSeeds(Struct, frozen=True):
    """Train each network from the first one's seed and those that follow it, to a step."""

    id: int
    networks: tuple[tuple[str, LiveChanges], ...]
    """With their names: what each begins with, and what is changed on the way."""
    seeds: int
    steps: int
    observations: tuple[Observation[Any], ...] = ()
    """What is seen of each run beside its measures."""


class SeedRun(Struct, frozen=True):
    """One run, as far as it is told of by itself."""

    seed: int
    frame: Frame
    """Its last one."""
    history: History
    """Of what a verdict is about."""
    findings: tuple[Finding, ...]
    """What the doctor's rules say of the last step."""

    def step_at(self, step: int) -> int | None:
        """The last one until there that is recorded by itself; None where none is."""
        if step >= self.frame.step:
            return self.frame.step
        start, stride = self.history.start, self.history.stride
        recorded = start + (step + 1 - start) // stride * stride - 1
        return recorded if recorded >= start else None

    def frame_at(self, step: int) -> Frame:
        """What the record has of such a step; the last frame is whole."""
        row = None if step >= self.frame.step else self.history.row(step)
        if row is None:
            return self.frame
        known = dict(zip(self.history.columns, map(float, row), strict=True))
        scalars = {name: value for name, value in known.items() if name in self.frame.scalars}
        for name in scalars.keys() & NOW_AND_THEN:
            # The largest of a bucket is its one score, or NaN.
            scores = self.history.series(name).high[: 1 + (step - self.history.start) // self.history.stride]
            known_scores = scores[~np.isnan(scores)]
            scalars[name] = float(known_scores[-1]) if known_scores.size else math.nan
        return replace(self.frame, step=step, scalars=scalars, measures={})


class Seeds(Struct, frozen=True):
    """One network from all seeds."""

    experiment: Experiment
    """From the first."""
    fan: Fan
    runs: tuple[SeedRun, ...]

    def values(self, quantity: str, step: int | None = None) -> dict[int, float]:
        """Seed → a scalar of the last step or of one that is recorded, where it is defined."""
        frames = {each.seed: each.frame if step is None else each.frame_at(step) for each in self.runs}
        known = ((seed, frame.scalars.get(quantity)) for seed, frame in frames.items())
        return {seed: value for seed, value in known if value is not None}

    def at(self, step: int) -> dict[str, dict[int, float]]:
        """Quantity → seed → value at such a step, of all that a verdict is about."""
        return {quantity: self.values(quantity, step) for quantity in COMPARED}

    @property
    def nbytes(self) -> int:
        return self.fan.nbytes + sum(each.history.nbytes for each in self.runs)


class Trained(Struct, frozen=True):
    """All networks, by their names."""

    id: int
    networks: dict[str, Seeds]


def needed_bytes(history: int, networks: int, seeds: int) -> int:
    """What so many runs hold together until they are one, where each has a past of ``history`` bytes."""
    return (seeds + 1) * networks * history


def sentences_of(networks: Mapping[str, Seeds], step: int) -> list[str]:
    """What has come of each network beside the first at a step that is recorded, in words."""
    experiments = {name: each.experiment for name, each in networks.items()}
    return list(verdict_sentences(experiments, {name: each.at(step) for name, each in networks.items()}, step))


def seed_run(
    experiment: Experiment, changes: Ledger, steps: int, observations: Sequence[Observation[Any]],
    progress: Callable[[int], None],
) -> RunResult:  # fmt: skip
    """One run, with the numbers of a headless one; of what is sampled it keeps the past that was asked for."""
    training = Training(experiment)
    coming = changes.on(training.experiment)
    threads = given_threads() or coming.threads or blas_threads(training.network)
    record = Record(History(training.columns))
    record.live_changes = LiveChanges(training.experiment, threads)
    loop = TrainingLoop(training, steps, None, None, coming.entries)
    with limited_blas(threads), closing(loop):
        output, every = RunOutput(environment(threads), None), max(1, -(-steps // LOOKS))
        result = train(loop, record, Measuring(every, observations, brief=True), output, progress)
    spanning = {each.past.name for each in observations if each.past is not None}
    pasts = result.record.pasts
    result.record.pasts = {name: past for name, past in pasts.items() if name in spanning}
    return result


class SeedsWorker(SideWorker[TrainSeeds, Trained]):
    """One request after the other."""

    def __init__(self, inbox: SideInbox[TrainSeeds], post: Post[Trained]) -> None:
        super().__init__(inbox, post)
        self._done = self._total = 0
        """Steps of all runs together."""

    def answer(self, request: TrainSeeds) -> None:
        self._done, self._total = 0, request.seeds * len(request.networks) * (request.steps + 1)
        first = request.networks[0][1].experiment
        assert first is not None
        networks = {name: self._seeds(changes, first.seed, request) for name, changes in request.networks}
        self.post(Trained(request.id, networks))

    def _seeds(self, changes: LiveChanges, seed: int, request: TrainSeeds) -> Seeds:
        assert changes.experiment is not None
        experiments = members(changes.experiment.with_values([("seed", seed)]), request.seeds)
        ledger, runs, kept = Ledger.of(changes), [], []
        for experiment in experiments:
            result = seed_run(experiment, ledger, request.steps, request.observations, self._count)
            frame = replace(result.last, observations={})
            runs.append((result.last, result.record))
            kept.append(SeedRun(experiment.seed, frame, result.history.only(COMPARED), result.findings))
        return Seeds(experiments[0], fan_of(runs), tuple(kept))

    def _count(self, _step: int) -> None:
        """One more step of one of the runs is made."""
        self._done += 1
        self.report("Training seeds", self._done, self._total, "steps")
        self.check_cancelled()

    def listen(self, doing: str, done: float, total: float, unit: str) -> None:
        """What takes long within a step is not reported."""
        self.check_cancelled()


class SeedsSession(SideSession[TrainSeeds, Trained]):
    """What is asked for takes the place of what was asked for before."""

    name = "seeds"
    niceness = 10
    worker = SeedsWorker

    def train(
        self, networks: Mapping[str, LiveChanges], seeds: int, steps: int, observations: Sequence[Observation[Any]] = ()
    ) -> None:
        """Ask for it; what was asked for before is wanted no more."""
        self._ask(lambda number: TrainSeeds(number, tuple(networks.items()), seeds, steps, tuple(observations)))
