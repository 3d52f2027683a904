"""Theory's lines over a map: where signals neither die nor explode, how deep they carry, and which rates are stable.

A line is where a quantity of the experiment at step 0 is 0, on the grid of the map's cells, straight between them.
"""

from __future__ import annotations

import math
import re
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from msgspec import Struct

from simulator.arrays.numeric import Floats
from simulator.experiment.experiment import Experiment
from simulator.layers.recurrent.through_time import ThroughTime
from simulator.maps.axes import MapAxis
from simulator.maps.contours import chained, contour, crossings
from simulator.maps.sweep import Sweep
from simulator.observations.sharpness import sharpness
from simulator.system.progress import followed
from simulator.theory.correlation import correlation_scale
from simulator.theory.mean_field import border_of_chaos
from simulator.theory.order_chaos import AlikeStack, stack_of
from simulator.training.training import Training

REPEAT = re.compile(r"layers\.\d+\.repeat")
DEPTH_SCALES = 6.0
"""Correlation lengths up to which a stack trains (Schoenholz et al. 2017, section 5)."""
SHORTEST, LONGEST = 1e-6, 1e6
"""Depth scales that are told apart."""


class TheoryCurve(Struct, frozen=True):
    """One of theory's lines."""

    name: str
    explain: str
    pieces: tuple[tuple[tuple[float, ...], ...], ...]
    """The corners of each, as places on the axes: 0 is the first value, 0.5 halfway to the second.

    Over one axis, each is the one place at which the line crosses it.
    """


class Theory(ABC):
    """What a line is of. A new one is one class, named in ``THEORIES``."""

    name: ClassVar[str]
    explain: ClassVar[str]
    independent_of: ClassVar[str]
    """A pattern of paths on which the quantity does not hang, so that it is had once for all their values."""
    about: ClassVar[str]
    """A pattern of paths of which one must be varied for the line to tell anything."""

    @abstractmethod
    def value(self, experiment: Experiment) -> float:
        """0 on the line; ValueError or NaN where theory has nothing to say."""

    def shifted(self, value: float, experiment: Experiment) -> float:
        """The value at a cell, from what was had once."""
        return value


class EdgeOfChaos(Theory):
    """ln of σ_w² by that of the edge at the same σ_b²: χ itself hardly changes beyond the edge."""

    name = "χ = 1"
    explain = "The edge of chaos: below it gradients die out with depth, above it they explode."
    independent_of = rf"{REPEAT.pattern}|optimizer\..*|schedule\..*|batch_size|loss\..*"
    about = rf"(?!{independent_of}$).*"

    def value(self, experiment: Experiment) -> float:
        stack = _stack(experiment)
        weight, bias = border_of_chaos(stack.activation, stack.square / stack.masking)
        if not weight.size or not bias[0] <= stack.bias_variance <= bias[-1]:
            return math.nan
        return math.log(stack.weight_variance * stack.masking / np.interp(stack.bias_variance, bias, weight))


class DepthScale(Theory):
    """ln of the depth by six depth scales: ξ_c of correlation, and where χ < 1 that of signals, ξ = −1 / ln χ."""

    name = "depth = 6 ξ"
    explain = "Six depth scales of theory: of a deeper stack neither signals nor differences between samples are left."
    independent_of = EdgeOfChaos.independent_of
    about = rf"{REPEAT.pattern}"

    def value(self, experiment: Experiment) -> float:
        stack = _stack(experiment)
        scale, chi = correlation_scale(stack).depth, stack.settled().chi
        if 0 < chi < 1:
            scale = min(scale, -1 / math.log(chi))
        return math.log(DEPTH_SCALES * min(max(scale, SHORTEST), LONGEST))

    def shifted(self, value: float, experiment: Experiment) -> float:
        return math.log(experiment.depth) - value


class StableRate(Theory):
    """ln of η λ_max by its limit."""

    name = "η λ_max at its limit"
    explain = "The largest rate that is stable on the loss as it curves at step 0: 2, with momentum 2 + 2β, over λ_max."
    independent_of = r"optimizer\..*|schedule\..*"
    about = r"optimizer\.learning_rate"

    def value(self, experiment: Experiment) -> float:
        training = Training(experiment)
        training.look()
        return sharpness(training).value

    def shifted(self, value: float, experiment: Experiment) -> float:
        gauge = experiment.optimizer.learning_rate * value
        limit = experiment.optimizer.stability_limit()
        return math.log(gauge / limit) if gauge > 0 and limit > 0 else math.nan


class RecurrentRadius(Theory):
    """ln of the spectral radius of the recurrent weights, as they are drawn."""

    name = "spectral radius = 1"
    explain = "Below it the state's gradient fades going back through time, above it it can explode."
    independent_of = r"(?!layers\.).*"
    about = r"layers\.\d+\.recurrent_initializer\..*"

    def value(self, experiment: Experiment) -> float:
        layer = next((each for each in experiment.layers if isinstance(each, ThroughTime)), None)
        if layer is None:
            return math.nan
        radius = layer.recurrent_initializer.spectral_radius(layer.units)
        return math.log(radius) if radius > 0 else -math.inf


THEORIES: tuple[Theory, ...] = (EdgeOfChaos(), DepthScale(), StableRate(), RecurrentRadius())


def _stack(experiment: Experiment) -> AlikeStack:
    """Its dense layers as theory knows them."""
    training = Training(_shallow(experiment))
    return stack_of(training.network, training.data)


def _shallow(experiment: Experiment) -> Experiment:
    """No deeper than theory needs: it is about a layer and the next."""
    settings = [(f"layers.{entry}.repeat", 2) for entry, layer in enumerate(experiment.layers) if layer.repeat > 2]
    return experiment.with_values(settings) if settings else experiment


def lines(sweep: Sweep, names: Sequence[str] = ()) -> tuple[TheoryCurve, ...]:
    """Those of the theories, or of the ``names`` among them, that cross the map."""
    asked = [theory for theory in THEORIES if not names or theory.name in names]
    with np.errstate(all="ignore"):
        drawn = [(theory, _pieces(_grid(theory, sweep))) for theory in asked if _concerned(theory, sweep)]
    return tuple(TheoryCurve(theory.name, theory.explain, pieces) for theory, pieces in drawn if pieces)


def _concerned(theory: Theory, sweep: Sweep) -> bool:
    """Whether it is about what is varied, of which there is something between two values."""
    varied = [axis for axis in sweep.axes if len(axis.values) > 1]
    about = any(re.fullmatch(theory.about, axis.path) for axis in varied)
    return about and all(axis.numeric for axis in varied)


def _grid(theory: Theory, sweep: Sweep) -> Floats:
    """The quantity at every cell of the first seed; NaN where there is none."""
    shape = tuple(len(axis.values) for axis in sweep.axes)
    known: dict[str, float] = {}
    grid = np.full(shape, math.nan)
    for place, cell in followed([*zip(np.ndindex(shape), sweep.cells_of_seed(0), strict=True)], theory.name, "cells"):
        values = zip(sweep.axes, cell.values, strict=True)
        key = repr([value for axis, value in values if not _is_independent(theory, axis)])
        try:
            experiment = sweep.trained(cell)
            if key not in known:
                known[key] = theory.value(experiment)
            grid[place] = theory.shifted(known[key], experiment)
        except ValueError:
            known.setdefault(key, math.nan)
    return grid


def _is_independent(theory: Theory, axis: MapAxis) -> bool:
    return re.fullmatch(theory.independent_of, axis.path) is not None


def _pieces(grid: Floats) -> tuple[tuple[tuple[float, ...], ...], ...]:
    if grid.ndim == 1:
        return tuple(((float(place),),) for place in crossings(grid))
    return tuple(tuple(map(tuple, line.tolist())) for line in chained(contour(grid)))
