"""One training sample, and what a convolution finds in it."""

from __future__ import annotations

import numpy as np
import pytest

from simulator.experiment.experiment import Experiment
from simulator.observations.feature_maps import FeatureMapsObservation
from simulator.observations.sample import SampleObservation
from simulator.training.training import Training

IMAGES = {"data": {"kind": "digits"}, "layers": [{"kind": "convolution", "channels": 3}, {"kind": "flatten"}]}


def looked(plain: dict[str, object]) -> Training:
    training = Training(Experiment.from_builtins(plain))
    training.propose()
    return training


@pytest.mark.parametrize("index", [0, 5, 1437])
def test_a_sample_is_the_image_that_goes_in_and_its_class(index: int) -> None:
    training = looked(IMAGES)
    sample = SampleObservation(sample=index).observe(training)
    assert sample.index == index
    assert sample.image is not None
    np.testing.assert_array_equal(sample.image.ravel(), training.data.x_train[:, index])
    assert training.data.labels_train is not None
    assert sample.label == training.data.labels_train[index]


def test_where_no_image_goes_in_there_is_none_and_a_regression_has_no_class() -> None:
    sample = SampleObservation().observe(looked({"data": {"kind": "moons"}, "layers": []}))
    assert sample.image is None
    assert sample.label in (0, 1)
    plane = SampleObservation().observe(looked({"data": {"kind": "plane"}, "layers": [], "loss": {"kind": "mse"}}))
    assert (plane.image, plane.label) == (None, None)


def test_maps_are_of_the_sample_that_is_asked_for() -> None:
    training = looked(IMAGES)
    maps = [FeatureMapsObservation(sample=index).observe(training)["1"].maps for index in (0, 7)]
    assert not np.array_equal(*maps)
    watch = FeatureMapsObservation(sample=7).watch()
    np.testing.assert_array_equal(watch(training)["1"].maps, maps[1])


@pytest.mark.parametrize("index", [-1, 1438])
def test_a_sample_that_there_is_not_is_refused_in_a_sentence(index: int) -> None:
    training = looked(IMAGES)
    for observation in (SampleObservation(sample=index), FeatureMapsObservation(sample=index)):
        with pytest.raises(ValueError, match=f"no training sample {index + 1}: there are 1438"):
            observation.observe(training)
