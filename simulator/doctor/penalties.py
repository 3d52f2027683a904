"""Settings that pull weights to zero: L2, L1, and the decay of an optimiser."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import ClassVar

import numpy as np

from simulator.doctor.base import Finding, Remedy
from simulator.doctor.evidence import Evidence
from simulator.doctor.phrases import number, times
from simulator.doctor.suspect import Suspect, decades
from simulator.schema.numbers import count
from simulator.schema.parameter import title_of
from simulator.system.text import capitalized

RULING_SHARE = 0.3
"""Share of the loss's gradient from which on a penalty decides where the weights go."""
SHRUNK_SHARE = 0.5
"""Share of their size at step 0, below which weights have been drawn to 0."""
LARGEST_DECAY = 2.0
"""η·λ above which a step carries a weight beyond zero to more than it was."""


def memory(evidence: Evidence, share: float) -> float:
    """How many times over the run has forgotten its weights, where each step takes ``share`` of them."""
    return share * max(evidence.frame.step, 1)


class L2Penalty(Suspect):
    """η·λ₂ above 2; or ‖λ₂ W‖ beside ‖∂C/∂W‖, once the steps have had the time to shrink the weights."""

    name = "L2 penalty"
    sound: ClassVar[float] = 1e-2

    def examine(self, evidence: Evidence) -> Iterator[Finding]:
        strength, facts = evidence.experiment.regularization.l2, evidence.facts
        if not strength or facts is None:
            return
        optimizer = evidence.experiment.optimizer
        product = evidence.top_rate * strength
        numbers = {"l2": strength, "eta_lambda": product, "penalty_to_loss_gradient": _beside(evidence, facts.l2_norm)}
        remedies = [_set("L2", "regularization.l2", value) for value in (1e-4, 0.0)]
        cause = ("regularization.l2", strength)
        limit = optimizer.stability_limit()
        if product > limit:
            what = (
                f"The L2 penalty alone makes the weights grow: η·λ is {number(product)}, and above {number(limit)} "
                "every step carries a weight beyond zero to more than it was"
            )
            yield from self.accuse(evidence, cause, 2 + decades(product, limit), what, remedies, numbers=numbers)
        elif not evidence.broken and _decides(evidence, facts.l2_norm):
            how = _how(evidence, facts.l2_norm)
            what = f"The L2 penalty {number(strength)} decides where the weights go, not the loss: {how}"
            yield from self.accuse(evidence, cause, decades(strength, self.sound), what, remedies, numbers=numbers)


class L1Penalty(Suspect):
    """‖λ₁ sign W‖ beside ‖∂C/∂W‖."""

    name = "L1 penalty"
    sound: ClassVar[float] = 1e-3

    def examine(self, evidence: Evidence) -> Iterator[Finding]:
        strength, facts = evidence.experiment.regularization.l1, evidence.facts
        if not strength or facts is None:
            return
        ratio = _beside(evidence, facts.l1_norm)
        if not _decides(evidence, facts.l1_norm):
            return
        yield from self.accuse(
            evidence,
            ("regularization.l1", strength),
            decades(strength, self.sound),
            f"The L1 penalty {number(strength)} decides where the weights go, not the loss: "
            f"{_how(evidence, facts.l1_norm)}",
            [_set("L1", "regularization.l1", value) for value in (1e-5, 0.0)],
            numbers={"l1": strength, "penalty_to_loss_gradient": ratio},
        )


class Decay(Suspect):
    """Of the optimiser itself: η·λ times the steps so far says how many times over the weights have been forgotten."""

    name = "weight decay"
    sound: ClassVar[float] = 0.2

    def examine(self, evidence: Evidence) -> Iterator[Finding]:
        optimizer = evidence.experiment.optimizer
        strength, path = optimizer.decay, f"optimizer.{optimizer.decay_field}"
        if not strength:
            return
        product = evidence.top_rate * strength
        name = title_of(type(optimizer))
        forgotten = memory(evidence, product)
        if forgotten < 0.5 and product < LARGEST_DECAY:
            return
        yield from self.accuse(
            evidence,
            (path, strength),
            decades(strength, self.sound) + (2 if product > LARGEST_DECAY else 0),
            f"{name}'s decay takes {number(product)} of every parameter at each step (η·λ), which leaves nothing of "
            f"what was learnt {count(math.ceil(1 / product), 'step')} ago"
            if product < LARGEST_DECAY
            else f"{name}'s decay alone makes the parameters grow: η·λ is {number(product)}, and 2 is the limit",
            [_set("weight decay", path, value) for value in (1e-2, 0.0)],
            numbers={"weight_decay": strength, "eta_lambda": product},
        )


def _shrunk(evidence: Evidence) -> float:
    """Norm of all weights, beside what it was at step 0."""
    norms = [np.sqrt(np.nansum(np.square(f.measures["weight_norm"]))) for f in (evidence.frame, evidence.first) if f]
    return float(norms[0] / norms[-1]) if norms[-1] > 0 else 1.0


def _decides(evidence: Evidence, penalty: float) -> bool:
    return _beside(evidence, penalty) > RULING_SHARE or _shrunk(evidence) < SHRUNK_SHARE


def _how(evidence: Evidence, penalty: float) -> str:
    """The number that shows it."""
    if (ratio := _beside(evidence, penalty)) > RULING_SHARE:
        return f"its gradient is {times(ratio)} the loss's"
    return f"they have shrunk to {number(_shrunk(evidence))} of their size"


def _beside(evidence: Evidence, penalty: float) -> float:
    """A penalty's gradient beside the loss's."""
    frame = evidence.first if evidence.broken and evidence.first is not None else evidence.frame
    size = frame.scalars.get("gradient_norm", math.nan)
    return penalty / size if size else math.inf


def _set(name: str, path: str, value: float) -> Remedy:
    title = f"{name} {number(value)}" if value else f"no {name}"
    return Remedy(capitalized(title), ((path, value),))
