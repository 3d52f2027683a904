"""Loss and accuracy over the steps, on training and on validation data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from PySide6.QtCore import Signal
from PySide6.QtGui import QPolygonF

from simulator.arrays.numeric import Floats
from simulator.observations.base import CellValue
from simulator.record.sampled_history import apart
from simulator.training.run_info import RunInfo
from ui.chart.axes import BOTTOM_HEIGHT, TICKS_ONLY_HEIGHT, ShareAxis, StepAxis, ValueAxis
from ui.chart.buckets import Buckets, Places, places_of, reduced, with_gaps
from ui.chart.decades import log10
from ui.chart.edges import beyond_dots, beyond_notes, drawn_within, fitting, reach_of, stands_out
from ui.chart.guides import Guide, Level
from ui.chart.header import HeaderOption
from ui.chart.legend import Key, Note
from ui.chart.level_handle import LevelHandle
from ui.chart.marks import HOLLOW, Area, Curves, Dots, Mark
from ui.chart.polygons import pieces, polygon
from ui.chart.ranges import Range, StepRange, StepsRange
from ui.chart.table import Table
from ui.plots.base import FIRST_ROW, Plot, Probe, View
from ui.plots.gradient_time import past_text, step_text
from ui.style.numbers import integer, number, percent
from ui.style.theme import Theme

GAP = 13
"""Pixels between the two panes: the lowest number of one stands over the highest of the other."""
MOST_RINGS = 24
"""On the curve of what is held out."""
BUCKETS = 384
READINGS = {"train": ("loss", "accuracy"), "validation": ("validation_loss", "validation_accuracy")}
NAMES = (("loss", "validation_loss"), ("accuracy", "validation_accuracy"))


@dataclass(frozen=True)
class LossState:
    """The past of loss and accuracy, as far as they exist."""

    step: int
    pasts: Mapping[str, Buckets]
    scalars: Mapping[str, float]
    """What is read of the training batch."""
    scored: Mapping[str, float]
    scored_at: int
    """The last scores on data held out, and their step."""
    depth: int = 0
    baseline: float | None = None
    """What predicting the mean scores, where that says something."""

    lost: tuple[int | None, int | None] = (None, None)
    """The first step at which the loss was not finite, and that since which it has not been."""
    over_seeds: bool = False
    """Whether the pasts go from quartile to quartile."""

    @cached_property
    def largest(self) -> Floats:
        """Of each bucket the largest loss, on training or on validation data."""
        highs = [self.pasts[name].high for name in NAMES[0] if name in self.pasts]
        return np.asarray(np.fmax.reduce(highs)) if highs else np.zeros(0)

    def sparse(self, name: str) -> bool:
        return name.startswith("validation")


def _mean_level(height: float, value: float) -> Level:
    """What predicting the mean scores."""
    return Level(height, f"predicting the mean  {number(value)}", f"mean {number(value, 2)}")


def _reading(name: str, scalars: Mapping[str, float], loss: str, accuracy: str) -> str:
    parts = [name]
    if loss in scalars:
        parts.append(number(scalars[loss], fixed=True))
    if accuracy in scalars:
        parts.append(percent(scalars[accuracy]))
    return "  ".join(parts)


class LossPlot(Plot[LossState]):
    target_moved = Signal(float)
    """The loss to which a hand has dragged the target."""

    key = "loss"
    spoken_as = (
        ("loss_last", "loss"),
        ("validation_loss_last", "validation loss"),
        ("accuracy_last", "accuracy"),
        ("validation_accuracy_last", "validation accuracy"),
    )
    title = "Loss and accuracy"
    measured = ("loss", "accuracy", "validation_loss", "validation_accuracy", "loss_curve", "accuracy_curve")
    side = "training"
    least_height = 200
    default = True
    recorded = True
    reads = True
    spans_seeds = True
    explain = (
        "The loss of each step's batch with its range as a band, and the loss on data held out. Training "
        "that falls while validation rises is over-fitting; a loss that does not move at all asks for a "
        "look at the gradients."
    )
    formula = r"$C$ = mean loss over the batch, penalties not included; accuracy = share of samples classified right"
    empty_text = "The loss draws itself here, beginning with step 0."
    offers = (HeaderOption("log", "log", "Draw the loss on a log axis"),)

    def build(self) -> None:
        self.loss_axis, self.share_axis = ValueAxis("left", "loss"), ShareAxis("left", "accuracy")
        self.upper_axis, self.lower_axis = StepAxis("bottom", "step"), StepAxis("bottom", "step")
        self.panes = (
            self.canvas.add_pane(FIRST_ROW, self.loss_axis, self.upper_axis),
            self.canvas.add_pane(FIRST_ROW + 2, self.share_axis, self.lower_axis),
        )
        self.panes[1].setXLink(self.panes[0])
        self.x_scale, self.y_scale = StepsRange(), StepRange()
        self.log_scale = StepRange(log=True)
        self.scales += [self.x_scale, self.y_scale, self.log_scale]
        self.target: float | None = None
        """A loss that networks are compared by; None: none is shown."""
        self._drawn_scores: dict[str, tuple[Floats, Floats, Sequence[Mark]]] = {}
        """Steps and heights of the scores of each kind, and the marks of them."""
        self.handle = LevelHandle(self.canvas, self.panes[0])
        self.handle.moved.connect(self._drag_target)
        self._show_accuracy(True)

    def begin(self, info: RunInfo) -> None:
        if (info.task == "classification") != self._with_accuracy:
            self._show_accuracy(not self._with_accuracy)

    def _show_accuracy(self, shown: bool) -> None:
        self._with_accuracy = shown
        for item in (self.panes[1], self.share_axis, self.lower_axis):
            item.setVisible(shown)
        # A hidden item keeps its place in the grid unless it may have no height.
        for item in (self.panes[1], self.share_axis):
            item.setMaximumHeight(1e6 if shown else 0)
        for row, share in ((FIRST_ROW, 3), (FIRST_ROW + 2, 2 if shown else 0)):
            self.canvas.grid.layout.setRowStretchFactor(row, share)
        self.upper_axis.set_text("" if shown else "step")
        self.upper_axis.tint(self.theme)
        self.upper_axis.setStyle(showValues=not shown)
        self.upper_axis.set_breadth(GAP if shown else BOTTOM_HEIGHT)
        self.lower_axis.set_breadth(BOTTOM_HEIGHT if shown else TICKS_ONLY_HEIGHT)

    def option_changed(self) -> None:
        self.loss_axis.set_log(self.options["log"])

    def show_target(self, loss: float | None) -> None:
        """Draw a loss as a line that can be dragged; None takes it away."""
        if loss != self.target:
            self.target = loss
            self.redraw()

    def _drag_target(self, height: float) -> None:
        loss = float(10.0**height) if self.options["log"] else height
        self.show_target(loss)
        self.target_moved.emit(loss)

    def twin(self, theme: Theme, *, lanes: bool = True) -> Plot[LossState]:
        other = super().twin(theme, lanes=lanes)
        assert isinstance(other, LossPlot)
        other.show_target(self.target)
        return other

    def capture(self, view: View) -> LossState | None:
        end = view.history.end
        if end < view.history.start:
            return None
        names = [name for pair in self._pairs(view) for name in pair if name in view.history]
        pasts = {name: reduced(view.history.series(name), BUCKETS, end) for name in names}
        read, score, baseline = view.reading.scalars, view.score, view.frame.info.baseline_loss
        scored, scored_at = (score.scalars, score.step) if score is not None else ({}, -1)
        lost = view.history.first_lost("loss"), view.history.lost_since("loss")
        over_seeds = view.fan is not None
        return LossState(
            view.frame.step, pasts, read, scored, scored_at, baseline=baseline, lost=lost, over_seeds=over_seeds
        )

    def places(self, view: View) -> Places:
        return places_of(view.history, BUCKETS)

    def _pairs(self, view: View) -> Sequence[tuple[str, str]]:
        """Of a regression there is no accuracy."""
        return NAMES if view.frame.info.task == "classification" else NAMES[:1]

    # -- drawing -----------------------------------------------------------------------------------------------------

    def adapt(self, state: LossState) -> None:
        """Once a network's loss has stood out by decades, or where it began to, the axis is logarithmic."""
        if not self.options["log"]:
            sizes = [state.largest, *(each.largest for _, each in self.lane_states())]
            self.turn("log", not any((each < 0).any() for each in sizes) and any(map(stands_out, sizes)))

    def _heights(self, values: Floats, index: int) -> Floats:
        """As drawn: what lies beyond the axis stands at its edge, 0 on the floor of a log axis."""
        shown = (0.0, 1.0) if index else self.shown
        return drawn_within(np.maximum(log10(values), shown[0]) if self._log(index) else values, shown)[0]

    def _log(self, index: int) -> bool:
        return index == 0 and self.options["log"]

    @property
    def shown(self) -> Range:
        """What the loss axis shows."""
        return (self.log_scale if self.options["log"] else self.y_scale).range

    def fit(self, states: Sequence[LossState]) -> None:
        x = self.x_scale.fit(max(past.end for state in states for past in state.pasts.values()))
        pasts = [state.pasts[name] for state in states for name in NAMES[0] if name in state.pasts]
        parts = [part for past in pasts for part in (past.low, past.high)]
        parts += [np.array([state.baseline]) for state in states if state.baseline is not None]
        if self.options["log"]:
            y = self.log_scale.fit(*fitting(map(log10, parts)))
        else:
            low, high = fitting(parts, reach_of(np.concatenate([state.largest for state in states])))
            y = self.y_scale.fit(min(low, 0.0) if low < 0.5 * high else low, high)
        self.panes[0].fit(x, y)
        self.panes[1].fit(x, (-0.02, 1.02))

    def marks(self, state: LossState) -> Sequence[Mark]:
        """Accuracy stands in the second pane."""
        panes = [self._pane_marks(state, index, *names) for index, names in enumerate(NAMES)]
        levels = [Guide("baseline", self._baseline(state.baseline)), self._target_mark()]
        return [*levels, *self._beyond(state), *(m for p in panes for m in p)]

    def _target_mark(self) -> Guide:
        """The line of the target, where a hand takes hold of it."""
        level = None
        if self.target is not None:
            height = float(log10(np.array([self.target]))[0]) if self.options["log"] else self.target
            level = Level(height, f"target {number(self.target)}") if np.isfinite(height) else None
        self.handle.height = None if level is None else level.height
        return Guide("target", level, colour="forward", z=-2.0)

    def _pane_marks(self, state: LossState, pane: int, train: str, validation: str) -> Sequence[Mark]:
        marks: list[Mark] = [*self._score_marks(validation, pane, *self._scores(state.pasts.get(validation), pane))]
        past = state.pasts.get(train)
        if past is not None:
            curve = pieces(past.middles, self._heights(past.last, pane))
            marks.append(Curves(train, [curve], colours=["accent"], smooth=True, ghost="faint", pane=pane))
        if past is not None and (past.width > 1 or state.over_seeds):
            edges = (self._heights(part, pane) for part in (past.low, past.high))
            marks.append(Area(f"{train} range", past.middles, *edges, colour="accent", alpha=0.22, pane=pane))
        return [*marks, *self._held_out_range(state, pane, validation)]

    def _score_marks(self, name: str, pane: int, steps: Floats, heights: Floats) -> Sequence[Mark]:
        """They are made seldom: until there are others, what was drawn of them last is drawn again."""
        drawn = self._drawn_scores.get(name)
        if drawn is None or not (np.array_equal(drawn[0], steps) and np.array_equal(drawn[1], heights)):
            curve = Curves(name, [_through(steps, heights)], smooth=True, pane=pane, z=1.0)
            drawn = steps, heights, (curve, _rings(f"{name} dots", steps, heights, pane))
            self._drawn_scores[name] = drawn
        return drawn[2]

    def _held_out_range(self, state: LossState, pane: int, validation: str) -> Sequence[Mark]:
        """From quartile to quartile of the seeds, where there are several."""
        past = state.pasts.get(validation)
        if past is None or not state.over_seeds:
            return ()
        known = np.isfinite(past.low) & np.isfinite(past.high)
        low, high = (self._heights(part[known], pane) for part in (past.low, past.high))
        return [Area(f"{validation} range", past.middles[known], low, high, pane=pane)]

    def _beyond(self, state: LossState) -> Sequence[Mark]:
        if self.options["log"] or "loss" not in state.pasts:
            return ()
        return [beyond_dots("beyond", state.pasts["loss"].middles, state.largest, self.shown, "accent")]

    def _baseline(self, level: float | None) -> Level | None:
        value = np.array([np.nan if level is None else level])
        (height,) = log10(value) if self.options["log"] else value
        low, high = self.shown
        return _mean_level(float(height), level) if level is not None and low <= height <= high else None

    def _scores(self, past: Buckets | None, index: int) -> tuple[Floats, Floats]:
        """Step and height of every bucket that has a value: validation runs now and then only."""
        if past is None:
            return np.zeros(0), np.zeros(0)
        heights = self._heights(np.where(np.isfinite(past.last), past.last, past.high), index)
        known = np.isfinite(heights)
        return past.middles[known], heights[known]

    # -- words -------------------------------------------------------------------------------------------------------

    def legend_keys(self, state: LossState) -> Sequence[Key]:
        train = _reading("train", state.scalars, *READINGS["train"])
        return [Key(train, "accent"), *self._validation_key(state)]

    def _validation_key(self, state: LossState) -> Sequence[Key]:
        """The last scores and their step: they are not made at every one."""
        if not state.scored:
            known = self.info is not None and self.info.validation_samples
            return [Key("validation", "text", "hollow")] if known else ()
        loss, accuracy = READINGS["validation"]
        whole, brief = (_reading(name, state.scored, loss, accuracy) for name in ("validation", "val."))
        step = f"at step {integer(state.scored_at)}"
        return [Key(f"{whole} {step}", "text", "hollow", short=f"{brief} {step}")]

    def notes(self, state: LossState) -> Sequence[Note]:
        return [*self._lost_notes(state), *self._axis_notes(state)]

    def _axis_notes(self, state: LossState) -> Sequence[Note]:
        if not self.options["log"]:
            return beyond_notes(state.largest, self.shown, "step")
        if "log" not in self.by_hand:
            return [Note("log axis by itself: the loss spans decades")]
        return ()

    def _lost_notes(self, state: LossState) -> Sequence[Note]:
        first, since = state.lost
        if first is None:
            return ()
        when = f"at times since step {integer(first)}" if since is None else f"since step {integer(since)}"
        if since is not None and first < since:
            when += f", and at times since step {integer(first)}"
        return [Note(f"loss not finite {when}", warning=True)]

    def probe(self, state: LossState, pane: int, x: float, y: float) -> Probe | None:
        past = next(iter(state.pasts.values()))
        if x < -0.5 or x > past.end + max(1.0, 0.02 * self.x_scale.high):
            return None
        i = past.bucket(x)
        lines = [step_text(past, i)]
        for name, label in zip(NAMES[pane], ("train", "validation"), strict=True):
            curve = state.pasts.get(name)
            if curve is not None and not (state.sparse(name) and np.isnan(curve.high[i])):
                last = curve.high[i] if state.sparse(name) and np.isnan(curve.last[i]) else curve.last[i]
                lines.append(f"{label}  {past_text(curve.low[i], curve.high[i], last)}")
        if pane == 0 and state.baseline is not None:
            lines.append(f"predicting the mean  {number(state.baseline)}")
        return Probe("\n".join(lines), -1, float(past.middles[i]))

    def rows(self, state: LossState) -> Table:
        past = next(iter(state.pasts.values()))
        columns: dict[str, Sequence[CellValue]] = {
            "first_step": past.steps.astype(int).tolist(),
            "last_step": np.minimum(past.steps + past.width - 1, past.end).astype(int).tolist(),
        }
        for name, each in state.pasts.items():
            for part in ("low", "high", "last"):
                values = getattr(each, part).tolist()
                columns[f"{name}_{part}"] = [None if state.sparse(name) and v != v else v for v in values]
        if state.baseline is not None:
            columns["predicting_the_mean"] = [state.baseline] * len(past.steps)
        return Table(columns)


def _through(steps: Floats, heights: Floats) -> list[QPolygonF]:
    """The curve through all scores, but not over longer gaps."""
    if not steps.size:
        return []
    gaps = apart(np.diff(steps))
    if not gaps.any():
        return [polygon(steps, heights)]
    return pieces(*with_gaps(steps, np.concatenate([[False], gaps]), heights))


def _rings(key: str, steps: Floats, heights: Floats, pane: int) -> Dots:
    """Rings along a curve, at most ``MOST_RINGS``: what is held out is hollow, here as elsewhere."""
    chosen = slice(None, None, max(1, -(-steps.size // MOST_RINGS)))
    x, y = steps[chosen], heights[chosen]
    return Dots(key, x, y, np.full(len(x), HOLLOW, np.int8), radius=3.0, pane=pane, z=1.1)


if __name__ == "__main__":
    from ui.plots.preview import preview

    preview(LossPlot)
