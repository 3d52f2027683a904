"""The scale of the data: inputs and targets far from 1, and targets that the output cannot reach."""

from __future__ import annotations

from collections.abc import Iterator

from simulator.doctor.base import Finding, Remedy
from simulator.doctor.evidence import Evidence
from simulator.doctor.phrases import number
from simulator.doctor.suspect import Suspect, decades

LARGE_SIZE = 3.0
"""Size of inputs or targets above which weights and rates that are meant for 1 are too large."""
SMALL_SIZE = 0.03


class DataScale(Suspect):
    """RMS of the inputs, and offset and spread of a regression's targets, as the network sees them."""

    name = "scale of the data"

    def examine(self, evidence: Evidence) -> Iterator[Finding]:
        if evidence.facts is None or evidence.experiment.data.scale == "standard":
            return
        data = evidence.facts.data
        target = max(abs(data.target_low), abs(data.target_high)) if evidence.frame.info.task == "regression" else 1.0
        sizes = {"inputs": data.input_size, "targets": target}
        what, size = max(sizes.items(), key=lambda item: self._beyond(item[1]))
        strength = self._beyond(size)
        if strength <= 0:
            return
        yield from self.accuse(
            evidence,
            ("data.scale", evidence.experiment.data.scale),
            strength + 0.3,
            f"The {what} are of the size {number(size)} (scale: {evidence.experiment.data.scale}), where initial "
            "weights and rates are meant for 1",
            [Remedy("Standard scale", (("data.scale", "standard"),))],
            numbers={"input_size": data.input_size, "target_low": data.target_low, "target_high": data.target_high},
        )

    def _beyond(self, size: float) -> float:
        return max(decades(size, LARGE_SIZE), decades(SMALL_SIZE, size)) if size else 0.0
