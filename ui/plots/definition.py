"""What a plot says of itself: what it needs, what it draws of a state, and its words."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, ClassVar, Generic, Literal

from PySide6.QtCore import QPointF

from simulator.layers.info import LayerInfo
from simulator.observations.base import Observation
from simulator.training.run_info import RunInfo
from ui.chart.buckets import Places
from ui.chart.canvas import Canvas
from ui.chart.header import HeaderOption
from ui.chart.legend import Key, Note
from ui.chart.marks import Mark
from ui.chart.pane import Pane
from ui.chart.table import Table
from ui.chart.view import Probe, S, View, layer_name
from ui.plots.spoken import spoken
from ui.style.numbers import integer
from ui.style.theme import Theme, layer_colour

CardShape = Literal["wide", "square", "tall"]
HEADER, NAME, LEGEND_LINE = 24, 24, 18
"""Pixels of a plot's header, of a network's name over its image, and of one more line of a legend."""
LETTER, BESIDE_NAME, MOST_LINES = 6.4, 32, 3
"""Pixels of a letter of a name and beside it, and lines that one is given at most."""


def _lines(name: str, width: int) -> int:
    """That a name takes in so many pixels, about."""
    return min(math.ceil(max(len(name), 1) * LETTER / (width - BESIDE_NAME)), MOST_LINES)


class PlotDefinition(Generic[S]):
    """Class variables and methods that a plot defines, and what they may read."""

    key: ClassVar[str] = ""
    title: ClassVar[str] = ""
    side: ClassVar[str] = "forward"
    default: ClassVar[bool] = False
    shape: ClassVar[CardShape] = "wide"
    """What a card of it should look like: twice as wide as high, about as wide as high, or higher than wide."""
    least_width: ClassVar[int] = 300
    least_height: ClassVar[int] = 170
    """Pixels it needs to be read, its header included."""
    explain: ClassVar[str] = ""
    formula: ClassVar[str] = ""
    """Markdown with TeX between dollars."""
    observations: tuple[Observation[Any], ...] = ()
    """What it shows of the run beside the measures; options may change it."""
    measured: ClassVar[tuple[str, ...]] = ()
    """Quantities that it shows beside its lines and observations, by their names in formulas of lessons."""
    empty_text: ClassVar[str] = "Nothing to show yet: the first step fills this plot."
    offers: ClassVar[tuple[HeaderOption, ...]] = ()
    """Switches of this plot."""
    kinds: ClassVar[frozenset[str]] = frozenset()
    """The kinds of layers it is about; empty: any."""
    only_kinds: ClassVar[bool] = True
    """Whether there is nothing to show of a network without such a layer."""
    reads: ClassVar[bool] = False
    """Whether its legend says what the toolbar says."""
    recorded: ClassVar[bool] = False
    """Whether all that it draws is recorded of every step, and nothing of it has to be computed again."""
    preset: ClassVar[str] = "vanishing-sigmoid"
    """The preset that makes its point, for a preview of it alone."""
    spoken_as: ClassVar[tuple[tuple[str, str], ...]] = ()
    """Columns of its rows, or patterns of their names, and what a sentence calls them; none: all, by their names."""
    overlays: ClassVar[bool] = True
    """Whether several networks lie upon each other; else they stand beside each other."""
    spans_seeds: ClassVar[bool] = False
    """Whether it draws the median and quartiles of several seeds."""
    comes_along: ClassVar[bool] = False
    """Whether it opens by itself where the network has such a layer."""

    canvas: Canvas
    theme: Theme
    info: RunInfo | None
    state: S | None
    ghost: S | None
    options: dict[str, bool]
    layer_colours: tuple[str, ...]

    @classmethod
    def least_height_of(cls, networks: Sequence[str], width: float = 0.0) -> int:
        """Pixels it needs with networks of these names: in the legend, or over their images in rows of two.

        ``width``: of the board that it fills, if it does, so that several names have room in a line of the legend.
        """
        if len(networks) == 1:
            return cls.least_height
        if cls.overlays:
            lines = sum(_lines(name, cls.least_width) for name in networks)
            if width:
                lines = min(lines, math.ceil(sum(len(name) * LETTER + BESIDE_NAME for name in networks) / width))
            return cls.least_height + (lines - 1) * LEGEND_LINE
        names = NAME + (max(_lines(name, cls.least_width // 2) for name in networks) - 1) * LEGEND_LINE
        return HEADER + (1 if len(networks) == 2 else 2) * (cls.least_height - HEADER + names + LEGEND_LINE)

    # -- what it is made of and what it shows --------------------------------------------------------------------------

    def build(self) -> None:
        """Make panes, axes and what stands beside them, once."""
        raise NotImplementedError

    def begin(self, info: RunInfo) -> None:
        """A new run: name the axes. Layer colours are already those of the new depth."""

    def capture(self, view: View) -> S | None:
        """What of the view this plot draws; None while there is nothing."""
        raise NotImplementedError

    def places(self, view: View) -> Places | None:
        """In which places of steps it draws the past, where it draws nothing but that; else None."""
        return None

    def adapt(self, state: S) -> None:
        """Turn options as the state needs them, by :meth:`Plot.turn`."""

    def option_changed(self) -> None:
        """Bring axes in line with ``options``."""

    # -- drawing -----------------------------------------------------------------------------------------------------

    def fit(self, states: Sequence[S]) -> None:
        """Bring axes and what stands beside panes in line with all states that are drawn; the first is the live one."""
        raise NotImplementedError

    def fit_scales(self, states: Sequence[S]) -> None:
        """Bring colours and ranges in line with all of these, of which some may be drawn on other panes than these."""
        self.fit(states)

    def marks(self, state: S) -> Sequence[Mark]:
        """What is drawn of a state, on axes that fit it."""
        raise NotImplementedError

    def seen_marks(self, state: S) -> Sequence[Mark]:
        """The same, unless it is shown otherwise beside other networks."""
        return self.marks(state)

    def ghost_marks(self, ghost: S) -> Sequence[Mark]:
        """What is drawn of a state that is only there to be compared with: its marks that have a colour as ghosts."""
        return [mark.dimmed() for mark in self.marks(ghost) if mark.ghost]

    def shift(self, place: int) -> QPointF | None:
        """How far the ``place``-th of the states stands from the first, in data; usually they lie upon each other."""
        return None

    # -- words -------------------------------------------------------------------------------------------------------

    def legend_keys(self, state: S) -> Sequence[Key]:
        """What the legend says of the marks, beside what these say by themselves."""
        return ()

    def pinned_key(self) -> tuple[Key, ...]:
        """The legend's entry for the ghost, if there is one."""
        if self.ghost is None:
            return ()
        return (Key(f"pinned at step {integer(self.ghost.step)}", "faint", "dashed"),)

    def remark(self, state: S) -> str:
        """A sentence about what is shown, above the panes."""
        return ""

    def notes(self, state: S) -> Sequence[Note]:
        """Counts of what the marks cannot show."""
        return ()

    def rows(self, state: S) -> Table:
        """The columns of one state, in full precision."""
        raise NotImplementedError

    def spoken(self, state: S) -> str:
        """What is shown, as a sentence: which quantities, of how many layers, from what to what."""
        return spoken(self.rows(state), dict(self.spoken_as))

    def probe(self, state: S, pane: int, x: float, y: float) -> Probe | None:
        """What lies at ``x``, ``y`` of a pane, in data coordinates."""
        return None

    def layer_pointed(self, layer: int) -> None:
        """Somebody points at a layer, here or elsewhere; -1 at none."""

    def last_column(self, pane: Pane) -> float | None:
        """Where along a pane over steps or over depth the last of the data stands."""
        if pane in self.canvas.step_panes and self.state is not None:
            return float(self.state.step)
        return float(self.info.depth - 1) if pane in self.canvas.depth_panes and self.info is not None else None

    # -- what these may read -----------------------------------------------------------------------------------------

    def layer(self, index: int) -> LayerInfo | None:
        return self.info.layers[index] if self.info is not None and 0 <= index < self.info.depth else None

    def layer_text(self, index: int) -> str:
        """``dense 3 · 100 tanh``: the first line of a read-out."""
        layer = self.layer(index)
        return layer_name(layer) if layer is not None else f"layer {index + 1}"

    def layer_colour(self, index: int) -> str:
        """The colour that a layer has in every plot, by its place in the run."""
        depth = self.info.depth if self.info is not None else 1
        return layer_colour(index, depth, self.theme)

    @property
    def labels(self) -> tuple[str, ...]:
        return tuple(layer.label for layer in self.info.layers) if self.info is not None else ()

    def label_of(self, index: int) -> str:
        """The label of a layer, or its number where this run has no such layer."""
        labels = self.labels
        return labels[index] if index < len(labels) else str(index + 1)

    def names_of(self, depth: int) -> list[str]:
        """A label for each of so many layers, also of a run that has gone."""
        labels = self.labels
        return [*labels] if len(labels) == depth else [str(i + 1) for i in range(depth)]
