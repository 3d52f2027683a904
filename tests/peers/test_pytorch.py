"""Everything that is registered, exported and computed again by PyTorch itself."""

from __future__ import annotations

import csv
from collections.abc import Iterator
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
from simulator.training.training import Training
from tests.peers.networks import DENSE, LONGEST, NETWORKS, everything, label, longest, named, of, parts, whole
from tests.peers.scripts import script_in, status_of, unavoidable
from tests.simulator.combinations import Plain

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.peers
CHAOTIC = {"tanh-large-weights", "batch-norm-50"}
"""Presets in which a rounding grows so much that float32 tells nothing."""


@pytest.fixture(autouse=True)
def usual_precision() -> Iterator[None]:
    torch.set_num_threads(1)
    yield
    torch.set_default_dtype(torch.float32)


FAST = {"kind": "adam", "beta1": 0.6, "learning_rate": 0.1}
"""One of which a state that is rounded to float32 once more would be seen."""


def largest(folder: Path, exact: bool) -> float:
    """The largest difference that a script finds."""
    torch.set_default_dtype(torch.float64 if exact else torch.float32)
    gap, _ = script_in(folder)["check"](exact)
    return float(gap)


@pytest.mark.parametrize(("name", "plain"), everything())
def test_it_computes_what_the_bench_does(name: str, plain: Plain, tmp_path: Path) -> None:
    export(named(plain), name, tmp_path)
    assert largest(tmp_path, exact=True) <= 1e-10
    assert largest(tmp_path, exact=False) <= 1e-5


@pytest.mark.parametrize("name", LONGEST)
def test_one_of_the_longest_computes_what_the_bench_does(name: str, tmp_path: Path) -> None:
    export(longest()[name], name, tmp_path)
    assert largest(tmp_path, exact=True) <= 1e-10
    assert largest(tmp_path, exact=False) <= 1e-5


@pytest.mark.parametrize("data", whole())
def test_a_network_of_every_kind_of_layer_computes_what_the_bench_does(data: str, tmp_path: Path) -> None:
    export(whole()[data], data, tmp_path)
    assert largest(tmp_path, exact=True) <= 1e-10
    assert largest(tmp_path, exact=False) <= 1e-5


@pytest.mark.slow
@pytest.mark.parametrize("preset", presets(), ids=lambda preset: str(preset.id))
def test_every_preset_computes_what_the_bench_does(preset: Any, tmp_path: Path) -> None:
    export(preset.load(), preset.id, tmp_path)
    for exact, most in ((True, 1e-10), (False, 1e-5)):
        gap = largest(tmp_path, exact)
        assert gap <= most or (preset.id in CHAOTIC and gap <= 5 * unavoidable(tmp_path, exact))


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
        export(read(tmp_path / "run.nabla").checkpoint, "run", tmp_path)
        assert largest(tmp_path, exact=True) <= 1e-10


@pytest.mark.parametrize("data", [kind for kind in kinds(Data) if kind not in ("csv", "images")])
def test_every_data_set_is_learnt_alike(data: str, tmp_path: Path) -> None:
    shape = len(kinds(Data)[data]().input_shape or ())
    layers = [[{"kind": "recurrent", "units": 3, "output": "all"}], []] if shape == 2 else [[{"kind": "flatten"}], []]
    for stack in layers:
        plain = {"data": {"kind": data}, "layers": stack, "batch_size": 8, "precision": "float64"}
        experiment = Experiment.from_builtins(plain)
        export(experiment, data, tmp_path)
        assert largest(tmp_path, exact=True) <= 1e-10
    known, (raw, *_) = Training(experiment).data, scalings(experiment.data, experiment.seed)
    seen = script_in(tmp_path)["scaled"](raw.x).reshape(len(raw.x), -1)
    own = np.concatenate([known.x_train, known.x_val], axis=1).T
    np.testing.assert_allclose(np.sort(seen, axis=0), np.sort(own, axis=0), atol=1e-12)


def test_a_frozen_layer_stays_as_it_is(tmp_path: Path) -> None:
    experiment = named(of({"kind": "dense", "frozen": True, "normalization": {"kind": "layer"}}))
    export(experiment, "frozen", tmp_path)
    assert largest(tmp_path, exact=True) <= 1e-10
    model = script_in(tmp_path)["Trainer"]().model
    assert [name for name, p in model.named_parameters() if p.requires_grad] == ["3.weight", "3.bias"]


def test_a_script_that_computes_something_else_ends_with_1(tmp_path: Path) -> None:
    export(named(NETWORKS["dense"]), "dense", tmp_path)
    assert status_of(tmp_path, apart=True) == status_of(tmp_path, "--float32") == 0
    arrays = dict(np.load(tmp_path / CHECK))
    for name in ("outputs", "evaluated", "gradient.0.bias", "after.0.bias"):
        np.savez(tmp_path / CHECK, allow_pickle=False, **{**arrays, name: arrays[name] + 1e-9})
        assert status_of(tmp_path) == 1
    np.savez(tmp_path / CHECK, allow_pickle=False, **{**arrays, "outputs": arrays["outputs"] * np.nan})
    assert status_of(tmp_path) == status_of(tmp_path, apart=True) == 1


def test_weights_are_drawn_as_widely_as_the_bench_draws_them(tmp_path: Path) -> None:
    for name, plain in parts().items():
        layer = plain["layer"]
        if "initializer" in layer and layer["initializer"]["kind"] not in ("identity", "lsuv"):
            wide = {**layer, "units": 96} if "units" in layer else {**layer, "channels": 96}
            export(named({**plain, "layer": wide}), name, tmp_path)
            script = script_in(tmp_path)
            torch.manual_seed(0)
            drawn, kept = script["build"]().state_dict(), script["Trainer"]().model.state_dict()
            for array in (name for name in drawn if not name.endswith("num_batches_tracked")):
                widths = (float(each[array].double().std(correction=0)) for each in (drawn, kept))
                assert next(widths) == pytest.approx(next(widths), rel=0.35, abs=1e-9), (name, array)


def test_new_rows_of_a_table_are_answered_as_the_bench_answers_them(tmp_path: Path) -> None:
    lines = [f"{7 * n % 11},{'' if n % 5 == 3 else n % 4}.5,{('red', 'blue', '')[n % 3]},{n % 7}" for n in range(40)]
    (tmp_path / "rows.csv").write_text("\n".join(["age,height,colour,answer", *lines]))
    data = {"kind": "csv", "path": str(tmp_path / "rows.csv"), "target": "answer", "task": "regression"}
    experiment = Experiment.from_builtins({"data": data, "layers": [DENSE], "precision": "float64"})
    export(experiment, "table", tmp_path)
    training = Training(experiment)
    raw, _, targets = scalings(training.experiment.data, experiment.seed)
    torch.set_default_dtype(torch.float64)
    script = script_in(tmp_path)
    with open(tmp_path / "rows.csv", newline="") as file:
        rows = script["table"](list(csv.DictReader(file)))
    np.testing.assert_array_equal(rows, raw.x)
    answers = script["Trainer"]().predict(rows)
    order = np.argsort(answers[:, 0])
    assert targets is not None
    training.network.forward(training=False)
    own = training.network.output.a[0] * targets.units + targets.center * 2.0**targets.exponent
    assert np.isin(np.round(own, 5), np.round(answers[order, 0], 5)).all()


def test_it_trains_on(tmp_path: Path) -> None:
    export(named(NETWORKS["dense"]), "dense", tmp_path)
    trainer, bench = script_in(tmp_path)["Trainer"](), named(NETWORKS["dense"])
    raw, *_ = scalings(bench.data, bench.seed)
    before = trainer.predict(raw.x)
    trainer.train(raw.x, raw.y, 300)
    right = (trainer.predict(raw.x).argmax(axis=1) == raw.y).mean()
    assert right > (before.argmax(axis=1) == raw.y).mean()
