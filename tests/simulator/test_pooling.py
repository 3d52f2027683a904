"""Pooling and flatten: what they compute, what they pass back, and what they refuse."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.arrays.numeric import Array
from simulator.experiment.experiment import Experiment, ExperimentError
from simulator.network.network import Network
from tests.simulator.differences import TOLERANCE, Bench, bench, check, clear_maximum, plain, relative_error

CONVOLUTION: dict[str, Any] = {"kind": "convolution", "channels": 2, "kernel": 2}


def network(layers: list[dict[str, Any]], shape: tuple[int, ...], batch: int = 3, outputs: int = 3) -> Network:
    found = Network(Experiment.from_builtins(plain(layers, "softmax_cross_entropy", 0)), shape, outputs, batch)
    rng = np.random.default_rng(0)
    found.parameters.value[...] = rng.normal(0, 0.7, found.parameters.size)
    found.input[:-1] = rng.standard_normal(found.input[:-1].shape)
    return found


def pooled(mode: str, size: int, image: Array) -> Array:
    """(channels, rows, columns, batch), window by window."""
    if mode == "global":
        return image.mean(axis=(1, 2), keepdims=True)
    channels, height, width, batch = image.shape
    out = np.empty((channels, height // size, width // size, batch))
    for row, column in np.ndindex(height // size, width // size):
        window = image[:, row * size : (row + 1) * size, column * size : (column + 1) * size]
        out[:, row, column] = window.max(axis=(1, 2)) if mode == "max" else window.mean(axis=(1, 2))
    return out


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    mode=st.sampled_from(["max", "average", "global"]), size=st.integers(1, 4), channels=st.integers(1, 3),
    height=st.integers(1, 7), width=st.integers(1, 7), batch=st.integers(1, 4),
)  # fmt: skip
def test_each_window_becomes_one_number(
    mode: str, size: int, channels: int, height: int, width: int, batch: int
) -> None:
    size = min(size, height, width)
    found = network([{"kind": "pooling", "mode": mode, "size": size}], (channels, height, width), batch)
    found.forward()
    wanted = pooled(mode, size, found.input[:-1].reshape(channels, height, width, batch))
    assert found.modules[0].output_shape == wanted.shape[:-1]
    np.testing.assert_allclose(found.taps[0].extras["maps"], wanted, rtol=1e-13, atol=1e-15)
    np.testing.assert_array_equal(found.taps[0].a, found.taps[0].extras["maps"].reshape(channels, -1))


def apart(size: int) -> Any:
    """Whether no two entries of a window are so close that a difference swaps them."""

    def clear(found: Network) -> bool:
        maps = found.taps[0].extras["maps"]
        _, height, width, _ = maps.shape
        whole = maps[:, : height // size * size, : width // size * size]
        entries = [whole[:, i::size, j::size] for i in range(size) for j in range(size)]
        return size == 1 or clear_maximum(np.stack(entries))

    return clear


@pytest.mark.parametrize("shape", [(2, 4, 4), (1, 5, 7)])
@pytest.mark.parametrize("size", [1, 2, 3])
@pytest.mark.parametrize("mode", ["max", "average", "global"])
def test_every_mode_and_size_backward(mode: str, size: int, shape: tuple[int, ...]) -> None:
    layers = [CONVOLUTION, {"kind": "pooling", "mode": mode, "size": size}, {"kind": "dense", "units": 3}]
    clear = apart(size) if mode == "max" else lambda network: True
    check(bench(plain(layers, "softmax_cross_entropy", 0), shape, 3, 2, size, clear=clear))


@settings(max_examples=15, deadline=None, derandomize=True)
@given(
    modes=st.lists(st.sampled_from(["average", "global"]), min_size=1, max_size=3), height=st.integers(4, 9),
    width=st.integers(4, 9), flat=st.booleans(),
)  # fmt: skip
def test_random_stacks_backward(modes: list[str], height: int, width: int, flat: bool) -> None:
    layers: list[dict[str, Any]] = []
    for mode in modes:
        kernel = 1 if "global" in modes else 2
        layers += [{**CONVOLUTION, "kernel": kernel}, {"kind": "pooling", "mode": mode, "size": kernel}]
    layers = layers[:4] + [{"kind": "flatten"}] * flat + [{"kind": "dense", "units": 2}]
    found = bench(plain(layers, "softmax_cross_entropy", 0), (1, height, width), 2, 3, 1)
    assert relative_error(found.analytic(), found.numeric()) <= TOLERANCE


def gradient_at_the_image(found: Network, gradient: Array) -> Array:
    """What the pooling behind a convolution sends back to it."""
    found.forward()
    back = found.modules[1].backward(gradient.reshape(-1, found.batch))
    assert back is not None
    return np.array(back).reshape(*found.modules[0].output_shape, found.batch)


def test_of_equal_entries_the_first_gets_the_whole_gradient() -> None:
    found = network([CONVOLUTION, {"kind": "pooling"}], (1, 5, 4))
    found.parameters.value[...] = 0
    back = gradient_at_the_image(found, np.full((2, 2, 2, 3), 7.0))
    wanted = np.zeros((2, 5, 4, 3))
    wanted[:, :4:2, ::2] = 7
    np.testing.assert_array_equal(back, wanted)


def test_a_gradient_is_shared_out_and_not_lost() -> None:
    rng = np.random.default_rng(1)
    for mode in ("max", "average"):
        gradient = rng.standard_normal((2, 2, 2, 3))
        found = network([CONVOLUTION, {"kind": "pooling", "mode": mode}], (1, 4, 4))
        back = gradient_at_the_image(found, gradient)
        np.testing.assert_allclose(pooled("average", 2, back) * 4, gradient, rtol=1e-12)
        assert np.count_nonzero(back) == gradient.size * (1 if mode == "max" else 4)


def test_a_nan_in_a_window_is_its_maximum_and_its_gradient_is_kept() -> None:
    found = network([{"kind": "pooling"}, {"kind": "dense", "units": 2}], (1, 2, 2))
    found.input[1, 1] = np.nan
    with np.errstate(all="ignore"):
        found.forward()
    assert np.isnan(found.taps[0].a).tolist() == [[False, True, False]]
    other = network([CONVOLUTION, {"kind": "pooling"}], (1, 2, 2))
    other.input[0, 1] = np.nan
    back = gradient_at_the_image(other, np.ones((2, 1, 1, 3)))
    np.testing.assert_array_equal(back.sum(axis=(1, 2)), 1)


def test_pooling_has_no_kernel_to_measure() -> None:
    found = network([CONVOLUTION, {"kind": "pooling"}, {"kind": "flatten"}], (1, 4, 4))
    assert [tap.weights is None for tap in found.taps] == [False, True, True, False]
    assert [info.units for info in found.infos] == [2, 2, 8, 3]


@pytest.mark.parametrize(("mode", "fits"), [("max", False), ("average", False), ("global", True)])
def test_a_window_larger_than_its_image_is_refused(mode: str, fits: bool) -> None:
    layers = [CONVOLUTION, {"kind": "pooling", "mode": mode, "size": 4}]
    if fits:
        assert network(layers, (1, 3, 5)).modules[1].output_shape == (2, 1, 1)
        return
    with pytest.raises(ExperimentError) as error:
        network(layers, (1, 3, 5))
    assert str(error.value) == (
        "layer 2 (pooling) has a size of 4 × 4, which is larger than the image of 3 × 5 that layer 1 gives at layers[1]"
    )
    assert error.value.repair is not None
    assert error.value.repair.settings == {"size": 3}


@pytest.mark.parametrize("mode", ["max", "global"])
def test_pooling_a_vector_is_refused(mode: str) -> None:
    with pytest.raises(
        ExperimentError, match=r"layer 1 \(pooling\) needs an image, but the data set gives 6 numbers at layers\[0\]"
    ):
        network([{"kind": "pooling", "mode": mode}], (6,))


# -- flatten ----------------------------------------------------------------------------------------------------------


def test_flatten_passes_signal_and_gradient_on_unchanged() -> None:
    plainly = [CONVOLUTION, {"kind": "dense", "units": 4}]
    flat = [CONVOLUTION, {"kind": "flatten"}, {"kind": "dense", "units": 4}]
    found = [network(layers, (2, 3, 4)) for layers in (plainly, flat)]
    for one in found:
        Bench(one, np.eye(3)).analytic()
    np.testing.assert_array_equal(found[0].output.a, found[1].output.a)
    np.testing.assert_array_equal(found[0].parameters.gradient, found[1].parameters.gradient)
    assert found[1].modules[1].output_shape == (24,)
    np.testing.assert_array_equal(found[1].taps[1].a.reshape(2, 12 * 3), found[1].taps[0].a)


def test_flatten_of_a_vector_is_the_vector() -> None:
    found = network([{"kind": "flatten"}], (5,))
    found.forward()
    np.testing.assert_array_equal(found.taps[0].a, found.input[:-1])
