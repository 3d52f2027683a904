"""What the command line makes of its arguments."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from simulator.commands.command_line import parsed
from simulator.commands.targets import prepared
from simulator.experiment.files import find, presets
from simulator.layers.dense import Dense
from simulator.layers.dropout import InvertedDropout


@pytest.mark.parametrize(
    "settings",
    [
        ["layers.0.dropout.kind=inverted", "layers.0.dropout.rate=0.2"],
        ["layers.0.dropout.rate=0.2", "layers.0.dropout.kind=inverted"],
    ],
)
def test_settings_of_a_kind_hold_in_whatever_order_they_are_given(settings: list[str]) -> None:
    given = ["run", "vanishing-sigmoid", "--steps", "1", "--out", "x"]
    for text in settings:
        given += ["--set", text]
    layer = prepared(parsed(given)).layers[0]
    assert isinstance(layer, Dense)
    assert layer.dropout == InvertedDropout(0.2)


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_a_console_that_lacks_a_sign_is_told_all_the_same(encoding: str) -> None:
    told = subprocess.run(
        [sys.executable, Path(__file__).parents[2] / "main.py", "presets"],
        capture_output=True,
        env={**os.environ, "PYTHONIOENCODING": encoding},
    )
    assert told.returncode == 0, told.stderr
    assert rb"\u03c3" in told.stdout


def test_a_preset_is_found_beside_a_folder_that_is_called_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "spiral").mkdir()
    assert find("spiral") == next(preset for preset in presets() if preset.id == "spiral").load()
