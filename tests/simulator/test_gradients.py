"""Whole-network backward passes against central differences, over everything that is registered."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.layers import Dropout, Layer, Normalization
from simulator.parts.activations import Activation
from simulator.parts.losses import Loss
from simulator.schema.parameter import kinds
from tests.simulator.differences import TOLERANCE, bench, check, plain, relative_error
from tests.thinned import thinned

ACTIVATIONS = sorted(kinds(Activation))
LOSSES = sorted(kinds(Loss))
NORMS: list[dict[str, Any]] = [
    {"kind": "none"},
    {"kind": "batch", "position": "before"},
    {"kind": "batch", "position": "after"},
    {"kind": "layer", "position": "before"},
    {"kind": "layer", "position": "after"},
    {"kind": "weight"},
]
DROPOUTS: list[dict[str, Any]] = [{"kind": "none"}, {"kind": "inverted", "rate": 0.3}, {"kind": "classic", "rate": 0.3}]


def test_the_options_below_are_all_that_is_registered() -> None:
    assert {norm["kind"] for norm in NORMS} == set(kinds(Normalization))
    assert {dropout["kind"] for dropout in DROPOUTS} == set(kinds(Dropout))


@pytest.mark.parametrize(
    ("activation", "norm", "dropout"), thinned(ACTIVATIONS, range(len(NORMS)), range(len(DROPOUTS)))
)
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


SMALL: dict[str, dict[str, Any]] = {
    "dense": {"units": 4},
    "maxout": {"units": 4},
    "highway": {"units": 3},
    "residual": {"layers": [{"kind": "dense", "units": 3}]},
    "recurrent": {"units": 3},
    "gru": {"units": 3},
    "lstm": {"units": 3},
}
"""What keeps a kind's check small, or makes it fit three inputs."""
SHAPES: dict[str, tuple[int, ...]] = {
    "convolution": (2, 4, 4), "pooling": (2, 4, 4), "flatten": (2, 3, 3),
    "recurrent": (4, 2), "gru": (4, 2), "lstm": (4, 2),
}  # fmt: skip
"""Samples of the kinds that do not take a vector."""


@pytest.mark.parametrize("kind", sorted(kinds(Layer)))
def test_every_kind_of_layer_at_its_defaults(kind: str) -> None:
    layer = {"kind": kind} | SMALL.get(kind, {})
    check(bench(plain([layer], "mse", 1, "regression"), SHAPES.get(kind, (3,)), 1, 5, 1))


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
        if "position" in layer["normalization"]:  # type: ignore[operator]
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
