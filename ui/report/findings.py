"""What the doctor says of a run, with the numbers that show it and what would mend it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from xml.etree.ElementTree import Element

from simulator.doctor.base import Finding
from simulator.experiment.experiment import Experiment
from simulator.system.text import capitalized
from ui.doctor.evidence import evidence_text
from ui.doctor.onsets import Onsets
from ui.doctor.panel import NOTHING, place_text
from ui.doctor.remedy_button import SEPARATOR, remedy_parts, settings_text
from ui.doctor.trials import Offer
from ui.report.markup import element


def offers_of(findings: Sequence[Finding], stride: int, experiment: Experiment) -> tuple[Offer, ...]:
    """Findings whose mends have been tried, of a run whose history has buckets of ``stride`` steps."""
    ranges = Onsets().of(findings, stride)
    return tuple(
        Offer(finding, since=since, experiment=experiment) for finding, since in zip(findings, ranges, strict=True)
    )


def findings_part(offers: Sequence[Offer], examined: bool) -> Iterator[Element]:
    """One article for each."""
    if not offers:
        yield element("p", NOTHING if examined else "The run has not been examined.")
    for offer in offers:
        yield _article(offer)


def _article(offer: Offer) -> Element:
    finding = offer.finding
    parts = [
        element("h3", capitalized(finding.rule)),
        element("p", place_text(offer), class_="muted"),
        element("p", finding.sentence),
    ]
    if finding.numbers:
        parts.append(element("p", evidence_text(finding.numbers), class_="muted"))
    if offer.note:
        parts.append(element("p", offer.note))
    if offer.trying:
        parts.append(element("p", "What might mend it was still being tried on copies of the run."))
    if finding.remedies:
        parts.append(element("p", "What cured a copy of the run:"))
        parts.append(element("ul", *(_remedy(offer, place) for place in range(len(finding.remedies)))))
    return element("article", *parts, class_=finding.severity)


def _remedy(offer: Offer, place: int) -> Element:
    remedy = offer.finding.remedies[place]
    title = SEPARATOR.join(remedy_parts(remedy, offer.back_to if remedy.application == "checkpoint" else None))
    lines = settings_text(remedy, offer.experiment).splitlines()
    inside = [element("ul", *(element("li", line) for line in lines))] if lines else []
    return element("li", title, *inside)
