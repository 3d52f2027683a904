"""Settings that cut the gradient down: clipping by norm and by value."""

from __future__ import annotations

from collections.abc import Iterator

from simulator.doctor.base import Finding, Remedy
from simulator.doctor.evidence import Evidence
from simulator.doctor.phrases import number
from simulator.doctor.suspect import Suspect, decades

LEAST_KEPT_SHARE = 0.1
"""Share of the gradient that clipping leaves, below which it sets the length of every step."""


class Clipping(Suspect):
    """Which share of the gradient's norm is left."""

    name = "clipping"

    def examine(self, evidence: Evidence) -> Iterator[Finding]:
        facts, rules = evidence.facts, evidence.experiment.regularization
        if facts is None or evidence.broken:
            return
        for path, limit, kept in (
            ("regularization.clip_norm", rules.clip_norm, facts.kept_by_norm),
            ("regularization.clip_value", rules.clip_value, facts.kept_by_value),
        ):
            if limit is not None and kept < LEAST_KEPT_SHARE:
                yield from self._accuse(evidence, path, limit, kept)

    def _accuse(self, evidence: Evidence, path: str, limit: float, kept: float) -> Iterator[Finding]:
        # A gradient that has exploded is cut rightly.
        needed = decades(1.0, limit)
        what = "norm" if path.endswith("norm") else "value"
        yield from self.accuse(
            evidence,
            (path, limit),
            min(decades(LEAST_KEPT_SHARE, kept) + 0.5, needed),
            f"Clipping at {what} {number(limit)} leaves {number(kept)} of the gradient, so that every step is that "
            "much shorter",
            [Remedy("No clipping", ((path, None),)), Remedy(f"Clip at {what} 1", ((path, 1.0),))],
            numbers={f"clip_{what}": limit, "kept_share": kept},
        )
