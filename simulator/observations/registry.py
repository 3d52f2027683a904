"""Every observation there is: each file of this folder is found by itself."""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Mapping
from typing import Any

import simulator.observations as folder
from simulator.observations.base import Observation
from simulator.schema.parameter import concrete, kind_of

ObservationKind = type[Observation[Any]]


@functools.cache
def observations() -> tuple[ObservationKind, ...]:
    """All kinds, the analyses first in their order."""
    for module in pkgutil.walk_packages(folder.__path__, f"{folder.__name__}."):
        importlib.import_module(module.name)
    every: tuple[ObservationKind, ...] = concrete(Observation)
    kinds = [kind for kind in every if kind.__module__.startswith(folder.__name__)]
    return tuple(sorted(kinds, key=lambda kind: (not kind.columns, kind.order, kind_of(kind))))


@functools.cache
def analyses() -> Mapping[str, Observation[Any]]:
    """Name → what a headless run can write into files of its own."""
    return {kind_of(kind): kind() for kind in observations() if kind.columns}


@functools.cache
def unasked() -> tuple[str, ...]:
    """Analyses that a run writes unasked: they cost no more than a few steps, once."""
    return tuple(name for name, analysis in analyses().items() if analysis.initial)


@functools.cache
def files() -> Mapping[str, tuple[str, ...]]:
    """File → its columns, of all analyses."""
    return {file: columns for analysis in analyses().values() for file, columns in analysis.columns.items()}


@functools.cache
def standard() -> tuple[Observation[Any], ...]:
    """What the first frame of a run and the last of a headless one bring unasked."""
    return tuple(each for kind in observations() if kind.standard for each in kind.variants())


def is_kept_of_start(observation: Observation[Any]) -> bool:
    """Whether what it tells of step 0 is kept, because later steps are compared with it."""
    return _tells_of_start(type(observation)) and observation in type(observation).variants()


def _tells_of_start(kind: ObservationKind) -> bool:
    return kind.standard or not kind.share


@functools.cache
def at_start() -> tuple[Observation[Any], ...]:
    """All that is kept of step 0."""
    return tuple(each for kind in observations() if _tells_of_start(kind) for each in kind.variants())
