"""Convolutions against a naive loop, scipy and central differences; their shapes, fans, taps and refusals."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import correlate2d

from simulator.arrays.numeric import Array
from simulator.experiment.experiment import Experiment, ExperimentError
from simulator.layers.image import windows
from simulator.network.network import Network
from simulator.training.training import Training
from tests.simulator.differences import TOLERANCE, bench, check, plain, relative_error

PADDINGS = ("same", "valid", "circular")


def convolution(channels: int = 3, kernel: int = 3, **fields: Any) -> dict[str, Any]:
    return {"kind": "convolution", "channels": channels, "kernel": kernel, **fields}


def network(layers: list[dict[str, Any]], shape: tuple[int, ...], batch: int = 3, seed: int = 0) -> Network:
    """A network in float64 with random parameters and input."""
    found = Network(Experiment.from_builtins(plain(layers, "softmax_cross_entropy", seed)), shape, 3, batch)
    rng = np.random.default_rng(seed)
    found.parameters.value[...] = rng.normal(0, 0.7, found.parameters.size)
    found.input[:-1] = rng.standard_normal(found.input[:-1].shape)
    return found


def image(found: Network, shape: tuple[int, ...]) -> Array:
    """(channels, height, width, batch)"""
    return found.input[:-1].reshape(*shape, found.batch)


def naive(x: Array, kernels: Array, biases: Array, stride: int, padding: str) -> Array:
    """(outputs, height, width, batch), one multiplication after the other."""
    outputs, channels, k, _ = kernels.shape
    _, height, width, batch = x.shape
    if padding == "valid":
        sizes, starts = [(n - k) // stride + 1 for n in (height, width)], (0, 0)
    else:
        sizes = [math.ceil(n / stride) for n in (height, width)]
        totals = [max((p - 1) * stride + k - n, 0) for p, n in zip(sizes, (height, width), strict=True)]
        starts = (totals[0] // 2, totals[1] // 2)
    z = np.zeros((outputs, *sizes, batch))
    for o, r, c in np.ndindex(outputs, *sizes):
        z[o, r, c] = biases[o]
        for channel, i, j in np.ndindex(channels, k, k):
            row, column = r * stride + i - starts[0], c * stride + j - starts[1]
            if padding == "circular":
                row, column = row % height, column % width
            if 0 <= row < height and 0 <= column < width:
                z[o, r, c] += kernels[o, channel, i, j] * x[channel, row, column]
    return z


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    channels=st.integers(1, 3), height=st.integers(1, 8), width=st.integers(1, 8), batch=st.integers(1, 4),
    kernel=st.integers(1, 6), stride=st.integers(1, 4), outputs=st.integers(1, 4), padding=st.sampled_from(PADDINGS),
    pieces=st.sampled_from([(2**18, 10**6, 128), (40, 10**6, 128), (40, 30, 1), (2**18, 30, 1)]),
    strips=st.sampled_from([(2**18, 1), (40, 1), (40, 8), (2**18, 256)]),
)  # fmt: skip
def test_it_is_the_sum_over_each_window(
    channels: int, height: int, width: int, batch: int, kernel: int, stride: int, outputs: int, padding: str,
    pieces: tuple[int, int, int], strips: tuple[int, int],
) -> None:  # fmt: skip
    """Whatever the bands, tiles and strips that the work is cut into."""
    shape, kernel = (channels, height, width), min(kernel, height, width)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in zip(("BAND_ENTRIES", "SMALL_PRODUCT", "FEWEST_COLUMNS"), pieces, strict=True):
            patch.setattr(windows, name, value)
        for name, value in zip(("STRIP_ENTRIES", "STRIP_COLUMNS"), strips, strict=True):
            patch.setattr(windows, name, value)
        found = network([convolution(outputs, kernel, stride=stride, padding=padding)], shape, batch)
    found.forward()
    tap = found.taps[0]
    wanted = naive(image(found, shape), tap.extras["kernels"], found.modules[0].blocks()[0].value[-1], stride, padding)
    assert found.modules[0].output_shape == wanted.shape[:-1]
    np.testing.assert_allclose(tap.z, wanted.reshape(outputs, -1), rtol=1e-12, atol=1e-12)
    np.testing.assert_array_equal(tap.extras["maps"], np.tanh(tap.z).reshape(wanted.shape))


@pytest.mark.parametrize("kernel", [1, 2, 3, 5])
@pytest.mark.parametrize(("padding", "mode", "boundary"), [("valid", "valid", "fill"), ("same", "same", "fill")])
def test_it_agrees_with_scipy(kernel: int, padding: str, mode: str, boundary: str) -> None:
    found = network([convolution(2, kernel, padding=padding)], (3, 7, 6))
    found.forward()
    x, kernels = image(found, (3, 7, 6)), found.taps[0].extras["kernels"]
    biases = found.modules[0].blocks()[0].value[-1]
    for output, sample in np.ndindex(2, 3):
        if kernel % 2 or mode == "valid":
            pieces = [correlate2d(x[c, ..., sample], kernels[output, c], mode, boundary) for c in range(3)]
        else:  # scipy puts the odd pixel of padding in front.
            padded = [np.pad(x[c, ..., sample], ((0, 1), (0, 1))) for c in range(3)]
            pieces = [correlate2d(padded[c], kernels[output, c], "valid") for c in range(3)]
        z = np.asarray(found.taps[0].z).reshape(2, *found.modules[0].output_shape[1:], 3)[output, ..., sample]
        np.testing.assert_allclose(z, sum(pieces) + biases[output], rtol=1e-12, atol=1e-12)


def test_a_circular_one_commutes_with_a_turn_of_the_image() -> None:
    found = network([convolution(2, 3, padding="circular")], (2, 5, 6))
    found.forward()
    before = np.array(found.taps[0].extras["maps"])
    image(found, (2, 5, 6))[...] = np.roll(image(found, (2, 5, 6)), (2, 3), axis=(1, 2))
    found.forward()
    np.testing.assert_allclose(found.taps[0].extras["maps"], np.roll(before, (2, 3), axis=(1, 2)), rtol=1e-12)


def test_a_kernel_of_one_pixel_is_a_dense_layer_at_each_position() -> None:
    found = network([convolution(4, 1)], (3, 2, 2))
    found.forward()
    kernel = found.modules[0].blocks()[0].value
    x = image(found, (3, 2, 2)).reshape(3, -1)
    np.testing.assert_allclose(found.taps[0].z, kernel[:-1].T @ x + kernel[-1][:, None], rtol=1e-12)


# -- backward ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("kernel", [1, 2, 3, 4])
@pytest.mark.parametrize("padding", PADDINGS)
def test_every_padding_stride_and_kernel_backward(padding: str, kernel: int, stride: int) -> None:
    inner = convolution(2, kernel, stride=stride, padding=padding)
    layers = [convolution(2, 2, padding=padding), inner]
    check(bench(plain(layers, "softmax_cross_entropy", kernel), (2, 5, 6), 3, 3, 10 * kernel + stride))


@pytest.mark.parametrize("activation", ["relu", "linear", "gelu"])
@pytest.mark.parametrize(
    "normalization",
    [{"kind": "none"}, {"kind": "weight"}]
    + [{"kind": kind, "position": position} for kind in ("batch", "layer") for position in ("before", "after")],
)
@pytest.mark.parametrize("dropout", [{"kind": "none"}, {"kind": "inverted", "rate": 0.3}])
def test_every_option_backward(activation: str, normalization: dict[str, Any], dropout: dict[str, Any]) -> None:
    fields = {"activation": {"kind": activation}, "normalization": normalization, "dropout": dropout}
    layers = [convolution(2, 2, **fields), convolution(2, 3, stride=2, **fields)]
    check(bench(plain(layers, "softmax_cross_entropy", 0), (1, 3, 3), 2, 3, 1))


@settings(max_examples=25, deadline=None, derandomize=True)
@given(
    data=st.data(), height=st.integers(1, 6), width=st.integers(1, 6), batch=st.integers(2, 4),
    padding=st.sampled_from(PADDINGS), stride=st.integers(1, 3), band=st.sampled_from([30, 2**18]),
    strip=st.sampled_from([1, 8, 256]),
)  # fmt: skip
def test_random_shapes_backward(
    data: st.DataObject, height: int, width: int, batch: int, padding: str, stride: int, band: int, strip: int
) -> None:
    kernel = data.draw(st.integers(1, min(height, width)))
    layers = [convolution(2, 1), convolution(2, kernel, stride=stride, padding=padding)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(windows, "BAND_ENTRIES", band)
        patch.setattr(windows, "FEWEST_COLUMNS", 1)
        patch.setattr(windows, "STRIP_ENTRIES", band)
        patch.setattr(windows, "STRIP_COLUMNS", strip)
        found = bench(plain(layers, "softmax_cross_entropy", 0), (2, height, width), 2, batch, 5)
    assert relative_error(found.analytic(), found.numeric()) <= TOLERANCE


def test_a_second_backward_pass_gives_the_same_gradients() -> None:
    found = network([convolution(2), convolution(2)], (1, 6, 6))
    y = np.eye(3)
    found.forward()
    found.backward(y)
    first = found.parameters.gradient.copy()
    found.backward(y)
    np.testing.assert_array_equal(found.parameters.gradient, first)


def test_batch_norm_works_per_channel_over_samples_and_positions() -> None:
    layer = convolution(3, normalization={"kind": "batch", "epsilon": 0.0})
    found = network([layer, convolution(2)], (2, 5, 4), batch=6)
    module: Any = found.modules[0]
    module.norm.scale.value[...], module.norm.shift.value[...] = 1, 0
    found.forward()
    z = np.asarray(found.taps[0].z)
    assert z.shape == (3, 5 * 4 * 6)
    np.testing.assert_allclose(z.mean(axis=1), 0, atol=1e-12)
    np.testing.assert_allclose(z.std(axis=1), 1, rtol=1e-12)
    assert np.ptp(z.reshape(3, 20, 6).mean(axis=2), axis=1).min() > 0.1
    found.backward(np.eye(3)[:, [0, 1, 2, 0, 1, 2]])
    # What comes out is blind to the bias and to the size of the kernel, so neither has a gradient along itself.
    block = module.affine.block
    np.testing.assert_allclose(block.gradient[-1], 0, atol=1e-13)
    np.testing.assert_allclose((block.gradient[:-1] * block.value[:-1]).sum(axis=0), 0, atol=1e-13)
    np.testing.assert_allclose(np.asarray(module.raw_delta).sum(axis=1), 0, atol=1e-12)


# -- what is drawn and shown ------------------------------------------------------------------------------------------


def test_fans_count_the_window() -> None:
    layer = convolution(64, 5, initializer={"kind": "he_normal"})
    other = convolution(64, 5, initializer={"kind": "glorot_uniform"})
    for fields, limit in ((layer, 2 / (25 * 32)), (other, 2 / (25 * 32 + 25 * 64))):
        found = network([fields], (32, 5, 5))
        found.initialise(0)
        weights = np.asarray(found.taps[0].weights)
        assert weights.shape == (800, 64)
        assert weights.var() == pytest.approx(limit, rel=0.03)


def test_lsuv_gives_unit_pre_activations_and_identity_passes_the_image_on() -> None:
    found = network([convolution(4, initializer={"kind": "lsuv"})], (2, 6, 6), batch=8)
    found.initialise(0)
    found.forward()
    assert np.asarray(found.taps[0].z).std() == pytest.approx(1, abs=2e-3)
    for kernel in (1, 2, 3, 4):
        found = network([convolution(2, kernel, initializer={"kind": "identity"})], (2, 6, 6))
        found.initialise(0)
        found.forward()
        np.testing.assert_array_equal(found.taps[0].z, found.input[:-1].reshape(2, -1))


def test_a_tap_shows_kernels_and_maps_read_only() -> None:
    found = network([convolution(4, 2)], (3, 5, 6), batch=7)
    found.forward()
    tap = found.taps[0]
    assert tap.a.shape == tap.z.shape == tap.slope.shape == tap.delta.shape == (4, 30 * 7)  # type: ignore[union-attr]
    assert tap.extras["kernels"].shape == (4, 3, 2, 2)
    assert tap.extras["maps"].shape == (4, 5, 6, 7)
    assert not any(array.flags.writeable for array in tap.extras.values())
    assert np.shares_memory(tap.extras["kernels"], found.parameters.value)
    assert found.infos[0].units == 4


def test_dropout_and_evaluation_leave_what_is_seen_alone() -> None:
    layers = [convolution(3, dropout={"kind": "inverted", "rate": 0.5})]
    found = network(layers, (1, 6, 6))
    found.forward()
    seen = np.array(found.taps[0].extras["maps"])
    share = np.count_nonzero(seen == 0) / seen.size
    assert 0.3 < share < 0.7
    found.forward()
    np.testing.assert_array_equal(found.taps[0].extras["maps"], seen)


# -- refusals ---------------------------------------------------------------------------------------------------------

DIGITS: dict[str, Any] = {"data": {"kind": "digits"}, "batch_size": 32}


def refused(layers: list[dict[str, Any]], data: dict[str, Any] | None = None) -> ExperimentError:
    experiment = Experiment.from_builtins({**DIGITS, "layers": layers} | ({"data": data} if data else {}))
    with pytest.raises(ExperimentError) as error:
        Training(experiment)
    return error.value


def test_a_kernel_larger_than_its_image_is_refused_with_both_shapes_and_a_repair() -> None:
    error = refused([convolution(2, 3), {"kind": "pooling"}, convolution(2, 5, padding="valid")])
    assert str(error) == (
        "layer 3 (convolution) has a kernel of 5 × 5, which is larger than the image of 4 × 4 that layer 2 gives "
        "at layers[2]"
    )
    assert error.repair is not None
    assert error.repair.settings == {"kernel": 4}


@pytest.mark.parametrize(
    ("layers", "data", "number", "given"),
    [
        ([convolution(2), {"kind": "flatten"}, convolution(2)], None, 3, "layer 2 gives 128 numbers"),
        ([{"kind": "dense", "units": 20}, convolution(2)], None, 2, "layer 1 gives 20 numbers"),
        ([convolution(2)], {"kind": "wine"}, 1, "the data set gives 13 numbers"),
    ],
)
def test_a_convolution_on_a_vector_is_refused(
    layers: list[dict[str, Any]], data: dict[str, Any] | None, number: int, given: str
) -> None:
    assert str(refused(layers, data)) == (
        f"layer {number} (convolution) needs an image, but {given} at layers[{number - 1}]"
    )


# -- learning ---------------------------------------------------------------------------------------------------------


def test_a_net_of_two_convolutions_learns_digits() -> None:
    relu, draw = {"kind": "relu"}, {"kind": "he_normal"}
    layers = [
        convolution(6, activation=relu, initializer=draw),
        {"kind": "pooling"},
        convolution(12, activation=relu, initializer=draw),
        {"kind": "flatten"},
    ]
    optimizer = {"kind": "adam", "learning_rate": 0.01}
    training = Training(Experiment.from_builtins({**DIGITS, "layers": layers, "optimizer": optimizer}))
    for _ in range(150):
        training.propose(measure=False)
        training.apply()
    assert training.evaluator.validation()["validation_accuracy"] > 0.93
    training.look()
    labels = [info.label for info in training.info.layers]
    assert labels == ["1", "2", "3", "4", "5"]
    norms = dict(zip(training.columns, training.row({}), strict=True))
    assert norms["weight_gradient_norm:0"] > 0
    assert math.isnan(norms["weight_gradient_norm:1"])
