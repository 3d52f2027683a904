"""Runs over seeds: their tables in one, each row as its seed's own run has it."""

from __future__ import annotations

import io
import itertools
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from simulator import Experiment, run, run_ensemble
from simulator.commands.command_line import carry_out
from simulator.commands.screen import Screen
from simulator.experiment.embedded import Embedded, embed
from simulator.observations.registry import analyses
from simulator.running.headless.comparison import Comparison
from simulator.running.headless.files import TABLES
from simulator.running.headless.result import RunResult
from simulator.training.ledger import Ledger, LedgerEntry
from simulator.training.live_change import LiveChange

RECURRENT = {
    "seed": 5,
    "data": {"kind": "copying", "samples": 40, "symbols": 2, "alphabet": 2, "delay": 2},
    "layers": [{"kind": "recurrent", "units": 4, "output": "all"}],
    "batch_size": 8,
}
DENSE = {
    "seed": 5,
    "data": {"kind": "gaussian", "samples": 60, "features": 20, "classes": 3},
    "layers": [{"kind": "dense", "units": 20, "repeat": 2}],
    "batch_size": 12,
}
ANALYSES = ("prediction",)
CHANGED = Ledger((LedgerEntry(LiveChange(1), {"optimizer.learning_rate": 0.05}),))


@pytest.mark.parametrize("plain", [DENSE, RECURRENT])
def test_every_table_has_the_rows_of_each_seeds_own_run_behind_its_seed(
    plain: dict[str, object], tmp_path: Path
) -> None:
    experiment = Experiment.from_builtins(plain)
    found = list(run_ensemble(experiment, 3, steps=3, every=2, analyses=tuple(analyses()), out=tmp_path))
    assert [folder.name for folder, _ in found] == ["seed-5", "seed-6", "seed-7"]
    seen = set()
    for seed in (5, 6, 7):
        alone = tmp_path / f"alone-{seed}"
        run(experiment.with_values([("seed", seed)]), steps=3, every=2, analyses=tuple(analyses()), out=alone)
        for path in alone.glob("*.csv"):
            header, *rows = (tmp_path / path.name).read_text(encoding="utf-8").splitlines()
            own_header, *own = path.read_text(encoding="utf-8").splitlines()
            assert header == f"seed,{own_header}"
            assert [row for row in rows if row.startswith(f"{seed},")] == [f"{seed},{row}" for row in own]
            seen.add(path.name)
        for name in ("experiment.json", "findings.json", "analyses.json"):
            assert (tmp_path / f"seed-{seed}" / name).read_bytes() == (alone / name).read_bytes()
        with np.load(alone / "histograms.npz") as mine, np.load(tmp_path / f"seed-{seed}" / "histograms.npz") as its:
            assert all(np.array_equal(mine[name], its[name]) for name in mine)
    assert {path.name for path in tmp_path.glob("*.csv")} == seen
    assert Experiment.from_json((tmp_path / "experiment.json").read_bytes()) == experiment
    assert not list((tmp_path / "seed-5").glob("*.csv"))


def test_tables_of_an_earlier_run_go(tmp_path: Path) -> None:
    for name in TABLES:
        (tmp_path / name).write_text("old")
    list(run_ensemble(Experiment.from_builtins(DENSE), 1, steps=0, analyses=(), out=tmp_path))
    assert {path.name for path in tmp_path.glob("*.csv")} == {"steps.csv", "layers.csv", "flow.csv", "factors.csv"}
    assert not list(tmp_path.glob(".*"))


def test_runs_of_other_seeds_of_an_earlier_ensemble_go(tmp_path: Path) -> None:
    for count in (3, 1):
        list(run_ensemble(Experiment.from_builtins(DENSE), count, steps=0, analyses=(), out=tmp_path))
    assert [path.name for path in tmp_path.glob("seed-*")] == ["seed-5"]


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


KINDS: dict[str, Callable[[Path], object]] = {
    "run": lambda out: run(Experiment.from_builtins(DENSE), steps=1, out=out, changes=CHANGED),
    "seeds": lambda out: [
        *run_ensemble(Experiment.from_builtins(DENSE), 2, steps=1, analyses=("prediction",), out=out)
    ],
    "comparison": lambda out: [
        *Comparison(
            {"A": Experiment.from_builtins(DENSE), "B": Experiment.from_builtins(RECURRENT)}, 1, out, seeds=2
        ).train()
    ],
}


@pytest.mark.parametrize(("first", "second"), [*itertools.permutations(KINDS, 2)])
def test_nothing_of_another_kind_of_run_is_left_in_a_folder_and_what_is_not_of_one_stays(
    first: str, second: str, tmp_path: Path
) -> None:
    fresh, again = tmp_path / "fresh", tmp_path / "again"
    KINDS[second](fresh)
    KINDS[first](again)
    mine = again / "notes.csv", again / "seed-5" / "mine.csv", again / "runs" / "mine" / "steps.csv"
    for path in mine:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"mine")
    KINDS[second](again)
    kept = {str(path.relative_to(again)): b"mine" for path in mine}
    assert contents(again).keys() == contents(fresh).keys() | kept.keys()
    assert {name: content for name, content in contents(again).items() if name in kept} == kept


def test_a_run_in_a_folder_that_no_comparison_was_made_in_leaves_a_table_of_that_name(tmp_path: Path) -> None:
    (tmp_path / "comparison.csv").write_bytes(b"mine")
    KINDS["run"](tmp_path)
    assert (tmp_path / "comparison.csv").read_bytes() == b"mine"


def test_pictures_of_an_earlier_run_go_and_what_others_have_put_there_stays(tmp_path: Path) -> None:
    experiment = Experiment.from_builtins(DENSE)
    list(run_ensemble(experiment, 3, steps=0, analyses=(), out=tmp_path))
    blank = io.BytesIO()
    Image.new("L", (1, 1)).save(blank, "PNG")
    drawn = embed(blank.getvalue(), ".png", Embedded(experiment))
    files = {"5/plots/loss.png": drawn, "6/plots/loss.png": drawn, "7/plots/loss.png": drawn}
    others = {"7/plots/Loss and accuracy.png": drawn, "7/plots/mine.png": blank.getvalue(), "7/plots/torn.png": b"x"}
    for name, content in (files | others).items():
        path = tmp_path / f"seed-{name}"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
    list(run_ensemble(experiment, 1, steps=0, analyses=(), out=tmp_path))
    assert {str(path.relative_to(tmp_path)) for path in tmp_path.glob("seed-*/plots/*")} == {
        f"seed-{name}" for name in others
    }
    assert {path.name for path in tmp_path.glob("seed-*")} == {"seed-5", "seed-7"}


def test_the_command_line_counts_from_the_seed_that_is_given(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    drawn: list[Path] = []

    class Drawing(Screen):
        def draw_run(self, result: RunResult, folder: Path) -> str:
            drawn.append(folder)
            return ""

    given = ["run", "spiral", "--steps", "1", "--seed", "3", "--seeds", "2", "--out", str(tmp_path)]
    assert carry_out(given, Drawing()) == 0
    assert drawn == [tmp_path / "seed-3" / "plots", tmp_path / "seed-4" / "plots"]
    steps = (tmp_path / "steps.csv").read_text(encoding="utf-8").splitlines()
    assert [row.split(",")[:2] for row in steps] == [["seed", "step"], ["3", "0"], ["3", "1"], ["4", "0"], ["4", "1"]]
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(",")[0] for line in lines[:2]] == ["seed-3", "seed-4"]
    assert lines[-1] == f"written to {tmp_path}"


def test_a_seed_beyond_the_last_is_refused_before_anything_is_trained(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ["run", "spiral", "--steps", "1", "--seed", str(2**63 - 1), "--seeds", "2", "--out", str(tmp_path / "out")]
    assert carry_out(given) == 2
    assert "seed" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
