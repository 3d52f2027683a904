"""The windows of images as matrices that kernels are multiplied with, band by band in one fixed buffer.

Two ways of laying them out. **Strips** hold each row of the image once for each column of the kernel: as many
successive rows as the kernel has are the windows of one row of positions, so the rows that windows share are copied
once, and zeros around an image are set where they are needed. **Tiles** hold every window whole: what is narrow, or
does not overlap, goes so.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from simulator.arrays.numeric import Array
from simulator.layers.base import BuildContext
from simulator.layers.image.windows import Windows


@dataclass(frozen=True)
class Band:
    """Where the windows of one band come from: (places in the buffer, entries of images), and places that are 0."""

    copies: list[tuple[Array, Array]]
    border: list[Array]

    def fetch(self) -> None:
        """Have the buffer hold its windows."""
        for target in self.border:
            target.fill(0)
        for target, source in self.copies:
            np.copyto(target, source)


class WindowBands(ABC):
    """Windows in a buffer; with ``ones`` the buffer is made of them, and a row of them stands below each window."""

    borders: ClassVar[bool] = False
    """Whether it sets zeros around an image by itself."""
    matrices: Array
    """(products, inner, columns): what kernels meet."""
    target: Array
    """Where the windows of a band are copied to, shaped as these."""

    @abstractmethod
    def windows(self, image: Array, before: tuple[int, int] = (0, 0)) -> list[Band]:
        """Of padded images (channels, height, width, samples) the windows of each band.

        Where it ``borders``, also of images that have ``before`` rows and columns of zeros in front, and some behind.
        """

    @abstractmethod
    def split(self, array: Array) -> list[Array]:
        """(outputs, positions · samples) as a (products, outputs, columns) for each band."""

    def arranged(self, kernel: Array) -> Array:
        """A kernel (channels · k², and with ``ones`` 1 for the biases, outputs) as (inner, outputs)."""
        return kernel

    def sum_for(self, gradient: Array) -> Array:
        """Where a gradient laid out as ``gradient`` is summed up as (inner, outputs)."""
        return gradient

    def put_back(self, total: Array, gradient: Array) -> None:
        """The sum is complete: have ``gradient`` show it."""
        assert total is gradient


class WindowTiles(WindowBands):
    """Every window whole: (k² · channels, columns), in as many tiles as make products small."""

    def __init__(self, grid: Windows, outputs: int, context: BuildContext, ones: bool) -> None:
        batch = context.batch
        self.grid, self.band = grid, grid.band(batch)
        self.cut = self.band.tiles(outputs, batch)
        count = math.prod(self.cut)
        width = self.band.positions * batch // count
        self.matrices = _buffer(context, ones, count, grid.entries + ones, width)
        self.target = self.matrices[:, : grid.entries].reshape(self.band.view_shape(self.cut, batch))
        self._split_shape = (outputs, grid.positions // self.band.positions, count, width)

    def windows(self, image: Array, before: tuple[int, int] = (0, 0)) -> list[Band]:
        return [Band([(self.target, view)], []) for view in self.views(image, writeable=False)]

    def views(self, padded: Array, writeable: bool) -> list[Array]:
        """The windows of each band where they lie, shaped as ``target``."""
        return [self.band.view(padded[here], self.cut, writeable) for here in self.grid.bands(self.band)]

    def split(self, array: Array) -> list[Array]:
        return list(array.reshape(self._split_shape).transpose(1, 2, 0, 3))


class Strips(WindowBands):
    """Rows of the image: (rows, kernel · channels, columns), of which successive ones are the windows."""

    borders: ClassVar[bool] = True

    def __init__(self, grid: Windows, strip: Windows, outputs: int, context: BuildContext, ones: bool) -> None:
        self.grid, self.strip = grid, strip
        rows, columns, batch = strip.rows, strip.columns, context.batch
        across, width = grid.channels * columns.kernel, columns.positions * batch
        buffer = _buffer(context, ones, rows.size, across + ones, width)
        self.target = buffer[:, :across].reshape(rows.size, grid.channels, columns.kernel, columns.positions, batch)
        successive = sliding_window_view(buffer, rows.kernel, axis=0)[:: rows.stride].transpose(0, 3, 1, 2)
        self.matrices = successive.reshape(rows.positions, rows.kernel * (across + ones), width)
        high, wide = (grid.rows.positions // rows.positions, grid.columns.positions // columns.positions)
        self._split_shape = (outputs, high, rows.positions, wide, width)
        shape = (rows.kernel, across + ones, outputs)
        # Every row of the image has its ones: the biases stand with the first, and 0 with the others.
        self._kernel, self._total = context.arena.zeros(*shape), context.arena.zeros(*shape)
        self._by_channel = (rows.kernel, grid.channels, columns.kernel, outputs)
        self.across, self.ones = across, ones

    def windows(self, image: Array, before: tuple[int, int] = (0, 0)) -> list[Band]:
        starts = [(rows.start, columns.start) for _, rows, columns in self.grid.bands(self.strip)]
        return [self._band(image, top - before[0], left - before[1]) for top, left in starts]

    def _band(self, image: Array, top: int, left: int) -> Band:
        """The strip whose first row and column are these of the image, around which all is 0."""
        columns, (height, width) = self.strip.columns, image.shape[1:3]
        rows = _within(range(top, top + len(self.target)), height)
        part, target = image[:, top + rows.start : top + rows.stop], self.target[rows]
        copies, border = [], [self.target[: rows.start], self.target[rows.stop :]]
        across = (columns.positions - 1) * columns.stride + 1
        whole = slice(max(0, -left), min(columns.kernel, width - left - across + 1))
        entries = range(columns.kernel)
        if inner := entries[whole]:
            seen = part[:, :, left + inner.start : left + inner.stop - 1 + across]
            windows = sliding_window_view(seen, len(inner), axis=2)[:, :, :: columns.stride]
            copies.append((target[:, :, whole], windows.transpose(1, 0, 4, 2, 3)))
        for entry in [entry for entry in entries if entry not in inner]:
            places = range(left + entry, left + entry + across, columns.stride)
            inside = _within(places, width)
            here = places[inside]
            source = part[:, :, here.start : here.stop : here.step]
            copies.append((target[:, :, entry, inside], source.transpose(1, 0, 2, 3)))
            border += [target[:, :, entry, : inside.start], target[:, :, entry, inside.stop :]]
        return Band([pair for pair in copies if pair[0].size], [each for each in border if each.size])

    def split(self, array: Array) -> list[Array]:
        bands = array.reshape(self._split_shape).transpose(1, 3, 2, 0, 4)
        return [strip for strips in bands for strip in strips]

    def _weights(self, laid_out: Array) -> Array:
        """Those of (rows, kernel · channels, outputs) as (channels, rows, columns, outputs)."""
        return laid_out[:, : self.across].reshape(self._by_channel).transpose(1, 0, 2, 3)

    def arranged(self, kernel: Array) -> Array:
        weights = self._weights(self._kernel)
        np.copyto(weights, kernel[: self.grid.entries].reshape(weights.shape))
        if self.ones:
            np.copyto(self._kernel[0, -1], kernel[-1])
        return self._kernel.reshape(-1, kernel.shape[-1])

    def sum_for(self, gradient: Array) -> Array:
        return self._total.reshape(-1, gradient.shape[-1])

    def put_back(self, total: Array, gradient: Array) -> None:
        weights = self._weights(self._total)
        np.copyto(gradient[: self.grid.entries].reshape(weights.shape), weights)
        if self.ones:
            np.copyto(gradient[-1], self._total[0, -1])


def bands_of(grid: Windows, outputs: int, context: BuildContext, ones: bool) -> WindowBands:
    """The windows of images as that kernels for so many outputs meet which costs least."""
    strip = grid.strip(outputs, context.batch)
    return WindowTiles(grid, outputs, context, ones) if strip is None else Strips(grid, strip, outputs, context, ones)


def _within(places: range, size: int) -> slice:
    """Which of ascending places are among the first ``size``."""
    start, stop = (min(max(0, -(-(end - places.start) // places.step)), len(places)) for end in (0, size))
    return slice(start, stop)


def _buffer(context: BuildContext, ones: bool, *shape: int) -> Array:
    """One of ones that is a layer's own, or one that others share."""
    return context.arena.full(1, *shape) if ones else context.scratch.array(*shape)
