"""Both sides of (A) and of (B) for one sample, with the slack."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, ClassVar

from simulator.observations.base import AnalysisRow, CellValue, Observation
from simulator.theory.bounds import Bounds, bounds_of, obstacle
from simulator.training.run_info import RunInfo

if TYPE_CHECKING:
    from simulator.training.training import Training

PARTS = ("bias_gradient_norm", "input_norm", "weight_gradient_norm", "bound", "slack", "spectral_norm")


class BoundsObservation(Observation[Bounds], frozen=True, tag="bounds"):
    """Both sides of (A) and of (B) for one sample, with the slack."""

    spans_seeds = True
    share = 0.05
    order = 3
    columns: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "bounds.csv": (
            "step", "sample", "layer", "bias_gradient_norm", "input_norm", "weight_gradient_norm", "bound",
            "log10_slack", "spectral_norm",
        ),
    }  # fmt: skip

    def observe(self, training: Training) -> Bounds:
        reason = obstacle(training.network)
        if reason:
            raise ValueError(reason)
        return bounds_of(training.network, int(training.batch[0]))

    def rows(self, result: Bounds, info: RunInfo) -> Iterator[AnalysisRow]:
        for layer, each in enumerate(info.layers):
            cells: dict[str, CellValue] = {name: float(getattr(result, name)[layer]) for name in PARTS}
            cells["log10_slack"] = cells.pop("slack")
            yield AnalysisRow("bounds.csv", {"sample": result.sample, "layer": each.label, **cells})
