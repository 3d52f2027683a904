"""``run FILE.nabla`` and ``run … --save FILE.nabla``: what they say and write."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from simulator.commands.command_line import carry_out
from simulator.running.nabla.run_file import read
from simulator.system.environment import Environment
from simulator.system.machine import THREADS


@pytest.fixture(autouse=True)
def _threads_are_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(THREADS, "")


def command(*arguments: Any) -> int:
    return carry_out(["run", *map(str, arguments), "--no-plots"])


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    path = tmp_path / "kept.nabla"
    assert command("plane", "--steps", 6, "--out", tmp_path / "first", "--save", path) == 0
    return path


def test_a_kept_run_goes_on_with_its_steps_numbered_on(kept: Path, tmp_path: Path) -> None:
    assert command(kept, "--steps", 4, "--out", tmp_path / "second", "--save", tmp_path / "later.nabla") == 0
    steps = [line.split(",")[0] for line in (tmp_path / "second/steps.csv").read_text().splitlines()[1:]]
    assert steps == ["6", "7", "8", "9", "10"]
    assert (read(kept).checkpoint.step, read(tmp_path / "later.nabla").checkpoint.step) == (6, 10)


def test_the_environment_stands_beside_every_run(tmp_path: Path) -> None:
    assert command("plane", "--steps", 1, "--out", tmp_path / "one", "--threads", 2) == 0
    told = json.loads((tmp_path / "one/environment.json").read_text())
    assert set(told) == set(Environment.__struct_fields__)
    assert told["threads"] == 2
    assert all(told[name] not in ("", "unknown") for name in ("nablascope", "python", "numpy", "blas", "kernel"))


def test_with_another_number_of_threads_a_note_says_that_last_digits_may_differ(
    kept: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(kept, "--steps", 1, "--out", tmp_path / "same") == 0
    assert "last digits" not in capsys.readouterr().err
    assert command(kept, "--steps", 1, "--out", tmp_path / "other", "--threads", 2) == 0
    assert "last digits than where it was saved: threads 2 instead of 1." in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [("--seed", 3), ("--seeds", 2), ("--set", "seed=4"), ("--set", "layers.0.units=3"), ("--save", "x.json")],
    ids=lambda pair: f"{pair[0]} {pair[1]}",
)
def test_what_begins_another_run_is_refused(
    arguments: tuple[str, Any], kept: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(kept, "--steps", 1, "--out", tmp_path / "no", *arguments) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_a_folder_that_is_missing_is_told_before_anything_is_trained(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "gone" / "x.nabla"
    assert command("plane", "--steps", 1, "--out", tmp_path / "none", "--save", path) == 2
    assert "there is no folder" in capsys.readouterr().err
    assert not (tmp_path / "none").exists()


def test_a_folder_that_takes_no_files_is_told_before_anything_is_trained(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != tmp_path and asked(path, mode))
    assert command("plane", "--steps", 1, "--out", tmp_path / "none", "--save", tmp_path / "x.nabla") == 2
    assert "nothing can be written into the folder" in capsys.readouterr().err
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(("option", "name"), [("--save", "x.nabla"), ("--report", "x.html")])
def test_a_folder_in_place_of_a_file_is_told_before_anything_is_trained(
    option: str, name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / name).mkdir()
    assert command("plane", "--steps", 1, "--out", tmp_path / "none", option, tmp_path / name) == 2
    assert capsys.readouterr().err == f"error: {option}: {tmp_path / name} is a folder\n"
    assert not (tmp_path / "none").exists()


def test_the_end_of_a_run_may_stand_among_its_own_files(tmp_path: Path) -> None:
    path = tmp_path / "new" / "end.nabla"
    assert command("plane", "--steps", 1, "--out", tmp_path / "new", "--save", path) == 0
    assert command(path, "--steps", 2, "--out", tmp_path / "new", "--save", path) == 0
    assert read(path).checkpoint.step == 3


def test_live_settings_act_on_the_run_that_goes_on(kept: Path, tmp_path: Path) -> None:
    setting = ("--set", "optimizer.learning_rate=0.25")
    assert command(kept, "--steps", 1, "--out", tmp_path / "faster", *setting) == 0
    assert json.loads((tmp_path / "faster/experiment.json").read_text())["optimizer"]["learning_rate"] == 0.25


def test_what_is_no_run_file_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "no.nabla").write_bytes(b"no")
    os.mkfifo(tmp_path / "pipe.nabla")
    for name in ("no.nabla", "pipe.nabla", "missing.nabla"):
        assert command(tmp_path / name, "--steps", 1, "--out", tmp_path / "none") == 2
        told = capsys.readouterr().err
        assert told.count("\n") == 1
        assert name in told
    assert not (tmp_path / "none").exists()


def test_data_that_have_changed_since_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [f"{row % 7},{row % 5},{row % 2}" for row in range(60)]
    table = tmp_path / "own.csv"
    table.write_text("\n".join(["x,y,class", *rows, ""]))
    plain = {"format": "nablascope/1", "data": {"kind": "csv", "path": "own.csv"}, "layers": []}
    (tmp_path / "own.json").write_text(json.dumps(plain))
    path = tmp_path / "kept.nabla"
    assert command(tmp_path / "own.json", "--steps", 2, "--out", tmp_path / "a", "--save", path) == 0
    table.write_text("\n".join(["x,y,class", *rows[:-1], "9,9,1", ""]))
    capsys.readouterr()
    assert command(path, "--steps", 2, "--out", tmp_path / "b") == 0
    assert "data that are not the same to the last bit" in capsys.readouterr().err
