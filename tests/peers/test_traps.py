"""Where other libraries do otherwise than the bench, unless they are told: each in a network where it would show."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from simulator.code.export import CHECK, MODEL, export
from simulator.data.base import scalings
from simulator.parts.optimizers import Optimizer
from simulator.schema.parameter import kinds
from tests.peers.networks import CLIPPED, DENSE, MOMENTUM, NETWORKS, named, of
from tests.peers.scripts import script_in
from tests.simulator.combinations import Plain

os.environ["KERAS_BACKEND"] = "torch"
torch = pytest.importorskip("torch")
keras = pytest.importorskip("keras")
pytestmark = [
    pytest.mark.peers,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
]
TINY: Plain = {"kind": "dense", "units": 8, "activation": {"kind": "sigmoid"}, "repeat": 12}
HALVED: Plain = {"kind": "piecewise", "boundaries": [1], "rates": [0.001]}
NORMED: Plain = {**DENSE, "normalization": {"kind": "batch", "momentum": 0.3, "epsilon": 0.01}}
FAULTS: dict[str, Plain] = {
    "epsilon under the root, adagrad": of(TINY, optimizer={"kind": "adagrad"}),
    "epsilon under the root, rmsprop": of(TINY, optimizer={"kind": "rmsprop"}),
    "epsilon before the correction, adam": of(TINY, optimizer={"kind": "adam"}),
    "epsilon before the correction, adamw": of(TINY, optimizer={"kind": "adamw"}),
    "the rate inside the velocity": of(DENSE, optimizer=MOMENTUM, schedule=HALVED),
    "decay behind the clipping": of(DENSE, optimizer={"kind": "adamw", "weight_decay": 0.3}, regularization=CLIPPED),
    "one kind of clipping only": of(DENSE, regularization={"clip_value": 0.01, "clip_norm": 0.03}),
    "another momentum, epsilon and variance of batch norm": of(NORMED, optimizer=MOMENTUM),
    "two vectors of biases": of({"kind": "lstm", "units": 4, "bias_initializer": {"kind": "normal"}}),
    "a gate that is one less the other": of({"kind": "gru", "units": 4, "bias_initializer": {"kind": "normal"}}),
}


@pytest.fixture(autouse=True)
def usual_precision() -> Iterator[None]:
    torch.set_num_threads(1)
    yield
    torch.set_default_dtype(torch.float32)
    keras.config.set_floatx("float32")


def largest(folder: Path) -> float:
    torch.set_default_dtype(torch.float64)
    gap, _ = script_in(folder)["check"](True)
    return float(gap)


@pytest.mark.parametrize("library", ["pytorch", "keras"])
@pytest.mark.parametrize("fault", FAULTS)
def test_it_is_made_up_for(fault: str, library: str, tmp_path: Path) -> None:
    export(named(FAULTS[fault]), "trap", tmp_path, library)
    assert largest(tmp_path) <= 1e-10


PLANTED: dict[str, tuple[str, str, str]] = {
    "another epsilon of a norm": ("another momentum, epsilon and variance of batch norm", "eps=0.01", "eps=0.0100001"),
    "another momentum": ("the rate inside the velocity", "momentum=0.9", "momentum=0.9000001"),
    "no decay": ("decay behind the clipping", "weight_decay=0.3", "weight_decay=0.0"),
    "another epsilon": ("epsilon before the correction, adam", "eps=1e-08", "eps=1.1e-08"),
    "another limit": ("one kind of clipping only", "0.03 / norm", "0.3 / norm"),
    "another order of gates": ("two vectors of biases", "kept[name] for", "kept[name].roll(4, 0) for"),
    "weights the other way": ("a gate that is one less the other", "kept[name] for", "kept[name].flip(-1) for"),
}
"""In which network what is written otherwise."""


@pytest.mark.parametrize("planted", PLANTED)
def test_what_is_written_otherwise_is_seen(planted: str, tmp_path: Path) -> None:
    fault, own, other = PLANTED[planted]
    export(named(FAULTS[fault]), "trap", tmp_path)
    text = (tmp_path / MODEL).read_text(encoding="utf-8")
    assert own in text
    (tmp_path / MODEL).write_text(text.replace(own, other), encoding="utf-8")
    assert largest(tmp_path) > 1e-10


@pytest.mark.parametrize("library", ["pytorch", "keras"])
@pytest.mark.parametrize("optimizer", list(kinds(Optimizer)))
def test_updates_are_of_a_scripts_own_gradients_but_for_those_that_are_0_by_algebra(
    optimizer: str, library: str, tmp_path: Path
) -> None:
    normed = {"kind": "convolution", "channels": 3, "normalization": {"kind": "batch"}}
    export(named(of(normed, optimizer={"kind": optimizer})), "zero", tmp_path, library)
    assert largest(tmp_path) <= 1e-10
    text = (tmp_path / MODEL).read_text(encoding="utf-8")
    assert ("0 but for rounding" in text) is bool(kinds(Optimizer)[optimizer]().epsilon)
    assert "Roundings grow" not in text


def test_first_gradients_reach_down_to_where_epsilon_decides(tmp_path: Path) -> None:
    export(named(FAULTS["epsilon before the correction, adam"]), "tiny", tmp_path)
    with np.load(tmp_path / CHECK) as arrays:
        sizes = np.abs(np.concatenate([arrays[name].ravel() for name in arrays if name.startswith("gradient.")]))
    assert 0 < sizes[sizes > 0].min() < 1e-9 < sizes.max()


@pytest.mark.parametrize("library", ["pytorch", "keras"])
def test_a_second_vector_of_biases_stays_0(library: str, tmp_path: Path) -> None:
    bench = named(NETWORKS["gru"])
    export(bench, "gru", tmp_path, library)
    raw, *_ = scalings(bench.data, bench.seed)
    script: dict[str, Any] = script_in(tmp_path)
    if library == "pytorch":
        trainer = script["Trainer"]()
        trainer.train(raw.x, raw.y, 5)
        cell = trainer.model[0].cell
        first, second = cell.bias_ih_l0.detach().numpy(), cell.bias_hh_l0.detach().numpy()
    else:
        first, second = keras.ops.convert_to_numpy(script["train"](raw.x, raw.y, 5).layers[0].weights[2])
    assert not second.any()
    assert first.all()
