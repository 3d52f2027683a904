"""Rules about units that do not respond, or all respond alike."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from simulator.doctor import remedies
from simulator.doctor.base import Cause, Finding, Rule
from simulator.doctor.evidence import Evidence
from simulator.doctor.phrases import listed, number
from simulator.layers.info import LayerInfo
from simulator.parts.activations import Activation
from simulator.schema.numbers import percent
from simulator.schema.parameter import kinds
from simulator.system.text import capitalized

MOST_UNITS = 0.5
DEADLY_UPDATE_RATIO = 1e-2
"""Update ratio above which updates are long enough to kill units."""
ROUNDING_SPREAD = 1e-5
"""Spread over units, beside the weights' size, that is rounding."""


class Saturated(Rule):
    """Half of the entries of a squashing layer with slopes below 5 % of the steepest."""

    name = "saturated"

    def examine(self, evidence: Evidence) -> Iterator[Finding]:
        shares = evidence.lately("activation_saturated")
        rows = [
            row
            for row in evidence.rows("activation_saturated")
            if shares[row] >= MOST_UNITS and _squashes(evidence.layers[row])
        ]
        if not rows:
            return
        worst = max(rows, key=lambda row: shares[row])
        experiment = evidence.experiment
        yield self.finding(
            evidence,
            "warning",
            f"{percent(shares[worst])} of {evidence.name(worst)}'s slopes are below 5 % of the steepest"
            + (f"; {listed(evidence, rows)} are mostly flat." if len(rows) > 1 else "."),
            numbers={"saturated_share": float(shares[worst])},
            since=evidence.since(evidence.past("activation_saturated")[:, worst] >= MOST_UNITS),
            rows=rows,
            factor="slope",
            remedies=[remedies.weights(experiment), remedies.batch_norm(experiment), remedies.rectifier(experiment)],
        )


def _squashes(layer: LayerInfo) -> bool:
    activation = kinds(Activation).get(layer.activation)
    return activation is not None and activation.squashing()


class Dead(Rule):
    """Half of a layer's units with slope 0 on every sample of the batch."""

    name = "dead"

    def examine(self, evidence: Evidence) -> Iterator[Finding]:
        shares = evidence.lately("activation_dead")
        rows = [row for row in evidence.rows("activation_dead") if shares[row] >= MOST_UNITS]
        if not rows:
            return
        worst = max(rows, key=lambda row: shares[row])
        since = evidence.since(evidence.past("activation_dead")[:, worst] >= MOST_UNITS)
        experiment = evidence.experiment
        too_fast = since > 0 and self._longest_update(evidence, worst, since) > DEADLY_UPDATE_RATIO
        slower = remedies.rate(experiment, 1 / remedies.RATE_CUT) if too_fast else None
        yield self.finding(
            evidence,
            "severe" if shares[worst] > 0.99 else "warning",
            f"{percent(shares[worst])} of {evidence.name(worst)}'s units have slope 0 on every sample"
            + (f"; {listed(evidence, rows)} are mostly dead." if len(rows) > 1 else ".")
            + (" It was not so at the start: the updates did it." if since > 0 else ""),
            numbers={"dead_share": float(shares[worst])},
            since=since,
            rows=rows,
            factor="slope",
            remedies=[slower, remedies.leaky(experiment), remedies.batch_norm(experiment)],
        )

    def _longest_update(self, evidence: Evidence, row: int, since: int) -> float:
        """The greatest update ratio of a layer until its units were dead."""
        ratios = evidence.past("update_ratio")[evidence.steps <= since, row]
        return float(np.nanmax(ratios)) if np.isfinite(ratios).any() else 0.0


class Symmetric(Rule):
    """All units of a layer have the same incoming weights."""

    name = "symmetric"

    def examine(self, evidence: Evidence) -> Iterator[Finding]:
        spread = evidence.lately("unit_spread")
        rows = [
            row for row in evidence.rows("unit_spread") if spread[row] <= ROUNDING_SPREAD and self._stays(evidence, row)
        ]
        if not rows:
            return
        past = np.nanmax(evidence.past("unit_spread")[:, rows], axis=1)
        finding = self.finding(
            evidence,
            "severe",
            f"{capitalized(listed(evidence, rows))}: all units have the same incoming weights (spread "
            f"{number(float(spread[rows[0]]))}) and get the same gradient, so each layer does the work of one unit.",
            numbers={"unit_spread": float(np.max(spread[rows]))},
            since=evidence.since(past <= ROUNDING_SPREAD),
            rows=rows,
            factor="weights",
            remedies=[remedies.weights(evidence.experiment)],
        )
        yield replace(finding, cause=self._cause(evidence, rows[0]), strength=3.0)

    def _cause(self, evidence: Evidence, row: int) -> Cause | None:
        """The initialiser, where it draws all units alike."""
        for path, layer in remedies.layers_of(evidence.experiment):
            initializer = remedies.initializer_of(layer)
            if initializer is not None and initializer.alike and remedies.entry_of(path) >= evidence.layers[row].entry:
                return Cause(*remedies.cause_of(evidence.experiment, f"{path}.initializer"))
        return None

    def _stays(self, evidence: Evidence, row: int) -> bool:
        """A branch may begin at zero: its units get different gradients, and differ after one step."""
        layer = evidence.layers[row]
        return layer.units > 1 and ("." not in layer.label or evidence.frame.step > 0)
