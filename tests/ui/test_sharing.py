"""File › Share… packs what belongs to an experiment into one file; dropped on a window, it brings all of it back."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QCheckBox, QFileDialog, QMessageBox, QWidget
from pytestqt.qtbot import QtBot

from simulator.experiment.experiment import Experiment
from simulator.running.nabla import run_file
from simulator.running.nabla.shared_file import read
from simulator.system.progress import CancelledError, ProgressMeter
from tests.ui.test_carried_experiments import drop
from tests.ui.windows import OpenOn
from ui.board.arrangement import Arrangement
from ui.dialogs import files
from ui.dialogs.share import ShareDialog
from ui.plots.pinned import packed_pins
from ui.window.main_window import MainWindow

PLAIN: dict[str, Any] = {
    "data": {"kind": "moons"},
    "layers": [{"kind": "dense", "units": 5, "repeat": 2}],
    "batch_size": 20,
    "name": "Mine",
}
MINE = Arrangement.of("loss", "gradient_depth", ("waterfall", "saturation"))
ALL = frozenset({"experiment", "data", "run", "workspace", "pins"})


@pytest.fixture(autouse=True)
def own_data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "private"))
    return tmp_path / "private"


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "mine" / "wine.csv"
    path.parent.mkdir()
    rows = "".join(f"{x},{x % 7},{'ab'[x % 2]}\n" for x in range(60))
    path.write_text(f"x,y,kind\n{rows}", encoding="utf-8")
    return path


def train(window: MainWindow, qtbot: QtBot, steps: int) -> None:
    end = window.bench.record.steps + steps
    window.bench.play(steps)
    qtbot.waitUntil(lambda: window.bench.record.steps >= end and not window.bench.playing)
    qtbot.waitUntil(lambda: window.bench.view is not None and window.bench.view.frame.step == end)


def arrange(window: MainWindow, arrangement: Arrangement = MINE) -> None:
    window.plot_area.workspaces.save_as("Lecture 3")
    window.plot_area.board.change(arrangement)


def write(window: MainWindow, qtbot: QtBot, path: Path, chosen: frozenset[str] = ALL) -> None:
    window.banner.clear()
    window.sharing.write(path, chosen)
    qtbot.waitUntil(lambda: bool(window.banner.text))


def dialog_of(window: MainWindow) -> ShareDialog:
    window.sharing.share()
    return next(each for each in window.findChildren(ShareDialog) if each.isVisible())


def opened(window: MainWindow, qtbot: QtBot, path: Path) -> None:
    drop(window, path)
    qtbot.waitUntil(lambda: window.bench.view is not None)


def test_all_of_it_comes_back_in_another_window(open_on: OpenOn, qtbot: QtBot, table: Path, tmp_path: Path) -> None:
    window = open_on(Experiment.from_builtins({**PLAIN, "data": {"kind": "csv", "path": str(table)}}))
    arrange(window)
    train(window, qtbot, 4)
    loss = window.plot_area.plot("loss")
    loss.pin()
    train(window, qtbot, 5)
    write(window, qtbot, tmp_path / "talk.nabla")
    assert window.banner.text.startswith("Shared as talk.nabla, ")
    assert "experiment, data, run, workspace, what is pinned" in window.banner.text
    pinned = packed_pins([loss])
    shutil.rmtree(table.parent)

    QSettings().clear()
    other = open_on(Experiment.from_builtins(PLAIN))
    other.plot_area.plot("waterfall").pin()
    opened(other, qtbot, tmp_path / "talk.nabla")
    assert other.bench.record.steps == 9
    assert other.document.path is None
    assert not other.document.dirty
    assert other.document.experiment.layers == window.document.experiment.layers
    assert Path(other.document.experiment.data.path).is_relative_to(tmp_path / "private")
    assert other.plot_area.workspaces.present.title == "Lecture 3"
    assert other.plot_area.board.arrangement == MINE
    again = packed_pins([other.plot_area.plot("loss")])
    assert again[0] == pinned[0]
    np.testing.assert_array_equal(again[1], pinned[1])
    assert not other.plot_area.plot("waterfall").pinned
    assert other.banner.text == (
        "talk.nabla is open as an untitled copy: experiment, data, run, workspace, what is pinned."
    )
    train(window, qtbot, 3)
    train(other, qtbot, 3)
    for name in ("loss", "gradient_norm"):
        mine, theirs = (each.bench.record.history.series(name).last for each in (window, other))
        np.testing.assert_array_equal(mine, theirs)


def test_images_go_along_too(open_on: OpenOn, qtbot: QtBot, tmp_path: Path) -> None:
    for label in ("cats", "dogs"):
        (tmp_path / "pets" / label).mkdir(parents=True)
        for number in range(8):
            pixels = np.random.default_rng(number).integers(0, 255, (9, 9), np.uint8)
            Image.fromarray(pixels).save(tmp_path / "pets" / label / f"{number}.png")
    data = {"kind": "images", "path": str(tmp_path / "pets"), "size": 8}
    layers = [{"kind": "dense", "units": 4}]
    window = open_on(Experiment.from_builtins({"data": data, "layers": layers, "batch_size": 4}))
    write(window, qtbot, tmp_path / "pets.nabla", frozenset({"data"}))
    shutil.rmtree(tmp_path / "pets")
    other = open_on(Experiment.from_builtins(PLAIN))
    opened(other, qtbot, tmp_path / "pets.nabla")
    assert not other.bench.refusal
    assert other.bench.info is not None
    assert other.bench.info.class_names == ("cats", "dogs")


def test_the_dialog_says_what_each_part_is_and_how_large_before_anything_is_written(
    open_on: OpenOn, qtbot: QtBot, table: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    window = open_on(Experiment.from_builtins({**PLAIN, "data": {"kind": "csv", "path": str(table)}}))
    dialog = dialog_of(window)
    told = {key: box.accessibleDescription() for key, box in dialog.boxes.items()}
    assert told["data"] == "wine.csv, all of it; without it, whoever opens the file needs that file too 419 B"
    assert told["run"].startswith("At step 0: weights, optimiser and all curves; it goes on from there. about ")
    assert told["workspace"].startswith("“Flow”, 6 plots ")
    assert told["pins"] == "No plot has anything pinned."
    assert dialog.chosen == {"experiment", "data", "workspace"}
    assert not dialog.boxes["experiment"].isEnabled()
    assert not dialog.boxes["pins"].isEnabled()
    assert table.stat().st_size == 419
    asked: list[str] = []
    monkeypatch.setattr(files, "ask_share", lambda _window, suggestion: asked.append(suggestion))
    with_data = dialog.total.text()
    dialog.boxes["data"].setChecked(False)
    assert dialog.total.text() != with_data
    dialog.accept()
    assert Path(asked[0]).name == "mine-shared.nabla"
    assert not list(tmp_path.glob("*.nabla"))


@pytest.mark.parametrize(
    ("typed", "path"), [("mine", "mine.nabla"), ("mine.v2", "mine.v2.nabla"), ("mine.nabla", "mine.nabla")]
)
def test_whatever_is_typed_it_becomes_a_nabla_and_no_file_is_replaced_without_a_question(
    typed: str, path: str, open_on: OpenOn, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    window = open_on(Experiment.from_builtins(PLAIN))
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / typed), ""))
    assert files.ask_share(window, Path("x")) == tmp_path / path
    asked: list[str] = []
    monkeypatch.setattr(QMessageBox, "exec", lambda box: asked.append(box.text()) or QMessageBox.StandardButton.Cancel)
    (tmp_path / path).write_text("there")
    # Where the name is as typed, the dialog for files has asked already.
    assert files.ask_share(window, Path("x")) == (tmp_path / path if typed == path else None)
    assert asked == ([] if typed == path else [f"{path} already exists."])


@pytest.mark.parametrize(
    ("typed", "path"), [("page.htm", "page.htm"), ("page", "page.html"), ("page.pdf", "page.pdf.html")]
)
def test_what_is_written_in_one_form_has_an_ending_of_that(
    typed: str, path: str, qapp: object, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / typed), ""))
    assert files.ask_new(QWidget(), "Report", tmp_path / "x.html", "", ".html", ".htm") == tmp_path / path


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_the_size_that_is_told_is_about_that_of_the_file(
    optimizer: str, open_on: OpenOn, qtbot: QtBot, table: Path, tmp_path: Path
) -> None:
    layers = [{"kind": "dense", "units": 100, "repeat": 3, "normalization": {"kind": "batch"}}]
    plain = {**PLAIN, "data": {"kind": "csv", "path": str(table)}, "layers": layers, "optimizer": {"kind": optimizer}}
    plain["lanes"] = [{"name": "wide", "set": {"layers.0.units": 140}}]
    window = open_on(Experiment.from_builtins(plain))
    train(window, qtbot, 30)
    window.plot_area.plot("gradient_time").pin()
    dialog = dialog_of(window)
    told = sum(part.size for part in window.sharing.parts)
    assert {part.key for part in window.sharing.parts} == dialog.boxes.keys() == ALL
    dialog.reject()
    write(window, qtbot, tmp_path / "a.nabla")
    size = (tmp_path / "a.nabla").stat().st_size
    assert told == pytest.approx(size, rel=0.1, abs=4096)


def test_parts_that_cannot_go_along_say_why(open_on: OpenOn, table: Path) -> None:
    window = open_on(Experiment.from_builtins({**PLAIN, "data": {"kind": "csv", "path": str(table)}}))
    table.unlink()
    dialog = dialog_of(window)
    assert not dialog.boxes["data"].isEnabled()
    assert dialog.boxes["data"].accessibleDescription().startswith("wine.csv: no such file")
    dialog.reject()


def test_the_programs_own_data_are_no_part(open_on: OpenOn) -> None:
    dialog = dialog_of(open_on(Experiment.from_builtins(PLAIN)))
    assert [box.text() for box in dialog.findChildren(QCheckBox)] == [
        "Experiment", "Run", "Workspace", "What is pinned",
    ]  # fmt: skip
    dialog.reject()


@pytest.mark.parametrize("part", ["data", "run", "workspace", "pins"])
def test_a_part_that_is_not_wanted_is_not_in_the_file(
    part: str, open_on: OpenOn, qtbot: QtBot, table: Path, tmp_path: Path
) -> None:
    window = open_on(Experiment.from_builtins({**PLAIN, "data": {"kind": "csv", "path": str(table)}}))
    window.plot_area.plot("loss").pin()
    write(window, qtbot, tmp_path / "a.nabla", ALL - {part})
    shared = read(tmp_path / "a.nabla")
    there = {"data": shared.data, "run": shared.run, "workspace": shared.shown.workspace, "pins": shared.shown.ghosts}
    assert [name for name, content in there.items() if not content] == [part]


def test_training_goes_on_while_it_is_shared(open_on: OpenOn, qtbot: QtBot, tmp_path: Path) -> None:
    window = open_on(Experiment.from_builtins(PLAIN))
    window.bench.play()
    qtbot.waitUntil(lambda: window.bench.record.steps > 5)
    write(window, qtbot, tmp_path / "a.nabla")
    before = window.bench.record.steps
    qtbot.waitUntil(lambda: window.bench.record.steps > before + 5)
    window.bench.pause()
    assert run_file.taken_up(run_file.read(tmp_path / "a.nabla")).step > 5
    assert window.document.path is None


def test_where_it_cannot_be_written_one_sentence_says_so(open_on: OpenOn, qtbot: QtBot, tmp_path: Path) -> None:
    window = open_on(Experiment.from_builtins(PLAIN))
    for chosen in (ALL, ALL - {"run"}):
        write(window, qtbot, tmp_path / "gone" / "a.nabla", chosen)
        assert window.banner.text.startswith("Not shared: ")
        assert "o such file" in window.banner.text
        assert "\n" not in window.banner.text


def test_the_file_of_the_experiment_itself_is_not_written_over(
    open_on: OpenOn, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    window = open_on(Experiment.from_builtins(PLAIN))
    monkeypatch.setattr(files, "ask_save", lambda *_: tmp_path / "a.nabla")
    assert window.experiments.save_as()
    qtbot.waitUntil(lambda: not window.bench.keeper.busy)
    before = (tmp_path / "a.nabla").read_bytes()
    write(window, qtbot, tmp_path / "a.nabla", frozenset())
    assert "Choose another name" in window.banner.text
    assert (tmp_path / "a.nabla").read_bytes() == before


def test_saving_what_was_shared_asks_where_and_leaves_the_file(
    open_on: OpenOn, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    window = open_on(Experiment.from_builtins(PLAIN))
    write(window, qtbot, tmp_path / "a.nabla", frozenset({"workspace"}))
    before = (tmp_path / "a.nabla").read_bytes()
    opened(window, qtbot, tmp_path / "a.nabla")
    monkeypatch.setattr(files, "ask_save", lambda *_: tmp_path / "b.json")
    assert window.experiments.save()
    assert (tmp_path / "b.json").exists()
    assert (tmp_path / "a.nabla").read_bytes() == before


def test_no_workspace_of_a_persons_own_is_written_over(open_on: OpenOn, qtbot: QtBot, tmp_path: Path) -> None:
    window = open_on(Experiment.from_builtins(PLAIN))
    arrange(window)
    write(window, qtbot, tmp_path / "talk.nabla", frozenset({"workspace"}))
    workspaces = window.plot_area.workspaces
    # The same again is no other one.
    opened(window, qtbot, tmp_path / "talk.nabla")
    assert [each.title for each in workspaces.all if each.own] == ["Lecture 3"]
    # Its owner has changed it meanwhile.
    window.plot_area.board.change(Arrangement.of("loss"))
    opened(window, qtbot, tmp_path / "talk.nabla")
    kept = {each.title: each.arrangement for each in workspaces.all if each.own}
    assert kept == {"Lecture 3": Arrangement.of("loss"), "Lecture 3 (talk)": MINE}
    assert workspaces.present.title == "Lecture 3 (talk)"
    workspaces.delete()
    assert [each.title for each in workspaces.all if each.own] == ["Lecture 3"]


def test_a_pin_of_another_network_waits_for_one_of_as_many_layers(
    open_on: OpenOn, qtbot: QtBot, tmp_path: Path
) -> None:
    window = open_on(Experiment.from_builtins(PLAIN))
    window.plot_area.plot("gradient_depth").pin()
    deeper = [{"kind": "dense", "units": 5, "repeat": 4}]
    window.document.propose({**PLAIN, "layers": deeper}, "Deeper")
    qtbot.waitUntil(lambda: window.bench.info is not None and window.bench.info.depth == 5)
    assert not window.plot_area.plot("gradient_depth").pinned


def rewritten(path: Path, name: str, content: bytes) -> None:
    with zipfile.ZipFile(path) as archive:
        members = {each: archive.read(each) for each in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for each, kept in {**members, name: content}.items():
            archive.writestr(each, kept)


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("workspace.json", b"[1]", "But the workspace has no name."),
        ("workspace.json", b'{"title": "x", "arrangement": [{"plots": [1]}]}', "But a place names its plots."),
        ("ghosts.json", b"[1]", "But what was pinned cannot be read."),
        ("ghosts.json", b'{"loss": {"state": "LossState", "fields": {"step": 1}}}', "accuracy” cannot be shown"),
        ("ghosts.json", b'{"loss": {"state": "Popen", "fields": {}}}', "“Loss and accuracy” cannot be shown"),
    ],
)  # fmt: skip
def test_what_cannot_be_brought_back_is_said_and_the_rest_opens(
    name: str, content: bytes, told: str, open_on: OpenOn, qtbot: QtBot, tmp_path: Path
) -> None:
    window = open_on(Experiment.from_builtins(PLAIN))
    window.plot_area.plot("loss").pin()
    write(window, qtbot, tmp_path / "a.nabla", frozenset({"workspace", "pins"}))
    window.plot_area.plot("loss").unpin()
    rewritten(tmp_path / "a.nabla", name, content)
    opened(window, qtbot, tmp_path / "a.nabla")
    assert "a.nabla is open as an untitled copy" in window.banner.text
    assert told in window.banner.text
    assert window.plot_area.plot("loss").pinned == (name == "workspace.json")


def test_plots_that_there_are_no_longer_are_passed_over(open_on: OpenOn, qtbot: QtBot, tmp_path: Path) -> None:
    window = open_on(Experiment.from_builtins(PLAIN))
    write(window, qtbot, tmp_path / "a.nabla", frozenset({"workspace"}))
    rewritten(
        tmp_path / "a.nabla", "workspace.json",
        b'{"title": "Later", "arrangement": [{"plots": ["of a later version", "loss"], "front": 0, "columns": 1}]}',
    )  # fmt: skip
    opened(window, qtbot, tmp_path / "a.nabla")
    assert window.plot_area.board.arrangement.keys == ("loss",)


def test_a_share_that_is_cancelled_leaves_the_file_of_before(
    open_on: OpenOn, qtbot: QtBot, table: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    window = open_on(Experiment.from_builtins({**PLAIN, "data": {"kind": "csv", "path": str(table)}}))
    (tmp_path / "a.nabla").write_text("of before")

    def ask_at_once(_meter: ProgressMeter, *_its: object) -> None:
        window.sharing.cancel()
        raise CancelledError

    monkeypatch.setattr(ProgressMeter, "__call__", ask_at_once)
    write(window, qtbot, tmp_path / "a.nabla", frozenset({"data"}))
    assert window.banner.text == "Not shared: it was cancelled."
    assert (tmp_path / "a.nabla").read_text() == "of before"
    assert [path.name for path in tmp_path.glob("*a.nabla*")] == ["a.nabla"]
