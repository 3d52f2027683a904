"""The unit under the microscope: what is read of it, and when it died."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from simulator.experiment.experiment import Experiment
from simulator.observations.microscope import UnitObservation
from simulator.observations.unit import SATURATED, Unit, WatchedUnit, unit_subject
from simulator.record.frame import frame_of
from simulator.record.past import Past
from simulator.record.record import Record
from simulator.record.turns import Turn
from simulator.training.training import Training

RELU: dict[str, Any] = {"kind": "dense", "units": 6, "activation": {"kind": "relu"}}


def started(layers: list[dict[str, Any]], data: str = "digits") -> Training:
    made = Training(Experiment.from_builtins({"data": {"kind": data}, "layers": layers}))
    made.look()
    return made


def unit(training: Training, observation: UnitObservation = UnitObservation()) -> Unit:  # noqa: B008
    training.look()
    return observation.observe(training)


def watch(record: Record, step: int, training: Training, wanted: str) -> None:
    record.sample(WatchedUnit(), step, unit(training, wanted), training.info)


def kill(training: Training, layer: int, index: int) -> None:
    """A bias so low that no sample reaches the unit."""
    module: Any = training.network.modules[layer]
    module.affine.block.value[-1, index] = -1e3


def test_a_unit_is_read_from_the_batch() -> None:
    training = started([RELU, RELU])
    found = unit(training, UnitObservation(layer="2", index=4))
    tap = training.network.taps[1]
    assert tap.weights is not None
    assert tap.weight_gradient is not None
    assert (found.layer, found.index, found.drawn) == ("2", 4, True)
    assert found.mean == pytest.approx(float(tap.a[4].mean()))
    assert (found.low, found.high) == (tap.a[4].min(), tap.a[4].max())
    assert found.active == (tap.a[4] > 0).mean()
    assert found.weights[:, 0].tolist() == tap.weights[:, 4].tolist()
    assert found.gradient_norm == pytest.approx(float(np.linalg.norm(tap.weight_gradient[:, 4])), rel=1e-5)
    assert found.means.shape == found.actives.shape == (6,)


def test_weights_from_pixels_and_kernels_are_images() -> None:
    assert unit(started([RELU])).image == (1, 8, 8)
    assert unit(started([RELU, RELU]), UnitObservation(layer="2", index=0)).image == ()
    assert unit(started([RELU], "wine")).image == ()
    layers: list[dict[str, Any]] = [
        {"kind": "convolution", "channels": 4},
        {"kind": "convolution", "channels": 3},
        {"kind": "flatten"},
    ]
    found = unit(started(layers), UnitObservation(layer="2", index=2))
    assert found.image[0] == 4
    assert found.weights.shape == (int(np.prod(found.image)), 1)


@pytest.mark.parametrize(
    ("layer", "maps"),
    [
        ({"kind": "maxout", "units": 6, "pieces": 3}, 3),
        ({"kind": "highway", "units": 13}, 2),
        ({"kind": "dense", "units": 6, "normalization": {"kind": "weight"}}, 1),
    ],
)
def test_a_unit_of_several_maps_has_the_weights_of_all(layer: dict[str, Any], maps: int) -> None:
    assert unit(started([layer], "wine")).weights.shape == (13, maps)


def test_every_gate_of_a_unit_with_a_state_counts() -> None:
    data = {"kind": "adding", "samples": 60, "steps": 8}
    training = Training(Experiment.from_builtins({"data": data, "layers": [{"kind": "lstm", "units": 5}]}))
    found = unit(training, UnitObservation(layer="1", index=3))
    assert found.weights.shape[1] == 4
    assert found.active == 1


def test_what_has_no_slope_or_weights_says_so() -> None:
    found = unit(started([{"kind": "flatten"}, RELU]))
    assert np.isnan([found.active, found.saturated, found.gradient_norm]).all()
    assert (found.weights.size, found.drawn, found.condition) == (0, False, "alive")
    assert not unit(started([RELU]), UnitObservation(layer="2", index=0)).drawn


def test_a_unit_that_is_not_there_gives_way_to_the_nearest() -> None:
    training = started([RELU, RELU])
    assert unit(training, UnitObservation(layer="2", index=99)).index == 5
    assert unit(training, UnitObservation(layer="7", index=3)).layer == "1"
    assert not frame_of(training, {}).observations


def test_a_killed_unit_is_found_dead_and_lives_again_when_revived() -> None:
    training = started([RELU, RELU])
    wanted, record = UnitObservation(layer="2", index=4), Record()
    watch(record, 0, training, wanted)
    kill(training, 1, 4)
    watch(record, 3, training, wanted)
    dead = unit(training, wanted)
    assert (dead.condition, dead.high, dead.gradient_norm, dead.dead.tolist()[4]) == ("dead", 0, 0, True)
    training.revive("2", [4])
    watch(record, 7, training, wanted)
    assert unit(training, wanted).condition == "alive"
    assert record.pasts["unit"].turns.entries == (Turn("dead", 3, 0), Turn("alive", 7, 3))


def test_a_unit_far_out_on_its_curve_is_saturated_not_dead() -> None:
    training = started([{**RELU, "activation": {"kind": "tanh"}}])
    module: Any = training.network.modules[0]
    module.affine.block.value[-1, 2] = 5.0
    module.affine.block.value[:-1, 2] = 0.0
    found = unit(training, UnitObservation(layer="1", index=2))
    assert found.saturated >= SATURATED
    assert found.condition == "saturated"
    record = Record()
    record.sample(WatchedUnit(), 5, found, training.info)
    assert record.pasts["unit"].turns.entries == (Turn("saturated", 5, None),)


def test_another_unit_begins_another_past() -> None:
    training, record = started([RELU]), Record()
    for step, index in enumerate((0, 0, 3)):
        watch(record, step, training, UnitObservation(layer="1", index=index))
    record.sample(WatchedUnit(), 9, None, training.info)
    assert record.pasts["unit"].history.steps.tolist() == [2]


def test_columns_that_merge_keep_the_extremes_and_the_last_mean() -> None:
    training = started([RELU])
    found = unit(training)
    past = Past(WatchedUnit(), unit_subject(found), capacity=2)
    for step in range(4):
        fields: dict[str, Any] = {"mean": step, "low": -step, "high": 10 - step}
        past.add(step, Unit(**{**vars(found), **fields}), training.info)
    assert past.history.values[:, :3].tolist() == [[1, -1, 10], [3, -3, 8]]
