"""Mean-field predictions against networks: growth of δ, activations, the batch's gradient; and known edges of chaos."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from simulator.arrays.numeric import Floats, Stream, stream
from simulator.experiment.experiment import Experiment
from simulator.observations.bounds import BoundsObservation
from simulator.observations.observer import observe
from simulator.observations.order_chaos import OrderChaosObservation
from simulator.observations.prediction import PredictionObservation
from simulator.parts.activations import (
    ELU,
    GELU,
    SELU,
    Activation,
    Erf,
    LeakyReLU,
    Linear,
    ReLU,
    Sigmoid,
    SiLU,
    Softplus,
    Tanh,
)
from simulator.parts.initializers import Initializer
from simulator.record.frame import frame_of
from simulator.schema.parameter import kinds
from simulator.theory import mean_field
from simulator.theory.gaussian import mean, second_moment, slope_moment
from simulator.theory.kernels import Kernel
from simulator.theory.operations import Mask, OverBatch, OverUnits, Signal, Slope, Weights
from simulator.theory.order_chaos import HomelessError, OrderChaos, order_chaos
from simulator.theory.prediction import Prediction, predict
from simulator.training.training import Training

Plain = dict[str, Any]


def chi_batch_norm(activation: Activation) -> float:
    """χ with batch norm before the activation, whatever σ_w; never below 1."""
    variance = second_moment(activation, 1.0) - mean(activation, 1.0) ** 2
    return slope_moment(activation, 1.0) / variance


def chi_layer_norm(activation: Activation) -> float:
    """χ with layer norm before the activation, whatever σ_w."""
    return slope_moment(activation, 1.0) / second_moment(activation, 1.0)


def weight_variance_on_edge(activation: Activation, bias_variance: float) -> float:
    """σ_w² on the edge of chaos for this σ_b², to a few parts in 10⁴; NaN if the edge does not reach it."""
    edge = mean_field.edge_of_chaos(activation)
    for weight, bias in np.split(edge, np.flatnonzero(np.isnan(edge[0])), axis=1):
        known = np.argsort(bias, kind="stable")[: np.count_nonzero(np.isfinite(bias))]
        if known.size and bias[known[0]] <= bias_variance <= bias[known[-1]]:
            return float(np.interp(bias_variance, bias[known], weight[known]))
    return math.nan


def dense(units: int = 100, activation: str = "tanh", initializer: str = "lecun_normal", **rest: Any) -> Plain:
    return {
        "kind": "dense", "units": units, "activation": {"kind": activation},
        "initializer": {"kind": initializer}, **rest,
    }  # fmt: skip


def at_start(*layers: Plain, seed: int = 0, batch: int = 64, **rest: Any) -> Training:
    plain = {"data": {"kind": "digits"}, "layers": list(layers), "seed": seed, "batch_size": batch, **rest}
    training = Training(Experiment.from_builtins(plain))
    training.look()
    return training


def order_chaos_of(training: Training) -> OrderChaos:
    return order_chaos(training.network, training.data)


def ratios(*layers: Plain, seeds: int = 5, batch: int = 64, **rest: Any) -> dict[str, Floats]:
    """Median over seeds of measured over predicted, per row."""
    found: dict[str, list[Floats]] = {"delta_rms": [], "activation_std": [], "weight_gradient_norm": []}
    for seed in range(seeds):
        training = at_start(*layers, seed=seed, batch=batch, **rest)
        prediction = PredictionObservation().observe(training)
        assert not prediction.reason
        measures = frame_of(training, {}).measures
        for name, values in found.items():
            with np.errstate(invalid="ignore"):
                values.append(measures[name] / getattr(prediction, name))
    return {name: np.median(values, axis=0) for name, values in found.items()}


# -- χ of one layer ----------------------------------------------------------------------------------------------

WIDE = 300
GAINS = {"relu": 2.0, "leaky_relu": 2.0, "sigmoid": 4.0}


def measured_chi(
    activation: Activation, weight_variance: float, depth: int = 12, samples: int = 8, networks: int = 7
) -> list[float]:
    """‖δ^l‖²/‖δ^{l+1}‖² over σ_w² X(q^l) as numpy has it, for every layer of one wide random network."""
    rng = np.random.default_rng([depth, samples, *activation.kind.encode()])
    found: list[list[float]] = []
    for _ in range(networks):
        a = rng.standard_normal((WIDE, samples))
        slopes: list[Floats] = []
        weights: list[Floats] = []
        predicted, q = [], 1.0
        for _layer in range(depth):
            w = rng.standard_normal((WIDE, WIDE)) * math.sqrt(weight_variance / WIDE)
            q = weight_variance * (q if not slopes else second_moment(activation, q))
            z = w @ a
            value, slope = np.empty_like(z), np.empty_like(z)
            activation.apply(z, value)
            activation.derivative(z, value, slope)
            predicted.append(mean_field.chi(activation, q, weight_variance))
            a = value
            slopes.append(slope)
            weights.append(w)
        delta = rng.standard_normal((WIDE, samples))
        shares = []
        for layer in reversed(range(depth - 1)):
            before = np.square(delta).sum()
            delta = slopes[layer] * (weights[layer + 1].T @ delta)
            shares.append(float(np.square(delta).sum() / before) / predicted[layer])
        found.append(shares)
    return [float(v) for v in np.median(found, axis=0)]


@pytest.mark.parametrize("activation", [Tanh(), ReLU(), LeakyReLU(slope=0.2), ELU(), SELU(), Erf(), Sigmoid()])
def test_delta_grows_by_chi_in_every_layer(activation: Activation) -> None:
    shares = measured_chi(activation, GAINS.get(activation.kind, 1.0))
    assert np.median(shares) == pytest.approx(1, abs=0.02)
    assert shares == pytest.approx([1] * len(shares), abs=0.08)


def test_chi_of_norms_and_dropout_is_that_of_their_operations() -> None:
    for activation in (ReLU(), Tanh(), SELU()):
        # Unrelated samples, as batch norm makes them; a batch large enough to be one.
        count, rng = 250, np.random.default_rng(3)
        x = rng.standard_normal((2500, count))
        signal = Signal(x.T @ x / 2500, np.zeros(count), 2500)
        through = Slope(activation).forward(OverBatch(0.0).forward(signal))
        chain = [Weights(1.7, 0.0, 100), OverBatch(0.0), Slope(activation)]
        for operation in chain:
            through = operation.forward(through)
        gradient = np.eye(count)
        for operation in reversed(chain):
            gradient = operation.back(gradient)
        growth = np.trace(gradient) / count
        assert growth == pytest.approx(chi_batch_norm(activation), rel=0.03)


@pytest.mark.parametrize("activation", [Tanh(), ReLU(), Softplus()])
def test_layer_norm_makes_chi_independent_of_the_weights(activation: Activation) -> None:
    signal = Slope(activation).forward(Signal(np.eye(5), np.zeros(5), 100))
    for weight_variance in (0.1, 30.0):
        chain = [Weights(weight_variance, 0.0, 100), OverUnits(0.0), Slope(activation)]
        through = signal
        for operation in chain:
            through = operation.forward(through)
        gradient = np.eye(5)
        for operation in reversed(chain):
            gradient = operation.back(gradient)
        assert np.diagonal(gradient) == pytest.approx([chi_layer_norm(activation)] * 5, rel=1e-9)


def test_chi_of_batch_norm_is_never_below_one() -> None:
    for kind in kinds(Activation).values():
        assert chi_batch_norm(kind()) >= 1 - 1e-12


def test_dropout_divides_the_weight_variance_of_a_sample_with_itself() -> None:
    mask = Mask(0.8, inverted=True)
    moved = mask.forward(Signal(np.ones((2, 2)), np.ones(2), 10)).second
    assert moved == pytest.approx(np.array([[1.25, 1], [1, 1.25]]))
    assert mask.back(np.ones((2, 2))) == pytest.approx(moved)
    classic = Mask(0.8, inverted=False).forward(Signal(np.ones((2, 2)), np.ones(2), 10))
    assert classic.second == pytest.approx(np.array([[0.8, 0.64], [0.64, 0.8]]))
    assert classic.mean == pytest.approx(np.full(2, 0.8))


# -- pairs of samples --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("activation", [Linear(), ReLU(), LeakyReLU(slope=0.3), Tanh(), ELU(), Sigmoid()])
def test_kernels_agree_with_sampling_and_with_their_own_diagonal(activation: Activation) -> None:
    rng = np.random.default_rng(4)
    mixing = rng.standard_normal((4, 3))
    mixing[3] = 2 * mixing[0]
    covariance = mixing @ mixing.T
    z = mixing @ rng.standard_normal((3, 400_000))
    value, slope = np.empty_like(z), np.empty_like(z)
    activation.apply(z, value)
    activation.derivative(z, value, slope)
    kernel = Kernel(activation, covariance)
    size = float(np.abs(covariance).max())
    assert kernel.value == pytest.approx(value @ value.T / z.shape[1], abs=0.01 * size)
    assert kernel.slope == pytest.approx(slope @ slope.T / z.shape[1], abs=0.01)
    assert kernel.mean == pytest.approx(value.mean(axis=1), abs=0.01 * math.sqrt(size))
    for i, q in enumerate(np.diagonal(covariance)):
        assert kernel.value[i, i] == pytest.approx(second_moment(activation, q), rel=1e-9)
        assert kernel.slope[i, i] == pytest.approx(slope_moment(activation, q), rel=1e-9)
        assert kernel.mean[i] == pytest.approx(mean(activation, q), abs=1e-9)


def test_a_silent_sample_has_no_correlation_to_go_wrong() -> None:
    kernel = Kernel(ReLU(), np.array([[0.0, 0.0], [0.0, 2.0]]))
    assert np.isfinite(kernel.value).all()
    assert kernel.value[0, 0] == 0


# -- whole networks ----------------------------------------------------------------------------------------------

NETS: dict[str, tuple[list[Plain], float]] = {
    "tanh": ([dense(200, repeat=6)], 0.08),
    "relu": ([dense(200, "relu", "he_normal", repeat=6)], 0.25),
    "leaky": ([dense(200, "leaky_relu", "he_uniform", repeat=6)], 0.25),
    "selu": ([dense(200, "selu", repeat=6)], 0.1),
    "orthogonal": ([dense(200, "tanh", "orthogonal", repeat=6)], 0.08),
    "biases": ([dense(200, bias_initializer={"kind": "normal", "std": 0.3}, repeat=6)], 0.08),
    "widths": ([dense(200), dense(300, "tanh", "glorot_uniform"), dense(100, "tanh", "glorot_normal")], 0.06),
    "dropout": ([dense(200, dropout={"kind": "inverted", "rate": 0.4}, repeat=6)], 0.08),
    "batch norm": ([dense(200, "relu", "he_normal", normalization={"kind": "batch"}, repeat=6)], 0.08),
    "layer norm": ([dense(200, "relu", "he_normal", normalization={"kind": "layer"}, repeat=6)], 0.15),
    "residual": (
        [dense(200), {"kind": "residual", "repeat": 3, "layers": [dense(200, "relu"), dense(200, "linear")]}],
        0.08,
    ),
    "normed residual": (
        [
            dense(200),
            {
                "kind": "residual", "repeat": 3, "scale": "sqrt_depth",
                "normalization": {"kind": "layer", "position": "before"},
                "layers": [dense(200, "relu", "he_normal"), dense(200, "linear")],
            },
        ],
        0.08,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", NETS)
def test_networks_follow_their_prediction(name: str) -> None:
    layers, tolerance = NETS[name]
    for measure, found in ratios(*layers).items():
        known = found[np.isfinite(found)]
        assert known.size >= 3
        assert known == pytest.approx(np.ones(known.size), abs=tolerance), measure


def test_a_batch_larger_than_its_stand_in_is_predicted_too() -> None:
    found = ratios(dense(150, repeat=4), batch=600, seeds=3)["weight_gradient_norm"]
    assert found == pytest.approx(np.ones(5), abs=0.12)


def test_single_networks_stay_in_the_band() -> None:
    inside = total = 0
    for seed in range(12):
        training = at_start(dense(64, "relu", "he_normal", repeat=8), seed=seed, batch=32)
        prediction = PredictionObservation().observe(training)
        with np.errstate(divide="ignore"):
            off = np.abs(
                np.log(frame_of(training, {}).measures["weight_gradient_norm"] / prediction.weight_gradient_norm)
            )
        inside += int((off <= prediction.backward_spread + 1e-9).sum())
        total += off.size
    assert inside / total > 0.95


def test_the_prediction_is_of_step_0_whenever_it_is_asked_for() -> None:
    asked, late = (at_start(dense(40, repeat=3)) for _ in range(2))
    watch = PredictionObservation().watch()
    early = watch(asked)
    for training in (asked, late):
        for _ in range(5):
            training.propose()
            training.apply()
        training.look()
    assert watch(asked) is early
    assert PredictionObservation().observe(late).weight_gradient_norm.tolist() == early.weight_gradient_norm.tolist()
    assert late.step == 5


def test_a_frame_brings_theory_only_on_request() -> None:
    training = at_start(dense(40))
    theory = (PredictionObservation(), OrderChaosObservation(), BoundsObservation())
    assert not frame_of(training, {}).observations
    full = frame_of(training, {}, observe(training, theory))
    assert all(full.result(each) is not None for each in theory)


# -- where theory does not hold ----------------------------------------------------------------------------------

SILENT: dict[str, tuple[list[Plain], str]] = {
    "constant": ([dense(40, "tanh", "constant")], "not random"),
    "zeros": ([dense(40, "tanh", "zeros")], "not random"),
    "identity": ([dense(40, "tanh", "identity")], "not random"),
    "lsuv": ([dense(40, "tanh", "lsuv")], "scaled by the data"),
    "narrow": ([dense(8)], "8 units"),
    "leaning branch": ([dense(40), {"kind": "residual", "layers": [dense(40, "relu")]}], "ends in ReLU"),
    "gelu": ([dense(40, "gelu", "he_normal")], "unreliable"),
    "silu": ([dense(40, "silu", "he_normal")], "unreliable"),
    "maxout": ([{"kind": "maxout", "units": 40}], "not for maxout"),
    "constant biases": ([dense(40, bias_initializer={"kind": "constant", "value": 0.1})], "biases"),
}


@pytest.mark.parametrize("name", SILENT)
def test_where_theory_does_not_hold_it_says_why_and_predicts_nothing(name: str) -> None:
    layers, words = SILENT[name]
    prediction = predict(at_start(*layers).network)
    assert words in prediction.reason
    for column in (prediction.weight_gradient_norm, prediction.activation_std, prediction.forward_spread):
        assert np.isnan(column).all()


def test_rows_of_a_prediction_are_the_rows_of_the_plots() -> None:
    layers = [dense(40), {"kind": "residual", "layers": [dense(40), dense(40, "linear")]}, {"kind": "flatten"}]
    training = at_start(*layers)
    prediction: Prediction = PredictionObservation().observe(training)
    assert len(prediction.delta_rms) == training.info.depth
    assert np.isnan(prediction.weight_gradient_norm).tolist() == [False, False, False, True, True, False]


# -- initialisers ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", kinds(Initializer))
@pytest.mark.parametrize("shape", [(60, 90), (90, 60)])
def test_the_variance_that_an_initialiser_tells_is_the_one_it_draws(kind: str, shape: tuple[int, int]) -> None:
    initializer = kinds(Initializer)[kind]()
    out = np.empty(shape)
    initializer.fill(out, stream(1, Stream.WEIGHTS), *shape)
    variance = initializer.entry_variance(*shape)
    if variance is None:
        assert initializer.scaled_variance(*shape) is None
        assert kind in ("constant", "identity", "lsuv")
    else:
        assert np.square(out).mean() == pytest.approx(variance, rel=0.1)
        assert initializer.scaled_variance(*shape) == (pytest.approx(variance * shape[0]) if variance else None)


# -- order and chaos ---------------------------------------------------------------------------------------------


def test_known_points_of_the_edge() -> None:
    assert weight_variance_on_edge(Tanh(), 0.0) == pytest.approx(1, abs=1e-4)
    # erf has slope 2/√π at 0.
    assert weight_variance_on_edge(Erf(), 0.0) == pytest.approx(math.pi / 4, abs=1e-4)
    assert weight_variance_on_edge(ReLU(), 0.0) == pytest.approx(2)
    assert weight_variance_on_edge(ReLU(), 0.3) == pytest.approx(2)
    assert weight_variance_on_edge(Linear(), 0.0) == pytest.approx(1)
    assert weight_variance_on_edge(LeakyReLU(slope=0.5), 0.0) == pytest.approx(1.6)
    assert weight_variance_on_edge(Softplus(), 0.0) == pytest.approx(2)
    # Poole et al. 2016, Schoenholz et al. 2017.
    assert weight_variance_on_edge(Tanh(), 0.05) == pytest.approx(1.76, abs=0.005)
    assert math.isnan(weight_variance_on_edge(Tanh(), 1e9))


@pytest.mark.parametrize("kind", ["tanh", "erf", "elu", "selu", "softsign", "sigmoid"])
def test_chi_is_one_on_the_edge_and_on_either_side_as_its_names_say(kind: str) -> None:
    activation = kinds(Activation)[kind]()
    edge = mean_field.edge_of_chaos(activation)
    for weight, bias in edge.T[edge.shape[1] // 2 :: 30]:
        assert mean_field.fixed_point(activation, weight, bias).chi == pytest.approx(1, abs=2e-3)
        assert mean_field.fixed_point(activation, 0.9 * weight, bias).chi < 1
        assert mean_field.fixed_point(activation, 1.1 * weight, bias).chi > 1


ALL = [
    *(kind() for _, kind in sorted(kinds(Activation).items())),
    LeakyReLU(slope=0.5), ELU(alpha=0.3), ELU(alpha=3.0),
]  # fmt: skip


@pytest.mark.parametrize("square", [1.0, 0.2])
@pytest.mark.parametrize("activation", ALL, ids=repr)
def test_the_map_says_on_which_side_every_place_settles(activation: Activation, square: float) -> None:
    """Iterated from where the stack starts; the edge, where there is one, lies on the border."""
    weights, biases = mean_field.border_of_chaos(activation, square)
    for bias in (0.0, 1e-3, 0.05, 0.3, 2.0):
        border = float(np.interp(bias, biases, weights))
        for weight in [*np.geomspace(0.2, 60, 9), 0.97 * border, 1.03 * border]:
            chi = mean_field.fixed_point(activation, weight, bias, weight * square + bias).chi
            if abs(math.log(chi)) > 0.005:
                assert (chi > 1) == (weight > border), (weight, bias, chi)
    for weight, bias in mean_field.edge_of_chaos(activation, square).T[1::20]:
        if biases[1] <= bias <= biases[-1]:
            assert weight == pytest.approx(float(np.interp(bias, biases, weights)), rel=5e-3)


@pytest.mark.parametrize("activation", [GELU(), SiLU()])
def test_the_edge_breaks_where_q_does_not_settle_on_it(activation: Activation) -> None:
    weight, bias = mean_field.edge_of_chaos(activation)
    assert np.isnan(weight).any()
    assert np.nanmin(bias) > 0.1, "below, q has two places to settle at"
    assert math.isnan(weight_variance_on_edge(activation, 0.05))
    assert weight_variance_on_edge(activation, 1.0) == pytest.approx(1.97, abs=0.02)


def test_three_gelu_layers_that_grow_stand_in_chaos_with_a_warning() -> None:
    layer = dense(300, "gelu", repeat=3)
    layer |= {
        "initializer": {"kind": "variance_scaled", "weight_variance": 3.0},
        "bias_initializer": {"kind": "normal", "std": math.sqrt(0.05)},
    }
    found = order_chaos_of(at_start(layer))
    assert found.chi == pytest.approx(1.5, abs=1e-3)
    assert found.settled == math.inf
    assert np.interp(0.05, found.border[1], found.border[0]) < 3
    assert "unreliable" in found.doubt
    calm = layer | {"initializer": {"kind": "variance_scaled", "weight_variance": 1.5}}
    assert order_chaos_of(at_start(calm)).doubt == ""


def test_a_stack_settles_where_it_starts_from() -> None:
    """Of two fixed points: measured, δ of such a net grows 1.1 times a layer."""
    low, high = (mean_field.fixed_point(GELU(), 2.2, 0.05, start) for start in (1.0, 2.25))
    assert low.chi == pytest.approx(0.716, abs=1e-3)
    assert high.chi == pytest.approx(1.1, abs=1e-3)


def test_a_signal_that_dies_out_settles_at_nothing() -> None:
    for activation in ALL:
        settled = mean_field.fixed_point(activation, 0.01, 0.0)
        assert 0 <= settled.q < 0.1
        assert settled.chi < 1


def test_a_signal_that_grows_without_end_has_no_fixed_point() -> None:
    assert mean_field.fixed_point(ReLU(), 2.5, 0.0) == mean_field.FixedPoint(math.inf, 1.25)


def test_the_place_of_a_network_is_that_of_its_inner_layers() -> None:
    found = order_chaos_of(at_start(dense(40, repeat=3)))
    assert (found.bias_variance, found.layer) == (0, "2")
    assert found.weight_variance == pytest.approx(1)
    assert found.alike
    mixed = order_chaos_of(at_start(dense(40), dense(40), dense(40, "tanh", "he_normal")))
    assert not mixed.alike


def test_dropout_moves_the_edge_and_not_the_dot() -> None:
    dropped = order_chaos_of(at_start(dense(40, dropout={"kind": "inverted", "rate": 0.5}, repeat=2)))
    assert dropped.weight_variance == pytest.approx(1)
    assert dropped.edge[0, 0] == pytest.approx(0.5, abs=1e-3)
    assert dropped.chi > 1


@pytest.mark.parametrize(
    ("layers", "words"),
    [
        ([{"kind": "flatten"}], "No dense hidden layer"),
        ([dense(40), {"kind": "residual", "layers": [dense(40)]}], "no ordered side"),
        ([dense(40, normalization={"kind": "batch"})], "out of play"),
        ([dense(40, "tanh", "identity")], "no random draw"),
    ],
)
def test_a_network_without_a_place_says_why(layers: list[Plain], words: str) -> None:
    with pytest.raises(HomelessError, match=words):
        order_chaos_of(at_start(*layers))


@pytest.mark.slow
@pytest.mark.parametrize("activation", [Tanh(), ReLU(), LeakyReLU(slope=0.2), ELU(), SELU(), Erf(), Sigmoid()])
def test_delta_grows_by_chi_within_two_percent_in_each_layer_over_many_networks(activation: Activation) -> None:
    shares = measured_chi(activation, GAINS.get(activation.kind, 1.0), depth=6, networks=600)
    assert shares == pytest.approx([1] * len(shares), abs=0.02)
