"""A table as an experiment's data: what is left open is taken from the file and recorded, and paths are found."""

import json
import os

import numpy as np
import pytest

from simulator import Experiment, ExperimentError, run
from simulator.commands.command_line import carry_out
from simulator.data import Csv, DataError, prepare
from simulator.data.table import changed
from simulator.experiment.files import reach_of, read

ROWS = "".join(f"{n * 0.7 % 3:.2f},{n % 7},{n % 2}\n" for n in range(40))


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "data" / "t.csv"
    path.parent.mkdir()
    path.write_text("a,b,label\n" + ROWS)
    return path


def plain(path, **data):
    return {
        "data": {"kind": "csv", "path": str(path), **data},
        "layers": [{"kind": "dense", "units": 3}],
        "batch_size": 8,
    }


def headless(*words):
    return carry_out(["run", *map(str, words), "--steps", "2", "--no-plots"])


def test_a_run_records_what_was_taken_and_runs_again_from_anywhere(table, tmp_path, monkeypatch):
    first = run(Experiment.from_builtins(plain(table)), steps=2, out=tmp_path / "o")
    written = json.loads((tmp_path / "o" / "experiment.json").read_text())["data"]
    assert written["path"] == str(table)
    assert (written["target"], written["task"], written["inputs"]) == ("label", "classification", ["a", "b"])
    assert (written["header"], written["delimiter"], written["decimal"]) == ("yes", ",", ".")
    assert (written["encoding"], written["missing"]) == ("utf-8", "fill")
    assert len(written["hash"]) == 64
    monkeypatch.chdir("/")
    again = run(read(tmp_path / "o" / "experiment.json"), steps=2)
    assert again.last.scalars == first.last.scalars


def test_categories_are_one_column_of_the_file_in_what_is_recorded(table, tmp_path):
    table.write_text("sex,height,label\n" + "".join(f"{'fm'[n % 2]},{n * 0.3},{n % 3 % 2}\n" for n in range(30)))
    data = Experiment.from_builtins(plain(table)).settled().data
    assert data.inputs == ("sex", "height")
    assert prepare(data, 0, "float32").feature_names == ("sex=f", "sex=m", "height")


def test_the_loss_fits_the_task_that_is_found(table):
    assert Experiment.from_builtins(plain(table)).settled().objective.kind == "softmax_cross_entropy"
    assert Experiment.from_builtins(plain(table, target="a")).settled().objective.kind == "mse"
    with pytest.raises(ExperimentError, match="needs classes"):
        Experiment.from_builtins({**plain(table, target="a"), "loss": {"kind": "softmax_cross_entropy"}}).settled()


def test_files_of_before_open_with_columns_for_inputs(table):
    old = Experiment.from_builtins(plain(table, target="label", columns=["b"]))
    assert old.data.inputs == ("b",)
    assert Experiment.from_builtins(plain(table, columns=[])).settled().data.inputs == ("a", "b")
    assert "columns" not in old.to_builtins()["data"]


def test_settling_twice_changes_nothing(table):
    once = Experiment.from_builtins(plain(table)).settled()
    assert once.settled() is once


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"delimiter": "ab"}, "a delimiter is one character"),
        *(({"encoding": name}, f'there is no encoding "{name}"') for name in ("klingon", "undefined", "rot13")),
        ({"encoding": "a\0b"}, "there is no encoding"),
        ({"target": "w"}, 'there is no column "w"'),
        ({"task": "regression", "target": "c"}, "there is no column"),
    ],
)
def test_a_description_that_does_not_fit_is_refused_at_data(table, fields, told):
    with pytest.raises(ExperimentError, match=told) as caught:
        Experiment.from_builtins(plain(table, **fields)).settled()
    assert caught.value.path == "data"


@pytest.mark.parametrize("header", ["yes", "no"])
@pytest.mark.parametrize("delimiter", ["auto", ",", "tab"])
def test_the_description_settles_how_the_file_is_read(table, header, delimiter):
    if delimiter == "tab":
        table.write_text(table.read_text().replace(",", "\t"))
    found = Csv(path=str(table), header=header, delimiter=delimiter).judged()
    assert found.table.names == (("a", "b", "label") if header == "yes" else ("column 1", "column 2", "column 3"))
    assert found.table.rows == 40 + (header == "no")


def test_a_file_that_changed_is_read_again(table):
    data = Csv(path=str(table), scale="none", validation=0.0, target="label")
    assert prepare(data, 0, np.float64).x_train.max() == 6
    table.write_text("a,b,label\n" + ROWS + "500,1,1\n")
    os.utime(table, (1, 1))
    assert prepare(data, 0, np.float64).x_train.max() == 500


def test_a_changed_file_is_told(table):
    data = Csv(path=str(table)).settled()
    assert changed(data) == ""
    table.write_text("a,b,label\n" + ROWS + "2,2,0\n")
    os.utime(table, (1, 1))
    assert changed(data) == "t.csv has changed since the run that this experiment describes"
    assert data.settled().hash != data.hash


# -- paths -------------------------------------------------------------------------------------------------------


@pytest.fixture
def experiment(table):
    def experiment(path, folder=None):
        file = (folder or table.parent) / "e.json"
        file.write_text(json.dumps(plain(path)))
        return file

    return experiment


def test_of_a_file_that_is_gone_no_change_is_told(table, tmp_path, capsys):
    described = Experiment.from_builtins(plain(table)).settled()
    (tmp_path / "e.json").write_bytes(described.to_json())
    table.unlink()
    assert changed(described.data) == ""
    assert headless(tmp_path / "e.json", "--out", tmp_path / "out") == 2
    told = capsys.readouterr().err
    assert "no such file in" in told
    assert told.count("\n") == 1


def test_a_relative_path_is_looked_for_beside_the_experiment_first(table, experiment, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "t.csv").write_text("p,q,label\n" + ROWS)
    assert read(experiment("t.csv")).settled().data.inputs == ("a", "b")
    assert headless(experiment("t.csv"), "--out", tmp_path / "o") == 0


def test_a_relative_path_is_then_looked_for_in_the_current_folder(table, experiment, tmp_path, monkeypatch):
    monkeypatch.chdir(table.parent)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    assert read(experiment("t.csv", elsewhere)).settled().data.inputs == ("a", "b")


def test_a_tilde_is_the_home_folder(table, experiment, monkeypatch):
    monkeypatch.setenv("HOME", str(table.parent))
    assert read(experiment("~/t.csv")).data.path == str(table)


def test_a_missing_file_is_named_with_the_folder_looked_in(tmp_path):
    with pytest.raises(DataError, match=f"no.csv: no such file in {tmp_path}"[:60]):
        Csv(path=str(tmp_path / "no.csv")).settled()


def test_a_file_that_climbs_out_of_its_folder_is_refused_unless_allowed(table, experiment, tmp_path, capsys):
    inner = tmp_path / "inner"
    inner.mkdir()
    file = experiment("../data/t.csv", inner)
    assert headless(file, "--out", tmp_path / "o") == 2
    told = capsys.readouterr().err
    assert str(table) in told
    assert "--allow-files" in told
    assert "1.40" not in told
    assert not (tmp_path / "o").exists()
    assert headless(file, "--out", tmp_path / "o", "--allow-files") == 0
    assert headless(file, "--out", tmp_path / "o", "--set", f"data.path={table}") == 0


def test_what_no_dialog_would_have_chosen_is_refused(experiment, tmp_path, capsys):
    secret = tmp_path / "secret"
    secret.write_text("user,password\nroot,hunter2\nme,swordfish\n")
    assert headless(experiment(secret), "--out", tmp_path / "o") == 2
    assert "hunter2" not in capsys.readouterr().err


def test_a_link_to_the_outside_is_outside(table, experiment, tmp_path):
    inner = tmp_path / "inner"
    inner.mkdir()
    (inner / "t.csv").symlink_to(table)
    assert reach_of(experiment("t.csv", inner)).target == table
    assert reach_of(experiment("t.csv")) is None


def test_who_knows_the_hash_has_had_the_file(table, experiment, tmp_path):
    file = tmp_path / "inner" / "e.json"
    file.parent.mkdir()
    settled = Csv(path=str(table)).settled()
    file.write_text(json.dumps(plain(table, hash=settled.hash)))
    assert reach_of(file) is None
    file.write_text(json.dumps(plain(table, hash="0" * 64)))
    assert reach_of(file).target == table
