"""Dropout: its two forms, its masks' life, and its live rate."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from simulator.arrays.arena import Arena
from simulator.arrays.numeric import Array, Stream, stream
from simulator.experiment.experiment import Experiment
from simulator.layers.dropout import ClassicDropout, DropoutStage, InvertedDropout
from simulator.training.training import Training

UNITS, SAMPLES = 100, 400


def stage(spec: InvertedDropout | ClassicDropout, precision: str = "float64") -> DropoutStage:
    made = spec.stage()
    made.allocate((UNITS, SAMPLES), Arena(np.dtype(precision), 10**5))
    made.rng = stream(0, Stream.DROPOUT, 0)
    return made


def forward(made: DropoutStage, x: Array, training: bool = True) -> Array:
    out = np.empty_like(x)
    made.forward(x, out, training)
    return out


ONES = np.ones((UNITS, SAMPLES))


@pytest.mark.parametrize("rate", [0.0, 0.1, 0.5, 0.95])
def test_inverted_scales_up_in_training_and_does_nothing_in_evaluation(rate: float) -> None:
    made = stage(InvertedDropout(rate=rate))
    out = forward(made, ONES)
    np.testing.assert_allclose(np.unique(out[out != 0]), 1 / (1 - rate))
    assert abs(out.mean() - 1) < 5 * np.sqrt(rate / (1 - rate) / out.size) + 1e-12
    np.testing.assert_array_equal(forward(made, ONES, training=False), ONES)


@pytest.mark.parametrize("rate", [0.0, 0.1, 0.5, 0.95])
def test_classic_keeps_the_scale_in_training_and_scales_down_in_evaluation(rate: float) -> None:
    made = stage(ClassicDropout(rate=rate))
    out = forward(made, ONES)
    np.testing.assert_array_equal(np.unique(out[out != 0]), 1)
    assert abs(out.mean() - (1 - rate)) < 5 * np.sqrt(rate * (1 - rate) / out.size) + 1e-12
    np.testing.assert_array_equal(forward(made, ONES, training=False), np.full_like(ONES, 1 - rate))


@pytest.mark.parametrize("spec", [InvertedDropout(rate=0.4), ClassicDropout(rate=0.4)])
def test_training_and_evaluation_agree_in_the_mean(spec: InvertedDropout | ClassicDropout) -> None:
    made = stage(spec)
    total = np.zeros_like(ONES)
    for _ in range(200):
        total += forward(made, ONES)
        made.commit()
    assert abs(total.mean() / 200 - forward(made, ONES, training=False).mean()) < 1e-3


def test_the_mask_repeats_within_a_step_and_differs_between_steps() -> None:
    made = stage(InvertedDropout(rate=0.5))
    first = forward(made, ONES)
    forward(made, ONES, training=False)
    np.testing.assert_array_equal(forward(made, ONES), first)
    made.commit()
    assert 0.4 < np.mean(forward(made, ONES) != first) < 0.6


def test_the_gradient_goes_through_the_forward_mask() -> None:
    made = stage(InvertedDropout(rate=0.5))
    out = forward(made, ONES)
    gradient = np.empty_like(ONES)
    made.backward(3 * ONES, gradient)
    np.testing.assert_array_equal(gradient, 3 * out)


def test_both_precisions_drop_the_same_units() -> None:
    wide, narrow = stage(InvertedDropout(rate=0.3)), stage(InvertedDropout(rate=0.3), "float32")
    np.testing.assert_array_equal(forward(wide, ONES) == 0, forward(narrow, ONES.astype(np.float32)) == 0)


def test_a_new_rate_acts_within_the_step_and_a_higher_one_only_drops_more() -> None:
    made = stage(InvertedDropout(rate=0.2))
    low = forward(made, ONES)
    made.update_spec(InvertedDropout(rate=0.6))
    high = forward(made, ONES)
    assert abs(np.mean(high == 0) - 0.6) < 0.02
    assert not np.any((low == 0) & (high != 0))
    np.testing.assert_allclose(np.unique(high), [0, 2.5])


def experiment(kind: str = "inverted", rate: float = 0.5, seed: int = 0, **more: Any) -> Experiment:
    layer = {"kind": "dense", "units": 40, "dropout": {"kind": kind, "rate": rate}}
    return Experiment.from_builtins(
        {"seed": seed, "data": {"kind": "moons"}, "layers": [layer, layer], "batch_size": 32, **more}
    )


def masks(training: Training) -> list[Array]:
    return [module.dropout.mask.copy() for module in training.network.modules]  # type: ignore[attr-defined]


def test_layers_seeds_and_steps_draw_masks_of_their_own() -> None:
    training, other = Training(experiment()), Training(experiment(seed=1))
    training.look()
    other.look()
    first, second = masks(training)
    assert np.any(first != second)
    assert np.any(first != masks(other)[0])
    training.propose()
    np.testing.assert_array_equal(masks(training)[0], first)
    training.apply()
    training.look()
    assert np.any(masks(training)[0] != first)


def test_a_live_rate_is_used_by_the_very_next_step() -> None:
    training = Training(experiment(rate=0.5))
    training.propose()
    training.apply()
    changed = experiment(rate=0.1)
    assert training.accepts(changed)
    training.update_spec(changed)
    training.propose()
    assert abs(np.mean(masks(training)[0] == 0) - 0.1) < 0.04
    training.apply()


def test_a_change_of_form_needs_a_rebuild() -> None:
    assert not Training(experiment("inverted")).accepts(experiment("classic"))


def test_validation_scales_classic_dropout_once() -> None:
    training = Training(experiment("classic", 0.25, precision="float64"))
    kernels = [m.affine.block.value for m in training.network.modules]  # type: ignore[attr-defined]
    signal = training.data.x_val
    for kernel in kernels:
        signal = 0.75 * np.tanh(kernel[:-1].T @ signal + kernel[-1][:, None])
    kernel = training.network.output.affine.block.value
    z = kernel[:-1].T @ signal + kernel[-1][:, None]
    p = np.exp(z) / np.exp(z).sum(axis=0)
    want = -np.log((p * training.data.y_val).sum(axis=0)).mean()
    assert training.evaluator.validation()["validation_loss"] == pytest.approx(want, rel=1e-10)
