"""How the weights of experiments are drawn: whether they differ in nothing else, and whether data have a say."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import Struct

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


def is_scaled_by_data(experiment: Experiment) -> bool:
    """Whether some weights are scaled by the signal that comes into their layer."""
    return any(each.data_dependent for each in _initializers((experiment.layers, experiment.output)))


def _initializers(spec: Any) -> Iterator[Initializer]:
    """All that stand in it, at any depth."""
    if isinstance(spec, Initializer):
        yield spec
    elif isinstance(spec, Struct):
        for name in spec.__struct_fields__:
            yield from _initializers(getattr(spec, name))
    elif isinstance(spec, tuple):
        for each in spec:
            yield from _initializers(each)
