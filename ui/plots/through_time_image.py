"""The gradient of the states of recurrent layers as time-step × training-step images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF

from simulator.arrays.numeric import Floats
from simulator.observations.sampled import Subject
from simulator.observations.time_profile import StateGradients, height_of, norms_of
from simulator.record.sampled_history import Grid
from ui.chart.axes import StepAxis
from ui.chart.bands import LINE, USUAL_HEIGHT, BandAxis, BandFrames, Bands, Caption, Captions, gap_of
from ui.chart.decades import extent, log10, notes_of
from ui.chart.heat import ColourBar, Heat, colour_table, indexed
from ui.chart.legend import Key, Note
from ui.chart.lost import cell_keys
from ui.chart.marks import Array
from ui.chart.ranges import Range, StepRange, StepsRange, nice_step
from ui.chart.table import Cell, Table
from ui.plots.base import FIRST_ROW, Plot, Probe, View
from ui.plots.through_time import STATES
from ui.style.numbers import integer, not_finite, number, power_of_ten
from ui.style.theme import Theme

COLUMNS = 384
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


class ThroughTimeImage(Plot[ImageState]):
    key = "through_time_image"
    title = "Gradient, step by step"
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
    wants = frozenset({"time"})
    empty_text = "Add a recurrent layer, a GRU or an LSTM to see its gradient through time, training step by step."

    def build(self) -> None:
        self.step_axis = StepAxis("bottom", "step")
        self.time_axis = BandAxis("time step t", decades=False)
        self.pane = self.canvas.add_pane(FIRST_ROW, self.time_axis, self.step_axis, invert_y=True)
        self.time_axis.setGrid(False)
        self.bar = ColourBar("‖∂L/∂hₜ‖")
        self.canvas.add_beside(self.bar, FIRST_ROW, 2)
        self.x_scale, self.colour_scale = StepsRange(), StepRange(log=True)
        self.scales += [self.x_scale, self.colour_scale]
        self.heats: list[Heat] = []
        self.captions, self.frames = Captions(self.pane), BandFrames(self.pane)
        self.bands = Bands(1, upward=False)
        self.crowded = False
        self.pane.sigResized.connect(self._resized)

    def _resized(self, *_pane: object) -> None:
        """Another height has room for other captions."""
        if self.state is not None:
            self.draw(self.state)
            self._write()

    def capture(self, view: View) -> ImageState | None:
        past = view.past(StateGradients.name)
        layers = [(i, layer.label) for i, layer in enumerate(view.frame.info.layers)]
        known = [(i, label) for i, label in layers if past is not None and label in past.subject.labels]
        if past is None or not known:
            return None
        grid, labels = past.looks.grid(COLUMNS), tuple(label for _, label in known)
        images = tuple(_image(past.subject, grid, label) for label in labels)
        return ImageState(
            view.frame.step, view.frame.info.depth, tuple(i for i, _ in known), labels, images, past.looks.end
        )  # fmt: skip

    # -- drawing -----------------------------------------------------------------------------------------------------

    def _parts(self, state: ImageState) -> list[tuple[ImageState, int]]:
        """What is shown from the top down: each layer, and each of the pinned one's."""
        shown = [state] if self.ghost is None else [state, self.ghost]
        return [(each, row) for each in shown for row in range(len(each.images))]

    def draw(self, state: ImageState) -> None:
        parts = self._parts(state)
        logs = [log10(each.images[row].values) for each, row in parts]
        colours = self.colour_scale.fit(*extent(logs))
        self._tick(colours)
        times = max(each.images[row].times for each, row in parts)
        height = self.pane.height() or USUAL_HEIGHT
        self.crowded = height / len(parts) < ROOMY * LINE
        gap = NARROW if self.crowded else gap_of(len(parts), height=height)
        self.bands = Bands(len(parts), 0.5, times + 0.5, gap, upward=False)
        self.time_axis.set_bands(self.bands)
        self.pane.fit(self.x_scale.fit(max(each.end for each, _ in parts)), self.bands.extent)
        while len(self.heats) < len(parts):
            self._add_heat()
        for heat in self.heats[len(parts) :]:
            heat.clear()
        for band, ((each, row), values) in enumerate(zip(parts, logs, strict=True)):
            self._paint(self.heats[band], each.images[row], values, colours, band)
        self._caption(parts)

    def _add_heat(self) -> None:
        heat = Heat(self.pane)
        heat.set_table(colour_table(self.theme, self.theme.backward))
        self.heats.append(heat)

    def _paint(self, heat: Heat, image: ProfileImage, logs: Array, colours: Range, band: int) -> None:
        values = np.where(np.isnan(logs) & image.looked[:, np.newaxis], np.inf, logs)
        top = float(self.bands.place(band, np.array(0.5)))
        height = float(self.bands.place(band, np.array(image.times + 0.5))) - top
        rows = image.values.shape[1]
        # The last row may stand for fewer time steps than the others.
        height *= rows * image.height / image.times
        rect = QRectF(image.first - 0.5, top, float(image.width * len(logs)), height)
        heat.set_places(np.ascontiguousarray(indexed(values, *colours).T), rect)

    def _tick(self, colours: Range) -> None:
        low, high = colours
        step = max(1, round(nice_step(high - low, 5)))
        first = int(-(-low // step)) * step
        self.bar.set_ticks([((d - low) / (high - low), power_of_ten(d)) for d in range(first, int(high) + 1, step)])

    def _caption(self, parts: Sequence[tuple[ImageState, int]]) -> None:
        captions = self._captions(parts)
        chosen = [band for band, (each, row) in enumerate(parts) if each.layers[row] == self.highlighted]
        self.frames.set_chosen(chosen, self.bands)
        self.captions.set_captions(() if self.crowded else captions, self.bands)

    def _captions(self, parts: Sequence[tuple[ImageState, int]]) -> list[Caption]:
        captions, live = [], len(parts[0][0].images)
        for band, (each, row) in enumerate(parts):
            layer = self.layer(each.layers[row])
            name = layer.name if layer is not None and layer.name else f"layer {each.labels[row]}"
            pinned = f", pinned at step {integer(each.step)}" if band >= live else ""
            tone = self.layer_colour(each.layers[row])
            captions.append(Caption(band, 0, name + pinned, tone, each.layers[row] == self.highlighted))
        return captions

    def draw_ghost(self, ghost: ImageState | None) -> None:
        """The ghost is one more band below, drawn together with the state."""

    def clear(self) -> None:
        for heat in self.heats:
            heat.clear()
        self.captions.set_captions((), self.bands)

    def mark(self, layer: int) -> None:
        if self.state is not None:
            self._caption(self._parts(self.state))

    def tint(self, theme: Theme) -> None:
        table = colour_table(theme, theme.backward)
        for heat in self.heats:
            heat.set_table(table)
        self.bar.tint(theme, table)
        self.captions.text, self.captions.ground = theme.text, theme.panel
        self.frames.colour = theme.accent
        if self.state is not None:
            self._caption(self._parts(self.state))
        self.captions.update()

    def pinned_key(self) -> tuple[Key, ...]:
        """Nothing: the captions say which bands are pinned."""
        return ()

    # -- words -------------------------------------------------------------------------------------------------------

    def legend(self, state: ImageState) -> Sequence[Key]:
        """The captions, from the top down, where there is no room for them over the bands."""
        parts = self._parts(state)
        names = [Key(caption.text, caption.colour) for caption in self._captions(parts)] if self.crowded else []
        cells = [key for heat in self.heats[: len(parts)] for key in cell_keys(heat.places)]
        return list(dict.fromkeys([*names, *cells]))

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
        columns: dict[str, list[Cell]] = {name: [] for name in ("first_step", "layer", "time", "hidden_gradient_norm")}
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
