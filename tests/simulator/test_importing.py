"""A person's own network as an experiment: from its weights alone, and from modules that are described."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from main import main
from simulator import run
from simulator.code.importing.experiments import experiment_of, trained_as
from simulator.code.importing.modules import ForeignModule, read_factory, read_weights
from simulator.code.importing.rebuilding import UnknownError, rebuilt
from simulator.experiment.experiment import Experiment, ExperimentError
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


def test_weights_that_do_not_follow_each_other_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    save_file({"a.weight": np.ones((10, 20)), "b.weight": np.ones((10, 3))}, tmp_path / "turned.safetensors")
    arguments = ["import", str(tmp_path / "turned.safetensors"), "--from", "pytorch", "--out", str(tmp_path)]
    assert main(arguments) == 0
    assert "- b (Linear) takes 3 inputs and gets 10 in a row\n" in capsys.readouterr().out
    save_file({"a.weight": np.ones((10, 20)), "b.weight": np.ones((20, 3))}, tmp_path / "turned.safetensors")
    assert main(arguments) == 0
    assert "takes 3 inputs and gets 10 in a row: weights may be stored inputs first" in capsys.readouterr().out


def test_weights_of_images_and_sequences_keep_their_kind_of_layer(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)

    def skeleton(shapes: dict[str, tuple[int, ...]]) -> Experiment:
        save_file({name: rng.standard_normal(shape) for name, shape in shapes.items()}, tmp_path / "net.safetensors")
        arguments = ["import", str(tmp_path / "net.safetensors"), "--from", "pytorch", "--out", str(tmp_path)]
        assert main([*arguments, "--input", "3,6,6"]) == 0
        return read(tmp_path / "experiment.json").beside(tmp_path)

    kernels = {"0.weight": (4, 3, 3, 3), "1.weight": (5, 4, 1, 1), "2.weight": (6, 4, 3, 3), "3.weight": (2, 5)}
    image = skeleton(kernels)
    assert [layer.kind for _, layer in image.expanded()] == ["convolution", "convolution", "pooling", "flatten"]
    assert "2 (Conv2d) takes 4 channels and gets 5" in (tmp_path / "simplified.txt").read_text()
    gates = {"weight_ih_l0": (12, 7), "weight_hh_l0": (12, 3), "weight_ih_l1": (12, 3), "weight_hh_l1": (12, 3)}
    sequence = skeleton({**{f"cell.{name}": shape for name, shape in gates.items()}, "head.weight": (4, 3)})
    assert [(layer.kind, layer.output) for _, layer in sequence.expanded()] == [("lstm", "all"), ("lstm", "last")]
    for experiment in (image, sequence):
        run(experiment, steps=1)


def stored(header: object, data: bytes = bytes(8)) -> bytes:
    """A file of weights."""
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + data


def test_weights_of_half_the_digits_are_read(tmp_path: Path) -> None:
    header = {"0.weight": {"dtype": "BF16", "shape": [2, 2], "data_offsets": [0, 8]}}
    (tmp_path / "half.safetensors").write_bytes(stored(header, np.array([0x3F80, 0xBF80, 0x4000, 0], "<u2").tobytes()))
    (module,) = read_weights(tmp_path / "half.safetensors")
    np.testing.assert_array_equal(module.arrays["weight"], [[1, -1], [2, 0]])


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\xff" * 8 + b"{}", "is no file of weights"),
        (stored({}, b""), "no weights that a layer could be made of"),
        (stored({"a.weight": {"dtype": "F32", "shape": [2**40, 2**40], "data_offsets": [0, 8]}}), "is no file of"),
        (stored({"a.weight": {"dtype": "F8_E4M3", "shape": [2, 4], "data_offsets": [0, 8]}}), "numbers of F8_E4M3"),
        (stored({"a.weight": {"dtype": "F32", "shape": [0, 2], "data_offsets": [0, 0]}}, b""), "no weights that"),
        (stored({"a.weight": {"dtype": "F32", "shape": [1, 2], "data_offsets": [0, 8]}}, b"\0\0\xc0\x7f" * 2), "NaN"),
    ],
)
def test_weights_that_are_none_are_refused_in_a_sentence(
    content: bytes, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "net.safetensors").write_bytes(content)
    assert main(["import", str(tmp_path / "net.safetensors"), "--from", "pytorch", "--out", str(tmp_path)]) == 2
    assert said in capsys.readouterr().err


def test_names_of_weights_are_shown_as_a_terminal_may_have_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = ("a\x1b[31m", "9" * 5000, "²")
    header = {f"{name}.weight": {"dtype": "F32", "shape": [1, 1, 2], "data_offsets": [0, 8]} for name in names[:1]}
    header |= {f"{name}.weight": {"dtype": "F16", "shape": [2, 2], "data_offsets": [8, 16]} for name in names[1:2]}
    header |= {f"{name}.weight": {"dtype": "F16", "shape": [2, 2], "data_offsets": [16, 24]} for name in names[2:]}
    (tmp_path / "net.safetensors").write_bytes(stored(header, bytes(24)))
    assert main(["import", str(tmp_path / "net.safetensors"), "--from", "pytorch", "--out", str(tmp_path)]) == 0
    assert "\x1b" not in capsys.readouterr().out


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


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("def make(): raise ValueError('no network today')", "could not be read: ValueError: no network today"),
        ("def make(): return 5", "could not be read: TypeError: make gives int, which is no module of PyTorch"),
        ("import nothing_of_this_name", "named 'nothing_of_this_name': --python FILE names a Python that has it"),
        ("def make(width): pass", "missing 1 required positional argument: 'width'"),
        ("def make(): raise SystemExit", "ended before it had made a network"),
        ("def make(): input()", "could not be read: EOFError"),
    ],
)
def test_code_that_fails_is_told_in_a_sentence(
    code: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "model.py").write_text(code)
    assert main(["import", f"{tmp_path / 'model.py'}:make", "--from", "pytorch", "--yes"]) == 2
    assert said in capsys.readouterr().err


def test_a_python_that_is_none_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "model.py").write_text("")
    python = str(tmp_path / "none")
    arguments = ["import", f"{tmp_path / 'model.py'}:make", "--from", "pytorch", "--yes", "--python", python]
    assert main(arguments) == 2
    assert f"{python} is no Python" in capsys.readouterr().err


@pytest.mark.parametrize("target", ["weights.pt", "weights.pt:make", "net.py", "net.py:1"])
def test_what_may_be_imported_is_said_where_something_else_is_named(
    target: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["import", target, "--from", "pytorch", "--yes"]) == 2
    told = capsys.readouterr().err
    assert told == f"error: expected MODEL.py:FACTORY or weights as .safetensors, not {target!r}\n"


def test_code_that_does_not_end_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("simulator.code.importing.modules.MOST_SECONDS", 0.5)
    (tmp_path / "model.py").write_text("import time\n\ndef make(): time.sleep(600)\n")
    with pytest.raises(ExperimentError, match="made no network within"):
        read_factory(tmp_path / "model.py", "make", sys.executable)
