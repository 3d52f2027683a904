"""Rules that stop training: at the same step with and without a screen, before that step's update is made."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from simulator import run
from simulator.commands.command_line import carry_out, parsed
from simulator.experiment.experiment import Experiment
from simulator.record.history import History
from simulator.record.record import Record
from simulator.running.messages import Started, Update
from simulator.running.session import Mode, Session
from simulator.running.stop_rule_text import form, parse
from simulator.running.stop_rules import (
    AccuracyAbove,
    Epochs,
    FindingAppears,
    LossBelow,
    StalledValidation,
    StopRule,
    StopRuleError,
    ValidationAccuracyAbove,
    ValidationLossBelow,
    told_apart,
)
from simulator.schema.numbers import THIN
from simulator.schema.parameter import concrete, kind_of

REACHED = {
    LossBelow: "loss<0.5", AccuracyAbove: "accuracy>0.6", ValidationLossBelow: "validation_loss<0.5",
    ValidationAccuracyAbove: "validation_accuracy>0.6", Epochs: "epochs:2", StalledValidation: "stalled:7",
    FindingAppears: "finding",
}  # fmt: skip
"""A rule of each kind that the run below comes to."""


def experiment(**changes: Any) -> Experiment:
    layer = {"kind": "dense", "units": 6, "repeat": 2, "activation": {"kind": "relu"}}
    optimizer = {"kind": "adam", "learning_rate": 0.1}
    plain = {
        "data": {"kind": "spirals", "validation": 0.3},
        "layers": [layer],
        "optimizer": optimizer,
        "batch_size": 32,
    }
    return Experiment.from_builtins({**plain, **changes})


class Screen:
    """A session and the record of what it tells."""

    def __init__(self, net: Experiment, mode: Mode = "thread") -> None:
        self.session = Session(mode)
        self.session.start()
        self.session.change(net)
        self.record = Record()
        self.last: Update | None = None

    def until(self, holds: Callable[[Update], bool], seconds: float = 60) -> Update:
        end = time.monotonic() + seconds
        while True:
            assert time.monotonic() < end, self.last
            self.session.look()
            time.sleep(0.001)
            for reply in self.session.replies():
                if isinstance(reply, Started):
                    self.record = Record(History(reply.columns, start=reply.step), reply.frame)
                if isinstance(reply, Update) and reply.frame is not None:
                    self.last = reply
                    self.record.add(reply.frame, reply.rows)
                    if holds(reply):
                        return reply

    def stop(self, rule: StopRule) -> tuple[int, str]:
        """Train until a rule holds: where and why."""
        self.session.play_until(rule, self.record if self.record.steps else None)
        stopped = self.until(lambda update: update.stopped is not None).stopped
        assert stopped is not None
        return stopped.step, stopped.reason


def step(update: Update) -> int:
    assert update.frame is not None
    return update.frame.step


@pytest.mark.parametrize("rule", concrete(StopRule), ids=kind_of)
def test_a_rule_stops_a_window_and_a_headless_run_at_the_same_step_with_the_same_numbers(rule: type[StopRule]) -> None:
    net, until = experiment(), parse(REACHED[rule])
    alone = run(net, steps=3000, every=100, until=until)
    assert alone.stopped is not None
    assert 0 < alone.stopped.step == alone.last.step < 3000
    screen = Screen(net)
    try:
        assert screen.stop(until) == (alone.stopped.step, alone.stopped.reason)
        losses = screen.record.history.series("loss").last
        np.testing.assert_array_equal(losses, alone.history.series("loss").last[: len(losses)])
        screen.session.play(3)
        screen.until(lambda update: not update.playing and step(update) == alone.last.step + 3)
        expected = run(net, steps=alone.last.step + 3).history.series("loss").last
        np.testing.assert_array_equal(screen.record.history.series("loss").last, expected)
    finally:
        screen.session.close()


def test_a_rule_crosses_to_a_worker_of_its_own() -> None:
    net, until = experiment(), FindingAppears()
    alone = run(net, steps=3000, every=100, until=until).stopped
    assert alone is not None
    screen = Screen(net, "process")
    try:
        assert screen.stop(until)[0] == alone.step
    finally:
        screen.session.close()


@pytest.mark.parametrize("limit", [0.6, 0.5, 0.3])
def test_the_loss_was_never_before_below_the_limit_that_it_is_below(limit: float) -> None:
    result = run(experiment(), steps=3000, every=1000, until=LossBelow(limit=limit))
    losses = result.history.series("loss")
    assert result.stopped is not None
    assert losses.low.min() == losses.last[-1] < limit
    assert (losses.last[:-1] >= limit).all()


def test_a_rule_that_never_holds_leaves_the_run_its_last_step() -> None:
    result = run(experiment(), steps=30, until=LossBelow(limit=1e-30))
    assert (result.stopped, result.last.step) == (None, 30)


def test_epochs_count_from_where_they_are_asked_for() -> None:
    net = experiment()
    samples = run(net, steps=0).info.train_samples
    screen = Screen(net)
    try:
        screen.session.play(5)
        screen.until(lambda update: not update.playing and step(update) == 5)
        assert screen.stop(Epochs(epochs=2))[0] == 5 + -(-2 * samples // 32)
    finally:
        screen.session.close()


def test_a_finding_is_judged_by_the_whole_past_of_a_run_in_the_midst_of_which_the_rule_is_set() -> None:
    net = experiment()
    expected = run(net, steps=3000, every=100, until=FindingAppears()).stopped
    assert expected is not None
    screen = Screen(net)
    try:
        screen.session.play(20)
        screen.until(lambda update: not update.playing and step(update) == 20)
        assert screen.stop(FindingAppears())[0] >= expected.step
    finally:
        screen.session.close()


def test_so_many_steps_are_said_to_be_made_and_one_is_not() -> None:
    screen = Screen(experiment())
    try:
        screen.session.play(25)
        told = screen.until(lambda update: not update.playing and step(update) == 25).stopped
        assert told is not None
        assert told.sentence == "Stopped at step 25: 25 steps made."
        screen.session.play(1)
        assert screen.until(lambda update: not update.playing and step(update) == 26).stopped is None
    finally:
        screen.session.close()


def test_a_pause_ends_a_rule() -> None:
    screen = Screen(experiment())
    try:
        screen.session.play_until(Epochs(epochs=1000))
        screen.until(lambda update: step(update) > 5)
        screen.session.pause()
        assert screen.until(lambda update: not update.playing).stopped is None
        screen.session.play()
        assert screen.until(lambda update: step(update) > 50).playing
    finally:
        screen.session.close()


def test_a_rule_holds_on_for_the_run_that_takes_the_place_of_another() -> None:
    net = experiment()
    expected = run(net.with_values([("seed", 5)]), steps=3000, every=100, until=LossBelow(limit=0.4)).stopped
    assert expected is not None
    screen = Screen(net)
    try:
        screen.session.limit(1)
        screen.session.play_until(LossBelow(limit=0.4))
        screen.session.change(net.with_values([("seed", 5)]))
        screen.session.limit(None)
        stopped = screen.until(lambda update: update.stopped is not None).stopped
        assert stopped == expected
    finally:
        screen.session.close()


REGRESSION = {"data": {"kind": "plane"}, "loss": {"kind": "mse"}}
NOTHING_HELD_OUT = {"data": {"kind": "spirals", "validation": 0.0}}


@pytest.mark.parametrize(
    ("text", "changes"),
    [
        ("accuracy>0.5", REGRESSION),
        ("validation_accuracy>0.5", REGRESSION),
        ("validation_loss<0.5", NOTHING_HELD_OUT),
        ("validation_accuracy>0.5", NOTHING_HELD_OUT),
        ("stalled:5", NOTHING_HELD_OUT),
    ],
)
def test_a_rule_that_can_never_hold_is_refused_before_the_first_step(text: str, changes: dict[str, Any]) -> None:
    net = experiment(**changes)
    with pytest.raises(StopRuleError, match="can never hold"):
        run(net, steps=5, until=parse(text))
    screen = Screen(net)
    try:
        stopped_at, reason = screen.stop(parse(text))
        assert stopped_at == 0
        assert "can never hold" in reason
    finally:
        screen.session.close()


def test_an_accuracy_is_told_in_per_cent_with_digits_enough() -> None:
    told = run(experiment(), steps=3000, every=100, until=parse("accuracy>0.8")).stopped
    assert told is not None
    assert re.fullmatch(rf"the accuracy is (\d\S*){THIN}%, above 80{THIN}%", told.reason)
    assert told_apart(0.90001, 0.9, share=True) == f"90.001{THIN}%"


@pytest.mark.parametrize("rule", concrete(StopRule), ids=kind_of)
def test_a_rule_is_read_as_it_is_written(rule: type[StopRule]) -> None:
    assert parse(parse(REACHED[rule]).text) == parse(REACHED[rule])
    assert form(rule)[: len(kind_of(rule))] == kind_of(rule)


@pytest.mark.parametrize("kind", [AccuracyAbove, ValidationAccuracyAbove])
@pytest.mark.parametrize("number", ["0.9", "90%", " 90 % ", "90", f"90{THIN}%"])
def test_a_share_is_read_in_per_cent_too_as_it_is_told(kind: type[StopRule], number: str) -> None:
    assert parse(f"{kind_of(kind)}>{number}") == parse(f"{kind_of(kind)}>0.9")


def test_two_rules_are_refused_and_the_first_is_not_forgotten(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parsed(["run", "spiral", "--steps", "1", "--until", "loss<0.1", "--until", "epochs:1"])
    assert "argument --until: given twice: a run stops by one rule" in capsys.readouterr().err


@pytest.mark.parametrize(
    "text",
    [
        "", "loss", "loss<", "loss>1", "loss<0", "loss<-1", "loss<nan", "loss<inf", "loss<1,5", "accuracy>1",
        "accuracy>100%", "accuracy>-5 %", "loss<90%", "accuracy<0.5", "validation_loss<0", "epochs:0", "epochs:1.5",
        "epochs", "stalled:-3", "stalled:many", "finding:1", "findings", "x" * 300,
    ],
)  # fmt: skip
def test_bad_text_is_refused_in_one_sentence_with_status_2(
    text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["run", "spiral", "--steps", "1", "--out", str(tmp_path / "out"), "--until", text]
    with pytest.raises(SystemExit) as ended:
        parsed(arguments)
    assert ended.value.code == 2
    told = capsys.readouterr().err.splitlines()[-1]
    assert "--until" in told
    assert len(told) < 300
    assert not (tmp_path / "out").exists()


def test_a_headless_run_says_which_rule_stopped_it_and_when(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["run", "spiral", "--steps", "500", "--no-plots", "--out", str(tmp_path), "--until", "epochs:1"]
    assert carry_out(arguments) == 0
    told = capsys.readouterr().out
    assert ": 1 epoch made." in told.splitlines()[0]
    last = int((tmp_path / "steps.csv").read_text(encoding="utf-8").splitlines()[-1].split(",")[0])
    assert told.startswith(f"Stopped at step {last}")


def test_a_rule_that_cannot_hold_ends_a_headless_run_with_status_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    arguments = ["run", "plane", "--steps", "5", "--no-plots", "--out", str(out), "--until", "accuracy>0.5"]
    assert carry_out(arguments) == 2
    assert capsys.readouterr().err == "error: accuracy>0.5 can never hold: a regression has no accuracy\n"
    assert not out.exists()


SCORES = [rule for rule in concrete(StopRule) if "inclusive" in rule.__struct_fields__]


@pytest.mark.parametrize("rule", SCORES, ids=kind_of)
def test_a_limit_that_is_enough_itself_is_written_with_an_equals_sign(rule: type[StopRule]) -> None:
    strict = rule()
    limit, sign = strict.text.split(strict.symbol)[1], {"<": "≤", ">": "≥"}[strict.symbol]
    for written in (f"{strict.symbol}=", f" {strict.symbol}= ", sign, f" {sign} "):
        read = parse(f"{rule().kind}{written}{limit}")
        assert read == rule(inclusive=True)
        assert read != strict
        assert parse(read.text) == read
    assert parse(strict.text) == strict


def test_a_score_that_equals_the_limit_is_enough_where_that_is_said() -> None:
    net = experiment()
    losses = run(net, steps=30, every=100).history.series("loss").last
    least = float(losses.min())
    first = int(np.argmin(losses))
    assert run(net, steps=30, every=100, until=LossBelow(limit=least)).stopped is None
    told = run(net, steps=30, every=100, until=LossBelow(limit=least, inclusive=True)).stopped
    assert told is not None
    assert told.step == first
    assert "at most " in told.reason


def test_all_are_right_is_a_limit_of_accuracy_that_can_be_come_to() -> None:
    for text in ("accuracy>=100%", "accuracy≥1", "validation_accuracy >= 100 %"):
        assert parse(text).text.endswith(">=1.0")
    with pytest.raises(StopRuleError, match="accuracy>=X takes a share from 0 to 1, or that in per cent, not '101%'"):
        parse("accuracy>=101%")
    with pytest.raises(ValueError, match="none is above"):
        AccuracyAbove(limit=1)


@pytest.mark.parametrize("text", ["loss>=1", "loss=<1", "loss=1", "loss<==1", "epochs:=2", "epochs≥2", "accuracy<=0.5"])
def test_a_sign_that_is_none_of_the_rule_s_is_refused(text: str) -> None:
    with pytest.raises(StopRuleError, match=r"expected one of|takes"):
        parse(text)
