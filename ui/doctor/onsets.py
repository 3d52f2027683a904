"""Since when each finding has been so, as exactly as it was ever known."""

from __future__ import annotations

from collections.abc import Sequence

from simulator.doctor.base import Finding

StepSpan = tuple[int, int]
"""The first and the last step of which one is meant."""


class Onsets:
    """A history is thinned as it grows: what was known to a step before, is later known to a bucket of steps only."""

    def __init__(self) -> None:
        self._known: dict[str, StepSpan] = {}

    def of(self, findings: Sequence[Finding], stride: int) -> tuple[StepSpan, ...]:
        """Of these findings, made from buckets of ``stride`` steps; what is no longer found is forgotten."""
        ranges = {finding.rule: self._finer(finding, stride) for finding in findings}
        self._known = ranges
        return tuple(ranges[finding.rule] for finding in findings)

    def _finer(self, finding: Finding, stride: int) -> StepSpan:
        if finding.began is not None:
            return finding.began.step, finding.began.step
        first, last = finding.since, min(finding.since + stride - 1, finding.step)
        known = self._known.get(finding.rule)
        return known if known is not None and first <= known[0] <= known[1] <= last else (first, last)
