"""Rules about the error signal on its way back, and the signal on its way forward."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from simulator.arrays.trace import Factor
from simulator.doctor import remedies
from simulator.doctor.base import Finding, Remedy, Rule
from simulator.doctor.evidence import Balance, Evidence, balance
from simulator.doctor.phrases import SUBJECTS, blame, joined, number
from simulator.experiment.experiment import Experiment
from simulator.layers.base import layer_kinds
from simulator.observations.time_profile import StateGradients, TimeProfilesObservation, norms_of
from simulator.parts.optimizers import Adam
from simulator.schema.numbers import amount
from simulator.schema.parameter import title_of
from simulator.system.text import capitalized

VANISHING_RATIO, EXPLODING_RATIO = 1e-3, 1e3
"""First-to-last ratio of gradients beyond which they vanish or explode."""
FAR_ABOVE_EPSILON = 100.0
"""Adam's step is η · sign g only where |g| is so many times ε."""
FADED_SHARE = 0.1
"""Share of the first layer's spread below which the last one's is noticeably less."""
EXPLODING_RATIO_UNMOVED = 100.0
"""First-to-last ratio that counts where the loss has not moved."""


class Ends:
    """A measure at the first and the last hidden layer that have it."""

    def __init__(self, evidence: Evidence, measure: str) -> None:
        rows = evidence.rows(measure)
        self.known = len(rows) > 1
        self.rows = (rows[0], rows[-1]) if self.known else (0, 0)
        now, past = evidence.lately(measure), evidence.past(measure)
        self.first, self.last = (float(now[row]) for row in self.rows)
        self.first_past, self.last_past = (past[:, row] for row in self.rows)

    @property
    def ratio(self) -> float:
        """First over last; NaN where there are not two, or the last is 0."""
        return self.first / self.last if self.known and self.last != 0 else math.nan

    def below(self, limit: float) -> NDArray[np.bool_]:
        vanished: NDArray[np.bool_] = (self.first_past < limit * self.last_past) | (self.first_past == 0)
        return vanished & self.known

    def above(self, limit: float) -> NDArray[np.bool_]:
        exploded: NDArray[np.bool_] = self.first_past > limit * self.last_past
        return exploded & self.known & (self.last_past > 0)


def weak_side(evidence: Evidence, factor: str) -> list[Remedy | None]:
    """What helps a signal that fades, the cause first."""
    experiment = evidence.experiment
    squashed = remedies.rectifier(experiment) is not None
    cure = [remedies.batch_norm(experiment), remedies.rectifier(experiment), remedies.tanh(experiment)]
    if not (factor == "slope" and squashed):
        cure = [remedies.weights(experiment), remedies.batch_norm(experiment)]
    return [remedies.shut_gates(experiment), *cure, remedies.skips(experiment)]


def strong_side(experiment: Experiment) -> list[Remedy | None]:
    """What helps a signal that grows; clipping treats the symptom, and is named where nothing treats the cause."""
    weights = remedies.weights(experiment)
    cure = [weights, remedies.batch_norm(experiment), remedies.skips(experiment) if weights is None else None]
    return cure if any(cure) else [remedies.clip(experiment)]


def unforgetting(experiment: Experiment) -> list[Remedy | None]:
    """What lets a plain recurrent layer keep what it has seen."""
    return [remedies.gated(experiment, "lstm"), remedies.gated(experiment, "gru"), remedies.irnn(experiment)]


def entry_size(evidence: Evidence, row: int) -> float:
    """The size of a typical entry of a layer's weight gradient."""
    return float(evidence.lately("weight_gradient_std")[row])


def adam_helps(evidence: Evidence, row: int) -> bool:
    """Whether Adam's step, or that of an optimiser like it, would not depend on this layer's gradient: |g| ≫ ε."""
    return entry_size(evidence, row) > FAR_ABOVE_EPSILON * _epsilon(evidence)


def _epsilon(evidence: Evidence) -> float:
    """The optimiser's ε, or Adam's where it has none."""
    present = evidence.experiment.optimizer
    return float((present if present.adaptive else Adam()).epsilon)


def too_small(evidence: Evidence, row: int) -> str:
    """``entries of 3·10⁻¹⁰ are below its ε``, of what ε keeps from being divided out."""
    size = entry_size(evidence, row)
    return f"entries of {number(size)} are {'below' if size < _epsilon(evidence) else 'not far above'} its ε"


def _numbers(gradient: Ends, delta: Ends, way_back: Balance | None, **more: float) -> dict[str, float]:
    """What tells of the way back: first over last, and the decades of each factor."""
    decades = {f"decades_{name}": value for name, value in (way_back.sums if way_back else {}).items()}
    return {"gradient_first_to_last": gradient.ratio, "delta_first_to_last": delta.ratio, **more, **decades}


class Vanishing(Rule):
    """The first hidden layer's gradient, or error signal, below 1e-3 of the last one's; or lost altogether."""

    name = "vanishing"

    def examine(self, evidence: Evidence) -> Iterator[Finding]:
        gradient, delta = Ends(evidence, "weight_gradient_norm"), Ends(evidence, "delta_rms")
        output = float(evidence.lately("weight_gradient_norm")[-1])
        lost = gradient.known and gradient.first == 0 and output > 0
        if not (lost or gradient.ratio < VANISHING_RATIO or delta.ratio < VANISHING_RATIO):
            return
        ends = delta if not lost and not gradient.ratio <= delta.ratio else gradient
        way_back = balance(evidence.frame)
        factor, why = blame(way_back, -1)
        row = gradient.rows[0] if gradient.known else ends.rows[0]
        yield self.finding(
            evidence,
            "warning" if self._made_up_for(evidence, row) else "severe",
            joined(self._sentence(evidence, ends, ends is gradient), why) + self._adam(evidence, row),
            numbers=_numbers(gradient, delta, way_back, gradient_entry=entry_size(evidence, row)),
            since=evidence.since(gradient.below(VANISHING_RATIO) | delta.below(VANISHING_RATIO)),
            rows=sorted(set(ends.rows)),
            factor=factor,
            remedies=[
                *weak_side(evidence, factor),
                remedies.adam(evidence.experiment) if adam_helps(evidence, row) else None,
                remedies.double(evidence.experiment) if lost and factor != "slope" else None,
            ],
        )

    def _sentence(self, evidence: Evidence, ends: Ends, of_weights: bool) -> str:
        first, last = (evidence.name(row) for row in ends.rows)
        what = "weight gradient" if of_weights else "error signal"
        if ends.first == 0:
            return f"{capitalized(first)}'s {what} is exactly 0"
        return f"{capitalized(first)}'s {what} is {number(ends.ratio)} of {last}'s"

    def _made_up_for(self, evidence: Evidence, row: int) -> bool:
        return evidence.experiment.optimizer.adaptive and adam_helps(evidence, row)

    def _adam(self, evidence: Evidence, row: int) -> str:
        """Adam divides the gradient's size out, but only while that is far above ε."""
        optimizer = evidence.experiment.optimizer
        size = entry_size(evidence, row)
        if not optimizer.adaptive:
            far = adam_helps(evidence, row)
            return "" if far else f" Adam would not mend it: {too_small(evidence, row)}."
        name = title_of(type(optimizer))
        if not optimizer.epsilon:
            return f" {name} makes up for it."
        if self._made_up_for(evidence, row):
            return f" {name} makes up for it while entries of {number(size)} stay far above its ε."
        return f" {name} cannot make up for it: {too_small(evidence, row)}."


class Fading(Rule):
    """The last hidden layer's activations spread less than 1e-3 of the first one's; or 0.1, where little is learnt."""

    name = "fading"

    def examine(self, evidence: Evidence) -> Iterator[Finding]:
        ends = Ends(evidence, "activation_std")
        if not ends.known or not ends.first > 0 or not ends.last < FADED_SHARE * ends.first:
            return
        lost = ends.last < VANISHING_RATIO * ends.first
        # A milder loss only slows the start; and where the error signal vanishes as well, that says it all.
        if not lost and (evidence.learnt or Ends(evidence, "delta_rms").ratio < VANISHING_RATIO):
            return
        limit = VANISHING_RATIO if lost else FADED_SHARE
        factor, decades = self._blame(evidence)
        lose = f"lose {amount(-decades, 'decade')}" if math.isfinite(decades) else "lose it altogether"
        why = f"{SUBJECTS[factor]} {lose} on the way forward" if factor else (
            "what the samples differ in is lost on the way forward"
        )  # fmt: skip
        first, last = (evidence.name(row) for row in ends.rows)
        yield self.finding(
            evidence,
            "severe" if lost else "warning",
            f"{capitalized(last)}'s activations spread {number(ends.last)}, {first}'s {number(ends.first)}: {why}.",
            numbers={"spread_first": ends.first, "spread_last": ends.last, "decades": decades},
            since=evidence.since(ends.last_past < limit * ends.first_past),
            rows=ends.rows,
            factor=factor or "",
            remedies=weak_side(evidence, factor or "weights"),
        )

    def _blame(self, evidence: Evidence) -> tuple[Factor | None, float]:
        """Which of weights and slopes shrinks the spread more, and by how many decades, in a plain stack.

        The spread of a layer's z over that of what comes in, and of its a over that of z.
        """
        rows = np.flatnonzero(evidence.hidden)
        plain = layer_kinds(lambda layer: layer.plain)
        if any("." in evidence.layers[row].label or evidence.layers[row].kind not in plain for row in rows):
            return None, math.nan
        z, a = (evidence.lately(name)[rows] for name in ("preactivation_std", "activation_std"))
        weights = float(np.log10(z[1:] / a[:-1]).sum())
        slope = float(np.log10(a[1:] / z[1:]).sum())
        return ("weights", weights) if weights < slope else ("slope", slope)


class Exploding(Rule):
    """The first hidden layer's gradient, or error signal, above 1e3 of the last one's; or a gradient norm above 1e3."""

    name = "exploding"

    def examine(self, evidence: Evidence) -> Iterator[Finding]:
        gradient, delta = Ends(evidence, "weight_gradient_norm"), Ends(evidence, "delta_rms")
        top = evidence.lately("gradient_norm").item()
        # A few steps may tame it a little without curing anything.
        limit = EXPLODING_RATIO if evidence.moved else EXPLODING_RATIO_UNMOVED
        if gradient.ratio > limit:
            ends, since = gradient, gradient.above(limit)
        elif delta.ratio > limit:
            ends, since = delta, delta.above(limit)
        elif EXPLODING_RATIO < top < math.inf:
            ends, since = gradient, evidence.past("gradient_norm") > EXPLODING_RATIO
        else:
            return
        way_back = balance(evidence.frame)
        factor, why = blame(way_back, 1)
        experiment = evidence.experiment
        yield self.finding(
            evidence,
            "severe",
            joined(self._sentence(evidence, ends, ends is gradient, top), why),
            numbers=_numbers(gradient, delta, way_back, gradient_norm=top),
            since=evidence.since(since),
            rows=sorted(set(ends.rows)) if ends.known else (),
            factor=factor,
            remedies=strong_side(experiment),
        )  # fmt: skip

    def _sentence(self, evidence: Evidence, ends: Ends, of_weights: bool, top: float) -> str:
        if not ends.ratio > EXPLODING_RATIO_UNMOVED:
            return f"The gradient's norm is {number(top)}"
        first, last = (evidence.name(row) for row in ends.rows)
        what = "weight gradient" if of_weights else "error signal"
        return f"{capitalized(first)}'s {what} is {number(ends.ratio)} times {last}'s"


class VanishingThroughTime(Rule):
    """A plain recurrent layer's gradient at the first time step below 1e-3 of that at the last, and little learnt.

    Gates may begin so too, and learn to keep.
    """

    name = "vanishing through time"

    def examine(self, evidence: Evidence) -> Iterator[Finding]:
        labels = [layer.label for layer in evidence.layers]
        for label, profile in (evidence.frame.result(TimeProfilesObservation()) or {}).items():
            norms = profile.hidden_gradient_norm
            last = float(norms[-1])
            if len(norms) < 2 or not last > 0 or not norms[0] < VANISHING_RATIO * last or not self._unlearnt(evidence):
                continue
            row = labels.index(label)
            if evidence.layers[row].kind not in layer_kinds(lambda layer: layer.stateful and not layer.gates):
                continue
            ratio = float(norms[0]) / last
            yield self.finding(
                evidence,
                "severe",
                f"In {evidence.name(row)} the gradient at the first of {len(norms)} time steps is {number(ratio)} of "
                "that at the last: every step multiplies it by the same weights and by slopes, so it cannot learn "
                "what began the sequence.",
                numbers={"gradient_first_to_last_step": ratio, "time_steps": float(len(norms))},
                since=self._since(evidence, label),
                rows=(row,),
                factor="time",
                remedies=unforgetting(evidence.experiment),
            )

    def _since(self, evidence: Evidence, label: str) -> int:
        """The first look of the unbroken row of looks that have seen it."""
        past = evidence.record.pasts.get(StateGradients.name)
        if past is None or label not in past.subject.labels:
            return evidence.frame.step
        steps, norms = past.history.steps, norms_of(label, past.subject, past.history.values)
        broken = np.flatnonzero(~(norms[:, 0] < VANISHING_RATIO * norms[:, -1]))
        since = int(broken[-1]) + 1 if broken.size else 0
        return int(steps[since]) if since < len(steps) else evidence.frame.step

    def _unlearnt(self, evidence: Evidence) -> bool:
        """A sequence whose beginning does not matter for the answer may be learnt all the same."""
        level = evidence.frame.info.baseline_loss
        return level is None or evidence.lately("loss").item() > 0.5 * level
