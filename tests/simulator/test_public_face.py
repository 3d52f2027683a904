"""What ``import nablascope`` offers, and that the examples of its documentation are true."""

from __future__ import annotations

import doctest
import subprocess
import sys
from pathlib import Path

import pytest

import nablascope
import simulator
from simulator.experiment.experiment import Experiment
from simulator.experiment.files import Preset, presets

README = Path(__file__).parents[2] / "README.md"


@pytest.mark.parametrize("name", nablascope.__all__)
def test_every_public_name_is_there(name: str) -> None:
    assert getattr(nablascope, name) is not None


@pytest.mark.parametrize("name", ["Experiment", "ExperimentError", "RunResult", "run"])
def test_both_ways_in_lead_to_the_same_thing(name: str) -> None:
    assert getattr(nablascope, name) is getattr(simulator, name)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'train'"):
        _ = nablascope.train


def test_the_examples_of_the_documentation_are_true(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    tried = doctest.testmod(nablascope)
    assert tried.attempted > 10
    assert tried.failed == 0
    assert (tmp_path / "out" / "steps.csv").is_file()


def test_the_examples_of_the_readme_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    examples = [part.split("```")[0] for part in README.read_text(encoding="utf-8").split("```python\n")[1:]]
    assert examples
    for example in examples:
        exec(compile(example, "README.md", "exec"), {})
    assert (tmp_path / "out" / "steps.csv").is_file()


@pytest.mark.parametrize("preset", presets(), ids=lambda preset: preset.id)
def test_what_is_saved_is_loaded_as_it_was(preset: Preset, tmp_path: Path) -> None:
    experiment = nablascope.load(preset.id)
    for path in (tmp_path / "kept.json", str(tmp_path / "kept.json")):
        nablascope.save(experiment, path)
        assert nablascope.load(path) == experiment


def test_a_missing_file_is_an_experiment_error() -> None:
    with pytest.raises(nablascope.ExperimentError, match=r"no file or preset 'nowhere\.json'"):
        nablascope.load(Path("nowhere.json"))


def test_training_a_step_at_a_time_gives_the_numbers_of_a_run() -> None:
    experiment = nablascope.load("spiral")
    rows = nablascope.run(experiment, steps=5, every=5).history.series("loss").last
    training = nablascope.Training(experiment)
    for row in rows:
        training.propose()
        assert training.scalars()["loss"] == row
        training.apply()


def test_asking_for_the_version_imports_no_numpy() -> None:
    code = "import sys, nablascope; assert nablascope.__version__; print('numpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=README.parent)
    assert done.stdout == "False\n"


WAITING = (
    "PIL", "h5py", "hmac", "numpy.random", "pyexpat", "safetensors", "scipy", "secrets", "subprocess", "threadpoolctl",
    "xml", "zipfile", "simulator.doctor", "simulator.observations", "simulator.record", "simulator.running.nabla",
    "simulator.theory", "simulator.training",
)  # fmt: skip
"""What describing an experiment needs nothing of: imported to train, to draw at random, or to open a file."""


def test_importing_the_engine_waits_for_nothing_that_trains_or_opens_files() -> None:
    code = "import sys; before = set(sys.modules); from simulator import Experiment, run; "
    code += "print(*set(sys.modules) - before)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=README.parent)
    read = done.stdout.split()
    assert "simulator.layers.dense" in read
    assert not [name for name in read if any(f"{name}.".startswith(f"{waiting}.") for waiting in WAITING)]


def test_an_experiment_is_the_engines() -> None:
    assert nablascope.Experiment is Experiment
