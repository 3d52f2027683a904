"""What the doctor says of labels: random ones cannot be learnt, and neighbours are no judges of sequences."""

from __future__ import annotations

from typing import Any

import pytest

from simulator import Experiment, run
from simulator.doctor import Finding
from simulator.files.experiments import find


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
    assert all(setting.startswith("data.") for mend in first.mends for setting, _ in mend.settings)


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
