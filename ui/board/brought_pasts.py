"""What plots of the past were brought to last: of most frames a long run adds nothing to them that can be seen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from simulator.record.changes import Change
from simulator.record.record import Record
from ui.chart.buckets import Places
from ui.plots.base import Plot, View


class _Moment(NamedTuple):
    """A view, and what of it goes on growing."""

    view: View
    places: Sequence[Places] | None
    """Of the run and of the networks beside it; None where one has a place for each step."""
    records: Sequence[Record]
    changes: Sequence[Change]


class BroughtPasts:
    """Of each plot that draws nothing but the past the view that it was brought to last."""

    def __init__(self) -> None:
        self._last: dict[Plot[Any], _Moment] = {}

    def note(self, plot: Plot[Any], view: View) -> None:
        """It has been brought to this view, unless it is held."""
        if not plot.recorded or plot.paused:
            self._last.pop(plot, None)
        else:
            self._last[plot] = _moment(plot, view)

    def forget(self) -> None:
        """Another run: everything is to be brought to it."""
        self._last.clear()

    def is_up_to_date(self, plot: Plot[Any], view: View) -> bool:
        """Whether all that a view has beyond is further steps in the last place, which holds several.

        These are drawn with the next place, and with the numbers, which are read a few times a second and whenever the
        run stands still. Where a hand waits for the present, further places and the mark of what it does wait too.
        """
        last = self._last.get(plot)
        if last is None or plot.state is None:
            return False
        now = _moment(plot, view)
        return (
            now.records == last.records
            and (view.hand_waits or (now.places is not None and now[1:] == last[1:]))
            and view.reading is last.view.reading
            and (view.live, view.whole) == (last.view.live, last.view.whole) == (True, True)
            and view.over_seeds is last.view.over_seeds
            and view.comparing == last.view.comparing
        )


def _moment(plot: Plot[Any], view: View) -> _Moment:
    views = (view, *view.lanes.values())
    places = [place for one in views if (place := plot.places(one)) is not None and place.width > 1]
    records = [one.record for one in views]
    return _Moment(view, places if len(places) == len(views) else None, records, view.changes)
