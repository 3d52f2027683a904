"""A run without a screen: the files it writes, to the byte."""

from __future__ import annotations

import csv
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from simulator import Experiment, ExperimentError, run
from simulator.measures import NAMES
from simulator.observations.boundary import BoundaryObservation
from simulator.training.training import Training

FILES = {
    "environment.json",
    "experiment.json",
    "findings.json",
    "steps.csv",
    "layers.csv",
    "flow.csv",
    "histograms.npz",
}


def experiment(*changes: tuple[str, Any]) -> Experiment:
    layer = {"kind": "dense", "units": 6, "repeat": 2}
    plain = {
        "name": "two by three",
        "data": {"kind": "moons", "samples": 60},
        "layers": [layer, {"kind": "dense", "units": 4, "activation": {"kind": "relu"}}],
        "batch_size": 16,
    }
    return Experiment.from_builtins(plain).with_values(changes)


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_these_files_and_nothing_else(tmp_path: Path) -> None:
    run(experiment(), steps=3, out=tmp_path / "deep" / "er")
    names = {path.name for path in (tmp_path / "deep" / "er").iterdir()}
    # No prediction: the layers are narrow.
    assert names == FILES | {"factors.csv", "analyses.json", "order_chaos.csv", "edge_of_chaos.csv"}
    assert Experiment.from_json((tmp_path / "deep" / "er" / "experiment.json").read_bytes()) == experiment()


def test_the_headers_are_those_of_the_file_format(tmp_path: Path) -> None:
    run(experiment(), steps=0, out=tmp_path)
    head = "step,loss,accuracy,validation_loss,validation_accuracy,learning_rate,gradient_norm\n"
    assert (tmp_path / "steps.csv").read_bytes().decode().startswith(head)
    head = (
        "step,layer,name,kind,activation_mean,activation_std,activation_saturated,activation_dead,preactivation_std,"
        "delta_rms,weight_gradient_norm,bias_gradient_norm,weight_gradient_std,weight_norm,update_norm,update_ratio,"
        "nonfinite\n"
    )
    assert (tmp_path / "layers.csv").read_bytes().decode().startswith(head)
    head = "step,layer,branch_share,unit_spread,activation_rate,mean_weight_rate,variance_rate\n"
    assert (tmp_path / "flow.csv").read_bytes().decode().startswith(head)


@pytest.mark.parametrize(
    ("steps", "every", "measured"),
    [(0, 1, [0]), (0, 7, [0]), (4, 1, [0, 1, 2, 3, 4]), (7, 3, [0, 3, 6, 7]), (6, 3, [0, 3, 6]), (2, 100, [0, 2])],
)
def test_rows_and_cadence(tmp_path: Path, steps: int, every: int, measured: list[int]) -> None:
    run(experiment(), steps=steps, every=every, out=tmp_path)
    rows = table(tmp_path / "steps.csv")
    assert [int(row["step"]) for row in rows] == list(range(steps + 1))
    for row in rows:
        here = int(row["step"]) in measured
        assert (row["validation_loss"] != "") is here
        assert (row["validation_accuracy"] != "") is here
        for name in ("loss", "accuracy", "learning_rate", "gradient_norm"):
            assert math.isfinite(float(row[name]))
    layers = table(tmp_path / "layers.csv")
    assert [(int(r["step"]), r["layer"]) for r in layers] == [(s, label) for s in measured for label in "1234"]
    assert [r["kind"] for r in layers[:4]] == ["dense"] * 3 + ["output"]
    with np.load(tmp_path / "histograms.npz") as found:
        assert found["steps"].tolist() == measured
        assert found["layers"].tolist() == ["1", "2", "3", "4"]
        for quantity, totals in (("activation", [96, 96, 64, 32]), ("weight_gradient", [12, 36, 24, 8])):
            counts, edges = found[f"{quantity}_counts"], found[f"{quantity}_edges"]
            assert counts.shape == (len(measured), 4, 64)
            assert edges.shape == (len(measured), 4, 65)
            assert (np.diff(edges) > 0).all()
            np.testing.assert_array_equal(counts.sum(axis=2), np.tile(totals, (len(measured), 1)))
            for odd in ("nan", "plus_inf", "minus_inf", "zeros"):
                assert found[f"{quantity}_{odd}"].shape == (len(measured), 4)


def test_cells_hold_the_numbers_of_training_in_full(tmp_path: Path) -> None:
    run(experiment(), steps=3, out=tmp_path)
    training = Training(experiment())
    steps, layers = table(tmp_path / "steps.csv"), table(tmp_path / "layers.csv")
    for step in range(4):
        training.look()
        for name, value in training.scalars(validate=True).items():
            assert float(steps[step][name]) == value
        for layer in range(4):
            row = layers[4 * step + layer]
            for index, name in enumerate(NAMES):
                if training.defined[index, layer]:
                    assert float(row[name]) == training.values[index, layer]
                else:
                    assert row[name] == ""
        training.propose()
        training.apply()


def test_not_defined_is_an_empty_cell_and_nan_is_a_value(tmp_path: Path) -> None:
    described = experiment(
        ("data", {"kind": "plane", "samples": 50}), ("loss", None),
        ("layers.0.initializer", {"kind": "zeros"}), ("layers.0.activation", {"kind": "linear"}),
        ("layers.1.activation", {"kind": "linear"}), ("optimizer.learning_rate", 1e30),
    )  # fmt: skip
    run(described, steps=9, out=tmp_path)
    steps, layers = table(tmp_path / "steps.csv"), table(tmp_path / "layers.csv")
    assert {row["accuracy"] for row in steps} == {row["validation_accuracy"] for row in steps} == {""}
    assert layers[0]["update_ratio"] == ""
    assert float(layers[0]["weight_norm"]) == 0
    assert steps[-1]["loss"] in ("nan", "inf")
    assert int(layers[-1]["nonfinite"]) > 0
    assert layers[0]["nonfinite"] == "0"


def test_softmax_has_no_saturation(tmp_path: Path) -> None:
    run(experiment(), steps=0, out=tmp_path)
    assert [row["activation_saturated"] == "" for row in table(tmp_path / "layers.csv")] == [False] * 3 + [True]
    run(experiment(("loss", {"kind": "sigmoid_mse"})), steps=0, out=tmp_path)
    assert "" not in {row["activation_dead"] for row in table(tmp_path / "layers.csv")}


def test_the_last_rows_update_is_computed_but_not_applied(tmp_path: Path) -> None:
    run(experiment(("optimizer.momentum", 0.9)), steps=2, out=tmp_path / "short")
    run(experiment(("optimizer.momentum", 0.9)), steps=5, every=1, out=tmp_path / "long")
    for name, rows in (("steps.csv", 3), ("layers.csv", 12)):
        assert table(tmp_path / "short" / name) == table(tmp_path / "long" / name)[:rows]
    assert float(table(tmp_path / "short" / "layers.csv")[-1]["update_norm"]) > 0


BUSY = experiment(
    ("layers.0.dropout", {"kind": "inverted"}),
    ("layers.0.normalization", {"kind": "batch"}),
    ("optimizer", {"kind": "adam"}),
)


@pytest.mark.parametrize("described", [experiment(), BUSY])
def test_the_same_seed_gives_the_same_bytes(tmp_path: Path, described: Experiment) -> None:
    for name in ("a", "b"):
        run(described, steps=8, every=3, out=tmp_path / name)
    for file in FILES:
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()
    run(described.with_values([("seed", 1)]), steps=8, every=3, out=tmp_path / "c")
    assert (tmp_path / "a" / "steps.csv").read_bytes() != (tmp_path / "c" / "steps.csv").read_bytes()


def test_how_often_one_measures_changes_no_number(tmp_path: Path) -> None:
    run(BUSY, steps=8, every=1, out=tmp_path / "often")
    run(BUSY, steps=8, every=5, out=tmp_path / "seldom")
    often, seldom = (table(tmp_path / name / "steps.csv") for name in ("often", "seldom"))
    assert [row["loss"] for row in often] == [row["loss"] for row in seldom]
    fifth = [row for row in table(tmp_path / "often" / "layers.csv") if row["step"] in ("0", "5", "8")]
    assert fifth == table(tmp_path / "seldom" / "layers.csv")


def test_an_error_leaves_the_rows_before_it_and_the_experiment_that_they_are_of(tmp_path: Path) -> None:
    run(experiment(), steps=2, out=tmp_path)
    described = experiment(("seed", 5))

    def stop(step: int) -> None:
        if step == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(described, steps=9, out=tmp_path, progress=stop)
    assert Experiment.from_json((tmp_path / "experiment.json").read_bytes()) == described
    assert [row["step"] for row in table(tmp_path / "steps.csv")] == ["0", "1", "2", "3"]
    assert not (tmp_path / "findings.json").exists()


def test_what_cannot_be_trained_writes_nothing(tmp_path: Path) -> None:
    with pytest.raises(ExperimentError, match="nowhere"):
        run(experiment(("data", {"kind": "csv", "path": "/nowhere.csv"})), steps=1, out=tmp_path / "x")
    assert not (tmp_path / "x").exists()


def test_a_file_in_the_folders_place_is_an_os_error(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("mine")
    with pytest.raises(OSError, match="taken"):
        run(experiment(), steps=1, out=tmp_path / "taken")
    assert (tmp_path / "taken").read_text() == "mine"


@pytest.mark.parametrize(("steps", "every", "word"), [(-1, 1, "steps"), (1, 0, "every")])
def test_wrong_counts_are_refused(steps: int, every: int, word: str) -> None:
    with pytest.raises(ValueError, match=word):
        run(experiment(), steps=steps, every=every)


def test_without_a_folder_the_result_is_in_memory_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    told: list[int] = []
    result = run(experiment(), steps=5, every=2, progress=told.append)
    assert told == [0, 1, 2, 3, 4, 5]
    assert (result.first.step, result.last.step, result.history.steps) == (0, 5, 6)
    assert result.last.result(BoundaryObservation()) is not None
    assert list(tmp_path.iterdir()) == []
