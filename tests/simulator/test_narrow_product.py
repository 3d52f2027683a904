"""An output of few units over many inputs, multiplied in pieces: the same numbers as at one go."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from simulator.arrays.arena import Arena, Scratch
from simulator.arrays.numeric import Array
from simulator.layers import narrow_product
from simulator.layers.base import BuildContext, Product
from simulator.layers.narrow_product import NarrowProduct
from tests.simulator.differences import bench, check, plain

OUTPUTS, BATCH = 3, 4


@pytest.fixture
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pieces of five inputs each."""
    monkeypatch.setattr(narrow_product, "PIECE", 5 * OUTPUTS * BATCH)
    monkeypatch.setattr(narrow_product, "FEWEST_ROWS", 1)
    monkeypatch.setattr(narrow_product, "FEWEST_PIECES", 2)


def products(make: Callable[[], Product], inputs: int, needed: bool) -> tuple[Product, Array, Array, Array | None]:
    """A product, and what it makes forward, of the kernel's gradient and of the input's."""
    dtype, rng = np.dtype(np.float64), np.random.default_rng(inputs)
    found = make()
    found.allocate(BuildContext(BATCH, Arena(dtype), Scratch(dtype), 0, needed), inputs, OUTPUTS)
    kernel, x, error = (rng.standard_normal(n) for n in ((inputs + 1, OUTPUTS), (inputs + 1, BATCH), (OUTPUTS, BATCH)))
    out, gradient = np.full((OUTPUTS, BATCH), np.nan), np.full(kernel.shape, np.nan)
    found.forward(kernel, x, out)
    found.kernel_gradient(x, error, gradient)
    return found, out, gradient, found.backward(kernel, error)


@pytest.mark.usefixtures("small_pieces")
@pytest.mark.parametrize("needed", [True, False])
@pytest.mark.parametrize(("inputs", "count"), [(4, 0), (9, 0), (10, 2), (14, 2), (23, 4)])
def test_pieces_and_what_is_left_are_the_whole(inputs: int, count: int, needed: bool) -> None:
    narrow, *found = products(NarrowProduct, inputs, needed)
    assert isinstance(narrow, NarrowProduct)
    assert narrow.count == count
    _, *wanted = products(Product, inputs, needed)
    for one, other in zip(found, wanted, strict=True):
        assert (one is None) is (other is None)
        if one is not None and other is not None:
            np.testing.assert_allclose(one, other, rtol=1e-13, atol=1e-13)


@pytest.mark.usefixtures("small_pieces")
def test_a_network_whose_output_is_made_in_pieces_has_its_gradient() -> None:
    layers = [{"kind": "convolution", "channels": 2}, {"kind": "dense", "units": 12}]
    check(bench(plain(layers, "softmax_cross_entropy", 0), (1, 3, 3), OUTPUTS, BATCH, 1))


def test_a_wide_image_before_ten_classes_goes_in_pieces_and_a_hundred_units_do_not() -> None:
    dtype = np.dtype(np.float32)
    for inputs, batch, count in ((12544, 128, 32), (12544, 32, 8), (784, 128, 0), (100, 128, 0), (12544, 10**6, 0)):
        found = NarrowProduct()
        scratch = Scratch(dtype, counting=True)
        found.allocate(BuildContext(batch, Arena(dtype), scratch, 0, True), inputs, 10)
        assert found.count == count
