"""Where a run without a window, and the module in Python, write and read."""

from __future__ import annotations

import contextlib
import csv
import io
from collections.abc import Callable
from pathlib import Path

import main
import nablascope
from simulator.experiment.experiment import Experiment
from simulator.experiment.files import read
from simulator.experiment.files import write as write_experiment
from simulator.running.headless.run import run
from simulator.running.nabla import run_file
from tests.faults.cells import Place
from tests.faults.faults import (
    BROKEN,
    CHANGED,
    DENIED,
    FULL,
    INTERRUPTED_LATER,
    KILLED,
    KILLED_LATER,
    MEMORY,
    OF_READING,
    OF_WRITING,
    READ_ONLY,
    VANISHED,
)  # fmt: skip

PLAIN = {
    "name": "before", "data": {"kind": "moons", "samples": 60}, "layers": [{"kind": "dense", "units": 4}],
    "batch_size": 20,
}  # fmt: skip


def experiment(name: str = "before") -> Experiment:
    return Experiment.from_builtins({**PLAIN, "name": name})


def put_experiment(folder: Path) -> None:
    write_experiment(experiment(), folder / "net.json")


def put_run(folder: Path) -> None:
    write_experiment(experiment(), folder.parent / "net.json")
    run(experiment(), steps=2, save=folder / "net.nabla")


def command(*arguments: object) -> str:
    """What a command says as an error, or that it did all; its files go into the folder."""
    said = io.StringIO()
    with contextlib.redirect_stderr(said), contextlib.redirect_stdout(io.StringIO()):
        status = main.main([str(each) for each in arguments])
    # That it will end was said when it was asked to.
    beside = ("note: ", "\r", "ending after this step")
    lines = [line for line in said.getvalue().splitlines() if line.strip() and not line.startswith(beside)]
    told = "\n".join(lines) or said.getvalue().strip()
    return f"{told} (status {status})" if told else f"status {status}" if status else ""


def rows_are_whole(folder: Path) -> str:
    """What is wrong with the tables that stand there."""
    for path in folder.rglob("*.csv"):
        text = path.read_text(encoding="utf-8")
        rows = list(csv.reader(io.StringIO(text)))
        if text and (not text.endswith("\n") or any(len(row) != len(rows[0]) for row in rows)):
            return f"{path.name} ends in the midst of a row"
    return ""


def experiment_is_whole(folder: Path) -> str:
    return _opens(lambda: read(folder / "net.json"))


def run_is_whole(folder: Path) -> str:
    return _opens(lambda: run_file.taken_up(run_file.read(folder / "net.nabla")))


def _opens(opened: Callable[[], object]) -> str:
    try:
        opened()
    except ValueError as error:
        return str(error)
    return ""


def _save(folder: Path) -> str:
    try:
        nablascope.save(experiment("new"), folder / "net.json")
    except OSError as error:
        return f"{error.filename}: {error.strerror}"
    except MemoryError:
        return "MemoryError, as whoever calls expects"
    return ""


def _put_beside(folder: Path) -> None:
    """What is trained, where nothing goes wrong."""
    write_experiment(experiment(), folder.parent / "net.json")


def _run(folder: Path) -> str:
    # So many that Ctrl+C comes before the end; a disk of a megabyte has no room for all.
    return command("run", folder.parent / "net.json", "--steps", 30_000, "--out", folder / "out", "--no-plots")


def _put_unfinished(folder: Path) -> None:
    write_experiment(experiment(), folder.parent / "net.json")
    asked = iter([False] * 5 + [True] * 10)
    run(read(folder.parent / "net.json"), steps=9, out=folder / "out", stop=lambda: next(asked))


def _resume(folder: Path) -> str:
    return command("run", folder.parent / "net.json", "--steps", 9, "--out", folder / "out", "--no-plots", "--resume")


def _keep_end(folder: Path) -> str:
    beside = folder.parent
    kept = ("--save", folder / "net.nabla")
    return command("run", beside / "net.json", "--steps", 3, "--out", beside / "out", "--no-plots", *kept)


def _manual(folder: Path) -> str:
    return command("manual", "--out", folder / "manual")


def _draw(folder: Path) -> str:
    result = run(experiment(), steps=1)
    try:
        main.Window().draw_run(result, folder / "plots")
    except OSError as error:
        return str(error)
    return ""


def _open(ending: str) -> Callable[[Path], str]:
    return lambda folder: command(
        "run", folder / f"net{ending}", "--steps", 1, "--out", folder.parent / "out", "--no-plots"
    )


def _empty(_folder: Path) -> None:
    """Nothing stands there."""


WRITTEN = (FULL, READ_ONLY, DENIED, BROKEN, INTERRUPTED_LATER, KILLED_LATER, MEMORY)
PLACES = (
    Place("nablascope.save", put_experiment, _save, tuple(each for each in OF_WRITING if each is not CHANGED),
          "simulator.experiment.files.write_atomic", experiment_is_whole),
    Place("run --out: rows", _put_beside, _run, WRITTEN, "simulator.running.headless.start.Training", rows_are_whole,
          changes=True),
    Place("run --save", put_run, _keep_end,
          (FULL, READ_ONLY, VANISHED, DENIED, BROKEN, KILLED, MEMORY), "simulator.running.nabla.run_file.write_into",
          run_is_whole),
    Place("run: plots", _empty, _draw, (FULL, READ_ONLY, DENIED, BROKEN, MEMORY), "ui.export.pictures.write_atomic",
          changes=True),
    Place("manual", _empty, _manual, (FULL, READ_ONLY, DENIED, BROKEN, MEMORY), "ui.manual.book.write_atomic",
          changes=True),
    Place("run FILE.json", put_experiment, _open(".json"), OF_READING, "simulator.experiment.files.read_regular"),
    Place("run FILE.nabla", put_run, _open(".nabla"), OF_READING, "simulator.running.nabla.archive.zip_of"),
    Place("run --resume", _put_unfinished, _resume, (DENIED, MEMORY), "simulator.running.headless.folder.read_regular",
          rows_are_whole, changes=True),
)  # fmt: skip
