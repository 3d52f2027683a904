"""How large single samples' gradients are, and how far they agree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from simulator.arrays.numeric import Floats
from simulator.observations.base import CellValue, Observed
from simulator.observations.gradient_noise import GradientNoise, GradientNoiseObservation
from ui.chart.axes import ValueAxis
from ui.chart.decades import extent, log10, notes_of, written
from ui.chart.legend import Key, Note
from ui.chart.marks import Area, Curves, Mark
from ui.chart.polygons import polygon
from ui.chart.ranges import StepRange
from ui.chart.table import Table
from ui.plots.base import FIRST_ROW, Probe, View
from ui.plots.costly import CostlyPlot
from ui.plots.quartiles import by_part, with_quartiles
from ui.style.numbers import count, number, spread_text

BINS_PER_DECADE = 10


@dataclass(frozen=True)
class NoiseState:
    step: int
    noise: GradientNoise
    seconds: float
    depth: int = 0
    quartiles: tuple[NoiseState, NoiseState] | None = None
    """The first and the third, where it is the median of several seeds."""

    @cached_property
    def logs(self) -> Floats:
        """log₁₀ ‖g_i‖ of the samples where it is finite, in order."""
        logs = log10(self.noise.norms)
        return np.sort(logs[np.isfinite(logs)])

    def counts(self, edges: Floats) -> Floats:
        """Samples in each bin; the last one has both its edges."""
        before = self.logs.searchsorted(edges, "left")
        before[-1] = self.logs.searchsorted(edges[-1], "right")
        return np.diff(before).astype(np.float64)


class GradientNoisePlot(CostlyPlot[NoiseState]):
    key = "gradient_noise"
    spoken_as = (("gradient_norm", "gradient norms"),)
    title = "Gradient noise"
    spans_seeds = True
    side = "backward"
    least_height = 240
    explain = (
        "How large the gradients of single samples are, and as a line the gradient of the batch: the further it "
        "stands to the left, the more samples disagree. A signal-to-noise near 1 means that the step is chance; a "
        "cosine below 0 means that two steps in a row undo each other."
    )
    observations = (GradientNoiseObservation(),)
    formula = (
        r"$\|g_i\|$ over all parameters; signal-to-noise"
        "\n\n"
        r"$$\frac{\|g\|}{\sqrt{\operatorname{tr}\Sigma/N}}$$"
        "\n\n"
        r"$\Sigma$ the covariance of $g_i$, $N$ the batch size; cosine of $g$ and the next step's $g$"
    )
    empty_text = "The gradients of single samples are worked out while training goes on, at their own pace."

    def build(self) -> None:
        self.norm_axis, self.count_axis = ValueAxis("bottom", "‖g‖", log=True), ValueAxis("left", "samples")
        self.pane = self.canvas.add_pane(FIRST_ROW, self.count_axis, self.norm_axis)
        self.scale, self.counts = StepRange(log=True), StepRange(always=(0.0, 4.0))
        self.scales += [self.scale, self.counts]

    def understand(self, result: GradientNoise, observed: Observed[GradientNoise], view: View) -> NoiseState:
        return NoiseState(observed.step, result, observed.seconds, quartiles=self.quartiles_of(view))

    # -- drawing -----------------------------------------------------------------------------------------------------

    @property
    def _edges(self) -> Floats:
        """Bins over the shown range, a tenth of a decade each."""
        low, high = self.scale.range
        return np.linspace(low, high, round((high - low) * BINS_PER_DECADE) + 1)

    def fit(self, states: Sequence[NoiseState]) -> None:
        batch = log10(np.array([each.noise.batch_norm for each in with_quartiles(states[:1])]))
        x = self.scale.fit(*extent([states[0].logs, batch, *(other.logs for other in states[1:])]))
        edges = self._edges
        most = max(float(state.counts(edges).max()) for state in states)
        self.pane.fit(x, (0.0, 1.03 * self.counts.fit(0.0, most)[1]))

    def marks(self, state: NoiseState) -> Sequence[Mark]:
        x, y = _steps(self._edges, state)
        norm = log10(np.array([state.noise.batch_norm, state.noise.batch_norm]))
        line = [polygon(norm, np.array([0.0, self.counts.range[1]]))] if np.isfinite(norm).all() else []
        return [
            Area("samples", x, np.zeros(len(x)), y, colour="backward", alpha=0.35),
            Curves("outline", [[polygon(x, y)]], colours=["backward"], width=1.2, ghost="muted"),
            Curves("batch", [line], width=1.8, z=1.0),
            *self._batch_band(state),
        ]

    def _batch_band(self, state: NoiseState) -> Sequence[Mark]:
        """From quartile to quartile of the seeds."""
        if state.quartiles is None:
            return ()
        ends = log10(np.array([each.noise.batch_norm for each in state.quartiles]))
        return [Area("batch quartiles", ends, np.zeros(2), np.full(2, self.counts.range[1]), alpha=0.15)]

    # -- words -------------------------------------------------------------------------------------------------------

    def legend_keys(self, state: NoiseState) -> Sequence[Key]:
        noise = state.noise
        return [Key(f"batch {number(noise.batch_norm)}", "text"), Key("samples", "backward", "band")]

    def remark(self, state: NoiseState) -> str:
        every = with_quartiles([state])
        signal, cosine = [each.noise.signal_to_noise for each in every], [each.noise.cosine for each in every]
        return (
            f"signal-to-noise {spread_text(*signal)}, cosine with the next gradient {spread_text(*cosine, figures=2)}"
        )

    def notes(self, state: NoiseState) -> Sequence[Note]:
        norms = state.noise.norms
        counted = notes_of(norms, self.scale.range[0], "sample")
        return [*counted, *self.age(state.step, state.seconds)]

    def probe(self, state: NoiseState, pane: int, x: float, y: float) -> Probe | None:
        edges, noise = self._edges, state.noise
        place = int(np.clip(np.searchsorted(edges, x, side="right") - 1, 0, len(edges) - 2))
        inside = int(state.counts(edges)[place])
        low, high = (written(float(edge)) for edge in edges[place : place + 2])
        text = [
            f"{low} … {high}: {count(inside, 'sample')}",
            f"batch  ‖g‖ {number(noise.batch_norm)}",
            f"by chance alone  {number(noise.noise)}",
            f"signal-to-noise  {number(noise.signal_to_noise)}",
            f"cosine with the next gradient  {number(noise.cosine)}",
        ]
        return Probe("\n".join(text), x=x)

    def rows(self, state: NoiseState) -> Table:
        samples = len(state.noise.norms)
        columns: dict[str, Sequence[CellValue]] = {
            "step": [state.step] * samples, "sample": list(range(1, samples + 1)), **_columns(state.noise),
        }  # fmt: skip
        for part, each in by_part(state.quartiles):
            columns |= {f"{name}_{part}": values for name, values in _columns(each.noise).items()}
        return Table(columns)


def _columns(noise: GradientNoise) -> dict[str, Sequence[CellValue]]:
    samples = len(noise.norms)
    return {
        "gradient_norm": noise.norms.tolist(),
        "batch_gradient_norm": [noise.batch_norm] * samples,
        "noise": [noise.noise] * samples,
        "signal_to_noise": [noise.signal_to_noise] * samples,
        "cosine_with_next": [noise.cosine] * samples,
    }


def _steps(edges: Floats, state: NoiseState) -> tuple[Floats, Floats]:
    """The histogram's outline, from the ground and back to it."""
    return np.repeat(edges, 2), np.concatenate([[0.0], np.repeat(state.counts(edges), 2), [0.0]])


if __name__ == "__main__":
    from ui.plots.preview import preview

    preview(GradientNoisePlot)
