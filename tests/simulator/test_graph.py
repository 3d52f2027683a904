"""Every box of the computation graph holds what it says, and can be opened."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from simulator.experiment.experiment import Experiment
from simulator.observations.graph.matrix import LARGEST, OpenBox, matrix_of
from simulator.observations.graph.nodes import Graph, GraphObservation
from simulator.observations.observer import observe
from simulator.record.frame import frame_of
from simulator.training.training import Training

Layers = list[dict[str, Any]]
DENSE: Layers = [{"kind": "dense", "units": 5, "repeat": 2}]


def looked_at(layers: Layers, **parts: Any) -> Training:
    given = {"data": {"kind": "moons", "samples": 60}, "layers": layers, "batch_size": 16, "precision": "float64"}
    training = Training(Experiment.from_builtins(given | parts))
    training.look()
    return training


def graph(training: Training) -> Graph:
    found = GraphObservation().observe(training)
    assert found is not None
    return found


def test_boxes_come_in_depth_order() -> None:
    found = [box.key for box in graph(looked_at(DENSE)).boxes]
    gradients = ["delta", "weight_gradient", "bias_gradient"]
    hidden = ["weights", "slope", "activation", *gradients]
    expected = ["input:-1", *(f"{r}:{p}" for p in (0, 1) for r in hidden)]
    assert found == [*expected, *(f"{role}:2" for role in ["weights", "activation", *gradients])]


def test_norms_of_weights_are_the_measured_ones_and_of_signals_those_of_a_sample() -> None:
    training = looked_at(DENSE)
    frame = frame_of(training, {}, observe(training, (GraphObservation(),)))
    norms = {box.key: box.norm for box in graph(training).boxes}
    for layer, tap in enumerate(training.network.taps):
        assert norms[f"weights:{layer}"] == pytest.approx(frame.measures["weight_norm"][layer])
        assert norms[f"weight_gradient:{layer}"] == pytest.approx(frame.measures["weight_gradient_norm"][layer])
        assert norms[f"bias_gradient:{layer}"] == pytest.approx(frame.measures["bias_gradient_norm"][layer])
        delta = frame.measures["delta_rms"][layer] * math.sqrt(len(tap.a))
        assert norms[f"delta:{layer}"] == pytest.approx(delta)
        assert norms[f"activation:{layer}"] == pytest.approx(math.sqrt((tap.a**2).sum(axis=0).mean()))


def test_normalisation_and_dropout_have_boxes_of_their_own() -> None:
    layers: Layers = [
        {"kind": "dense", "units": 5, "normalization": {"kind": "batch"}, "dropout": {"kind": "inverted"}}
    ]
    training = looked_at(layers)
    found = {box.key: box for box in graph(training).boxes}
    assert found["norm:0"].title == "norm"
    assert found["tail:0"].title == "dropout"
    assert found["norm:0"].norm == pytest.approx(math.sqrt(5), rel=1e-2)


@pytest.mark.parametrize(
    ("layers", "data"),
    [
        ([{"kind": "residual", "layers": [{"kind": "dense", "units": 2}]}], {"kind": "moons", "samples": 60}),
        ([{"kind": "lstm", "units": 4}], {"kind": "adding", "samples": 60, "steps": 5}),
        ([{"kind": "convolution", "channels": 2}, {"kind": "pooling"}, {"kind": "flatten"}], {"kind": "digits"}),
        ([{"kind": "highway", "units": 2}], {"kind": "moons", "samples": 60}),
    ],
)
def test_every_kind_of_layer_has_boxes_that_open(layers: Layers, data: dict[str, Any]) -> None:
    parts = {"loss": {"kind": "mse"}} if data["kind"] == "adding" else {}
    training = looked_at(layers, data=data, **parts)
    boxes = graph(training).boxes
    rows = {box.layer for box in boxes}
    assert rows <= set(range(-1, training.info.depth))
    assert training.info.depth - 1 in rows
    for box in boxes:
        matrix = OpenBox(key=box.key).observe(training)
        assert matrix.shape == box.shape
        assert math.isfinite(box.norm)
        assert matrix.counts.sum() + matrix.not_finite == box.shape[0] * box.shape[1]


def test_a_composite_layer_is_one_box_with_the_norm_of_all_its_gradients() -> None:
    training = looked_at([{"kind": "residual", "layers": [{"kind": "dense", "units": 2, "repeat": 3}]}])
    found = {box.key: box for box in graph(training).boxes}
    assert found["layer:0"].title == "residual"
    blocks = training.network.modules[0].blocks()
    whole = math.sqrt(sum((block.gradient**2).sum() for block in blocks))
    assert found["weight_gradient:0"].norm == pytest.approx(whole)


def test_a_small_matrix_is_exact_and_a_large_one_fits_a_picture() -> None:
    training = looked_at([{"kind": "dense", "units": 300, "repeat": 2}])
    small = OpenBox(key="weights:2").observe(looked_at(DENSE))
    np.testing.assert_array_equal(small.values, looked_at(DENSE).network.taps[2].weights.T)  # type: ignore[union-attr]
    assert small.readable
    assert small.part == ""
    large = OpenBox(key="weights:1").observe(training)
    weights = training.network.taps[1].weights
    assert weights is not None
    assert large.shape == (300, 300)
    assert max(large.values.shape) <= LARGEST
    assert large.part == "means over blocks of 3 × 3"
    assert large.values[0, 1] == pytest.approx(weights.T[:3, 3:6].mean())
    assert large.values[-1, -1] == pytest.approx(weights.T[-3:, -3:].mean())
    assert large.counts.sum() == 90_000


def test_of_a_small_signal_the_first_samples_are_shown() -> None:
    training = looked_at(DENSE)
    matrix = OpenBox(key="delta:1").observe(training)
    delta = training.network.taps[1].delta
    assert delta is not None
    assert matrix.part == "samples 1 … 10 of 16"
    np.testing.assert_allclose(matrix.values, 16 * delta[:, :10])


@pytest.mark.parametrize("largest", [1.7e308, 3.0, 5e-324])
def test_a_histogram_ends_at_the_largest_entry(largest: float) -> None:
    matrix = matrix_of("weights:0", np.array([[largest, 0.0, -largest, 0.0]]), False)
    assert matrix.edges[[0, -1]].tolist() == [-largest, largest]
    assert matrix.counts[[0, len(matrix.counts) // 2, -1]].tolist() == [1, 2, 1]


def test_what_is_not_finite_is_counted() -> None:
    training = looked_at(DENSE)
    training.network.parameters.value[0] = np.nan
    training.network.parameters.value[1] = np.inf
    training.look()
    matrix = OpenBox(key="weights:0").observe(training)
    assert matrix.not_finite == 2
    assert np.isnan(matrix.values).sum() == 1
    assert math.isnan({box.key: box.norm for box in graph(training).boxes}["weights:0"])


def test_an_unknown_box_is_refused_in_words() -> None:
    with pytest.raises(ValueError, match="no box “gate:7”"):
        OpenBox(key="gate:7").observe(looked_at(DENSE))
