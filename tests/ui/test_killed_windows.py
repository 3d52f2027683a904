"""A window may be killed at any moment: the next start brings experiment and run back, as whole as they were kept."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from queue import Empty, Queue
from typing import Any, NamedTuple

import numpy as np
import pytest

from simulator import Experiment
from simulator.running.nabla import run_file
from simulator.training.checkpoint_files import WEIGHTS, written
from simulator.training.training import Training
from ui.settings.session_folder import left_behind

ROOT = Path(__file__).parents[2]
PLAIN = {
    "name": "0", "data": {"kind": "moons", "samples": 40}, "batch_size": 8, "optimizer": {"kind": "adam"},
    "layers": [{"kind": "dense", "units": 4, "dropout": {"kind": "inverted"}, "normalization": {"kind": "batch"}}],
}  # fmt: skip
WORKERS = ("process", "thread")
NOTHING_COMES_SECONDS = 60.0


class Program:
    """A window on the experiment, in a process of its own."""

    def __init__(self, folder: Path, worker: str, do: str = "go on", file: str = "experiment.json") -> None:
        path = folder / file
        if not path.exists():
            path.write_bytes(Experiment.from_builtins(PLAIN).to_json())
        environment = {
            **os.environ, "PYTHONPATH": str(ROOT), "QT_QPA_PLATFORM": "offscreen",
            "XDG_CONFIG_HOME": str(folder / "config"), "XDG_STATE_HOME": str(folder / "state"),
        }  # fmt: skip
        script = str(ROOT / "tests" / "ui" / "recovering_window.py")
        self.process = subprocess.Popen(
            [sys.executable, script, str(path), worker, do],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment, cwd=ROOT,
        )  # fmt: skip
        self.lines: Queue[dict[str, Any]] = Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.put(json.loads(line))

    def next(self, seconds: float = NOTHING_COMES_SECONDS) -> dict[str, Any]:
        """What it tells next; nothing where it does not within so many seconds."""
        try:
            return self.lines.get(timeout=seconds)
        except Empty:
            return {}

    def all_told(self) -> list[dict[str, Any]]:
        """What it has told until it ended by itself."""
        self.process.wait(timeout=NOTHING_COMES_SECONDS)
        self._reader.join()
        return [self.lines.get() for _ in range(self.lines.qsize())]

    def kill(self) -> str:
        """End it hard; what it has said of errors until then."""
        self.process.kill()
        self._reader.join()
        assert self.process.stderr is not None
        said = "" if self.process.stderr.closed else self.process.stderr.read()
        self.process.__exit__(None, None, None)
        return said


def sessions(folder: Path) -> Path:
    return next((folder / "state").rglob("sessions")).parent


def wait_until_kept(folder: Path, documents: int = 1) -> None:
    end = time.monotonic() + NOTHING_COMES_SECONDS
    while len(list((folder / "state").rglob("run-*.nabla"))) < documents and time.monotonic() < end:
        time.sleep(0.02)


class Restored(NamedTuple):
    step: int
    number: int
    """How often the experiment had been changed."""


def taken_up_again(program: Program, before: Restored) -> Restored:
    """What a start after a kill offers, and restores just so."""
    offered = program.next()
    assert "changes that are not saved and a run of" in offered.get("offered", ""), offered
    restored = program.next()
    digits = "".join(filter(str.isdigit, offered["offered"].partition("run of")[2].partition("step")[0]))
    assert restored["step"] == restored["steps"] == int(digits) >= before.step
    assert (restored["path"], restored["dirty"]) == (None, True)
    assert int(restored["name"]) >= max(before.number, 1)
    return Restored(restored["step"], int(restored["name"]))


def check_kills(start: Callable[..., Program], folder: Path, kills: int, seed: int) -> None:
    moments = np.random.default_rng(seed)
    program, restored = start("thread"), Restored(0, 0)
    assert program.next() == {"offered": ""}
    wait_until_kept(folder)
    for kill in range(kills):
        time.sleep(moments.uniform(0, 0.8))
        assert "Traceback" not in program.kill()
        if moments.random() < 0.2:  # A start that is killed at any moment, too, loses nothing.
            early = start(WORKERS[kill % 2])
            time.sleep(moments.uniform(0, 2))
            assert "Traceback" not in early.kill()
        program = start(WORKERS[kill % 2])
        restored = taken_up_again(program, restored)
    assert (folder / "experiment.json").read_bytes() == Experiment.from_builtins(PLAIN).to_json()
    program.kill()
    check_bits(folder, restored.step)


def check_bits(folder: Path, least: int) -> None:
    """Whether the last run that was kept is that of a training without a stop."""
    left = list(left_behind(sessions(folder)))
    runs = [run_file.read(path) for session in left for path in session.path.glob("run-*.nabla")]
    for session in left:
        session.leave()
    kept = max((run.checkpoint for run in runs), key=lambda checkpoint: checkpoint.step)
    assert kept.step >= least
    undisturbed = Training(Experiment.from_builtins(PLAIN))
    for _ in range(kept.step):
        undisturbed.propose()
        undisturbed.apply()
    assert written(undisturbed.checkpoint())[WEIGHTS] == written(kept)[WEIGHTS]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Program]]:
    """Starts windows; none is left."""
    started: list[Program] = []

    def begin(worker: str, do: str = "go on", file: str = "experiment.json") -> Program:
        started.append(Program(tmp_path, worker, do, file))
        return started[-1]

    yield begin
    for program in started:
        program.kill()


def test_experiment_and_run_come_back_after_each_kill(tmp_path: Path, start: Callable[..., Program]) -> None:
    check_kills(start, tmp_path, 2, seed=1)


@pytest.mark.slow
def test_experiment_and_run_come_back_after_each_of_a_hundred_kills(
    tmp_path: Path, start: Callable[..., Program]
) -> None:
    check_kills(start, tmp_path, 100, seed=0)


def test_of_two_windows_beside_each_other_only_the_one_that_was_killed_is_offered(
    tmp_path: Path, start: Callable[..., Program]
) -> None:
    killed, _living = start("thread", file="first.json"), start("process", file="second.json")
    wait_until_kept(tmp_path, 2)
    killed.kill()
    offered = start("thread", "look").all_told()
    assert [each["name"] for each in offered if "offered" in each] == ["first"]
