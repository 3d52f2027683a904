"""What every plot is: a state taken from a view, drawn; a ghost behind it; a twin that draws the same elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, ClassVar, Generic, Literal

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QHideEvent, QKeyEvent
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from simulator.layers.info import LayerInfo
from simulator.record.changes import Change
from simulator.record.frame import Frame
from simulator.training.run_info import RunInfo
from ui.chart.canvas import Canvas, Pane
from ui.chart.change_marks import ChangeMarks, words_of
from ui.chart.guides import Guide
from ui.chart.header import Header, Option
from ui.chart.legend import Caption, Key, Note, Strip
from ui.chart.marks import Crosshair
from ui.chart.readout import ReadOut
from ui.chart.table import Table, stacked
from ui.chart.view import Probe, S, Scale, State, View, layer_name
from ui.style.help import page_of, set_page
from ui.style.numbers import integer
from ui.style.theme import Theme, current_theme, depth_colours, layer_colour, theme_changed

__all__ = ["FIRST_ROW", "Plot", "Probe", "State", "View"]

Shape = Literal["wide", "square", "tall"]
STRIP_ROW, FIRST_ROW = 1, 2
NEAR = 6.0
"""Pixels around what is pointed at that a read-out leaves free."""


class Plot(QWidget, Generic[S]):
    """One plot with its header. A subclass says how a view becomes a state and how a state is drawn.

    Subclasses define the class variables and ``build``, ``capture``, ``draw``, ``draw_ghost``, ``rows``, ``probe``,
    ``mark`` and ``tint``.
    """

    key: ClassVar[str] = ""
    title: ClassVar[str] = ""
    side: ClassVar[str] = "forward"
    default: ClassVar[bool] = False
    shape: ClassVar[Shape] = "wide"
    """What a card of it should look like: twice as wide as high, about as wide as high, or higher than wide."""
    least_width: ClassVar[int] = 280
    least_height: ClassVar[int] = 150
    """Pixels it needs to be read, its header included."""
    explain: ClassVar[str] = ""
    formula: ClassVar[str] = ""
    """Markdown with TeX between dollars."""
    wants: frozenset[str] = frozenset()
    """Costly parts of a frame that it needs; options may change them."""
    empty_text: ClassVar[str] = "Nothing to show yet: the first step fills this plot."
    offers: ClassVar[tuple[Option, ...]] = ()
    """Switches of this plot."""
    kinds: ClassVar[frozenset[str]] = frozenset()
    """The kinds of layers it is about; empty: any."""
    reads: ClassVar[bool] = False
    """Whether its legend says what the toolbar says."""
    comes_along: ClassVar[bool] = False
    """Whether it opens by itself where the network has such a layer."""

    layer_hovered = Signal(int)
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
        self.highlighted = -1
        self._waiting: RunInfo | None = None
        self._hovered = -1
        self._pointer: QPointF | None = None
        self.header: Header | None = None
        self.canvas = Canvas()
        self.strip = Strip(self.theme)
        self._assemble(bare)
        self.build()
        self._hairs = [Crosshair(pane) for pane in self.canvas.panes]
        self.change_marks = [ChangeMarks(pane) for pane in self.canvas.step_panes]
        self.restyle()
        self._show_empty()
        if not bare:
            self.canvas.keep_still_parts()

    # -- assembling ------------------------------------------------------------------------------------------------

    def _assemble(self, bare: bool) -> None:
        self.setAccessibleName(self.title)
        set_page(self, f"plots/{self.key}")
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        if bare:
            self.canvas.grid.addItem(Caption(self.title, self.theme), 0, 0, 1, 4)
        else:
            column.addWidget(self._make_header())
        column.addWidget(self.canvas, 1)
        self.canvas.grid.addItem(self.strip, STRIP_ROW, 0, 1, 4)
        self._empty = QLabel(self.canvas)
        self._empty.setObjectName("plotEmpty")
        self._empty.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty.setWordWrap(True)
        self._read_out = ReadOut(self.canvas)
        self.canvas.sigDeviceRangeChanged.connect(self._place_overlays)
        self._read_frame: Frame | None = None
        """The frame whose numbers were written last."""
        if not bare:
            self.canvas.pointed.connect(self._point)
            self.canvas.left.connect(self._leave)
            theme_changed.connect(self.restyle)

    def _make_header(self) -> Header:
        header = Header(self.title, self.side, self.explain, self.formula, self.offers, page_of(self))
        header.pause_toggled.connect(self._pause_toggled)
        header.pin_toggled.connect(lambda on: self.pin() if on else self.unpin())
        header.option_toggled.connect(self.set_option)
        header.maximise_requested.connect(self.maximise_requested)
        header.export_requested.connect(self.export_requested)
        self.header = header
        return header

    # -- what a subclass defines -------------------------------------------------------------------------------------

    def build(self) -> None:
        """Make panes and items, once."""
        raise NotImplementedError

    def begin(self, info: RunInfo) -> None:
        """A new run: name the axes. Layer colours are already those of the new depth."""

    def capture(self, view: View) -> S | None:
        """What of the view this plot draws; None while there is nothing."""
        raise NotImplementedError

    def draw(self, state: S) -> None:
        raise NotImplementedError

    def draw_ghost(self, ghost: S | None) -> None:
        raise NotImplementedError

    def clear(self) -> None:
        """Take everything off the panes."""
        raise NotImplementedError

    def legend(self, state: S) -> Sequence[Key]:
        return ()

    def remark(self, state: S) -> str:
        """A sentence about what is shown, above the panes."""
        return ""

    def notes(self, state: S) -> Sequence[Note]:
        """Counts of what the marks cannot show."""
        return ()

    def rows(self, state: S) -> Table:
        """The columns of one state, in full precision."""
        raise NotImplementedError

    def probe(self, state: S, pane: int, x: float, y: float) -> Probe | None:
        """What lies at ``x``, ``y`` of a pane, in data coordinates."""
        return None

    def mark(self, layer: int) -> None:
        """Emphasise a layer; -1 none."""

    def tint(self, theme: Theme) -> None:
        """Give the items their colours."""
        raise NotImplementedError

    # -- what the bench calls ----------------------------------------------------------------------------------------

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
        self.strip.begin()
        self._turn_back()
        self._recolour()
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
        self.clear()
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
            self.clear()
            self._show_empty()

    def show_changes(self, changes: Sequence[Change]) -> None:
        """Mark when the run was changed, in a plot over training steps."""
        for marks in self.change_marks:
            marks.show_changes(changes)

    def show_state(self, state: S, *, read: bool = True) -> None:
        """Draw a state captured before, here or in another instance of this class; ``read``: write its numbers too."""
        fresh = self.state is None
        self.state = state
        if fresh:
            self._empty.hide()
            self.canvas.grid.setOpacity(1.0)
            self.draw_ghost(self.ghost)
        self.adapt(state)
        self.draw(state)
        if fresh or read:
            self._write()

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
        self.draw_ghost(ghost)
        if self.state is not None:
            self.draw(self.state)
        if self.header is not None:
            self.header.pin.blockSignals(True)
            self.header.pin.setChecked(ghost is not None)
            self.header.pin.blockSignals(False)
        self._write()
        self.pinned_changed.emit(ghost is not None)

    def highlight(self, layer: int) -> None:
        """Emphasise a layer by its index; -1 or an unknown one: none."""
        known = self.info is not None and 0 <= layer < self.info.depth
        layer = layer if known else -1
        if layer != self.highlighted:
            self.highlighted = layer
            self.mark(layer)

    def set_option(self, key: str, on: bool) -> None:
        """Turn one of ``offers`` on or off, by hand; :class:`KeyError` for an unknown one."""
        if on == self.options[key]:
            return
        self.by_hand.add(key)
        self._set(key, on)
        if self.state is not None:
            self.draw(self.state)
        self._write()

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
        if self.state is not None:
            self.draw_ghost(self.ghost)

    def option_changed(self) -> None:
        """Bring axes in line with ``options``."""

    def adapt(self, state: S) -> None:
        """Turn options as the state needs them, by :meth:`turn`."""

    def restyle(self, *_theme: object) -> None:
        """Take on the present theme."""
        self.theme = self._fixed_theme or current_theme()
        self._recolour()
        self.canvas.tint(self.theme)
        self.strip.tint(self.theme)
        for hair in self._hairs:
            hair.colour = self.theme.muted
        for marks in self.change_marks:
            marks.tint(self.theme.text, self.theme.panel)
        self.tint(self.theme)
        if self.header is not None:
            self.header.update()

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
        other.scales_from(self)
        other.set_ghost(self.ghost)
        for mine, its in zip(self.change_marks, other.change_marks, strict=True):
            its.show_changes(mine.changes)
        if self.state is not None:
            other.show_state(self.state)
            for pane, its_pane in zip(self.canvas.panes, other.canvas.panes, strict=True):
                its_pane.take_view_of(pane)
        return other

    def scales_from(self, other: Plot[Any]) -> None:
        """The same axis ranges as another instance's, with their history."""
        for mine, its in zip(self.scales, other.scales, strict=True):
            vars(mine).update(vars(its))

    def give_back_view(self) -> None:
        """Undo zooming and panning."""
        for pane in self.canvas.panes:
            pane.give_back()

    # -- helpers for subclasses --------------------------------------------------------------------------------------

    def layer(self, index: int) -> LayerInfo | None:
        return self.info.layers[index] if self.info is not None and 0 <= index < self.info.depth else None

    def layer_text(self, index: int) -> str:
        """``dense 3 · 100 tanh``: the first line of a read-out."""
        layer = self.layer(index)
        return layer_name(layer) if layer is not None else f"layer {index + 1}"

    def layer_colour(self, index: int) -> str:
        """The colour that a layer has in every plot, by its place in the run."""
        depth = self.info.depth if self.info is not None else 1
        return layer_colour(index, depth, self.theme)

    @property
    def labels(self) -> tuple[str, ...]:
        return tuple(layer.label for layer in self.info.layers) if self.info is not None else ()

    @property
    def guides(self) -> list[Guide]:
        """Everything that is drawn to be compared with."""
        return [item for pane in self.canvas.panes for item in pane.held if isinstance(item, Guide)]

    def names_of(self, depth: int) -> list[str]:
        """A label for each of so many layers, also of a run that has gone."""
        return [*self.labels] if len(self.labels) == depth else [str(i + 1) for i in range(depth)]

    def pinned_key(self) -> tuple[Key, ...]:
        """The legend's entry for the ghost, if there is one."""
        if self.ghost is None:
            return ()
        return (Key(f"pinned at step {integer(self.ghost.step)}", "faint", "dashed"),)

    # -- inside --------------------------------------------------------------------------------------------------------

    def _recolour(self) -> None:
        colours = depth_colours(self.info.depth, self.theme) if self.info is not None else ()
        if colours != self.layer_colours:
            self.layer_colours = colours
            self.tint(self.theme)

    def _nothing(self) -> str:
        """What an empty plot says; it does not ask for a layer that is there."""
        present = {layer.kind for layer in self.info.layers} if self.info is not None else set()
        return "The first step will fill this plot." if present & self.kinds else self.empty_text

    def _show_empty(self) -> None:
        self._empty.setText(self._nothing())
        self._empty.setVisible(True)
        self.canvas.grid.setOpacity(0.0)
        self.strip.say((), ())
        self._place_overlays()

    def _write(self) -> None:
        """Bring every text of the plot up to date."""
        if self.state is None:
            return
        notes = list(self.notes(self.state))
        if self.paused:
            notes.insert(0, Note(f"held at step {integer(self.state.step)}"))
        guides = [key for guide in self.guides for key in guide.keys]
        self.strip.say([*self.legend(self.state), *guides, *self.pinned_key()], notes, self.remark(self.state))
        if self._pointer is not None:
            self._point(self._pointer)

    def _point(self, position: QPointF) -> None:
        self._pointer = position
        index = self.canvas.pane_at(position)
        probe = None
        if index >= 0 and self.state is not None:
            at = self.canvas.panes[index].scene_to_data(position)
            probe = self._with_changes(self.probe(self.state, index, at.x(), at.y()), index, position)
        self._show_probe(probe, index)

    def _with_changes(self, probe: Probe | None, pane: int, position: QPointF) -> Probe | None:
        """What lies under the pointer, and the changes whose marks stand there."""
        near = [marks.near(position) for marks in self.change_marks if marks.pane is self.canvas.panes[pane]]
        words = words_of([change for changes in near for change in changes])
        if not words:
            return probe
        return Probe(words) if probe is None else replace(probe, text=f"{probe.text}\n{words}")

    def _leave(self) -> None:
        self._pointer = None
        self._show_probe(None, -1)

    def _show_probe(self, probe: Probe | None, pane: int) -> None:
        layer = probe.layer if probe else -1
        for i, hair in enumerate(self._hairs):
            hair.put(probe.x if probe and i == pane else None)
        if probe is not None and self._pointer is not None:
            self._place_read_out(probe, self.canvas.panes[pane], self._pointer)
        else:
            self._read_out.hide()
        if layer != self._hovered:
            self._hovered = layer
            self.highlight(layer)
            self.layer_hovered.emit(layer)

    def _place_read_out(self, probe: Probe, pane: Pane, pointer: QPointF) -> None:
        flat = self.canvas.flat
        seen = [flat(rect) for rect in self._to_be_seen(probe, pane, pointer)]
        at = self.canvas.mapFromScene(pointer)
        self._read_out.show_beside(at, probe.text, flat(pane.sceneBoundingRect()), seen)

    def _to_be_seen(self, probe: Probe, pane: Pane, pointer: QPointF) -> list[QRectF]:
        """What a read-out must not cover: what it is about, and the last of what is drawn."""
        area = pane.sceneBoundingRect()
        about = probe.layer if pane in self.canvas.depth_panes and probe.layer >= 0 else probe.x
        seen = [QRectF(pointer.x() - NEAR, pointer.y() - NEAR, 2 * NEAR, 2 * NEAR)]
        for x in (about, self.last_column(pane)):
            place = pane.data_to_scene(QPointF(x, 0.0)).x() if x is not None else area.left() - NEAR
            if area.left() <= place <= area.right():
                seen.append(QRectF(place - NEAR, area.top(), 2 * NEAR, area.height()))
        if pane in self.canvas.row_panes:
            seen.append(QRectF(area.left(), pointer.y() - NEAR, area.width(), 2 * NEAR))
        return seen

    def last_column(self, pane: Pane) -> float | None:
        """Where along a pane over steps or over depth the last of the data stands."""
        if pane in self.canvas.step_panes and self.state is not None:
            return float(self.state.step)
        return float(self.info.depth - 1) if pane in self.canvas.depth_panes and self.info is not None else None

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._leave()

    def _place_overlays(self, *_args: object) -> None:
        self._empty.setGeometry(self.canvas.rect().adjusted(24, 24, -24, -24))
        self.strip.give_room(self.canvas.height())
        self.canvas.give_room()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_A and not event.modifiers():
            self.give_back_view()
        else:
            super().keyPressEvent(event)
