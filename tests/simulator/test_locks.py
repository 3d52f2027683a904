"""Locks of a lesson: they hold at the experiment's gate, whatever the edit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

import main
from simulator import run
from simulator.experiment.experiment import Experiment, ExperimentError
from simulator.experiment.locks import FieldLocks, Locks
from simulator.lessons.files import find, save, shipped
from simulator.observations.sharpness import SharpnessObservation
from simulator.schema.parameter import differences
from simulator.schema.settings import keys_of
from simulator.training.training import Training

PLAIN: dict[str, Any] = {
    "data": {"kind": "moons", "samples": 40}, "batch_size": 8,
    "layers": [
        {"kind": "dense", "units": 4, "dropout": {"kind": "inverted", "rate": 0.1}}, {"kind": "dense", "units": 3},
    ],
    "lanes": [{"name": "B", "set": {"optimizer.learning_rate": 0.5}}],
}  # fmt: skip
FREE = Experiment.from_builtins(PLAIN)
VALUES: dict[str, Any] = {
    "seed": 5, "batch_size": 16, "optimizer.learning_rate": 0.25, "optimizer.kind": "adam", "layers.0.units": 6,
    "layers.1.units": 2, "layers.0.activation.kind": "relu", "layers.0.dropout.rate": 0.3, "data.samples": 60,
    "regularization.l2": 0.01, "schedule.kind": "cosine", "name": "mine", "layers": [{"kind": "dense", "units": 4}],
    "lanes": [{"name": "C", "set": {"batch_size": 4}}], "layers.0.dropout": {"kind": "none"},
}  # fmt: skip
PATHS = (
    "seed",
    "optimizer",
    "optimizer.learning_rate",
    "layers",
    "layers.*.units",
    "layers.0.dropout.rate",
    "data",
    "lanes",
)


def locked(**knobs: Any) -> Experiment:
    return with_locks(FieldLocks(**knobs))


def with_locks(knobs: FieldLocks) -> Experiment:
    locks = Locks(lesson="Rates", knobs=knobs, experiment=FREE.to_builtins())
    return Experiment.from_builtins(structs.replace(FREE, locks=locks).to_builtins())


@st.composite
def some_knobs(draw: st.DrawFn) -> FieldLocks:
    states = draw(st.lists(st.sampled_from(["", "free", "locked", "hidden"]), min_size=len(PATHS), max_size=len(PATHS)))
    chosen = {
        state: tuple(p for p, s in zip(PATHS, states, strict=True) if s == state)
        for state in ("free", "locked", "hidden")
    }
    return FieldLocks(otherwise=draw(st.sampled_from(["free", "locked", "hidden"])), **chosen)


@settings(max_examples=150, deadline=None)
@given(some_knobs(), st.lists(st.sampled_from(sorted(VALUES)), min_size=1, max_size=3, unique=True))
def test_an_edit_is_taken_just_where_no_field_that_it_changes_is_locked(knobs: FieldLocks, paths: list[str]) -> None:
    experiment = with_locks(knobs)
    edits = sorted(((path, VALUES[path]) for path in paths), key=lambda item: not item[0].endswith(".kind"))
    try:
        wanted = FREE.with_values(edits)
    except ExperimentError:
        return
    base, changed = structs.replace(FREE, lanes=None), [path for path, _ in differences(FREE, wanted)]
    for spec in wanted.lanes or ():
        if spec not in (FREE.lanes or ()):
            changed += [path for path, _ in differences(base, structs.replace(wanted.lane(spec), lanes=None))]
    allowed = all(knobs.may_change(path) for path in changed)
    assert taken_by(experiment, edits) == (wanted if allowed else None)


def taken_by(experiment: Experiment, edits: list[tuple[str, Any]]) -> Experiment | None:
    """What comes of the edits without the locks, which have stayed; None where a lock refuses, in one sentence."""
    try:
        taken = experiment.with_values(edits)
    except ExperimentError as error:
        sentence = str(error)
        return None if "locked in the lesson “Rates”" in sentence and "\n" not in sentence else experiment
    return taken.unlocked if taken.locks == experiment.locks else None


@pytest.mark.parametrize(
    ("path", "state"),
    [
        ("optimizer.learning_rate", "free"), ("optimizer.momentum", "locked"), ("layers.1.units", "hidden"),
        ("seed", "locked"),
        ("layers.1.activation.kind", "free"), ("name", "free"),
    ],
)  # fmt: skip
def test_the_longest_path_that_leads_to_a_field_decides(path: str, state: str) -> None:
    knobs = FieldLocks(
        otherwise="locked",
        free=("optimizer.learning_rate", "layers"),
        locked=("optimizer",),
        hidden=("layers.*.units",),
    )
    assert knobs.state(keys_of(path)) == state


def test_a_whole_part_cannot_be_changed_around_a_lock_inside_it() -> None:
    experiment = locked(locked=("optimizer.learning_rate",))
    experiment.with_values([("optimizer.momentum", 0.5)])
    for edit in (("optimizer.kind", "adam"), ("optimizer", {"kind": "sgd", "learning_rate": 1.0})):
        with pytest.raises(ExperimentError, match="since the lesson is about it at optimizer"):
            experiment.with_values([edit])


@pytest.mark.parametrize("edit", [("locks", None), ("locks.knobs.locked", []), ("locks.experiment.seed", 1)])
def test_the_locks_themselves_cannot_be_edited(edit: tuple[str, Any]) -> None:
    with pytest.raises(ExperimentError, match="locked in the lesson"):
        locked(locked=("seed",)).with_values([edit])


def test_a_further_network_cannot_do_what_is_locked() -> None:
    experiment = locked(locked=("batch_size",))
    lanes = [*PLAIN["lanes"], {"name": "C", "set": {"seed": 3}}]
    assert len(experiment.with_values([("lanes", lanes)]).lanes or ()) == 2
    with pytest.raises(ExperimentError, match="batch_size"):
        experiment.with_values([("lanes", [{"name": "C", "set": {"batch_size": 4}}])])


def test_what_is_locked_trains_to_the_same_digits_and_can_be_looked_at() -> None:
    experiment = locked(otherwise="locked")
    assert run(experiment, steps=3).last.scalars == run(FREE, steps=3).last.scalars
    training = Training(experiment)
    training.look()
    assert SharpnessObservation().observe(training).value > 0
    assert experiment.all_lanes()["B"] == FREE.all_lanes()["B"]


def test_it_is_read_as_it_was_written() -> None:
    experiment = locked(otherwise="locked", free=("seed",))
    assert Experiment.from_json(experiment.to_json()) == experiment
    assert experiment.with_values([("seed", 4)]).seed == 4


def test_set_on_the_command_line_is_held_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.nabla-lesson"
    save(find("one-plus-a-tenth"), path)
    command = ["run", str(path), "--steps", "1", "--no-plots", "--out", str(tmp_path / "out"), "--set"]
    assert main.main([*command, "layers.0.layers.0.initializer.gain=0.2"]) == 0
    assert main.main([*command, "batch_size=4"]) == 2
    told = capsys.readouterr().err.splitlines()[-1]
    assert told.startswith("error: locked in the lesson “Around the block")
    assert told.endswith("at batch_size")
    kept = tmp_path / "out" / "experiment.json"
    assert main.main(["run", str(kept), *command[2:], "seed=4"]) == 2


@pytest.mark.parametrize(
    "knobs", [{"free": ["seed"], "locked": ["seed"]}, {"free": ["layers[0]"]}, {"free": [""]}, {"hidden": ["a..b"]}]
)
def test_paths_that_say_nothing_are_refused(knobs: dict[str, Any]) -> None:
    plain = {**PLAIN, "locks": {"lesson": "x", "knobs": knobs, "experiment": FREE.to_builtins()}}
    with pytest.raises(ExperimentError, match="locks"):
        Experiment.from_builtins(plain)


def test_every_lesson_can_be_begun_with_its_locks() -> None:
    for lesson in shipped():
        if isinstance(lesson.subject, Experiment):
            begun = lesson.locked()
            assert Experiment.from_builtins(begun.to_builtins()) == begun
            for suggestion in lesson.playground:
                begun.unlocked.with_values((suggestion.set or {}).items())
