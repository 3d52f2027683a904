"""In how many directions the activations of each layer vary."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from simulator.observations.base import Observed
from simulator.observations.effective_rank import EffectiveRank, EffectiveRankObservation
from ui.chart.legend import Note
from ui.plots.base import View
from ui.plots.costly import CostlyPlot
from ui.plots.depth import DepthPlot, DepthState, MeasureColumn, MeasureLine, columns_apart


@dataclass(frozen=True)
class RankState(DepthState):
    seconds: float = 0.0


class EffectiveRankPlot(CostlyPlot[DepthState], DepthPlot):
    key = "effective_rank"
    spoken_as = (("rank", "effective ranks"),)
    title = "Effective rank over depth"
    side = "forward"
    least_height = 200
    explain = (
        "How many directions the activations of one batch really use, layer by layer; hollow: how many there are. "
        "A rank that falls towards 1 with depth means that all samples come out alike: nothing is left to learn from."
    )
    observations = (EffectiveRankObservation(),)
    formula = (
        r"$$e^H,\quad H=-\sum_i p_i\ln p_i,\quad p_i=\frac{\sigma_i}{\sum_j\sigma_j}$$"
        "\n\n"
        r"$\sigma$ the singular values of $a$ (units × samples), not centred"
    )
    empty_text = "The ranks are worked out while training goes on, at their own pace."
    axis_text = "effective rank"
    always = (0.0, 1.0)
    lines = (
        MeasureLine("rank", "effective rank", "forward"),
        MeasureLine("most", "units or samples, whichever are fewer", "muted", hollow=True),
    )

    def understand(self, result: EffectiveRank, observed: Observed[EffectiveRank], view: View) -> RankState:
        known = np.ones(len(result.rank), np.bool_)
        now = {"rank": MeasureColumn(result.rank, known), "most": MeasureColumn(result.most, known)}
        quartiles = columns_apart(self.quartiles_of(view))
        return RankState(observed.step, now, None, quartiles=quartiles, seconds=observed.seconds)

    def notes(self, state: DepthState) -> Sequence[Note]:
        assert isinstance(state, RankState)
        return [*super().notes(state), *self.age(state.step, state.seconds)]


if __name__ == "__main__":
    from ui.plots.preview import preview

    preview(EffectiveRankPlot)
