"""Networks of PyTorch that are rebuilt: they answer as they did."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from main import main
from simulator.code.importing import reader
from simulator.experiment.files import read as read_experiment
from simulator.running.nabla.run_file import read, taken_up

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.peers
CODE = """
import torch
from torch import nn
torch.manual_seed(0)

def dense():
    inner = nn.Sequential(nn.Linear(9, 12), nn.LayerNorm(12), nn.GELU(), nn.Dropout(0.3))
    return nn.Sequential(inner, nn.Linear(12, 8, bias=False), nn.ELU(0.5), nn.BatchNorm1d(8), nn.Linear(8, 4))

def quantity():
    return nn.Sequential(nn.Linear(3, 5), nn.Softplus(), nn.Linear(5, 1))

def image():
    first = (nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2))
    second = (nn.Conv2d(8, 4, 3, stride=2), nn.SiLU(), nn.AvgPool2d(2), nn.Flatten())
    return nn.Sequential(*first, *second, nn.Linear(4 * 9, 20), nn.LeakyReLU(0.2), nn.Linear(20, 5), nn.Softmax(1))

def pooled():
    first = (nn.Conv2d(1, 4, 5, padding="same", padding_mode="circular"), nn.Tanh(), nn.AdaptiveAvgPool2d(1))
    return nn.Sequential(*first, nn.Flatten(), nn.Linear(4, 3), nn.Sigmoid())

def shared():
    phi = nn.Tanh()
    return nn.Sequential(nn.Linear(6, 7), phi, nn.Linear(7, 7), phi, nn.Linear(7, 2))

def normed():
    first = nn.utils.parametrizations.spectral_norm(nn.Linear(6, 5))
    return nn.Sequential(first, nn.ReLU(), nn.utils.parametrizations.weight_norm(nn.Linear(5, 3)))

def halved():
    first = (nn.Conv2d(2, 4, 3, padding=1, stride=2, bias=False), nn.SELU(), nn.AdaptiveAvgPool2d((1, 1)))
    return nn.Sequential(*first, nn.Flatten(), nn.Linear(4, 3))

def probability():
    return nn.Sequential(nn.Linear(4, 6), nn.Softsign(), nn.Linear(6, 1), nn.Sigmoid())

def logarithms():
    return nn.Sequential(nn.Flatten(), nn.Linear(10, 6), nn.Identity(), nn.Linear(6, 4), nn.LogSoftmax(dim=-1))

class Linear(nn.Linear):
    def forward(self, x):
        return super().forward(x) ** 2

def squared():
    return nn.Sequential(Linear(5, 4), nn.ReLU(), nn.Linear(4, 3))

class Row(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Linear(5, 4), nn.ReLU(), nn.Linear(4, 3))

def hooked():
    made = Row()
    made[0].register_forward_hook(lambda module, inputs, output: output * 2)
    return made

def lazy():
    return nn.Sequential(nn.LazyLinear(4), nn.ReLU(), nn.Linear(4, 3))

def raising():
    raise RuntimeError("no weights\\nare here")

class Reading(nn.Module):
    def __init__(self):
        super().__init__()
        self.words = nn.Embedding(500, 30)
        self.cell = nn.GRU(30, 16, num_layers=2, batch_first=True, bidirectional=True)
        self.head = nn.Linear(32, 9)

class Attending(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList(nn.TransformerEncoderLayer(16, 2, 32) for _ in range(2))
        self.head = nn.Linear(16, 3)
"""


@pytest.fixture
def read_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Networks are read here, where PyTorch is imported, not each in a process that imports it anew."""
    begin = subprocess.run

    def described(command: list[str], **options: Any) -> Any:
        if command[1] != reader.__file__:
            return begin(command, **options)
        reader.described(Path(command[2]), command[3], Path(command[4]))
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(subprocess, "run", described)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setitem(sys.modules, "model", ModuleType("model"))


FACTORIES = ("dense", "quantity", "image", "pooled", "shared", "halved", "probability", "logarithms", "Row", "normed")


def imported(factory: str, folder: Path) -> int:
    """The exit status of importing what a factory of CODE gives, into ``out``."""
    (folder / "model.py").write_text(CODE)
    target = f"{folder / 'model.py'}:{factory}"
    return main(["import", target, "--from", "pytorch", "--yes", "--out", str(folder / "out")])


@pytest.mark.usefixtures("read_here")
@pytest.mark.parametrize("factory", FACTORIES)
def test_it_answers_as_the_network_did(factory: str, tmp_path: Path) -> None:
    (tmp_path / "model.py").write_text(CODE)
    arguments = ["import", f"{tmp_path / 'model.py'}:{factory}", "--from", "pytorch", "--yes", "--out", str(tmp_path)]
    assert main([*arguments, "--python", sys.executable]) == 0
    training = taken_up(read(tmp_path / "imported.nabla"))
    bench = training.network
    bench.forward(training=False)
    inputs = torch.tensor(bench.input[:-1].T.reshape(-1, *training.data.input_shape).copy())
    made: dict[str, object] = {}
    exec(CODE, made)
    network = eval(f"{factory}()", made)
    with torch.no_grad():
        answers = network.eval()(inputs).numpy()
    own = bench.output.a if factory in ("image", "pooled", "probability", "logarithms") else bench.output.z
    answers = np.exp(answers) if factory == "logarithms" else answers
    np.testing.assert_allclose(own.T, answers, atol=1e-6 * max(1, np.abs(answers).max()))


def test_weights_that_are_made_of_others_are_said_to_stand_as_they_come_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert imported("normed", tmp_path) == 0
    said = capsys.readouterr().out
    assert "- 0: weight by SpectralNorm: here as it comes out" in said
    assert "- 2: weight by WeightNorm: here as it comes out" in said
    assert (tmp_path / "out" / "simplified.txt").read_text() in said


@pytest.mark.usefixtures("read_here")
def test_of_anything_else_a_skeleton_is_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert imported("Attending", tmp_path) == 0
    experiment = read_experiment(tmp_path / "out" / "experiment.json")
    assert experiment.depth == 6
    assert "MultiheadAttention) is taken for a dense layer of 16 units" in capsys.readouterr().out


@pytest.mark.usefixtures("read_here")
@pytest.mark.parametrize(
    ("factory", "said"),
    [
        ("squared", "0 (Linear) does not stand"),
        ("hooked", "0 (Linear) does not stand"),
        ("Reading", "both directions"),
    ],
)
def test_what_a_person_has_changed_is_not_taken_for_the_librarys_own(
    factory: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert imported(factory, tmp_path) == 0
    assert said in capsys.readouterr().out
    assert {path.name for path in (tmp_path / "out").iterdir()} >= {"experiment.json", "simplified.txt"}
    assert not (tmp_path / "out" / "imported.nabla").exists()


@pytest.mark.parametrize(
    ("factory", "said"),
    [
        ("lazy", "0 (LazyLinear) has no weights before its first input"),
        ("raising", "model.py:raising could not be read: RuntimeError: no weights are here"),
    ],
)
def test_what_gives_no_network_is_said_in_one_sentence(
    factory: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert imported(factory, tmp_path) == 2
    assert said in capsys.readouterr().err
