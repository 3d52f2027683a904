"""Two directions in the space of all parameters of a network, through which its loss is cut."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from simulator.arrays.numeric import Floats, Stream, stream
from simulator.layers.base import Block
from simulator.network.network import Network
from simulator.schema.numbers import decimal, number


@dataclass(frozen=True)
class Directions:
    """Two vectors as long as the flat parameters."""

    x: Floats
    y: Floats
    spans_path: bool = False
    """Whether the window is that of the run's path."""
    note: str = ""
    """What is to be known of them, in a sentence."""

    def coordinates(self, away: Floats) -> Floats:
        """(vectors, 2): of (vectors, parameters) the shadows on the plane, by least squares."""
        both = np.stack([self.x, self.y], axis=1)
        return np.asarray(np.linalg.lstsq(both, away.T, rcond=None)[0].T)


def kernels(network: Network) -> list[Block]:
    """What holds weights, from the input to the output."""
    return [block for block in network.blocks() if block.weights]


def random_directions(network: Network, seed: int) -> Directions:
    """Two Gaussian directions, each unit's weights scaled to the length that they have; biases, scales and shifts stay.

    Li, Xu, Taylor, Studer and Goldstein 2018, Visualizing the loss landscape of neural nets, arXiv:1712.09913.
    """
    rng = stream(seed, Stream.LANDSCAPE, 1)
    drawn = []
    for _ in range(2):
        direction = np.zeros(network.parameters.size)
        for block in kernels(network):
            own, made = _weights(network, block, network.parameters.value), rng.standard_normal(_shape(block))
            made *= _lengths(own) / np.maximum(_lengths(made), 1e-300)
            np.copyto(_weights(network, block, direction), made)
        drawn.append(direction)
    return Directions(drawn[0], drawn[1], note="1 along an axis is as long as each unit's own weights")


def weight_directions(network: Network, first: Sequence[int], second: Sequence[int]) -> Directions:
    """Two weights alone, each named by its kernel, an input and a unit, from 1; ValueError where there are not two."""
    places = [_place_of(network, weight) for weight in (first, second)]
    if places[0] == places[1]:
        raise ValueError("two different weights are needed")
    directions = np.zeros((2, network.parameters.size))
    directions[[0, 1], places] = 1.0
    value = network.parameters.value
    now = [number(float(value[place])) for place in places]
    return Directions(directions[0], directions[1], note=f"from the weights as they are, {now[0]} and {now[1]}")


def path_directions(vectors: Floats, centre: Floats) -> Directions:
    """The two in which a path of parameters, (points, parameters), spreads most around its end.

    The leading right singular vectors of its differences from ``centre``. ValueError where it has no two.
    """
    away = vectors - centre
    values, left = np.linalg.eigh(away @ away.T)
    if len(values) < 2 or not values[-2] > 1e-12 * values[-1] > 0:
        raise ValueError("the run has to turn before its path has two directions: train it for a few steps more")
    x, y = (left[:, -k] @ away / math.sqrt(values[-k]) for k in (1, 2))
    share = float(values[-2:].sum() / values.sum())
    return Directions(
        x,
        y,
        True,
        f"the two directions hold {decimal(100 * share, 1)} % of the squared distances of the path from its end",
    )


def _shape(block: Block) -> tuple[int, int]:
    columns = block.shape[-1]
    return block.weights // columns, columns


def _weights(network: Network, block: Block, vector: Floats) -> Floats:
    """(inputs, units): the view of a vector laid out as the parameters that holds a kernel's weights."""
    start, _ = network.parameters.range_of(block)
    return vector[start : start + block.weights].reshape(_shape(block))


def _lengths(weights: Floats) -> Floats:
    return np.asarray(np.sqrt(np.sum(np.square(weights, dtype=np.float64), axis=0)))


def _place_of(network: Network, weight: Sequence[int]) -> int:
    if len(weight) != 3:
        raise ValueError("a weight is named by three numbers: its kernel, an input and a unit, from 1")
    blocks = kernels(network)
    kernel, row, unit = weight
    if not 1 <= kernel <= len(blocks):
        raise ValueError(f"there are kernels 1 to {len(blocks)}, not {kernel}")
    rows, units = _shape(blocks[kernel - 1])
    if not (1 <= row <= rows and 1 <= unit <= units):
        raise ValueError(f"kernel {kernel} has inputs 1 to {rows} and units 1 to {units}, no weight {row}, {unit}")
    start, _ = network.parameters.range_of(blocks[kernel - 1])
    return start + (row - 1) * units + unit - 1
