"""Small networks with everything that is registered in them, to be built by other libraries too."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.experiment.experiment import Experiment
from simulator.layers import Layer
from simulator.layers.normalization import Normalization
from simulator.parts.activations import Activation
from simulator.parts.initializers import Initializer
from simulator.parts.losses import Loss
from simulator.parts.optimizers import Optimizer
from simulator.parts.schedules import Schedule
from simulator.schema.parameter import kinds
from tests.simulator.combinations import LAYERS, Plain, fitting, options

DENSE: Plain = {"kind": "dense", "units": 7}
MOMENTUM: Plain = {"kind": "sgd", "momentum": 0.9}
CLIPPED: Plain = {"l1": 0.01, "l2": 0.1, "clip_value": 0.01, "clip_norm": 0.05}
INNER: list[Plain] = [{"kind": "convolution", "channels": 3}, {"kind": "convolution", "channels": 3}]


def of(layer: Plain, **changes: Plain) -> Plain:
    """What an experiment with this layer says."""
    return {"layer": layer, **changes}


def label(plain: Plain) -> str:
    """A name made of the values."""
    values = (label(value) if isinstance(value, dict) else str(value) for value in plain.values())
    return "-".join("".join(mark for mark in value if mark.isalnum() or mark in "-_") for value in values)


NETWORKS: dict[str, Plain] = {
    "dense": of({**DENSE, "normalization": {"kind": "weight"}, "repeat": 3}, regularization=CLIPPED),
    "highway": of({"kind": "highway", "normalization": {"kind": "batch", "position": "after"}}),
    "maxout": of({"kind": "maxout", "dropout": {"kind": "classic"}}, schedule={"kind": "one_cycle"}),
    "residual": of(
        {"kind": "residual", "layers": INNER, "projection": {"kind": "linear"}, "normalization": {"kind": "batch"}},
        optimizer={"kind": "adamw"},
    ),
    "convolution": of({"kind": "convolution", "stride": 3, "padding": "circular", "initializer": {"kind": "identity"}}),
    "lstm": of({"kind": "lstm", "units": 4, "truncate": 2, "output": "all"}, schedule={"kind": "sgdr"}),
    "recurrent": of({"kind": "recurrent", "units": 4, "activation": {"kind": "erf"}}),
    "gru": of({"kind": "gru", "units": 4, "bias_initializer": {"kind": "orthogonal"}}, optimizer={"kind": "adagrad"}),
}
"""A few whose programs look most different."""


BEHIND: list[Plain] = [
    {**DENSE, "units": 8, "normalization": {"kind": "layer"}, "dropout": {"kind": "classic"}},
    {**DENSE, "units": 8, "normalization": {"kind": "weight"}},
    {"kind": "maxout", "units": 8, "normalization": {"kind": "batch"}},
    {"kind": "highway", "units": 8},
    {"kind": "residual", "layers": [{**DENSE, "units": 8}]},
]
STACKS: dict[str, list[Plain]] = {
    "digits": [
        {"kind": "convolution", "channels": 4, "normalization": {"kind": "batch"}, "dropout": {"kind": "inverted"}},
        {"kind": "pooling", "size": 2},
        {"kind": "flatten"},
        *BEHIND,
    ],
    "digit_rows": [
        {"kind": "recurrent", "units": 5, "output": "all"},
        {"kind": "gru", "units": 5, "output": "all"},
        {"kind": "lstm", "units": 6},
        {**DENSE, "units": 8},
        *BEHIND[2:],
    ],
}
"""By its data: a network of every kind of layer that takes them."""


DRAWN: Plain = {
    "initializer": {"kind": "uniform", "limit": 0.9},
    "bias_initializer": {"kind": "orthogonal", "gain": 0.5},
}
ERF: Plain = {"activation": {"kind": "erf"}, "dropout": {"kind": "classic"}, **DRAWN}
AFTER: Plain = {"normalization": {"kind": "batch", "position": "after"}, "projection": {"kind": "linear"}}
LONG: list[Plain] = [
    {**DENSE, "units": 8, "normalization": {"kind": "weight"}, **ERF},
    {"kind": "maxout", "units": 8, "normalization": {"kind": "batch", "momentum": 0.3, "epsilon": 0.01}, **DRAWN},
    {"kind": "highway", "units": 8, "normalization": {"kind": "layer"}, **DRAWN},
    {"kind": "residual", "layers": [{**DENSE, "units": 5, **ERF}], "branch_scale": 0.5, **AFTER},
]
STATES: list[Plain] = [
    {
        "kind": kind,
        "units": 5 + cut,
        "truncate": cut,
        "recurrent_initializer": {"kind": "identity", "gain": 0.9},
        **DRAWN,
    }
    for cut, kind in enumerate(("recurrent", "gru", "lstm"), 2)
]
PICTURES: list[Plain] = [
    {"kind": "convolution", "channels": 4, "normalization": {"kind": "layer"}, "padding": "circular", **ERF},
    {"kind": "convolution", "channels": 4, "normalization": {"kind": "weight"}, "stride": 2, **ERF},
    {"kind": "residual", "layers": [{"kind": "convolution", "channels": 3, **ERF}], "branch_scale": 0.5, **AFTER},
    {"kind": "pooling", "size": 2},
    {"kind": "flatten"},
]
MOST: Plain = {
    "regularization": CLIPPED, "optimizer": {"kind": "adamw"}, "schedule": {"kind": "one_cycle"}, "batch_size": 8,
}  # fmt: skip
LONGEST: dict[str, Plain] = {
    "sequences": {
        "data": {"kind": "digit_rows"},
        "layers": [
            {**STATES[0], "output": "all", "activation": {"kind": "erf"}},
            {**STATES[1], "output": "all"},
            STATES[2],
            *LONG,
        ],
    },
    "answers": {
        "data": {"kind": "copying", "samples": 60, "delay": 2},
        "layers": [
            {**STATES[0], "output": "all", "activation": {"kind": "erf"}},
            {**STATES[1], "output": "all"},
            {"kind": "residual", "layers": [{**STATES[2], "output": "all"}], "branch_scale": 0.5, **AFTER},
        ],
    },
    "images": {"data": {"kind": "digits"}, "layers": [*PICTURES, *LONG]},
    "table": {"data": {"kind": "wine"}, "layers": [*LONG, *LONG]},
}
"""Networks whose scripts are among the longest: each layer with whatever needs words of its own."""


def longest() -> dict[str, Experiment]:
    return {name: Experiment.from_builtins({**plain, **MOST}) for name, plain in LONGEST.items()}


def whole() -> dict[str, Experiment]:
    """Networks of every kind of layer at once."""
    assert {layer["kind"] for layers in STACKS.values() for layer in layers} == {*kinds(Layer)}
    return {
        data: Experiment.from_builtins({"data": {"kind": data}, "layers": layers, "batch_size": 8})
        for data, layers in STACKS.items()
    }


def combinations() -> dict[str, Plain]:
    """Every layer with every combination of its options; those with a state cut in time too."""
    made = [of(option) for kind in LAYERS.values() for option in options(kind)]
    return by_label(made + [of({**option, "truncate": 2}) for option in recurrent()])


def parts() -> dict[str, Plain]:
    """Every other part in a small network, and those whose programs look most different."""
    made = [of({**DENSE, "activation": {"kind": kind}}) for kind in kinds(Activation)]
    made += [of({"kind": "recurrent", "units": 4, "activation": {"kind": kind}}) for kind in kinds(Activation)]
    made += [of(layer) for kind in kinds(Initializer) for layer in drawn_by({"kind": kind})]
    made += [of(DENSE, loss={"kind": kind}) for kind in kinds(Loss)]
    made += [of(DENSE, optimizer={"kind": kind}) for kind in kinds(Optimizer)]
    made += [of(DENSE, optimizer=MOMENTUM), of(DENSE, optimizer={**MOMENTUM, "nesterov": True})]
    made += [of(DENSE, schedule={"kind": kind}) for kind in kinds(Schedule)]
    made += [of(DENSE, schedule=schedule) for schedule in SHORT]
    normal = [{**DENSE, "normalization": {"kind": kind}} for kind in kinds(Normalization)]
    made += [of(layer, regularization=rules) for layer in normal for rules in RULES]
    return by_label(made) | NETWORKS


def by_label(made: list[Plain]) -> dict[str, Plain]:
    return {label(each): each for each in made}


def everything() -> list[Any]:
    """All of them as parameters of a test; those that are many take long together."""
    return [*parts().items(), *(pytest.param(*each, marks=pytest.mark.slow) for each in combinations().items())]


def recurrent() -> list[Plain]:
    return [option for kind in LAYERS.values() if kind.stateful for option in options(kind)]


def drawn_by(initializer: Plain) -> list[Plain]:
    """Layers whose weights and biases are drawn so."""
    both = {"initializer": initializer, "bias_initializer": initializer}
    return [
        {**DENSE, **both},
        {"kind": "maxout", "units": 4, **both},
        {"kind": "convolution", "channels": 2, **both},
        {"kind": "gru", "units": 4, "recurrent_initializer": initializer, **both},
    ]


SHORT: tuple[Plain, ...] = (
    {"kind": "step", "step_size": 1},
    {"kind": "cosine", "t_max": 2, "eta_min": 0.01},
    {"kind": "sgdr", "t_0": 1, "eta_min": 0.02},
    {"kind": "sgdr", "t_0": 2, "t_mult": 1},
    {"kind": "one_cycle", "total_steps": 3},
    {"kind": "one_cycle", "total_steps": 10, "pct_start": 0.05},
    {"kind": "cyclical", "step_size_up": 1},
    {"kind": "warmup", "total_iters": 2, "start_factor": 0.0},
    {"kind": "piecewise", "boundaries": [2, 1], "rates": [0.5, 0.3]},
    {"kind": "piecewise", "boundaries": [2, 1, 0], "rates": [0.5]},
)
"""Schedules that turn within three updates."""
RULES: tuple[Plain, ...] = ({"l1": 0.01}, {"l2": 0.1}, {"clip_norm": 0.1}, {"clip_value": 0.001}, CLIPPED)


def named(changes: Plain) -> Experiment:
    """The experiment with one layer and other changes."""
    own = dict(changes)
    experiment = fitting(own.pop("layer"), **own)
    assert experiment is not None
    return experiment
