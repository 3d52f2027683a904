"""A frozen layer keeps its weights and the optimiser's state of them to the bit; all others go on as with it held."""

from __future__ import annotations

import json

import numpy as np
import pytest

from simulator import run
from simulator.experiment.differences import differences_between, in_words
from simulator.experiment.experiment import Experiment
from simulator.experiment.shapes import frozen_rows
from simulator.parts.optimizers import Optimizer
from simulator.schema.parameter import kinds
from simulator.training.training import Training
from tests.simulator.combinations import LAYERS, Plain, fitting, options

OPTIMIZERS = tuple(kinds(Optimizer))
PENALTIES = {"l1": 0.01, "l2": 0.02, "clip_value": 0.5}
DEEP: Plain = {
    "data": {"kind": "wine"},
    "layers": [
        {"kind": "dense", "units": 6},
        {
            "kind": "residual",
            "layers": [
                {"kind": "dense", "units": 6, "repeat": 2},
                {"kind": "residual", "layers": [{"kind": "dense", "units": 6}]},
            ],
        },
        {"kind": "dense", "units": 5, "repeat": 2, "normalization": {"kind": "weight"}},
    ],
    "batch_size": 8,
}


def frozen(experiment: Experiment, path: str = "layers.0", on: bool = True) -> Experiment:
    return experiment.with_values([(f"{path}.frozen", on)])


def steps(training: Training, count: int) -> None:
    for _ in range(count):
        training.propose()
        training.apply()


def state(training: Training) -> list[bytes]:
    return [training.network.parameters.value.tobytes(), *(slot.tobytes() for slot in training.updater.slots)]


def held(training: Training, ranges: list[tuple[int, int]], count: int) -> None:
    """Train, and after each step put what stands in the ranges back, with the optimiser's state of it."""
    for _ in range(count):
        vectors = (training.network.parameters.value, *training.updater.slots)
        before = [[vector[start:stop].copy() for start, stop in ranges] for vector in vectors]
        steps(training, 1)
        for vector, parts in zip(vectors, before, strict=True):
            for (start, stop), part in zip(ranges, parts, strict=True):
                vector[start:stop] = part


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("kind", LAYERS)
def test_it_is_left_to_the_bit_and_the_others_go_on_as_with_it_held(kind: str, optimizer: str) -> None:
    experiment = fitting({"kind": kind}, optimizer={"kind": optimizer}, regularization=PENALTIES)
    assert experiment is not None
    freely, kept = Training(experiment), Training(frozen(experiment))
    ranges = kept.network.frozen_ranges()
    assert ranges or not freely.network.modules[0].blocks()
    held(freely, ranges, 4)
    steps(kept, 4)
    assert state(kept) == state(freely)


@pytest.mark.slow
@pytest.mark.parametrize("kind", LAYERS)
def test_it_is_so_with_every_option_of_every_layer(kind: str) -> None:
    for layer in options(LAYERS[kind]):
        experiment = fitting(layer, optimizer={"kind": "adamw"}, regularization=PENALTIES)
        assert experiment is not None
        freely, kept = Training(experiment), Training(frozen(experiment))
        held(freely, kept.network.frozen_ranges(), 3)
        steps(kept, 3)
        assert state(kept) == state(freely), layer


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_it_acts_on_the_next_step_and_ends_as_well(optimizer: str) -> None:
    experiment = Experiment.from_builtins({**DEEP, "optimizer": {"kind": optimizer}})
    freely, training = Training(experiment), Training(experiment)
    for on in (True, False, True, False):
        assert training.accepts(frozen(experiment, "layers.1", on))
        training.update_spec(frozen(experiment, "layers.1", on))
        held(freely, training.network.frozen_ranges(), 2)
        steps(training, 2)
        assert state(training) == state(freely)


def test_a_negative_zero_and_what_is_not_finite_stay_what_they_are() -> None:
    training = Training(frozen(Experiment.from_builtins(DEEP)))
    (start, _), *_ = training.network.frozen_ranges()
    training.network.parameters.value[start : start + 3] = -0.0, np.nan, np.inf
    before = training.network.parameters.value[start : start + 3].tobytes()
    steps(training, 2)
    assert training.network.parameters.value[start : start + 3].tobytes() == before


def test_its_gradient_is_measured_and_its_update_is_0() -> None:
    experiment = Experiment.from_builtins({**DEEP, "optimizer": {"kind": "adamw"}, "regularization": PENALTIES})
    freely, kept = Training(experiment), Training(frozen(experiment, "layers.1"))
    for training in (freely, kept):
        training.propose()
    assert freely.network.parameters.gradient.tobytes() == kept.network.parameters.gradient.tobytes()
    assert freely.gradient_norm == kept.gradient_norm
    still = [tap.weight_update is not None and not tap.weight_update.any() for tap in kept.network.taps]
    wanted = frozen_rows(kept.experiment)
    weighted = [tap.weight_update is not None for tap in kept.network.taps]
    assert still == [row and has for row, has in zip(wanted, weighted, strict=True)]
    assert not any(frozen_rows(experiment))


@pytest.mark.parametrize("path", ["layers.0", "layers.1", "layers.1.layers.0", "layers.2", "output"])
def test_a_layer_freezes_all_that_is_in_it(path: str) -> None:
    training = Training(frozen(Experiment.from_builtins(DEEP), path))
    before = training.network.parameters.value.copy()
    steps(training, 2)
    for tap, row in zip(training.network.taps, frozen_rows(training.experiment), strict=True):
        assert tap.weight_update is None or tap.weight_update.any() != row
    ranges = training.network.frozen_ranges()
    assert all((training.network.parameters.value[a:b] == before[a:b]).all() for a, b in ranges)


def test_what_is_frozen_counts_in_no_norm_that_is_clipped() -> None:
    experiment = frozen(Experiment.from_builtins({**DEEP, "regularization": {"clip_norm": 1e-3}}), "layers.1")
    training = Training(experiment.with_values([("optimizer.learning_rate", 1.0)]))
    training.propose()
    assert np.linalg.norm(training.network.parameters.update.astype(np.float64)) == pytest.approx(1e-3, rel=1e-5)


def test_everything_may_be_frozen() -> None:
    experiment = Experiment.from_builtins(DEEP)
    settings = [(f"{path}.frozen", True) for path in ("layers.0", "layers.1", "layers.2", "output")]
    training = Training(experiment.with_values(settings))
    before = state(training)
    steps(training, 3)
    assert state(training) == before


def test_a_file_says_it_only_where_it_is_so() -> None:
    experiment = Experiment.from_builtins(DEEP)
    assert "frozen" not in experiment.to_json().decode()
    assert frozen(experiment, on=False) == experiment
    thawed = Experiment.from_json(json.dumps({**DEEP, "output": {"frozen": False}}))
    assert thawed == experiment
    again = Experiment.from_json(frozen(experiment).to_json())
    assert again == frozen(experiment)
    assert again.layers[0].frozen is True


def test_what_differs_is_told_in_words() -> None:
    experiment = Experiment.from_builtins(DEEP)
    (difference,) = differences_between(experiment, frozen(experiment))
    assert (difference.path, difference.base, difference.value) == ("layers.0.frozen", False, True)
    assert in_words(experiment, frozen(experiment)) == "frozen: off → on (layer 1)"


def test_the_doctor_finds_no_fault_in_an_update_that_is_not_to_be() -> None:
    slow = {**DEEP, "optimizer": {"kind": "sgd", "learning_rate": 0.001}}
    result = run(frozen(Experiment.from_builtins(slow)), steps=250)
    assert {finding.rule for finding in result.findings} == {"learning rate"}
