"""Where the window writes reports and animations."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

from PySide6.QtCore import QObject, Signal

from simulator.record.frame import Frame
from simulator.running.beside.recomputation import Recomputed
from tests.faults.cells import Place
from tests.faults.faults import BROKEN, DENIED, FULL, KILLED, MEMORY, READ_ONLY, VANISHED
from tests.faults.window import be_unsaved, held, wait, window
from ui.animation.animator import AnimatedRun, Animation, Animator
from ui.animation.plan import Plan, Stretch
from ui.animation.recomputer import Recomputer
from ui.export import ExportError
from ui.plots.base import Plot
from ui.report.writing import write_report
from ui.window.reported import reported

WRITTEN = (FULL, READ_ONLY, VANISHED, DENIED, BROKEN, KILLED, MEMORY)
OLD = b"old"


class Present(QObject):
    """Brings the present step, whatever is asked for."""

    arrived = Signal(object)
    failed = Signal(str)

    def __init__(self, frame: Frame, parent: QObject) -> None:
        super().__init__(parent)
        self._frame = frame

    def ask(self, _stretches: tuple[Stretch, ...], _plot: Plot[Any]) -> None:
        self.arrived.emit(Recomputed(1, self._frame, 0, 0.0, 0.0))

    def cancel(self) -> None:
        """All has come."""


def _shown() -> Frame:
    be_unsaved()
    wait(lambda: window().bench.view is not None and window().plot_area.plots["gradient_depth"].state is not None)
    view = window().bench.view
    assert view is not None
    return view.frame


def _report(folder: Path) -> str:
    _shown()
    run = reported(window().bench, window().findings.rounds)
    try:
        write_report(run, [window().plot_area.plots["gradient_depth"]], folder / "net.html")
    except ExportError as error:
        return str(error)
    return ""


def _animate(folder: Path) -> str:
    frame, plot = _shown(), window().plot_area.plots["gradient_depth"]
    told: list[str] = []
    frames = cast("Recomputer", Present(frame, window()))
    # Of a size that a disk of a megabyte has no room for.
    animation = Animation(folder / "net.png", width=1600, height=1200, scale=4.0)
    animator = Animator(plot, AnimatedRun(window().bench.record), frames, animation, window())
    animator.failed.connect(told.append)
    animator.finished.connect(lambda _sentence: told.append(""))
    animator.start(Plan((Stretch(frame.step, (frame.step,)),), 1.0, even=True))
    wait(lambda: bool(told))
    return told[0]


def _put_old(name: str, folder: Path) -> None:
    (folder / name).write_bytes(OLD)


def _old_or_new(name: str, end: bytes, folder: Path) -> str:
    content = (folder / name).read_bytes()
    return "" if content == OLD or content.endswith(end) else "neither old nor new"


def _place(what: str, name: str, act: Callable[[Path], str], memory: str, end: bytes) -> Place:
    whole = functools.partial(_old_or_new, name, end)
    return Place(what, functools.partial(_put_old, name), act, WRITTEN, memory, whole, held)


PLACES = (
    _place("report", "net.html", _report, "ui.report.writing.write_atomic", b"</html>\n"),
    _place("animation", "net.png", _animate, "ui.animation.animator.pixels_of", b"IEND\xaeB`\x82"),
)
