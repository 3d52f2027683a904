"""The changes by hand of a run as a list: told in words, edited, kept in a file, and made again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from msgspec.structs import replace
from PySide6.QtCore import QEvent, QSignalBlocker, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QLabel,
    QTableWidgetItem,
    QWidget,
)

from simulator.experiment.experiment import Experiment, ExperimentError, in_words
from simulator.experiment.lane import OWN_NAME
from simulator.system.text import capitalized
from simulator.training.ledger import Ledger, LedgerEntry, ordered, read, scheduled, words_of, write
from simulator.training.live_change import LiveChange, LiveChanges
from ui.dialogs import files
from ui.dialogs.changes_table import ChangesTable, edited_entry
from ui.style.boxes import STRETCH, in_dialog, in_row
from ui.style.help import set_page
from ui.style.numbers import count, integer
from ui.style.text_size import scaled, with_text
from ui.style.widgets import choice_of, push_button, whole_number

SAME, SEED = "this network", "another seed:"
NONE = "Nothing was changed by hand in this run. A knob that is turned while it trains stands here, with its step."
NOT_YET = "Nothing has been changed by hand in this run yet."
UNKNOWN = "How this run was trained from its beginning is not known, so its changes cannot be made again."
RATE = "optimizer.learning_rate"
MOST_SEED = 2**31 - 1
MOST_SHOWN = 2000
"""Of very many the first: what is beyond is in the file, and acts."""
SIZE = (860, 460)


class ChangesDialog(QDialog):
    """A table with a line for each change; what is edited is the list here, until it is made again."""

    replayed = Signal(str, object, str)
    """The network that is to be trained anew, its :class:`LiveChanges`, and what undo calls that."""

    def __init__(
        self, changes: Callable[[str], LiveChanges], experiment: Callable[[], Experiment], step: Callable[[], int],
        folder: Path, parent: QWidget | None = None, shown: str = OWN_NAME,
        coming: Callable[[], Sequence[int]] = tuple,
    ) -> None:  # fmt: skip
        """The changes of each network by its name, what is described now, and where the run is.

        ``folder`` is for files, ``shown`` the network whose list is shown at first, ``coming`` the steps of what is
        still to be changed in the run, as was planned.
        """
        super().__init__(parent)
        self.setWindowTitle("Changes by hand")
        set_page(self, "guide/changes")
        self._changes, self._experiment, self._step, self._folder = changes, experiment, step, folder
        self._ledger, self._known = Ledger(), changes(shown)
        self._coming, self._told_coming = coming, coming()
        self._before: list[Ledger] = []
        """What the list was before each edit of it."""
        self.summary = QLabel(self, wordWrap=True)
        self.table = ChangesTable(self)
        self.refusal = QLabel(self, wordWrap=True)
        self.refusal.setProperty("role", "warning")
        self.of = choice_of("Changes of", [(shown, shown)], parent=self)
        self.on = choice_of("Replay on", parent=self)
        self.seed = whole_number("Seed", 0, MOST_SEED, 0, self)
        self._make_buttons()
        self._lay_out()
        self.table.itemChanged.connect(self._edited)
        QShortcut(QKeySequence(QKeySequence.StandardKey.Undo), self, self.undo)
        self.of.currentTextChanged.connect(lambda _name: self.take_run())
        self.on.currentTextChanged.connect(lambda text: self.seed.setVisible(text == SEED))
        with_text(self, lambda dialog: dialog.resize(*map(scaled, SIZE)))
        self.take_run()

    # -- parts ---------------------------------------------------------------------------------------------------

    def _make_buttons(self) -> None:
        tip = "A change of the learning rate at the present step, to be edited."
        self.add = push_button("Add", tip, self.add_change, self)
        self.remove = push_button("Remove", "Leave the chosen changes out of the list.", self.remove_changes, self)
        self.back = push_button("Undo", "The list as it was before its last edit.", self.undo, self)
        self.again = push_button("As in the run", "The list as the present run has it.", self.take_run, self)
        self.load = push_button("Import…", "A list of changes from a file.", self.ask_import, self)
        self.save = push_button("Export…", "The list as a file, for run --changes too.", self.ask_export, self)
        tip = "Begin anew with a piecewise schedule in place of the rates that were set by hand: the same numbers."
        self.schedule = push_button("Rates as a schedule", tip, self.make_schedule, self)
        tip = "Begin anew and let each change act in its step."
        self.replay = push_button("Replay", tip, self.make_again, self)
        self.replay.setDefault(True)

    def _lay_out(self) -> None:
        self._whose = QLabel("Changes of", self)
        edits = in_row(
            self._whose, self.of, self.add, self.remove, self.back, self.again, STRETCH, self.load, self.save
        )
        acts = in_row(self.schedule, STRETCH, QLabel("Replay on", self), self.on, self.seed, self.replay)
        in_dialog(self, self.summary, (self.table, 1), self.refusal, edits, acts)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.ActivationChange and self.isActiveWindow():
            self._offer_networks()
            self.follow()

    def keep_up(self) -> None:
        """The run may have gone on: a list that nobody has edited is its own still."""
        self._known = self._changes(self.name)
        if self._before:
            self._offer()
        else:
            self.take_run()

    def follow(self) -> None:
        """The run has gone on: show what was changed, unless a hand is typing."""
        if self.table.is_edited:
            return
        if self._changes(self.name) is not self._known:
            self.keep_up()
        elif self._coming() != self._told_coming:
            self._offer()

    # -- showing -------------------------------------------------------------------------------------------------

    @property
    def name(self) -> str:
        """The network whose list is shown."""
        return self.of.currentText()

    @property
    def ledger(self) -> Ledger:
        """The list as it stands here."""
        return self._ledger

    def _own(self) -> Ledger | None:
        """The run's own list; None where it is not known."""
        try:
            return Ledger.of(self._changes(self.name))
        except ExperimentError:
            return None

    def take_run(self) -> None:
        """Show the list as the network has it."""
        self._before = []
        self._take(self._own() or Ledger())

    def _take(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._fill()
        self._offer()

    def _fill(self) -> None:
        words, reason = self._in_words()
        self.refusal.setText(reason)
        self.refusal.setVisible(bool(reason))
        shown = self._ledger.entries[:MOST_SHOWN]
        with QSignalBlocker(self.table):
            self.table.setRowCount(len(shown))
            for row, entry in enumerate(shown):
                self.table.fill_row(row, entry, words[row] if row < len(words) else "")

    def _in_words(self) -> tuple[list[str], str]:
        """Each change in words, as far as they can be made; and why not all can."""
        base = self._base()
        entries = self._ledger.entries
        try:
            return list(words_of(self._ledger.on(base).entries[:MOST_SHOWN], base)), ""
        except ExperimentError as error:
            reason = f"{error}"
        made: list[str] = []
        for end in range(len(entries[:MOST_SHOWN]), 0, -1):
            try:
                made = list(words_of(replace(self._ledger, entries=entries[:end]).on(base).entries, base))
                break
            except ExperimentError:
                continue
        return made, f"{capitalized(reason)}."

    def _base(self, name: str = "") -> Experiment:
        """What a network began with; where that is not known, what it is trained as."""
        name, whole = name or self.name, self._experiment()
        return self._changes(name).experiment or (whole if name == OWN_NAME else whole.all_lanes()[name])

    def _offer(self) -> None:
        """Say what the list is, and enable what can be done with it."""
        own, entries = self._own(), self._ledger.entries
        self._told_coming = self._coming()
        self.summary.setText(f"{self._sentence(own)} {self._to_come()}".rstrip())
        self.back.setEnabled(bool(self._before))
        self.again.setEnabled(own is not None and own != self._ledger)
        for button in (self.remove, self.save):
            button.setEnabled(bool(entries))
        self.replay.setEnabled(bool(entries) and not self.refusal.text())
        self.schedule.setEnabled(not self.refusal.text() and scheduled(_acting(self._ledger, self._base())) is not None)
        self._offer_networks()

    def _offer_networks(self) -> None:
        """Those whose list can be shown, and those in which it can be made again."""
        names = list(self._experiment().all_lanes())
        with QSignalBlocker(self.of):
            _fill(self.of, names)
        self._whose.setVisible(len(names) > 1)
        self.of.setVisible(len(names) > 1)
        if _fill(self.on, [SAME, SEED, *(name for name in names if name != self.name)]):
            self.seed.setValue(min(self._base().seed + 1, MOST_SEED))
            self.seed.setVisible(self.on.currentText() == SEED)

    def _sentence(self, own: Ledger | None) -> str:
        entries = self._ledger.entries
        if own is None and not entries:
            return UNKNOWN
        if not entries and (own is None or not own.entries):
            return NOT_YET if self._to_come() else NONE
        more = f"; the first {integer(MOST_SHOWN)} are shown" if len(entries) > MOST_SHOWN else ""
        if own == self._ledger:
            where = "this run" if self.name == OWN_NAME else self.name
            return f"{count(len(entries), 'change')} by hand in {where}{more}. Each acts in its step."
        had = "" if own is None else f" The run has {count(len(own.entries), 'change')}."
        return f"An edited list of {count(len(entries), 'change')}{more}.{had}"

    def _to_come(self) -> str:
        """``2 changes are to come, the next at step 900.``; of the run alone."""
        steps = self._told_coming if self.name == OWN_NAME else ()
        if len(steps) < 2:
            return f"1 change is to come, at step {integer(steps[0])}." if steps else ""
        return f"{count(len(steps), 'change')} are to come, the next at step {integer(steps[0])}."

    # -- editing -------------------------------------------------------------------------------------------------

    def _edit(self, entries: Sequence[LedgerEntry]) -> None:
        self._before.append(self._ledger)
        self._take(replace(self._ledger, entries=ordered(entries)))

    def undo(self) -> None:
        """Take the last edit of the list back."""
        if self._before:
            self._take(self._before.pop())

    def add_change(self) -> None:
        """One more change, of the learning rate, at the present step."""
        entry = LedgerEntry(LiveChange(self._step()), {RATE: self._experiment().optimizer.learning_rate})
        self._edit([*self._ledger.entries, entry])

    def remove_changes(self) -> None:
        """Leave out those that are chosen."""
        chosen = {index.row() for index in self.table.selectionModel().selectedRows()}
        if chosen:
            self._edit([entry for row, entry in enumerate(self._ledger.entries) if row not in chosen])

    def _edited(self, item: QTableWidgetItem) -> None:
        entries = list(self._ledger.entries)
        try:
            entries[item.row()] = edited_entry(entries[item.row()], item.column(), item.text().strip())
        except ValueError as error:
            self._fill()
            self.refusal.setText(str(error))
            self.refusal.show()
            return
        if tuple(entries) != self._ledger.entries:
            self._edit(entries)

    # -- files ---------------------------------------------------------------------------------------------------

    def ask_import(self) -> None:
        path = files.ask_changes(self, self._folder, save=False)
        if path is not None:
            self.import_from(path)

    def import_from(self, path: Path) -> None:
        """Show the list in a file; what is none is said."""
        try:
            ledger = read(path)
        except ExperimentError as error:
            self._refuse(f"Not imported: {error}")
            return
        self._before.append(self._ledger)
        self._take(ledger)

    def ask_export(self) -> None:
        path = files.ask_changes(self, self._folder, save=True)
        if path is not None:
            self.export_to(path)

    def export_to(self, path: Path) -> None:
        """Write the list into a file."""
        try:
            write(self._ledger, path)
        except OSError as error:
            self._refuse(f"{path}: cannot be written: {error.strerror or error}")
        else:
            self.summary.setText(f"{count(len(self._ledger.entries), 'change')} written to {path.name}.")

    def _refuse(self, sentence: str) -> None:
        self.refusal.setText(sentence)
        self.refusal.show()

    # -- made again ----------------------------------------------------------------------------------------------

    def make_again(self) -> None:
        """Begin anew on the network that is chosen, with the list."""
        on = self.on.currentText()
        name = self.name if on in (SAME, SEED) else on
        try:
            base = self._base(name)
            changes = self._ledger.on(base.with_values([("seed", self.seed.value())]) if on == SEED else base)
        except ValueError as error:
            self._refuse(in_words(error))
            return
        self.replayed.emit(name, changes, "Replay changes")

    def make_schedule(self) -> None:
        """Begin anew with a schedule in place of what was set by hand."""
        changes = scheduled(_acting(self._ledger, self._base()))
        if changes is not None:
            self.replayed.emit(self.name, changes, "Rates as a schedule")


def _acting(ledger: Ledger, experiment: Experiment) -> LiveChanges:
    """The list on a network; nothing where it cannot take it."""
    try:
        return ledger.on(experiment)
    except ExperimentError:
        return LiveChanges()


def _fill(box: QComboBox, texts: Sequence[str]) -> bool:
    """Offer these; whether others were offered before. What is chosen stays, if it is still there."""
    if [box.itemText(place) for place in range(box.count())] == list(texts):
        return False
    chosen = box.currentText()
    box.clear()
    box.addItems(texts)
    box.setCurrentIndex(max(0, box.findText(chosen)))
    return True
