"""Measures of flow: spread over units, activation rate, and how weights and slopes together pass a signal on."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from simulator.experiment.experiment import Experiment
from simulator.record.frame import Frame, frame_of
from simulator.training.training import Training


def frame(initializer: dict[str, Any], activation: str = "linear", units: int = 200, depth: int = 3) -> Frame:
    layer = {"kind": "dense", "units": units, "repeat": depth, "activation": {"kind": activation}}
    plain = {
        "data": {"kind": "gaussian", "samples": 400, "features": units},
        "layers": [{**layer, "initializer": initializer}],
    }
    training = Training(Experiment.from_builtins(plain))
    training.look()
    return frame_of(training, training.scalars())


def test_units_with_the_same_weights_have_no_spread_and_random_ones_about_one() -> None:
    assert (frame({"kind": "constant", "value": 0.1}).measures["unit_spread"][:3] < 1e-6).all()
    assert (frame({"kind": "zeros"}).measures["unit_spread"][:3] == 0).all()
    np.testing.assert_allclose(frame({"kind": "he_normal"}).measures["unit_spread"], 1, atol=0.35)


def test_one_unit_differs_from_none() -> None:
    made = frame({"kind": "he_normal"}, units=1)
    assert not made.defined["unit_spread"][:3].any()
    assert made.defined["unit_spread"][3]


@pytest.mark.parametrize(("activation", "rate"), [("linear", 1.0), ("relu", 0.5)])
def test_the_activation_rate_is_the_share_that_lets_a_signal_through(activation: str, rate: float) -> None:
    made = frame({"kind": "he_normal"}, activation)
    np.testing.assert_allclose(made.measures["activation_rate"][:3], rate, atol=0.06)
    assert not made.defined["activation_rate"][3]


def test_equal_weights_of_one_over_n_and_he_weights_of_rectifiers_pass_a_signal_on() -> None:
    equal = frame({"kind": "constant", "value": 1 / 200})
    np.testing.assert_allclose(equal.measures["mean_weight_rate"][:3], 1, rtol=1e-5)
    np.testing.assert_allclose(equal.measures["variance_rate"][:3], 0, atol=1e-6)
    random = frame({"kind": "he_normal"}, "relu")
    np.testing.assert_allclose(random.measures["variance_rate"][:3], 1, atol=0.15)
    np.testing.assert_allclose(random.measures["mean_weight_rate"][:3], 0, atol=0.15)
