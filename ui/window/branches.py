"""The tree of branches: every network, what it is a branch of and from which step on, and going over to one."""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QHeaderView,
    QLabel,
    QTreeWidget,
    QTreeWidgetItem,
    QWidget,
)

from simulator.experiment.lane import OWN_NAME
from ui.bench.bench import Bench
from ui.bench.branches import Branch, Branches
from ui.bench.chosen_lane import FULL, MOST, ChosenLane
from ui.style.boxes import STRETCH, in_column, in_row
from ui.style.help import set_page
from ui.style.numbers import integer
from ui.style.text_size import scaled
from ui.style.widgets import push_button
from ui.window.branch_lines import BranchLines

HEADS = ("Network", "From step", "At step", "Over the steps", "What differs")
LINES = HEADS.index("Over the steps")
HELP = "A branch begins with the weights, the optimiser’s state and the coming batches of its parent."


class BranchTree(QDialog):
    """Stays open beside the window, and follows it."""

    def __init__(self, branches: Branches, bench: Bench, chosen: ChosenLane, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Branches")
        set_page(self, "guide/branches")
        self._branches, self._chosen = branches, chosen
        self._shown: list[Branch] = []
        self.tree = QTreeWidget(self)
        self.lines = BranchLines(self.tree)
        self._dress_tree()
        self.say = QLabel(HELP, self, wordWrap=True)
        tip = "One more network that goes on from the step that is shown."
        self.branch = push_button("Branch here", tip, self.branch_here, self)
        tip = "Let the run go on as this network; the run before goes on beside it."
        self.go = push_button("Go there", tip, self.go_there, self)
        tip = "Let go of this network; what has branched off from it stays whole. (Del)"
        self.delete = push_button("Delete", tip, self.remove, self)
        line = in_row(self.branch, self.go, self.delete, STRETCH)
        in_column((self.tree, 1), line, self.say, on=self)
        self.resize(scaled(680), scaled(300))
        QShortcut(QKeySequence.StandardKey.Delete, self.tree, self.remove, context=Qt.ShortcutContext.WidgetShortcut)
        self.tree.itemActivated.connect(lambda _item, _column: self.go_there())
        self.tree.itemSelectionChanged.connect(self._chose)
        chosen.changed.connect(self.show_branches)
        bench.updated.connect(self.show_branches)
        self.show_branches()

    def _dress_tree(self) -> None:
        self.tree.setAccessibleName("Branches")
        self.tree.setColumnCount(len(HEADS))
        self.tree.setHeaderLabels(HEADS)
        self.tree.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.tree.setItemsExpandable(False)
        self.tree.setItemDelegateForColumn(LINES, self.lines)
        header = self.tree.header()
        for place in range(len(HEADS) - 1):
            header.setSectionResizeMode(place, QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(len(HEADS) - 1, QHeaderView.ResizeMode.Stretch)

    # -- showing ---------------------------------------------------------------------------------------------------

    @property
    def name(self) -> str:
        """The network that is chosen in the tree."""
        items = self.tree.selectedItems()
        return items[0].text(0) if items else OWN_NAME

    def show_branches(self) -> None:
        """Bring the tree in line with what there is."""
        branches = list(self._branches)
        if branches != self._shown:
            form = [(each.name, each.parent) for each in branches]
            if form != [(each.name, each.parent) for each in self._shown]:
                self._make(branches)
            self._shown = branches
            self._write()
        if self.name != self._chosen.name and (items := self._items(self._chosen.name)):
            self.tree.setCurrentItem(items[0])
        self._enable()

    def _items(self, name: str) -> list[QTreeWidgetItem]:
        return self.tree.findItems(name, Qt.MatchFlag.MatchExactly | Qt.MatchFlag.MatchRecursive)

    def _make(self, branches: list[Branch]) -> None:
        chosen = self.name
        self.tree.blockSignals(True)
        self.tree.clear()
        items = {each.name: QTreeWidgetItem([each.name]) for each in branches}
        for each in branches:
            parent = items.get(each.parent)
            if parent is None:
                self.tree.addTopLevelItem(items[each.name])
            else:
                parent.addChild(items[each.name])
        self.tree.expandAll()
        self.tree.setCurrentItem(items.get(chosen, items[OWN_NAME]))
        self.tree.blockSignals(False)

    def _write(self) -> None:
        for each in self._shown:
            (item,) = self._items(each.name)
            at = "" if each.step is None else integer(each.step)
            for place, text in enumerate((integer(each.begins), at, "", each.refusal or each.differs), 1):
                item.setText(place, text)
                item.setToolTip(place, text)
            item.setData(LINES, Qt.ItemDataRole.AccessibleTextRole, _spoken(each))
        by_name = {each.name: each for each in self._shown}
        order = [by_name[name] for name in _names(self.tree.invisibleRootItem())]
        self.lines.rows = order
        self.tree.viewport().update()

    def _enable(self) -> None:
        other = self.name != OWN_NAME
        self.go.setEnabled(other)
        self.delete.setEnabled(other)
        self.branch.setEnabled(len(self._shown) < MOST)

    # -- what is asked for -----------------------------------------------------------------------------------------

    def _chose(self) -> None:
        """The forms show what is chosen here."""
        if self.name in self._chosen.names:
            self._chosen.choose(self.name)
        self._enable()

    def branch_here(self) -> None:
        self._tell(self._branches.branch_here() if len(self._shown) < MOST else FULL)

    def go_there(self) -> None:
        if self.name != OWN_NAME:
            self._tell(self._branches.go_to(self.name))

    def remove(self) -> None:
        if self.name != OWN_NAME:
            self._branches.remove(self.name)
            self._tell("")

    def _tell(self, reason: str) -> None:
        self.say.setText(reason or HELP)


def _spoken(branch: Branch) -> str:
    """What the drawing says."""
    parent = f" out of {branch.parent}" if branch.parent else ""
    end = "" if branch.step is None else f" to {integer(branch.step)}"
    return f"from step {integer(branch.begins)}{parent}{end}"


def _names(item: QTreeWidgetItem) -> Iterator[str]:
    """Of all below an item, from the top down."""
    for place in range(item.childCount()):
        if (child := item.child(place)) is not None:
            yield child.text(0)
            yield from _names(child)
