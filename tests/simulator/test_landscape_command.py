"""``main.py landscape``: arguments, files and refusals."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from main import main


def run(out: Path, *arguments: str) -> int:
    return main(["landscape", *arguments, "--out", str(out), "--no-plots"])


def table(out: Path) -> list[dict[str, str]]:
    with (out / "paths.csv").open(encoding="utf-8", newline="") as file:
        return [*csv.DictReader(file)]


def test_the_command_writes_every_step_of_every_optimizer(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    heavy = "heavy, ball=sgd,learning_rate=0.01,momentum=0.9,schedule=cosine,schedule.t_max=4"
    printed = "printed=momentum_as_printed,learning_rate=0.01"
    status = run(
        tmp_path, "ravine", "--set", "condition=20", "--optimizer", heavy, "--optimizer", printed,
        "--start", "-1,2.5", "--steps", "4",
    )  # fmt: skip
    rows = table(tmp_path)
    assert status == 0
    assert [*rows[0]] == ["optimizer", "step", "x", "y", "value", "gradient_x", "gradient_y"]
    assert [(row["optimizer"], row["step"]) for row in rows] == [
        (name, str(step)) for name in ("heavy, ball", "printed") for step in range(5)
    ]
    assert (float(rows[0]["x"]), float(rows[0]["y"]), float(rows[0]["value"])) == (-1.0, 2.5, 0.5 * (1 + 20 * 6.25))
    assert float(rows[6]["value"]) > float(rows[5]["value"])
    assert "printed: f = " in capsys.readouterr().out


def test_a_formula_stands_for_a_function(tmp_path: Path) -> None:
    assert run(tmp_path, "x**2 + y^4", "--optimizer", "a=sgd,learning_rate=0.25", "--start=1,0", "--steps", "2") == 0
    assert [float(row["x"]) for row in table(tmp_path)] == [1.0, 0.5, 0.25]


def test_a_minus_may_lead_the_start_in_every_way_that_it_is_given(tmp_path: Path) -> None:
    assert run(tmp_path, "saddle", "--steps", "0", "--start", "-1e-3,-2") == 0
    assert [(float(row["x"]), float(row["y"])) for row in table(tmp_path)] == [(-0.001, -2.0)]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("hill", "--steps", "1"), "'hill' is no function (ravine, "),
        (("ravine", "--steps", "1", "--set", "condition=0"), "condition"),
        (("ravine", "--steps", "1", "--optimizer", "sgd"), "expected --optimizer NAME=KIND"),
        (("ravine", "--steps", "1", "--optimizer", "a=sgd", "--optimizer", "a=adam"), "two optimisers are called 'a'"),
        (("ravine", "--steps", "1", "--optimizer", "a=sgd,learning_rate=fast"), "optimizers.a.learning_rate"),
        (("ravine", "--steps", "1", *(f"--optimizer={i}=sgd" for i in range(7))), "1 to 6"),
    ],
)  # fmt: skip
def test_what_cannot_be_raced_is_refused_in_one_line(
    arguments: tuple[str, ...], told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(tmp_path, *arguments) == 2
    said = capsys.readouterr().err
    assert told in said
    assert said.startswith("error: ")
    assert said.count("\n") == 1
    assert not [*tmp_path.iterdir()]


@pytest.mark.parametrize("start", ["1", "1,2,3", "a,b", ""])
def test_a_start_is_two_numbers(start: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        run(tmp_path, "ravine", "--steps", "1", "--start", start)
    assert "expected two numbers" in capsys.readouterr().err
