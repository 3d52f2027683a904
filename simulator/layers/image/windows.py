"""Windows of an image: where they lie, reading them all as one array, and adding them back."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from msgspec import Struct
from numpy.lib.stride_tricks import sliding_window_view

from simulator.arrays.numeric import Array
from simulator.layers.base import Repair, Shape, ShapeError, shape_text

Padding = Literal["same", "valid", "circular"]
Slices = tuple[slice, slice, slice]

SMALL_PRODUCT = 10**6
"""Multiply-adds up to which BLAS multiplies without packing, at up to twice the speed."""
FEWEST_COLUMNS = 128
"""Tiles narrower than this cost more than they bring."""
BAND_ENTRIES = 2**16
"""Entries of the windows of one band: they stay in the cache from being copied to being multiplied."""
STRIP_ENTRIES, STRIP_COLUMNS = 180_000, 256
"""Entries of one strip of rows, which leave room in a cache of 1 MB beside them, and columns that it has at least."""


def image_shape(shape: Shape) -> tuple[int, int, int]:
    """``shape`` as (channels, height, width), or ShapeError."""
    if len(shape) != 3:
        raise ShapeError(f"needs an image, but {{before}} gives {shape_text(shape)}")
    return shape


@dataclass(frozen=True)
class WindowAxis:
    """Windows along one axis of an image: position p covers the padded entries p·stride … p·stride + kernel − 1."""

    size: int
    kernel: int
    stride: int
    padding: Padding

    @cached_property
    def positions(self) -> int:
        """⌈size / stride⌉ with padding, ⌊(size − kernel) / stride⌋ + 1 without."""
        if self.padding == "valid":
            return (self.size - self.kernel) // self.stride + 1
        return -(-self.size // self.stride)

    @cached_property
    def padded(self) -> int:
        return max(self.size, (self.positions - 1) * self.stride + self.kernel)

    @cached_property
    def before(self) -> int:
        """Padding in front; where it is odd, the end has one more."""
        return (self.padded - self.size) // 2

    def part(self, positions: int) -> WindowAxis:
        """The padded axis as far as the first ``positions`` windows reach."""
        return WindowAxis((positions - 1) * self.stride + self.kernel, self.kernel, self.stride, "valid")

    def parts(self, part: WindowAxis) -> list[slice]:
        """Where the parts lie that such ``part`` is the first of."""
        starts = range(0, self.positions * self.stride, part.positions * self.stride)
        return [slice(start, start + part.size) for start in starts]

    @property
    def inside(self) -> slice:
        return slice(self.before, self.before + self.size)

    @property
    def wraps(self) -> list[tuple[slice, slice]]:
        """(border, where it is copied from) for a circle."""
        stop, after = self.before + self.size, self.padded - self.size - self.before
        margins = []
        if self.before:
            margins.append((slice(0, self.before), slice(self.size, stop)))
        if after:
            margins.append((slice(stop, self.padded), slice(self.before, self.before + after)))
        return margins


class Windows(Struct, frozen=True):
    """All kernel × kernel windows of images (channels, height, width); the batch is the last axis of their arrays."""

    channels: int
    rows: WindowAxis
    columns: WindowAxis

    @property
    def positions(self) -> int:
        return self.rows.positions * self.columns.positions

    @property
    def entries(self) -> int:
        """Entries of one window."""
        return self.channels * self.rows.kernel * self.columns.kernel

    @property
    def padded(self) -> bool:
        return self.shape != self.padded_shape

    @property
    def shape(self) -> Shape:
        return self.channels, self.rows.size, self.columns.size

    @property
    def padded_shape(self) -> Shape:
        return self.channels, self.rows.padded, self.columns.padded

    def pad(self, image: Array, out: Array) -> None:
        """Write (channels, height, width, batch) into the middle of ``out``, whose border is and stays zero."""
        out[:, self.rows.inside, self.columns.inside] = image
        if self.rows.padding == "circular":
            for border, source in self._wraps():
                out[border] = out[source]

    def fold(self, padded: Array) -> Array:
        """The gradient of an image from that of its padded form, whose border is added to where it came from."""
        if self.rows.padding == "circular":
            for border, source in reversed(self._wraps()):
                padded[source] += padded[border]
        return padded[:, self.rows.inside, self.columns.inside]

    def _wraps(self) -> list[tuple[Slices, Slices]]:
        whole, inside = slice(None), self.columns.inside
        rows = [((whole, border, inside), (whole, source, inside)) for border, source in self.rows.wraps]
        columns = [((whole, whole, border), (whole, whole, source)) for border, source in self.columns.wraps]
        return rows + columns

    def band(self, batch: int) -> Windows:
        """The windows of as many positions as fit the cache: whole rows, or a part of one."""
        high, wide = self.rows.positions, self.columns.positions
        sizes = [(n, wide) for n in reversed(_divisors(high))] + [(1, n) for n in reversed(_divisors(wide))]
        broad = [size for size in sizes if math.prod(size) * batch >= FEWEST_COLUMNS] or sizes[:1]
        fitting = [size for size in broad if math.prod(size) * batch * (self.entries + 1) <= BAND_ENTRIES]
        rows, columns = fitting[0] if fitting else broad[-1]
        return Windows(self.channels, self.rows.part(rows), self.columns.part(columns))

    def bands(self, band: Windows) -> list[Slices]:
        """What each band covers of the padded image, in the order of positions."""
        return [
            (slice(None), rows, columns)
            for rows in self.rows.parts(band.rows)
            for columns in self.columns.parts(band.columns)
        ]

    def strip(self, outputs: int, batch: int) -> Windows | None:
        """The windows that one strip of rows holds, see `bands.py`; None where there is nothing to gain by strips."""
        rows, columns = self.rows, self.columns
        across = self.channels * columns.kernel + 1
        widths = [n for n in _divisors(columns.positions) if n * batch >= STRIP_COLUMNS]
        if not widths or rows.kernel <= rows.stride:
            return None
        small = [n for n in widths if rows.kernel * across * outputs * n * batch <= SMALL_PRODUCT]
        fitting = [n for n in reversed(widths) if rows.kernel * across * n * batch <= STRIP_ENTRIES]
        width = (small or fitting or widths)[0]
        heights = [rows.part(n) for n in reversed(_divisors(rows.positions))]
        held = [part for part in heights if part.size * across * width * batch <= STRIP_ENTRIES]
        return Windows(self.channels, (held or heights[-1:])[0], columns.part(width))

    def tiles(self, outputs: int, batch: int) -> tuple[int, int]:
        """How many pieces rows and columns of positions are cut into: as few as make products small, or none."""
        high, wide = self.rows.positions, self.columns.positions
        cuts = [(n, 1) for n in _divisors(high)] + [(high, n) for n in _divisors(wide)]
        for cut in cuts:
            width = high // cut[0] * (wide // cut[1]) * batch
            if width < FEWEST_COLUMNS:
                break
            if (self.entries + 1) * outputs * width <= SMALL_PRODUCT:
                return cut
        return 1, 1

    def view_shape(self, tiles: tuple[int, int], batch: int) -> Shape:
        """(row tiles, column tiles, channels, kernel, kernel, rows, columns, batch)"""
        high, wide = self.rows.positions // tiles[0], self.columns.positions // tiles[1]
        return (*tiles, self.channels, self.rows.kernel, self.columns.kernel, high, wide, batch)

    def view(self, padded: Array, tiles: tuple[int, int], writeable: bool = False) -> Array:
        """Every window of padded images without a copy, shaped as :meth:`view_shape` says."""
        shape = self.view_shape(tiles, padded.shape[-1])
        seen = sliding_window_view(padded, shape[3:5], axis=(1, 2), writeable=writeable)
        seen = seen[:, :: self.rows.stride, :: self.columns.stride]
        cut = seen.reshape(self.channels, shape[0], shape[5], shape[1], shape[6], *seen.shape[3:])
        return cut.transpose(1, 3, 0, 6, 7, 2, 4, 5)


def add(values: Array, places: Array) -> None:
    """Add every window to where it lies; both shaped as by :meth:`Windows.view`, ``places`` overlapping."""
    _, _, _, high, wide, *_ = values.shape
    for i in range(high):
        for j in range(wide):
            place = places[:, :, :, i, j]
            np.add(place, values[:, :, :, i, j], out=place)


def windows(shape: Shape, kernel: int, stride: int, padding: Padding, name: str) -> Windows:
    """The windows of samples of ``shape``; ShapeError where they are too large. ``name`` is the field that says so."""
    channels, height, width = image_shape(shape)
    largest = min(height, width)
    if kernel > largest:
        raise ShapeError(
            f"has a {name} of {kernel} × {kernel}, which is larger than the image of {height} × {width} that "
            "{before} gives",
            repair=Repair(f"make the {name} {largest}", {name: largest}),
        )
    return Windows(channels, WindowAxis(height, kernel, stride, padding), WindowAxis(width, kernel, stride, padding))


def _divisors(n: int) -> list[int]:
    return [d for d in range(1, n + 1) if n % d == 0]
