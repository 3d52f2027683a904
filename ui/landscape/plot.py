"""Contours of a function of two parameters, and optimisers on their ways over it from one start."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QPointF, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent

from simulator.landscape.race import RacedPath
from ui.chart.axes import ValueAxis
from ui.chart.colour_bar import ColourBar
from ui.chart.legend import Key, Note
from ui.chart.marks import Mark
from ui.chart.polygons import polygon
from ui.chart.table import Table
from ui.landscape.paths import PathMark, StartMark, StepMark, arrow_scale, lines_of
from ui.landscape.relief import relief_table
from ui.landscape.state import COLOURS, DASHES, SHAPES, LandscapeState
from ui.plots.base import FIRST_ROW, Probe, View
from ui.plots.handle_plot import HandlePlot
from ui.style.keys import held
from ui.style.numbers import count, integer, number, power_of_ten

REST_MS = 80
"""A view that has stood still for so long has its contours computed."""
FEW = 60
"""Steps of a path up to which each is a dot."""
WAYS = {
    Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Up: (0, 1), Qt.Key.Key_Down: (0, -1),
}  # fmt: skip
STRIDE, FASTER = 0.01, 10
"""Share of the window that an arrow key moves the start by, and how many times as far it goes with Shift."""


class LandscapePlot(HandlePlot[LandscapeState]):
    key = "landscape"
    title = "Landscape"
    side = "training"
    shape = "square"
    overlays = False
    least_width = 300
    least_height = 240
    reach = 16.0
    explain = (
        "A function of two parameters as contours, even in the logarithm of its height above the lowest minimum, and "
        "the ways of optimisers from one start. Drag the ring, or press an arrow key, to begin elsewhere. Of the "
        "chosen one the coming step is taken apart: what the present gradient does, what earlier ones do, what decay "
        "does, and the ellipse that dividing by the root of squared gradients makes of a circle of the gradient's "
        "length."
    )
    formula = r"$w\leftarrow w+\Delta w$ with each optimiser's own $\Delta w$; contours of $\log_{10}(f-f^*)$"
    empty_text = "The function is computed."

    seen = Signal(tuple)
    """The window that a hand has zoomed or moved to, or that was given back."""
    moved = Signal(float, float, bool)
    """The start that a hand has chosen, and whether it has let go."""

    def build(self) -> None:
        self.x_axis, self.y_axis = ValueAxis("bottom", "x"), ValueAxis("left", "y")
        self.pane = self.canvas.add_pane(FIRST_ROW, self.y_axis, self.x_axis)
        self.bar = ColourBar("f − f*", relief_table)
        self.canvas.add_beside(self.bar, FIRST_ROW)
        self._rest = QTimer(self, singleShot=True, interval=REST_MS)
        self._rest.timeout.connect(lambda: self.seen.emit(self.pane.shown))
        self.pane.sigRangeChangedManually.connect(lambda _axes: self._rest.start())
        self.pane.given_back.connect(self._rest.start)
        self.canvas.viewport().installEventFilter(self)

    def capture(self, view: View) -> LandscapeState | None:
        """It shows no run."""
        return None

    # -- drawing -----------------------------------------------------------------------------------------------------

    def fit(self, states: Sequence[LandscapeState]) -> None:
        relief = states[0].relief
        if not self.holding:
            self.pane.fit(*states[0].window)
        low, top = relief.range
        decades = range(math.ceil(low - 1e-9), math.floor(top + 1e-9) + 1)
        self.bar.set_ticks([((decade - low) / (top - low), power_of_ten(decade)) for decade in decades])

    def marks(self, state: LandscapeState) -> Sequence[Mark]:
        x, y = state.start
        return [
            state.mark,
            *self._trail(state),
            *(self._path(state, index, path) for index, path in enumerate(state.paths)),
            *self._step(state),
            StartMark("start", QPointF(x, y), held=self.holding),
        ]

    def _trail(self, state: LandscapeState) -> list[Mark]:
        """The run's own path."""
        if state.trail is None or not len(state.trail.places):
            return []
        places = state.trail.places
        lines = lines_of(places, self.pane.shown)
        return [PathMark("trail", lines, QPointF(*places[-1]), "text", "hollow", (2.0, 2.0), z=0.5)]

    def _path(self, state: LandscapeState, index: int, path: RacedPath) -> PathMark:
        at = state.at(path)
        places, head = path.places[: at + 1], path.places[at]
        (x0, x1), (y0, y1) = shown = self.pane.shown
        inside = x0 <= head[0] <= x1 and y0 <= head[1] <= y1
        lines = lines_of(places, shown)
        few = at <= FEW and bool(np.isfinite(places).all()) and float(np.abs(places).max()) < 1e6 * (x1 - x0 + y1 - y0)
        return PathMark(
            f"path {index}", lines, QPointF(*head) if inside else None, COLOURS[index], SHAPES[index], DASHES[index],
            chosen=index == state.chosen, dots=polygon(*np.ascontiguousarray(places.T)) if few else None,
            z=1.5 if index == state.chosen else 1.0,
        )  # fmt: skip

    def _step(self, state: LandscapeState) -> list[Mark]:
        terms = state.terms
        if terms is None or not np.isfinite(terms.update).all():
            return []
        return [StepMark("step", terms, self._arrow_scale(state))]

    def _arrow_scale(self, state: LandscapeState) -> float:
        terms = state.terms
        room = self.pane.sceneBoundingRect()
        (x0, x1), (y0, y1) = self.pane.shown
        if terms is None:
            return 1.0
        return arrow_scale(terms, (room.width() / (x1 - x0), room.height() / (y1 - y0)))

    # -- words -------------------------------------------------------------------------------------------------------

    def legend_keys(self, state: LandscapeState) -> Sequence[Key]:
        names = [path.entry.name for path in state.paths]
        keys = [Key(name, COLOURS[index], SHAPES[index]) for index, name in enumerate(names)]
        if state.trail is not None and state.trail.steps:
            keys.append(Key(f"the run to step {integer(state.trail.steps[-1])}", "text", "dotted"))
        terms = state.terms
        if terms is None:
            return keys
        keys += [Key("step", "text", "line"), Key("gradient", "backward", "line")]
        keys += [Key("velocity", "forward", "dashed")] if np.any(terms.velocity) else []
        return keys + ([Key("decay", "muted", "dotted")] if np.any(terms.decay) else [])

    def notes(self, state: LandscapeState) -> Sequence[Note]:
        lost = [path.entry.name for path in state.paths if not np.isfinite(path.places[state.at(path)]).all()]
        notes = [Note(f"{', '.join(lost)}: not finite", warning=True)] if lost else []
        scale = self._arrow_scale(state)
        return [*notes, Note(f"arrows × {number(scale)}")] if scale != 1 and state.terms is not None else notes

    def remark(self, state: LandscapeState) -> str:
        """From what heights are counted."""
        base = number(state.relief.base)
        said = f"f* = {base}, {'the lowest minimum' if state.relief.known else 'the least f that was seen'}"
        return "; ".join(filter(None, [said, state.note]))

    def spoken(self, state: LandscapeState) -> str:
        ways = [f"{path.entry.name} {_spot(path.places[state.at(path)])}" for path in state.paths]
        return f"{count(len(ways), 'path')}: {'; '.join(ways)}"

    def probe(self, state: LandscapeState, pane: int, x: float, y: float) -> Probe | None:
        with np.errstate(all="ignore"):
            if state.function.slow:
                value = state.relief.value_at(x, y)
                return None if value is None else Probe(f"({number(x)}, {number(y)})\nf  {number(value)}")
            value, *slope = (float(each) for each in state.function.objective().slope(np.float64(x), np.float64(y)))
        return Probe(f"({number(x)}, {number(y)})\nf  {number(value)}\n∇f  ({number(slope[0])}, {number(slope[1])})")

    def rows(self, state: LandscapeState) -> Table:
        """Every place of every path, up to the step that is shown."""
        ends = [state.at(path) + 1 for path in state.paths]
        names = [path.entry.name for path, end in zip(state.paths, ends, strict=True) for _ in range(end)]
        places, gradients, values = (
            np.concatenate([getattr(path, name)[:end] for path, end in zip(state.paths, ends, strict=True)])
            for name in ("places", "gradients", "values")
        )
        return Table(
            {
                "optimizer": names,
                "step": [step for end in ends for step in range(end)],
                "x": places[:, 0].tolist(), "y": places[:, 1].tolist(), "value": values.tolist(),
                "gradient_x": gradients[:, 0].tolist(), "gradient_y": gradients[:, 1].tolist(),
            }
        )  # fmt: skip

    # -- moving the start --------------------------------------------------------------------------------------------

    def handle(self) -> QPointF | None:
        return None if self.state is None else QPointF(*self.state.start)

    def drag_handle(self, at: QPointF, *, final: bool) -> None:
        (x0, x1), (y0, y1) = self.pane.shown
        x, y = _rounded(min(max(at.x(), x0), x1), x1 - x0), _rounded(min(max(at.y(), y0), y1), y1 - y0)
        self.moved.emit(x, y, final)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        way = WAYS.get(Qt.Key(event.key()))
        shift = held(event) == Qt.KeyboardModifier.ShiftModifier
        if way is None or self.state is None or self.paused or (held(event) and not shift):
            super().keyPressEvent(event)
            return
        spans = [high - low for low, high in self.pane.shown]
        stride = STRIDE * (FASTER if shift else 1)
        x, y = (
            _rounded(at + step * stride * span, span)
            for at, step, span in zip(self.state.start, way, spans, strict=True)
        )
        self.moved.emit(x, y, True)


def _rounded(value: float, span: float) -> float:
    """To a thousandth of what is seen, or finer: a start that can be read and typed."""
    digits = 3 - math.floor(math.log10(span))
    return round(value, digits) + 0.0


def _spot(place: Sequence[float] | np.ndarray) -> str:
    return f"at ({number(float(place[0]))}, {number(float(place[1]))})"
