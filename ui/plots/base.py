"""What every plot does: it takes a state from a view and draws it, a ghost behind it, and the same in a twin."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QPointF, Qt, Signal
from PySide6.QtGui import QAccessible, QAccessibleEvent, QFocusEvent, QHideEvent, QKeyEvent
from PySide6.QtWidgets import QWidget

from ui.chart.header import PlotHeader
from ui.chart.view import Probe, S, State, View
from ui.plots.drawn import FIRST_ROW, DrawnPlot
from ui.plots.lane_plots import LanePlots
from ui.style.checked import check
from ui.style.help import set_page
from ui.style.keys import held
from ui.style.text_size import text_resized
from ui.style.theme import Theme, depth_colours, theme_changed

if TYPE_CHECKING:
    from simulator.observations.base import Observation
    from simulator.record.frame import Frame
    from simulator.training.run_info import RunInfo

__all__ = ["FIRST_ROW", "Plot", "Probe", "State", "View"]

WAYS = {
    Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Up: (0, -1), Qt.Key.Key_Down: (0, 1),
}  # fmt: skip
FASTER = 5
"""Times as far an arrow goes with Shift."""
ZOOMS = {Qt.Key.Key_Plus: 0.8, Qt.Key.Key_Equal: 0.8, Qt.Key.Key_Minus: 1.25}
MODIFIERS = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.MetaModifier


class Plot(DrawnPlot[S]):
    """One plot with its header; a subclass says what :class:`~ui.plots.definition.PlotDefinition` asks for."""

    layer_hovered = Signal(int)
    observations_changed = Signal()
    """The next frame must bring something else."""
    maximise_requested = Signal()
    export_requested = Signal()
    number_asked = Signal()
    """A lesson is to ask for what it shows."""
    pinned_changed = Signal(bool)

    def __init__(self, parent: QWidget | None = None, *, theme: Theme | None = None, bare: bool = False) -> None:
        """``theme`` fixes the theme; ``bare`` leaves out the header and writes the title into the picture."""
        super().__init__(parent, theme, bare=bare)
        self._waiting: RunInfo | None = None
        self.lane_plots = LanePlots()
        self._of_past = False
        """Whether what is shown is an earlier step of the run."""
        self._read_frame: Frame | None = None
        """The frame whose numbers were written last."""
        self.setAccessibleName(self.title)
        set_page(self, f"plots/{self.key}")
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.restyle()
        self._show_empty()
        if not bare:
            self._follow()

    def _follow(self) -> None:
        """What the pointer, the theme and the screen ask of a plot in a window."""
        self.canvas.keep_still_parts()
        self.pointing.follow()
        self.pointing.asked.connect(self._read)
        for pane in self.canvas.panes:
            pane.sigRangeChangedManually.connect(lambda _axes: self.write())
            pane.given_back.connect(self.write)
        self.pointing.layer_changed.connect(self.highlight)
        # Others show the run: of another network in its place there is no layer to tell them of.
        self.pointing.layer_changed.connect(
            lambda row: self.layer_hovered.emit(-1 if self.lane_plots.in_place else row)
        )
        theme_changed.connect(self.restyle)
        text_resized.connect(self.restyle)

    def let_point(self, other: Plot[S]) -> None:
        other.pointing.follow()
        other.pointing.asked.connect(other._read)
        other.pointing.layer_changed.connect(other.highlight)
        other.pointing.layer_changed.connect(self.layer_hovered)

    def _make_header(self) -> PlotHeader:
        header = PlotHeader(self.title, self.side, self.explain, self.formula, self.offers, f"plots/{self.key}")
        header.pause_toggled.connect(self._pause_toggled)
        header.pin_toggled.connect(lambda on: self.pin() if on else self.unpin())
        header.option_toggled.connect(self.set_option)
        header.maximise_requested.connect(self.maximise_requested)
        header.export_requested.connect(self.export_requested)
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
        ghost = self.ghost or self.absent_ghost
        fits = ghost is not None and ghost.depth in (0, info.depth)
        if fits != (self.ghost is not None):
            self.set_ghost(ghost if fits else None)
        self.absent_ghost = None if fits else ghost

    def forget(self, why: str = "") -> None:
        """Show nothing, even where it was held, until a run begins; ``why`` says what it waits for."""
        self._waiting = self.state = None
        self.set_paused(False)
        self.info = None
        self.lane_plots.let_go(self)
        self._turn_back()
        self._show_empty()
        if why:
            self._empty.setText(why)

    def refresh(self, view: View) -> None:
        """Show this view, unless the plot is paused; of a step that is still computed, what is recorded of it."""
        if self.paused or not (view.whole or self.recorded):
            return
        view = view.of_seeds(self.observations) if self.spans_seeds else view
        view = view.of_first_with(self.kinds) if self.kinds and self.only_kinds else view
        of_past, self._of_past = self._of_past, not view.live
        if self.info is None or not self.info.has_layers_of(view.frame.info):
            self.start(view.frame.info)
        if not self.drawn_by_another:
            self.networks = 1 + len(view.lanes)
        state = self.capture(view)
        read = view.reading is not self._read_frame or view.comparing != self.comparing
        self.comparing = view.comparing
        self.lane_plots.show(self, view)
        if state is not None:
            self.show_changes(view.changes)
            self.experiment = view.record.experiment_at(state.step)
            self.seeds = 1 if view.fan is None else view.fan.seeds
            self._read_frame = view.reading
            if self.drawn_by_another or self.beside:
                self.take_state(state)
            else:
                self.show_state(state, read=read)
        elif self.state is None or ((of_past or self._of_past) and self.state.step != view.frame.step):
            # What is drawn is of another step than a past one that is shown, or was.
            self.state = None
            self._show_empty()
        if not self.drawn_by_another:
            self.share_scales(read=read)

    def observe(self, *observations: Observation[Any]) -> None:
        """Show these from now on."""
        if observations != self.observations:
            self.observations = observations
            self.observations_changed.emit()

    # -- holding and pinning -------------------------------------------------------------------------------------------

    def set_paused(self, paused: bool) -> None:
        if self.header is not None:
            self.header.pause.setChecked(paused)

    def _pause_toggled(self, paused: bool) -> None:
        if not paused and self._waiting is not None:
            self.start(self._waiting)
        self.write()

    @property
    def pinned(self) -> bool:
        return self.ghost is not None

    def pin(self) -> None:
        """Freeze the present state as a ghost behind the live one; nothing happens while there is none."""
        self.set_ghost(self.state)

    def pin_state(self, state: S) -> None:
        """Pin a state of another run: at once if it fits the present layers, else when a run has as many."""
        self.set_ghost(state)
        if self.info is not None:
            self._fit_ghost(self.info)

    def unpin(self) -> None:
        self.set_ghost(None)

    def set_ghost(self, ghost: S | None) -> None:
        self.ghost, self.absent_ghost = ghost, None
        if self.header is not None:
            check(self.header.pin, ghost is not None)
        self.redraw()
        self.pinned_changed.emit(ghost is not None)

    def twin(self, theme: Theme, *, lanes: bool = True) -> Plot[S]:
        """A bare instance that draws the same state, ghost and ranges, for a picture of it, with or without lanes."""
        other = type(self)(theme=theme, bare=True)
        if self.info is not None:
            other.start(self.info)
        other.by_hand, other.observations, other.seeds = set(self.by_hand), self.observations, self.seeds
        # Of an earlier step that is shown alone: as if nothing had been shown before, the run having gone no further.
        alone = self._of_past and not self.lanes and self.header is not None
        other.options.update({key: on for key, on in self.options.items() if not alone or key in self.by_hand})
        other.option_changed()
        if not alone:
            for mine, its in zip(self.scales, other.scales, strict=True):
                its.copy(mine)
        other.set_ghost(self.ghost)
        if lanes:
            self._copy_lanes(other, theme)
        for marks, copies in zip(self.pointing.change_marks, other.pointing.change_marks, strict=True):
            copies.show_changes(marks.changes)
        if self.state is not None:
            other.show_state(self.state)
            for pane, copy in zip(self.canvas.panes, other.canvas.panes, strict=True):
                if pane.manual or not alone:
                    copy.take_view_of(pane)
        return other

    @property
    def side_by_side(self) -> list[Plot[Any]]:
        """This plot, and at its right those of networks whose images would hide each other."""
        return [self, *(lane.plot for lane in self.beside if isinstance(lane.plot, Plot))]

    def share_scales(self, *, read: bool = True) -> None:
        """Draw what stands beside each other so that a colour means the same; ``read``: write its numbers too."""
        first, *others = plots = self.side_by_side
        if not others:
            return
        if first.state is None:
            plots = others
        else:
            self.fit_scales([each.state for each in plots if each.state is not None])
            for other in others:
                for mine, its in zip(self.scales, other.scales, strict=True):
                    its.copy(mine)
            self.compare()
        read = read or any(each.is_silent for each in plots)
        for each in plots:
            each.paint(each.drawn_states)
            if read:
                each.write()
        self.stand_level()

    def compare(self) -> None:
        """Let the networks beside this one be shown by what they have apart, where that is wanted and can be."""

    def _copy_lanes(self, twin: Plot[S], theme: Theme) -> None:
        """Let a picture's plot draw the other networks too."""
        others: list[tuple[str, DrawnPlot[S]]] = []
        if twin.picture_title is not None and self.picture_title is not None:
            twin.picture_title.say(self.picture_title.text, self.picture_title.tail)
            twin.picture_title.note = self.picture_title.note
        twin.lane_name = self.lane_name
        for lane in self.lanes if self.overlays else ():
            assert isinstance(lane.plot, Plot)
            copy = lane.plot.twin(theme)
            copy.setParent(twin)
            others.append((lane.name, copy))
        if others:
            twin.show_lanes(self.lane_name, others, {lane.name: lane.partners for lane in self.lanes})

    # -- pointing ------------------------------------------------------------------------------------------------------

    def _read(self, pane: int, x: float, y: float) -> None:
        self.pointing.tell(self.read(pane, x, y), self.last_column(self.canvas.panes[pane]))

    def read(self, pane: int, x: float, y: float) -> Probe | None:
        """What lies at a place of a pane, of all networks."""
        probe = None if self.state is None else self.probe(self.state, pane, x, y)
        if probe is None:
            return None
        return replace(probe, text="\n".join([probe.text, *self._read_lanes(probe, pane, x, y)]))

    def _read_lanes(self, own: Probe, pane: int, x: float, y: float) -> Iterator[str]:
        """What lies there of the other networks, but for what is said already."""
        said = {*own.text.splitlines()}
        for lane in self.lanes:
            state = lane.plot.state
            at = self.place_in(lane, pane, x, y)
            probe = None if state is None else lane.plot.probe(state, pane, *at)
            lines = [] if probe is None else [line for line in probe.text.splitlines() if line not in said]
            if probe is not None:
                yield f"{lane.name}: {'; '.join(lines) or 'the same'}"

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.pointing.leave()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if not self.canvas.underMouse():
            self.pointing.leave()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows point, Enter presses, + and − zoom, A gives the view back, Menu asks for that of the step."""
        key, shift = Qt.Key(event.key()), held(event) == Qt.KeyboardModifier.ShiftModifier
        if key in WAYS and (shift or not event.modifiers() & MODIFIERS):
            self._point(*(FASTER * way if shift else way for way in WAYS[key]))
        elif key in ZOOMS:
            self.pointing.zoom(ZOOMS[key])
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.pointing.pointer is not None:
            self.press(self.pointing.pointer)
        elif key == Qt.Key.Key_Menu:
            self.pointing.ask_menu()
        elif key == Qt.Key.Key_A and not event.modifiers():
            self.give_back_view()
        else:
            super().keyPressEvent(event)

    def _point(self, right: int, down: int) -> None:
        if self.state is not None:
            self.pointing.move(right, down)
            if QAccessible.isActive():
                QAccessible.updateAccessibility(QAccessibleEvent(self, QAccessible.Event.DescriptionChanged))

    def press(self, at: QPointF) -> None:
        """A key presses what is pointed at, in the scene."""

    def sentence(self) -> str:
        """What is shown now; before it what is pointed at."""
        read = self.pointing.read_out
        said = [read.text().replace("\n", ", ")] if read.isVisible() else []
        return " ".join([*(f"{part}." for part in said), super().sentence()])
