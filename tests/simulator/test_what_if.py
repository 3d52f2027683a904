"""The claims about gradients done by hand: units off, inputs, errors and weights scaled, biases moved."""

from __future__ import annotations

import math
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from simulator.experiment.experiment import Experiment
from simulator.observations.graph.what_if import Changes, WhatIf, WhatIfOutcome
from simulator.training.training import Training

HAND = Path(__file__).parents[2] / "resources/presets/hand-net.json"


def dense(units: int, activation: str, repeat: int = 1, **parts: Any) -> dict[str, Any]:
    return {"kind": "dense", "units": units, "repeat": repeat, "activation": {"kind": activation}, **parts}


def training_of(layers: list[dict[str, Any]], **parts: Any) -> Training:
    plain: dict[str, Any] = {
        "data": {"kind": "plane", "samples": 60}, "layers": layers, "loss": {"kind": "mse"}, "batch_size": 8,
    }  # fmt: skip
    training = Training(Experiment.from_builtins(plain | parts))
    training.look()
    return training


def outcome(training: Training, **changes: Any) -> WhatIfOutcome:
    found = WhatIf(changes=Changes(**changes)).observe(training)
    assert isinstance(found, WhatIfOutcome)
    return found


def gradients(found: WhatIfOutcome) -> list[float]:
    count = sum(key.startswith("weights:") for key in found.before)
    return [found.ratio(f"weight_gradient:{layer}").norm for layer in range(count)]


@pytest.fixture
def hand() -> Training:
    training = Training(Experiment.from_json(HAND.read_bytes()))
    training.look()
    return training


def test_without_changes_it_is_the_network_itself() -> None:
    training = training_of([dense(4, "tanh", 2)], precision="float64")
    found = outcome(training)
    for layer, tap in enumerate(training.network.taps):
        assert tap.weight_gradient is not None
        assert tap.delta is not None
        np.testing.assert_allclose(found.after[f"weight_gradient:{layer}"], tap.weight_gradient.T, atol=1e-12)
        np.testing.assert_allclose(found.after[f"delta:{layer}"], 8 * tap.delta, atol=1e-12)
    assert gradients(found) == [1.0] * 3


def reference(
    training: Training, scale: float, off: int, edit: tuple[int, int, int, float]
) -> list[np.ndarray[Any, Any]]:
    """∂W of a tanh net, written down from the equations."""
    taps, x, y = training.network.taps, training.network.input[:-1] * scale, training.y
    weights: list[Any] = [np.array(tap.weights).T for tap in taps]
    biases = [np.array(module.affine.kernel[-1]) for module in [*training.network.modules, training.network.output]]  # type: ignore[attr-defined]
    layer, to, origin, value = edit
    weights[layer][to, origin] = value
    masks = [np.ones((len(w), 1)) for w in weights]
    masks[0][off] = 0
    signals: list[Any] = [x]
    for w, b, mask in zip(weights[:-1], biases[:-1], masks, strict=False):
        signals.append(np.tanh(w @ signals[-1] + b[:, None]) * mask)
    delta: Any = weights[-1] @ signals[-1] + biases[-1][:, None] - y
    found: list[Any] = []
    for w, a, keep in zip(weights[::-1], signals[::-1], [*masks[-2::-1], np.ones(1)], strict=True):
        found.append(delta @ a.T / x.shape[1])
        delta = (w.T @ delta) * (1 - a**2) * keep
    return found[::-1]


def test_changes_are_what_an_independent_network_finds() -> None:
    training = training_of([dense(4, "tanh", 2)], precision="float64")
    edit = (1, 2, 3, -0.7)
    found = outcome(training, input_scale=1.5, off=frozenset({(0, 1)}), edits={edit[:3]: edit[3]})
    for layer, expected in enumerate(reference(training, 1.5, 1, edit)):
        np.testing.assert_allclose(found.after[f"weight_gradient:{layer}"], expected, atol=1e-12)


@pytest.mark.parametrize("activation", ["linear", "relu"])
def test_claim_1_input_error_and_other_weights_each_double_the_gradient(activation: str) -> None:
    training = training_of([dense(4, activation, 2, initializer={"kind": "he_normal"})])
    assert gradients(outcome(training, input_scale=2.0, held=True)) == pytest.approx([2.0] * 3)
    assert gradients(outcome(training, error_scale=2.0)) == pytest.approx([2.0] * 3)
    assert gradients(outcome(training, weight_scales={1: 2.0}, held=True)) == pytest.approx([2.0, 1.0, 2.0])


def test_claim_1_holds_with_tanh_for_the_error_only() -> None:
    training = training_of([dense(4, "tanh", 2)])
    assert gradients(outcome(training, error_scale=2.0)) == pytest.approx([2.0] * 3)
    assert gradients(outcome(training, input_scale=2.0, held=True)) != pytest.approx([2.0] * 3, rel=1e-3)


def test_claim_3_an_inactive_unit_of_three(hand: Training) -> None:
    found = outcome(hand, off=frozenset({(1, 2)}), ones=True)
    ratios = [found.ratio(f"weight_gradient:{layer}") for layer in range(4)]
    assert [r.entry for r in ratios] == pytest.approx([4 / 9, 2 / 3, 2 / 3, 4 / 9])
    np.testing.assert_array_equal(found.after["weight_gradient:1"][2], 0)
    np.testing.assert_array_equal(found.after["weight_gradient:2"][:, 2], 0)
    assert [r.zeros for r in ratios] == [0, 3, 3, 0]


def test_claim_3_with_the_error_held(hand: Training) -> None:
    found = outcome(hand, off=frozenset({(1, 2)}), ones=True, held=True)
    entries = [found.ratio(f"weight_gradient:{layer}").entry for layer in range(4)]
    assert entries == pytest.approx([2 / 3, 1.0, 1.0, 2 / 3])


def test_claim_5_only_biases_of_earlier_layers_matter(hand: Training) -> None:
    moved = outcome(hand, edits={(1, 0, 3): 0.8}, held=True)
    assert gradients(moved)[:2] == pytest.approx([1.0, 1.0])
    assert abs(gradients(moved)[2] - 1) > 1e-3
    for layer in range(4):
        assert moved.ratio(f"bias_gradient:{layer}").norm == pytest.approx(1.0)


def test_claim_5_does_not_hold_where_slopes_move() -> None:
    moved = outcome(training_of([dense(3, "tanh", 2)]), edits={(0, 0, 2): 0.8}, held=True)
    assert abs(gradients(moved)[0] - 1) > 1e-6


@pytest.mark.parametrize(("weight", "expected"), [(0.01, 1e-20), (1.5, 57.665)])
def test_claim_6_ten_equal_weights_in_a_row(weight: float, expected: float) -> None:
    training = training_of([dense(1, "linear", 9, initializer={"kind": "constant", "value": 1.0})])
    scales = dict.fromkeys(range(10), weight)
    found = outcome(training, weight_scales=scales, held=True)
    assert found.ratio("activation:9").norm == pytest.approx(expected, rel=1e-4)
    assert found.ratio("delta:0").norm == pytest.approx(weight**9)


@pytest.mark.parametrize("off", [0, 1, 2])
def test_claim_7_mean_weight_times_activation_rate_is_the_gain(hand: Training, off: int) -> None:
    silent = frozenset((1, unit) for unit in range(off))
    found = outcome(hand, off=silent, ones=True)
    rate = 1 - off / 3
    gain = np.linalg.norm(found.after["delta:0"]) / np.linalg.norm(found.after["delta:2"])
    assert gain == pytest.approx(3 * (1 / 3) * rate)
    # Weights that make up for the silent units bring the signal back.
    mended = outcome(hand, off=silent, ones=True, weight_scales={2: 1 / rate})
    assert mended.ratio("activation:3").norm == pytest.approx(1.0)


@pytest.mark.parametrize("loss", ["softmax_cross_entropy", "sigmoid_cross_entropy"])
def test_claim_9_the_gradient_of_the_output_is_the_error(loss: str) -> None:
    training = training_of([dense(4, "tanh")], data={"kind": "moons", "samples": 60}, loss={"kind": loss})
    found = outcome(training, input_scale=3.0)
    error = found.after["activation:1"] - training.y
    np.testing.assert_allclose(found.after["delta:1"], error, atol=1e-12)


@pytest.mark.parametrize(
    ("layers", "words"),
    [
        ([dense(11, "tanh")], "11 wide"),
        ([dense(3, "tanh", dropout={"kind": "inverted"})], "without normalisation and dropout"),
        ([dense(3, "tanh", normalization={"kind": "layer"})], "without normalisation and dropout"),
        ([{"kind": "highway", "units": 2}], "only dense layers"),
    ],
)
def test_what_cannot_be_changed_by_hand_is_refused_in_words(layers: list[dict[str, Any]], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        outcome(training_of(layers))


def test_the_running_network_stays_as_it_is(hand: Training) -> None:
    before = hand.network.parameters.value.copy(), hand.network.parameters.gradient.copy()
    found = outcome(hand, input_scale=5.0, weight_scales={0: 3.0}, edits={(0, 0, 0): 9.0}, off=frozenset({(0, 0)}))
    np.testing.assert_array_equal(hand.network.parameters.value, before[0])
    np.testing.assert_array_equal(hand.network.parameters.gradient, before[1])
    assert math.isfinite(found.norms["activation:3"])
    assert pickle.loads(pickle.dumps(found)).norms == found.norms
