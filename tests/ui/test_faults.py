"""Whatever goes wrong is in the log with its traceback, is told once, and the bench goes on."""

from __future__ import annotations

import ast
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
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
    faults.told.connect(lambda sentence, _details: told.append(sentence))
    widget = Faulty()
    qtbot.addWidget(widget)
    with qtbot.captureExceptions():
        # pytest-qt takes the hook for itself; here it is the log's that is looked at.
        sys.excepthook, before = faults.take_exception, sys.excepthook
        try:
            QTimer.singleShot(0, widget.slot)
            qtbot.wait(20)
            first = len(told)
            widget.show()
            qtbot.wait(50)
            widget.hide()
            thread = threading.Thread(target=raise_fault)
            thread.start()
            thread.join()
            QTimer.singleShot(0, widget.slot)
            qtbot.wait(20)
        finally:
            sys.excepthook = before
    text = tail_of(log_path())
    assert text.count("fault 0\nTraceback") >= 4
    assert "in paintEvent" in text
    assert "in slot" in text
    assert first == 1
    # The slot's fault came twice.
    assert len(told) == 3


def test_a_fault_is_told_once_in_the_banner_and_the_window_goes_on(qtbot: QtBot, faults: FaultLog) -> None:
    window = MainWindow(Document(Experiment.from_builtins(PLAIN)), lambda notify: Session("thread", notify))
    qtbot.addWidget(window)
    window.faults.listen(faults)
    for _ in range(2):
        try:
            raise_fault()
        except ZeroDivisionError as error:
            faults.take_exception(type(error), error, error.__traceback__)
        qtbot.wait(10)
        text, details = window.banner.text, window.banner.details
        window.banner.clear()
    assert text == ""
    del details
    try:
        raise_fault(7)
    except ZeroDivisionError as error:
        faults.take_exception(type(error), error, error.__traceback__)
    qtbot.wait(10)
    assert window.banner.text.startswith("Something went wrong inside: ZeroDivisionError: fault 7.")
    assert "raise_fault" in window.banner.details
    window.faults.copy_report()
    report = QGuiApplication.clipboard().text()
    for part in ("numpy: ", "qt: ", "fault 7", '"kind": "moons"'):
        assert part in report
    window.bench.close()


def test_what_qt_says_is_in_the_log(faults: FaultLog) -> None:
    from PySide6.QtCore import QMessageLogContext, QtMsgType

    log_qt(QtMsgType.QtWarningMsg, QMessageLogContext(), "something odd")
    assert "nablascope.qt: something odd" in tail_of(log_path())


def test_the_log_begins_anew_before_it_grows_too_large(faults: FaultLog) -> None:
    for number in range(400):
        faults.take("large", f"{number} " + "x" * 10_000)
    sizes = {path.name: path.stat().st_size for path in state_folder().iterdir() if path.is_file()}
    assert 2 <= len(sizes) <= 4
    assert max(sizes.values()) < 2**20 + 20_000


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


# -- ends ------------------------------------------------------------------------------------------------------------

SLOW = {
    "data": {"kind": "gaussian", "samples": 4000, "features": 400, "classes": 4},
    "layers": [{"kind": "dense", "units": 3000, "repeat": 3}],
    "batch_size": 4000,
}
WINDOW = """
import os, sys
from PySide6.QtCore import QTimer
import main
from ui.app import create_app
from ui.window.main_window import MainWindow
app = create_app()
def window():
    return next(w for w in app.topLevelWidgets() if isinstance(w, MainWindow))
def begin():
    window().bench.play()
    print("playing", flush=True)
QTimer.singleShot(int(sys.argv[3]), begin)
if sys.argv[4] == "close":
    QTimer.singleShot(int(sys.argv[3]) + 1500, lambda: (print("closing", flush=True), window().close()))
sys.exit(main.main([sys.argv[1], "--worker", sys.argv[2]]))
"""


def opened(tmp_path: Path, described: dict[str, object], worker: str, do: str) -> subprocess.Popen[str]:
    file = tmp_path / "experiment.json"
    file.write_bytes(Experiment.from_builtins(described).to_json())
    environment = {
        **os.environ, "PYTHONPATH": str(ROOT), "QT_QPA_PLATFORM": "offscreen",
        "XDG_CONFIG_HOME": str(tmp_path / "config"), "XDG_STATE_HOME": str(tmp_path / "state"),
    }  # fmt: skip
    return subprocess.Popen(
        [sys.executable, "-c", WINDOW, str(file), worker, "500", do],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment, cwd=ROOT,
    )  # fmt: skip


@pytest.mark.parametrize("worker", ["thread", "process"])
def test_a_window_closes_within_two_seconds_in_the_midst_of_a_long_step(tmp_path: Path, worker: str) -> None:
    process = opened(tmp_path, SLOW, worker, "close")
    assert process.stdout is not None
    while process.stdout.readline() not in ("closing\n", ""):
        pass
    began = time.monotonic()
    _, told = process.communicate(timeout=60)
    assert process.returncode == 0, told
    assert time.monotonic() - began < 2.5
    assert "Traceback" not in told


@pytest.mark.skipif(sys.platform == "win32", reason="no such signals")
@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("worker", ["thread", "process"])
def test_a_signal_ends_the_window_with_its_status(
    tmp_path: Path, worker: str, number: signal.Signals, status: int
) -> None:
    process = opened(tmp_path, PLAIN, worker, "wait")
    assert process.stdout is not None
    process.stdout.readline()
    process.send_signal(number)
    _, told = process.communicate(timeout=20)
    assert process.returncode == status, told
    assert "Traceback" not in told
