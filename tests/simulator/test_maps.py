"""Maps: what is varied, cells that are runs of the command line, and a file that is taken up wherever it was left."""

from __future__ import annotations

import csv
import itertools
import json
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace

from simulator.arrays.numeric import Floats
from simulator.commands.command_line import carry_out
from simulator.experiment.experiment import Experiment, ExperimentError
from simulator.maps.axes import MapAxis, axis
from simulator.maps.cells_file import NAME, read
from simulator.maps.contours import chained, contour, crossings
from simulator.maps.engines import Engine, LocalEngine
from simulator.maps.making import MadeCell
from simulator.maps.map_folder import MapFolder
from simulator.maps.presets import find_map, map_presets
from simulator.maps.refinement import refined
from simulator.maps.sweep import MapCell, Sweep, in_rows, place_on
from simulator.maps.theory import TheoryCurve, lines
from simulator.observations.sharpness import sharpness
from simulator.running.headless.run import run
from simulator.system.machine import THREADS
from simulator.training.training import Training
from tests.simulator.maps_engine import Here

BASE: dict[str, Any] = {
    "seed": 3,
    "data": {"kind": "gaussian", "samples": 40, "features": 6, "classes": 2},
    "layers": [{"kind": "dense", "units": 4, "repeat": 2, "dropout": {"kind": "inverted", "rate": 0.1}}],
    "batch_size": 8,
}
EXPERIMENT = Experiment.from_builtins(BASE)
ELU_TANH = ({"kind": "elu", "alpha": 2}, {"kind": "tanh"})


@pytest.fixture(autouse=True)
def _threads_are_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(THREADS, "1")


def sweep_of(*axes: str, **more: Any) -> Sweep:
    return Sweep(experiment=EXPERIMENT, axes=tuple(axis(text, EXPERIMENT) for text in axes), **{"steps": 3, **more})


def made_in(folder: Path, sweep: Sweep, engine: Engine | None = None) -> list[MadeCell]:
    with MapFolder(folder, sweep) as home:
        return list(home.make(lambda cells: engine or Here()))


def table(folder: Path) -> list[dict[str, str]]:
    with (folder / "map.csv").open(newline="") as lines:
        return list(csv.DictReader(lines))


@pytest.mark.parametrize(
    ("text", "values", "log"),
    [
        ("optimizer.learning_rate=0.1:0.5:5", (0.1, 0.2, 0.3, 0.4, 0.5), False),
        ("optimizer.learning_rate=1e-3:1:4:log", (0.001, 0.01, 0.1, 1), True),
        ("optimizer.learning_rate = 1:0.01:3:log", (1, 0.1, 0.01), True),
        ("layers.0.units=1:10:4", (1, 4, 7, 10), False),
        ("layers.0.units=2:5:3", (2, 4, 5), False),
        ("layers.0.units=1:4:6:log", (1, 2, 3, 4), True),
        ("layers.0.activation.kind=tanh,relu", ("tanh", "relu"), False),
        ('layers.0.activation={"kind":"elu","alpha":2},{"kind":"tanh"}', ELU_TANH, False),
        ("optimizer.nesterov=true,false", (True, False), False),
        ("batch_size=1,10,100", (1, 10, 100), True),
        ("regularization.clip_norm=null,1", (None, 1), False),
        ("batch_size=7", (7,), False),
    ],
)  # fmt: skip
def test_an_axis_is_read_as_it_is_written(text: str, values: tuple[Any, ...], log: bool) -> None:
    found = axis(text, EXPERIMENT)
    assert (found.values, found.log) == (values, log)
    assert [type(value) for value in found.values] == [type(value) for value in values]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("layers.0.units", "expected PATH=LOW:HIGH:N"),
        ("=1,2", "expected PATH=LOW:HIGH:N"),
        ("batch_size=", "expected PATH=LOW:HIGH:N"),
        ("batch_size=1:10:1", "2 to"),
        ("batch_size=1:1:3", "two different numbers"),
        ("optimizer.learning_rate=0:1:3:log", "above 0"),
        ("optimizer.learning_rate=1:1e999:3", "finite"),
        ("batch_size=1,2,1", "stands twice"),
    ],
)
def test_what_is_no_axis_is_one_sentence(text: str, reason: str) -> None:
    with pytest.raises(ExperimentError, match=reason):
        axis(text, EXPERIMENT)


@pytest.mark.parametrize(
    ("sweep", "reason"),
    [
        (lambda: sweep_of("batch_size=1,2", "batch_size=3,4"), "varied twice"),
        (lambda: sweep_of("layers.0.units=1,2", "layers.00.units=3,4"), "varied twice"),
        (lambda: sweep_of("layers.0.units=1,2", 'layers.0={"kind":"dense"},{"kind":"dense","units":3}'), "sets all of"),
        (lambda: sweep_of('optimizer={"kind":"sgd"},{"kind":"adam"}', "optimizer.kind=sgd,adam"), "sets all of"),
        (lambda: sweep_of("batch_size=1,2", "layers.0.units=3,4", "seed=1,2"), "one or two"),
        (lambda: sweep_of("seed=1,2"), "--seeds"),
        (lambda: sweep_of("layers.0.nothing=1,2"), "nothing"),
        (lambda: sweep_of("batch_size=-1,0"), "batch_size"),
        (lambda: sweep_of("batch_size=1,2", measures=("los",)), "no measure is called 'los'"),
        (lambda: sweep_of("layers.0.repeat=1,2", measures=("delta_rms:4",)), "layer that 'delta_rms:4' asks for"),
        (lambda: sweep_of("batch_size=1,2", measures=("loss", "loss")), "'loss' is asked for twice"),
        (lambda: sweep_of("batch_size=1,2", measures=("delta_rms:",)), "layer that 'delta_rms:' asks for"),
        (lambda: sweep_of("batch_size=1,2", seeds=2**63), "cells are more than"),
    ],
)
def test_what_is_no_map_is_refused_before_anything_is_trained(sweep: Callable[[], Sweep], reason: str) -> None:
    with pytest.raises(ExperimentError, match=reason):
        sweep().check()


@pytest.mark.parametrize(
    ("axes", "seeds", "until"),
    [
        (("optimizer.learning_rate=0.1,1e30",), 1, ""),
        (("layers.0.activation.kind=tanh,relu",), 2, "loss<0.72"),
    ],
)
def test_every_cell_has_the_numbers_of_the_command_lines_run(
    axes: tuple[str, ...], seeds: int, until: str, tmp_path: Path
) -> None:
    sweep = sweep_of(*axes, seeds=seeds, until=until)
    made = {each.cell.key: each for each in made_in(tmp_path / "map", sweep)}
    (tmp_path / "base.json").write_text(json.dumps(BASE))
    rows = table(tmp_path / "map")
    assert len(rows) == len(made) == len(list(sweep.cells()))
    for row, cell in zip(rows, in_rows(sweep.cells(), sweep.axes), strict=True):
        out, settings = tmp_path / "run", [f"{each.path}={row[each.path]}" for each in sweep.axes]
        given = ["run", str(tmp_path / "base.json"), "--steps", "3", "--seed", row["seed"], "--threads", "1"]
        given += [*(["--until", until] if until else []), "--out", str(out), "--no-plots"]
        given += [each for text in settings for each in ("--set", text)]
        assert carry_out(given) == 0
        with (out / "steps.csv").open(newline="") as lines:
            last = list(csv.DictReader(lines))[-1]
        assert {name: row[name] for name in last} == last
        line = made[cell.key]
        assert list(line.findings) == json.loads((out / "findings.json").read_text())
        assert line.diverged == any(finding["began"] for finding in line.findings)
        assert (line.stopped != "") == (int(row["step"]) < 3)
        first, last_norm = [float(each) for each in _norms(out, row["step"])][:2]
        assert row["gradient_ratio"] == (repr(first / last_norm) if last_norm else "")
    brief = made_in(tmp_path / "brief", replace(sweep, brief=True))
    assert table(tmp_path / "brief") == rows
    assert all(not mend.get("tried") for each in brief for finding in each.findings for mend in finding["mends"])


def _norms(folder: Path, step: str) -> Iterator[str]:
    with (folder / "layers.csv").open(newline="") as lines:
        yield from (row["weight_gradient_norm"] for row in csv.DictReader(lines) if row["step"] == step)


def test_measures_of_layers_are_asked_for_by_their_names(tmp_path: Path) -> None:
    names = ("activation_std:2", "activation_std:3", "activation_std", "loss")
    made = made_in(tmp_path, sweep_of("layers.0.repeat=1,2", measures=names))
    assert (tmp_path / "map.csv").read_text().splitlines()[0] == ",".join(("layers.0.repeat", "seed", "step", *names))
    for cell, row in zip(made, table(tmp_path), strict=True):
        frame = run(EXPERIMENT.with_values([("layers.0.repeat", cell.values[0])]), steps=3).last
        of_layers = list(frame.measures["activation_std"])
        assert row["activation_std:2"] == repr(float(of_layers[1]))
        assert row["activation_std:3"] == (repr(float(of_layers[2])) if len(of_layers) > 2 else "")
        assert float(row["activation_std"]) == pytest.approx(sum(of_layers) / len(of_layers))


def test_a_cell_that_cannot_be_trained_says_why_and_the_rest_goes_on(tmp_path: Path) -> None:
    made = made_in(tmp_path, sweep_of("layers.0.units=-1,2,3"))
    assert [each.error != "" for each in made] == [True, False, False]
    assert "expected a whole number ≥ 1, not −1 at layers[0].units" in made[0].error
    # It is known from then on.
    assert made_in(tmp_path, sweep_of("layers.0.units=-1,2,3")) == []


def test_a_cell_whose_loss_is_no_number_has_diverged_though_all_else_is_finite(tmp_path: Path) -> None:
    tanh = {"layers": [{"kind": "dense", "units": 4, "activation": {"kind": "tanh"}}], "seed": 1}
    data = {"kind": "gaussian", "features": 5, "classes": 3, "samples": 16}
    base = Experiment.from_builtins({**tanh, "data": data, "batch_size": 8})
    rates = axis("optimizer.learning_rate=1,1e38", base)
    sweep = Sweep(experiment=base, axes=(rates,), steps=2, measures=("accuracy",), brief=True)
    assert [each.diverged for each in made_in(tmp_path, sweep)] == [False, True]


def test_a_map_that_was_killed_is_taken_up_and_makes_only_what_was_not_made(tmp_path: Path) -> None:
    sweep = sweep_of("layers.0.units=2,3,4", seeds=2, steps=0, brief=True)
    made_in(tmp_path / "whole", sweep)
    lines = (tmp_path / "whole" / NAME).read_bytes().splitlines(keepends=True)
    killed = tmp_path / "killed"
    killed.mkdir()
    for kept, torn in ((0, 30), (1, 0), (3, 1), (4, len(lines[4]) - 1), (7, 0)):
        (killed / NAME).write_bytes(b"".join(lines[:kept]) + (lines[kept][:torn] if torn else b""))
        engine = Here()
        again = made_in(killed, sweep, engine)
        assert [each.cell for each in again] == list(sweep.cells())[max(kept - 1, 0) :]
        assert engine.closed == bool(again)
        assert (killed / "map.csv").read_bytes() == (tmp_path / "whole" / "map.csv").read_bytes()
        written = (killed / NAME).read_bytes().splitlines(keepends=True)
        assert [_timeless(line) for line in written] == [_timeless(line) for line in lines]


def _timeless(line: bytes) -> dict[str, Any]:
    return {name: value for name, value in json.loads(line).items() if name != "seconds"}


def test_another_map_is_not_written_over(tmp_path: Path) -> None:
    made_in(tmp_path, sweep_of("layers.0.units=2,3"))
    before = (tmp_path / NAME).read_bytes()
    for other in (sweep_of("layers.0.units=2,4"), sweep_of("layers.0.units=2,3", steps=4)):
        with pytest.raises(ExperimentError, match="holds another map"):
            MapFolder(tmp_path, other)
    assert (tmp_path / NAME).read_bytes() == before


@pytest.mark.parametrize("content", [b"no map\n", b"[]\n", b"{}\n", b'{"axes":[],"format":99}\n', b"\xff\n"])
def test_what_is_no_map_is_one_sentence(content: bytes, tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(content)
    with pytest.raises(ExperimentError, match=rf"{NAME}: no map \([^\n]+\)$"):
        read(tmp_path / NAME)


def broken(**changes: Any) -> Callable[[list[dict[str, Any]]], None]:
    return lambda lines: lines[0].update(changes)


@pytest.mark.parametrize(
    "spoil",
    [
        broken(axes=[]),
        broken(axes=[{"path": "layers.0.units", "values": []}]),
        broken(axes=[{"path": "layers.0.units", "values": ["a", 1], "log": True}]),
        broken(axes=[{"path": "layers.0.units", "values": [0, -1], "log": True}]),
        broken(seeds=0), broken(steps=-1), broken(until="nothing"), broken(measures=["nothing"]), broken(experiment={}),
        lambda lines: lines[1].update(values=[1e9]),
        lambda lines: lines[1].update(values=["2"]),
        lambda lines: lines[1].update(values=[[2]]),
        lambda lines: lines[1].update(values=[2, 2]),
        lambda lines: lines[1]["measures"].update(loss="many"),
        lambda lines: lines[1]["measures"].update(other=1),
        lambda lines: lines[1].update(more=1),
    ],
)  # fmt: skip
def test_a_file_that_somebody_has_spoilt_is_one_sentence(
    spoil: Callable[[list[dict[str, Any]]], None], tmp_path: Path
) -> None:
    made_in(tmp_path, sweep_of("layers.0.units=2,3", steps=0))
    lines = [json.loads(line) for line in (tmp_path / NAME).read_bytes().splitlines()]
    spoil(lines)
    (tmp_path / NAME).write_text("".join(json.dumps(line) + "\n" for line in lines))
    with pytest.raises(ExperimentError, match=rf"{NAME}: no map \([^\n]+\)$"):
        read(tmp_path / NAME)


def test_cells_of_a_process_that_died_are_made_again_to_the_same_table(tmp_path: Path) -> None:
    sweep = sweep_of("layers.0.units=2,3,4,5", steps=0, brief=True)
    made_in(tmp_path / "whole", sweep)
    engine = Here(lambda job: engine.begun.count(job.number) == 1 and job.number in (1, 2))
    made_in(tmp_path / "again", sweep, engine)
    assert engine.renewed == 1 or engine.renewed == 2
    assert (tmp_path / "again" / "map.csv").read_bytes() == (tmp_path / "whole" / "map.csv").read_bytes()


def test_a_cell_that_ends_its_process_each_time_fails_and_those_beside_it_do_not(tmp_path: Path) -> None:
    engine = Here(lambda job: job.cell.values == (3,))
    made = made_in(tmp_path, sweep_of("layers.0.units=2,3,4,5"), engine)
    assert {each.values[0]: each.error != "" for each in made} == {2: False, 3: True, 4: False, 5: False}
    assert "has died 3 times" in next(each.error for each in made if each.error)


def test_the_command_makes_a_map_and_says_what_came_of_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    base = {**BASE, "lanes": [{"name": "B", "set": {"seed": 5}}]}
    (tmp_path / "base.json").write_text(json.dumps(base))
    given = ["sweep", str(tmp_path / "base.json"), "--vary", "layers.0.units=2,-1", "optimizer.learning_rate=1,2"]
    given += ["--seeds", "1", "--steps", "2", "--jobs", "1", "--brief"]
    given += ["--set", "batch_size=4", "--out", str(tmp_path / "out")]
    assert carry_out(given) == 0
    told = capsys.readouterr()
    assert told.out.splitlines() == ["4 cells: 0 diverged, 2 failed", f"written to {tmp_path / 'out'}"]
    assert "note: 1 network beside it in the file: compare trains them too, sweep does not\n" in told.err
    assert "layers.0.units=-1, optimizer.learning_rate=1, seed 3: expected a whole number" in told.err
    assert [row["step"] for row in table(tmp_path / "out")] == ["2", "2", "", ""]
    known = read(tmp_path / "out" / NAME)
    assert known.sweep.experiment == Experiment.from_builtins({**base, "batch_size": 4})
    assert known.environment.threads == 1
    for wrong in (given[:2] + given[5:], [*given, "--vary", "batch_size=1,2"]):
        assert carry_out(wrong) == 2
        assert capsys.readouterr().err.splitlines()[-1].startswith("error: ")


def test_a_map_that_ships_is_refined_by_what_its_picture_shows(tmp_path: Path) -> None:
    given = ["sweep", "momentum-rate", "--vary", "optimizer.learning_rate=0.01,0.02", "--steps", "1", "--jobs", "1"]
    assert carry_out([*given, "--refine", "1", "--out", str(tmp_path)]) == 0
    # Its losses differ, the steps until its rule holds do not: it never does.
    losses = [row["loss"] for row in table(tmp_path)]
    assert len(losses) == len({*losses}) == 2


# -- refining --------------------------------------------------------------------------------------------------------


def cliff(cell: MapCell) -> MadeCell:
    """A measure that jumps along a diagonal."""
    rate, penalty = cell.values
    loss = 0.1 if math.log10(rate) < 3 * penalty - 3.1 else 2.0
    return MadeCell(values=cell.values, seed=cell.seed, steps=3, measures={"loss": loss})


def test_cells_are_added_where_neighbours_differ_and_nowhere_else() -> None:
    sweep = sweep_of("optimizer.learning_rate=1e-4:1:9:log", "regularization.l2=0:0.8:9")
    fine = sweep_of("optimizer.learning_rate=1e-4:1:17:log", "regularization.l2=0:0.8:17")
    made = [cliff(cell) for cell in sweep.cells()]
    added = refined(sweep, made, "loss")
    losses = {places(fine, cell): cliff(cell).measures["loss"] for cell in fine.cells()}
    known = {places(fine, cell) for cell in added} | {*itertools.product(range(0, 17, 2), repeat=2)}
    assert known <= losses.keys()
    assert 81 < len(known) <= len(losses) / 2
    for at in losses.keys() - known:
        around = itertools.product(*((place - 1, place + 1) if place % 2 else (place,) for place in at))
        assert {losses[each] for each in around} == {losses[at]}
    assert refined(sweep, [*made, *map(cliff, added)], "loss") == added


def places(sweep: Sweep, cell: MapCell) -> tuple[int, ...]:
    """Where a cell lies on the axes of a finer map, all of whose places are numbers of its values."""
    at = [place_on(axis, value) for axis, value in zip(sweep.axes, cell.values, strict=True)]
    assert np.allclose(at, np.round(at), atol=1e-9)
    return tuple(map(round, at))


def test_between_words_and_neighbouring_whole_numbers_nothing_is_added() -> None:
    sweep = sweep_of("layers.0.units=2,3,4,6", "layers.0.activation.kind=tanh,relu")
    losses = {2: 0.1, 3: 2.0, 4: 2.0, 6: 0.1}
    made = [
        MadeCell(values=cell.values, seed=cell.seed, steps=3, measures={"loss": losses[cell.values[0]]})
        for cell in sweep.cells()
    ]
    assert [cell.values for cell in refined(sweep, made, "loss")] == [(5, "tanh"), (5, "relu")]


def test_what_lies_between_whole_numbers_is_rounded_and_nothing_beside_it() -> None:
    sweep = sweep_of("optimizer.learning_rate=0.1,0.3", "layers.0.units=2,5")
    made = [
        MadeCell(values=cell.values, seed=cell.seed, steps=3, measures={"loss": float(cell.values == (0.1, 2))})
        for cell in sweep.cells()
    ]
    assert [cell.values for cell in refined(sweep, made, "loss")] == [(0.1, 4), (0.2, 2)]
    wide = sweep_of("optimizer.learning_rate=10,1e37")
    made = [MadeCell(values=cell.values, seed=3, steps=3, measures={"loss": cell.values[0]}) for cell in wide.cells()]
    assert json.dumps([cell.values for cell in refined(wide, made, "loss")]) == "[[5e+36]]"


def test_a_refined_map_has_half_of_the_cells_and_the_same_contour() -> None:
    sweeps = [sweep for preset in map_presets() if len((sweep := preset.sweep()).axes) == 2]
    numeric = [sweep for sweep in sweeps if all(axis.numeric for axis in sweep.axes)]
    assert len(numeric) >= 5
    for sweep in numeric:
        shape = tuple(2 * len(axis.values) - 1 for axis in sweep.axes)
        x, y = np.meshgrid(*(np.linspace(0, 1, length) for length in shape), indexing="ij")
        whole = 1 / (1 + np.exp(-200 * (x - 0.2 - 0.6 * y**2)))
        coarse = np.full(shape, np.nan)
        coarse[::2, ::2] = whole[::2, ::2]
        values = {cell.key: value for cell, value in zip(sweep.cells_of_seed(0), coarse[::2, ::2].flat, strict=True)}
        made = [
            MadeCell(values=cell.values, seed=cell.seed, steps=3, measures={"accuracy": float(values[cell.key])})
            for cell in sweep.cells_of_seed(0)
        ]
        added = refined(sweep, made, "accuracy")
        assert len(made) + len(added) <= whole.size / 2
        finer = coarse.copy()
        for cell in added:
            at = tuple(round(2 * place_on(axis, value)) for axis, value in zip(sweep.axes, cell.values, strict=True))
            finer[at] = whole[at]
        assert apart(filled(finer), whole) <= 0.1
        assert apart(filled(coarse), whole) >= 0.2


def filled(grid: Floats) -> Floats:
    """A grid with straight lines where it has no number."""
    grid = grid.copy()
    for rows in (grid, grid.T):
        middle, ends = rows[1::2, ::2], (rows[:-1:2, ::2] + rows[2::2, ::2]) / 2
        middle[:] = np.where(np.isnan(middle), ends, middle)
    centre, around = grid[1::2, 1::2], grid[:-1:2, 1::2] + grid[2::2, 1::2] + grid[1::2, :-1:2] + grid[1::2, 2::2]
    centre[:] = np.where(np.isnan(centre), around / 4, centre)
    return grid


def apart(one: Floats, other: Floats) -> float:
    """The mean distance of two contours at half height, in cells."""
    first, second = contour(one - 0.5).mean(axis=1), contour(other - 0.5).mean(axis=1)
    distances = np.hypot(*(first[:, np.newaxis] - second).transpose(2, 0, 1))
    return float(distances.min(axis=1).mean() + distances.min(axis=0).mean()) / 2


def test_a_refined_map_is_taken_up_to_the_same_cells(tmp_path: Path) -> None:
    sweep = sweep_of("optimizer.learning_rate=0.01:10:4:log", brief=True)
    with MapFolder(tmp_path / "whole", sweep) as home:
        assert home.next_pass("loss") == 1
        cells = [made.cell for made in home.make(lambda cells: Here(), refine_by="loss", passes=2)]
        assert home.next_pass("loss") == 3
    assert len(cells) > 4
    lines = (tmp_path / "whole" / NAME).read_bytes().splitlines(keepends=True)
    for kept in (3, 6):
        (tmp_path / str(kept)).mkdir()
        (tmp_path / str(kept) / NAME).write_bytes(b"".join(lines[:kept]))
        with MapFolder(tmp_path / str(kept), sweep) as home:
            again = [made.cell for made in home.make(lambda cells: Here(), refine_by="loss", passes=2)]
        assert again == cells[kept - 1 :]
        assert (tmp_path / str(kept) / "map.csv").read_bytes() == (tmp_path / "whole" / "map.csv").read_bytes()


# -- theory ----------------------------------------------------------------------------------------------------------


def test_a_contour_is_where_the_value_lies_between_neighbours() -> None:
    x, y = np.mgrid[0:5, 0:4]
    (line,) = chained(contour(x + 0.5 * y - 2.25))
    assert np.allclose(line[:, 0] + 0.5 * line[:, 1], 2.25)
    assert sorted(line[[0, -1], 1].tolist()) == [0.0, 3.0]
    assert crossings(np.array([1.0, -1.0, -3.0, 3.0])).tolist() == [0.5, 2.5]
    assert not len(contour(np.full((3, 3), np.nan)))


def test_theorys_lines_lie_where_their_quantities_say() -> None:
    base = Experiment.from_builtins(
        {
            "data": {"kind": "gaussian", "samples": 60, "features": 10, "classes": 3},
            "layers": [{
                "kind": "dense", "units": 10, "repeat": 4, "activation": {"kind": "relu"},
                "initializer": {"kind": "variance_scaled", "weight_variance": 2.0},
            }],
        }
    )  # fmt: skip

    def drawn(*texts: str) -> dict[str, TheoryCurve]:
        sweep = Sweep(experiment=base, axes=tuple(axis(text, base) for text in texts), steps=1)
        return {line.name: line for line in lines(sweep)}

    over = drawn("layers.0.initializer.weight_variance=1:3:5", "layers.0.repeat=2:8:4")
    # Of ReLU χ = σ_w² / 2, whatever the depth.
    assert {round(at[0], 6) for piece in over["χ = 1"].pieces for at in piece} == {2.0}
    rates = drawn("optimizer.learning_rate=0.001:10:5:log", "optimizer.momentum=0:0.8:5")
    (limit,) = rates["η λ_max at its limit"].pieces
    training = Training(base)
    training.look()
    sharp = sharpness(training).value
    for rate, momentum in limit:
        eta, beta = 10 ** (-3 + rate), 0.2 * momentum
        assert math.log(eta * sharp / (2 + 2 * beta)) == pytest.approx(0, abs=0.01)
    assert drawn("layers.0.activation.kind=tanh,relu", "optimizer.learning_rate=1,2") == {}
    assert drawn("batch_size=4,8") == {}


@pytest.mark.slow
def test_thirty_tanh_layers_come_to_half_within_a_cell_of_theorys_lines(tmp_path: Path) -> None:
    preset = find_map("order-chaos")
    assert preset is not None
    whole = preset.sweep()
    sweep = replace(
        whole, axes=(replace(whole.axes[0], values=whole.axes[0].values[1:7]), MapAxis("layers.0.repeat", (30,)))
    )
    with MapFolder(tmp_path, sweep) as home:
        for _ in home.make(lambda cells: LocalEngine(cells)):
            pass
    accuracy = np.array([float(row["accuracy"]) for row in table(tmp_path)])
    (half,) = crossings(accuracy - 0.5)
    theory = {line.name: line for line in lines(whole, preset.theory)}
    at_thirty = {
        name: min(at[0] for piece in line.pieces for at in _at_height(piece, whole.axes[1].values.index(30)))
        for name, line in theory.items()
    }
    assert set(at_thirty) == {"χ = 1", "depth = 6 ξ"}
    for place in at_thirty.values():
        assert abs(half + 1 - place) <= 1


def _at_height(piece: tuple[tuple[float, ...], ...], height: float) -> list[tuple[float, float]]:
    """Where a line crosses a row of the map."""
    return [
        (x0 + (height - y0) / (y1 - y0) * (x1 - x0), height)
        for (x0, y0), (x1, y1) in itertools.pairwise(piece)
        if min(y0, y1) <= height <= max(y0, y1) and y0 != y1
    ]
