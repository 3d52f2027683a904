"""What the network answers over the plane of a two-input data set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QRectF, Qt
from PySide6.QtGui import QColor, QPainterPath, QPolygonF

from simulator.arrays.numeric import Floats
from simulator.data.points import Points
from simulator.observations.base import CellValue
from simulator.observations.boundary import Boundary, BoundaryObservation
from simulator.training.run_info import RunInfo
from ui.chart.axes import ValueAxis
from ui.chart.heat import Picture
from ui.chart.legend import Key, Note
from ui.chart.marks import Mark, Surface
from ui.chart.pens import pen_of
from ui.chart.polygons import polygon
from ui.chart.shapes import CORNERS, ORDER, DotShape, corners
from ui.chart.table import Table
from ui.plots.base import FIRST_ROW, Plot, Probe, View
from ui.style.colours import ramp, rgb, viridis
from ui.style.numbers import count, integer, number, percent

MOST_NAMED = len(ORDER)
"""Classes that the legend names: as many as there are shapes."""


@dataclass(frozen=True)
class BoundaryState:
    step: int
    answer: Boundary
    points: Points | None
    classes: int
    """0 for regression."""
    depth: int = 0


def probabilities(image: Floats) -> Floats:
    """(outputs, rows, columns) → (classes, rows, columns) of shares that add up to 1.

    One output in 0 … 1 is the share of class 1; several outputs that are shares already stay as they are, others go
    through a softmax.
    """
    if image.shape[0] == 1:
        one = np.clip(image[0], 0.0, 1.0)
        return np.stack((1.0 - one, one))
    with np.errstate(over="ignore", invalid="ignore"):
        total = image.sum(axis=0)
        if (np.nan_to_num(image) >= 0).all() and np.nanmax(np.abs(total - 1.0), initial=0.0) < 1e-3:
            return image
        powers = np.exp(image - image.max(axis=0))
        return np.asarray(powers / powers.sum(axis=0))


def _channels(colours: Sequence[str]) -> Floats:
    return np.array([rgb(colour) for colour in colours])


@dataclass(frozen=True, eq=False)
class SampleDots(Mark):
    """Samples in the colour and the shape of their class: those held out are hollow."""

    groups: Sequence[tuple[QPolygonF, str, bool, DotShape]]
    """Places, colour, whether they are held out, and shape."""
    _: KW_ONLY
    z: float = 2.0

    def draw(self, surface: Surface) -> None:
        surface.smooth(True)
        ground = surface.colour("panel")
        for points, colour, hollow, shape in self.groups:
            mapped = surface.to_pixels.map(points)
            rings = ((ground, 6.6), (colour, 5.2)) if not hollow else ((colour, 6.4), (ground, 3.6))
            for tone, width in rings:
                if shape in CORNERS and shape != "square":
                    path = QPainterPath()
                    for place in range(mapped.size()):
                        path.addPolygon(corners(shape, mapped.at(place), 0.62 * width))
                    surface.painter.fillPath(path, QColor(tone))
                else:
                    cap = Qt.PenCapStyle.SquareCap if shape == "square" else Qt.PenCapStyle.RoundCap
                    surface.painter.setPen(pen_of(tone, width, cap=cap))
                    surface.painter.drawPoints(mapped)


@dataclass(frozen=True, eq=False)
class Border(Mark):
    """Where a pinned network changed its mind: lines over the plane."""

    lines: Sequence[QLineF]
    _: KW_ONLY
    z: float = 1.0

    def draw(self, surface: Surface) -> None:
        surface.painter.setPen(pen_of(surface.colour("text"), 1.2))
        surface.painter.drawLines([surface.to_pixels.map(line) for line in self.lines])


def border_lines(state: BoundaryState) -> list[QLineF]:
    """The edges between neighbouring points of the plane with different answers (regression: across the middle)."""
    image = np.nan_to_num(state.answer.image, posinf=0, neginf=0)
    if state.classes:
        best = probabilities(image).argmax(axis=0)
    else:
        best = (image[0] > 0.5 * image[0].min() + 0.5 * image[0].max()).astype(int)
    # What is not finite is no answer: it stands apart from all of them.
    best[~np.isfinite(state.answer.image).all(axis=0)] = -1
    rows, columns = best.shape
    (x0, x1), (y0, y1) = state.answer.x_range, state.answer.y_range
    dx, dy = (x1 - x0) / columns, (y1 - y0) / rows
    across = np.argwhere(best[1:] != best[:-1]).tolist()
    along = np.argwhere(best[:, 1:] != best[:, :-1]).tolist()
    lines = [QLineF(x0 + c * dx, y0 + (r + 1) * dy, x0 + (c + 1) * dx, y0 + (r + 1) * dy) for r, c in across]
    lines += [QLineF(x0 + (c + 1) * dx, y0 + r * dy, x0 + (c + 1) * dx, y0 + (r + 1) * dy) for r, c in along]
    return lines


class BoundaryPlot(Plot[BoundaryState]):
    key = "boundary"
    spoken_as = (("output_*", "outputs"),)
    preset = "spiral"
    overlays = False
    title = "Decision boundary"
    side = "training"
    shape = "square"
    least_width = 280
    least_height = 240
    explain = (
        "The colour is what the network answers at each point of the plane, paler where it is unsure. "
        "Filled points were trained on, hollow ones are held out."
    )
    formula = r"Softmax or sigmoid of the output at $(x_1,x_2)$, in evaluation mode"
    observations = (BoundaryObservation(),)
    empty_text = "Data with two inputs (moons, circles, spirals, XOR …) shows its decision boundary here."

    def build(self) -> None:
        self.x_axis, self.y_axis = ValueAxis("bottom", "x₁"), ValueAxis("left", "x₂")
        self.x_axis.spacing = 60.0
        self.pane = self.canvas.add_pane(FIRST_ROW, self.y_axis, self.x_axis)
        self._samples: tuple[Points | None, str, SampleDots | None] = (None, "", None)
        """Points, theme, and how they are drawn: they do not change from frame to frame."""

    def begin(self, info: RunInfo) -> None:
        names = [*info.input_names[:2], "x₁", "x₂"]
        if len(info.input_names) == 2:
            self.x_axis.rename(names[0], self.theme)
            self.y_axis.rename(names[1], self.theme)

    def capture(self, view: View) -> BoundaryState | None:
        answer = view.frame.result(BoundaryObservation())
        if answer is None:
            return None
        info = view.frame.info
        classes = max(len(info.class_names), 2) if info.task == "classification" else 0
        return BoundaryState(view.frame.step, answer, info.points, classes)

    def colours(self, state: BoundaryState) -> tuple[str, ...]:
        """One per class; for regression a ramp from low to high."""
        if state.classes:
            return viridis(max(state.classes, state.answer.image.shape[0]), *self.theme.depth)
        return ramp((self.theme.panel, self.theme.forward, self.theme.text), 64)

    def fit(self, states: Sequence[BoundaryState]) -> None:
        self.pane.fit(states[0].answer.x_range, states[0].answer.y_range)

    def marks(self, state: BoundaryState) -> Sequence[Mark]:
        (x0, x1), (y0, y1) = state.answer.x_range, state.answer.y_range
        points, theme, samples = self._samples
        if samples is None or state.points is not points or theme != self.theme.name:
            samples = SampleDots("samples", self._groups(state))
            self._samples = (state.points, self.theme.name, samples)
        return [Picture("plane", self._pixels(state), QRectF(x0, y0, x1 - x0, y1 - y0)), samples]

    def ghost_marks(self, ghost: BoundaryState) -> Sequence[Mark]:
        return [Border("border", border_lines(ghost))]

    def _pixels(self, state: BoundaryState) -> NDArray[np.uint8]:
        image = state.answer.image
        colours, ground = _channels(self.colours(state)), np.array(rgb(self.theme.panel))
        with np.errstate(invalid="ignore"):
            if state.classes:
                shares = probabilities(image)
                mixed = np.tensordot(np.nan_to_num(shares), colours[: len(shares)], axes=(0, 0))
                pixels = ground + 0.55 * (mixed - ground)
            else:
                low, high = self._extent(state)
                place = np.nan_to_num(np.clip((image[0] - low) / max(high - low, 1e-300), 0, 1))
                pixels = colours[np.round(place * 63).astype(int)]
        pixels[~np.isfinite(image).all(axis=0)] = rgb(self.theme.warning)
        packed = np.zeros((*pixels.shape[:2], 4), dtype=np.uint8)
        packed[..., :3] = np.round(255 * np.clip(pixels[..., ::-1], 0, 1))
        return packed

    @staticmethod
    def _extent(state: BoundaryState) -> tuple[float, float]:
        values = state.points.target if state.points is not None else state.answer.image
        finite = values[np.isfinite(values)]
        return (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)

    def _groups(self, state: BoundaryState) -> list[tuple[QPolygonF, str, bool, DotShape]]:
        points = state.points
        if points is None:
            return []
        colours = self.colours(state)
        places = self._places(state, points, len(colours))
        groups = []
        for hollow in (False, True):
            for place in np.unique(places).tolist():
                chosen = (places == place) & (points.validation == hollow)
                if chosen.any():
                    x, y = points.x[chosen].T
                    at = polygon(np.ascontiguousarray(x), np.ascontiguousarray(y))
                    groups.append((at, colours[place], hollow, _shape(state, place)))
        return groups

    def _places(self, state: BoundaryState, points: Points, count: int) -> NDArray[np.int_]:
        if state.classes:
            return np.asarray(np.clip(points.target.astype(int), 0, count - 1))
        low, high = self._extent(state)
        return np.asarray(np.clip(7 * (points.target - low) / max(high - low, 1e-300), 0, 7).astype(int) * (count // 8))

    def legend_keys(self, state: BoundaryState) -> Sequence[Key]:
        if state.points is None:
            return ()
        held_out, names = Key("held out", "muted", "hollow"), self.info.class_names if self.info is not None else ()
        if not (state.classes and 0 < len(names) <= MOST_NAMED):
            return [Key("training", "muted", "dot"), held_out]
        named = zip(names, self.colours(state), strict=False)
        return [*(Key(name, colour, _shape(state, place)) for place, (name, colour) in enumerate(named)), held_out]

    def notes(self, state: BoundaryState) -> Sequence[Note]:
        lost = int((~np.isfinite(state.answer.image).all(axis=0)).sum())
        notes = [Note(f"{count(lost, 'point')} of the plane not finite", warning=True)] if lost else []
        names = self.info.target_names if self.info is not None else ()
        return [*notes, Note(f"of {names[0]}, the first of {integer(len(names))} targets")] if len(names) > 1 else notes

    def probe(self, state: BoundaryState, pane: int, x: float, y: float) -> Probe | None:
        _, rows, columns = state.answer.image.shape
        (x0, x1), (y0, y1) = state.answer.x_range, state.answer.y_range
        row, column = int((y - y0) / (y1 - y0) * rows), int((x - x0) / (x1 - x0) * columns)
        if not (0 <= row < rows and 0 <= column < columns):
            return None
        return Probe(f"({number(x)}, {number(y)})\n{self._answer(state, row, column)}")

    def _answer(self, state: BoundaryState, row: int, column: int) -> str:
        if not state.classes:
            return f"answer  {number(float(state.answer.image[0, row, column]))}"
        answer = state.answer.image[:, row : row + 1, column : column + 1]
        if not np.isfinite(answer).all():
            return number(float(answer[~np.isfinite(answer)][0]))
        shares = probabilities(answer)[:, 0, 0]
        names = self.info.class_names if self.info is not None else ()
        best = int(shares.argmax())
        return f"{names[best] if best < len(names) else f'class {best}'}  {percent(float(shares[best]))}"

    def rows(self, state: BoundaryState) -> Table:
        """One row per point of the plane."""
        outputs, rows, columns = state.answer.image.shape
        (x0, x1), (y0, y1) = state.answer.x_range, state.answer.y_range
        x = x0 + (np.arange(columns) + 0.5) * (x1 - x0) / columns
        y = y0 + (np.arange(rows) + 0.5) * (y1 - y0) / rows
        cells: dict[str, Sequence[CellValue]] = {"step": [state.step] * (rows * columns)}
        cells["x1"], cells["x2"] = np.tile(x, rows).tolist(), np.repeat(y, columns).tolist()
        for i in range(outputs):
            cells[f"output_{i}"] = state.answer.image[i].ravel().tolist()
        return Table(cells)


def _shape(state: BoundaryState, place: int) -> DotShape:
    """Of the samples of one class; those of a quantity are discs."""
    return ORDER[place % len(ORDER)] if state.classes else ORDER[0]


if __name__ == "__main__":
    from ui.plots.preview import preview

    preview(BoundaryPlot)
