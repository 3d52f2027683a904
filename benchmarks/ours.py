"""Steps of the engine, as plain as possible and with everything measured."""

from __future__ import annotations

from benchmarks.rounds import Prepared, Work
from simulator.experiment.experiment import Experiment
from simulator.measures import MEASURES
from simulator.observations.histograms import HistogramsObservation
from simulator.observations.observer import observe
from simulator.record.frame import Frame, frame_of
from simulator.training.training import Training

HISTOGRAMS = HistogramsObservation.variants()
COMPARED = (
    "activation_mean",
    "activation_std",
    "activation_saturated",
    "activation_dead",
    "weight_gradient_norm",
    "update_ratio",
)
"""Measures that the peer computes too; the others are recorded on top."""


def _refreshed(training: Training, step: Work) -> Prepared:
    """Each block starts from the same weights, so that no competitor trains further than the others."""
    start = training.checkpoint()
    return Prepared(lambda: training.restore(start), step)


def with_histograms(training: Training, scalars: dict[str, float]) -> Frame:
    """What the worker answers to a window without costly plots."""
    return frame_of(training, scalars, observe(training, HISTOGRAMS))


def plain(training: Training) -> Prepared:
    """Forward, backward, optimiser, update, next batch."""

    def work(steps: int) -> None:
        for _ in range(steps):
            training.make_step()

    return _refreshed(training, work)


def measured(training: Training, histograms_each: int | None = None) -> Prepared:
    """What the worker does: every per-layer scalar each step, and a frame with both histograms each so many steps."""

    def work(steps: int) -> None:
        for step in range(steps):
            training.propose()
            scalars = training.scalars()
            if histograms_each is None or step % histograms_each:
                training.row(scalars)
            else:
                with_histograms(training, scalars)
            training.apply()

    return _refreshed(training, work)


def variants(experiment: Experiment) -> dict[str, Work]:
    """Name → work. ``recorded`` measures all that the window records, the others what the peer does."""
    training = Training(experiment, measures=[measure for measure in MEASURES if measure.name in COMPARED])
    return {
        "plain": plain(training),
        "scalars": measured(training),
        "full": measured(training, 1),
        "tenth": measured(training, 10),
        "recorded": measured(Training(experiment), 1),
    }
