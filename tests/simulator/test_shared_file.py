"""Sharing: one file with experiment, own data, run and arrangement; it opens elsewhere as it was."""

from __future__ import annotations

import io
import json
import random
import shutil
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from simulator.commands.command_line import carry_out
from simulator.data.own_file import OwnFile, plain_name
from simulator.experiment.experiment import Experiment, ExperimentError
from simulator.experiment.files import reach_of
from simulator.experiment.files import read as read_experiment
from simulator.running.headless.run import run
from simulator.running.nabla import run_file
from simulator.running.nabla.packed_data import own_files
from simulator.running.nabla.presentation import Presentation
from simulator.running.nabla.shared_file import Shared, read, write
from simulator.training.checkpoint_files import written
from simulator.training.ledger import Ledger
from simulator.training.training import Training

ROWS = "".join(f"{x},{x % 7},{'ab'[x % 2]}\n" for x in range(60))
SHOWN = Presentation(b'{"title": "Mine"}', b'{"loss": 1}', np.arange(9, dtype=np.uint8))


@pytest.fixture(autouse=True)
def own_data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "private"))
    return tmp_path / "private" / "Nablascope" / "data"


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "mine" / "wine: été.csv"
    path.parent.mkdir()
    path.write_text(f"x,y,kind\n{ROWS}", encoding="utf-8")
    return path


def described(data: dict[str, Any], **fields: Any) -> Experiment:
    plain = {"data": data, "layers": [{"kind": "dense", "units": 4}], "batch_size": 16, **fields}
    return Experiment.from_builtins(plain).settled()


def names(path: Path) -> set[str]:
    with zipfile.ZipFile(path) as archive:
        return set(archive.namelist())


def test_an_experiment_alone_is_shared_and_opened(tmp_path: Path) -> None:
    experiment = described({"kind": "moons"})
    write(Shared(experiment), tmp_path / "a.nabla")
    assert names(tmp_path / "a.nabla") == {"manifest.json", "experiment.json"}
    shared = read(tmp_path / "a.nabla")
    assert (shared.experiment, shared.run, shared.data, bool(shared.shown)) == (experiment, None, False, False)


def test_a_table_is_read_out_of_the_file_where_its_own_is_gone(table: Path, tmp_path: Path) -> None:
    experiment = described({"kind": "csv", "path": str(table)})
    before = Training(experiment).data.digest
    write(Shared(experiment, data=True), tmp_path / "a.nabla")
    content = table.read_bytes()
    shutil.rmtree(table.parent)
    shared = read(tmp_path / "a.nabla")
    assert shared.data
    assert Path(shared.experiment.data.path).read_bytes() == content
    assert Training(shared.experiment).data.digest == before
    assert shared.experiment.with_data(shared.experiment.data.at(str(table))) == experiment


def test_a_lane_brings_its_own_data_too_and_none_is_packed_twice(table: Path, tmp_path: Path) -> None:
    other = tmp_path / "other" / table.name
    other.parent.mkdir()
    other.write_text(f"x,y,kind\n{ROWS}1,1,a\n", encoding="utf-8")
    lanes: list[dict[str, Any]] = [
        {"name": "same", "set": {"seed": 3}},
        {"name": "other", "set": {"data.path": str(other)}},
        {"name": "noisy", "set": {"data.label_noise": 0.1}},
    ]
    experiment = described({"kind": "csv", "path": str(table)}, lanes=lanes)
    before = {name: Training(lane).data.digest for name, lane in experiment.all_lanes().items()}
    write(Shared(experiment, data=True), tmp_path / "a.nabla")
    assert {name for name in names(tmp_path / "a.nabla") if name.startswith("data/")} == {
        "data/wine_ été.csv", "data/wine_ été-2.csv",
    }  # fmt: skip
    shutil.rmtree(table.parent)
    shutil.rmtree(other.parent)
    shared = read(tmp_path / "a.nabla").experiment
    assert {name: Training(lane).data.digest for name, lane in shared.all_lanes().items()} == before
    # Who has had the files is not asked about them where the experiment is saved and opened again.
    (tmp_path / "again").mkdir()
    (tmp_path / "again" / "e.json").write_bytes(shared.to_json())
    assert reach_of(tmp_path / "again" / "e.json") is None


def test_what_a_branch_was_trained_as_names_the_data_that_came_along(table: Path, tmp_path: Path) -> None:
    alone = described({"kind": "csv", "path": str(table)})
    run(alone, steps=4, save=tmp_path / "run.nabla")
    saved = run_file.read(tmp_path / "run.nabla")
    changes = json.loads(Ledger.of(saved.record.live_changes).to_json())
    origin = {"step": 2, "experiment": alone.to_builtins(), "changes": changes}
    experiment = alone.with_values([("lanes", [{"name": "branch", "set": {}, "origin": origin}])])
    write(Shared(experiment, replace(saved, checkpoint=replace(saved.checkpoint, experiment=experiment)), data=True),
          tmp_path / "a.nabla")  # fmt: skip
    shutil.rmtree(table.parent)
    shared = read(tmp_path / "a.nabla")
    assert shared.run is not None
    began = shared.run.record.live_changes.experiment
    (branch,) = shared.experiment.lanes or ()
    assert began is not None
    assert branch.origin
    assert began.data == shared.experiment.data
    assert branch.origin.experiment["data"]["path"] == began.data.path
    assert Path(began.data.path).exists()


def test_opening_twice_keeps_the_data_once_and_mends_what_was_changed_there(
    table: Path, tmp_path: Path, own_data_folder: Path
) -> None:
    write(Shared(described({"kind": "csv", "path": str(table)}), data=True), tmp_path / "a.nabla")
    first = read(tmp_path / "a.nabla").experiment
    (kept,) = [path for path in own_data_folder.rglob("*") if path.is_file()]
    content, stamp = kept.read_bytes(), kept.stat().st_mtime_ns
    assert read(tmp_path / "a.nabla").experiment == first
    assert kept.stat().st_mtime_ns == stamp
    kept.write_bytes(b"something else")
    assert read(tmp_path / "a.nabla").experiment == first
    assert [path.read_bytes() for path in own_data_folder.rglob("*") if path.is_file()] == [content]


def test_nothing_is_written_but_into_the_folder_for_data(table: Path, tmp_path: Path, own_data_folder: Path) -> None:
    write(Shared(described({"kind": "csv", "path": str(table)}), data=True), tmp_path / "a.nabla")
    before = {path for path in tmp_path.rglob("*") if path.is_file()}
    read(tmp_path / "a.nabla")
    fresh = {path for path in tmp_path.rglob("*") if path.is_file()} - before
    assert len(fresh) == 1
    assert all(path.is_relative_to(own_data_folder) for path in fresh)


def test_unpacked_by_hand_it_is_an_experiment_beside_its_data(table: Path, tmp_path: Path) -> None:
    write(Shared(described({"kind": "csv", "path": str(table)}), data=True), tmp_path / "a.nabla")
    with zipfile.ZipFile(tmp_path / "a.nabla") as archive:
        archive.extractall(tmp_path / "by hand")
    shutil.rmtree(table.parent)
    assert Training(read_experiment(tmp_path / "by hand" / "experiment.json")).data.train_samples == 48


def images(folder: Path) -> Path:
    draws = np.random.default_rng(0)
    for label in ("cats", "dogs é"):
        (folder / label).mkdir(parents=True)
        for number in range(6):
            pixels = draws.integers(0, 255, (9, 9), np.uint8)
            Image.fromarray(pixels).save(folder / label / f"{number}.png")
    (folder / "cats" / "notes.txt").write_text("no picture")
    return folder


@pytest.mark.parametrize("packed", [False, True])
def test_images_are_read_out_of_the_file(packed: bool, tmp_path: Path) -> None:
    path = images(tmp_path / "pets")
    if packed:
        path = Path(shutil.make_archive(str(tmp_path / "pets"), "zip", tmp_path / "pets"))
    experiment = described({"kind": "images", "path": str(path), "size": 8})
    before = Training(experiment).data.digest
    write(Shared(experiment, data=True), tmp_path / "a.nabla")
    shutil.rmtree(tmp_path / "pets")
    path.unlink(missing_ok=True)
    shared = read(tmp_path / "a.nabla")
    assert Path(shared.experiment.data.path).name == "pets.zip"
    assert Training(shared.experiment).data.digest == before


def test_a_shared_run_goes_on_to_the_same_bits(table: Path, tmp_path: Path) -> None:
    experiment = described({"kind": "csv", "path": str(table)}, optimizer={"kind": "adam"})
    run(experiment, steps=12, save=tmp_path / "whole.nabla")
    run(experiment, steps=7, save=tmp_path / "part.nabla")
    saved = run_file.read(tmp_path / "part.nabla")
    write(Shared(saved.experiment, saved, SHOWN, data=True), tmp_path / "shared.nabla")
    shutil.rmtree(table.parent)
    shared = read(tmp_path / "shared.nabla")
    assert shared.run is not None
    assert not shared.is_run
    run(shared.experiment, steps=5, start=shared.run, save=tmp_path / "on.nabla")
    with zipfile.ZipFile(tmp_path / "whole.nabla") as whole, zipfile.ZipFile(tmp_path / "on.nabla") as on:
        for name in ("weights.safetensors", "state.safetensors", "sampler.json"):
            assert whole.read(name) == on.read(name)
    assert written(shared.run.checkpoint) == written(saved.checkpoint)
    # Whatever reads runs reads this one too.
    assert run_file.taken_up(run_file.read(tmp_path / "shared.nabla")).step == 7


def test_a_run_as_save_writes_it_is_no_more_than_a_run(tmp_path: Path) -> None:
    run(described({"kind": "moons"}), steps=2, save=tmp_path / "a.nabla")
    assert read(tmp_path / "a.nabla").is_run


def test_arrangement_and_pins_come_back_as_they_were(tmp_path: Path) -> None:
    write(Shared(described({"kind": "moons"}), None, SHOWN), tmp_path / "a.nabla")
    shown = read(tmp_path / "a.nabla").shown
    assert (shown.workspace, shown.ghosts) == (SHOWN.workspace, SHOWN.ghosts)
    np.testing.assert_array_equal(shown.arrays, SHOWN.arrays)


def test_one_content_gives_one_file(table: Path, tmp_path: Path) -> None:
    experiment = described({"kind": "csv", "path": str(table)})
    for name in ("a", "b"):
        write(Shared(experiment, None, SHOWN, data=True), tmp_path / f"{name}.nabla")
    assert (tmp_path / "a.nabla").read_bytes() == (tmp_path / "b.nabla").read_bytes()


def test_a_run_without_a_screen_begins_from_a_shared_file(
    table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    experiment = described({"kind": "csv", "path": str(table)})
    run(experiment, steps=3, out=tmp_path / "own")
    write(Shared(experiment, None, SHOWN, data=True), tmp_path / "a.nabla")
    shutil.rmtree(table.parent)
    asked = ["run", str(tmp_path / "a.nabla"), "--steps", "3", "--out", str(tmp_path / "out"), "--no-plots"]
    assert carry_out(asked) == 0
    assert "outside of its own folder" not in capsys.readouterr().err
    assert (tmp_path / "out" / "layers.csv").read_bytes() == (tmp_path / "own" / "layers.csv").read_bytes()


def test_data_that_have_changed_meanwhile_or_are_gone_are_not_packed(table: Path, tmp_path: Path) -> None:
    experiment = described({"kind": "csv", "path": str(table)})
    table.write_text(f"x,y,kind\n{ROWS}9,9,a\n", encoding="utf-8")
    with pytest.raises(ExperimentError, match="has changed"):
        write(Shared(experiment, data=True), tmp_path / "a.nabla")
    table.unlink()
    with pytest.raises(ExperimentError, match="no such file"):
        write(Shared(experiment, data=True), tmp_path / "a.nabla")
    assert not list(tmp_path.glob("*.nabla*"))


def test_the_program_has_the_data_of_its_own_sets(tmp_path: Path) -> None:
    assert own_files(described({"kind": "wine"})) == {}
    write(Shared(described({"kind": "wine"}), data=True), tmp_path / "a.nabla")
    assert not read(tmp_path / "a.nabla").data


@pytest.mark.parametrize("name", [
    "a.csv", "été 3.xlsx", "x" * 300 + ".csv", "", ".", "..", "...", "a/b", "a\\b", "c:\\x", "nul", "CON.csv", "a\nb",
    ".hidden", "trailing. ", "\udc80.csv", "a" * 119 + ".c", "emoji \U0001f600.csv",
])  # fmt: skip
def test_names_of_data_are_plain_on_every_system(name: str) -> None:
    plain = plain_name(name)
    assert plain == plain_name(plain)
    assert plain
    assert not set(plain) & set('<>:"/\\|?*\n')
    assert plain not in (".", "..")
    assert len(plain) <= 121


# -- hostile files ------------------------------------------------------------------------------------------------


def packed(members: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return stream.getvalue()


def members_of(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture
def whole(table: Path, tmp_path: Path) -> dict[str, bytes]:
    write(Shared(described({"kind": "csv", "path": str(table)}), None, SHOWN, data=True), tmp_path / "whole.nabla")
    return members_of(tmp_path / "whole.nabla")


def experiment_with(whole: dict[str, bytes], **data: str) -> bytes:
    plain = json.loads(whole["experiment.json"])
    return json.dumps({**plain, "data": {**plain["data"], **data}}).encode()


OTHERS = b"x,y,kind\n" + ROWS.encode()[:-5]
HOSTILE = {
    "a path that climbs out": lambda whole: {**whole, "data/../evil.csv": b"1"},
    "a folder below": lambda whole: {**whole, "data/below/evil.csv": b"1"},
    "an absolute path": lambda whole: {**whole, "/data/evil.csv": b"1"},
    "a backslash": lambda whole: {**whole, "data/..\\evil.csv": b"1"},
    "a device": lambda whole: {**whole, "data/nul.csv": b"1"},
    "two tables": lambda whole: {**whole, "data/second.csv": b"1"},
    "another table": lambda whole: {**whole, **{name: OTHERS for name in whole if name.startswith("data/")}},
    "a table that is not named": lambda whole: {**whole, "experiment.json": experiment_with(whole, path="/etc/passwd")},
    "a program": lambda whole: {**whole, "run.py": b"1"},
    "a long workspace": lambda whole: {**whole, "workspace.json": b" " * (2**20 + 1)},
    "pins without arrays": lambda whole: {name: its for name, its in whole.items() if name != "ghosts.npy"},
    "pins of a pickle": lambda whole: {**whole, "ghosts.npy": b"cos\nsystem\n(S'true'\ntR."},
    "no experiment": lambda whole: {name: its for name, its in whole.items() if name != "experiment.json"},
    "half a run": lambda whole: {**whole, "weights.safetensors": b"1"},
}  # fmt: skip


@pytest.mark.parametrize("kind", HOSTILE)
def test_what_does_not_belong_there_is_refused_in_one_sentence_and_nothing_is_taken_out(
    kind: str, whole: dict[str, bytes], tmp_path: Path, own_data_folder: Path
) -> None:
    path = tmp_path / "hostile.nabla"
    path.write_bytes(packed(HOSTILE[kind](whole)))
    with pytest.raises(ExperimentError) as caught:
        read(path)
    assert "\n" not in str(caught.value)
    assert "hostile.nabla" in str(caught.value)
    assert not own_data_folder.exists()


def test_a_packed_table_that_is_a_bomb_is_refused(whole: dict[str, bytes], tmp_path: Path) -> None:
    (tmp_path / "bomb.nabla").write_bytes(packed({**whole, "data/x.csv": bytes(2**24)}, zipfile.ZIP_DEFLATED))
    with pytest.raises(ExperimentError, match="larger than the file"):
        read(tmp_path / "bomb.nabla")


def check_told(path: Path) -> None:
    """It opens, or one sentence says why it does not."""
    try:
        read(path)
    except ExperimentError as error:
        told = str(error)
    else:
        return
    assert "\n" not in told
    assert 10 < len(told) < 700


def check_mutants(whole: bytes, path: Path, count: int, seed: int) -> None:
    draws = random.Random(seed)
    for _ in range(count):
        changed = bytearray(whole)
        for _ in range(draws.choice((1, 1, 2, 8))):
            place = draws.randrange(len(changed))
            if draws.random() < 0.6:
                changed[place] = draws.randrange(256)
            else:
                changed[place:place] = draws.choice((b"0", b"{", b"]", bytes(64), b"\xff" * 8))
        path.write_bytes(changed)
        check_told(path)


def test_mutants_are_each_told_in_one_sentence(whole: dict[str, bytes], tmp_path: Path) -> None:
    check_mutants((tmp_path / "whole.nabla").read_bytes(), tmp_path / "mutant.nabla", 200, 0)


@pytest.mark.slow
def test_ten_thousand_mutants_are_each_told_in_one_sentence(whole: dict[str, bytes], tmp_path: Path) -> None:
    check_mutants((tmp_path / "whole.nabla").read_bytes(), tmp_path / "mutant.nabla", 10_000, 1)


def test_where_the_data_cannot_be_taken_out_it_is_said(
    whole: dict[str, bytes], tmp_path: Path, own_data_folder: Path
) -> None:
    own_data_folder.parent.mkdir(parents=True)
    own_data_folder.write_text("a file in the way")
    with pytest.raises(ExperimentError, match="data"):
        read(tmp_path / "whole.nabla")


def test_an_own_file_is_of_a_kind_that_every_system_takes(table: Path) -> None:
    (own,) = own_files(described({"kind": "csv", "path": str(table)})).values()
    assert isinstance(own, OwnFile)
    assert (own.name, own.size) == ("wine_ été.csv", table.stat().st_size)
