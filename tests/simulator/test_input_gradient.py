"""∂C/∂x against differences of each sample's loss, through every kind of layer."""

from __future__ import annotations

import math

import numpy as np
import pytest

from simulator.observations.input_gradient import InputGradientObservation, names_of
from simulator.observations.twin import Twin
from tests.simulator.test_analysis import STACKS, training_of


@pytest.mark.parametrize("kind", STACKS)
def test_it_is_the_difference_of_the_loss_when_an_input_moves(kind: str) -> None:
    training = training_of(**STACKS[kind])
    found, twin = InputGradientObservation(samples=2).observe(training), Twin(training)

    def loss() -> float:
        twin.network.forward(training=True)
        return math.fsum(twin.network.output.sample_losses(twin.y))

    inputs = len(found.names)
    for sample, place in [(0, 0), (1, inputs // 2), (1, inputs - 1)]:
        ends = []
        for by in (1e-5, -2e-5):
            twin.network.input[place, sample] += by
            ends.append(loss())
        twin.network.input[place, sample] += 1e-5
        assert found.gradients[sample, place] == pytest.approx((ends[0] - ends[1]) / 2e-5, abs=1e-6)


def test_norms_and_the_root_mean_square_are_over_the_whole_batch() -> None:
    training = training_of(**STACKS["dense"])
    every = InputGradientObservation(samples=100).observe(training)
    some = InputGradientObservation(samples=2).observe(training)
    assert every.gradients.shape == (6, 2)
    assert some.gradients.tolist() == every.gradients[:2].tolist()
    assert some.norms == pytest.approx(np.sqrt((every.gradients**2).sum(axis=1)))
    assert some.rms == pytest.approx(np.sqrt((every.gradients**2).mean(axis=0)))
    assert some.samples.tolist() == training.batch.tolist()


def test_a_picture_needs_places() -> None:
    with pytest.raises(ValueError, match="no places in a picture"):
        InputGradientObservation(picture=True).observe(training_of(**STACKS["dense"]))
    found = InputGradientObservation(picture=True).observe(training_of(**STACKS["convolution"]))
    assert found.shape == (1, 8, 8)
    assert len(found.names) == 64


def test_every_input_has_a_name() -> None:
    assert names_of(("a", "b"), (2,), 2) == ("a", "b")
    assert names_of(("a", "b"), (2, 2), 4) == ("step 1 a", "step 1 b", "step 2 a", "step 2 b")
    assert names_of((), (1, 1, 2), 2) == ("x1", "x2")
