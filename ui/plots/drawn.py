"""What of a plot draws a state: panes and legend, its options, and what it says where there is nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QLabel, QVBoxLayout, QWidget

from simulator.experiment.experiment import Experiment
from simulator.record.changes import Change
from simulator.training.run_info import RunInfo
from ui.chart.canvas import Canvas
from ui.chart.drawing import Drawing, DrawnState
from ui.chart.header import PlotHeader
from ui.chart.legend import Key, Legend, Note, PictureTitle
from ui.chart.marks import GHOST, LIVE, Palette, Style
from ui.chart.pointing import Pointing
from ui.chart.ranges import HeldRange
from ui.chart.table import Table, joined, stacked
from ui.chart.view import Comparing, S
from ui.plots.several_networks import LanePlot, SeveralNetworks
from ui.style.checked import check
from ui.style.numbers import integer
from ui.style.theme import Theme, current_theme, depth_colours

LEGEND_ROW, FIRST_ROW = 1, 2
NOTHING_IN_VIEW = "nothing here: double-click"
"""What a view says from which a hand has moved all that is drawn; a double-click or A brings it back."""


class DrawnPlot(QWidget, SeveralNetworks[S]):
    """A state, and what is pinned, on panes."""

    is_silent = True
    """Whether nothing has been written of what is shown."""
    networks = 1
    """How many are shown beside each other: each has its part of what a screen can show."""
    drawn_by_another = False
    """Whether it stands beside a plot that draws it with its own."""

    def __init__(self, parent: QWidget | None, theme: Theme | None, *, bare: bool) -> None:
        """``theme`` fixes the theme; ``bare`` leaves out the header and writes the title into the picture."""
        super().__init__(parent)
        self._fixed_theme = theme
        self.theme = theme or current_theme()
        self.info: RunInfo | None = None
        self.state: S | None = None
        self.experiment: Experiment | None = None
        """By which what is shown was trained, as of its step."""
        self.ghost: S | None = None
        self.absent_ghost: S | None = None
        """One that waits for a run with as many layers."""
        self.lanes: tuple[LanePlot, ...] = ()
        self.lane_name = ""
        self.comparing = Comparing()
        self.options = {option.key: option.on for option in self.offers}
        self.seeds = 1
        """Of how many seeds what is shown is the median."""
        self.by_hand: set[str] = set()
        """Options that a hand has set: they stay."""
        self.scales: list[HeldRange] = []
        self.layer_colours: tuple[str, ...] = ()
        self.canvas = Canvas()
        self.legend = Legend(self.theme)
        self.drawing = Drawing(self.canvas.panes, Palette(self.theme))
        self._empty = QLabel(self.canvas)
        self._empty.setObjectName("plotEmpty")
        self._empty.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty.setWordWrap(True)
        self.canvas.sigDeviceRangeChanged.connect(self._place_overlays)
        self.picture_title: PictureTitle | None = None
        self.image_name: PictureTitle | None = None
        self._row = QGridLayout()
        """The canvas, and beside it those of networks whose images would hide each other."""
        self.header = None if bare else self._make_header()
        self._assemble()
        self.build()
        self.pointing = Pointing(self.canvas, self.drawing.palette)

    def _assemble(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        if self.header is None:
            self.picture_title = PictureTitle(self.title, self.theme)
            self.canvas.add_title(self.picture_title)
        else:
            column.addWidget(self.header)
        # PySide holds on to the items of a layout that is put into another with them, also when they are gone.
        column.addLayout(self._row, 1)
        self._row.addWidget(self.canvas, 0, 0)
        self._row.setColumnStretch(0, 1)
        self._row.setRowStretch(0, 1)
        self.canvas.grid.addItem(self.legend, LEGEND_ROW, 0, 1, 4)

    def _make_header(self) -> PlotHeader:
        raise NotImplementedError

    def let_point(self, other: Any) -> None:
        """Let the pointer read a plot without a header too, that of a network beside this one."""
        raise NotImplementedError

    # -- drawing -------------------------------------------------------------------------------------------------------

    def show_state(self, state: S, *, read: bool = True) -> None:
        """Draw a state captured before, here or in another instance of this class; ``read``: write its numbers too."""
        self.take_state(state)
        self.paint(self.drawn_states)
        if read or self.is_silent:
            self.write()

    def take_state(self, state: S) -> None:
        """Have it drawn next."""
        if self.state is None:
            self._empty.hide()
            self.canvas.grid.setOpacity(1.0)
            self.is_silent = True
        self.state = state
        self.adapt(state)

    @property
    def drawn_states(self) -> list[tuple[S, Style]]:
        """What is drawn, and how: the live state, then what is pinned."""
        states = [] if self.state is None else [(self.state, LIVE)]
        return [*states, (self.ghost, GHOST)] if states and self.ghost is not None else states

    def paint(self, states: Sequence[tuple[S, Style]]) -> None:
        """Draw several states at once, the first one live, and nothing else."""
        lanes = [lane for lane in self.lanes if states and self.overlays and lane.plot.state is not None]
        if states:
            self.fit(
                [state for state, _ in states] + [lane.plot.state for lane in lanes if lane.plot.state is not None]
            )
        own = [
            DrawnState(
                self.ghost_marks(state) if style.ghost else self.seen_marks(state),
                style,
                self.shift(place) if place else None,
            )
            for place, (state, style) in enumerate(states)
        ]
        self.drawing.show([*own, *(self.drawn_lane(lane) for lane in lanes)])

    def hold_axes(self, states: Sequence[S]) -> None:
        """Give the axes room for all of these states, and keep them so until a run begins or an option turns."""
        self.by_hand.update(self.options)
        for scale in self.scales:
            scale.reset()
        self.fit(states)
        for scale in self.scales:
            scale.hold()
        self.legend.keep_height()

    def redraw(self) -> None:
        """Draw the present states again, and write what they say."""
        if self.state is not None:
            self.paint(self.drawn_states)
            self.write()

    def show_changes(self, changes: Sequence[Change]) -> None:
        """Mark when the run was changed, in a plot over training steps."""
        for marks in self.pointing.change_marks:
            marks.show_changes(changes)

    def highlight(self, layer: int) -> None:
        """Emphasise a layer by its index; -1 or an unknown one: none."""
        known = self.info is not None and 0 <= layer < self.info.depth
        layer = layer if known else -1
        if layer != self.drawing.palette.highlighted:
            self.drawing.highlight(layer)
            self.layer_pointed(layer)

    def restyle(self, *_theme: object) -> None:
        """Take on the present theme, and the present size of text."""
        self.theme = self.drawing.palette.theme = self._fixed_theme or current_theme()
        self.layer_colours = depth_colours(self.info.depth, self.theme) if self.info is not None else ()
        for lane in self.lanes:
            lane.plot.restyle()
        self.canvas.tint(self.theme)
        self.legend.tint(self.theme)
        for title in (self.picture_title, self.image_name):
            if title is not None:
                title.tint(self.theme)
        self.drawing.update()
        for marks in self.pointing.change_marks:
            marks.update()
        if self.state is not None:
            self.paint(self.drawn_states)
        if self.header is not None:
            self.header.update()

    def give_back_view(self) -> None:
        """Undo zooming and panning."""
        for pane in self.canvas.panes:
            pane.give_back()

    def table(self) -> Table:
        """Exactly what is drawn, in full precision; a pinned ghost as further rows, further networks as columns."""
        if self.state is None:
            return Table()
        own = self.rows(self.state)
        if self.ghost is not None:
            own = stacked({"now": own, "pinned": self.rows(self.ghost)})
        if not self.lane_name:
            return own
        return joined({self.lane_name: own} | {lane.name: lane.plot.table() for lane in self.lanes})

    # -- options -------------------------------------------------------------------------------------------------------

    def set_option(self, key: str, on: bool) -> None:
        """Turn one of ``offers`` on or off, by hand; :class:`KeyError` for an unknown one."""
        if on == self.options[key]:
            return
        self.by_hand.add(key)
        self._set(key, on)
        self.redraw()

    def _turn_back(self) -> None:
        """What turned by itself was about a run that is over."""
        for option in self.offers:
            self.turn(option.key, option.on)

    def turn(self, key: str, on: bool) -> None:
        """Turn one of ``offers`` on or off by itself, where no hand has."""
        if key not in self.by_hand and on != self.options[key]:
            self._set(key, on)

    def _set(self, key: str, on: bool) -> None:
        self.options[key] = on
        if self.header is not None:
            check(self.header.options[key], on)
        for scale in self.scales:
            scale.reset()
        self.option_changed()

    # -- words ---------------------------------------------------------------------------------------------------------

    @property
    def paused(self) -> bool:
        return self.header is not None and self.header.pause.isChecked()

    def write(self) -> None:
        """Bring every text of the plot up to date."""
        if self.state is None:
            return
        self.is_silent = False
        notes = [*self.notes(self.state), *self.lane_notes()]
        if self.seeds > 1:
            notes.insert(0, Note(f"median and quartiles of {integer(self.seeds)} seeds"))
        if self.paused:
            notes.insert(0, Note(f"held at step {integer(self.state.step)}"))
        if any(pane.astray for pane in self.canvas.panes):
            notes.insert(0, Note(NOTHING_IN_VIEW, warning=True))
        keys = [*self.lane_keys(), *self.legend_keys(self.state), *self.drawing.keys(), *self.pinned_key()]
        keys += [Key(f"{name}  {span}", "text", "none", short=span) for name, span in self.colour_spans()]
        self.legend.say(keys, notes, self.remark(self.state))
        self.pointing.read_again()

    def colour_spans(self) -> Sequence[tuple[str, str]]:
        """Name and range of colours whose bar has no room: the legend says them."""
        return self.canvas.spans_without_room

    def sentence(self) -> str:
        """What can be seen, for whoever cannot: what is shown now with its range, and what the legend remarks."""
        if self.state is None:
            return self._empty.text()
        shown = self.spoken(self.state) or "no values"
        if self.lane_name:
            shown = "; ".join([f"{self.lane_name}: {shown}", *self.spoken_lanes()])
        said = [
            f"Step {integer(self.state.step)}: {shown}",
            self.legend.remark,
            *(note.text for note in self.legend.notes),
        ]
        return ". ".join(part.rstrip(".") for part in said if part) + "."

    def _nothing(self) -> str:
        """What an empty plot says; it does not ask for a layer that is there."""
        return "The first step will fill this plot." if self.kinds and self.applies else self.empty_text

    @property
    def applies(self) -> bool:
        """Whether the network that is shown, or will be, has what the plot is about."""
        if self.info is None:
            return False
        return not self.kinds or any(layer.kind in self.kinds for layer in self.info.layers)

    def _show_empty(self) -> None:
        self.paint(())
        self._empty.setText(self._nothing())
        self._empty.setVisible(True)
        self.canvas.grid.setOpacity(0.0)
        self.legend.say((), ())
        self._place_overlays()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self.lanes:
            self.arrange_beside(self.width())
            self._row.activate()
            self.stand_level()

    def _place_overlays(self, *_args: object) -> None:
        self._empty.setGeometry(self.canvas.rect().adjusted(24, 24, -24, -24))
        self.legend.give_room(self.canvas.height())
        spans = self.colour_spans()
        self.canvas.give_room()
        if self.colour_spans() != spans and not self.is_silent:
            self.write()
