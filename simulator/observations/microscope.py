"""Looking at one unit: what its tap says of it, and of the units beside it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from simulator.arrays.numeric import Array, Floats, frozen
from simulator.arrays.statistics import norm
from simulator.layers.base import Shape, Tap
from simulator.measures.base import SATURATION
from simulator.observations.base import Observation
from simulator.observations.unit import Unit, WatchedUnit

if TYPE_CHECKING:
    from simulator.training.training import Training


class UnitObservation(Observation[Unit], frozen=True, tag="unit"):
    """One unit of a layer, or the nearest to it that there is."""

    share = 0
    standard = True
    past = WatchedUnit()

    layer: str = ""
    """Label; of an unknown one: the first layer."""
    index: int = 0
    """Counted from 0."""

    def observe(self, training: Training) -> Unit:
        taps = training.network.taps
        tap = next((tap for tap in taps if tap.info.label == self.layer), taps[0])
        index = min(self.index, len(tap.a) - 1)
        shape = training.data.input_shape if tap is taps[0] else ()
        return look_at(tap, index, shape, drawn=tap is not taps[-1])


def look_at(tap: Tap, index: int, input_shape: Shape = (), *, drawn: bool = True) -> Unit:
    """The unit of a tap that holds the present step; ``input_shape`` is that of a signal from below, if it has one."""
    a = tap.a.reshape(len(tap.a), -1)
    actives, saturations = _slopes(tap, len(a))
    weights, gradient = _maps(tap.weights, len(a), index), _maps(tap.weight_gradient, len(a), index)
    means = a.mean(axis=1, dtype=np.float64)
    return Unit(
        layer=tap.info.label,
        index=index,
        mean=float(means[index]),
        low=float(a[index].min()),
        high=float(a[index].max()),
        active=float(actives[index]),
        saturated=float(saturations[index]),
        gradient_norm=norm(np.ascontiguousarray(gradient)) if gradient.size else float("nan"),
        weights=frozen(weights.astype(np.float64)),
        image=_image(tap, weights, input_shape),
        means=frozen(means),
        actives=frozen(actives),
        saturations=frozen(saturations),
        drawn=drawn and weights.size > 0 and tap.activation is not None,
    )


def _slopes(tap: Tap, units: int) -> tuple[Floats, Floats]:
    """Per unit the share of slopes that are not 0, and of those near 0; NaN where there are none, or any z is NaN."""
    if tap.slope is None or tap.activation is None:
        return np.full(units, np.nan), np.full(units, np.nan)
    # Gates of one unit stand block by block.
    slope = tap.slope.reshape(-1, units, *tap.slope.shape[1:])
    axes = (0, *range(2, slope.ndim))
    flat = np.less(np.abs(slope), SATURATION * tap.activation.sup_slope)
    lost = np.isnan(slope)
    if tap.z is not None:
        lost |= np.isnan(tap.z).reshape(slope.shape)
    undefined = np.where(lost.any(axis=axes), np.nan, 0.0)
    return np.not_equal(slope, 0).mean(axis=axes) + undefined, flat.mean(axis=axes) + undefined


def _maps(array: Array | None, units: int, index: int) -> Array:
    """(inputs, maps): the columns of a unit, whose maps lie side by side."""
    if array is None or array.ndim != 2 or array.shape[1] % units:
        return np.empty((0, 1))
    return array[:, index::units]


def _image(tap: Tap, weights: Array, input_shape: Sequence[int]) -> tuple[int, ...]:
    """(channels, height, width) of one map's weights, where they are an image."""
    kernels = tap.extras.get("kernels")
    shape = tuple(input_shape) if kernels is None else kernels.shape[1:]
    return shape if len(shape) == 3 and int(np.prod(shape)) == len(weights) > 0 and shape[1:] != (1, 1) else ()
