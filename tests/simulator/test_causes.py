"""The doctor names the setting that was made bad, and what it offers mends a run that is started anew with it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, cast

import numpy as np
import pytest

from simulator import Experiment, RunResult, run
from simulator.doctor.base import Finding, Remedy, Severity, Trial
from simulator.doctor.proof import consistent, prove
from simulator.doctor.rules import SUSPECTS
from simulator.doctor.trial import CURED_SHARE, TrialOutcome, Trials, copy, cures
from simulator.experiment.experiment import ExperimentError
from simulator.observations.facts import FactsObservation
from simulator.parts.optimizers import Optimizer
from simulator.parts.schedules import Schedule
from simulator.schema.parameter import kinds
from tests.thinned import thinned

STEPS = 120
DIGITS: dict[str, Any] = {
    "data": {"kind": "digits"},
    "layers": [{"kind": "dense", "units": 24, "repeat": 2}],
    "optimizer": {"kind": "sgd", "learning_rate": 0.2},
    "batch_size": 64,
}
MOONS = {**DIGITS, "data": {"kind": "moons"}, "optimizer": {"kind": "adam", "learning_rate": 0.02}}
PLANE = {**DIGITS, "data": {"kind": "plane"}}
RELU = {"activation": {"kind": "relu"}, "initializer": {"kind": "he_normal"}}
DEEP = {**DIGITS, "layers": [{"kind": "dense", "units": 24, "repeat": 8}]}
WINE = {**DIGITS, "data": {"kind": "wine"}, "batch_size": 32}
BLOCK = {"kind": "residual", "repeat": 12, "scale": "sqrt_depth", "layers": [{"kind": "dense", "units": 24, **RELU}]}
RESIDUAL = {**DIGITS, "layers": [{"kind": "dense", "units": 24, **RELU}, BLOCK]}
ROWS = {
    **DIGITS, "data": {"kind": "digit_rows"}, "layers": [{"kind": "recurrent", "units": 24}],
    "optimizer": {"kind": "adam", "learning_rate": 0.01},
}  # fmt: skip
HIGHWAYS = [
    {"kind": "dense", "units": 16},
    {"kind": "highway", "units": 16, "repeat": 30, "transform_bias": -3},
]
OPEN = {**DIGITS, "layers": HIGHWAYS, "optimizer": {"kind": "adam", "learning_rate": 0.003}}
SIGMOID = {
    **DIGITS, "data": {"kind": "circles"}, "loss": {"kind": "sigmoid_mse"},
    "optimizer": {"kind": "sgd", "learning_rate": 1.0},
}  # fmt: skip

PLANTED: dict[str, tuple[dict[str, Any], list[tuple[str, Any]], str]] = {
    "L2 penalty": (DIGITS, [("regularization.l2", 1.0)], "regularization.l2"),
    "L1 penalty": (DIGITS, [("regularization.l1", 0.1)], "regularization.l1"),
    "weight decay": (
        MOONS, [("optimizer", {"kind": "adamw", "learning_rate": 0.02, "weight_decay": 30.0})],
        "optimizer.weight_decay",
    ),
    "clipping": (DIGITS, [("regularization.clip_norm", 1e-5)], "regularization.clip_norm"),
    "schedule": (DIGITS, [("schedule", {"kind": "exponential", "gamma": 1.5})], "schedule.gamma"),
    "learning rate": (DIGITS, [("optimizer.learning_rate", 60.0)], "optimizer.learning_rate"),
    "momentum": (DIGITS, [("optimizer.momentum", 0.999)], "optimizer.momentum"),
    "squared gradients": (MOONS, [("optimizer.eps", 1e4)], "optimizer.eps"),
    "scale of the data": (WINE, [("data.scale", "none")], "data.scale"),
    "batch": (
        {**MOONS, "layers": [{"kind": "dense", "units": 8, "repeat": 2, "normalization": {"kind": "batch"}}]},
        [("batch_size", 1)], "batch_size",
    ),
    "narrow norm": (
        {**MOONS, "layers": [{"kind": "dense", "units": 8, "normalization": {"kind": "layer"}}]},
        [("layers.0.units", 1)], "layers.0.normalization",
    ),
    "dropout": (DIGITS, [("layers.0.dropout", {"kind": "inverted", "rate": 0.95})], "layers.0.dropout"),
    "branch scale": (RESIDUAL, [("layers.1.branch_scale", 10.0)], "layers.1.branch_scale"),
    "recurrent weights": (
        ROWS, [("layers.0.recurrent_initializer", {"kind": "orthogonal", "gain": 5.0})],
        "layers.0.recurrent_initializer",
    ),
    "open gates": (OPEN, [("layers.1.transform_bias", 1.0)], "layers.1.transform_bias"),
    "flat output": (
        SIGMOID, [("output.bias_initializer", {"kind": "constant", "value": 12.0})], "loss.kind",
    ),
    "initial weights": (DEEP, [("layers.0.initializer", {"kind": "normal", "std": 0.01})], "layers.0.initializer"),
    "symmetric": (MOONS, [("layers.0.initializer", {"kind": "zeros"})], "layers.0.initializer"),
    "biases": (
        {**DIGITS, "layers": [{"kind": "dense", "units": 24, "repeat": 2, **RELU}]},
        [("layers.0.bias_initializer", {"kind": "constant", "value": -10.0})], "layers.0.bias_initializer",
    ),
    "label noise": (MOONS, [("data.label_noise", 0.5)], "data.label_noise"),
    "overlap": (MOONS, [("data.noise", 5.0)], "data.noise"),
}  # fmt: skip
"""First rule → healthy net, what is made bad about it, and the path that names it."""


def trained(plain: dict[str, Any], settings: list[tuple[str, Any]], steps: int = STEPS) -> RunResult:
    with np.errstate(all="ignore"):
        return run(Experiment.from_builtins(plain).with_values(settings), steps=steps, every=40)


def level(result: RunResult) -> float:
    """The loss of the last steps as a share of guessing."""
    facts = result.last.result(FactsObservation())
    assert facts is not None
    return float(np.median(result.history.series("loss").last[-10:])) / facts.data.guessing_loss


def first(result: RunResult) -> Finding:
    assert result.findings
    return result.findings[0]


def test_every_rule_about_a_setting_is_planted_here() -> None:
    assert {rule.name for rule in SUSPECTS} | {"symmetric"} == set(PLANTED)


@pytest.mark.parametrize("rule", thinned(list(PLANTED)))
def test_the_setting_that_was_made_bad_is_named_first(rule: str) -> None:
    plain, settings, path = PLANTED[rule]
    result = trained(plain, settings)
    finding = first(result)
    assert finding.rule == rule
    assert finding.cause is not None
    assert finding.cause.path.startswith(path)
    assert finding.remedies
    # The loss that is told beside that of the last step is another one.
    assert " loss is " not in finding.sentence
    # A run that is started anew with the first mend.
    mended = trained(plain, [*settings, *finding.remedies[0].settings])
    assert rule not in {each.rule for each in mended.findings}
    assert level(mended) <= CURED_SHARE * level(result) or not math.isfinite(level(result))


HEALTHY = {
    "digits": DIGITS, "moons": MOONS, "plane": PLANE, "deep": DEEP, "wine": WINE, "residual": RESIDUAL, "rows": ROWS,
    "open gates": OPEN, "sigmoid": SIGMOID,
}  # fmt: skip


@pytest.mark.parametrize(("base", "steps"), thinned(list(HEALTHY), [STEPS, 40, 0]))
def test_the_same_nets_are_let_be_before_anything_is_made_bad(base: str, steps: int) -> None:
    assert [each for each in trained(HEALTHY[base], [], steps).findings if each.severity != "note"] == []


@pytest.mark.parametrize(("kind", "rate"), thinned(sorted(kinds(Optimizer)), [0.0, 1e-7], share=2))
def test_a_rate_at_which_nothing_moves_is_named_with_every_optimiser(kind: str, rate: float) -> None:
    finding = first(trained(MOONS, [("optimizer", {"kind": kind, "learning_rate": rate})]))
    assert finding.cause is not None
    assert (finding.cause.path, finding.cause.value) == ("optimizer.learning_rate", rate)
    assert all(value > rate for remedy in finding.remedies for _, value in remedy.settings)


SPENT: dict[str, dict[str, Any]] = {
    "step": {"step_size": 2, "gamma": 0.01},
    "exponential": {"gamma": 0.3},
    "cosine": {"t_max": 3},
    "one_cycle": {"total_steps": 1000000, "max_lr": 0.2, "div_factor": 1e6},
    "warmup": {"total_iters": 1000000, "start_factor": 0.0},
    "piecewise": {"boundaries": [2], "rates": [0.0]},
}
"""Schedule → fields with which it stops a run, or never starts it."""
PERIODIC = {"constant", "sgdr", "cyclical"}


def test_every_schedule_that_can_end_is_ended_here() -> None:
    assert set(SPENT) | PERIODIC == set(kinds(Schedule))


@pytest.mark.parametrize("kind", thinned(list(SPENT), share=2))
def test_a_schedule_that_leaves_no_rate_is_named_and_no_base_rate_is_offered_under_it(kind: str) -> None:
    finding = first(trained(DIGITS, [("schedule", {"kind": kind, **SPENT[kind]})]))
    assert finding.cause is not None
    assert finding.cause.path.startswith("schedule.")
    assert finding.remedies
    for remedy in finding.remedies:
        assert ("schedule.kind", "constant") in remedy.settings


def test_a_share_of_a_decade_is_no_cause_of_a_severe_finding() -> None:
    for plain, settings, _ in PLANTED.values():
        for finding in copy(Experiment.from_builtins(plain).with_values(settings), 40).findings:
            decades = finding.numbers.get(f"decades_{finding.factor}", math.inf)
            assert finding.severity != "severe" or "altogether" in finding.sentence or not abs(decades) < 1


def test_a_run_that_broke_says_where_and_offers_a_new_start_or_a_checkpoint() -> None:
    finding = first(trained(DIGITS, [("schedule", {"kind": "exponential", "gamma": 10.0})]))
    assert finding.began is not None
    assert f"step {finding.began.step}" in finding.sentence
    assert {remedy.application for remedy in finding.remedies} <= {"checkpoint", "start"}


def test_no_mend_raises_what_another_lowers() -> None:
    faster, slower = (Remedy(f"Learning rate {rate}", (("optimizer.learning_rate", rate),)) for rate in (2.0, 0.02))
    warmer = Remedy("Momentum 0.9", (("optimizer.momentum", 0.9),))
    found = [
        Finding("a", "severe", (), 0, 0, {}, "", "A.", (faster, warmer)),
        Finding("b", "warning", (), 0, 0, {}, "", "B.", (slower, faster)),
    ]
    kept = consistent(found, Experiment.from_builtins(DIGITS))
    assert [each.remedies for each in kept] == [(faster, warmer), (faster,)]


def test_labels_that_are_random_blame_no_part_of_the_network() -> None:
    findings = trained(MOONS, [("data.label_noise", 0.5)]).findings
    assert [each for each in findings if each.severity == "severe" and each.factor] == []


@pytest.mark.parametrize(("loss", "kept"), [(0.1, ["stalled"]), (0.9, ["nothing to learn", "stalled"])])
def test_where_a_copy_learns_it_is_not_said_that_there_is_nothing_to_learn(loss: float, kept: list[str]) -> None:
    def finding(rule: str, severity: Severity, *remedies: Remedy) -> Finding:
        return Finding(rule, severity, (), 0, 300, {}, "", f"It is {rule}.", remedies)

    class Copies:
        """What trials would have found."""

        steps, experiment, untreated = 300, Experiment.from_builtins(MOONS), TrialOutcome(1.0, 1.0, ())

        def of_finding(self, finding: Finding) -> Iterator[tuple[Remedy, TrialOutcome]]:
            for remedy in finding.remedies:
                yield replace(remedy, tried=Trial(300, 1.0, loss, gone=True)), TrialOutcome(loss, 1.0, ())

    found = (finding("stalled", "severe", Remedy("LSTM", ())), finding("nothing to learn", "warning"))
    assert [each.rule for each in prove(found, cast(Trials, Copies()))] == kept


@pytest.mark.parametrize(("depth", "optimizer"), thinned([0, 1, 3], [("sgd", 1e7), ("adam", 1e5)], share=2))
def test_a_run_that_the_first_update_blew_up_is_called_sick_at_any_depth(
    depth: int, optimizer: tuple[str, float]
) -> None:
    layers = [{"kind": "dense", "units": 12, "repeat": depth}] if depth else []
    kind, rate = optimizer
    result = trained({**MOONS, "layers": layers, "optimizer": {"kind": kind, "learning_rate": rate}}, [], 45)
    losses = result.history.series("loss").last
    assert losses[-5:].min() > 100 * losses[0]
    found = first(result)
    assert found.severity == "severe"
    assert found.cause is not None
    assert found.cause.path == "optimizer.learning_rate"


@pytest.mark.parametrize("error", [ExperimentError("the network would need 6 GiB; 5 are free"), MemoryError()])
def test_where_there_is_no_room_for_copies_a_run_is_told_what_was_found_all_the_same(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_room(*_: Any) -> None:
        raise error

    monkeypatch.setattr("simulator.doctor.trial.Training", no_room)
    found = first(trained(DIGITS, [("regularization.l2", 1.0)]))
    assert found.severity == "severe"
    assert not found.remedies


@pytest.mark.parametrize(("samples", "steps"), thinned([12, 30, 200], [0, 45], share=2))
def test_a_norm_over_a_single_sample_is_named_however_few_samples_there_are(samples: int, steps: int) -> None:
    layer = {"kind": "dense", "units": 8, "repeat": 2, "normalization": {"kind": "batch"}}
    data = {"kind": "moons", "samples": samples}
    found = first(trained({**MOONS, "data": data, "layers": [layer], "batch_size": 1}, [], steps))
    assert found.cause is not None
    assert (found.cause.path, found.cause.value) == ("batch_size", 1)
    assert any(cures(remedy.tried) for remedy in found.remedies)
