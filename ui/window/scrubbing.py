"""What an earlier step is to be seen with, and where the doctor's findings stand on the time line."""

from __future__ import annotations

from ui.board.plot_area import PlotArea
from ui.doctor.rounds import Rounds
from ui.doctor.trials import Offer
from ui.timeline.bar import TimelineBar


def let_scrub(timeline: TimelineBar, plots: PlotArea, rounds: Rounds) -> None:
    """Bring plots and doctor to the step of the time line, and findings onto it."""
    scrubber = timeline.scrubber
    scrubber.observations = lambda: (*plots.feed.observations(), *rounds.of_past())
    plots.shown_changed.connect(scrubber.renew)
    rounds.past_wanted.connect(scrubber.renew)
    rounds.offered.connect(lambda offers: timeline.show_findings(_onsets(offers)) if scrubber.step is None else None)


def _onsets(offers: tuple[Offer, ...]) -> tuple[tuple[int, str], ...]:
    return tuple((offer.since[0], offer.finding.rule) for offer in offers)
