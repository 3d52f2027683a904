"""Training, step by step: what is drawn from which stream, what the update is, and what acts when."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from simulator.arrays.numeric import Array
from simulator.arrays.statistics import norm
from simulator.experiment.experiment import Experiment, ExperimentError
from simulator.measures import RECORDED_NAMES
from simulator.observations.boundary import BoundaryObservation
from simulator.observations.histograms import HistogramsObservation, Quantity
from simulator.observations.observer import Observations, observe
from simulator.parts.optimizers import Optimizer
from simulator.record.frame import Frame, frame_of
from simulator.schema.parameter import kinds
from simulator.training.sampler import Sampler
from simulator.training.training import Training


def experiment(*changes: tuple[str, Any], **fields: Any) -> Experiment:
    layer = {"kind": "dense", "units": 12}
    plain: dict[str, Any] = {"data": {"kind": "moons", "samples": 100}, "layers": [layer] * 3, "batch_size": 16}
    return Experiment.from_builtins(plain | fields).with_values(changes)


def rows(training: Training, steps: int) -> Array:
    found = []
    for _ in range(steps):
        training.propose()
        found.append(training.row(training.scalars()))
        training.apply()
    return np.array(found)


def weights(training: Training) -> list[Array]:
    return [tap.weights.copy() for tap in training.network.taps]


# -- seeds and streams ------------------------------------------------------------------------------------------------

BUSY = experiment(
    ("layers.1.dropout", {"kind": "inverted"}),
    ("layers.2.normalization", {"kind": "batch"}),
    ("layers.0.initializer", {"kind": "lsuv"}),
    ("optimizer", {"kind": "adam"}),
)


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_one_seed_gives_one_run(precision: str) -> None:
    described = BUSY.with_values([("precision", precision)])
    first, second = rows(Training(described), 30), rows(Training(described), 30)
    np.testing.assert_array_equal(first, second)
    other = rows(Training(described.with_values([("seed", 1)])), 30)
    assert np.any(first[:, 0] != other[:, 0])


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("layers.1.dropout", {"kind": "inverted"}),
        ("layers.1.normalization", {"kind": "batch"}),
        ("layers.1.activation", {"kind": "relu"}),
        ("loss", {"kind": "mse"}),
        ("optimizer", {"kind": "adam"}),
        ("batch_size", 7),
        ("data.label_noise", 0.3),
    ],
)
def test_one_change_changes_no_other_draw(path: str, value: Any) -> None:
    base, changed = Training(experiment()), Training(experiment((path, value)))
    for old, new in zip(weights(base), weights(changed), strict=True):
        np.testing.assert_array_equal(old, new)
    np.testing.assert_array_equal(base.data.x_train, changed.data.x_train)
    np.testing.assert_array_equal(base.data.x_val, changed.data.x_val)
    count = min(base.network.batch, changed.network.batch)
    np.testing.assert_array_equal(base.network.input[:, :count], changed.network.input[:, :count])


# -- batches ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("samples", "batch"), [(10, 3), (12, 4), (7, 7), (5, 1)])
def test_every_batch_is_full_and_every_sample_comes_once_per_epoch(samples: int, batch: int) -> None:
    sampler = Sampler(samples, batch, seed=0)
    drawn = [sampler.next() for _ in range(samples * 4)]
    assert all(len(indices) == batch for indices in drawn)
    chain = np.concatenate(drawn)
    epochs = [chain[start : start + samples] for start in range(0, len(chain) - samples + 1, samples)]
    for epoch in epochs:
        assert sorted(epoch.tolist()) == list(range(samples))
    assert samples == 1 or any(epoch.tolist() != epochs[0].tolist() for epoch in epochs[1:])


def test_a_batch_larger_than_the_training_set_is_the_whole_of_it() -> None:
    training = Training(experiment(("batch_size", 5000)))
    assert training.network.batch == training.info.batch_size == 80
    for _ in range(3):
        np.testing.assert_array_equal(
            np.sort(training.network.input[:-1], axis=1), np.sort(training.data.x_train, axis=1)
        )
        rows(training, 1)


def test_each_column_of_a_batch_keeps_its_own_target() -> None:
    training = Training(experiment())
    columns = {column.tobytes(): label for column, label in zip(
        np.ascontiguousarray(training.data.x_train.T), training.data.y_train.argmax(axis=0).tolist(), strict=True
    )}  # fmt: skip
    for _ in range(10):
        batch = np.ascontiguousarray(training.network.input[:-1].T)
        assert [columns[x.tobytes()] for x in batch] == training.y.argmax(axis=0).tolist()
        rows(training, 1)


# -- the update -------------------------------------------------------------------------------------------------------


def by_hand(training: Training) -> tuple[Array, Array, Array]:
    """(value, gradient, mask of weights) as flat copies."""
    parameters = training.network.parameters
    mask = np.zeros(parameters.size, bool)
    for tap in training.network.taps:
        start = (tap.weights.__array_interface__["data"][0] - parameters.value.ctypes.data) // parameters.value.itemsize
        mask[start : start + tap.weights.size] = True
    return parameters.value.copy(), parameters.gradient.copy(), mask


RULES: list[dict[str, Any]] = [
    {}, {"l2": 0.3}, {"l1": 0.2}, {"l1": 0.2, "l2": 0.3}, {"clip_norm": 0.05}, {"clip_norm": 1e6},
    {"clip_value": 0.003}, {"clip_value": 1e6}, {"l2": 0.3, "clip_value": 0.01, "clip_norm": 0.02},
]  # fmt: skip


@pytest.mark.parametrize("rules", RULES, ids=str)
def test_penalties_act_on_weights_only_and_clipping_comes_last(rules: dict[str, Any]) -> None:
    training = Training(
        experiment(
            ("precision", "float64"),
            ("regularization", rules),
            ("layers.1.normalization", {"kind": "batch"}),
            ("layers.0.bias_initializer", {"kind": "normal"}),
        )
    )
    training.propose()
    value, gradient, mask = by_hand(training)
    assert mask.sum() == sum(tap.weights.size for tap in training.network.taps)
    want = gradient + mask * (rules.get("l2", 0) * value + rules.get("l1", 0) * np.sign(value))
    if "clip_value" in rules:
        want = np.clip(want, -rules["clip_value"], rules["clip_value"])
    if "clip_norm" in rules:
        want = want * min(1, rules["clip_norm"] / np.linalg.norm(want))
    np.testing.assert_allclose(training.network.parameters.update, -0.1 * want, rtol=1e-12, atol=1e-18)
    assert training.gradient_norm == pytest.approx(np.linalg.norm(gradient), rel=1e-12)
    training.apply()
    np.testing.assert_array_equal(training.network.parameters.value, value + training.network.parameters.update)


EVERYTHING: Observations = (*HistogramsObservation.variants(), BoundaryObservation())


def totals(frame: Frame, quantity: Quantity) -> list[int]:
    """How many entries each layer's histogram counts."""
    histograms = frame.result(HistogramsObservation(quantity=quantity))
    assert histograms is not None
    counted: list[int] = histograms.totals.tolist()
    return counted


def test_looking_changes_nothing() -> None:
    watched, alone = Training(BUSY), Training(BUSY)
    for _ in range(5):
        watched.look()
        frame_of(watched, watched.scalars(validate=True), observe(watched, EVERYTHING))
        watched.look()
        np.testing.assert_array_equal(rows(watched, 1), rows(alone, 1))
    for a, b in zip(weights(watched), weights(alone), strict=True):
        np.testing.assert_array_equal(a, b)


def test_look_shows_what_propose_then_does() -> None:
    training = Training(BUSY)
    rows(training, 3)
    training.look()
    shown = training.row(training.scalars())
    np.testing.assert_array_equal(shown, rows(training, 1)[0])


def test_the_schedule_decides_the_rate_of_each_update() -> None:
    described = experiment(("schedule", {"kind": "step", "step_size": 2, "gamma": 0.5}))
    training = Training(described)
    column = training.columns.index("learning_rate")
    np.testing.assert_allclose(rows(training, 5)[:, column], [0.1, 0.1, 0.05, 0.05, 0.025])


# -- steering ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        ("optimizer.learning_rate", 0.3),
        ("optimizer", {"kind": "adam"}),
        ("schedule", {"kind": "step"}),
        ("regularization.l2", 0.01),
    ],
)
def test_what_acts_on_updates_only_may_change_between_gradient_and_update(change: tuple[str, Any]) -> None:
    changed = experiment(change)
    steered, late = Training(experiment()), Training(changed)
    steered.propose(before_update=lambda: steered.change_update_rule(changed))
    late.propose()
    assert steered.experiment == changed
    assert steered.scalars() == late.scalars()
    steered.apply()
    late.apply()
    for mine, its in zip(weights(steered), weights(late), strict=True):
        np.testing.assert_array_equal(mine, its)


@pytest.mark.parametrize(
    "layers", [[{"kind": "dense", "units": 6}], [{"kind": "dense", "normalization": {"kind": "weight"}}]]
)
def test_a_rate_may_still_change_when_the_update_is_measured(layers: Any) -> None:
    given = [("layers", layers), ("precision", "float64"), ("optimizer", {"kind": "adamw", "weight_decay": 0.1})]
    changed = experiment(*given, ("optimizer.learning_rate", 0.3))
    late, early = Training(experiment(*given)), Training(changed)
    for _ in range(3):
        late.propose()
        early.propose()
        assert late.change_learning_rate(changed)
        assert late.experiment == changed
        assert late.scalars() == pytest.approx(early.scalars(), rel=1e-12)
        np.testing.assert_allclose(late.values, early.values, rtol=1e-10)
        for one in (late, early):
            one.apply()
        np.testing.assert_allclose(
            late.network.parameters.value, early.network.parameters.value, rtol=1e-12, atol=1e-15
        )
        late.update_spec(experiment(*given))


@pytest.mark.parametrize("kind", sorted(kind for kind, part in kinds(Optimizer).items() if part.rewrites))
@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_changed_then_it_gives_the_digits_of_a_step_that_began_with_it(kind: str, precision: str) -> None:
    given = [
        ("precision", precision), ("regularization", {"l2": 0.01, "clip_norm": 0.5}), ("optimizer.kind", kind),
        ("optimizer.learning_rate", 0.01),
    ]  # fmt: skip
    base = experiment(*given)
    late = Training(base)
    early = Training(base)
    for step in range(8):
        changed = experiment(*given, ("optimizer.learning_rate", 0.013 * (step + 1)))
        late.propose()
        assert late.change_learning_rate(changed)
        assert early.change_update_rule(changed)
        early.propose()
        np.testing.assert_array_equal(late.values, early.values)
        assert late.scalars() == early.scalars()
        for one in (late, early):
            one.apply()
        np.testing.assert_array_equal(late.network.parameters.value, early.network.parameters.value)


@pytest.mark.parametrize("kind", kinds(Optimizer))
@pytest.mark.parametrize(
    "changes",
    [
        [],
        [("layers.1.frozen", True), ("regularization", {"l2": 0.1, "clip_norm": 0.5})],
        [("layers.0.normalization", {"kind": "batch"}), ("layers.2.dropout", {"kind": "inverted"})],
        [("optimizer.learning_rate", 1e300)],
    ],
)
def test_a_step_that_nobody_measures_is_made_to_the_bits_of_one_that_is(kind: str, changes: Any) -> None:
    described = experiment(("optimizer", {"kind": kind}), ("layers.1.units", 300), ("layers.2.units", 300), *changes)
    measured, unmeasured = Training(described), Training(described)
    for _ in range(3):
        measured.propose()
        np.testing.assert_equal(measured.gradient_norm, norm(measured.network.parameters.gradient))
        measured.apply()
        unmeasured.make_step()
        assert unmeasured.finite == measured.finite
    np.testing.assert_array_equal(unmeasured.network.parameters.value, measured.network.parameters.value)
    np.testing.assert_array_equal(unmeasured.network.states.value, measured.network.states.value)
    for slot, before in zip(unmeasured.updater.slots, measured.updater.slots, strict=True):
        np.testing.assert_array_equal(slot, before)
    measured.look()
    unmeasured.look()
    assert unmeasured.step == measured.step
    np.testing.assert_array_equal(unmeasured.values, measured.values)


def test_every_optimiser_of_the_program_writes_an_update_again() -> None:
    own = [part for part in kinds(Optimizer).values() if part.__module__.startswith("simulator")]
    assert own
    assert all(part.rewrites for part in own)


def test_only_a_rate_that_the_update_tells_may_change_then() -> None:
    training = Training(experiment())
    training.propose()
    before = training.network.parameters.update.copy()
    other = [("optimizer.momentum", 0.5), ("schedule", {"kind": "step"}), ("regularization.l2", 0.1), ("seed", 3)]
    for change in other:
        assert not training.change_learning_rate(experiment(change, ("optimizer.learning_rate", 0.3)))
    training.network.parameters.update[0] = np.inf
    assert not training.change_learning_rate(experiment(("optimizer.learning_rate", 0.3)))
    np.testing.assert_array_equal(training.network.parameters.update[1:], before[1:])
    still = Training(experiment(("optimizer.learning_rate", 0.0)))
    still.propose()
    assert not still.change_learning_rate(experiment())


def test_what_the_network_is_made_of_cannot_be_steered() -> None:
    training = Training(BUSY)
    for path, value in (("layers.1.dropout.rate", 0.4), ("seed", 1), ("batch_size", 8)):
        assert not training.change_update_rule(BUSY.with_values([(path, value)]))
    assert training.experiment == BUSY


def test_a_live_rate_acts_on_the_very_next_update() -> None:
    training = Training(experiment(("precision", "float64")))
    rows(training, 4)
    changed = experiment(("precision", "float64"), ("optimizer.learning_rate", 0.5))
    assert training.accepts(changed)
    training.update_spec(changed)
    training.propose()
    parameters = training.network.parameters
    np.testing.assert_allclose(parameters.update, -0.5 * parameters.gradient, rtol=1e-12)
    assert training.scalars()["learning_rate"] == 0.5


def test_momentum_raised_from_zero_uses_the_last_gradient() -> None:
    training = Training(experiment(("precision", "float64")))
    rows(training, 3)
    last = training.network.parameters.gradient.copy()
    training.update_spec(experiment(("precision", "float64"), ("optimizer.momentum", 0.9)))
    training.propose()
    parameters = training.network.parameters
    np.testing.assert_allclose(parameters.update, -0.1 * (parameters.gradient + 0.9 * last), rtol=1e-10, atol=1e-18)


def test_another_optimiser_starts_afresh_in_mid_run() -> None:
    training = Training(experiment(("precision", "float64"), ("optimizer.momentum", 0.9)))
    rows(training, 5)
    adam = experiment(("precision", "float64"), ("optimizer", {"kind": "adam", "learning_rate": 0.01}))
    assert training.accepts(adam)
    training.update_spec(adam)
    training.propose()
    g = training.network.parameters.gradient
    np.testing.assert_allclose(training.network.parameters.update, -0.01 * g / (np.abs(g) + 1e-8), rtol=1e-9)
    assert training.step == 5


def test_a_structural_change_is_not_accepted() -> None:
    training = Training(experiment())
    assert not training.accepts(experiment(("layers.0.units", 13)))
    assert not training.accepts(experiment(("seed", 1)))


# -- what is told -----------------------------------------------------------------------------------------------------


def test_the_loss_is_the_mean_without_penalties() -> None:
    bare, penal = Training(experiment()), Training(experiment(("regularization.l2", 1.0)))
    bare.propose()
    penal.propose()
    a, y = bare.network.output.a.astype(float), bare.y
    assert bare.loss == penal.loss == pytest.approx(-np.log((a * y).sum(axis=0)).mean(), rel=1e-5)
    assert bare.scalars()["accuracy"] == np.mean(a.argmax(axis=0) == y.argmax(axis=0))


def test_regression_has_no_accuracy_and_no_held_out_set_no_validation() -> None:
    training = Training(experiment(("data", {"kind": "plane", "samples": 100}), ("loss", None)))
    training.look()
    assert set(training.scalars(validate=True)) == {"loss", "learning_rate", "gradient_norm", "validation_loss"}
    alone = Training(experiment(("data.validation", 0.0)))
    alone.look()
    assert set(alone.scalars(validate=True)) == {"loss", "learning_rate", "gradient_norm", "accuracy"}


def test_a_frame_is_complete_frozen_and_its_own() -> None:
    training = Training(experiment())
    training.look()
    scalars = training.scalars(validate=True)
    frame = frame_of(training, scalars, observe(training, EVERYTHING))
    assert [info.label for info in frame.info.layers] == ["1", "2", "3", "4"]
    assert frame.info.layers[-1].entry == -1
    assert frame.info.parameter_count == 2 * 12 + 12 + 2 * (12 * 12 + 12) + 12 * 2 + 2
    assert set(frame.measures) == set(frame.defined) == set(RECORDED_NAMES)
    assert totals(frame, "activation") == [12 * 16] * 3 + [2 * 16]
    assert totals(frame, "weight_gradient") == [24, 144, 144, 24]
    boundary = frame.result(BoundaryObservation())
    assert boundary is not None
    assert boundary.image.shape[0] == 2
    kept = {name: row.copy() for name, row in frame.measures.items()}
    rows(training, 3)
    for name, row in frame.measures.items():
        assert not row.flags.writeable
        np.testing.assert_array_equal(row, kept[name])


def test_the_boundary_is_the_networks_answer_in_evaluation_mode() -> None:
    training = Training(
        experiment(
            ("precision", "float64"), ("layers", [{"kind": "dense", "units": 5, "dropout": {"kind": "classic"}}])
        )
    )
    boundary = BoundaryObservation().observe(training)
    assert boundary is not None
    _classes, height, width = boundary.image.shape
    x = np.linspace(*boundary.x_range, width)
    y = np.linspace(*boundary.y_range, height)
    hidden, out = (np.array(m.affine.block.value) for m in (training.network.modules[0], training.network.output))  # type: ignore[attr-defined]
    for row, column in ((0, 0), (height - 1, 3), (7, width - 1)):
        a = 0.5 * np.tanh(hidden[:-1].T @ [x[column], y[row]] + hidden[-1])
        z = out[:-1].T @ a + out[-1]
        np.testing.assert_allclose(boundary.image[:, row, column], np.exp(z) / np.exp(z).sum(), rtol=1e-6)


def test_an_exploding_run_goes_on_and_counts_what_broke() -> None:
    training = Training(
        experiment(
            ("layers.0.activation", {"kind": "relu"}), ("layers.1.activation", {"kind": "linear"}),
            ("layers.2.activation", {"kind": "relu"}), ("loss", {"kind": "mse"}),
            ("optimizer.learning_rate", 1e6),
        )
    )  # fmt: skip
    found = rows(training, 30)
    broken = found[:, [i for i, name in enumerate(training.columns) if name.startswith("nonfinite")]].sum(axis=1)
    assert broken[0] == 0
    assert broken[-1] > 0
    assert not math.isfinite(found[-1, 0])
    training.look()
    frame = frame_of(training, training.scalars(validate=True), observe(training, EVERYTHING))
    counted = frame.result(HistogramsObservation())
    assert counted is not None
    assert (counted.nan + counted.plus_inf + counted.minus_inf).sum() > 0


@pytest.mark.parametrize("precision", ["float32", "float64"])
@pytest.mark.parametrize("kind", ["sgd", "adagrad", "rmsprop", "adam", "adamw"])
@pytest.mark.parametrize("norm", [{"kind": "none"}, {"kind": "batch"}])
def test_no_rate_however_large_stops_a_run(precision: str, kind: str, norm: dict[str, Any]) -> None:
    training = Training(
        experiment(
            ("precision", precision), ("optimizer", {"kind": kind, "learning_rate": 1e300}),
            ("layers.0.normalization", norm), ("regularization", {"l1": 1e30, "l2": 1e30, "clip_norm": 1e30}),
        )
    )  # fmt: skip
    rows(training, 6)
    training.look()
    frame = frame_of(training, training.scalars(validate=True), observe(training, EVERYTHING))
    assert frame.step == 6
    assert frame.began is not None or np.isfinite(training.network.parameters.value).all()


def test_a_network_too_large_for_memory_is_refused_before_it_is_built() -> None:
    with pytest.raises(ExperimentError, match="GiB"):
        Training(experiment(("layers.0.units", 16384), ("layers.1.units", 16384), ("layers.0.repeat", 50)))


def test_no_hidden_layer_is_logistic_regression() -> None:
    training = Training(experiment(("layers", [])))
    first, last = rows(training, 100)[[0, -1], 0]
    assert last < first
    assert len(training.network.taps) == 1
