"""Correlations of samples through depth: against plain sums, closed forms, wide networks and what a map iterates to."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from simulator.arrays.numeric import Floats
from simulator.experiment.experiment import Experiment
from simulator.observations.correlation import CorrelationObservation, correlations
from simulator.parts.activations import Activation
from simulator.schema.parameter import kinds
from simulator.theory import mean_field
from simulator.theory.correlation import CorrelationScale, correlation_scale
from simulator.theory.order_chaos import AlikeStack
from simulator.training.training import Training
from tests.simulator.test_analysis import STACKS, training_of


def stack(kind: str, weight: float, bias: float, masking: float = 1.0) -> AlikeStack:
    activation: Activation = kinds(Activation)[kind]()
    return AlikeStack(activation, "2", weight, bias, masking, 1.0, True)


def wide(activation: str, weight: float, bias: float, seed: int = 0, **fields: Any) -> Training:
    layer = {
        "kind": "dense", "units": 400, "repeat": 10, "activation": {"kind": activation},
        "initializer": {"kind": "variance_scaled", "weight_variance": weight},
        "bias_initializer": {"kind": "normal", "std": math.sqrt(bias)},
    }  # fmt: skip
    data = {"kind": "gaussian", "features": 100, "samples": 200}
    plain = {"seed": seed, "data": data, "layers": [layer | fields], "batch_size": 32}
    training = Training(Experiment.from_builtins(plain))
    training.look()
    return training


@pytest.mark.parametrize("kind", STACKS)
def test_q_is_the_mean_product_of_two_samples_signals_in_every_layer(kind: str) -> None:
    training = training_of(**STACKS[kind])
    found = CorrelationObservation(samples=3).observe(training)
    assert found.pairs == [(0, 1), (0, 2), (1, 2)]
    assert found.samples.tolist() == training.batch[:3].tolist()
    for tap, products in zip(training.network.taps, found.products, strict=True):
        signal = tap.a if tap.z is None or len(tap.z) != len(tap.a) else tap.z
        columns = [np.ravel(signal.reshape(-1, 6)[:, sample]) for sample in range(3)]
        for a, b in np.ndindex(3, 3):
            assert products[a, b] == pytest.approx(sum(columns[a] * columns[b]) / len(columns[a]), rel=1e-9, abs=1e-12)
    both = correlations(found.products)
    assert np.diagonal(both, axis1=1, axis2=2) == pytest.approx(np.ones((len(both), 3)))
    assert (np.abs(both) <= 1 + 1e-12).all()


def test_two_alike_samples_are_one_signal_and_opposite_ones_minus_one() -> None:
    training = training_of(0, layers=[{"kind": "dense", "units": 8, "activation": {"kind": "tanh"}}])
    training.network.input[:-1, 1] = training.network.input[:-1, 0]
    training.network.input[:-1, 2] = -training.network.input[:-1, 0]
    training.network.forward()
    both = correlations(CorrelationObservation(samples=3).observe(training).products)
    assert both[:, 0, 1] == pytest.approx(np.ones(2))
    assert both[:, 0, 2] == pytest.approx(-np.ones(2)), "without biases tanh is odd"


@pytest.mark.parametrize(("activation", "weight", "bias"), [("tanh", 1.3, 0.05), ("relu", 1.5, 0.1), ("erf", 1.0, 0.2)])
def test_wide_networks_follow_the_prediction_and_its_depth_scale(activation: str, weight: float, bias: float) -> None:
    each = [CorrelationObservation(samples=8).observe(wide(activation, weight, bias, seed)) for seed in range(5)]
    assert not each[0].reason
    own, theory = (
        np.mean([correlations(products)[:10, 0, 1:].mean(axis=1) for products in both], axis=0)
        for both in ([found.products for found in each], [found.predicted for found in each])
    )
    assert own == pytest.approx(theory, abs=0.06)
    assert np.mean([found.measured_depth for found in each]) == pytest.approx(each[0].depth, rel=0.25)


def test_the_correlation_of_a_relu_stack_is_that_of_the_arc_cosine_kernel() -> None:
    found = CorrelationObservation(samples=2).observe(wide("relu", 2.0, 0.0))
    theory = correlations(found.predicted)[:, 0, 1]
    for c, following in pairwise(theory):
        wanted = (math.sqrt(1 - c * c) + c * (math.pi - math.acos(c))) / math.pi
        assert following == pytest.approx(wanted, rel=1e-9)
    assert found.depth == math.inf
    assert math.isnan(found.measured_depth), "at the edge nothing falls exponentially"


def settling() -> list[AlikeStack]:
    """Places where q and c settle within the steps that are made here: some of every activation."""
    places = [(0.3, 0.1), (0.7, 0.1), (3.0, 0.3)]
    stacks = [stack(kind, *place) for kind in sorted(kinds(Activation)) for place in places]
    return [each for each in stacks if math.isfinite(each.settled().q) and correlation_scale(each).rate < 0.8]


def test_there_is_such_a_place_for_every_activation() -> None:
    assert {each.activation.kind for each in settling()} == set(kinds(Activation))


@pytest.mark.parametrize("place", settling(), ids=lambda place: f"{place.activation.kind}-{place.weight_variance}")
def test_the_scale_is_what_a_stack_of_pairs_iterates_to(place: AlikeStack) -> None:
    """c by the trapezoid rule in two dimensions, layer after layer; its last steps shrink by χ_c."""
    scale = correlation_scale(place)
    past = iterated(place, place.settled().q, 40)
    assert past[-1] == pytest.approx(scale.settled, abs=2e-3)
    away = past - past[-1]
    shrinking = [b / a for a, b in pairwise(away) if 1e-6 < abs(a) < 1e-3]
    if shrinking:
        assert shrinking[len(shrinking) // 2] == pytest.approx(scale.rate, abs=0.02)


def iterated(place: AlikeStack, q: float, steps: int) -> Floats:
    nodes = np.linspace(-8, 8, 321)
    weights = np.exp(-nodes * nodes / 2) / np.exp(-nodes * nodes / 2).sum()
    past, c = [], 0.3
    for _ in range(steps):
        first, second = np.meshgrid(nodes, nodes, indexing="ij")
        z, other = math.sqrt(q) * first, math.sqrt(q) * (c * first + math.sqrt(max(1 - c * c, 0)) * second)
        values = [np.empty_like(z), np.empty_like(z)]
        for signal, value in zip((z, other), values, strict=True):
            place.activation.apply(signal, value)
        both = float(weights @ (values[0] * values[1]) @ weights)
        own = float(weights @ (values[0] ** 2) @ weights)
        whole = place.weight_variance * own + place.bias_variance
        c = min((place.weight_variance * both + place.bias_variance) / whole, 1)
        past.append(c)
    return np.array(past)


def test_in_order_the_scale_is_that_of_chi() -> None:
    place = stack("tanh", 1.3, 0.05)
    chi = mean_field.fixed_point(place.activation, 1.3, 0.05).chi
    found = correlation_scale(place)
    assert found.settled == 1
    assert found.rate == pytest.approx(chi, rel=1e-6)
    assert found.depth == pytest.approx(-1 / math.log(chi), rel=1e-4)


@pytest.mark.parametrize("kind", ["tanh", "erf", "softsign"])
@pytest.mark.parametrize("weight", [1.78, 3.0, 8.0])
def test_in_chaos_without_bias_odd_activations_leave_nothing_alike(kind: str, weight: float) -> None:
    """c* is 0, and no rest of rounding."""
    assert correlation_scale(stack(kind, weight, 0.0)).settled == 0


def test_dropout_keeps_samples_apart() -> None:
    """Their masks differ: 1 is no fixed point, so order has no edge (Schoenholz et al. 2017)."""
    assert correlation_scale(stack("tanh", 0.9, 0.1)).settled == 1
    assert correlation_scale(stack("tanh", 0.9, 0.1, masking=1.25)).settled < 0.95
    found = CorrelationObservation(samples=8).observe(wide("relu", 2.0, 0.0, dropout={"kind": "inverted", "rate": 0.2}))
    own = correlations(found.products)[9, 0, 1:].mean()
    assert own == pytest.approx(found.settled, abs=0.1)


def test_where_theory_says_nothing_it_says_why() -> None:
    training = training_of(**STACKS["convolution"])
    found = CorrelationObservation().observe(training)
    assert "dense layers" in found.reason
    assert "No dense hidden layer" in found.scale_reason
    assert np.isnan(found.predicted).all()
    assert math.isnan(found.measured_depth)
    with pytest.raises(ValueError, match="of two samples"):
        CorrelationObservation().observe(training_of(batch_size=1))


@pytest.mark.parametrize("repeat", [1, 2])
def test_of_too_few_layers_no_depth_is_measured(repeat: int) -> None:
    drawn = {"initializer": {"kind": "normal", "std": 0.1}, "bias_initializer": {"kind": "normal", "std": 0.3}}
    layer = {"kind": "dense", "units": 20, "repeat": repeat, **drawn}
    found = CorrelationObservation().observe(training_of(0, layers=[layer]))
    assert math.isfinite(found.depth)
    assert math.isnan(found.measured_depth)


def test_a_signal_of_nothing_but_zeros_has_no_correlation() -> None:
    zero = {"kind": "dense", "units": 4, "activation": {"kind": "relu"}, "initializer": {"kind": "zeros"}}
    found = CorrelationObservation(samples=2).observe(training_of(0, layers=[zero]))
    assert not found.defined[0].any()
    assert np.isnan(correlations(found.products)[0]).all()


def test_a_rate_of_one_has_no_depth() -> None:
    assert CorrelationScale(1.0, 1.0).depth == math.inf
    assert CorrelationScale(0.0, 0.0).depth == 0
    assert CorrelationScale(1.0, math.exp(-0.25)).depth == pytest.approx(4)
