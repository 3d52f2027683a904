"""What a plot that asks for more than the plain measures costs training while it is watched, at its own pace.

The worker's own loop, on processor time and one BLAS thread: a look thirty times a second at the histograms, and the
same with what one plot observes. Blocks hold whole periods of its share of the time.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from benchmarks.nets import reference, title
from benchmarks.ours import HISTOGRAMS
from benchmarks.report import Options, Section, Table
from benchmarks.rounds import Spread, interleaved
from simulator.measures import MEASURES, RECORDED
from simulator.network.threads import limited_blas
from simulator.observations.base import Observation
from simulator.observations.bounds import BoundsObservation
from simulator.observations.effective_rank import EffectiveRankObservation
from simulator.observations.factors import FactorsObservation
from simulator.observations.gradient_noise import GradientNoiseObservation
from simulator.observations.graph.nodes import GraphObservation
from simulator.observations.jacobian import JacobianObservation
from simulator.observations.microscope import UnitObservation
from simulator.observations.order_chaos import OrderChaosObservation
from simulator.observations.preactivation import PreactivationObservation
from simulator.observations.prediction import PredictionObservation
from simulator.observations.sharpness import SharpnessObservation
from simulator.observations.time_profile import TimeProfilesObservation
from simulator.observations.tiny_gradients import TinyGradientsObservation
from simulator.running.messages import Command, Failed, Look, Play, Reply, Stop, Train, Update
from simulator.running.worker import Worker
from simulator.training.training import Training

FRAME_SECONDS = 1 / 30
LEAST_SECONDS = 0.6
"""Of a block."""
BUDGET = 0.9
"""Share of the plain speed that every one of them must leave."""


@dataclass(frozen=True)
class Watched:
    """One plot and what it observes; the last of it sets the period."""

    name: str
    observations: tuple[Observation[Any], ...] = ()


PLOTS = (
    Watched("gradient waterfall", (FactorsObservation(),)),
    Watched("bounds", (BoundsObservation(),)),
    Watched("theory behind the profiles", (PredictionObservation(),)),
    Watched("order and chaos", (OrderChaosObservation(),)),
    Watched("computation graph", (GraphObservation(),)),
    Watched("unit microscope", (UnitObservation(layer="2"),)),
    Watched("activation function", (PreactivationObservation(layer=1),)),
    Watched("effective rank", (EffectiveRankObservation(),)),
    Watched("Jacobian", (JacobianObservation(),)),
    Watched("gradient noise", (GradientNoiseObservation(),)),
    Watched("sharpness", (SharpnessObservation(),)),
    Watched("doctor", (FactorsObservation(), TimeProfilesObservation(), TinyGradientsObservation())),
)


class Screen:
    """Looks and asks as the window does, and counts steps over whole periods of the pace."""

    def __init__(self, net: str, watched: Watched) -> None:
        self.watched = watched
        self.worker = Worker(self, self.post)
        self.commands: list[Command] = [Train(1, reference(net)), Play()]
        self.next_look = 0.0
        self.looking = False
        self.seen = -1.0
        """What the last result had cost, which tells it from the next."""
        self.begun: tuple[float, int] | None = None
        self.ended: tuple[float, int] | None = None
        self.least = 0.0
        self.number = 0

    def get(self, timeout: float | None) -> Command | None:
        if self.commands:
            return self.commands.pop(0)
        if self.ended is not None:
            return Stop()
        self.number += 1
        if not self.looking and time.process_time() >= self.next_look:
            self.looking, self.next_look = True, time.process_time() + FRAME_SECONDS
            return Look(self.number, (*HISTOGRAMS, *self.watched.observations))
        return None

    def post(self, reply: Reply) -> None:
        if isinstance(reply, Failed):
            raise RuntimeError(reply.message)
        if isinstance(reply, Update):
            self.looking = False
            self._seen(reply)

    def _seen(self, reply: Update) -> None:
        assert reply.frame is not None
        if self.watched.observations:
            observed = reply.frame.observed(self.watched.observations[-1])
            if observed is None or observed.seconds == self.seen:
                return
            assert not observed.refusal, observed.refusal
            self.seen = observed.seconds
        self._mark()

    def _mark(self) -> None:
        """A period of the pace has ended."""
        assert self.worker.run is not None
        now = time.process_time(), self.worker.run.training.step
        if self.begun is None:
            self.begun = now
        elif now[0] - self.begun[0] >= self.least and now[1] > self.begun[1]:
            self.ended = now

    def seconds_per_step(self, least: float) -> float:
        """Of processor time, over at least so many seconds of it."""
        self.begun = self.ended = None
        self.least = least
        self.worker.stopped = False
        with limited_blas(1):
            self.worker.loop()
        return self._between()

    def _between(self) -> float:
        assert self.begun is not None
        assert self.ended is not None
        return (self.ended[0] - self.begun[0]) / (self.ended[1] - self.begun[1])


def kept(net: str, watched: Watched, rounds: int, least: float) -> Spread:
    """Share of the plain speed that is left, of blocks in turns."""
    one, other = Screen(net, Watched("none")), Screen(net, watched)
    found = []
    for _ in range(rounds):
        before = one.seconds_per_step(least)
        with_it = other.seconds_per_step(least)
        after = one.seconds_per_step(least)
        found.append((before + after) / 2 / with_it)
    return Spread.of(found)


def flow(net: str, options: Options) -> Spread:
    """Share of the speed that is left when the measures of flow are recorded at every step too."""

    def steps(training: Training) -> Callable[[int], None]:
        def work(count: int) -> None:
            for _ in range(count):
                training.propose()
                training.apply()

        return work

    with limited_blas(1):
        works = {
            "without": steps(Training(reference(net), measures=MEASURES)),
            "with": steps(Training(reference(net), measures=RECORDED)),
        }
        return interleaved(works, options.rounds, 5 * options.block_seconds).ratio("without", "with")


def run(options: Options) -> Section:
    nets = ("a",) if options.quick else ("a", "b", "c")
    table = Table(
        "Share of the plain training speed that is left while a plot is watched (quartiles), at its default pace",
        ["watched", *(title(net) for net in nets)],
    )
    section = Section([table])
    least = 0.01 if options.quick else LEAST_SECONDS
    for watched in PLOTS[:2] if options.quick else PLOTS:
        spreads = {net: kept(net, watched, 1 if options.quick else 3, least) for net in nets}
        table.rows.append([watched.name, *(spread.text() for spread in spreads.values())])
        section.data[watched.name] = {net: spread.plain() for net, spread in spreads.items()}
    spreads = {net: flow(net, options) for net in nets}
    table.rows.append(["measures of flow, every step", *(spread.text() for spread in spreads.values())])
    section.data["flow"] = {net: spread.plain() for net, spread in spreads.items()}
    section.notes.append(f"Target: at least {BUDGET}.")
    return section
