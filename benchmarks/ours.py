"""Steps of the engine, as plain as possible and with everything measured."""

from __future__ import annotations

from benchmarks.rounds import Work
from simulator.experiment import Experiment
from simulator.training import HISTOGRAM_SOURCES, Training

HISTOGRAMS = frozenset(HISTOGRAM_SOURCES)


def _refreshed(training: Training, step: Work) -> Work:
    """Each block starts from the same weights, so that no competitor trains further than the others."""
    start = training.checkpoint()

    def work(steps: int) -> None:
        training.restore(start)
        step(steps)

    return work


def plain(training: Training) -> Work:
    """Forward, backward, optimiser, update, next batch."""

    def work(steps: int) -> None:
        for _ in range(steps):
            training.propose(measure=False)
            training.apply()

    return _refreshed(training, work)


def measured(training: Training, histograms_each: int | None = None) -> Work:
    """What the worker does: every per-layer scalar each step, and a frame with both histograms each so many steps."""

    def work(steps: int) -> None:
        for step in range(steps):
            training.propose()
            scalars = training.scalars()
            if histograms_each is None or step % histograms_each:
                training.row(scalars)
            else:
                training.frame(scalars, HISTOGRAMS)
            training.apply()

    return _refreshed(training, work)


def variants(experiment: Experiment) -> dict[str, Work]:
    """Name → work; all share one network."""
    training = Training(experiment)
    return {
        "plain": plain(training),
        "scalars": measured(training),
        "full": measured(training, 1),
        "tenth": measured(training, 10),
    }
