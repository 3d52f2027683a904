"""A network as a program for another library: what form it has, and what has no equivalent there."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from main import main
from simulator import run
from simulator.code.equivalents import NoEquivalentError, equivalent
from simulator.code.export import CHECK, MODEL, WEIGHTS, export
from simulator.code.pytorch.script import TorchScript
from simulator.experiment.experiment import Experiment, ExperimentError
from simulator.experiment.files import presets
from simulator.parts.optimizers import SGD
from simulator.training.training import Training
from tests.peers.networks import NETWORKS, longest, named, whole


def imported(script: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(script.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(str(node.module).split(".")[0])
    return names


@pytest.mark.parametrize(("library", "own", "most"), [("pytorch", "torch", 150), ("keras", "keras", 250)])
def test_every_script_is_short_clean_and_imports_the_library_alone(
    library: str, own: str, most: int, tmp_path: Path
) -> None:
    networks = {name: named(plain) for name, plain in NETWORKS.items()} | whole() | longest()
    for name, experiment in networks.items():
        export(experiment, name, tmp_path / name, library)
    scripts = sorted(tmp_path.glob(f"*/{MODEL}"))
    assert len(scripts) == len(networks)
    for script in scripts:
        assert len(script.read_text(encoding="utf-8").splitlines()) <= most, script.parent.name
        assert imported(script) - sys.stdlib_module_names <= {own, "numpy", "safetensors"}
    for options in (["check", "--isolated"], ["check", "--config", "pyproject.toml"]):
        linted = subprocess.run([sys.executable, "-m", "ruff", *options, tmp_path], capture_output=True, text=True)
        assert linted.returncode == 0, linted.stdout


def test_what_has_no_equivalent_is_named() -> None:
    for library in ("PyTorch", "Keras"):
        with pytest.raises(NoEquivalentError, match=rf"SGD \(sgd\) has no equivalent in {library}"):
            equivalent({}, SGD(), library)


def test_a_script_says_so_when_it_would_be_too_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    layers = [{"kind": "dense", "units": 10 + n, "activation": {"kind": "elu", "alpha": n + 1}} for n in range(40)]
    experiment = Experiment.from_builtins({"data": {"kind": "wine"}, "layers": layers, "batch_size": 8})
    export(experiment, "long", tmp_path)
    lines = (tmp_path / MODEL).read_text().splitlines()
    assert len(lines) <= 150
    assert any("drawn(" in line for line in lines)
    monkeypatch.setattr(TorchScript, "most_lines", 100)
    export(experiment, "loaded", tmp_path)
    assert "For want of lines nothing draws weights" in (tmp_path / MODEL).read_text()
    monkeypatch.setattr(TorchScript, "most_lines", 60)
    with pytest.raises(ExperimentError, match="a script has 60 at most"):
        export(experiment, "long", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_the_command_takes_a_preset_a_file_a_run_and_its_folder(tmp_path: Path) -> None:
    preset = next(each for each in presets() if each.id == "confident-mistake")
    experiment = preset.load()
    (tmp_path / "net.json").write_bytes(experiment.to_json())
    run(experiment, steps=2, out=tmp_path / "run", save=tmp_path / "run" / "end.nabla")
    for target in (preset.id, tmp_path / "net.json", tmp_path / "run" / "end.nabla", tmp_path / "run"):
        out = tmp_path / "out"
        assert main(["export", str(target), "--to", "pytorch", "--out", str(out)]) == 0
        assert {path.name for path in out.iterdir()} == {MODEL, WEIGHTS, CHECK}
    trained, start = load_file(tmp_path / "out" / WEIGHTS), Training(experiment).network.output.blocks()[0].value
    last = max(name for name in trained if name.endswith(".weight"))
    assert not np.array_equal(trained[last], start[:-1].T)


def test_a_folder_without_weights_is_said_to_have_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(named(NETWORKS["dense"]), steps=1, out=tmp_path / "run")
    assert main(["export", str(tmp_path / "run"), "--to", "pytorch", "--out", str(tmp_path / "out")]) == 0
    assert "holds no weights" in capsys.readouterr().err


def test_batch_norm_of_one_observation_is_named_and_nothing_is_written(tmp_path: Path) -> None:
    dense = {"kind": "dense", "normalization": {"kind": "batch"}}
    experiment = Experiment.from_builtins({"data": {"kind": "wine"}, "layers": [dense], "batch_size": 1})
    with pytest.raises(ExperimentError, match="batch norm over a batch of one observation has no equivalent"):
        export(experiment, "one", tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("kind", ["orthogonal", "lsuv"])
def test_starts_that_no_library_draws_alike_come_as_weights(kind: str, tmp_path: Path) -> None:
    experiment = named({"layer": {"kind": "dense", "units": 7, "initializer": {"kind": kind}}})
    export(experiment, kind, tmp_path)
    kernel = Training(experiment).network.blocks()[0].value
    np.testing.assert_array_equal(load_file(tmp_path / WEIGHTS)["0.weight"], kernel[:-1].T)
