"""Exact products with the Hessian: against differences of the gradient, against each other, as dense matrices."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from simulator.arrays.dual import Dual, dual, zeros
from simulator.arrays.lanczos import largest
from simulator.arrays.numeric import Array, Floats
from simulator.experiment.experiment import Experiment
from simulator.layers import Layer
from simulator.observations.sharpness import Hessian, SharpnessObservation
from simulator.observations.twin import DualNetwork, Twin
from simulator.parts.activations import Activation
from simulator.parts.initializers import Initializer
from simulator.parts.losses import Loss
from simulator.schema.parameter import kinds
from simulator.training.training import Training
from tests.simulator.combinations import options
from tests.simulator.differences import Bench, bench, plain, relative_error

PRESETS = Path(__file__).parents[2] / "resources" / "presets"
BATCH = 5
LOSSES = [(loss, task) for loss in sorted(kinds(Loss)) for task in kinds(Loss)[loss].tasks]


SMALL: dict[str, dict[str, Any]] = {
    "dense": {"units": 4},
    "maxout": {"units": 4},
    "highway": {"units": 3},
    "convolution": {"channels": 2, "kernel": 2, "stride": 2},
    "residual": {"layers": [{"kind": "dense", "units": 3, "activation": {"kind": "gelu"}}]},
    "recurrent": {"units": 3},
    "gru": {"units": 3},
    "lstm": {"units": 3},
}
"""What keeps a kind small, or makes it fit three inputs."""
SHAPES: dict[str, tuple[int, ...]] = {
    "convolution": (2, 3, 3), "pooling": (2, 4, 4), "flatten": (2, 3, 3),
    "recurrent": (4, 2), "gru": (4, 2), "lstm": (4, 2),
}  # fmt: skip
"""Samples of the kinds that do not take a vector."""


def layer_variants(kind: str) -> Iterator[dict[str, Any]]:
    """Every small layer of this kind, with every combination of its choices; how weights are drawn is left as it is."""
    return options(kinds(Layer)[kind], SMALL.get(kind, {}), left=(Initializer,), numbers={"truncate": (None, 2)})


class Pair:
    """A network and the same one in dual numbers."""

    def __init__(self, layers: list[dict[str, Any]], shape: tuple[int, ...], loss: str, task: str, seed: int) -> None:
        described, outputs = plain(layers, loss, seed, task), 3 if task == "classification" else 2
        self.plain: Bench = bench(described, shape, outputs, BATCH, seed)
        self.dual = DualNetwork(Experiment.from_builtins(described), shape, outputs, BATCH)
        self.centre = self.plain.network.parameters.value.copy()
        np.copyto(self.dual.input, self.plain.network.input)
        np.copyto(self.dual.parameters.value, self.centre)
        self.rng = np.random.default_rng(seed)

    def direction(self) -> Floats:
        v = self.rng.standard_normal(len(self.centre))
        return v / np.linalg.norm(v)

    def product(self, v: Floats) -> Floats:
        parameters = self.dual.parameters
        np.copyto(dual(parameters.value).tangent, v)
        with np.errstate(all="ignore"):
            self.dual.forward(training=True)
            self.dual.backward(self.plain.y)
        assert dual(parameters.gradient).value == pytest.approx(self.plain.analytic(), rel=1e-12, abs=1e-14)
        return dual(parameters.gradient).tangent.copy()

    def difference(self, v: Floats, step: float = 5e-5) -> Floats:
        """Of the gradient along v, of fourth order."""
        total = np.zeros_like(v)
        for shift, weight in ((1, 8), (-1, -8), (2, -1), (-2, 1)):
            self.plain.network.parameters.value[...] = self.centre + shift * step * v
            total += weight * self.plain.analytic()
        self.plain.network.parameters.value[...] = self.centre
        return total / (12 * step)

    def check(self, symmetric: bool = True) -> None:
        v, u = self.direction(), self.direction()
        product = self.product(v)
        assert np.linalg.norm(product) > 1e-6, "a product of 0 would prove nothing"
        assert relative_error(product, self.difference(v)) < 1e-7
        if symmetric:
            both = u @ product, v @ self.product(u)
            assert both[0] == pytest.approx(both[1], rel=1e-10, abs=1e-11 * float(np.linalg.norm(product)))


@pytest.mark.parametrize("activation", sorted(kinds(Activation)))
def test_products_through_a_stack(activation: str) -> None:
    layer = {"kind": "dense", "units": 4, "activation": {"kind": activation}}
    inner = {**layer, "normalization": {"kind": "layer"}}
    Pair(
        [layer, {"kind": "residual", "layers": [inner]}, layer], (3,), "softmax_cross_entropy", "classification", 1
    ).check()


@pytest.mark.parametrize("kind", sorted(kinds(Layer)))
def test_the_matrix_made_of_products_is_symmetric(kind: str) -> None:
    found = Pair([next(layer_variants(kind))], SHAPES.get(kind, (3,)), "softmax_cross_entropy", "classification", 3)
    matrix = np.stack([found.product(unit) for unit in np.eye(len(found.centre))])
    assert matrix == pytest.approx(matrix.T, abs=1e-10 * float(np.abs(matrix).max()))


def cases(kind: str, every: bool) -> Iterator[tuple[dict[str, Any], tuple[str, str]]]:
    """Each variant of a layer with each loss, or with one after the other in turn."""
    if every:
        return itertools.product(layer_variants(kind), LOSSES)
    return zip(layer_variants(kind), itertools.cycle(LOSSES))


def check_all(kind: str, every: bool) -> None:
    for seed, (layer, (loss, task)) in enumerate(cases(kind, every)):
        # A gradient that is cut in time is none of a function: nothing makes it symmetric.
        Pair([layer], SHAPES.get(kind, (3,)), loss, task, seed % 50).check(symmetric=layer.get("truncate") is None)


@pytest.mark.parametrize("kind", sorted(kinds(Layer)))
def test_products_of_every_layer_with_every_choice(kind: str) -> None:
    check_all(kind, every=False)


@pytest.mark.slow
@pytest.mark.parametrize("kind", sorted(kinds(Layer)))
def test_products_of_every_layer_with_every_choice_and_every_loss(kind: str) -> None:
    check_all(kind, every=True)


RELU = {"kind": "dense", "activation": {"kind": "relu"}}
DIGITS = {
    "seed": 2, "precision": "float64", "data": {"kind": "digits"}, "batch_size": 64,
    "layers": [RELU | {"units": 30, "repeat": 3, "initializer": {"kind": "he_normal"}}],
}  # fmt: skip
LARGE_TANH = {
    "precision": "float64", "data": {"kind": "digits"},
    "layers": [{"kind": "dense", "units": 60, "repeat": 15, "initializer": {"kind": "normal", "std": 1.0}}],
}  # fmt: skip


def at_start(experiment: Experiment) -> Training:
    training = Training(experiment)
    training.look()
    return training


def sharpness(experiment: Experiment) -> float:
    found = SharpnessObservation().observe(at_start(experiment))
    assert not found.bound
    return found.value


def test_the_sharpness_of_nets_with_kinks_and_of_chaotic_ones() -> None:
    """Values of exact products in another library; differences of 1e-5 gave 977.45, 599.5 and 2.9e8."""
    assert sharpness(Experiment.from_builtins(DIGITS)) == pytest.approx(12.273, abs=5e-4)
    deep = Experiment.from_json((PRESETS / "deep-residual.json").read_bytes())
    assert sharpness(deep) == pytest.approx(51.97, abs=5e-3)
    assert sharpness(Experiment.from_builtins(LARGE_TANH)) == pytest.approx(2.9e9, rel=0.5)


def test_a_small_step_of_differences_agrees_away_from_kinks() -> None:
    training = at_start(Experiment.from_builtins(DIGITS))
    hessian, twin = Hessian(training), Twin(training)
    centre, v = twin.value.copy(), np.random.default_rng(0).standard_normal(training.network.parameters.size)
    v /= np.linalg.norm(v)
    ends = []
    for step in (1e-8, -1e-8):
        twin.value[...] = centre + step * v
        ends.append(twin.gradient().copy())
    assert relative_error(hessian.product(v), (ends[0] - ends[1]) / 2e-8) < 1e-6


def test_the_curvature_is_that_of_the_loss_where_the_gradient_is_cut_in_time() -> None:
    layer = {"kind": "recurrent", "units": 3, "output": "all"}
    data = {"kind": "copying", "samples": 40, "symbols": 2, "alphabet": 2, "delay": 2}
    plain = {"precision": "float64", "data": data, "batch_size": 6}
    whole, cut = (
        Hessian(at_start(Experiment.from_builtins(plain | {"layers": [layer | fields]})))
        for fields in ({}, {"truncate": 1})
    )
    v = np.random.default_rng(0).standard_normal(len(whole.penalty))
    np.testing.assert_array_equal(whole.product(v), cut.product(v))


def test_two_vectors_are_enough_for_the_largest_eigenvalue() -> None:
    """Others converge before it, and come back as copies, without disturbing it."""
    values = np.concatenate([np.linspace(-1, 1, 2000), [-1e4, -5e3, 1.5, 2.0]])
    found = largest(lambda v: values * v, len(values), most=400, tolerance=1e-6)
    assert found.value == pytest.approx(2.0, rel=1e-10)
    assert found.residual <= 1e-6 * 2


def test_a_start_that_leans_finds_sooner_and_misses_nothing() -> None:
    values = np.linspace(0, 1, 3000)
    values[[5, 9]] = 3.0, 2.0
    lean, other = np.eye(3000)[5], np.eye(3000)[9]
    for start, wanted in ((lean, 3.0), (other, 3.0), (np.zeros(3000), 3.0), (np.full(3000, np.nan), 3.0)):
        found = largest(lambda v: values * v, 3000, most=60, tolerance=1e-6, lean=start)
        assert found.value == pytest.approx(wanted, rel=1e-10)
    soon = [largest(lambda v: values * v, 3000, most=2, tolerance=0, lean=start).value for start in (lean, None)]
    assert soon[0] > 2.9 > soon[1]


# -- dual numbers ------------------------------------------------------------------------------------------------


def test_an_operation_without_a_rule_is_refused() -> None:
    with pytest.raises(TypeError, match="no derivative of cbrt is known"):
        np.cbrt(dual(zeros(3, np.dtype(np.float64))))


def test_where_a_sigmoid_is_flat_its_tangent_is_zero() -> None:
    z = Dual(np.array([-800.0, 0.0, 800.0]), np.full(3, 2.0))
    with np.errstate(all="ignore"):
        found = np.reciprocal(np.exp(-z) + 1)
    assert found.tangent.tolist() == [0, 0.5, 0]


@pytest.mark.parametrize("kind", sorted(kinds(Activation)))
def test_the_tangent_of_every_activation_is_its_slope_also_where_it_bends(kind: str) -> None:
    activation, z = kinds(Activation)[kind](), np.array([-30, -2, -1e-3, 0, 1e-3, 2, 30])
    found, out, a, slope = dual(zeros(z.shape, z.dtype)), dual(zeros(z.shape, z.dtype)), np.empty(7), np.empty(7)
    found.value[...], found.tangent[...] = z, 3.0
    activation.apply(cast(Array, found), cast(Array, out))
    activation.apply(z, a)
    activation.derivative(z, a, slope)
    assert out.value.tolist() == a.tolist()
    assert out.tangent == pytest.approx(3 * slope, rel=1e-14, abs=1e-14)
