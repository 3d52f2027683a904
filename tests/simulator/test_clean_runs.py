"""Runs without a screen end without a warning, which is an error here, whatever becomes of the numbers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from simulator import run
from simulator.experiment.experiment import Experiment
from simulator.experiment.files import find, presets
from simulator.observations.registry import analyses

NETS = Path(__file__).parents[1] / "data" / "nets"
STEPS = {
    "accuracy_97_percent": 40, "bn_batch1": 300, "breast_cancer_unscaled": 400, "clip_1e-6": 400, "clip_inf": 3,
    "cosine_past": 200, "gamma_grow": 60, "l2_1": 400, "loss_1e15": 40, "lr0": 200, "nan_layer": 120,
    "nothing_to_learn": 400, "one_cycle": 30, "sigmoid_mse_wrong": 100, "target_1e9": 100, "wine_unscaled": 300,
}  # fmt: skip
"""Of each net, until what is odd about it shows."""


def net(name: str) -> Experiment:
    plain = json.loads((NETS / f"{name}.json").read_text())
    if "path" in plain["data"]:
        plain["data"]["path"] = str(NETS / plain["data"]["path"])
    return Experiment.from_builtins(plain)


def test_every_net_is_run() -> None:
    assert {path.stem for path in NETS.glob("*.json")} == set(STEPS)


@pytest.mark.parametrize("name", STEPS)
def test_odd_nets_begin_cleanly_with_all_that_can_be_written(name: str, tmp_path: Path) -> None:
    result = run(net(name), steps=2, out=tmp_path, analyses=tuple(analyses()))
    assert result.last.step == 2


@pytest.mark.slow
@pytest.mark.parametrize("name", STEPS)
def test_odd_nets_run_cleanly_to_their_end(name: str, tmp_path: Path) -> None:
    result = run(net(name), steps=STEPS[name], every=20, out=tmp_path)
    assert result.last.step == STEPS[name]


@pytest.mark.slow
@pytest.mark.parametrize("name", [preset.id for preset in presets()])
def test_presets_run_cleanly(name: str, tmp_path: Path) -> None:
    assert run(find(name), steps=3, out=tmp_path).last.step == 3


@pytest.mark.slow
@pytest.mark.parametrize("name", STEPS)
def test_the_same_net_is_told_the_same_twice(name: str, tmp_path: Path) -> None:
    told = []
    for place in ("one", "other"):
        run(net(name), steps=min(STEPS[name], 60), every=20, out=tmp_path / place)
        told.append((tmp_path / place / "findings.json").read_bytes())
    assert told[0] == told[1]
