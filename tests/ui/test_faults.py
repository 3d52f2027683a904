"""Whatever goes wrong is in the log with its traceback, is told once, and the bench goes on."""

from __future__ import annotations

import ast
import logging
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from PySide6.QtCore import QTimer, Slot
from PySide6.QtGui import QGuiApplication, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from simulator import Experiment
from simulator.running.session import Session
from ui.bench.document import Document
from ui.settings.fault_log import FaultLog, log_qt, tail_of
from ui.settings.session_folder import SessionFolder, left_behind
from ui.settings.state_folder import state_folder
from ui.window.faults import log_path
from ui.window.main_window import MainWindow

ROOT = Path(__file__).parents[2]
PLAIN = {"data": {"kind": "moons", "samples": 40}, "layers": [{"kind": "dense", "units": 4}]}


@pytest.fixture
def faults(qtbot: QtBot) -> Iterator[FaultLog]:
    log = FaultLog(state_folder())
    log.install()
    yield log
    log.uninstall()


def raise_fault(number: int = 0) -> None:
    raise ZeroDivisionError(f"fault {number}")


class Faulty(QWidget):
    def paintEvent(self, _event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            painter.drawLine(0, 0, 9, 9)
            raise_fault()

    @Slot()
    def slot(self) -> None:
        raise_fault()


def test_what_is_raised_in_slots_timers_paints_and_threads_is_in_the_log(qtbot: QtBot, faults: FaultLog) -> None:
    told: list[str] = []
    faults.reported.connect(lambda sentence, _details: told.append(sentence))
    widget = Faulty()
    qtbot.addWidget(widget)
    with qtbot.captureExceptions():
        # pytest-qt takes the hook for itself; here it is the log's that is looked at.
        sys.excepthook, before = faults.take_exception, sys.excepthook
        try:
            QTimer.singleShot(0, widget.slot)
            qtbot.waitUntil(lambda: len(told) == 1)
            widget.show()
            qtbot.waitUntil(lambda: len(told) == 2)
            widget.hide()
            thread = threading.Thread(target=raise_fault)
            thread.start()
            thread.join()
            QTimer.singleShot(0, widget.slot)
            qtbot.waitUntil(lambda: len(told) == 3 and tail_of(log_path()).count("in slot") == 2)
        finally:
            sys.excepthook = before
    text = tail_of(log_path())
    assert text.count("fault 0\nTraceback") >= 4
    assert "in paintEvent" in text
    assert "in slot" in text
    assert len(told) == 3, "the slot's fault came twice"


def test_a_fault_is_told_once_in_the_banner_and_the_window_goes_on(qtbot: QtBot, faults: FaultLog) -> None:
    window = MainWindow(Document(Experiment.from_builtins(PLAIN)), lambda notify: Session("thread", notify))
    qtbot.addWidget(window)
    window.faults.listen(faults)

    def take(number: int) -> None:
        try:
            raise_fault(number)
        except ZeroDivisionError as error:
            faults.take_exception(type(error), error, error.__traceback__)

    take(0)
    qtbot.waitUntil(lambda: "fault 0" in window.banner.text)
    window.banner.clear()
    take(0)
    qtbot.wait(10)
    assert window.banner.text == ""
    take(7)
    qtbot.waitUntil(lambda: window.banner.text != "")
    assert window.banner.text.startswith("Something went wrong inside: ZeroDivisionError: fault 7.")
    assert "raise_fault" in window.banner.details
    window.faults.copy_report()
    report = QGuiApplication.clipboard().text()
    for part in ("numpy: ", "qt: ", "fault 7", '"kind": "moons"'):
        assert part in report
    window.bench.close()


def test_what_qt_says_is_in_the_log_and_what_it_warns_of_is_told_once(faults: FaultLog) -> None:
    from PySide6.QtCore import QMessageLogContext, QtMsgType

    told: list[str] = []
    faults.reported.connect(lambda sentence, _details: told.append(sentence))
    log_qt(QtMsgType.QtInfoMsg, QMessageLogContext(), "something usual")
    for _ in range(2):
        log_qt(QtMsgType.QtWarningMsg, QMessageLogContext(), "something odd")
    assert "nablascope.qt: something usual" in tail_of(log_path())
    assert "nablascope.qt: something odd" in tail_of(log_path())
    assert told == ["Qt warns: something odd. It is in the log (Help › Log)."]


def test_the_log_begins_anew_before_it_grows_too_large(faults: FaultLog) -> None:
    for number in range(400):
        faults.take("large", f"{number} " + "x" * 10_000)
    sizes = {path.name: path.stat().st_size for path in state_folder().iterdir() if path.is_file()}
    assert 2 <= len(sizes) <= 4
    assert max(sizes.values()) < 2**20 + 20_000


def test_what_comes_again_and_again_does_not_drive_out_what_came_before(faults: FaultLog) -> None:
    faults.take("the first", "Traceback of the first")
    for _ in range(20_000):
        faults.take("a paint", "x" * 1000)
    content = tail_of(log_path())
    assert log_path().stat().st_size < 16_000
    assert "Traceback of the first" in content
    assert content.count("x" * 1000) == 10
    assert content.count("so often until now") == 3
    assert content.rstrip().endswith("a paint (so often until now: 10000)")


def test_a_log_that_cannot_be_written_hinders_nothing(qtbot: QtBot) -> None:
    state_folder().parent.mkdir(parents=True, exist_ok=True)
    state_folder().parent.joinpath(state_folder().name).write_text("in the way")
    before = list(logging.getLogger("nablascope").handlers)
    log = FaultLog(state_folder())
    log.install()
    logging.getLogger("nablascope").error("nobody reads it")
    log.uninstall()
    assert state_folder().read_text() == "in the way"
    assert logging.getLogger("nablascope").handlers == before


def test_every_painter_is_ended_whatever_is_raised_while_it_paints() -> None:
    for path in sorted((ROOT / "ui").rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        entered = {
            id(item.context_expr) for node in ast.walk(tree) if isinstance(node, ast.With) for item in node.items
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "QPainter" and node.args:
                assert id(node) in entered, f"{path.name}: {node.lineno}"


CRASH = """
import faulthandler, sys
from pathlib import Path
from ui.settings.session_folder import SessionFolder
session = SessionFolder.begun(Path(sys.argv[1]))
session.watch_for_crashes()
faulthandler._sigsegv()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="another kind of crash")
def test_a_hard_crash_leaves_its_stacks_to_the_next_start(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    ended = subprocess.run([sys.executable, "-c", CRASH, str(tmp_path)], capture_output=True, env=environment)
    assert ended.returncode == -signal.SIGSEGV
    with_life = SessionFolder.begun(tmp_path)
    (dead,) = left_behind(tmp_path)
    assert "Segmentation fault" in dead.crash
    dead.end()
    assert not list(left_behind(tmp_path))
    with_life.end()


def start_badly(log: FaultLog) -> None:
    with ExitStack() as stack:
        stack.callback(log.uninstall)
        stack.push(log.take_end)
        raise RuntimeError("at the start")


def test_what_ends_the_program_at_its_start_is_in_the_log(tmp_path: Path) -> None:
    log = FaultLog(tmp_path)
    log.install()
    with pytest.raises(RuntimeError, match="at the start"):
        start_badly(log)
    assert "Traceback" in tail_of(log.path)
    assert "RuntimeError: at the start" in tail_of(log.path)
