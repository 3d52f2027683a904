"""What every plot does: it takes a state from a view and draws it, a ghost behind it, and the same in a twin."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QHideEvent, QKeyEvent
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from simulator.observations.base import Observation
from simulator.record.changes import Change
from simulator.record.frame import Frame
from simulator.training.run_info import RunInfo
from ui.chart.canvas import Canvas
from ui.chart.drawing import Drawing, DrawnState
from ui.chart.header import Header
from ui.chart.legend import Legend, Note, PictureTitle
from ui.chart.marks import GHOST, LIVE, Palette, Style
from ui.chart.pointing import Pointing
from ui.chart.table import Table, stacked
from ui.chart.view import Probe, S, Scale, State, View
from ui.plots.definition import PlotDefinition
from ui.style.help import page_of, set_page
from ui.style.numbers import integer
from ui.style.theme import Theme, current_theme, depth_colours, theme_changed

__all__ = ["FIRST_ROW", "Plot", "Probe", "State", "View"]

LEGEND_ROW, FIRST_ROW = 1, 2


class Plot(QWidget, PlotDefinition[S]):
    """One plot with its header; a subclass says what :class:`PlotDefinition` asks for."""

    layer_hovered = Signal(int)
    observations_changed = Signal()
    """The next frame must bring something else."""
    maximise_requested = Signal()
    export_requested = Signal()
    pinned_changed = Signal(bool)

    def __init__(self, parent: QWidget | None = None, *, theme: Theme | None = None, bare: bool = False) -> None:
        """``theme`` fixes the theme; ``bare`` leaves out the header and writes the title into the picture."""
        super().__init__(parent)
        self._fixed_theme = theme
        self.theme = theme or current_theme()
        self.info: RunInfo | None = None
        self.state: S | None = None
        self.ghost: S | None = None
        self._absent_ghost: S | None = None
        """A ghost that does not fit the present layers."""
        self.options = {option.key: option.on for option in self.offers}
        self.by_hand: set[str] = set()
        """Options that a hand has set: they stay."""
        self.scales: list[Scale] = []
        self.layer_colours: tuple[str, ...] = ()
        self._waiting: RunInfo | None = None
        self._read_frame: Frame | None = None
        """The frame whose numbers were written last."""
        self.header: Header | None = None
        self.canvas = Canvas()
        self.legend = Legend(self.theme)
        self.drawing = Drawing(self.canvas.panes, Palette(self.theme))
        self._assemble(bare)
        self.build()
        self.pointing = Pointing(self.canvas, self.drawing.palette)
        self.restyle()
        self._show_empty()
        if not bare:
            self.canvas.keep_still_parts()
            self.pointing.follow()
            self.pointing.asked.connect(self._read)
            self.pointing.layer_changed.connect(self.highlight)
            self.pointing.layer_changed.connect(self.layer_hovered)
            theme_changed.connect(self.restyle)

    # -- assembling ------------------------------------------------------------------------------------------------

    def _assemble(self, bare: bool) -> None:
        self.setAccessibleName(self.title)
        set_page(self, f"plots/{self.key}")
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        if bare:
            self.canvas.grid.addItem(PictureTitle(self.title, self.theme), 0, 0, 1, 4)
        else:
            column.addWidget(self._make_header())
        column.addWidget(self.canvas, 1)
        self.canvas.grid.addItem(self.legend, LEGEND_ROW, 0, 1, 4)
        self._empty = QLabel(self.canvas)
        self._empty.setObjectName("plotEmpty")
        self._empty.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty.setWordWrap(True)
        self.canvas.sigDeviceRangeChanged.connect(self._place_overlays)

    def _make_header(self) -> Header:
        header = Header(self.title, self.side, self.explain, self.formula, self.offers, page_of(self))
        header.pause_toggled.connect(self._pause_toggled)
        header.pin_toggled.connect(lambda on: self.pin() if on else self.unpin())
        header.option_toggled.connect(self.set_option)
        header.maximise_requested.connect(self.maximise_requested)
        header.export_requested.connect(self.export_requested)
        self.header = header
        return header

    # -- showing -------------------------------------------------------------------------------------------------------

    def start(self, info: RunInfo) -> None:
        """A new run begins: forget the old one; the ghost stays where its layers still fit.

        What is drawn stays on screen until the first frame of the new run, so that dragging a knob that rebuilds
        the network does not flicker.
        """
        if self.paused:
            self._waiting = info
            return
        self._waiting = None
        self.info = info
        self.state = None
        for scale in self.scales:
            scale.reset()
        self.legend.begin()
        self.canvas.begin()
        self._turn_back()
        self.layer_colours = depth_colours(info.depth, self.theme)
        self._empty.setText(self._nothing())
        self.begin(info)
        self._fit_ghost(info)

    def _fit_ghost(self, info: RunInfo) -> None:
        """A ghost of other layers steps back until a run has as many again, as after an undo."""
        ghost = self.ghost or self._absent_ghost
        fits = ghost is not None and ghost.depth in (0, info.depth)
        if fits != (self.ghost is not None):
            self.set_ghost(ghost if fits else None)
        self._absent_ghost = None if fits else ghost

    def forget(self, why: str = "") -> None:
        """Show nothing, even where it was held, until a run begins; ``why`` says what it waits for."""
        self._waiting = self.state = None
        self.set_paused(False)
        self.info = None
        self._turn_back()
        self._show_empty()
        if why:
            self._empty.setText(why)

    def refresh(self, view: View) -> None:
        """Show the present view, unless this plot is paused."""
        if self.paused:
            return
        if self.info is None or self.info.run != view.frame.run:
            self.start(view.frame.info)
        state = self.capture(view)
        if state is not None:
            self.show_changes(view.changes)
            read, self._read_frame = self._read_frame, view.reading
            self.show_state(state, read=view.reading is not read)
        elif self.state is None:
            self._show_empty()

    def show_changes(self, changes: Sequence[Change]) -> None:
        """Mark when the run was changed, in a plot over training steps."""
        for marks in self.pointing.change_marks:
            marks.show_changes(changes)

    def show_state(self, state: S, *, read: bool = True) -> None:
        """Draw a state captured before, here or in another instance of this class; ``read``: write its numbers too."""
        fresh = self.state is None
        self.state = state
        if fresh:
            self._empty.hide()
            self.canvas.grid.setOpacity(1.0)
        self.adapt(state)
        self.paint(self.drawn_states)
        if fresh or read:
            self._write()

    @property
    def drawn_states(self) -> list[tuple[S, Style]]:
        """What is drawn, and how: the live state, then what is pinned."""
        states = [] if self.state is None else [(self.state, LIVE)]
        return [*states, (self.ghost, GHOST)] if states and self.ghost is not None else states

    def paint(self, states: Sequence[tuple[S, Style]]) -> None:
        """Draw several states at once, the first one live, and nothing else."""
        if states:
            self.fit([state for state, _ in states])
        self.drawing.show(
            [
                DrawnState(
                    self.ghost_marks(state) if style.ghost else self.marks(state),
                    style,
                    self.shift(place) if place else None,
                )
                for place, (state, style) in enumerate(states)
            ]
        )

    def redraw(self) -> None:
        """Draw the present states again, and write what they say."""
        if self.state is not None:
            self.paint(self.drawn_states)
            self._write()

    # -- holding and pinning -------------------------------------------------------------------------------------------

    @property
    def paused(self) -> bool:
        return self.header is not None and self.header.pause.isChecked()

    def set_paused(self, paused: bool) -> None:
        if self.header is not None:
            self.header.pause.setChecked(paused)

    def _pause_toggled(self, paused: bool) -> None:
        if not paused and self._waiting is not None:
            self.start(self._waiting)
        self._write()

    @property
    def pinned(self) -> bool:
        return self.ghost is not None

    def pin(self) -> None:
        """Freeze the present state as a ghost behind the live one; nothing happens while there is none."""
        self.set_ghost(self.state)

    def unpin(self) -> None:
        self.set_ghost(None)

    def set_ghost(self, ghost: S | None) -> None:
        self.ghost, self._absent_ghost = ghost, None
        if self.header is not None:
            self.header.pin.blockSignals(True)
            self.header.pin.setChecked(ghost is not None)
            self.header.pin.blockSignals(False)
        self.redraw()
        self.pinned_changed.emit(ghost is not None)

    def highlight(self, layer: int) -> None:
        """Emphasise a layer by its index; -1 or an unknown one: none."""
        known = self.info is not None and 0 <= layer < self.info.depth
        layer = layer if known else -1
        if layer != self.drawing.palette.highlighted:
            self.drawing.highlight(layer)
            self.layer_pointed(layer)

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
            button = self.header.options[key]
            button.blockSignals(True)
            button.setChecked(on)
            button.blockSignals(False)
        for scale in self.scales:
            scale.reset()
        self.option_changed()

    # -- copies of it --------------------------------------------------------------------------------------------------

    def table(self) -> Table:
        """Exactly what is drawn, in full precision; a pinned ghost as further rows."""
        if self.state is None:
            return Table()
        now = self.rows(self.state)
        if self.ghost is None:
            return now
        return stacked({"now": now, "pinned": self.rows(self.ghost)})

    def twin(self, theme: Theme) -> Plot[S]:
        """A bare instance that draws the same state, ghost and ranges, for a picture of it."""
        other = type(self)(theme=theme, bare=True)
        if self.info is not None:
            other.start(self.info)
        other.options, other.by_hand = dict(self.options), set(self.by_hand)
        other.option_changed()
        for mine, its in zip(self.scales, other.scales, strict=True):
            # The same ranges, with their history.
            vars(its).update(vars(mine))
        other.set_ghost(self.ghost)
        for marks, copies in zip(self.pointing.change_marks, other.pointing.change_marks, strict=True):
            copies.show_changes(marks.changes)
        if self.state is not None:
            other.show_state(self.state)
            for pane, copy in zip(self.canvas.panes, other.canvas.panes, strict=True):
                copy.take_view_of(pane)
        return other

    def observe(self, *observations: Observation[Any]) -> None:
        """Show these from now on."""
        if observations != self.observations:
            self.observations = observations
            self.observations_changed.emit()

    # -- inside --------------------------------------------------------------------------------------------------------

    def restyle(self, *_theme: object) -> None:
        """Take on the present theme."""
        self.theme = self.drawing.palette.theme = self._fixed_theme or current_theme()
        self.layer_colours = depth_colours(self.info.depth, self.theme) if self.info is not None else ()
        self.canvas.tint(self.theme)
        self.legend.tint(self.theme)
        self.drawing.update()
        if self.state is not None:
            self.paint(self.drawn_states)
        if self.header is not None:
            self.header.update()

    def _nothing(self) -> str:
        """What an empty plot says; it does not ask for a layer that is there."""
        present = {layer.kind for layer in self.info.layers} if self.info is not None else set()
        return "The first step will fill this plot." if present & self.kinds else self.empty_text

    def _show_empty(self) -> None:
        self.paint(())
        self._empty.setText(self._nothing())
        self._empty.setVisible(True)
        self.canvas.grid.setOpacity(0.0)
        self.legend.say((), ())
        self._place_overlays()

    def _write(self) -> None:
        """Bring every text of the plot up to date."""
        if self.state is None:
            return
        notes = list(self.notes(self.state))
        if self.paused:
            notes.insert(0, Note(f"held at step {integer(self.state.step)}"))
        keys = [*self.legend_keys(self.state), *self.drawing.keys(), *self.pinned_key()]
        self.legend.say(keys, notes, self.remark(self.state))
        self.pointing.read_again()

    def _read(self, pane: int, x: float, y: float) -> None:
        probe = None if self.state is None else self.probe(self.state, pane, x, y)
        self.pointing.tell(probe, self.last_column(self.canvas.panes[pane]))

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.pointing.leave()

    def _place_overlays(self, *_args: object) -> None:
        self._empty.setGeometry(self.canvas.rect().adjusted(24, 24, -24, -24))
        self.legend.give_room(self.canvas.height())
        self.canvas.give_room()

    def give_back_view(self) -> None:
        """Undo zooming and panning."""
        for pane in self.canvas.panes:
            pane.give_back()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_A and not event.modifiers():
            self.give_back_view()
        else:
            super().keyPressEvent(event)
