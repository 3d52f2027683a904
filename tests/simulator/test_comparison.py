"""Experiments trained beside each other by the command."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from simulator.commands.command_line import carry_out
from simulator.experiment.experiment import Experiment
from simulator.experiment.settings import split
from simulator.running.headless import comparison
from simulator.running.headless.folder import UNFINISHED
from simulator.running.headless.result import RunResult
from simulator.running.headless.run import run
from simulator.running.headless.verdict import VERDICT_COLUMNS

BASE = {
    "data": {"kind": "spirals", "samples": 60},
    "layers": [{"kind": "dense", "units": 5, "repeat": 2}],
    "batch_size": 16,
}
Rows = list[dict[str, str]]


@pytest.fixture
def base(tmp_path: Path) -> Path:
    path = tmp_path / "base.json"
    path.write_text(json.dumps(BASE))
    return path


def compare(*arguments: object) -> int:
    return carry_out(["compare", *map(str, arguments)])


def table(path: Path) -> Rows:
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def of(rows: Rows, lane: str, seed: int) -> Rows:
    return [row for row in rows if (row["lane"], row["seed"]) == (lane, str(seed))]


@pytest.fixture
def compared(base: Path, tmp_path: Path) -> Path:
    """Four lanes, three seeds."""
    other = tmp_path / "wider.json"
    other.write_text(json.dumps({**BASE, "seed": 7, "layers": [{"kind": "dense", "units": 9}]}))
    out = tmp_path / "out"
    twins = ("with batch norm:layers.0.normalization.kind=batch,optimizer.learning_rate=0.2", "same:seed=0")
    options = [part for twin in twins for part in ("--twin", twin)]
    assert compare(base, other, *options, "--steps", 7, "--every", 3, "--seeds", 3, "--out", out) == 0
    return out


def test_a_lane_has_the_numbers_of_its_experiment_alone(compared: Path, tmp_path: Path) -> None:
    steps, layers = table(compared / "comparison.csv"), table(compared / "layers.csv")
    lanes = {
        "A": Experiment.from_builtins(BASE),
        "wider": Experiment.from_builtins({**BASE, "layers": [{"kind": "dense", "units": 9}]}),
        "with batch norm": Experiment.from_builtins(BASE).with_values(
            [("layers.0.normalization.kind", "batch"), ("optimizer.learning_rate", 0.2)]
        ),
        "same": Experiment.from_builtins(BASE),
    }
    assert list(dict.fromkeys(row["lane"] for row in steps)) == list(lanes)
    for lane, experiment in lanes.items():
        for seed in range(3):
            alone = tmp_path / f"{lane} {seed}"
            run(experiment.with_values([("seed", seed)]), steps=7, every=3, out=alone)
            for rows, own in ((steps, "steps.csv"), (layers, "layers.csv")):
                kept = [{k: v for k, v in row.items() if k not in ("lane", "seed")} for row in of(rows, lane, seed)]
                assert kept == [{k: row[k] for k in kept[0]} for row in table(alone / own)], (lane, seed, own)


def test_differences_say_what_each_lane_has_apart(compared: Path) -> None:
    told = json.loads((compared / "differences.json").read_text())
    assert told["same"] == []
    assert told["with batch norm"] == [
        {"path": "layers.0.normalization.kind", "base": "none", "value": "batch"},
        {"path": "optimizer.learning_rate", "base": 0.1, "value": 0.2},
    ]
    assert {each["path"] for each in told["wider"]} == {"layers.0.units", "layers.0.repeat"}
    assert "A" not in told


def test_the_verdict_is_that_of_the_rows(compared: Path) -> None:
    steps, verdict = table(compared / "comparison.csv"), table(compared / "verdict.csv")
    assert tuple(verdict[0]) == VERDICT_COLUMNS
    quantities = ("loss", "accuracy", "validation_loss", "validation_accuracy", "gradient_norm")
    expected = {
        (lane, name, str(step))
        for lane in ("A", "wider", "with batch norm", "same")
        for name in quantities
        for step in (0, 3, 6, 7)
    }
    assert {(row["lane"], row["quantity"], row["step"]) for row in verdict} == expected
    assert len(verdict) == len(expected)
    for row in verdict:

        def values(lane: str, row: dict[str, str] = row) -> list[float]:
            return [
                float(each[row["quantity"]])
                for seed in range(3)
                for each in of(steps, lane, seed)
                if each["step"] == row["step"]
            ]

        mine, its = np.array(values(row["lane"])), np.array(values("A"))
        assert [float(row[name]) for name in ("low", "median", "high")] == pytest.approx(
            np.quantile(mine, (0.25, 0.5, 0.75))
        )
        if row["lane"] == "A":
            assert not any(row[name] for name in VERDICT_COLUMNS[6:])
            continue
        names = ("difference_low", "difference", "difference_high")
        assert [float(row[name]) for name in names] == pytest.approx(np.quantile(mine - its, (0.25, 0.5, 0.75)))
        assert row["pairs"] == "3"
        way = {"accuracy": 1, "validation_accuracy": 1, "gradient_norm": 0}.get(row["quantity"], -1)
        assert row["paired_wins"] == (str((way * mine > way * its).sum()) if way else "")


def test_lanes_of_a_file_are_trained_and_each_with_its_own_seed_without_seeds(tmp_path: Path) -> None:
    path, out = tmp_path / "lanes.json", tmp_path / "out"
    lanes = [{"name": "other seed", "set": {"seed": 5}}, {"name": "deep", "experiment": {**BASE, "layers": []}}]
    path.write_text(json.dumps({**BASE, "lanes": lanes}))
    assert compare(path, "--steps", 2, "--out", out) == 0
    rows = table(out / "comparison.csv")
    assert list(dict.fromkeys((row["lane"], row["seed"]) for row in rows)) == [
        ("A", "0"),
        ("other seed", "5"),
        ("deep", "0"),
    ]
    assert json.loads((out / "differences.json").read_text())["other seed"] == [{"path": "seed", "base": 0, "value": 5}]
    apart = next(row for row in table(out / "verdict.csv") if row["lane"] == "other seed")
    assert (apart["pairs"], apart["difference"]) == ("0", "")


def test_a_comparison_that_was_ended_goes_on_to_the_same_bytes(
    base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run_it(out: Path, *more: str) -> None:
        compare(base, "--twin", "fast:optimizer.learning_rate=0.5", "--steps", 6, "--seeds", 2, "--out", out, *more)

    run_it(tmp_path / "whole")
    whole, calls = comparison.run, iter(range(100))

    def ended(experiment: Experiment, **options: Any) -> RunResult:
        asked = iter(range(100))
        stop = (lambda: next(asked) == 3) if next(calls) == 2 else options["stop"]
        return whole(experiment, **{**options, "stop": stop})

    monkeypatch.setattr(comparison, "run", ended)
    run_it(tmp_path / "ended")
    assert not (tmp_path / "ended" / "verdict.csv").exists()
    assert list(tmp_path.glob(f"ended/runs/*/{UNFINISHED}"))
    monkeypatch.setattr(comparison, "run", whole)
    run_it(tmp_path / "ended", "--resume")
    assert not list(tmp_path.glob(f"*/runs/*/{UNFINISHED}"))
    assert contents(tmp_path / "ended") == contents(tmp_path / "whole")


def test_nothing_of_an_earlier_comparison_is_left_and_what_others_have_put_there_stays(
    base: Path, tmp_path: Path
) -> None:
    def run_it(out: Path, *more: object) -> None:
        assert compare(base, "--twin", "fast:optimizer.learning_rate=0.5", "--steps", 2, "--out", out, *more) == 0

    fresh, again = tmp_path / "fresh", tmp_path / "again"
    run_it(fresh)
    run_it(again, "--seeds", 2, "--twin", "slow:optimizer.learning_rate=0.01")
    notes = again / "runs" / "3-seed-1" / "notes.txt", again / "runs" / "mine-seed-1" / "steps.csv"
    for note in notes:
        note.parent.mkdir(exist_ok=True)
        note.write_text("kept")
    run_it(again)
    assert contents(again) == contents(fresh) | {str(note.relative_to(again)): b"kept" for note in notes}
    assert {path.name for path in (again / "runs").iterdir()} == {"1-seed-0", "2-seed-0", "3-seed-1", "mine-seed-1"}


def test_runs_and_the_networks_of_further_files_are_compared_by_their_experiment_alone(
    base: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept, several = tmp_path / "kept.nabla", tmp_path / "several.json"
    run(Experiment.from_builtins(BASE), steps=2, save=kept, brief=True)
    several.write_text(json.dumps({**BASE, "lanes": [{"name": "B", "set": {"seed": 5}}]}))
    assert compare(kept, several, "--steps", 1, "--out", tmp_path / "out") == 0
    assert json.loads((tmp_path / "out" / "differences.json").read_text()) == {"several": []}
    assert {row["step"] for row in table(tmp_path / "out" / "comparison.csv")} == {"0", "1"}
    error = capsys.readouterr().err
    assert "kept.nabla: its experiment is trained from step 0" in error
    assert "1 network beside it are left out" not in error
    assert "1 network beside it is left out" in error


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("a=1,b=2", ["a=1", "b=2"]),
        ('a=[1,2],b={"c":[3,4]}', ["a=[1,2]", 'b={"c":[3,4]}']),
        ('name="x,y",b=2', ['name="x,y"', "b=2"]),
        ("name='x,y',b=2", ["name='x,y'", "b=2"]),
        ('name="a\\"b,c",d=1', ['name="a\\"b,c"', "d=1"]),
        ("name=it's,b=2", ["name=it's", "b=2"]),
        ("a=(1,2),b=3", ["a=(1,2)", "b=3"]),
        ("a=],b=2", ["a=]", "b=2"]),
    ],
)
def test_commas_inside_brackets_or_quotes_do_not_split(text: str, parts: Sequence[str]) -> None:
    assert split(text) == parts


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--twin", "layers.0.units=3"), "expected --twin NAME:PATH=VALUE"),
        (("--twin", "b:layers.0.unit=3"), "twin 'b'"),
        (("--twin", "b:layers.0.units"), "expected PATH=VALUE"),
        (("--twin", "A:seed=1"), "two lanes are called 'A'"),
        (("--twin", "b:seed=1", "--twin", "b:seed=2"), "two lanes are called 'b'"),
        (("nowhere.json",), "there is no file or preset 'nowhere.json'"),
    ],
)
def test_what_cannot_be_compared_is_one_sentence(
    base: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: Sequence[str], said: str
) -> None:
    assert compare(base, *arguments, "--steps", 1, "--out", tmp_path / "out") == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1


def test_what_diverges_is_told_as_no_number(base: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    twin = "wild:optimizer.learning_rate=1e37,layers.0.activation.kind=relu"
    assert compare(base, "--twin", twin, "--steps", 4, "--seeds", 5, "--out", tmp_path / "out") == 0
    rows = [row for row in table(tmp_path / "out" / "verdict.csv") if row["lane"] == "wild" and row["step"] == "4"]
    (loss,) = [row for row in rows if row["quantity"] == "loss"]
    assert math.isnan(float(loss["median"]))
    assert (loss["paired_wins"], loss["pairs"]) == ("0", "5")
    assert "is no number" in capsys.readouterr().out


def test_a_run_of_a_file_with_lanes_says_that_it_trains_the_base_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, out = tmp_path / "lanes.json", tmp_path / "out"
    path.write_text(json.dumps({**BASE, "lanes": [{"name": "B", "set": {"seed": 5}}]}))
    assert carry_out(["run", str(path), "--steps", "1", "--out", str(out), "--no-plots"]) == 0
    assert "1 network beside it in the file: compare trains them too, run does not\n" in capsys.readouterr().err


def test_losses_of_two_kinds_are_not_told_as_higher_or_lower_and_other_batches_are_told(
    base: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    twins = ("--twin", "squared:loss.kind=sigmoid_mse", "--twin", "slow:optimizer.learning_rate=0.01")
    twins = (*twins, "--twin", "few:batch_size=3")
    assert compare(base, *twins, "--steps", 3, "--out", tmp_path / "out") == 0
    said = capsys.readouterr().out
    assert "squared: its loss is of another kind" in said
    assert "squared: loss " not in said
    assert "squared: accuracy" in said
    assert "slow: loss " in said
    told = [line for line in said.splitlines() if line.startswith(("few: loss", "few: accuracy"))]
    assert told
    assert all(line.endswith(", on other batches than A") for line in told)
    assert said.count("on other batches") == len(told)
