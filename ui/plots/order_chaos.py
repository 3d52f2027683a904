"""The map of weight against bias variance: order, chaos, the edge between them, and the network as a dot to drag."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from functools import cached_property

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPolygonF

from simulator.arrays.numeric import Floats
from simulator.observations.base import Observed
from simulator.observations.order_chaos import OrderChaosObservation
from simulator.theory.order_chaos import OrderChaos, Place
from ui.chart.axes import ValueAxis, plot_font
from ui.chart.legend import Key, Note
from ui.chart.marks import Curves, Mark, Surface
from ui.chart.pane import Pane
from ui.chart.pens import pen_of, transparent
from ui.chart.polygons import polygon
from ui.chart.ranges import nice_ceiling
from ui.chart.table import Table
from ui.plots.base import FIRST_ROW, Probe, View
from ui.plots.handle_plot import HandlePlot
from ui.plots.observed import ObservedPlot
from ui.style.numbers import amount, number

FAR = 40.0
"""A network whose σ_w² is so many times the border's, or whose σ_b² is so large, stands at the edge of the map."""
LEAST = 0.01
"""Smallest σ_w² that the dot can be moved to."""
STEP = 1.05
"""By what an arrow key changes σ_w²."""


@dataclass(frozen=True)
class OrderChaosState:
    step: int
    map: OrderChaos
    depth: int = 0


@dataclass(frozen=True, eq=False)
class Regions(Mark):
    """Chaos to the right of its border tinted, both sides named."""

    border: Floats
    """By growing σ_b²; empty: all is order."""
    ranges: tuple[Place, Place]
    _: KW_ONLY
    z: float = -4.0

    @property
    def top(self) -> float:
        return self.ranges[1][1]

    @property
    def beyond(self) -> float:
        """Farther right than the map."""
        return self.ranges[0][1] + 1.0

    @cached_property
    def line(self) -> Floats:
        """The border up to the edges of the map."""
        return _within(np.array([np.minimum(self.border[0], self.beyond), self.border[1]]), self.ranges)

    @cached_property
    def chaos(self) -> QPolygonF:
        x, y = self.line
        ends = [self.beyond, self.beyond]
        return polygon(np.append(x, ends), np.append(y, [self.top, 0.0])) if x.size else QPolygonF()

    def draw(self, surface: Surface) -> None:
        painter = surface.painter
        surface.smooth(True)
        painter.setClipRect(surface.to_pixels.mapRect(surface.pane.area))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(transparent(surface.colour("backward"), 0.12))
        painter.drawPolygon(surface.to_pixels.map(self.chaos))
        if not surface.palette.wordless:
            self._name(surface)

    def _name(self, surface: Surface) -> None:
        """Both sides by what becomes of signals there."""
        painter = surface.painter
        painter.setFont(plot_font())
        painter.setPen(QColor(surface.colour("muted")))
        whole = surface.to_pixels.mapRect(surface.pane.area)
        over, under = (surface.to_pixels.map(QPointF(self._border_at(share), 0.0)).x() for share in (0.6, 0.4))
        left = QRectF(whole.left(), whole.top(), min(over, whole.right()) - whole.left(), 0.4 * whole.height())
        aligned = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop
        _write(painter, left.adjusted(12, 8, -8, 0), aligned, ("order: gradients vanish", "order"))
        start = max(under, whole.left(), whole.right() - 106)
        right = QRectF(start, whole.bottom() - 0.4 * whole.height(), whole.right() - start, 0.4 * whole.height())
        aligned = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignBottom
        _write(painter, right.adjusted(8, 0, -10, -12), aligned, ("chaos: gradients explode", "chaos"))

    def _border_at(self, share: float) -> float:
        """σ_w² of the border at this share of the map's height; beyond the map where there is none."""
        if not self.line.size:
            return self.beyond
        return float(np.interp(share * self.top, self.line[1], self.line[0]))


def _write(painter: QPainter, room: QRectF, aligned: Qt.AlignmentFlag, texts: Sequence[str]) -> None:
    """The first text that fits; nothing where none does."""
    flags = int(aligned | Qt.TextFlag.TextWordWrap)
    for text in texts:
        needed = painter.boundingRect(room, flags, text)
        if room.isValid() and needed.width() <= room.width() and needed.height() <= room.height():
            painter.drawText(room, flags, text)
            return


@dataclass(frozen=True, eq=False)
class Handle(Mark):
    """The place of a network: filled, or a ring where it is a pinned one."""

    place: Place
    _: KW_ONLY
    held: bool = False
    ring: bool = False
    z: float = 2.0

    def draw(self, surface: Surface) -> None:
        if any(map(math.isnan, self.place)):
            return
        surface.smooth(True)
        radius = 8.0 if self.held else 6.0
        surface.painter.setPen(pen_of(surface.colour("muted" if self.ring else "panel"), 1.5))
        surface.painter.setBrush(Qt.BrushStyle.NoBrush if self.ring else QColor(surface.colour("accent")))
        surface.painter.drawEllipse(surface.to_pixels.map(on_map(self.place, surface.pane)), radius, radius)


def on_map(place: Place, pane: Pane) -> QPointF:
    """Where a network stands: at the edge of the map where its place lies beyond."""
    (_, right), (_, top) = pane.auto
    return QPointF(min(place[0], right), min(place[1], top))


class OrderChaosPlot(HandlePlot[OrderChaosState], ObservedPlot[OrderChaosState]):
    key = "order_chaos"
    preset = "edge-of-chaos"
    overlays = False
    title = "Order and chaos"
    side = "training"
    shape = "square"
    least_height = 230
    reach = 14.0
    explain = (
        "Where the hidden layers' initial weights and biases stand. On the left signals of different samples grow "
        "alike and gradients vanish with depth, on the right they part and gradients explode; on the edge, χ = 1, "
        "both pass. Where no line parts the two, q can settle at either of two values and χ jumps past 1. Drag the "
        "dot, or press an arrow key, to draw the weights anew at another place."
    )
    formula = (
        r"Edge: $\chi=\sigma_w^2\,\mathbb{E}\,\varphi'(\sqrt{q}\,z)^2=1$ where "
        r"$q=\sigma_w^2\,\mathbb{E}\,\varphi(\sqrt{q}\,z)^2+\sigma_b^2$"
        "\n\n"
        r"$\sigma_w^2=n_{in}\operatorname{var}\,w$, $\sigma_b^2=\operatorname{var}\,b$; signals pass about "
        r"$1/|\ln\chi|$ layers"
    )
    observations = (OrderChaosObservation(),)
    empty_text = "A stack of dense layers has its place between order and chaos here."

    moved = Signal(float, float, bool)
    """σ_w² and σ_b² that the dot was moved to, and whether the hand has let go."""

    def build(self) -> None:
        self.x_axis, self.y_axis = (
            ValueAxis("bottom", "σ_w², weight variance"),
            ValueAxis("left", "σ_b², bias variance"),
        )
        self.pane = self.canvas.add_pane(FIRST_ROW, self.y_axis, self.x_axis)
        self.pane.setMouseEnabled(False, False)
        self._hand: Place | None = None
        """Where a hand has put the dot: until it has let go and the next frame comes."""
        self.canvas.viewport().installEventFilter(self)

    def refresh(self, view: View) -> None:
        if not self.holding:
            self._hand = None
        super().refresh(view)

    def understand(self, result: OrderChaos, observed: Observed[OrderChaos], view: View) -> OrderChaosState:
        return OrderChaosState(view.frame.step, result)

    # -- drawing -----------------------------------------------------------------------------------------------------

    @property
    def place(self) -> Place | None:
        """Where the dot stands."""
        if self._hand is not None or self.state is None:
            return self._hand
        return self.state.map.weight_variance, self.state.map.bias_variance

    def fit(self, states: Sequence[OrderChaosState]) -> None:
        self.pane.fit(*(self.pane.auto if self.holding else _ranges(states[0].map)))

    def marks(self, state: OrderChaosState) -> Sequence[Mark]:
        plane, ranges = state.map, self.pane.auto
        edge = [polygon(*_within(piece, ranges)) for piece in _unbroken(plane.edge)]
        return [
            Regions("regions", plane.border, ranges),
            Curves("edge", [edge], width=1.6, smooth=True, z=-1.0),
            *([] if self.place is None else [Handle("network", self.place, held=self.holding)]),
        ]

    def ghost_marks(self, ghost: OrderChaosState) -> Sequence[Mark]:
        place = ghost.map.weight_variance, ghost.map.bias_variance
        return [Handle("network", place, ring=True, z=1.0)]

    # -- words -------------------------------------------------------------------------------------------------------

    def legend_keys(self, state: OrderChaosState) -> Sequence[Key]:
        plane = state.map
        keys = [Key(f"σ_w² {number(plane.weight_variance)}, σ_b² {number(plane.bias_variance)}", "accent", "dot")]
        keys.append(Key(f"χ {number(plane.chi)}", "muted", "none"))
        keys.append(Key(f"edge for {plane.activation}", "text", "line"))
        return keys

    def spoken(self, state: OrderChaosState) -> str:
        return ", ".join(key.text for key in self.legend_keys(state))

    def notes(self, state: OrderChaosState) -> Sequence[Note]:
        plane = state.map
        notes = [Note("theory unreliable here", warning=True)] if plane.doubt else []
        if not plane.alike:
            notes.append(Note(f"layer {plane.layer}; others differ"))
        if any(_far_out(plane)):
            notes.append(Note("the network lies beyond the map", warning=True))
        return notes

    def probe(self, state: OrderChaosState, pane: int, x: float, y: float) -> Probe | None:
        plane = state.map
        reach = "for ever" if plane.chi == 1 else f"about {amount(_reach(plane.chi), 'layer')}"
        settles = f"q settles at {number(plane.settled)}" if math.isfinite(plane.settled) else "q grows without end"
        return Probe(
            f"σ_w² {number(x)}, σ_b² {number(y)}\n"
            f"the network: χ {number(plane.chi)}, {settles}, signals pass {reach if plane.chi > 0 else 'no layer'}"
            + (f"\n{plane.doubt}" if plane.doubt else "")
        )

    def rows(self, state: OrderChaosState) -> Table:
        """The network, then the edge."""
        plane = state.map
        points = [(weight, bias, 1.0) for weight, bias in plane.edge.T.tolist()]
        edge = [point if math.isfinite(point[0]) else (None, None, None) for point in points]
        columns = zip((plane.weight_variance, plane.bias_variance, plane.chi), *edge, strict=True)
        weights, biases, growths = (list(column) for column in columns)
        return Table(
            {
                "step": [state.step] * len(weights),
                "what": ["network", *["edge"] * len(edge)],
                "weight_variance": weights,
                "bias_variance": biases,
                "chi": growths,
            }
        )

    # -- moving ------------------------------------------------------------------------------------------------------

    def handle(self) -> QPointF | None:
        return None if self.place is None else on_map(self.place, self.pane)

    def grasp_handle(self) -> None:
        self._hand = self.place

    def drop_handle(self) -> None:
        self._hand = None

    def drag_handle(self, at: QPointF, *, final: bool) -> None:
        (_, right), (_, top) = self.pane.auto
        x, y = (float(f"{v:.3g}") for v in (at.x(), at.y()))
        self._move((min(max(x, LEAST), right), min(max(y, 0.0), top)), final=final)

    def _move(self, place: Place, *, final: bool) -> None:
        self._hand = place
        if self.state is not None:
            self.paint(self.drawn_states)
        self.moved.emit(*place, final)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        place = self.place
        step = self.pane.auto[1][1] / 50
        ways = {
            Qt.Key.Key_Left: (1 / STEP, 0.0), Qt.Key.Key_Right: (STEP, 0.0),
            Qt.Key.Key_Down: (1.0, -step), Qt.Key.Key_Up: (1.0, step),
        }  # fmt: skip
        way = ways.get(Qt.Key(event.key()))
        if way is None or place is None or self.paused:
            super().keyPressEvent(event)
            return
        self._move((float(f"{max(place[0] * way[0], LEAST):.3g}"), max(place[1] + way[1], 0.0)), final=True)


def _reach(chi: float) -> float:
    """1 / |ln χ|: how many layers a signal passes until it has changed e-fold."""
    return 1 / abs(math.log(chi)) if chi > 0 else 0.0


def _start(plane: OrderChaos) -> float:
    """σ_w² at which the border begins."""
    return float(plane.border[0, 0]) if plane.border.size and math.isfinite(plane.border[0, 0]) else 1.0


def _far_out(plane: OrderChaos) -> tuple[bool, bool]:
    """Along which axes the network stands so far out that a map up to it would not show the border."""
    return plane.weight_variance > FAR * _start(plane), plane.bias_variance > FAR


def _ranges(plane: OrderChaos) -> tuple[Place, Place]:
    """Room for the border where it begins, and for the dot where it is not far out."""
    start = _start(plane)
    dot = zip((plane.weight_variance, plane.bias_variance), _far_out(plane), strict=True)
    across, up = (0.0 if far or math.isnan(value) else value for value, far in dot)
    right, top = nice_ceiling(max(2.5 * start, 1.25 * across, 1.0)), nice_ceiling(max(0.5, 1.25 * up))
    # A dot on an axis is whole.
    return (-0.03 * right, right), (-0.05 * top, top)


def _unbroken(edge: Floats) -> list[Floats]:
    """Its pieces between columns of NaN."""
    pieces = np.split(edge, np.flatnonzero(np.isnan(edge[0])), axis=1)
    known = [piece[:, np.isfinite(piece[0])] for piece in pieces]
    return [piece for piece in known if piece.size]


def _within(line: Floats, ranges: tuple[Place, Place]) -> Floats:
    """A line of growing σ_b² cut at the top of the map, where it goes on."""
    top = ranges[1][1]
    if not line.size or line[1, -1] <= top or line[1, 0] > top:
        return line
    last = int(np.argmax(line[1] > top))
    share = (top - line[1, last - 1]) / (line[1, last] - line[1, last - 1])
    end = line[:, last - 1] + share * (line[:, last] - line[:, last - 1])
    return np.column_stack([line[:, :last], end])


if __name__ == "__main__":
    from ui.plots.preview import preview

    preview(OrderChaosPlot)
