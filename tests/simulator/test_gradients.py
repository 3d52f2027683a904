"""Whole-network backward passes against central differences, over everything that is registered."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.activations import Activation
from simulator.experiment import Experiment
from simulator.layers import Dropout, Layer, Normalization
from simulator.losses import Loss
from simulator.network import Network
from simulator.numeric import Array
from simulator.parameter import kinds

TOLERANCE = 1e-6
KINKED = {"relu", "leaky_relu", "elu", "selu"}
"""Whose slope or curvature jumps at 0: a difference must not step over it."""
STEP = 1e-5
CLEARANCE = 1e-2

ACTIVATIONS = sorted(kinds(Activation))
LOSSES = sorted(kinds(Loss))
NORMS: list[dict[str, Any]] = [
    {"kind": "none"},
    {"kind": "batch", "position": "before"},
    {"kind": "batch", "position": "after"},
]
DROPOUTS: list[dict[str, Any]] = [{"kind": "none"}, {"kind": "inverted", "rate": 0.3}, {"kind": "classic", "rate": 0.3}]


def test_the_options_below_are_all_that_is_registered() -> None:
    assert {norm["kind"] for norm in NORMS} == set(kinds(Normalization))
    assert {dropout["kind"] for dropout in DROPOUTS} == set(kinds(Dropout))


@dataclass
class Bench:
    """A network in float64 with random parameters, one batch and its targets."""

    network: Network
    y: Array

    def loss(self) -> float:
        with np.errstate(all="ignore"):
            self.network.forward(training=True)
        return math.fsum(self.network.output.sample_losses(self.y)) / self.network.batch

    def analytic(self) -> Array:
        with np.errstate(all="ignore"):
            self.network.forward(training=True)
            self.network.backward(self.y)
        return self.network.parameters.gradient.copy()

    def numeric(self, step: float = STEP) -> Array:
        """Central differences of fourth order, parameter by parameter."""
        value = self.network.parameters.value
        gradient = np.empty_like(value)
        for i in range(value.size):
            kept = value[i]
            terms = []
            for shift, weight in ((1, 8), (-1, -8), (2, -1), (-2, 1)):
                value[i] = kept + shift * step
                terms.append(weight * self.loss())
            value[i] = kept
            gradient[i] = math.fsum(terms) / (12 * step)
        return gradient


def plain(
    layers: list[dict[str, Any]], loss: str, seed: int, task: str = "classification", classes: int = 3
) -> dict[str, Any]:
    data: dict[str, Any] = {"kind": "plane"} if task == "regression" else {"kind": "gaussian", "classes": classes}
    return {"precision": "float64", "seed": seed, "data": data, "layers": layers, "loss": {"kind": loss}}


def bench(experiment: dict[str, Any], inputs: int, outputs: int, batch: int, seed: int, margin: bool = True) -> Bench:
    """Parameters and data drawn until no pre-activation of a kinked layer lies near its kink."""
    described = Experiment.from_builtins(experiment)
    rng = np.random.default_rng(seed)
    for _ in range(500):
        network = Network(described, (inputs,), outputs, batch)
        value = network.parameters.value
        value[...] = rng.normal(0, 0.7, value.size)
        network.input[:-1] = rng.standard_normal((inputs, batch))
        if described.data.task == "classification":
            y = np.eye(outputs)[:, rng.integers(0, outputs, batch)]
        else:
            y = rng.standard_normal((outputs, batch))
        found = Bench(network, y)
        found.loss()
        if not margin or all(_clear(network, i) for i in range(len(network.modules))):
            return found
    raise AssertionError("no draw keeps clear of the kinks")


def _clear(network: Network, layer: int) -> bool:
    tap = network.taps[layer]
    return tap.info.activation not in KINKED or float(np.abs(tap.z).min()) > CLEARANCE


def relative_error(a: Array, b: Array) -> float:
    return float(np.linalg.norm(a - b) / (np.linalg.norm(a) + np.linalg.norm(b)))


def check(found: Bench) -> None:
    analytic, numeric = found.analytic(), found.numeric()
    assert np.linalg.norm(analytic) > 1e-4, "a gradient of 0 would prove nothing"
    assert relative_error(analytic, numeric) <= TOLERANCE
    for block in found.network._blocks():  # Small blocks do not hide behind large ones.
        start = (block.gradient.ctypes.data - found.network.parameters.gradient.ctypes.data) // 8
        here = slice(start, start + block.size)
        np.testing.assert_allclose(
            analytic[here], numeric[here], rtol=1e-5, atol=1e-7 * np.linalg.norm(analytic), err_msg=block.name
        )


@pytest.mark.parametrize(("norm", "dropout"), list(itertools.product(range(len(NORMS)), range(len(DROPOUTS)))))
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_activation_with_every_layer_option(activation: str, norm: int, dropout: int) -> None:
    layer = {
        "kind": "dense", "units": 4, "activation": {"kind": activation},
        "normalization": NORMS[norm], "dropout": DROPOUTS[dropout],
    }  # fmt: skip
    seed = 100 * norm + 10 * dropout
    check(bench(plain([layer, {**layer, "units": 3}], "softmax_cross_entropy", seed), 3, 3, 4, seed))


@pytest.mark.parametrize("activation", ["tanh", "relu", "gelu"])
@pytest.mark.parametrize(("loss", "task"), [(loss, task) for loss in LOSSES for task in kinds(Loss)[loss].tasks])
def test_every_loss_and_task(loss: str, task: str, activation: str) -> None:
    layer = {"kind": "dense", "units": 5, "activation": {"kind": activation}, "dropout": DROPOUTS[1]}
    outputs = 3 if task == "classification" else 2
    check(bench(plain([layer], loss, 3, task), 4, outputs, 6, 3))


@pytest.mark.parametrize("kind", sorted(kinds(Layer)))
def test_every_kind_of_layer_at_its_defaults(kind: str) -> None:
    layer: dict[str, Any] = {"kind": kind} | ({"units": 4} if kind == "dense" else {})
    check(bench(plain([layer], "mse", 1, "regression"), 3, 1, 5, 1))


@settings(max_examples=25, deadline=None, derandomize=True)
@given(
    widths=st.lists(st.integers(1, 5), min_size=0, max_size=3),
    inputs=st.integers(1, 4),
    outputs=st.integers(2, 4),
    batch=st.integers(2, 6),
    choices=st.lists(
        st.tuples(st.sampled_from(ACTIVATIONS), st.sampled_from(NORMS), st.sampled_from(DROPOUTS)),
        min_size=3, max_size=3,
    ),
    loss=st.sampled_from(LOSSES),
    seed=st.integers(0, 10**6),
)  # fmt: skip
def test_random_stacks(
    widths: list[int],
    inputs: int,
    outputs: int,
    batch: int,
    choices: list[tuple[str, dict[str, Any], dict[str, Any]]],
    loss: str,
    seed: int,
) -> None:
    layers = [
        {"kind": "dense", "units": width, "activation": {"kind": a}, "normalization": norm, "dropout": dropout}
        for width, (a, norm, dropout) in zip(widths, choices, strict=False)
    ]
    # A large epsilon keeps two equal samples from making batch norm arbitrarily steep.
    for layer in layers:
        if layer["normalization"]["kind"] == "batch":  # type: ignore[index]
            layer["normalization"] = {**layer["normalization"], "epsilon": 0.1}  # type: ignore[dict-item]
    found = bench(plain(layers, loss, seed), inputs, outputs, batch, seed)
    analytic, numeric = found.analytic(), found.numeric()
    if np.linalg.norm(analytic) > 1e-7:
        assert relative_error(analytic, numeric) <= TOLERANCE


@pytest.mark.parametrize("dropout", DROPOUTS[1:])
def test_the_difference_sees_the_very_mask_that_backward_used(dropout: dict[str, Any]) -> None:
    layer = {"kind": "dense", "units": 30, "activation": {"kind": "tanh"}, "dropout": dropout}
    found = bench(plain([layer], "mse", 5, "regression"), 3, 1, 4, 5)
    stage = found.network.modules[0].dropout  # type: ignore[attr-defined]
    assert 0 < np.count_nonzero(stage.mask == 0) < stage.mask.size
    check(found)
    found.network.commit()
    other = found.analytic()
    assert relative_error(other, found.numeric()) <= TOLERANCE


def test_the_gradient_of_a_penalty_is_no_part_of_it() -> None:
    layer = {"kind": "dense", "units": 4, "activation": {"kind": "tanh"}}
    bare = plain([layer], "softmax_cross_entropy", 2)
    with_penalty = bare | {"regularization": {"l1": 0.5, "l2": 0.5, "clip_norm": 1e-3, "clip_value": 1e-4}}
    np.testing.assert_array_equal(bench(bare, 3, 3, 4, 2).analytic(), bench(with_penalty, 3, 3, 4, 2).analytic())


def test_delta_and_bias_gradient_agree() -> None:
    layer = {"kind": "dense", "units": 4, "activation": {"kind": "tanh"}}
    found = bench(plain([layer, layer], "softmax_cross_entropy", 2), 3, 3, 5, 2)
    found.analytic()
    for tap in found.network.taps:
        np.testing.assert_allclose(tap.delta.sum(axis=1), tap.bias_gradient, rtol=1e-12)
