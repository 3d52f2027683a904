"""What everything that reads parts makes of one more part of each kind."""

from __future__ import annotations

import csv
import json
import math
import pickle
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtWidgets import QComboBox
from scipy import special

import main
from simulator import Experiment, run
from simulator.commands.reference import reference
from simulator.data import Data
from simulator.doctor.base import Finding
from simulator.doctor.trial import copy
from simulator.experiment.files import read, write
from simulator.layers import Layer, Normalization
from simulator.observations.gates import gates
from simulator.observations.prediction import PredictionObservation
from simulator.observations.registry import analyses, observations
from simulator.observations.sharpness import Hessian
from simulator.observations.time_profile import time_profiles
from simulator.parts.activations import Activation
from simulator.parts.initializers import Initializer
from simulator.parts.losses import Loss
from simulator.parts.optimizers import Optimizer
from simulator.parts.schedules import Schedule
from simulator.record.frame import frame_of
from simulator.record.history import History
from simulator.record.record import Record
from simulator.running.messages import Started, Update
from simulator.running.session import Session
from simulator.schema.parameter import Part, kinds, title_of
from simulator.theory.gaussian import second_moment, slope_moment
from simulator.theory.kernels import Kernel
from simulator.training.training import Training
from ui.builder.builder import Builder
from ui.builder.entries import entries_of
from ui.export.pictures import export_plot
from ui.forms.form import PartForm
from ui.plots import View, plot_class

ADDED: dict[str, type[Part]] = {
    "hard_tanh": Activation, "lion": Optimizer, "collapse": Schedule, "signs": Initializer, "tanh_mse": Loss,
    "gain": Layer, "single_gate": Layer, "halving": Normalization, "stripes": Data,
}  # fmt: skip
DENSE = {"kind": "dense", "units": 24, "repeat": 3, "activation": {"kind": "hard_tanh"}}


def experiment(*layers: dict[str, Any], **changes: Any) -> Experiment:
    plain = {"data": {"kind": "stripes"}, "layers": [*(layers or [DENSE])], "batch_size": 60}
    return Experiment.from_builtins({**plain, **changes})


WITH_ALL = experiment(
    {**DENSE, "initializer": {"kind": "signs", "height": 0.2}},
    {"kind": "gain"},
    {**DENSE, "repeat": 1, "normalization": {"kind": "halving"}},
    optimizer={"kind": "lion", "learning_rate": 0.01},
    schedule={"kind": "collapse"},
    loss={"kind": "tanh_mse"},
)


def found(experiment: Experiment, steps: int) -> dict[str, Finding]:
    return {finding.rule: finding for finding in copy(experiment, steps).findings}


@pytest.mark.parametrize("kind", ADDED)
def test_it_is_registered_and_in_the_reference(kind: str) -> None:
    assert kind in kinds(ADDED[kind])
    assert f"### `{kind}`" in reference()


@pytest.mark.parametrize("kind", ADDED)
def test_a_form_shows_it(qtbot: Any, kind: str) -> None:
    form = PartForm(ADDED[kind])
    qtbot.addWidget(form)
    form.set_value({"kind": kind})
    combo = form.findChildren(QComboBox)[0]
    assert combo.currentData() == kind or combo.currentText() == title_of(kinds(ADDED[kind])[kind])


def test_a_file_keeps_it(tmp_path: Path) -> None:
    write(WITH_ALL, tmp_path / "all.json")
    assert read(tmp_path / "all.json") == WITH_ALL
    assert Experiment.from_json(WITH_ALL.to_json()) == WITH_ALL


def test_the_command_line_sets_trains_measures_and_draws_it(tmp_path: Path) -> None:
    settings = {
        "data.kind": "stripes", "layers.0.activation.kind": "hard_tanh", "layers.0.initializer.kind": "signs",
        "optimizer.kind": "lion", "schedule.kind": "collapse", "loss.kind": "tanh_mse",
    }  # fmt: skip
    options = [word for path, kind in settings.items() for word in ("--set", f"{path}={kind}")]
    out = tmp_path / "out"
    assert main.main(["run", "spiral", "--steps", "3", "--analyses", "all", "--out", str(out), *options]) == 0
    trained = json.loads((out / "experiment.json").read_text())
    assert [trained[field]["kind"] for field in ("data", "optimizer", "schedule", "loss")] == [
        "stripes", "lion", "collapse", "tanh_mse",
    ]  # fmt: skip
    with (out / "layers.csv").open() as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        want = float(row["activation_mean"]) ** 2 + float(row["activation_std"]) ** 2
        assert float(row["activation_square"]) == pytest.approx(want)
    assert (out / "size.csv").read_text().startswith("step,norm")
    assert (out / "plots" / "squares.png").stat().st_size > 1000
    written = json.loads((out / "analyses.json").read_text())
    assert set(analyses()) <= set(json.dumps(written).replace('"', " ").replace(":", " ").split())


def test_a_net_of_all_of_it_trains_with_finite_numbers() -> None:
    result = run(WITH_ALL, steps=5)
    assert all(math.isfinite(value) for value in result.last.scalars.values())
    assert result.findings is not None


SEQUENCE: dict[str, Any] = {"data": {"kind": "adding", "steps": 11}, "loss": {"kind": "mse"}, "precision": "float64"}
GATED: dict[str, Any] = {"kind": "single_gate", "units": 4}
NETS = {
    "all": experiment(*WITH_ALL.to_builtins()["layers"], precision="float64", loss={"kind": "tanh_mse"}),
    "cell": experiment({**GATED, "output": "all"}, GATED, **SEQUENCE),
    "cell with checkpoints": experiment({**GATED, "checkpoint": True}, **SEQUENCE),
}


@pytest.mark.parametrize("net", NETS)
def test_the_gradient_of_it_is_the_difference_of_the_loss(net: str) -> None:
    training = Training(NETS[net])
    training.propose()
    network = training.network
    gradient = network.parameters.gradient.copy()
    direction = np.random.default_rng(0).standard_normal(gradient.size)
    losses = []
    for step in (1e-6, -1e-6):
        network.parameters.value += step * direction
        training.look()
        losses.append(training.scalars()["loss"])
        network.parameters.value -= step * direction
    assert (losses[0] - losses[1]) / 2e-6 == pytest.approx(float(gradient @ direction), rel=1e-5)


@pytest.mark.parametrize("net", ["activation", "cell"])
def test_the_curvature_of_it_is_the_difference_of_the_gradient(net: str) -> None:
    training = Training(NETS[net] if net == "cell" else experiment(precision="float64"))
    training.propose()
    parameters = training.network.parameters
    direction = np.random.default_rng(0).standard_normal(parameters.size)
    product = Hessian(training).product(direction)
    gradients = []
    for step in (1e-7, -1e-7):
        parameters.value += step * direction
        training.look()
        gradients.append(parameters.gradient.copy())
        parameters.value -= step * direction
    np.testing.assert_allclose(product, (gradients[0] - gradients[1]) / 2e-7, rtol=1e-3, atol=1e-5)


def test_the_gates_and_the_time_profile_of_it_are_observed() -> None:
    training = Training(NETS["cell"])
    training.propose()
    network = training.network
    shown = gates(network.taps)
    assert (shown.layers, shown.names) == (("1", "2"), ("update", "update"))
    profiles = time_profiles(network.modules)
    assert list(profiles) == ["1", "2"]
    assert all((profile.hidden_gradient_norm > 0).all() for profile in profiles.values())


def test_the_doctor_finds_it_saturated_and_offers_a_rectifier() -> None:
    sick = experiment({**DENSE, "initializer": {"kind": "signs", "height": 3.0}})
    saturated = found(sick, 40)["saturated"]
    assert "ReLU and He weights" in [remedy.title for remedy in saturated.remedies]


def test_the_doctor_suspects_the_size_of_its_weights() -> None:
    sick = experiment({**DENSE, "repeat": 8, "initializer": {"kind": "signs", "height": 1e-3}})
    weights = found(sick, 40)["initial weights"]
    assert weights.cause is not None
    assert (weights.cause.path, weights.cause.value) == ("layers.0.initializer.height", 1e-3)


def test_the_doctor_suspects_a_schedule_without_a_field() -> None:
    schedule = found(experiment(schedule={"kind": "collapse"}, optimizer={"kind": "sgd"}), 60)["schedule"]
    assert schedule.cause is not None
    assert (schedule.cause.path, schedule.cause.value) == ("schedule.kind", "collapse")


def test_the_doctor_suspects_a_decay_by_its_own_name() -> None:
    strong = {"kind": "lion", "learning_rate": 0.1, "fading": 30.0}
    decay = found(experiment(optimizer=strong), 60)["weight decay"]
    assert decay.cause is not None
    assert decay.cause.path == "optimizer.fading"
    assert "Lion's decay" in decay.sentence


def test_the_doctor_does_not_offer_adam_beside_an_optimiser_that_steps_like_it() -> None:
    deep = {**DENSE, "repeat": 12, "activation": {"kind": "sigmoid"}}
    vanishing = found(experiment(deep, optimizer={"kind": "lion", "learning_rate": 1e-4}), 40)["vanishing"]
    assert "Adam" not in [remedy.title for remedy in vanishing.remedies]
    assert "ε" not in vanishing.sentence


def test_the_doctor_says_that_targets_lie_beyond_what_the_output_reaches() -> None:
    far = experiment(data={"kind": "plane", "scale": "standard"}, loss={"kind": "tanh_mse"})
    flat = found(far, 100).get("flat output")
    assert flat is not None
    assert "the output's tanh from −1 to 1 only" in flat.sentence


def test_the_added_rule_speaks() -> None:
    assert found(experiment(), 2)["odd batch"].sentence == "The batch size 60 is no power of two."


@pytest.mark.parametrize("q", [1e-3, 0.3, 1.0, 4.0, 100.0])
def test_theory_has_its_averages(q: float) -> None:
    part = kinds(Activation)["hard_tanh"]()
    s = 1 / math.sqrt(q)
    inside = special.erf(s / math.sqrt(2))
    within = q * (inside - 2 * s * math.exp(-s * s / 2) / math.sqrt(2 * math.pi))
    assert slope_moment(part, q) == pytest.approx(inside, rel=1e-12)
    assert second_moment(part, q) == pytest.approx(within + 1 - inside, rel=1e-12)
    pair = Kernel(part, np.full((2, 2), q))
    assert pair.value[0, 1] == pytest.approx(within + 1 - inside, rel=1e-12)


def test_theory_predicts_it_or_refuses_in_words() -> None:
    training = Training(experiment({**DENSE, "units": 200}))
    training.look()
    prediction = PredictionObservation().observe(training)
    assert prediction.reason == ""
    measured = frame_of(training, training.scalars()).measures["activation_std"][:-1]
    np.testing.assert_allclose(prediction.activation_std[:-1], measured, rtol=0.1)
    for layer, name in (({"kind": "gain"}, "gain"), ({**DENSE, "normalization": {"kind": "halving"}}, "halving")):
        refusing = Training(experiment(DENSE, layer))
        refusing.look()
        assert name in PredictionObservation().observe(refusing).reason


def test_the_builder_shows_it(qtbot: Any) -> None:
    builder = Builder(lambda *_: None)
    qtbot.addWidget(builder)
    builder.set_experiment(WITH_ALL)
    entries = entries_of(WITH_ALL.to_builtins())
    assert [entry.title for entry in entries if "gain" in entry.title.lower()]
    assert any("halving" in badge for entry in entries for badge in entry.badges)


@pytest.mark.parametrize("kind", ["png", "svg", "pdf", "csv"])
def test_the_added_plot_shows_the_added_measure_and_is_exported(qtbot: Any, tmp_path: Path, kind: str) -> None:
    result = run(WITH_ALL, steps=3)
    plot = plot_class("squares")(bare=True)
    qtbot.addWidget(plot)
    plot.start(result.info)
    plot.refresh(View(result.last, result.record))
    export_plot(plot, tmp_path / f"squares.{kind}")
    assert (tmp_path / f"squares.{kind}").stat().st_size > 100


def test_the_added_observation_comes_with_a_frame_into_the_record_and_into_the_plot(qtbot: Any) -> None:
    (observation,) = plot_class("squares").observations
    assert type(observation) in observations()
    assert pickle.loads(pickle.dumps(observation)) == observation
    session, record = Session("process"), None
    session.start()
    session.change(WITH_ALL)
    session.play(30)
    frame, end = None, time.monotonic() + 60
    try:
        while (frame is None or frame.step < 30) and time.monotonic() < end:
            session.look((observation,))
            for reply in session.replies():
                if isinstance(reply, Started):
                    record = Record(History(reply.columns), reply.frame)
                elif isinstance(reply, Update) and reply.frame is not None and record is not None:
                    frame = reply.frame
                    record.add(frame, reply.rows)
            time.sleep(0.001)
    finally:
        session.close(10)
    assert frame is not None
    assert record is not None
    observed = frame.observed(observation)
    assert observed is not None
    assert observed.result == record.pasts["size"].history.values[-1, 0]
    plot = plot_class("squares")(bare=True)
    qtbot.addWidget(plot)
    plot.start(frame.info)
    plot.refresh(View(frame, record))
    assert plot.legend.remark == f"parameters {observed.result}"
