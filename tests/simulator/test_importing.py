"""A person's own network as an experiment: from its weights alone, and from modules that are described."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from main import main
from simulator import run
from simulator.code.importing.experiments import experiment_of, trained_as
from simulator.code.importing.modules import ForeignModule
from simulator.code.importing.rebuilding import UnknownError, rebuilt
from simulator.experiment.files import read


def linear(name: str, inputs: int, outputs: int) -> ForeignModule:
    rng = np.random.default_rng(inputs)
    arrays = {"weight": rng.standard_normal((outputs, inputs)), "bias": rng.standard_normal(outputs)}
    return ForeignModule(name, "Linear", True, {"in_features": inputs, "out_features": outputs}, arrays)


def test_weights_alone_give_a_skeleton_of_their_widths_and_scales(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rng = np.random.default_rng(0)
    shapes = {
        "encoder.2.weight": (30, 20),
        "encoder.10.weight": (7, 30),
        "head.weight": (3, 7),
        "encoder.3.weight": (30,),
    }
    save_file({name: 0.3 * rng.standard_normal(shape) for name, shape in shapes.items()}, tmp_path / "net.safetensors")
    out = tmp_path / "out"
    assert main(["import", str(tmp_path / "net.safetensors"), "--from", "pytorch", "--out", str(out)]) == 0
    experiment = read(out / "experiment.json")
    first, second = (layer.units for _, layer in experiment.expanded())
    assert (first, second, experiment.data.input_shape) == (30, 7, (20,))
    assert experiment.layers[0].normalization.kind == "layer"
    assert experiment.layers[0].initializer.weight_variance == pytest.approx(0.09 * 20, rel=0.2)
    said = capsys.readouterr().out
    assert "a skeleton" in said
    assert "taken for ReLU" in said
    assert (out / "simplified.txt").read_text() in said
    run(experiment, steps=1)


def test_a_row_of_known_modules_is_rebuilt_with_its_weights(tmp_path: Path) -> None:
    modules = [linear("0", 6, 5), ForeignModule("1", "Tanh", True), linear("2", 5, 4), linear("3", 4, 3)]
    network = rebuilt(modules)
    training = trained_as(experiment_of(network, "net", tmp_path), network)
    training.network.forward(training=False)
    signal = training.network.input[:-1]
    for module, phi in zip([modules[0], *modules[2:]], (np.tanh, np.positive, np.positive), strict=True):
        signal = phi(module.arrays["weight"] @ signal + module.arrays["bias"][:, None])
    np.testing.assert_allclose(training.network.output.z, signal, atol=1e-5)


@pytest.mark.parametrize("kind", ["Dropout", "Hardtanh", "LSTM"])
def test_what_the_bench_has_not_in_that_place_is_named(kind: str) -> None:
    with pytest.raises(UnknownError, match=kind):
        rebuilt([ForeignModule("0", kind, True, {"p": 0.5}), linear("1", 6, 5)])


def test_code_is_not_run_unless_it_is_allowed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "model.py").write_text("open('ran', 'w').close()")
    assert main(["import", f"{tmp_path / 'model.py'}:make", "--from", "pytorch", "--out", str(tmp_path / "out")]) == 1
    assert "--yes" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_code_that_fails_is_told_in_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "model.py").write_text("def make():\n    raise ValueError('no network today')\n")
    assert main(["import", f"{tmp_path / 'model.py'}:make", "--from", "pytorch", "--yes"]) == 2
    assert "model.py:make could not be read: ValueError: no network today" in capsys.readouterr().err
