"""Over the board: a chip for each of the networks that are trained beside each other, and what differs in it."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QInputDialog,
    QLabel,
    QMenu,
    QSizePolicy,
    QToolButton,
    QWidget,
)

from simulator.doctor.base import Remedy
from simulator.experiment.experiment import in_words as refusal_in_words
from simulator.experiment.labels import told_layers
from simulator.experiment.lane import OWN_NAME
from simulator.running.messages import LaneUpdate
from ui.bench.chosen_lane import FULL, MOST, ChosenLane
from ui.bench.chosen_lane import LETTERS as FURTHER
from ui.bench.lane_views import LaneViews
from ui.chart.view import View
from ui.style.boxes import in_column, in_row
from ui.style.broken_words import breakable
from ui.style.foot_strip import FootStrip
from ui.style.help import set_page
from ui.style.icons import set_icon
from ui.style.text_size import scaled, with_text
from ui.style.widgets import tool_button
from ui.window.comparison_menu import ComparisonMenu
from ui.window.status import Banner

STROKES = ("stroke-solid", "stroke-dashed", "stroke-dotted", "stroke-dash-dotted")
TWIN = "The network that is chosen once more, with all that was done to it by hand; then change one thing."
GAPS = 50
"""Pixels between the parts."""
BASE = "the experiment that the others are compared with"
OTHER_BATCHES = "\nIts batches are not the run's: data, batch size or seed are others."
OTHER_MASKS = "\nDropout's masks of {} are not the run's, where shape, place or seed are others."
NOT_TRAINED, CATCHING_UP = "not trained", "catching up"


class LanesBar(QWidget):
    """Chooses the network that the forms show; it is there while there are several."""

    refused = Signal(str)
    """Why what was asked for cannot be."""
    comparison_changed = Signal()
    """Networks are to be held against each other otherwise."""
    _states: dict[str, tuple[str, str, str]]
    """What the worker has said last of each, as far as it is shown."""

    def __init__(self, chosen: ChosenLane, views: LaneViews) -> None:
        super().__init__()
        self.setObjectName("lanesBar")
        set_page(self, "how-to/comparing")
        self._chosen, self._views = chosen, views
        self.chips: dict[str, QToolButton] = {}
        self._described = "", ""
        """The network that words are about, and what it has apart."""
        self._histories = chosen.histories
        self._group = QButtonGroup(self)
        self._place = in_row(spacing=2)
        self.all = self._button("All", "Let a change act on every network.", checkable=True)
        self.all.toggled.connect(chosen.choose_all)
        self.differs = _label()
        self.twin = self._button("Twin", TWIN)
        self.twin.clicked.connect(self.add_twin)
        self.verdict = self._button("Verdict", "")
        self.comparison = self._button("Comparison", "How layers and images of several networks are held together.")
        self.comparison.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
        self.comparison.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        set_icon(self.comparison, "sliders")
        self.comparison_menu = ComparisonMenu(views, self)
        self.comparison_menu.chosen.connect(self.comparison_changed)
        self.comparison.setMenu(self.comparison_menu)
        self._rows = in_row(self._place, self.all, spacing=6), in_row(spacing=6), in_row(spacing=6)
        for row in self._rows[:2]:
            row.addStretch()
        in_column(*self._rows, on=self, spacing=0, margins=(8, 2, 8, 2))
        self._buttons = self.comparison, self.verdict, self.twin
        self._put_in = -1, -1
        self._put(0, 0)
        chosen.changed.connect(self.show_lanes)
        self.show_lanes()
        with_text(self, lambda bar: bar._write())

    def _button(self, text: str, tip: str, checkable: bool = False) -> QToolButton:
        button = tool_button(text, tip, parent=self)
        button.setAccessibleName(text)
        button.setCheckable(checkable)
        return button

    def take_verdict(self, strip: FootStrip) -> None:
        """Let the button show and fold away the verdict, which is of several networks only."""
        self.verdict.setDefaultAction(strip.toggle)
        strip.toggle.setEnabled(len(self._chosen.names) > 1)

    # -- showing ---------------------------------------------------------------------------------------------------

    def show_lanes(self) -> None:
        """Bring the chips in line with the document."""
        names = self._chosen.names
        self.setVisible(len(names) > 1)
        if names != list(self.chips):
            self._make_chips(names)
        for name, chip in self.chips.items():
            chip.setChecked(name == self._chosen.name)
            chip.setEnabled(not self._chosen.all or name == self._chosen.name)
        self.all.setChecked(self._chosen.all)
        self.twin.setEnabled(len(names) < MOST)
        self._allow_verdict(len(names) > 1)
        self._say()
        self._write()

    def _allow_verdict(self, several: bool) -> None:
        toggle = self.verdict.defaultAction()
        if toggle is not None:
            toggle.setEnabled(several)
            toggle.setChecked(toggle.isChecked() and several)

    def _make_chips(self, names: list[str]) -> None:
        for chip in self.chips.values():
            self._group.removeButton(chip)
            self._place.removeWidget(chip)
            chip.hide()
            chip.deleteLater()
        self.chips = {name: self._chip(name, place) for place, name in enumerate(names)}

    def _chip(self, name: str, place: int) -> QToolButton:
        chip = self._button(name, "", checkable=True)
        chip.setObjectName("laneChip")
        chip.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        set_icon(chip, STROKES[place % MOST])
        chip.clicked.connect(lambda _on: self._chosen.choose(name))
        chip.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        chip.customContextMenuRequested.connect(lambda at: self.open_menu(name, chip.mapToGlobal(at)))
        self._group.addButton(chip)
        self._place.addWidget(chip)
        return chip

    def _say(self) -> None:
        """What the chosen network has apart, and what of it is not as in the run."""
        self._states = {}
        lanes = self._chosen.document.experiment.all_lanes()
        for name, chip in self.chips.items():
            differences = self._chosen.differs(name) if name != OWN_NAME else BASE
            chip.setToolTip(f"{name}: {differences}")
            chip.setAccessibleDescription(differences)
        shown = self._chosen.name if self._chosen.name != OWN_NAME else next((n for n in lanes if n != OWN_NAME), "")
        words = [f"{shown}: {self._chosen.differs(shown)}" if shown else "", *_drawn_alike(list(self.chips))]
        self._described = shown, "; ".join(filter(None, words))

    def show_view(self, _view: View) -> None:
        """What the worker says of each network, where that is new."""
        histories = self._chosen.histories
        if [*map(id, histories)] != [*map(id, self._histories)]:
            self._histories = histories
            self._say()
        updates = {name: self._views.updates.get(name) for name in self.chips}
        states = {
            name: (_state(each), each.refusal, _others(each)) for name, each in updates.items() if each is not None
        }
        if states == self._states:
            return
        self._states = states
        self._write()
        for name, (_, refusal, others) in states.items():
            chip = self.chips[name]
            chip.setToolTip(f"{name}: {refusal or chip.accessibleDescription()}{others}")

    def _write(self) -> None:
        """Names and states where there is room for all, else letters, or names as short: none is cut."""
        shown, words = self._described
        update = self._views.updates.get(shown)
        refusal = update.refusal if update is not None else ""
        said = f"{shown} is {NOT_TRAINED}: {refusal}" if refusal else words
        room = max(self.width() - scaled(GAPS), scaled(GAPS))
        self.differs.setText(breakable(said, room, self.differs.fontMetrics().horizontalAdvance))
        whole = [self._text(name) for name in self.chips]
        brief = [name for name in self.chips if len(name) <= 2]
        letters = (letter for letter in (OWN_NAME, *FURTHER) if letter not in brief)
        short = [name if name in brief else next(letters) for name in self.chips]
        for texts in (whole, short):
            for chip, text in zip(self.chips.values(), texts, strict=True):
                if chip.text() != text:
                    chip.setText(text)
            if self._needed() <= self.width():
                break
        self._place_words()

    def _place_words(self) -> None:
        """Beside the chips, or else the buttons, where all of them have room in one line; else in lines below."""
        words = self.differs.fontMetrics().horizontalAdvance(self.differs.text()) + scaled(GAPS)
        below = int(self._needed() > self.width())
        taken = sum(button.sizeHint().width() for button in self._buttons) if below else self._needed()
        self._put(below, below + (taken + words > self.width()))

    def _put(self, buttons: int, words: int) -> None:
        """In which rows they stand."""
        if (buttons, words) == self._put_in:
            return
        self._put_in = buttons, words
        for part in (self.differs, *self._buttons):
            for row in self._rows:
                row.removeWidget(part)
        self._rows[words].addWidget(self.differs, 1)
        for button in self._buttons:
            self._rows[buttons].addWidget(button, 0, Qt.AlignmentFlag.AlignRight)

    def _text(self, name: str) -> str:
        update = self._views.updates.get(name)
        state = "" if update is None else _state(update)
        return f"{name} · {state}" if state else name

    def _needed(self) -> int:
        chips = sum(chip.sizeHint().width() for chip in self.chips.values())
        others = sum(button.sizeHint().width() for button in (self.all, self.comparison, self.verdict, self.twin))
        return chips + others + scaled(GAPS)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._write()

    # -- commands --------------------------------------------------------------------------------------------------

    def add_twin(self) -> None:
        """The same network once more."""
        if self._has_room():
            self._chosen.add_twin()

    def try_beside(self, remedy: Remedy) -> None:
        """Train the run with one of the doctor's mends beside it."""
        if not self._has_room():
            return
        own = self._chosen.document.experiment.all_lanes()[OWN_NAME]
        try:
            self._chosen.add_twin(remedy.applied(own), remedy.title)
        except ValueError as error:
            self.refused.emit(refusal_in_words(error))

    def _has_room(self) -> bool:
        """Whether one more can be shown; if not, it is said."""
        if len(self._chosen.names) < MOST:
            return True
        self.refused.emit(FULL)
        return False

    def open_menu(self, name: str, at: QPoint) -> None:
        """What can be done with a network."""
        self.menu_of(name).popup(at)

    def menu_of(self, name: str) -> QMenu:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        if name == OWN_NAME:
            menu.addAction("Keep it, and let the others go", lambda: self._chosen.keep(name))
            return menu
        menu.addAction("Rename…", lambda: self._ask_name(name))
        menu.addAction("Keep it, and let the others go", lambda: self._chosen.keep(name))
        menu.addAction("Remove", lambda: self._chosen.remove(name))
        return menu

    def _ask_name(self, name: str) -> None:
        after, agreed = QInputDialog.getText(self, "Rename lane", "Name of the lane:", text=name)
        if agreed and after.strip() and after != name:
            reason = self._chosen.rename(name, after.strip())
            if reason is not None:
                self.refused.emit(reason)


def say_of_networks(banner: Banner, chosen: ChosenLane, text: str) -> None:
    """Say why something of them cannot be; that they are too many goes with one of them."""
    banner.say(text, holds=(lambda: len(chosen.names) >= MOST) if text == FULL else None)


def _label() -> QLabel:
    """In as many lines as it needs."""
    label = QLabel()
    label.setObjectName("laneDiffers")
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
    return label


def _drawn_alike(names: list[str]) -> list[str]:
    """Which networks of a file have the stroke of another, as there are more of them than strokes."""
    return [f"{name} is drawn as {names[place % MOST]} is" for place, name in enumerate(names) if place >= MOST]


def _state(update: LaneUpdate) -> str:
    if update.refusal:
        return NOT_TRAINED
    return CATCHING_UP if update.frame is None else ""


def _others(update: LaneUpdate) -> str:
    """That it is not trained on the run's batches, or with its masks, where that is so."""
    if update.frame is None:
        return ""
    masks = OTHER_MASKS.format(told_layers(update.other_masks)) if update.other_masks else ""
    return f"{'' if update.same_batch else OTHER_BATCHES}{masks}"
