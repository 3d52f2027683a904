"""Checkpoints trade time for memory: the same gradients to the last bit, and a memory known before it is spent."""

from __future__ import annotations

import numpy as np
import pytest

from simulator.experiment.experiment import Experiment, ExperimentError
from simulator.network.network import Network
from tests.simulator.differences import plain
from tests.simulator.sequences import RECURRENT, drawn, through_time

GIB = 2**30


@pytest.mark.parametrize("precision", ["float32", "float64"])
@pytest.mark.parametrize("truncate", [None, 4])
@pytest.mark.parametrize("output", ["last", "all"])
@pytest.mark.parametrize("steps", [1, 2, 9, 11, 20])
@pytest.mark.parametrize("kind", RECURRENT)
def test_gradients_are_the_same_to_the_last_bit(
    kind: str, steps: int, output: str, truncate: int | None, precision: str
) -> None:
    gradients, profiles = [], []
    for checkpoint in (False, True):
        layer = {"kind": kind, "units": 3, "truncate": truncate, "checkpoint": checkpoint}
        layers = [layer | {"output": "all"}, layer | {"output": output}]
        found = drawn(layers, (steps, 2), precision=precision)
        gradients.append(found.analytic())
        profiles.append(through_time(found.network).through_time())
    np.testing.assert_array_equal(gradients[0], gradients[1])
    for name in ("hidden_gradient_norm", "hidden_mean", "hidden_std"):
        np.testing.assert_array_equal(getattr(profiles[0], name), getattr(profiles[1], name))
    assert np.linalg.norm(gradients[0]) > 0


@pytest.mark.parametrize("kind", RECURRENT)
def test_taps_hold_the_last_segment(kind: str) -> None:
    whole, part = (drawn([{"kind": kind, "units": 3, "checkpoint": c}], (11, 2)) for c in (False, True))
    for found in (whole, part):
        found.analytic()
    every, last = whole.network.taps[0], part.network.taps[0]
    for name in ("z", "a", "slope", "delta"):
        assert getattr(last, name).shape[1] == 4
        np.testing.assert_array_equal(getattr(last, name), getattr(every, name)[:, -4:])
    for name, gate in last.extras.items():
        np.testing.assert_array_equal(gate, every.extras[name][:, -4:])


def _network(steps: int, batch: int, **layer: object) -> Network:
    described = Experiment.from_builtins(
        plain([{"kind": "lstm", "units": 64, **layer}], "mse", 0, "regression") | {"precision": "float32"}
    )
    return Network(described, (steps, 2), 1, batch)


def test_an_lstm_over_ten_thousand_steps_takes_less_than_a_gibibyte() -> None:
    network = _network(10_000, 128, checkpoint=True)
    assert network.buffer_bytes < GIB / 4


def test_without_checkpoints_the_same_is_refused_before_it_is_spent() -> None:
    with pytest.raises(ExperimentError, match=r"would need 9\.7 GiB of memory"):
        _network(10_000, 192)


def test_gradients_that_stacked_layers_hand_down_are_counted_too() -> None:
    """7.3 GiB of buffers, and 2.1 GiB of scratch."""
    layers = [{"kind": "recurrent", "units": 64, "output": "all", "checkpoint": True, "repeat": 3}]
    described = Experiment.from_builtins(plain(layers, "mse", 0, "regression"))
    with pytest.raises(ExperimentError, match=r"would need 9\.4 GiB of memory"):
        Network(described, (10_000, 2), 1, 450)
