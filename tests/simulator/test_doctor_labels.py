"""What the doctor says of labels: random ones cannot be learnt, and neighbours are no judges of sequences."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from simulator import Experiment, run
from simulator.doctor.base import Finding
from simulator.doctor.phrases import beside_guessing, risen
from simulator.experiment.files import find
from simulator.observations.facts import FactsObservation
from simulator.training.training import Training


def told(data: dict[str, Any], steps: int = 200) -> tuple[Finding, ...]:
    layer = {"kind": "dense", "units": 12, "repeat": 2}
    optimizer = {"kind": "sgd", "learning_rate": 0.1}
    experiment = Experiment.from_builtins({"data": data, "layers": [layer], "optimizer": optimizer, "batch_size": 64})
    return run(experiment, steps=steps, every=20).findings


@pytest.mark.parametrize(
    ("data", "path"),
    [
        ({"kind": "moons", "label_noise": 0.5}, "data.label_noise"),
        ({"kind": "wine", "label_noise": 0.66}, "data.label_noise"),
        ({"kind": "clusters", "spread": 10.0}, "data.spread"),
        ({"kind": "circles", "noise": 6.0}, "data.noise"),
    ],
)
def test_labels_that_cannot_be_learnt_are_named_and_the_network_is_not_blamed(data: dict[str, Any], path: str) -> None:
    first, *_ = told(data)
    assert first.cause is not None
    assert first.cause.path == path
    assert not first.factor
    assert first.severity != "severe"
    assert all(setting.startswith("data.") for remedy in first.remedies for setting, _ in remedy.settings)


@pytest.mark.parametrize(
    "data",
    [
        {"kind": "plane", "noise": 0.5},
        {"kind": "moons", "noise": 0.4},
        {"kind": "digits", "label_noise": 0.3},
        {"kind": "diabetes"},
    ],
)
def test_a_run_that_has_come_down_to_the_noise_is_told_a_note_at_most(data: dict[str, Any]) -> None:
    assert {finding.severity for finding in told(data)} <= {"note"}


@pytest.mark.parametrize("steps", [40, 80])
def test_a_sequence_that_is_not_learnt_yet_is_not_called_impossible(steps: int) -> None:
    experiment = find("adding-gru").with_values([("data.samples", 1000), ("layers.0.units", 16)])
    assert "nothing to learn" not in {finding.rule for finding in run(experiment, steps=steps, every=20).findings}


def of_equal_targets(folder: Path, target: float, rate: float, noise: float = 0.0) -> Experiment:
    """A regression whose targets are one number, so that guessing scores exactly 0."""
    table = folder / "equal.csv"
    table.write_text("a,y\n" + "".join(f"{row % 7},{target}\n" for row in range(40)), encoding="utf-8")
    data = {"kind": "csv", "path": str(table), "target": "y", "task": "regression", "scale": "none"}
    layer = {"kind": "dense", "units": 5, "repeat": 2}
    optimizer = {"kind": "sgd", "learning_rate": rate}
    return Experiment.from_builtins(
        {"data": {**data, "label_noise": noise}, "layers": [layer], "loss": {"kind": "mse"}, "optimizer": optimizer}
    )


@pytest.mark.parametrize("target", [0.0, 0.1, 1e3])
def test_of_equal_targets_guessing_scores_exactly_nothing(target: float, tmp_path: Path) -> None:
    training = Training(of_equal_targets(tmp_path, target, 0.1))
    training.look()
    facts = FactsObservation().observe(training)
    assert facts is not None
    assert facts.data.guessing_loss == 0


@pytest.mark.parametrize(("target", "noise"), [(0.0, 0.0), (0.1, 0.3)])
def test_a_run_on_equal_targets_is_judged_by_its_start(target: float, noise: float, tmp_path: Path) -> None:
    assert not run(of_equal_targets(tmp_path, target, 0.1, noise), steps=220, every=20).findings
    for rate in (0.0, 1e4):
        first, *_ = run(of_equal_targets(tmp_path, target, rate, noise), steps=220, every=20).findings
        assert first.cause is not None
        assert first.cause.path == "optimizer.learning_rate"
        assert "as good as a constant guess" not in first.sentence


def test_a_rise_from_exactly_nothing_is_told_without_a_ratio() -> None:
    assert risen(0.5, 0.0) == "0.5, where it was 0 at the start"
    assert risen(8.2, 4.1) == "8.2, which is 2 times what it was at the start"


@pytest.mark.parametrize(("loss", "good"), [(2.2, True), (2.31, True), (2.52, False), (1.9, False), (9e5, False)])
def test_only_a_loss_like_that_of_guessing_is_called_as_good(loss: float, good: bool) -> None:
    told = beside_guessing(loss, 2.3)
    assert ("as good as a constant guess" in told) == good
    assert ("where a constant guess scores 2.3" in told) != good
