"""One budget for checkpoints and for the runs that undo brings back: it is kept to, shown, and preferred."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtWidgets import QComboBox
from pytestqt.qtbot import QtBot

from simulator.experiment.experiment import Experiment
from simulator.record.history import History
from simulator.record.record import Record
from simulator.running.kept_runs import KeptRun
from simulator.running.messages import KeptCheckpoints
from simulator.running.session import Mode
from simulator.training.checkpoints import REASONS
from simulator.training.training import Training
from tests.ui.test_replays import step_of, take_steps
from tests.ui.windows import OpenOn
from ui.bench.kept_records import AsideRun, KeptRecords
from ui.bench.run_memory import RUNS_SHARE, MemoryUse
from ui.dialogs.memory import WORDS, MemoryPage, rows_of
from ui.settings.preferences import MEMORY, prefer
from ui.window.main_window import MainWindow

PLAIN: dict[str, Any] = {
    "data": {"kind": "moons", "samples": 60},
    "layers": [{"kind": "dense", "units": 5, "dropout": {"kind": "inverted", "rate": 0.2}}],
    "optimizer": {"kind": "adam"},
    "batch_size": 16,
}
EXPERIMENT = Experiment.from_builtins(PLAIN)


def aside(number: int, copies: int = 2) -> AsideRun:
    checkpoint = Training(EXPERIMENT).checkpoint()
    return AsideRun(KeptRun(number, number, 0, checkpoint), Record(History(("loss",))), f"Edit {number}", copies)


def plain(text: str) -> str:
    return text.replace("\N{NARROW NO-BREAK SPACE}", " ")


def settle(qtbot: QtBot, window: MainWindow, step: int) -> None:
    qtbot.waitUntil(lambda: not window.bench.building and step_of(window) == step)


def new_seed(qtbot: QtBot, window: MainWindow, steps: int) -> None:
    window.new_seed()
    settle(qtbot, window, 0)
    take_steps(qtbot, window, steps)


def test_runs_that_have_no_room_go_the_oldest_first_and_are_remembered_by_name() -> None:
    runs = KeptRecords()
    for number in range(1, 6):
        runs.keep(aside(number))
    size = aside(1).nbytes
    gone = runs.fit(3 * size)
    assert [run.ended_by for run in gone] == ["Edit 1", "Edit 2"]
    assert [run.ended_by for run in runs] == ["Edit 3", "Edit 4", "Edit 5"]
    assert runs.take_lost(1) == (0, "Edit 1")
    assert runs.take_lost(1) is None
    runs.keep(aside(2))
    assert runs.take_lost(2) is None
    assert [run.ended_by for run in runs.fit(0)] == ["Edit 3", "Edit 4", "Edit 5", "Edit 2"]


def test_a_run_counts_with_its_past_and_with_each_copy() -> None:
    run = aside(1)
    checkpoint, record = run.kept.checkpoint.nbytes, run.record.nbytes
    assert run.nbytes == record + 2 * checkpoint
    assert run.nbytes_here == record + checkpoint
    assert aside(1, copies=1).nbytes_here == record


@pytest.mark.parametrize("mode", ["thread", "process"])
def test_all_that_is_kept_stays_within_the_budget(qtbot: QtBot, open_on: OpenOn, mode: Mode) -> None:
    window = open_on(EXPERIMENT, mode)
    memory = window.bench.memory
    budget = 20 * Training(EXPERIMENT).checkpoint().nbytes + 4 * window.bench.record.nbytes
    memory.set_budget(budget)
    for _ in range(5):
        new_seed(qtbot, window, 60)
    window.bench.link.wake()
    qtbot.waitUntil(lambda: memory.use.checkpoints.nbytes > 0)
    qtbot.wait(200)
    use = memory.use
    assert 0 < sum(run.nbytes for run in use.runs) <= RUNS_SHARE * budget
    assert use.nbytes <= budget
    assert use.last == 0 or mode == "process"
    assert 0 < len(use.runs) < 5


def test_undo_of_a_run_that_had_to_go_says_so_and_begins_anew(qtbot: QtBot, open_on: OpenOn) -> None:
    window = open_on(EXPERIMENT)
    take_steps(qtbot, window, 6)
    window.bench.memory.set_budget(1000)
    window.new_seed()
    settle(qtbot, window, 0)
    said = "The run of 6 steps that “New seed” ended is no longer kept: kept runs take at most half of the 1 000 B for "
    assert plain(window.banner.text) == f"{said}going back. Undo will begin it at step 0."
    window.document.undo_stack.undo()
    settle(qtbot, window, 0)
    assert plain(window.banner.text) == f"{said}going back. It begins at step 0."
    assert window.document.experiment == EXPERIMENT
    window.document.undo_stack.redo()
    settle(qtbot, window, 0)


def test_what_undo_can_bring_back_is_not_said_to_be_gone(qtbot: QtBot, open_on: OpenOn) -> None:
    window = open_on(EXPERIMENT)
    take_steps(qtbot, window, 6)
    window.new_seed()
    settle(qtbot, window, 0)
    window.document.undo_stack.undo()
    settle(qtbot, window, 6)
    assert "kept" not in window.banner.text


def test_the_preference_acts_at_once_and_is_kept(qtbot: QtBot, open_on: OpenOn) -> None:
    window = open_on(EXPERIMENT)
    assert window.bench.memory.use.budget == 512 * 2**20
    dialog = window.preference_access.open()
    field = dialog.fields[MEMORY.key]
    assert isinstance(field, QComboBox)
    assert field.currentText() == "512 MiB"
    prefer(MEMORY, "64")
    assert field.currentText() == "64 MiB"
    assert window.bench.memory.use.budget == 64 * 2**20
    dialog.close()
    assert open_on(EXPERIMENT).bench.memory.use.budget == 64 * 2**20


def test_what_is_kept_is_listed_with_its_bytes(qtbot: QtBot, open_on: OpenOn) -> None:
    window = open_on(EXPERIMENT)
    take_steps(qtbot, window, 20)
    new_seed(qtbot, window, 20)
    window.bench.link.wake()
    qtbot.waitUntil(lambda: len(window.bench.memory.use.checkpoints.reasons) > 1)
    dialog = window.preference_access.open()
    dialog.tabs.setCurrentIndex(2)
    page = dialog.tabs.currentWidget()
    assert isinstance(page, MemoryPage)
    items = [page.table.item(row, 0) for row in range(page.table.rowCount())]
    texts = [item.text() for item in items if item is not None]
    assert "Where this run began" in texts
    assert "For undo: the run of 20 steps until “New seed”" in texts
    qtbot.waitUntil(lambda: "of 512 MiB" in window.transport.readouts["step"].toolTip())
    dialog.close()


def test_every_reason_has_its_words_and_all_bytes_are_told() -> None:
    assert tuple(WORDS) == REASONS
    reasons = tuple((reason, 2, 1024) for reason in REASONS)
    use = MemoryUse(2**20, KeptCheckpoints((), reasons, 2048), 1024, (aside(1),))
    rows = list(rows_of(use))
    assert len(rows) == len(WORDS) + 3
    assert use.nbytes == 1024 * len(WORDS) + 2048 + 1024 + aside(1).nbytes
    assert use.text.startswith(f"For going back, {2 * len(WORDS)} checkpoints and 1 run are kept: ")
    one = MemoryUse(2**20, KeptCheckpoints((), (("start", 1, 1024),)), 0, ())
    assert one.text == "For going back, 1 checkpoint is kept: 1 KiB of 1 MiB."
