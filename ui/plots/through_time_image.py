"""The gradient of the states of recurrent layers as time-step × training-step images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF

from simulator.arrays.numeric import Floats
from simulator.observations.base import CellValue
from simulator.observations.sampled import Subject
from simulator.observations.time_profile import StateGradients, TimeProfilesObservation, height_of, norms_of
from simulator.record.sampled_history import Grid
from ui.chart.axes import StepAxis
from ui.chart.bands import LINE, USUAL_HEIGHT, BandAxis, BandFrames, Bands, Caption, Captions, gap_of
from ui.chart.colour_tables import backward_table, indexed
from ui.chart.decades import extent, log10, notes_of
from ui.chart.heat import Heat
from ui.chart.legend import Key, Note
from ui.chart.marks import Mark
from ui.chart.ranges import StepRange, StepsRange
from ui.chart.table import Table
from ui.plots.base import Probe, View
from ui.plots.images import COLUMNS, ImagePlot
from ui.plots.through_time import STATES
from ui.style.numbers import integer, not_finite, number
from ui.style.text_size import scaled

ROOMY = 2.5
"""Captions stand over the bands where one is so many times as high as they are; else they are in the legend."""
NARROW = 0.08
"""The gap between bands without captions, as a share of their height."""


@dataclass(frozen=True)
class ProfileImage:
    """‖∂L/∂h_t‖ of one layer, training step × time step."""

    values: Floats
    """(columns, rows): the largest norm of each column's looks and each row's time steps; NaN where nobody looked."""
    looked: NDArray[np.bool_]
    """(columns,): where somebody looked, or had looked just before."""
    first: int
    """The training step at which the first column begins."""
    width: int
    """Training steps per column."""
    times: int
    """Time steps; row r holds r · height + 1 …"""
    height: int
    """Time steps per row."""

    @cached_property
    def logs(self) -> Floats:
        """log₁₀ of the values."""
        return log10(self.values)


def _image(subject: Subject, grid: Grid, layer: str) -> ProfileImage:
    times = subject.sizes[subject.labels.index(layer)]
    values = norms_of(layer, subject, grid.values)
    return ProfileImage(values, grid.looked, grid.first, grid.width, times, height_of(times))


@dataclass(frozen=True)
class ImageState:
    """The past of every layer with a state, in depth order."""

    step: int
    depth: int
    layers: tuple[int, ...]
    labels: tuple[str, ...]
    images: tuple[ProfileImage, ...]
    end: int
    """The last training step looked at."""


class ThroughTimeImage(ImagePlot[ImageState]):
    key = "through_time_image"
    spoken_as = (("hidden_gradient_norm", "gradient norms"),)
    preset = "adding-rnn"
    title = "Gradient, step by step"
    measured = ("hidden_gradient_norm",)
    side = "backward"
    kinds = STATES
    explain = (
        "Each column is a look at the network, each row a time step, the first on top; the colour is the size of "
        "the gradient there, on a log scale. A pale top is a past that the layer cannot learn from; "
        "colour that climbs upwards is a memory being learnt."
    )
    formula = (
        r"$\log_{10}$ of the RMS over the batch of $\|\partial(\text{sample loss})/\partial h_t\|_2$, the largest of "
        r"each cell, held until the next look; neutral: exactly 0, amber: not finite"
    )
    bar_name = "‖∂L/∂hₜ‖"
    colour_table = staticmethod(backward_table)
    observations = (TimeProfilesObservation(),)
    empty_text = "Add a recurrent layer, a GRU or an LSTM to see its gradient through time, training step by step."

    def build(self) -> None:
        self.step_axis = StepAxis("bottom", "step")
        self.time_axis = BandAxis("time step t", decades=False)
        self.build_image(self.time_axis, self.step_axis)
        self.x_scale, self.colour_scale = StepsRange(), StepRange(log=True)
        self.scales += [self.x_scale, self.colour_scale]
        self.bands = Bands(1, upward=False)
        self.crowded = False
        self.pane.sigResized.connect(self._resized)

    def _resized(self, *_pane: object) -> None:
        """Another height has room for other captions."""
        self.redraw()

    def capture(self, view: View) -> ImageState | None:
        past = view.past(StateGradients.name)
        layers = [(i, layer.label) for i, layer in enumerate(view.frame.info.layers)]
        known = [(i, label) for i, label in layers if past is not None and label in past.subject.labels]
        if past is None or not known:
            return None
        grid, labels = past.history.grid(COLUMNS), tuple(label for _, label in known)
        images = tuple(_image(past.subject, grid, label) for label in labels)
        return ImageState(
            view.frame.step, view.frame.info.depth, tuple(i for i, _ in known), labels, images, past.history.end
        )  # fmt: skip

    # -- drawing -----------------------------------------------------------------------------------------------------

    def _parts(self, state: ImageState) -> list[tuple[ImageState, int]]:
        """What is shown from the top down: each layer, and each of the pinned one's."""
        shown = [state] if self.ghost is None else [state, self.ghost]
        return [(each, row) for each in shown for row in range(len(each.images))]

    def fit(self, states: Sequence[ImageState]) -> None:
        self.fit_scales(states)
        images = [image for state in states for image in state.images]
        height, times = self.pane.height() or USUAL_HEIGHT, max(image.times for image in images)
        self.crowded = height / len(images) < ROOMY * scaled(LINE)
        gap = NARROW if self.crowded else gap_of(len(images), height=height)
        self.bands = Bands(len(images), 0.5, times + 0.5, gap, upward=False)
        self.time_axis.set_bands(self.bands)
        self.pane.fit(self.x_scale.range, self.bands.extent)

    def fit_scales(self, states: Sequence[ImageState]) -> None:
        self.tick_decades(*self.colour_scale.fit(*extent(image.logs for state in states for image in state.images)))
        self.x_scale.fit(max(state.end for state in states))

    def marks(self, state: ImageState) -> Sequence[Mark]:
        return self._marks(state, "")

    def ghost_marks(self, ghost: ImageState) -> Sequence[Mark]:
        return self._marks(ghost, _pinned(ghost))

    def _marks(self, state: ImageState, added: str) -> Sequence[Mark]:
        captions = () if self.crowded else self._captions(state, added)
        images = (self._heat(image, band) for band, image in enumerate(state.images))
        frames = BandFrames("frames", state.layers, self.bands)
        return [*images, Captions("captions", captions, self.bands), frames]

    def shift(self, place: int) -> QPointF:
        """More bands below those of the first."""
        live = len(self.state.images) if self.state is not None else 0
        return QPointF(0.0, place * live * self.bands.pitch)

    def _heat(self, image: ProfileImage, band: int) -> Heat:
        logs = image.logs
        values = np.where(np.isnan(logs) & image.looked[:, np.newaxis], np.inf, logs)
        top = float(self.bands.place(band, np.array(0.5)))
        height = float(self.bands.place(band, np.array(image.times + 0.5))) - top
        rows = image.values.shape[1]
        # The last row may stand for fewer time steps than the others.
        height *= rows * image.height / image.times
        rect = QRectF(image.first - 0.5, top, float(image.width * len(logs)), height)
        places = np.ascontiguousarray(indexed(values, *self.colour_scale.range).T)
        return Heat(f"image {band}", places, rect, self.colour_table, logs=values.T)

    def _captions(self, state: ImageState, added: str) -> list[Caption]:
        return [
            Caption(
                band,
                0,
                self._name(state, band) + added,
                self.layer_colour(layer),
                layer=layer,
                shorter=(self._name(state, band), state.labels[band]),
            )
            for band, layer in enumerate(state.layers)
        ]

    def _name(self, state: ImageState, band: int) -> str:
        layer = self.layer(state.layers[band])
        return layer.name if layer is not None and layer.name else f"layer {state.labels[band]}"

    def pinned_key(self) -> tuple[Key, ...]:
        """Nothing: the captions say which bands are pinned."""
        return ()

    # -- words -------------------------------------------------------------------------------------------------------

    def legend_keys(self, state: ImageState) -> Sequence[Key]:
        """The captions, from the top down, where there is no room for them over the bands."""
        captions = self._captions(state, "")
        if self.ghost is not None:
            captions += self._captions(self.ghost, _pinned(self.ghost))
        return list(dict.fromkeys(Key(caption.text, caption.colour) for caption in captions)) if self.crowded else []

    def notes(self, state: ImageState) -> Sequence[Note]:
        last = np.concatenate([image.values[-1] for image in state.images])
        known = np.concatenate([np.full(image.values.shape[1], image.looked[-1]) for image in state.images])
        return notes_of(last[known], self.colour_scale.range[0], "time step")

    def probe(self, state: ImageState, pane: int, x: float, y: float) -> Probe | None:
        band = self.bands.at(y)
        each, row = self._parts(state)[band]
        image = each.images[row]
        column = int(np.floor((x - image.first + 0.5) / image.width))
        time = round(self.bands.value(band, y))
        if not 0 <= column < len(image.values):
            return None
        if not 1 <= time <= image.times:
            return Probe(self.layer_text(each.layers[row]), each.layers[row])
        cell = (time - 1) // image.height
        value = float(image.values[column, cell])
        first, last = image.first + column * image.width, cell * image.height + 1
        ends = min(last + image.height - 1, image.times)
        words = number(value, fixed=True) if image.looked[column] else "nobody looked"
        words = words if np.isfinite(value) or not image.looked[column] else not_finite(value)
        lines = [
            self.layer_text(each.layers[row]),
            f"step {integer(first)}" + (f" … {integer(first + image.width - 1)}" if image.width > 1 else ""),
            f"t = {integer(last)}" + (f" … {integer(ends)}" if ends > last else ""),
            f"‖∂L/∂h‖  {words}",
        ]
        return Probe("\n".join(lines), each.layers[row], first + 0.5 * (image.width - 1))

    def rows(self, state: ImageState) -> Table:
        columns: dict[str, list[CellValue]] = {
            name: [] for name in ("first_step", "layer", "time", "hidden_gradient_norm")
        }
        for label, image in zip(state.labels, state.images, strict=True):
            count, rows = image.values.shape
            steps = image.first + image.width * np.arange(count)
            columns["first_step"] += np.repeat(steps, rows).tolist()
            columns["layer"] += [label] * (count * rows)
            columns["time"] += np.tile(1 + image.height * np.arange(rows), count).tolist()
            looked = np.repeat(image.looked, rows).tolist()
            values = image.values.ravel().tolist()
            columns["hidden_gradient_norm"] += [v if seen else None for v, seen in zip(values, looked, strict=True)]
        return Table(columns)


def _pinned(state: ImageState) -> str:
    return f", pinned at step {integer(state.step)}"


if __name__ == "__main__":
    from ui.plots.preview import preview

    preview(ThroughTimeImage)
