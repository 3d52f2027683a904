"""What a frame of the landscape costs the window with six paths: played, and with the start under a hand."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from benchmarks.apart import apart
from benchmarks.report import Options, Section, Table
from benchmarks.rounds import Spread

SIX: dict[str, Any] = {
    "SGD": {"kind": "sgd", "learning_rate": 0.015},
    "momentum": {"kind": "sgd", "learning_rate": 0.015, "momentum": 0.9},
    "Adam": {"kind": "adam", "learning_rate": 0.05}, "AdamW": {"kind": "adamw", "learning_rate": 0.02},
    "RMSProp": {"kind": "rmsprop"}, "AdaGrad": {"kind": "adagrad", "learning_rate": 0.1},
}  # fmt: skip
FUNCTIONS = ("ravine", "rosenbrock", "minima", "typed")
SIZE, STEPS, FRAMES = (1280, 800), 200, 100
FRAME_MS = 1000 / 60


def _cost(act: Callable[[int], object], frames: int) -> float:
    """Processor milliseconds of this thread per frame, painting included."""
    from PySide6.QtWidgets import QApplication

    began = time.thread_time()
    for frame in range(frames):
        act(frame)
        QApplication.processEvents()
    return 1e3 * (time.thread_time() - began) / frames


def _drag(model: Any, places: Sequence[tuple[float, float]], frame: int) -> None:
    model.edit(("start",), list(places[frame]), False)


def observe(function: str, quick: bool) -> dict[str, list[float]]:
    """Rounds of both, in this process."""
    from simulator.landscape.landscape import Landscape
    from ui.app import create_app
    from ui.landscape.view import LandscapeView

    app = create_app()
    view = LandscapeView(Landscape.from_builtins({"function": function, "optimizers": SIX, "steps": STEPS}))
    view.resize(*SIZE)
    view.show()
    model = view.model
    while any(path.steps < STEPS for path in model.course.paths):
        app.processEvents()
    (x0, x1), (y0, y1) = model.course.window
    frames = 3 if quick else FRAMES
    costs: dict[str, list[float]] = {"played": [], "dragged": []}
    for _ in range(1 if quick else 7):
        model.set_speed(1)
        model.go_to(0)
        model.toggle()
        costs["played"].append(_cost(lambda frame: model.go_to(frame * STEPS // frames), frames))
        model.hold()
        places = [(x0 + (x1 - x0) * share / frames, y0 + (y1 - y0) * share / frames) for share in range(frames)]
        costs["dragged"].append(_cost(partial(_drag, model, places), frames))
    view.close()
    return costs


def run(options: Options) -> Section:
    section = Section()
    rows = list[Sequence[str]]()
    for function in FUNCTIONS:
        costs = apart(observe, function, options.quick, environment={"QT_QPA_PLATFORM": "offscreen"})
        spreads = {name: Spread.of(values) for name, values in costs.items()}
        section.data[function] = {name: spread.plain() for name, spread in spreads.items()}
        rows.append([function, *(f"{each.median:.1f} ({each.low:.1f}–{each.high:.1f})" for each in spreads.values())])
    about = (
        f"Six paths of {STEPS} steps, view of {SIZE[0]} × {SIZE[1]} pixels, painting included; 60 frames per second "
        f"leave {FRAME_MS:.1f} ms for each. Dragged, all six are raced anew in each frame. Qt platform: offscreen"
    )
    head = ["function", "processor ms per frame, played", "dragged"]
    section.tables.append(Table(about, head, rows))
    return section
