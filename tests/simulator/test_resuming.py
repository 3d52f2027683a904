"""A headless run that is ended at any moment keeps what it has, and goes on to the bytes of never having stopped."""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from simulator import Experiment, ExperimentError, run
from simulator.observations.registry import analyses
from simulator.running.headless.ensemble import run_ensemble
from simulator.running.headless.files import TABLES
from simulator.running.headless.folder import LOCK, UNFINISHED
from simulator.running.headless.run import usual_every
from simulator.running.stop_rules import FindingAppears, StalledValidation
from simulator.system.process_lock import LockedError, ProcessLock
from tests.thinned import thinned

unix = pytest.mark.skipif(sys.platform == "win32", reason="no such signals")
MAIN = Path(__file__).parents[2] / "main.py"
DENSE = {"kind": "dense", "units": 6, "repeat": 2, "dropout": {"kind": "inverted"}, "normalization": {"kind": "batch"}}
PLAIN = {"data": {"kind": "moons", "samples": 60}, "layers": [DENSE], "batch_size": 16, "optimizer": {"kind": "adam"}}
SEQUENCE = {
    "data": {"kind": "sine", "samples": 40},
    "layers": [{"kind": "gru", "units": 4}],
    "batch_size": 8,
    "optimizer": {"kind": "rmsprop"},
}
SICK = {
    "data": {"kind": "moons", "samples": 60},
    "layers": [{"kind": "dense", "units": 5, "repeat": 8, "activation": {"kind": "sigmoid"}}],
}
RUNS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "dropout, norm and Adam": (PLAIN, {"every": 7}),
    "a sequence": (SEQUENCE, {"every": 3}),
    "all analyses": (PLAIN, {"every": 9, "analyses": tuple(analyses())}),
    "no analyses": (PLAIN, {"every": 40, "analyses": ()}),
    "a rule about scores": (PLAIN, {"every": 7, "until": StalledValidation(steps=12)}),
    "a rule about findings": (SICK, {"every": 11, "until": FindingAppears()}),
    "numbers that are not finite": ({**PLAIN, "optimizer": {"kind": "sgd", "learning_rate": 1e30}}, {"every": 5}),
}


def ending_at(step: int) -> Callable[[], bool]:
    asked = iter(range(step))
    return lambda: next(asked, None) is None


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize(("name", "stops"), thinned(list(RUNS), [(0,), (1, 4), (21, 1, 3)]))
def test_a_run_that_is_ended_and_taken_up_again_writes_the_same_bytes(
    tmp_path: Path, name: str, stops: tuple[int, ...]
) -> None:
    described, options = RUNS[name]
    experiment = Experiment.from_builtins(described)
    whole = run(experiment, steps=30, out=tmp_path / "whole", **options)
    for number, step in enumerate(stops):
        part = run(experiment, steps=30, out=tmp_path / "parts", stop=ending_at(step), resume=number > 0, **options)
        assert part.interrupted
        assert (tmp_path / "parts" / "histograms.npz").exists()
    resumed = run(experiment, steps=30, out=tmp_path / "parts", resume=True, **options)
    assert contents(tmp_path / "parts") == contents(tmp_path / "whole")
    assert (resumed.stopped, resumed.last.step) == (whole.stopped, whole.last.step)
    assert not resumed.interrupted


def test_a_row_that_was_cut_short_goes_when_the_run_is_taken_up_again(tmp_path: Path) -> None:
    experiment = Experiment.from_builtins(PLAIN)
    run(experiment, steps=30, every=3, out=tmp_path / "whole", analyses=("weights",))
    run(experiment, steps=30, every=3, out=tmp_path / "cut", analyses=("weights",), stop=ending_at(12))
    tables = [tmp_path / "cut" / name for name in TABLES if (tmp_path / "cut" / name).exists()]
    assert len(tables) > 3
    for path in tables:
        last = path.read_bytes().splitlines(keepends=True)[-1]
        with path.open("ab") as file:
            file.write(last + last[: len(last) // 2])
    run(experiment, steps=30, every=3, out=tmp_path / "cut", analyses=("weights",), resume=True)
    assert contents(tmp_path / "cut") == contents(tmp_path / "whole")


def test_a_run_that_is_ended_has_the_files_of_a_run_of_so_many_steps(tmp_path: Path) -> None:
    experiment = Experiment.from_builtins(PLAIN)
    result = run(experiment, steps=30, every=7, out=tmp_path / "ended", stop=ending_at(12))
    run(experiment, steps=12, every=7, out=tmp_path / "whole")
    assert result.last.step == 12
    ended = contents(tmp_path / "ended")
    assert {name: ended[name] for name in contents(tmp_path / "whole")} == contents(tmp_path / "whole")
    assert (tmp_path / "ended" / UNFINISHED / "run-12.nabla").exists()


def test_without_a_checkpoint_a_run_that_is_taken_up_begins_at_step_0(tmp_path: Path) -> None:
    experiment = Experiment.from_builtins(PLAIN)
    run(experiment, steps=5, out=tmp_path / "a")
    run(experiment, steps=5, out=tmp_path / "b", resume=True)
    assert contents(tmp_path / "a") == contents(tmp_path / "b")


@pytest.mark.parametrize(
    ("changes", "options"),
    [({"seed": 1}, {}), ({}, {"every": 2}), ({}, {"analyses": ()}), ({}, {"until": StalledValidation(steps=99)})],
)
def test_what_was_another_run_is_not_taken_up(tmp_path: Path, changes: dict[str, Any], options: dict[str, Any]) -> None:
    run(Experiment.from_builtins(PLAIN), steps=9, out=tmp_path, stop=ending_at(4))
    before = contents(tmp_path)
    with pytest.raises(ExperimentError, match="another experiment, or with other arguments"):
        run(Experiment.from_builtins({**PLAIN, **changes}), steps=9, out=tmp_path, resume=True, **options)
    assert contents(tmp_path) == before


@pytest.mark.parametrize("file", ["progress.json", "run-4.nabla"])
@pytest.mark.parametrize("content", [b"", b"{}", b"[" * 100_000, b"PK\x05\x06" + bytes(18)])
def test_a_checkpoint_that_is_none_is_told_in_one_sentence(tmp_path: Path, file: str, content: bytes) -> None:
    run(Experiment.from_builtins(PLAIN), steps=9, out=tmp_path, stop=ending_at(4))
    (tmp_path / UNFINISHED / file).write_bytes(content)
    with pytest.raises(ExperimentError, match="cannot be taken up again"):
        run(Experiment.from_builtins(PLAIN), steps=9, out=tmp_path, resume=True)


def test_a_run_that_has_come_beyond_what_is_asked_for_is_not_taken_up(tmp_path: Path) -> None:
    run(Experiment.from_builtins(PLAIN), steps=40, out=tmp_path, every=7, stop=ending_at(20))
    before = {name: held for name, held in contents(tmp_path).items() if name != LOCK}
    with pytest.raises(ExperimentError, match="unfinished run of 20 steps already, and step 10 is to be the last"):
        run(Experiment.from_builtins(PLAIN), steps=10, out=tmp_path, every=7, resume=True)
    assert {name: held for name, held in contents(tmp_path).items() if name != LOCK} == before


def test_rows_stand_whole_in_their_files_as_they_come(tmp_path: Path) -> None:
    def look(step: int) -> None:
        for name in TABLES:
            if (tmp_path / name).exists():
                lines = (tmp_path / name).read_bytes().splitlines(keepends=True)
                assert all(line.endswith(b"\n") and line.count(b",") == lines[0].count(b",") for line in lines)
        steps = (tmp_path / "steps.csv").read_text(encoding="utf-8").splitlines()
        assert len(steps) == step + 2

    run(Experiment.from_builtins(PLAIN), steps=12, every=3, out=tmp_path, progress=look, analyses=("weights",))


def test_a_run_over_an_unfinished_one_begins_anew(tmp_path: Path) -> None:
    run(Experiment.from_builtins({**PLAIN, "seed": 7}), steps=9, every=2, out=tmp_path / "a", stop=ending_at(4))
    run(Experiment.from_builtins(PLAIN), steps=5, out=tmp_path / "a")
    run(Experiment.from_builtins(PLAIN), steps=5, out=tmp_path / "b")
    assert contents(tmp_path / "a") == contents(tmp_path / "b")


def test_runs_of_several_seeds_go_on_where_they_were(tmp_path: Path) -> None:
    experiment = Experiment.from_builtins(PLAIN)
    list(run_ensemble(experiment, 3, steps=8, out=tmp_path / "whole"))
    ended = list(run_ensemble(experiment, 3, steps=8, out=tmp_path / "parts", stop=ending_at(12)))
    assert [result.interrupted for _, result in ended] == [False, True]
    list(run_ensemble(experiment, 3, steps=8, out=tmp_path / "parts", resume=True))
    assert contents(tmp_path / "parts") == contents(tmp_path / "whole")


def test_a_folder_that_a_living_process_writes_is_refused(tmp_path: Path) -> None:
    with ProcessLock(tmp_path / ".lock", "this folder"), pytest.raises(LockedError, match=str(os.getpid())):
        run(Experiment.from_builtins(PLAIN), steps=1, out=tmp_path)
    run(Experiment.from_builtins(PLAIN), steps=1, out=tmp_path)
    (tmp_path / ".lock").write_text("1")  # As a process leaves it that was killed.
    run(Experiment.from_builtins(PLAIN), steps=1, out=tmp_path)
    assert not (tmp_path / ".lock").exists()


@pytest.mark.parametrize(
    ("steps", "every"), [(0, 1), (1, 1), (999, 1), (1000, 1), (1001, 2), (2000, 2), (10_000, 10), (123_456, 124)]
)
def test_about_a_thousand_rows_are_measured(steps: int, every: int) -> None:
    assert usual_every(steps) == every


# -- the command ---------------------------------------------------------------------------------------------------


def command(folder: Path, *more: str, steps: int = 100_000) -> list[str]:
    experiment = folder.parent / "experiment.json"
    experiment.write_bytes(Experiment.from_builtins(PLAIN).to_json())
    return [
        sys.executable, str(MAIN), "run", str(experiment), "--steps", str(steps), "--every", "40", "--no-plots",
        "--out", str(folder), *more,
    ]  # fmt: skip


def began(folder: Path, *more: str, steps: int = 100_000, until: str = "steps.csv") -> subprocess.Popen[bytes]:
    """A run that has written some rows, and the file of this name."""
    process = subprocess.Popen(command(folder, *more, steps=steps), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    end = time.monotonic() + 60
    while time.monotonic() < end and process.poll() is None:
        if (folder / until).exists() and (folder / "steps.csv").read_bytes().count(b"\n") > 50:
            break
        time.sleep(0.02)
    return process


def rows(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


@unix
@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_a_run_after_its_step_and_says_what_stands(
    tmp_path: Path, number: signal.Signals, status: int
) -> None:
    folder = tmp_path / "out"
    process = began(folder)
    process.send_signal(number)
    told = process.communicate(timeout=60)[1].decode()
    assert process.returncode == status, told
    digits = "".join(filter(str.isdigit, told.partition("as of step")[2]))
    assert digits == rows(folder / "steps.csv")[-1][0]
    assert "--resume" in told
    assert "Traceback" not in told
    assert {"findings.json", "histograms.npz", "experiment.json", UNFINISHED} <= {p.name for p in folder.iterdir()}


@unix
def test_a_second_run_into_the_folder_is_refused(tmp_path: Path) -> None:
    process = began(tmp_path / "out")
    second = subprocess.run(command(tmp_path / "out"), capture_output=True)
    process.kill()
    process.communicate()
    assert second.returncode == 2
    assert f"in use by process {process.pid}".encode() in second.stderr
    assert second.stderr.count(b"\n") == 1


CHECKED = ("steps.csv", "layers.csv", "flow.csv")


def check_whole(folder: Path) -> None:
    for name in CHECKED:
        assert len({len(row) for row in rows(folder / name)}) == 1
        assert (folder / name).read_bytes().endswith(b"\n")


def killed(folder: Path, steps: int, seconds: float, *more: str) -> None:
    """A run that is killed so long after its first checkpoint stands."""
    process = began(folder, *more, steps=steps, until=f"{UNFINISHED}/progress.json")
    time.sleep(seconds)
    process.kill()
    process.communicate()


@unix
def test_a_run_that_is_killed_leaves_whole_rows_and_goes_on_to_the_same_bytes(tmp_path: Path) -> None:
    killed(tmp_path / "killed", 5_000, 0.1)
    check_whole(tmp_path / "killed")
    for name, more in (("killed", ("--resume",)), ("whole", ())):
        ran = subprocess.run(command(tmp_path / name, *more, steps=5_000), capture_output=True)
        assert ran.returncode == 0, ran.stderr
    assert contents(tmp_path / "killed") == contents(tmp_path / "whole")


OFTEN = """
import sys
import main
from simulator.running.headless import folder as run_folder
run_folder.LEAST_SECONDS, run_folder.REST = 0.05, 1.0
sys.exit(main.main(sys.argv[1:]))
"""
"""The command, with a checkpoint many times in a second: it is killed in the midst of one, too."""


@unix
@pytest.mark.slow
def test_a_run_may_be_killed_a_hundred_times_at_any_moment(tmp_path: Path) -> None:
    moments = np.random.default_rng(0)
    steps, kills, runs = 4000, 0, 0
    environment = {**os.environ, "PYTHONPATH": str(MAIN.parent)}
    whole = subprocess.run(command(tmp_path / "whole", steps=steps), capture_output=True)
    assert whole.returncode == 0, whole.stderr
    while kills < 100:
        folder, status = tmp_path / f"killed-{runs}", -signal.SIGKILL
        while status:
            python, _, *arguments = command(folder, *["--resume"] * folder.exists(), steps=steps)
            process = subprocess.Popen([python, "-c", OFTEN, *arguments], stderr=subprocess.PIPE, env=environment)
            time.sleep(moments.uniform(0.3, 3) if kills < 100 else 60)
            process.kill()
            told, status = process.communicate()[1], process.returncode
            assert status in (0, -signal.SIGKILL), told
            kills += status != 0
            if all((folder / name).exists() and (folder / name).stat().st_size for name in CHECKED):
                check_whole(folder)
        assert contents(folder) == contents(tmp_path / "whole")
        runs += 1
    assert kills >= 100


@unix
def test_a_full_disk_is_told_in_one_sentence_and_the_rows_before_stand(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    limit = "import resource, signal, runpy, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); "
    limit += "resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000)); sys.argv = sys.argv[1:]; "
    limit += "runpy.run_path(sys.argv[0], run_name='__main__')"
    python, *rest = command(folder, steps=20_000)
    ran = subprocess.run(
        [python, "-c", limit, *rest], capture_output=True, env={**os.environ, "PYTHONPATH": str(MAIN.parent)}
    )
    assert ran.returncode == 2
    assert ran.stderr.count(b"\n") == 1
    assert b"Traceback" not in ran.stderr
    assert str(folder).encode() in ran.stderr
    check_whole(folder)
