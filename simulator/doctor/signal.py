"""Rules about the error signal on its way back, and the signal on its way forward."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from simulator.doctor import mends
from simulator.doctor.base import Evidence, Finding, Mend, Rule, balance
from simulator.doctor.words import blame, capital, joined
from simulator.experiment import Experiment
from simulator.measures.status import EXPLODING, VANISHING, number

EPSILON = 1e-8
"""Adam's ε where the optimiser has none of its own."""
FAR = 100.0
"""Adam's step is η · sign g only where |g| is so many times ε."""
ADAPTIVE = frozenset({"adam", "adamw", "rmsprop"})


class _Ends:
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
        found: NDArray[np.bool_] = (self.first_past < limit * self.last_past) | (self.first_past == 0)
        return found & self.known

    def above(self, limit: float) -> NDArray[np.bool_]:
        found: NDArray[np.bool_] = self.first_past > limit * self.last_past
        return found & self.known & (self.last_past > 0)


def weak_side(evidence: Evidence, factor: str) -> list[Mend | None]:
    """What helps a signal that fades, the cause first."""
    experiment = evidence.experiment
    squashed = mends.rectifier(experiment) is not None
    cure = [mends.batch_norm(experiment), mends.rectifier(experiment), mends.tanh(experiment)]
    if not (factor == "slope" and squashed):
        cure = [mends.weights(experiment), mends.batch_norm(experiment)]
    return [mends.carry(experiment), *cure, mends.skips(experiment)]


def strong_side(experiment: Experiment) -> list[Mend | None]:
    """What helps a signal that grows; clipping treats the symptom, and is named where nothing treats the cause."""
    weights = mends.weights(experiment)
    cure = [weights, mends.batch_norm(experiment), mends.skips(experiment) if weights is None else None]
    return cure if any(cure) else [mends.clip(experiment)]


def unforgetting(experiment: Experiment) -> list[Mend | None]:
    """What lets a plain recurrent layer keep what it has seen."""
    return [mends.gated(experiment, "lstm"), mends.gated(experiment, "gru"), mends.irnn(experiment)]


def entry_size(evidence: Evidence, row: int) -> float:
    """The size of a typical entry of a layer's weight gradient."""
    return float(evidence.lately("weight_gradient_std")[row])


def adam_helps(evidence: Evidence, row: int) -> bool:
    """Whether Adam's step in this layer would not depend on the gradient's size: |g| ≫ ε."""
    epsilon = float(getattr(evidence.experiment.optimizer, "eps", EPSILON))
    return entry_size(evidence, row) > FAR * epsilon


class Vanishing(Rule):
    """The first hidden layer's gradient, or error signal, below 1e-3 of the last one's; or lost altogether."""

    name = "vanishing"

    def examine(self, evidence: Evidence) -> Iterator[Finding]:
        gradient, delta = _Ends(evidence, "weight_gradient_norm"), _Ends(evidence, "delta_rms")
        output = float(evidence.lately("weight_gradient_norm")[-1])
        lost = gradient.known and gradient.first == 0 and output > 0
        if not (lost or gradient.ratio < VANISHING or delta.ratio < VANISHING):
            return
        ends = delta if not lost and not gradient.ratio <= delta.ratio else gradient
        found = balance(evidence.frame)
        factor, why = blame(found, -1)
        row = gradient.rows[0] if gradient.known else ends.rows[0]
        yield self.finding(
            evidence,
            "warning" if self._made_up_for(evidence, row) else "severe",
            joined(self._sentence(evidence, ends, ends is gradient), why) + self._adam(evidence, row),
            numbers={
                "gradient_first_to_last": gradient.ratio,
                "delta_first_to_last": delta.ratio,
                "gradient_entry": entry_size(evidence, row),
                **{f"decades_{name}": value for name, value in (found.sums if found else {}).items()},
            },
            since=evidence.since(gradient.below(VANISHING) | delta.below(VANISHING)),
            rows=sorted(set(ends.rows)),
            factor=factor,
            mends=[
                *weak_side(evidence, factor),
                mends.adam(evidence.experiment) if adam_helps(evidence, row) else None,
                mends.double(evidence.experiment) if lost and factor != "slope" else None,
            ],
        )

    def _sentence(self, evidence: Evidence, ends: _Ends, of_weights: bool) -> str:
        first, last = (evidence.name(row) for row in ends.rows)
        what = "weight gradient" if of_weights else "error signal"
        if ends.first == 0:
            return f"{capital(first)}'s {what} is exactly 0"
        return f"{capital(first)}'s {what} is {number(ends.ratio)} of {last}'s"

    def _made_up_for(self, evidence: Evidence, row: int) -> bool:
        return evidence.experiment.optimizer.kind in ADAPTIVE and adam_helps(evidence, row)

    def _adam(self, evidence: Evidence, row: int) -> str:
        """Adam divides the gradient's size out, but only while that is far above ε."""
        optimizer = evidence.experiment.optimizer
        size = entry_size(evidence, row)
        if optimizer.kind not in ADAPTIVE:
            far = adam_helps(evidence, row)
            return "" if far else f" Adam would not mend it: entries of {number(size)} are not far above its ε."
        name = type(optimizer).label
        if self._made_up_for(evidence, row):
            return f" {name} makes up for it while entries of {number(size)} stay far above its ε."
        return f" {name} cannot make up for it: entries of {number(size)} are not far above its ε."


class Fading(Rule):
    """The last hidden layer's activations spread less than 1e-3 of the first one's."""

    name = "fading"

    def examine(self, evidence: Evidence) -> Iterator[Finding]:
        ends = _Ends(evidence, "activation_std")
        if not ends.known or not ends.first > 0 or not ends.last < VANISHING * ends.first:
            return
        first, last = (evidence.name(row) for row in ends.rows)
        yield self.finding(
            evidence,
            "severe",
            f"{capital(last)}'s activations spread {number(ends.last)}, {first}'s {number(ends.first)}: "
            "what the samples differ in is lost on the way forward.",
            numbers={"spread_first": ends.first, "spread_last": ends.last},
            since=evidence.since(ends.last_past < VANISHING * ends.first_past),
            rows=ends.rows,
            mends=weak_side(evidence, "weights"),
        )


class Exploding(Rule):
    """The first hidden layer's gradient, or error signal, above 1e3 of the last one's; or a gradient norm above 1e3."""

    name = "exploding"

    def examine(self, evidence: Evidence) -> Iterator[Finding]:
        gradient, delta = _Ends(evidence, "weight_gradient_norm"), _Ends(evidence, "delta_rms")
        top = evidence.lately("gradient_norm").item()
        if gradient.ratio > EXPLODING:
            ends, since = gradient, gradient.above(EXPLODING)
        elif delta.ratio > EXPLODING:
            ends, since = delta, delta.above(EXPLODING)
        elif EXPLODING < top < math.inf:
            ends, since = gradient, evidence.past("gradient_norm") > EXPLODING
        else:
            return
        found = balance(evidence.frame)
        factor, why = blame(found, 1)
        experiment = evidence.experiment
        yield self.finding(
            evidence,
            "severe",
            joined(self._sentence(evidence, ends, ends is gradient, top), why),
            numbers={
                "gradient_first_to_last": gradient.ratio,
                "delta_first_to_last": delta.ratio,
                "gradient_norm": top,
                **{f"decades_{name}": value for name, value in (found.sums if found else {}).items()},
            },
            since=evidence.since(since),
            rows=sorted(set(ends.rows)) if ends.known else (),
            factor=factor,
            mends=strong_side(experiment),
        )  # fmt: skip

    def _sentence(self, evidence: Evidence, ends: _Ends, of_weights: bool, top: float) -> str:
        if not ends.ratio > EXPLODING:
            return f"The gradient's norm is {number(top)}"
        first, last = (evidence.name(row) for row in ends.rows)
        what = "weight gradient" if of_weights else "error signal"
        return f"{capital(first)}'s {what} is {number(ends.ratio)} times {last}'s"


class VanishingThroughTime(Rule):
    """A plain recurrent layer's gradient at the first time step below 1e-3 of that at the last, and little learnt.

    Gates may begin so too, and learn to keep.
    """

    name = "vanishing through time"

    def examine(self, evidence: Evidence) -> Iterator[Finding]:
        labels = [layer.label for layer in evidence.layers]
        for label, profile in evidence.frame.time.items():
            norms = profile.hidden_gradient_norm
            last = float(norms[-1])
            if len(norms) < 2 or not last > 0 or not norms[0] < VANISHING * last or not self._unlearnt(evidence):
                continue
            row = labels.index(label)
            if evidence.layers[row].kind != "recurrent":
                continue
            ratio = float(norms[0]) / last
            yield self.finding(
                evidence,
                "severe",
                f"In {evidence.name(row)} the gradient at the first of {len(norms)} time steps is {number(ratio)} of "
                "that at the last: every step multiplies it by the same weights and by slopes, so it cannot learn "
                "what began the sequence.",
                numbers={"gradient_first_to_last_step": ratio, "time_steps": float(len(norms))},
                since=evidence.frame.step,
                rows=(row,),
                factor="time",
                mends=unforgetting(evidence.experiment),
            )

    def _unlearnt(self, evidence: Evidence) -> bool:
        """A sequence whose beginning does not matter for the answer may be learnt all the same."""
        level = evidence.frame.info.baseline_loss
        return level is None or evidence.lately("loss").item() > 0.5 * level
