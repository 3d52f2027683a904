"""What is trained may be given as an experiment, a file, a preset, or a run that goes on."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import nablascope
from nablascope import Experiment, ExperimentError
from simulator.running.nabla.run_file import read

PLAIN = {"data": {"kind": "moons", "samples": 40}, "layers": [{"kind": "dense", "units": 3}], "batch_size": 8}
EXPERIMENT = Experiment.from_builtins(PLAIN)


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    nablascope.run(EXPERIMENT, steps=4, save=tmp_path / "kept.nabla")
    return tmp_path / "kept.nabla"


@pytest.mark.parametrize("kind", [str, Path])
def test_a_run_goes_on_from_its_file(kept: Path, tmp_path: Path, kind: type) -> None:
    went_on = nablascope.run(kind(kept), steps=5, save=tmp_path / "later.nabla", out=tmp_path / "out")
    whole = nablascope.run(EXPERIMENT, steps=9, save=tmp_path / "whole.nabla")
    assert went_on.last.step == whole.last.step == 9
    for name in ("loss", "gradient_norm"):
        np.testing.assert_array_equal(went_on.history.series(name).last, whole.history.series(name).last)
    later, at_once = (read(tmp_path / f"{name}.nabla").checkpoint for name in ("later", "whole"))
    np.testing.assert_array_equal(later.parameters, at_once.parameters)
    steps = (tmp_path / "out" / "steps.csv").read_text().splitlines()[1:]
    assert [line.partition(",")[0] for line in steps] == ["4", "5", "6", "7", "8", "9"]


def test_what_acts_live_may_be_changed_where_a_run_goes_on(kept: Path) -> None:
    slower = nablascope.load(kept).with_values([("optimizer.learning_rate", 1e-5)])
    assert nablascope.run(slower, steps=3, start=str(kept)).last.step == 7
    wider = EXPERIMENT.with_values([("layers.0.units", 4)])
    with pytest.raises(ExperimentError, match="live parameters only"):
        nablascope.run(wider, steps=3, start=kept)


def test_a_file_or_a_preset_is_trained_by_its_name(tmp_path: Path) -> None:
    nablascope.save(EXPERIMENT, tmp_path / "mine.json")
    losses = [
        nablascope.run(given, steps=2).last.scalars["loss"] for given in (EXPERIMENT, str(tmp_path / "mine.json"))
    ]
    assert losses[0] == losses[1]
    assert nablascope.run("spiral", steps=1).last.step == 1


def test_the_experiment_of_a_run_is_loaded_from_its_file(kept: Path) -> None:
    assert nablascope.load(kept) == nablascope.load(str(kept)) == EXPERIMENT


@pytest.mark.parametrize(
    ("given", "start", "told"),
    [
        ("nowhere.nabla", None, r"no file or preset 'nowhere\.nabla'"),
        ("broken.nabla", None, r"broken\.nabla"),
        ("kept.nabla", "kept.nabla", "a run itself"),
        ("mine.json", "broken.nabla", r"broken\.nabla"),
    ],
)
def test_what_cannot_be_trained_is_one_sentence(
    kept: Path, monkeypatch: pytest.MonkeyPatch, given: str, start: str | None, told: str
) -> None:
    monkeypatch.chdir(kept.parent)
    Path("broken.nabla").write_bytes(kept.read_bytes()[:-9])
    Path("mine.json").write_text(json.dumps(PLAIN))
    with pytest.raises(ExperimentError, match=told) as refused:
        nablascope.run(given, steps=1, start=start)
    assert "\n" not in str(refused.value)
