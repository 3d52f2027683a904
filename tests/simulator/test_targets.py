"""Several targets of one regression: read, scaled one by one, trained on together, told one by one."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from simulator.commands.command_line import carry_out
from simulator.data import Csv, DataError, prepare
from simulator.experiment.experiment import Experiment, ExperimentError
from simulator.measures.facts import data_facts
from simulator.observations.output_errors import OutputErrorsObservation
from simulator.training.training import Training

HEADER = ("a", "b", "near", "far, and large", "kind")


@pytest.fixture
def path(tmp_path: Path) -> str:
    """``near`` is a + b, ``far, and large`` is 1e4 − 1e3 a."""
    rng = np.random.default_rng(0)
    file = tmp_path / "two.csv"
    with file.open("w", newline="") as opened:
        writer = csv.writer(opened)
        writer.writerow(HEADER)
        for a, b in rng.standard_normal((60, 2)).tolist():
            writer.writerow([a, b, a + b, 1e4 - 1e3 * a, "xy"[a > 0]])
    return str(file)


def described(path: str, **fields: Any) -> dict[str, Any]:
    return {"kind": "csv", "path": path, "task": "regression", "inputs": ["a", "b"]} | fields


def experiment(path: str, **fields: Any) -> Experiment:
    return Experiment.from_builtins(
        {
            "data": described(path, target=["near", "far, and large"]), "precision": "float64", "batch_size": 8,
            "layers": [{"kind": "dense", "units": 5}], "optimizer": {"kind": "sgd", "learning_rate": 0.1},
        }
        | fields
    )  # fmt: skip


def test_a_list_names_the_targets_in_its_order(path: str) -> None:
    target = ("near", "far, and large")
    made = prepare(Csv(path=path, task="regression", target=target, inputs=("a", "b")), 0, np.float64)
    assert made.target_names == ("near", "far, and large")
    assert made.outputs == 2
    assert made.y_train.shape == (2, 48)
    # Each by its own mean and deviation.
    assert made.y_train.mean(axis=1) == pytest.approx(np.zeros(2), abs=1e-12)
    assert made.y_train.std(axis=1) == pytest.approx(np.ones(2))
    assert made.target_units[1] / made.target_units[0] == pytest.approx(1000 / np.sqrt(2), rel=0.3)


def test_names_stand_with_commas_and_a_columns_own_comma_does_not_part_it(path: str) -> None:
    def names(target: str, inputs: tuple[str, ...] = ("b",)) -> tuple[str, ...]:
        return prepare(Csv(path=path, task="regression", target=target, inputs=inputs), 0, np.float64).target_names

    assert names("near, a") == ("near", "a")
    assert names("near,a") == ("near", "a")
    assert names("far, and large") == ("far, and large",)
    assert names("near") == ("near",)


def test_none_is_the_one_that_the_table_suggests(path: str) -> None:
    for target in ("", ()):
        found = Csv(path=path, target=target).judged()
        assert (found.targets, found.task) == (("kind",), "classification")


def test_rows_that_lack_a_target_are_left_out_and_told(tmp_path: Path) -> None:
    file = tmp_path / "holes.csv"
    rows = [f"{n},{n * n % 7}.5,{n % 5}.25" for n in range(30)]
    file.write_text("x,u,v\n" + "\n".join(rows) + "\n4,,1.5\n5,2.5,\n")
    made = prepare(Csv(path=str(file), target=("u", "v"), inputs=("x",), validation=0.0), 0, np.float64)
    assert made.train_samples == 30
    assert any("2 rows without" in note for note in made.notes)


def test_all_other_columns_are_inputs(tmp_path: Path) -> None:
    file = tmp_path / "plain.csv"
    file.write_text("a,b,c,d\n" + "1,2,3,4\n5,6,8,7\n9,10,11,12\n")
    made = prepare(Csv(path=str(file), task="regression", target=("d", "b")), 0, np.float64)
    assert made.feature_names == ("a", "c")


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"target": ["near", "near"]}, "two.csv: a target column is chosen twice"),
        ({"target": ["near", "nowhere"]}, 'two.csv: there is no column "nowhere"'),
        ({"target": ["near", "a"]}, 'two.csv: column "a" is the target and cannot be an input too'),
        ({"target": "near, kind", "inputs": ["a"]}, 'two.csv, column "kind": "." is not a number'),
        ({"target": ["near", "kind"], "task": "classification"}, "several targets are of a regression"),
    ],
)
def test_targets_that_cannot_be_used_are_named(path: str, fields: dict[str, Any], message: str) -> None:
    with pytest.raises((DataError, ExperimentError), match=message):
        Training(experiment(path, data=described(path, **{"target": "near"} | fields)))


def test_one_target_is_what_it_was_however_it_is_written(path: str) -> None:
    plain, listed = (
        prepare(Csv(path=path, task="regression", target=target, inputs=("a", "b"), label_noise=0.3), 3, np.float32)
        for target in ("near", ("near",))
    )
    assert plain.y_train.tobytes() == listed.y_train.tobytes()
    assert plain.outputs == 1


def test_label_noise_is_in_deviations_of_each_target(path: str) -> None:
    clean, noisy = (
        prepare(
            Csv(path=path, task="regression", target=("near", "far, and large"), scale="none", label_noise=noise,
                inputs=("a", "b")), 0, np.float64,
        )
        for noise in (0.0, 0.5)
    )  # fmt: skip
    added = (noisy.y_train - clean.y_train).std(axis=1)
    assert added == pytest.approx(0.5 * clean.y_train.std(axis=1), rel=0.3)


def test_both_targets_are_learnt_and_their_losses_add_up(path: str) -> None:
    training = Training(experiment(path))
    for _ in range(400):
        training.propose(measure=False)
        training.apply()
    training.look()
    found = OutputErrorsObservation().observe(training)
    assert found.names == ("near", "far, and large")
    assert found.batch.sum() == pytest.approx(training.scalars()["loss"])
    assert found.validation.sum() == pytest.approx(training.scalars(validate=True)["validation_loss"])
    assert (found.validation < 0.1).all()
    assert found.batch_rms == pytest.approx(np.sqrt(2 * found.batch) * training.data.target_units)
    error = training.network.output.a - training.y
    assert found.batch == pytest.approx((error**2).mean(axis=1) / 2)
    assert training.info.target_names == ("near", "far, and large")


def test_guessing_and_noise_are_told_of_all_targets(path: str) -> None:
    data = described(path, target=["near", "far, and large"], scale="none", label_noise=0.5)
    described_run = experiment(path, data=data)
    facts = data_facts(Training(described_run).data, described_run)
    y = Training(described_run).data.y_train
    assert facts.guessing_loss == pytest.approx(0.5 * y.var(axis=1).sum())
    assert facts.floor == pytest.approx(0.5 * y.var(axis=1).sum() * 0.25 / 1.25)


def test_the_table_tells_each_target_and_a_file_keeps_the_list(path: str, tmp_path: Path) -> None:
    file, out = tmp_path / "e.json", tmp_path / "out"
    file.write_bytes(experiment(path).to_json())
    assert json.loads(file.read_text())["data"]["target"] == ["near", "far, and large"]
    assert Experiment.from_json(file.read_bytes()) == experiment(path)
    given = ["run", str(file), "--steps", "2", "--every", "2", "--analyses", "outputs", "--no-plots", "--out", str(out)]
    assert carry_out(given) == 0
    with (out / "output_errors.csv").open(newline="") as opened:
        rows = list(csv.DictReader(opened))
    assert [(row["step"], row["output"]) for row in rows] == [(s, n) for s in "02" for n in ("near", "far, and large")]
    with (out / "steps.csv").open(newline="") as opened:
        losses = [float(row["loss"]) for row in csv.DictReader(opened)]
    assert float(rows[0]["half_squared_error"]) + float(rows[1]["half_squared_error"]) == pytest.approx(losses[0])


def test_the_command_line_sets_several_targets(path: str, tmp_path: Path) -> None:
    file = tmp_path / "e.json"
    file.write_bytes(experiment(path).to_json())
    for value in ("near,b", '["near","b"]'):
        out = tmp_path / str(len(value))
        given = ["run", str(file), "--steps", "0", "--no-plots", "--out", str(out), "--analyses", "outputs"]
        settings = ["--set", f"data.target={value}", "--set", 'data.inputs=["a"]']
        assert carry_out([*given, *settings]) == 0
        assert (out / "output_errors.csv").read_text().count("near") == 1


def test_classes_are_told_by_name() -> None:
    training = Training(Experiment.from_builtins({"data": {"kind": "moons", "validation": 0.0}, "layers": []}))
    training.look()
    found = OutputErrorsObservation().observe(training)
    assert found.names == ("upper moon", "lower moon")
    error = training.network.output.a - training.y
    assert found.batch_rms == pytest.approx(np.sqrt((error.astype(np.float64) ** 2).mean(axis=1)))
    assert np.isnan(found.validation).all(), "nothing is held out"
