"""Networks of PyTorch that are rebuilt: they answer as they did."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from main import main
from simulator.experiment.files import read as read_experiment
from simulator.running.run_file import read, taken_up

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

class Attending(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList(nn.TransformerEncoderLayer(16, 2, 32) for _ in range(2))
        self.head = nn.Linear(16, 3)
"""


@pytest.mark.parametrize("factory", ["dense", "quantity", "image", "pooled"])
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
    own = bench.output.a if factory in ("image", "pooled") else bench.output.z
    np.testing.assert_allclose(own.T, answers, atol=1e-6 * max(1, np.abs(answers).max()))


def test_of_anything_else_a_skeleton_is_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "model.py").write_text(CODE)
    target = f"{tmp_path / 'model.py'}:Attending"
    assert main(["import", target, "--from", "pytorch", "--yes", "--out", str(tmp_path / "out")]) == 0
    experiment = read_experiment(tmp_path / "out" / "experiment.json")
    assert experiment.depth == 6
    assert "MultiheadAttention) is taken for a dense layer of 16 units" in capsys.readouterr().out
