"""Maxout: the largest of k affine pieces, forward and back."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.experiment.experiment import Experiment
from simulator.layers.maxout import MaxoutModule
from simulator.measures import NAMES
from simulator.network.network import Network
from simulator.training.training import Training
from tests.simulator.differences import TOLERANCE, bench, check, clear_maximum, plain, relative_error

PLACED = [(kind, position) for kind in ("batch", "layer") for position in ("before", "after")]
NORMS: list[dict[str, Any]] = [
    {"kind": "none"},
    *({"kind": kind, "position": position, "epsilon": 0.1} for kind, position in PLACED),
    {"kind": "weight"},
]


def clear(network: Network) -> bool:
    found = [module for module in network.modules if isinstance(module, MaxoutModule)]
    return all(len(module.pieces) == 1 or clear_maximum(module.pieces) for module in found)


def layer(units: int, **fields: Any) -> dict[str, Any]:
    return {"kind": "maxout", "units": units, **fields}


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    widths=st.lists(st.tuples(st.integers(1, 4), st.integers(1, 4)), min_size=1, max_size=2),
    inputs=st.integers(1, 4),
    batch=st.integers(2, 5),
    norms=st.lists(st.sampled_from(NORMS), min_size=2, max_size=2),
    dropout=st.sampled_from([{"kind": "none"}, {"kind": "inverted", "rate": 0.3}, {"kind": "classic", "rate": 0.3}]),
    seed=st.integers(0, 10**6),
)
def test_gradients_of_any_shape_and_option(
    widths: list[tuple[int, int]],
    inputs: int,
    batch: int,
    norms: list[dict[str, Any]],
    dropout: dict[str, Any],
    seed: int,
) -> None:
    layers = [
        layer(units, pieces=pieces, normalization=norm, dropout=dropout)
        for (units, pieces), norm in zip(widths, norms, strict=False)
    ]
    found = bench(plain(layers, "mse", seed, "regression"), inputs, 2, batch, seed, clear=clear)
    analytic, numeric = found.analytic(), found.numeric()
    if np.linalg.norm(analytic) > 1e-7:
        assert relative_error(analytic, numeric) <= TOLERANCE


@pytest.mark.parametrize("norm", NORMS, ids=lambda norm: f"{norm['kind']}-{norm.get('position')}")
def test_every_block_is_right_under_every_norm(norm: dict[str, Any]) -> None:
    layers = [layer(4, pieces=3, normalization=norm), layer(3, normalization=norm)]
    check(bench(plain(layers, "mse", 2, "regression"), 3, 1, 5, 2, clear=clear))


def training(**fields: Any) -> Training:
    layers = [layer(5, pieces=3, **fields), layer(4, pieces=2, **fields)]
    return Training(
        Experiment.from_builtins(
            {"precision": "float64", "data": {"kind": "moons", "samples": 60}, "layers": layers, "batch_size": 16}
        )
    )


def test_the_output_is_the_largest_piece_and_only_that_piece_learns() -> None:
    made = training()
    made.look()
    module: Any = made.network.modules[0]
    tap = made.network.taps[0]
    kernel = module.affine.block.value
    pieces = (kernel[:-1].T @ made.network.input[:-1] + kernel[-1][:, None]).reshape(3, 5, 16)
    np.testing.assert_allclose(tap.a, pieces.max(axis=0), rtol=1e-12)
    winner = pieces.argmax(axis=0)
    gradient = module.affine.block.gradient[-1].reshape(3, 5)
    for piece in range(3):
        np.testing.assert_allclose(gradient[piece], np.where(winner == piece, tap.delta, 0).sum(axis=1), atol=1e-15)
    assert len(np.unique(winner)) == 3


def test_the_tap_shows_the_winning_piece_with_slope_1_and_the_whole_kernel() -> None:
    made = training()
    made.look()
    tap = made.network.taps[0]
    assert tap.z is not None
    assert tap.weights is not None
    np.testing.assert_array_equal(tap.z, tap.a)
    np.testing.assert_array_equal(tap.slope, np.ones((5, 16)))
    assert tap.weights.shape == (2, 15)
    assert (tap.info.kind, tap.info.activation, tap.info.units) == ("maxout", "", 5)
    for name in ("activation_saturated", "activation_dead"):
        assert made.values[NAMES.index(name), 0] == 0


def test_equal_pieces_let_the_first_one_win() -> None:
    made = training(initializer={"kind": "constant", "value": 0.5})
    made.look()
    gradient = made.network.modules[0].affine.block.gradient.reshape(3, 3, 5)  # type: ignore[attr-defined]
    assert np.any(gradient[:, 0])
    assert not np.any(gradient[:, 1:])


def test_one_piece_is_a_linear_layer() -> None:
    losses = []
    for first in (layer(6, pieces=1), {"kind": "dense", "units": 6, "activation": {"kind": "linear"}}):
        made = Training(
            Experiment.from_builtins({"precision": "float64", "data": {"kind": "moons"}, "layers": [first, first]})
        )
        for _ in range(5):
            made.propose()
            made.apply()
        made.look()
        losses.append(made.loss)
    assert losses[0] == pytest.approx(losses[1], rel=1e-12)


def test_each_piece_is_drawn_with_the_fans_of_a_layer_of_its_own() -> None:
    described = Experiment.from_builtins(
        {"data": {"kind": "gaussian", "features": 300},
         "layers": [layer(300, pieces=4, initializer={"kind": "orthogonal"})]}
    )  # fmt: skip
    kernel = Training(described).network.modules[0].affine.block.value[:-1]  # type: ignore[attr-defined]
    for piece in np.split(kernel, 4, axis=1):
        np.testing.assert_allclose(piece.T @ piece, np.eye(300), atol=1e-4)
    glorot = Training(described.with_values([("layers.0.initializer", {"kind": "glorot_normal"})]))
    kernel = glorot.network.modules[0].affine.block.value[:-1]  # type: ignore[attr-defined]
    assert kernel.var() == pytest.approx(2 / 600, rel=0.02)


def test_an_infinite_delta_does_not_leak_to_losing_pieces() -> None:
    made = training()
    made.look()
    module: Any = made.network.modules[0]
    with np.errstate(all="ignore"):
        module.backward(np.full((5, 16), np.inf))
    counts = np.isinf(module.piece_delta).sum(axis=0)
    np.testing.assert_array_equal(counts, 1)
    assert not np.isnan(module.piece_delta).any()
