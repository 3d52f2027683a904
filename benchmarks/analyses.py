"""What a plot that asks for more than the plain measures costs training while it is watched, at its own pace.

The worker's own loop, on processor time and one BLAS thread: a look thirty times a second with the usual wants, and the
same with one plot's wants, or its question asked again as soon as it is answered. Blocks hold whole
periods of the pace.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.nets import reference, title
from benchmarks.ours import HISTOGRAMS
from benchmarks.report import Options, Section, Table
from benchmarks.rounds import Spread, interleaved
from simulator.doctor import TinyGradients
from simulator.measures import MEASURES, RECORDED
from simulator.network.threads import limited_blas
from simulator.observations.effective_rank import EffectiveRankQuestion
from simulator.observations.gradient_noise import GradientNoiseQuestion
from simulator.observations.jacobian import JacobianQuestion
from simulator.observations.microscope import want
from simulator.observations.preactivation import PreactivationQuestion
from simulator.observations.question import Question
from simulator.observations.sharpness import SharpnessQuestion
from simulator.running.messages import Answer, Ask, Change, Command, Failed, Look, Play, Reply, Stop, Update
from simulator.running.worker import Worker
from simulator.training.training import Training

FRAME_SECONDS = 1 / 30
LEAST_SECONDS = 0.6
"""Of a block."""
BUDGET = 0.9
"""Share of the plain speed that every one of them must leave."""


@dataclass(frozen=True)
class Watched:
    """One plot: what its looks want, and what it asks."""

    name: str
    wants: frozenset[str] = frozenset()
    question: Question | None = None
    paced: bool = False
    """Whether what it wants is made anew at a pace of its own."""


PLOTS = (
    Watched("gradient waterfall", frozenset({"factors"})),
    Watched("bounds", frozenset({"bounds"}), paced=True),
    Watched("theory behind the profiles", frozenset({"prediction"})),
    Watched("order and chaos", frozenset({"order_chaos"})),
    Watched("computation graph", frozenset({"graph"}), paced=True),
    Watched("unit microscope", frozenset({want("2", 0)})),
    Watched("activation function", question=PreactivationQuestion(1)),
    Watched("effective rank", question=EffectiveRankQuestion()),
    Watched("Jacobian", question=JacobianQuestion()),
    Watched("gradient noise", question=GradientNoiseQuestion()),
    Watched("sharpness", question=SharpnessQuestion()),
    Watched("doctor", frozenset({"factors", "time"}), TinyGradients()),
)


class Screen:
    """Looks and asks as the window does, and counts steps over whole periods of the pace."""

    def __init__(self, net: str, watched: Watched) -> None:
        self.watched = watched
        self.worker = Worker(self, self.post)
        self.commands: list[Command] = [Change(1, reference(net)), Play()]
        self.next_look = 0.0
        self.looking = self.asking = False
        self.shown: object = None
        """The last bounds, or the last graph."""
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
            return Look(self.number, HISTOGRAMS | self.watched.wants)
        if self.watched.question is not None and not self.asking:
            self.asking = True
            return Ask(self.number, "it", self.watched.question)
        return None

    def post(self, reply: Reply) -> None:
        if isinstance(reply, Failed):
            raise RuntimeError(reply.message)
        if isinstance(reply, Answer):
            assert not reply.refusal, reply.refusal
            self.asking = False
            self._mark()
        elif isinstance(reply, Update):
            self.looking = False
            self._seen(reply)

    def _seen(self, reply: Update) -> None:
        if self.watched.paced and reply.frame is not None:
            made = reply.frame.bounds or reply.frame.graph
            if made is self.shown:
                return
            self.shown = made
        if self.watched.question is None:
            self._mark()

    def _mark(self) -> None:
        """A period of the pace has ended."""
        assert self.worker.training is not None
        now = time.process_time(), self.worker.training.step
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
