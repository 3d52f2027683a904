"""Singular values of the input–output Jacobian and of one layer's W: whether the network keeps lengths."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulator.arrays.numeric import Floats
from simulator.observations.base import CellValue, Observed
from simulator.observations.jacobian import Jacobian, JacobianObservation
from ui.chart.axes import ShareAxis, ValueAxis
from ui.chart.decades import extent, log10, notes_of, placed
from ui.chart.guides import Guide, Level
from ui.chart.legend import Key, Note
from ui.chart.marks import HOLLOW, ROUND, Area, Curves, Dots, Mark
from ui.chart.polygons import pieces
from ui.chart.ranges import StepRange, with_margin
from ui.chart.table import Table
from ui.plots.base import FIRST_ROW, Probe, View
from ui.plots.costly import PointedLayerPlot
from ui.plots.quartiles import by_part, with_quartiles
from ui.style.numbers import number


@dataclass(frozen=True)
class JacobianState:
    step: int
    depth: int
    jacobian: Jacobian
    seconds: float
    quartiles: tuple[JacobianState, JacobianState] | None = None
    """The first and the third, where it is the median of several seeds."""

    @property
    def spectra(self) -> list[Floats]:
        """Of J for each sample, then of W."""
        return [*self.jacobian.singular_values, self.jacobian.weight_singular_values]


class JacobianPlot(PointedLayerPlot[JacobianState]):
    key = "jacobian"
    spoken_as = (("singular_value", "singular values"),)
    title = "Singular values"
    spans_seeds = True
    side = "backward"
    least_height = 200
    explain = (
        "How much a small change of the input is stretched on its way to the output, direction by direction, for a "
        "few samples; and what one layer's weights do alone. All at 1 is dynamical isometry: signals and gradients "
        "pass unharmed. Point at another layer, in any plot or in the stack, to see its weights."
    )
    observations = (JacobianObservation(),)
    formula = (
        r"$\sigma$ of $J=\partial z^L/\partial x$ for single samples, $z^L$ the output before its activation; "
        r"$\sigma$ of $W^l$"
    )
    empty_text = "The Jacobian is worked out while training goes on, at its own pace."

    def build(self) -> None:
        self.share_axis = ShareAxis("bottom", "singular values, largest first")
        self.value_axis = ValueAxis("left", "singular value", log=True)
        self.pane = self.canvas.add_pane(FIRST_ROW, self.value_axis, self.share_axis)
        self.scale = StepRange(log=True, always=(-1.0, 1.0))
        self.scales.append(self.scale)

    def understand(self, result: Jacobian, observed: Observed[Jacobian], view: View) -> JacobianState:
        depth, quartiles = view.frame.info.depth, self.quartiles_of(view)
        return JacobianState(observed.step, depth, result, observed.seconds, quartiles)

    def observation_of(self, layer: int) -> JacobianObservation:
        return JacobianObservation(layer=layer)

    # -- drawing -----------------------------------------------------------------------------------------------------

    def fit(self, states: Sequence[JacobianState]) -> None:
        shown = [values for state in with_quartiles(states) for values in state.spectra]
        self.pane.fit((-0.02, 1.06), with_margin(self.scale.fit(*extent(log10(values) for values in shown))))

    def marks(self, state: JacobianState) -> Sequence[Mark]:
        floor = self.scale.range[0]
        drawn = [(_ranks(values), *placed(log10(values), floor)) for values in state.spectra]
        colours = [*["backward"] * (len(drawn) - 1), "text"]
        x, y, kinds = (np.concatenate(part) for part in zip(*drawn[:-1], strict=True))
        curves = [pieces(x, y) for x, y, _ in drawn]
        return [
            Guide("one", Level(0.0, "1: lengths are kept", "1")),
            Curves("spectra", curves, colours=colours, width=1.2, smooth=True, lone=False, ghost="muted"),
            Dots("dots", x, y, kinds, colours=["backward"], radius=2.6),
            Dots("weight dots", *_hollow(*drawn[-1]), radius=2.6),
            *self._bands(state, colours),
        ]

    def _bands(self, state: JacobianState, colours: Sequence[str]) -> Sequence[Mark]:
        """From quartile to quartile of the seeds, of each spectrum."""
        if state.quartiles is None:
            return ()
        floor = self.scale.range[0]
        pairs = zip(*(each.spectra for each in state.quartiles), strict=True)
        edges = [[np.maximum(log10(values), floor) for values in pair] for pair in pairs]
        return [
            Area(f"quartiles {place}", _ranks(low), low, high, colour=colours[place], alpha=0.15)
            for place, (low, high) in enumerate(edges)
        ]

    # -- words -------------------------------------------------------------------------------------------------------

    def legend_keys(self, state: JacobianState) -> Sequence[Key]:
        samples = len(state.jacobian.samples)
        keys = [Key(f"J of {samples} sample{'s' if samples > 1 else ''}", "backward", "dot")]
        if state.jacobian.weight_singular_values.size:
            keys.append(Key(f"W of layer {self.label_of(state.jacobian.layer)}", "text", "hollow"))
        return keys

    def notes(self, state: JacobianState) -> Sequence[Note]:
        values = np.concatenate(state.spectra)
        counted = notes_of(values, self.scale.range[0], "value")
        return [*counted, *self.age(state.step, state.seconds)]

    def probe(self, state: JacobianState, pane: int, x: float, y: float) -> Probe | None:
        text = [self.layer_text(state.jacobian.layer)]
        for name, values in zip(self._names(state), state.spectra, strict=True):
            if values.size:
                rank = int(np.clip(x * len(values), 0, len(values) - 1))
                text.append(f"{name}  σ{rank + 1} of {len(values)}  {number(float(values[rank]))}")
        return Probe("\n".join(text), state.jacobian.layer, x)

    def _names(self, state: JacobianState) -> list[str]:
        jacobian = state.jacobian
        return [
            *(f"J of sample {sample}" for sample in jacobian.samples),
            f"W of layer {self.label_of(jacobian.layer)}",
        ]

    def rows(self, state: JacobianState) -> Table:
        columns: dict[str, list[CellValue]] = {"step": [], "matrix": [], "rank": [], "singular_value": []}
        for name, values in zip(self._names(state), state.spectra, strict=True):
            columns["step"] += [state.step] * len(values)
            columns["matrix"] += [name] * len(values)
            columns["rank"] += range(1, len(values) + 1)
            columns["singular_value"] += values.tolist()
        for part, each in by_part(state.quartiles):
            columns[f"singular_value_{part}"] = [value for values in each.spectra for value in values.tolist()]
        return Table(columns)


def _ranks(values: Floats) -> Floats:
    """Where singular values stand between the first and the last, each in the middle of its share."""
    return (np.arange(len(values)) + 0.5) / max(len(values), 1)


def _hollow(x: Floats, y: Floats, kinds: NDArray[np.int8]) -> tuple[Floats, Floats, NDArray[np.int8]]:
    """As rings where they are within the axis."""
    return x, y, np.where(kinds == ROUND, HOLLOW, kinds).astype(np.int8)


if __name__ == "__main__":
    from ui.plots.preview import preview

    preview(JacobianPlot)
