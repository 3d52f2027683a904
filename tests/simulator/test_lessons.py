"""Lessons: what a file may hold, what is measured, how far answers are off, and the command."""

from __future__ import annotations

import csv
import json
import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import main
from simulator.experiment.experiment import Experiment, ExperimentError
from simulator.landscape.landscape import Landscape
from simulator.lessons.checking import COLUMNS, check
from simulator.lessons.files import find, from_builtins, from_json, read, save, shipped, to_json
from simulator.lessons.formula import FUNCTIONS, Formula, FormulaError
from simulator.lessons.lesson import Lesson
from simulator.lessons.measuring import measure
from simulator.lessons.question import ChoiceQuestion, CurveQuestion, NumberQuestion, OrderQuestion, distance
from simulator.lessons.text import PLACE, filled
from simulator.parts.activations import ReLU, Tanh
from simulator.parts.initializers import FanNormal, Normal
from simulator.parts.optimizers import SGD

FAULTS: list[tuple[type, str, int, float, set[str]]] = [
    (FanNormal, "fill", 0, 1.5, {"slopes-in-between", "weight-times-rate", "ten-layer-table", "skips-that-explode"}),
    (Normal, "fill", 0, 1.5, {"small-large-and-too-fast", "saturated-and-exploding", "scale-of-the-weights"}),
    (Tanh, "derivative", 2, 1.2, {"saturated-and-exploding"}),
    (ReLU, "derivative", 2, 1.2, {"slopes-in-between"}),
    (SGD, "write", 3, 1.3, {"down-a-ravine", "off-a-saddle"}),
]
"""Class, method, which of its arguments it writes, by what that is multiplied, and lessons that notice."""
KNOWN = {"a": np.float64(3.0), "v": np.array([1.0, 10.0, 100.0])}


def plain_lesson(**changes: Any) -> dict[str, Any]:
    """A tiny one: a chain of two linear units of weight ½."""
    layer = {
        "kind": "dense", "units": 1, "repeat": 3, "activation": {"kind": "linear"},
        "initializer": {"kind": "identity", "gain": 0.5},
    }  # fmt: skip
    described = {
        "precision": "float64", "data": {"kind": "gaussian", "features": 1, "samples": 12, "classes": 2},
        "layers": [layer], "loss": {"kind": "mse"}, "batch_size": 4,
    }  # fmt: skip
    question = {
        "kind": "number", "name": "ratio", "prompt": "What?", "measured": "delta[0] / delta[1]", "expected": "w",
        "tolerance": 1e-9, "scored": "decades", "source": "the chain rule",
    }  # fmt: skip
    return {
        "format": "nablascope-lesson/1", "name": "half", "title": "A half", "text": "Let $w = {{w}}$.",
        "setup": {"kind": "experiment", "described": described}, "settings": {"w": "layers.0.initializer.gain"},
        "readings": {"delta": {"kind": "quantity", "quantity": "delta_rms"}}, "questions": [question],
        "why": "It is {{delta[0] / delta[1]}}.", **changes,
    }  # fmt: skip


def refusal(**changes: Any) -> str:
    with pytest.raises(ExperimentError) as caught:
        from_builtins(plain_lesson(**changes))
    assert len(str(caught.value).splitlines()) == 1
    return str(caught.value)


# -- formulas ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a ** 2 + 1", 10), ("v[-1] / v[0]", 100), ("ratios(v)[0]", 0.1), ("sum(v[1:])", 110), ("a > 2", 1),
        ("first_below(v, 5)", 0), ("first_below(v, 0.5)", math.inf), ("finite(1 / 0)", 0), ("max(a, v)", 100),
        ("log10(1e-400)", -math.inf), ("count([a, v])", 4), ("sum(up_to(4))", 10), ("-a ** 2", -9), ("pi", math.pi),
        ("10 ** 10 ** 10 ** 10", math.inf),
    ],
)  # fmt: skip
def test_a_formula_comes_to_its_value(text: str, value: float) -> None:
    assert Formula(text).value(KNOWN) == pytest.approx(value)


@pytest.mark.parametrize(
    "text",
    [
        "", "a +", "a.real", "__import__('os')", "(lambda: 1)()", "[x for x in v]", "f(a)", "abs(a, out=v)", "'a'",
        "a if a else v", "v[a]", "v[::2]", "a ^ 2", "a and v", "a := 2", "x" * 501, "(" * 300 + ")" * 300, "{a: 1}",
        "True", "a @ v", "v[0](1)", "abs(*v)", "a < 2 < 3", "exec('1')", "f'{a}'", "1j",
    ],
)  # fmt: skip
def test_whatever_else_python_has_is_refused_in_one_sentence(text: str) -> None:
    with pytest.raises(FormulaError) as caught:
        Formula(text).value(KNOWN)
    assert len(str(caught.value).splitlines()) == 1


@settings(max_examples=150, deadline=None)
@given(st.text("av0123456789.+-*/()[],:<> " + "".join(sorted(set("".join(FUNCTIONS)))), max_size=40))
def test_no_text_does_more_than_give_a_value_or_a_sentence(text: str) -> None:
    try:
        value = Formula(text).value(KNOWN)
    except FormulaError:
        return
    assert np.ndim(value) <= 1


# -- files ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lesson", shipped(), ids=lambda each: each.name)
def test_a_lesson_is_read_as_it_was_saved(lesson: Lesson, tmp_path: Path) -> None:
    path = tmp_path / "a.nabla-lesson"
    save(lesson, path)
    assert read(path) == lesson
    assert find(lesson.name) == lesson
    assert to_json(from_json(to_json(lesson))) == to_json(lesson)


def test_a_number_that_is_nowhere_is_told_with_its_place() -> None:
    assert "questions[0]" in refusal(readings={})
    assert "'x'" in refusal(why="{{x}}")
    # Before the run nothing of it is known.
    assert "'delta'" in refusal(text="{{delta[0]}}")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"format": "nablascope-lesson/2"}, "needs a later version"), ({"format": None}, "begins with"),
        ({"surprise": 1}, "surprise"), ({"claim": 23}, "22"), ({"questions": []}, "1 to 40"),
        ({"setup": {"kind": "preset", "preset": "nothing"}}, "no preset"), ({"steps": 10**9}, "steps"),
        ({"name": "../x"}, "name"),
        ({"text": "x" * 20_001}, "20000"), ({"values": {"b": "w +"}}, "no formula"), ({"values": {"b-c": 1}}, "b-c"),
        ({"settings": {"w": "layers.9.units"}}, "layers.9.units"), ({"knobs": {"free": ["a b"]}}, "path"),
        ({"readings": {"delta": {"kind": "quantity", "quantity": "happiness"}}}, "happiness"),
        ({"readings": {"delta": {"kind": "quantity", "quantity": "loss", "step": 3}}}, "step"),
        ({"readings": {"delta": {"kind": "quantity", "quantity": "loss", "lane": "B"}}}, "'B'"),
        ({"readings": {"delta": {"kind": "analysis", "analysis": "rank", "column": "x"}}}, "effective_rank"),
        ({"playground": [{"text": "x", "set": {"layers.0.units": -1}}]}, "units"),
    ],
)  # fmt: skip
def test_what_does_not_hang_together_is_refused_in_one_sentence(changes: dict[str, Any], words: str) -> None:
    assert words in refusal(**changes)


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b"\xff", b'{"format": 1}', b"[" * 10_000, b'{"a": 1, "a": 2}'])
def test_a_file_that_is_no_lesson_is_one_sentence_with_its_name(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "odd.nabla-lesson"
    path.write_bytes(content)
    with pytest.raises(ExperimentError, match=r"odd\.nabla-lesson") as caught:
        read(path)
    assert len(str(caught.value).splitlines()) == 1


def places_in(plain: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Every place in JSON values."""
    inside = plain.items() if isinstance(plain, dict) else enumerate(plain) if isinstance(plain, list) else ()
    return [path, *(place for key, value in inside for place in places_in(value, (*path, key)))]


ODD = st.sampled_from([None, True, -1, 10**400, 1e308, "", "x" * 300, "{{x}}", "a/../b", [], {}, [[]], {"kind": "x"}])


@settings(max_examples=60, deadline=None)
@given(st.data(), st.sampled_from(["output-minus-target", "down-a-ravine", "one-unit-of-three"]))
def test_a_file_with_anything_else_in_one_place_is_a_lesson_or_one_sentence(data: st.DataObject, name: str) -> None:
    plain = json.loads(to_json(find(name)))
    place = data.draw(st.sampled_from(places_in(plain)[1:]))
    here = plain
    for key in place[:-1]:
        here = here[key]
    here[place[-1]] = data.draw(ODD)
    assert is_read_or_refused(json.dumps(plain).encode())


def is_read_or_refused(content: bytes) -> bool:
    """Whether it is a lesson that can be written again, or is told to be none in a sentence."""
    try:
        lesson = from_json(content)
    except ExperimentError as error:
        return "\n" not in str(error) and 0 < len(str(error)) < 1000
    return from_json(to_json(lesson)) == lesson


# -- texts ------------------------------------------------------------------------------------------------------------


def test_numbers_in_texts_are_written_as_the_program_writes_them_and_in_formulas_as_tex() -> None:
    names = {"a": np.float64(3.14e-6), "n": np.float64(12040)}
    assert filled("{{a}} and $x = {{a}}$, {{n|whole}}", names) == "3.14·10⁻⁶ and $x = 3.14 \\cdot 10^{-6}$, 12\u202f040"
    assert filled("{{7 * a|decade}}, {{1/0}}", names) == "10⁻⁵, ∞"
    assert filled("{{4 + 5|words}} {{10|capital}} {{13|words}} {{-1|words}}", names) == "nine Ten 13 −1"


IN_WORDS = re.compile(
    r"\b(?:three|four|five|six|seven|eight|nine|ten|eleven|twelve|\w+teen|twenty|thirty|forty|fifty|hundred|thousand)\b"
)


def written_by_hand(text: str) -> list[str]:
    """Numbers in a text that no one checks: digits outside of formulas, and in them whatever is more than one digit.

    In a formula a digit is a part of it: an exponent, an index, a half. Words are numbers from three on.
    """
    links = re.sub(r"\]\([^)]*\)", "]", text)
    parts = PLACE.sub("", links).replace("$$", "$").split("$")
    plain, formulas = " ".join(part for part in parts[::2]), " ".join(part for part in parts[1::2])
    return [*re.findall(r"\d+", plain), *re.findall(r"\d+\.\d+|\d\d+", formulas), *IN_WORDS.findall(plain.lower())]


@pytest.mark.parametrize(
    "text", ["The loss is 0.5.", "By $0.01^L$", "Ten layers", "With $w$ it is\nnine times as much"]
)
def test_a_number_that_is_typed_into_a_text_is_noticed(text: str) -> None:
    assert written_by_hand(text)
    assert not written_by_hand("In {{n|words}} of two $w^2$ it is {{w}}")


@pytest.mark.parametrize("lesson", shipped(), ids=lambda each: each.name)
def test_every_number_in_a_text_comes_from_the_lesson_or_its_run(lesson: Lesson) -> None:
    prompts = [question.prompt for question in lesson.questions]
    options = [option.text for each in lesson.questions if isinstance(each, ChoiceQuestion) for option in each.options]
    for text in (lesson.text, lesson.why, *prompts, *options, *(each.text for each in lesson.playground)):
        assert written_by_hand(text) == [], text
        assert not [place for place in PLACE.findall(text) if re.fullmatch(r"[\d.e-]+", place[0])], text


def test_the_shipped_lessons_are_of_every_claim_and_of_eight_results_of_the_literature_at_least() -> None:
    lessons = shipped()
    assert {lesson.claim for lesson in lessons if lesson.claim is not None} == set(range(1, 23))
    assert sum(lesson.claim is None for lesson in lessons) >= 8
    assert all(lesson.minutes <= 10 and lesson.why and lesson.sources and lesson.playground for lesson in lessons)


# -- what is measured -------------------------------------------------------------------------------------------------


def test_a_lesson_is_measured_by_running_it() -> None:
    lesson = from_builtins(plain_lesson())
    names = measure(lesson)
    assert names["w"] == 0.5
    np.testing.assert_allclose(names["delta"][:-1], names["delta"][-2] * np.array([0.25, 0.5, 1]))
    assert isinstance(lesson.subject, Experiment)
    wider = lesson.subject.with_values([("layers.0.initializer.gain", 2.0)])
    assert measure(lesson, wider)["w"] == 2
    (outcome,) = check(lesson)
    assert outcome.holds


def test_what_cannot_be_measured_does_not_hold_and_says_why() -> None:
    readings = {"delta": {"kind": "time"}}
    (outcome,) = check(from_builtins(plain_lesson(readings=readings)))
    assert not outcome.holds
    assert "layers with a state" in outcome.reason
    assert outcome.cells[3] == ""


# -- how far apart ----------------------------------------------------------------------------------------------------


def test_distances_are_in_decades_percent_or_plain() -> None:
    m, e = np.array([1e-3, 0.0, math.nan, 2.0]), np.array([1e-5, 0.0, math.nan, math.inf])
    assert distance(m, e, "decades").tolist() == [pytest.approx(2), 0, 0, math.inf]
    assert distance(np.float64(110), np.float64(100), "percent")[0] == pytest.approx(10)
    assert distance(np.float64(1), np.float64(0), "percent")[0] == math.inf
    assert distance(np.float64(-1), np.float64(1), "difference")[0] == 2


COMMON: dict[str, Any] = {
    "name": "q", "prompt": "?", "measured": "1", "expected": 1.0, "tolerance": 0.1, "source": "s", "scored": "decades",
}  # fmt: skip


def test_answers_are_told_from_the_runs_in_words() -> None:
    number = NumberQuestion(**COMMON)
    assert number.in_words(1e-3, np.float64(2e-6)) == "You said 0.001, the run measures 2·10⁻⁶: 2.7 decades apart."
    assert number.right(1e-3, np.float64(2e-3))
    assert not number.right(1e-3, np.float64(math.nan))
    options = [{"text": "less", "up_to": 1.0}, {"text": "more"}]
    choice = from_builtins(
        plain_lesson(questions=[{**COMMON, "measured": "w", "kind": "choice", "options": options}])
    ).questions[0]
    assert isinstance(choice, ChoiceQuestion)
    assert [choice.truth(np.float64(value)) for value in (0.5, 1, math.inf, math.nan)] == [0, 1, 1, -1]
    assert choice.right(0.0, np.float64(0.5))
    order = OrderQuestion(**COMMON, items=("a", "b", "c"))
    assert order.truth(np.array([3.0, 1.0, 2.0])) == (1, 2, 0)
    assert order.miss((1.0, 2.0, 0.0), np.array([3.0, 1.0, 2.0])) == 0
    assert order.miss((0.0, 1.0, 2.0), np.array([3.0, 1.0, 2.0])) == 2
    curve = CurveQuestion(**COMMON)
    assert curve.miss((1e-2, 1e-2), np.array([1e-2, 1e-4])) == pytest.approx(1)


# -- locks ------------------------------------------------------------------------------------------------------------

LESSONS_ON_A_BENCH = [lesson for lesson in shipped() if isinstance(lesson.subject, Experiment)]
VALUES = st.sampled_from(
    [0, 1, 2, 0.25, 7, -1, 3.5, True, None, "relu", "tanh", "adam", "none", "zeros", "nonsense", [], {}, "A", 10**9]
)


def leaves(plain: Any, path: tuple[str | int, ...] = ()) -> dict[tuple[str | int, ...], Any]:
    """Every value of an experiment as a file has it, by its path."""
    inside = plain.items() if isinstance(plain, dict) else enumerate(plain) if isinstance(plain, list | tuple) else None
    if inside is None or not plain:
        return {path: plain}
    return {place: value for key, inner in inside for place, value in leaves(inner, (*path, key)).items()}


def is_within(experiment: Experiment) -> bool:
    """Whether nothing differs from what the lesson begins with but what it leaves free; of all networks."""
    assert experiment.locks
    knobs, begun = experiment.locks.knobs, Experiment.from_builtins(experiment.locks.experiment)

    def free(network: Experiment) -> bool:
        ours, theirs = (leaves(each.unlocked.to_builtins()) for each in (network, begun))
        return all(
            ours.get(path) == theirs.get(path) or knobs.may_change(path[:-1] if path[-1] == "kind" else path)
            for path in {*ours, *theirs}
            if path[0] not in ("lanes", "name")
        )

    # A twin that comes with the lesson follows what is free in the first network.
    others = [experiment.lane(spec) for spec in experiment.lanes or () if spec not in (begun.lanes or ())]
    return all(map(free, (experiment, *others)))


def is_within_or_refused(edit: Callable[[], Experiment]) -> bool:
    """Whether an edit of a locked experiment is refused in one sentence, or keeps to what is free."""
    try:
        edited = edit()
    except ExperimentError as error:
        return len(str(error).splitlines()) == 1
    return is_within(edited)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_whatever_is_edited_a_lock_holds_or_says_why_in_one_sentence(data: st.DataObject) -> None:
    lesson = data.draw(st.sampled_from(LESSONS_ON_A_BENCH))
    locked = lesson.locked()
    plain = locked.to_builtins()
    place = data.draw(
        st.sampled_from([path for path in places_in(json.loads(json.dumps(plain)))[1:] if "locks" not in path])
    )
    value = data.draw(VALUES | st.just(json.loads(json.dumps(plain["layers"][:1] * 2))))
    changed = json.loads(json.dumps(plain))
    here = changed
    for key in place[:-1]:
        here = here[key]
    here[place[-1]] = value
    for edit in (
        lambda: Experiment.from_builtins(changed),
        lambda: locked.with_values([(".".join(map(str, place)), value)]),
    ):
        assert is_within_or_refused(edit)


def test_the_sentence_of_a_lock_says_in_which_lesson_and_why() -> None:
    lesson = find("down-a-ravine")
    assert not lesson.locked_landscape(lesson.subject)
    other = {**lesson.subject.to_builtins(), "set": {"condition": 7.0}}
    assert lesson.locked_landscape(Landscape.from_builtins(other)) == (
        "This is locked in the lesson “Down a ravine”, since the race is over this ravine."
    )
    faster = lesson.subject.to_builtins()
    faster["optimizers"]["plain"]["learning_rate"] = 0.01
    assert not lesson.locked_landscape(Landscape.from_builtins(faster))


# -- the command ------------------------------------------------------------------------------------------------------


def rows_of(folder: Path) -> list[dict[str, str]]:
    with (folder / "lessons.csv").open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def test_the_command_lists_exports_checks_and_fails_where_a_lesson_does_not_hold(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main.main(["lessons"]) == 0
    listed = capsys.readouterr().out
    assert all(lesson.name in listed for lesson in shipped())
    path = tmp_path / "own.nabla-lesson"
    assert main.main(["lessons", "--export", "one-plus-a-tenth", str(path)]) == 0
    assert main.main(["lessons", "--check", str(path), "--out", str(tmp_path)]) == 0
    rows = rows_of(tmp_path)
    assert tuple(rows[0]) == COLUMNS
    assert {(row["lesson"], row["claim"], row["holds"]) for row in rows} == {("one-plus-a-tenth", "20", "true")}
    plain = json.loads(path.read_bytes())
    plain["questions"][0]["expected"] = 5.0
    path.write_text(json.dumps(plain), encoding="utf-8")
    assert main.main(["lessons", "--check", str(path), "--out", str(tmp_path)]) == 1
    assert [row["holds"] for row in rows_of(tmp_path)][:2] == ["false", "true"]
    assert main.main(["lessons", "--check", "nothing", "--out", str(tmp_path)]) == 2
    assert "there is no lesson" in capsys.readouterr().err


def test_a_few_lessons_hold(tmp_path: Path) -> None:
    few = ["one-unit-of-three", "which-biases-count", "down-a-ravine", "ten-thousand-states", "a-graph-of-boxes"]
    assert main.main(["lessons", "--check", *few, "--out", str(tmp_path)]) == 0


@pytest.mark.slow
@pytest.mark.parametrize(("part", "method", "place", "factor", "red"), FAULTS)
def test_lessons_fail_where_the_program_computes_something_else(
    monkeypatch: pytest.MonkeyPatch, part: type, method: str, place: int, factor: float, red: set[str]
) -> None:
    right = getattr(part, method)

    def wrong(self: Any, *arguments: Any) -> None:
        right(self, *arguments)
        arguments[place][...] *= factor

    monkeypatch.setattr(part, method, wrong)
    assert red <= {name for name in red if not all(outcome.holds for outcome in check(find(name)))}


@pytest.mark.slow
def test_every_lesson_holds(tmp_path: Path) -> None:
    assert main.main(["lessons", "--check", "--out", str(tmp_path)]) == 0
