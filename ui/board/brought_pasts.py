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
    places: Sequence[Places]
    """Of the run and of the networks beside it."""
    records: Sequence[Record]
    changes: Sequence[Change]


class BroughtPasts:
    """Of each plot that draws nothing but the past the view that it was brought to last."""

    def __init__(self) -> None:
        self._last: dict[Plot[Any], _Moment] = {}

    def note(self, plot: Plot[Any], view: View) -> None:
        """It has been brought to this view, unless it is held."""
        moment = _moment(plot, view)
        if moment is None or plot.paused:
            self._last.pop(plot, None)
        else:
            self._last[plot] = moment

    def forget(self) -> None:
        """Another run: everything is to be brought to it."""
        self._last.clear()

    def is_up_to_date(self, plot: Plot[Any], view: View) -> bool:
        """Whether all that a view has beyond is further steps in the last place, which holds several.

        These are drawn with the next place, and with the numbers, which are read a few times a second and whenever the
        run stands still.
        """
        last = self._last.get(plot)
        if last is None or plot.state is None:
            return False
        now = _moment(plot, view)
        return (
            now is not None
            and now[1:] == last[1:]
            and view.reading is last.view.reading
            and (view.live, view.whole) == (last.view.live, last.view.whole) == (True, True)
            and view.over_seeds is last.view.over_seeds
            and view.comparing == last.view.comparing
        )


def _moment(plot: Plot[Any], view: View) -> _Moment | None:
    """None where it draws more than the past, or has a place for each step: then every frame has something new."""
    views = (view, *view.lanes.values())
    places = list[Places]()
    for one in views:
        place = plot.places(one)
        if place is None or place.width == 1:
            return None
        places.append(place)
    return _Moment(view, places, [one.record for one in views], view.changes)
