"""What frames bring of gates and feature maps, the mean's loss, and the bounded past of profiles."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace

from simulator.experiment.experiment import Experiment
from simulator.layers.recurrent.profile import TimeProfile
from simulator.measures.baseline import baseline_loss
from simulator.observations.feature_maps import FeatureMapsObservation
from simulator.observations.gates import GatesObservation, saturated_share
from simulator.observations.observer import observe
from simulator.observations.time_profile import StateGradients, TimeProfilesObservation, height_of, norms_of, rows_of
from simulator.parts.losses import MSE, SigmoidCrossEntropy, SoftmaxCrossEntropy
from simulator.record.frame import frame_of
from simulator.record.past import Past
from simulator.record.sampled_history import Grid
from simulator.training.training import Training
from tests.simulator.run_infos import info_of

CONVOLUTIONS = {
    "data": {"kind": "digits"},
    "layers": [
        {"kind": "convolution", "channels": 3},
        {"kind": "pooling"},
        {"kind": "convolution", "channels": 20},
        {"kind": "convolution", "channels": 70},
        {"kind": "flatten"},
    ],
}
SEQUENCES = {
    "data": {"kind": "adding", "samples": 100, "steps": 10},
    "layers": [
        {"kind": "gru", "units": 4, "output": "all"},
        {"kind": "lstm", "units": 4, "forget_bias": 6.0},
    ],
    "batch_size": 10,
}
HIGHWAY = {
    "data": {"kind": "digits"},
    "layers": [{"kind": "flatten"}, {"kind": "highway", "units": 64, "transform_bias": -9.0}],
}


def looked(description: Mapping[str, Any]) -> Training:
    training = Training(Experiment.from_builtins(dict(description)))
    training.look()
    return training


def profile(norms: list[float]) -> TimeProfile:
    return TimeProfile(np.array(norms), np.zeros(len(norms)), np.ones(len(norms)))


def past_of(looks: Mapping[int, TimeProfile], capacity: int | None = None) -> Past:
    """Looks at one layer, by their steps."""
    info, sampled = info_of("1"), StateGradients()
    past = Past(sampled, sampled.subject({"1": next(iter(looks.values()))}, info), capacity)
    for step, look in looks.items():
        past.add(step, {"1": look}, info)
    return past


def image_of(past: Past, columns: int) -> Grid:
    """What is drawn of the layer."""
    grid = past.history.grid(columns)
    return replace(grid, values=norms_of("1", past.subject, grid.values))


def test_nothing_costly_comes_unasked() -> None:
    training = looked(SEQUENCES)
    assert not frame_of(training, training.scalars()).observations


def test_gates_come_by_layer_and_name() -> None:
    gates = GatesObservation().observe(looked(SEQUENCES))
    assert gates.layers == ("1", "1", "2", "2", "2")
    assert gates.names == ("transform", "reset", "forget", "input", "output")
    assert gates.histograms.totals.tolist() == [4 * 10 * 10] * 5
    assert gates.histograms.edges[:, 0].tolist() == [0.0] * 5
    assert gates.histograms.edges[:, -1].tolist() == [1.0] * 5


def test_an_open_forget_gate_is_seen_at_the_right_and_as_saturated() -> None:
    gates = GatesObservation().observe(looked(SEQUENCES))
    forget = gates.names.index("forget")
    assert gates.histograms.counts[forget, -2:].sum() == 400
    assert gates.saturated[forget] > 0.9
    assert gates.saturated[gates.names.index("input")] == 0


def test_a_highway_shows_its_carry_gate_only() -> None:
    gates = GatesObservation().observe(looked(HIGHWAY))
    assert gates.names == ("carry",)
    assert gates.saturated[0] > 0.95


def test_a_gate_is_saturated_where_its_slope_is_five_per_cent() -> None:
    edge = 0.5 - math.sqrt(0.25 - 0.0125)
    values = np.array([edge - 1e-6, edge + 1e-6, 0.5, 1 - edge - 1e-6, 1 - edge + 1e-6, 0.5, 0.0, 1.0])
    assert saturated_share(values) == 4 / 8
    assert math.isnan(saturated_share(np.append(values, np.nan)))


def test_a_network_without_gates_has_none() -> None:
    gates = GatesObservation().observe(looked(CONVOLUTIONS))
    assert gates.layers == ()


def test_maps_and_kernels_come_for_images_in_bounded_number() -> None:
    maps = FeatureMapsObservation().observe(looked(CONVOLUTIONS))
    assert list(maps) == ["1", "2", "3", "4"]
    assert maps["1"].maps.shape == (3, 8, 8)
    assert maps["1"].kernels is not None
    assert maps["1"].kernels.shape == (3, 1, 3, 3)
    assert maps["2"].kernels is None
    assert maps["4"].kernels is not None
    assert maps["4"].kernels.shape[:2] == (64, 16)
    assert (maps["4"].channels, maps["4"].inputs) == (70, 20)
    with pytest.raises(ValueError, match="read-only"):
        maps["1"].maps[0, 0, 0] = 1


def test_maps_are_of_the_same_sample_at_every_step_and_follow_the_weights() -> None:
    training = Training(Experiment.from_builtins(CONVOLUTIONS))
    seen = []
    for _ in range(2):
        training.propose()
        seen.append(FeatureMapsObservation().observe(training)["1"].maps)
        training.load_batch()
    assert np.array_equal(seen[0], seen[1])
    training.apply()
    training.propose()
    assert not np.array_equal(FeatureMapsObservation().observe(training)["1"].maps, seen[0])


def test_looking_at_maps_changes_nothing_of_the_run() -> None:
    runs = []
    for observations in ((), (FeatureMapsObservation(), GatesObservation(), TimeProfilesObservation())):
        training = Training(Experiment.from_builtins(CONVOLUTIONS))
        for _ in range(3):
            training.propose()
            observe(training, observations)
            training.apply()
        runs.append(training.network.parameters.value)
    assert np.array_equal(runs[0], runs[1])


def test_the_mean_scores_its_variance_or_its_entropy() -> None:
    target = np.array([[1.0, 2.0, 3.0, 6.0]])
    assert baseline_loss(MSE(), target) == pytest.approx(0.5 * target.var())
    classes = np.array([[1.0, 1, 1, 0], [0, 0, 0, 1]])
    entropy = -(0.75 * math.log(0.75) + 0.25 * math.log(0.25))
    assert baseline_loss(SoftmaxCrossEntropy(), classes) == pytest.approx(entropy)
    assert baseline_loss(SigmoidCrossEntropy(), classes) == pytest.approx(2 * entropy)


def test_only_sequences_have_a_line_to_beat() -> None:
    assert looked(HIGHWAY).info.baseline_loss is None
    found = looked({**SEQUENCES, "data": {"kind": "adding", "scale": "none"}}).info.baseline_loss
    assert found == pytest.approx(1 / 12, rel=0.1)


def test_a_past_keeps_the_largest_and_what_is_lost() -> None:
    looks = [profile([1.0, 5.0 if step == 7 else 2.0, np.nan if step == 20 else 3.0]) for step in range(100)]
    past = past_of(dict(enumerate(looks)), capacity=4)
    assert past.history.end == 99
    image = image_of(past, 64)
    assert image.values.shape[0] <= 64
    assert np.nanmax(image.values[:, 1]) == 5.0
    assert np.isnan(image.values[image.looked, 2]).any()
    assert past.nbytes == 4 * 3 * 8


def test_columns_are_as_wide_as_each_other_however_long_it_runs() -> None:
    image = image_of(past_of({step: profile([float(step)]) for step in range(1000)}, capacity=8), 8)
    assert image.looked.all()
    assert np.all(np.diff(image.values[:, 0]) > 0)
    assert (image.first, image.values[-1, 0]) == (0, 999.0)


def test_many_time_steps_share_rows() -> None:
    norms = np.zeros(10_000)
    norms[9_999], norms[3] = 2.0, 7.0
    image = image_of(past_of({0: TimeProfile(norms, norms, norms)}), 10)
    assert image.values.shape == (1, 500)
    assert (height_of(10_000), rows_of(10_000)) == (20, 500)
    assert image.values[0, 0] == 7.0
    assert image.values[0, -1] == 2.0


def test_a_second_look_at_a_step_replaces_the_first() -> None:
    past = past_of({0: profile([9.0])})
    past.add(0, {"1": profile([1.0])}, info_of("1"))
    assert image_of(past, 10).values.tolist() == [[1.0]]


def test_where_nobody_looked_for_long_there_is_nothing() -> None:
    image = image_of(past_of({step: profile([1.0]) for step in [*range(0, 50, 5), 400]}), 500)
    assert image.looked[:65].all()
    assert not image.looked[66:400].any()
    assert image.looked[400]
    assert np.isnan(image.values[100, 0])


def test_a_past_that_cannot_be_halved_is_refused() -> None:
    with pytest.raises(ValueError, match="capacity must be even"):
        past_of({0: profile([1.0])}, capacity=5)


def test_layers_with_sequences_of_different_lengths_share_a_past() -> None:
    looks = {"1": profile([1.0, 2.0, 3.0]), "2.1": profile([4.0])}
    info, sampled = info_of("1", "2.1"), StateGradients()
    past = Past(sampled, sampled.subject(looks, info))
    for step in range(3):
        past.add(step, looks, info)
    values = past.history.values
    assert norms_of("1", past.subject, values).tolist() == [[1.0, 2.0, 3.0]] * 3
    assert norms_of("2.1", past.subject, values).tolist() == [[4.0]] * 3
