"""The gradient of the states of recurrent layers over the time steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PySide6.QtGui import QPolygonF

from simulator.arrays.numeric import Floats
from simulator.layers.base import layer_kinds
from simulator.layers.recurrent.profile import TimeProfile
from simulator.observations.base import CellValue
from simulator.observations.time_profile import TimeProfilesObservation
from simulator.record.frame import Frame
from simulator.record.history import Series
from ui.chart.axes import WholeAxis
from ui.chart.bands import LINE, USUAL_HEIGHT, BandAxis, Bands, Caption, Captions, gap_of
from ui.chart.buckets import envelope, reduced
from ui.chart.decades import extent, log10, notes_of
from ui.chart.header import HeaderOption
from ui.chart.legend import LINES, Key, Note, Stroke
from ui.chart.marks import Area, Curves, Mark
from ui.chart.pane import Pane
from ui.chart.pens import DASHED, SOLID, Dash
from ui.chart.polygons import pieces
from ui.chart.ranges import StepRange
from ui.chart.table import Table
from ui.plots.base import FIRST_ROW, Plot, Probe, View
from ui.plots.quartiles import by_part
from ui.style.numbers import integer, number
from ui.style.text_size import scaled

STATES = layer_kinds(lambda layer: layer.stateful)
"""Kinds of layers that carry a state from step to step."""
STROKES: tuple[Stroke, ...] = ("line", "dashed", "dash-dotted", "dotted")
"""Of the curves of one band, in turn."""
MOST_POINTS = 1024
UNDERFLOW = 1e-35
ROOMY = 4.0
"""Captions stand over the curves where a band is so many times as high as they are; else they are in the legend."""


def decades_per_step(norms: Floats) -> float:
    """How many decades the gradient gains with every step back in time, by least squares; NaN for fewer than two.

    What is 0 or not finite is left out, and so is what is near the smallest float32, where a norm can fall no further.
    """
    logs = log10(norms)
    known = np.flatnonzero(np.isfinite(logs) & (norms > UNDERFLOW))
    if len(known) < 2:
        known = np.flatnonzero(np.isfinite(logs))
    if len(known) < 2:
        return float("nan")
    times = known - known.mean()
    return float(-(times @ logs[known]) / (times @ times))


def slope_text(norms: Floats) -> str:
    """``−0.13 decades/step back``."""
    slope = decades_per_step(norms)
    if not np.isfinite(slope):
        return "no slope: 0 or not finite"
    return f"{'+' if slope > 0 else ''}{number(slope)} decades/step back"


def slope_number(norms: Floats) -> str:
    """``−0.13``, for where words have no room."""
    slope = decades_per_step(norms)
    return number(slope) if np.isfinite(slope) else "no slope"


@dataclass(frozen=True)
class LayerProfile:
    """One layer's profile, and its gradient at step 0 where that is known."""

    layer: int
    name: str
    label: str
    profile: TimeProfile
    first: Floats | None

    @property
    def norms(self) -> Floats:
        return self.profile.hidden_gradient_norm


@dataclass(frozen=True)
class ThroughTimeState:
    """The profiles of one frame, in depth order."""

    step: int
    depth: int
    tracks: tuple[LayerProfile, ...]
    quartiles: tuple[tuple[LayerProfile, ...], tuple[LayerProfile, ...]] | None = None
    """The first and the third, where it is the median of several seeds."""

    @property
    def times(self) -> int:
        return max(len(track.norms) for track in self.tracks)


def tracks_of(frame: Frame, first: Frame | None) -> tuple[LayerProfile, ...]:
    tracks = []
    profiles = frame.result(TimeProfilesObservation()) or {}
    before = first.result(TimeProfilesObservation()) if first is not None else None
    for index, layer in enumerate(frame.info.layers):
        profile = profiles.get(layer.label)
        if profile is not None:
            then = before.get(layer.label) if before is not None else None
            same = then is not None and len(then.hidden_gradient_norm) == len(profile.hidden_gradient_norm)
            tracks.append(
                LayerProfile(
                    index,
                    layer.name or f"layer {layer.label}",
                    layer.label,
                    profile,
                    then.hidden_gradient_norm if then and same else None,
                )
            )
    return tuple(tracks)


class ThroughTimePlot(Plot[ThroughTimeState]):
    key = "through_time"
    spoken_as = (
        ("hidden_gradient_norm", "gradient norms"),
        ("hidden_mean", "mean states"),
        ("hidden_std", "their standard deviations"),
    )
    preset = "adding-rnn"
    title = "Gradient through time"
    measured = ("hidden_gradient_norm", "hidden_mean", "hidden_std")
    spans_seeds = True
    side = "backward"
    least_height = 200
    kinds = STATES
    fitted = ("bands", "crowded")
    comes_along = True
    explain = (
        "How much the loss depends on the state at each time step, on a log scale. A straight line is a "
        "factor per step: a plain recurrent layer loses the same share with every step back, an LSTM's "
        "line stays nearly level. Where the line has sunk, the layer does not learn what happened then."
    )
    formula = (
        r"RMS over the batch of $\|\partial(\text{sample loss})/\partial h_t\|_2$ over $t$; slope: least squares of "
        r"its $\log_{10}$, per step back"
    )
    observations = (TimeProfilesObservation(),)
    empty_text = "Add a recurrent layer, a GRU or an LSTM to see how its gradient travels back through time."
    offers = (
        HeaderOption("apart", "apart", "One layer below the other, on equal scales; off: all on one axis", on=True),
    )

    def build(self) -> None:
        self.time_axis = WholeAxis("bottom", "time step t")
        self.value_axis = BandAxis("‖∂L/∂hₜ‖", decades=True)
        self.pane = self.canvas.add_pane(FIRST_ROW, self.value_axis, self.time_axis)
        self.scale = StepRange(log=True)
        self.scales.append(self.scale)
        self.bands = Bands(1)
        self.crowded = False
        self.pane.sigResized.connect(self._resized)

    def _resized(self, *_pane: object) -> None:
        """Another height has room for other captions."""
        self.redraw()

    def capture(self, view: View) -> ThroughTimeState | None:
        tracks, views = tracks_of(view.frame, view.first), view.quartiles
        quartiles = None if views is None else (tracks_of(views[0].frame, None), tracks_of(views[1].frame, None))
        return ThroughTimeState(view.frame.step, view.frame.info.depth, tracks, quartiles) if tracks else None

    def _show_empty(self) -> None:
        super()._show_empty()
        self._offer_apart(0)

    def _offer_apart(self, rows: int) -> None:
        """One layer alone stands apart from nothing."""
        if self.header is not None:
            self.header.offer("apart", rows > 1)

    # -- drawing -----------------------------------------------------------------------------------------------------

    def fit(self, states: Sequence[ThroughTimeState]) -> None:
        """Bands, and one range for all of them, so that slopes can be compared."""
        tracks = [track for state in states for each in (state.tracks, *(state.quartiles or ())) for track in each]
        norms = [part for track in tracks for part in (track.norms, track.first) if part is not None]
        low, high = self.scale.fit(*extent(log10(part) for part in norms))
        rows = max(len(state.tracks) for state in states)
        self._offer_apart(rows)
        count, lines = (rows, 1) if self.options["apart"] else (1, rows)
        height = self.pane.height() or USUAL_HEIGHT
        self.crowded = height / count < ROOMY * scaled(LINE) * lines + scaled(LINE)
        if self.crowded:
            count = 1
        self.bands = Bands(count, low, high, 0.0 if self.crowded else gap_of(count, lines, height))
        self.value_axis.set_bands(self.bands)
        bottom, top = self.bands.extent
        times = max(state.times for state in states)
        self.pane.fit((1 - 0.015 * times, times * 1.015), (bottom - 0.02 * count, top))

    def _quartile_marks(self, state: ThroughTimeState) -> Sequence[Mark]:
        """From quartile to quartile of the seeds, of each layer."""
        if state.quartiles is None:
            return ()
        edges = zip(*([track.norms for track in tracks] for tracks in state.quartiles), strict=True)
        marks = []
        for row, pair in enumerate(edges):
            x = np.arange(1, len(pair[0]) + 1, dtype=np.float64)
            heights = (self.bands.place(self._band(row), np.maximum(log10(each), self.bands.low)) for each in pair)
            colour = self.layer_colour(state.tracks[row].layer)
            marks.append(Area(f"quartiles {row}", x, *heights, colour=colour, alpha=0.25))
        return marks

    def _curve(self, row: int, norms: Floats) -> list[QPolygonF]:
        low = self.bands.low
        steps = np.arange(1, len(norms) + 1, dtype=np.float64)
        y = log10(norms)
        if len(norms) > MOST_POINTS:
            past = reduced(Series(steps, norms, norms, norms, 1), MOST_POINTS // 2, len(norms))
            steps, y = envelope(past.middles, log10(past.low), log10(past.high))
        y = np.where(np.isposinf(y), np.nan, np.maximum(y, low))
        return pieces(steps, self.bands.place(self._band(row), y))

    def _band(self, row: int) -> int:
        return min(row, self.bands.count - 1)

    def marks(self, state: ThroughTimeState) -> Sequence[Mark]:
        """One colour per curve: its layer's."""
        tracks, layers = state.tracks, [track.layer for track in state.tracks]
        first = [self._curve(row, track.first) for row, track in enumerate(tracks) if track.first is not None]
        now, colours = self._curves(state), [self.layer_colour(layer) for layer in layers]
        dashes = [self._dash(row) for row in range(len(tracks))]
        return [
            Curves("first", first, colours=["faint"], width=1.2, smooth=True, alpha=0.9, z=-0.6),
            Curves("now", now, colours=colours, width=1.6, dashes=dashes, smooth=True, layers=layers),
            Captions("captions", self._captions(state), self.bands, colour="muted"),
            *self._quartile_marks(state),
        ]

    def _dash(self, row: int) -> Dash:
        """Curves in one band are told apart by their strokes too."""
        return LINES[STROKES[row % len(STROKES)]] if self.bands.count == 1 else SOLID

    def ghost_marks(self, ghost: ThroughTimeState) -> Sequence[Mark]:
        return [Curves("now", self._curves(ghost), colours=["muted"], dash=DASHED, smooth=True, z=-0.5)]

    def _curves(self, state: ThroughTimeState) -> list[list[QPolygonF]]:
        return [self._curve(row, track.norms) for row, track in enumerate(state.tracks)]

    def _captions(self, state: ThroughTimeState) -> list[Caption]:
        apart = self.bands.count > 1
        return [
            Caption(
                self._band(row),
                0 if apart else row,
                f"{track.name}   {slope_text(track.norms)}",
                self.layer_colour(track.layer),
                dash=self._dash(row),
                shorter=(f"{track.name}   {slope_number(track.norms)}", track.name, track.label),
            )
            for row, track in enumerate(() if self.crowded else state.tracks)
        ]

    # -- words -------------------------------------------------------------------------------------------------------

    def legend_keys(self, state: ThroughTimeState) -> Sequence[Key]:
        """The captions, where there is no room over the curves; then the ghost, which has none; then step 0."""
        keys: list[Key] = []
        if self.crowded:
            for track in state.tracks:
                name = track.name if len(state.tracks) == 1 else track.label
                # The unit once, behind the last.
                full, brief = (f"{name}  {words(track.norms)}" for words in (slope_text, slope_number))
                text, stroke = full if track is state.tracks[-1] else brief, STROKES[len(keys) % len(STROKES)]
                keys.append(Key(text, self.layer_colour(track.layer), stroke, brief))
        if self.ghost is not None:
            keys.append(self._ghost_key(self.ghost))
        known = state.step > 0 and any(track.first is not None for track in state.tracks)
        return [*keys, Key("at step 0", "faint")] if known else keys

    def _ghost_key(self, ghost: ThroughTimeState) -> Key:
        pinned = f"pinned at step {integer(ghost.step)}"
        if len(ghost.tracks) > 1:
            return Key(pinned, "muted", "dashed")
        (track,) = ghost.tracks
        full, brief = (f"{track.name}, {pinned}  {words(track.norms)}" for words in (slope_text, slope_number))
        return Key(full, "muted", "dashed", brief)

    def pinned_key(self) -> tuple[Key, ...]:
        """Nothing: :meth:`legend_keys` has it, with its slope."""
        return ()

    def notes(self, state: ThroughTimeState) -> Sequence[Note]:
        norms = np.concatenate([track.norms for track in state.tracks])
        return notes_of(norms, self.bands.low, "time step")

    def probe(self, state: ThroughTimeState, pane: int, x: float, y: float) -> Probe | None:
        time = round(x)
        row = self._row_at(state, time, y)
        if row < 0:
            return None
        track = state.tracks[row]
        profile = track.profile
        lines = [
            self.layer_text(track.layer),
            f"t = {integer(time)} of {integer(len(track.norms))}",
            f"‖∂L/∂h‖  {number(float(track.norms[time - 1]), fixed=True)}",
            slope_text(track.norms),
            f"h  {number(float(profile.hidden_mean[time - 1]))} ± {number(float(profile.hidden_std[time - 1]))}",
        ]
        if track.first is not None:
            lines.append(f"at step 0  {number(float(track.first[time - 1]), fixed=True)}; {slope_text(track.first)}")
        if self.ghost is not None and row < len(self.ghost.tracks):
            pinned = self.ghost.tracks[row].norms
            lines.append(f"pinned, step {integer(self.ghost.step)}  {slope_text(pinned)}")
        return Probe("\n".join(lines), track.layer, float(time))

    def _row_at(self, state: ThroughTimeState, time: int, y: float) -> int:
        """The curve under the pointer: that of the band, or the nearest one of those in one band."""
        rows = [row for row, track in enumerate(state.tracks) if 1 <= time <= len(track.norms)]
        if self.bands.count > 1:
            return self.bands.at(y) if self.bands.at(y) in rows else -1
        heights = [log10(state.tracks[row].norms[time - 1 : time])[0] for row in rows]
        away = [abs(max(h, self.bands.low) - self.bands.value(0, y)) if h == h else np.inf for h in heights]
        return rows[int(np.argmin(away))] if rows else -1

    def last_column(self, pane: Pane) -> float | None:
        return None if self.state is None else float(self.state.times)

    def rows(self, state: ThroughTimeState) -> Table:
        columns: dict[str, list[CellValue]] = {name: [] for name in ("step", "layer", "time", "hidden_gradient_norm")}
        columns |= {"hidden_gradient_norm_step_0": [], "hidden_mean": [], "hidden_std": []}
        for track in state.tracks:
            count = len(track.norms)
            columns["step"] += [state.step] * count
            columns["layer"] += [track.label] * count
            columns["time"] += list(range(1, count + 1))
            columns["hidden_gradient_norm"] += track.norms.tolist()
            columns["hidden_gradient_norm_step_0"] += [None] * count if track.first is None else track.first.tolist()
            columns["hidden_mean"] += track.profile.hidden_mean.tolist()
            columns["hidden_std"] += track.profile.hidden_std.tolist()
        for part, tracks in by_part(state.quartiles):
            columns[f"hidden_gradient_norm_{part}"] = [norm for track in tracks for norm in track.norms.tolist()]
        return Table(columns)


if __name__ == "__main__":
    from ui.plots.preview import preview

    preview(ThroughTimePlot)
