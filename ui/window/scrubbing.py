"""What an earlier step is to be seen with, and where the doctor's findings stand on the time line."""

from __future__ import annotations

from ui.bench.bench import Bench
from ui.board.plot_area import PlotArea
from ui.doctor.rounds import Rounds
from ui.doctor.trials import Offer
from ui.timeline.bar import TimelineBar


def let_scrub(timeline: TimelineBar, plots: PlotArea, rounds: Rounds, bench: Bench) -> None:
    """Bring plots and doctor to the step of the time line, and findings onto it and into its record."""
    scrubber = timeline.scrubber

    def take(offers: tuple[Offer, ...]) -> None:
        if scrubber.step is None:
            timeline.show_findings(_onsets(offers))
            bench.record.finding = offers[0].finding.in_short if offers else ""

    scrubber.observations = lambda: (*plots.feed.observations(), *rounds.of_past())
    plots.shown_changed.connect(scrubber.renew)
    rounds.past_wanted.connect(scrubber.renew)
    rounds.offered.connect(take)


def _onsets(offers: tuple[Offer, ...]) -> tuple[tuple[int, str], ...]:
    return tuple((offer.since[0], offer.finding.rule) for offer in offers)
