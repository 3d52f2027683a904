"""The doctor: every rule finds what is sick and lets what is healthy be, and its mends mend."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from simulator import Experiment, run
from simulator.analysis.sharpness import Sharpness
from simulator.doctor import RULES, Evidence, Finding, Mend, examine, tiny_shares
from simulator.files.experiments import find
from simulator.history import History, Rows
from simulator.training import Training

HEALTHY = ("sigmoid-batch-norm", "spiral", "plane", "edge-of-chaos", "deep-residual", "highway-3", "convolution")
STEPS = 60


def narrow(kind: str, depth: int = 10, **changes: Any) -> Experiment:
    layer = {"kind": "dense", "units": 24, "repeat": depth, "activation": {"kind": kind}}
    plain = {"data": {"kind": "digits"}, "layers": [layer], "optimizer": {"kind": "sgd", "learning_rate": 0.1}}
    return Experiment.from_builtins({**plain, **changes})


def found(experiment: Experiment, steps: int = STEPS) -> dict[str, Finding]:
    with np.errstate(all="ignore"):
        return {finding.rule: finding for finding in run(experiment, steps=steps, every=20).findings}


def with_kind(initializer: dict[str, Any], kind: str = "tanh", depth: int = 10) -> Experiment:
    plain = narrow(kind, depth).to_builtins()
    plain["layers"][0]["initializer"] = initializer
    return Experiment.from_builtins(plain)


@pytest.mark.parametrize("preset", HEALTHY)
@pytest.mark.parametrize("steps", [0, STEPS])
def test_a_healthy_run_has_no_findings(preset: str, steps: int) -> None:
    assert run(find(preset), steps=steps, every=20).findings == ()


SICK = {
    "vanishing": (find("vanishing-sigmoid"), STEPS),
    "fading": (with_kind({"kind": "normal", "std": 0.01}), 0),
    "exploding": (find("exploding"), 0),
    "diverging": (find("exploding"), 20),
    "saturated": (with_kind({"kind": "normal", "std": 2.0}), STEPS),
    "dead": (find("dying-relu"), STEPS),
    "symmetric": (find("symmetric"), STEPS),
    "stalled": (find("vanishing-sigmoid"), 240),
    "update ratio": (find("vanishing-sigmoid"), STEPS),
    "vanishing through time": (find("adding-rnn"), STEPS),
    "float16 underflow": (find("underflow"), 0),
    "over-fitting": (
        narrow(
            "relu",
            2,
            data={"kind": "gaussian", "samples": 400, "features": 50},
            optimizer={"kind": "adam", "learning_rate": 0.01},
        ),
        200,
    ),
}


@pytest.mark.parametrize("rule", SICK)
def test_each_rule_finds_its_sickness_and_its_first_mend_mends_it(rule: str) -> None:
    experiment, steps = SICK[rule]
    finding = found(experiment, steps)[rule]
    assert finding.step == steps
    assert 0 <= finding.since <= steps
    assert finding.sentence.endswith(".")
    assert finding.numbers
    assert finding.mends
    if rule != "over-fitting":
        assert rule not in found(finding.mends[0].applied(experiment), steps)


def test_every_rule_is_tried_here() -> None:
    assert {rule.name for rule in RULES} == set(SICK) | {"oscillating"}


def test_every_mend_can_be_applied_and_changes_something() -> None:
    for experiment, steps in SICK.values():
        for finding in found(experiment, min(steps, STEPS)).values():
            for mend in finding.mends:
                assert mend.applied(experiment) != experiment


def test_the_waterfall_names_the_slopes_of_a_sigmoid_and_the_weights_that_are_small() -> None:
    assert found(find("vanishing-sigmoid"), 0)["vanishing"].factor == "slope"
    finding = found(with_kind({"kind": "normal", "std": 0.01}), 0)["vanishing"]
    assert finding.factor == "weights"
    assert finding.layers == ("1", "10")
    assert "weights lose" in finding.sentence


def test_adam_is_offered_only_while_the_gradient_is_far_above_its_epsilon() -> None:
    tiny = found(find("vanishing-sigmoid"), 0)["vanishing"]
    assert "Adam" not in {mend.title for mend in tiny.mends}
    assert "Adam would not mend it" in tiny.sentence
    large = found(narrow("sigmoid", 6), 0)["vanishing"]
    assert large.numbers["gradient_entry"] > 1e-6
    assert "Adam" in {mend.title for mend in large.mends}


def test_under_adam_a_gradient_near_epsilon_stays_severe_and_a_larger_one_does_not() -> None:
    adam = {"optimizer": {"kind": "adam", "learning_rate": 1e-3}}
    assert found(narrow("sigmoid", 12, **adam), 0)["vanishing"].severity == "severe"
    assert found(narrow("sigmoid", 6, **adam), 0)["vanishing"].severity == "warning"


def test_since_is_the_step_at_which_it_began() -> None:
    with np.errstate(all="ignore"):
        result = run(find("exploding"), steps=20)
    lost = result.history.series("nonfinite").last.max(axis=1)
    (finding,) = result.findings
    assert finding.rule == "diverging"
    assert finding.since == int(np.argmax(lost > 0))
    assert finding.factor == "weights"


def evidence(losses: list[float], **changes: Any) -> Evidence:
    """A small net whose loss has gone as given."""
    experiment = narrow("tanh", 2, **changes)
    training = Training(experiment)
    training.look()
    history = History(training.columns)
    row = training.row(training.scalars())
    rows = np.tile(row, (len(losses), 1))
    rows[:, training.columns.index("loss")] = losses
    history.extend(Rows(0, training.columns, rows))
    training.step = len(losses) - 1
    frame = training.frame(training.scalars(), ("factors",))
    return Evidence(experiment, frame, history, frame, tiny_shares(training.network.taps))


@pytest.mark.parametrize(
    ("gauge", "losses", "expected"),
    [
        (3.0, np.linspace(0.5, 0.9, 80), True),
        (3.0, np.linspace(0.9, 0.5, 80), False),
        (1.5, np.linspace(0.5, 0.9, 80), False),
        (math.nan, np.linspace(0.5, 0.9, 80), False),
    ],
)
def test_oscillating_needs_both_the_curvature_and_a_rising_loss(gauge: float, losses: Any, expected: bool) -> None:
    sharpness = Sharpness(value=gauge / 0.1, residual=0.0, products=1, rate=0.1, limit=2.0, reason="")
    findings = {each.rule: each for each in examine(replace(evidence(losses.tolist()), sharpness=sharpness))}
    assert ("oscillating" in findings) is expected
    if expected:
        (slower, *_) = findings["oscillating"].mends
        assert slower.applied(narrow("tanh", 2)).optimizer.learning_rate < 2 / (gauge / 0.1)


def test_one_odd_batch_is_no_divergence() -> None:
    assert examine(evidence([1.0] * 60)) == ()
    assert examine(evidence([1.0] * 59 + [50.0])) == ()
    assert [finding.rule for finding in examine(evidence([1.0] * 40 + [5.0] * 20))] == ["diverging"]


def test_the_share_below_float16_leaves_exact_zeros_out() -> None:
    training = Training(narrow("tanh", 1))
    training.look()
    shares = tiny_shares(training.network.taps)
    np.copyto(training.network.parameters.gradient, 1e-9)
    assert (tiny_shares(training.network.taps) == 1).all()
    np.copyto(training.network.parameters.gradient, 0)
    assert (tiny_shares(training.network.taps) == 0).all()
    assert (shares < 0.5).all()


def test_findings_are_a_file_of_a_run(tmp_path: Path) -> None:
    with np.errstate(all="ignore"):
        result = run(find("exploding"), steps=5, out=tmp_path)
    (plain,) = json.loads((tmp_path / "findings.json").read_text(encoding="utf-8"))
    assert plain["rule"] == "diverging"
    assert plain["numbers"]["loss"] == "nan"
    assert plain["sentence"] == result.findings[0].sentence
    first = plain["mends"][0]
    settings = tuple((setting["path"], setting["value"]) for setting in first["settings"])
    assert Mend(first["title"], settings).applied(find("exploding")) == result.findings[0].mends[0].applied(
        find("exploding")
    )
    run(find("spiral"), steps=1, out=tmp_path)
    assert json.loads((tmp_path / "findings.json").read_text(encoding="utf-8")) == []
