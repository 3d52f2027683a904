"""Questions about files: where, and whether work may be lost."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal, TypeVar

from PySide6.QtWidgets import QAbstractButton, QFileDialog, QMessageBox, QPushButton, QWidget

from simulator.data import table
from simulator.experiment import embedded
from ui.dialogs import without_icons
from ui.forms.text_rows import patterns

T = TypeVar("T")
UnsavedAnswer = Literal["save", "keep", "discard", "cancel"]
ChangeAnswer = Literal["save as", "overwrite", "reload", "cancel"]
Usual = QMessageBox.StandardButton
KEEP = "Keep as .nabla…"
ENDINGS = patterns(table.ENDINGS)
EXPERIMENTS = "Experiment: settings only, readable (*.json)"
SHARED = "Shared experiment (*.nabla)"
RUNS = "Run: with weights and curves, goes on (*.nabla)"
KINDS = {".json": EXPERIMENTS, ".nabla": RUNS}
"""Ending → what is saved under it."""
CONTAINERS = patterns([*embedded.CONTAINERS])
OWN = "*.json *.nabla *.nabla-lesson"
OPENABLE = f"Experiments, runs, lessons, pictures and tables ({OWN} {CONTAINERS} {ENDINGS});;All files (*)"
CHANGES = "Changes by hand (*.json)"
TABLES = f"Tables ({ENDINGS});;All files (*)"


def ask_file(parent: QWidget, title: str, folder: Path, kinds: str) -> Path | None:
    """A file that there is."""
    name, _ = QFileDialog.getOpenFileName(parent, title, str(folder), kinds)
    return Path(name) if name else None


def ask_folder(parent: QWidget, title: str, folder: Path) -> Path | None:
    """Another folder, looked for from this one."""
    name = QFileDialog.getExistingDirectory(parent, title, str(folder))
    return Path(name) if name else None


def ask_open(parent: QWidget, folder: Path) -> Path | None:
    return ask_file(parent, "Open", folder, OPENABLE)


def ask_table(parent: QWidget, folder: Path) -> Path | None:
    return ask_file(parent, "Open data", folder, TABLES)


def ask_images(parent: QWidget, folder: Path) -> Path | None:
    """A folder with a sub-folder of pictures for each class."""
    return ask_folder(parent, "Folder with a sub-folder of images for each class", folder)


def ask_save(parent: QWidget, suggestion: Path) -> Path | None:
    """Where to save, and so which of both: the ending that is typed says it, else the kind that is chosen."""
    kinds, kind = ";;".join(KINDS.values()), KINDS.get(suggestion.suffix, EXPERIMENTS)
    name, chosen = QFileDialog.getSaveFileName(parent, "Save as", str(suggestion), kinds, kind)
    if not name:
        return None
    path = as_kind(Path(name), suggestion.suffix, chosen)
    return path if path == Path(name) or not path.exists() or ask_overwrite(parent, path) else None


def ask_share(parent: QWidget, suggestion: Path) -> Path | None:
    """Where what is shared shall be."""
    return ask_new(parent, "Share as", suggestion, SHARED, ".nabla")


def ask_keep(parent: QWidget, suggestion: Path) -> Path | None:
    """Where to keep a run."""
    return ask_new(parent, "Keep as .nabla", suggestion, RUNS, ".nabla")


def ask_changes(parent: QWidget, folder: Path, *, save: bool) -> Path | None:
    """Where a list of changes by hand is, or shall be."""
    if save:
        return ask_new(parent, "Export changes", folder / "changes.json", CHANGES)
    return ask_file(parent, "Import changes", folder, CHANGES)


def ask_new(parent: QWidget, title: str, suggestion: Path, kind: str, *endings: str) -> Path | None:
    """Where a file of this kind shall be: with one of these ``endings``, by default the suggested one.

    Behind a name that has none of them stands the first, so that what is in a file is what it is called.
    """
    name, _ = QFileDialog.getSaveFileName(parent, title, str(suggestion), kind)
    if not name:
        return None
    path, known = Path(name), endings or (suggestion.suffix,)
    if path.suffix.lower() in known:
        return path
    path = Path(f"{name}{known[0]}")
    return path if not path.exists() or ask_overwrite(parent, path) else None


def as_kind(path: Path, suggested: str, chosen: str) -> Path:
    """The path with the ending of the ``chosen`` kind, unless that of another than the ``suggested`` one is typed.

    What else stands behind a dot, as in ``net.v2``, is part of the name.
    """
    typed, ending = path.suffix.lower(), next((ending for ending, kind in KINDS.items() if kind == chosen), ".json")
    if typed == ending or (typed in KINDS and typed != suggested):
        return path
    return path.with_suffix(ending) if typed == suggested else Path(f"{path}{ending}")


def ask_overwrite(parent: QWidget, path: Path) -> bool:
    """Whether a file may be replaced, where the ending was not typed and so the system has not asked."""
    button = QMessageBox.StandardButton
    box = _question(parent, "Save as", f"{path.name} already exists.")
    box.setInformativeText("What stands in it would be lost.")
    box.setStandardButtons(button.Save | button.Cancel)
    box.button(button.Save).setText("Replace")
    box.setDefaultButton(button.Cancel)
    return _answered(box) == button.Save


def ask_unsaved(parent: QWidget, name: str, runs: str = "") -> UnsavedAnswer:
    """What to do with changes that would be lost, and with them the ``runs``, if any are named."""
    box = _question(parent, "Unsaved changes", f"{name} has changes that are not saved.")
    if runs:
        box.setInformativeText(f"They would be lost, and what was trained: {runs}. A .nabla keeps both.")
        return _answer(box, {KEEP: "keep", "Save experiment only": "save", Usual.Discard: "discard"}, "cancel")
    box.setInformativeText("Without saving they are lost.")
    return _answer(box, {Usual.Save: "save", Usual.Discard: "discard"}, "cancel")


def ask_changed(parent: QWidget, path: Path, *, gone: bool, reload: bool) -> ChangeAnswer:
    """What to do where another program has changed the document's file, or taken it away; ``reload`` can be had."""
    if gone:
        box = _question(parent, "The file has gone", f"{path.name} no longer stands where it was opened or saved.")
        box.setInformativeText("It was deleted, moved or renamed. What is open here is whole.")
    else:
        box = _question(
            parent, "The file has changed", f"{path.name} has been changed by another program since it was opened."
        )
        both = "Save as… keeps both. Overwrite puts what is open here in its place."
        anew = " Reload asks where to keep what is open here, then opens what stands in the file now."
        box.setInformativeText(both + anew if reload else both)
    choices: dict[str | QMessageBox.StandardButton, ChangeAnswer] = {
        "Save as…": "save as", "Save there again" if gone else "Overwrite": "overwrite",
    }  # fmt: skip
    if reload and not gone:
        choices["Reload…"] = "reload"
    return _answer(box, choices, "cancel")


def ask_run(parent: QWidget, name: str, runs: str) -> UnsavedAnswer:
    """What to do with ``runs`` that would be lost."""
    box = _question(parent, "Not saved", f"{name} has a run that is not saved.")
    box.setInformativeText(f"It would be lost: {runs}.")
    return _answer(box, {KEEP: "keep", Usual.Discard: "discard"}, "cancel")


def _answer(box: QMessageBox, choices: Mapping[str | QMessageBox.StandardButton, T], cancelled: T) -> T:
    """What is chosen, first of all what comes first; *Cancel* is a choice always, and where nothing is chosen."""
    role = QMessageBox.ButtonRole.AcceptRole
    answers: dict[QAbstractButton, T] = {}
    for button, answer in choices.items():
        made = box.addButton(button, role) if isinstance(button, str) else box.addButton(button)
        answers[made] = answer
    box.addButton(Usual.Cancel)
    box.setDefaultButton(next(made for made in answers if isinstance(made, QPushButton)))
    _answered(box)
    return answers.get(box.clickedButton(), cancelled)


def ask_recover(parent: QWidget, name: str, when: str, gain: str) -> bool | None:
    """Whether what was kept of an experiment whose window ended hard is to be restored; None where nobody answers."""
    button = QMessageBox.StandardButton
    box = _question(parent, "Not saved", f"The window with {name} ended before it was saved.")
    box.setInformativeText(
        f"Kept on {when}: {gain}. Restored, it is an untitled copy; no file is changed. It is offered once."
    )
    box.setStandardButtons(button.Yes | button.No)
    box.button(button.Yes).setText("Restore")
    box.button(button.No).setText("Leave it")
    box.setDefaultButton(button.Yes)
    return {int(button.Yes): True, int(button.No): False}.get(_answered(box))


def ask_reach(parent: QWidget, path: Path, reached: Path) -> bool:
    """Whether the experiment in ``path`` may read ``reached``, which lies elsewhere."""
    button = QMessageBox.StandardButton
    box = _question(parent, "A file from elsewhere", f"{path.name} names data outside of its own folder.")
    box.setInformativeText(f"May it read {reached}?")
    box.setStandardButtons(button.Yes | button.No)
    box.setDefaultButton(button.No)
    return _answered(box) == button.Yes


def _question(parent: QWidget, title: str, text: str) -> QMessageBox:
    box = QMessageBox(parent, icon=QMessageBox.Icon.Question)
    box.setWindowTitle(title)
    box.setText(text)
    return box


def _answered(box: QMessageBox) -> int:
    without_icons(box)
    answer = box.exec()
    box.deleteLater()
    return answer


def file_stem(name: str) -> str:
    """A file name made from an experiment's name."""
    kept = "".join(c if c.isalnum() or c in "-_" else "-" for c in name.strip().lower())
    return "-".join(part for part in kept.split("-") if part) or "experiment"
