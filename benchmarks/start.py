"""How long until the first window, beside a bare window of the same libraries; and what imports cost."""

from __future__ import annotations

import os
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.apart import ran
from benchmarks.report import Options, Section, Table
from benchmarks.rounds import Timed

SHOWN = """
class Shown(QObject):
    def eventFilter(self, watched, event):
        if event.type() == QEvent.Type.UpdateRequest and ready():
            QTimer.singleShot(0, done)
        return False
def done():
    print(time.monotonic(), time.process_time(), flush=True)
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
import gc, main
gc.disable()
transport = main.launched(None)
import simulator.running.session
import ui.app
import os, time
from PySide6.QtCore import QCoreApplication, QEvent, QObject, QSettings, QTimer
QSettings.setDefaultFormat(QSettings.Format.IniFormat)
QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, os.environ["NABLASCOPE_SETTINGS"])
{SHOWN}
shown, make = Shown(), ui.app.MainWindow
def watched(*given):
    global window
    window = make(*given)
    window.installEventFilter(shown)
    return window
def ready():
    return not LIVE or (window.bench.view is not None and not window.plot_area.feed.refreshing)
ui.app.MainWindow = watched
try:
    ui.app.open_bench(ui.app.presets()[0].id if LIVE else None, None, transport)
finally:
    transport and transport.close(2.0)
"""
"""What ``main.py`` does, with an eye on the window: on its start page, or on the plots of the first preset's step 0."""
STARTS = {
    "bare window, four plots": BARE,
    "window": OURS.replace("LIVE", "False"),
    "window with a live preset": OURS.replace("LIVE", "True"),
}
PRINT_TIMES = "; import time; print(time.monotonic(), time.process_time())"
IMPORTS = {
    "python": "pass" + PRINT_TIMES,
    "numpy": "import numpy" + PRINT_TIMES,
    "simulator": "import simulator.running.session" + PRINT_TIMES,
    "PySide6 and pyqtgraph": "import pyqtgraph, PySide6.QtWidgets" + PRINT_TIMES,
    "the whole program": "import ui.app" + PRINT_TIMES,
}


def _run(code: str, folder: str) -> str:
    # Bytecode is kept between starts, as it is wherever Python is left to itself.
    environment = {"NABLASCOPE_SETTINGS": folder, "PYTHONPYCACHEPREFIX": str(Path(folder) / "bytecode")}
    environment["PYTHONDONTWRITEBYTECODE"] = ""
    environment["QT_QPA_PLATFORM"] = os.environ.get("QT_QPA_PLATFORM", "offscreen")
    return ran(code, "a start", environment)


def _rounds(works: dict[str, str], rounds: int, folder: str) -> tuple[Timed, Timed]:
    """Seconds from the start of a process to what it prints or to its end; and its own processor time until then."""
    wall: dict[str, list[float]] = {name: [] for name in works}
    used: dict[str, list[float]] = {name: [] for name in works}
    if rounds > 1:
        for code in works.values():
            _run(code, folder)
    for _ in range(rounds):
        for name, code in works.items():
            start = time.monotonic()
            shown, spent = map(float, _run(code, folder).split()[:2])
            wall[name].append(shown - start)
            used[name].append(spent)
    return Timed(wall), Timed(used)


def _table(title: str, timed: tuple[Timed, Timed], base: str) -> tuple[Table, dict[str, object]]:
    wall, used = timed
    table = Table(title, ["", "ms (quartiles)", f"× {base}", "processor ms of this process", f"× {base}"])
    data: dict[str, object] = {}
    for name in wall.seconds:
        row = [name]
        for clock in timed:
            row += [clock.spread(name, 1e3).text(0), clock.ratio(name, base).text()]
        table.rows.append(row)
        data[name] = {"ms": wall.spread(name, 1e3).plain(), "ratio": wall.ratio(name, base).plain()} | {
            "processor_ms": used.spread(name, 1e3).plain(), "processor_ratio": used.ratio(name, base).plain()
        }  # fmt: skip
    return table, data


def run(options: Options) -> Section:
    rounds = 1 if options.quick else 11
    section = Section()
    with TemporaryDirectory() as folder:
        starts = _rounds(STARTS, rounds, folder)
        title = "From the start of the process to a painted window"
        table, section.data["starts"] = _table(title, starts, next(iter(STARTS)))
        section.tables.append(table)
        if not options.quick:
            imports = _rounds(IMPORTS, rounds, folder)
            table, section.data["imports"] = _table("Imports, whole process", imports, "python")
            section.tables.append(table)
    return section
