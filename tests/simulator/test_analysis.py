"""Analyses on demand against what they mean: finite differences, dense matrices, closed forms; training untouched."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest

from simulator.arrays.lanczos import largest
from simulator.arrays.numeric import Floats
from simulator.experiment.experiment import Experiment
from simulator.observations.base import Observation
from simulator.observations.boundary import BoundaryObservation
from simulator.observations.effective_rank import EffectiveRankObservation, effective_rank
from simulator.observations.gradient_noise import GradientNoiseObservation, cosine, sample_gradient, spread
from simulator.observations.jacobian import JacobianObservation, jacobians, singular_values
from simulator.observations.observer import observed
from simulator.observations.preactivation import PreactivationObservation
from simulator.observations.registry import observations
from simulator.observations.sharpness import Hessian, SharpnessObservation, unlimited
from simulator.observations.twin import Twin
from simulator.parts.optimizers import SGD, Adam
from simulator.record.frame import frame_of
from simulator.training.training import Training
from tests.thinned import thinned

TANH = {"kind": "dense", "units": 4, "repeat": 2, "activation": {"kind": "tanh"}}
STACKS: dict[str, dict[str, Any]] = {
    "dense": {"layers": [TANH]},
    "none": {"layers": []},
    "dropout": {"layers": [{**TANH, "dropout": {"kind": "inverted", "rate": 0.4}}]},
    "batch norm": {"layers": [{**TANH, "normalization": {"kind": "batch"}}]},
    "layer norm": {"layers": [{**TANH, "normalization": {"kind": "layer"}}]},
    "weight norm": {"layers": [{**TANH, "normalization": {"kind": "weight"}}]},
    "residual": {"layers": [{"kind": "dense", "units": 4}, {"kind": "residual", "layers": [TANH]}]},
    "highway": {"layers": [{"kind": "dense", "units": 4}, {"kind": "highway", "units": 4}]},
    "convolution": {
        "data": {"kind": "digits"},
        "layers": [
            {"kind": "convolution", "channels": 2, "activation": {"kind": "tanh"}},
            {"kind": "pooling", "mode": "average"},
        ],
    },
    "each step": {
        "data": {"kind": "copying", "samples": 40, "symbols": 2, "alphabet": 2, "delay": 2},
        "layers": [{"kind": "recurrent", "units": 3, "output": "all"}],
    },
}
EVERY_ONE: list[Observation[Any]] = [each for kind in observations() for each in kind.variants()]


def training_of(steps: int = 2, **parts: Any) -> Training:
    plain = {
        "data": {"kind": "moons", "samples": 40},
        "layers": [TANH],
        "batch_size": 6,
        "precision": "float64",
        **parts,
    }
    training = Training(Experiment.from_builtins(plain))
    for _ in range(steps):
        training.propose()
        training.apply()
    training.look()
    return training


def moved(twin: Twin, place: tuple[int, int], by: float) -> Floats:
    """The output's z, (units, answers, samples), with one input moved and back again."""
    twin.network.input[place] += by
    twin.network.forward(training=True)
    twin.network.input[place] -= by
    z = twin.network.output.z
    return z.reshape(-1, z.shape[1] // twin.batch, twin.batch).copy()


@pytest.mark.parametrize("kind", STACKS)
def test_the_jacobian_is_that_of_finite_differences(kind: str) -> None:
    twin = Twin(training_of(**STACKS[kind]))
    exact = jacobians(twin, 2)
    inputs = len(twin.network.input) - 1
    for row in range(0, inputs, max(1, inputs // 8)):
        for sample in range(2):
            ahead, back = (moved(twin, (row, sample), by)[:, :, sample] for by in (1e-5, -1e-5))
            slope = ((ahead - back) / 2e-5).T.ravel()
            units, answers, _ = twin.output_delta.shape
            found = exact[sample, :, row].reshape(answers, units).ravel()
            assert found == pytest.approx(slope, abs=1e-6)


def test_a_linear_orthogonal_net_stretches_every_direction_alike() -> None:
    layer = {
        "kind": "dense", "units": 2, "repeat": 5, "activation": {"kind": "linear"},
        "initializer": {"kind": "orthogonal", "gain": 1.1},
    }  # fmt: skip
    output = {"initializer": {"kind": "orthogonal"}}
    found = JacobianObservation(layer=3).observe(training_of(0, layers=[layer], output=output, loss={"kind": "mse"}))
    assert found.singular_values == pytest.approx(np.full(found.singular_values.shape, 1.1**5))
    assert found.weight_singular_values == pytest.approx([1.1, 1.1])
    assert found.layer == 3


def test_too_many_outputs_are_refused_in_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("simulator.observations.jacobian.MOST_OUTPUTS", 1)
    with pytest.raises(ValueError, match="a backward pass for each output; 2 are too many"):
        JacobianObservation().observe(training_of())


# -- curvature ---------------------------------------------------------------------------------------------------


def dense_hessian(training: Training) -> Floats:
    hessian = Hessian(training)
    return np.stack([hessian.product(unit) for unit in np.eye(training.network.parameters.size)])


@pytest.mark.parametrize("kind", STACKS)
def test_lanczos_finds_the_largest_eigenvalue_of_the_dense_hessian(kind: str) -> None:
    training = training_of(**STACKS[kind])
    found = SharpnessObservation().observe(training)
    matrix = dense_hessian(training)
    assert matrix == pytest.approx(matrix.T, abs=1e-10 * float(np.abs(matrix).max()))
    assert not found.bound
    assert found.value == pytest.approx(float(np.linalg.eigvalsh(matrix)[-1]), rel=1e-4)
    assert found.gauge == training.learning_rate * found.value


def test_a_linear_regression_curves_as_its_inputs_say() -> None:
    plain: dict[str, Any] = {"data": {"kind": "diabetes"}, "layers": [], "loss": {"kind": "mse"}}
    training = training_of(0, **plain)
    x = training.network.input
    wanted = float(np.linalg.eigvalsh(x @ x.T / x.shape[1])[-1])
    assert SharpnessObservation().observe(training).value == pytest.approx(wanted, rel=1e-6)


def test_weight_decay_adds_to_the_curvature_of_weights() -> None:
    with_penalty, without = (
        Hessian(training_of(0, layers=[], regularization={"l2": strength})) for strength in (0.5, 0)
    )
    v = np.full(6, 6**-0.5)
    more = with_penalty.product(v) - without.product(v)
    assert more.tolist() == pytest.approx([0.5 * v[0]] * 4 + [0, 0])


def test_lanczos_of_known_matrices() -> None:
    rng = np.random.default_rng(3)
    turned = np.linalg.qr(rng.standard_normal((80, 80)))[0]
    values = np.append(np.linspace(-3, 1, 79), 2.0)
    matrix = turned @ np.diag(values) @ turned.T
    found = largest(lambda v: matrix @ v, 80, most=60, tolerance=1e-6)
    assert found.value == pytest.approx(2.0, rel=1e-10)
    assert largest(lambda v: 0 * v, 5, most=5, tolerance=1e-3).value == 0
    assert largest(lambda v: 7 * v, 1, most=5, tolerance=1e-3).value == pytest.approx(7)
    assert np.isnan(largest(lambda v: v * np.nan, 5, most=5, tolerance=1e-3).value)


def test_lanczos_keeps_its_time_and_never_finds_too_much() -> None:
    values = np.linspace(0, 1, 500)
    ticks = iter(range(100))
    found = largest(lambda v: values * v, 500, most=60, tolerance=0, seconds=4, clock=lambda: float(next(ticks)))
    assert found.products == 5
    assert 0.5 < found.value < 1
    assert found.residual > 0


def test_the_limit_of_the_step_is_that_of_a_quadratic() -> None:
    """Just below it the optimiser settles, just above it does not."""
    for spec in (SGD(), SGD(momentum=0.9), SGD(momentum=0.5, nesterov=True)):
        limit = spec.stability_limit()
        assert not unlimited(spec)
        for factor, settles in ((0.98, True), (1.02, False)):
            w, v, change = np.ones(1), np.zeros(1), np.zeros(1)
            for t in range(1, 2000):
                spec.update((v,), w, w, change, factor * limit, t)
                w = np.clip(w + change, -1e6, 1e6)
            assert (abs(float(w[0])) < 1e-3) == settles
    assert np.isnan(Adam().stability_limit())
    assert unlimited(Adam()) == "Adam rescales every parameter's step, so λ_max alone sets no limit"


# -- noise -------------------------------------------------------------------------------------------------------


def alone(training: Training, sample: int) -> Floats:
    """The gradient of one sample in a batch of its own."""
    single = Training(training.experiment.with_values([("batch_size", 1)]))
    single.network.parameters.value[...] = training.network.parameters.value
    single.network.input[:-1, 0] = training.network.input[:-1, sample]
    single.y[:, 0] = training.y[:, sample]
    single.propose(measure=False)
    return single.network.parameters.gradient.copy()


@pytest.mark.parametrize("kind", ["dense", "none", "layer norm", "residual", "convolution", "each step"])
def test_gradients_of_samples_are_those_of_batches_of_one(kind: str) -> None:
    training = training_of(**STACKS[kind])
    each = np.stack([alone(training, sample) for sample in range(6)])
    found = GradientNoiseObservation().observe(training)
    assert found.norms == pytest.approx(np.linalg.norm(each, axis=1), rel=1e-8)
    assert found.batch_norm == pytest.approx(float(np.linalg.norm(each.mean(axis=0))), rel=1e-8)
    covariance = np.cov(each.T)
    assert found.noise == pytest.approx(float(np.sqrt(np.trace(covariance) / 6)), rel=1e-8)
    assert found.signal_to_noise == found.batch_norm / found.noise


def test_the_gradients_of_samples_add_up_to_the_batchs_even_through_batch_norm() -> None:
    twin = Twin(training_of(**STACKS["batch norm"]))
    whole = twin.gradient().copy()
    delta = twin.output_delta.copy()
    total = sum(sample_gradient(twin, delta, sample).copy() for sample in range(6))
    assert total / 6 == pytest.approx(whole, abs=1e-12)


def test_samples_that_agree_make_no_noise() -> None:
    twin = Twin(training_of(**STACKS["dense"]))
    twin.network.input[...] = twin.network.input[:, :1]
    twin.y[...] = twin.y[:, :1]
    twin.gradient()
    assert spread(twin, 6)[1] == 0


@pytest.mark.parametrize("kind", ["dense", "dropout", "batch norm"])
def test_the_cosine_is_between_the_gradients_of_this_step_and_the_next(kind: str) -> None:
    training = training_of(**STACKS[kind])
    found = GradientNoiseObservation().observe(training).cosine
    before = training.network.parameters.gradient.copy()
    training.propose()
    training.apply()
    training.propose()
    assert found == pytest.approx(cosine(before, training.network.parameters.gradient), rel=1e-9)


def test_a_batch_of_one_has_no_noise_to_show() -> None:
    with pytest.raises(ValueError, match="batch size must be 2 or more"):
        GradientNoiseObservation().observe(training_of(batch_size=1))


# -- rank --------------------------------------------------------------------------------------------------------


def test_the_effective_rank_of_known_matrices() -> None:
    assert effective_rank(np.eye(5)) == pytest.approx(5)
    assert effective_rank(np.outer(np.arange(4.0), np.ones(6))) == pytest.approx(1)
    assert effective_rank(np.diag([3.0, 1.0])) == pytest.approx(4 / 3**0.75)
    assert effective_rank(np.zeros((3, 3))) == 0
    assert np.isnan(effective_rank(np.full((2, 2), np.inf)))
    assert np.isnan(singular_values(np.full((2, 3), np.nan))).all()


@pytest.mark.parametrize("kind", STACKS)
def test_every_layer_has_a_rank_that_its_shape_allows(kind: str) -> None:
    training = training_of(**STACKS[kind])
    found = EffectiveRankObservation().observe(training)
    assert len(found.rank) == training.info.depth
    assert (found.rank <= found.most + 1e-9).all()


# -- under the activation function --------------------------------------------------------------------------------


def test_every_pre_activation_is_counted_and_saturation_is_the_measure_of_that_name() -> None:
    training = training_of(layers=[{**TANH, "initializer": {"kind": "normal", "std": 3.0}}])
    found = PreactivationObservation(layer=1).observe(training)
    assert found.layer == 1
    assert found.values.counts.sum() == 4 * 6
    assert found.activation.kind == "tanh"
    frame = frame_of(training, training.scalars())
    assert found.saturated == pytest.approx(frame.measures["activation_saturated"][1])
    assert found.saturated > 0


def test_a_layer_without_a_function_of_its_own_gives_way_to_one_that_has_it() -> None:
    training = training_of(layers=[TANH])
    assert PreactivationObservation(layer=2).observe(training).layer == 0, "softmax mixes its units"
    with pytest.raises(ValueError, match="no layer of this network"):
        PreactivationObservation().observe(training_of(layers=[]))


# -- what asking does to the run ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("observation", "kind"), thinned(EVERY_ONE, list(STACKS)))
def test_observing_leaves_the_run_as_it_is_and_refuses_in_one_sentence(
    observation: Observation[Any], kind: str
) -> None:
    watch = observation.watch()
    asked, silent = (training_of(steps=1, precision="float32", **STACKS[kind]) for _ in range(2))
    for _ in range(3):
        asked.look()
        for found in (observed(asked, observation.observe), observed(asked, watch)):
            assert (found.result is None) <= (bool(found.refusal) or type(observation) is BoundaryObservation)
            assert "\n" not in found.refusal
            assert not found.refusal.endswith(".")
        for training in (asked, silent):
            training.propose()
        assert asked.row(asked.scalars()).tobytes() == silent.row(silent.scalars()).tobytes()
        for training in (asked, silent):
            training.apply()
    assert asked.network.states.value.tobytes() == silent.network.states.value.tobytes()


@pytest.mark.parametrize("observation", EVERY_ONE, ids=str)
def test_results_cross_to_the_screen_and_are_no_crash_where_the_run_has_exploded(
    observation: Observation[Any],
) -> None:
    training = training_of(layers=[TANH])
    training.network.parameters.value[...] = np.nan
    with np.errstate(all="ignore"):
        training.look()
    found = observed(training, observation.observe)
    back = pickle.loads(pickle.dumps(found))
    assert type(back.result) is type(found.result)
    assert back.refusal == found.refusal
