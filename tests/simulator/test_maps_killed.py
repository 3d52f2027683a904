"""Maps whose processes are killed: the command's own, one that trains cells, one of a cluster."""

from __future__ import annotations

import csv
import importlib
import json
import multiprocessing
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from simulator.experiment.experiment import Experiment, ExperimentError
from simulator.maps.axes import axis
from simulator.maps.cells_file import NAME
from simulator.maps.engines import ClusterEngine, Engine, LocalEngine
from simulator.maps.local_cluster import LocalClusterEngine
from simulator.maps.making import CellJob, make
from simulator.maps.map_folder import MapFolder
from simulator.maps.sweep import Sweep

ROOT = Path(__file__).parents[2]
EXPERIMENT = Experiment.from_builtins(
    {
        "data": {"kind": "gaussian", "samples": 60, "features": 10, "classes": 3},
        "layers": [{"kind": "dense", "units": 8, "repeat": 2}],
        "batch_size": 12,
    }
)
AXIS = "optimizer.learning_rate=0.01:1:8:log"
SWEEP = Sweep(experiment=EXPERIMENT, axes=(axis(AXIS, EXPERIMENT),), steps=400, brief=True)
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The table of a map that nobody killed."""
    folder = tmp_path_factory.mktemp("whole")
    with MapFolder(folder, SWEEP) as home:
        made = list(home.make(lambda cells: LocalEngine(cells, 2)))
    assert len(made) == 8
    alone = make(CellJob(0, made[3].cell, SWEEP))
    assert alone.measures == made[3].measures
    return (folder / "map.csv").read_bytes()


def test_a_command_that_is_killed_again_and_again_makes_each_cell_once(expected: bytes, tmp_path: Path) -> None:
    (tmp_path / "base.json").write_bytes(EXPERIMENT.to_json())
    command = [sys.executable, "main.py", "sweep", str(tmp_path / "base.json"), "--vary", AXIS, "--steps", "400"]
    command += ["--brief", "--jobs", "2", "--out", str(tmp_path / "out")]
    cells, kills = tmp_path / "out" / NAME, 0
    moments = random.Random(0)
    while True:
        before = whole_lines(cells)
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        # Each has made a cell before it is killed, however slow the machine is.
        while process.poll() is None and len(whole_lines(cells)) <= max(len(before), 1):
            time.sleep(0.05)
        time.sleep(moments.random() / 10)
        if process.poll() is not None:
            break
        process.kill()
        process.communicate()
        kills += 1
        assert whole_lines(cells)[: len(before)] == before, "it only grows, but for a torn line"
    _, told = process.communicate()
    assert process.returncode == 0, told
    assert kills > 1
    made = [json.dumps(json.loads(line)["values"]) for line in cells.read_bytes().splitlines()[1:]]
    assert len(made) == len(set(made)) == 8
    assert (tmp_path / "out" / "map.csv").read_bytes() == expected


def whole_lines(path: Path) -> list[bytes]:
    """The lines of a file that are ended."""
    content = path.read_bytes() if path.exists() else b""
    return content[: content.rfind(b"\n") + 1].splitlines()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_command_soon_and_its_processes_with_it(number: signal.Signals, tmp_path: Path) -> None:
    (tmp_path / "base.json").write_bytes(EXPERIMENT.to_json())
    command = [sys.executable, "main.py", "sweep", str(tmp_path / "base.json"), "--vary", AXIS, "--steps", "1000000"]
    process = subprocess.Popen([*command, "--out", str(tmp_path / "out")], cwd=ROOT, stdout=subprocess.DEVNULL)
    # The map is begun with its header, which is written once its processes are there.
    while len(_descendants(process.pid)) < 3 or not whole_lines(tmp_path / "out" / NAME):
        assert process.poll() is None
        time.sleep(0.1)
    started = _descendants(process.pid)
    process.send_signal(number)
    assert process.wait(timeout=30) == 128 + number
    deadline = time.monotonic() + 60
    while alive := [pid for pid in started if _lives(pid)]:
        assert time.monotonic() < deadline, alive
        time.sleep(0.1)
    assert (tmp_path / "out" / "map.csv").read_text().startswith("optimizer.learning_rate,seed,step,loss,")


def _descendants(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children")
    own = [int(child) for child in children.read_text().split()] if children.exists() else []
    return own + [below for child in own for below in _descendants(child)]


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_process_that_is_killed_in_the_middle_changes_nothing(expected: bytes, tmp_path: Path) -> None:
    with MapFolder(tmp_path, SWEEP) as home:
        for number, _ in enumerate(home.make(lambda cells: LocalEngine(cells, 2))):
            if number == 2:
                child = next(each for each in multiprocessing.active_children() if each.name.startswith("Spawn"))
                assert child.pid is not None
                os.kill(child.pid, signal.SIGKILL)
    assert (tmp_path / "map.csv").read_bytes() == expected


def test_a_worker_of_a_cluster_that_is_killed_in_the_middle_changes_nothing(
    expected: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    distributed: Any = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address=None
    ) as cluster:
        address = cluster.scheduler_address
        with pytest.raises(ExperimentError, match="no worker of the cluster has the kernel Nothing; there are "):
            ClusterEngine(address, "Nothing")
        with monkeypatch.context() as elsewhere:
            elsewhere.setattr("simulator.maps.engines.where", lambda: importlib.import_module("nothing_of_this_name"))
            with pytest.raises(ExperimentError, match=r"worker at tcp.* is nablascope installed there.*of_this_name"):
                ClusterEngine(address)

        def hire(_cells: int) -> Engine:
            engine = ClusterEngine(address)
            pinned = ClusterEngine(address, engine.where().kernel)
            engine.close()
            assert pinned.slots == 2
            return pinned

        with MapFolder(tmp_path, SWEEP) as home:
            for number, _ in enumerate(home.make(hire)):
                if number == 1:
                    os.kill(cluster.workers[0].pid, signal.SIGKILL)
    assert (tmp_path / "map.csv").read_bytes() == expected
    with (tmp_path / "map.csv").open(newline="") as lines:
        assert [row["step"] for row in csv.DictReader(lines)] == ["400"] * 8


def test_a_cluster_whose_scheduler_dies_is_one_sentence_and_its_cells_stand(expected: bytes, tmp_path: Path) -> None:
    pytest.importorskip("distributed")
    known = tmp_path / "scheduler.json"
    program = [sys.executable, "-m", "distributed.cli.dask_"]
    own = ["--scheduler-file", str(known)]
    begun = [
        ["scheduler", *own, "--host", "127.0.0.1", "--port", "0", "--no-dashboard"],
        ["worker", *own, "--no-nanny", "--nthreads", "1", "--no-dashboard", "--local-directory", str(tmp_path / "own")],
    ]
    commands = [[*program[:-1], f"{program[-1]}{name}", *options] for name, *options in begun]
    with open(os.devnull, "w") as nowhere:
        processes = [subprocess.Popen(command, stdout=nowhere, stderr=nowhere) for command in commands]
    try:
        while not known.exists() or not known.read_text().endswith("}"):
            time.sleep(0.1)
        address = json.loads(known.read_text())["address"]
        with pytest.raises(OSError, match="the cluster is lost"):
            make_while_it_lives(tmp_path / "out", address, processes[0])
    finally:
        for process in processes:
            process.kill()
            process.wait()
    with MapFolder(tmp_path / "out", SWEEP) as home:
        stands = len(home.made)
        assert stands >= 3
        assert stands + len(list(home.make(lambda cells: LocalEngine(cells, 2)))) == 8
    assert (tmp_path / "out" / "map.csv").read_bytes() == expected


def make_while_it_lives(folder: Path, address: str, scheduler: subprocess.Popen[bytes]) -> None:
    """Kill the scheduler after the third cell."""
    with MapFolder(folder, SWEEP) as home:
        for made, _ in enumerate(home.make(lambda _cells: joined(address)), 1):
            if made == 3:
                scheduler.kill()


def joined(address: str) -> ClusterEngine:
    """A cluster as soon as it has a worker."""
    while True:
        try:
            return ClusterEngine(address)
        except ExperimentError:
            time.sleep(0.1)


def test_a_cluster_on_this_computer_makes_the_same_map(expected: bytes, tmp_path: Path) -> None:
    pytest.importorskip("distributed")
    with MapFolder(tmp_path, SWEEP) as home:
        made = list(home.make(lambda _cells: LocalClusterEngine(2)))
    assert len(made) == 8
    assert (tmp_path / "map.csv").read_bytes() == expected


def test_no_cluster_is_one_sentence() -> None:
    pytest.importorskip("distributed")
    with pytest.raises(OSError, match=r"there is no cluster at tcp://127\.0\.0\.1:1"):
        ClusterEngine("tcp://127.0.0.1:1")


def test_a_kernel_that_is_pinned_is_recorded_and_one_that_there_is_not_is_refused() -> None:
    usual = LocalEngine(1)
    kernel = usual.where().kernel
    usual.close()
    pinned = LocalEngine(1, kernel=kernel)
    assert pinned.where().kernel == kernel
    pinned.close()
    other = LocalEngine(1, kernel="Nothing")
    with pytest.raises(ExperimentError, match="cannot be for Nothing"):
        other.where()
    other.close()
