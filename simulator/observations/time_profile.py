"""What is measured at every time step of a layer with a state."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from simulator.arrays.numeric import Floats
from simulator.layers.base import Module, layer_kinds
from simulator.layers.recurrent.cell import Step
from simulator.layers.recurrent.module import ThroughTimeModule
from simulator.layers.recurrent.profile import TimeProfile
from simulator.observations.base import Observation
from simulator.observations.sampled import Sampled, Subject
from simulator.training.run_info import RunInfo

if TYPE_CHECKING:
    from simulator.training.training import Training

ROWS = 512
"""Rows of a past: a longer sequence has several time steps in each."""


def time_profiles(modules: Sequence[Module]) -> dict[str, TimeProfile]:
    """Label → profile of every layer with a state, inner ones too."""
    return {module.info.label: module.through_time() for module in _recurrent(modules)}


def _recurrent(modules: Sequence[Module]) -> Iterator[ThroughTimeModule[Step]]:
    for module in modules:
        if isinstance(module, ThroughTimeModule):
            yield module
        yield from _recurrent(module.children())


def height_of(times: int) -> int:
    """Time steps per row of the past of so many."""
    return max(-(-times // ROWS), 1)


def rows_of(times: int) -> int:
    """Rows of the past of so many time steps."""
    return -(-times // height_of(times))


class StateGradients(Sampled):
    """‖∂L/∂h_t‖ of every layer with a state, (layers, rows): the largest of each row's time steps and of its looks.

    NaN and ∞ win over numbers. Where sequences are of different lengths, the shorter have NaN in what they lack.
    """

    name = "time"

    def subject(self, result: Mapping[str, TimeProfile], info: RunInfo) -> Subject:
        return Subject(tuple(result), tuple(len(profile.hidden_gradient_norm) for profile in result.values()))

    def largest(self, info: RunInfo) -> Subject:
        stateful = layer_kinds(lambda layer: layer.stateful)
        labels = tuple(layer.label for layer in info.layers if layer.kind in stateful)
        return Subject(labels, (ROWS,) * len(labels))

    def shape(self, subject: Subject) -> tuple[int, ...]:
        if len(subject.labels) != len(subject.sizes):
            raise ValueError("a number of time steps is expected for every layer")
        return len(subject.labels), max(map(rows_of, subject.sizes), default=0)

    def sampled(self, result: Mapping[str, TimeProfile], info: RunInfo) -> Floats:
        values: Floats = np.full(self.shape(self.subject(result, info)), np.nan)
        for row, profile in zip(values, result.values(), strict=True):
            norms = profile.hidden_gradient_norm
            starts = np.arange(0, len(norms), height_of(len(norms)))
            row[: len(starts)] = np.maximum.reduceat(norms, starts)
        return values

    def merge(self, earlier: Floats, later: Floats) -> Floats:
        return np.asarray(np.maximum(earlier, later))


def norms_of(layer: str, subject: Subject, values: Floats) -> Floats:
    """(…, rows of this layer) of values (…, layers, rows) that :class:`StateGradients` has taken."""
    place = subject.labels.index(layer)
    return values[..., place, : rows_of(subject.sizes[place])]


class TimeProfilesObservation(Observation[Mapping[str, TimeProfile]], frozen=True, tag="time"):
    """Label → profile of every layer with a state, inner ones too."""

    share = 0
    standard = True
    spans_seeds = True
    past = StateGradients()

    def observe(self, training: Training) -> Mapping[str, TimeProfile]:
        return time_profiles(training.network.modules)
