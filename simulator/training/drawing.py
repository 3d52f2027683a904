"""Experiments that differ in nothing but how their weights are drawn, if in that."""

from __future__ import annotations

from typing import Any

from simulator.experiment.experiment import Experiment
from simulator.parts.initializers import Initializer
from simulator.schema.parameter import differences
from simulator.schema.plain import FieldPath


def equal_but_for_initializers(old: Experiment, new: Experiment) -> bool:
    """Whether all that differs is said by initialisers, so that a network can begin again in its own memory."""
    return all(_leads_through_an_initializer(old, path) for path, _ in differences(old, new))


def _leads_through_an_initializer(spec: Any, path: FieldPath) -> bool:
    for name in path:
        spec = spec[name] if isinstance(name, int) else getattr(spec, name)
        if isinstance(spec, Initializer):
            return True
    return False
