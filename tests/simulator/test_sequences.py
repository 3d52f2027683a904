"""Sequence data: what they ask for, what guessing scores, and an answer at every step."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import numpy as np
import pytest

from simulator import run
from simulator.data import Adding, Copying, Data, DataError, DigitRows, Digits, Sine, TemporalOrder, prepare
from simulator.experiment.experiment import Experiment, ExperimentError
from simulator.network.network import Network
from simulator.observations.time_profile import TimeProfilesObservation
from simulator.training.training import Training
from tests.simulator.differences import Bench

KINDS: tuple[Data, ...] = (Adding(), Copying(), TemporalOrder(), Sine(), DigitRows())


def sequences(data: Data, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """(samples, steps, features) and targets, unsplit."""
    raw = data.load(np.random.default_rng(seed))
    return raw.x.reshape(-1, *raw.shape), raw.y


def experiment(data: dict[str, object], layers: list[dict[str, object]], **top: object) -> Experiment:
    return Experiment.from_builtins({"data": data, "layers": layers, **top})


# -- the problems -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("data", KINDS, ids=lambda data: data.kind)
def test_samples_are_steps_of_features(data: Data) -> None:
    made = prepare(data, 0, "float32")
    assert made.input_shape == data.input_shape
    assert made.x_train.shape[0] == math.prod(made.input_shape)
    assert len(made.feature_names) == made.input_shape[1]


@pytest.mark.parametrize("data", [Adding(), Copying(), TemporalOrder(), Sine()], ids=lambda data: data.kind)
def test_drawn_sequences_are_used_as_drawn(data: Data) -> None:
    made, (x, _) = prepare(data, 3, "float64"), sequences(data)
    assert set(np.unique(made.x_train)) <= set(np.unique(x)) or data.kind in ("adding", "sine")
    assert made.x_train.std() == pytest.approx(x.std(), rel=0.05)


def test_adding_marks_one_number_in_each_half_and_asks_for_their_sum() -> None:
    x, y = sequences(Adding(steps=11, samples=400))
    markers = x[:, :, 1]
    assert (markers[:, :5].sum(axis=1) == 1).all()
    assert (markers[:, 5:].sum(axis=1) == 1).all()
    np.testing.assert_allclose((x[:, :, 0] * markers).sum(axis=1), y)
    assert set(np.flatnonzero(markers.any(axis=0))) == set(range(11))


def test_copying_shows_symbols_then_blanks_then_a_signal_before_the_answers() -> None:
    data = Copying(symbols=3, alphabet=4, delay=6, samples=200)
    x, y = sequences(data)
    assert x.shape == (200, 12, 6)
    np.testing.assert_array_equal(x.sum(axis=2), 1)
    np.testing.assert_array_equal(x[:, :3].argmax(axis=2), y)
    np.testing.assert_array_equal(x[:, 3:].argmax(axis=2), np.tile([4, 4, 4, 4, 4, 5, 4, 4, 4], (200, 1)))
    made = prepare(data, 0, "float64")
    assert (data.answers, made.outputs, len(made.y_train)) == (3, 4, 12)


def test_the_class_of_temporal_order_is_the_order_of_its_two_symbols() -> None:
    x, y = sequences(TemporalOrder(steps=30, samples=300))
    symbols = x.argmax(axis=2)
    for row, label in zip(symbols, y, strict=True):
        telling = row[row < 2]
        assert len(telling) == 2
        assert label == 2 * telling[0] + telling[1]


def test_a_sine_goes_on_without_noise() -> None:
    x, y = sequences(Sine(steps=60, noise=0.0, horizon=1, samples=50))
    # sin(a + b) + sin(a − b) = 2 sin a cos b gives each sequence's next value from its last two.
    last, before = x[:, -1, 0], x[:, -2, 0]
    speed = np.arccos(np.clip((x[:, 30, 0] + x[:, 28, 0]) / (2 * x[:, 29, 0]), -1, 1))
    usable = np.abs(x[:, 29, 0]) > 0.2
    np.testing.assert_allclose((2 * last * np.cos(speed) - before)[usable], y[usable], atol=1e-6)


def test_digit_rows_are_the_digits_with_one_scale_per_column_of_pixels() -> None:
    rng = np.random.default_rng(0)
    np.testing.assert_array_equal(DigitRows().load(rng).x, Digits().load(rng).x)
    made = prepare(DigitRows(validation=0.0), 0, "float64")
    columns = made.x_train.reshape(8, 8, -1).transpose(1, 0, 2).reshape(8, -1)
    constant = columns.std(axis=1) == 0
    np.testing.assert_allclose(columns.std(axis=1)[~constant], 1)
    np.testing.assert_allclose(columns.mean(axis=1), 0, atol=1e-12)


def test_sequences_that_do_not_fit_in_memory_are_refused() -> None:
    with pytest.raises(DataError, match="do not fit in memory"):
        prepare(Adding(steps=100_000, samples=1_000_000), 0, "float32")


# -- baselines --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "layer", "wanted"),
    [
        ({"kind": "adding"}, {"kind": "recurrent", "units": 2}, 1 / 12),
        ({"kind": "copying"}, {"kind": "recurrent", "units": 2, "output": "all"}, math.log(8)),
        ({"kind": "temporal_order"}, {"kind": "recurrent", "units": 2}, math.log(4)),
        ({"kind": "sine"}, {"kind": "recurrent", "units": 2}, 1 / 4),
        ({"kind": "digit_rows"}, {"kind": "recurrent", "units": 2}, math.log(10)),
    ],
)
def test_the_baseline_is_what_guessing_scores(data: dict[str, object], layer: dict[str, object], wanted: float) -> None:
    found = Training(experiment(data, [layer])).info.baseline_loss
    assert found == pytest.approx(wanted, rel=0.03)


# -- an answer at every step ------------------------------------------------------------------------------------------

COPYING: dict[str, object] = {"kind": "copying", "symbols": 2, "alphabet": 3, "delay": 2, "samples": 40}


def copying(batch: int = 3, **layer: object) -> Bench:
    described = experiment(COPYING, [{"kind": "gru", "units": 3, "output": "all", **layer}], precision="float64")
    network = Network(described, (6, 5), 3, batch)
    rng = np.random.default_rng(1)
    network.parameters.value[...] = rng.normal(0, 0.7, network.parameters.size)
    network.input[:-1] = rng.standard_normal((30, batch))
    y = np.eye(3)[rng.integers(0, 3, (batch, 2))].reshape(batch, 6).T
    return Bench(network, np.ascontiguousarray(y))


def test_gradients_of_answers_at_the_last_steps() -> None:
    found = copying()
    analytic, numeric = found.analytic(), found.numeric()
    assert np.linalg.norm(analytic - numeric) <= 1e-6 * np.linalg.norm(analytic)


def test_the_loss_of_a_sample_is_the_mean_over_its_answers() -> None:
    found = copying()
    network = found.network
    network.forward()
    losses = network.output.sample_losses(found.y)
    z = network.output.affine.block.value.T
    hidden = network.modules[0].out[:-1].reshape(6, 3, -1)[-2:]  # type: ignore[attr-defined]
    wanted = np.zeros(3)
    for t in range(2):
        scores = z[:, :-1] @ hidden[t] + z[:, -1:]
        wanted -= (found.y[3 * t : 3 * t + 3] * (scores - np.log(np.exp(scores).sum(axis=0)))).sum(axis=0) / 2
    np.testing.assert_allclose(losses, wanted, rtol=1e-12)


def test_accuracy_is_the_share_of_symbols_that_are_right() -> None:
    found = copying(batch=2)
    output = found.network.output
    found.network.forward()
    # Columns are step after step: the first answers of both samples, then the second ones.
    output.a[...] = np.eye(3)[:, [0, 1, 2, 2]]
    y = np.concatenate([np.eye(3)[:, [0, 2]], np.eye(3)[:, [2, 2]]])
    np.testing.assert_array_equal(output.right(y), [1.0, 0.5])


def test_validation_scores_every_answer_of_every_sample() -> None:
    training = Training(experiment(COPYING, [{"kind": "lstm", "units": 4, "output": "all"}]))
    found = training.evaluator.validation()
    data = training.data
    twin = Network(training.experiment, data.input_shape, 3, data.validation_samples, share=training.network)
    twin.input[:-1] = data.x_val
    twin.forward(training=False)
    assert found["validation_loss"] == pytest.approx(twin.output.sample_losses(data.y_val).mean(), rel=1e-5)
    assert found["validation_accuracy"] == pytest.approx(twin.output.right(data.y_val).mean())


@pytest.mark.parametrize("layer", [{"kind": "lstm"}, {"kind": "dense"}])
def test_a_last_layer_without_a_sequence_is_refused_where_every_step_is_to_be_answered(
    layer: dict[str, object],
) -> None:
    with pytest.raises(ExperimentError, match=r"last 2 steps.*gives \d+ numbers") as caught:
        Training(experiment(COPYING, [layer]))
    assert caught.value.path == "layers[0]"
    repair = caught.value.repair
    assert (repair.settings if repair else None) == ({"output": "all"} if layer["kind"] == "lstm" else None)


def test_swapped_labels_of_several_answers_are_a_share_of_all_answers() -> None:
    clean, noisy = (prepare(Copying(label_noise=share, validation=0.0), 0, "float64") for share in (0.0, 0.25))
    assert clean.labels_train is not None
    assert noisy.labels_train is not None
    assert (clean.labels_train != noisy.labels_train).mean() == pytest.approx(0.25, abs=1e-4)


# -- files ------------------------------------------------------------------------------------------------------------


def test_a_run_writes_its_profiles_through_time(tmp_path: Path) -> None:
    layers: list[dict[str, object]] = [{"kind": "lstm", "units": 3, "output": "all"}, {"kind": "gru", "units": 2}]
    found = run(experiment({"kind": "sine", "samples": 40, "steps": 7}, layers), steps=2, out=tmp_path, every=2)
    with (tmp_path / "time.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["step", "layer", "time", "hidden_gradient_norm", "hidden_mean", "hidden_std"]
    wanted = [(str(s), layer, str(t)) for s in (0, 2) for layer in ("1", "2") for t in range(1, 8)]
    assert [(row["step"], row["layer"], row["time"]) for row in rows] == wanted
    last = [float(row["hidden_gradient_norm"]) for row in rows if (row["step"], row["layer"]) == ("2", "2")]
    np.testing.assert_array_equal(last, (found.last.result(TimeProfilesObservation()) or {})["2"].hidden_gradient_norm)


def test_a_run_without_such_layers_leaves_no_profile_behind(tmp_path: Path) -> None:
    (tmp_path / "time.csv").write_text("of an earlier run", encoding="utf-8")
    run(experiment({"kind": "xor", "samples": 20}, [{"kind": "dense", "units": 2}]), steps=1, out=tmp_path)
    assert not (tmp_path / "time.csv").exists()


def test_a_last_state_where_every_state_is_asked_for_is_refused_with_number_shapes_and_repair() -> None:
    layers = [{"kind": "gru", "units": 3, "output": "all"}, {"kind": "lstm", "units": 4}]
    with pytest.raises(ExperimentError) as caught:
        Network(experiment(COPYING, layers), (6, 5), 3, 2)
    assert str(caught.value) == (
        "layer 2 (LSTM) must give a sequence of 2 steps or more, because an answer is asked for at each of the last 2 "
        "steps, but gives 4 numbers at layers[1]"
    )
    assert caught.value.repair is not None
    assert caught.value.repair.settings == {"output": "all"}
