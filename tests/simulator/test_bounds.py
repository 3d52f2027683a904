"""Bounds (A) and (B) over hundreds of random networks, and spectral norms against a singular value decomposition."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from simulator.arrays.numeric import Array
from simulator.experiment.experiment import Experiment
from simulator.observations.bounds import BoundsObservation
from simulator.observations.observer import observed
from simulator.parts.activations import Activation
from simulator.schema.parameter import kinds
from simulator.theory.bounds import Bounds, bounds_of, obstacle, spectral_norm
from simulator.training.training import Training

Plain = dict[str, Any]
DRAWS = ("normal", "he_normal", "glorot_uniform", "orthogonal", "constant", "lsuv", "variance_scaled")
LOSSES = ("softmax_cross_entropy", "sigmoid_cross_entropy", "mse", "sigmoid_mse")


def random_net(seed: int) -> Plain:
    rng = np.random.default_rng(seed)
    activations = list(kinds(Activation))
    draw = str(rng.choice(DRAWS))
    initializer: Plain = {"kind": draw}
    if draw == "normal":
        initializer["std"] = float(10 ** rng.uniform(-2, 0.5))
    layers = [
        {
            "kind": "dense", "units": int(rng.integers(1, 20)), "initializer": initializer,
            "activation": {"kind": str(rng.choice(activations))},
            "bias_initializer": {"kind": "normal", "std": float(rng.uniform(0, 1))},
            "normalization": {"kind": "weight" if rng.random() < 0.2 else "none"},
        }
        for _ in range(rng.integers(0, 7))
    ]  # fmt: skip
    return {
        "data": {"kind": "moons", "samples": 20}, "layers": layers, "seed": seed, "precision": "float64",
        "batch_size": 1, "loss": {"kind": str(rng.choice(LOSSES))},
    }  # fmt: skip


def looked(plain: Plain) -> Training:
    training = Training(Experiment.from_builtins(plain))
    training.look()
    return training


def measured(training: Training) -> Bounds:
    return bounds_of(training.network, int(training.batch[0]))


@pytest.mark.parametrize("block", range(8))
def test_both_bounds_hold_for_random_networks(block: int) -> None:
    for seed in range(40 * block, 40 * block + 40):
        training = looked(random_net(seed))
        found = measured(training)
        assert found.sample == training.batch[0]
        # With a batch of one sample the gradients of the network are those of the sample.
        weights = [float(np.linalg.norm(np.asarray(tap.weight_gradient))) for tap in training.network.taps]
        biases = [float(np.linalg.norm(np.asarray(tap.bias_gradient))) for tap in training.network.taps]
        assert found.bias_gradient_norm == pytest.approx(biases, rel=1e-12)
        assert found.weight_gradient_norm == pytest.approx(weights, rel=1e-12)
        assert found.bias_gradient_norm * found.input_norm == pytest.approx(weights, rel=1e-12, abs=1e-300)
        assert (found.bias_gradient_norm <= found.bound * (1 + 1e-12)).all()
        assert found.bound[-1] == pytest.approx(found.bias_gradient_norm[-1])


def test_linear_units_in_a_chain_of_rotations_meet_the_bound() -> None:
    layer = {"kind": "dense", "units": 10, "activation": {"kind": "linear"}, "initializer": {"kind": "orthogonal"}}
    output = {"initializer": {"kind": "orthogonal"}}
    plain = {"data": {"kind": "digits"}, "layers": [{**layer, "repeat": 5}], "output": output, "precision": "float64"}
    assert measured(looked(plain)).slack == pytest.approx(np.zeros(6), abs=1e-9)


def test_the_first_sample_of_a_batch_is_measured() -> None:
    plain = random_net(3)
    whole = looked({**plain, "batch_size": 8})
    alone = looked({**plain, "batch_size": 1})
    assert whole.batch[0] == alone.batch[0]
    first, same = measured(whole), measured(alone)
    assert first.bias_gradient_norm == pytest.approx(same.bias_gradient_norm, rel=1e-9)
    assert first.bound == pytest.approx(same.bound, rel=1e-9)


@pytest.mark.parametrize(
    ("layer", "words"),
    [
        ({"kind": "dense", "dropout": {"kind": "inverted"}}, "normalisation or dropout"),
        ({"kind": "dense", "normalization": {"kind": "batch"}}, "normalisation or dropout"),
        ({"kind": "maxout"}, "layer 1 (maxout) is not dense"),
    ],
)
def test_where_the_bound_is_not_for_it_says_why(layer: Plain, words: str) -> None:
    training = looked({"data": {"kind": "moons"}, "layers": [layer]})
    seen = observed(training, BoundsObservation().observe)
    assert seen.result is None
    assert words in seen.refusal
    assert seen.refusal == obstacle(training.network)


def test_a_network_that_has_blown_up_is_no_crash() -> None:
    training = looked(random_net(1))
    training.network.parameters.value[:] = np.nan
    training.look()
    assert np.isnan(measured(training).bound[:-1]).all()


def test_bounds_beyond_the_range_of_numbers_keep_their_slack() -> None:
    layer = {"kind": "dense", "units": 8, "initializer": {"kind": "normal", "std": 1e4}, "activation": {"kind": "tanh"}}
    found = measured(looked({"data": {"kind": "moons"}, "layers": [{**layer, "repeat": 100}], "precision": "float64"}))
    assert math.isinf(found.bound[0])
    later = np.isfinite(found.slack)
    assert later.any()
    assert (found.slack[later] >= -1e-9).all()


# -- spectral norms ----------------------------------------------------------------------------------------------


def matrices() -> list[Array]:
    rng = np.random.default_rng(8)
    shapes = [(1, 1), (3, 7), (7, 3), (64, 64), (256, 300), (400, 300), (300, 700)]
    return [rng.standard_normal(shape) * scale for shape in shapes for scale in (1.0, 1e-200, 1e150)]


@pytest.mark.parametrize("weights", matrices(), ids=lambda w: f"{w.shape}")
def test_spectral_norms_agree_with_svd(weights: Array) -> None:
    assert spectral_norm(weights) == pytest.approx(np.linalg.norm(weights, 2), rel=1e-8)


def test_large_matrices_whose_singular_values_lie_close_together_have_their_norm_too() -> None:
    rng = np.random.default_rng(9)
    u, _, v = np.linalg.svd(rng.standard_normal((400, 300)), full_matrices=False)
    for values in (np.linspace(0.999, 1, 300), np.ones(300), np.geomspace(1e-12, 1, 300)):
        assert spectral_norm((u * values) @ v) == pytest.approx(values.max(), rel=1e-8)
    assert spectral_norm(np.outer(u[:, 0], v[0])) == pytest.approx(1, rel=1e-8)


def test_no_number_has_no_spectral_norm() -> None:
    assert math.isnan(spectral_norm(np.full((2, 2), np.inf)))
    assert spectral_norm(np.zeros((3, 2))) == 0
