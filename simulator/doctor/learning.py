"""Rules about what the loss and the updates do."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from simulator.arrays.numeric import Floats, median
from simulator.doctor import remedies
from simulator.doctor.base import Finding, Remedy, Rule
from simulator.doctor.evidence import DIVERGED_RATIO, HEALTHY_UPDATE_RATIOS, UNMOVED_LEVEL, Evidence, balance
from simulator.doctor.nonfinite_origin import nonfinite_since, origin_of_nonfinite
from simulator.doctor.phrases import beside_guessing, blame, joined, listed, number, risen
from simulator.doctor.signal import adam_helps, strong_side, unforgetting, weak_side
from simulator.experiment.experiment import Experiment
from simulator.schema.numbers import count, integer

PATIENCE_STEPS = 200
"""Steps that a run gets before it is said not to learn."""
IMPROVING_SHARE = 0.99
"""A quarter of the run that ends below so much of where it began is improving."""
ALIKE_UPDATE_RATIOS = 1e-3
"""Least over greatest update ratio of layers that learn at one pace."""
OUTSIDE_MARGIN = 10.0
"""How far outside the band they must be to be called wrong."""
LEAST_RATE_CUT = 1e-3
"""Share of the learning rate below which slower steps are no way out."""
VALIDATION_RISE = 1.25
"""Times its best by which the validation loss must have risen."""
VALIDATION_TO_TRAINING = 2.0
"""Times the training loss."""
LEAST_RISE = 0.05
"""Share of the loss at the start by which it must have risen."""


def _update_ratios(evidence: Evidence) -> dict[str, float]:
    """The least and the greatest update ratio of all layers."""
    ratios = evidence.lately("update_ratio")[evidence.updated]
    ratios = ratios[np.isfinite(ratios)]
    return {"update_ratio_least": float(ratios.min()), "update_ratio_most": float(ratios.max())} if ratios.size else {}


def _two_windows(evidence: Evidence) -> tuple[float, float]:
    """The loss of some steps ago and the present one; NaN while there are not enough steps."""
    losses, window = evidence.past("loss"), 2 * evidence.recent
    if len(losses) < 2 * window:
        return math.nan, math.nan
    return float(median(losses[-2 * window : -window])), float(median(losses[-window:]))


def rising(evidence: Evidence) -> bool:
    """Whether the loss of the last steps lies above that of the steps before them."""
    before, after = _two_windows(evidence)
    return after > before


class Diverging(Rule):
    """NaN or Inf anywhere, or a loss twice what it was at the start."""

    name = "diverging"

    def examine(self, evidence: Evidence) -> Iterator[Finding]:
        if evidence.broken:
            yield self._broken(evidence)
            return
        start, recent = evidence.start, evidence.lately("loss").item()
        if evidence.frame.step < 2 * evidence.recent or not recent > DIVERGED_RATIO * start:
            return
        yield self.finding(
            evidence,
            "severe",
            f"The loss has lately been {risen(recent, start)}.",
            numbers={"loss": recent, "loss_at_start": start, **_update_ratios(evidence)},
            since=evidence.since(evidence.past("loss") > start),
            remedies=self._remedies(evidence),
        )

    def _broken(self, evidence: Evidence) -> Finding:
        loss, counts = evidence.frame.scalars.get("loss", math.nan), evidence.frame.measures["nonfinite"]
        bad, count = np.flatnonzero(counts > 0).tolist(), float(np.nansum(counts))
        since = nonfinite_since(evidence)
        way_back = balance(evidence.first) if evidence.first is not None else None
        factor, why = blame(way_back, 1)
        finding = self.finding(
            evidence,
            "severe",
            joined(origin_of_nonfinite(evidence, since), why and f"at step 0 {why}"),
            numbers={"loss": loss, "nonfinite": count},
            since=since,
            rows=bad,
            factor=factor,
            remedies=self._remedies(evidence),
        )
        return replace(finding, began=evidence.frame.began)

    def _remedies(self, evidence: Evidence) -> list[Remedy | None]:
        experiment = evidence.experiment
        weights = remedies.weights(experiment)
        slower = remedies.rate(experiment, 1 / remedies.RATE_CUT) if weights is None else None
        return [weights, remedies.batch_norm(experiment), slower, remedies.clip(experiment)]


class Oscillating(Rule):
    """η λ_max above its limit, and the loss rising: at the edge of stability alone nothing is wrong."""

    name = "oscillating"

    def examine(self, evidence: Evidence) -> Iterator[Finding]:
        sharpness = evidence.sharpness
        if sharpness is None or not sharpness.gauge > sharpness.limit or not rising(evidence):
            return
        before, after = _two_windows(evidence)
        slower = sharpness.limit / sharpness.gauge / 2
        yield self.finding(
            evidence,
            "warning",
            f"The steps are too long for the curvature: η λ_max is {number(sharpness.gauge)} where "
            f"{number(sharpness.limit)} is the limit, and the loss rose from {number(before)} to {number(after)}.",
            numbers={"eta_lambda_max": sharpness.gauge, "limit": sharpness.limit, "loss": after, "loss_before": before},
            since=int(evidence.steps[-2 * evidence.recent]),
            remedies=self._remedies(evidence.experiment, slower),
        )

    def _remedies(self, experiment: Experiment, slower: float) -> list[Remedy | None]:
        """At a thousandth of its rate nothing would learn: then it is not the rate that is wrong."""
        if slower < LEAST_RATE_CUT:
            return [*strong_side(experiment), remedies.clip(experiment)]
        return [remedies.rate(experiment, slower), remedies.clip(experiment)]


class Stalled(Rule):
    """After 200 steps, and for 100 of them, no better than always guessing the mean, and not getting better."""

    name = "stalled"

    def examine(self, evidence: Evidence) -> Iterator[Finding]:
        losses = evidence.past("loss")
        quarter = len(losses) // 4
        if evidence.frame.step < PATIENCE_STEPS or quarter < 1:
            return
        before, now = (float(median(part)) for part in (losses[-2 * quarter : -quarter], losses[-quarter:]))
        level = evidence.yardstick
        if not (now > UNMOVED_LEVEL * level and now > IMPROVING_SHARE * before):
            return
        since = evidence.since(self._smooth(losses, quarter) > UNMOVED_LEVEL * level)
        # Many a run rests on its way down.
        if evidence.frame.step - since < PATIENCE_STEPS // 2:
            return
        way_back = balance(evidence.frame)
        grows = way_back is not None and way_back.end is None and way_back.total > 0
        factor, why = blame(way_back, 1 if grows else -1)
        yield self.finding(
            evidence,
            "severe",
            joined(f"After {count(evidence.frame.step, 'step')} {beside_guessing(now, evidence.guessing)}", why),
            numbers={"loss": now, "loss_of_guessing": evidence.guessing, **_update_ratios(evidence)},
            since=since,
            factor=factor,
            remedies=self._remedies(evidence, factor, grows),
        )

    def _smooth(self, losses: Floats, width: int) -> Floats:
        """Running means; one odd batch does not end a stall."""
        padded = np.concatenate([np.full(width - 1, losses[0]), losses])
        return np.convolve(padded, np.full(width, 1 / width), mode="valid")

    def _remedies(self, evidence: Evidence, factor: str, grows: bool) -> list[Remedy | None]:
        ratios = _update_ratios(evidence)
        # One rate serves all layers: it helps only where all of them are slow alike.
        most, least = ratios.get("update_ratio_most", math.inf), ratios.get("update_ratio_least", 0.0)
        slow = most < HEALTHY_UPDATE_RATIOS[0] and least > ALIKE_UPDATE_RATIOS * most
        faster = [remedies.rate(evidence.experiment, remedies.RATE_CUT)] if slow else []
        sides = strong_side(evidence.experiment) if grows else weak_side(evidence, factor)
        return [*unforgetting(evidence.experiment), *sides, *faster]


class UnhealthyUpdateRatio(Rule):
    """‖ΔW‖/‖W‖ more than a decade outside 1e-4 … 1e-2 while there is still something to learn."""

    name = "update ratio"

    def examine(self, evidence: Evidence) -> Iterator[Finding]:
        if evidence.frame.step < 2 * evidence.recent:
            return
        defined, ratios = evidence.updated, evidence.lately("update_ratio")
        past = evidence.past("update_ratio")
        high, low = HEALTHY_UPDATE_RATIOS[1] * OUTSIDE_MARGIN, HEALTHY_UPDATE_RATIOS[0] / OUTSIDE_MARGIN
        big = np.flatnonzero(defined & (ratios > high)).tolist()
        small = np.flatnonzero(defined & (ratios < low)).tolist()
        if big:
            slower = remedies.rate(evidence.experiment, 1 / remedies.RATE_CUT)
            worst = max(big, key=lambda row: ratios[row])
            yield self._outside(
                evidence, big, worst, past[:, worst] > high, [slower, remedies.clip(evidence.experiment)]
            )
        if small and not evidence.learnt:
            worst = min(small, key=lambda row: ratios[row])
            all_slow = len(small) == int(defined.sum())
            yield self._outside(evidence, small, worst, past[:, worst] < low, self._livelier(evidence, worst, all_slow))

    def _outside(
        self,
        evidence: Evidence,
        rows: Sequence[int],
        worst: int,
        holds: NDArray[np.bool_],
        cures: Sequence[Remedy | None],
    ) -> Finding:
        ratio = float(evidence.lately("update_ratio")[worst])
        size = "large" if ratio > HEALTHY_UPDATE_RATIOS[1] else "small"
        others = "" if len(rows) == 1 else f"; too {size} in {listed(evidence, rows)}"
        return self.finding(
            evidence,
            "warning",
            f"An update changes {evidence.name(worst)}'s weights by {number(ratio)} of their size, where 10⁻⁴ to 10⁻² "
            f"is healthy{others}.",
            numbers={
                "update_ratio": ratio,
                "healthy_from": HEALTHY_UPDATE_RATIOS[0],
                "healthy_to": HEALTHY_UPDATE_RATIOS[1],
            },
            since=evidence.since(holds),
            rows=rows,
            remedies=cures,
        )

    def _livelier(self, evidence: Evidence, row: int, all_slow: bool) -> list[Remedy | None]:
        """A higher rate only where all layers are slow."""
        experiment = evidence.experiment
        if all_slow:
            return [remedies.rate(experiment, remedies.RATE_CUT)]
        factor, _ = blame(balance(evidence.frame), -1)
        return [*weak_side(evidence, factor), remedies.adam(experiment) if adam_helps(evidence, row) else None]


class Overfitting(Rule):
    """The validation loss well above its best and above the training loss, which kept falling."""

    name = "over-fitting"

    def examine(self, evidence: Evidence) -> Iterator[Finding]:
        scores = evidence.history.series("validation_loss").low
        known = np.flatnonzero(np.isfinite(scores))
        present = evidence.frame.scalars.get("validation_loss", 0.0)
        if not len(known) or evidence.broken or not math.isfinite(present):
            return
        best = known[int(np.argmin(scores[known]))]
        since = scores[known[known >= best]]
        if len(since) < 3:
            return
        train, then = evidence.lately("loss").item(), float(median(evidence.past("loss")[: best + 1][-5:]))
        # Of the last few scores, for one of them may be odd.
        score, least = float(median(since[-3:])), float(scores[best])
        risen = score > VALIDATION_RISE * least and score - least > LEAST_RISE * evidence.start
        if not (risen and score > VALIDATION_TO_TRAINING * train and train < then):
            return
        step = int(evidence.steps[best])
        experiment = evidence.experiment
        yield self.finding(
            evidence,
            "warning",
            f"The validation loss was {number(least)} at step {integer(step)} and has lately been {number(score)}, "
            f"while the training loss fell from {number(then)} to {number(train)}.",
            numbers={"validation_loss": score, "best_validation_loss": least, "loss": train, "loss_then": then},
            since=step,
            remedies=[remedies.dropout(experiment), remedies.decay(experiment)],
        )
