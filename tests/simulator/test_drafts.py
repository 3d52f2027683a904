"""Lessons in the making of every subject, and courses: what is taken and what is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from simulator.experiment.experiment import Experiment, ExperimentError
from simulator.landscape.landscape import Landscape
from simulator.lessons.attempts import Answered, Attempt, Attempts, table
from simulator.lessons.checking import check
from simulator.lessons.controls import controls, with_state
from simulator.lessons.course import from_builtins, lessons_called, save, to_json
from simulator.lessons.draft import Draft, slug
from simulator.lessons.lesson import LessonSubject
from simulator.lessons.measurable import of_networks, of_subject, rows_of
from simulator.schema.settings import keys_of
from tests.simulator.test_lessons import plain_lesson

ALONE = Experiment.from_builtins(
    {"data": {"kind": "gaussian", "features": 2, "samples": 12}, "layers": [{"kind": "dense", "units": 2}]}
)
TWIN = {"name": "slow", "set": {"optimizer.learning_rate": 0.001}}
BESIDE = Experiment.from_builtins({**ALONE.to_builtins(), "lanes": [TWIN]})
RACE = Landscape.from_builtins({"function": "ravine", "set": {"condition": 10}, "steps": 3, "start": [1, 1]})


@pytest.mark.parametrize(
    ("subject", "word", "lane", "expected"),
    [(ALONE, "learning_rate", "A", "rate"), (BESIDE, "learning_rate", "slow", "0.001"), (RACE, "sgd_x", "A", "1")],
)
def test_a_lesson_can_be_made_of_a_network_of_networks_beside_it_and_of_a_landscape(
    subject: LessonSubject, word: str, lane: str, expected: str
) -> None:
    draft = Draft.of(subject, 2)
    assert len(list(draft.missing())) == 1
    asked = next(each for each in of_subject(subject) if each.name == word)
    name = draft.add_reading(asked, lane, None, 0)
    if expected == "rate":
        draft.name_number("optimizer.learning_rate", "rate")
    draft.add_question(measured=name, expected=expected, prompt="How much?", source="as it is set", tolerance=1e-9)
    (outcome,) = check(draft.lesson())
    assert outcome.holds, (outcome.measured, outcome.reason)
    again = Draft.opened(draft.lesson())
    assert again.lesson() == draft.lesson()


def test_a_branch_is_no_subject_of_a_lesson_since_its_run_does_not_begin_at_step_0() -> None:
    origin = {"step": 3, "experiment": ALONE.to_builtins(), "changes": {}}
    plain = {**ALONE.to_builtins(), "lanes": [{**TWIN, "origin": origin}]}
    draft = Draft.of(Experiment.from_builtins(plain), 2)
    draft.add_question(measured="steps", expected=2, prompt="How many?", source="it is set")
    with pytest.raises(ExperimentError, match="'slow' is a branch of a run"):
        draft.lesson()


@pytest.mark.parametrize("subject", [ALONE, BESIDE, RACE], ids=["alone", "beside", "race"])
def test_every_control_that_can_be_named_can_be_in_each_state_with_all_inside(subject: LessonSubject) -> None:
    knobs = Draft.of(subject).knobs
    for control in (each for top in controls(subject) for each in top.every() if each.lockable):
        for state in ("locked", "hidden", "free"):
            after = with_state(knobs, control.path, state)
            assert {after.state(keys_of(each.path)) for each in control.every()} == {state}


def test_readings_have_words_of_formulas_and_rows_are_named_as_the_network_names_them() -> None:
    from simulator.training.training import Training

    assert all(each.name.isidentifier() for each in of_networks())
    assert len({each.name for each in of_networks()}) == len(of_networks())
    inner = {"kind": "residual", "layers": [{"kind": "dense", "units": 2, "repeat": 2}]}
    nested = Experiment.from_builtins({**ALONE.to_builtins(), "layers": [{"kind": "dense", "units": 2}, inner]})
    labels = [info.label for info in Training(nested).info.layers]
    assert rows_of(nested)[:-1] == labels[:-1]
    assert slug("Größe ≠ 3: Über all!") == "gre-3-ber-all"


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"format": "nablascope-course/2"}, "needs a later version"), ({"format": 1}, "begins with"),
        ({"lessons": []}, "1 to 100 lessons"), ({"lessons": ["../x"]}, "no lesson file or lesson '../x'"),
        ({"lessons": ["down-a-ravine"] * 2}, "two lessons are called 'down-a-ravine'"), ({"more": 1}, "more"),
        ({"lessons": [{**plain_lesson(), "steps": -1}]}, "lessons[0].steps"), ({"title": ""}, "title"),
        ({"lessons": [["x"]]}, "lessons"), ({"text": "x" * 20_001}, "20000 characters"),
    ],
)  # fmt: skip
def test_a_course_is_read_strictly(changes: dict[str, Any], told: str) -> None:
    plain = {"format": "nablascope-course/1", "title": "Two", "lessons": ["down-a-ravine", plain_lesson()]}
    course = from_builtins(plain)
    assert from_builtins(json.loads(to_json(course))) == course
    with pytest.raises(ExperimentError) as caught:
        from_builtins({**plain, **changes})
    assert told in str(caught.value)


def test_the_lessons_of_a_course_can_be_checked_by_its_file(tmp_path: Any) -> None:
    path = tmp_path / "c.nabla-lesson"
    plain = {"format": "nablascope-course/1", "title": "Two", "lessons": ["down-a-ravine", plain_lesson()]}
    save(from_builtins(plain), path)
    assert [lesson.name for lesson in lessons_called(str(path))] == ["down-a-ravine", "half"]


def test_no_answer_is_computed_by_a_spreadsheet() -> None:
    answered = [Answered("q", (1.0,), words) for words in ("=1+1", "-3.5", "-0.5 −2", "@x")]
    rows = table("=cmd", [Attempts("half", (Attempt("2026", tuple(answered)),))]).splitlines()[1:]
    assert [row.split(",")[5] for row in rows] == ["'=1+1", "-3.5", "-0.5 −2", "'@x"]
    assert {row.split(",")[1] for row in rows} == {"'=cmd"}
