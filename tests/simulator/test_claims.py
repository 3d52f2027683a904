"""The documents' claims (THEORY.md section 8), as far as dense networks show them; one section per claim."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from simulator import Experiment, run
from simulator.arrays.numeric import Array
from simulator.doctor.headline import headline
from simulator.measures import NAMES
from simulator.network.network import Network
from simulator.record.frame import Frame
from simulator.running.headless.result import RunResult
from simulator.training.training import Training

DEPTH, WIDTH, BATCH = 4, 5, 6


class Net:
    """A float64 network with the squared error, whose error signal can be held fixed."""

    def __init__(self, activation: str, biases: bool, seed: int = 0, widths: tuple[int, ...] = (WIDTH,) * 3) -> None:
        self.rng = np.random.default_rng(seed)
        layers = [{"kind": "dense", "units": n, "activation": {"kind": activation}} for n in widths]
        plain = {"precision": "float64", "data": {"kind": "plane"}, "layers": layers, "loss": {"kind": "mse"}}
        self.net = Network(Experiment.from_builtins(plain), (WIDTH,), WIDTH, BATCH)
        for kernel in self.kernels:
            kernel[:-1] = self.rng.normal(0, 0.6, kernel[:-1].shape)
            kernel[-1] = self.rng.normal(0, 0.6, kernel.shape[1]) if biases else 0
        self.net.input[:-1] = self.rng.standard_normal((WIDTH, BATCH))
        self.error = self.rng.standard_normal((WIDTH, BATCH))

    @property
    def kernels(self) -> list[Array]:
        return [m.affine.block.value for m in (*self.net.modules, self.net.output)]  # type: ignore[attr-defined]

    def gradients(self) -> list[tuple[Array, Array]]:
        """(∂W, ∂b) of every layer with ŷ − y held at ``error``."""
        answer = self.net.forward(training=True)
        self.net.backward(answer - self.error)
        return [(tap.weight_gradient.copy(), tap.bias_gradient.copy()) for tap in self.net.taps]


def same(a: Array, b: Array) -> bool:
    return bool(np.allclose(a, b, rtol=1e-10, atol=1e-14))


# -- 1: linear in the input, in the error and in the other weights, not in its own -----------------------------------


@pytest.mark.parametrize("activation", ["linear", "relu"])
def test_1_doubling_the_input_doubles_every_weight_gradient(activation: str) -> None:
    net = Net(activation, biases=False)
    before = net.gradients()
    net.net.input[:-1] *= 2
    for (old, _), (new, _) in zip(before, net.gradients(), strict=True):
        assert same(new, 2 * old)


@pytest.mark.parametrize("activation", ["linear", "relu", "tanh"])
def test_1_doubling_the_error_doubles_every_gradient_for_any_activation(activation: str) -> None:
    net = Net(activation, biases=True)
    before = net.gradients()
    net.error *= 2
    for old, new in zip(before, net.gradients(), strict=True):
        assert same(new[0], 2 * old[0])
        assert same(new[1], 2 * old[1])


@pytest.mark.parametrize("activation", ["linear", "relu"])
@pytest.mark.parametrize("doubled", range(DEPTH))
def test_1_doubling_a_layers_weights_doubles_all_gradients_but_its_own(activation: str, doubled: int) -> None:
    net = Net(activation, biases=False)
    before = net.gradients()
    net.kernels[doubled][:-1] *= 2
    for layer, ((old, _), (new, _)) in enumerate(zip(before, net.gradients(), strict=True)):
        assert same(new, old if layer == doubled else 2 * old)


def test_1_with_tanh_the_input_does_not_enter_linearly() -> None:
    net = Net("tanh", biases=False)
    before = net.gradients()
    net.net.input[:-1] *= 2
    assert not same(net.gradients()[0][0], 2 * before[0][0])


# -- 2: the slopes stand between the weights as diagonal matrices -----------------------------------------------------


@pytest.mark.parametrize("activation", ["tanh", "sigmoid", "relu", "gelu"])
def test_2_the_error_falls_by_a_weight_and_a_slope_factor_whose_logarithms_add_up(activation: str) -> None:
    net = Net(activation, biases=True)
    net.gradients()
    taps = net.net.taps
    for below, above in itertools.pairwise(taps):
        u = above.weights @ above.delta
        assert below.slope is not None
        np.testing.assert_allclose(below.delta, below.slope * u, rtol=1e-12)
        size = np.linalg.norm
        weights = math.log10(size(u) / size(above.delta))
        slope = math.log10(size(below.slope * u) / size(u))
        assert weights + slope == pytest.approx(math.log10(size(below.delta) / size(above.delta)), abs=1e-12)
        assert slope <= math.log10(float(np.abs(below.slope).max())) + 1e-12


# -- 3: one inactive unit of three ------------------------------------------------------------------------------------


def switched(n: int, off: int, error_fixed: bool, place: int = 2, depth: int = 5) -> list[Array]:
    """∂W of equal weights, linear units, ones in, target 0, with ``off`` of ``n`` units of one layer switched off."""
    layers: list[dict[str, Any]] = [
        {"kind": "dense", "units": n, "activation": {"kind": "linear"}} for _ in range(depth)
    ]
    layers[place]["dropout"] = {"kind": "classic", "rate": 0.5}
    plain = {"precision": "float64", "data": {"kind": "plane"}, "layers": layers, "loss": {"kind": "mse"}}
    net = Network(Experiment.from_builtins(plain), (n,), n, 1)
    for module in (*net.modules, net.output):
        module.affine.block.value[:-1] = 0.4  # type: ignore[attr-defined]
    net.input[:-1] = 1
    stage = net.modules[place].dropout  # type: ignore[attr-defined]
    stage.stale = False
    stage.draws[...] = 0.9
    stage.draws[:off] = 0.1
    answer = net.forward(training=True)
    net.backward(answer - 1 if error_fixed else np.zeros((n, 1)))
    return [tap.weight_gradient.copy() for tap in net.taps]


@pytest.mark.parametrize(("n", "off"), [(3, 1), (5, 2), (8, 7)])
@pytest.mark.parametrize("error_fixed", [False, True])
def test_3_what_inactive_units_cost_each_layer(n: int, off: int, error_fixed: bool) -> None:
    share = (n - off) / n
    beside, far = (1.0, share) if error_fixed else (share, share**2)
    place = 2
    for layer, (whole, part) in enumerate(zip(switched(n, 0, error_fixed), switched(n, off, error_fixed), strict=True)):
        want = whole * (beside if layer in (place, place + 1) else far)
        if layer == place:
            want[:, :off] = 0  # Stored inputs × outputs: the unit's incoming weights are a column.
        if layer == place + 1:
            want[:off] = 0
        np.testing.assert_allclose(part, want, rtol=1e-12, atol=1e-15)


# -- 5: who sees whose biases -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("moved", range(DEPTH))
def test_5_only_earlier_biases_enter_a_weight_gradient_of_linear_units(moved: int) -> None:
    net = Net("linear", biases=True)
    before = net.gradients()
    net.kernels[moved][-1] += 1
    for layer, ((old, _), (new, _)) in enumerate(zip(before, net.gradients(), strict=True)):
        assert same(old, new) is (layer <= moved)


@pytest.mark.parametrize("moved", range(DEPTH))
def test_5_only_later_weights_enter_a_bias_gradient_of_linear_units(moved: int) -> None:
    net = Net("linear", biases=True)
    before = net.gradients()
    net.kernels[moved][:-1] *= 1.5
    for layer, ((_, old), (_, new)) in enumerate(zip(before, net.gradients(), strict=True)):
        assert same(old, new) is (layer >= moved)


# -- 6 and 7: products of weights -------------------------------------------------------------------------------------


def chain(width: int, initializer: dict[str, Any], depth: int = 10) -> Frame:
    layer = {
        "kind": "dense", "units": width, "repeat": depth, "activation": {"kind": "linear"}, "initializer": initializer,
    }  # fmt: skip
    plain = {
        "precision": "float64", "layers": [layer], "loss": {"kind": "mse"}, "batch_size": 8,
        "data": {"kind": "gaussian", "features": width, "samples": 20, "classes": 2},
        "output": {"initializer": {"kind": "constant", "value": 1.0}},
    }  # fmt: skip
    return run(Experiment.from_builtins(plain), steps=0).last


@pytest.mark.parametrize(("w", "width"), [(0.01, 1), (1.5, 1), (0.01, 6), (1.5, 6)])
def test_6_equal_weights_give_powers_of_w(w: float, width: int) -> None:
    frame = chain(width, {"kind": "identity", "gain": w})
    delta = frame.measures["delta_rms"]
    np.testing.assert_allclose(delta[:-2] / delta[1:-1], w, rtol=1e-10)
    std = frame.measures["activation_std"]
    assert std[9] / std[0] == pytest.approx(w**9, rel=1e-10)


def test_6_the_documents_numbers() -> None:
    assert pytest.approx(1e-20) == 0.01**10
    assert pytest.approx(57.67, abs=0.005) == 1.5**10


@pytest.mark.parametrize(("n", "w"), [(4, 0.1), (4, 0.25), (7, 0.3)])
def test_6_a_constant_matrix_gives_powers_of_n_w_and_7_keeps_the_signal_at_one(n: int, w: float) -> None:
    delta = chain(n, {"kind": "constant", "value": w}).measures["delta_rms"]
    np.testing.assert_allclose(delta[:-2] / delta[1:-1], n * w, rtol=1e-10)


def profile(activation: str, initializer: dict[str, Any], width: int = 250, **layer: Any) -> Frame:
    """Ten equal layers on Gaussian noise, at step 0."""
    return at_start(activation, initializer, width, **layer).last


def at_start(activation: str, initializer: dict[str, Any], width: int = 250, **layer: Any) -> RunResult:
    entry = {
        "kind": "dense", "units": width, "repeat": 10, "activation": {"kind": activation}, "initializer": initializer,
        **layer,
    }  # fmt: skip
    data = {"kind": "gaussian", "features": width, "samples": 100, "classes": 10}
    return run(Experiment.from_builtins({"data": data, "layers": [entry], "batch_size": 64}), steps=0)


def second_moment(frame: Frame) -> Array:
    moment: Array = frame.measures["activation_std"] ** 2 + frame.measures["activation_mean"] ** 2
    return moment[:-1]


def test_7_zero_mean_weights_keep_the_signal_where_n_variance_and_rate_multiply_to_one() -> None:
    he = second_moment(profile("relu", {"kind": "he_normal"}))
    assert 0.3 < he[9] / he[0] < 3
    half = second_moment(profile("relu", {"kind": "lecun_normal"}))
    assert half[9] / half[0] == pytest.approx(he[9] / he[0] * 2.0**-9, rel=1e-3)


# -- 9: the output gradient -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("loss", ["softmax_cross_entropy", "sigmoid_cross_entropy", "mse"])
def test_9_the_output_gradient_is_the_error(loss: str) -> None:
    plain = {
        "data": {"kind": "clusters"}, "layers": [{"kind": "dense", "units": 5}], "loss": {"kind": loss},
        "precision": "float64",
    }  # fmt: skip
    training = Training(Experiment.from_builtins(plain))
    training.look()
    tap = training.network.taps[-1]
    np.testing.assert_allclose(tap.delta * training.network.batch, tap.a - training.y, atol=1e-15)
    if loss == "softmax_cross_entropy":
        np.testing.assert_allclose(tap.delta.sum(axis=0), 0, atol=1e-16)


# -- 10: small weights vanish, large ones explode, a large rate diverges ----------------------------------------------


def test_10_small_weights_vanish_and_large_ones_explode_and_the_status_says_so() -> None:
    small_run = at_start("tanh", {"kind": "normal", "std": 0.01})
    large_run = at_start("linear", {"kind": "normal", "std": 0.2})
    small, large = small_run.last, large_run.last
    # Going forward the activations fade, going back the error does; their products, the ∂W, are small everywhere.
    assert small.measures["activation_std"][9] < 1e-5 * small.measures["activation_std"][0]
    assert small.measures["delta_rms"][0] < 1e-5 * small.measures["delta_rms"][9]
    assert (small.measures["weight_gradient_norm"][:-1] < 1e-5).all()
    assert "vanishes to" in headline(small_run.findings, small)
    assert "explodes to" in headline(large_run.findings, large)


def test_10_a_sigmoid_stack_vanishes_by_more_than_its_quarter_per_layer() -> None:
    made = at_start("sigmoid", {"kind": "glorot_normal"})
    frame = made.last
    assert made.findings[0].rule == "vanishing"
    delta = frame.measures["delta_rms"][:-1]
    assert (delta[:-1] / delta[1:] < 0.3).all()


def test_10_beyond_two_over_the_curvature_descent_oscillates_and_diverges() -> None:
    """One linear unit on noise-free data is a parabola of curvature λ = E x²."""
    plain = {
        "precision": "float64", "data": {"kind": "plane", "noise": 0.0, "samples": 40, "validation": 0.0},
        "layers": [], "batch_size": 40,
    }  # fmt: skip
    training = Training(Experiment.from_builtins(plain))
    x = training.network.input
    top = float(np.linalg.eigvalsh(x @ x.T / 40)[-1])
    for rate, grows in ((1.9 / top, False), (2.1 / top, True)):
        described = Experiment.from_builtins(plain | {"optimizer": {"kind": "sgd", "learning_rate": rate}})
        losses = run(described, steps=300).history.series("loss").last
        assert bool(losses[-1] > losses[0]) is grows


# -- 11: the per-sample equality and bound ----------------------------------------------------------------------------


def one_sample(activation: str, seed: int) -> Iterator[tuple[Network, list[Array]]]:
    rng = np.random.default_rng(seed)
    for _ in range(12):
        depth, width = int(rng.integers(1, 7)), int(rng.integers(1, 20))
        layers = [{"kind": "dense", "units": width, "activation": {"kind": activation}}] * depth
        plain = {"precision": "float64", "data": {"kind": "gaussian"}, "layers": layers}
        net = Network(Experiment.from_builtins(plain), (7,), 4, 1)
        net.parameters.value[...] = rng.normal(0, 10 ** rng.uniform(-1, 1), net.parameters.size)
        net.input[:-1] = rng.standard_normal((7, 1))
        net.forward()
        net.backward(np.eye(4)[:, :1])
        yield net, [net.input[:-1], *(tap.a for tap in net.taps)]


@pytest.mark.parametrize(("activation", "gamma"), [("sigmoid", 0.25), ("tanh", 1.0), ("relu", 1.0), ("linear", 1.0)])
@pytest.mark.parametrize("seed", range(5))
def test_11_equality_a_holds_and_bound_b_is_never_violated(activation: str, gamma: float, seed: int) -> None:
    size = np.linalg.norm
    for net, signals in one_sample(activation, seed):
        taps = net.taps
        bound = float(size(taps[-1].delta))
        for layer in range(len(taps) - 1, -1, -1):
            tap = taps[layer]
            product = float(size(tap.bias_gradient) * size(signals[layer]))
            assert float(size(tap.weight_gradient)) == pytest.approx(product, rel=1e-12, abs=1e-300)
            assert float(size(tap.bias_gradient)) <= bound * (1 + 1e-12)
            bound *= gamma * float(np.linalg.norm(tap.weights, 2))


# -- 12: symmetry -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("activation", ["tanh", "sigmoid", "relu"])
@pytest.mark.parametrize("initializer", [{"kind": "zeros"}, {"kind": "constant", "value": 0.1}])
def test_12_units_that_start_equal_stay_equal(activation: str, initializer: dict[str, Any]) -> None:
    layer = {"kind": "dense", "units": 6, "activation": {"kind": activation}, "initializer": initializer}
    plain = {
        "precision": "float64", "data": {"kind": "moons"}, "layers": [layer, layer],
        "output": {"initializer": {"kind": "constant", "value": 0.2}}, "loss": {"kind": "sigmoid_cross_entropy"},
        "optimizer": {"kind": "sgd", "momentum": 0.9},
    }  # fmt: skip
    training = Training(Experiment.from_builtins(plain))
    start = training.network.parameters.value.copy()
    for _ in range(40):
        training.propose()
        training.apply()
    training.look()
    assert np.abs(training.network.parameters.value - start).max() > 1e-3
    for tap in training.network.taps[:2]:
        np.testing.assert_allclose(tap.a - tap.a[:1], 0, atol=1e-12)


@pytest.mark.parametrize("activation", ["tanh", "relu", "linear", "gelu"])
def test_12_from_zeros_only_the_output_bias_learns(activation: str) -> None:
    zeros = {"kind": "zeros"}
    layer = {"kind": "dense", "units": 6, "activation": {"kind": activation}, "initializer": zeros}
    plain = {"data": {"kind": "moons", "samples": 101}, "layers": [layer, layer], "output": {"initializer": zeros}}
    training = Training(Experiment.from_builtins(plain))
    for _ in range(20):
        training.propose()
        training.apply()
    training.look()
    kernels = [m.affine.block.value for m in (*training.network.modules, training.network.output)]  # type: ignore[attr-defined]
    assert not any(kernel.any() for kernel in kernels[:-1])
    assert not kernels[-1][:-1].any()
    assert kernels[-1][-1].any()


# -- 13 and 14: the spread of the weights -----------------------------------------------------------------------------


def test_13_std_1_saturates_tanh_and_yet_the_gradient_explodes_towards_the_input() -> None:
    layer = {"kind": "dense", "units": 500, "repeat": 10, "initializer": {"kind": "normal", "std": 1.0}}
    plain = {"data": {"kind": "gaussian", "samples": 60}, "layers": [layer], "batch_size": 32}
    training = Training(Experiment.from_builtins(plain))
    training.look()
    slopes = [float(tap.slope.mean()) for tap in training.network.taps[1:-1] if tap.slope is not None]
    assert all(0.03 < slope < 0.05 for slope in slopes)
    saturated = training.values[NAMES.index("activation_saturated"), 1:-1]
    assert (saturated > 0.85).all()
    norms = training.values[NAMES.index("weight_gradient_norm"), :-1]
    assert norms[0] > 1e3 * norms[-1]
    assert (norms[:-1] > norms[1:]).all()


def test_14_small_weights_collapse_the_activations() -> None:
    std = profile("tanh", {"kind": "normal", "std": 0.01}).measures["activation_std"][:-1]
    np.testing.assert_allclose(std[1:] / std[:-1], 0.01 * math.sqrt(250), rtol=0.1)
    assert std[9] < 1e-6


def test_14_glorot_keeps_tanh_alive_breaks_with_relu_and_he_mends_it() -> None:
    tanh = profile("tanh", {"kind": "glorot_normal"}).measures["activation_std"][:-1]
    relu = profile("relu", {"kind": "glorot_normal"}).measures["activation_std"][:-1]
    mended = profile("relu", {"kind": "he_normal"}).measures["activation_std"][:-1]
    assert tanh[9] > 0.2
    assert relu[9] / relu[0] == pytest.approx(mended[9] / mended[0] * 2 ** (-9 / 2), rel=1e-2)
    assert relu[9] / relu[0] < 0.1
    assert 0.5 < mended[9] / mended[0] < 2


# -- 15: batch norm ---------------------------------------------------------------------------------------------------


def test_15_batch_norm_keeps_the_gradient_flowing_whatever_the_initialisation() -> None:
    norm = {"kind": "batch"}
    bare = profile("tanh", {"kind": "normal", "std": 0.01}).measures["delta_rms"][:-1]
    assert bare[0] / bare[9] < 1e-6
    profiles = []
    for std in (0.01, 1.0):
        frame = profile("tanh", {"kind": "normal", "std": std}, normalization=norm)
        profiles.append(frame.measures["activation_std"][:-1])
        gradient = frame.measures["delta_rms"][:-1]
        assert 0.1 < gradient[0] / gradient[9] < 10
    np.testing.assert_allclose(profiles[0], profiles[1], rtol=0.02)


def test_15_batch_norm_differs_at_test_time() -> None:
    layer = {"kind": "dense", "units": 8, "normalization": {"kind": "batch"}}
    training = Training(Experiment.from_builtins({"data": {"kind": "moons"}, "layers": [layer], "batch_size": 16}))
    training.look()
    answer = training.network.output.a.copy()
    evaluated = training.network.forward(training=False).copy()
    assert np.abs(answer - evaluated).max() > 1e-3


# -- 18: L1 and L2 ----------------------------------------------------------------------------------------------------


def weights_after(regularization: dict[str, float]) -> Array:
    """Weights after 200 steps on inputs that say nothing."""
    plain = {
        "precision": "float64", "data": {"kind": "gaussian", "features": 20, "samples": 100, "classes": 2},
        "layers": [{"kind": "dense", "units": 10}], "regularization": regularization,
    }  # fmt: skip
    training = Training(Experiment.from_builtins(plain))
    for _ in range(200):
        training.propose()
        training.apply()
    training.look()
    return np.concatenate([tap.weights.ravel() for tap in training.network.taps])


def test_18_l2_shrinks_weights_and_l1_brings_most_of_them_to_nothing() -> None:
    free, l2, l1 = weights_after({}), weights_after({"l2": 0.05}), weights_after({"l1": 0.05})
    assert np.linalg.norm(l2) < 0.7 * np.linalg.norm(free)
    nothing = 0.1 * 0.05 * 2  # No further from 0 than the last steps of the penalty itself.
    assert np.mean(np.abs(l1) < nothing) > 0.8 > 0.5 > np.mean(np.abs(l2) < nothing)


def test_18_without_a_gradient_l2_is_a_factor_per_step_and_l1_a_constant() -> None:
    zero = {"kind": "zeros"}
    layer = {"kind": "dense", "units": 3, "activation": {"kind": "linear"}}
    for rules, want in (({"l2": 0.5}, lambda w: w * 0.95**3), ({"l1": 0.001}, lambda w: w - 3e-4 * np.sign(w))):
        plain = {
            "precision": "float64", "data": {"kind": "plane"}, "layers": [layer],
            "output": {"initializer": zero}, "regularization": rules, "batch_size": 400, "seed": 3,
        }  # fmt: skip
        training = Training(Experiment.from_builtins(plain))
        # No error, no gradient: the targets are what the silent output answers.
        kernel = training.network.modules[0].affine.block.value  # type: ignore[attr-defined]
        start = kernel[:-1].copy()
        for _ in range(3):
            training.y[...] = 0
            training.propose()
            training.apply()
        np.testing.assert_allclose(kernel[:-1], want(start), rtol=1e-12)  # type: ignore[no-untyped-call]
