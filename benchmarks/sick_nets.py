"""Sick nets: each is a healthy one with a single setting made bad, so that its cause is known."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from benchmarks.healthy_nets import named
from simulator.experiment.experiment import Experiment

Settings = Mapping[str, Any]
"""Path, as ``--set`` takes it → value."""


@dataclass(frozen=True)
class Planted:
    """A net whose cause is known."""

    kind: str
    base: str
    """Name of the healthy net, or of a preset that is sick by itself."""
    settings: Settings
    """What was made bad; nothing where it is sick by itself."""
    paths: tuple[str, ...]
    """What names the cause: these settings, or fields of them."""
    factors: tuple[str, ...] = ()
    """Factors of the gradient that name it where it is the stack itself and no setting is blamed."""
    mendable: bool = True
    """Whether a setting of the net can mend it."""

    @property
    def name(self) -> str:
        given = ", ".join(f"{path}={json.dumps(value)}" for path, value in self.settings.items())
        return f"{self.base}: {given}" if given else self.base

    @property
    def healthy(self) -> Experiment | None:
        """None: nothing was planted."""
        return named(self.base) if self.settings else None

    @property
    def sick(self) -> Experiment:
        return named(self.base).with_values(self.settings.items())


@dataclass(frozen=True)
class Kind:
    """A cause, what names it, and where it is planted: (healthy net, value) pairs of one path, or whole settings."""

    paths: tuple[str, ...]
    planted: tuple[tuple[str, Settings], ...]
    factors: tuple[str, ...] = ()
    mendable: bool = True

    def nets(self, name: str) -> Iterator[Planted]:
        for base, settings in self.planted:
            yield Planted(name, base, settings, self.paths, self.factors, self.mendable)


def at(path: str, *planted: tuple[str, Any], names: tuple[str, ...] = (), **more: Any) -> Kind:
    """One setting in several nets, named by its own path or one of ``names``; None where a preset has it by itself."""
    pairs = tuple((base, {} if value is None else {path: value}) for base, value in planted)
    return Kind((path, *names), pairs, **more)


def _normal(std: float) -> Settings:
    return {"kind": "normal", "std": std}


def _constant(value: float) -> Settings:
    return {"kind": "constant", "value": value}


def _orthogonal(gain: float) -> Settings:
    return {"kind": "orthogonal", "gain": gain}


def _inverted(rate: float) -> Settings:
    return {"kind": "inverted", "rate": rate}


RATE = "optimizer.learning_rate"
WEIGHTS = "layers.0.initializer"

KINDS: dict[str, Kind] = {
    "L2 too strong": at(
        "regularization.l2", ("digits, tanh", 1.0), ("moons, ReLU", 0.3), ("wine, ReLU", 0.5), ("plane, tanh", 2.0),
        ("digits, residual", 0.5), ("sine, GRU", 1.0),
    ),
    "L2 times rate above 2": at("regularization.l2", ("digits, tanh", 30.0), ("clusters, ELU", 40.0)),
    "L1 too strong": at("regularization.l1", ("digits, ReLU", 0.1), ("moons, SGD", 0.05), ("breast cancer, tanh", 0.1)),
    "weight decay too strong": at(
        "optimizer.weight_decay", ("digits, GELU, AdamW", 100.0), ("digits, GELU, AdamW", 400.0)
    ),
    "gradient's norm clipped to nothing": at(
        "regularization.clip_norm", ("digits, tanh", 1e-6), ("breast cancer, sigmoid", 1e-4), ("plane, tanh", 1e-4),
        ("digits, batch norm", 1e-3),
    ),
    "gradient's entries clipped to nothing": at(
        "regularization.clip_value", ("digits, ReLU", 1e-6), ("digit rows, recurrent, SGD", 1e-6)
    ),
    "schedule spent": at(
        "schedule", ("digits, tanh", {"kind": "cosine", "t_max": 5}),
        ("moons, ReLU", {"kind": "exponential", "gamma": 0.5}),
        ("wine, ReLU", {"kind": "step", "step_size": 2, "gamma": 0.01}),
        ("digits, convolution", {"kind": "exponential", "gamma": 0.3}),
    ),
    "schedule growing": at(
        "schedule", ("digits, ReLU", {"kind": "exponential", "gamma": 1.1}),
        ("moons, SGD", {"kind": "exponential", "gamma": 10.0}),
        ("plane, tanh", {"kind": "step", "step_size": 20, "gamma": 4.0}),
    ),
    "peak of the cycle too high": at(
        "schedule", ("digits, tanh", {"kind": "one_cycle", "max_lr": 100.0, "total_steps": 600}),
        ("plane, tanh", {"kind": "one_cycle", "max_lr": 50.0, "total_steps": 600}),
        ("digits, ReLU", {"kind": "cyclical", "max_lr": 100.0, "step_size_up": 100}),
    ),
    "warm-up without end": at(
        "schedule", ("digits, tanh", {"kind": "warmup", "total_iters": 1000000, "start_factor": 0.0}),
        ("moons, tanh", {"kind": "warmup", "total_iters": 100000000, "start_factor": 1e-6}),
        ("digits, residual", {"kind": "one_cycle", "max_lr": 0.1, "total_steps": 10000000, "div_factor": 1e6}),
    ),
    "rate of zero": at(RATE, ("moons, SGD", 0.0), ("digits, convolution", 0.0)),
    "rate too low": at(
        RATE, ("digits, tanh", 1e-5), ("moons, ReLU", 1e-6), ("sine, GRU", 1e-6), ("digits, batch norm", 1e-5),
        ("plane, tanh", 1e-6),
    ),
    "rate too high: not finite": at(
        RATE, ("plane, tanh", 20.0), ("digits, squared error", 20.0), ("large targets, scaled", 30.0)
    ),
    "rate too high: dead units": at(
        RATE, ("dying-relu", None), ("digits, ReLU", 10.0), ("moons, ReLU", 3.0), ("circles, ReLU", 5.0),
        ("wine, ReLU", 10.0),
    ),
    "rate too high: no progress": at(
        RATE, ("digits, tanh", 60.0), ("digits, deep tanh", 10.0), ("breast cancer, tanh", 50.0),
        ("spirals, tanh", 1.0), ("digits, layer norm", 60.0),
    ),
    "momentum too long": at(
        "optimizer.momentum", ("digits, SELU, momentum", 0.999), ("circles, Nesterov", 0.9995),
        ("digits, tanh", 0.999),
    ),
    "AdaGrad's stall": at(
        "optimizer", ("digits, tanh", {"kind": "adagrad", "learning_rate": 1e-5}),
        ("moons, SGD", {"kind": "adagrad", "learning_rate": 1e-4}),
    ),
    "moments of the optimiser": Kind(
        ("optimizer.beta1", "optimizer.beta2", "optimizer.rho", "optimizer.eps"),
        (
            ("moons, tanh", {"optimizer.eps": 1e4}),
            ("digits, RMSProp", {"optimizer.eps": 1e5}),
            ("digits, warm-up", {"optimizer.eps": 1e5}),
            ("digits, RMSProp", {"optimizer.rho": 0.9999999}),
        ),
    ),
    "targets unscaled": at("data.scale", ("large targets, scaled", "none"), ("diabetes, tanh", "none")),
    "inputs unscaled": at(
        "data.scale", ("large inputs, scaled", "none"), ("wine, ReLU", "none"), ("wine, AdaGrad", "none"),
        ("breast cancer, sigmoid", "none"), ("breast cancer, tanh", "none"),
    ),
    "batch norm over one sample": at(
        "batch_size", ("moons, batch norm", 1), ("digits, batch norm", 1), ("digits, sigmoid, batch norm", 2),
        names=("layers.0.normalization",),
    ),
    "layer norm over one unit": at(
        "layers.0.units", ("moons, layer norm", 1), ("digits, layer norm", 1), names=("layers.0.normalization",)
    ),
    "output saturated": at(
        "output.bias_initializer", ("circles, sigmoid squared error", _constant(12.0)),
        ("circles, sigmoid squared error", _constant(-15.0)), ("digits, sigmoid squared error", _constant(-12.0)),
        ("digits, sigmoid squared error", _constant(14.0)), names=("loss", "output"),
    ),
    "targets beyond the sigmoid": at(
        "loss", ("plane, tanh", {"kind": "sigmoid_mse"}), ("large targets, scaled", {"kind": "sigmoid_mse"}),
        names=("data.scale",),
    ),
    "dropout too strong": at(
        "layers.0.dropout", ("digits, dropout", _inverted(0.95)), ("digits, deep tanh", _inverted(0.9)),
        ("wine, ReLU", _inverted(0.95)), ("moons, ReLU", _inverted(0.9)),
    ),
    "nothing to learn": Kind(
        ("data",),
        (
            ("moons, SGD", {"data.label_noise": 0.5}),
            ("breast cancer, tanh", {"data.label_noise": 0.5}),
            ("clusters, ELU", {"data.spread": 10.0}),
            ("circles, Nesterov", {"data.noise": 5.0}),
        ),
        mendable=False,
    ),
    "residual branches unscaled": Kind(
        ("layers.1.branch_scale", "layers.1.scale"),
        (
            ("digits, long residual", {"layers.1.scale": "fixed"}),
            ("digits, long residual", {"layers.1.branch_scale": 10.0}),
            ("digits, residual", {"layers.1.branch_scale": 10.0}),
        ),
    ),
    "recurrent weights too large": at(
        "layers.0.recurrent_initializer", ("digit rows, recurrent, SGD", _orthogonal(5.0)),
        ("digit rows, recurrent", _orthogonal(10.0)), ("sine, recurrent", _orthogonal(5.0)),
        ("adding, from the identity", {"kind": "identity", "gain": 2.0}),
    ),
    "recurrent weights too small": at(
        "layers.0.recurrent_initializer", ("adding, from the identity", _orthogonal(0.1)),
        ("adding, from the identity", {"kind": "identity", "gain": 0.3}), factors=("time",),
    ),
    "weights too small": at(
        WEIGHTS, ("digits, deep tanh", _normal(0.01)), ("digits, deep ReLU", _normal(0.02)),
        ("digits, deep tanh", {"kind": "variance_scaled", "weight_variance": 0.1}),
        ("breast cancer, tanh", _normal(1e-4)), factors=("weights",),
    ),
    "weights too large": at(
        WEIGHTS, ("digits, deep ReLU", _normal(1.0)), ("digits, ReLU", _normal(5.0)), ("digits, tanh", _normal(3.0)),
        ("digits, deep tanh", _normal(2.0)), ("digits, deep tanh", {"kind": "uniform", "limit": 3.0}),
        ("exploding", None),
        factors=("weights",),
    ),
    "units alike": at(
        WEIGHTS, ("symmetric", None), ("digits, tanh", _constant(0.1)), ("circles, ReLU", {"kind": "zeros"}),
        ("moons, tanh", _constant(0.3)), ("spirals, tanh", {"kind": "zeros"}), ("digits, ReLU", _constant(0.05)),
        factors=("weights",),
    ),
    "sigmoids too deep": Kind(
        ("layers.0.activation", "layers.0.repeat"),
        (
            ("vanishing-sigmoid", {}),
            ("underflow", {}),
            ("digits, sigmoid", {"layers.0.repeat": 8}),
            ("breast cancer, sigmoid", {"layers.0.repeat": 10}),
            ("digits, sigmoid", {"layers.0.repeat": 40}),
            ("digits, deep tanh", {"layers.0.activation": {"kind": "sigmoid"}}),
        ),
        ("slope",),
    ),
    "rectifiers with Glorot's weights too deep": Kind(
        (WEIGHTS,),
        (
            ("deep-plain", {}),
            ("digits, very deep ReLU", {WEIGHTS: {"kind": "glorot_normal"}}),
            ("digits, very deep ReLU", {WEIGHTS: {"kind": "lecun_uniform"}}),
        ),
        ("weights", "slope"),
    ),
    "gates open": Kind(
        ("layers.1.transform_bias",),
        (
            ("highway-1", {}),
            ("digits, long highway", {"layers.1.transform_bias": 1.0}),
            ("digits, long highway", {"layers.1.transform_bias": 0.0}),
            ("highway-3", {"layers.1.transform_bias": 1.0}),
        ),
        ("gate", "weights", "slope"),
    ),
    "vanishing through time": Kind(
        ("layers.0.activation", "layers.0.recurrent_initializer"),
        (
            ("adding-rnn", {}),
            ("adding, from the identity", {"layers.0.activation": {"kind": "sigmoid"}}),
            ("adding, from the identity", {"layers.0.activation": {"kind": "tanh"}}),
        ),
        ("time",),
    ),
    "units dead from the start": at(
        "layers.0.bias_initializer", ("digits, ReLU", _constant(-10.0)), ("circles, ReLU", _constant(-5.0)),
        ("moons, ReLU", _constant(-8.0)), ("clusters, ELU", _constant(-30.0)),
    ),
    "units saturated from the start": at(
        "layers.0.bias_initializer", ("digits, tanh", _constant(10.0)), ("spirals, tanh", _constant(-8.0)),
        ("breast cancer, sigmoid", _constant(15.0)),
    ),
}  # fmt: skip

PLANTED: tuple[Planted, ...] = tuple(net for name, kind in KINDS.items() for net in kind.nets(name))
