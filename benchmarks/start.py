"""How long until the first window, beside a bare window of the same libraries; and what imports cost."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.report import Options, Section, Table
from benchmarks.rounds import Spread, Timed

ROOT = Path(__file__).resolve().parents[1]
LIMIT_SECONDS = 60
"""A start that takes longer has failed."""
SHOWN = """
class Shown(QObject):
    def eventFilter(self, watched, event):
        if event.type() == QEvent.Type.UpdateRequest and ready():
            QTimer.singleShot(0, done)
        return False
def done():
    print(time.monotonic(), flush=True)
    QCoreApplication.quit()
"""
BARE = f"""
import time
from PySide6.QtCore import QCoreApplication, QEvent, QObject, QTimer
from PySide6.QtWidgets import QApplication, QMainWindow
import numpy as np
import pyqtgraph as pg
{SHOWN}
ready = lambda: True
app = QApplication([])
window = QMainWindow()
grid = pg.GraphicsLayoutWidget()
for row in range(2):
    for column in range(2):
        grid.addPlot(row, column).plot(np.arange(10.0))
window.setCentralWidget(grid)
window.resize(1280, 800)
shown = Shown()
window.installEventFilter(shown)
window.show()
app.exec()
"""
OURS = f"""
import time
from PySide6.QtCore import QCoreApplication, QEvent, QObject, QSettings, QTimer
from PySide6.QtWidgets import QMainWindow
import os, sys
QSettings.setDefaultFormat(QSettings.Format.IniFormat)
QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, os.environ["NABLASCOPE_SETTINGS"])
{SHOWN}
from ui.app import create_app, open_bench
from ui.main_window import MainWindow
app = create_app()
def top():
    return next((w for w in app.topLevelWidgets() if isinstance(w, MainWindow)), None)
def ready():
    return top() is not None and (top().bench.view is not None or not LIVE)
class Watch(Shown):
    def eventFilter(self, watched, event):
        return isinstance(watched, MainWindow) and super().eventFilter(watched, event)
watch = Watch()
app.installEventFilter(watch)
open_bench(None)
"""
STARTS = {
    "bare window, four plots": BARE,
    "window": OURS.replace("LIVE", "False"),
    "window with a live preset": OURS.replace("LIVE", "True"),
}
IMPORTS = {
    "python": "pass",
    "numpy": "import numpy",
    "simulator": "import simulator.session",
    "PySide6 and pyqtgraph": "import pyqtgraph, PySide6.QtWidgets",
    "the whole program": "import ui.app",
}


def _run(code: str, settings: str) -> str:
    environment = dict(os.environ) | {"NABLASCOPE_SETTINGS": settings}
    environment.setdefault("QT_QPA_PLATFORM", "offscreen")
    environment["PYTHONPATH"] = str(ROOT)
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=LIMIT_SECONDS,
    )
    if done.returncode:
        raise RuntimeError(f"a start failed: {done.stderr.strip()}")
    return done.stdout


def _rounds(works: dict[str, str], rounds: int, shown: bool) -> Timed:
    """Seconds from the start of a process to what it prints (``shown``) or to its end."""
    found: dict[str, list[float]] = {name: [] for name in works}
    with TemporaryDirectory() as settings:
        for _ in range(rounds):
            for name, code in works.items():
                start = time.monotonic()
                said = _run(code, settings)
                end = float(said.split()[0]) if shown else time.monotonic()
                found[name].append(end - start)
    return Timed(found)


def _table(title: str, timed: Timed, base: str) -> tuple[Table, dict[str, object]]:
    table = Table(title, ["", "ms (quartiles)", f"× {base}"])
    data: dict[str, object] = {}
    for name in timed.seconds:
        spread: Spread = timed.spread(name, 1e3)
        ratio = timed.ratio(name, base)
        table.rows.append([name, spread.text(0), ratio.text()])
        data[name] = {"ms": spread.plain(), "ratio": ratio.plain()}
    return table, data


def run(options: Options) -> Section:
    rounds = 2 if options.quick else 9
    section = Section()
    starts = _rounds(STARTS, rounds, shown=True)
    title = "From the start of the process to a painted window"
    table, section.data["starts"] = _table(title, starts, next(iter(STARTS)))
    section.tables.append(table)
    imports = _rounds(IMPORTS, rounds, shown=False)
    table, section.data["imports"] = _table("Imports, whole process", imports, "python")
    section.tables.append(table)
    return section
