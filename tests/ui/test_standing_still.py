"""Title, form, plots and Play are always of one network: what is shown where the described one cannot be trained."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from simulator.experiment.experiment import Experiment
from simulator.experiment.files import presets
from simulator.running.messages import Reply, Started
from simulator.schema.parameter import FieldPath, replaced
from tests.thinned import thinned
from tests.ui.windows import OpenOn, preset_entries
from ui.builder.outlook import summary_of
from ui.dialogs import files
from ui.dialogs.export import ExportDialog
from ui.plots.veil import Veil
from ui.window.main_window import MainWindow
from ui.window.notices import EMPTY, OLD

PLAIN: dict[str, Any] = {
    "name": "little digits",
    "data": {"kind": "digits"},
    "layers": [{"kind": "convolution", "channels": 2}, {"kind": "dense", "units": 6}],
    "batch_size": 16,
}
ADDING = {"kind": "adding", "samples": 60, "steps": 10}
IMPOSSIBLE: dict[str, dict[str, Any]] = {
    "layers that do not fit the data": {"data": ADDING, "loss": None},
    "a data file that is not there": {"data": {"kind": "csv", "path": "/none.csv", "target": "y"}},
    "more memory than a network may take": {"layers": [{"kind": "dense", "units": 4096, "repeat": 500}]},
}
Open = Callable[..., MainWindow]


@pytest.fixture
def open_window(open_on: OpenOn) -> Open:
    return lambda plain=PLAIN, mode="thread": open_on(Experiment.from_builtins(plain), mode)


@pytest.fixture(params=["thread", "process"])
def window(request: pytest.FixtureRequest, open_window: Open) -> MainWindow:
    return open_window(mode=request.param)


def step_of(window: MainWindow) -> int:
    return window.bench.view.frame.step if window.bench.view is not None else -1


def take_steps(qtbot: QtBot, window: MainWindow, steps: int) -> None:
    goal = step_of(window) + steps
    window.bench.play(steps)
    qtbot.waitUntil(lambda: step_of(window) == goal and not window.bench.playing)


def make_impossible(qtbot: QtBot, window: MainWindow, which: str) -> None:
    plain = {**window.document.experiment.to_builtins(), **IMPOSSIBLE[which]}
    assert window.document.propose(plain, which) is None
    qtbot.waitUntil(lambda: bool(window.bench.refusal))


def veils(window: MainWindow) -> list[Veil]:
    return [veil for veil in window.plot_area.findChildren(Veil) if veil.isVisible()]


def empty_words(window: MainWindow) -> set[str]:
    labels = [plot.findChild(QLabel, "plotEmpty") for plot in window.plot_area.feed.visible_plots()]
    return {label.text() for label in labels if label is not None and label.isVisible()}


@pytest.mark.parametrize(("which", "playing"), thinned(list(IMPOSSIBLE), [False, True], share=2))
def test_a_change_to_what_cannot_be_trained_stops_training_and_dims_what_is_shown(
    qtbot: QtBot, window: MainWindow, which: str, playing: bool
) -> None:
    take_steps(qtbot, window, 3)
    if playing:
        window.bench.play()
    make_impossible(qtbot, window, which)
    assert not window.bench.playing
    assert window.bench.refusal in window.banner.text
    assert window.bench.refusal in window.status.text()
    shown = window.plot_area.feed.visible_plots()
    assert [veil.text for veil in veils(window)] == [OLD] * len([plot for plot in shown if plot.state is not None])
    assert len(veils(window)) >= 6
    assert empty_words(window) <= {EMPTY}
    assert window.bench.view is not None
    loss = window.plot_area.plot("loss").state
    assert loss is not None
    assert loss.step == window.bench.view.frame.step
    assert not any(readout.isEnabled() for readout in window.transport.readouts.values())
    step = step_of(window)
    qtbot.wait(50)
    assert step_of(window) == step
    window.document.undo_stack.undo()
    qtbot.waitUntil(lambda: window.bench.view is not None and not veils(window))
    assert step_of(window) >= step
    assert not window.bench.playing
    assert window.banner.text == ""
    assert all(readout.isEnabled() for readout in window.transport.readouts.values())
    take_steps(qtbot, window, 1)


def commands(window: MainWindow) -> dict[str, Callable[[], object]]:
    """Everything that needs a network that can be trained."""
    transport = window.transport
    return {
        "play": transport.play.trigger,
        "step": transport.step.trigger,
        "steps": transport.steps.trigger,
        "count": transport.stop.count.entered.emit,
        "same": transport.same.trigger,
        "export": lambda: window.exporting.export(""),
        "export one": window.plot_area.plots["loss"].export_requested.emit,
        "copy": window.exporting.copy_picture,
    }


def test_what_is_shown_is_of_the_network_before_until_that_of_the_last_edit_has_begun(
    qtbot: QtBot, window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench, worker = window.bench, window.bench.link.worker
    assert worker is not None
    qtbot.waitUntil(lambda: bench.info is not None)
    building: list[bool] = []
    bench.started.connect(lambda _info: building.append(bench.building))
    with monkeypatch.context() as held:
        held.setattr(worker, "replies", list)
        edit(window, ("layers", 1, "units"), 7)
        edit(window, ("optimizer", "learning_rate"), 0.02)
        assert bench.building, "though the last edit could be taken over by a network that stands"
    qtbot.waitUntil(lambda: bool(building))
    assert not building[-1]
    building.clear()
    replies: list[Reply] = []
    arrived = worker.replies

    def has_begun() -> bool:
        replies.extend(arrived())
        return any(isinstance(each, Started) for each in replies)

    with monkeypatch.context() as held:
        held.setattr(worker, "replies", list)
        edit(window, ("layers", 1, "units"), 8)
        qtbot.waitUntil(has_begun)
        edit(window, ("layers", 1, "units"), 9)
        held.setattr(worker, "replies", lambda: [replies.pop(0)] if replies else [])
        qtbot.waitUntil(lambda: bool(building))
        assert building == [True], "of the edit before"
        assert bench.info is not None
        assert summary_of(bench.info) not in window.builder.foot.text()
    qtbot.waitUntil(lambda: not bench.building)
    assert bench.info.layers[1].units == 9
    assert summary_of(bench.info) in window.builder.foot.text()


def edit(window: MainWindow, path: FieldPath, value: object) -> None:
    assert window.document.propose(replaced(window.document.experiment.to_builtins(), path, value), "Edit") is None


@pytest.mark.parametrize("opened", [False, True], ids=["edited", "opened"])
def test_every_command_that_has_nothing_to_work_on_says_why(qtbot: QtBot, open_window: Open, opened: bool) -> None:
    which = "layers that do not fit the data"
    window = open_window({**PLAIN, **IMPOSSIBLE[which]} if opened else PLAIN)
    if not opened:
        make_impossible(qtbot, window, which)
    entries = window.document.undo_stack.count()
    for name, act in commands(window).items():
        window.banner.clear()
        act()
        assert window.bench.refusal in window.banner.text, name
        assert window.banner.isVisible()
    assert not window.bench.playing
    assert window.findChild(ExportDialog) is None
    assert window.document.undo_stack.count() == entries


def test_save_writes_what_is_described(qtbot: QtBot, open_window: Open, tmp_path: Path) -> None:
    window = open_window()
    make_impossible(qtbot, window, "layers that do not fit the data")
    assert window.document.save(tmp_path / "kept.json") is None
    written = json.loads((tmp_path / "kept.json").read_text())
    assert written["data"]["kind"] == "adding"
    assert Experiment.from_builtins(written) == window.document.experiment


@pytest.mark.parametrize("which", IMPOSSIBLE)
def test_a_file_that_cannot_be_trained_opens_with_its_own_empty_plots(
    qtbot: QtBot, window: MainWindow, which: str, tmp_path: Path
) -> None:
    path = tmp_path / "impossible.json"
    path.write_text(json.dumps({**PLAIN, **IMPOSSIBLE[which]}))
    take_steps(qtbot, window, 3)
    held = window.plot_area.plot("loss")
    held.set_paused(True)
    window.bench.play()
    window.experiments.open_path(path)
    assert window.windowTitle() == "impossible — Nablascope"
    assert all(plot.state is None for plot in window.plot_area.feed.visible_plots())
    assert {readout.text for readout in window.transport.readouts.values()} == {"–"}
    qtbot.waitUntil(lambda: bool(window.bench.refusal))
    assert not window.bench.playing
    assert empty_words(window) == {EMPTY}
    assert not veils(window)
    assert {readout.text for readout in window.transport.readouts.values()} == {"–"}
    assert window.bench.refusal in window.banner.text
    assert window.findings.panel.shown == []
    assert not window.document.dirty
    mended = {**PLAIN, "seed": 3}
    assert window.document.propose(mended, "Mend") is None
    qtbot.waitUntil(lambda: step_of(window) == 0)
    assert held.state is not None


def test_a_plot_that_is_shown_later_says_the_same(qtbot: QtBot, open_window: Open) -> None:
    window = open_window()
    make_impossible(qtbot, window, "layers that do not fit the data")
    window.plot_area.toggle_plot("weights")
    shown = window.plot_area.feed.visible_plots()
    assert "weights" in {plot.key for plot in shown}
    assert len(veils(window)) == len([plot for plot in shown if plot.state is not None])
    other = open_window({**PLAIN, **IMPOSSIBLE["layers that do not fit the data"]})
    other.plot_area.toggle_plot("weights")
    assert empty_words(other) == {EMPTY}


def test_the_fault_is_marked_in_the_stack(qtbot: QtBot, open_window: Open) -> None:
    window = open_window({**PLAIN, **IMPOSSIBLE["layers that do not fit the data"]})
    assert [entry.place for entry in window.builder.stack.entries() if entry.wrong] == [("layers", 0)]
    assert window.builder.refusal.text()


# -- another experiment ------------------------------------------------------------------------------------------


def ways_to_open(window: MainWindow, tmp_path: Path) -> dict[str, Callable[[], object]]:
    path = tmp_path / "other.json"
    path.write_text(json.dumps({**PLAIN, "seed": 9}))
    window.settings.add_recent(path)
    return {
        "new": window.experiments.new,
        "open": lambda: window.experiments.open_path(path),
        "preset": lambda: window.experiments.open_preset(presets()[0]),
        "preset menu": lambda: preset_entries(window)[0].trigger(),
    }


WAYS = ["new", "open", "preset", "preset menu"]


@pytest.mark.parametrize("way", WAYS)
def test_another_experiment_does_not_begin_to_train_because_the_one_before_did(
    qtbot: QtBot, open_window: Open, way: str, tmp_path: Path
) -> None:
    window = open_window()
    window.bench.play()
    qtbot.waitUntil(lambda: step_of(window) > 2)
    before = window.document.experiment
    ways_to_open(window, tmp_path)[way]()
    assert window.document.experiment != before
    assert not window.bench.playing
    qtbot.waitUntil(lambda: step_of(window) == 0)
    qtbot.wait(100)
    assert step_of(window) == 0
    assert not window.bench.playing


@pytest.mark.parametrize(("way", "agreed", "dirty"), thinned(WAYS, [False, True], [False, True], share=2))
def test_a_long_run_is_not_given_up_without_asking(
    qtbot: QtBot,
    open_window: Open,
    way: str,
    agreed: bool,
    dirty: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("ui.window.giving_up.LONG_RUN_SECONDS", 0.05)
    asked: list[str] = []

    def answer(*words: Any) -> str:
        asked.append(str(words[-1]))
        return "discard" if agreed else "cancel"

    monkeypatch.setattr(files, "ask_run", answer)
    monkeypatch.setattr(files, "ask_unsaved", answer)
    window = open_window()
    window.bench.play()
    qtbot.waitUntil(lambda: bool(window.bench.unsaved(0.06)))
    if dirty:
        window.document.propose({**window.document.experiment.to_builtins(), "name": "changed"}, "Rename")
    before, run = window.document.experiment, window.bench.info
    ways_to_open(window, tmp_path)[way]()
    assert len(asked) == 1
    assert re.fullmatch(r"\d+ steps?(, \d+ s of training)?", asked[0])
    if agreed:
        assert window.document.experiment != before
    else:
        assert window.document.experiment is before
        assert window.bench.info is run
        assert window.bench.playing


def test_a_short_run_is_given_up_without_a_word(
    qtbot: QtBot, open_window: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "ask_run", lambda *_: pytest.fail("asked"))
    window = open_window()
    take_steps(qtbot, window, 5)
    window.experiments.new()
    assert window.document.name == "untitled"


def test_a_long_run_that_an_edit_has_put_aside_is_asked_about_too(
    qtbot: QtBot, open_window: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ui.window.giving_up.LONG_RUN_SECONDS", 0.05)
    asked: list[Any] = []
    monkeypatch.setattr(files, "ask_run", lambda *words: pytest.fail("the experiment is changed too"))
    monkeypatch.setattr(files, "ask_unsaved", lambda *words: "cancel" if asked.append(words) is None else "save")
    window = open_window()
    window.bench.play()
    qtbot.waitUntil(lambda: bool(window.bench.unsaved(0.06)))
    window.bench.pause()
    window.new_seed()
    qtbot.waitUntil(lambda: step_of(window) == 0)
    window.experiments.new()
    assert len(asked) == 1


def test_a_file_that_is_no_experiment_leaves_all_as_it_was(
    qtbot: QtBot, open_window: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ui.window.giving_up.LONG_RUN_SECONDS", 0.0)
    monkeypatch.setattr(files, "ask_run", lambda *_: pytest.fail("asked"))
    window = open_window()
    window.bench.play()
    qtbot.waitUntil(lambda: step_of(window) > 2)
    title = window.windowTitle()
    for number, content in enumerate(('{"data": 3}', "{", json.dumps({**PLAIN, "batch_size": 0}), "[]")):
        path = tmp_path / f"bad{number}.json"
        path.write_text(content)
        window.experiments.open_path(path)
        assert path.name in window.banner.text
        assert window.windowTitle() == title
        assert window.bench.playing
        assert not veils(window)
    window.bench.pause()


def test_a_table_that_becomes_the_data_does_not_begin_to_train(qtbot: QtBot, open_window: Open, tmp_path: Path) -> None:
    from ui.dialogs.table import TableDialog

    path = tmp_path / "heights.csv"
    path.write_text("\n".join(["x,y,kind", *(f"{i},{i * i},{'ab'[i % 2]}" for i in range(40))]))
    window = open_window({**PLAIN, "layers": [{"kind": "dense"}]})
    window.bench.play()
    qtbot.waitUntil(lambda: step_of(window) > 2)
    window.experiments.open_path(path)
    dialog = window.findChild(TableDialog)
    assert isinstance(dialog, TableDialog)
    qtbot.waitUntil(dialog.use.isEnabled)
    dialog.accept()
    qtbot.waitUntil(lambda: step_of(window) == 0)
    assert not window.bench.playing


def test_the_toolbar_is_no_dead_control(open_window: Open) -> None:
    window = open_window({**PLAIN, **IMPOSSIBLE["layers that do not fit the data"]})
    for made in (window.transport.play, window.transport.step, window.transport.steps, window.transport.same):
        assert made.isEnabled()
        assert window.transport.widgetForAction(made).focusPolicy() == Qt.FocusPolicy.TabFocus
