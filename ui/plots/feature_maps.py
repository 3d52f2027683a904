"""What a convolution finds in one sample: its feature maps as images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF

from simulator.arrays.numeric import Floats
from simulator.layers.base import layer_kinds
from simulator.observations.base import CellValue, Observation
from simulator.observations.feature_maps import FeatureMapsObservation, Maps
from simulator.observations.sample import Sample, SampleObservation
from simulator.training.run_info import RunInfo
from ui.chart.axes import BlankAxis
from ui.chart.colour_tables import forward_table
from ui.chart.decades import log10
from ui.chart.heat import Heat
from ui.chart.legend import Key, Note
from ui.chart.marks import Mark
from ui.chart.ranges import Range, StepRange, finite_extent
from ui.chart.table import Table
from ui.chart.tiles import Tiles, flowing, marked, places_of
from ui.plots.base import Plot, Probe, View
from ui.plots.images import ImagePlot
from ui.plots.sample_chooser import SampleChooser
from ui.style.numbers import count, integer, number
from ui.style.theme import Theme

MARGIN = 0.02
MOST_OF_INPUT, GAP_TO_MAPS = 0.5, 0.06
"""Width of the input at most and its distance from the maps, as shares of their width."""
TileIndex = NDArray[np.intp]


@dataclass(frozen=True)
class MapState:
    """The images of every layer that has any; ``layers`` maps the index of a layer to them."""

    step: int
    depth: int
    layers: Mapping[int, Maps]


@dataclass(frozen=True)
class SampleState(MapState):
    """And the sample that they are of."""

    sample: Sample | None


def map_state(view: View, observation: FeatureMapsObservation, *, kernels: bool) -> MapState | None:
    """Layers with kernels, or with maps of any kind; None where there are none."""
    maps_by_layer = {}
    seen = view.frame.result(observation) or {}
    for index, layer in enumerate(view.frame.info.layers):
        maps = seen.get(layer.label)
        if maps is not None and (maps.kernels is not None or not kernels):
            maps_by_layer[index] = maps
    return MapState(view.frame.step, view.frame.info.depth, maps_by_layer) if maps_by_layer else None


class TilePlot(ImagePlot[MapState]):
    """Images of one layer: the first that has any, or the one last pointed at anywhere."""

    observations: tuple[Observation[Any], ...] = (FeatureMapsObservation(),)
    kinds = layer_kinds(lambda layer: layer.kernels)
    noun: ClassVar[str] = ""
    needs_kernels: ClassVar[bool] = False

    def build(self) -> None:
        self.build_image(BlankAxis("left"), BlankAxis("bottom"))
        self.pane.setAspectLocked(True)
        self.scale = StepRange(patience=300)
        self.scales.append(self.scale)
        self.chosen = -1

    # -- what a subclass may define ----------------------------------------------------------------------------------

    def values(self, maps: Maps) -> Floats:
        """(tiles, height, width)"""
        return maps.maps

    def tiles(self, maps: Maps) -> Tiles:
        """How they are laid out."""
        return flowing(*maps.maps.shape)

    def limits(self, low: float, high: float) -> Range:
        """The range that the colours span, for values of ``low`` … ``high``: as far below 0 as above it."""
        reach = max(-low, high) or 1.0
        return -reach, reach

    def tile_text(self, maps: Maps, tile: int) -> str:
        raise NotImplementedError

    def heading(self, layer: int) -> str:
        """Whose images these are."""
        return self.layer_text(layer)

    # -- drawing -----------------------------------------------------------------------------------------------------

    def begin(self, info: RunInfo) -> None:
        if self.chosen >= info.depth:
            self.chosen = -1

    def capture(self, view: View) -> MapState | None:
        return map_state(view, FeatureMapsObservation(), kernels=self.needs_kernels)

    def shown(self, state: MapState) -> int:
        """Index of the layer whose images are drawn."""
        return self.chosen if self.chosen in state.layers else min(state.layers)

    def fit(self, states: Sequence[MapState]) -> None:
        self.fit_scales(states)
        maps = self._comparable_of(states)
        rect = self.tiles(maps[0]).rect
        rect = rect.united(rect.translated(self.shift(len(maps) - 1))).united(self.aside(states[0], rect))
        edge = MARGIN * max(rect.width(), rect.height())
        self.pane.fit((rect.left() - edge, rect.right() + edge), (rect.top() - edge, rect.bottom() + edge))

    def fit_scales(self, states: Sequence[MapState]) -> None:
        self._tick(self._range(self._comparable_of(states)))

    def aside(self, state: MapState, rect: QRectF) -> QRectF:
        """Where something else of the live state stands beside the images in ``rect``; by itself nowhere."""
        return QRectF()

    def marks(self, state: MapState) -> Sequence[Mark]:
        """Its images of the layer that the live state shows."""
        maps = self._comparable(self.state or state, state)
        if maps is None:
            return ()
        tiles = self.tiles(maps)
        composed = tiles.compose(marked(self.values(maps)))
        places = places_of(composed, self.scale.range)
        return [Heat("image", places, tiles.rect, self.colour_table, logs=log10(composed))]

    def ghost_marks(self, ghost: MapState) -> Sequence[Mark]:
        return self.marks(ghost)

    def shift(self, place: int) -> QPointF:
        """To the right or down: where a plot has room."""
        if not place or self.state is None:
            return QPointF()
        rect = self.tiles(self.state.layers[self.shown(self.state)]).rect
        if rect.width() < 1.4 * rect.height():
            return QPointF(place * (rect.width() + 0.08 * rect.height()), 0.0)
        return QPointF(0.0, place * 1.12 * rect.height())

    def _comparable(self, live: MapState, state: MapState) -> Maps | None:
        """The images that a state has of the layer that is shown, where they have the same shape as the live ones."""
        layer = self.shown(live)
        maps, now = state.layers.get(layer), live.layers[layer]
        return maps if maps is not None and self.values(maps).shape == self.values(now).shape else None

    def _comparable_of(self, states: Sequence[MapState]) -> Sequence[Maps]:
        """Those of all, beside those of the first."""
        comparable = (self._comparable(states[0], state) for state in states)
        return [each for each in comparable if each is not None]

    def _range(self, shown: Sequence[Maps]) -> Range:
        low, high = finite_extent(map(self.values, shown))
        return self.scale.fit(*self.limits(*((low, high) if low <= high else (0.0, 0.0))))

    def _tick(self, colours: Range) -> None:
        low, high = colours
        middle = 0.0 if low < 0 < high else 0.5 * (low + high)
        self.bar.set_ticks([((value - low) / (high - low), number(value, 2)) for value in (low, middle, high)])

    def layer_pointed(self, layer: int) -> None:
        """Pointing at a layer with images shows them; they stay."""
        if self.state is not None and layer in self.state.layers:
            self.choose(layer)

    def choose(self, layer: int) -> None:
        """Show the images of this layer from now on, where it has any."""
        if layer == self.chosen:
            return
        self.chosen = layer
        self.scale.reset()
        self.redraw()

    def twin(self, theme: Theme, *, lanes: bool = True) -> Plot[MapState]:
        other = super().twin(theme, lanes=lanes)
        assert isinstance(other, TilePlot)
        other.choose(self.chosen)
        return other

    # -- words -------------------------------------------------------------------------------------------------------

    def legend_keys(self, state: MapState) -> Sequence[Key]:
        return [Key(self.heading(self.shown(state)), "muted", "none")]

    def notes(self, state: MapState) -> Sequence[Note]:
        maps = state.layers[self.shown(state)]
        values = self.values(maps)
        finite = values[np.isfinite(values)]
        notes = [Note(f"{number(float(finite.min()))} … {number(float(finite.max()))}")] if finite.size else []
        lost = values.size - finite.size
        if self.left_out(maps):
            notes.insert(0, Note(self.left_out(maps)))
        if self.ghost is not None and self._comparable(state, self.ghost) is not None:
            where = "on the right" if self.shift(1).x() else "below"
            notes.insert(0, Note(f"pinned at step {integer(self.ghost.step)} {where}"))
        return [*notes, Note(f"{count(lost, 'value')} not finite", warning=True)] if lost else notes

    def pinned_key(self) -> tuple[Key, ...]:
        """Nothing: a note says where the pinned images are."""
        return ()

    def left_out(self, maps: Maps) -> str:
        """``64 of 128 maps``; empty where all are shown."""
        shown = len(maps.maps)
        return f"{shown} of {integer(maps.channels)} {self.noun}" if shown < maps.channels else ""

    def probe(self, state: MapState, pane: int, x: float, y: float) -> Probe | None:
        layer = self.shown(state)
        maps, words = state.layers[layer], ""
        ghost = None if self.ghost is None else self._comparable(state, self.ghost)
        aside = self.shift(1)
        if ghost is not None and (x >= aside.x() > 0 or y >= aside.y() > 0):
            maps, x, y, words = ghost, x - aside.x(), y - aside.y(), ", pinned"
        values, place = self.values(maps), self.tiles(maps).at(x, y)
        if place is None or place[0] >= len(values):
            return Probe(self.heading(layer), layer)
        tile, row, column = place
        text = f"{self.tile_text(maps, tile)}{words}, row {row + 1}, column {column + 1}"
        return Probe(f"{self.heading(layer)}\n{text}\n{number(float(values[tile, row, column]))}", layer)

    def rows(self, state: MapState) -> Table:
        layer = self.shown(state)
        maps = state.layers[layer]
        values = self.values(maps)
        tile, row, column = (index.ravel() for index in np.indices(values.shape))
        columns: dict[str, Sequence[CellValue]] = {"step": [state.step] * values.size}
        columns["layer"] = [self.label_of(layer)] * values.size
        columns |= {name: part.tolist() for name, part in self.tile_columns(maps, tile).items()}
        columns |= {"row": (row + 1).tolist(), "column": (column + 1).tolist(), "value": values.ravel().tolist()}
        return Table(columns)

    def tile_columns(self, maps: Maps, tile: TileIndex) -> dict[str, TileIndex]:
        """Columns of the table that say which tile a value is of, counted from 1."""
        return {"channel": tile + 1}


class FeatureMaps(TilePlot):
    key = "feature_maps"
    spoken_as = (("value", "activations"),)
    preset = "convolution"
    title = "Feature maps"
    side = "forward"
    shape = "square"
    least_height = 260
    comes_along = True
    noun = "maps"
    bar_name = "activation"
    colour_table = staticmethod(forward_table)
    observations = (FeatureMapsObservation(), SampleObservation())
    explain = (
        "What each channel of a convolution answers to one training sample, which stands at the left where it is an "
        "image; choose another below. Point at another layer, in any plot or in the stack, to see its maps. A map "
        "without any contrast is a channel that finds nothing; maps that look alike are channels that have learnt "
        "the same."
    )
    formula = (
        r"$a_c$ at each position, for one training sample, in evaluation mode; one colour scale for all maps, another "
        "for the input, from its least to its greatest value"
    )
    empty_text = "Add a convolution to see what it finds in an image."

    def build(self) -> None:
        super().build()
        self.chooser = SampleChooser() if self.header is not None else None
        column = self.layout()
        if self.chooser is not None and column is not None:
            column.addWidget(self.chooser)
            self.chooser.hide()
            self.chooser.chosen.connect(self.show_sample)

    def begin(self, info: RunInfo) -> None:
        super().begin(info)
        if self.chooser is not None:
            self.chooser.set_count(info.train_samples)

    def show_sample(self, index: int) -> None:
        """Show what is found in this training sample, counted from 0, from now on."""
        self.scale.reset()
        self.observe(FeatureMapsObservation(sample=index), SampleObservation(sample=index))

    def capture(self, view: View) -> SampleState | None:
        maps, sample = self.observations
        assert isinstance(maps, FeatureMapsObservation)
        found = view.frame.result(maps)
        if self.chooser is not None and found is not None:
            self.chooser.setVisible(bool(found))
        state = map_state(view, maps, kernels=False)
        seen = view.frame.result(sample)
        return None if state is None else SampleState(state.step, state.depth, state.layers, seen)

    # -- the input ---------------------------------------------------------------------------------------------------

    def aside(self, state: MapState, rect: QRectF) -> QRectF:
        """Left of the maps, as high as all of them but not half as wide."""
        image = input_of(state)
        if image is None:
            return rect
        whole = flowing(*image.shape).rect
        zoom = min(rect.height() / whole.height(), MOST_OF_INPUT * rect.width() / whole.width())
        width, height = zoom * whole.width(), zoom * whole.height()
        return QRectF(-width - GAP_TO_MAPS * rect.width(), 0.5 * (rect.height() - height), width, height)

    def marks(self, state: MapState) -> Sequence[Mark]:
        marks, image, maps = list(super().marks(state)), input_of(state), self._comparable(self.state or state, state)
        if image is not None and maps is not None:
            low, high = _span(image)
            places = places_of(flowing(*image.shape).compose(marked(image)), (low, high))
            marks.append(Heat("input", places, self.aside(state, self.tiles(maps).rect), self.colour_table))
        return marks

    def ghost_marks(self, ghost: MapState) -> Sequence[Mark]:
        return super().marks(ghost)

    # -- words -------------------------------------------------------------------------------------------------------

    def legend_keys(self, state: MapState) -> Sequence[Key]:
        return [*super().legend_keys(state), *(Key(text, "muted", "none") for text in self._sample_words(state))]

    def _sample_words(self, state: MapState) -> Sequence[str]:
        """``sample 5: three``"""
        sample = state.sample if isinstance(state, SampleState) else None
        if sample is None:
            return ()
        names = self.info.class_names if self.info is not None else ()
        known = sample.label is not None and sample.label < len(names)
        return [f"sample {integer(sample.index + 1)}" + (f": {names[sample.label or 0]}" if known else "")]

    def probe(self, state: MapState, pane: int, x: float, y: float) -> Probe | None:
        image = input_of(state)
        rect = self.aside(state, self.tiles(state.layers[self.shown(state)]).rect)
        if image is None or not rect.contains(x, y):
            return super().probe(state, pane, x, y)
        tiles = flowing(*image.shape)
        zoom = tiles.rect.width() / rect.width()
        place = tiles.at((x - rect.left()) * zoom, (y - rect.top()) * zoom)
        words = "\n".join(["input", *self._sample_words(state)])
        if place is None or place[0] >= len(image):
            return Probe(words)
        channel, row, column = place
        where = f"channel {channel + 1}, " if len(image) > 1 else ""
        value = number(float(image[channel, row, column]))
        return Probe(f"{words}\n{where}row {row + 1}, column {column + 1}\n{value}")

    def limits(self, low: float, high: float) -> Range:
        low, high = min(low, 0.0), max(high, 0.0)
        return low, high if high > low else low + 1.0

    def tile_text(self, maps: Maps, tile: int) -> str:
        return f"map {tile + 1}"


def input_of(state: MapState) -> Floats | None:
    """(channels, height, width) of the image that went in, where one did."""
    return state.sample.image if isinstance(state, SampleState) and state.sample is not None else None


def _span(values: Floats) -> Range:
    low, high = finite_extent([values])
    low = low if low <= high else 0.0
    return low, high if high > low else low + 1.0


if __name__ == "__main__":
    from ui.plots.preview import preview

    preview(FeatureMaps)
