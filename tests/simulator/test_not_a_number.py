"""What is computed from NaN is not a number: in every measure, question and part of a frame."""

from __future__ import annotations

import csv
import math
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from simulator import run
from simulator.experiment.experiment import Experiment
from simulator.measures import RECORDED_NAMES
from simulator.observations.boundary import BoundaryObservation
from simulator.observations.effective_rank import EffectiveRankObservation
from simulator.observations.factors import FactorsObservation
from simulator.observations.feature_maps import FeatureMapsObservation
from simulator.observations.gates import GatesObservation
from simulator.observations.gradient_noise import GradientNoiseObservation
from simulator.observations.graph.nodes import GraphObservation
from simulator.observations.histograms import HistogramsObservation
from simulator.observations.jacobian import JacobianObservation
from simulator.observations.microscope import UnitObservation
from simulator.observations.observer import observe
from simulator.observations.preactivation import PreactivationObservation, PreactivationsObservation
from simulator.observations.registry import analyses, standard
from simulator.observations.sharpness import SharpnessObservation
from simulator.observations.time_profile import TimeProfilesObservation
from simulator.observations.tiny_gradients import TinyGradientsObservation
from simulator.parts.activations import Activation
from simulator.parts.losses import Loss
from simulator.record.frame import Frame, frame_of
from simulator.schema.parameter import kinds
from simulator.training.training import Training
from tests.simulator.combinations import LAYERS, fitting
from tests.thinned import thinned

ACTIVATIONS = kinds(Activation)
LOSSES = kinds(Loss)


def lost(experiment: Experiment) -> Training:
    """All parameters NaN."""
    training = Training(experiment)
    training.network.parameters.value[...] = np.nan
    training.look()
    return training


def every_layer(**changes: Any) -> list[Experiment]:
    found = [fitting({"kind": kind}, **changes) for kind in LAYERS]
    return [experiment for experiment in found if experiment is not None]


def seen(training: Training) -> Frame:
    observed = observe(training, (*standard(), FactorsObservation()))
    return frame_of(training, training.scalars(validate=True), observed)


@pytest.mark.parametrize("precision", ["float32", "float64"])
@pytest.mark.parametrize("kind", LAYERS)
def test_no_measure_of_a_layer_of_nan_is_a_number(kind: str, precision: str) -> None:
    experiment = fitting({"kind": kind}, precision=precision)
    assert experiment is not None
    frame = seen(lost(experiment))
    # A layer without parameters shows the data.
    rows = [row for row, layer in enumerate(frame.info.layers) if np.isnan(frame.measures["activation_mean"][row])]
    assert rows
    for name in RECORDED_NAMES:
        told = [row for row in rows if frame.defined[name][row] and np.isfinite(frame.measures[name][row])]
        assert not told or name == "nonfinite", name
    assert (frame.measures["nonfinite"][rows] > 0).all()


@pytest.mark.parametrize("kind", ACTIVATIONS)
def test_one_nan_among_the_inputs_makes_every_share_of_its_layer_not_a_number(kind: str) -> None:
    layer = {"kind": "dense", "units": 6, "repeat": 2, "activation": {"kind": kind}}
    experiment = Experiment.from_builtins({"data": {"kind": "wine"}, "layers": [layer], "batch_size": 8})
    training = Training(experiment)
    training.network.input[0, 3] = np.nan
    training.look()
    frame = frame_of(training, {})
    for name in ("activation_saturated", "activation_dead", "activation_rate", "mean_weight_rate", "variance_rate"):
        assert np.isnan(frame.measures[name][:2]).all(), name


@pytest.mark.parametrize("kind", ACTIVATIONS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_finite_z_has_a_finite_slope(kind: str, dtype: type) -> None:
    """So NaN among slopes shows in the norm of z."""
    size = 10.0 ** np.linspace(*((-44, 38) if dtype is np.float32 else (-300, 308)), 400)
    size[-1] = np.finfo(dtype).max
    z = np.concatenate([-size, [0.0], size]).astype(dtype)
    a, slope = np.empty_like(z), np.empty_like(z)
    with np.errstate(all="ignore"):
        ACTIVATIONS[kind]().apply(z, a)
        ACTIVATIONS[kind]().derivative(z, a, slope)
    assert np.isfinite(slope).all()


@pytest.mark.parametrize("units", [1, 3, 7, 49, 100, 333])
def test_all_units_dead_is_exactly_one(units: int) -> None:
    layer = {"kind": "dense", "units": units, "activation": {"kind": "relu"}}
    layer["bias_initializer"] = {"kind": "constant", "value": -1e6}
    training = Training(Experiment.from_builtins({"data": {"kind": "wine"}, "layers": [layer], "batch_size": 8}))
    training.look()
    assert frame_of(training, {}).measures["activation_dead"][0] == 1


@pytest.mark.parametrize("kind", LOSSES)
def test_no_score_of_an_answer_of_nan_is_a_number(kind: str) -> None:
    data = {"kind": "moons", "validation": 0.3}
    experiment = Experiment.from_builtins({"data": data, "layers": [], "loss": {"kind": kind}, "batch_size": 8})
    scalars = seen(lost(experiment)).scalars
    assert set(scalars) >= {"loss", "accuracy", "validation_loss", "validation_accuracy", "gradient_norm"}
    assert all(math.isnan(value) for name, value in scalars.items() if name != "learning_rate")


@pytest.mark.parametrize("kind", LOSSES)
def test_one_answer_of_nan_makes_the_accuracy_of_its_batch_not_a_number(kind: str) -> None:
    experiment = Experiment.from_builtins(
        {"data": {"kind": "moons"}, "layers": [], "loss": {"kind": kind}, "batch_size": 8}
    )
    training = Training(experiment)
    training.network.input[0, 3] = np.nan
    training.look()
    assert math.isnan(training.scalars()["accuracy"])


def numbers(value: Any) -> list[float]:
    """All floats in an answer."""
    if isinstance(value, np.ndarray):
        return value.ravel().tolist() if value.dtype.kind == "f" else []
    if is_dataclass(value):
        return [number for field in fields(value) for number in numbers(getattr(value, field.name))]
    return [value] if isinstance(value, float) else []


QUESTIONS = {
    "jacobian": (JacobianObservation(), ()),
    "noise": (GradientNoiseObservation(), ()),
    "sharpness": (SharpnessObservation(), ("rate", "limit")),
    "rank": (EffectiveRankObservation(), ("most",)),
    "pre-activation": (PreactivationObservation(), ("activation", "values")),
    "float16": (TinyGradientsObservation(), ()),
}
"""Each with the fields of its answer that do not come from the network."""


@pytest.mark.parametrize("name", QUESTIONS)
def test_no_question_about_a_network_of_nan_is_answered_with_a_number(name: str) -> None:
    question, given = QUESTIONS[name]
    training = lost(Experiment.from_builtins({"data": {"kind": "wine"}, "layers": [{"kind": "dense", "units": 6}]}))
    with np.errstate(all="ignore"):
        answer: Any = question.observe(training)
    parts = answer if not is_dataclass(answer) else [
        getattr(answer, field.name) for field in fields(answer) if field.name not in given
    ]  # fmt: skip
    found = [number for part in parts for number in numbers(part)] if is_dataclass(answer) else numbers(parts)
    assert found
    assert all(math.isnan(number) for number in found)


GIVEN = {
    "step", "layer", "index", "sample", "other_sample", "input", "rows", "columns", "products", "learning_rate",
    "limit", "largest_possible", "z_from", "z_to", "count", "depth", "time",
}  # fmt: skip
"""Columns of what is looked at and how, not of what the network makes of it."""
NOT_OF_WEIGHTS = {
    "prediction.csv", "order_chaos.csv", "edge_of_chaos.csv", "correlation_depth.csv:chi_c", "graph.csv:norm",
    "correlation_depth.csv:settled_correlation", "correlation_depth.csv:depth_scale", "bounds.csv:input_norm",
}  # fmt: skip
"""Theory of the draw, and columns in which the data have a row too."""


@pytest.mark.parametrize(("name", "kind"), thinned(list(analyses()), list(LAYERS)))
def test_no_table_about_a_network_of_nan_holds_a_number(name: str, kind: str) -> None:
    experiment = fitting({"kind": kind})
    assert experiment is not None
    training = lost(experiment)
    try:
        with np.errstate(all="ignore"):
            analysis = analyses()[name]
            rows = list(analysis.rows(analysis.observe(training), training.info))
    except ValueError:
        return  # it says why it has nothing to say
    labels = {label.info.label for label in training.network.taps if not np.isnan(label.a).any()}
    for row in rows:
        if row.cells.get("layer") in labels:
            continue  # a layer without parameters shows the data
        told = {column for column, cell in row.cells.items() if isinstance(cell, (int, float)) and math.isfinite(cell)}
        own = {column for column in told - GIVEN if not column.startswith("predicted_")}
        assert not {column for column in own if not {row.file, f"{row.file}:{column}"} & NOT_OF_WEIGHTS}


def test_pre_activations_that_are_not_finite_have_rows_of_their_own() -> None:
    training = lost(Experiment.from_builtins({"data": {"kind": "wine"}, "layers": [{"kind": "dense", "units": 6}]}))
    analysis = PreactivationsObservation()
    told = analysis.rows(analysis.observe(training), training.info)
    rows = [row.cells for row in told if row.cells["layer"] == "1"]
    assert sum(int(str(row["count"])) for row in rows) == 6 * training.network.batch
    assert math.isnan(float(str(rows[-1]["z_from"])))


@pytest.mark.parametrize("kind", ["highway", "gru", "lstm"])
def test_no_gate_of_nan_is_saturated(kind: str) -> None:
    experiment = fitting({"kind": kind})
    assert experiment is not None
    gates = seen(lost(experiment)).result(GatesObservation())
    assert gates is not None
    assert len(gates.saturated)
    assert np.isnan(gates.saturated).all()
    assert gates.histograms.counts.sum() == 0
    assert (gates.histograms.nan > 0).all()


@pytest.mark.parametrize("kind", LAYERS)
def test_a_unit_of_nan_is_neither_dead_nor_saturated_nor_alive(kind: str) -> None:
    experiment = fitting({"kind": kind})
    assert experiment is not None
    training = lost(experiment)
    for layer in training.info.layers:
        unit = UnitObservation(layer=layer.label).observe(training)
        if math.isnan(unit.mean):
            assert unit.condition == "not finite"
            assert not unit.dead.any()
            assert all(math.isnan(each) for each in (unit.active, unit.saturated, unit.low, unit.high))


def test_profiles_boundary_maps_and_graph_of_nan_hold_no_number() -> None:
    for experiment in every_layer():
        training = lost(experiment)
        frame = seen(training)
        for profile in (frame.result(TimeProfilesObservation()) or {}).values():
            assert np.isnan(profile.hidden_mean).all()
            assert np.isnan(profile.hidden_std).all()
            assert np.isnan(profile.hidden_gradient_norm).all()
        maps = frame.result(FeatureMapsObservation()) or {}
        assert all(np.isnan(each.maps).all() for label, each in maps.items() if label in _parametric(training))
        graph = frame.result(GraphObservation())
        assert graph is not None
        assert all(math.isnan(box.norm) for box in graph.boxes if box.role in ("weights", "weight_gradient"))
        for gains in frame.result(FactorsObservation()) or ():
            assert math.isnan(gains.total)
    plane = lost(Experiment.from_builtins({"data": {"kind": "moons"}, "layers": []}))
    boundary = seen(plane).result(BoundaryObservation())
    assert boundary is not None
    assert np.isnan(boundary.image).all()


def _parametric(training: Training) -> set[str]:
    return {module.info.label for module in training.network.modules if module.blocks()}


def test_histograms_count_nan_beside_the_bins() -> None:
    for experiment in every_layer():
        frame = seen(lost(experiment))
        counted = frame.result(HistogramsObservation(quantity="activation"))
        assert counted is not None
        rows = np.isnan(frame.measures["activation_mean"])
        assert (counted.totals[rows] == 0).all()
        assert (counted.nan[rows] > 0).all()


def test_headless_tables_hold_no_number_beside_a_loss_of_nan(tmp_path: Path) -> None:
    net = {"data": {"kind": "wine"}, "layers": [{"kind": "dense", "units": 6, "activation": {"kind": "relu"}}]}
    net["optimizer"] = {"kind": "sgd", "learning_rate": 1e30}
    run(Experiment.from_builtins(net), steps=6, out=tmp_path)
    with (tmp_path / "steps.csv").open(newline="") as file:
        steps = list(csv.DictReader(file))
    with (tmp_path / "layers.csv").open(newline="") as file:
        layers = list(csv.DictReader(file))
    broken = [row for row in steps if row["loss"] == "nan"]
    assert broken
    assert {row["accuracy"] for row in broken} == {"nan"}
    assert {row["validation_accuracy"] for row in broken} <= {"nan", ""}
    lost_rows = [row for row in layers if row["activation_mean"] == "nan"]
    assert lost_rows
    for name in ("activation_saturated", "activation_dead"):
        assert {row[name] for row in lost_rows} <= {"nan", ""}
