"""Memory is asked for before it is spent, and a file is read only where reading ends."""

from __future__ import annotations

import gzip
import json
import os
import re
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from typing import Any

import pytest

import simulator.system.machine as machine
from main import main
from simulator.data import DataError, prepare
from simulator.data.images import FORMATS
from simulator.data.table import Csv
from simulator.experiment.experiment import MAX_MESSAGE, Experiment, ExperimentError
from simulator.experiment.files import MAX_FILE_BYTES, read
from simulator.network.memory import need_of
from simulator.observations.jacobian import JacobianObservation
from simulator.observations.observer import observed
from simulator.running.headless.run import run
from simulator.running.messages import Failed, Refused
from simulator.running.nabla import archive, run_file
from simulator.running.session import Session
from simulator.system.machine import GIB, LITTLE_MEMORY, free_memory, shortage
from simulator.system.regular_file import UnfitFileError, read_regular
from simulator.training.training import Training

PIPES = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
ROOT = Path(__file__).parents[2]


def described(**changes: Any) -> dict[str, Any]:
    return {"format": "nablascope/1", "data": {"kind": "moons"}, "layers": [], **changes}


def refused(capsys: pytest.CaptureFixture[str], tmp_path: Path, target: Path | str, *more: str) -> str:
    """The one line that a headless run ends with."""
    assert main(["run", str(target), "--steps", "1", "--out", str(tmp_path / "out"), *more]) == 2
    said = capsys.readouterr()
    assert not said.out
    assert said.err.startswith("error: ")
    assert said.err.count("\n") == 1
    return said.err.strip()


# -- files ------------------------------------------------------------------------------------------------------------


def special(folder: Path, name: str) -> dict[str, Path]:
    """A pipe, a device behind a link, a folder and a socket of that name."""
    made = {}
    for kind in ("pipe", "device", "folder"):
        there = folder / kind
        there.mkdir()
        made[kind] = there / name
    os.mkfifo(made["pipe"])
    made["device"].symlink_to("/dev/zero")
    made["folder"].mkdir()
    return made


@PIPES
def test_what_is_no_regular_file_is_no_experiment(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for kind, path in special(tmp_path, "x.json").items():
        assert f"not a file but a {kind}" in refused(capsys, tmp_path, path)


@PIPES
@pytest.mark.parametrize("ending", ["png", "JPG"])
@pytest.mark.parametrize("kind", ["pipe", "device"])
def test_what_is_no_regular_file_is_no_image(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str, ending: str
) -> None:
    for label in ("a", "b"):
        path = tmp_path / "images" / label / f"x.{ending}"
        path.parent.mkdir(parents=True)
        os.mkfifo(path) if kind == "pipe" else path.symlink_to("/dev/zero")
    experiment = tmp_path / "x.json"
    experiment.write_text(json.dumps(described(data={"kind": "images", "path": str(tmp_path / "images")})))
    said = refused(capsys, tmp_path, experiment)
    # A link to a device leads out of the folder.
    assert (f"a/x.{ending}: not a file but a pipe" if kind == "pipe" else "link out of the folder") in said


@PIPES
def test_what_is_no_regular_file_is_no_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for path in special(tmp_path, "x.csv").values():
        experiment = tmp_path / "table.json"
        experiment.write_text(json.dumps(described(data={"kind": "csv", "path": str(path), "target": "y"})))
        said = refused(capsys, tmp_path, experiment)
        # A link to a device leads out of the experiment's folder.
        assert "not a file" in said or "outside of its own folder" in said


def test_no_more_is_read_than_the_limit(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"12345")
    assert read_regular(path, 5) == b"12345"
    with pytest.raises(UnfitFileError):
        read_regular(path, 4)
    with path.open("wb") as file:
        file.truncate(MAX_FILE_BYTES + 1)
    with pytest.raises(ExperimentError, match="larger than 16 MiB"):
        read(path)


@pytest.mark.parametrize(
    "content", [b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", b"%PDF-1.4\n", b"<svg/>", b""]
)
@pytest.mark.parametrize("ending", ["png", "gif", "tiff", "ppm"])
def test_an_image_is_what_it_holds_and_not_what_it_is_called(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes, ending: str
) -> None:
    for label in ("a", "b"):
        (tmp_path / "images" / label).mkdir(parents=True)
        (tmp_path / "images" / label / f"x.{ending}").write_bytes(content)
    experiment = tmp_path / "x.json"
    experiment.write_text(json.dumps(described(data={"kind": "images", "path": str(tmp_path / "images")})))
    assert "not an image that can be read" in refused(capsys, tmp_path, experiment)


def test_only_formats_of_pixels_are_decoded() -> None:
    from PIL import Image

    Image.init()
    assert set(FORMATS) <= set(Image.OPEN)
    assert not set(FORMATS) & {"EPS", "PDF", "WMF", "FPX", "MIC"}


# -- text -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        '{"name": "\\ud800", "data": {"kind": "moons"}, "layers": []}',
        '{"data": {"kind": "moons"}, "layers": [], "\\udfff": 1}',
        '{"data": {"kind": "csv", "path": "a\\udc80b", "target": "y"}, "layers": []}',
    ],
)
def test_text_that_no_file_can_hold_is_refused_where_it_comes_in(text: str) -> None:
    with pytest.raises(ExperimentError, match="cannot be encoded") as refusal:
        Experiment.from_json(text)
    assert str(refusal.value).isascii()
    assert refusal.value.path.isascii()


def test_a_setting_that_no_file_can_hold_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "cannot be encoded" in refused(capsys, tmp_path, "plane", "--set", "name=\udcff")


LONG = "k" * 1_000_000


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(described() | {LONG: 1}),
        f'{{"{LONG}": 1, "{LONG}": 2}}',
        json.dumps(described(data={"kind": LONG})),
        json.dumps(described(seed=LONG)),
        json.dumps(described(data={"kind": "csv", "path": LONG, "target": "y"})),
        json.dumps(described(layers=[{"kind": "dense", LONG: {LONG: []}}])),
        json.dumps(described(layers={LONG: float("1e308")})),
        LONG,
    ],
)
def test_no_message_is_longer_than_a_person_reads(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    path = tmp_path / "x.json"
    path.write_text(text)
    assert len(refused(capsys, tmp_path, path)) < MAX_MESSAGE + 100


def test_a_very_long_name_of_a_file_is_one_short_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert len(refused(capsys, tmp_path, LONG)) < MAX_MESSAGE + 100
    assert len(refused(capsys, tmp_path, "plane", "--set", f"{LONG}=1")) < MAX_MESSAGE + 100


@pytest.mark.skipif(sys.platform != "linux", reason="limits the size of files")
@pytest.mark.parametrize(("limit", "more"), [(100, ["--no-plots"]), (5_000, ["--no-plots"]), (15_000, [])])
def test_a_full_disk_is_one_line(tmp_path: Path, limit: int, more: list[str]) -> None:
    """A limit to the size of a file fails as a full disk does."""
    out = str(tmp_path / "o")
    command = [sys.executable, str(ROOT / "main.py"), "run", "plane", "--steps", "3", "--out", out, *more]

    def limited() -> None:
        import resource

        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    done = subprocess.run(command, capture_output=True, text=True, preexec_fn=limited, cwd=ROOT, check=False)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("error: ")
    assert out in done.stderr


# -- memory -----------------------------------------------------------------------------------------------------------


def test_the_machine_tells_what_is_free() -> None:
    free = free_memory()
    assert free is None or 0 < free < 2**50


def test_a_shortage_is_told_with_what_is_free(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "free_memory", lambda: 3 * GIB // 2)
    assert shortage(3 * GIB // 2) == ""
    assert shortage(3 * GIB // 2 + 1) == "but 1.5 GiB are free"
    monkeypatch.setattr(machine, "free_memory", lambda: None)
    assert shortage(2**60) == ""


@pytest.mark.parametrize(
    ("limit", "used", "process", "expected"),
    [("max", "5", -1, 1000 * 1024), ("2000", "500", -1, 1500), ("2000", "500", 700, 700), ("100", "500", -1, 0)],
)
def test_the_tightest_of_all_limits_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str, used: str, process: int, expected: int
) -> None:
    (tmp_path / "meminfo").write_text("MemTotal: 9999 kB\nMemAvailable:    1000 kB\n")
    (tmp_path / "memory.max").write_text(f"{limit}\n")
    (tmp_path / "memory.current").write_text(f"{used}\n")
    monkeypatch.setattr(machine, "PROC", tmp_path)
    monkeypatch.setattr(machine, "CGROUP", tmp_path)
    resource = pytest.importorskip("resource")
    (tmp_path / "self").mkdir()
    (tmp_path / "self" / "statm").write_text("0 0 0\n")
    monkeypatch.setattr(resource, "getrlimit", lambda _kind: (resource.RLIM_INFINITY if process < 0 else process,) * 2)
    assert free_memory() == expected


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize(
    ("own", "above", "expected"), [(700, 2000, 700), (2000, 700, 700), (None, 900, 900), (None, None, 1000 * 1024)]
)
def test_the_limit_of_every_group_that_the_process_is_in_counts_less_its_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: int, own: int | None, above: int | None, expected: int
) -> None:
    kind, limit_file, used_file, cache = {
        1: ("memory", "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
        2: ("", "memory.max", "memory.current", "inactive_file"),
    }[version]
    (tmp_path / "self").mkdir()
    line = "7:cpu,memory:/user/session" if version == 1 else "0::/user/session"
    (tmp_path / "self" / "cgroup").write_text(f"1:name=systemd:/elsewhere\n{line}\n")
    (tmp_path / "meminfo").write_text("MemAvailable:    1000 kB\n")
    for path, left in ((tmp_path / kind / "user" / "session", own), (tmp_path / kind / "user", above)):
        path.mkdir(parents=True, exist_ok=True)
        if left is not None:
            (path / limit_file).write_text(f"{left + 300}\n")
            (path / used_file).write_text("400\n")
            (path / "memory.stat").write_text(f"anon 5\n{cache} 100\n")
    monkeypatch.setattr(machine, "PROC", tmp_path)
    monkeypatch.setattr(machine, "CGROUP", tmp_path)
    resource = pytest.importorskip("resource")
    monkeypatch.setattr(resource, "getrlimit", lambda _kind: (resource.RLIM_INFINITY,) * 2)
    assert free_memory() == expected


LARGE = {
    "gaussian": {"data": {"kind": "gaussian", "samples": 100_000, "features": 200}},
    "sequence": {"data": {"kind": "adding", "samples": 10_000, "steps": 1000}},
    "classes": {"data": {"kind": "gaussian", "samples": 100_000, "features": 1, "classes": 250}},
}


@pytest.mark.parametrize("name", LARGE)
def test_data_are_refused_before_they_are_drawn(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "free_memory", lambda: LITTLE_MEMORY)
    experiment = Experiment.from_builtins(described(**LARGE[name]))
    with pytest.raises(DataError, match=r"do not fit in memory: they need 0\.5 GiB; but 0\.1 GiB are free"):
        prepare(experiment.data, 0, "float32")


def test_a_network_is_refused_before_it_is_built(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "free_memory", lambda: LITTLE_MEMORY)
    wide = [{"kind": "dense", "units": 4000, "repeat": 2}]
    with pytest.raises(ExperimentError, match=r"need 0\.\d GiB of memory; but 0\.1 GiB are free"):
        Training(Experiment.from_builtins(described(layers=wide)))


@pytest.mark.parametrize(("optimizer", "vectors"), [("sgd", 8), ("rmsprop", 8), ("adam", 11)])
def test_what_an_optimisers_state_takes_is_counted_before(
    optimizer: str, vectors: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    wide = [{"kind": "dense", "units": 4000, "repeat": 2}]
    experiment = Experiment.from_builtins(described(layers=wide, optimizer={"kind": optimizer}))
    parameters = need_of(experiment, (2,), 2, 1).parameters * 4 * vectors
    refused = []
    for free in (parameters, parameters + 2**27):
        monkeypatch.setattr(machine, "free_memory", lambda free=free: free)
        refused.append(bool(need_of(experiment, (2,), 2, 1).refusal))
    assert refused == [True, False]


def test_a_jacobian_is_refused_beside_the_run_before_it_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    data = {"kind": "gaussian", "samples": 300, "features": 10_000, "classes": 250}
    training = Training(Experiment.from_builtins(described(data=data, layers=[], batch_size=10)))
    training.look()
    monkeypatch.setattr(machine, "free_memory", lambda: 170 * 2**20)
    told = observed(training, JacobianObservation(samples=10).observe)
    assert told.result is None
    assert re.search(r"the Jacobian needs 0\.2 GiB of memory; but 0\.2 GiB are free", told.refusal)


@pytest.mark.parametrize("ending", ["csv", "csv.gz", "zip"])
def test_a_table_is_refused_before_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: str) -> None:
    monkeypatch.setattr(machine, "free_memory", lambda: LITTLE_MEMORY)
    path, content = tmp_path / f"x.{ending}", b"a,b,target\n" + b"1.5,2.5,0\n2.5,1.5,1\n" * 2_000_000
    if ending == "csv":
        path.write_bytes(content)
    elif ending == "zip":
        with zipfile.ZipFile(path, "w") as packed:
            packed.writestr("x.csv", content)
    else:
        path.write_bytes(gzip.compress(content, 1))
    with pytest.raises(DataError, match=r"x.*: 0\.0 GiB of table need 0\.1 GiB of memory; but 0\.1 GiB are free"):
        Csv(path=str(path)).settled()


def test_a_run_file_is_refused_before_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x.nabla"
    run(Experiment.from_builtins(described()), steps=1, save=path)
    monkeypatch.setattr(archive, "shortage", lambda amount: "" if amount < path.stat().st_size else "but none is free")
    with pytest.raises(ExperimentError, match=r"takes 0\.0 GiB of memory, but none is free"):
        run_file.read(path)


def test_parameters_and_buffers_are_counted_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each alone would find room."""
    layers = [{"kind": "dense", "units": 1500, "repeat": 2}]
    experiment = Experiment.from_builtins(
        described(layers=layers, batch_size=3000, data={"kind": "moons", "samples": 4999})
    )
    network = Training(experiment).network
    free = max(network.parameter_bytes, network.buffer_bytes) + 1
    assert free > LITTLE_MEMORY
    monkeypatch.setattr(machine, "free_memory", lambda: free)
    with pytest.raises(ExperimentError, match="GiB of memory"):
        Training(experiment)


ALLOCATING = (
    "simulator.running.headless.start.Training",
    "simulator.training.training.prepare",
    "simulator.network.network.Network.zeros",
    "simulator.running.headless.start.History",
    "simulator.running.headless.train.frame_of",
    "simulator.running.nabla.run_file.write_into",
    "simulator.training.training.Training.checkpoint",
    "simulator.training.training.Training.propose",
    "simulator.record.record.Record.add",
    "simulator.running.headless.files.RunFiles.frame",
    "simulator.running.headless.files.np.savez_compressed",
    "simulator.experiment.files.read_regular",
)


def spent(*_: Any, **__: Any) -> None:
    raise MemoryError("Unable to allocate 2.7 GiB for an array")


@pytest.mark.parametrize("place", ALLOCATING)
def test_memory_that_runs_out_all_the_same_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    experiment = tmp_path / "x.json"
    experiment.write_text(json.dumps(described()))
    monkeypatch.setattr(place, spent)
    said = refused(capsys, tmp_path, experiment, "--no-plots", "--save", str(tmp_path / "x.nabla"))
    assert "not enough memory (Unable to allocate 2.7 GiB" in said


@pytest.mark.parametrize("place", ["__init__", "propose", "apply", "checkpoint", "look", "scalars"])
def test_memory_that_runs_out_in_the_worker_is_one_sentence_without_a_traceback(
    monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    monkeypatch.setattr(f"simulator.training.training.Training.{place}", spent)
    session = Session("thread")
    session.start()
    replies: list[Any] = []
    try:
        session.change(Experiment.from_builtins(described()))
        session.look()
        session.play(3)
        session.take_snapshot()
        end = time.monotonic() + 60
        while time.monotonic() < end and not any(isinstance(each, Failed | Refused) for each in replies):
            replies += session.replies()
            time.sleep(0.002)
    finally:
        session.close()
    told = next(each for each in replies if isinstance(each, Failed | Refused))
    assert told.message.startswith("there is not enough memory for ")
    assert not told.traceback
