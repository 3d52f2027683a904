"""The landscape as one view: knobs at the left, contours and f over steps, playback, and who races."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QElapsedTimer, Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QSplitter, QWidget

from simulator.landscape.landscape import MOST_ENTRIES, Landscape
from ui.bench.bench import Bench
from ui.forms.one_undo import REDO, UNDO
from ui.landscape.descent import DescentPlot
from ui.landscape.entries_table import EntriesTable
from ui.landscape.knobs import Knobs
from ui.landscape.playbar import Playbar
from ui.landscape.plot import LandscapePlot
from ui.landscape.race_model import RaceModel
from ui.landscape.slicer import Slicer
from ui.landscape.state import LandscapeState
from ui.plots.framed import FramedPlot
from ui.style.boxes import STRETCH, in_column, in_row
from ui.style.elided_label import ElidedLabel
from ui.style.help import set_page
from ui.style.keys import OwnKeys
from ui.style.widgets import push_button

FIRST: dict[str, Any] = {
    "function": "ravine",
    "set": {"condition": 50.0},
    "optimizers": {
        "SGD": {"kind": "sgd", "learning_rate": 0.035},
        "momentum": {"kind": "sgd", "learning_rate": 0.035, "momentum": 0.8},
        "Adam": {"kind": "adam", "learning_rate": 0.05},
    },
    "start": [-1.2, 1.0],
    "steps": 200,
}
"""What is raced when it is opened first."""


NUMBERS_MS = 200
"""While it is played, or a hand moves something, numbers change no more often."""


class LandscapeView(OwnKeys):
    """Knows no window: it can stand wherever there is room."""

    export_requested = Signal(str)
    """The key of a plot that is to be exported."""

    def __init__(
        self, landscape: Landscape | None = None, bench: Bench | None = None, parent: QWidget | None = None
    ) -> None:  # fmt: skip
        """``bench``: whose network is cut where a slice is chosen; without one, the network that a landscape names."""
        super().__init__(parent)
        self.setObjectName("landscapeView")
        self.slicer = Slicer(bench, self)
        self.model = RaceModel(landscape or Landscape.from_builtins(FIRST), self.slicer, self)
        self.plot, self.descent = LandscapePlot(self), DescentPlot(self)
        self._frames = {plot.key: FramedPlot(plot, self) for plot in (self.plot, self.descent)}
        self.knobs = Knobs(self.model)
        self.table = EntriesTable()
        self.playbar = Playbar(self.model)
        self.status = ElidedLabel()
        self.status.setProperty("role", "muted")
        self.add = push_button("Add", "One more optimiser, with the knobs of the chosen one.", self._add, self)
        tip = "Take the network as it is now, and the run's path to it."
        self.cut = push_button("Cut anew", tip, self.slicer.take, self)
        self.remove = push_button("Remove", "Take the chosen optimiser out of the race.", self._remove, self)
        self._since = QElapsedTimer()
        set_page(self, "how-to/landscape")
        self._lay_out()
        self._connect()
        self.refresh()

    def _lay_out(self) -> None:
        self.split = QSplitter(Qt.Orientation.Horizontal)
        for frame in self._frames.values():
            self.split.addWidget(frame)
        self.split.setStretchFactor(0, 3)
        self.split.setStretchFactor(1, 2)
        self.split.setChildrenCollapsible(False)
        buttons = in_column(self.add, self.remove, self.cut, STRETCH)
        foot = in_row((self.table, 1), buttons, margins=(8, 4, 8, 8))
        right = in_column((self.split, 1), self.status, self.playbar, foot, spacing=0)
        in_row(self.knobs, (right, 1), on=self, spacing=0, margins=(0, 0, 0, 0))

    def _connect(self) -> None:
        model = self.model
        model.shown.connect(self.refresh)
        self.plot.moved.connect(self._move_start)
        self.plot.seen.connect(model.look)
        self.table.chosen.connect(model.choose)
        for plot in (self.plot, self.descent):
            plot.export_requested.connect(lambda key=plot.key: self.export_requested.emit(key))
            plot.maximise_requested.connect(lambda key=plot.key: self._maximise(key))

    @property
    def plots(self) -> dict[str, LandscapePlot | DescentPlot]:
        """Both plots by their keys."""
        return {self.plot.key: self.plot, self.descent.key: self.descent}

    def refresh(self) -> None:
        """Draw what the model shows now."""
        model = self.model
        self.status.setText(model.course.status)
        self.status.setVisible(model.landscape.function.slow)
        state = model.state
        self.cut.setVisible(model.landscape.function.slow and self.slicer.beside_a_run)
        if state is None:
            return
        still = not (model.playing or model.moving)
        read = still or not self._since.isValid() or self._since.elapsed() >= NUMBERS_MS
        for plot in (self.plot, self.descent):
            if not plot.paused:
                plot.show_state(state, read=read)
        if read:
            self._since.start()
            self._read(state)

    def _read(self, state: LandscapeState) -> None:
        """Write what is read off the race."""
        model = self.model
        self.table.show_state(state, model.course.curvatures(model.step), model.chosen)
        self.add.setEnabled(len(state.paths) < MOST_ENTRIES)
        self.remove.setEnabled(len(state.paths) > 1)

    def _move_start(self, x: float, y: float, final: bool) -> None:
        """Let all begin where a hand has put the start; where that may not be, it stays."""
        if self.model.edit(("start",), [x, y], final):
            self.refresh()

    def _maximise(self, key: str) -> None:
        """Let one plot have the room of both, or put it back."""
        (other,) = (frame for each, frame in self._frames.items() if each != key)
        other.setVisible(not other.isVisible())

    # -- who races ---------------------------------------------------------------------------------------------------

    def _add(self) -> None:
        plain, model = self.model.plain(), self.model
        entries = plain["optimizers"]
        like = entries[model.chosen]
        model.propose({**plain, "optimizers": [*entries, {**like, "name": free_name(like["name"], entries)}]}, "add")
        model.choose(len(entries))

    def _remove(self) -> None:
        plain, model = self.model.plain(), self.model
        rest = [entry for place, entry in enumerate(plain["optimizers"]) if place != model.chosen]
        model.propose({**plain, "optimizers": rest}, "remove")

    # -- keys --------------------------------------------------------------------------------------------------------

    def act_of(self, event: QKeyEvent) -> Callable[[], object] | None:
        pressed = QKeySequence(event.keyCombination())
        acts = {"Space": self.model.toggle, ",": lambda: self._stride(-1), ".": lambda: self._stride(1)}
        acts |= dict.fromkeys(UNDO, self.model.undo) | dict.fromkeys(REDO, self.model.redo)
        return next((act for keys, act in acts.items() if pressed == QKeySequence(keys)), None)

    def _stride(self, steps: int) -> None:
        self.model.hold()
        self.model.go_to(self.model.step + steps)


def free_name(name: str, entries: list[dict[str, Any]]) -> str:
    """``Adam`` → ``Adam 2``, ``Adam 3``: one that nobody has."""
    stem = name.rstrip("0123456789 ") or name
    taken = {entry["name"] for entry in entries}
    return next(each for number in range(2, 99) if (each := f"{stem} {number}") not in taken)
