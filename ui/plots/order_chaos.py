"""The map of weight against bias variance: order, chaos, the edge between them, and the network as a dot to drag."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPolygonF, QTransform

from simulator.theory.order_chaos import OrderChaos
from ui.chart.axes import ValueAxis, plot_font
from ui.chart.canvas import Pane
from ui.chart.legend import Key, Note
from ui.chart.marks import Array, Curves, Item, pen_of, polygon, transparent
from ui.chart.ranges import nice_ceiling
from ui.chart.table import Table
from ui.plots.base import FIRST_ROW, Plot, Probe, View
from ui.style.numbers import number
from ui.style.theme import Theme

Place = tuple[float, float]
"""σ_w², σ_b²"""
REACH = 14.0
"""Pixels from the dot within which a press takes hold of it."""
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


class _Regions(Item):
    """Chaos to the right of its border tinted, both sides named."""

    def __init__(self, pane: Pane) -> None:
        super().__init__(pane, -4.0)
        self.chaos = QPolygonF()
        self.line: Array = np.empty((2, 0))
        self.beyond = self.top = 1.0
        self.tone, self.ink = "#000000", "#000000"

    def set_border(self, border: Array, ranges: tuple[Place, Place]) -> None:
        """The border by growing σ_b²; empty: all is order."""
        (_, right), (_, top) = ranges
        self.top, self.beyond = top, right + 1.0
        x, y = self.line = _within(np.array([np.minimum(border[0], self.beyond), border[1]]), ranges)
        ends = [self.beyond, self.beyond]
        self.chaos = polygon(np.append(x, ends), np.append(y, [top, 0.0])) if x.size else QPolygonF()
        self.update()

    def draw(self, painter: QPainter, there: QTransform) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        painter.setClipRect(there.mapRect(self.pane.area))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(transparent(self.tone, 0.12))
        painter.drawPolygon(there.map(self.chaos))
        painter.setFont(plot_font())
        painter.setPen(QColor(self.ink))
        whole = there.mapRect(self.pane.area)
        over, under = (there.map(QPointF(self._border_at(share), 0.0)).x() for share in (0.6, 0.4))
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


class _Dot(Item):
    """A ring at one place; the handle is filled."""

    def __init__(self, pane: Pane, *, filled: bool, z: float) -> None:
        super().__init__(pane, z)
        self.filled = filled
        self.colour, self.ground = "#000000", "#ffffff"
        self.place: Place | None = None
        self.held = False

    def put(self, place: Place | None, *, held: bool = False) -> None:
        self.place, self.held = place, held
        self.update()

    @property
    def drawn(self) -> QPointF:
        """Where it stands: at the edge of the map where its place lies beyond."""
        (_, right), (_, top) = self.pane.auto
        x, y = self.place or (0.0, 0.0)
        return QPointF(min(x, right), min(y, top))

    def draw(self, painter: QPainter, there: QTransform) -> None:
        if self.place is None or any(map(math.isnan, self.place)):
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        radius = 8.0 if self.held else 6.0
        painter.setPen(pen_of(self.ground if self.filled else self.colour, 1.5))
        painter.setBrush(QColor(self.colour) if self.filled else Qt.BrushStyle.NoBrush)
        painter.drawEllipse(there.map(self.drawn), radius, radius)


class OrderChaosPlot(Plot[OrderChaosState]):
    key = "order_chaos"
    title = "Order and chaos"
    side = "training"
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
    wants = frozenset({"order_chaos"})
    empty_text = "A stack of dense layers has its place between order and chaos here."

    moved = Signal(float, float, bool)
    """σ_w² and σ_b² that the dot was moved to, and whether the hand has let go."""

    def build(self) -> None:
        self.x_axis, self.y_axis = ValueAxis("bottom", "weight variance σ_w²"), ValueAxis("left", "bias variance σ_b²")
        self.pane = self.canvas.add_pane(FIRST_ROW, self.y_axis, self.x_axis)
        self.pane.setMouseEnabled(False, False)
        self.regions = _Regions(self.pane)
        self.edge = Curves(self.pane, -1.0, width=1.6, smooth=True)
        self.ghost_dot = _Dot(self.pane, filled=False, z=1.0)
        self.dot = _Dot(self.pane, filled=True, z=2.0)
        self._hand: Place | None = None
        """Where a hand holds the dot."""
        self._moving = False
        self.canvas.viewport().installEventFilter(self)

    def capture(self, view: View) -> OrderChaosState | None:
        found = view.frame.order_chaos
        return None if found is None else OrderChaosState(view.frame.step, found)

    # -- drawing -----------------------------------------------------------------------------------------------------

    def draw(self, state: OrderChaosState) -> None:
        found = state.map
        ranges = self.pane.auto if self._hand is not None else _ranges(found)
        self.pane.fit(*ranges)
        self.regions.setVisible(not found.reason)
        self.regions.set_border(found.border, ranges)
        self.edge.set_curves([[polygon(*_within(piece, ranges)) for piece in _unbroken(found.edge)]])
        place = None if found.reason else (found.weight_variance, found.bias_variance)
        self.dot.put(self._hand or place, held=self._hand is not None)

    def draw_ghost(self, ghost: OrderChaosState | None) -> None:
        known = ghost is not None and not ghost.map.reason
        self.ghost_dot.put((ghost.map.weight_variance, ghost.map.bias_variance) if ghost and known else None)

    def clear(self) -> None:
        self.edge.set_curves(())
        self.dot.put(None)

    def tint(self, theme: Theme) -> None:
        self.regions.tone, self.regions.ink = theme.backward, theme.muted
        self.edge.set_colours([theme.text])
        self.ghost_dot.colour = theme.muted
        self.dot.colour, self.dot.ground = theme.accent, theme.panel
        self.regions.update()

    # -- words -------------------------------------------------------------------------------------------------------

    def remark(self, state: OrderChaosState) -> str:
        """Why the network has no place on the map."""
        return state.map.reason

    def legend(self, state: OrderChaosState) -> Sequence[Key]:
        found = state.map
        if found.reason:
            return ()
        keys = [Key(f"σ_w² {number(found.weight_variance)}, σ_b² {number(found.bias_variance)}", "accent", "dot")]
        keys.append(Key(f"χ {number(found.chi)}", "muted", "none"))
        keys.append(Key(f"edge for {found.activation}", "text", "line"))
        return keys

    def notes(self, state: OrderChaosState) -> Sequence[Note]:
        found = state.map
        notes = [Note("theory unreliable here", warning=True)] if found.doubt else []
        if not found.alike and not found.reason:
            notes.append(Note(f"layer {found.layer}; others differ"))
        if not found.reason and any(_far_out(found)):
            notes.append(Note("the network lies beyond the map", warning=True))
        return notes

    def probe(self, state: OrderChaosState, pane: int, x: float, y: float) -> Probe | None:
        found = state.map
        if found.reason:
            return None
        reach = "for ever" if found.chi == 1 else f"about {number(_reach(found.chi))} layers"
        settles = f"q settles at {number(found.settled)}" if math.isfinite(found.settled) else "q grows without end"
        return Probe(
            f"σ_w² {number(x)}, σ_b² {number(y)}\n"
            f"the network: χ {number(found.chi)}, {settles}, signals pass {reach if found.chi > 0 else 'no layer'}"
            + (f"\n{found.doubt}" if found.doubt else "")
        )

    def rows(self, state: OrderChaosState) -> Table:
        """The network, then the edge."""
        found = state.map
        points = [(weight, bias, 1.0) for weight, bias in found.edge.T.tolist()]
        edge = [point if math.isfinite(point[0]) else (None, None, None) for point in points]
        columns = zip((found.weight_variance, found.bias_variance, found.chi), *edge, strict=True)
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

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Take the mouse where it holds the dot; everything else goes its way."""
        if isinstance(event, QMouseEvent) and self.header is not None:
            match event.type():
                case QEvent.Type.MouseButtonPress if event.button() == Qt.MouseButton.LeftButton:
                    return self._grasp(event.position())
                case QEvent.Type.MouseMove if self._hand is not None:
                    self._moving = True
                    self._move(self._at(event.position()), final=False)
                    return True
                case QEvent.Type.MouseButtonRelease if self._hand is not None:
                    self._let_go(event.position())
                    return True
        return super().eventFilter(watched, event)

    def _grasp(self, position: QPointF) -> bool:
        if self.dot.place is None or self.paused:
            return False
        there = self.pane.data_to_scene(self.dot.drawn)
        way = self.canvas.mapToScene(position.toPoint()) - there
        if math.hypot(way.x(), way.y()) > REACH:
            return False
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        self._hand, self._moving = self.dot.place, False
        self.dot.put(self._hand, held=True)
        return True

    def _at(self, position: QPointF) -> Place:
        point = self.pane.scene_to_data(self.canvas.mapToScene(position.toPoint()))
        (_, right), (_, top) = self.pane.auto
        x, y = (float(f"{v:.3g}") for v in (point.x(), point.y()))
        return min(max(x, LEAST), right), min(max(y, 0.0), top)

    def _move(self, place: Place, *, final: bool) -> None:
        self._hand = None if final else place
        self.dot.put(place, held=not final)
        self.moved.emit(*place, final)

    def _let_go(self, position: QPointF) -> None:
        """A click that moved nothing changes nothing."""
        place = self._at(position)
        if self._moving:
            self._move(place, final=True)
        else:
            self._hand = None
            self.dot.put(self.dot.place)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        place = self.dot.place
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


def _start(found: OrderChaos) -> float:
    """σ_w² at which the border begins."""
    return float(found.border[0, 0]) if found.border.size and math.isfinite(found.border[0, 0]) else 1.0


def _far_out(found: OrderChaos) -> tuple[bool, bool]:
    """Along which axes the network stands so far out that a map up to it would not show the border."""
    return found.weight_variance > FAR * _start(found), found.bias_variance > FAR


def _ranges(found: OrderChaos) -> tuple[Place, Place]:
    """Room for the border where it begins, and for the dot where it is not far out."""
    start = _start(found)
    dot = zip((found.weight_variance, found.bias_variance), _far_out(found), strict=True)
    across, up = (0.0 if found.reason or far or math.isnan(value) else value for value, far in dot)
    right, top = nice_ceiling(max(2.5 * start, 1.25 * across, 1.0)), nice_ceiling(max(0.5, 1.25 * up))
    # A dot on an axis is whole.
    return (-0.03 * right, right), (-0.05 * top, top)


def _unbroken(edge: Array) -> list[Array]:
    """Its pieces between columns of NaN."""
    pieces = np.split(edge, np.flatnonzero(np.isnan(edge[0])), axis=1)
    known = [piece[:, np.isfinite(piece[0])] for piece in pieces]
    return [piece for piece in known if piece.size]


def _within(line: Array, ranges: tuple[Place, Place]) -> Array:
    """A line of growing σ_b² cut at the top of the map, where it goes on."""
    top = ranges[1][1]
    if not line.size or line[1, -1] <= top or line[1, 0] > top:
        return line
    last = int(np.argmax(line[1] > top))
    share = (top - line[1, last - 1]) / (line[1, last] - line[1, last - 1])
    end = line[:, last - 1] + share * (line[:, last] - line[:, last - 1])
    return np.column_stack([line[:, :last], end])
