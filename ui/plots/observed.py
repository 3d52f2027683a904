"""Plots of one observation, which a run may not have: they say why in place of axes."""

from __future__ import annotations

from typing import Any

from simulator.observations.base import Observed
from simulator.system.text import capitalized
from simulator.training.run_info import RunInfo
from ui.chart.view import S
from ui.plots.base import Plot, View


class ObservedPlot(Plot[S]):
    """A subclass says in ``observations`` what it shows and how a result becomes a state."""

    refusal: str = ""
    """Why this run has no result."""

    def understand(self, result: Any, observed: Observed[Any], view: View) -> S:
        """What is drawn of the ``result`` that an observation has."""
        raise NotImplementedError

    def quartiles_of(self, view: View) -> tuple[S, S] | None:
        """What is drawn of the first and the third quartile, where the view is of several seeds."""
        views = view.quartiles
        if views is None:
            return None
        low, high = (self._understood(each.frame.observations[self.observations[0]], each) for each in views)
        return low, high

    def _understood(self, observed: Observed[Any], view: View) -> S:
        assert observed.result is not None
        return self.understand(observed.result, observed, view)

    def start(self, info: RunInfo) -> None:
        self.refusal = ""
        super().start(info)

    def capture(self, view: View) -> S | None:
        observed = view.frame.observed(self.observations[0])
        self.refusal = "" if observed is None else observed.refusal.rstrip(".")
        return None if observed is None or observed.refusal else self._understood(observed, view)

    def _show_empty(self) -> None:
        super()._show_empty()
        if self.refusal:
            self._empty.setText(f"{capitalized(self.refusal)}.")
