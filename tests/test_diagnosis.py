"""The measurement of the doctor: what counts as named and as cured, and that its nets are as they are said to be."""

from __future__ import annotations

import math
from collections import Counter
from pathlib import Path

import pytest

from benchmarks.diagnosis import SICK, Cure, Diagnosis, Level, blemishes, contradictions, trained
from benchmarks.doctor import LEAST, MOST, TIMES, faults, run, shares, told
from benchmarks.healthy_nets import HEALTHY, named
from benchmarks.report import Options, written
from benchmarks.sick_nets import PLANTED, Planted
from simulator.doctor.base import Cause, Finding, Remedy, Trial
from simulator.experiment.experiment import Experiment

LEARNS = 0.7
"""Share of what guessing scores that a healthy net's loss must stay below at the end."""
PENALTY = next(each for each in PLANTED if each.paths == ("regularization.l2",))
TRIED = Trial(300, 2.3, 0.1, True)


def finding(cause: str | None = None, factor: str = "", *remedies: Remedy) -> Finding:
    return Finding(
        "penalty", "severe", (), 0, 300, {}, factor, "It is so.", remedies, None if cause is None else Cause(cause, 1.0)
    )


def remedy(path: str, value: float, tried: Trial | None = TRIED) -> Remedy:
    return Remedy("Other", ((path, value),), tried=tried)


def diagnosis(found: Finding | None, *cures: Cure, planted: Planted = PENALTY) -> Diagnosis:
    return Diagnosis(planted, Level(2.0, 2.3), () if found is None else (found,), cures)


def cure(loss: float, gone: bool = True, guessing: float = 2.3) -> Cure:
    return Cure(Level(loss, guessing), gone)


@pytest.mark.parametrize(
    ("planted", "cause", "factor", "right"),
    [
        (("schedule",), "schedule.gamma", "", True),
        (("schedule",), "schedule", "", True),
        (("layers.1",), "layers.10.units", "", False),
        (("schedule.gamma",), "schedule", "", False),
        (("schedule",), None, "weights", True),
        (("schedule",), None, "slope", False),
        (("schedule",), "optimizer.learning_rate", "weights", False),
    ],
)
def test_named_is_the_planted_setting_or_a_field_of_it(
    planted: tuple[str, ...], cause: str | None, factor: str, right: bool
) -> None:
    known = Planted("kind", "digits, tanh", {}, planted, ("weights",))
    assert diagnosis(finding(cause, factor), planted=known).named == right


def test_nothing_found_is_not_named() -> None:
    assert not diagnosis(None).named


@pytest.mark.parametrize(
    ("before", "after", "gone", "cures", "harms"),
    [
        (2.0, 1.0, True, True, False),
        (2.0, 1.01, True, False, False),
        (2.0, 1.0, False, False, False),
        (2.0, 2.1, True, False, True),
        (2.0, math.nan, True, False, True),
        (math.nan, 5.0, True, True, False),
        (math.inf, math.nan, True, False, True),
        (math.nan, math.inf, True, False, True),
    ],
)
def test_a_cure_is_a_finding_gone_and_half_the_loss(
    before: float, after: float, gone: bool, cures: bool, harms: bool
) -> None:
    assert cure(after, gone).cures(Level(before, 2.3)) == cures
    assert cure(after, gone).harms(Level(before, 2.3)) == harms


def test_a_smaller_unit_of_the_loss_is_no_cure() -> None:
    before = Level(8e17, 5e17)
    assert not cure(0.5, guessing=0.5).cures(before)
    assert cure(0.05, guessing=0.5).cures(before)
    assert cure(0.9, guessing=0.5).harms(before)


def test_rates_up_and_down_contradict_each_other() -> None:
    experiment = named("digits, tanh")
    rate, penalty = "optimizer.learning_rate", "regularization.l2"
    assert contradictions(experiment, [remedy(rate, 1.0), remedy(rate, 0.01)]) == (rate,)
    assert contradictions(experiment, [remedy(rate, 1.0), remedy(rate, 0.5), remedy(penalty, 0.1)]) == ()


@pytest.mark.parametrize(
    "sentence",
    [
        "The slopes lose NaN decades: nan.", "Layers 1 to 1 fade; layers 2 to 2 too.", "It has 1 layers.",
        "The weights lose ∞ decades.", "It is 1.3e5.", "It is -3.", "It is 3×10⁵.",
        "Lost: -inf.", "It is so", "the loss is 3.", "It is is so.", "It is None.",
    ],
)  # fmt: skip
def test_what_is_ill_said_is_seen(sentence: str) -> None:
    assert blemishes(sentence)


def test_what_is_well_said_is_let_be() -> None:
    assert not blemishes("Layer 11's gradient is 1.3·10⁻⁵ of layer 2's: 4.1 times less, 1 layer of 12.")
    assert not blemishes("float16 would round 100% of it to 0.")


def test_every_fault_is_told_and_counted() -> None:
    right = diagnosis(finding("regularization.l2", "", remedy("regularization.l2", 0.0)), cure(0.1))
    wrong = diagnosis(finding(None, "weights", remedy("batch_size", 1, None)), cure(3.0, gone=False))
    silent = diagnosis(None)
    assert faults(right) == []
    assert faults(wrong) == ["not named", "made worse: loss 2 → 3, the finding stays", "mends untried"]
    assert faults(silent) == ["not named", "no mend"]
    found = shares([right, wrong, silent, silent])
    assert found == {
        "named": 0.25, "offered": 0.5, "cured": 0.5, "all cure": 0.5, "harmed": 0.5, "contradictory": 0.0,
        "ill said": 0.0, "untried": 0.25,
    }  # fmt: skip
    text = told([right, wrong, silent, silent], [], 1, 10).text()
    assert text.count(f"`{PENALTY.name}`") == 3


def test_a_section_is_replaced_in_its_report_and_leaves_the_others(tmp_path: Path) -> None:
    report = tmp_path / "BENCHMARK.md"
    report.write_text("# Benchmark\n\n## step\n\none\n\n## doctor\n\nold\n\n## window\n\ntwo\n", encoding="utf-8")
    written(report, "doctor", "new")
    assert report.read_text(encoding="utf-8") == (
        "# Benchmark\n\n## step\n\none\n\n## doctor\n\nnew\n\n## window\n\ntwo\n"
    )
    written(report, "other", "more")
    assert report.read_text(encoding="utf-8").endswith("two\n\n## other\n\nmore\n")


def test_there_are_as_many_nets_as_are_asked_for_and_no_two_alike() -> None:
    assert len(PLANTED) >= 60
    assert len({each.kind for each in PLANTED}) >= 28
    assert len(HEALTHY) >= 40
    assert len(TIMES) == 10
    assert not [name for name, count in Counter(each.name for each in PLANTED).items() if count > 1]


@pytest.mark.parametrize("planted", PLANTED, ids=lambda planted: planted.name)
def test_a_planted_net_differs_from_its_healthy_twin_in_nothing_but_what_names_its_cause(planted: Planted) -> None:
    if planted.healthy is not None:
        assert planted.sick != planted.healthy
        assert len(planted.settings) == 1


def level(experiment: Experiment) -> Level:
    return Level.of(experiment, trained(experiment))


@pytest.mark.slow
@pytest.mark.parametrize("name", HEALTHY)
def test_healthy_nets_learn(name: str) -> None:
    experiment = named(name)
    assert level(experiment).both[1] < LEARNS


@pytest.mark.slow
@pytest.mark.parametrize("planted", PLANTED, ids=lambda planted: planted.name)
def test_what_was_planted_makes_the_net_sick(planted: Planted) -> None:
    loss, share = level(planted.sick).both
    if planted.healthy is None:
        assert share > LEARNS
    else:
        assert loss >= SICK * level(planted.healthy).loss


@pytest.mark.slow
def test_the_doctor_is_as_often_right_as_is_aimed_at() -> None:
    section = run(Options())
    low = {name: section.data[name] for name, least in LEAST.items() if section.data[name] < least}
    high = {name: section.data[name] for name, most in MOST.items() if section.data[name] > most}
    assert not low | high, section.text()
