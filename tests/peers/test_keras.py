"""Everything that is registered, exported and computed again by Keras, with PyTorch behind it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from simulator import run
from simulator.code.export import CHECK, export
from simulator.data.base import Data, scalings
from simulator.experiment.experiment import Experiment
from simulator.experiment.files import presets
from simulator.running.nabla.run_file import read
from simulator.schema.parameter import kinds
from tests.peers.networks import LONGEST, NETWORKS, everything, label, longest, named, of, whole
from tests.peers.scripts import script_in, status_of, unavoidable
from tests.simulator.combinations import Plain

os.environ["KERAS_BACKEND"] = "torch"
torch = pytest.importorskip("torch")
pytest.importorskip("keras")
pytestmark = [
    pytest.mark.peers,
    # Its own, of numpy's and PyTorch's newest versions.
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning:keras"),
]
CHAOTIC = {"tanh-large-weights", "batch-norm-50"}
"""Presets in which a rounding grows so much that float32 tells nothing."""


FAST = {"kind": "adam", "beta1": 0.6, "learning_rate": 0.1}
"""One of which a state that is rounded to float32 once more would be seen."""


def largest(folder: Path, exact: bool) -> float:
    """The largest difference that a script finds."""
    torch.set_num_threads(1)
    gap, _ = script_in(folder)["check"](exact)
    return float(gap)


@pytest.mark.parametrize(("name", "plain"), everything())
def test_it_computes_what_the_bench_does(name: str, plain: Plain, tmp_path: Path) -> None:
    export(named(plain), name, tmp_path, "keras")
    assert largest(tmp_path, exact=True) <= 1e-10
    assert largest(tmp_path, exact=False) <= 1e-5


@pytest.mark.parametrize("name", LONGEST)
def test_one_of_the_longest_computes_what_the_bench_does(name: str, tmp_path: Path) -> None:
    export(longest()[name], name, tmp_path, "keras")
    assert largest(tmp_path, exact=True) <= 1e-10
    assert largest(tmp_path, exact=False) <= 1e-5


@pytest.mark.parametrize("data", whole())
def test_a_network_of_every_kind_of_layer_computes_what_the_bench_does(data: str, tmp_path: Path) -> None:
    export(whole()[data], data, tmp_path, "keras")
    assert largest(tmp_path, exact=True) <= 1e-10
    assert largest(tmp_path, exact=False) <= 1e-5


@pytest.mark.slow
@pytest.mark.parametrize("preset", presets(), ids=lambda preset: str(preset.id))
def test_every_preset_computes_what_the_bench_does(preset: Any, tmp_path: Path) -> None:
    export(preset.load(), preset.id, tmp_path, "keras")
    for exact, most in ((True, 1e-10), (False, 1e-5)):
        gap = largest(tmp_path, exact)
        assert gap <= most or (preset.id in CHAOTIC and gap <= 5 * unavoidable(tmp_path, exact))


@pytest.mark.parametrize("data", [kind for kind in kinds(Data) if kind not in ("csv", "images")])
def test_every_data_set_is_learnt_alike(data: str, tmp_path: Path) -> None:
    shape = len(kinds(Data)[data]().input_shape or ())
    stack = [{"kind": "recurrent", "units": 3, "output": "all"}] if shape == 2 else [{"kind": "flatten"}]
    export(
        Experiment.from_builtins({"data": {"kind": data}, "layers": stack, "batch_size": 8}), data, tmp_path, "keras"
    )
    assert largest(tmp_path, exact=True) <= 1e-10


@pytest.mark.parametrize(
    "optimizer",
    [{"kind": "sgd", "momentum": 0.9}, {"kind": "adagrad"}, {"kind": "rmsprop"}, FAST, {"kind": "adamw"}],
    ids=label,
)
def test_a_run_goes_on_with_what_its_optimiser_has_kept(optimizer: dict[str, Any], tmp_path: Path) -> None:
    normed = ({"kind": "dense", "units": 7, "normalization": {"kind": kind}} for kind in ("weight", "batch"))
    for layer in (*normed, {"kind": "gru", "units": 4}):
        experiment = named(of(layer, optimizer=optimizer, schedule={"kind": "warmup", "total_iters": 9}))
        run(experiment, steps=5, save=tmp_path / "run.nabla")
        export(read(tmp_path / "run.nabla").checkpoint, "run", tmp_path, "keras")
        assert largest(tmp_path, exact=True) <= 1e-10


def test_a_frozen_layer_stays_as_it_is(tmp_path: Path) -> None:
    for norm in ("layer", "batch"):
        export(
            named(of({"kind": "dense", "frozen": True, "normalization": {"kind": norm}})), "frozen", tmp_path, "keras"
        )
        assert largest(tmp_path, exact=True) <= 1e-10


def test_a_script_that_computes_something_else_ends_with_1(tmp_path: Path) -> None:
    export(named(NETWORKS["dense"]), "dense", tmp_path, "keras")
    arrays = dict(np.load(tmp_path / CHECK))

    assert status_of(tmp_path) == 0
    np.savez(tmp_path / CHECK, allow_pickle=False, **{**arrays, "after.000.gain": arrays["after.000.gain"] + 1e-9})
    assert status_of(tmp_path) == status_of(tmp_path, apart=True) == 1


def test_it_trains_on(tmp_path: Path) -> None:
    bench = named(NETWORKS["maxout"])
    export(bench, "maxout", tmp_path, "keras")
    script, (raw, *_) = script_in(tmp_path), scalings(bench.data, bench.seed)
    before = script["predict"](raw.x)
    after = script["predict"](raw.x, script["train"](raw.x, raw.y, 100))
    assert (after.argmax(axis=1) == raw.y).mean() > (before.argmax(axis=1) == raw.y).mean()
