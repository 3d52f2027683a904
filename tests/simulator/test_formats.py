"""Files of each form that there was, kept in ``tests/data/formats``: they open for ever."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from simulator.experiment.embedded import EMBEDDED, extract
from simulator.experiment.experiment import EXPERIMENT, Experiment, ExperimentError
from simulator.experiment.files import read as read_experiment
from simulator.lessons.course import COURSE
from simulator.lessons.course import read as read_course
from simulator.lessons.files import LESSON
from simulator.lessons.files import read as read_lesson
from simulator.maps.cells_file import MAP
from simulator.maps.cells_file import read as read_map
from simulator.running.headless.run import run
from simulator.running.nabla import shared_file
from simulator.running.nabla.run_file import read, taken_up
from simulator.running.nabla.run_formats import RUN
from simulator.system.file_format import FileFormat, FormatError

KEPT = Path(__file__).parents[1] / "data" / "formats"


FORMATS = {
    "*.json": EXPERIMENT, "*.nabla": RUN, "*.nabla-lesson": LESSON, "courses/*.nabla-lesson": COURSE,
    "shared/*.nabla": RUN, "carriers/*.png": EMBEDDED,
    "carriers/*.svg": EMBEDDED, "carriers/*.html": EMBEDDED, "maps/*.jsonl": MAP,
}  # fmt: skip
"""Pattern of the files → their format."""


@pytest.mark.parametrize("pattern", FORMATS)
def test_a_file_of_every_format_is_kept_and_every_change_of_it_has_a_migration(pattern: str) -> None:
    present = FORMATS[pattern]
    assert {path.stem for path in KEPT.glob(pattern)} == {str(each) for each in range(1, present.number + 1)}
    assert set(present.migrations) == set(range(1, present.number))


CHANGED_TWICE = FileFormat(
    3, "0.3.0", {1: lambda plain: {**plain, "second": 2}, 2: lambda plain: {**plain, "third": plain["second"] + 1}}
)
"""A format as it will be one day."""


@pytest.mark.parametrize(
    ("stated", "plain", "expected"),
    [(1, {"a": 0}, {"a": 0, "second": 2, "third": 3}), (2, {"second": 5}, {"second": 5, "third": 6}), (3, {}, {})],
)
def test_each_migration_makes_the_next_format_of_the_one_before(
    stated: int, plain: dict[str, Any], expected: dict[str, Any]
) -> None:
    assert CHANGED_TWICE.brought_up(plain, stated) == expected


@pytest.mark.parametrize("stated", [0, -1, None, "1", True, 1.0, [1]])
def test_what_is_no_number_from_1_on_is_no_format(stated: object) -> None:
    with pytest.raises(FormatError, match="not a number from 1 on"):
        CHANGED_TWICE.brought_up({}, stated)


@pytest.mark.parametrize(
    ("needs", "told"), [("4.0.0", "version 4.0.0"), (None, "a later version"), ("9" * 99, "version " + "9" * 20 + " ")]
)
def test_a_later_format_names_the_version_that_it_needs(needs: object, told: str) -> None:
    with pytest.raises(FormatError, match=told):
        CHANGED_TWICE.brought_up({"needs": needs}, 4)


@pytest.mark.parametrize("path", sorted(KEPT.glob("*.nabla")), ids=lambda path: path.stem)
def test_a_kept_run_opens_at_its_step_with_its_curves_and_goes_on(path: Path) -> None:
    saved = read(path)
    assert taken_up(saved).step == saved.record.steps == 12
    result = run(saved.experiment, steps=3, start=saved)
    assert result.last.step == 15
    assert len(result.history.series("loss").last) == 16


def test_a_kept_run_of_format_1_has_no_lanes_and_one_of_2_has_them_with_what_was_changed_by_hand() -> None:
    first, second = (read(KEPT / f"{number}.nabla") for number in (1, 2))
    assert first.lanes == ()
    assert first.record.live_changes.experiment is None
    assert [lane.name for lane in second.lanes] == ["slow", "small"]
    for lane in (second, *second.lanes):
        (change,) = lane.record.live_changes.entries
        assert change.step == 5
        assert change.experiment is not None
        assert change.experiment.regularization.l2 == 0.01
    assert second.coming == ()


def test_a_kept_run_of_format_3_has_what_was_still_to_be_changed() -> None:
    saved = read(KEPT / "3.nabla")
    rate, units = saved.coming
    assert rate.experiment is not None
    assert (rate.step, rate.experiment.regularization.l2) == (14, 0.05)
    assert (units.step, units.layer, units.units) == (20, "2", (0, 3))
    result = run(saved.experiment, steps=3, start=saved)
    assert [change.step for change in result.record.live_changes.entries] == [5, 14]


def test_a_kept_shared_file_of_format_3_has_the_data_of_a_lane_too(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    shared = shared_file.read(KEPT / "shared" / "3.nabla")
    assert shared.run is not None
    assert [lane.name for lane in shared.run.lanes] == ["more", "slow"]
    paths = {Path(data.path) for data in shared.experiment.named_data}
    assert {path.name for path in paths} == {"wine.csv", "mehr wine.csv"}
    assert all(path.is_relative_to(tmp_path) and path.exists() for path in paths)


def holds(now: Any, then: Any) -> bool:
    """Whether all that was said is still said; fields may have been added since."""
    if isinstance(then, dict):
        return isinstance(now, dict) and all(name in now and holds(now[name], each) for name, each in then.items())
    if isinstance(then, list):
        return len(now) == len(then) and all(holds(*pair) for pair in zip(now, then, strict=True))
    return bool(now == then)


@pytest.mark.parametrize("path", sorted(KEPT.glob("shared/*.nabla")), ids=lambda path: path.stem)
def test_a_kept_shared_file_opens_with_all_that_came_with_it(
    path: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    shared = shared_file.read(path)
    assert shared.run is not None
    assert taken_up(shared.run).step == 12
    assert Path(shared.experiment.data.path).is_relative_to(tmp_path)
    assert json.loads(shared.shown.workspace)["title"] == "Kept"
    assert json.loads(shared.shown.ghosts).keys() == {"loss", "gradient_depth"}
    assert shared.shown.arrays.size


@pytest.mark.parametrize("path", sorted(KEPT.glob("carriers/*")), ids=lambda path: path.name)
def test_a_kept_picture_or_report_opens_as_what_it_carried(path: Path) -> None:
    carried = extract(path)
    assert (carried.experiment.name, carried.step) == ("kept", 12)
    assert carried.experiment.layers[0].repeat == 2


@pytest.mark.parametrize("path", sorted(KEPT.glob("*.json")), ids=lambda path: path.stem)
def test_a_kept_experiment_opens_as_what_it_was(path: Path) -> None:
    experiment = read_experiment(path)
    assert holds(json.loads(experiment.to_json()), json.loads(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize(("needs", "told"), [("7.1.0", "version 7.1.0"), (None, "a later version"), (3, "later")])
def test_an_experiment_of_a_later_form_names_the_version_that_it_needs(needs: object, told: str) -> None:
    plain = {"format": "nablascope/12", "needs": needs, "data": {"kind": "moons"}, "anything": [1]}
    with pytest.raises(ExperimentError, match=told):
        Experiment.from_builtins(plain)


@pytest.mark.parametrize("path", sorted((KEPT / "maps").glob("*.jsonl")), ids=lambda path: path.stem)
def test_a_kept_map_opens_with_all_of_its_cells(path: Path) -> None:
    known = read_map(path)
    assert [axis.path for axis in known.sweep.axes] == ["layers.0.repeat", "optimizer.learning_rate"]
    assert {each.cell.key for each in known.made} == {cell.key for cell in known.sweep.cells()}
    assert {each.steps for each in known.made} == {2}


@pytest.mark.parametrize("path", sorted(KEPT.glob("*.nabla-lesson")), ids=lambda path: path.stem)
def test_lessons_of_every_format_open(path: Path) -> None:
    assert read_lesson(path).name == "one-plus-a-tenth"


@pytest.mark.parametrize("path", sorted(KEPT.glob("courses/*.nabla-lesson")), ids=lambda path: path.stem)
def test_a_kept_course_opens_with_its_lessons(path: Path) -> None:
    course, lessons = read_course(path)
    assert course.title == "From one to two"
    assert [lesson.name for lesson in lessons] == ["all-units-alike", "half"]
