"""Files that are not what they seem, opened in the window: one sentence each, and the open document stays."""

from __future__ import annotations

import os
import random
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from shiboken6 import isValid

from simulator.experiment.experiment import Experiment
from simulator.running.session import Session
from tests.simulator.mutants import FORMS, MOST_SECONDS, fault_of, images_bytes, mutant, zipped
from ui.bench.document import Document
from ui.dialogs import files
from ui.dialogs.table import TableDialog
from ui.window.main_window import MainWindow

ENDINGS = (".json", ".nabla", ".csv", ".csv.gz", ".xlsx", ".zip", ".png", ".svg", ".html", ".txt", "")
KINDS = ("pipe", "device", "socket", "link to itself", "link to nowhere", "empty", "zeros")
SINGLE = [name for name in FORMS if not name.endswith(" image")]


@pytest.fixture(scope="module")
def whole() -> dict[str, bytes]:
    return {name: FORMS[name].make() for name in SINGLE}


@pytest.fixture
def window(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Iterator[MainWindow]:
    plain = {"name": "mine", "data": {"kind": "moons", "samples": 40}, "layers": [], "batch_size": 20}
    made = MainWindow(Document(Experiment.from_builtins(plain)), lambda notify: Session("thread", notify))
    monkeypatch.setattr(files, "ask_unsaved", lambda *_: "cancel")
    monkeypatch.setattr(files, "ask_reach", lambda *_: False)
    qtbot.addWidget(made, before_close_func=lambda _: made.document.replace(made.document.experiment))
    made.bench.start()
    qtbot.waitUntil(lambda: made.bench.view is not None)
    # Unsaved: what opens all the same is then not taken in place of it.
    assert made.document.propose({**plain, "name": "changed"}, "Rename") is None
    yield made
    made.bench.close()


def drop(window: MainWindow, path: Path) -> None:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path))])
    left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    window.dropEvent(QDropEvent(QPointF(9, 9), Qt.DropAction.CopyAction, mime, left, none))


def answered(window: MainWindow, qtbot: QtBot) -> str:
    """What is said in the end; a table's dialog is waited for, and left."""
    for dialog in window.findChildren(TableDialog):
        # It shows the table, or says why it cannot, or has closed.
        qtbot.waitUntil(lambda d=dialog: not isValid(d) or d.pages.currentIndex() == 1)
        if isValid(dialog):
            dialog.reject()
    QApplication.sendPostedEvents()
    return window.banner.text


def special(folder: Path, kind: str, ending: str) -> Path:
    path = folder / f"x{ending}"
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "device":
        path.symlink_to("/dev/zero")
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(str(path))
    elif kind == "link to itself":
        path.symlink_to(path)
    elif kind == "link to nowhere":
        path.symlink_to(folder / "nowhere")
    else:
        path.write_bytes(b"" if kind == "empty" else bytes(5000))
    return path


@pytest.mark.skipif(sys.platform == "win32", reason="no such files there")
@pytest.mark.parametrize("kind", KINDS)
def test_what_is_no_file_is_said_whatever_it_is_called(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, kind: str
) -> None:
    before = window.document.experiment
    for ending in ENDINGS:
        path = special(tmp_path, kind, ending)
        window.banner.say("")
        began = time.process_time()
        drop(window, path)
        sentence = answered(window, qtbot)
        assert time.process_time() - began < MOST_SECONDS, path.name
        assert not fault_of(sentence), (path.name, sentence)
        assert "traceback" not in sentence.lower()
        assert window.document.experiment is before
        path.unlink()


@pytest.mark.parametrize("form", SINGLE)
def test_mutants_leave_the_open_document_and_are_told_in_one_sentence(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, whole: dict[str, bytes], form: str
) -> None:
    draws, before = random.Random(7), window.document.experiment
    path = tmp_path / FORMS[form].name
    count = 4 if "table" in form or "sheet" in form else 12
    for _ in range(count):
        path.write_bytes(mutant(whole[form], draws))
        window.banner.say("")
        window.experiments.open_path(path)
        sentence = answered(window, qtbot)
        if window.document.experiment is not before:
            # Images that are whole still are data that can be undone.
            assert form == "zipped images"
            window.document.undo_stack.undo()
        elif sentence:
            assert not fault_of(sentence), sentence
        assert window.document.experiment == before


def test_a_folder_or_archive_without_images_for_classes_is_not_taken_as_data(
    window: MainWindow, tmp_path: Path
) -> None:
    before = window.document.experiment
    (tmp_path / "folder.json" / "a").mkdir(parents=True)
    (tmp_path / "x.zip").write_bytes(zipped({"a/x.png": b"", "b/x.png": b""}))
    (tmp_path / "one.zip").write_bytes(zipped({"a/x.png": b"", "a/y.png": b""}))
    for name in ("folder.json", "x.zip", "one.zip"):
        window.experiments.open_path(tmp_path / name)
        assert window.banner.text.startswith("Not opened: ")
        assert window.document.experiment is before
    (tmp_path / "images.zip").write_bytes(images_bytes())
    window.experiments.open_path(tmp_path / "images.zip")
    assert window.document.experiment.data.kind == "images"


@pytest.mark.parametrize(
    ("ending", "place"),
    [
        (".json", "ui.bench.document.read"),
        (".nabla", "simulator.running.nabla.shared_file.read"),
        (".nabla", "simulator.running.nabla.run_file.taken_up"),
        (".zip", "ui.window.experiments.check_images"),
        (".png", "ui.window.experiments.extract"),
    ],
)
def test_memory_that_runs_out_is_told_in_one_sentence(
    window: MainWindow,
    tmp_path: Path,
    whole: dict[str, bytes],
    monkeypatch: pytest.MonkeyPatch,
    ending: str,
    place: str,
) -> None:
    def spent(*_given: object) -> None:
        raise MemoryError

    form = {".json": "experiment", ".nabla": "run", ".zip": "zipped images", ".png": "carrying picture"}[ending]
    path = tmp_path / f"x{ending}"
    path.write_bytes(whole[form])
    monkeypatch.setattr(place, spent)
    before = window.document.experiment
    window.experiments.open_path(path)
    assert window.banner.text == f"Not opened: there is not enough memory for x{ending}"
    assert window.document.experiment is before
