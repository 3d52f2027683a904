"""From the command line: what opens, what is refused in one line with status 2, what is drawn without a window."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QTimer
from pytestqt.qtbot import QtBot

import main
from simulator import Experiment, run
from simulator.lessons import course as courses
from simulator.lessons import files as lessons
from simulator.running.session import Session
from ui.app import create_app, open_bench, start_document
from ui.settings.settings import Settings
from ui.window.main_window import MainWindow

PLAIN = {"data": {"kind": "moons", "samples": 40}, "layers": [{"kind": "dense", "units": 3}], "batch_size": 8}


@pytest.mark.parametrize("arguments", [["no-such-thing"], ["run", "no-such-thing", "--steps", "1", "--out", "x"]])
def test_an_unknown_target_is_one_line_and_status_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(arguments) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "no-such-thing" in said


@pytest.mark.parametrize("arguments", [["--bogus"], ["run"], ["run", "x", "--steps", "-1", "--out", "y"]])
def test_bad_arguments_are_one_line_and_status_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main.main(arguments)
    assert end.value.code == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_a_bad_file_is_one_line_and_status_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bad = tmp_path / "bad.json"
    bad.write_text('{"data": 3}')
    assert main.main([str(bad)]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_a_run_draws_its_plots(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tqdm.tqdm.monitor_interval", 0)  # no watching thread
    file = tmp_path / "moons.json"
    file.write_text(json.dumps(PLAIN))
    assert main.main(["run", str(file), "--steps", "2", "--out", str(tmp_path / "out")]) == 0
    assert (tmp_path / "out" / "steps.csv").is_file()
    assert {"loss.png", "gradient_depth.png"} <= {p.name for p in (tmp_path / "out" / "plots").iterdir()}


def test_a_file_opens_under_its_own_name(qtbot: QtBot, tmp_path: Path) -> None:
    file = tmp_path / "moons.json"
    file.write_text(json.dumps(PLAIN))
    document = start_document(str(file))
    assert document.name == "moons"
    assert not document.dirty


def test_the_bench_opens_trains_and_ends_with_status_0(qtbot: QtBot) -> None:
    app = create_app()
    seen: list[int] = []

    def play_then_close() -> None:
        window = next(w for w in app.topLevelWidgets() if isinstance(w, MainWindow) and w.isVisible())
        window.bench.updated.connect(lambda view, _rate: stop(window, view.frame.step))
        window.bench.play()

    def stop(window: MainWindow, step: int) -> None:
        if step > 2 and not seen:
            seen.append(step)
            window.close()

    QTimer.singleShot(0, play_then_close)
    assert open_bench("spiral") == 0
    assert seen


def opened_and_closed(target: Path | str, look: Callable[[MainWindow], bool]) -> bool:
    """Whether what ``look`` waits for came about in a window on a file, which is closed then."""
    app, seen = create_app(), []

    def watch() -> None:
        for window in app.topLevelWidgets():
            if isinstance(window, MainWindow) and window.isVisible() and look(window):
                seen.append(window)
                window.close()

    watching, late = QTimer(interval=20), QTimer(singleShot=True, interval=20_000)
    watching.timeout.connect(watch)
    late.timeout.connect(lambda: app.exit(3))
    watching.start()
    late.start()
    try:
        return open_bench(str(target), "thread") == 0 and bool(seen)
    finally:
        watching.stop()
        late.stop()


@pytest.mark.parametrize(("preset", "several"), [("confident-mistake", True), ("spiral", False)])
def test_a_preset_of_several_networks_starts_with_its_verdict(qtbot: QtBot, preset: str, several: bool) -> None:
    def is_so(window: MainWindow) -> bool:
        return window.bench.view is not None and window.verdict.isVisible() is several

    assert opened_and_closed(preset, is_so)


def test_a_run_opens_straight_at_its_step(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.nabla"
    run(Experiment.from_builtins(PLAIN), steps=6, save=path)
    monkeypatch.setattr(Session, "change", lambda *_given: pytest.fail("another experiment was built first"))

    def stands(window: MainWindow) -> bool:
        return window.bench.view is not None and window.bench.view.frame.step == 6

    assert opened_and_closed(path, lambda window: stands(window) and window.document.path == path)
    assert Settings().recent_files() == [path.resolve()]


def test_a_lesson_or_a_course_that_the_command_line_names_is_opened(qtbot: QtBot, tmp_path: Path) -> None:
    lesson, course = tmp_path / "one.nabla-lesson", tmp_path / "several.nabla-lesson"
    lessons.save(lessons.find("all-units-alike"), lesson)
    courses.save(courses.Course(title="Two", lessons=("all-units-alike", "down-a-ravine")), course)
    assert opened_and_closed(lesson, lambda window: window.lessons.panel is not None)
    assert opened_and_closed(course, lambda window: window.course_access.window is not None)


def test_an_experiment_that_the_command_line_names_is_a_recent_one(qtbot: QtBot, tmp_path: Path) -> None:
    path = tmp_path / "moons.json"
    path.write_text(json.dumps(PLAIN))
    assert opened_and_closed(path, lambda window: window.document.path == path)
    assert Settings().recent_files() == [path.resolve()]


def test_a_run_that_cannot_be_read_is_one_sentence_over_a_bench_that_works(qtbot: QtBot, tmp_path: Path) -> None:
    path = tmp_path / "broken.nabla"
    path.write_bytes(b"PK")
    told: list[str] = []

    def works(window: MainWindow) -> bool:
        told[:] = [window.banner.text]
        window.bench.play()
        return window.bench.view is not None and window.bench.view.frame.step > 1

    assert opened_and_closed(path, works)
    assert told[0].startswith("Not opened: broken.nabla")
    assert "\n" not in told[0]


def test_ctrl_c_while_the_bench_opens_ends_it(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    before = signal.getsignal(signal.SIGINT)
    monkeypatch.setattr(MainWindow, "keep_on_screen", lambda window: signal.raise_signal(signal.SIGINT))
    late = QTimer()
    late.setSingleShot(True)
    late.timeout.connect(lambda: create_app().exit(3))
    late.start(20_000)
    try:
        assert open_bench("spiral") == 130
    finally:
        late.stop()
    assert signal.getsignal(signal.SIGINT) is before


def test_listing_presets_needs_no_qt(tmp_path: Path) -> None:
    code = "import sys, main; main.main(['presets']); sys.exit('PySide6' in sys.modules)"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=Path(main.__file__).parent)
    assert ended.returncode == 0
    assert "vanishing-sigmoid" in ended.stdout


def test_modules_are_imported_as_python_does_without_their_sources_being_read() -> None:
    code = "import builtins; plain = builtins.__import__; import ui.app; print(builtins.__import__ is plain)"
    folder = Path(main.__file__).parent
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=folder, check=True)
    assert done.stdout.strip() == "True"


def test_a_window_that_fails_at_its_start_is_told_in_a_sentence_below_its_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails(*_given: object, **_options: object) -> int:
        raise RuntimeError("no room on the wall")

    monkeypatch.setattr("ui.app.open_bench", fails)
    assert main.open_bench(None, "thread") == 1
    said = capsys.readouterr().err.splitlines()
    assert said[0].startswith("Traceback")
    assert said[-1] == "error: the bench could not start: RuntimeError: no room on the wall"
