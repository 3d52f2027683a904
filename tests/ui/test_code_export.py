"""File › Export code… writes the run as it stands, as a program for another library."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot
from safetensors.numpy import load_file

from simulator.experiment.experiment import Experiment
from tests.ui.windows import OpenOn
from ui.dialogs.code import CodeDialog
from ui.window.main_window import MainWindow

PLAIN = {"data": {"kind": "moons"}, "layers": [{"kind": "dense", "units": 4}], "batch_size": 10}


def told(window: MainWindow, qtbot: QtBot, word: str) -> str:
    qtbot.waitUntil(lambda: word in window.banner.text)
    return window.banner.text


def test_it_asks_for_library_and_folder_and_writes_the_run_as_it_stands(
    open_on: OpenOn, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = open_on(Experiment.from_builtins(PLAIN))
    window.bench.play(3)
    qtbot.waitUntil(lambda: window.bench.record.steps >= 3 and not window.bench.playing)
    recent = window.settings.recent_files()
    folder = tmp_path / "net"
    folder.mkdir()
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_arguments: str(folder))
    window.exporting.code()
    (dialog,) = window.findChildren(CodeDialog)
    dialog.choices["keras"].setChecked(True)
    dialog.accept()
    assert "Keras code after 3 updates" in told(window, qtbot, "code after")
    assert {path.name for path in folder.iterdir()} == {"model.py", "weights.safetensors", "check.npz"}
    assert "import keras" in (folder / "model.py").read_text()
    assert np.isfinite(load_file(folder / "weights.safetensors")["000.kernel"]).all()
    assert window.settings.recent_files() == recent


def test_what_has_no_equivalent_is_told(open_on: OpenOn, qtbot: QtBot, tmp_path: Path) -> None:
    normed = {"kind": "dense", "normalization": {"kind": "batch"}}
    window = open_on(Experiment.from_builtins({**PLAIN, "layers": [normed], "batch_size": 1}))
    window.exporting.code_export.write(tmp_path / "net", "pytorch")
    assert "batch norm over a batch of one observation has no equivalent in PyTorch" in told(window, qtbot, "Not exp")
    assert not (tmp_path / "net").exists()
