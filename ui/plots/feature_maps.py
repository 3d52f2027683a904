"""What a convolution finds in one sample: its feature maps as images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF

from simulator.layers.base import layer_kinds
from simulator.observations.feature_maps import Maps
from simulator.training.run_info import RunInfo
from ui.chart.axes import Axis
from ui.chart.heat import ColourBar, Heat, colour_table
from ui.chart.legend import Key, Note
from ui.chart.lost import cell_keys
from ui.chart.marks import Array
from ui.chart.ranges import Range, StepRange
from ui.chart.table import Cell, Table
from ui.chart.tiles import Tiles, flowing, marked, places_of
from ui.plots.base import FIRST_ROW, Plot, Probe, View
from ui.style.numbers import count, integer, number
from ui.style.theme import Theme

MARGIN = 0.02
Index = NDArray[np.intp]


@dataclass(frozen=True)
class MapState:
    """The images of every layer that has any; ``layers`` maps the index of a layer to them."""

    step: int
    depth: int
    layers: Mapping[int, Maps]


def map_state(view: View, *, kernels: bool) -> MapState | None:
    """Layers with kernels, or with maps of any kind; None where there are none."""
    found = {}
    for index, layer in enumerate(view.frame.info.layers):
        maps = view.frame.maps.get(layer.label)
        if maps is not None and (maps.kernels is not None or not kernels):
            found[index] = maps
    return MapState(view.frame.step, view.frame.info.depth, found) if found else None


def _aside(rect: QRectF) -> tuple[float, float]:
    """How far to the right or down the pinned images stand: where a plot has room."""
    if rect.width() < 1.4 * rect.height():
        return rect.width() + 0.08 * rect.height(), 0.0
    return 0.0, 1.12 * rect.height()


class TilePlot(Plot[MapState]):
    """Images of one layer: the first that has any, or the one last pointed at anywhere."""

    wants = frozenset({"maps"})
    kinds = layer_kinds(lambda layer: layer.kernels)
    noun: ClassVar[str] = ""
    bar_name: ClassVar[str] = ""
    needs_kernels: ClassVar[bool] = False

    def build(self) -> None:
        self.axes = Axis("left"), Axis("bottom")
        self.pane = self.canvas.add_pane(FIRST_ROW, *self.axes, invert_y=True)
        self.pane.setAspectLocked(True)
        for axis in self.axes:
            axis.setStyle(showValues=False)
            axis.setGrid(False)
        self.axes[0].setWidth(10)
        self.axes[1].setHeight(10)
        self.bar = ColourBar(self.bar_name)
        self.canvas.add_beside(self.bar, FIRST_ROW, 2)
        self.scale = StepRange(patience=300)
        self.scales.append(self.scale)
        self.heat = Heat(self.pane)
        self.ghost_heat = Heat(self.pane)
        self.chosen = -1

    # -- what a subclass defines -------------------------------------------------------------------------------------

    def values(self, maps: Maps) -> Array:
        """(tiles, height, width)"""
        raise NotImplementedError

    def tiles(self, maps: Maps) -> Tiles:
        raise NotImplementedError

    def limits(self, low: float, high: float) -> Range:
        """The range that the colours span, for values of ``low`` … ``high``."""
        raise NotImplementedError

    def palette_of(self, theme: Theme) -> list[int]:
        """The colour table."""
        raise NotImplementedError

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
        return map_state(view, kernels=self.needs_kernels)

    def shown(self, state: MapState) -> int:
        """Index of the layer whose images are drawn."""
        return self.chosen if self.chosen in state.layers else min(state.layers)

    def draw(self, state: MapState) -> None:
        layer = self.shown(state)
        ghost = self._ghost_maps(layer)
        maps = state.layers[layer]
        tiles = self.tiles(maps)
        rect = tiles.rect
        colours = self._range([maps] if ghost is None else [maps, ghost])
        self._tick(colours)
        self.heat.set_places(places_of(tiles.compose(marked(self.values(maps))), colours), rect)
        if ghost is not None:
            beside = rect.translated(*_aside(rect))
            self.ghost_heat.set_places(places_of(tiles.compose(marked(self.values(ghost))), colours), beside)
            rect = rect.united(beside)
        else:
            self.ghost_heat.clear()
        edge = MARGIN * max(rect.width(), rect.height())
        self.pane.fit((-edge, rect.right() + edge), (-edge, rect.bottom() + edge))

    def _ghost_maps(self, layer: int) -> Maps | None:
        """The pinned images of the same layer, where they have the same shape."""
        if self.ghost is None or self.state is None or layer not in self.ghost.layers:
            return None
        pinned, now = self.ghost.layers[layer], self.state.layers[layer]
        return pinned if self.values(pinned).shape == self.values(now).shape else None

    def _range(self, shown: Sequence[Maps]) -> Range:
        finite = [values[np.isfinite(values)] for values in map(self.values, shown)]
        ends = [(float(part.min()), float(part.max())) for part in finite if part.size]
        low, high = (min(e[0] for e in ends), max(e[1] for e in ends)) if ends else (0.0, 0.0)
        return self.scale.fit(*self.limits(low, high))

    def _tick(self, colours: Range) -> None:
        low, high = colours
        middle = 0.0 if low < 0 < high else 0.5 * (low + high)
        self.bar.set_ticks([((value - low) / (high - low), number(value, 2)) for value in (low, middle, high)])

    def draw_ghost(self, ghost: MapState | None) -> None:
        """The ghost lies below the live images and is drawn with them."""
        if ghost is None:
            self.ghost_heat.clear()

    def clear(self) -> None:
        self.heat.clear()
        self.ghost_heat.clear()

    def mark(self, layer: int) -> None:
        """Pointing at a layer with images shows them; they stay."""
        if self.state is not None and layer in self.state.layers:
            self.choose(layer)

    def choose(self, layer: int) -> None:
        """Show the images of this layer from now on, where it has any."""
        if layer == self.chosen:
            return
        self.chosen = layer
        self.scale.reset()
        if self.state is not None:
            self.draw(self.state)
            self._write()

    def twin(self, theme: Theme) -> Plot[MapState]:
        other = super().twin(theme)
        assert isinstance(other, TilePlot)
        other.choose(self.chosen)
        return other

    def tint(self, theme: Theme) -> None:
        table = self.palette_of(theme)
        self.heat.set_table(table)
        self.ghost_heat.set_table(table)
        self.bar.tint(theme, table)
        for axis in self.axes:
            axis.setPen(theme.panel)

    # -- words -------------------------------------------------------------------------------------------------------

    def legend(self, state: MapState) -> Sequence[Key]:
        layer = self.shown(state)
        return [Key(self.heading(layer), "muted", "none"), *cell_keys(self.heat.places)]

    def notes(self, state: MapState) -> Sequence[Note]:
        maps = state.layers[self.shown(state)]
        values = self.values(maps)
        finite = values[np.isfinite(values)]
        found = [Note(f"{number(float(finite.min()))} … {number(float(finite.max()))}")] if finite.size else []
        lost = values.size - finite.size
        if self.left_out(maps):
            found.insert(0, Note(self.left_out(maps)))
        if self._ghost_maps(self.shown(state)) is not None:
            across, _ = _aside(self.tiles(maps).rect)
            found.insert(
                0, Note(f"pinned at step {integer(self._pinned_step)} {'on the right' if across else 'below'}")
            )
        return [*found, Note(f"{count(lost, 'value')} not finite", warning=True)] if lost else found

    @property
    def _pinned_step(self) -> int:
        return self.ghost.step if self.ghost is not None else -1

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
        ghost = self._ghost_maps(layer)
        across, down = _aside(self.tiles(maps).rect)
        if ghost is not None and (x >= across > 0 or y >= down > 0):
            maps, x, y, words = ghost, x - across, y - down, ", pinned"
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
        label = self.labels[layer] if layer < len(self.labels) else str(layer + 1)
        columns: dict[str, Sequence[Cell]] = {"step": [state.step] * values.size, "layer": [label] * values.size}
        columns |= {name: part.tolist() for name, part in self.tile_columns(maps, tile).items()}
        columns |= {"row": (row + 1).tolist(), "column": (column + 1).tolist(), "value": values.ravel().tolist()}
        return Table(columns)

    def tile_columns(self, maps: Maps, tile: Index) -> dict[str, Index]:
        """Columns of the table that say which tile a value is of, counted from 1."""
        return {"channel": tile + 1}


class FeatureMaps(TilePlot):
    key = "feature_maps"
    title = "Feature maps"
    side = "forward"
    comes_along = True
    noun = "maps"
    bar_name = "activation"
    explain = (
        "What each channel of a convolution answers to one image, always the same: the first one trained on. Point "
        "at another layer, in any plot or in the stack, to see its maps. A map without any contrast is a channel "
        "that finds nothing; maps that look alike are channels that have learnt the same."
    )
    formula = (
        r"$a_c$ at each position, for the first training sample, in evaluation mode; one colour scale for all maps"
    )
    empty_text = "Add a convolution to see what it finds in an image."

    def values(self, maps: Maps) -> Array:
        return maps.maps

    def tiles(self, maps: Maps) -> Tiles:
        return flowing(*maps.maps.shape)

    def limits(self, low: float, high: float) -> Range:
        low, high = min(low, 0.0), max(high, 0.0)
        return low, high if high > low else low + 1.0

    def palette_of(self, theme: Theme) -> list[int]:
        return colour_table(theme, theme.forward)

    def tile_text(self, maps: Maps, tile: int) -> str:
        return f"map {tile + 1}"
