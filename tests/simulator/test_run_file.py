"""A run file: a run saved and opened again goes on as if it had never stopped."""

from __future__ import annotations

import csv
import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace

from simulator.experiment.experiment import Experiment, ExperimentError
from simulator.parts.optimizers import Optimizer
from simulator.record.history import History, Rows
from simulator.record.record import Record
from simulator.running.headless.run import run
from simulator.running.nabla.run_file import SavedRun, read, taken_up, write
from simulator.schema.parameter import kinds
from simulator.system import machine
from simulator.system.environment import environment
from simulator.training.checkpoint import Checkpoint
from simulator.training.checkpoint_files import written
from simulator.training.training import Training
from tests.simulator.combinations import LAYERS, fitting, options

HERE = environment(1)
OPTIMIZERS = tuple(kinds(Optimizer))
NETS: dict[str, dict[str, Any]] = {
    "dropout": {
        "data": {"kind": "wine"},
        "layers": [
            {
                "kind": "dense", "units": 9, "repeat": 2, "normalization": {"kind": "batch"},
                "dropout": {"kind": "inverted", "rate": 0.3},
            },
            {"kind": "residual", "layers": [{"kind": "dense", "units": 9, "dropout": {"kind": "classic"}}]},
        ],
        "optimizer": {"kind": "adam"},
        "batch_size": 50,
    },
    "pixels": {
        "data": {"kind": "digits"},
        "layers": [
            {"kind": "convolution", "channels": 3, "normalization": {"kind": "batch"}}, {"kind": "flatten"},
            {"kind": "dense", "units": 6},
        ],
        "optimizer": {"kind": "sgd", "momentum": 0.9},
    },
    "sequences": {
        "data": {"kind": "adding", "samples": 80, "steps": 30},
        "layers": [{"kind": "gru", "units": 4, "output": "all"}, {"kind": "lstm", "units": 4}],
        "optimizer": {"kind": "rmsprop"},
    },
    "checkpointed": {
        "data": {"kind": "adding", "samples": 80, "steps": 30},
        "layers": [{"kind": "lstm", "units": 4, "checkpoint": True}],
        "optimizer": {"kind": "adam"},
    },
    "single": {"data": {"kind": "moons"}, "layers": [], "optimizer": {"kind": "adagrad"}},
}  # fmt: skip


def advance(training: Training, steps: int, record: Record | None = None) -> None:
    for _ in range(steps):
        training.propose()
        if record is not None:
            row = training.row(training.scalars())
            record.add(None, (Rows(training.step, training.columns, row[np.newaxis]),))
        training.apply()


def saved(training: Training, record: Record) -> SavedRun:
    return SavedRun(training.checkpoint(), record, HERE)


def check_goes_on(experiment: Experiment, path: Path, before: int, after: int) -> None:
    whole = Training(experiment)
    record = Record(History(whole.columns))
    advance(whole, before, record)
    write(saved(whole, record), path)
    opened = read(path)
    other = taken_up(opened)
    advance(whole, after, record)
    advance(other, after, opened.record)
    assert written(other.checkpoint()) == written(whole.checkpoint())
    write(saved(whole, record), path)
    again = path.with_name("again.nabla")
    write(saved(other, opened.record), again)
    assert again.read_bytes() == path.read_bytes()


@pytest.mark.parametrize("net", NETS)
def test_thirty_steps_after_saving_and_opening_are_those_of_never_having_stopped(net: str, tmp_path: Path) -> None:
    check_goes_on(Experiment.from_builtins(NETS[net]), tmp_path / "run.nabla", 7, 30)


def every_combination() -> Iterator[Experiment]:
    """Every kind of layer with all its options, each with every optimiser in turn."""
    for layer in (each for kind in LAYERS.values() for each in options(kind)):
        for optimizer in OPTIMIZERS:
            momentum = {"momentum": 0.9} if optimizer == "sgd" else {}
            made = fitting(layer, optimizer={"kind": optimizer, **momentum})
            if made is not None:
                yield made


@pytest.mark.slow
def test_every_kind_of_layer_with_every_optimizer_dropout_and_norm_goes_on_to_the_same_bits(tmp_path: Path) -> None:
    seen = set()
    for experiment in every_combination():
        seen |= {(layer.kind, experiment.optimizer.kind) for _, layer in experiment.expanded()}
        check_goes_on(experiment, tmp_path / "run.nabla", 2, 30)
    assert {(kind, optimizer) for kind in LAYERS for optimizer in OPTIMIZERS} <= seen


@pytest.mark.parametrize("net", NETS)
def test_the_files_of_a_run_that_goes_on_are_those_of_one_that_never_stopped(net: str, tmp_path: Path) -> None:
    experiment = Experiment.from_builtins(NETS[net])
    run(experiment, steps=60, every=5, out=tmp_path / "whole", save=tmp_path / "whole.nabla")
    run(experiment, steps=30, every=5, out=tmp_path / "first", save=tmp_path / "first.nabla")
    start = read(tmp_path / "first.nabla")
    went_on = run(
        start.experiment, steps=30, every=5, out=tmp_path / "second", start=start, save=tmp_path / "second.nabla"
    )
    assert (went_on.last.step, went_on.news) == (60, "")
    assert (tmp_path / "second.nabla").read_bytes() == (tmp_path / "whole.nabla").read_bytes()
    for name in ("findings.json", "experiment.json", "environment.json"):
        assert (tmp_path / "second" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
    for path in (tmp_path / "second").glob("*.csv"):
        assert rows_from(path, 30) == rows_from(tmp_path / "whole" / path.name, 30)
    ours, theirs = (np.load(tmp_path / folder / "histograms.npz") for folder in ("second", "whole"))
    for name in set(ours.files) - {"layers"}:
        assert ours[name].tobytes() == theirs[name][-len(ours["steps"]) :].tobytes()


def rows_from(path: Path, step: int) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        return [row for row in csv.DictReader(lines) if int(row["step"]) >= step]


def test_a_run_that_goes_on_draws_the_curves_of_all_its_steps(tmp_path: Path) -> None:
    experiment = Experiment.from_builtins(NETS["dropout"])
    run(experiment, steps=20, every=4, save=tmp_path / "run.nabla")
    result = run(experiment, steps=5, every=4, start=read(tmp_path / "run.nabla"))
    assert result.history.series("loss").steps.tolist() == list(range(26))
    assert result.record.first is not None
    assert result.record.first.step == 0


def test_a_saved_run_takes_live_changes_and_no_others(tmp_path: Path) -> None:
    experiment = Experiment.from_builtins(NETS["dropout"])
    run(experiment, steps=4, save=tmp_path / "run.nabla")
    start = read(tmp_path / "run.nabla")
    faster = experiment.with_values([("optimizer.learning_rate", 0.5)])
    assert run(faster, steps=1, start=start).last.scalars["learning_rate"] == 0.5
    with pytest.raises(ExperimentError, match="live parameters only"):
        run(experiment.with_values([("seed", 5)]), steps=1, start=start)


def test_where_versions_kernels_or_threads_differ_one_sentence_says_that_last_digits_may(tmp_path: Path) -> None:
    experiment = Experiment.from_builtins(NETS["single"])
    run(experiment, steps=2, save=tmp_path / "run.nabla")
    start = read(tmp_path / "run.nabla")
    other = {"kernel": "Haswell9", "numpy": "1.0", "threads": 77}
    moved = SavedRun(start.checkpoint, start.record, replace(start.environment, **other))
    news = run(experiment, steps=1, start=moved).news
    assert news.count(". ") == 0
    for told in ("last digits", "kernel", "numpy", "instead of 77", "instead of 1.0"):
        assert told in news
    assert "data" in run(experiment, steps=1, start=SavedRun(replace_data(start), start.record, HERE)).news


def replace_data(start: SavedRun) -> Checkpoint:
    return dataclasses.replace(start.checkpoint, data="0" * 16)


def test_a_diverged_run_goes_on_with_its_nan(tmp_path: Path) -> None:
    layers = [{"kind": "dense", "units": 9, "repeat": 2, "activation": {"kind": "relu"}}]
    optimizer = {"kind": "sgd", "learning_rate": 1e30, "momentum": 0.9}
    experiment = Experiment.from_builtins({"data": {"kind": "wine"}, "layers": layers, "optimizer": optimizer})
    with np.errstate(all="ignore"):
        check_goes_on(experiment, tmp_path / "run.nabla", 6, 4)
        start = read(tmp_path / "run.nabla")
    assert start.checkpoint.known.began is not None
    assert not np.isfinite(start.checkpoint.parameters).all()


def test_a_run_of_twenty_layers_of_256_takes_less_than_40_megabytes(tmp_path: Path) -> None:
    layers = [{"kind": "dense", "units": 256, "repeat": 20}]
    experiment = Experiment.from_builtins({"data": {"kind": "digits"}, "layers": layers, "optimizer": {"kind": "adam"}})
    training = Training(experiment)
    record = Record(History(training.columns))
    rows = np.random.default_rng(0).standard_normal((1000, len(training.columns)))
    for first in range(0, 100_000, 1000):
        record.add(None, (Rows(first, training.columns, rows),))
    training.step = 100_000
    write(saved(training, record), tmp_path / "run.nabla")
    assert (tmp_path / "run.nabla").stat().st_size <= 40_000_000
    assert taken_up(read(tmp_path / "run.nabla")).step == 100_000


def test_a_run_for_whose_file_there_is_no_memory_is_refused_before_any_is_spent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    training = Training(
        Experiment.from_builtins(
            {"data": {"kind": "digits"}, "layers": [{"kind": "dense", "units": 1500, "repeat": 3}]}
        )
    )
    saved = SavedRun(training.checkpoint(), Record(History(training.columns)), HERE)
    monkeypatch.setattr(machine, "free_memory", lambda: 2**26)
    with pytest.raises(OSError, match=r"writing the run into a file needs 0\.\d GiB of memory; but 0\.1 GiB are free"):
        write(saved, tmp_path / "large.nabla")
    assert not list(tmp_path.iterdir())
