"""A rule of the doctor."""

from __future__ import annotations

from collections.abc import Iterator

from simulator.doctor.base import Finding, Remedy, Rule
from simulator.doctor.evidence import Evidence


class OddBatch(Rule):
    """A batch that is no power of two."""

    name = "odd batch"

    def examine(self, evidence: Evidence) -> Iterator[Finding]:
        size = evidence.experiment.batch_size
        if size & (size - 1):
            yield self.finding(
                evidence,
                "note",
                f"The batch size {size} is no power of two.",
                numbers={"batch_size": float(size)},
                since=0,
                remedies=[Remedy("Batch size 64", (("batch_size", 64),))],
            )
