"""Labels that do not follow from the inputs: nothing in the network is to be blamed."""

from __future__ import annotations

import math
from collections.abc import Iterator

from simulator.doctor.base import Finding, Remedy
from simulator.doctor.evidence import Evidence
from simulator.doctor.phrases import number
from simulator.doctor.suspect import SUSPECTED_STEPS, Suspect, condition_text
from simulator.schema.numbers import setting
from simulator.schema.parameter import parameter

NOISY_FLOOR = 0.5
"""Share of what guessing scores, above which label noise leaves less than half to be learnt."""
LITTLE_BETTER = 0.75
"""Share of what guessing scores, above which a loss is not much better."""
REACHED_RATIO = 1.25
"""Times the best loss, below which it is as good as it gets."""
STANDARD_ERRORS = 3.0
"""Standard errors that neighbours must be better than chance."""


class LabelNoise(Suspect):
    """The loss of whoever knows all but which labels were disturbed, beside the loss of guessing."""

    name = "label noise"

    def examine(self, evidence: Evidence) -> Iterator[Finding]:
        facts, noise = evidence.facts, evidence.experiment.data.label_noise
        if facts is None or not noise or evidence.broken or not facts.data.guessing_loss:
            return
        share = facts.data.floor / facts.data.guessing_loss
        if share < NOISY_FLOOR or evidence.level < NOISY_FLOOR or evidence.level > REACHED_RATIO * share:
            return
        what = (
            "labels are random" if share > 0.97 else "labels are half random" if share > 0.8 else "labels are disturbed"
        )
        yield from self.accuse(
            evidence,
            ("data.label_noise", noise),
            1.0,
            f"The {what} (label noise {number(noise)}): knowing all else, the best answer scores "
            f"{number(facts.data.floor)} where guessing scores {number(facts.data.guessing_loss)}. It is as good as it "
            "gets, and nothing in the network is to be mended",
            [Remedy("No label noise", (("data.label_noise", 0.0),))],
            worst="warning" if share > LITTLE_BETTER else "note",
            numbers={"label_noise": noise, "best_loss": facts.data.floor},
        )


class NothingToLearn(Suspect):
    """Neighbours that tell a label no better than chance, and a loss that is what guessing scores.

    A large enough network learns any labels by heart: while its loss falls, nothing is said.
    """

    name = "nothing to learn"

    def examine(self, evidence: Evidence) -> Iterator[Finding]:
        facts = evidence.facts
        if facts is None or facts.data.floor:
            return
        if evidence.condition != "unmoved" or evidence.frame.step < SUSPECTED_STEPS:
            return
        likeness = facts.data.likeness
        if math.isnan(likeness) or likeness > STANDARD_ERRORS * facts.data.likeness_error:
            return
        yield self.finding(
            evidence,
            "warning",
            "The labels do not seem to follow from the inputs: a sample's nearest neighbour tells its label no better "
            f"than chance{condition_text(evidence)}.",
            numbers={
                "likeness": likeness,
                "loss": evidence.lately("loss").item(),
                "loss_of_guessing": evidence.guessing,
            },
            since=0,
        )


class Overlap(Suspect):
    """Drawn data whose noise is as large as what tells the classes apart."""

    name = "overlap"

    def examine(self, evidence: Evidence) -> Iterator[Finding]:
        data, facts = evidence.experiment.data, evidence.facts
        if facts is None or not facts.data.likeness < 0.7:
            return
        for field in ("noise", "spread"):
            value = getattr(data, field, None)
            if value is None:
                continue
            sound = float(parameter(type(data), field).default)
            if value > 3 * sound:
                yield from self.accuse(
                    evidence,
                    (f"data.{field}", value),
                    0.9 if facts.data.likeness < 0.5 else 0.5,
                    f"The {'noise' if field == 'noise' else 'clusters'} of the data ({field} {number(value)}) "
                    "hides what is to be learnt: a sample's nearest neighbour tells little of its label",
                    [Remedy(f"{field.capitalize()} {setting(sound)}", ((f"data.{field}", sound),))],
                    worst="warning" if evidence.level > LITTLE_BETTER else "note",
                    numbers={field: value, "likeness": facts.data.likeness},
                )
