"""Small nets that learn: what the doctor must be silent about, and what sick nets are made from by one bad setting."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from simulator.experiment.experiment import Experiment
from simulator.experiment.files import find

Plain = dict[str, Any]
TABLES = Path(__file__).parent / "tables"
PRESETS = ("spiral", "plane", "sigmoid-batch-norm", "edge-of-chaos", "deep-residual", "highway-3", "convolution")
"""Those that learn within the steps of the measurement and are small enough for it."""


def dense(activation: str, units: int, repeat: int = 1, **changes: Any) -> Plain:
    """Dense layers whose weights fit their activation."""
    initializer = "he_normal" if activation in ("relu", "leaky_relu", "gelu", "silu", "elu") else "glorot_normal"
    initializer = "lecun_normal" if activation == "selu" else initializer
    plain = {"kind": "dense", "activation": {"kind": activation}, "initializer": {"kind": initializer}}
    return {**plain, "units": units, "repeat": repeat, **changes}


def norm(kind: str) -> Plain:
    return {"normalization": {"kind": kind}}


def residual(units: int, repeat: int, activation: str = "relu") -> Plain:
    """Blocks of two layers whose branches are divided by the root of their number."""
    inner = [dense(activation, units), dense("linear", units)]
    return {"kind": "residual", "layers": inner, "repeat": repeat, "scale": "sqrt_depth"}


def highway(units: int, repeat: int, activation: str = "tanh", bias: float = -3.0) -> Plain:
    return {"kind": "highway", "units": units, "repeat": repeat, "transform_bias": bias,
            "activation": {"kind": activation}}  # fmt: skip


def table(name: str, task: str = "regression", **changes: Any) -> Plain:
    """One of the tables beside this file."""
    return {"kind": "csv", "path": str(TABLES / f"{name}.csv"), "target": "y", "task": task, **changes}


def net(data: Plain | str, layers: list[Plain], rate: float, optimizer: Plain | str = "sgd", **changes: Any) -> Plain:
    """An experiment's plain form; batches of 64."""
    return {
        "data": _part(data),
        "layers": layers,
        "optimizer": {**_part(optimizer), "learning_rate": rate},
        "batch_size": 64,
        **changes,
    }


def _part(given: Plain | str) -> Plain:
    return {"kind": given} if isinstance(given, str) else given


def _adam(data: Plain | str, layers: list[Plain], rate: float = 0.01, **changes: Any) -> Plain:
    return net(data, layers, rate, "adam", **changes)


_SINE: Plain = {"kind": "sine", "steps": 15, "samples": 500}
_ADDING: Plain = {"kind": "adding", "steps": 8, "samples": 1000}
_ADDING_20: Plain = {"kind": "adding", "steps": 20, "samples": 1000}
_FROM_IDENTITY: Plain = {
    "kind": "recurrent", "units": 24, "activation": {"kind": "relu"},
    "initializer": {"kind": "normal", "std": 0.05}, "recurrent_initializer": {"kind": "identity"},
}  # fmt: skip
_SIGMOID_MSE = {"loss": {"kind": "sigmoid_mse"}}
_CONVOLUTION: list[Plain] = [
    {"kind": "convolution", "channels": 6, "activation": {"kind": "relu"}, "initializer": {"kind": "he_normal"}},
    {"kind": "pooling"},
]

NETS: dict[str, Plain] = {
    "digits, tanh": net("digits", [dense("tanh", 24, 2)], 0.1),
    "digits, deep tanh": net("digits", [dense("tanh", 24, 8)], 0.1),
    "digits, ReLU": net("digits", [dense("relu", 24, 3)], 0.1),
    "digits, deep ReLU": net("digits", [dense("relu", 32, 10)], 0.05),
    "digits, very deep ReLU": net("digits", [dense("relu", 32, 24)], 0.001, "adam"),
    "digits, sigmoid": net("digits", [dense("sigmoid", 24)], 0.5),
    "digits, GELU, AdamW": net("digits", [dense("gelu", 24, 3)], 0.003, "adamw"),
    "digits, SELU, momentum": net("digits", [dense("selu", 24, 4)], 0.02, {"kind": "sgd", "momentum": 0.9}),
    "digits, batch norm": net("digits", [dense("relu", 24, 4, **norm("batch"))], 0.1),
    "digits, sigmoid, batch norm": net("digits", [dense("sigmoid", 24, 5, **norm("batch"))], 0.3),
    "digits, layer norm": net("digits", [dense("tanh", 24, 4, **norm("layer"))], 0.1),
    "digits, weight norm": net("digits", [dense("relu", 24, 3, **norm("weight"))], 0.1),
    "digits, dropout": net("digits", [dense("relu", 64, 2, dropout={"kind": "inverted", "rate": 0.2})], 0.1),
    "digits, maxout": net("digits", [{"kind": "maxout", "units": 16, "repeat": 2}], 0.1),
    "digits, residual": net("digits", [dense("relu", 24), residual(24, 8)], 0.1),
    "digits, long residual": net("digits", [dense("tanh", 16), residual(16, 40)], 0.1),
    "digits, highway": net("digits", [dense("tanh", 24), highway(24, 10)], 0.1),
    "digits, long highway": net("digits", [dense("tanh", 16), highway(16, 30)], 0.003, "adam"),
    "digits, convolution": _adam("digits", [*_CONVOLUTION, dense("relu", 24)]),
    "digits, squared error": net("digits", [dense("tanh", 24, 2)], 0.1, loss={"kind": "mse"}),
    "digits, sigmoid cross-entropy": net("digits", [dense("tanh", 24, 2)], 0.1, loss={"kind": "sigmoid_cross_entropy"}),
    "digits, label noise": net({"kind": "digits", "label_noise": 0.1}, [dense("relu", 24, 2)], 0.1),
    "digits, batch of 8": net("digits", [dense("tanh", 24, 2)], 0.03, batch_size=8),
    "digits, RMSProp": net("digits", [dense("relu", 24, 2)], 0.003, "rmsprop"),
    "digits, cosine": net("digits", [dense("relu", 24, 2)], 0.2, schedule={"kind": "cosine", "t_max": 500}),
    "digits, one cycle": net(
        "digits", [dense("tanh", 24, 2)], 0.1, schedule={"kind": "one_cycle", "max_lr": 0.3, "total_steps": 500}
    ),
    "digits, warm-up": _adam("digits", [dense("silu", 24, 3)], schedule={"kind": "warmup", "total_iters": 30}),
    "moons, tanh": _adam("moons", [dense("tanh", 8, 2)], 0.02),
    "moons, SGD": net("moons", [dense("tanh", 16, 2)], 0.5),
    "moons, ReLU": _adam("moons", [dense("relu", 16, 3)]),
    "moons, batch norm": net("moons", [dense("relu", 8, 3, **norm("batch"))], 0.1),
    "moons, layer norm": _adam("moons", [dense("tanh", 8, **norm("layer"))], 0.02),
    "moons, sigmoid squared error": _adam("moons", [dense("tanh", 12, 2)], 0.02, **_SIGMOID_MSE),
    "circles, sigmoid squared error": net("circles", [dense("tanh", 16, 2)], 1.0, **_SIGMOID_MSE),
    "digits, sigmoid squared error": net("digits", [dense("tanh", 24)], 1.0, **_SIGMOID_MSE),
    "moons, noisy": _adam({"kind": "moons", "noise": 0.3}, [dense("tanh", 8, 2)]),
    "circles, ReLU": _adam("circles", [dense("relu", 16, 2)]),
    "circles, softplus": _adam("circles", [dense("softplus", 16, 2)]),
    "circles, Nesterov": net(
        "circles", [dense("tanh", 16, 2)], 0.1, {"kind": "sgd", "momentum": 0.9, "nesterov": True}
    ),
    "spirals, tanh": _adam("spirals", [dense("tanh", 32, 3)]),
    "xor, leaky ReLU": _adam("xor", [dense("leaky_relu", 12, 2)]),
    "clusters, ELU": net("clusters", [dense("elu", 12, 2)], 0.1),
    "clusters, no hidden layer": net("clusters", [], 0.5),
    "wine, ReLU": net("wine", [dense("relu", 16, 2)], 0.1, batch_size=32),
    "wine, AdaGrad": net("wine", [dense("tanh", 16, 2)], 0.05, "adagrad", batch_size=32),
    "breast cancer, sigmoid": net("breast_cancer", [dense("sigmoid", 16, 2)], 0.5, batch_size=32),
    "breast cancer, tanh": net("breast_cancer", [dense("tanh", 16, 3)], 0.05, batch_size=32),
    "unequal classes": _adam(table("unequal", "classification"), [dense("relu", 16, 2)]),
    "plane, tanh": net("plane", [dense("tanh", 8, 2)], 0.05),
    "plane, ReLU": _adam("plane", [dense("relu", 16, 2)]),
    "diabetes, tanh": net("diabetes", [dense("tanh", 12)], 0.05, batch_size=32),
    "large targets, scaled": net(table("large_targets"), [dense("tanh", 16, 2)], 0.1, batch_size=32),
    "large inputs, scaled": net(table("large_inputs", "classification"), [dense("tanh", 16, 2)], 0.1, batch_size=32),
    "sine, GRU": _adam(_SINE, [{"kind": "gru", "units": 12}]),
    "sine, LSTM": _adam(_SINE, [{"kind": "lstm", "units": 12}]),
    "sine, recurrent": _adam(_SINE, [{"kind": "recurrent", "units": 16}]),
    "digit rows, recurrent": _adam("digit_rows", [{"kind": "recurrent", "units": 24}], 0.005),
    "digit rows, recurrent, SGD": net("digit_rows", [{"kind": "recurrent", "units": 24}], 0.1),
    "adding, GRU": _adam(_ADDING, [{"kind": "gru", "units": 16}], 0.02),
    "adding, from the identity": _adam(_ADDING_20, [_FROM_IDENTITY], 0.003, regularization={"clip_norm": 1.0}),
}


HEALTHY = (*PRESETS, *NETS)


def named(name: str) -> Experiment:
    """One of ``NETS``, or a preset."""
    return Experiment.from_builtins({"name": name, **NETS[name]}) if name in NETS else find(name)
