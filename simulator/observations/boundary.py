"""The decision boundary of a two-input data set."""

from __future__ import annotations

from msgspec import Struct

from simulator.arrays.numeric import Floats


class Boundary(Struct, frozen=True):
    """What the network answers over the plane of a two-input data set."""

    image: Floats
    """(outputs, rows, columns): output activations; row 0 at the lowest second input."""
    x_range: tuple[float, float]
    y_range: tuple[float, float]
