"""Every kind of layer with every combination of its options, each in the smallest network that takes it."""

from __future__ import annotations

import functools
import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from simulator.experiment.experiment import Experiment, ExperimentError
from simulator.layers import Layer
from simulator.parts.activations import Activation
from simulator.parts.initializers import Initializer
from simulator.schema.parameter import Parameter, Part, kind_of, kinds, parameters
from simulator.training.training import Training

Plain = dict[str, Any]
DATA: tuple[Plain, ...] = (
    {"kind": "wine"},
    {"kind": "digits"},
    {"kind": "adding", "samples": 40, "steps": 6},
)
WIDTHS = 5, 13
"""The second is that of the first data set, for layers that must be as wide as their input."""
BRANCH = [{"kind": "dense", "units": 13}]


def _values(parameter: Parameter, left: tuple[type[Part], ...], numbers: Mapping[str, Sequence[Any]]) -> list[Any]:
    """All choices and kinds that a field offers; none where it holds numbers, but those given."""
    if parameter.type == "flag":
        return [False, True]
    if parameter.type == "choice":
        return list(parameter.choices)
    if parameter.type == "part" and not issubclass(parameter.kinds[0], left):
        return [option for kind in parameter.kinds for option in options(kind, left=left, numbers=numbers)]
    return list(numbers.get(parameter.name, ()))


def options(
    kind: type[Part],
    given: Mapping[str, Any] = MappingProxyType({}),
    *,
    left: tuple[type[Part], ...] = (Activation, Initializer),
    numbers: Mapping[str, Sequence[Any]] = MappingProxyType({}),
) -> Iterator[Plain]:
    """The builtins of a part with each combination of its choices, flags and inner parts.

    ``given`` are fields that are not varied, ``left`` parts that are left as they are, ``numbers`` values of numbers.
    """
    # Whether it is frozen is nothing that a layer computes with.
    free = [parameter for parameter in parameters(kind) if parameter.name not in {*given, "frozen"}]
    chosen = {parameter.name: values for parameter in free if (values := _values(parameter, left, numbers))}
    for values in itertools.product(*chosen.values()):
        yield {"kind": kind_of(kind), **given, **dict(zip(chosen, values, strict=True))}


def fitting(layer: Plain, **changes: Any) -> Experiment | None:
    """The first experiment that takes the layer; None where none does."""
    return _fitting(json.dumps(layer), json.dumps(changes))


@functools.cache
def _fitting(layer_text: str, changes_text: str) -> Experiment | None:
    layer, changes = json.loads(layer_text), json.loads(changes_text)
    for data, width in itertools.product(DATA, WIDTHS):
        own = {"units": width} if "units" in kinds(Layer)[layer["kind"]].__struct_fields__ else {}
        own |= {"layers": BRANCH} if layer["kind"] == "residual" else {}
        try:
            made = Experiment.from_builtins({"data": data, "layers": [{**own, **layer}], "batch_size": 8, **changes})
            Training(made)
        except ExperimentError:
            continue
        return made
    return None


LAYERS: dict[str, type[Layer]] = kinds(Layer)
